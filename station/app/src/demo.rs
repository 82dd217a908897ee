//! `vedette demo`: the first watch end to end, on a real border, with simulated aircraft.
//!
//! The same station, links, recorder and console as with real aircraft; only the other end of the
//! wire is simulated. What it prints at the end was measured in this run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use vedette_core::{StationView, ViewStamp, digest};
use vedette_ingest::{FrameStore, Moment};
use vedette_model::{Intent, OperatorId, Priority, Utc};
use vedette_sim::TruthLine;

use crate::cli::DemoArgs;
use crate::clock::Clock;
use crate::flight::FrameHashes;
use crate::measure::{self, Truth};
use crate::report::{self, Figures};
use crate::runtime::Ended;
use crate::script::{Goal, Phase, Script};
use crate::stage::{self, Staged, Staging};
use crate::verbs::say;
use crate::{Outcome, Stop, files, pictures, verbs};

/// Marks a folder as a demo's own, so that the next run may replace it.
const MARKER: &str = ".vedette-demo";
/// The watch lasts until the incident is sealed and the revisit was flown.
const GOAL: Goal = Goal {
    at_most_s: 900.0,
    revisits: 1.5,
};
/// Who flies the demo.
const PILOT: &str = "operator-2";
/// Session seconds after which a demo gives up.
const AT_MOST_S: f64 = 1500.0;

/// Runs it.
pub(crate) fn run(a: &DemoArgs, json: bool) -> Outcome {
    let missing = vedette_ingest::check_elements();
    if let Some(m) = missing.first() {
        return Err(Stop::Machine(format!(
            "GStreamer element {} is missing ({}): install {} — `make demo` does it by itself, `vedette doctor` lists all that is missing",
            m.element, m.what_for, m.debian_package
        )));
    }
    let window = !a.headless && pictures::display_present();
    if !a.headless && !window {
        say("no display found: running headless with the same steps and rendered pictures");
    }
    let speed = a.speed.unwrap_or(if window { 1.0 } else { 2.0 });
    if !(0.1..=20.0).contains(&speed) {
        return Err(Stop::Usage(format!("--speed {speed} is outside 0.1 to 20")));
    }
    prepare(&a.out)?;
    let stage = Stage::set(a, speed)?;
    say(&format!(
        "site {}: border {}, {}",
        stage.world.name, stage.world.border.name, stage.world.border.edition
    ));
    say(&format!("terrain: {}", stage.world.terrain.source().label));

    let landed = if window { stage.in_window(a)? } else { stage.headless()? };
    let short = landed.close(a, json)?;
    if short.is_empty() {
        return Ok(());
    }
    if window {
        for s in short {
            say(&format!("not shown this time: {s}"));
        }
        return Ok(());
    }
    Err(Stop::No(format!(
        "the demo did not show all it should: {}",
        short.join("; ")
    )))
}

/// An empty results folder; a former demo's is replaced, anything else is left alone.
fn prepare(out: &Path) -> Result<(), Stop> {
    let cannot = |e: std::io::Error| {
        Stop::Usage(format!(
            "cannot use the results folder {}: {e}; name another with --out",
            out.display()
        ))
    };
    if out.exists() {
        let ours = out.join(MARKER).is_file();
        let empty = out.read_dir().map_err(cannot)?.next().is_none();
        if ours {
            std::fs::remove_dir_all(out).map_err(cannot)?;
        } else if !empty {
            return Err(Stop::Usage(format!(
                "{} holds something that is not a former demo; nothing was touched. Empty it or name another folder with --out",
                out.display()
            )));
        }
    }
    std::fs::create_dir_all(out)
        .and_then(|()| {
            std::fs::write(
                out.join(MARKER),
                "results of `vedette demo`; replaced by the next run\n",
            )
        })
        .map_err(cannot)
}

struct Stage {
    world: Arc<vedette_atlas::World>,
    clock: Clock,
    staged: Staged,
    wall: Clock,
    asked: f64,
    seed: u64,
}

