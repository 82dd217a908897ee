//! Renders the first watch's place from a few viewpoints, says what a picture costs, and writes
//! the pictures as PNM: `cargo run -p vedette-sim --example shots -- OUT_DIR [SITE_DIR] [HOURS]
//! [SCENARIO.toml [NAME:KM:INSIDE_M:RANGE_M:DEPRESSION:AZIMUTH:HFOV ...]]`; further views look at
//! places along the border. Then what a fleet costs. `VEDETTE_DATA` gives real terrain. What a
//! person runs to look at the simulator's eyes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a tool for a person at a terminal that measures time"
)]

use std::path::PathBuf;
use std::sync::Arc;

use vedette_geo::Amsl;
use vedette_model::Spectrum;
use vedette_sim::{CameraState, Image, Quality, Rehearsal, Renderer, Scenario, SimOptions};

/// Processor time of this thread, milliseconds (Linux; 0 elsewhere): other people's load has no say.
fn cpu_ms() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1e-6
}

/// Pictures a second of one core, by camera and quality.
fn streams(scene: &Arc<vedette_sim::Scene>, scenario: &Scenario, world: &vedette_atlas::World) {
    let who = scenario.actor_lines(100.0)[0].at;
    for (name, spectrum, width, height, quality) in [
        ("thermal 640x512 fast", Spectrum::Thermal, 640, 512, Quality::Fast),
        (
            "thermal 640x512 standard",
            Spectrum::Thermal,
            640,
            512,
            Quality::Standard,
        ),
        ("thermal 640x512 fine", Spectrum::Thermal, 640, 512, Quality::Fine),
        (
            "visible 640x512 standard",
            Spectrum::Visible,
            640,
            512,
            Quality::Standard,
        ),
        ("visible 1280x720 fast", Spectrum::Visible, 1280, 720, Quality::Fast),
        (
            "visible 1280x720 standard",
            Spectrum::Visible,
            1280,
            720,
            Quality::Standard,
        ),
    ] {
        let mut r = Renderer::with_quality(Arc::clone(scene), quality);
        let mut cam = CameraState {
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
        let cpu = cpu_ms();
        for k in 0..20 {
            // A camera that pans at 3 degrees a second, 15 pictures a second.
            cam.yaw_deg += 0.2;
            r.render(&cam, 100.0 + f64::from(k) / 15.0);
        }
        let each = (cpu_ms() - cpu) / 20.0;
        println!(
            "{name}: {each:.1} ms of processor a picture, {:.0} pictures a second of one core",
            1e3 / each
        );
    }
}

/// What flying costs: aircraft of one core at real time, ten messages of each kind a second.
fn fleet(world: &Arc<vedette_atlas::World>) {
    for n in [1_u8, 200] {
        let o = SimOptions {
            vehicles: Some(n),
            ..SimOptions::default()
        };
        let mut r = Rehearsal::new(o.build(world).unwrap().0, Arc::clone(world), 1);
        r.step_to(6.0);
        r.listen_every(100_000.0);
        for k in 1..=n {
            r.take_off(k, 30.0);
        }
        for t in 6..16 {
            r.heartbeat();
            r.step_to(f64::from(t + 1));
        }
        r.telemetry();
        let (cpu, mut messages) = (cpu_ms(), 0);
        for t in 16..36 {
            r.heartbeat();
            r.step_to(f64::from(t + 1));
            messages += r.telemetry().len();
        }
        let ms = (cpu_ms() - cpu) / 20.0;
        println!(
            "{n} aircraft aloft: {ms:.2} ms of processor a second, {:.0} aircraft of one core at real time, one at {:.0} x \
             real time; {:.0} messages a second each",
            f64::from(n) * 1e3 / ms,
            f64::from(n) * 1e3 / ms,
            messages as f64 / 20.0 / f64::from(n)
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let out = PathBuf::from(args.get(1).map_or("out/shots", String::as_str));
    std::fs::create_dir_all(&out).unwrap();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let site = args
        .get(2)
        .map_or_else(|| root.join("maps/data/andorra"), PathBuf::from);
    let data = std::env::var_os("VEDETTE_DATA").map(PathBuf::from);
    let world = vedette_atlas::load::site(&site, data.as_deref(), 7).unwrap();
    let file = args
        .get(4)
        .map_or_else(|| root.join("sim/scenarios/first-watch.toml"), PathBuf::from);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut scenario = Scenario::parse(&text, "scenario", &world).unwrap();
    if let Some(hours) = args.get(3) {
        let at = |line: &str| line.split('T').next().map(|day| format!("{day}T{hours}:00Z\""));
        let text: Vec<String> = text
            .lines()
            .map(|l| {
                if l.starts_with("epoch") {
                    at(l).unwrap_or_default()
                } else {
                    l.to_owned()
                }
            })
            .collect();
        scenario = Scenario::parse(&text.join("\n"), "scenario", &world).unwrap();
    }
    for c in &scenario.crossings {
        println!("crossing {c:?}");
    }
    let t0 = std::time::Instant::now();
    let scene = Arc::new(scenario.scene(&world).unwrap());
    println!(
        "terrain {}, scene built in {:.0} ms",
        world.terrain.source().label,
        t0.elapsed().as_secs_f64() * 1e3
    );
    let mut renderer = Renderer::new(Arc::clone(&scene));
    // (name, looked-at actor, second, slant range m, depression, azimuth looked to, hfov)
    let views = [
        ("walker", "walker", 100.0, 240.0, 28.0, 190.0, 24.0),
        ("walker-near", "walker", 345.0, 120.0, 35.0, 160.0, 12.0),
        ("ranger", "ranger", 90.0, 220.0, 32.0, 200.0, 24.0),
        ("cows", "cow 1", 60.0, 260.0, 22.0, 170.0, 24.0),
        ("ridge", "walker", 100.0, 420.0, 9.0, 230.0, 40.0),
    ];
    let mut looks: Vec<(String, vedette_geo::LatLon, f64, f64, f64, f64, f64)> = views
        .iter()
        .filter_map(|(name, actor, t, range, dep, az, hfov)| {
            let lines = scenario.actor_lines(*t);
            let a = lines.iter().find(|l| l.actor == *actor)?;
            Some(((*name).to_owned(), a.at, *t, *range, *dep, *az, *hfov))
        })
        .collect();
    for a in args.iter().skip(5) {
        let f: Vec<&str> = a.split(':').collect();
        let v = |k: usize| f[k].parse::<f64>().unwrap();
        let m = v(1) * 1_000.0;
        let b = &world.border;
        let side = if b.home_left { -90.0 } else { 90.0 };
        let at = vedette_geo::destination(b.at(m), b.azimuth_deg(m) + side, v(2));
        looks.push((f[0].to_owned(), at, 100.0, v(3), v(4), v(5), v(6)));
    }
    for (name, there, t, range, dep, az, hfov) in looks {
        let (sin, cos) = f64::to_radians(dep).sin_cos();
        let at = vedette_geo::destination(there, az + 180.0, range * cos);
        let (x, y) = scene.ground().plane(there);
        let (cx, cy) = scene.ground().plane(at);
        let over = f64::from(scene.ground().z(cx, cy)) + 60.0;
        for (spectrum, tag) in [(Spectrum::Thermal, "t"), (Spectrum::Visible, "v")] {
            let cam = CameraState {
                at,
                amsl: Amsl((f64::from(scene.ground().z(x, y)) + 0.9 + range * sin).max(over)),
                roll_deg: 0.0,
                pitch_deg: -dep,
                yaw_deg: az,
                hfov_deg: hfov,
                width: 640,
                height: 512,
                spectrum,
                sensor_seed: 11,
            };
            let t0 = std::time::Instant::now();
            let seen = renderer.render(&cam, t);
            let first = t0.elapsed().as_secs_f64() * 1e3;
            let cpu = cpu_ms();
            for k in 0..8 {
                renderer.render(&cam, t + f64::from(k) * 0.1);
            }
            let each = (cpu_ms() - cpu) / 8.0;
            println!("{name} {tag}: first picture {first:.0} ms of wall, then {each:.1} ms of processor each");
            for b in &seen.boxes {
                println!(
                    "  {:8} {:.1} x {:.1} px at {:.0} m, {:.0} % visible",
                    b.actor,
                    b.image.w,
                    b.image.h,
                    b.slant_m,
                    b.visible_share * 100.0
                );
            }
            let (w, h) = seen.image.size();
            let kind = match seen.image {
                Image::Gray8 { .. } => "P5",
                Image::Rgb8 { .. } => "P6",
            };
            let mut bytes = format!("{kind}\n{w} {h}\n255\n").into_bytes();
            bytes.extend_from_slice(seen.image.bytes());
            std::fs::write(out.join(format!("{name}-{tag}.pnm")), bytes).unwrap();
        }
    }
    streams(&scene, &scenario, &world);
    fleet(&std::sync::Arc::new(world));
}
