//! `separation`: at every moment, any two aircraft in the air are apart horizontally or vertically as the brief asks.

use crate::earth::{V, length, sub, surface};
use crate::found::{Fault, Found};
use crate::land::Land;
use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};
use vedette_model::plan::{AircraftPlan, Limits, PatrolPlan};

pub(crate) const NAME: &str = "separation";
/// Time between two looks, seconds; at 60 m/s of closing speed aircraft come 15 m nearer.
const STEP_S: f64 = 0.25;
/// Length of the pieces whose distance is looked at first, seconds.
const BALL_S: f64 = 60.0;
/// Flights that stay further apart than this by a minute's look are not looked at closer, metres.
const FAR_M: f64 = 1000.0;
/// How late a take-off may be for a note, seconds.
const LATE_S: f64 = 30.0;

/// One aircraft's flight, ready to be asked where it is.
struct Flight<'a> {
    plan: &'a AircraftPlan,
    legs: Vec<(f64, f64)>, // azimuth, length
    leg: usize,
    /// Balls that hold the flight minute by minute, from its first second: centre on the surface and radius, metres.
    balls: Vec<(V, f64)>,
    from_s: f64,
}

impl<'a> Flight<'a> {
    fn new(plan: &'a AircraftPlan) -> Self {
        let legs = plan
            .legs
            .iter()
            .map(|l| (azimuth_deg(l.from, l.to), distance_m(l.from, l.to)))
            .collect();
        let mut f = Self {
            plan,
            legs,
            leg: 0,
            balls: Vec::new(),
            from_s: plan.legs.first().map_or(0.0, |l| l.start_s),
        };
        f.balls = f.minutes();
        f
    }

    fn minutes(&mut self) -> Vec<(V, f64)> {
        let Some(end) = self.plan.legs.last().map(|l| l.end_s) else {
            return Vec::new();
        };
        let count = ((end - self.from_s) / BALL_S).ceil().clamp(1.0, 1e6) as usize;
        let out = (0..count)
            .map(|k| {
                let start = self.from_s + BALL_S * k as f64;
                let points: Vec<V> = (0..=4)
                    .filter_map(|q| self.at(start + BALL_S * f64::from(q) / 4.0))
                    .map(|p| p.1)
                    .collect();
                let centre = points.get(points.len() / 2).copied().unwrap_or([0.0; 3]);
                let radius = points.iter().map(|p| length(sub(*p, centre))).fold(0.0, f64::max);
                // Between two looks of a quarter a minute it goes no further than at its fastest.
                (centre, radius + self.fastest() * BALL_S / 4.0)
            })
            .collect();
        self.leg = 0;
        out
    }

    fn fastest(&self) -> f64 {
        self.plan.legs.iter().map(|l| l.ground_m_s).fold(0.0, f64::max)
    }

    fn ball(&self, now: f64) -> Option<(V, f64)> {
        let k = ((now - self.from_s) / BALL_S).floor();
        (k >= 0.0).then(|| self.balls.get(k as usize).copied()).flatten()
    }

    /// Back to the beginning.
    fn rewind(&mut self) {
        self.leg = 0;
    }

    /// Place and height at a moment; moments must not go backwards. `None` on the ground.
    fn at(&mut self, time_s: f64) -> Option<(LatLon, V, f64)> {
        while self.plan.legs.get(self.leg)?.end_s < time_s {
            self.leg += 1;
        }
        let l = &self.plan.legs[self.leg];
        if time_s < l.start_s {
            return None;
        }
        let share = if l.end_s > l.start_s {
            (time_s - l.start_s) / (l.end_s - l.start_s)
        } else {
            1.0
        };
        let (azimuth, way) = self.legs[self.leg];
        let at = destination(l.from, azimuth, way * share);
        Some((at, surface(at), l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * share))
    }
}

