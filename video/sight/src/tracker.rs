//! Which looks in successive frames are the same object, in the picture alone.
//!
//! Two thresholds as in ByteTrack (Zhang et al. 2022): sure detections first, then doubtful ones
//! for tracks still without a look; a constant-velocity filter per box; the camera's motion is
//! taken out with the registration's homography before anything is compared.
//! Invariant: ids are given once and in order; the same input gives the same ids.

use vedette_model::ImageBox;

use crate::Homography;
use crate::assign::assign;

/// Tracker settings. Boxes in pixels, times in frames.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackerPolicy {
    /// Detections from this score take part in the first association.
    pub high: f32,
    /// Detections from this score take part in the second.
    pub low: f32,
    /// Detections from this score may begin a track.
    pub begin: f32,
    /// Least overlap (intersection over union, times score) in the first association.
    pub overlap_first: f32,
    /// Least overlap in the second association.
    pub overlap_second: f32,
    /// Least overlap (times score) for a track not confirmed yet.
    pub overlap_new: f32,
    /// Boxes grow by this many pixels on every side before they are compared: small targets move
    /// by more than their own size.
    pub grow_px: f32,
    /// Looks that confirm a track.
    pub confirm_looks: u32,
    /// A track not confirmed is dropped after so many frames without a look.
    pub new_patience: u32,
    /// A confirmed track is dropped after so many frames without a look.
    pub patience: u32,
}

impl TrackerPolicy {
    /// For large boxes of a trained detector (street scenes); chosen on the MOT15 training
    /// sequences with Faster R-CNN detections.
    pub const BOXES: Self = Self {
        high: 0.6,
        low: 0.1,
        begin: 0.93,
        overlap_first: 0.28,
        overlap_second: 0.5,
        overlap_new: 0.3,
        grow_px: 0.0,
        confirm_looks: 2,
        new_patience: 0,
        patience: 25,
    };
    /// For targets of a few pixels from the air.
    pub const SMALL: Self = Self {
        high: 0.5,
        low: 0.35,
        begin: 0.55,
        overlap_first: 0.1,
        overlap_second: 0.25,
        overlap_new: 0.12,
        grow_px: 5.0,
        confirm_looks: 4,
        new_patience: 2,
        patience: 25,
    };
}

/// One detection as the tracker sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredBox {
    /// Box, pixels.
    pub image: ImageBox,
    /// Score, 0..=1.
    pub score: f32,
}

/// One tracked box.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageTrack {
    /// Its number, from 1.
    pub id: u32,
    /// Filtered box at this frame.
    pub image: ImageBox,
    /// Score of the last look.
    pub score: f32,
    /// Looks so far.
    pub looks: u32,
    /// Frames since the last look; 0 when seen in this frame.
    pub unseen: u32,
    /// Enough looks to be believed.
    pub confirmed: bool,
    /// Index of this frame's detection, when seen.
    pub detection: Option<usize>,
}

/// Value and rate with covariance: one of the four numbers of a box.
#[derive(Debug, Clone, Copy)]
struct Axis {
    x: f32,
    v: f32,
    pxx: f32,
    pxv: f32,
    pvv: f32,
}

impl Axis {
    fn new(x: f32, sx: f32, sv: f32) -> Self {
        Self {
            x,
            v: 0.0,
            pxx: sx * sx,
            pxv: 0.0,
            pvv: sv * sv,
        }
    }
    fn predict(&mut self, qx: f32, qv: f32) {
        self.x += self.v;
        self.pxx += 2.0 * self.pxv + self.pvv + qx * qx;
        self.pxv += self.pvv;
        self.pvv += qv * qv;
    }
    fn update(&mut self, z: f32, r: f32) {
        let s = self.pxx + r * r;
        let (kx, kv) = (self.pxx / s, self.pxv / s);
        let y = z - self.x;
        self.x += kx * y;
        self.v += kv * y;
        self.pvv -= kv * self.pxv;
        self.pxv *= 1.0 - kx;
        self.pxx *= 1.0 - kx;
    }
}

#[derive(Debug, Clone)]
struct Live {
    public: ImageTrack,
    /// Centre x, centre y, width, height.
    axes: [Axis; 4],
}

impl Live {
    fn begin(id: u32, index: usize, d: &ScoredBox, confirmed: bool) -> Self {
        let b = d.image;
        let s = b.h.max(2.0);
        Self {
            public: ImageTrack {
                id,
                image: b,
                score: d.score,
                looks: 1,
                unseen: 0,
                confirmed,
                detection: Some(index),
            },
            axes: [
                Axis::new(b.x + b.w / 2.0, s / 10.0, s / 16.0 + 0.5),
                Axis::new(b.y + b.h / 2.0, s / 10.0, s / 16.0 + 0.5),
                Axis::new(b.w, s / 10.0, s / 60.0),
                Axis::new(b.h, s / 10.0, s / 60.0),
            ],
        }
    }
    fn shape(&mut self) {
        let [cx, cy, w, h] = self.axes.map(|a| a.x);
        let (w, h) = (w.max(1.0), h.max(1.0));
        self.public.image = ImageBox {
            x: cx - w / 2.0,
            y: cy - h / 2.0,
            w,
            h,
        };
    }
    fn carry(&mut self, camera: &Homography) {
        let s = self.axes[3].x.max(2.0);
        if *camera != Homography::IDENTITY {
            let p = [f64::from(self.axes[0].x), f64::from(self.axes[1].x)];
            let q = camera.apply(p);
            let j = camera.jacobian(p).map(|v| v as f32);
            let (vx, vy) = (self.axes[0].v, self.axes[1].v);
            self.axes[0].x = q[0] as f32;
            self.axes[1].x = q[1] as f32;
            self.axes[0].v = j[0] * vx + j[1] * vy;
            self.axes[1].v = j[2] * vx + j[3] * vy;
            let zoom = (j[0] * j[3] - j[1] * j[2]).abs().sqrt().clamp(0.5, 2.0);
            self.axes[2].x *= zoom;
            self.axes[3].x *= zoom;
        }
        if self.public.unseen > 0 {
            self.axes[2].v = 0.0;
            self.axes[3].v = 0.0;
        }
        let (qx, qv) = (s / 20.0, s / 160.0);
        for a in &mut self.axes {
            a.predict(qx, qv);
        }
        self.public.unseen += 1;
        self.public.detection = None;
        self.shape();
    }
    fn take(&mut self, index: usize, d: &ScoredBox) {
        let b = d.image;
        let r = self.axes[3].x.max(2.0) / 20.0;
        // Doubtful looks pull less.
        let r = r * (1.0 + (1.0 - d.score));
        for (a, z) in self.axes.iter_mut().zip([b.x + b.w / 2.0, b.y + b.h / 2.0, b.w, b.h]) {
            a.update(z, r);
        }
        self.public.unseen = 0;
        self.public.looks += 1;
        self.public.score = d.score;
        self.public.detection = Some(index);
        self.shape();
    }
}

