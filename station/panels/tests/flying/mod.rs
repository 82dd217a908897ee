//! Flight as an operator meets it: where an order stands, what an aircraft does without its link,
//! who can be sent.

use egui::Key;
use egui_kittest::Harness;
use vedette_core::StationView;
use vedette_geo::{Amsl, distance_m};
use vedette_model::plan::LinkLoss;
use vedette_model::{Change, CommandId, Intent, Known, Order, Receipt, ReceiptState, TrackId, VehicleId};
use vedette_panels::Workspace;
use vedette_panels::plan::{Answer, Call, PlanDesk, Wanted};

use crate::demo;
use crate::room::{self, Room, given, hold_key, names, press, says};

const V1: VehicleId = VehicleId(1);
const V2: VehicleId = VehicleId(2);

fn flying(v: StationView) -> Harness<'static, Room> {
    room::open(v, room::full(), Workspace::Fly, Some(PlanDesk::default()))
}

fn state(h: &Harness<Room>) -> String {
    let all = names(h);
    let line = all.iter().find_map(|n| n.strip_prefix("Order state: "));
    line.unwrap_or_else(|| panic!("{all:?}")).to_owned()
}

fn receipt(h: &mut Harness<Room>, state: ReceiptState) {
    let v = &mut h.state_mut().view;
    v.receipts = vec![Receipt {
        id: CommandId(5),
        vehicle: V1,
        what: "RETURN · CU-01".into(),
        by: demo::operator(),
        at: v.now.plus_ms(-1400),
        state,
        since: v.now.plus_ms(-400),
    }];
    h.run_steps(2);
}

#[test]
fn an_order_crosses_from_rest_to_what_telemetry_shows_and_every_state_is_told() {
    let mut h = flying(demo::view());
    assert_eq!(state(&h), "at rest");
    h.key_down(Key::R);
    h.run_steps(20);
    assert_eq!(state(&h), "Keep holding: RETURN · CU-01 Isard");
    h.key_up(Key::R);
    h.run_steps(2);
    assert_eq!(state(&h), "Released: RETURN · CU-01 Isard");
    h.run_steps(40);
    assert_eq!(state(&h), "at rest");
    assert!(given(&mut h).is_empty(), "released early: nothing");
    hold_key(&mut h, Key::R, 60);
    assert_eq!(given(&mut h).len(), 1);
    for (s, words) in [
        (ReceiptState::Sent, "RETURN · CU-01 sent, waiting 1.4 s"),
        (
            ReceiptState::Accepted,
            "RETURN · CU-01 accepted, not seen in telemetry yet",
        ),
        (ReceiptState::Observed, "RETURN · CU-01, accepted and seen"),
        (
            ReceiptState::Unknown,
            "RETURN · CU-01 unknown, no answer: what it does is not known",
        ),
        (
            ReceiptState::Refused("battery too low".into()),
            "RETURN · CU-01 refused, battery too low",
        ),
    ] {
        receipt(&mut h, s);
        assert_eq!(state(&h), words);
    }
    // Old news leaves the bar; the order can be given again.
    h.state_mut().view.now = h.state().view.now.plus_ms(60_000);
    h.run_steps(2);
    assert_eq!(state(&h), "at rest");
    h.state_mut().view.vehicles.get_mut(&V1).unwrap().duplicate = true;
    h.run_steps(2);
    assert!(
        state(&h).starts_with("not now: a second sender uses its id"),
        "{}",
        state(&h)
    );
}

#[test]
fn holding_goes_on_while_the_last_order_is_unknown() {
    let mut h = flying(demo::view());
    receipt(&mut h, ReceiptState::Unknown);
    h.key_down(Key::H);
    h.run_steps(10);
    assert_eq!(state(&h), "Keep holding: HOLD · CU-01 Isard");
    h.key_up(Key::H);
    h.run_steps(2);
}

