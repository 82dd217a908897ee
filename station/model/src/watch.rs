//! Long watches: bases with pads and batteries, stations relieved around the clock, what a fleet can do at best, and the
//! memory of autopilots.
//!
//! Invariant: plain data; every figure carries its unit in its name. How a timetable is made and how it is judged is not
//! known here.

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;

use crate::{Family, VehicleId};

/// Items an autopilot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Mission items, home included where the family keeps it as an item.
    pub mission: usize,
    /// Fence points, inclusion and exclusion corners together.
    pub fence: usize,
    /// Rally points.
    pub rally: usize,
}

impl Family {
    /// Items that common boards hold. ArduPilot: 15 bytes an item on boards with 16 kB (650 to 724, the smaller is taken),
    /// 70 fence points; PX4: 1000 mission items, 64 fence points, 32 rally points (`CONFIG` of most boards). Where a family
    /// is not known, what every family takes.
    #[must_use]
    pub fn capacity(self) -> Capacity {
        let (mission, fence) = match self {
            Self::Px4 => (1000, 64),
            Self::ArduPilot => (650, 70),
            Self::Other => (650, 64),
        };
        Capacity {
            mission,
            fence,
            rally: 32,
        }
    }
}

/// A base that serves several aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Name, as crews call it.
    pub name: String,
    /// Where.
    pub at: LatLon,
    /// Aircraft that can stand, be served and take off at the same time.
    #[serde(default = "one")]
    pub pads: u32,
    /// From touch-down to ready with a fresh battery or full tanks, seconds.
    #[serde(default = "ten_minutes")]
    pub swap_s: f64,
    /// Batteries or tank fillings in store for the whole watch; absent: enough.
    #[serde(default)]
    pub swaps: Option<u32>,
    /// When a crew is there, hours after the watch begins, as [from, to]; empty: always.
    #[serde(default)]
    pub crew_h: Vec<[f64; 2]>,
}

fn one() -> u32 {
    1
}

fn ten_minutes() -> f64 {
    600.0
}

impl Base {
    /// Whether a crew is there at a second of the watch.
    #[must_use]
    pub fn staffed(&self, second: f64) -> bool {
        self.crew_h.is_empty()
            || self
                .crew_h
                .iter()
                .any(|[a, b]| (a * 3600.0..=b * 3600.0).contains(&second))
    }
}

/// A ground antenna of the command link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Antenna {
    /// Name.
    pub name: String,
    /// Where.
    pub at: LatLon,
    /// Height of the antenna over ground, metres.
    pub mast_m: f64,
    /// Carrier, megahertz.
    pub mhz: f64,
    /// Furthest the link carries with a clear path, metres.
    pub range_m: f64,
}

/// A stretch of the section that is always watched by one aircraft, relieved in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Station {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// There and back, both turns included, seconds.
    pub round_s: f64,
    /// Where reliefs happen, metres from the section's start.
    pub relief_m: f64,
    /// Base that sends the reliefs, number in the brief's list.
    pub base: usize,
}

/// One flight of one aircraft in the timetable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sortie {
    /// Who.
    pub vehicle: VehicleId,
    /// Number of its flight, from 0.
    pub sortie: u32,
    /// Station watched, number in the timetable's list.
    pub station: usize,
    /// Base it leaves from, number in the brief's list.
    pub from_base: usize,
    /// Base it lands at.
    pub to_base: usize,
    /// Take-off, seconds after the watch begins.
    pub off_s: f64,
    /// On station.
    pub from_s: f64,
    /// Off station.
    pub until_s: f64,
    /// Touch-down.
    pub on_s: f64,
    /// Relieves this aircraft on station; none at the beginning.
    pub relieves: Option<VehicleId>,
    /// Both on station, one above the other, seconds.
    pub overlap_s: f64,
    /// Left in the battery on landing, share, mean model.
    pub left_share: f64,
}

/// The timetable of a long watch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timetable {
    /// Bases, as the brief lists them.
    pub bases: Vec<Base>,
    /// Stations in order along the section.
    pub stations: Vec<Station>,
    /// Every flight, by take-off.
    pub sorties: Vec<Sortie>,
}

/// What one kind of aircraft can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindSizing {
    /// Tail of the first of this kind; the kind is told by speed, endurance and camera.
    pub like: String,
    /// Owned.
    pub owned: usize,
    /// Airspeed on patrol, metres per second.
    pub speed_m_s: f64,
    /// Time in the air down to the reserve, two sigma taken off, seconds.
    pub endurance_s: f64,
    /// Way from base to station, seconds.
    pub transit_s: f64,
    /// Share of its time on patrol: (E − 2t)/(E + swap).
    pub availability: f64,
    /// Aircraft of this kind alone that the asked revisit takes in the air; `None`: no number of them does.
    pub need_airborne: Option<usize>,
    /// And owned.
    pub need_owned: Option<usize>,
}

/// Fleet sizing: what can be had with what is owned, and what the asked revisit takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// Length watched, metres.
    pub length_m: f64,
    /// Aircraft that can be kept on patrol at every moment.
    pub airborne: usize,
    /// The best revisit by stretches shared out in proportion to speed, seconds.
    pub best_s: f64,
    /// No schedule can do better, seconds.
    pub bound_s: f64,
    /// Where that bound comes from, in words.
    pub bound_source: String,
    /// Asked, seconds.
    pub asked_s: f64,
    /// By kind of aircraft.
    pub kinds: Vec<KindSizing>,
}

impl Sizing {
    /// In sentences, for a person who decides on a fleet.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut out = vec![format!(
            "With what you own {} aircraft stay on patrol at every moment: {:.1} km are seen every {:.0} s at best; no schedule does it under {:.0} s.",
            self.airborne,
            self.length_m / 1000.0,
            self.best_s,
            self.bound_s
        )];
        for k in &self.kinds {
            out.push(match (k.need_airborne, k.need_owned) {
                (Some(air), Some(own)) => format!(
                    "For {:.0} s with aircraft like {} alone ({:.0} m/s, {:.0} min in the air): {air} on patrol, {own} owned; you own {}.",
                    self.asked_s,
                    k.like,
                    k.speed_m_s,
                    k.endurance_s / 60.0,
                    k.owned
                ),
                _ => format!(
                    "Aircraft like {} cannot do it alone: {:.0} min in the air do not pay for {:.0} min of way out and home.",
                    k.like,
                    k.endurance_s / 60.0,
                    2.0 * k.transit_s / 60.0
                ),
            });
        }
        out
    }
}
