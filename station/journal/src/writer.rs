//! Appends inputs, one chained line each.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vedette_core::{Entry, Input, Setup};
use vedette_evidence::chain::ChainWriter;
use vedette_model::Mono;

use crate::{JournalError, io};

/// Name of the journal in a session folder.
pub(crate) const FILE: &str = "journal.jsonl";
/// Inputs of people reach the platter at once, all others within this time.
const SYNC_MS: i64 = 1000;

#[derive(Serialize)]
struct First<'a> {
    setup: &'a Setup,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    chain: ChainWriter,
    lines: u64,
    unsynced_since: Option<Mono>,
}

impl Journal {
    /// Starts the journal of a new session folder and writes its setup.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the folder cannot be made or already holds a journal.
    pub fn create(dir: &Path, setup: &Setup) -> Result<Self, JournalError> {
        std::fs::create_dir_all(dir).map_err(io("cannot make session folder", dir))?;
        let path = dir.join(FILE);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(io("cannot start journal", &path))?;
        let mut j = Self {
            path,
            file,
            chain: ChainWriter::new(),
            lines: 0,
            unsynced_since: None,
        };
        j.line(&First { setup })?;
        j.sync()?;
        Ok(j)
    }

    /// Writes one input. When this returns, a killed process loses nothing of it.
    ///
    /// # Errors
    /// [`JournalError`] when the disk refuses or the input holds a number JSON cannot carry.
    pub fn append(&mut self, entry: &Entry) -> Result<u64, JournalError> {
        self.line(entry)?;
        let first = *self.unsynced_since.get_or_insert(entry.mono);
        let person = matches!(
            entry.input,
            Input::Operator { .. } | Input::Preserved { .. } | Input::Planned { .. }
        );
        if person || entry.mono.since(first) > SYNC_MS * 1000 {
            self.sync()?;
        }
        Ok(self.lines - 1)
    }

    fn line<T: Serialize>(&mut self, body: &T) -> Result<(), JournalError> {
        let mut next = self.chain.clone();
        let text = next.push(body).map_err(|e| JournalError::Encode(e.to_string()))?;
        self.file
            .write_all(text.as_bytes())
            .map_err(io("cannot write journal", &self.path))?;
        self.chain = next;
        self.lines += 1;
        Ok(())
    }

    /// Brings everything written to the platter.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the disk refuses.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.unsynced_since = None;
        self.file.sync_data().map_err(io("cannot sync journal", &self.path))
    }

    /// Lines written, the setup included.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// SHA-256 of the last line, hexadecimal.
    #[must_use]
    pub fn head(&self) -> String {
        vedette_evidence::hash::hex(&self.chain.head())
    }
}