/// Intersection over union of two boxes grown by `grow` pixels on each side.
#[must_use]
pub fn overlap(a: &ImageBox, b: &ImageBox, grow: f32) -> f32 {
    let g = |v: &ImageBox| (v.x - grow, v.y - grow, v.x + v.w + grow, v.y + v.h + grow);
    let ((ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1)) = (g(a), g(b));
    let w = (ax1.min(bx1) - ax0.max(bx0)).max(0.0);
    let h = (ay1.min(by1) - ay0.max(by0)).max(0.0);
    let both = w * h;
    let either = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - both;
    if either <= 0.0 { 0.0 } else { both / either }
}

/// Tracks boxes through frames of one camera.
#[derive(Debug, Clone)]
pub struct ImageTracker {
    policy: TrackerPolicy,
    live: Vec<Live>,
    given: u32,
    frames: u64,
}

impl ImageTracker {
    /// With nothing tracked.
    #[must_use]
    pub fn new(policy: TrackerPolicy) -> Self {
        Self {
            policy,
            live: Vec::new(),
            given: 0,
            frames: 0,
        }
    }

    /// One frame: `camera` takes pixels of the frame before to this one. Returns all live tracks,
    /// oldest first, confirmed or not, seen in this frame or not.
    pub fn update(&mut self, detections: &[ScoredBox], camera: &Homography) -> Vec<ImageTrack> {
        let p = self.policy;
        self.frames += 1;
        for t in &mut self.live {
            t.carry(camera);
        }
        let mut free: Vec<usize> = (0..detections.len())
            .filter(|&i| detections[i].score >= p.high)
            .collect();
        let doubtful: Vec<usize> = (0..detections.len())
            .filter(|&i| (p.low..p.high).contains(&detections[i].score))
            .collect();

        let believed: Vec<usize> = self.pick(|t| t.public.confirmed);
        self.associate(&believed, &mut free, detections, p.overlap_first, true);

        let mut doubtful = doubtful;
        let rest: Vec<usize> =
            self.pick(|t| t.public.confirmed && t.public.detection.is_none() && t.public.unseen == 1);
        self.associate(&rest, &mut doubtful, detections, p.overlap_second, false);

        let young: Vec<usize> = self.pick(|t| !t.public.confirmed);
        self.associate(&young, &mut free, detections, p.overlap_new, true);
        if p.new_patience > 0 {
            let young: Vec<usize> = self.pick(|t| !t.public.confirmed && t.public.detection.is_none());
            self.associate(&young, &mut doubtful, detections, p.overlap_new, false);
        }

        for i in free {
            let d = &detections[i];
            if d.score >= p.begin {
                self.given += 1;
                let confirmed = p.confirm_looks <= 1 || (self.frames == 1 && p.new_patience == 0);
                self.live.push(Live::begin(self.given, i, d, confirmed));
            }
        }
        for t in &mut self.live {
            if t.public.looks >= p.confirm_looks {
                t.public.confirmed = true;
            }
        }
        self.live
            .retain(|t| t.public.unseen <= if t.public.confirmed { p.patience } else { p.new_patience });
        self.live.iter().map(|t| t.public.clone()).collect()
    }

    fn pick(&self, keep: impl Fn(&Live) -> bool) -> Vec<usize> {
        (0..self.live.len()).filter(|&i| keep(&self.live[i])).collect()
    }

    /// Matches tracks to detections and takes the matched ones out of `free`.
    fn associate(
        &mut self,
        tracks: &[usize],
        free: &mut Vec<usize>,
        detections: &[ScoredBox],
        least: f32,
        by_score: bool,
    ) {
        if tracks.is_empty() || free.is_empty() {
            return;
        }
        let mut cost = Vec::with_capacity(tracks.len() * free.len());
        for &t in tracks {
            let b = self.live[t].public.image;
            for &d in free.iter() {
                let o = overlap(&b, &detections[d].image, self.policy.grow_px);
                cost.push(1.0 - if by_score { o * detections[d].score } else { o });
            }
        }
        let matched = assign(&cost, tracks.len(), free.len(), 1.0 - least);
        let mut taken = vec![false; free.len()];
        for (&t, m) in tracks.iter().zip(&matched) {
            if let Some(c) = *m {
                taken[c] = true;
                self.live[t].take(free[c], &detections[free[c]]);
            }
        }
        let mut k = 0;
        free.retain(|_| {
            k += 1;
            !taken[k - 1]
        });
    }
}
