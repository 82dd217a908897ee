//! What is asked of stretches of the section: revisit, hours, chances of being seen, priority.
//!
//! Invariant: the tightest demand on a metre is the one that counts, and what is promised of an interval is measured on the
//! finished timetable.

use vedette_model::plan::{BlindSpot, Brief, Chance, DrawnPatrol, IntervalPromise};

use crate::coverage::Coverage;
use crate::error::{Constraint, Infeasible};

/// Moments tried for the chance of a random crossing.
const MOMENTS: usize = 1500;

/// One interval in metres of the section.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) from_m: f64,
    pub(crate) to_m: f64,
    pub(crate) revisit_s: f64,
    /// Seconds of the watch within which it is asked; none: always.
    windows_s: Vec<(f64, f64)>,
    priority: f64,
    detection: Option<Chance>,
    pub(crate) unpredictable: Option<Chance>,
}

/// The intervals of a brief that touch its section, clipped to it.
pub(crate) fn asked(brief: &Brief) -> Vec<Asked> {
    let (from, to) = (brief.section.from_km, brief.section.to_km);
    brief
        .requirement
        .intervals
        .iter()
        .filter_map(|i| {
            let (a, b) = i.km(&brief.sections)?;
            let (a, b) = (a.max(from), b.min(to));
            (b - a > 1e-6).then(|| Asked {
                name: i.name.clone(),
                from_m: (a - from) * 1000.0,
                to_m: (b - from) * 1000.0,
                revisit_s: i.revisit_s.unwrap_or(brief.requirement.revisit_s),
                windows_s: i.windows_h.iter().map(|w| (w[0] * 3600.0, w[1] * 3600.0)).collect(),
                priority: f64::from(i.priority.max(1)),
                detection: i.detection,
                unpredictable: i.unpredictable,
            })
        })
        .collect()
}

/// Share of a revisit that rounds are made for: the rest is for turns and reliefs.
const ROUND_SHARE: f64 = 0.99;

/// The longest round of a station over a stretch when rounds elsewhere take `all_s`: no longer than what is asked there, as
/// long as what is asked of all is kept; beyond that what is asked gives way too, the less the higher its priority.
pub(crate) fn limit_s(asked: &[Asked], general_s: f64, all_s: f64, from_m: f64, to_m: f64) -> f64 {
    let over = (all_s / general_s).max(1.0) - 1.0;
    asked
        .iter()
        .filter(|a| a.from_m < to_m - 1.0 && a.to_m > from_m + 1.0)
        .map(|a| ROUND_SHARE * a.revisit_s * (1.0 + over / a.priority))
        .fold(all_s, f64::min)
}

/// Chance that one glimpse of a second at a target with so many pixels across suffices to detect it: the target transfer
/// probability function with Johnson's one cycle, two pixels, for half of all (E = 2.7 + 0.7·n/n50).
fn glimpse(pixels: f64) -> f64 {
    let n = pixels / 2.0;
    let e = 2.7 + 0.7 * n;
    let x = n.powf(e);
    x / (1.0 + x)
}

/// Chance that a crossing of `crossing_s` seconds that begins at a random moment of the window is seen: seconds in view count
/// as independent glimpses.
fn seen_by_chance(sights: &[(f64, f64)], (from, until): (f64, f64), crossing_s: f64, pixels: f64) -> f64 {
    let last = until - crossing_s;
    if last <= from {
        return 1.0;
    }
    // Union of the sightings, with seconds seen before each.
    let mut runs: Vec<(f64, f64, f64)> = Vec::new();
    for (a, b) in sights {
        match runs.last_mut() {
            Some(r) if *a <= r.1 => r.1 = r.1.max(*b),
            _ => runs.push((*a, *b, 0.0)),
        }
    }
    let mut sum = 0.0;
    for r in &mut runs {
        r.2 = sum;
        sum += r.1 - r.0;
    }
    let until_t = |t: f64| {
        let k = runs.partition_point(|r| r.0 <= t);
        k.checked_sub(1)
            .map_or(0.0, |i| runs[i].2 + (t.min(runs[i].1) - runs[i].0))
    };
    let miss = 1.0 - glimpse(pixels);
    let mut total = 0.0;
    for k in 0..MOMENTS {
        let t = from + (last - from) * (k as f64 + 0.5) / MOMENTS as f64;
        // Something of a sighting falls into the crossing.
        let next = runs.partition_point(|r| r.1 < t);
        if runs.get(next).is_some_and(|r| r.0 <= t + crossing_s) {
            let looks = (until_t(t + crossing_s) - until_t(t)).max(1.0);
            total += 1.0 - miss.powf(looks);
        }
    }
    total / MOMENTS as f64
}

