//! Workload B2, for bench and tests: a long border, three kinds of aircraft, bases, no-fly zones, hills at one arc-second.
//!
//! Invariant: the same arguments give the same world and brief. The line is the FIN–RUS border where `VEDETTE_DATA` has it
//! (no free relief at one arc-second covers it, so hills are invented), otherwise a seeded winding line.

#![allow(dead_code, reason = "bench and tests use different parts")]

use std::collections::BTreeSet;
use std::sync::Arc;

use vedette_atlas::{Border, Geometry, Terrain, TerrainSource, World, read_geojson};
use vedette_geo::{Geoid, LatLon, destination};
use vedette_model::plan::{Aircraft, Brief, Camera, Energy, Envelope, Limits, NoFly, Requirement, Section, WindBrief};
use vedette_model::{Airframe, Base, Family, Spectrum, TargetClass, VehicleId};

/// A seeded winding line of some `km` kilometres from `from`, roughly along `course` degrees.
pub(crate) fn winding(from: LatLon, course: f64, km: f64, seed: u64) -> Vec<LatLon> {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = move || {
        z ^= z << 13;
        z ^= z >> 7;
        z ^= z << 17;
        (z >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let mut line = vec![from];
    let (mut at, mut left) = (from, km * 1000.0);
    let mut bend = 0.0;
    while left > 0.0 {
        let step = (900.0 + 1200.0 * draw()).max(150.0);
        bend = 0.6 * bend + 70.0 * draw();
        at = destination(at, course + bend, step);
        line.push(at);
        left -= step * 0.93;
    }
    line
}

/// The FIN–RUS border, if the data are there.
pub(crate) fn finland() -> Option<Vec<LatLon>> {
    let data = std::env::var_os("VEDETTE_DATA")?;
    let bytes = std::fs::read(std::path::Path::new(&data).join("borders/FIN-RUS.geojson")).ok()?;
    read_geojson(&bytes)
        .ok()?
        .into_iter()
        .filter_map(|f| match f.geometry {
            Geometry::Line(l) => Some(l),
            _ => None,
        })
        .max_by_key(Vec::len)
}

/// One degree of hills with `n` postings along a side, as an HGT file.
fn hills(lat: i32, lon: i32, n: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(n * n * 2);
    let wave = |deg: f64| -> [f64; 3] { [(deg * 39.0).sin(), (deg * 97.0).sin(), (deg * 231.0).cos()] };
    let along: Vec<[f64; 3]> = (0..n)
        .map(|c| wave(f64::from(lon) + c as f64 / (n - 1) as f64))
        .collect();
    for r in 0..n {
        let v = wave(1.7 * (f64::from(lat) + 1.0 - r as f64 / (n - 1) as f64));
        for h in &along {
            let m = 210.0 + 30.0 * v[0] * h[1] + 20.0 * v[1] * h[0] + 4.0 * v[2] * h[2];
            bytes.extend((m as i16).to_be_bytes());
        }
    }
    bytes
}

/// A world around a line with hills; `n` is 3601 for one arc-second.
pub(crate) fn world(line: Vec<LatLon>, home_left: bool, n: usize) -> World {
    let mut tiles: BTreeSet<(i32, i32)> = BTreeSet::new();
    for p in &line {
        for (dlat, dlon) in [(0.0, 0.0), (0.15, 0.3), (0.15, -0.3), (-0.15, 0.3), (-0.15, -0.3)] {
            let lon = vedette_geo::norm_deg_180(p.lon_deg + dlon);
            tiles.insert(((p.lat_deg + dlat).floor() as i32, lon.floor() as i32));
        }
    }
    let name = |(lat, lon): (i32, i32)| {
        let (ns, ew) = (if lat < 0 { 'S' } else { 'N' }, if lon < 0 { 'W' } else { 'E' });
        format!("{ns}{:02}{ew}{:03}.hgt", lat.abs(), lon.abs())
    };
    let terrain = tiles
        .iter()
        .map(|t| Terrain::from_hgt(&name(*t), &hills(t.0, t.1, n)).expect("an HGT tile"))
        .collect();
    let mut border = Border::new("LINE", line, home_left).expect("a line");
    border.accuracy_m = 10.0;
    World {
        name: "long line".into(),
        border,
        context: vec![],
        territory: vec![],
        zones: vec![],
        crossings: vec![],
        chart: vedette_atlas::Chart::default(),
        geoid: Geoid {
            undulation_m: 0.0,
            sigma_m: 1.0,
            source: "none".into(),
        },
        terrain: Arc::new(Terrain::new(
            terrain,
            TerrainSource {
                label: "invented hills".into(),
                edition: "1".into(),
                sigma_m: 1.0,
                synthetic: true,
                spacing_m: 111_320.0 / (n - 1) as f64,
            },
        )),
        attribution: String::new(),
    }
}

/// One kind of aircraft: cruise, hours in the air at cruise, bank.
fn craft(id: u32, base: LatLon, kind: usize) -> Aircraft {
    let (name, cruise, hours, bank) = [
        ("long", 28.0, 30.0, 45.0),
        ("twin", 27.8, 28.0, 45.0),
        ("light", 27.6, 27.0, 45.0),
    ][kind];
    Aircraft {
        vehicle: VehicleId(id),
        tail: format!("CU-{id:02}"),
        name: name.into(),
        airframe: Airframe::Plane,
        family: Family::ArduPilot,
        base,
        envelope: Envelope {
            cruise_m_s: cruise,
            min_m_s: 18.0,
            max_m_s: 38.0,
            climb_m_s: 4.5,
            descent_m_s: 4.5,
            max_bank_deg: bank,
        },
        energy: Energy {
            battery_wh: 1500.0 * hours,
            cruise_w: 1500.0,
            hover_w: 1650.0,
            mass_kg: 60.0,
            climb_efficiency: 0.4,
            sigma_share: 0.05,
            reserve_share: 0.2,
        },
        camera: Camera {
            spectrum: Spectrum::Visible,
            hfov_deg: 36.0,
            width_px: 1920,
            height_px: 1080,
            max_depression_deg: 90.0,
            min_depression_deg: 2.0,
        },
    }
}

/// The brief: `km` of line from `from_km`, `fleet` aircraft of three kinds, `bases` bases, `hours` of watch, `zones` no-fly
/// zones inland.
pub(crate) fn brief(
    world: &World,
    (from_km, km): (f64, f64),
    fleet: usize,
    bases: usize,
    hours: f64,
    zones: usize,
) -> Brief {
    let side = if world.border.home_left { -90.0 } else { 90.0 };
    let inland = |m: f64, off_m: f64| {
        // The direction of the line over 8 km, so that a bend does not put a base abroad.
        let (a, b) = (world.border.at(m - 4000.0), world.border.at(m + 4000.0));
        let mut off = off_m;
        loop {
            let p = destination(world.border.at(m), vedette_geo::azimuth_deg(a, b) + side, off);
            if world.border.nearest(p).signed_m > 0.8 * off_m || off > 4.0 * off_m {
                return p;
            }
            off *= 1.2;
        }
    };
    let places: Vec<LatLon> = (0..bases)
        .map(|k| inland((from_km + km * (k as f64 + 0.5) / bases as f64) * 1000.0, 5500.0))
        .collect();
    let aircraft = (0..fleet)
        .map(|i| {
            let kind = (i * 3 / fleet).min(2);
            craft(i as u32 + 1, places[i * bases / fleet], kind)
        })
        .collect();
    let no_fly = (0..zones)
        .map(|k| NoFly {
            name: format!("zone {k}"),
            polygon: vec![],
            centre: Some(inland(
                (from_km + km * (k as f64 + 0.25) / zones as f64) * 1000.0,
                2600.0 + 900.0 * ((k * 7) % 11) as f64,
            )),
            radius_m: 150.0 + 20.0 * ((k * 5) % 9) as f64,
            floor: None,
            ceiling: None,
            more: Default::default(),
        })
        .collect();
    Brief {
        name: "long line".into(),
        section: Section {
            border: "LINE".into(),
            from_km,
            to_km: from_km + km,
        },
        requirement: Requirement {
            revisit_s: 1e5,
            target: TargetClass::Vehicle,
            pixels_on_target: 3.0,
            duration_s: hours * 3600.0,
            intervals: vec![],
        },
        limits: Limits {
            stand_off_m: 500.0,
            nav_sigma_m: 3.0,
            min_agl_m: 240.0,
            max_agl_m: 900.0,
            separation_h_m: 200.0,
            separation_v_m: 40.0,
        },
        wind: WindBrief {
            from_deg: 250.0,
            speed_m_s: 2.0,
            gust_m_s: 2.0,
        },
        fleet: aircraft,
        no_fly,
        bases: places
            .iter()
            .enumerate()
            .map(|(k, at)| Base {
                name: format!("B{:02}", k + 1),
                at: *at,
                pads: 2,
                swap_s: 600.0,
                swaps: None,
                crew_h: vec![],
            })
            .collect(),
        antennas: vec![],
        wind_layers: vec![],
        sections: vec![],
    }
}

/// Splitmix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.share() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

/// Fourteen kilometres of winding border anywhere between 60° south and 60° north, and the country on one
/// side of it, whose direction is told.
pub(crate) fn country(seed: u64) -> (World, f64) {
    let mut d = Dice(seed.wrapping_mul(7919));
    let from = LatLon {
        lat_deg: d.between(-60.0, 60.0),
        lon_deg: d.between(-179.0, 179.0),
    };
    let (course, left) = (d.between(0.0, 360.0), d.share() < 0.5);
    let line = winding(from, course, 14.0, seed + 1);
    let side = course + if left { -90.0 } else { 90.0 };
    let (first, last) = (line[0], line[line.len() - 1]);
    let mut territory = line.clone();
    territory.push(destination(last, course, 3000.0));
    territory.push(destination(destination(last, course, 3000.0), side, 25_000.0));
    territory.push(destination(destination(first, course + 180.0, 3000.0), side, 25_000.0));
    territory.push(destination(first, course + 180.0, 3000.0));
    let mut w = world(line, left, 1201);
    w.territory = territory;
    (w, side)
}
