//! Values to frames: MAVLink 2 only, trailing zeros of the payload cut off.
//!
//! Invariant: what is written here, [`super::frame`] reads as `Valid`.

use mavlink::Message as _;

use super::frame::{HEADER_V2, IFLAG_SIGNED, STX_V2};
use super::{Framed, Verdict, Version, checksum, crc_extra, wire::WireMessage};

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeHeader {
    /// Sending system.
    pub system: u8,
    /// Sending component.
    pub component: u8,
    /// Sequence number.
    pub sequence: u8,
}

/// A sending component: it counts its own sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// System id.
    pub system: u8,
    /// Component id.
    pub component: u8,
    /// Sequence number of the next frame.
    pub sequence: u8,
}

impl Sender {
    /// Starts at sequence 0.
    #[must_use]
    pub fn new(system: u8, component: u8) -> Self {
        Self {
            system,
            component,
            sequence: 0,
        }
    }
    fn header(&mut self) -> EncodeHeader {
        let header = EncodeHeader {
            system: self.system,
            component: self.component,
            sequence: self.sequence,
        };
        self.sequence = self.sequence.wrapping_add(1);
        header
    }
    /// The next frame, from a message of the dialect.
    pub fn encode(&mut self, message: &crate::dialect::MavMessage) -> Vec<u8> {
        encode(self.header(), message)
    }
    /// The next frame, from one of our own views.
    pub fn encode_wire<M: WireMessage>(&mut self, message: &M) -> Vec<u8> {
        encode_wire(self.header(), message)
    }
    /// The next frame, from raw payload.
    pub fn encode_payload(&mut self, message_id: u32, payload: &[u8]) -> Vec<u8> {
        encode_payload(self.header(), message_id, payload)
    }
}

/// A MAVLink 2 frame from a message of the dialect.
#[must_use]
pub fn encode(header: EncodeHeader, message: &crate::dialect::MavMessage) -> Vec<u8> {
    let mut payload = [0_u8; 255];
    let len = message.ser(mavlink::MavlinkVersion::V2, &mut payload);
    encode_payload(header, message.message_id(), payload.get(..len).unwrap_or(&payload))
}

/// A MAVLink 2 frame from one of our own views.
#[must_use]
pub fn encode_wire<M: WireMessage>(header: EncodeHeader, message: &M) -> Vec<u8> {
    encode_payload(header, M::ID, &message.to_payload())
}

/// A MAVLink 2 frame from raw payload; bytes past 255 are cut off. For an id outside the dialect
/// the CRC_EXTRA is 0.
#[must_use]
pub fn encode_payload(header: EncodeHeader, message_id: u32, payload: &[u8]) -> Vec<u8> {
    let mut len = payload.len().min(255);
    while len > 1 && payload[len - 1] == 0 {
        len -= 1;
    }
    let id = message_id.to_le_bytes();
    let mut out = Vec::with_capacity(HEADER_V2 + len + 2);
    out.extend_from_slice(&[
        STX_V2,
        u8::try_from(len).unwrap_or(u8::MAX),
        0,
        0,
        header.sequence,
        header.system,
        header.component,
        id[0],
        id[1],
        id[2],
    ]);
    out.extend_from_slice(&payload[..len]);
    let crc = checksum(&out[1..], crc_extra(message_id).unwrap_or(0));
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// The frame without its signature, for logs (message signing guide: logs must not hold
/// signatures). `None` when that cannot be done because the checksum of an unknown message cannot
/// be made anew.
#[must_use]
pub fn strip_signature(frame: &Framed<'_>) -> Option<Vec<u8>> {
    if frame.header.incompat & IFLAG_SIGNED == 0 {
        return Some(frame.raw.to_vec());
    }
    if frame.verdict != Verdict::Valid || frame.header.version != Version::V2 {
        return None;
    }
    let extra = crc_extra(frame.header.message_id)?;
    let mut out = frame.raw.get(..HEADER_V2 + frame.payload.len())?.to_vec();
    out[2] &= !IFLAG_SIGNED;
    let crc = checksum(&out[1..], extra);
    out.extend_from_slice(&crc.to_le_bytes());
    Some(out)
}
