//! Map pictures in one SQLite file: MBTiles 1.3 (mapbox/mbtiles-spec), read.
//!
//! Invariant: rows count from the south in the file and from the north here. A stranger's file is read only, its views may
//! touch nothing outside it and stop after a bounded number of steps.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension};
use vedette_geo::LatLon;

use crate::pmtiles::{TileKind, edge_lat, unpack};
use crate::{AtlasError, Bounds};

/// Largest picture, bytes.
const MOST_PICTURE: i32 = 64 << 20;
/// Steps of SQLite's machine between two looks at the clock of steps, and looks a question may take: a view over a well-made
/// file needs some hundred steps for a picture.
const STEPS: i32 = 10_000;
const LOOKS: u64 = 20_000;

/// A file of pictures that can be asked for tiles.
pub struct MbTiles {
    conn: Connection,
    looks: Arc<AtomicU64>,
    /// Its own name.
    pub name: String,
    /// What the tiles are.
    pub kind: TileKind,
    /// Lowest and highest zoom.
    pub zooms: (u8, u8),
    /// South-west and north-east corner.
    pub corners: [LatLon; 2],
    /// Attribution that must be shown where the pictures are shown; empty: none said.
    pub attribution: String,
    /// Pictures.
    pub count: u64,
}

fn refuse(why: impl Into<String>) -> AtlasError {
    AtlasError::Archive {
        name: "MBTiles".into(),
        why: why.into(),
    }
}

fn broken(e: &rusqlite::Error) -> AtlasError {
    refuse(format!("{e}; make it again or fetch it again"))
}

