//! Heights of the geoid over the ellipsoid: EGM96 at 15′, which is in the program, and the grids in use as files: GeographicLib
//! PGM (EGM96, EGM2008), NGA's WW15MGH.DAC (EGM96), NOAA's GTX.
//!
//! Invariant: bilinear between postings, around the globe without a seam; outside a grid the answer is `None`.

use std::io::Read;
use std::sync::OnceLock;

use vedette_geo::{Geoid, LatLon, norm_deg_180};

use crate::{AtlasError, Bounds};

/// Sides of WW15MGH.DAC: quarters of a degree.
const DAC: (usize, usize) = (721, 1440);
/// The EGM96 grid of the U.S. National Geospatial-Intelligence Agency (WW15MGH.DAC, SHA-256 9dcaf4ef…; a work of the U.S.
/// government, public domain): what each posting differs from west + north − north-west, in centimetres, as zigzag varints,
/// deflated. A test unpacks it and holds it against that hash.
const EGM96: &[u8] = include_bytes!("../data/egm96-15.bin");
/// One standard deviation of EGM96 itself, metres: Lemoine et al. 1998 (NASA/TP-1998-206861) give 0.5 to 1 m over land. The grid
/// adds 0.04 m (rms) and at most 1.2 m between its postings (GeographicLib, "Geoid height", table of egm96-15, bilinear).
const EGM96_SIGMA_M: f64 = 1.0;
/// Looks along each side of an area.
const LOOKS: u32 = 16;
/// Most postings: EGM2008 at one arc-minute has 233 million, at 2.5 arc-minutes 37 million.
const MOST: usize = 240_000_000;

/// A grid of undulations.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoidGrid {
    /// As the file says, for the plan's record.
    pub name: String,
    north_deg: f64,
    west_deg: f64,
    step_lat_deg: f64,
    step_lon_deg: f64,
    rows: usize,
    cols: usize,
    /// Raw values; metres are `offset + scale · raw`.
    raw: Raw,
    scale: f64,
    offset: f64,
    sigma_m: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Raw {
    Unsigned(Vec<u16>),
    Signed(Vec<i16>),
    Real(Vec<f32>),
}

impl Raw {
    fn at(&self, i: usize) -> f64 {
        match self {
            Self::Unsigned(v) => f64::from(v[i]),
            Self::Signed(v) => f64::from(v[i]),
            Self::Real(v) => f64::from(v[i]),
        }
    }
}

