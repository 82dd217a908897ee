//! MPEG transport streams (ISO/IEC 13818-1): a reader that survives garbage, a writer that ST 1402 accepts, and a
//! cutter that says where a recording may be split. Invariant: offsets count bytes since the reader was made, so a
//! recording can be matched with what was read from it; the same bytes give the same events however they are chunked.

mod cut;
mod psi;
mod reader;
mod writer;

pub use cut::{Part, SegmentCutter};
pub use psi::crc32;
pub use reader::{TsEvent, TsReader};
pub use writer::{TsWriter, TsWriterConfig};

use serde::{Deserialize, Serialize};

/// Length of a transport packet.
pub const PACKET: usize = 188;
/// First byte of a transport packet.
pub const SYNC: u8 = 0x47;
/// PTS, DTS and PCR base count modulo this (33 bits of 90 kHz).
pub const PTS_WRAP: u64 = 1 << 33;

/// Video codec of an elementary stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoCodec {
    /// H.264 / AVC.
    H264,
    /// H.265 / HEVC.
    H265,
    /// MPEG-2 (and MPEG-1) video.
    Mpeg2,
}

/// What an elementary stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Video.
    Video(VideoCodec),
    /// Synchronous KLV: stream_type 0x15, PTS and access unit headers.
    KlvSync,
    /// Asynchronous KLV: stream_type 0x06 with a KLVA registration.
    KlvAsync,
    /// Private data without registration: read as KLV when it starts with a universal label.
    Private,
    /// Anything else: audio, other data. Not read.
    Other,
}

/// One elementary stream of a program map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// Program number.
    pub program: u16,
    /// Packet identifier.
    pub pid: u16,
    /// stream_type of the program map.
    pub stream_type: u8,
    /// What it is.
    pub kind: StreamKind,
}

/// Difference `a - b` of two 90 kHz times in ticks, taking the shorter way round the 33-bit wrap.
pub fn pts_delta(a: u64, b: u64) -> i64 {
    let d = (a.wrapping_sub(b)) % PTS_WRAP;
    if d >= PTS_WRAP / 2 {
        d as i64 - PTS_WRAP as i64
    } else {
        d as i64
    }
}
