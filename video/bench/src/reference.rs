//! Two plain trackers to be measured against, written from their papers: SORT (Bewley et al. 2016)
//! and BYTE (Zhang et al. 2022). They see boxes only; neither is used by the product.
//!
//! Both papers' filters have diagonal noise and couple each number of the box with its own rate
//! only, so each is four small filters side by side.

use vedette_model::ImageBox;
use vedette_sight::{ScoredBox, overlap};

use crate::mot::best_match;

/// Value and rate, covariance.
#[derive(Debug, Clone, Copy)]
struct Pair {
    x: f64,
    v: f64,
    p: [f64; 3],
}

impl Pair {
    fn predict(&mut self, qx: f64, qv: f64) {
        self.x += self.v;
        let [xx, xv, vv] = self.p;
        self.p = [xx + 2.0 * xv + vv + qx, xv + vv, vv + qv];
    }
    fn update(&mut self, z: f64, r: f64) {
        let [xx, xv, vv] = self.p;
        let s = xx + r;
        let (kx, kv) = (xx / s, xv / s);
        let y = z - self.x;
        self.x += kx * y;
        self.v += kv * y;
        self.p = [(1.0 - kx) * xx, (1.0 - kx) * xv, vv - kv * xv];
    }
}

fn overlaps(tracks: &[ImageBox], found: &[ScoredBox], weight: impl Fn(f64, &ScoredBox) -> f64) -> Vec<Vec<f64>> {
    tracks
        .iter()
        .map(|t| {
            found
                .iter()
                .map(|d| weight(f64::from(overlap(t, &d.image, 0.0)), d))
                .collect()
        })
        .collect()
}

#[derive(Debug, Clone)]
struct SortTrack {
    id: u32,
    /// Centre x, centre y, area; the aspect ratio has no rate.
    axes: [Pair; 3],
    aspect: (f64, f64),
    streak: u32,
    unseen: u32,
}

impl SortTrack {
    fn image(&self) -> ImageBox {
        let s = self.axes[2].x.max(1.0);
        let w = (s * self.aspect.0.max(0.01)).sqrt();
        let h = s / w;
        ImageBox {
            x: (self.axes[0].x - w / 2.0) as f32,
            y: (self.axes[1].x - h / 2.0) as f32,
            w: w as f32,
            h: h as f32,
        }
    }
}

fn sort_measure(b: &ImageBox) -> [f64; 4] {
    let (x, y, w, h) = (f64::from(b.x), f64::from(b.y), f64::from(b.w), f64::from(b.h));
    [x + w / 2.0, y + h / 2.0, w * h, w / h.max(1e-3)]
}

/// SORT: Kalman filter and Hungarian method on overlap.
#[derive(Debug, Clone)]
pub struct Sort {
    least_score: f32,
    tracks: Vec<SortTrack>,
    given: u32,
    frames: u32,
}

impl Sort {
    /// Detections under `least_score` are not used; other settings as in the paper (overlap 0.3,
    /// lost after one frame, shown after three).
    #[must_use]
    pub fn new(least_score: f32) -> Self {
        Self {
            least_score,
            tracks: Vec::new(),
            given: 0,
            frames: 0,
        }
    }

    /// One frame; returns the tracks shown.
    pub fn update(&mut self, found: &[ScoredBox]) -> Vec<(u32, ImageBox)> {
        self.frames += 1;
        let found: Vec<ScoredBox> = found.iter().copied().filter(|d| d.score >= self.least_score).collect();
        for t in &mut self.tracks {
            if t.axes[2].x + t.axes[2].v <= 0.0 {
                t.axes[2].v = 0.0;
            }
            t.axes[0].predict(1.0, 0.01);
            t.axes[1].predict(1.0, 0.01);
            t.axes[2].predict(1.0, 0.0001);
            t.aspect.1 += 1.0;
            if t.unseen > 0 {
                t.streak = 0;
            }
            t.unseen += 1;
        }
        let boxes: Vec<ImageBox> = self.tracks.iter().map(SortTrack::image).collect();
        let w = overlaps(&boxes, &found, |o, _| o);
        let mut free = vec![true; found.len()];
        for (i, m) in best_match(&w).into_iter().enumerate() {
            let Some(j) = m.filter(|&j| w[i][j] >= 0.3) else {
                continue;
            };
            free[j] = false;
            let (t, z) = (&mut self.tracks[i], sort_measure(&found[j].image));
            t.axes[0].update(z[0], 1.0);
            t.axes[1].update(z[1], 1.0);
            t.axes[2].update(z[2], 10.0);
            let k = t.aspect.1 / (t.aspect.1 + 10.0);
            t.aspect = (t.aspect.0 + k * (z[3] - t.aspect.0), (1.0 - k) * t.aspect.1);
            t.streak += 1;
            t.unseen = 0;
        }
        for (d, _) in found.iter().zip(free).filter(|(_, f)| *f) {
            let z = sort_measure(&d.image);
            let pair = |x: f64| Pair {
                x,
                v: 0.0,
                p: [10.0, 0.0, 1e4],
            };
            self.given += 1;
            self.tracks.push(SortTrack {
                id: self.given,
                axes: [pair(z[0]), pair(z[1]), pair(z[2])],
                aspect: (z[3], 10.0),
                streak: 0,
                unseen: 0,
            });
        }
        self.tracks.retain(|t| t.unseen <= 1);
        let early = self.frames <= 3;
        self.tracks
            .iter()
            .filter(|t| t.unseen == 0 && (t.streak >= 3 || early))
            .map(|t| (t.id, t.image()))
            .collect()
    }
}

