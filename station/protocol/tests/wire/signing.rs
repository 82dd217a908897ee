//! Signatures: the bytes of others, what is refused, restarts, clocks, changes of key.

use proptest::prelude::*;
use vedette_model::{CommandOutcome, LinkId, Mono, Order, Report, SigningState};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::wire;
use vedette_protocol::codec::{EncodeHeader, Sender, Verdict, encode_wire, parse_datagram};
use vedette_protocol::signing::{LineError, LinkPolicy, Memory, SealError, Signing, open, open_line, seal, seal_line};
use vedette_protocol::{Gcs, GcsConfig, KeyChangeError, PeerAddr};

use crate::common::{US, utc};
use crate::relay::Air;
use crate::sky::{Craft, Sky};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex"))
        .collect()
}

/// Made by pymavlink 2.4.50 (dialect ardupilotmega): key, channel, stamp, unsigned, signed frame.
const PYMAVLINK: [(&str, u8, u64, &str, &str); 5] = [
    (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        3,
        1_250_999_896_330,
        "fd0900000701010000000500000002035104031f30",
        "fd090100070101000000050000000203510403f8c8030a89674523017127d7e7a233",
    ),
    (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        0,
        1,
        "fd1c0000ff2a011e000040e20100cdcccc3dcdcc4cbe0000404000000000000000000000003fd317",
        "fd1c0100ff2a011e000040e20100cdcccc3dcdcc4cbe0000404000000000000000000000003f8cad00010000000000427a6fdf04dc",
    ),
    (
        "e3365b18b0c9bd35056763fa1b3252b005e509e2f5f3c9f984a6ff1f1d9a394f",
        255,
        281_474_976_710_655,
        "fd20000000fdbe4c00000000803f0000c0400000000000000000000000000000000000000000b0000101dbfd",
        "fd20010000fdbe4c00000000803f0000c0400000000000000000000000000000000000000000b00001010c63ffffffffffffff188313b146db",
    ),
    (
        "e3365b18b0c9bd35056763fa1b3252b005e509e2f5f3c9f984a6ff1f1d9a394f",
        17,
        5_900_000_000_000,
        "fd340000630701fd00000350726541726d3a20436f6d70617373206e6f742063616c69627261746564000000000000000000000000000000000000000009071e",
        "fd340100630701fd00000350726541726d3a20436f6d70617373206e6f742063616c69627261746564000000000000000000000000000000000000000009bb6911007867b35d0504411193dff8",
    ),
    (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        1,
        36_100_000_000_000,
        "fd0a0000c801014d0000900100ff00000000fdbe0ff0",
        "fd0a0100c801014d0000900100ff00000000fdbe4663010028ad2fd520959dda8706e9",
    ),
];

/// Made by the MAVLink C library (mavgen of pymavlink 2.4.50, dialect common, its own SHA-256): key, channel, stamp, unsigned, signed
/// frame.
const C_LIBRARY: [(&str, u8, u64, &str, &str); 3] = [
    (
        "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc",
        5,
        1_500_000_000_000,
        "fd09000009070100000000000404020c5104038a6b",
        "fd09010009070100000000000404020c5104036d93050098f73e5d0129f6eddcc48a",
    ),
    (
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
        0,
        281_474_976_710_654,
        "fd21000009fdbe4c00000000803f00000000000000000000000000000000000000000000000090010101037f1d",
        "fd21010009fdbe4c00000000803f0000000000000000000000000000000000000000000000009001010103d3bf00feffffffffff14d460d341d8",
    ),
    (
        "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc",
        200,
        77,
        "fd0c0000090101fd00000442617474657279206c6f77319c",
        "fd0c0100090101fd00000442617474657279206c6f775dabc84d0000000000b80e951a1cfc",
    ),
];

fn key(text: &str) -> Key {
    Key::new(hex(text).try_into().expect("32 bytes"))
}

