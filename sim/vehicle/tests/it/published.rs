//! Energy against figures that others have published, as one table. What a maker says of an aircraft
//! is put into the configuration where it is a property (mass, charge, speed) and compared where it is
//! a result (endurance, range). Run with `--nocapture` to see it.

use vedette_geo::G_M_S2;
use vedette_model::Airframe;
use vedette_sim_vehicle::{Noise, PackAge, VehicleConfig};

use crate::station::{GROUND, HOME, Station, point};
use crate::truth::Table;

const NAN: f32 = f32::NAN;

/// Hover power by momentum theory, watts: (m g)^1.5 / √(2ρA) over an efficiency in all.
fn hover_w(mass_kg: f64, disc_m2: f64, efficiency: f64) -> f64 {
    (mass_kg * G_M_S2).powf(1.5) / (2.0 * 1.225 * disc_m2).sqrt() / efficiency
}

/// Minutes of hover from full to empty, and what was drawn on average.
fn hover_minutes(mass_kg: f64, hover_w: f64, battery_wh: f64) -> f64 {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.noise = Noise::NONE;
    cfg.energy.mass_kg = mass_kg;
    cfg.energy.hover_w = hover_w;
    cfg.energy.cruise_w = 0.9 * hover_w;
    cfg.energy.battery_wh = battery_wh;
    let mut s = Station::with(cfg);
    s.set_param("BATT_FS_LOW_ACT", 0.0);
    s.set_param("BATT_FS_CRT_ACT", 0.0);
    let boot = s.v.truth().battery_wh_left;
    s.take_off(Airframe::Copter, 15.0);
    s.run(20.0);
    let (start, left) = (s.now, s.v.truth().battery_wh_left);
    s.until("empty", 6_000.0, |t| t.battery_wh_left <= 0.0);
    let minutes = s.now.since(start) as f64 / 60e6;
    // The climb's share is flown, too: as long as the hover it would have been.
    minutes * boot / left
}

#[test]
fn endurance_is_what_makers_and_measurements_say() {
    let mut t = Table::default();

    // DJI Matrice 300 RTK: 548 Wh, four rotors of 21 inches; 55 min at 6.3 kg, 31 min at 9 kg. One
    // efficiency fits both, found from the first.
    let disc = 4.0 * std::f64::consts::PI * (21.0 * 0.0254 / 2.0_f64).powi(2);
    for (mass, published, may) in [(6.3, 55.0, 0.03), (9.0, 31.0, 0.06)] {
        let flown = hover_minutes(mass, hover_w(mass, disc, 0.55), 548.0);
        t.row(&format!("Matrice 300 at {mass} kg hovers, min"), flown, published, may);
    }

    // DeltaQuad (vendor's documents): 5 kg, 18 m/s, four cells of 23 Ah, two hours at nine tenths of
    // the charge: 153 W in cruise.
    let mut cfg = VehicleConfig::small(1, Airframe::Plane, HOME, GROUND);
    cfg.noise = Noise::NONE;
    cfg.envelope.cruise_m_s = 18.0;
    cfg.envelope.min_m_s = 12.0;
    cfg.energy.mass_kg = 5.0;
    cfg.energy.cruise_w = 153.0;
    cfg.energy.battery_wh = 4.0 * 3.7 * 23.0;
    let mut s = Station::with(cfg);
    s.set_param("FS_GCS_ENABL", 0.0);
    s.set_param("BATT_FS_LOW_ACT", 0.0);
    s.set_param("BATT_FS_CRT_ACT", 0.0);
    s.take_off(Airframe::Plane, 100.0);
    s.mode(15);
    s.command_at(192, [-1.0, 1.0, 0.0, NAN], point(0.0, 40_000.0), 100.0);
    s.run(60.0);
    let (a, start) = (s.v.truth(), s.now);
    s.run(1_200.0);
    let b = s.v.truth();
    let hours = s.now.since(start) as f64 / 3600e6;
    let full = s.v.config().energy.battery_wh;
    let drawn = (a.battery_wh_left - b.battery_wh_left) / hours;
    t.row("DeltaQuad flies on nine tenths, h", 0.9 * full / drawn, 2.0, 0.05);
    let metres = vedette_geo::distance_m(a.at, b.at);
    t.row("DeltaQuad, J/m", drawn * hours * 3600.0 / metres, 8.5, 0.05);

    // Lithium packs: a fifth is lost when they are replaced after some 300 cycles; at -10 °C they
    // give about four fifths.
    let share = |cycles, temperature_c| PackAge { cycles, temperature_c }.capacity_share();
    t.row("capacity after 300 cycles", share(300.0, 20.0), 0.80, 0.02);
    t.row("capacity at -10 °C", share(0.0, -10.0), 0.82, 0.05);
    t.judge();
}

/// Zeng, Xu and Zhang 2019, eq. 12, with the constants of their table I, watts.
fn zeng_w(v: f64) -> f64 {
    let (weight, rho, disc, tip, solidity, drag) = (20.0, 1.225, 0.503, 120.0, 0.05, 0.6);
    let profile = 0.012 / 8.0 * rho * solidity * disc * 120.0_f64.powi(3);
    let induced = 1.1 * f64::powf(weight, 1.5) / f64::sqrt(2.0 * rho * disc);
    let v02 = weight / (2.0 * rho * disc);
    let q = v * v / (2.0 * v02);
    profile * (1.0 + 3.0 * v * v / (tip * tip))
        + induced * ((1.0 + q * q).sqrt() - q).sqrt()
        + 0.5 * drag * rho * solidity * disc * v.powi(3)
}

#[test]
fn a_multirotor_draws_what_zeng_and_others_measured_from_hover_to_full_speed() {
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, HOME, GROUND);
    cfg.noise = Noise::NONE;
    cfg.envelope.cruise_m_s = 10.2;
    cfg.envelope.max_m_s = 26.0;
    cfg.energy.mass_kg = 20.0 / G_M_S2;
    cfg.energy.hover_w = 168.5;
    cfg.energy.cruise_w = 126.0;
    cfg.energy.battery_wh = 500.0;
    let mut s = Station::with(cfg);
    s.set_param("FS_GCS_ENABLE", 0.0);
    s.take_off(Airframe::Copter, 60.0);
    s.run(10.0);
    let mut t = Table::default();
    // 18.3 m/s is the paper's speed of longest range: 161.5 W.
    for (asked, published) in [
        (0.0, 168.5),
        (5.0, zeng_w(5.0)),
        (10.2, 126.0),
        (18.3, 161.5),
        (25.0, zeng_w(25.0)),
    ] {
        if asked > 0.0 {
            assert_eq!(
                s.command_at(192, [asked as f32, 1.0, 0.0, NAN], point(0.0, 40_000.0), 60.0),
                0
            );
            s.run(25.0);
        }
        let (mut watts, mut speed) = (0.0, 0.0);
        for _ in 0..50 {
            s.run(0.1);
            watts += s.v.truth().power_w / 50.0;
            speed += s.v.truth().airspeed_m_s / 50.0;
        }
        if asked > 0.0 {
            t.row(&format!("airspeed asked {asked} m/s"), speed, asked, 0.01);
        }
        t.row(&format!("power at {asked} m/s, W"), watts, published, 0.03);
    }
    t.judge();
}
