//! From a brief on the table to an upload: two people, a signature, and what an upload would change.

mod onboard;

use vedette_core::{Effect, Input, ItemChange, OnBoard, PlanOnAircraft, Replay, Setup, Station, digest, on_aircraft};
use vedette_geo::{AboveHome, Amsl, LatLon, destination};
use vedette_model::plan::*;
use vedette_model::*;

use crate::{Rig, V1, origin, setup};

fn item(at: LatLon, alt_m: f64) -> MissionItem {
    MissionItem {
        command: command::NAV_WAYPOINT,
        frame: AltFrame::AboveHome,
        params: [None; 4],
        at: Some(at),
        alt_m,
    }
}

/// A row of points eastwards, 100 m apart.
fn row(n: u32) -> Vec<MissionItem> {
    (0..n)
        .map(|i| item(destination(origin(), 90.0, f64::from(i) * 100.0), 80.0))
        .collect()
}

fn part(items: Vec<MissionItem>) -> AircraftPlan {
    AircraftPlan {
        vehicle: V1,
        sortie: 0,
        lands_at: None,
        return_branches: vec![],
        home: origin(),
        home_amsl: Amsl(1000.0),
        take_off: AboveHome(30.0),
        legs: vec![],
        return_amsl: Amsl(1100.0),
        return_path: vec![],
        rally: vec![],
        fence: vec![],
        items,
        fence_items: vec![],
        rally_items: vec![],
    }
}

fn plan(id: &str, parent: Option<&str>) -> PatrolPlan {
    PatrolPlan {
        schema: 1,
        id: PlanId(id.into()),
        parent: parent.map(|p| PlanId(p.into())),
        brief: setup().brief,
        site: "0".into(),
        terrain: "flat".into(),
        section_m: 3000.0,
        aircraft: vec![part(row(4))],
        promise: Promise {
            revisit_s: 300.0,
            lower_bound_s: 250.0,
            bound_source: "test".into(),
            from_s: 0.0,
            until_s: 600.0,
        },
        blind: vec![],
        timetable: None,
        sizing: None,
        intervals: vec![],
        drawn: vec![],
    }
}

fn verdict(id: &str, severity: FindingSeverity) -> Verdict {
    Verdict {
        plan: PlanId(id.into()),
        plan_sha256: "ab".repeat(32),
        site: "0".into(),
        findings: vec![Finding {
            severity,
            check: "stand_off".into(),
            vehicle: Some(V1),
            leg: None,
            what: "too close".into(),
            worst: 1.0,
            limit: 2.0,
            unit: "m".into(),
            at: None,
            chainage_m: None,
            time_s: None,
        }],
        revisit_measured_s: 300.0,
        revisit_mean_s: 200.0,
        lower_bound_s: 250.0,
        gap_per_cell_s: vec![],
        cell_m: 25.0,
        separation_m: None,
        margins: vec![],
        samples: 1,
    }
}

/// The planner's and the checker's answer.
fn planned(r: &mut Rig, id: &str, parent: Option<&str>, severity: FindingSeverity) {
    r.put(Input::Planned {
        plan: Box::new(plan(id, parent)),
        verdict: Box::new(verdict(id, severity)),
    });
    r.effects.clear();
}

fn upload(id: &str) -> Intent {
    Intent::UploadPlan {
        vehicle: V1,
        plan: PlanId(id.into()),
    }
}

fn approve(id: &str) -> Intent {
    Intent::ApprovePlan {
        plan: PlanId(id.into()),
    }
}

fn signature() -> ApprovalSignature {
    ApprovalSignature {
        certificate_sha256: "c1".repeat(32),
        der_hex: "3045".into(),
    }
}

fn sign(r: &mut Rig, id: &str) {
    r.put(Input::ApprovalSigned {
        plan: PlanId(id.into()),
        signature: signature(),
    });
}

#[test]
fn an_unapproved_or_refused_plan_is_never_uploaded() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    assert!(matches!(r.effects.as_slice(), [Effect::Plan { .. }]));
    planned(&mut r, "p1", None, FindingSeverity::Refused);
    r.wants("lead", approve("p1"));
    r.wants("pilot", upload("p1"));
    assert!(r.effects.is_empty());
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", upload("p1"));
    assert!(r.effects.is_empty(), "not before somebody approved it");
    r.wants("lead", approve("p1"));
    r.effects.clear();
    r.wants("pilot", upload("p1"));
    assert!(r.effects.is_empty(), "not before the approval is signed");
    assert!(r.last_notice().contains("not signed yet"), "{}", r.last_notice());
    sign(&mut r, "p1");
    r.wants("pilot", upload("p1"));
    assert!(matches!(
        r.effects.as_slice(),
        [Effect::Upload {
            vehicle: V1,
            uid: 77,
            ..
        }]
    ));
}

