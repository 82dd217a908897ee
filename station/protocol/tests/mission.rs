//! Mission transfers with aircraft that misbehave: each fault ends in a stated way, in time.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{Aircraft, Faults, Radio, World};
use vedette_geo::LatLon;
use vedette_model::{AltFrame, CommandOutcome, MissionItem, MissionKind, Order, Report, RequestBody, Retry, command};
use vedette_protocol::codec::parse_datagram;

fn items(n: u32) -> Vec<MissionItem> {
    (0..n)
        .map(|i| MissionItem {
            command: command::NAV_WAYPOINT,
            frame: AltFrame::Amsl,
            params: [None; 4],
            at: Some(LatLon::new(42.44 + f64::from(i) * 1e-3, 1.55).unwrap()),
            alt_m: 1500.0,
        })
        .collect()
}

fn met(faults: Faults) -> World {
    let mut w = World::new(
        Aircraft::new(1, 1),
        Radio {
            delay_ms: 20,
            ..Radio::default()
        },
        3,
    );
    w.run_ms(3_000);
    w.aircraft.faults = faults;
    w
}

fn upload(w: &mut World, id: u32) -> (CommandOutcome, i64) {
    let body = RequestBody::Upload {
        kind: MissionKind::Mission,
        items: items(6),
    };
    let r = w.request(id, body, Retry::UntilAck, 60_000);
    let start = w.now;
    let outcome = w.finish(r, 61_000).expect("every upload ends");
    (outcome, w.now.since(start) / 1000)
}

