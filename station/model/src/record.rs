//! What recorders and links report: the record and its gaps are facts too.

use serde::{Deserialize, Serialize};

use crate::{CameraId, LinkId, Utc};

/// Why a piece is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GapCause {
    /// Transport stream packets missing (continuity counters).
    PacketLoss,
    /// No bytes arrived.
    Silence,
    /// The disk refused.
    Disk,
    /// The recorder was killed and recovered.
    Killed,
}

/// What a recorder tells the station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RecorderReport {
    /// Bytes began to arrive and are being kept.
    Started {
        /// Stream.
        camera: CameraId,
    },
    /// A segment is closed, on disk, hashed.
    SegmentClosed {
        /// Stream.
        camera: CameraId,
        /// Number, from 1.
        index: u32,
        /// File, relative to the session folder.
        file: String,
        /// Size.
        bytes: u64,
        /// SHA-256, hexadecimal.
        sha256: String,
        /// First frame time.
        from: Option<Utc>,
        /// Last frame time.
        to: Option<Utc>,
        /// Left open by a kill and recovered.
        truncated: bool,
    },
    /// Something is missing.
    Gap {
        /// Stream.
        camera: CameraId,
        /// When.
        at: Option<Utc>,
        /// Transport packets missing, if counted.
        packets: u64,
        /// Why.
        cause: GapCause,
    },
    /// Counters so far.
    Progress {
        /// Stream.
        camera: CameraId,
        /// Bytes recorded.
        bytes: u64,
        /// Video access units recorded.
        frames: u64,
        /// Transport packets missing.
        lost_packets: u64,
    },
    /// The room left on the disk came below (or back above) a level of the disk guard.
    Disk {
        /// Stream whose recorder saw it.
        camera: CameraId,
        /// Free share of the disk, 0..=1.
        free: f64,
        /// The level's threshold: 1 plenty, 0.10, 0.05 or 0.02.
        below: f64,
        /// What that level allows, in words.
        means: String,
    },
    /// The recorder cannot write.
    Refused {
        /// Stream.
        camera: CameraId,
        /// Why and what to do.
        why: String,
    },
}

/// State of one transport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// Open.
    Up,
    /// Closed, with the reason.
    Down(String),
}

/// Counters of one transport, cumulative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkReport {
    /// Which.
    pub link: LinkId,
    /// Endpoint string it was made from.
    pub endpoint: String,
    /// State.
    pub state: LinkState,
    /// Frames accepted.
    pub valid: u64,
    /// Frames with an id this dialect does not know.
    pub unknown_id: u64,
    /// Frames whose checksum failed.
    pub bad_crc: u64,
    /// Bytes that belonged to no frame.
    pub junk_bytes: u64,
    /// Frames missing by sequence numbers.
    pub lost: u64,
    /// Frames sent.
    pub sent: u64,
    /// Smoothed round trip, milliseconds, once measured.
    pub rtt_ms: Option<f64>,
    /// Frames that came a second time, by this or another link, and were left out.
    #[serde(default)]
    pub duplicates: u64,
    /// Frames with a wrong signature.
    #[serde(default)]
    pub bad_signature: u64,
    /// Signed frames older than what their sender said before.
    #[serde(default)]
    pub replayed: u64,
    /// Frames without a signature, refused by this link's policy.
    #[serde(default)]
    pub unsigned: u64,
    /// Heartbeats of another station under our own system and component id.
    #[serde(default)]
    pub id_clashes: u64,
    /// Datagrams the system dropped because its buffer was full.
    #[serde(default)]
    pub kernel_drops: u64,
    /// Frames passed on to other stations.
    #[serde(default)]
    pub forwarded: u64,
    /// Frames of a protocol version, or with flags, this station does not take.
    #[serde(default)]
    pub old_version: u64,
    /// Frames of senders a person blocked.
    #[serde(default)]
    pub blocked: u64,
    /// What was refused, by reason.
    #[serde(default)]
    pub rejects: Vec<crate::Rejection>,
}

impl LinkReport {
    /// A link nothing has come from yet.
    #[must_use]
    pub fn new(link: LinkId, endpoint: &str) -> Self {
        Self {
            link,
            endpoint: endpoint.to_owned(),
            state: LinkState::Up,
            valid: 0,
            unknown_id: 0,
            bad_crc: 0,
            junk_bytes: 0,
            lost: 0,
            sent: 0,
            rtt_ms: None,
            duplicates: 0,
            bad_signature: 0,
            replayed: 0,
            unsigned: 0,
            id_clashes: 0,
            kernel_drops: 0,
            forwarded: 0,
            old_version: 0,
            blocked: 0,
            rejects: Vec::new(),
        }
    }
}
