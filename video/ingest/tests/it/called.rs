//! Senders that are called: TCP, SRT and RTSP peers of this test's own, which break off and come back.

use super::film::{HEIGHT, WIDTH, number_in, stream};
use super::{Folder, clock, events};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;
use vedette_ingest::{Channel, ChannelConfig, FrameReceiver, SourceSpec};
use vedette_klv::{TsEvent, TsReader};
use vedette_model::{AgeSource, CameraId};

const CAMERA: CameraId = CameraId(7);
const PATIENCE: Duration = Duration::from_secs(20);

fn start(source: &str, folder: &Folder) -> (Channel, FrameReceiver) {
    let (sink, _log) = events();
    let config = ChannelConfig::new(CAMERA, source.parse().unwrap(), Some(folder.path().to_owned()));
    let (channel, mut receivers) = Channel::start(config, clock(), sink, &[256]).unwrap();
    (channel, receivers.remove(0))
}

/// The number of the next frame.
fn next(frames: &FrameReceiver) -> usize {
    let frame = frames.recv_timeout(PATIENCE).expect("frames go on");
    assert_eq!((frame.width as usize, frame.height as usize), (WIDTH, HEIGHT));
    number_in(&frame.gray)
}

#[test]
fn a_tcp_sender_that_breaks_off_is_called_again_and_the_record_goes_on() {
    let folder = Folder::new("tcp");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (channel, frames) = start(&format!("tcp://{address}"), &folder);
    let sent = stream(60);
    // One picture for one sent: the receiver paces the sender. The last of each call is still waited for when the
    // sender breaks off; the second call begins with a picture that stands alone.
    for part in [0..30, 30..60] {
        let (mut peer, _) = server.accept().unwrap();
        let first = part.start;
        for i in part {
            peer.write_all(&sent[i]).unwrap();
            if first == 0 || i >= 50 {
                let seen = next(&frames);
                assert!(seen >= first && seen <= i, "{seen} after {i}");
            }
        }
    }
    channel.stop();
    let kept: u64 = std::fs::read_dir(folder.path().join("video/C-007"))
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().extension().is_some_and(|x| x == "ts"))
        .map(|e| e.metadata().unwrap().len())
        .sum();
    assert_eq!(kept, sent.iter().map(|b| b.len() as u64).sum::<u64>());
}

#[test]
fn a_sender_that_never_starts_holds_nothing_up() {
    let folder = Folder::new("never");
    // A port nobody listens on, and one that accepts and says nothing.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    for source in [
        format!("tcp://{free}"),
        format!("tcp://{}", mute.local_addr().unwrap()),
        format!("rtspt://127.0.0.1:{}/none", free.port()),
        format!("srt://127.0.0.1:{}", free.port()),
    ] {
        let (channel, frames) = start(&source, &folder);
        assert!(frames.recv_timeout(Duration::from_millis(300)).is_none(), "{source}");
        assert_eq!(channel.stats().bytes, 0);
        channel.stop();
        assert!(frames.ended());
    }
}

#[test]
fn sources_are_read_as_they_are_written() {
    for (text, want) in [
        ("tcp://cam:5000", SourceSpec::Tcp("cam:5000".into())),
        (
            "srt://cam:5001?latency=80",
            SourceSpec::Srt("srt://cam:5001?latency=80".into()),
        ),
        (
            "rtspt://cam/1",
            SourceSpec::Rtsp {
                url: "rtsp://cam/1".into(),
                tcp: true,
            },
        ),
    ] {
        assert_eq!(text.parse::<SourceSpec>().unwrap(), want);
    }
    for bad in ["tcp://cam", "srt://:9", "http://cam/1", "rtsp://"] {
        let e = bad.parse::<SourceSpec>().expect_err(bad);
        assert!(e.to_string().contains("rtsp://"), "{e}");
    }
}

#[test]
fn an_srt_sender_is_called_and_its_bytes_are_kept() {
    let folder = Folder::new("srt");
    gst::init().unwrap();
    let port = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let p = gst::parse::launch(&format!(
        "appsrc name=a format=time ! srtsink uri=srt://127.0.0.1:{port}?mode=listener wait-for-connection=true sync=false"
    ))
    .unwrap()
    .downcast::<gst::Pipeline>()
    .unwrap();
    let a = p.by_name("a").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    p.set_state(gst::State::Playing).unwrap();
    let (channel, frames) = start(&format!("srt://127.0.0.1:{port}?mode=caller"), &folder);
    let sent = stream(30);
    // The call takes a moment; what is sent before it is made is not heard, so the sender waits for it.
    for (i, bytes) in sent.iter().enumerate() {
        for part in bytes.chunks(7 * 188) {
            a.push_buffer(gst::Buffer::from_slice(part.to_vec())).unwrap();
        }
        assert_eq!(next(&frames), i);
    }
    assert_eq!(channel.stats().bytes, sent.iter().map(|b| b.len() as u64).sum::<u64>());
    p.set_state(gst::State::Null).unwrap();
    channel.stop();
}

