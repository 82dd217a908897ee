//! The instructor's desk and the trainee's side of an exercise, driven by name: what a click or a
//! key asks for, what is on the screen, and what a trainee never sees.

#![allow(clippy::unwrap_used, reason = "tests")]

mod demo;

use std::sync::Arc;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use vedette_core::StationView;
use vedette_model::{Intent, Mono, Probes};
use vedette_panels::theme::{self, FontBytes, Palette};
use vedette_panels::train::{ActiveFault, Briefing, DeskAct, DeskLocal, DeskModel, LookBack, NewcomerWay, desk_ui};
use vedette_panels::{FlyFeeds, FlyLocal, Workspace, console_ui};

struct Room {
    view: StationView,
    model: DeskModel,
    trainee: FlyLocal,
    desk: DeskLocal,
    acts: Vec<DeskAct>,
    given: Vec<Intent>,
    briefing: Option<Briefing>,
    probes: Option<Probes>,
}

fn model(v: &StationView) -> DeskModel {
    let mut m = demo::desk_model(v);
    m.active.clear();
    m.attention.clear();
    for d in m.kinds.iter_mut().filter_map(|k| k.dial.as_mut()) {
        d.most = d.value + d.step;
    }
    m
}

fn root(ui: &egui::Ui) -> egui::Ui {
    if !theme::ready(ui.ctx()) {
        theme::install(ui.ctx(), &FontBytes::default(), &Palette::dark());
    }
    egui::Ui::new(
        ui.ctx().clone(),
        "root".into(),
        egui::UiBuilder::new()
            .layer_id(egui::LayerId::background())
            .max_rect(ui.ctx().viewport_rect()),
    )
}

fn room(as_desk: bool, size: egui::Vec2) -> Harness<'static, Room> {
    let view = demo::view();
    let state = Room {
        model: model(&view),
        view,
        trainee: FlyLocal::new(demo::operator()),
        desk: DeskLocal::default(),
        acts: vec![],
        given: vec![],
        briefing: None,
        probes: None,
    };
    let mut h = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 30.0)
        .build_ui_state(
            move |ui, r: &mut Room| {
                let mut root = root(ui);
                let feeds = FlyFeeds {
                    briefing: r.briefing.as_ref(),
                    probes: r.probes,
                    ..FlyFeeds::default()
                };
                if as_desk {
                    let acts = desk_ui(&mut root, &r.model, Some(&r.view), &mut r.trainee, &mut r.desk, &feeds);
                    r.acts.extend(acts);
                } else {
                    let given = console_ui(&mut root, &r.view, &mut r.trainee, &feeds);
                    r.given.extend(given);
                }
            },
            state,
        );
    h.run_steps(4);
    h
}

fn full() -> egui::Vec2 {
    vec2(1920.0, 1080.0)
}

fn names(h: &Harness<Room>) -> Vec<String> {
    h.root()
        .children_recursive()
        .filter_map(|n| {
            let n = n.accesskit_node();
            n.label().or_else(|| n.value()).filter(|l| !l.is_empty())
        })
        .collect()
}

fn press(h: &mut Harness<Room>, label: &str) {
    h.get_by_label(label).click();
    h.run_steps(3);
}

#[test]
fn a_fault_goes_into_the_aircraft_in_hand_with_the_value_set() {
    let mut h = room(true, full());
    press(&mut h, "Inject into CU-02");
    press(&mut h, "Fault Link poor");
    press(&mut h, "datagrams lost more");
    press(&mut h, "datagrams lost more");
    press(&mut h, "for less");
    press(&mut h, "Inject into CU-02: Link poor");
    let asked = DeskAct::Inject {
        key: "link-poor".into(),
        system: Some(2),
        // Two steps of ten end at the most there is, forty.
        value: Some(40.0),
        for_s: Some(50.0),
    };
    assert_eq!(h.state().acts, vec![asked]);
    press(&mut h, "Inject into World");
    press(&mut h, "Fault Link lost");
    press(&mut h, "Inject into the world: Link lost");
    assert!(matches!(h.state().acts[1], DeskAct::Inject { system: None, .. }));
}

