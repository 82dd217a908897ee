//! What a session has beside orders and plans: parameters, files, logs.
//!
//! Invariant: each service is driven by the same four calls (met, handle, poll, next) and ends
//! every request it took. Knows nothing of routes.

use std::collections::BTreeMap;

use vedette_model::{
    CommandId, CommandOutcome, Family, FilePiece, LogOnBoard, Mono, OperatorControl, Report, RequestBody, VehicleId,
};

use super::about::About;
use super::checks::Checks;
use super::contacts::Contacts;
use super::ftp::{End, Ftp, User, Want};
use super::logs::Logs;
use super::outbox::Outbox;
use super::params::Params;
use super::rtt::Rtt;
use super::session::Incoming;
use crate::codec::wire::{self, WireMessage};

/// PARAM_ENCODE_BYTEWISE of MAV_PROTOCOL_CAPABILITY.
const BYTEWISE: u64 = 131_072;
/// Largest file read whole.
const FILE_MAX: usize = 16 << 20;
/// Most modes believed.
const MODES_MAX: usize = 128;

/// The aircraft a service talks to, as known now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who {
    pub(crate) system: u8,
    pub(crate) component: u8,
    pub(crate) family: Family,
    pub(crate) capabilities: u64,
    pub(crate) version_known: bool,
}

impl Who {
    /// Integers of parameters travel as bytes.
    pub(crate) fn bytewise(&self) -> bool {
        self.capabilities & BYTEWISE != 0
    }
}

/// Services of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Services {
    params: Params,
    ftp: Ftp,
    logs: Logs,
    checks: Checks,
    contacts: Contacts,
    pub(crate) about: About,
    /// Modes it has by its own word: custom mode, name, MAV_STANDARD_MODE.
    modes: BTreeMap<u32, (String, u8)>,
    control: Option<OperatorControl>,
    /// Our system id, as the frames say that are for us.
    us: u8,
    /// Read the newest log after a landing.
    pub(crate) fetch_logs: bool,
}

impl Services {
    /// The aircraft was met or is back.
    pub(crate) fn met(&mut self, now: Mono) {
        self.params.met(now);
    }

    /// It landed and disarmed: fetch the log of the flight.
    pub(crate) fn landed(&mut self, now: Mono, out: &mut Outbox) {
        const HOUR_MS: i64 = 3_600_000;
        if self.fetch_logs && self.logs.idle() {
            self.logs.fetch_newest(now, now.plus_ms(HOUR_MS), out);
        }
    }

    /// Ends all that is under way.
    pub(crate) fn abandon(&mut self, now: Mono, who: &Who, why: &str, out: &mut Outbox) {
        self.ftp.abandon(why);
        self.ends(now, who, out);
        self.params.abandon(now, out);
        self.logs.abandon(now, out);
    }

    /// Takes a request; gives it back when it is none of ours.
    pub(crate) fn submit(
        &mut self,
        now: Mono,
        id: CommandId,
        body: RequestBody,
        expires: Mono,
        out: &mut Outbox,
    ) -> Option<RequestBody> {
        let taken = match body {
            RequestBody::ReadParameters => {
                self.params.submit(now, id, expires);
                Ok(())
            }
            RequestBody::SetParameter { name, value } => self.params.set(now, id, &name, value, expires, out),
            RequestBody::ListFiles { path } => self.ftp.submit(User::Request(id), &path, Want::List, expires),
            RequestBody::ReadFile { path } => self.ftp.submit(User::Request(id), &path, Want::Read(FILE_MAX), expires),
            RequestBody::ListLogs => {
                self.logs.list(now, Some(id), expires, out);
                Ok(())
            }
            RequestBody::ReadLog { id: log } => {
                let log = LogOnBoard {
                    id: log,
                    size: 0,
                    begun: None,
                };
                self.logs.read(now, Some(id), log, expires, out);
                Ok(())
            }
            other => return Some(other),
        };
        if let Err(why) = taken {
            let outcome = CommandOutcome::Refused(why);
            out.report(now, Report::CommandDone { id, outcome });
        }
        None
    }