#[test]
fn every_fault_of_an_upload_ends_as_stated() {
    let ok = |o: &CommandOutcome| *o == CommandOutcome::Accepted;
    let none = |o: &CommandOutcome| *o == CommandOutcome::NoAnswer;
    let refused = |o: &CommandOutcome| matches!(o, CommandOutcome::Refused(_));
    type Case = (&'static str, Faults, fn(&CommandOutcome) -> bool, i64);
    let d = Faults::default();
    let cases: [Case; 12] = [
        ("none", d, ok, 2_000),
        (
            "no response",
            Faults {
                silent_from: Some(0),
                ..d
            },
            none,
            15_000,
        ),
        (
            "first item only",
            Faults {
                silent_from: Some(1),
                ..d
            },
            none,
            15_000,
        ),
        (
            "asks past the end",
            Faults {
                asks_past_end: true,
                ..d
            },
            ok,
            5_000,
        ),
        (
            "asks twice",
            Faults {
                asks_again: Some(3),
                ..d
            },
            ok,
            5_000,
        ),
        (
            "acknowledges before it asks",
            Faults { early_ack: true, ..d },
            ok,
            5_000,
        ),
        (
            "never acknowledges",
            Faults {
                no_final_ack: true,
                ..d
            },
            ok,
            15_000,
        ),
        (
            "unsupported",
            Faults {
                mission_ack: Some(3),
                ..d
            },
            refused,
            2_000,
        ),
        (
            "no space",
            Faults {
                mission_ack: Some(4),
                ..d
            },
            refused,
            2_000,
        ),
        (
            "error each time",
            Faults {
                mission_ack: Some(1),
                ..d
            },
            refused,
            15_000,
        ),
        (
            "stores another height",
            Faults {
                alters_item: Some(2),
                ..d
            },
            refused,
            15_000,
        ),
        ("read-back stays out", Faults { no_count: true, ..d }, none, 16_000),
    ];
    for (name, faults, want, limit_ms) in cases {
        let mut w = met(faults);
        let (outcome, ms) = upload(&mut w, 1);
        println!("{name}: {outcome:?} after {ms} ms");
        assert!(want(&outcome), "{name}: {outcome:?}");
        assert!(ms <= limit_ms, "{name}: {ms} ms");
        // The next upload to a sane aircraft works: nothing is stuck.
        w.aircraft.faults = d;
        assert_eq!(upload(&mut w, 2).0, CommandOutcome::Accepted, "after {name}");
    }
}

#[test]
fn every_fault_of_a_download_ends_as_stated() {
    let d = Faults::default();
    for (name, faults, want) in [
        (
            "item missing",
            Faults {
                never_item: Some(2),
                ..d
            },
            false,
        ),
        ("no count", Faults { no_count: true, ..d }, false),
        (
            "count too large",
            Faults {
                false_count: Some(60_000),
                ..d
            },
            false,
        ),
        (
            "nothing on board",
            Faults {
                false_count: Some(0),
                ..d
            },
            true,
        ),
    ] {
        let mut w = met(d);
        assert_eq!(upload(&mut w, 1).0, CommandOutcome::Accepted);
        w.aircraft.faults = faults;
        let r = w.request(
            2,
            RequestBody::Download {
                kind: MissionKind::Mission,
            },
            Retry::UntilAck,
            30_000,
        );
        let start = w.now;
        let outcome = w.finish(r, 31_000).expect("ends");
        println!("{name}: {outcome:?}");
        assert_eq!(outcome == CommandOutcome::Accepted, want, "{name}");
        assert!(w.now.since(start) <= 16_000_000, "{name}");
    }
}

#[test]
fn messages_of_a_transfer_nobody_began_change_nothing() {
    use vedette_protocol::codec::wire;
    let mut w = met(Faults::default());
    let (s, c) = common::US;
    let mut frames = Vec::new();
    for kind in 0..3 {
        let sender = &mut w.aircraft.sender;
        frames.push(sender.encode_wire(&wire::MissionAck {
            target_system: s,
            target_component: c,
            mission_type: kind,
            ..Default::default()
        }));
        frames.push(sender.encode_wire(&wire::MissionRequestInt {
            seq: 3,
            target_system: s,
            target_component: c,
            mission_type: kind,
        }));
        frames.push(sender.encode_wire(&wire::MissionCount {
            count: 9,
            target_system: s,
            target_component: c,
            mission_type: kind,
            opaque_id: 0,
        }));
        frames.push(sender.encode_wire(&wire::MissionItemInt {
            seq: 2,
            target_system: s,
            target_component: c,
            mission_type: kind,
            ..Default::default()
        }));
        frames.push(sender.encode_wire(&wire::CommandAck {
            command: 400,
            target_system: s,
            target_component: c,
            ..Default::default()
        }));
    }
    for f in &frames {
        w.gcs
            .handle_datagram(w.now, common::utc(w.now), common::LINK, &w.peer, f);
    }
    while let Some(t) = w.gcs.poll_transmit() {
        for f in parse_datagram(&t.bytes) {
            assert!(
                ![39, 40, 43, 44, 45, 47, 51, 73].contains(&f.header.message_id),
                "{f:?}"
            );
        }
    }
    w.run_ms(900);
    assert!(!w.said(|r| matches!(
        r,
        Report::PlanOnVehicle { .. } | Report::CommandDone { .. } | Report::Transfer { .. }
    )));
}

#[test]
fn a_satellite_link_of_a_second_and_a_half_works() {
    let radio = Radio {
        delay_ms: 800,
        jitter_ms: 50,
        ..Radio::default()
    };
    let mut w = World::new(Aircraft::new(1, 2), radio, 9);
    w.run_ms(60_000);
    assert!(w.said(|r| matches!(r, Report::Identity(i) if i.uid != 0)));
    let r = w.order(1, Order::Hold, 20_000);
    assert_eq!(w.finish(r, 20_000), Some(CommandOutcome::Accepted));
    let body = RequestBody::Upload {
        kind: MissionKind::Mission,
        items: items(10),
    };
    let r = w.request(2, body, Retry::UntilAck, 120_000);
    let start = w.now;
    assert_eq!(w.finish(r, 120_000), Some(CommandOutcome::Accepted));
    println!("10 items in {} s at 1.6 s round trip", w.now.since(start) / 1_000_000);
    assert!(!w.said(|r| *r == Report::Alive(false)));
    let holds = w.aircraft.commands.iter().filter(|c| c.1 == 176).count();
    assert!(holds <= 2, "{holds} copies: waits follow the measured round trip");
}

#[test]
fn a_hundred_items_at_thirty_percent_loss_end_either_right_or_told() {
    let mut right = 0;
    for seed in 0..4 {
        let radio = Radio {
            loss: 0.3,
            duplicate: 0.05,
            delay_ms: 40,
            jitter_ms: 60,
        };
        let mut w = World::new(Aircraft::new(1, 1), radio, 400 + seed);
        w.run_ms(30_000);
        let body = RequestBody::Upload {
            kind: MissionKind::Mission,
            items: items(100),
        };
        let r = w.request(2, body, Retry::UntilAck, 600_000);
        let outcome = w.finish(r, 600_000).expect("ends");
        if outcome == CommandOutcome::Accepted {
            right += 1;
            assert_eq!(w.aircraft.lists[&0].len(), 101);
        }
    }
    println!("{right} of 4 uploads of 100 items at 30 % loss each way");
    assert!(right >= 3);
}
