//! Scenarios: who is where and when, in which weather, watched by which aircraft.
//!
//! Invariant: a [`Scenario`] is complete and checked: every place lies on the map, every time is
//! a number, every crossing of the border is known before the first second. It must not know
//! what a station will make of it.

mod cast;
mod extras;
mod file;
mod fleet;
mod newcomer;
mod read;
mod resolve;
mod watch;

pub use extras::CHECKLIST;
pub use file::{
    ActorFile, AdsbFile, AisFile, BatteryFile, CameraFile, ClearingFile, CoverFile, ErrorsFile, FaultFile, HamletFile,
    InterferenceFile, Place, RadioFile, RemoteIdFile, RiverFile, ScenarioFile, SeaFile, SensorFile, StepFile,
    StoneFile, TrackFile, TrainingFile, VehicleFile, When,
};
pub use newcomer::Newcomer;

use std::collections::BTreeMap;

use vedette_atlas::{Border, World};
use vedette_geo::{Amsl, LatLon, Repeatable};
use vedette_model::plan::{Energy, Envelope};
use vedette_model::{Airframe, CameraId, Family, Spectrum, Utc};
use vedette_sim_vehicle::{Noise, PackAge};

use crate::actors::Actor;
use crate::cues::{GroundSensor, Transponder};
use crate::radio::Radio;
use crate::scene::SceneSpec;
use crate::trouble::PlannedFault;
use crate::{Scene, SimError, Weather};

/// A camera of a simulated aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct SimCamera {
    /// Stream id: system * 10 + 1 thermal, + 2 visible.
    pub id: CameraId,
    /// Thermal or visible.
    pub spectrum: Spectrum,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames per second of the scenario.
    pub fps: f64,
    /// UDP port its MPEG-TS goes to.
    pub port: u16,
    /// Bits per second of the scenario.
    pub bit_s: u32,
    /// How the camera is mounted off the axis its gimbal tells, degrees: up, right. The aircraft does
    /// not know of it.
    pub boresight_deg: [f64; 2],
}

impl SimCamera {
    /// Vertical field of view with square pixels, degrees.
    #[must_use]
    pub fn vfov_deg(&self) -> f64 {
        let t = (self.hfov_deg * 0.5).to_radians().tan_r();
        2.0 * (t * f64::from(self.height) / f64::from(self.width))
            .atan_r()
            .to_degrees()
    }
}

/// A simulated aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct SimAircraft {
    /// MAVLink system id.
    pub system: u8,
    /// Tail number.
    pub tail: String,
    /// Name crews call it.
    pub name: String,
    /// Airframe.
    pub airframe: Airframe,
    /// Autopilot family.
    pub family: Family,
    /// Where it stands at second 0.
    pub home: LatLon,
    /// Ground height there.
    pub home_amsl: Amsl,
    /// Nose direction on the ground, degrees true.
    pub heading_deg: f64,
    /// Flight envelope, if the scenario gives one.
    pub envelope: Option<Envelope>,
    /// Energy, if the scenario gives it.
    pub energy: Option<Energy>,
    /// Constant heading error it does not know of, degrees.
    pub heading_bias_deg: f64,
    /// Its clock is ahead of UTC by, microseconds.
    pub clock_offset_us: i64,
    /// Cameras.
    pub cameras: Vec<SimCamera>,
}

/// What an aircraft's years, the cold and its parts made of it, beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Condition {
    /// Charges and temperature of its battery.
    pub pack: PackAge,
    /// One-sigma errors of its sensors.
    pub errors: Noise,
    /// Its clock gains so many microseconds a second.
    pub clock_drift_ppm: f64,
}

/// A border crossing that the scenario brings about.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// Actor's name.
    pub actor: String,
    /// Seconds of the scenario.
    pub t_s: f64,
    /// Where on the line.
    pub at: LatLon,
    /// Kilometres along the line.
    pub km: f64,
    /// True: to the home side.
    pub inwards: bool,
}

