//! The whole chain for one camera: frame and pose in, ground tracks out.
//!
//! Invariant: deterministic, bounded memory, and honest when it cannot know: without a pose there
//! are image tracks whose fix is `NoPose`; without registration there are no movers; a track out
//! of sight is carried with a growing ellipse and marked unseen. Knows no rule and no border.

use vedette_geo::{LatLon, distance_m};
use vedette_model::{
    CameraId, GroundTrack, ImageBox, NoFix, Pts, SensorPose, Spectrum, TargetClass, TrackId, Utc, VehicleId,
};

use crate::chip::{Chip, Levels};
use crate::chipnet::ChipNet;
use crate::classify::{ClassEvidence, Features};
use crate::detect::{Detection, merge};
use crate::filter::GroundFilter;
use crate::ground::{FixErrors, Ground, Look, footprint, look, px_per_m};
use crate::hotspots::{SpotGate, SpotSize, hotspots};
use crate::image::{GrayFrame, Plane};
use crate::movers::{MoverGate, Movers};
use crate::register::{Between, HEALTHY, Prepared, between};
use crate::tracker::{ImageTrack, ImageTracker, TrackerPolicy};
use crate::{Homography, PoseMotion};

/// Detector and track settings of one camera.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SightPolicy {
    /// Least contrast of a spot, grey levels.
    pub spot_contrast: f32,
    /// Least contrast of a spot over the local spread.
    pub spot_ratio: f32,
    /// Least frame difference of a mover, grey levels.
    pub mover_least: u8,
    /// Multiple of the local level of differences a mover must exceed.
    pub mover_times: f32,
    /// Smallest object looked for, metres (longer side).
    pub least_size_m: f32,
    /// Largest object looked for, metres (longer side).
    pub most_size_m: f32,
    /// Detections per frame at most, per detector.
    pub most_detections: usize,
    /// Image tracker.
    pub tracker: TrackerPolicy,
    /// A track out of sight is carried this long, seconds.
    pub coast_s: f64,
    /// A lost track may be found again within this time, seconds.
    pub reacquire_s: f64,
    /// Thermal spots that do not move are shown to the chip classifier, and what it calls neither
    /// person nor vehicle from this share on is dropped; none asks nobody. The classifier knows
    /// real thermal pictures only (its card says which), so that it is switched on for a camera,
    /// not by default.
    #[serde(default)]
    pub chip_other: Option<f32>,
}

impl Default for SightPolicy {
    fn default() -> Self {
        Self {
            spot_contrast: 7.0,
            spot_ratio: 2.2,
            mover_least: 5,
            mover_times: 6.0,
            least_size_m: 0.5,
            most_size_m: 9.0,
            most_detections: 40,
            tracker: TrackerPolicy::SMALL,
            coast_s: 4.0,
            reacquire_s: 90.0,
            chip_other: None,
        }
    }
}

/// Numbers tracks: cameras of one station take turns, so that ids are unique and repeatable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackIds {
    next: u32,
    step: u32,
}

impl TrackIds {
    /// Camera `index` (from 0) of `cameras`: ids `index + 1`, `index + 1 + cameras`, …
    #[must_use]
    pub const fn of_camera(index: u32, cameras: u32) -> Self {
        Self {
            next: index + 1,
            step: if cameras == 0 { 1 } else { cameras },
        }
    }
    fn take(&mut self) -> TrackId {
        let id = TrackId(self.next);
        self.next = self.next.wrapping_add(self.step);
        id
    }
}

/// Who looks, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalystConfig {
    /// Stream.
    pub camera: CameraId,
    /// Aircraft.
    pub vehicle: VehicleId,
    /// Thermal or visible.
    pub spectrum: Spectrum,
    /// Thresholds.
    pub policy: SightPolicy,
    /// Track numbers.
    pub ids: TrackIds,
}

/// What one frame showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Believed tracks, seen in this frame or carried.
    pub tracks: Vec<GroundTrack>,
    /// The picture's corners on the ground, clockwise from upper left.
    pub footprint: [Option<LatLon>; 4],
    /// Pixels per metre across at the picture's centre.
    pub px_per_m: Option<f64>,
    /// Registration health, 0..=1; 0 for the first frame.
    pub registration: f64,
    /// How the picture moved since the frame before.
    pub camera_motion: Homography,
    /// Everything that stood out, believed or not.
    pub detections: Vec<Detection>,
    /// Whether motion could be judged in this frame.
    pub motion_judged: bool,
}

