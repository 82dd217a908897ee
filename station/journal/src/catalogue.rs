//! The index over sessions and the ledger of who looked.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde::Serialize;
use vedette_evidence::chain::ChainWriter;
use vedette_model::{OperatorId, Utc};

use crate::{JournalError, io};

/// One session in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Session id.
    pub id: String,
    /// Folder, relative to the root.
    pub dir: String,
    /// Start.
    pub started: Utc,
    /// Name of the watch.
    pub watch: String,
    /// Head of its journal when it was closed, hexadecimal; empty while it runs or was killed.
    pub head: String,
}

/// The index. It holds nothing that the folders do not hold.
#[derive(Debug)]
pub struct Catalogue {
    db: Connection,
    path: PathBuf,
}

impl Catalogue {
    /// Opens or makes the index in `root`.
    ///
    /// # Errors
    /// [`JournalError::Io`] or [`JournalError::Catalogue`].
    pub fn open(root: &Path) -> Result<Self, JournalError> {
        std::fs::create_dir_all(root).map_err(io("cannot make folder", root))?;
        let path = root.join("catalogue.sqlite");
        let wrap = |source| JournalError::Catalogue {
            path: path.display().to_string(),
            source,
        };
        let db = Connection::open(&path).map_err(wrap)?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
             CREATE TABLE IF NOT EXISTS session(id TEXT PRIMARY KEY, dir TEXT NOT NULL, started INTEGER NOT NULL, watch TEXT NOT NULL, head TEXT NOT NULL DEFAULT '');
             CREATE TABLE IF NOT EXISTS incident(id TEXT NOT NULL, session TEXT NOT NULL, evidence TEXT NOT NULL, dir TEXT NOT NULL, from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, outcome TEXT NOT NULL, manifest TEXT NOT NULL, PRIMARY KEY(session, id));",
        )
        .map_err(wrap)?;
        Ok(Self { db, path })
    }

    fn wrap(&self, source: rusqlite::Error) -> JournalError {
        JournalError::Catalogue {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Adds a session or updates its head.
    ///
    /// # Errors
    /// [`JournalError::Catalogue`].
    pub fn note_session(&self, row: &SessionRow) -> Result<(), JournalError> {
        self.db
            .execute(
                "INSERT INTO session(id, dir, started, watch, head) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET head = excluded.head",
                params![row.id, row.dir, row.started.0, row.watch, row.head],
            )
            .map(drop)
            .map_err(|e| self.wrap(e))
    }

    /// Adds a sealed incident.
    ///
    /// # Errors
    /// [`JournalError::Catalogue`].
    #[expect(clippy::too_many_arguments, reason = "one column each")]
    pub fn note_incident(
        &self,
        id: &str,
        session: &str,
        evidence: &str,
        dir: &str,
        from: Utc,
        to: Utc,
        outcome: &str,
        manifest: &str,
    ) -> Result<(), JournalError> {
        self.db
            .execute(
                "INSERT OR REPLACE INTO incident(id, session, evidence, dir, from_us, to_us, outcome, manifest) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![id, session, evidence, dir, from.0, to.0, outcome, manifest],
            )
            .map(drop)
            .map_err(|e| self.wrap(e))
    }

    /// All sessions, newest first.
    ///
    /// # Errors
    /// [`JournalError::Catalogue`].
    pub fn sessions(&self) -> Result<Vec<SessionRow>, JournalError> {
        let mut q = self
            .db
            .prepare("SELECT id, dir, started, watch, head FROM session ORDER BY started DESC, id")
            .map_err(|e| self.wrap(e))?;
        let rows = q
            .query_map([], |r| {
                Ok(SessionRow {
                    id: r.get(0)?,
                    dir: r.get(1)?,
                    started: Utc(r.get(2)?),
                    watch: r.get(3)?,
                    head: r.get(4)?,
                })
            })
            .map_err(|e| self.wrap(e))?;
        rows.collect::<Result<_, _>>().map_err(|e| self.wrap(e))
    }
}

/// Who looked at, exported or sealed what, and why: chained lines, only ever appended.
#[derive(Debug)]
pub struct AccessLog {
    path: PathBuf,
}

#[derive(Serialize)]
struct Access<'a> {
    utc: String,
    utc_us: i64,
    who: &'a str,
    act: &'a str,
    what: &'a str,
    why: &'a str,
}

impl AccessLog {
    /// The ledger in `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            path: root.join("access.jsonl"),
        }
    }

    /// Adds one line and brings it to the platter.
    ///
    /// # Errors
    /// [`JournalError`] when the ledger cannot be read or written; then the access must not
    /// happen.
    pub fn note(&self, utc: Utc, who: &OperatorId, act: &str, what: &str, why: &str) -> Result<(), JournalError> {
        let mut chain = self.resume()?;
        let line = chain
            .push(&Access {
                utc: utc.to_string(),
                utc_us: utc.0,
                who: &who.0,
                act,
                what,
                why,
            })
            .map_err(|e| JournalError::Encode(e.to_string()))?;
        let mut f = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(io("cannot open access log", &self.path))?;
        f.write_all(line.as_bytes())
            .and_then(|()| f.sync_data())
            .map_err(io("cannot write access log", &self.path))
    }

    /// All whole lines.
    ///
    /// # Errors
    /// [`JournalError::Io`] when it exists and cannot be read.
    pub fn lines(&self) -> Result<Vec<String>, JournalError> {
        let file = match std::fs::File::open(&self.path) {
            Ok(f) => f,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(io("cannot read access log", &self.path)(e)),
        };
        BufReader::new(file)
            .lines()
            .collect::<Result<_, _>>()
            .map_err(io("cannot read access log", &self.path))
    }

    fn resume(&self) -> Result<ChainWriter, JournalError> {
        let lines = self.lines()?;
        Ok(match lines.last() {
            None => ChainWriter::new(),
            Some(last) => ChainWriter::resume(vedette_evidence::hash::sha256(last.as_bytes()), lines.len() as u64),
        })
    }
}
