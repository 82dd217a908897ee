//! Recorded frames found again.

use super::film::{FIRST_PTS, FIRST_UTC, STEP, metadata, number_in, stream};
use super::{Folder, events};
use vedette_ingest::{FrameStore, IngestError, Moment, Recorder};
use vedette_klv::TsReader;
use vedette_model::{CameraId, Mono, Utc};

const CAMERA: CameraId = CameraId(3);

fn record(folder: &Folder, frames: usize) {
    let (sink, _log) = events();
    let mut recorder = Recorder::new(folder.path(), CAMERA, 10, sink);
    let mut reader = TsReader::new();
    for chunk in &stream(frames) {
        let events = reader.push(chunk);
        recorder.push(Mono(0), chunk, &events);
    }
    let events = reader.finish();
    recorder.push(Mono(0), &[], &events);
    recorder.finish(Mono(0));
}

#[test]
fn the_frame_asked_for_is_the_frame_given() {
    let folder = Folder::new("review");
    record(&folder, 600);
    let mut store = FrameStore::open(folder.path(), CAMERA).unwrap();
    assert_eq!(store.segments().len(), 3, "24 s in segments of ten");
    assert_eq!(store.segments().iter().map(|s| s.frames).sum::<u64>(), 600);
    let mut slowest = std::time::Duration::ZERO;
    for number in [0, 1, 49, 50, 99, 249, 250, 251, 260, 299, 300, 499, 599] {
        #[expect(
            clippy::disallowed_methods,
            reason = "a figure for the person who reads the log, not asserted"
        )]
        let begun = std::time::Instant::now();
        let frame = store.frame_at(Moment::Pts(FIRST_PTS + STEP * number as u64)).unwrap();
        slowest = slowest.max(begun.elapsed());
        assert_eq!(number_in(&frame.gray), number);
        assert_eq!(frame.pts90k, FIRST_PTS + STEP * number as u64);
        assert_eq!(frame.captured_us, metadata(number).time_us);
        assert_eq!(frame.klv.unwrap().platform_tail, metadata(number).platform_tail);
    }
    eprintln!("slowest of 13 frames: {slowest:?}");
    // By the time of day, between two frames: the nearer one.
    let utc = |us: u64| Moment::Utc(Utc((FIRST_UTC + us) as i64));
    assert_eq!(
        number_in(&store.frame_at(utc(40_000 * 123 + 12_000)).unwrap().gray),
        123
    );
    assert_eq!(
        number_in(&store.frame_at(utc(40_000 * 123 + 28_000)).unwrap().gray),
        124
    );
    let times = store.frame_times(2).unwrap();
    assert_eq!(times.len(), 250);
    assert!(times.windows(2).all(|w| w[1].0 - w[0].0 == STEP));
}

#[test]
fn the_frame_of_a_look_is_that_frame_or_none() {
    let folder = Folder::new("look");
    record(&folder, 300);
    // The camera begins anew, and its times with it.
    record(&folder, 100);
    let mut store = FrameStore::open(folder.path(), CAMERA).unwrap();
    let pts = |number: u64| FIRST_PTS + STEP * number;
    let frame = store.frame_of_look(pts(260), None).unwrap();
    assert_eq!((frame.segment, number_in(&frame.gray)), (2, 260));
    let frame = store.frame_of_look(pts(60), None).unwrap();
    assert_eq!(
        (frame.segment, number_in(&frame.gray)),
        (3, 60),
        "the newest of that time"
    );
    let captured = metadata(60).time_us.map(|t| Utc(t as i64));
    let frame = store.frame_of_look(pts(60), captured).unwrap();
    assert_eq!(frame.captured_us.map(|t| Utc(t as i64)), captured);
    // No neighbour stands in for a frame that is not there.
    for absent in [pts(60) + STEP / 2, pts(300)] {
        let e = store.frame_of_look(absent, captured).unwrap_err();
        assert!(matches!(e, IngestError::NoFrame { .. }), "{e}");
    }
}

#[test]
fn a_copied_folder_without_its_list_is_read_as_well() {
    let folder = Folder::new("copied");
    record(&folder, 120);
    let dir = folder.path().join("video/C-003");
    std::fs::remove_file(dir.join("segments.jsonl")).unwrap();
    let mut store = FrameStore::open_dir(&dir).unwrap();
    let frame = store
        .frame_at(Moment::InSegment {
            index: 1,
            pts90k: FIRST_PTS + STEP * 77,
        })
        .unwrap();
    assert_eq!(number_in(&frame.gray), 77);
}

#[test]
fn an_empty_folder_says_so() {
    let folder = Folder::new("empty");
    let error = FrameStore::open(folder.path(), CAMERA).unwrap_err();
    assert!(matches!(error, IngestError::NoFrame { .. }));
}
