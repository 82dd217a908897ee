//! The planning workspace as a planner uses it: fields, map, undo, trials, the table.
//!
//! Invariant: plan and verdict are the real planner's and checker's. It must not reach into the
//! panels.

mod after;
mod approving;
mod charts;
mod import;

use std::sync::Arc;

use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use vedette_geo::distance_m;
use vedette_model::Intent;
use vedette_panels::Workspace;
use vedette_panels::plan::{PlanDesk, Tool, Trial, Tried};

use crate::demo;
use crate::room::{self, Room, names, says};

fn room() -> Harness<'static, Room> {
    room::open(demo::view(), room::full(), Workspace::Plan, Some(PlanDesk::default()))
}

fn table(h: &Harness<Room>) -> PlanDesk {
    h.state().desk.clone().expect("a planning desk")
}

fn asked(h: &Harness<Room>) -> Arc<Trial> {
    table(h).asked.latest().expect("a trial is asked for").1
}

fn write(h: &mut Harness<Room>, field: &str, text: &str) {
    let f = h.get_by_role_and_label(egui::accesskit::Role::TextInput, field);
    f.focus();
    h.run_steps(2);
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run_steps(1);
    h.event(egui::Event::Text(text.to_owned()));
    h.run_steps(3);
}

/// The planner's and checker's answer to the newest trial.
fn answer(h: &mut Harness<Room>) -> Arc<Tried> {
    let trial = asked(h);
    let world = &demo::base().world;
    let (plan, verdict, failed) = match vedette_planner::plan(&trial.brief, world, 7) {
        Ok(p) => match vedette_checker::approve(p, world) {
            Ok(v) => (Some(v.plan().clone()), Some(v.verdict().clone()), None),
            Err(r) => (Some(r.plan), Some(r.verdict), None),
        },
        Err(e) => (None, None, Some(e.to_string())),
    };
    let tried = Arc::new(Tried {
        revision: trial.revision,
        brief: trial.brief.clone(),
        plan: plan.map(Arc::new),
        verdict: verdict.map(Arc::new),
        study: None,
        failed,
        took_s: [0.1, 0.1],
        changes: vec!["Longest gap changed.".into()],
    });
    table(h).tried.put(tried.clone());
    h.run_steps(3);
    tried
}

fn on_map(h: &Harness<Room>, at: vedette_geo::LatLon) -> Pos2 {
    let l = &h.state().local;
    let s = l.shapes.clone().expect("shapes");
    let q = s.on_ground(at, None);
    l.map
        .view(l.map_rect)
        .project(q[0], q[1], q[2])
        .expect("in front of the eye")
}

fn drag(h: &mut Harness<Room>, from: Pos2, to: Pos2) {
    h.drag_at(from);
    h.run_steps(2);
    for i in 1..=4u8 {
        h.hover_at(from + (to - from) * (f32::from(i) / 4.0));
        h.run_steps(1);
    }
    h.drop_at(to);
    h.run_steps(3);
}

fn click(h: &mut Harness<Room>, at: Pos2) {
    h.hover_at(at);
    h.run_steps(1);
    h.drag_at(at);
    h.run_steps(1);
    h.drop_at(at);
    // Longer than a double click takes.
    h.run_steps(20);
}

#[test]
fn a_number_typed_is_tried_at_once_and_taken_back_by_one_key() {
    let mut h = room();
    let before = asked(&h);
    assert_eq!(
        before.brief,
        h.state().view.brief,
        "the table's own brief is studied first"
    );
    write(&mut h, "Revisit at most", "5 min");
    let now = asked(&h);
    assert!((now.brief.requirement.revisit_s - 300.0).abs() < 1e-9);
    assert!(now.revision > before.revision);
    assert!(h.state().given.is_empty(), "a trial reaches nobody");
    h.key_press_modifiers(Modifiers::CTRL, Key::Z);
    h.run_steps(3);
    let mut back = 0;
    while asked(&h).brief != before.brief && back < 10 {
        h.key_press_modifiers(Modifiers::CTRL, Key::Z);
        h.run_steps(2);
        back += 1;
    }
    assert_eq!(asked(&h).brief, before.brief, "every keystroke can be taken back");
}

#[test]
fn the_section_is_coloured_by_what_is_asked_and_the_legend_says_what_each_colour_means() {
    let mut h = room();
    for (by, means) in [
        ("Clearance", "Least height above ground"),
        ("Energy", "under the reserve"),
        ("Radio", "behind ground"),
        ("Detectability", "recognised"),
    ] {
        assert!(!says(&h, means) || by == "Detectability", "{by} is not shown yet");
        h.get_by_label(&format!("Colour by {by}")).click();
        h.run_steps(3);
        assert!(says(&h, means), "{by}: {:?}", names(&h));
    }
    assert!(!says(&h, "behind ground"));
}

#[test]
fn nonsense_in_a_field_changes_nothing() {
    let mut h = room();
    let before = asked(&h);
    write(&mut h, "Section, kilometres", "from here to there");
    assert_eq!(asked(&h).brief, before.brief);
}

#[test]
fn an_impossible_wish_says_which_constraint_binds() {
    let mut h = room();
    write(&mut h, "Revisit at most", "20 s");
    let tried = answer(&mut h);
    let why = tried.failed.clone().expect("nobody sees it all every 20 s");
    assert!(says(&h, "Verdict: no plan"));
    assert!(says(&h, &why), "{why}");
}

