//! Frames a second through the codec, the signer, the router and the whole station side, beside the
//! bare `mavlink` crate and, where it is installed, pymavlink in the same run; and how long a mission
//! of five hundred items takes over a bad radio, in virtual time. `cargo bench -p vedette-protocol`.
//!
//! Figures are the best of several rounds, so that other work on the machine counts least. pymavlink is
//! looked for in the virtual environment that `make peers` makes, or where `VENV` says.

use std::time::Instant;

use mavlink::{MavHeader, MavlinkReader, SigningConfig, SigningData, write_v2_msg_signed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::{EncodeHeader, Sender, StreamFramer, Verdict, encode, parse_datagram, wire};
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

/// Decoded, signed and verified frames a second of pymavlink on the same frames.
fn pymavlink(frames: &[Vec<u8>], signed: &[Vec<u8>]) -> Option<[f64; 3]> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("VENV").map_or_else(|| root.join(target).join("peers-venv"), Into::into);
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let files = [dir.join("plain.bin"), dir.join("signed.bin")];
    std::fs::write(&files[0], frames.concat()).ok()?;
    std::fs::write(&files[1], signed.concat()).ok()?;
    let out = std::process::Command::new(venv.join("bin/python"))
        .arg(root.join("tests/peers/speed.py"))
        .args(&files)
        .output()
        .ok()
        .filter(|o| o.status.success())?;
    let text = String::from_utf8(out.stdout).ok()?;
    let mut figures = text.split_whitespace().map_while(|w| w.parse().ok());
    Some([figures.next()?, figures.next()?, figures.next()?])
}

/// Seconds of virtual time that uploads of `n` items take at a loss each way, and how many arrive whole.
fn upload(n: u16, loss: f64, seed: u64) -> Option<f64> {
    use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};
    let home = vedette_geo::LatLon::from_e7(424_412_000, 15_563_000);
    let mut sim = SimVehicle::new(VehicleConfig::small(
        1,
        vedette_model::Airframe::Copter,
        home,
        vedette_geo::Amsl(1_100.0),
    ));
    sim.connect(1);
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono(1), LinkId(1), "udpin:bench", None);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let items = (0..n)
        .map(|i| vedette_model::MissionItem {
            command: vedette_model::command::NAV_WAYPOINT,
            frame: vedette_model::AltFrame::AboveHome,
            params: [Some(0.0), None, None, None],
            at: Some(vedette_geo::LatLon::from_e7(
                424_412_000 + i32::from(i) * 500,
                15_563_000,
            )),
            alt_m: 80.0,
        })
        .collect();
    let mut body = Some(vedette_model::RequestBody::Upload {
        kind: vedette_model::MissionKind::Mission,
        items,
    });
    // Forty milliseconds and up to twenty more each way.
    let mut air: Vec<(Mono, bool, Vec<u8>)> = Vec::new();
    let (mut now, begun) = (Mono(0), Mono(15_000_000));
    while now.since(begun) < 1_800_000_000 {
        now = now.plus_ms(5);
        sim.step(now, &|_| Some(vedette_geo::Amsl(1_100.0)), &Weather::default());
        while let Some((_, bytes)) = sim.poll_transmit() {
            if !rng.random_bool(loss) {
                air.push((now.plus_ms(40 + rng.random_range(0..20)), true, bytes));
            }
        }
        let (due, later): (Vec<_>, Vec<_>) = air.into_iter().partition(|a| a.0 <= now);
        air = later;
        for (_, up, bytes) in due {
            if up {
                gcs.handle_datagram(now, utc(now), LinkId(1), &PeerAddr::new("vehicle"), &bytes);
            } else {
                sim.handle_datagram(now, 1, &bytes);
            }
        }
        if now >= begun
            && let Some(body) = body.take()
        {
            gcs.submit(
                now,
                vedette_model::Request {
                    id: vedette_model::CommandId(1),
                    vehicle: vedette_model::VehicleId(1),
                    uid: 0,
                    body,
                    retry: vedette_model::Retry::UntilAck,
                    expires: now.plus_ms(1_700_000),
                },
            );
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            if !rng.random_bool(loss) {
                air.push((now.plus_ms(40 + rng.random_range(0..20)), false, t.bytes));
            }
        }
        while let Some(e) = gcs.poll_event() {
            if let vedette_model::Report::CommandDone { outcome, .. } = e.report {
                #[expect(clippy::cast_precision_loss, reason = "microseconds of minutes")]
                let seconds = now.since(begun) as f64 * 1e-6;
                return (outcome == vedette_model::CommandOutcome::Accepted).then_some(seconds);
            }
        }
    }
    None
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn uploads() {
    println!("mission of 500 items, upload and read-back, 100 ms round trip, virtual time:");
    for percent in [0_u32, 10, 20, 30] {
        let loss = f64::from(percent) / 100.0;
        let mut took: Vec<f64> = (0..5).filter_map(|k| upload(500, loss, 500 + k)).collect();
        took.sort_by(f64::total_cmp);
        match took.as_slice() {
            [] => println!("  {percent:>2} % lost each way: none of 5 arrived"),
            all => println!(
                "  {percent:>2} % lost each way: {} of 5 whole, {:.0} s (median), {:.0} s (slowest)",
                all.len(),
                all[all.len() / 2],
                all[all.len() - 1]
            ),
        }
    }
}

