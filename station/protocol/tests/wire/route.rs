//! Frames passed on: unchanged, once, and only where they belong.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vedette_model::{LinkId, Mono};
use vedette_protocol::codec::Sender;
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::wire;
use vedette_protocol::route::{Filter, Router, Side, target};
use vedette_protocol::{Message, PeerAddr, dialect};

const RADIO: LinkId = LinkId(1);
const OTHER_RADIO: LinkId = LinkId(2);
const QGC: LinkId = LinkId(3);
const MAVPROXY: LinkId = LinkId(4);

fn at(text: &str) -> PeerAddr {
    PeerAddr::new(text)
}

fn beat(sender: &mut Sender, kind: u8) -> Vec<u8> {
    sender.encode_wire(&wire::Heartbeat {
        kind,
        autopilot: if kind == 6 { 8 } else { 3 },
        mavlink_version: 3,
        ..Default::default()
    })
}

/// Two aircraft on two links, two stations on two more, all heard.
fn hub() -> (Router, [Sender; 4]) {
    let mut r = Router::new();
    let mut senders = [
        Sender::new(1, 1),
        Sender::new(2, 1),
        Sender::new(255, 190),
        Sender::new(254, 190),
    ];
    r.link_up(Mono::ZERO, RADIO, Side::Aircraft, None);
    r.link_up(Mono::ZERO, OTHER_RADIO, Side::Aircraft, None);
    r.link_up(Mono::ZERO, QGC, Side::Station, Some(at("qgc")));
    r.link_up(Mono::ZERO, MAVPROXY, Side::Station, Some(at("mavproxy")));
    for (i, (link, peer, kind)) in [
        (RADIO, "a", 2),
        (OTHER_RADIO, "b", 1),
        (QGC, "qgc", 6),
        (MAVPROXY, "mavproxy", 6),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = beat(&mut senders[i], kind);
        r.handle_datagram(Mono(1), link, &at(peer), &bytes);
    }
    while r.poll_transmit().is_some() {}
    (r, senders)
}

fn sent(r: &mut Router) -> Vec<(LinkId, Vec<u8>)> {
    let mut out = Vec::new();
    while let Some(t) = r.poll_transmit() {
        out.push((t.link, t.bytes));
    }
    out
}

#[test]
fn what_is_for_all_goes_to_all_stations_and_what_is_addressed_to_its_target() {
    let (mut r, mut s) = hub();
    let bytes = beat(&mut s[0], 2);
    r.handle_datagram(Mono(2), RADIO, &at("a"), &bytes);
    // To both stations, not to the other aircraft; the same bytes.
    assert_eq!(sent(&mut r), [(QGC, bytes.clone()), (MAVPROXY, bytes)]);
    let order = s[2].encode_wire(&wire::CommandLong {
        command: 20,
        target_system: 2,
        target_component: 1,
        ..Default::default()
    });
    r.handle_datagram(Mono(3), QGC, &at("qgc"), &order);
    assert_eq!(sent(&mut r), [(OTHER_RADIO, order)], "to aircraft 2 and nobody else");
    let ack = s[1].encode_wire(&wire::CommandAck {
        command: 20,
        target_system: 255,
        target_component: 190,
        ..Default::default()
    });
    r.handle_datagram(Mono(4), OTHER_RADIO, &at("b"), &ack);
    assert_eq!(sent(&mut r), [(QGC, ack)], "the answer to who asked");
    // To a component nobody has, to a system nobody heard.
    for (system, component) in [(2, 77), (9, 0)] {
        let m = s[2].encode_wire(&wire::CommandLong {
            target_system: system,
            target_component: component,
            ..Default::default()
        });
        r.handle_datagram(Mono(5), QGC, &at("qgc"), &m);
    }
    assert!(sent(&mut r).is_empty());
    assert_eq!(r.counts()[&QGC].unknown_target, 2);
}

#[test]
fn signed_and_unknown_frames_pass_untouched_keys_and_damage_never() {
    let (mut r, mut s) = hub();
    let signed = sign::sign(&beat(&mut s[0], 2), &Key::new([1; 32]), 3, Stamp(77));
    let unknown = s[0].encode_payload(60_001, &[1, 2, 3, 0xFD, 9]);
    for bytes in [&signed, &unknown] {
        r.handle_datagram(Mono(2), RADIO, &at("a"), bytes);
        assert_eq!(sent(&mut r), [(QGC, bytes.clone()), (MAVPROXY, bytes.clone())]);
    }
    let mut setup = vec![0_u8; 42];
    setup[8] = 1;
    setup[9] = 1;
    setup[41] = 5;
    let key = s[2].encode_payload(256, &setup);
    r.handle_datagram(Mono(3), QGC, &at("qgc"), &key);
    let mut broken = beat(&mut s[0], 2);
    broken[12] ^= 1;
    r.handle_datagram(Mono(4), RADIO, &at("a"), &broken);
    // A stranger's frame with an id nobody can check teaches no address.
    r.handle_datagram(Mono(5), RADIO, &at("stranger"), &unknown);
    assert!(sent(&mut r).is_empty());
    assert_eq!(r.counts()[&QGC].held, 1);
}

