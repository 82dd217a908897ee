//! Mission, fence and rally items between the station's form and the wire's, and whether what an
//! aircraft gives back means the same.
//!
//! Invariant: `MAV_FRAME` appears in this file's two frame functions only. Comparison is by
//! meaning: autopilots normalise frames, drop parameters they do not store and round others.

use vedette_geo::LatLon;
use vedette_model::{AltFrame, Family, MissionItem, MissionKind};

use crate::codec::wire;

/// MAV_MISSION_TYPE.
pub(crate) fn type_of(kind: MissionKind) -> u8 {
    match kind {
        MissionKind::Mission => 0,
        MissionKind::Fence => 1,
        MissionKind::Rally => 2,
    }
}

/// In words, for messages to people.
pub(crate) fn word(kind: MissionKind) -> &'static str {
    match kind {
        MissionKind::Mission => "mission",
        MissionKind::Fence => "fence",
        MissionKind::Rally => "rally points",
    }
}

/// MAV_FRAME of a height: 0 above sea, 3 above home, 10 above terrain, 2 no place. The `_INT`
/// twins 5, 6, 11 are deprecated in MAVLink and mean the same.
pub(crate) fn mav_frame(frame: AltFrame) -> u8 {
    match frame {
        AltFrame::Amsl => 0,
        AltFrame::AboveHome => 3,
        AltFrame::Terrain => 10,
        AltFrame::None => 2,
    }
}

fn alt_frame(mav: u8) -> AltFrame {
    match mav {
        0 | 5 => AltFrame::Amsl,
        3 | 6 => AltFrame::AboveHome,
        10 | 11 => AltFrame::Terrain,
        _ => AltFrame::None,
    }
}

/// What an unused parameter is on the wire.
pub(crate) fn unused(family: Family) -> f32 {
    if family == Family::Px4 { f32::NAN } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "wire values are single precision")]
fn f(v: f64) -> f32 {
    v as f32
}

/// Wire form of one item at `seq`; target and list are filled in by the sender.
pub(crate) fn to_wire(item: &MissionItem, seq: u16, family: Family) -> wire::MissionItemInt {
    let p = item.params.map(|p| p.map_or(unused(family), f));
    let (x, y) = item.at.map_or((0, 0), LatLon::to_e7);
    wire::MissionItemInt {
        p1: p[0],
        p2: p[1],
        p3: p[2],
        p4: p[3],
        x,
        y,
        z: f(item.alt_m),
        seq,
        command: item.command,
        // A take-off or landing without a place still has a height that counts from something.
        frame: if item.at.is_some() || item.command < 95 {
            mav_frame(item.frame)
        } else {
            mav_frame(AltFrame::None)
        },
        autocontinue: 1,
        ..Default::default()
    }
}

fn finite(v: f32) -> Option<f64> {
    v.is_finite().then(|| f64::from(v))
}

/// Commands below 95 (MAV_CMD_NAV_LAST), fence and rally items have places; others only where
/// their frame says so.
fn has_place(command: u16, frame: u8) -> bool {
    (command < 95
        || (5000..5200).contains(&command)
        || command == 195
        || command == 179
        || command == 189
        || command == 192)
        && command != 20
        && frame != 2
        && frame != 1
}

/// From the wire. Positions outside the globe and values that are no numbers become `None` or 0.
pub(crate) fn from_wire(m: &wire::MissionItemInt) -> MissionItem {
    let at = (has_place(m.command, m.frame) && (m.x, m.y) != (0, 0))
        .then(|| LatLon::new(f64::from(m.x) * 1e-7, f64::from(m.y) * 1e-7).ok())
        .flatten();
    MissionItem {
        command: m.command,
        frame: if at.is_some() {
            alt_frame(m.frame)
        } else {
            AltFrame::None
        },
        params: [m.p1, m.p2, m.p3, m.p4].map(finite),
        at,
        alt_m: finite(m.z).unwrap_or(0.0),
    }
}

