//! What a user of the simulator would notice: pictures that repeat, boxes that fit, scenarios
//! that explain their mistakes, streams that standard readers understand.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon};
use vedette_klv::{TsEvent, TsReader, UasDatalink};
use vedette_model::{Airframe, Mono, Spectrum, TargetClass, Utc};
use vedette_sim::{
    Actor, ActorKind, CameraState, Endpoint, Image, Renderer, Scenario, Scene, SceneSpec, ServeConfig, SimError,
    SimOptions, Simulation, Step, Stream, Track, TruthLine, VideoTarget, Weather,
};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig};

const FIRST_WATCH: &str = include_str!("../../../scenarios/first-watch.toml");

pub(crate) fn world() -> World {
    let site = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../maps/data/andorra");
    vedette_atlas::load::site(&site, None, 7).expect("the site in the repository loads")
}

fn place() -> LatLon {
    LatLon::new(42.45, 1.52).unwrap()
}

/// A meadow with a gentle slope and the given actors, by day.
pub(crate) fn meadow(actors: Vec<Actor>) -> Arc<Scene> {
    meadow_at(actors, Utc::from_civil(2026, 9, 14, 10, 0, 0), Weather::default())
}

/// The same at another time, in other weather.
pub(crate) fn meadow_at(actors: Vec<Actor>, utc: Utc, weather: Weather) -> Arc<Scene> {
    meadow_in_snow(actors, utc, weather, 9_000.0)
}

/// The same with snow above so many metres; it lies at 1,800.
pub(crate) fn meadow_in_snow(actors: Vec<Actor>, utc: Utc, weather: Weather, snow_line_m: f64) -> Arc<Scene> {
    let spec = SceneSpec {
        origin: place(),
        half_m: 700.0,
        seed: 3,
        utc,
        weather,
        forest_share: 0.0,
        tree_line_m: 0.0,
        snow_line_m,
        water_c: 12.0,
        waves_m: 0.4,
        light_every_s: 0.0,
        ways: vec![],
        clearings: vec![],
        stones: vec![],
        rivers: vec![],
        hamlets: vec![],
        actors,
    };
    let slope = |p: LatLon| Some(1800.0 + (p.lat_deg - 42.45) * 111_000.0 * 0.15);
    Arc::new(Scene::build(spec, &slope).expect("a slope is ground"))
}

pub(crate) fn actor(kind: ActorKind, x: f64, y: f64) -> Actor {
    let way = [Step::Go {
        x: x + 60.0,
        y: y + 25.0,
        speed_m_s: 1.3,
    }];
    Actor {
        name: format!("{kind:?}"),
        kind,
        role: vedette_sim::Role::Lawful,
        size: 1.0,
        track: Track::compile((x, y), &way, 5),
        seed: 5,
    }
}

pub(crate) fn camera(scene: &Scene, range: f64, dep: f64, hfov: f64, spectrum: Spectrum) -> CameraState {
    let (s, c) = dep.to_radians().sin_cos();
    let g = scene.ground();
    CameraState {
        at: vedette_geo::destination(place(), 180.0, range * c),
        amsl: Amsl(f64::from(g.z(0.0, 0.0)) + 0.9 + range * s),
        roll_deg: 1.5,
        pitch_deg: -dep,
        yaw_deg: 0.0,
        hfov_deg: hfov,
        width: 320,
        height: 256,
        spectrum,
        sensor_seed: 9,
    }
}

#[test]
fn the_same_moment_gives_the_same_bytes_and_the_same_truth() {
    let scene = meadow(vec![actor(ActorKind::Person, 0.0, 0.0)]);
    for spectrum in [Spectrum::Thermal, Spectrum::Visible] {
        let cam = camera(&scene, 200.0, 30.0, 20.0, spectrum);
        let mut one = Renderer::new(Arc::clone(&scene));
        let a = one.render(&cam, 2.0);
        let other_moment = one.render(&cam, 2.1);
        let again = one.render(&cam, 2.0);
        let fresh = Renderer::new(meadow(vec![actor(ActorKind::Person, 0.0, 0.0)])).render(&cam, 2.0);
        assert_eq!(a, again, "what was rendered between has no say");
        assert_eq!(a, fresh, "a new scene from the same seed is the same place");
        assert_ne!(
            a.image, other_moment.image,
            "the detector's noise and the walker move on"
        );
        assert_eq!(a.boxes.len(), 1);
    }
}

