//! Rendered watches with known truth: do the ellipses hold what they say, how soon is a crossing
//! told, what is told of nothing, and does a number stay with its person from aircraft to aircraft.
//!
//! The simulator's renderer, the analyst and the rules, nothing between them: no stream, no clock,
//! no station. Everything follows from seeds, so that a figure that is printed can be had again.

mod clutter;
mod ellipses;
mod pairs;
mod stage;
mod steps;
mod watch;

use std::time::Duration;

use vedette_model::{CameraId, GroundTrack, Pts, Spectrum, Utc, VehicleId};
use vedette_sight::{Analyst, AnalystConfig, GrayFrame, SightPolicy, TrackIds};
use vedette_sim::{CameraState, Image, Quality, Rendered, Renderer, SimError, TruthBox};

pub use clutter::{Clutter, clutter};
pub use ellipses::{Ellipses, ellipses};
pub use pairs::{Pairs, pairs};
pub use stage::{CLASSES, Class, Errors, Flight, Setting, Slope, Stage, going, walker};
pub use steps::{Steps, steps};

use crate::{BenchError, Row};

/// How much is rendered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Classes looked at for the ellipses, scenes of each, draws of the pose's errors per scene.
    pub ellipses: [u64; 3],
    /// Classes with people who cross, scenes of each, draws of each.
    pub steps: [u64; 3],
    /// Flights over clutter, and seconds of each.
    pub clutter: [u64; 2],
    /// Scenes watched by two aircraft.
    pub pairs: u64,
    /// Added to every seed: other watches of the same kind.
    pub seeds: u64,
}

impl Extent {
    /// What the table asks for: some tens of minutes of processor time.
    pub const FULL: Self = Self {
        ellipses: [5, 3, 30],
        steps: [5, 2, 4],
        clutter: [40, 90],
        pairs: 8,
        seeds: 0,
    };
    /// The same questions in a minute or two: figures, too few for the bars.
    pub const SHORT: Self = Self {
        ellipses: [5, 1, 8],
        steps: [2, 1, 2],
        clutter: [2, 30],
        pairs: 1,
        seeds: 0,
    };
    /// A few seconds of it, for every test run.
    pub const LEAST: Self = Self {
        ellipses: [1, 1, 3],
        steps: [0; 3],
        clutter: [0; 2],
        pairs: 0,
        seeds: 0,
    };
}

/// Thermal frames of a watch a second.
pub(crate) const HZ: f64 = 8.0;
/// A box's middle so near the truth is of it, pixels, beyond the box itself.
const NEAR_PX: f32 = 4.0;
/// Less of somebody than this to be seen is not held against the analyst.
const VISIBLE: f32 = 0.6;

/// A frame as the analyst gets it, with what is truly in it.
pub(crate) struct Shot {
    pub(crate) gray: Vec<u8>,
    pub(crate) size: (usize, usize),
    pub(crate) boxes: Vec<TruthBox>,
}

pub(crate) fn shot(renderer: &mut Renderer, camera: &CameraState, t_s: f64) -> Shot {
    let Rendered { image, boxes } = renderer.render(camera, t_s);
    let (w, h) = image.size();
    let gray = match image {
        Image::Gray8 { data, .. } => data,
        Image::Rgb8 { data, .. } => data
            .chunks_exact(3)
            .map(|c| ((u32::from(c[0]) * 77 + u32::from(c[1]) * 150 + u32::from(c[2]) * 29) >> 8) as u8)
            .collect(),
    };
    Shot {
        gray,
        size: (w as usize, h as usize),
        boxes,
    }
}

impl Shot {
    /// Whose picture a track's box is on.
    pub(crate) fn whose(&self, t: &GroundTrack) -> Option<&TruthBox> {
        let (x, y) = (t.image.x + t.image.w / 2.0, t.image.y + t.image.h / 2.0);
        self.boxes
            .iter()
            .filter(|b| {
                let i = b.image;
                x > i.x - NEAR_PX && x < i.x + i.w + NEAR_PX && y > i.y - NEAR_PX && y < i.y + i.h + NEAR_PX
            })
            .min_by(|a, b| {
                let off = |b: &TruthBox| (b.image.x + b.image.w / 2.0 - x).hypot(b.image.y + b.image.h / 2.0 - y);
                off(a).total_cmp(&off(b))
            })
    }
}

/// An analyst of camera `index` (from 0) of `of`.
pub(crate) fn analyst(index: u32, of: u32) -> Analyst {
    Analyst::new(AnalystConfig {
        camera: CameraId(11 + 10 * index),
        vehicle: VehicleId(1 + index),
        spectrum: Spectrum::Thermal,
        policy: SightPolicy::default(),
        ids: TrackIds::of_camera(index, of),
    })
}

pub(crate) fn look(
    analyst: &mut Analyst,
    shot: &Shot,
    t_s: f64,
    pose: &vedette_model::SensorPose,
    ground: &Slope,
) -> Result<Vec<GroundTrack>, BenchError> {
    let frame = GrayFrame::new(shot.size.0, shot.size.1, &shot.gray).map_err(|e| broken(&e))?;
    let out = analyst.analyse(
        &frame,
        Utc((t_s * 1e6) as i64),
        Pts((t_s * 90_000.0) as i64),
        Some(pose),
        ground,
    );
    Ok(out.tracks)
}

pub(crate) fn renderer(stage: &Stage) -> Renderer {
    Renderer::with_quality(std::sync::Arc::clone(&stage.scene), Quality::Standard)
}

pub(crate) fn broken(e: &dyn std::fmt::Display) -> BenchError {
    BenchError::Data {
        path: "rendered scene".into(),
        why: e.to_string(),
    }
}

impl From<SimError> for BenchError {
    fn from(e: SimError) -> Self {
        broken(&e)
    }
}

/// Share of `n` in `of`, 0..=1.
pub(crate) fn share(n: u64, of: u64) -> f64 {
    n as f64 / of.max(1) as f64
}

/// The rows about rendered watches. `progress` is told what is being rendered.
#[must_use]
pub fn rendered(extent: &Extent, progress: &dyn Fn(&str)) -> Vec<Row> {
    let on = &match extent.seeds {
        0 => "rendered, seeds of its own".to_owned(),
        n => format!("rendered, its own seeds and {n}"),
    };
    let mut rows = Vec::new();
    let mut part = |name: &str, run: &dyn Fn() -> Result<Vec<Row>, BenchError>| {
        progress(name);
        rows.extend(run().unwrap_or_else(|e| vec![Row::left_out(name, on, &e)]));
    };
    if extent.ellipses[0] > 0 {
        part("ellipses that hold the truth", &|| Ok(ellipses(extent)?.rows(on)));
    }
    if extent.steps[0] > 0 {
        part("steps over the line", &|| Ok(steps(extent)?.rows(on)));
    }
    if extent.clutter[0] > 0 {
        part("clutter alone", &|| Ok(clutter(extent)?.rows(on)));
    }
    if extent.pairs > 0 {
        part("custody from aircraft to aircraft", &|| Ok(pairs(extent)?.rows(on)));
    }
    rows
}

/// `1 h 12 min`, for flight times.
pub(crate) fn flown(s: f64) -> String {
    let d = Duration::from_secs_f64(s.max(0.0)).as_secs();
    format!("{} h {:02} min", d / 3600, d % 3600 / 60)
}