struct Followed {
    id: TrackId,
    /// Number in the image tracker; `None` while lost.
    image_id: Option<u32>,
    filter: Option<GroundFilter>,
    no_fix: NoFix,
    evidence: ClassEvidence,
    class: TargetClass,
    class_share: f64,
    score: f64,
    looks: u32,
    captured: Utc,
    pts: Pts,
    image: ImageBox,
    /// A point of the ground the object was on some time ago, carried with the ground's motion.
    anchor: [f64; 2],
    anchored: bool,
    anchor_at: Utc,
    /// How far the anchor may have slid where no corners are near, pixels.
    anchor_doubt_px: f64,
    /// Where the camera was then: relief shifts against the fitted plane as it moves on.
    anchor_from: Option<LatLon>,
    /// Looks in a row with a motion cue, and with displacement from the anchor.
    motion_cues: u32,
    displaced: u32,
    defect: bool,
    moved: bool,
    seen: bool,
    /// Looks in a row that the filter refused; while there are any, its place is not vouched for.
    odd: u32,
    /// Where the raw box has stood still in the picture, and the ground it was on when it began.
    still_px: [f64; 2],
    still_ground: [f64; 2],
    still_looks: u32,
}

/// Unseen for longer, what is seen next may stand elsewhere for another reason than its own motion.
const ANCHOR_GAP_US: i64 = 1_200_000;
/// Looks with a motion cue (less those without) that count as steady motion.
const STEADY_CUES: u32 = 5;
/// Looks in a row outside the filter's ellipse after which the looks are believed.
const ODD_LOOKS: u32 = 3;
/// A bright or dead pixel stands within this many pixels, for this many looks, while the ground
/// under it goes by this far.
const DEFECT: (f64, u32, f64) = (1.2, 8, 20.0);
/// Bad pixels remembered at most.
const MOST_DEFECTS: usize = 64;

/// One camera's analyst.
pub struct Analyst {
    config: AnalystConfig,
    ids: TrackIds,
    before: Option<(Prepared, usize, usize, Utc)>,
    last_step: Homography,
    last_pose: Option<SensorPose>,
    movers: Movers,
    chips: Option<ChipNet>,
    tracker: ImageTracker,
    followed: Vec<Followed>,
    /// Bad pixels of this sensor found so far, full-picture pixels.
    defects: Vec<[f64; 2]>,
}

impl Analyst {
    /// Ready for the first frame.
    #[must_use]
    pub fn new(config: AnalystConfig) -> Self {
        // Damaged weights (a broken build) leave the camera without a classifier, not without eyes.
        let chips = config.policy.chip_other.and_then(|_| ChipNet::shipped().ok());
        Self {
            ids: config.ids,
            tracker: ImageTracker::new(config.policy.tracker),
            config,
            before: None,
            last_step: Homography::IDENTITY,
            last_pose: None,
            movers: Movers::new(),
            chips,
            followed: Vec::new(),
            defects: Vec::new(),
        }
    }

    /// Whose pictures these are.
    #[must_use]
    pub fn config(&self) -> &AnalystConfig {
        &self.config
    }

