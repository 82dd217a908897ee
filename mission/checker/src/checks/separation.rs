//! `separation`: at every moment, any two aircraft in the air are apart horizontally or vertically as the brief asks.

use crate::earth::{V, length, sub, surface};
use crate::found::{Fault, Found};
use crate::land::Land;
use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};
use vedette_model::plan::{AircraftPlan, Limits, PatrolPlan};

pub(crate) const NAME: &str = "separation";
/// Time between two looks, seconds; at 60 m/s of closing speed aircraft come 15 m nearer.
const STEP_S: f64 = 0.25;
/// How late a take-off may be for a note, seconds.
const LATE_S: f64 = 30.0;

/// One aircraft's flight, ready to be asked where it is.
struct Flight<'a> {
    plan: &'a AircraftPlan,
    legs: Vec<(f64, f64)>, // azimuth, length
    leg: usize,
}

impl<'a> Flight<'a> {
    fn new(plan: &'a AircraftPlan) -> Self {
        let legs = plan
            .legs
            .iter()
            .map(|l| (azimuth_deg(l.from, l.to), distance_m(l.from, l.to)))
            .collect();
        Self { plan, legs, leg: 0 }
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
    for (i, a) in plan.aircraft.iter().enumerate() {
        for b in &plan.aircraft[i + 1..] {
            if let Some(met) = meet(a, b, 0.0, limits) {
                least = Some(least.map_or(met.least_m, |l| l.min(met.least_m)));
                report(a, b, &met, 0.0, limits, land, found);
            }
            // What a late take-off of either would do: worth knowing, no reason to refuse.
            for late_s in [LATE_S, -LATE_S] {
                if let Some(met) = meet(a, b, late_s, limits) {
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
fn meet(a: &AircraftPlan, b: &AircraftPlan, late_s: f64, limits: &Limits) -> Option<Met> {
    let (mut fa, mut fb) = (Flight::new(a), Flight::new(b));
    let edge = |p: &AircraftPlan| Some((p.legs.first()?.start_s, p.legs.last()?.end_s));
    let ((a0, a1), (b0, b1)) = (edge(a)?, edge(b)?);
    let (from, to) = (a0.max(b0 + late_s), a1.min(b1 + late_s));
    let (mut flat_m, mut slant_m, mut broken) = (f64::INFINITY, f64::INFINITY, None);
    let mut k = 0.0;
    while from + k * STEP_S <= to {
        let now = from + k * STEP_S;
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
