//! Harness shared by the end-to-end, peer and tidy tests.
//!
//! Invariant: a test that needs real recordings says aloud when it is left out.

pub mod station;

use std::path::PathBuf;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of real recordings, or `None` after saying that `what` was left out.
#[must_use]
#[expect(clippy::print_stderr, reason = "the reader of a test run must see what was left out")]
pub fn data(what: &str) -> Option<PathBuf> {
    match std::env::var_os("VEDETTE_DATA") {
        Some(dir) if !dir.is_empty() => Some(PathBuf::from(dir)),
        _ => {
            eprintln!("LEFT OUT: {what}: VEDETTE_DATA is not set");
            None
        }
    }
}
