//! Seeded mountain relief for places without a tile at hand.
//!
//! Invariant: only additions, multiplications, divisions and floors, so the same seed gives the
//! same heights on every machine, whatever the bounds asked for. It is labelled as synthetic and
//! must never be taken for a survey.

use crate::terrain::Heights;
use crate::{Bounds, Plane, Terrain, TerrainSource, Tile};

/// Postings per degree: 2 arc-seconds, about 60 m.
const PER_DEGREE: f64 = 1800.0;
/// Most postings along one side (two degrees).
const MOST: usize = 3601;
/// Lowest and highest ground aimed at, metres.
const LOW_M: f64 = 900.0;
const HIGH_M: f64 = 2800.0;

/// Splitmix64 finaliser (Steele, Lea, Flood 2014): a lattice point's value in 0..1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "53 bits, two's complement on purpose"
)]
fn lattice(seed: u64, x: i64, y: i64) -> f64 {
    let mut z = seed ^ (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 53) as f64
}

/// Smooth value noise, 0..1, quintic fade (continuous curvature, so slopes do not jump).
#[expect(clippy::cast_possible_truncation, reason = "degrees times a few thousand")]
fn noise(seed: u64, x: f64, y: f64) -> f64 {
    let (fx, fy) = (x.floor(), y.floor());
    let (ix, iy) = (fx as i64, fy as i64);
    let fade = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (fade(x - fx), fade(y - fy));
    let a = lattice(seed, ix, iy);
    let b = lattice(seed, ix + 1, iy);
    let c = lattice(seed, ix, iy + 1);
    let d = lattice(seed, ix + 1, iy + 1);
    let top = a + (b - a) * u;
    let bottom = c + (d - c) * u;
    top + (bottom - top) * v
}

/// Height at kilometres east and north of the zero point, metres.
fn height(seed: u64, x_km: f64, y_km: f64) -> f64 {
    // A slow bend of the coordinates keeps valleys from following the lattice.
    let bend_x = noise(seed ^ 0xA5A5, x_km / 9.0, y_km / 9.0) - 0.5;
    let bend_y = noise(seed ^ 0x5A5A, x_km / 9.0, y_km / 9.0) - 0.5;
    let (x, y) = (x_km + 4.0 * bend_x, y_km + 4.0 * bend_y);
    let massif = noise(seed ^ 0x11, x / 14.0, y / 14.0);
    let (mut sum, mut weight, mut share, mut wave) = (0.0, 0.0, 1.0, 7.0);
    for octave in 0..5_u64 {
        let n = noise(seed.wrapping_add(octave * 7919 + 1), x / wave, y / wave);
        // Ridges: a smooth crest where the noise passes its middle.
        let t = 2.0 * n - 1.0;
        let ridge = 1.0 / (1.0 + 3.0 * t * t);
        sum += share * (ridge - 0.25) / 0.75;
        weight += share;
        share *= 0.38;
        wave *= 0.5;
    }
    let ridged = sum / weight;
    let shape = 0.45 * massif + 0.55 * ridged * (0.45 + 0.55 * massif);
    let shape = (shape * 1.1).clamp(0.0, 1.0);
    LOW_M + (HIGH_M - LOW_M) * shape
}

/// Cosine by series; never the machine's own.
fn cos_series(deg: f64) -> f64 {
    let x2 = (deg * core::f64::consts::PI / 180.0) * (deg * core::f64::consts::PI / 180.0);
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..12 {
        let k = f64::from(k);
        term *= -x2 / ((2.0 * k - 1.0) * (2.0 * k));
        sum += term;
    }
    sum
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bounded by MOST"
)]
pub(crate) fn terrain(seed: u64, bounds: Bounds) -> Terrain {
    let edition = "ridged value noise, five octaves from 7 km, 2 arc-seconds, version 1";
    let source = |spacing_m| TerrainSource {
        label: format!("synthetic relief, seed {seed}"),
        edition: edition.to_owned(),
        sigma_m: 1.0,
        synthetic: true,
        spacing_m,
    };
    let finite = [bounds.south_deg, bounds.north_deg, bounds.west_deg, bounds.east_deg]
        .iter()
        .all(|v| v.is_finite() && v.abs() <= 180.0);
    if !finite || bounds.north_deg <= bounds.south_deg || bounds.east_deg <= bounds.west_deg {
        return Terrain::new(Vec::new(), source(0.0));
    }
    // Whole postings, so that two overlapping areas share them.
    let south = (bounds.south_deg * PER_DEGREE).floor() as i64;
    let west = (bounds.west_deg * PER_DEGREE).floor() as i64;
    let count = |from: i64, to_deg: f64| (((to_deg * PER_DEGREE).ceil() as i64 - from).max(1) as usize + 1).min(MOST);
    let (rows, cols) = (count(south, bounds.north_deg), count(west, bounds.east_deg));
    let band = ((south as f64 / PER_DEGREE).floor() + 0.5).clamp(-89.0, 89.0);
    let (km_lat, km_lon) = (111.2, 111.3 * cos_series(band));
    let north = south + rows as i64 - 1;
    let mut heights = Vec::with_capacity(rows * cols);
    for r in 0..rows {
        let y_km = (north - r as i64) as f64 / PER_DEGREE * km_lat;
        for c in 0..cols {
            let x_km = (west + c as i64) as f64 / PER_DEGREE * km_lon;
            heights.push(height(seed, x_km, y_km) as f32);
        }
    }
    let step = 1.0 / PER_DEGREE;
    let (lat_m, lon_m) = Plane::new(bounds.centre()).metres_per_degree();
    let tile = Tile::new(
        north as f64 / PER_DEGREE,
        west as f64 / PER_DEGREE,
        step,
        step,
        rows,
        cols,
        Heights::Fine(heights),
    );
    Terrain::new(vec![tile], source(step * lat_m.max(lon_m)))
}
