//! The `.tlog` form: each frame behind its time of arrival, 8 bytes big-endian, microseconds
//! since 1970 UTC (as Mission Planner, MAVProxy and QGroundControl write it).
//!
//! Invariant: a damaged stretch costs the frames in it and no others.

use vedette_model::Utc;

use super::frame::{Framed, Look, Verdict, look};

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
        while self.rest.len() > 8 {
            // A frame with an unknown id is followed by a time, not by a frame: `whole` ends it
            // where its own header says.
            let frame = match look(&self.rest[8..], true, true) {
                Look::Frame(f) if f.verdict == Verdict::BadCrc => None,
                Look::Frame(f) => Some(f),
                Look::No => unknown_between_stamps(&self.rest[8..]),
                Look::Partial => None,
            };
            if let Some(f) = frame {
                let mut stamp = [0_u8; 8];
                stamp.copy_from_slice(&self.rest[..8]);
                let at = Utc(i64::try_from(u64::from_be_bytes(stamp)).unwrap_or(0));
                self.rest = &self.rest[8 + f.raw.len()..];
                return Some((at, f));
            }
            self.skipped += 1;
            self.rest = &self.rest[1..];
        }
        self.skipped += self.rest.len();
        self.rest = &[];
        None
    }
}

/// A frame with an unknown id inside a log is believed when a start marker stands 8 bytes behind
/// its end.
fn unknown_between_stamps(bytes: &[u8]) -> Option<Framed<'_>> {
    use super::frame::{HEADER_V1, HEADER_V2, IFLAG_SIGNED, SIGNATURE_LEN, STX_V1, STX_V2};
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
