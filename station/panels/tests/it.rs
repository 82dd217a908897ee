//! The panels driven by name, without any renderer: what a click, a key or a hold gives, and what
//! is on the screen.

#![allow(clippy::unwrap_used, reason = "tests")]

mod demo;
mod planning;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use vedette_core::StationView;
use vedette_model::{AlertId, AlertState, Decision, Intent, Order, Receipt, ReceiptState, VehicleId};
use vedette_panels::review::{ReviewAct, review_ui};
use vedette_panels::theme::{self, FontBytes, Palette};
use vedette_panels::{FlyFeeds, FlyLocal, console_ui};

struct Desk {
    view: StationView,
    local: FlyLocal,
    given: Vec<Intent>,
}

fn desk(view: StationView, size: egui::Vec2) -> Harness<'static, Desk> {
    let local = FlyLocal::new(demo::operator());
    let state = Desk {
        view,
        local,
        given: vec![],
    };
    let mut h = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 30.0)
        .build_ui_state(
            |ui, d: &mut Desk| {
                if !theme::ready(ui.ctx()) {
                    theme::install(ui.ctx(), &FontBytes::default(), &Palette::dark());
                }
                let full = ui.ctx().viewport_rect();
                let mut root = egui::Ui::new(
                    ui.ctx().clone(),
                    "root".into(),
                    egui::UiBuilder::new()
                        .layer_id(egui::LayerId::background())
                        .max_rect(full),
                );
                let out = console_ui(&mut root, &d.view, &mut d.local, &FlyFeeds::default());
                d.given.extend(out);
            },
            state,
        );
    h.run_steps(4);
    h
}

fn full() -> egui::Vec2 {
    vec2(1920.0, 1080.0)
}

/// A control's name, or the words of a label.
fn name_of(n: &egui_kittest::Node<'_>) -> Option<String> {
    let n = n.accesskit_node();
    n.label().or_else(|| n.value()).filter(|l| !l.is_empty())
}

fn names(h: &Harness<Desk>) -> Vec<String> {
    h.root().children_recursive().filter_map(|n| name_of(&n)).collect()
}

fn hold_key(h: &mut Harness<Desk>, key: Key, frames: usize) {
    h.key_down(key);
    h.run_steps(frames);
    h.key_up(key);
    h.run_steps(2);
}

#[test]
fn the_whole_hold_orders_one_aircraft_and_a_short_one_orders_nothing() {
    let mut h = desk(demo::view(), full());
    hold_key(&mut h, Key::R, 30);
    assert_eq!(h.state().given, vec![], "one second is not enough");
    h.run_steps(40);
    hold_key(&mut h, Key::R, 60);
    let returned = Intent::Command {
        vehicle: VehicleId(1),
        order: Order::Return,
        held: true,
    };
    assert_eq!(
        h.state().given,
        vec![returned.clone()],
        "held on, it is still one order"
    );
    // The same order for the other aircraft needs its selection.
    h.state_mut().given.clear();
    h.key_press(Key::Num2);
    h.run_steps(2);
    hold_key(&mut h, Key::H, 60);
    let orders: Vec<_> = h
        .state()
        .given
        .iter()
        .filter(|i| matches!(i, Intent::Command { .. }))
        .cloned()
        .collect();
    assert_eq!(
        orders,
        vec![Intent::Command {
            vehicle: VehicleId(2),
            order: Order::Hold,
            held: true
        }]
    );
}

#[test]
fn the_bar_says_the_order_as_a_sentence() {
    let h = desk(demo::view(), full());
    let all = names(&h);
    assert!(
        all.iter()
            .any(|l| l.starts_with("Hold to RETURN · CU-01 Isard — climbs to")),
        "{all:?}"
    );
}

#[test]
fn an_observer_cannot_even_press() {
    let mut h = desk(demo::view(), full());
    h.state_mut().local.operator = vedette_model::OperatorId("obs-1".into());
    h.run_steps(2);
    hold_key(&mut h, Key::R, 80);
    assert_eq!(h.state().given, vec![]);
}

#[test]
fn an_alert_is_answered_by_one_key_or_one_click() {
    let mut h = desk(demo::view(), full());
    h.key_press(Key::Y);
    h.run_steps(2);
    let confirm = Intent::Decide {
        alert: AlertId(2),
        decision: Decision::Confirm,
    };
    assert_eq!(h.state().given, vec![confirm.clone()]);
    h.state_mut().given.clear();
    h.get_by_label("Confirm A-002").click();
    h.run_steps(3);
    assert_eq!(h.state().given, vec![confirm]);
}

#[test]
fn a_dismissal_asks_for_its_reason_first() {
    let mut h = desk(demo::view(), full());
    h.key_press(Key::N);
    h.run_steps(2);
    assert_eq!(h.state().given, vec![], "no reason yet");
    h.get_by_label("Dismiss as animal").click();
    h.run_steps(3);
    assert_eq!(
        h.state().given,
        vec![Intent::Decide {
            alert: AlertId(2),
            decision: Decision::Dismiss {
                reason: "animal".into()
            }
        }]
    );
}

#[test]
fn a_confirmed_alert_becomes_an_incident_and_its_evidence_a_seal() {
    let mut v = demo::view();
    v.alerts.get_mut(&AlertId(2)).unwrap().state = AlertState::Confirmed {
        by: demo::operator(),
        at: v.now,
    };
    v.alerts.remove(&AlertId(1));
    let mut h = desk(v, full());
    h.get_by_label("Open incident A-002").click();
    h.run_steps(3);
    assert_eq!(h.state().given, vec![Intent::OpenIncident { alert: AlertId(2) }]);
}

