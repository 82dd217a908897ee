//! Applies what aircraft say to what is known of them.

use std::collections::BTreeMap;

use vedette_geo::distance_m;
use vedette_model::plan::Aircraft;
use vedette_model::{
    FlightMode, Known, LandedState, MissionKind, Mono, ParameterTable, Report, Severity, SigningState,
    is_safety_parameter,
};

use crate::view::{EventKind, LegView, PlanOnAircraft, PlanState, TransferView, VehicleView};

/// Most places kept of a trail.
const TRAIL: usize = 900;

/// Parts of one aircraft kept.
const PARTS: usize = 32;
/// Cameras remembered of one aircraft.
const CAMERAS: usize = 8;
/// Others in the air kept for one aircraft, and how long one unheard is kept, microseconds.
const CONTACTS: usize = 200;
const CONTACT_US: i64 = 60_000_000;
/// A clock that moves this far at once was set anew, microseconds.
const CLOCK_JUMP_US: i64 = 2_000_000;

/// An aircraft of the brief nothing is known of yet.
pub(crate) fn unheard(a: &Aircraft) -> VehicleView {
    VehicleView {
        id: a.vehicle,
        tail: a.tail.clone(),
        name: a.name.clone(),
        airframe: a.airframe,
        identity: None,
        alive: false,
        last_heard: None,
        duplicate: false,
        paths: Vec::new(),
        link_history: crate::view::LinkHistory::default(),
        switches: Vec::new(),
        signing: None,
        second: None,
        clock: None,
        clock_first: None,
        baseline: None,
        grounded: Vec::new(),
        foreign_order: None,
        mode: None,
        mode_name: String::new(),
        armed: None,
        at: None,
        amsl: None,
        above_home: None,
        velocity_ned_m_s: None,
        heading_deg: None,
        attitude_deg: None,
        speeds_m_s: None,
        battery_pct: None,
        volts: None,
        bingo_s: None,
        home_share: None,
        gnss: None,
        wind: None,
        home: None,
        landed: None,
        gimbal_deg: None,
        gimbal_rate_deg_s: None,
        cameras: BTreeMap::new(),
        picture: None,
        ready: None,
        item: None,
        leg: None,
        parameters: None,
        parameter_table: ParameterTable::default(),
        arming_checks: Vec::new(),
        parts: BTreeMap::new(),
        control: None,
        remote_id: None,
        contacts: BTreeMap::new(),
        plan_on_board: PlanOnAircraft::Unknown,
        on_board: crate::view::OnBoard::default(),
        plan_id: None,
        lists_in_doubt: BTreeMap::new(),
        transfer: None,
        patrol_began: None,
        trail: Vec::new(),
        texts: Vec::new(),
        custody: None,
        streams: BTreeMap::new(),
        follow: None,
    }
}

/// A mark for the timeline, if the report makes one.
pub(crate) type Mark = Option<(EventKind, String)>;