/// Row 24: both ways, since the same input gives the same bytes.
#[test]
fn row_24_signatures_are_those_of_pymavlink_and_of_the_c_library() {
    for (secret, channel, stamp, plain, signed) in PYMAVLINK.into_iter().chain(C_LIBRARY) {
        let (key, plain, signed) = (key(secret), hex(plain), hex(signed));
        assert_eq!(sign::sign(&plain, &key, channel, Stamp(stamp)), signed);
        let f = parse_datagram(&signed).next().expect("a frame");
        assert_eq!(f.verdict, Verdict::Valid);
        let block = sign::block(f.raw).expect("signed");
        assert_eq!((block.link_id, block.stamp), (channel, Stamp(stamp)));
        assert!(sign::fits(f.raw, &key));
        assert!(!sign::fits(f.raw, &Key::new([9; 32])));
        // Already signed: left as it is.
        assert_eq!(sign::sign(&signed, &key, channel, Stamp(stamp + 1)), signed);
    }
    // A passphrase as other stations take it.
    assert_eq!(
        Key::of_passphrase("border watch"),
        key("e3365b18b0c9bd35056763fa1b3252b005e509e2f5f3c9f984a6ff1f1d9a394f")
    );
    // 2024-01-01 00:00:00 UTC is 9 years and 2 leap days after the epoch.
    assert_eq!(
        Stamp::of_utc(vedette_model::Utc(1_704_067_200_000_000)),
        Stamp((9 * 365 + 2) * 86_400 * 100_000)
    );
    assert!(!format!("{:?}", Key::new([0xAB; 32])).contains("ab, ab"));
}

const SECRET: [u8; 32] = [7; 32];

fn signed_craft(air: Air, seed: u64) -> Craft {
    let mut c = Craft::new(1, &[(1, "radio", air)], seed);
    c.key = Some(Key::new(SECRET));
    c
}

fn keyed(gcs: &mut Gcs) {
    gcs.set_key(1, Key::new(SECRET));
}

fn valid(sky: &Sky) -> u64 {
    sky.gcs.link_reports()[0].valid
}

#[test]
fn a_signed_aircraft_is_flown_over_a_bad_radio_and_every_repeat_is_signed_anew() {
    let mut sky = Sky::new(vec![signed_craft(Air::bad(), 3)]);
    keyed(&mut sky.gcs);
    sky.run_ms(15_000);
    assert_eq!(sky.signing(1).state, SigningState::Signed);
    sky.keep_sent = true;
    sky.order(1, 1, Order::Return, 60_000);
    sky.run_ms(30_000);
    assert_eq!(sky.outcome(1).map(|o| o.1), Some(CommandOutcome::Accepted));
    assert_eq!(sky.craft[0].a.mode, 6);
    let mut stamps: Vec<Stamp> = Vec::new();
    for (_, _, _, bytes) in &sky.sent {
        let block = sign::block(bytes).expect("every frame of ours is signed");
        assert!(sign::fits(bytes, &Key::new(SECRET)));
        stamps.push(block.stamp);
    }
    assert!(
        stamps.windows(2).all(|w| w[0] < w[1]),
        "each stamp is newer than the one before"
    );
    println!(
        "{} sent, {} refused by the aircraft because they overtook each other",
        sky.sent.len(),
        sky.craft[0].refused
    );
}