impl Stage {
    fn set(a: &DemoArgs, speed: f64) -> Result<Self, Stop> {
        let world = Arc::new(verbs::world(a.site.as_deref(), a.seed)?);
        let brief_path = match &a.brief {
            Some(b) => b.clone(),
            None => files::shipped("mission/data/andorra-south.toml")?,
        };
        let scenario_path = match &a.scenario {
            Some(s) => s.clone(),
            None => files::shipped("sim/scenarios/first-watch.toml")?,
        };
        let brief = verbs::brief(&brief_path)?;
        let scenario = stage::scenario(&scenario_path, &world, a.seed)?;
        let wall = Clock::start(Clock::machine_utc(), 1.0);
        let clock = Clock::start(Clock::machine_utc(), speed);
        let staged = Staging {
            root: a.out.join("sessions"),
            world: world.clone(),
            brief,
            pilot: OperatorId(PILOT.into()),
            plan_rule: vedette_model::PlanRule::TwoPersons,
            scenario,
            seed: a.seed,
            port: a.port,
            truth: Some(a.out.join("truth.jsonl")),
            clock: clock.clone(),
            others: stage::Others::default(),
            effort: a.effort,
        }
        .start()?;
        Ok(Self {
            world,
            clock,
            staged,
            wall,
            asked: speed,
            seed: a.seed,
        })
    }

    /// The scripted operator does the watch.
    fn headless(self) -> Result<Landed, Stop> {
        let mut script = Script::new(GOAL);
        let mut told = Told::default();
        self.staged.wait_for_pictures(&self.clock);
        let view = self.staged.flight.view();
        loop {
            std::thread::sleep(self.clock.real(250).min(std::time::Duration::from_millis(250)));
            let Some((_, v)) = view.latest() else { continue };
            told.tell(&v);
            if let Some(why) = &v.plan.failed {
                return Err(Stop::No(format!("there is no plan: {why}")));
            }
            if let Some(verdict) = v.plan.verdict.as_ref().filter(|x| !x.is_clear()) {
                let first = verdict.findings.first().map_or_else(String::new, |f| f.what.clone());
                return Err(Stop::No(format!("the checker refuses the plan: {first}")));
            }
            for intent in script.act(&v) {
                self.staged.flight.intent(&who(&intent), intent, stamp(&v));
            }
            if script.phase() == Phase::Done {
                break;
            }
            if v.now.seconds() > AT_MOST_S {
                say("giving up: the aircraft are not home in time");
                break;
            }
        }
        Ok(self.land()?)
    }

