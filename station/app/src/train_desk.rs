//! The instructor's side of an exercise while it runs: what the desk asks goes to the simulator, to
//! the clock and into the sealed record; what it shows comes from the scenario and the growing
//! record.
//!
//! Invariant: nothing goes from here into the station. Every act is sealed before it is done.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use vedette_core::{EventKind, Input, StationView};
use vedette_model::{Intent, OperatorId, Order, Spectrum, Utc};
use vedette_panels::train::{
    ActiveFault, ActorChoice, ActorLine, Advice, DeskAct, DeskLanes, DeskModel, LaneSpan, LiveScore, LookBack,
    ScoreLine,
};
use vedette_score::{Conduct, History, INSERT, Policy, Rules, advise, score_so_far};
use vedette_sim::{ActorKind, Instructor, InstructorScript, Role, Scenario};

use crate::clock::Clock;
use crate::train::Exercise;
use crate::train_inject::{kinds, movers, newcomer, trouble};
use crate::train_record::{Growing, Sealed, SealedLine};

/// Seconds between two scorings.
const SCORE_S: f64 = 3.0;
/// Metres within which the station's fix is of this actor.
const SAME_M: f64 = 80.0;
/// Views kept for looking back, and seconds between two: two minutes and a little.
const PAST: usize = 62;
const PAST_STEP_S: f64 = 2.0;
/// Acts of the trainee kept for the timeline.
const ACTS: usize = 200;

/// A group of actors that belong together.
struct Group {
    number: String,
    name: String,
    members: Vec<String>,
    words: String,
    role: Role,
    crosses: Option<(f64, f64)>,
}

/// `walker 2` belongs to `walker`; each blind insert is its own.
fn group_name(actor: &str) -> &str {
    match actor.rsplit_once(' ') {
        Some((head, tail)) if !actor.starts_with(INSERT) && tail.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => actor,
    }
}

fn kind_words(kind: ActorKind, n: usize, name: &str) -> String {
    let what = match kind {
        ActorKind::Person if n > 1 => format!("{n} persons on foot"),
        ActorKind::Person => "person on foot".to_owned(),
        k if n > 1 => format!("{n} × {}", k.name()),
        k => k.name().to_owned(),
    };
    if what.contains(name) {
        what
    } else {
        format!("{what}, {name}")
    }
}

fn groups(s: &Scenario) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for a in s.actors() {
        let name = group_name(&a.name);
        if let Some(g) = out.iter_mut().find(|g| g.name == name) {
            g.members.push(a.name.clone());
            continue;
        }
        out.push(Group {
            number: String::new(),
            name: name.to_owned(),
            members: vec![a.name.clone()],
            words: String::new(),
            role: a.role,
            crosses: None,
        });
    }
    // Those to be found first.
    out.sort_by_key(|g| g.role as u8);
    for (k, g) in out.iter_mut().enumerate() {
        g.number = format!("A{}", k + 1);
        let kind = s
            .actors()
            .iter()
            .find(|a| g.members.contains(&a.name))
            .map_or(ActorKind::Person, |a| a.kind);
        g.words = kind_words(kind, g.members.len(), &g.name);
        g.crosses = s
            .crossings
            .iter()
            .filter(|c| c.inwards && g.members.contains(&c.actor))
            .map(|c| (c.t_s, c.km))
            .min_by(|a, b| a.0.total_cmp(&b.0));
    }
    out
}

/// What the groups that matter really do, over the whole exercise.
fn truth_lane(s: &Scenario, all: &[Group]) -> Vec<LaneSpan> {
    let mut out = Vec::new();
    for g in all.iter().filter(|g| g.role != Role::Lawful) {
        match g.crosses {
            Some((t, km)) => {
                out.push(LaneSpan {
                    from_s: (t - 180.0).max(0.0),
                    to_s: t,
                    label: format!("{} approaches, km {km:.1}", g.number),
                    strong: false,
                });
                out.push(LaneSpan {
                    from_s: t,
                    to_s: (t + 240.0).min(s.duration_s),
                    label: format!("{} on home side", g.number),
                    strong: true,
                });
            }
            None => out.push(LaneSpan {
                from_s: 0.0,
                to_s: s.duration_s,
                label: format!("{} {}", g.number, g.words),
                strong: g.role == Role::Subject,
            }),
        }
    }
    let people = |g: &&Group| g.role == Role::Lawful && g.words.contains("person");
    for g in all.iter().filter(people) {
        out.push(LaneSpan {
            from_s: 0.0,
            to_s: s.duration_s,
            label: format!("{} {}, benign", g.number, g.name),
            strong: false,
        });
    }
    out.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    out
}

