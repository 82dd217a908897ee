//! From text to the scenario as written, with every mistake of form at once.
//!
//! Invariant: one damaged table hides no other's mistakes: each is read by itself, and each
//! complaint shows its own line. It does not judge values; `resolve` does.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::file::{ActorFile, CoverFile, ScenarioFile, SeaFile, VehicleFile};
use crate::{SimError, Weather};

/// Keys a scenario may have.
const KEYS: [&str; 21] = [
    "name",
    "epoch",
    "seed",
    "duration_s",
    "times",
    "origin",
    "weather",
    "cover",
    "vehicle",
    "track",
    "clearing",
    "warm_stone",
    "radio",
    "sea",
    "light_every_s",
    "training",
    "actor",
    "fault",
    "sensor",
    "river",
    "hamlet",
];

struct Reader<'t> {
    text: &'t str,
    file: &'t str,
    wrong: Vec<SimError>,
}

impl Reader<'_> {
    fn bad(&mut self, mut e: toml::de::Error) {
        e.set_input(Some(self.text));
        self.wrong.push(SimError::Syntax {
            file: self.file.to_owned(),
            message: e.to_string().trim().replace('\n', "\n  "),
        });
    }

    fn one<T: DeserializeOwned>(&mut self, v: Spanned<DeValue<'_>>) -> Option<T> {
        let span = v.span();
        match T::deserialize(ValueDeserializer::from(v)) {
            Ok(t) => Some(t),
            Err(mut e) => {
                if e.span().is_none() {
                    // The table the mistake is in is better than no place at all.
                    let line = self.line(span.start);
                    self.wrong.push(SimError::Value {
                        file: self.file.to_owned(),
                        line,
                        what: e.message().to_owned(),
                        allowed: "see sim/scenarios/README.md for what this table may hold".to_owned(),
                    });
                } else {
                    e.set_input(Some(self.text));
                    self.bad(e);
                }
                None
            }
        }
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
    }

    /// The elements of a list of tables, each read by itself; those that cannot be are left out.
    fn list<T: DeserializeOwned>(&mut self, key: &str, v: Spanned<DeValue<'_>>) -> Vec<T> {
        self.items(key, v).into_iter().filter_map(|e| self.one(e)).collect()
    }

    fn items<'i>(&mut self, key: &str, v: Spanned<DeValue<'i>>) -> Vec<Spanned<DeValue<'i>>> {
        let at = v.span().start;
        match v.into_inner() {
            DeValue::Array(a) => a.into_iter().collect(),
            other => {
                let line = self.line(at);
                self.wrong.push(SimError::Value {
                    file: self.file.to_owned(),
                    line,
                    what: format!("{key} is {}", other.type_str()),
                    allowed: format!("give one [[{key}]] table for each"),
                });
                Vec::new()
            }
        }
    }

    /// A table whose list `inner` is read element by element.
    fn nested<T: DeserializeOwned, U: DeserializeOwned>(
        &mut self,
        v: Spanned<DeValue<'_>>,
        inner: &str,
        join: fn(&mut T, Vec<U>),
    ) -> Option<T> {
        let span = v.span();
        let DeValue::Table(table) = v.into_inner() else {
            let line = self.line(span.start);
            self.wrong.push(SimError::Value {
                file: self.file.to_owned(),
                line,
                what: "this is no table".to_owned(),
                allowed: "give [[...]] tables".to_owned(),
            });
            return None;
        };
        let mut rest = DeTable::new();
        let mut held = Vec::new();
        for (k, v) in table {
            if k.get_ref().as_ref() == inner {
                held = self.list(inner, v);
            } else {
                rest.insert(k, v);
            }
        }
        let mut t: T = self.one(Spanned::new(span, DeValue::Table(rest)))?;
        join(&mut t, held);
        Some(t)
    }
}

/// Reads a scenario's text.
///
/// # Errors
/// Every mistake of form.
pub(super) fn read(text: &str, file: &str) -> Result<ScenarioFile, Vec<SimError>> {
    let mut r = Reader {
        text,
        file,
        wrong: Vec::new(),
    };
    let (root, damaged) = DeTable::parse_recoverable(text);
    for e in damaged {
        r.bad(e);
    }
    if !r.wrong.is_empty() {
        return Err(r.wrong);
    }
    let mut out = ScenarioFile {
        name: String::new(),
        epoch: Spanned::new(0..0, String::new()),
        seed: 0,
        duration_s: 900.0,
        times: std::collections::BTreeMap::new(),
        origin: None,
        weather: Weather::default(),
        cover: CoverFile::default(),
        vehicle: Vec::new(),
        track: Vec::new(),
        clearing: Vec::new(),
        warm_stone: Vec::new(),
        radio: None,
        sea: SeaFile::default(),
        light_every_s: 0.0,
        training: None,
        actor: Vec::new(),
        fault: Vec::new(),
        sensor: Vec::new(),
        river: Vec::new(),
        hamlet: Vec::new(),
    };
    let mut needed = vec!["name", "epoch"];
    for (key, v) in root.into_inner() {
        let at = key.span().start;
        let key = key.get_ref().to_string();
        needed.retain(|k| *k != key);
        match key.as_str() {
            "name" => out.name = r.one(v).unwrap_or_default(),
            "epoch" => {
                if let Some(e) = r.one(v) {
                    out.epoch = e;
                }
            }
            "seed" => out.seed = r.one(v).unwrap_or_default(),
            "duration_s" => out.duration_s = r.one(v).unwrap_or(900.0),
            "times" => out.times = r.one(v).unwrap_or_default(),
            "origin" => out.origin = r.one(v),
            "weather" => out.weather = r.one(v).unwrap_or_default(),
            "cover" => out.cover = r.one(v).unwrap_or_default(),
            "sea" => out.sea = r.one(v).unwrap_or_default(),
            "light_every_s" => out.light_every_s = r.one(v).unwrap_or_default(),
            "radio" => out.radio = r.one(v),
            "training" => out.training = r.one(v),
            "track" => out.track = r.list("track", v),
            "clearing" => out.clearing = r.list("clearing", v),
            "warm_stone" => out.warm_stone = r.list("warm_stone", v),
            "fault" => out.fault = r.list("fault", v),
            "sensor" => out.sensor = r.list("sensor", v),
            "river" => out.river = r.list("river", v),
            "hamlet" => out.hamlet = r.list("hamlet", v),
            "vehicle" => {
                for e in r.items("vehicle", v) {
                    out.vehicle
                        .extend(r.nested(e, "camera", |t: &mut VehicleFile, c| t.camera = c));
                }
            }
            "actor" => {
                for e in r.items("actor", v) {
                    out.actor.extend(r.nested(e, "step", |t: &mut ActorFile, s| t.step = s));
                }
            }
            other => {
                let line = r.line(at);
                r.wrong.push(SimError::Value {
                    file: file.to_owned(),
                    line,
                    what: format!("a scenario has no `{other}`"),
                    allowed: format!("allowed are {}", KEYS.join(", ")),
                });
            }
        }
    }
    for k in needed {
        r.wrong.push(SimError::Value {
            file: file.to_owned(),
            line: 1,
            what: format!("`{k}` is missing"),
            allowed: "every scenario names itself and its epoch".to_owned(),
        });
    }
    if r.wrong.is_empty() { Ok(out) } else { Err(r.wrong) }
}
