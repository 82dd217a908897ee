//! `vedette review`: a recorded session or a sealed bundle on one timeline.
//!
//! Invariant: what is shown at the playhead is the replayed view and the recorded frame of that
//! very moment; opening writes one line to the access log first, and nothing else is changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use vedette_core::{Input, Replay};
use vedette_ingest::{FrameStore, Moment};
use vedette_journal::AccessLog;
use vedette_model::{CameraId, IncidentState, OperatorId, Priority, Pts, Utc};
use vedette_panels::feeds::VideoFrame;
use vedette_panels::review::{CustodyLine, Lanes, NoteLine, ReviewAct, ReviewModel, SealState, SealVerdict, TruthSpan};
use vedette_sight::PoseSigmas;

use crate::cli::ReviewArgs;
use crate::clock::Clock;
use crate::review_lanes::{custody, lanes, notes, seal_of};
use crate::verbs::say;
use crate::{Outcome, Stop, pictures, verbs};

/// Sites that come with the program.
const SITES: [&str; 2] = ["maps/data/andorra", "sim/scenarios/coast"];

/// The truth beside an exercise's session; a real flight and a bundle have none.
fn truth_of(session: &Path) -> Option<vedette_score::Truth> {
    let text = std::fs::read_to_string(session.with_extension("truth.jsonl")).ok()?;
    match vedette_score::Truth::read(&text) {
        Ok(t) => Some(t),
        Err(e) => {
            tracing::warn!("the debrief goes without the truth: {e}");
            None
        }
    }
}

/// A record on the table.
pub(crate) struct Desk {
    dir: PathBuf,
    replay: Replay,
    stores: BTreeMap<CameraId, FrameStore>,
    camera: CameraId,
    from: Utc,
    to: Utc,
    playhead: Utc,
    playing: bool,
    speed: f64,
    lanes: Lanes,
    seal: SealState,
    bundle: Option<PathBuf>,
    custody: Vec<CustodyLine>,
    notes: Vec<NoteLine>,
    reviewer: String,
    title: String,
    trouble: Option<String>,
    log: AccessLog,
    who: OperatorId,
    seed: u64,
    /// What was really so, when this was an exercise.
    truth: Option<vedette_score::Truth>,
    /// Frame time of every report of the chosen stream, and the number of entries up to it.
    reports: Vec<(Utc, usize)>,
}

impl Desk {
    /// Opens a session folder or a bundle; the access is logged first.
    pub(crate) fn open(what: &Path, who: &OperatorId, why: &str) -> Result<Self> {
        let is_bundle = what.join("manifest.json").is_file();
        anyhow::ensure!(
            what.join("journal.jsonl").is_file(),
            "{} is neither a session folder nor an evidence bundle: it holds no journal.jsonl",
            what.display()
        );
        // The ledger of a session lies beside it; a bundle out in the world gets one beside itself.
        let root = what.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
        let log = AccessLog::new(&root);
        let now = Clock::machine_utc();
        log.note(now, who, "viewed", &what.display().to_string(), why)?;
        let recorded = if is_bundle {
            vedette_journal::read_bundle(what)?
        } else {
            vedette_journal::read(what)?
        };
        let trouble = recorded
            .broken
            .as_ref()
            .map(|(line, why)| format!("the journal's chain is broken at line {line}: {why}"));
        let seed = recorded.setup.seed;
        let replay = recorded.replay()?;
        let view = Arc::new(replay.view().clone());
        let (from, to) = replay.span().context("nothing was recorded")?;
        let alert = view
            .alerts
            .values()
            .find(|a| a.priority == Priority::P1)
            .or_else(|| view.alerts.values().next());
        let incident = alert.and_then(|a| view.incidents.values().find(|i| i.alert == a.id));
        let bundle = if is_bundle {
            Some(what.to_owned())
        } else {
            incident.and_then(|i| match &i.state {
                IncidentState::Sealed { evidence, .. } => Some(what.join("incidents").join(&evidence.0)),
                IncidentState::Open | IncidentState::Sealing | IncidentState::Failed { .. } => None,
            })
        };
        let title = match (incident, alert) {
            (Some(i), Some(a)) => format!("Incident {} · {}", i.id, a.title),
            (None, Some(a)) => format!("Session {} · {}", view.session, a.title),
            _ => format!("Session {}", view.session),
        };
        let camera = alert
            .and_then(|a| a.camera)
            .or_else(|| view.cameras.keys().next().copied())
            .context("the record has no camera")?;
        let stores = view
            .cameras
            .keys()
            .filter_map(|c| FrameStore::open(what, *c).ok().map(|s| (*c, s)))
            .collect();
        let reviewer = if why.is_empty() {
            who.0.clone()
        } else {
            format!("Access reason: {why} · {who}")
        };
        let mut desk = Self {
            dir: what.to_owned(),
            playhead: alert.map_or(to, |a| a.captured),
            lanes: lanes(&replay, camera),
            seal: seal_of(bundle.as_deref()),
            custody: custody(&replay, &log, what)?,
            notes: notes(&replay),
            replay,
            stores,
            camera,
            from,
            to,
            playing: false,
            speed: 1.0,
            bundle,
            reviewer,
            title,
            trouble,
            log,
            who: who.clone(),
            seed,
            truth: truth_of(what),
            reports: Vec::new(),
        };
        desk.tell_truth();
        desk.reports = desk.reports_of(camera);
        if desk.bundle.is_some() {
            desk.verify();
        }
        Ok(desk)
    }

