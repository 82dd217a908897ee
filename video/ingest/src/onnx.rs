//! Detector networks of others, run by ONNX Runtime. The runtime's library is loaded when the first
//! model is opened, from the path that is given; nothing of it is linked or shipped.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use ort::value::TensorRef;
use sha2::{Digest, Sha256};
use vedette_sight::{Answer, ModelCard, ModelDetector, Network};

use crate::{IngestError, file_error};

/// How long a network took since it was last asked, for the governor.
#[derive(Debug, Clone, Default)]
pub struct Took(Arc<AtomicU64>);

impl Took {
    /// Microseconds of all runs since the last call; `None` when there was none.
    #[must_use]
    pub fn take_us(&self) -> Option<u64> {
        Some(self.0.swap(0, Ordering::Relaxed)).filter(|us| *us > 0)
    }
}

struct Onnx {
    session: Session,
    took: Took,
}

impl Network for Onnx {
    fn run(&mut self, input: Vec<f32>, shape: [usize; 4]) -> Result<Answer, String> {
        let text = |e: ort::Error| e.to_string();
        let tensor = TensorRef::from_array_view((shape, input.as_slice())).map_err(text)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "what a run costs is measured on the machine's clock"
        )]
        let begun = Instant::now();
        let outputs = self.session.run(ort::inputs![tensor]).map_err(text)?;
        let us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        self.took.0.fetch_add(us, Ordering::Relaxed);
        let (_, first) = outputs.iter().next().ok_or("the network has no output")?;
        let (shape, values) = first.try_extract_tensor::<f32>().map_err(text)?;
        let shape = shape.iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
        Ok(Answer {
            shape,
            values: values.to_vec(),
        })
    }
}

fn refused(path: &Path, why: &dyn std::fmt::Display) -> IngestError {
    IngestError::Model {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// The one environment of this process, and the library it came from: the runtime allows no second.
static RUNTIME: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Begins a session in that environment, which is made with the first.
fn builder(library: &Path) -> Result<SessionBuilder, IngestError> {
    let refuse = |e: &dyn std::fmt::Display| refused(library, e);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let environment = match &*runtime {
        Some((loaded, environment)) if loaded == library => environment,
        Some((loaded, _)) => {
            return Err(refuse(&format!(
                "ONNX Runtime was loaded from {} already, and a program takes one only: name the same for all models",
                loaded.display()
            )));
        }
        None => {
            let begun = ort::init_from(library).map_err(|e| refuse(&e))?;
            let made = begun.build().map_err(|e| refuse(&e))?;
            &runtime.insert((library.to_owned(), made)).1
        }
    };
    Session::builder(environment).map_err(|e| refuse(&e))
}

/// Reads and checks a card; `path` is where its text came from, for errors.
///
/// # Errors
/// [`IngestError::Model`] when it is no card or a number in it cannot be.
pub fn read_card(text: &str, path: &Path) -> Result<ModelCard, IngestError> {
    let card: ModelCard = toml::from_str(text).map_err(|e| refused(path, &e.message()))?;
    card.checked().map_err(|e| refused(path, &e))
}

/// Opens the model a card speaks of, from the folder `models`; `library` is ONNX Runtime's shared
/// library (1.24 or later), `threads` how many it may use.
///
/// # Errors
/// [`IngestError::File`] when the model cannot be read, [`IngestError::Model`] when its bytes are not
/// the card's, or the runtime cannot be loaded or refuses the model.
pub fn open_model(
    card: ModelCard,
    models: &Path,
    library: &Path,
    threads: usize,
) -> Result<ModelDetector, IngestError> {
    open_model_timed(card, models, library, threads).map(|(model, _)| model)
}

/// [`open_model`] with a watch on how long its runs take.
///
/// # Errors
/// As [`open_model`].
pub fn open_model_timed(
    card: ModelCard,
    models: &Path,
    library: &Path,
    threads: usize,
) -> Result<(ModelDetector, Took), IngestError> {
    let path = models.join(&card.file);
    let bytes = std::fs::read(&path).map_err(file_error(&path))?;
    let digest = Sha256::digest(&bytes);
    let sha256: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    // Nothing of a stranger's file reaches the runtime before its hash is the card's.
    card.is_of(&sha256).map_err(|e| refused(&path, &e))?;
    let runtime = |e: &dyn std::fmt::Display| refused(library, e);
    let session = builder(library)?
        .with_intra_threads(threads.max(1))
        .map_err(|e| runtime(&e))?
        .commit_from_memory(&bytes)
        .map_err(|e| refused(&path, &e))?;
    let took = Took::default();
    let network = Onnx {
        session,
        took: took.clone(),
    };
    let model = ModelDetector::new(card, &sha256, Box::new(network)).map_err(|e| refused(&path, &e))?;
    Ok((model, took))
}
