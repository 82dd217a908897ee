//! A served run by a clock stepped by hand: the same as by one that runs; metadata held against truth.

use std::sync::Arc;
use std::time::Duration;

use crate::world::{small_cameras, world};
use vedette_geo::{Amsl, Body, Gimbal, LatLon, Ned, Rotation, diff_deg, distance_m};
use vedette_klv::{TsEvent, TsReader, UasDatalink};
use vedette_sim::{
    Endpoint, PlannedFault, Scenario, ServeConfig, Simulation, StepClock, Trouble, TruthLine, VideoTarget,
};
use vedette_sim_vehicle::VehicleConfig;

/// Plays small pictures of one camera by a clock that is stepped in pieces of `ms`, up to `until_s`; what
/// came by the wire, and the truth file.
fn stepped(scenario: Scenario, name: &str, ms: &[u32], until_s: f64) -> (Vec<Vec<u8>>, Vec<Vec<u8>>, String) {
    let truth = std::env::temp_dir().join(format!("vedette-step-{name}-{}.jsonl", std::process::id()));
    let station = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let screen = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let steps = StepClock::default();
    let mut config = ServeConfig::new(steps.clock());
    config.mavlink = Endpoint::Connect(station.local_addr().unwrap());
    config.video = VideoTarget::Base(screen.local_addr().unwrap());
    config.truth = Some(truth.clone());
    let sim = Simulation::start(scenario, Arc::new(world()), config).expect("starts");
    for k in [&station, &screen] {
        k.set_nonblocking(true).unwrap();
    }
    let (mut telemetry, mut video) = (Vec::new(), Vec::new());
    let mut take = || {
        let mut b = [0_u8; 2_048];
        for (socket, out) in [(&station, &mut telemetry), (&screen, &mut video)] {
            while let Ok(n) = socket.recv(&mut b) {
                out.push(b[..n].to_vec());
            }
        }
    };
    let late = sim.late_at();
    for piece in ms.iter().cycle() {
        if steps.now().seconds() >= until_s {
            break;
        }
        let left = until_s - steps.now().seconds();
        // No picture is to be lost: the next piece waits for it.
        let piece = (f64::from(*piece) * 1e-3).min(left);
        while late().0 <= steps.now().0 + (piece * 1e6) as i64 {
            assert!(sim.stats().failures.is_empty(), "{:?}", sim.stats().failures);
            std::thread::yield_now();
            take();
        }
        steps.advance(piece);
        assert!(sim.wait_flown(steps.now(), Duration::from_secs(20)), "flown in time");
        take();
    }
    let stats = sim.stop();
    take();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
    let text = std::fs::read_to_string(&truth).unwrap();
    std::fs::remove_file(&truth).unwrap();
    (telemetry, video, text)
}

#[test]
fn a_clock_that_is_stepped_gives_the_same_run_as_one_that_runs() {
    let w = world();
    let flown = |name: &str, ms: &[u32]| {
        let mut s = Scenario::parse(&small_cameras(), "small", &w).unwrap();
        s.vehicles.truncate(1);
        s.vehicles[0].cameras.clear();
        let (telemetry, _, truth) = stepped(s, name, ms, 12.0);
        (telemetry, truth)
    };
    // As a wall's clock runs, in looks of three milliseconds; in uneven pieces by hand; in one go a second.
    let (running, true_running) = flown("run", &[3]);
    for (name, pieces) in [("uneven", &[1, 350, 17, 999, 40][..]), ("seconds", &[1_000][..])] {
        let (by_hand, true_by_hand) = flown(name, pieces);
        assert!(running == by_hand, "{name}: datagram for datagram");
        assert_eq!(true_running, true_by_hand, "{name}: truth");
    }
    assert!(running.len() > 12 && true_running.lines().count() > 12);
    // It goes no further than told, never back, and by no more than ten seconds at once.
    let c = StepClock::default();
    for (by, shows) in [(0.25, 0.25), (-3.0, 0.25), (99.0, 10.25)] {
        c.advance(by);
        assert!((c.now().seconds() - shows).abs() < 1e-9);
        assert_eq!((c.clock())(), c.now());
    }
}

