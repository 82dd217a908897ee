//! Flight: what the airframe can and cannot do.

use vedette_geo::{G_M_S2, diff_deg, distance_m};
use vedette_model::{Airframe, LandedState};
use vedette_sim_vehicle::{Fault, VehicleConfig, Weather};

use crate::station::{GROUND, HOME, Station, Wp, point};

const NAN: f32 = f32::NAN;

#[test]
fn a_hovering_copter_holds_its_place_in_wind_and_gusts() {
    let mut s = Station::new(Airframe::Copter);
    s.weather = Weather {
        wind_from_deg: 250.0,
        wind_m_s: 8.0,
        gust_m_s: 3.0,
    };
    s.take_off(Airframe::Copter, 30.0);
    s.run(20.0);
    let mut worst = 0.0_f64;
    for _ in 0..600 {
        s.run(0.1);
        worst = worst.max(distance_m(s.v.truth().at, HOME));
    }
    assert!(worst < 2.0, "drifted {worst:.2} m");
    let t = s.v.truth();
    let tilt = t.roll_deg.hypot(t.pitch_deg);
    assert!((3.0..25.0).contains(&tilt), "leans into the wind: {tilt:.1} degrees");
}

#[test]
fn a_turn_has_the_radius_of_its_bank() {
    let mut s = Station::new(Airframe::Plane);
    s.take_off(Airframe::Plane, 80.0);
    s.mode(15);
    for radius in [70.0_f32, 120.0, 200.0] {
        assert_eq!(s.command_at(34, [radius, 0.0, 0.0, 0.0], point(90.0, 500.0), 80.0), 0);
        s.run(70.0);
        let (mut r, mut bank, n) = (0.0, 0.0, 200);
        for _ in 0..n {
            s.run(0.1);
            let t = s.v.truth();
            r += distance_m(t.at, point(90.0, 500.0)) / f64::from(n);
            bank += t.roll_deg / f64::from(n);
        }
        let v = s.v.truth().airspeed_m_s;
        let law = v * v / (G_M_S2 * bank.to_radians().tan());
        assert!(
            (r / law - 1.0).abs() < 0.05,
            "flew {r:.1} m at {bank:.1} degrees, law {law:.1} m"
        );
        assert!(
            (r / f64::from(radius) - 1.0).abs() < 0.05,
            "asked {radius}, flew {r:.1}"
        );
    }
}

#[test]
fn a_plane_never_turns_tighter_than_its_bank_limit() {
    let mut s = Station::new(Airframe::Plane);
    s.take_off(Airframe::Plane, 80.0);
    s.mode(15);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(180.0, 800.0), 80.0);
    let mut steepest = 0.0_f64;
    let mut before = s.v.truth();
    for _ in 0..400 {
        s.run(0.05);
        let t = s.v.truth();
        steepest = steepest.max(t.roll_deg.abs());
        let rate = diff_deg(t.yaw_deg, before.yaw_deg).abs() / 0.05;
        let most = (G_M_S2 * 45.0_f64.to_radians().tan() / t.airspeed_m_s).to_degrees();
        assert!(rate <= most * 1.02, "{rate:.1} degrees per second");
        before = t;
    }
    assert!((30.0..=45.01).contains(&steepest), "{steepest:.1}");
}

#[test]
fn climb_and_descent_stay_within_the_envelope() {
    for airframe in [Airframe::Copter, Airframe::Plane] {
        let mut s = Station::new(airframe);
        s.take_off(airframe, 40.0);
        s.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        let env = s.v.config().envelope;
        for height in [200.0, 60.0] {
            s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 400.0), height);
            let (mut up, mut down) = (0.0_f64, 0.0_f64);
            for _ in 0..700 {
                s.run(0.1);
                let w = -s.v.truth().velocity.z;
                up = up.max(w);
                down = down.max(-w);
            }
            assert!(
                up <= env.climb_m_s + 0.1 && down <= env.descent_m_s + 0.1,
                "{airframe:?}: {up:.2} up, {down:.2} down"
            );
            let off = s.v.truth().amsl.0 - GROUND.0 - f64::from(height);
            assert!(off.abs() < 3.0, "{airframe:?} is {off:.1} m off");
        }
    }
}

