//! Any bytes as PMTiles: tiles, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::PmTiles;

fuzz_target!(|bytes: &[u8]| {
    let fetch = |at: u64, n: u64| {
        let at = usize::try_from(at).ok()?;
        bytes.get(at..at.checked_add(usize::try_from(n).ok()?)?).map(<[u8]>::to_vec)
    };
    if let Ok(t) = PmTiles::open(&fetch) {
        let last = |k: usize| bytes.iter().rev().nth(k).copied().unwrap_or(0);
        let (z, x, y) = (last(0) % 30, u32::from(last(1)), u32::from(last(2)));
        std::hint::black_box((t.tile(&fetch, z, x, y).is_ok(), t.problems(&fetch)));
    }
});