#[test]
fn a_fault_that_holds_is_mended_by_the_same_place() {
    let mut h = room(true, full());
    h.state_mut().model.active = vec![ActiveFault {
        id: 5,
        key: "gimbal-stuck".into(),
        system: Some(1),
        left_s: None,
        live: true,
    }];
    h.run_steps(2);
    press(&mut h, "Fault Gimbal stuck, holds");
    press(&mut h, "Mend gimbal stuck of CU-01");
    assert_eq!(h.state().acts, vec![DeskAct::Mend(5)]);
}

#[test]
fn time_is_the_instructors_by_key_and_by_click() {
    let mut h = room(true, full());
    h.key_press(Key::F);
    h.run_steps(2);
    press(&mut h, "Speed 2×");
    h.state_mut().model.attention = "CU-01 thermal".into();
    h.key_press(Key::B);
    h.run_steps(2);
    let acts = h.state().acts.clone();
    assert_eq!(
        acts,
        vec![
            DeskAct::Freeze(true),
            DeskAct::Speed(2.0),
            DeskAct::Mark("CU-01 thermal".into())
        ]
    );
}

#[test]
fn looking_back_shows_the_console_as_it_was_and_comes_back_to_now() {
    let mut h = room(true, full());
    press(&mut h, "Back 60 s");
    h.key_press(Key::OpenBracket);
    h.run_steps(2);
    assert_eq!(h.state().acts, vec![DeskAct::Back(60.0), DeskAct::Back(60.0)]);
    assert!(!names(&h).iter().any(|n| n == "Live"), "already live");
    let mut then = h.state().view.clone();
    let tail = then.vehicles.values().next().expect("an aircraft").tail.clone();
    then.vehicles.values_mut().for_each(|v| v.tail = "OLD-1".into());
    h.state_mut().model.back = Some(LookBack {
        ago_s: 60.0,
        view: Arc::new(then),
    });
    h.run_steps(2);
    let all = names(&h);
    assert!(
        all.iter()
            .any(|n| n == "Trainee's console as it was 60 s ago, view only")
    );
    assert!(all.iter().any(|n| n.contains("OLD-1")), "the fleet of then");
    assert!(
        !all.iter().any(|n| n.starts_with(&format!("{tail} "))),
        "and not the one of now"
    );
    press(&mut h, "Live");
    assert_eq!(h.state().acts.last(), Some(&DeskAct::Live));
}

#[test]
fn somebody_is_put_in_as_described() {
    let mut h = room(true, full());
    press(&mut h, "Add an actor");
    press(&mut h, "who more");
    press(&mut h, "who more");
    press(&mut h, "how many more");
    press(&mut h, "at more");
    let label = names(&h)
        .into_iter()
        .find(|n| n.starts_with("Put in 2 × person"))
        .unwrap();
    press(&mut h, &label);
    let acts = h.state().acts.clone();
    let [
        DeskAct::Add {
            kind,
            count: 2,
            km,
            way: NewcomerWay::Crosses,
        },
    ] = &acts[..]
    else {
        panic!("{acts:?}")
    };
    assert!(kind == "person" && (km - 37.35).abs() < 1e-9, "{acts:?}");
    // Done: the faults are back; another is described anew and dropped.
    assert!(names(&h).iter().any(|n| n == "Fault Link poor"));
    press(&mut h, "Add an actor");
    press(&mut h, "that more");
    press(&mut h, "Not now");
    assert_eq!(h.state().acts.len(), 1);
}

#[test]
fn every_fault_leaves_room_for_the_actors_and_for_time() {
    for size in [full(), vec2(1280.0, 720.0)] {
        let mut h = room(true, size);
        let one = h.state().model.kinds[0].clone();
        let kinds = (0..18).map(|i| vedette_panels::train::FaultKind {
            key: format!("fault-{i}"),
            words: format!("Fault kind {i}"),
            ..one.clone()
        });
        h.state_mut().model.kinds = kinds.collect();
        h.state_mut().desk.fault = Some("fault-0".into());
        h.run_steps(3);
        let all = names(&h);
        let actors = all.iter().filter(|n| n.starts_with("Actor A")).count();
        let wanted = h.state().model.actors.len().min(if size.y < 800.0 { 1 } else { 3 });
        assert!(actors >= wanted, "{actors} actors at {size}: {all:?}");
        for label in ["Freeze", "Back 60 s", "Speed 2×"] {
            let r = h.get_by_label(label).rect();
            assert!(r.bottom() <= size.y && r.height() > 10.0, "{label} at {r:?}");
        }
    }
}

