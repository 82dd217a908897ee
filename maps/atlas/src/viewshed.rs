//! What can be seen from a place, and where masts see most.
//!
//! Invariant: unknown ground is unknown, and hides what lies behind it from being called seen. Rays to every cell of the
//! window's edge, each cell judged on the ray that passes nearest its middle (R2; Franklin, Ray 1994), over a curved Earth with
//! refraction.

use vedette_geo::{Amsl, EARTH_RADIUS_M, LatLon, Repeatable};

use crate::{Bounds, Fresnel, Plane, REFRACTION_K, Terrain};

/// Most cells along a side.
const MOST: usize = 4001;

/// Whether a cell is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Outside the range asked for, or behind unknown ground.
    Unknown,
    /// Hidden by ground.
    Hidden,
    /// In view.
    Visible,
}

/// A grid of what is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewshed {
    /// The window; cells stand on its edges too.
    pub bounds: Bounds,
    /// Columns.
    pub nx: usize,
    /// Rows, from the north.
    pub ny: usize,
    /// Cells, row by row.
    pub cells: Vec<Seen>,
}

impl Viewshed {
    /// The cell nearest to a place; `None` outside the window.
    #[must_use]
    pub fn at(&self, p: LatLon) -> Option<Seen> {
        if !self.bounds.contains(p) {
            return None;
        }
        let b = &self.bounds;
        let c = (p.lon_deg - b.west_deg) / (b.east_deg - b.west_deg) * (self.nx - 1) as f64;
        let r = (b.north_deg - p.lat_deg) / (b.north_deg - b.south_deg) * (self.ny - 1) as f64;
        self.cells
            .get(r.round() as usize * self.nx + c.round() as usize)
            .copied()
    }

    /// Share of the known cells that are in view.
    #[must_use]
    pub fn share(&self) -> f64 {
        let count = |s: Seen| self.cells.iter().filter(|c| **c == s).count() as f64;
        let (v, h) = (count(Seen::Visible), count(Seen::Hidden));
        if v + h > 0.0 { v / (v + h) } else { 0.0 }
    }
}

/// What is seen from a point within `radius_m`, of things `target_up_m` above ground, in cells as fine as the terrain.
/// `None` when the ground under the observer is unknown or the terrain has no postings there.
#[must_use]
pub fn viewshed(terrain: &Terrain, from: LatLon, amsl: Amsl, target_up_m: f64, radius_m: f64) -> Option<Viewshed> {
    terrain.elevation(from)?;
    let step_m = terrain.source().spacing_m.max(5.0);
    let half = ((radius_m / step_m).ceil() as usize).clamp(1, MOST / 2);
    let n = 2 * half + 1;
    let plane = Plane::new(from);
    let (lat_m, lon_m) = plane.metres_per_degree();
    let reach = half as f64 * step_m;
    let bounds = Bounds {
        south_deg: from.lat_deg - reach / lat_m,
        north_deg: from.lat_deg + reach / lat_m,
        west_deg: from.lon_deg - reach / lon_m,
        east_deg: from.lon_deg + reach / lon_m,
    };
    // Unknown is not a number from here on; four bytes a cell, so that rays stay in the cache. Rays end with the circle, so
    // the corners of the window need no ground.
    let mut heights = vec![f32::NAN; n * n];
    let within = (radius_m / step_m + 2.0).powi(2);
    for r in 0..n {
        let south = r as f64 - half as f64;
        let wide = ((within - south * south).max(0.0).sqrt() as usize).min(half);
        let lat_deg = bounds.north_deg + (bounds.south_deg - bounds.north_deg) * r as f64 / (n - 1) as f64;
        let step_deg = (bounds.east_deg - bounds.west_deg) / (n - 1) as f64;
        let first = LatLon {
            lat_deg,
            lon_deg: bounds.west_deg + step_deg * (half - wide) as f64,
        };
        terrain.along_parallel(first, step_deg, &mut heights[r * n + half - wide..=r * n + half + wide]);
    }
    let mut cells = vec![Seen::Unknown; n * n];
    let eye = Eye {
        amsl_m: amsl.0,
        target_up_m,
        radius_m,
        step_m,
    };
    // North, south, west, east: how far the cells of the next row outwards and of the next place in a row are.
    for (out, along) in [(-(n as isize), 1), (n as isize, 1), (-1, n as isize), (1, n as isize)] {
        eye.quarter(&heights, &mut cells, half, (out, along));
    }
    cells[half * n + half] = Seen::Visible;
    Some(Viewshed {
        bounds,
        nx: n,
        ny: n,
        cells,
    })
}

