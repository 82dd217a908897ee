//! Plane-to-plane maps between two pictures: apply, invert, chain, and fit to point pairs with
//! outliers. Knows nothing of cameras.

#![expect(clippy::needless_range_loop, reason = "matrix algebra reads best by index")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A 3 x 3 projective map of pixel coordinates, row-major, last element 1 where possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography(pub [f64; 9]);

impl Homography {
    /// Nothing moves.
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);

    /// A shift by whole or part pixels.
    #[must_use]
    pub const fn shift(dx: f64, dy: f64) -> Self {
        Self([1.0, 0.0, dx, 0.0, 1.0, dy, 0.0, 0.0, 1.0])
    }

    /// Where a pixel goes.
    #[must_use]
    pub fn apply(&self, p: [f64; 2]) -> [f64; 2] {
        let m = &self.0;
        let w = m[6] * p[0] + m[7] * p[1] + m[8];
        let w = if w.abs() < 1e-9 { 1e-9 } else { w };
        [
            (m[0] * p[0] + m[1] * p[1] + m[2]) / w,
            (m[3] * p[0] + m[4] * p[1] + m[5]) / w,
        ]
    }

    /// `self` after `first`.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.0, &first.0);
        let mut m = [0.0; 9];
        for i in 0..3 {
            for j in 0..3 {
                m[3 * i + j] = (0..3).map(|k| a[3 * i + k] * b[3 * k + j]).sum();
            }
        }
        Self(m).normalised()
    }

    /// The way back; `None` when the map folds the plane flat.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let c = [
            m[4] * m[8] - m[5] * m[7],
            m[2] * m[7] - m[1] * m[8],
            m[1] * m[5] - m[2] * m[4],
            m[5] * m[6] - m[3] * m[8],
            m[0] * m[8] - m[2] * m[6],
            m[2] * m[3] - m[0] * m[5],
            m[3] * m[7] - m[4] * m[6],
            m[1] * m[6] - m[0] * m[7],
            m[0] * m[4] - m[1] * m[3],
        ];
        let det = m[0] * c[0] + m[1] * c[3] + m[2] * c[6];
        if !det.is_finite() || det.abs() < 1e-12 {
            return None;
        }
        Some(Self(c.map(|v| v / det)).normalised())
    }

    /// The same map for coordinates `scale` times as large.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Self {
        let m = &self.0;
        Self([
            m[0],
            m[1],
            m[2] * scale,
            m[3],
            m[4],
            m[5] * scale,
            m[6] / scale,
            m[7] / scale,
            m[8],
        ])
    }

    /// A plausible camera motion between frames: finite, keeps orientation, scales by 0.4..2.5
    /// at the given point.
    #[must_use]
    pub fn plausible_at(&self, p: [f64; 2]) -> bool {
        let [a, b, c, d] = self.jacobian(p);
        let det = a * d - b * c;
        self.0.iter().all(|v| v.is_finite()) && (0.16..6.25).contains(&det)
    }

    /// Derivative of the map at a pixel: `[dx/dx, dx/dy, dy/dx, dy/dy]`.
    #[must_use]
    pub fn jacobian(&self, p: [f64; 2]) -> [f64; 4] {
        let m = &self.0;
        let w = m[6] * p[0] + m[7] * p[1] + m[8];
        let w = if w.abs() < 1e-9 { 1e-9 } else { w };
        let [x, y] = self.apply(p);
        [
            (m[0] - x * m[6]) / w,
            (m[1] - x * m[7]) / w,
            (m[3] - y * m[6]) / w,
            (m[4] - y * m[7]) / w,
        ]
    }

    fn normalised(self) -> Self {
        let k = self.0[8];
        if k.abs() < 1e-12 {
            self
        } else {
            Self(self.0.map(|v| v / k))
        }
    }
}

/// A point in the first and in the second picture.
pub(crate) type Pair = ([f64; 2], [f64; 2]);

