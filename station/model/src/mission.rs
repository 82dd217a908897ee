//! Mission, fence and rally items as values: what planner, formats, protocol and aircraft share.

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;

/// Which of the three lists (MAV_MISSION_TYPE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissionKind {
    /// Flight plan.
    Mission,
    /// Geofence.
    Fence,
    /// Rally points.
    Rally,
}

/// What an item's altitude counts from. `MAV_FRAME` appears in one function of `protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AltFrame {
    /// Metres above the sea.
    Amsl,
    /// Metres above home.
    AboveHome,
    /// Metres above terrain (ArduPilot only).
    Terrain,
    /// The item has no place (DO_ items).
    None,
}

/// One item. `at` is `None` for items without a place; parameters that are not used are `None`
/// (0 for ArduPilot, NaN for PX4 on the wire).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissionItem {
    /// MAV_CMD number (see [`command`]).
    pub command: u16,
    /// What `alt_m` counts from.
    pub frame: AltFrame,
    /// Parameters 1 to 4.
    pub params: [Option<f64>; 4],
    /// Where.
    pub at: Option<LatLon>,
    /// Height in `frame`, metres; parameter 7 of items without a place.
    pub alt_m: f64,
}

/// MAV_CMD numbers used here (MAVLink common.xml).
pub mod command {
    /// Fly through a point.
    pub const NAV_WAYPOINT: u16 = 16;
    /// Circle without end.
    pub const NAV_LOITER_UNLIM: u16 = 17;
    /// Circle a number of turns.
    pub const NAV_LOITER_TURNS: u16 = 18;
    /// Circle for a time.
    pub const NAV_LOITER_TIME: u16 = 19;
    /// Return to launch.
    pub const NAV_RETURN_TO_LAUNCH: u16 = 20;
    /// Land.
    pub const NAV_LAND: u16 = 21;
    /// Take off.
    pub const NAV_TAKEOFF: u16 = 22;
    /// Circle to a height.
    pub const NAV_LOITER_TO_ALT: u16 = 31;
    /// Jump to an item a number of times.
    pub const DO_JUMP: u16 = 177;
    /// Change speed.
    pub const DO_CHANGE_SPEED: u16 = 178;
    /// Start of a landing pattern.
    pub const DO_LAND_START: u16 = 189;
    /// Point the camera at a place.
    pub const DO_SET_ROI_LOCATION: u16 = 195;
    /// Stop pointing.
    pub const DO_SET_ROI_NONE: u16 = 197;
    /// Gimbal pitch and yaw.
    pub const DO_GIMBAL_MANAGER_PITCHYAW: u16 = 1000;
    /// Fence: vertex of an inclusion polygon.
    pub const FENCE_POLYGON_VERTEX_INCLUSION: u16 = 5001;
    /// Fence: vertex of an exclusion polygon.
    pub const FENCE_POLYGON_VERTEX_EXCLUSION: u16 = 5002;
    /// Fence: inclusion circle.
    pub const FENCE_CIRCLE_INCLUSION: u16 = 5003;
    /// Fence: exclusion circle.
    pub const FENCE_CIRCLE_EXCLUSION: u16 = 5004;
    /// Rally point.
    pub const RALLY_POINT: u16 = 5100;
}
