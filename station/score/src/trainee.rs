//! Scripted trainees: what a perfect, a careless and a sleeping person make of what they see.
//!
//! Invariant: a function of the view and of what they did before, as at the console; the truth is
//! not looked at. Flying is somebody else's: they pass on, change or drop what a pilot's script
//! asks for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_core::StationView;
use vedette_geo::Amsl;
use vedette_model::{
    Alert, AlertId, AlertState, Decision, GimbalAim, IncidentId, IncidentState, Intent, Mono, Order, Priority, Probes,
    Severity, TargetClass, VehicleId,
};

/// What kind of trainee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Habit {
    /// Looks, decides, keeps watching, seals, notes faults.
    Perfect,
    /// Confirms whatever comes, late, looks at nothing, seals nothing.
    Careless,
    /// Flies the plan and does nothing else.
    Asleep,
}

impl std::str::FromStr for Habit {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "perfect" => Ok(Self::Perfect),
            "careless" => Ok(Self::Careless),
            "asleep" => Ok(Self::Asleep),
            other => Err(format!(
                "trainee {other} is not known; allowed: perfect, careless, asleep"
            )),
        }
    }
}

/// A scripted trainee.
#[derive(Debug)]
pub struct Trainee {
    habit: Habit,
    /// Rules whose alerts the briefing asks to be reported.
    report: BTreeSet<String>,
    first: BTreeMap<AlertId, Mono>,
    decided: BTreeSet<AlertId>,
    incidents: BTreeSet<AlertId>,
    sealed: BTreeSet<IncidentId>,
    aimed: BTreeMap<VehicleId, Mono>,
    /// Aircraft and what was wrong with it, already noted.
    noted: BTreeSet<(VehicleId, String)>,
    /// When the workload is asked for, and the question answered last.
    probes: Option<(Probes, u32)>,
}

/// Microseconds.
const S: i64 = 1_000_000;

/// Pixels per metre below which nobody can tell a person from a stone.
const COARSE_PX_M: f64 = 3.0;
/// Seconds of a track's past that are looked at, and the speed below which it stands still.
const STILL: (i64, f64) = (30, 0.4);

/// Why somebody who looks twice does not believe an alert: the picture is too coarse, or what is said
/// to have crossed stands still and only its place wanders.
fn doubt(view: &StationView, a: &Alert) -> Option<&'static str> {
    let coarse = a
        .camera
        .and_then(|c| view.cameras.get(&c))
        .and_then(|c| c.px_per_m)
        .is_some_and(|p| p < COARSE_PX_M);
    if coarse {
        return Some("too far away to tell what it is");
    }
    if a.rule.0 != "crossing" {
        return None;
    }
    let trail = &view.tracks.get(&a.track?)?.trail;
    let (last, at, _) = trail.last()?;
    let (first, from, _) = trail.iter().find(|(u, _, _)| last.0 - u.0 <= STILL.0 * S)?;
    let s = (last.0 - first.0) as f64 * 1e-6;
    let still = s > 10.0 && vedette_geo::near::distance_m(*from, *at) / s < STILL.1;
    still.then_some("it stands still: a warm stone, not somebody who walks")
}

impl Trainee {
    /// `report` are the names of the rules the briefing asks to be reported, as `crossing`.
    #[must_use]
    pub fn new(habit: Habit, report: impl IntoIterator<Item = String>) -> Self {
        Self {
            habit,
            report: report.into_iter().collect(),
            first: BTreeMap::new(),
            decided: BTreeSet::new(),
            incidents: BTreeSet::new(),
            sealed: BTreeSet::new(),
            aimed: BTreeMap::new(),
            noted: BTreeSet::new(),
            probes: None,
        }
    }

    /// Answers the questions after the workload, as far as such a trainee does.
    #[must_use]
    pub fn asked(mut self, probes: Probes) -> Self {
        self.probes = Some((probes, 0));
        self
    }

    /// What they do, seeing this, when the pilot's script would do `flying`.
    pub fn act(&mut self, view: &StationView, flying: Vec<Intent>) -> Vec<Intent> {
        let alone = |i: &Intent| {
            matches!(
                i,
                Intent::Decide { .. }
                    | Intent::Acknowledge { .. }
                    | Intent::OpenIncident { .. }
                    | Intent::SealIncident { .. }
                    | Intent::Show { .. }
                    | Intent::Note { .. }
                    | Intent::Workload { .. }
            )
        };
        let mut out: Vec<Intent> = flying.into_iter().filter(|i| !alone(i)).collect();
        match self.habit {
            Habit::Perfect => {
                self.answer(view, &mut out);
                self.look(view, &mut out);
                self.seal(view, &mut out);
                self.note(view, &mut out);
                self.answer_probe(view, &mut out);
            }
            Habit::Careless => {
                let camera = |i: &Intent| {
                    matches!(
                        i,
                        Intent::Command {
                            order: Order::Gimbal(_) | Order::Hold | Order::GoTo { .. },
                            ..
                        }
                    )
                };
                out.retain(|i| !camera(i));
                self.wave_through(view, &mut out);
            }
            Habit::Asleep => out.retain(|i| {
                !matches!(
                    i,
                    Intent::Command {
                        order: Order::Gimbal(_) | Order::Hold | Order::GoTo { .. } | Order::ResumeMission,
                        ..
                    }
                )
            }),
        }
        out
    }