/// What the desk is made from.
pub(crate) struct DeskParts<'a> {
    pub(crate) exercise: &'a Exercise,
    pub(crate) instructor: Instructor,
    pub(crate) script: InstructorScript,
    pub(crate) clock: Clock,
    pub(crate) trainee: OperatorId,
    pub(crate) session: &'a Path,
    pub(crate) truth: &'a Path,
    pub(crate) history: History,
}

/// The instructor's side of one run.
pub(crate) struct Desk {
    scenario: Scenario,
    world: Arc<vedette_atlas::World>,
    brief: vedette_model::plan::Brief,
    checklist: Vec<String>,
    policy: Policy,
    instructor: Instructor,
    script: InstructorScript,
    clock: Clock,
    trainee: OperatorId,
    sealed: Sealed,
    growing: Growing,
    groups: Vec<Group>,
    /// Faults put in here that end by themselves: key, aircraft, when by the scenario.
    timed: Vec<(String, Option<u8>, f64)>,
    /// Every fault seen so far by its number: lane, and whether it still holds.
    seen: BTreeMap<u32, (LaneSpan, bool)>,
    scored_s: f64,
    /// What the station was, by session second: two minutes of it at most.
    past: VecDeque<(f64, Arc<StationView>)>,
    /// The mirror shows what was so many seconds ago.
    looks_back_s: Option<f64>,
    /// How often somebody was put in.
    newcomers: u32,
    model: DeskModel,
}

impl Desk {
    /// Opens the sealed record and notes the blind inserts in it.
    pub(crate) fn open(p: DeskParts<'_>) -> Result<Self> {
        let e = p.exercise;
        let groups = groups(&e.scenario);
        let median = p.history.median().map(|m| (m, p.history.lines.len()));
        let model = DeskModel {
            scenario: e.scenario.name.clone(),
            seed: e.scenario.seed,
            instructor: INSTRUCTOR.to_owned(),
            trainee: p.trainee.0.clone(),
            duration_s: e.scenario.duration_s,
            aircraft: e.scenario.vehicles.iter().map(|v| (v.system, v.tail.clone())).collect(),
            kinds: kinds(),
            newcomers: movers()
                .map(|(name, kind)| ActorChoice {
                    key: (*name).to_owned(),
                    words: kind.name().to_owned(),
                })
                .collect(),
            section_km: (e.brief.section.from_km, e.brief.section.to_km),
            lanes: DeskLanes {
                truth: truth_lane(&e.scenario, &groups),
                ..DeskLanes::default()
            },
            score: LiveScore {
                median,
                ..LiveScore::default()
            },
            ..DeskModel::default()
        };
        let mut desk = Self {
            scenario: e.scenario.clone(),
            world: e.world.clone(),
            brief: e.brief.clone(),
            checklist: e.training.checklist.clone(),
            policy: e.policy.clone(),
            instructor: p.instructor,
            script: p.script,
            clock: p.clock,
            trainee: p.trainee,
            sealed: Sealed::create(p.session)?,
            growing: Growing::new(p.session, p.truth),
            groups,
            timed: Vec::new(),
            seen: BTreeMap::new(),
            scored_s: f64::NEG_INFINITY,
            past: VecDeque::new(),
            looks_back_s: None,
            newcomers: 0,
            model,
        };
        for words in &e.inserts {
            desk.seal(words)?;
        }
        Ok(desk)
    }

    fn seal(&mut self, what: &str) -> Result<()> {
        let now = self.clock.now();
        self.sealed.note(&SealedLine {
            t_s: now.seconds(),
            utc: self.clock.utc_at(now),
            who: INSTRUCTOR.to_owned(),
            what: what.to_owned(),
        })
    }

