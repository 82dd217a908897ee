//! Faults by script and by hand, and the radio: each does what its name says, shows in the record,
//! and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::library::{load, site};
use vedette_atlas::World;
use vedette_geo::{Amsl, distance_m};
use vedette_model::Mono;
use vedette_sim::{
    Endpoint, InstructorScript, Radio, Rehearsal, Scenario, ServeConfig, SimError, Simulation, Trouble, TruthLine,
    VideoTarget, free_space_db, knife_edge_db,
};

fn first_watch() -> (Arc<World>, Scenario) {
    let (w, s) = load("first-watch.toml");
    (Arc::new(w), s)
}

/// Aloft at 60 m after 30 s.
fn aloft() -> Rehearsal {
    let (w, s) = first_watch();
    let mut r = Rehearsal::new(s, w, 1);
    step(&mut r, 0, 7);
    r.listen();
    step(&mut r, 7, 8);
    r.take_off(1, 60.0);
    step(&mut r, 8, 30);
    r.telemetry();
    r.truth();
    let up = r.state(1).unwrap();
    assert!(up.armed && up.landed != vedette_model::LandedState::OnGround, "{up:?}");
    r
}

fn step(r: &mut Rehearsal, from: u32, to: u32) {
    for s in from..to {
        r.heartbeat();
        r.step_to(f64::from(s + 1));
    }
}

/// Frames with a message id, from one aircraft.
fn frames(all: &[(u8, Vec<u8>)], system: u8, id: u8) -> Vec<&Vec<u8>> {
    all.iter()
        .filter(|(s, b)| *s == system && b[7..10] == [id, 0, 0])
        .map(|(_, b)| b)
        .collect()
}

#[test]
fn a_lost_link_carries_nothing_and_comes_back() {
    let mut r = aloft();
    r.inject(Trouble::LinkLoss, Some(1));
    step(&mut r, 30, 33);
    let t = r.telemetry();
    assert!(t.iter().all(|(s, _)| *s == 2), "nothing from the silent one");
    assert!(t.len() > 10, "the other still speaks");
    r.mend();
    step(&mut r, 33, 35);
    assert!(r.telemetry().iter().any(|(s, _)| *s == 1));
    let lines = r.truth();
    let marks: Vec<_> = lines
        .iter()
        .filter_map(|l| match l {
            TruthLine::Fault {
                trouble,
                begins,
                live,
                t_s,
                ..
            } => Some((trouble.name(), *begins, *live, *t_s)),
            _ => None,
        })
        .collect();
    assert_eq!(
        marks,
        [("link-loss", true, true, 30.0), ("link-loss", false, true, 33.0)]
    );
}

#[test]
fn a_poor_link_loses_its_share_and_a_slow_one_comes_late() {
    let count = |trouble: Option<Trouble>| {
        let mut r = aloft();
        if let Some(t) = trouble {
            r.inject(t, Some(1));
        }
        step(&mut r, 30, 50);
        r.telemetry().iter().filter(|(s, _)| *s == 1).count() as f64
    };
    let all = count(None);
    let some = count(Some(Trouble::LinkPoor { share: 0.4 })) / all;
    assert!((0.5..0.7).contains(&some), "{some:.2} came through of 0.60");
    let mut r = aloft();
    r.inject(Trouble::LinkDelay { ms: 2_000.0 }, Some(1));
    step(&mut r, 30, 32);
    let early = r.telemetry().iter().filter(|(s, _)| *s == 1).count();
    step(&mut r, 32, 34);
    let later = r.telemetry().iter().filter(|(s, _)| *s == 1).count();
    assert!(early <= 2 && later > 10, "{early} then {later}");
}

#[test]
fn a_jammed_receiver_drifts_and_a_spoofed_one_is_believed() {
    let mut r = aloft();
    r.inject(
        Trouble::GnssSpoof {
            north_m_s: 3.0,
            east_m_s: 0.0,
        },
        Some(1),
    );
    let before = r.state(1).unwrap().at;
    step(&mut r, 30, 50);
    let after = r.state(1).unwrap().at;
    // It holds the place it believes in, so it is carried the other way.
    assert!(
        (before.lat_deg - after.lat_deg) * 111_000.0 > 15.0,
        "carried {:.0} m south",
        (before.lat_deg - after.lat_deg) * 111_000.0
    );
    r.mend();
    step(&mut r, 50, 70);
    assert!(
        distance_m(before, r.state(1).unwrap().at) < 15.0,
        "back when the spoofer is off"
    );
}

