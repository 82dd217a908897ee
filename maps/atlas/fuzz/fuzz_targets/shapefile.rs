//! Any bytes as a Shapefile (two bytes of length, then its shapes) and its table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::read_shapefile;

fuzz_target!(|bytes: &[u8]| {
    if let [low, high, rest @ ..] = bytes {
        let n = usize::from(u16::from_le_bytes([*low, *high]));
        let (shp, dbf) = rest.split_at(n.min(rest.len()));
        std::hint::black_box(read_shapefile("a.shp", shp, Some(dbf)).is_ok());
    }
});
