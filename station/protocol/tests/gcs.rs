//! The station's side against a scripted aircraft over a bad radio: what an operator would notice.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say aloud what they left out"
)]

mod common;

use common::{Aircraft, LINK, Radio, US, World, utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_geo::{AboveHome, LatLon};
use vedette_model::{
    Airframe, AltFrame, CommandId, CommandOutcome, Family, FlightMode, GimbalAim, MissionItem, MissionKind, Mono,
    Order, Report, RequestBody, Retry, VehicleId, command,
};
use vedette_protocol::codec::wire;
use vedette_protocol::codec::{EncodeHeader, Sender, encode_payload};
use vedette_protocol::dialect::MavMessage;
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

const BAD: Radio = Radio {
    loss: 0.2,
    duplicate: 0.05,
    delay_ms: 30,
    jitter_ms: 40,
};

fn connected(kind: u8, radio: Radio, seed: u64) -> World {
    let mut w = World::new(Aircraft::new(1, kind), radio, seed);
    w.run_ms(if radio.loss > 0.0 { 20_000 } else { 3_000 });
    w
}

fn plan(n: usize) -> Vec<MissionItem> {
    let at = |i: usize| LatLon::new(42.44 + i as f64 * 1e-3, 1.55).unwrap();
    (0..n)
        .map(|i| match i % 4 {
            3 => MissionItem {
                command: command::DO_GIMBAL_MANAGER_PITCHYAW,
                frame: AltFrame::None,
                params: [Some(-40.0), Some(90.0), None, None],
                at: None,
                alt_m: 0.0,
            },
            _ => MissionItem {
                command: command::NAV_WAYPOINT,
                frame: if i % 4 == 1 {
                    AltFrame::AboveHome
                } else {
                    AltFrame::Amsl
                },
                params: [None, Some(5.0), None, None],
                at: Some(at(i)),
                alt_m: 1500.25 + i as f64,
            },
        })
        .collect()
}

fn upload(w: &World, id: u32, items: Vec<MissionItem>) -> vedette_model::Request {
    w.request(
        id,
        RequestBody::Upload {
            kind: MissionKind::Mission,
            items,
        },
        Retry::UntilAck,
        120_000,
    )
}

#[test]
fn an_aircraft_is_met_named_and_asked_for_its_streams() {
    let w = connected(2, Radio::default(), 1);
    assert!(w.said(|r| matches!(r, Report::Identity(i)
        if i.uid == w.aircraft.uid && i.family == Family::ArduPilot && i.airframe == Airframe::Copter && i.firmware.starts_with("4.7.0"))));
    assert!(w.said(|r| matches!(r, Report::Home { .. })));
    assert!(w.said(|r| matches!(r, Report::Position { heading_deg: None, .. })));
    assert!(w.said(
        |r| matches!(r, Report::Heartbeat { mode: FlightMode::Manual, mode_name, .. } if mode_name == "STABILIZE")
    ));
    // Its clock is known to within its round trip.
    let map = w
        .events
        .iter()
        .rev()
        .find_map(|e| match e.report {
            Report::Clock(m) => Some(m),
            _ => None,
        })
        .expect("a clock");
    let truth = utc(Mono::ZERO).0 - 3_000_000;
    assert!(
        (map.offset_us - truth).abs() <= map.sigma_us + 5_000,
        "{map:?} against {truth}"
    );
    assert_eq!(w.aircraft.commands.iter().filter(|c| c.1 == 511).count(), 12);
    assert!(w.gcs.link_reports()[0].rtt_ms.is_some());
    assert!(
        w.gcs
            .inspect()
            .iter()
            .any(|r| r.name == "HEARTBEAT" && r.system == 1 && r.count >= 3)
    );
}

#[test]
fn take_off_is_three_steps_sent_once_each() {
    let mut w = connected(2, Radio::default(), 2);
    let r = w.order(
        7,
        Order::TakeOff {
            height: AboveHome(40.0),
        },
        10_000,
    );
    assert_eq!(w.finish(r, 11_000), Some(CommandOutcome::Accepted));
    let sent: Vec<u16> = w.aircraft.commands.iter().map(|c| c.1).filter(|c| *c < 500).collect();
    assert_eq!(sent, [176, 400, 22]);
    assert_eq!((w.aircraft.mode, w.aircraft.armed), (4, true));
    assert_eq!(w.aircraft.commands.iter().find(|c| c.1 == 22).unwrap().2[6], 40.0);
}

#[test]
fn a_once_order_without_answer_is_unknown_and_never_repeated() {
    let mut w = connected(2, Radio::default(), 3);
    w.aircraft.mode = 4;
    w.run_ms(1500);
    w.aircraft.faults.mute_commands = true;
    w.aircraft.faults.refuse = Some((400, 0));
    let r = w.order(
        8,
        Order::TakeOff {
            height: AboveHome(40.0),
        },
        5_000,
    );
    assert_eq!(w.finish(r, 6_000), Some(CommandOutcome::NoAnswer));
    assert_eq!(w.aircraft.commands.iter().filter(|c| c.1 == 400).count(), 1);
    w.run_ms(5_000);
    assert_eq!(
        w.aircraft.commands.iter().filter(|c| c.1 == 400 || c.1 == 22).count(),
        1
    );
}

#[test]
fn a_safe_order_is_repeated_with_growing_confirmation_until_telemetry_or_answer() {
    let mut w = connected(2, Radio::default(), 4);
    w.aircraft.faults.busy_times = 2;
    let r = w.order(9, Order::Hold, 10_000);
    assert_eq!(w.finish(r, 11_000), Some(CommandOutcome::Accepted));
    let confirmations: Vec<u8> = w.aircraft.commands.iter().filter(|c| c.1 == 176).map(|c| c.3).collect();
    assert_eq!(confirmations, [0, 1, 2]);
    // The answer is lost, the heartbeat shows the effect.
    w.aircraft.faults.ack_but_lost = true;
    let r = w.order(10, Order::Return, 10_000);
    assert_eq!(w.finish(r, 3_000), Some(CommandOutcome::Accepted));
    assert_eq!(w.aircraft.mode, 6);
}

#[test]
fn nothing_is_sent_after_it_lapsed() {
    let mut w = connected(2, Radio::default(), 5);
    w.radio.loss = 1.0;
    let r = w.order(11, Order::Return, 3_000);
    let lapse = r.expires;
    assert_eq!(w.finish(r, 4_000), Some(CommandOutcome::NoAnswer));
    w.radio.loss = 0.0;
    w.run_ms(8_000);
    assert!(w.aircraft.commands.iter().all(|c| c.1 != 176 || c.0 <= lapse));
    let late = w.order(12, Order::Return, -1);
    assert!(matches!(w.finish(late, 1_000), Some(CommandOutcome::Refused(_))));
}

#[test]
fn a_refusal_says_why_in_the_aircrafts_words() {
    let mut w = connected(2, Radio::default(), 6);
    w.aircraft.faults.refuse = Some((400, 4));
    let r = w.order(
        13,
        Order::TakeOff {
            height: AboveHome(40.0),
        },
        10_000,
    );
    match w.finish(r, 11_000) {
        Some(CommandOutcome::Refused(why)) => assert!(
            why.contains("failed") && why.contains("Compass not calibrated"),
            "{why}"
        ),
        other => panic!("{other:?}"),
    }
    assert_eq!(w.aircraft.takeoffs, 0);
}

#[test]
fn progress_extends_the_wait() {
    let mut w = connected(2, Radio::default(), 7);
    w.aircraft.faults.progress_first = true;
    let r = w.order(14, Order::Gimbal(GimbalAim::Neutral), 20_000);
    assert_eq!(w.finish(r, 15_000), Some(CommandOutcome::Accepted));
    let times: Vec<Mono> = w.aircraft.commands.iter().filter(|c| c.1 == 197).map(|c| c.0).collect();
    assert_eq!(times.len(), 2);
    assert!(times[1].since(times[0]) >= 9_000_000);
    assert!(w.said(|r| matches!(
        r,
        Report::CommandDone {
            outcome: CommandOutcome::InProgress(None),
            ..
        }
    )));
}

#[test]
fn a_later_flight_order_ends_the_one_before() {
    let mut w = connected(
        2,
        Radio {
            delay_ms: 200,
            ..Radio::default()
        },
        8,
    );
    let take_off = w.order(
        15,
        Order::TakeOff {
            height: AboveHome(40.0),
        },
        10_000,
    );
    w.gcs.submit(w.now, take_off);
    w.run_ms(100);
    let back = w.order(16, Order::Return, 10_000);
    assert_eq!(w.finish(back, 10_000), Some(CommandOutcome::Accepted));
    assert!(matches!(w.outcome(CommandId(15)), Some(CommandOutcome::Refused(why)) if why.contains("RETURN")));
    w.run_ms(5_000);
    // The first order's late answer did not end the second: the aircraft is in RTL, not armed.
    assert_eq!((w.aircraft.mode, w.aircraft.takeoffs, w.aircraft.arms), (6, 0, 0));
}

#[test]
fn an_order_for_another_airframe_on_the_same_id_is_not_sent() {
    let mut w = connected(2, Radio::default(), 9);
    let before = w.aircraft.commands.len();
    let mut r = w.order(17, Order::Return, 5_000);
    r.uid = 0xDEAD;
    assert!(matches!(w.finish(r, 500), Some(CommandOutcome::Refused(why)) if why.contains("uid")));
    assert!(w.aircraft.commands[before..].iter().all(|c| c.1 != 176));
    let mut r = w.order(18, Order::Return, 5_000);
    r.uid = w.aircraft.uid;
    assert_eq!(w.finish(r, 5_000), Some(CommandOutcome::Accepted));
    let mut r = w.order(19, Order::Return, 5_000);
    r.vehicle = VehicleId(77);
    assert!(matches!(w.finish(r, 500), Some(CommandOutcome::Refused(_))));
}

#[test]
fn commands_over_a_bad_radio_have_one_effect_and_one_outcome() {
    let (mut done, mut all, mut worst) = (0, 0, 0);
    for seed in 0..4 {
        let mut w = connected(2, BAD, 100 + seed);
        for i in 0..60 {
            let order = if i % 2 == 0 { Order::Hold } else { Order::Return };
            let start = w.now;
            let r = w.order(1000 + i, order.clone(), 15_000);
            let outcome = w.finish(r, 16_000).expect("every order ends");
            worst = worst.max(w.now.since(start) / 1000);
            all += 1;
            if outcome == CommandOutcome::Accepted {
                done += 1;
                let want = if order == Order::Hold { 17 } else { 6 };
                assert_eq!(w.aircraft.mode, want, "accepted means done, seed {seed}, order {i}");
            }
        }
    }
    println!("{done} of {all} orders accepted at 20 % loss each way, slowest {worst} ms");
    assert_eq!(done, all);
}

#[test]
fn an_upload_survives_a_bad_radio_and_is_read_back() {
    let (mut ok, mut slowest) = (0, 0);
    let runs = 12;
    for seed in 0..runs {
        let mut w = connected(1, BAD, 200 + seed);
        let items = plan(60);
        let r = upload(&w, 30, items.clone());
        let start = w.now;
        if w.finish(r, 130_000) == Some(CommandOutcome::Accepted) {
            ok += 1;
            slowest = slowest.max(w.now.since(start) / 1_000_000);
            let held = &w.aircraft.lists[&0];
            assert_eq!(held.len(), items.len() + 1, "home in front");
            assert_eq!((held[0].x, held[0].y), (424_400_000, 15_560_000));
            for (a, b) in items.iter().zip(&held[1..]) {
                assert_eq!(a.command, b.command);
                if let Some(at) = a.at {
                    assert_eq!(at.to_e7(), (b.x, b.y));
                }
            }
            let back = w.events.iter().rev().find_map(|e| match &e.report {
                Report::PlanOnVehicle { items, .. } => Some(items.len()),
                _ => None,
            });
            assert_eq!(back, Some(items.len()));
        }
    }
    println!("{ok} of {runs} uploads of 60 items at 20 % loss each way, slowest {slowest} s");
    assert_eq!(ok, runs);
}

#[test]
fn an_aircraft_that_stores_something_else_does_not_pass() {
    let mut w = connected(1, Radio::default(), 10);
    w.aircraft.faults.alters_item = Some(3);
    let r = upload(&w, 31, plan(8));
    match w.finish(r, 120_000) {
        Some(CommandOutcome::Refused(why)) => assert!(why.contains("item 3") && why.contains("height"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_upload_is_not_repeated_and_an_error_is() {
    let mut w = connected(1, Radio::default(), 11);
    w.aircraft.faults.mission_ack = Some(3);
    let r = upload(&w, 32, plan(8));
    assert!(matches!(w.finish(r, 60_000), Some(CommandOutcome::Refused(why)) if why.contains("not supported")));
    assert!(!w.aircraft.lists.contains_key(&0), "the aircraft's plan is as it was");
    w.aircraft.faults.mission_ack = Some(1);
    let r = upload(&w, 33, plan(8));
    w.gcs.submit(w.now, r);
    w.run_ms(30);
    w.aircraft.faults.mission_ack = None;
    w.run_ms(20_000);
    assert_eq!(w.outcome(CommandId(33)), Some(CommandOutcome::Accepted));
}

#[test]
fn an_empty_list_clears_and_fences_go_their_own_way() {
    let mut w = connected(1, Radio::default(), 12);
    let r = upload(&w, 34, plan(5));
    assert_eq!(w.finish(r, 20_000), Some(CommandOutcome::Accepted));
    let corner = |lat: f64| MissionItem {
        command: command::FENCE_POLYGON_VERTEX_INCLUSION,
        frame: AltFrame::Amsl,
        params: [Some(3.0), None, None, None],
        at: Some(LatLon::new(lat, 1.5).unwrap()),
        alt_m: 0.0,
    };
    let items = vec![corner(42.0), corner(42.1), corner(42.2)];
    let r = w.request(
        35,
        RequestBody::Upload {
            kind: MissionKind::Fence,
            items,
        },
        Retry::UntilAck,
        60_000,
    );
    assert_eq!(w.finish(r, 60_000), Some(CommandOutcome::Accepted));
    assert_eq!(w.aircraft.lists[&1].len(), 3);
    assert_eq!(w.aircraft.lists[&0].len(), 6);
    let r = upload(&w, 36, Vec::new());
    assert_eq!(w.finish(r, 20_000), Some(CommandOutcome::Accepted));
    assert!(!w.aircraft.lists.contains_key(&0));
}

#[test]
fn all_parameters_come_over_a_bad_radio() {
    let mut w = connected(2, BAD, 13);
    let r = w.request(40, RequestBody::ReadParameters, Retry::UntilAck, 60_000);
    assert_eq!(w.finish(r, 60_000), Some(CommandOutcome::Accepted));
    assert!(w.said(|r| matches!(r, Report::Parameters { have: 120, of: 120 })));
    let all = |t: &vedette_model::ParameterTable| {
        t.len() == 120 && (0..120).all(|i| t.get(&format!("PRM_{i}")) == Some(f64::from(i) * 0.5))
    };
    assert!(w.said(|r| matches!(r, Report::ParameterTable(t) if all(t))));
}

#[test]
fn silence_is_noticed_after_five_seconds_and_streams_are_asked_again() {
    let mut w = connected(2, Radio::default(), 14);
    let quiet_from = w.now;
    w.radio.loss = 1.0;
    w.run_ms(7_000);
    let lost = w
        .events
        .iter()
        .find(|e| e.report == Report::Alive(false))
        .expect("noticed")
        .captured;
    let after = lost.since(quiet_from);
    assert!(
        (3_900_000..=5_100_000).contains(&after),
        "{after} µs after the cut (last frame up to 1 s before)"
    );
    let asked = w.aircraft.commands.len();
    w.radio.loss = 0.0;
    w.run_ms(4_000);
    assert!(
        w.aircraft.commands[asked..].iter().any(|c| c.1 == 511),
        "streams asked for again"
    );
    assert_eq!(w.events.iter().filter(|e| e.report == Report::Alive(true)).count(), 2);
}

#[test]
fn loss_of_a_fifth_raises_no_false_alarm() {
    let mut w = connected(2, BAD, 15);
    w.run_ms(600_000);
    assert!(!w.said(|r| *r == Report::Alive(false)));
}

#[test]
fn two_aircraft_on_one_id_are_told_and_not_commanded() {
    let mut w = connected(2, Radio::default(), 16);
    let mut other = Aircraft::new(1, 1);
    let beat = other.beat();
    w.gcs
        .handle_datagram(w.now, utc(w.now), LINK, &PeerAddr::new("stranger"), &beat);
    w.run_ms(100);
    assert!(w.said(|r| *r == Report::DuplicateId));
    let before = w.aircraft.commands.len();
    let r = w.order(50, Order::Return, 5_000);
    assert!(matches!(w.finish(r, 200), Some(CommandOutcome::Refused(why)) if why.contains("second aircraft")));
    assert!(w.aircraft.commands[before..].iter().all(|c| c.1 != 176));
    // The same aircraft by a second path is no second aircraft.
    let mut w = connected(2, Radio::default(), 17);
    let beat = w.aircraft.beat();
    w.gcs
        .handle_datagram(w.now, utc(w.now), LINK, &PeerAddr::new("second radio"), &beat);
    w.run_ms(100);
    assert!(!w.said(|r| *r == Report::DuplicateId));
}

#[test]
fn nothing_of_ours_goes_to_a_stranger() {
    let mut w = connected(2, Radio::default(), 18);
    let stranger = PeerAddr::new("stranger");
    let junk: [&[u8]; 4] = [&[0x41], &[0xFD, 0xFF, 0, 0], &[], &[0xFD; 400]];
    let mut bad = w.aircraft.beat();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    for bytes in junk.into_iter().chain([&bad[..]]) {
        w.gcs.handle_datagram(w.now, utc(w.now), LINK, &stranger, bytes);
    }
    let r = w.order(60, Order::Return, 5_000);
    w.gcs.submit(w.now, r);
    let end = w.now.plus_ms(3_000);
    let mut sent = 0;
    while w.now < end {
        w.now = w.now.plus_ms(50);
        w.gcs.handle_timeout(w.now);
        while let Some(t) = w.gcs.poll_transmit() {
            assert_ne!(t.peer, stranger);
            sent += 1;
        }
    }
    assert!(sent > 3);
    let report = &w.gcs.link_reports()[0];
    assert!(report.bad_crc == 1 && report.junk_bytes > 400);
}

#[test]
fn an_aircraft_of_an_unknown_type_is_shown_and_not_flown() {
    let mut w = connected(250, Radio::default(), 19);
    assert!(w.said(|r| matches!(
        r,
        Report::Heartbeat {
            mode: FlightMode::Other,
            ..
        }
    )));
    assert!(w.said(|r| matches!(r, Report::Position { .. })));
    let r = w.order(61, Order::Return, 5_000);
    assert!(matches!(w.finish(r, 500), Some(CommandOutcome::Refused(why)) if why.contains("250")));
}

#[test]
fn what_the_aircraft_marks_as_unknown_never_becomes_a_number() {
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    let peer = PeerAddr::new("a");
    let mut sender = Sender::new(4, 1);
    let beat = wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        ..Default::default()
    };
    let frames = [
        sender.encode_wire(&beat),
        sender.encode_wire(&wire::Attitude {
            roll: f32::NAN,
            ..Default::default()
        }),
        sender.encode_wire(&wire::BatteryStatus {
            voltages: wire::Array([u16::MAX; 10]),
            current_ca: -1,
            remaining: -1,
            energy_consumed: -1,
            ..Default::default()
        }),
        sender.encode_wire(&wire::GlobalPositionInt {
            lat: i32::MAX,
            lon: 1,
            hdg: u16::MAX,
            ..Default::default()
        }),
        sender.encode_wire(&wire::VfrHud {
            airspeed: f32::INFINITY,
            ..Default::default()
        }),
        sender.encode_wire(&wire::StatusText {
            severity: 4,
            text: wire::Chars::from_text("bell\u{7}\u{1b}[31m"),
            ..Default::default()
        }),
    ];
    for f in frames {
        gcs.handle_datagram(Mono(1), utc(Mono(1)), LINK, &peer, &f);
    }
    let reports: Vec<Report> = std::iter::from_fn(|| gcs.poll_event()).map(|e| e.report).collect();
    assert!(!reports.iter().any(|r| matches!(
        r,
        Report::Attitude { .. } | Report::Position { .. } | Report::Speeds { .. }
    )));
    assert!(reports.contains(&Report::Battery {
        remaining_pct: None,
        volts: None,
        amps: None,
        consumed_wh: None
    }));
    assert!(reports.iter().any(
        |r| matches!(r, Report::Text { text, .. } if !text.chars().any(char::is_control) && text.starts_with("bell"))
    ));
}

#[test]
fn a_flood_of_texts_is_cut_and_pieces_are_joined() {
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    let peer = PeerAddr::new("a");
    let mut sender = Sender::new(4, 1);
    let beat = sender.encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        ..Default::default()
    });
    gcs.handle_datagram(Mono(1), utc(Mono(1)), LINK, &peer, &beat);
    let long = "x".repeat(50);
    for (seq, text) in [(1, "end"), (0, long.as_str())] {
        let f = sender.encode_wire(&wire::StatusText {
            severity: 4,
            id: 9,
            chunk_seq: seq,
            text: wire::Chars::from_text(text),
        });
        gcs.handle_datagram(Mono(2), utc(Mono(2)), LINK, &peer, &f);
    }
    for i in 0..5000 {
        let f = sender.encode_wire(&wire::StatusText {
            severity: 4,
            text: wire::Chars::from_text(&format!("n {i}")),
            ..Default::default()
        });
        gcs.handle_datagram(Mono(1000 + i), utc(Mono(1000 + i)), LINK, &peer, &f);
    }
    let texts: Vec<String> = std::iter::from_fn(|| gcs.poll_event())
        .filter_map(|e| match e.report {
            Report::Text { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(texts[0], format!("{long}end"));
    assert!(texts.len() <= 6, "{}", texts.len());
}

#[test]
fn random_valid_frames_of_every_id_never_panic_and_stay_finite() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(US.0, US.1)
    });
    let peer = PeerAddr::new("a");
    let beat = Sender::new(7, 1).encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        ..Default::default()
    });
    let mut now = Mono(1);
    gcs.handle_datagram(now, utc(now), LINK, &peer, &beat);
    for &id in MavMessage::all_ids() {
        for _ in 0..40 {
            now = now.plus_ms(3);
            let len = rng.random_range(0..=255_usize);
            let payload: Vec<u8> = (0..len).map(|_| rng.random()).collect();
            let component = if rng.random_bool(0.8) { 1 } else { rng.random() };
            let header = EncodeHeader {
                system: 7,
                component,
                sequence: rng.random(),
            };
            let bytes = encode_payload(header, id, &payload);
            gcs.handle_datagram(now, utc(now), LINK, &peer, &bytes);
            gcs.handle_timeout(now);
            while let Some(e) = gcs.poll_event() {
                if let Report::Position { at, amsl, .. } = e.report {
                    assert!(at.lat_deg.abs() <= 90.0 && amsl.0.is_finite());
                }
                if let Report::Attitude {
                    roll_deg,
                    pitch_deg,
                    yaw_deg,
                } = e.report
                {
                    assert!(roll_deg.is_finite() && pitch_deg.is_finite() && (0.0..360.0).contains(&yaw_deg));
                }
            }
            while gcs.poll_transmit().is_some() {}
            while let Some((_, raw)) = gcs.poll_log() {
                assert!(raw.len() >= 12);
            }
        }
    }
    assert_eq!(gcs.overflow(), vedette_protocol::Overflow::default());
}

