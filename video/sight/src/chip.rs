//! A small picture of one candidate, on a grid of its own, with what its geometry says.
//!
//! Two grids: one a little larger than the candidate, so that its shape fills it whatever its size
//! in pixels, and one twice as wide, for what it stands among; its size in metres is a number beside. Invariant: every value is finite and
//! bounded, whatever the picture.

use vedette_model::ImageBox;

use crate::image::{GrayFrame, Plane, mean_sd};

/// Side of a chip, samples.
pub const CHIP_SIDE: usize = 20;
/// Grids of a chip: near and wide.
pub const CHIP_GRIDS: usize = 2;
/// Numbers beside the chip.
pub const CHIP_NUMBERS: usize = 13;

/// Grey levels of a whole picture: what a candidate's warmth is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Levels {
    pub(crate) mean: f32,
    pub(crate) spread: f32,
}

impl Levels {
    pub(crate) fn of(p: &Plane) -> Self {
        let (mean, spread) = mean_sd(p, 3);
        Self { mean, spread }
    }
}

/// One candidate as the classifier sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// Grey levels against what lies around, over their spread; grid by grid, row by row from the
    /// upper left.
    pub pixels: [f32; CHIP_GRIDS * CHIP_SIDE * CHIP_SIDE],
    /// Size in metres (logarithms), shape, contrast, spread, depression, ground sample distance.
    pub numbers: [f32; CHIP_NUMBERS],
}

impl Chip {
    /// Cuts the chip of a box out of a frame. `px_per_m` is at the box's range, `depression_deg`
    /// of the line of sight; `contrast` and `ratio` as the detector measured them.
    #[must_use]
    pub fn cut(
        frame: &GrayFrame<'_>,
        b: &ImageBox,
        px_per_m: f64,
        depression_deg: f64,
        contrast: f32,
        ratio: f32,
    ) -> Self {
        let p = Plane::of(frame);
        Self::from_plane(&p, Levels::of(&p), b, px_per_m, depression_deg, contrast, ratio)
    }

    pub(crate) fn from_plane(
        p: &Plane,
        levels: Levels,
        b: &ImageBox,
        px_per_m: f64,
        depression_deg: f64,
        contrast: f32,
        ratio: f32,
    ) -> Self {
        let mut pixels = [0.0f32; CHIP_GRIDS * CHIP_SIDE * CHIP_SIDE];
        let (near, wide) = pixels.split_at_mut(CHIP_SIDE * CHIP_SIDE);
        let side = (1.5 * b.w.max(b.h) + 4.0).clamp(8.0, 400.0);
        let around = grid(p, b, side, near);
        let n = near.len() as f32;
        let mean = near.iter().sum::<f32>() / n;
        let spread = (near.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
        let peak = near.iter().copied().fold(f32::MIN, f32::max);
        let low = near.iter().copied().fold(f32::MAX, f32::min);
        grid(p, b, 2.2 * side, wide);
        let by = spread.max(4.0);
        for v in near.iter_mut().chain(wide) {
            *v = ((*v - around) / by).clamp(-6.0, 6.0);
        }
        let k = (px_per_m as f32).clamp(0.05, 500.0);
        let log = |v: f32| v.clamp(0.01, 100.0).ln();
        let (sin, cos) = (depression_deg as f32).clamp(0.0, 90.0).to_radians().sin_cos();
        let against = |v: f32| ((v - levels.mean) / levels.spread.max(4.0)).clamp(-4.0, 4.0) / 2.0;
        Self {
            pixels,
            numbers: [
                log(b.w / k),
                log(b.h / k),
                log(b.w / b.h.max(0.5)),
                log(b.w.max(1.0) * b.h.max(1.0)) / 3.0,
                (contrast / 40.0).clamp(-4.0, 4.0),
                (ratio / 4.0).clamp(0.0, 4.0),
                (spread / 30.0).min(4.0),
                against(around),
                sin - cos,
                log(k) - 2.0,
                against(peak),
                against(low),
                levels.spread / 40.0 - 1.0,
            ],
        }
    }
}

/// Samples a square of `side` pixels around a box's middle; returns the mean of its border, which
/// decides what counts as warm.
fn grid(p: &Plane, b: &ImageBox, side: f32, out: &mut [f32]) -> f32 {
    let step = side / CHIP_SIDE as f32;
    let (x0, y0) = (b.x + b.w / 2.0 - side / 2.0, b.y + b.h / 2.0 - side / 2.0);
    let last = CHIP_SIDE - 1;
    let (mut sum, mut count) = (0.0f32, 0.0f32);
    for (i, v) in out.iter_mut().enumerate() {
        let (cx, cy) = (i % CHIP_SIDE, i / CHIP_SIDE);
        let x = x0 + (cx as f32 + 0.5) * step - 0.5;
        let y = y0 + (cy as f32 + 0.5) * step - 0.5;
        *v = sample(p, x, y);
        if cx == 0 || cy == 0 || cx == last || cy == last {
            sum += *v;
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}

/// Bilinear sample, the border repeated.
fn sample(p: &Plane, x: f32, y: f32) -> f32 {
    let (w, h) = (p.w.max(1), p.h.max(1));
    let x = x.clamp(0.0, (w - 1) as f32);
    let y = y.clamp(0.0, (h - 1) as f32);
    let (ix, iy) = (x as usize, y as usize);
    let (fx, fy) = (x - ix as f32, y - iy as f32);
    let (jx, jy) = ((ix + 1).min(w - 1), (iy + 1).min(h - 1));
    let at = |x: usize, y: usize| p.px.get(y * w + x).copied().map_or(0.0, f32::from);
    let a = at(ix, iy) * (1.0 - fx) + at(jx, iy) * fx;
    let b = at(ix, jy) * (1.0 - fx) + at(jx, jy) * fx;
    a * (1.0 - fy) + b * fy
}
