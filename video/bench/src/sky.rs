//! Sky mode on a recorded intruder drone: is it held, how soon is it told, what else is told.

use std::path::Path;

use vedette_atlas::Border;
use vedette_geo::{LatLon, destination};
use vedette_model::{CameraId, Utc, VehicleId};
use vedette_sight::{GrayFrame, IntruderPolicy, Intruders, SkyCamera, SkyPolicy, SkyWatch};

use crate::pipes::bytes;
use crate::{BenchError, Row, processor_s};

const ON: &str = "video/antiuav_4.avi";
const ITEM: &str = "intruder drone, thermal, treeline and birds";
/// Labels made by eye, part of this crate.
const LABELS: &str = include_str!("../data/antiuav_4.csv");
const SIZE: (usize, usize) = (640, 512);
const FRAME_US: i64 = 40_000;
/// A track's middle within this of the label holds the drone, pixels; between labels, where the
/// camera jerks, within the second.
const NEAR_PX: (f64, f64) = (6.0, 30.0);

/// The row of the table about drones in the sky.
#[must_use]
pub fn sky(data: &Path) -> Vec<Row> {
    rows(data).unwrap_or_else(|e| vec![Row::left_out(ITEM, ON, &e)])
}

/// Grey pictures of a film, one after the other.
fn pictures(path: &Path) -> Result<Vec<u8>, BenchError> {
    if !path.is_file() {
        return Err(BenchError::Data {
            path: path.to_owned(),
            why: "is not there".to_owned(),
        });
    }
    bytes(
        "filesrc name=from ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=end sync=false",
        Some(path),
    )
}

fn rows(data: &Path) -> Result<Vec<Row>, BenchError> {
    let film = pictures(&data.join(ON))?;
    let labels: Vec<[i64; 3]> = LABELS
        .lines()
        .filter_map(|l| {
            let mut n = l.split(',').map(|v| v.trim().parse().ok());
            Some([n.next()??, n.next()??, n.next()??])
        })
        .collect();
    // Where the line lies says nothing here; the rule only names the nearest place of it.
    let a = LatLon {
        lat_deg: 42.45,
        lon_deg: 1.48,
    };
    let border = Border::new("bench", vec![a, destination(a, 90.0, 1000.0)], false).map_err(|e| BenchError::Data {
        path: ON.into(),
        why: e.to_string(),
    })?;
    let (mut watch, mut rule) = (SkyWatch::new(SkyPolicy::default()), Intruders::default());
    let policy = IntruderPolicy::default();
    let by = SkyCamera {
        camera: CameraId(1),
        vehicle: VehicleId(1),
        at: None,
    };
    let (mut held, mut known) = (0usize, 0usize);
    let (mut first, mut wrong) = (None, 0usize);
    let begun = processor_s();
    let mut frames = 0i64;
    for picture in film.chunks_exact(SIZE.0 * SIZE.1) {
        let Ok(frame) = GrayFrame::new(SIZE.0, SIZE.1, picture) else {
            continue;
        };
        let now = Utc(frames * FRAME_US);
        let tracks = watch.look(&frame, now, None);
        // Between labels the drone is taken to have moved evenly.
        let truth = between(&labels, frames);
        let labelled = labels.iter().any(|l| l[0] == frames);
        let near_px = if labelled { NEAR_PX.0 } else { NEAR_PX.1 };
        let on_it = |t: &vedette_model::SkyTrack| {
            truth.is_some_and(|w| {
                let (x, y) = (t.image.x + t.image.w / 2.0, t.image.y + t.image.h / 2.0);
                (f64::from(x) - w[0]).hypot(f64::from(y) - w[1]) < near_px
            })
        };
        if labelled {
            known += 1;
            held += usize::from(tracks.iter().any(|t| t.seen && on_it(t)));
        }
        let about_it = tracks.iter().any(|t| t.seen && on_it(t));
        for _ in rule.see(now, &tracks, &by, &policy, &border) {
            if first.is_none() && about_it {
                first = Some(frames);
            } else {
                wrong += 1;
            }
        }
        frames += 1;
    }
    let spent_ms = (processor_s() - begun) * 1e3 / frames.max(1) as f64;
    let minutes = frames as f64 * FRAME_US as f64 * 1e-6 / 60.0;
    let share = held as f64 / known.max(1) as f64;
    let first_s = first.map(|f| f as f64 * FRAME_US as f64 * 1e-6);
    Ok(vec![Row::judged(
        ITEM,
        ON,
        "held >= 90 %, told <= 1 s, wrong <= 1 a minute",
        format!(
            "held in {held} of {known} labelled frames; told after {}; {wrong} wrong in {minutes:.2} min; {spent_ms:.1} ms a frame",
            first_s.map_or_else(|| "never".to_owned(), |s| format!("{s:.2} s"))
        ),
        share >= 0.9 && first_s.is_some_and(|s| s <= 1.0) && wrong as f64 <= minutes,
    )])
}

/// Place at a frame from the labels on both sides, or the nearest one within ten frames.
fn between(labels: &[[i64; 3]], frame: i64) -> Option<[f64; 2]> {
    let k = labels.partition_point(|l| l[0] < frame);
    let at = |l: &[i64; 3]| [l[1] as f64, l[2] as f64];
    match (k.checked_sub(1).and_then(|i| labels.get(i)), labels.get(k)) {
        (Some(a), Some(b)) => {
            let t = (frame - a[0]) as f64 / (b[0] - a[0]).max(1) as f64;
            let (p, q) = (at(a), at(b));
            Some([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])])
        }
        (Some(l), None) | (None, Some(l)) if (l[0] - frame).abs() <= 10 => Some(at(l)),
        _ => None,
    }
}