#[test]
fn nothing_in_the_mirror_can_be_pressed() {
    let mut h = room(true, full());
    let before = (h.state().trainee.selected, h.state().trainee.workspace);
    // All over the mirror, every thirty pixels, and the keys of the flight.
    for y in (90..720).step_by(60) {
        for x in (400..1460).step_by(60) {
            #[expect(clippy::cast_precision_loss, reason = "pixels")]
            let at = egui::pos2(x as f32, y as f32);
            h.hover_at(at);
            h.drag_at(at);
            h.drop_at(at);
        }
        h.run_steps(1);
    }
    for k in [Key::Num2, Key::C, Key::R, Key::F2] {
        h.key_press(k);
        h.run_steps(2);
    }
    assert_eq!((h.state().trainee.selected, h.state().trainee.workspace), before);
    assert_eq!(h.state().acts, vec![], "and the desk was not asked either");
}

#[test]
fn the_desk_says_score_advice_actors_and_lanes_at_both_sizes() {
    for size in [full(), vec2(1280.0, 720.0)] {
        let h = room(true, size);
        let all = names(&h);
        for wanted in [
            "Score so far 78 of 100, median of 34 runs: 71",
            "Time to detect: 54 s, target ≤ 90 s",
            "Alert 1 unanswered for 37 s. Expected within 15 s.",
            "Actor A1: 2 persons on foot, crossed 00:21:41",
            "Trainee's console, mirrored, view only",
            "Timeline: 3 faults, 5 acts of the trainee, 4 alerts, 4 score events, 1 marks",
        ] {
            assert!(
                all.iter().any(|n| n == wanted),
                "{wanted} is missing at {size}: {all:?}"
            );
        }
    }
}

#[test]
fn a_trainees_console_knows_the_briefing_and_nothing_of_the_desk() {
    let mut h = room(false, full());
    h.state_mut().briefing = Some(Briefing {
        scenario: "two crossings".into(),
        summary: "Find people.".into(),
        text: "Night watch.\n\nReport who crosses.".into(),
        checklist: vec!["plan approved".into()],
        report: vec!["crossing".into()],
        report_within_s: 120.0,
        duration_s: 1200.0,
    });
    h.key_press(Key::F3);
    h.run_steps(3);
    assert_eq!(h.state().trainee.workspace, Workspace::Train);
    let all = names(&h);
    assert!(
        all.iter().any(|n| n == "Briefing: two crossings. Find people."),
        "{all:?}"
    );
    for word in ["A1", "Inject", "Score so far", "truth", "Freeze"] {
        assert!(!all.iter().any(|n| n.contains(word)), "{word}");
    }
}

#[test]
fn the_question_after_the_workload_is_asked_answered_and_gone() {
    let mut h = room(false, full());
    h.state_mut().probes = Some(Probes {
        every_s: 300.0,
        stands_s: 60.0,
    });
    h.state_mut().view.now = Mono(305_000_000);
    h.run_steps(2);
    assert!(names(&h).iter().any(|n| n == "Workload 4, high"));
    h.key_press_modifiers(Modifiers::ALT, Key::Num4);
    h.run_steps(3);
    assert_eq!(h.state().given, vec![Intent::Workload { asked: 1, level: 4 }]);
    assert!(!names(&h).iter().any(|n| n.starts_with("Workload ")), "asked once");
    h.state_mut().view.now = Mono(605_000_000);
    h.run_steps(2);
    press(&mut h, "Workload 2, relaxed");
    assert_eq!(h.state().given[1], Intent::Workload { asked: 2, level: 2 });
    h.state_mut().view.now = Mono(970_000_000);
    h.run_steps(2);
    assert!(
        !names(&h).iter().any(|n| n.starts_with("Workload ")),
        "it lapsed by itself"
    );
}