#[test]
fn success_is_what_telemetry_shows() {
    let mut v = demo::view();
    let receipt = |state| Receipt {
        id: vedette_model::CommandId(5),
        vehicle: VehicleId(1),
        what: "RETURN · CU-01 Isard".into(),
        by: demo::operator(),
        at: v.now.plus_ms(-1400),
        state,
        since: v.now.plus_ms(-400),
    };
    v.receipts = vec![receipt(ReceiptState::Unknown)];
    let h = desk(v, full());
    // The order can be given again while the last one is unknown.
    assert!(names(&h).iter().any(|l| l.starts_with("Hold to RETURN")));
}

#[test]
fn on_a_small_screen_p1_its_answers_the_bar_and_the_age_stay() {
    let h = desk(demo::view(), vec2(1280.0, 720.0));
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(1280.0, 720.0));
    for must in [
        "Confirm A-002",
        "Dismiss A-002",
        "P1 unanswered",
        "Hold to RETURN",
        "no picture decoded yet",
        "Station:",
    ] {
        let n = h
            .root()
            .children_recursive()
            .find(|n| name_of(n).is_some_and(|l| l.contains(must)))
            .unwrap_or_else(|| panic!("{must} is missing: {:?}", names(&h)));
        let b = n.rect();
        assert!(screen.expand(1.0).contains_rect(b), "{must} is cut: {b:?}");
        assert!(b.width() > 20.0 && b.height() > 12.0, "{must} is too small: {b:?}");
    }
}

#[test]
fn unknown_is_a_dash_and_never_zero() {
    let mut v = demo::view();
    let a = v.vehicles.get_mut(&VehicleId(1)).unwrap();
    a.battery_pct = None;
    a.mode = None;
    let h = desk(v, full());
    let card = names(&h).into_iter().find(|l| l.starts_with("CU-01")).unwrap();
    assert!(card.contains("battery —"), "{card}");
    assert!(!card.contains("0 %"), "{card}");
}

#[test]
fn an_invented_relief_and_a_missing_one_say_so() {
    let h = desk(demo::view(), full());
    assert!(names(&h).iter().any(|l| l.contains("NO TERRAIN")), "no relief was lent");
}

#[test]
fn every_workspace_and_the_list_of_keys_open_by_key() {
    let mut h = desk(demo::view(), full());
    for (key, must) in [
        (Key::F2, "Verdict: clear"),
        (Key::F3, "No exercise runs on this station."),
        (Key::F5, "Inspect: 2 links, 2 aircraft, 4 streams"),
        (Key::F1, "Hold to RETURN"),
    ] {
        h.key_press(key);
        h.run_steps(2);
        assert!(names(&h).iter().any(|l| l.contains(must)), "{must}: {:?}", names(&h));
    }
    h.key_press(Key::Questionmark);
    h.run_steps(2);
    assert!(names(&h).iter().any(|l| l.starts_with("Keys:")));
    h.key_press(Key::Escape);
    h.run_steps(2);
    assert!(!names(&h).iter().any(|l| l.starts_with("Keys:")));
    assert!(
        h.state().given.iter().all(|i| !matches!(i, Intent::Command { .. })),
        "Esc never orders"
    );
}

#[test]
fn planning_approves_by_name_and_uploads_to_one() {
    let mut v = demo::view();
    v.plan.approved = None;
    let plan = v.plan.plan.clone().unwrap().id.clone();
    let mut h = desk(v, full());
    h.key_press(Key::F2);
    h.run_steps(2);
    h.get_by_label("Approve plan").click();
    h.run_steps(3);
    assert_eq!(h.state().given, vec![Intent::ApprovePlan { plan: plan.clone() }]);
    h.state_mut().given.clear();
    h.state_mut().view.plan.approved = Some((demo::operator(), vedette_model::Mono(1)));
    h.run_steps(2);
    h.get_by_label("Upload plan to CU-02").click();
    h.run_steps(3);
    assert_eq!(
        h.state().given,
        vec![Intent::UploadPlan {
            vehicle: VehicleId(2),
            plan
        }]
    );
}

#[test]
fn night_is_one_key_and_every_name_stays() {
    let mut h = desk(demo::view(), full());
    let day = names(&h);
    h.key_press_modifiers(Modifiers::CTRL | Modifiers::SHIFT, Key::N);
    h.run_steps(3);
    assert!(h.state().local.night);
    assert_eq!(names(&h).len(), day.len());
}

#[test]
fn review_steps_seeks_and_verifies() {
    let m = demo::review_model();
    let mut h = Harness::builder().with_size(full()).build_ui_state(
        |ui, s: &mut (FlyLocal, Vec<ReviewAct>)| {
            if !theme::ready(ui.ctx()) {
                theme::install(ui.ctx(), &FontBytes::default(), &Palette::dark());
            }
            let full = ui.ctx().viewport_rect();
            let mut root = egui::Ui::new(
                ui.ctx().clone(),
                "root".into(),
                egui::UiBuilder::new()
                    .layer_id(egui::LayerId::background())
                    .max_rect(full),
            );
            let acts = review_ui(&mut root, &m, &mut s.0, &FlyFeeds::default());
            s.1.extend(acts);
        },
        (FlyLocal::new(demo::operator()), vec![]),
    );
    h.run_steps(4);
    h.get_by_label("Verify").click();
    h.run_steps(3);
    h.key_press(Key::Period);
    h.run_steps(2);
    h.key_press(Key::P);
    h.run_steps(2);
    assert_eq!(
        h.state().1,
        vec![ReviewAct::Verify, ReviewAct::Step(1), ReviewAct::Play]
    );
    h.state_mut().1.clear();
    h.get_by_label_contains("P1 Line crossed").click();
    h.run_steps(3);
    assert!(
        matches!(h.state().1.as_slice(), [ReviewAct::Seek(t), ..] if *t == demo::review_model().lanes.alerts[1].at)
    );
}
