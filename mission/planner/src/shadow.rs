//! When, by the timetable, the command link will be hidden: the plan's own radio shadows over time.
//!
//! Invariant: unknown ground is a shadow too, with its own name; legs flown again the same way are
//! looked at once. Geometry only, as everything of `radio`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon, distance_m, interpolate};
use vedette_model::VehicleId;
use vedette_model::plan::PatrolPlan;

use crate::radio::{Radio, antennas, radio_at};

/// Distance between the places looked at on a leg, metres.
const STEP_M: f64 = 120.0;
/// Most places looked at on one leg.
const MOST: f64 = 200.0;

/// One time without a clear link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// Who.
    pub vehicle: VehicleId,
    /// From when, seconds after the watch begins.
    pub from_s: f64,
    /// Until when.
    pub to_s: f64,
    /// Why.
    pub radio: Radio,
    /// Where it begins.
    pub at: LatLon,
}

/// The radio shadows of a plan, aircraft by aircraft in time; a shadow begins and ends half-way
/// between two places looked at.
#[must_use]
pub fn shadows(plan: &PatrolPlan, world: &World) -> Vec<Shadow> {
    let masts = antennas(&plan.brief);
    let mut seen: BTreeMap<[u64; 6], Vec<Radio>> = BTreeMap::new();
    let mut out: Vec<Shadow> = Vec::new();
    for a in &plan.aircraft {
        for l in &a.legs {
            let n = (distance_m(l.from, l.to) / STEP_M).ceil().clamp(1.0, MOST);
            let at = |k: f64| {
                let amsl = Amsl(l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * k / n);
                (interpolate(l.from, l.to, k / n), amsl)
            };
            let key = [
                l.from.lat_deg,
                l.from.lon_deg,
                l.from_amsl.0,
                l.to.lat_deg,
                l.to.lon_deg,
                l.to_amsl.0,
            ];
            let states = seen.entry(key.map(f64::to_bits)).or_insert_with(|| {
                // The middle of every step stands for it.
                let middles = (0..n as usize).map(|k| at(k as f64 + 0.5));
                middles.map(|(p, h)| radio_at(&masts, world, p, h).0).collect()
            });
            let step_s = (l.end_s - l.start_s) / n;
            for (k, radio) in states.iter().enumerate().filter(|(_, r)| **r != Radio::Clear) {
                let from_s = l.start_s + k as f64 * step_s;
                let to_s = from_s + step_s;
                match out.last_mut() {
                    Some(s) if s.vehicle == a.vehicle && s.radio == *radio && (from_s - s.to_s).abs() < 0.5 => {
                        s.to_s = to_s;
                    }
                    _ => out.push(Shadow {
                        vehicle: a.vehicle,
                        from_s,
                        to_s,
                        radio: *radio,
                        at: at(k as f64).0,
                    }),
                }
            }
        }
    }
    out
}
