//! Files and flight logs on board an aircraft, as it lists them.
//!
//! Invariant: names here have been checked and may be shown and used as file names; sizes are what
//! the aircraft announced, not what came.

use serde::{Deserialize, Serialize};

use crate::{Utc, VehicleId};

/// One entry of a directory on board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name, without path.
    pub name: String,
    /// A directory, else a file.
    pub directory: bool,
    /// Bytes, where told.
    pub size: Option<u64>,
}

/// One flight log on board (LOG_ENTRY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOnBoard {
    /// Its number on board.
    pub id: u16,
    /// Bytes, as announced.
    pub size: u32,
    /// When it was begun, where told.
    pub begun: Option<Utc>,
}

/// What a part of an aircraft says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartInfo {
    /// Its component id.
    pub component: u8,
    /// Who made it; empty: not told.
    pub vendor: String,
    /// What it is called; empty: not told.
    pub model: String,
    /// Its firmware; empty: not told.
    pub firmware: String,
    /// What it can do, or why it could not be asked, in words.
    pub about: String,
}

/// A piece of a file that was read from an aircraft; pieces come in order, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePiece {
    /// From whom.
    pub vehicle: VehicleId,
    /// A name for it here: no path, no characters a file system minds.
    pub name: String,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Nothing follows.
    pub last: bool,
}
