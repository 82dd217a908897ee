//! Real recordings through a file source.

use super::{Folder, clock, data, events};
use vedette_ingest::{Channel, ChannelConfig, ChannelStats, FrameStore, Moment, SourceSpec, check_elements};
use vedette_model::CameraId;

const CAMERA: CameraId = CameraId(1);

fn play(name: &str) -> Option<(ChannelStats, u64, u64)> {
    let path = data(&format!("klv/kwiver/{name}"))?;
    let folder = Folder::new("recording");
    let (sink, _log) = events();
    let config = ChannelConfig::new(
        CAMERA,
        SourceSpec::File {
            path: path.clone(),
            paced: false,
        },
        Some(folder.path().to_owned()),
    );
    let (channel, receivers) = Channel::start(config, clock(), sink, &[1_000]).unwrap();
    let stats = channel.wait();
    let (mut frames, mut with_klv) = (0, 0);
    while let Some(frame) = receivers[0].recv_timeout(std::time::Duration::ZERO) {
        frames += 1;
        with_klv += u64::from(frame.klv.is_some());
        assert_eq!(frame.gray.len(), (frame.width * frame.height) as usize);
    }
    let record = std::fs::read(folder.path().join("video/C-001/seg-000001.ts")).unwrap();
    assert_eq!(record, std::fs::read(&path).unwrap(), "the record is the file");
    let mut store = FrameStore::open(folder.path(), CAMERA).unwrap();
    let times = store.frame_times(1).unwrap();
    let (pts, _) = times[times.len() / 2];
    let frame = store.frame_at(Moment::Pts(pts)).unwrap();
    assert_eq!(frame.pts90k, pts);
    eprintln!("{name}: {frames} frames, {with_klv} with metadata, {stats:?}");
    Some((stats, frames, with_klv))
}

#[test]
fn h264_h265_and_mpeg2_recordings_give_pictures_and_metadata() {
    for name in ["h264_klv.ts", "h265_klv.ts", "mpeg2_klv.ts"] {
        if let Some((stats, frames, with_klv)) = play(name) {
            assert_eq!(stats.sets, 30, "{name}");
            assert_eq!(stats.units, 30, "{name}");
            assert!(frames >= 29, "{name}: {frames}");
            assert!(with_klv >= 28, "{name}: {with_klv}");
        }
    }
}

#[test]
fn a_real_flight_gives_its_older_metadata() {
    // 300 sets of EG 0104 in ten seconds; this copy carries no picture on some machines.
    let Some(path) = data("klv/kwiver/aphill_klv_10s.ts") else {
        return;
    };
    let (sink, log) = events();
    let config = ChannelConfig::new(CAMERA, SourceSpec::File { path, paced: false }, None);
    let (channel, _) = Channel::start(config, clock(), sink, &[1]).unwrap();
    let stats = channel.wait();
    assert_eq!(stats.sets, 300);
    assert!(log.try_iter().count() >= 300);
    eprintln!("{stats:?}");
}

#[test]
fn this_machine_has_every_element() {
    assert_eq!(check_elements(), []);
}
