//! The scenario file: what an author writes, as TOML.
//!
//! Invariant: unknown names are refused (a typing mistake must not be a silent default); every
//! length is in metres, every time in seconds of the scenario, every angle in degrees true.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use vedette_model::plan::{Energy, Envelope};
use vedette_model::{Airframe, Family, Spectrum};
use vedette_sim_vehicle::{Noise, PackAge};

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
    pub clearing: Vec<Spanned<ClearingFile>>,
    /// Stones that kept the day's warmth.
    #[serde(default)]
    pub warm_stone: Vec<Spanned<StoneFile>>,
    /// Radio between the station's mast and the aircraft; absent: it always gets through.
    pub radio: Option<RadioFile>,
    /// The sea, where the site has one.
    #[serde(default)]
    pub sea: SeaFile,
    /// Light and temperatures follow the day in steps of so many seconds; 0 holds those of the
    /// start for the whole run.
    #[serde(default)]
    pub light_every_s: f64,
    /// What a training run tells and expects.
    pub training: Option<TrainingFile>,
    /// People, animals, vehicles.
    #[serde(default)]
    pub actor: Vec<ActorFile>,
    /// What breaks, and when.
    #[serde(default)]
    pub fault: Vec<FaultFile>,
    /// Ground sensors that cue.
    #[serde(default)]
    pub sensor: Vec<SensorFile>,
    /// Brooks and rivers.
    #[serde(default)]
    pub river: Vec<Spanned<RiverFile>>,
    /// Groups of houses.
    #[serde(default)]
    pub hamlet: Vec<Spanned<HamletFile>>,
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
    /// Snow lies above, metres AMSL; steep slopes and trodden paths show through. 9000: no snow.
    pub snow_line_m: f64,
}

impl Default for CoverFile {
    fn default() -> Self {
        Self {
            forest_share: 0.3,
            tree_line_m: 2_250.0,
            snow_line_m: 9_000.0,
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
    /// Its clock gains so many microseconds a second (parts per million).
    #[serde(default)]
    pub clock_drift_ppm: f64,
    /// Age and temperature of its battery; absent: new and at 20 °C.
    #[serde(default)]
    pub battery: BatteryFile,
    /// Errors of its sensors; absent: those of a small civil aircraft.
    #[serde(default)]
    pub errors: ErrorsFile,
    /// Cameras.
    #[serde(default)]
    pub camera: Vec<Spanned<CameraFile>>,
}

fn d_family() -> Family {
    Family::ArduPilot
}

/// `battery` of a `[[vehicle]]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatteryFile {
    /// Charges so far.
    pub cycles: f64,
    /// Temperature of its cells, degrees Celsius.
    pub temperature_c: f64,
}

impl Default for BatteryFile {
    fn default() -> Self {
        let new = PackAge::default();
        Self {
            cycles: new.cycles,
            temperature_c: new.temperature_c,
        }
    }
}

/// `errors` of a `[[vehicle]]`: one sigma each.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorsFile {
    /// Horizontal position, metres per axis.
    pub gnss_h_m: f64,
    /// Height by satellites, metres.
    pub gnss_v_m: f64,
    /// Velocity, metres per second per axis.
    pub velocity_m_s: f64,
    /// Roll and pitch, degrees.
    pub attitude_deg: f64,
    /// Heading, degrees.
    pub heading_deg: f64,
    /// Gimbal angles, degrees.
    pub gimbal_deg: f64,
    /// Drift of the barometer, metres.
    pub baro_m: f64,
    /// Bias of the accelerometers, metres per second squared.
    pub accel_m_s2: f64,
    /// Bias of the gyroscopes, degrees per second.
    pub gyro_deg_s: f64,
}

impl Default for ErrorsFile {
    fn default() -> Self {
        let n = Noise::default();
        Self {
            gnss_h_m: n.gnss_h_m,
            gnss_v_m: n.gnss_v_m,
            velocity_m_s: n.velocity_m_s,
            attitude_deg: n.attitude_deg,
            heading_deg: n.heading_deg,
            gimbal_deg: n.gimbal_deg,
            baro_m: n.baro_m,
            accel_m_s2: n.accel_m_s2,
            gyro_deg_s: n.gyro_deg_s,
        }
    }
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
    /// Mounted off the axis its gimbal tells: `[up, right]`, degrees.
    #[serde(default)]
    pub boresight_deg: [f64; 2],
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

/// `[[river]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiverFile {
    /// Width, metres.
    pub width_m: f64,
    /// Its points, downhill.
    pub along: Vec<Place>,
}

