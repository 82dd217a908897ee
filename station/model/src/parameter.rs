//! Parameters of an autopilot as a table, and how far they stand from a baseline file.
//!
//! Invariant: names are at most 16 printable characters, values finite; a difference is told in
//! single precision, in which autopilots keep them, so that writing 0.1 down and reading it back
//! is no difference. Knows no protocol and no file: text in, values out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Every parameter of one aircraft by name; cheap to clone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParameterTable(Arc<BTreeMap<String, f64>>);

impl ParameterTable {
    /// From name and value.
    #[must_use]
    pub fn new(values: BTreeMap<String, f64>) -> Self {
        Self(Arc::new(values))
    }
    /// One value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }
    /// Sets one; `false` when it was so already.
    pub fn set(&mut self, name: &str, value: f64) -> bool {
        if self.get(name) == Some(value) {
            return false;
        }
        Arc::make_mut(&mut self.0).insert(name.to_owned(), value);
        true
    }
    /// By name, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(k, v)| (k.as_str(), *v))
    }
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// None yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// As the file Mission Planner, MAVProxy and QGroundControl's ArduPilot side read:
    /// `NAME,VALUE` by line.
    #[must_use]
    pub fn to_file(&self) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "autopilots keep single precision")]
        self.iter().fold(String::new(), |mut out, (name, value)| {
            out.push_str(name);
            out.push(',');
            out.push_str(&if value.fract() == 0.0 {
                value.to_string()
            } else {
                (value as f32).to_string()
            });
            out.push('\n');
            out
        })
    }
}

/// Why a baseline file is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {why}; a line is NAME,VALUE or SYSTEM COMPONENT NAME VALUE TYPE")]
pub struct BaselineError {
    /// File as named by the caller.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// What differs from the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Drift {
    /// Another value on board.
    Changed {
        /// By the baseline.
        wanted: f64,
        /// On board.
        found: f64,
    },
    /// In the baseline, not on board.
    Missing {
        /// By the baseline.
        wanted: f64,
    },
    /// On board, not in the baseline.
    Extra {
        /// On board.
        found: f64,
    },
}

