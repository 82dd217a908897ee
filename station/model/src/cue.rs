//! What sensors on the ground tell: geophones, cameras on masts, AIS receivers, cargo seals.
//!
//! Invariant: a cue is a claim of a machine that nobody vouches for: it points a camera, it decides
//! nothing. Texts are short and free of control characters.

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;

use crate::Utc;

/// What kind of sensor tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CueKind {
    /// A geophone: steps and engines, neither who nor where exactly.
    Seismic,
    /// A camera or radar on a mast.
    Tower,
    /// A ship's own report (ITU-R M.1371).
    Ais,
    /// An electronic seal on cargo.
    ESeal,
    /// Another sensor.
    Other,
}

/// What it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CueClass {
    /// Steps, of whomever.
    Footsteps,
    /// A person.
    Person,
    /// A vehicle or its engine.
    Vehicle,
    /// A boat.
    Boat,
    /// An animal.
    Animal,
    /// Not told, or not known.
    Unknown,
}

/// One thing one sensor told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// Sensor's name; of a ship's own report `AIS` and its MMSI.
    pub sensor: String,
    /// Kind of sensor.
    pub kind: CueKind,
    /// When, by the sensor's clock.
    pub utc: Utc,
    /// Where, WGS 84: of what it told, or of the sensor itself where it knows no better.
    pub at: LatLon,
    /// One sigma of each axis, metres; of a geophone its reach.
    pub error_m: f64,
    /// What.
    pub class: CueClass,
    /// Speed over ground, metres per second.
    pub speed_m_s: Option<f64>,
    /// Course over ground, degrees true.
    pub course_deg: Option<f64>,
    /// Of a seal: whether it was opened.
    pub opened: Option<bool>,
}
