//! Streams that change under way, and those that are awaited rather than called: plain RTP, multicast.

use super::called::packets;
use super::film::{FIRST_PTS, HEIGHT, STEP, WIDTH, number_in, units};
use super::{Folder, clock, data, events};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;
use vedette_ingest::{Channel, ChannelConfig, FrameReceiver, SourceSpec};
use vedette_klv::{TsEvent, TsReader, TsWriter, TsWriterConfig};
use vedette_model::CameraId;

const CAMERA: CameraId = CameraId(7);
const PATIENCE: Duration = Duration::from_secs(20);
const OTHER: (usize, usize) = (160, 96);

fn start(source: SourceSpec, folder: &Folder) -> (Channel, FrameReceiver) {
    let (sink, _log) = events();
    let config = ChannelConfig::new(CAMERA, source, Some(folder.path().to_owned()));
    let (channel, mut receivers) = Channel::start(config, clock(), sink, &[256]).unwrap();
    (channel, receivers.remove(0))
}

/// A port nobody listens on.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What comes out of a pipeline's sink `b`, buffer by buffer.
fn drain(p: &gst::Pipeline) -> Vec<Vec<u8>> {
    let b = p.by_name("b").unwrap().downcast::<gst_app::AppSink>().unwrap();
    p.set_state(gst::State::Playing).unwrap();
    let mut out = Vec::new();
    while let Some(s) = b.try_pull_sample(gst::ClockTime::from_seconds(20)) {
        out.push(s.buffer().unwrap().map_readable().unwrap().to_vec());
    }
    p.set_state(gst::State::Null).unwrap();
    out
}

fn pipeline(text: &str) -> gst::Pipeline {
    gst::init().unwrap();
    gst::parse::launch(text).unwrap().downcast::<gst::Pipeline>().unwrap()
}

/// Access units of a film of another size.
fn smaller(frames: usize) -> Vec<Vec<u8>> {
    drain(&pipeline(&format!(
        "videotestsrc num-buffers={frames} ! video/x-raw,format=I420,width={},height={},framerate=25/1 ! \
         openh264enc gop-size=50 ! h264parse config-interval=-1 ! \
         video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=b sync=false",
        OTHER.0, OTHER.1
    )))
}

#[test]
fn a_camera_that_changes_its_resolution_is_shown_at_once_and_recorded_whole() {
    let folder = Folder::new("resolution");
    let (channel, frames) = start(SourceSpec::Udp("127.0.0.1:0".parse().unwrap()), &folder);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(channel.local_address().unwrap()).unwrap();
    let small = smaller(20);
    let large = units()[..20].iter().map(|(_, u)| u.clone());
    // Large, small, and large again, as when a camera switches its zoom's digital window or its sensor.
    let film: Vec<((usize, usize), Vec<u8>)> = large
        .clone()
        .map(|u| ((WIDTH, HEIGHT), u))
        .chain(small.into_iter().map(|u| (OTHER, u)))
        .chain(large.map(|u| ((WIDTH, HEIGHT), u)))
        .collect();
    assert_eq!(film.len(), 60);
    let mut writer = TsWriter::new(TsWriterConfig::default());
    let mut sent = Vec::new();
    for (i, (size, unit)) in film.iter().enumerate() {
        let bytes = writer.video(FIRST_PTS + STEP * i as u64, None, i % 20 == 0, unit);
        for datagram in bytes.chunks(7 * 188) {
            socket.send(datagram).unwrap();
        }
        sent.extend(bytes);
        let frame = frames.recv_timeout(PATIENCE).expect("a frame for each sent");
        assert_eq!((frame.width as usize, frame.height as usize), *size, "picture {i}");
        assert_eq!(frame.gray.len(), size.0 * size.1);
        assert_eq!(frame.rgba.map(|c| c.len()), Some(4 * size.0 * size.1));
        assert_eq!(frame.sequence, i as u64);
    }
    let stats = channel.stats();
    assert_eq!((stats.frames, stats.decoder_failures, stats.late), (60, 0, 0));
    assert!(stats.decoder.is_some(), "the decoder in use is told");
    channel.stop();
    let kept = std::fs::read(folder.path().join("video/C-007/seg-000001.ts")).unwrap();
    assert_eq!(kept, sent);
}

