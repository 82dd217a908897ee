//! What users of the simulator notice, through its public boundary.
#![allow(clippy::unwrap_used, reason = "tests")]

mod library;
mod world;
