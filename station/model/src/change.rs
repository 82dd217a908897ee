//! What can happen to a plan in force, as planner, station and console name it.

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;

use crate::VehicleId;
use crate::plan::{NoFly, WindBrief};

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// An aircraft flies no more, or its link is gone and it comes home by itself.
    LostAircraft(VehicleId),
    /// A base serves no more.
    LostBase(LatLon),
    /// A ground antenna is silent; number in the planner's list of antennas of the plan's brief.
    LostAntenna(usize),
    /// A new no-fly zone.
    NewZone(NoFly),
    /// Another wind, at all heights.
    Wind(WindBrief),
}
