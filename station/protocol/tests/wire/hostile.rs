//! Rows of the reliability table about hostile input: none of it moves an aircraft, reaches a
//! stranger or delays a good frame.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{LinkId, Mono, Order, Report};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::codec::wire;
use vedette_protocol::codec::{EncodeHeader, Sender, StreamFramer, encode_payload, parse_datagram};
use vedette_protocol::route::Router;
use vedette_protocol::{Gcs, GcsConfig, PeerAddr, dialect};

use crate::common::{US, utc};
use crate::relay::Air;
use crate::rows::scale;
use crate::sky::{Craft, Sky};

fn signed_sky(seed: u64) -> Sky {
    let mut c = Craft::new(1, &[(1, "radio", Air::default())], seed);
    c.key = Some(Key::new([1; 32]));
    c.rate_ms = 100;
    let mut sky = Sky::new(vec![c]);
    sky.gcs.set_key(1, Key::new([1; 32]));
    sky.run_ms(8_000);
    sky
}

/// Everything told but measurements of the link.
fn facts(sky: &Sky) -> Vec<String> {
    sky.events
        .iter()
        .filter(|(_, e)| !matches!(e.report, Report::Paths(_) | Report::Signing(_) | Report::Clock(_)))
        .map(|(t, e)| format!("{} {:?}", t.0, e))
        .collect()
}

/// Row 20: noise, stubs and pieces of frames, as datagrams and as a stream.
#[test]
fn row_20_no_bytes_whatever_upset_framer_router_or_station() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut sender = Sender::new(9, 1);
    let good = sender.encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        mavlink_version: 3,
        ..Default::default()
    });
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    let mut router = Router::new();
    let mut framer = StreamFramer::new(false);
    let mut bytes_in = 0;
    let mut now = Mono(1);
    for n in 0..6_000 * scale(100) {
        now = now.plus_ms(1);
        let len = rng.random_range(0..300_usize);
        let mut bytes: Vec<u8> = (0..len)
            .map(|_| if rng.random_bool(0.11) { 0xFD } else { rng.random() })
            .collect();
        if rng.random_bool(0.3) {
            let at = rng.random_range(0..=bytes.len());
            let cut = rng.random_range(0..=good.len());
            bytes.splice(at..at, good[..cut].iter().copied());
        }
        bytes_in += bytes.len();
        let peer = PeerAddr::new(["a", "b", "c"][usize::try_from(n % 3).expect("small")]);
        let link = LinkId(n % 4);
        gcs.handle_datagram(now, utc(now), link, &peer, &bytes);
        gcs.observe_station(now, utc(now), link, &bytes);
        router.handle_datagram(now, link, &peer, &bytes);
        framer.push(now, &bytes);
        gcs.handle_timeout(now);
        while gcs.poll_transmit().is_some() || gcs.poll_event().is_some() || router.poll_transmit().is_some() {}
    }
    println!("seed 20: {bytes_in} bytes");
    let counted: u64 = gcs.link_reports().iter().map(|l| l.junk_bytes).sum();
    assert!(counted > 0);
}

