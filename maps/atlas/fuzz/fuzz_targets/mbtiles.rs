//! Any bytes as MBTiles: tiles, or an error, and never for ever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::MbTiles;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(t) = MbTiles::read(bytes) {
        std::hint::black_box((t.tile(t.zooms.0, 0, 0).is_ok(), t.problems().is_ok()));
    }
});