/// Applies one report. Orders, uploads and command results are handled by their own modules.
pub(crate) fn apply(v: &mut VehicleView, now: Mono, captured: Mono, report: &Report) -> Mark {
    if !matches!(report, Report::Alive(_)) {
        v.last_heard = Some(now);
    }
    match report {
        Report::Identity(id) => {
            let first = v.identity.is_none();
            v.identity = Some(id.clone());
            v.alive = true;
            return first.then(|| (EventKind::Link, format!("{} heard", v.tail)));
        }
        Report::Heartbeat { mode, mode_name, armed } => {
            let was_armed = v.armed.map(|a| a.value);
            let was_mode = v.mode.map(|m| m.value);
            v.mode = Some(Known::new(*mode, captured));
            v.mode_name.clone_from(mode_name);
            v.armed = Some(Known::new(*armed, captured));
            v.alive = true;
            if was_armed.is_some_and(|w| w != *armed) {
                return Some((
                    EventKind::Flight,
                    if *armed { "armed".into() } else { "disarmed".into() },
                ));
            }
            if was_mode.is_some_and(|w| w != *mode) {
                return Some((EventKind::Flight, mode_name.clone()));
            }
        }
        Report::Position {
            at,
            amsl,
            above_home,
            velocity_ned_m_s,
            heading_deg,
        } => {
            let step = v.at.is_none_or(|k| captured.since(k.captured) >= 0);
            if step {
                let due = v.trail.last().is_none_or(|p| distance_m(*p, *at) > 5.0);
                if due && v.armed.is_some_and(|a| a.value) {
                    if v.trail.len() == TRAIL {
                        v.trail.remove(0);
                    }
                    v.trail.push(*at);
                }
                v.at = Some(Known::new(*at, captured));
                v.amsl = Some(Known::new(*amsl, captured));
                v.above_home = Some(Known::new(*above_home, captured));
                v.velocity_ned_m_s = Some(Known::new(*velocity_ned_m_s, captured));
                if let Some(h) = heading_deg {
                    v.heading_deg = Some(Known::new(*h, captured));
                }
            }
        }
        Report::Attitude {
            roll_deg,
            pitch_deg,
            yaw_deg,
        } => {
            v.attitude_deg = Some(Known::new([*roll_deg, *pitch_deg, *yaw_deg], captured));
        }
        Report::Speeds {
            air_m_s,
            ground_m_s,
            climb_m_s,
        } => {
            v.speeds_m_s = Some(Known::new([*air_m_s, *ground_m_s, *climb_m_s], captured));
        }
        Report::Battery {
            remaining_pct, volts, ..
        } => {
            if let Some(p) = remaining_pct {
                v.battery_pct = Some(Known::new(*p, captured));
            }
            if let Some(u) = volts {
                v.volts = Some(Known::new(*u, captured));
            }
        }
        Report::Gnss(fix) => v.gnss = Some(Known::new(*fix, captured)),
        Report::Wind { from_deg, speed_m_s } => v.wind = Some(Known::new((*from_deg, *speed_m_s), captured)),
        Report::Home { at, amsl } => v.home = Some((*at, *amsl)),
        Report::Landed(s) => {
            let was = v.landed.map(|l| l.value);
            v.landed = Some(Known::new(*s, captured));
            if was.is_some_and(|w| w != *s) {
                let words = match s {
                    LandedState::OnGround => "on the ground",
                    LandedState::TakingOff => "taking off",
                    LandedState::InAir => "in the air",
                    LandedState::Landing => "landing",
                };
                return Some((EventKind::Flight, words.into()));
            }
        }
        Report::Gimbal {
            roll_deg,
            pitch_deg,
            yaw_deg,
        } => {
            let before = v.gimbal_deg;
            v.gimbal_deg = Some(Known::new([*roll_deg, *pitch_deg, *yaw_deg], captured));
            if let Some(b) = before {
                let us = captured.since(b.captured);
                if (20_000..2_000_000).contains(&us) {
                    let per_s = 1e6 / us as f64;
                    let rate = [
                        (pitch_deg - b.value[1]) * per_s,
                        vedette_geo::diff_deg(*yaw_deg, b.value[2]) * per_s,
                    ];
                    v.gimbal_rate_deg_s = Some(Known::new(rate, captured));
                }
            }
        }
        Report::Camera(c) => {
            let was = v.cameras.get(&c.component).and_then(|k| k.value.recording);
            if v.cameras.len() < CAMERAS || v.cameras.contains_key(&c.component) {
                v.cameras.insert(c.component, Known::new(*c, captured));
            }
            if let Some(on) = c.recording.filter(|on| was.is_some_and(|w| w != *on)) {
                let words = if on {
                    "records on board"
                } else {
                    "recording on board ended"
                };
                return Some((EventKind::Flight, words.into()));
            }
        }
        Report::Picture { number, kept, .. } => {
            if *kept {
                v.picture = Some(Known::new(*number, captured));
                return Some((EventKind::Flight, format!("picture {number} kept on board")));
            }
            return Some((
                EventKind::Flight,
                format!("picture {number} could not be kept on board"),
            ));
        }
        Report::Mission { current, total, .. } => {
            let total = total.or(v.item.and_then(|i| i.value.1));
            v.item = Some(Known::new((*current, total), captured));
        }
        Report::Transfer { kind, done, of } => {
            v.transfer = (done < of).then_some(TransferView {
                kind: *kind,
                done: *done,
                of: *of,
            });
        }
        Report::Parameters { have, of } => v.parameters = Some((*have, *of)),
        Report::ParameterTable(table) => v.parameter_table = table.clone(),
        Report::Parameter { name, value } => {
            if v.parameter_table.set(name, *value) && is_safety_parameter(name) {
                return Some((EventKind::Flight, format!("{name} is now {value}")));
            }
        }
        Report::Health { ready_to_arm, .. } => v.ready = Some(Known::new(*ready_to_arm, captured)),
        Report::ArmingChecks(reasons) => v.arming_checks.clone_from(reasons),
        Report::RemoteId(why) => v.remote_id.clone_from(why),
        Report::Control(c) => {
            let before = v.control.as_ref().map(|c| c.ours);
            v.control = Some(c.clone());
            if before.is_some_and(|b| b != c.ours) {
                let words = if c.ours {
                    "orders are ours to give"
                } else {
                    "orders are no longer ours to give"
                };
                return Some((EventKind::Flight, words.into()));
            }
        }
        Report::Part(part) => {
            if v.parts.len() < PARTS || v.parts.contains_key(&part.component) {
                v.parts.insert(part.component, part.clone());
            }
        }
        Report::Contact(c) => {
            v.contacts.retain(|_, k| now.since(k.captured) < CONTACT_US);
            let key = format!("{:?} {}", c.source, c.id);
            if v.contacts.len() < CONTACTS || v.contacts.contains_key(&key) {
                v.contacts.insert(key, Known::new(c.clone(), captured));
            }
        }
        Report::Text { severity, text } => {
            if v.texts.len() == 40 {
                v.texts.remove(0);
            }
            v.texts.push((now, *severity, text.clone()));
            if *severity <= Severity::Error {
                return Some((EventKind::Flight, text.clone()));
            }
        }
        Report::Alive(alive) => {
            let was = v.alive;
            v.alive = *alive;
            if was != *alive {
                return Some((
                    EventKind::Link,
                    if *alive { "link back".into() } else { "link lost".into() },
                ));
            }
        }
        Report::DuplicateId => {
            if !v.duplicate {
                v.duplicate = true;
                return Some((EventKind::Link, "second sender with this id".into()));
            }
        }
        Report::Paths(paths) => {
            if let Some(words) = crate::linking::note_paths(v, now, paths) {
                return Some((EventKind::Link, words));
            }
        }
        Report::Clock(map) => {
            // A boot clock that jumps began anew: the drift counts from here.
            let jumped = |k: &Known<vedette_model::ClockMap>| (k.value.offset_us - map.offset_us).abs() > CLOCK_JUMP_US;
            if v.clock.as_ref().is_none_or(jumped) {
                v.clock_first = Some(Known::new(*map, now));
            }
            v.clock = Some(Known::new(*map, now));
        }
        Report::Signing(signing) => {
            let was = v.signing.replace(signing.clone()).map(|s| s.state);
            if was != Some(signing.state) {
                let words = match signing.state {
                    SigningState::Unsigned => "frames are not signed",
                    SigningState::NoKey => "signs, but no key is known here",
                    SigningState::Signed => "frames are signed",
                    SigningState::Refused => "frames are refused: no right signature",
                    SigningState::Changing => "a new key was sent",
                };
                return Some((EventKind::Link, words.into()));
            }
        }
        Report::ForeignOrder { station, what } => {
            v.foreign_order = Some(Known::new((*station, what.clone()), captured));
            return Some((EventKind::Link, format!("station {station} sent {what}")));
        }
        Report::File { path, bytes, .. } => {
            return Some((EventKind::Flight, format!("{path} read, {bytes} bytes")));
        }
        Report::PlanOnVehicle { kind, items, .. } => {
            let held = Some(std::sync::Arc::new(items.clone()));
            match kind {
                MissionKind::Mission => v.on_board.mission = held,
                MissionKind::Fence => v.on_board.fence = held,
                MissionKind::Rally => v.on_board.rally = held,
            }
        }
        Report::PlanInDoubt { .. }
        | Report::PlanStands { .. }
        | Report::Files { .. }
        | Report::Logs(_)
        | Report::LogProgress { .. }
        | Report::SecondSender(_)
        | Report::VideoStream { .. }
        | Report::CommandDone { .. } => {}
    }
    None
}

