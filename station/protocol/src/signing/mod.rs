//! Which frames are proven: keys by aircraft, one clock and one replay table for all links.
//!
//! Invariant: a frame that was accepted makes itself and everything older of its stream
//! unacceptable, on every link and after every restart; a key change never leaves both sides
//! refusing each other, because until the new key is seen in use both keys are believed and the
//! old one is sent. Source: MAVLink message signing guide. Knows no sockets and no files: its
//! memory goes out and comes back as a [`Memory`].

mod line;
mod memory;
mod sealed;

use std::collections::BTreeMap;

use vedette_model::{LinkId, Mono, SigningReport, SigningState, Utc};

use crate::codec::sign::{self, Key, Stamp};
use crate::codec::{Framed, Version};

pub use line::{LineError, open_line, seal_line};
pub use memory::{Memory, SlotMemory, StreamMemory};
pub use sealed::{SealError, open, seal};

/// A stream never heard before may be this far behind, seconds (signing guide).
const NEW_STREAM_S: u64 = 60;
/// After an end without a last word, stamps this much newer than remembered may have been used,
/// seconds. The shell writes the memory at least this often.
pub const MEMORY_S: u64 = 2;
/// Between two counts told of one aircraft, milliseconds.
const TELL_MS: i64 = 1_000;
/// SETUP_SIGNING again while the new key is not seen in use, milliseconds.
const OFFER_MS: i64 = 1_000;
/// The first one after the change began: the candidate must be remembered first.
const FIRST_OFFER_MS: i64 = 1_500;
/// SETUP_SIGNING at most this often; the candidate stays believed after that.
const OFFERS: u8 = 8;
/// Radios report their own state unsigned: RADIO_STATUS and its ArduPilot ancestor RADIO.
const ALWAYS: [u32; 2] = [109, 166];
/// Proven this lately, refused frames are somebody else's and no state of the aircraft,
/// milliseconds.
const STATE_MS: i64 = 3_000;
/// Streams remembered for one aircraft.
const STREAMS_MAX: usize = 512;

/// What a link lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LinkPolicy {
    /// Aircraft with a key must sign; others may come unsigned.
    #[default]
    Keyed,
    /// Everything must be signed by a known key, radios' own status excepted.
    Signed,
    /// A wire on the bench: unsigned frames are let in for everyone.
    Open,
}

/// How much a frame that is let in is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Right signature.
    Proven,
    /// No signature, or none we can judge, and none is asked for.
    Claimed,
}

/// Why a frame is kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reject {
    /// Its signature is wrong.
    BadSignature,
    /// It is not newer than what its stream said before, or a new stream too far behind.
    Replayed,
    /// It has none and must have one.
    Unsigned,
}

/// A key being changed.
#[derive(Debug, Clone)]
struct Change {
    key: Key,
    offers: u8,
    next: Mono,
    /// Then it counts as not taken, though it stays believed.
    until: Mono,
}

/// One aircraft.
#[derive(Debug, Clone, Default)]
struct Slot {
    active: Option<Key>,
    change: Option<Change>,
    /// Newest stamp sent under this aircraft's key.
    sent: Stamp,
    /// Newest stamp accepted from it.
    heard: Stamp,
    /// Newest stamp of each (component, channel).
    streams: BTreeMap<(u8, u8), Stamp>,
    /// Streams not in the table must be newer than this (what was heard before a restart).
    floor: Stamp,
    counts: Counts,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    signed: u64,
    bad_signature: u64,
    replayed: u64,
    unsigned: u64,
    proven: Option<Mono>,
    claimed: Option<Mono>,
    refused: Option<(Mono, Reject)>,
    explained: Option<Mono>,
    no_key: bool,
    behind_s: f64,
    told: Option<(Mono, SigningReport)>,
}

/// Keys, clock and replay table of the station.
#[derive(Debug, Default)]
pub struct Signing {
    slots: BTreeMap<u8, Slot>,
    policies: BTreeMap<LinkId, LinkPolicy>,
    /// Newest stamp sent under any key: one clock for all links.
    clock: Stamp,
    changed: bool,
}

