//! Any bytes as an SRTM tile, zipped or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::Terrain;

fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(Terrain::from_hgt("N42E001.hgt", bytes).is_ok());
});
