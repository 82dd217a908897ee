//! What an aircraft holds: in doubt, standing, read again; and what it cannot hold, known before anything is sent. Camera orders.

use super::*;

fn start() -> Intent {
    Intent::Command {
        vehicle: V1,
        order: Order::StartMission,
        held: true,
    }
}

fn corners(n: u32) -> Vec<MissionItem> {
    row(n)
        .into_iter()
        .map(|i| MissionItem {
            command: command::FENCE_POLYGON_VERTEX_INCLUSION,
            ..i
        })
        .collect()
}

/// A plan with a fence, approved, on board, read back, the aircraft ready.
fn on_board() -> Rig {
    let mut r = Rig::new().known();
    r.wants("pilot", Intent::MakePlan);
    let mut p = plan("p1", None);
    p.aircraft[0].fence_items = corners(4);
    r.put(Input::Planned {
        plan: Box::new(p),
        verdict: Box::new(verdict("p1", FindingSeverity::Note)),
    });
    r.wants("lead", approve("p1"));
    sign(&mut r, "p1");
    r.wants("pilot", upload("p1"));
    for (kind, items) in [
        (MissionKind::Mission, row(4)),
        (MissionKind::Fence, corners(4)),
        (MissionKind::Rally, vec![]),
    ] {
        r.say(Report::PlanOnVehicle { kind, items, id: None });
    }
    r.say(Report::Alive(true));
    r.say(Report::Landed(LandedState::OnGround));
    r.effects.clear();
    r
}

fn starts(r: &mut Rig) -> bool {
    r.effects.clear();
    r.wants("pilot", start());
    let orders = r.effects.iter().filter(|e| matches!(e, Effect::Request(_))).count();
    orders == 1
}

fn state(r: &Rig) -> (PlanOnAircraft, usize) {
    let v = &r.station.view().vehicles[&V1];
    (v.plan_on_board, v.lists_in_doubt.len())
}

fn doubt(kind: MissionKind, changed: bool) -> Report {
    Report::PlanInDoubt {
        kind,
        why: "it was out of touch".into(),
        changed,
    }
}

#[test]
fn nothing_is_started_on_a_list_in_doubt_until_it_stands() {
    let mut r = on_board();
    assert!(starts(&mut r), "{}", r.last_notice());
    for changed in [false, true] {
        r.say(doubt(MissionKind::Mission, changed));
        let is = if changed {
            PlanOnAircraft::Unknown
        } else {
            PlanOnAircraft::Same
        };
        assert_eq!(state(&r), (is, 1));
        assert!(
            r.last_notice().contains("it is being read again"),
            "{}",
            r.last_notice()
        );
        assert!(!starts(&mut r));
        let said = r.last_notice();
        assert!(
            said.contains(if changed { "upload it first" } else { "out of touch" }),
            "{said}"
        );
        r.say(Report::PlanStands {
            kind: MissionKind::Mission,
            id: 0xC0FFEE,
        });
        assert_eq!(state(&r), (PlanOnAircraft::Same, 0));
        assert!(r.station.view().events.iter().any(|e| e.text.contains("00c0ffee")));
        assert!(starts(&mut r), "{}", r.last_notice());
    }
    let again = Replay::new(setup(), r.log.clone()).expect("a usable site");
    assert_eq!(digest(again.view()), digest(r.station.view()));
}

#[test]
fn a_list_read_again_is_the_plans_or_has_to_be_uploaded_again() {
    let mut r = on_board();
    let read = |kind, items| Report::PlanOnVehicle { kind, items, id: None };
    r.say(doubt(MissionKind::Mission, true));
    r.say(read(MissionKind::Mission, row(4)));
    assert_eq!(state(&r), (PlanOnAircraft::Same, 0));
    r.say(doubt(MissionKind::Mission, true));
    r.say(read(MissionKind::Mission, row(3)));
    assert_eq!(state(&r), (PlanOnAircraft::Differs, 0));
    assert!(!starts(&mut r) && r.last_notice().contains("upload it first"));
    // A fence somebody changed keeps it from starting just as well.
    let mut r = on_board();
    r.say(doubt(MissionKind::Fence, true));
    r.say(read(MissionKind::Fence, corners(3)));
    assert!(
        r.last_notice().contains("fence on board is not the plan's any more"),
        "{}",
        r.last_notice()
    );
    assert!(
        !starts(&mut r) && r.last_notice().contains("fence"),
        "{}",
        r.last_notice()
    );
    r.say(read(MissionKind::Fence, corners(4)));
    assert!(starts(&mut r), "{}", r.last_notice());
}