    /// Puts what was really so on the timeline.
    fn tell_truth(&mut self) {
        let Some(t) = &self.truth else { return };
        self.lanes.truth = t
            .story()
            .into_iter()
            .map(|s| TruthSpan {
                from: s.from,
                to: s.to,
                label: s.words,
                fault: s.fault,
            })
            .collect();
    }

    /// Who looks.
    pub(crate) fn who(&self) -> &OperatorId {
        &self.who
    }

    /// The ground of the record: the same site with the same terrain, if it is to be had here.
    pub(crate) fn world(&self) -> Result<vedette_atlas::World> {
        // An exercise may play elsewhere than at home; the record names its line.
        let recorded = &self.replay.view().site;
        let line = &recorded.border_name;
        // What stands on another ground than the record's is shown, and that is said.
        let told = |world: vedette_atlas::World| {
            let source = world.terrain.source();
            if let Some(said) = source.differs(&recorded.terrain, recorded.terrain_synthetic) {
                tracing::warn!("{said}");
            }
            world
        };
        for site in SITES {
            let world = vedette_sim::load_site(
                &crate::files::shipped(site)?,
                crate::files::data().as_deref(),
                self.seed,
            )?;
            if world.border.name == *line {
                return Ok(told(world));
            }
        }
        verbs::world(None, self.seed).map(told)
    }

    /// The moment under the playhead.
    pub(crate) fn playhead(&self) -> Utc {
        self.playhead
    }

    /// Everything the panels draw.
    pub(crate) fn model(&mut self) -> ReviewModel {
        // The station saw a frame when it had been analysed: the view that goes with the picture at
        // the playhead is the one after that frame's report.
        let shown = self.reports.partition_point(|(captured, _)| *captured < self.playhead);
        let after = self
            .reports
            .get(shown)
            .filter(|(c, _)| c.0 - self.playhead.0 < 1_000_000)
            .map(|(_, n)| *n);
        let view = match after {
            Some(n) => self.replay.seek_entry(n),
            None => self.replay.seek(self.playhead),
        };
        let view = Arc::new(view.clone());
        ReviewModel {
            view,
            title: self.title.clone(),
            reviewer: self.reviewer.clone(),
            from: self.from,
            to: self.to,
            playhead: self.playhead,
            playing: self.playing,
            speed: self.speed,
            lanes: self.lanes.clone(),
            truth: self.truth.as_ref().map_or_else(Vec::new, |t| t.places(self.playhead)),
            seal: self.seal.clone(),
            custody: self.custody.clone(),
            notes: self.notes.clone(),
            trouble: self.trouble.clone(),
        }
    }

    fn reports_of(&self, camera: CameraId) -> Vec<(Utc, usize)> {
        let mut all: Vec<(Utc, usize)> = self
            .replay
            .entries()
            .iter()
            .enumerate()
            .filter_map(|(i, e)| match &e.input {
                Input::Vision(v) if v.camera == camera => Some((v.captured, i + 1)),
                _ => None,
            })
            .collect();
        all.sort_by_key(|r| r.0);
        all
    }

