//! What several tracks do with each other: where each was, who stood with whom, kept for the rules
//! about company.
//!
//! Invariant: bounded memory, only looks (never carried tracks) count, and two tracks are compared
//! only within one camera, so that one object seen twice never meets itself. Judges nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, distance_m};
use vedette_model::{AlertFact, CameraId, GroundFix, GroundTrack, Priority, RuleId, TargetClass, TrackId, Utc};

use super::{AlertDraft, name_of};

/// Places kept of each track, one every [`STEP_US`].
const TRAIL: usize = 90;
const STEP_US: i64 = 2_000_000;
/// Tracks kept.
const MOST: usize = 400;
/// A pair is remembered while it is nearer than this, metres.
const PAIR_M: f64 = 150.0;

/// One track as its company knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(super) id: TrackId,
    pub(super) class: TargetClass,
    pub(super) camera: CameraId,
    pub(super) at: LatLon,
    /// Longer half axis of the 95 % ellipse, metres.
    pub(super) doubt_m: f64,
    pub(super) velocity_en_m_s: [f64; 2],
    pub(super) score: f64,
    pub(super) looks: u32,
    pub(super) first: (LatLon, Utc),
    pub(super) last: Utc,
    /// Farthest from where it was first seen, metres.
    pub(super) roamed_m: f64,
    /// Standing since, where it stands.
    pub(super) stands: Option<(LatLon, Utc)>,
    /// Moving since.
    pub(super) moves: Option<Utc>,
    /// Fastest so far, metres per second.
    pub(super) fastest_m_s: f64,
    /// Fastest so far while it was called a boat, metres per second.
    #[serde(default)]
    pub(super) sailed_m_s: f64,
    pub(super) trail: VecDeque<(Utc, LatLon)>,
}

/// Two tracks near each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// Largest and smallest distance seen, metres.
    pub(super) widest_m: f64,
    pub(super) nearest_m: f64,
    /// Distance when first seen together.
    pub(super) first_m: f64,
    /// Together (within the ellipses and a few metres) since.
    pub(super) together: Option<Utc>,
    /// Longest time together so far, seconds.
    pub(super) together_s: f64,
    pub(super) last: Utc,
}

/// All that is known of who is with whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(crate) struct Company {
    tracks: BTreeMap<TrackId, Known>,
    /// By both numbers, the smaller first; a list, as written-down maps need text keys.
    pairs: Vec<((TrackId, TrackId), Pair)>,
    fired: BTreeSet<(String, TrackId, TrackId)>,
}

/// Slower than this an object stands, metres per second.
pub(super) const STANDS_M_S: f64 = 0.4;

impl Known {
    pub(super) fn speed_m_s(&self) -> f64 {
        let [e, n] = self.velocity_en_m_s;
        e.hypot(n)
    }
    pub(super) fn stood_s(&self) -> f64 {
        self.stands.map_or(0.0, |(_, t)| seconds(self.last, t))
    }
    pub(super) fn moved_s(&self) -> f64 {
        self.moves.map_or(0.0, |t| seconds(self.last, t))
    }
    pub(super) fn heading_deg(&self) -> f64 {
        let [e, n] = self.velocity_en_m_s;
        e.atan2(n).to_degrees()
    }
    /// Someone or something a rule may speak of.
    pub(super) fn subject(&self) -> bool {
        matches!(
            self.class,
            TargetClass::Person | TargetClass::Vehicle | TargetClass::TwoWheeler | TargetClass::Boat
        )
    }
    pub(super) fn carries(&self) -> bool {
        matches!(
            self.class,
            TargetClass::Vehicle | TargetClass::TwoWheeler | TargetClass::Boat
        )
    }
    pub(super) fn name(&self) -> &'static str {
        name_of(self.class)
    }
    pub(super) fn draft(
        &self,
        rule: &str,
        priority: Priority,
        title: &str,
        why: String,
        facts: &[(&str, String)],
        clarity: f64,
    ) -> AlertDraft {
        let mut all: Vec<AlertFact> = facts
            .iter()
            .map(|(name, value)| AlertFact {
                name: (*name).to_owned(),
                value: value.clone(),
            })
            .collect();
        all.push(AlertFact {
            name: "95 % ellipse".to_owned(),
            value: format!("± {:.0} m along its longer half axis", self.doubt_m),
        });
        all.push(AlertFact {
            name: "looks".to_owned(),
            value: self.looks.to_string(),
        });
        AlertDraft {
            rule: RuleId(rule.to_owned()),
            priority,
            title: title.to_owned(),
            why,
            facts: all,
            track: Some(self.id),
            company: Vec::new(),
            vehicle: None,
            camera: Some(self.camera),
            at: Some(self.at),
            chainage_m: None,
            confidence: (self.score * clarity).clamp(0.0, 1.0),
            captured: self.last,
        }
    }
}

pub(super) fn seconds(later: Utc, earlier: Utc) -> f64 {
    (later.0 - earlier.0) as f64 * 1e-6
}

