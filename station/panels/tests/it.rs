//! The panels driven by name, without any renderer: what a click, a key or a hold gives, and what
//! is on the screen.

#![allow(clippy::unwrap_used, reason = "tests")]

mod demo;
mod flying;
mod picture;
mod planning;
mod room;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use vedette_core::StationView;
use vedette_model::{AlertId, AlertState, Decision, Intent, LinkId, Order, Receipt, ReceiptState, VehicleId};
use vedette_panels::review::{ReviewAct, review_ui};
use vedette_panels::{FlyFeeds, FlyLocal, Workspace};

use room::{Room, full, hold_key, name_of, names, press, says};

fn desk(view: StationView, size: egui::Vec2) -> Harness<'static, Room> {
    room::open(view, size, Workspace::Fly, None)
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
            let mut root = room::surface(ui.ctx());
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

/// Inspect on a wire worth looking at.
fn inspecting(size: egui::Vec2) -> Harness<'static, Room> {
    let v = demo::wire::view();
    let rows = demo::wire::rows(v.now);
    let mut h = desk(v, size);
    h.state_mut().wire = Some(rows);
    h.key_press(Key::F5);
    h.run_steps(3);
    h
}

#[test]
fn a_person_chooses_the_link_of_one_aircraft_and_gives_the_choice_back() {
    for size in [full(), vec2(1280.0, 720.0)] {
        let mut h = inspecting(size);
        press(&mut h, "Use link B for CU-02");
        press(&mut h, "Automatic link for CU-02");
        let way = |link| Intent::UseLink {
            vehicle: VehicleId(2),
            link,
        };
        assert_eq!(h.state().given, vec![way(Some(LinkId(2))), way(None)]);
    }
}

/// The plot of each aircraft says every way with its quality now and its worst in the time shown, and who signs with which key.
#[test]
fn the_quality_of_every_way_over_time_and_its_signing_are_on_the_screen() {
    let h = inspecting(full());
    for must in [
        "CU-01: 2 ways, A 88 % in use (least 22 % in 30 min), B 72 % (least ",
        "CU-02: 2 ways, A 84 % in use (least 22 % in 30 min), B 66 % (least ",
    ] {
        assert!(names(&h).iter().any(|n| n.starts_with(must)), "{must}: {:?}", names(&h));
    }
    for must in [
        "CU-01: signed, key 3fa2, orders: ours",
        "CU-02: not signed, orders: station 255",
    ] {
        assert!(says(&h, must), "{must}: {:?}", names(&h));
    }
}

#[test]
fn refused_frames_show_their_reason_and_where_they_came_from() {
    let h = inspecting(full());
    for must in [
        "Bad checksum: 1764 frames, mostly from 10.20.0.2:14550 on B",
        "Unknown protocol version: 18 frames, mostly from 10.20.0.80:14550 on A",
        "Second aircraft with id 1: 7 frames, mostly from 10.20.0.77:14550 on A",
        "A second sender claims to be system id 1",
    ] {
        assert!(says(&h, must), "{must}: {:?}", names(&h));
    }
}

#[test]
fn a_stranger_is_blocked_after_a_second_question_only() {
    let mut h = inspecting(full());
    press(&mut h, "Block sender");
    assert!(h.state().given.is_empty());
    press(&mut h, "Block 10.20.0.77:14550 now");
    let block = |blocked| Intent::BlockSender {
        link: LinkId(1),
        peer: "10.20.0.77:14550".into(),
        blocked,
    };
    assert_eq!(h.state().given, vec![block(true)]);
    h.state_mut().given.clear();
    h.state_mut().view.blocked = vec![(LinkId(1), "10.20.0.77:14550".into())];
    h.run_steps(3);
    press(&mut h, "Let 10.20.0.77:14550 in again");
    assert_eq!(h.state().given, vec![block(false)]);
}

#[test]
fn messages_are_filtered_frozen_and_decoded() {
    let mut h = inspecting(full());
    assert!(says(&h, "Message GLOBAL_POSITION_INT, component 1, 10.0 Hz"));
    assert!(says(&h, "lat 42.4412873"), "the chosen message is decoded");
    assert!(says(&h, "signature valid"));
    assert!(says(&h, "Message id 42001 (not in dialect)"));
    press(&mut h, "Freeze messages");
    h.state_mut().wire = Some(std::sync::Arc::new(vec![]));
    h.run_steps(2);
    assert!(says(&h, "Message ATTITUDE"), "what is frozen stays");
    press(&mut h, "Freeze messages");
    assert!(!says(&h, "Message ATTITUDE"));
    h.state_mut().wire = Some(demo::wire::rows(demo::wire::view().now));
    h.state_mut().local.inspect.filter = "batt".into();
    h.run_steps(3);
    assert!(says(&h, "Message BATTERY_STATUS") && !says(&h, "Message ATTITUDE"));
    h.state_mut().local.inspect.filter.clear();
    press(&mut h, "Messages of CU-02");
    assert!(says(&h, "not signed: anyone could have said this"));
}

