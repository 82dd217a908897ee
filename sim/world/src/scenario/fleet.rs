//! The scenario's aircraft, checked.
//!
//! Invariant: each system id and each port once; homes stand on known ground.

use std::collections::BTreeMap;

use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, Spectrum};

use super::file::ScenarioFile;
use super::resolve::Ctx;
use super::{SimAircraft, SimCamera};

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
