//! What the aircraft believes: errors as large and as slow as configured, limits of what moves, and
//! what blocked and misled senses make it do.
#![allow(clippy::print_stdout, reason = "the table is the point")]

use vedette_geo::{Amsl, G_M_S2, LatLon, diff_deg, distance_m};
use vedette_model::{Airframe, Family};
use vedette_sim_vehicle::{Fault, Noise, VehicleConfig, Weather};

use crate::station::{GROUND, HOME, Station, Wp, point};
use crate::truth::Table;

const NAN: f32 = f32::NAN;

/// A plane's or copter's station with the given sensor errors.
fn with_noise(airframe: Airframe, noise: Noise, seed: u64) -> Station {
    let mut cfg = VehicleConfig::small(1, airframe, HOME, GROUND);
    cfg.noise = noise;
    cfg.seed = seed;
    Station::with(cfg)
}

fn sigma(v: &[f64]) -> f64 {
    (v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64).sqrt()
}

#[test]
fn sensor_errors_have_the_stated_sigma_and_their_own_pace() {
    let k = Noise::default();
    let (mut north, mut down, mut speed, mut roll, mut yaw) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut near, mut late) = (0.0, 0.0);
    // Slow errors take long to show their size: many short lives instead of one long one.
    let lives = 400;
    for seed in 0..lives {
        let mut s = with_noise(Airframe::Copter, k, 1_000 + seed);
        let error = |s: &Station| {
            let (t, r) = (s.v.truth(), s.v.reported());
            let n = (r.at.lat_deg - t.at.lat_deg).to_radians() * 6_371_000.0;
            (
                n,
                r.amsl.0 - t.amsl.0,
                r.velocity.x - t.velocity.x,
                r.roll_deg - t.roll_deg,
                diff_deg(r.yaw_deg, t.yaw_deg),
            )
        };
        let a = error(&s);
        s.run(2.0);
        let b = error(&s);
        s.run(18.0);
        let c = error(&s);
        near += a.0 * b.0;
        late += a.3 * c.3;
        north.extend([a.0]);
        down.extend([a.1]);
        speed.extend([a.2]);
        roll.extend([a.3]);
        yaw.extend([a.4]);
    }
    let mut t = Table::default();
    // The relative error of a sigma from n independent looks is 1/√(2n): 3.5 %, three of them.
    t.row("GNSS north, m", sigma(&north), k.gnss_h_m, 0.11);
    t.row(
        "height: receiver and barometer, m",
        sigma(&down),
        k.gnss_v_m.hypot(k.baro_m),
        0.11,
    );
    t.row("velocity north, m/s", sigma(&speed), k.velocity_m_s, 0.11);
    t.row("roll, deg", sigma(&roll), k.attitude_deg, 0.11);
    t.row("heading, deg", sigma(&yaw), k.heading_deg, 0.11);
    let n = f64::from(lives as u32);
    t.row(
        "GNSS error after 2 s: exp(-2/60)",
        near / n / sigma(&north).powi(2),
        (-2.0_f64 / 60.0).exp(),
        0.05,
    );
    t.row(
        "roll error after 20 s: exp(-1)",
        late / n / sigma(&roll).powi(2),
        (-1.0_f64).exp(),
        0.35,
    );
    t.judge();
}

