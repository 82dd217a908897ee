//! Flight against closed forms and published figures, as one table: what was flown, what the law
//! says, how far they may lie apart. Run with `--nocapture` to see it.
#![allow(clippy::print_stdout, reason = "the table is the point")]

use vedette_geo::{Amsl, G_M_S2, LatLon, azimuth_deg, diff_deg, distance_m};
use vedette_model::Airframe;
use vedette_sim_vehicle::{Fault, PackAge, VehicleConfig, Weather};

use crate::station::{GROUND, HOME, Station, Wp, point};

const NAN: f32 = f32::NAN;

#[derive(Default)]
pub(crate) struct Table(Vec<(String, f64, f64, f64)>);

impl Table {
    pub(crate) fn row(&mut self, what: &str, flown: f64, law: f64, tolerance: f64) {
        self.0.push((what.to_owned(), flown, law, tolerance));
    }
    pub(crate) fn judge(self) {
        println!("{:<62} {:>10} {:>10} {:>7} {:>7}", "", "flown", "law", "off", "may be");
        let mut wrong = 0;
        for (what, flown, law, may) in &self.0 {
            let off = (flown / law - 1.0).abs();
            wrong += u32::from(off.is_nan() || off > *may);
            println!(
                "{what:<62} {flown:>10.3} {law:>10.3} {:>6.2}% {:>6.1}%",
                off * 100.0,
                may * 100.0
            );
        }
        assert_eq!(wrong, 0, "rows above are out of tolerance");
    }
}

fn plane_up(height: f32) -> Station {
    let mut s = Station::new(Airframe::Plane);
    s.take_off(Airframe::Plane, height);
    s.mode(15);
    s
}

/// Mean of a quantity over `n` looks a tenth of a second apart.
fn mean(s: &mut Station, n: u32, f: impl Fn(&vedette_sim_vehicle::TrueState) -> f64) -> f64 {
    let mut sum = 0.0;
    for _ in 0..n {
        s.run(0.1);
        sum += f(&s.v.truth());
    }
    sum / f64::from(n)
}

