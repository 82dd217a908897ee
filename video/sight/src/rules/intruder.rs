//! A drone that is not ours near the line: told by its Remote ID, by ADS-B, or seen in the sky (P2,
//! P1 once it flies over the line towards home).
//!
//! Invariant: what a radio claims is called a claim; a drone that was only seen gets a bearing, never
//! a place; each is reported once and once more when it crosses. Our own and those the authority
//! allowed (by number) are never reported. Crewed aircraft by ADS-B are reported only low and slow.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_atlas::Border;
use vedette_geo::{LatLon, distance_m};
use vedette_model::{
    AlertFact, CameraId, Contact, ContactHeight, ContactSource, Priority, RuleId, SkyTrack, Utc, VehicleId,
};

use super::AlertDraft;
use crate::ground::Ground;

pub(super) const RULE: &str = "intruder-drone";

/// Thresholds of `intruder`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntruderPolicy {
    /// Within this distance of the line, either side, metres.
    pub within_m: f64,
    /// An ADS-B aircraft counts below this height over the ground, metres.
    pub low_m: f64,
    /// And slower than this, metres per second.
    pub slow_m_s: f64,
    /// Reports of a contact before it counts: one may be a decoding slip.
    pub reports: u32,
    /// Looks at something in the sky before it counts.
    pub looks: u32,
    /// And seconds it was followed.
    pub least_s: f64,
    /// And was seen in this share of the frames since: birds come and go.
    pub steady: f64,
    /// Numbers (Remote ID or ICAO) that may fly here.
    pub allowed: BTreeSet<String>,
}

impl Default for IntruderPolicy {
    fn default() -> Self {
        Self {
            within_m: 1500.0,
            low_m: 150.0,
            slow_m_s: 60.0,
            reports: 2,
            looks: 8,
            least_s: 0.8,
            steady: 0.6,
            allowed: BTreeSet::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Heard {
    reports: u32,
    last: Utc,
    at: LatLon,
    signed_m: f64,
    outside: bool,
    near_said: bool,
    over_said: bool,
}

/// What is remembered of drones that are not ours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Intruders {
    heard: BTreeMap<String, Heard>,
    /// Things in the sky reported, by camera and number.
    seen: BTreeSet<(CameraId, u32)>,
}

/// The camera that looks at the sky, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SkyCamera {
    /// Stream.
    pub camera: CameraId,
    /// Aircraft.
    pub vehicle: VehicleId,
    /// Where it is, if known.
    pub at: Option<LatLon>,
}

/// Contacts and sky tracks remembered at most.
const MOST: usize = 400;
/// Not heard for so long, a contact is forgotten, microseconds.
const FORGET_US: i64 = 600_000_000;

impl Intruders {
    /// Judges what receivers heard. `own` are the numbers of our own aircraft.
    pub fn hear(
        &mut self,
        now: Utc,
        contacts: &[Contact],
        own: &BTreeSet<String>,
        policy: &IntruderPolicy,
        border: &Border,
        ground: &dyn Ground,
    ) -> Vec<AlertDraft> {
        self.heard.retain(|_, h| now.0 - h.last.0 < FORGET_US);
        let mut out = Vec::new();
        for c in contacts {
            if c.on_ground || own.contains(&c.id) || policy.allowed.contains(&c.id) {
                continue;
            }
            let near = border.nearest(c.at);
            if near.signed_m.abs() > policy.within_m || !counts(c, policy, ground) {
                continue;
            }
            if self.heard.len() >= MOST && !self.heard.contains_key(&c.id) {
                continue;
            }
            let h = self.heard.entry(c.id.clone()).or_insert(Heard {
                reports: 0,
                last: Utc(i64::MIN),
                at: c.at,
                signed_m: near.signed_m,
                outside: false,
                near_said: false,
                over_said: false,
            });
            // The same report passed on a second time is not a second report.
            if h.reports > 0 && h.at == c.at {
                continue;
            }
            h.reports += 1;
            (h.last, h.at) = (now, c.at);
            let came_over = h.outside && near.signed_m > 0.0;
            h.outside |= near.signed_m < 0.0;
            h.signed_m = near.signed_m;
            if h.reports < policy.reports {
                continue;
            }
            let priority = match (came_over && !h.over_said, h.near_said) {
                (true, _) => Priority::P1,
                (false, false) => Priority::P2,
                (false, true) => continue,
            };
            h.near_said = true;
            h.over_said |= came_over;
            out.push(say(c, near.signed_m, near.chainage_m, came_over, priority, now, ground));
        }
        out
    }

