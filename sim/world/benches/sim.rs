//! What the simulator costs: aircraft per core, pictures per second, radio and reading.
//! `cargo bench -p vedette-sim`. Elements per second over the seconds simulated is × real time.
#![allow(clippy::unwrap_used, missing_docs, reason = "benches")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vedette_geo::Amsl;
use vedette_model::Spectrum;
use vedette_sim::{CameraState, Quality, Radio, Rehearsal, Renderer, Scenario, SimOptions};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn benches(c: &mut Criterion) {
    let world = Arc::new(vedette_sim::load_site(&root().join("maps/data/andorra"), None, 7).unwrap());
    let text = std::fs::read_to_string(root().join("sim/scenarios/footpath-crossing.toml")).unwrap();
    let mut g = c.benchmark_group("sim");
    g.sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(3));

    // Aircraft-seconds per second: of one core, and of all.
    let fleet = |n| {
        let o = SimOptions {
            vehicles: Some(n),
            ..SimOptions::default()
        };
        o.build(&world).unwrap().0
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (name, n, threads) in [
        ("one", 1_u8, 1),
        ("200-on-one-core", 200, 1),
        ("200-on-all-cores", 200, cores),
    ] {
        let scenario = fleet(n);
        g.throughput(Throughput::Elements(u64::from(n) * 2));
        g.bench_function(format!("aircraft-seconds/{name}"), |b| {
            b.iter_batched(
                || {
                    let mut r = Rehearsal::new(scenario.clone(), Arc::clone(&world), threads);
                    r.step_to(6.0);
                    for k in 1..=n {
                        r.take_off(k, 30.0);
                    }
                    // Five messages of each aircraft, ten times a second.
                    r.listen_every(100_000.0);
                    r.step_to(8.0);
                    r.telemetry();
                    r
                },
                |mut r| {
                    r.step_to(10.0);
                    black_box(r.telemetry().len())
                },
                BatchSize::PerIteration,
            );
        });
    }

    let scenario = Scenario::parse(&text, "footpath-crossing.toml", &world).unwrap();
    let scene = Arc::new(scenario.scene(&world).unwrap());
    let who = scenario.actor_lines(100.0)[0].at;
    g.throughput(Throughput::Elements(1));
    for (name, spectrum, width, height, quality) in [
        ("thermal-640x512", Spectrum::Thermal, 640, 512, Quality::Standard),
        ("thermal-640x512-fast", Spectrum::Thermal, 640, 512, Quality::Fast),
        ("thermal-640x512-fine", Spectrum::Thermal, 640, 512, Quality::Fine),
        ("visible-640x512", Spectrum::Visible, 640, 512, Quality::Standard),
        ("visible-1280x720", Spectrum::Visible, 1280, 720, Quality::Standard),
    ] {
        let mut r = Renderer::with_quality(Arc::clone(&scene), quality);
        let cam = CameraState {
            at: vedette_geo::destination(who, 10.0, 210.0),
            amsl: Amsl(world.terrain.elevation(who).unwrap().0 + 115.0),
            roll_deg: 0.0,
            pitch_deg: -28.0,
            yaw_deg: 190.0,
            hfov_deg: 24.0,
            width,
            height,
            spectrum,
            sensor_seed: 11,
        };
        r.render(&cam, 100.0);
        let mut t = 100.0;
        g.bench_function(format!("picture/{name}"), |b| {
            b.iter(|| {
                t += 0.1;
                black_box(r.render(&cam, t))
            });
        });
    }

    let radio = Radio {
        at: who,
        amsl: Amsl(world.terrain.elevation(who).unwrap().0 + 6.0),
        frequency_hz: 2.4e9,
        telemetry_db: 130.0,
        video_db: 120.0,
        interference: vec![],
    };
    let there = vedette_geo::destination(who, 80.0, 3_000.0);
    g.bench_function("radio/3-km", |b| {
        b.iter(|| radio.link(&world.terrain, black_box(there), Amsl(1_900.0), 1.0));
    });
    g.bench_function("scenario/read", |b| {
        b.iter(|| Scenario::parse(black_box(&text), "x", &world).unwrap());
    });
    g.finish();
}

criterion_group!(sim, benches);
criterion_main!(sim);
