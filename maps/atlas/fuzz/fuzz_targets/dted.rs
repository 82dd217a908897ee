//! Any bytes as DTED, with and without sound check sums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::read_dted;

fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(read_dted("a.dt1", bytes).map(|t| t.voids()).is_ok());
});
