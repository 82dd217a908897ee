//! MAVLink FTP, the station's side: lists directories and reads files of an aircraft.
//!
//! Invariant: one file at a time; what came is kept and only what is missing is asked for again,
//! also after the aircraft lost the session; a file counts as read only when its end was told,
//! nothing is missing and its checksum, where the aircraft gives one, agrees. Names, sizes and
//! offsets from the aircraft are hostile until checked. Source: mavlink.io, services/ftp.

use std::collections::VecDeque;

use vedette_model::{CommandId, FileEntry, Mono};

use super::outbox::Outbox;
use super::ranges::Ranges;
use super::rtt::Rtt;
use super::services::Who;
use crate::codec::wire;

/// Bytes of data in one message.
const DATA: usize = 239;
/// Header of the payload.
const HEAD: usize = 12;
/// Unanswered requests in a row before it is given up.
const ATTEMPTS: u8 = 10;
/// Waits for a session another client holds (ArduPilot frees it after 3 s of silence), and how often.
const BACK_OFF_MS: i64 = 4_500;
const BACK_OFFS: u8 = 5;
/// Most entries of a directory believed.
const ENTRIES_MAX: usize = 20_000;
/// Jobs waiting.
const QUEUE_MAX: usize = 16;
/// Silence in a burst that counts as its end, milliseconds at least.
const BURST_QUIET_MS: i64 = 400;

mod op {
    pub(super) const TERMINATE: u8 = 1;
    pub(super) const LIST: u8 = 3;
    pub(super) const OPEN_RO: u8 = 4;
    pub(super) const READ: u8 = 5;
    pub(super) const CRC32: u8 = 14;
    pub(super) const BURST: u8 = 15;
    pub(super) const ACK: u8 = 128;
    pub(super) const NAK: u8 = 129;
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Want {
    List,
    /// At most so many bytes.
    Read(usize),
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Parameters,
    /// What the aircraft says of itself.
    About,
    Request(CommandId),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// Entries, and how many were left out because their names cannot be trusted.
    Listed(Vec<FileEntry>, u32),
    /// Whole file and whether a checksum confirmed it.
    File(Vec<u8>, bool),
    /// Why not.
    Failed(String),
    /// Nobody answered.
    Silence,
}

#[derive(Debug)]
struct Job {
    user: User,
    path: String,
    want: Want,
    expires: Mono,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    List,
    Open,
    Read,
    Checksum,
}

#[derive(Debug)]
struct Active {
    job: Job,
    stage: Stage,
    session: u8,
    open: bool,
    /// Sequence number of the last request.
    asked: u16,
    /// Opcode of the last request.
    opcode: u8,
    sent: Mono,
    attempt: u8,
    back_offs: u8,
    deadline: Mono,
    bytes: Vec<u8>,
    have: Ranges,
    /// The aircraft said that nothing follows what we then had.
    end: Option<u64>,
    entries: Vec<FileEntry>,
    refused: u32,
    /// Entries the aircraft has counted past, refused ones included.
    offset: u32,
    restarted: bool,
}

/// The client of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Ftp {
    queue: VecDeque<Job>,
    active: Option<Active>,
    seq: u16,
    /// Ended jobs, for their users.
    pub(crate) ends: VecDeque<(User, String, End)>,
}

/// A path we may ask for: absolute or one of the virtual `@` trees, without parent steps or
/// control characters.
pub(crate) fn path_error(path: &str) -> Option<String> {
    let bad = |why: &str| Some(format!("the path `{}` {why}", path.escape_debug()));
    if path.is_empty() || path.len() > 200 {
        return bad("is empty or longer than 200 bytes");
    }
    if path.chars().any(char::is_control) || path.contains('\\') {
        return bad("holds control characters or backslashes");
    }
    if path.split('/').any(|p| p == "..") {
        return bad("leads to a parent directory");
    }
    None
}

/// A name that may stand in a list and become a file name here.
fn trusted(name: &str) -> bool {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | ':' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    !name.is_empty() && name.len() <= 128 && name != "." && name != ".." && !name.contains(odd)
}

