//! Heights over the ground: floors along legs, and the lowest heights of a path that clears them at the slopes it can be flown.
//!
//! Invariant: a path with these heights is nowhere nearer to the ground than its floor, between its points either.

use vedette_atlas::{Plane, World};
use vedette_geo::LatLon;

use super::line::near_m;
use crate::space::dist;

/// Step of floor samples, metres.
const FLOOR_STEP_M: f64 = 30.0;
/// Paths of more legs than this are looked at by all cores.
const MANY_LEGS: usize = 300;
/// Height kept over the least height above ground, and half width of the strip whose ground counts, metres.
const MARGIN_M: f64 = 9.0;
const STRIP_M: f64 = 15.0;

/// Least heights along a leg: share of its length, and metres above the sea.
pub(crate) type Floors = Vec<(f64, f64)>;

/// What heights must respect.
#[derive(Clone, Copy)]
pub(crate) struct Sky<'a> {
    pub(crate) world: &'a World,
    pub(crate) min_agl_m: f64,
    pub(crate) nav_m: f64,
    /// Steepest way up and down, metres per metre.
    pub(crate) up: f64,
    pub(crate) down: f64,
}

impl Sky<'_> {
    /// Least height to fly at, `None` where ground is unknown.
    pub(crate) fn floor(&self, at: LatLon) -> Option<f64> {
        self.world
            .terrain
            .max_within(at, self.nav_m + STRIP_M)
            .map(|h| h.0 + self.min_agl_m + MARGIN_M)
    }

    /// Floors along a leg: share and height. `Err` is a place whose ground is unknown.
    pub(crate) fn floors(&self, a: LatLon, b: LatLon) -> Result<Floors, LatLon> {
        let plane = Plane::new(a);
        let to = plane.to_xy(b);
        let n = (dist((0.0, 0.0), to) / FLOOR_STEP_M).ceil().max(1.0) as usize;
        (0..=n)
            .map(|k| {
                let t = k as f64 / n as f64;
                let at = plane.to_latlon(to.0 * t, to.1 * t);
                self.floor(at).map(|f| (t, f)).ok_or(at)
            })
            .collect()
    }

    /// Floors along all legs of a path but those whose `low` is set (take-off, landing). `Err` is a place whose ground is
    /// unknown.
    pub(crate) fn floors_of(&self, path: &[LatLon], low: &[bool]) -> Result<Vec<Floors>, LatLon> {
        let one = |i: &usize| {
            if low[*i] {
                Ok(Vec::new())
            } else {
                self.floors(path[*i], path[*i + 1])
            }
        };
        let all: Vec<usize> = (0..path.len() - 1).collect();
        if all.len() > MANY_LEGS {
            crate::share::each(&all, one).into_iter().collect()
        } else {
            all.iter().map(one).collect()
        }
    }

    /// Heights of a path's points, each at least `least`, clear of the ground by the floor, no steeper than flown; legs whose
    /// `low` is set (take-off, landing) need no clearance. `Err` is a place whose ground is unknown.
    pub(crate) fn heights(&self, path: &[LatLon], least: &[f64], low: &[bool]) -> Result<Vec<f64>, LatLon> {
        Ok(self.heights_over(&self.floors_of(path, low)?, path, least, low))
    }

    /// The same over floors that are known.
    pub(crate) fn heights_over(&self, floors: &[Floors], path: &[LatLon], least: &[f64], low: &[bool]) -> Vec<f64> {
        let mut h = least.to_vec();
        let legs = path.len() - 1;
        let mut length = Vec::with_capacity(legs);
        for (i, f) in floors.iter().enumerate() {
            length.push(near_m(path[i], path[i + 1]));
            if let (Some(a), Some(b)) = (f.first(), f.last()) {
                h[i] = h[i].max(a.1);
                h[i + 1] = h[i + 1].max(b.1);
            }
        }
        for _ in 0..100 {
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
            for i in (0..legs).filter(|i| !low[*i]) {
                let least = h[i] - self.down * length[i];
                if h[i + 1] < least - 1e-6 {
                    h[i + 1] = least;
                    changed = true;
                }
            }
            for i in (0..legs).rev().filter(|i| !low[*i]) {
                let least = h[i + 1] - self.up * length[i];
                if h[i] < least - 1e-6 {
                    h[i] = least;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        h
    }

    /// Least height at `a` from which the straight way to `b`, reached at `hb`, clears the ground; the last metres before `b`
    /// are the other leg's.
    pub(crate) fn lift(&self, a: LatLon, b: LatLon, hb: f64) -> Result<f64, LatLon> {
        let floors = self.floors(a, b)?;
        Ok(floors
            .iter()
            .filter(|(t, _)| *t < 0.9)
            .map(|(t, f)| (f - hb * t) / (1.0 - t))
            .fold(hb, f64::max))
    }

    /// Greatest height over ground along a leg, with its place.
    pub(crate) fn highest(&self, a: (LatLon, f64), b: (LatLon, f64)) -> Option<(f64, LatLon)> {
        let plane = Plane::new(a.0);
        let to = plane.to_xy(b.0);
        let n = (dist((0.0, 0.0), to) / (3.0 * FLOOR_STEP_M)).ceil().max(1.0) as usize;
        let mut best: Option<(f64, LatLon)> = None;
        for k in 0..=n {
            let t = k as f64 / n as f64;
            let at = plane.to_latlon(to.0 * t, to.1 * t);
            let agl = a.1 + (b.1 - a.1) * t - self.world.terrain.elevation(at)?.0;
            if best.is_none_or(|b| agl > b.0) {
                best = Some((agl, at));
            }
        }
        best
    }
}