/// Row 20 on the stable compiler: the seeds the fuzzer starts from (`fuzz/seeds`), mutated. The same bytes
/// go to every reader there is: datagram, stream in two pieces, recording, router, station.
#[test]
fn row_20_the_kept_corpus_mutated_upsets_no_reader() {
    use vedette_protocol::codec::{Verdict, sign, tlog};
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/frames");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for name in names {
        seeds.push(std::fs::read(name).unwrap());
    }
    assert!(seeds.len() >= 10, "the corpus is kept");
    let mut rng = ChaCha8Rng::seed_from_u64(2020);
    let key = Key::new([7; 32]);
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    gcs.set_key(9, key.clone());
    let (mut router, mut now, mut fed) = (Router::new(), Mono(1), 0);
    for _ in 0..20_000 * scale(30) {
        now = now.plus_ms(3);
        let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
        for _ in 0..rng.random_range(0..6_u8) {
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..6_u8) {
                0 => bytes[at] ^= 1 << rng.random_range(0..8),
                1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFD, 0xFE, 0xFF][rng.random_range(0..7)],
                2 => bytes.truncate(at.max(1)),
                3 => {
                    let other = &seeds[rng.random_range(0..seeds.len())];
                    bytes.splice(at..at, other.iter().copied());
                }
                4 => bytes.insert(at, rng.random()),
                _ => {
                    let piece: Vec<u8> = bytes[at..].iter().copied().take(16).collect();
                    bytes.extend(piece);
                }
            }
            // What is changed still has a right checksum half of the time.
            if rng.random_bool(0.5) && bytes.len() >= 12 && bytes[0] == 0xFD {
                let id = u32::from_le_bytes([bytes[7], bytes[8], bytes[9], 0]);
                let payload: Vec<u8> = bytes[10..].iter().copied().take(usize::from(bytes[1])).collect();
                let header = EncodeHeader {
                    system: bytes[5],
                    component: bytes[6],
                    sequence: bytes[4],
                };
                bytes = encode_payload(header, id, &payload);
            }
        }
        bytes.truncate(4_096);
        fed += bytes.len();
        let mut frames = parse_datagram(&bytes);
        let mut taken = 0;
        for f in frames.by_ref() {
            taken += if f.verdict == Verdict::BadCrc { 0 } else { f.raw.len() };
            let judged = (
                f.message().is_ok(),
                sign::block(f.raw).is_some(),
                sign::fits(f.raw, &key),
            );
            std::hint::black_box(judged);
        }
        assert_eq!(taken + frames.junk_bytes(), bytes.len(), "every byte is accounted for");
        let (a, b) = bytes.split_at(rng.random_range(0..=bytes.len()));
        let (mut pieces, mut whole) = (StreamFramer::new(true), StreamFramer::new(true));
        let mut cut = pieces.push(now, a);
        cut.extend(pieces.push(now, b));
        cut.extend(pieces.finish());
        let mut all = whole.push(now, &bytes);
        all.extend(whole.finish());
        assert_eq!(cut, all);
        let mut log = tlog::Stream::default();
        let mut played = log.push(a, false).len();
        played += log.push(b, true).len();
        assert_eq!(played, tlog::read(&bytes).count());
        let (link, peer) = (LinkId(1), PeerAddr::new("a"));
        gcs.handle_datagram(now, utc(now), link, &peer, &bytes);
        gcs.observe_station(now, utc(now), link, &bytes);
        gcs.handle_timeout(now);
        router.handle_datagram(now, link, &peer, &bytes);
        while gcs.poll_transmit().is_some() || gcs.poll_event().is_some() || router.poll_transmit().is_some() {}
    }
    println!("seed 2020: {fed} bytes of {} seeds mutated", seeds.len());
    assert_eq!(gcs.overflow(), vedette_protocol::Overflow::default());
}

/// Row 21: every message of the dialect with three thousand payloads; two halves, side by side.
#[test]
fn row_21_any_payload_of_any_message_is_survived_and_hides_no_aircraft() {
    any_payload(0);
}

#[test]
fn row_21_any_payload_of_the_other_half_of_the_messages_too() {
    any_payload(1);
}

fn any_payload(half: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    let peer = PeerAddr::new("a");
    let mut now = Mono(1);
    let beat = Sender::new(7, 1).encode_wire(&wire::Heartbeat {
        kind: 250,
        autopilot: 211,
        base_mode: 255,
        custom_mode: u32::MAX,
        system_status: 99,
        mavlink_version: 3,
    });
    gcs.handle_datagram(now, utc(now), LinkId(1), &peer, &beat);
    let shown = std::iter::from_fn(|| gcs.poll_event()).any(|e| matches!(e.report, Report::Identity(_)));
    assert!(shown, "unknown numbers in a heartbeat hide nobody");
    let mut undecodable = 0_u64;
    let mut frames = 0_u64;
    let ids: Vec<u32> = dialect::MavMessage::all_ids()
        .iter()
        .copied()
        .skip(half)
        .step_by(2)
        .collect();
    for &id in &ids {
        for _ in 0..3_000 {
            now = now.plus_ms(2);
            let mut payload = vec![0_u8; rng.random_range(0..=255)];
            rng.fill(&mut payload[..]);
            let header = EncodeHeader {
                system: 7,
                component: rng.random_range(0..3),
                sequence: rng.random(),
            };
            let bytes = encode_payload(header, id, &payload);
            let f = parse_datagram(&bytes).next().expect("a frame");
            frames += 1;
            undecodable += u64::from(f.message().is_err());
            gcs.handle_datagram(now, utc(now), LinkId(1), &peer, &bytes);
            gcs.handle_timeout(now);
            while gcs.poll_transmit().is_some() || gcs.poll_event().is_some() {}
        }
    }
    assert_eq!(frames, 3_000 * ids.len() as u64);
    println!(
        "seed 21: {frames} frames of {} messages, {undecodable} not decodable by the dialect's own types",
        ids.len()
    );
    assert_eq!(gcs.overflow(), vedette_protocol::Overflow::default());
}

