//! A session and its ways: which one orders take, what is asked on the others, who speaks there.
//!
//! Invariant: on a way that is not in use, telemetry changes nothing; answers meant for us and
//! status texts count when the address is shown to be this aircraft.

use vedette_model::{Mono, Report};

use super::modes;
use super::outbox::Outbox;
use super::paths::{Ask, PathKey, Proof};
use super::session::{BOOT_APART_MS, Session, boot_ms};
use super::telemetry as tel;
use crate::codec::wire::{self, WireMessage};

/// Boot clocks this close are one clock by two ways, milliseconds.
const BOOT_SAME_MS: i64 = 1_500;
/// Two places this far apart at one moment are two aircraft, metres.
const APART_M: f64 = 500.0;
const SET_MESSAGE_INTERVAL: u16 = 511;
const REQUEST_MESSAGE: u16 = 512;
/// How often a way that is kept in reserve shall speak, microseconds.
const RESERVE_US: f32 = 400_000.0;

/// Messages that answer us, whichever way they come (mission, parameters, logs, files, texts).
fn answers(id: u32, payload: &[u8]) -> bool {
    const FILES: [u32; 3] = [110, 118, 120];
    match id {
        // The answers to what we ask on ways in reserve are not the ones the desk waits for.
        wire::CommandAck::ID => {
            let m = wire::CommandAck::from_payload(payload);
            !matches!(m.command, SET_MESSAGE_INTERVAL | REQUEST_MESSAGE)
        }
        wire::MissionRequest::ID
        | wire::MissionRequestInt::ID
        | wire::MissionAck::ID
        | wire::MissionCount::ID
        | wire::MissionItemInt::ID
        | wire::MissionItemFloat::ID
        | wire::ParamValue::ID
        | wire::StatusText::ID => true,
        _ => FILES.contains(&id),
    }
}

impl Session {
    /// A frame of the autopilot by a way that is not in use. True when it is an answer to be
    /// handled like one by the way in use.
    pub(crate) fn judge_other(&mut self, now: Mono, way: &PathKey, id: u32, payload: &[u8], out: &mut Outbox) -> bool {
        let (other, same) = self.compare(id, payload);
        if let Some(why) = other {
            self.paths.disprove(way);
            self.mark_second(now, Some(way), why, boot_ms(id, payload), out);
        } else if let Some(proof) = same {
            self.paths.prove(way, proof);
        }
        if !self.paths.proven(way) {
            return false;
        }
        self.last_heard = self.last_heard.max(now);
        answers(id, payload)
    }

    /// Whether a frame tells of another aircraft, and whether it shows this one.
    fn compare(&self, id: u32, payload: &[u8]) -> (Option<&'static str>, Option<Proof>) {
        match id {
            wire::Heartbeat::ID => {
                let m = wire::Heartbeat::from_payload(payload);
                let other = m.kind != self.kind || modes::family(m.autopilot) != self.identity.family;
                (other.then_some("its heartbeat says another kind of aircraft"), None)
            }
            wire::AutopilotVersion::ID => {
                let uid = tel::uid(&wire::AutopilotVersion::from_payload(payload));
                if uid == 0 || self.identity.uid == 0 {
                    return (None, None);
                }
                let same = uid == self.identity.uid;
                let other = (!same).then_some("its autopilot has another hardware number");
                (other, same.then_some(Proof::Sure))
            }
            _ => {
                let (Some(theirs), Some(ours)) = (boot_ms(id, payload), self.boot_ms) else {
                    return (None, None);
                };
                if (theirs - ours).abs() > BOOT_APART_MS {
                    return (Some("it booted at another time"), None);
                }
                if id == wire::GlobalPositionInt::ID
                    && let Some((then, here)) = self.place
                    && (theirs - then).abs() <= BOOT_SAME_MS
                    && let Some(Report::Position { at, .. }) =
                        tel::position(&wire::GlobalPositionInt::from_payload(payload))
                    && vedette_geo::distance_m(at, here) > APART_M
                {
                    return (Some("it is somewhere else"), None);
                }
                let same = (theirs - ours).abs() <= BOOT_SAME_MS;
                (None, same.then_some(Proof::Boot))
            }
        }
    }

    /// Chooses the way, asks on the others, tells of all.
    pub(crate) fn choose_way(&mut self, now: Mono, out: &mut Outbox) {
        let change = self.paths.choose(now);
        if change.ask_streams && self.alive {
            self.ask_everything(now);
        }
        let uid_known = self.version_known && self.identity.uid != 0;
        for (way, ask) in self.paths.asks(now, uid_known) {
            let command = |command: u16, p1: f32, p2: f32| wire::CommandLong {
                p1,
                p2,
                command,
                target_system: self.system,
                target_component: self.identity.component,
                ..Default::default()
            };
            match ask {
                Ask::Probe(number) => out.send_by(
                    &way,
                    &wire::TimeSync {
                        tc1: 0,
                        ts1: number,
                        target_system: self.system,
                        target_component: self.identity.component,
                    },
                ),
                #[expect(clippy::cast_precision_loss, reason = "message ids are below 2^24")]
                Ask::Identity => out.send_by(&way, &command(REQUEST_MESSAGE, wire::AutopilotVersion::ID as f32, 0.0)),
                #[expect(clippy::cast_precision_loss, reason = "message ids are below 2^24")]
                Ask::Speak => out.send_by(
                    &way,
                    &command(SET_MESSAGE_INTERVAL, wire::GlobalPositionInt::ID as f32, RESERVE_US),
                ),
            }
        }
        if let Some(all) = self.paths.report(now, self.rtt.ms()) {
            out.report(now, Report::Paths(all));
        }
    }

    /// A TIMESYNC that answers a probe of its way.
    pub(crate) fn note_timesync(&mut self, now: Mono, way: &PathKey, payload: &[u8]) {
        let m = wire::TimeSync::from_payload(payload);
        if m.tc1 != 0 {
            self.paths.answer(now, way, m.ts1);
        }
    }
}
