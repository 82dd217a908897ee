//! One followed object: what is remembered of it between frames, and whether it moves.
//!
//! Invariant: motion is judged in the picture's own terms (against the ground beside the object, so
//! that no pose error passes for a walk) and by more than relief and corners' scatter can make.
//! Knows nothing of other objects.

use vedette_geo::{LatLon, distance_m};
use vedette_model::{ImageBox, NoFix, Pts, SensorPose, TargetClass, TrackId, Utc};

use super::custody::Appearance;
use super::middle;
use crate::classify::{ClassEvidence, Heard};
use crate::detect::Detection;
use crate::filter::GroundFilter;
use crate::ground::{Ground, Look, px_per_m};
use crate::register::Between;
use crate::sea::SeaPolicy;
use crate::tracker::ImageTrack;
use crate::{Homography, PoseMotion};

pub(super) struct Followed {
    pub(super) id: TrackId,
    /// Number in the image tracker; `None` while lost.
    pub(super) image_id: Option<u32>,
    pub(super) filter: Option<GroundFilter>,
    pub(super) no_fix: NoFix,
    pub(super) evidence: ClassEvidence,
    /// What the network in the slot said it is.
    pub(super) heard: Heard,
    pub(super) class: TargetClass,
    pub(super) class_share: f64,
    pub(super) score: f64,
    pub(super) looks: u32,
    /// Frames since its first look, and when that was.
    pub(super) frames: u32,
    pub(super) first: Utc,
    pub(super) captured: Utc,
    pub(super) pts: Pts,
    pub(super) image: ImageBox,
    /// A point of the ground the object was on some time ago, carried with the ground's motion.
    pub(super) anchor: [f64; 2],
    pub(super) anchored: bool,
    pub(super) anchor_at: Utc,
    /// How far the anchor may have slid where no corners are near, pixels.
    pub(super) anchor_doubt_px: f64,
    /// Where the camera was then: relief shifts against the fitted plane as it moves on.
    pub(super) anchor_from: Option<LatLon>,
    /// Looks in a row with a motion cue, and with displacement from the anchor.
    pub(super) motion_cues: u32,
    pub(super) displaced: u32,
    pub(super) defect: bool,
    pub(super) moved: bool,
    pub(super) seen: bool,
    /// Looks in a row that the filter refused; while there are any, its place is not vouched for.
    pub(super) odd: u32,
    /// Where the raw box has stood still in the picture, and the ground it was on when it began.
    pub(super) still_px: [f64; 2],
    pub(super) still_ground: [f64; 2],
    pub(super) still_looks: u32,
    /// What it looked like so far.
    pub(super) appearance: Appearance,
    /// Ground place of its last good look.
    pub(super) last_at: Option<LatLon>,
}

/// Unseen for longer, what is seen next may stand elsewhere for another reason than its own motion.
pub(super) const ANCHOR_GAP_US: i64 = 1_200_000;
/// Looks with a motion cue (less those without) that count as steady motion.
const STEADY_CUES: u32 = 5;
/// Looks in a row outside the filter's ellipse after which the looks are believed.
pub(super) const ODD_LOOKS: u32 = 3;
/// Corners on level ground scatter by this much from frame to frame, work-picture pixels.
const CORNER_NOISE_PX: f64 = 0.25;
/// A bright or dead pixel stands within this many pixels, for this many looks, while the ground
/// under it goes by this far.
const DEFECT: (f64, u32, f64) = (1.2, 8, 20.0);
/// Bad pixels remembered at most.
pub(super) const MOST_DEFECTS: usize = 64;

pub(super) struct Context<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) captured: Utc,
    pub(super) pts: Pts,
    pub(super) pose: Option<&'a SensorPose>,
    pub(super) ground: &'a dyn Ground,
    pub(super) motion: PoseMotion,
    /// Everything seems to move: no motion is judged.
    pub(super) restless: bool,
    pub(super) step: Option<&'a Between>,
    pub(super) map: Homography,
    pub(super) zoom: f64,
    pub(super) healthy: bool,
    /// The network in the slot was asked about this frame and answered.
    pub(super) asked: bool,
    pub(super) centre_slant_m: Option<f64>,
}

impl Context<'_> {
    /// How the ground near a pixel departed from the one map: median of the nearest corners'
    /// residuals, and by how much those scatter beyond their own noise (trees, walls: things that
    /// stand at other heights than the ground), full pixels. `None` with fewer than three corners
    /// within 90 pixels.
    pub(super) fn local_shift(&self, at: [f64; 2]) -> Option<([f64; 2], f64)> {
        let b = self.step?;
        let mut near: Vec<(f64, [f64; 2])> = b
            .residuals
            .iter()
            .filter(|(_, r)| r[0].abs() < 8.0 && r[1].abs() < 8.0)
            .map(|(p, r)| ((p[0] * self.zoom - at[0]).hypot(p[1] * self.zoom - at[1]), *r))
            .filter(|(d, _)| *d < 90.0)
            .collect();
        if near.len() < 3 {
            return None;
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.truncate(7);
        let mid = |k: usize| {
            let mut v: Vec<f64> = near.iter().map(|(_, r)| r[k] * self.zoom).collect();
            v.sort_by(f64::total_cmp);
            v[v.len() / 2]
        };
        let by = [mid(0), mid(1)];
        let mut off: Vec<f64> = near
            .iter()
            .map(|(_, r)| (r[0] * self.zoom - by[0]).hypot(r[1] * self.zoom - by[1]))
            .collect();
        off.sort_by(f64::total_cmp);
        let scatter = (off[off.len() / 2] - CORNER_NOISE_PX * self.zoom).max(0.0);
        Some((by, scatter))
    }
}

