//! Links and the addresses on them: who may be sent to, what came in, what was lost.
//!
//! Invariant: an address is sent to only after a frame with a right checksum came from it, or when
//! configuration named it; tables are bounded, and what does not fit is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vedette_model::{LinkId, LinkReport, Mono};

use crate::codec::{Framed, Sender, Verdict};
use crate::signing::Reject;

/// Addresses remembered.
const PEERS_MAX: usize = 512;
/// Rows of the inspector and sequence counters remembered.
const ROWS_MAX: usize = 16_384;
/// An address silent this long may be forgotten for a new one, milliseconds.
const FORGET_MS: i64 = 60_000;

/// An address on a link, in the link's own words (`127.0.0.1:14550`, `/dev/ttyUSB0`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerAddr(pub Arc<str>);

impl PeerAddr {
    /// From the link's own words.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the inspector: one message from one component by one address.
#[derive(Debug, Clone, PartialEq)]
pub struct InspectRow {
    /// Link.
    pub link: LinkId,
    /// Address.
    pub peer: PeerAddr,
    /// Sending system.
    pub system: u8,
    /// Sending component.
    pub component: u8,
    /// Message id.
    pub msgid: u32,
    /// Its name; empty when the dialect does not know the id.
    pub name: &'static str,
    /// Frames so far.
    pub count: u64,
    /// Frames a second, smoothed.
    pub rate_hz: f64,
    /// Last frame.
    pub last: Mono,
}

/// An address on a link.
pub(crate) type Way = (LinkId, PeerAddr);

/// What a table of addresses must know of each to make room.
pub(crate) trait Known {
    /// When it was heard last, and whether configuration names it.
    fn heard(&self) -> (Mono, bool);
}

/// Whether one more address fits into a table of [`PEERS_MAX`]: `Ok(Some)` names the one to forget for
/// it, which was silent longest and which nobody configured; `Err` when all are at work.
pub(crate) fn room<P: Known>(peers: &BTreeMap<Way, P>, now: Mono) -> Result<Option<Way>, Full> {
    if peers.len() < PEERS_MAX {
        return Ok(None);
    }
    peers
        .iter()
        .map(|(way, p)| (way, p.heard()))
        .filter(|(_, (heard, configured))| !configured && now.since(*heard) > FORGET_MS * 1000)
        .min_by_key(|(_, (heard, _))| *heard)
        .map(|(way, _)| Some(way.clone()))
        .ok_or(Full)
}

/// No address can be forgotten for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
struct Peer {
    sender: Sender,
    heard: Mono,
    configured: bool,
    carries_vehicle: bool,
    /// Our channel number in signatures: one for every address, so that a slow one does not make
    /// a quick one's frames look old.
    channel: u8,
    /// Systems heard from it.
    systems: BTreeSet<u8>,
}

impl Known for Peer {
    fn heard(&self) -> (Mono, bool) {
        (self.heard, self.configured)
    }
}

/// What came from one address, by judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerReport {
    /// Link.
    pub link: LinkId,
    /// Address.
    pub peer: PeerAddr,
    /// Last frame, whatever was thought of it.
    pub last: Mono,
    /// Accepted.
    pub valid: u64,
    /// Id not in the dialect.
    pub unknown_id: u64,
    /// Wrong checksum.
    pub bad_crc: u64,
    /// Wrong signature.
    pub bad_signature: u64,
    /// Older than what its sender said before.
    pub replayed: u64,
    /// Without a signature where one is asked for.
    pub unsigned: u64,
    /// A second time.
    pub duplicates: u64,
}

/// What a frame counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Valid,
    UnknownId,
    BadCrc,
    Rejected(Reject),
    Duplicate,
}

#[derive(Debug)]
struct Link {
    report: LinkReport,
}

/// Identity of a stream of frames: link, address, system, component.
type StreamKey = (LinkId, PeerAddr, u8, u8);

