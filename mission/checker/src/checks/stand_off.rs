//! `stand_off`: every path stays on the home side of every border of the home country, no closer than the brief's stand-off plus
//! three sigma of navigation plus the border's own positional accuracy; `crossing`: no path crosses a border.

use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::Path;
use std::collections::BTreeMap;
use vedette_model::VehicleId;
use vedette_model::plan::Limits;

pub(crate) const NAME: &str = "stand_off";
pub(crate) const CROSSING: &str = "crossing";
/// What rounding of positions to 1e-7 degrees may cost, metres.
const ROUNDING_M: f64 = 0.5;

/// Keeps the least distance of every aircraft.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) least_m: BTreeMap<VehicleId, f64>,
}

impl Check {
    pub(crate) fn path(&mut self, path: &Path, limits: &Limits, land: &Land<'_>, found: &mut Found) {
        let of = path.leg.map_or_else(String::new, |l| format!(" {l}"));
        let words = path.way.words();
        for s in &path.samples {
            let Some(place) = land.place(s.at) else {
                let what = "The site has no border, so no distance to it can be judged.";
                found.add(Fault::new(NAME, what), land);
                return;
            };
            let border = &land.borders[place.border];
            let limit = limits.stand_off_m + 3.0 * limits.nav_sigma_m + border.accuracy_m;
            let least = self.least_m.entry(path.vehicle).or_insert(f64::INFINITY);
            *least = least.min(place.home_m);
            if place.home_m < 0.0 {
                let what = format!(
                    "The {words}{of} goes {:.0} m beyond border {}.",
                    -place.home_m, border.name
                );
                let fault = Fault::new(CROSSING, what).of(path.vehicle, path.leg).sort(words);
                found.add(fault.value(place.home_m, 0.0, "m").at(s.at, s.time_s), land);
            }
            // Written so that a distance that is not a number refuses too.
            let kept = place.home_m >= limit - ROUNDING_M;
            if !kept {
                let what = format!(
                    "The {words}{of} comes to {:.0} m from border {}; allowed are {limit:.0} m \
                     (stand-off {:.0}, navigation {:.0}, border accuracy {:.0}).",
                    place.home_m,
                    border.name,
                    limits.stand_off_m,
                    3.0 * limits.nav_sigma_m,
                    border.accuracy_m
                );
                let fault = Fault::new(NAME, what).of(path.vehicle, path.leg).sort(words);
                found.add(fault.value(place.home_m, limit, "m").at(s.at, s.time_s), land);
            }
        }
    }
}
