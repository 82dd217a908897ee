//! Every path an aircraft may fly under a plan, as samples at most 10 m apart: the legs, the arcs a fixed wing flies at their
//! corners, its circles, the mission items as uploaded, and the ways home from anywhere.
//!
//! Computes paths, judges nothing. Heights between two ends are linear, places follow the geodesic.

use crate::earth::along;
use std::collections::BTreeSet;
use vedette_geo::{G_M_S2, LatLon, azimuth_deg, destination, diff_deg, distance_m};
use vedette_model::plan::{Aircraft, AircraftPlan, Brief, Leg, LegKind};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, VehicleId, command};

/// Longest distance between two samples, metres.
pub(crate) const STEP_M: f64 = 10.0;
/// Distance between the places a return is checked from, metres.
const RETURN_FROM_M: f64 = 100.0;
/// ArduPilot: start of a return path (MAV_CMD_DO_RETURN_PATH_START).
const DO_RETURN_PATH_START: u16 = 188;
/// Items an aircraft may execute, loops unrolled, before the checker gives up.
const MOST_VISITS: usize = 100_000;

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A leg of the plan.
    Leg,
    /// The arc flown at the end of a leg by an aircraft that cannot turn on the spot.
    Arc,
    /// A circle flown while waiting.
    Circle,
    /// Between mission items, as the autopilot will fly them.
    Items,
    /// The planned path home.
    ReturnPath,
    /// Straight home from somewhere on the mission, as autopilots return by themselves.
    StraightHome,
    /// Straight to the nearest rally point.
    StraightRally,
    /// The circle flown over a rally point, or over home where a way home ends there without a landing sequence, by an
    /// aircraft that cannot stand still.
    ReturnCircle,
}

impl Way {
    /// In a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Leg => "leg",
            Self::Arc => "turn at the end of leg",
            Self::Circle => "circle of leg",
            Self::Items => "mission items of leg",
            Self::ReturnPath => "planned return",
            Self::StraightHome => "straight return from leg",
            Self::StraightRally => "straight way to the rally point from leg",
            Self::ReturnCircle => "circle at the end of the way home",
        }
    }
}

/// A place on a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: LatLon,
    /// Metres above the sea; NaN where the autopilot follows the terrain by itself.
    pub(crate) amsl: f64,
    /// Seconds after the watch begins, where the plan says when.
    pub(crate) time_s: Option<f64>,
}

/// A sampled path of one aircraft.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) vehicle: VehicleId,
    pub(crate) way: Way,
    pub(crate) leg: Option<usize>,
    /// Take-off or landing: may be close to the ground.
    pub(crate) low: bool,
    pub(crate) samples: Vec<Sample>,
}

/// Samples between two places with heights and times.
pub(crate) fn straight(
    (from, from_amsl, from_s): (LatLon, f64, Option<f64>),
    (to, to_amsl, to_s): (LatLon, f64, Option<f64>),
) -> Vec<Sample> {
    let mut points = along(from, to, STEP_M);
    let rise = ((to_amsl - from_amsl).abs() / STEP_M).ceil() as usize;
    if points.len() == 2 && rise > 1 && distance_m(from, to) < STEP_M {
        points = (0..=rise).map(|k| if 2 * k < rise { from } else { to }).collect();
    }
    let last = (points.len() - 1) as f64;
    let between = |a: f64, b: f64, k: usize| a + (b - a) * k as f64 / last;
    points
        .into_iter()
        .enumerate()
        .map(|(k, at)| Sample {
            at,
            amsl: between(from_amsl, to_amsl, k),
            time_s: from_s.zip(to_s).map(|(a, b)| between(a, b, k)),
        })
        .collect()
}

/// Gusts on a leg, metres per second: those at its end that has more.
fn gust_m_s(leg: &Leg, brief: &Brief) -> f64 {
    let at = |h: f64| crate::air::wind_at(brief, h).gust_m_s;
    at(leg.from_amsl.0).max(at(leg.to_amsl.0))
}

