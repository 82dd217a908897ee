//! The transport stream reader: bytes in any chunks, events out.
//! Invariant: every lost, damaged or skipped packet is an event; memory is bounded per PID; it never fails.

use super::psi::{SectionBuffer, read_pat, read_pmt};
use super::{PACKET, SYNC, StreamInfo, StreamKind, VideoCodec};
use crate::sei;
use std::collections::{BTreeMap, VecDeque};

/// Longest access unit kept; a longer one is given out damaged in pieces of this size.
const MAX_PES: usize = 16 * 1024 * 1024;

/// What the reader found. `offset` is the position in the stream of the first packet concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TsEvent {
    /// A program association table starts here: the earliest place a recording may be cut.
    Pat {
        /// Position in the stream.
        offset: u64,
    },
    /// The streams of the program are other than before.
    ProgramChanged {
        /// All streams of all programs, by PID.
        streams: Vec<StreamInfo>,
        /// Position in the stream.
        offset: u64,
    },
    /// A video access unit that a decoder can start from begins here. Given before the unit is complete.
    RandomAccess {
        /// PID.
        pid: u16,
        /// Position in the stream.
        offset: u64,
    },
    /// A whole video access unit (Annex-B bytes).
    VideoUnit {
        /// PID.
        pid: u16,
        /// Codec.
        codec: VideoCodec,
        /// Presentation time, 90 kHz.
        pts90k: Option<u64>,
        /// Decoding time, 90 kHz, when it differs.
        dts90k: Option<u64>,
        /// A decoder can start here.
        random_access: bool,
        /// Packets are missing inside.
        damaged: bool,
        /// Position in the stream.
        offset: u64,
        /// Annex-B bytes.
        bytes: Vec<u8>,
    },
    /// KLV bytes of one access unit or packet: one set, or several one after another.
    Klv {
        /// PID: several metadata streams are kept apart.
        pid: u16,
        /// Presentation time, 90 kHz; `None` for asynchronous carriage.
        pts90k: Option<u64>,
        /// PTS of the video access unit that began last when this arrived: the frame an asynchronous set belongs to.
        video_pts90k: Option<u64>,
        /// Packets are missing inside.
        damaged: bool,
        /// Position in the stream.
        offset: u64,
        /// KLV bytes.
        bytes: Vec<u8>,
    },
    /// Program clock.
    Pcr {
        /// PID.
        pid: u16,
        /// 27 MHz ticks.
        pcr27m: u64,
        /// Position in the stream.
        offset: u64,
    },
    /// Packets of a PID were lost: its counter jumped. Equal counters mean that a picture went on after its packets said
    /// it was complete.
    Discontinuity {
        /// PID.
        pid: u16,
        /// Counter that should have come.
        expected: u8,
        /// Counter that came.
        got: u8,
        /// True when the sender announced the jump.
        announced: bool,
        /// Position in the stream.
        offset: u64,
    },
    /// A packet is marked as damaged by the receiver in front of us; it was not read.
    TransportError {
        /// PID.
        pid: u16,
        /// Position in the stream.
        offset: u64,
    },
    /// Bytes that are no transport packets were skipped.
    SyncLost {
        /// Position in the stream.
        offset: u64,
        /// Bytes skipped.
        skipped: u64,
    },
    /// A table section failed its CRC and was ignored.
    BadSection {
        /// PID.
        pid: u16,
        /// Position in the stream.
        offset: u64,
    },
}

/// What a packet's header says about its payload.
#[derive(Debug, Clone, Copy)]
struct Marks {
    start: bool,
    random_access: bool,
    stuffed: bool,
    counter: u8,
}

