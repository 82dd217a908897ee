//! Framing: where a MAVLink frame starts and ends, and what to think of it.
//!
//! Invariant: one datagram is framed alone, so that a stub in one datagram cannot withhold the
//! frames of the next; after a bad candidate the search goes on at its second byte; a frame with
//! an id this dialect does not know is skipped whole, so nothing inside its payload is acted on.

use super::{checksum, crc_extra};

/// First byte of a MAVLink 2 frame.
pub const STX_V2: u8 = 0xFD;
/// First byte of a MAVLink 1 frame.
pub const STX_V1: u8 = 0xFE;
/// Incompatibility flag: 13 bytes of signature follow the checksum.
pub const IFLAG_SIGNED: u8 = 0x01;
/// Bytes of a signature block.
pub const SIGNATURE_LEN: usize = 13;
/// Bytes of a MAVLink 2 header.
pub const HEADER_V2: usize = 10;
/// Bytes of a MAVLink 1 header.
pub const HEADER_V1: usize = 6;
/// Largest frame: header, 255 bytes of payload, checksum, signature.
pub const MAX_FRAME: usize = HEADER_V2 + 255 + 2 + SIGNATURE_LEN;

/// Version of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// MAVLink 1, read where the caller allows it, never written.
    V1,
    /// MAVLink 2.
    V2,
}

/// Header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Version.
    pub version: Version,
    /// Sequence number of the sending component on its channel.
    pub sequence: u8,
    /// Sending system.
    pub system: u8,
    /// Sending component.
    pub component: u8,
    /// Message id.
    pub message_id: u32,
    /// Incompatibility flags (bit 0: signed).
    pub incompat: u8,
}

/// What to think of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Id known, checksum right: may be acted on.
    Valid,
    /// Id not in the dialect: its checksum cannot be judged. May be recorded or forwarded, never
    /// acted on.
    UnknownId,
    /// Id known, checksum wrong: neither.
    BadCrc,
}

/// One frame found in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framed<'a> {
    /// Header.
    pub header: Header,
    /// All bytes of the frame, signature included.
    pub raw: &'a [u8],
    /// Payload as sent: trailing zeros may have been cut off.
    pub payload: &'a [u8],
    /// Judgement.
    pub verdict: Verdict,
}

impl Framed<'_> {
    /// The message in the dialect's own type, for those who need all of it.
    ///
    /// # Errors
    /// The dialect's error when the id is unknown or an enum holds a value it does not list; the
    /// views in [`super::wire`] have no such gap.
    pub fn message(&self) -> Result<crate::dialect::MavMessage, mavlink::error::ParserError> {
        use mavlink::Message as _;
        let version = match self.header.version {
            Version::V1 => mavlink::MavlinkVersion::V1,
            Version::V2 => mavlink::MavlinkVersion::V2,
        };
        crate::dialect::MavMessage::parse(version, self.header.message_id, self.payload)
    }
}

/// What stands at the start of a buffer.
pub(crate) enum Look<'a> {
    /// No frame starts here.
    No,
    /// A frame may start here but its end is not in the buffer.
    Partial,
    /// A frame.
    Frame(Framed<'a>),
}

