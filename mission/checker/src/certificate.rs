//! What the checker certifies of the border: when every cell was passed, by whom, and the longest wait between.
//!
//! Invariant: every figure follows from the passes listed beside it; who mistrusts a longest wait can add it up.

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_model::plan::PatrolPlan;
use vedette_model::{PlanId, VehicleId};

use crate::checks::coverage;

/// The certificate of one plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Plan certified.
    pub plan: PlanId,
    /// SHA-256 of the plan's canonical JSON, hexadecimal.
    pub plan_sha256: String,
    /// Site it was flown over.
    pub site: String,
    /// Start and end of what is certified, seconds of the watch.
    pub held_s: [f64; 2],
    /// Longest wait the plan promises, seconds.
    pub promised_s: f64,
    /// Cells in order along the section.
    pub cells: Vec<CertifiedCell>,
}

/// One cell of the border.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertifiedCell {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// The plan calls some of it blind: nothing is promised here.
    pub blind: bool,
    /// Of its ends and its middle the place that waits longest, metres from the section's start; passes are those of this place.
    pub at_m: f64,
    /// When the place was in view, in order; views that overlap are joined, the first to come is named.
    pub passes: Vec<Pass>,
    /// The longest wait: before the first pass, between two, or after the last; `None` where it was never in view.
    pub longest_s: Option<f64>,
    /// When that wait began and ended, seconds of the watch.
    pub waited_s: Option<[f64; 2]>,
}

/// One look at a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Who looked.
    pub vehicle: VehicleId,
    /// First moment, seconds of the watch.
    pub from_s: f64,
    /// Last moment.
    pub until_s: f64,
}

impl Certificate {
    /// The cell that waits longest of those not blind; `None` when all are blind or never seen.
    #[must_use]
    pub fn worst(&self) -> Option<&CertifiedCell> {
        let lit = self.cells.iter().filter(|c| !c.blind && c.longest_s.is_some());
        lit.max_by(|a, b| {
            let of = |c: &CertifiedCell| c.longest_s.unwrap_or(0.0);
            of(a).total_cmp(&of(b))
        })
    }

    /// The certificate in lines for people: one on the whole, one for each of at most `stretches` stretches of equal length.
    #[must_use]
    pub fn words(&self, stretches: usize) -> Vec<String> {
        let wait = |c: &CertifiedCell| match (c.longest_s, c.waited_s) {
            (Some(s), Some([a, b])) => format!("{s:.0} s at metre {:.0}, from second {a:.0} to {b:.0}", c.at_m),
            _ => format!("metre {:.0} is never in view", c.at_m),
        };
        let dark = self.cells.iter().filter(|c| c.blind).count();
        let mut out = vec![match self.worst() {
            Some(c) => format!(
                "{} cells, {dark} of them blind; longest wait {}; {:.0} s were promised",
                self.cells.len(),
                wait(c),
                self.promised_s
            ),
            None => format!("{} cells, none of them is watched", self.cells.len()),
        }];
        let per = self.cells.len().div_ceil(stretches.max(1)).max(1);
        for part in self.cells.chunks(per) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else {
                continue;
            };
            let lit: Vec<&CertifiedCell> = part.iter().filter(|c| !c.blind).collect();
            let Some(worst) = lit.iter().copied().max_by(|a, b| {
                let of = |c: &CertifiedCell| c.longest_s.unwrap_or(f64::INFINITY);
                of(a).total_cmp(&of(b))
            }) else {
                out.push(format!("metres {:.0} to {:.0}: blind", first.from_m, last.to_m));
                continue;
            };
            let passes = |pick: fn(usize, usize) -> usize| lit.iter().map(|c| c.passes.len()).reduce(pick).unwrap_or(0);
            out.push(format!(
                "metres {:.0} to {:.0}: {} to {} passes, longest wait {}",
                first.from_m,
                last.to_m,
                passes(usize::min),
                passes(usize::max),
                wait(worst)
            ));
        }
        out
    }
}

/// Flies the timetable of a plan and lists every pass over every cell of the section. It says when places are in view, not
/// whether the plan is flyable: that is [`crate::check`]'s to say.
#[must_use]
pub fn certificate(plan: &PatrolPlan, world: &World) -> Certificate {
    let held = [plan.promise.from_s, plan.promise.until_s];
    let sound = crate::checks::timetable::finite(plan);
    let (cells, cell_m) = if sound { coverage::cells(plan) } else { (0, 0.0) };
    let mut places: Vec<Vec<Pass>> = Vec::with_capacity(2 * cells + 1);
    if cells > 0 {
        coverage::sights(plan, 2 * cells + 1, cell_m / 2.0, &mut |looks| {
            let mut passes: Vec<Pass> = Vec::new();
            for (from_s, until_s, vehicle) in looks {
                match passes.last_mut() {
                    Some(p) if *from_s <= p.until_s => p.until_s = p.until_s.max(*until_s),
                    _ => passes.push(Pass {
                        vehicle: *vehicle,
                        from_s: *from_s,
                        until_s: *until_s,
                    }),
                }
            }
            places.push(passes);
        });
    }
    let cells = (0..cells)
        .map(|i| {
            let (from_m, to_m) = (cell_m * i as f64, cell_m * (i + 1) as f64);
            // Never in view is longer than any wait.
            let of = |k: &usize| waited(&places[*k], held).map_or(f64::INFINITY, |w| w[1] - w[0]);
            let k = (2 * i..=2 * i + 2)
                .max_by(|a, b| of(a).total_cmp(&of(b)).then(b.cmp(a)))
                .unwrap_or(2 * i);
            let waited_s = waited(&places[k], held);
            CertifiedCell {
                from_m,
                to_m,
                blind: plan.blind.iter().any(|b| b.from_m < to_m && b.to_m > from_m),
                at_m: 0.5 * cell_m * k as f64,
                longest_s: waited_s.map(|w| w[1] - w[0]),
                waited_s,
                passes: places[k].clone(),
            }
        })
        .collect();
    Certificate {
        plan: plan.id.clone(),
        plan_sha256: crate::plan_sha256(plan),
        site: world.site_hash(),
        held_s: held,
        promised_s: plan.promise.revisit_s,
        cells,
    }
}

/// The longest wait between passes within the time certified, its start and end.
fn waited(passes: &[Pass], [from, until]: [f64; 2]) -> Option<[f64; 2]> {
    passes.first()?;
    let (mut last, mut worst) = (from, [from, from]);
    for p in passes {
        if p.from_s - last > worst[1] - worst[0] {
            worst = [last, p.from_s];
        }
        last = last.max(p.until_s);
    }
    if until - last > worst[1] - worst[0] {
        worst = [last, until];
    }
    Some(worst)
}
