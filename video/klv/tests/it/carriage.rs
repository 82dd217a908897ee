//! Carriage: what the writer writes the reader reads, in any chunks, through loss and garbage.
use super::values::sample;
use proptest::prelude::*;
use vedette_klv::sei::{insert_misp_time, nal_units, read_misp_time};
use vedette_klv::{Part, SegmentCutter, StreamKind, TsEvent, TsReader, TsWriter, TsWriterConfig, VideoCodec, encode};

/// A stand-in for an access unit: parameter sets and a slice of the wanted size.
fn access_unit(keyframe: bool, size: usize, seed: u8) -> Vec<u8> {
    let mut au = Vec::new();
    if keyframe {
        au.extend_from_slice(&[0, 0, 0, 1, 0x67, 0x42, 0x00, 0x1f, 0, 0, 0, 1, 0x68, 0xce]);
    }
    au.extend_from_slice(&[0, 0, 0, 1, if keyframe { 0x65 } else { 0x41 }]);
    au.extend((0..size).map(|i| 4 + (i as u8).wrapping_mul(seed) % 250));
    au
}

fn stream(config: TsWriterConfig, frames: u64, sizes: &[usize]) -> (Vec<u8>, Vec<u64>) {
    let mut writer = TsWriter::new(config);
    let (mut out, mut times) = (Vec::new(), Vec::new());
    for i in 0..frames {
        let pts = 900_000 + i * 3_600;
        let key = i % 10 == 0;
        let size = sizes[i as usize % sizes.len()];
        out.extend(writer.video(pts, None, key, &access_unit(key, size, i as u8)));
        let mut value = sample();
        value.time_us = Some(1_000_000 * i);
        out.extend(writer.klv(pts, &encode(&value)));
        times.push(pts);
    }
    (out, times)
}

fn read(bytes: &[u8], chunk: usize) -> Vec<TsEvent> {
    let mut reader = TsReader::new();
    let mut events = Vec::new();
    for part in bytes.chunks(chunk.max(1)) {
        events.extend(reader.push(part));
    }
    events.extend(reader.finish());
    events
}

#[test]
fn frames_and_sets_come_back_with_their_times() {
    for klv_sync in [true, false] {
        let config = TsWriterConfig {
            klv_sync,
            ..TsWriterConfig::default()
        };
        let (bytes, times) = stream(config, 30, &[10, 170, 3_000, 90_000]);
        assert_eq!(bytes.len() % 188, 0);
        let events = read(&bytes, 1_316);
        let mut video = Vec::new();
        let mut klv = Vec::new();
        for event in &events {
            match event {
                TsEvent::VideoUnit {
                    pts90k,
                    random_access,
                    damaged,
                    bytes,
                    ..
                } => {
                    assert!(!damaged);
                    video.push((pts90k.unwrap(), *random_access, bytes.clone()));
                }
                TsEvent::Klv {
                    pts90k, bytes, damaged, ..
                } => {
                    assert!(!damaged);
                    klv.push((*pts90k, bytes.clone()));
                }
                TsEvent::ProgramChanged { streams, .. } => {
                    let kinds: Vec<StreamKind> = streams.iter().map(|s| s.kind).collect();
                    let want = if klv_sync {
                        StreamKind::KlvSync
                    } else {
                        StreamKind::KlvAsync
                    };
                    assert_eq!(kinds, [StreamKind::Video(VideoCodec::H264), want]);
                }
                TsEvent::Pat { .. } | TsEvent::RandomAccess { .. } | TsEvent::Pcr { .. } => {}
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(video.iter().map(|v| v.0).collect::<Vec<_>>(), times);
        for (i, (_, key, bytes)) in video.iter().enumerate() {
            assert_eq!(*key, i % 10 == 0);
            let sent = access_unit(*key, [10, 170, 3_000, 90_000][i % 4], i as u8);
            assert_eq!(bytes[6..], sent[..], "frame {i} after its delimiter");
        }
        assert_eq!(klv.len(), 30);
        for (i, (pts, _)) in klv.iter().enumerate() {
            assert_eq!(*pts, klv_sync.then(|| times[i]));
        }
    }
}

#[test]
fn clock_and_tables_come_at_least_every_100_ms_even_at_two_frames_a_second() {
    let mut writer = TsWriter::new(TsWriterConfig::default());
    let mut bytes = Vec::new();
    for i in 0..6 {
        bytes.extend(writer.video(90_000 + i * 45_000, None, i == 0, &access_unit(i == 0, 500, 3)));
    }
    let clocks: Vec<u64> = read(&bytes, 188)
        .into_iter()
        .filter_map(|e| match e {
            TsEvent::Pcr { pcr27m, .. } => Some(pcr27m),
            TsEvent::Discontinuity { .. } => panic!("clock packets must not look like loss"),
            _ => None,
        })
        .collect();
    assert!(clocks.windows(2).all(|w| w[1] - w[0] <= 2_700_000));
    let tables = bytes.chunks(188).filter(|p| p[1..3] == [0x40, 0]).count();
    assert!(tables >= 25, "{tables} tables in two and a half seconds");
}

#[test]
fn a_lost_packet_is_told_and_only_its_unit_is_damaged() {
    let (bytes, _) = stream(TsWriterConfig::default(), 12, &[4_000]);
    let events = read(&bytes, 188);
    let victim = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::VideoUnit { offset, .. } => Some(*offset as usize),
            _ => None,
        })
        .nth(5)
        .unwrap();
    let mut cut = bytes[..victim + 188].to_vec();
    cut.extend_from_slice(&bytes[victim + 2 * 188..]);
    let events = read(&cut, 188);
    let losses = events
        .iter()
        .filter(|e| matches!(e, TsEvent::Discontinuity { .. }))
        .count();
    let damaged: Vec<bool> = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::VideoUnit { damaged, .. } => Some(*damaged),
            _ => None,
        })
        .collect();
    assert_eq!(losses, 1);
    assert_eq!(damaged.iter().filter(|d| **d).count(), 1);
    assert!(damaged[5]);
}

