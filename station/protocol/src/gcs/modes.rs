//! Autopilot families: mode numbers and names, airframes, what flies and what does not.
//!
//! Invariant: a number this table does not know is shown as a number and never guessed. Sources:
//! ArduCopter `mode.h`, ArduPlane `mode.h`, PX4 `px4_custom_mode.h`, MAVLink `minimal.xml`.

use vedette_model::{Airframe, Family, FlightMode};

/// Family of a MAV_AUTOPILOT number.
pub(crate) fn family(autopilot: u8) -> Family {
    match autopilot {
        3 => Family::ArduPilot,
        12 => Family::Px4,
        _ => Family::Other,
    }
}

/// Airframe of a MAV_TYPE; `None` for a type this station has no word for.
pub(crate) fn airframe(kind: u8) -> Option<Airframe> {
    match kind {
        1 | 28 => Some(Airframe::Plane),
        2 | 3 | 4 | 13 | 14 | 15 | 29 | 35 => Some(Airframe::Copter),
        19..=25 => Some(Airframe::Quadplane),
        _ => None,
    }
}

/// MAV_TYPEs that are no aircraft: antenna tracker, ground station, on-board computer, gimbal,
/// ADS-B, camera, charging station, FLARM, servo, ODID, battery, log, OSD, IMU, GPS, winch, …
pub(crate) fn is_part(kind: u8) -> bool {
    matches!(kind, 5 | 6 | 18 | 26 | 27 | 30..=34 | 36..=42)
}

/// ArduPlane modes that only an aircraft with lift motors can be in (QSTABILIZE to QACRO,
/// LOITER_ALT_QLAND).
pub(crate) fn only_quadplane(family: Family, mode: u32) -> bool {
    family == Family::ArduPilot && matches!(mode, 17..=23 | 25)
}

/// Modes an order may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Guided,
    Auto,
    Hold,
    Return,
    Land,
    TakeOff,
}

/// `custom_mode` of a wanted mode, `None` where the family or airframe has none.
pub(crate) fn number(family: Family, airframe: Airframe, wanted: Wanted) -> Option<u32> {
    let px4 = |main: u32, sub: u32| Some(main << 16 | sub << 24);
    match (family, airframe, wanted) {
        (Family::ArduPilot, Airframe::Copter, w) => Some(match w {
            Wanted::Guided => 4,
            Wanted::Auto => 3,
            // BRAKE stops on the spot without a remote control; LOITER reads its sticks.
            Wanted::Hold => 17,
            Wanted::Return => 6,
            Wanted::Land => 9,
            Wanted::TakeOff => return None,
        }),
        (Family::ArduPilot, frame, w) => Some(match w {
            Wanted::Guided => 15,
            Wanted::Auto => 10,
            Wanted::Hold => 12,
            Wanted::Return => 11,
            Wanted::Land if frame == Airframe::Quadplane => 20,
            Wanted::Land => 26,
            Wanted::TakeOff => 13,
        }),
        (Family::Px4, _, w) => match w {
            Wanted::Guided | Wanted::Hold => px4(4, 3),
            Wanted::Auto => px4(4, 4),
            Wanted::Return => px4(4, 5),
            Wanted::Land => px4(4, 6),
            Wanted::TakeOff => px4(4, 2),
        },
        (Family::Other, ..) => None,
    }
}