/// Least-squares map of weighted pairs (inhomogeneous direct linear transform, Hartley 1997
/// normalisation); `None` when they do not fix one.
pub(crate) fn fit(pairs: &[Pair], weights: &[f64]) -> Option<Homography> {
    if pairs.len() < 4 {
        return None;
    }
    let frame = |pick: fn(&Pair) -> [f64; 2]| {
        let n = pairs.len() as f64;
        let (mut cx, mut cy) = (0.0, 0.0);
        for p in pairs {
            let q = pick(p);
            cx += q[0] / n;
            cy += q[1] / n;
        }
        let mut d = 0.0;
        for p in pairs {
            let q = pick(p);
            d += (q[0] - cx).hypot(q[1] - cy) / n;
        }
        (cx, cy, std::f64::consts::SQRT_2 / d.max(1e-9))
    };
    let (ax, ay, ak) = frame(|p| p.0);
    let (bx, by, bk) = frame(|p| p.1);
    let mut ata = [[0.0f64; 8]; 8];
    let mut atb = [0.0f64; 8];
    for (i, (p, q)) in pairs.iter().enumerate() {
        let wt = weights.get(i).copied().unwrap_or(1.0);
        let (x, y) = ((p[0] - ax) * ak, (p[1] - ay) * ak);
        let (u, v) = ((q[0] - bx) * bk, (q[1] - by) * bk);
        let rows = [
            ([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], u),
            ([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y], v),
        ];
        for (r, rhs) in &rows {
            for i in 0..8 {
                let wi = wt * r[i];
                atb[i] += wi * rhs;
                for j in i..8 {
                    ata[i][j] += wi * r[j];
                }
            }
        }
    }
    for i in 0..8 {
        for j in 0..i {
            ata[i][j] = ata[j][i];
        }
    }
    let s = solve(ata, atb)?;
    let n = Homography([s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], 1.0]);
    let to_unit = Homography([ak, 0.0, -ax * ak, 0.0, ak, -ay * ak, 0.0, 0.0, 1.0]);
    let from_unit = Homography([1.0 / bk, 0.0, bx, 0.0, 1.0 / bk, by, 0.0, 0.0, 1.0]);
    let h = from_unit.after(&n).after(&to_unit);
    h.0.iter().all(|v| v.is_finite()).then_some(h)
}

/// Least-squares similarity (shift, turn, zoom): the fallback when few points agree.
pub(crate) fn fit_similarity(pairs: &[Pair]) -> Option<Homography> {
    if pairs.len() < 2 {
        return None;
    }
    let n = pairs.len() as f64;
    let mean = |pick: fn(&Pair) -> [f64; 2]| {
        pairs.iter().fold([0.0, 0.0], |m, p| {
            let q = pick(p);
            [m[0] + q[0] / n, m[1] + q[1] / n]
        })
    };
    let (ca, cb) = (mean(|p| p.0), mean(|p| p.1));
    let (mut re, mut im, mut d) = (0.0, 0.0, 0.0);
    for (p, q) in pairs {
        let (x, y) = (p[0] - ca[0], p[1] - ca[1]);
        let (u, v) = (q[0] - cb[0], q[1] - cb[1]);
        re += x * u + y * v;
        im += x * v - y * u;
        d += x * x + y * y;
    }
    if d < 1e-9 {
        return None;
    }
    let (a, b) = (re / d, im / d);
    Some(Homography([
        a,
        -b,
        cb[0] - a * ca[0] + b * ca[1],
        b,
        a,
        cb[1] - b * ca[0] - a * ca[1],
        0.0,
        0.0,
        1.0,
    ]))
}

