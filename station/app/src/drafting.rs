//! Tries briefs beside the table: planner, checker and study on a thread of their own, so that
//! the console never waits while somebody drags a line.
//!
//! Invariant: nothing tried here reaches the journal or an aircraft; the newest brief wins and an
//! answer says which brief it answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use vedette_atlas::World;
use vedette_model::VehicleId;
use vedette_model::plan::{Brief, PatrolPlan, Verdict};
use vedette_panels::feeds::ViewSlot;
use vedette_panels::plan::{PlanDesk, Study, Trial, Tried};
use vedette_planner::ProfilePoint;

use crate::clock::Clock;

/// How often the thread looks for a newer brief when it has nothing to do.
const LOOK: Duration = Duration::from_millis(25);

/// A plan with the checker's judgement, whichever way it goes.
type Judged = Result<(PatrolPlan, Verdict), String>;

fn judge(brief: &Brief, world: &World, seed: u64) -> (Judged, [f64; 2]) {
    let clock = Clock::start(Clock::machine_utc(), 1.0);
    let seconds = || clock.now().seconds();
    let plan = match vedette_planner::plan(brief, world, seed) {
        Ok(p) => p,
        Err(e) => return (Err(e.to_string()), [seconds(), 0.0]),
    };
    let planned = seconds();
    let judged = match vedette_checker::approve(plan, world) {
        Ok(v) => (v.plan().clone(), v.verdict().clone()),
        Err(refused) => (refused.plan, refused.verdict),
    };
    (Ok(judged), [planned, seconds() - planned])
}

/// One brief, tried.
pub(crate) fn attempt(trial: &Trial, world: &World, seed: u64, table: Option<&PatrolPlan>) -> Tried {
    let (judged, took_s) = judge(&trial.brief, world, seed);
    let (plan, verdict, failed) = match judged {
        Ok((p, v)) => (Some(Arc::new(p)), Some(Arc::new(v)), None),
        Err(why) => (None, None, Some(why)),
    };
    let study = plan.as_ref().map(|p| Arc::new(study(p, verdict.as_deref(), world)));
    let changes = match (table, &plan) {
        (Some(old), Some(new)) if old.brief != new.brief => vedette_planner::compare(old, new).words(),
        _ => Vec::new(),
    };
    Tried {
        revision: trial.revision,
        brief: trial.brief.clone(),
        plan,
        verdict,
        study,
        failed,
        took_s,
        changes,
    }
}

/// Cells, profile, lanes, fleets and link losses of one plan.
fn study(plan: &PatrolPlan, verdict: Option<&Verdict>, world: &World) -> Study {
    let cell_m = (plan.section_m / 200.0).clamp(25.0, 500.0);
    // The lowest of all flights at each place of the section.
    let mut lowest: BTreeMap<u64, ProfilePoint> = BTreeMap::new();
    for flight in 0..plan.aircraft.len() {
        for p in vedette_planner::profile(plan, flight, world, cell_m, plan.section_m * 2.5) {
            let (Some(m), Some(c)) = (p.chainage_m, p.clearance_m) else {
                continue;
            };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cell's number")]
            let k = (m.max(0.0) / cell_m) as u64;
            let lower = lowest.get(&k).is_none_or(|o| o.clearance_m.is_none_or(|x| c < x));
            if lower {
                lowest.insert(k, p);
            }
        }
    }
    let (footprint_m, transit) = (2.0 * half_m(plan), transit_s(plan));
    let most = plan.brief.fleet.len() + 3;
    Study {
        cells: vedette_planner::border_cells(plan, world, verdict, cell_m),
        profile: lowest.into_values().collect(),
        lanes: vedette_planner::lanes(plan),
        options: vedette_planner::fleet_options(
            &plan.brief,
            plan.section_m,
            footprint_m,
            |a| transit.get(&a.vehicle).copied().unwrap_or(0.0),
            most,
        ),
        link_loss: vedette_planner::rehearse(plan, world),
    }
}

/// Half of the border in the picture, metres, the mean of all watching legs.
fn half_m(plan: &PatrolPlan) -> f64 {
    let legs = plan
        .aircraft
        .iter()
        .flat_map(|a| &a.legs)
        .filter(|l| l.watches_m.is_some());
    let (n, sum) = legs.fold((0.0, 0.0), |(n, s), l| (n + 1.0, s + l.watch_half_m));
    if n > 0.0 { sum / n } else { 0.0 }
}

/// Seconds from take-off to the first metre watched, by aircraft.
fn transit_s(plan: &PatrolPlan) -> BTreeMap<VehicleId, f64> {
    let of = |a: &vedette_model::plan::AircraftPlan| {
        let first = a.legs.first()?.start_s;
        let watch = a.legs.iter().find(|l| l.watches_m.is_some())?.start_s;
        Some((a.vehicle, watch - first))
    };
    plan.aircraft.iter().filter_map(of).collect()
}

/// Starts the thread.
pub(crate) fn start(
    world: Arc<World>,
    seed: u64,
    table: ViewSlot,
    stop: Arc<AtomicBool>,
) -> Result<(PlanDesk, JoinHandle<()>)> {
    let desk = PlanDesk::default();
    let (asked, tried) = (desk.asked.clone(), desk.tried.clone());
    let thread = std::thread::Builder::new()
        .name("drafting".into())
        .spawn(move || {
            let mut seen = 0;
            while !stop.load(Ordering::Acquire) {
                let Some((n, trial)) = asked.newer_than(seen) else {
                    std::thread::sleep(LOOK);
                    continue;
                };
                seen = n;
                let view = table.latest().map(|(_, v)| v);
                let old = view.as_ref().and_then(|v| v.plan.plan.as_deref());
                tried.put(Arc::new(attempt(&trial, &world, seed, old)));
            }
        })
        .context("cannot start the planning thread")?;
    Ok((desk, thread))
}