impl Followed {
    /// An object seen for the first time as one.
    pub(super) fn begin(id: TrackId, c: &Context<'_>, t: &ImageTrack, appearance: Appearance) -> Self {
        Self {
            id,
            image_id: Some(t.id),
            filter: None,
            no_fix: NoFix::NoPose,
            evidence: ClassEvidence::default(),
            heard: Heard::default(),
            class: TargetClass::Unknown,
            class_share: 0.0,
            score: f64::from(t.score),
            looks: t.looks.saturating_sub(1),
            frames: t.looks.saturating_sub(1),
            first: c.captured,
            captured: c.captured,
            pts: c.pts,
            image: t.image,
            anchor: middle(&t.image),
            anchored: false,
            anchor_at: c.captured,
            anchor_doubt_px: 0.0,
            anchor_from: c.pose.map(|p| p.at),
            motion_cues: 0,
            displaced: 0,
            defect: false,
            moved: false,
            seen: true,
            odd: 0,
            still_px: middle(&t.image),
            still_ground: middle(&t.image),
            still_looks: 0,
            appearance,
            last_at: None,
        }
    }

    /// Whether it has lasted as nothing on water lasts but what floats.
    pub(super) fn lasts(&self, now: Utc, policy: &SeaPolicy) -> bool {
        let age_s = (now.0 - self.first.0) as f64 * 1e-6;
        age_s >= policy.least_s && f64::from(self.looks) >= policy.steady * f64::from(self.frames.max(1))
    }

    /// Whether what is followed is a bad pixel: tiny, and still in the picture while the ground
    /// goes by. Then the object is dropped for good.
    pub(super) fn judge_defect(&mut self, c: &Context<'_>, d: &Detection) -> bool {
        let raw = middle(&d.image);
        let (near, looks, far) = DEFECT;
        let tiny = d.image.w.max(d.image.h) <= 6.0 * c.zoom as f32;
        let away = (raw[0] - self.still_px[0]).hypot(raw[1] - self.still_px[1]);
        if !tiny || away > near * c.zoom || self.still_looks == 0 {
            (self.still_px, self.still_ground, self.still_looks) = (raw, raw, 1);
            return false;
        }
        self.still_looks += 1;
        let went = (self.still_ground[0] - raw[0]).hypot(self.still_ground[1] - raw[1]);
        self.defect = self.still_looks >= looks && went > far * c.zoom;
        self.defect
    }

    /// Whether the object moved against the ground: displaced from where it was up to three
    /// seconds ago by more than its own size's doubt, seen in the picture's own terms (no pose,
    /// so no pose error), and by more than a slow step on the ground.
    pub(super) fn judge_motion(&mut self, c: &Context<'_>, d: &Detection, look: Option<&Look>) {
        if c.restless {
            (self.anchored, self.displaced, self.motion_cues) = (false, 0, 0);
            return;
        }
        let now = middle(&self.image);
        let edge = 12.0 * c.zoom;
        let inner = now[0] > edge && now[1] > edge && now[0] < c.width as f64 - edge && now[1] < c.height as f64 - edge;
        if !self.anchored || !inner {
            self.anchor = now;
            self.anchor_at = c.captured;
            self.anchor_from = c.pose.map(|p| p.at);
            self.anchored = true;
            self.anchor_doubt_px = 0.0;
            self.displaced = 0;
        }
        let gone = (now[0] - self.anchor[0]).hypot(now[1] - self.anchor[1]);
        let age_s = (c.captured.0 - self.anchor_at.0) as f64 * 1e-6;
        let size = f64::from(self.image.w.max(self.image.h));
        // Static relief may drift by the camera's way times the share by which its depth is not
        // what the fitted plane and the corners around say: a fiftieth near the picture's middle
        // range, more the further from it.
        let relief = match (c.pose, look, self.anchor_from) {
            (Some(p), Some(l), Some(from)) => {
                let k = px_per_m(l.fix.slant_m, c.width, p).unwrap_or(0.0);
                let odd = c.centre_slant_m.map_or(0.3, |z| (l.fix.slant_m / z - 1.0).abs());
                distance_m(from, p.at) * k * (0.02 + 0.35 * (odd - 0.05).max(0.0))
            }
            (None, ..) => 0.0,
            _ => f64::INFINITY,
        };
        let far = (0.6 * size).max(5.0 * c.zoom) + relief + self.anchor_doubt_px;
        self.motion_cues = if d.motion > 0.0 {
            self.motion_cues + 1
        } else {
            self.motion_cues.saturating_sub(1)
        };
        let speed = self.filter.as_ref().map_or(f64::NAN, |x| {
            let [e, n] = x.velocity_en_m_s();
            e.hypot(n)
        });
        // Without a pose the picture decides alone; with one, the ground must agree.
        let walks = speed.is_nan() || speed > 0.25;
        let cued = self.motion_cues >= 2 || gone > 1.6 * far;
        // Something that moved against the ground beside it look after look needs less of a way.
        let enough = if self.motion_cues >= STEADY_CUES {
            0.7 * far
        } else {
            far
        };
        self.displaced = if walks && cued && gone > enough && age_s > 0.4 {
            self.displaced + 1
        } else {
            0
        };
        if self.looks >= 6 && self.displaced >= 4 {
            self.moved = true;
        }
        if age_s > 3.5 {
            self.anchored = false;
        }
    }
}