/// Gaussian elimination with partial pivoting.
fn solve(mut a: [[f64; 8]; 8], mut b: [f64; 8]) -> Option<[f64; 8]> {
    for c in 0..8 {
        let p = (c..8).max_by(|&i, &j| a[i][c].abs().total_cmp(&a[j][c].abs()))?;
        if a[p][c].abs() < 1e-12 {
            return None;
        }
        a.swap(c, p);
        b.swap(c, p);
        let pivot_row = a[c];
        for r in c + 1..8 {
            let k = a[r][c] / pivot_row[c];
            if k != 0.0 {
                for j in c..8 {
                    a[r][j] -= k * pivot_row[j];
                }
                b[r] -= k * b[c];
            }
        }
    }
    for c in (0..8).rev() {
        b[c] /= a[c][c];
        for r in 0..c {
            b[r] -= a[r][c] * b[c];
        }
    }
    Some(b)
}

/// A map that most pairs agree with.
#[derive(Debug, Clone)]
pub(crate) struct Consensus {
    pub(crate) map: Homography,
    /// Share of pairs within the tolerance.
    pub(crate) share: f64,
    /// Root mean square residual of those, pixels.
    pub(crate) rms: f64,
    pub(crate) inlier: Vec<bool>,
}

fn residual2(h: &Homography, (p, q): &Pair) -> f64 {
    let r = h.apply(*p);
    (r[0] - q[0]).powi(2) + (r[1] - q[1]).powi(2)
}

/// RANSAC (Fischler and Bolles 1981) with the truncated-quadratic score of MSAC (Torr and
/// Zisserman 2000), then re-weighted least squares. Seeded: the same pairs give the same map.
pub(crate) fn consensus(pairs: &[Pair], tol: f64, seed: u64) -> Option<Consensus> {
    let n = pairs.len();
    if n < 8 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tol2 = tol * tol;
    let mut best: Option<(f64, Homography)> = None;
    let mut rounds = 160usize;
    let mut i = 0;
    while i < rounds {
        i += 1;
        let mut pick = [0usize; 4];
        for k in 0..4 {
            // Distinct picks by retry; n >= 8 keeps this short.
            loop {
                let c = ((u64::from(rng.next_u32()) * n as u64) >> 32) as usize;
                if !pick[..k].contains(&c) {
                    pick[k] = c;
                    break;
                }
            }
        }
        let four = pick.map(|k| pairs[k]);
        let Some(h) = fit(&four, &[]) else { continue };
        let mut cost = 0.0;
        let mut good = 0usize;
        let limit = best.as_ref().map_or(f64::INFINITY, |b| b.0);
        for p in pairs {
            let r = residual2(&h, p);
            if r < tol2 {
                good += 1;
                cost += r;
            } else {
                cost += tol2;
            }
            if cost >= limit {
                break;
            }
        }
        if cost < limit {
            best = Some((cost, h));
            let share = good as f64 / n as f64;
            let miss = 1.0 - share.powi(4);
            let need = if miss <= 1e-9 { 1.0 } else { (0.002f64).ln() / miss.ln() };
            rounds = rounds.min((need.ceil() as usize).max(12));
        }
    }
    let (_, mut map) = best?;
    for _ in 0..4 {
        let mut kept = Vec::with_capacity(n);
        let mut weights = Vec::with_capacity(n);
        for p in pairs {
            let r2 = residual2(&map, p);
            if r2 < tol2 * 1.5 {
                kept.push(*p);
                weights.push(1.0 / (1.0 + r2 / (0.1 * tol2)));
            }
        }
        match fit(&kept, &weights) {
            Some(h) => map = h,
            None => break,
        }
    }
    let inlier: Vec<bool> = pairs.iter().map(|p| residual2(&map, p) < tol2).collect();
    let count = inlier.iter().filter(|v| **v).count();
    let sum: f64 = pairs
        .iter()
        .zip(&inlier)
        .filter(|(_, k)| **k)
        .map(|(p, _)| residual2(&map, p))
        .sum();
    Some(Consensus {
        map,
        share: count as f64 / n as f64,
        rms: (sum / count.max(1) as f64).sqrt(),
        inlier,
    })
}