    /// Judges what one camera follows above the horizon.
    pub fn see(
        &mut self,
        now: Utc,
        tracks: &[SkyTrack],
        by: &SkyCamera,
        policy: &IntruderPolicy,
        border: &Border,
    ) -> Vec<AlertDraft> {
        while self.seen.len() > MOST {
            self.seen.pop_first();
        }
        let mut out = Vec::new();
        for t in tracks {
            let long_enough = t.looks >= policy.looks && t.followed_s >= policy.least_s;
            if !t.seen || t.flock || t.steady < policy.steady || !long_enough || !self.seen.insert((by.camera, t.id)) {
                continue;
            }
            let way = if t.constant_bearing {
                "on a constant bearing, so it may be coming closer"
            } else {
                "moving against the sky"
            };
            let bearing = t.azimuth_deg.map_or_else(
                || "in the picture (no pose, so no bearing)".to_owned(),
                |a| format!("at bearing {a:.0}° true"),
            );
            let elevation = t
                .elevation_deg
                .map_or_else(String::new, |e| format!(", {e:.1}° above the horizon"));
            let mut facts = vec![
                fact("looks", t.looks.to_string()),
                fact("followed", format!("{:.1} s", t.followed_s)),
                fact("size", format!("{:.0} by {:.0} pixels", t.image.w, t.image.h)),
                fact("contrast", format!("{:+.0} grey levels", t.contrast)),
            ];
            if let Some(r) = t.rate_deg_s {
                facts.push(fact("angular rate", format!("{r:.2}°/s")));
            }
            out.push(AlertDraft {
                rule: RuleId(RULE.to_owned()),
                priority: Priority::P2,
                title: "Drone in the sky".to_owned(),
                why: format!(
                    "A small flying object has been followed for {:.1} s and {} looks {bearing}{elevation}, {way}; its distance is not known.",
                    t.followed_s, t.looks
                ),
                facts,
                track: None,
                company: Vec::new(),
                vehicle: Some(by.vehicle),
                camera: Some(by.camera),
                at: None,
                chainage_m: by.at.map(|p| border.nearest(p).chainage_m),
                confidence: (f64::from(t.score) * 0.7).clamp(0.0, 1.0),
                captured: now,
            });
        }
        out
    }
}

fn fact(name: &str, value: String) -> AlertFact {
    AlertFact {
        name: name.to_owned(),
        value,
    }
}

/// Height over the ground, metres; a pressure height is taken as it is, which weather makes wrong
/// by up to some 250 m (30 hPa).
fn agl_m(c: &Contact, ground: &dyn Ground) -> Option<f64> {
    let below = ground.height(c.at)?;
    match c.height? {
        ContactHeight::Pressure(m) => Some(m - below.0),
        ContactHeight::Ellipsoid(h) => Some(h.0 - below.0),
    }
}

fn counts(c: &Contact, p: &IntruderPolicy, ground: &dyn Ground) -> bool {
    match c.source {
        ContactSource::RemoteId => true,
        ContactSource::Adsb => {
            agl_m(c, ground).is_some_and(|h| h < p.low_m) && c.speed_m_s.is_some_and(|v| v < p.slow_m_s)
        }
    }
}

fn say(
    c: &Contact,
    signed_m: f64,
    chainage_m: f64,
    came_over: bool,
    priority: Priority,
    now: Utc,
    ground: &dyn Ground,
) -> AlertDraft {
    let (what, by) = match c.source {
        ContactSource::RemoteId => ("drone", "Remote ID"),
        ContactSource::Adsb => ("low, slow aircraft", "ADS-B"),
    };
    let side = if signed_m >= 0.0 { "inside" } else { "outside" };
    let who = c
        .name
        .as_ref()
        .map_or_else(|| c.id.clone(), |n| format!("{} ({n})", c.id));
    let height = agl_m(c, ground).map_or_else(String::new, |h| format!(", about {h:.0} m over the ground"));
    let way = if came_over {
        "came over the line to the home side and"
    } else {
        "that is not ours"
    };
    let pilot = c.pilot.map_or_else(String::new, |p| {
        format!("; its pilot claims to stand {:.0} m from it", distance_m(p, c.at))
    });
    let mut facts = vec![
        fact("claimed by", format!("{by}, {who}; not proven")),
        fact("distance to the line", format!("{:.0} m {side}", signed_m.abs())),
    ];
    if let Some(v) = c.speed_m_s {
        facts.push(fact("speed", format!("{v:.0} m/s")));
    }
    if let Some(p) = c.pilot {
        facts.push(fact("pilot", format!("{:.5}, {:.5}", p.lat_deg, p.lon_deg)));
    }
    AlertDraft {
        rule: RuleId(RULE.to_owned()),
        priority,
        title: if came_over {
            "Drone over the line".to_owned()
        } else {
            "Drone near the line".to_owned()
        },
        why: format!(
            "A {what} {way} is {:.0} m {side} the line{height}, by its own {by} {who}{pilot}.",
            signed_m.abs()
        ),
        facts,
        track: None,
        company: Vec::new(),
        vehicle: None,
        camera: None,
        at: Some(c.at),
        chainage_m: Some(chainage_m),
        confidence: 0.8,
        captured: now,
    }
}
