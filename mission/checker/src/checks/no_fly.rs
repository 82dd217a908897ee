//! `no_fly`: every path keeps three sigma of navigation away from every no-fly zone whose heights it meets. A height the
//! autopilot chooses by itself (terrain frames) meets every zone.

use crate::earth::{length, sub, surface};
use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::Path;
use vedette_model::plan::Limits;

pub(crate) const NAME: &str = "no_fly";
const ROUNDING_M: f64 = 0.5;

pub(crate) fn path(path: &Path, limits: &Limits, land: &Land<'_>, found: &mut Found) {
    let margin = 3.0 * limits.nav_sigma_m;
    let words = path.way.words();
    let Some(first) = path.samples.first().map(|s| surface(s.at)) else {
        return;
    };
    let reach = path
        .samples
        .iter()
        .map(|s| length(sub(surface(s.at), first)))
        .fold(0.0, f64::max);
    for zone in land
        .forbidden
        .iter()
        .filter(|z| z.away_m(first) <= reach + margin + ROUNDING_M)
    {
        for s in &path.samples {
            if !(s.amsl.is_nan() || zone.reaches(s.amsl)) {
                continue;
            }
            let d = zone.distance_m(s.at);
            if d >= margin - ROUNDING_M {
                continue;
            }
            let of = path.leg.map_or_else(String::new, |l| format!(" {l}"));
            let how = if d < 0.0 {
                format!("enters no-fly zone {} by {:.0} m", zone.name, -d)
            } else {
                format!("comes to {d:.0} m from no-fly zone {}", zone.name)
            };
            let what = format!("The {words}{of} {how}; {margin:.0} m must be kept.");
            let fault = Fault::new(NAME, what)
                .of(path.vehicle, path.leg)
                .sort(format!("{words} {}", zone.name));
            found.add(fault.value(d, margin, "m").at(s.at, s.time_s), land);
        }
    }
}