    /// The console is open; a person (or the script) does the watch.
    fn in_window(self, a: &DemoArgs) -> Result<Landed, Stop> {
        if a.auto {
            self.staged.wait_for_pictures(&self.clock);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let helper = self.helper(a.auto, stop.clone())?;
        let shown = pictures::window(
            &self.staged.flight,
            &self.world,
            "Vedette · demo",
            &OperatorId(PILOT.into()),
            stop.clone(),
            pictures::Room::default(),
        );
        stop.store(true, Ordering::Release);
        if helper.join().is_err() {
            tracing::error!("the demo's helper thread died");
        }
        shown.map_err(|e| Stop::Machine(format!("{e:#}")))?;
        Ok(self.land()?)
    }

    /// Prepares the watch for the person (plan, approval, upload); with `auto` does all of it.
    fn helper(&self, auto: bool, stop: Arc<AtomicBool>) -> Result<std::thread::JoinHandle<()>> {
        let (view, inputs, clock) = (
            self.staged.flight.view(),
            self.staged.flight.inputs(),
            self.clock.clone(),
        );
        std::thread::Builder::new()
            .name("script".into())
            .spawn(move || {
                let mut script = Script::new(GOAL);
                let mut told = Told::default();
                let mut over = false;
                while !stop.load(Ordering::Acquire) {
                    std::thread::sleep(clock.real(250));
                    let Some((_, v)) = view.latest() else { continue };
                    told.tell(&v);
                    if script.phase() == Phase::Done && !over {
                        over = true;
                        say("the watch is over: close the window for the summary");
                    }
                    if auto || script.phase() == Phase::Prepare {
                        for intent in script.act(&v) {
                            crate::flight::give(&inputs, &who(&intent), intent, stamp(&v));
                        }
                    }
                }
            })
            .context("cannot start the demo's helper thread")
    }

    /// Ends simulator and station and keeps what they left.
    fn land(self) -> Result<Landed> {
        let Self {
            world,
            staged: Staged { flight, sim, truth },
            wall,
            asked,
            seed,
            ..
        } = self;
        let (hashes, dir) = (flight.frame_hashes(), flight.dir().to_owned());
        let ended = flight.stop()?;
        let sim = sim.stop();
        for f in &sim.failures {
            tracing::warn!("simulator: {f}");
        }
        let left_out = sim.streams.values().map(|s| s.left_out).sum();
        Ok(Landed {
            left_out,
            world,
            ended,
            hashes,
            dir,
            truth,
            wall_s: wall.now().seconds(),
            speed: asked,
            seed,
        })
    }
}

/// Two named persons do the watch: the pilot flies, the shift lead approves.
fn who(intent: &Intent) -> OperatorId {
    OperatorId(match intent {
        Intent::ApprovePlan { .. } => crate::setup::SECOND.into(),
        _ => PILOT.into(),
    })
}

fn stamp(v: &StationView) -> ViewStamp {
    let alert = v
        .alerts
        .values()
        .rev()
        .find(|a| matches!(a.state, vedette_model::AlertState::Open))
        .map(|a| a.id);
    ViewStamp {
        seq: v.seq,
        alert,
        camera: None,
    }
}

/// Says what happens as it happens.
#[derive(Default)]
pub(crate) struct Told {
    events: usize,
}

impl Told {
    pub(crate) fn tell(&mut self, v: &StationView) {
        use vedette_core::EventKind as K;
        for e in v.events.iter().skip(self.events) {
            if matches!(
                e.kind,
                K::AlertP1 | K::AlertP2 | K::Decision | K::Evidence | K::Flight | K::Link
            ) || e.text.contains("refused")
            {
                let who = e
                    .vehicle
                    .and_then(|id| v.vehicles.get(&id))
                    .map(|x| format!("{} ", x.tail))
                    .unwrap_or_default();
                say(&format!("{:7.1} s  {who}{}", e.at.seconds(), e.text));
            }
        }
        self.events = v.events.len();
    }
}

/// A session that is over.
struct Landed {
    left_out: u64,
    world: Arc<vedette_atlas::World>,
    ended: Ended,
    hashes: FrameHashes,
    dir: PathBuf,
    truth: PathBuf,
    wall_s: f64,
    speed: f64,
    seed: u64,
}

impl Landed {
    /// Everything after the flight: figures, proof, review, pictures, report. Returns what fell
    /// short.
    fn close(self, a: &DemoArgs, json: bool) -> Result<Vec<&'static str>> {
        let view = self.ended.view.clone();
        let mut f = Figures {
            seed: self.seed,
            speed: self.speed,
            wall_s: self.wall_s,
            ..Figures::default()
        };
        f.frames_not_rendered = self.left_out;
        f.journal_entries = self.ended.entries;
        f.digest_live.clone_from(&self.ended.digest);
        if let Some(e) = &self.ended.journal_error {
            anyhow::bail!("the journal could not be written during the session: {e}");
        }
        measure::from_view(&mut f, &view);

        say("replaying the journal");
        let recorded = vedette_journal::read(&self.dir)?;
        anyhow::ensure!(
            recorded.broken.is_none(),
            "the journal's chain is broken: {:?}",
            recorded.broken
        );
        let entries = recorded.entries.clone();
        let tail = |v| view.vehicles.get(v).map_or_else(|| v.to_string(), |a| a.tail.clone());
        f.off_patrol = crate::off_patrol::off_patrol(&entries)
            .iter()
            .map(|((v, who), s)| (tail(v), who.0.clone(), *s))
            .collect();
        let mut replay = recorded.replay()?;
        f.digest_replay = digest(replay.view());
        let lines =
            TruthLine::read(&std::fs::read_to_string(&self.truth).context("the simulator's truth cannot be read")?);
        measure::against_truth(&mut f, &Truth::of(&lines), &view, &entries);

