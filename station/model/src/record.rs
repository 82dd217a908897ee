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
}
