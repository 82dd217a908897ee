//! Failsafes from parameters, family by family: what is set is what happens.

use vedette_geo::distance_m;
use vedette_model::{Airframe, Family};
use vedette_sim_vehicle::{Fault, Noise, VehicleConfig};

use crate::station::{GROUND, HOME, Station, Wp, point};

const NAN: f32 = f32::NAN;

fn px4(airframe: Airframe) -> Station {
    let mut cfg = VehicleConfig::small(1, airframe, HOME, GROUND);
    cfg.family = Family::Px4;
    cfg.noise = Noise::NONE;
    Station::with(cfg)
}

/// PX4: the height order first, then arming.
fn up_px4(s: &mut Station, height: f32) {
    assert_eq!(
        s.command(22, [NAN, NAN, NAN, NAN, NAN, NAN, GROUND.0 as f32 + height]),
        0
    );
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.until("height", 120.0, |t| t.amsl.0 - GROUND.0 > f64::from(height) - 4.0);
    s.run(5.0);
}

#[test]
fn a_silent_station_has_the_effect_its_parameter_names() {
    // ArduPilot copter: parameter, mode after the loss.
    for (action, mode) in [(0.0, "GUIDED"), (1.0, "RTL"), (5.0, "LAND"), (7.0, "LOITER")] {
        let mut s = Station::new(Airframe::Copter);
        s.set_param("FS_GCS_ENABLE", action);
        s.take_off(Airframe::Copter, 30.0);
        s.heartbeats = false;
        s.run(7.0);
        assert_eq!(s.v.truth().mode, mode, "FS_GCS_ENABLE {action}");
    }
    // Plane: continues a mission only where told so.
    for (long, mode) in [(1.0, "RTL"), (0.0, "GUIDED")] {
        let mut s = Station::new(Airframe::Plane);
        s.set_param("FS_GCS_ENABL", 1.0);
        s.set_param("FS_LONG_ACTN", long);
        s.set_param("RTL_AUTOLAND", 0.0);
        s.take_off(Airframe::Plane, 60.0);
        s.mode(15);
        s.heartbeats = false;
        s.run(7.0);
        assert_eq!(s.v.truth().mode, mode, "FS_LONG_ACTN {long}");
    }
    for (action, mode) in [(0, "AUTO.LOITER"), (1, "AUTO.LOITER"), (2, "RTL"), (3, "LAND")] {
        let mut s = px4(Airframe::Copter);
        s.set_int("NAV_DLL_ACT", action);
        s.set_int("COM_DL_LOSS_T", 5);
        up_px4(&mut s, 30.0);
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 600.0), 30.0);
        s.heartbeats = false;
        s.run(9.0);
        assert_eq!(s.v.truth().mode, mode, "NAV_DLL_ACT {action}");
    }
}

#[test]
fn a_low_battery_has_the_effect_its_parameters_name() {
    let drop_to = |s: &mut Station, share: f64| {
        let t = s.v.truth();
        let full = s.v.config().energy.battery_wh;
        s.v.inject(Fault::BatteryDrop(t.battery_wh_left - full * share));
        s.run(1.0);
    };
    for (low, critical, modes) in [
        (0.0, 0.0, ["GUIDED", "GUIDED"]),
        (2.0, 1.0, ["RTL", "LAND"]),
        (7.0, 1.0, ["LOITER", "LAND"]),
    ] {
        let mut s = Station::new(Airframe::Copter);
        s.set_param("BATT_FS_LOW_ACT", low);
        s.set_param("BATT_FS_CRT_ACT", critical);
        s.take_off(Airframe::Copter, 80.0);
        drop_to(&mut s, 0.19);
        assert_eq!(s.v.truth().mode, modes[0], "low {low}");
        drop_to(&mut s, 0.09);
        assert_eq!(s.v.truth().mode, modes[1], "critical {critical}");
    }
    // PX4: low warns, critical returns, emergency lands.
    let mut s = px4(Airframe::Copter);
    up_px4(&mut s, 60.0);
    for (share, mode) in [(0.19, "AUTO.LOITER"), (0.09, "RTL"), (0.04, "LAND")] {
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 60.0), 60.0);
        drop_to(&mut s, share);
        assert_eq!(s.v.truth().mode, mode, "at {share}");
    }
    // By voltage, after its patience.
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 40.0);
    s.set_param("BATT_LOW_VOLT", 30.0);
    s.run(5.0);
    assert_eq!(s.v.truth().mode, "GUIDED");
    s.run(7.0);
    assert_eq!(s.v.truth().mode, "RTL", "{:?}", s.texts());
}

