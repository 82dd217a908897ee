//! `vedette train SCENARIO`: briefing, flight in the ordinary console, debrief, score sheet.
//!
//! The flight is the demo's: the same station, links, recorder and console; only the other end of
//! the wire is simulated. The truth is looked at after the session, and only for the score.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use clap::Args;
use vedette_core::{StationView, ViewStamp};
use vedette_model::{OperatorId, Priority};
use vedette_panels::feeds::{DeskFeeds, ExerciseFeeds, Slot, ViewSlot};
use vedette_panels::train::{Briefing, DeskAct, DeskModel};
use vedette_score::{Conduct, Habit, History, Line, Policy, Rules, Sheet, Trainee, Truth, html, score};
use vedette_sim::{InstructorScript, Scenario, TrainingFile};

use crate::clock::Clock;
use crate::demo::Told;
use crate::flight::Flight;
use crate::pictures::{Moment, Room};
use crate::script::{Goal, Phase, Script};
use crate::stage::{self, Others, Staged, Staging};
use crate::train_desk::{Desk, DeskParts};
use crate::train_record::{Sealed, inserts};
use crate::verbs::say;
use crate::{Outcome, Stop, files, pictures, verbs};

/// Flags of `train`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrainArgs {
    /// Exercise, as in sim/scenarios.
    pub(crate) scenario: PathBuf,
    /// Who trains; names the history.
    #[arg(long, default_value = "trainee")]
    pub(crate) name: String,
    /// A scripted trainee flies it, without a window: perfect, careless or asleep.
    #[arg(long)]
    pub(crate) trainee: Option<Habit>,
    /// Open the instructor's desk: beside the trainee's window, or alone when the trainee is
    /// scripted.
    #[arg(long)]
    pub(crate) desk: bool,
    /// After a run without a window, render the desk, the briefing and the debrief as pictures.
    #[arg(long)]
    pub(crate) pictures: bool,
    /// Fly an autopilot elsewhere (ArduPilot SITL, PX4 SITL) instead of the simulated aircraft: the
    /// station's way to it, as `tcp:127.0.0.1:5760`. Needs --follow.
    #[arg(long)]
    pub(crate) autopilot: Vec<String>,
    /// Where the simulated world hears that autopilot, to follow it: `udpin:IP:PORT` or
    /// `tcp:IP:PORT`, as `tcp:127.0.0.1:5762`.
    #[arg(long)]
    pub(crate) follow: Vec<String>,
    /// People put in unannounced, to see whether somebody watches.
    #[arg(long, default_value_t = 0)]
    pub(crate) inserts: u32,
    /// Weights and thresholds of the score (TOML).
    #[arg(long)]
    pub(crate) policy: Option<PathBuf>,
    /// What the instructor does, by time (TOML); see sim/scenarios/README.md.
    #[arg(long)]
    pub(crate) instructor: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) effort: stage::Effort,
    /// Seed of everything random.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Simulated seconds per second; default 1 in a window, 2 headless.
    #[arg(long)]
    pub(crate) speed: Option<f64>,
    /// End after so many seconds of the scenario.
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Where results go; one folder for each session.
    #[arg(long, default_value = "out/train")]
    pub(crate) out: PathBuf,
}

/// Everything read and checked before anything starts.
pub(crate) struct Exercise {
    pub(crate) scenario: Scenario,
    pub(crate) training: TrainingFile,
    pub(crate) world: Arc<vedette_atlas::World>,
    pub(crate) brief: vedette_model::plan::Brief,
    pub(crate) policy: Policy,
    /// A sentence for each blind insert; for the sealed record.
    pub(crate) inserts: Vec<String>,
    acts: InstructorScript,
}

/// Most blind inserts of one exercise.
const INSERTS: u32 = 5;

