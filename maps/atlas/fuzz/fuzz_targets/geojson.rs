//! Any bytes as GeoJSON and as a border file: lines that can be walked, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::{read_border, read_geojson};

fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(read_geojson(bytes).is_ok());
    if let Ok(found) = read_border("a", bytes, true, 2000.0) {
        for l in &found.lines {
            assert!(l.border.length_m() > 0.0);
            std::hint::black_box(l.border.nearest(l.border.at(0.5 * l.border.length_m())));
        }
    }
});
