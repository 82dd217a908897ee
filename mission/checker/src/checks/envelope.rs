//! `speed`, `climb`, `turn`: what a leg asks lies within the airframe's envelope, in the brief's wind with its gusts.

use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{corner, fresh, turn_radius_m};
use vedette_geo::{azimuth_deg, diff_deg, distance_m};
use vedette_model::plan::{Aircraft, AircraftPlan, Leg, LegKind, PatrolPlan, WindBrief};

pub(crate) const SPEED: &str = "speed";
pub(crate) const CLIMB: &str = "climb";
pub(crate) const TURN: &str = "turn";
/// Speeds within this are the same, metres per second.
const SAME_M_S: f64 = 1.0;
/// Legs within this of a run's direction belong to it, degrees.
const STRAIGHT_DEG: f64 = 20.0;
/// Share by which rounded corners may be tighter than the airframe's circle: a polyline cuts its own arc.
const CORNER_SLACK: f64 = 0.93;

pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) {
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        for i in fresh(a) {
            let l = &a.legs[i];
            let wind = crate::air::wind_at(&plan.brief, 0.5 * (l.from_amsl.0 + l.to_amsl.0));
            leg(a, craft, i, &wind, land, found);
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

/// Metres flown nearly straight from a corner on, over legs that go on in the same direction, up to `enough`.
fn run_m(legs: &mut dyn Iterator<Item = &Leg>, enough: f64) -> f64 {
    let (mut total, mut heading) = (0.0, None);
    for l in legs.filter(|l| distance_m(l.from, l.to) > 1.0) {
        let now = azimuth_deg(l.from, l.to);
        if heading.is_some_and(|h| diff_deg(now, h).abs() > STRAIGHT_DEG) {
            break;
        }
        heading = heading.or(Some(now));
        total += distance_m(l.from, l.to);
        if total >= enough {
            break;
        }
    }
    total
}

/// A corner that is tighter than the airframe turns.
struct Tight {
    change: f64,
    flown_m: f64,
    radius_m: f64,
    next: usize,
}

/// Between two straight runs, a circle of the airframe's radius must fit: the shorter run is at least the chord of the turn.
fn tight(a: &AircraftPlan, craft: &Aircraft, i: usize) -> Option<Tight> {
    let radius_m = turn_radius_m(craft, a.legs.get(i)?.ground_m_s)?;
    let (change, next) = corner(a, i)?;
    let before = run_m(&mut a.legs[..=i].iter().rev(), 2.0 * radius_m);
    let after = run_m(&mut a.legs[next..].iter(), 2.0 * radius_m);
    let half = (change.abs() / 2.0).to_radians().sin();
    let flown_m = before.min(after) / (2.0 * half.max(0.01));
    (half > 0.01 && flown_m < radius_m * CORNER_SLACK).then_some(Tight {
        change,
        flown_m,
        radius_m,
        next,
    })
}

/// One tight corner is flown wide, and the arc beyond it is judged like every path; a person should know. Tight corners one
/// after the other cannot be followed at all.
fn corner_fits(a: &AircraftPlan, craft: &Aircraft, i: usize, land: &Land<'_>, found: &mut Found) {
    let Some(t) = tight(a, craft, i) else {
        return;
    };
    let sustained = tight(a, craft, t.next).is_some_and(|n| n.change * t.change > 0.0);
    let leg = &a.legs[i];
    let what = format!(
        "The corner of {:.0}° after leg {i} leaves a circle of {:.0} m; at {:.1} m/s over ground and {:.0}° of bank the airframe needs {:.0} m{}.",
        t.change.abs(),
        t.flown_m,
        leg.ground_m_s,
        craft.envelope.max_bank_deg,
        t.radius_m,
        if sustained {
            ", and the next corner is as tight"
        } else {
            " and flies it wide"
        }
    );
    let fault = Fault::new(TURN, what).of(a.vehicle, i);
    let fault = fault.value(t.flown_m, t.radius_m, "m").at(leg.to, leg.end_s);
    found.add(if sustained { fault } else { fault.note() }, land);
}
