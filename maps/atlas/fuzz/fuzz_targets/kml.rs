//! Any text as KML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::read_kml;

fuzz_target!(|text: &str| {
    std::hint::black_box(read_kml("a.kml", text).is_ok());
});