    /// Does what the desk asks. What is refused is said on it.
    pub(crate) fn act(&mut self, act: &DeskAct) {
        self.model.trouble = self.try_act(act).err().map(|e| format!("{e:#}"));
    }

    fn try_act(&mut self, act: &DeskAct) -> Result<()> {
        match act {
            DeskAct::Inject {
                key,
                system,
                value,
                for_s,
            } => {
                let from = self.scenario.weather.wind_from_deg;
                let at = system.and_then(|s| self.instructor.truth(s));
                let t = trouble(key, *value, from, at.map(|t| (t.at, t.amsl.0)))
                    .ok_or_else(|| anyhow::anyhow!("{key} with value {value:?} is no fault"))?;
                let whom = self.tail(*system);
                let figure = value.map_or(String::new(), |v| format!(" {v:.0}"));
                let span = for_s.map_or(String::new(), |s| format!(" for {s:.0} s"));
                self.seal(&format!("inject {key}{figure} into {whom}{span}"))?;
                self.instructor.inject(t, *system)?;
                if let Some(s) = for_s {
                    self.timed.push((key.clone(), *system, self.instructor.t_s() + s));
                }
            }
            DeskAct::Mend(id) => {
                self.seal(&format!("mend fault {id}"))?;
                self.instructor.remove(vedette_sim::FaultId(*id));
            }
            DeskAct::Freeze(frozen) => {
                self.seal(if *frozen { "freeze" } else { "go on" })?;
                self.clock.hold(*frozen);
            }
            DeskAct::Speed(s) => {
                self.seal(&format!("speed {s:.1}"))?;
                self.clock.set_speed(*s);
            }
            DeskAct::Add { kind, count, km, way } => {
                let (_, kind) = ActorKind::ALL
                    .iter()
                    .find(|(name, _)| name == kind)
                    .ok_or_else(|| anyhow::anyhow!("{kind} is nobody the simulator knows"))?;
                let n = newcomer(self.newcomers, *kind, *count, *km, *way);
                self.seal(&format!("put in {count} × {} at km {km:.1}: {}", kind.name(), n.name))?;
                self.instructor.add(&n)?;
                self.newcomers += 1;
            }
            DeskAct::Back(by_s) => {
                let ago = self.looks_back_s.unwrap_or(0.0) + by_s;
                let oldest = self.past.front().map_or(0.0, |(t, _)| self.clock.now().seconds() - t);
                anyhow::ensure!(oldest >= 1.0, "nothing has happened yet to look back at");
                self.looks_back_s = Some(ago.min(oldest));
            }
            DeskAct::Live => self.looks_back_s = None,
            DeskAct::Mark(text) => {
                self.seal(&format!("marked for the debrief: {text}"))?;
                self.model.lanes.marks.push((self.clock.now().seconds(), text.clone()));
            }
        }
        Ok(())
    }

    fn tail(&self, system: Option<u8>) -> String {
        match system {
            None => "all aircraft".to_owned(),
            Some(s) => self
                .scenario
                .vehicles
                .iter()
                .find(|v| v.system == s)
                .map_or_else(|| format!("aircraft {s}"), |v| v.tail.clone()),
        }
    }

    /// What is due: the script, the end of timed faults, the newest record. Gives what to show.
    pub(crate) fn step(&mut self, view: Option<&Arc<StationView>>) -> DeskModel {
        if let Err(e) = self.script.perform(&self.instructor) {
            self.model.trouble = Some(e.to_string());
        }
        let t_s = self.instructor.t_s();
        let active = self.instructor.active();
        let due: Vec<_> = self.timed.iter().filter(|x| x.2 <= t_s).cloned().collect();
        for (key, system, _) in due {
            for f in active
                .iter()
                .filter(|f| f.live && f.trouble.name() == key && f.system == system)
            {
                self.instructor.remove(f.id);
            }
        }
        self.timed.retain(|x| x.2 > t_s);
        self.faults(t_s, &active);
        self.look_back(view);
        self.welcome();
        let m = &mut self.model;
        m.t_s = t_s;
        m.speed = self.clock.speed();
        m.frozen = self.clock.held();
        if let Some(v) = view {
            self.actors(t_s, v);
            if t_s - self.scored_s >= SCORE_S {
                self.scored_s = t_s;
                self.score(t_s, v);
            }
        }
        self.model.clone()
    }

