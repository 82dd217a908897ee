//! `energy`: the battery lands with its reserve, by the brief's power model plus two sigma; and from every leg's end the aircraft
//! can still get home against wind and gusts.

use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeMap;
use vedette_geo::{G_M_S2, distance_m};
use vedette_model::VehicleId;
use vedette_model::plan::{Aircraft, AircraftPlan, Leg, LegKind, PatrolPlan};

pub(crate) const NAME: &str = "energy";
/// Least ground speed assumed when flying home against the wind, metres per second.
const CRAWL_M_S: f64 = 1.0;
/// Seconds to come down and land.
const LANDING_S: f64 = 60.0;

/// Share of the battery left on landing, per aircraft, two sigma taken off.
pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> BTreeMap<VehicleId, f64> {
    let mut left = BTreeMap::new();
    for a in &plan.aircraft {
        if let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) {
            let share = aircraft(a, craft, plan, land, found);
            let least = left.entry(a.vehicle).or_insert(share);
            *least = share.min(*least);
        }
    }
    left
}

/// Power on a leg, watts: cruise where it goes somewhere level-headed, otherwise hover or circle.
fn power(leg: &Leg, craft: &Aircraft) -> f64 {
    let cruises = matches!(leg.kind, LegKind::Transit | LegKind::Patrol | LegKind::Return);
    if cruises && distance_m(leg.from, leg.to) > 0.5 {
        craft.energy.cruise_w
    } else {
        craft.energy.hover_w
    }
}

/// Climbing by a height, watt hours.
fn lift(craft: &Aircraft, rise_m: f64) -> f64 {
    rise_m.max(0.0) * craft.energy.mass_kg * G_M_S2 / craft.energy.climb_efficiency / 3600.0
}

/// Watt hours of a leg by the brief's model of the aircraft.
pub(crate) fn leg_wh(leg: &Leg, craft: &Aircraft) -> f64 {
    let rise = leg.to_amsl.0 - leg.from_amsl.0;
    power(leg, craft) * (leg.end_s - leg.start_s).max(0.0) / 3600.0 + lift(craft, rise)
}

fn aircraft(a: &AircraftPlan, craft: &Aircraft, plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> f64 {
    let e = &craft.energy;
    let (wind, gust) = crate::air::strongest_m_s(&plan.brief);
    let safe = 1.0 + 2.0 * e.sigma_share;
    let against = (craft.envelope.cruise_m_s - wind - gust).max(CRAWL_M_S);
    let mut used = 0.0;
    for (i, leg) in a.legs.iter().enumerate() {
        used += leg_wh(leg, craft);
        let home = distance_m(leg.to, a.home).min(a.lands_at.map_or(f64::INFINITY, |p| distance_m(leg.to, p)));
        let back = (home / against * e.cruise_w + LANDING_S * e.hover_w) / 3600.0
            + lift(craft, a.return_amsl.0 - leg.to_amsl.0);
        let worst = (used + back) * safe;
        let on_ground = leg.kind == LegKind::Land;
        if !on_ground && (worst > e.battery_wh || worst.is_nan()) {
            let what = format!(
                "After leg {i} the way home against wind and gusts needs more than the battery holds ({worst:.0} Wh of {:.0}).",
                e.battery_wh
            );
            let fault = Fault::new(NAME, what)
                .of(a.vehicle, i)
                .sort("return")
                .value(worst, e.battery_wh, "Wh");
            found.add(fault.at(leg.to, leg.end_s), land);
        }
    }
    let share = 1.0 - used * safe / e.battery_wh;
    let kept = share >= e.reserve_share;
    if !kept {
        let what = format!(
            "It lands with {:.0} % of its battery (two sigma taken off); {:.0} % must be left.",
            share * 100.0,
            e.reserve_share * 100.0
        );
        found.add(
            Fault::new(NAME, what).of(a.vehicle, None).sort("reserve").value(
                share * 100.0,
                e.reserve_share * 100.0,
                "%",
            ),
            land,
        );
    }
    let said = a.legs.last().map_or(0.0, |l| l.energy_wh);
    if (said - used).abs() > 0.05 * used {
        let what = format!("The plan counts {said:.0} Wh for the whole flight, the checker {used:.0} Wh.");
        found.add(
            Fault::new(NAME, what)
                .note()
                .of(a.vehicle, None)
                .sort("model")
                .value(said, used, "Wh"),
            land,
        );
    }
    share
}
