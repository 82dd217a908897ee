//! Training of the chip classifier: plain stochastic descent (Adam, Kingma and Ba 2015) on one
//! thread, the same numbers on every machine for the same seed.

use vedette_sight::{
    CHIP_GRIDS, CHIP_NUMBERS, CHIP_SIDE, Chip, FILTERS_1, FILTERS_2, FLAT, KINDS, PARTS, POOLED_1, POOLED_2, SIDE_1,
    SIDE_2, UNITS,
};

/// One example: a chip and its kind (0 other, 1 person, 2 two-wheeler, 3 vehicle).
#[derive(Debug, Clone)]
pub struct Example {
    /// What is seen.
    pub chip: Chip,
    /// What it is.
    pub kind: usize,
}

/// Repeatable random numbers (xorshift, Marsaglia 2003).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / 16_777_216.0
    }
    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f32) as usize).min(n.saturating_sub(1))
    }
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    /// Passes over the examples.
    pub passes: u32,
    /// First step size; falls to a twentieth.
    pub step: f32,
    /// Examples per step.
    pub batch: usize,
    /// Seed.
    pub seed: u64,
}

/// Trains from nothing; `told` gets the mean loss of each pass.
pub fn train(examples: &[Example], how: &Training, told: &mut dyn FnMut(u32, f32)) -> Vec<f32> {
    let mut dice = Dice::new(how.seed);
    let mut w = vec![0.0f32; PARTS[8]];
    for (part, fan) in [(0, 9 * CHIP_GRIDS), (2, 9 * FILTERS_1), (4, FLAT), (6, UNITS)] {
        let spread = (2.0 / fan as f32).sqrt();
        for v in &mut w[PARTS[part]..PARTS[part + 1]] {
            // Sum of uniforms: near a normal one.
            let n: f32 = (0..4).map(|_| dice.unit() - 0.5).sum();
            *v = n * 1.73 * spread;
        }
    }
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let (mut m, mut v) = (vec![0.0f32; w.len()], vec![0.0f32; w.len()]);
    let steps = (examples.len().div_ceil(how.batch) as f32 * how.passes as f32).max(1.0);
    let mut done = 0.0f32;
    let mut grad = vec![0.0f32; w.len()];
    let mut work = Work::default();
    for pass in 0..how.passes {
        for i in (1..order.len()).rev() {
            order.swap(i, dice.below(i + 1));
        }
        let mut loss = 0.0f64;
        for batch in order.chunks(how.batch) {
            grad.fill(0.0);
            work.prepare(&w);
            for &i in batch {
                let flip = dice.unit() < 0.5;
                loss += f64::from(work.learn(&w, &examples[i], flip, &mut dice, &mut grad));
            }
            work.settle(&mut grad);
            done += 1.0;
            let step = how.step * (1.0 - 0.95 * done / steps);
            let (b1, b2) = (1.0 - 0.9f32.powf(done), 1.0 - 0.999f32.powf(done));
            let n = 1.0 / batch.len() as f32;
            for (((w, g), m), v) in w.iter_mut().zip(&grad).zip(&mut m).zip(&mut v) {
                let g = g * n;
                *m = 0.9 * *m + 0.1 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                *w -= step * ((*m / b1) / ((*v / b2).sqrt() + 1e-7) + DECAY * *w);
            }
        }
        told(pass, (loss / examples.len().max(1) as f64) as f32);
    }
    w
}

/// Share by which weights shrink per step, times the step size (Loshchilov and Hutter 2019).
const DECAY: f32 = 0.01;
/// Share of the full layer's inputs left out at random (Srivastava et al. 2014).
const LEFT_OUT: f32 = 0.15;

const GRID: usize = CHIP_SIDE * CHIP_SIDE;
const P1: usize = POOLED_1 * POOLED_1;
const P2: usize = POOLED_2 * POOLED_2;
const TAPS_1: usize = CHIP_GRIDS * 9;

/// One pass forward with what the way back needs, and the filters in the orders that make both quick.
#[derive(Debug)]
struct Work {
    chip: [f32; CHIP_GRIDS * GRID],
    /// First layer after its maximum, filters side by side for each place.
    first: Vec<[f32; FILTERS_1]>,
    first_at: Vec<[u16; FILTERS_1]>,
    flat: Vec<f32>,
    flat_at: Vec<u16>,
    back: Vec<[f32; FILTERS_1]>,
    /// First layer by tap, second by tap and input, and second by filter and tap.
    taps_1: Vec<[f32; FILTERS_1]>,
    taps_2: Vec<[f32; FILTERS_2]>,
    by_filter: Vec<[f32; FILTERS_1]>,
    /// Gradients in the orders of `by_filter` and of the first layer's taps.
    grad_2: Vec<[f32; FILTERS_1]>,
}