/// Hands every path of one aircraft to `see`.
pub(crate) fn all(plan: &AircraftPlan, aircraft: &Aircraft, brief: &Brief, see: &mut dyn FnMut(&Path)) {
    let fresh = fresh(plan);
    for i in &fresh {
        let (i, leg) = (*i, &plan.legs[*i]);
        see(&Path {
            vehicle: plan.vehicle,
            way: Way::Leg,
            leg: Some(i),
            low: matches!(leg.kind, LegKind::TakeOff | LegKind::Land),
            samples: leg_samples(leg),
        });
        if let Some(radius) = turn_radius_m(aircraft, leg.ground_m_s + gust_m_s(leg, brief)) {
            turns(plan, i, radius, see);
        }
    }
    items(plan, aircraft.family, see);
    returns(plan, &fresh, see);
    for (at, amsl) in waits(plan) {
        let wind = crate::air::wind_at(brief, amsl);
        let ground_m_s = aircraft.envelope.cruise_m_s + wind.speed_m_s + wind.gust_m_s;
        if let Some(radius) = turn_radius_m(aircraft, ground_m_s) {
            let sample = |p| Sample {
                at: p,
                amsl,
                time_s: None,
            };
            see(&Path {
                vehicle: plan.vehicle,
                way: Way::ReturnCircle,
                leg: None,
                low: false,
                samples: circle(at, radius).map(sample).collect(),
            });
        }
    }
}

/// Where ways home end with waiting: rally points, or home itself where neither they nor a landing sequence are given.
fn waits(plan: &AircraftPlan) -> Vec<(LatLon, f64)> {
    if !plan.rally.is_empty() {
        return plan.rally.iter().map(|r| (r.0, r.1.0)).collect();
    }
    if lands_by_itself(plan) {
        return Vec::new();
    }
    vec![(plan.home, plan.return_amsl.0)]
}

/// Whether the items mark a way to land that a return follows.
fn lands_by_itself(plan: &AircraftPlan) -> bool {
    plan.items
        .iter()
        .any(|i| i.command == DO_RETURN_PATH_START || i.command == command::DO_LAND_START)
}

/// A circle, as places.
fn circle(middle: LatLon, radius_m: f64) -> impl Iterator<Item = LatLon> {
    let n = (std::f64::consts::TAU * radius_m / STEP_M).ceil().max(8.0) as usize;
    (0..=n).map(move |k| destination(middle, 360.0 * k as f64 / n as f64, radius_m))
}

/// Legs that are not repetitions: the same way flown again, with the same leg after it, is judged once.
pub(crate) fn fresh(plan: &AircraftPlan) -> Vec<usize> {
    let ends = |l: &Leg| {
        [
            l.from.lat_deg,
            l.from.lon_deg,
            l.from_amsl.0,
            l.to.lat_deg,
            l.to.lon_deg,
            l.to_amsl.0,
            l.ground_m_s,
        ]
        .map(f64::to_bits)
    };
    let mut seen = BTreeSet::new();
    (0..plan.legs.len())
        .filter(|i| seen.insert((plan.legs[*i].kind, ends(&plan.legs[*i]), plan.legs.get(i + 1).map(ends))))
        .collect()
}

/// Samples of a leg.
pub(crate) fn leg_samples(leg: &Leg) -> Vec<Sample> {
    straight(
        (leg.from, leg.from_amsl.0, Some(leg.start_s)),
        (leg.to, leg.to_amsl.0, Some(leg.end_s)),
    )
}

/// Smallest circle over ground at a ground speed: R = v²/(g·tan φ). `None` for aircraft that turn on the spot.
pub(crate) fn turn_radius_m(aircraft: &Aircraft, ground_m_s: f64) -> Option<f64> {
    match aircraft.airframe {
        Airframe::Copter => None,
        Airframe::Plane | Airframe::Quadplane => {
            let bank = aircraft.envelope.max_bank_deg.to_radians().tan();
            Some(ground_m_s * ground_m_s / (G_M_S2 * bank))
        }
    }
}

/// Heading change from one leg to the next that has a length, degrees, right positive, with that leg's number.
pub(crate) fn corner(plan: &AircraftPlan, i: usize) -> Option<(f64, usize)> {
    let long = |l: &Leg| distance_m(l.from, l.to) > 1.0 && l.kind != LegKind::TakeOff;
    let leg = plan.legs.get(i).filter(|l| long(l))?;
    let (j, next) = plan.legs.iter().enumerate().skip(i + 1).find(|(_, l)| long(l))?;
    if plan.legs[i + 1..j].iter().any(|l| l.kind == LegKind::Loiter) {
        return None;
    }
    let arriving = azimuth_deg(leg.to, leg.from) + 180.0;
    Some((diff_deg(azimuth_deg(next.from, next.to), arriving), j))
}

