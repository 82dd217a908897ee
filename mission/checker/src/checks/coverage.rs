//! `revisit`: flies the timetable and measures how long every place of the section goes unseen;
//! and the least revisit time any schedule of this fleet could reach. That legs see what they claim: `camera`.

use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeMap;
use vedette_model::VehicleId;
use vedette_model::plan::{Aircraft, Leg, PatrolPlan};

pub(crate) const NAME: &str = "revisit";
/// Longest cell, metres.
const CELL_M: f64 = 50.0;
/// Cells at most: longer sections have longer ones.
const MOST_CELLS: f64 = 5000.0;
/// Points of the section whose looks are sorted at once.
const BATCH: usize = 500;
/// A slit between two looks that is narrower than twice this is not counted as unseen, metres.
const SLIT_M: f64 = 5.0;

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) max_s: f64,
    pub(crate) mean_s: f64,
    pub(crate) bound_s: f64,
    pub(crate) per_cell_s: Vec<Option<f64>>,
    pub(crate) cell_m: f64,
}

/// Number and length of the cells a section is judged in, metres.
pub(crate) fn cells(plan: &PatrolPlan) -> (usize, f64) {
    let cells = (plan.section_m / CELL_M).ceil().clamp(1.0, MOST_CELLS) as usize;
    (cells, plan.section_m / cells as f64)
}

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> Coverage {
    let (cells, cell_m) = cells(plan);
    let promise = &plan.promise;
    let watching = watching(plan);
    window(plan, &watching, land, found);

    // Gaps at both ends and in the middle of every cell; a cell's gap is its worst.
    let gaps = gaps_s(2 * cells + 1, cell_m / 2.0, &watching, promise.from_s, promise.until_s);
    let per_cell_s: Vec<Option<f64>> = (0..cells)
        .map(|i| {
            gaps[2 * i..=2 * i + 2]
                .iter()
                .try_fold(0.0, |m: f64, g| g.map(|g| m.max(g)))
        })
        .collect();
    let blind = |i: usize| {
        let (from, to) = (cell_m * i as f64, cell_m * (i + 1) as f64);
        plan.blind.iter().any(|b| b.from_m < to && b.to_m > from)
    };
    let cell_fault = |what: String, i: usize| {
        let mut fault = Fault::new(NAME, what);
        fault.at = land.section_at(cell_m * (i as f64 + 0.5));
        fault
    };
    let (mut max_s, mut sum, mut seen, mut dark) = (0.0f64, 0.0, 0.0f64, 0.0);
    let mut worst = 0;
    for (i, gap) in per_cell_s.iter().enumerate() {
        match gap {
            _ if blind(i) => dark += cell_m,
            None => {
                let what = format!(
                    "Metres {:.0} to {:.0} of the section are never seen, and the plan does not call them blind.",
                    cell_m * i as f64,
                    cell_m * (i + 1) as f64
                );
                found.add(cell_fault(what, i).sort("never"), land);
            }
            Some(g) => {
                (sum, seen) = (sum + g, seen + 1.0);
                if *g > max_s {
                    (max_s, worst) = (*g, i);
                }
            }
        }
    }
    if dark > 0.0 {
        let what = format!(
            "{dark:.0} m of {:.0} m are blind: {}.",
            plan.section_m,
            plan.blind.first().map_or("", |b| b.why.as_str())
        );
        found.add(Fault::new(NAME, what).note().sort("blind").value(dark, 0.0, "m"), land);
    }
    if dark >= plan.section_m * 0.5 {
        let what = format!(
            "More than half of the section is blind ({dark:.0} of {:.0} m).",
            plan.section_m
        );
        found.add(
            Fault::new(NAME, what)
                .sort("dark")
                .value(dark, plan.section_m * 0.5, "m"),
            land,
        );
    }
    for (sort, limit, whose) in [
        ("promise", promise.revisit_s, "the plan promises"),
        ("brief", plan.brief.requirement.revisit_s, "the brief asks for"),
    ] {
        if max_s > limit * 1.001 + 0.5 {
            let what = format!("A cell goes unseen for {max_s:.0} s; {whose} {limit:.0} s.");
            found.add(cell_fault(what, worst).sort(sort).value(max_s, limit, "s"), land);
        }
    }
    let bound_s = bound_s(plan, land);
    if (promise.lower_bound_s - bound_s).abs() > 0.05 * bound_s + 1.0 {
        let what = format!(
            "The plan names {:.0} s as the least revisit time possible, the checker finds {bound_s:.0} s.",
            promise.lower_bound_s
        );
        found.add(
            Fault::new(NAME, what)
                .note()
                .sort("bound")
                .value(promise.lower_bound_s, bound_s, "s"),
            land,
        );
    }
    Coverage {
        max_s,
        mean_s: if seen > 0.0 { sum / seen } else { 0.0 },
        bound_s,
        per_cell_s,
        cell_m,
    }
}