impl Signing {
    /// From what was remembered.
    #[must_use]
    pub fn from_memory(memory: &Memory) -> Self {
        let mut out = Self::default();
        for m in &memory.aircraft {
            let later = |s: u64| {
                let s = Stamp(s);
                if memory.ended { s } else { s.plus_s(MEMORY_S) }
            };
            let slot = Slot {
                active: m.key.map(Key::new),
                change: m.candidate.map(|k| Change {
                    key: Key::new(k),
                    offers: OFFERS,
                    next: Mono::ZERO,
                    until: Mono::ZERO,
                }),
                sent: later(m.sent),
                heard: Stamp(m.heard),
                streams: m
                    .streams
                    .iter()
                    .map(|s| ((s.component, s.channel), later(s.stamp)))
                    .collect(),
                floor: later(m.heard),
                counts: Counts::default(),
            };
            out.clock = out.clock.max(slot.sent);
            out.slots.insert(m.system, slot);
        }
        out
    }

    /// What must be remembered; `ended` when nothing more will be sent or accepted after it.
    #[must_use]
    pub fn memory(&self, ended: bool) -> Memory {
        Memory {
            ended,
            aircraft: self
                .slots
                .iter()
                .filter(|(_, s)| s.active.is_some() || s.change.is_some())
                .map(|(system, s)| SlotMemory {
                    system: *system,
                    key: s.active.as_ref().map(|k| *k.bytes()),
                    candidate: s.change.as_ref().map(|c| *c.key.bytes()),
                    sent: s.sent.0,
                    heard: s.heard.0.max(s.floor.0),
                    streams: s
                        .streams
                        .iter()
                        .map(|((component, channel), stamp)| StreamMemory {
                            component: *component,
                            channel: *channel,
                            stamp: stamp.0,
                        })
                        .collect(),
                })
                .collect(),
        }
    }

    /// True once after anything that must be remembered changed.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Any aircraft has a key.
    #[must_use]
    pub fn in_use(&self) -> bool {
        self.slots.values().any(|s| s.active.is_some() || s.change.is_some())
    }

    /// What a link lets in.
    pub fn set_policy(&mut self, link: LinkId, policy: LinkPolicy) {
        self.policies.insert(link, policy);
    }

    /// Puts the key that an aircraft is known to hold (from a key file or typed in).
    pub fn set_key(&mut self, system: u8, key: Key) {
        let slot = self.slots.entry(system).or_default();
        if slot.active.as_ref() != Some(&key) {
            slot.active = Some(key);
            slot.change = None;
            slot.streams.clear();
            self.changed = true;
        }
    }

    /// Forgets an aircraft's key: from now on it is believed unsigned.
    pub fn forget(&mut self, system: u8) {
        if self.slots.remove(&system).is_some() {
            self.changed = true;
        }
    }

    /// Begins a change of key: it is remembered as a candidate before anything is sent.
    pub fn begin_change(&mut self, now: Mono, system: u8, key: Key) {
        let slot = self.slots.entry(system).or_default();
        slot.change = Some(Change {
            key,
            offers: 0,
            // By then the candidate is on disk.
            next: now.plus_ms(FIRST_OFFER_MS),
            until: now.plus_ms(FIRST_OFFER_MS + OFFER_MS * i64::from(OFFERS) * 2),
        });
        self.changed = true;
    }

    /// The SETUP_SIGNING payload that is due for an aircraft, if one is.
    pub fn poll_offer(&mut self, now: Mono, utc: Utc, system: u8, component: u8) -> Option<Vec<u8>> {
        let slot = self.slots.get_mut(&system)?;
        let change = slot
            .change
            .as_mut()
            .filter(|c| c.offers < OFFERS && now >= c.next && now < c.until)?;
        change.offers += 1;
        change.next = now.plus_ms(OFFER_MS);
        let stamp = Stamp::of_utc(utc).max(slot.sent).max(slot.heard).next();
        let mut payload = stamp.0.to_le_bytes().to_vec();
        payload.extend_from_slice(&[system, component]);
        payload.extend_from_slice(change.key.bytes());
        Some(payload)
    }

    /// When an offer is due.
    #[must_use]
    pub fn next_offer(&self) -> Option<Mono> {
        self.slots
            .values()
            .filter_map(|s| s.change.as_ref())
            .filter(|c| c.offers < OFFERS && c.next < c.until)
            .map(|c| c.next)
            .min()
    }

