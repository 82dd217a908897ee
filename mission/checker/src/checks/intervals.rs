//! `interval`: what the brief asks of single stretches, measured anew on the timetable: revisit within its hours, the chance of
//! a crossing at a random moment, and what is left to a crosser who knows how the patrol is drawn.

use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeMap;
use vedette_model::plan::{Chance, DrawnPatrol, Interval, Leg, PatrolPlan};

pub(crate) const NAME: &str = "interval";
/// Distance of the places judged, metres.
const STEP_M: f64 = 25.0;
/// Moments of a crossing tried.
const MOMENTS: u32 = 997;
/// How far a chance may lie under what is asked or promised: moments and places differ.
const CHANCE_SLACK: f64 = 0.01;

/// Judges every interval of the brief and every drawn patrol of the plan.
pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    let section = (plan.brief.section.from_km, plan.brief.section.to_km);
    for d in &plan.drawn {
        drawn(d, land, found);
    }
    let mut promised = plan.intervals.iter();
    for asked in &plan.brief.requirement.intervals {
        let Some((a, b)) = asked.km(&plan.brief.sections) else {
            let what = format!("{} has neither kilometres nor a section of that name.", asked.name);
            found.add(Fault::new(NAME, what).sort(asked.name.clone()), land);
            continue;
        };
        let (a, b) = (a.max(section.0), b.min(section.1));
        if b - a <= 1e-6 {
            continue;
        }
        let (from_m, to_m) = ((a - section.0) * 1000.0, (b - section.0) * 1000.0);
        let seen = one(plan, asked, (from_m, to_m), land, found);
        let Some(p) = promised.next().filter(|p| p.name == asked.name) else {
            let what = format!(
                "The plan promises nothing of {}, of which the brief asks something.",
                asked.name
            );
            found.add(Fault::new(NAME, what).sort(format!("{} none", asked.name)), land);
            continue;
        };
        if seen.0 > p.revisit_s * 1.001 + 1.5 {
            let what = format!(
                "{} goes unseen for {:.0} s; the plan promises {:.0} s.",
                asked.name, seen.0, p.revisit_s
            );
            let fault = Fault::new(NAME, what).sort(format!("{} promise", asked.name));
            found.add(fault.value(seen.0, p.revisit_s, "s"), land);
        }
        for (sort, said, have) in [("detection", p.detection, seen.1), ("informed", p.informed, seen.2)] {
            if let (Some(said), Some(have)) = (said, have)
                && have < said - CHANCE_SLACK
            {
                let what = format!(
                    "The plan promises a chance of {said:.3} of {sort} on {}, the checker finds {have:.3}.",
                    asked.name
                );
                let fault = Fault::new(NAME, what).sort(format!("{} said {sort}", asked.name));
                found.add(fault.value(have, said, "of 1"), land);
            }
        }
    }
}

/// Sightings of a place: first and last moment of every look, in order.
fn sights(legs: &[&Leg], m: f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = legs.iter().filter_map(|l| super::coverage::look(m, l)).collect();
    out.sort_by(|a, b| a.0.total_cmp(&b.0));
    out
}

