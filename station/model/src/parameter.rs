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
