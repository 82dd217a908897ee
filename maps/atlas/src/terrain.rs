//! Heights of the land from one or more tiles.
//!
//! Invariant: `None` is unknown (void, or outside every tile); heights between postings are
//! bilinear, so the highest point of a cell is at one of its corners. Metres above the sea
//! (EGM96 for SRTM).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vedette_geo::{Amsl, LatLon};

use crate::pyramid::Pyramid;
use crate::{AtlasError, Plane, hgt, synthetic};

/// A box of latitudes and longitudes that does not cross the date line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// South edge, degrees.
    pub south_deg: f64,
    /// West edge, degrees.
    pub west_deg: f64,
    /// North edge, degrees.
    pub north_deg: f64,
    /// East edge, degrees.
    pub east_deg: f64,
}

impl Bounds {
    /// The smallest box around `points`, widened by `margin_m` metres; `None` without points.
    #[must_use]
    pub fn around(points: &[LatLon], margin_m: f64) -> Option<Self> {
        let first = points.first()?;
        let mut b = Self {
            south_deg: first.lat_deg,
            north_deg: first.lat_deg,
            west_deg: first.lon_deg,
            east_deg: first.lon_deg,
        };
        for p in points {
            b.south_deg = b.south_deg.min(p.lat_deg);
            b.north_deg = b.north_deg.max(p.lat_deg);
            b.west_deg = b.west_deg.min(p.lon_deg);
            b.east_deg = b.east_deg.max(p.lon_deg);
        }
        let (lat_m, lon_m) = Plane::new(b.centre()).metres_per_degree();
        b.south_deg = (b.south_deg - margin_m / lat_m).max(-90.0);
        b.north_deg = (b.north_deg + margin_m / lat_m).min(90.0);
        b.west_deg = (b.west_deg - margin_m / lon_m).max(-180.0);
        b.east_deg = (b.east_deg + margin_m / lon_m).min(180.0);
        Some(b)
    }

    /// Middle of the box.
    #[must_use]
    pub fn centre(&self) -> LatLon {
        LatLon {
            lat_deg: 0.5 * (self.south_deg + self.north_deg),
            lon_deg: 0.5 * (self.west_deg + self.east_deg),
        }
    }

    /// Whether a point lies in the box or on its edge.
    #[must_use]
    pub fn contains(&self, at: LatLon) -> bool {
        (self.south_deg..=self.north_deg).contains(&at.lat_deg) && (self.west_deg..=self.east_deg).contains(&at.lon_deg)
    }
}

/// What the heights are and how good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerrainSource {
    /// As shown on map and report: `SRTM 3″ N42E001` or `synthetic relief, seed 7`.
    pub label: String,
    /// Edition or file digest that tells two versions apart.
    pub edition: String,
    /// One standard deviation of a height, metres (SRTM: 16 m at 90 %, so 9.7 m; Farr et al. 2007).
    pub sigma_m: f64,
    /// Invented, not measured.
    pub synthetic: bool,
    /// Distance between postings, metres, the coarser of the two axes.
    pub spacing_m: f64,
}

impl TerrainSource {
    /// Whether a record was made over another relief than this one, in a sentence: its heights, routes and pictures then do not
    /// fit the ground that is shown. `None` when it is the same.
    #[must_use]
    pub fn differs(&self, recorded: &str, recorded_synthetic: bool) -> Option<String> {
        if self.label == recorded && self.synthetic == recorded_synthetic {
            return None;
        }
        let help = if self.synthetic && !recorded_synthetic {
            ": set VEDETTE_DATA to a folder with those tiles"
        } else {
            ""
        };
        Some(format!(
            "The relief differs: recorded over {recorded}, shown over {}. Heights and pictures of the ground are not those of the record{help}.",
            self.label
        ))
    }
}

/// Heights as the file had them: whole metres take half the memory. The void of whole metres is [`i16::MIN`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heights {
    /// Metres, NaN is unknown.
    Fine(Vec<f32>),
    /// Whole metres.
    Whole(Vec<i16>),
}

impl Heights {
    #[inline]
    fn at(&self, i: usize) -> f32 {
        match self {
            Self::Fine(v) => v[i],
            Self::Whole(v) => match v[i] {
                i16::MIN => f32::NAN,
                h => f32::from(h),
            },
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Fine(v) => v.len(),
            Self::Whole(v) => v.len(),
        }
    }
}

