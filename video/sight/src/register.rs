//! How the picture moved between two frames: corners followed, one homography most agree with,
//! and a health figure that says how many.
//!
//! Invariant: a map is returned even when registration fails (the guess), but its health says so;
//! health under [`HEALTHY`] switches motion detection off rather than letting it invent movers.

use crate::flow::{Pyramid, corners, follow};
use crate::homography::{Homography, Pair, consensus, fit_similarity};
use crate::image::{GrayFrame, Plane};

/// Health from which motion may be judged.
pub const HEALTHY: f64 = 0.4;
/// Corners agree within this, pixels of the half-size picture.
const TOLERANCE_PX: f64 = 1.0;
const CORNERS: usize = 260;

/// The camera's motion between two frames, in full-picture pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Registration {
    /// Takes a pixel of the earlier frame to the later one.
    pub map: Homography,
    /// Share of followed corners that agree, 0..=1, reduced when fewer than 40 could be followed.
    pub health: f64,
    /// Root mean square residual of those that agree, full-picture pixels.
    pub rms_px: f64,
    /// Corners followed.
    pub followed: usize,
}

/// One frame prepared for registration.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) pyramid: Pyramid,
    pub(crate) corners: Vec<[f32; 2]>,
}

impl Prepared {
    pub(crate) fn of(full: &Plane) -> Self {
        let pyramid = Pyramid::of(full);
        let cell = ((pyramid.levels[0].w * pyramid.levels[0].h) as f64 / 330.0)
            .sqrt()
            .clamp(8.0, 64.0) as usize;
        let corners = corners(&pyramid.levels[0], cell, CORNERS);
        Self { pyramid, corners }
    }
}

/// Registers two frames of one camera, earlier first, starting from no motion.
#[must_use]
pub fn register(earlier: &GrayFrame<'_>, later: &GrayFrame<'_>) -> Registration {
    let a = Prepared::of(&Plane::of(earlier));
    let b = Prepared::of(&Plane::of(later));
    between(&a, &b, &Homography::IDENTITY, 3, CORNERS).registration
}

/// A registration with the local departures from the one map.
#[derive(Debug, Clone)]
pub(crate) struct Between {
    pub(crate) registration: Registration,
    /// Departures of followed corners from the map, full-picture pixels: at, by.
    pub(crate) residuals: Vec<([f64; 2], [f64; 2])>,
}

/// Registers prepared frames; `guess` maps full pixels, `top` is the coarsest level followed.
pub(crate) fn between(a: &Prepared, b: &Prepared, guess: &Homography, top: usize, most: usize) -> Between {
    let half_guess = guess.scaled(0.5);
    let mut pairs: Vec<Pair> = Vec::with_capacity(most);
    let stride = (a.corners.len() as f64 / most.max(1) as f64).max(1.0);
    let mut next = 0.0;
    while (next as usize) < a.corners.len() {
        let c = a.corners[next as usize];
        next += stride;
        let from = [f64::from(c[0]) + 0.5, f64::from(c[1]) + 0.5];
        let g = half_guess.apply(from);
        if let Some(t) = follow(
            &a.pyramid,
            &b.pyramid,
            c,
            [(g[0] - 0.5) as f32, (g[1] - 0.5) as f32],
            top,
        ) {
            pairs.push((from, [f64::from(t[0]) + 0.5, f64::from(t[1]) + 0.5]));
        }
    }
    let followed = pairs.len();
    let plenty = (followed as f64 / 40.0).min(1.0);
    let middle = [a.pyramid.levels[0].w as f64 / 2.0, a.pyramid.levels[0].h as f64 / 2.0];
    let failed = |health: f64| Between {
        registration: Registration {
            map: *guess,
            health,
            rms_px: f64::INFINITY,
            followed,
        },
        residuals: Vec::new(),
    };
    let Some(c) = consensus(&pairs, TOLERANCE_PX, 0x5eed) else {
        return failed(0.0);
    };
    let mut map = c.map;
    let health = c.share * plenty;
    if c.share < HEALTHY || !map.plausible_at(middle) {
        // Few agree: a stiffer model from those that do, at the same low health.
        let kept: Vec<Pair> = pairs
            .iter()
            .zip(&c.inlier)
            .filter(|(_, k)| **k)
            .map(|(p, _)| *p)
            .collect();
        match fit_similarity(&kept).filter(|m| m.plausible_at(middle)) {
            Some(m) => map = m,
            None => return failed(0.0),
        }
    }
    let residuals = pairs
        .iter()
        .map(|(p, q)| {
            let m = map.apply(*p);
            ([2.0 * q[0], 2.0 * q[1]], [2.0 * (q[0] - m[0]), 2.0 * (q[1] - m[1])])
        })
        .collect();
    Between {
        registration: Registration {
            map: map.scaled(2.0),
            health,
            rms_px: 2.0 * c.rms,
            followed,
        },
        residuals,
    }
}
