//! The sealed key file on disk: read once, replaced whole.
//!
//! Invariant: the file is either the one before or the new one, never a piece of either; only its
//! owner can read it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use vedette_protocol::signing::{Memory, SealError, open, seal};

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The system said no.
    #[error("key file {path}: {source}; check the folder's rights and free space")]
    Io {
        /// File.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not open.
    #[error("key file {path}: {source}")]
    Sealed {
        /// File.
        path: PathBuf,
        /// Why.
        source: SealError,
    },
}

/// Where keys and signing's memory are kept.
#[derive(Clone)]
pub struct KeyFile {
    path: PathBuf,
    secret: [u8; 32],
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl KeyFile {
    /// `secret` is the station's own: the file opens with no other.
    #[must_use]
    pub fn new(path: &Path, secret: [u8; 32]) -> Self {
        Self {
            path: path.to_owned(),
            secret,
        }
    }

    fn io(&self, source: std::io::Error) -> KeyFileError {
        KeyFileError::Io {
            path: self.path.clone(),
            source,
        }
    }

    /// What is remembered; `None` when there is no file yet.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(&self) -> Result<Option<Memory>, KeyFileError> {
        let bytes = match std::fs::read(&self.path) {
            Ok(b) => b,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.io(e)),
        };
        open(&bytes, &self.secret)
            .map(Some)
            .map_err(|source| KeyFileError::Sealed {
                path: self.path.clone(),
                source,
            })
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn save(&self, memory: &Memory) -> Result<(), KeyFileError> {
        self.replace(memory).map_err(|e| self.io(e))
    }

    fn replace(&self, memory: &Memory) -> std::io::Result<()> {
        let mut nonce = [0_u8; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut nonce)?;
        let next = self.path.with_extension("next");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&next)?;
        file.write_all(&seal(memory, &self.secret, nonce))?;
        file.sync_all()?;
        std::fs::rename(&next, &self.path)
    }
}
