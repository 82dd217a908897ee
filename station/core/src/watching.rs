//! What cameras report: tracks, custody, alerts, recording.
//!
//! Invariant: a rule's draft becomes an alert, never a decision.

use vedette_model::{RecorderReport, VehicleId, VisionReport};

use crate::handing::Heard;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind, TrackView};

impl Station {
    pub(crate) fn vision(&mut self, r: &VisionReport) {
        let now = self.view.now;
        if !self.view.cameras.contains_key(&r.camera) {
            return;
        }
        let heard = self.handed(r);
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
        c.tracks = heard.tracks.iter().map(|t| t.id).collect();
        c.left_out.clone_from(&r.left_out);
        c.sky.clone_from(&r.sky);
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
        let seen_cells = self.view.coverage.look(now, r, need * 0.8);

        for t in &heard.tracks {
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
                same_as: None,
            });
            entry.track = t.clone();
            entry.vehicle = r.vehicle;
            entry.heard = now;
            entry.same_as = heard.same_as.get(&t.id).copied();
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
        self.custody(r.vehicle, &heard);

        // Of an object that another aircraft holds the rules hear from there.
        let told: Vec<_> = heard
            .tracks
            .iter()
            .filter(|t| !heard.same_as.contains_key(&t.id))
            .cloned()
            .collect();
        let drafts = self
            .rules
            .judge(r.captured, &told, r.camera, r.vehicle, &self.border, &self.crossings);
        self.raise_all(drafts, r.vehicle);
        self.movements(r, &told);
        self.follow_on();
        self.beside_look(r, &seen_cells);
    }

    /// Keeps in view which alerted object an aircraft has its eyes on.
    fn custody(&mut self, vehicle: VehicleId, heard: &Heard) {
        let held = heard
            .tracks
            .iter()
            .filter(|t| t.seen)
            .map(|t| heard.same_as.get(&t.id).copied().unwrap_or(t.id))
            .find(|id| self.view.tracks.get(id).is_some_and(|v| v.alert.is_some()));
        if let Some(v) = self.view.vehicles.get_mut(&vehicle) {
            if held.is_some() {
                v.custody = held;
            } else if v.custody.is_some_and(|c| {
                self.view
                    .tracks
                    .get(&c)
                    .is_none_or(|t| t.vehicle != vehicle || self.view.now.since(t.heard) > 5_000_000)
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
            RecorderReport::Disk {
                camera, free, means, ..
            } => (
                *camera,
                Some(format!("{:.1} % of the disk is free: {means}", free * 100.0)),
            ),
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
            RecorderReport::Disk { free, below, means, .. } => {
                c.disk = (*below < 1.0).then(|| (*free, means.clone()));
            }
            RecorderReport::Refused { why, .. } => {
                c.recording = false;
                c.refused = Some(why.clone());
            }
        }
        let vehicle = c.vehicle;
        if let Some(text) = mark {
            self.mark(EventKind::Record, Some(vehicle), format!("{camera} {text}"));
        }
        match r {
            RecorderReport::Refused { why, .. } => {
                self.notice(NoticeKind::Warning, format!("{camera} is not recorded: {why}"));
            }
            RecorderReport::Disk { free, below, means, .. } => {
                let kind = if *below < 1.0 {
                    NoticeKind::Warning
                } else {
                    NoticeKind::Info
                };
                self.notice(kind, format!("{:.1} % of the disk is free: {means}", free * 100.0));
            }
            _ => {}
        }
    }
}
