//! Everything that stands out of a thermal picture at the size of a person, a cycle or a vehicle:
//! connected pixels above each of several levels of a top-hat, warm and cold.
//!
//! Recall first: a classifier judges afterwards. The white top-hat (Serra 1982) takes the picture
//! minus its opening with a square, so that only what is narrower than the square stays; levels
//! from low to high part a group into its people. Coordinates are of the working picture, whose
//! scale on the ground lies within one factor of two whatever the altitude.

use crate::image::Plane;

/// One connected region above a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Blob {
    /// Left edge, pixels of the working picture.
    pub(crate) x0: u16,
    /// Upper edge.
    pub(crate) y0: u16,
    /// Right edge, exclusive.
    pub(crate) x1: u16,
    /// Lower edge, exclusive.
    pub(crate) y1: u16,
    /// Pixels.
    pub(crate) pixels: u32,
    /// Sum of their top-hat.
    pub(crate) sum: u32,
    /// Largest top-hat.
    pub(crate) peak: u8,
    /// Level it was cut at.
    pub(crate) level: u8,
    /// Colder than its surroundings.
    pub(crate) dark: bool,
    /// Found with the wide square.
    pub(crate) wide: bool,
    /// Other levels that gave nearly the same box.
    pub(crate) alike: u8,
}

impl Blob {
    pub(crate) fn width(&self) -> f32 {
        f32::from(self.x1 - self.x0)
    }
    pub(crate) fn height(&self) -> f32 {
        f32::from(self.y1 - self.y0)
    }
    /// Middle of the box.
    pub(crate) fn middle(&self) -> [f32; 2] {
        [
            f32::from(self.x0) + self.width() / 2.0,
            f32::from(self.y0) + self.height() / 2.0,
        ]
    }
    fn overlap(&self, o: &Self) -> f32 {
        let w = f32::from(self.x1.min(o.x1)) - f32::from(self.x0.max(o.x0));
        let h = f32::from(self.y1.min(o.y1)) - f32::from(self.y0.max(o.y0));
        if w <= 0.0 || h <= 0.0 {
            return 0.0;
        }
        w * h / (self.width() * self.height() + o.width() * o.height() - w * h)
    }
}

/// Most pixels per metre of the working picture; a finer one is halved.
const FINEST_PX_PER_M: f32 = 12.0;
/// Side of the narrow and of the wide square, metres: a little over a person, a little over a car.
const SQUARES_M: [f32; 2] = [2.0, 6.0];
/// Levels of the narrow square for warm and cold, and of the wide one, grey levels.
const LEVELS: [&[u8]; 3] = [&[12, 20, 32, 50, 80], &[14, 28, 56], &[10, 20, 40, 80]];
/// Boxes of one polarity that overlap more are one.
const ALIKE: f32 = 0.7;
/// Blobs kept per picture at most: those of the highest level first.
const MOST: usize = 1500;

/// The working picture of a frame, its pixels per metre, and by how much it is smaller.
pub(crate) fn working(plane: Plane, px_per_m: f32) -> (Plane, f32, f32) {
    let (mut p, mut k, mut zoom) = (plane, px_per_m, 1.0);
    while k >= FINEST_PX_PER_M && p.w >= 128 && p.h >= 128 {
        p = p.half();
        k /= 2.0;
        zoom *= 2.0;
    }
    (p, k, zoom)
}

/// Blobs of a working picture of `k` pixels per metre; `half` is the same at half its size.
pub(crate) fn blobs(p: &Plane, half: &Plane, k: f32) -> Vec<Blob> {
    let mut all = Vec::new();
    for (wide, plane, k, m) in [(false, p, k, SQUARES_M[0]), (true, half, k / 2.0, SQUARES_M[1])] {
        let soft = plane.blur3();
        for dark in [false, true] {
            let side = ((m * k).round() as usize).clamp(3, 120);
            let hat = top_hat(&soft, side, dark);
            let levels = LEVELS[if wide { 2 } else { usize::from(dark) }];
            for &level in levels {
                components(&hat, level, &mut |mut b| {
                    let (s, l) = (b.width().min(b.height()), b.width().max(b.height()));
                    let least = if wide { 1.4 } else { 0.3 };
                    if b.pixels < 5 || s < 2.0 || l < least * k || l > 1.6 * m * k {
                        return;
                    }
                    if wide {
                        let limit = |v: u16, most: usize| (2 * usize::from(v)).min(most) as u16;
                        (b.x0, b.x1) = (limit(b.x0, p.w), limit(b.x1, p.w));
                        (b.y0, b.y1) = (limit(b.y0, p.h), limit(b.y1, p.h));
                        b.pixels *= 4;
                        b.sum *= 4;
                    }
                    (b.dark, b.wide) = (dark, wide);
                    all.push(b);
                });
            }
        }
    }
    all.sort_by(|a, b| {
        (b.level, a.y0, a.x0, a.y1, a.x1)
            .cmp(&(a.level, b.y0, b.x0, b.y1, b.x1))
            .then(a.dark.cmp(&b.dark))
    });
    apart(&all, p)
}