/// RTP packets of the film's pictures, as a payloader makes them, and of its metadata.
pub(crate) fn packets(frames: usize) -> Vec<(u8, Vec<u8>)> {
    gst::init().unwrap();
    let mut reader = TsReader::new();
    let mut events: Vec<TsEvent> = stream(frames).iter().flat_map(|b| reader.push(b)).collect();
    events.extend(reader.finish());
    let p = gst::parse::launch(
        "appsrc name=a format=time caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate=25/1 ! h264parse ! rtph264pay pt=96 mtu=1200 timestamp-offset=0 seqnum-offset=0 config-interval=-1 ! appsink name=b sync=false",
    )
    .unwrap()
    .downcast::<gst::Pipeline>()
    .unwrap();
    let a = p.by_name("a").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    let b = p.by_name("b").unwrap().downcast::<gst_app::AppSink>().unwrap();
    p.set_state(gst::State::Playing).unwrap();
    let mut out = Vec::new();
    let (mut first, mut sequence) = (None, 0u16);
    for e in &events {
        match e {
            TsEvent::VideoUnit {
                pts90k: Some(pts),
                bytes,
                ..
            } => {
                let since = pts - *first.get_or_insert(*pts);
                let mut buffer = gst::Buffer::from_slice(bytes.clone());
                buffer
                    .get_mut()
                    .unwrap()
                    .set_pts(gst::ClockTime::from_nseconds(since * 100_000 / 9));
                a.push_buffer(buffer).unwrap();
            }
            TsEvent::Klv {
                pts90k: Some(pts),
                bytes,
                ..
            } => {
                let since = (pts - first.unwrap_or(*pts)) as u32;
                let mut packet = vec![0x80, 0x80 | 97];
                packet.extend(sequence.to_be_bytes());
                packet.extend(since.to_be_bytes());
                packet.extend([0, 0, 0, 2]);
                packet.extend(bytes);
                sequence += 1;
                out.push((since, 2, packet));
            }
            _ => {}
        }
    }
    a.end_of_stream().unwrap();
    while let Some(s) = b.try_pull_sample(gst::ClockTime::from_seconds(20)) {
        let packet = s.buffer().unwrap().map_readable().unwrap().as_slice().to_vec();
        let time = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        out.push((time, 0, packet));
    }
    p.set_state(gst::State::Null).unwrap();
    out.sort_by_key(|(t, channel, _)| (*t, *channel));
    out.into_iter().map(|(_, c, p)| (c, p)).collect()
}

/// Answers one RTSP client (RFC 2326, interleaved) and plays the packets; breaks off when they are over.
fn serve(mut peer: TcpStream, packets: &[(u8, Vec<u8>)], pace: Duration, stop: &Receiver<()>) {
    let both = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=film\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\nm=application 0 RTP/AVP 97\r\na=rtpmap:97 SMPTE336M/90000\r\na=control:track2\r\n";
    let metadata = packets.iter().any(|(channel, _)| *channel == 2);
    let sdp = if metadata {
        both
    } else {
        &both[..both.find("m=application").unwrap()]
    };
    let mut asked = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let Some(end) = asked.windows(4).position(|w| w == b"\r\n\r\n") else {
            match peer.read(&mut buffer) {
                Ok(n) if n > 0 => asked.extend(&buffer[..n]),
                _ => return,
            }
            continue;
        };
        let request = String::from_utf8_lossy(&asked[..end]).into_owned();
        asked.drain(..end + 4);
        let cseq = request
            .lines()
            .find_map(|l| l.strip_prefix("CSeq: "))
            .unwrap_or("0")
            .to_owned();
        let method = request.split(' ').next().unwrap_or_default().to_owned();
        let more = match method.as_str() {
            "OPTIONS" => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned(),
            "DESCRIBE" => format!(
                "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
                sdp.len()
            ),
            "SETUP" => {
                let pair = if request.lines().next().unwrap_or_default().contains("track2") {
                    "2-3"
                } else {
                    "0-1"
                };
                format!("Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved={pair}\r\n\r\n")
            }
            _ => "Session: 1\r\n\r\n".to_owned(),
        };
        if write!(peer, "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{more}").is_err() {
            return;
        }
        if method == "PLAY" {
            for (channel, packet) in packets {
                let mut framed = vec![b'$', *channel];
                framed.extend((packet.len() as u16).to_be_bytes());
                framed.extend(packet);
                // The film's pace, which the end of the test breaks.
                let over = stop.recv_timeout(pace) != Err(RecvTimeoutError::Timeout);
                if over || peer.write_all(&framed).is_err() {
                    return;
                }
            }
            return;
        }
    }
}