impl MbTiles {
    /// Opens a file that is in memory.
    ///
    /// # Errors
    /// [`AtlasError::Archive`] with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, AtlasError> {
        let head = bytes
            .get(..100)
            .filter(|h| h.starts_with(b"SQLite format 3\0"))
            .ok_or_else(|| refuse("it does not begin with an SQLite header"))?;
        // A file left in write-ahead mode is whole without its log; in memory there is none.
        let mut plain = head.to_vec();
        (plain[18], plain[19]) = (1, 1);
        let mut conn = Connection::open_in_memory().map_err(|e| broken(&e))?;
        let both = plain.chain(&bytes[100..]);
        conn.deserialize_read_exact("main", both, bytes.len(), true)
            .map_err(|e| broken(&e))?;
        Self::over(conn)
    }

    /// Takes an open connection, read only.
    pub(crate) fn over(mut conn: Connection) -> Result<Self, AtlasError> {
        let looks = Arc::new(AtomicU64::new(0));
        guard(&mut conn, &looks).map_err(|e| broken(&e))?;
        let mut out = Self {
            conn,
            looks,
            name: String::new(),
            kind: TileKind::Unknown,
            zooms: (0, 0),
            corners: [LatLon {
                lat_deg: 0.0,
                lon_deg: 0.0,
            }; 2],
            attribution: String::new(),
            count: 0,
        };
        out.describe()?;
        Ok(out)
    }

    fn said(&self, key: &str) -> Option<String> {
        self.looks.store(0, Ordering::Relaxed);
        self.conn
            .query_row(
                "SELECT CAST(value AS TEXT) FROM metadata WHERE name = ?1 LIMIT 1",
                [key],
                |r| r.get(0),
            )
            .optional()
            .ok()
            .flatten()
    }

    fn describe(&mut self) -> Result<(), AtlasError> {
        self.looks.store(0, Ordering::Relaxed);
        let (count, low, high): (i64, Option<i64>, Option<i64>) = self
            .conn
            .query_row(
                "SELECT count(*), min(zoom_level), max(zoom_level) FROM tiles",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )
            .map_err(|e| refuse(format!("it has no usable table `tiles` ({e}): not an MBTiles file")))?;
        let (Some(low), Some(high)) = (low, high) else {
            return Err(refuse("it holds no pictures"));
        };
        let zoom = |z: i64| {
            u8::try_from(z)
                .ok()
                .filter(|z| *z <= 26)
                .ok_or_else(|| refuse(format!("it names the zoom {z}; 0 to 26 are read")))
        };
        self.zooms = (zoom(low)?, zoom(high)?);
        self.count = u64::try_from(count).unwrap_or(0);
        self.name = self.said("name").unwrap_or_default();
        self.attribution = self.said("attribution").unwrap_or_default();
        self.kind = match self.said("format").unwrap_or_default().to_ascii_lowercase().as_str() {
            "png" => TileKind::Png,
            "jpg" | "jpeg" => TileKind::Jpeg,
            "webp" => TileKind::Webp,
            "avif" => TileKind::Avif,
            "pbf" | "mvt" => TileKind::Vector,
            _ => self.any()?.map_or(TileKind::Unknown, |b| TileKind::of(&b)),
        };
        self.corners = match self.said("bounds").as_deref().and_then(corners) {
            Some(c) => c,
            None => self.reach()?,
        };
        Ok(())
    }

    /// Any one picture.
    fn any(&self) -> Result<Option<Vec<u8>>, AtlasError> {
        self.looks.store(0, Ordering::Relaxed);
        self.conn
            .query_row("SELECT CAST(tile_data AS BLOB) FROM tiles LIMIT 1", [], |r| {
                r.get::<_, Option<Vec<u8>>>(0)
            })
            .optional()
            .map(Option::flatten)
            .map_err(|e| broken(&e))
    }

    /// Corners of all pictures of the lowest zoom, for a file that does not say them.
    fn reach(&self) -> Result<[LatLon; 2], AtlasError> {
        self.looks.store(0, Ordering::Relaxed);
        let z = self.zooms.0;
        let (west, east, south, north): (i64, i64, i64, i64) = self
            .conn
            .query_row(
                "SELECT min(tile_column), max(tile_column), min(tile_row), max(tile_row) FROM tiles WHERE zoom_level = ?1",
                [z],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
            )
            .map_err(|e| broken(&e))?;
        let n = 1_i64 << z;
        let inside = [west, east, south, north].iter().all(|v| (0..n).contains(v));
        if !inside {
            return Err(refuse(format!("it has tiles beside the map at zoom {z}")));
        }
        let lon = |x: i64| x as f64 / n as f64 * 360.0 - 180.0;
        let lat = |y: i64| edge_lat(z, (n - y) as f64);
        let corner = |lat_deg, lon_deg| LatLon { lat_deg, lon_deg };
        Ok([corner(lat(south), lon(west)), corner(lat(north + 1), lon(east + 1))])
    }

    /// The box the pictures cover.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            south_deg: self.corners[0].lat_deg,
            west_deg: self.corners[0].lon_deg,
            north_deg: self.corners[1].lat_deg,
            east_deg: self.corners[1].lon_deg,
        }
    }

    /// The picture of a tile, rows counted from the north; `None` when the file has none there.
    ///
    /// # Errors
    /// [`AtlasError::Archive`] when the file is damaged there.
    pub fn tile(&self, zoom: u8, x: u32, y: u32) -> Result<Option<Vec<u8>>, AtlasError> {
        if zoom > 26 || x >> zoom != 0 || y >> zoom != 0 {
            return Ok(None);
        }
        self.looks.store(0, Ordering::Relaxed);
        let row = (1_u32 << zoom) - 1 - y;
        let found = self
            .conn
            .prepare_cached(
                "SELECT CAST(tile_data AS BLOB) FROM tiles WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3 LIMIT 1",
            )
            .and_then(|mut q| q.query_row((zoom, x, row), |r| r.get::<_, Option<Vec<u8>>>(0)).optional())
            .map_err(|e| broken(&e))?
            .flatten();
        match found {
            Some(b) if b.starts_with(&[0x1f, 0x8b]) => unpack(&b)
                .map(Some)
                .ok_or_else(|| refuse(format!("tile {zoom}/{x}/{y} is damaged"))),
            other => Ok(other),
        }
    }

    /// What SQLite finds wrong with the file, a sentence each; empty: whole.
    ///
    /// # Errors
    /// [`AtlasError::Archive`] when it cannot even be looked through.
    pub fn problems(&self) -> Result<Vec<String>, AtlasError> {
        // Every page is looked at: as many steps as that takes.
        self.looks.store(0, Ordering::Relaxed);
        let mut ask = self
            .conn
            .prepare("PRAGMA integrity_check(20)")
            .map_err(|e| broken(&e))?;
        let rows = ask.query_map([], |r| r.get::<_, String>(0)).map_err(|e| broken(&e))?;
        let mut out = rows.collect::<Result<Vec<_>, _>>().map_err(|e| broken(&e))?;
        out.retain(|line| line != "ok");
        Ok(out)
    }
}

/// Nothing in the file may write, call out or run for ever.
fn guard(conn: &mut Connection, looks: &Arc<AtomicU64>) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_PICTURE)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    let looks = Arc::clone(looks);
    conn.progress_handler(STEPS, Some(move || looks.fetch_add(1, Ordering::Relaxed) >= LOOKS))
}

/// `west,south,east,north`.
fn corners(text: &str) -> Option<[LatLon; 2]> {
    let v: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let [west, south, east, north] = v[..] else { return None };
    let pair = [LatLon::new(south, west).ok()?, LatLon::new(north, east).ok()?];
    (south < north && west < east).then_some(pair)
}
