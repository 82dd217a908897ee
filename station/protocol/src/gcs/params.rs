//! Parameters: read when an aircraft is met, packed where it can, else as a list whose missing
//! ones are asked for by index; set with read-back.
//!
//! Invariant: a list is complete only when as many different indices came as were announced; a
//! count that changes midway (a feature was enabled) starts the bookkeeping anew. A set is done
//! only when the aircraft, asked again, says the same value. Source: mavlink.io, parameter
//! protocol; ArduPilot casts values to float, PX4 puts their bytes there (capability
//! PARAM_ENCODE_BYTEWISE, 131072) and gives a checksum of all as `_HASH_CHECK`.

use std::collections::BTreeMap;

use vedette_model::{CommandId, CommandOutcome, Family, Mono, ParameterTable, Report};

use super::ftp::{End, Ftp, User, Want, crc32};
use super::outbox::Outbox;
use super::pack::{self, Raw};
use super::rtt::Rtt;
use super::services::Who;
use crate::codec::wire;

/// PX4's checksum of all parameters.
const HASH: &str = "_HASH_CHECK";
/// Where ArduPilot keeps all in one file.
const PACK: &str = "@PARAM/param.pck";
/// Largest pack read.
const PACK_MAX: usize = 1 << 20;
/// FTP of MAV_PROTOCOL_CAPABILITY.
const CAN_FTP: u64 = 0x20;
/// Silence in the burst that makes us ask for what is missing, milliseconds.
const QUIET_MS: i64 = 1_000;
/// Requests by index in flight together.
const WINDOW: usize = 10;
/// Rounds without a single new parameter before the list is given up.
const ROUNDS: u8 = 10;
/// Most parameters believed.
const COUNT_MAX: u16 = 8_192;
/// The aircraft's version decides how its list is read; it is waited for so long.
const VERSION_MS: i64 = 3_000;
/// Between two readings because the count changed.
const AGAIN_MS: i64 = 10_000;
/// Attempts of a set and of its read-back.
const SET_ATTEMPTS: u8 = 8;
/// A reading nobody asked for is tried so long.
const OWN_MS: i64 = 600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Until the aircraft's version is known.
    Wait(Mono),
    /// PX4: is what we know still so?
    Hash,
    /// ArduPilot: the file.
    Pack,
    /// The burst and its gaps.
    List,
}

#[derive(Debug)]
struct Reading {
    ids: Vec<CommandId>,
    expires: Mono,
    deadline: Mono,
    step: Step,
    rounds: u8,
    /// Single requests of the last round still unanswered.
    pending: usize,
}

#[derive(Debug)]
struct Setting {
    id: CommandId,
    name: String,
    kind: u8,
    value: f64,
    expires: Mono,
    deadline: Mono,
    attempt: u8,
    /// It answered the set; now it is asked again.
    verify: bool,
}

/// Parameters of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Params {
    reading: Option<Reading>,
    setting: Option<Setting>,
    /// Names by index of the reading under way.
    have: BTreeMap<u16, String>,
    fresh: BTreeMap<String, Raw>,
    count: u16,
    told: u16,
    /// What is known whole.
    table: BTreeMap<String, Raw>,
    whole: Option<u16>,
    read_at: Mono,
}

fn done(now: Mono, ids: Vec<CommandId>, outcome: &CommandOutcome, out: &mut Outbox) {
    for id in ids {
        out.report(
            now,
            Report::CommandDone {
                id,
                outcome: outcome.clone(),
            },
        );
    }
}

impl Params {
    /// The aircraft was met, or is back: read its parameters.
    pub(crate) fn met(&mut self, now: Mono) {
        if self.reading.is_none() {
            self.begin(
                now,
                Vec::new(),
                now.plus_ms(OWN_MS),
                Step::Wait(now.plus_ms(VERSION_MS)),
            );
        }
    }

    fn begin(&mut self, now: Mono, ids: Vec<CommandId>, expires: Mono, step: Step) {
        self.have.clear();
        self.fresh.clear();
        self.count = 0;
        self.told = 0;
        self.reading = Some(Reading {
            ids,
            expires,
            deadline: now,
            step,
            rounds: 0,
            pending: 0,
        });
    }

