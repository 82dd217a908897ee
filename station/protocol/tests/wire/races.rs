//! Row 25: four links deliver copies of the same signed frames, in every order four link tasks can
//! produce, with a restart of the station at every point, clean and not: no frame acts twice.
//!
//! Why every order is enough: link tasks share no state; each hands its datagrams to the one owner
//! of [`Gcs`] through a queue (`vedette-links`, driver), and `Gcs` changes only through `&mut self`.
//! So all that threads can vary is the order in which the links' datagrams reach it.

use std::collections::BTreeMap;

use vedette_model::{LinkId, Mono, Report};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::{EncodeHeader, encode_wire, wire};
use vedette_protocol::signing::Memory;
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

use crate::common::{US, utc};

const SECRET: [u8; 32] = [0x52; 32];
/// What each link delivers, in its own order; the fourth link's radio changed the order.
const LINKS: [[usize; 2]; 4] = [[0, 1], [1, 2], [0, 2], [2, 0]];

fn frames() -> Vec<Vec<u8>> {
    (0..3_u8)
        .map(|n| {
            let header = EncodeHeader {
                system: 1,
                component: 1,
                sequence: n,
            };
            let beat = wire::Heartbeat {
                custom_mode: 4 + u32::from(n),
                kind: 2,
                autopilot: 3,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
            };
            let stamp = Stamp(Stamp::of_utc(utc(Mono(1))).0 + u64::from(n));
            sign::sign(&encode_wire(header, &beat), &Key::new(SECRET), 0, stamp)
        })
        .collect()
}

fn station(memory: Option<&Memory>) -> Gcs {
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    match memory {
        Some(m) => gcs.restore_signing(m),
        None => gcs.set_key(1, Key::new(SECRET)),
    }
    gcs
}

/// Every way to take two things from each of four links, links' own orders kept.
fn interleavings(taken: &mut Vec<usize>, left: [u8; 4], each: &mut impl FnMut(&[usize])) {
    if left == [0; 4] {
        return each(taken);
    }
    for link in 0..4 {
        if left[link] > 0 {
            let mut rest = left;
            rest[link] -= 1;
            taken.push(link);
            interleavings(taken, rest, each);
            taken.pop();
        }
    }
}

#[test]
fn row_25_no_frame_acts_twice_in_any_interleaving_of_four_links_and_a_restart() {
    let frames = frames();
    let (mut orders, mut runs) = (0_u32, 0_u32);
    interleavings(&mut Vec::new(), [2; 4], &mut |order| {
        orders += 1;
        for restart in 0..=order.len() {
            for clean in [true, false] {
                runs += 1;
                let (mut gcs, mut now) = (station(None), Mono(1));
                let mut next = [0_usize; 4];
                let (mut acted, mut valid) = (BTreeMap::<String, u8>::new(), 0);
                let mut first_memory = None;
                for (step, &link) in order.iter().enumerate() {
                    if step == restart && step > 0 {
                        valid += gcs.link_reports().iter().map(|l| l.valid).sum::<u64>();
                        // Unclean: only what was written after the very first frame is left.
                        let memory = if clean { gcs.end_signing() } else { first_memory.clone() };
                        gcs = station(memory.as_ref());
                    }
                    now = now.plus_ms(1);
                    let frame = &frames[LINKS[link][next[link]]];
                    next[link] += 1;
                    let (link, peer) = (LinkId(u32::try_from(link).expect("few")), PeerAddr::new("far"));
                    gcs.handle_datagram(now, utc(now), link, &peer, frame);
                    first_memory = first_memory.or_else(|| gcs.poll_signing());
                    while let Some(e) = gcs.poll_event() {
                        if let Report::Heartbeat { mode_name, .. } = e.report {
                            *acted.entry(mode_name).or_default() += 1;
                        }
                    }
                }
                valid += gcs.link_reports().iter().map(|l| l.valid).sum::<u64>();
                let what = format!("{order:?}, restart at {restart}, clean {clean}: {acted:?}, {valid} let in");
                assert!(acted.values().all(|n| *n == 1), "{what}");
                assert!(!acted.is_empty() && valid <= 3, "{what}");
            }
        }
    });
    println!("{orders} interleavings, {runs} runs");
    assert_eq!(orders, 2_520, "8! / 2!^4");
}
