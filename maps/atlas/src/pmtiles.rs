//! Map pictures in one file: PMTiles version 3, read over bytes and written.
//!
//! Invariant: only the bytes a tile needs are read, through the caller's reader; directories are held against the file's size
//! before they are believed. Tiles are numbered along the Hilbert curve of each zoom (PMTiles specification, 2022).

use std::collections::BTreeMap;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, Repeatable};

use crate::AtlasError;

const HEADER: usize = 127;
/// Most bytes a directory may have, unpacked.
const MOST_DIRECTORY: u64 = 64 << 20;
/// Most bytes of metadata that are read.
const MOST_METADATA: u64 = 1 << 20;
/// Deepest chain of directories.
const DEEPEST: usize = 4;
/// Entries of a leaf directory that is written.
const LEAF: usize = 4096;
/// Web Mercator ends here, degrees.
const MOST_LAT: f64 = 85.051_128_78;

/// What the tiles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TileKind {
    /// Not said.
    Unknown,
    /// Mapbox vector tiles.
    Vector,
    /// PNG pictures.
    Png,
    /// JPEG pictures.
    Jpeg,
    /// WebP pictures.
    Webp,
    /// AVIF pictures.
    Avif,
}

impl TileKind {
    /// What a picture is, by its first bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Self::Avif,
            // Gzip, or the first layer of a vector tile (field 3, length-delimited).
            [0x1f, 0x8b, ..] | [0x1a, ..] => Self::Vector,
            _ => Self::Unknown,
        }
    }
}

/// A run of tiles with the same bytes, or a directory of further runs.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: u64,
    count: u32,
    offset: u64,
    length: u32,
}

/// An archive that can be asked for tiles.
#[derive(Debug, Clone)]
pub struct PmTiles {
    /// What the tiles are.
    pub kind: TileKind,
    /// Lowest and highest zoom.
    pub zooms: (u8, u8),
    /// Attribution that must be shown with the pictures, as its metadata give it; empty: none said.
    pub attribution: String,
    /// South-west and north-east corner.
    pub corners: [LatLon; 2],
    root: Vec<Run>,
    leaves: (u64, u64),
    data: (u64, u64),
    packed_directories: bool,
    packed_tiles: bool,
}

fn refuse(why: impl Into<String>) -> AtlasError {
    AtlasError::Archive {
        name: "PMTiles".into(),
        why: why.into(),
    }
}

/// Reads `length` bytes at an offset of the file.
pub(crate) type Fetch<'a> = dyn Fn(u64, u64) -> Option<Vec<u8>> + 'a;

impl PmTiles {
    /// Opens an archive; `fetch(offset, length)` reads its bytes.
    ///
    /// # Errors
    /// [`AtlasError::Archive`] with what is wrong.
    pub fn open(fetch: &Fetch<'_>) -> Result<Self, AtlasError> {
        let h = fetch(0, HEADER as u64)
            .filter(|h| h.len() == HEADER && h.starts_with(b"PMTiles"))
            .ok_or_else(|| refuse("it does not begin with a PMTiles header"))?;
        if h[7] != 3 {
            return Err(refuse(format!(
                "it is of version {}; version 3 is read: convert it",
                h[7]
            )));
        }
        let u64_at = |at: usize| {
            u64::from_le_bytes([
                h[at],
                h[at + 1],
                h[at + 2],
                h[at + 3],
                h[at + 4],
                h[at + 5],
                h[at + 6],
                h[at + 7],
            ])
        };
        let e7 = |at: usize| f64::from(i32::from_le_bytes([h[at], h[at + 1], h[at + 2], h[at + 3]])) * 1e-7;
        let packing = |b: u8, what: &str| match b {
            0 | 1 => Ok(false),
            2 => Ok(true),
            n => Err(refuse(format!(
                "its {what} are packed by method {n}; none and gzip are read"
            ))),
        };
        let corner = |at: usize| LatLon::new(e7(at + 4), e7(at)).map_err(|e| refuse(e.to_string()));
        let mut out = Self {
            kind: match h[99] {
                1 => TileKind::Vector,
                2 => TileKind::Png,
                3 => TileKind::Jpeg,
                4 => TileKind::Webp,
                5 => TileKind::Avif,
                _ => TileKind::Unknown,
            },
            zooms: (h[100], h[101]),
            corners: [corner(102)?, corner(110)?],
            root: Vec::new(),
            leaves: (u64_at(40), u64_at(48)),
            data: (u64_at(56), u64_at(64)),
            attribution: String::new(),
            packed_directories: packing(h[97], "directories")?,
            packed_tiles: packing(h[98], "tiles")?,
        };
        out.root = out.directory(fetch, u64_at(8), u64_at(16))?;
        out.attribution = out.credit(fetch, u64_at(24), u64_at(32)).unwrap_or_default();
        Ok(out)
    }