#[derive(Debug)]
struct Pes {
    offset: u64,
    random_access: bool,
    damaged: bool,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct PidState {
    counter: Option<u8>,
    /// Payload of the last packet, to tell a repeated packet from a counter that went round.
    last: Vec<u8>,
    pes: Option<Pes>,
    /// Fragments of a metadata access unit.
    cell: Vec<u8>,
    ending: Ending,
}

/// What a sender's stuffing tells about where an access unit of undeclared length ends. Nearly every multiplexer fills
/// up the last packet and no other, so the unit can be given out one frame earlier than by waiting for the next one.
/// It is believed after four units that kept to it, and never again after one that did not.
#[derive(Debug, Default)]
struct Ending {
    /// The last packet was filled up.
    stuffed: bool,
    /// Units that ended with a filled-up packet.
    kept: u8,
    /// A filled-up packet was not the last.
    broken: bool,
    /// The unit was given out before the next one began.
    early: bool,
}

const BELIEVED: u8 = 4;

/// Incremental reader of one transport stream.
#[derive(Debug)]
pub struct TsReader {
    pending: Vec<u8>,
    /// Stream position of `pending[0]`.
    position: u64,
    skipped: u64,
    searching: bool,
    /// PTS of the video access unit that began last.
    video_pts: Option<u64>,
    pat: SectionBuffer,
    maps: BTreeMap<u16, SectionBuffer>,
    programs: Vec<(u16, u16)>,
    by_program: BTreeMap<u16, Vec<StreamInfo>>,
    streams: BTreeMap<u16, StreamInfo>,
    pids: BTreeMap<u16, PidState>,
    out: VecDeque<TsEvent>,
}

impl Default for TsReader {
    fn default() -> Self {
        TsReader::new()
    }
}

impl TsReader {
    /// A reader at position 0.
    pub fn new() -> Self {
        TsReader {
            // The first packet, too, is believed only when another follows it.
            searching: true,
            pending: Vec::new(),
            position: 0,
            skipped: 0,
            video_pts: None,
            pat: SectionBuffer::default(),
            maps: BTreeMap::new(),
            programs: Vec::new(),
            by_program: BTreeMap::new(),
            streams: BTreeMap::new(),
            pids: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// Bytes taken so far.
    pub fn position(&self) -> u64 {
        self.position + self.pending.len() as u64
    }

    /// The streams of the program map as last seen.
    pub fn streams(&self) -> Vec<StreamInfo> {
        self.streams.values().copied().collect()
    }

    /// Takes bytes and returns what they completed.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<TsEvent> {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let rest = &self.pending[at..];
            if self.searching {
                // Resynchronise where two sync bytes stand one packet apart; later positions cannot be judged yet.
                let Some(testable) = rest.len().checked_sub(PACKET).filter(|n| *n > 0) else {
                    break;
                };
                let hit = (0..testable).find(|p| rest[*p] == SYNC && rest[p + PACKET] == SYNC);
                self.searching = hit.is_none();
                let passed = hit.unwrap_or(testable);
                self.skipped += passed as u64;
                at += passed;
                continue;
            }
            let Some(packet) = rest.first_chunk::<PACKET>().copied() else {
                break;
            };
            if packet[0] != SYNC {
                self.searching = true;
                continue;
            }
            self.end_skip(at);
            let offset = self.position + at as u64;
            self.packet(&packet, offset);
            at += PACKET;
        }
        self.pending.drain(..at);
        self.position += at as u64;
        self.out.drain(..).collect()
    }

    /// Ends the stream: gives out units still open.
    pub fn finish(&mut self) -> Vec<TsEvent> {
        if let Ok(packet) = <[u8; PACKET]>::try_from(self.pending.as_slice())
            && packet[0] == SYNC
        {
            self.end_skip(0);
            self.packet(&packet, self.position);
            self.position += PACKET as u64;
            self.pending.clear();
        }
        self.skipped += self.pending.len() as u64;
        let end = self.pending.len();
        self.end_skip(end);
        self.position += end as u64;
        self.pending.clear();
        let open: Vec<u16> = self
            .pids
            .iter()
            .filter(|(_, s)| s.pes.is_some())
            .map(|(p, _)| *p)
            .collect();
        for pid in open {
            self.flush(pid);
        }
        self.out.drain(..).collect()
    }