/// Bounds (x0, y0, x1, y1) of the pixels in which two pictures differ.
fn changed(a: &Image, b: &Image) -> Option<[f32; 4]> {
    let (w, _) = a.size();
    let n = a.bytes().len() / (w as usize * a.size().1 as usize);
    let mut r: Option<[f32; 4]> = None;
    for (k, (p, q)) in a.bytes().chunks(n).zip(b.bytes().chunks(n)).enumerate() {
        if p != q {
            let (x, y) = ((k % w as usize) as f32, (k / w as usize) as f32);
            let o = r.unwrap_or([x, y, x + 1.0, y + 1.0]);
            r = Some([o[0].min(x), o[1].min(y), o[2].max(x + 1.0), o[3].max(y + 1.0)]);
        }
    }
    r
}

#[test]
fn truth_boxes_fit_what_is_drawn() {
    for (kind, range, hfov) in [
        (ActorKind::Person, 60.0, 12.0),
        (ActorKind::Person, 230.0, 16.0),
        (ActorKind::Car, 150.0, 12.0),
        (ActorKind::Cow, 120.0, 12.0),
        (ActorKind::Chamois, 90.0, 12.0),
    ] {
        // Visible light has no gain control and no blur: after sunset, without shadows, pictures
        // with and without the actor differ in the actor only.
        let dusk = |a| meadow_at(a, Utc::from_civil(2026, 9, 14, 18, 20, 0), Weather::default());
        let with = dusk(vec![actor(kind, 0.0, 0.0)]);
        let cam = camera(&with, range, 32.0, hfov, Spectrum::Visible);
        let seen = Renderer::new(Arc::clone(&with)).render(&cam, 3.0);
        let bare = Renderer::new(dusk(vec![])).render(&cam, 3.0);
        let b = &seen.boxes[0].image;
        let d = changed(&seen.image, &bare.image).expect("the actor shows");
        let edges = [b.x, b.y, b.x + b.w, b.y + b.h];
        for (e, p) in edges.iter().zip(d) {
            assert!(
                (e - p).abs() <= 1.0,
                "{kind:?} at {range} m: box {edges:?}, drawn {d:?}"
            );
        }
        assert!(seen.boxes[0].visible_share > 0.9, "nothing stands before it");
    }
}

