//! What a blob looks like, in numbers a classifier can weigh: its size in metres, warmth, shape,
//! company, and four small grids of grey levels around it.
//!
//! Invariant: the same picture gives the same numbers on every machine, all finite. The grids are
//! taken against the blob's surroundings over their spread, and turned about for cold blobs, so
//! that a cold person by day looks like a warm one by night; that it was cold is a number beside.

use crate::blobs::Blob;
use crate::hotspots::Sums;
use crate::image::{Plane, mean_sd};

/// Plain numbers, before the grids.
pub(crate) const PLAIN: usize = 40;
/// Where the plain numbers hold the level around and the spread of the tight grid.
const AROUND: usize = 17;
const SPREAD: usize = 19;
/// Samples along a side of the tight, the near and the wide grid.
const SIDES: [usize; 3] = [16, 12, 10];
/// Cells along a side and directions of the gradient histogram over the tight grid.
const CELLS: usize = 4;
const DIRECTIONS: usize = 8;
/// Numbers that describe one blob.
pub const OUTLOOK: usize =
    PLAIN + SIDES[0] * SIDES[0] + SIDES[1] * SIDES[1] + SIDES[2] * SIDES[2] + CELLS * CELLS * DIRECTIONS;

/// A working picture, halved twice, with what is measured once for all its blobs.
pub(crate) struct Scenery {
    levels: [Plane; 3],
    sums: Sums,
    mean: f32,
    spread: f32,
    /// Pixels per metre.
    k: f32,
    sin: f32,
    cos: f32,
}

impl Scenery {
    pub(crate) fn new(p: Plane, half: Plane, k: f32, depression_deg: f32) -> Self {
        let (mean, spread) = mean_sd(&p, 3);
        let (sin, cos) = depression_deg.clamp(0.0, 90.0).to_radians().sin_cos();
        let quarter = half.half();
        Self {
            sums: Sums::of(&p),
            levels: [p, half, quarter],
            mean,
            spread: spread.max(4.0),
            k,
            sin,
            cos,
        }
    }

    /// Samples a square of `side` pixels about a point; the mean of its border.
    fn grid(&self, [mx, my]: [f32; 2], side: f32, n: usize, out: &mut [f32]) -> f32 {
        let step = side / n as f32;
        let level = if step >= 4.0 { 2 } else { usize::from(step >= 2.0) };
        let p = &self.levels[level];
        let by = [1.0, 0.5, 0.25][level];
        let (x0, y0) = (mx - side / 2.0, my - side / 2.0);
        let mut columns = [Between::default(); SIDES[0]];
        for (i, c) in columns.iter_mut().take(n).enumerate() {
            *c = Between::of((x0 + (i as f32 + 0.5) * step) * by - 0.5, p.w);
        }
        let (mut sum, mut count) = (0.0f32, 0.0f32);
        for (cy, line) in out.chunks_exact_mut(n).enumerate() {
            let r = Between::of((y0 + (cy as f32 + 0.5) * step) * by - 0.5, p.h);
            let (above, below) = (&p.px[r.at * p.w..][..p.w], &p.px[r.next * p.w..][..p.w]);
            for (v, c) in line.iter_mut().zip(&columns) {
                let mix = |row: &[u8]| f32::from(row[c.at]) * (1.0 - c.part) + f32::from(row[c.next]) * c.part;
                *v = mix(above) * (1.0 - r.part) + mix(below) * r.part;
            }
            if cy == 0 || cy + 1 == n {
                sum += line.iter().sum::<f32>();
                count += n as f32;
            } else {
                sum += line[0] + line[n - 1];
                count += 2.0;
            }
        }
        sum / count.max(1.0)
    }

    /// Tells every blob's numbers whose plain ones are `worth` the rest.
    pub(crate) fn each(
        &self,
        blobs: &[Blob],
        worth: &dyn Fn(&[f32]) -> bool,
        told: &mut dyn FnMut(&Blob, &[f32; OUTLOOK]),
    ) {
        let company = Company::of(blobs, self.k);
        for (b, near) in blobs.iter().zip(company.near) {
            let mut numbers = [0.0f32; OUTLOOK];
            self.plain(b, near, company.total, &mut numbers);
            if worth(&numbers[..PLAIN]) {
                self.grids(b, &mut numbers);
                told(b, &numbers);
            }
        }
    }

