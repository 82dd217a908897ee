//! Any bytes as a file of zones (ED-269, ED-318, OpenAir, KML, KMZ, Shapefile, GeoJSON): zones that enclose something, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::{read_shapefile, read_zone_file};
use vedette_geo::Geoid;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (bytes, table) = input;
    let geoid = Geoid {
        undulation_m: 50.0,
        sigma_m: 1.0,
        source: String::new(),
    };
    if let Ok(found) = read_zone_file("a", &bytes) {
        for z in &found.zones {
            assert!(z.zone(None, &geoid).checked().is_ok(), "{z:?}");
        }
    }
    std::hint::black_box(read_shapefile("a.shp", &bytes, Some(&table)).is_ok());
});