    /// Reads the whole list; a reading under way answers this one too.
    pub(crate) fn submit(&mut self, now: Mono, id: CommandId, expires: Mono) {
        match &mut self.reading {
            Some(r) => {
                r.ids.push(id);
                r.expires = r.expires.max(expires);
            }
            None => self.begin(now, vec![id], expires, Step::List),
        }
    }

    /// Sets one; `Err` says why not.
    pub(crate) fn set(
        &mut self,
        now: Mono,
        id: CommandId,
        name: &str,
        value: f64,
        expires: Mono,
        out: &mut Outbox,
    ) -> Result<(), String> {
        if self.whole.is_none() {
            return Err("its parameters are not read yet; wait for them".to_owned());
        }
        let kind = self
            .table
            .get(name)
            .ok_or_else(|| format!("it has no parameter {}", name.escape_debug()))?
            .kind;
        if !value.is_finite() || !fits(kind, value) {
            return Err(format!("{name} cannot hold {value}"));
        }
        if let Some(old) = self.setting.take() {
            let why = format!("replaced by {name}");
            done(now, vec![old.id], &CommandOutcome::Refused(why), out);
        }
        self.setting = Some(Setting {
            id,
            name: name.to_owned(),
            kind,
            value,
            expires,
            deadline: now,
            attempt: 0,
            verify: false,
        });
        Ok(())
    }

    /// Ends what is under way.
    pub(crate) fn abandon(&mut self, now: Mono, out: &mut Outbox) {
        if let Some(r) = self.reading.take() {
            done(now, r.ids, &CommandOutcome::NoAnswer, out);
        }
        if let Some(s) = self.setting.take() {
            done(now, vec![s.id], &CommandOutcome::NoAnswer, out);
        }
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        let reading = self.reading.as_ref().and_then(|r| match r.step {
            Step::Pack => None,
            _ => Some(r.deadline.min(r.expires)),
        });
        let setting = self.setting.as_ref().map(|s| s.deadline.min(s.expires));
        reading.into_iter().chain(setting).min()
    }

    /// Asks for what is missing.
    pub(crate) fn poll(&mut self, now: Mono, who: &Who, ftp: &mut Ftp, rtt: &Rtt, out: &mut Outbox) {
        self.poll_set(now, who, rtt, out);
        let Some(r) = &mut self.reading else {
            return;
        };
        if now >= r.expires || (now >= r.deadline && r.rounds >= ROUNDS) {
            if let Some(r) = self.reading.take() {
                done(now, r.ids, &CommandOutcome::NoAnswer, out);
            }
            return;
        }
        if now < r.deadline {
            return;
        }
        match r.step {
            Step::Wait(until) => {
                if !who.version_known && now < until {
                    r.deadline = now.plus_ms(100).min(until);
                    return;
                }
                r.deadline = now;
                let known = self.whole.is_some() && self.table.contains_key(HASH);
                r.step = match who.family {
                    Family::Px4 if known => Step::Hash,
                    Family::ArduPilot
                        if who.capabilities & CAN_FTP != 0
                            && ftp
                                .submit(User::Parameters, PACK, Want::Read(PACK_MAX), r.expires)
                                .is_ok() =>
                    {
                        Step::Pack
                    }
                    _ => Step::List,
                };
                if r.step != Step::Pack {
                    self.poll(now, who, ftp, rtt, out);
                }
            }
            Step::Pack => {}
            Step::Hash => {
                if r.rounds >= 3 {
                    r.step = Step::List;
                    r.rounds = 0;
                    return self.poll(now, who, ftp, rtt, out);
                }
                r.rounds += 1;
                r.deadline = rtt.deadline(now, r.rounds);
                out.send(
                    who.component,
                    &wire::ParamRequestRead {
                        index: -1,
                        target_system: who.system,
                        target_component: who.component,
                        id: wire::Chars::from_text(HASH),
                    },
                );
            }
            Step::List => self.poll_list(now, who, rtt, out),
        }
    }

