//! What is known of the ways to an aircraft: which paths carry it, how good each is, whether its
//! frames are proven.
//!
//! Invariant: counters only grow; nothing here holds a key.

use serde::{Deserialize, Serialize};

use crate::{LinkId, Mono};

/// One way to one aircraft: an address on a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathReport {
    /// Link.
    pub link: LinkId,
    /// Address on it, in the link's own words.
    pub peer: String,
    /// Orders go this way now.
    pub active: bool,
    /// The operator asked for this link.
    pub chosen: bool,
    /// Shown to be the same aircraft (signature, boot clock or autopilot id); others are not
    /// switched to while the proven one speaks.
    pub proven: bool,
    /// 0 dead, 1 perfect: loss, round trip and age together.
    pub quality: f64,
    /// Share of frames missing by sequence numbers, lately.
    pub loss: f64,
    /// Smoothed round trip of this path, milliseconds, once measured.
    pub rtt_ms: Option<f64>,
    /// Last accepted frame.
    pub heard: Mono,
    /// Frames accepted.
    pub frames: u64,
}

/// Whether an aircraft's frames are proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningState {
    /// It does not sign and no key is known for it: anyone could say the same.
    Unsigned,
    /// It signs, but this station has no key to judge by.
    NoKey,
    /// Its frames carry right signatures.
    Signed,
    /// A key is known, and what comes is refused.
    Refused,
    /// A new key was sent and is not yet seen in use.
    Changing,
}

/// Signing of one aircraft, cumulative counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningReport {
    /// State.
    pub state: SigningState,
    /// Frames with a right signature.
    pub signed: u64,
    /// Frames with a wrong one.
    pub bad_signature: u64,
    /// Frames older than what their sender said before.
    pub replayed: u64,
    /// Frames without one, refused.
    pub unsigned: u64,
    /// Why, in words, where something is refused.
    pub why: String,
    /// Name of the key its frames are judged by: the start of a hash of it, four hex digits.
    #[serde(default)]
    pub key: Option<String>,
}
