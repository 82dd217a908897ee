//! Any bytes as a geoid grid: undulations that are numbers, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::GeoidGrid;
use vedette_geo::LatLon;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(g) = GeoidGrid::read("a", bytes) {
        for (lat_deg, lon_deg) in [(42.5, 1.5), (-89.9, -179.99), (90.0, 180.0)] {
            assert!(g.undulation_m(LatLon { lat_deg, lon_deg }).is_none_or(f64::is_finite));
        }
    }
});