/// The arc beyond the corner at the end of leg `i` (flown when the turn begins at the corner), and circles.
fn turns(plan: &AircraftPlan, i: usize, radius: f64, see: &mut dyn FnMut(&Path)) {
    let leg = &plan.legs[i];
    let path = |way, samples| Path {
        vehicle: plan.vehicle,
        way,
        leg: Some(i),
        low: leg.kind == LegKind::Land,
        samples,
    };
    let sample = |at| Sample {
        at,
        amsl: leg.to_amsl.0,
        time_s: Some(leg.end_s),
    };
    if leg.kind == LegKind::Loiter {
        see(&path(Way::Circle, circle(leg.to, radius).map(sample).collect()));
        return;
    }
    let Some((change, _)) = corner(plan, i) else {
        return;
    };
    if change.abs() < 2.0 {
        return;
    }
    let heading = azimuth_deg(leg.to, leg.from) + 180.0;
    // A turn back may go either way round.
    let sides: &[f64] = if change.abs() > 170.0 { &[1.0, -1.0] } else { &[1.0] };
    for flip in sides {
        let side = change.signum() * flip;
        let n = (change.abs().to_radians() * radius / STEP_M).ceil().max(1.0) as usize;
        let arc = (0..=n).map(|k| {
            let angle = change.abs().to_radians() * k as f64 / n as f64;
            let (ahead, aside) = (radius * angle.sin(), radius * (1.0 - angle.cos()));
            let bearing = heading + side * aside.atan2(ahead).to_degrees();
            sample(destination(leg.to, bearing, ahead.hypot(aside)))
        });
        see(&path(Way::Arc, arc.collect()));
    }
}

/// A mission item that has a place, in the order the autopilot reaches it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    /// Number of the item, from 0.
    pub(crate) item: usize,
    pub(crate) command: u16,
    pub(crate) at: LatLon,
    /// Metres above the sea; NaN in a terrain frame.
    pub(crate) amsl: f64,
}

/// The places a mission leads to, jumps followed. `Err`: the number of an item that jumps nowhere, or never ends.
pub(crate) fn visits(plan: &AircraftPlan, family: Family) -> Result<Vec<Visit>, usize> {
    let mut out: Vec<Visit> = Vec::new();
    let mut jumps: std::collections::BTreeMap<usize, f64> = Default::default();
    let mut i = 0;
    let mut steps = 0;
    while let Some(item) = plan.items.get(i) {
        steps += 1;
        if steps > MOST_VISITS {
            return Err(i);
        }
        if item.command == command::DO_JUMP {
            let left = jumps.entry(i).or_insert(item.params[1].unwrap_or(0.0));
            if *left > 0.5 || *left < -0.5 {
                if *left < -0.5 {
                    return Err(i); // without end
                }
                *left -= 1.0;
                // ArduPilot counts home as item 0, PX4 has no home in its list.
                let offset = if family == Family::Px4 { 0.0 } else { 1.0 };
                let target = item.params[0].unwrap_or(-1.0) - offset;
                if !(target >= 0.0 && target < plan.items.len() as f64) {
                    return Err(i);
                }
                i = target as usize;
                continue;
            }
            jumps.remove(&i);
        } else if let Some(visit) = visit(plan, i, item) {
            out.push(visit);
            // Landed: what follows is reached on return only.
            if [command::NAV_LAND, 85].contains(&item.command) {
                break;
            }
        }
        i += 1;
    }
    Ok(out)
}

fn visit(plan: &AircraftPlan, i: usize, item: &MissionItem) -> Option<Visit> {
    let flies = item.command < 95; // MAV_CMD_NAV_*; 95 is MAV_CMD_NAV_LAST
    let at = match item.command {
        command::NAV_RETURN_TO_LAUNCH => plan.home,
        command::NAV_TAKEOFF => item.at.unwrap_or(plan.home),
        _ => item.at.filter(|_| flies)?,
    };
    let amsl = match item.frame {
        _ if item.command == command::NAV_RETURN_TO_LAUNCH => plan.return_amsl.0,
        AltFrame::Amsl => item.alt_m,
        AltFrame::AboveHome => plan.home_amsl.0 + item.alt_m,
        AltFrame::Terrain | AltFrame::None => f64::NAN,
    };
    Some(Visit {
        item: i,
        command: item.command,
        at,
        amsl,
    })
}

