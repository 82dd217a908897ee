//! The truth file of an exercise, as a format: JSON lines, one fact each.
//!
//! Invariant: unknown lines and a torn last line are passed over; every fact carries its own time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, Utc};

use crate::ScoreError;

/// What a trainee should make of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has to be found and reported.
    Subject,
    /// Belongs to the subjects: a report is right, but none is asked for.
    Accessory,
    /// Draws attention; a report is neither right nor wrong.
    Decoy,
    /// Goes about its business; a report is false.
    Lawful,
}

/// One of those who play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    /// Name.
    pub actor: String,
    /// Role.
    pub role: Role,
}

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActorAt {
    /// Name.
    pub actor: String,
    /// Where.
    pub at: LatLon,
}

/// Somebody in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Box {
    /// Name.
    pub actor: String,
    /// Box, pixels.
    pub image: vedette_model::ImageBox,
    /// Share of the outline that nothing hides.
    pub visible: f32,
}

/// A line of the truth file, as far as a score reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum TruthLine {
    /// What this is the truth of.
    Start {
        /// Scenario.
        scenario: String,
        /// UTC at second 0.
        epoch: Utc,
        /// Seed.
        seed: u64,
    },
    /// Who plays.
    Cast {
        /// Everybody.
        actors: Vec<Cast>,
        /// Seconds a trainee has for a report.
        report_within_s: f64,
    },
    /// Something broke or was mended.
    Fault {
        /// Number in this run.
        id: u32,
        /// When.
        utc: Utc,
        /// Aircraft; absent: all.
        system: Option<u8>,
        /// What, with its values.
        trouble: serde_json::Value,
        /// It begins, else it ends.
        begins: bool,
    },
    /// Where everybody is.
    Actors {
        /// When.
        utc: Utc,
        /// Everybody.
        actors: Vec<ActorAt>,
    },
    /// A border crossing.
    Crossing {
        /// Who.
        actor: String,
        /// When.
        utc: Utc,
        /// To the home side.
        inwards: bool,
    },
    /// An aircraft.
    Vehicle {
        /// MAVLink system id.
        system: u8,
        /// When.
        utc: Utc,
        /// Where.
        at: LatLon,
        /// Height.
        amsl: Amsl,
        /// Metres to the border, positive on the home side.
        inside_m: f64,
        /// Energy left, watt hours.
        battery_wh: f64,
        /// It hit the ground.
        crashed: bool,
    },
    /// A picture.
    Frame {
        /// Stream.
        camera: CameraId,
        /// When.
        utc: Utc,
        /// An old picture sent again.
        #[serde(default)]
        frozen: bool,
        /// Who is in it.
        boxes: Vec<Box>,
        /// Where everybody is.
        actors: Vec<ActorAt>,
    },
    /// Anything else.
    #[serde(other)]
    Other,
}

/// A fault with its span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaultSpan {
    pub(crate) name: String,
    pub(crate) system: Option<u8>,
    pub(crate) from: Utc,
    pub(crate) to: Option<Utc>,
}

/// Looks further apart than this are two stretches, microseconds.
const APART_US: i64 = 5_000_000;

/// A stretch of what was really so.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// From.
    pub from: Utc,
    /// To; the same as `from` for a moment.
    pub to: Utc,
    /// Words.
    pub words: String,
    /// A fault, else what somebody did.
    pub fault: bool,
}

/// One aircraft's moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) utc: Utc,
    pub(crate) at: LatLon,
    pub(crate) amsl: Amsl,
    pub(crate) inside_m: f64,
    pub(crate) battery_wh: f64,
    pub(crate) crashed: bool,
}

