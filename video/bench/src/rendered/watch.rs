//! People on a stage, filmed once and watched under many draws of a pose's errors.
//!
//! Knows no question: who steps over a line, whose number goes on, which ellipse holds whom is asked of
//! what each frame showed.

use std::collections::BTreeMap;

use vedette_model::{GroundTrack, SensorPose, TrackId};
use vedette_sight::Analyst;

use super::stage::{Aim, Class, Errors, Flight, Setting, Slope, Stage, walker};
use super::{HZ, Shot, look, renderer, shot};
use crate::BenchError;

/// Half side of the stage, metres.
const HALF_M: f64 = 700.0;

/// A walk from one place to another, metres east and north, at metres per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    pub(super) speed_m_s: f64,
}

/// A stage at night with people on it, `person-0` and so on, each on a walk of their own.
pub(super) fn people(seed: u64, walks: &[Walk]) -> Result<Stage, BenchError> {
    let actors = walks
        .iter()
        .zip(0u64..)
        .map(|(w, p)| walker(&format!("person-{p}"), w.from, w.to, w.speed_m_s, seed + p))
        .collect();
    Ok(Stage::build(
        seed,
        HALF_M,
        Setting {
            actors,
            hour: 1,
            ..Setting::default()
        },
    )?)
}

/// Round what is looked at, so fast that the line of sight turns by `pace` metres per metre of range
/// each second, as far as such an aircraft can.
pub(super) fn round(class: &Class, seed: u64, from_deg: f64, pace: f64) -> Flight {
    Flight {
        class: *class,
        from_deg,
        speed_m_s: (pace * class.slant_m()).clamp(3.0, 20.0),
        along: false,
        sensor_seed: seed,
    }
}

/// What a flight's camera shows from one second to another.
pub(super) struct Film<'a> {
    stage: &'a Stage,
    flight: Flight,
    aim: Aim<'a>,
    pub(super) shots: Vec<(f64, Shot)>,
}

/// Films a stage.
pub(super) fn film<'a>(stage: &'a Stage, flight: Flight, aim: Aim<'a>, seconds: (f64, f64)) -> Film<'a> {
    let mut r = renderer(stage);
    let shots = ((seconds.0 * HZ) as u64..(seconds.1 * HZ) as u64)
        .map(|i| {
            let t = i as f64 / HZ;
            (t, shot(&mut r, &flight.camera(stage, aim, t), t))
        })
        .collect();
    Film {
        stage,
        flight,
        aim,
        shots,
    }
}

/// One frame of a watch.
pub(super) struct Seen<'a> {
    pub(super) t_s: f64,
    pub(super) shot: &'a Shot,
    pub(super) pose: &'a SensorPose,
    pub(super) tracks: &'a [GroundTrack],
    /// Whose track is whose, by all frames so far: the one it was on last.
    pub(super) whose: &'a BTreeMap<TrackId, String>,
}

impl Film<'_> {
    /// Analyses the film under one draw of errors, over the ground as the terrain data have it.
    pub(super) fn watch(
        &self,
        mut sight: Analyst,
        mut errors: Errors,
        ground: &Slope,
        each: &mut dyn FnMut(&Seen<'_>),
    ) -> Result<(), BenchError> {
        let mut whose: BTreeMap<TrackId, String> = BTreeMap::new();
        for (t_s, shot) in &self.shots {
            let pose = errors.pose(&self.flight, self.stage, self.aim, *t_s);
            let tracks = look(&mut sight, shot, *t_s, &pose, ground)?;
            for track in tracks.iter().filter(|t| t.seen) {
                if let Some(b) = shot.whose(track) {
                    whose.insert(track.id, b.actor.clone());
                }
            }
            each(&Seen {
                t_s: *t_s,
                shot,
                pose: &pose,
                tracks: &tracks,
                whose: &whose,
            });
        }
        Ok(())
    }
}
