//! From radiance to a picture: optics, detector noise, gain control.
//!
//! Invariant: noise is a hash of sensor, frame and pixel; the gain follows from the frame alone.
//! White is hot.

use crate::light::Light;
use crate::noise::{bell, hash2, next, unit};
use crate::shapes::V3;

/// Fixed pattern of one thermal detector.
#[derive(Debug, Clone)]
pub(crate) struct Fpn {
    offset: Vec<f32>,
    dead: Vec<(usize, f32)>,
}

/// Noise-equivalent temperature difference of an uncooled 640 x 512 detector, degrees.
const NETD_C: f32 = 0.055;

impl Fpn {
    pub(crate) fn new(seed: u64, w: usize, h: usize) -> Self {
        let s = (seed as u32) ^ ((seed >> 32) as u32) ^ 0xF9;
        let mut offset = Vec::with_capacity(w * h);
        for y in 0..h {
            for x in 0..w {
                let pixel = bell(hash2(x as i32, y as i32, s)) * 0.035;
                let column = bell(hash2(x as i32, 0, s ^ 1)) * 0.030;
                offset.push(pixel + column);
            }
        }
        let dead = (0..5)
            .map(|k| {
                let h2 = hash2(k, 3, s ^ 2);
                (
                    (unit(h2) * (w * h - 1) as f32) as usize,
                    if h2 & 1 == 0 { -6.0 } else { 4.0 },
                )
            })
            .collect();
        Self { offset, dead }
    }
}

/// Long-wave sky temperature in a direction.
pub(crate) fn sky_c(light: &Light, dir: V3) -> f32 {
    let l = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
    let up = (dir[2] / l).clamp(0.0, 1.0);
    light.air_c - 4.0 + (light.sky_c - light.air_c + 4.0) * (up * 3.0).min(1.0).sqrt()
}

/// Sky colour in a direction.
pub(crate) fn sky_rgb(light: &Light, dir: V3) -> [f32; 3] {
    let l = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
    let up = (dir[2] / l).clamp(0.0, 1.0).sqrt();
    let mut c = [0.0; 3];
    for (k, v) in c.iter_mut().enumerate() {
        *v = light.horizon_rgb[k] + (light.zenith_rgb[k] - light.horizon_rgb[k]) * up;
    }
    c
}

/// Blurs with a 3 x 3 binomial kernel (sigma 0.7 px: a good lens at its diffraction and pitch).
fn blur(img: &mut [f32], w: usize, h: usize) {
    let mut above = vec![0.0_f32; w];
    let mut row = vec![0.0_f32; w];
    for y in 0..h {
        let k = y * w;
        row.copy_from_slice(&img[k..k + w]);
        let line = &mut img[k..k + w];
        for x in 1..w - 1 {
            line[x] = 0.25 * row[x - 1] + 0.5 * row[x] + 0.25 * row[x + 1];
        }
    }
    above.copy_from_slice(&img[..w]);
    for y in 1..h - 1 {
        let k = y * w;
        let (head, tail) = img.split_at_mut(k + w);
        let line = &mut head[k..];
        let below = &tail[..w];
        for x in 0..w {
            let v = line[x];
            line[x] = 0.25 * above[x] + 0.5 * v + 0.25 * below[x];
            above[x] = v;
        }
    }
}

/// Temperatures to grey levels.
pub(crate) fn thermal(heat: &mut [f32], w: usize, h: usize, fpn: &Fpn, seed: u32, light: &Light) -> Vec<u8> {
    blur(heat, w, h);
    // Gain: the middle 99 % of the ground spans most of the scale; hotter things run into a
    // shoulder instead of clipping at once. The sky has no say.
    const BINS: usize = 1024;
    let lo_c = light.air_c - 20.0;
    let per = BINS as f32 / 60.0;
    let mut hist = [0_u32; BINS];
    let mut n = 0_u32;
    let floor = light.air_c - 11.0;
    for v in heat.iter().step_by(3) {
        if *v > floor {
            hist[(((v - lo_c) * per).clamp(0.0, (BINS - 1) as f32)) as usize] += 1;
            n += 1;
        }
    }
    let quantile = |q: f32| {
        let want = (q * n as f32) as u32;
        let mut sum = 0;
        for (k, c) in hist.iter().enumerate() {
            sum += c;
            if sum > want {
                return lo_c + (k as f32 + 0.5) / per;
            }
        }
        light.air_c
    };
    let (p1, p50, p99) = (quantile(0.01), quantile(0.5), quantile(0.985));
    let span = (p99 - p1).max(6.0);
    // Keep the median at a third of the scale when the scene is flat.
    let base = p1.min(p50 - 0.30 * span);
    let scale = 172.0 / span;
    let mut out = vec![0_u8; w * h];
    for y in 0..h {
        let mut rnd = hash2(y as i32, 0x7E, seed);
        let k = y * w;
        let src = &heat[k..k + w];
        let fix = &fpn.offset[k..k + w];
        for ((o, v), f) in out[k..k + w].iter_mut().zip(src).zip(fix) {
            rnd = next(rnd);
            let t = v + f + NETD_C * bell(rnd);
            let g = 18.0 + (t - base) * scale;
            let g = if g > 190.0 {
                // Shoulder: 190 and up fold into 65 levels.
                let e = (g - 190.0) / 220.0;
                190.0 + 65.0 * e / (e + 0.8)
            } else {
                g
            };
            *o = g.clamp(0.0, 255.0) as u8;
        }
    }
    for &(k, d) in &fpn.dead {
        if let Some(o) = out.get_mut(k) {
            *o = (f32::from(*o) + d * scale).clamp(0.0, 255.0) as u8;
        }
    }
    out
}

/// Lit colours to bytes, with noise that grows as the light goes.
pub(crate) fn visible(rgb: &[[f32; 3]], w: usize, h: usize, seed: u32, light: &Light) -> Vec<u8> {
    let sigma = light.noise_levels;
    let mut out = vec![0_u8; w * h * 3];
    for y in 0..h {
        let mut rnd = hash2(y as i32, 0x7F, seed);
        for x in 0..w {
            let k = y * w + x;
            rnd = next(rnd);
            // Mostly brightness noise, a little colour noise.
            let luma = bell(rnd) * sigma;
            let chroma = (rnd >> 9 & 0xFF) as f32 * (1.0 / 128.0) - 1.0;
            let c = rgb[k];
            let o = &mut out[k * 3..k * 3 + 3];
            o[0] = (c[0] * 255.0 + luma + 0.5 * sigma * chroma).clamp(0.0, 255.0) as u8;
            o[1] = (c[1] * 255.0 + luma).clamp(0.0, 255.0) as u8;
            o[2] = (c[2] * 255.0 + luma - 0.5 * sigma * chroma).clamp(0.0, 255.0) as u8;
        }
    }
    out
}