    /// Takes up who was put in; everybody keeps their number.
    fn welcome(&mut self) {
        let plays = self.instructor.scenario();
        if plays.actors().len() == self.scenario.actors().len() {
            return;
        }
        self.scenario = Scenario::clone(&plays);
        let before = self.groups.len();
        for mut g in groups(&self.scenario) {
            match self.groups.iter_mut().find(|o| o.name == g.name) {
                Some(o) => {
                    g.number.clone_from(&o.number);
                    *o = g;
                }
                None => {
                    g.number = format!("A{}", self.groups.len() + 1);
                    self.groups.push(g);
                }
            }
        }
        tracing::info!("{} more play", self.groups.len() - before);
        self.model.lanes.truth = truth_lane(&self.scenario, &self.groups);
    }

    /// Keeps what the station was, and finds what the mirror shows of it.
    fn look_back(&mut self, view: Option<&Arc<StationView>>) {
        let now = self.clock.now().seconds();
        if let Some(v) = view
            && self.past.back().is_none_or(|(t, _)| now - t >= PAST_STEP_S)
        {
            self.past.push_back((now, v.clone()));
            while self.past.len() > PAST {
                self.past.pop_front();
            }
        }
        self.model.back = self.looks_back_s.and_then(|ago_s| {
            let then = self.past.partition_point(|(t, _)| *t <= now - ago_s);
            let (_, view) = self.past.get(then.saturating_sub(1))?;
            Some(LookBack {
                ago_s,
                view: view.clone(),
            })
        });
    }

    fn faults(&mut self, t_s: f64, active: &[vedette_sim::ActiveFault]) {
        // What begins and ends by hand or by a script is sealed when it does.
        let mut news: Vec<String> = Vec::new();
        for (id, (span, on)) in &mut self.seen {
            let holds = active.iter().any(|f| f.id.0 == *id);
            if *on && !holds && span.strong {
                news.push(format!("fault {id} ends: {}", span.label));
            }
            *on = false;
        }
        for f in active.iter().filter(|f| f.live && !self.seen.contains_key(&f.id.0)) {
            let (id, name, whom) = (f.id.0, f.trouble.name(), self.tail(f.system));
            news.push(format!("fault {id} begins: {name}, {whom}"));
        }
        for words in news {
            if let Err(e) = self.seal(&words) {
                self.model.trouble = Some(format!("{e:#}"));
            }
        }
        for f in active {
            let whom = self.tail(f.system);
            let entry = self.seen.entry(f.id.0).or_insert_with(|| {
                let words = f.trouble.name().replace('-', " ");
                let live = if f.live { " · live" } else { "" };
                let span = LaneSpan {
                    from_s: f.since_s,
                    to_s: f.since_s,
                    label: format!("{words}, {whom}{live}"),
                    strong: f.live,
                };
                (span, true)
            });
            entry.1 = true;
            entry.0.to_s = t_s;
        }
        let begun = |p: &vedette_sim::PlannedFault| p.at_s <= t_s;
        let ahead = self.scenario.faults.iter().filter(|p| !begun(p)).map(|p| LaneSpan {
            from_s: p.at_s,
            to_s: p.until_s.unwrap_or(self.scenario.duration_s),
            label: p.trouble.name().replace('-', " "),
            strong: false,
        });
        let mut lane: Vec<LaneSpan> = self.seen.values().map(|s| s.0.clone()).chain(ahead).collect();
        lane.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        self.model.lanes.faults = lane;
        self.model.active = active
            .iter()
            .map(|f| ActiveFault {
                id: f.id.0,
                key: f.trouble.name().to_owned(),
                system: f.system,
                left_s: self
                    .timed
                    .iter()
                    .find(|(k, s, _)| k == f.trouble.name() && *s == f.system)
                    .map(|(_, _, end)| (end - t_s).max(0.0)),
                live: f.live,
            })
            .collect();
    }

