//! What the wire carries, for people who look at it: messages, values, refused frames, strangers.
//!
//! Invariant: plain data about frames; nothing here is acted on by a rule.

use serde::{Deserialize, Serialize};

use crate::{LinkId, Mono};

/// What the last frame of a row was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FrameTrust {
    /// It carries no signature.
    Unsigned,
    /// It carries one that no key here can judge.
    Unjudged,
    /// Its signature is right and newer than what its sender said before.
    Proven,
}

/// One message of one component by one address: its pace and its last frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Link.
    pub link: LinkId,
    /// Address on it.
    pub peer: String,
    /// Sending system.
    pub system: u8,
    /// Sending component.
    pub component: u8,
    /// Message id.
    pub id: u32,
    /// Its name; empty when the dialect does not know the id.
    pub name: String,
    /// Frames so far.
    pub count: u64,
    /// Frames a second, smoothed; falls when none come.
    pub rate_hz: f64,
    /// Frames in each of the last twenty seconds, oldest first.
    pub spark: Vec<u8>,
    /// Last frame.
    pub last: Mono,
    /// Its bytes, signature included.
    pub raw: Vec<u8>,
    /// What it was worth.
    pub trust: FrameTrust,
}

/// One decoded field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    /// As the dialect names it.
    pub name: String,
    /// In words.
    pub value: String,
    /// Unit, empty where there is none.
    pub unit: String,
}

/// A frame taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DecodedFrame {
    /// Bytes of header, payload, checksum, signature.
    pub parts: [usize; 4],
    /// Its fields, in the dialect's order.
    pub fields: Vec<FieldValue>,
    /// Why there are none.
    pub why: Option<String>,
}

/// Why frames were not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RejectReason {
    /// Checksum wrong.
    BadChecksum,
    /// None where one is asked for.
    Unsigned,
    /// Signature wrong.
    BadSignature,
    /// Older than what its sender said before.
    Replayed,
    /// Framed in a version or with flags this station does not take.
    OldVersion,
    /// From an address a person blocked.
    Blocked,
}

impl RejectReason {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BadChecksum => "Bad checksum",
            Self::Unsigned => "Not signed",
            Self::BadSignature => "Bad signature",
            Self::Replayed => "Replayed time stamp",
            Self::OldVersion => "Unknown protocol version",
            Self::Blocked => "Blocked sender",
        }
    }
}

/// Frames of one link refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: RejectReason,
    /// How many.
    pub count: u64,
    /// Address most of them came from; empty when the link is a stream without addresses.
    pub mostly_from: String,
    /// The last of them.
    pub last: Mono,
}

/// Another sender that says it is an aircraft of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondSender {
    /// Link it speaks on.
    pub link: LinkId,
    /// Its address.
    pub peer: String,
    /// What shows that it is another one.
    pub why: String,
    /// Its clock since boot, milliseconds, where told.
    pub boot_ms: Option<i64>,
    /// Ours, at that moment.
    pub ours_boot_ms: Option<i64>,
    /// Frames of its that showed it.
    pub frames: u64,
}