#[test]
fn who_put_a_plan_on_the_table_cannot_approve_it() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", approve("p1"));
    assert!(r.effects.is_empty());
    assert_eq!(
        r.last_notice(),
        "approving plan p1: Pilot put it on the table: another person approves it"
    );
    r.wants("guest", approve("p1"));
    assert!(r.effects.is_empty(), "an observer approves nothing");
    r.wants("lead", approve("p1"));
    let [Effect::SignApproval { plan, statement }] = r.effects.as_slice() else {
        panic!("{:?}", r.effects)
    };
    assert_eq!(plan.0, "p1");
    for line in [
        "station: CU-GCS-1",
        "plan: p1",
        &format!("plan sha256: {}", "ab".repeat(32)),
        "put on the table by: pilot",
        "approved by: lead",
        "rule: two persons",
        "at: 2023-11-14T",
    ] {
        assert!(statement.lines().any(|l| l.starts_with(line)), "{line}\n{statement}");
    }
    let held = r.station.view().plan.approved.clone().expect("approved");
    assert_eq!(held.statement, *statement);
    assert_eq!((held.by.0.as_str(), held.rule), ("lead", PlanRule::TwoPersons));
    // A second one changes nothing of the first.
    r.wants("lead", approve("p1"));
    assert_eq!(r.station.view().plan.approved.as_ref(), Some(&held));
}

#[test]
fn while_a_plan_is_made_nobody_else_puts_their_name_on_it() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    r.wants("lead", Intent::MakePlan);
    assert_eq!(r.effects.len(), 1, "one at a time");
    planned(&mut r, "p1", None, FindingSeverity::Note);
    let by = r.station.view().plan.proposed.clone().expect("somebody").0;
    assert_eq!(by.0, "pilot");
}

#[test]
fn a_new_plan_on_the_table_needs_its_own_approval() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("lead", approve("p1"));
    r.wants("pilot", Intent::MakePlan);
    r.wants("lead", approve("p1"));
    planned(&mut r, "p2", Some("p1"), FindingSeverity::Note);
    // The signature of the old one comes late.
    sign(&mut r, "p1");
    assert!(r.station.view().plan.approved.is_none());
    r.wants("pilot", upload("p2"));
    assert!(r.effects.iter().all(|e| !matches!(e, Effect::Upload { .. })));
}

#[test]
fn a_site_of_one_person_says_so_in_every_approval() {
    let alone = Setup {
        plan_rule: PlanRule::SinglePerson,
        ..setup()
    };
    let mut r = Rig::with(alone).known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", approve("p1"));
    let a = r.station.view().plan.approved.clone().expect("approved");
    assert!(a.statement.contains("rule: single person"), "{}", a.statement);
    let said = &r.station.view().events.last().expect("an event").text;
    assert!(said.contains("single-person rule"), "{said}");
}

#[test]
fn an_approval_replays_as_it_was_given() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", approve("p1"));
    r.wants("lead", approve("p1"));
    sign(&mut r, "p1");
    let written: Vec<String> = r
        .log
        .iter()
        .map(|e| serde_json::to_string(e).expect("writes"))
        .collect();
    let read = written
        .iter()
        .map(|l| serde_json::from_str(l).expect("reads"))
        .collect();
    let text = serde_json::to_string(&setup()).expect("writes");
    let replay = Replay::new(serde_json::from_str(&text).expect("reads"), read).expect("a usable site");
    assert_eq!(digest(replay.view()), digest(r.station.view()));
    let a = replay.view().plan.approved.as_ref().expect("approved");
    assert_eq!(a.signature.as_ref(), Some(&signature()));
}

#[test]
fn a_session_from_before_the_rule_replays_without_it() {
    let mut old = serde_json::to_value(setup()).expect("writes");
    old.as_object_mut().expect("an object").remove("plan_rule");
    let mut s = Station::new(serde_json::from_value(old).expect("reads")).expect("a usable site");
    assert_eq!(s.view().plan_rule, PlanRule::Unstated);
    let mut r = Rig::new().known();
    std::mem::swap(&mut s, &mut r.station);
    r = r.known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", approve("p1"));
    r.wants("pilot", upload("p1"));
    assert!(r.effects.iter().any(|e| matches!(e, Effect::Upload { .. })));
}

#[test]
fn an_aircraft_that_flies_its_plan_takes_no_other() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("lead", approve("p1"));
    sign(&mut r, "p1");
    r.effects.clear();
    r.say(Report::Landed(LandedState::InAir));
    let mode = |mode, name: &str| Report::Heartbeat {
        mode,
        mode_name: name.into(),
        armed: true,
    };
    r.say(mode(FlightMode::Auto, "AUTO"));
    r.wants("pilot", upload("p1"));
    assert!(r.effects.is_empty());
    assert!(
        r.last_notice().contains("hold it or return it first"),
        "{}",
        r.last_notice()
    );
    r.say(mode(FlightMode::Hold, "BRAKE"));
    r.wants("pilot", upload("p1"));
    assert!(matches!(r.effects.as_slice(), [Effect::Upload { .. }]));
}

