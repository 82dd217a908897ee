//! Links and the addresses on them: who may be sent to, what came in, what was lost.
//!
//! Invariant: an address is sent to only after a frame with a right checksum came from it, or when
//! configuration named it; tables are bounded, and what does not fit is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use vedette_model::{LinkId, LinkReport, LinkState, Mono};

use crate::codec::{Framed, Sender, Verdict};

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

#[derive(Debug)]
struct Peer {
    sender: Sender,
    heard: Mono,
    configured: bool,
    carries_vehicle: bool,
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
}

impl Peers {
    pub(crate) fn new(us: (u8, u8)) -> Self {
        Self {
            us,
            links: BTreeMap::new(),
            peers: BTreeMap::new(),
            sequences: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }

    pub(crate) fn link(&mut self, link: LinkId) -> &mut LinkReport {
        &mut self
            .links
            .entry(link)
            .or_insert_with(|| Link {
                report: LinkReport {
                    link,
                    endpoint: String::new(),
                    state: LinkState::Up,
                    valid: 0,
                    unknown_id: 0,
                    bad_crc: 0,
                    junk_bytes: 0,
                    lost: 0,
                    sent: 0,
                    rtt_ms: None,
                },
            })
            .report
    }

    pub(crate) fn reports(&self) -> Vec<LinkReport> {
        self.links.values().map(|l| l.report.clone()).collect()
    }

    pub(crate) fn configure(&mut self, now: Mono, link: LinkId, peer: PeerAddr) {
        let sender = Sender::new(self.us.0, self.us.1);
        self.peers
            .entry((link, peer))
            .or_insert(Peer {
                sender,
                heard: now,
                configured: true,
                carries_vehicle: false,
            })
            .configured = true;
    }

    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.peers.retain(|(l, _), _| *l != link);
        self.sequences.retain(|(l, ..), _| *l != link);
    }

    /// Counts a frame; true when its address is (now) known.
    pub(crate) fn count(&mut self, now: Mono, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) -> bool {
        let report = self.link(link);
        match frame.verdict {
            Verdict::Valid => report.valid += 1,
            Verdict::UnknownId => report.unknown_id += 1,
            Verdict::BadCrc => {
                report.bad_crc += 1;
                return false;
            }
        }
        let h = frame.header;
        let stream = (link, peer.clone(), h.system, h.component);
        if frame.verdict == Verdict::Valid && !self.admit(now, link, peer) {
            return false;
        }
        let known_peer = self.peers.contains_key(&(link, peer.clone()));
        if !known_peer {
            // An unknown id cannot be checked; from a stranger it is not even listed.
            return false;
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
        if self.peers.len() >= PEERS_MAX {
            let oldest = self
                .peers
                .iter()
                .filter(|(_, p)| !p.configured && now.since(p.heard) > FORGET_MS * 1000)
                .min_by_key(|(_, p)| p.heard)
                .map(|(k, _)| k.clone());
            match oldest {
                Some(k) => {
                    self.peers.remove(&k);
                    self.sequences.retain(|(l, p, ..), _| (*l, p) != (k.0, &k.1));
                    self.rows.retain(|((l, p, ..), _), _| (*l, p) != (k.0, &k.1));
                }
                None => return false,
            }
        }
        let sender = Sender::new(self.us.0, self.us.1);
        self.peers.insert(
            key,
            Peer {
                sender,
                heard: now,
                configured: false,
                carries_vehicle: false,
            },
        );
        true
    }

    pub(crate) fn carries_vehicle(&mut self, link: LinkId, peer: &PeerAddr) {
        if let Some(p) = self.peers.get_mut(&(link, peer.clone())) {
            p.carries_vehicle = true;
        }
    }

    /// Our next frame to an address; `None` when it is not one we may send to.
    pub(crate) fn encode(&mut self, link: LinkId, peer: &PeerAddr, id: u32, payload: &[u8]) -> Option<Vec<u8>> {
        let p = self.peers.get_mut(&(link, peer.clone()))?;
        let bytes = p.sender.encode_payload(id, payload);
        self.link(link).sent += 1;
        Some(bytes)
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