#[test]
fn what_is_flown_agrees_with_closed_forms() {
    let mut t = Table::default();

    // Turns: r = v² / (g tan bank); rate = g tan bank / v.
    let mut s = plane_up(80.0);
    for radius in [70.0_f32, 150.0] {
        let centre = point(90.0, 500.0);
        assert_eq!(s.command_at(34, [radius, 0.0, 0.0, 0.0], centre, 80.0), 0);
        s.run(80.0);
        let r = mean(&mut s, 300, |x| distance_m(x.at, centre));
        let bank = mean(&mut s, 300, |x| x.roll_deg);
        let v = s.v.truth().airspeed_m_s;
        let law = v * v / (G_M_S2 * bank.to_radians().tan());
        t.row(
            &format!("turn radius asked {radius} m: v²/(g tan bank), m"),
            r,
            law,
            0.02,
        );
        let before = s.v.truth().yaw_deg;
        s.run(2.0);
        let rate = diff_deg(s.v.truth().yaw_deg, before) / 2.0;
        let law = (G_M_S2 * bank.to_radians().tan() / v).to_degrees();
        t.row(
            &format!("turn rate at {radius} m: g tan bank / v, deg/s"),
            rate,
            law,
            0.02,
        );
    }

    // Climb and descent at the envelope's rates.
    for airframe in [Airframe::Copter, Airframe::Plane] {
        let mut s = Station::new(airframe);
        s.take_off(airframe, 40.0);
        s.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        let env = s.v.config().envelope;
        let far = if airframe == Airframe::Copter { 5.0 } else { 4000.0 };
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, far), 300.0);
        s.run(12.0);
        let up = mean(&mut s, 150, |x| -x.velocity.z);
        t.row(&format!("{airframe:?} climb, m/s"), up, env.climb_m_s, 0.03);
        s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, far), 20.0);
        s.run(8.0);
        let down = mean(&mut s, 60, |x| x.velocity.z);
        t.row(&format!("{airframe:?} descent, m/s"), down, env.descent_m_s, 0.05);
    }

    // Glide without thrust: ten to one.
    let mut s = plane_up(300.0);
    s.run(20.0);
    s.v.inject(Fault::ThrustLost(1.0));
    s.run(8.0);
    let a = s.v.truth();
    s.run(15.0);
    let b = s.v.truth();
    let along = mean(&mut s, 10, |x| x.airspeed_m_s) * 15.0;
    t.row(
        "glide ratio of the plane without thrust",
        along / (a.amsl.0 - b.amsl.0),
        10.0,
        0.08,
    );

    // Hover: the energy model's figure, and what momentum theory makes of it.
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 30.0);
    s.run(15.0);
    let hover = mean(&mut s, 300, |x| x.power_w);
    let e = s.v.config().energy;
    t.row("hover power of the copter, W", hover, e.hover_w, 0.02);
    // P = T^1.5 / √(2ρA) over a total efficiency; four rotors of 15 inches.
    let area = 4.0 * std::f64::consts::PI * 0.1905_f64.powi(2);
    let ideal = (e.mass_kg * G_M_S2).powf(1.5) / (2.0 * 1.225 * area).sqrt();
    t.row(
        "hover efficiency (published for small multirotors 0.35-0.55)",
        ideal / hover,
        0.45,
        0.23,
    );

    // Endurance: hover until a fifth is left, then nothing but arithmetic.
    let before = s.v.truth().battery_wh_left;
    s.run(600.0);
    let share = before - s.v.truth().battery_wh_left;
    let minutes = 0.8 * e.battery_wh / share * 10.0;
    t.row(
        "hover endurance to 20 % left, min",
        minutes,
        0.8 * e.battery_wh / e.hover_w * 60.0,
        0.03,
    );

    // Cruise power of the plane on a straight leg.
    let mut s = plane_up(80.0);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 9000.0), 80.0);
    s.run(60.0);
    let cruise = mean(&mut s, 600, |x| x.power_w);
    t.row(
        "cruise power of the plane, W",
        cruise,
        s.v.config().energy.cruise_w,
        0.03,
    );

    // Wind triangle on a leg north with 8 m/s from the west: crab = asin(w/v), gs = √(v² − w²).
    let mut s = plane_up(80.0);
    s.weather = Weather {
        wind_from_deg: 270.0,
        wind_m_s: 8.0,
        gust_m_s: 0.0,
    };
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 9000.0), 80.0);
    s.run(90.0);
    let v = s.v.truth().airspeed_m_s;
    let crab = -mean(&mut s, 200, |x| {
        diff_deg(x.yaw_deg, x.velocity.y.atan2(x.velocity.x).to_degrees())
    });
    t.row(
        "crab in 8 m/s across: asin(w/v), deg",
        crab,
        (8.0_f64 / v).asin().to_degrees(),
        0.03,
    );
    let gs = mean(&mut s, 200, |x| x.velocity.x.hypot(x.velocity.y));
    t.row(
        "ground speed across 8 m/s: √(v²−w²), m/s",
        gs,
        (v * v - 64.0).sqrt(),
        0.02,
    );

    // Drift without control: the disarmed fall aside, a velocity order of zero does not drift.
    let mut s = Station::new(Airframe::Copter);
    s.weather = Weather {
        wind_from_deg: 180.0,
        wind_m_s: 9.0,
        gust_m_s: 0.0,
    };
    s.take_off(Airframe::Copter, 40.0);
    s.run(30.0);
    let tilt = mean(&mut s, 200, |x| x.roll_deg.hypot(x.pitch_deg));
    let env = s.v.config().envelope;
    // Drag balances lift sideways: tan tilt = 0.8 tan(tilt limit) (w/v max)².
    let law = (0.8 * env.max_bank_deg.to_radians().tan() * (9.0 / env.max_m_s).powi(2)).atan();
    t.row(
        "lean of a copter holding 9 m/s: drag balance, deg",
        tilt,
        law.to_degrees(),
        0.05,
    );

    t.judge();
}

