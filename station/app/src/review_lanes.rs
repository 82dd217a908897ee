//! What lies on the timeline of a record: streams and their gaps, detections, alerts, what was
//! ordered, notes, custody and the seal.
//!
//! Invariant: everything is read from the record or the access log; nothing is written. It must not
//! know the playhead.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use vedette_core::{EventKind, Input, Replay};
use vedette_journal::AccessLog;
use vedette_model::{AlertState, CameraId, Intent, Priority, RecorderReport, Report, Spectrum, Utc};
use vedette_panels::review::{
    AlertMark, CustodyLine, DetectionTick, GapMark, Lanes, NoteLine, PlotSample, SealState, SealVerdict, Segment,
    VideoLane,
};

pub(crate) fn seal_of(bundle: Option<&Path>) -> SealState {
    let Some(dir) = bundle else { return SealState::default() };
    let Ok(bytes) = std::fs::read(dir.join("manifest.json")) else {
        return SealState::default();
    };
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let gaps = manifest["meta"]["gaps"].as_array().map_or(0, Vec::len);
    SealState {
        verdict: SealVerdict::NotVerified,
        fingerprint: Some(vedette_evidence::hash::hex(&vedette_evidence::hash::sha256(&bytes))),
        signed_by: None,
        files: None,
        gaps: Some(if gaps == 0 { "none".to_owned() } else { gaps.to_string() }),
    }
}

pub(crate) fn lanes(replay: &Replay, camera: CameraId) -> Lanes {
    let view = replay.view();
    let mut video: BTreeMap<CameraId, VideoLane> = view
        .cameras
        .values()
        .map(|c| {
            let tail = view
                .vehicles
                .get(&c.vehicle)
                .map_or_else(|| c.vehicle.to_string(), |v| v.tail.clone());
            let what = if c.spectrum == Spectrum::Thermal {
                "thermal"
            } else {
                "visible"
            };
            (
                c.id,
                VideoLane {
                    camera: c.id,
                    label: format!("{tail} {what}"),
                    segments: Vec::new(),
                    gaps: Vec::new(),
                },
            )
        })
        .collect();
    let vehicle = view.cameras.get(&camera).map(|c| c.vehicle);
    let mut lanes = Lanes::default();
    let (mut last_plot, mut range) = (Utc(0), None);
    for e in replay.entries() {
        match &e.input {
            Input::Recorder(RecorderReport::SegmentClosed {
                camera,
                from: Some(from),
                to: Some(to),
                truncated,
                ..
            }) => {
                if let Some(l) = video.get_mut(camera) {
                    l.segments.push(Segment {
                        from: *from,
                        to: *to,
                        truncated: *truncated,
                    });
                }
            }
            Input::Recorder(RecorderReport::Gap {
                camera,
                at,
                packets,
                cause,
            }) => {
                if let Some(l) = video.get_mut(camera) {
                    l.gaps.push(GapMark {
                        at: at.unwrap_or(e.utc),
                        what: if *packets > 0 {
                            format!("{packets} packets")
                        } else {
                            format!("{cause:?}").to_lowercase()
                        },
                    });
                }
            }
            Input::Vision(v) if v.camera == camera => {
                range = v
                    .tracks
                    .iter()
                    .filter(|t| t.seen)
                    .find_map(|t| t.fix.ok())
                    .map(|f| f.slant_m as f32);
                let named = v
                    .tracks
                    .iter()
                    .filter(|t| t.seen && view.tracks.get(&t.id).is_some_and(|t| t.alert.is_some()));
                lanes.detections.extend(named.map(|t| DetectionTick {
                    at: v.captured,
                    score: t.score as f32,
                }));
            }
            Input::Vehicle {
                vehicle: id,
                report: Report::Position { amsl, .. },
                ..
            } if Some(*id) == vehicle && e.utc.0 - last_plot.0 >= 1_000_000 => {
                last_plot = e.utc;
                lanes.plot.push(PlotSample {
                    at: e.utc,
                    height_m: Some(amsl.0 as f32),
                    range_m: range,
                });
            }
            Input::Operator { intent, .. } => lanes.acts.push((e.utc, act_words(intent))),
            _ => {}
        }
    }
    let mono_to_utc = |m: vedette_model::Mono| Utc(view.utc.0 - view.now.since(m));
    lanes.alerts = view
        .alerts
        .values()
        .map(|a| AlertMark {
            id: a.id,
            priority: a.priority,
            at: a.raised_utc,
            title: a.title.clone(),
            answer: match &a.state {
                AlertState::Open => None,
                AlertState::Acknowledged { by, at } => Some((mono_to_utc(*at), format!("seen by {by}"), false)),
                AlertState::Confirmed { by, at } => Some((mono_to_utc(*at), format!("confirmed by {by}"), true)),
                AlertState::Dismissed { by, at, .. } => Some((mono_to_utc(*at), format!("dismissed by {by}"), false)),
            },
        })
        .collect();
    lanes.events = view
        .events
        .iter()
        .filter(|e| {
            matches!(
                e.kind,
                EventKind::Flight | EventKind::Link | EventKind::Record | EventKind::Evidence
            )
        })
        .cloned()
        .collect();
    lanes.video = video.into_values().collect();
    lanes
}