/// SCALED or raw accelerometers of RAW_IMU (27), metres per second squared and degrees per second.
fn imu(s: &mut Station) -> ([f64; 3], [f64; 3]) {
    s.inbox.clear();
    assert_eq!(s.command(512, [27.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    let g = s.inbox.iter().find(|g| g.id == 27).expect("RAW_IMU");
    let at = |k: usize| f64::from(g.u16(8 + 2 * k) as i16) * 1e-3;
    (
        [at(0) * G_M_S2, at(1) * G_M_S2, at(2) * G_M_S2],
        [at(3).to_degrees(), at(4).to_degrees(), at(5).to_degrees()],
    )
}

#[test]
fn inertial_sensors_feel_gravity_turns_and_their_own_bias() {
    // Standing: one g up. In a coordinated turn: one load factor, and the turn rate in body axes.
    let mut s = Station::new(Airframe::Plane);
    let (a, w) = imu(&mut s);
    assert!(
        (a[2] + G_M_S2).abs() < 0.05 && a[0].abs().max(a[1].abs()) < 0.05,
        "{a:?}"
    );
    assert!(w.iter().all(|v| v.abs() < 0.2), "{w:?}");
    s.take_off(Airframe::Plane, 80.0);
    s.mode(15);
    assert_eq!(s.command_at(34, [80.0, 0.0, 0.0, 0.0], point(90.0, 500.0), 80.0), 0);
    s.run(80.0);
    let (a, _) = imu(&mut s);
    let t = s.v.truth();
    let law = G_M_S2 / t.roll_deg.to_radians().cos();
    let felt = (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt();
    assert!(
        (felt / law - 1.0).abs() < 0.03,
        "felt {felt:.2}, load factor says {law:.2}"
    );
    assert!(a[1].abs() < 0.6, "no side force in a coordinated turn: {a:?}");
    // Biases differ from aircraft to aircraft by the stated sigma.
    let k = Noise::default();
    let bias: Vec<f64> = (0..200)
        .map(|seed| imu(&mut with_noise(Airframe::Copter, k, seed)).0[0])
        .collect();
    // Bias, white noise of a third of it, and a step of a thousandth of g.
    let law = k.accel_m_s2 * (1.0 + 1.0_f64 / 9.0).sqrt();
    assert!(
        (sigma(&bias) / law - 1.0).abs() < 0.2,
        "{:.4} of {law:.4}",
        sigma(&bias)
    );
}

#[test]
fn a_clock_that_gains_says_so_by_its_parts_per_million() {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.clock_drift_ppm = 40.0;
    let boot = cfg.boot_utc;
    let mut s = Station::with(cfg);
    s.run(1_000.0);
    let ahead = s.v.reported().utc.0 - boot.0 - s.v.truth().now.0;
    assert!((ahead - 40_320).abs() < 10, "40 ppm of 1008 s: {ahead} us");
}

#[test]
fn a_gimbal_turns_no_faster_and_no_further_than_it_can() {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.noise = Noise::NONE;
    cfg.gimbal.yaw_deg = 120.0;
    let limits = cfg.gimbal;
    let mut s = Station::with(cfg);
    let mut before = s.v.truth();
    let mut fastest = 0.0_f64;
    for [pitch, yaw] in [[-90.0, 170.0], [60.0, -170.0], [-45.0, 0.0]] {
        assert_eq!(s.command(1000, [pitch, yaw, NAN, NAN, 0.0, 0.0, 0.0]), 0);
        for _ in 0..200 {
            s.run(0.05);
            let t = s.v.truth();
            for rate in [
                t.gimbal_pitch_deg - before.gimbal_pitch_deg,
                diff_deg(t.gimbal_yaw_deg, before.gimbal_yaw_deg),
            ] {
                fastest = fastest.max(rate.abs() / 0.05);
            }
            before = t;
        }
        let off = diff_deg(before.gimbal_yaw_deg, before.yaw_deg);
        assert!(off.abs() <= 120.5, "{off:.1} degrees off the nose, 120 can be");
        let p = before.gimbal_pitch_deg;
        assert!(
            p >= limits.pitch_min_deg - 0.5 && p <= limits.pitch_max_deg + 0.5,
            "{p:.1}"
        );
    }
    assert!(
        (0.9..1.05).contains(&(fastest / limits.slew_deg_s)),
        "{fastest:.1} degrees a second of {}",
        limits.slew_deg_s
    );
}

#[test]
fn a_stuck_gimbal_stays_in_its_frame_says_so_and_comes_free() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 40.0);
    let point_at = |s: &mut Station, pitch: f32| {
        assert_eq!(s.command(1000, [pitch, 0.0, NAN, NAN, 0.0, 0.0, 0.0]), 0);
        s.run(4.0);
    };
    point_at(&mut s, -30.0);
    let before = s.v.truth();
    assert!(
        (before.gimbal_pitch_deg + 30.0).abs() < 1.0,
        "{:.1}",
        before.gimbal_pitch_deg
    );
    s.v.inject(Fault::GimbalStuck);
    point_at(&mut s, -80.0);
    let stuck = s.v.truth();
    assert!(
        (stuck.gimbal_pitch_deg + 30.0).abs() < 5.0,
        "{:.1}",
        stuck.gimbal_pitch_deg
    );
    // It turns with the nose it is fixed to, and tells where it really looks.
    assert_eq!(s.command(115, [120.0, 30.0, 1.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.run(8.0);
    let turned = s.v.truth();
    let (nose, look) = (
        diff_deg(turned.yaw_deg, before.yaw_deg),
        diff_deg(turned.gimbal_yaw_deg, before.gimbal_yaw_deg),
    );
    assert!(
        nose.abs() > 90.0 && (nose - look).abs() < 3.0,
        "nose {nose:.0}, camera {look:.0}"
    );
    let told = s.v.reported();
    assert!(
        (told.gimbal_pitch_deg - turned.gimbal_pitch_deg).abs() < 0.5,
        "{told:?}"
    );
    s.v.inject(Fault::GimbalFree);
    point_at(&mut s, -80.0);
    assert!((s.v.truth().gimbal_pitch_deg + 80.0).abs() < 1.0);
}

#[test]
fn attitude_turns_no_faster_than_the_airframe_can() {
    for (airframe, most) in [(Airframe::Copter, 150.0), (Airframe::Plane, 60.0)] {
        let mut s = Station::new(airframe);
        s.weather = Weather {
            wind_from_deg: 30.0,
            wind_m_s: 7.0,
            gust_m_s: 6.0,
        };
        s.take_off(airframe, 60.0);
        s.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        let env = s.v.config().envelope;
        for bearing in [180.0, 0.0, 90.0] {
            s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(bearing, 500.0), 60.0);
            let mut before = s.v.truth();
            for _ in 0..600 {
                s.run(0.05);
                let t = s.v.truth();
                let rate = (t.roll_deg - before.roll_deg).abs() / 0.05;
                assert!(rate <= most * 1.01, "{airframe:?} rolls at {rate:.0} degrees a second");
                assert!(t.roll_deg.abs() <= env.max_bank_deg + 0.1, "{:.1}", t.roll_deg);
                assert!(t.airspeed_m_s <= env.max_m_s * 1.35, "{:.1} m/s", t.airspeed_m_s);
                before = t;
            }
        }
    }
}

#[test]
fn a_plane_with_a_blocked_pitot_tube_flies_too_fast_unless_told_not_to_use_it() {
    let flown = |uses: f32, family: Family| {
        let mut cfg = VehicleConfig::small(1, Airframe::Plane, HOME, GROUND);
        cfg.noise = Noise::NONE;
        cfg.family = family;
        let mut s = Station::with(cfg);
        s.set_param("ARSPD_USE", uses);
        s.take_off(Airframe::Plane, 80.0);
        s.mode(15);
        s.run(20.0);
        s.v.inject(Fault::PitotBlocked(Some(15.0)));
        s.run(30.0);
        s.inbox.clear();
        assert_eq!(s.command(512, [74.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
        let hud = s.inbox.iter().find(|g| g.id == 74).expect("VFR_HUD");
        let told = f32::from_le_bytes([hud.byte(0), hud.byte(1), hud.byte(2), hud.byte(3)]);
        assert!((told - 15.0).abs() < 1e-6, "tells {told}");
        assert!((s.v.reported().airspeed_m_s - 15.0).abs() < 1e-9);
        let fast = s.v.truth().airspeed_m_s;
        s.v.inject(Fault::PitotBlocked(None));
        s.run(40.0);
        (fast, s.v.truth().airspeed_m_s)
    };
    let (fast, after) = flown(1.0, Family::ArduPilot);
    assert!(fast > 26.0, "asked 20 m/s, told 15, flies {fast:.1}");
    assert!((after - 20.0).abs() < 0.5, "free again: {after:.1}");
    let (steady, _) = flown(0.0, Family::ArduPilot);
    assert!((steady - 20.0).abs() < 0.5, "by other means: {steady:.1}");
}

/// Flat land on which a plain map is wrong.
fn level(_: LatLon) -> Option<Amsl> {
    Some(GROUND)
}

#[test]
fn wrong_terrain_data_aboard_bring_a_terrain_leg_that_much_too_low() {
    let mut s = Station::new(Airframe::Copter);
    s.ground = level;
    s.frame = 10;
    let items = [
        Wp(22, [0.0; 4], HOME, 60.0),
        Wp(16, [0.0; 4], point(0.0, 200.0), 60.0),
        Wp(16, [0.0; 4], point(0.0, 2500.0), 60.0),
    ];
    assert_eq!(s.upload(0, &items), 0);
    s.mode(4);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.mode(3);
    assert_eq!(s.command(300, [0.0; 7]), 0);
    s.until("under way", 200.0, |t| distance_m(t.at, HOME) > 500.0);
    let over = |s: &Station| s.v.truth().amsl.0 - GROUND.0;
    assert!((over(&s) - 60.0).abs() < 2.0, "{:.1}", over(&s));
    s.v.inject(Fault::TerrainDataLow(25.0));
    s.run(30.0);
    assert!(
        (over(&s) - 35.0).abs() < 2.0,
        "{:.1} m over the land, 60 asked",
        over(&s)
    );
    s.inbox.clear();
    assert_eq!(s.command(512, [136.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    let r = s.inbox.iter().find(|g| g.id == 136).expect("TERRAIN_REPORT");
    let f = |k: usize| f32::from_le_bytes([r.byte(k), r.byte(k + 1), r.byte(k + 2), r.byte(k + 3)]);
    assert!((f(12) - 60.0).abs() < 3.0, "and says {} m", f(12));
}
