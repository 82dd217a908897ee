//! The same scenario, seed and inputs give the same bytes: at any speed, on any number of threads.

use std::sync::Arc;

use crate::library::load;
use vedette_model::CameraId;
use vedette_sim::{Quality, Rehearsal, SimOptions, Trouble};

/// Telemetry, truth and one picture of a run: everything an observer could tell it by.
fn run(name: &str, seed: u64, step_ms: u64, threads: usize) -> (Vec<u8>, String, Vec<u8>) {
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
    // A scene takes seconds to build: one for each site is enough.
    let picture = if seed == 1 && !name.contains("jam") && !name.contains("radio") && !name.contains("crowded") {
        let p = r.picture(CameraId(11), Quality::Standard).unwrap().unwrap();
        p.image.bytes().to_vec()
    } else {
        Vec::new()
    };
    (telemetry, truth, picture)
}

#[test]
fn twenty_pairs_of_scenario_and_seed_repeat_byte_for_byte_at_other_speeds_and_thread_counts() {
    let names = [
        "footpath-crossing.toml",
        "gnss-jamming.toml",
        "radio-shadow.toml",
        "crowded-air.toml",
        "boat-beaching.toml",
    ];
    let mut seen = Vec::new();
    for name in names {
        for seed in [1, 2, 3, 4] {
            let a = run(name, seed, 1_000, 1);
            // One thread for each of the two aircraft, or one for both.
            let b = run(
                name,
                seed,
                if seed == 1 { 50 } else { 7 },
                if seed == 1 { 2 } else { 1 },
            );
            assert!(a.0 == b.0, "{name} seed {seed}: telemetry");
            assert_eq!(a.1, b.1, "{name} seed {seed}: truth");
            assert!(a.2 == b.2, "{name} seed {seed}: picture");
            assert!(a.0.len() > 20_000 && a.1.lines().count() > 80);
            assert!(!seen.contains(&a.0), "{name}: another seed is another run");
            seen.push(a.0);
        }
    }
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
