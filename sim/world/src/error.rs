//! What can go wrong before the first frame: always what, where and what to do.

use vedette_geo::LatLon;

/// Errors of scenarios and scenes.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// No heights where the scene shall be.
    #[error("no terrain heights around {at}: give a site whose terrain covers the scenario, or move the scenario")]
    NoTerrain {
        /// The scene's origin.
        at: LatLon,
    },
    /// The file is not TOML, or a name or type in it is wrong.
    #[error("{file}: {message}")]
    Syntax {
        /// File name as given.
        file: String,
        /// The parser's words, with line and column and what it expected.
        message: String,
    },
    /// A value is out of its range or names something that is not there.
    #[error("{file}, line {line}: {what}: {allowed}")]
    Value {
        /// File name as given.
        file: String,
        /// Line of the table the value is in, from 1.
        line: usize,
        /// Which value, and what it is.
        what: String,
        /// What is allowed.
        allowed: String,
    },
    /// Several mistakes of one file, all of them.
    #[error("{} mistakes:\n{}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<SimError>),
    /// A flag of the command line.
    #[error("{flag} {given}: {allowed}")]
    Option {
        /// The flag.
        flag: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        allowed: String,
    },
    /// A shell failed: socket, file, encoder.
    #[error("{what}")]
    Shell {
        /// What was tried, and what to do.
        what: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl SimError {
    /// Nothing, the one mistake, or all of them.
    pub(crate) fn all(mut mistakes: Vec<Self>) -> Result<(), Self> {
        // The same complaint about the same line says nothing new.
        let mut seen: Vec<String> = Vec::new();
        mistakes.retain(|m| {
            let text = m.to_string();
            let new = !seen.contains(&text);
            seen.push(text);
            new
        });
        match mistakes.len() {
            0 => Ok(()),
            1 => Err(mistakes.remove(0)),
            _ => Err(Self::Several(mistakes)),
        }
    }

    /// Each mistake by itself.
    #[must_use]
    pub fn each(&self) -> Vec<&Self> {
        match self {
            Self::Several(v) => v.iter().collect(),
            one => vec![one],
        }
    }
}