    fn actors(&mut self, t_s: f64, view: &StationView) {
        let places = self.scenario.actor_lines(t_s);
        let fixes: Vec<_> = view
            .tracks
            .values()
            .filter(|t| view.now.since(t.heard) < 5_000_000)
            .filter_map(|t| t.track.fix.as_ref().ok().map(|f| f.at))
            .collect();
        self.model.actors = self
            .groups
            .iter()
            .filter_map(|g| {
                let of: Vec<_> = places.iter().filter(|p| g.members.contains(&p.actor)).collect();
                let first = of.first()?;
                let error = of
                    .iter()
                    .flat_map(|p| fixes.iter().map(|f| vedette_geo::distance_m(*f, p.at)))
                    .filter(|d| *d < SAME_M)
                    .min_by(f64::total_cmp);
                let clock = |t: f64| Utc((t * 1e6) as i64).clock();
                let state = match (g.role, g.crosses) {
                    (_, Some((t, _))) if t <= t_s => format!("crossed {}", clock(t)),
                    (_, Some((t, km))) => format!("km {km:.1} at {}", clock(t)),
                    (Role::Lawful, _) => "benign".to_owned(),
                    (Role::Decoy, _) => "decoy".to_owned(),
                    _ => format!("{:.0} m inside", first.inside_m),
                };
                let matters = g.role != Role::Lawful;
                Some(ActorLine {
                    number: g.number.clone(),
                    words: g.words.clone(),
                    state,
                    subject: g.role == Role::Subject,
                    at: first.at,
                    fix_error_m: error.filter(|_| matters),
                })
            })
            .collect();
    }

    fn score(&mut self, t_s: f64, view: &StationView) {
        let named: Vec<Utc> = view.alerts.values().map(|a| a.captured).collect();
        self.growing.read(&named);
        self.trainees_acts(view);
        let m = &mut self.model;
        m.lanes.alerts = view.alerts.values().map(|a| (a.raised.seconds(), a.priority)).collect();
        if !self.growing.facts.complete() {
            return;
        }
        let conduct = Conduct::of(&self.trainee, view, &self.growing.entries);
        let rules = Rules {
            world: &self.world,
            limits: &self.brief.limits,
            no_fly: &self.brief.no_fly,
            checklist: &self.checklist,
        };
        let sheet = score_so_far(&self.growing.facts, &conduct, &rules, &self.policy);
        let asked = sheet.items.iter().any(|i| i.points.is_some());
        m.score.total = asked.then_some(sheet.total);
        if asked {
            m.score.curve.push((t_s, sheet.total));
        }
        m.score.lines = sheet
            .items
            .iter()
            .filter(|i| i.weight > 0.0)
            .map(|i| ScoreLine {
                title: i.title.clone(),
                now: i.value.clone(),
                target: i.target.clone(),
                points: i.points,
            })
            .collect();
        m.lanes.score = sheet.marks.iter().map(|x| (x.t_s, x.delta, x.text.clone())).collect();
        m.advice = advise(view, &self.growing.facts, &self.policy)
            .into_iter()
            .map(|a| Advice {
                text: a.text,
                waits: a.waits,
            })
            .collect();
    }

