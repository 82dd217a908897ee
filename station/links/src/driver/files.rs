//! Files read from aircraft, on their way to disk.
//!
//! Invariant: a file appears under its name only when it is whole; half-read ones end in `.part`.
//! Names come checked from the protocol, are prefixed with the aircraft's number, and never
//! replace a file that is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use vedette_model::{FilePiece, VehicleId};

/// Files of all aircraft.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    open: BTreeMap<(VehicleId, String), (File, PathBuf)>,
}

impl Store {
    pub(super) fn new(dir: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            open: BTreeMap::new(),
        })
    }

    /// Takes the next piece; a file that cannot be written is given up aloud.
    pub(super) fn take(&mut self, piece: FilePiece) {
        let key = (piece.vehicle, piece.name.clone());
        if let Err(e) = self.write(&key, &piece) {
            self.open.remove(&key);
            tracing::error!(
                "{} of aircraft {} cannot be kept in {}: {e}; free space and read it again",
                piece.name,
                piece.vehicle.0,
                self.dir.display()
            );
        }
    }

    fn write(&mut self, key: &(VehicleId, String), piece: &FilePiece) -> std::io::Result<()> {
        if piece.offset == 0 {
            let part = self.dir.join(format!("{}-{}.part", key.0.0, key.1));
            self.open.insert(key.clone(), (File::create(&part)?, part));
        }
        let Some((file, part)) = self.open.get_mut(key) else {
            // The beginning was lost: pieces without it are of no use.
            return Ok(());
        };
        file.write_all(&piece.bytes)?;
        if piece.last {
            file.sync_all()?;
            let part = part.clone();
            self.open.remove(key);
            let mut whole = self.dir.join(format!("{}-{}", key.0.0, key.1));
            let mut n = 2;
            while whole.exists() {
                whole = self.dir.join(format!("{}-{n}-{}", key.0.0, key.1));
                n += 1;
            }
            std::fs::rename(part, &whole)?;
            tracing::info!("{} of aircraft {} is in {}", key.1, key.0.0, whole.display());
        }
        Ok(())
    }
}
