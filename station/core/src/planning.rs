//! The plan on the table: made, judged, approved by name, uploaded, compared with what flies.

use vedette_model::plan::AircraftPlan;
use vedette_model::{AltFrame, MissionItem};

/// The aircraft's own copy means the same as the plan's items: command by command, with the
/// losses autopilots are known for (positions to 1e-7 degrees, heights to a decimetre, and
/// parameters an autopilot does not store come back as zero).
pub(crate) fn same_plan(part: &AircraftPlan, on_board: &[MissionItem]) -> bool {
    same_items(&part.items, on_board)
}

/// The same for any list.
pub(crate) fn same_items(ours: &[MissionItem], on_board: &[MissionItem]) -> bool {
    ours.len() == on_board.len() && ours.iter().zip(on_board).all(|(a, b)| same_item(a, b))
}

fn same_item(a: &MissionItem, b: &MissionItem) -> bool {
    if a.command != b.command {
        return false;
    }
    let place = match (a.at, b.at) {
        (Some(p), Some(q)) => (p.lat_deg - q.lat_deg).abs() < 2e-7 && (p.lon_deg - q.lon_deg).abs() < 2e-7,
        (None, None) => true,
        // A place of 0, 0 is how an item without a place travels.
        (None, Some(q)) => q.lat_deg.abs() < 1e-9 && q.lon_deg.abs() < 1e-9,
        (Some(_), None) => false,
    };
    let frame = a.frame == b.frame || a.frame == AltFrame::None || b.frame == AltFrame::None;
    let height = a.at.is_none() || (a.alt_m - b.alt_m).abs() < 0.1;
    let params = a.params.iter().zip(&b.params).all(|(x, y)| {
        let (x, y) = (x.unwrap_or(0.0), y.unwrap_or(0.0));
        (x - y).abs() < 0.01 + x.abs() * 1e-5 || y == 0.0
    });
    place && frame && height && params
}
