//! People, two-wheelers and vehicles in one thermal picture: spots of the right size, then the
//! classifier. Usable alone on pictures whose ground sample distance is known.

use vedette_model::{ImageBox, TargetClass};

use crate::SightError;
use crate::chip::{Chip, Levels};
use crate::chipnet::{ChipKinds, ChipNet};
use crate::detect::Detection;
use crate::hotspots::{self, SpotGate, SpotSize};
use crate::image::{GrayFrame, Plane};
use crate::tracker::overlap;

/// What the geometry says about one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalScene {
    /// Pixels per metre across the line of sight at the ground.
    pub px_per_m: f64,
    /// Depression of the line of sight, degrees.
    pub depression_deg: f64,
}

/// A classified candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalObject {
    /// Box, pixels.
    pub image: ImageBox,
    /// Kind; never `Unknown`.
    pub class: TargetClass,
    /// Share of the kind among the classifier's four; not a probability of being right.
    pub score: f32,
}

/// Spots looked at per picture at most.
const MOST: usize = 300;

fn sizes(scene: &ThermalScene) -> Option<(f32, Vec<SpotSize>)> {
    let k = scene.px_per_m as f32;
    if !(k.is_finite() && k > 0.2 && scene.depression_deg.is_finite()) {
        return None;
    }
    let (sin, cos) = (scene.depression_deg as f32).clamp(0.0, 90.0).to_radians().sin_cos();
    let size = |w: f32, h: f32, depth: f32| SpotSize {
        w: w * k,
        h: (h * cos + depth * sin) * k,
    };
    let all = vec![
        size(0.6, 1.7, 0.5),
        size(0.4, 0.8, 0.4),
        size(1.6, 1.3, 1.0),
        size(3.0, 1.4, 3.0),
        size(4.2, 1.5, 1.8),
        size(1.9, 1.5, 4.2),
    ];
    Some((k, all))
}

/// Everything that may be something: warm and cold spots of the sizes looked for, by a low gate.
#[must_use]
pub fn thermal_candidates(frame: &GrayFrame<'_>, scene: &ThermalScene) -> Vec<Detection> {
    candidates(&Plane::of(frame), scene)
}

fn candidates(plane: &Plane, scene: &ThermalScene) -> Vec<Detection> {
    let Some((k, sizes)) = sizes(scene) else {
        return Vec::new();
    };
    let gate = SpotGate {
        contrast: 5.0,
        ratio: 0.9,
        side_px: [(0.35 * k).max(2.0), (9.0 * k).max(8.0)],
    };
    hotspots::candidates(&plane.blur3(), &sizes, &gate, MOST)
}

/// The shipped classifier's card: what it was trained on, what it was measured at, what it is not for.
pub const CHIP_CARD: &str = include_str!("../data/chips.md");

/// The classifier at work on whole pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct ThermalDetector {
    net: ChipNet,
    least: f32,
}

impl ThermalDetector {
    /// Share from which an object is reported; chosen on the training altitudes for at least nine
    /// right of ten people.
    pub const LEAST: f32 = 0.8;

    /// With the shipped weights.
    ///
    /// # Errors
    /// [`SightError::Weights`] when they were damaged before the build.
    pub fn shipped() -> Result<Self, SightError> {
        Ok(Self::new(ChipNet::shipped()?, Self::LEAST))
    }

    /// With given weights and threshold.
    #[must_use]
    pub fn new(net: ChipNet, least: f32) -> Self {
        Self { net, least }
    }

    /// What a candidate's chip shows.
    #[must_use]
    pub fn kinds(&self, chip: &Chip) -> ChipKinds {
        self.net.kinds(chip)
    }

    /// Objects of one picture, best first.
    #[must_use]
    pub fn detect(&self, frame: &GrayFrame<'_>, scene: &ThermalScene) -> Vec<ThermalObject> {
        let plane = Plane::of(frame);
        let levels = Levels::of(&plane);
        let mut found: Vec<ThermalObject> = candidates(&plane, scene)
            .iter()
            .filter_map(|d| {
                let chip = Chip::from_plane(
                    &plane,
                    levels,
                    &d.image,
                    scene.px_per_m,
                    scene.depression_deg,
                    d.contrast,
                    d.spot,
                );
                let k = self.net.kinds(&chip);
                let (class, score) = [
                    (TargetClass::Person, k.person),
                    (TargetClass::TwoWheeler, k.two_wheeler),
                    (TargetClass::Vehicle, k.vehicle),
                ]
                .into_iter()
                .max_by(|a, b| a.1.total_cmp(&b.1))?;
                (score >= self.least).then_some(ThermalObject {
                    image: d.image,
                    class,
                    score,
                })
            })
            .collect();
        found.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.image.y.total_cmp(&b.image.y))
                .then(a.image.x.total_cmp(&b.image.x))
        });
        let mut kept: Vec<ThermalObject> = Vec::new();
        for o in found {
            if kept
                .iter()
                .all(|k| overlap(&k.image, &o.image, 0.0) < 0.3 && !covers(&k.image, &o.image))
            {
                kept.push(o);
            }
        }
        kept
    }
}

/// Whether one box's middle lies inside the other, either way round: two cut-outs of one thing.
fn covers(a: &ImageBox, b: &ImageBox) -> bool {
    let inside = |p: &ImageBox, q: &ImageBox| {
        let (cx, cy) = (p.x + p.w / 2.0, p.y + p.h / 2.0);
        cx >= q.x && cx <= q.x + q.w && cy >= q.y && cy <= q.y + q.h
    };
    inside(a, b) || inside(b, a)
}
