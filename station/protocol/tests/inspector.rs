//! What the inspector and the console are told of the wire: pace, bytes and worth of every message,
//! refused frames by reason and sender, a second sender, a blocked one.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Aircraft, LINK, Radio, World, utc};
use vedette_model::{FrameTrust, RejectReason, Report};
use vedette_protocol::PeerAddr;
use vedette_protocol::codec::decode;

fn connected() -> World {
    let mut w = World::new(Aircraft::new(1, 2), Radio::default(), 21);
    w.run_ms(4_000);
    w
}

fn rejected(w: &World, reason: RejectReason) -> Option<(u64, String)> {
    let report = w.gcs.link_reports().into_iter().next()?;
    let x = report.rejects.into_iter().find(|x| x.reason == reason)?;
    Some((x.count, x.mostly_from))
}

#[test]
fn every_message_shows_its_pace_its_last_bytes_and_what_they_are_worth() {
    let w = connected();
    let rows = w.gcs.inspect();
    let beat = rows.iter().find(|r| r.name == "HEARTBEAT").expect("a heartbeat");
    assert!((0.5..2.0).contains(&beat.rate_hz), "{}", beat.rate_hz);
    assert!(
        beat.spark[16..].contains(&1) && beat.spark[..10].iter().all(|n| *n == 0),
        "{:?}",
        beat.spark
    );
    assert_eq!(beat.trust, FrameTrust::Unsigned);
    let d = decode(&beat.raw);
    assert_eq!(d.parts.iter().sum::<usize>(), beat.raw.len());
    assert!(d.fields.iter().any(|f| f.value == "MAV_TYPE_QUADROTOR"), "{d:?}");
}

#[test]
fn the_pace_of_what_no_longer_comes_falls() {
    let mut w = connected();
    w.radio.loss = 1.0;
    w.run_ms(20_000);
    let rows = w.gcs.inspect();
    let beat = rows.iter().find(|r| r.name == "HEARTBEAT").expect("a heartbeat");
    assert!(beat.rate_hz < 0.1, "{}", beat.rate_hz);
    assert!(beat.spark.iter().all(|n| *n == 0), "{:?}", beat.spark);
}

#[test]
fn refused_frames_are_told_by_reason_and_sender() {
    let mut w = connected();
    let (noisy, old) = (PeerAddr::new("10.0.0.9:1"), PeerAddr::new("10.0.0.8:1"));
    for _ in 0..5 {
        let mut bad = w.aircraft.beat();
        let last = bad.len() - 1;
        bad[last] ^= 1;
        w.gcs.handle_datagram(w.now, utc(w.now), LINK, &noisy, &bad);
    }
    // MAVLink 1: heartbeat with its own checksum, as pymavlink writes it.
    let v1 = [0xFE, 9, 0, 1, 1, 0, 0, 0, 0, 0, 2, 3, 81, 4, 3];
    let crc = vedette_protocol::codec::checksum(&v1[1..], 50);
    let frame: Vec<u8> = v1.into_iter().chain(crc.to_le_bytes()).collect();
    for _ in 0..3 {
        w.gcs.handle_datagram(w.now, utc(w.now), LINK, &old, &frame);
    }
    assert_eq!(rejected(&w, RejectReason::BadChecksum), Some((5, "10.0.0.9:1".into())));
    assert_eq!(rejected(&w, RejectReason::OldVersion), Some((3, "10.0.0.8:1".into())));
    assert_eq!(rejected(&w, RejectReason::Unsigned), None);
}

#[test]
fn a_second_sender_is_named_and_a_blocked_one_changes_nothing_more() {
    let mut w = connected();
    let stranger = PeerAddr::new("10.20.0.77:14550");
    let mut other = Aircraft::new(1, 1);
    let tell = |w: &World| {
        w.events
            .iter()
            .filter_map(|e| match &e.report {
                Report::SecondSender(s) => Some(s.clone()),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    for _ in 0..6 {
        let beat = other.beat();
        w.gcs.handle_datagram(w.now, utc(w.now), LINK, &stranger, &beat);
        w.run_ms(500);
    }
    let told = tell(&w);
    assert!((2..=4).contains(&told.len()), "at most once a second: {}", told.len());
    let last = told.last().expect("one");
    assert_eq!((last.peer.as_str(), last.link), ("10.20.0.77:14550", LINK));
    assert!(last.frames >= 5 && last.why.contains("another kind"), "{last:?}");
    w.gcs.block(LINK, &stranger, true);
    for _ in 0..6 {
        let beat = other.beat();
        w.gcs.handle_datagram(w.now, utc(w.now), LINK, &stranger, &beat);
        w.run_ms(500);
    }
    assert_eq!(tell(&w).len(), told.len());
    assert_eq!(
        rejected(&w, RejectReason::Blocked),
        Some((6, "10.20.0.77:14550".into()))
    );
    w.gcs.block(LINK, &stranger, false);
    let beat = other.beat();
    w.gcs.handle_datagram(w.now, utc(w.now), LINK, &stranger, &beat);
    w.run_ms(500);
    assert!(tell(&w).len() > told.len(), "let in again");
}