    /// One frame. Frames come in order of capture; one that is not later than the frame before
    /// is analysed as a fresh start.
    pub fn analyse(
        &mut self,
        frame: &GrayFrame<'_>,
        captured: Utc,
        pts: Pts,
        pose: Option<&SensorPose>,
        ground: &dyn Ground,
    ) -> Analysis {
        let (width, height) = (frame.width(), frame.height());
        let full = Plane::of(frame);
        // Large pictures are worked on at half size: a person worth tracking is large enough there.
        let (work, zoom) = if width > 960 {
            (full.half(), 2.0f32)
        } else {
            (full, 1.0f32)
        };
        let work = work.blur3();
        let prepared = Prepared::of(&work);
        let t_s = captured.0 as f64 * 1e-6;

        // How the picture moved.
        let gap_s = self
            .before
            .as_ref()
            .map(|(_, _, _, at)| (captured.0 - at.0) as f64 * 1e-6);
        let same = self
            .before
            .as_ref()
            .is_some_and(|(_, w, h, _)| (*w, *h) == (work.w, work.h))
            && gap_s.is_some_and(|g| g > 0.0 && g < 2.0);
        let step = match (&self.before, same) {
            (Some((earlier, ..)), true) => {
                let mut b = between(earlier, &prepared, &Homography::IDENTITY, 3, 240);
                if b.registration.health < HEALTHY {
                    // A faster turn than corners can be followed from rest: the last motion.
                    let again = between(earlier, &prepared, &self.last_step, 3, 240);
                    if again.registration.health > b.registration.health {
                        b = again;
                    }
                }
                Some(b)
            }
            _ => None,
        };
        let health = step.as_ref().map_or(0.0, |b| b.registration.health);
        let map = step.as_ref().map_or(Homography::IDENTITY, |b| b.registration.map);
        let healthy = health >= HEALTHY;
        if step.is_some() {
            self.movers.moved(&map, healthy);
        } else {
            self.movers.clear();
        }
        self.last_step = if healthy { map } else { Homography::IDENTITY };
        let full_map = map.scaled(f64::from(zoom));

        // What the ground says about sizes.
        let centre = pose.map(|p| {
            look(
                [width as f64 / 2.0, height as f64 / 2.0],
                width,
                height,
                p,
                ground,
                &FixErrors::default(),
            )
        });
        let scale = match (pose, &centre) {
            (Some(p), Some(Ok(l))) => px_per_m(l.fix.slant_m, width, p),
            _ => None,
        };
        let depression_deg = pose.map_or(35.0, |p| (-p.pitch_deg).clamp(0.0, 90.0));
        let corners = pose.map_or([None; 4], |p| footprint(width, height, p, ground));

        // How fast the ground goes by, work pixels per second: the faster, the shorter the baseline
        // over which its relief still looks flat.
        let mid = [work.w as f64 / 2.0, work.h as f64 / 2.0];
        let went = map.apply(mid);
        let pan_px_s = (went[0] - mid[0]).hypot(went[1] - mid[1]) / gap_s.unwrap_or(1.0).max(0.01);
        let sizes = Sizes {
            scale,
            depression_deg,
            zoom,
            pan_px_s,
        };
        let (mut detections, motion_judged) = self.detect(&work, &prepared, t_s, &sizes);
        detections.retain(|d| !self.on_a_defect(&d.image, f64::from(zoom)));

        let scored: Vec<_> = detections.iter().map(Detection::scored).collect();
        let image_tracks = self.tracker.update(&scored, &full_map);
        let motion = match (&self.last_pose, pose) {
            (Some(a), Some(b)) if (1..2_000_000).contains(&(b.captured.0 - a.captured.0)) => PoseMotion::between(a, b),
            _ => PoseMotion::default(),
        };
        let context = Context {
            width,
            height,
            captured,
            pts,
            pose,
            ground,
            motion,
            step: step.as_ref(),
            map: full_map,
            zoom: f64::from(zoom),
            healthy,
            centre_slant_m: match &centre {
                Some(Ok(l)) => Some(l.fix.slant_m),
                _ => None,
            },
        };
        self.follow(&context, &image_tracks, &detections);
        let tracks = self.report(&context);

        self.movers.keep(t_s, work, prepared.clone());
        let (w, h) = ((width as f32 / zoom) as usize, (height as f32 / zoom) as usize);
        self.before = Some((prepared, w, h, captured));
        if let Some(p) = pose {
            self.last_pose = Some(p.clone());
        }
        Analysis {
            tracks,
            footprint: corners,
            px_per_m: scale,
            registration: health,
            camera_motion: full_map,
            detections,
            motion_judged,
        }
    }

