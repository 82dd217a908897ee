//! Corners and where they went: grid-spread corners by the smaller eigenvalue of the structure
//! tensor (Shi and Tomasi 1994) and pyramidal Lucas-Kanade (Bouguet 2001) with the mean of each
//! patch removed, so that automatic gain in a thermal camera is not taken for motion.

use crate::image::Plane;

/// Half-size levels, finest first.
#[derive(Debug, Clone)]
pub(crate) struct Pyramid {
    pub(crate) levels: Vec<Plane>,
}

impl Pyramid {
    /// Level 0 is half the given picture, lightly blurred; at most four levels of 32 pixels or
    /// more.
    pub(crate) fn of(full: &Plane) -> Self {
        let mut levels = vec![full.half().blur3()];
        while levels.len() < 4 {
            let Some(last) = levels.last() else { break };
            if last.w.min(last.h) < 64 {
                break;
            }
            let next = last.half();
            levels.push(next);
        }
        Self { levels }
    }
}

/// The best corner of each cell of `cell` pixels, at pixel centres, if it stands out of the noise.
/// Strongest first.
pub(crate) fn corners(p: &Plane, cell: usize, most: usize) -> Vec<[f32; 2]> {
    const EDGE: usize = 8;
    let (w, h) = (p.w, p.h);
    if w <= 2 * EDGE + 4 || h <= 2 * EDGE + 4 {
        return Vec::new();
    }
    // Column sums of gradient products over five rows, then a running sum over five columns.
    let grad = |y: usize, out: &mut [[i32; 3]]| {
        let (a, b, c) = (
            &p.px[(y - 1) * w..][..w],
            &p.px[y * w..][..w],
            &p.px[(y + 1) * w..][..w],
        );
        for x in 1..w - 1 {
            let gx = i32::from(b[x + 1]) - i32::from(b[x - 1]);
            let gy = i32::from(c[x]) - i32::from(a[x]);
            out[x] = [gx * gx, gx * gy, gy * gy];
        }
    };
    let mut rows = vec![vec![[0i32; 3]; w]; 5];
    let mut sums = vec![[0i32; 3]; w];
    for y in 1..6 {
        grad(y, &mut rows[y % 5]);
        for (s, g) in sums.iter_mut().zip(&rows[y % 5]) {
            for k in 0..3 {
                s[k] += g[k];
            }
        }
    }
    let across = w.div_ceil(cell);
    let mut best: Vec<(f32, [f32; 2])> = vec![(0.0, [0.0; 2]); across * h.div_ceil(cell)];
    let mut fresh = vec![[0i32; 3]; w];
    for yc in 3..h - 3 {
        if yc > 3 {
            let y = yc + 2;
            fresh.fill([0; 3]);
            grad(y, &mut fresh);
            let old = &mut rows[y % 5];
            for ((s, o), f) in sums.iter_mut().zip(old.iter_mut()).zip(&fresh) {
                for k in 0..3 {
                    s[k] += f[k] - o[k];
                }
                *o = *f;
            }
        }
        if yc < EDGE || yc >= h - EDGE {
            continue;
        }
        let mut acc = [0i32; 3];
        for s in &sums[EDGE - 2..=EDGE + 2] {
            for k in 0..3 {
                acc[k] += s[k];
            }
        }
        for x in EDGE..w - EDGE {
            if x > EDGE {
                for k in 0..3 {
                    acc[k] += sums[x + 2][k] - sums[x - 3][k];
                }
            }
            let (a, b, c) = (acc[0] as f32, acc[1] as f32, acc[2] as f32);
            // Smaller eigenvalue without the square root until it can matter.
            let cellmate = &mut best[(yc / cell) * across + x / cell];
            let half_trace = 0.5 * (a + c);
            if half_trace <= cellmate.0 {
                continue;
            }
            let low = half_trace - (0.25 * (a - c) * (a - c) + b * b).sqrt();
            if low > cellmate.0 {
                *cellmate = (low, [x as f32, yc as f32]);
            }
        }
    }
    // 25 samples of central differences: noise of one grey level gives about 50 in this measure.
    let mut found: Vec<(f32, [f32; 2])> = best.into_iter().filter(|(s, _)| *s > 120.0).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(most);
    found.into_iter().map(|(_, p)| p).collect()
}

const R: usize = 5;
const N: usize = 2 * R + 1;
const M: usize = N + 2;

