//! Plans and zones in the files of other programs: QGroundControl `.plan`, Mission Planner `.waypoints` (QGC WPL 110), KML for
//! the timetable, GeoJSON for plans and zones.
//!
//! Invariant: what is written and read back is the same mission, positions to 1e-7 degrees; a reader answers any bytes with a
//! value or an error that names the place. Knows no autopilot, planner or map.

mod geojson;
mod kml;
mod mission;
mod qgc;
mod report;
mod wpl;

pub use geojson::{geojson, read_zones, zones_geojson};
pub use kml::kml;
pub use mission::{Fence, MissionFile, Scene};
pub use qgc::{qgc_plan, read_qgc_plan, write_qgc_plan};
pub use report::report;
pub use wpl::{Waypoints, read_waypoints, waypoints, waypoints_of, write_waypoints};

use vedette_model::VehicleId;

/// Largest file a reader takes, bytes; larger ones are refused before anything is parsed.
pub const LARGEST_FILE: usize = 32 << 20;

/// Why a file could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The plan has no part for this aircraft.
    #[error("aircraft {0} has no part in this plan")]
    NoSuchAircraft(VehicleId),
    /// The file is not of this kind at all.
    #[error("this is not a {kind} file: {why}")]
    NotThisKind {
        /// Kind expected.
        kind: &'static str,
        /// Why it is not.
        why: String,
    },
    /// Something in the file is wrong.
    #[error("{place}: {what}")]
    Bad {
        /// Line, item or feature, in words.
        place: String,
        /// What is wrong there.
        what: String,
    },
}

impl FormatError {
    pub(crate) fn bad(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Bad {
            place: place.into(),
            what: what.into(),
        }
    }
}
