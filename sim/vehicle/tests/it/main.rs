//! A simulated aircraft as its users meet it: flown over the wire, measured by its truth.
//!
//! The station side here is a few bytes of hand-made MAVLink, so that nothing of the crate under
//! test checks itself.

#![allow(clippy::unwrap_used, reason = "tests")]

mod failsafes;
mod flying;
mod published;
mod qgc;
mod senses;
mod station;
mod truth;
mod wire_side;
