//! A frame of video, and the moment as a review shows it.

use super::*;

/// A thermal-looking frame: a warm road, cool ground, a person.
pub fn frame(camera: CameraId, pose: Option<SensorPose>, captured: Utc) -> vedette_panels::feeds::VideoFrame {
    let (w, h) = (640_u32, 512_u32);
    let mut px = Vec::with_capacity((w * h * 4) as usize);
    let mut seed = 1_u32;
    for y in 0..h {
        for x in 0..w {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 28) as i32;
            let road = ((x as i32 - 200 - y as i32 / 3).abs() < 46) as i32 * 70;
            let person = ((x as i32 - 317).abs() < 4 && (y as i32 - 257).abs() < 7) as i32 * 130;
            let v = (52 + (x / 20 + y / 16) as i32 % 9 + noise + road + person).clamp(0, 255) as u8;
            px.extend([v, v, v, 255]);
        }
    }
    vedette_panels::feeds::VideoFrame {
        camera,
        pts: Pts(0),
        captured: Some(captured),
        width: w,
        height: h,
        rgba: px.into(),
        pose: pose.map(Arc::new),
    }
}

/// The same moment as a review shows it.
pub fn review_model() -> vedette_panels::review::ReviewModel {
    use vedette_panels::review::{
        AlertMark, CustodyLine, DetectionTick, GapMark, Lanes, NoteLine, PlotSample, ReviewModel, SealState,
        SealVerdict, Segment, VideoLane,
    };
    let mut v = view();
    v.alerts.get_mut(&AlertId(2)).unwrap().state = AlertState::Confirmed {
        by: operator(),
        at: v.now,
    };
    let from = v.utc.plus_us(-380_000_000);
    let to = v.utc.plus_us(240_000_000);
    let at = |s: i64| from.plus_us(s * 1_000_000);
    let video = [
        (11, "CU-01 thermal"),
        (12, "CU-01 visible"),
        (21, "CU-02 thermal"),
        (22, "CU-02 visible"),
    ]
    .into_iter()
    .map(|(c, label)| VideoLane {
        camera: CameraId(c),
        label: label.into(),
        segments: (1..60)
            .map(|i| Segment {
                from: at(i * 10),
                to: at(i * 10 + 10),
                truncated: i == 59,
            })
            .collect(),
        gaps: if c == 11 {
            vec![GapMark {
                at: at(205),
                what: "0.8 s".into(),
            }]
        } else {
            vec![]
        },
    })
    .collect();
    ReviewModel {
        title: "Incident I-001 · Line crossed to home side, km 1.45".into(),
        reviewer: "Reviewer 3 · case preparation".into(),
        from,
        to,
        playhead: v.utc,
        playing: false,
        speed: 1.0,
        lanes: Lanes {
            video,
            plot: (0..200)
                .map(|i| PlotSample {
                    at: at(i * 3),
                    height_m: Some(2100.0 + (i as f32 * 0.06).sin() * 40.0),
                    range_m: Some(240.0 + (i as f32 * 0.1).cos() * 30.0),
                })
                .collect(),
            detections: (0..240)
                .map(|i| DetectionTick {
                    at: at(250 + i),
                    score: 0.5 + (i % 5) as f32 * 0.1,
                })
                .collect(),
            alerts: vec![
                AlertMark {
                    id: AlertId(1),
                    priority: Priority::P2,
                    at: at(284),
                    title: "Person near the line".into(),
                    answer: Some((at(290), "acknowledged".into(), false)),
                },
                AlertMark {
                    id: AlertId(2),
                    priority: Priority::P1,
                    at: at(343),
                    title: "Line crossed".into(),
                    answer: Some((at(381), "confirmed after 38 s".into(), true)),
                },
            ],
            acts: vec![
                (at(40), "approve plan".into()),
                (at(60), "start CU-01".into()),
                (at(290), "ack".into()),
                (at(320), "hold CU-01".into()),
                (at(381), "confirm".into()),
                (at(420), "seal".into()),
            ],
            events: v.events.clone(),
            truth: Vec::new(),
        },
        truth: Vec::new(),
        seal: SealState {
            verdict: SealVerdict::Verified(v.utc.plus_us(200_000_000)),
            fingerprint: Some("d471e87bb4a937dfc98fe604bb4e0b2a67afaa241e8f2773a6d5c4fb35c3ecb0".into()),
            signed_by: Some("CU-GCS-2, ECDSA P-256".into()),
            files: Some((214, 214)),
            gaps: Some("1 · 0.8 s".into()),
        },
        custody: vec![
            CustodyLine {
                at: at(343),
                who: "Station CU-GCS-2".into(),
                what: "recorded".into(),
            },
            CustodyLine {
                at: at(381),
                who: "Operator 2".into(),
                what: "confirmed".into(),
            },
            CustodyLine {
                at: at(420),
                who: "Station CU-GCS-2".into(),
                what: "sealed".into(),
            },
        ],
        notes: vec![NoteLine {
            at: at(343),
            who: "Reviewer 1".into(),
            text: "Crossing seen directly, ellipse clear of the line.".into(),
        }],
        trouble: None,
        view: Arc::new(v),
    }
}
