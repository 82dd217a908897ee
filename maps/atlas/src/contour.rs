//! Contour lines by marching squares.
//!
//! Invariant: lines end only at the edge of the grid or at unknown ground; the same grid gives
//! the same lines in the same order.

use std::collections::BTreeMap;

use vedette_geo::LatLon;

use crate::{Bounds, Terrain};

/// One line of equal height.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Height, metres above the sea.
    pub amsl_m: f64,
    /// Points; first and last are equal when the line closes.
    pub line: Vec<LatLon>,
}

/// An edge of the grid: row, column, and 0 for the edge to the east, 1 for the one to the south.
type Edge = (usize, usize, u8);

/// Contours every `interval_m` metres over `bounds`, from a grid of `nx` by `ny` heights.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "grid coordinates and contour numbers"
)]
pub fn contours(terrain: &Terrain, bounds: Bounds, nx: usize, ny: usize, interval_m: f64) -> Vec<Contour> {
    let grid = terrain.grid(bounds, nx, ny);
    let known = || grid.iter().flatten().copied().map(f64::from);
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    if nx < 2 || ny < 2 || low > high || interval_m.is_nan() || interval_m <= 0.0 {
        return Vec::new();
    }
    let place = |r: f64, c: f64| LatLon {
        lat_deg: bounds.north_deg - (bounds.north_deg - bounds.south_deg) * r / (ny - 1) as f64,
        lon_deg: bounds.west_deg + (bounds.east_deg - bounds.west_deg) * c / (nx - 1) as f64,
    };
    let mut out = Vec::new();
    let first = (low / interval_m).ceil() as i64;
    let last = ((high / interval_m).floor() as i64).min(first + 1000);
    for k in first..=last {
        // A hair off the round number, so that no posting lies exactly on the line.
        let level = k as f64 * interval_m + 1e-4;
        let h = |r: usize, c: usize| grid[r * nx + c].map(f64::from);
        let mut links: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
        for r in 0..ny - 1 {
            for c in 0..nx - 1 {
                let (Some(a), Some(b), Some(d), Some(e_h)) = (h(r, c), h(r, c + 1), h(r + 1, c), h(r + 1, c + 1))
                else {
                    continue;
                };
                let up = [a > level, b > level, e_h > level, d > level];
                let edges = [(r, c, 0), (r, c + 1, 1), (r + 1, c, 0), (r, c, 1)];
                let cut: Vec<Edge> = (0..4)
                    .filter(|i| up[*i] != up[(*i + 1) % 4])
                    .map(|i| edges[i])
                    .collect();
                let mut join = |p: Edge, q: Edge| {
                    links.entry(p).or_default().push(q);
                    links.entry(q).or_default().push(p);
                };
                match cut.as_slice() {
                    [p, q] => join(*p, *q),
                    [n, e, s, w] => {
                        // A saddle: the mean decides which corners belong together.
                        if (0.25 * (a + b + d + e_h) > level) == up[0] {
                            join(*n, *e);
                            join(*s, *w);
                        } else {
                            join(*n, *w);
                            join(*s, *e);
                        }
                    }
                    _ => {}
                }
            }
        }
        let point = |&(r, c, way): &Edge| {
            let (r2, c2) = if way == 0 { (r, c + 1) } else { (r + 1, c) };
            let (p, q) = (h(r, c).unwrap_or(level), h(r2, c2).unwrap_or(level));
            let t = if (q - p).abs() > 1e-12 {
                ((level - p) / (q - p)).clamp(0.0, 1.0)
            } else {
                0.5
            };
            place(r as f64 + t * (r2 - r) as f64, c as f64 + t * (c2 - c) as f64)
        };
        // Open lines first (from their ends), then rings.
        let ends: Vec<Edge> = links.iter().filter(|(_, v)| v.len() == 1).map(|(e, _)| *e).collect();
        let all: Vec<Edge> = links.keys().copied().collect();
        for start in ends.into_iter().chain(all) {
            let mut line = Vec::new();
            let mut at = start;
            while let Some(next) = links.get_mut(&at).and_then(Vec::pop) {
                if let Some(back) = links.get_mut(&next)
                    && let Some(i) = back.iter().position(|e| *e == at)
                {
                    back.swap_remove(i);
                }
                if line.is_empty() {
                    line.push(point(&at));
                }
                line.push(point(&next));
                at = next;
            }
            if line.len() > 1 {
                out.push(Contour {
                    amsl_m: k as f64 * interval_m,
                    line,
                });
            }
        }
    }
    out
}
