//! Judges a patrol plan against the site and the brief, and alone can turn it into a [`ValidPlan`], which alone can be uploaded.
//!
//! Shares no geometry with the planner: it samples every path an aircraft may fly at 10 m (legs, turn arcs, circles, the items
//! as uploaded, the ways home from everywhere), measures distances on vectors from the Earth's centre, and flies the timetable
//! to see how long each cell of the border goes unseen. Every finding says what, how much, where and when.
//!
//! Invariant: the same plan and world give the same verdict; a figure that is not a number refuses the plan.

mod air;
mod certificate;
mod checks;
mod earth;
mod foreign;
mod found;
mod land;
mod path;

pub use certificate::{Certificate, CertifiedCell, Pass, certificate};
pub use foreign::{Foreign, check_mission};

use checks::{
    autopilot, camera, clearance, coverage, energy, envelope, fence, intervals, items, no_fly, separation, site,
    stand_off, timetable, turns,
};
use found::{Fault, Found};
use land::Land;
use serde::Serialize;
use sha2::{Digest, Sha256};
use vedette_atlas::World;
use vedette_model::plan::{AircraftMargins, AircraftPlan, PatrolPlan, Verdict};
use vedette_model::{MissionItem, PlanId, VehicleId};

/// Judges a plan. Nothing is uploaded on the strength of this: see [`approve`].
#[must_use]
pub fn check(plan: &PatrolPlan, world: &World) -> Verdict {
    let land = Land::new(world, plan);
    let mut found = Found::default();
    let mut verdict = Verdict {
        plan: plan.id.clone(),
        plan_sha256: String::new(),
        site: world.site_hash(),
        findings: Vec::new(),
        revisit_measured_s: 0.0,
        revisit_mean_s: 0.0,
        lower_bound_s: 0.0,
        gap_per_cell_s: Vec::new(),
        cell_m: 0.0,
        separation_m: None,
        margins: Vec::new(),
        samples: 0,
    };
    // A day's plan is a hundred megabytes of text: written once for both hashes.
    let (sha256, id) = hashes(plan);
    verdict.plan_sha256 = sha256;
    if !timetable::finite(plan) {
        let what = "The plan holds a figure that is not a number, or a place that is not on the globe.";
        found.add(Fault::new(timetable::NAME, what), &land);
        verdict.findings = found.finish();
        return verdict;
    }
    site::check(plan, &id, &land, &mut found);
    timetable::check(plan, &land, &mut found);
    turns::check(plan, &land, &mut found);
    envelope::check(plan, &land, &mut found);
    items::check(plan, &land, &mut found);
    fence::check(plan, &land, &mut found);
    let left = energy::check(plan, &land, &mut found);
    let used = autopilot::check(plan, &land, &mut found);
    verdict.separation_m = separation::check(plan, &land, &mut found);

    let limits = &plan.brief.limits;
    let (mut border, mut ground) = (stand_off::Check::default(), clearance::Check::default());
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        path::all(a, craft, &plan.brief, &mut |path| {
            verdict.samples += path.samples.len() as u64;
            border.path(path, limits, &land, &mut found);
            ground.path(path, limits, &land, &mut found);
            no_fly::path(path, limits, &land, &mut found);
        });
    }
    camera::check(plan, &land, &mut found);
    intervals::check(plan, &land, &mut found);
    let seen = coverage::check(plan, &land, &mut found);
    verdict.revisit_measured_s = seen.max_s;
    verdict.revisit_mean_s = seen.mean_s;
    verdict.lower_bound_s = if seen.bound_s.is_finite() { seen.bound_s } else { 0.0 };
    verdict.gap_per_cell_s = seen.per_cell_s;
    verdict.cell_m = seen.cell_m;
    verdict.margins = plan
        .aircraft
        .iter()
        .map(|a| AircraftMargins {
            vehicle: a.vehicle,
            border_m: border.least_m.get(&a.vehicle).copied().unwrap_or(0.0),
            clearance_m: ground.least_m.get(&a.vehicle).copied().unwrap_or(0.0),
            energy_share: left.get(&a.vehicle).copied().unwrap_or(0.0),
            items: used.get(&a.vehicle).copied().unwrap_or((a.items.len(), 0)),
        })
        .collect();
    verdict.findings = found.finish();
    verdict
}