/// One raster of heights, north row first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    north_deg: f64,
    west_deg: f64,
    step_lat_deg: f64,
    step_lon_deg: f64,
    rows: usize,
    cols: usize,
    heights: Heights,
    tops: Pyramid,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "grid indices are bounded by the tile"
)]
impl Tile {
    pub(crate) fn new(
        north_deg: f64,
        west_deg: f64,
        step_lat_deg: f64,
        step_lon_deg: f64,
        rows: usize,
        cols: usize,
        heights: Heights,
    ) -> Self {
        debug_assert_eq!(heights.len(), rows * cols);
        let tops = Pyramid::new(rows, cols, |i| heights.at(i));
        Self {
            north_deg,
            west_deg,
            step_lat_deg,
            step_lon_deg,
            rows,
            cols,
            heights,
            tops,
        }
    }

    /// The box the tile covers.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            north_deg: self.north_deg,
            west_deg: self.west_deg,
            south_deg: self.north_deg - self.step_lat_deg * (self.rows - 1) as f64,
            east_deg: self.west_deg + self.step_lon_deg * (self.cols - 1) as f64,
        }
    }

    /// Distance between postings at a place, metres, the coarser of the two axes.
    #[must_use]
    pub fn spacing_m(&self, at: LatLon) -> f64 {
        let (lat_m, lon_m) = Plane::new(at).metres_per_degree();
        (self.step_lat_deg * lat_m).max(self.step_lon_deg * lon_m)
    }

    /// Postings without a height.
    #[must_use]
    pub fn voids(&self) -> usize {
        (0..self.heights.len()).filter(|i| self.heights.at(*i).is_nan()).count()
    }

    /// Grid coordinates (rows from north, columns from west), if inside.
    fn rc(&self, at: LatLon) -> Option<(f64, f64)> {
        let r = (self.north_deg - at.lat_deg) / self.step_lat_deg;
        // Most tiles are told apart by latitude alone.
        if r < -1e-9 || r > (self.rows - 1) as f64 + 1e-9 {
            return None;
        }
        // Both sides of the date line: the nearer way round.
        let c = vedette_geo::norm_deg_180(at.lon_deg - self.west_deg - 90.0) + 90.0;
        let c = c / self.step_lon_deg;
        // A billionth of a posting of slack: an edge belongs to the tile.
        let eps = 1e-9;
        (r >= -eps && c >= -eps && r <= (self.rows - 1) as f64 + eps && c <= (self.cols - 1) as f64 + eps)
            .then(|| (r.max(0.0), c.max(0.0)))
    }

    /// Whether a box of so many degrees both ways about a place lies in the tile, away from the date line.
    fn holds(&self, at: LatLon, dlat: f64, dlon: f64) -> bool {
        let (down, right) = (self.north_deg - at.lat_deg, at.lon_deg - self.west_deg);
        down >= dlat
            && down + dlat <= self.step_lat_deg * (self.rows - 1) as f64
            && right >= dlon
            && right + dlon <= self.step_lon_deg * (self.cols - 1) as f64
    }

    fn cell(&self, r: f64, c: f64) -> (usize, usize) {
        ((r as usize).min(self.rows - 2), (c as usize).min(self.cols - 2))
    }

    fn corners(&self, r0: usize, c0: usize) -> [f64; 4] {
        let i = r0 * self.cols + c0;
        [
            f64::from(self.heights.at(i)),
            f64::from(self.heights.at(i + 1)),
            f64::from(self.heights.at(i + self.cols)),
            f64::from(self.heights.at(i + self.cols + 1)),
        ]
    }

    /// Height and its change per row southwards and per column eastwards; NaN when unknown.
    #[inline]
    fn sample(&self, at: LatLon) -> Option<(f64, f64, f64)> {
        let (r, c) = self.rc(at)?;
        let (r0, c0) = self.cell(r, c);
        let (fr, fc) = (r - r0 as f64, c - c0 as f64);
        let [a, b, d, e] = self.corners(r0, c0);
        let north = a + (b - a) * fc;
        let south = d + (e - d) * fc;
        let west = a + (d - a) * fr;
        let east = b + (e - b) * fr;
        Some((north + (south - north) * fr, south - north, east - west))
    }
}

/// Heights of the land.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    tiles: Vec<Tile>,
    source: TerrainSource,
    hash: String,
}

impl Terrain {
    /// One tile from the bytes of an `.hgt` file or a `.hgt.zip` archive.
    ///
    /// # Errors
    /// [`AtlasError`] when name, size, container or heights are not those of an SRTM tile.
    pub fn from_hgt(name: &str, bytes: &[u8]) -> Result<Tile, AtlasError> {
        hgt::tile(name, bytes)
    }