#[test]
fn wind_motor_and_battery_do_what_they_say() {
    let mut r = aloft();
    r.inject(
        Trouble::Wind {
            deg: 270.0,
            m_s: 11.0,
            gust_m_s: 0.0,
        },
        Some(1),
    );
    step(&mut r, 30, 34);
    let w = r.state(1).unwrap().wind;
    assert!(w.y > 7.0 && w.x.abs() < 2.0, "from the west: {w:?}");
    let full = r.state(1).unwrap().battery_wh_left;
    r.inject(Trouble::BatterySag { wh: 200.0 }, Some(1));
    step(&mut r, 34, 35);
    assert!(r.state(1).unwrap().battery_wh_left < full - 199.0);
    r.inject(Trouble::Motor { share: 0.8 }, Some(1));
    step(&mut r, 35, 60);
    assert!(r.state(1).unwrap().crashed, "a multirotor falls without thrust");
}

#[test]
fn a_blocked_pitot_tube_shows_one_speed_in_whole_frames() {
    let mut r = aloft();
    r.inject(Trouble::Pitot { m_s: 12.5 }, Some(1));
    step(&mut r, 30, 35);
    let t = r.telemetry();
    let hud = frames(&t, 1, 74);
    assert!(hud.len() > 5);
    for f in &hud {
        assert_eq!(f32::from_le_bytes([f[10], f[11], f[12], f[13]]), 12.5);
        assert_eq!(
            crc(&f[1..f.len() - 2], 20),
            u16::from_le_bytes([f[f.len() - 2], f[f.len() - 1]])
        );
    }
}

/// CRC-16/MCRF4XX, bit by bit: not the sender's way of computing it.
fn crc(bytes: &[u8], extra: u8) -> u16 {
    let mut c = 0xffff_u16;
    for b in bytes.iter().chain([&extra]) {
        c ^= u16::from(*b);
        for _ in 0..8 {
            c = if c & 1 == 1 { (c >> 1) ^ 0x8408 } else { c >> 1 };
        }
    }
    c
}

#[test]
fn a_barometer_that_reads_too_high_lets_the_aircraft_sink_until_it_is_mended() {
    let mut r = aloft();
    step(&mut r, 30, 45);
    let before = r.state(1).unwrap().amsl.0;
    r.inject(Trouble::Baro { metres: 15.0 }, Some(1));
    step(&mut r, 45, 70);
    let sunk = before - r.state(1).unwrap().amsl.0;
    assert!((11.0..19.0).contains(&sunk), "{sunk:.1} m lower");
    r.mend();
    step(&mut r, 70, 90);
    let back = before - r.state(1).unwrap().amsl.0;
    assert!(back.abs() < 4.0, "{back:.1} m");
}