/// Encoding with a signature, and reading with its check, beside the `mavlink` crate's own signing on
/// the same messages. That crate holds stamps against the machine's clock, so these are of now.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn beside_bare_signing(frames: &[Vec<u8>], key: &Key) {
    let since_1970 = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(0));
    let begun = Stamp::of_utc(Utc(since_1970));
    let messages: Vec<dialect::MavMessage> = frames
        .iter()
        .flat_map(|f| parse_datagram(f))
        .filter_map(|f| f.message().ok())
        .collect();
    assert_eq!(messages.len(), frames.len());
    let theirs = || SigningData::from_config(SigningConfig::new(*key.bytes(), 0, true, false));

    let bare = rate(|| {
        let (data, mut out) = (theirs(), Vec::with_capacity(300));
        for (n, m) in (0_u8..=255).cycle().zip(&messages) {
            out.clear();
            let header = MavHeader {
                system_id: 1,
                component_id: 1,
                sequence: n,
            };
            assert!(write_v2_msg_signed(&mut out, header, m, Some(&data)).is_ok());
        }
        messages.len()
    });
    let ours = rate(|| {
        let mut stamp = begun;
        (0_u8..=255)
            .cycle()
            .zip(&messages)
            .filter(|(sequence, m)| {
                let header = EncodeHeader {
                    system: 1,
                    component: 1,
                    sequence: *sequence,
                };
                stamp = stamp.next();
                sign::sign(&encode(header, m), key, 0, stamp).len() > 20
            })
            .count()
    });
    tell("encoded and signed", ours, Some(("mavlink 0.21", bare)));

    let signed: Vec<Vec<u8>> = frames
        .iter()
        .zip(1_u64..)
        .map(|(f, n)| sign::sign(f, key, 0, Stamp(begun.0 + n)))
        .collect();
    let line = signed.concat();
    let bare = rate(|| {
        let (data, mut reader) = (theirs(), MavlinkReader::new(&line[..]));
        let mut n = 0;
        while reader
            .read_any_message_signed::<dialect::MavMessage>(Some(&data))
            .is_ok()
        {
            n += 1;
        }
        assert_eq!(n, signed.len(), "all of them believed");
        n
    });
    let ours = rate(|| {
        let mut signing = vedette_protocol::signing::Signing::default();
        signing.set_key(1, key.clone());
        let now = Utc(since_1970);
        let n = signed
            .iter()
            .flat_map(|f| parse_datagram(f))
            .filter(|f| signing.judge(Mono(1), now, LinkId(1), f).is_ok() && f.message().is_ok())
            .count();
        assert_eq!(n, signed.len(), "all of them believed");
        n
    });
    tell(
        "signature and replay checked, and decoded",
        ours,
        Some(("mavlink 0.21", bare)),
    );
}

/// Row 20's pace: noise in which every ninth byte is a start marker, as datagrams and as a stream.
#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn noise_rate() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let noise: Vec<u8> = (0..4_000_000)
        .map(|_| if rng.random_bool(0.11) { 0xFD } else { rng.random() })
        .collect();
    let datagrams = rate(|| {
        for d in noise.chunks(1_400) {
            std::hint::black_box(parse_datagram(d).count());
        }
        noise.len()
    });
    let stream = rate(|| {
        let mut framer = StreamFramer::new(true);
        for (n, c) in (1_i64..).zip(noise.chunks(4_096)) {
            std::hint::black_box(framer.push(Mono(n), c).len());
        }
        noise.len()
    });
    println!(
        "hostile noise framed: {:.0} MB/s as datagrams, {:.0} MB/s as a stream (bar: 1 MB/s)",
        datagrams * 1e-6,
        stream * 1e-6
    );
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
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
    beside_bare_signing(&frames, &key);
    noise_rate();
    let theirs = pymavlink(&frames, &signed);
    if theirs.is_none() {
        println!("LEFT OUT: pymavlink beside ours (run `make peers` once)");
    }
    let beside = |i: usize| theirs.map(|t| ("pymavlink 2.4.50", t[i]));
    tell("the same, beside pymavlink", typed, beside(0));
    tell(
        "signed",
        rate(|| {
            frames
                .iter()
                .filter(|f| sign::sign(f, &key, 0, Stamp(9)).len() > f.len())
                .count()
        }),
        beside(1),
    );
    let verified = rate(|| {
        signed
            .iter()
            .flat_map(|f| parse_datagram(f))
            .filter(|f| sign::fits(f.raw, &key) && f.message().is_ok())
            .count()
    });
    tell("signature verified and decoded", verified, beside(2));

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
    uploads();
}