/// A checked scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Title.
    pub name: String,
    /// UTC at second 0.
    pub epoch: Utc,
    /// Seed.
    pub seed: u64,
    /// Planned length, seconds.
    pub duration_s: f64,
    /// Weather.
    pub weather: Weather,
    /// Aircraft.
    pub vehicles: Vec<SimAircraft>,
    /// What is particular about them, by system id; absent: nothing.
    pub conditions: BTreeMap<u8, Condition>,
    /// Crossings to come, in order of time.
    pub crossings: Vec<Crossing>,
    /// What breaks, in order of time.
    pub faults: Vec<PlannedFault>,
    /// Radio; absent: it always gets through.
    pub radio: Option<Radio>,
    /// Ground sensors that cue.
    pub sensors: Vec<GroundSensor>,
    /// What each actor tells of itself by radio, in their order; empty when nobody does.
    pub transponders: Vec<Transponder>,
    /// What a training run tells and expects.
    pub training: Option<TrainingFile>,
    pub(crate) spec: SceneSpec,
    pub(crate) border: Border,
    pub(crate) frame: vedette_geo::LocalFrame,
    /// So many of the last actors were put in while it ran.
    joined: usize,
}

impl Scenario {
    /// Reads, resolves and checks a scenario.
    ///
    /// # Errors
    /// [`SimError::Syntax`] for what is not TOML or has wrong names or types,
    /// [`SimError::Value`] for values out of range and places or names that do not exist, each
    /// with file, line and what is allowed; [`SimError::Several`] holds all of them.
    pub fn parse(text: &str, file: &str, world: &World) -> Result<Self, SimError> {
        Self::parse_with(text, file, world, &Overrides::default())
    }

    /// Like [`Scenario::parse`] with some values replaced.
    ///
    /// # Errors
    /// As [`Scenario::parse`].
    pub fn parse_with(text: &str, file: &str, world: &World, over: &Overrides) -> Result<Self, SimError> {
        let raw = read::read(text, file).map_err(|m| match SimError::all(m) {
            Err(e) => e,
            // An empty list of mistakes is none.
            Ok(()) => SimError::Several(Vec::new()),
        })?;
        resolve::resolve(raw, text, file, world, over)
    }

    /// The scene on the site's terrain.
    ///
    /// # Errors
    /// [`SimError::NoTerrain`] where the site has no heights.
    pub fn scene(&self, world: &World) -> Result<Scene, SimError> {
        let e = |at: LatLon| world.terrain.elevation(at).map(|a| a.0);
        Scene::build(self.spec.clone(), &e)
    }

    /// Actors.
    #[must_use]
    pub fn actors(&self) -> &[Actor] {
        &self.spec.actors
    }

    /// Metres to the watched border, positive on the home side, and kilometres along it.
    #[must_use]
    pub fn border_m(&self, at: LatLon) -> (f64, f64) {
        let n = self.border.nearest(at);
        (n.signed_m, n.chainage_m / 1000.0)
    }

    /// UTC at a second of the scenario.
    #[must_use]
    pub fn utc(&self, t_s: f64) -> Utc {
        Utc(self.epoch.0 + (t_s * 1e6).round() as i64)
    }
}

/// Values that a command line may replace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<u64>,
    /// Other named times, seconds.
    pub times: BTreeMap<String, f64>,
}

impl Scenario {
    /// Aircraft in a world where nothing happens.
    #[must_use]
    pub fn empty(
        world: &World,
        vehicles: Vec<SimAircraft>,
        origin: LatLon,
        epoch: Utc,
        seed: u64,
        weather: Weather,
    ) -> Self {
        Self {
            name: "empty world".to_owned(),
            epoch,
            seed,
            duration_s: 864_000.0,
            weather,
            vehicles,
            conditions: BTreeMap::new(),
            crossings: Vec::new(),
            faults: Vec::new(),
            radio: None,
            sensors: Vec::new(),
            transponders: Vec::new(),
            training: None,
            spec: SceneSpec {
                origin,
                half_m: 2_000.0,
                seed,
                utc: epoch,
                weather,
                forest_share: 0.3,
                tree_line_m: 2_250.0,
                snow_line_m: 9_000.0,
                water_c: 13.0,
                waves_m: 0.4,
                light_every_s: 0.0,
                ways: Vec::new(),
                clearings: Vec::new(),
                stones: Vec::new(),
                rivers: Vec::new(),
                hamlets: Vec::new(),
                actors: Vec::new(),
            },
            border: world.border.clone(),
            frame: vedette_geo::LocalFrame::new(origin, vedette_geo::Hae(0.0)),
            joined: 0,
        }
    }
}