/// The floating-point twin as an integer item.
#[expect(clippy::cast_possible_truncation, reason = "saturating casts of degrees")]
pub(crate) fn from_float(m: &wire::MissionItemFloat) -> wire::MissionItemInt {
    wire::MissionItemInt {
        p1: m.p1,
        p2: m.p2,
        p3: m.p3,
        p4: m.p4,
        x: (f64::from(m.x) * 1e7) as i32,
        y: (f64::from(m.y) * 1e7) as i32,
        z: m.z,
        seq: m.seq,
        command: m.command,
        target_system: m.target_system,
        target_component: m.target_component,
        frame: m.frame,
        current: m.current,
        autocontinue: m.autocontinue,
        mission_type: m.mission_type,
    }
}

/// The integer item as its floating-point twin, for a vehicle that insists.
#[expect(clippy::cast_possible_truncation, reason = "single precision is what it asked for")]
pub(crate) fn to_float(m: &wire::MissionItemInt) -> wire::MissionItemFloat {
    wire::MissionItemFloat {
        p1: m.p1,
        p2: m.p2,
        p3: m.p3,
        p4: m.p4,
        x: (f64::from(m.x) * 1e-7) as f32,
        y: (f64::from(m.y) * 1e-7) as f32,
        z: m.z,
        seq: m.seq,
        command: m.command,
        target_system: m.target_system,
        target_component: m.target_component,
        frame: m.frame,
        current: m.current,
        autocontinue: m.autocontinue,
        mission_type: m.mission_type,
    }
}

/// Which of parameters 1..4 change what the aircraft does, by command. The others may come back
/// as anything: ArduPilot stores neither acceptance radius nor yaw of a waypoint.
fn significant(command: u16) -> [bool; 4] {
    match command {
        // Waypoint: how long it holds there. Where a plane cannot store that, the timetable of the
        // plan would not be flown, so it must not pass.
        16 => [true, false, false, false],
        // Take-off, landing, return: place and height are what counts.
        20 | 21 | 22 | 84 | 85 => [false; 4],
        // Circles: turns or seconds, and radius.
        17 => [false, false, true, false],
        18 | 19 => [true, false, true, false],
        31 => [false, true, false, false],
        // Gimbal: angles; rates and flags are firmware's own.
        1000 => [true, true, false, false],
        // Fence: count or radius. Rally: none.
        5001..=5004 => [true, false, false, false],
        5100 => [false; 4],
        1..95 => [true, false, false, false],
        _ => [true; 4],
    }
}

/// Why `held` does not mean the same as `sent`, or `None` when it does.
pub(crate) fn differs(sent: &MissionItem, held: &MissionItem) -> Option<String> {
    if sent.command != held.command {
        return Some(format!("command {} instead of {}", held.command, sent.command));
    }
    for (i, on) in significant(sent.command).into_iter().enumerate() {
        let Some(want) = sent.params[i].filter(|_| on) else {
            continue;
        };
        let got = held.params[i].unwrap_or(0.0);
        // Stored as integers by some firmware, as single precision by all.
        if (want - got).abs() > 0.51_f64.max(want.abs() * 0.01) {
            return Some(format!("parameter {} is {got} instead of {want}", i + 1));
        }
    }
    match (sent.at, held.at) {
        (Some(a), Some(b)) => {
            // Three units of 1e-7 degrees, about 3 cm.
            if (a.lat_deg - b.lat_deg).abs() > 3.1e-7 || (a.lon_deg - b.lon_deg).abs() > 3.1e-7 {
                return Some(format!("place {b} instead of {a}"));
            }
            // Fences are flat: their height is not stored.
            if !(5001..=5004).contains(&sent.command) {
                if sent.frame != held.frame {
                    return Some(format!("height above {:?} instead of {:?}", held.frame, sent.frame));
                }
                if (sent.alt_m - held.alt_m).abs() > 0.02 + sent.alt_m.abs() * 1e-6 {
                    return Some(format!("height {} m instead of {} m", held.alt_m, sent.alt_m));
                }
            }
            None
        }
        (Some(a), None) => Some(format!("no place instead of {a}")),
        // An item without a place keeps whatever the firmware puts there.
        (None, _) => None,
    }
}
