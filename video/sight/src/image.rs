//! Grey pictures: a checked borrowed frame and an owned plane with the few pixel operations the
//! rest of the crate needs. Pixel (0, 0) is the upper left; continuous pixel coordinates put its
//! centre at (0.5, 0.5) outside this crate and at (0, 0) inside pixel loops, as each function says.

use crate::SightError;

/// A borrowed 8-bit grey frame, row-major, no padding: `data[y * width + x]`.
#[derive(Debug, Clone, Copy)]
pub struct GrayFrame<'a> {
    width: usize,
    height: usize,
    data: &'a [u8],
}

impl<'a> GrayFrame<'a> {
    /// Checks that the bytes fill the size.
    ///
    /// # Errors
    /// [`SightError::FrameSize`] for sides outside 64..=8192, [`SightError::FrameBytes`] when
    /// `data` is not `width * height` long.
    pub fn new(width: usize, height: usize, data: &'a [u8]) -> Result<Self, SightError> {
        if !(64..=8192).contains(&width) || !(64..=8192).contains(&height) {
            return Err(SightError::FrameSize { width, height });
        }
        let needed = width * height;
        if data.len() != needed {
            return Err(SightError::FrameBytes {
                width,
                height,
                needed,
                got: data.len(),
            });
        }
        Ok(Self { width, height, data })
    }
    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }
    /// The pixels.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }
}

/// An owned 8-bit plane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plane {
    pub(crate) w: usize,
    pub(crate) h: usize,
    pub(crate) px: Vec<u8>,
}

impl Plane {
    pub(crate) fn of(frame: &GrayFrame<'_>) -> Self {
        Self {
            w: frame.width,
            h: frame.height,
            px: frame.data.to_vec(),
        }
    }

    /// Mean of 2 x 2 pixels; an odd last row or column is dropped.
    pub(crate) fn half(&self) -> Self {
        let (w, h) = (self.w / 2, self.h / 2);
        let mut px = vec![0u8; w * h];
        for (y, out) in px.chunks_exact_mut(w.max(1)).enumerate() {
            let a = &self.px[2 * y * self.w..][..2 * w];
            let b = &self.px[(2 * y + 1) * self.w..][..2 * w];
            for ((o, p), q) in out.iter_mut().zip(a.chunks_exact(2)).zip(b.chunks_exact(2)) {
                let s = u16::from(p[0]) + u16::from(p[1]) + u16::from(q[0]) + u16::from(q[1]);
                *o = ((s + 2) / 4) as u8;
            }
        }
        Self { w, h, px }
    }

    /// Separable 3 x 3 binomial blur (1 2 1), borders kept as they are.
    pub(crate) fn blur3(&self) -> Self {
        let (w, h) = (self.w, self.h);
        let mut out = self.px.clone();
        if w < 3 || h < 3 {
            return Self { w, h, px: out };
        }
        let mut column = vec![0u16; w];
        for y in 1..h - 1 {
            let (a, b, c) = (
                &self.px[(y - 1) * w..][..w],
                &self.px[y * w..][..w],
                &self.px[(y + 1) * w..][..w],
            );
            for x in 0..w {
                column[x] = u16::from(a[x]) + 2 * u16::from(b[x]) + u16::from(c[x]);
            }
            let row = &mut out[y * w..][..w];
            for x in 1..w - 1 {
                row[x] = ((column[x - 1] + 2 * column[x] + column[x + 1] + 8) / 16) as u8;
            }
        }
        Self { w, h, px: out }
    }
}

/// Mean and standard deviation of a sparse sample (every `step`-th pixel both ways).
pub(crate) fn mean_sd(p: &Plane, step: usize) -> (f32, f32) {
    let (mut n, mut s, mut ss) = (0u64, 0u64, 0u64);
    for y in (0..p.h).step_by(step) {
        for x in (0..p.w).step_by(step) {
            let v = u64::from(p.px[y * p.w + x]);
            n += 1;
            s += v;
            ss += v * v;
        }
    }
    if n == 0 {
        return (0.0, 0.0);
    }
    let mean = s as f64 / n as f64;
    let var = (ss as f64 / n as f64 - mean * mean).max(0.0);
    (mean as f32, var.sqrt() as f32)
}