/// What the station made of a recording.
#[derive(Default)]
struct Picture {
    airframes: Vec<(Family, Airframe, VehicleId)>,
    modes: Vec<String>,
    armed: bool,
    positions: usize,
    gimbal: usize,
    home: bool,
    unlike_numbers: usize,
}

fn picture_of(dir: &std::ffi::OsStr, name: &str) -> Picture {
    let file = std::path::Path::new(dir).join("logs").join(name);
    let bytes = std::fs::read(file).expect("the recording");
    let mut gcs = Gcs::new(GcsConfig {
        accept_v1: true,
        ..GcsConfig::new(US.0, US.1)
    });
    let peer = PeerAddr::new("log");
    let mut first = None;
    let mut p = Picture::default();
    for (at, frame) in vedette_protocol::codec::tlog::read(&bytes) {
        let start = *first.get_or_insert(at);
        let now = Mono(at.0 - start.0);
        gcs.handle_datagram(now, at, LINK, &peer, frame.raw);
        gcs.handle_timeout(now);
        while let Some(e) = gcs.poll_event() {
            match e.report {
                Report::Identity(i) if !p.airframes.contains(&(i.family, i.airframe, e.vehicle)) => {
                    p.airframes.push((i.family, i.airframe, e.vehicle));
                }
                Report::Heartbeat { mode_name, armed, .. } => {
                    p.armed |= armed;
                    if p.modes.last() != Some(&mode_name) {
                        p.modes.push(mode_name);
                    }
                }
                Report::Position { at, amsl, .. } => {
                    p.positions += 1;
                    p.unlike_numbers += usize::from(!at.lat_deg.is_finite() || !amsl.0.is_finite());
                }
                Report::Gimbal { .. } => p.gimbal += 1,
                Report::Home { .. } => p.home = true,
                _ => {}
            }
        }
        while gcs.poll_transmit().is_some() {}
    }
    println!(
        "{name}: {:?}, modes {:?}, {} positions, {} gimbal attitudes",
        p.airframes, p.modes, p.positions, p.gimbal
    );
    p
}

