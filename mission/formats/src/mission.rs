//! A mission as files know it, whichever program wrote it, and a patrol plan's part as such a mission.
//!
//! Invariant: `MAV_FRAME` numbers appear in [`frame_number`] and [`frame_of`] only.

use crate::FormatError;
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::plan::{Aircraft, AircraftPlan, NoFly, PatrolPlan};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, VehicleId, command};

/// A fence of a mission file.
#[derive(Debug, Clone, PartialEq)]
pub enum Fence {
    /// A polygon; corners not repeated at the end.
    Polygon {
        /// Stay inside (true) or outside.
        inclusion: bool,
        /// Corners.
        corners: Vec<LatLon>,
    },
    /// A disc.
    Circle {
        /// Stay inside (true) or outside.
        inclusion: bool,
        /// Centre.
        centre: LatLon,
        /// Radius, metres.
        radius_m: f64,
    },
}

/// A mission with its fence and rally points, for one aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct MissionFile {
    /// Autopilot family it was written for.
    pub family: Family,
    /// Airframe it was written for.
    pub airframe: Airframe,
    /// Airspeed of a fixed wing, metres per second.
    pub cruise_m_s: f64,
    /// Speed of a multirotor, metres per second.
    pub hover_m_s: f64,
    /// Home; absent where the file has none.
    pub home: Option<(LatLon, Amsl)>,
    /// Items, home left out. Jump targets count as the family does: ArduPilot from 1, PX4 from 0.
    pub items: Vec<MissionItem>,
    /// Fences.
    pub fence: Vec<Fence>,
    /// Rally points.
    pub rally: Vec<(LatLon, AboveHome)>,
    /// What the reader left out, in sentences.
    pub notes: Vec<String>,
    /// The file as it was read (`.plan`), so that keys this program does not know are written back; null where there is none.
    pub kept: serde_json::Value,
}

/// What is drawn around a plan: border and zones, and the moment the watch begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// Name and line of every border.
    pub borders: Vec<(String, Vec<LatLon>)>,
    /// No-fly zones of the site; those of the brief are added.
    pub zones: Vec<NoFly>,
    /// When second 0 of the plan is, µs since 1970 UTC.
    pub start_utc_us: i64,
}

impl MissionFile {
    /// One aircraft's part of a plan.
    ///
    /// # Errors
    /// [`FormatError::NoSuchAircraft`].
    pub fn of(plan: &PatrolPlan, vehicle: VehicleId) -> Result<Self, FormatError> {
        let (part, craft) = part(plan, vehicle)?;
        Ok(Self {
            family: craft.family,
            airframe: craft.airframe,
            cruise_m_s: craft.envelope.cruise_m_s,
            hover_m_s: craft.envelope.cruise_m_s,
            home: Some((part.home, part.home_amsl)),
            items: part.items.clone(),
            fence: fences(&part.fence_items),
            rally: part.rally.iter().map(|(p, h)| (*p, h.above(part.home_amsl))).collect(),
            notes: Vec::new(),
            kept: serde_json::Value::Null,
        })
    }
}

/// An aircraft's part and its description.
pub(crate) fn part(plan: &PatrolPlan, vehicle: VehicleId) -> Result<(&AircraftPlan, &Aircraft), FormatError> {
    let part = plan.aircraft.iter().find(|a| a.vehicle == vehicle);
    let craft = plan.brief.fleet.iter().find(|f| f.vehicle == vehicle);
    part.zip(craft).ok_or(FormatError::NoSuchAircraft(vehicle))
}

/// Fences from fence items: runs of polygon corners (parameter 1 is their number) and circles.
pub(crate) fn fences(items: &[MissionItem]) -> Vec<Fence> {
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(item) = items.get(i) {
        let value = item.params[0].unwrap_or(0.0);
        let inclusion = matches!(
            item.command,
            command::FENCE_POLYGON_VERTEX_INCLUSION | command::FENCE_CIRCLE_INCLUSION
        );
        match (item.command, item.at) {
            (command::FENCE_POLYGON_VERTEX_INCLUSION | command::FENCE_POLYGON_VERTEX_EXCLUSION, _) => {
                let run = &items[i..];
                let most = if value >= 1.0 { value as usize } else { 1 };
                let same = run.iter().take(most).take_while(|k| k.command == item.command).count();
                let corners = run[..same].iter().filter_map(|k| k.at).collect();
                out.push(Fence::Polygon { inclusion, corners });
                i += same.max(1);
                continue;
            }
            (command::FENCE_CIRCLE_INCLUSION | command::FENCE_CIRCLE_EXCLUSION, Some(centre)) => {
                out.push(Fence::Circle {
                    inclusion,
                    centre,
                    radius_m: value,
                });
            }
            _ => {}
        }
        i += 1;
    }
    out
}

/// MAV_FRAME of a height's reference: 0 sea, 3 home, 10 terrain, 2 none (MAVLink common.xml).
pub(crate) fn frame_number(frame: AltFrame) -> u8 {
    match frame {
        AltFrame::Amsl => 0,
        AltFrame::None => 2,
        AltFrame::AboveHome => 3,
        AltFrame::Terrain => 10,
    }
}

/// The reference a MAV_FRAME names; the integer variants 5, 6 and 11 mean the same as 0, 3 and 10.
pub(crate) fn frame_of(number: u64) -> Option<AltFrame> {
    match number {
        0 | 5 => Some(AltFrame::Amsl),
        2 => Some(AltFrame::None),
        3 | 6 => Some(AltFrame::AboveHome),
        10 | 11 => Some(AltFrame::Terrain),
        _ => None,
    }
}

/// A place of an item: none where a file has zeros, as programs write for "here" and for items without a place.
pub(crate) fn place(lat: f64, lon: f64) -> Result<Option<LatLon>, String> {
    if lat == 0.0 && lon == 0.0 {
        return Ok(None);
    }
    LatLon::new(lat, lon).map(Some).map_err(|e| e.to_string())
}

/// Degrees rounded to 1e-7.
pub(crate) fn e7(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}
