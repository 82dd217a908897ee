//! Heights along a path: clear of the ground everywhere, never steeper than the aircraft flies.
//!
//! Invariant: heights are only ever raised, so every sample of every leg stays over its floor.
//! The floor is the highest posting near the sample, not the height at waypoints: between two
//! waypoints a ridge may hide.

use vedette_atlas::{Plane, Terrain};

use crate::space::{Xy, dist, lerp};

/// Step of the floor samples, metres.
pub(crate) const SAMPLE_M: f64 = 15.0;
/// Height kept over the least height above ground, metres.
const MARGIN_M: f64 = 6.0;
/// Half width of the strip whose ground counts, metres, besides navigation error.
const STRIP_M: f64 = 15.0;

/// Ground under a path.
pub(crate) struct Ground<'a> {
    pub(crate) terrain: &'a Terrain,
    pub(crate) plane: Plane,
    pub(crate) min_agl_m: f64,
    pub(crate) max_agl_m: f64,
    pub(crate) nav_m: f64,
}

/// One leg's wish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LegRule {
    /// Take-off and landing need no ground clearance.
    pub(crate) exempt: bool,
    /// Height over the least height above ground, metres.
    pub(crate) extra_m: f64,
    /// Steepest climb, metres per metre.
    pub(crate) up: f64,
    /// Steepest descent, metres per metre.
    pub(crate) down: f64,
}

impl Ground<'_> {
    /// Ground at a point, metres above the sea.
    pub(crate) fn at(&self, p: Xy) -> Option<f64> {
        self.terrain.elevation(self.plane.to_latlon(p.0, p.1)).map(|h| h.0)
    }

    /// Least height to fly at a point; `None` where the ground is unknown.
    pub(crate) fn floor(&self, p: Xy) -> Option<f64> {
        self.terrain
            .max_within(self.plane.to_latlon(p.0, p.1), self.nav_m + STRIP_M)
            .map(|h| h.0 + self.min_agl_m + MARGIN_M)
    }

    /// Shares of a leg at which the floor is asked.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "number of samples of a leg"
    )]
    fn shares(a: Xy, b: Xy) -> impl Iterator<Item = f64> {
        let n = (dist(a, b) / SAMPLE_M).ceil().max(1.0) as usize;
        (0..=n).map(move |k| k as f64 / n as f64)
    }

    /// Heights of the nodes of a path; `rules[i]` is for the leg from node i to i+1 and `least`
    /// gives heights some nodes must at least have. An error carries the place whose ground is
    /// unknown.
    pub(crate) fn heights(&self, path: &[Xy], rules: &[LegRule], least: &[f64]) -> Result<Vec<f64>, Xy> {
        let mut h = least.to_vec();
        let mut floors: Vec<Vec<(f64, f64)>> = Vec::with_capacity(rules.len());
        for (i, r) in rules.iter().enumerate() {
            let (a, b) = (path[i], path[i + 1]);
            let mut f = Vec::new();
            if !r.exempt {
                for t in Self::shares(a, b) {
                    let p = lerp(a, b, t);
                    f.push((t, self.floor(p).ok_or(p)? + r.extra_m));
                }
                if let (Some(first), Some(last)) = (f.first(), f.last()) {
                    h[i] = h[i].max(first.1);
                    h[i + 1] = h[i + 1].max(last.1);
                }
            }
            floors.push(f);
        }
        for _ in 0..200 {
            let mut changed = false;
            for (i, f) in floors.iter().enumerate() {
                let short = f
                    .iter()
                    .map(|(t, need)| need - (h[i] + (h[i + 1] - h[i]) * t))
                    .fold(0.0, f64::max);
                if short > 0.01 {
                    h[i] += short;
                    h[i + 1] += short;
                    changed = true;
                }
            }
            for i in 0..rules.len() {
                let low = h[i] - rules[i].down * dist(path[i], path[i + 1]);
                if !rules[i].exempt && h[i + 1] < low - 1e-6 {
                    h[i + 1] = low;
                    changed = true;
                }
            }
            for i in (0..rules.len()).rev() {
                let low = h[i + 1] - rules[i].up * dist(path[i], path[i + 1]);
                if !rules[i].exempt && h[i] < low - 1e-6 {
                    h[i] = low;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(h)
    }

    /// The greatest height above ground on a leg and where.
    pub(crate) fn highest(&self, a: (Xy, f64), b: (Xy, f64)) -> Option<(f64, Xy)> {
        let mut best: Option<(f64, Xy)> = None;
        for t in Self::shares(a.0, b.0) {
            let p = lerp(a.0, b.0, t);
            let agl = a.1 + (b.1 - a.1) * t - self.at(p)?;
            if best.is_none_or(|x| agl > x.0) {
                best = Some((agl, p));
            }
        }
        best
    }
}
