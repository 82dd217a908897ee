//! What keeps an aircraft from arming, in words: its own "PreArm:" texts or, of PX4, the parts its
//! arming-check event names, asked for again while it is not ready, the sensors it calls unhealthy, and what we find wrong with it: a failsafe that
//! listens to another station than this one.
//!
//! Invariant: told when it changes; what the aircraft says is emptied when it says it is ready, what
//! we find stays until it is mended. Sources: ArduPilot MAV_CMD_RUN_PREARM_CHECKS and its texts
//! (refusals come only as texts); MAV_SYS_STATUS_SENSOR in common.xml; ArduPilot GCS failsafe (only
//! heartbeats of SYSID_MYGCS, newer MAV_GCS_SYSID to MAV_GCS_SYSID_HI, count); PX4 events interface
//! (`commander_arming_check_summary`, `health_component_t` of `src/lib/events/enums.json`).

use std::collections::BTreeMap;

use vedette_model::{Family, Mono, Report};

use super::outbox::Outbox;
use super::services::Who;
use crate::codec::wire;

/// PX4's name hash (FNV-1a, 24 bits) of `commander_arming_check_summary`. Its arguments: chunk (u8),
/// parts with errors, parts with warnings, modes that can arm, modes that can run.
const ARMING_SUMMARY: u32 = 11_047_904;
/// PX4's parts of the aircraft by bit, from the second; the first is "none of them".
const PARTS: [&str; 31] = [
    "a check of no single part",
    "barometer",
    "airspeed sensor",
    "satellite receiver",
    "optical flow",
    "vision position",
    "distance sensor",
    "remote control",
    "motors and their controllers",
    "traffic management",
    "logging",
    "battery",
    "communication links",
    "rate controller",
    "attitude controller",
    "position controller",
    "attitude estimate",
    "local position estimate",
    "mission",
    "obstacle avoidance",
    "flight computer",
    "camera",
    "gimbal",
    "payload",
    "global position estimate",
    "storage",
    "parachute",
    "compass",
    "accelerometer",
    "gyroscope",
    "Remote ID",
];
const RUN_PREARM_CHECKS: u16 = 401;
/// Between two times the aircraft is asked.
const ASK_MS: i64 = 30_000;
/// A reason not said again is forgotten.
const KEEP_MS: i64 = 75_000;
/// Most reasons kept.
const REASONS_MAX: usize = 24;

/// ArduPilot's parameter for the station its failsafe listens to, newer name first, and for the last
/// of several.
const STATION: [&str; 2] = ["MAV_GCS_SYSID", "SYSID_MYGCS"];
const LAST_STATION: &str = "MAV_GCS_SYSID_HI";

/// MAV_SYS_STATUS_SENSOR in words.
const SENSORS: &[(u32, &str)] = &[
    (0x01, "gyroscope"),
    (0x02, "accelerometer"),
    (0x04, "compass"),
    (0x08, "barometer"),
    (0x10, "airspeed sensor"),
    (0x20, "satellite receiver"),
    (0x40, "optical flow"),
    (0x80, "vision position"),
    (0x100, "laser altimeter"),
    (0x1_0000, "remote control"),
    (0x2_0000, "second gyroscope"),
    (0x4_0000, "second accelerometer"),
    (0x8_0000, "second compass"),
    (0x10_0000, "fence"),
    (0x20_0000, "attitude estimate"),
    (0x40_0000, "terrain data"),
    (0x100_0000, "logging"),
    (0x200_0000, "battery"),
    (0x400_0000, "proximity sensor"),
];

/// Arming checks of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    said: BTreeMap<String, Mono>,
    unhealthy: u32,
    ready: Option<bool>,
    asked: Option<Mono>,
    told: Option<Vec<String>>,
    /// Parts that PX4's newest summary says keep it from arming, and the chunks they came in.
    parts: BTreeMap<u8, u32>,
    parts_changed: bool,
    /// Which stations its failsafe listens to: the parameter's name, first and last system id.
    listens: Option<(&'static str, f64, f64)>,
}