#[test]
fn every_fault_can_be_put_in_and_taken_out_by_hand_and_stands_in_the_record() {
    let (w, s) = first_watch();
    let (from, to) = (s.vehicles[0].home, s.vehicles[1].home);
    let all = [
        Trouble::GnssJam,
        Trouble::GnssLoss,
        Trouble::GnssSpoof {
            north_m_s: 1.0,
            east_m_s: 1.0,
        },
        Trouble::LinkLoss,
        Trouble::LinkPoor { share: 0.5 },
        Trouble::LinkDelay { ms: 100.0 },
        Trouble::VideoFreeze,
        Trouble::VideoLoss,
        Trouble::GimbalStuck,
        Trouble::BatterySag { wh: 1.0 },
        Trouble::Motor { share: 0.1 },
        Trouble::Wind {
            deg: 10.0,
            m_s: 5.0,
            gust_m_s: 1.0,
        },
        Trouble::Pitot { m_s: 3.0 },
        Trouble::Compass { deg: 4.0 },
        Trouble::Baro { metres: 3.0 },
        Trouble::TerrainData { metres: 9.0 },
        Trouble::Intruder {
            from,
            to,
            metres: 2_000.0,
            m_s: 40.0,
        },
        Trouble::SecondStation,
    ];
    // Only the land itself does not move: its fault is there from the start.
    let kinds: Vec<_> = all.iter().map(Trouble::name).collect();
    let missing: Vec<_> = Trouble::ALL
        .iter()
        .map(|k| k.0)
        .filter(|k| !kinds.contains(k))
        .collect();
    assert_eq!(missing, ["elevation"]);
    let mut r = Rehearsal::new(s, w, 1);
    let mut t = 0.0;
    for trouble in all {
        r.truth();
        r.inject(trouble, Some(1));
        t += 1.0;
        r.step_to(t);
        r.mend();
        t += 1.0;
        r.step_to(t);
        let marks: Vec<_> = r
            .truth()
            .into_iter()
            .filter_map(|l| match l {
                TruthLine::Fault {
                    trouble: x,
                    begins,
                    live,
                    system,
                    ..
                } => Some((x, begins, live, system)),
                _ => None,
            })
            .collect();
        assert_eq!(
            marks,
            [(trouble, true, true, Some(1)), (trouble, false, true, Some(1))],
            "{}",
            trouble.name()
        );
    }
    assert!(!r.state(1).unwrap().crashed);
}

#[test]
fn two_rays_over_flat_water_fade_where_their_lengths_differ_by_whole_waves() {
    let w = site("sim/scenarios/coast");
    // A buoy's mast out at sea.
    let at = {
        let b = &w.border;
        let side = if b.home_left { 90.0 } else { -90.0 };
        vedette_geo::destination(b.at(8_000.0), b.azimuth_deg(8_000.0) + side, 900.0)
    };
    let sea = w.terrain.elevation(at).unwrap().0;
    let radio = Radio {
        at,
        amsl: Amsl(sea + 8.0),
        frequency_hz: 2.4e9,
        telemetry_db: 140.0,
        video_db: 130.0,
        interference: vec![],
    };
    let lambda = 299_792_458.0 / 2.4e9;
    let away = {
        let b = &w.border;
        let side = if b.home_left { 90.0 } else { -90.0 };
        b.azimuth_deg(8_000.0) + side
    };
    let to = vedette_geo::destination(at, away, 1_500.0);
    let below = w.terrain.elevation(to).unwrap().0;
    let (h1, d) = (8.0_f64, 1_500.0_f64);
    // Path difference 2 h1 h2 / d; the mirror turns the wave round.
    let height = |waves: f64| {
        let mut h2 = waves * lambda * d / (2.0 * h1);
        for _ in 0..20 {
            let range = d.hypot(below + h2 - sea - h1);
            h2 = waves * lambda * range / (2.0 * h1);
        }
        h2
    };
    let fading = |waves: f64| radio.link(&w.terrain, to, Amsl(below + height(waves)), 0.0).fading_db;
    for n in 3..7 {
        let mirror = 0.35 * (1.0 - (h1 + height(f64::from(n))) / d);
        let (out, add) = (-20.0 * (1.0 - mirror).log10(), -20.0 * (1.0 + mirror).log10());
        let (dark, bright) = (fading(f64::from(n)), fading(f64::from(n) + 0.5));
        assert!((dark - out).abs() < 0.15, "{n} waves: {dark:.2} dB, {out:.2} expected");
        assert!(
            (bright - add).abs() < 0.15,
            "{n}.5 waves: {bright:.2} dB, {add:.2} expected"
        );
    }
}

#[test]
fn an_intruder_is_heard_by_everybody_and_stands_in_the_truth() {
    let mut r = aloft();
    let (from, to) = (r.state(1).unwrap().at, r.state(2).unwrap().at);
    r.inject(
        Trouble::Intruder {
            from,
            to,
            metres: 2_000.0,
            m_s: 50.0,
        },
        None,
    );
    step(&mut r, 30, 36);
    let t = r.telemetry();
    for system in [1, 2] {
        let heard = frames(&t, system, 246);
        assert!(heard.len() >= 4, "aircraft {system}: {}", heard.len());
        assert_eq!(heard[0][6], 156, "from its receiver");
        assert_eq!(
            crc(&heard[0][1..heard[0].len() - 2], 184),
            u16::from_le_bytes([heard[0][heard[0].len() - 2], heard[0][heard[0].len() - 1]])
        );
    }
    let at: Vec<_> = r
        .truth()
        .iter()
        .filter_map(|l| match l {
            TruthLine::Traffic { at, amsl, .. } => Some((*at, *amsl)),
            _ => None,
        })
        .collect();
    assert!(at.len() >= 5 && at[0].1 == Amsl(2_000.0));
    let d = distance_m(at[0].0, at[1].0);
    assert!((d - 50.0).abs() < 1.0, "{d} m in a second");
}