/// Common word and the autopilot's own name for a `custom_mode`.
/// `told` is what the aircraft itself says of the number (AVAILABLE_MODES).
pub(crate) fn name(
    family: Family,
    frame: Option<Airframe>,
    mode: u32,
    told: Option<(&str, u8)>,
) -> (FlightMode, String) {
    use FlightMode as M;
    let found: Option<(FlightMode, &str)> = match (family, frame) {
        (Family::ArduPilot, Some(Airframe::Copter)) => Some(match mode {
            0 => (M::Manual, "STABILIZE"),
            1 => (M::Manual, "ACRO"),
            2 => (M::Manual, "ALT_HOLD"),
            3 => (M::Auto, "AUTO"),
            4 => (M::Guided, "GUIDED"),
            5 => (M::Hold, "LOITER"),
            6 => (M::Return, "RTL"),
            7 => (M::Hold, "CIRCLE"),
            9 => (M::Land, "LAND"),
            11 => (M::Manual, "DRIFT"),
            13 => (M::Manual, "SPORT"),
            14 => (M::Manual, "FLIP"),
            15 => (M::Manual, "AUTOTUNE"),
            16 => (M::Hold, "POSHOLD"),
            17 => (M::Hold, "BRAKE"),
            18 => (M::Other, "THROW"),
            19 => (M::Other, "AVOID_ADSB"),
            20 => (M::Guided, "GUIDED_NOGPS"),
            21 => (M::Return, "SMART_RTL"),
            22 => (M::Manual, "FLOWHOLD"),
            23 => (M::Other, "FOLLOW"),
            24 => (M::Other, "ZIGZAG"),
            25 => (M::Other, "SYSTEMID"),
            26 => (M::Land, "AUTOROTATE"),
            27 => (M::Return, "AUTO_RTL"),
            28 => (M::Manual, "TURTLE"),
            _ => (M::Other, ""),
        }),
        (Family::ArduPilot, Some(_)) => Some(match mode {
            0 => (M::Manual, "MANUAL"),
            1 => (M::Hold, "CIRCLE"),
            2 => (M::Manual, "STABILIZE"),
            3 => (M::Manual, "TRAINING"),
            4 => (M::Manual, "ACRO"),
            5 => (M::Manual, "FBWA"),
            6 => (M::Manual, "FBWB"),
            7 => (M::Manual, "CRUISE"),
            8 => (M::Manual, "AUTOTUNE"),
            10 => (M::Auto, "AUTO"),
            11 => (M::Return, "RTL"),
            12 => (M::Hold, "LOITER"),
            13 => (M::TakeOff, "TAKEOFF"),
            14 => (M::Other, "AVOID_ADSB"),
            15 => (M::Guided, "GUIDED"),
            16 => (M::Other, "INITIALISING"),
            17 => (M::Manual, "QSTABILIZE"),
            18 => (M::Manual, "QHOVER"),
            19 => (M::Hold, "QLOITER"),
            20 => (M::Land, "QLAND"),
            21 => (M::Return, "QRTL"),
            22 => (M::Manual, "QAUTOTUNE"),
            23 => (M::Manual, "QACRO"),
            24 => (M::Other, "THERMAL"),
            25 => (M::Land, "LOITER_ALT_QLAND"),
            26 => (M::Land, "AUTOLAND"),
            _ => (M::Other, ""),
        }),
        (Family::Px4, _) => Some(match ((mode >> 16) & 0xFF, mode >> 24) {
            (1, _) => (M::Manual, "Manual"),
            (2, _) => (M::Manual, "Altitude"),
            (3, _) => (M::Manual, "Position"),
            (4, 1) => (M::Other, "Ready"),
            (4, 2) => (M::TakeOff, "Takeoff"),
            (4, 3) => (M::Hold, "Hold"),
            (4, 4) => (M::Auto, "Mission"),
            (4, 5) => (M::Return, "Return"),
            (4, 6) => (M::Land, "Land"),
            (4, 8) => (M::Other, "Follow me"),
            (4, 9) => (M::Land, "Precision land"),
            (5, _) => (M::Manual, "Acro"),
            (6, _) => (M::Guided, "Offboard"),
            (7, _) => (M::Manual, "Stabilized"),
            _ => (M::Other, ""),
        }),
        _ => None,
    };
    match found {
        Some((mode_word, text)) if !text.is_empty() => (mode_word, text.to_owned()),
        _ => match told {
            Some((text, standard)) if !text.is_empty() => (standard_mode(standard), text.to_owned()),
            _ => (M::Other, format!("mode {mode}")),
        },
    }
}

/// MAV_STANDARD_MODE in common words.
fn standard_mode(n: u8) -> FlightMode {
    match n {
        // Position hold, orbit, cruise and altitude hold all keep it where it is.
        1..=4 => FlightMode::Hold,
        5 => FlightMode::Return,
        6 => FlightMode::Auto,
        7 => FlightMode::Land,
        8 => FlightMode::TakeOff,
        _ => FlightMode::Other,
    }
}
