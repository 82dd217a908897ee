//! The scenario's aircraft, checked.
//!
//! Invariant: each system id and each port once; homes stand on known ground.

use std::collections::BTreeMap;

use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, Spectrum};
use vedette_sim_vehicle::{Noise, PackAge};

use super::file::ScenarioFile;
use super::resolve::Ctx;
use super::{Condition, SimAircraft, SimCamera};

/// What is particular about each aircraft, checked.
pub(super) fn conditions(cx: &Ctx<'_>, raw: &ScenarioFile) -> BTreeMap<u8, Condition> {
    raw.vehicle
        .iter()
        .map(|v| {
            let at = v.system.span().start;
            let e = &v.errors;
            let error =
                |what: &str, value: f64, hi: f64| cx.range(at, &format!("vehicle.errors.{what}"), value, 0.0, hi);
            let errors = Noise {
                gnss_h_m: error("gnss_h_m", e.gnss_h_m, 50.0),
                gnss_v_m: error("gnss_v_m", e.gnss_v_m, 50.0),
                velocity_m_s: error("velocity_m_s", e.velocity_m_s, 5.0),
                attitude_deg: error("attitude_deg", e.attitude_deg, 5.0),
                heading_deg: error("heading_deg", e.heading_deg, 20.0),
                gimbal_deg: error("gimbal_deg", e.gimbal_deg, 5.0),
                baro_m: error("baro_m", e.baro_m, 50.0),
                accel_m_s2: error("accel_m_s2", e.accel_m_s2, 2.0),
                gyro_deg_s: error("gyro_deg_s", e.gyro_deg_s, 5.0),
            };
            let pack = PackAge {
                cycles: cx.range(at, "vehicle.battery.cycles", v.battery.cycles, 0.0, 2_000.0),
                temperature_c: cx.range(
                    at,
                    "vehicle.battery.temperature_c",
                    v.battery.temperature_c,
                    -30.0,
                    60.0,
                ),
            };
            let clock_drift_ppm = cx.range(at, "vehicle.clock_drift_ppm", v.clock_drift_ppm, -500.0, 500.0);
            let condition = Condition {
                pack,
                errors,
                clock_drift_ppm,
            };
            (*v.system.get_ref(), condition)
        })
        .collect()
}

pub(super) fn vehicles(cx: &Ctx<'_>, raw: &ScenarioFile, homes: &[LatLon]) -> Vec<SimAircraft> {
    let mut out: Vec<SimAircraft> = Vec::new();
    let mut ports: BTreeMap<u16, u8> = BTreeMap::new();
    for (v, home) in raw.vehicle.iter().zip(homes) {
        let at = v.system.span().start;
        let system = *v.system.get_ref();
        if !(1..=250).contains(&system) || out.iter().any(|o| o.system == system) {
            cx.wrong(
                at,
                format!("vehicle.system is {system}"),
                "allowed is 1 to 250, each once",
            );
        }
        let home_amsl = cx.world.terrain.elevation(*home).unwrap_or_else(|| {
            cx.wrong(
                at,
                format!("vehicle.home {home} has no known ground height"),
                "put it inside the site's terrain",
            );
            Amsl(0.0)
        });
        let mut cameras: Vec<SimCamera> = Vec::new();
        for c in &v.camera {
            let (at, c) = (c.span().start, c.get_ref());
            let n = match c.spectrum {
                Spectrum::Thermal => 1,
                Spectrum::Visible => 2,
            };
            let id = CameraId(u32::from(system) * 10 + n);
            if cameras.iter().any(|k| k.id == id) {
                cx.wrong(
                    at,
                    format!("vehicle {system} has two cameras of one spectrum"),
                    "one thermal and one visible camera",
                );
            }
            if let Some(other) = ports.insert(c.port, system) {
                cx.wrong(
                    at,
                    format!("port {} is used by vehicle {other} already", c.port),
                    "one UDP port per stream",
                );
            }
            let even = c.width % 16 == 0 && c.height % 2 == 0;
            if !even || !(64..=1920).contains(&c.width) || !(64..=1080).contains(&c.height) {
                cx.wrong(
                    at,
                    format!("camera is {} x {} pixels", c.width, c.height),
                    "width 64 to 1920 in steps of 16, height 64 to 1080 in steps of 2",
                );
            }
            cameras.push(SimCamera {
                id,
                spectrum: c.spectrum,
                hfov_deg: cx.range(at, "camera.hfov_deg", c.hfov_deg, 0.5, 120.0),
                width: c.width,
                height: c.height,
                fps: cx.range(at, "camera.fps", c.fps, 0.2, 60.0),
                port: c.port,
                bit_s: (cx.range(at, "camera.mbit_s", c.mbit_s, 0.1, 50.0) * 1e6) as u32,
                boresight_deg: c
                    .boresight_deg
                    .map(|v| cx.range(at, "camera.boresight_deg", v, -5.0, 5.0)),
            });
        }
        out.push(SimAircraft {
            system,
            tail: v.tail.clone(),
            name: v.name.clone(),
            airframe: v.airframe,
            family: v.family,
            home: *home,
            home_amsl,
            heading_deg: cx.range(at, "vehicle.heading_deg", v.heading_deg, 0.0, 360.0),
            envelope: v.envelope,
            energy: v.energy,
            heading_bias_deg: cx.range(at, "vehicle.heading_bias_deg", v.heading_bias_deg, -30.0, 30.0),
            clock_offset_us: (cx.range(at, "vehicle.clock_offset_ms", v.clock_offset_ms, -10_000.0, 10_000.0) * 1000.0)
                as i64,
            cameras,
        });
    }
    out
}