    /// A change of this aircraft's key is under way.
    #[must_use]
    pub fn changing(&self, system: u8) -> bool {
        self.slots.get(&system).is_some_and(|s| s.change.is_some())
    }

    /// A key of this system is in force.
    #[must_use]
    pub fn has_key(&self, system: u8) -> bool {
        self.slots.get(&system).is_some_and(|s| s.active.is_some())
    }

    /// Systems whose key is in force.
    pub fn keyed(&self) -> impl Iterator<Item = u8> + '_ {
        self.slots.iter().filter(|(_, s)| s.active.is_some()).map(|(k, _)| *k)
    }

    /// Signs one of our frames with the key of the aircraft it goes to; unsigned when there is
    /// none. Every call takes a new stamp, so a frame sent again must be signed again.
    pub fn seal_frame(&mut self, utc: Utc, system: u8, channel: u8, frame: Vec<u8>) -> Vec<u8> {
        let Some(slot) = self.slots.get_mut(&system) else {
            return frame;
        };
        let Some(key) = &slot.active else {
            return frame;
        };
        self.clock = Stamp::of_utc(utc).max(self.clock.next());
        // One aircraft with a clock far ahead is followed, but does not drag the others along.
        let stamp = self.clock.max(slot.heard.next()).max(slot.sent.next());
        slot.sent = stamp;
        self.changed = true;
        sign::sign(&frame, key, channel, stamp)
    }

    /// Judges a frame that has a right checksum or an unknown id.
    ///
    /// # Errors
    /// Why it is kept out.
    pub fn judge(&mut self, now: Mono, utc: Utc, link: LinkId, frame: &Framed<'_>) -> Result<Trust, Reject> {
        let h = frame.header;
        let policy = self.policies.get(&link).copied().unwrap_or_default();
        let block = match h.version {
            Version::V2 => sign::block(frame.raw),
            Version::V1 => None,
        };
        let unknown = |policy: LinkPolicy| {
            if policy == LinkPolicy::Signed && !ALWAYS.contains(&h.message_id) {
                Err(Reject::Unsigned)
            } else {
                Ok(Trust::Claimed)
            }
        };
        let Some(slot) = self.slots.get_mut(&h.system) else {
            return unknown(policy);
        };
        if slot.active.is_none() && slot.change.is_none() {
            let verdict = unknown(policy);
            slot.counts.note(now, verdict, block.is_some());
            return verdict;
        }
        let verdict = match (&block, slot.active.is_some()) {
            (None, _) if ALWAYS.contains(&h.message_id) => return Ok(Trust::Claimed),
            (None, true) if policy != LinkPolicy::Open => Err(Reject::Unsigned),
            (None, true) => Ok(Trust::Claimed),
            (None, false) => unknown(policy),
            (Some(block), _) => match slot.judge_signed(utc, h.component, block, frame.raw) {
                // With no key in force it is as good as unsigned.
                Ok(Trust::Claimed) => unknown(policy),
                other => other,
            },
        };
        if matches!(verdict, Ok(Trust::Proven)) {
            self.changed = true;
        }
        slot.counts.note(now, verdict, block.is_some());
        verdict
    }

    /// Nothing signed came from an aircraft with a key for a while: what it says unsigned may
    /// explain why. True at most once a second.
    pub fn explains(&mut self, now: Mono, system: u8) -> bool {
        let Some(slot) = self.slots.get_mut(&system) else {
            return false;
        };
        let lately = |t: Option<Mono>, ms: i64| t.is_some_and(|t| now.since(t) < ms * 1000);
        if lately(slot.counts.proven, STATE_MS) || lately(slot.counts.explained, TELL_MS) {
            return false;
        }
        slot.counts.explained = Some(now);
        true
    }

    /// What to tell of an aircraft, when it changed.
    pub fn poll_report(&mut self, now: Mono, system: u8) -> Option<SigningReport> {
        let slot = self.slots.entry(system).or_default();
        let report = slot.report(now);
        let due = match &slot.counts.told {
            None => true,
            Some((at, told)) => *told != report && (told.state != report.state || now.since(*at) >= TELL_MS * 1000),
        };
        due.then(|| {
            slot.counts.told = Some((now, report.clone()));
            report
        })
    }
}

