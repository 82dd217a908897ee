//! Whose look is it: a track's number stays with one object, or is given up.
//!
//! Invariant: a number is handed on only to a look that lies where the object can be by the
//! filter's own grown covariance, looks like it in size, contrast and polarity, and is likelier to
//! be it than to be something new in this picture. Whatever else is found near by begins a track
//! of its own, and where two lost objects answer equally well, neither is taken. Knows no rule.

use vedette_geo::distance_m;
use vedette_model::{ImageBox, NoFix, Spectrum, TargetClass};

use super::followed::{ANCHOR_GAP_US, Context, Followed, MOST_DEFECTS, ODD_LOOKS};
use super::{Analyst, middle};
use crate::classify::Features;
use crate::detect::Detection;
use crate::filter::GroundFilter;
use crate::ground::{FixErrors, Look, look, px_per_m};
use crate::tracker::ImageTrack;

/// What an object looked like: enough to tell it from most others near by, never who it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Appearance {
    /// Natural logarithms of width and height, metres.
    ln_size: Option<[f64; 2]>,
    /// Contrast to the surroundings, grey levels, signed.
    contrast: Option<f64>,
    looks: u32,
}

impl Appearance {
    fn of(image: &ImageBox, d: &Detection, px_per_m: Option<f64>) -> Self {
        let ln = |px: f32, k: f64| (f64::from(px.max(1.0)) / k).ln();
        Self {
            ln_size: px_per_m.filter(|k| *k > 0.0).map(|k| [ln(image.w, k), ln(image.h, k)]),
            contrast: (d.spot > 0.0).then_some(f64::from(d.contrast)),
            looks: 1,
        }
    }

    fn add(&mut self, new: &Self) {
        self.looks += 1;
        let share = (1.0 / f64::from(self.looks)).max(0.1);
        let mix = |old: f64, new: f64| old + share * (new - old);
        self.ln_size = match (self.ln_size, new.ln_size) {
            (Some(a), Some(b)) => Some([mix(a[0], b[0]), mix(a[1], b[1])]),
            (a, b) => a.or(b),
        };
        self.contrast = match (self.contrast, new.contrast) {
            (Some(a), Some(b)) => Some(mix(a, b)),
            (a, b) => a.or(b),
        };
    }

    /// How many times likelier two appearances are of one object than of any two objects of such
    /// pictures: normal spreads of the same thing seen again over those of different things.
    fn likeness(&self, other: &Self) -> f64 {
        let ratio =
            |d: f64, same: f64, any: f64| any / same * (-0.5 * d * d * (1.0 / (same * same) - 1.0 / (any * any))).exp();
        let mut out = 1.0;
        if let (Some(a), Some(b)) = (self.ln_size, other.ln_size) {
            out *= ratio(a[0] - b[0], 0.35, 0.6) * ratio(a[1] - b[1], 0.25, 0.6);
        }
        if let (Some(a), Some(b)) = (self.contrast, other.contrast) {
            out *= if a * b > 0.0 {
                1.5 * ratio((a / b).abs().ln(), 0.45, 0.8)
            } else {
                0.02
            };
        }
        out
    }
}

/// One image track's look in this frame.
pub(super) struct Looked<'a> {
    track: &'a ImageTrack,
    detection: &'a Detection,
    look: Result<Look, NoFix>,
    px_per_m: Option<f64>,
    appearance: Appearance,
}

/// Unseen for longer, a look must prove again that it is of the same object, microseconds.
const RESUME_US: i64 = 800_000;
/// Unseen for longer, frames no longer count against it, microseconds.
const LONG_US: i64 = 3_000_000;
/// The 99 % ellipse, two degrees of freedom.
const WITHIN_99: f64 = 9.21;
/// One look in a thousand lies outside this.
const WITHIN_999: f64 = 13.8;
/// Looks that agree with each other but lie further from the filter than this are of another
/// object, metres; nearer, the filter had gone astray.
const LEAP_M: f64 = 8.0;
/// Who is out of sight turns up again ever less, seconds (e-fold).
const FORGET_S: f64 = 30.0;
/// Two lost objects nearer to each other than this are taken for one, metres.
const SAME_PLACE_M: f64 = 4.0;
/// Least likeness of a look that resumes a track after a short gap.
const LEAST_LIKENESS: f64 = 0.03;