    fn poll_list(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let Some(r) = &mut self.reading else {
            return;
        };
        if self.count == 0 {
            out.send(
                who.component,
                &wire::ParamRequestList {
                    target_system: who.system,
                    target_component: who.component,
                },
            );
        } else {
            r.pending = 0;
            let missing = (0..self.count).filter(|i| !self.have.contains_key(i)).take(WINDOW);
            for index in missing {
                r.pending += 1;
                out.send(
                    who.component,
                    &wire::ParamRequestRead {
                        index: i16::try_from(index).unwrap_or(i16::MAX),
                        target_system: who.system,
                        target_component: who.component,
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

    fn poll_set(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let Some(s) = &mut self.setting else {
            return;
        };
        if now < s.deadline.min(s.expires) {
            return;
        }
        if now >= s.expires || s.attempt >= SET_ATTEMPTS {
            let id = s.id;
            self.setting = None;
            return done(now, vec![id], &CommandOutcome::NoAnswer, out);
        }
        s.deadline = rtt.deadline(now, s.attempt);
        s.attempt += 1;
        if s.verify {
            out.send(
                who.component,
                &wire::ParamRequestRead {
                    index: -1,
                    target_system: who.system,
                    target_component: who.component,
                    id: wire::Chars::from_text(&s.name),
                },
            );
        } else {
            out.send(
                who.component,
                &wire::ParamSet {
                    value: to_wire(s.kind, s.value, who.bytewise()),
                    target_system: who.system,
                    target_component: who.component,
                    id: wire::Chars::from_text(&s.name),
                    kind: s.kind,
                },
            );
        }
    }

    /// How reading the pack ended: taken, or the list follows.
    pub(crate) fn pack(&mut self, now: Mono, end: End, out: &mut Outbox) {
        let Some(r) = self.reading.as_mut().filter(|r| r.step == Step::Pack) else {
            return;
        };
        let decoded = match end {
            End::File(bytes, _) => pack::decode(&bytes),
            End::Listed(..) | End::Failed(_) | End::Silence => None,
        };
        match decoded {
            Some((list, total)) if list.len() == usize::from(total) && total <= COUNT_MAX => {
                self.fresh = list.into_iter().collect();
                self.count = total;
                out.report(now, Report::Parameters { have: total, of: total });
                self.complete(now, out);
            }
            _ => {
                r.step = Step::List;
                r.rounds = 0;
                r.deadline = now;
            }
        }
    }

    /// PARAM_VALUE.
    pub(crate) fn handle(&mut self, now: Mono, m: &wire::ParamValue, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let name = m.id.to_text();
        let Some(raw) = value_of(m, who.bytewise()) else {
            return;
        };
        self.verify(now, &name, raw, who, rtt, out);
        if name == HASH {
            return self.hash(now, raw, out);
        }
        if self.whole.is_some() {
            let changed = self.table.insert(name.clone(), raw) != Some(raw);
            if changed {
                let (name, value) = (name.clone(), raw.value);
                out.report(now, Report::Parameter { name, value });
            }
        }
        let Some(r) = &mut self.reading else {
            if self.whole.is_some_and(|n| n != m.count && m.count != 0) && now.since(self.read_at) > AGAIN_MS * 1000 {
                // A feature was switched on or off: there are others now.
                self.begin(now, Vec::new(), now.plus_ms(OWN_MS), Step::List);
            }
            return;
        };
        // Index 65535 is the echo of a set, not a part of the list.
        if r.step != Step::List || m.count == 0 || m.count > COUNT_MAX || m.index >= m.count {
            return;
        }
        if m.count != self.count {
            self.count = m.count;
            self.have.clear();
            self.told = 0;
        }
        self.fresh.insert(name.clone(), raw);
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
                self.complete(now, out);
            }
        }
    }

    fn complete(&mut self, now: Mono, out: &mut Outbox) {
        let hash = self.table.get(HASH).copied();
        self.table = std::mem::take(&mut self.fresh);
        if let Some(h) = hash {
            self.table.entry(HASH.to_owned()).or_insert(h);
        }
        self.whole = Some(self.count);
        self.read_at = now;
        let values = self.table.iter().map(|(k, r)| (k.clone(), r.value)).collect();
        out.report(now, Report::ParameterTable(ParameterTable::new(values)));
        if let Some(r) = self.reading.take() {
            done(now, r.ids, &CommandOutcome::Accepted, out);
        }
    }

    /// `_HASH_CHECK`: the same as over what we know means nothing changed.
    fn hash(&mut self, now: Mono, told: Raw, out: &mut Outbox) {
        self.table.insert(HASH.to_owned(), told);
        let Some(r) = self.reading.as_mut().filter(|r| r.step == Step::Hash) else {
            return;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "32 bits, signed or not"
        )]
        let told = told.value as i64 as u32;
        if told == hash_of(&self.table) {
            let count = self.whole.unwrap_or(0);
            out.report(now, Report::Parameters { have: count, of: count });
            let ids = std::mem::take(&mut r.ids);
            self.reading = None;
            done(now, ids, &CommandOutcome::Accepted, out);
        } else {
            r.step = Step::List;
            r.rounds = 0;
            r.deadline = now;
        }
    }

    fn verify(&mut self, now: Mono, name: &str, raw: Raw, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let Some(s) = self.setting.as_mut().filter(|s| s.name == name && s.attempt > 0) else {
            return;
        };
        if !s.verify {
            s.verify = true;
            s.attempt = 0;
            s.deadline = now;
            return self.poll_set(now, who, rtt, out);
        }
        #[expect(clippy::cast_possible_truncation, reason = "autopilots keep single precision")]
        let same = (raw.value as f32).to_bits() == (s.value as f32).to_bits() || raw.value == s.value;
        let id = s.id;
        let outcome = if same {
            CommandOutcome::Accepted
        } else {
            CommandOutcome::Refused(format!("it keeps {name} at {}", raw.value))
        };
        self.setting = None;
        done(now, vec![id], &outcome, out);
    }
}

/// PX4's `param_hash_check`: names and value bytes in order of name.
fn hash_of(table: &BTreeMap<String, Raw>) -> u32 {
    table
        .iter()
        .filter(|(name, _)| *name != HASH)
        .fold(0, |crc, (name, r)| {
            let crc = crc32(crc, name.as_bytes());
            #[expect(clippy::cast_possible_truncation, reason = "the aircraft's own 32 bits")]
            let bytes = if r.kind == 9 {
                (r.value as f32).to_le_bytes()
            } else {
                (r.value as i64 as i32).to_le_bytes()
            };
            crc32(crc, &bytes)
        })
}

/// MAV_PARAM_TYPE 1..9: u8, i8, u16, i16, u32, i32, u64, i64, f32.
fn value_of(m: &wire::ParamValue, bytewise: bool) -> Option<Raw> {
    let b = m.value.to_le_bytes();
    let value = match (bytewise, m.kind) {
        (true, 1) => f64::from(b[0]),
        (true, 2) => f64::from(i8::from_le_bytes([b[0]])),
        (true, 3) => f64::from(u16::from_le_bytes([b[0], b[1]])),
        (true, 4) => f64::from(i16::from_le_bytes([b[0], b[1]])),
        (true, 5) => f64::from(u32::from_le_bytes(b)),
        (true, 6) => f64::from(i32::from_le_bytes(b)),
        _ => f64::from(m.value),
    };
    value.is_finite().then_some(Raw { kind: m.kind, value })
}

fn fits(kind: u8, value: f64) -> bool {
    let whole = value.fract() == 0.0;
    match kind {
        1 => whole && (0.0..=255.0).contains(&value),
        2 => whole && (-128.0..=127.0).contains(&value),
        3 => whole && (0.0..=65_535.0).contains(&value),
        4 => whole && (-32_768.0..=32_767.0).contains(&value),
        5 => whole && (0.0..=f64::from(u32::MAX)).contains(&value),
        6 => whole && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value),
        _ => value.abs() <= f64::from(f32::MAX),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to fit its type"
)]
fn to_wire(kind: u8, value: f64, bytewise: bool) -> f32 {
    if bytewise && (1..=6).contains(&kind) {
        f32::from_bits(value as i64 as u32)
    } else {
        value as f32
    }
}