#[test]
fn every_aircraft_says_what_it_does_when_its_link_dies() {
    let mut v = demo::view();
    let card = |v: &StationView, tail: &str| {
        let h = flying(v.clone());
        names(&h).into_iter().find(|n| n.starts_with(tail)).expect("a card")
    };
    for (does, words) in [
        (LinkLoss::Continue, "link loss: continues its plan, then lands at home"),
        (LinkLoss::Return, "link loss: returns at "),
        (LinkLoss::Land, "link loss: lands where it is"),
    ] {
        v.vehicles.get_mut(&V2).unwrap().leg.as_mut().unwrap().link_loss = does;
        assert!(card(&v, "CU-02").contains(words), "{}", card(&v, "CU-02"));
    }
    v.vehicles.get_mut(&V2).unwrap().leg = None;
    assert!(card(&v, "CU-02").ends_with("link loss: —"), "unknown is said");
}

/// Bars, quality and age of each way, on the card of every aircraft.
#[test]
fn every_way_to_an_aircraft_shows_bars_quality_and_age() {
    let card = |v: &StationView| {
        let h = flying(v.clone());
        names(&h).into_iter().find(|n| n.starts_with("CU-01")).expect("a card")
    };
    let mut v = demo::wire::view();
    let now = v.now;
    let said = card(&v);
    assert!(
        said.contains("link A in use 88 % (5 of 5 bars) ") && said.contains(" ago, link B 72 % (4 of 5 bars) "),
        "{said}"
    );
    let change = |v: &mut StationView, f: &dyn Fn(&mut vedette_core::VehicleView)| f(v.vehicles.get_mut(&V1).unwrap());
    // The other way is used, the first has not been heard for nine seconds: no bars, its age stays.
    change(&mut v, &|a| {
        a.paths[0].active = false;
        a.paths[0].heard = now.plus_ms(-9_000);
        (a.paths[1].active, a.paths[1].quality) = (true, 0.31);
    });
    let said = card(&v);
    assert!(
        said.contains("link A — (0 of 5 bars) 9") && said.contains("link B in use 31 % (2 of 5 bars) "),
        "{said}"
    );
    change(&mut v, &|a| {
        a.paths.remove(0);
    });
    let said = card(&v);
    assert!(
        said.contains("link B in use 31 %") && said.contains("one way only"),
        "{said}"
    );
    change(&mut v, &|a| {
        a.alive = false;
        a.last_heard = Some(now.plus_ms(-42_000));
    });
    assert!(card(&v).contains("link —, heard 42"), "{}", card(&v));
    change(&mut v, &|a| (a.paths, a.last_heard) = (vec![], None));
    assert!(card(&v).contains("link —, never heard"), "{}", card(&v));
}

/// The planner's answers to what this console asked.
fn answer(h: &mut Harness<Room>) {
    let desk = h.state().desk.clone().expect("a desk");
    let world = &demo::base().world;
    let of = |c: &Call| {
        let (mut eyes, mut relief) = (vec![], vec![]);
        match &c.wanted {
            Wanted::Eyes(cue) => eyes = vedette_planner::respond(&c.plan, world, cue, c.at_s),
            Wanted::Relief(t) => relief = vedette_planner::hand_over(&c.plan, world, t, c.at_s),
        }
        let number = c.number;
        Answer { number, eyes, relief }
    };
    if let Some((_, c)) = desk.eyes.latest() {
        desk.coming.put(of(&c).into());
    }
    if let Some((_, c)) = desk.relief.latest() {
        desk.taking_over.put(of(&c).into());
    }
    h.run_steps(3);
}

/// Aircraft stand where the plan has them, so that the planner's figures are theirs.
fn on_plan(v: &mut StationView) {
    let s = v.plan_second().expect("the watch has begun");
    let plan = v.plan.plan.clone().expect("a plan");
    for part in &plan.aircraft {
        let a = v.vehicles.get_mut(&part.vehicle).unwrap();
        let leg = part.legs.iter().find(|l| l.start_s <= s && s < l.end_s);
        if let Some(l) = leg {
            let t = (s - l.start_s) / (l.end_s - l.start_s);
            a.at = Some(Known::new(vedette_geo::interpolate(l.from, l.to, t), v.now));
        }
    }
}