/// Leg the aircraft flies, by the plan's geometry: the nearest leg not far behind the last one.
/// A way through where it is that is longer by this than a leg is not that leg's, metres.
const ASTRAY_M: f64 = 200.0;

pub(crate) fn find_leg(v: &mut VehicleView, plan: &PlanState) -> Option<LegView> {
    let plan = plan.plan.as_ref()?;
    if v.plan_on_board != PlanOnAircraft::Same || v.mode?.value != FlightMode::Auto {
        return v.leg;
    }
    let part = plan.aircraft.iter().find(|a| a.vehicle == v.id)?;
    let at = v.at?.value;
    let from = v.leg.map_or(0, |l| l.index);
    let to = (from + 6).min(part.legs.len());
    let off = |k: usize| {
        let l = &part.legs[k];
        let (a, b) = (distance_m(at, l.from), distance_m(at, l.to));
        // Excess of the way through `at` over the leg itself: zero on the leg.
        a + b - distance_m(l.from, l.to)
    };
    let best = |legs: std::ops::Range<usize>| legs.min_by(|&i, &j| off(i).total_cmp(&off(j)));
    let mut nearest = best(from..to)?;
    // Somewhere else altogether: the plan was taken up at another item.
    if off(nearest) > ASTRAY_M {
        nearest = best(0..part.legs.len())
            .filter(|k| off(*k) < ASTRAY_M)
            .unwrap_or(nearest);
    }
    let l = &part.legs[nearest];
    Some(LegView {
        index: nearest,
        kind: l.kind,
        watches_m: l.watches_m,
        link_loss: l.link_loss,
    })
}
