//! Links and the addresses on them: who may be sent to, what came in, what was lost.
//!
//! Invariant: an address is sent to only after a frame with a right checksum came from it, or when
//! configuration named it; tables are bounded, and what does not fit is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vedette_model::{FrameTrust, LinkId, LinkReport, MessageRow, Mono, RejectReason, Rejection};

use crate::codec::{Framed, Sender, Verdict};
use crate::signing::Reject;

/// Addresses remembered.
const PEERS_MAX: usize = 512;
/// Rows of the inspector and sequence counters remembered.
const ROWS_MAX: usize = 16_384;
/// An address silent this long may be forgotten for a new one, milliseconds.
const FORGET_MS: i64 = 60_000;
/// Seconds of a row's pace that are kept.
const SPARK: usize = 20;
const SPARK_S: i64 = 20;
/// Addresses kept out.
const BLOCKED_MAX: usize = 256;

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
    /// Frames in each of the last twenty seconds, oldest first.
    pub spark: [u8; SPARK],
    /// Last frame.
    pub last: Mono,
    /// Its bytes, signature included.
    pub raw: Vec<u8>,
    /// What it was worth.
    pub trust: FrameTrust,
}

impl InspectRow {
    /// As it stands at `now`: the pace of what no longer comes falls.
    fn at(&self, now: Mono) -> Self {
        let mut row = self.clone();
        row.shift(now);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of seconds")]
        let silent = now.since(self.last) as f64 * 1e-6;
        if silent > 0.0 && silent * row.rate_hz > 2.0 {
            row.rate_hz = 1.0 / silent;
        }
        row
    }

    /// Moves the seconds on.
    fn shift(&mut self, now: Mono) {
        let gone = now.0.div_euclid(1_000_000) - self.last.0.div_euclid(1_000_000);
        let gone = usize::try_from(gone.clamp(0, SPARK_S)).unwrap_or(SPARK);
        if gone > 0 {
            self.spark.copy_within(gone.., 0);
            self.spark[SPARK - gone..].fill(0);
        }
    }
}

impl From<&InspectRow> for MessageRow {
    fn from(r: &InspectRow) -> Self {
        Self {
            link: r.link,
            peer: r.peer.to_string(),
            system: r.system,
            component: r.component,
            id: r.msgid,
            name: r.name.to_owned(),
            count: r.count,
            rate_hz: r.rate_hz,
            spark: r.spark.to_vec(),
            last: r.last,
            raw: r.raw.clone(),
            trust: r.trust,
        }
    }
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
    /// Of a version this station does not take.
    pub old_version: u64,
    /// Left out because a person blocked the address.
    pub blocked: u64,
}

impl PeerReport {
    fn rejected(&self, reason: RejectReason) -> u64 {
        match reason {
            RejectReason::BadChecksum => self.bad_crc,
            RejectReason::Unsigned => self.unsigned,
            RejectReason::BadSignature => self.bad_signature,
            RejectReason::Replayed => self.replayed,
            RejectReason::OldVersion => self.old_version,
            RejectReason::Blocked => self.blocked,
        }
    }
}

/// What a frame counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Valid,
    UnknownId,
    BadCrc,
    Rejected(Reject),
    Duplicate,
    OldVersion,
    Blocked,
}

impl Count {
    fn reason(self) -> Option<RejectReason> {
        Some(match self {
            Self::BadCrc => RejectReason::BadChecksum,
            Self::Rejected(Reject::BadSignature) => RejectReason::BadSignature,
            Self::Rejected(Reject::Replayed) => RejectReason::Replayed,
            Self::Rejected(Reject::Unsigned) => RejectReason::Unsigned,
            Self::OldVersion => RejectReason::OldVersion,
            Self::Blocked => RejectReason::Blocked,
            Self::Valid | Self::UnknownId | Self::Duplicate => return None,
        })
    }
}

