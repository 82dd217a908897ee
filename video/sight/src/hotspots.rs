//! Spots warmer or colder than their surroundings, of the size of what is looked for.
//!
//! Box means from integral images at the expected size of a person and of a car (Viola and Jones
//! 2001 for the images; a box version of the top-hat); then the blob itself is cut out at half its
//! contrast, so that the box is the object's. Never a single hot pixel.

use vedette_model::ImageBox;

use crate::detect::{Detection, score};
use crate::image::Plane;

/// Expected size of one kind of object, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SpotSize {
    pub(crate) w: f32,
    pub(crate) h: f32,
}

/// What passes as a spot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SpotGate {
    /// Least contrast, grey levels.
    pub(crate) contrast: f32,
    /// Least contrast over local spread.
    pub(crate) ratio: f32,
    /// Box sides allowed, pixels: least and most of the shorter and the longer side.
    pub(crate) side_px: [f32; 2],
}

pub(crate) struct Sums {
    w: usize,
    /// Of values.
    pub(crate) s: Vec<u32>,
    /// Of squares.
    pub(crate) q: Vec<u32>,
}

impl Sums {
    /// Integral images of values and squares; 32-bit wrap-around is harmless in differences of
    /// boxes under 66,000 pixels.
    pub(crate) fn of(p: &Plane) -> Self {
        let w = p.w + 1;
        let mut s = vec![0u32; w * (p.h + 1)];
        let mut q = vec![0u32; w * (p.h + 1)];
        for y in 0..p.h {
            let (mut rs, mut rq) = (0u32, 0u32);
            let row = &p.px[y * p.w..][..p.w];
            let (done_s, next_s) = s.split_at_mut((y + 1) * w);
            let (done_q, next_q) = q.split_at_mut((y + 1) * w);
            let (us, uq) = (&done_s[y * w..], &done_q[y * w..]);
            for (x, &v) in row.iter().enumerate() {
                let v = u32::from(v);
                rs = rs.wrapping_add(v);
                rq = rq.wrapping_add(v * v);
                next_s[x + 1] = us[x + 1].wrapping_add(rs);
                next_q[x + 1] = uq[x + 1].wrapping_add(rq);
            }
        }
        Self { w, s, q }
    }
    /// Sum over a rectangle, right and lower edge exclusive.
    #[inline]
    pub(crate) fn boxed(&self, a: &[u32], x0: usize, y0: usize, x1: usize, y1: usize) -> u32 {
        a[y1 * self.w + x1]
            .wrapping_sub(a[y0 * self.w + x1])
            .wrapping_sub(a[y1 * self.w + x0])
            .wrapping_add(a[y0 * self.w + x0])
    }
}

#[derive(Clone, Copy)]
struct Peak {
    ratio: f32,
    contrast: f32,
    ring: f32,
    x: usize,
    y: usize,
    bw: usize,
    bh: usize,
}

/// Spots in a picture, both polarities, best first, at most `most` of those whose middle is to be
/// `searched`.
pub(crate) fn hotspots(
    p: &Plane,
    sizes: &[SpotSize],
    gate: &SpotGate,
    most: usize,
    searched: &dyn Fn([f32; 2]) -> bool,
) -> Vec<Detection> {
    search(p, sizes, gate, most, false, searched)
}

/// The same, keeping the searched box where no blob can be cut out of what surrounds it: for a
/// classifier to judge.
pub(crate) fn candidates(p: &Plane, sizes: &[SpotSize], gate: &SpotGate, most: usize) -> Vec<Detection> {
    search(p, sizes, gate, most, true, &|_| true)
}