impl Difference {
    /// `NAME: baseline -> on board`, for files and records.
    #[must_use]
    pub fn line(&self) -> String {
        let tag = if self.safety { " (safety)" } else { "" };
        match self.drift {
            Drift::Changed { wanted, found } => format!("{}: {wanted} -> {found}{tag}", self.name),
            Drift::Missing { wanted } => format!("{}: {wanted} -> not on board{tag}", self.name),
            Drift::Extra { found } => format!("{}: not in the baseline -> {found}{tag}", self.name),
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Name.
    pub name: String,
    /// How it differs.
    pub drift: Drift,
    /// It decides what the aircraft does when something fails: arming, failsafes, fence, return,
    /// battery, landing.
    pub safety: bool,
}

/// Parameters an aircraft of this fleet shall have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// Name and value.
    pub values: BTreeMap<String, f64>,
}

/// Beginnings of names that decide what happens when something fails, of ArduPilot and PX4.
const SAFETY: &[&str] = &[
    "ARMING_",
    "BATT_",
    "BAT_",
    "BAT1_",
    "FENCE_",
    "FS_",
    "RTL_",
    "RALLY_",
    "LAND_",
    "Q_RTL_",
    "THR_FAILSAFE",
    "TERRAIN_",
    "COM_DL_LOSS_T",
    "COM_LOW_BAT_ACT",
    "COM_OBL_",
    "COM_ARM_",
    "NAV_DLL_ACT",
    "NAV_RCL_ACT",
    "GF_",
    "CBRK_",
    "SYSID_MYGCS",
    "MAV_GCS_SYSID",
];
/// Counters and calibrations that differ on every aircraft.
const OWN: &[&str] = &[
    "STAT_",
    "COMPASS_OFS",
    "COMPASS_DIA",
    "COMPASS_ODI",
    "COMPASS_DEV_ID",
    "INS_ACC",
    "INS_GYR",
    "INS_CAL",
    "CAL_",
    "_HASH_CHECK",
    "SYSID_THISMAV",
    "MAV_SYS_ID",
    "MIS_TOTAL",
    "FENCE_TOTAL",
    "RALLY_TOTAL",
    "BARO1_GND_PRESS",
];

/// Whether a parameter decides what the aircraft does when something fails.
#[must_use]
pub fn is_safety_parameter(name: &str) -> bool {
    begins(name, SAFETY)
}

/// What a parameter decides, where it is known; a sentence without its value.
const EFFECTS: &[(&str, &str)] = &[
    ("FS_GCS_ENABL", "what it does when this station falls silent"),
    ("FS_THR_ENABLE", "what it does when the radio control falls silent"),
    ("THR_FAILSAFE", "what it does when the radio control falls silent"),
    ("FS_LONG_ACTN", "what it does after a long silence"),
    ("FS_LONG_TIMEOUT", "how long a silence is long"),
    ("FS_SHORT_ACTN", "what it does at the start of a silence"),
    ("FS_EKF", "what it does when its position estimate fails"),
    ("FS_OPTIONS", "when failsafes are held back"),
    ("FS_", "what it does when something fails"),
    ("RTL_ALTITUDE", "height of its return"),
    ("RTL_RETURN_ALT", "height of its return"),
    ("RTL_ALT", "height of its return"),
    ("RTL_LOIT_TIME", "how long it waits over home before landing"),
    ("RTL_CLIMB_MIN", "how far it climbs before it returns"),
    ("RTL_AUTOLAND", "whether it lands after its return"),
    ("RTL_", "how it returns"),
    ("Q_RTL_", "how it returns"),
    ("BATT_FS_LOW_ACT", "what it does when the battery is low"),
    ("BATT_FS_CRT_ACT", "what it does when the battery is critical"),
    ("BATT_LOW_VOLT", "when the battery counts as low"),
    ("BATT_LOW_MAH", "when the battery counts as low"),
    ("BATT_CRT_", "when the battery counts as critical"),
    ("BATT_CAPACITY", "how much charge it believes to have"),
    ("BATT_", "how it knows its battery"),
    ("BAT_LOW_THR", "when the battery counts as low"),
    ("BAT_CRIT_THR", "when the battery counts as critical"),
    ("BAT", "how it knows its battery"),
    ("FENCE_ENABLE", "whether its fence holds"),
    ("FENCE_ACTION", "what it does at its fence"),
    ("FENCE_", "where its fence stands"),
    ("GF_ACTION", "what it does at its fence"),
    ("GF_", "where its fence stands"),
    ("ARMING_", "what keeps it from arming"),
    ("COM_ARM_", "what keeps it from arming"),
    ("CBRK_", "which safety checks are switched off"),
    ("COM_DL_LOSS_T", "how long a silence of this station is a loss"),
    ("NAV_DLL_ACT", "what it does when this station falls silent"),
    ("NAV_RCL_ACT", "what it does when the radio control falls silent"),
    ("COM_LOW_BAT_ACT", "what it does when the battery is low"),
    ("COM_OBL_", "what it does when it is out of control of anyone"),
    ("RALLY_", "which rally point it returns to"),
    ("LAND_", "how it lands"),
    ("TERRAIN_", "whether it follows the ground"),
    ("SYSID_MYGCS", "which station's silence counts as link loss"),
    ("MAV_GCS_SYSID", "which station's silence counts as link loss"),
    ("SR", "how often it tells something"),
    ("MNT", "how its gimbal moves"),
    ("CAM", "how its camera works"),
    ("GPS", "how its satellite receiver works"),
    ("WP", "how it flies its way points"),
    ("EK3_", "how it estimates its position"),
    ("EKF2_", "how it estimates its position"),
    ("LOG_", "what it writes into its log"),
    ("ATC_", "how it holds its attitude"),
    ("PSC_", "how it holds its position"),
    ("INS_", "how it uses its inertial sensors"),
    ("COMPASS_", "how it uses its compass"),
];

/// What a parameter decides, in words; `None` where this station does not know it.
#[must_use]
pub fn parameter_effect(name: &str) -> Option<&'static str> {
    EFFECTS
        .iter()
        .find(|(begin, _)| name.starts_with(begin))
        .map(|(_, words)| *words)
}

/// Why an aircraft does not take this station for its own, if so: ArduPilot's ground station
/// failsafe counts only the heartbeats of the id it names (`SYSID_MYGCS`, from 4.7 on
/// `MAV_GCS_SYSID` up to `MAV_GCS_SYSID_HI`). The value gives the parameter to set.
#[must_use]
pub fn gcs_system_wanted(table: &ParameterTable, ours: u8) -> Option<(&'static str, f64)> {
    let ours = f64::from(ours);
    ["MAV_GCS_SYSID", "SYSID_MYGCS"].into_iter().find_map(|name| {
        let low = table.get(name)?;
        let high = table.get("MAV_GCS_SYSID_HI").filter(|h| *h >= low).unwrap_or(low);
        (ours < low || ours > high).then_some((name, low))
    })
}