impl Company {
    /// Takes one camera's looks of one moment.
    pub(super) fn see(&mut self, tracks: &[GroundTrack], camera: CameraId) {
        let mut now: Vec<TrackId> = Vec::new();
        for t in tracks.iter().filter(|t| t.seen) {
            let Ok(fix) = &t.fix else { continue };
            if self.tracks.get(&t.id).is_some_and(|k| k.last >= t.captured) {
                continue;
            }
            self.look(t, fix, camera);
            now.push(t.id);
        }
        for (i, a) in now.iter().enumerate() {
            for b in &now[i + 1..] {
                self.pair(*a, *b);
            }
        }
    }

    fn look(&mut self, t: &GroundTrack, fix: &GroundFix, camera: CameraId) {
        let e = fix.ellipse95();
        let k = self.tracks.entry(t.id).or_insert_with(|| Known {
            id: t.id,
            class: t.class,
            camera,
            at: fix.at,
            doubt_m: e.semi_major_m,
            velocity_en_m_s: t.velocity_en_m_s,
            score: t.score,
            looks: 0,
            first: (fix.at, t.captured),
            last: t.captured,
            roamed_m: 0.0,
            stands: None,
            moves: None,
            fastest_m_s: 0.0,
            sailed_m_s: 0.0,
            trail: VecDeque::new(),
        });
        k.class = t.class;
        k.at = fix.at;
        k.doubt_m = e.semi_major_m;
        k.velocity_en_m_s = t.velocity_en_m_s;
        k.score = t.score;
        k.looks = t.looks;
        k.last = t.captured;
        k.roamed_m = k.roamed_m.max(distance_m(k.first.0, fix.at));
        let speed = k.speed_m_s();
        k.fastest_m_s = k.fastest_m_s.max(speed);
        if t.class == TargetClass::Boat {
            k.sailed_m_s = k.sailed_m_s.max(speed);
        }
        // Between standing and moving nothing is decided.
        if speed < STANDS_M_S {
            k.stands.get_or_insert((fix.at, t.captured));
            k.moves = None;
        } else if speed > 2.0 * STANDS_M_S {
            k.moves.get_or_insert(t.captured);
            k.stands = None;
        }
        if k.trail.back().is_none_or(|(at, _)| t.captured.0 - at.0 >= STEP_US) {
            k.trail.push_back((t.captured, fix.at));
            if k.trail.len() > TRAIL {
                k.trail.pop_front();
            }
        }
    }

    fn pair(&mut self, a: TrackId, b: TrackId) {
        let key = if a <= b { (a, b) } else { (b, a) };
        let (Some(x), Some(y)) = (self.tracks.get(&key.0), self.tracks.get(&key.1)) else {
            return;
        };
        if x.camera != y.camera {
            return;
        }
        let apart = distance_m(x.at, y.at);
        if apart > PAIR_M {
            return;
        }
        let (touch, now) = (TOUCH_M + 0.5 * x.doubt_m.min(y.doubt_m).min(6.0), x.last.max(y.last));
        let place = match self.pairs.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(i) => i,
            Err(i) => {
                let fresh = Pair {
                    widest_m: apart,
                    nearest_m: apart,
                    first_m: apart,
                    together: None,
                    together_s: 0.0,
                    last: now,
                };
                self.pairs.insert(i, (key, fresh));
                i
            }
        };
        let p = &mut self.pairs[place].1;
        p.widest_m = p.widest_m.max(apart);
        p.nearest_m = p.nearest_m.min(apart);
        p.last = now;
        if apart <= touch {
            let since = *p.together.get_or_insert(now);
            p.together_s = p.together_s.max(seconds(now, since));
        } else if apart > 2.0 * touch {
            p.together = None;
        }
    }

    pub(super) fn forget(&mut self, before: Utc) {
        self.tracks.retain(|_, k| k.last >= before);
        while self.tracks.len() > MOST {
            let Some(oldest) = self.tracks.values().min_by_key(|k| k.last).map(|k| k.id) else {
                break;
            };
            self.tracks.remove(&oldest);
        }
        let tracks = &self.tracks;
        self.pairs
            .retain(|((a, b), p)| p.last >= before && tracks.contains_key(a) && tracks.contains_key(b));
        self.fired.retain(|(_, a, _)| tracks.contains_key(a));
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Known> {
        self.tracks.values()
    }

    /// Pairs with both tracks, in the order of their numbers.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Known, &Known, &Pair)> {
        self.pairs
            .iter()
            .filter_map(|((a, b), p)| Some((self.tracks.get(a)?, self.tracks.get(b)?, p)))
    }

    /// Whether a rule speaks of these two for the first time.
    pub(super) fn first_time(&mut self, rule: &str, a: TrackId, b: TrackId) -> bool {
        self.fired.insert((rule.to_owned(), a, b))
    }

    /// Whether a rule has spoken of this track in any company.
    pub(super) fn spoke_of(&self, rule: &str, id: TrackId) -> bool {
        self.fired.iter().any(|(r, a, b)| r == rule && (*a == id || *b == id))
    }
}

/// Two objects are together within this and half the better ellipse, metres.
const TOUCH_M: f64 = 4.0;
