//! The whole chain for one camera: frame and pose in, ground tracks out.
//!
//! Invariant: deterministic, bounded memory, and honest when it cannot know: without a pose there
//! are image tracks whose fix is `NoPose`; without registration there are no movers; a track out
//! of sight is carried with a growing ellipse and marked unseen. Knows no rule and no border.

mod custody;
mod followed;
mod policy;

use vedette_geo::LatLon;
use vedette_model::{GroundTrack, ImageBox, Pts, SensorPose, Spectrum, TargetClass, Utc};

use crate::detect::{Detection, merge};
use crate::filter::GroundFilter;
use crate::ground::{FixErrors, Ground, MAX_RANGE_M, footprint, look, project, px_per_m, ray_of};
use crate::homography::fit;
use crate::hotspots::{SpotGate, SpotSize, hotspots};
use crate::image::{GrayFrame, Plane};
use crate::model::{ModelCard, ModelDetector, ModelObject};
use crate::movers::{MoverGate, Movers};
use crate::register::{HEALTHY, Prepared, between};
use crate::sea::{Sea, SeaPolicy, above_water};
use crate::thermal::{ThermalDetector, ThermalLeast, ThermalScene};
use crate::tracker::ImageTracker;
use crate::{Homography, PoseMotion, SightError};
use followed::{Context, Followed};

pub use policy::{AnalystConfig, SightPolicy, TrackIds};

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
    /// What the model's slot reported, where it was asked in this frame.
    pub model: Option<Result<Vec<ModelObject>, SightError>>,
}

/// One camera's analyst.
pub struct Analyst {
    config: AnalystConfig,
    ids: TrackIds,
    before: Option<(Prepared, usize, usize, Utc)>,
    last_step: Homography,
    last_pose: Option<SensorPose>,
    movers: Movers,
    classifier: Option<ThermalDetector>,
    tracker: ImageTracker,
    followed: Vec<Followed>,
    /// Bad pixels of this sensor found so far, full-picture pixels.
    defects: Vec<[f64; 2]>,
    /// Worked on at half size, whatever the size.
    coarse: bool,
    /// What the sea looked like lately, in sea mode.
    sea: Sea,
    /// How this frame is looked at when it is over water.
    over: Option<SeaPolicy>,
    /// A network of others, every how many frames it is asked (0: never), and frames since.
    model: Option<ModelDetector>,
    model_every: u32,
    since_model: u32,
    /// Until then what stands in the picture is taken for a stand of trees.
    stand_until: Utc,
}

impl Analyst {
    /// Ready for the first frame.
    #[must_use]
    pub fn new(config: AnalystConfig) -> Self {
        // Damaged weights (a broken build) leave the camera without a classifier, not without eyes.
        let classifier = config.policy.thermal_least.and_then(|least| {
            let shipped = ThermalDetector::shipped().ok()?;
            Some(shipped.from_share(ThermalLeast::all(least)))
        });
        Self {
            ids: config.ids,
            tracker: ImageTracker::new(config.policy.tracker),
            config,
            before: None,
            last_step: Homography::IDENTITY,
            last_pose: None,
            movers: Movers::new(),
            classifier,
            followed: Vec::new(),
            defects: Vec::new(),
            coarse: false,
            sea: Sea::default(),
            over: None,
            model: None,
            model_every: 1,
            since_model: 0,
            stand_until: Utc(i64::MIN),
        }
    }

    /// Whose pictures these are.
    #[must_use]
    pub fn config(&self) -> &AnalystConfig {
        &self.config
    }

    /// Analyses at half the width and height from the next frame on ([`crate::Governor`]), or no
    /// longer. Motion begins anew at the change; tracks go on.
    pub fn set_coarse(&mut self, coarse: bool) {
        self.coarse = coarse;
    }

    /// Puts a network of others into the slot, or takes it out. What it reports is a cue like the
    /// others: looked at beside them, followed and confirmed by the same rules; and the class it
    /// gives speaks for the track's with the weight of its measured precision ([`ModelCard::worth`]).
    pub fn set_model(&mut self, model: Option<ModelDetector>) {
        self.model = model;
    }

    /// The network looks at every so many frames from the next one on ([`crate::Pace`]); 0 at none.
    pub fn set_model_every(&mut self, frames: u32) {
        self.model_every = frames;
    }

    /// The card of what is in the slot.
    #[must_use]
    pub fn model_card(&self) -> Option<&ModelCard> {
        self.model.as_ref().map(ModelDetector::card)
    }

