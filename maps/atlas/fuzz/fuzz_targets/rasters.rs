//! Any bytes as HGT, GeoTIFF, DTED and geoid grid: heights or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_atlas::{GeoidGrid, Terrain, read_dted, read_geotiff};
use vedette_geo::LatLon;

fuzz_target!(|bytes: &[u8]| {
    let at = LatLon { lat_deg: 42.5, lon_deg: 1.5 };
    std::hint::black_box((
        Terrain::from_hgt("N42E001.hgt", bytes).is_ok(),
        read_geotiff("a.tif", bytes).map(|t| t.bounds()).is_ok(),
        read_dted("a.dt1", bytes).map(|t| t.bounds()).is_ok(),
        GeoidGrid::read("a", bytes).ok().and_then(|g| g.undulation_m(at)),
    ));
});