/// Row 24: what must be refused is, by its reason; nothing of it changes anything.
#[test]
fn row_24_replayed_forged_foreign_and_unsigned_frames_are_counted_by_reason_and_change_nothing() {
    let mut sky = Sky::new(vec![signed_craft(Air::default(), 4)]);
    keyed(&mut sky.gcs);
    sky.run_ms(10_000);
    let before = (valid(&sky), sky.events.len());
    let (now, at) = (sky.now, sky.utc());
    let radio = PeerAddr::new("radio");
    let stranger = PeerAddr::new("stranger");
    let recording: Vec<Vec<u8>> = sky.craft[0].said.clone();
    // Replayed by a stranger: on the same link, on another link.
    for (n, bytes) in recording.iter().enumerate() {
        let link = LinkId(1 + u32::try_from(n % 2).expect("small"));
        sky.gcs.handle_datagram(now, at, link, &stranger, bytes);
    }
    // Forged: right key is missing, or there is no signature, or it is MAVLink 1.
    let beat = wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        base_mode: 209,
        custom_mode: 9,
        system_status: 4,
        mavlink_version: 3,
    };
    let mut sender = Sender::new(1, 1);
    let plain = sender.encode_wire(&beat);
    let forged = sign::sign(&plain, &Key::new([8; 32]), 0, Stamp::of_utc(at).plus_s(5));
    sky.gcs.handle_datagram(now, at, LinkId(1), &radio, &plain);
    sky.gcs.handle_datagram(now, at, LinkId(1), &radio, &forged);
    let mut turned = recording.last().expect("it spoke").clone();
    let n = turned.len();
    turned[n - 1] ^= 1;
    sky.gcs.handle_datagram(now, at, LinkId(1), &radio, &turned);
    // A forged answer to nothing, a forged position, a new stream a minute and a bit behind.
    let ack = sender.encode_wire(&wire::CommandAck {
        command: 400,
        target_system: US.0,
        target_component: US.1,
        ..Default::default()
    });
    sky.gcs.handle_datagram(now, at, LinkId(1), &stranger, &ack);
    let old = sign::sign(&plain, &Key::new(SECRET), 77, Stamp(Stamp::of_utc(at).0 - 61 * 100_000));
    sky.gcs.handle_datagram(now, at, LinkId(1), &stranger, &old);
    let young = sign::sign(&plain, &Key::new(SECRET), 78, Stamp(Stamp::of_utc(at).0 - 59 * 100_000));
    let made = sky.gcs.poll_event();
    assert!(made.is_none(), "a refused frame made {made:?}");
    let links = sky.gcs.link_reports();
    let sum = |f: fn(&vedette_model::LinkReport) -> u64| links.iter().map(f).sum::<u64>();
    // Copies of the last two seconds are told apart as duplicates, older ones as replays.
    assert_eq!(
        sum(|l| l.replayed) + sum(|l| l.duplicates),
        u64::try_from(recording.len()).expect("few") + 1
    );
    assert_eq!((sum(|l| l.bad_signature), sum(|l| l.unsigned)), (2, 2));
    assert_eq!(sum(|l| l.valid), before.0);
    let per_peer = sky.gcs.peer_reports();
    let s = per_peer
        .iter()
        .find(|p| p.peer == stranger && p.link == LinkId(1))
        .expect("the stranger is named");
    assert!(s.replayed > 0 && s.unsigned == 1 && s.valid == 0);
    // Within the window a new channel of the same aircraft is believed.
    sky.gcs.handle_datagram(now, at, LinkId(1), &radio, &young);
    assert_eq!(valid(&sky), before.0 + 1);
    // Nothing of ours ever went to the stranger.
    sky.run_ms(5_000);
    assert!(sky.astray.is_empty());
}

/// Row 24: replay window after a restart is zero, clean or not.
#[test]
fn row_24_after_a_restart_nothing_heard_before_is_believed_again() {
    for clean in [true, false] {
        let mut sky = Sky::new(vec![signed_craft(Air::default(), 5)]);
        keyed(&mut sky.gcs);
        // Written every second; the last word only when it ends in order.
        let mut written = Memory::default();
        for _ in 0..10 {
            written = sky.gcs.poll_signing().unwrap_or(written);
            sky.run_ms(1_000);
        }
        if clean {
            written = sky.gcs.end_signing().expect("in use");
        }
        let file = seal(&written, &[1; 32], [2; 16]);
        let recording = sky.craft[0].said.clone();
        let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
        gcs.restore_signing(&open(&file, &[1; 32]).expect("opens"));
        let peer = PeerAddr::new("radio");
        for bytes in &recording {
            // On its own channel and, forged in vain, on no other: the stamp is under the hash.
            gcs.handle_datagram(sky.now, sky.utc(), LinkId(1), &peer, bytes);
        }
        assert_eq!(gcs.link_reports()[0].valid, 0, "clean {clean}");
        assert!(gcs.link_reports()[0].replayed > 0);
        // The aircraft itself is back within the reserve.
        let craft = std::mem::take(&mut sky.craft);
        let mut again = Sky::with(gcs, craft);
        again.now = sky.now;
        again.run_ms(5_000);
        assert_eq!(again.signing(1).state, SigningState::Signed);
        again.order(9, 1, Order::Return, 10_000);
        again.run_ms(3_000);
        assert_eq!(
            again.outcome(9).map(|o| o.1),
            Some(CommandOutcome::Accepted),
            "our stamps go on where they ended"
        );
    }
}

