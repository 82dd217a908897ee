//! Over the loopback, and what a disk or a killed station does to the record.

use super::film::{FIRST_PTS, FIRST_UTC, HEIGHT, STEP, WIDTH, metadata, number_in, stream};
use super::{Folder, clock, events};
use sha2::{Digest, Sha256};
use std::net::UdpSocket;
use std::time::Duration;
use vedette_ingest::{Channel, ChannelConfig, FrameStore, IngestEvent, Moment, Recorder, SourceSpec, recover};
use vedette_klv::TsReader;
use vedette_model::{CameraId, GapCause, Mono, RecorderReport};

const CAMERA: CameraId = CameraId(7);
const PATIENCE: Duration = Duration::from_secs(20);

fn recorded(folder: &Folder) -> Vec<u8> {
    let dir = folder.path().join("video/C-007");
    let mut names: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "ts"))
        .collect();
    names.sort();
    names.iter().flat_map(|p| std::fs::read(p).unwrap()).collect()
}

#[test]
fn a_stream_over_udp_is_recorded_as_sent_and_shown_with_its_metadata() {
    let folder = Folder::new("udp");
    let (sink, log) = events();
    let mut config = ChannelConfig::new(
        CAMERA,
        SourceSpec::Udp("127.0.0.1:0".parse().unwrap()),
        Some(folder.path().to_owned()),
    );
    config.segment_seconds = 2;
    let (channel, receivers) = Channel::start(config, clock(), sink, &[64]).unwrap();
    let frames = &receivers[0];
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(channel.local_address().unwrap()).unwrap();
    let sent = stream(130);
    for (seen, bytes) in sent.iter().enumerate() {
        for datagram in bytes.chunks(7 * 188) {
            socket.send(datagram).unwrap();
        }
        // One picture for one picture sent: the receiver paces the sender.
        let frame = frames.recv_timeout(PATIENCE).expect("a frame for each sent");
        assert_eq!((frame.width as usize, frame.height as usize), (WIDTH, HEIGHT));
        assert_eq!(number_in(&frame.gray), seen);
        assert_eq!(frame.pts90k, FIRST_PTS + STEP * seen as u64);
        assert_eq!(frame.captured_us(), Some(FIRST_UTC + 40_000 * seen as u64));
        let klv = frame.klv.expect("metadata with the frame");
        assert!(klv.verified);
        assert_eq!(klv.platform_tail, metadata(seen).platform_tail);
        let rgba = frame.rgba.unwrap();
        assert_eq!(rgba.len(), WIDTH * HEIGHT * 4);
        let middle = WIDTH * HEIGHT / 2 + WIDTH / 20;
        let (grey, colour) = (frame.gray[middle], &rgba[4 * middle..4 * middle + 4]);
        assert!(colour[..3].iter().all(|c| c.abs_diff(grey) <= 4) && colour[3] == 255);
    }
    let stats = channel.stats();
    assert_eq!((stats.units, stats.frames, stats.sets), (130, 130, 130));
    assert_eq!((stats.lost_packets, stats.decoder_failures), (0, 0));
    assert_eq!(frames.dropped(), 0);
    channel.stop();
    assert_eq!(recorded(&folder), sent.concat(), "the record is what was sent");
    let mut closed = Vec::new();
    for event in log.try_iter() {
        if let IngestEvent::Recorder(RecorderReport::SegmentClosed {
            index,
            file,
            bytes,
            sha256,
            from,
            truncated,
            ..
        }) = event
        {
            let content = std::fs::read(folder.path().join(&file)).unwrap();
            assert_eq!(content.len() as u64, bytes);
            let digest: String = Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(digest, sha256);
            assert!(!truncated && from.is_some());
            closed.push(index);
        }
    }
    assert_eq!(closed, [1, 2, 3], "a new segment at each key frame: 2 s + 2 s + rest");
}

#[test]
fn a_stream_in_rtp_is_recorded_without_the_rtp_headers() {
    let folder = Folder::new("rtp");
    let (sink, _log) = events();
    let config = ChannelConfig::new(
        CAMERA,
        SourceSpec::Udp("127.0.0.1:0".parse().unwrap()),
        Some(folder.path().to_owned()),
    );
    let (channel, receivers) = Channel::start(config, clock(), sink, &[64]).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(channel.local_address().unwrap()).unwrap();
    let sent = stream(20);
    for bytes in &sent {
        for (i, packets) in bytes.chunks(7 * 188).enumerate() {
            let mut datagram = vec![0x80, 33, 0, i as u8, 0, 0, 0, 0, 1, 2, 3, 4];
            datagram.extend_from_slice(packets);
            socket.send(&datagram).unwrap();
        }
        receivers[0].recv_timeout(PATIENCE).expect("a frame for each sent");
    }
    channel.stop();
    assert_eq!(recorded(&folder), sent.concat());
}

