//! Reads a session back, whatever state it was left in.

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use vedette_core::{Entry, Replay, Setup};
use vedette_model::Utc;

use crate::writer::FILE;
use crate::{JournalError, io};

/// A last line that was not finished when the process died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Line number, from 0.
    pub line: u64,
    /// Bytes of it that reached the disk.
    pub bytes: usize,
}

/// A session read back.
#[derive(Debug)]
pub struct Recorded {
    /// What it started with.
    pub setup: Setup,
    /// All inputs, in order.
    pub entries: Vec<Entry>,
    /// The unfinished last line, if there is one.
    pub torn: Option<Torn>,
    /// First break of the hash chain, if there is one: line number and reason.
    pub broken: Option<(u64, String)>,
    /// SHA-256 of the last whole line, hexadecimal.
    pub head: String,
}

impl Recorded {
    /// The session in random access.
    ///
    /// # Errors
    /// [`vedette_core::CoreError`] when the setup cannot be used.
    pub fn replay(self) -> Result<Replay, vedette_core::CoreError> {
        Replay::new(self.setup, self.entries)
    }
}

#[derive(Deserialize)]
struct First {
    setup: Setup,
}
#[derive(Deserialize)]
struct Prev {
    prev: String,
}

/// Reads a session folder.
///
/// # Errors
/// [`JournalError::Io`] when there is no journal, [`JournalError::Line`] when a line in the
/// middle cannot be read (a torn last line is no error).
pub fn read(dir: &Path) -> Result<Recorded, JournalError> {
    lines(&dir.join(FILE), None)
}

/// Reads the excerpt in an evidence bundle: `setup.jsonl` and the lines of `journal.jsonl`.
///
/// # Errors
/// As [`read`].
pub fn read_bundle(dir: &Path) -> Result<Recorded, JournalError> {
    let setup = lines(&dir.join("setup.jsonl"), None)?.setup;
    lines(&dir.join(FILE), Some(setup))
}

/// Lines of one file; with a setup given, the file is an excerpt that may begin anywhere.
fn lines(path: &Path, given: Option<Setup>) -> Result<Recorded, JournalError> {
    let excerpt = given.is_some();
    let file = std::fs::File::open(path).map_err(io("cannot open journal", path))?;
    let mut reader = BufReader::new(file);
    let bad = |line: u64, why: String| JournalError::Line {
        path: path.display().to_string(),
        line,
        why,
    };
    let mut buf = Vec::new();
    let (mut setup, mut entries, mut torn, mut broken) = (given, Vec::new(), None, None);
    let mut head = vedette_evidence::hash::hex(&vedette_evidence::chain::GENESIS);
    let mut n = 0u64;
    loop {
        buf.clear();
        let got = reader
            .read_until(b'\n', &mut buf)
            .map_err(io("cannot read journal", path))?;
        if got == 0 {
            break;
        }
        if buf.last() != Some(&b'\n') {
            torn = Some(Torn { line: n, bytes: got });
            break;
        }
        buf.pop();
        match serde_json::from_slice::<Prev>(&buf) {
            Ok(p) if p.prev == head || (excerpt && n == 0) => {}
            Ok(_) => {
                broken.get_or_insert((n, "the line before it was changed or is missing".to_owned()));
            }
            Err(e) => return Err(bad(n, e.to_string())),
        }
        if n == 0 && !excerpt {
            setup = Some(
                serde_json::from_slice::<First>(&buf)
                    .map_err(|e| bad(0, format!("no setup of a session: {e}")))?
                    .setup,
            );
        } else {
            entries.push(serde_json::from_slice::<Entry>(&buf).map_err(|e| bad(n, e.to_string()))?);
        }
        head = vedette_evidence::hash::hex(&vedette_evidence::hash::sha256(&buf));
        n += 1;
    }
    let setup = setup.ok_or_else(|| bad(0, "the journal is empty; the session ended before it began".into()))?;
    Ok(Recorded {
        setup,
        entries,
        torn,
        broken,
        head,
    })
}

/// The journal's lines (bytes, unchanged) whose entries lie in a span of UTC, for an evidence
/// bundle; the setup line is always first.
///
/// # Errors
/// [`JournalError::Io`] when the journal cannot be read.
pub fn excerpt(dir: &Path, from: Utc, to: Utc) -> Result<(Vec<u8>, Vec<u8>), JournalError> {
    #[derive(Deserialize)]
    struct When {
        utc: Utc,
    }
    let path = dir.join(FILE);
    let file = std::fs::File::open(&path).map_err(io("cannot open journal", &path))?;
    let mut reader = BufReader::new(file);
    let (mut first, mut lines, mut buf, mut n) = (Vec::new(), Vec::new(), Vec::new(), 0u64);
    loop {
        buf.clear();
        let got = reader
            .read_until(b'\n', &mut buf)
            .map_err(io("cannot read journal", &path))?;
        if got == 0 || buf.last() != Some(&b'\n') {
            break;
        }
        if n == 0 {
            first.clone_from(&buf);
        } else if let Ok(w) = serde_json::from_slice::<When>(&buf) {
            if w.utc > to && !lines.is_empty() {
                break;
            }
            // A clock that steps cannot tear a hole: once begun, the excerpt goes on unbroken.
            if w.utc >= from || !lines.is_empty() {
                lines.extend_from_slice(&buf);
            }
        }
        n += 1;
    }
    Ok((first, lines))
}