    fn end_skip(&mut self, at: usize) {
        if self.skipped > 0 {
            let offset = self.position + at as u64 - self.skipped;
            self.out.push_back(TsEvent::SyncLost {
                offset,
                skipped: self.skipped,
            });
            self.skipped = 0;
        }
    }

    fn packet(&mut self, p: &[u8; PACKET], offset: u64) {
        let pid = u16::from_be_bytes([p[1] & 0x1f, p[2]]);
        if p[1] & 0x80 != 0 {
            self.out.push_back(TsEvent::TransportError { pid, offset });
            return;
        }
        if pid == 0x1fff {
            return;
        }
        let start = p[1] & 0x40 != 0;
        let control = p[3] >> 4 & 3;
        let counter = p[3] & 0x0f;
        let mut payload_at = 4;
        let (mut random_access, mut announced, mut stuffed) = (false, false, false);
        if control & 2 != 0 {
            let length = usize::from(p[4]);
            payload_at = 5 + length;
            stuffed = length == 0;
            if length > 0 {
                let used = match p[5] & 0x1f {
                    0x00 => Some(1),
                    0x10 => Some(7),
                    _ => None, // other fields: not judged
                };
                stuffed = used.is_some_and(|n| length > n);
                announced = p[5] & 0x80 != 0;
                random_access = p[5] & 0x40 != 0;
                if p[5] & 0x10 != 0 && length >= 7 {
                    let base = u64::from(p[6]) << 25
                        | u64::from(p[7]) << 17
                        | u64::from(p[8]) << 9
                        | u64::from(p[9]) << 1
                        | u64::from(p[10]) >> 7;
                    let extension = u64::from(p[10] & 1) << 8 | u64::from(p[11]);
                    self.out.push_back(TsEvent::Pcr {
                        pid,
                        pcr27m: base * 300 + extension,
                        offset,
                    });
                }
            }
        }
        if control & 1 == 0 || payload_at >= PACKET {
            return;
        }
        let payload = &p[payload_at..];
        let state = self.pids.entry(pid).or_insert_with(|| PidState {
            counter: None,
            last: Vec::new(),
            pes: None,
            cell: Vec::new(),
            ending: Ending::default(),
        });
        if let Some(previous) = state.counter {
            let expected = (previous + 1) & 0x0f;
            if counter == previous && state.last == payload {
                return; // a repeated packet, which the standard allows once
            }
            if counter != expected {
                if let Some(pes) = &mut state.pes {
                    pes.damaged = true;
                }
                self.out.push_back(TsEvent::Discontinuity {
                    pid,
                    expected,
                    got: counter,
                    announced,
                    offset,
                });
            }
        }
        state.counter = Some(counter);
        state.last.clear();
        state.last.extend_from_slice(payload);
        if p[3] & 0xc0 != 0 {
            return; // scrambled
        }
        if pid == 0 {
            if start {
                self.out.push_back(TsEvent::Pat { offset });
            }
            for section in self.pat.push(start, payload) {
                self.take_pat(section, offset);
            }
        } else if let Some(buffer) = self.maps.get_mut(&pid) {
            for section in buffer.push(start, payload) {
                self.take_pmt(pid, section, offset);
            }
        } else {
            let marks = Marks {
                start,
                random_access,
                stuffed,
                counter,
            };
            self.take_pes(pid, marks, payload, offset);
        }
    }

    fn take_pat(&mut self, section: Result<Vec<u8>, ()>, offset: u64) {
        let Some(programs) = section.ok().as_deref().and_then(read_pat) else {
            self.out.push_back(TsEvent::BadSection { pid: 0, offset });
            return;
        };
        if programs == self.programs {
            return;
        }
        let pids: Vec<u16> = programs.iter().map(|(_, pid)| *pid).collect();
        self.maps.retain(|pid, _| pids.contains(pid));
        for pid in pids {
            self.maps.entry(pid).or_default();
        }
        self.by_program
            .retain(|program, _| programs.iter().any(|(p, _)| p == program));
        self.programs = programs;
    }

