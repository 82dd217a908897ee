//! Height of the ground on a local grid, and where rays meet it.
//!
//! Invariant: `x` is east and `y` north of the scene's origin in metres, `z` is AMSL; the same
//! grid gives actors their footing and cameras their picture, so feet stand on what is drawn.
//! The map is flat: over a picture's range (1 km) the Earth's curvature drops 0.08 m.

use vedette_geo::{LatLon, LocalFrame, Repeatable};

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

    /// Where a ray enters and leaves the square this grid covers, as `t`; the first is past the second
    /// where it misses.
    fn crossed(&self, ray: &Ray) -> (f32, f32) {
        let (mut t_in, mut t_out) = (0.0_f32, f32::MAX);
        let side = self.cell * (self.n - 2) as f32;
        for (axis, low) in [(0, self.x0), (1, self.y0)] {
            if ray.dir[axis].abs() < 1e-9 {
                if !(low..low + side).contains(&ray.from[axis]) {
                    return (f32::MAX, 0.0);
                }
                continue;
            }
            let (a, b) = (
                (low - ray.from[axis]) * ray.inv[axis],
                (low + side - ray.from[axis]) * ray.inv[axis],
            );
            t_in = t_in.max(a.min(b));
            t_out = t_out.min(a.max(b));
        }
        (t_in, t_out)
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
    fine_tops: Tops,
    coarse_tops: Tops,
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
        let (fine_tops, coarse_tops) = (Tops::of(&fine), Tops::of(&coarse));
        let z_max = fine_tops.highest().max(coarse_tops.highest());
        Ok(Self {
            frame,
            fine,
            coarse,
            fine_tops,
            coarse_tops,
            z_max: z_max + 1.0,
            water,
            sin_lat: origin.lat_deg.to_radians().sin_r(),
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
    /// `None` for the sky and beyond the skyline. The ground is the bilinear patch of each cell, met
    /// exactly; squares whose highest point lies below the ray are crossed in one step.
    #[must_use]
    pub fn hit(&self, from: [f32; 3], dir: [f32; 3], t_start: f32) -> Option<f32> {
        let len = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
        if len < 1e-9 {
            return None;
        }
        let mut t = t_start.max(0.0);
        if from[2] + t * dir[2] > self.z_max {
            if dir[2] >= 0.0 {
                return None;
            }
            t = t.max((from[2] - self.z_max) / -dir[2]);
        }
        let ray = Ray {
            from,
            dir,
            inv: [safe_inv(dir[0]), safe_inv(dir[1])],
            nudge: 0.01 / len,
        };
        let (c_in, c_out) = self.coarse.crossed(&ray);
        let (t, end) = (t.max(c_in), c_out.min(SKYLINE_M / len));
        let (f_in, f_out) = self.fine.crossed(&ray);
        if f_in >= f_out || f_out <= t || f_in >= end {
            return ray.meets(&self.coarse, &self.coarse_tops, t, end);
        }
        ray.meets(&self.coarse, &self.coarse_tops, t, f_in)
            .or_else(|| ray.meets(&self.fine, &self.fine_tops, t.max(f_in), f_out.min(end)))
            .or_else(|| ray.meets(&self.coarse, &self.coarse_tops, f_out, end))
    }
}

/// A line of sight on its way over the grids.
struct Ray {
    from: [f32; 3],
    dir: [f32; 3],
    inv: [f32; 2],
    /// A centimetre, as a step of `t`: puts the ray past the edge it has reached.
    nudge: f32,
}

impl Ray {
    #[inline(always)]
    fn at(&self, axis: usize, t: f32) -> f32 {
        self.from[axis] + t * self.dir[axis]
    }

    /// First meeting with a grid's surface between `t` and `end`, both over the grid.
    fn meets(&self, g: &Grid, tops: &Tops, mut t: f32, end: f32) -> Option<f32> {
        let top = tops.levels.len() - 1;
        let mut level = top;
        while t < end {
            let (across, highest) = &tops.levels[level];
            let side = g.cell * (1_u32 << level) as f32;
            let cell = |axis: usize, o: f32| ((((self.at(axis, t) - o) / side).max(0.0)) as usize).min(across - 1);
            let (iu, iv) = (cell(0, g.x0), cell(1, g.y0));
            let edge = |i: usize, o: f32, d: f32| o + side * (i + usize::from(d > 0.0)) as f32;
            let tx = (edge(iu, g.x0, self.dir[0]) - self.from[0]) * self.inv[0];
            let ty = (edge(iv, g.y0, self.dir[1]) - self.from[1]) * self.inv[1];
            let out = tx.min(ty).max(t) + self.nudge;
            if self.at(2, t).min(self.at(2, out)) > highest[iv * across + iu] {
                t = out;
                level = (level + 1).min(top);
            } else if level > 0 {
                level -= 1;
            } else {
                if let Some(hit) = self.meets_patch(g, iu, iv, t, out.min(end)) {
                    return Some(hit);
                }
                t = out;
                level = 1.min(top);
            }
        }
        None
    }

    /// Meeting with one cell's patch. Along a line the bilinear height is a parabola of `t`, so three
    /// heights over the ground say all.
    fn meets_patch(&self, g: &Grid, iu: usize, iv: usize, a: f32, b: f32) -> Option<f32> {
        let i = iv * g.n + iu;
        let (near, far) = (g.h.get(i..i + 2)?, g.h.get(i + g.n..i + g.n + 2)?);
        let over = |t: f32| {
            let fu = (self.at(0, t) - g.x0) * g.inv - iu as f32;
            let fv = (self.at(1, t) - g.y0) * g.inv - iv as f32;
            let lo = near[0] + (near[1] - near[0]) * fu;
            let hi = far[0] + (far[1] - far[0]) * fu;
            self.at(2, t) - (lo + (hi - lo) * fv)
        };
        let (o0, om, o1) = (over(a), over(0.5 * (a + b)), over(b));
        if o0 <= 0.0 {
            return Some(a);
        }
        // over(s) = o0 + p s + q s^2 for s from 0 at `a` to 1 at `b`.
        let (p, q) = (4.0 * om - 3.0 * o0 - o1, 2.0 * (o0 + o1 - 2.0 * om));
        let disc = p * p - 4.0 * q * o0;
        if o1 > 0.0 && (disc < 0.0 || p >= 0.0) {
            return None;
        }
        // The smaller root, written without a difference of near equals.
        let s = if disc < 0.0 {
            1.0
        } else {
            2.0 * o0 / (disc.sqrt() - p).max(f32::MIN_POSITIVE)
        };
        (o1 <= 0.0 || s <= 1.0).then(|| a + (b - a) * s.clamp(0.0, 1.0))
    }
}

fn safe_inv(d: f32) -> f32 {
    if d.abs() < 1e-9 { 1e9_f32.copysign(d) } else { 1.0 / d }
}

/// The highest point of every cell of a grid, then of every two by two of them, up to the whole.
#[derive(Debug, Clone)]
struct Tops {
    /// Squares across, and their highest points row by row; the single cells first.
    levels: Vec<(usize, Vec<f32>)>,
}

impl Tops {
    fn of(g: &Grid) -> Self {
        let across = g.n - 2;
        let top = |k: usize| g.h[k].max(g.h[k + 1]).max(g.h[k + g.n]).max(g.h[k + g.n + 1]);
        let cells = (0..across * across).map(|k| top(k / across * g.n + k % across));
        let mut levels = vec![(across, cells.collect::<Vec<f32>>())];
        while let Some((n, below)) = levels.last()
            && *n > 1
        {
            let half = n.div_ceil(2);
            let mut next = vec![f32::MIN; half * half];
            for (k, z) in below.iter().enumerate() {
                let slot = &mut next[k / n / 2 * half + k % n / 2];
                *slot = slot.max(*z);
            }
            levels.push((half, next));
        }
        Self { levels }
    }

    fn highest(&self) -> f32 {
        self.levels
            .last()
            .and_then(|(_, z)| z.first())
            .copied()
            .unwrap_or(f32::MIN)
    }
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
