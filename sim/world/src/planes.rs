//! Planes of a picture made smaller and larger.
//!
//! Invariant: a pixel's middle stays where it is in the picture. Knows numbers only.

/// Every two by two values to one, in place, for a picture of `w` by `h` (a plane that is not in use
/// stays empty).
pub(crate) fn shrink<T: Copy>(plane: &mut Vec<T>, w: usize, h: usize, mix: impl Fn(T, T, T, T) -> T) {
    if plane.len() < 4 * w * h {
        return;
    }
    for y in 0..h {
        for x in 0..w {
            let k = 4 * y * w + 2 * x;
            plane[y * w + x] = mix(plane[k], plane[k + 1], plane[k + 2 * w], plane[k + 2 * w + 1]);
        }
    }
    plane.truncate(w * h);
}

/// A plane of half the size, rounded up, to one of `w` by `h`: each value from the four around it,
/// the nearest first, as `mix` weighs them (9 : 3 : 3 : 1 for values that may be mixed). A plane that
/// is not in use stays empty.
pub(crate) fn enlarge<T: Copy>(plane: &mut Vec<T>, w: usize, h: usize, mix: impl Fn(T, T, T, T) -> T) {
    let (sw, sh) = (w.div_ceil(2), h.div_ceil(2));
    if plane.is_empty() || plane.len() < sw * sh {
        return;
    }
    let small = std::mem::take(plane);
    plane.reserve_exact(w * h);
    // The neighbour on the side on which the pixel lies within the large one.
    let beside = |k: usize, n: usize| match k % 2 {
        0 => (k / 2).saturating_sub(1),
        _ => (k / 2 + 1).min(n - 1),
    };
    for y in 0..h {
        let (near, far) = (&small[y / 2 * sw..][..sw], &small[beside(y, sh) * sw..][..sw]);
        for x in 0..w {
            let (a, b) = (x / 2, beside(x, sw));
            plane.push(mix(near[a], near[b], far[a], far[b]));
        }
    }
}

/// Bilinear, for a pixel that lies a quarter off the nearest value's middle.
pub(crate) fn quarter(a: f32, b: f32, c: f32, d: f32) -> f32 {
    0.5625 * a + 0.1875 * (b + c) + 0.0625 * d
}