#[test]
fn a_loop_ends_and_a_second_link_adds_no_copies() {
    let (mut r, mut s) = hub();
    let bytes = beat(&mut s[0], 2);
    r.handle_datagram(Mono(2), RADIO, &at("a"), &bytes);
    assert_eq!(sent(&mut r).len(), 2);
    // It comes back from a station that is a router itself, and by the other radio.
    r.handle_datagram(Mono(3), QGC, &at("qgc"), &bytes);
    r.handle_datagram(Mono(4), OTHER_RADIO, &at("a2"), &beat(&mut Sender::new(7, 1), 2));
    sent(&mut r);
    r.handle_datagram(Mono(5), OTHER_RADIO, &at("a2"), &bytes);
    assert!(sent(&mut r).is_empty());
    assert_eq!(r.counts()[&QGC].again + r.counts()[&OTHER_RADIO].again, 2);
}

/// Two routers joined by two links: nothing goes round.
#[test]
fn two_routers_with_two_links_between_them_do_not_storm() {
    let mut a = Router::new();
    let mut b = Router::new();
    for r in [&mut a, &mut b] {
        for l in [1, 2] {
            r.link_up(Mono::ZERO, LinkId(l), Side::Station, Some(at("other")));
        }
        r.link_up(Mono::ZERO, LinkId(3), Side::Aircraft, None);
    }
    let mut craft = Sender::new(1, 1);
    let mut passed = 0;
    for n in 0..100_i64 {
        a.handle_datagram(Mono(n * 100_000), LinkId(3), &at("craft"), &beat(&mut craft, 2));
        for _ in 0..20 {
            for (from, to) in [(0, 1), (1, 0)] {
                let out = if from == 0 { sent(&mut a) } else { sent(&mut b) };
                for (link, bytes) in out.into_iter().filter(|(l, _)| l.0 < 3) {
                    passed += 1;
                    let r = if to == 0 { &mut a } else { &mut b };
                    r.handle_datagram(Mono(n * 100_000 + 1), link, &at("other"), &bytes);
                }
            }
        }
    }
    assert!(passed <= 100 * 4, "{passed} copies of 100 frames");
}

#[test]
fn filters_hold_back_and_a_restarted_aircraft_is_looked_for_anew() {
    let (mut r, mut s) = hub();
    r.set_filter(
        QGC,
        Filter {
            only: BTreeSet::from([30]),
            read_only: true,
            ..Filter::default()
        },
    );
    r.set_filter(
        MAVPROXY,
        Filter {
            never: BTreeSet::from([0]),
            ..Filter::default()
        },
    );
    r.handle_datagram(Mono(2), RADIO, &at("a"), &beat(&mut s[0], 2));
    let attitude = s[0].encode_wire(&wire::Attitude {
        time_boot_ms: 1,
        ..Default::default()
    });
    r.handle_datagram(Mono(3), RADIO, &at("a"), &attitude);
    assert_eq!(sent(&mut r), [(QGC, attitude.clone()), (MAVPROXY, attitude)]);
    let order = |s: &mut Sender| {
        s.encode_wire(&wire::CommandLong {
            command: 20,
            target_system: 1,
            ..Default::default()
        })
    };
    let bytes = order(&mut s[2]);
    r.handle_datagram(Mono(4), QGC, &at("qgc"), &bytes);
    assert!(sent(&mut r).is_empty(), "who may only look gives no orders");
    for (boot, reached) in [(50_000, true), (1_000, false)] {
        let time = s[0].encode_wire(&wire::SystemTime {
            time_unix_usec: 1,
            time_boot_ms: boot,
        });
        // The second time it speaks from a new address.
        let from = if reached { "a" } else { "a-new" };
        r.handle_datagram(Mono(5 + i64::from(boot)), RADIO, &at(from), &time);
        sent(&mut r);
        let bytes = order(&mut s[3]);
        r.handle_datagram(Mono(6), MAVPROXY, &at("mavproxy"), &bytes);
        let to: Vec<LinkId> = sent(&mut r).iter().map(|(l, _)| *l).collect();
        assert_eq!(to, [RADIO], "once, to where it is now");
    }
}

/// The offsets found by asking agree with the dialect's own reading, for every message.
#[test]
fn targets_are_read_as_the_dialect_reads_them() {
    let mut n = 0;
    for &id in dialect::MavMessage::all_ids() {
        let m = dialect::MavMessage::default_message_from_id(id).expect("a message");
        let has = m.target_system_id().is_some();
        let mut payload = vec![0xFF_u8; 255];
        let (s, c) = target(id, &payload);
        assert_eq!(s == 0xFF, has, "{id}");
        assert_eq!(c == 0xFF, m.target_component_id().is_some() && has, "{id}");
        payload.truncate(0);
        assert_eq!(target(id, &payload), (0, 0));
        n += usize::from(has);
    }
    println!("{n} messages carry a target");
    assert!(n > 80);
    let mut setup = vec![0_u8; 42];
    (setup[8], setup[9]) = (3, 4);
    assert_eq!(target(256, &setup), (3, 4));
}

proptest! {
    /// Whatever comes, what goes out is a piece of what came in, and never to where it came from.
    #[test]
    fn nothing_is_invented_and_nothing_goes_back(
        input in prop::collection::vec((0_u32..5, 0_u8..3, prop::collection::vec(prop_oneof![Just(0xFD_u8), any::<u8>()], 0..60)), 0..60),
    ) {
        let (mut r, mut s) = hub();
        for (link, who, noise) in input {
            let mut bytes = beat(&mut s[usize::from(who)], 2);
            bytes.extend_from_slice(&noise);
            let from = (LinkId(link), at("x"));
            r.handle_datagram(Mono(9), from.0, &from.1, &bytes);
            while let Some(t) = r.poll_transmit() {
                prop_assert!((t.link, &t.peer) != (from.0, &from.1));
                prop_assert!(bytes.windows(t.bytes.len()).any(|w| w == t.bytes));
            }
        }
    }
}
