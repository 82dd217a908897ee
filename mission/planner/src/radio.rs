//! Which ground antenna carries the command link to a place in the air.
//!
//! Invariant: a path over unknown ground is unknown, never clear. Geometry only: fading and interference are not known here.

use serde::{Deserialize, Serialize};
use vedette_atlas::{Fresnel, World};
use vedette_geo::{Amsl, LatLon, distance_m};
use vedette_model::Antenna;
use vedette_model::plan::Brief;

/// Mast where the brief names no antenna, metres over ground.
const MAST_M: f64 = 5.0;
/// Carrier where the brief names none, megahertz: the 868/915 MHz telemetry bands lie around it.
const MHZ: f64 = 900.0;
/// Range where the brief names none, metres.
const RANGE_M: f64 = 20_000.0;
/// Share of the first Fresnel radius kept clear (ITU-R P.530).
const FRESNEL: f64 = 0.6;
/// Bases nearer than this to each other share an antenna, metres.
const SAME_M: f64 = 300.0;

/// State of the command link at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Radio {
    /// An antenna in range sees the place.
    Clear,
    /// Antennas in range are hidden by ground.
    Blocked,
    /// No antenna is near enough.
    TooFar,
    /// Ground on the way is unknown.
    Unknown,
}

/// The antennas of a brief; where it names none, 5 m masts at its bases with 900 MHz and 20 km.
#[must_use]
pub fn antennas(brief: &Brief) -> Vec<Antenna> {
    if !brief.antennas.is_empty() {
        return brief.antennas.clone();
    }
    let mut out: Vec<Antenna> = Vec::new();
    let named = brief.bases.iter().map(|b| (b.name.clone(), b.at));
    let own = brief.fleet.iter().map(|a| (format!("base of {}", a.tail), a.base));
    for (name, at) in named.chain(own) {
        if out.iter().all(|o| distance_m(o.at, at) > SAME_M) {
            out.push(Antenna {
                name,
                at,
                mast_m: MAST_M,
                mhz: MHZ,
                range_m: RANGE_M,
            });
        }
    }
    out
}

/// The link at a place, and the nearest antenna that carries it (number in `antennas`).
#[must_use]
pub fn radio_at(antennas: &[Antenna], world: &World, at: LatLon, amsl: Amsl) -> (Radio, Option<usize>) {
    let mut near: Vec<(f64, usize)> = antennas
        .iter()
        .enumerate()
        // One degree of latitude is 111 km: far ones need no geodesic.
        .filter(|(_, a)| (a.at.lat_deg - at.lat_deg).abs() * 110_000.0 <= a.range_m)
        .map(|(k, a)| (distance_m(a.at, at), k))
        .filter(|(d, k)| *d <= antennas[*k].range_m)
        .collect();
    if near.is_empty() {
        return (Radio::TooFar, None);
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut state = Radio::Blocked;
    for (_, k) in near {
        let a = &antennas[k];
        let Some(ground) = world.terrain.elevation(a.at) else {
            state = Radio::Unknown;
            continue;
        };
        let fresnel = Fresnel {
            frequency_hz: a.mhz * 1e6,
            share: FRESNEL,
        };
        let foot = (a.at, Amsl(ground.0 + a.mast_m));
        match world.terrain.radio_clear(foot, (at, amsl), fresnel) {
            Some(true) => return (Radio::Clear, Some(k)),
            Some(false) => {}
            None => state = Radio::Unknown,
        }
    }
    (state, None)
}