#[test]
fn garbage_in_front_and_between_is_skipped_and_said() {
    let (bytes, times) = stream(TsWriterConfig::default(), 20, &[700]);
    let mut dirty = b"GGGGarbage".to_vec();
    let middle = bytes.len() / 188 / 2 * 188;
    dirty.extend_from_slice(&bytes[..middle]);
    dirty.extend_from_slice(&[0x12; 77]);
    dirty.extend_from_slice(&bytes[middle..]);
    let events = read(&dirty, 50);
    let skipped: Vec<u64> = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::SyncLost { skipped, .. } => Some(*skipped),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [10, 77]);
    let units = events.iter().filter(|e| matches!(e, TsEvent::VideoUnit { .. })).count();
    assert_eq!(units, times.len());
}

#[test]
fn segments_start_at_tables_before_a_key_frame_and_lose_nothing() {
    let (bytes, _) = stream(TsWriterConfig::default(), 100, &[900, 40, 6_000]);
    let mut reader = TsReader::new();
    let mut cutter = SegmentCutter::new(45_000);
    let mut segments = vec![Vec::new()];
    let mut take = |parts: Vec<Part>| {
        for part in parts {
            match part {
                Part::Append(b) => segments.last_mut().unwrap().extend(b),
                Part::StartNext => segments.push(Vec::new()),
            }
        }
    };
    for chunk in bytes.chunks(1_000) {
        let events = reader.push(chunk);
        take(cutter.push(chunk, &events));
    }
    take(cutter.flush());
    assert_eq!(segments.concat(), bytes);
    assert!((5..=6).contains(&segments.len()), "{}", segments.len());
    for segment in &segments {
        let events = read(segment, 188);
        assert!(matches!(events[0], TsEvent::Pat { offset: 0 }));
        let first = events
            .iter()
            .find_map(|e| match e {
                TsEvent::VideoUnit { random_access, .. } => Some(*random_access),
                _ => None,
            })
            .unwrap();
        assert!(first, "each segment plays from its first frame");
        assert!(!events.iter().any(|e| matches!(e, TsEvent::Discontinuity { .. })));
    }
}

#[test]
fn a_time_stamp_goes_into_the_picture_and_back() {
    let au = access_unit(true, 300, 7);
    for time in [0, 1, 0x0000_0100_0000_0200, 1_700_000_000_000_000, u64::MAX] {
        let stamped = insert_misp_time(VideoCodec::H264, &au, time, true);
        let back = read_misp_time(VideoCodec::H264, &stamped).unwrap();
        assert_eq!((back.time_us, back.status), (time, 0x1f));
        let kinds: Vec<u8> = nal_units(&stamped).iter().map(|n| n.1[0] & 0x1f).collect();
        assert_eq!(kinds, [7, 8, 6, 5]);
    }
    assert_eq!(read_misp_time(VideoCodec::H264, &au), None);
}