    /// Sea mode from the next frame on, or land again; what was learnt of the glitter is kept.
    pub fn set_sea(&mut self, sea: Option<SeaPolicy>) {
        self.config.policy.sea = sea;
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
        let (work, zoom) = if width > 960 || self.coarse {
            (full.half(), 2.0f32)
        } else {
            (full, 1.0f32)
        };
        let work = work.blur3();
        let prepared = Prepared::of(&work);
        let t_s = captured.0 as f64 * 1e-6;

        // What it looks at: land or water.
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
        let afloat = matches!(&centre, Some(Ok(l)) if ground.on_water(l.fix.at));
        self.over = self
            .config
            .policy
            .sea
            .or(self.config.policy.over_water.filter(|_| afloat));

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
        let healthy = health >= HEALTHY;
        let mut map = step.as_ref().map_or(Homography::IDENTITY, |b| b.registration.map);
        let at_sea = self.over.is_some() && step.is_some() && health < 0.5 * HEALTHY;
        if let (true, Some(a), Some(b)) = (at_sea, &self.last_pose, pose) {
            // Water: nothing to hold on to, but the metadata say how the camera moved.
            let said = predicted(a, b, width, height, ground).map(|m| m.scaled(1.0 / f64::from(zoom)));
            map = said.unwrap_or(map);
        }
        if step.is_some() {
            self.movers.moved(&map, healthy);
        } else {
            self.movers.clear();
        }
        self.last_step = if healthy { map } else { Homography::IDENTITY };
        let full_map = map.scaled(f64::from(zoom));

        // What the ground says about sizes.
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
        let over = self.over.map(|policy| {
            self.sea.look(&work, &policy);
            (policy, pose)
        });
        let searched = |sea: &Sea, at: [f32; 2]| {
            over.as_ref().is_none_or(|(policy, pose)| {
                let full = at.map(|v| f64::from(v * zoom));
                let high = pose.is_some_and(|p| above_water(full, width, height, p, policy));
                !high && !sea.glitters(at)
            })
        };
        let (mut detections, motion) = self.detect(&work, &prepared, t_s, &sizes, &searched);
        detections.retain(|d| !self.on_a_defect(&d.image, f64::from(zoom)));
        let model = self.ask_model(frame);
        if let Some(Ok(objects)) = &model {
            let cues = objects.iter().map(|o| Detection {
                image: o.image,
                score: o.score.clamp(0.0, 1.0),
                contrast: 0.0,
                spot: 0.0,
                motion: 0.0,
                said: (o.class != TargetClass::Unknown).then_some(o.class),
            });
            detections = merge(detections, cues.collect());
        }
        let scored: Vec<_> = detections.iter().map(Detection::scored).collect();
        let image_tracks = self.tracker.update(&scored, &full_map);
        let camera_motion = match (&self.last_pose, pose) {
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
            motion: camera_motion,
            restless: motion == Motion::Restless,
            step: step.as_ref(),
            map: full_map,
            zoom: f64::from(zoom),
            healthy,
            asked: matches!(model, Some(Ok(_))),
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
            motion_judged: motion == Motion::Judged,
            model,
        }
    }

    fn ask_model(&mut self, frame: &GrayFrame<'_>) -> Option<Result<Vec<ModelObject>, SightError>> {
        let model = self.model.as_mut().filter(|_| self.model_every > 0)?;
        self.since_model += 1;
        if self.since_model < self.model_every {
            return None;
        }
        self.since_model = 0;
        Some(model.detect(frame))
    }

