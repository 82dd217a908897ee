//! The sizing table: what every size of fleet buys, before any route is drawn.
//!
//! Invariant: closed forms only (see `sizing`); one more aircraft never makes the table worse. Microseconds per row, so it can
//! be drawn anew while a person drags.

use serde::{Deserialize, Serialize};
use vedette_model::plan::{Aircraft, Brief};

use crate::sizing::{availability, endurance_s, kinds, sizing};

/// Seconds between touch-down and the next take-off where the brief names no base.
const SWAP_S: f64 = 600.0;

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetOption {
    /// Aircraft owned.
    pub owned: usize,
    /// Tail of the first of each kind, and how many of it.
    pub by_kind: Vec<(String, usize)>,
    /// Kept on patrol at every moment.
    pub airborne: usize,
    /// Longest time a metre goes unseen, seconds; infinite when nobody can be kept on patrol.
    pub longest_gap_s: f64,
    /// No schedule of these aircraft can do better, seconds.
    pub bound_s: f64,
    /// Batteries or tank fillings used over the whole watch.
    pub battery_sets: usize,
    /// The gap is what the brief asks or less.
    pub meets: bool,
}

/// Rows for 1 to `most` aircraft: the brief's own fleet in its order, then one more of whichever kind helps most. `length_m` is
/// watched with `footprint_m` in the picture; `transit_s` gives each aircraft's way from base to line, seconds.
#[must_use]
pub fn fleet_options(
    brief: &Brief,
    length_m: f64,
    footprint_m: f64,
    transit_s: impl Fn(&Aircraft) -> f64,
    most: usize,
) -> Vec<FleetOption> {
    let mut out: Vec<FleetOption> = Vec::new();
    let mut now = brief.clone();
    now.fleet.clear();
    let first_of: Vec<usize> = kinds(&brief.fleet).iter().map(|k| k[0]).collect();
    for n in 0..most {
        let row = match brief.fleet.get(n) {
            Some(a) => {
                now.fleet.push(a.clone());
                row(&now, length_m, footprint_m, &transit_s)
            }
            None => {
                let mut best: Option<(FleetOption, usize)> = None;
                for k in &first_of {
                    now.fleet.push(brief.fleet[*k].clone());
                    let r = row(&now, length_m, footprint_m, &transit_s);
                    now.fleet.pop();
                    let better = best.as_ref().is_none_or(|(b, _)| {
                        (r.longest_gap_s, r.bound_s, r.battery_sets) < (b.longest_gap_s, b.bound_s, b.battery_sets)
                    });
                    if better {
                        best = Some((r, *k));
                    }
                }
                let Some((r, k)) = best else { break };
                now.fleet.push(brief.fleet[k].clone());
                r
            }
        };
        out.push(row);
    }
    out
}

fn row(brief: &Brief, length_m: f64, footprint_m: f64, transit_s: &impl Fn(&Aircraft) -> f64) -> FleetOption {
    let s = sizing(brief, length_m, footprint_m, transit_s);
    let swap_s = brief.bases.iter().map(|b| b.swap_s).reduce(f64::max).unwrap_or(SWAP_S);
    let duration = brief.requirement.duration_s;
    let mut sets = 0.0;
    for k in kinds(&brief.fleet) {
        let a = &brief.fleet[k[0]];
        let (e, t) = (endurance_s(a), transit_s(a));
        let on = e - 2.0 * t;
        let n = k.len() as f64;
        sets += if brief.bases.is_empty() || e >= duration || on <= 0.0 {
            n
        } else {
            (n * availability(e, t, swap_s) * duration / on).ceil().max(n)
        };
    }
    let gap = if s.airborne == 0 { f64::INFINITY } else { s.best_s };
    FleetOption {
        owned: brief.fleet.len(),
        by_kind: s.kinds.iter().map(|k| (k.like.clone(), k.owned)).collect(),
        airborne: s.airborne,
        longest_gap_s: gap,
        bound_s: s.bound_s,
        battery_sets: sets as usize,
        meets: gap <= brief.requirement.revisit_s,
    }
}
