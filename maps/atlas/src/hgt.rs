//! SRTM height tiles: raw HGT and HGT in a zip archive, from bytes.
//!
//! Invariant: a void stays a void; a file of the wrong size, name, check sum or with impossible heights is refused.

use crate::terrain::Heights;
use crate::{AtlasError, Tile, zip};

const VOID: i16 = -32768;
/// Largest tile: 3601 squared samples of two bytes.
const MOST_BYTES: usize = 3601 * 3601 * 2;

/// South-west corner from a name like `N42E001.hgt` or `/x/S33W071.SRTMGL1.hgt.zip`.
pub(crate) fn corner(name: &str) -> Result<(i32, i32), AtlasError> {
    let refuse = || AtlasError::TileName { name: name.to_owned() };
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let b = file.as_bytes();
    if b.len() < 7 || !b[..7].is_ascii() {
        return Err(refuse());
    }
    let number = |s: &str| s.parse::<u16>().map(i32::from).map_err(|_| refuse());
    let lat = number(&file[1..3])?;
    let lon = number(&file[4..7])?;
    let lat = match b[0].to_ascii_uppercase() {
        b'N' => lat,
        b'S' => -lat,
        _ => return Err(refuse()),
    };
    let lon = match b[3].to_ascii_uppercase() {
        b'E' => lon,
        b'W' => -lon,
        _ => return Err(refuse()),
    };
    if (-90..90).contains(&lat) && (-180..180).contains(&lon) {
        Ok((lat, lon))
    } else {
        Err(refuse())
    }
}

/// One tile from its bytes.
pub(crate) fn tile(name: &str, bytes: &[u8]) -> Result<Tile, AtlasError> {
    let (lat, lon) = corner(name)?;
    let inflated;
    let raw = if bytes.starts_with(b"PK") {
        inflated = unzip(name, bytes)?;
        inflated.as_slice()
    } else {
        bytes
    };
    let side = match raw.len() {
        2_884_802 => 1201,
        25_934_402 => 3601,
        n => {
            return Err(AtlasError::TileSize {
                name: name.to_owned(),
                bytes: n,
            });
        }
    };
    let mut heights = Vec::with_capacity(side * side);
    for (i, pair) in raw.chunks_exact(2).enumerate() {
        let h = i16::from_be_bytes([pair[0], pair[1]]);
        if h == VOID || (-500..=8900).contains(&h) {
            heights.push(h);
        } else {
            return Err(AtlasError::TileHeight {
                name: name.to_owned(),
                row: i / side,
                column: i % side,
                metres: h,
            });
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "side is 1201 or 3601")]
    let step = 1.0 / (side - 1) as f64;
    Ok(Tile::new(
        f64::from(lat) + 1.0,
        f64::from(lon),
        step,
        step,
        side,
        side,
        Heights::Whole(heights),
    ))
}

/// The first entry whose name ends in `.hgt`; its check sum holds.
fn unzip(name: &str, b: &[u8]) -> Result<Vec<u8>, AtlasError> {
    let all = zip::entries(name, b)?;
    let tile = all.iter().find(|e| e.name.to_ascii_lowercase().ends_with(".hgt"));
    let tile = tile.ok_or_else(|| AtlasError::Zip {
        name: name.to_owned(),
        why: "it holds no .hgt file".to_owned(),
    })?;
    zip::extract(name, b, tile, MOST_BYTES)
}
