//! Any bytes as OpenStreetMap data (PBF, XML) or GeoJSON ways: ways that can be crossed, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::{Border, read_ways, way_crossings};
use vedette_geo::LatLon;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(found) = read_ways("a", bytes, None) {
        assert!(found.ways.iter().all(|w| w.line.len() >= 2));
        let p = |lat_deg, lon_deg| LatLon { lat_deg, lon_deg };
        if let Ok(b) = Border::new("b", vec![p(42.0, 1.0), p(42.1, 1.3), p(42.6, 1.7)], true) {
            std::hint::black_box(way_crossings(&b, &found.ways));
        }
        std::hint::black_box(found.to_geojson());
    }
});