    /// Terrain from tiles; where tiles overlap the first that knows the height answers.
    #[must_use]
    pub fn new(tiles: Vec<Tile>, source: TerrainSource) -> Self {
        let mut h = Sha256::new();
        h.update(source.label.as_bytes());
        h.update(source.edition.as_bytes());
        for t in &tiles {
            for v in [t.north_deg, t.west_deg, t.step_lat_deg, t.step_lon_deg] {
                h.update(v.to_le_bytes());
            }
            let mut row = Vec::with_capacity(t.cols * 4);
            for r in 0..t.rows {
                row.clear();
                for i in r * t.cols..(r + 1) * t.cols {
                    row.extend_from_slice(&t.heights.at(i).to_le_bytes());
                }
                h.update(&row);
            }
        }
        Self {
            tiles,
            source,
            hash: crate::world::hex(&h.finalize()),
        }
    }

    /// Seeded ridged relief between about 900 and 2800 m over `bounds`, the same bytes on every
    /// machine (plain arithmetic only). Bounds without an area give terrain that knows nothing.
    #[must_use]
    pub fn synthetic(seed: u64, bounds: Bounds) -> Self {
        synthetic::terrain(seed, bounds)
    }

    /// What the heights are and how good.
    #[must_use]
    pub fn source(&self) -> &TerrainSource {
        &self.source
    }

    /// SHA-256 over label, edition, geometry and every height, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The tiles.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Height and slope (rise per metre north and east) of the bilinear surface.
    #[inline]
    pub(crate) fn sample(&self, at: LatLon) -> Option<(f64, f64, f64)> {
        let (h, dr, dc, t) = self
            .tiles
            .iter()
            .find_map(|t| t.sample(at).filter(|s| !s.0.is_nan()).map(|(h, dr, dc)| (h, dr, dc, t)))?;
        Some((h, -dr / t.step_lat_deg, dc / t.step_lon_deg))
    }

    /// Ground height by bilinear interpolation; `None` is unknown.
    #[must_use]
    #[inline]
    pub fn elevation(&self, at: LatLon) -> Option<Amsl> {
        self.tiles
            .iter()
            .find_map(|t| t.sample(at).map(|s| s.0).filter(|h| !h.is_nan()))
            .map(Amsl)
    }

    /// Heights along a parallel, `step_deg` apart eastwards from `from`, into `out`; NaN is unknown. As [`Self::elevation`] of
    /// each, but a tile is looked up once for all of them.
    pub(crate) fn along_parallel(&self, from: LatLon, step_deg: f64, out: &mut [f32]) {
        out.fill(f32::NAN);
        for t in &self.tiles {
            let r = (t.north_deg - from.lat_deg) / t.step_lat_deg;
            if r < -1e-9 || r > (t.rows - 1) as f64 + 1e-9 {
                continue;
            }
            let r = r.max(0.0);
            let (r0, _) = t.cell(r, 0.0);
            let fr = r - r0 as f64;
            // Columns of the first place, counted the same way round the globe as the tile.
            let first = (vedette_geo::norm_deg_180(from.lon_deg - t.west_deg - 90.0) + 90.0) / t.step_lon_deg;
            let (per, whole) = (step_deg / t.step_lon_deg, 360.0 / t.step_lon_deg);
            let last = (t.cols - 1) as f64;
            for first in [first, first - whole] {
                let low = ((-first - 1e-9) / per).ceil().max(0.0);
                let high = (last + 1e-9 - first) / per;
                if high < low {
                    continue;
                }
                let until = (high as usize + 1).min(out.len());
                for (k, o) in out.iter_mut().enumerate().take(until).skip(low as usize) {
                    if !o.is_nan() {
                        continue;
                    }
                    let c = (first + per * k as f64).clamp(0.0, last);
                    let (_, c0) = t.cell(0.0, c);
                    let fc = c - c0 as f64;
                    let [a, b, d, e] = t.corners(r0, c0);
                    let (north, south) = (a + (b - a) * fc, d + (e - d) * fc);
                    *o = (north + (south - north) * fr) as f32;
                }
            }
        }
    }

    /// Slope of the ground, rise per metre towards north and east; `None` is unknown.
    #[must_use]
    pub fn slope(&self, at: LatLon) -> Option<(f64, f64)> {
        let (_, per_lat, per_lon) = self.sample(at)?;
        let (lat_m, lon_m) = Plane::new(at).metres_per_degree();
        Some((per_lat / lat_m, per_lon / lon_m))
    }

