//! A short film whose every frame shows its own number, encoded with openh264 and muxed with metadata.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::OnceLock;
use vedette_klv::sei::insert_misp_time;
use vedette_klv::{
    PixelBox, SecuritySet, TargetLocation, TsWriter, TsWriterConfig, UasDatalink, VTarget, VideoCodec, VmtiSet, encode,
    miis_physical,
};

pub(crate) const WIDTH: usize = 320;
pub(crate) const HEIGHT: usize = 192;
/// Ticks between frames: 25 a second.
pub(crate) const STEP: u64 = 3_600;
pub(crate) const FIRST_PTS: u64 = 900_000;
pub(crate) const FIRST_UTC: u64 = 1_800_000_000_000_000;

/// Ten blocks, bright for the ones of the frame's number.
fn draw(number: usize) -> Vec<u8> {
    (0..WIDTH * HEIGHT)
        .map(|i| {
            let block = i % WIDTH / (WIDTH / 10);
            if number >> block & 1 == 1 { 220 } else { 30 }
        })
        .collect()
}

/// The number a decoded frame shows.
pub(crate) fn number_in(gray: &[u8]) -> usize {
    assert_eq!(gray.len(), WIDTH * HEIGHT);
    (0..10)
        .filter(|block| gray[WIDTH * HEIGHT / 2 + block * (WIDTH / 10) + WIDTH / 20] > 125)
        .map(|block| 1 << block)
        .sum()
}

/// Access units of `frames` frames: (key frame, bytes).
fn encode_film(frames: usize) -> Vec<(bool, Vec<u8>)> {
    gst::init().unwrap();
    let source = gst_app::AppSrc::builder()
        .caps(
            &gst::Caps::builder("video/x-raw")
                .field("format", "GRAY8")
                .field("width", WIDTH as i32)
                .field("height", HEIGHT as i32)
                .field("framerate", gst::Fraction::new(25, 1))
                .build(),
        )
        .format(gst::Format::Time)
        .build();
    let make = |name: &str| gst::ElementFactory::make(name).build().unwrap();
    let (convert, encoder, parser) = (make("videoconvert"), make("openh264enc"), make("h264parse"));
    encoder.set_property("gop-size", 50_u32);
    encoder.set_property("bitrate", 600_000_u32);
    encoder.set_property_from_str("rate-control", "off");
    let sink = gst_app::AppSink::builder()
        .caps(
            &gst::Caps::builder("video/x-h264")
                .field("stream-format", "byte-stream")
                .field("alignment", "au")
                .build(),
        )
        .sync(false)
        .build();
    let pipeline = gst::Pipeline::new();
    let chain = [
        source.upcast_ref::<gst::Element>(),
        &convert,
        &encoder,
        &parser,
        sink.upcast_ref(),
    ];
    pipeline.add_many(chain).unwrap();
    gst::Element::link_many(chain).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    for i in 0..frames {
        let mut buffer = gst::Buffer::from_mut_slice(draw(i));
        let b = buffer.get_mut().unwrap();
        b.set_pts(gst::ClockTime::from_mseconds(40 * i as u64));
        b.set_duration(gst::ClockTime::from_mseconds(40));
        source.push_buffer(buffer).unwrap();
    }
    source.end_of_stream().unwrap();
    let mut units = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let buffer = sample.buffer().unwrap();
        let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        units.push((key, buffer.map_readable().unwrap().to_vec()));
    }
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(units.len(), frames);
    units
}

/// What the metadata of a frame says.
pub(crate) fn metadata(frame: usize) -> UasDatalink {
    UasDatalink {
        time_us: Some(FIRST_UTC + 40_000 * frame as u64),
        sensor_lat_deg: Some(42.5 + frame as f64 * 1e-4),
        sensor_lon_deg: Some(1.6),
        platform_tail: Some(format!("T{frame}")),
        ..UasDatalink::default()
    }
}