#[test]
fn an_alert_offers_the_aircraft_that_is_there_first_and_the_operator_sends_it_by_holding() {
    let mut v = demo::view();
    on_plan(&mut v);
    let mut h = flying(v);
    let asked = h
        .state()
        .desk
        .as_ref()
        .unwrap()
        .eyes
        .latest()
        .expect("a call is made")
        .1;
    let Wanted::Eyes(cue) = &asked.wanted else {
        panic!("{asked:?}")
    };
    let fix = h.state().view.tracks[&TrackId(14)].track.fix.unwrap();
    assert!(distance_m(cue.at, fix.at) < 1.0, "where the alert's target is");
    assert!((asked.at_s - h.state().view.plan_second().unwrap()).abs() < 1e-6);
    let all = vedette_planner::respond(&asked.plan, &demo::base().world, cue, asked.at_s);
    let best = all.into_iter().find(|r| r.able).expect("a legal way leads there");
    let mut unproven = best.clone();
    unproven.heights.clear();
    let can = |r| vedette_panels::fly::ready(&h.state().view, r);
    assert!(
        can(&best) && !can(&unproven),
        "a first answer along straight lines is not flown"
    );
    answer(&mut h);
    let offer = names(&h)
        .into_iter()
        .find(|n| n.starts_with("Offer: Send"))
        .expect("an offer");
    assert!(offer.contains(&best.tail) && offer.contains("lands with"), "{offer}");
    press(&mut h, &format!("Send {} to A-002", best.tail));
    assert!(given(&mut h).is_empty(), "an offer moves nothing");
    assert_eq!(h.state().local.selected, Some(best.vehicle));
    assert!(says(&h, "sees A-002"), "{:?}", names(&h));
    hold_key(&mut h, Key::G, 60);
    let order = given(&mut h);
    let [
        Intent::Command {
            vehicle,
            order: Order::GoTo { at, amsl },
            held: true,
        },
    ] = &order[..]
    else {
        panic!("{order:?}")
    };
    assert_eq!(*vehicle, best.vehicle);
    assert!(distance_m(*at, best.path[1]) < 1.0 && (amsl.0 - best.heights[1].0).abs() < 1e-6);
    // At the corner the next one is armed, or it is done; not before it has climbed there.
    let now = h.state().view.now;
    let put = |h: &mut Harness<'_, Room>, amsl: f64| {
        let v = h.state_mut().view.vehicles.get_mut(&best.vehicle).unwrap();
        (v.at, v.amsl) = (Some(Known::new(best.path[1], now)), Some(Known::new(Amsl(amsl), now)));
        h.run_steps(3);
    };
    put(&mut h, best.heights[1].0 - 60.0);
    assert_eq!(
        h.state().local.sending.as_ref().map(|s| s.next),
        Some(1),
        "it still climbs"
    );
    put(&mut h, best.heights[1].0);
    let next = h.state().local.sending.as_ref().map(|s| s.next);
    assert_eq!(next, (best.path.len() > 2).then_some(2));
}

#[test]
fn a_patrol_is_taken_up_at_the_place_marked_on_the_line() {
    let v = demo::view();
    let id = *v.vehicles.keys().next().unwrap();
    let plan = v.plan.plan.clone().unwrap();
    let (flight, part) = plan.aircraft.iter().enumerate().find(|(_, a)| a.vehicle == id).unwrap();
    let flown = v.vehicles[&id].leg.map_or(0, |l| l.index);
    let ahead = part
        .legs
        .iter()
        .skip(flown + 1)
        .filter_map(|l| l.watches_m)
        .next()
        .unwrap();
    let place = along(&v.section, ahead[0]);
    let mut h = flying(v);
    h.state_mut().local.selected = Some(id);
    h.run_steps(3);
    hold_key(&mut h, Key::Q, 60);
    let left = Intent::Command {
        vehicle: id,
        order: Order::ResumeMission,
        held: true,
    };
    assert_eq!(given(&mut h), [left], "without a mark: where it was left");
    h.state_mut().local.pin = Some(place);
    h.run_steps(3);
    hold_key(&mut h, Key::Q, 60);
    let order = given(&mut h);
    let [
        Intent::Command {
            order: Order::ResumeAt { item },
            held: true,
            ..
        },
    ] = &order[..]
    else {
        panic!("{order:?}")
    };
    let possible: Vec<usize> = [true, false]
        .into_iter()
        .filter_map(|g| vedette_planner::resume(&plan, flight, ahead[0], g, flown))
        .map(|r| r.item)
        .collect();
    assert!(possible.contains(&usize::from(*item)), "{item} of {possible:?}");
}

