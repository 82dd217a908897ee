//! The slot for a detector network of others: its card, and what runs it where the program was built with `onnx`.

use std::path::{Path, PathBuf};

use vedette_core::DetectorSpec;
use vedette_sight::{ModelCard, ModelDetector};

use crate::Stop;

/// Names ONNX Runtime's shared library (`libonnxruntime.so`, 1.24 or later).
#[cfg(feature = "onnx")]
const LIBRARY: &str = "VEDETTE_ONNXRUNTIME";
/// Processor cores one camera's network may use: the rest is for pictures and recording.
#[cfg(feature = "onnx")]
const THREADS: usize = 1;

/// A network that was opened once and found to be its card's.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    card: ModelCard,
    models: PathBuf,
}

/// What it took since it was last asked, microseconds.
pub(crate) type TookUs = Box<dyn Fn() -> Option<u64> + Send>;

impl Slot {
    /// Reads the card (TOML) and opens its model, which lies beside it.
    pub(crate) fn open(path: &Path) -> Result<Self, Stop> {
        let damaged = |why: &dyn std::fmt::Display| Stop::Usage(format!("--model {}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|e| damaged(&e))?;
        let card: ModelCard = toml::from_str(&text).map_err(|e| damaged(&e.message()))?;
        let card = card.checked().map_err(|e| damaged(&e))?;
        let models = path.parent().unwrap_or(Path::new(".")).to_owned();
        let slot = Self { card, models };
        drop(slot.network()?);
        Ok(slot)
    }

    /// What the record and the operator are told of it.
    pub(crate) fn spec(&self) -> DetectorSpec {
        DetectorSpec {
            name: self.card.name.clone(),
            sha256: self.card.sha256.clone(),
            line: self.card.line(),
        }
    }

    /// The network, for one camera.
    #[cfg(feature = "onnx")]
    pub(crate) fn network(&self) -> Result<(ModelDetector, TookUs), Stop> {
        let library = std::env::var_os(LIBRARY).map(PathBuf::from).ok_or_else(|| {
            Stop::Machine(format!(
                "--model needs ONNX Runtime: name its library (libonnxruntime.so, 1.24 or later) in {LIBRARY}"
            ))
        })?;
        let opened = vedette_ingest::open_model_timed(self.card.clone(), &self.models, &library, THREADS);
        let (model, took) = opened.map_err(|e| Stop::Machine(e.to_string()))?;
        Ok((model, Box::new(move || took.take_us())))
    }

    /// Says that this program has no slot.
    #[cfg(not(feature = "onnx"))]
    pub(crate) fn network(&self) -> Result<(ModelDetector, TookUs), Stop> {
        Err(Stop::Machine(format!(
            "--model {}: this program was built without the slot for networks; build it with `--features onnx`",
            self.models.join(&self.card.file).display()
        )))
    }
}
