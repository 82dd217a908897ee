//! Flight modes by family and airframe: what they are called, numbered and good for.
//!
//! Invariant: numbers are those of ArduCopter, ArduPlane and PX4; a number not listed is no mode.
//! Must not know how a mode flies.

use vedette_model::{Airframe, Family};

/// What the autopilot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Flown by stick; nobody holds one here, so it holds attitude and place.
    Manual(&'static str, u32),
    Guided,
    Auto,
    /// Holds place (copter) or circles (plane).
    Hold(&'static str, u32),
    Return,
    Land,
    TakeOff,
}

/// MAV_TYPE.
pub(crate) const fn mav_type(airframe: Airframe) -> u8 {
    match airframe {
        Airframe::Copter => 2,
        Airframe::Plane => 1,
        Airframe::Quadplane => 22,
    }
}

const COPTER_MANUAL: &[(&str, u32)] = &[
    ("STABILIZE", 0),
    ("ACRO", 1),
    ("ALT_HOLD", 2),
    ("SPORT", 13),
    ("POSHOLD", 16),
];
const COPTER_HOLD: &[(&str, u32)] = &[("LOITER", 5), ("BRAKE", 17)];
const PLANE_MANUAL: &[(&str, u32)] = &[
    ("MANUAL", 0),
    ("STABILIZE", 2),
    ("ACRO", 4),
    ("FBWA", 5),
    ("FBWB", 6),
    ("CRUISE", 7),
];
const PLANE_HOLD: &[(&str, u32)] = &[("LOITER", 12), ("CIRCLE", 1)];
const VTOL_HOLD: &[(&str, u32)] = &[("QLOITER", 19), ("QHOVER", 18)];

const fn px4(main: u32, sub: u32) -> u32 {
    (main << 16) | (sub << 24)
}
const PX4_MANUAL: &[(&str, u32)] = &[
    ("MANUAL", px4(1, 0)),
    ("ALTCTL", px4(2, 0)),
    ("POSCTL", px4(3, 0)),
    ("STABILIZED", px4(7, 0)),
];
const PX4_HOLD: &[(&str, u32)] = &[("AUTO.LOITER", px4(4, 3))];

fn find(list: &[(&'static str, u32)], n: u32) -> Option<(&'static str, u32)> {
    list.iter().copied().find(|&(_, k)| k == n)
}

impl Mode {
    /// The mode at boot.
    pub(crate) const fn boot(family: Family, airframe: Airframe) -> Self {
        match (family, airframe) {
            (Family::Px4, _) => Self::Hold("AUTO.LOITER", px4(4, 3)),
            (_, Airframe::Copter) => Self::Manual("STABILIZE", 0),
            (_, _) => Self::Manual("MANUAL", 0),
        }
    }

    /// The holding mode of this aircraft.
    pub(crate) const fn hold(family: Family, airframe: Airframe) -> Self {
        match (family, airframe) {
            (Family::Px4, _) => Self::Hold("AUTO.LOITER", px4(4, 3)),
            (_, Airframe::Copter) => Self::Hold("LOITER", 5),
            (_, _) => Self::Hold("LOITER", 12),
        }
    }

    /// From the number in `custom_mode`.
    pub(crate) fn from_custom(family: Family, airframe: Airframe, n: u32) -> Option<Self> {
        if family == Family::Px4 {
            return match n {
                n if n == px4(6, 0) => Some(Self::Guided),
                n if n == px4(4, 4) => Some(Self::Auto),
                n if n == px4(4, 5) => Some(Self::Return),
                n if n == px4(4, 6) => Some(Self::Land),
                n if n == px4(4, 2) => Some(Self::TakeOff),
                _ => find(PX4_MANUAL, n)
                    .map(|(s, k)| Self::Manual(s, k))
                    .or_else(|| find(PX4_HOLD, n).map(|(s, k)| Self::Hold(s, k))),
            };
        }
        if airframe == Airframe::Copter {
            return match n {
                3 => Some(Self::Auto),
                4 => Some(Self::Guided),
                6 => Some(Self::Return),
                9 => Some(Self::Land),
                _ => find(COPTER_MANUAL, n)
                    .map(|(s, k)| Self::Manual(s, k))
                    .or_else(|| find(COPTER_HOLD, n).map(|(s, k)| Self::Hold(s, k))),
            };
        }
        let vtol = airframe == Airframe::Quadplane;
        match n {
            10 => Some(Self::Auto),
            15 => Some(Self::Guided),
            11 => Some(Self::Return),
            21 if vtol => Some(Self::Return),
            26 => Some(Self::Land),
            20 if vtol => Some(Self::Land),
            13 => Some(Self::TakeOff),
            _ => find(PLANE_MANUAL, n)
                .map(|(s, k)| Self::Manual(s, k))
                .or_else(|| find(PLANE_HOLD, n).map(|(s, k)| Self::Hold(s, k)))
                .or_else(|| {
                    if vtol {
                        find(VTOL_HOLD, n).map(|(s, k)| Self::Hold(s, k))
                    } else {
                        None
                    }
                }),
        }
    }

    /// Every mode it has.
    pub(crate) fn all(family: Family, airframe: Airframe) -> Vec<Self> {
        let named: [&[(&'static str, u32)]; 3] = match (family, airframe) {
            (Family::Px4, _) => [PX4_MANUAL, PX4_HOLD, &[]],
            (_, Airframe::Copter) => [COPTER_MANUAL, COPTER_HOLD, &[]],
            (_, Airframe::Plane) => [PLANE_MANUAL, PLANE_HOLD, &[]],
            (_, Airframe::Quadplane) => [PLANE_MANUAL, PLANE_HOLD, VTOL_HOLD],
        };
        let take_off = (family == Family::Px4 || airframe != Airframe::Copter).then_some(Self::TakeOff);
        let manual = named[0].iter().map(|&(s, n)| Self::Manual(s, n));
        let hold = named[1].iter().chain(named[2]).map(|&(s, n)| Self::Hold(s, n));
        manual
            .chain(hold)
            .chain([Self::Guided, Self::Auto, Self::Return, Self::Land])
            .chain(take_off)
            .collect()
    }

    /// A quadplane's mode flown on rotors alone.
    pub(crate) fn on_rotors(self) -> bool {
        matches!(self, Self::Hold(_, n) if find(VTOL_HOLD, n).is_some())
    }

    /// MAV_STANDARD_MODE.
    pub(crate) const fn standard(self) -> u8 {
        match self {
            Self::Manual(..) | Self::Guided => 0,
            Self::Hold(..) => 4,
            Self::Return => 5,
            Self::Auto => 6,
            Self::Land => 7,
            Self::TakeOff => 8,
        }
    }

    /// The number for `custom_mode`.
    pub(crate) const fn custom(self, family: Family, airframe: Airframe) -> u32 {
        let copter = matches!(airframe, Airframe::Copter);
        let is_px4 = matches!(family, Family::Px4);
        match self {
            Self::Manual(_, n) | Self::Hold(_, n) => n,
            Self::Guided if is_px4 => px4(6, 0),
            Self::Auto if is_px4 => px4(4, 4),
            Self::Return if is_px4 => px4(4, 5),
            Self::Land if is_px4 => px4(4, 6),
            Self::TakeOff if is_px4 => px4(4, 2),
            Self::Guided => {
                if copter {
                    4
                } else {
                    15
                }
            }
            Self::Auto => {
                if copter {
                    3
                } else {
                    10
                }
            }
            Self::Return => match airframe {
                Airframe::Copter => 6,
                Airframe::Plane | Airframe::Quadplane => 11,
            },
            Self::Land => match airframe {
                Airframe::Copter => 9,
                Airframe::Plane => 26,
                Airframe::Quadplane => 20,
            },
            Self::TakeOff => {
                if copter {
                    4
                } else {
                    13
                }
            }
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Manual(s, _) | Self::Hold(s, _) => s,
            Self::Guided => "GUIDED",
            Self::Auto => "AUTO",
            Self::Return => "RTL",
            Self::Land => "LAND",
            Self::TakeOff => "TAKEOFF",
        }
    }
}
