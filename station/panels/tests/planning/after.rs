//! After a change the rest of the watch is tried beside the table, put there by a person, and
//! never in the way of the frame.

use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use vedette_model::{Change, Intent, VehicleId};
use vedette_panels::Workspace;
use vedette_panels::plan::{PlanDesk, Proposal, Proposed, Study, WhatIf};

use crate::demo;
use crate::room::{self, Room, given, names, press, says};

fn planning() -> Harness<'static, Room> {
    room::open(demo::view(), room::full(), Workspace::Plan, Some(PlanDesk::default()))
}

fn asked(h: &Harness<Room>) -> Arc<WhatIf> {
    let desk = h.state().desk.as_ref().expect("a desk");
    desk.what_if.latest().expect("the desk is asked").1
}

/// What the planner and the checker make of the newest question.
fn answer(h: &mut Harness<Room>) -> Arc<Proposal> {
    let q = asked(h);
    let world = &demo::base().world;
    let made = vedette_planner::replan(&q.plan, world, &q.change, q.at_s, 7);
    let result = made.map_err(|e| e.to_string()).map(|r| {
        let changes = r.diff.words();
        let (plan, verdict) = match vedette_checker::approve(r.plan, world) {
            Ok(v) => (v.plan().clone(), v.verdict().clone()),
            Err(e) => (e.plan, e.verdict),
        };
        Proposed {
            study: Arc::new(Study {
                cells: vec![],
                profile: vec![],
                lanes: vedette_planner::lanes(&plan),
                options: vec![],
                link_loss: vec![],
            }),
            plan: Arc::new(plan),
            verdict: Arc::new(verdict),
            changes,
            touched: r.touched,
            hole: r.hole,
        }
    });
    let p = Arc::new(Proposal {
        number: q.number,
        result,
        took_s: [0.1, 0.1],
    });
    h.state().desk.as_ref().unwrap().proposal.put(p.clone());
    h.run_steps(3);
    p
}

#[test]
fn without_an_aircraft_the_rest_is_tried_told_and_put_on_the_table() {
    let mut h = planning();
    h.key_press(Key::X);
    h.run_steps(2);
    press(&mut h, "Without CU-02 Aliga");
    let q = asked(&h);
    assert_eq!(q.change, Change::LostAircraft(VehicleId(2)));
    assert!(
        (q.at_s - h.state().view.plan_second().unwrap()).abs() < 1e-6,
        "from now on"
    );
    assert!(says(&h, "The rest is being planned…"));
    let p = answer(&mut h);
    assert!(given(&mut h).is_empty(), "trying reaches nobody");
    match &p.result {
        Ok(made) => {
            assert_eq!(
                made.plan.parent,
                h.state().view.plan.plan.as_ref().map(|p| p.id.clone())
            );
            assert!(
                says(&h, "After a change: The rest of the watch, tried for now"),
                "{:?}",
                names(&h)
            );
            assert!(says(&h, "flights") && says(&h, "a trial"));
            press(&mut h, "Approve plan");
            assert!(given(&mut h).is_empty(), "a trial cannot be approved");
            press(&mut h, "Put on the table");
            let change = q.change.clone();
            assert_eq!(given(&mut h), [Intent::Replan { change, at_s: q.at_s }]);
        }
        Err(why) => assert!(says(&h, why), "{why}"),
    }
}

#[test]
fn a_new_zone_and_the_measured_wind_are_offered_as_changes() {
    let mut h = planning();
    h.state_mut().view.vehicles.values_mut().for_each(|a| {
        a.wind = a.wind.map(|w| vedette_model::Known::new((300.0, 14.0), w.captured));
    });
    h.key_press(Key::X);
    h.run_steps(2);
    press(&mut h, "In wind 300° 14 m/s");
    let Change::Wind(w) = &asked(&h).change else { panic!() };
    assert!((w.from_deg - 300.0).abs() < 1.0 && (w.speed_m_s - 14.0).abs() < 0.1);
    let p = answer(&mut h);
    let told = match &p.result {
        Ok(_) => says(&h, "Verdict: clear") || says(&h, "Verdict: refused"),
        Err(_) => says(&h, "Verdict: no plan"),
    };
    assert!(told, "{:?}", names(&h));
}

#[test]
fn an_edit_of_the_brief_ends_the_question() {
    let mut h = planning();
    h.key_press(Key::X);
    h.run_steps(2);
    press(&mut h, "Without CU-01 Isard");
    assert!(h.state().local.plan.what_if.is_some());
    press(&mut h, "The brief");
    super::write(&mut h, "Revisit at most", "6 min");
    assert!(h.state().local.plan.what_if.is_none());
    press(&mut h, "Put on the table");
    assert!(matches!(given(&mut h)[..], [Intent::ProposeBrief { .. }]));
}

#[test]
fn while_a_line_is_dragged_only_the_newest_brief_waits_and_no_frame_waits_for_it() {
    let mut h = planning();
    let desk = h.state().desk.clone().expect("a desk");
    let before = desk.asked.latest().expect("asked").0;
    // Nobody answers: the planner is slow. Sixty frames of dragging go on all the same.
    let v = h.state().view.clone();
    let s = &v.brief.section;
    let border = &demo::base().world.border;
    let place = |share: f64| border.at((s.from_km + (s.to_km - s.from_km) * share) * 1000.0);
    let (from, to) = (super::on_map(&h, place(1.0)), super::on_map(&h, place(0.6)));
    h.drag_at(from);
    h.run_steps(2);
    for i in 1..=60u8 {
        h.hover_at(from + (to - from) * (f32::from(i) / 60.0));
        h.run_steps(1);
    }
    h.run_steps(1);
    let (asked, newest) = desk.asked.latest().expect("asked");
    assert!(
        asked - before <= 61,
        "at most one trial a frame is put: {}",
        asked - before
    );
    assert_eq!(
        newest.brief,
        *h.state().local.plan.draft.as_ref().unwrap().brief(),
        "and the newest is what waits"
    );
    assert!(says(&h, "planning…"));
    // The answer to an old brief is not taken for the new one.
    let old = super::answer(&mut h);
    h.hover_at(from + (to - from) * 0.5);
    h.run_steps(2);
    h.drop_at(from + (to - from) * 0.5);
    h.run_steps(2);
    assert!(desk.asked.latest().expect("asked").1.revision > old.revision);
    assert!(says(&h, "planning…"), "{:?}", names(&h));
    super::answer(&mut h);
    assert!(!says(&h, "planning…"));
    assert!(given(&mut h).is_empty());
}
