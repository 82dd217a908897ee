//! A small convolutional network over a candidate's chip: other, person, two-wheeler, vehicle.
//!
//! Our own weights, trained by `video/bench/examples/train_chips.rs` on HIT-UAV (Suo et al. 2023,
//! CC BY 4.0); what it was trained and measured on stands in `data/chips.md`. Two layers of 3 x 3
//! filters with rectifier and 2 x 2 maximum, one full layer, soft maximum (LeCun et al. 1998).
//! Its figure is a share among four kinds on such pictures, never the probability of being right.

use crate::SightError;
use crate::chip::{CHIP_GRIDS, CHIP_NUMBERS, CHIP_SIDE, Chip};

/// Filters of the first layer.
pub const FILTERS_1: usize = 12;
/// Filters of the second layer.
pub const FILTERS_2: usize = 24;
/// Units of the full layer.
pub const UNITS: usize = 48;
/// Kinds: other, person, two-wheeler, vehicle.
pub const KINDS: usize = 4;
/// Side after the first layer's filters, and after its maximum.
pub const SIDE_1: usize = CHIP_SIDE - 2;
/// Side after the first maximum.
pub const POOLED_1: usize = SIDE_1 / 2;
/// Side after the second layer's filters.
pub const SIDE_2: usize = POOLED_1 - 2;
/// Side after the second maximum.
pub const POOLED_2: usize = SIDE_2 / 2;
/// Inputs of the full layer.
pub const FLAT: usize = POOLED_2 * POOLED_2 * FILTERS_2 + CHIP_NUMBERS;
/// Where each part begins in the weights: filters and offsets of both layers, both full layers, end.
pub const PARTS: [usize; 9] = {
    let a = FILTERS_1 * CHIP_GRIDS * 9;
    let b = a + FILTERS_1;
    let c = b + FILTERS_2 * FILTERS_1 * 9;
    let d = c + FILTERS_2;
    let e = d + UNITS * FLAT;
    let f = e + UNITS;
    let g = f + KINDS * UNITS;
    [0, a, b, c, d, e, f, g, g + KINDS]
};

const MAGIC: &[u8; 8] = b"VDTCHIP2";
/// The shipped weights.
const SHIPPED: &[u8] = include_bytes!("../data/chips.bin");

/// The network with its weights.
#[derive(Debug, Clone, PartialEq)]
pub struct ChipNet {
    weights: Vec<f32>,
    /// The filters by tap (and input), so that one sample meets all filters side by side.
    taps_1: Vec<[f32; FILTERS_1]>,
    taps_2: Vec<[f32; FILTERS_2]>,
}

/// Shares of the four kinds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChipKinds {
    /// Nothing looked for.
    pub other: f32,
    /// Person.
    pub person: f32,
    /// Bicycle or motorcycle.
    pub two_wheeler: f32,
    /// Car or larger.
    pub vehicle: f32,
}

impl ChipNet {
    /// The network shipped with this crate.
    ///
    /// # Errors
    /// [`SightError::Weights`] when the file in the source tree was damaged before the build.
    pub fn shipped() -> Result<Self, SightError> {
        Self::from_bytes(SHIPPED)
    }