/// No place: the maximum was not above zero.
const NONE: u16 = u16::MAX;

impl Default for Work {
    fn default() -> Self {
        Self {
            chip: [0.0; CHIP_GRIDS * GRID],
            first: vec![[0.0; FILTERS_1]; P1],
            first_at: vec![[NONE; FILTERS_1]; P1],
            flat: vec![0.0; FLAT],
            flat_at: vec![NONE; FILTERS_2 * P2],
            back: vec![[0.0; FILTERS_1]; P1],
            taps_1: vec![[0.0; FILTERS_1]; TAPS_1],
            taps_2: vec![[0.0; FILTERS_2]; 9 * FILTERS_1],
            by_filter: vec![[0.0; FILTERS_1]; FILTERS_2 * 9],
            grad_2: vec![[0.0; FILTERS_1]; FILTERS_2 * 9],
        }
    }
}

impl Work {
    /// Takes the weights of the next batch.
    fn prepare(&mut self, w: &[f32]) {
        for f in 0..FILTERS_1 {
            for t in 0..TAPS_1 {
                self.taps_1[t][f] = w[f * TAPS_1 + t];
            }
        }
        for f in 0..FILTERS_2 {
            for c in 0..FILTERS_1 {
                for t in 0..9 {
                    let v = w[PARTS[2] + (f * FILTERS_1 + c) * 9 + t];
                    self.taps_2[t * FILTERS_1 + c][f] = v;
                    self.by_filter[f * 9 + t][c] = v;
                }
            }
        }
        self.grad_2.fill([0.0; FILTERS_1]);
    }

    /// Adds the second layer's gradients of the batch.
    fn settle(&self, grad: &mut [f32]) {
        for f in 0..FILTERS_2 {
            for c in 0..FILTERS_1 {
                for t in 0..9 {
                    grad[PARTS[2] + (f * FILTERS_1 + c) * 9 + t] += self.grad_2[f * 9 + t][c];
                }
            }
        }
    }

    fn forward_first(&mut self, w: &[f32]) {
        let mut plane = [[0.0f32; FILTERS_1]; SIDE_1 * SIDE_1];
        for y in 0..SIDE_1 {
            for x in 0..SIDE_1 {
                let mut sum = [0.0f32; FILTERS_1];
                sum.copy_from_slice(&w[PARTS[1]..PARTS[2]]);
                for g in 0..CHIP_GRIDS {
                    for dy in 0..3 {
                        let row = g * GRID + (y + dy) * CHIP_SIDE + x;
                        for dx in 0..3 {
                            let v = self.chip[row + dx];
                            for (s, k) in sum.iter_mut().zip(&self.taps_1[g * 9 + dy * 3 + dx]) {
                                *s += v * k;
                            }
                        }
                    }
                }
                plane[y * SIDE_1 + x] = sum;
            }
        }
        for y in 0..POOLED_1 {
            for x in 0..POOLED_1 {
                let (best, place) = largest(&plane, SIDE_1, x, y);
                self.first[y * POOLED_1 + x] = best;
                self.first_at[y * POOLED_1 + x] = place;
            }
        }
    }

    fn forward_second(&mut self, w: &[f32]) {
        let mut plane = [[0.0f32; FILTERS_2]; SIDE_2 * SIDE_2];
        for y in 0..SIDE_2 {
            for x in 0..SIDE_2 {
                let mut sum = [0.0f32; FILTERS_2];
                sum.copy_from_slice(&w[PARTS[3]..PARTS[4]]);
                for t in 0..9 {
                    let from = &self.first[(y + t / 3) * POOLED_1 + x + t % 3];
                    for (v, taps) in from.iter().zip(&self.taps_2[t * FILTERS_1..][..FILTERS_1]) {
                        for (s, k) in sum.iter_mut().zip(taps) {
                            *s += v * k;
                        }
                    }
                }
                plane[y * SIDE_2 + x] = sum;
            }
        }
        for p in 0..P2 {
            let (y, x) = (p / POOLED_2, p % POOLED_2);
            let (best, place) = largest(&plane, SIDE_2, x, y);
            for (f, (v, at)) in best.into_iter().zip(place).enumerate() {
                self.flat[f * P2 + p] = v;
                self.flat_at[f * P2 + p] = at;
            }
        }
    }

