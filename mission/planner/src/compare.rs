//! Two plans held against each other: what a person approves when one replaces the other.
//!
//! Invariant: a flight counts as the same only if every item, fence corner and leg is; comparing a plan with itself changes
//! nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_model::VehicleId;
use vedette_model::plan::{AircraftPlan, PatrolPlan};

/// What became of a flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlightChange {
    /// Not a bit differs.
    Same,
    /// Same way, later or earlier by so many seconds.
    Shifted {
        /// Seconds, later positive.
        by_s: f64,
    },
    /// Flown differently.
    Changed {
        /// First mission item that differs; `None` when only fence, rally or times do.
        first_item: Option<usize>,
        /// Mission items before and after.
        items: (usize, usize),
        /// Metres flown before and after.
        length_m: (f64, f64),
        /// Watt hours before and after.
        energy_wh: (f64, f64),
    },
    /// Not flown before.
    Added,
    /// Not flown any more.
    Removed,
}

/// One flight of either plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlightDiff {
    /// Who.
    pub vehicle: VehicleId,
    /// Its flight number.
    pub sortie: u32,
    /// What became of it.
    pub change: FlightChange,
}

/// The difference of two plans; pairs are before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanDiff {
    /// Promised longest gap, seconds.
    pub revisit_s: (f64, f64),
    /// Its lower bound, seconds.
    pub bound_s: (f64, f64),
    /// Blind metres.
    pub blind_m: (f64, f64),
    /// From when the promise holds, seconds.
    pub from_s: (f64, f64),
    /// Energy of all flights, watt hours.
    pub energy_wh: (f64, f64),
    /// Flights of either, by aircraft and number.
    pub flights: Vec<FlightDiff>,
    /// Flights that stay as they are.
    pub same: usize,
}

impl PlanDiff {
    /// In sentences.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let count = |f: fn(&FlightChange) -> bool| self.flights.iter().filter(|d| f(&d.change)).count();
        let mut out = vec![format!(
            "Longest gap {:.0} s, was {:.0} s; no schedule beats {:.0} s, was {:.0} s.",
            self.revisit_s.1, self.revisit_s.0, self.bound_s.1, self.bound_s.0
        )];
        out.push(format!(
            "Of {} flights {} stay the same, {} change, {} are new, {} fall away.",
            self.flights.len(),
            self.same,
            count(|c| matches!(c, FlightChange::Changed { .. } | FlightChange::Shifted { .. })),
            count(|c| *c == FlightChange::Added),
            count(|c| *c == FlightChange::Removed),
        ));
        if (self.blind_m.0 - self.blind_m.1).abs() >= 1.0 {
            out.push(format!("Blind: {:.0} m, was {:.0} m.", self.blind_m.1, self.blind_m.0));
        }
        if (self.from_s.0 - self.from_s.1).abs() >= 1.0 {
            out.push(format!(
                "The promise holds from {:.0} s of the watch on, was {:.0} s.",
                self.from_s.1, self.from_s.0
            ));
        }
        out
    }
}

/// Holds two plans against each other.
#[must_use]
pub fn compare(before: &PatrolPlan, after: &PatrolPlan) -> PlanDiff {
    let blind = |p: &PatrolPlan| p.blind.iter().map(|b| b.to_m - b.from_m).sum();
    let wh = |p: &PatrolPlan| p.aircraft.iter().map(energy).sum();
    fn by(p: &PatrolPlan) -> BTreeMap<(VehicleId, u32), &AircraftPlan> {
        p.aircraft.iter().map(|a| ((a.vehicle, a.sortie), a)).collect()
    }
    let (old, new) = (by(before), by(after));
    let mut flights: Vec<FlightDiff> = Vec::new();
    let mut put = |(vehicle, sortie): (VehicleId, u32), change| {
        flights.push(FlightDiff {
            vehicle,
            sortie,
            change,
        });
    };
    for (key, a) in &old {
        put(*key, new.get(key).map_or(FlightChange::Removed, |b| change(a, b)));
    }
    for key in new.keys().filter(|k| !old.contains_key(k)) {
        put(*key, FlightChange::Added);
    }
    flights.sort_by_key(|f| (f.vehicle, f.sortie));
    PlanDiff {
        revisit_s: (before.promise.revisit_s, after.promise.revisit_s),
        bound_s: (before.promise.lower_bound_s, after.promise.lower_bound_s),
        blind_m: (blind(before), blind(after)),
        from_s: (before.promise.from_s, after.promise.from_s),
        energy_wh: (wh(before), wh(after)),
        same: flights.iter().filter(|f| f.change == FlightChange::Same).count(),
        flights,
    }
}

fn energy(a: &AircraftPlan) -> f64 {
    a.legs.last().map_or(0.0, |l| l.energy_wh)
}

fn length(a: &AircraftPlan) -> f64 {
    a.legs.iter().map(|l| crate::watch::near_m(l.from, l.to)).sum()
}

fn change(a: &AircraftPlan, b: &AircraftPlan) -> FlightChange {
    if a == b {
        return FlightChange::Same;
    }
    let start = |p: &AircraftPlan| p.legs.first().map_or(0.0, |l| l.start_s);
    let by_s = start(b) - start(a);
    let late = |l: &vedette_model::plan::Leg| (l.from, l.to, l.from_amsl, l.to_amsl, l.kind);
    let same_way = a.items == b.items
        && a.fence_items == b.fence_items
        && a.rally_items == b.rally_items
        && a.legs.len() == b.legs.len()
        && a.legs
            .iter()
            .zip(&b.legs)
            .all(|(p, q)| late(p) == late(q) && (q.start_s - p.start_s - by_s).abs() < 0.01);
    if same_way {
        return FlightChange::Shifted { by_s };
    }
    let first = a.items.iter().zip(&b.items).position(|(p, q)| p != q);
    let shorter = a.items.len().min(b.items.len());
    FlightChange::Changed {
        first_item: first.or((a.items.len() != b.items.len()).then_some(shorter)),
        items: (a.items.len(), b.items.len()),
        length_m: (length(a), length(b)),
        energy_wh: (energy(a), energy(b)),
    }
}
