//! Holds what the station recorded against what the simulator knows: only after the session, only
//! for the report. Nothing in the station reads the truth.

use std::collections::BTreeMap;

use vedette_core::{Entry, Input, StationView};
use vedette_geo::{LatLon, LocalFrame, distance_m};
use vedette_model::{AlertState, CameraId, GroundFix, Priority, TargetClass, TrackId, Utc};
use vedette_sim::TruthLine;

use crate::report::Figures;

/// A truth frame is the one of a look when it is at most this far from it, microseconds.
const SAME_FRAME_US: i64 = 80_000;
/// An actor farther than this from a fix is not what was looked at, metres.
const NEAR_M: f64 = 60.0;

struct TruthFrame<'a> {
    utc: Utc,
    line: &'a TruthLine,
}

/// Truth by camera and time.
pub(crate) struct Truth<'a> {
    frames: BTreeMap<CameraId, Vec<TruthFrame<'a>>>,
    crossings: Vec<(&'a str, Utc)>,
    pub(crate) frames_sent: u64,
}

impl<'a> Truth<'a> {
    pub(crate) fn of(lines: &'a [TruthLine]) -> Self {
        let mut t = Self {
            frames: BTreeMap::new(),
            crossings: Vec::new(),
            frames_sent: 0,
        };
        for line in lines {
            match line {
                TruthLine::Frame { camera, utc, .. } => {
                    t.frames_sent += 1;
                    t.frames
                        .entry(*camera)
                        .or_default()
                        .push(TruthFrame { utc: *utc, line });
                }
                TruthLine::Crossing {
                    actor,
                    utc,
                    inwards: true,
                    ..
                } => t.crossings.push((actor, *utc)),
                // The score of a training run reads the others.
                _ => {}
            }
        }
        t
    }

    fn frame(&self, camera: CameraId, utc: Utc) -> Option<&'a TruthLine> {
        let all = self.frames.get(&camera)?;
        let i = all.partition_point(|f| f.utc < utc);
        all[i.saturating_sub(1)..(i + 1).min(all.len())]
            .iter()
            .min_by_key(|f| (f.utc.0 - utc.0).abs())
            .filter(|f| (f.utc.0 - utc.0).abs() <= SAME_FRAME_US)
            .map(|f| f.line)
    }

    /// The actor nearest to a place at a moment: name, where, how far.
    fn actor(&self, camera: CameraId, utc: Utc, at: LatLon) -> Option<(&'a str, LatLon, f64)> {
        let TruthLine::Frame { actors, .. } = self.frame(camera, utc)? else {
            return None;
        };
        actors
            .iter()
            .map(|a| (a.actor.as_str(), a.at, distance_m(a.at, at)))
            .min_by(|a, b| a.2.total_cmp(&b.2))
            .filter(|a| a.2 < NEAR_M)
    }
}

/// Whether the 95 % ellipse of a fix holds a place.
fn holds(fix: &GroundFix, truth: LatLon) -> bool {
    let (e, n) = LocalFrame::new(fix.at, vedette_geo::Hae(0.0)).plane(truth);
    let [ee, en, nn] = fix.cov_en_m2;
    let det = ee * nn - en * en;
    det > 0.0 && (nn * e * e - 2.0 * en * e * n + ee * n * n) / det <= 5.991
}

