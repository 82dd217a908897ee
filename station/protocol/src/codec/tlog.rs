//! The `.tlog` form: each frame behind its time of arrival, 8 bytes big-endian, microseconds
//! since 1970 UTC (as Mission Planner, MAVProxy and QGroundControl write it).
//!
//! Invariant: a damaged stretch costs the frames in it and no others.

use vedette_model::Utc;

use super::OwnedFrame;
use super::frame::{
    Framed, HEADER_V1, HEADER_V2, IFLAG_SIGNED, Look, MAX_FRAME, SIGNATURE_LEN, STX_V1, STX_V2, Verdict, look,
};

/// Bytes of a time.
const STAMP: usize = 8;
/// Bytes that decide about a record: its own and the start marker of the next.
const AHEAD: usize = STAMP + MAX_FRAME + STAMP + 1;

/// One record: time, then the frame as it came.
pub fn append(out: &mut Vec<u8>, at: Utc, raw: &[u8]) {
    out.extend_from_slice(&u64::try_from(at.0).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(raw);
}

/// Reads records one by one.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    skipped: usize,
}

/// Reads the records of a whole file.
#[must_use]
pub fn read(bytes: &[u8]) -> Reader<'_> {
    Reader {
        rest: bytes,
        skipped: 0,
    }
}

impl Reader<'_> {
    /// Bytes that belonged to no record.
    #[must_use]
    pub fn skipped_bytes(&self) -> usize {
        self.skipped
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = (Utc, Framed<'a>);
    fn next(&mut self) -> Option<Self::Item> {
        while self.rest.len() > STAMP {
            if let Some((at, f)) = record(self.rest) {
                self.rest = &self.rest[STAMP + f.raw.len()..];
                return Some((at, f));
            }
            let n = to_next_candidate(self.rest);
            self.skipped += n;
            self.rest = &self.rest[n..];
        }
        self.skipped += self.rest.len();
        self.rest = &[];
        None
    }
}

/// Reads a log that comes in pieces, so that a file larger than memory plays as well as a small one.
///
/// Invariant: however it is cut, it gives what [`read`] gives; it holds one piece and one record.
#[derive(Debug, Default)]
pub struct Stream {
    buffer: Vec<u8>,
    skipped: u64,
}

impl Stream {
    /// Bytes so far that belonged to no record.
    #[must_use]
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped
    }

    /// Takes the next bytes and gives the records that are whole; `last` says that nothing follows.
    pub fn push(&mut self, bytes: &[u8], last: bool) -> Vec<(Utc, OwnedFrame)> {
        self.buffer.extend_from_slice(bytes);
        let (mut out, mut at) = (Vec::new(), 0);
        loop {
            let rest = &self.buffer[at..];
            if rest.len() <= STAMP || (!last && rest.len() < AHEAD) {
                break;
            }
            if let Some((time, f)) = record(rest) {
                at += STAMP + f.raw.len();
                out.push((time, f.into()));
            } else {
                let n = to_next_candidate(rest);
                at += n;
                self.skipped += n as u64;
            }
        }
        if last {
            self.skipped += (self.buffer.len() - at) as u64;
            self.buffer.clear();
        } else {
            self.buffer.drain(..at);
        }
        out
    }
}

/// The record at the start, more than [`STAMP`] bytes given.
fn record(bytes: &[u8]) -> Option<(Utc, Framed<'_>)> {
    // A frame with an unknown id is followed by a time, not by a frame: `whole` ends it where its
    // own header says.
    let frame = match look(&bytes[STAMP..], true, true) {
        Look::Frame(f) if f.verdict == Verdict::BadCrc => None,
        Look::Frame(f) => Some(f),
        Look::No => unknown_between_stamps(&bytes[STAMP..]),
        Look::Partial => None,
    }?;
    let mut stamp = [0_u8; STAMP];
    stamp.copy_from_slice(&bytes[..STAMP]);
    Some((Utc(i64::try_from(u64::from_be_bytes(stamp)).unwrap_or(0)), frame))
}

/// Bytes to leave out until a start marker stands behind the place of a time.
fn to_next_candidate(bytes: &[u8]) -> usize {
    let marks = |b: &u8| matches!(*b, STX_V1 | STX_V2);
    let (from, mut at) = (STAMP + 1, STAMP + 1);
    // Many at once first: a hole of gigabytes is passed quickly.
    while bytes
        .get(at..at + 64)
        .is_some_and(|chunk| !chunk.iter().fold(false, |any, b| any | marks(b)))
    {
        at += 64;
    }
    bytes
        .get(at..)
        .and_then(|b| b.iter().position(marks))
        .map_or(bytes.len() - STAMP, |n| at - from + n + 1)
}

/// A frame with an unknown id inside a log is believed when a start marker stands 8 bytes behind
/// its end.
fn unknown_between_stamps(bytes: &[u8]) -> Option<Framed<'_>> {
    let len = usize::from(*bytes.get(1)?);
    let total = match *bytes.first()? {
        STX_V2 => {
            let signed = bytes.get(2)? & IFLAG_SIGNED != 0;
            HEADER_V2 + len + 2 + if signed { SIGNATURE_LEN } else { 0 }
        }
        STX_V1 => HEADER_V1 + len + 2,
        _ => return None,
    };
    if !matches!(bytes.get(total + 8)?, &STX_V1 | &STX_V2) {
        return None;
    }
    match look(&bytes[..total], true, true) {
        Look::Frame(f) if f.verdict == Verdict::UnknownId => Some(f),
        _ => None,
    }
}
