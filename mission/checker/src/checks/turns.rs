//! `turns`: the flights of one aircraft follow each other, each leaves from where the last one landed, and between them lies the
//! base's time to change batteries; `base`: pads, stores and crew hours of every base hold.

use crate::earth::apart_m;
use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeMap;
use vedette_model::plan::{AircraftPlan, PatrolPlan};
use vedette_model::{Base, VehicleId};

pub(crate) const NAME: &str = "turns";
pub(crate) const BASE: &str = "base";
/// How far from a base's point a landing still is at that base, metres.
const AT_BASE_M: f64 = 200.0;

/// From first to last second of a flight.
fn span(a: &AircraftPlan) -> Option<(f64, f64)> {
    Some((a.legs.first()?.start_s, a.legs.last()?.end_s))
}

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    let mut by_vehicle: BTreeMap<VehicleId, Vec<&AircraftPlan>> = BTreeMap::new();
    for a in &plan.aircraft {
        by_vehicle.entry(a.vehicle).or_default().push(a);
    }
    let bases = &plan.brief.bases;
    let base_at = |p| bases.iter().position(|b| apart_m(b.at, p) < AT_BASE_M);
    let mut stays: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for (vehicle, parts) in &mut by_vehicle {
        parts.sort_by_key(|a| a.sortie);
        for pair in parts.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let (Some((_, landed)), Some((off, _))) = (span(a), span(b)) else {
                continue;
            };
            let fault = |sort: &str, what: String| {
                Fault::new(NAME, what)
                    .of(*vehicle, None)
                    .sort(format!("{sort} {}", b.sortie))
            };
            let ends = a.lands_at.unwrap_or(a.home);
            let away = apart_m(ends, b.home);
            if away > AT_BASE_M {
                let what = format!(
                    "Flight {} leaves {away:.0} m from where flight {} landed.",
                    b.sortie, a.sortie
                );
                found.add(fault("place", what).value(away, AT_BASE_M, "m").at(b.home, off), land);
            }
            let base = base_at(ends);
            let swap = base.map_or(0.0, |k| bases[k].swap_s);
            if off - landed < swap - 0.5 {
                let what = format!(
                    "Flight {} leaves {:.0} s after flight {} landed; a fresh battery takes {swap:.0} s.",
                    b.sortie,
                    off - landed,
                    a.sortie
                );
                found.add(fault("swap", what).value(off - landed, swap, "s").at(b.home, off), land);
            }
            if let Some(k) = base {
                stays.entry(k).or_default().push((landed, landed + swap));
            }
        }
        for (p, t) in parts
            .iter()
            .filter_map(|a| Some((a, span(a)?)))
            .flat_map(|(a, (off, on))| [(a.home, off), (a.lands_at.unwrap_or(a.home), on)])
        {
            if let Some(b) = base_at(p).map(|k| &bases[k])
                && !b.staffed(t)
            {
                let what = format!(
                    "{} has no crew at {:.2} h, when {vehicle} comes or goes there.",
                    b.name,
                    t / 3600.0
                );
                found.add(
                    Fault::new(BASE, what).of(*vehicle, None).sort(b.name.clone()).at(p, t),
                    land,
                );
            }
        }
    }
    for (k, stays) in stays {
        pads(&bases[k], &stays, land, found);
    }
}

fn pads(base: &Base, stays: &[(f64, f64)], land: &Land<'_>, found: &mut Found) {
    if base.swaps.is_some_and(|n| stays.len() > n as usize) {
        let have = f64::from(base.swaps.unwrap_or(0));
        let what = format!(
            "{} has {have:.0} batteries in store, {} are needed.",
            base.name,
            stays.len()
        );
        found.add(
            Fault::new(BASE, what)
                .sort(format!("store {}", base.name))
                .value(stays.len() as f64, have, "batteries")
                .at(base.at, None),
            land,
        );
    }
    for (t, _) in stays {
        let n = stays.iter().filter(|s| (s.0..s.1).contains(t)).count();
        if n > base.pads.max(1) as usize {
            let what = format!(
                "{n} aircraft are served at {}, which has {} pads.",
                base.name, base.pads
            );
            found.add(
                Fault::new(BASE, what)
                    .sort(format!("pads {}", base.name))
                    .value(n as f64, f64::from(base.pads), "aircraft")
                    .at(base.at, *t),
                land,
            );
        }
    }
}
