//! The timetable as lanes: one per aircraft, with what it does when.
//!
//! Invariant: bars of a lane do not overlap and follow the plan's times.

use serde::{Deserialize, Serialize};
use vedette_model::VehicleId;
use vedette_model::plan::{LegKind, PatrolPlan};

/// What an aircraft does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarKind {
    /// From base to station.
    WayOut,
    /// On station.
    Patrol,
    /// From station to base.
    WayHome,
    /// On the pad: fresh battery or tanks.
    Service,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// What.
    pub kind: BarKind,
    /// From, seconds after the watch begins.
    pub from_s: f64,
    /// To.
    pub to_s: f64,
    /// Flight number of the aircraft.
    pub sortie: u32,
    /// Station, number in the timetable.
    pub station: Option<usize>,
    /// Base it leaves, lands at or stands on, number in the brief.
    pub base: Option<usize>,
    /// Aircraft it relieves at the bar's start.
    pub relieves: Option<VehicleId>,
    /// Aircraft that relieves it at the bar's end.
    pub relieved_by: Option<VehicleId>,
}

/// One aircraft's lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Who.
    pub vehicle: VehicleId,
    /// Tail number.
    pub tail: String,
    /// Bars by time; empty: it stays on the ground.
    pub bars: Vec<Bar>,
}

/// The lanes of a plan, in the order of its fleet.
#[must_use]
pub fn lanes(plan: &PatrolPlan) -> Vec<Lane> {
    plan.brief
        .fleet
        .iter()
        .map(|f| {
            let mut bars = match &plan.timetable {
                Some(_) => relieved(plan, f.vehicle),
                None => single(plan, f.vehicle),
            };
            bars.retain(|b| b.to_s > b.from_s);
            bars.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
            Lane {
                vehicle: f.vehicle,
                tail: f.tail.clone(),
                bars,
            }
        })
        .collect()
}

fn relieved(plan: &PatrolPlan, vehicle: VehicleId) -> Vec<Bar> {
    let Some(t) = &plan.timetable else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mine = || t.sorties.iter().filter(|s| s.vehicle == vehicle);
    for s in mine() {
        let by = t
            .sorties
            .iter()
            .find(|o| o.relieves == Some(vehicle) && o.station == s.station && (o.from_s - s.until_s).abs() < 1.0);
        let bar = |kind, from_s, to_s, base| Bar {
            kind,
            from_s,
            to_s,
            sortie: s.sortie,
            station: Some(s.station),
            base,
            relieves: None,
            relieved_by: None,
        };
        out.push(bar(BarKind::WayOut, s.off_s, s.from_s, Some(s.from_base)));
        out.push(Bar {
            relieves: s.relieves,
            relieved_by: by.map(|o| o.vehicle),
            ..bar(BarKind::Patrol, s.from_s, s.until_s, None)
        });
        out.push(bar(BarKind::WayHome, s.until_s, s.on_s, Some(s.to_base)));
        if mine().any(|n| n.sortie > s.sortie) {
            let swap = t.bases.get(s.to_base).map_or(0.0, |b| b.swap_s);
            out.push(bar(BarKind::Service, s.on_s, s.on_s + swap, Some(s.to_base)));
        }
    }
    out
}

fn single(plan: &PatrolPlan, vehicle: VehicleId) -> Vec<Bar> {
    let mut out = Vec::new();
    for a in plan.aircraft.iter().filter(|a| a.vehicle == vehicle) {
        let on = |k: LegKind| matches!(k, LegKind::Patrol | LegKind::Turn | LegKind::Loiter);
        let (Some(first), Some(last)) = (a.legs.first(), a.legs.last()) else {
            continue;
        };
        let from = a.legs.iter().find(|l| on(l.kind)).map_or(last.end_s, |l| l.start_s);
        let until = a.legs.iter().rev().find(|l| on(l.kind)).map_or(from, |l| l.end_s);
        for (kind, from_s, to_s) in [
            (BarKind::WayOut, first.start_s, from),
            (BarKind::Patrol, from, until),
            (BarKind::WayHome, until, last.end_s),
        ] {
            out.push(Bar {
                kind,
                from_s,
                to_s,
                sortie: a.sortie,
                station: None,
                base: None,
                relieves: None,
                relieved_by: None,
            });
        }
    }
    out
}
