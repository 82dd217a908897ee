//! The aircraft's side of MAVLink signing (mavlink.io, message signing): one key, one clock, one
//! replay table for all channels.
//!
//! Invariant: with a key set, nothing unsigned, wrongly signed or old is acted on, radio status
//! excepted; a signature time is never used twice. Must not know what messages mean.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::wire::Frame;

/// Signature clock begins at 2015-01-01 00:00:00 UTC, seconds of Unix time.
const EPOCH_S: i64 = 1_420_070_400;
/// A stream heard for the first time may be this far behind our clock: 60 s in units of 10 µs.
const BEHIND: u64 = 6_000_000;
/// Streams remembered.
const STREAMS: usize = 256;
/// Understood without signature: RADIO_STATUS and ArduPilot's RADIO.
const FREE: [u32; 2] = [109, 166];

/// Frames refused, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refused {
    /// No signature where one is needed.
    pub unsigned: u64,
    /// A signature of another key, or of other bytes.
    pub forged: u64,
    /// A signature that is not newer than the last of its stream, or too old for a new one.
    pub replayed: u64,
}

/// Key and memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signer {
    key: Option<[u8; 32]>,
    /// Last time used or accepted.
    time: u64,
    streams: BTreeMap<(u8, u8, u8), u64>,
    pub(crate) refused: Refused,
}

/// Signature time of a moment of UTC, microseconds.
pub(crate) fn time_of(utc_us: i64) -> u64 {
    ((utc_us - EPOCH_S * 1_000_000) / 10).max(0) as u64
}

fn digest(key: &[u8; 32], frame: &[u8], link_and_time: &[u8]) -> [u8; 6] {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(frame);
    hash.update(link_and_time);
    let whole: [u8; 32] = hash.finalize().into();
    let mut out = [0; 6];
    out.copy_from_slice(&whole[..6]);
    out
}

impl Signer {
    /// SETUP_SIGNING: a key and its first time; all zeros end signing.
    pub(crate) fn setup(&mut self, key: [u8; 32], time: u64) {
        self.streams.clear();
        if key == [0; 32] && time == 0 {
            self.key = None;
        } else {
            self.key = Some(key);
            self.time = self.time.max(time);
        }
    }

    pub(crate) fn on(&self) -> bool {
        self.key.is_some()
    }

    /// Signs a finished frame for a channel, if there is a key.
    pub(crate) fn sign(&mut self, frame: Vec<u8>, link: u8, now: u64) -> Vec<u8> {
        let Some(key) = self.key else {
            return frame;
        };
        self.time = (self.time + 1).max(now);
        let mut out = frame;
        out[2] |= 1;
        // The checksum covers the flag just set.
        let end = out.len() - 2;
        let crc = crate::wire::checksum(&out[..end]);
        out[end..].copy_from_slice(&crc);
        let mut tail = [0; 7];
        tail[0] = link;
        tail[1..].copy_from_slice(&self.time.to_le_bytes()[..6]);
        let signature = digest(&key, &out, &tail);
        out.extend_from_slice(&tail);
        out.extend_from_slice(&signature);
        out
    }

    /// Whether a frame may be acted on.
    pub(crate) fn admits(&mut self, f: &Frame<'_>) -> bool {
        let Some(key) = self.key else {
            return true;
        };
        let Some(s) = f.signature else {
            if FREE.contains(&f.id) {
                return true;
            }
            self.refused.unsigned += 1;
            return false;
        };
        // Every byte is compared, whatever the first ones say.
        let differs = digest(&key, f.raw, &s[..7])
            .iter()
            .zip(&s[7..])
            .fold(0, |d, (a, b)| d | (a ^ b));
        if differs != 0 {
            self.refused.forged += 1;
            return false;
        }
        let mut time = [0; 8];
        time[..6].copy_from_slice(&s[1..7]);
        let time = u64::from_le_bytes(time);
        let stream = (f.system, f.component, s[0]);
        let fresh = match self.streams.get(&stream) {
            Some(last) => time > *last,
            None => time + BEHIND >= self.time && self.streams.len() < STREAMS,
        };
        if !fresh {
            self.refused.replayed += 1;
            return false;
        }
        self.streams.insert(stream, time);
        self.time = self.time.max(time);
        true
    }
}
