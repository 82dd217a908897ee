//! Shaded relief as grey bytes, for map textures.
//!
//! Invariant: unknown ground is the same neutral grey as flat ground seen from nowhere (128) and
//! never looks like a slope; the caller draws its own hatching over `None` of the height grid.

use crate::{Bounds, Plane, Terrain};
use vedette_geo::Repeatable;

/// Light directions (degrees true) and their weights: three lamps show valleys of any direction
/// (after Mark 1992, multidirectional hill shading).
const LAMPS: [(f64, f64); 3] = [(315.0, 0.62), (270.0, 0.22), (20.0, 0.16)];
/// Height of the lamps over the horizon, degrees.
const LAMP_HEIGHT_DEG: f64 = 45.0;

/// Grey relief over `bounds`, `nx` columns by `ny` rows, north row first; 0 dark to 255 light.
/// `exaggeration` multiplies the slopes (1 is true).
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixels and grey levels"
)]
pub fn hillshade(terrain: &Terrain, bounds: Bounds, nx: usize, ny: usize, exaggeration: f64) -> Vec<u8> {
    let h = terrain.grid(bounds, nx, ny);
    let (lat_m, lon_m) = Plane::new(bounds.centre()).metres_per_degree();
    let dx = (bounds.east_deg - bounds.west_deg) * lon_m / (nx.max(2) - 1) as f64;
    let dy = (bounds.north_deg - bounds.south_deg) * lat_m / (ny.max(2) - 1) as f64;
    let lamps = LAMPS.map(|(azimuth, weight)| {
        let (s, c) = azimuth.to_radians().sin_cos_r();
        let (up, level) = LAMP_HEIGHT_DEG.to_radians().sin_cos_r();
        (s * level, c * level, up, weight)
    });
    let at = |i: usize, j: usize| h.get(j * nx + i).copied().flatten().map(f64::from);
    let mut out = Vec::with_capacity(nx * ny);
    for j in 0..ny {
        for i in 0..nx {
            let (w, e) = (i.saturating_sub(1), (i + 1).min(nx - 1));
            let (n, s) = (j.saturating_sub(1), (j + 1).min(ny - 1));
            let slope = (|| {
                let east = (at(e, j)? - at(w, j)?) / (dx * (e - w).max(1) as f64);
                let north = (at(i, n)? - at(i, s)?) / (dy * (s - n).max(1) as f64);
                Some((east * exaggeration, north * exaggeration))
            })();
            let grey = slope.map_or(128.0, |(east, north)| {
                let length = (1.0 + east * east + north * north).sqrt();
                let light: f64 = lamps
                    .iter()
                    .map(|(lx, ly, lz, weight)| weight * ((-east * lx - north * ly + lz) / length).max(0.0))
                    .sum();
                255.0 * light
            });
            out.push(grey.round().clamp(0.0, 255.0) as u8);
        }
    }
    out
}
