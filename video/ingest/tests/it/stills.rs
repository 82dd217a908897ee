//! Single pictures: what an encoder wrote comes back, what is broken is told.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use vedette_ingest::Stills;

fn encode(encoder: &str, width: i32, height: i32, gray: Vec<u8>) -> Vec<u8> {
    gst::init().expect("GStreamer");
    let line = format!(
        "appsrc name=a caps=video/x-raw,format=GRAY8,width={width},height={height},framerate=1/1 ! videoconvert ! {encoder} ! appsink name=b sync=false"
    );
    let p = gst::parse::launch(&line)
        .expect("pipeline")
        .downcast::<gst::Pipeline>()
        .expect("a pipeline");
    let a = p
        .by_name("a")
        .expect("a")
        .downcast::<gst_app::AppSrc>()
        .expect("source");
    let b = p.by_name("b").expect("b").downcast::<gst_app::AppSink>().expect("sink");
    p.set_state(gst::State::Playing).expect("plays");
    let mut buffer = gst::Buffer::from_mut_slice(gray);
    buffer.get_mut().expect("own").set_pts(gst::ClockTime::ZERO);
    a.push_buffer(buffer).expect("taken");
    a.end_of_stream().expect("ends");
    let sample = b.pull_sample().expect("a picture");
    let bytes = sample
        .buffer()
        .expect("bytes")
        .map_readable()
        .expect("readable")
        .as_slice()
        .to_vec();
    p.set_state(gst::State::Null).expect("stops");
    bytes
}

#[test]
fn pictures_come_back_and_a_broken_one_does_not_stop_the_next() {
    let gray: Vec<u8> = (0..96 * 64).map(|i| 40 + (i % 96) as u8 + (i / 96) as u8).collect();
    let (png, jpeg) = (
        encode("pngenc", 96, 64, gray.clone()),
        encode("jpegenc quality=100", 96, 64, gray.clone()),
    );
    let mut stills = Stills::new();
    for bytes in [&png, &jpeg, &png, &png] {
        let s = stills.decode(bytes).expect("a picture");
        assert_eq!((s.width, s.height), (96, 64));
        let worst = s.gray.iter().zip(&gray).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(6), "{worst:?}");
    }
    assert!(stills.decode(b"no picture").is_err());
    assert!(stills.decode(&png[..60]).is_err());
    assert!(stills.decode(&png).is_ok());
}
