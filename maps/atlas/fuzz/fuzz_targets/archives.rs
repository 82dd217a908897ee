//! Any bytes as an area pack and as PMTiles: files whose hashes hold, tiles, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::{Pack, PmTiles};

fuzz_target!(|input: (u8, u32, u32, Vec<u8>)| {
    let (z, x, y, bytes) = input;
    if let Ok(p) = Pack::open("a", &bytes) {
        std::hint::black_box(p.problems());
    }
    let fetch = |at: u64, n: u64| {
        let at = usize::try_from(at).ok()?;
        bytes.get(at..at.checked_add(usize::try_from(n).ok()?)?).map(<[u8]>::to_vec)
    };
    if let Ok(t) = PmTiles::open(&fetch) {
        std::hint::black_box(t.tile(&fetch, z, x, y).is_ok());
    }
});