    /// Takes the tight grid in grey levels; the mean of its border and its spread.
    fn tight(&self, b: &Blob, tight: &mut [f32]) -> (f32, f32) {
        let side = (1.7 * b.width().max(b.height())).max(1.2 * self.k);
        let around = self.grid(b.middle(), side, SIDES[0], tight);
        let n = tight.len() as f32;
        let mean = tight.iter().sum::<f32>() / n;
        let spread = (tight.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
        (around, spread)
    }

    /// What follows the plain numbers; the tight grid lies there in grey levels.
    fn grids(&self, b: &Blob, numbers: &mut [f32; OUTLOOK]) {
        let (plain, rest) = numbers.split_at_mut(PLAIN);
        let (tight, rest) = rest.split_at_mut(SIDES[0] * SIDES[0]);
        let (close, rest) = rest.split_at_mut(SIDES[1] * SIDES[1]);
        let (wide, gradients) = rest.split_at_mut(SIDES[2] * SIDES[2]);
        let (around, spread) = (plain[AROUND], plain[SPREAD]);
        self.grid(b.middle(), 4.5 * self.k, SIDES[1], close);
        self.grid(b.middle(), 14.0 * self.k, SIDES[2], wide);
        let by = if b.dark { -1.0 } else { 1.0 } / spread.max(3.0);
        for v in tight.iter_mut().chain(close.iter_mut()).chain(wide.iter_mut()) {
            *v = ((*v - around) * by).clamp(-8.0, 8.0);
        }
        histogram(tight, gradients);
    }

    /// The plain numbers, and the tight grid in grey levels.
    fn plain(&self, b: &Blob, near: [f32; 5], total: f32, numbers: &mut [f32; OUTLOOK]) {
        let (w, h, k) = (b.width(), b.height(), self.k);
        let sign = if b.dark { -1.0 } else { 1.0 };
        let (plain, rest) = numbers.split_at_mut(PLAIN);
        let (around, sd) = self.tight(b, &mut rest[..SIDES[0] * SIDES[0]]);
        let mut wide = [0.0f32; SIDES[2] * SIDES[2]];
        let far = self.grid(b.middle(), 14.0 * k, SIDES[2], &mut wide);
        let (inside, inside_sd) = self.patch(b.x0.into(), b.y0.into(), b.x1.into(), b.y1.into());
        // Bands as wide as half the box on its four sides.
        let (x0, y0, x1, y1) = (i32::from(b.x0), i32::from(b.y0), i32::from(b.x1), i32::from(b.y1));
        let band = ((w.min(h) / 2.0) as i32).clamp(2, 24);
        let sides = [
            self.patch(x0 - band, y0, x0, y1).0,
            self.patch(x1, y0, x1 + band, y1).0,
            self.patch(x0, y0 - band, x1, y0).0,
            self.patch(x0, y1, x1, y1 + band).0,
        ]
        .map(|s| (inside - s) * sign);
        let mut sorted = sides;
        sorted.sort_by(f32::total_cmp);
        let (upper, lower) = (
            self.patch(x0, y0, x1, i32::midpoint(y0, y1)).0,
            self.patch(x0, i32::midpoint(y0, y1), x1, y1).0,
        );
        let (_, ring_sd) = self.patch(x0 - 2 * band, y0 - 2 * band, x1 + 2 * band, y1 + 2 * band);
        let person_h = 1.7 * self.cos + 0.5 * self.sin;
        let mean_hat = b.sum as f32 / b.pixels.max(1) as f32;
        let area = b.pixels as f32;
        let all = [
            w / k,
            h / k,
            w / h,
            area / (w * h),
            (area / (k * k)).sqrt(),
            h / (k * person_h),
            mean_hat,
            f32::from(b.peak),
            f32::from(b.level),
            f32::from(b.level) / f32::from(b.peak.max(1)),
            f32::from(u8::from(b.dark)),
            f32::from(u8::from(b.wide)),
            f32::from(b.alike),
            (around - self.mean) / self.spread,
            (inside - self.mean) / self.spread,
            (far - self.mean) / self.spread,
            inside,
            around,
            inside_sd,
            sd,
            ring_sd,
            mean_hat / ring_sd.max(2.0),
            sorted[0],
            sorted[1],
            sorted[2],
            sorted[3],
            sides[0] - sides[1],
            sides[2] - sides[3],
            (upper - lower) * sign,
            self.sin,
            k,
            self.mean,
            self.spread,
            near[0],
            near[1],
            near[2],
            near[3],
            near[4],
            total,
            w * h / (k * k),
        ];
        plain.copy_from_slice(&all);
    }

    /// Mean and spread of the part of a rectangle that lies in the picture; the picture's where none does.
    fn patch(&self, x0: i32, y0: i32, x1: i32, y1: i32) -> (f32, f32) {
        let p = &self.levels[0];
        let clip = |v: i32, most: usize| v.clamp(0, most as i32) as usize;
        let (x0, x1, y0, y1) = (clip(x0, p.w), clip(x1, p.w), clip(y0, p.h), clip(y1, p.h));
        if x0 >= x1 || y0 >= y1 {
            return (self.mean, self.spread);
        }
        let n = ((x1 - x0) * (y1 - y0)) as f32;
        let mean = self.sums.boxed(&self.sums.s, x0, y0, x1, y1) as f32 / n;
        let square = self.sums.boxed(&self.sums.q, x0, y0, x1, y1) as f32 / n;
        (mean, (square - mean * mean).max(0.0).sqrt())
    }
}

/// Who stands near whom: people come in groups, cycles in rows.
struct Company {
    /// By blob: others of a person's size within 4 m and within 12 m, the share of those as strong,
    /// the strongest's peak against its own, and larger boxes around it.
    near: Vec<[f32; 5]>,
    /// Blobs of a person's size in the picture.
    total: f32,
}

/// A blob's box and its pixels, close together in memory.
struct Extent {
    x0: u16,
    x1: u16,
    y0: u16,
    y1: u16,
    size: f32,
}

impl Company {
    fn of(blobs: &[Blob], k: f32) -> Self {
        let small = |b: &Blob| {
            let (s, l) = (b.width().min(b.height()) / k, b.width().max(b.height()) / k);
            (0.3..1.4).contains(&s) && (0.5..2.4).contains(&l)
        };
        let people: Vec<([f32; 2], f32)> = blobs
            .iter()
            .filter(|b| !b.wide && b.level >= 32 && small(b))
            .map(|b| (b.middle(), f32::from(b.peak)))
            .collect();
        let boxes: Vec<Extent> = blobs
            .iter()
            .map(|b| Extent {
                x0: b.x0,
                x1: b.x1,
                y0: b.y0,
                y1: b.y1,
                size: b.width() * b.height(),
            })
            .collect();
        let near = blobs.iter().map(|b| Self::of_one(b, &boxes, &people, k)).collect();
        Self {
            near,
            total: people.len() as f32,
        }
    }