    fn take_pmt(&mut self, pid: u16, section: Result<Vec<u8>, ()>, offset: u64) {
        let Ok(section) = section else {
            self.out.push_back(TsEvent::BadSection { pid, offset });
            return;
        };
        let Some((_, streams)) = read_pmt(&section) else {
            return;
        };
        let program = u16::from_be_bytes([section[3], section[4]]);
        if self.by_program.get(&program) == Some(&streams) {
            return;
        }
        self.by_program.insert(program, streams);
        self.streams = self.by_program.values().flatten().map(|s| (s.pid, *s)).collect();
        let gone: Vec<u16> = self
            .pids
            .keys()
            .copied()
            .filter(|p| *p != 0 && !self.maps.contains_key(p) && !self.streams.contains_key(p))
            .collect();
        for pid in gone {
            if let Some(state) = self.pids.get_mut(&pid) {
                state.pes = None;
                state.cell.clear();
            }
        }
        self.out.push_back(TsEvent::ProgramChanged {
            streams: self.streams(),
            offset,
        });
    }

    fn take_pes(&mut self, pid: u16, marks: Marks, payload: &[u8], offset: u64) {
        let Some(kind) = self.streams.get(&pid).map(|s| s.kind) else {
            return;
        };
        if kind == StreamKind::Other {
            return;
        }
        if marks.start {
            if let Some(state) = self.pids.get_mut(&pid) {
                let e = &mut state.ending;
                e.kept = (e.kept + u8::from(e.stuffed)).min(BELIEVED);
                (e.stuffed, e.early) = (false, false);
            }
            self.flush(pid);
            let mut random_access = marks.random_access;
            if let StreamKind::Video(codec) = kind {
                let body = payload
                    .get(8)
                    .and_then(|n| payload.get(9 + usize::from(*n)..))
                    .unwrap_or(&[]);
                // Marked by the sender, or seen in the first bytes of the picture when the sender does not mark.
                random_access |= sei::starts_random_access(codec, body);
                if random_access {
                    self.out.push_back(TsEvent::RandomAccess { pid, offset });
                }
                if payload.get(7).is_some_and(|f| f & 0x80 != 0)
                    && let Some(pts) = read_time(payload, 9)
                {
                    self.video_pts = Some(pts);
                }
            }
            if let Some(state) = self.pids.get_mut(&pid) {
                state.pes = Some(Pes {
                    offset,
                    random_access,
                    damaged: false,
                    bytes: payload.to_vec(),
                });
            }
        } else if let Some(state) = self.pids.get_mut(&pid) {
            if state.ending.stuffed {
                state.ending.broken = true;
            }
            if state.ending.early {
                state.ending.early = false;
                // The unit went on after it seemed complete: said as a loss, as its picture is damaged.
                self.out.push_back(TsEvent::Discontinuity {
                    pid,
                    expected: marks.counter,
                    got: marks.counter,
                    announced: false,
                    offset,
                });
            }
            if let Some(pes) = &mut state.pes {
                pes.bytes.extend_from_slice(payload);
            }
        }
        let complete = self.pids.get(&pid).and_then(|s| s.pes.as_ref()).is_some_and(|pes| {
            let declared = pes
                .bytes
                .get(4..6)
                .map_or(0, |b| usize::from(u16::from_be_bytes([b[0], b[1]])));
            (declared > 0 && pes.bytes.len() >= 6 + declared) || pes.bytes.len() > MAX_PES
        });
        let mut early = false;
        if let Some(state) = self.pids.get_mut(&pid) {
            let e = &mut state.ending;
            e.stuffed = marks.stuffed;
            early = !complete
                && marks.stuffed
                && !e.broken
                && e.kept == BELIEVED
                && state.pes.is_some()
                && matches!(kind, StreamKind::Video(_));
            e.early = early;
        }
        if complete || early {
            self.flush(pid);
        }
    }