/// Runs it.
pub(crate) fn run(a: &TrainArgs, json: bool) -> Outcome {
    if a.name.is_empty() || !a.name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
        return Err(Stop::Usage(format!(
            "--name {:?}: letters, digits, '-', '_' and '.' only; it names a file",
            a.name
        )));
    }
    let missing = vedette_ingest::check_elements();
    if let Some(m) = missing.first() {
        return Err(Stop::Machine(format!(
            "GStreamer element {} is missing ({}): install {}",
            m.element, m.what_for, m.debian_package
        )));
    }
    if a.inserts > INSERTS {
        return Err(Stop::Usage(format!(
            "--inserts {}: allowed is 0 to {INSERTS}",
            a.inserts
        )));
    }
    let window = a.trainee.is_none() || a.desk;
    if window && !pictures::display_present() {
        return Err(Stop::Machine(
            "no display found; give --trainee perfect, careless or asleep, and no --desk, to fly it without a window"
                .into(),
        ));
    }
    let speed = a.speed.unwrap_or(if window { 1.0 } else { 2.0 });
    if !(0.1..=20.0).contains(&speed) {
        return Err(Stop::Usage(format!("--speed {speed} is outside 0.1 to 20")));
    }
    let e = Exercise::read(a)?;
    e.tell();
    let ended = e.fly(a, speed, window)?;
    let sheet = e.debrief(a, &ended)?;
    if json {
        say(&serde_json::to_string(&sheet).unwrap_or_default());
    } else {
        tell_sheet(&sheet);
        say(&format!("score sheet: {}", ended.dir.with_extension("html").display()));
        say(&format!("look again: vedette review {}", ended.dir.display()));
    }
    if a.pictures {
        let out = ended.dir.with_extension("pictures");
        let who = OperatorId(a.name.clone());
        if let Some(m) = &ended.moment {
            pictures::desk(&out, &ended.dir, &e.world, &who, &e.feeds(), m)?;
        }
        let mut desk = crate::review::Desk::open(&ended.dir, &who, "debrief")?;
        pictures::review(&mut desk, &out.join("debrief.png"))?;
        say(&format!("pictures: {}", out.display()));
    }
    if a.trainee.is_none() {
        debrief_window(&ended.dir);
    }
    Ok(())
}

/// The debrief: the session on the ordinary timeline, its truth revealed. Another process, because
/// a process opens its window once.
fn debrief_window(session: &Path) {
    let began = std::env::current_exe().and_then(|exe| {
        std::process::Command::new(exe)
            .arg("review")
            .arg(session)
            .args(["--why", "debrief"])
            .status()
    });
    match began {
        Ok(s) if s.success() => {}
        Ok(s) => tracing::warn!("the debrief's window ended with {s}"),
        Err(e) => tracing::warn!("the debrief's window did not open: {e}"),
    }
}

/// Notes what is wrong, and goes on.
fn told<T>(wrong: &mut Vec<String>, read: Result<T>) -> Option<T> {
    read.map_err(|e| wrong.push(format!("{e:#}"))).ok()
}

fn text_of(what: &str, path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {what} {}", path.display()))
}

/// A session that is over, and what it left.
struct Flown {
    moment: Option<Moment>,
    dir: PathBuf,
    truth: PathBuf,
    view: Arc<StationView>,
}

impl Exercise {
    /// Reads everything an exercise needs. What is wrong with any of it is told in one go.
    fn read(a: &TrainArgs) -> Result<Self, Stop> {
        let mut wrong = Vec::new();
        let policy = match &a.policy {
            None => Some(Policy::default()),
            Some(p) => told(
                &mut wrong,
                text_of("policy", p).and_then(|t| Ok(Policy::parse(&t, &p.display().to_string())?)),
            ),
        };
        let acts = match &a.instructor {
            None => Some(InstructorScript::default()),
            Some(p) => told(
                &mut wrong,
                text_of("instructor script", p)
                    .and_then(|t| Ok(InstructorScript::parse(&t, &p.display().to_string())?)),
            ),
        };
        told(
            &mut wrong,
            Others::of(&a.autopilot, &a.follow).map_err(anyhow::Error::msg),
        );
        let exercise =
            told(&mut wrong, text_of("scenario", &a.scenario)).and_then(|text| Self::staged(a, &text, &mut wrong));
        match (exercise, policy, acts) {
            (Some(e), Some(policy), Some(acts)) if wrong.is_empty() => Ok(Self { policy, acts, ..e }),
            _ => Err(Stop::Usage(wrong.join("\n"))),
        }
    }

