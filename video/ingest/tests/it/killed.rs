//! A recorder process killed in the middle of its work, as by a crash or the system.

use super::film::stream;
use super::{Folder, events};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use vedette_ingest::{FrameStore, Recorder, recover};
use vedette_klv::TsReader;
use vedette_model::{CameraId, Mono, RecorderReport};

const CAMERA: CameraId = CameraId(5);
const FOLDER: &str = "VEDETTE_TEST_RECORD_INTO";

#[test]
#[ignore = "the process that is killed: run by the test below"]
fn child_that_records() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let (sink, _log) = events();
    let mut recorder = Recorder::new(folder.as_ref(), CAMERA, 4, sink);
    let mut reader = TsReader::new();
    for (i, bytes) in stream(600).iter().enumerate() {
        let events = reader.push(bytes);
        recorder.push(Mono(0), bytes, &events);
        println!("frame {i}");
    }
    recorder.finish(Mono(0));
    println!("all");
}

#[test]
fn what_a_killed_recorder_had_taken_is_there_but_for_two_seconds() {
    for frames in [30, 130, 333] {
        let folder = Folder::new("kill");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child_that_records", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let last = format!("frame {frames}");
        let mut found = false;
        for line in lines {
            // The harness may put its own words in front on the first line.
            if line.unwrap().ends_with(&last) {
                found = true;
                break;
            }
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        assert!(found, "the recorder got to frame {frames}");
        recover(folder.path(), CAMERA).unwrap();
        let mut store = FrameStore::open(folder.path(), CAMERA).unwrap();
        let dir = folder.path().join("video/C-005");
        let mut recorded = 0;
        for segment in store.segments().to_vec() {
            let bytes = std::fs::read(dir.join(&segment.file)).unwrap();
            let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(digest, segment.sha256);
            recorded += store.frame_times(segment.index).unwrap().len();
        }
        assert!(recorded + 50 >= frames, "{recorded} of {frames} frames are there");
        let again = recover(folder.path(), CAMERA).unwrap();
        assert!(!again.iter().any(|r| matches!(r, RecorderReport::SegmentClosed { .. })));
    }
}
