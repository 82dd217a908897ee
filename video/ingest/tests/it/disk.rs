//! A disk that fills up: evidence goes on longest, then recording stands still, and goes on unaided.

use super::film::stream;
use super::{Folder, events};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use vedette_ingest::{DiskGuard, DiskLevel, IngestEvent, Recorder, free_share, share};
use vedette_klv::TsReader;
use vedette_model::{CameraId, GapCause, Mono, RecorderReport};

#[test]
fn levels_come_at_ten_five_and_two_per_cent_and_do_not_swing() {
    let mut g = DiskGuard::default();
    let mut seen = Vec::new();
    for percent in [50.0, 10.0, 9.9, 10.5, 9.0, 4.9, 5.5, 1.9, 2.5, 3.1, 6.1, 11.1, f64::NAN] {
        if let Some(l) = g.judge(percent / 100.0) {
            seen.push((percent, l));
        }
    }
    use DiskLevel::{Full, Low, Plenty, Scarce};
    assert_eq!(
        seen,
        [
            (9.9, Low),
            (4.9, Scarce),
            (1.9, Full),
            (3.1, Scarce),
            (6.1, Low),
            (11.1, Plenty)
        ]
    );
    assert!(Full > Scarce && Scarce > Low);
    let here = free_share(&std::env::temp_dir().join("not/made/yet")).unwrap();
    assert!((0.0..=1.0).contains(&here), "{here}");
}

#[test]
fn blocks_held_back_for_the_system_are_neither_used_nor_free() {
    // 252 GiB, most of them held back: 80 GiB used, 4 GiB left to us are 4.8 %, not 1.6 %.
    assert_eq!(share(252, 172, 4), Some(4.0 / 84.0));
    assert_eq!(share(100, 40, 40), Some(0.4), "nothing held back");
    assert_eq!(share(100, 5, 0), Some(0.0), "full for us, not for the system");
    assert_eq!(share(0, 0, 0), None, "a file system without blocks says nothing");
    assert_eq!(share(1, 2, 0), None, "more free than there are");
}

#[test]
fn every_level_the_disk_falls_to_is_a_record() {
    let folder = Folder::new("disk-levels");
    let (sink, log) = events();
    let free = Arc::new(AtomicU32::new(1000));
    let told = free.clone();
    let mut recorder = Recorder::new(folder.path(), CameraId(6), 4, sink)
        .space(move |_| Some(f64::from(told.load(Ordering::Relaxed)) / 1000.0));
    let mut reader = TsReader::new();
    let shares = [500, 95, 45, 15, 500];
    for (i, bytes) in stream(50 * shares.len()).iter().enumerate() {
        free.store(shares[i / 50], Ordering::Relaxed);
        let events = reader.push(bytes);
        recorder.push(Mono(i as i64 * 200_000), bytes, &events);
    }
    recorder.finish(Mono(60_000_000));
    let levels: Vec<(f64, f64)> = log
        .try_iter()
        .filter_map(|e| match e {
            IngestEvent::Recorder(RecorderReport::Disk { free, below, .. }) => Some((free, below)),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [(0.095, 0.10), (0.045, 0.05), (0.015, 0.02), (0.5, 1.0)]);
}

/// Ten seconds at each free share (per mille); bytes on disk, refusals and gaps for want of room.
fn record(evidence: bool, shares: &[u32]) -> (u64, usize, usize) {
    let folder = Folder::new("disk");
    let (sink, log) = events();
    let free = Arc::new(AtomicU32::new(1000));
    let told = free.clone();
    let mut recorder = Recorder::new(folder.path(), CameraId(6), 4, sink)
        .evidence(evidence)
        .space(move |_| Some(f64::from(told.load(Ordering::Relaxed)) / 1000.0));
    let mut reader = TsReader::new();
    let film = stream(50 * shares.len());
    for (i, bytes) in film.iter().enumerate() {
        free.store(shares[i / 50], Ordering::Relaxed);
        let events = reader.push(bytes);
        recorder.push(Mono(i as i64 * 200_000), bytes, &events);
    }
    recorder.finish(Mono(film.len() as i64 * 200_000));
    let on_disk = std::fs::read_dir(folder.path().join("video/C-006"))
        .into_iter()
        .flatten()
        .map(|e| e.unwrap())
        .filter(|e| e.path().extension().is_some_and(|x| x == "ts"))
        .map(|e| e.metadata().unwrap().len())
        .sum();
    let (mut refused, mut gaps) = (0, 0);
    for e in log.try_iter() {
        match e {
            IngestEvent::Recorder(RecorderReport::Refused { why, .. }) => {
                assert!(why.contains("of the disk is free"), "{why}");
                refused += 1;
            }
            IngestEvent::Recorder(RecorderReport::Gap {
                cause: GapCause::Disk,
                packets,
                ..
            }) => {
                assert!(packets > 0);
                gaps += 1;
            }
            _ => {}
        }
    }
    (on_disk, refused, gaps)
}

#[test]
fn a_full_disk_stops_the_recording_once_and_room_starts_it_again() {
    let all: u64 = stream(150).iter().map(|b| b.len() as u64).sum();
    assert_eq!(record(true, &[500, 80, 90]), (all, 0, 0), "low: an alarm, nothing lost");
    assert_eq!(record(true, &[500, 40, 45]), (all, 0, 0), "scarce: evidence goes on");
    let (kept, refused, gaps) = record(false, &[500, 40, 200]);
    assert!(kept < all && kept > all / 2, "{kept} of {all}");
    assert_eq!((refused, gaps), (1, 1), "what is no evidence waits");
    let (kept, refused, gaps) = record(true, &[500, 10, 200]);
    assert!(kept < all && kept > all / 2, "{kept} of {all}");
    assert_eq!((refused, gaps), (1, 1), "full: said once, and the gap is told");
}
