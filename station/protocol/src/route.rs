//! Passing frames on between aircraft and stations, unchanged to the byte.
//!
//! Invariant: a frame goes on as it came or not at all; never back to where it came from, never
//! twice, never SETUP_SIGNING; frames with a wrong checksum stop here, unknown ids go on. What is
//! addressed goes only where its target was heard. Acting on frames is somebody else's matter:
//! nothing here reads more of them than their addresses. Source: mavlink.io, routing guide.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;

use mavlink::Message as _;
use vedette_model::{LinkId, Mono};

use crate::codec::wire::{self, WireMessage};
use crate::codec::{Framed, Verdict, parse_datagram};
use crate::gcs::dedup::{Dedup, path_number};
use crate::gcs::peers;
use crate::{PeerAddr, Transmit};

/// SETUP_SIGNING carries a key: it never goes on.
const SETUP_SIGNING: u32 = 256;
/// A boot clock this much earlier is a restart, not a late frame, milliseconds.
const BOOT_BACK_MS: u32 = 5_000;
/// Components remembered of one address.
const SEEN_MAX: usize = 512;
/// Datagrams waiting to be taken; the oldest is dropped and counted.
const QUEUE_MAX: usize = 8_192;

/// Which way a link looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Side {
    /// Towards aircraft: frames from here go to stations only.
    Aircraft,
    /// Towards stations: frames from here go to aircraft and to other stations.
    #[default]
    Station,
}

/// What may go out by a link, and in from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only these message ids go out; empty: all.
    pub only: BTreeSet<u32>,
    /// These never do.
    pub never: BTreeSet<u32>,
    /// Nothing that comes in by this link goes on: its stations look and do not touch.
    pub read_only: bool,
}

/// What became of frames, by link they came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouteCounts {
    /// Frames that came and could go on.
    pub came: u64,
    /// Copies sent on.
    pub passed: u64,
    /// Came before: a loop or a second link.
    pub again: u64,
    /// Held back by a filter, or by what they are.
    pub held: u64,
    /// Addressed to somebody not heard anywhere.
    pub unknown_target: u64,
    /// Dropped because nobody took them.
    pub overflow: u64,
}

#[derive(Debug)]
struct Peer {
    heard: Mono,
    configured: bool,
    seen: BTreeSet<(u8, u8)>,
}

impl peers::Known for Peer {
    fn heard(&self) -> (Mono, bool) {
        (self.heard, self.configured)
    }
}

/// Passes frames on.
#[derive(Debug, Default)]
pub struct Router {
    sides: BTreeMap<LinkId, Side>,
    filters: BTreeMap<LinkId, Filter>,
    peers: BTreeMap<(LinkId, PeerAddr), Peer>,
    boots: BTreeMap<u8, u32>,
    heard: Dedup,
    queue: VecDeque<Transmit>,
    counts: BTreeMap<LinkId, RouteCounts>,
}

/// Where a message id keeps its target: offset of the system, of the component.
type Offsets = (usize, Option<usize>);

/// Found by asking the dialect: the byte that, changed, changes the target.
fn offsets() -> &'static BTreeMap<u32, Offsets> {
    static TABLE: OnceLock<BTreeMap<u32, Offsets>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut out = BTreeMap::new();
        for &id in crate::dialect::MavMessage::all_ids() {
            let Some(message) = crate::dialect::MavMessage::default_message_from_id(id) else {
                continue;
            };
            if message.target_system_id().is_none() {
                continue;
            }
            let mut payload = [0_u8; 255];
            let len = message.ser(mavlink::MavlinkVersion::V2, &mut payload);
            // Trailing zeros are cut off by `ser`; targets may stand there.
            let len = len.max(payload.len().min(255));
            let (mut system, mut component) = (None, None);
            for at in 0..len {
                let was = payload[at];
                payload[at] = 0xA7;
                if let Ok(m) = crate::dialect::MavMessage::parse(mavlink::MavlinkVersion::V2, id, &payload) {
                    if system.is_none() && m.target_system_id() == Some(0xA7) {
                        system = Some(at);
                    }
                    if component.is_none() && m.target_component_id() == Some(0xA7) {
                        component = Some(at);
                    }
                }
                payload[at] = was;
                if system.is_some() && (component.is_some() || message.target_component_id().is_none()) {
                    break;
                }
            }
            if let Some(system) = system {
                out.insert(id, (system, component));
            }
        }
        out
    })
}

/// Target system and component of a frame; zeros where it is for everybody.
#[must_use]
pub fn target(message_id: u32, payload: &[u8]) -> (u8, u8) {
    let Some((system, component)) = offsets().get(&message_id) else {
        return (0, 0);
    };
    // Bytes cut off at the end are zeros.
    let at = |i: usize| payload.get(i).copied().unwrap_or(0);
    (at(*system), component.map_or(0, at))
}