/// Fills the figures that compare with the truth.
pub(crate) fn against_truth(f: &mut Figures, truth: &Truth<'_>, view: &StationView, entries: &[Entry]) {
    f.frames_sent = truth.frames_sent;
    let fix_of = |track: TrackId, captured: Utc| {
        entries.iter().find_map(|e| match &e.input {
            Input::Vision(v) if v.captured == captured => v
                .tracks
                .iter()
                .find(|t| t.id == track)
                .and_then(|t| t.fix.ok())
                .map(|fix| (v.camera, fix)),
            _ => None,
        })
    };
    let p1 = view.alerts.values().filter(|a| a.priority == Priority::P1);
    for a in p1 {
        let Some((camera, fix)) = a.track.and_then(|t| fix_of(t, a.captured)) else {
            continue;
        };
        let Some((actor, at, error)) = truth.actor(camera, a.captured, fix.at) else {
            continue;
        };
        let Some((_, crossed)) = truth
            .crossings
            .iter()
            .rev()
            .find(|(who, t)| *who == actor && *t <= a.captured)
        else {
            continue;
        };
        let seconds = |us: i64| us as f64 * 1e-6;
        f.crossing_to_alert_s = Some(seconds(a.raised_utc.0 - crossed.0));
        if let AlertState::Confirmed { at: when, .. } = &a.state {
            f.crossing_to_confirmed_s = Some(seconds(a.raised_utc.0 + when.since(a.raised) - crossed.0));
        }
        let e = fix.ellipse95();
        f.geolocation_error_m = Some(error);
        f.ellipse_semi_axes_m = Some([e.semi_major_m, e.semi_minor_m]);
        f.ellipse_held = Some(holds(&fix, at));
        break;
    }
    // Who an alert was about, by the truth of its frame: the nearest actor a rule may speak of.
    let mut about: BTreeMap<TrackId, &str> = BTreeMap::new();
    let mut without = 0;
    for a in view.alerts.values() {
        let (Some(camera), Some(at)) = (a.camera, a.at) else {
            continue;
        };
        let Some(TruthLine::Frame { actors, boxes, .. }) = truth.frame(camera, a.captured) else {
            continue;
        };
        let cause = actors
            .iter()
            .filter(|x| {
                boxes.iter().find(|b| b.actor == x.actor).is_none_or(|b| {
                    matches!(
                        b.class,
                        TargetClass::Person | TargetClass::Vehicle | TargetClass::TwoWheeler
                    )
                })
            })
            .map(|x| (x.actor.as_str(), distance_m(x.at, at)))
            .filter(|x| x.1 < NEAR_M)
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match (cause, a.track) {
            (Some((actor, _)), Some(track)) => {
                about.insert(track, actor);
            }
            (Some(_), None) => {}
            (None, _) => without += 1,
        }
    }
    f.alerts = view.alerts.len() as u64;
    f.alerts_without_cause = Some(without);
    // Every look at somebody an alert was rightly about.
    for e in entries {
        let Input::Vision(v) = &e.input else { continue };
        for t in v.tracks.iter().filter(|t| t.seen) {
            let (Some(actor), Ok(fix)) = (about.get(&t.id), &t.fix) else {
                continue;
            };
            let Some(TruthLine::Frame { actors, .. }) = truth.frame(v.camera, v.captured) else {
                continue;
            };
            if let Some(a) = actors.iter().find(|a| a.actor == *actor) {
                f.looks += 1;
                f.looks_held += u64::from(holds(fix, a.at));
            }
        }
    }
}

/// Fills the figures the station itself counted.
pub(crate) fn from_view(f: &mut Figures, view: &StationView) {
    f.terrain.clone_from(&view.site.terrain);
    f.session_s = view.now.seconds();
    if let Some(p) = &view.plan.plan {
        f.revisit_promised_s = Some(p.promise.revisit_s);
    }
    if let Some(v) = &view.plan.verdict {
        f.revisit_checked_s = Some(v.revisit_measured_s);
        f.revisit_lower_bound_s = Some(v.lower_bound_s);
    }
    f.revisit_flown_s = view.coverage.worst_closed_gap_s();
    let seen = view.coverage.looks.iter().filter(|l| **l > 0).count();
    if !view.coverage.cells.is_empty() {
        f.coverage_share = Some(seen as f64 / view.coverage.cells.len() as f64);
    }
    let mut ages = vedette_core::AgeHistogram::default();
    for c in view.cameras.values() {
        f.frames_recorded += c.recorded[1];
        f.packets_lost += c.recorded[2];
        f.frames_decoded += c.frames[0];
        f.frames_analysed += c.frames[1];
        f.frames_dropped_before_analysis += c.frames[2];
        ages.merge(&c.ages);
    }
    f.picture_age_p50_ms = ages.quantile_ms(0.5);
    f.picture_age_p95_ms = ages.quantile_ms(0.95);
    for l in view.links.values() {
        f.messages_received += l.valid + l.unknown_id;
        f.messages_lost += l.lost;
        f.messages_rejected += l.bad_crc;
    }
}