#[test]
fn a_hostile_stream_stops_neither_the_record_nor_the_frames_after_it() {
    let folder = Folder::new("hostile");
    let mut film = stream(300);
    // Half of all frames of the middle are scribbled over, packet headers and all.
    let mut state = 7_u32;
    for bytes in &mut film[60..240] {
        for b in bytes.iter_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 24 < 20 {
                *b = (state >> 16) as u8;
            }
        }
    }
    let bytes = film.concat();
    let path = folder.path().join("hostile.ts");
    std::fs::write(&path, &bytes).unwrap();
    let (sink, _log) = events();
    let config = ChannelConfig::new(
        CAMERA,
        SourceSpec::File { path, paced: false },
        Some(folder.path().to_owned()),
    );
    let (channel, receivers) = Channel::start(config, clock(), sink, &[1, 300]).unwrap();
    let stats = channel.wait();
    assert_eq!(recorded(&folder), bytes);
    assert!(stats.lost_packets > 0 && stats.unverified_sets > 0, "{stats:?}");
    // Whatever became of the decoder: two seconds of stream after the last bad byte it gives whole pictures.
    let whole = std::iter::from_fn(|| receivers[1].recv_timeout(Duration::ZERO))
        .filter_map(|f| {
            let n = number_in(&f.gray);
            (f.pts90k == FIRST_PTS + STEP * n as u64).then_some(n)
        })
        .find(|n| *n >= 240)
        .unwrap();
    assert!(whole < 290, "the first whole picture is {whole}");
    let last = receivers[0].latest().unwrap();
    assert_eq!(number_in(&last.gray), 299);
    assert_eq!(last.klv.unwrap().platform_tail, metadata(299).platform_tail);
}

#[test]
fn lost_datagrams_are_reported_as_a_gap_and_the_picture_goes_on() {
    let (sink, log) = events();
    let folder = Folder::new("loss");
    let config = ChannelConfig::new(
        CAMERA,
        SourceSpec::Udp("127.0.0.1:0".parse().unwrap()),
        Some(folder.path().to_owned()),
    );
    let (channel, receivers) = Channel::start(config, clock(), sink, &[256]).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(channel.local_address().unwrap()).unwrap();
    for (i, bytes) in stream(110).iter().enumerate() {
        if i != 20 {
            for datagram in bytes.chunks(7 * 188) {
                socket.send(datagram).unwrap();
            }
            receivers[0].recv_timeout(PATIENCE);
        }
    }
    assert!(channel.stats().lost_packets > 0);
    channel.stop();
    let gaps = log
        .try_iter()
        .filter(|e| {
            matches!(
                e,
                IngestEvent::Recorder(RecorderReport::Gap {
                    cause: GapCause::PacketLoss,
                    packets: 1..,
                    ..
                })
            )
        })
        .count();
    assert!(gaps >= 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_reported_and_the_picture_stays() {
    let folder = Folder::new("refused");
    std::fs::write(folder.path().join("video"), b"a file where a folder should be").unwrap();
    let path = folder.path().join("film.ts");
    std::fs::write(&path, stream(30).concat()).unwrap();
    let (sink, log) = events();
    let config = ChannelConfig::new(
        CAMERA,
        SourceSpec::File { path, paced: false },
        Some(folder.path().to_owned()),
    );
    let (channel, _) = Channel::start(config, clock(), sink, &[4]).unwrap();
    assert_eq!(channel.wait().frames, 30);
    assert!(log.try_iter().any(|e| matches!(
        e,
        IngestEvent::Recorder(RecorderReport::Refused { why, .. }) if why.contains("C-007")
    )));
}

#[test]
fn a_segment_left_open_by_a_kill_is_found_hashed_and_plays() {
    let folder = Folder::new("killed");
    let (sink, _log) = events();
    let mut recorder = Recorder::new(folder.path(), CAMERA, 10, sink);
    let mut reader = TsReader::new();
    let bytes = stream(80).concat();
    for chunk in bytes[..bytes.len() - 500].chunks(1_316) {
        let events = reader.push(chunk);
        recorder.push(Mono(0), chunk, &events);
    }
    // Killed: nothing is closed, nothing is said.
    std::mem::forget(recorder);
    let reports = recover(folder.path(), CAMERA).unwrap();
    let RecorderReport::SegmentClosed {
        truncated,
        bytes: size,
        ref file,
        ..
    } = reports[0]
    else {
        panic!("{reports:?}");
    };
    assert!(truncated);
    assert_eq!(file, "video/C-007/seg-000001.ts");
    assert!(size as usize >= bytes.len() - 500 - 1_316, "at most a datagram is lost");
    assert!(matches!(
        reports[1],
        RecorderReport::Gap {
            cause: GapCause::Killed,
            ..
        }
    ));
    assert_eq!(recover(folder.path(), CAMERA).unwrap(), [], "named once");
    let mut store = FrameStore::open(folder.path(), CAMERA).unwrap();
    let frame = store.frame_at(Moment::Pts(FIRST_PTS + 70 * STEP)).unwrap();
    assert_eq!(number_in(&frame.gray), 70);
    // The next recording goes on beside it and never over it.
    let (sink, _log) = events();
    let mut recorder = Recorder::new(folder.path(), CAMERA, 10, sink);
    recorder.push(Mono(0), &bytes[..1_316], &[]);
    recorder.finish(Mono(0));
    assert!(folder.path().join("video/C-007/seg-000002.ts").exists());
}

#[test]
fn a_slow_consumer_gets_the_newest_frame_and_the_count_of_the_others() {
    let folder = Folder::new("slow");
    let path = folder.path().join("film.ts");
    std::fs::write(&path, stream(60).concat()).unwrap();
    let (sink, _log) = events();
    let config = ChannelConfig::new(CAMERA, SourceSpec::File { path, paced: false }, None);
    let (channel, receivers) = Channel::start(config, clock(), sink, &[3]).unwrap();
    assert_eq!(channel.wait().frames, 60);
    let newest = receivers[0].latest().unwrap();
    assert_eq!(number_in(&newest.gray), 59);
    assert_eq!(receivers[0].dropped(), 59);
    assert!(receivers[0].ended());
}
