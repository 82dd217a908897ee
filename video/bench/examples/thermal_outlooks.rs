//! Writes every blob of HIT-UAV's pictures with its numbers and what it truly is, for
//! `train/thermal_forest.py`: `cargo run -p vedette-video-bench --example thermal_outlooks -- HITUAV_DIR OUT.bin`.
//!
//! OUT.bin: rows of 32-bit little-endian floats: picture, altitude (m), kind (0 none, 1 person,
//! 2 two-wheeler, 3 vehicle, 4 not to be counted), overlap with that true box, largest overlap with
//! any, number of that true box in its picture (-1: none), box x, y, w, h, then the numbers. Beside
//! it OUT.bin.truth.json: how many of each kind every picture holds.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for a terminal"
)]

use std::io::Write;
use std::path::Path;

use vedette_ingest::Stills;
use vedette_model::TargetClass;
use vedette_sight::{GrayFrame, OUTLOOK, overlap, thermal_outlooks};
use vedette_video_bench::boxes::same;
use vedette_video_bench::thermal::{load, pictures};

fn kind(c: TargetClass) -> usize {
    match c {
        TargetClass::Person => 1,
        TargetClass::TwoWheeler => 2,
        TargetClass::Vehicle => 3,
        _ => 4,
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(root), Some(out)) = (args.next(), args.next()) else {
        println!("usage: thermal_outlooks HITUAV_DIR OUT.bin");
        return;
    };
    let all = pictures(Path::new(&root)).expect("labelled pictures");
    let mut stills = Stills::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(&out).expect("a file to write"));
    let mut truth = Vec::new();
    let mut rows = 0u64;
    for (i, p) in all.iter().enumerate() {
        let still = load(&mut stills, &p.path).expect("a picture");
        let frame = GrayFrame::new(still.width, still.height, &still.gray).expect("a frame");
        let mut counts = [0u32; 5];
        for t in &p.truth {
            counts[kind(t.class)] += 1;
        }
        truth.push(serde_json::json!({
            "name": p.path.file_name().unwrap_or_default().to_string_lossy(),
            "altitude_m": p.altitude_m, "by_kind": counts, "numbers": OUTLOOK,
        }));
        for (b, numbers) in thermal_outlooks(&frame, &p.scene()) {
            let overlaps: Vec<f32> = p.truth.iter().map(|t| overlap(&b, &t.image, 0.0)).collect();
            let best = (0..p.truth.len())
                .filter(|&j| same(&b, &p.truth[j].image))
                .max_by(|&a, &b| overlaps[a].total_cmp(&overlaps[b]));
            let (kind, iou, which) = best.map_or((0, 0.0, -1.0), |j| (kind(p.truth[j].class), overlaps[j], j as f32));
            let any = overlaps.iter().copied().fold(0.0, f32::max);
            let head = [
                i as f32,
                p.altitude_m as f32,
                kind as f32,
                iou,
                any,
                which,
                b.x,
                b.y,
                b.w,
                b.h,
            ];
            for v in head.iter().chain(&numbers) {
                file.write_all(&v.to_le_bytes()).expect("written");
            }
            rows += 1;
        }
    }
    file.flush().expect("written");
    std::fs::write(
        format!("{out}.truth.json"),
        serde_json::to_vec(&truth).expect("plain values"),
    )
    .expect("written");
    println!("{rows} blobs of {} pictures, {} numbers each", all.len(), OUTLOOK);
}
