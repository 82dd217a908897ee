//! The scenario file: what an author writes, as TOML.
//!
//! Invariant: unknown names are refused (a typing mistake must not be a silent default); every
//! length is in metres, every time in seconds of the scenario, every angle in degrees true.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use vedette_model::plan::{Energy, Envelope};
use vedette_model::{Airframe, Family, Spectrum};

use crate::light::Weather;

/// A scenario as written. See `sim/scenarios/first-watch.toml` for every key with its meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Title.
    pub name: String,
    /// UTC at second 0, RFC 3339 (`2026-11-14T06:25:00Z`).
    pub epoch: Spanned<String>,
    /// Seed of all chance.
    #[serde(default)]
    pub seed: u64,
    /// How long it runs, seconds; actors without a plan stand still after it.
    #[serde(default = "d_duration")]
    pub duration_s: f64,
    /// Named times, seconds, that steps may use instead of numbers; overridable.
    #[serde(default)]
    pub times: BTreeMap<String, f64>,
    /// Where the scene's map begins; absent: in the middle of all that is placed.
    pub origin: Option<Place>,
    /// Weather.
    #[serde(default)]
    pub weather: Weather,
    /// Ground cover.
    #[serde(default)]
    pub cover: CoverFile,
    /// Aircraft.
    #[serde(default)]
    pub vehicle: Vec<VehicleFile>,
    /// Roads and paths.
    #[serde(default)]
    pub track: Vec<TrackFile>,
    /// Discs without trees.
    #[serde(default)]
    pub clearing: Vec<ClearingFile>,
    /// Stones that kept the day's warmth.
    #[serde(default)]
    pub warm_stone: Vec<StoneFile>,
    /// People, animals, vehicles.
    #[serde(default)]
    pub actor: Vec<ActorFile>,
}

fn d_duration() -> f64 {
    900.0
}

/// A place: either `{ lat, lon }`, or `{ border, km, inside_m, along_m }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Latitude, degrees.
    pub lat: Option<f64>,
    /// Longitude, degrees.
    pub lon: Option<f64>,
    /// Name of the site's border line.
    pub border: Option<String>,
    /// Kilometres along it.
    pub km: Option<f64>,
    /// Metres from the line, positive on the home side.
    #[serde(default)]
    pub inside_m: f64,
    /// Metres further along the line's direction there.
    #[serde(default)]
    pub along_m: f64,
}

/// A time: seconds, or the name of one of `[times]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum When {
    /// Seconds of the scenario.
    Seconds(f64),
    /// A key of `[times]`.
    Name(String),
}

/// `[cover]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoverFile {
    /// Share of the land under wood below the tree line, 0..=1.
    pub forest_share: f64,
    /// No trees above, metres AMSL.
    pub tree_line_m: f64,
}

impl Default for CoverFile {
    fn default() -> Self {
        Self {
            forest_share: 0.3,
            tree_line_m: 2_250.0,
        }
    }
}

/// `[[vehicle]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VehicleFile {
    /// MAVLink system id, 1..=250.
    pub system: Spanned<u8>,
    /// Tail number.
    pub tail: String,
    /// Name crews call it.
    pub name: String,
    /// `copter`, `plane` or `quadplane`.
    pub airframe: Airframe,
    /// `ardupilot` or `px4`.
    #[serde(default = "d_family")]
    pub family: Family,
    /// Where it stands at second 0.
    pub home: Place,
    /// Nose direction on the ground, degrees true.
    #[serde(default)]
    pub heading_deg: f64,
    /// Flight envelope; absent: a small aircraft of its kind.
    pub envelope: Option<Envelope>,
    /// Energy; absent: a small aircraft of its kind.
    pub energy: Option<Energy>,
    /// Constant heading error that the aircraft does not know of, degrees.
    #[serde(default)]
    pub heading_bias_deg: f64,
    /// Its clock runs ahead of UTC by, milliseconds.
    #[serde(default)]
    pub clock_offset_ms: f64,
    /// Cameras.
    #[serde(default)]
    pub camera: Vec<CameraFile>,
}

fn d_family() -> Family {
    Family::ArduPilot
}

/// `[[vehicle.camera]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraFile {
    /// `thermal` or `visible`.
    pub spectrum: Spectrum,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// Pixels across, a multiple of 16.
    pub width: u32,
    /// Pixels down, a multiple of 2.
    pub height: u32,
    /// Frames per second of the scenario.
    pub fps: f64,
    /// UDP port its MPEG-TS goes to.
    pub port: u16,
    /// Bit rate, megabits per second of the scenario.
    #[serde(default = "d_rate")]
    pub mbit_s: f64,
}

fn d_rate() -> f64 {
    3.0
}

/// `[[track]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackFile {
    /// Name, for actors that follow it.
    pub name: Spanned<String>,
    /// Width, metres; above 2 it is gravel.
    pub width_m: f64,
    /// Two ruts with grass between.
    #[serde(default)]
    pub ruts: bool,
    /// Its points.
    pub along: Vec<Place>,
}

/// `[[clearing]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearingFile {
    /// Middle.
    pub at: Place,
    /// Radius, metres.
    pub radius_m: f64,
}

/// `[[warm_stone]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoneFile {
    /// Where.
    pub at: Place,
    /// Longest side, metres.
    pub size_m: f64,
    /// Warmer than other boulders by, degrees Celsius.
    pub excess_c: f64,
}

/// `[[actor]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorFile {
    /// Name in the truth.
    pub name: Spanned<String>,
    /// `person`, `car`, `cow`, `chamois`, `boar` or `dog`.
    pub kind: crate::ActorKind,
    /// Where it starts.
    pub at: Place,
    /// Size as a share of the usual.
    #[serde(default = "d_one")]
    pub size: f64,
    /// What it does, in order.
    #[serde(default)]
    pub step: Vec<StepFile>,
}

fn d_one() -> f64 {
    1.0
}

/// `[[actor.step]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, tag = "do", rename_all = "lowercase")]
pub enum StepFile {
    /// Stands still.
    Stay {
        /// Until.
        until_s: When,
    },
    /// Paces about where it is.
    Loiter {
        /// Until.
        until_s: When,
        /// Radius, metres.
        radius_m: f64,
        /// Speed while moving, metres per second.
        #[serde(default = "d_pace")]
        speed_m_s: f64,
        /// Longest pause, seconds.
        #[serde(default = "d_pause")]
        pause_s: f64,
    },
    /// Moves slowly with the head down.
    Graze {
        /// Until.
        until_s: When,
        /// Radius, metres.
        radius_m: f64,
    },
    /// Walks or drives straight to a place.
    Go {
        /// Where to.
        to: Place,
        /// Speed, metres per second.
        speed_m_s: f64,
    },
    /// Goes back and forth along a `[[track]]`.
    Follow {
        /// Its name.
        track: String,
        /// Speed, metres per second.
        speed_m_s: f64,
        /// Until.
        until_s: When,
    },
}

fn d_pace() -> f64 {
    0.7
}
fn d_pause() -> f64 {
    12.0
}