    /// A level by the number of aircraft and open alerts; a few seconds after the question.
    fn answer_probe(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        let Some((probes, last)) = &mut self.probes else { return };
        let late = Mono(view.now.0 - 4 * S);
        let Some(n) = probes.due(late).filter(|n| n > last) else {
            return;
        };
        *last = n;
        let open = view
            .alerts
            .values()
            .filter(|a| matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. }))
            .count();
        let level = u8::try_from(2 + open.min(3)).unwrap_or(5);
        out.push(Intent::Workload { asked: n, level });
    }

    fn answer(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        let now = view.now;
        for a in view.alerts.values() {
            let open = matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. });
            if !open || self.decided.contains(&a.id) {
                continue;
            }
            let first = *self.first.entry(a.id).or_insert_with(|| {
                out.push(Intent::Show {
                    alert: Some(a.id),
                    track: a.track,
                    vehicle: a.vehicle,
                });
                out.push(Intent::Acknowledge { alert: a.id });
                now
            });
            let class = a
                .track
                .and_then(|t| view.tracks.get(&t))
                .map_or(TargetClass::Unknown, |t| t.track.class);
            let asked = self.report.contains(&a.rule.0);
            // A look before the word; what is not asked for stays a note on the screen.
            if now.since(first) < 4 * S || !(asked || a.priority == Priority::P1) {
                continue;
            }
            self.decided.insert(a.id);
            let doubt = doubt(view, a);
            let decision = match doubt {
                Some(why) => Decision::Dismiss { reason: why.to_owned() },
                None if asked && class != TargetClass::Animal => {
                    self.incidents.insert(a.id);
                    Decision::Confirm
                }
                None => Decision::Dismiss {
                    reason: format!("{class:?}, not what the briefing asks for"),
                },
            };
            out.push(Intent::Decide { alert: a.id, decision });
        }
        for a in view.alerts.values() {
            let confirmed = matches!(a.state, AlertState::Confirmed { .. });
            if confirmed && self.incidents.remove(&a.id) {
                out.push(Intent::OpenIncident { alert: a.id });
            }
        }
    }

    /// The camera goes where the reported track is.
    fn look(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        for a in view.alerts.values() {
            let (Some(v), Some(t)) = (a.vehicle, a.track) else {
                continue;
            };
            let recent = view.now.since(a.raised) < 150 * S;
            let due = self.aimed.get(&v).is_none_or(|m| view.now.since(*m) > 3 * S);
            let wanted = matches!(a.state, AlertState::Confirmed { .. } | AlertState::Acknowledged { .. });
            if !(recent && due && wanted && self.report.contains(&a.rule.0)) {
                continue;
            }
            if let Some(fix) = view.tracks.get(&t).and_then(|x| x.track.fix.as_ref().ok()) {
                self.aimed.insert(v, view.now);
                out.push(Intent::Command {
                    vehicle: v,
                    order: Order::Gimbal(GimbalAim::Place {
                        at: fix.at,
                        amsl: Amsl(fix.amsl.0),
                    }),
                    held: false,
                });
            }
        }
    }

    fn seal(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        for i in view.incidents.values() {
            if i.state == IncidentState::Open && view.now.since(i.opened) > 8 * S && self.sealed.insert(i.id) {
                out.push(Intent::SealIncident {
                    incident: i.id,
                    outcome: "patrol informed: place, number, direction".to_owned(),
                });
            }
        }
    }

    /// What is wrong with an aircraft is said aloud, once for each kind.
    fn note(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        for v in view.vehicles.values() {
            let aloft = v.armed.is_some_and(|a| a.value);
            let stale = v.last_heard.is_some_and(|t| view.now.since(t) > 5 * S);
            let gnss = v.gnss.as_ref().is_some_and(|g| g.value.fix_type < 3);
            let low = v.bingo_s.is_some_and(|s| s < 0.0);
            for (is, what) in [(stale, "link"), (gnss, "satellite fix"), (low, "energy")] {
                if aloft && is && self.noted.insert((v.id, what.to_owned())) {
                    out.push(Intent::Note {
                        text: format!("{}: {what} lost, watching", v.tail),
                        incident: None,
                    });
                    if low {
                        out.push(Intent::Command {
                            vehicle: v.id,
                            order: Order::Return,
                            held: true,
                        });
                    }
                }
            }
        }
        for v in view.vehicles.values() {
            let fresh = v
                .texts
                .iter()
                .filter(|(t, s, _)| *s <= Severity::Warning && view.now.since(*t) < 10 * S);
            for (_, _, text) in fresh {
                if self.noted.insert((v.id, text.clone())) {
                    out.push(Intent::Note {
                        text: format!("{} says: {text}", v.tail),
                        incident: None,
                    });
                }
            }
        }
    }

    /// Everything is confirmed half a minute later, unseen.
    fn wave_through(&mut self, view: &StationView, out: &mut Vec<Intent>) {
        for a in view.alerts.values() {
            let open = matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. });
            if open && view.now.since(a.raised) > 35 * S && self.decided.insert(a.id) {
                out.push(Intent::Decide {
                    alert: a.id,
                    decision: Decision::Confirm,
                });
            }
        }
    }
}