    /// What stands out where it is `searched` for (work-picture pixels), full-picture pixels.
    fn detect(
        &mut self,
        work: &Plane,
        prepared: &Prepared,
        t_s: f64,
        sizes: &Sizes,
        searched: &dyn Fn(&Sea, [f32; 2]) -> bool,
    ) -> (Vec<Detection>, Motion) {
        let Sizes {
            scale,
            depression_deg,
            zoom,
            pan_px_s,
        } = *sizes;
        let p = self.config.policy;
        let over = self.over;
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
        let most_size_m = over.map_or(p.most_size_m, |s| s.most_size_m);
        let side_px = if scale.is_some() {
            [(p.least_size_m * k).max(2.0), (most_size_m * k).max(6.0)]
        } else {
            [3.0, 60.0]
        };
        let mut spots = if self.config.spectrum == Spectrum::Thermal || over.is_some() {
            let gate = SpotGate {
                contrast: p.spot_contrast,
                ratio: p.spot_ratio,
                side_px,
            };
            let mut sizes = if person.h >= 2.0 { vec![person, car] } else { vec![car] };
            if over.is_some() {
                // An inflatable, freeboard and people in it, and a cutter, end on and broadside between.
                sizes.extend(
                    [(5.0f32, 1.6f32, 2.0f32), (12.0, 3.0, 4.0)].map(|(long, high, wide)| SpotSize {
                        w: long * k,
                        h: (high * cos + wide * sin) * k,
                    }),
                );
            }
            let sea = &self.sea;
            hotspots(work, &sizes, &gate, p.most_detections, &|at| searched(sea, at))
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
        movers.retain(|d| searched(&self.sea, [d.image.x + d.image.w / 2.0, d.image.y + d.image.h / 2.0]));
        let motion = match (judged, movers.len() >= RESTLESS) {
            (false, _) => Motion::Unknown,
            (true, false) => Motion::Judged,
            (true, true) => {
                movers.clear();
                Motion::Restless
            }
        };
        if zoom != 1.0 {
            for d in spots.iter_mut().chain(&mut movers) {
                let b = &mut d.image;
                (b.x, b.y, b.w, b.h) = (b.x * zoom, b.y * zoom, b.w * zoom, b.h * zoom);
            }
        }
        let mut found = merge(spots, movers);
        if let (Some(classifier), Some(px_per_m)) = (&self.classifier, scale) {
            let scene = ThermalScene {
                px_per_m: px_per_m / f64::from(zoom),
                depression_deg,
            };
            let objects = classifier.detect_plane(work.clone(), &scene);
            found.retain(|d| {
                let [x, y] = middle(&d.image).map(|v| v / f64::from(zoom));
                let on = |b: &ImageBox| {
                    let (left, upper) = (f64::from(b.x), f64::from(b.y));
                    x >= left && x <= left + f64::from(b.w) && y >= upper && y <= upper + f64::from(b.h)
                };
                d.spot <= 0.0 || d.motion > 0.0 || objects.iter().any(|o| on(&o.image))
            });
        }
        (found, motion)
    }

    /// Whether a box is a known bad pixel and nothing more.
    fn on_a_defect(&self, b: &ImageBox, zoom: f64) -> bool {
        let [x, y] = middle(b);
        f64::from(b.w.max(b.h)) <= 6.0 * zoom && self.defects.iter().any(|[dx, dy]| (x - dx).hypot(y - dy) < 1.5 * zoom)
    }

    fn report(&self, c: &Context<'_>) -> Vec<GroundTrack> {
        let coast_us = (self.config.policy.coast_s * 1e6) as i64;
        self.followed
            .iter()
            .filter(|f| f.seen || c.captured.0 - f.captured.0 <= coast_us)
            .filter(|f| self.over.is_none_or(|s| f.lasts(c.captured, &s)))
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
                    class: self.said_class(c, f),
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

/// How the picture of level ground moved between two poses, full pixels; `None` where they look past
/// the ground.
fn predicted(a: &SensorPose, b: &SensorPose, width: usize, height: usize, ground: &dyn Ground) -> Option<Homography> {
    let (w, h) = (width as f64, height as f64);
    let mut pairs = Vec::with_capacity(4);
    for p in [[0.1, 0.45], [0.9, 0.45], [0.9, 0.95], [0.1, 0.95]] {
        let from = [p[0] * w, p[1] * h];
        let toward = ray_of(from, width, height, a)?;
        let (at, amsl) = ground.cast(a.at, a.amsl, toward, MAX_RANGE_M).ok()?;
        pairs.push((from, project(at, amsl, b, width, height)?));
    }
    fit(&pairs, &[1.0; 4]).filter(|m| m.plausible_at([w / 2.0, h / 2.0]))
}

fn middle(b: &ImageBox) -> [f64; 2] {
    [f64::from(b.x + b.w / 2.0), f64::from(b.y + b.h / 2.0)]
}

/// Movers in one frame from which on it is the relief that moves: trees under a turning camera.
const RESTLESS: usize = 12;

/// What can be said of motion in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// No registration, or no frame to compare with.
    Unknown,
    /// Movers are movers.
    Judged,
    /// So much moves that nothing can be said of any one thing.
    Restless,
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
