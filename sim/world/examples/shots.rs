//! Renders the first watch's place from a few viewpoints, says what a picture costs, and writes
//! the pictures as PNM: `cargo run -p vedette-sim --example shots -- OUT_DIR [SITE_DIR] [HOURS]`.
//! `VEDETTE_DATA` gives real terrain. What a person runs to look at the simulator's eyes.
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
use vedette_sim::{CameraState, Image, Renderer, Scenario};

/// Processor time of this thread, milliseconds (Linux; 0 elsewhere): other people's load has no say.
fn cpu_ms() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1e-6
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
    let mut text = std::fs::read_to_string(root.join("sim/scenarios/first-watch.toml")).unwrap();
    if let Some(hours) = args.get(3) {
        text = text.replace("T06:40:00Z", &format!("T{hours}:00Z"));
    }
    let scenario = Scenario::parse(&text, "first-watch.toml", &world).unwrap();
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
    for (name, actor, t, range, dep, az, hfov) in views {
        let lines = scenario.actor_lines(t);
        let Some(a) = lines.iter().find(|l| l.actor == actor) else {
            continue;
        };
        let (sin, cos) = f64::to_radians(dep).sin_cos();
        let at = vedette_geo::destination(a.at, az + 180.0, range * cos);
        let (x, y) = scene.ground().plane(a.at);
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
}