impl GeoidGrid {
    /// EGM96 at 15′, shipped with the program: right without any file. 1 m (one standard deviation).
    #[must_use]
    pub fn egm96() -> &'static Self {
        static HELD: OnceLock<GeoidGrid> = OnceLock::new();
        HELD.get_or_init(|| Self {
            name: "EGM96 15′ (NGA)".to_owned(),
            north_deg: 90.0,
            west_deg: 0.0,
            step_lat_deg: 0.25,
            step_lon_deg: 0.25,
            rows: DAC.0,
            cols: DAC.1,
            raw: Raw::Signed(shipped()),
            scale: 0.01,
            offset: 0.0,
            sigma_m: EGM96_SIGMA_M,
        })
    }

    /// Reads a grid by what its bytes say; `name` (as `egm2008-5.pgm`) names it.
    ///
    /// # Errors
    /// [`AtlasError::Raster`] with what is wrong.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, AtlasError> {
        if bytes.starts_with(b"P5") {
            return pgm(name, bytes);
        }
        if bytes.len() == DAC.0 * DAC.1 * 2 {
            let raw = bytes
                .chunks_exact(2)
                .map(|b| i16::from_be_bytes([b[0], b[1]]))
                .collect();
            return Ok(Self {
                name: format!("EGM96 15′ ({name})"),
                north_deg: 90.0,
                west_deg: 0.0,
                step_lat_deg: 0.25,
                step_lon_deg: 0.25,
                rows: DAC.0,
                cols: DAC.1,
                raw: Raw::Signed(raw),
                scale: 0.01,
                offset: 0.0,
                sigma_m: EGM96_SIGMA_M,
            });
        }
        gtx(name, bytes)
    }

    /// Undulation at a place, metres: ellipsoid to geoid, positive where the geoid is above. `None` outside.
    #[must_use]
    pub fn undulation_m(&self, at: LatLon) -> Option<f64> {
        let r = (self.north_deg - at.lat_deg) / self.step_lat_deg;
        let east = norm_deg_180(at.lon_deg - self.west_deg - 180.0) + 180.0;
        let c = east / self.step_lon_deg;
        // A grid around the globe closes on itself.
        let round = (self.cols as f64 * self.step_lon_deg - 360.0).abs() < 0.5 * self.step_lon_deg;
        let eps = 1e-9;
        let last = (self.cols - 1) as f64;
        if !(r >= -eps && r <= (self.rows - 1) as f64 + eps && c >= -eps && (round || c <= last + eps)) {
            return None;
        }
        let (r, c) = (r.max(0.0), c.max(0.0));
        let r0 = (r as usize).min(self.rows - 2);
        let c0 = if round {
            (c as usize) % self.cols
        } else {
            (c as usize).min(self.cols - 2)
        };
        let c1 = (c0 + 1) % self.cols;
        let fr = r - r0 as f64;
        let fc = if round { c.fract() } else { c - c0 as f64 };
        let v = |r: usize, c: usize| self.offset + self.scale * self.raw.at(r * self.cols + c);
        let north = v(r0, c0) + (v(r0, c1) - v(r0, c0)) * fc;
        let south = v(r0 + 1, c0) + (v(r0 + 1, c1) - v(r0 + 1, c0)) * fc;
        Some(north + (south - north) * fr).filter(|u| u.is_finite())
    }

    /// One geoid height for a whole area: the mean, with what the model and the geoid's own slope over the area leave open (one
    /// standard deviation). `None` where the area leaves the grid.
    #[must_use]
    pub fn over(&self, area: Bounds) -> Option<Geoid> {
        let mut all = Vec::new();
        for i in 0..=LOOKS {
            for k in 0..=LOOKS {
                let share = |n: u32| f64::from(n) / f64::from(LOOKS);
                all.push(self.undulation_m(LatLon {
                    lat_deg: area.south_deg + (area.north_deg - area.south_deg) * share(i),
                    lon_deg: area.west_deg + (area.east_deg - area.west_deg) * share(k),
                })?);
            }
        }
        let n = all.len() as f64;
        let mean = all.iter().sum::<f64>() / n;
        let spread = all.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n;
        Some(Geoid {
            undulation_m: mean,
            sigma_m: (spread + self.sigma_m * self.sigma_m).sqrt(),
            source: format!("{}, mean over the area", self.name),
        })
    }

    /// One standard deviation of the model, metres.
    #[must_use]
    pub fn sigma_m(&self) -> f64 {
        self.sigma_m
    }

    /// The geoid of a site, as a plan records it; `None` outside the grid.
    #[must_use]
    pub fn geoid(&self, at: LatLon) -> Option<Geoid> {
        Some(Geoid {
            undulation_m: self.undulation_m(at)?,
            sigma_m: self.sigma_m,
            source: self.name.clone(),
        })
    }
}

/// The shipped grid, unpacked. The bytes are part of the program and a test holds them against NGA's file.
fn shipped() -> Vec<i16> {
    let (rows, cols) = DAC;
    let mut packed = Vec::with_capacity(1 << 20);
    // Reading from memory; bytes that were cut short would leave zeros, which the test would find.
    let _whole = flate2::read::DeflateDecoder::new(EGM96)
        .read_to_end(&mut packed)
        .is_ok();
    let mut next = packed.into_iter();
    let mut difference = || {
        let (mut v, mut shift) = (0_u32, 0);
        for b in next.by_ref() {
            v |= u32::from(b & 0x7f) << shift;
            if b & 0x80 == 0 || shift >= 21 {
                break;
            }
            shift += 7;
        }
        (v >> 1) as i32 ^ -((v & 1) as i32)
    };
    let mut out = vec![0_i16; rows * cols];
    for r in 0..rows {
        for c in 0..cols {
            let at =
                |up: usize, left: usize| (r >= up && c >= left).then(|| i32::from(out[(r - up) * cols + c - left]));
            let guess = match (at(0, 1), at(1, 0), at(1, 1)) {
                (Some(w), Some(n), Some(nw)) => w + n - nw,
                (Some(w), _, _) => w,
                (_, n, _) => n.unwrap_or(0),
            };
            out[r * cols + c] = (guess + difference()) as i16;
        }
    }
    out
}

fn refuse(name: &str, why: impl Into<String>) -> AtlasError {
    AtlasError::Raster {
        name: name.to_owned(),
        why: why.into(),
    }
}