        if let (Some(plan), Some(verdict)) = (&view.plan.plan, &view.plan.verdict) {
            let began = view
                .plan
                .began
                .map_or(view.utc, |m| Utc(view.utc.0 - view.now.since(m)));
            verbs::write_plan(&a.out.join("plan"), plan, verdict, &self.world, began)?;
        }
        if let Some(bundle) = self.ended.bundles.first() {
            let copy = a.out.join("incident");
            copy_tree(&bundle.dir, &copy)?;
            self.prove(&copy, a, &mut f)?;
        }
        self.review(&view, &mut f)?;
        let shown = if a.no_pictures {
            Vec::new()
        } else {
            pictures::render(&a.out.join("pictures"), &self.dir, &mut replay, &self.world)?
        };
        let names: Vec<String> = shown.iter().map(|p| format!("pictures/{p}")).collect();
        files::write(&a.out.join("report.html"), report::html(&view, &f, &names).as_bytes())?;
        files::write(&a.out.join("figures.json"), &serde_json::to_vec_pretty(&f)?)?;

        if json {
            say(&serde_json::to_string(&f)?);
        } else {
            say("");
            for (name, value) in f.rows() {
                say(&format!("{name:<66} {value}"));
            }
            say("");
            say(&format!(
                "results: {} (report.html, figures.json, plan/, pictures/, incident/, sessions/)",
                a.out.display()
            ));
            say(&format!("look again: vedette review {}", self.dir.display()));
        }
        Ok(f.shortfalls())
    }

    /// Two independent verifiers call the bundle intact and name the file of one flipped byte.
    fn prove(&self, bundle: &Path, a: &DemoArgs, f: &mut Figures) -> Result<()> {
        let (ok, _) = run_verifier(bundle)?;
        f.bundle_intact_verifier = Some(ok);
        f.bundle_intact_script = run_script(bundle).map(|(ok, _)| ok);
        let tampered = a.out.join("incident-tampered");
        copy_tree(bundle, &tampered)?;
        let victim = std::fs::read_dir(tampered.join("video"))
            .ok()
            .and_then(|d| d.filter_map(Result::ok).map(|e| e.path()).min())
            .and_then(|d| std::fs::read_dir(d).ok())
            .and_then(|d| d.filter_map(Result::ok).map(|e| e.path()).min())
            .context("the bundle holds no video segment")?;
        let mut bytes = std::fs::read(&victim)?;
        let middle = bytes.len() / 2;
        let byte = bytes.get_mut(middle).context("the segment is empty")?;
        *byte ^= 1;
        std::fs::write(&victim, bytes)?;
        let name = victim.strip_prefix(&tampered)?.display().to_string();
        let (ok, words) = run_verifier(&tampered)?;
        f.tamper_named_by_verifier = Some(!ok && words.contains(&name));
        f.tamper_named_by_script = run_script(&tampered).map(|(ok, words)| !ok && words.contains(&name));
        f.tampered_file = Some(name);
        Ok(())
    }

    /// The frame the alert was raised on, found again in the recording, is the frame that was
    /// analysed live, bit for bit.
    fn review(&self, view: &StationView, f: &mut Figures) -> Result<()> {
        let Some(alert) = view.alerts.values().find(|x| x.priority == Priority::P1) else {
            return Ok(());
        };
        let Some(camera) = alert.camera else { return Ok(()) };
        let frame = FrameStore::open(&self.dir, camera)?.frame_at(Moment::Utc(alert.captured))?;
        let again = vedette_evidence::hash::sha256(&frame.gray);
        f.review_same_frame = Some(self.hashes.get(&(camera, alert.captured)) == Some(&again));
        Ok(())
    }
}

fn run_verifier(bundle: &Path) -> Result<(bool, String)> {
    let out = std::process::Command::new(verbs::verifier()?)
        .arg(bundle)
        .output()
        .context("cannot run vedette-verify")?;
    Ok((out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned()))
}

/// `sh VERIFY.sh`; `None` when this machine has no shell or openssl to run it with.
fn run_script(bundle: &Path) -> Option<(bool, String)> {
    let out = std::process::Command::new("sh")
        .arg("VERIFY.sh")
        .current_dir(bundle)
        .output()
        .ok()?;
    let words = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    Some((out.status.success(), words))
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for e in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let e = e?;
        let target = to.join(e.file_name());
        if e.file_type()?.is_dir() {
            copy_tree(&e.path(), &target)?;
        } else {
            std::fs::copy(e.path(), &target).with_context(|| format!("cannot copy to {}", target.display()))?;
        }
    }
    Ok(())
}