#[derive(Debug, Clone)]
struct ByteTrack {
    id: u32,
    /// Centre x, centre y, width over height, height.
    axes: [Pair; 4],
    activated: bool,
    unseen: u32,
}

impl ByteTrack {
    fn image(&self) -> ImageBox {
        let h = self.axes[3].x.max(1.0);
        let w = (self.axes[2].x * h).max(1.0);
        ImageBox {
            x: (self.axes[0].x - w / 2.0) as f32,
            y: (self.axes[1].x - h / 2.0) as f32,
            w: w as f32,
            h: h as f32,
        }
    }
    fn begin(id: u32, b: &ImageBox, activated: bool) -> Self {
        let z = byte_measure(b);
        let h = z[3];
        let square = |v: f64| v * v;
        let pair = |x: f64, sx: f64, sv: f64| Pair {
            x,
            v: 0.0,
            p: [square(sx), 0.0, square(sv)],
        };
        Self {
            id,
            axes: [
                pair(z[0], h / 10.0, h / 16.0),
                pair(z[1], h / 10.0, h / 16.0),
                pair(z[2], 1e-2, 1e-5),
                pair(z[3], h / 10.0, h / 16.0),
            ],
            activated,
            unseen: 0,
        }
    }
    fn predict(&mut self) {
        if self.unseen > 0 {
            self.axes[3].v = 0.0;
        }
        let h = self.axes[3].x;
        let (qx, qv) = ((h / 20.0).powi(2), (h / 160.0).powi(2));
        self.axes[0].predict(qx, qv);
        self.axes[1].predict(qx, qv);
        self.axes[2].predict(1e-4, 1e-10);
        self.axes[3].predict(qx, qv);
        self.unseen += 1;
    }
    fn take(&mut self, b: &ImageBox) {
        let z = byte_measure(b);
        let r = (self.axes[3].x / 20.0).powi(2);
        for (a, (z, r)) in self.axes.iter_mut().zip(z.into_iter().zip([r, r, 1e-2, r])) {
            a.update(z, r);
        }
        self.unseen = 0;
        self.activated = true;
    }
}

fn byte_measure(b: &ImageBox) -> [f64; 4] {
    let (x, y, w, h) = (f64::from(b.x), f64::from(b.y), f64::from(b.w), f64::from(b.h).max(1e-3));
    [x + w / 2.0, y + h / 2.0, w / h, h]
}

/// BYTE: every detection box is associated, sure ones first.
#[derive(Debug, Clone)]
pub struct Byte {
    high: f32,
    low: f32,
    begin: f32,
    buffer: u32,
    tracks: Vec<ByteTrack>,
    given: u32,
    frames: u32,
}

impl Byte {
    /// Thresholds of sure and doubtful boxes and of new tracks; `buffer` frames a lost track is
    /// kept. The paper's: 0.6, 0.1, 0.7, 30.
    #[must_use]
    pub fn new(high: f32, low: f32, begin: f32, buffer: u32) -> Self {
        Self {
            high,
            low,
            begin,
            buffer,
            tracks: Vec::new(),
            given: 0,
            frames: 0,
        }
    }

    fn associate(&mut self, which: &[usize], found: &[ScoredBox], least: f64, fuse: bool) -> Vec<bool> {
        let boxes: Vec<ImageBox> = which.iter().map(|&i| self.tracks[i].image()).collect();
        // Pairs under the least overlap cannot be matched.
        let w = overlaps(&boxes, found, |o, d| {
            let s = if fuse { o * f64::from(d.score) } else { o };
            if s >= least { s } else { 0.0 }
        });
        let mut free = vec![true; found.len()];
        for (k, m) in best_match(&w).into_iter().enumerate() {
            if let Some(j) = m {
                free[j] = false;
                self.tracks[which[k]].take(&found[j].image);
            }
        }
        free
    }

    /// One frame; returns the tracks shown.
    pub fn update(&mut self, found: &[ScoredBox]) -> Vec<(u32, ImageBox)> {
        self.frames += 1;
        let sure: Vec<ScoredBox> = found.iter().copied().filter(|d| d.score >= self.high).collect();
        let doubtful: Vec<ScoredBox> = found
            .iter()
            .copied()
            .filter(|d| d.score > self.low && d.score < self.high)
            .collect();
        for t in &mut self.tracks {
            t.predict();
        }
        let pick = |tracks: &[ByteTrack], keep: &dyn Fn(&ByteTrack) -> bool| -> Vec<usize> {
            (0..tracks.len()).filter(|&i| keep(&tracks[i])).collect()
        };
        let pool = pick(&self.tracks, &|t| t.activated);
        let free = self.associate(&pool, &sure, 0.2, true);
        let left: Vec<ScoredBox> = sure.iter().zip(free).filter(|(_, f)| *f).map(|(d, _)| *d).collect();
        // Only tracks seen in the frame before are given doubtful boxes.
        let rest = pick(&self.tracks, &|t| t.activated && t.unseen == 1);
        drop(self.associate(&rest, &doubtful, 0.5, false));
        let young = pick(&self.tracks, &|t| !t.activated && t.unseen > 0);
        let free = self.associate(&young, &left, 0.3, true);
        self.tracks.retain(|t| t.activated || t.unseen == 0);
        for (d, _) in left.iter().zip(free).filter(|(d, f)| *f && d.score >= self.begin) {
            self.given += 1;
            self.tracks
                .push(ByteTrack::begin(self.given, &d.image, self.frames == 1));
        }
        let buffer = self.buffer;
        self.tracks.retain(|t| t.unseen <= buffer);
        self.tracks
            .iter()
            .filter(|t| t.activated && t.unseen == 0)
            .map(|t| (t.id, t.image()))
            .collect()
    }
}