    fn trainees_acts(&mut self, view: &StationView) {
        let tail =
            |v: &vedette_model::VehicleId| view.vehicles.get(v).map_or_else(|| v.to_string(), |x| x.tail.clone());
        let (mut acts, mut attention): (Vec<(f64, String)>, _) = (Vec::new(), String::new());
        for e in &self.growing.entries {
            let Input::Operator {
                operator,
                intent,
                shown,
            } = &e.input
            else {
                continue;
            };
            if *operator != self.trainee {
                continue;
            }
            if let Some(c) = shown.camera.and_then(|c| view.cameras.get(&c)) {
                let sensor = match c.spectrum {
                    Spectrum::Thermal => "thermal",
                    Spectrum::Visible => "visible",
                };
                attention = format!("{} {sensor}", tail(&c.vehicle));
                if let Some(a) = shown.alert {
                    attention += &format!(" · alert {a}");
                }
            }
            let words = match intent {
                Intent::Show { .. } | Intent::Acknowledge { .. } => continue,
                Intent::Command {
                    order: Order::Gimbal(_),
                    ..
                } => "look here".to_owned(),
                Intent::Command { vehicle, order, .. } => {
                    format!("{} {}", order.name().to_lowercase(), tail(vehicle))
                }
                Intent::UploadPlan { vehicle, .. } => format!("upload {}", tail(vehicle)),
                other => crate::review_lanes::act_words(other),
            };
            // The camera following somebody is one act, not one every second.
            if acts.last().is_none_or(|(_, w)| *w != words) {
                acts.push((e.mono.seconds(), words));
            }
        }
        let keep = acts.len().saturating_sub(ACTS);
        self.model.lanes.trainee = acts.split_off(keep);
        if attention.is_empty() {
            // A scripted trainee has no screen; what it decides on says where it looks.
            attention = view
                .events
                .iter()
                .rev()
                .find(|e| matches!(e.kind, EventKind::AlertP1 | EventKind::Decision | EventKind::Operator))
                .map_or_else(String::new, |e| e.text.clone());
        }
        self.model.attention = attention;
    }
}

/// Who instructs, in the sealed record.
pub(crate) const INSTRUCTOR: &str = "instructor-1";

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_geo::LatLon;
    use vedette_panels::train::NewcomerWay;
    use vedette_sim::Trouble;

    #[test]
    fn every_fault_of_the_desk_is_one_the_simulator_knows() {
        for k in kinds() {
            let at = LatLon::new(42.5, 1.6).ok().map(|p| (p, 2_400.0));
            let t = trouble(&k.key, k.dial.as_ref().map(|d| d.value), 270.0, at).expect("a fault");
            assert_eq!(t.name(), k.key);
            for v in k.dial.iter().flat_map(|d| [d.least, d.most]) {
                assert!(trouble(&k.key, Some(v), 0.0, at).is_some(), "{} {v}", k.key);
            }
        }
        // The land itself is another from the start only.
        let desk: Vec<String> = kinds().into_iter().map(|k| k.key).collect();
        for (name, ..) in Trouble::ALL.iter().filter(|(n, ..)| *n != "elevation") {
            assert!(desk.iter().any(|k| k == name), "{name} cannot be put in from the desk");
        }
        assert_eq!(trouble("rain", None, 0.0, None), None);
        assert_eq!(
            trouble("intruder", Some(60.0), 0.0, None),
            None,
            "it comes near somebody"
        );
    }

    #[test]
    fn a_group_is_one_actor_and_blind_inserts_stay_apart() {
        assert_eq!(group_name("walker 2"), "walker");
        assert_eq!(group_name("shepherd dog"), "shepherd dog");
        assert_eq!(group_name("blind insert 1"), "blind insert 1");
        assert_eq!(kind_words(ActorKind::Person, 3, "walker"), "3 persons on foot, walker");
        assert_eq!(kind_words(ActorKind::Cow, 1, "cow"), "cow");
    }

    /// What the desk puts in, the simulator takes; on dry land it takes no boats and says so.
    #[test]
    fn who_is_put_in_can_play() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let world = crate::verbs::world(Some(&top.join("maps/data/andorra")), 7).expect("a site");
        let file = top.join("sim/scenarios/footpath-crossing.toml");
        let whole = crate::stage::scenario(&file, &world, 7).expect("a scenario");
        for (i, &(name, kind)) in (0u32..).zip(movers()) {
            for way in [NewcomerWay::Crosses, NewcomerWay::Inside] {
                let n = newcomer(i, kind, 2, 36.5, way);
                let before = whole.actors().len();
                let mut s = whole.clone();
                match s.join(&world, &n, 60.0) {
                    Ok(_) => assert_eq!(s.actors().len(), before + 2, "{name}"),
                    Err(e) => {
                        assert!(["boat", "ship"].contains(&name), "{name}: {e}");
                        assert!(e.to_string().contains("water") || e.to_string().contains(name), "{e}");
                    }
                }
            }
        }
    }
}