/// Sends RTP packets, once more round a film of so many ticks: their numbers and times go on.
fn send_round(socket: &UdpSocket, packets: &[Vec<u8>], round: usize, ticks: u32) {
    for (i, packet) in packets.iter().enumerate() {
        let mut packet = packet.clone();
        let time = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        packet[2..4].copy_from_slice(&((round * packets.len() + i) as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&time.wrapping_add(round as u32 * ticks).to_be_bytes());
        // A port that is not open yet refuses.
        drop(socket.send(&packet));
    }
}

#[test]
fn pictures_in_plain_rtp_are_awaited_shown_and_kept_as_a_transport_stream() {
    let folder = Folder::new("plain-rtp");
    let port = free_port();
    let film: Vec<Vec<u8>> = packets(20)
        .into_iter()
        .filter(|(c, _)| *c == 0)
        .map(|(_, p)| p)
        .collect();
    let (channel, frames) = start(format!("rtp://127.0.0.1:{port}").parse().unwrap(), &folder);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    let mut shown = 0;
    // Until it listens nothing is heard: the film is played until ten of its pictures are there.
    for round in 0..40 {
        send_round(&socket, &film, round, 20 * STEP as u32);
        while let Some(frame) = frames.recv_timeout(Duration::from_millis(250)) {
            assert_eq!((frame.width as usize, frame.height as usize), (WIDTH, HEIGHT));
            assert!(number_in(&frame.gray) < 20);
            shown += 1;
        }
        if shown >= 10 {
            break;
        }
    }
    assert!(shown >= 10, "{shown}: {:?}", channel.stats());
    channel.stop();
    let kept = std::fs::read(folder.path().join("video/C-007/seg-000001.ts")).unwrap();
    let mut reader = TsReader::new();
    let units = reader.push(&kept);
    assert!(
        units
            .iter()
            .any(|e| matches!(e, TsEvent::VideoUnit { damaged: false, .. }))
    );
}

#[test]
fn h265_in_plain_rtp_is_shown() {
    let Some(path) = data("klv/kwiver/h265_klv.ts") else {
        return;
    };
    let p = pipeline(
        "filesrc name=f ! tsparse ! tsdemux ! h265parse ! rtph265pay pt=97 mtu=1200 config-interval=-1 ! \
         appsink name=b sync=false",
    );
    p.by_name("f").unwrap().set_property("location", path);
    let packets = drain(&p);
    let folder = Folder::new("rtp-h265");
    let port = free_port();
    let (channel, frames) = start(format!("rtp://127.0.0.1:{port}?codec=h265").parse().unwrap(), &folder);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    let mut shown = 0;
    for round in 0..40 {
        send_round(&socket, &packets, round, 90_000);
        while frames.recv_timeout(Duration::from_millis(250)).is_some() {
            shown += 1;
        }
        if shown >= 5 {
            break;
        }
    }
    assert!(shown >= 5, "{shown}: {:?}", channel.stats());
    channel.stop();
}

#[test]
fn a_multicast_group_is_joined() {
    let folder = Folder::new("multicast");
    let port = free_port();
    let group = Ipv4Addr::new(239, 255, 17, 71);
    let sender = UdpSocket::bind("0.0.0.0:0").unwrap();
    sender.set_multicast_loop_v4(true).unwrap();
    let (channel, frames) = start(format!("udp://{group}:{port}").parse().unwrap(), &folder);
    for bytes in super::film::stream(5) {
        for datagram in bytes.chunks(7 * 188) {
            if let Err(e) = sender.send_to(datagram, (group, port)) {
                eprintln!("LEFT OUT: multicast: this machine has no way for it: {e}");
                return;
            }
        }
        frames.recv_timeout(PATIENCE).expect("a frame for each sent");
    }
    assert_eq!(channel.stats().frames, 5);
}

#[test]
fn awaited_rtp_is_read_as_it_is_written() {
    use vedette_klv::VideoCodec::{H264, H265};
    for (text, address, codec) in [
        ("rtp://@:5600", "0.0.0.0:5600", H264),
        ("rtp://127.0.0.1:5600?codec=h264", "127.0.0.1:5600", H264),
        ("rtp://239.1.1.1:5600?codec=h265", "239.1.1.1:5600", H265),
    ] {
        let address = address.parse().unwrap();
        assert_eq!(text.parse::<SourceSpec>().unwrap(), SourceSpec::Rtp { address, codec });
    }
    let e = "rtp://@:5600?codec=av1".parse::<SourceSpec>().expect_err("unknown");
    assert!(e.to_string().contains("codec=h265"), "{e}");
}
