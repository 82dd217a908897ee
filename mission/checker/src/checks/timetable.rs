//! `timetable`: every leg begins where and when the last one ends, time runs forward, every figure is a number, the first leg
//! begins and the last one ends at home.

use crate::earth::apart_m;
use crate::found::{Fault, Found};
use crate::land::Land;
use vedette_model::plan::{AircraftPlan, PatrolPlan};

pub(crate) const NAME: &str = "timetable";
/// Places and heights within these are the same, metres.
const SAME_M: f64 = 1.0;
/// Times within this are the same, seconds.
const SAME_S: f64 = 0.1;

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    for a in &plan.aircraft {
        aircraft(a, land, found);
    }
}

/// Whether all figures of a plan are numbers; nothing else is judged before.
pub(crate) fn finite(plan: &PatrolPlan) -> bool {
    plan.aircraft.iter().all(|a| {
        let legs = a.legs.iter().all(|l| {
            [
                l.from.lat_deg,
                l.from.lon_deg,
                l.to.lat_deg,
                l.to.lon_deg,
                l.from_amsl.0,
                l.to_amsl.0,
                l.start_s,
                l.end_s,
                l.ground_m_s,
                l.air_m_s,
                l.energy_wh,
                l.watch_half_m,
            ]
            .iter()
            .chain(l.watches_m.iter().flatten())
            .all(|v| v.is_finite())
        });
        let points = a.return_path.iter().chain(&a.fence).chain([&a.home]).chain(&a.lands_at);
        let points = points.chain(a.return_branches.iter().flatten());
        let points = points.chain(a.rally.iter().map(|r| &r.0));
        let points = points.chain(
            a.items
                .iter()
                .chain(&a.fence_items)
                .chain(&a.rally_items)
                .filter_map(|i| i.at.as_ref()),
        );
        legs && points
            .into_iter()
            .all(|p| p.lat_deg.abs() <= 90.0 && p.lon_deg.abs() <= 180.0)
            && a.return_amsl.0.is_finite()
            && a.home_amsl.0.is_finite()
            && a.items.iter().all(|i| i.alt_m.is_finite())
    }) && plan.section_m.is_finite()
        && plan.promise.from_s.is_finite()
        && plan.promise.until_s.is_finite()
        && plan.promise.revisit_s.is_finite()
}

/// How far above the ground model an aircraft on the ground may stand, metres (SRTM LE90 16 m).
const ON_GROUND_M: f64 = 16.0;
/// No return needs to be set higher than this over home by itself, metres: what lies on the way is judged as ground is.
const RETURN_M: f64 = 30.0;

fn aircraft(a: &AircraftPlan, land: &Land<'_>, found: &mut Found) {
    let (mut at, mut amsl, mut time) = (a.home, a.home_amsl.0, None);
    for (i, leg) in a.legs.iter().enumerate() {
        let fault = |sort: &str, what: String| {
            Fault::new(NAME, what)
                .of(a.vehicle, i)
                .sort(sort)
                .at(leg.from, leg.start_s)
        };
        let gap = apart_m(at, leg.from).max((leg.from_amsl.0 - amsl).abs());
        if gap > SAME_M {
            let what = format!("Leg {i} begins {gap:.0} m from where the aircraft is then.");
            found.add(fault("place", what).value(gap, SAME_M, "m"), land);
        }
        let late = time.map_or(0.0, |t: f64| leg.start_s - t);
        if late.abs() > SAME_S || leg.start_s < 0.0 {
            let what = format!("Leg {i} begins {late:.1} s after the last one ends; legs must follow each other.");
            found.add(fault("time", what).value(late, 0.0, "s"), land);
        }
        if leg.end_s < leg.start_s {
            let what = format!("Leg {i} ends {:.1} s before it begins.", leg.start_s - leg.end_s);
            found.add(fault("order", what).value(leg.end_s - leg.start_s, 0.0, "s"), land);
        }
        (at, amsl, time) = (leg.to, leg.to_amsl.0, Some(leg.end_s));
    }
    let away = apart_m(at, a.lands_at.unwrap_or(a.home));
    if away > 5.0 {
        let what = format!("The last leg ends {away:.0} m from where it should land: the aircraft does not come back.");
        found.add(
            Fault::new(NAME, what)
                .of(a.vehicle, a.legs.len().checked_sub(1))
                .sort("home")
                .value(away, 5.0, "m")
                .at(at, time),
            land,
        );
    }
    // Over home is not home: what is left of the battery would decide.
    let up = land.ground(at).map_or(0.0, |g| amsl - g);
    if up > ON_GROUND_M && !a.legs.is_empty() {
        let what = format!("The last leg ends {up:.0} m above the ground: the aircraft does not land.");
        let last = a.legs.len().checked_sub(1);
        let fault = Fault::new(NAME, what).of(a.vehicle, last).sort("landing");
        found.add(fault.value(up, ON_GROUND_M, "m").at(at, time), land);
    }
    // Returning lower than everything else may fly, over home at least.
    let over = a.return_amsl.0 - a.home_amsl.0;
    let least = land.min_agl_m.min(RETURN_M);
    if over < least && !a.legs.is_empty() {
        let what = format!("The return height is {over:.0} m over home, at least {least:.0} m are needed.");
        let fault = Fault::new(NAME, what).of(a.vehicle, None).sort("return");
        found.add(fault.value(over, least, "m").at(a.home, None), land);
    }
}
