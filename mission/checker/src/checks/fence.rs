//! `fence`: the inclusion fence holds every leg and does not reach over a border; the fence items are that fence; `rally`: rally
//! points are in legal space.

use crate::earth::{Line, along, apart_m};
use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{STEP_M, fresh, leg_samples};
use vedette_model::command;
use vedette_model::plan::{AircraftPlan, PatrolPlan};

pub(crate) const NAME: &str = "fence";
pub(crate) const RALLY: &str = "rally";
/// Distance between samples of a fence edge, metres.
const EDGE_M: f64 = 10.0;

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    for a in &plan.aircraft {
        aircraft(a, plan, land, found);
    }
}

fn aircraft(a: &AircraftPlan, plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    let limits = &plan.brief.limits;
    let fault = |what: String| Fault::new(NAME, what).of(a.vehicle, None);
    if a.fence.len() < 3 {
        let what = "There is no inclusion fence: the autopilot will not hold the aircraft on the home side by itself.";
        found.add(fault(what.into()).note().sort("none"), land);
    } else {
        let ring = Line::new(&a.fence, true);
        for i in fresh(a) {
            let leg = &a.legs[i];
            let mut skip_m = 0.0_f64;
            for s in leg_samples(leg) {
                // As far from the outline as this, the next samples cannot be beyond it.
                skip_m -= STEP_M;
                if skip_m > 0.0 {
                    continue;
                }
                skip_m = ring.nearest(s.at).map_or(0.0, |n| 0.99 * n.distance_m);
                if !ring.contains(s.at) {
                    skip_m = 0.0;
                    let out = ring.nearest(s.at).map_or(0.0, |n| n.distance_m);
                    let what = format!(
                        "Leg {i} leaves its own fence by {out:.0} m: the autopilot would break off the mission."
                    );
                    found.add(
                        fault(what)
                            .of(a.vehicle, i)
                            .sort("outside")
                            .value(-out, 0.0, "m")
                            .at(s.at, s.time_s),
                        land,
                    );
                }
            }
        }
        let edges = a.fence.iter().zip(a.fence.iter().cycle().skip(1));
        for p in edges.flat_map(|(p, q)| along(*p, *q, EDGE_M)) {
            let Some(place) = land.place(p) else { continue };
            if place.home_m < 0.0 {
                let what = format!(
                    "The fence reaches {:.0} m beyond border {}.",
                    -place.home_m, land.borders[place.border].name
                );
                found.add(
                    fault(what).sort("border").value(place.home_m, 0.0, "m").at(p, None),
                    land,
                );
            }
        }
    }
    let corners: Vec<_> = a
        .fence_items
        .iter()
        .filter(|i| i.command == command::FENCE_POLYGON_VERTEX_INCLUSION)
        .collect();
    let same = corners.len() == a.fence.len()
        && corners
            .iter()
            .zip(&a.fence)
            .all(|(i, p)| i.at.is_some_and(|q| apart_m(q, *p) < 1.0) && i.params[0] == Some(a.fence.len() as f64));
    if !same {
        let what = format!(
            "The fence items ({} corners) are not the fence that was judged ({} corners).",
            corners.len(),
            a.fence.len()
        );
        found.add(fault(what).sort("items"), land);
    }
    for (k, (p, amsl)) in a.rally.iter().enumerate() {
        let fault = |what: String| {
            Fault::new(RALLY, what)
                .of(a.vehicle, None)
                .sort(k.to_string())
                .at(*p, None)
        };
        if let Some(place) = land.place(*p) {
            let limit = limits.stand_off_m + 3.0 * limits.nav_sigma_m + land.borders[place.border].accuracy_m;
            if place.home_m < limit - 0.5 {
                let what = format!(
                    "Rally point {k} is {:.0} m from the border; allowed are {limit:.0} m.",
                    place.home_m
                );
                found.add(fault(what).value(place.home_m, limit, "m"), land);
            }
        }
        for zone in land
            .forbidden
            .iter()
            .filter(|z| z.distance_m(*p) < 3.0 * limits.nav_sigma_m - 0.5)
        {
            found.add(
                fault(format!("Rally point {k} lies in no-fly zone {}.", zone.name)),
                land,
            );
        }
        match land.ground(*p) {
            None => found.add(fault(format!("The ground under rally point {k} is unknown.")), land),
            Some(g) if amsl.0 - g < limits.min_agl_m - 0.5 => {
                let what = format!("Rally point {k} is {:.0} m above ground.", amsl.0 - g);
                found.add(fault(what).value(amsl.0 - g, limits.min_agl_m, "m"), land);
            }
            Some(_) => {}
        }
    }
    let rally: Vec<_> = a.rally_items.iter().filter_map(|i| i.at).collect();
    if rally.len() != a.rally.len() || rally.iter().zip(&a.rally).any(|(p, (q, _))| apart_m(*p, *q) > 1.0) {
        let what = "The rally items are not the rally points that were judged.";
        found.add(Fault::new(RALLY, what).of(a.vehicle, None).sort("items"), land);
    }
}
