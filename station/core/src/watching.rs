//! What cameras report: tracks, custody, alerts, recording.
//!
//! Invariant: a rule's draft becomes an alert, never a decision.

use vedette_model::{AlertId, Priority, RecorderReport, VisionReport};

use crate::alerts;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind, TrackView};

impl Station {
    pub(crate) fn vision(&mut self, r: &VisionReport) {
        let now = self.view.now;
        let Some(c) = self.view.cameras.get_mut(&r.camera) else {
            return;
        };
        c.captured = Some(r.captured);
        c.received = Some(now);
        c.age = Some(r.age);
        if let Some(us) = r.age.age_us {
            c.ages.add(us / 1000);
        }
        c.pose.clone_from(&r.pose);
        c.footprint = r.footprint;
        c.px_per_m = r.px_per_m;
        c.registration = r.registration;
        c.frames = [r.frames_decoded, r.frames_analysed, r.frames_dropped];
        c.tracks = r.tracks.iter().map(|t| t.id).collect();
        let need = self
            .view
            .brief
            .fleet
            .iter()
            .find(|a| a.vehicle == r.vehicle)
            .map_or(1.0, |_| {
                self.view.brief.requirement.pixels_on_target
                    / vedette_planner::target_width_m(self.view.brief.requirement.target)
            });
        self.view.coverage.look(now, r, need * 0.8);

        for t in &r.tracks {
            let (border_m, chainage_m) = match &t.fix {
                Ok(fix) => {
                    let near = self.border.nearest(fix.at);
                    (Some(near.signed_m), Some(near.chainage_m - self.view.section_from_m))
                }
                Err(_) => (None, None),
            };
            let entry = self.view.tracks.entry(t.id).or_insert_with(|| TrackView {
                track: t.clone(),
                vehicle: r.vehicle,
                heard: now,
                trail: Vec::new(),
                border_m: None,
                chainage_m: None,
                alert: None,
            });
            entry.track = t.clone();
            entry.vehicle = r.vehicle;
            entry.heard = now;
            entry.border_m = border_m.or(entry.border_m);
            entry.chainage_m = chainage_m.or(entry.chainage_m);
            if let (Ok(fix), true) = (&t.fix, t.seen) {
                let due = entry
                    .trail
                    .last()
                    .is_none_or(|(last, _, _)| r.captured.0 - last.0 >= 1_000_000);
                if due {
                    if entry.trail.len() == 600 {
                        entry.trail.remove(0);
                    }
                    let e = fix.ellipse95();
                    #[expect(clippy::cast_possible_truncation, reason = "for drawing")]
                    entry
                        .trail
                        .push((r.captured, fix.at, [e.semi_major_m as f32, e.semi_minor_m as f32]));
                }
            }
        }
        self.custody(r);

        let drafts = self.rules.judge(
            r.captured,
            &r.tracks,
            r.camera,
            r.vehicle,
            &self.border,
            &self.crossings,
        );
        for d in drafts {
            let priority = d.priority;
            let title = d.title.clone();
            let utc = self.view.utc;
            let id: AlertId = alerts::raise(&mut self.view, d, r.vehicle, now, utc);
            let kind = if priority == Priority::P1 {
                EventKind::AlertP1
            } else {
                EventKind::AlertP2
            };
            self.mark(kind, Some(r.vehicle), format!("{id} {title}"));
        }
    }

    pub(crate) fn custody(&mut self, r: &VisionReport) {
        let held = r
            .tracks
            .iter()
            .filter(|t| t.seen)
            .find(|t| self.view.tracks.get(&t.id).is_some_and(|v| v.alert.is_some()))
            .map(|t| t.id);
        if let Some(v) = self.view.vehicles.get_mut(&r.vehicle) {
            if held.is_some() {
                v.custody = held;
            } else if v.custody.is_some_and(|c| {
                self.view
                    .tracks
                    .get(&c)
                    .is_none_or(|t| self.view.now.since(t.heard) > 5_000_000)
            }) {
                v.custody = None;
            }
        }
    }

    pub(crate) fn recorder(&mut self, r: &RecorderReport) {
        let (camera, mark) = match r {
            RecorderReport::Started { camera } => (*camera, Some("recording".to_owned())),
            RecorderReport::SegmentClosed { camera, .. } => (*camera, None),
            RecorderReport::Gap {
                camera, packets, cause, ..
            } => (*camera, Some(format!("gap: {cause:?}, {packets} packets"))),
            RecorderReport::Progress { camera, .. } => (*camera, None),
            RecorderReport::Refused { camera, why } => (*camera, Some(format!("recording refused: {why}"))),
        };
        let Some(c) = self.view.cameras.get_mut(&camera) else {
            return;
        };
        match r {
            RecorderReport::Started { .. } => {
                c.recording = true;
                c.refused = None;
            }
            RecorderReport::SegmentClosed { .. } => c.segments += 1,
            RecorderReport::Gap { .. } => c.gaps += 1,
            RecorderReport::Progress {
                bytes,
                frames,
                lost_packets,
                ..
            } => c.recorded = [*bytes, *frames, *lost_packets],
            RecorderReport::Refused { why, .. } => {
                c.recording = false;
                c.refused = Some(why.clone());
            }
        }
        let vehicle = c.vehicle;
        if let Some(text) = mark {
            self.mark(EventKind::Record, Some(vehicle), format!("{camera} {text}"));
        }
        if let RecorderReport::Refused { why, .. } = r {
            self.notice(NoticeKind::Warning, format!("{camera} is not recorded: {why}"));
        }
    }
}