/// Out and back over a leg in wind: T = (2L/V)·√(1−(wx/V)²)/(1−(w/V)²).
#[test]
fn out_and_back_takes_as_long_as_the_wind_triangle_says() {
    let mut s = Station::new(Airframe::Plane);
    s.weather = Weather {
        wind_from_deg: 40.0,
        wind_m_s: 7.0,
        gust_m_s: 0.0,
    };
    let gate = [point(0.0, 600.0), point(0.0, 1600.0)];
    let items = [
        Wp(22, [10.0, 0.0, 0.0, 0.0], HOME, 80.0),
        Wp(16, [0.0; 4], point(0.0, 2300.0), 80.0),
        Wp(16, [0.0; 4], point(180.0, 200.0), 80.0),
    ];
    assert_eq!(s.upload(0, &items), 0);
    s.mode(10);
    assert_eq!(
        s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        0,
        "{:?}",
        s.texts()
    );
    let leg = |s: &mut Station, from: usize, north: bool| {
        let passed = move |lat: f64, g: usize| {
            if north {
                lat > gate[g].lat_deg
            } else {
                lat < gate[g].lat_deg
            }
        };
        s.until("first gate", 300.0, |t| passed(t.at.lat_deg, from));
        s.until("second gate", 300.0, |t| passed(t.at.lat_deg, 1 - from))
    };
    let out = leg(&mut s, 0, true);
    s.until("turned", 100.0, |t| t.velocity.x < -5.0);
    let back = leg(&mut s, 1, false);
    let (v, w) = (20.0_f64, 7.0_f64);
    let cross = w * 40.0_f64.to_radians().sin();
    let law = 2.0 * 1000.0 / v * (1.0 - (cross / v).powi(2)).sqrt() / (1.0 - (w / v).powi(2));
    assert!(
        ((out + back) / law - 1.0).abs() < 0.02,
        "flew {:.1} s, law {law:.1} s",
        out + back
    );
    assert!(
        out > 1.3 * back,
        "the way against the wind is longer: {out:.1} and {back:.1} s"
    );
}

#[test]
fn a_copter_flies_ten_waypoints_and_lands_at_home() {
    let mut s = Station::with(VehicleConfig::small(1, Airframe::Copter, HOME, GROUND));
    s.weather = Weather {
        wind_from_deg: 300.0,
        wind_m_s: 4.0,
        gust_m_s: 2.0,
    };
    let points: Vec<_> = (0..10).map(|i| point(f64::from(i) * 36.0, 120.0)).collect();
    let mut items = vec![Wp(22, [0.0; 4], HOME, 25.0)];
    items.extend(points.iter().map(|p| Wp(16, [0.0; 4], *p, 30.0)));
    items.push(Wp(20, [0.0; 4], HOME, 0.0));
    assert_eq!(s.upload(0, &items), 0);
    s.mode(4);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.mode(3);
    assert_eq!(s.command(300, [0.0; 7]), 0);
    let mut nearest = [f64::INFINITY; 10];
    for _ in 0..4000 {
        s.run(0.1);
        let at = s.v.truth().at;
        for (n, p) in nearest.iter_mut().zip(&points) {
            *n = n.min(distance_m(at, *p));
        }
        if !s.v.truth().armed {
            break;
        }
    }
    let t = s.v.truth();
    assert!(!t.armed && t.landed == LandedState::OnGround && !t.crashed, "{t:?}");
    assert!(nearest.iter().all(|d| *d < 8.0), "{nearest:.1?}");
    assert!(
        distance_m(t.at, HOME) < 6.0,
        "{:.1} m from home",
        distance_m(t.at, HOME)
    );
    let reached: Vec<u16> = s.inbox.iter().filter(|g| g.id == 46).map(|g| g.u16(0)).collect();
    assert_eq!(reached, (1..=11).collect::<Vec<u16>>());
}