/// Between the mission items. The last way down and the first way up are near the ground.
fn items(plan: &AircraftPlan, family: Family, see: &mut dyn FnMut(&Path)) {
    let Ok(visits) = visits(plan, family) else {
        return;
    };
    let (mut at, mut amsl) = (plan.home, plan.home_amsl.0);
    // What the legs say already is not looked at twice.
    let mut seen: BTreeSet<_> = plan
        .legs
        .iter()
        .filter(|l| !matches!(l.kind, LegKind::TakeOff | LegKind::Land))
        .map(|l| (cell(l.from, l.from_amsl.0), cell(l.to, l.to_amsl.0)))
        .collect();
    for v in visits {
        let low = matches!(v.command, command::NAV_TAKEOFF | command::NAV_LAND | 84 | 85);
        let start = if v.command == command::NAV_RETURN_TO_LAUNCH {
            amsl.max(v.amsl)
        } else {
            amsl
        };
        let end = if v.command == command::NAV_RETURN_TO_LAUNCH {
            start
        } else {
            v.amsl
        };
        if seen.insert((cell(at, start), cell(v.at, end))) {
            see(&Path {
                vehicle: plan.vehicle,
                way: Way::Items,
                leg: None,
                low,
                samples: straight((at, start, None), (v.at, end, None)),
            });
        }
        (at, amsl) = (v.at, end);
    }
}

/// A place to about a metre and a height to the metre, to recognise what was already looked at.
fn cell(p: LatLon, amsl: f64) -> (i64, i64, i64) {
    ((p.lat_deg * 1e5) as i64, (p.lon_deg * 1e5) as i64, amsl as i64)
}

/// The ways home: the planned path, and from every 100 m of the mission what an autopilot does by itself, straight at the
/// return height to home or to the nearest rally point. Where the items mark a return path (ArduPilot), that one is used.
fn returns(plan: &AircraftPlan, fresh: &[usize], see: &mut dyn FnMut(&Path)) {
    let marked = lands_by_itself(plan);
    let end = plan.lands_at.unwrap_or(plan.home);
    let planned: Vec<Vec<LatLon>> = std::iter::once(&plan.return_path)
        .chain(&plan.return_branches)
        .map(|p| p.iter().copied().chain([end]).collect())
        .collect();
    let joints: Vec<LatLon> = planned.iter().flatten().copied().collect();
    // Without a mark in the items the planned way is flown by the mission's own return legs, whose heights are judged there.
    let h = if marked { plan.return_amsl.0 } else { f64::NAN };
    for pair in planned.iter().flat_map(|p| p.windows(2)) {
        see(&Path {
            vehicle: plan.vehicle,
            way: Way::ReturnPath,
            leg: None,
            low: false,
            samples: straight((pair[0], h, None), (pair[1], h, None)),
        });
    }
    let mut seen = BTreeSet::new();
    for i in fresh {
        let (i, leg) = (*i, &plan.legs[*i]);
        if matches!(leg.kind, LegKind::TakeOff | LegKind::Land | LegKind::Return) {
            continue;
        }
        for s in leg_samples(leg).iter().step_by((RETURN_FROM_M / STEP_M) as usize) {
            let height = s.amsl.max(plan.return_amsl.0);
            if !seen.insert((
                (s.at.lat_deg * 1e3) as i64,
                (s.at.lon_deg * 1e3) as i64,
                (height / 20.0) as i64,
            )) {
                continue;
            }
            let mut way = |way, targets: &[LatLon]| {
                let mut samples = straight((s.at, s.amsl, s.time_s), (s.at, height, s.time_s));
                let mut from = s.at;
                for to in targets {
                    samples.extend(straight((from, height, None), (*to, height, None)));
                    from = *to;
                }
                see(&Path {
                    vehicle: plan.vehicle,
                    way,
                    leg: Some(i),
                    low: false,
                    samples,
                });
            };
            if marked {
                // On to the nearest corner; the rest of the way is judged above, and higher up nothing is nearer.
                if let Some(k) = nearest(&joints, s.at) {
                    way(Way::ReturnPath, &[joints[k]]);
                }
            } else {
                way(Way::StraightHome, &[plan.home]);
            }
            let rally: Vec<LatLon> = plan.rally.iter().map(|r| r.0).collect();
            if let Some(k) = nearest(&rally, s.at) {
                way(Way::StraightRally, &[rally[k]]);
            }
        }
    }
}

fn nearest(points: &[LatLon], p: LatLon) -> Option<usize> {
    let far = |q: &LatLon| crate::earth::apart_m(*q, p);
    let best = points.iter().enumerate().min_by(|a, b| far(a.1).total_cmp(&far(b.1)));
    best.map(|(i, _)| i)
}
