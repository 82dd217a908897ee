//! `clearance`: height above ground at every sample is at least the brief's floor; `terrain`: ground whose height is unknown
//! refuses the plan; `ceiling`: and at most the brief's ceiling. Take-off and landing may be low, but not under ground.

use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{Path, Way};
use std::collections::BTreeMap;
use vedette_model::VehicleId;
use vedette_model::plan::Limits;

pub(crate) const NAME: &str = "clearance";
pub(crate) const TERRAIN: &str = "terrain";
pub(crate) const CEILING: &str = "ceiling";
/// How far ground may stand above a take-off or landing sample: error of the terrain model, metres (SRTM LE90 16 m).
const GROUND_ERROR_M: f64 = 16.0;
/// What rounding heights may cost, metres.
const ROUNDING_M: f64 = 0.5;

/// Keeps the least clearance of every aircraft, away from take-off and landing.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) least_m: BTreeMap<VehicleId, f64>,
}

impl Check {
    pub(crate) fn path(&mut self, path: &Path, limits: &Limits, land: &Land<'_>, found: &mut Found) {
        let of = path.leg.map_or_else(String::new, |l| format!(" {l}"));
        let words = path.way.words();
        let fault = |check, what: String| Fault::new(check, what).of(path.vehicle, path.leg).sort(words);
        for s in &path.samples {
            let Some(ground) = land.ground(s.at) else {
                let what = format!("The height of the ground under {words}{of} is unknown: get terrain for this area.");
                found.add(fault(TERRAIN, what).at(s.at, s.time_s), land);
                continue;
            };
            if s.amsl.is_nan() {
                continue; // follows the terrain by itself; the autopilot check judges whether it may
            }
            let agl = s.amsl - ground;
            if path.low {
                if agl < -GROUND_ERROR_M {
                    let what = format!(
                        "The {words}{of} lies {:.0} m under the ground of the terrain model.",
                        -agl
                    );
                    found.add(
                        fault(NAME, what).value(agl, -GROUND_ERROR_M, "m").at(s.at, s.time_s),
                        land,
                    );
                }
                continue;
            }
            let least = self.least_m.entry(path.vehicle).or_insert(f64::INFINITY);
            *least = least.min(agl);
            if agl < limits.min_agl_m - ROUNDING_M {
                let what = format!(
                    "The {words}{of} is {agl:.0} m above ground; at least {:.0} m must be kept.",
                    limits.min_agl_m
                );
                found.add(
                    fault(NAME, what).value(agl, limits.min_agl_m, "m").at(s.at, s.time_s),
                    land,
                );
            }
            if agl > limits.max_agl_m + ROUNDING_M {
                // Getting home safely goes before the ceiling; a person should know.
                let home = matches!(
                    path.way,
                    Way::ReturnPath | Way::StraightHome | Way::StraightRally | Way::ReturnCircle
                );
                let what = format!(
                    "The {words}{of} is {agl:.0} m above ground; at most {:.0} m are allowed.",
                    limits.max_agl_m
                );
                let fault = fault(CEILING, what)
                    .value(agl, limits.max_agl_m, "m")
                    .at(s.at, s.time_s);
                // One note for all ways home: their number says nothing.
                found.add(
                    if home {
                        fault.note().of(path.vehicle, None)
                    } else {
                        fault
                    },
                    land,
                );
            }
        }
    }
}