/// GeographicLib: a PGM of 16 bits with `Offset`, `Scale` and `Description` in its comments, from 90 N 0 E.
fn pgm(name: &str, bytes: &[u8]) -> Result<GeoidGrid, AtlasError> {
    let (mut offset, mut scale, mut about, mut error) = (None, None, String::new(), None);
    let mut numbers: Vec<usize> = Vec::new();
    let mut at = 2;
    while numbers.len() < 3 {
        let end = bytes[at..]
            .iter()
            .take(4096)
            .position(|b| *b == b'\n')
            .map(|k| at + k)
            .ok_or_else(|| refuse(name, "its header does not end"))?;
        let line = String::from_utf8_lossy(&bytes[at..end]);
        at = end + 1;
        if let Some(comment) = line.trim().strip_prefix('#') {
            let mut words = comment.trim().splitn(2, ' ');
            let (key, value) = (words.next().unwrap_or(""), words.next().unwrap_or("").trim());
            match key {
                "Offset" => offset = value.parse::<f64>().ok(),
                "Scale" => scale = value.parse::<f64>().ok(),
                "Description" => value.clone_into(&mut about),
                "RMSCubicError" | "RMSBilinearError" => error = value.parse::<f64>().ok().or(error),
                _ => {}
            }
            continue;
        }
        for w in line.split_whitespace() {
            numbers.push(w.parse().map_err(|_| refuse(name, format!("its header says `{w}`")))?);
        }
        if at >= bytes.len() {
            return Err(refuse(name, "it is cut short"));
        }
    }
    let (cols, rows, most) = (numbers[0], numbers[1], numbers[2]);
    let count = cols.checked_mul(rows).filter(|n| *n <= MOST);
    let good = cols >= 4 && rows >= 3 && most == 65_535 && rows % 2 == 1 && cols % 2 == 0;
    let Some(count) = count.filter(|_| good) else {
        return Err(refuse(
            name,
            format!("it is a grid of {cols} by {rows} with values to {most}"),
        ));
    };
    let (Some(offset), Some(scale)) = (offset, scale) else {
        return Err(refuse(
            name,
            "its comments give no Offset and Scale: not a grid of GeographicLib",
        ));
    };
    let body = bytes
        .get(at..)
        .filter(|b| b.len() >= 2 * count)
        .ok_or_else(|| refuse(name, "it is cut short; fetch it again"))?;
    let raw = body[..2 * count]
        .chunks_exact(2)
        .map(|b| u16::from_be_bytes([b[0], b[1]]))
        .collect();
    Ok(GeoidGrid {
        name: if about.is_empty() { name.to_owned() } else { about },
        north_deg: 90.0,
        west_deg: 0.0,
        step_lat_deg: 180.0 / (rows - 1) as f64,
        step_lon_deg: 360.0 / cols as f64,
        rows,
        cols,
        raw: Raw::Unsigned(raw),
        scale,
        offset,
        sigma_m: error.filter(|e| e.is_finite()).unwrap_or(0.5).max(0.1),
    })
}

/// GTX: south-west corner and steps as doubles, rows and columns, then floats from the south; all big-endian.
fn gtx(name: &str, bytes: &[u8]) -> Result<GeoidGrid, AtlasError> {
    let real = |at: usize| {
        bytes
            .get(at..at + 8)
            .and_then(|b| b.try_into().ok())
            .map(f64::from_be_bytes)
            .filter(|v| v.is_finite())
    };
    let whole = |at: usize| {
        bytes
            .get(at..at + 4)
            .and_then(|b| b.try_into().ok())
            .map(|b| u32::from_be_bytes(b) as usize)
    };
    let head = || Some((real(0)?, real(8)?, real(16)?, real(24)?, whole(32)?, whole(36)?));
    let none = || {
        refuse(
            name,
            "it is neither a PGM of GeographicLib, nor WW15MGH.DAC, nor a GTX grid",
        )
    };
    let (south, west, dlat, dlon, rows, cols) = head().ok_or_else(none)?;
    let count = rows
        .checked_mul(cols)
        .filter(|n| (4..=MOST).contains(n))
        .ok_or_else(none)?;
    if rows < 2
        || cols < 2
        || !(1e-4..=10.0).contains(&dlat)
        || !(1e-4..=10.0).contains(&dlon)
        || south < -90.01
        || south + dlat * (rows - 1) as f64 > 90.01
        || west.abs() > 360.0
    {
        return Err(none());
    }
    let body = bytes
        .get(40..)
        .filter(|b| b.len() >= 4 * count)
        .ok_or_else(|| refuse(name, "it is cut short; fetch it again"))?;
    let mut raw = vec![0.0_f32; count];
    for (i, b) in body[..4 * count].chunks_exact(4).enumerate() {
        let v = f32::from_be_bytes([b[0], b[1], b[2], b[3]]);
        let v = if v.abs() < 1000.0 { v } else { f32::NAN };
        raw[(rows - 1 - i / cols) * cols + i % cols] = v;
    }
    Ok(GeoidGrid {
        name: name.to_owned(),
        north_deg: south + dlat * (rows - 1) as f64,
        west_deg: west,
        step_lat_deg: dlat,
        step_lon_deg: dlon,
        rows,
        cols,
        raw: Raw::Real(raw),
        scale: 1.0,
        offset: 0.0,
        sigma_m: 0.5,
    })
}