/// Row 24: the station's clock an hour wrong.
#[test]
fn row_24_a_wrong_clock_is_survived_backwards_and_told_forwards() {
    let mut sky = Sky::new(vec![signed_craft(Air::default(), 6)]);
    keyed(&mut sky.gcs);
    sky.utc_shift_s = -3_600;
    sky.run_ms(8_000);
    assert_eq!(sky.signing(1).state, SigningState::Signed);
    sky.order(1, 1, Order::Return, 10_000);
    sky.run_ms(3_000);
    assert_eq!(sky.outcome(1).map(|o| o.1), Some(CommandOutcome::Accepted));

    let mut sky = Sky::new(vec![signed_craft(Air::default(), 6)]);
    // It is known before its key refuses it, so that there is something to tell of.
    let beat = sky.craft[0].a.beat();
    sky.gcs
        .handle_datagram(Mono(1), utc(Mono(1)), LinkId(1), &PeerAddr::new("radio"), &beat);
    keyed(&mut sky.gcs);
    sky.utc_shift_s = 3_600;
    sky.craft[0].paths[0].down.cut();
    sky.run_ms(8_000);
    let told = sky.signing(1);
    assert_eq!(told.state, SigningState::Refused);
    assert!(told.why.contains("s behind"), "{}", told.why);
    // Once it hears us its clock follows ours (signing guide), and all is well.
    sky.craft[0].paths[0].down.mend();
    sky.run_ms(8_000);
    assert_eq!(sky.signing(1).state, SigningState::Signed);
}

