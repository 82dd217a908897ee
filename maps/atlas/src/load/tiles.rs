//! Files of map pictures on disk, PMTiles and MBTiles alike: what they hold, single pictures, whether they are whole.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use vedette_geo::LatLon;

use super::LoadError;
use crate::{AtlasError, MbTiles, PmTiles, TileKind};

/// A file of map pictures; only what is asked for is read.
pub struct TileFile {
    path: PathBuf,
    kept: Kept,
}

enum Kept {
    Pm(File, PmTiles),
    Mb(Box<MbTiles>),
}

/// What a file of pictures says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TileAbout {
    /// `PMTiles` or `MBTiles`.
    pub format: &'static str,
    /// What the tiles are.
    pub kind: TileKind,
    /// Lowest and highest zoom.
    pub zooms: (u8, u8),
    /// South-west and north-east corner.
    pub corners: [LatLon; 2],
    /// Attribution that must be shown with the pictures; empty: none said.
    pub attribution: String,
}

/// Words without the links that attributions are often written as.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out.replace("&copy;", "©").replace("&#169;", "©").replace("&amp;", "&");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fetch(mut file: &File, at: u64, n: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut out = Vec::new();
    file.take(n).read_to_end(&mut out).ok()?;
    (out.len() as u64 == n).then_some(out)
}

impl TileFile {
    /// Opens a `.pmtiles` or `.mbtiles` file, told by its first bytes.
    ///
    /// # Errors
    /// [`LoadError`] when it cannot be read or is neither.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let read = |source| LoadError::Read {
            path: path.to_owned(),
            source,
        };
        let wrong = |source| LoadError::Data {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(read)?;
        let kept = if fetch(&file, 0, 15).is_some_and(|h| h == b"SQLite format 3") {
            Kept::Mb(Box::new(mbtiles(path).map_err(wrong)?))
        } else {
            let index = PmTiles::open(&|at, n| fetch(&file, at, n)).map_err(wrong)?;
            Kept::Pm(file, index)
        };
        Ok(Self {
            path: path.to_owned(),
            kept,
        })
    }

    /// What it says about itself.
    #[must_use]
    pub fn about(&self) -> TileAbout {
        match &self.kept {
            Kept::Pm(_, t) => TileAbout {
                format: "PMTiles",
                kind: t.kind,
                zooms: t.zooms,
                corners: t.corners,
                attribution: plain(&t.attribution),
            },
            Kept::Mb(t) => TileAbout {
                format: "MBTiles",
                kind: t.kind,
                zooms: t.zooms,
                corners: t.corners,
                attribution: plain(&t.attribution),
            },
        }
    }

    /// The picture of a tile, rows counted from the north; `None` when the file has none there.
    ///
    /// # Errors
    /// [`LoadError::Data`] when the file is damaged there.
    pub fn tile(&self, zoom: u8, x: u32, y: u32) -> Result<Option<Vec<u8>>, LoadError> {
        match &self.kept {
            Kept::Pm(file, t) => t.tile(&|at, n| fetch(file, at, n), zoom, x, y),
            Kept::Mb(t) => t.tile(zoom, x, y),
        }
        .map_err(|source| LoadError::Data {
            path: self.path.clone(),
            source,
        })
    }

    /// How many tiles it holds, and everything that is wrong with it, a sentence each; none: whole.
    ///
    /// # Errors
    /// [`LoadError::Data`] when it cannot even be looked through.
    pub fn problems(&self) -> Result<(u64, Vec<String>), LoadError> {
        match &self.kept {
            Kept::Pm(file, t) => Ok(t.problems(&|at, n| fetch(file, at, n))),
            Kept::Mb(t) => t.problems().map(|p| (t.count, p)).map_err(|source| LoadError::Data {
                path: self.path.clone(),
                source,
            }),
        }
    }
}

/// Opens the file where it lies: it may be larger than memory. `immutable` keeps SQLite from making files beside it.
fn mbtiles(path: &Path) -> Result<MbTiles, AtlasError> {
    let wrong = |e: rusqlite::Error| AtlasError::Archive {
        name: "MBTiles".into(),
        why: format!("{e}; make it again or fetch it again"),
    };
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut uri = String::from("file:");
    for c in whole.to_string_lossy().chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    MbTiles::over(Connection::open_with_flags(uri, flags).map_err(wrong)?)
}
