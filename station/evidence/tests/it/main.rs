//! Evidence: sealed bundles verify, every way of tampering is named, and stock tools agree.
#![allow(clippy::unwrap_used, reason = "tests")]

mod case;
mod parts;
mod script;
mod tamper;