/// Legs that watch, with who flies them.
fn watching(plan: &PatrolPlan) -> Vec<(&Leg, &Aircraft)> {
    plan.aircraft
        .iter()
        .filter_map(|a| Some((a, plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle)?)))
        .flat_map(|(a, craft)| a.legs.iter().map(move |l| (l, craft)))
        .filter(|(l, _)| l.watches_m.is_some())
        .collect()
}

/// Longest time each of `n` places `step_m` apart goes unseen between two moments; `None` when it is never seen.
fn gaps_s(n: usize, step_m: f64, watching: &[(&Leg, &Aircraft)], from_s: f64, until_s: f64) -> Vec<Option<f64>> {
    let mut out = Vec::with_capacity(n);
    each_place(n, step_m, watching, from_s, until_s, &mut |seen| {
        if seen.is_empty() {
            out.push(None);
            return;
        }
        let (mut last, mut gap) = (from_s, 0.0f64);
        for (i, o, _) in seen {
            gap = gap.max(i - last);
            last = last.max(*o);
        }
        out.push(Some(gap.max(until_s - last)));
    });
    out
}

/// First and last moment of a look, and who looks.
pub(crate) type Sight = (f64, f64, VehicleId);

/// Looks at each of `n` places `step_m` apart while the promise holds, in order of their beginning.
pub(crate) fn sights(plan: &PatrolPlan, n: usize, step_m: f64, see: &mut dyn FnMut(&[Sight])) {
    let p = &plan.promise;
    each_place(n, step_m, &watching(plan), p.from_s, p.until_s, see);
}

fn each_place(
    n: usize,
    step_m: f64,
    watching: &[(&Leg, &Aircraft)],
    from_s: f64,
    until_s: f64,
    see: &mut dyn FnMut(&[Sight]),
) {
    // Legs by the first and last place they see.
    let reach: Vec<(usize, usize, usize)> = watching
        .iter()
        .enumerate()
        .filter_map(|(i, (l, _))| {
            let [a, b] = l.watches_m?;
            let half = l.watch_half_m + SLIT_M;
            let (low, high) = (a.min(b) - half, a.max(b) + half);
            let inside = high >= 0.0 && l.end_s >= from_s && l.start_s <= until_s;
            inside.then(|| {
                (
                    (low / step_m).ceil().max(0.0) as usize,
                    (high / step_m).floor() as usize,
                    i,
                )
            })
        })
        .filter(|r| r.0 <= r.1)
        .collect();
    let mut seen: Vec<Vec<Sight>> = vec![Vec::new(); BATCH];
    for start in (0..n).step_by(BATCH) {
        let end = (start + BATCH).min(n);
        for s in &mut seen {
            s.clear();
        }
        for (low, high, i) in reach.iter().filter(|r| r.0 < end && r.1 >= start) {
            for k in (*low).max(start)..=(*high).min(end - 1) {
                if let Some(look) = look(step_m * k as f64, watching[*i].0)
                    && look.1 >= from_s
                    && look.0 <= until_s
                {
                    seen[k - start].push((look.0, look.1, watching[*i].1.vehicle));
                }
            }
        }
        for s in seen.iter_mut().take(end - start) {
            s.sort_by(|a, b| a.0.total_cmp(&b.0));
            see(s);
        }
    }
}

