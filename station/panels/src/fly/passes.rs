//! Legs gathered into what people call them: take-off, transit, patrol pass 3, return.
//!
//! Invariant: every leg belongs to exactly one run, in order. It must not know time now.

use vedette_core::StationView;
use vedette_model::VehicleId;
use vedette_model::plan::{Leg, LegKind};

/// A run of legs of one kind, patrol legs of one direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) kind: LegKind,
    /// Seconds after the watch begins.
    pub(crate) from_s: f64,
    pub(crate) to_s: f64,
    /// Of its kind, from 1.
    pub(crate) number: usize,
    /// First and last leg number.
    pub(crate) legs: (usize, usize),
    /// Watched chainage at its ends, metres.
    pub(crate) watches_m: Option<[f64; 2]>,
    direction: f64,
}

fn direction(g: &Leg) -> f64 {
    match g.watches_m {
        Some([a, b]) if (b - a).abs() > 1.0 => (b - a).signum(),
        _ => 0.0,
    }
}

/// All runs of one aircraft's plan.
pub(crate) fn runs(v: &StationView, id: VehicleId) -> Vec<Run> {
    let plan = v.plan.plan.as_ref();
    let Some(plan) = plan.and_then(|p| p.aircraft.iter().find(|x| x.vehicle == id)) else {
        return Vec::new();
    };
    let mut out: Vec<Run> = Vec::new();
    for (i, g) in plan.legs.iter().enumerate() {
        // A turn is a sliver on any scale people look at: it belongs to the pass before it.
        let turn = g.kind == LegKind::Turn;
        let kind = if turn { LegKind::Patrol } else { g.kind };
        let d = if turn { 0.0 } else { direction(g) };
        match out.last_mut() {
            Some(r) if r.kind == kind && (d == 0.0 || r.direction == 0.0 || r.direction == d) => {
                r.to_s = g.end_s;
                r.legs.1 = i;
                if d != 0.0 {
                    r.direction = d;
                }
                if let (Some([a, _]), Some([_, b]), false) = (r.watches_m, g.watches_m, turn) {
                    r.watches_m = Some([a, b]);
                } else if r.watches_m.is_none() {
                    r.watches_m = g.watches_m;
                }
            }
            _ => {
                let number = out.iter().filter(|r| r.kind == kind).count() + 1;
                out.push(Run {
                    kind,
                    from_s: g.start_s,
                    to_s: g.end_s,
                    number,
                    legs: (i, i),
                    watches_m: g.watches_m,
                    direction: d,
                });
            }
        }
    }
    out
}
