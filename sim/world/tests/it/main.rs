//! What users of the simulator notice, through its public boundary.
#![allow(clippy::unwrap_used, reason = "tests")]

mod again;
mod cues;
mod faults;
mod library;
mod newcomers;
mod schema;
mod sight;
mod stepping;
mod ways;
mod world;