#[test]
fn a_stretch_asks_for_more_and_the_wind_differs_by_height() {
    let mut h = room();
    let table = asked(&h).brief.clone();
    h.get_by_label("Page Stretches").click();
    h.run_steps(3);
    h.get_by_label("Add a stretch").click();
    h.run_steps(3);
    write(&mut h, "Stretch name", "Old bridge");
    write(&mut h, "From – to", "36.2 – 36.9");
    write(&mut h, "Seen every", "4 min");
    write(&mut h, "Priority", "2");
    write(&mut h, "Crossing seen", "60");
    write(&mut h, "Crossing takes", "90 s");
    write(&mut h, "Only in hours", "0 – 2; 5 – 6");
    let i = asked(&h).brief.requirement.intervals[0].clone();
    assert_eq!(
        (i.name.as_str(), i.from_km, i.to_km),
        ("Old bridge", Some(36.2), Some(36.9))
    );
    assert_eq!((i.revisit_s, i.priority), (Some(240.0), 2));
    let seen = i.detection.expect("a chance is asked for");
    assert!((seen.least - 0.6).abs() < 1e-9 && (seen.crossing_s - 90.0).abs() < 1e-9);
    assert_eq!(i.windows_h, [[0.0, 2.0], [5.0, 6.0]]);
    let tried = answer(&mut h);
    let promise = tried.plan.as_ref().map(|p| p.intervals[0].clone());
    match promise {
        Some(p) => assert!(
            says(
                &h,
                &format!(
                    "Old bridge: seen every {}",
                    vedette_panels::words::duration(p.revisit_s)
                )
            ),
            "{:?}",
            names(&h)
        ),
        None => assert!(says(&h, tried.failed.as_deref().unwrap())),
    }
    write(&mut h, "Crossing seen", "often");
    assert_eq!(
        asked(&h).brief.requirement.intervals[0].detection,
        Some(seen),
        "no number changes nothing"
    );
    h.get_by_label("Remove stretch 1").click();
    h.run_steps(3);
    assert_eq!(asked(&h).brief, table);

    h.get_by_label("Page Winds").click();
    h.run_steps(3);
    h.get_by_label("Add a height").click();
    h.run_steps(3);
    h.get_by_label("Add a height").click();
    h.run_steps(3);
    write(&mut h, "Height 2", "2600");
    write(&mut h, "Wind 2", "310 9 4");
    let layers = asked(&h).brief.wind_layers.clone();
    assert_eq!(layers.len(), 2);
    assert!((layers[1].amsl_m - 2600.0).abs() < 1e-9);
    assert_eq!(
        (layers[1].from_deg, layers[1].speed_m_s, layers[1].gust_m_s),
        (310.0, 9.0, 4.0)
    );
    h.get_by_label("Remove wind 2").click();
    h.run_steps(3);
    assert_eq!(asked(&h).brief.wind_layers.len(), 1);
}

#[test]
fn a_trial_is_compared_then_put_on_the_table_and_only_there_approved() {
    let mut h = room();
    write(&mut h, "Revisit at most", "6 min");
    let tried = answer(&mut h);
    assert!(tried.verdict.as_ref().is_some_and(|v| v.is_clear()));
    assert!(says(&h, "a trial"));
    h.get_by_label("Approve plan").click();
    h.run_steps(3);
    assert!(h.state().given.is_empty(), "a trial cannot be approved");
    h.get_by_label("Compare plans").click();
    h.run_steps(3);
    assert!(says(&h, "Compared with the table: Longest gap"), "{:?}", names(&h));
    h.get_by_label("Put on the table").click();
    h.run_steps(3);
    let given = h.state().given.clone();
    let [Intent::ProposeBrief { brief }] = &given[..] else {
        panic!("{given:?}")
    };
    assert_eq!(**brief, *tried.brief);
}

#[test]
fn the_sections_end_is_dragged_along_the_border_as_one_step() {
    let mut h = room();
    let v = h.state().view.clone();
    let s = &v.brief.section;
    let border = &demo::base().world.border;
    let (end, inner) = (
        border.at(s.to_km * 1000.0),
        border.at((s.from_km + (s.to_km - s.from_km) * 0.66) * 1000.0),
    );
    let (from, to) = (on_map(&h, end), on_map(&h, inner));
    drag(&mut h, from, to);
    let b = asked(&h).brief.clone();
    assert!(b.section.to_km < v.brief.section.to_km - 0.3, "{}", b.section.to_km);
    assert!((b.section.from_km - v.brief.section.from_km).abs() < 1e-9);
    h.key_press_modifiers(Modifiers::CTRL, Key::Z);
    h.run_steps(3);
    assert_eq!(asked(&h).brief, v.brief, "one drag, one step");
}

#[test]
fn a_zone_is_drawn_moved_and_removed() {
    let mut h = room();
    let v = h.state().view.clone();
    let n = v.brief.no_fly.len();
    h.get_by_label("Tool Zone").click();
    h.run_steps(2);
    let c = h.state().local.map_rect.center();
    for d in [(-60.0, 200.0), (40.0, 200.0), (0.0, 270.0)] {
        click(&mut h, c + vec2(d.0, d.1));
    }
    assert_eq!(h.state().local.plan.drawing.len(), 3);
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert_eq!(asked(&h).brief.no_fly.len(), n + 1);
    assert_eq!(h.state().local.plan.tool, Tool::Select);
    let before = asked(&h).brief.no_fly[n].polygon[0];
    drag(&mut h, c + vec2(-8.0, 218.0), c + vec2(60.0, 180.0));
    let moved = asked(&h).brief.no_fly[n].polygon[0];
    assert!(distance_m(before, moved) > 20.0);
    h.key_press(Key::Delete);
    h.run_steps(3);
    assert_eq!(asked(&h).brief.no_fly.len(), n);
    assert!(h.state().given.iter().all(|i| !matches!(i, Intent::Command { .. })));
}
