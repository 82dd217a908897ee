//! What the camera sees of the border from a leg.
//!
//! Invariant: a metre counts as watched only if it is inside the picture with a margin, has the
//! pixels asked for on the target, and no ground stands between, at both ends and in the middle
//! of the leg, with the gimbal held at the angles the mission item commands.

use vedette_atlas::{Border, Plane, RayHit, Terrain};
use vedette_geo::{Amsl, LatLon, Ned, Vec3};
use vedette_model::TargetClass;
use vedette_model::plan::Camera;

use crate::space::{Xy, course_deg, dist, lerp};

/// Share of the half picture that counts, across and down.
const FRAME_SHARE: f64 = 0.92;
/// How finely a watcher looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grain {
    /// Step along the border, metres.
    pub(crate) step_m: f64,
    /// Furthest border looked at on either side of the aimed chainage, metres.
    pub(crate) reach_m: f64,
    /// Places of a leg looked from, ends included.
    pub(crate) places: usize,
}

/// For short sections, flown low.
pub(crate) const FINE: Grain = Grain {
    step_m: 6.0,
    reach_m: 180.0,
    places: 5,
};
/// For long ones, flown high.
pub(crate) const COARSE: Grain = Grain {
    step_m: 40.0,
    reach_m: 200.0,
    places: 3,
};
/// A stretch shorter than this on either side is not worth claiming, metres.
const LEAST_HALF_M: f64 = 4.0;

/// Width of a target across the line of sight, metres: shoulder width of an adult 0.5 m
/// (NATO STANAG 4347 uses 0.5 × 1.8 m for a standing person), car 1.8 m, small boat 2 m.
#[must_use]
pub fn target_width_m(target: TargetClass) -> f64 {
    match target {
        TargetClass::Person | TargetClass::Animal | TargetClass::Unknown => 0.5,
        TargetClass::TwoWheeler => 0.6,
        TargetClass::Vehicle => 1.8,
        TargetClass::Boat => 2.0,
    }
}

/// Everything a look needs besides the leg.
pub(crate) struct Watcher<'a> {
    pub(crate) terrain: &'a Terrain,
    pub(crate) border: &'a Border,
    pub(crate) plane: Plane,
    pub(crate) section_from_m: f64,
    pub(crate) section_m: f64,
    pub(crate) camera: Camera,
    pub(crate) pixels: f64,
    pub(crate) target_m: f64,
    pub(crate) grain: Grain,
    /// Border points every `grain.step_m` with ground height, index by chainage.
    pub(crate) line: Vec<Option<(LatLon, Xy, f64)>>,
}

/// What a leg sees and how the camera points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Look {
    /// Depression, degrees below the horizon.
    pub(crate) depression_deg: f64,
    /// Azimuth of the camera axis, degrees true.
    pub(crate) azimuth_deg: f64,
    /// Chainage of the middle of the watched stretch at start and end, metres.
    pub(crate) watches_m: [f64; 2],
    /// Metres watched on either side of it.
    pub(crate) half_m: f64,
    /// Where the axis meets the ground at start and end.
    pub(crate) aim: [LatLon; 2],
}

/// Why a leg sees nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unseen {
    Hidden,
    Pixels,
    Gimbal,
}

impl Unseen {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Hidden => "hidden by terrain",
            Self::Pixels => "too few pixels on the target",
            Self::Gimbal => "out of the picture or of the gimbal's reach",
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "indices along a section"
)]
impl<'a> Watcher<'a> {
    #[expect(clippy::too_many_arguments, reason = "one place builds it")]
    pub(crate) fn new(
        terrain: &'a Terrain,
        border: &'a Border,
        plane: Plane,
        section_from_m: f64,
        section_m: f64,
        camera: Camera,
        (pixels, target_m): (f64, f64),
        grain: Grain,
    ) -> Self {
        let n = (section_m / grain.step_m).floor() as usize;
        let line = (0..=n)
            .map(|k| {
                let at = border.at(section_from_m + k as f64 * grain.step_m);
                terrain.elevation(at).map(|h| (at, plane.to_xy(at), h.0))
            })
            .collect();
        Self {
            terrain,
            border,
            plane,
            section_from_m,
            section_m,
            camera,
            pixels,
            target_m,
            grain,
            line,
        }
    }

    fn vfov_tan(&self) -> f64 {
        (0.5 * self.camera.hfov_deg).to_radians().tan() * f64::from(self.camera.height_px)
            / f64::from(self.camera.width_px)
    }

    /// Unit vectors forward, right, down of a camera held level.
    fn axes(azimuth_deg: f64, depression_deg: f64) -> [Vec3<Ned>; 3] {
        let (sa, ca) = azimuth_deg.to_radians().sin_cos();
        let (sd, cd) = depression_deg.to_radians().sin_cos();
        let forward = Vec3::new(cd * ca, cd * sa, sd);
        let right = Vec3::new(-sa, ca, 0.0);
        [forward, right, forward.cross(right)]
    }

