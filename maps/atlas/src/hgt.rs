//! SRTM height tiles: raw HGT and HGT in a zip archive, from bytes.
//!
//! Invariant: a void stays a void; a file of the wrong size, name or with impossible heights is
//! refused. The zip reader walks local headers (APPNOTE 6.3.10, section 4.3.7), falls back to the
//! central directory for streamed archives, and never inflates more than the largest tile.

use std::io::Read;

use crate::terrain::Heights;
use crate::{AtlasError, Tile};

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

fn u16_at(b: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes([
        *b.get(at)?,
        *b.get(at.checked_add(1)?)?,
    ])))
}

fn u32_at(b: &[u8], at: usize) -> Option<usize> {
    let s = b.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes([s[0], s[1], s[2], s[3]])).ok()
}

struct Entry {
    method: usize,
    packed: usize,
    header: usize,
}

/// The first entry whose name ends in `.hgt`, by the central directory.
fn entry(b: &[u8]) -> Option<Entry> {
    let from = b.len().saturating_sub(22 + 65_535);
    let end = (from..b.len().checked_sub(21)?)
        .rev()
        .find(|&i| b[i..].starts_with(b"PK\x05\x06"))?;
    let count = u16_at(b, end + 10)?;
    let mut at = u32_at(b, end + 16)?;
    for _ in 0..count {
        if !b.get(at..)?.starts_with(b"PK\x01\x02") {
            return None;
        }
        let name_len = u16_at(b, at + 28)?;
        let skip = name_len + u16_at(b, at + 30)? + u16_at(b, at + 32)?;
        let name = b.get(at + 46..at + 46 + name_len)?;
        if name.len() >= 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".hgt") {
            return Some(Entry {
                method: u16_at(b, at + 10)?,
                packed: u32_at(b, at + 20)?,
                header: u32_at(b, at + 42)?,
            });
        }
        at = at.checked_add(46 + skip)?;
    }
    None
}

fn unzip(name: &str, b: &[u8]) -> Result<Vec<u8>, AtlasError> {
    let refuse = |why: &str| AtlasError::Zip {
        name: name.to_owned(),
        why: why.to_owned(),
    };
    let e = entry(b).ok_or_else(|| refuse("its directory is damaged, cut short or names no .hgt file"))?;
    let body = (|| {
        let h = b.get(e.header..)?;
        h.starts_with(b"PK\x03\x04").then_some(())?;
        let start = e.header + 30 + u16_at(h, 26)? + u16_at(h, 28)?;
        b.get(start..start.checked_add(e.packed)?)
    })()
    .ok_or_else(|| refuse("the entry's data lie outside the file"))?;
    match e.method {
        0 => Ok(body.to_vec()),
        8 => {
            let mut out = Vec::new();
            flate2::read::DeflateDecoder::new(body)
                .take(MOST_BYTES as u64 + 1)
                .read_to_end(&mut out)
                .map_err(|err| refuse(&format!("deflate stream broken ({err})")))?;
            Ok(out)
        }
        m => Err(refuse(&format!("compression method {m} is not stored or deflate"))),
    }
}
