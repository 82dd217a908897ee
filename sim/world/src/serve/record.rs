//! The truth file before its first line: had at once, emptied only when the run begins.
//!
//! Shell. Invariant: a start that is refused leaves a file that was there as it was, and makes none.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::SimError;

/// A file that can be written and is not yet.
pub(super) struct Record {
    /// `None` once the run has begun.
    file: Option<File>,
    /// Made by us, so ours to take away again.
    made: Option<PathBuf>,
}

impl Record {
    /// Finds out whether the file can be written, without a change to what is in it.
    ///
    /// # Errors
    /// As the system says: no such folder, not allowed, a folder of that name.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut how = File::options();
        how.write(true);
        match how.clone().create_new(true).open(path) {
            Ok(f) => Ok(Self {
                file: Some(f),
                made: Some(path.to_owned()),
            }),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(Self {
                file: Some(how.create(true).open(path)?),
                made: None,
            }),
            Err(e) => Err(e),
        }
    }

    /// The run begins: what was in the file goes. Pipes and devices have nothing to empty.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn begin(mut self) -> std::io::Result<File> {
        let f = self.file.take().ok_or(std::io::ErrorKind::NotFound)?;
        if f.metadata()?.is_file() {
            f.set_len(0)?;
        }
        self.made = None;
        Ok(f)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(path) = self.made.take() {
            // Nothing was written; if it cannot be taken away an empty file stays.
            drop(std::fs::remove_file(path));
        }
    }
}

/// What a start says of a truth file that is not to be had.
pub(super) fn refused(path: &Path, e: std::io::Error) -> SimError {
    SimError::Shell {
        what: format!("the truth file {} cannot be made: {e}", path.display()),
        source: Some(Box::new(e)),
    }
}