pub(crate) fn act_words(intent: &Intent) -> String {
    match intent {
        Intent::Command { order, .. } => order.name().to_lowercase(),
        Intent::MakePlan => "plan".into(),
        Intent::ProposeBrief { .. } => "plan a changed brief".into(),
        Intent::ApprovePlan { .. } => "approve plan".into(),
        Intent::Replan { .. } => "plan the rest anew".into(),
        Intent::ReadPlan { .. } => "read plan on board".into(),
        Intent::TakeSeat { .. } => "take the console".into(),
        Intent::UploadPlan { .. } => "upload plan".into(),
        Intent::Decide {
            decision: vedette_model::Decision::Confirm,
            ..
        } => "confirm".into(),
        Intent::Decide { .. } => "dismiss".into(),
        Intent::Acknowledge { .. } => "ack".into(),
        Intent::OpenIncident { .. } => "open incident".into(),
        Intent::SealIncident { .. } => "seal".into(),
        Intent::Show { .. } => "look".into(),
        Intent::UseLink { .. } => "use link".into(),
        Intent::TakeControl { take: true, .. } => "take control".into(),
        Intent::TakeControl { .. } => "give back control".into(),
        Intent::ReadParameters { .. } => "read parameters".into(),
        Intent::SetParameter { name, value, .. } => format!("set {name} to {value}"),
        Intent::AcceptParameters { .. } => "accept parameters".into(),
        Intent::TakeBaseline { .. } => "take baseline".into(),
        Intent::RestoreParameters { .. } => "restore baseline".into(),
        Intent::SaveDifferences { .. } => "save differences".into(),
        Intent::BlockSender {
            blocked: true, peer, ..
        } => format!("block {peer}"),
        Intent::BlockSender { peer, .. } => format!("let {peer} in"),
        Intent::Workload { level, .. } => format!("workload {level}"),
        Intent::Note { .. } => "note".into(),
        Intent::Follow { track: Some(t), .. } => format!("follow {t}"),
        Intent::Follow { .. } => "end follow".into(),
        Intent::MarkPlace { .. } => "mark".into(),
        Intent::ForgetPlace { place } => format!("take mark {place} off"),
        Intent::Snapshot { .. } => "keep picture".into(),
    }
}

pub(crate) fn notes(replay: &Replay) -> Vec<NoteLine> {
    replay
        .entries()
        .iter()
        .filter_map(|e| match &e.input {
            Input::Operator {
                operator,
                intent: Intent::Note { text, .. },
                ..
            } => Some(NoteLine {
                at: e.utc,
                who: operator.0.clone(),
                text: text.clone(),
            }),
            _ => None,
        })
        .collect()
}

/// Who had it in hand: the record's own steps, then everyone who opened it.
pub(crate) fn custody(replay: &Replay, log: &AccessLog, what: &Path) -> Result<Vec<CustodyLine>> {
    let view = replay.view();
    let mono_to_utc = |m: vedette_model::Mono| Utc(view.utc.0 - view.now.since(m));
    let mut out = Vec::new();
    for a in view.alerts.values().filter(|a| a.priority == Priority::P1) {
        out.push(CustodyLine {
            at: a.raised_utc,
            who: format!("Station {}", view.station),
            what: "recorded".into(),
        });
        if let AlertState::Confirmed { by, at } = &a.state {
            out.push(CustodyLine {
                at: mono_to_utc(*at),
                who: by.0.clone(),
                what: "confirmed".into(),
            });
        }
    }
    for e in view
        .events
        .iter()
        .filter(|e| e.kind == EventKind::Evidence && e.text.contains("sealed as"))
    {
        out.push(CustodyLine {
            at: e.utc,
            who: format!("Station {}", view.station),
            what: "sealed".into(),
        });
    }
    let name = what.display().to_string();
    for line in log.lines()? {
        let v: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if v["what"].as_str() != Some(name.as_str()) {
            continue;
        }
        if let (Some(at), Some(who), Some(act)) = (v["utc_us"].as_i64(), v["who"].as_str(), v["act"].as_str()) {
            out.push(CustodyLine {
                at: Utc(at),
                who: who.to_owned(),
                what: act.to_owned(),
            });
        }
    }
    out.sort_by_key(|c| c.at);
    Ok(out)
}