#[derive(Debug)]
pub(crate) struct Peers {
    us: (u8, u8),
    links: BTreeMap<LinkId, Link>,
    peers: BTreeMap<(LinkId, PeerAddr), Peer>,
    sequences: BTreeMap<StreamKey, u8>,
    rows: BTreeMap<(StreamKey, u32), InspectRow>,
    counts: BTreeMap<(LinkId, PeerAddr), PeerReport>,
    channels: u8,
}

impl Peers {
    pub(crate) fn new(us: (u8, u8)) -> Self {
        Self {
            us,
            links: BTreeMap::new(),
            peers: BTreeMap::new(),
            sequences: BTreeMap::new(),
            rows: BTreeMap::new(),
            counts: BTreeMap::new(),
            channels: 0,
        }
    }

    pub(crate) fn link(&mut self, link: LinkId) -> &mut LinkReport {
        &mut self
            .links
            .entry(link)
            .or_insert_with(|| Link {
                report: LinkReport::new(link, ""),
            })
            .report
    }

    pub(crate) fn reports(&self) -> Vec<LinkReport> {
        self.links.values().map(|l| l.report.clone()).collect()
    }

    pub(crate) fn configure(&mut self, now: Mono, link: LinkId, peer: PeerAddr) {
        let fresh = self.peer(now);
        self.peers.entry((link, peer)).or_insert(fresh).configured = true;
    }

