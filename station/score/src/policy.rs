//! Weights and thresholds of the score, as one versioned record an academy can read, change and
//! sign.
//!
//! Invariant: unknown names are refused; every number is finite and in its range; a weight of 0
//! leaves an item out.

use serde::{Deserialize, Serialize};

use crate::ScoreError;

/// What each item counts. Only their ratios matter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// Time from a subject being visible to the first act on it.
    pub detect: f64,
    /// Subjects reported of those there were.
    pub missed: f64,
    /// Reports of nobody, or of somebody lawful.
    pub false_reports: f64,
    /// Time from an urgent alert to its decision.
    pub decide: f64,
    /// Error of the place at the report.
    pub geolocation: f64,
    /// Time a reported subject was out of sight.
    pub custody: f64,
    /// Aircraft beyond the line or closer than the stand-off.
    pub side: f64,
    /// Aircraft in a no-fly zone.
    pub fence: f64,
    /// Aircraft above or below the heights of the brief.
    pub altitude: f64,
    /// Camera on a privacy zone.
    pub privacy: f64,
    /// Lost links met with an order or a remark.
    pub link_drill: f64,
    /// Other faults met with an order or a remark.
    pub fault_drill: f64,
    /// Energy left at the end, aircraft whole.
    pub battery: f64,
    /// Acts of the checklist.
    pub checklist: f64,
    /// Right reports with sealed, whole evidence.
    pub evidence: f64,
    /// Questions after the workload that were answered.
    pub workload: f64,
    /// Blind inserts that were noticed.
    pub vigilance: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            detect: 3.0,
            missed: 4.0,
            false_reports: 3.0,
            decide: 2.0,
            geolocation: 1.5,
            custody: 2.5,
            side: 2.0,
            fence: 2.0,
            altitude: 1.0,
            privacy: 1.0,
            link_drill: 1.5,
            fault_drill: 1.5,
            battery: 1.5,
            checklist: 2.0,
            evidence: 2.0,
            workload: 0.5,
            vigilance: 2.0,
        }
    }
}

/// Where full points end and where none are left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// A subject counts as visible from this height in the picture on, pixels.
    pub visible_px: f64,
    /// Full points for detection up to, seconds; none from the scenario's `report_within_s` on.
    pub detect_full_s: f64,
    /// Full points for a decision up to, seconds.
    pub decide_full_s: f64,
    /// None from, seconds.
    pub decide_none_s: f64,
    /// What a false report costs, 0..=1.
    pub false_report_cost: f64,
    /// An alert is about an actor within this distance of its place, metres.
    pub same_m: f64,
    /// Full points for the place up to, metres.
    pub place_full_m: f64,
    /// None from, metres.
    pub place_none_m: f64,
    /// How long a reported subject has to be kept in sight, seconds.
    pub custody_s: f64,
    /// A gap shorter than this is none, seconds.
    pub custody_gap_s: f64,
    /// A breach costs all its points after so many seconds.
    pub breach_none_s: f64,
    /// Time for the act of a drill, seconds.
    pub drill_s: f64,
    /// Seconds between questions after the workload; 0 asks never.
    pub probe_every_s: f64,
    /// Seconds such a question stands.
    pub probe_stands_s: f64,
}

impl Thresholds {
    /// When the trainee is asked after the workload.
    #[must_use]
    pub fn probes(&self) -> vedette_model::Probes {
        vedette_model::Probes {
            every_s: self.probe_every_s,
            stands_s: self.probe_stands_s,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            visible_px: 8.0,
            detect_full_s: 20.0,
            decide_full_s: 15.0,
            decide_none_s: 90.0,
            false_report_cost: 0.34,
            same_m: 60.0,
            place_full_m: 10.0,
            place_none_m: 60.0,
            custody_s: 120.0,
            custody_gap_s: 10.0,
            breach_none_s: 20.0,
            drill_s: 30.0,
            probe_every_s: 300.0,
            probe_stands_s: 60.0,
        }
    }
}

