//! What sensors on the ground told: kept by sensor, and an alert where somebody should look.
//!
//! Invariant: a cue points a camera and decides nothing: its alert is P2, names the sensor and says
//! what the sensor cannot tell. One bout is one alert, however often the sensor repeats itself.

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, distance_m};
use vedette_model::{AlertFact, AlertId, Cue, CueClass, CueKind, Mono, Priority, RuleId, Utc};
use vedette_sight::{AlertDraft, on_water};

use crate::alerts;
use crate::station::Station;
use crate::view::EventKind;

/// Sensors remembered at most; the one silent longest makes room.
const SENSORS: usize = 256;
/// A ship not heard for so long is not shown any more, microseconds.
const GONE_US: i64 = 600_000_000;
/// Silence after which what a sensor tells is a new bout, microseconds.
const BOUT_US: i64 = 120_000_000;
/// Things one sensor tells of at once, at most.
const BOUTS: usize = 8;
/// So far from where it told of somebody last, what a sensor tells is of somebody else, metres.
const ELSEWHERE_M: f64 = 200.0;
/// Alerts of ground sensors in a minute at most: a flood of cues must not bury what cameras saw.
const A_MINUTE: usize = 10;
const MINUTE_US: i64 = 60_000_000;
/// A ship's own report stands for it so long, microseconds (class B reports every 3 min at anchor,
/// ITU-R M.1371-5 table 1) ...
const SHIP_US: i64 = 200_000_000;
/// ... within this distance and what it sailed since, metres: a hull's length and a camera's bearing.
const SHIP_M: f64 = 100.0;
const RULE: &str = "ground-sensor";
/// A sensor's clock is believed within this of the station's, microseconds.
const CLOCK_US: i64 = 60_000_000;
/// A cue is a machine's word, weighed low: a geophone tells no person from a deer.
const TRUST: (f64, f64) = (0.3, 0.5);

/// One sensor and what it told last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CueView {
    /// What it told last.
    pub cue: Cue,
    /// When that came, station clock.
    pub heard: Mono,
    /// How often it told something since it was silent last.
    pub count: u32,
    /// What it tells of now that raised an alert, each in its place.
    pub bouts: Vec<CueBout>,
}

/// One thing a sensor goes on telling of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CueBout {
    /// Where, last.
    pub at: LatLon,
    /// When, last; station clock.
    pub heard: Mono,
    /// An opened seal.
    pub opened: bool,
    /// Its alert.
    pub alert: AlertId,
}

/// What somebody should look at: title and what the sensor cannot tell; `None`: it is shown, no more.
fn words(c: &Cue, afloat: bool) -> Option<(String, &'static str)> {
    let by = &c.sensor;
    Some(match (c.kind, c.class, c.opened) {
        (CueKind::ESeal, _, Some(true)) => (format!("Seal opened: {by}"), "a seal tells neither who nor why"),
        (CueKind::ESeal | CueKind::Ais, ..) => return None,
        (CueKind::Seismic, CueClass::Vehicle, _) => (
            format!("Engine heard by {by}"),
            "a geophone tells neither whose nor where exactly",
        ),
        (CueKind::Seismic, ..) => (
            format!("Steps heard by {by}"),
            "a geophone tells no person from an animal, nor where exactly",
        ),
        (_, CueClass::Person, _) => (format!("Person seen by {by}"), "from far it may be something else"),
        (_, CueClass::Vehicle, _) => (format!("Vehicle seen by {by}"), "from far it may be something else"),
        (_, CueClass::Boat, _) => (format!("Boat seen by {by}"), "from far it may be something else"),
        // Far out nobody can tell what floats; whoever reports itself by AIS was left out before.
        (_, CueClass::Animal | CueClass::Unknown, _) if afloat => (
            format!("Something on the water seen by {by}"),
            "from far it may be a wave or a bird",
        ),
        // Grazing cattle would fill the list; who watches sees them on the map.
        (_, CueClass::Footsteps | CueClass::Animal | CueClass::Unknown, _) => return None,
    })
}

