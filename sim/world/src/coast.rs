//! A synthetic coast: land that rises from a beach to low hills along a given shoreline.
//!
//! Invariant: a function of shoreline, shape and seed; sea is exactly 0, land is above it. The
//! label says that it is invented.

use vedette_atlas::{Border, Bounds, Terrain, TerrainSource};
use vedette_geo::LatLon;

use crate::SimError;
use crate::noise::fbm;

/// `relief.toml` beside a site's `site.toml`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoastShape {
    /// Rise of the beach, metres per metre.
    pub beach_slope: f64,
    /// Width of the beach, metres.
    pub beach_m: f64,
    /// Height of the hills, metres.
    pub hills_m: f64,
    /// Distance from the shore at which they reach it, metres.
    pub hills_at_m: f64,
}

/// Postings per degree: 3 arc-seconds.
const PER_DEGREE: usize = 1200;

/// Heights of the coast whose shoreline is `border` (land on its home side), over `bounds`, which
/// must lie within one square degree.
///
/// # Errors
/// [`SimError::NoTerrain`] when the area crosses a whole degree or the shape is not a coast.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "whole degrees and postings of a checked position"
)]
pub fn coast(border: &Border, bounds: Bounds, shape: &CoastShape, seed: u64) -> Result<Terrain, SimError> {
    let none = || SimError::NoTerrain { at: bounds.centre() };
    let (south, west) = (bounds.south_deg.floor(), bounds.west_deg.floor());
    let good = [shape.beach_slope, shape.beach_m, shape.hills_m, shape.hills_at_m]
        .iter()
        .all(|v| v.is_finite() && *v > 0.0);
    if bounds.north_deg > south + 1.0 || bounds.east_deg > west + 1.0 || !good {
        return Err(none());
    }
    let n = PER_DEGREE + 1;
    let mut bytes = Vec::with_capacity(n * n * 2);
    let noise_seed = (seed ^ (seed >> 32)) as u32;
    let plane = vedette_atlas::Plane::new(bounds.centre());
    for row in 0..n {
        let lat = south + 1.0 - row as f64 / PER_DEGREE as f64;
        for col in 0..n {
            let lon = west + col as f64 / PER_DEGREE as f64;
            let p = LatLon {
                lat_deg: lat,
                lon_deg: lon,
            };
            let z = if bounds.contains(p) {
                let d = border.nearest(p).signed_m;
                let (x, y) = plane.to_xy(p);
                height(d, fbm(x as f32, y as f32, 1_400.0, 4, 60.0, noise_seed), shape)
            } else {
                0.0
            };
            bytes.extend_from_slice(&(z.round() as i16).to_be_bytes());
        }
    }
    let name = format!(
        "{}{:02}{}{:03}",
        if south < 0.0 { 'S' } else { 'N' },
        south.abs() as i32,
        if west < 0.0 { 'W' } else { 'E' },
        west.abs() as i32
    );
    let tile = Terrain::from_hgt(&name, &bytes).map_err(|_| none())?;
    let spacing_m = tile.spacing_m(bounds.centre());
    Ok(Terrain::new(
        vec![tile],
        TerrainSource {
            label: format!("synthetic coast, seed {seed}"),
            edition: "beach and hills along the site's shoreline, 3 arc-seconds, version 1".to_owned(),
            sigma_m: 1.0,
            synthetic: true,
            spacing_m,
        },
    ))
}

/// Metres above the sea at `d` metres inland (negative: at sea).
fn height(d: f64, noise: f32, s: &CoastShape) -> f64 {
    if d <= 0.0 {
        return 0.0;
    }
    let beach = s.beach_slope * d.min(s.beach_m);
    let t = ((d - s.beach_m) / (s.hills_at_m - s.beach_m).max(1.0)).clamp(0.0, 1.0);
    let rise = t * t * (3.0 - 2.0 * t);
    // At least a metre, so that dry land never reads as sea.
    (beach + s.hills_m * rise * (1.0 + 0.5 * f64::from(noise))).max(1.0)
}
