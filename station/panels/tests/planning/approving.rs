//! Two people bring a plan to an aircraft; what an upload changes is seen before it is sent.

use egui::Key;
use egui_kittest::Harness;
use vedette_core::{OnBoard, StationView};
use vedette_model::{Intent, Mono, OperatorId, PlanId, PlanRule, VehicleId};
use vedette_panels::Workspace;

use crate::demo;
use crate::room::{self, Room, given, names, press, says};

/// The moment before anybody approved; the aircraft stand.
fn proposed() -> (StationView, PlanId) {
    let mut v = demo::view();
    v.plan.approved = None;
    let plan = v.plan.plan.as_ref().expect("a plan").id.clone();
    for a in v.vehicles.values_mut() {
        a.landed = a
            .landed
            .map(|l| vedette_model::Known::new(vedette_model::LandedState::OnGround, l.captured));
    }
    (v, plan)
}

fn planning(v: StationView) -> Harness<'static, Room> {
    room::open(v, room::full(), Workspace::Plan, None)
}

fn approved(h: &mut Harness<Room>, plan: &PlanId) {
    let v = &mut h.state_mut().view;
    v.plan.approved = Some(demo::approval(plan, Mono(20_000_000), v.utc));
    h.run_steps(2);
}

#[test]
fn who_put_it_on_the_table_is_told_why_they_cannot_approve() {
    let (v, plan) = proposed();
    let mut h = planning(v);
    let line = "Approval: put on the table by Operator 2 · pilot 02:41:06 · not approved. Operator 2 · pilot put it on the table: another person approves it";
    assert!(says(&h, line), "{:?}", names(&h));
    press(&mut h, "Approve plan");
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert!(given(&mut h).is_empty());
    // Another person takes the seat: that is in the record, and they may.
    h.key_press(Key::F9);
    h.run_steps(2);
    press(&mut h, "Seat: Shift lead");
    let from = demo::operator();
    assert_eq!(given(&mut h), [Intent::TakeSeat { from }]);
    assert_eq!(h.state().local.operator, demo::lead());
    assert!(says(&h, "Uploads wait for your approval."));
    press(&mut h, "Approve plan");
    assert_eq!(given(&mut h), [Intent::ApprovePlan { plan }]);
}

#[test]
fn an_observer_approves_nothing_in_any_seat() {
    let (v, _) = proposed();
    let mut h = planning(v);
    h.state_mut().local.operator = OperatorId("obs-1".into());
    h.run_steps(2);
    press(&mut h, "Approve plan");
    assert!(given(&mut h).is_empty());
}

#[test]
fn a_single_person_site_says_what_the_record_will_say() {
    let (mut v, plan) = proposed();
    v.plan_rule = PlanRule::SinglePerson;
    let mut h = planning(v);
    assert!(says(
        &h,
        "Single-person site: you may approve it, and the record says so."
    ));
    press(&mut h, "Approve plan");
    assert_eq!(given(&mut h), [Intent::ApprovePlan { plan }]);
}

