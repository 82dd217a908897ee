//! Other stations: orders they give to our aircraft, and one that speaks under our own id.
//!
//! Invariant: what is only seen is only told; nothing here changes what we send.

use std::collections::{BTreeMap, VecDeque};

use vedette_model::{MissionKind, Mono};

use super::dedup::fnv;
use crate::codec::{Framed, wire, wire::WireMessage};

/// The same order of the same station is told at most this often, milliseconds.
const AGAIN_MS: i64 = 5_000;
/// Frames of our own that may come back through a router.
const ECHOES: usize = 512;
/// Entries remembered of orders told.
const TOLD_MAX: usize = 256;

/// Other stations.
#[derive(Debug, Default)]
pub(crate) struct Foreign {
    told: BTreeMap<(u8, u8, u32, u16), Mono>,
    sent: VecDeque<u64>,
}

/// Target system and, for commands, their number, of messages that change what an aircraft does.
fn order(id: u32, payload: &[u8]) -> Option<(u8, u16)> {
    let at = |i: usize| payload.get(i).copied().unwrap_or(0);
    match id {
        wire::CommandLong::ID => {
            let m = wire::CommandLong::from_payload(payload);
            Some((m.target_system, m.command))
        }
        wire::CommandInt::ID => {
            let m = wire::CommandInt::from_payload(payload);
            Some((m.target_system, m.command))
        }
        wire::MissionCount::ID => Some((wire::MissionCount::from_payload(payload).target_system, 0)),
        wire::MissionClearAll::ID => Some((wire::MissionClearAll::from_payload(payload).target_system, 0)),
        // SET_MODE, PARAM_SET, MISSION_SET_CURRENT, MANUAL_CONTROL, RC_CHANNELS_OVERRIDE,
        // SET_POSITION_TARGET_LOCAL_NED and _GLOBAL_INT, SETUP_SIGNING: target_system by wire order.
        11 => Some((at(4), 0)),
        23 => Some((at(4), 0)),
        41 => Some((at(2), 0)),
        69 => Some((at(10), 0)),
        70 => Some((at(16), 0)),
        84 | 86 => Some((at(50), 0)),
        256 => Some((at(8), 0)),
        _ => None,
    }
}

impl Foreign {
    /// An order of another station in this frame: target system and its name.
    pub(crate) fn order(&mut self, now: Mono, frame: &Framed<'_>) -> Option<(u8, String)> {
        let h = frame.header;
        let (target, command) = order(h.message_id, frame.payload)?;
        // Asking for messages changes nothing (REQUEST_MESSAGE, SET_MESSAGE_INTERVAL).
        if target == 0 || target == h.system || matches!(command, 511 | 512) {
            return None;
        }
        let key = (h.system, target, h.message_id, command);
        if self.told.get(&key).is_some_and(|t| now.since(*t) < AGAIN_MS * 1000) {
            return None;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.retain(|_, t| now.since(*t) < AGAIN_MS * 1000);
        }
        if self.told.len() < TOLD_MAX {
            self.told.insert(key, now);
        }
        let name = crate::codec::message_name(h.message_id).unwrap_or("an order");
        let what = if command == 0 {
            name.to_owned()
        } else {
            format!("{name} {command}")
        };
        Some((target, what))
    }

    /// Remembers a frame of ours (unsigned form: header and payload).
    pub(crate) fn sent(&mut self, header_and_payload: &[u8]) {
        if self.sent.len() == ECHOES {
            self.sent.pop_front();
        }
        self.sent.push_back(fingerprint(header_and_payload));
    }

    /// A frame under our own ids that we did not send.
    pub(crate) fn clash(&self, frame: &Framed<'_>) -> bool {
        let end = frame.raw.len().min(10 + frame.payload.len());
        let print = fingerprint(frame.raw.get(..end).unwrap_or_default());
        !self.sent.contains(&print)
    }
}

/// The aircraft and its lists that this frame of another station writes or clears.
pub(crate) fn written(frame: &Framed<'_>) -> Option<(u8, &'static [MissionKind])> {
    let (target, list) = match frame.header.message_id {
        wire::MissionCount::ID => {
            let m = wire::MissionCount::from_payload(frame.payload);
            (m.target_system, m.mission_type)
        }
        wire::MissionClearAll::ID => {
            let m = wire::MissionClearAll::from_payload(frame.payload);
            (m.target_system, m.mission_type)
        }
        wire::MissionItemInt::ID => {
            let m = wire::MissionItemInt::from_payload(frame.payload);
            (m.target_system, m.mission_type)
        }
        _ => return None,
    };
    let lists: &[MissionKind] = match list {
        0 => &[MissionKind::Mission],
        1 => &[MissionKind::Fence],
        2 => &[MissionKind::Rally],
        // MAV_MISSION_TYPE_ALL.
        255 => &[MissionKind::Mission, MissionKind::Fence, MissionKind::Rally],
        _ => &[],
    };
    Some((target, lists))
}

/// Sequence, ids and payload; flags and checksum differ between a signed and an unsigned copy.
fn fingerprint(frame: &[u8]) -> u64 {
    fnv(0xCBF2_9CE4_8422_2325, frame.get(4..).unwrap_or_default())
}