    /// No ground within `radius_m` is higher than this: the highest posting of every cell the
    /// disc touches. `None` when any of it is unknown.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "grid indices are bounded by the tile"
    )]
    pub fn max_within(&self, at: LatLon, radius_m: f64) -> Option<Amsl> {
        let radius_m = radius_m.max(0.0);
        let plane = Plane::new(at);
        let (lat_m, lon_m) = plane.metres_per_degree();
        let (dlat, dlon) = (radius_m / lat_m, radius_m / lon_m);
        let mut best = f64::NEG_INFINITY;
        let known = |lat_deg: f64, lon_deg: f64| {
            let p = LatLon { lat_deg, lon_deg };
            self.tiles.iter().any(|t| t.rc(p).is_some())
        };
        // One tile mostly holds the whole disc: then all of it lies on known postings.
        let held = self.tiles.iter().any(|t| t.holds(at, dlat, dlon));
        for (sy, sx) in [(0.0, 0.0), (1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            if !held && !known(at.lat_deg + sy * dlat, at.lon_deg + sx * dlon) {
                return None;
            }
        }
        for t in &self.tiles {
            let south = t.north_deg - t.step_lat_deg * (t.rows - 1) as f64;
            if at.lat_deg - dlat > t.north_deg || at.lat_deg + dlat < south {
                continue;
            }
            let b = t.bounds();
            let (n, s) = (
                (at.lat_deg + dlat).min(b.north_deg),
                (at.lat_deg - dlat).max(b.south_deg),
            );
            // The tile's own count of longitude, on either side of the date line.
            let lon_deg = b.west_deg + vedette_geo::norm_deg_180(at.lon_deg - b.west_deg - 90.0) + 90.0;
            let (w, e) = ((lon_deg - dlon).max(b.west_deg), (lon_deg + dlon).min(b.east_deg));
            if n < s || e < w {
                continue;
            }
            let r0 = ((b.north_deg - n) / t.step_lat_deg) as usize;
            let r1 = (((b.north_deg - s) / t.step_lat_deg) as usize).min(t.rows - 2);
            let c0 = ((w - b.west_deg) / t.step_lon_deg) as usize;
            let c1 = (((e - b.west_deg) / t.step_lon_deg) as usize).min(t.cols - 2);
            let disc = |rows: [usize; 2], cols: [usize; 2]| {
                // Nearest and furthest point of these cells from the centre of the disc, metres squared.
                let north = b.north_deg - rows[0] as f64 * t.step_lat_deg;
                let south = b.north_deg - rows[1] as f64 * t.step_lat_deg;
                let west = b.west_deg + cols[0] as f64 * t.step_lon_deg;
                let east = b.west_deg + cols[1] as f64 * t.step_lon_deg;
                let near = (gap(at.lat_deg, south, north) * lat_m).powi(2) + (gap(lon_deg, west, east) * lon_m).powi(2);
                let dy = (at.lat_deg - south).abs().max((at.lat_deg - north).abs()) * lat_m;
                let dx = (lon_deg - west).abs().max((lon_deg - east).abs()) * lon_m;
                (near, dy * dy + dx * dx)
            };
            let range = [r0.min(t.rows - 2), r1 + 1, c0.min(t.cols - 2), c1 + 1];
            // One part in a thousand covers the plane map's own error.
            let reach = radius_m * radius_m * 1.002;
            let corner = |r: usize, c: usize| t.corners(r, c);
            if !t.tops.raise(range, reach, &disc, &corner, &mut best) {
                return None;
            }
        }
        best.is_finite().then_some(Amsl(best))
    }

    /// Heights on a regular grid, north row first, `nx` columns by `ny` rows including the edges;
    /// metres above the sea, `None` unknown.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "for pictures"
    )]
    pub fn grid(&self, bounds: Bounds, nx: usize, ny: usize) -> Vec<Option<f32>> {
        let mut out = Vec::with_capacity(nx * ny);
        let step = |a: f64, b: f64, i: usize, n: usize| {
            if n < 2 {
                0.5 * (a + b)
            } else {
                a + (b - a) * i as f64 / (n - 1) as f64
            }
        };
        for j in 0..ny {
            let lat_deg = step(bounds.north_deg, bounds.south_deg, j, ny);
            for i in 0..nx {
                let lon_deg = step(bounds.west_deg, bounds.east_deg, i, nx);
                out.push(self.elevation(LatLon { lat_deg, lon_deg }).map(|h| h.0 as f32));
            }
        }
        out
    }
}

fn gap(v: f64, low: f64, high: f64) -> f64 {
    (low - v).max(v - high).max(0.0)
}
