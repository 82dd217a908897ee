//! `capacity`, `dialect`: the items fit into the autopilot and are ones it accepts (ArduPilot `AP_Mission.cpp` 2025-10, PX4
//! `mavlink_mission.cpp` and feasibility check 2025-12).

use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeMap;
use vedette_model::plan::{AircraftPlan, PatrolPlan};
use vedette_model::{Airframe, AltFrame, Capacity, Family, VehicleId, command};

pub(crate) const CAPACITY: &str = "capacity";
pub(crate) const DIALECT: &str = "dialect";

/// Commands one family accepts and the other does not, beyond the common set.
const ARDUPILOT_ONLY: [(u16, &str); 6] = [
    (
        command::NAV_LOITER_TURNS,
        "NAV_LOITER_TURNS (write a time: turns·2πr/v)",
    ),
    (82, "NAV_SPLINE_WAYPOINT"),
    (115, "CONDITION_YAW"),
    (188, "DO_RETURN_PATH_START"),
    (207, "DO_FENCE_ENABLE"),
    (600, "JUMP_TAG"),
];
const PX4_ONLY: [(u16, &str); 3] = [
    (196, "DO_SET_ROI_WPNEXT_OFFSET"),
    (214, "DO_SET_CAM_TRIGG_INTERVAL"),
    (4501, "CONDITION_GATE"),
];
/// Vertical take-off, landing and transition.
const VTOL: [u16; 3] = [84, 85, 3000];

/// Mission items used and the capacity for them, per aircraft.
pub(crate) fn check(plan: &PatrolPlan, land: &Land<'_>, found: &mut Found) -> BTreeMap<VehicleId, (usize, usize)> {
    let mut used = BTreeMap::new();
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        let Capacity { mission, fence, rally } = craft.family.capacity();
        used.insert(a.vehicle, (a.items.len(), mission));
        // ArduPilot keeps home as an item of its own.
        for (sort, n, most) in [
            ("mission", a.items.len() + 1, mission),
            ("fence", a.fence_items.len(), fence),
            ("rally", a.rally_items.len(), rally),
        ] {
            if n > most {
                let what = format!(
                    "{n} {sort} items do not fit into this autopilot, which holds {most}: split the sortie or simplify."
                );
                found.add(
                    Fault::new(CAPACITY, what)
                        .of(a.vehicle, None)
                        .sort(sort)
                        .value(n as f64, most as f64, "items"),
                    land,
                );
            }
        }
        dialect(a, craft.family, craft.airframe, land, found);
    }
    used
}

fn dialect(a: &AircraftPlan, family: Family, airframe: Airframe, land: &Land<'_>, found: &mut Found) {
    let mut bad = |item: Option<usize>, what: String| {
        let at = item.and_then(|i| a.items[i].at);
        let mut fault = Fault::new(DIALECT, what.clone()).of(a.vehicle, None).sort(what);
        fault.at = at;
        found.add(fault, land);
    };
    let foreign: &[(u16, &str)] = match family {
        Family::Px4 => &ARDUPILOT_ONLY,
        Family::ArduPilot => &PX4_ONLY,
        Family::Other => &[],
    };
    for (i, item) in a.items.iter().enumerate() {
        if let Some((_, name)) = foreign.iter().find(|(c, _)| *c == item.command) {
            bad(
                Some(i),
                format!("Item {i} is {name}, which {family:?} does not accept."),
            );
        }
        if item.command == 82 && family == Family::ArduPilot && airframe != Airframe::Copter {
            bad(Some(i), format!("Item {i} is a spline, which only multirotors fly."));
        }
        if VTOL.contains(&item.command) && airframe != Airframe::Quadplane {
            bad(
                Some(i),
                format!("Item {i} is for vertical take-off aircraft; this is a {airframe:?}."),
            );
        }
        if item.frame == AltFrame::Terrain && family != Family::ArduPilot {
            bad(
                Some(i),
                format!(
                    "Item {i} counts its height from the terrain, which {family:?} rejects: write heights above the sea."
                ),
            );
        }
        if item.frame == AltFrame::None && item.at.is_some() && item.command < 95 {
            bad(Some(i), format!("Item {i} is a place without a height's reference."));
        }
    }
    let first = a.items.iter().position(|i| i.command < 95);
    match first {
        None => bad(None, "The mission has no place to fly to.".into()),
        Some(i) if ![command::NAV_TAKEOFF, 84].contains(&a.items[i].command) => {
            bad(
                Some(i),
                format!(
                    "The first place is not a take-off: item {i} has command {}.",
                    a.items[i].command
                ),
            );
        }
        Some(_) => {}
    }
    if family == Family::Px4 && a.items.iter().filter(|i| i.command == command::DO_LAND_START).count() > 1 {
        bad(None, "PX4 accepts one DO_LAND_START.".into());
    }
}