/// Leaves out boxes that nearly equal one of a higher level.
fn apart(all: &[Blob], p: &Plane) -> Vec<Blob> {
    const CELL: usize = 16;
    let (columns, rows) = (p.w / CELL + 1, p.h / CELL + 1);
    let mut cells: Vec<Vec<u32>> = vec![Vec::new(); columns * rows];
    let mut out: Vec<Blob> = Vec::new();
    for b in all {
        let [x, y] = b.middle().map(|v| v as usize / CELL);
        let (x, y) = (x.min(columns - 1), y.min(rows - 1));
        let near = (y.saturating_sub(1)..(y + 2).min(rows))
            .flat_map(|r| (x.saturating_sub(1)..(x + 2).min(columns)).map(move |c| r * columns + c));
        let known = near
            .flat_map(|i| cells[i].iter())
            .find(|&&i| out[i as usize].dark == b.dark && out[i as usize].overlap(b) > ALIKE);
        if let Some(&i) = known {
            let o = &mut out[i as usize];
            o.alike = o.alike.saturating_add(1);
        } else if out.len() < MOST {
            cells[y * columns + x].push(out.len() as u32);
            out.push(*b);
        }
    }
    out
}

/// What an opening with a square of `side` pixels takes away from a picture (from its negative when `dark`).
fn top_hat(p: &Plane, side: usize, dark: bool) -> Plane {
    let mut src = p.clone();
    if dark {
        for v in &mut src.px {
            *v = 255 - *v;
        }
    }
    let mut opened = src.px.clone();
    extreme(&mut opened, p.w, p.h, side, u8::min);
    // The largest value over the mirrored square: the picture turned about, and back.
    opened.reverse();
    extreme(&mut opened, p.w, p.h, side, u8::max);
    opened.reverse();
    for (v, o) in src.px.iter_mut().zip(&opened) {
        *v = v.saturating_sub(*o);
    }
    src
}

/// Smallest or largest value of the square right below each pixel, by doubling its side.
fn extreme(px: &mut [u8], w: usize, h: usize, side: usize, of: fn(u8, u8) -> u8) {
    let mut line = vec![0u8; w];
    for row in px.chunks_exact_mut(w) {
        let mut have = 1;
        while have < side {
            let step = have.min(side - have).min(w);
            line.copy_from_slice(row);
            for (a, b) in row.iter_mut().zip(&line[step..]) {
                *a = of(*a, *b);
            }
            have += step;
        }
    }
    let mut have = 1;
    while have < side {
        let step = have.min(side - have);
        for y in 0..h.saturating_sub(step) {
            let (above, below) = px.split_at_mut((y + step) * w);
            for (a, b) in above[y * w..].iter_mut().zip(&below[..w]).take(w) {
                *a = of(*a, *b);
            }
        }
        have += step;
    }
}

fn root(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        parent[i as usize] = parent[parent[i as usize] as usize];
        i = parent[i as usize];
    }
    i
}

/// Regions of 8-connected pixels at or above a level, by runs.
fn components(p: &Plane, level: u8, found: &mut dyn FnMut(Blob)) {
    let mut runs: Vec<Blob> = Vec::new();
    let mut parent: Vec<u32> = Vec::new();
    let mut before = 0..0;
    for (y, row) in p.px.chunks_exact(p.w).enumerate() {
        let begin = runs.len();
        let mut x = 0;
        while x < p.w {
            while x + 16 <= p.w && row[x..x + 16].iter().fold(0, |m, v| m.max(*v)) < level {
                x += 16;
            }
            while x < p.w && row[x] < level {
                x += 1;
            }
            let from = x;
            let (mut sum, mut peak) = (0u32, 0u8);
            while x < p.w && row[x] >= level {
                sum += u32::from(row[x]);
                peak = peak.max(row[x]);
                x += 1;
            }
            if x > from {
                parent.push(runs.len() as u32);
                runs.push(Blob {
                    x0: from as u16,
                    y0: y as u16,
                    x1: x as u16,
                    y1: y as u16 + 1,
                    pixels: (x - from) as u32,
                    sum,
                    peak,
                    level,
                    dark: false,
                    wide: false,
                    alike: 0,
                });
            }
        }
        let mut first = before.start;
        for j in begin..runs.len() {
            while first < before.end && runs[first].x1 < runs[j].x0 {
                first += 1;
            }
            let mut i = first;
            while i < before.end && runs[i].x0 <= runs[j].x1 {
                let (a, b) = (root(&mut parent, i as u32), root(&mut parent, j as u32));
                parent[a.max(b) as usize] = a.min(b);
                i += 1;
            }
        }
        before = begin..runs.len();
    }
    for i in 0..runs.len() {
        let r = root(&mut parent, i as u32) as usize;
        if r != i {
            let s = runs[i];
            let d = &mut runs[r];
            (d.x0, d.y0) = (d.x0.min(s.x0), d.y0.min(s.y0));
            (d.x1, d.y1) = (d.x1.max(s.x1), d.y1.max(s.y1));
            d.pixels += s.pixels;
            d.sum += s.sum;
            d.peak = d.peak.max(s.peak);
        }
    }
    for (i, r) in runs.iter().enumerate() {
        if parent[i] as usize == i {
            found(*r);
        }
    }
}
