//! Hashes and gradient noise anchored to the ground.
//!
//! Invariant: a value depends on its arguments only, so the same place looks the same from every
//! camera, in every frame and on every run. No state, no generator.

/// Mixes two lattice coordinates and a seed into 32 well-spread bits (finaliser of Murmur3).
#[inline]
pub(crate) fn hash2(ix: i32, iy: i32, seed: u32) -> u32 {
    let mut h = seed ^ (ix as u32).wrapping_mul(0x9E37_79B1) ^ (iy as u32).wrapping_mul(0x85EB_CA77).rotate_left(13);
    h ^= h >> 16;
    h = h.wrapping_mul(0x85EB_CA6B);
    h ^= h >> 13;
    h = h.wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

/// Uniform in 0..1 from the upper 24 bits.
#[inline]
pub(crate) fn unit(h: u32) -> f32 {
    (h >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Nearly normal, mean 0 and sigma 1, from the four bytes of a hash (sum of four uniforms).
#[inline]
pub(crate) fn bell(h: u32) -> f32 {
    let s = (h & 0xFF) + ((h >> 8) & 0xFF) + ((h >> 16) & 0xFF) + (h >> 24);
    // Four uniforms 0..255: mean 510, variance 4 * (256^2 - 1) / 12.
    (s as f32 - 510.0) * (1.0 / 147.8)
}

/// The next number of a cheap per-pixel stream.
#[inline]
pub(crate) fn next(h: u32) -> u32 {
    let mut x = h.wrapping_mul(0x9E37_79B1).wrapping_add(0x7F4A_7C15);
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^ (x >> 12)
}

/// Largest whole number not above `x` (without the library call that plain x86-64 needs).
#[inline]
pub(crate) fn floor(x: f32) -> i32 {
    let i = x as i32;
    i - i32::from(x < i as f32)
}

const DIRS: [[f32; 2]; 8] = [
    [1.0, 0.0],
    [-1.0, 0.0],
    [0.0, 1.0],
    [0.0, -1.0],
    [0.707_106_77, 0.707_106_77],
    [-0.707_106_77, 0.707_106_77],
    [0.707_106_77, -0.707_106_77],
    [-0.707_106_77, -0.707_106_77],
];

/// Gradient noise (Perlin 2002, quintic fade), about -1..1, one lattice cell per unit.
#[inline]
pub(crate) fn perlin(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (u, v) = (x - ix as f32, y - iy as f32);
    let g = |dx: i32, dy: i32| {
        let d = DIRS[(hash2(ix + dx, iy + dy, seed) >> 29) as usize];
        d[0] * (u - dx as f32) + d[1] * (v - dy as f32)
    };
    let f = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (su, sv) = (f(u), f(v));
    let a = g(0, 0);
    let b = g(1, 0);
    let c = g(0, 1);
    let d = g(1, 1);
    let top = a + (b - a) * su;
    let low = c + (d - c) * su;
    (top + (low - top) * sv) * 1.5
}

/// Octaves of gradient noise from `wavelength_m` downwards, each half as long and half as strong,
/// stopping at waves shorter than two `texel_m` (band-limited). Roughly -1..1.
pub(crate) fn fbm(x: f32, y: f32, wavelength_m: f32, octaves: u32, texel_m: f32, seed: u32) -> f32 {
    let mut sum = 0.0;
    let mut amp = 0.55;
    let mut w = wavelength_m;
    for k in 0..octaves {
        if w < 2.0 * texel_m {
            break;
        }
        let f = 1.0 / w;
        // Each octave is turned against the last, so that the lattice does not show.
        let (px, py) = if k % 2 == 0 {
            (x * f, y * f)
        } else {
            ((x * 0.8 - y * 0.6) * f, (x * 0.6 + y * 0.8) * f)
        };
        sum += amp * perlin(px, py, seed.wrapping_add(k * 0x51ED));
        amp *= 0.5;
        w *= 0.5;
    }
    sum
}

/// Smooth step from 0 at `a` to 1 at `b`.
#[inline]
pub(crate) fn smooth(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