    /// The scenario, its site and its brief; `None` once something of them is told to be wrong.
    fn staged(a: &TrainArgs, text: &str, wrong: &mut Vec<String>) -> Option<Self> {
        let name = a.scenario.display().to_string();
        // Site and brief stand in the scenario; a scenario whose table is wrong is complained of
        // where it is read.
        let table = toml::from_str::<toml::Table>(text).ok();
        let named = |key: &str| Some(table.as_ref()?.get("training")?.get(key)?.as_str()?.to_owned());
        let site = named("site").unwrap_or_else(|| "maps/data/andorra".to_owned());
        let world = told(
            wrong,
            files::shipped(&site)
                .and_then(|dir| Ok(vedette_sim::load_site(&dir, files::data().as_deref(), a.seed)?))
                .with_context(|| format!("{name}: training.site")),
        );
        let brief = named("patrol").and_then(|path| {
            let read = files::shipped(&path).and_then(|p| verbs::brief(&p));
            told(wrong, read.with_context(|| format!("{name}: training.patrol")))
        });
        let world = world?;
        let parse = |text: &str| Ok(stage::parse(text, &name, &world, a.seed)?);
        let mut scenario = told(wrong, parse(text))?;
        let Some(training) = scenario.training.clone() else {
            wrong.push(format!(
                "{name} has no [training] table; see sim/scenarios/README.md for what it holds"
            ));
            return None;
        };
        let brief = brief?;
        let mut blind = Vec::new();
        if a.inserts > 0 {
            let section = (brief.section.from_km, brief.section.to_km);
            let (tables, words) = inserts(a.inserts, a.seed, &world, section, scenario.duration_s);
            scenario = told(wrong, parse(&format!("{text}{tables}")))?;
            blind = words;
        }
        Some(Self {
            brief,
            scenario,
            training,
            world: Arc::new(world),
            policy: Policy::default(),
            inserts: blind,
            acts: InstructorScript::default(),
        })
    }

    fn feeds(&self) -> ExerciseFeeds {
        ExerciseFeeds {
            briefing: Arc::new(self.briefing()),
            probes: self.policy.thresholds.probes(),
        }
    }

    /// What the trainee may know.
    fn briefing(&self) -> Briefing {
        let words = |names: &[String]| names.iter().map(|n| n.replace('-', " ")).collect();
        Briefing {
            scenario: self.scenario.name.clone(),
            summary: self.training.summary.clone(),
            text: self.training.briefing.clone(),
            checklist: words(&self.training.checklist),
            report: words(&self.training.report),
            report_within_s: self.training.report_within_s,
            duration_s: self.scenario.duration_s,
        }
    }

    /// The briefing.
    fn tell(&self) {
        say(&format!("exercise: {}", self.scenario.name));
        say(&self.training.summary);
        say("");
        say(self.training.briefing.trim());
        say("");
        say(&format!("terrain: {}", self.world.terrain.source().label));
    }

    fn fly(&self, a: &TrainArgs, speed: f64, window: bool) -> Result<Flown, Stop> {
        let clock = Clock::start(Clock::machine_utc(), speed);
        let who = OperatorId(a.name.clone());
        let staged = Staging {
            root: a.out.join("sessions"),
            world: self.world.clone(),
            brief: self.brief.clone(),
            pilot: who.clone(),
            // An exercise trains one person: the record says so.
            plan_rule: vedette_model::PlanRule::SinglePerson,
            scenario: self.scenario.clone(),
            seed: a.seed,
            port: 0,
            truth: None,
            effort: a.effort,
            clock: clock.clone(),
            others: Others::of(&a.autopilot, &a.follow).map_err(Stop::Usage)?,
        }
        .start()?;
        let dir = staged.flight.dir().to_owned();
        let until = a
            .seconds
            .unwrap_or(self.scenario.duration_s)
            .min(self.scenario.duration_s);
        let stop = Arc::new(AtomicBool::new(false));
        let desk = Desk::open(DeskParts {
            exercise: self,
            instructor: staged.sim.instructor(),
            script: self.acts.clone(),
            clock: clock.clone(),
            trainee: who.clone(),
            session: &dir,
            truth: &staged.truth,
            history: history(&history_file(a))?,
        })?;
        let model = Slot::<DeskModel>::default();
        let (tx, rx) = sync_channel(64);
        let helper = instruct(
            desk,
            staged.flight.view(),
            rx,
            model.clone(),
            clock.clone(),
            stop.clone(),
        )?;
        let shown = if window {
            let scripted = match a.trainee {
                Some(habit) => Some(self.beside(habit, a, &staged, &clock, until, stop.clone())?),
                None => None,
            };
            let room = Room {
                exercise: Some(self.feeds()),
                desk: a.desk.then_some(DeskFeeds { model, acts: tx }),
                alone: a.trainee.is_some(),
            };
            let shown = pictures::window(
                &staged.flight,
                &self.world,
                "Vedette · training",
                &who,
                stop.clone(),
                room,
            );
            stop.store(true, Ordering::Release);
            if let Some(t) = scripted {
                ended(t, "the scripted trainee's");
            }
            shown.map_err(|e| Stop::Machine(format!("{e:#}")))
        } else {
            staged.wait_for_pictures(&clock);
            let habit = a.trainee.unwrap_or(Habit::Perfect);
            Pupil::new(self, habit, a, &staged.flight, until).fly(&clock, &stop)
        };
        stop.store(true, Ordering::Release);
        let moment = ended(helper, "the instructor's").flatten();
        shown?;
        let Staged { flight, sim, truth } = staged;
        let over = flight.stop()?;
        for f in &sim.stop().failures {
            tracing::warn!("simulator: {f}");
        }
        if let Some(e) = &over.journal_error {
            return Err(Stop::No(format!(
                "the journal could not be written during the session: {e}"
            )));
        }
        Ok(Flown {
            moment,
            dir,
            truth,
            view: over.view,
        })
    }