#[test]
fn a_time_stamp_of_h265_has_its_own_identifier_and_one_of_mpeg2_is_user_data() {
    let time = 1_700_000_000_000_000;
    // Parameter set and slice of a key picture.
    let hevc = [&[0, 0, 0, 1, 0x42, 1, 5, 5][..], &[0, 0, 0, 1, 0x26, 1, 0xaf, 7, 7]].concat();
    let stamped = insert_misp_time(VideoCodec::H265, &hevc, time, true);
    assert!(
        stamped.windows(4).any(|w| w == [0xa8, 0x68, 0x7d, 0xd4]),
        "ST 0604.6, H.265"
    );
    assert_eq!(read_misp_time(VideoCodec::H265, &stamped).unwrap().time_us, time);
    // Picture header and first slice.
    let mpeg2 = [&[0, 0, 1, 0, 9, 9, 9, 9][..], &[0, 0, 1, 1, 8, 8]].concat();
    let stamped = insert_misp_time(VideoCodec::Mpeg2, &mpeg2, time, true);
    assert_eq!(stamped[8..28], *b"\0\0\x01\xb2MISPmicrosectime");
    assert_eq!(stamped[stamped.len() - 6..], mpeg2[8..]);
    assert_eq!(read_misp_time(VideoCodec::Mpeg2, &stamped).unwrap().time_us, time);
}

/// Packets of one access unit of undeclared length; `middle` fills up a packet before the last as well.
fn unbounded(counter: &mut u8, pts: u8, size: usize, middle: bool) -> Vec<u8> {
    let mut pes = vec![0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, pts, 1];
    pes.extend(access_unit(pts == 0, size, 5));
    let mut out = Vec::new();
    let mut at = 0;
    while at < pes.len() {
        let take = if middle && at == 184 { 100 } else { 184 }.min(pes.len() - at);
        out.extend_from_slice(&[0x47, if at == 0 { 0x41 } else { 0x01 }, 0x00]);
        out.push(if take < 184 { 0x30 } else { 0x10 } | *counter);
        *counter = (*counter + 1) & 15;
        if take < 184 {
            let length = 183 - take;
            out.push(length as u8);
            out.extend((0..length).map(|i| if i == 0 { 0 } else { 0xff }));
        }
        out.extend_from_slice(&pes[at..at + take]);
        at += take;
    }
    out
}

#[test]
fn a_unit_of_undeclared_length_is_given_with_its_last_packet_once_the_sender_is_known() {
    let tables = TsWriter::new(TsWriterConfig::default()).video(0, None, true, &access_unit(true, 10, 1));
    let (mut reader, mut counter, mut with_last) = (TsReader::new(), 1, Vec::new());
    reader.push(&tables);
    let units = |events: Vec<TsEvent>| events.iter().filter(|e| matches!(e, TsEvent::VideoUnit { .. })).count();
    for i in 0..20 {
        let bytes = unbounded(&mut counter, 2 * i, 1_000, i == 12);
        // A following packet of another PID, as a receiver would see.
        with_last.push(units(reader.push(&bytes)));
    }
    // First each is completed by the next; then the sender is believed and two come at once; then each with its own
    // last packet, until one is filled up in its middle. From there on each comes with the next again.
    assert_eq!(with_last, [0, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]);
    let mut whole = TsReader::new();
    let mut counter = 1;
    let mut all = tables.clone();
    for i in 0..20 {
        all.extend(unbounded(&mut counter, 2 * i, 1_000, i == 12));
    }
    let mut events = whole.push(&all);
    events.extend(whole.finish());
    let losses = events
        .iter()
        .filter(|e| matches!(e, TsEvent::Discontinuity { .. }))
        .count();
    assert_eq!((units(events), losses), (21, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_chunking_gives_the_same_events(
        sizes in proptest::collection::vec(0_usize..1_500, 1..6),
        noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        chunk in 1_usize..700,
    ) {
        let (mut bytes, _) = stream(TsWriterConfig::default(), 12, &sizes);
        for (at, b) in noise {
            let at = at.index(bytes.len());
            bytes[at] = b;
        }
        prop_assert_eq!(read(&bytes, usize::MAX), read(&bytes, chunk));
    }

    #[test]
    fn random_streams_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), chunk in 1_usize..300) {
        let mut bytes = bytes;
        for i in (0..bytes.len()).step_by(188) {
            bytes[i] = 0x47;
        }
        let _ = read(&bytes, chunk);
        let _ = insert_misp_time(VideoCodec::H265, &bytes, 7, false);
        let _ = read_misp_time(VideoCodec::H264, &bytes);
    }
}
