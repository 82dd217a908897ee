//! MAVLink 2 signatures as bytes: the 13-byte block behind the checksum, made and checked.
//!
//! Invariant: a key is never printed; comparing takes the same time wherever the difference is.
//! Source: MAVLink message signing guide (first 48 bits of SHA-256 over key, frame, link id and
//! time stamp; the stamp in 10 µs since 2015-01-01 UTC). Knows no policy and keeps no state.

use sha2::{Digest, Sha256};
use vedette_model::Utc;

use super::frame::{HEADER_V2, IFLAG_SIGNED, SIGNATURE_LEN, STX_V2};
use super::{checksum, crc_extra};

/// 2015-01-01 UTC, microseconds since 1970: where signing time begins.
const EPOCH_US: i64 = 1_420_070_400_000_000;
/// Largest 48-bit stamp.
const STAMP_MAX: u64 = (1 << 48) - 1;

/// A secret shared with one aircraft.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// From a passphrase, as QGroundControl, Mission Planner and MAVProxy do: its SHA-256.
    #[must_use]
    pub fn of_passphrase(words: &str) -> Self {
        Self(Sha256::digest(words.as_bytes()).into())
    }
    /// The secret itself, for SETUP_SIGNING and for the sealed file.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// Four hex digits by which people tell keys apart; tells nothing about the key.
    #[must_use]
    pub fn name(&self) -> String {
        let d = Sha256::new().chain_update(b"key name").chain_update(self.0).finalize();
        format!("{:02x}{:02x}", d[0], d[1])
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.name())
    }
}

/// Signing time: 10 µs since 2015-01-01 UTC, 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Of a civil time; 0 before 2015.
    #[must_use]
    pub fn of_utc(utc: Utc) -> Self {
        let tens = utc.0.saturating_sub(EPOCH_US) / 10;
        Self(u64::try_from(tens).unwrap_or(0).min(STAMP_MAX))
    }
    /// Later by this many seconds.
    #[must_use]
    pub fn plus_s(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(100_000)).min(STAMP_MAX))
    }
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1).min(STAMP_MAX))
    }
    /// Seconds from `earlier` to this; negative when it is later.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "48 bits")]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 as f64 - earlier.0 as f64) * 1e-5
    }
}

/// A signature block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Channel of the sender.
    pub link_id: u8,
    /// When.
    pub stamp: Stamp,
    /// 48 bits.
    pub signature: [u8; 6],
}

/// The signature block of a whole frame; `None` when it carries none.
#[must_use]
pub fn block(raw: &[u8]) -> Option<Block> {
    if *raw.first()? != STX_V2 || raw.get(2)? & IFLAG_SIGNED == 0 {
        return None;
    }
    let end = HEADER_V2 + usize::from(*raw.get(1)?) + 2;
    let tail = raw.get(end..end + SIGNATURE_LEN)?;
    let mut stamp = [0_u8; 8];
    stamp[..6].copy_from_slice(&tail[1..7]);
    let mut signature = [0_u8; 6];
    signature.copy_from_slice(&tail[7..]);
    Some(Block {
        link_id: tail[0],
        stamp: Stamp(u64::from_le_bytes(stamp)),
        signature,
    })
}

/// First 48 bits of SHA-256 over the key and everything of a frame up to the stamp.
fn signature(signed: &[u8], key: &Key) -> [u8; 6] {
    let digest = Sha256::new().chain_update(key.0).chain_update(signed).finalize();
    let mut out = [0_u8; 6];
    out.copy_from_slice(&digest[..6]);
    out
}

/// Whether a whole signed frame carries the right signature under `key`.
#[must_use]
pub fn fits(raw: &[u8], key: &Key) -> bool {
    let Some(block) = block(raw) else { return false };
    let Some(end) = raw.get(1).map(|n| HEADER_V2 + usize::from(*n) + 2 + 7) else {
        return false;
    };
    let Some(signed) = raw.get(..end) else { return false };
    let right = signature(signed, key);
    // No early end: the time tells nothing of where the first difference is.
    right
        .iter()
        .zip(&block.signature)
        .fold(0_u8, |all, (a, b)| all | (a ^ b))
        == 0
}

/// Signs an unsigned MAVLink 2 frame of a known id: sets the flag, renews the checksum, appends
/// the block. Anything else is returned as it is.
#[must_use]
pub fn sign(frame: &[u8], key: &Key, link_id: u8, stamp: Stamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(frame.len() + SIGNATURE_LEN);
    out.extend_from_slice(frame);
    let fit = frame.len() >= HEADER_V2 + 2
        && frame[0] == STX_V2
        && frame[2] & IFLAG_SIGNED == 0
        && frame.len() == HEADER_V2 + usize::from(frame[1]) + 2;
    if !fit {
        return out;
    }
    out[2] |= IFLAG_SIGNED;
    let end = out.len() - 2;
    let id = u32::from_le_bytes([out[7], out[8], out[9], 0]);
    let crc = checksum(&out[1..end], crc_extra(id).unwrap_or(0));
    out[end..].copy_from_slice(&crc.to_le_bytes());
    out.push(link_id);
    out.extend_from_slice(&stamp.0.to_le_bytes()[..6]);
    let signature = signature(&out, key);
    out.extend_from_slice(&signature);
    out
}
