//! Writes a bundle: takes files (or their hashes) and facts, gives back every file the caller must write to disk.
//!
//! Invariant: what [`BundleBuilder::seal`] returns, put beside the files given by hash, passes [`crate::verify`] and
//! `sh VERIFY.sh`. Contradictions are refused here, before anything is signed. Must not know where files live.

use crate::chain::{self, ChainSummary};
use crate::hash::{hex, parse_hex, sha256};
use crate::identity::Identity;
use crate::manifest::{self, FileEntry, FileKind, Manifest, Meta, Span, Tree};
use crate::merkle::{self, SignedHead, TreeHead};
use crate::{Error, Hash, seal};
use std::collections::{BTreeMap, BTreeSet};

/// The checking script that goes into every bundle: POSIX sh, `sha256sum`, `openssl`, `ffprobe`.
pub const VERIFY_SH: &str = include_str!("verify.sh");

/// Names the bundle keeps for its own papers.
const RESERVED: [&str; 9] = [
    "README.txt",
    "VERIFY.sh",
    "manifest.json",
    "manifest.sha256",
    "manifest.p7s",
    "manifest.tsr",
    "tsa.pem",
    "station.pem",
    "ca.pem",
];

/// A file to write: path inside the bundle and its bytes.
pub type Output = (String, Vec<u8>);

/// Collects what belongs to a case, then seals it.
#[derive(Debug, Clone)]
pub struct BundleBuilder {
    meta: Meta,
    files: BTreeMap<String, FileEntry>,
    lower: BTreeSet<String>,
    contents: Vec<Output>,
    chains: BTreeMap<String, ChainSummary>,
    tree: Option<Tree>,
    heads: Vec<SignedHead>,
}

impl BundleBuilder {
    /// Starts a bundle.
    #[must_use]
    pub fn new(meta: Meta) -> Self {
        Self {
            meta,
            files: BTreeMap::new(),
            lower: RESERVED.iter().map(|n| n.to_ascii_lowercase()).collect(),
            contents: Vec::new(),
            chains: BTreeMap::new(),
            tree: None,
            heads: Vec::new(),
        }
    }