impl Station {
    /// A sensor on the ground told something.
    pub(crate) fn cue(&mut self, c: &Cue) {
        let (now, utc) = (self.view.now, self.view.utc);
        let cues = &mut self.view.cues;
        cues.retain(|_, v| v.cue.kind != CueKind::Ais || now.since(v.heard) < GONE_US);
        if !cues.contains_key(&c.sensor) && cues.len() >= SENSORS {
            let oldest = cues.iter().min_by_key(|(_, v)| v.heard).map(|(k, _)| k.clone());
            if let Some(k) = oldest {
                cues.remove(&k);
            }
        }
        let (mut count, mut bouts) = cues.remove(&c.sensor).map_or((0, Vec::new()), |v| (v.count, v.bouts));
        bouts.retain(|b: &CueBout| now.since(b.heard) < BOUT_US);
        if bouts.is_empty() {
            count = 0;
        }
        // A camera sees several at once; each goes on from where it was last.
        let opened = c.opened == Some(true);
        let same = |b: &&mut CueBout| b.opened == opened && distance_m(b.at, c.at) < ELSEWHERE_M;
        if let Some(b) = bouts.iter_mut().find(same) {
            (b.at, b.heard) = (c.at, now);
        } else {
            let lately = self
                .view
                .alerts
                .values()
                .rev()
                .take_while(|a| now.since(a.raised) < MINUTE_US);
            let room = lately.filter(|a| a.rule.0 == RULE).count() < A_MINUTE;
            let alert = room.then(|| self.draft(c, utc)).flatten().map(|draft| {
                let title = draft.title.clone();
                let id = alerts::raise(&mut self.view, draft, None, now, utc);
                self.mark(EventKind::AlertP2, None, format!("{id} {title}"));
                id
            });
            // What raises no alert needs no memory of where it was.
            if let Some(alert) = alert {
                if bouts.len() >= BOUTS {
                    bouts.remove(0);
                }
                bouts.push(CueBout {
                    at: c.at,
                    heard: now,
                    opened,
                    alert,
                });
            }
        }
        self.view.cues.insert(
            c.sensor.clone(),
            CueView {
                cue: c.clone(),
                heard: now,
                count: count.saturating_add(1),
                bouts,
            },
        );
    }

    /// Whether a ship that says by AIS who and where it is explains what a sensor sees on the water.
    fn reports_itself(&self, c: &Cue) -> bool {
        let now = self.view.now;
        self.view.cues.values().any(|v| {
            let heard_us = now.since(v.heard);
            let sailed_m = v.cue.speed_m_s.unwrap_or(0.0) * Mono(heard_us).seconds();
            v.cue.kind == CueKind::Ais
                && heard_us < SHIP_US
                && distance_m(v.cue.at, c.at) < SHIP_M + sailed_m + 3.0 * c.error_m.min(100.0)
        })
    }

    fn draft(&self, c: &Cue, utc: Utc) -> Option<AlertDraft> {
        let afloat = on_water(&self.view.site.waters, c.at);
        if afloat && c.class != CueClass::Person && self.reports_itself(c) {
            return None;
        }
        let (title, blind) = words(c, afloat)?;
        let near = self.border.nearest(c.at);
        let (off_m, side) = (
            near.signed_m.abs(),
            if near.signed_m >= 0.0 { "inside" } else { "outside" },
        );
        let fact = |name: &str, value: String| AlertFact {
            name: name.to_owned(),
            value,
        };
        let late_s = (utc.0 - c.utc.0) as f64 * 1e-6;
        let believed = (utc.0 - c.utc.0).abs() <= CLOCK_US;
        let mut facts = vec![
            fact("sensor", c.sensor.clone()),
            fact("within", format!("{:.0} m", c.error_m)),
            fact("from the line", format!("{off_m:.0} m {side}")),
        ];
        if believed {
            facts.push(fact("told", format!("{:.0} s later", late_s.max(0.0))));
        } else {
            facts.push(fact("its clock", "is not ours, the time of arrival stands".to_owned()));
        }
        if let Some(v) = c.speed_m_s {
            facts.push(fact("speed", format!("{v:.1} m/s")));
        }
        Some(AlertDraft {
            rule: RuleId(RULE.into()),
            priority: Priority::P2,
            why: format!(
                "{title}, within {:.0} m of a place {off_m:.0} m {side} the line; {blind}. Suggestion, you decide.",
                c.error_m
            ),
            title,
            facts,
            track: None,
            company: Vec::new(),
            vehicle: None,
            camera: None,
            at: Some(c.at),
            chainage_m: Some(near.chainage_m - self.view.section_from_m),
            confidence: if c.kind == CueKind::Seismic { TRUST.0 } else { TRUST.1 },
            captured: if believed { c.utc } else { utc },
        })
    }
}