/// Judges a plan and, when nothing refuses it, makes it a [`ValidPlan`].
///
/// # Errors
/// The plan and its verdict, when a finding refuses it.
pub fn approve(plan: PatrolPlan, world: &World) -> Result<ValidPlan, Box<Refused>> {
    let verdict = check(&plan, world);
    if verdict.is_clear() {
        Ok(ValidPlan { plan, verdict })
    } else {
        Err(Box::new(Refused { plan, verdict }))
    }
}

/// SHA-256 of a plan's JSON (fields in their declared order, no white space), hexadecimal.
#[must_use]
pub fn plan_sha256(plan: &PatrolPlan) -> String {
    hashes(plan).0
}

/// The id a plan must carry: the first 16 hexadecimal digits of the SHA-256 of its JSON with the id left blank.
#[must_use]
pub fn plan_id(plan: &PatrolPlan) -> PlanId {
    hashes(plan).1
}

/// SHA-256 of a plan's JSON and the id it must carry, from one writing. Both blank if the plan had no JSON form, which plans
/// always have.
fn hashes(plan: &PatrolPlan) -> (String, PlanId) {
    let head = format!("{{\"schema\":{},\"id\":", plan.schema);
    let id = serde_json::to_string(&plan.id).unwrap_or_default();
    let sink = Twice {
        whole: Sha256::new(),
        blank: Sha256::new(),
        from: head.len(),
        to: head.len() + id.len(),
        at: 0,
    };
    let mut writer = std::io::BufWriter::with_capacity(1 << 16, sink);
    let written = serde_json::to_writer(&mut writer, plan).is_ok();
    let hex = |d: &[u8]| d.iter().map(|b| format!("{b:02x}")).collect::<String>();
    match writer.into_inner() {
        Ok(t) if written => {
            let blank = hex(&t.blank.finalize());
            (hex(&t.whole.finalize()), PlanId(blank.chars().take(16).collect()))
        }
        _ => (String::new(), PlanId(String::new())),
    }
}

/// Two hashes of what is written: of all, and of all with the text between two offsets replaced by an empty JSON string.
struct Twice {
    whole: Sha256,
    blank: Sha256,
    from: usize,
    to: usize,
    at: usize,
}

impl std::io::Write for Twice {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.whole.update(bytes);
        let cut = |offset: usize| offset.saturating_sub(self.at).min(bytes.len());
        let (a, b) = (cut(self.from), cut(self.to));
        self.blank.update(&bytes[..a]);
        if self.at <= self.from && self.from < self.at + bytes.len() {
            self.blank.update(b"\"\"");
        }
        self.blank.update(&bytes[b..]);
        self.at += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A plan that was refused, with the reasons.
#[derive(Debug, Clone, Serialize, thiserror::Error)]
#[error("the plan is refused: {}", first(&self.verdict))]
pub struct Refused {
    /// The plan as it was.
    pub plan: PatrolPlan,
    /// Why.
    pub verdict: Verdict,
}

fn first(verdict: &Verdict) -> &str {
    verdict
        .findings
        .first()
        .map_or("no reason was recorded", |f| f.what.as_str())
}

/// A plan that the checker found clear. Made only by [`approve`]; immutable, and cannot be read from a file.
///
/// ```compile_fail
/// let made_up: vedette_checker::ValidPlan = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidPlan {
    plan: PatrolPlan,
    verdict: Verdict,
}

/// What is uploaded to one aircraft.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Upload<'a> {
    /// Flight plan, home left out.
    pub mission: &'a [MissionItem],
    /// Geofence.
    pub fence: &'a [MissionItem],
    /// Rally points.
    pub rally: &'a [MissionItem],
}

impl ValidPlan {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &PatrolPlan {
        &self.plan
    }

    /// The verdict that cleared it.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// One aircraft's part; `None` when it has none.
    #[must_use]
    pub fn aircraft(&self, vehicle: VehicleId) -> Option<&AircraftPlan> {
        self.plan.aircraft.iter().find(|a| a.vehicle == vehicle)
    }

    /// What to upload to one aircraft; `None` when it has no part.
    #[must_use]
    pub fn mission_for(&self, vehicle: VehicleId) -> Option<Upload<'_>> {
        let a = self.aircraft(vehicle)?;
        Some(Upload {
            mission: &a.items,
            fence: &a.fence_items,
            rally: &a.rally_items,
        })
    }
}