/// Who looks, how far, and at what.
struct Eye {
    amsl_m: f64,
    target_up_m: f64,
    radius_m: f64,
    step_m: f64,
}

impl Eye {
    /// One quarter of the window, row by row outwards: all rays to its edge go on by one row at a time, so that what they read
    /// lies side by side. `out` and `along` are how far apart cells lie outwards and along a row.
    fn quarter(&self, heights: &[f32], cells: &mut [Seen], half: usize, (out, along): (isize, isize)) {
        let bend = (1.0 - REFRACTION_K) / (2.0 * EARTH_RADIUS_M);
        let middle = (2 * half + 1) * half + half;
        let h = half as f64;
        // Rays by where they end on the edge; how far one goes in a row, in rows, and metres flown in that.
        let across: Vec<f64> = (0..=2 * half).map(|j| (j as f64 - h) / h).collect();
        let per_row: Vec<f64> = across.iter().map(|a| 1.0_f64.hypot_r(*a) * self.step_m).collect();
        let mut horizon = vec![f64::NEG_INFINITY; 2 * half + 1];
        for k in 1..=half {
            let kf = k as f64;
            // The rays still within the radius: those about the middle.
            let last = per_row[half..].partition_point(|m| m * kf <= self.radius_m + 0.5 * self.step_m);
            let Some(last) = last.checked_sub(1) else { return };
            let row = middle as isize + out * k as isize;
            let cell = |m: isize| (row + along * m) as usize;
            // A cell is judged on the ray that passes nearest its middle, over what lies before it.
            let per_ray = h / kf;
            for m in -(k as isize)..=k as isize {
                let j = (h + m as f64 * per_ray + 0.5) as usize;
                if j.abs_diff(half) > last {
                    continue;
                }
                let d = per_row[j] * kf;
                let i = cell(m);
                let top = (f64::from(heights[i]) + self.target_up_m - d * d * bend - self.amsl_m) / d;
                cells[i] = if top.is_nan() || horizon[j].is_nan() {
                    Seen::Unknown
                } else if top >= horizon[j] {
                    Seen::Visible
                } else {
                    Seen::Hidden
                };
            }
            for j in half - last..=half + last {
                // Heights lie between two cells of the row. Places are never negative: casting rounds down.
                let c = h + across[j] * kf;
                let low = c as usize;
                let share = c - low as f64;
                let i = cell(low as isize - half as isize);
                let near = f64::from(heights[i]);
                let ground = if share > 0.0 && low < 2 * half {
                    near + (f64::from(heights[(i as isize + along) as usize]) - near) * share
                } else {
                    near
                };
                let d = per_row[j] * kf;
                let slope = (ground - d * d * bend - self.amsl_m) / d;
                // Unknown ground: nothing behind it is known to be seen.
                let far = horizon[j];
                horizon[j] = if slope > far || slope.is_nan() { slope } else { far };
            }
        }
    }
}

/// The masts that together carry a link to most of the points, the most useful first, at most `count`: greedy, which is never
/// worse than 63 % of the best choice (Nemhauser, Wolsey, Fisher 1978). A mast is a place and metres over ground. With each:
/// the points carried by it and those before it.
#[must_use]
pub fn choose_sites(
    terrain: &Terrain,
    masts: &[(LatLon, f64)],
    points: &[(LatLon, Amsl)],
    fresnel: Fresnel,
    range_m: f64,
    count: usize,
) -> Vec<(usize, usize)> {
    let carries: Vec<Vec<bool>> = masts
        .iter()
        .map(|(at, up)| {
            let foot = terrain.elevation(*at).map(|g| Amsl(g.0 + up));
            points
                .iter()
                .map(|p| {
                    foot.is_some_and(|f| {
                        vedette_geo::distance_m(*at, p.0) <= range_m
                            && terrain.radio_clear((*at, f), *p, fresnel) == Some(true)
                    })
                })
                .collect()
        })
        .collect();
    let mut served = vec![false; points.len()];
    let mut out = Vec::new();
    while out.len() < count {
        let gain = |m: usize| carries[m].iter().zip(&served).filter(|(c, s)| **c && !**s).count();
        let Some(best) = (0..masts.len()).max_by(|a, b| gain(*a).cmp(&gain(*b)).then(b.cmp(a))) else {
            break;
        };
        if gain(best) == 0 {
            break;
        }
        for (s, c) in served.iter_mut().zip(&carries[best]) {
            *s |= *c;
        }
        out.push((best, served.iter().filter(|s| **s).count()));
    }
    out
}
