//! What moved against the ground: registered frame differences over an adaptive baseline.
//!
//! The present frame is compared with two earlier ones warped onto it. A pixel counts only where it
//! is outside the range of its 3 x 3 neighbours in *both* (so a pixel of misregistration or an edge
//! does not), with the same sign (so the ghost an object leaves behind does not). Slow relief
//! parallax is taken out by a coarse mesh of the registration's residuals; what is left of it
//! raises the local threshold. Invariant: without a healthy registration there are no movers.

use std::collections::VecDeque;

use vedette_model::ImageBox;

use crate::detect::{Detection, score};
use crate::homography::Homography;
use crate::image::{Plane, mean_sd};
use crate::register::{Between, HEALTHY, Prepared, between};

const BLOCK: usize = 16;
const MESH_X: usize = 9;
const MESH_Y: usize = 8;

/// Smooth departures from the homography: what the present picture's pixels must be shifted by,
/// on a coarse grid, pixels.
struct Mesh {
    w: f32,
    h: f32,
    by: [[[f32; 2]; MESH_X]; MESH_Y],
}

impl Mesh {
    /// Weighted medians of the residuals around each node, so that movers and false matches do
    /// not bend it, shrunk towards none where few corners speak.
    fn of(residuals: &[([f64; 2], [f64; 2])], w: usize, h: usize) -> Self {
        let mut by = [[[0.0f32; 2]; MESH_X]; MESH_Y];
        let reach = 0.8 * w as f32 / MESH_X as f32;
        let mut near: [Vec<(f32, f32)>; 2] = [Vec::new(), Vec::new()];
        for (j, row) in by.iter_mut().enumerate() {
            for (i, node) in row.iter_mut().enumerate() {
                let nx = w as f32 * i as f32 / (MESH_X - 1) as f32;
                let ny = h as f32 * j as f32 / (MESH_Y - 1) as f32;
                let mut sum = 0.0f32;
                near.iter_mut().for_each(Vec::clear);
                for (at, res) in residuals {
                    let d2 = (at[0] as f32 - nx).powi(2) + (at[1] as f32 - ny).powi(2);
                    if d2 > 9.0 * reach * reach || res[0].abs() > 40.0 || res[1].abs() > 40.0 {
                        continue;
                    }
                    let k = (-0.5 * d2 / (reach * reach)).exp();
                    sum += k;
                    near[0].push((res[0] as f32, k));
                    near[1].push((res[1] as f32, k));
                }
                let shrink = sum / (sum + 0.3);
                *node = [
                    shrink * weighted_median(&mut near[0]),
                    shrink * weighted_median(&mut near[1]),
                ];
            }
        }
        Self {
            w: w as f32,
            h: h as f32,
            by,
        }
    }
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let u = (x / self.w * (MESH_X - 1) as f32).clamp(0.0, (MESH_X - 1) as f32 - 1e-3);
        let v = (y / self.h * (MESH_Y - 1) as f32).clamp(0.0, (MESH_Y - 1) as f32 - 1e-3);
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f32, v - j as f32);
        let mut out = [0.0; 2];
        for (k, o) in out.iter_mut().enumerate() {
            let a = self.by[j][i][k] * (1.0 - fu) + self.by[j][i + 1][k] * fu;
            let b = self.by[j + 1][i][k] * (1.0 - fu) + self.by[j + 1][i + 1][k] * fu;
            *o = a * (1.0 - fv) + b * fv;
        }
        out
    }
}

fn weighted_median(values: &mut [(f32, f32)]) -> f32 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half: f32 = 0.5 * values.iter().map(|v| v.1).sum::<f32>();
    let mut sum = 0.0;
    for (v, k) in values.iter() {
        sum += k;
        if sum >= half {
            return *v;
        }
    }
    0.0
}

struct Past {
    t_s: f64,
    plane: Plane,
    prepared: Prepared,
    /// Takes a pixel of that frame to the present one.
    to_now: Homography,
    chain_ok: bool,
}

/// What passes as a mover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MoverGate {
    /// Least difference, grey levels.
    pub(crate) least: u8,
    /// Multiple of the local level of differences.
    pub(crate) times: f32,
    /// Least and most of a box's longer side, pixels.
    pub(crate) side_px: [f32; 2],
    /// Wanted time between frames, seconds.
    pub(crate) baseline_s: f64,
}

