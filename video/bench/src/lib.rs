//! The measured table of the video rooms: recorded data in, figures and their bars out.
//!
//! `vedette bench video` prints it and the tests of this crate assert it: one code, so that a figure
//! that is shown is a figure that is held. Invariant: what could not be measured (data or a program
//! missing) is a row that says so, never a passed one. Reads files and the processor's own clock;
//! knows nothing of the station.

pub mod boxes;
mod cpu;
mod flight;
mod live;
mod metadata;
pub mod mot;
mod pipes;
pub mod reference;
pub mod rendered;
mod rows;
mod sea;
mod sky;
mod slot;
pub mod thermal;
mod tracks;

pub use cpu::processor_s;
pub use flight::flight;
pub use live::live;
pub use metadata::metadata;
pub use rendered::{Extent, rendered};
pub use rows::{Row, Standing, text};
pub use sea::sea;
pub use sky::sky;
pub use slot::slot;
pub use thermal::thermal;
pub use tracks::{Sequence, Tracked, ours, run_tracker, sequences, tracks};

use std::path::{Path, PathBuf};

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file or folder could not be read.
    #[error("{path}: {source}")]
    File {
        /// Path.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is there but is not what it should be.
    #[error("{path}: {why}")]
    Data {
        /// Path.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, BenchError> {
    std::fs::read(path).map_err(|source| BenchError::File {
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn read_text(path: &Path) -> Result<String, BenchError> {
    String::from_utf8(read(path)?).map_err(|_| BenchError::Data {
        path: path.to_owned(),
        why: "is not text".to_owned(),
    })
}

/// All rows that the data under `data` allows, in the order of the table. `progress` is told what is
/// being measured.
#[must_use]
pub fn video(data: &Path, progress: &dyn Fn(&str)) -> Vec<Row> {
    type Part = fn(&Path) -> Vec<Row>;
    let parts: [(&str, Part); 7] = [
        ("metadata", metadata),
        ("geolocation of a real flight", flight),
        ("tracking", tracks),
        ("drones in the sky", sky),
        ("people and boats on the water", sea),
        ("thermal people and vehicles", thermal),
        ("latency, pace and four streams at once", |_| live(None)),
    ];
    let mut rows = Vec::new();
    for (name, part) in parts {
        progress(name);
        rows.extend(part(data));
    }
    rows
}