/// The link's policy: radios' own status always, strangers only where allowed.
#[test]
fn policies_say_what_may_come_unsigned() {
    let plain = |id: u32| Sender::new(9, 1).encode_payload(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let feed = |policy: LinkPolicy, key: bool, bytes: &[u8]| {
        let mut s = Signing::default();
        s.set_policy(LinkId(1), policy);
        if key {
            s.set_key(9, Key::new(SECRET));
        }
        let f = parse_datagram(bytes).next().expect("a frame");
        s.judge(Mono(1), utc(Mono(1)), LinkId(1), &f).is_ok()
    };
    for (policy, key, id, let_in) in [
        (LinkPolicy::Keyed, false, 0, true),
        (LinkPolicy::Keyed, true, 0, false),
        (LinkPolicy::Keyed, true, 109, true),
        (LinkPolicy::Signed, false, 0, false),
        (LinkPolicy::Signed, false, 109, true),
        (LinkPolicy::Open, true, 0, true),
    ] {
        assert_eq!(feed(policy, key, &plain(id)), let_in, "{policy:?} {key} {id}");
    }
    // A signature nobody can check does not open a link that asks for one.
    let foreign = sign::sign(&plain(0), &Key::new([3; 32]), 0, Stamp::of_utc(utc(Mono(1))));
    assert!(!feed(LinkPolicy::Signed, false, &foreign));
    assert!(feed(LinkPolicy::Keyed, false, &foreign));
}

/// Two-phase change of key: whatever is lost, both sides end up able to talk.
#[test]
fn a_key_change_never_locks_either_side_out() {
    for (name, loss, takes, cut_after_ms) in [
        ("clean", 0.0, true, None),
        ("half of all lost", 0.5, true, None),
        ("the aircraft does not take it", 0.0, false, None),
        ("cut right after the offer", 0.0, true, Some(1_535)),
    ] {
        for first in [true, false] {
            let air = Air {
                loss,
                delay_ms: 30,
                ..Air::default()
            };
            let mut craft = Craft::new(1, &[(1, "cable", air)], 8);
            craft.takes_key = takes;
            if !first {
                craft.key = Some(Key::new(SECRET));
            }
            let mut sky = Sky::new(vec![craft]);
            if !first {
                keyed(&mut sky.gcs);
            }
            sky.run_ms(8_000);
            assert_eq!(
                sky.gcs.change_key(sky.now, 1, Key::new([5; 32])),
                Err(KeyChangeError::NotAWire(LinkId(1)))
            );
            sky.gcs.set_policy(LinkId(1), LinkPolicy::Open);
            sky.craft[0].a.armed = true;
            sky.run_ms(3_000);
            assert_eq!(
                sky.gcs.change_key(sky.now, 1, Key::new([5; 32])),
                Err(KeyChangeError::Armed(1))
            );
            sky.craft[0].a.armed = false;
            sky.run_ms(10_000);
            sky.gcs.change_key(sky.now, 1, Key::new([5; 32])).expect("it begins");
            if let Some(ms) = cut_after_ms {
                // The offer arrives, nothing comes back, and the station dies.
                sky.run_ms(ms);
                for p in &mut sky.craft[0].paths {
                    p.up.cut();
                }
                sky.run_ms(3_000);
                let memory = sky.gcs.poll_signing().expect("a candidate is remembered");
                let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
                gcs.restore_signing(&memory);
                gcs.link_up(sky.now, LinkId(1), "serial", Some(PeerAddr::new("cable")));
                sky.gcs = gcs;
                for p in &mut sky.craft[0].paths {
                    p.up.mend();
                }
            }
            sky.run_ms(12_000);
            sky.gcs.set_policy(LinkId(1), LinkPolicy::Keyed);
            sky.run_ms(12_000);
            let told = sky.signing(1);
            let expected = match (takes, first) {
                (true, _) | (false, false) => SigningState::Signed,
                (false, true) => SigningState::Unsigned,
            };
            // With half of all frames lost a second or two may pass between two good ones.
            assert_eq!(told.state, expected, "{name}, first {first}: {told:?}");
            sky.order(1, 1, Order::Return, 60_000);
            sky.run_ms(if loss > 0.0 { 40_000 } else { 5_000 });
            assert_eq!(
                sky.outcome(1).map(|o| o.1),
                Some(CommandOutcome::Accepted),
                "{name}, first {first}"
            );
            assert_eq!(sky.craft[0].a.mode, 6, "{name}, first {first}");
        }
    }
}

/// A refusal comes unsigned (it will not sign what it refuses to be set up for): it is shown.
#[test]
fn an_unsigned_explanation_is_shown_and_marked() {
    let mut sky = Sky::new(vec![signed_craft(Air::default(), 9)]);
    keyed(&mut sky.gcs);
    sky.run_ms(5_000);
    sky.craft[0].paths[0].up.cut();
    sky.run_ms(4_000);
    let text = wire::StatusText {
        severity: 3,
        text: wire::Chars::from_text("Won't setup signing when armed\u{7}"),
        ..Default::default()
    };
    for _ in 0..5_000 {
        let bytes = Sender::new(1, 1).encode_wire(&text);
        sky.gcs
            .handle_datagram(sky.now, sky.utc(), LinkId(1), &PeerAddr::new("radio"), &bytes);
    }
    sky.run_ms(10);
    let texts = sky.times(
        1,
        |r| matches!(r, Report::Text { text, .. } if text.starts_with("(unsigned) Won't") && !text.contains('\u{7}')),
    );
    assert_eq!(texts.len(), 1, "shown once, marked, without control characters");
}

/// Keys never reach a log, nor do signatures.
#[test]
fn the_log_holds_no_key_and_no_signature() {
    let mut gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(US.0, US.1)
    });
    gcs.set_policy(LinkId(1), LinkPolicy::Open);
    let mut sky = Sky::with(gcs, vec![Craft::new(1, &[(1, "cable", Air::default())], 10)]);
    let secret = [0x5A; 32];
    sky.run_ms(3_000);
    sky.gcs.change_key(sky.now, 1, Key::new(secret)).expect("on a wire");
    sky.run_ms(5_000);
    assert_eq!(sky.signing(1).state, SigningState::Signed);
    let mut log = Vec::new();
    while let Some((_, bytes)) = sky.gcs.poll_log() {
        let f = parse_datagram(&bytes).next().expect("a frame");
        assert!(sign::block(f.raw).is_none() && f.verdict == Verdict::Valid && f.header.message_id != 256);
        log.extend(bytes);
    }
    assert!(log.len() > 1_000);
    assert!(!log.windows(32).any(|w| w == secret));
    assert!(!format!("{:?}", sky.gcs).contains("90, 90, 90"));
    assert!(!format!("{:?}", sky.gcs.end_signing()).contains("90, 90, 90"));
}

