//! What signing remembers over a restart, as values and as bytes.
//!
//! Invariant: what is written reads back the same; damaged bytes are an error, never a panic.

use super::SealError;

/// Largest number of aircraft or streams read: a system id is a byte.
const MOST: usize = 4096;

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Nothing was sent or accepted after this was made.
    pub ended: bool,
    /// By aircraft.
    pub aircraft: Vec<SlotMemory>,
}

/// One aircraft.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotMemory {
    /// System id.
    pub system: u8,
    /// Key in force.
    pub key: Option<[u8; 32]>,
    /// Key offered and not yet seen in use.
    pub candidate: Option<[u8; 32]>,
    /// Newest stamp sent.
    pub sent: u64,
    /// Newest stamp accepted.
    pub heard: u64,
    /// Newest stamp of each stream.
    pub streams: Vec<StreamMemory>,
}

impl std::fmt::Debug for SlotMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Keys are not printed.
        f.debug_struct("SlotMemory")
            .field("system", &self.system)
            .field("keyed", &self.key.is_some())
            .field("sent", &self.sent)
            .field("heard", &self.heard)
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}

/// One stream of an aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamMemory {
    /// Component.
    pub component: u8,
    /// Its channel (link id of the signature).
    pub channel: u8,
    /// Newest stamp.
    pub stamp: u64,
}

/// Bytes left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], SealError> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(SealError::Damaged)?;
        self.0 = rest;
        Ok(head)
    }
    fn byte(&mut self) -> Result<u8, SealError> {
        Ok(self.take(1)?[0])
    }
    fn number(&mut self) -> Result<u64, SealError> {
        let mut b = [0_u8; 8];
        b.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(b))
    }
    fn count(&mut self) -> Result<usize, SealError> {
        let n = u16::from_le_bytes([self.byte()?, self.byte()?]);
        Some(usize::from(n)).filter(|n| *n <= MOST).ok_or(SealError::Damaged)
    }
    fn key(&mut self) -> Result<Option<[u8; 32]>, SealError> {
        if self.byte()? == 0 {
            return Ok(None);
        }
        let mut k = [0_u8; 32];
        k.copy_from_slice(self.take(32)?);
        Ok(Some(k))
    }
}

fn put_count(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes());
}

fn put_key(out: &mut Vec<u8>, key: Option<&[u8; 32]>) {
    match key {
        None => out.push(0),
        Some(k) => {
            out.push(1);
            out.extend_from_slice(k);
        }
    }
}

impl Memory {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![u8::from(self.ended)];
        let aircraft = &self.aircraft[..self.aircraft.len().min(MOST)];
        put_count(&mut out, aircraft.len());
        for a in aircraft {
            out.push(a.system);
            put_key(&mut out, a.key.as_ref());
            put_key(&mut out, a.candidate.as_ref());
            out.extend_from_slice(&a.sent.to_le_bytes());
            out.extend_from_slice(&a.heard.to_le_bytes());
            let streams = &a.streams[..a.streams.len().min(MOST)];
            put_count(&mut out, streams.len());
            for s in streams {
                out.extend_from_slice(&[s.component, s.channel]);
                out.extend_from_slice(&s.stamp.to_le_bytes());
            }
        }
        out
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        let mut b = Bytes(bytes);
        let ended = b.byte()? == 1;
        let mut aircraft = Vec::new();
        for _ in 0..b.count()? {
            let mut slot = SlotMemory {
                system: b.byte()?,
                key: b.key()?,
                candidate: b.key()?,
                sent: b.number()?,
                heard: b.number()?,
                streams: Vec::new(),
            };
            for _ in 0..b.count()? {
                slot.streams.push(StreamMemory {
                    component: b.byte()?,
                    channel: b.byte()?,
                    stamp: b.number()?,
                });
            }
            aircraft.push(slot);
        }
        if b.0.is_empty() {
            Ok(Self { ended, aircraft })
        } else {
            Err(SealError::Damaged)
        }
    }
}