/// Row 22: a thousand stubs, pieces and empty datagrams a second change nothing for the others.
#[test]
fn row_22_stubs_and_empty_datagrams_delay_nobody() {
    let run = |junk: bool| {
        let mut c = Craft::new(1, &[(1, "radio", Air::default())], 22);
        c.rate_ms = 100;
        let mut sky = Sky::new(vec![c]);
        let stranger = PeerAddr::new("stranger");
        let big = vec![0xFD_u8; 65_507];
        for n in 0..1_000 {
            sky.step();
            if junk {
                for _ in 0..9 {
                    sky.gcs
                        .handle_datagram(sky.now, sky.utc(), LinkId(1), &stranger, &[0xFD, 0xFF, 0]);
                    sky.gcs.handle_datagram(sky.now, sky.utc(), LinkId(1), &stranger, &[]);
                    // And from the aircraft's own address.
                    sky.gcs
                        .handle_datagram(sky.now, sky.utc(), LinkId(1), &PeerAddr::new("radio"), &[0xFD]);
                }
                if n % 100 == 0 {
                    sky.gcs.handle_datagram(sky.now, sky.utc(), LinkId(1), &stranger, &big);
                }
            }
        }
        sky
    };
    let (quiet, noisy) = (run(false), run(true));
    assert_eq!(facts(&quiet), facts(&noisy), "the same facts at the same moments");
    assert!(noisy.astray.is_empty());
    assert!(noisy.gcs.link_reports()[0].junk_bytes > 27_000);
}

/// Row 23: nothing of ours goes to an address that has not shown who it is.
#[test]
fn row_23_no_byte_of_ours_goes_to_a_stranger() {
    let mut sky = signed_sky(23);
    let strangers: Vec<PeerAddr> = (0..20).map(|n| PeerAddr::new(&format!("stranger {n}"))).collect();
    let mut spoof = Sender::new(1, 1);
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    sky.order(1, 1, Order::Return, 10_000);
    for _ in 0..2_000 {
        sky.step();
        let who = &strangers[rng.random_range(0..strangers.len())];
        let bytes = match rng.random_range(0..4_u8) {
            0 => vec![0x41],
            1 => spoof.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 3,
                base_mode: 209,
                mavlink_version: 3,
                ..Default::default()
            }),
            // A copy of what the aircraft signed, new and old.
            2 => sky.craft[0].said.last().expect("it spoke").clone(),
            _ => sky.craft[0].said[rng.random_range(0..sky.craft[0].said.len())].clone(),
        };
        let link = LinkId(rng.random_range(1..3));
        sky.gcs.handle_datagram(sky.now, sky.utc(), link, who, &bytes);
    }
    assert_eq!(sky.astray, []);
    assert_eq!(sky.craft[0].a.mode, 6, "and our order arrived");
}