    /// The recorded frame of the chosen stream at the playhead.
    pub(crate) fn frame(&mut self) -> Result<VideoFrame> {
        let store = self
            .stores
            .get_mut(&self.camera)
            .with_context(|| format!("{} was not recorded", self.camera))?;
        let f = store.frame_at(Moment::Utc(self.playhead))?;
        let geoid = self.replay.view().site.geoid.clone();
        let pose = f
            .klv
            .as_ref()
            .and_then(|k| crate::video::pose_of(k, &geoid, &PoseSigmas::SMALL_UAS));
        Ok(VideoFrame {
            camera: self.camera,
            pts: Pts(i64::try_from(f.pts90k).unwrap_or_default()),
            captured: f.captured_us.and_then(|t| i64::try_from(t).ok()).map(Utc),
            width: f.width,
            height: f.height,
            rgba: f.rgba,
            pose: pose.map(Arc::new),
        })
    }

    /// Time passed while playing, machine seconds.
    pub(crate) fn advance(&mut self, seconds: f64) -> bool {
        if !self.playing {
            return false;
        }
        self.go(self.playhead.plus_us((seconds * self.speed * 1e6) as i64));
        if self.playhead >= self.to {
            self.playing = false;
        }
        true
    }

    fn go(&mut self, utc: Utc) {
        self.playhead = utc.clamp(self.from, self.to);
    }

    /// Does what the reviewer asks; `false` to leave.
    pub(crate) fn act(&mut self, act: ReviewAct) -> bool {
        match act {
            ReviewAct::Seek(utc) => self.go(utc),
            ReviewAct::Play => self.playing = true,
            ReviewAct::Pause => self.playing = false,
            ReviewAct::Step(n) => {
                self.playing = false;
                self.step(n);
            }
            ReviewAct::Speed(s) => self.speed = s.clamp(0.1, 16.0),
            ReviewAct::Verify => self.verify(),
            ReviewAct::Note(text) => {
                let now = Clock::machine_utc();
                match self.log.note(
                    now,
                    &self.who,
                    "noted",
                    &format!("{} at {}", self.dir.display(), self.playhead),
                    &text,
                ) {
                    Ok(()) => self.notes.push(NoteLine {
                        at: self.playhead,
                        who: self.who.0.clone(),
                        text,
                    }),
                    Err(e) => self.trouble = Some(format!("the note was not kept: {e}")),
                }
            }
            ReviewAct::Camera(c) => {
                self.camera = c;
                self.lanes = lanes(&self.replay, c);
                self.tell_truth();
                self.reports = self.reports_of(c);
            }
            ReviewAct::Close => return false,
        }
        true
    }

    /// One frame of the chosen stream forward or back.
    fn step(&mut self, n: i32) {
        let Some(store) = self.stores.get_mut(&self.camera) else {
            return;
        };
        let at = self.playhead.0;
        let near: Vec<u32> = store
            .segments()
            .iter()
            .filter(|s| {
                s.from_utc_us.is_some_and(|f| f <= at + 2_000_000) && s.to_utc_us.is_some_and(|t| t >= at - 2_000_000)
            })
            .map(|s| s.index)
            .collect();
        let mut times: Vec<i64> = Vec::new();
        for i in near {
            if let Ok(t) = store.frame_times(i) {
                times.extend(t.into_iter().filter_map(|(_, c)| i64::try_from(c?).ok()));
            }
        }
        times.sort_unstable();
        let next = if n > 0 {
            times.iter().find(|t| **t > at)
        } else {
            times.iter().rev().find(|t| **t < at)
        };
        if let Some(t) = next {
            self.go(Utc(*t));
        }
    }

