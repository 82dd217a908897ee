//! Collects what the checks find: for every check, aircraft, path and leg only the worst place, and counts samples.

use crate::land::Land;
use std::collections::BTreeMap;
use vedette_geo::LatLon;
use vedette_model::VehicleId;
use vedette_model::plan::{Finding, FindingSeverity};

/// Which findings are one and the same: check, aircraft, leg, and a word that tells apart (path, zone).
type Key = (&'static str, Option<VehicleId>, Option<usize>, String);

/// All findings so far.
#[derive(Default)]
pub(crate) struct Found {
    worst: BTreeMap<Key, (f64, Finding)>,
}

/// One observation to report.
pub(crate) struct Fault {
    pub(crate) check: &'static str,
    pub(crate) severity: FindingSeverity,
    pub(crate) vehicle: Option<VehicleId>,
    pub(crate) leg: Option<usize>,
    /// Tells apart findings of one check on one leg: the kind of path, the zone's name.
    pub(crate) sort: String,
    pub(crate) what: String,
    pub(crate) worst: f64,
    pub(crate) limit: f64,
    pub(crate) unit: &'static str,
    pub(crate) at: Option<LatLon>,
    pub(crate) time_s: Option<f64>,
}

impl Fault {
    /// A fault that refuses the plan.
    pub(crate) fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            severity: FindingSeverity::Refused,
            vehicle: None,
            leg: None,
            sort: String::new(),
            what: what.into(),
            worst: 0.0,
            limit: 0.0,
            unit: "",
            at: None,
            time_s: None,
        }
    }

    pub(crate) fn note(mut self) -> Self {
        self.severity = FindingSeverity::Note;
        self
    }

    pub(crate) fn of(mut self, vehicle: VehicleId, leg: impl Into<Option<usize>>) -> Self {
        self.vehicle = Some(vehicle);
        self.leg = leg.into();
        self
    }

    pub(crate) fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = sort.into();
        self
    }

    pub(crate) fn value(mut self, worst: f64, limit: f64, unit: &'static str) -> Self {
        (self.worst, self.limit, self.unit) = (worst, limit, unit);
        self
    }

    pub(crate) fn at(mut self, at: LatLon, time_s: impl Into<Option<f64>>) -> Self {
        self.at = Some(at);
        self.time_s = time_s.into();
        self
    }
}

impl Found {
    /// Keeps a fault if it is the worst of its sort. How bad it is: the distance between value and limit.
    pub(crate) fn add(&mut self, fault: Fault, land: &Land<'_>) {
        let excess = (fault.worst - fault.limit).abs();
        let excess = if excess.is_nan() { f64::INFINITY } else { excess };
        let key = (fault.check, fault.vehicle, fault.leg, fault.sort);
        if self.worst.get(&key).is_some_and(|(e, _)| *e >= excess) {
            return;
        }
        let chainage_m = fault.at.and_then(|p| land.place(p)?.chainage_m);
        let finding = Finding {
            severity: fault.severity,
            check: fault.check.into(),
            vehicle: fault.vehicle,
            leg: fault.leg,
            what: fault.what,
            worst: fault.worst,
            limit: fault.limit,
            unit: fault.unit.into(),
            at: fault.at,
            chainage_m,
            time_s: fault.time_s,
        };
        self.worst.insert(key, (excess, finding));
    }

    /// All findings: refusing ones first, then by check, aircraft and leg.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.worst.into_values().map(|(_, f)| f).collect();
        all.sort_by_key(|f| f.severity);
        all
    }
}
