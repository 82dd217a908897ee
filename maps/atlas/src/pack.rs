//! An area in one file: a ZIP archive with a manifest of what is in it, where it comes from and its hashes.
//!
//! Invariant: the manifest names every file and every file is named; what is missing of the area is said in it. Paths stay
//! inside the folder a pack is unpacked into.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AtlasError, Bounds, zip};

/// Name of the manifest in the archive.
const MANIFEST: &str = "manifest.json";
/// Largest file of a pack, bytes.
const MOST_BYTES: usize = 1 << 30;

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackEntry {
    /// Path in the archive, with `/`.
    pub path: String,
    /// What it is: `site`, `border`, `terrain`, `zones`, `tiles`, `geoid`, `brief`.
    pub what: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Where it comes from, with the attribution its licence asks for.
    pub source: String,
}

/// What a pack says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of this record.
    pub format: u32,
    /// Name of the area.
    pub name: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// The area.
    pub bounds: Bounds,
    /// Files.
    pub files: Vec<PackEntry>,
    /// What the area would need and the pack does not have, in words.
    pub missing: Vec<String>,
}

/// A pack that was opened.
pub struct Pack<'a> {
    name: String,
    bytes: &'a [u8],
    entries: Vec<zip::Entry>,
    /// What it says about itself.
    pub manifest: Manifest,
}

fn refuse(name: &str, why: impl Into<String>) -> AtlasError {
    AtlasError::Archive {
        name: name.to_owned(),
        why: why.into(),
    }
}

fn sha256(bytes: &[u8]) -> String {
    crate::world::hex(&Sha256::digest(bytes))
}

/// Whether a path stays inside the folder it is unpacked into.
fn safe(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 500
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|p| !p.is_empty() && p != "." && p != "..")
}

/// Packs files: path, kind, source and bytes of each.
///
/// # Errors
/// [`AtlasError::Archive`] for a path that leaves the folder, a repeated one, and an archive beyond 2 GB.
pub fn build_pack(
    name: &str,
    made: &str,
    bounds: Bounds,
    files: &[(String, String, String, Vec<u8>)],
    missing: Vec<String>,
) -> Result<Vec<u8>, AtlasError> {
    let mut w = zip::Writer::new();
    let mut listed: Vec<PackEntry> = Vec::new();
    for (path, what, source, bytes) in files {
        if !safe(path) || path == MANIFEST || listed.iter().any(|l| l.path == *path) {
            return Err(refuse(
                name,
                format!("`{path}` is no path for a file in it, or is there twice"),
            ));
        }
        listed.push(PackEntry {
            path: path.clone(),
            what: what.clone(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            source: source.clone(),
        });
    }
    let manifest = Manifest {
        format: 1,
        name: name.to_owned(),
        made: made.to_owned(),
        bounds,
        files: listed,
        missing,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| refuse(name, e.to_string()))?;
    // The manifest first: a cut-short copy still says what it was.
    let all = std::iter::once((MANIFEST, text.as_slice())).chain(files.iter().map(|f| (f.0.as_str(), f.3.as_slice())));
    for (path, bytes) in all {
        if !w.add(path, bytes) {
            return Err(refuse(name, "it grows beyond 2 GB: pack a smaller area"));
        }
    }
    Ok(w.finish())
}

impl<'a> Pack<'a> {
    /// Opens a pack and reads its manifest; nothing else is looked at yet.
    ///
    /// # Errors
    /// [`AtlasError`] when it is not a pack of ours, or damaged.
    pub fn open(name: &str, bytes: &'a [u8]) -> Result<Self, AtlasError> {
        let entries = zip::entries(name, bytes)?;
        let m = entries
            .iter()
            .find(|e| e.name == MANIFEST)
            .ok_or_else(|| refuse(name, "it has no manifest.json: not an area pack"))?;
        let text = zip::extract(name, bytes, m, 16 << 20)?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|e| refuse(name, format!("its manifest is damaged: {e}")))?;
        if manifest.format != 1 {
            return Err(refuse(
                name,
                format!("it is of form {}, form 1 is read", manifest.format),
            ));
        }
        if let Some(f) = manifest.files.iter().find(|f| !safe(&f.path)) {
            return Err(refuse(
                name,
                format!("it names `{}`, which would leave the folder", f.path),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            bytes,
            entries,
            manifest,
        })
    }

    /// The bytes of a file, whose hash holds.
    ///
    /// # Errors
    /// [`AtlasError`] when it is not there or not what the manifest says.
    pub fn file(&self, path: &str) -> Result<Vec<u8>, AtlasError> {
        let said = self.manifest.files.iter().find(|f| f.path == path);
        let entry = self.entries.iter().find(|e| e.name == path);
        let (Some(said), Some(entry)) = (said, entry) else {
            return Err(refuse(&self.name, format!("`{path}` is not in it")));
        };
        let bytes = zip::extract(&self.name, self.bytes, entry, MOST_BYTES)?;
        if sha256(&bytes) != said.sha256 {
            return Err(refuse(
                &self.name,
                format!("`{path}` is not what the manifest says: it was changed"),
            ));
        }
        Ok(bytes)
    }

    /// Everything that is wrong with it, a sentence each; empty: whole.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out: Vec<String> = self
            .manifest
            .files
            .iter()
            .filter_map(|f| self.file(&f.path).err().map(|e| e.to_string()))
            .collect();
        out.extend(
            self.entries
                .iter()
                .filter(|e| e.name != MANIFEST && !self.manifest.files.iter().any(|f| f.path == e.name))
                .map(|e| format!("`{}` is in the archive and not in the manifest.", e.name)),
        );
        out
    }
}
