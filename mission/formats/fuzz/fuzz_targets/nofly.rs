//! Any text as no-fly zones in GeoJSON: zones that survive being written and read, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_formats::{read_zones, zones_geojson};

fuzz_target!(|text: &str| {
    if let Ok(z) = read_zones(text) {
        std::hint::black_box(read_zones(&zones_geojson(&z)).is_ok());
    }
});