    fn peer(&mut self, now: Mono) -> Peer {
        self.channels = self.channels.wrapping_add(1);
        Peer {
            sender: Sender::new(self.us.0, self.us.1),
            heard: now,
            configured: false,
            carries_vehicle: false,
            channel: self.channels,
            systems: BTreeSet::new(),
        }
    }

    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.peers.retain(|(l, _), _| *l != link);
        self.sequences.retain(|(l, ..), _| *l != link);
    }

    /// Counts a frame by link and by address.
    pub(crate) fn tally(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, count: Count) {
        let key = (link, peer.clone());
        if self.counts.len() >= PEERS_MAX && !self.counts.contains_key(&key) {
            let oldest = self.counts.iter().min_by_key(|(_, c)| c.last).map(|(k, _)| k.clone());
            if let Some(k) = oldest {
                self.counts.remove(&k);
            }
        }
        let c = self.counts.entry(key).or_insert_with(|| PeerReport {
            link,
            peer: peer.clone(),
            last: now,
            valid: 0,
            unknown_id: 0,
            bad_crc: 0,
            bad_signature: 0,
            replayed: 0,
            unsigned: 0,
            duplicates: 0,
        });
        c.last = now;
        let at_peer = match count {
            Count::Valid => &mut c.valid,
            Count::UnknownId => &mut c.unknown_id,
            Count::BadCrc => &mut c.bad_crc,
            Count::Rejected(Reject::BadSignature) => &mut c.bad_signature,
            Count::Rejected(Reject::Replayed) => &mut c.replayed,
            Count::Rejected(Reject::Unsigned) => &mut c.unsigned,
            Count::Duplicate => &mut c.duplicates,
        };
        *at_peer += 1;
        let report = self.link(link);
        let at_link = match count {
            Count::Valid => &mut report.valid,
            Count::UnknownId => &mut report.unknown_id,
            Count::BadCrc => &mut report.bad_crc,
            Count::Rejected(Reject::BadSignature) => &mut report.bad_signature,
            Count::Rejected(Reject::Replayed) => &mut report.replayed,
            Count::Rejected(Reject::Unsigned) => &mut report.unsigned,
            Count::Duplicate => &mut report.duplicates,
        };
        *at_link += 1;
    }

    /// What came from every address.
    pub(crate) fn peer_reports(&self) -> Vec<PeerReport> {
        self.counts.values().cloned().collect()
    }

    /// Takes note of a frame that is let in; true when its address is (now) known.
    pub(crate) fn note(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) -> bool {
        let h = frame.header;
        let stream = (link, peer.clone(), h.system, h.component);
        if frame.verdict == Verdict::Valid && !self.admit(now, link, peer) {
            return false;
        }
        let Some(known) = self.peers.get_mut(&(link, peer.clone())) else {
            // An unknown id cannot be checked; from a stranger it is not even listed.
            return false;
        };
        if known.systems.len() < 256 {
            known.systems.insert(h.system);
        }
        if (self.sequences.len() < ROWS_MAX || self.sequences.contains_key(&stream))
            && let Some(last) = self.sequences.insert(stream.clone(), h.sequence)
        {
            let gap = h.sequence.wrapping_sub(last).wrapping_sub(1);
            // Past half the circle it is a late or repeated frame, not a gap.
            if gap < 128 {
                self.link(link).lost += u64::from(gap);
            } else if gap != 255 {
                self.sequences.insert(stream.clone(), last);
            }
        }
        self.row(now, stream, h.message_id);
        true
    }

    fn row(&mut self, now: Mono, stream: StreamKey, msgid: u32) {
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&(stream.clone(), msgid)) {
            return;
        }
        let row = self.rows.entry((stream.clone(), msgid)).or_insert_with(|| InspectRow {
            link: stream.0,
            peer: stream.1,
            system: stream.2,
            component: stream.3,
            msgid,
            name: crate::codec::message_name(msgid).unwrap_or(""),
            count: 0,
            rate_hz: 0.0,
            last: now,
        });
        row.count += 1;
        #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
        let dt = now.since(row.last) as f64 * 1e-6;
        if dt > 0.0 {
            let weight = (dt / 3.0).min(0.3);
            row.rate_hz = if row.rate_hz == 0.0 {
                1.0 / dt
            } else {
                row.rate_hz + (1.0 / dt - row.rate_hz) * weight
            };
        }
        row.last = now;
    }

    fn admit(&mut self, now: Mono, link: LinkId, peer: &PeerAddr) -> bool {
        let key = (link, peer.clone());
        if let Some(p) = self.peers.get_mut(&key) {
            p.heard = now;
            return true;
        }
        match room(&self.peers, now) {
            Ok(None) => {}
            Ok(Some(k)) => {
                self.peers.remove(&k);
                self.sequences.retain(|(l, p, ..), _| (*l, p) != (k.0, &k.1));
                self.rows.retain(|((l, p, ..), _), _| (*l, p) != (k.0, &k.1));
            }
            Err(Full) => return false,
        }
        let fresh = self.peer(now);
        self.peers.insert(key, fresh);
        true
    }

    pub(crate) fn carries_vehicle(&mut self, link: LinkId, peer: &PeerAddr) {
        if let Some(p) = self.peers.get_mut(&(link, peer.clone())) {
            p.carries_vehicle = true;
        }
    }

    /// Our next frame to an address, unsigned, and our channel there; `None` when it is not one we
    /// may send to.
    pub(crate) fn encode(&mut self, link: LinkId, peer: &PeerAddr, id: u32, payload: &[u8]) -> Option<(Vec<u8>, u8)> {
        let p = self.peers.get_mut(&(link, peer.clone()))?;
        let bytes = p.sender.encode_payload(id, payload);
        let channel = p.channel;
        self.link(link).sent += 1;
        Some((bytes, channel))
    }

    /// Systems heard from an address.
    pub(crate) fn systems(&self, link: LinkId, peer: &PeerAddr) -> Vec<u8> {
        self.peers
            .get(&(link, peer.clone()))
            .map_or_else(Vec::new, |p| p.systems.iter().copied().collect())
    }

    /// Addresses that get our heartbeat: those that carry an aircraft and those configured.
    pub(crate) fn heartbeat_targets(&self) -> Vec<(LinkId, PeerAddr)> {
        self.peers
            .iter()
            .filter(|(_, p)| p.configured || p.carries_vehicle)
            .map(|(k, _)| k.clone())
            .collect()
    }

    pub(crate) fn rows(&self) -> Vec<InspectRow> {
        self.rows.values().cloned().collect()
    }
}