/// `size x size` patch around a centre, bilinear; `None` when it leaves the picture.
#[inline]
fn patch<const K: usize>(p: &Plane, cx: f32, cy: f32, out: &mut [[f32; K]; K]) -> bool {
    let r = (K / 2) as f32;
    let (x0, y0) = (cx - r, cy - r);
    if !(x0 >= 0.0 && y0 >= 0.0) {
        return false;
    }
    let (ix, iy) = (x0 as usize, y0 as usize);
    if ix + K + 1 > p.w || iy + K + 1 > p.h {
        return false;
    }
    let (fx, fy) = (x0 - ix as f32, y0 - iy as f32);
    let (w00, w10, w01, w11) = ((1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy);
    for (dy, row) in out.iter_mut().enumerate() {
        let a = &p.px[(iy + dy) * p.w + ix..][..K + 1];
        let b = &p.px[(iy + dy + 1) * p.w + ix..][..K + 1];
        for (dx, v) in row.iter_mut().enumerate() {
            *v = w00 * f32::from(a[dx])
                + w10 * f32::from(a[dx + 1])
                + w01 * f32::from(b[dx])
                + w11 * f32::from(b[dx + 1]);
        }
    }
    true
}

/// Where one point of `from` is in `to`, starting from a guess; `None` when it cannot be followed.
/// Both at pixel centres of level 0. `top` is the coarsest level used.
pub(crate) fn follow(from: &Pyramid, to: &Pyramid, point: [f32; 2], guess: [f32; 2], top: usize) -> Option<[f32; 2]> {
    let top = top.min(from.levels.len() - 1).min(to.levels.len() - 1);
    let mut at = guess;
    for level in (0..=top).rev() {
        let k = (1u32 << level) as f32;
        let down = |v: f32| (v + 0.5) / k - 0.5;
        let up = |v: f32| (v + 0.5) * k - 0.5;
        let (a, b) = (&from.levels[level], &to.levels[level]);
        let mut tpl = [[0.0f32; M]; M];
        if !patch::<M>(a, down(point[0]), down(point[1]), &mut tpl) {
            if level == 0 {
                return None;
            }
            continue;
        }
        let (mut gxx, mut gxy, mut gyy, mut mean) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        let (mut mx, mut my) = (0.0f32, 0.0f32);
        let mut gx = [[0.0f32; N]; N];
        let mut gy = [[0.0f32; N]; N];
        for y in 0..N {
            for x in 0..N {
                let dx = 0.5 * (tpl[y + 1][x + 2] - tpl[y + 1][x]);
                let dy = 0.5 * (tpl[y + 2][x + 1] - tpl[y][x + 1]);
                gx[y][x] = dx;
                gy[y][x] = dy;
                gxx += dx * dx;
                gxy += dx * dy;
                gyy += dy * dy;
                mx += dx;
                my += dy;
                mean += tpl[y + 1][x + 1];
            }
        }
        let n = (N * N) as f32;
        mean /= n;
        // With the mean removed the gradients' means leave the normal equations too.
        gxx -= mx * mx / n;
        gxy -= mx * my / n;
        gyy -= my * my / n;
        let det = gxx * gyy - gxy * gxy;
        let low = 0.5 * (gxx + gyy) - (0.25 * (gxx - gyy).powi(2) + gxy * gxy).sqrt();
        if low < 0.25 * n || det <= 0.0 {
            if level == 0 {
                return None;
            }
            continue;
        }
        let (mut x, mut y) = (down(at[0]), down(at[1]));
        let mut now = [[0.0f32; N]; N];
        let mut lost = false;
        for _ in 0..12 {
            if !patch::<N>(b, x, y, &mut now) {
                lost = true;
                break;
            }
            let mut m2 = 0.0f32;
            for row in &now {
                for v in row {
                    m2 += v;
                }
            }
            m2 /= n;
            let (mut bx, mut by) = (0.0f32, 0.0f32);
            for r in 0..N {
                for c in 0..N {
                    let e = (tpl[r + 1][c + 1] - mean) - (now[r][c] - m2);
                    bx += e * gx[r][c];
                    by += e * gy[r][c];
                }
            }
            let dx = (gyy * bx - gxy * by) / det;
            let dy = (gxx * by - gxy * bx) / det;
            x += dx;
            y += dy;
            if dx * dx + dy * dy < 4e-4 {
                break;
            }
        }
        if lost {
            if level == 0 {
                return None;
            }
            continue;
        }
        let moved = (x - down(at[0])).hypot(y - down(at[1]));
        if moved > 8.0 {
            // Ran away on this level; the coarser answer stands unless this is the last.
            if level == 0 {
                return None;
            }
            continue;
        }
        at = [up(x), up(y)];
    }
    at.iter().all(|v| v.is_finite()).then_some(at)
}