    /// The bytes of the shipped weights, for a hash that names them.
    #[must_use]
    pub fn shipped_bytes() -> &'static [u8] {
        SHIPPED
    }

    /// Reads weights: eight bytes of name, then 32-bit little-endian numbers.
    ///
    /// # Errors
    /// [`SightError::Weights`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SightError> {
        let body = bytes.strip_prefix(MAGIC).unwrap_or(&[]);
        let weights: Vec<f32> = body
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        Self::from_weights(weights)
    }

    /// Takes weights in the order of [`PARTS`].
    ///
    /// # Errors
    /// [`SightError::Weights`] when their number is wrong or one is not finite.
    pub fn from_weights(weights: Vec<f32>) -> Result<Self, SightError> {
        if weights.len() != PARTS[8] || weights.iter().any(|w| !w.is_finite()) {
            return Err(SightError::Weights {
                needed: PARTS[8],
                got: weights.iter().filter(|w| w.is_finite()).count(),
            });
        }
        let mut taps_1 = vec![[0.0; FILTERS_1]; CHIP_GRIDS * 9];
        for (i, v) in weights[PARTS[0]..PARTS[1]].iter().enumerate() {
            taps_1[i % (CHIP_GRIDS * 9)][i / (CHIP_GRIDS * 9)] = *v;
        }
        let mut taps_2 = vec![[0.0; FILTERS_2]; FILTERS_1 * 9];
        for (i, v) in weights[PARTS[2]..PARTS[3]].iter().enumerate() {
            let (f, c, t) = (i / (FILTERS_1 * 9), i / 9 % FILTERS_1, i % 9);
            taps_2[t * FILTERS_1 + c][f] = *v;
        }
        Ok(Self {
            weights,
            taps_1,
            taps_2,
        })
    }

    /// The file form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.weights.iter().flat_map(|w| w.to_le_bytes()));
        out
    }

    /// What a chip shows.
    #[must_use]
    pub fn kinds(&self, chip: &Chip) -> ChipKinds {
        let w = &self.weights;
        let part = |i: usize| &w[PARTS[i]..PARTS[i + 1]];
        let mut plane = [[0.0f32; FILTERS_1]; SIDE_1 * SIDE_1];
        for y in 0..SIDE_1 {
            for x in 0..SIDE_1 {
                let sum = &mut plane[y * SIDE_1 + x];
                sum.copy_from_slice(part(1));
                for (g, grid) in chip.pixels.chunks_exact(CHIP_SIDE * CHIP_SIDE).enumerate() {
                    for t in 0..9 {
                        let v = grid[(y + t / 3) * CHIP_SIDE + x + t % 3];
                        for (s, k) in sum.iter_mut().zip(&self.taps_1[g * 9 + t]) {
                            *s += v * k;
                        }
                    }
                }
            }
        }
        let mut first = [[0.0f32; FILTERS_1]; POOLED_1 * POOLED_1];
        pool(&plane, SIDE_1, &mut first, POOLED_1);
        let mut plane = [[0.0f32; FILTERS_2]; SIDE_2 * SIDE_2];
        for y in 0..SIDE_2 {
            for x in 0..SIDE_2 {
                let sum = &mut plane[y * SIDE_2 + x];
                sum.copy_from_slice(part(3));
                for t in 0..9 {
                    let from = &first[(y + t / 3) * POOLED_1 + x + t % 3];
                    for (v, taps) in from.iter().zip(&self.taps_2[t * FILTERS_1..][..FILTERS_1]) {
                        for (s, k) in sum.iter_mut().zip(taps) {
                            *s += v * k;
                        }
                    }
                }
            }
        }
        let mut second = [[0.0f32; FILTERS_2]; POOLED_2 * POOLED_2];
        pool(&plane, SIDE_2, &mut second, POOLED_2);
        let mut flat = [0.0f32; FLAT];
        for (p, filters) in second.iter().enumerate() {
            for (f, v) in filters.iter().enumerate() {
                flat[f * POOLED_2 * POOLED_2 + p] = *v;
            }
        }
        flat[FLAT - CHIP_NUMBERS..].copy_from_slice(&chip.numbers);
        let mut units = [0.0f32; UNITS];
        for (u, (row, b)) in units.iter_mut().zip(part(4).chunks_exact(FLAT).zip(part(5))) {
            *u = (row.iter().zip(&flat).map(|(a, b)| a * b).sum::<f32>() + b).max(0.0);
        }
        let mut out = [0.0f32; KINDS];
        for (o, (row, b)) in out.iter_mut().zip(part(6).chunks_exact(UNITS).zip(part(7))) {
            *o = row.iter().zip(&units).map(|(a, b)| a * b).sum::<f32>() + b;
        }
        let top = out.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = out.iter().map(|v| (v - top).exp()).sum();
        let [other, person, two_wheeler, vehicle] = out.map(|v| (v - top).exp() / sum);
        ChipKinds {
            other,
            person,
            two_wheeler,
            vehicle,
        }
    }
}

/// Rectifier and largest of each 2 x 2, filter by filter.
fn pool<const N: usize>(from: &[[f32; N]], side: usize, out: &mut [[f32; N]], to: usize) {
    for y in 0..to {
        for x in 0..to {
            let best = &mut out[y * to + x];
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                for (b, v) in best.iter_mut().zip(&from[(2 * y + dy) * side + 2 * x + dx]) {
                    *b = b.max(*v);
                }
            }
        }
    }
}