/// A place on a line, metres from its start.
fn along(line: &[vedette_geo::LatLon], mut m: f64) -> vedette_geo::LatLon {
    for w in line.windows(2) {
        let l = distance_m(w[0], w[1]);
        if m <= l {
            return vedette_geo::interpolate(w[0], w[1], m / l.max(1e-9));
        }
        m -= l;
    }
    line[line.len() - 1]
}

#[test]
fn an_aircraft_that_is_not_where_its_plan_has_it_is_not_sent_by_its_plans_figures() {
    let mut v = demo::view();
    on_plan(&mut v);
    let now = v.now;
    for a in v.vehicles.values_mut() {
        let at = a.at.unwrap().value;
        a.at = Some(Known::new(vedette_geo::destination(at, 90.0, 3000.0), now));
    }
    let mut h = flying(v);
    answer(&mut h);
    assert!(!says(&h, "Offer: Send"), "{:?}", names(&h));
    assert!(says(&h, "Nobody else can look at A-002 now"));
}

#[test]
fn a_low_holder_is_offered_relief_for_its_target() {
    let mut v = demo::view();
    on_plan(&mut v);
    v.vehicles.get_mut(&V1).unwrap().bingo_s = Some(400.0);
    let mut h = flying(v);
    let (_, call) = h
        .state()
        .desk
        .as_ref()
        .unwrap()
        .relief
        .latest()
        .expect("relief is called");
    let Wanted::Relief(t) = &call.wanted else {
        panic!("{call:?}")
    };
    assert_eq!(t.holder, V1);
    answer(&mut h);
    let world = &demo::base().world;
    let able = vedette_planner::hand_over(&call.plan, world, t, call.at_s);
    if able.iter().any(|o| o.response.path.len() > 1) {
        assert!(
            says(&h, "Offer: CU-01 low: CU-02 takes T-014 over in"),
            "{:?}",
            names(&h)
        );
        press(&mut h, "Hand T-014 over to CU-02");
        assert_eq!(h.state().local.selected, Some(V2));
        assert!(given(&mut h).is_empty());
    }
    // With a full battery nobody asks.
    let mut v = demo::view();
    v.vehicles.get_mut(&V1).unwrap().bingo_s = Some(2400.0);
    let h = flying(v);
    assert!(h.state().desk.as_ref().unwrap().relief.latest().is_none());
}

#[test]
fn calls_are_made_again_as_time_goes_on_and_not_in_every_frame() {
    let mut v = demo::view();
    on_plan(&mut v);
    let mut h = flying(v);
    let count = |h: &Harness<Room>| h.state().desk.as_ref().unwrap().eyes.latest().unwrap().0;
    let first = count(&h);
    h.run_steps(60);
    assert_eq!(count(&h), first, "the same moment, the same place: one call");
    for _ in 0..20 {
        h.state_mut().view.now = h.state().view.now.plus_ms(1000);
        h.run_steps(1);
    }
    let calls = count(&h) - first;
    assert!((3..=5).contains(&calls), "{calls} calls in 20 s");
}

#[test]
fn a_lost_aircraft_is_one_press_from_a_plan_for_the_rest() {
    let mut v = demo::view();
    let a = v.vehicles.get_mut(&V2).unwrap();
    a.alive = false;
    a.last_heard = Some(v.now.plus_ms(-40_000));
    // Nothing else asks for room.
    v.alerts.clear();
    let mut h = flying(v);
    assert!(
        says(
            &h,
            "Offer: Without CU-02 Aliga: plan the rest of the watch; link lost for 40 s"
        ),
        "{:?}",
        names(&h)
    );
    press(&mut h, "Plan the rest: Without CU-02 Aliga");
    assert_eq!(h.state().local.workspace, Workspace::Plan);
    let (_, q) = h
        .state()
        .desk
        .as_ref()
        .unwrap()
        .what_if
        .latest()
        .expect("the desk is asked");
    assert_eq!(q.change, Change::LostAircraft(V2));
    assert!(given(&mut h).is_empty());
}