/// Access units of the film, encoded once for all tests.
pub(crate) fn units() -> &'static [(bool, Vec<u8>)] {
    static UNITS: OnceLock<Vec<(bool, Vec<u8>)>> = OnceLock::new();
    UNITS.get_or_init(|| encode_film(600))
}

/// Metadata with every item the standard's minimum set asks for.
fn full_metadata(frame: usize) -> UasDatalink {
    let lat = 42.5 + frame as f64 * 1e-5;
    UasDatalink {
        mission_id: Some("NIGHT-7".into()),
        platform_designation: Some("VTOL-25".into()),
        image_source_sensor: Some("LWIR".into()),
        platform_heading_deg: Some(271.25),
        platform_pitch_deg: Some(2.5),
        platform_roll_deg: Some(-1.25),
        sensor_lat_deg: Some(lat),
        sensor_msl_m: Some(2350.0),
        sensor_hae_m: Some(2402.0),
        hfov_deg: Some(12.5),
        vfov_deg: Some(9.4),
        rel_azimuth_deg: Some(359.0),
        rel_elevation_deg: Some(-42.0),
        rel_roll_deg: Some(0.0),
        slant_range_m: Some(812.5),
        target_width_m: Some(178.0),
        frame_center_lat_deg: Some(lat + 0.004),
        frame_center_lon_deg: Some(1.604),
        frame_center_elev_m: Some(1810.0),
        corners: [
            Some((lat + 0.005, 1.603)),
            Some((lat + 0.005, 1.605)),
            Some((lat + 0.003, 1.605)),
            Some((lat + 0.003, 1.603)),
        ],
        security: Some(SecuritySet::unclassified("AD")),
        miis_core_id: Some(miis_physical(*b"sensor-uuid-0001", *b"platform-uuid-01")),
        vmti: Some(VmtiSet {
            time_us: metadata(frame).time_us,
            system_name: Some("hot-spot".into()),
            frame_width: Some(WIDTH as u32),
            frame_height: Some(HEIGHT as u32),
            targets: vec![VTarget {
                id: 12,
                centroid: Some((160, 96)),
                bbox: Some(PixelBox {
                    left: 150,
                    top: 90,
                    right: 170,
                    bottom: 102,
                }),
                confidence_percent: Some(84),
                lat_offset_deg: Some(0.0001),
                lon_offset_deg: Some(-0.0002),
                location: Some(TargetLocation {
                    lat_deg: lat + 0.0041,
                    lon_deg: 1.6038,
                    hae_m: 1861.0,
                    sigma_enu_m: Some([8.0, 9.0, 5.0]),
                    rho: Some([0.25, 0.0, 0.0]),
                }),
                status: Some(1),
                ..VTarget::default()
            }],
            ..VmtiSet::default()
        }),
        ..metadata(frame)
    }
}

/// The film with full metadata, as an export would be.
pub(crate) fn compliant_stream(frames: usize) -> Vec<Vec<u8>> {
    mux(frames, full_metadata)
}

/// The same without a word of targets.
pub(crate) fn compliant_stream_without_targets(frames: usize) -> Vec<Vec<u8>> {
    mux(frames, |i| UasDatalink {
        vmti: None,
        ..full_metadata(i)
    })
}

/// The first `frames` frames as a transport stream: picture with time stamp, then its metadata.
pub(crate) fn stream(frames: usize) -> Vec<Vec<u8>> {
    mux(frames, metadata)
}

fn mux(frames: usize, metadata: fn(usize) -> UasDatalink) -> Vec<Vec<u8>> {
    let mut writer = TsWriter::new(TsWriterConfig::default());
    units()[..frames]
        .iter()
        .enumerate()
        .map(|(i, (key, unit))| {
            let pts = FIRST_PTS + STEP * i as u64;
            let value = metadata(i);
            let unit = insert_misp_time(VideoCodec::H264, unit, value.time_us.unwrap(), true);
            let mut bytes = writer.video(pts, None, *key, &unit);
            bytes.extend(writer.klv(pts, &encode(&value)));
            bytes
        })
        .collect()
}