    /// Whether the k-th point of the line is watched from a place with these axes.
    fn sees(&self, from: (Xy, f64), axes: &[Vec3<Ned>; 3], k: usize) -> Result<(), Unseen> {
        let Some((at, xy, ground)) = self.line.get(k).copied().flatten() else {
            return Err(Unseen::Hidden);
        };
        let v = Vec3::<Ned>::new(xy.1 - from.0.1, xy.0 - from.0.0, from.1 - ground);
        let depth = v.dot(axes[0]);
        let half = (0.5 * self.camera.hfov_deg).to_radians().tan();
        if depth <= 1.0
            || (v.dot(axes[1]) / depth).abs() > half * FRAME_SHARE
            || (v.dot(axes[2]) / depth).abs() > self.vfov_tan() * FRAME_SHARE
        {
            return Err(Unseen::Gimbal);
        }
        let focal_px = f64::from(self.camera.width_px) / (2.0 * half);
        if focal_px * self.target_m / v.norm() < self.pixels {
            return Err(Unseen::Pixels);
        }
        let place = self.plane.to_latlon(from.0.0, from.0.1);
        match self.terrain.visible((place, Amsl(from.1)), (at, Amsl(ground + 0.5))) {
            Some(true) => Ok(()),
            _ => Err(Unseen::Hidden),
        }
    }

    /// The stretch of chainage seen around `centre_m`.
    fn stretch(&self, from: (Xy, f64), axes: &[Vec3<Ned>; 3], centre_m: f64) -> Result<(f64, f64), Unseen> {
        let last = self.line.len() - 1;
        let centre = ((centre_m / self.grain.step_m).round().max(0.0) as usize).min(last);
        let mut why = Unseen::Gimbal;
        let start = (0..6)
            .flat_map(|k| [centre.saturating_sub(k), (centre + k).min(last)])
            .find(|k| match self.sees(from, axes, *k) {
                Ok(()) => true,
                Err(w) => {
                    why = why.min(w);
                    false
                }
            })
            .ok_or(why)?;
        let reach = (self.grain.reach_m / self.grain.step_m) as usize;
        let (mut low, mut high) = (start, start);
        while low > 0 && start - low < reach && self.sees(from, axes, low - 1).is_ok() {
            low -= 1;
        }
        while high < last && high - start < reach && self.sees(from, axes, high + 1).is_ok() {
            high += 1;
        }
        // The very ends of the section count once the last point before them is seen.
        let top = if high == last {
            self.section_m
        } else {
            high as f64 * self.grain.step_m
        };
        Ok((low as f64 * self.grain.step_m, top))
    }

    /// The best fixed gimbal angles for a leg that watches chainage `chain` and what they see.
    pub(crate) fn look(&self, a: (Xy, f64), b: (Xy, f64), chain: [f64; 2]) -> Result<Look, Unseen> {
        let middle = (lerp(a.0, b.0, 0.5), 0.5 * (a.1 + b.1));
        let centre = 0.5 * (chain[0] + chain[1]);
        let target = self.border.at(self.section_from_m + centre);
        let xy = self.plane.to_xy(target);
        let ground = self.terrain.elevation(target).ok_or(Unseen::Hidden)?.0;
        let depression = (middle.1 - ground).atan2(dist(middle.0, xy).max(0.1)).to_degrees();
        let depression_deg = depression.clamp(self.camera.min_depression_deg, self.camera.max_depression_deg);
        let azimuth_deg = course_deg(middle.0, xy);
        let axes = Self::axes(azimuth_deg, depression_deg);
        let last = self.grain.places - 1;
        let mut seen = vec![(0.0, 0.0); self.grain.places];
        for (i, s) in seen.iter_mut().enumerate() {
            let t = i as f64 / last as f64;
            let from = (lerp(a.0, b.0, t), a.1 + (b.1 - a.1) * t);
            *s = self.stretch(from, &axes, chain[0] + (chain[1] - chain[0]) * t)?;
        }
        let mid = |s: (f64, f64)| 0.5 * (s.0 + s.1);
        let watches_m = [mid(seen[0]), mid(seen[last])];
        let half_m = seen
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let w = watches_m[0] + (watches_m[1] - watches_m[0]) * i as f64 / last as f64;
                (w - s.0).min(s.1 - w)
            })
            .fold(f64::INFINITY, f64::min);
        if half_m < LEAST_HALF_M {
            return Err(Unseen::Gimbal);
        }
        let aim = [a, b].map(|p| {
            let from = self.plane.to_latlon(p.0.0, p.0.1);
            match self.terrain.cast(from, Amsl(p.1), axes[0], 5000.0) {
                RayHit::Ground { at, .. } => at,
                // Past the ground it knows: on the same axis, as far as the line is.
                _ => {
                    let far = dist(p.0, xy);
                    let (sin, cos) = azimuth_deg.to_radians().sin_cos();
                    self.plane.to_latlon(p.0.0 + far * sin, p.0.1 + far * cos)
                }
            }
        });
        // Over a crest the axis leaps from one slope to the next: what lies between is not told.
        if vedette_geo::distance_m(aim[0], aim[1]) > 2.5 * dist(a.0, b.0) + 60.0 {
            return Err(Unseen::Hidden);
        }
        Ok(Look {
            depression_deg,
            azimuth_deg,
            watches_m,
            half_m,
            aim,
        })
    }
}
