//! What a bundle says of itself: `manifest.json` (canonical JSON) and `manifest.sha256` (the form `sha256sum -c` reads).
//!
//! Invariant: both lists name the same files with the same hashes; `manifest.sha256` adds only `manifest.json` itself, and
//! is what the signature is over. All times are µs since 1970 UTC by the station's clock, whose state is in the manifest.

use crate::chain::ChainSummary;
use crate::{Error, Hash, hash, jcs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Value of [`Manifest::format`].
pub const FORMAT: &str = "vedette-evidence/1";

/// Files of a bundle that its hash list does not name: the list, the signature over it and, later, a time stamp over it.
pub const OUTSIDE: [&str; 4] = ["manifest.sha256", "manifest.p7s", "manifest.tsr", "tsa.pem"];

/// A stretch of time, µs since 1970 UTC, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Start, µs UTC.
    pub from_utc_us: i64,
    /// End, µs UTC.
    pub to_utc_us: i64,
}

/// How far the station's clock could be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockState {
    /// Where the time came from: `ntp`, `gnss`, `operator`, `none`, `simulated`.
    pub source: String,
    /// Station clock minus the source, µs; absent when unknown.
    pub offset_us: Option<i64>,
    /// Standard deviation of that offset, µs; absent when unknown.
    pub sigma_us: Option<i64>,
    /// How often the clock stepped by more than 100 ms while recording. Steps are in the journal.
    pub steps: u64,
}

/// A stretch for which something is missing. Gaps are evidence too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// When.
    pub span: Span,
    /// What is missing, for example `video/ch1`.
    pub what: String,
    /// Why: link loss, lost packets, clock step, overload, operator's pause.
    pub reason: String,
}

/// A detector or other model that took part, so that its results can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelUsed {
    /// Name and version.
    pub name: String,
    /// SHA-256 of its file, hex.
    pub sha256: String,
}

/// The part of the station's journal this case was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRange {
    /// First line's `seq`.
    pub first_seq: u64,
    /// Last line's `seq`.
    pub last_seq: u64,
    /// SHA-256 of the last line, hex.
    pub head_sha256: String,
}

/// What sort of file it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Bytes as received or first written.
    #[default]
    Original,
    /// As received, but its end is missing (power cut, crash); hashed when the station came back.
    Truncated,
    /// Made from originals: a picture, a map, a working copy.
    Derived,
    /// The bundle's own papers: instructions, certificates, tree heads.
    Paper,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path inside the bundle, `/` between folders.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Size, bytes.
    pub size: u64,
    /// What sort of file it is.
    pub kind: FileKind,
    /// What time it shows, where that makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// The tree over the whole recording session (see [`crate::merkle`]); segments that are not part of this case are leaves too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// RFC 6962 root of all leaves, hex.
    pub root: String,
    /// The leaves, `<sha256>  <name>`, in recording order.
    pub leaves: Vec<String>,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// Facts about the case.
    pub meta: Meta,
    /// Every file but `manifest.json` and [`OUTSIDE`], sorted by name.
    pub files: Vec<FileEntry>,
    /// First and last line of every chained file (`*.jsonl`), so that a cut tail shows.
    pub chains: BTreeMap<String, ChainSummary>,
    /// The session's tree, when one was kept.
    pub tree: Option<Tree>,
    /// `pending`: no time-stamp authority was asked yet. A token over `manifest.sha256` may be added as `manifest.tsr`.
    pub timestamp: String,
}

/// Facts about a case that the station knows when it seals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Case number, for example `case-2026-000123`.
    pub case_id: String,
    /// Station id.
    pub station: String,
    /// Program and version that recorded and sealed.
    pub software: String,
    /// Detectors and other models that took part.
    pub models: Vec<ModelUsed>,
    /// Who sealed it.
    pub operator: String,
    /// When it was sealed, µs UTC.
    pub sealed_utc_us: i64,
    /// What time the case covers.
    pub span: Span,
    /// State of the station's clock.
    pub clock: ClockState,
    /// What is missing, and why.
    pub gaps: Vec<Gap>,
    /// The part of the station's journal it was made from.
    pub journal: Option<JournalRange>,
}

impl Manifest {
    /// The canonical text that goes into `manifest.json` (no newline at its end).
    ///
    /// # Errors
    /// [`Error::Number`] for a number beyond 2^53.
    pub fn text(&self) -> Result<String, Error> {
        let value = serde_json::to_value(self).map_err(|e| Error::Line(e.to_string()))?;
        jcs::canonical(&value)
    }

    /// Reads `manifest.json`; refuses text that is not canonical, unknown fields and other versions.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8 text".to_string())?;
        let value = jcs::parse_strict(text)?;
        let manifest: Self = serde_json::from_value(value).map_err(|e| format!("is not a bundle's manifest: {e}"))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "is of format \"{}\"; this program reads \"{FORMAT}\"",
                manifest.format
            ));
        }
        Ok(manifest)
    }
}

/// `manifest.sha256`: `<hash>  <name>` lines, sorted by name.
#[must_use]
pub fn hash_list(files: &BTreeMap<String, Hash>) -> String {
    files
        .iter()
        .map(|(name, h)| format!("{}  {name}\n", hash::hex(h)))
        .collect()
}

/// Reads `manifest.sha256`; refuses whatever [`hash_list`] would not write.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_hash_list(bytes: &[u8]) -> Result<BTreeMap<String, Hash>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_string())?;
    let mut files = BTreeMap::new();
    for (i, line) in text.lines().enumerate() {
        let entry = line
            .split_once("  ")
            .and_then(|(h, name)| Some((name, hash::parse_hex(h)?)))
            .filter(|(name, _)| valid_name(name));
        let (name, h) = entry.ok_or_else(|| format!("line {} is not \"<sha256>  <name>\"", i + 1))?;
        files.insert(name.to_string(), h);
    }
    if hash_list(&files) != text {
        return Err("is not sorted by name, or names a file twice".into());
    }
    Ok(files)
}

/// Whether a path can travel: relative, `/` between parts, parts of letters, digits, space and `._-+=`, none starting with
/// `-` or space, none `.` or `..`, at most 200 bytes.
#[must_use]
pub fn valid_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || " ._-+=".contains(c);
    name.len() <= 200
        && name.split('/').all(|part| {
            !part.is_empty() && !part.starts_with(['-', ' ']) && !part.ends_with([' ', '.']) && part.chars().all(fine)
        })
}
