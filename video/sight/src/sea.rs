//! Sea mode: which parts of a picture are no water to be searched, and how long a thing must last
//! to be no wave.
//!
//! The sky and the coast's skyline are cut off at the horizon that the pose gives; the sun's glitter
//! is found by what it does: many places in one part of the picture saturate and change from frame
//! to frame. Waves have no other mark than that they do not last. Invariant: a single bright thing,
//! however it flickers, is never taken for glitter. Bounded memory; knows no track.

use vedette_model::SensorPose;

use crate::ground::ray_of;
use crate::image::Plane;

/// Settings of sea mode.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeaPolicy {
    /// From this grey level on a pixel counts as saturated.
    pub glint: u8,
    /// Searched only so far below the horizon, degrees: pose errors and the far haze.
    pub below_horizon_deg: f64,
    /// Largest craft looked for, metres (longer side).
    pub most_size_m: f32,
    /// A thing must have been followed for so long, seconds.
    pub least_s: f64,
    /// And seen in this share of the frames since.
    pub steady: f64,
}

impl Default for SeaPolicy {
    fn default() -> Self {
        Self {
            glint: 235,
            below_horizon_deg: 0.7,
            most_size_m: 30.0,
            least_s: 2.0,
            steady: 0.55,
        }
    }
}

/// Side of a cell, work-picture pixels.
const CELL: usize = 16;
/// Share of a new frame in what is remembered of a cell.
const NEW: f32 = 0.2;
/// A cell glitters from this share of saturated pixels on.
const LIT: f32 = 0.004;
/// And when this share of them is new or gone from frame to frame.
const CHANGES: f32 = 0.5;
/// So many of a cell and its 24 neighbours: a patch of glitter, not a lamp.
const PATCH: usize = 8;

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    lit: f32,
    changes: f32,
}

/// What one camera's sea looked like lately.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sea {
    across: usize,
    down: usize,
    cells: Vec<Cell>,
    before: Vec<bool>,
}

impl Sea {
    /// Takes note of a frame.
    pub(crate) fn look(&mut self, work: &Plane, policy: &SeaPolicy) {
        let (across, down) = (work.w.div_ceil(CELL), work.h.div_ceil(CELL));
        let now: Vec<bool> = work.px.iter().map(|v| *v >= policy.glint).collect();
        if (across, down) != (self.across, self.down) || self.before.len() != now.len() {
            (self.across, self.down) = (across, down);
            self.cells = vec![Cell::default(); across * down];
            self.before = now;
            return;
        }
        for (k, cell) in self.cells.iter_mut().enumerate() {
            let (x0, y0) = (k % across * CELL, k / across * CELL);
            let (mut lit, mut either, mut changed, mut all) = (0u32, 0u32, 0u32, 0u32);
            for y in y0..(y0 + CELL).min(work.h) {
                for x in x0..(x0 + CELL).min(work.w) {
                    let (a, b) = (self.before[y * work.w + x], now[y * work.w + x]);
                    all += 1;
                    lit += u32::from(b);
                    either += u32::from(a || b);
                    changed += u32::from(a != b);
                }
            }
            cell.lit += NEW * (lit as f32 / all.max(1) as f32 - cell.lit);
            if either > 0 {
                cell.changes += NEW * (changed as f32 / either as f32 - cell.changes);
            }
        }
        self.before = now;
    }

    /// Whether a place, work-picture pixels, lies in glitter.
    pub(crate) fn glitters(&self, at: [f32; 2]) -> bool {
        if self.cells.is_empty() {
            return false;
        }
        let cell = |v: f32, most: usize| ((v.max(0.0) as usize) / CELL).min(most - 1);
        let (cx, cy) = (cell(at[0], self.across), cell(at[1], self.down));
        let near = |c: usize, most: usize| c.saturating_sub(2)..(c + 3).min(most);
        let patch = near(cy, self.down)
            .flat_map(|y| near(cx, self.across).map(move |x| (x, y)))
            .filter(|(x, y)| {
                let c = self.cells[y * self.across + x];
                c.lit >= LIT && c.changes >= CHANGES
            })
            .count();
        patch >= PATCH
    }
}

/// Whether a pixel looks at the sky or so near the horizon that it is not searched.
pub(crate) fn above_water(pixel: [f64; 2], width: usize, height: usize, pose: &SensorPose, policy: &SeaPolicy) -> bool {
    let Some(ray) = ray_of(pixel, width, height, pose) else {
        return false;
    };
    let elevation_deg = (-ray.z).clamp(-1.0, 1.0).asin().to_degrees();
    // Dip of the sea's horizon: cos(dip) = R / (R + h).
    let r = vedette_geo::EARTH_RADIUS_M;
    let dip_deg = (r / (r + pose.amsl.0.max(0.0))).clamp(-1.0, 1.0).acos().to_degrees();
    elevation_deg > -(dip_deg + policy.below_horizon_deg)
}
