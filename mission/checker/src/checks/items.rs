//! `items`: the mission items that will be uploaded are the legs that were judged: the same places at the same heights in the
//! same order, nothing left out, nothing put in.

use crate::earth::apart_m;
use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{Visit, visits};
use std::collections::{BTreeMap, BTreeSet};
use vedette_geo::LatLon;
use vedette_model::command;
use vedette_model::plan::{AircraftPlan, LegKind, PatrolPlan};

pub(crate) const NAME: &str = "items";
/// Places within these are the same, metres.
const SAME_M: f64 = 2.0;

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        match visits(a, craft.family) {
            Ok(all) => compare(a, &all, land, found),
            Err(i) => {
                let what = format!("Item {i} jumps to no item, or without end: unroll the loop.");
                found.add(Fault::new(NAME, what).of(a.vehicle, None).sort("jump"), land);
            }
        }
    }
}

/// Places rounded so that any two within [`SAME_M`] share a cell or are in neighbouring ones (up to 79 degrees of latitude).
fn cell(p: LatLon) -> (i64, i64) {
    ((p.lat_deg * 3e4).floor() as i64, (p.lon_deg * 1e4).floor() as i64)
}

fn compare(a: &AircraftPlan, visits: &[Visit], land: &Land<'_>, found: &mut Found) {
    let mut next = 0;
    let climbs: Vec<LatLon> = a
        .legs
        .iter()
        .filter(|l| l.kind == LegKind::TakeOff)
        .map(|l| l.to)
        .collect();
    // Which legs' ends must be among the items: all flown between take-off and landing that lead somewhere.
    for (i, leg) in a.legs.iter().enumerate() {
        let place = matches!(
            leg.kind,
            LegKind::Transit | LegKind::Patrol | LegKind::Turn | LegKind::Return
        );
        if !place || apart_m(leg.from, leg.to) < SAME_M {
            continue;
        }
        let fits = |v: &Visit| {
            apart_m(v.at, leg.to) <= SAME_M && (v.amsl.is_nan() || (v.amsl - leg.to_amsl.0).abs() <= SAME_M)
        };
        match visits.iter().skip(next).position(fits) {
            Some(k) => {
                // What is passed over must lie on this leg or be the way up: else the items are in another order.
                let here = |v: &&Visit| {
                    [leg.from, leg.to, a.home].iter().any(|p| apart_m(*p, v.at) <= SAME_M)
                        || climbs.iter().any(|p| apart_m(*p, v.at) <= SAME_M)
                };
                if let Some(v) = visits[next..next + k].iter().find(|v| !here(v)) {
                    let what = format!(
                        "Mission item {} is flown to before the end of leg {i}, where no leg leads.",
                        v.item
                    );
                    let fault = Fault::new(NAME, what).of(a.vehicle, i).sort("order");
                    found.add(fault.at(v.at, leg.end_s), land);
                }
                next += k + 1;
            }
            None => {
                let far = visits
                    .iter()
                    .skip(next)
                    .map(|v| apart_m(v.at, leg.to))
                    .fold(f64::INFINITY, f64::min);
                let what = format!(
                    "The end of leg {i} is not among the mission items that follow; the nearest is {far:.0} m away."
                );
                let fault = Fault::new(NAME, what).of(a.vehicle, i).sort("leg");
                found.add(fault.value(far, SAME_M, "m").at(leg.to, leg.end_s), land);
                // One is told; the ones after it would say the same.
                break;
            }
        }
    }
    let mut ends: BTreeMap<(i64, i64), Vec<LatLon>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for p in a.legs.iter().flat_map(|l| [l.from, l.to]) {
        if known.insert((p.lat_deg.to_bits(), p.lon_deg.to_bits())) {
            ends.entry(cell(p)).or_default().push(p);
        }
    }
    let mut judged = BTreeSet::new();
    for v in visits {
        if v.command == command::NAV_RETURN_TO_LAUNCH || !judged.insert(v.item) {
            continue;
        }
        let (r, c) = cell(v.at);
        let on = (r - 1..=r + 1)
            .flat_map(|r| (c - 1..=c + 1).map(move |c| (r, c)))
            .filter_map(|k| ends.get(&k))
            .flatten()
            .any(|p| apart_m(*p, v.at) <= SAME_M);
        if !on && apart_m(v.at, a.home) > SAME_M {
            let what = format!("Mission item {} leads to a place that is on no leg.", v.item);
            found.add(
                Fault::new(NAME, what)
                    .of(a.vehicle, None)
                    .sort(format!("item {}", v.item))
                    .at(v.at, None),
                land,
            );
        }
    }
}