/// Looks at the first byte. `whole` says that nothing follows the buffer (datagram, end of file).
pub(crate) fn look(bytes: &[u8], accept_v1: bool, whole: bool) -> Look<'_> {
    let Some(&stx) = bytes.first() else {
        return Look::No;
    };
    let (header_len, version) = match stx {
        STX_V2 => (HEADER_V2, Version::V2),
        STX_V1 if accept_v1 => (HEADER_V1, Version::V1),
        _ => return Look::No,
    };
    // Flags a receiver does not know must make it drop the frame (serialization guide).
    if version == Version::V2 && bytes.get(2).is_some_and(|f| f & !IFLAG_SIGNED != 0) {
        return Look::No;
    }
    let Some(head) = bytes.get(..header_len) else {
        return Look::Partial;
    };
    let payload_len = usize::from(head[1]);
    let header = match version {
        Version::V2 => Header {
            version,
            sequence: head[4],
            system: head[5],
            component: head[6],
            message_id: u32::from_le_bytes([head[7], head[8], head[9], 0]),
            incompat: head[2],
        },
        Version::V1 => Header {
            version,
            sequence: head[2],
            system: head[3],
            component: head[4],
            message_id: u32::from(head[5]),
            incompat: 0,
        },
    };
    let signed = if header.incompat & IFLAG_SIGNED != 0 {
        SIGNATURE_LEN
    } else {
        0
    };
    let end = header_len + payload_len;
    let Some(raw) = bytes.get(..end + 2 + signed) else {
        return Look::Partial;
    };
    let payload = &raw[header_len..end];
    let verdict = match crc_extra(header.message_id) {
        Some(extra) => {
            let sent = u16::from_le_bytes([raw[end], raw[end + 1]]);
            if checksum(&raw[1..end], extra) == sent {
                Verdict::Valid
            } else {
                Verdict::BadCrc
            }
        }
        // Without a checksum to trust, only a frame that ends where the buffer ends or another
        // frame begins is believed to be one.
        None => match bytes.get(raw.len()) {
            None if whole => Verdict::UnknownId,
            None => return Look::Partial,
            Some(&STX_V2) => Verdict::UnknownId,
            Some(&STX_V1) if accept_v1 => Verdict::UnknownId,
            Some(_) => return Look::No,
        },
    };
    Look::Frame(Framed {
        header,
        raw,
        payload,
        verdict,
    })
}

/// Whether a datagram begins with a frame of a version, or with flags, that is not taken: a MAVLink
/// 1 frame with a right checksum, or a MAVLink 2 frame with incompatibility flags nobody here knows.
pub(crate) fn foreign_version(bytes: &[u8], accept_v1: bool) -> bool {
    match bytes.first() {
        Some(&STX_V1) if !accept_v1 => {
            matches!(look(bytes, true, true), Look::Frame(f) if f.verdict == Verdict::Valid)
        }
        Some(&STX_V2) => bytes.len() > HEADER_V2 && bytes[2] & !IFLAG_SIGNED != 0,
        _ => false,
    }
}

/// The frames of one datagram, in order; see [`parse_datagram`].
#[derive(Debug, Clone)]
pub struct Datagram<'a> {
    rest: &'a [u8],
    accept_v1: bool,
    junk: usize,
}

impl Datagram<'_> {
    /// Bytes so far that belonged to no frame (those of a frame with a wrong checksum count).
    #[must_use]
    pub fn junk_bytes(&self) -> usize {
        self.junk
    }
}

impl<'a> Iterator for Datagram<'a> {
    type Item = Framed<'a>;
    fn next(&mut self) -> Option<Framed<'a>> {
        while !self.rest.is_empty() {
            match look(self.rest, self.accept_v1, true) {
                Look::Frame(f) => {
                    // A wrong checksum may mean that the frame never was one: look inside it.
                    let used = if f.verdict == Verdict::BadCrc {
                        self.junk += 1;
                        1
                    } else {
                        f.raw.len()
                    };
                    self.rest = &self.rest[used..];
                    return Some(f);
                }
                Look::No | Look::Partial => {
                    self.junk += 1;
                    self.rest = &self.rest[1..];
                }
            }
        }
        None
    }
}

/// Frames of one datagram, from a clean state. MAVLink 1 frames are read as well.
#[must_use]
pub fn parse_datagram(bytes: &[u8]) -> Datagram<'_> {
    Datagram {
        rest: bytes,
        accept_v1: true,
        junk: 0,
    }
}

/// Frames of one datagram, MAVLink 2 only.
#[must_use]
pub fn parse_datagram_v2(bytes: &[u8]) -> Datagram<'_> {
    Datagram {
        rest: bytes,
        accept_v1: false,
        junk: 0,
    }
}