/// Least horizontal distance while not vertically apart, metres; where that never happened, the least straight distance.
/// `None` with one aircraft, or when no two are ever in the air together.
pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> Option<f64> {
    let limits = &plan.brief.limits;
    let mut least: Option<f64> = None;
    let mut flights: Vec<Flight<'_>> = plan.aircraft.iter().map(Flight::new).collect();
    for i in 0..flights.len() {
        let (head, tail) = flights.split_at_mut(i + 1);
        let fa = &mut head[i];
        for fb in tail {
            let (a, b) = (fa.plan, fb.plan);
            if a.vehicle == b.vehicle {
                continue;
            }
            if let Some(met) = meet(fa, fb, 0.0, limits) {
                least = Some(least.map_or(met.least_m, |l| l.min(met.least_m)));
                report(a, b, &met, 0.0, limits, land, found);
            }
            // What a late take-off of either would do: worth knowing, no reason to refuse.
            for late_s in [LATE_S, -LATE_S] {
                if let Some(met) = meet(fa, fb, late_s, limits) {
                    report(a, b, &met, late_s, limits, land, found);
                }
            }
        }
    }
    least
}

/// How two flights come together.
struct Met {
    least_m: f64,
    /// Nearest moment at which both limits are broken: horizontal, vertical, place, leg of the first, time.
    broken: Option<(f64, f64, LatLon, usize, f64)>,
}

/// Flies both, the second `late_s` later than planned (the first, when negative).
fn meet(fa: &mut Flight<'_>, fb: &mut Flight<'_>, late_s: f64, limits: &Limits) -> Option<Met> {
    fa.rewind();
    fb.rewind();
    let edge = |p: &AircraftPlan| Some((p.legs.first()?.start_s, p.legs.last()?.end_s));
    let ((a0, a1), (b0, b1)) = (edge(fa.plan)?, edge(fb.plan)?);
    let (from, to) = (a0.max(b0 + late_s), a1.min(b1 + late_s));
    let far_m = FAR_M.max(2.0 * limits.separation_h_m);
    let (mut flat_m, mut slant_m, mut broken) = (f64::INFINITY, f64::INFINITY, None);
    let mut k = 0.0;
    while from + k * STEP_S <= to {
        let now = from + k * STEP_S;
        if let (Some(p), Some(q)) = (fa.ball(now), fb.ball(now - late_s)) {
            let gap = length(sub(p.0, q.0)) - p.1 - q.1;
            if gap > far_m {
                // Both stay in their balls to the end of the shorter minute.
                slant_m = slant_m.min(gap);
                let left = |f: &Flight<'_>, t: f64| BALL_S - (t - f.from_s).rem_euclid(BALL_S);
                k += (left(fa, now).min(left(fb, now - late_s)) / STEP_S).floor().max(1.0);
                continue;
            }
        }
        k += 1.0;
        let (Some((pa, va, ha)), Some((_, vb, hb))) = (fa.at(now), fb.at(now - late_s)) else {
            continue;
        };
        let (flat, high) = (length(sub(va, vb)), (ha - hb).abs());
        slant_m = slant_m.min(flat.hypot(high));
        if high >= limits.separation_v_m {
            continue;
        }
        flat_m = flat_m.min(flat);
        let nearer = broken.is_none_or(|(f, ..): (f64, f64, LatLon, usize, f64)| flat < f);
        if flat < limits.separation_h_m && nearer {
            broken = Some((flat, high, pa, fa.leg, now));
        }
    }
    let least_m = if flat_m.is_finite() { flat_m } else { slant_m };
    least_m.is_finite().then_some(Met { least_m, broken })
}

fn report(
    a: &AircraftPlan,
    b: &AircraftPlan,
    met: &Met,
    late_s: f64,
    limits: &Limits,
    land: &Land<'_>,
    found: &mut Found,
) {
    let Some((flat, high, at, leg, now)) = met.broken else {
        return;
    };
    let late = match late_s {
        s if s > 0.0 => format!("If {} takes off {s:.0} s late, ", b.vehicle),
        s if s < 0.0 => format!("If {} takes off {:.0} s late, ", a.vehicle, -s),
        _ => String::new(),
    };
    let what = format!(
        "{late}{} and {} come to {flat:.0} m beside and {high:.0} m above each other; {:.0} m or {:.0} m must be kept.",
        a.vehicle, b.vehicle, limits.separation_h_m, limits.separation_v_m
    );
    let fault = Fault::new(NAME, what)
        .of(a.vehicle, leg)
        .sort(format!("{} {late_s}", b.vehicle));
    let fault = fault.value(flat, limits.separation_h_m, "m").at(at, now);
    found.add(if late_s == 0.0 { fault } else { fault.note() }, land);
}
