//! Height of the ground on a local grid, and where rays meet it.
//!
//! Invariant: `x` is east and `y` north of the scene's origin in metres, `z` is AMSL; the same
//! grid gives actors their footing and cameras their picture, so feet stand on what is drawn.
//! The map is flat: over a picture's range (1 km) the Earth's curvature drops 0.08 m.

use vedette_geo::{LatLon, LocalFrame};

use crate::SimError;
use crate::noise::{fbm, smooth};

/// One square grid of heights, metres AMSL, row-major from south-west.
#[derive(Debug, Clone)]
struct Grid {
    x0: f32,
    y0: f32,
    cell: f32,
    inv: f32,
    n: usize,
    h: Vec<f32>,
}

impl Grid {
    #[inline(always)]
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        let u = (x - self.x0) * self.inv;
        let v = (y - self.y0) * self.inv;
        let lim = (self.n - 2) as f32;
        if !(u >= 0.0 && v >= 0.0 && u < lim && v < lim) {
            return None;
        }
        let (iu, iv) = (u as usize, v as usize);
        let (fu, fv) = (u - iu as f32, v - iv as f32);
        let i = iv * self.n + iu;
        let (top, low) = (self.h.get(i..i + 2)?, self.h.get(i + self.n..i + self.n + 2)?);
        let (a, b, c, d) = (top[0], top[1], low[0], low[1]);
        let lo = a + (b - a) * fu;
        let hi = c + (d - c) * fu;
        Some(lo + (hi - lo) * fv)
    }

    /// Smooth height at a point of this grid's posts: uniform cubic B-spline, twice
    /// differentiable, so that no crease of the posts shows in the light.
    fn spline(&self, x: f32, y: f32) -> f32 {
        let u = ((x - self.x0) * self.inv).clamp(1.0, (self.n - 3) as f32);
        let v = ((y - self.y0) * self.inv).clamp(1.0, (self.n - 3) as f32);
        let (iu, iv) = (u as usize, v as usize);
        let w = |t: f32| {
            let s = 1.0 - t;
            [
                s * s * s / 6.0,
                (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
                (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
                t * t * t / 6.0,
            ]
        };
        let (wu, wv) = (w(u - iu as f32), w(v - iv as f32));
        let mut sum = 0.0;
        for (r, wr) in wv.iter().enumerate() {
            let row = (iv + r - 1) * self.n + iu - 1;
            let mut s = 0.0;
            for (c, wc) in wu.iter().enumerate() {
                s += wc * self.h[row + c];
            }
            sum += wr * s;
        }
        sum
    }
}

/// The ground of a scene: fine around the action, coarse out to the skyline.
#[derive(Debug, Clone)]
pub struct Ground {
    frame: LocalFrame,
    fine: Grid,
    coarse: Grid,
    tiles_across: usize,
    tiles: Vec<Tile>,
    max_slope: f32,
    z_max: f32,
    sin_lat: f64,
    /// Some of the fine part is sea.
    pub(crate) water: bool,
}

/// Spacing of the elevation samples taken from the terrain, metres.
const POST_M: f32 = 30.0;
/// Cell of the fine grid, metres.
const FINE_M: f32 = 5.0;
/// Spacing of the coarse grid, metres.
const COARSE_M: f32 = 120.0;
/// The skyline ends here, metres from the origin.
const SKYLINE_M: f32 = 9_000.0;

impl Ground {
    /// Samples `elevation` (metres AMSL, `None` where unknown) around `origin`; the fine part
    /// reaches `half_m` east, west, north and south. Relief too small for the terrain data is
    /// added from `seed` (at most about a metre), because no real meadow is smooth.
    ///
    /// # Errors
    /// [`SimError::NoTerrain`] when the elevation at the origin or of more than half the area is
    /// unknown.
    pub fn sample(
        origin: LatLon,
        half_m: f64,
        seed: u32,
        elevation: &dyn Fn(LatLon) -> Option<f64>,
    ) -> Result<Self, SimError> {
        let frame = LocalFrame::new(origin, vedette_geo::Hae(0.0));
        let Some(middle) = elevation(origin) else {
            return Err(SimError::NoTerrain { at: origin });
        };
        let half = (half_m as f32).clamp(500.0, 6_000.0);
        let posts =
            posts(&frame, half + 4.0 * POST_M, POST_M, middle, elevation).ok_or(SimError::NoTerrain { at: origin })?;
        let coarse = posts_coarse(&frame, half, middle, elevation, origin)?;
        let n = (2.0 * half / FINE_M) as usize + 2;
        let mut h = vec![0.0_f32; n * n];
        for j in 0..n {
            let y = -half + j as f32 * FINE_M;
            for i in 0..n {
                let x = -half + i as f32 * FINE_M;
                // Water lies flat at 0; relief fades out over the lowest two metres of land.
                let base = posts.spline(x, y);
                h[j * n + i] = base.max(0.0) + relief(x, y, seed) * smooth(0.0, 2.0, base);
            }
        }
        let water = h.iter().any(|z| *z <= 0.0);
        let fine = Grid {
            x0: -half,
            y0: -half,
            cell: FINE_M,
            inv: 1.0 / FINE_M,
            n,
            h,
        };
        let mut max_slope = 0.2_f32;
        let mut z_max = f32::MIN;
        for g in [&fine, &coarse] {
            for j in 0..g.n - 1 {
                for i in 0..g.n - 1 {
                    let k = j * g.n + i;
                    let a = g.h[k];
                    max_slope = max_slope
                        .max((g.h[k + 1] - a).abs() * g.inv)
                        .max((g.h[k + g.n] - a).abs() * g.inv);
                    z_max = z_max.max(a);
                }
            }
        }
        let (tiles_across, tiles) = tiles(&fine);
        Ok(Self {
            tiles_across,
            tiles,
            frame,
            fine,
            coarse,
            max_slope: (max_slope * 1.15).min(3.0),
            z_max: z_max + 1.0,
            water,
            sin_lat: origin.lat_deg.to_radians().sin(),
        })
    }

    /// The scene's plane map.
    #[must_use]
    pub fn frame(&self) -> &LocalFrame {
        &self.frame
    }

    /// East and north of the origin, metres.
    #[must_use]
    pub fn plane(&self, at: LatLon) -> (f32, f32) {
        let (e, n) = self.frame.plane(at);
        (e as f32, n as f32)
    }

    /// The place at these metres east and north.
    #[must_use]
    pub fn latlon(&self, x: f32, y: f32) -> LatLon {
        self.frame.from_plane(f64::from(x), f64::from(y))
    }

    /// Angle from true north to the map's north at a place, degrees: added to a true bearing it
    /// gives the bearing on the map (convergence of meridians).
    #[must_use]
    pub fn convergence_deg(&self, at: LatLon) -> f64 {
        (at.lon_deg - self.frame.origin().lon_deg) * self.sin_lat
    }

    /// Ground height AMSL, metres; beyond all data the skyline's edge.
    #[inline]
    #[must_use]
    pub fn z(&self, x: f32, y: f32) -> f32 {
        if let Some(z) = self.fine.at(x, y) {
            return z;
        }
        let l = SKYLINE_M - COARSE_M;
        self.coarse.at(x.clamp(-l, l), y.clamp(-l, l)).unwrap_or(0.0)
    }

    /// Upward unit normal, over `d` metres.
    #[must_use]
    pub fn normal(&self, x: f32, y: f32, d: f32) -> [f32; 3] {
        let dx = (self.z(x + d, y) - self.z(x - d, y)) / (2.0 * d);
        let dy = (self.z(x, y + d) - self.z(x, y - d)) / (2.0 * d);
        let k = 1.0 / (1.0 + dx * dx + dy * dy).sqrt();
        [-dx * k, -dy * k, k]
    }

    /// Where the ray `from + t * dir` (any length of `dir`) first meets the ground, as `t`, or
    /// `None` for the sky. Tiles whose highest point lies below the ray are crossed in one step;
    /// inside the others no step is longer than the tile's steepest slope allows.
    #[must_use]
    pub fn hit(&self, from: [f32; 3], dir: [f32; 3], t_start: f32) -> Option<f32> {
        let len = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
        let flat = (dir[0] * dir[0] + dir[1] * dir[1]).sqrt();
        if len < 1e-9 {
            return None;
        }
        let t_end = SKYLINE_M / len;
        let mut t = t_start.max(0.0);
        if dir[2] < 0.0 && from[2] > self.z_max {
            t = t.max((from[2] - self.z_max) / -dir[2]);
        }
        let side = FINE_M * TILE as f32;
        let inv = [safe_inv(dir[0]), safe_inv(dir[1])];
        let mut last = t;
        let mut rounds = 0;
        while rounds < 400 {
            rounds += 1;
            if t > t_end {
                return None;
            }
            let z = from[2] + t * dir[2];
            if z > self.z_max && dir[2] >= 0.0 {
                return None;
            }
            let (x, y) = (from[0] + t * dir[0], from[1] + t * dir[1]);
            let (u, v) = ((x - self.fine.x0) / side, (y - self.fine.y0) / side);
            let n = self.tiles_across as f32;
            let (slope, t_out) = if u >= 0.0 && v >= 0.0 && u < n && v < n {
                let (iu, iv) = (u as usize, v as usize);
                let tile = self.tiles[iv * self.tiles_across + iu];
                let edge = |i: usize, o: f32, d: f32| o + side * (i + usize::from(d > 0.0)) as f32;
                let tx = (edge(iu, self.fine.x0, dir[0]) - from[0]) * inv[0];
                let ty = (edge(iv, self.fine.y0, dir[1]) - from[1]) * inv[1];
                let out = tx.min(ty).max(t) + 0.01 / len;
                let low = z.min(from[2] + out * dir[2]);
                if low > tile.max {
                    last = t;
                    t = out;
                    continue;
                }
                (tile.slope, out)
            } else {
                (self.max_slope, t_end)
            };
            let close = (flat * slope - dir[2]).max(1e-6);
            let mut inner = 0;
            let mut before: Option<f32> = None;
            while t <= t_out && inner < 200 {
                inner += 1;
                let z = from[2] + t * dir[2];
                let over = z - self.z(from[0] + t * dir[0], from[1] + t * dir[1]);
                if over < 0.02 {
                    return Some(if t > last { self.refine(from, dir, last, t) } else { t });
                }
                if z > self.z_max && dir[2] >= 0.0 {
                    return None;
                }
                // Within a metre of the ground it is nearly plane: the rate at which it came
                // closer on the last step tells better than the tile's steepest slope.
                let safe = over / close;
                let step = match before {
                    Some(b) if over < 1.0 && b > over => ((t - last) * over / (b - over)).clamp(safe, 6.0 * safe),
                    _ => safe,
                };
                before = Some(over);
                last = t;
                t += step.max((0.04 + 0.0003 * t * len) / len);
            }
        }
        None
    }

    /// The crossing between a point above the ground and one at or below it.
    fn refine(&self, from: [f32; 3], dir: [f32; 3], mut a: f32, mut b: f32) -> f32 {
        for _ in 0..6 {
            if (b - a) * dir[2].abs().max(0.05) < 0.01 {
                break;
            }
            let m = 0.5 * (a + b);
            let o = from[2] + m * dir[2] - self.z(from[0] + m * dir[0], from[1] + m * dir[1]);
            if o > 0.0 {
                a = m;
            } else {
                b = m;
            }
        }
        0.5 * (a + b)
    }
}

fn safe_inv(d: f32) -> f32 {
    if d.abs() < 1e-9 { 1e9_f32.copysign(d) } else { 1.0 / d }
}

/// Cells along the side of a tile.
const TILE: usize = 12;

/// Highest point and steepest slope of a square of the fine grid, its neighbours' rim included.
#[derive(Debug, Clone, Copy)]
struct Tile {
    max: f32,
    slope: f32,
}

fn tiles(g: &Grid) -> (usize, Vec<Tile>) {
    let across = (g.n - 2) / TILE;
    let mut out = Vec::with_capacity(across * across);
    for tj in 0..across {
        for ti in 0..across {
            let mut t = Tile {
                max: f32::MIN,
                slope: 0.05,
            };
            for j in tj * TILE..=(tj + 1) * TILE {
                for i in ti * TILE..=(ti + 1) * TILE {
                    let k = j * g.n + i;
                    let a = g.h[k];
                    t.max = t.max.max(a);
                    let dx = (g.h[k + 1] - a) * g.inv;
                    let dy = (g.h[k + g.n] - a) * g.inv;
                    t.slope = t.slope.max((dx * dx + dy * dy).sqrt());
                }
            }
            t.max += 0.05;
            t.slope *= 1.1;
            out.push(t);
        }
    }
    (across, out)
}

/// Undulation too small for a 30-90 m terrain model: hummocks, terracettes, gullies; metres.
fn relief(x: f32, y: f32, seed: u32) -> f32 {
    let swell = fbm(x, y, 55.0, 3, 2.5, seed ^ 0x11) * 0.7;
    let ridge = 1.0 - (fbm(x, y, 34.0, 2, 2.5, seed ^ 0x12).abs() * 2.2).min(1.0);
    let where_ridge = smooth(0.0, 0.5, fbm(x, y, 220.0, 2, 2.5, seed ^ 0x13));
    swell + 0.9 * ridge * ridge * where_ridge
}

fn posts(
    frame: &LocalFrame,
    half: f32,
    step: f32,
    middle: f64,
    elevation: &dyn Fn(LatLon) -> Option<f64>,
) -> Option<Grid> {
    let n = (2.0 * half / step).ceil() as usize + 1;
    let mut h = vec![f32::NAN; n * n];
    let mut known = 0_usize;
    for j in 0..n {
        for i in 0..n {
            let at = frame.from_plane(f64::from(-half + i as f32 * step), f64::from(-half + j as f32 * step));
            if let Some(z) = elevation(at).filter(|z| z.is_finite()) {
                h[j * n + i] = z as f32;
                known += 1;
            }
        }
    }
    if known * 2 < n * n {
        return None;
    }
    // A hole takes the height last known west of it, then the middle's: it only dresses the
    // picture, the station never sees these numbers.
    let mut last = middle as f32;
    for v in &mut h {
        if v.is_nan() {
            *v = last;
        } else {
            last = *v;
        }
    }
    Some(Grid {
        x0: -half,
        y0: -half,
        cell: step,
        inv: 1.0 / step,
        n,
        h,
    })
}

fn posts_coarse(
    frame: &LocalFrame,
    half: f32,
    middle: f64,
    elevation: &dyn Fn(LatLon) -> Option<f64>,
    origin: LatLon,
) -> Result<Grid, SimError> {
    // Where the terrain ends before the skyline does, the nearest known edge stands in.
    let inside = f64::from(half);
    let e = |at: LatLon| {
        elevation(at).or_else(|| {
            let (x, y) = frame.plane(at);
            elevation(frame.from_plane(x.clamp(-inside, inside), y.clamp(-inside, inside)))
        })
    };
    posts(frame, SKYLINE_M, COARSE_M, middle, &e).ok_or(SimError::NoTerrain { at: origin })
}

impl Ground {
    /// Half the side of the finely sampled square, metres.
    #[must_use]
    pub fn half_m(&self) -> f32 {
        -self.fine.x0 - self.fine.cell
    }
}