/// CRC-32 as MAVLink FTP computes it (polynomial of IEEE 802.3 reflected, start 0, no final
/// inversion; PX4 `crc32part`, ArduPilot `crc_crc32`).
pub(crate) fn crc32(mut crc: u32, bytes: &[u8]) -> u32 {
    for b in bytes {
        crc ^= u32::from(*b);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    crc
}

impl Ftp {
    /// Adds a job; `Err` says why it was not taken.
    pub(crate) fn submit(&mut self, user: User, path: &str, want: Want, expires: Mono) -> Result<(), String> {
        if let Some(why) = path_error(path) {
            return Err(why);
        }
        if self.queue.len() >= QUEUE_MAX {
            return Err("too many files are waiting already; wait for them".to_owned());
        }
        self.queue.push_back(Job {
            user,
            path: path.to_owned(),
            want,
            expires,
        });
        Ok(())
    }

    /// Ends everything.
    pub(crate) fn abandon(&mut self, why: &str) {
        let jobs = self
            .active
            .take()
            .map(|a| a.job)
            .into_iter()
            .chain(self.queue.drain(..));
        for j in jobs {
            self.ends.push_back((j.user, j.path, End::Failed(why.to_owned())));
        }
    }

    /// Next moment [`Self::poll`] has something to do.
    pub(crate) fn next(&self) -> Option<Mono> {
        match &self.active {
            Some(a) => Some(a.deadline.min(a.job.expires)),
            None => self.queue.front().map(|_| Mono::ZERO),
        }
    }

    fn finish(&mut self, end: End, who: &Who, out: &mut Outbox) {
        let Some(a) = self.active.take() else {
            return;
        };
        if a.open {
            let seq = self.next_seq();
            send(who, seq, a.session, op::TERMINATE, 0, &[], 0, out);
        }
        self.ends.push_back((a.job.user, a.job.path, end));
    }

    fn next_seq(&mut self) -> u16 {
        self.seq = self.seq.wrapping_add(2);
        self.seq
    }

    /// Starts, repeats, gives up.
    pub(crate) fn poll(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        if self.active.is_none()
            && let Some(job) = self.queue.pop_front()
        {
            self.active = Some(Active {
                stage: if job.want == Want::List {
                    Stage::List
                } else {
                    Stage::Open
                },
                job,
                session: 0,
                open: false,
                asked: 0,
                opcode: 0,
                sent: now,
                attempt: 0,
                back_offs: 0,
                deadline: now,
                bytes: Vec::new(),
                have: Ranges::default(),
                end: None,
                entries: Vec::new(),
                refused: 0,
                offset: 0,
                restarted: false,
            });
        }
        let Some(a) = &mut self.active else {
            return;
        };
        // The packed parameters are worth four tries: the list follows.
        let most = if a.job.user == User::Parameters { 4 } else { ATTEMPTS };
        if now >= a.job.expires || (now >= a.deadline && a.attempt >= most) {
            return self.finish(End::Silence, who, out);
        }
        if now < a.deadline {
            return;
        }
        self.ask(now, who, rtt, out);
    }

    /// Sends the request the present state needs.
    fn ask(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let seq = self.next_seq();
        let Some(a) = &mut self.active else {
            return;
        };
        let path = a.job.path.as_bytes().to_vec();
        let (opcode, offset, data, size) = match a.stage {
            Stage::List => (op::LIST, a.offset, path, 0),
            Stage::Open => (op::OPEN_RO, 0, path, 0),
            Stage::Checksum => (op::CRC32, 0, path, 0),
            Stage::Read => match (a.end, a.end.and_then(|e| a.have.first_gap(e))) {
                // A gap: exactly it.
                (_, Some((from, to))) => (op::READ, low(from), Vec::new(), (to - from).min(DATA as u64)),
                // Whole as far as we know: is that really the end?
                (Some(end), None) => (op::READ, low(end), Vec::new(), DATA as u64),
                (None, _) => (op::BURST, low(a.have.whole_to()), Vec::new(), DATA as u64),
            },
        };
        let size = if data.is_empty() { size as usize } else { data.len() };
        a.asked = seq;
        a.opcode = opcode;
        a.sent = now;
        a.deadline = rtt.deadline(now, a.attempt);
        a.attempt += 1;
        send(who, seq, a.session, opcode, offset, &data, size, out);
    }

    /// FILE_TRANSFER_PROTOCOL for us.
    pub(crate) fn handle(&mut self, now: Mono, payload: &[u8; 251], who: &Who, rtt: &mut Rtt, out: &mut Outbox) {
        let Some(a) = &mut self.active else {
            return;
        };
        let seq = u16::from_le_bytes([payload[0], payload[1]]);
        let (session, opcode, asked_for, burst_end) = (payload[2], payload[3], payload[5], payload[6]);
        let data = &payload[HEAD..HEAD + usize::from(payload[4]).min(DATA)];
        let offset = u32::from_le_bytes([payload[8], payload[9], payload[10], payload[11]]);
        let behind = seq.wrapping_sub(a.asked);
        let in_order = if a.opcode == op::BURST {
            (1..=0x7FFF).contains(&behind)
        } else {
            behind == 1
        };
        if asked_for != a.opcode || !in_order {
            return;
        }
        if a.attempt == 1 && behind == 1 {
            rtt.sample(a.sent, now);
        }
        match opcode {
            op::ACK => self.ack(now, session, offset, data, burst_end != 0, who, rtt, out),
            op::NAK => self.nak(
                now,
                data.first().copied().unwrap_or(1),
                data.get(1).copied(),
                who,
                rtt,
                out,
            ),
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one message")]
    fn ack(
        &mut self,
        now: Mono,
        session: u8,
        offset: u32,
        data: &[u8],
        burst_end: bool,
        who: &Who,
        rtt: &Rtt,
        out: &mut Outbox,
    ) {
        let Some(a) = &mut self.active else {
            return;
        };
        match a.stage {
            Stage::List => {
                if data.is_empty() {
                    return self.listed(who, out);
                }
                for entry in data.split(|b| *b == 0).filter(|e| !e.is_empty()) {
                    a.offset += 1;
                    match parse_entry(entry) {
                        Parsed::Entry(e) if a.entries.len() < ENTRIES_MAX => a.entries.push(e),
                        Parsed::Entry(_) | Parsed::Refused => a.refused += 1,
                        Parsed::Skip => {}
                    }
                }
                a.attempt = 0;
                if a.offset as usize > 2 * ENTRIES_MAX {
                    return self.listed(who, out);
                }
                self.ask(now, who, rtt, out);
            }
            Stage::Open => {
                a.session = session;
                a.open = true;
                a.stage = Stage::Read;
                a.attempt = 0;
                self.ask(now, who, rtt, out);
            }
            Stage::Read => {
                if session != a.session {
                    return;
                }
                let Want::Read(most) = a.job.want else {
                    return;
                };
                let (from, to) = (u64::from(offset), u64::from(offset) + data.len() as u64);
                if to > most as u64 {
                    let why = format!("it is longer than the {most} bytes this station takes");
                    return self.finish(End::Failed(why), who, out);
                }
                let end = usize::try_from(to).unwrap_or(usize::MAX);
                if a.bytes.len() < end {
                    a.bytes.resize(end, 0);
                }
                if let Some(slot) = usize::try_from(from).ok().and_then(|f| a.bytes.get_mut(f..end)) {
                    slot.copy_from_slice(data);
                }
                if a.have.insert(from, to) > 0 {
                    a.attempt = 0;
                }
                if let Some(e) = &mut a.end {
                    *e = (*e).max(to);
                }
                if a.opcode == op::BURST && !burst_end {
                    a.deadline = rtt.deadline(now, 0).max(now.plus_ms(BURST_QUIET_MS));
                    // A burst that goes quiet is asked for again from its first gap.
                    return;
                }
                if data.is_empty() && a.opcode == op::READ {
                    // Some servers end a file with an empty answer.
                    return self.whole(now, who, rtt, out);
                }
                self.ask(now, who, rtt, out);
            }
            Stage::Checksum => {
                let told = data.get(..4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                if told == Some(crc32(0, &a.bytes)) {
                    let bytes = std::mem::take(&mut a.bytes);
                    return self.finish(End::File(bytes, true), who, out);
                }
                if a.restarted {
                    let why = "its checksum is wrong, twice".to_owned();
                    return self.finish(End::Failed(why), who, out);
                }
                a.restarted = true;
                a.bytes.clear();
                a.have = Ranges::default();
                a.end = None;
                a.attempt = 0;
                a.stage = Stage::Read;
                self.ask(now, who, rtt, out);
            }
        }
    }

    fn listed(&mut self, who: &Who, out: &mut Outbox) {
        if let Some(a) = &mut self.active {
            let end = End::Listed(std::mem::take(&mut a.entries), a.refused);
            self.finish(end, who, out);
        }
    }

    /// All bytes are here: compare checksums where the path is a real file.
    fn whole(&mut self, now: Mono, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        let Some(a) = &mut self.active else {
            return;
        };
        if a.job.path.starts_with('@') {
            let bytes = std::mem::take(&mut a.bytes);
            return self.finish(End::File(bytes, false), who, out);
        }
        a.stage = Stage::Checksum;
        a.attempt = 0;
        self.ask(now, who, rtt, out);
    }

    fn nak(&mut self, now: Mono, code: u8, errno: Option<u8>, who: &Who, rtt: &Rtt, out: &mut Outbox) {
        const INVALID_SESSION: u8 = 4;
        const NO_SESSIONS: u8 = 5;
        const EOF: u8 = 6;
        let Some(a) = &mut self.active else {
            return;
        };
        match (a.stage, code) {
            (Stage::List, EOF) => self.listed(who, out),
            (Stage::Read, EOF) if a.opcode == op::BURST => {
                a.end = Some(a.have.end());
                a.attempt = 0;
                self.ask(now, who, rtt, out);
            }
            // Nothing behind what we have, asked for by itself: this is the end.
            (Stage::Read, EOF) if a.end.is_some_and(|e| a.have.first_gap(e).is_none()) => {
                self.whole(now, who, rtt, out);
            }
            (Stage::Read, EOF) => {
                let why = "it became shorter while it was read".to_owned();
                self.finish(End::Failed(why), who, out);
            }
            (_, INVALID_SESSION | NO_SESSIONS) if a.back_offs < BACK_OFFS => {
                // Held by another client, or lost: silence, then open anew and read on.
                a.back_offs += 1;
                a.open = false;
                if a.stage != Stage::List {
                    a.stage = Stage::Open;
                }
                a.attempt = 0;
                a.deadline = now.plus_ms(BACK_OFF_MS);
                a.opcode = 0;
            }
            (Stage::Checksum, _) => {
                // It cannot tell a checksum: the file is whole, but unconfirmed.
                let bytes = std::mem::take(&mut a.bytes);
                self.finish(End::File(bytes, false), who, out);
            }
            _ => {
                let why = match code {
                    10 => "there is no such file".to_owned(),
                    9 => "it is protected".to_owned(),
                    7 => "the aircraft does not know this file operation".to_owned(),
                    2 => format!("the aircraft's file system failed with error {}", errno.unwrap_or(0)),
                    n => format!("the aircraft refused with error {n}"),
                };
                self.finish(End::Failed(why), who, out);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "files are bounded far below 4 GiB")]
fn low(v: u64) -> u32 {
    v as u32
}

#[expect(clippy::too_many_arguments, reason = "the fields of one message")]
fn send(who: &Who, seq: u16, session: u8, opcode: u8, offset: u32, data: &[u8], size: usize, out: &mut Outbox) {
    let mut payload = [0_u8; 251];
    payload[..2].copy_from_slice(&seq.to_le_bytes());
    payload[2] = session;
    payload[3] = opcode;
    payload[4] = u8::try_from(size.min(DATA)).unwrap_or(0);
    payload[8..12].copy_from_slice(&offset.to_le_bytes());
    for (slot, b) in payload[HEAD..].iter_mut().zip(data) {
        *slot = *b;
    }
    out.send(
        who.component,
        &wire::FileTransferProtocol {
            target_network: 0,
            target_system: who.system,
            target_component: who.component,
            payload: wire::Array(payload),
        },
    );
}

enum Parsed {
    Entry(FileEntry),
    Refused,
    Skip,
}

fn parse_entry(entry: &[u8]) -> Parsed {
    let Ok(text) = std::str::from_utf8(entry) else {
        return Parsed::Refused;
    };
    let directory = match text.chars().next() {
        Some('F') => false,
        Some('D') => true,
        Some('S') => return Parsed::Skip,
        _ => return Parsed::Refused,
    };
    let mut fields = text[1..].split('\t');
    let name = fields.next().unwrap_or("");
    if directory && (name == "." || name == "..") {
        return Parsed::Skip;
    }
    if !trusted(name) {
        return Parsed::Refused;
    }
    let size = fields.next().and_then(|s| s.parse().ok());
    Parsed::Entry(FileEntry {
        name: name.to_owned(),
        directory,
        size: if directory { None } else { size },
    })
}