    /// Adds a file by its bytes. `*.jsonl` files must be sound chains ([`chain::ChainWriter`]).
    ///
    /// # Errors
    /// [`Error::FileName`], [`Error::Duplicate`], or [`Error::Chain`] for a broken chain.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>, kind: FileKind, span: Option<Span>) -> Result<(), Error> {
        let summary = if name.ends_with(".jsonl") {
            let summary = chain::split_lines(&bytes).and_then(chain::check_chain);
            Some(summary.map_err(|source| Error::Chain {
                file: name.into(),
                source,
            })?)
        } else {
            None
        };
        self.entry(name, &sha256(&bytes), bytes.len() as u64, kind, span)?;
        if let Some(summary) = summary {
            self.chains.insert(name.into(), summary);
        }
        self.contents.push((name.into(), bytes));
        Ok(())
    }

    /// Adds a file that is too large to hold (a video segment), by its hash and size in bytes. The caller copies it.
    ///
    /// # Errors
    /// [`Error::FileName`], [`Error::Duplicate`]; [`Error::Contradiction`] for `*.jsonl`, whose chain must be seen.
    pub fn add_hashed(
        &mut self,
        name: &str,
        hash: &Hash,
        size: u64,
        kind: FileKind,
        span: Option<Span>,
    ) -> Result<(), Error> {
        if name.ends_with(".jsonl") {
            return Err(Error::Contradiction(format!(
                "{name}: give the bytes of a chained file, not only its hash, so that its chain can be checked"
            )));
        }
        self.entry(name, hash, size, kind, span)
    }

    /// Adds the recording session's tree: all its leaves ([`merkle::leaf`], [`merkle::journal_leaf`]) and the heads signed
    /// while it grew.
    ///
    /// # Errors
    /// [`Error::Contradiction`] when a head is not one of this tree's.
    pub fn tree(&mut self, leaves: Vec<String>, heads: Vec<SignedHead>) -> Result<(), Error> {
        let hashes: Vec<Hash> = leaves.iter().map(|l| merkle::leaf_hash(l)).collect();
        for (i, signed) in heads.iter().enumerate() {
            let fits = serde_json::from_str::<TreeHead>(&signed.text)
                .ok()
                .and_then(|h| Some((hashes.get(..usize::try_from(h.tree_size).ok()?)?, h)))
                .is_some_and(|(part, h)| h.root == hex(&merkle::root(part)));
            if !fits {
                return Err(Error::Contradiction(format!(
                    "tree head {} is not a head of the tree it was given with",
                    i + 1
                )));
            }
        }
        self.tree = Some(Tree {
            root: hex(&merkle::root(&hashes)),
            leaves,
        });
        self.heads = heads;
        Ok(())
    }

    /// Writes the papers, signs, and returns every file to write: those given by bytes and the bundle's own. Files given by
    /// hash are not among them.
    ///
    /// # Errors
    /// [`Error::Contradiction`] when facts do not fit together; signing and encoding errors.
    pub fn seal(mut self, identity: &Identity) -> Result<Vec<Output>, Error> {
        self.check_facts()?;
        let readme = self.readme();
        self.paper("README.txt", readme.into_bytes())?;
        self.paper("VERIFY.sh", VERIFY_SH.as_bytes().to_vec())?;
        self.paper("station.pem", identity.station_pem()?.into_bytes())?;
        self.paper("ca.pem", identity.ca_pem()?.into_bytes())?;
        for (i, head) in std::mem::take(&mut self.heads).into_iter().enumerate() {
            let stem = format!("heads/{:06}", i + 1);
            self.paper(&format!("{stem}.json"), head.text.into_bytes())?;
            self.paper(&format!("{stem}.sig"), head.signature)?;
        }
        let sealed_s = u64::try_from(self.meta.sealed_utc_us / 1_000_000)
            .map_err(|_| Error::Contradiction("the sealing time is before 1970".into()))?;
        let manifest = Manifest {
            format: manifest::FORMAT.into(),
            meta: self.meta,
            files: self.files.into_values().collect(),
            chains: self.chains,
            tree: self.tree,
            timestamp: "pending".into(),
        };
        let text = manifest.text()?.into_bytes();
        let mut hashes: BTreeMap<String, Hash> = manifest
            .files
            .iter()
            .filter_map(|f| Some((f.name.clone(), parse_hex(&f.sha256)?)))
            .collect();
        hashes.insert("manifest.json".into(), sha256(&text));
        let list = manifest::hash_list(&hashes).into_bytes();
        let signature = seal::sign(identity, &list, sealed_s)?;
        let mut out = self.contents;
        out.push(("manifest.json".into(), text));
        out.push(("manifest.sha256".into(), list));
        out.push(("manifest.p7s".into(), signature));
        Ok(out)
    }

    fn paper(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.lower.remove(&name.to_ascii_lowercase());
        self.add_any(name, bytes)
    }

    fn add_any(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let hash = sha256(&bytes);
        self.entry(name, &hash, bytes.len() as u64, FileKind::Paper, None)?;
        self.contents.push((name.into(), bytes));
        Ok(())
    }

    fn entry(&mut self, name: &str, hash: &Hash, size: u64, kind: FileKind, span: Option<Span>) -> Result<(), Error> {
        if !manifest::valid_name(name) {
            return Err(Error::FileName(name.into()));
        }
        let own = name.starts_with("heads/") && kind != FileKind::Paper;
        if own || !self.lower.insert(name.to_ascii_lowercase()) {
            return Err(Error::Duplicate(name.into()));
        }
        let entry = FileEntry {
            name: name.into(),
            sha256: hex(hash),
            size,
            kind,
            span,
        };
        self.files.insert(name.into(), entry);
        Ok(())
    }

    /// The journal the meta data names must be the one in the bundle, and so must the segments and blocks in the tree.
    fn check_facts(&self) -> Result<(), Error> {
        if let (Some(range), Some(chain)) = (&self.meta.journal, self.chains.get("journal.jsonl")) {
            let last = chain.first_seq + chain.lines.saturating_sub(1);
            if (range.first_seq, range.last_seq, &range.head_sha256) != (chain.first_seq, last, &chain.last_hash) {
                return Err(Error::Contradiction(format!(
                    "journal.jsonl holds lines {} to {last}, the case says {} to {} (or another last hash)",
                    chain.first_seq, range.first_seq, range.last_seq
                )));
            }
        }
        for leaf in self.tree.iter().flat_map(|t| &t.leaves) {
            let (hash, name) = leaf.split_once("  ").unwrap_or((leaf, ""));
            if self.files.get(name).is_some_and(|f| f.sha256 != hash) {
                return Err(Error::Contradiction(format!(
                    "{name} is not the file whose hash is in the session's tree"
                )));
            }
        }
        Ok(())
    }

    fn readme(&self) -> String {
        let plain = |s: &str| -> String { s.chars().filter(|c| !c.is_control()).collect() };
        let utc = |us: i64| -> String {
            u64::try_from(us)
                .ok()
                .and_then(|us| der::DateTime::from_unix_duration(std::time::Duration::from_secs(us / 1_000_000)).ok())
                .map_or_else(|| format!("{us} us"), |t| t.to_string())
        };
        let m = &self.meta;
        format!(
            include_str!("readme.txt"),
            case = plain(&m.case_id),
            station = plain(&m.station),
            operator = plain(&m.operator),
            software = plain(&m.software),
            sealed = utc(m.sealed_utc_us),
            from = utc(m.span.from_utc_us),
            to = utc(m.span.to_utc_us),
            clock = plain(&m.clock.source),
            gaps = m.gaps.len(),
        )
    }
}