/// Row 26: what strangers say of a signed aircraft, and to it.
#[test]
fn row_26_forged_frames_change_nothing_of_a_signed_aircraft() {
    let forged = |rng: &mut ChaCha8Rng, sender: &mut Sender| -> Vec<u8> {
        let us = (US.0, US.1);
        match rng.random_range(0..12_u8) {
            0 => sender.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 3,
                base_mode: 209,
                custom_mode: 9,
                system_status: 4,
                mavlink_version: 3,
            }),
            1 => sender.encode_wire(&wire::CommandAck {
                command: 176,
                result: 2,
                target_system: us.0,
                target_component: us.1,
                ..Default::default()
            }),
            2 => sender.encode_wire(&wire::MissionCount {
                count: 3,
                target_system: us.0,
                target_component: us.1,
                ..Default::default()
            }),
            3 => sender.encode_wire(&wire::MissionClearAll {
                target_system: us.0,
                ..Default::default()
            }),
            4 => sender.encode_wire(&wire::ParamValue {
                value: 1.0,
                count: 2,
                index: 1,
                id: wire::Chars::from_text("ARMING_CHECK"),
                kind: 9,
            }),
            5 => sender.encode_wire(&wire::GlobalPositionInt {
                time_boot_ms: 99_000,
                lat: 1,
                lon: 1,
                ..Default::default()
            }),
            6 => sender.encode_wire(&wire::StatusText {
                severity: 0,
                text: wire::Chars::from_text("land \u{1b}[2J now"),
                ..Default::default()
            }),
            7 => sender.encode_wire(&wire::TimeSync {
                tc1: 1,
                ts1: 1,
                ..Default::default()
            }),
            8 => sender.encode_wire(&wire::HomePosition::default()),
            // GPS_INPUT; TRAJECTORY_REPRESENTATION_WAYPOINTS with 255 points; SERIAL_CONTROL with
            // a count past its data.
            9 => sender.encode_payload(232, &[0xFF; 65]),
            10 => sender.encode_payload(332, &[0xFF; 239]),
            _ => sender.encode_payload(126, &[0xFF; 79]),
        }
    };
    let run = |attack: bool| {
        let mut sky = signed_sky(26);
        let mut rng = ChaCha8Rng::seed_from_u64(26);
        let (mut as_craft, mut as_ghost) = (Sender::new(1, 1), Sender::new(66, 1));
        for _ in 0..500 {
            sky.step();
            if !attack {
                continue;
            }
            // 5000 a second, by a stranger and by the aircraft's own address.
            for n in 0..50 {
                let bytes = forged(&mut rng, &mut as_craft);
                let peer = PeerAddr::new(if n % 2 == 0 { "radio" } else { "stranger" });
                sky.gcs.handle_datagram(sky.now, sky.utc(), LinkId(1), &peer, &bytes);
            }
            let ghost = forged(&mut rng, &mut as_ghost);
            sky.gcs
                .handle_datagram(sky.now, sky.utc(), LinkId(1), &PeerAddr::new("ghost"), &ghost);
        }
        sky
    };
    let (calm, attacked) = (run(false), run(true));
    let of_ours =
        |sky: &Sky| -> Vec<String> { facts(sky).into_iter().filter(|f| f.contains("VehicleId(1)")).collect() };
    assert_eq!(of_ours(&calm), of_ours(&attacked));
    assert!(attacked.gcs.link_reports()[0].unsigned > 20_000);
    // A ghost is shown as what it is: unsigned.
    let ghost = attacked.signing(66);
    assert_eq!(ghost.state, vedette_model::SigningState::Unsigned);
}

/// Five thousand texts a second of an aircraft nobody can check: five are shown.
#[test]
fn row_26_a_flood_of_texts_is_cut_to_five_a_second() {
    let mut sky = Sky::new(vec![Craft::new(1, &[(1, "radio", Air::default())], 27)]);
    sky.run_ms(3_000);
    let mut sender = Sender::new(1, 1);
    for n in 0..200_u32 {
        sky.step();
        for k in 0..50 {
            let text = wire::StatusText {
                severity: 2,
                text: wire::Chars::from_text(&format!("\u{7}fall {n} {k}\r\n")),
                ..Default::default()
            };
            let bytes = sender.encode_wire(&text);
            sky.gcs
                .handle_datagram(sky.now, sky.utc(), LinkId(1), &PeerAddr::new("radio"), &bytes);
        }
    }
    let texts: Vec<String> = sky
        .events
        .iter()
        .filter_map(|(_, e)| match &e.report {
            Report::Text { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect();
    println!("{} of 10000 texts shown in two seconds", texts.len());
    assert!(!texts.is_empty() && texts.len() <= 14);
    assert!(texts.iter().all(|t| !t.chars().any(char::is_control)));
}
