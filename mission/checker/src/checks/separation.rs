//! `separation`: at every moment, any two aircraft in the air are apart horizontally or vertically as the brief asks.

use crate::earth::{V, length, sub, surface};
use crate::found::{Fault, Found};
use crate::land::Land;
use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};
use vedette_model::plan::{AircraftPlan, PatrolPlan};

pub(crate) const NAME: &str = "separation";
/// Time between two looks, seconds; at 60 m/s of closing speed aircraft come 15 m nearer.
const STEP_S: f64 = 0.25;

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

/// Least horizontal distance while not vertically apart, metres; `None` with one aircraft, infinite when it never mattered.
pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> Option<f64> {
    let limits = &plan.brief.limits;
    let mut least: Option<f64> = None;
    for (i, a) in plan.aircraft.iter().enumerate() {
        for b in &plan.aircraft[i + 1..] {
            let (mut fa, mut fb) = (Flight::new(a), Flight::new(b));
            let edge = |p: &AircraftPlan| Some((p.legs.first()?.start_s, p.legs.last()?.end_s));
            let (Some((a0, a1)), Some((b0, b1))) = (edge(a), edge(b)) else {
                continue;
            };
            let (from, to) = (a0.max(b0), a1.min(b1));
            let mut nearest = f64::INFINITY;
            let mut k = 0.0;
            while from + k * STEP_S <= to {
                let now = from + k * STEP_S;
                k += 1.0;
                let (Some((pa, va, ha)), Some((_, vb, hb))) = (fa.at(now), fb.at(now)) else {
                    continue;
                };
                let (flat, high) = (length(sub(va, vb)), (ha - hb).abs());
                if high >= limits.separation_v_m {
                    continue;
                }
                nearest = nearest.min(flat);
                if flat < limits.separation_h_m {
                    let what = format!(
                        "{} and {} come to {flat:.0} m beside and {high:.0} m above each other; {:.0} m or {:.0} m must be kept.",
                        a.vehicle, b.vehicle, limits.separation_h_m, limits.separation_v_m
                    );
                    let fault = Fault::new(NAME, what).of(a.vehicle, fa.leg).sort(b.vehicle.to_string());
                    found.add(fault.value(flat, limits.separation_h_m, "m").at(pa, now), land);
                }
            }
            least = Some(least.map_or(nearest, |l| l.min(nearest)));
        }
    }
    least
}