#[test]
fn metadata_are_off_from_the_truth_by_the_errors_of_the_scenario_and_nothing_else() {
    let w = world();
    let none = "errors = { gnss_h_m = 0, gnss_v_m = 0, velocity_m_s = 0, attitude_deg = 0, heading_deg = 0, \
                gimbal_deg = 0, baro_m = 0, accel_m_s2 = 0, gyro_deg_s = 0 }";
    let text = small_cameras();
    let (head, rest) = text.split_once("[[vehicle]]").expect("an aircraft");
    let rest: String = rest
        .lines()
        .filter(|l| !l.starts_with("heading_bias_deg") && !l.starts_with("clock_offset_ms"))
        .map(|l| format!("{l}\n"))
        .collect();
    let rest = rest.replacen(
        "[[vehicle.camera]]",
        "[[vehicle.camera]]\nboresight_deg = [0.4, -0.7]",
        1,
    );
    let text = format!(
        "{head}[[vehicle]]\n{none}\nheading_bias_deg = 1.5\nclock_offset_ms = 80.0\nclock_drift_ppm = 400.0\n\
         battery = {{ cycles = 300, temperature_c = 20 }}{rest}"
    );
    let mut s = Scenario::parse(&text, "errors.toml", &w).unwrap_or_else(|e| panic!("{e}"));
    s.vehicles.truncate(1);
    s.vehicles[0].cameras.truncate(1);
    let rated = s.vehicles[0].energy.map_or_else(
        || {
            VehicleConfig::small(1, s.vehicles[0].airframe, s.vehicles[0].home, Amsl(0.0))
                .energy
                .battery_wh
        },
        |e| e.battery_wh,
    );
    let (_, video, truth) = stepped(s, "errors", &[40], 6.0);
    let mut reader = TsReader::new();
    let mut told = Vec::new();
    for d in &video {
        for e in reader.push(d) {
            if let TsEvent::Klv { bytes, .. } = e {
                let (set, _) = vedette_klv::parse(&bytes);
                told.push(UasDatalink::from_set(&set));
            }
        }
    }
    let lines = TruthLine::read(&truth);
    let frames: Vec<_> = lines
        .iter()
        .filter_map(|l| match l {
            TruthLine::Frame {
                utc, t_s, axis_deg, at, ..
            } => Some((utc.0, *t_s, *axis_deg, *at)),
            _ => None,
        })
        .collect();
    assert!(told.len() > 10, "{} sets", told.len());
    for u in &told {
        let time = i64::try_from(u.time_us.unwrap()).unwrap();
        // Whose picture it is: the nearest in time once the clock's errors are taken off.
        let off = |f: &&(i64, f64, [f64; 3], LatLon)| (time - f.0 - 80_000 - (f.1 * 400.0) as i64).abs();
        let f = frames.iter().min_by_key(off).expect("frames");
        assert!(off(&f) <= 2, "clock: {} us", off(&f));
        let body = Rotation::<Ned, Body>::ned_from_body(
            u.platform_roll_deg.unwrap(),
            u.platform_pitch_deg.unwrap(),
            u.platform_heading_deg.unwrap(),
        );
        let gimbal = Rotation::<Body, Gimbal>::body_from_gimbal(
            u.rel_azimuth_deg.unwrap(),
            u.rel_elevation_deg.unwrap(),
            u.rel_roll_deg.unwrap(),
        );
        let (_, pitch, yaw) = body.after(&gimbal).euler_deg();
        // The camera looks 0.4 degrees higher and 0.7 left of what is told, the compass is 1.5 ahead.
        assert!(
            (f.2[1] - pitch - 0.4).abs() < 0.02,
            "pitch {pitch:.3} told, {:.3} true",
            f.2[1]
        );
        let across = diff_deg(f.2[2], yaw) * pitch.to_radians().cos();
        let law = -0.7 - 1.5 * pitch.to_radians().cos();
        assert!((across - law).abs() < 0.03, "{across:.3} across, {law:.3} expected");
        let at = LatLon::new(u.sensor_lat_deg.unwrap(), u.sensor_lon_deg.unwrap()).unwrap();
        assert!(distance_m(at, f.3) < 0.1, "position without errors");
    }
    let left = lines.iter().find_map(|l| match l {
        TruthLine::Vehicle { battery_wh, .. } => Some(*battery_wh),
        _ => None,
    });
    let share = left.expect("an aircraft") / rated;
    assert!(
        (share - 0.8).abs() < 0.01,
        "a pack of 300 charges holds four fifths: {share:.2}"
    );
}

#[test]
fn a_frozen_picture_keeps_its_metadata_and_a_lost_one_nothing() {
    let w = world();
    let mut s = Scenario::parse(&small_cameras(), "small", &w).unwrap();
    s.vehicles.truncate(1);
    s.vehicles[0].cameras.truncate(1);
    let ahead = s.vehicles[0].clock_offset_us;
    let epoch = s.epoch.0;
    let fault = |trouble, at_s, until_s| PlannedFault {
        trouble,
        at_s,
        until_s: Some(until_s),
        system: None,
    };
    s.faults = vec![
        fault(Trouble::VideoFreeze, 2.0, 3.5),
        fault(Trouble::VideoLoss, 4.5, 5.5),
    ];
    let (_, video, truth) = stepped(s, "freeze", &[40], 7.0);
    let mut reader = TsReader::new();
    let mut sets = Vec::new();
    for d in &video {
        for e in reader.push(d) {
            if let TsEvent::Klv { bytes, .. } = e {
                let u = UasDatalink::from_set(&vedette_klv::parse(&bytes).0);
                sets.extend(u.time_us.map(|t| (t as i64 - epoch - ahead) as f64 * 1e-6));
            }
        }
    }
    let between = |from: f64, to: f64| sets.iter().filter(|t| (from..to).contains(*t)).count();
    assert!(between(2.1, 3.4) >= 9, "metadata go on: {sets:?}");
    assert_eq!(between(4.6, 5.4), 0, "nothing comes: {sets:?}");
    assert!(between(5.7, 7.0) >= 6, "and comes again: {sets:?}");
    for l in TruthLine::read(&truth) {
        if let TruthLine::Frame { t_s, frozen, boxes, .. } = l {
            assert!(!frozen || boxes.is_empty(), "an old picture shows nobody of now");
            if (2.1..3.4).contains(&t_s) {
                assert!(frozen, "at {t_s}");
            } else if !(1.9..3.7).contains(&t_s) {
                assert!(!frozen, "at {t_s}");
            }
        }
    }
}
