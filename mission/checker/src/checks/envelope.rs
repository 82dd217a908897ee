//! `speed`, `climb`, `turn`: what a leg asks lies within the airframe's envelope, in the brief's wind with its gusts.

use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{corner, turn_radius_m};
use vedette_geo::{azimuth_deg, distance_m};
use vedette_model::plan::{Aircraft, AircraftPlan, Leg, LegKind, PatrolPlan, WindBrief};

pub(crate) const SPEED: &str = "speed";
pub(crate) const CLIMB: &str = "climb";
pub(crate) const TURN: &str = "turn";
/// Speeds within this are the same, metres per second.
const SAME_M_S: f64 = 1.0;
/// Share by which rounded corners may be tighter than the airframe's circle: a polyline cuts its own arc.
const CORNER_SLACK: f64 = 0.93;

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        for i in 0..a.legs.len() {
            leg(a, craft, i, &plan.brief.wind, land, found);
        }
    }
}

/// Airspeed that makes good a ground speed along a track in the mean wind, metres per second (wind triangle).
fn airspeed(leg: &Leg, ground_m_s: f64, wind: &WindBrief) -> f64 {
    let to = (wind.from_deg + 180.0 - azimuth_deg(leg.from, leg.to)).to_radians();
    let (along, across) = (wind.speed_m_s * to.cos(), wind.speed_m_s * to.sin());
    (ground_m_s - along).hypot(across)
}

fn leg(a: &AircraftPlan, craft: &Aircraft, i: usize, wind: &WindBrief, land: &Land<'_>, found: &mut Found) {
    let (l, e) = (&a.legs[i], &craft.envelope);
    let fault = |check, what: String| Fault::new(check, what).of(a.vehicle, i).at(l.from, l.start_s);
    let (way, time) = (distance_m(l.from, l.to), l.end_s - l.start_s);
    let rise = l.to_amsl.0 - l.from_amsl.0;

    if way > 1.0 {
        let made = if time > 0.0 { way / time } else { f64::INFINITY };
        if (made - l.ground_m_s).abs() > SAME_M_S.max(0.05 * made) {
            let what = format!(
                "Leg {i} is {way:.0} m in {time:.0} s, which is {made:.1} m/s and not the {:.1} m/s it says.",
                l.ground_m_s
            );
            found.add(fault(SPEED, what).sort("made").value(made, l.ground_m_s, "m/s"), land);
        }
        let needed = airspeed(l, made, wind);
        if needed + wind.gust_m_s > e.max_m_s + 0.1 {
            let what = format!(
                "Leg {i} needs {needed:.1} m/s of airspeed and {:.1} for gusts; the airframe flies {:.1}.",
                wind.gust_m_s, e.max_m_s
            );
            found.add(
                fault(SPEED, what)
                    .sort("most")
                    .value(needed + wind.gust_m_s, e.max_m_s, "m/s"),
                land,
            );
        }
        if l.air_m_s < e.min_m_s - 0.1 || l.air_m_s > e.max_m_s + 0.1 || needed < e.min_m_s - SAME_M_S {
            let worst = if l.air_m_s > e.max_m_s {
                l.air_m_s
            } else {
                l.air_m_s.min(needed)
            };
            let what = format!(
                "Leg {i} is flown at {worst:.1} m/s of airspeed; the airframe flies {:.1} to {:.1}.",
                e.min_m_s, e.max_m_s
            );
            found.add(fault(SPEED, what).sort("range").value(worst, e.min_m_s, "m/s"), land);
        }
        if (needed - l.air_m_s).abs() > 2.0 * SAME_M_S && l.kind != LegKind::Loiter {
            let what = format!(
                "Leg {i} says {:.1} m/s of airspeed; its ground speed in this wind needs {needed:.1}.",
                l.air_m_s
            );
            found.add(
                fault(SPEED, what).note().sort("wind").value(l.air_m_s, needed, "m/s"),
                land,
            );
        }
    }
    let (rate, limit) = if rise >= 0.0 {
        (rise, e.climb_m_s)
    } else {
        (-rise, e.descent_m_s)
    };
    let rate = if time > 0.0 {
        rate / time
    } else if rate > 1.0 {
        f64::INFINITY
    } else {
        0.0
    };
    if rate > limit * 1.02 + 0.05 {
        let verb = if rise >= 0.0 { "climbs" } else { "descends" };
        let what = format!("Leg {i} {verb} at {rate:.1} m/s; the airframe does {limit:.1}.");
        found.add(fault(CLIMB, what).value(rate, limit, "m/s"), land);
    }
    corner_fits(a, craft, i, land, found);
}

/// Between two legs, a circle of the airframe's radius must fit: the shorter leg is at least the chord of the turn.
fn corner_fits(a: &AircraftPlan, craft: &Aircraft, i: usize, land: &Land<'_>, found: &mut Found) {
    let leg = &a.legs[i];
    let Some(radius) = turn_radius_m(craft, leg.ground_m_s) else {
        return;
    };
    let Some((change, j)) = corner(a, i) else {
        return;
    };
    let next = &a.legs[j];
    let shorter = distance_m(leg.from, leg.to).min(distance_m(next.from, next.to));
    let half = (change.abs() / 2.0).to_radians().sin();
    if half < 0.01 {
        return;
    }
    let flown = shorter / (2.0 * half);
    if flown < radius * CORNER_SLACK {
        let what = format!(
            "The corner of {:.0}° after leg {i} leaves a circle of {flown:.0} m; at {:.1} m/s over ground and {:.0}° of bank the airframe needs {radius:.0} m.",
            change.abs(),
            leg.ground_m_s,
            craft.envelope.max_bank_deg
        );
        found.add(
            Fault::new(TURN, what)
                .of(a.vehicle, i)
                .value(flown, radius, "m")
                .at(leg.to, leg.end_s),
            land,
        );
    }
}
