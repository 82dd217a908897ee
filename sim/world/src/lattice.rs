//! Depth of the ground at every fourth pixel: a lattice marched from the bottom up, whose squares
//! over plane ground are interpolated instead.
//!
//! Invariant: between two nodes the inverse of depth is exact on planes, so a picture does not show
//! which nodes were marched. It must not know cover, light or actors.

use crate::render::FAR;
use crate::scene::Scene;
use crate::shapes::{V3, along, dot, sub};
use crate::view::View;

/// Depth lattice spacing, pixels.
pub(crate) const STEP: usize = 4;

/// Depth along the optical axis at every fourth pixel corner.
pub(crate) struct Lattice {
    pub(crate) cols: usize,
    pub(crate) rows: usize,
    pub(crate) t: Vec<f32>,
}

impl Lattice {
    /// Depths at a block's corners: upper left, upper right, lower left, lower right.
    #[inline]
    pub(crate) fn corners(&self, bx: usize, by: usize) -> [f32; 4] {
        let k = by * self.cols + bx;
        [
            self.t[k],
            self.t[k + 1],
            self.t[k + self.cols],
            self.t[k + self.cols + 1],
        ]
    }
}

/// Lattice cells along the side of the widest square whose ground may count as plane.
const WIDE: usize = 4;
/// Ground along a square's side up to which it counts as plane, metres: half a cell of the fine
/// grid, over which relief that bends by a tenth strays 3 cm from the chord.
const PLANE_M: f32 = 2.5;

/// Marches the corners of wide squares; between corners that meet the ground close together the
/// inverse of depth is interpolated, other squares are quartered down to single cells.
pub(crate) fn lattice(scene: &Scene, view: &View) -> Lattice {
    let nodes = |pixels: usize| pixels.div_ceil(STEP).next_multiple_of(WIDE) + 1;
    let (cols, rows) = (nodes(view.w), nodes(view.h));
    let mut m = March {
        scene,
        view,
        // In one vertical plane a higher ray stays above the ground at least as far as the ray
        // below it did. Not so when the camera looks straight down.
        ordered: view.fwd[2] > -0.85 && view.down[2] < -0.4,
        nodes: Lattice {
            cols,
            rows,
            t: vec![f32::NAN; cols * rows],
        },
    };
    for j in (0..rows - 1).step_by(WIDE).rev() {
        for i in (0..cols - 1).step_by(WIDE) {
            m.square(i, j, WIDE);
        }
    }
    m.nodes
}

/// A lattice being filled, from the bottom up; what is not known yet is NaN.
struct March<'a> {
    scene: &'a Scene,
    view: &'a View,
    ordered: bool,
    nodes: Lattice,
}

impl March<'_> {
    fn square(&mut self, i: usize, j: usize, size: usize) {
        let low = [self.node(i, j + size, size), self.node(i + size, j + size, size)];
        let c = [self.node(i, j, size), self.node(i + size, j, size), low[0], low[1]];
        if size == 1 {
            return;
        }
        if self.plane(i, j, size, c) {
            let inv = c.map(|t| 1.0 / t);
            let n = size as f32;
            for y in 0..=size {
                let f = y as f32 / n;
                let (l, r) = (inv[0] + (inv[2] - inv[0]) * f, inv[1] + (inv[3] - inv[1]) * f);
                for x in 0..=size {
                    let t = &mut self.nodes.t[(j + y) * self.nodes.cols + i + x];
                    if t.is_nan() {
                        *t = 1.0 / (l + (r - l) * x as f32 / n);
                    }
                }
            }
            return;
        }
        let half = size / 2;
        for (x, y) in [(0, half), (half, half), (0, 0), (half, 0)] {
            self.square(i + x, j + y, half);
        }
    }

    /// Depth at a node; `below` nodes further down may be known already.
    fn node(&mut self, i: usize, j: usize, below: usize) -> f32 {
        let k = j * self.nodes.cols + i;
        if self.nodes.t[k].is_nan() {
            let under = self.nodes.t.get(k + below * self.nodes.cols).copied();
            let start = under.filter(|t| self.ordered && *t < FAR).map_or(0.0, |t| 0.85 * t);
            let hit = self.scene.ground.hit(self.view.o, self.ray(i, j), start);
            self.nodes.t[k] = hit.map_or(FAR, |t| t.max(0.5));
        }
        self.nodes.t[k]
    }

    fn ray(&self, i: usize, j: usize) -> V3 {
        self.view.dir((i * STEP) as f32, (j * STEP) as f32)
    }

    /// The ground between these four corners strays from a plane by less than shows.
    fn plane(&self, i: usize, j: usize, size: usize, c: [f32; 4]) -> bool {
        let (lo, hi) = (
            c.iter().copied().fold(f32::MAX, f32::min),
            c.iter().copied().fold(0.0, f32::max),
        );
        if hi >= FAR || hi > lo * 1.12 + 1.0 {
            return false;
        }
        let at = |k: usize| along(self.view.o, self.ray(i + k % 2 * size, j + k / 2 * size), c[k]);
        let p = [at(0), at(1), at(2), at(3)];
        [(0, 1), (2, 3), (0, 2), (1, 3)].into_iter().all(|(a, b)| {
            let d = sub(p[a], p[b]);
            dot(d, d) <= PLANE_M * PLANE_M
        })
    }
}
