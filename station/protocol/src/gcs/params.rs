//! The parameter list: a burst, then the missing ones by index.
//!
//! Invariant: a list is complete only when as many different indices came as were announced; a
//! count that changes midway (a feature was enabled) starts the bookkeeping anew. Source:
//! mavlink.io, parameter protocol; ArduPilot casts values to float, PX4 puts their bytes there
//! (capability PARAM_ENCODE_BYTEWISE, 131072).

use std::collections::BTreeMap;

use vedette_model::{CommandId, CommandOutcome, Mono, Report};

use super::outbox::Outbox;
use super::rtt::Rtt;
use crate::codec::wire;

/// Silence in the burst that makes us ask for what is missing, milliseconds.
const QUIET_MS: i64 = 1_000;
/// Requests by index in flight together.
const WINDOW: usize = 10;
/// Rounds without a single new parameter before the list is given up.
const ROUNDS: u8 = 10;
/// Most parameters believed.
const COUNT_MAX: u16 = 8_192;

#[derive(Debug)]
struct Reading {
    id: CommandId,
    expires: Mono,
    deadline: Mono,
    rounds: u8,
    /// Single requests of the last round still unanswered.
    pending: usize,
}

/// Parameters of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Params {
    reading: Option<Reading>,
    have: BTreeMap<u16, String>,
    count: u16,
    told: u16,
}

impl Params {
    /// Reads the whole list.
    pub(crate) fn submit(&mut self, now: Mono, id: CommandId, expires: Mono, out: &mut Outbox) {
        if let Some(old) = self.reading.take() {
            let why = "replaced by another reading of the parameters".to_owned();
            out.report(
                now,
                Report::CommandDone {
                    id: old.id,
                    outcome: CommandOutcome::Refused(why),
                },
            );
        }
        self.have.clear();
        self.count = 0;
        self.told = 0;
        self.reading = Some(Reading {
            id,
            expires,
            deadline: now,
            rounds: 0,
            pending: 0,
        });
    }

    /// Ends the reading.
    pub(crate) fn abandon(&mut self, now: Mono, out: &mut Outbox) {
        if let Some(r) = self.reading.take() {
            out.report(
                now,
                Report::CommandDone {
                    id: r.id,
                    outcome: CommandOutcome::NoAnswer,
                },
            );
        }
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.reading.as_ref().map(|r| r.deadline.min(r.expires))
    }

    /// Asks for what is missing.
    pub(crate) fn poll(&mut self, now: Mono, system: u8, component: u8, rtt: &Rtt, out: &mut Outbox) {
        let Some(r) = &mut self.reading else {
            return;
        };
        if now >= r.expires || (now >= r.deadline && r.rounds >= ROUNDS) {
            self.abandon(now, out);
            return;
        }
        if now < r.deadline {
            return;
        }
        if self.count == 0 {
            out.send(
                component,
                &wire::ParamRequestList {
                    target_system: system,
                    target_component: component,
                },
            );
        } else {
            r.pending = 0;
            let missing = (0..self.count).filter(|i| !self.have.contains_key(i)).take(WINDOW);
            for index in missing {
                r.pending += 1;
                out.send(
                    component,
                    &wire::ParamRequestRead {
                        index: i16::try_from(index).unwrap_or(i16::MAX),
                        target_system: system,
                        target_component: component,
                        id: wire::Array::default(),
                    },
                );
            }
        }
        r.deadline = if self.count == 0 {
            now.plus_ms(QUIET_MS)
        } else {
            rtt.deadline(now, r.rounds)
        };
        r.rounds += 1;
    }

    /// PARAM_VALUE.
    pub(crate) fn handle(&mut self, now: Mono, m: &wire::ParamValue, bytewise: bool, out: &mut Outbox) {
        let name = m.id.to_text();
        if let Some(value) = value_of(m, bytewise) {
            out.report(
                now,
                Report::Parameter {
                    name: name.clone(),
                    value,
                },
            );
        }
        let Some(r) = &mut self.reading else {
            return;
        };
        // Index 65535 is the echo of a set, not a part of the list.
        if m.count == 0 || m.count > COUNT_MAX || m.index >= m.count {
            return;
        }
        if m.count != self.count {
            self.count = m.count;
            self.have.clear();
            self.told = 0;
        }
        if self.have.insert(m.index, name).is_none() {
            r.rounds = 0;
            let have = u16::try_from(self.have.len()).unwrap_or(u16::MAX);
            if have == self.count || have >= self.told + 50 {
                self.told = have;
                out.report(now, Report::Parameters { have, of: self.count });
            }
            // When a round of single requests is answered, the next follows at once.
            r.deadline = match r.pending {
                0 => now.plus_ms(QUIET_MS),
                1 => {
                    r.pending = 0;
                    now
                }
                n => {
                    r.pending = n - 1;
                    r.deadline
                }
            };
            if have == self.count {
                let id = r.id;
                self.reading = None;
                out.report(
                    now,
                    Report::CommandDone {
                        id,
                        outcome: CommandOutcome::Accepted,
                    },
                );
            }
        }
    }
}

/// MAV_PARAM_TYPE 1..9: u8, i8, u16, i16, u32, i32, u64, i64, f32.
fn value_of(m: &wire::ParamValue, bytewise: bool) -> Option<f64> {
    let b = m.value.to_le_bytes();
    let v = match (bytewise, m.kind) {
        (true, 1) => f64::from(b[0]),
        (true, 2) => f64::from(i8::from_le_bytes([b[0]])),
        (true, 3) => f64::from(u16::from_le_bytes([b[0], b[1]])),
        (true, 4) => f64::from(i16::from_le_bytes([b[0], b[1]])),
        (true, 5) => f64::from(u32::from_le_bytes(b)),
        (true, 6) => f64::from(i32::from_le_bytes(b)),
        _ => f64::from(m.value),
    };
    v.is_finite().then_some(v)
}
