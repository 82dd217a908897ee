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
use vedette_panels::feeds::{Slot, ViewSlot};
use vedette_panels::plan::{Answer, Call, Foreseen, PlanDesk, Proposal, Proposed, Study, Trial, Tried, Wanted, WhatIf};
use vedette_planner::ProfilePoint;

use crate::clock::Clock;
use crate::imports;

/// How often a thread looks for a newer question when it has nothing to do.
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

/// Does a piece of work that must not take its thread with it: whatever breaks in there becomes a sentence.
pub(crate) fn caught<A>(what: &str, work: impl FnOnce() -> A) -> Result<A, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|why| {
        let words = why.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| why.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        tracing::error!("{what} broke off: {words}");
        format!("{what} broke off on this question ({words}). Nothing was changed. Change the brief a little, and send it to the makers of Vedette as it is.")
    })
}

/// One brief, tried; a trial that breaks off is told as failed.
pub(crate) fn attempt(trial: &Trial, world: &World, seed: u64, table: Option<&PatrolPlan>) -> Tried {
    caught("The planner", || tried(trial, world, seed, table)).unwrap_or_else(|why| Tried {
        revision: trial.revision,
        brief: trial.brief.clone(),
        plan: None,
        verdict: None,
        study: None,
        failed: Some(why),
        took_s: [0.0, 0.0],
        changes: Vec::new(),
    })
}

fn tried(trial: &Trial, world: &World, seed: u64, table: Option<&PatrolPlan>) -> Tried {
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

/// The rest of a watch after a change.
pub(crate) fn proposal(q: &WhatIf, world: &World, seed: u64) -> Proposal {
    caught("The planner", || proposed(q, world, seed)).unwrap_or_else(|why| Proposal {
        number: q.number,
        result: Err(why),
        took_s: [0.0, 0.0],
    })
}

fn proposed(q: &WhatIf, world: &World, seed: u64) -> Proposal {
    let clock = Clock::start(Clock::machine_utc(), 1.0);
    let made = vedette_planner::replan(&q.plan, world, &q.change, q.at_s, seed);
    let planned = clock.now().seconds();
    let result = made.map_err(|e| e.to_string()).map(|r| {
        let changes = r.diff.words();
        let (plan, verdict) = match vedette_checker::approve(r.plan, world) {
            Ok(v) => (v.plan().clone(), v.verdict().clone()),
            Err(refused) => (refused.plan, refused.verdict),
        };
        Proposed {
            study: Arc::new(study(&plan, Some(&verdict), world)),
            plan: Arc::new(plan),
            verdict: Arc::new(verdict),
            changes,
            touched: r.touched,
            hole: r.hole,
        }
    });
    Proposal {
        number: q.number,
        result,
        took_s: [planned, clock.now().seconds() - planned],
    }
}

/// Who can come to a call.
pub(crate) fn answer(c: &Call, world: &World) -> Answer {
    let (mut eyes, mut relief) = (Vec::new(), Vec::new());
    // Nobody is offered where the search breaks off; the record of errors says why.
    match &c.wanted {
        Wanted::Eyes(cue) => {
            let asked = caught("The search for eyes", || {
                vedette_planner::respond(&c.plan, world, cue, c.at_s)
            });
            eyes = asked.unwrap_or_default();
        }
        Wanted::Relief(held) => {
            let asked = caught("The search for a relief", || {
                vedette_planner::hand_over(&c.plan, world, held, c.at_s)
            });
            relief = asked.unwrap_or_default();
        }
    }
    Answer {
        number: c.number,
        eyes,
        relief,
    }
}

/// Answers the newest question of a slot, if there is one newer than `seen`; what was asked in
/// between is passed over.
fn newest<Q, A>(asked: &Slot<Q>, told: &Slot<A>, seen: &mut u64, work: impl FnOnce(&Q) -> A) -> bool {
    let Some((n, q)) = asked.newer_than(*seen) else {
        return false;
    };
    *seen = n;
    told.put(Arc::new(work(&q)));
    true
}

/// Starts the threads: one plans, one answers calls within milliseconds meanwhile.
pub(crate) fn start(
    world: Arc<World>,
    seed: u64,
    table: ViewSlot,
    stop: Arc<AtomicBool>,
) -> Result<(PlanDesk, [JoinHandle<()>; 2])> {
    let desk = PlanDesk::default();
    let run = |name: &str, mut turn: Box<dyn FnMut() -> bool + Send>| {
        let stop = stop.clone();
        let job = move || {
            while !stop.load(Ordering::Acquire) {
                if !turn() {
                    std::thread::sleep(LOOK);
                }
            }
        };
        std::thread::Builder::new()
            .name(name.into())
            .spawn(job)
            .with_context(|| format!("cannot start the {name} thread"))
    };
    let (d, w, t) = (desk.clone(), world.clone(), table.clone());
    let (mut trials, mut changes) = (0, 0);
    let planning = run(
        "drafting",
        Box::new(move || {
            let tried = newest(&d.asked, &d.tried, &mut trials, |trial| {
                let view = t.latest().map(|(_, v)| v);
                attempt(trial, &w, seed, view.as_ref().and_then(|v| v.plan.plan.as_deref()))
            });
            newest(&d.what_if, &d.proposal, &mut changes, |q| proposal(q, &w, seed)) || tried
        }),
    )?;
    let d = desk.clone();
    let (mut eyes, mut relief, mut files) = (0, 0, 0);
    let calls = run(
        "calls",
        Box::new(move || {
            let came = newest(&d.eyes, &d.coming, &mut eyes, |c| answer(c, &world));
            let took = newest(&d.relief, &d.taking_over, &mut relief, |c| answer(c, &world));
            let looked = newest(&d.file, &d.found, &mut files, |q| imports::look(q, &table, &world));
            let plan = table.latest().and_then(|(_, v)| v.plan.plan.clone());
            let known = d.foreseen.latest().map(|(_, f)| f.plan.clone());
            let new = plan.filter(|p| known.as_ref() != Some(&p.id));
            if let Some(p) = &new {
                let seen = caught("The search for radio shadows", || vedette_planner::shadows(p, &world));
                d.foreseen.put(Arc::new(Foreseen {
                    plan: p.id.clone(),
                    shadows: seen.unwrap_or_default(),
                }));
            }
            came || took || looked || new.is_some()
        }),
    )?;
    Ok((desk, [planning, calls]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_off_becomes_a_sentence_and_the_next_question_is_answered() {
        let odd = |n: u32| caught("The planner", || assert!(n % 2 == 1, "{n} is even"));
        let why = odd(4).unwrap_err();
        assert!(
            why.contains("The planner broke off") && why.contains("4 is even"),
            "{why}"
        );
        assert_eq!(odd(5), Ok(()));
    }

    #[test]
    fn what_was_asked_while_the_planner_worked_is_passed_over_for_the_newest() {
        let (asked, told) = (Slot::<u32>::default(), Slot::<u32>::default());
        let mut seen = 0;
        assert!(!newest(&asked, &told, &mut seen, |q| *q));
        for q in 1..=50 {
            asked.put(Arc::new(q));
        }
        let mut worked = 0;
        while newest(&asked, &told, &mut seen, |q| {
            worked += 1;
            *q
        }) {}
        assert_eq!((worked, told.latest().map(|(_, a)| *a)), (1, Some(50)));
    }
}