    /// The scripted trainee on a thread of its own, beside the desk's window.
    fn beside(
        &self,
        habit: Habit,
        a: &TrainArgs,
        staged: &Staged,
        clock: &Clock,
        until: f64,
        stop: Arc<AtomicBool>,
    ) -> Result<JoinHandle<()>> {
        staged.wait_for_pictures(clock);
        let pupil = Pupil::new(self, habit, a, &staged.flight, until);
        let clock = clock.clone();
        std::thread::Builder::new()
            .name("trainee".into())
            .spawn(move || match pupil.fly(&clock, &stop) {
                Ok(()) => say("the exercise is over: close the window for the score"),
                Err(why) => tracing::error!("the scripted trainee stopped: {why:?}"),
            })
            .context("cannot start the trainee's thread")
    }

    /// The truth revealed: score, sheet, history.
    fn debrief(&self, a: &TrainArgs, flown: &Flown) -> Result<Sheet> {
        let recorded = vedette_journal::read(&flown.dir)?;
        anyhow::ensure!(
            recorded.broken.is_none(),
            "the journal's chain is broken: {:?}",
            recorded.broken
        );
        let truth = std::fs::read_to_string(&flown.truth)
            .with_context(|| format!("cannot read the truth {}", flown.truth.display()))?;
        let truth = Truth::read(&truth)?;
        let conduct = Conduct::of(&OperatorId(a.name.clone()), &flown.view, &recorded.entries);
        let rules = Rules {
            world: &self.world,
            limits: &self.brief.limits,
            no_fly: &self.brief.no_fly,
            checklist: &self.training.checklist,
        };
        let mut sheet = score(&truth, &conduct, &rules, &self.policy);
        let (acts, seal) = Sealed::open(&flown.dir)?;
        sheet.instructor = acts
            .into_iter()
            .map(|l| (l.t_s, format!("{}: {}", l.who, l.what)))
            .collect();
        sheet.sealed = seal;
        let history = remember(&history_file(a), &sheet)?;
        files::write(&flown.dir.with_extension("json"), &serde_json::to_vec_pretty(&sheet)?)?;
        let page = html(&sheet, &history, &self.training.briefing, &self.training.teaches);
        files::write(&flown.dir.with_extension("html"), page.as_bytes())?;
        Ok(sheet)
    }
}

/// The scripted trainee at work.
struct Pupil {
    script: Script,
    trainee: Trainee,
    view: ViewSlot,
    inputs: crossbeam_channel::Sender<vedette_core::Input>,
    who: OperatorId,
    until: f64,
}