#[test]
fn a_second_station_calls_the_aircraft_home() {
    let mut r = aloft();
    assert_eq!(r.state(1).unwrap().mode, "GUIDED");
    r.inject(Trouble::SecondStation, Some(1));
    step(&mut r, 30, 33);
    assert_eq!(r.state(1).unwrap().mode, "RTL", "nobody of ours ordered that");
}

#[test]
fn land_that_is_higher_than_the_map_stops_a_descent_above_it() {
    let (w, mut s) = first_watch();
    s.faults = vec![vedette_sim::PlannedFault {
        trouble: Trouble::Elevation { metres: 25.0 },
        at_s: 0.0,
        until_s: None,
        system: None,
    }];
    let home = s.vehicles[0].home_amsl.0;
    let mut r = Rehearsal::new(s, w, 1);
    step(&mut r, 0, 3);
    let stands = r.state(1).unwrap().amsl.0;
    assert!((stands - home - 25.0).abs() < 0.5, "{stands} m, the map says {home}");
}

#[test]
fn radio_loss_follows_free_space_the_knife_edge_and_the_terrain() {
    // ITU-R P.525: 2.4 GHz over 1 km is 100.0 dB; each doubling 6 dB more.
    assert!((free_space_db(2.4e9, 1_000.0) - 100.0).abs() < 0.1);
    assert!((free_space_db(2.4e9, 2_000.0) - free_space_db(2.4e9, 1_000.0) - 6.02).abs() < 0.01);
    // ITU-R P.526: grazing costs 6.0 dB, a deep shadow 13 + 20 log nu.
    assert!((knife_edge_db(0.0) - 6.0).abs() < 0.1);
    assert!((knife_edge_db(10.0) - 33.0).abs() < 0.3);
    assert_eq!(knife_edge_db(-2.0), 0.0);

    let w = site("maps/data/andorra");
    let b = &w.border;
    let at = b.at(36_400.0);
    let ground = w.terrain.elevation(at).unwrap().0;
    let radio = Radio {
        at,
        amsl: Amsl(ground + 6.0),
        frequency_hz: 2.4e9,
        telemetry_db: 130.0,
        video_db: 120.0,
        interference: vec![vedette_sim::Interference {
            at: vedette_geo::destination(at, 90.0, 600.0),
            db_at_100_m: 50.0,
            from_s: 100.0,
            until_s: 200.0,
        }],
    };
    let there = vedette_geo::destination(at, 80.0, 700.0);
    let g = w.terrain.elevation(there).unwrap().0;
    let high = radio.link(&w.terrain, there, Amsl(g.max(ground) + 500.0), 0.0);
    assert!(high.shadow_db < 1.0 && high.telemetry_loss() < 1e-3, "{high:?}");
    // Somewhere around the mast a hill stands between: lower is darker, never brighter.
    let shadow = (0..36)
        .map(|k| {
            let p = vedette_geo::destination(at, f64::from(k) * 10.0, 2_500.0);
            let g = w.terrain.elevation(p).unwrap().0;
            let low = radio.link(&w.terrain, p, Amsl(g + 20.0), 0.0);
            let up = radio.link(&w.terrain, p, Amsl(g + 700.0), 0.0);
            assert!(low.shadow_db + 0.5 >= up.shadow_db, "{low:?} {up:?}");
            low.shadow_db
        })
        .fold(0.0, f64::max);
    assert!(shadow > 15.0, "{shadow}");
    let (quiet, noisy) = (
        radio.link(&w.terrain, there, Amsl(g + 500.0), 50.0),
        radio.link(&w.terrain, there, Amsl(g + 500.0), 150.0),
    );
    assert!(quiet.noise_db == 0.0 && noisy.noise_db > 20.0);
    assert!(noisy.video_loss() >= quiet.video_loss());
}