#[test]
fn what_the_autopilot_cannot_hold_or_fly_is_said_before_anything_is_sent() {
    let refused = |change: &dyn Fn(&mut PatrolPlan), family: Option<Family>| {
        let mut r = Rig::new().known();
        if let Some(family) = family {
            r.say(Report::Identity(VehicleIdentity {
                system: 1,
                component: 1,
                uid: 77,
                family,
                airframe: Airframe::Copter,
                firmware: "1.16".into(),
            }));
        }
        r.wants("pilot", Intent::MakePlan);
        let mut p = plan("p1", None);
        change(&mut p);
        r.put(Input::Planned {
            plan: Box::new(p),
            verdict: Box::new(verdict("p1", FindingSeverity::Note)),
        });
        r.wants("lead", approve("p1"));
        sign(&mut r, "p1");
        r.effects.clear();
        r.wants("pilot", upload("p1"));
        let sent = r.effects.iter().any(|e| matches!(e, Effect::Upload { .. }));
        (sent, r.last_notice())
    };
    assert!(
        refused(&|p| p.aircraft[0].items = row(649), None).0,
        "home is the 650th"
    );
    type Change = fn(&mut PatrolPlan);
    let cases: [(Change, &str); 3] = [
        (
            |p| p.aircraft[0].items = row(650),
            "651 mission items do not fit, ArduPilot holds 650",
        ),
        (
            |p| p.aircraft[0].fence_items = corners(71),
            "71 fence points do not fit, ArduPilot holds 70",
        ),
        (
            |p| p.aircraft[0].rally_items = row(33),
            "33 rally points do not fit, ArduPilot holds 32",
        ),
    ];
    for (change, says) in cases {
        let (sent, said) = refused(&change, None);
        assert!(!sent && said.contains(says), "{said}");
    }
    let (sent, said) = refused(&|_| {}, Some(Family::Px4));
    assert!(
        !sent && said.contains("made for ArduPilot and it says that it is Px4"),
        "{said}"
    );
}

#[test]
fn a_camera_order_is_done_when_the_camera_shows_it() {
    let mut r = Rig::new().known();
    let gives = |r: &mut Rig, order: Order| gives_as(r, "pilot", order);
    let newest = |r: &Rig| r.station.view().receipts.last().expect("an order").state.clone();
    let looks = |yaw_deg| Report::Gimbal {
        roll_deg: 0.0,
        pitch_deg: -20.0,
        yaw_deg,
    };
    r.say(looks(358.0));
    let rates = |yaw_deg_s| {
        Order::Gimbal(GimbalAim::Rates {
            pitch_deg_s: 0.0,
            yaw_deg_s,
        })
    };
    assert!(gives(&mut r, rates(15.0)), "a camera needs no hold");
    r.say(looks(358.0));
    assert_eq!(newest(&r), ReceiptState::Sent, "it stands");
    // A tenth of a second each, through north.
    for yaw in [359.5, 1.0] {
        r.say(looks(yaw));
    }
    assert_eq!(newest(&r), ReceiptState::Observed);
    let rate = r.station.view().vehicles[&V1].gimbal_rate_deg_s.expect("known").value[1];
    assert!((rate - 15.0).abs() < 0.1, "{rate}");
    assert!(!gives(&mut r, rates(90.0)) && r.last_notice().contains("60 degrees a second"));
    assert!(!gives(&mut r, rates(f64::NAN)));

    let camera = |recording, zoom_pct| {
        Report::Camera(CameraState {
            component: 100,
            recording,
            zoom_pct,
            pictures: None,
        })
    };
    assert!(gives(&mut r, Order::Camera(CameraOrder::Picture)));
    r.say(Report::Picture {
        component: 100,
        number: 3,
        kept: false,
        at: None,
    });
    assert_eq!(newest(&r), ReceiptState::Sent, "it could not be kept");
    r.say(Report::Picture {
        component: 100,
        number: 4,
        kept: true,
        at: Some(origin()),
    });
    assert_eq!(newest(&r), ReceiptState::Observed);
    r.say(camera(Some(false), None));
    assert!(gives(&mut r, Order::Camera(CameraOrder::Record(true))));
    assert_eq!(newest(&r), ReceiptState::Sent);
    r.say(camera(Some(true), None));
    assert_eq!(newest(&r), ReceiptState::Observed);
    assert!(
        r.station
            .view()
            .events
            .iter()
            .any(|e| e.text.contains("records on board"))
    );
    assert!(!gives(&mut r, Order::Camera(CameraOrder::Zoom(120.0))) && r.last_notice().contains("0 to 100 %"));
    assert!(gives(&mut r, Order::Camera(CameraOrder::Zoom(40.0))));
    r.say(camera(Some(true), Some(40.5)));
    assert_eq!(newest(&r), ReceiptState::Observed);
    assert!(!gives_as(&mut r, "guest", Order::Camera(CameraOrder::Picture)));
}

fn gives_as(r: &mut Rig, who: &str, order: Order) -> bool {
    r.effects.clear();
    r.wants(
        who,
        Intent::Command {
            vehicle: V1,
            order,
            held: false,
        },
    );
    r.effects.iter().any(|e| matches!(e, Effect::Request(_)))
}