fn search(
    p: &Plane,
    sizes: &[SpotSize],
    gate: &SpotGate,
    most: usize,
    whole: bool,
    searched: &dyn Fn([f32; 2]) -> bool,
) -> Vec<Detection> {
    let sums = Sums::of(p);
    let mut peaks: Vec<Peak> = Vec::new();
    for size in sizes {
        scan(p, &sums, *size, gate, whole, &mut peaks);
    }
    // Before the best are counted: a field of glitter would crowd out everything else.
    peaks.retain(|k| searched([k.x as f32, k.y as f32]));
    peaks.sort_by(|a, b| b.ratio.total_cmp(&a.ratio).then(a.y.cmp(&b.y)).then(a.x.cmp(&b.x)));
    let mut out: Vec<Detection> = Vec::new();
    for k in peaks {
        if out.len() >= most {
            break;
        }
        let (px, py) = (k.x as f32, k.y as f32);
        if out.iter().any(|d| {
            let b = d.image;
            px >= b.x - 2.0 && px <= b.x + b.w + 2.0 && py >= b.y - 2.0 && py <= b.y + b.h + 2.0
        }) {
            continue;
        }
        let image = match cut(p, &k) {
            Some(image) => image,
            None if whole => ImageBox {
                x: k.x as f32 - k.bw as f32 / 2.0,
                y: k.y as f32 - k.bh as f32 / 2.0,
                w: k.bw as f32,
                h: k.bh as f32,
            },
            None => continue,
        };
        let (short, long) = (image.w.min(image.h), image.w.max(image.h));
        if short < 2.0 || long < gate.side_px[0] || long > gate.side_px[1] {
            continue;
        }
        out.push(Detection {
            image,
            score: score(k.ratio, 4.0),
            contrast: k.contrast,
            spot: k.ratio,
            motion: 0.0,
            said: None,
        });
    }
    out
}

fn scan(p: &Plane, sums: &Sums, size: SpotSize, gate: &SpotGate, lenient: bool, peaks: &mut Vec<Peak>) {
    let bw = (size.w.round() as usize).clamp(3, 80);
    let bh = (size.h.round() as usize).clamp(3, 80);
    // Ring: a moat of a third of the box, then a band as wide as the box is narrow.
    let moat = (bw.min(bh) / 3).max(1);
    let band = bw.min(bh).clamp(3, 24);
    let m = moat + band;
    if p.w < bw + 2 * m + 2 || p.h < bh + 2 * m + 2 {
        return;
    }
    let stride = (bw.min(bh) / 2).max(1);
    let inner_n = (bw * bh) as f32;
    let (mw, mh) = (bw + 2 * moat, bh + 2 * moat);
    let ring_n = ((bw + 2 * m) * (bh + 2 * m) - mw * mh) as f32;
    let columns = (p.w - bw - 2 * m) / stride + 1;
    let rows = (p.h - bh - 2 * m) / stride + 1;
    // The best of each patch of 3 x 3 positions is enough.
    let cw = columns.div_ceil(3);
    let mut best: Vec<Option<Peak>> = vec![None; cw * rows.div_ceil(3)];
    for r in 0..rows {
        let y = r * stride + m;
        for c in 0..columns {
            let x = c * stride + m;
            let inner = sums.boxed(&sums.s, x, y, x + bw, y + bh) as f32;
            let moated = sums.boxed(&sums.s, x - moat, y - moat, x + bw + moat, y + bh + moat) as f32;
            let outer = sums.boxed(&sums.s, x - m, y - m, x + bw + m, y + bh + m) as f32;
            let ring = (outer - moated) / ring_n;
            let contrast = inner / inner_n - ring;
            if contrast.abs() < gate.contrast {
                continue;
            }
            let qm = sums.boxed(&sums.q, x - moat, y - moat, x + bw + moat, y + bh + moat) as f32;
            let qo = sums.boxed(&sums.q, x - m, y - m, x + bw + m, y + bh + m) as f32;
            let var = ((qo - qm) / ring_n - ring * ring).max(0.0);
            let ratio = contrast.abs() / (var + 6.0).sqrt();
            if ratio < gate.ratio {
                continue;
            }
            let slot = &mut best[(r / 3) * cw + c / 3];
            if slot.is_none_or(|k| ratio > k.ratio) {
                *slot = Some(Peak {
                    ratio,
                    contrast,
                    ring,
                    x,
                    y,
                    bw,
                    bh,
                });
            }
        }
    }
    for k in best.into_iter().flatten() {
        // Brighter (or darker) than all four sides: not an edge, not a line.
        let (x, y) = (k.x, k.y);
        let mean = |x0: usize, y0: usize, x1: usize, y1: usize| {
            sums.boxed(&sums.s, x0, y0, x1, y1) as f32 / ((x1 - x0) * (y1 - y0)) as f32
        };
        let inner = k.contrast + k.ring;
        let sides = [
            mean(x - m, y, x - moat, y + bh),
            mean(x + bw + moat, y, x + bw + m, y + bh),
            mean(x, y - m, x + bw, y - moat),
            mean(x, y + bh + moat, x + bw, y + bh + m),
        ];
        let mut over = sides.map(|s| (inner - s) * k.contrast.signum());
        over.sort_by(f32::total_cmp);
        // Where a classifier judges, one side may be another of its kind: a car in a row of cars.
        let least = if lenient { over[1] } else { over[0] };
        if least > 0.5 * gate.contrast.max(0.4 * k.contrast.abs()) {
            peaks.push(Peak {
                x: x + bw / 2,
                y: y + bh / 2,
                ..k
            });
        }
    }
}

