//! Row 20 of the reliability table, the limit on memory: no input makes framer, decoder, log reader,
//! signing or router hold a mebibyte more than before, so no single allocation is larger either. A
//! program of its own, because every allocation of the process is counted.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use peak_alloc::PeakAlloc;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{LinkId, Mono, Utc};
use vedette_protocol::PeerAddr;
use vedette_protocol::codec::sign::{self, Key};
use vedette_protocol::codec::{Sender, StreamFramer, parse_datagram, parse_datagram_v2, tlog, wire};
use vedette_protocol::route::{Router, Side};
use vedette_protocol::signing::Signing;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MEBIBYTE: usize = 1 << 20;
/// Allocations are counted for the whole program: one test at a time.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Noise with every ninth byte a start marker, pieces of good frames between.
fn noise(rng: &mut ChaCha8Rng, good: &[Vec<u8>], len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len)
        .map(|_| if rng.random_bool(0.11) { 0xFD } else { rng.random() })
        .collect();
    for _ in 0..rng.random_range(0..4_u8) {
        let f = &good[rng.random_range(0..good.len())];
        let at = rng.random_range(0..=bytes.len());
        let cut = rng.random_range(0..=f.len());
        bytes.splice(at..at, f[..cut].iter().copied());
    }
    bytes
}

#[test]
fn row_20_no_input_makes_the_readers_hold_a_mebibyte() {
    let _alone = TURN.lock().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let key = Key::new([7; 32]);
    let mut sender = Sender::new(9, 1);
    let mut good = vec![
        sender.encode_wire(&wire::Heartbeat {
            kind: 2,
            autopilot: 3,
            mavlink_version: 3,
            ..Default::default()
        }),
        sender.encode_payload(110, &[0xFF; 254]),
        // SERIAL_CONTROL and TUNNEL that promise more than they hold.
        sender.encode_payload(126, &[0xFF; 79]),
        sender.encode_payload(385, &[0xFF; 133]),
        // Nobody's message, longest payload.
        sender.encode_payload(11_999, &[0xFD; 255]),
    ];
    let signed = sign::sign(&good[0], &key, 1, sign::Stamp::of_utc(Utc(1_790_000_000_000_000)));
    good.push(signed);

    let mut signing = Signing::default();
    signing.set_key(9, key.clone());
    let mut router = Router::new();
    for l in 0..3 {
        let side = if l == 0 { Side::Aircraft } else { Side::Station };
        router.link_up(Mono(1), LinkId(l), side, Some(PeerAddr::new("far")));
    }
    let mut framer = StreamFramer::new(true);
    let mut log = tlog::Stream::default();
    let (mut fed, mut worst, mut now) = (0, 0, Mono(1));
    for n in 0..4_000_u32 {
        now = now.plus_ms(1);
        let len = rng.random_range(0..8_192);
        let bytes = noise(&mut rng, &good, len);
        fed += bytes.len();
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        for f in parse_datagram(&bytes).chain(parse_datagram_v2(&bytes)) {
            let judged = (f.message().is_ok(), sign::fits(f.raw, &key));
            std::hint::black_box(judged);
            std::hint::black_box(
                signing
                    .judge(now, Utc(1_790_000_000_000_000), LinkId(n % 3), &f)
                    .is_ok(),
            );
        }
        std::hint::black_box(framer.push(now, &bytes).len());
        std::hint::black_box(log.push(&bytes, false).len());
        std::hint::black_box(tlog::read(&bytes).count());
        router.handle_datagram(now, LinkId(n % 3), &PeerAddr::new("far"), &bytes);
        while router.poll_transmit().is_some() {}
        worst = worst.max(HEAP.peak_usage().saturating_sub(before));
    }
    println!("seed 20: {fed} bytes in pieces of up to 8 KiB, at most {worst} bytes more held at any time");
    assert!(worst < MEBIBYTE, "{worst}");

    // One push of sixteen mebibytes of stubs that promise the longest frame: as much again and no more.
    let stubs: Vec<u8> = [0xFD, 0xFF, 0x00].into_iter().cycle().take(16 * MEBIBYTE).collect();
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let mut framer = StreamFramer::new(false);
    let mut frames = 0;
    for piece in stubs.chunks(4_096) {
        now = now.plus_ms(1);
        frames += framer.push(now, piece).len();
    }
    let held = HEAP.peak_usage().saturating_sub(before);
    println!("16 MiB of stubs: {frames} frames, at most {held} bytes more held");
    assert!(held < MEBIBYTE, "{held}");
}

/// Prove 5: an aircraft a minute comes and goes, ten speak all the time; after a virtual day
/// (`VEDETTE_SOAK=1`, else two hours) the station holds what it held after the first tenth of it.
#[test]
fn memory_is_flat_over_a_day_of_telemetry_and_churn() {
    use vedette_protocol::{Gcs, GcsConfig};
    let _alone = TURN.lock().unwrap();
    let hours = if std::env::var_os("VEDETTE_SOAK").is_some() {
        24
    } else {
        2
    };
    let mut gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(253, 190)
    });
    gcs.link_up(Mono::ZERO, LinkId(1), "udpin:test", None);
    let mut senders: Vec<Sender> = (1..=250).map(|s| Sender::new(s, 1)).collect();
    let beat = wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        base_mode: 81,
        system_status: 4,
        mavlink_version: 3,
        custom_mode: 5,
    };
    let (mut held, mut frames) = (Vec::new(), 0_u64);
    let seconds = hours * 3_600_i64;
    for s in 0..seconds {
        let visitor = 10 + usize::try_from((s / 60) % 240).unwrap();
        for tenth in 0..5_i64 {
            let now = Mono(s * 1_000_000 + tenth * 200_000);
            let utc = Utc(1_790_000_000_000_000 + now.0);
            for n in (0..10).chain([visitor]) {
                let peer = PeerAddr::new(&format!("aircraft {n}"));
                let bytes = if tenth == 0 {
                    senders[n].encode_wire(&beat)
                } else {
                    senders[n].encode_wire(&wire::Attitude {
                        time_boot_ms: u32::try_from(now.0 / 1_000).unwrap(),
                        roll: 0.1,
                        ..Default::default()
                    })
                };
                frames += 1;
                gcs.handle_datagram(now, utc, LinkId(1), &peer, &bytes);
            }
            gcs.handle_timeout(now);
            while gcs.poll_event().is_some() || gcs.poll_transmit().is_some() || gcs.poll_log().is_some() {}
        }
        if s % (seconds / 10) == seconds / 10 - 1 {
            held.push(HEAP.current_usage() / 1_024);
        }
    }
    println!("{hours} virtual hours, {frames} frames, KiB held at each tenth: {held:?}");
    // The first round of visitors is met within four hours of the day, one tenth of it and a bit more.
    let (early, late) = if hours == 24 {
        (held[2], held[9])
    } else {
        (held[4], held[9])
    };
    let grown = late.saturating_sub(early);
    assert!(
        grown < if hours == 24 { 64 } else { 4_096 },
        "{grown} KiB more: {held:?}"
    );
}