/// The truth of a run, sorted by what a score asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    pub(crate) epoch: Utc,
    pub(crate) report_within_s: f64,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) faults: Vec<FaultSpan>,
    pub(crate) flights: BTreeMap<u8, Vec<Moment>>,
    /// By actor: when a fresh picture showed enough of them, with their height in pixels.
    pub(crate) seen: BTreeMap<String, Vec<(Utc, f32)>>,
    /// Times of fresh pictures of any camera.
    pub(crate) pictures: Vec<Utc>,
    pub(crate) places: Vec<(Utc, Vec<ActorAt>)>,
    pub(crate) crossings: Vec<(String, Utc)>,
    started: bool,
    /// Faults that hold, by their number.
    open: BTreeMap<u32, usize>,
}

/// Shares of an outline below this are not seen.
const VISIBLE: f32 = 0.3;

impl Truth {
    /// Reads a truth file.
    ///
    /// # Errors
    /// [`ScoreError::NoTruth`] when it does not say what it is of or who plays.
    pub fn read(text: &str) -> Result<Self, ScoreError> {
        Self::of(text.lines().filter_map(|l| serde_json::from_str(l).ok()))
    }

    /// From its lines.
    ///
    /// # Errors
    /// As [`Truth::read`].
    pub fn of(lines: impl IntoIterator<Item = TruthLine>) -> Result<Self, ScoreError> {
        let mut t = Self::default();
        for line in lines {
            t.push(line);
        }
        t.settle();
        if !t.started {
            return Err(ScoreError::NoTruth { what: "start" });
        }
        if t.roles.is_empty() {
            return Err(ScoreError::NoTruth { what: "cast" });
        }
        Ok(t)
    }

    /// Takes one more line, in the order they were written; [`Truth::settle`] before it is used.
    pub fn push(&mut self, line: TruthLine) {
        let t = self;
        {
            match line {
                TruthLine::Start { scenario, epoch, seed } => {
                    t.started = true;
                    (t.scenario, t.epoch, t.seed) = (scenario, epoch, seed);
                }
                TruthLine::Cast {
                    actors,
                    report_within_s,
                } => {
                    t.report_within_s = report_within_s;
                    t.roles = actors.into_iter().map(|a| (a.actor, a.role)).collect();
                }
                TruthLine::Fault {
                    id,
                    utc,
                    system,
                    trouble,
                    begins,
                } => {
                    if begins {
                        t.open.insert(id, t.faults.len());
                        t.faults.push(FaultSpan {
                            name: trouble["what"].as_str().unwrap_or("fault").to_owned(),
                            system,
                            from: utc,
                            to: None,
                        });
                    } else if let Some(f) = t.open.remove(&id).and_then(|k| t.faults.get_mut(k)) {
                        f.to = Some(utc);
                    }
                }
                TruthLine::Actors { utc, actors } => t.places.push((utc, actors)),
                TruthLine::Crossing {
                    actor,
                    utc,
                    inwards: true,
                } => t.crossings.push((actor, utc)),
                TruthLine::Vehicle {
                    system,
                    utc,
                    at,
                    amsl,
                    inside_m,
                    battery_wh,
                    crashed,
                } => t.flights.entry(system).or_default().push(Moment {
                    utc,
                    at,
                    amsl,
                    inside_m,
                    battery_wh,
                    crashed,
                }),
                TruthLine::Frame {
                    utc,
                    frozen,
                    boxes,
                    actors,
                    ..
                } => {
                    if !frozen {
                        t.pictures.push(utc);
                        for b in boxes.iter().filter(|b| b.visible >= VISIBLE) {
                            t.seen.entry(b.actor.clone()).or_default().push((utc, b.image.h));
                        }
                    }
                    t.places.push((utc, actors));
                }
                TruthLine::Crossing { .. } | TruthLine::Other => {}
            }
        }
    }

    /// Brings what came out of order into order.
    pub fn settle(&mut self) {
        self.places.sort_by_key(|(u, _)| *u);
        self.pictures.sort_unstable();
        for s in self.seen.values_mut() {
            s.sort_by_key(|(u, _)| *u);
        }
    }

