//! A vehicle that drives in the dark without lights (P2).
//!
//! The thermal camera follows it, the visible one says whether there is light where it is. Invariant:
//! one lit look is enough to be quiet about this vehicle; where the visible camera did not look, or
//! the sun is up, nothing is claimed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_atlas::Border;
use vedette_model::{AlertFact, GroundTrack, Priority, RuleId, TargetClass, TrackId, Utc, VehicleId};

use super::AlertDraft;

pub(super) const RULE: &str = "lights-out";

/// Thresholds of `lights_out`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightsOutPolicy {
    /// Sun below this, degrees: the end of civil twilight.
    pub sun_deg: f64,
    /// Drives at least so fast, metres per second.
    pub least_m_s: f64,
    /// Seen dark for so long, seconds.
    pub least_s: f64,
    /// Looks at it in visible light at least.
    pub looks: u32,
    /// Within this distance of the line, metres.
    pub within_m: f64,
}

impl Default for LightsOutPolicy {
    fn default() -> Self {
        Self {
            sun_deg: -6.0,
            least_m_s: 2.5,
            least_s: 6.0,
            looks: 8,
            within_m: 3000.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Dark {
    since: Utc,
    looks: u32,
    lit: bool,
    said: bool,
    last: Utc,
}

/// What is remembered of vehicles in the dark.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LightsOut {
    tracks: BTreeMap<TrackId, Dark>,
}

/// Vehicles remembered at most, and for how long unseen, microseconds.
const MOST: usize = 200;
const FORGET_US: i64 = 300_000_000;

impl LightsOut {
    /// One look at a track: `lit` says whether the visible camera saw light there, `None` when it
    /// did not look; `sun_deg` is the sun's height.
    pub fn look(
        &mut self,
        track: &GroundTrack,
        lit: Option<bool>,
        sun_deg: f64,
        vehicle: VehicleId,
        policy: &LightsOutPolicy,
        border: &Border,
    ) -> Option<AlertDraft> {
        let now = track.captured;
        self.tracks.retain(|_, d| now.0 - d.last.0 < FORGET_US);
        let fix = track.fix.as_ref().ok()?;
        let speed = track.velocity_en_m_s[0].hypot(track.velocity_en_m_s[1]);
        let drives = matches!(track.class, TargetClass::Vehicle | TargetClass::TwoWheeler) && speed >= policy.least_m_s;
        let lit = lit?;
        if !track.seen || sun_deg >= policy.sun_deg || (!drives && !lit) {
            return None;
        }
        if self.tracks.len() >= MOST && !self.tracks.contains_key(&track.id) {
            return None;
        }
        let d = self.tracks.entry(track.id).or_insert(Dark {
            since: now,
            looks: 0,
            lit: false,
            said: false,
            last: now,
        });
        if now <= d.last && d.looks > 0 {
            return None;
        }
        d.last = now;
        d.looks += 1;
        d.lit |= lit;
        let dark_s = (now.0 - d.since.0) as f64 * 1e-6;
        if d.lit || d.said || d.looks < policy.looks || dark_s < policy.least_s {
            return None;
        }
        let near = border.nearest(fix.at);
        if near.signed_m.abs() > policy.within_m {
            return None;
        }
        d.said = true;
        let what = super::name_of(track.class);
        let fact = |name: &str, value: String| AlertFact {
            name: name.to_owned(),
            value,
        };
        Some(AlertDraft {
            rule: RuleId(RULE.to_owned()),
            priority: Priority::P2,
            title: "Driving without lights".to_owned(),
            why: format!(
                "A {what} has driven at {speed:.0} m/s for {dark_s:.0} s with no light to be seen in {} looks, with the sun {:.0}° below the horizon, {:.0} m {} the line.",
                d.looks,
                -sun_deg,
                near.signed_m.abs(),
                if near.signed_m >= 0.0 { "inside" } else { "outside" }
            ),
            facts: vec![
                fact("speed", format!("{speed:.1} m/s")),
                fact("looks in visible light", d.looks.to_string()),
                fact("height of the sun", format!("{sun_deg:.1}°")),
                fact("distance to the line", format!("{:.0} m", near.signed_m.abs())),
            ],
            track: Some(track.id),
            company: Vec::new(),
            vehicle: Some(vehicle),
            camera: Some(track.camera),
            at: Some(fix.at),
            chainage_m: Some(near.chainage_m),
            confidence: (track.score * 0.8).clamp(0.0, 1.0),
            captured: now,
        })
    }
}