impl Pupil {
    fn new(e: &Exercise, habit: Habit, a: &TrainArgs, flight: &Flight, until: f64) -> Self {
        Self {
            script: Script::new(Goal {
                at_most_s: (until - 300.0).max(until * 0.6),
                revisits: f64::INFINITY,
            })
            .answering_sensors(e.world.clone())
            .briefed(&e.training.report),
            trainee: Trainee::new(habit, e.training.report.iter().cloned()).asked(e.policy.thresholds.probes()),
            view: flight.view(),
            inputs: flight.inputs(),
            who: OperatorId(a.name.clone()),
            until,
        }
    }

    /// Flies until everybody is home, the time is over, or it is told to stop.
    fn fly(mut self, clock: &Clock, stop: &AtomicBool) -> Result<(), Stop> {
        let mut told = Told::default();
        while !stop.load(Ordering::Acquire) {
            std::thread::sleep(clock.real(250).min(std::time::Duration::from_millis(250)));
            let Some((_, v)) = self.view.latest() else { continue };
            told.tell(&v);
            if let Some(why) = &v.plan.failed {
                return Err(Stop::No(format!("there is no plan: {why}")));
            }
            let flying = self.script.act(&v);
            let shown = ViewStamp {
                seq: v.seq,
                alert: None,
                camera: None,
            };
            for intent in self.trainee.act(&v, flying) {
                crate::flight::give(&self.inputs, &self.who, intent, shown);
            }
            if self.script.phase() == Phase::Done || v.now.seconds() > self.until {
                break;
            }
        }
        Ok(())
    }
}

/// The instructor's thread: script, desk, live score.
fn instruct(
    mut desk: Desk,
    view: ViewSlot,
    acts: Receiver<DeskAct>,
    model: Slot<DeskModel>,
    clock: Clock,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<Option<Moment>>> {
    std::thread::Builder::new()
        .name("instructor".into())
        .spawn(move || {
            let mut moment = None;
            while !stop.load(Ordering::Acquire) {
                std::thread::sleep(clock.real(250).min(std::time::Duration::from_millis(250)));
                for act in acts.try_iter() {
                    desk.act(&act);
                }
                let newest = view.latest().map(|(_, v)| v);
                let shown = desk.step(newest.as_ref());
                // The last moment somebody was decided on, while it was fresh.
                if let Some(v) = newest.filter(|v| fresh(v) || (moment.is_none() && v.now.seconds() > 60.0)) {
                    moment = Some(Moment {
                        model: shown.clone(),
                        view: v,
                    });
                }
                model.put(Arc::new(shown));
            }
            moment
        })
        .context("cannot start the instructor's thread")
}

/// An urgent alert was raised in the last seconds.
fn fresh(v: &StationView) -> bool {
    v.alerts
        .values()
        .any(|a| a.priority == Priority::P1 && (3_000_000..12_000_000).contains(&v.now.since(a.raised)))
}

fn ended<T>(t: JoinHandle<T>, whose: &str) -> Option<T> {
    let end = t.join();
    if end.is_err() {
        tracing::error!("{whose} thread died");
    }
    end.ok()
}

fn history_file(a: &TrainArgs) -> PathBuf {
    a.out.join("history").join(format!("{}.jsonl", a.name))
}

/// A trainee's past runs; none before the first.
fn history(path: &Path) -> Result<History> {
    if !path.exists() {
        return Ok(History::default());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the history {}", path.display()))?;
    Ok(History::read(&text))
}

/// Adds a run to a trainee's history and gives all of it.
fn remember(path: &Path, sheet: &Sheet) -> Result<History> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make folder {}", dir.display()))?;
    }
    let cannot = || format!("cannot write the history {}", path.display());
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut f| f.write_all(Line::of(sheet).to_json().as_bytes()))
        .with_context(cannot)?;
    Ok(History::read(&std::fs::read_to_string(path).with_context(cannot)?))
}

fn tell_sheet(s: &Sheet) {
    say("");
    say(&format!("{} · {} · {:.0} of 100", s.scenario, s.trainee, s.total));
    for i in &s.items {
        let value = i.value.as_deref().unwrap_or("not asked");
        let points = i
            .points
            .map_or_else(|| "   –".to_owned(), |p| format!("{:3.0} %", p * 100.0));
        say(&format!("{:<36} {value:<18} {points}  {}", i.title, i.why));
    }
    for (act, done) in &s.checklist {
        say(&format!("{} {act}", if *done { "done    " } else { "not done" }));
    }
}
