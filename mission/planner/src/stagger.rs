//! Departures such that aircraft stay apart, also when one of them is early or late.
//!
//! Invariant: two aircraft in the air are further apart than the brief's separation, across or in
//! height, at every second of the timetable and with either shifted by the slack found.

use vedette_atlas::Plane;
use vedette_model::plan::Limits;

use crate::apart::{MORE_H_M, MORE_V_M};
use crate::flight::Flown;
use crate::space::{Xy, dist, lerp};

/// Latest departure tried, seconds, and the step.
pub(crate) const LATEST_S: usize = 300;
const STEP_S: usize = 5;
/// How far one aircraft may be off its timetable against the other, seconds: tried in this order,
/// together with the layer of height.
pub(crate) const TRIES: [(usize, u8); 7] = [(10, 0), (10, 1), (5, 0), (5, 1), (0, 0), (0, 1), (0, 2)];

/// Where an aircraft is at each second after its departure; `None` on the ground.
pub(crate) struct Trace(Vec<Option<(Xy, f64)>>);

/// Two aircraft too close: second of the watch, metres across, metres in height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clash {
    pub(crate) at_s: f64,
    pub(crate) across_m: f64,
    pub(crate) height_m: f64,
}

impl Trace {
    pub(crate) fn new(flown: &[Flown], plane: &Plane) -> Self {
        let mut out = Vec::new();
        let mut t = 0.0;
        let start = flown.first().map_or(0.0, |f| f.leg.start_s);
        for f in flown {
            let leg = &f.leg;
            let (p, q) = (plane.to_xy(leg.from), plane.to_xy(leg.to));
            while t <= leg.end_s - start {
                let share = ((t + start - leg.start_s) / (leg.end_s - leg.start_s).max(1e-9)).clamp(0.0, 1.0);
                out.push(Some((
                    lerp(p, q, share),
                    leg.from_amsl.0 + (leg.to_amsl.0 - leg.from_amsl.0) * share,
                )));
                t += 1.0;
            }
        }
        Self(out)
    }

    fn at(&self, second: usize, departs: usize) -> Option<(Xy, f64)> {
        self.0.get(second.checked_sub(departs)?).copied().flatten()
    }
}

/// The first clash of two aircraft that depart at these seconds, `slack` seconds of shift allowed.
pub(crate) fn clash(
    (a, da): (&Trace, usize),
    (b, db): (&Trace, usize),
    slack: usize,
    limits: &Limits,
) -> Option<Clash> {
    let end = (a.0.len() + da).max(b.0.len() + db);
    for t in 0..end {
        let Some(p) = a.at(t, da) else { continue };
        for s in t.saturating_sub(slack)..=t + slack {
            let Some(q) = b.at(s, db) else { continue };
            let (across_m, height_m) = (dist(p.0, q.0), (p.1 - q.1).abs());
            if across_m < limits.separation_h_m + MORE_H_M && height_m < limits.separation_v_m + MORE_V_M {
                #[expect(clippy::cast_precision_loss, reason = "seconds of a watch")]
                return Some(Clash {
                    at_s: t as f64,
                    across_m,
                    height_m,
                });
            }
        }
    }
    None
}

/// The earliest departure from `first` on without a clash; otherwise the first clash met.
pub(crate) fn earliest(
    mine: &Trace,
    others: &[(Trace, usize)],
    first: usize,
    slack: usize,
    limits: &Limits,
) -> Result<usize, Clash> {
    let mut met = None;
    for departs in (first..=LATEST_S).step_by(STEP_S) {
        let hit = others
            .iter()
            .find_map(|(o, d)| clash((mine, departs), (o, *d), slack, limits));
        match hit {
            None => return Ok(departs),
            Some(c) => met = met.or(Some(c)),
        }
    }
    Err(met.unwrap_or(Clash {
        at_s: 0.0,
        across_m: 0.0,
        height_m: 0.0,
    }))
}

/// The same flight, departing later.
pub(crate) fn shifted(flown: &[Flown], delay_s: f64) -> Vec<Flown> {
    flown
        .iter()
        .cloned()
        .map(|mut f| {
            f.leg.start_s += delay_s;
            f.leg.end_s += delay_s;
            f
        })
        .collect()
}
