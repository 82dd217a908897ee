//! Others in the air, as an aircraft's own receivers heard them: manned aircraft by ADS-B, drones
//! by Open Drone ID.
//!
//! Invariant: what is here was claimed by radio and proven by nothing; it is shown as advice.

use serde::{Deserialize, Serialize};
use vedette_geo::{Hae, LatLon};

/// By which radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContactSource {
    /// ADS-B (ICAO address).
    Adsb,
    /// Open Drone ID (ASTM F3411, EN 4709-002).
    RemoteId,
}

/// Height as the other one told it; the two differ by weather and geoid and are not mixed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ContactHeight {
    /// By its barometer, metres in the standard atmosphere.
    Pressure(f64),
    /// By satellites, over the ellipsoid.
    Ellipsoid(Hae),
}

/// One other aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// By which radio.
    pub source: ContactSource,
    /// ICAO address in hexadecimal, or the drone's own number; printable.
    pub id: String,
    /// Call sign, or the operator's registration.
    pub name: Option<String>,
    /// Where.
    pub at: LatLon,
    /// Height, where told.
    pub height: Option<ContactHeight>,
    /// Track over ground, degrees true, where told.
    pub course_deg: Option<f64>,
    /// Speed over ground, metres per second, where told.
    pub speed_m_s: Option<f64>,
    /// Climb, metres per second, where told.
    pub climb_m_s: Option<f64>,
    /// It stands on the ground.
    pub on_ground: bool,
    /// Where its pilot stands, where told (Remote ID).
    pub pilot: Option<LatLon>,
}

/// Who may give an aircraft orders, by its own word (CONTROL_STATUS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorControl {
    /// System id of the station in control; 0 nobody.
    pub owner: u8,
    /// Further stations that may.
    pub others: Vec<u8>,
    /// This station may.
    pub ours: bool,
    /// The owner lets others take over without being asked.
    pub takeover_allowed: bool,
}