    fn verify(&mut self) {
        let Some(bundle) = &self.bundle else { return };
        let out = verbs::verifier().and_then(|exe| {
            std::process::Command::new(exe)
                .arg("--json")
                .arg(bundle)
                .output()
                .context("cannot run vedette-verify")
        });
        let now = Clock::machine_utc();
        match out {
            Ok(out) => {
                let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
                let files = report["files"]
                    .as_u64()
                    .and_then(|n| u32::try_from(n).ok())
                    .unwrap_or(0);
                let bad = report["findings"].as_array().map_or(0, Vec::len);
                self.seal.signed_by = report["signed_by"].as_str().map(str::to_owned);
                self.seal.files = Some((files.saturating_sub(u32::try_from(bad).unwrap_or(files)), files));
                self.seal.verdict = if out.status.success() {
                    SealVerdict::Verified(now)
                } else {
                    let first = &report["findings"][0];
                    SealVerdict::Broken(format!(
                        "{}: {}",
                        first["file"].as_str().unwrap_or("the bundle"),
                        first["reason"].as_str().unwrap_or("is not what was sealed")
                    ))
                };
                self.custody.push(CustodyLine {
                    at: now,
                    who: self.who.0.clone(),
                    what: "verified".into(),
                });
            }
            Err(e) => self.trouble = Some(format!("{e:#}")),
        }
    }
}

/// `vedette review`.
pub(crate) fn review(a: &ReviewArgs, json: bool) -> Outcome {
    let mut desk =
        Desk::open(&a.what, &OperatorId(a.who.clone()), &a.why).map_err(|e| Stop::Usage(format!("{e:#}")))?;
    if let Some(at) = &a.at {
        let utc = moment(at, desk.playhead())
            .ok_or_else(|| Stop::Usage(format!("--at {at}: give HH:MM:SS or RFC 3339, as 2026-11-14T02:46:41Z")))?;
        desk.act(ReviewAct::Seek(utc));
    }
    let m = desk.model();
    let frame = desk.frame();
    if json || a.picture.is_some() {
        let v = &m.view;
        let alert = v.alerts.values().find(|x| x.priority == Priority::P1);
        let seen = serde_json::json!({
            "title": m.title,
            "playhead": m.playhead.to_string(),
            "frame": frame.as_ref().ok().map(|f| serde_json::json!({ "camera": f.camera.to_string(), "pts90k": f.pts.0, "captured": f.captured.map(|c| c.to_string()),
                "sha256": vedette_evidence::hash::hex(&vedette_evidence::hash::sha256(&f.rgba)) })),
            "aircraft": v.vehicles.values().map(|x| serde_json::json!({ "tail": x.tail, "at": x.at.map(|k| k.value), "amsl_m": x.amsl.map(|k| k.value.0), "mode": x.mode_name })).collect::<Vec<_>>(),
            "alert": alert.map(|x| serde_json::json!({ "id": x.id.to_string(), "why": x.why, "at": x.at, "state": x.state })),
            "view_digest": vedette_core::digest(v),
        });
        say(&if json {
            seen.to_string()
        } else {
            serde_json::to_string_pretty(&seen).unwrap_or_default()
        });
    }
    if let Some(path) = &a.picture {
        pictures::review(&mut desk, path)?;
        return Ok(());
    }
    if json {
        return Ok(());
    }
    pictures::review_window(desk).map_err(|e| Stop::Machine(format!("{e:#}")))
}

/// `HH:MM:SS` on the playhead's day, or RFC 3339 in UTC.
fn moment(text: &str, near: Utc) -> Option<Utc> {
    let (date, time) = text
        .trim_end_matches('Z')
        .split_once('T')
        .map_or((None, text), |(d, t)| (Some(d), t));
    let (y, mo, d) = match date {
        None => {
            let (y, mo, d, ..) = near.civil();
            (y, mo, d)
        }
        Some(date) => {
            let mut p = date.split('-');
            (
                p.next()?.parse().ok()?,
                p.next()?.parse().ok()?,
                p.next()?.parse().ok()?,
            )
        }
    };
    let mut p = time.split(':');
    let (h, m): (u32, u32) = (p.next()?.parse().ok()?, p.next()?.parse().ok()?);
    let s: f64 = p.next().unwrap_or("0").parse().ok()?;
    if !(1..=12).contains(&mo) || !(1..=31).contains(&d) || h > 23 || m > 59 || !(0.0..60.0).contains(&s) {
        return None;
    }
    Some(Utc::from_civil(y, mo, d, h, m, 0).plus_us((s * 1e6) as i64))
}