/// The recent frames of one camera and their maps to the present one.
pub(crate) struct Movers {
    ring: VecDeque<Past>,
    spacing_s: f64,
    keep: usize,
}

impl Movers {
    pub(crate) fn new() -> Self {
        Self {
            ring: VecDeque::new(),
            spacing_s: 0.09,
            keep: 36,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
    }

    /// The camera moved: `step` takes pixels of the frame before to the present one.
    pub(crate) fn moved(&mut self, step: &Homography, healthy: bool) {
        for p in &mut self.ring {
            p.to_now = step.after(&p.to_now);
            p.chain_ok &= healthy;
        }
    }

    /// Keeps the present frame for later comparison.
    pub(crate) fn keep(&mut self, t_s: f64, plane: Plane, prepared: Prepared) {
        if self
            .ring
            .back()
            .is_some_and(|p| t_s - p.t_s < self.spacing_s && t_s >= p.t_s)
        {
            return;
        }
        if self.ring.back().is_some_and(|p| t_s < p.t_s) {
            self.ring.clear();
        }
        self.ring.push_back(Past {
            t_s,
            plane,
            prepared,
            to_now: Homography::IDENTITY,
            chain_ok: true,
        });
        while self.ring.len() > self.keep {
            self.ring.pop_front();
        }
    }

    fn nearest(&self, t_s: f64) -> Option<usize> {
        (0..self.ring.len())
            .filter(|&i| self.ring[i].chain_ok)
            .min_by(|&a, &b| {
                (self.ring[a].t_s - t_s)
                    .abs()
                    .total_cmp(&(self.ring[b].t_s - t_s).abs())
            })
    }

    /// Things that moved, and whether motion could be judged at all.
    pub(crate) fn find(
        &mut self,
        now: &Plane,
        prepared: &Prepared,
        t_s: f64,
        gate: &MoverGate,
        most: usize,
    ) -> (Vec<Detection>, bool) {
        let Some(near) = self.nearest(t_s - gate.baseline_s) else {
            return (Vec::new(), false);
        };
        let Some(far) = self.nearest(t_s - 1.8 * gate.baseline_s) else {
            return (Vec::new(), false);
        };
        let base = t_s - self.ring[near].t_s;
        if base < 0.45 * gate.baseline_s || far == near || base > 3.0 * gate.baseline_s {
            return (Vec::new(), false);
        }
        let stats = mean_sd(now, 4);
        let mut ranges = Vec::with_capacity(2);
        for i in [near, far] {
            let b = between(&self.ring[i].prepared, prepared, &self.ring[i].to_now, 1, 110);
            if b.registration.health < HEALTHY {
                return (Vec::new(), false);
            }
            self.ring[i].to_now = b.registration.map;
            let Some(warped) = warp(&self.ring[i].plane, now, &b, stats) else {
                return (Vec::new(), false);
            };
            ranges.push(range3(&warped));
        }
        let diff = outside(now, &ranges);
        (blobs(now, &diff, gate, most), true)
    }
}

/// An earlier picture as it would look now: homography and mesh, brightness matched; the present
/// picture's own pixels where the earlier one did not look.
fn warp(past: &Plane, now: &Plane, b: &Between, stats: (f32, f32)) -> Option<Plane> {
    let inv = b.registration.map.inverse()?;
    let mesh = Mesh::of(&b.residuals, now.w, now.h);
    let (w, h) = (now.w, now.h);
    let nodes_x = w.div_ceil(BLOCK) + 1;
    let node = |i: usize, j: usize| -> [f32; 2] {
        let (x, y) = ((i * BLOCK) as f32 + 0.5, (j * BLOCK) as f32 + 0.5);
        let d = mesh.at(x, y);
        let q = inv.apply([f64::from(x - d[0]), f64::from(y - d[1])]);
        [q[0] as f32 - 0.5, q[1] as f32 - 0.5]
    };
    let mut top: Vec<[f32; 2]> = (0..nodes_x).map(|i| node(i, 0)).collect();
    let (pm, psd) = mean_sd(past, 4);
    let gain = (stats.1 / psd.max(1.0)).clamp(0.8, 1.25);
    let lut: Vec<u8> = (0..256)
        .map(|v| (stats.0 + gain * (v as f32 - pm)).round().clamp(0.0, 255.0) as u8)
        .collect();
    let mut px = now.px.clone();
    let limit_x = (past.w as i32 - 2) << 8;
    let limit_y = (past.h as i32 - 2) << 8;
    for j in 0..h.div_ceil(BLOCK) {
        let bottom: Vec<[f32; 2]> = (0..nodes_x).map(|i| node(i, j + 1)).collect();
        for y in j * BLOCK..((j + 1) * BLOCK).min(h) {
            let fv = (y - j * BLOCK) as f32 / BLOCK as f32;
            let row = &mut px[y * w..][..w];
            for i in 0..w.div_ceil(BLOCK) {
                let left = mix(top[i], bottom[i], fv);
                let right = mix(top[i + 1], bottom[i + 1], fv);
                // Sub-pixel position in 1/256 px; the step across a block in 1/65536.
                let to_fixed = |v: f32| (v.clamp(-30_000.0, 30_000.0) * 65_536.0) as i64;
                let (mut fx, mut fy) = (to_fixed(left[0]), to_fixed(left[1]));
                let sx = (to_fixed(right[0]) - fx) / BLOCK as i64;
                let sy = (to_fixed(right[1]) - fy) / BLOCK as i64;
                let end = ((i + 1) * BLOCK).min(w);
                for out in &mut row[i * BLOCK..end] {
                    let (qx, qy) = ((fx >> 8) as i32, (fy >> 8) as i32);
                    fx += sx;
                    fy += sy;
                    if qx < 0 || qy < 0 || qx > limit_x || qy > limit_y {
                        continue;
                    }
                    let (ix, iy) = ((qx >> 8) as usize, (qy >> 8) as usize);
                    let (ax, ay) = ((qx & 255) as u32, (qy & 255) as u32);
                    let o = iy * past.w + ix;
                    let a = &past.px[o..o + 2];
                    let b = &past.px[o + past.w..o + past.w + 2];
                    let up = u32::from(a[0]) * (256 - ax) + u32::from(a[1]) * ax;
                    let dn = u32::from(b[0]) * (256 - ax) + u32::from(b[1]) * ax;
                    let v = (up * (256 - ay) + dn * ay + 32_768) >> 16;
                    *out = lut[v as usize];
                }
            }
        }
        top = bottom;
    }
    Some(Plane { w, h, px })
}

fn mix(a: [f32; 2], b: [f32; 2], t: f32) -> [f32; 2] {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

/// Least and greatest of each 3 x 3 neighbourhood.
fn range3(p: &Plane) -> (Vec<u8>, Vec<u8>) {
    let (w, h) = (p.w, p.h);
    let mut lo = p.px.clone();
    let mut hi = p.px.clone();
    let mut row_lo = vec![0u8; w];
    let mut row_hi = vec![0u8; w];
    for y in 1..h - 1 {
        let (a, b, c) = (
            &p.px[(y - 1) * w..][..w],
            &p.px[y * w..][..w],
            &p.px[(y + 1) * w..][..w],
        );
        for x in 0..w {
            row_lo[x] = a[x].min(b[x]).min(c[x]);
            row_hi[x] = a[x].max(b[x]).max(c[x]);
        }
        let (out_lo, out_hi) = (&mut lo[y * w..][..w], &mut hi[y * w..][..w]);
        for x in 1..w - 1 {
            out_lo[x] = row_lo[x - 1].min(row_lo[x]).min(row_lo[x + 1]);
            out_hi[x] = row_hi[x - 1].max(row_hi[x]).max(row_hi[x + 1]);
        }
    }
    (lo, hi)
}

/// How far each pixel is outside both ranges, on the same side.
fn outside(now: &Plane, ranges: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let [(lo1, hi1), (lo2, hi2)] = ranges else {
        return vec![0; now.px.len()];
    };
    let n = now.px.len();
    let mut out = vec![0u8; n];
    let (lo1, hi1, lo2, hi2) = (&lo1[..n], &hi1[..n], &lo2[..n], &hi2[..n]);
    for i in 0..n {
        let v = now.px[i];
        let brighter = v.saturating_sub(hi1[i]).min(v.saturating_sub(hi2[i]));
        let darker = lo1[i].saturating_sub(v).min(lo2[i].saturating_sub(v));
        out[i] = brighter.max(darker);
    }
    out
}

/// Connected pixels over the local threshold.
fn blobs(now: &Plane, diff: &[u8], gate: &MoverGate, most: usize) -> Vec<Detection> {
    let (w, h) = (now.w, now.h);
    let (bw, bh) = (w.div_ceil(BLOCK), h.div_ceil(BLOCK));
    let mut sums = vec![0u32; bw * bh];
    for y in 0..h {
        let row = &diff[y * w..][..w];
        for (i, part) in row.chunks(BLOCK).enumerate() {
            sums[(y / BLOCK) * bw + i] += part.iter().map(|v| u32::from(*v)).sum::<u32>();
        }
    }
    let mut threshold = vec![0u8; bw * bh];
    for by in 0..bh {
        for bx in 0..bw {
            let mut near: Vec<u32> = Vec::with_capacity(25);
            for y in by.saturating_sub(2)..(by + 3).min(bh) {
                for x in bx.saturating_sub(2)..(bx + 3).min(bw) {
                    near.push(sums[y * bw + x]);
                }
            }
            near.sort_unstable();
            // Two thirds up: one object fills few of the 25 blocks, restless ground most.
            let level = near[near.len() * 2 / 3] as f32 / (BLOCK * BLOCK) as f32;
            threshold[by * bw + bx] = (f32::from(gate.least) + gate.times * level).clamp(1.0, 250.0) as u8;
        }
    }
    let over = |x: usize, y: usize| diff[y * w + x] > threshold[(y / BLOCK) * bw + x / BLOCK];
    let mut seen = vec![false; w * h];
    let mut out: Vec<Detection> = Vec::new();
    let edge = 4;
    for y in edge..h - edge {
        for x in edge..w - edge {
            if seen[y * w + x] || !over(x, y) {
                continue;
            }
            seen[y * w + x] = true;
            let mut stack = vec![(x, y)];
            let (mut lx, mut ly, mut hx, mut hy) = (x, y, x, y);
            let (mut n, mut peak, mut sum) = (0u32, 0.0f32, 0.0f32);
            while let Some((cx, cy)) = stack.pop() {
                n += 1;
                let t = f32::from(threshold[(cy / BLOCK) * bw + cx / BLOCK]);
                let d = f32::from(diff[cy * w + cx]);
                peak = peak.max(d / t);
                sum += d;
                lx = lx.min(cx);
                hx = hx.max(cx);
                ly = ly.min(cy);
                hy = hy.max(cy);
                // Two pixels of reach: a walker's legs and body stay one thing.
                for qy in cy.saturating_sub(2).max(edge)..(cy + 3).min(h - edge) {
                    for qx in cx.saturating_sub(2).max(edge)..(cx + 3).min(w - edge) {
                        let o = qy * w + qx;
                        if !seen[o] && over(qx, qy) {
                            seen[o] = true;
                            stack.push((qx, qy));
                        }
                    }
                }
            }
            let (sw, sh) = ((hx - lx + 1) as f32, (hy - ly + 1) as f32);
            let long = sw.max(sh);
            let filled = n as f32 / (sw * sh);
            if n < 4 || long < gate.side_px[0] || long > gate.side_px[1] || filled < 0.2 {
                continue;
            }
            let motion = peak * (n as f32 / 8.0).min(1.5);
            out.push(Detection {
                image: ImageBox {
                    x: lx as f32,
                    y: ly as f32,
                    w: sw,
                    h: sh,
                },
                score: score(motion, 1.6),
                contrast: sum / n as f32,
                spot: 0.0,
                motion,
                said: None,
            });
        }
    }
    out.sort_by(|a, b| {
        b.motion
            .total_cmp(&a.motion)
            .then(a.image.y.total_cmp(&b.image.y))
            .then(a.image.x.total_cmp(&b.image.x))
    });
    // More than a field of view can hold: the model of the ground is wrong, not the ground busy.
    if out.len() > 4 * most {
        return Vec::new();
    }
    out.truncate(most);
    out
}