    fn of_one(b: &Blob, boxes: &[Extent], people: &[([f32; 2], f32)], k: f32) -> [f32; 5] {
        let [x, y] = b.middle();
        let mine = f32::from(b.peak);
        let (mut four, mut twelve, mut strong, mut top) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for ([px, py], peak) in people {
            let d = ((px - x) * (px - x) + (py - y) * (py - y)).sqrt() / k;
            if d > 0.4 && d < 12.0 {
                twelve += 1.0;
                four += f32::from(u8::from(d < 4.0));
                strong += f32::from(u8::from(*peak >= 0.8 * mine));
                top = top.max(*peak);
            }
        }
        let (ix, iy) = (x as u16, y as u16);
        let size = b.width() * b.height();
        // Without branches: every blob meets every other.
        let around: u32 = boxes
            .iter()
            .map(|o| {
                let inside = (o.x0 <= ix) & (ix < o.x1) & (o.y0 <= iy) & (iy < o.y1);
                u32::from(inside & (o.size > 2.0 * size))
            })
            .sum();
        [
            four,
            twelve,
            strong / twelve.max(1.0),
            top / mine.max(1.0),
            around as f32,
        ]
    }
}

/// Gradient directions, cell by cell, each cell against the strength of all (Dalal and Triggs 2005).
fn histogram(grid: &[f32], out: &mut [f32]) {
    let n = SIDES[0];
    let at = |x: usize, y: usize| grid[y * n + x];
    let mut all = 0.0f32;
    for y in 1..n - 1 {
        for x in 1..n - 1 {
            let (gx, gy) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
            let strength = (gx * gx + gy * gy).sqrt();
            // Octants without an arc tangent, so that every machine agrees.
            let octant = usize::from(gx < 0.0) | usize::from(gy < 0.0) << 1 | usize::from(gx.abs() < gy.abs()) << 2;
            let cell = (y * CELLS / n) * CELLS + x * CELLS / n;
            out[cell * DIRECTIONS + octant] += strength;
            all += strength;
        }
    }
    for v in out {
        *v = *v * 16.0 / all.max(1.0);
    }
}

/// Two neighbours along one axis and the part of the second, the border repeated.
#[derive(Debug, Clone, Copy, Default)]
struct Between {
    at: usize,
    next: usize,
    part: f32,
}

impl Between {
    fn of(v: f32, size: usize) -> Self {
        let last = size.saturating_sub(1);
        let v = v.clamp(0.0, last as f32);
        let at = v as usize;
        Self {
            at,
            next: (at + 1).min(last),
            part: v - at as f32,
        }
    }
}
