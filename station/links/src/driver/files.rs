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

#[cfg(test)]
mod tests {
    use super::Store;
    use vedette_model::{FilePiece, VehicleId};

    fn piece(name: &str, offset: u64, bytes: &[u8], last: bool) -> FilePiece {
        FilePiece {
            vehicle: VehicleId(3),
            name: name.to_owned(),
            offset,
            bytes: bytes.to_vec(),
            last,
        }
    }

    #[test]
    fn a_file_has_its_name_only_when_whole_and_replaces_none() {
        let dir = std::env::temp_dir().join(format!("vedette-onboard-{}", std::process::id()));
        let mut store = Store::new(&dir).expect("a folder");
        let read = |name: &str| std::fs::read(dir.join(name)).ok();
        for round in 1..=2_u8 {
            store.take(piece("log-00001.bin", 0, &[round; 4], false));
            store.take(piece("log-00001.bin", 4, &[9], round == 1));
            if round == 2 {
                assert_eq!(
                    read("3-log-00001.bin"),
                    Some(vec![1, 1, 1, 1, 9]),
                    "the first one stays"
                );
                assert_eq!(read("3-2-log-00001.bin"), None, "not whole yet");
                store.take(piece("log-00001.bin", 5, &[], true));
            }
        }
        assert_eq!(read("3-2-log-00001.bin"), Some(vec![2, 2, 2, 2, 9]));
        // Without its beginning a file is none.
        store.take(piece("late.bin", 90, &[1], true));
        assert_eq!((read("3-late.bin"), read("3-late.bin.part")), (None, None));
        std::fs::remove_dir_all(&dir).expect("gone again");
    }
}