#[test]
fn a_breach_has_the_effect_its_parameter_names() {
    for (action, mode) in [(0.0, "GUIDED"), (1.0, "RTL"), (2.0, "LAND"), (4.0, "LOITER")] {
        let mut s = Station::new(Airframe::Copter);
        s.set_param("FENCE_ACTION", action);
        s.set_param("FENCE_RADIUS", 60.0);
        s.take_off(Airframe::Copter, 30.0);
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(90.0, 200.0), 30.0);
        s.run(3.0);
        s.set_param("FENCE_ENABLE", 1.0);
        s.until("outside", 60.0, |t| distance_m(t.at, HOME) > 62.0);
        s.run(1.0);
        assert_eq!(s.v.truth().mode, mode, "FENCE_ACTION {action}; {:?}", s.texts());
    }
    // Below its floor.
    let mut s = Station::new(Airframe::Copter);
    s.set_param("FENCE_TYPE", 8.0);
    s.set_param("FENCE_ALT_MIN", 20.0);
    s.take_off(Airframe::Copter, 40.0);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(90.0, 100.0), 10.0);
    s.run(1.0);
    s.set_param("FENCE_ENABLE", 1.0);
    s.run(20.0);
    assert!(s.texts().iter().any(|t| t.contains("Min Alt")), "{:?}", s.texts());
    // PX4's own distances.
    let mut s = px4(Airframe::Copter);
    s.set_param("GF_MAX_HOR_DIST", 60.0);
    up_px4(&mut s, 30.0);
    s.set_int("GF_ACTION", 5);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(90.0, 200.0), 30.0);
    s.run(30.0);
    assert!(
        s.texts().iter().any(|t| t.contains("breached")) && s.v.truth().mode == "LAND",
        "{:?}",
        s.texts()
    );
}

#[test]
fn arming_is_refused_for_each_reason_in_its_own_words_and_by_its_own_bit() {
    let refused = |s: &mut Station, words: &str| {
        s.inbox.clear();
        assert_ne!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0, "{words}");
        assert!(s.texts().iter().any(|t| t.contains(words)), "{words}: {:?}", s.texts());
    };
    let arms = |s: &mut Station| {
        assert_eq!(
            s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            0,
            "{:?}",
            s.texts()
        )
    };
    type Break = fn(&mut Station);
    let cases: [(Airframe, Break, &str, u32); 4] = [
        (Airframe::Copter, |s| s.v.inject(Fault::GnssLost), "GPS 1: Bad fix", 3),
        (
            Airframe::Copter,
            |s| s.v.inject(Fault::CompassOff(80.0)),
            "Compasses inconsistent",
            2,
        ),
        (
            Airframe::Copter,
            |s| s.v.inject(Fault::BatteryDrop(s.v.config().energy.battery_wh * 0.82)),
            "Battery 1 low capacity",
            8,
        ),
        (
            Airframe::Plane,
            |s| s.v.inject(Fault::PitotBlocked(Some(14.0))),
            "Airspeed 1 not healthy",
            9,
        ),
    ];
    for (airframe, wrong, words, bit) in cases {
        let mut s = Station::new(airframe);
        s.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        wrong(&mut s);
        s.run(1.0);
        refused(&mut s, words);
        // All checks but this one.
        s.set_param("ARMING_CHECK", (0x000f_fffe & !(1_u32 << bit)) as f32);
        arms(&mut s);
        let mut s = Station::new(airframe);
        s.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        wrong(&mut s);
        s.run(1.0);
        s.set_param("ARMING_CHECK", (1_u32 << bit) as f32);
        refused(&mut s, words);
        s.set_param("ARMING_CHECK", 0.0);
        arms(&mut s);
    }
    // Outside its fence; inside it arms.
    let mut s = Station::new(Airframe::Copter);
    s.mode(4);
    let corner = |bearing: f64| Wp(5001, [4.0, 0.0, 0.0, 0.0], point(bearing, 900.0), 0.0);
    let mut away: Vec<Wp> = [0.0, 90.0, 180.0, 270.0].map(corner).into();
    for w in &mut away {
        w.2 = vedette_geo::destination(w.2, 90.0, 5_000.0);
    }
    assert_eq!(s.upload(1, &away), 0);
    s.set_param("FENCE_ENABLE", 1.0);
    refused(&mut s, "outside fence");
    let around: Vec<Wp> = [0.0, 90.0, 180.0, 270.0].map(corner).into();
    assert_eq!(s.upload(1, &around), 0);
    arms(&mut s);
    // A multirotor of ArduPilot arms in AUTO only where AUTO_OPTIONS says so.
    let mut s = Station::new(Airframe::Copter);
    assert_eq!(s.upload(0, &[Wp(22, [0.0; 4], HOME, 20.0)]), 0);
    s.mode(3);
    refused(&mut s, "AUTO mode not armable");
    s.set_param("AUTO_OPTIONS", 1.0);
    arms(&mut s);
    // PX4 without a fix, unless it may.
    let mut s = px4(Airframe::Copter);
    s.v.inject(Fault::GnssLost);
    s.run(1.0);
    refused(&mut s, "GPS 1: Bad fix");
    s.set_int("COM_ARM_WO_GPS", 1);
    arms(&mut s);
}