/// When a leg sees a place, first and last moment.
pub(crate) fn look(x: f64, l: &Leg) -> Option<(f64, f64)> {
    let [a, b] = l.watches_m?;
    let half = l.watch_half_m + SLIT_M;
    let (near, far) = (x - half, x + half);
    // Shares of the leg at which the watched stretch contains x.
    let (u, v) = if (b - a).abs() < 1e-9 {
        if a < near || a > far {
            return None;
        }
        (0.0, 1.0)
    } else {
        let (p, q) = ((near - a) / (b - a), (far - a) / (b - a));
        (p.min(q).max(0.0), p.max(q).min(1.0))
    };
    let span = l.end_s - l.start_s;
    (u <= v).then_some((l.start_s + u * span, l.start_s + v * span))
}

/// Least revisit time of any schedule of these aircraft on an open line, seconds, footprints w taken off the length L:
/// 2(L − w)/v for one aircraft; for more (L − Σw)/Σv, because in a time I an aircraft sees at most v·I + w of the line
/// (Czyzowicz et al. 2011), and 2(L/k − w)/v with the largest w and v, because k aircraft as fast as the fastest need never
/// pass each other and the outermost sees at most v·I/2 + w; without footprints also (L/Σv)·max(1 + 1/s, 1/(1 − 1/(2√k))),
/// s = fastest/slowest (Haeupler et al. 2018, arXiv 1809.06727). Speeds are cruise airspeeds: out and back, wind never helps.
/// Of a relieved watch as many aircraft count as can be kept on patrol (see `kept`), the fastest first.
fn bound_s(plan: &PatrolPlan, land: &Land<'_>) -> f64 {
    let of = |vehicle| plan.brief.fleet.iter().find(|f| f.vehicle == vehicle);
    let mut by_vehicle: BTreeMap<VehicleId, (f64, f64)> = BTreeMap::new();
    for a in &plan.aircraft {
        let watch = a.legs.iter().filter(|l| l.watches_m.is_some());
        let half = watch.map(|l| l.watch_half_m).fold(f64::NEG_INFINITY, f64::max);
        let speed = of(a.vehicle).map_or(0.0, |f| f.envelope.cruise_m_s);
        if half >= 0.0 && speed > 0.0 {
            let c = by_vehicle.entry(a.vehicle).or_insert((speed, 2.0 * (half + SLIT_M)));
            c.1 = c.1.max(2.0 * (half + SLIT_M));
        }
    }
    let mut crew: Vec<(f64, f64)> = by_vehicle.into_values().collect();
    if plan.timetable.is_some() {
        crew.sort_by(|a, b| b.0.total_cmp(&a.0));
        // The plan's own stations are proof that so many can be kept.
        let stations = plan.timetable.as_ref().map_or(1, |t| t.stations.len());
        crew.truncate(kept(plan).max(stations).max(1));
    }
    let k = crew.len() as f64;
    let speeds: f64 = crew.iter().map(|c| c.0).sum();
    let fastest = crew.iter().map(|c| c.0).fold(0.0f64, f64::max);
    if crew.is_empty() {
        return f64::INFINITY;
    }
    // Lengths and widths of one kind: what a metre of border is worth is at most what is flown past it.
    let worth = worth_m(plan);
    let of = |length: f64, crew: &[(f64, f64)]| {
        let widths: f64 = crew.iter().map(|c| c.1).sum();
        let widest = crew.iter().map(|c| c.1).fold(0.0f64, f64::max);
        let together = ((length - widths) / speeds).max(0.0);
        if land.round(plan) {
            return together;
        }
        // So short a promise that each place may have to be seen only once, between T − R and R.
        let window_s = plan.promise.until_s - plan.promise.from_s;
        let once = 0.5 * (window_s + ((length / k - widest) / fastest).max(0.0));
        open_s(crew, length).min(once.max(together))
    };
    worth
        .into_iter()
        .map(|(length, wide)| {
            let alike: Vec<(f64, f64)> = crew.iter().map(|c| (c.0, wide)).collect();
            of(length, &alike)
        })
        .fold(of(worth[0].0, &crew), f64::max)
}

