//! Sans-IO MAVLink 2: framer, peers, sessions and micro-services.
//!
//! Invariant: bytes, values and `now` in, bytes and values out; a bad datagram costs a counter and
//! nothing else; nothing is sent to an address that has not sent a valid frame or been configured.
//! This is the only crate that names `mavlink`, and it uses that crate's types and checksum table
//! only, never its connections. It must not know threads, clocks or what a console looks like.

pub mod codec;
pub mod cues;
mod gcs;
pub mod route;
pub mod signing;

pub use gcs::{Event, Gcs, GcsConfig, InspectRow, KeyChangeError, Overflow, PeerAddr, PeerReport, Transmit};

/// The MAVLink dialect this house speaks (ardupilotmega, which includes common), with MAVLink 2
/// extension fields.
pub use mavlink::dialects::ardupilotmega as dialect;
/// Traits and field types of the dialect.
pub use mavlink::{MavlinkVersion, Message, MessageData, types};
