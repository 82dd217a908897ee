//! Any bytes as a line of a ground sensor: a place on the globe and a short plain name, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_model::Utc;
use vedette_protocol::cues::{read_aivdm, read_cue};

fuzz_target!(|bytes: &[u8]| {
    for c in [read_cue(bytes).ok(), read_aivdm(bytes, Utc(0)).ok().flatten()].into_iter().flatten() {
        assert!(c.at.lat_deg.abs() <= 90.0 && c.at.lon_deg.abs() <= 180.0);
        assert!(c.sensor.chars().count() <= 64 && !c.sensor.chars().any(char::is_control));
        assert!(c.error_m >= 0.0 && c.error_m.is_finite());
    }
});