    /// What its metadata ask to be shown with the pictures; a file without it, or with damaged metadata, asks nothing.
    fn credit(&self, fetch: &Fetch<'_>, offset: u64, length: u64) -> Option<String> {
        let raw = fetch(offset, length.min(MOST_METADATA)).filter(|b| b.len() as u64 == length)?;
        let json = if self.packed_directories { unpack(&raw)? } else { raw };
        let all: serde_json::Value = serde_json::from_slice(&json).ok()?;
        Some(all["attribution"].as_str()?.to_owned())
    }

    fn directory(&self, fetch: &Fetch<'_>, offset: u64, length: u64) -> Result<Vec<Run>, AtlasError> {
        let cut = || refuse("a directory is damaged or cut short");
        if length > MOST_DIRECTORY {
            return Err(cut());
        }
        let raw = fetch(offset, length)
            .filter(|b| b.len() as u64 == length)
            .ok_or_else(cut)?;
        let bytes = if self.packed_directories {
            unpack(&raw).ok_or_else(cut)?
        } else {
            raw
        };
        let mut at = 0;
        let mut next = || varint(&bytes, &mut at);
        let n = next().ok_or_else(cut)?;
        // Every entry takes four bytes at least.
        if n.saturating_mul(4) > bytes.len() as u64 {
            return Err(cut());
        }
        let mut out = vec![
            Run {
                first: 0,
                count: 0,
                offset: 0,
                length: 0
            };
            n as usize
        ];
        let mut id = 0_u64;
        for r in &mut out {
            id = id.checked_add(next().ok_or_else(cut)?).ok_or_else(cut)?;
            r.first = id;
        }
        for r in &mut out {
            r.count = u32::try_from(next().ok_or_else(cut)?).map_err(|_| cut())?;
        }
        for r in &mut out {
            r.length = u32::try_from(next().ok_or_else(cut)?).map_err(|_| cut())?;
        }
        let mut end = 0_u64;
        for r in &mut out {
            r.offset = match next().ok_or_else(cut)? {
                0 => end,
                v => v - 1,
            };
            end = r.offset.checked_add(u64::from(r.length)).ok_or_else(cut)?;
        }
        Ok(out)
    }

    /// The picture of a tile; `None` when the archive has none there.
    ///
    /// # Errors
    /// [`AtlasError::Archive`] when the archive is damaged there.
    pub fn tile(&self, fetch: &Fetch<'_>, zoom: u8, x: u32, y: u32) -> Result<Option<Vec<u8>>, AtlasError> {
        let Some(id) = number(zoom, x, y) else {
            return Ok(None);
        };
        let cut = || refuse(format!("tile {zoom}/{x}/{y} lies outside the file"));
        let mut found = self.root.clone();
        for _ in 0..DEEPEST {
            let i = found.partition_point(|r| r.first <= id);
            let Some(r) = i.checked_sub(1).map(|i| found[i]) else {
                return Ok(None);
            };
            if r.count == 0 {
                let inside = r
                    .offset
                    .checked_add(u64::from(r.length))
                    .is_some_and(|e| e <= self.leaves.1);
                let at = self.leaves.0.checked_add(r.offset).filter(|_| inside).ok_or_else(cut)?;
                found = self.directory(fetch, at, u64::from(r.length))?;
                continue;
            }
            if id - r.first >= u64::from(r.count) {
                return Ok(None);
            }
            let inside = r
                .offset
                .checked_add(u64::from(r.length))
                .is_some_and(|e| e <= self.data.1);
            let at = self.data.0.checked_add(r.offset).filter(|_| inside).ok_or_else(cut)?;
            let raw = fetch(at, u64::from(r.length))
                .filter(|b| b.len() == r.length as usize)
                .ok_or_else(cut)?;
            return if self.packed_tiles {
                unpack(&raw).map(Some).ok_or_else(cut)
            } else {
                Ok(Some(raw))
            };
        }
        Err(refuse("its directories lead in a circle"))
    }
}

pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .take(MOST_DIRECTORY + 1)
        .read_to_end(&mut out)
        .ok()
        .filter(|n| *n as u64 <= MOST_DIRECTORY)?;
    Some(out)
}

fn varint(b: &[u8], at: &mut usize) -> Option<u64> {
    let mut v = 0_u64;
    for k in 0..10 {
        let byte = *b.get(*at)?;
        *at += 1;
        v |= u64::from(byte & 0x7f).checked_shl(7 * k)?;
        if byte & 0x80 == 0 {
            return Some(v);
        }
    }
    None
}

