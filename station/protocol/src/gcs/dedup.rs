//! Frames that came before: by a second link, through a loop of routers, or doubled by the radio.
//!
//! Invariant: what one sender says twice on the same path with two sequence numbers is two
//! sayings; the same bytes again, or the same saying by another path within the window, is one.
//! Memory is bounded. Source: mavlink.io, redundancy and de-duplication (the sequence number is
//! per channel and cannot tell two paths' copies apart).

use std::collections::{BTreeMap, VecDeque};

use vedette_model::Mono;

use crate::codec::Framed;

/// How long a saying is remembered, milliseconds: longer than a satellite path lags behind a
/// radio.
const WINDOW_MS: i64 = 2_000;
/// How long the same bytes on the same path are one saying, milliseconds: shorter than a sequence
/// number takes to come round at a thousand frames a second.
const SAME_MS: i64 = 200;
/// Sayings remembered.
const MOST: usize = 8_192;

/// FNV-1a over some bytes.
pub(crate) fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    for b in bytes {
        hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3);
    }
    hash
}

const BASIS: u64 = 0xCBF2_9CE4_8422_2325;

#[derive(Debug, Clone, Copy)]
struct Said {
    at: Mono,
    path: u64,
    sequence: u8,
    /// It changed something; a copy must not.
    acted: bool,
}

/// What was heard lately.
#[derive(Debug, Default)]
pub(crate) struct Dedup {
    said: BTreeMap<u64, Said>,
    order: VecDeque<(Mono, u64)>,
    copies: BTreeMap<u64, (Mono, u64)>,
    copy_order: VecDeque<(Mono, u64)>,
}

impl Dedup {
    /// Whether these very bytes were let in lately. Asked before anything is believed; bytes that
    /// were not let in are not remembered.
    pub(crate) fn copied(&mut self, now: Mono, path: u64, frame: &Framed<'_>) -> bool {
        while let Some((at, hash)) = self.copy_order.front().copied() {
            if now.since(at) <= WINDOW_MS * 1000 && self.copy_order.len() < MOST {
                break;
            }
            self.copy_order.pop_front();
            if self.copies.get(&hash).is_some_and(|(t, _)| *t == at) {
                self.copies.remove(&hash);
            }
        }
        self.copies
            .get(&fnv(BASIS, frame.raw))
            .is_some_and(|(at, by)| *by != path || now.since(*at) <= SAME_MS * 1000)
    }

    /// These bytes were let in.
    pub(crate) fn let_in(&mut self, now: Mono, path: u64, frame: &Framed<'_>) {
        let hash = fnv(BASIS, frame.raw);
        self.copies.insert(hash, (now, path));
        self.copy_order.push_back((now, hash));
    }

    /// Marks a saying as acted on; false when it was already, or was forgotten.
    pub(crate) fn act(&mut self, frame: &Framed<'_>) -> bool {
        self.said
            .get_mut(&saying(frame))
            .is_some_and(|s| !std::mem::replace(&mut s.acted, true))
    }

    /// Whether this frame was heard before; remembers it. `path` tells link and address apart.
    pub(crate) fn again(&mut self, now: Mono, path: u64, frame: &Framed<'_>) -> bool {
        while let Some((at, hash)) = self.order.front().copied() {
            if now.since(at) <= WINDOW_MS * 1000 && self.order.len() < MOST {
                break;
            }
            self.order.pop_front();
            if self.said.get(&hash).is_some_and(|s| s.at == at) {
                self.said.remove(&hash);
            }
        }
        let h = frame.header;
        let hash = saying(frame);
        let said = Said {
            at: now,
            path,
            sequence: h.sequence,
            acted: false,
        };
        match self.said.get(&hash) {
            Some(s) if s.path != path => true,
            Some(s) if s.sequence == h.sequence && now.since(s.at) <= SAME_MS * 1000 => true,
            _ => {
                self.said.insert(hash, said);
                self.order.push_back((now, hash));
                false
            }
        }
    }
}

fn saying(frame: &Framed<'_>) -> u64 {
    let h = frame.header;
    let mut hash = fnv(BASIS, &[h.system, h.component]);
    hash = fnv(hash, &h.message_id.to_le_bytes());
    fnv(hash, frame.payload)
}

/// A number for a link and an address.
pub(crate) fn path_number(link: vedette_model::LinkId, peer: &super::PeerAddr) -> u64 {
    fnv(fnv(BASIS, &link.0.to_le_bytes()), peer.0.as_bytes())
}
