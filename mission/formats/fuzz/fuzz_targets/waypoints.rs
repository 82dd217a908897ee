//! Any text as a waypoint file (QGC WPL 110).
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_formats::read_waypoints;

fuzz_target!(|text: &str| {
    std::hint::black_box(read_waypoints(text).is_ok());
    std::hint::black_box(read_waypoints(&format!("QGC WPL 110\n{text}")).is_ok());
});