#[test]
fn truth_boxes_fit_at_any_aspect_range_and_roll() {
    let dusk = |a| meadow_at(a, Utc::from_civil(2026, 9, 14, 18, 20, 0), Weather::default());
    let bare = dusk(vec![]);
    let (mut n, mut off, mut worst) = (0_u32, 0.0, 0.0_f32);
    let mut empty: std::collections::BTreeMap<(u32, u32), Image> = std::collections::BTreeMap::new();
    let mut bare_by = Renderer::new(Arc::clone(&bare));
    let mut wrong = Vec::new();
    // Everybody who plays, from as near as fills the picture and from five times as far.
    for (kind, nearest) in [
        (ActorKind::Person, 70_u32),
        (ActorKind::Car, 70),
        (ActorKind::Truck, 70),
        (ActorKind::Cow, 70),
        (ActorKind::Chamois, 70),
        (ActorKind::Boar, 70),
        (ActorKind::Dog, 70),
        (ActorKind::Parcel, 70),
        (ActorKind::Drone, 70),
        (ActorKind::Boat, 70),
        (ActorKind::Ship, 300),
    ] {
        let with = dusk(vec![actor(kind, 0.0, 0.0)]);
        let mut seen_by = Renderer::new(Arc::clone(&with));
        let before = n;
        for k in 0..8_u32 {
            let x = f64::from(k);
            let (bearing, range, dep) = (x * 47.0, f64::from(nearest) * (1.0 + 0.33 * x), 24.0 + 5.5 * x);
            let mut cam = camera(&with, range, dep, 11.0, Spectrum::Visible);
            let (s, c) = dep.to_radians().sin_cos();
            cam.at = vedette_geo::destination(place(), bearing, range * c);
            cam.amsl = Amsl(f64::from(with.ground().z(0.0, 0.0)) + 0.9 + range * s);
            cam.yaw_deg = vedette_geo::norm_deg_360(bearing + 180.0);
            cam.roll_deg = -9.0 + 2.5 * x;
            let t = 0.5 + 0.37 * x;
            let seen = seen_by.render(&cam, t);
            let Some(b) = seen.boxes.first().map(|b| b.image) else {
                continue;
            };
            let edges = [b.x, b.y, b.x + b.w, b.y + b.h];
            if edges[0] < 2.0 || edges[1] < 2.0 || edges[2] > 318.0 || edges[3] > 254.0 {
                continue;
            }
            let empty = empty
                .entry((nearest, k))
                .or_insert_with(|| bare_by.render(&cam, t).image);
            let d = changed(&seen.image, empty).expect("the actor shows");
            for (e, p) in edges.iter().zip(d) {
                if (e - p).abs() > 1.0 {
                    wrong.push(format!(
                        "{kind:?} from {bearing} at {range:.0} m: box {edges:?}, drawn {d:?}"
                    ));
                }
                worst = worst.max((e - p).abs());
                off += f64::from((e - p).abs());
                n += 1;
            }
        }
        assert!(n >= before + 16, "{kind:?}: {} edges looked at", n - before);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    eprintln!("{n} edges, mean {:.2} px off, worst {worst:.2} px", off / f64::from(n));
}

#[test]
fn a_person_is_as_tall_in_the_picture_as_optics_say() {
    for (range, dep) in [(120.0, 20.0), (240.0, 30.0), (300.0, 45.0)] {
        let scene = meadow(vec![actor(ActorKind::Person, 0.0, 0.0)]);
        let cam = camera(&scene, range, dep, 12.0, Spectrum::Thermal);
        let seen = Renderer::new(scene).render(&cam, 0.0);
        let b = &seen.boxes[0];
        assert_eq!(b.class, TargetClass::Person);
        let f = 160.0 / 6.0_f64.to_radians().tan();
        let upright = 1.75 * dep.to_radians().cos();
        // Shoulders and feet have depth: seen from above they add their part.
        let depth = 0.35 * dep.to_radians().sin();
        let px = f64::from(b.image.h) * b.slant_m / f;
        assert!(
            px > upright * 0.93 && px < (upright + depth) * 1.08,
            "{px:.2} m of {upright:.2} m at {range} m"
        );
    }
}

#[test]
fn warm_people_stand_out_of_a_cold_meadow() {
    let scene = meadow(vec![actor(ActorKind::Person, 0.0, 0.0)]);
    let cam = camera(&scene, 200.0, 30.0, 12.0, Spectrum::Thermal);
    let seen = Renderer::new(scene).render(&cam, 0.0);
    let b = &seen.boxes[0].image;
    let bytes = seen.image.bytes();
    let mut sorted: Vec<u8> = bytes.to_vec();
    sorted.sort_unstable();
    let median = sorted[sorted.len() / 2];
    let mut hottest = 0;
    for y in b.y as usize..(b.y + b.h) as usize {
        for x in b.x as usize..(b.x + b.w) as usize {
            hottest = hottest.max(bytes[y * 320 + x]);
        }
    }
    assert!(hottest > median + 60, "person {hottest}, meadow {median}");
}

#[test]
fn the_first_watch_is_what_its_header_says() {
    let w = world();
    let s = Scenario::parse(FIRST_WATCH, "first-watch.toml", &w).expect("the scenario is right");
    assert_eq!(s.vehicles.len(), 2);
    let inward: Vec<_> = s.crossings.iter().filter(|c| c.inwards).collect();
    assert_eq!(inward.len(), 1, "{:?}", s.crossings);
    assert_eq!(inward[0].actor, "walker");
    assert!(inward[0].t_s > 310.0 && inward[0].t_s < 350.0);
    assert!(
        w.crossings
            .iter()
            .all(|c| vedette_geo::distance_m(c.at, inward[0].at) > c.radius_m),
        "away from any crossing point"
    );
    for (t, lo, hi) in [(60.0, -55.0, -25.0), (299.0, -55.0, -25.0), (600.0, 120.0, 175.0)] {
        let lines = s.actor_lines(t);
        let walker = lines.iter().find(|l| l.actor == "walker").unwrap();
        assert!(
            walker.inside_m > lo && walker.inside_m < hi,
            "at {t} s: {}",
            walker.inside_m
        );
    }
    // Named times can be replaced without touching the file.
    let over = vedette_sim::Overrides {
        seed: Some(8),
        times: [("cross".to_owned(), 100.0)].into(),
    };
    let early = Scenario::parse_with(FIRST_WATCH, "first-watch.toml", &w, &over).unwrap();
    let t = early.crossings.iter().find(|c| c.inwards).unwrap().t_s;
    assert!(t > 110.0 && t < 150.0, "{t}");
}

#[test]
fn every_mistake_in_a_scenario_is_explained() {
    let w = world();
    let cases = [
        ("seed = 7 ", "sede = 7 ", "sede", "first-watch.toml"),
        ("kind = \"car\"", "kind = \"lorry\"", "lorry", "chamois"),
        (
            "km = 36.36, inside_m = -40.0",
            "km = 3600.0, inside_m = -40.0",
            "km is 3600",
            "allowed is 0 to",
        ),
        ("until_s = \"cross\"", "until_s = \"corss\"", "corss", "cross, end"),
        (
            "track = \"forest road\"",
            "track = \"motorway\"",
            "motorway",
            "forest road, old path",
        ),
        ("port = 5612", "port = 5611", "port 5611", "one UDP port per stream"),
        (
            "epoch = \"2026-11-14T06:40:00Z\"",
            "epoch = \"tomorrow\"",
            "tomorrow",
            "2026-11-14T06:25:00Z",
        ),
        (
            "{ border = \"AND-ESP\", km = 36.10",
            "{ border = \"AND-PRT\", km = 36.10",
            "AND-PRT",
            "AND-ESP",
        ),
        ("cloud = 0.1 ", "cloud = 3.0 ", "cloud is 3", "0 to 1"),
        ("width = 640", "width = 641", "641", "steps of 16"),
    ];
    for (right, wrong, what, allowed) in cases {
        assert!(FIRST_WATCH.contains(right), "the test's own text: {right}");
        let text = FIRST_WATCH.replacen(right, wrong, 1);
        let line = text.lines().count() - text.lines().rev().position(|l| l.contains(wrong.trim())).unwrap();
        let e = Scenario::parse(&text, "first-watch.toml", &w).expect_err(wrong);
        let said = e.to_string();
        assert!(said.contains(what) && said.contains(allowed), "{wrong}: {said}");
        match e {
            // The line named is that of the table the value is in: at most a table's length off.
            SimError::Value { line: l, .. } => {
                assert!(l <= line && l > 0, "{wrong}: line {l}, is in {line}");
            }
            _ => assert!(said.contains(&format!("line {line}")), "{wrong}: {said}"),
        }
    }
}

pub(crate) fn small_cameras() -> String {
    FIRST_WATCH
        .replace("width = 640", "width = 160")
        .replace("height = 512", "height = 128")
}

#[test]
fn twenty_frames_make_a_stream_that_readers_understand() {
    let w = world();
    let s = Scenario::parse(&small_cameras(), "small", &w).unwrap();
    let scene = Arc::new(s.scene(&w).unwrap());
    let ac = &s.vehicles[0];
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, ac.home, ac.home_amsl);
    cfg.boot_utc = s.epoch.plus_us(ac.clock_offset_us);
    let mut v = SimVehicle::new(cfg);
    let mut r = Renderer::new(Arc::clone(&scene));
    let mut stream = Stream::new(ac, &ac.cameras[0], &s, &w).expect("openh264enc is installed");
    let mut reader = TsReader::new();
    let (mut events, mut times) = (Vec::new(), Vec::new());
    for k in 0..20 {
        v.step(
            Mono(k * 125_000),
            &|p| w.terrain.elevation(p),
            &vedette_sim_vehicle::Weather::default(),
        );
        let (t, rep) = (v.truth(), v.reported());
        let cam = CameraState {
            at: t.at,
            amsl: Amsl(t.amsl.0 + 60.0),
            roll_deg: 0.0,
            pitch_deg: -30.0,
            yaw_deg: 180.0,
            hfov_deg: 24.0,
            width: 160,
            height: 128,
            spectrum: Spectrum::Thermal,
            sensor_seed: 1,
        };
        let seen = r.render(&cam, t.now.seconds());
        let packets = stream.pack(&seen.image, &scene, &rep).expect("packs");
        assert_eq!(packets.len() % 188, 0, "whole packets");
        times.push((stream.pts90k(rep.utc), rep.utc.0));
        events.extend(reader.push(&packets));
    }
    events.extend(reader.finish());
    let klv: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::Klv {
                pts90k, bytes, damaged, ..
            } => Some((*pts90k, bytes, *damaged)),
            _ => None,
        })
        .collect();
    let video: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::VideoUnit {
                pts90k,
                random_access,
                bytes,
                ..
            } => Some((*pts90k, *random_access, bytes)),
            _ => None,
        })
        .collect();
    assert_eq!((klv.len(), video.len()), (20, 20));
    assert!(video[0].1, "a decoder can start at the first picture");
    for ((k, v), (pts, utc)) in klv.iter().zip(&video).zip(&times) {
        assert_eq!(
            (k.0, v.0),
            (Some(*pts), Some(*pts)),
            "synchronous: picture and metadata agree"
        );
        assert!(!k.2);
        let (set, issues) = vedette_klv::parse(k.1);
        assert!(issues.is_empty(), "{issues:?}");
        let u = UasDatalink::from_set(&set);
        assert!(u.verified, "checksum");
        assert_eq!(
            u.time_us,
            u64::try_from(*utc).ok(),
            "precision time stamp to the microsecond"
        );
        assert_eq!(u.platform_tail.as_deref(), Some("CU-01"));
        let stamp = vedette_klv::sei::read_misp_time(vedette_klv::VideoCodec::H264, v.2).expect("ST 0604 stamp");
        assert_eq!(stamp.time_us, u.time_us.unwrap());
    }
}

