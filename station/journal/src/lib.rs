//! The record of a session: every input, chained, on disk before the station sees it.
//!
//! Layout of a session folder:
//! ```text
//! SESSION/journal.jsonl      line 0 the setup, then one input a line, each with the hash of the one before
//! SESSION/video/C-011/…      original transport stream segments
//! SESSION/incidents/…        sealed bundles
//! ROOT/catalogue.sqlite      index over sessions; can be rebuilt from the folders
//! ROOT/access.jsonl          who looked at what and why, chained
//! ```
//! Invariant: what `append` returned from survives a killed process; what `sync` returned from
//! survives a power cut. A torn last line is set aside and named, never guessed at.

mod catalogue;
mod reader;
mod writer;

pub use catalogue::{AccessLog, Catalogue, SessionRow};
pub use reader::{Recorded, Torn, excerpt, read, read_bundle};
pub use writer::Journal;

/// Why the record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder refused.
    #[error("{what} {path}: {source}; check that the folder exists, is writable and has space")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{path} line {line}: {why}; everything before it stays readable")]
    Line {
        /// File.
        path: String,
        /// Line number, from 0.
        line: u64,
        /// Why.
        why: String,
    },
    /// An entry could not be written as JSON.
    #[error("an input could not be written down: {0}; nothing was changed")]
    Encode(String),
    /// The catalogue refused.
    #[error("catalogue {path}: {source}; it can be deleted, it is rebuilt from the session folders")]
    Catalogue {
        /// File.
        path: String,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

pub(crate) fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.display().to_string();
    move |source| JournalError::Io { what, path, source }
}
