//! Sealed evidence: what a station saw and did, so bound together that any later change shows, and anybody can check it
//! with `sha256sum`, `openssl` and `ffprobe`, or with the `vedette-verify` program of this crate.
//!
//! Read in this order to understand a bundle: [`chain`] (lines that name the line before them), [`merkle`] (the tree over all
//! that was recorded), [`manifest`] (what a bundle says of itself), [`seal`] (the signature over it), [`verify`] (all checks,
//! top to bottom). [`bundle`] writes, [`identity`] makes keys.
//!
//! Invariant: bytes, values and times in, bytes and values out; no file, socket or clock is touched outside `src/bin`. Depends
//! on no other Vedette crate, so that an outside expert can read and build it alone.

pub mod bundle;
pub mod chain;
pub mod hash;
pub mod identity;
pub mod jcs;
pub mod manifest;
pub mod merkle;
pub mod seal;
pub mod verify;

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Why something could not be sealed. (What is wrong with a sealed bundle is a [`verify::Report`].)
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number that JSON readers would round.
    #[error("the number {0} cannot be kept exactly in JSON; write it as a string")]
    Number(String),
    /// A record that cannot be a chained line.
    #[error("this record cannot be a line of a chain: {0}")]
    Line(String),
    /// A file name that does not travel between systems.
    #[error(
        "\"{0}\" cannot be the name of a file in a bundle: use a relative path of letters, digits, space, '.', '_', '-', '+', '='"
    )]
    FileName(String),
    /// The same name twice (case does not count), or a name the bundle itself uses.
    #[error("\"{0}\" is already in the bundle, or reserved for its own files")]
    Duplicate(String),
    /// A JSON-lines file that is not a sound chain.
    #[error("{file} is not a sound chain, {source}; write it with chain::ChainWriter")]
    Chain {
        /// Name of the file.
        file: String,
        /// Where it breaks.
        #[source]
        source: chain::ChainBreak,
    },
    /// Facts about the bundle that contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// A name that cannot stand in a certificate.
    #[error("\"{0}\" cannot be a certificate's name: 1 to 48 letters, digits, spaces, '.', '_' or '-'")]
    Name(String),
    /// A key that cannot be used.
    #[error("signing key: {0}")]
    Key(String),
    /// A certificate that cannot be used.
    #[error("certificate: {0}")]
    Certificate(String),
    /// A certificate or signature that cannot be written or read.
    #[error("certificate or signature encoding: {0}")]
    Asn1(#[from] der::Error),
}
