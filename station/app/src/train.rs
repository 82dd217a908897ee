//! `vedette train SCENARIO`: briefing, flight in the ordinary console, debrief, score sheet.
//!
//! The flight is the demo's: the same station, links, recorder and console; only the other end of
//! the wire is simulated. The truth is looked at after the session, and only for the score.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use clap::Args;
use vedette_core::{StationView, ViewStamp};
use vedette_model::{Mono, OperatorId};
use vedette_score::{Conduct, Habit, History, Line, Policy, Rules, Sheet, Trainee, Truth, html, score};
use vedette_sim::{InstructorScript, Scenario, TrainingFile};

use crate::clock::Clock;
use crate::demo::Told;
use crate::flight::{Flight, FlightConfig};
use crate::script::{Goal, Phase, Script};
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
    /// No window: a scripted trainee flies it: perfect, careless or asleep.
    #[arg(long)]
    pub(crate) trainee: Option<Habit>,
    /// Weights and thresholds of the score (TOML).
    #[arg(long)]
    pub(crate) policy: Option<PathBuf>,
    /// What the instructor does, by time (TOML); see sim/scenarios/README.md.
    #[arg(long)]
    pub(crate) instructor: Option<PathBuf>,
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
struct Exercise {
    path: PathBuf,
    scenario: Scenario,
    training: TrainingFile,
    world: Arc<vedette_atlas::World>,
    brief: vedette_model::plan::Brief,
    policy: Policy,
    acts: InstructorScript,
}

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
    let window = a.trainee.is_none();
    if window && !pictures::display_present() {
        return Err(Stop::Machine(
            "no display found; give --trainee perfect, careless or asleep to fly it without a window".into(),
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
    Ok(())
}

/// A session that is over, and what it left.
struct Flown {
    dir: PathBuf,
    truth: PathBuf,
    view: Arc<StationView>,
}

impl Exercise {
    fn read(a: &TrainArgs) -> Result<Self, Stop> {
        let usage = |e: String| Stop::Usage(e);
        let text = std::fs::read_to_string(&a.scenario)
            .map_err(|e| usage(format!("cannot read scenario {}: {e}", a.scenario.display())))?;
        // The site stands in the scenario; a scenario whose table is wrong is complained of below.
        let site = toml::from_str::<toml::Table>(&text)
            .ok()
            .and_then(|t| Some(t.get("training")?.get("site")?.as_str()?.to_owned()))
            .unwrap_or_else(|| "maps/data/andorra".to_owned());
        let world = vedette_sim::load_site(&files::shipped(&site)?, files::data().as_deref(), a.seed)
            .map_err(|e| usage(e.to_string()))?;
        let over = vedette_sim::Overrides {
            seed: Some(a.seed),
            times: BTreeMap::new(),
        };
        let name = a.scenario.display().to_string();
        let scenario = Scenario::parse_with(&text, &name, &world, &over).map_err(|e| usage(e.to_string()))?;
        let Some(training) = scenario.training.clone() else {
            return Err(usage(format!(
                "{name} has no [training] table; see sim/scenarios/README.md for what it holds"
            )));
        };
        let policy = match &a.policy {
            None => Policy::default(),
            Some(p) => {
                let text = std::fs::read_to_string(p)
                    .map_err(|e| usage(format!("cannot read policy {}: {e}", p.display())))?;
                Policy::parse(&text, &p.display().to_string()).map_err(|e| usage(e.to_string()))?
            }
        };
        let acts = match &a.instructor {
            None => InstructorScript::default(),
            Some(p) => {
                let text =
                    std::fs::read_to_string(p).map_err(|e| usage(format!("cannot read {}: {e}", p.display())))?;
                InstructorScript::parse(&text, &p.display().to_string()).map_err(|e| usage(e.to_string()))?
            }
        };
        Ok(Self {
            brief: verbs::brief(&files::shipped(&training.patrol)?)?,
            path: a.scenario.clone(),
            scenario,
            training,
            world: Arc::new(world),
            policy,
            acts,
        })
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
        let flight = Flight::start(FlightConfig {
            name: "CU-GCS-1".into(),
            root: a.out.join("sessions"),
            world: self.world.clone(),
            brief: self.brief.clone(),
            policy: vedette_sight::Policy::default(),
            seed: a.seed,
            pilot: who.clone(),
            endpoints: vec!["udpin:127.0.0.1:0".to_owned()],
            baselines: BTreeMap::new(),
            video: BTreeMap::new(),
            clock: clock.clone(),
            clock_source: "simulated".into(),
        })?;
        let dir = flight.dir().to_owned();
        // Beside the session, not in it: nothing of the station may find the truth.
        let truth = dir.with_extension("truth.jsonl");
        let sim = crate::flight::simulator(
            &self.path,
            &self.world,
            &clock,
            a.seed,
            flight.mavlink_addresses(),
            &flight.video_addresses(),
            Some(&truth),
        )?;
        let until = a
            .seconds
            .unwrap_or(self.scenario.duration_s)
            .min(self.scenario.duration_s);
        let stop = Arc::new(AtomicBool::new(false));
        if window {
            let helper = self.instruct(&sim, &clock, stop.clone())?;
            let shown = pictures::window(&flight, &self.world, "Vedette · training", &who, stop.clone());
            stop.store(true, Ordering::Release);
            if helper.join().is_err() {
                tracing::error!("the instructor's thread died");
            }
            shown.map_err(|e| Stop::Machine(format!("{e:#}")))?;
        } else {
            let late_at = sim.late_at();
            clock.wait_for(Arc::new(move || Mono(late_at().0 - 1)));
            self.scripted(a, &flight, &sim, &clock, until)?;
        }
        let ended = flight.stop()?;
        for f in &sim.stop().failures {
            tracing::warn!("simulator: {f}");
        }
        if let Some(e) = &ended.journal_error {
            return Err(Stop::No(format!(
                "the journal could not be written during the session: {e}"
            )));
        }
        Ok(Flown {
            dir,
            truth,
            view: ended.view,
        })
    }

    /// The scripted trainee flies until everybody is home or the time is over.
    fn scripted(
        &self,
        a: &TrainArgs,
        flight: &Flight,
        sim: &vedette_sim::SimHandle,
        clock: &Clock,
        until: f64,
    ) -> Result<(), Stop> {
        let mut script = Script::new(Goal {
            at_most_s: (until - 300.0).max(until * 0.6),
            revisits: f64::INFINITY,
        });
        let habit = a.trainee.unwrap_or(Habit::Perfect);
        let mut trainee = Trainee::new(habit, self.training.report.iter().cloned());
        let (mut told, mut acts) = (Told::default(), self.acts.clone());
        let (view, instructor, who) = (flight.view(), sim.instructor(), OperatorId(a.name.clone()));
        loop {
            std::thread::sleep(clock.real(250).min(std::time::Duration::from_millis(250)));
            acts.perform(&instructor).map_err(|e| Stop::No(e.to_string()))?;
            let Some((_, v)) = view.latest() else { continue };
            told.tell(&v);
            if let Some(why) = &v.plan.failed {
                return Err(Stop::No(format!("there is no plan: {why}")));
            }
            let flying = script.act(&v);
            let shown = ViewStamp {
                seq: v.seq,
                alert: None,
                camera: None,
            };
            for intent in trainee.act(&v, flying) {
                flight.intent(&who, intent, shown);
            }
            if script.phase() == Phase::Done || v.now.seconds() > until {
                return Ok(());
            }
        }
    }

    /// A thread that does what the instructor's script says while a person flies.
    fn instruct(
        &self,
        sim: &vedette_sim::SimHandle,
        clock: &Clock,
        stop: Arc<AtomicBool>,
    ) -> Result<std::thread::JoinHandle<()>> {
        let (mut acts, instructor, clock) = (self.acts.clone(), sim.instructor(), clock.clone());
        std::thread::Builder::new()
            .name("instructor".into())
            .spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    std::thread::sleep(clock.real(250));
                    if let Err(e) = acts.perform(&instructor) {
                        tracing::warn!("instructor: {e}");
                    }
                }
            })
            .context("cannot start the instructor's thread")
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
        let sheet = score(&truth, &conduct, &rules, &self.policy);
        let history = remember(&a.out.join("history").join(format!("{}.jsonl", a.name)), &sheet)?;
        files::write(&flown.dir.with_extension("json"), &serde_json::to_vec_pretty(&sheet)?)?;
        let page = html(&sheet, &history, &self.training.briefing, &self.training.teaches);
        files::write(&flown.dir.with_extension("html"), page.as_bytes())?;
        Ok(sheet)
    }
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
