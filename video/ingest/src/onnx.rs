//! Detector networks of others, run by ONNX Runtime. The runtime's library is loaded when the first
//! model is opened, from the path that is given; nothing of it is linked or shipped.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::SessionBuilder;
use ort::value::TensorRef;
use sha2::{Digest, Sha256};
use vedette_sight::{Answer, ModelCard, ModelDetector, Network};

use crate::{IngestError, file_error};

struct Onnx(Session);

impl Network for Onnx {
    fn run(&mut self, input: Vec<f32>, shape: [usize; 4]) -> Result<Answer, String> {
        let text = |e: ort::Error| e.to_string();
        let tensor = TensorRef::from_array_view((shape, input.as_slice())).map_err(text)?;
        let outputs = self.0.run(ort::inputs![tensor]).map_err(text)?;
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
    ModelDetector::new(card, &sha256, Box::new(Onnx(session))).map_err(|e| refused(&path, &e))
}
