//! Flight logs on board: listed and read by LOG_REQUEST_LIST and LOG_REQUEST_DATA.
//!
//! Invariant: one log at a time; pieces leave in order and without gaps, whatever order they came
//! in; memory is bounded by one window. Source: common.xml, LOG_*; ArduPilot and PX4 send 90 bytes
//! a message and end a log with a shorter one.

use std::collections::BTreeMap;

use vedette_model::{CommandId, CommandOutcome, FilePiece, LogOnBoard, Mono, Report, Utc, VehicleId};

use super::outbox::Outbox;
use super::ranges::Ranges;
use super::rtt::Rtt;
use super::services::Who;
use crate::codec::wire;

/// Bytes a message carries.
const CHUNK: u64 = 90;
/// Bytes asked for at once.
const WINDOW: u64 = 512 * CHUNK;
/// Rounds without anything new before it is given up.
const ROUNDS: u8 = 10;
/// Most logs believed.
const LOGS_MAX: u16 = 2_048;
/// Longest log taken.
const SIZE_MAX: u64 = 4 << 30;
/// Silence in a stream of pieces that counts as its end, milliseconds at least.
const QUIET_MS: i64 = 400;
/// Progress is told each so many bytes.
const TELL: u64 = 512 * 1024;

#[derive(Debug)]
struct Listing {
    /// Nobody's: the station's own after a landing.
    id: Option<CommandId>,
    expires: Mono,
    deadline: Mono,
    rounds: u8,
    found: BTreeMap<u16, LogOnBoard>,
    count: Option<(u16, u16)>,
}

#[derive(Debug)]
struct Reading {
    id: Option<CommandId>,
    log: u16,
    size: u64,
    expires: Mono,
    deadline: Mono,
    rounds: u8,
    /// Bytes handed on.
    base: u64,
    window: Vec<u8>,
    have: Ranges,
    end: Option<u64>,
    told: u64,
}

/// Logs of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    listing: Option<Listing>,
    reading: Option<Reading>,
    /// Read the newest log when the list is here.
    newest: bool,
}

fn done(now: Mono, id: Option<CommandId>, outcome: CommandOutcome, out: &mut Outbox) {
    if let Some(id) = id {
        out.report(now, Report::CommandDone { id, outcome });
    }
}

impl Logs {
    /// Nothing is under way.
    pub(crate) fn idle(&self) -> bool {
        self.listing.is_none() && self.reading.is_none()
    }

    /// Lists the logs.
    pub(crate) fn list(&mut self, now: Mono, id: Option<CommandId>, expires: Mono, out: &mut Outbox) {
        if let Some(old) = self.listing.take() {
            done(now, old.id, CommandOutcome::Refused("listed anew".to_owned()), out);
        }
        self.listing = Some(Listing {
            id,
            expires,
            deadline: now,
            rounds: 0,
            found: BTreeMap::new(),
            count: None,
        });
    }

    /// Reads the newest log when it has been listed: what a station does after a landing.
    pub(crate) fn fetch_newest(&mut self, now: Mono, expires: Mono, out: &mut Outbox) {
        self.newest = true;
        self.list(now, None, expires, out);
    }

    /// Reads one log.
    pub(crate) fn read(&mut self, now: Mono, id: Option<CommandId>, log: LogOnBoard, expires: Mono, out: &mut Outbox) {
        if let Some(old) = self.reading.take() {
            let why = format!("replaced by log {}", log.id);
            done(now, old.id, CommandOutcome::Refused(why), out);
        }
        self.reading = Some(Reading {
            id,
            log: log.id,
            size: u64::from(log.size),
            expires,
            deadline: now,
            rounds: 0,
            base: 0,
            window: Vec::new(),
            have: Ranges::default(),
            end: None,
            told: 0,
        });
    }

    /// Ends both.
    pub(crate) fn abandon(&mut self, now: Mono, out: &mut Outbox) {
        self.newest = false;
        let ids = [self.listing.take().map(|l| l.id), self.reading.take().map(|r| r.id)];
        for id in ids.into_iter().flatten() {
            done(now, id, CommandOutcome::NoAnswer, out);
        }
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        let a = self.listing.as_ref().map(|l| l.deadline.min(l.expires));
        let b = self.reading.as_ref().map(|r| r.deadline.min(r.expires));
        a.into_iter().chain(b).min()
    }

    /// Asks for what is missing.
    pub(crate) fn poll(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        if let Some(l) = &mut self.listing
            && now >= l.deadline.min(l.expires)
        {
            if now >= l.expires || l.rounds >= ROUNDS {
                let id = l.id;
                self.listing = None;
                self.newest = false;
                done(now, id, CommandOutcome::NoAnswer, out);
            } else {
                l.rounds += 1;
                l.deadline = rtt.deadline(now, l.rounds).max(now.plus_ms(2 * QUIET_MS));
                let (start, end) = l.count.map_or((0, u16::MAX), |(first, last)| {
                    let missing = |id: &u16| !l.found.contains_key(id);
                    let from = (first..=last).find(missing).unwrap_or(first);
                    (from, last)
                });
                out.send(
                    who.component,
                    &wire::LogRequestList {
                        start,
                        end,
                        target_system: who.system,
                        target_component: who.component,
                    },
                );
            }
        }
        let Some(r) = &mut self.reading else {
            return;
        };
        if now < r.deadline.min(r.expires) {
            return;
        }
        if now >= r.expires || r.rounds >= ROUNDS {
            let id = r.id;
            self.reading = None;
            done(now, id, CommandOutcome::NoAnswer, out);
            return;
        }
        r.rounds += 1;
        r.ask(now, who, rtt, out);
    }

