//! People, two-wheelers and vehicles in one thermal picture: everything that stands out at their
//! size, then boosted trees. Usable alone on pictures whose ground sample distance is known.

use vedette_model::{ImageBox, TargetClass};

use crate::SightError;
use crate::blobs::{Blob, blobs, working};
use crate::detect::Detection;
use crate::forest::Forests;
use crate::hotspots::{self, SpotGate, SpotSize};
use crate::image::{GrayFrame, Plane};
use crate::outlook::{OUTLOOK, PLAIN, Scenery};
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
    /// Share its kind's trees give it; not a probability of being right.
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

/// The shipped forests.
const SHIPPED: &[u8] = include_bytes!("../data/forest.bin");
/// Their card: what they were trained on, what they were measured at, what they are not for.
pub const THERMAL_CARD: &str = include_str!("../data/forest.md");

/// Least share of each kind that is reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalLeast {
    /// People.
    pub person: f32,
    /// Bicycles and motorcycles.
    pub two_wheeler: f32,
    /// Cars and larger.
    pub vehicle: f32,
}

impl ThermalLeast {
    /// The card's: the row of its table that holds the bar for people, and about seven of ten right for the others.
    pub const CARD: Self = Self {
        person: 0.65,
        two_wheeler: 0.35,
        vehicle: 0.5,
    };

    /// One share for all kinds.
    #[must_use]
    pub fn all(least: f32) -> Self {
        Self {
            person: least,
            two_wheeler: least,
            vehicle: least,
        }
    }
}

/// The classifier at work on whole pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct ThermalDetector {
    forests: Forests,
    least: ThermalLeast,
}

/// A picture brought to the working scale, with its blobs.
struct Prepared {
    scenery: Scenery,
    blobs: Vec<Blob>,
    zoom: f32,
}

fn prepare(plane: Plane, scene: &ThermalScene) -> Option<Prepared> {
    let k = scene.px_per_m as f32;
    if !(k.is_finite() && k > 0.2 && scene.depression_deg.is_finite()) {
        return None;
    }
    let (plane, k, zoom) = working(plane, k);
    let half = plane.half();
    let blobs = blobs(&plane, &half, k);
    Some(Prepared {
        scenery: Scenery::new(plane, half, k, scene.depression_deg as f32),
        blobs,
        zoom,
    })
}

fn box_of(b: &Blob, zoom: f32) -> ImageBox {
    ImageBox {
        x: f32::from(b.x0) * zoom,
        y: f32::from(b.y0) * zoom,
        w: b.width() * zoom,
        h: b.height() * zoom,
    }
}

/// Every blob of a picture with its [`OUTLOOK`] numbers: what the trees are trained on.
#[must_use]
pub fn thermal_outlooks(frame: &GrayFrame<'_>, scene: &ThermalScene) -> Vec<(ImageBox, [f32; OUTLOOK])> {
    let Some(p) = prepare(Plane::of(frame), scene) else {
        return Vec::new();
    };
    let mut out = Vec::with_capacity(p.blobs.len());
    p.scenery.each(&p.blobs, &|_| true, &mut |b, numbers| {
        out.push((box_of(b, p.zoom), *numbers));
    });
    out
}

impl ThermalDetector {
    /// With the shipped forests and the card's shares.
    ///
    /// # Errors
    /// [`SightError::Weights`] when the file in the source tree was damaged before the build.
    pub fn shipped() -> Result<Self, SightError> {
        Self::from_bytes(SHIPPED, ThermalLeast::CARD)
    }

    /// The bytes of the shipped forests, for a hash that names them.
    #[must_use]
    pub fn shipped_bytes() -> &'static [u8] {
        SHIPPED
    }

    /// With a file of forests, as `video/bench/train/thermal_forest.py` writes it.
    ///
    /// # Errors
    /// [`SightError::Weights`] when it is not a full set of sound trees.
    pub fn from_bytes(bytes: &[u8], least: ThermalLeast) -> Result<Self, SightError> {
        Ok(Self {
            forests: Forests::from_bytes(bytes, PLAIN, OUTLOOK)?,
            least,
        })
    }

    /// The same with other least shares.
    #[must_use]
    pub fn from_share(mut self, least: ThermalLeast) -> Self {
        self.least = least;
        self
    }

    /// Objects of one picture, best first.
    #[must_use]
    pub fn detect(&self, frame: &GrayFrame<'_>, scene: &ThermalScene) -> Vec<ThermalObject> {
        self.detect_plane(Plane::of(frame), scene)
    }

    pub(crate) fn detect_plane(&self, plane: Plane, scene: &ThermalScene) -> Vec<ThermalObject> {
        let Some(p) = prepare(plane, scene) else {
            return Vec::new();
        };
        let mut found: Vec<ThermalObject> = Vec::new();
        p.scenery
            .each(&p.blobs, &|plain| self.forests.worth(plain), &mut |b, numbers| {
                let s = self.forests.shares(numbers);
                let best = [
                    (TargetClass::Person, s.person, self.least.person),
                    (TargetClass::TwoWheeler, s.two_wheeler, self.least.two_wheeler),
                    (TargetClass::Vehicle, s.vehicle, self.least.vehicle),
                ]
                .into_iter()
                .filter(|(_, share, least)| share >= least)
                .max_by(|a, b| a.1.total_cmp(&b.1));
                if let Some((class, score, _)) = best {
                    found.push(ThermalObject {
                        image: box_of(b, p.zoom),
                        class,
                        score,
                    });
                }
            });
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
