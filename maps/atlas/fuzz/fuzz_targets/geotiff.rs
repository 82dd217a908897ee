//! Any bytes as GeoTIFF: heights that can be asked for, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::read_geotiff;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(t) = read_geotiff("a.tif", bytes) {
        std::hint::black_box((t.bounds(), t.voids()));
    }
});