#[test]
fn a_plane_lands_where_its_mission_says() {
    let mut cfg = VehicleConfig::small(1, Airframe::Plane, HOME, GROUND);
    cfg.heading_deg = 180.0;
    let mut s = Station::with(cfg);
    s.weather = Weather {
        wind_from_deg: 180.0,
        wind_m_s: 4.0,
        gust_m_s: 2.0,
    };
    let items = [
        Wp(22, [10.0, 0.0, 0.0, 0.0], point(180.0, 300.0), 50.0),
        Wp(16, [0.0; 4], point(90.0, 700.0), 70.0),
        Wp(16, [0.0; 4], point(0.0, 900.0), 60.0),
        Wp(189, [0.0; 4], point(0.0, 700.0), 60.0),
        Wp(21, [0.0; 4], HOME, 0.0),
    ];
    assert_eq!(s.upload(0, &items), 0);
    s.mode(10);
    assert_eq!(
        s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        0,
        "{:?}",
        s.texts()
    );
    s.run(5.0);
    s.until("landed and disarmed", 400.0, |t| !t.armed);
    let t = s.v.truth();
    assert!(!t.crashed, "{:?}", s.texts());
    assert!(
        distance_m(t.at, HOME) < 60.0,
        "{:.0} m from the point",
        distance_m(t.at, HOME)
    );
}

#[test]
fn a_quadplane_rises_on_rotors_cruises_on_wings_and_lands_on_rotors() {
    let mut s = Station::new(Airframe::Quadplane);
    s.take_off(Airframe::Quadplane, 40.0);
    assert!(distance_m(s.v.truth().at, HOME) < 5.0, "straight up");
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(45.0, 1200.0), 60.0);
    s.run(40.0);
    assert!(s.v.truth().airspeed_m_s > 18.0, "{:?}", s.v.truth());
    s.mode(21);
    s.until("down", 300.0, |t| !t.armed);
    let t = s.v.truth();
    assert!(!t.crashed && distance_m(t.at, HOME) < 10.0, "{t:?}");
}