/// The same for a promise without end on an open line.
fn open_s(crew: &[(f64, f64)], length: f64) -> f64 {
    let k = crew.len() as f64;
    let speeds: f64 = crew.iter().map(|c| c.0).sum();
    let widths: f64 = crew.iter().map(|c| c.1).sum();
    let widest = crew.iter().map(|c| c.1).fold(0.0f64, f64::max);
    let fastest = crew.iter().map(|c| c.0).fold(0.0f64, f64::max);
    let slowest = crew.iter().map(|c| c.0).fold(f64::INFINITY, f64::min);
    if crew.len() == 1 {
        return (2.0 * (length - widths) / speeds).max(0.0);
    }
    let mut least = ((length - widths) / speeds).max(2.0 * (length / k - widest) / fastest);
    if widths <= 0.0 {
        let open = (1.0 + slowest / fastest).max(1.0 / (1.0 - 1.0 / (2.0 * k.sqrt())));
        least = least.max(length / speeds * open);
    }
    least.max(0.0)
}

/// Aircraft that can be kept on patrol at every moment: the whole part of Σ(E − 2t)/(E + swap), E the time in the air down to
/// the reserve with two sigma against, t the way from the nearest base (Burdakov, Doherty, Kvarnström 2014).
fn kept(plan: &PatrolPlan) -> usize {
    let swap = plan.brief.bases.iter().map(|b| b.swap_s).fold(f64::INFINITY, f64::min);
    let swap = if swap.is_finite() { swap } else { 0.0 };
    let sum: f64 = plan
        .brief
        .fleet
        .iter()
        .map(|f| {
            let e = &f.energy;
            let air = e.battery_wh * (1.0 - e.reserve_share) / (1.0 + 2.0 * e.sigma_share) / e.cruise_w * 3600.0;
            // The shortest way out this aircraft ever flew.
            let way = plan
                .aircraft
                .iter()
                .filter(|a| a.vehicle == f.vehicle)
                .filter_map(|a| Some(a.legs.iter().find(|l| l.watches_m.is_some())?.start_s - a.legs.first()?.start_s))
                .fold(f64::INFINITY, f64::min);
            let way = if way.is_finite() { way } else { 0.0 };
            // One battery outlasts a short watch: nobody needs relief.
            if air >= plan.brief.requirement.duration_s {
                return 1.0;
            }
            ((air - 2.0 * way) / (air + swap)).max(0.0)
        })
        .sum();
    (sum + 1e-9).floor() as usize
}

/// A metre of border counts at most as so many.
const CAPS: [f64; 6] = [1.0, 1.25, 1.5, 2.0, 3.0, f64::INFINITY];