impl PmTiles {
    /// How many tiles it addresses, and everything that is wrong with them, a sentence each (the first twenty).
    #[must_use]
    pub fn problems(&self, fetch: &Fetch<'_>) -> (u64, Vec<String>) {
        let (mut tiles, mut out) = (0_u64, Vec::new());
        let mut open = vec![(self.root.clone(), 0)];
        let mut seen = std::collections::BTreeSet::new();
        while let Some((runs, depth)) = open.pop() {
            for r in runs {
                if out.len() >= 20 {
                    return (tiles, out);
                }
                let end = r.offset.checked_add(u64::from(r.length));
                if r.count > 0 {
                    tiles = tiles.saturating_add(u64::from(r.count));
                    let at = self
                        .data
                        .0
                        .checked_add(r.offset)
                        .filter(|_| end.is_some_and(|e| e <= self.data.1));
                    // The last byte is there: the rest then is too.
                    let last = at.and_then(|a| a.checked_add(u64::from(r.length).saturating_sub(1)));
                    if r.length > 0 && last.and_then(|l| fetch(l, 1)).is_none() {
                        out.push(format!("the pictures from number {} on lie outside the file.", r.first));
                    }
                } else if depth + 1 >= DEEPEST || !seen.insert(r.offset) {
                    out.push("its directories lead in a circle.".to_owned());
                } else {
                    let at = self
                        .leaves
                        .0
                        .checked_add(r.offset)
                        .filter(|_| end.is_some_and(|e| e <= self.leaves.1));
                    match at.map(|a| self.directory(fetch, a, u64::from(r.length))) {
                        Some(Ok(leaf)) => open.push((leaf, depth + 1)),
                        Some(Err(e)) => out.push(e.to_string()),
                        None => out.push(format!(
                            "the directory from number {} on lies outside the file.",
                            r.first
                        )),
                    }
                }
            }
        }
        (tiles, out)
    }
}

fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push((v as u8 & 0x7f) | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// Number of a tile along the Hilbert curve, after all tiles of lower zooms; `None` off the map.
fn number(zoom: u8, x: u32, y: u32) -> Option<u64> {
    if zoom > 26 || x >> zoom != 0 || y >> zoom != 0 {
        return None;
    }
    let before: u64 = (0..zoom).map(|z| 1_u64 << (2 * u32::from(z))).sum();
    let (mut x, mut y, mut d) = (u64::from(x), u64::from(y), 0_u64);
    let mut s = (1_u64 << zoom) / 2;
    while s > 0 {
        let (rx, ry) = (u64::from(x & s > 0), u64::from(y & s > 0));
        d += s * s * ((3 * rx) ^ ry);
        if ry == 0 {
            if rx == 1 {
                x = s.wrapping_sub(1).wrapping_sub(x) & (2 * s - 1);
                y = s.wrapping_sub(1).wrapping_sub(y) & (2 * s - 1);
            }
            std::mem::swap(&mut x, &mut y);
        }
        s /= 2;
    }
    Some(before + d)
}

/// The tile of a zoom that holds a place, and where in it: column, row, and shares from its west and north edge.
#[must_use]
pub fn tile_at(zoom: u8, at: LatLon) -> (u32, u32, [f64; 2]) {
    let n = f64::from(zoom.min(26)).exp2_r();
    let lat = at.lat_deg.clamp(-MOST_LAT, MOST_LAT).to_radians();
    let x = (at.lon_deg + 180.0) / 360.0 * n;
    let y = (1.0 - lat.tan_r().asinh() / std::f64::consts::PI) / 2.0 * n;
    let cell = |v: f64| v.floor().clamp(0.0, n - 1.0);
    (cell(x) as u32, cell(y) as u32, [x - cell(x), y - cell(y)])
}

/// Latitude of the edge between two rows of a zoom, degrees; row 0 is the north edge of the map.
pub(crate) fn edge_lat(zoom: u8, row: f64) -> f64 {
    let share = row / f64::from(zoom.min(26)).exp2_r();
    (std::f64::consts::PI * (1.0 - 2.0 * share))
        .sinh_r()
        .atan_r()
        .to_degrees()
}

/// Writes an archive of pictures by zoom, column and row; the same picture is stored once.
///
/// # Errors
/// [`AtlasError::Archive`] for a tile that is not on the map.
pub fn build_pmtiles(
    kind: TileKind,
    tiles: &BTreeMap<(u8, u32, u32), Vec<u8>>,
    attribution: &str,
) -> Result<Vec<u8>, AtlasError> {
    let mut by_id: BTreeMap<u64, &Vec<u8>> = BTreeMap::new();
    for ((z, x, y), bytes) in tiles {
        let id = number(*z, *x, *y).ok_or_else(|| refuse(format!("there is no tile {z}/{x}/{y}")))?;
        by_id.insert(id, bytes);
    }
    let mut data = Vec::new();
    let mut known: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut runs: Vec<Run> = Vec::new();
    for (id, bytes) in &by_id {
        let offset = *known.entry(bytes.as_slice()).or_insert_with(|| {
            let at = data.len() as u64;
            data.extend_from_slice(bytes);
            at
        });
        match runs.last_mut() {
            Some(r) if r.offset == offset && r.first + u64::from(r.count) == *id => r.count += 1,
            _ => runs.push(Run {
                first: *id,
                count: 1,
                offset,
                length: bytes.len() as u32,
            }),
        }
    }
    let mut leaves = Vec::new();
    let root = if runs.len() <= LEAF {
        pack(&runs)
    } else {
        let pointers: Vec<Run> = runs
            .chunks(LEAF)
            .map(|c| {
                let bytes = pack(c);
                let offset = leaves.len() as u64;
                leaves.extend_from_slice(&bytes);
                Run {
                    first: c[0].first,
                    count: 0,
                    offset,
                    length: bytes.len() as u32,
                }
            })
            .collect();
        pack(&pointers)
    };
    let zooms = tiles.keys().fold((u8::MAX, 0), |z, k| (z.0.min(k.0), z.1.max(k.0)));
    let edge = |z: u8, x: f64, y: f64| {
        let n = f64::from(z).exp2_r();
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * y / n))
            .sinh_r()
            .atan_r()
            .to_degrees();
        (x / n * 360.0 - 180.0, lat)
    };
    let mut corners = [180.0_f64, 90.0, -180.0, -90.0];
    for (z, x, y) in tiles.keys().filter(|k| k.0 == zooms.1) {
        let (w, n) = edge(*z, f64::from(*x), f64::from(*y));
        let (e, s) = edge(*z, f64::from(*x) + 1.0, f64::from(*y) + 1.0);
        corners = [
            corners[0].min(w),
            corners[1].min(s),
            corners[2].max(e),
            corners[3].max(n),
        ];
    }
    let said = if attribution.is_empty() {
        serde_json::json!({})
    } else {
        serde_json::json!({ "attribution": attribution })
    };
    // Packed as the directories are.
    let metadata = gzip(said.to_string().as_bytes());
    let mut head = Vec::with_capacity(HEADER);
    head.extend(b"PMTiles\x03");
    let root_at = HEADER as u64;
    let meta_at = root_at + root.len() as u64;
    let leaf_at = meta_at + metadata.len() as u64;
    let data_at = leaf_at + leaves.len() as u64;
    for v in [
        root_at,
        root.len() as u64,
        meta_at,
        metadata.len() as u64,
        leaf_at,
        leaves.len() as u64,
        data_at,
        data.len() as u64,
        by_id.len() as u64,
        runs.len() as u64,
        known.len() as u64,
    ] {
        head.extend(v.to_le_bytes());
    }
    let code = match kind {
        TileKind::Unknown => 0,
        TileKind::Vector => 1,
        TileKind::Png => 2,
        TileKind::Jpeg => 3,
        TileKind::Webp => 4,
        TileKind::Avif => 5,
    };
    // Clustered; gzip within, tiles as they are.
    head.extend([1, 2, 1, code, zooms.0.min(zooms.1), zooms.1]);
    let e7 = |d: f64| ((d * 1e7) as i32).to_le_bytes();
    for c in corners {
        head.extend(e7(c));
    }
    head.push(zooms.0.min(zooms.1));
    head.extend(e7(0.5 * (corners[0] + corners[2])));
    head.extend(e7(0.5 * (corners[1] + corners[3])));
    let mut out = head;
    out.extend(root);
    out.extend(metadata);
    out.extend(leaves);
    out.extend(data);
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    // Writing to memory cannot fail.
    e.write_all(bytes).and_then(|()| e.finish()).unwrap_or_default()
}

fn pack(runs: &[Run]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, runs.len() as u64);
    let mut last = 0;
    for r in runs {
        put(&mut out, r.first - last);
        last = r.first;
    }
    for r in runs {
        put(&mut out, u64::from(r.count));
    }
    for r in runs {
        put(&mut out, u64::from(r.length));
    }
    let mut end = None;
    for r in runs {
        put(&mut out, if end == Some(r.offset) { 0 } else { r.offset + 1 });
        end = Some(r.offset + u64::from(r.length));
    }
    gzip(&out)
}
