//! One object under the eyes of two aircraft: one number, one history, one set of rules.
//!
//! While both see it, the second aircraft's track stands beside the first's and says whose it is;
//! the rules hear of it once. When the first loses it, the second goes on under the first's number:
//! trail, alert and what the rules remember go on with it. Invariant: a number passes only where
//! [`vedette_sight::hand_over`] is clear; in doubt there are two numbers.

use std::collections::BTreeMap;

use vedette_model::{CameraId, GroundTrack, TrackId, Utc, VisionReport};
use vedette_sight::{Handover, hand_over};

use crate::station::Station;
use crate::view::EventKind;

/// Not seen by its holder for so long, a number may pass, microseconds.
const LOST_US: i64 = 1_500_000;
/// Pairs remembered at most.
const MOST: usize = 2000;

/// Whose numbers go on as whose.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handing {
    /// A camera's own number, and the number of the same object at another aircraft.
    same: BTreeMap<(CameraId, TrackId), TrackId>,
    /// Of these, the ones that have taken the other's number over.
    taken: BTreeMap<(CameraId, TrackId), TrackId>,
    /// Who reports a number, and when it last saw it.
    holders: BTreeMap<TrackId, (CameraId, Utc)>,
}

/// A report's tracks under the station's numbers.
pub(crate) struct Heard {
    /// For the rules and the map.
    pub(crate) tracks: Vec<GroundTrack>,
    /// Of these, the ones another aircraft holds under another number.
    pub(crate) same_as: BTreeMap<TrackId, TrackId>,
}

impl Station {
    /// Gives a report's tracks the numbers they have at this station.
    pub(crate) fn handed(&mut self, r: &VisionReport) -> Heard {
        for h in self.clear_pairs(r) {
            self.note_pair(r, &h);
        }
        let mut out = Heard {
            tracks: Vec::with_capacity(r.tracks.len()),
            same_as: BTreeMap::new(),
        };
        for t in &r.tracks {
            let own = (r.camera, t.id);
            let mut t = t.clone();
            if let Some(id) = self.handing.taken.get(&own) {
                t.id = *id;
            } else if let Some(&other) = self.handing.same.get(&own) {
                if t.seen && self.free(other, r) {
                    self.take_over(r, own, other);
                    t.id = other;
                } else {
                    out.same_as.insert(t.id, other);
                }
            }
            let held = self.handing.holders.get(&t.id);
            if held.is_some_and(|(c, at)| *c != r.camera && r.captured.0 - at.0 < LOST_US) {
                // Its first aircraft sees it again while the other holds its number.
                continue;
            }
            if t.seen {
                self.handing.holders.insert(t.id, (r.camera, r.captured));
            }
            out.tracks.push(t);
        }
        while self.handing.holders.len() > MOST {
            self.handing.holders.pop_first();
        }
        out
    }

    /// Whether nobody else sees an object any more.
    fn free(&self, id: TrackId, r: &VisionReport) -> bool {
        let held = self.handing.holders.get(&id);
        held.is_none_or(|(c, at)| *c == r.camera || r.captured.0 - at.0 >= LOST_US)
    }

    /// Tracks of this report that are, beyond doubt, objects another aircraft has a number for.
    fn clear_pairs(&self, r: &VisionReport) -> Vec<Handover> {
        let policy = &self.setup.policy.handover;
        let unpaired =
            |t: &GroundTrack| t.seen && t.looks >= policy.looks && !self.handing.same.contains_key(&(r.camera, t.id));
        if !r.tracks.iter().any(unpaired) {
            return Vec::new();
        }
        let from: Vec<GroundTrack> = self
            .view
            .tracks
            .values()
            .filter(|v| v.vehicle != r.vehicle && v.track.camera != r.camera && v.same_as.is_none())
            .filter(|v| (r.captured.0 - v.track.captured.0) as f64 * 1e-6 <= policy.gap_s)
            .map(|v| v.track.clone())
            .collect();
        if from.is_empty() {
            return Vec::new();
        }
        let to: Vec<GroundTrack> = r.tracks.iter().filter(|t| t.seen).cloned().collect();
        hand_over(&from, &to, policy)
            .into_iter()
            .filter(|h| to.iter().any(|t| t.id == h.to && unpaired(t)))
            // Nobody is two of one camera's objects.
            .filter(|h| {
                let mut others = self.handing.same.iter();
                !others.any(|((c, own), id)| *c == r.camera && *id == h.from && r.tracks.iter().any(|t| t.id == *own))
            })
            .collect()
    }

    fn note_pair(&mut self, r: &VisionReport, h: &Handover) {
        // Two alerts about one object stay two: a person decides on each.
        let alerted = |id| self.view.tracks.get(&id).is_some_and(|t| t.alert.is_some());
        if alerted(h.to) && alerted(h.from) {
            return;
        }
        while self.handing.same.len() >= MOST {
            if let Some((k, _)) = self.handing.same.pop_first() {
                self.handing.taken.remove(&k);
            }
        }
        self.handing.same.insert((r.camera, h.to), h.from);
        let times = if h.times.is_finite() {
            format!("{:.0} times likelier than the next", h.times)
        } else {
            "nothing else near by".to_owned()
        };
        let tail = self.tail(r.vehicle);
        self.mark(
            EventKind::Flight,
            Some(r.vehicle),
            format!("{} is seen by {tail} too ({:.0} m apart, {times})", h.from, h.apart_m),
        );
    }

    fn take_over(&mut self, r: &VisionReport, own: (CameraId, TrackId), id: TrackId) {
        self.handing.taken.insert(own, id);
        let beside = self.view.tracks.remove(&own.1);
        if let Some(v) = self.view.tracks.get_mut(&id) {
            // An alert raised about the second number goes with the object.
            v.alert = v.alert.or(beside.and_then(|b| b.alert));
            if let Some(a) = v.alert.and_then(|a| self.view.alerts.get_mut(&a)) {
                a.track = Some(id);
            }
        }
        let tail = self.tail(r.vehicle);
        self.mark(EventKind::Flight, Some(r.vehicle), format!("{id} goes on with {tail}"));
    }
}