#[test]
fn an_upload_shows_what_it_changes_before_it_is_sent() {
    let (mut v, plan) = proposed();
    let part = v
        .plan
        .plan
        .as_ref()
        .unwrap()
        .aircraft
        .iter()
        .find(|a| a.vehicle == VehicleId(2))
        .unwrap();
    // On board: the same plan without its last item, its first one 40 m away.
    let mut old = part.items.clone();
    old.pop();
    let moved = old.iter().position(|i| i.at.is_some()).unwrap();
    let at = old[moved].at.unwrap();
    old[moved].at = Some(vedette_geo::destination(at, 0.0, 40.0));
    let n = old.len();
    let a = v.vehicles.get_mut(&VehicleId(2)).unwrap();
    a.on_board = OnBoard {
        mission: Some(old.into()),
        fence: Some(part.fence_items.clone().into()),
        rally: Some(part.rally_items.clone().into()),
    };
    let mut h = planning(v);
    press(&mut h, "Upload plan to CU-02");
    assert!(!says(&h, "what changes on board"), "not before it is approved");
    approved(&mut h, &plan);
    assert!(
        says(&h, "approved by Shift lead 02:41:16 · signed 3f2a 91bc"),
        "{:?}",
        names(&h)
    );
    press(&mut h, "Upload plan to CU-02");
    assert!(given(&mut h).is_empty(), "looking at it sends nothing");
    assert!(says(&h, &format!("Mission: {n} → {} items", n + 1)), "{:?}", names(&h));
    assert!(says(&h, "farthest moves 40 m") && says(&h, "Fence: stays as it is"));
    assert!(says(&h, "40 m"), "the item itself is listed");
    press(&mut h, "Do not send");
    assert!(!says(&h, "what changes on board") && given(&mut h).is_empty());
    press(&mut h, "Upload plan to CU-02");
    press(&mut h, "Send plan to CU-02");
    let vehicle = VehicleId(2);
    assert_eq!(given(&mut h), [Intent::UploadPlan { vehicle, plan }]);
}

#[test]
fn what_was_never_read_is_read_before_it_is_replaced() {
    let (v, plan) = proposed();
    let mut h = planning(v);
    approved(&mut h, &plan);
    press(&mut h, "Upload plan to CU-01");
    let vehicle = VehicleId(1);
    assert_eq!(given(&mut h), [Intent::ReadPlan { vehicle }]);
    assert!(says(&h, "which was not read"));
}

#[test]
fn an_unsigned_approval_and_a_flying_aircraft_say_why_the_upload_waits() {
    let (v, plan) = proposed();
    let mut h = planning(v);
    approved(&mut h, &plan);
    h.state_mut().view.plan.approved.as_mut().unwrap().signature = None;
    h.run_steps(2);
    assert!(says(&h, "Not yet: its approval is not signed yet"), "{:?}", names(&h));
    approved(&mut h, &plan);
    let now = h.state().view.now;
    let a = h.state_mut().view.vehicles.get_mut(&VehicleId(2)).unwrap();
    a.landed = Some(vedette_model::Known::new(vedette_model::LandedState::InAir, now));
    h.run_steps(2);
    assert!(
        says(&h, "Not yet: CU-02 flies its plan: hold it or return it first"),
        "{:?}",
        names(&h)
    );
}

#[test]
fn a_long_verdict_scrolls_and_every_line_can_be_reached() {
    let (mut v, _) = proposed();
    let mut j = (**v.plan.verdict.as_ref().unwrap()).clone();
    let note = vedette_model::plan::Finding {
        severity: vedette_model::plan::FindingSeverity::Note,
        check: "clearance".into(),
        vehicle: Some(VehicleId(1)),
        leg: Some(3),
        what: "Clearance below 80 m".into(),
        worst: 71.0,
        limit: 80.0,
        unit: "m".into(),
        at: Some(v.section[0]),
        chainage_m: Some(100.0),
        time_s: None,
    };
    j.findings = (0..60)
        .map(|i| vedette_model::plan::Finding {
            what: format!("Clearance below 80 m, place {i}"),
            ..note.clone()
        })
        .collect();
    v.plan.verdict = Some(j.into());
    let mut h = planning(v);
    assert!(says(&h, "more below"), "{:?}", names(&h));
    for _ in 0..60 {
        h.key_press(Key::N);
        h.run_steps(2);
    }
    h.run_steps(30);
    assert_eq!(h.state().local.plan.focus, Some(59));
    let last = "Go to finding 60: Clearance below 80 m, place 59";
    let seen = egui_kittest::kittest::Queryable::get_by_label(&h, last).rect();
    // The map flew to where the finding is.
    let l = &h.state().local;
    let at = l.shapes.as_ref().unwrap().on_ground(h.state().view.section[0], None);
    let off = (at[0] - l.map.east_m).hypot(at[1] - l.map.north_m);
    assert!(off < 100.0, "{off} m from the finding");
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, room::full());
    assert!(screen.contains_rect(seen), "{seen:?}");
}