#[derive(Debug)]
struct Link {
    report: LinkReport,
    /// When a frame was last refused, by reason.
    refused: BTreeMap<RejectReason, Mono>,
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
    blocked: BTreeSet<(LinkId, PeerAddr)>,
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
            blocked: BTreeSet::new(),
            channels: 0,
        }
    }

    pub(crate) fn link(&mut self, link: LinkId) -> &mut LinkReport {
        &mut self.open(link).report
    }

    fn open(&mut self, link: LinkId) -> &mut Link {
        self.links.entry(link).or_insert_with(|| Link {
            report: LinkReport::new(link, ""),
            refused: BTreeMap::new(),
        })
    }

    pub(crate) fn reports(&self) -> Vec<LinkReport> {
        self.links.values().map(|l| self.with_rejects(l)).collect()
    }

    fn with_rejects(&self, l: &Link) -> LinkReport {
        let r = &l.report;
        let rejects = l.refused.iter().map(|(&reason, &last)| Rejection {
            reason,
            count: match reason {
                RejectReason::BadChecksum => r.bad_crc,
                RejectReason::Unsigned => r.unsigned,
                RejectReason::BadSignature => r.bad_signature,
                RejectReason::Replayed => r.replayed,
                RejectReason::OldVersion => r.old_version,
                RejectReason::Blocked => r.blocked,
            },
            mostly_from: self
                .counts
                .values()
                .filter(|c| c.link == r.link && c.rejected(reason) > 0)
                .max_by_key(|c| c.rejected(reason))
                .map_or_else(String::new, |c| c.peer.to_string()),
            last,
        });
        LinkReport {
            rejects: rejects.collect(),
            ..r.clone()
        }
    }

    /// Frames of a stream link whose checksum failed before they reached us.
    pub(crate) fn note_bad(&mut self, now: Mono, link: LinkId, bad_crc: u64, junk_bytes: u64) {
        let open = self.open(link);
        open.report.bad_crc += bad_crc;
        open.report.junk_bytes += junk_bytes;
        if bad_crc > 0 {
            open.refused.insert(RejectReason::BadChecksum, now);
        }
    }

    /// Keeps an address out, or lets it in again.
    pub(crate) fn block(&mut self, link: LinkId, peer: PeerAddr, blocked: bool) {
        if !blocked {
            self.blocked.remove(&(link, peer));
        } else if self.blocked.len() < BLOCKED_MAX {
            self.blocked.insert((link, peer));
        }
    }

    /// Nothing is taken from this address.
    pub(crate) fn is_blocked(&self, link: LinkId, peer: &PeerAddr) -> bool {
        !self.blocked.is_empty() && self.blocked.contains(&(link, peer.clone()))
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
            old_version: 0,
            blocked: 0,
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
            Count::OldVersion => &mut c.old_version,
            Count::Blocked => &mut c.blocked,
        };
        *at_peer += 1;
        let open = self.open(link);
        if let Some(reason) = count.reason() {
            open.refused.insert(reason, now);
        }
        let report = &mut open.report;
        let at_link = match count {
            Count::Valid => &mut report.valid,
            Count::UnknownId => &mut report.unknown_id,
            Count::BadCrc => &mut report.bad_crc,
            Count::Rejected(Reject::BadSignature) => &mut report.bad_signature,
            Count::Rejected(Reject::Replayed) => &mut report.replayed,
            Count::Rejected(Reject::Unsigned) => &mut report.unsigned,
            Count::Duplicate => &mut report.duplicates,
            Count::OldVersion => &mut report.old_version,
            Count::Blocked => &mut report.blocked,
        };
        *at_link += 1;
    }

    /// What came from every address.
    pub(crate) fn peer_reports(&self) -> Vec<PeerReport> {
        self.counts.values().cloned().collect()
    }

    /// Takes note of a frame that is let in; true when its address is (now) known.
    pub(crate) fn note(
        &mut self,
        now: Mono,
        link: LinkId,
        peer: &PeerAddr,
        frame: &Framed<'_>,
        trust: FrameTrust,
    ) -> bool {
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
        self.row(now, stream, frame, trust);
        true
    }

    fn row(&mut self, now: Mono, stream: StreamKey, frame: &Framed<'_>, trust: FrameTrust) {
        let msgid = frame.header.message_id;
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
            spark: [0; SPARK],
            last: now,
            raw: Vec::with_capacity(frame.raw.len()),
            trust,
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
        row.shift(now);
        row.spark[SPARK - 1] = row.spark[SPARK - 1].saturating_add(1);
        row.raw.clear();
        row.raw.extend_from_slice(frame.raw);
        row.trust = trust;
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

    pub(crate) fn rows(&self, now: Mono) -> Vec<InspectRow> {
        self.rows.values().map(|r| r.at(now)).collect()
    }
}