#[test]
fn a_scripted_radio_takes_frames_where_the_terrain_is_in_the_way() {
    let (w, s) = load("radio-shadow.toml");
    let mut r = Rehearsal::new(s, Arc::new(w), 1);
    step(&mut r, 0, 5);
    let radio: Vec<_> = r
        .truth()
        .into_iter()
        .filter(|l| matches!(l, TruthLine::Radio { .. }))
        .collect();
    assert!(radio.len() >= 8, "{}", radio.len());
}

#[test]
fn an_instructor_breaks_mends_halts_and_bends_time_while_it_runs() {
    let (w, mut s) = first_watch();
    s.vehicles.truncate(1);
    s.vehicles[0].cameras.clear();
    let station = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let time = Arc::new(AtomicI64::new(0));
    let outer = Arc::clone(&time);
    let truth = std::env::temp_dir().join(format!("vedette-live-{}.jsonl", std::process::id()));
    let mut config = ServeConfig::new(Arc::new(move || Mono(outer.load(Ordering::SeqCst))));
    config.mavlink = Endpoint::Connect(station.local_addr().unwrap());
    config.video = VideoTarget::Off;
    config.truth = Some(truth.clone());
    let sim = Simulation::start(s, w, config).unwrap();
    let i = sim.instructor();
    let wrong = i.inject(Trouble::LinkLoss, Some(9)).unwrap_err();
    assert!(matches!(wrong, SimError::Option { .. }) && wrong.to_string().contains("the scenario's are 1"));
    assert!(
        i.inject(Trouble::Elevation { metres: 5.0 }, None).is_err(),
        "land does not move"
    );
    i.inject(Trouble::GimbalStuck, Some(1)).unwrap();
    let go = |us: i64| time.fetch_add(us, Ordering::SeqCst);
    let flown = |us: i64| assert!(sim.wait_flown(Mono(us), Duration::from_secs(20)), "at {us} in time");
    go(500_000);
    flown(500_000);
    assert!(
        i.active().iter().any(|f| f.trouble == Trouble::GimbalStuck && f.live),
        "the fault holds"
    );
    i.remove(i.active()[0].id);
    go(500_000);
    flown(1_000_000);
    assert!(i.active().is_empty(), "the fault is mended");
    i.pause(true);
    let held = i.t_s();
    go(5_000_000);
    assert!(i.paused() && (i.t_s() - held).abs() < 1e-9, "time stands still");
    i.pause(false);
    i.set_speed(2.0);
    go(1_000_000);
    assert!((i.t_s() - held - 2.0).abs() < 1e-6, "{}", i.t_s() - held);
    let stats = sim.stop();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
    let lines = TruthLine::read(&std::fs::read_to_string(&truth).unwrap());
    std::fs::remove_file(&truth).unwrap();
    let faults = lines
        .iter()
        .filter(|l| matches!(l, TruthLine::Fault { live: true, .. }))
        .count();
    assert_eq!(faults, 2, "begun and ended, both in the record");
}

#[test]
fn an_instructors_script_says_what_is_wrong_in_it() {
    let good = "[[act]]\nat_s = 5\ndo = \"inject\"\nsystem = 1\ntrouble = { what = \"link-poor\", share = 0.4 }\n\n[[act]]\nat_s = 2\ndo = \"speed\"\nspeed = 2.0\n";
    assert!(InstructorScript::parse(good, "i.toml").is_ok());
    let bad = "[[act]]\nat_s = 5\ndo = \"inject\"\n\n[[act]]\nat_s = 9\ndo = \"speed\"\nspeed = 99.0\n\n[[act]]\nat_s = 9\ndo = \"mend\"\nkind = \"weather\"\n";
    let e = InstructorScript::parse(bad, "i.toml").unwrap_err();
    assert_eq!(e.each().len(), 3, "{e}");
    assert!(e.to_string().contains("i.toml, line 5"), "{e}");
    assert!(InstructorScript::parse("[[act]]\nat_s = 5\ndo = \"explode\"\n", "i.toml").is_err());
}
