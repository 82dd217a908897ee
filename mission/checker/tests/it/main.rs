//! A sound plan is clear, and every kind of fault put into it is found by the right check, in the right place.
#![allow(clippy::unwrap_used, reason = "tests")]

mod faults;
mod good;
