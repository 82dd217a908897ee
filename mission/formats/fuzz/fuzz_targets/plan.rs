//! Any text as a QGroundControl plan: a mission that is the same once written and read again, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_formats::{read_qgc_plan, write_qgc_plan};

fuzz_target!(|text: &str| {
    if let Ok(m) = read_qgc_plan(text) {
        std::hint::black_box(read_qgc_plan(&write_qgc_plan(&m)).is_ok());
    }
});
