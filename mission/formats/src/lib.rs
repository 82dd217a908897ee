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

/// Most objects, lists and elements of a JSON file: each takes some 60 bytes once read, so that no file of any making takes 200 MiB.
const MOST_VALUES: usize = 1_200_000;
/// Most items or zones of one file.
pub(crate) const MOST_ITEMS: usize = 100_000;

/// A JSON text that would unfold into more than the machine should hold, or is too large, is refused before it is read.
pub(crate) fn check_size(text: &str) -> Result<(), String> {
    if text.len() > LARGEST_FILE {
        return Err(format!("it is larger than {LARGEST_FILE} bytes"));
    }
    let n = text.bytes().filter(|b| matches!(b, b',' | b'[' | b'{')).count();
    if n > MOST_VALUES {
        return Err(format!(
            "it holds about {n} values, more than {MOST_VALUES}: take out what is not needed here"
        ));
    }
    Ok(())
}

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