#[test]
fn differing_parameters_say_what_they_do_and_are_accepted_by_name_with_a_reason() {
    let mut h = inspecting(full());
    assert!(says(&h, "FS_GCS_ENABLE: 1 to 5, safety"));
    assert!(says(&h, "RTL_ALT: 33000 to 15000, safety"));
    assert!(says(&h, "SR1_EXTRA1: 10 to 20"));
    assert!(says(&h, "CU-01 stays on the ground: SYSID_MYGCS is 255"));
    press(&mut h, "Accept differences of CU-01");
    press(&mut h, "Accept with this reason");
    assert!(h.state().given.is_empty(), "a reason is needed");
    h.state_mut().local.inspect.reason = "new return height, agreed with operations".into();
    h.run_steps(2);
    press(&mut h, "Accept with this reason");
    press(&mut h, "Restore baseline of CU-01");
    press(&mut h, "Write the baseline to CU-01");
    press(&mut h, "Set SYSID_MYGCS to 253 on CU-01");
    let vehicle = VehicleId(1);
    assert_eq!(
        h.state().given,
        vec![
            Intent::AcceptParameters {
                vehicle,
                reason: "new return height, agreed with operations".into()
            },
            Intent::RestoreParameters { vehicle },
            Intent::SetParameter {
                vehicle,
                name: "SYSID_MYGCS".into(),
                value: 253.0
            },
        ]
    );
    h.key_press(Key::F1);
    h.run_steps(3);
    h.state_mut().view.vehicles.get_mut(&vehicle).unwrap().duplicate = false;
    h.run_steps(2);
    h.state_mut().given.clear();
    hold_key(&mut h, Key::E, 90);
    assert!(
        h.state().given.iter().all(|i| !matches!(i, Intent::Command { .. })),
        "a grounded aircraft is not offered a take-off: {:?}",
        h.state().given
    );
}

#[test]
fn control_is_taken_and_given_back_per_aircraft() {
    let mut h = inspecting(full());
    press(&mut h, "Take control of CU-02");
    press(&mut h, "Give back control of CU-01");
    let control = |n, take| Intent::TakeControl {
        vehicle: VehicleId(n),
        take,
    };
    assert_eq!(h.state().given, vec![control(2, true), control(1, false)]);
    assert!(says(&h, "Clock CU-01"));
}

#[test]
fn a_value_is_plotted_over_time_and_the_flights_log_is_pointed_to() {
    let mut h = inspecting(full());
    assert!(says(&h, "signature valid, key 3fa2"), "{:?}", names(&h));
    press(&mut h, "Plot a value");
    assert!(says(&h, "Plot of lat: 1 values"), "{:?}", names(&h));
    for i in 1..=5 {
        let mut rows = (*demo::wire::rows(demo::wire::view().now)).clone();
        rows.iter_mut().for_each(|r| r.last = r.last.plus_ms(i * 500));
        h.state_mut().wire = Some(std::sync::Arc::new(rows));
        h.run_steps(2);
    }
    assert!(says(&h, "Plot of lat: 6 values"), "{:?}", names(&h));
    // Another value begins its own plot.
    h.get_by_label_contains("vx ").click();
    h.run_steps(3);
    assert!(says(&h, "Plot of vx: 1 values"), "{:?}", names(&h));
    press(&mut h, "Plot a value");
    assert!(!says(&h, "Plot of"));
    press(&mut h, "Telemetry log of this flight");
    assert!(says(
        &h,
        "Telemetry log: /srv/vedette/20261114T024056Z.tlog, path copied"
    ));
}

#[test]
fn a_radio_shadow_of_the_plan_is_told_before_it_comes() {
    let mut v = demo::wire::view();
    v.plan.began = Some(vedette_model::Mono(60_000_000));
    let now = v.plan_second().expect("the watch has begun");
    let desk = vedette_panels::plan::PlanDesk::default();
    let plan = v.plan.plan.as_ref().unwrap();
    let shadow = |vehicle, from_s: f64, to_s: f64| vedette_planner::Shadow {
        vehicle,
        from_s: now + from_s,
        to_s: now + to_s,
        radio: vedette_planner::Radio::Blocked,
        at: v.section[0],
    };
    let (one, two) = (VehicleId(1), VehicleId(2));
    desk.foreseen.put(std::sync::Arc::new(vedette_panels::plan::Foreseen {
        plan: plan.id.clone(),
        shadows: vec![
            shadow(one, -90.0, -60.0),
            shadow(one, 40.0, 65.0),
            shadow(two, -5.0, 20.0),
        ],
    }));
    let h = room::open(v, full(), Workspace::Inspect, Some(desk));
    for must in [
        "Radio shadow of CU-01: in 40 s behind ground for 25 s",
        "Radio shadow of CU-02: behind ground for 20 s more",
    ] {
        assert!(says(&h, must), "{must}: {:?}", names(&h));
    }
}

#[test]
fn the_planners_own_shadows_lie_where_its_antennas_do_not_see() {
    let b = demo::base();
    let masts = vedette_planner::antennas(&b.plan.brief);
    for s in vedette_planner::shadows(&b.plan, &b.world) {
        assert!(s.from_s < s.to_s, "{s:?}");
        let part = b.plan.aircraft.iter().find(|a| a.vehicle == s.vehicle).unwrap();
        let mid = (s.from_s + s.to_s) / 2.0;
        let leg = part.legs.iter().find(|l| l.start_s <= mid && mid < l.end_s).unwrap();
        let t = (mid - leg.start_s) / (leg.end_s - leg.start_s);
        let at = vedette_geo::interpolate(leg.from, leg.to, t);
        let amsl = vedette_geo::Amsl(leg.from_amsl.0 + (leg.to_amsl.0 - leg.from_amsl.0) * t);
        // Near its ends the state between two looks may be the other one.
        if s.to_s - s.from_s > 30.0 {
            assert_eq!(
                vedette_planner::radio_at(&masts, &b.world, at, amsl).0,
                s.radio,
                "{s:?}"
            );
        }
    }
}