#[test]
fn an_rtsp_camera_gives_pictures_with_metadata_and_is_called_again() {
    let folder = Folder::new("rtsp");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(1);
    let peer = {
        let packets = packets(60);
        std::thread::Builder::new()
            .name("camera".into())
            .spawn(move || {
                for peer in server.incoming() {
                    if stopped.try_recv() == Err(TryRecvError::Disconnected) {
                        return;
                    }
                    serve(peer.unwrap(), &packets, Duration::from_millis(3), &stopped);
                }
            })
            .unwrap()
    };
    let (channel, frames) = start(&format!("rtspt://{address}/film"), &folder);
    let (mut shown, mut with_metadata, mut beginnings) = (0, 0, 0);
    // Twice through the film: the camera breaks off at its end and is called again.
    while beginnings < 2 || shown < 70 {
        let frame = frames.recv_timeout(PATIENCE).expect("the camera is called again");
        shown += 1;
        with_metadata += usize::from(frame.klv.is_some());
        beginnings += usize::from(number_in(&frame.gray) < 3 && (shown == 1 || shown > 20));
    }
    assert!(with_metadata * 2 > shown, "{with_metadata} of {shown}");
    drop(stop);
    channel.stop();
    drop(TcpStream::connect(address));
    peer.join().unwrap();
    // What was kept is a transport stream that plays.
    let kept = std::fs::read_dir(folder.path().join("video/C-007"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|x| x == "ts"))
        .unwrap();
    let mut reader = TsReader::new();
    let units = reader
        .push(&std::fs::read(kept).unwrap())
        .iter()
        .filter(|e| matches!(e, TsEvent::VideoUnit { .. }))
        .count();
    assert!(units >= 50, "{units}");
}

/// Time of day of the first picture in the test below, seconds since 1970.
const BEGUN_S: u64 = 1_795_000_000;

/// A sender's report (RFC 3550 section 6.4.1) about the source of `packet`: its time of day at the RTP time `ticks`.
fn report(packet: &[u8], ticks: u32, late_us: u64) -> Vec<u8> {
    let us = BEGUN_S * 1_000_000 + u64::from(ticks) * 100 / 9 + late_us;
    let (seconds, fraction) = (us / 1_000_000 + 2_208_988_800, ((us % 1_000_000) << 32) / 1_000_000);
    let mut out = vec![0x80, 200, 0, 6];
    out.extend(&packet[8..12]);
    out.extend((seconds as u32).to_be_bytes());
    out.extend((fraction as u32).to_be_bytes());
    out.extend(ticks.to_be_bytes());
    out.extend([0; 8]);
    out
}

#[test]
fn a_camera_without_metadata_tells_by_its_reports_when_a_picture_was_taken() {
    let folder = Folder::new("reports");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(1);
    let mut sent: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut before = None;
    for (_, packet) in packets(42).into_iter().filter(|(channel, _)| *channel == 0) {
        let ticks = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        // A report every second from the tenth picture on, the second 3 ms off the first.
        if before != Some(ticks) && ticks % 90_000 == 36_000 {
            let late_us = if ticks > 90_000 { 3_000 } else { 0 };
            sent.push((1, report(&packet, ticks, late_us)));
        }
        before = Some(ticks);
        sent.push((0, packet));
    }
    let peer = std::thread::Builder::new()
        .name("camera".into())
        .spawn(move || {
            let (peer, _) = server.accept().unwrap();
            serve(peer, &sent, Duration::from_millis(30), &stopped);
        })
        .unwrap();
    let (channel, frames) = start(&format!("rtspt://{address}/film"), &folder);
    let (mut silent, mut told, mut exact, mut near, mut spread) = (0, 0, 0, 0, Vec::new());
    loop {
        let mut frame = frames.recv_timeout(PATIENCE).expect("the film goes on");
        let i = number_in(&frame.gray);
        assert!(frame.klv.is_none());
        // The film's own stamps would be believed first.
        frame.sei_time_us = None;
        match frame.taken() {
            // Afterwards only where a loaded machine lets the stream's pace be found anew.
            None => silent += usize::from(told == 0),
            Some((time_us, by, sigma_us)) => {
                told += 1;
                assert_eq!(by, AgeSource::Rtp);
                let off = time_us as i64 - (BEGUN_S * 1_000_000 + i as u64 * 40_000) as i64;
                // Of this picture and no other: less than half the way to the next.
                near += usize::from((-20_000..20_000).contains(&off));
                exact += usize::from((-100..3_200).contains(&off));
                spread.push(sigma_us);
            }
        }
        if i >= 38 {
            break;
        }
    }
    drop(stop);
    channel.stop();
    peer.join().unwrap();
    // Before the first report nobody knows; after it each picture has its time, and reports that differ are told.
    assert!(
        (6..20).contains(&silent) && told >= 12,
        "{silent} without, {told} with a time"
    );
    assert!(
        near * 10 >= told * 9,
        "{near} of {told} have their own time and no other's"
    );
    assert!(exact * 2 > told, "{exact} of {told} as the sender said");
    assert_eq!(spread[0], 20_000);
    assert!(spread.last() > spread.first(), "{spread:?}");
}
