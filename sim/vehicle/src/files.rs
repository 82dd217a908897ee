//! The aircraft's side of MAVLink FTP (mavlink.io, services/ftp): its logs, its parameters as one
//! file, its description, and a small memory for files stations put there.
//!
//! Invariant: no path leaves the tree; memory, sessions and work per tick are bounded; a request
//! said twice gets the same answer twice. Must not know flight.

use std::collections::BTreeMap;

use crate::net::AUTOPILOT;
use crate::plans::Party;
use crate::vehicle::SimVehicle;
use crate::wire;

/// Data in one message.
const DATA: usize = 239;
const HEAD: usize = 12;
/// Pieces of a burst sent per tick to one station, and in one burst.
const PER_TICK: u32 = 4;
const BURST: u32 = 120;
/// Bytes stations may store, files they may make.
const ROOM: usize = 1 << 20;
const FILES: usize = 64;
/// Open files.
const SESSIONS: usize = 16;
/// Silence after which a file session may be taken by another station (ArduPilot: 3 s).
const IDLE_TICKS: u64 = 300;

mod code {
    pub(super) const FAIL: u8 = 1;
    pub(super) const INVALID_SIZE: u8 = 3;
    pub(super) const INVALID_SESSION: u8 = 4;
    pub(super) const NO_SESSIONS: u8 = 5;
    pub(super) const EOF: u8 = 6;
    pub(super) const UNKNOWN: u8 = 7;
    pub(super) const EXISTS: u8 = 8;
    pub(super) const PROTECTED: u8 = 9;
    pub(super) const NO_FILE: u8 = 10;
}

/// One station's open file.
#[derive(Debug, Clone)]
struct Session {
    party: Party,
    /// What is read: fixed when it was opened.
    bytes: Vec<u8>,
    /// What is written.
    writes: Option<String>,
    used: u64,
    burst: Option<Burst>,
}

#[derive(Debug, Clone, Copy)]
struct Burst {
    seq: u16,
    session: u8,
    offset: u32,
    size: u8,
    left: u32,
}

/// State of the file server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    /// By peer and the session number it chose (ArduPilot takes the station's number).
    sessions: BTreeMap<(u64, u8), Session>,
    /// Last answer by peer, to say it again.
    last: BTreeMap<u64, (u16, u8, [u8; 251])>,
    stored: BTreeMap<String, Vec<u8>>,
}

/// What a station asks.
struct Request<'a> {
    seq: u16,
    session: u8,
    opcode: u8,
    offset: u32,
    size: u8,
    data: &'a [u8],
}

enum Answer {
    Ack(Vec<u8>),
    Nak(u8),
    /// Pieces follow by themselves.
    Later,
}

impl SimVehicle {
    /// FILE_TRANSFER_PROTOCOL for the autopilot.
    pub(crate) fn on_ftp(&mut self, party: Party, m: &wire::FileTransferProtocol) {
        let p = &m.payload;
        let size = usize::from(p[4]);
        let r = Request {
            seq: u16::from_le_bytes([p[0], p[1]]),
            session: p[2],
            opcode: p[3],
            offset: u32::from_le_bytes([p[8], p[9], p[10], p[11]]),
            size: p[4],
            data: &p[HEAD..HEAD + size.min(DATA)],
        };
        let Request { opcode, offset, .. } = r;
        let said = r.seq.wrapping_add(1);
        if let Some((last, asked, payload)) = self.files.last.get(&party.peer)
            && *last == said
            && *asked == opcode
            && payload[2] == r.session
        {
            let again = *payload;
            self.send_ftp(party, again);
            return;
        }
        let answer = if size > DATA {
            Answer::Nak(code::INVALID_SIZE)
        } else {
            self.ftp_operation(party, &r)
        };
        let (kind, data) = match answer {
            Answer::Ack(d) => (128, d),
            Answer::Nak(c) => (129, vec![c]),
            Answer::Later => return,
        };
        let payload = ftp_payload(said, [r.session, kind, opcode], offset, &data, false);
        if self.files.last.len() > 64 {
            self.files.last.clear();
        }
        self.files.last.insert(party.peer, (said, opcode, payload));
        self.send_ftp(party, payload);
    }

    fn send_ftp(&mut self, party: Party, payload: [u8; 251]) {
        let out = wire::FileTransferProtocol {
            target_network: 0,
            target_system: party.system,
            target_component: party.component,
            payload,
        };
        self.send(party.peer, AUTOPILOT, &out);
    }