/// `[[hamlet]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HamletFile {
    /// Middle.
    pub at: Place,
    /// Radius, metres.
    pub radius_m: f64,
    /// So many houses, where there is room off the roads.
    pub houses: u32,
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
    /// `person`, `car`, `truck`, `boat`, `ship`, `drone`, `parcel`, `cow`, `chamois`, `boar` or
    /// `dog`.
    pub kind: crate::ActorKind,
    /// What a trainee should make of it: `subject` (to be reported), `accessory` (a
    /// report is right, none is asked for), `decoy`, or `lawful`.
    #[serde(default)]
    pub role: crate::Role,
    /// Where it starts.
    pub at: Place,
    /// Height above the ground at the start, metres; drones only.
    #[serde(default)]
    pub height_m: f64,
    /// So many of it, named `NAME 1`, `NAME 2` ...: animals as a herd, others one behind the other.
    #[serde(default = "d_count")]
    pub count: u32,
    /// Metres between them.
    #[serde(default = "d_spacing")]
    pub spacing_m: f64,
    /// Size as a share of the usual.
    #[serde(default = "d_one")]
    pub size: f64,
    /// A ship's AIS; boats and ships only, absent: it carries none.
    pub ais: Option<AisFile>,
    /// An aircraft's ADS-B; drones only, absent: it carries none.
    pub adsb: Option<AdsbFile>,
    /// A drone's Remote ID; absent: it sends none.
    pub remote_id: Option<RemoteIdFile>,
    /// What it does, in order.
    #[serde(default)]
    pub step: Vec<Spanned<StepFile>>,
}

/// `ais` of an `[[actor]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AisFile {
    /// Maritime mobile service identity.
    pub mmsi: u32,
    /// Name it sends.
    #[serde(default)]
    pub name: String,
    /// Switched off from then on; absent: never.
    pub until_s: Option<When>,
}

/// `adsb` of an `[[actor]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdsbFile {
    /// Aircraft address, 24 bits (TOML reads 0x as hexadecimal).
    pub icao: u32,
    /// Call sign, 8 characters.
    #[serde(default)]
    pub callsign: String,
}

/// `remote_id` of an `[[actor]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteIdFile {
    /// Serial number it sends (ANSI/CTA-2063-A), up to 20 characters.
    pub number: String,
    /// Registration of its operator.
    #[serde(default)]
    pub operator: String,
    /// Where its pilot stands, as it sends it.
    pub pilot: Place,
}

/// `[[sensor]]`. Which values belong to which kind stands in `sim/scenarios/README.md`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorFile {
    /// Its name on the wire.
    pub name: Spanned<String>,
    /// `seismic`, `tower`, `ais`, `adsb`, `remote-id` or `e-seal`.
    pub kind: crate::SensorKind,
    /// Where it stands.
    pub at: Option<Place>,
    /// System id of the aircraft that carries it.
    pub vehicle: Option<u8>,
    /// Name of the actor whose cargo it seals.
    pub on: Option<String>,
    /// Its height above the ground, metres.
    pub mast_m: Option<f64>,
    /// Reach, metres.
    pub range_m: Option<f64>,
    /// Seconds between two looks.
    pub every_s: Option<f64>,
    /// Chance that a look tells of what is plain and near.
    pub detection: Option<f64>,
    /// False alarms an hour.
    pub false_per_hour: Option<f64>,
    /// One sigma of each axis of the place it tells, metres.
    pub error_m: Option<f64>,
    /// Middle of a tower camera's sector, degrees true.
    pub bearing_deg: Option<f64>,
    /// Width of the sector, degrees.
    pub view_deg: Option<f64>,
    /// Angle of one of its pixels, milliradians.
    pub ifov_mrad: Option<f64>,
    /// When the seal is opened.
    pub opened_s: Option<When>,
}

fn d_count() -> u32 {
    1
}
fn d_spacing() -> f64 {
    4.0
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
        /// Height above the ground at the end, metres; drones only, absent: as before.
        height_m: Option<f64>,
    },
    /// Goes back and forth along a `[[track]]`, or along it once.
    Follow {
        /// Its name.
        track: String,
        /// Speed, metres per second.
        speed_m_s: f64,
        /// Until; needed unless it goes `once`.
        until_s: Option<When>,
        /// From its beginning to its end and no further.
        #[serde(default)]
        once: bool,
        /// From its end to its beginning.
        #[serde(default)]
        reverse: bool,
    },
    /// Is carried by another actor; what hangs in the air then falls to the ground.
    Ride {
        /// Its name; it must stand earlier in the file.
        on: String,
        /// Until.
        until_s: When,
    },
}