    fn learn(&mut self, w: &[f32], e: &Example, flip: bool, dice: &mut Dice, grad: &mut [f32]) -> f32 {
        for y in 0..CHIP_GRIDS * CHIP_SIDE {
            for x in 0..CHIP_SIDE {
                let from = if flip { CHIP_SIDE - 1 - x } else { x };
                self.chip[y * CHIP_SIDE + x] = e.chip.pixels[y * CHIP_SIDE + from];
            }
        }
        self.forward_first(w);
        self.forward_second(w);
        self.flat[FLAT - CHIP_NUMBERS..].copy_from_slice(&e.chip.numbers);
        let mut kept = [0.0f32; FLAT];
        for (v, k) in self.flat.iter_mut().zip(&mut kept) {
            *k = if dice.unit() < LEFT_OUT {
                0.0
            } else {
                1.0 / (1.0 - LEFT_OUT)
            };
            *v *= *k;
        }
        let mut units = [0.0f32; UNITS];
        for (u, unit) in units.iter_mut().enumerate() {
            let row = &w[PARTS[4] + u * FLAT..][..FLAT];
            *unit = (row.iter().zip(&self.flat).map(|(a, b)| a * b).sum::<f32>() + w[PARTS[5] + u]).max(0.0);
        }
        let mut out = [0.0f32; KINDS];
        for (k, o) in out.iter_mut().enumerate() {
            let row = &w[PARTS[6] + k * UNITS..][..UNITS];
            *o = row.iter().zip(&units).map(|(a, b)| a * b).sum::<f32>() + w[PARTS[7] + k];
        }
        let top = out.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = out.iter().map(|v| (v - top).exp()).sum();
        let share = out.map(|v| (v - top).exp() / sum);
        let loss = -share[e.kind].max(1e-9).ln();

        let mut unit_back = [0.0f32; UNITS];
        for k in 0..KINDS {
            let d = share[k] - f32::from(u8::from(k == e.kind));
            grad[PARTS[7] + k] += d;
            for u in 0..UNITS {
                grad[PARTS[6] + k * UNITS + u] += d * units[u];
                unit_back[u] += d * w[PARTS[6] + k * UNITS + u];
            }
        }
        let mut flat_back = [0.0f32; FLAT];
        for u in 0..UNITS {
            if units[u] <= 0.0 {
                continue;
            }
            let d = unit_back[u];
            grad[PARTS[5] + u] += d;
            let row = PARTS[4] + u * FLAT;
            let (weights, grads) = (&w[row..][..FLAT], &mut grad[row..][..FLAT]);
            for ((b, v), (k, g)) in flat_back.iter_mut().zip(&self.flat).zip(weights.iter().zip(grads)) {
                *g += d * v;
                *b += d * k;
            }
        }
        self.back.fill([0.0; FILTERS_1]);
        for f in 0..FILTERS_2 {
            for p in 0..P2 {
                let (at, d) = (self.flat_at[f * P2 + p], flat_back[f * P2 + p] * kept[f * P2 + p]);
                if at == NONE || d == 0.0 {
                    continue;
                }
                let (y, x) = (usize::from(at) / SIDE_2, usize::from(at) % SIDE_2);
                grad[PARTS[3] + f] += d;
                for t in 0..9 {
                    let i = (y + t / 3) * POOLED_1 + x + t % 3;
                    let (k, g) = (&self.by_filter[f * 9 + t], &mut self.grad_2[f * 9 + t]);
                    let (v, b) = (&self.first[i], &mut self.back[i]);
                    for c in 0..FILTERS_1 {
                        g[c] += d * v[c];
                        b[c] += d * k[c];
                    }
                }
            }
        }
        for (at, back) in self.first_at.iter().zip(&self.back) {
            for f in 0..FILTERS_1 {
                let (at, d) = (at[f], back[f]);
                if at == NONE || d == 0.0 {
                    continue;
                }
                let (y, x) = (usize::from(at) / SIDE_1, usize::from(at) % SIDE_1);
                grad[PARTS[1] + f] += d;
                for g in 0..CHIP_GRIDS {
                    for dy in 0..3 {
                        let row = g * GRID + (y + dy) * CHIP_SIDE + x;
                        let k = f * TAPS_1 + g * 9 + dy * 3;
                        for dx in 0..3 {
                            grad[k + dx] += d * self.chip[row + dx];
                        }
                    }
                }
            }
        }
        loss
    }
}

/// Largest of a 2 x 2 with its place, filter by filter; 0 and no place when all are negative.
fn largest<const N: usize>(plane: &[[f32; N]], side: usize, x: usize, y: usize) -> ([f32; N], [u16; N]) {
    let (mut best, mut place) = ([0.0f32; N], [NONE; N]);
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let i = (2 * y + dy) * side + 2 * x + dx;
        for ((b, p), v) in best.iter_mut().zip(&mut place).zip(&plane[i]) {
            if v > b {
                (*b, *p) = (*v, i as u16);
            }
        }
    }
    (best, place)
}
