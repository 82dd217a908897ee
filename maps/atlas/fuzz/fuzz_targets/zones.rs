//! Any bytes as a file of zones, told by themselves (ED-269, ED-318, OpenAir, KML, KMZ, zipped Shapefile, GeoJSON): zones that
//! enclose something and survive being written and read, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::read_zone_file;
use vedette_geo::Geoid;

fuzz_target!(|bytes: &[u8]| {
    let geoid = Geoid {
        undulation_m: 50.0,
        sigma_m: 1.0,
        source: String::new(),
    };
    if let Ok(found) = read_zone_file("a", bytes) {
        std::hint::black_box(found.preview());
        for z in &found.zones {
            assert!(z.zone(None, &geoid).checked().is_ok(), "{z:?}");
        }
        if !found.zones.is_empty() {
            let again = read_zone_file("b", found.to_ed318().as_bytes());
            std::hint::black_box(again.is_ok());
        }
    }
});