#[test]
fn a_served_scenario_flies_sends_and_stops() {
    let w = Arc::new(world());
    let s = Scenario::parse(&small_cameras(), "small", &w).unwrap();
    let truth = std::env::temp_dir().join(format!("vedette-truth-{}.jsonl", std::process::id()));
    let station = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let screen = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for k in [&station, &screen] {
        k.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    }
    let time = Arc::new(AtomicI64::new(0));
    let clock = {
        let time = Arc::clone(&time);
        // Each look at the clock lets a little time pass: no wall clock in this test.
        Arc::new(move || Mono(time.fetch_add(1_500, Ordering::Relaxed)))
    };
    let mut only_first = s;
    only_first.vehicles.truncate(1);
    only_first.vehicles[0].cameras.truncate(1);
    let mut config = ServeConfig::new(clock);
    config.mavlink = Endpoint::Connect(station.local_addr().unwrap());
    config.video = VideoTarget::Base(screen.local_addr().unwrap());
    config.truth = Some(truth.clone());
    let sim = Simulation::start(only_first, Arc::clone(&w), config).expect("starts");
    let mut b = [0_u8; 2_048];
    let (n, from) = station.recv_from(&mut b).expect("telemetry");
    assert_eq!(b[0], 0xfd, "MAVLink 2");
    assert!(n > 10);
    assert_eq!(from.port(), sim.addresses()[&1].port());
    let mut reader = TsReader::new();
    let mut sets = 0;
    while sets < 5 {
        let n = screen.recv(&mut b).expect("video");
        assert_eq!((n % 188, b[0]), (0, 0x47), "whole transport packets");
        sets += reader
            .push(&b[..n])
            .iter()
            .filter(|e| matches!(e, TsEvent::Klv { .. }))
            .count();
    }
    let stats = sim.stop();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
    assert!(stats.streams.values().all(|s| s.sent >= 5 && s.datagrams > 5));
    let lines = TruthLine::read(&std::fs::read_to_string(&truth).unwrap());
    std::fs::remove_file(&truth).unwrap();
    assert!(matches!(lines[0], TruthLine::Start { .. }));
    assert!(lines.iter().any(|l| matches!(l, TruthLine::Frame { .. })));
    assert!(lines.iter().any(|l| matches!(l, TruthLine::Vehicle { .. })));
}