#[test]
fn a_quadplane_says_when_it_goes_over_and_stays_on_rotors_when_told_to() {
    let state = |s: &mut Station| {
        s.inbox.clear();
        assert_eq!(s.command(512, [245.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
        s.inbox
            .iter()
            .find(|g| g.id == 245)
            .expect("EXTENDED_SYS_STATE")
            .byte(0)
    };
    let mut cfg = VehicleConfig::small(1, Airframe::Quadplane, HOME, GROUND);
    cfg.family = vedette_model::Family::Px4;
    cfg.noise = vedette_sim_vehicle::Noise::NONE;
    let mut s = Station::with(cfg);
    assert_eq!(s.command(22, [NAN, NAN, NAN, NAN, NAN, NAN, GROUND.0 as f32 + 50.0]), 0);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.run(4.0);
    assert_eq!(state(&mut s), 3, "climbs on rotors");
    s.until("height", 120.0, |t| t.amsl.0 - GROUND.0 > 46.0);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 3_000.0), 60.0);
    // Out to wings, back to rotors, out again: each state is told, and speed follows it.
    let mut met = vec![3];
    let watch = |s: &mut Station, met: &mut Vec<u8>, seconds: u32| {
        for _ in 0..seconds * 4 {
            s.run(0.25);
            let now = state(s);
            if met.last() != Some(&now) {
                met.push(now);
            }
        }
    };
    watch(&mut s, &mut met, 25);
    assert!(s.v.truth().airspeed_m_s > 18.0, "{:?}", s.v.truth());
    let (wings, low) = (s.v.truth().power_w, s.v.truth().amsl.0);
    assert_eq!(s.command(3000, [3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    watch(&mut s, &mut met, 25);
    let t = s.v.truth();
    assert!(t.velocity.x.hypot(t.velocity.y) < 7.0, "on rotors it is slow: {t:?}");
    assert!(
        t.power_w > 2.0 * wings,
        "{:.0} W hovering, {wings:.0} W on wings",
        t.power_w
    );
    assert!(t.amsl.0 > low - 15.0, "and does not fall");
    assert_eq!(s.command(3000, [4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    watch(&mut s, &mut met, 25);
    assert_eq!(met, [3, 1, 4, 2, 3, 1, 4]);
    assert_eq!(s.command(3000, [7.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 4, "no such state");
    // ArduPilot's QLOITER hovers, its LOITER circles.
    let mut s = Station::new(Airframe::Quadplane);
    s.take_off(Airframe::Quadplane, 40.0);
    s.mode(19);
    s.run(20.0);
    assert!(s.v.truth().airspeed_m_s < 2.0, "{:?}", s.v.truth());
    s.mode(12);
    s.run(30.0);
    assert!(s.v.truth().airspeed_m_s > 15.0, "{:?}", s.v.truth());
}

#[test]
fn hovering_costs_the_hover_power_and_the_battery_ends_the_flight() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 20.0);
    s.run(10.0);
    let before = s.v.truth().battery_wh_left;
    s.run(60.0);
    let used = before - s.v.truth().battery_wh_left;
    let law = s.v.config().energy.hover_w * 60.0 / 3600.0;
    assert!(
        (used / law - 1.0).abs() < 0.05,
        "{used:.2} Wh, hover power says {law:.2}"
    );
    s.v.inject(Fault::BatteryDrop(s.v.truth().battery_wh_left - 25.0));
    s.run(1.0);
    assert_eq!(s.v.truth().mode, "RTL", "{:?}", s.texts());
}

#[test]
fn faults_have_effects() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 20.0);
    s.v.inject(Fault::GnssLost);
    s.run(7.0);
    assert_eq!(s.v.truth().mode, "LAND", "{:?}", s.texts());
    assert!(!s.v.reported().fix);

    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 20.0);
    s.v.inject(Fault::ThrustLost(0.8));
    s.run(10.0);
    assert!(s.v.truth().crashed && !s.v.truth().armed);

    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 20.0);
    s.run(10.0);
    s.v.inject(Fault::GnssSpoofed([2.0, 0.0]));
    s.run(20.0);
    let pulled = distance_m(s.v.truth().at, HOME);
    assert!(
        (25.0..50.0).contains(&pulled),
        "follows the false position: {pulled:.0} m"
    );
    assert!(
        distance_m(s.v.reported().at, HOME) < 6.0,
        "and believes it stands still"
    );
}

/// Values of EXTENDED_SYS_STATE.landed_state, each once until it changes.
fn landed_states(s: &mut Station, seconds: f64) -> Vec<u8> {
    assert_eq!(s.command(511, [245.0, 100_000.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.inbox.clear();
    s.run(seconds);
    let mut told: Vec<u8> = s.inbox.iter().filter(|g| g.id == 245).map(|g| g.byte(1)).collect();
    assert!(told.len() > 50, "streamed");
    told.dedup();
    told
}

/// ArduCopter tells a take-off only of a take-off; ArduPlane knows flying and not flying only.
#[test]
fn the_climb_of_a_return_is_told_as_flight_and_not_as_a_take_off() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 12.0);
    s.run(5.0);
    assert_eq!(s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 80.0), 12.0), 0);
    assert_eq!(landed_states(&mut s, 20.0), [2], "flies to a place");
    s.mode(6);
    let told = landed_states(&mut s, 120.0);
    assert_eq!(told, [2, 4, 1], "in the air, landing, on the ground");
    assert!(!s.v.truth().armed);

    let mut s = Station::new(Airframe::Plane);
    s.mode(15);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    assert_eq!(s.command(22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 60.0]), 0);
    let told = landed_states(&mut s, 60.0);
    assert!(told == [1, 2] || told == [2], "{told:?}");
    s.mode(11);
    assert_eq!(landed_states(&mut s, 30.0), [2]);
}