/// Differences a named person flies with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Who.
    pub by: crate::OperatorId,
    /// When.
    pub at: crate::Utc,
    /// Why.
    pub reason: String,
    /// Exactly these; any other is not accepted.
    pub differences: Vec<Difference>,
}

fn begins(name: &str, with: &[&str]) -> bool {
    with.iter().any(|w| name.starts_with(w))
}

impl Baseline {
    /// Reads a `.param`/`.parm` (`NAME,VALUE` or `NAME VALUE`) or a QGroundControl `.params`
    /// (five columns) file.
    ///
    /// # Errors
    /// [`BaselineError`] with the line.
    pub fn parse(text: &str, file: &str) -> Result<Self, BaselineError> {
        let mut values = BTreeMap::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            let fail = |why: String| BaselineError {
                file: file.to_owned(),
                line: n + 1,
                why,
            };
            let words: Vec<&str> = line
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter(|w| !w.is_empty())
                .collect();
            let (name, value) = match words.as_slice() {
                [name, value] => (*name, *value),
                [_, _, name, value, _] => (*name, *value),
                other => return Err(fail(format!("{} columns", other.len()))),
            };
            let named = name.len() <= 16 && name.bytes().all(|b| b.is_ascii_graphic());
            if !named {
                return Err(fail(format!("`{}` is no parameter name", name.escape_default())));
            }
            let number: f64 = value
                .parse()
                .ok()
                .filter(|v: &f64| v.is_finite())
                .ok_or_else(|| fail(format!("`{}` is no number", value.escape_default())))?;
            if values.insert(name.to_owned(), number).is_some() {
                return Err(fail(format!("{name} stands there twice")));
            }
        }
        Ok(Self { values })
    }

    /// As a file [`Self::parse`] reads again.
    #[must_use]
    pub fn to_file(&self) -> String {
        ParameterTable::new(self.values.clone()).to_file()
    }

    /// What differs on board, safety first, then by name. Values every aircraft has for itself
    /// (counters, calibration, its own number) are left out.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "autopilots keep single precision")]
    pub fn differences(&self, on_board: &ParameterTable) -> Vec<Difference> {
        let same = |a: f64, b: f64| (a as f32).to_bits() == (b as f32).to_bits() || a == b;
        let changed = self.values.iter().filter_map(|(name, &wanted)| {
            let drift = match on_board.get(name) {
                None => Drift::Missing { wanted },
                Some(found) if !same(wanted, found) => Drift::Changed { wanted, found },
                Some(_) => return None,
            };
            Some((name.clone(), drift))
        });
        let extra = on_board
            .iter()
            .filter(|(name, _)| !self.values.contains_key(*name))
            .map(|(name, found)| (name.to_owned(), Drift::Extra { found }));
        let mut out: Vec<Difference> = changed
            .chain(extra)
            .filter(|(name, _)| !begins(name, OWN))
            .map(|(name, drift)| Difference {
                safety: is_safety_parameter(&name),
                name,
                drift,
            })
            .collect();
        out.sort_by(|a, b| b.safety.cmp(&a.safety).then_with(|| a.name.cmp(&b.name)));
        out
    }
}

/// Values of a parameter in words: zero first.
type Words = &'static [(i32, &'static str)];
const COPTER_LOSS: Words = &[
    (0, "goes on"),
    (1, "return"),
    (2, "goes on with its mission"),
    (3, "return by its track"),
    (4, "return by its track or land"),
    (5, "land in place"),
    (6, "landing sequence or return"),
    (7, "brake or land"),
];
const COPTER_BATTERY: Words = &[
    (0, "nothing"),
    (1, "land in place"),
    (2, "return"),
    (3, "return by its track"),
    (4, "return by its track or land"),
    (5, "motors off"),
    (6, "landing sequence or return"),
    (7, "brake or land"),
];
const PLANE_BATTERY: Words = &[
    (0, "nothing"),
    (1, "return"),
    (2, "landing sequence"),
    (3, "motors off"),
    (4, "land upright"),
];
const PLANE_LOSS: Words = &[
    (0, "goes on"),
    (1, "return or circle"),
    (2, "glide"),
    (3, "parachute"),
    (4, "goes on"),
];
const FENCE: Words = &[
    (0, "report only"),
    (1, "return or land"),
    (2, "land in place"),
    (3, "return by its track"),
    (4, "brake or land"),
    (6, "guided back"),
    (7, "guided back, throttle by hand"),
];
const PX4_LOSS: Words = &[
    (0, "goes on"),
    (1, "hold"),
    (2, "return"),
    (3, "land in place"),
    (5, "terminate"),
    (6, "motors off"),
];
const PX4_BATTERY: Words = &[(0, "warn only"), (2, "land in place"), (3, "return, then land")];
const PX4_FENCE: Words = &[
    (0, "nothing"),
    (1, "warn only"),
    (2, "hold"),
    (3, "return"),
    (4, "terminate"),
    (5, "land in place"),
];
const SWITCH: Words = &[(0, "off"), (1, "on")];

