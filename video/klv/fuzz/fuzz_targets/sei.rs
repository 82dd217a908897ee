//! Any bytes as a picture: the time stamp put in loses none of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_klv::VideoCodec;
use vedette_klv::sei::{insert_misp_time, read_misp_time};

fuzz_target!(|bytes: &[u8]| {
    for codec in [VideoCodec::H264, VideoCodec::H265, VideoCodec::Mpeg2] {
        let _ = read_misp_time(codec, bytes);
        let with = insert_misp_time(codec, bytes, 1_700_000_000_000_000, false);
        let mut rest = with.iter();
        assert!(bytes.iter().all(|b| rest.any(|w| w == b)));
    }
});