    fn detect(&mut self, work: &Plane, prepared: &Prepared, t_s: f64, sizes: &Sizes) -> (Vec<Detection>, bool) {
        let Sizes {
            scale,
            depression_deg,
            zoom,
            pan_px_s,
        } = *sizes;
        let p = self.config.policy;
        // Work-picture pixels per metre; without a pose a person of ten pixels is assumed.
        let k = scale.map_or(6.0, |s| s as f32) / zoom;
        let (sin, cos) = (depression_deg as f32).to_radians().sin_cos();
        let person = SpotSize {
            w: 0.6 * k,
            h: (1.7 * cos + 0.4 * sin) * k,
        };
        let car = SpotSize {
            w: 3.0 * k,
            h: (1.4 * cos + 3.0 * sin) * k,
        };
        let side_px = if scale.is_some() {
            [(p.least_size_m * k).max(2.0), (p.most_size_m * k).max(6.0)]
        } else {
            [3.0, 60.0]
        };
        let mut spots = if self.config.spectrum == Spectrum::Thermal {
            let gate = SpotGate {
                contrast: p.spot_contrast,
                ratio: p.spot_ratio,
                side_px,
            };
            let sizes = if person.h >= 2.0 { vec![person, car] } else { vec![car] };
            hotspots(work, &sizes, &gate, p.most_detections)
        } else {
            Vec::new()
        };
        // A walker (1.2 m/s) should have moved by its width and two pixels.
        let want_px = (0.6 * k + 2.5).clamp(4.0, 14.0);
        let gate = MoverGate {
            least: p.mover_least,
            times: p.mover_times,
            side_px,
            baseline_s: f64::from(want_px / (1.2 * k))
                .min(50.0 / pan_px_s.max(1.0))
                .clamp(0.25, 1.4),
        };
        let (mut movers, judged) = self.movers.find(work, prepared, t_s, &gate, p.most_detections);
        if zoom != 1.0 {
            for d in spots.iter_mut().chain(&mut movers) {
                let b = &mut d.image;
                (b.x, b.y, b.w, b.h) = (b.x * zoom, b.y * zoom, b.w * zoom, b.h * zoom);
            }
        }
        let mut found = merge(spots, movers);
        if let (Some(least), Some(net), Some(px_per_m)) = (p.chip_other, &self.chips, scale) {
            let levels = Levels::of(work);
            found.retain(|d| {
                if d.spot <= 0.0 || d.motion > 0.0 {
                    return true;
                }
                let b = d.image;
                let image = ImageBox {
                    x: b.x / zoom,
                    y: b.y / zoom,
                    w: b.w / zoom,
                    h: b.h / zoom,
                };
                let k = px_per_m / f64::from(zoom);
                let chip = Chip::from_plane(work, levels, &image, k, depression_deg, d.contrast, d.spot);
                net.kinds(&chip).other < least
            });
        }
        (found, judged)
    }

    /// Whether a box is a known bad pixel and nothing more.
    fn on_a_defect(&self, b: &ImageBox, zoom: f64) -> bool {
        let [x, y] = middle(b);
        f64::from(b.w.max(b.h)) <= 6.0 * zoom && self.defects.iter().any(|[dx, dy]| (x - dx).hypot(y - dy) < 1.5 * zoom)
    }

