//! Camera and gimbal orders: rates, whose camera it is, pictures, recording, zoom; against the simulated aircraft, and against a
//! scripted one where the simulated one has not what is ordered.

use super::*;
use vedette_model::{CameraOrder, GimbalAim};
use vedette_protocol::codec::parse_datagram;
use vedette_protocol::codec::wire::WireMessage;
use vedette_sim_vehicle::VideoStream;

fn with_camera(family: Family) -> VehicleConfig {
    let mut cfg = small(family);
    cfg.cameras = vec![VideoStream {
        stream: 1,
        thermal: true,
        uri: "udp://127.0.0.1:5611".into(),
        name: "thermal".into(),
        hfov_deg: 24.0,
        width: 640,
        height: 512,
    }];
    cfg
}

fn rates(pitch_deg_s: f64, yaw_deg_s: f64) -> RequestBody {
    RequestBody::Order(Order::Gimbal(GimbalAim::Rates { pitch_deg_s, yaw_deg_s }))
}

fn camera(order: CameraOrder) -> RequestBody {
    RequestBody::Order(Order::Camera(order))
}

fn looks(w: &World) -> (f64, f64) {
    w.last(0, |r| match r {
        Report::Gimbal { pitch_deg, yaw_deg, .. } => Some((*pitch_deg, *yaw_deg)),
        _ => None,
    })
    .expect("told where it looks")
}

#[test]
fn the_gimbal_turns_at_the_ordered_rate_until_told_otherwise() {
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(with_camera(family), 1);
        w.run(15.0);
        assert_eq!(w.ask(0, rates(-6.0, 12.0)), CommandOutcome::Accepted, "{family:?}");
        w.run(1.0);
        let from = looks(&w);
        w.run(3.0);
        let to = looks(&w);
        let (pitch, yaw) = ((to.0 - from.0) / 3.0, vedette_geo::diff_deg(to.1, from.1) / 3.0);
        assert!(
            (pitch + 6.0).abs() < 1.0 && (yaw - 12.0).abs() < 1.5,
            "{family:?}: {pitch} and {yaw} degrees a second"
        );
        assert_eq!(w.ask(0, rates(0.0, 0.0)), CommandOutcome::Accepted);
        w.run(1.0);
        let from = looks(&w);
        w.run(3.0);
        let to = looks(&w);
        assert!(
            (to.0 - from.0).abs() < 1.0 && vedette_geo::diff_deg(to.1, from.1).abs() < 2.0,
            "{family:?}: it stands: {from:?} {to:?}"
        );
    }
}

#[test]
fn a_picture_and_a_recording_are_taken_and_told_by_the_camera() {
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(with_camera(family), 1);
        w.run(15.0);
        let state = |w: &World| {
            w.last(0, |r| match r {
                Report::Camera(c) => Some(*c),
                _ => None,
            })
        };
        let before = state(&w).expect("asked for when it was met");
        assert_eq!(
            (before.recording, before.pictures),
            (Some(false), Some(0)),
            "{family:?}"
        );
        for number in 0..2_u32 {
            assert_eq!(w.ask(0, camera(CameraOrder::Picture)), CommandOutcome::Accepted);
            w.run(0.5);
            let told = w.last(0, |r| match r {
                Report::Picture { number, kept, at, .. } => Some((*number, *kept, *at)),
                _ => None,
            });
            let (n, kept, at) = told.expect("told of the picture");
            assert!((n, kept) == (number, true) && distance_m(at.expect("where"), home()) < 20.0);
        }
        // The simulated camera tells in both families' ways; a picture is told once all the same.
        let pictures = w.reports[0].iter().filter(|r| matches!(r, Report::Picture { .. }));
        assert_eq!(pictures.count(), 2, "{family:?}");
        for on in [true, false] {
            assert_eq!(w.ask(0, camera(CameraOrder::Record(on))), CommandOutcome::Accepted);
            w.run(1.0);
            assert_eq!(state(&w).and_then(|c| c.recording), Some(on), "{family:?}");
        }
        // It does not say that it can zoom: refused here, nothing sent.
        let sent = w.sent[0];
        let why = w.ask(0, camera(CameraOrder::Zoom(50.0)));
        assert!(
            matches!(&why, CommandOutcome::Refused(w) if w.contains("does not say that it can zoom")),
            "{why:?}"
        );
        assert!(w.sent[0] - sent < 10);
        let blind = VehicleConfig {
            cameras: Vec::new(),
            ..small(family)
        };
        let mut w = World::new(blind, 1);
        w.run(15.0);
        let why = w.ask(0, camera(CameraOrder::Picture));
        assert!(
            matches!(&why, CommandOutcome::Refused(w) if w.contains("no camera on board has described itself")),
            "{why:?}"
        );
    }
}