    /// A message of the autopilot.
    pub(crate) fn handle(
        &mut self,
        now: Mono,
        frame: &Incoming<'_>,
        us: (u8, u8),
        who: &Who,
        rtt: &mut Rtt,
        out: &mut Outbox,
    ) {
        let Incoming { id, payload, .. } = *frame;
        self.us = us.0;
        match id {
            wire::ParamValue::ID => {
                self.params
                    .handle(now, &wire::ParamValue::from_payload(payload), who, rtt, out);
            }
            wire::FileTransferProtocol::ID => {
                let m = wire::FileTransferProtocol::from_payload(payload);
                if m.target_system == us.0 && (m.target_component == us.1 || m.target_component == 0) {
                    self.ftp.handle(now, &m.payload.0, who, rtt, out);
                }
            }
            wire::AvailableModes::ID => {
                let m = wire::AvailableModes::from_payload(payload);
                if self.modes.len() < MODES_MAX || self.modes.contains_key(&m.custom_mode) {
                    self.modes
                        .insert(m.custom_mode, (m.mode_name.to_text(), m.standard_mode));
                }
            }
            wire::ControlStatus::ID => {
                let m = wire::ControlStatus::from_payload(payload);
                let others: Vec<u8> = m.others.0.iter().copied().filter(|s| *s != 0).collect();
                let control = OperatorControl {
                    owner: m.main,
                    ours: m.main == us.0 || others.contains(&us.0),
                    others,
                    takeover_allowed: m.flags & 2 != 0,
                };
                if self.control.as_ref() != Some(&control) {
                    self.control = Some(control.clone());
                    out.report(now, Report::Control(control));
                }
            }
            wire::Event::ID => {
                let m = wire::Event::from_payload(payload);
                if m.destination_system == 0 || m.destination_system == us.0 {
                    self.checks.event(&m);
                }
            }
            wire::ComponentMetadata::ID => {
                let m = wire::ComponentMetadata::from_payload(payload);
                self.about.metadata(now, who.component, &m, &mut self.ftp, out);
            }
            wire::LogEntry::ID => self.logs.entry(now, &wire::LogEntry::from_payload(payload), out),
            wire::LogData::ID => self
                .logs
                .data(now, &wire::LogData::from_payload(payload), who, rtt, out),
            _ => {}
        }
    }

    /// A message of any component.
    pub(crate) fn overhear(&mut self, now: Mono, frame: &Incoming<'_>, out: &mut Outbox) {
        self.contacts.handle(now, frame.id, frame.payload, out);
    }

    /// The aircraft's own name of a mode, and what it is by MAV_STANDARD_MODE.
    pub(crate) fn mode(&self, custom: u32) -> Option<(&str, u8)> {
        self.modes
            .get(&custom)
            .map(|(name, standard)| (name.as_str(), *standard))
    }

    /// Sends what is due.
    pub(crate) fn poll(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        self.ends(now, who, out);
        self.params.poll(now, who, &mut self.ftp, rtt, out);
        self.ftp.poll(now, who, rtt, out);
        self.logs.poll(now, who, rtt, out);
        self.ends(now, who, out);
        // Last, so that a parameter file read whole just now is seen as well.
        self.checks.observe(now, self.us, who, out);
    }

    /// Tells users how their files ended.
    fn ends(&mut self, now: Mono, who: &Who, out: &mut Outbox) {
        while let Some((user, path, end)) = self.ftp.ends.pop_front() {
            let id = match user {
                User::Parameters => {
                    self.params.pack(now, end, out);
                    continue;
                }
                User::About => {
                    self.about.file(now, who.component, end, out);
                    continue;
                }
                User::Request(id) => id,
            };
            let outcome = match end {
                End::Listed(entries, refused) => {
                    out.report(now, Report::Files { path, entries, refused });
                    CommandOutcome::Accepted
                }
                End::File(bytes, confirmed) => {
                    out.report(
                        now,
                        Report::File {
                            path: path.clone(),
                            bytes: bytes.len() as u64,
                            confirmed,
                        },
                    );
                    out.files.push(FilePiece {
                        vehicle: VehicleId(u32::from(who.system)),
                        name: local_name(&path),
                        offset: 0,
                        bytes,
                        last: true,
                    });
                    CommandOutcome::Accepted
                }
                End::Failed(why) => CommandOutcome::Refused(why),
                End::Silence => CommandOutcome::NoAnswer,
            };
            out.report(now, Report::CommandDone { id, outcome });
        }
    }

    /// When something is due next, and what.
    pub(crate) fn next(&self) -> [(Option<Mono>, &'static str); 3] {
        [
            (self.params.next(), "parameters are missing"),
            (self.ftp.next(), "a file on board is being read"),
            (self.logs.next(), "a flight log is being read"),
        ]
    }
}

/// A file name for a path on board: its last part, letters, digits, dot, dash and underscore only.
fn local_name(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or("");
    let name: String = last
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .take(64)
        .collect();
    if name.trim_matches('.').is_empty() {
        "file".to_owned()
    } else {
        name
    }
}