    fn ftp_operation(&mut self, party: Party, r: &Request<'_>) -> Answer {
        let &Request {
            seq,
            session,
            opcode,
            offset,
            size,
            data,
        } = r;
        let tick = self.tick;
        let key = (party.peer, session);
        if let Some(s) = self.files.sessions.get_mut(&key) {
            s.used = tick;
            s.burst = None;
        }
        match opcode {
            0 => Answer::Ack(Vec::new()),
            1 => {
                self.files.sessions.remove(&key);
                Answer::Ack(Vec::new())
            }
            2 => {
                self.files.sessions.retain(|k, _| k.0 != party.peer);
                Answer::Ack(Vec::new())
            }
            3 => self.ftp_list(path(data), offset),
            4 => self.ftp_open(party, session, path(data)),
            5 => self.ftp_read(key, offset, size),
            6 => self.ftp_create(party, session, path(data)),
            7 => self.ftp_write(key, offset, data),
            8 => self.ftp_remove(path(data)),
            9 | 10 => Answer::Ack(Vec::new()),
            11 => self.ftp_open_to_write(party, session, path(data)),
            13 => self.ftp_rename(data),
            14 => match path(data).and_then(|p| self.ftp_file(&p)) {
                Some(bytes) => Answer::Ack(crc32(0, &bytes).to_le_bytes().to_vec()),
                None => Answer::Nak(code::NO_FILE),
            },
            15 => match self.files.sessions.get_mut(&key) {
                Some(s) => {
                    s.burst = Some(Burst {
                        seq,
                        session,
                        offset,
                        size: if size == 0 { DATA as u8 } else { size.min(DATA as u8) },
                        left: BURST,
                    });
                    Answer::Later
                }
                None => Answer::Nak(code::INVALID_SESSION),
            },
            _ => Answer::Nak(code::UNKNOWN),
        }
    }

    /// Whether this station may open a file now.
    fn ftp_free(&mut self, key: (u64, u8)) -> Result<(), Answer> {
        let tick = self.tick;
        self.files.sessions.retain(|_, s| tick - s.used < 10 * IDLE_TICKS);
        let taken = self
            .files
            .sessions
            .iter()
            .any(|(k, s)| *k != key && tick - s.used < IDLE_TICKS);
        if self.cfg.quirks.one_file_session && taken {
            return Err(Answer::Nak(code::INVALID_SESSION));
        }
        if self.files.sessions.len() >= SESSIONS && !self.files.sessions.contains_key(&key) {
            return Err(Answer::Nak(code::NO_SESSIONS));
        }
        Ok(())
    }

    fn ftp_open(&mut self, party: Party, session: u8, path: Option<String>) -> Answer {
        if let Err(no) = self.ftp_free((party.peer, session)) {
            return no;
        }
        let Some(bytes) = path.and_then(|p| self.ftp_file(&p)) else {
            return Answer::Nak(code::NO_FILE);
        };
        // ArduPilot only estimates the size of its parameters; stations must read to the end.
        let length = (bytes.len() as u32).to_le_bytes().to_vec();
        self.files.sessions.insert(
            (party.peer, session),
            Session {
                party,
                bytes,
                writes: None,
                used: self.tick,
                burst: None,
            },
        );
        Answer::Ack(length)
    }

    fn ftp_read(&mut self, key: (u64, u8), offset: u32, size: u8) -> Answer {
        let Some(s) = self.files.sessions.get(&key) else {
            return Answer::Nak(code::INVALID_SESSION);
        };
        let from = offset as usize;
        if from >= s.bytes.len() {
            return Answer::Nak(code::EOF);
        }
        let n = if size == 0 { DATA } else { usize::from(size).min(DATA) };
        Answer::Ack(s.bytes[from..(from + n).min(s.bytes.len())].to_vec())
    }

    fn writable(path: &str) -> bool {
        !path.starts_with('@') && !path.starts_with("/APM/LOGS") && !path.starts_with("/fs/microsd/log")
    }

    fn ftp_create(&mut self, party: Party, session: u8, path: Option<String>) -> Answer {
        if let Err(no) = self.ftp_free((party.peer, session)) {
            return no;
        }
        let Some(path) = path else {
            return Answer::Nak(code::FAIL);
        };
        if !Self::writable(&path) {
            return Answer::Nak(code::PROTECTED);
        }
        if self.files.stored.len() >= FILES && !self.files.stored.contains_key(&path) {
            return Answer::Nak(code::FAIL);
        }
        self.files.stored.insert(path.clone(), Vec::new());
        self.ftp_hold(party, session, path);
        Answer::Ack(0_u32.to_le_bytes().to_vec())
    }