    /// Carries what is known about each object over this frame.
    fn follow(&mut self, c: &Context<'_>, image: &[ImageTrack], detections: &[Detection]) {
        for f in &mut self.followed {
            f.seen = false;
            f.anchor = c.map.apply(f.anchor);
            f.still_ground = c.map.apply(f.still_ground);
            if !c.healthy {
                f.still_looks = 0;
            }
            // Doubtful registration: how the ground moved is not known, so the next look begins
            // anew. No corners near: the one map has to do, and the anchor is worth a little less.
            match c.local_shift(f.anchor) {
                Some(near) if c.healthy => {
                    f.anchor = [f.anchor[0] + near[0], f.anchor[1] + near[1]];
                }
                None if c.healthy => f.anchor_doubt_px += 0.3 * c.zoom,
                _ => f.anchored = false,
            }
            if let Some(filter) = &mut f.filter {
                filter.predict(c.captured);
            }
        }
        for t in image.iter().filter(|t| t.confirmed && t.detection.is_some()) {
            let Some(d) = t.detection.and_then(|i| detections.get(i)) else {
                continue;
            };
            let foot = [f64::from(t.image.x + t.image.w / 2.0), f64::from(t.image.y + t.image.h)];
            let errors = FixErrors {
                pixel_px: 1.0 + 0.1 * f64::from(t.image.h),
                motion: c.motion,
            };
            let seen = match c.pose {
                Some(p) => look(foot, c.width, c.height, p, c.ground, &errors),
                None => Err(NoFix::NoPose),
            };
            let slot = match self.followed.iter().position(|f| f.image_id == Some(t.id)) {
                Some(i) => i,
                None if self.is_echo(t, d) => continue,
                None => self.begin_or_find_again(c, t, image, seen.as_ref().ok()),
            };
            let f = &mut self.followed[slot];
            f.image_id = Some(t.id);
            f.seen = true;
            f.looks += 1;
            if c.captured.0 - f.captured.0 > ANCHOR_GAP_US {
                f.anchored = false;
            }
            f.captured = c.captured;
            f.pts = c.pts;
            f.image = t.image;
            f.score = 0.8 * f.score + 0.2 * f64::from(d.score);
            match (&seen, &mut f.filter) {
                (Ok(l), Some(filter)) => {
                    // A look far outside the ellipse (13.8: one in a thousand) is a wrong
                    // association or a pose glitch; it is left out, not averaged in.
                    if filter.distance2(l) < 13.8 {
                        filter.update(l);
                        f.odd = 0;
                    } else {
                        f.odd += 1;
                    }
                    // Looks that agree with each other but not with the filter: it followed
                    // something else, and what it believed of motion goes with it.
                    if f.odd >= ODD_LOOKS {
                        f.filter = Some(GroundFilter::new(l, c.captured, 2.0, 0.5));
                        (f.odd, f.moved, f.anchored, f.displaced) = (0, false, false, 0);
                    }
                }
                (Ok(l), None) => {
                    f.filter = Some(GroundFilter::new(l, c.captured, 2.0, 0.5));
                }
                (Err(why), _) => f.no_fix = *why,
            }
            f.judge_motion(c, d, seen.as_ref().ok());
            if f.judge_defect(c, d) && self.defects.len() < MOST_DEFECTS {
                self.defects.push(f.still_px);
            }
            if let (Ok(l), Some(p)) = (&seen, c.pose)
                && let Some(k) = px_per_m(l.fix.slant_m, c.width, p)
            {
                let (speed, sigma) = f.filter.as_ref().map_or((0.0, 9.0), |x| {
                    let [e, n] = x.velocity_en_m_s();
                    (e.hypot(n), x.speed_sigma_m_s())
                });
                f.evidence.add(&Features {
                    width_m: f64::from(d.image.w) / k,
                    height_m: f64::from(d.image.h) / k,
                    depression_deg: (-p.pitch_deg).clamp(0.0, 90.0),
                    speed_m_s: speed,
                    speed_sigma_m_s: sigma,
                    warmer: (d.spot > 0.0).then_some(d.contrast > 0.0),
                    moved: f.moved,
                });
                (f.class, f.class_share) = f.evidence.best();
                let fast = matches!(f.class, TargetClass::Vehicle | TargetClass::TwoWheeler);
                if let Some(x) = &mut f.filter {
                    x.set_accel(if fast { 2.0 } else { 0.5 });
                }
            }
        }
        // Image tracks that ended leave their object to be found again.
        for f in &mut self.followed {
            if f.image_id.is_some_and(|id| !image.iter().any(|t| t.id == id)) {
                f.image_id = None;
            }
        }
        let keep_us = (self.config.policy.reacquire_s * 1e6) as i64;
        self.followed
            .retain(|f| !f.defect && c.captured.0 - f.captured.0 <= keep_us && c.captured >= f.captured);
    }

    /// Whether a look belongs to an object seen in this frame already: a second box on the same
    /// thing, or the trace a warm body leaves in the difference of two pictures beside itself.
    fn is_echo(&self, t: &ImageTrack, d: &Detection) -> bool {
        let trace = self.config.spectrum == Spectrum::Thermal && d.spot <= 0.0;
        let [x, y] = middle(&t.image);
        self.followed.iter().filter(|f| f.seen).any(|f| {
            let [fx, fy] = middle(&f.image);
            let size = f64::from(f.image.h.max(f.image.w).max(t.image.h).max(t.image.w));
            let apart = (x - fx).hypot(y - fy);
            apart < 0.8 * size + 1.0 || (trace && apart < if f.moved { 3.0 } else { 2.0 } * size)
        })
    }

