//! The tree over everything recorded (RFC 6962 §2.1) and its signed heads.
//!
//! While a station records, each closed video segment and each block of journal lines becomes one leaf; every few seconds
//! the root is signed and copied elsewhere. Whoever later rewrites the past must rewrite all those copies too.
//! A leaf is text a person can make: `<sha256>  <name>`, the form `sha256sum` prints; `<name>` is the path of a segment, or
//! `<journal file>#<first seq>-<last seq>` with the hash of the block's last line.
//! Knows nothing of files or bundles.

use crate::hash::{hex, sha256};
use crate::identity::Identity;
use crate::{Error, Hash, jcs};
use serde::{Deserialize, Serialize};

/// Text of a leaf: `<sha256>  <name>`.
#[must_use]
pub fn leaf(name: &str, hash: &Hash) -> String {
    format!("{}  {name}", hex(hash))
}

/// Text of the leaf of a journal block: the hash of its last line stands for all lines before it.
#[must_use]
pub fn journal_leaf(file: &str, first_seq: u64, last_seq: u64, last_line: &Hash) -> String {
    leaf(&format!("{file}#{first_seq}-{last_seq}"), last_line)
}

/// RFC 6962 §2.1 leaf hash: SHA-256(0x00 ‖ leaf).
#[must_use]
pub fn leaf_hash(text: &str) -> Hash {
    sha256(&[&[0u8], text.as_bytes()].concat())
}

/// RFC 6962 §2.1 Merkle tree hash of leaf hashes: SHA-256("") for none, otherwise the tree split at the largest power of
/// two below the count, nodes hashed as SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [one] => *one,
        many => {
            let left = many.len().next_power_of_two() / 2;
            let (a, b) = many.split_at(left);
            sha256(&[&[1u8][..], &root(a), &root(b)].concat())
        }
    }
}

/// A tree head: how many leaves there were and what their root was, at a moment. Signed by the station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Always `vedette-tree-head/1`, so that a signature over it cannot be mistaken for one over something else.
    pub format: String,
    /// Station id.
    pub station: String,
    /// Number of leaves.
    pub tree_size: u64,
    /// Root of the first `tree_size` leaves, hex.
    pub root: String,
    /// When it was signed, µs since 1970 UTC by the station's clock.
    pub utc_us: i64,
}

/// Value of [`TreeHead::format`].
pub const HEAD_FORMAT: &str = "vedette-tree-head/1";

/// The growing tree of one recording session. Append only.
#[derive(Debug, Clone, Default)]
pub struct TreeLog {
    leaves: Vec<String>,
    hashes: Vec<Hash>,
}

impl TreeLog {
    /// Adds a leaf (see [`leaf`] and [`journal_leaf`]).
    pub fn append(&mut self, text: String) {
        self.hashes.push(leaf_hash(&text));
        self.leaves.push(text);
    }

    /// The leaves so far, in order.
    #[must_use]
    pub fn leaves(&self) -> &[String] {
        &self.leaves
    }

    /// The head to sign now.
    #[must_use]
    pub fn head(&self, station: &str, utc_us: i64) -> TreeHead {
        TreeHead {
            format: HEAD_FORMAT.into(),
            station: station.into(),
            tree_size: self.hashes.len() as u64,
            root: hex(&root(&self.hashes)),
            utc_us,
        }
    }
}

/// A head and the station's signature over its canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// The RFC 8785 text of a [`TreeHead`]: exactly the bytes that were signed.
    pub text: String,
    /// ECDSA P-256/SHA-256 signature in DER, as `openssl dgst -sha256 -verify` takes it.
    pub signature: Vec<u8>,
}

impl SignedHead {
    /// Signs a head.
    ///
    /// # Errors
    /// [`Error::Number`] for a time or count beyond 2^53.
    pub fn sign(head: &TreeHead, identity: &Identity) -> Result<Self, Error> {
        let value = serde_json::to_value(head).map_err(|e| Error::Line(e.to_string()))?;
        let text = jcs::canonical(&value)?;
        let signature = identity.sign(text.as_bytes());
        Ok(Self { text, signature })
    }
}
