//! The same scenario, seed and inputs give the same bytes: at any speed, on any number of threads.

use std::sync::Arc;

use crate::library::load;
use vedette_model::CameraId;
use vedette_sim::{Quality, Rehearsal, SimOptions, Trouble};

/// Telemetry, truth and one picture of a run: everything an observer could tell it by.
fn run(name: &str, seed: u64, step_ms: u64, threads: usize, look: bool) -> (Vec<u8>, String, Vec<u8>) {
    let (w, mut s) = load(name);
    s.seed = seed;
    s.vehicles[0].cameras[0].width = 128;
    s.vehicles[0].cameras[0].height = 96;
    let mut r = Rehearsal::new(s, Arc::new(w), threads);
    let (mut telemetry, mut truth) = (Vec::new(), String::new());
    let mut ms = 0;
    // What is sent, is sent at whole seconds, however time is cut in between.
    for second in 0..40 {
        if second == 2 {
            r.listen();
        }
        if second == 8 {
            r.take_off(1, 40.0);
        }
        if second == 20 {
            r.inject(Trouble::LinkPoor { share: 0.3 }, Some(1));
            r.inject(Trouble::GimbalStuck, None);
        }
        if second == 30 {
            r.mend();
        }
        r.heartbeat();
        while ms < (second + 1) * 1_000 {
            ms = (ms + step_ms).min((second + 1) * 1_000);
            r.step_to(ms as f64 / 1_000.0);
        }
        for (system, bytes) in r.telemetry() {
            telemetry.push(system);
            telemetry.extend(bytes);
        }
        for l in r.truth() {
            truth += &l.to_json();
        }
    }
    // A scene takes seconds to build: a few are enough.
    let picture = if look {
        let p = r.picture(CameraId(11), Quality::Standard).unwrap().unwrap();
        p.image.bytes().to_vec()
    } else {
        Vec::new()
    };
    (telemetry, truth, picture)
}

