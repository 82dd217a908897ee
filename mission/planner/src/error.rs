//! Why no plan exists: where, which constraint binds, and what would make it feasible.

use serde::{Deserialize, Serialize};

/// The constraint that binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// The brief itself contradicts itself or the site.
    Brief,
    /// No legal space between stand-off, zones and the other side of the country.
    LegalSpace,
    /// Terrain is unknown on the way.
    Terrain,
    /// The height band between ground clearance and ceiling is empty.
    Height,
    /// The aircraft cannot climb, descend or turn as the ground asks.
    Envelope,
    /// Wind is as fast as the aircraft.
    Wind,
    /// The camera does not see the line well enough.
    Sensor,
    /// The battery does not last.
    Energy,
    /// The asked revisit time is out of this fleet's reach.
    Revisit,
    /// Aircraft come too close to each other.
    Separation,
    /// The autopilot's memory is too small.
    Capacity,
    /// The straight return leaves legal space.
    Return,
    /// A base has too few pads, batteries or crew hours.
    Base,
}

/// No plan exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error(
    "no plan for {} (section {:.2}..{:.2} km): {what} Nearest relaxation: {relaxation}",
    .who,
    .from_m / 1000.0,
    .to_m / 1000.0
)]
pub struct Infeasible {
    /// The constraint that binds.
    pub constraint: Constraint,
    /// Tail number of the aircraft concerned, or "the watch".
    pub who: String,
    /// Interval of the section concerned, metres from its start.
    pub from_m: f64,
    /// End of the interval.
    pub to_m: f64,
    /// What is wrong, one sentence.
    pub what: String,
    /// What change of the brief would come nearest, one sentence.
    pub relaxation: String,
}

impl Infeasible {
    pub(crate) fn new(
        constraint: Constraint,
        who: &str,
        (from_m, to_m): (f64, f64),
        what: String,
        relaxation: String,
    ) -> Self {
        Self {
            constraint,
            who: who.to_owned(),
            from_m,
            to_m,
            what,
            relaxation,
        }
    }
}
