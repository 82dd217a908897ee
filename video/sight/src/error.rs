//! What can be wrong with what this crate is given, in words a person can act on.

/// Why an input was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SightError {
    /// A picture whose bytes do not fill its size.
    #[error(
        "frame of {width} x {height} pixels needs {needed} bytes of grey, got {got}: pass one byte per pixel without row padding"
    )]
    FrameBytes {
        /// Width claimed, pixels.
        width: usize,
        /// Height claimed, pixels.
        height: usize,
        /// Bytes that size needs.
        needed: usize,
        /// Bytes given.
        got: usize,
    },
    /// A picture too small or too large to analyse.
    #[error("frame of {width} x {height} pixels cannot be analysed: sides must be 64..=8192 pixels")]
    FrameSize {
        /// Width, pixels.
        width: usize,
        /// Height, pixels.
        height: usize,
    },
    /// A policy with a number out of its range.
    #[error("policy: {field} is {value}, it must be {must}")]
    Policy {
        /// Field name as in the file.
        field: &'static str,
        /// Value found.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// A file of the classifier that is no full set of sound trees.
    #[error("classifier: the file {why}: take the one thermal_forest.py wrote")]
    Weights {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A detector network, its card or its answer.
    #[error("model {name}: {why}")]
    Model {
        /// Its name on the card.
        name: String,
        /// What is wrong.
        why: String,
    },
}