    /// Whether it says what it is of and who plays.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.started && !self.roles.is_empty()
    }

    /// When a camera first showed enough of an actor in a fresh picture.
    #[must_use]
    pub fn first_seen(&self, actor: &str) -> Option<Utc> {
        self.seen.get(actor)?.first().map(|(u, _)| *u)
    }

    /// What an exercise was about, for its debrief: each subject's stretches in a fresh picture and
    /// its crossing, each fault. In order of their beginning.
    #[must_use]
    pub fn story(&self) -> Vec<Told> {
        let end = self.places.last().map_or(self.epoch, |(u, _)| *u);
        let mut out = Vec::new();
        for (name, members) in self.subjects().into_iter().chain(self.inserts()) {
            let mut looks: Vec<Utc> = members
                .iter()
                .filter_map(|m| self.seen.get(m))
                .flatten()
                .map(|(u, _)| *u)
                .collect();
            looks.sort_unstable();
            let mut from = 0;
            for k in 0..looks.len() {
                let last = looks.get(k + 1).is_none_or(|n| n.0 - looks[k].0 > APART_US);
                if last {
                    out.push(Told {
                        from: looks[from],
                        to: looks[k],
                        words: format!("{name} in the picture"),
                        fault: false,
                    });
                    from = k + 1;
                }
            }
            let crossed = self
                .crossings
                .iter()
                .filter(|(a, _)| members.contains(a))
                .map(|(_, u)| *u)
                .min();
            if let Some(at) = crossed {
                out.push(Told {
                    from: at,
                    to: at,
                    words: format!("{name} crosses"),
                    fault: false,
                });
            }
        }
        for f in &self.faults {
            let whom = f.system.map_or("all".to_owned(), |s| s.to_string());
            out.push(Told {
                from: f.from,
                to: f.to.unwrap_or(end),
                words: format!("{}, aircraft {whom}", f.name.replace('-', " ")),
                fault: true,
            });
        }
        out.sort_by_key(|t| t.from);
        out
    }

    /// Where everybody who matters is at a moment: name and place.
    #[must_use]
    pub fn places(&self, utc: Utc) -> Vec<(String, LatLon)> {
        self.places_at(utc)
            .iter()
            .filter(|a| self.role(&a.actor) != Role::Lawful)
            .map(|a| (a.actor.clone(), a.at))
            .collect()
    }

    /// Role of an actor.
    pub(crate) fn role(&self, actor: &str) -> Role {
        self.roles.get(actor).copied().unwrap_or(Role::Lawful)
    }

    /// Everybody's place at the record nearest to a moment, at most three seconds away.
    pub(crate) fn places_at(&self, utc: Utc) -> &[ActorAt] {
        let k = self.places.partition_point(|(u, _)| *u < utc);
        self.places[k.saturating_sub(1)..(k + 1).min(self.places.len())]
            .iter()
            .min_by_key(|(u, _)| (u.0 - utc.0).abs())
            .filter(|(u, _)| (u.0 - utc.0).abs() <= 3_000_000)
            .map_or(&[], |(_, a)| a.as_slice())
    }

    /// The groups that have to be reported: an actor's name without its number in the group, with
    /// all members.
    pub(crate) fn subjects(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.groups(false)
    }

    /// The blind inserts there were, likewise.
    pub(crate) fn inserts(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.groups(true)
    }

    fn groups(&self, blind: bool) -> BTreeMap<String, BTreeSet<String>> {
        let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, role) in &self.roles {
            if *role == Role::Subject && insert(name) == blind {
                out.entry(group(name).to_owned()).or_default().insert(name.clone());
            }
        }
        out
    }
}

/// Actors of this name are blind inserts: put in to see whether somebody watches, and held apart
/// from all that belongs to the exercise.
pub const INSERT: &str = "blind insert";

/// Whether an actor is a blind insert.
pub(crate) fn insert(actor: &str) -> bool {
    actor.starts_with(INSERT)
}

/// `walker 2` belongs to `walker`.
pub(crate) fn group(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((head, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => name,
    }
}