/// Row 25: four links, every interleaving of copies: no frame is accepted twice.
#[test]
fn row_25_no_frame_is_accepted_twice_in_any_order_over_four_links() {
    let key = Key::new(SECRET);
    let frames: Vec<Vec<u8>> = (0..3_u8)
        .map(|n| {
            let header = EncodeHeader {
                system: 1,
                component: 1,
                sequence: n,
            };
            let m = wire::Attitude {
                time_boot_ms: 1000 + u32::from(n),
                ..Default::default()
            };
            sign::sign(
                &encode_wire(header, &m),
                &key,
                0,
                Stamp(Stamp::of_utc(utc(Mono(1))).0 + u64::from(n)),
            )
        })
        .collect();
    // Six deliveries of three frames over four links: all orders.
    let deliveries: [(usize, u32); 6] = [(0, 1), (0, 2), (1, 3), (1, 1), (2, 4), (2, 2)];
    let mut order: Vec<usize> = (0..deliveries.len()).collect();
    let mut seen = 0_u32;
    permute(&mut order, 0, &mut |order| {
        seen += 1;
        let mut s = Signing::default();
        s.set_key(1, key.clone());
        let mut accepted = [0_u8; 3];
        for &i in order {
            let (f, link) = deliveries[i];
            let framed = parse_datagram(&frames[f]).next().expect("a frame");
            if s.judge(Mono(1), utc(Mono(1)), LinkId(link), &framed).is_ok() {
                accepted[f] += 1;
            }
        }
        assert!(accepted.iter().all(|n| *n <= 1), "{order:?}: {accepted:?}");
        assert_eq!(accepted[2], 1, "the newest always comes through");
    });
    assert_eq!(seen, 720);
}

fn permute(items: &mut Vec<usize>, from: usize, each: &mut impl FnMut(&[usize])) {
    if from == items.len() {
        return each(items);
    }
    for i in from..items.len() {
        items.swap(from, i);
        permute(items, from + 1, each);
        items.swap(from, i);
    }
}

#[test]
fn a_key_file_opens_only_whole_and_only_here() {
    let mut s = Signing::default();
    s.set_key(1, Key::new([0xC3; 32]));
    s.set_key(200, Key::new([0xC4; 32]));
    let memory = s.memory(true);
    let file = seal(&memory, &[1; 32], [9; 16]);
    assert_eq!(open(&file, &[1; 32]), Ok(memory));
    assert!(!file.windows(8).any(|w| w == [0xC3; 8]), "no key in the clear");
    assert_eq!(open(&file, &[2; 32]), Err(SealError::Locked));
    assert_eq!(open(&file[..20], &[1; 32]), Err(SealError::NotAKeyFile));
    for i in 0..file.len() {
        let mut changed = file.clone();
        changed[i] ^= 0x10;
        assert!(open(&changed, &[1; 32]).is_err(), "byte {i}");
        assert!(open(&file[..i], &[1; 32]).is_err(), "cut at {i}");
    }
}

