//! The land as files have it: geoid, map pictures, borders, zones, roads, fetching, and bytes that are damaged. Real samples come
//! from `VEDETTE_DATA`; without it those tests say so aloud.

#![allow(clippy::unwrap_used, reason = "tests")]

mod borders;
mod fetch;
mod geoid;
mod mutate;
mod terrain;
mod tiles;
mod ways;
mod zones;

use std::path::PathBuf;

use vedette_geo::LatLon;

fn data() -> Option<PathBuf> {
    let d = std::env::var_os("VEDETTE_DATA").map(PathBuf::from);
    if d.is_none() {
        eprintln!("left out: VEDETTE_DATA is not set, no real samples to read");
    }
    d
}

fn p(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("land-{name}"));
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