/// FNV-1a, 64 bits: a digest to print, so that two machines can be held against each other.
fn digest(bytes: &[u8]) -> u64 {
    digest_on(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same, gone on with.
fn digest_on(so_far: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(so_far, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn twenty_pairs_of_scenario_and_seed_repeat_byte_for_byte_at_other_speeds_and_thread_counts() {
    // Every scenario of the library once, some again; each with a seed of its own, as exercises with one fleet, weather and seed
    // begin alike.
    let all = crate::library::files();
    let name = |k: usize| all[k % all.len()].file_name().unwrap().to_string_lossy().into_owned();
    let pairs: Vec<_> = (0..20_u64).map(|k| (name(k as usize), 1 + k)).collect();
    let mut seen = Vec::new();
    for (k, (name, seed)) in pairs.iter().enumerate() {
        // A second at a time on one thread; then in pieces of 7, 50 or 330 ms, a thread for each aircraft.
        let a = run(name, *seed, 1_000, 1, k % 7 == 0);
        let b = run(name, *seed, [7, 50, 330][k % 3], 2, k % 7 == 0);
        assert!(a.0 == b.0, "{name} seed {seed}: telemetry");
        assert_eq!(a.1, b.1, "{name} seed {seed}: truth");
        assert!(a.2 == b.2, "{name} seed {seed}: picture");
        assert!(
            a.0.len() > 10_000 && a.1.lines().count() > 40,
            "{name}: {} {}",
            a.0.len(),
            a.1.lines().count()
        );
        assert!(!seen.contains(&a.0), "{name}: another seed is another run");
        eprintln!(
            "{name:<28} seed {seed}: telemetry {:016x} truth {:016x} picture {:016x}",
            digest(&a.0),
            digest(a.1.as_bytes()),
            digest(&a.2)
        );
        seen.push(a.0);
    }
}

/// Digests of telemetry, truth and ground sensors of a whole exercise, with their bytes.
fn whole(name: &str, seed: u64, pieces_ms: &[u64], threads: usize) -> [(u64, u64); 3] {
    let (w, mut s) = load(name);
    s.seed = seed;
    let (seconds, fleet) = (s.duration_s as u64, s.vehicles.len() as u8);
    let mut r = Rehearsal::new(s, Arc::new(w), threads);
    // Hours of telemetry are not held: digests go on from byte to byte.
    let mut out = [(digest(&[]), 0_u64); 3];
    let mut eat = |k: usize, bytes: &[u8]| {
        out[k] = (digest_on(out[k].0, bytes), out[k].1 + bytes.len() as u64);
    };
    let mut pieces = pieces_ms.iter().cycle();
    let mut ms = 0;
    for second in 0..seconds {
        match second {
            2 => r.listen(),
            8 => (1..=fleet).for_each(|k| r.take_off(k, 40.0)),
            // A minute of trouble by hand, beside what the exercise brings.
            100 => {
                r.inject(Trouble::LinkPoor { share: 0.3 }, Some(1));
                r.inject(Trouble::GimbalStuck, None);
            }
            160 => r.mend(),
            _ => {}
        }
        r.heartbeat();
        while ms < (second + 1) * 1_000 {
            ms = (ms + pieces.next().unwrap()).min((second + 1) * 1_000);
            r.step_to(ms as f64 / 1_000.0);
        }
        for (system, bytes) in r.telemetry() {
            eat(0, &[system]);
            eat(0, &bytes);
        }
        for l in r.truth() {
            eat(1, l.to_json().as_bytes());
        }
        for c in r.cues() {
            eat(2, format!("{c:?}").as_bytes());
        }
    }
    out
}

#[test]
fn whole_exercises_repeat_byte_for_byte_at_other_speeds_and_thread_counts() {
    if std::env::var_os("VEDETTE_SOAK").is_none() {
        eprintln!(
            "LEFT OUT: VEDETTE_SOAK is not set; only the first 40 s of the exercises were held against each other"
        );
        return;
    }
    for f in crate::library::files() {
        let name = f.file_name().unwrap().to_string_lossy().into_owned();
        let seed = load(&name).1.seed;
        let a = whole(&name, seed, &[1_000], 1);
        for (pieces, threads) in [(&[330][..], 2), (&[7, 993, 50, 1, 411], 4)] {
            assert_eq!(
                a,
                whole(&name, seed, pieces, threads),
                "{name}: {pieces:?} ms on {threads} threads"
            );
        }
        assert_ne!(
            a[1].0,
            whole(&name, seed + 1, &[1_000], 2)[1].0,
            "{name}: another seed is another run"
        );
        let [t, l, c] = a;
        assert!(t.1 > 1_000_000 && l.1 > 100_000, "{name}: {a:?}");
        eprintln!(
            "{name:<28} seed {seed}: telemetry {:016x} ({} bytes) truth {:016x} ({}) sensors {:016x} ({})",
            t.0, t.1, l.0, l.1, c.0, c.1
        );
    }
}

/// One line each of a few runs: what two machines are held against each other by.
fn told() -> Vec<String> {
    let line = |(name, seed, look): (&str, u64, bool)| {
        let (telemetry, truth, picture) = run(name, seed, 1_000, 1, look);
        let of = [digest(&telemetry), digest(truth.as_bytes()), digest(&picture)];
        format!("told {name} {seed} {:016x} {:016x} {:016x}", of[0], of[1], of[2])
    };
    [
        ("first-watch.toml", 3, true),
        ("boat-beaching.toml", 2, false),
        ("radio-shadow.toml", 5, false),
    ]
    .map(line)
    .to_vec()
}

#[test]
fn a_run_is_told_by_its_digests() {
    for line in told() {
        eprintln!("{line}");
    }
}

/// The system's mathematics takes other code where a processor has no fused multiplication; what is
/// simulated must not show it.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_machine_with_a_plainer_processor_computes_the_same_bytes() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "again::a_run_is_told_by_its_digests", "--nocapture"])
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr).into_owned();
    let there: Vec<&str> = text.lines().filter(|l| l.starts_with("told ")).collect();
    assert!(child.status.success() && there.len() == 3, "{text}");
    assert_eq!(there, told());
}

#[test]
fn hundreds_of_aircraft_fly_on_many_threads_as_on_one() {
    let (w, _) = load("first-watch.toml");
    let w = Arc::new(w);
    let fly = |threads| {
        let o = SimOptions {
            vehicles: Some(200),
            ..SimOptions::default()
        };
        let (s, _) = o.build(&w).unwrap();
        let mut r = Rehearsal::new(s, Arc::clone(&w), threads);
        for k in 1..=200 {
            if k % 5 == 0 {
                r.step_to(6.0);
                r.take_off(k, 20.0);
            }
        }
        r.step_to(12.0);
        let up = (1..=200_u8)
            .filter(|k| r.state(*k).unwrap().landed != vedette_model::LandedState::OnGround)
            .count();
        (r.telemetry(), up)
    };
    let (one, up) = fly(1);
    let (many, _) = fly(4);
    assert_eq!(up, 40, "every fifth was ordered to take off");
    assert!(one == many);
}