/// Measures what is promised of every interval and refuses where it is less than asked: the highest priority first, then
/// what falls short most.
pub(crate) fn settle(
    brief: &Brief,
    coverage: &Coverage,
    cell_m: f64,
    blind: &[BlindSpot],
    (from_s, until_s): (f64, f64),
    drawn: &[(DrawnPatrol, f64, f64)],
) -> Result<Vec<IntervalPromise>, Infeasible> {
    let mut out = Vec::new();
    let mut refused: Vec<(f64, f64, Infeasible)> = Vec::new();
    for a in asked(brief) {
        let dark = |m: f64| blind.iter().any(|b| b.from_m < m && b.to_m > m);
        let windows: Vec<(f64, f64)> = if a.windows_s.is_empty() {
            vec![(from_s, until_s)]
        } else {
            a.windows_s
                .iter()
                .map(|w| (w.0.max(from_s), w.1.min(until_s)))
                .collect()
        };
        let (mut revisit, mut least, mut worst, mut lit) = (0.0_f64, 1.0_f64, a.from_m, false);
        for k in 0..coverage.len() {
            let sights = coverage.cell(k);
            let m = (k as f64 + 0.5) * cell_m;
            if m < a.from_m || m > a.to_m || dark(m) {
                continue;
            }
            for (f, u) in windows.iter().filter(|w| w.1 > w.0) {
                let Some(g) = coverage.gap(k, *f, *u) else { continue };
                lit = true;
                if g > revisit {
                    (revisit, worst) = (g, m);
                }
                if let Some(c) = a.detection {
                    least = least.min(seen_by_chance(
                        sights,
                        (*f, *u),
                        c.crossing_s,
                        brief.requirement.pixels_on_target,
                    ));
                }
            }
        }
        let no = |c, at: (f64, f64), what: String, relax: String| {
            Infeasible::new(c, "the watch", at, format!("{}: {what}", a.name), relax)
        };
        let whole = (a.from_m, a.to_m);
        if !lit && windows.iter().any(|w| w.1 > w.0) {
            let what = "none of it can be seen.".to_owned();
            let relax = "a smaller stand-off, fewer pixels on target, or a higher max_agl_m.".to_owned();
            refused.push((a.priority, f64::INFINITY, no(Constraint::Sensor, whole, what, relax)));
        }
        let revisit = revisit.ceil();
        if revisit > a.revisit_s {
            let what = format!(
                "it goes unseen for up to {revisit:.0} s, {:.0} s are asked.",
                a.revisit_s
            );
            let relax = format!("revisit_s = {revisit:.0} there, or more aircraft.");
            refused.push((
                a.priority,
                revisit / a.revisit_s,
                no(Constraint::Revisit, (worst, worst + cell_m), what, relax),
            ));
        }
        let detection = a.detection.map(|_| (least * 1000.0).floor() / 1000.0);
        if let (Some(c), Some(p)) = (a.detection, detection)
            && p < c.least
        {
            let what = format!(
                "a crossing of {:.0} s at a random moment is seen with a chance of {p:.3}, {:.3} is asked.",
                c.crossing_s, c.least
            );
            let relax = format!("detection.least = {p:.3} there, more pixels on target, or more aircraft.");
            refused.push((
                a.priority,
                c.least / p.max(0.01),
                no(Constraint::Revisit, whole, what, relax),
            ));
        }
        let informed = a.unpredictable.map(|c| {
            // A timetable is known to who watches long enough: he is met only if he needs longer than its longest gap.
            let fixed = if revisit <= c.crossing_s { 1.0 } else { 0.0 };
            let here = drawn.iter().filter(|(_, f, t)| *f < a.to_m && *t > a.from_m);
            let least = here.map(|(d, ..)| d.informed).fold(f64::INFINITY, f64::min);
            if least.is_finite() { least.max(fixed) } else { fixed }
        });
        if let (Some(c), Some(p)) = (a.unpredictable, informed)
            && p < c.least
        {
            let what = format!(
                "who watches the patrol crosses in {:.0} s and is met with a chance of {p:.3}, {:.3} is asked.",
                c.crossing_s, c.least
            );
            let relax = format!(
                "unpredictable.least = {:.2}, or crossing_s = {revisit:.0} there: the longest gap.",
                (p * 100.0).floor() / 100.0
            );
            refused.push((
                a.priority,
                c.least / p.max(0.01),
                no(Constraint::Revisit, whole, what, relax),
            ));
        }
        out.push(IntervalPromise {
            name: a.name.clone(),
            from_m: a.from_m,
            to_m: a.to_m,
            revisit_s: revisit,
            detection,
            informed,
        });
    }
    refused.sort_by(|x, y| y.0.total_cmp(&x.0).then(y.1.total_cmp(&x.1)));
    match refused.into_iter().next() {
        Some((.., e)) => Err(e),
        None => Ok(out),
    }
}
