//! Frames and messages as bytes: what station and simulated aircraft share.
//!
//! Invariant: every byte handed in is accounted for, as part of a frame or as junk; no input can
//! panic. Knows nothing of links, peers or sessions.

mod encode;
mod fields;
pub mod frame;
pub mod sign;
mod stream;
pub mod tlog;
pub mod wire;

pub use encode::{EncodeHeader, Sender, encode, encode_payload, encode_wire, strip_signature};
pub use fields::decode;
pub use frame::{Datagram, Framed, Header, Verdict, Version, parse_datagram, parse_datagram_v2};
pub use stream::{OwnedFrame, STALE_PARTIAL_MS, StreamFramer};

use mavlink::Message as _;
use wire::WireMessage as _;

/// CRC_EXTRA of a message id (MAVLink serialization guide, "CRC_EXTRA calculation"), `None` when
/// the dialect does not know the id.
#[must_use]
pub fn crc_extra(message_id: u32) -> Option<u8> {
    match crate::dialect::MavMessage::extra_crc(message_id) {
        // Beyond the dialect: CONTROL_STATUS (development.xml), which says whose orders count.
        0 if message_id == wire::ControlStatus::ID => Some(21),
        0 if !crate::dialect::MavMessage::all_ids().contains(&message_id) => None,
        extra => Some(extra),
    }
}

/// Name of a message id, `None` when the dialect does not know it.
#[must_use]
pub fn message_name(message_id: u32) -> Option<&'static str> {
    crate::dialect::MavMessage::all_messages()
        .iter()
        .find(|(_, id)| *id == message_id)
        .map(|(name, _)| *name)
}

/// X.25 checksum (CRC-16/MCRF4XX) of `bytes` followed by `extra`, as MAVLink frames carry it.
#[must_use]
pub fn checksum(bytes: &[u8], extra: u8) -> u16 {
    let mut crc = 0xFFFF_u16;
    for &b in bytes.iter().chain(std::iter::once(&extra)) {
        let mut t = b ^ crc.to_le_bytes()[0];
        t ^= t << 4;
        let t = u16::from(t);
        crc = (crc >> 8) ^ (t << 8) ^ (t << 3) ^ (t >> 4);
    }
    crc
}
