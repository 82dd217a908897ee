//! Frames a second through the codec, the signer, the router and the whole station side, beside the
//! bare `mavlink` crate in the same run. `cargo bench -p vedette-protocol`.
//!
//! Figures are the best of several rounds, so that other work on the machine counts least.

use std::time::Instant;

use mavlink::MavlinkReader;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::{Sender, StreamFramer, Verdict, parse_datagram, wire};
use vedette_protocol::route::{Router, Side};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr, dialect};

const FRAMES: usize = 20_000;
const ROUNDS: usize = 7;

fn utc(now: Mono) -> Utc {
    Utc(1_790_000_000_000_000 + now.0)
}

/// Telemetry as an aircraft sends it: mostly attitude and position.
fn stream(system: u8) -> Vec<Vec<u8>> {
    let mut s = Sender::new(system, 1);
    (0..FRAMES)
        .map(|n| {
            let time_boot_ms = u32::try_from(n).unwrap_or(0) * 10;
            match n % 10 {
                0 => s.encode_wire(&wire::Heartbeat {
                    kind: 2,
                    autopilot: 3,
                    base_mode: 81,
                    custom_mode: time_boot_ms,
                    system_status: 4,
                    mavlink_version: 3,
                }),
                1..=5 => s.encode_wire(&wire::Attitude {
                    time_boot_ms,
                    roll: 0.1,
                    pitch: -0.1,
                    yaw: 1.0,
                    ..Default::default()
                }),
                6 | 7 => s.encode_wire(&wire::GlobalPositionInt {
                    time_boot_ms,
                    lat: 424_410_200,
                    lon: 15_563_700,
                    alt: 1_500_000,
                    hdg: 9_000,
                    ..Default::default()
                }),
                8 => s.encode_wire(&wire::VfrHud {
                    airspeed: 12.0,
                    groundspeed: 11.0,
                    alt: 1_500.0,
                    ..Default::default()
                }),
                _ => s.encode_wire(&wire::SysStatus {
                    voltage_mv: 24_000,
                    remaining: 80,
                    load: u16::try_from(n % 60_000).unwrap_or(0),
                    ..Default::default()
                }),
            }
        })
        .collect()
}

/// Best frames a second of some rounds; `work` gives how many it handled.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let n = work();
        best = best.max(n as f64 / start.elapsed().as_secs_f64());
    }
    best
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn tell(what: &str, rate: f64, peer: Option<(&str, f64)>) {
    match peer {
        None => println!("{what:<58} {:>10.0} frames/s", rate),
        Some((name, theirs)) => println!(
            "{what:<58} {:>10.0} frames/s   {:.2} x {name} ({theirs:.0})",
            rate,
            rate / theirs
        ),
    }
}

fn main() {
    let frames = stream(1);
    let line: Vec<u8> = frames.concat();
    let key = Key::new([7; 32]);
    let signed: Vec<Vec<u8>> = frames
        .iter()
        .zip(1_u64..)
        .map(|(f, n)| sign::sign(f, &key, 0, Stamp::of_utc(utc(Mono(1))).plus_s(n)))
        .collect();

    let mavlink = rate(|| {
        let mut reader = MavlinkReader::new(&line[..]);
        let mut n = 0;
        while reader.read_any_message::<dialect::MavMessage>().is_ok() {
            n += 1;
        }
        n
    });
    let typed = rate(|| {
        frames
            .iter()
            .flat_map(|f| parse_datagram(f))
            .filter(|f| f.message().is_ok())
            .count()
    });
    tell(
        "datagrams framed and decoded to the dialect's types",
        typed,
        Some(("mavlink 0.21", mavlink)),
    );
    let framed = rate(|| {
        let mut framer = StreamFramer::new(false);
        line.chunks(4_096)
            .map(|c| framer.push(Mono(1), c))
            .map(|f| f.iter().filter(|f| f.verdict == Verdict::Valid).count())
            .sum()
    });
    tell(
        "stream framed in pieces of 4096 bytes",
        framed,
        Some(("mavlink 0.21", mavlink)),
    );
    tell(
        "signed",
        rate(|| {
            frames
                .iter()
                .filter(|f| sign::sign(f, &key, 0, Stamp(9)).len() > f.len())
                .count()
        }),
        None,
    );
    tell(
        "signature verified",
        rate(|| signed.iter().filter(|f| sign::fits(f, &key)).count()),
        None,
    );

    let peer = PeerAddr::new("127.0.0.1:14550");
    let station = |frames: &[Vec<u8>], key: Option<&Key>| {
        let mut gcs = Gcs::new(GcsConfig::new(253, 190));
        if let Some(key) = key {
            gcs.set_key(1, key.clone());
        }
        let mut now = Mono(1);
        let mut told = 0;
        for f in frames {
            now = Mono(now.0 + 10_000);
            gcs.handle_datagram(now, utc(now), LinkId(1), &peer, f);
            while gcs.poll_event().is_some() {
                told += 1;
            }
            while gcs.poll_transmit().is_some() {}
        }
        assert!(told > FRAMES / 2, "the station took them");
        frames.len()
    };
    let plain = rate(|| station(&frames, None));
    tell(
        "datagram to report, whole station side",
        plain,
        Some(("mavlink 0.21 alone", mavlink)),
    );
    tell(
        "datagram to report, signed",
        rate(|| station(&signed, Some(&key))),
        None,
    );
    tell(
        "passed on by the router to two stations",
        rate(|| {
            let mut r = Router::new();
            r.link_up(Mono(1), LinkId(1), Side::Aircraft, None);
            r.link_up(Mono(1), LinkId(2), Side::Station, Some(PeerAddr::new("a")));
            r.link_up(Mono(1), LinkId(3), Side::Station, Some(PeerAddr::new("b")));
            let mut now = Mono(1);
            let mut n = 0;
            for f in &frames {
                now = Mono(now.0 + 10_000);
                r.handle_datagram(now, LinkId(1), &peer, f);
                while r.poll_transmit().is_some() {
                    n += 1;
                }
            }
            assert!(n >= 2 * FRAMES - 4, "passed on");
            FRAMES
        }),
        None,
    );
}
