//! The wire: transactions, refusals, failsafes, several stations, rubbish.

use proptest::prelude::*;
use vedette_geo::{Amsl, diff_deg};
use vedette_model::{Airframe, Mono};
use vedette_sim_vehicle::{Fault, SimVehicle, VehicleConfig, VideoStream, Weather};

use crate::station::{GROUND, HOME, Station, Wp, frame, point};

#[test]
fn an_upload_replaces_the_plan_whole_or_not_at_all() {
    let mut s = Station::new(Airframe::Copter);
    let good = [Wp(22, [0.0; 4], HOME, 20.0), Wp(16, [0.0; 4], point(0.0, 100.0), 20.0)];
    assert_eq!(s.stored(0), 0);
    assert_eq!(s.upload(0, &good), 0);
    assert_eq!(s.stored(0), 3, "home is item 0");

    // Abandoned after two of five items: asked again, then given up; the old plan stays.
    s.count(0, 5);
    s.item(0, 0, &good[0]);
    s.item(0, 1, &good[0]);
    s.inbox.clear();
    s.run(10.0);
    let again = s.inbox.iter().filter(|g| g.id == 40 && g.u16(0) == 2).count();
    assert!(again >= 5, "asked {again} times");
    assert_eq!(s.inbox.iter().find(|g| g.id == 47).expect("gives up aloud").byte(2), 15);
    assert_eq!(s.stored(0), 3);

    // An item it cannot fly refuses the whole upload.
    assert_eq!(s.upload(0, &[Wp(4242, [0.0; 4], HOME, 0.0)]), 3);
    assert_eq!(s.stored(0), 3);

    // Items out of order are asked for again; an item without an upload is refused.
    s.count(0, 3);
    s.item(0, 2, &good[1]);
    assert_eq!(s.inbox.iter().rev().find(|g| g.id == 40).expect("asks").u16(0), 0);
    s.run(10.0);
    s.inbox.clear();
    s.item(0, 1, &good[0]);
    assert_eq!(s.inbox.iter().find(|g| g.id == 47).expect("refused").byte(2), 13);

    // Clearing empties one list only.
    assert_eq!(s.upload(2, &[Wp(5100, [0.0; 4], point(90.0, 50.0), 20.0)]), 0);
    s.send(45, 232, &[1, 1, 0]);
    assert_eq!((s.stored(0), s.stored(2)), (0, 1));
    // A broken fence polygon is refused.
    let corner = |b: f64| Wp(5001, [3.0, 0.0, 0.0, 0.0], point(b, 300.0), 0.0);
    assert_eq!(s.upload(1, &[corner(0.0), corner(90.0)]), 6);
    assert_eq!(s.upload(1, &[corner(0.0), corner(120.0), corner(240.0)]), 0);
}