    /// The followed object a new image track continues, or a new one.
    fn begin_or_find_again(
        &mut self,
        c: &Context<'_>,
        t: &ImageTrack,
        image: &[ImageTrack],
        look: Option<&Look>,
    ) -> usize {
        let mut best: Option<(f64, usize)> = None;
        if let Some(l) = look {
            for (i, f) in self.followed.iter().enumerate() {
                let Some(filter) = &f.filter else { continue };
                // An image track without a look for two frames no longer speaks for its object.
                let held = |id: u32| image.iter().any(|k| k.id == id && k.unseen < 2);
                if f.seen || f.image_id.is_some_and(held) {
                    continue;
                }
                let away_s = (c.captured.0 - f.captured.0) as f64 * 1e-6;
                // No further than it can have gone, and inside the 99 % ellipse of both.
                let reach = 6.0 + (if f.moved { 3.0 } else { 0.3 }) * away_s;
                let d2 = filter.distance2(l);
                if d2 < 9.21 && filter.offset_m(l.fix.at) < reach.min(60.0) && best.is_none_or(|b| d2 < b.0) {
                    best = Some((d2, i));
                }
            }
        }
        if let Some((_, i)) = best {
            let f = &mut self.followed[i];
            f.anchored = false;
            f.motion_cues = 0;
            return i;
        }
        let id = self.ids.take();
        self.followed.push(Followed {
            id,
            image_id: Some(t.id),
            filter: None,
            no_fix: NoFix::NoPose,
            evidence: ClassEvidence::default(),
            class: TargetClass::Unknown,
            class_share: 0.0,
            score: f64::from(t.score),
            looks: t.looks.saturating_sub(1),
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
        });
        self.followed.len() - 1
    }

    fn report(&self, c: &Context<'_>) -> Vec<GroundTrack> {
        let coast_us = (self.config.policy.coast_s * 1e6) as i64;
        self.followed
            .iter()
            .filter(|f| f.seen || c.captured.0 - f.captured.0 <= coast_us)
            .map(|f| {
                let velocity = match (&f.filter, f.moved) {
                    (Some(x), true) => x.velocity_en_m_s(),
                    _ => [0.0; 2],
                };
                GroundTrack {
                    id: f.id,
                    camera: self.config.camera,
                    captured: f.captured,
                    pts: f.pts,
                    image: f.image,
                    class: f.class,
                    score: (f.score * (0.5 + 0.5 * f.class_share)).clamp(0.0, 1.0),
                    looks: f.looks,
                    fix: f.filter.as_ref().map(GroundFilter::fix).ok_or(f.no_fix),
                    velocity_en_m_s: velocity,
                    seen: f.seen && f.odd == 0,
                }
            })
            .collect()
    }
}

fn middle(b: &ImageBox) -> [f64; 2] {
    [f64::from(b.x + b.w / 2.0), f64::from(b.y + b.h / 2.0)]
}

/// What a frame's geometry says about sizes in it.
struct Sizes {
    /// Full-picture pixels per metre at the centre.
    scale: Option<f64>,
    depression_deg: f64,
    /// Full-picture pixels per work-picture pixel.
    zoom: f32,
    /// How fast the ground goes by, work-picture pixels per second.
    pan_px_s: f64,
}

struct Context<'a> {
    width: usize,
    height: usize,
    captured: Utc,
    pts: Pts,
    pose: Option<&'a SensorPose>,
    ground: &'a dyn Ground,
    motion: PoseMotion,
    step: Option<&'a Between>,
    map: Homography,
    zoom: f64,
    healthy: bool,
    centre_slant_m: Option<f64>,
}

impl Context<'_> {
    /// How the ground near a pixel departed from the one map: median of the nearest corners'
    /// residuals, full pixels. `None` with fewer than three corners within 90 pixels.
    fn local_shift(&self, at: [f64; 2]) -> Option<[f64; 2]> {
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
        Some([mid(0), mid(1)])
    }
}

impl Followed {
    /// Whether what is followed is a bad pixel: tiny, and still in the picture while the ground
    /// goes by. Then the object is dropped for good.
    fn judge_defect(&mut self, c: &Context<'_>, d: &Detection) -> bool {
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
    fn judge_motion(&mut self, c: &Context<'_>, d: &Detection, look: Option<&Look>) {
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