/// Longest gap, least chance of detection and least chance against the informed, of one interval.
fn one(
    plan: &PatrolPlan,
    asked: &Interval,
    (from_m, to_m): (f64, f64),
    land: &Land<'_>,
    found: &mut Found,
) -> (f64, Option<f64>, Option<f64>) {
    let (start, end) = (plan.promise.from_s, plan.promise.until_s);
    let hours: Vec<(f64, f64)> = match asked.windows_h.as_slice() {
        [] => vec![(start, end)],
        w => w
            .iter()
            .map(|[a, b]| ((a * 3600.0).max(start), (b * 3600.0).min(end)))
            .filter(|(a, b)| b > a)
            .collect(),
    };
    let legs: Vec<&Leg> = plan
        .aircraft
        .iter()
        .flat_map(|a| &a.legs)
        .filter(|l| {
            let reach = l.watch_half_m + STEP_M;
            let over = |w: [f64; 2]| w[0].min(w[1]) - reach < to_m && w[0].max(w[1]) + reach > from_m;
            l.watches_m.is_some_and(over)
        })
        .collect();
    let (mut gap, mut chance, mut worst) = (0.0f64, 1.0f64, (from_m, from_m));
    let mut m = from_m + 0.5 * STEP_M.min(to_m - from_m);
    while m < to_m {
        let blind = plan
            .blind
            .iter()
            .any(|b| b.from_m <= m + STEP_M && b.to_m >= m - STEP_M);
        if !blind {
            let looks = sights(&legs, m);
            for (a, b) in &hours {
                let g = longest(&looks, *a, *b);
                if g > gap {
                    (gap, worst.0) = (g, m);
                }
                if let Some(c) = asked.detection {
                    let p = by_chance(&looks, (*a, *b), c, plan.brief.requirement.pixels_on_target);
                    if p < chance {
                        (chance, worst.1) = (p, m);
                    }
                }
            }
        }
        m += STEP_M;
    }
    let fault = |what: String, sort: &str, m: f64| {
        let mut f = Fault::new(NAME, what).sort(format!("{} {sort}", asked.name));
        f.at = land.section_at(m);
        f
    };
    let limit = asked.revisit_s.unwrap_or(plan.brief.requirement.revisit_s);
    if gap > limit * 1.001 + 1.5 {
        let what = format!(
            "{} goes unseen for {gap:.0} s within its hours; the brief asks for {limit:.0} s.",
            asked.name
        );
        found.add(fault(what, "revisit", worst.0).value(gap, limit, "s"), land);
    }
    let detection = asked.detection.map(|c| {
        if chance < c.least - CHANCE_SLACK {
            let what = format!(
                "A crossing of {} at a random moment is seen with a chance of {chance:.3}; the brief asks for {:.3}.",
                asked.name, c.least
            );
            found.add(fault(what, "detection", worst.1).value(chance, c.least, "of 1"), land);
        }
        chance
    });
    let informed = asked.unpredictable.map(|c| {
        let p = informed(plan, (from_m, to_m), gap, c);
        if p < c.least - CHANCE_SLACK {
            let what = format!(
                "Who knows the patrol crosses {} and is met with a chance of {p:.3}; the brief asks for {:.3}.",
                asked.name, c.least
            );
            found.add(fault(what, "informed", from_m).value(p, c.least, "of 1"), land);
        }
        p
    });
    (gap, detection, informed)
}

/// Longest time between looks within a window; the whole window when there is none.
fn longest(looks: &[(f64, f64)], from: f64, until: f64) -> f64 {
    let (mut last, mut gap) = (from, 0.0f64);
    for (a, b) in looks.iter().filter(|l| l.1 >= from && l.0 <= until) {
        gap = gap.max(a - last);
        last = last.max(*b);
    }
    gap.max(until - last)
}

/// Share of the moments at which a crossing may begin for which it is seen; a second in view is one glimpse of its own, which
/// suffices with the chance that Johnson's criterion and the transfer function give for the pixels asked for.
fn by_chance(looks: &[(f64, f64)], (from, until): (f64, f64), asked: Chance, pixels: f64) -> f64 {
    let room = until - from - asked.crossing_s;
    if room <= 0.0 {
        return 1.0;
    }
    let ratio = pixels / 2.0;
    let odds = ratio.powf(2.7 + 0.7 * ratio);
    let miss = 1.0 / (1.0 + odds);
    let mut sum = 0.0;
    for k in 0..MOMENTS {
        let t = from + room * (f64::from(k) + 0.5) / f64::from(MOMENTS);
        let end = t + asked.crossing_s;
        // Seconds with at least one look at the place.
        let (mut seen, mut to, mut any) = (0.0, t, false);
        for (a, b) in looks.iter().skip_while(|l| l.1 < t).take_while(|l| l.0 <= end) {
            any |= *b >= t;
            let (a, b) = (a.max(to), b.min(end));
            if b > a {
                seen += b - a;
                to = b;
            }
        }
        if any {
            sum += 1.0 - miss.powf(seen.max(1.0));
        }
    }
    sum / f64::from(MOMENTS)
}

