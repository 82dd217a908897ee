//! DTED heights, levels 0 to 2 (MIL-PRF-89020B), from bytes.
//!
//! Invariant: heights are signed magnitude (or, where that makes no sense, two's complement), −32767 is unknown; every column's check sum must hold.

use crate::terrain::Heights;
use crate::{AtlasError, Tile};

/// User header, data set identification and accuracy record, bytes.
const UHL: usize = 80;
const HEAD: usize = UHL + 648 + 2700;
/// Around the heights of a column: sentinel, block and column numbers, check sum.
const BEFORE: usize = 8;
const AFTER: usize = 4;
/// Magnitudes beyond this are no depths, metres.
const DEEPEST: i16 = 16_000;

/// One tile from the bytes of a `.dt0`, `.dt1` or `.dt2` file.
///
/// # Errors
/// [`AtlasError::Raster`] with what is wrong.
pub fn read_dted(name: &str, bytes: &[u8]) -> Result<Tile, AtlasError> {
    let refuse = |why: String| AtlasError::Raster {
        name: name.to_owned(),
        why,
    };
    let uhl = bytes
        .get(..UHL)
        .filter(|h| h.starts_with(b"UHL1") && h.is_ascii())
        .ok_or_else(|| refuse("it does not begin with a DTED user header (UHL1)".into()))?;
    let text = |a: usize, b: usize| std::str::from_utf8(&uhl[a..b]).unwrap_or("");
    let number = |a: usize, b: usize| {
        text(a, b)
            .trim()
            .parse::<u32>()
            .map_err(|_| refuse(format!("its header says `{}` where a number belongs", text(a, b))))
    };
    // Origin as DDDMMSSH, the south-west corner.
    let angle = |a: usize| {
        let (d, m, s) = (number(a, a + 3)?, number(a + 3, a + 5)?, number(a + 5, a + 7)?);
        let v = f64::from(d) + f64::from(m) / 60.0 + f64::from(s) / 3600.0;
        match uhl[a + 7] {
            b'N' | b'E' => Ok(v),
            b'S' | b'W' => Ok(-v),
            h => Err(refuse(format!("its origin has the hemisphere `{}`", char::from(h)))),
        }
    };
    let (west, south) = (angle(4)?, angle(12)?);
    // Steps in tenths of a second.
    let (dlon, dlat) = (
        f64::from(number(20, 24)?) / 36_000.0,
        f64::from(number(24, 28)?) / 36_000.0,
    );
    let (cols, rows) = (number(47, 51)? as usize, number(51, 55)? as usize);
    if !(2..=4000).contains(&cols) || !(2..=4000).contains(&rows) || dlon <= 0.0 || dlat <= 0.0 {
        return Err(refuse(format!("its header says {cols} by {rows} heights")));
    }
    if south.abs() > 90.0 || west.abs() > 180.0 {
        return Err(refuse(format!("its corner at {south} N {west} E is not on the globe")));
    }
    let record = BEFORE + 2 * rows + AFTER;
    let body = bytes
        .get(HEAD..)
        .filter(|b| b.len() >= record * cols)
        .ok_or_else(|| refuse(format!("it ends before its {cols} columns do; fetch it again")))?;
    let mut heights = vec![i16::MIN; rows * cols];
    for (c, r) in body.chunks_exact(record).take(cols).enumerate() {
        if r[0] != 0xAA {
            return Err(refuse(format!("column {c} does not begin with its mark")));
        }
        let sum = r[..record - AFTER].iter().map(|b| u32::from(*b)).sum::<u32>();
        let told = u32::from_be_bytes([r[record - 4], r[record - 3], r[record - 2], r[record - 1]]);
        if sum != told {
            return Err(refuse(format!("the check sum of column {c} is wrong; fetch it again")));
        }
        for k in 0..rows {
            let raw = u16::from_be_bytes([r[BEFORE + 2 * k], r[BEFORE + 2 * k + 1]]);
            let size = (raw & 0x7fff) as i16;
            let h = match raw & 0x8000 != 0 {
                // No land lies so deep: some producers write two's complement instead.
                true if size > DEEPEST && size != i16::MAX => raw as i16,
                true => -size,
                false => size,
            };
            // From the south; −32767 is unknown.
            heights[(rows - 1 - k) * cols + c] = if (-12_000..=9_000).contains(&h) { h } else { i16::MIN };
        }
    }
    Ok(Tile::new(
        south + dlat * (rows - 1) as f64,
        west,
        dlat,
        dlon,
        rows,
        cols,
        Heights::Whole(heights),
    ))
}