    fn ftp_open_to_write(&mut self, party: Party, session: u8, path: Option<String>) -> Answer {
        let Some(path) = path.filter(|p| self.files.stored.contains_key(p)) else {
            return Answer::Nak(code::NO_FILE);
        };
        let n = self.files.stored.get(&path).map_or(0, Vec::len) as u32;
        self.ftp_hold(party, session, path);
        Answer::Ack(n.to_le_bytes().to_vec())
    }

    fn ftp_hold(&mut self, party: Party, session: u8, path: String) {
        self.files.sessions.insert(
            (party.peer, session),
            Session {
                party,
                bytes: Vec::new(),
                writes: Some(path),
                used: self.tick,
                burst: None,
            },
        );
    }

    fn ftp_write(&mut self, key: (u64, u8), offset: u32, data: &[u8]) -> Answer {
        let Some(path) = self.files.sessions.get(&key).and_then(|s| s.writes.clone()) else {
            return Answer::Nak(code::INVALID_SESSION);
        };
        let used: usize = self.files.stored.values().map(Vec::len).sum();
        let end = offset as usize + data.len();
        let Some(file) = self.files.stored.get_mut(&path) else {
            return Answer::Nak(code::NO_FILE);
        };
        if used - file.len() + end.max(file.len()) > ROOM {
            return Answer::Nak(code::FAIL);
        }
        if file.len() < end {
            file.resize(end, 0);
        }
        file[offset as usize..end].copy_from_slice(data);
        Answer::Ack(Vec::new())
    }

    fn ftp_remove(&mut self, path: Option<String>) -> Answer {
        match path {
            Some(p) if self.files.stored.remove(&p).is_some() => Answer::Ack(Vec::new()),
            Some(p) if !Self::writable(&p) => Answer::Nak(code::PROTECTED),
            _ => Answer::Nak(code::NO_FILE),
        }
    }

    fn ftp_rename(&mut self, data: &[u8]) -> Answer {
        let mut names = data.split(|b| *b == 0);
        let (from, to) = (names.next().and_then(path), names.next().and_then(path));
        match (from, to) {
            (Some(a), Some(b)) if self.files.stored.contains_key(&a) => {
                if !Self::writable(&b) {
                    return Answer::Nak(code::PROTECTED);
                }
                if self.files.stored.contains_key(&b) {
                    return Answer::Nak(code::EXISTS);
                }
                if let Some(bytes) = self.files.stored.remove(&a) {
                    self.files.stored.insert(b, bytes);
                }
                Answer::Ack(Vec::new())
            }
            _ => Answer::Nak(code::NO_FILE),
        }
    }