/// How a value is told: in words, or as a number times a scale with a unit.
enum Tell {
    Words(Words),
    Number(f64, &'static str),
}

/// What is decided, and how its value is told (ArduPilot and PX4 parameter references).
fn telling(name: &str, airframe: crate::Airframe) -> Option<(&'static str, Tell)> {
    let copter = airframe == crate::Airframe::Copter;
    Some(match name {
        "FS_GCS_ENABLE" => ("link loss", Tell::Words(COPTER_LOSS)),
        "FS_LONG_ACTN" => ("long link loss", Tell::Words(PLANE_LOSS)),
        "NAV_DLL_ACT" => ("link loss", Tell::Words(PX4_LOSS)),
        "NAV_RCL_ACT" => ("radio control loss", Tell::Words(PX4_LOSS)),
        "BATT_FS_LOW_ACT" => (
            "battery low",
            Tell::Words(if copter { COPTER_BATTERY } else { PLANE_BATTERY }),
        ),
        "BATT_FS_CRT_ACT" => (
            "battery critical",
            Tell::Words(if copter { COPTER_BATTERY } else { PLANE_BATTERY }),
        ),
        "COM_LOW_BAT_ACT" => ("battery low", Tell::Words(PX4_BATTERY)),
        "FENCE_ACTION" => ("at its fence", Tell::Words(FENCE)),
        "GF_ACTION" => ("at its fence", Tell::Words(PX4_FENCE)),
        "FENCE_ENABLE" => ("fence", Tell::Words(SWITCH)),
        "RTL_ALT" => ("return height", Tell::Number(0.01, "m above home")),
        "RTL_ALTITUDE" | "RTL_RETURN_ALT" => ("return height", Tell::Number(1.0, "m above home")),
        "RTL_LOIT_TIME" => ("wait over home", Tell::Number(0.001, "s")),
        "FENCE_ALT_MAX" | "GF_MAX_VER_DIST" => ("fence ceiling", Tell::Number(1.0, "m")),
        "FENCE_RADIUS" | "GF_MAX_HOR_DIST" => ("fence radius", Tell::Number(1.0, "m")),
        "BATT_LOW_VOLT" => ("battery low at", Tell::Number(1.0, "V")),
        "BATT_CRT_VOLT" => ("battery critical at", Tell::Number(1.0, "V")),
        "BAT_LOW_THR" => ("battery low at", Tell::Number(100.0, "%")),
        "BAT_CRIT_THR" => ("battery critical at", Tell::Number(100.0, "%")),
        "COM_DL_LOSS_T" | "FS_LONG_TIMEOUT" => ("silence that is a loss", Tell::Number(1.0, "s")),
        "SYSID_MYGCS" | "MAV_GCS_SYSID" => ("its own station", Tell::Number(1.0, "by system id")),
        _ => return None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "rounded, of a few digits")]
fn told(v: f64, tell: &Tell) -> String {
    match tell {
        Tell::Words(words) => words
            .iter()
            .find(|(n, _)| f64::from(*n) == v.round())
            .map_or_else(|| v.to_string(), |(_, w)| (*w).to_owned()),
        Tell::Number(scale, _) => ((v * scale * 100.0).round() as i64 as f64 / 100.0).to_string(),
    }
}

impl Difference {
    /// What the difference does, as a sentence; the parameter's general meaning where its values
    /// have no words here, `None` where nothing is known.
    #[must_use]
    pub fn effect(&self, airframe: crate::Airframe) -> Option<String> {
        let Some((what, tell)) = telling(&self.name, airframe) else {
            return parameter_effect(&self.name).map(str::to_owned);
        };
        let unit = match tell {
            Tell::Words(_) => String::new(),
            Tell::Number(_, unit) => format!(" {unit}"),
        };
        Some(match self.drift {
            Drift::Changed { wanted, found } => {
                format!("{what}: {} → {}{unit}", told(wanted, &tell), told(found, &tell))
            }
            Drift::Missing { wanted } => format!("{what}: {}{unit} wanted, not on board", told(wanted, &tell)),
            Drift::Extra { found } => format!("{what}: {}{unit}, not in the baseline", told(found, &tell)),
        })
    }
}