/// For each of [`CAPS`]: what must be flown to see all of the section that is not blind, metres, and the widest look, in the
/// same. A cell is worth what the legs that look at it fly for it (on the inside of a bend, or past a pocket, the track is
/// shorter than the line; on the outside longer), but no more than the cap a metre. So who flies s metres sees at most s and
/// the halves of its first and last look, whatever the worth of a metre is: each cap gives a bound, the best counts.
fn worth_m(plan: &PatrolPlan) -> [(f64, f64); CAPS.len()] {
    let cells = (plan.section_m / 25.0).ceil().clamp(1.0, 2.0 * MOST_CELLS) as usize;
    let cell_m = plan.section_m / cells as f64;
    let mut flown = vec![f64::INFINITY; cells];
    let mut looks: Vec<(f64, f64)> = Vec::new();
    for a in &plan.aircraft {
        for i in crate::path::fresh(a) {
            let l = &a.legs[i];
            let Some(w) = l.watches_m else { continue };
            let half = l.watch_half_m + SLIT_M;
            looks.extend(w.map(|m| (m - half, m + half)));
            // From the middle of one leg's look to that of the next, as much is flown as of half of both.
            let Some((next, v)) = a.legs.get(i + 1).and_then(|n| Some((n, n.watches_m?))) else {
                continue;
            };
            let (from, to) = (0.5 * (w[0] + w[1]), 0.5 * (v[0] + v[1]));
            let seen = (to - from).abs();
            if seen < 1.0 || seen > 0.5 * plan.section_m {
                continue;
            }
            let way = |l: &Leg| crate::earth::apart_m(l.from, l.to);
            let share = 0.5 * (way(l) + way(next)) / seen;
            let (low, high) = (from.min(to) / cell_m, from.max(to) / cell_m);
            let (low, high) = (low.max(0.0) as usize, high.max(0.0).ceil() as usize);
            for f in flown.iter_mut().take(high.min(cells)).skip(low) {
                *f = f.min(share);
            }
        }
    }
    // Between what was told, the less of both sides.
    let mut after = flown.clone();
    for i in (0..cells.saturating_sub(1)).rev() {
        if after[i].is_infinite() {
            after[i] = after[i + 1];
        }
    }
    let mut before = f64::INFINITY;
    for (f, a) in flown.iter_mut().zip(after) {
        if f.is_infinite() {
            *f = before.min(a);
        }
        before = *f;
    }
    // Cells that are blind in part are not judged, so what they hold need not be seen.
    let judged_m = plan.section_m / (plan.section_m / CELL_M).ceil().clamp(1.0, MOST_CELLS);
    let lit = |i: usize| {
        let (from, to) = (cell_m * i as f64, cell_m * (i + 1) as f64);
        let dark: f64 = plan
            .blind
            .iter()
            .map(|b| ((b.to_m + judged_m).min(to) - (b.from_m - judged_m).max(from)).max(0.0))
            .sum();
        (cell_m - dark).max(0.0)
    };
    for f in flown.iter_mut().filter(|f| f.is_infinite()) {
        *f = 1.0;
    }
    let lit: Vec<f64> = (0..cells).map(lit).collect();
    CAPS.map(|cap| {
        let length = flown.iter().zip(&lit).map(|(f, lit)| f.min(cap) * lit).sum();
        let mut until = vec![0.0; cells + 1];
        for i in 0..cells {
            until[i + 1] = until[i] + flown[i].min(cap) * cell_m;
        }
        let at = |m: f64| {
            let c = (m / cell_m).clamp(0.0, cells as f64);
            let i = (c as usize).min(cells - 1);
            until[i] + (until[i + 1] - until[i]) * (c - i as f64)
        };
        (length, looks.iter().map(|(a, b)| at(*b) - at(*a)).fold(0.0, f64::max))
    })
}

/// The promise must cover the patrol: not start long after it, not end long before, and last for at least one revisit.
fn window(plan: &PatrolPlan, watching: &[(&Leg, &Aircraft)], land: &Land<'_>, found: &mut Found) {
    let p = &plan.promise;
    let first = watching.iter().map(|(l, _)| l.start_s).fold(f64::INFINITY, f64::min);
    let last = watching.iter().map(|(l, _)| l.end_s).fold(f64::NEG_INFINITY, f64::max);
    let (held, patrol) = (p.until_s - p.from_s, last - first);
    if held < p.revisit_s || held < 0.5 * patrol || !patrol.is_finite() {
        let what =
            format!("The promise holds for {held:.0} s of {patrol:.0} s on patrol, too little to mean anything.");
        found.add(
            Fault::new(NAME, what)
                .sort("window")
                .value(held, p.revisit_s.max(0.5 * patrol), "s"),
            land,
        );
    }
}