impl Analyst {
    /// Carries what is known about each object over this frame.
    pub(super) fn follow(&mut self, c: &Context<'_>, image: &[ImageTrack], detections: &[Detection]) {
        for f in &mut self.followed {
            f.carry(c);
            // Out of sight for long is no unsteadiness.
            if c.captured.0 - f.captured.0 < LONG_US {
                f.frames = f.frames.saturating_add(1);
            }
        }
        let looks: Vec<Looked<'_>> = image
            .iter()
            .filter(|t| t.confirmed)
            .filter_map(|t| Some((t, detections.get(t.detection?)?)))
            .map(|(t, d)| looked(c, t, d))
            .collect();
        let owner = |all: &[Followed], id: u32| all.iter().position(|f| f.image_id == Some(id));
        self.leave_traces(&looks);
        let glitch = self.pose_glitch(&looks, &owner);
        // Those that speak for an object already come first: an orphan is judged against them.
        let mut orphans = Vec::new();
        for k in &looks {
            match owner(&self.followed, k.track.id) {
                Some(i) if self.followed[i].resumes(c, k) => self.take(i, c, k, glitch),
                Some(i) => {
                    self.followed[i].image_id = None;
                    orphans.push(k);
                }
                None => orphans.push(k),
            }
        }
        let newcomers_per_m2 = newcomers_per_m2(c, looks.len());
        for k in orphans {
            if self.is_echo(k.track, k.detection) {
                continue;
            }
            let slot = match self.find_again(c, k, image, newcomers_per_m2) {
                Some(i) => {
                    let f = &mut self.followed[i];
                    f.anchored = false;
                    f.motion_cues = 0;
                    i
                }
                None => {
                    let id = self.ids.take();
                    self.followed.push(Followed::begin(id, c, k.track, k.appearance));
                    self.followed.len() - 1
                }
            };
            self.take(slot, c, k, glitch);
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
        self.judge_stand(c);
    }

    /// A warm body leaves a trace of itself in the difference of two pictures. Where a box stays
    /// with the trace and the body is seen beside it by a box of nobody's, that one is its own.
    fn leave_traces(&mut self, looks: &[Looked<'_>]) {
        for k in looks.iter().filter(|k| k.detection.spot <= 0.0) {
            let Some(i) = self.followed.iter().position(|f| f.image_id == Some(k.track.id)) else {
                continue;
            };
            if self.followed[i].appearance.contrast.is_none() {
                continue;
            }
            let body = looks
                .iter()
                .filter(|b| b.detection.spot > 0.0 && self.followed.iter().all(|f| f.image_id != Some(b.track.id)))
                .filter(|b| self.followed[i].appearance.likeness(&b.appearance) > 1.0)
                .map(|b| (apart(&b.track.image, &k.track.image), b))
                .filter(|((apart, size), _)| *apart < 3.0 * size)
                .min_by(|a, b| a.0.0.total_cmp(&b.0.0));
            if let Some((_, b)) = body {
                self.followed[i].image_id = Some(b.track.id);
            }
        }
    }

    /// Whether most of what is followed jumped at once: then it was the pose, not the objects.
    fn pose_glitch(&self, looks: &[Looked<'_>], owner: &dyn Fn(&[Followed], u32) -> Option<usize>) -> bool {
        let (mut all, mut odd) = (0, 0);
        for k in looks {
            let (Some(i), Ok(l)) = (owner(&self.followed, k.track.id), &k.look) else {
                continue;
            };
            if let Some(x) = &self.followed[i].filter {
                all += 1;
                odd += i32::from(x.distance2(l) >= WITHIN_999);
            }
        }
        all >= 3 && 2 * odd > all
    }

    /// Takes a look for an object's own.
    fn take(&mut self, slot: usize, c: &Context<'_>, k: &Looked<'_>, glitch: bool) {
        let (t, d) = (k.track, k.detection);
        let said = d
            .said
            .zip(self.model.as_ref())
            .map(|(class, m)| (class, m.card().worth(class)));
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
        f.appearance.add(&k.appearance);
        match (&k.look, &mut f.filter) {
            (Ok(l), Some(filter)) => {
                // A look far outside the ellipse is a wrong association or a pose glitch; it is
                // left out, not averaged in.
                if filter.distance2(l) < WITHIN_999 {
                    filter.update(l);
                    f.odd = 0;
                    f.last_at = Some(l.fix.at);
                } else {
                    f.odd += 1;
                }
                if f.odd >= ODD_LOOKS {
                    if filter.offset_m(l.fix.at) > LEAP_M && !glitch {
                        // Looks that agree with each other, on something else: the number stays
                        // with the object it was given to, which is lost from now on.
                        (f.image_id, f.seen) = (None, false);
                        return;
                    }
                    // The filter had gone astray, and what it believed of motion goes with it.
                    f.filter = Some(GroundFilter::new(l, c.captured, 2.0, 0.5));
                    (f.odd, f.moved, f.anchored, f.displaced) = (0, false, false, 0);
                }
            }
            (Ok(l), None) => {
                f.filter = Some(GroundFilter::new(l, c.captured, 2.0, 0.5));
                f.last_at = Some(l.fix.at);
            }
            (Err(why), _) => f.no_fix = *why,
        }
        f.judge_motion(c, d, k.look.as_ref().ok());
        if f.judge_defect(c, d) && self.defects.len() < MOST_DEFECTS {
            self.defects.push(f.still_px);
        }
        if let (Some(px_per_m), Some(p)) = (k.px_per_m, c.pose) {
            let (speed, sigma) = f.filter.as_ref().map_or((0.0, 9.0), |x| {
                let [e, n] = x.velocity_en_m_s();
                (e.hypot(n), x.speed_sigma_m_s())
            });
            f.evidence.add(&Features {
                width_m: f64::from(d.image.w) / px_per_m,
                height_m: f64::from(d.image.h) / px_per_m,
                depression_deg: (-p.pitch_deg).clamp(0.0, 90.0),
                speed_m_s: speed,
                speed_sigma_m_s: sigma,
                warmer: (d.spot > 0.0).then_some(d.contrast > 0.0),
                moved: f.moved,
                afloat: matches!(&k.look, Ok(l) if c.ground.on_water(l.fix.at)),
            });
        }
        if c.asked {
            f.heard.hear(said);
        }
        (f.class, f.class_share) = f.evidence.best_beside(&f.heard);
        if k.px_per_m.is_some() {
            let accel_m_s2 = if f.fast() { 2.0 } else { 0.5 };
            if let Some(x) = &mut f.filter {
                x.set_accel(accel_m_s2);
            }
        }
    }

    /// Whether a look belongs to an object seen in this frame already: a second box on the same
    /// thing, or the trace a warm body leaves in the difference of two pictures beside itself.
    fn is_echo(&self, t: &ImageTrack, d: &Detection) -> bool {
        let trace = self.config.spectrum == Spectrum::Thermal && d.spot <= 0.0;
        self.followed.iter().filter(|f| f.seen).any(|f| {
            let (apart, size) = apart(&t.image, &f.image);
            apart < 0.8 * size + 1.0 || (trace && apart < if f.moved { 3.0 } else { 2.0 } * size)
        })
    }

    /// The object a look without one continues; `None` where it is likelier something new.
    fn find_again(
        &self,
        c: &Context<'_>,
        k: &Looked<'_>,
        image: &[ImageTrack],
        newcomers_per_m2: f64,
    ) -> Option<usize> {
        let l = k.look.as_ref().ok()?;
        let mut found: Vec<(f64, usize)> = Vec::new();
        for (i, f) in self.followed.iter().enumerate() {
            let (Some(filter), false, false) = (&f.filter, f.seen, f.defect) else {
                continue;
            };
            // Its own box was here a moment ago: only a second box on it may speak for it.
            let own = f.image_id.and_then(|id| image.iter().find(|t| t.id == id));
            if own.is_some_and(|o| {
                let (apart, size) = apart(&o.image, &k.track.image);
                o.unseen < 2 && apart > 0.8 * size + 1.0
            }) {
                continue;
            }
            let away_s = (c.captured.0 - f.captured.0) as f64 * 1e-6;
            let m_s = match (f.moved, f.fast()) {
                (false, _) => 0.3,
                (true, false) => 3.0,
                (true, true) => 25.0,
            };
            let gone_m = f.last_at.map_or(0.0, |at| distance_m(at, l.fix.at));
            if filter.distance2(l) >= WITHIN_99 || gone_m > 6.0 + m_s * away_s {
                continue;
            }
            let same = filter.density(l) * f.appearance.likeness(&k.appearance) * (-away_s / FORGET_S).exp();
            if same > newcomers_per_m2 {
                found.push((same, i));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (best, first) = *found.first()?;
        let place = self.followed[first].last_at?;
        let mut chosen = first;
        for (_, i) in found.iter().skip(1).filter(|(v, _)| *v > 0.25 * best) {
            let other = &self.followed[*i];
            if other.last_at.is_none_or(|at| distance_m(at, place) > SAME_PLACE_M) {
                return None;
            }
            if other.looks > self.followed[chosen].looks {
                chosen = *i;
            }
        }
        Some(chosen)
    }

    /// Many upright warm things that none of them move are a stand of trees: while they are in
    /// the picture, shape alone makes nobody a person.
    fn judge_stand(&mut self, c: &Context<'_>) {
        let upright = self
            .followed
            .iter()
            .filter(|f| !f.moved && c.captured.0 - f.captured.0 < STAND_SEEN_US && f.evidence.upright())
            .count();
        if upright >= STAND {
            self.stand_until = c.captured.plus_us(STAND_US);
        }
    }

    /// Class as it may be said of an object in this picture.
    pub(super) fn said_class(&self, c: &Context<'_>, f: &Followed) -> TargetClass {
        let named = f.heard.sure(TargetClass::Person);
        if f.class == TargetClass::Person && !f.moved && !named && c.captured <= self.stand_until {
            TargetClass::Unknown
        } else {
            f.class
        }
    }
}

/// Upright things at rest that make a stand of trees.
const STAND: usize = 4;
/// Seen within this time they count, microseconds.
const STAND_SEEN_US: i64 = 4_000_000;
/// And the stand is remembered so long, microseconds.
const STAND_US: i64 = 15_000_000;

impl Followed {
    /// Over one frame without knowing yet whether it is seen.
    fn carry(&mut self, c: &Context<'_>) {
        self.seen = false;
        self.anchor = c.map.apply(self.anchor);
        self.still_ground = c.map.apply(self.still_ground);
        if !c.healthy {
            self.still_looks = 0;
        }
        // Doubtful registration: how the ground moved is not known, so the next look begins
        // anew. No corners near: the one map has to do, and the anchor is worth a little less.
        match c.local_shift(self.anchor) {
            Some((near, scatter_px)) if c.healthy => {
                self.anchor = [self.anchor[0] + near[0], self.anchor[1] + near[1]];
                self.anchor_doubt_px += scatter_px;
            }
            None if c.healthy => self.anchor_doubt_px += 0.3 * c.zoom,
            _ => self.anchored = false,
        }
        if let Some(filter) = &mut self.filter {
            // What never moved is not carried along by the noise of its looks.
            if !self.moved && c.captured.0 - self.captured.0 > RESUME_US {
                filter.rest();
            }
            filter.predict(c.captured);
        }
    }

    /// Whether a look of its own image track is still of the same object: after a gap the box may
    /// have been taken up by another one.
    fn resumes(&self, c: &Context<'_>, k: &Looked<'_>) -> bool {
        if c.captured.0 - self.captured.0 <= RESUME_US {
            return true;
        }
        let (Some(filter), Ok(l)) = (&self.filter, &k.look) else {
            return true;
        };
        filter.distance2(l) < WITHIN_99 && self.appearance.likeness(&k.appearance) > LEAST_LIKENESS
    }

    fn fast(&self) -> bool {
        matches!(self.class, TargetClass::Vehicle | TargetClass::TwoWheeler)
    }
}

fn looked<'a>(c: &Context<'_>, t: &'a ImageTrack, d: &'a Detection) -> Looked<'a> {
    let foot = [f64::from(t.image.x + t.image.w / 2.0), f64::from(t.image.y + t.image.h)];
    let errors = FixErrors {
        pixel_px: 1.0 + 0.1 * f64::from(t.image.h),
        motion: c.motion,
    };
    let look = match c.pose {
        Some(p) => look(foot, c.width, c.height, p, c.ground, &errors),
        None => Err(NoFix::NoPose),
    };
    let px_per_m = match (&look, c.pose) {
        (Ok(l), Some(p)) => px_per_m(l.fix.slant_m, c.width, p),
        _ => None,
    };
    Looked {
        track: t,
        detection: d,
        look,
        px_per_m,
        appearance: Appearance::of(&t.image, d, px_per_m),
    }
}

/// Middles of two boxes from each other, and the longest side of both, pixels.
fn apart(a: &ImageBox, b: &ImageBox) -> (f64, f64) {
    let ([ax, ay], [bx, by]) = (middle(a), middle(b));
    let size = f64::from(a.h.max(a.w).max(b.h).max(b.w));
    ((ax - bx).hypot(ay - by), size)
}

/// How densely other objects stand in this picture, per square metre: what is seen, and three
/// more, over the ground in view.
fn newcomers_per_m2(c: &Context<'_>, seen: usize) -> f64 {
    let area = match (c.pose, c.centre_slant_m) {
        (Some(p), Some(slant_m)) => px_per_m(slant_m, c.width, p).map(|k| {
            let sine = (-p.pitch_deg).to_radians().sin().max(0.1);
            c.width as f64 / k * (c.height as f64 / (k * sine))
        }),
        _ => None,
    };
    (seen as f64 + 3.0) / area.unwrap_or(10_000.0).clamp(100.0, 1e7)
}