#[test]
fn recorded_flights_give_a_whole_picture() {
    let Some(dir) = std::env::var_os("VEDETTE_DATA") else {
        println!("left out: real recordings (set VEDETTE_DATA)");
        return;
    };
    let p = picture_of(&dir, "arducopter-4.7dev-flight.tlog");
    assert!(p.armed && p.home && p.positions > 100 && p.gimbal > 100 && p.unlike_numbers == 0);
    for m in ["GUIDED", "AUTO", "RTL"] {
        assert!(p.modes.iter().any(|x| x == m), "{m} in {:?}", p.modes);
    }
    let p = picture_of(&dir, "vtol.tlog");
    assert!(p.positions > 100 && p.unlike_numbers == 0);
    // It calls itself a fixed wing (MAV_TYPE 1) and flies QLOITER.
    assert!(
        p.airframes.iter().any(|a| a.1 == Airframe::Quadplane),
        "{:?}",
        p.airframes
    );
}

#[test]
fn unknown_ids_are_logged_and_counted_but_never_make_an_aircraft() {
    let mut gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(US.0, US.1)
    });
    let peer = PeerAddr::new("a");
    let header = EncodeHeader {
        system: 33,
        component: 1,
        sequence: 0,
    };
    let unknown = encode_payload(header, 60_000, &[1; 9]);
    gcs.handle_datagram(Mono(1), utc(Mono(1)), LINK, &peer, &unknown);
    assert!(gcs.inspect().is_empty() && gcs.poll_event().is_none() && gcs.poll_log().is_none());
    let beat = Sender::new(33, 1).encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        ..Default::default()
    });
    gcs.handle_datagram(Mono(2), utc(Mono(2)), LINK, &peer, &beat);
    gcs.handle_datagram(Mono(3), utc(Mono(3)), LINK, &peer, &unknown);
    assert!(gcs.inspect().iter().any(|r| r.msgid == 60_000 && r.name.is_empty()));
    let logged: Vec<Vec<u8>> = std::iter::from_fn(|| gcs.poll_log()).map(|l| l.1).collect();
    assert!(logged.contains(&unknown) && logged.contains(&beat));
    assert_eq!(gcs.link_reports()[0].unknown_id, 2);
}