impl Slot {
    fn judge_signed(&mut self, utc: Utc, component: u8, block: &sign::Block, raw: &[u8]) -> Result<Trust, Reject> {
        let by_active = self.active.as_ref().is_some_and(|k| sign::fits(raw, k));
        let by_new = !by_active && self.change.as_ref().is_some_and(|c| sign::fits(raw, &c.key));
        if !by_active && !by_new {
            return match self.active {
                // It signs with a key we do not have: no better than unsigned.
                None => Ok(Trust::Claimed),
                Some(_) => Err(Reject::BadSignature),
            };
        }
        let stream = (component, block.link_id);
        let fresh = match self.streams.get(&stream) {
            Some(last) => block.stamp > *last,
            None => {
                let local = Stamp::of_utc(utc).max(self.heard);
                self.counts.behind_s = local.seconds_since(block.stamp);
                block.stamp > self.floor && block.stamp.plus_s(NEW_STREAM_S) >= local
            }
        };
        if !fresh {
            return Err(Reject::Replayed);
        }
        if by_new && let Some(change) = self.change.take() {
            // The aircraft uses the new key: from now on so do we.
            self.active = Some(change.key);
        }
        if self.streams.len() >= STREAMS_MAX
            && !self.streams.contains_key(&stream)
            && let Some(oldest) = self.streams.iter().min_by_key(|(_, s)| **s).map(|(k, _)| *k)
        {
            // What is forgotten stays refused by the floor.
            if let Some(s) = self.streams.remove(&oldest) {
                self.floor = self.floor.max(s);
            }
        }
        self.streams.insert(stream, block.stamp);
        self.heard = self.heard.max(block.stamp);
        Ok(Trust::Proven)
    }

    fn report(&self, now: Mono) -> SigningReport {
        let c = &self.counts;
        let lately = |at: Option<Mono>| at.is_some_and(|t| now.since(t) <= STATE_MS * 1000);
        let refused = c.refused.filter(|(t, _)| lately(Some(*t))).map(|(_, r)| r);
        let state = match (&self.active, &self.change) {
            (_, Some(change)) if change.offers < OFFERS && now < change.until => SigningState::Changing,
            (Some(_), _) if lately(c.proven) => SigningState::Signed,
            (Some(_), _) if refused.is_some() => SigningState::Refused,
            (Some(_), _) if lately(c.claimed) => SigningState::Unsigned,
            (Some(_), _) => SigningState::Signed,
            (None, _) if c.no_key => SigningState::NoKey,
            (None, _) => SigningState::Unsigned,
        };
        let why = match (state, refused) {
            (SigningState::Refused, Some(Reject::BadSignature)) => "signed with another key".to_owned(),
            (SigningState::Refused, Some(Reject::Unsigned)) => "it does not sign, though a key is set".to_owned(),
            (SigningState::Refused, _) if c.behind_s > 60.0 => {
                format!(
                    "its signing clock is {:.0} s behind; check the clocks on both ends",
                    c.behind_s
                )
            }
            (SigningState::Refused, _) => "old frames are sent again".to_owned(),
            (SigningState::Changing, _) => "waiting to see the new key in use".to_owned(),
            _ if self.change.is_some() => "the new key was not seen in use; the old one goes on".to_owned(),
            _ => String::new(),
        };
        SigningReport {
            state,
            signed: c.signed,
            bad_signature: c.bad_signature,
            replayed: c.replayed,
            unsigned: c.unsigned,
            why,
            key: self.active.as_ref().map(Key::name),
        }
    }
}

impl Counts {
    fn note(&mut self, now: Mono, verdict: Result<Trust, Reject>, has_block: bool) {
        match verdict {
            Ok(Trust::Proven) => {
                self.signed += 1;
                self.proven = Some(now);
                return;
            }
            Ok(Trust::Claimed) => {
                self.no_key |= has_block;
                self.claimed = Some(now);
                return;
            }
            Err(Reject::BadSignature) => self.bad_signature += 1,
            Err(Reject::Replayed) => self.replayed += 1,
            Err(Reject::Unsigned) => self.unsigned += 1,
        }
        if let Err(why) = verdict {
            self.refused = Some((now, why));
        }
    }
}