#[test]
fn after_a_change_the_rest_is_planned_from_the_moment_it_was_tried_for() {
    let mut r = Rig::new().known();
    let lost = |at_s| Intent::Replan {
        change: Change::LostAircraft(V1),
        at_s,
    };
    r.wants("pilot", lost(0.0));
    assert!(r.effects.is_empty(), "nothing is in force");
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("pilot", lost(4000.0));
    assert!(r.effects.is_empty(), "an old proposal is tried again first");
    r.wants("pilot", lost(20.0));
    assert!(matches!(
        r.effects.as_slice(),
        [Effect::Replan { change: Change::LostAircraft(V1), at_s, plan, .. }] if *at_s == 20.0 && plan.id.0 == "p1"
    ));
    // Nobody can do it: the plan in force stays on the table.
    r.put(Input::PlanFailed {
        why: "no aircraft is left".into(),
    });
    let table = &r.station.view().plan;
    assert!(table.plan.as_ref().is_some_and(|p| p.id.0 == "p1") && !table.computing);
    assert_eq!(table.failed.as_deref(), Some("no aircraft is left"));
}

#[test]
fn a_part_that_did_not_change_needs_no_upload() {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p1", None, FindingSeverity::Note);
    r.wants("lead", approve("p1"));
    sign(&mut r, "p1");
    r.wants("pilot", upload("p1"));
    for (kind, items) in [
        (MissionKind::Mission, row(4)),
        (MissionKind::Fence, vec![]),
        (MissionKind::Rally, vec![]),
    ] {
        r.say(Report::PlanOnVehicle { kind, items, id: None });
    }
    r.wants("pilot", Intent::MakePlan);
    planned(&mut r, "p2", Some("p1"), FindingSeverity::Note);
    let v = &r.station.view().vehicles[&V1];
    assert_eq!(v.plan_on_board, PlanOnAircraft::Same);
    assert_eq!(v.plan_id.as_ref().map(|p| p.0.as_str()), Some("p2"));
}

#[test]
fn what_an_aircraft_holds_is_read_on_demand() {
    let mut r = Rig::new().known();
    r.wants("guest", Intent::ReadPlan { vehicle: V1 });
    assert!(r.effects.is_empty());
    r.wants("pilot", Intent::ReadPlan { vehicle: V1 });
    let kinds: Vec<MissionKind> = r
        .effects
        .iter()
        .filter_map(|e| match e {
            Effect::Request(Request {
                body: RequestBody::Download { kind },
                ..
            }) => Some(*kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [MissionKind::Mission, MissionKind::Fence, MissionKind::Rally]);
}

fn held(mission: Vec<MissionItem>) -> OnBoard {
    OnBoard {
        mission: Some(mission.into()),
        ..OnBoard::default()
    }
}

#[test]
fn an_upload_says_what_it_changes() {
    let old = row(6);
    let mut new = old.clone();
    // One moves 30 m north and 12 m up, one comes between, the last one goes.
    let at = new[2].at.expect("a place");
    new[2] = item(destination(at, 0.0, 30.0), 92.0);
    new.insert(4, item(destination(origin(), 45.0, 900.0), 80.0));
    new.pop();
    let [mission, fence, _] = on_aircraft(&part(new), &held(old.clone()));
    assert_eq!((mission.before, mission.after, mission.same), (Some(6), 6, 4));
    let [
        ItemChange::Becomes {
            old: 2,
            new: 2,
            moves_m: Some(m),
            rises_m: Some(up),
        },
        ItemChange::New(4),
        ItemChange::Gone(5),
    ] = mission.changes[..]
    else {
        panic!("{:?}", mission.changes)
    };
    assert!((m - 30.0).abs() < 0.1 && (up - 12.0).abs() < 1e-9, "{m} {up}");
    assert_eq!(
        mission.words(),
        "Mission: 6 → 6 items, 4 stay, 1 changed, 1 new, 1 gone; farthest moves 30 m"
    );
    assert_eq!(fence.before, None);
    assert!(fence.words().contains("which was not read"));
    let [same, ..] = on_aircraft(&part(old.clone()), &held(old));
    assert_eq!(same.words(), "Mission: stays as it is, 6 items");
}

proptest::proptest! {
    #[test]
    fn old_items_less_what_goes_plus_what_comes_are_the_new_ones(
        a in proptest::collection::vec(0u32..6, 0..40), b in proptest::collection::vec(0u32..6, 0..40)
    ) {
        let all = row(6);
        let list = |n: &[u32]| n.iter().map(|i| all[*i as usize].clone()).collect::<Vec<_>>();
        let (old, new) = (list(&a), list(&b));
        let [change, ..] = on_aircraft(&part(new.clone()), &held(old.clone()));
        let (mut gone, mut fresh) = (vec![], vec![]);
        for c in &change.changes {
            match c {
                ItemChange::New(n) => fresh.push(*n),
                ItemChange::Gone(o) => gone.push(*o),
                ItemChange::Becomes { old, new, .. } => { gone.push(*old); fresh.push(*new); }
            }
        }
        let keep = |l: &[MissionItem], out: &[usize]| {
            l.iter().enumerate().filter(|(i, _)| !out.contains(i)).map(|(_, x)| x.clone()).collect::<Vec<_>>()
        };
        proptest::prop_assert_eq!(keep(&old, &gone), keep(&new, &fresh));
        proptest::prop_assert_eq!(change.same, new.len() - fresh.len());
    }
}