/// The policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Version, counted up by the academy with every change.
    pub version: u32,
    /// Its name on the score sheet.
    pub name: String,
    /// Weights.
    pub weights: Weights,
    /// Thresholds.
    pub thresholds: Thresholds,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            name: "as delivered".to_owned(),
            weights: Weights::default(),
            thresholds: Thresholds::default(),
        }
    }
}

impl Policy {
    /// Reads a policy file (TOML); what it leaves out is as delivered.
    ///
    /// # Errors
    /// [`ScoreError::Policy`] with file, line and what is allowed.
    pub fn parse(text: &str, file: &str) -> Result<Self, ScoreError> {
        let bad = |why: String| ScoreError::Policy {
            file: file.to_owned(),
            why,
        };
        let p: Self = toml::from_str(text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        let wrong = p.wrong();
        if wrong.is_empty() {
            Ok(p)
        } else {
            Err(bad(wrong.join("; ")))
        }
    }

    fn wrong(&self) -> Vec<String> {
        let (w, t) = (&self.weights, &self.thresholds);
        let mut out: Vec<String> = Vec::new();
        let numbers = [
            ("weights.detect", w.detect, 0.0, 100.0),
            ("weights.missed", w.missed, 0.0, 100.0),
            ("weights.false_reports", w.false_reports, 0.0, 100.0),
            ("weights.decide", w.decide, 0.0, 100.0),
            ("weights.geolocation", w.geolocation, 0.0, 100.0),
            ("weights.custody", w.custody, 0.0, 100.0),
            ("weights.side", w.side, 0.0, 100.0),
            ("weights.fence", w.fence, 0.0, 100.0),
            ("weights.altitude", w.altitude, 0.0, 100.0),
            ("weights.privacy", w.privacy, 0.0, 100.0),
            ("weights.link_drill", w.link_drill, 0.0, 100.0),
            ("weights.fault_drill", w.fault_drill, 0.0, 100.0),
            ("weights.battery", w.battery, 0.0, 100.0),
            ("weights.checklist", w.checklist, 0.0, 100.0),
            ("weights.evidence", w.evidence, 0.0, 100.0),
            ("weights.workload", w.workload, 0.0, 100.0),
            ("weights.vigilance", w.vigilance, 0.0, 100.0),
            ("thresholds.visible_px", t.visible_px, 1.0, 500.0),
            ("thresholds.detect_full_s", t.detect_full_s, 0.0, 3600.0),
            ("thresholds.decide_full_s", t.decide_full_s, 0.0, 3600.0),
            ("thresholds.decide_none_s", t.decide_none_s, 1.0, 3600.0),
            ("thresholds.false_report_cost", t.false_report_cost, 0.0, 1.0),
            ("thresholds.same_m", t.same_m, 1.0, 1000.0),
            ("thresholds.place_full_m", t.place_full_m, 0.0, 1000.0),
            ("thresholds.place_none_m", t.place_none_m, 1.0, 5000.0),
            ("thresholds.custody_s", t.custody_s, 1.0, 3600.0),
            ("thresholds.custody_gap_s", t.custody_gap_s, 0.5, 600.0),
            ("thresholds.breach_none_s", t.breach_none_s, 1.0, 3600.0),
            ("thresholds.drill_s", t.drill_s, 1.0, 600.0),
            ("thresholds.probe_every_s", t.probe_every_s, 0.0, 7200.0),
            ("thresholds.probe_stands_s", t.probe_stands_s, 5.0, 600.0),
        ];
        for (name, v, lo, hi) in numbers {
            if !(v.is_finite() && (lo..=hi).contains(&v)) {
                out.push(format!("{name} is {v}; allowed is {lo} to {hi}"));
            }
        }
        for (lo, hi, a, b) in [
            ("decide_full_s", "decide_none_s", t.decide_full_s, t.decide_none_s),
            ("place_full_m", "place_none_m", t.place_full_m, t.place_none_m),
        ] {
            if a >= b {
                out.push(format!("thresholds.{lo} is {a}; it must be below {hi}, {b}"));
            }
        }
        out
    }
}