/// Least chance against one who knows all of it: of the drawn patrols over the interval; a timetable that is not drawn is
/// known in full, so only who needs longer than its longest gap is met.
fn informed(plan: &PatrolPlan, (from_m, to_m): (f64, f64), gap: f64, asked: Chance) -> f64 {
    let fixed: f64 = if gap <= asked.crossing_s + 1.5 { 1.0 } else { 0.0 };
    let mut least = f64::INFINITY;
    for a in &plan.aircraft {
        let here = a.legs.iter().filter_map(|l| l.watches_m).any(|w| {
            let (low, high) = (w[0].min(w[1]), w[0].max(w[1]));
            low < to_m - 50.0 && high > from_m + 50.0
        });
        if here {
            let d = plan.drawn.iter().find(|d| d.vehicle == a.vehicle);
            // As many steps as surely fit, the first begun before the crossing.
            let p = d.map_or(0.0, |d| {
                let fit = (asked.crossing_s / d.step_s).floor() - 1.0;
                chance(d, fit.clamp(0.0, 1000.0) as usize)
            });
            least = least.min(p);
        }
    }
    if least.is_finite() { fixed.max(least) } else { fixed }
}

/// A drawn patrol must be as good as it says, and its figures possible.
fn drawn(d: &DrawnPatrol, land: &Land<'_>, found: &mut Found) {
    let sound = (0.0..=1.0).contains(&d.go_on)
        && (2..=64).contains(&d.steps)
        && (2 * d.steps..=1000).contains(&d.cap)
        && d.within <= 1000
        && d.step_s > 0.0;
    if !sound {
        let what = "The way a patrol was drawn is described with impossible figures.";
        found.add(Fault::new(NAME, what).of(d.vehicle, None).sort("drawn"), land);
        return;
    }
    let have = chance(d, d.within);
    if d.informed > have + 1e-6 || d.informed.is_nan() {
        let what = format!(
            "The drawn patrol is said to meet the informed with a chance of {:.3}; the checker finds {have:.3}.",
            d.informed
        );
        let fault = Fault::new(NAME, what).of(d.vehicle, None).sort("drawn");
        found.add(fault.value(d.informed, have, "of 1"), land);
    }
}

/// Exact chance by spreading probability forward from every state the patrol can be in: place, heading, and for how many steps
/// the first and the last end have not been seen. The segment chosen is the worst.
fn chance(d: &DrawnPatrol, within: usize) -> f64 {
    type At = (usize, bool, usize, usize);
    let ends = d.steps;
    let go = |(at, up, first, last): At, keep: bool| -> At {
        let wish = if keep { up } else { !up };
        let late_first = first + 1 + (at + 1) > d.cap;
        let late_last = last + 1 + (ends - at + 1) > d.cap;
        let up = if at == 0 {
            true
        } else if at == ends {
            false
        } else if late_first != late_last {
            late_last
        } else if late_first {
            up
        } else {
            wish
        };
        let to = if up { at + 1 } else { at - 1 };
        let wait = |seen: bool, w: usize| if seen { 0 } else { w + 1 };
        (to, up, wait(to == 0, first), wait(to == ends, last))
    };
    // Every state that can come about, numbered as found, with both that follow it.
    let mut numbers: BTreeMap<At, usize> = BTreeMap::new();
    let mut states: Vec<At> = vec![(0, true, 0, 0)];
    numbers.insert(states[0], 0);
    let mut follow: Vec<(usize, usize)> = Vec::new();
    while follow.len() < states.len() {
        let s = states[follow.len()];
        let mut number = |t: At| {
            *numbers.entry(t).or_insert_with(|| {
                states.push(t);
                states.len() - 1
            })
        };
        let both = (number(go(s, true)), number(go(s, false)));
        follow.push(both);
    }
    let mut least = 1.0f64;
    for segment in 0..ends {
        // Chance of not having passed the segment, from each state.
        let mut missed = vec![1.0; states.len()];
        for _ in 0..within {
            let part = |from: usize, to: usize| {
                let crossed = states[from].0.min(states[to].0) == segment;
                if crossed { 0.0 } else { missed[to] }
            };
            missed = (0..states.len())
                .map(|i| d.go_on * part(i, follow[i].0) + (1.0 - d.go_on) * part(i, follow[i].1))
                .collect();
        }
        least = missed.iter().fold(least, |l, m| l.min(1.0 - m));
    }
    least
}