#[test]
fn flags_become_a_configuration_or_say_what_is_allowed() {
    let w = world();
    let o = SimOptions {
        vehicles: Some(3),
        home: Some("42.45, 1.52, 1500".to_owned()),
        connect: Some("udpout:127.0.0.1:14551".to_owned()),
        video: Some("off".to_owned()),
        ..SimOptions::default()
    };
    let (s, c) = o.build(&w).expect("right flags");
    assert_eq!(s.vehicles.iter().map(|v| v.system).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(c.mavlink, Endpoint::Connect("127.0.0.1:14551".parse().unwrap()));
    let bad = [
        SimOptions {
            home: Some("here".to_owned()),
            ..SimOptions::default()
        },
        SimOptions {
            connect: Some("nowhere".to_owned()),
            ..SimOptions::default()
        },
        SimOptions {
            speed: 0.0,
            ..SimOptions::default()
        },
        SimOptions {
            video: Some("rtsp:x".to_owned()),
            ..SimOptions::default()
        },
    ];
    for o in bad {
        let said = o.build(&w).expect_err("wrong flag").to_string();
        assert!(said.starts_with("--"), "{said}");
    }
}

#[test]
fn a_ray_meets_the_ground_where_walking_along_it_step_by_step_does() {
    let origin = LatLon::new(42.5, 1.5).unwrap();
    let hills = |at: LatLon| {
        let (n, e) = ((at.lat_deg - 42.5) * 111_000.0, (at.lon_deg - 1.5) * 82_000.0);
        Some(1_500.0 + 250.0 * (e / 900.0).sin() * (n / 700.0).cos() + 0.05 * n)
    };
    let ground = vedette_sim::Ground::sample(origin, 1_500.0, 7, &hills).unwrap();
    let (mut hits, mut skies) = (0, 0);
    // From just over the grass, from a drone's height and from above everything; down, level and up;
    // ending on the fine grid, on the coarse one and in the sky.
    for (k, agl) in [1.5_f32, 40.0, 900.0].into_iter().cycle().take(600).enumerate() {
        let turn = k as f32 * 2.399_963;
        let (x, y) = (1_400.0 * turn.cos() * (k as f32 / 600.0), 1_400.0 * turn.sin());
        let from = [x, y, ground.z(x, y) + agl];
        let dir = [
            (turn * 1.7).cos(),
            (turn * 1.7).sin(),
            [-1.4, -0.12, 0.03, -0.5][k / 3 % 4],
        ];
        let met = ground.hit(from, dir, 0.0);
        let over = |t: f32| from[2] + t * dir[2] - ground.z(from[0] + t * dir[0], from[1] + t * dir[1]);
        // Over the 9 km to the skyline's corner nothing is passed through, and what is met is the ground.
        let end = met.unwrap_or(7_000.0);
        let mut t = 0.5;
        while t < end - 0.5 {
            assert!(
                over(t) > -0.05,
                "ray {k} is {} m underground at {t} of {met:?}",
                -over(t)
            );
            t += 0.5;
        }
        match met {
            Some(t) => {
                hits += 1;
                assert!(over(t).abs() < 0.05, "ray {k} ends {} m off the ground", over(t));
            }
            None => skies += 1,
        }
    }
    assert!(hits > 300 && skies > 20, "{hits} meet the ground, {skies} the sky");
}