#[test]
fn an_aircraft_flies_in_turbulence_of_the_strength_of_its_height() {
    // What the model's own figures are stands in `air`, over hours; here that it is what blows in flight.
    let mut t = Table::default();
    for (height, seed) in [(30.0_f32, 5), (250.0, 6)] {
        let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
        cfg.noise = vedette_sim_vehicle::Noise::NONE;
        cfg.seed = seed;
        let mut s = Station::with(cfg);
        s.take_off(Airframe::Copter, height);
        s.weather = Weather {
            wind_from_deg: 0.0,
            wind_m_s: 7.0,
            gust_m_s: 4.5,
        };
        s.run(60.0);
        let n = 4_000_u32;
        let (mut across, mut up) = (0.0, 0.0);
        for _ in 0..n {
            s.run(0.05);
            let w = s.v.truth().wind;
            across += w.y * w.y / f64::from(n);
            up += w.z * w.z / f64::from(n);
        }
        // MIL-F-8785C at this height, in feet; lengths over the hover's airspeed are the correlation times.
        let h = f64::from(height) * 3.280_84;
        let k = 0.177 + 0.000_823 * h;
        let may = |length_m: f64| (3.0 * (length_m / 7.0 / (2.0 * 0.05 * f64::from(n))).sqrt()).min(0.45);
        let length = h / k.powf(1.2) / 3.280_84;
        t.row(
            &format!("{height} m: gust across the wind, m/s"),
            across.sqrt(),
            1.5,
            may(length),
        );
        let vertical = 1.5 * k.powf(0.4);
        t.row(
            &format!("{height} m: vertical gust, m/s"),
            up.sqrt(),
            vertical,
            may(f64::from(height)),
        );
    }
    t.judge();
}

#[test]
fn a_worn_cold_battery_gives_less_and_says_so_late() {
    let minutes = |pack: PackAge| {
        let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
        cfg.noise = vedette_sim_vehicle::Noise::NONE;
        cfg.pack = pack;
        cfg.energy.battery_wh = 40.0;
        let mut s = Station::with(cfg);
        s.set_param("BATT_FS_LOW_ACT", 0.0);
        s.set_param("BATT_FS_CRT_ACT", 0.0);
        s.take_off(Airframe::Copter, 15.0);
        let start = s.now;
        s.until("empty", 1500.0, |t| t.battery_wh_left <= 0.0);
        (s.now.since(start) as f64 / 60e6, s)
    };
    let (new, _) = minutes(PackAge::default());
    let worn = PackAge {
        cycles: 300.0,
        temperature_c: 0.0,
    };
    let (old, mut s) = minutes(worn);
    let mut t = Table::default();
    t.row(
        "endurance of a worn cold pack over a new one",
        old / new,
        0.8 * 0.88,
        0.02,
    );
    t.judge();
    // The autopilot counts from the label: it still says a quarter is left when nothing is.
    s.inbox.clear();
    s.command(512, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let told = s.inbox.iter().find(|g| g.id == 1).expect("SYS_STATUS").byte(30);
    assert!((20..40).contains(&told), "told {told} % at the end");
}

/// A ridge across the way, 120 m high.
fn ridge(at: LatLon) -> Option<Amsl> {
    let north = distance_m(HOME, at) * azimuth_deg(HOME, at).to_radians().cos();
    let x = (north - 1500.0) / 600.0;
    Some(Amsl(GROUND.0 + 120.0 * (1.0 - x * x).max(0.0)))
}

#[test]
fn a_leg_by_terrain_keeps_its_height_over_the_ridge() {
    let mut s = Station::new(Airframe::Copter);
    s.ground = ridge;
    s.frame = 10;
    let items = [
        Wp(22, [0.0; 4], HOME, 60.0),
        Wp(16, [0.0; 4], point(0.0, 300.0), 60.0),
        Wp(16, [0.0; 4], point(0.0, 2900.0), 60.0),
    ];
    assert_eq!(s.upload(0, &items), 0);
    s.mode(4);
    assert_eq!(s.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.mode(3);
    assert_eq!(s.command(300, [0.0; 7]), 0);
    s.until("under way", 200.0, |t| distance_m(t.at, HOME) > 400.0);
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    while distance_m(s.v.truth().at, HOME) < 2700.0 {
        s.run(0.5);
        let t = s.v.truth();
        let over = t.amsl.0 - ridge(t.at).expect("terrain").0;
        least = least.min(over);
        most = most.max(over);
    }
    assert!(
        least > 55.0 && most < 90.0,
        "between {least:.0} and {most:.0} m over ground"
    );
}

#[test]
fn a_blocked_barometer_pulls_the_height_away() {
    let mut s = Station::new(Airframe::Copter);
    s.take_off(Airframe::Copter, 60.0);
    s.run(10.0);
    s.v.inject(Fault::BaroOff(20.0));
    s.run(30.0);
    let true_height = s.v.truth().amsl.0 - GROUND.0;
    let told = s.v.reported().amsl.0 - GROUND.0;
    assert!(
        (told - 60.0).abs() < 2.0 && (true_height - 40.0).abs() < 2.0,
        "{told:.0} told, {true_height:.0} true"
    );
}