/// Ids in MISSION_CURRENT: mission, fence, rally points.
fn plan_ids(s: &mut Station) -> [u32; 3] {
    s.inbox.clear();
    assert_eq!(s.command(512, [42.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    let m = s.inbox.iter().find(|g| g.id == 42).expect("MISSION_CURRENT");
    [m.u32(6), m.u32(10), m.u32(14)]
}

/// mavlink.io, mission protocol, "Detecting mission/plan changes".
#[test]
fn each_plan_on_board_has_an_id_that_changes_with_what_it_says() {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.quirks.plan_ids = Some(true);
    let mut s = Station::with(cfg);
    let plan = |north: f64| [Wp(22, [0.0; 4], HOME, 20.0), Wp(16, [0.0; 4], point(0.0, north), 20.0)];
    assert_eq!(plan_ids(&mut s), [0; 3], "no plan, no id");

    assert_eq!(s.upload(0, &plan(100.0)), 0);
    let told = s.inbox.iter().rev().find(|g| g.id == 47).expect("ack").u32(4);
    let first = plan_ids(&mut s);
    assert!(
        first[0] != 0 && first[0] == told && first[1..] == [0, 0],
        "{first:?}, ack {told}"
    );

    // Reading it changes nothing, and the count says the id.
    assert_eq!(s.stored(0), 3);
    assert_eq!(s.inbox.iter().find(|g| g.id == 44).expect("count").u32(5), told);
    assert_eq!(plan_ids(&mut s), first);
    // An upload that is refused leaves list and id; its answer carries no id.
    assert_eq!(s.upload(0, &[Wp(4242, [0.0; 4], HOME, 0.0)]), 3);
    assert_eq!(s.inbox.iter().rev().find(|g| g.id == 47).expect("ack").u32(4), 0);
    assert_eq!(plan_ids(&mut s), first);

    // A metre's difference is another id; the same content again is the first id again.
    assert_eq!(s.upload(0, &plan(101.0)), 0);
    assert_ne!(plan_ids(&mut s)[0], first[0]);
    assert_eq!(s.upload(0, &plan(100.0)), 0);
    assert_eq!(plan_ids(&mut s)[0], first[0]);

    // Lists stand apart; clearing one takes its id away.
    assert_eq!(s.upload(2, &[Wp(5100, [0.0; 4], point(90.0, 50.0), 20.0)]), 0);
    let both = plan_ids(&mut s);
    assert!(both[0] == first[0] && both[2] != 0, "{both:?}");
    s.send(45, 232, &[1, 1, 0]);
    assert_eq!(plan_ids(&mut s), [0, 0, both[2]]);

    // ArduPilot has no ids.
    let mut s = Station::new(Airframe::Copter);
    assert_eq!(s.upload(0, &plan(100.0)), 0);
    assert_eq!(plan_ids(&mut s), [0; 3]);
}

#[test]
fn commands_are_answered_as_the_family_answers() {
    let mut s = Station::new(Airframe::Copter);
    let zero = [0.0; 7];
    assert_eq!(s.command(31_999, zero), 3, "unknown");
    assert_eq!(s.command(176, [1.0, 99.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 4, "no such mode");
    assert!(s.texts().iter().any(|t| t == "No such mode 99"));
    assert_eq!(
        s.command(512, [300.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        4,
        "a message it has not"
    );
    assert_eq!(s.command(512, [148.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    assert!(s.inbox.iter().any(|g| g.id == 148), "accepted means sent");
    assert_eq!(
        s.command(22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0]),
        4,
        "take-off needs arming"
    );
    s.mode(6);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 4);
    assert!(s.texts().iter().any(|t| t.contains("RTL mode not armable")));
    s.mode(4);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.run(12.0);
    assert!(!s.v.truth().armed, "left standing it disarms itself");

    let mut plane = Station::new(Airframe::Plane);
    let landing = [
        Wp(22, [0.0; 4], HOME, 50.0),
        Wp(189, [0.0; 4], HOME, 50.0),
        Wp(21, [0.0; 4], HOME, 0.0),
    ];
    assert_eq!(plane.upload(0, &landing), 0);
    plane.set_param("RTL_AUTOLAND", 0.0);
    assert_eq!(plane.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 4);
    assert!(plane.inbox.iter().any(|g| g.id == 253));
}

#[test]
fn the_gimbal_goes_where_it_is_told_and_no_faster() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 30.0);
    assert_eq!(s.command(1000, [-40.0, 120.0, f32::NAN, f32::NAN, 16.0, 0.0, 0.0]), 0);
    let mut before = s.v.truth();
    for _ in 0..100 {
        s.run(0.05);
        let t = s.v.truth();
        assert!(diff_deg(t.gimbal_yaw_deg, before.gimbal_yaw_deg).abs() <= 60.0 * 0.05 + 1e-6);
        before = t;
    }
    assert!(
        (before.gimbal_pitch_deg + 40.0).abs() < 0.1 && (before.gimbal_yaw_deg - 120.0).abs() < 0.1,
        "{before:?}"
    );
    // A place on the ground below and ahead.
    assert_eq!(s.command_at(195, [0.0; 4], point(180.0, 40.0), 0.0), 0);
    s.run(6.0);
    let t = s.v.truth();
    let down = -(t.amsl.0 - GROUND.0).atan2(40.0).to_degrees();
    assert!(
        (t.gimbal_pitch_deg - down).abs() < 1.0 && diff_deg(t.gimbal_yaw_deg, 180.0).abs() < 2.0,
        "{t:?}"
    );
    // Relative to the nose it follows the nose; stuck it stays with the airframe.
    s.command(1000, [-30.0, 90.0, f32::NAN, f32::NAN, 0.0, 0.0, 0.0]);
    s.run(5.0);
    let t = s.v.truth();
    assert!(diff_deg(t.gimbal_yaw_deg, t.yaw_deg + 90.0).abs() < 1.0);
    s.v.inject(Fault::GimbalStuck);
    s.command(1000, [0.0, 0.0, f32::NAN, f32::NAN, 0.0, 0.0, 0.0]);
    s.run(5.0);
    let t = s.v.truth();
    assert!(diff_deg(t.gimbal_yaw_deg, t.yaw_deg + 90.0).abs() < 1.0);
}

#[test]
fn link_loss_returns_only_when_the_parameter_says_so() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 20.0);
    s.heartbeats = false;
    s.run(20.0);
    assert_eq!(s.v.truth().mode, "GUIDED", "failsafe is off from the factory");
    s.heartbeats = true;
    s.run(2.0);
    s.set_param("FS_GCS_ENABLE", 1.0);
    s.heartbeats = false;
    s.run(4.0);
    assert_eq!(s.v.truth().mode, "GUIDED");
    s.run(3.0);
    assert_eq!(s.v.truth().mode, "RTL", "{:?}", s.texts());
}

#[test]
fn a_fence_turns_the_aircraft_round() {
    let mut s = Station::new(Airframe::Copter);
    let corner = |b: f64| Wp(5001, [4.0, 0.0, 0.0, 0.0], point(b, 200.0), 0.0);
    assert_eq!(
        s.upload(1, &[corner(45.0), corner(135.0), corner(225.0), corner(315.0)]),
        0
    );
    s.set_param("FENCE_ENABLE", 1.0);
    s.take_off(Airframe::Copter, 20.0);
    assert_eq!(
        s.command_at(192, [-1.0, 1.0, 0.0, f32::NAN], point(0.0, 300.0), 20.0),
        4,
        "not asked outside"
    );
    // Driven across by velocity: SET_POSITION_TARGET_LOCAL_NED, velocity only.
    for _ in 0..60 {
        let mut b = 0_u32.to_le_bytes().to_vec();
        for v in [0.0_f32, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] {
            b.extend_from_slice(&v.to_le_bytes());
        }
        b.extend_from_slice(&0x0dc7_u16.to_le_bytes());
        b.extend_from_slice(&[1, 1, 1]);
        s.send(84, 143, &b);
        s.run(0.5);
    }
    assert!(
        s.texts().iter().any(|t| t == "Polygon fence breached"),
        "{:?}",
        s.texts()
    );
    assert_eq!(s.v.truth().mode, "RTL");
    s.until("home and down", 120.0, |t| !t.armed);
}

#[test]
fn messages_come_at_the_asked_rate_and_to_the_asker_only() {
    let mut s = Station::new(Airframe::Copter);
    s.v.connect(9);
    assert_eq!(s.command(511, [33.0, 100_000.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.inbox.clear();
    s.run(10.0);
    let to = |peer| s.inbox.iter().filter(|g| g.id == 33 && g.peer == Some(peer)).count();
    assert!((100..=101).contains(&to(7)) && to(9) == 0, "{} and {}", to(7), to(9));
    let beats = |peer, component| {
        s.inbox
            .iter()
            .filter(|g| g.id == 0 && g.component == component && g.peer == Some(peer))
            .count()
    };
    assert_eq!((beats(7, 1), beats(9, 1), beats(7, 154)), (10, 10, 10));
}

#[test]
fn a_flood_from_one_station_costs_the_other_nothing() {
    let mut s = Station::new(Airframe::Copter);
    let mut request = vec![1, 1];
    request.resize(2, 0);
    let list = frame(21, 159, &request);
    let mut datagram = Vec::new();
    while datagram.len() < 4000 {
        datagram.extend_from_slice(&list);
    }
    for _ in 0..2000 {
        s.v.handle_datagram(s.now, 666, &datagram);
        s.v.handle_datagram(s.now, 666, &[0xfd; 1400]);
    }
    assert!(s.v.refused_frames() > 10_000);
    s.drain();
    assert_eq!(s.command(512, [148.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.inbox.clear();
    s.run(10.0);
    let beats = s
        .inbox
        .iter()
        .filter(|g| g.id == 0 && g.component == 1 && g.peer == Some(7))
        .count();
    assert_eq!(beats, 10);
    let flood = s.inbox.iter().filter(|g| g.peer == Some(666)).count();
    assert!(flood < 1000, "{flood} frames for one list");
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_outer_step() {
    let flown = |step_ms: i64| {
        let mut cfg = VehicleConfig::small(3, Airframe::Plane, HOME, GROUND);
        cfg.seed = 77;
        cfg.cameras.push(VideoStream {
            stream: 1,
            thermal: true,
            uri: "udp://127.0.0.1:5600".into(),
            name: "Thermal".into(),
            hfov_deg: 24.0,
            width: 640,
            height: 512,
        });
        let mut v = SimVehicle::new(cfg);
        let weather = Weather {
            wind_from_deg: 10.0,
            wind_m_s: 5.0,
            gust_m_s: 4.0,
        };
        let mut bytes = Vec::new();
        let orders: [(i64, Vec<u8>); 4] = [
            (8000, long(511, [33.0, 100_000.0, 0.0, 0.0, 0.0, 0.0, 0.0])),
            (8000, long(176, [1.0, 15.0, 0.0, 0.0, 0.0, 0.0, 0.0])),
            (8000, long(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])),
            (8000, long(22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 60.0])),
        ];
        for until in [8000, 60_000] {
            let from = if until == 8000 { 0 } else { 8000 };
            let mut t = from;
            while t < until {
                t = (t + step_ms).min(until);
                v.step(Mono::ZERO.plus_ms(t), &|_| Some(Amsl(1100.0)), &weather);
                while let Some((_, f)) = v.poll_transmit() {
                    bytes.extend(f);
                }
            }
            for (_, o) in orders.iter().filter(|o| o.0 == until) {
                v.handle_datagram(Mono::ZERO.plus_ms(until), 1, o);
            }
        }
        (bytes, v.truth())
    };
    let a = flown(20);
    assert!(a.1.armed && a.0.len() > 20_000, "{} bytes, {:?}", a.0.len(), a.1);
    for step in [7, 100, 1000] {
        let b = flown(step);
        assert!(a == b, "differs at {step} ms");
    }
}

fn long(command: u16, p: [f32; 7]) -> Vec<u8> {
    let mut b: Vec<u8> = p.iter().flat_map(|v| v.to_le_bytes()).collect();
    b.extend_from_slice(&command.to_le_bytes());
    b.extend_from_slice(&[3, 1, 0]);
    frame(76, 152, &b)
}

/// Message ids the aircraft acts on, with their CRC_EXTRA from the official definitions.
const HANDLED: &[(u32, u8)] = &[
    (0, 50),
    (4, 237),
    (11, 89),
    (20, 214),
    (21, 159),
    (23, 168),
    (39, 254),
    (40, 230),
    (41, 28),
    (43, 132),
    (44, 221),
    (45, 232),
    (47, 153),
    (51, 196),
    (66, 148),
    (73, 38),
    (75, 158),
    (76, 152),
    (84, 143),
    (86, 5),
    (110, 84),
    (111, 34),
    (117, 128),
    (282, 123),
    (287, 1),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        junk in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..10),
        frames in proptest::collection::vec((0..HANDLED.len(), proptest::collection::vec(any::<u8>(), 0..255), any::<bool>()), 0..60),
        plane in any::<bool>(),
    ) {
        let mut s = Station::new(if plane { Airframe::Plane } else { Airframe::Copter });
        s.take_off(if plane { Airframe::Plane } else { Airframe::Copter }, 15.0);
        for j in &junk {
            s.v.handle_datagram(s.now, 3, j);
        }
        for (i, payload, addressed) in frames {
            let (id, extra) = HANDLED[i];
            let mut payload = payload;
            if addressed {
                // Put our ids where this message has its target, so that it is acted on.
                let at = match id { 76 => 30, 75 => 30, 73 => 32, 44 => 2, 23 => 4, 40 | 51 => 2, 43 | 45 | 21 => 0, 84 => 50, 86 => 50, _ => 0 };
                if payload.len() > at + 1 { payload[at] = 1; payload[at + 1] = 1; }
            }
            s.v.handle_datagram(s.now, 3, &frame(id, extra, &payload));
            s.run(0.1);
        }
        s.run(5.0);
        let t = s.v.truth();
        prop_assert!(t.at.lat_deg.is_finite() && t.amsl.0.is_finite() && t.yaw_deg.is_finite() && t.gimbal_yaw_deg.is_finite());
    }
}

#[test]
fn px4_takes_the_order_first_and_leaves_the_ground_when_armed() {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.family = vedette_model::Family::Px4;
    let mut s = Station::with(cfg);
    let up = [
        f32::NAN,
        f32::NAN,
        f32::NAN,
        f32::NAN,
        f32::NAN,
        f32::NAN,
        1100.0 + 15.0,
    ];
    assert_eq!(s.command(22, up), 0);
    s.run(3.0);
    assert!(!s.v.truth().armed);
    assert_eq!(
        s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        0,
        "{:?}",
        s.texts()
    );
    s.until("height", 30.0, |t| t.amsl.0 > GROUND.0 + 13.0);
    // Items are asked for with MISSION_REQUEST_INT and home is not among them.
    s.inbox.clear();
    s.count(0, 1);
    assert!(s.inbox.iter().any(|g| g.id == 51));
    s.item(0, 0, &Wp(16, [0.0; 4], point(0.0, 60.0), 20.0));
    assert_eq!(s.stored(0), 1);
    // AUTO.RTL: main mode 4, sub mode 5; it lands and disarms.
    assert_eq!(s.command(176, [1.0, 4.0, 5.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.until("down", 120.0, |t| !t.armed);
}

#[test]
fn a_plane_in_takeoff_mode_leaves_when_armed() {
    let mut s = Station::new(Airframe::Plane);
    s.mode(13);
    assert_eq!(
        s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        0,
        "{:?}",
        s.texts()
    );
    s.until("height", 60.0, |t| t.amsl.0 > GROUND.0 + 45.0);
    // LAND (AUTOLAND, 26) brings it home without any mission.
    s.run(20.0);
    s.mode(26);
    s.until("down", 300.0, |t| !t.armed);
    assert!(!s.v.truth().crashed, "{:?}", s.texts());
}
