//! Files of other programs: what is written reads back the same, samples in the wild are read, no bytes make a reader panic.
#![allow(clippy::unwrap_used, reason = "tests")]

mod read;
mod sample;
mod write;