impl Router {
    /// With no links yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A link is open. `peer` is its far end where configuration names one.
    pub fn link_up(&mut self, now: Mono, link: LinkId, side: Side, peer: Option<PeerAddr>) {
        self.sides.insert(link, side);
        if let Some(peer) = peer {
            self.peers
                .entry((link, peer))
                .or_insert(Peer {
                    heard: now,
                    configured: true,
                    seen: BTreeSet::new(),
                })
                .configured = true;
        }
    }

    /// A link is closed; what was learnt on it is forgotten.
    pub fn link_down(&mut self, link: LinkId) {
        self.peers.retain(|(l, _), _| *l != link);
    }

    /// What may go out by a link, and in from it.
    pub fn set_filter(&mut self, link: LinkId, filter: Filter) {
        self.filters.insert(link, filter);
    }

    /// Which way a link looks.
    #[must_use]
    pub fn side(&self, link: LinkId) -> Side {
        self.sides.get(&link).copied().unwrap_or_default()
    }

    /// Takes one datagram, or one frame of a stream.
    pub fn handle_datagram(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, bytes: &[u8]) {
        for frame in parse_datagram(bytes) {
            if frame.verdict != Verdict::BadCrc {
                self.handle(now, link, peer, &frame);
            }
        }
    }

    fn handle(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) {
        let known = self.learn(now, link, peer, frame);
        let counts = self.counts.entry(link).or_default();
        counts.came += 1;
        if !known {
            counts.held += 1;
            return;
        }
        let path = path_number(link, peer);
        if self.heard.copied(now, path, frame) {
            counts.again += 1;
            return;
        }
        self.heard.let_in(now, path, frame);
        let read_only = self.filters.get(&link).is_some_and(|f| f.read_only);
        if frame.header.message_id == SETUP_SIGNING || read_only {
            counts.held += 1;
            return;
        }
        self.pass_on(link, peer, frame);
    }

    /// Learns who is where; false for a stranger whose frame proves nothing.
    fn learn(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) -> bool {
        let h = frame.header;
        let key = (link, peer.clone());
        if !self.peers.contains_key(&key) {
            if frame.verdict != Verdict::Valid {
                return false;
            }
            match peers::room(&self.peers, now) {
                Ok(None) => {}
                Ok(Some(k)) => {
                    self.peers.remove(&k);
                }
                Err(peers::Full) => return false,
            }
            self.peers.insert(
                key.clone(),
                Peer {
                    heard: now,
                    configured: false,
                    seen: BTreeSet::new(),
                },
            );
        }
        if frame.verdict == Verdict::Valid && h.message_id == wire::SystemTime::ID && h.component == 1 {
            // Its boot clock went back: it was restarted and may be somewhere else.
            let boot = wire::SystemTime::from_payload(frame.payload).time_boot_ms;
            if self
                .boots
                .insert(h.system, boot)
                .is_some_and(|before| boot.saturating_add(BOOT_BACK_MS) < before)
            {
                for p in self.peers.values_mut() {
                    p.seen.retain(|(s, _)| *s != h.system);
                }
            }
        }
        if let Some(p) = self.peers.get_mut(&key) {
            p.heard = now;
            if h.system != 0 && p.seen.len() < SEEN_MAX {
                p.seen.insert((h.system, h.component));
            }
        }
        true
    }

    fn pass_on(&mut self, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) {
        let id = frame.header.message_id;
        let (system, component) = target(id, frame.payload);
        let from = self.side(link);
        let mut passed = 0;
        let mut held = 0;
        let mut heard = system == 0;
        let mut overflow = 0;
        for ((l, p), state) in &self.peers {
            if (*l, p) == (link, peer) {
                continue;
            }
            let to = self.sides.get(l).copied().unwrap_or_default();
            if from == Side::Aircraft && to == Side::Aircraft {
                continue;
            }
            if system != 0 {
                let here = state
                    .seen
                    .iter()
                    .any(|(s, c)| *s == system && (component == 0 || *c == component));
                if !here {
                    continue;
                }
                heard = true;
            }
            let filter = self.filters.get(l);
            if filter.is_some_and(|f| f.never.contains(&id) || !(f.only.is_empty() || f.only.contains(&id))) {
                held += 1;
                continue;
            }
            if self.queue.len() >= QUEUE_MAX {
                self.queue.pop_front();
                overflow += 1;
            }
            self.queue.push_back(Transmit {
                link: *l,
                peer: p.clone(),
                bytes: frame.raw.to_vec(),
            });
            passed += 1;
        }
        let counts = self.counts.entry(link).or_default();
        counts.passed += passed;
        counts.held += held;
        counts.overflow += overflow;
        counts.unknown_target += u64::from(!heard);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.queue.pop_front()
    }

    /// What became of the frames of every link.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<LinkId, RouteCounts> {
        &self.counts
    }
}
