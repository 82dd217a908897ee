//! Any bytes as an area pack: files whose hashes hold, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::Pack;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(p) = Pack::open("a", bytes) {
        std::hint::black_box(p.problems());
    }
});