#[test]
fn a_return_goes_to_the_nearest_rally_point_within_its_limit() {
    let flown = |limit_km: f32, include_home: f32| {
        let mut s = Station::new(Airframe::Copter);
        let rally = [
            Wp(5100, [0.0; 4], point(90.0, 250.0), 40.0),
            Wp(5100, [0.0; 4], point(270.0, 900.0), 40.0),
        ];
        assert_eq!(s.upload(2, &rally), 0);
        s.set_param("RALLY_LIMIT_KM", limit_km);
        s.set_param("RALLY_INCL_HOME", include_home);
        s.take_off(Airframe::Copter, 30.0);
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(90.0, 400.0), 30.0);
        s.run(60.0);
        s.mode(6);
        s.until("down", 300.0, |t| !t.armed);
        (
            distance_m(s.v.truth().at, point(90.0, 250.0)),
            distance_m(s.v.truth().at, HOME),
        )
    };
    assert!(flown(5.0, 1.0).0 < 6.0, "the point 150 m away, not home");
    assert!(flown(0.1, 1.0).1 < 6.0, "no point within 100 m: home");
}

#[test]
fn a_quadplane_of_px4_comes_down_at_its_rally_point() {
    let mut s = px4(Airframe::Quadplane);
    let rally = [Wp(5100, [0.0; 4], point(180.0, 220.0), 40.0)];
    s.inbox.clear();
    s.count(2, 1);
    s.item(2, 0, &rally[0]);
    up_px4(&mut s, 50.0);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 700.0), 60.0);
    s.run(60.0);
    assert_eq!(s.command(176, [1.0, 4.0, 5.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.until("down", 400.0, |t| !t.armed);
    assert!(!s.v.truth().crashed, "{:?}", s.texts());
}

#[test]
fn a_quadplane_told_to_return_above_home_comes_straight_down() {
    for family in [Family::Px4, Family::ArduPilot] {
        let mut cfg = VehicleConfig::small(1, Airframe::Quadplane, HOME, GROUND);
        cfg.family = family;
        let mut s = Station::with(cfg);
        if family == Family::Px4 {
            up_px4(&mut s, 40.0);
            assert_eq!(s.command(176, [1.0, 4.0, 5.0, 0.0, 0.0, 0.0, 0.0]), 0);
        } else {
            s.take_off(Airframe::Quadplane, 40.0);
            s.mode(11);
        }
        s.until("down", 200.0, |t| !t.armed);
        let t = s.v.truth();
        assert!(!t.crashed && distance_m(t.at, HOME) < 20.0, "{family:?}: {t:?}");
    }
}