/// `[radio]`: the station's mast and what the path does to the waves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadioFile {
    /// Where the mast stands.
    pub station: Place,
    /// Its height above the ground, metres.
    #[serde(default = "d_mast")]
    pub mast_m: f64,
    /// Carrier, megahertz.
    #[serde(default = "d_mhz")]
    pub frequency_mhz: f64,
    /// Loss that telemetry stands between the two antennas, decibels (power plus gains minus the
    /// receiver's sensitivity).
    #[serde(default = "d_telemetry_db")]
    pub telemetry_db: f64,
    /// The same for video, whose receiver needs more.
    #[serde(default = "d_video_db")]
    pub video_db: f64,
    /// Places that send noise.
    #[serde(default)]
    pub interference: Vec<InterferenceFile>,
}

fn d_mast() -> f64 {
    6.0
}
fn d_mhz() -> f64 {
    2_400.0
}
fn d_telemetry_db() -> f64 {
    128.0
}
fn d_video_db() -> f64 {
    118.0
}

/// `[[radio.interference]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterferenceFile {
    /// Where.
    pub at: Place,
    /// Decibels taken from the margin at 100 m; 6 less with every doubling of the distance.
    pub db_at_100_m: f64,
    /// From.
    pub from_s: Option<When>,
    /// Until.
    pub until_s: Option<When>,
}

/// `[sea]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeaFile {
    /// Temperature of the water's skin, degrees Celsius.
    pub water_c: f64,
    /// Height of the waves, metres (significant): roughness of the picture, and how boats roll.
    pub waves_m: f64,
}

impl Default for SeaFile {
    fn default() -> Self {
        Self {
            water_c: 13.0,
            waves_m: 0.4,
        }
    }
}

/// `[training]`: what a training run tells and expects.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingFile {
    /// What the exercise is about, in one sentence; the trainee reads it.
    pub summary: String,
    /// What the trainee is told before take-off.
    pub briefing: String,
    /// What it teaches; shown at the debrief.
    pub teaches: Vec<String>,
    /// Patrol brief to be flown, a path from the repository's root.
    pub patrol: String,
    /// Site folder, a path from the repository's root; absent: `maps/data/andorra`.
    #[serde(default = "d_site")]
    pub site: String,
    /// How long the trainee has for reporting a subject once it could be seen, seconds.
    #[serde(default = "d_report_within")]
    pub report_within_s: f64,
    /// Rules whose alerts the briefing asks to be reported.
    #[serde(default = "d_report")]
    pub report: Vec<String>,
    /// Acts that belong to this exercise besides those of every flight, by name.
    #[serde(default)]
    pub checklist: Vec<String>,
}

fn d_site() -> String {
    "maps/data/andorra".to_owned()
}
fn d_report() -> Vec<String> {
    vec!["crossing".to_owned(), "from-the-line".to_owned()]
}
fn d_report_within() -> f64 {
    120.0
}

/// `[[fault]]`. Which values belong to which kind stands in `sim/scenarios/README.md`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultFile {
    /// What breaks.
    pub kind: Spanned<String>,
    /// From.
    pub at_s: When,
    /// Until; absent: it stays.
    pub until_s: Option<When>,
    /// MAVLink system id of the aircraft; absent: all of them.
    pub system: Option<u8>,
    /// A share, 0..=1.
    pub share: Option<f64>,
    /// Watt hours.
    pub wh: Option<f64>,
    /// Milliseconds.
    pub ms: Option<f64>,
    /// Degrees.
    pub deg: Option<f64>,
    /// Metres.
    pub metres: Option<f64>,
    /// Metres per second.
    pub m_s: Option<f64>,
    /// Metres per second, northwards.
    pub north_m_s: Option<f64>,
    /// Metres per second, eastwards.
    pub east_m_s: Option<f64>,
    /// Metres per second above the mean.
    pub gust_m_s: Option<f64>,
    /// Where it begins.
    pub from: Option<Place>,
    /// Where it ends.
    pub to: Option<Place>,
}

fn d_pace() -> f64 {
    0.7
}
fn d_pause() -> f64 {
    12.0
}