    /// LOG_ENTRY.
    pub(crate) fn entry(&mut self, now: Mono, m: &wire::LogEntry, out: &mut Outbox) {
        let Some(l) = &mut self.listing else {
            return;
        };
        if m.num_logs == 0 {
            return self.listed(now, out);
        }
        if m.num_logs > LOGS_MAX || m.last_log_num < m.num_logs - 1 || m.id > m.last_log_num {
            return;
        }
        // ArduPilot counts from 1, PX4 from 0; the last number and the count tell which.
        l.count = Some((m.last_log_num - (m.num_logs - 1), m.last_log_num));
        let log = LogOnBoard {
            id: m.id,
            size: m.size,
            begun: (m.time_utc != 0).then(|| Utc(i64::from(m.time_utc) * 1_000_000)),
        };
        if l.found.insert(m.id, log).is_none() {
            l.rounds = 0;
            l.deadline = now.plus_ms(2 * QUIET_MS);
        }
        if l.found.len() >= usize::from(m.num_logs) {
            self.listed(now, out);
        }
    }

    fn listed(&mut self, now: Mono, out: &mut Outbox) {
        let Some(l) = self.listing.take() else {
            return;
        };
        let logs: Vec<LogOnBoard> = l.found.into_values().collect();
        out.report(now, Report::Logs(logs.clone()));
        done(now, l.id, CommandOutcome::Accepted, out);
        if std::mem::take(&mut self.newest)
            && let Some(log) = logs.last().filter(|x| x.size > 0)
        {
            self.read(now, None, *log, l.expires, out);
        }
    }

    /// LOG_DATA.
    pub(crate) fn data(&mut self, now: Mono, m: &wire::LogData, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let Some(r) = self.reading.as_mut().filter(|r| r.log == m.id) else {
            return;
        };
        let count = u64::from(m.count).min(CHUNK);
        let from = u64::from(m.ofs);
        // The end of the log is a message that is not full.
        if count < CHUNK {
            r.end = Some(r.end.map_or(from + count, |e| e.min(from + count)));
        }
        if from < r.base || from + count > r.base + WINDOW {
            return;
        }
        let (a, b) = (from - r.base, from - r.base + count);
        let (start, stop) = (index(a), index(b));
        if r.window.len() < stop {
            r.window.resize(stop, 0);
        }
        r.window[start..stop].copy_from_slice(&m.data.0[..stop - start]);
        if r.have.insert(a, b) > 0 || r.end == Some(r.base) {
            r.rounds = 0;
            r.deadline = now.plus_ms(QUIET_MS).max(rtt.deadline(now, 0));
        }
        let whole = r.base + r.have.whole_to();
        let finished = r.end.is_some_and(|e| whole >= e) || (r.end.is_none() && r.size > 0 && whole >= r.size);
        if finished || r.have.whole_to() >= WINDOW {
            let end = r.end.unwrap_or(whole).min(whole);
            let mut bytes = std::mem::take(&mut r.window);
            bytes.truncate(index(end - r.base));
            let offset = r.base;
            r.base += bytes.len() as u64;
            r.have = Ranges::default();
            out.files.push(FilePiece {
                vehicle: VehicleId(u32::from(who.system)),
                name: format!("log-{:05}.bin", r.log),
                offset,
                bytes,
                last: finished,
            });
            if finished || r.base >= r.told + TELL {
                r.told = r.base;
                let (id, have, of) = (r.log, r.base, r.size);
                out.report(now, Report::LogProgress { id, have, of });
            }
            if !finished && r.base < SIZE_MAX {
                return r.ask(now, who, rtt, out);
            }
            out.send(
                who.component,
                &wire::LogRequestEnd {
                    target_system: who.system,
                    target_component: who.component,
                },
            );
            let (id, path, bytes) = (r.id, format!("log {}", r.log), r.base);
            self.reading = None;
            out.report(
                now,
                Report::File {
                    path,
                    bytes,
                    confirmed: false,
                },
            );
            done(now, id, CommandOutcome::Accepted, out);
        }
    }
}

impl Reading {
    fn ask(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let left = self.end.map_or(WINDOW, |e| e.saturating_sub(self.base).min(WINDOW));
        let (from, to) = self.have.first_gap(left).unwrap_or((0, left.max(CHUNK)));
        self.deadline = rtt.deadline(now, self.rounds).max(now.plus_ms(QUIET_MS));
        out.send(
            who.component,
            &wire::LogRequestData {
                ofs: low(self.base + from),
                count: low((to - from).max(1)),
                id: self.log,
                target_system: who.system,
                target_component: who.component,
            },
        );
    }
}

fn index(v: u64) -> usize {
    usize::try_from(v).unwrap_or(usize::MAX)
}

fn low(v: u64) -> u32 {
    u32::try_from(v).unwrap_or(u32::MAX)
}