    fn flush(&mut self, pid: u16) {
        let Some(kind) = self.streams.get(&pid).map(|s| s.kind) else {
            return;
        };
        let Some(state) = self.pids.get_mut(&pid) else {
            return;
        };
        let Some(pes) = state.pes.take() else {
            return;
        };
        let Some(unit) = PesUnit::read(&pes) else {
            return;
        };
        let damaged = pes.damaged || unit.short || pes.bytes.len() > MAX_PES;
        match kind {
            StreamKind::Video(codec) => self.out.push_back(TsEvent::VideoUnit {
                pid,
                codec,
                pts90k: unit.pts,
                dts90k: unit.dts,
                random_access: pes.random_access || sei::is_random_access(codec, unit.body),
                damaged,
                offset: pes.offset,
                bytes: unit.body.to_vec(),
            }),
            StreamKind::KlvSync if !unit.body.starts_with(&crate::set::UL_PREFIX) => {
                for (bytes, broken) in read_cells(&mut state.cell, unit.body) {
                    self.out.push_back(TsEvent::Klv {
                        pid,
                        pts90k: unit.pts,
                        video_pts90k: self.video_pts,
                        damaged: damaged || broken,
                        offset: pes.offset,
                        bytes,
                    });
                }
            }
            StreamKind::KlvSync | StreamKind::KlvAsync | StreamKind::Private => {
                let bare = unit.body.starts_with(&crate::set::UL_PREFIX);
                if bare || (kind == StreamKind::KlvAsync && !unit.body.is_empty()) {
                    self.out.push_back(TsEvent::Klv {
                        pid,
                        pts90k: unit.pts,
                        video_pts90k: self.video_pts,
                        damaged,
                        offset: pes.offset,
                        bytes: unit.body.to_vec(),
                    });
                }
            }
            StreamKind::Other => {}
        }
    }
}

struct PesUnit<'a> {
    pts: Option<u64>,
    dts: Option<u64>,
    short: bool,
    body: &'a [u8],
}

impl<'a> PesUnit<'a> {
    fn read(pes: &'a Pes) -> Option<Self> {
        let b = &pes.bytes;
        if b.get(..3)? != [0, 0, 1] {
            return None;
        }
        let declared = usize::from(u16::from_be_bytes([*b.get(4)?, *b.get(5)?]));
        let short = declared > 0 && b.len() < 6 + declared;
        let end = if declared > 0 {
            b.len().min(6 + declared)
        } else {
            b.len()
        };
        let flags = *b.get(7)?;
        let header = usize::from(*b.get(8)?);
        let time = |at: usize| read_time(b, at);
        Some(PesUnit {
            pts: (flags & 0x80 != 0 && header >= 5).then(|| time(9)).flatten(),
            dts: (flags & 0xc0 == 0xc0 && header >= 10).then(|| time(14)).flatten(),
            short,
            body: b.get(9 + header..end).unwrap_or(&[]),
        })
    }
}

/// The 33-bit time stamp of a PES header at `at`.
fn read_time(pes: &[u8], at: usize) -> Option<u64> {
    let t = pes.get(at..at + 5)?;
    Some(
        u64::from(t[0] >> 1 & 7) << 30
            | u64::from(t[1]) << 22
            | u64::from(t[2] >> 1) << 15
            | u64::from(t[3]) << 7
            | u64::from(t[4] >> 1),
    )
}

/// Reads metadata access unit cells (ISO/IEC 13818-1 section 2.12.4): whole units out, fragments kept in `open`.
fn read_cells(open: &mut Vec<u8>, body: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    let mut rest = body;
    while rest.len() >= 5 {
        let fragment = rest[2] >> 6;
        let length = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        let cell = &rest[5..(5 + length).min(rest.len())];
        let broken = cell.len() < length;
        match fragment {
            0b11 => {
                open.clear();
                out.push((cell.to_vec(), broken));
            }
            0b10 => {
                open.clear();
                open.extend_from_slice(cell);
            }
            _ => {
                if open.len() + cell.len() <= MAX_PES {
                    open.extend_from_slice(cell);
                }
                if fragment == 0b01 {
                    out.push((std::mem::take(open), broken));
                }
            }
        }
        rest = &rest[(5 + length).min(rest.len())..];
    }
    out.retain(|(bytes, _)| !bytes.is_empty());
    out
}