    fn log_directory(&self) -> &'static str {
        if self.cfg.px4() { "/fs/microsd/log" } else { "/APM/LOGS" }
    }

    /// Every file and its length.
    fn ftp_tree(&self) -> BTreeMap<String, usize> {
        let mut out: BTreeMap<String, usize> = self.files.stored.iter().map(|(k, v)| (k.clone(), v.len())).collect();
        for log in &self.logbook.logs {
            let name = format!("{}/{}", self.log_directory(), self.logbook.name(log));
            out.insert(name, log.bytes.len());
        }
        if self.cfg.px4() {
            let path = crate::component::GENERAL.to_owned();
            let length = self.general_metadata().len();
            out.insert(path, length);
        } else {
            let length = self.params.pack(false).len();
            out.insert("@PARAM/param.pck".to_owned(), length);
            let length = self.system_text().len();
            out.insert("@SYS/vehicle.txt".to_owned(), length);
        }
        out
    }

    fn system_text(&self) -> String {
        format!("{} {}\nsystem {}\n", self.cfg.tail, self.cfg.name, self.cfg.system)
    }

    fn ftp_file(&self, path: &str) -> Option<Vec<u8>> {
        if let Some(bytes) = self.files.stored.get(path) {
            return Some(bytes.clone());
        }
        if self.cfg.px4() {
            if path == crate::component::GENERAL {
                return Some(self.general_metadata());
            }
        } else {
            let (name, query) = path.split_once('?').unwrap_or((path, ""));
            if name == "@PARAM/param.pck" {
                return Some(self.params.pack(query.split('&').any(|q| q == "withdefaults=1")));
            }
            if name == "@SYS/vehicle.txt" {
                return Some(self.system_text().into_bytes());
            }
        }
        let name = path.strip_prefix(self.log_directory())?.strip_prefix('/')?;
        let log = self.logbook.logs.iter().find(|l| self.logbook.name(l) == name)?;
        Some(log.bytes.clone())
    }

    fn ftp_list(&self, path: Option<String>, offset: u32) -> Answer {
        let Some(path) = path else {
            return Answer::Nak(code::FAIL);
        };
        let prefix = if path.is_empty() || path == "/" {
            "/".to_owned()
        } else {
            format!("{}/", path.trim_end_matches('/'))
        };
        let mut entries: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for (name, size) in self.ftp_tree() {
            if let Some(rest) = name.strip_prefix(&prefix) {
                match rest.split_once('/') {
                    Some((directory, _)) => entries.insert(directory.to_owned(), None),
                    None => entries.insert(rest.to_owned(), Some(size)),
                };
            }
        }
        let known = prefix == "/" || prefix.trim_end_matches('/') == self.log_directory();
        if entries.is_empty() && !known {
            return Answer::Nak(code::NO_FILE);
        }
        let mut data = Vec::new();
        for (name, size) in entries.into_iter().skip(offset as usize) {
            let entry = match size {
                None => format!("D{name}\0"),
                Some(n) => format!("F{name}\t{n}\0"),
            };
            if data.len() + entry.len() > DATA {
                break;
            }
            data.extend_from_slice(entry.as_bytes());
        }
        if data.is_empty() {
            return Answer::Nak(code::EOF);
        }
        Answer::Ack(data)
    }

    /// Pieces of running bursts.
    pub(crate) fn files_tick(&mut self) {
        let running: Vec<(u64, u8)> = self
            .files
            .sessions
            .iter()
            .filter(|(_, s)| s.burst.is_some())
            .map(|(k, _)| *k)
            .collect();
        for key in running {
            for _ in 0..PER_TICK {
                let Some((party, payload)) = self.files.sessions.get_mut(&key).and_then(next_piece) else {
                    break;
                };
                self.send_ftp(party, payload);
            }
        }
    }
}

fn next_piece(s: &mut Session) -> Option<(Party, [u8; 251])> {
    let b = s.burst.as_mut()?;
    b.seq = b.seq.wrapping_add(1);
    let from = b.offset as usize;
    let payload = if from >= s.bytes.len() {
        let p = ftp_payload(b.seq, [b.session, 129, 15], b.offset, &[code::EOF], true);
        s.burst = None;
        p
    } else {
        let to = (from + usize::from(b.size)).min(s.bytes.len());
        b.left -= 1;
        let p = ftp_payload(b.seq, [b.session, 128, 15], b.offset, &s.bytes[from..to], b.left == 0);
        b.offset = to as u32;
        if b.left == 0 {
            s.burst = None;
        }
        p
    };
    Some((s.party, payload))
}

fn ftp_payload(seq: u16, head: [u8; 3], offset: u32, data: &[u8], complete: bool) -> [u8; 251] {
    let [session, kind, asked] = head;
    let mut out = [0_u8; 251];
    out[..2].copy_from_slice(&seq.to_le_bytes());
    out[2] = session;
    out[3] = kind;
    out[4] = data.len().min(DATA) as u8;
    out[5] = asked;
    out[6] = u8::from(complete);
    out[8..12].copy_from_slice(&offset.to_le_bytes());
    for (slot, b) in out[HEAD..].iter_mut().zip(data) {
        *slot = *b;
    }
    out
}

/// A path of the tree: absolute or virtual, no parent steps, no control characters.
fn path(data: &[u8]) -> Option<String> {
    let end = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let text = std::str::from_utf8(&data[..end]).ok()?;
    let odd = text.chars().any(|c| c.is_control() || c == '\\') || text.split('/').any(|p| p == "..");
    if odd || text.len() > 200 {
        return None;
    }
    let parts: Vec<&str> = text.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    let joined = parts.join("/");
    Some(if joined.starts_with('@') {
        joined
    } else {
        format!("/{joined}")
    })
}

/// CRC-32 as MAVLink FTP and PX4 parameters use it: reflected 0x04C11DB7, no inversions.
pub(crate) fn crc32(mut crc: u32, bytes: &[u8]) -> u32 {
    for &b in bytes {
        crc ^= u32::from(b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    crc
}