/// A scripted PX4 whose gimbal manager another station holds and whose camera can zoom. Commands it got, what the station reports.
fn scripted(owner: (u8, u8), orders: &[Order]) -> (Vec<wire::CommandLong>, Vec<Report>) {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let (mut craft, mut part) = (Sender::new(1, 1), Sender::new(1, 100));
    let (mut commands, mut reports, mut zoom) = (Vec::new(), Vec::new(), 0.0);
    // The camera takes its time to answer a zoom; nothing else of that number may be under way meanwhile.
    let mut zooming: Option<(Mono, f32)> = None;
    for k in 0..600_i64 {
        let now = Mono::ZERO.plus_ms(20 * k);
        let mut frames = Vec::new();
        if k % 50 == 0 {
            frames.push(craft.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 12,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
                custom_mode: 0,
            }));
            frames.push(part.encode_wire(&wire::Heartbeat {
                kind: 30,
                autopilot: 8,
                mavlink_version: 3,
                system_status: 3,
                ..Default::default()
            }));
        }
        if k == 300 {
            for (n, order) in (1..).zip(orders) {
                gcs.submit(
                    now,
                    Request {
                        id: CommandId(n),
                        vehicle: VehicleId(1),
                        uid: 0,
                        body: RequestBody::Order(order.clone()),
                        retry: order.retry(),
                        expires: now.plus_ms(5_000),
                    },
                );
            }
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            for f in parse_datagram(&t.bytes).filter(|f| f.header.message_id == wire::CommandLong::ID) {
                let m = wire::CommandLong::from_payload(f.payload);
                let from = if m.target_component == 100 {
                    &mut part
                } else {
                    &mut craft
                };
                match (m.command, m.p1 as u32) {
                    (512, 259) if m.target_component == 100 => {
                        frames.push(from.encode_wire(&wire::CameraInformation {
                            flags: 64,
                            ..Default::default()
                        }))
                    }
                    (512, 260) => frames.push(from.encode_wire(&wire::CameraSettings {
                        zoom_level: zoom,
                        ..Default::default()
                    })),
                    (512, 280) if m.target_component == 1 => {
                        frames.push(from.encode_wire(&wire::GimbalManagerInformation {
                            gimbal_device_id: 1,
                            ..Default::default()
                        }));
                    }
                    (512, 281) => frames.push(from.encode_wire(&wire::GimbalManagerStatus {
                        gimbal_device_id: 1,
                        primary_system: owner.0,
                        primary_component: owner.1,
                        ..Default::default()
                    })),
                    (511 | 512, _) => {}
                    (531, _) => {
                        match zooming {
                            Some((_, p2)) => assert_eq!(p2, m.p2, "a second one before the first was answered"),
                            None => {
                                zooming = Some((now.plus_ms(150), m.p2));
                                commands.push(m);
                            }
                        }
                        continue;
                    }
                    _ => commands.push(m),
                }
                // A camera takes the messages it has; a manager without owners does not know CONFIGURE.
                let result = if m.command == 1001 { 3 } else { 0 };
                frames.push(from.encode_wire(&wire::CommandAck {
                    command: m.command,
                    result,
                    target_system: 253,
                    target_component: 190,
                    ..Default::default()
                }));
            }
        }
        if let Some((_, p2)) = zooming.take_if(|(due, _)| *due <= now) {
            zoom = p2;
            frames.push(part.encode_wire(&wire::CommandAck {
                command: 531,
                target_system: 253,
                target_component: 190,
                ..Default::default()
            }));
        }
        for f in frames {
            gcs.handle_datagram(now, Utc(now.0), LINK, &PeerAddr::new("craft"), &f);
        }
        while let Some(e) = gcs.poll_event() {
            reports.push(e.report);
        }
    }
    (commands, reports)
}

#[test]
fn two_orders_of_one_number_go_one_after_the_other() {
    let zooms = [10.0, 70.0, 30.0].map(|z| Order::Camera(CameraOrder::Zoom(z)));
    let (commands, reports) = scripted((253, 190), &zooms);
    let given: Vec<f32> = commands.iter().map(|c| c.p2).collect();
    assert_eq!(
        given,
        [10.0, 70.0, 30.0],
        "each sent, none before the one in front of it was answered"
    );
    let ends = reports.iter().filter(|r| {
        matches!(
            r,
            Report::CommandDone {
                outcome: CommandOutcome::Accepted,
                ..
            }
        )
    });
    assert_eq!(ends.count(), 3);
}

#[test]
fn a_camera_another_station_turns_is_taken_first_and_our_own_is_not() {
    let look = [Order::Gimbal(GimbalAim::Angles {
        pitch_deg: -30.0,
        yaw_deg: 90.0,
    })];
    let numbers = |owner| -> Vec<u16> { scripted(owner, &look).0.iter().map(|c| c.command).collect() };
    assert_eq!(numbers((255, 190)), [1001, 1000], "taken, then turned");
    assert_eq!(numbers((0, 0)), [1001, 1000], "nobody's");
    assert_eq!(numbers((253, 190)), [1000], "ours already");
    let (commands, reports) = scripted((255, 190), &look);
    assert_eq!([commands[0].p1, commands[0].p2, commands[0].p3], [-2.0, -2.0, -1.0]);
    assert!(
        reports.contains(&Report::CommandDone {
            id: CommandId(1),
            outcome: CommandOutcome::Accepted
        }),
        "a manager that knows no owners takes the order all the same"
    );
}

#[test]
fn zoom_goes_to_the_camera_that_can_and_is_what_the_camera_says_it_is() {
    let (commands, reports) = scripted((253, 190), &[Order::Camera(CameraOrder::Zoom(40.0))]);
    let [c] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!((c.command, c.target_component, c.p1, c.p2), (531, 100, 2.0, 40.0));
    let told: Vec<Option<f64>> = reports
        .iter()
        .filter_map(|r| match r {
            Report::Camera(c) => Some(c.zoom_pct),
            _ => None,
        })
        .collect();
    assert_eq!((told.first(), told.last()), (Some(&Some(0.0)), Some(&Some(40.0))));
    // Working the camera does not end turning it, and the other way round.
    let both = [
        Order::Gimbal(GimbalAim::Neutral),
        Order::Camera(CameraOrder::Zoom(10.0)),
    ];
    let (_, reports) = scripted((253, 190), &both);
    let accepted = reports.iter().filter(|r| {
        matches!(
            r,
            Report::CommandDone {
                outcome: CommandOutcome::Accepted,
                ..
            }
        )
    });
    assert_eq!(accepted.count(), 2);
}