impl Checks {
    /// EVENT of the autopilot: only the summary of its arming checks is read.
    pub(crate) fn event(&mut self, m: &wire::Event) {
        if m.id & 0x00FF_FFFF != ARMING_SUMMARY {
            return;
        }
        // The set may be wider than 32 bits in newer firmware; these are the parts that have names.
        let [chunk, a, b, c, d, ..] = m.arguments.0;
        if chunk == 0 {
            self.parts.clear();
        }
        self.parts.insert(chunk, u32::from_le_bytes([a, b, c, d]));
        self.parts_changed = true;
    }

    /// What this frame made the session report; `us` is our system id.
    pub(crate) fn observe(&mut self, now: Mono, us: u8, who: &Who, out: &mut Outbox) {
        let mut changed = std::mem::take(&mut self.parts_changed);
        for (_, report) in &out.reports {
            match report {
                Report::Health {
                    ready_to_arm,
                    unhealthy,
                } => {
                    self.ready = Some(*ready_to_arm);
                    self.unhealthy = *unhealthy;
                    changed = true;
                }
                Report::Text { text, .. } => {
                    let reason = text.strip_prefix("PreArm: ").or_else(|| text.strip_prefix("Arm: "));
                    if let Some(r) = reason
                        && (self.said.len() < REASONS_MAX || self.said.contains_key(r))
                    {
                        self.said.insert(r.to_owned(), now);
                        changed = true;
                    }
                }
                Report::ParameterTable(table) => {
                    let last = |first: f64| table.get(LAST_STATION).filter(|v| *v > first).unwrap_or(first);
                    self.listens = STATION
                        .iter()
                        .find_map(|name| table.get(name).map(|v| (*name, v, last(v))));
                    changed = true;
                }
                Report::Parameter { name, value } => {
                    if let Some((station, first, last)) = &mut self.listens {
                        if name == station {
                            (*first, *last) = (*value, last.max(*value));
                            changed = true;
                        } else if name == LAST_STATION {
                            *last = first.max(*value);
                            changed = true;
                        }
                    }
                }
                _ => {}
            }
        }
        if !changed {
            return;
        }
        if self.ready == Some(true) {
            self.said.clear();
        }
        self.said.retain(|_, t| now.since(*t) < KEEP_MS * 1000);
        let ask = self.ready == Some(false)
            && matches!(who.family, Family::ArduPilot | Family::Px4)
            && self.asked.is_none_or(|t| now.since(t) >= ASK_MS * 1000);
        if ask {
            self.asked = Some(now);
            out.send(
                who.component,
                &wire::CommandLong {
                    command: RUN_PREARM_CHECKS,
                    target_system: who.system,
                    target_component: who.component,
                    ..Default::default()
                },
            );
        }
        let mut reasons = if self.ready == Some(false) {
            self.reasons()
        } else {
            Vec::new()
        };
        reasons.extend(self.deaf(us));
        if self.told.as_ref() != Some(&reasons) {
            self.told = Some(reasons.clone());
            out.report(now, Report::ArmingChecks(reasons));
        }
    }

    /// Its failsafe does not hear us: a lost link would not bring it home.
    fn deaf(&self, us: u8) -> Option<String> {
        let (name, first, last) = self.listens?;
        let heard = (first..=last).contains(&f64::from(us));
        (!heard).then(|| {
            format!("its failsafe listens to station {first}, this station is {us}: set {name} to {us} before flight")
        })
    }

    fn reasons(&self) -> Vec<String> {
        let sensors = SENSORS
            .iter()
            .filter(|(bit, _)| self.unhealthy & bit != 0)
            .map(|(_, name)| format!("{name} unhealthy"));
        let bits = self.parts.values().fold(0, |all, chunk| all | chunk);
        let parts = (0_u32..)
            .zip(PARTS)
            .filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, name)| format!("arming check: {name}"));
        let mut all: Vec<String> = self.said.keys().cloned().chain(parts).chain(sensors).collect();
        if all.is_empty() {
            all.push("not ready; the aircraft does not say why".to_owned());
        }
        all
    }
}