proptest! {
    #[test]
    fn a_sealed_line_opens_at_its_place_with_its_secret_and_nowhere_else(
        text in prop::collection::vec(any::<u8>(), 0..300),
        secret in any::<[u8; 32]>(),
        nonce in any::<[u8; 16]>(),
        at in any::<prop::sample::Index>(),
        digit in 0_u8..16,
    ) {
        let line = seal_line(&text, "s/3", &secret, nonce);
        prop_assert_eq!(open_line(&line, "s/3", &secret), Ok(text));
        prop_assert_eq!(open_line(&line, "s/4", &secret), Err(LineError::Locked));
        let mut other = secret;
        other[0] ^= 1;
        prop_assert_eq!(open_line(&line, "s/3", &other), Err(LineError::Locked));
        let mut changed = line.clone().into_bytes();
        let k = at.index(changed.len());
        let new = char::from_digit(u32::from(digit), 16).unwrap_or('0') as u8;
        if changed[k] != new {
            changed[k] = new;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(open_line(&changed, "s/3", &secret), Err(LineError::Locked));
        }
        prop_assert_eq!(open_line(&line[..k.min(95)], "s/3", &secret), Err(LineError::NotSealed));
    }

    #[test]
    fn no_text_passes_for_a_sealed_line(line in ".{0,200}") {
        prop_assert!(open_line(&line, "s/0", &[7; 32]).is_err());
    }

    #[test]
    fn a_sealed_line_shows_nothing_of_its_words(nonce in any::<[u8; 16]>(), secret in any::<[u8; 32]>()) {
        let words = b"blind insert 1: one person on foot, km 36.40, from second 420";
        let (a, b) = (seal_line(words, "s/0", &secret, nonce), seal_line(words, "s/1", &secret, [nonce[0] ^ 1; 16]));
        let plain: String = words.iter().map(|b| format!("{b:02x}")).collect();
        prop_assert!(!a.contains(&plain[..16]));
        prop_assert_ne!(&a[32..a.len() - 64], &b[32..b.len() - 64], "the same words look different each time");
    }

    #[test]
    fn any_signed_frame_verifies_and_no_changed_one_does(
        secret: [u8; 32], channel: u8, stamp in 0_u64..(1 << 48), seq: u8, mode: u32, bit in 0_usize..200,
    ) {
        let key = Key::new(secret);
        let header = EncodeHeader { system: 1, component: 1, sequence: seq };
        let plain = encode_wire(header, &wire::Heartbeat { custom_mode: mode, mavlink_version: 3, ..Default::default() });
        let signed = sign::sign(&plain, &key, channel, Stamp(stamp));
        prop_assert!(sign::fits(&signed, &key));
        let mut changed = signed.clone();
        let at = bit % (signed.len() * 8);
        changed[at / 8] ^= 1 << (at % 8);
        // A changed start byte, length or flag is no signed frame of this length any more.
        prop_assert!(!sign::fits(&changed, &key));
    }

    #[test]
    fn any_memory_survives_the_file(
        ended: bool,
        aircraft in prop::collection::vec(
            (any::<u8>(), any::<Option<[u8; 32]>>(), any::<u64>(), prop::collection::vec((any::<u8>(), any::<u8>(), any::<u64>()), 0..9)),
            0..6,
        ),
        secret: [u8; 32], nonce: [u8; 16], noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let memory = Memory {
            ended,
            aircraft: aircraft
                .into_iter()
                .map(|(system, key, n, streams)| vedette_protocol::signing::SlotMemory {
                    system,
                    key,
                    candidate: key,
                    sent: n,
                    heard: n / 2,
                    streams: streams
                        .into_iter()
                        .map(|(component, channel, stamp)| vedette_protocol::signing::StreamMemory { component, channel, stamp })
                        .collect(),
                })
                .collect(),
        };
        prop_assert_eq!(open(&seal(&memory, &secret, nonce), &secret), Ok(memory));
        prop_assert!(open(&noise, &secret).is_err());
    }

    /// Each accepted frame makes itself and everything older of its stream unacceptable.
    #[test]
    fn acceptance_is_strictly_growing(stamps in prop::collection::vec(0_u64..50, 1..60)) {
        let key = Key::new(SECRET);
        let mut s = Signing::default();
        s.set_key(1, key.clone());
        let base = Stamp::of_utc(utc(Mono(1))).0;
        let mut newest = None;
        for (i, n) in stamps.iter().enumerate() {
            let header = EncodeHeader { system: 1, component: 1, sequence: u8::try_from(i).expect("few") };
            let bytes = sign::sign(&encode_wire(header, &wire::Heartbeat::default()), &key, 2, Stamp(base + n));
            let f = parse_datagram(&bytes).next().expect("a frame");
            let link = LinkId(u32::try_from(i % 3).expect("small"));
            let taken = s.judge(Mono(1), utc(Mono(1)), link, &f).is_ok();
            prop_assert_eq!(taken, newest.is_none_or(|m| *n > m));
            if taken {
                newest = Some(*n);
            }
        }
    }
}