/// The blob around a peak: pixels on the peak's side of half the contrast, connected, inside a
/// window three boxes wide. `None` when it runs into the window's border: part of something larger.
fn cut(p: &Plane, k: &Peak) -> Option<ImageBox> {
    let rx = k.bw + k.bw / 2 + 3;
    let ry = k.bh + k.bh / 2 + 3;
    let (x0, y0) = (k.x.saturating_sub(rx), k.y.saturating_sub(ry));
    let (x1, y1) = ((k.x + rx + 1).min(p.w), (k.y + ry + 1).min(p.h));
    let (w, h) = (x1 - x0, y1 - y0);
    let sign = k.contrast.signum();
    let over = |x: usize, y: usize| (f32::from(p.px[y * p.w + x]) - k.ring) * sign;
    // Strongest pixel of the box's inside.
    let (mut bx, mut by, mut top) = (k.x, k.y, f32::NEG_INFINITY);
    for y in k.y.saturating_sub(k.bh / 2)..(k.y + k.bh / 2 + 1).min(p.h) {
        for x in k.x.saturating_sub(k.bw / 2)..(k.x + k.bw / 2 + 1).min(p.w) {
            let v = over(x, y);
            if v > top {
                (bx, by, top) = (x, y, v);
            }
        }
    }
    let level = (0.5 * top.min(2.5 * k.contrast.abs())).max(2.0);
    let mut seen = vec![false; w * h];
    let mut stack = vec![(bx, by)];
    seen[(by - y0) * w + bx - x0] = true;
    let (mut lx, mut ly, mut hx, mut hy) = (bx, by, bx, by);
    let mut n = 0usize;
    while let Some((x, y)) = stack.pop() {
        n += 1;
        lx = lx.min(x);
        hx = hx.max(x);
        ly = ly.min(y);
        hy = hy.max(y);
        for (dx, dy) in [(-1i32, 0i32), (1, 0), (0, -1), (0, 1)] {
            let (qx, qy) = (x as i32 + dx, y as i32 + dy);
            if qx < x0 as i32 || qy < y0 as i32 || qx >= x1 as i32 || qy >= y1 as i32 {
                continue;
            }
            let (qx, qy) = (qx as usize, qy as usize);
            let slot = (qy - y0) * w + qx - x0;
            if !seen[slot] && over(qx, qy) >= level {
                seen[slot] = true;
                stack.push((qx, qy));
            }
        }
    }
    let at_window =
        (lx == x0 && x0 > 0) || (ly == y0 && y0 > 0) || (hx + 1 == x1 && x1 < p.w) || (hy + 1 == y1 && y1 < p.h);
    if at_window || n < 4 {
        return None;
    }
    Some(ImageBox {
        x: lx as f32,
        y: ly as f32,
        w: (hx - lx + 1) as f32,
        h: (hy - ly + 1) as f32,
    })
}
