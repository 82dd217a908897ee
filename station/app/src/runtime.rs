//! The station's one thread: input → journal → `handle` → effects → view.
//!
//! Queues: inputs are bounded and block their producers (nothing is dropped before the journal);
//! views are newest-wins. If the journal cannot be written, people's orders are refused and said
//! so, while aircraft already under way keep their links.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use vedette_atlas::World;
use vedette_checker::ValidPlan;
use vedette_core::{Effect, Entry, EvidenceRequest, Folder, Input, Setup, Station, StationView, digest};
use vedette_evidence::identity::Identity;
use vedette_evidence::manifest::{ClockState, Gap, Span};
use vedette_evidence::merkle::{SignedHead, TreeLog, journal_leaf, leaf};
use vedette_journal::Journal;
use vedette_model::plan::PatrolPlan;
use vedette_model::{
    ApprovalSignature, EvidenceId, LinkId, MissionKind, Mono, PlanId, RecorderReport, Request, RequestBody, Retry, Utc,
};

use crate::clock::Clock;
use crate::files;
use crate::preserve::{self, Segment};

/// Inputs waiting for the station; producers block beyond it.
const INPUTS: usize = 8192;
/// Session milliseconds between two ticks.
const TICK_MS: i64 = 250;
/// Session seconds between two tree heads.
const HEAD_S: i64 = 10;
/// Views are published at most this often.
const PUBLISH: Duration = Duration::from_millis(30);
/// A frame that is not on the disk yet is looked for so often, this far apart.
const FRAME_TRIES: u32 = 6;
const FRAME_WAIT: Duration = Duration::from_secs(1);
/// A bundle does not wait longer than this (session seconds) for its last segment to close.
const SEGMENT_WAIT_S: i64 = 25;

/// Hands a request to the links; the error says why it was not taken.
pub(crate) type Submit = Arc<dyn Fn(Request) -> Result<(), String> + Send + Sync>;
/// Keeps an address of a link out, or lets it in again; the error says why not.
pub(crate) type Block = Arc<dyn Fn(LinkId, &str, bool) -> Result<(), String> + Send + Sync>;
/// Where views go.
pub(crate) type Publish = Arc<dyn Fn(Arc<StationView>) + Send + Sync>;
/// Gives the pictures that belong into a bundle: name and PNG bytes.
pub(crate) type Chips = Arc<dyn Fn(&EvidenceRequest, &StationView) -> Vec<(String, Vec<u8>)> + Send + Sync>;

/// What the station needs around it.
pub(crate) struct Parts {
    pub(crate) setup: Setup,
    pub(crate) world: Arc<World>,
    pub(crate) dir: PathBuf,
    pub(crate) identity: Arc<Identity>,
    pub(crate) clock: Clock,
    pub(crate) submit: Submit,
    pub(crate) block: Block,
    pub(crate) publish: Publish,
    pub(crate) chips: Chips,
    /// Streams that aircraft offer.
    pub(crate) offers: crate::offers::Offers,
    /// Newest frames, for those a person keeps.
    pub(crate) screen: vedette_panels::feeds::VideoSlots,
    pub(crate) clock_source: String,
}

/// What a session left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) view: Arc<StationView>,
    pub(crate) digest: String,
    pub(crate) head: String,
    pub(crate) entries: u64,
    pub(crate) bundles: Vec<preserve::Sealed>,
    pub(crate) journal_error: Option<String>,
}

/// A running station.
pub(crate) struct Running {
    inputs: Sender<Input>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Ended>>,
}

impl Running {
    /// Where inputs go.
    pub(crate) fn inputs(&self) -> Sender<Input> {
        self.inputs.clone()
    }

    /// Ends the session: what is queued is still taken.
    pub(crate) fn stop(self) -> Result<Ended> {
        self.stop.store(true, Ordering::Release);
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the station's thread died; its journal holds all up to that moment"))?
    }
}

/// Starts the session.
pub(crate) fn start(parts: Parts) -> Result<Running> {
    let station = Station::new(parts.setup.clone())?;
    let journal = Journal::create(&parts.dir, &parts.setup)?;
    let (tx, rx) = bounded(INPUTS);
    let stop = Arc::new(AtomicBool::new(false));
    let host = Host {
        station,
        journal,
        inputs: tx.clone(),
        valid: Arc::default(),
        tree: TreeLog::default(),
        heads: Vec::new(),
        head_from: 0,
        last_head: Mono::ZERO,
        last_tick: Mono::ZERO,
        segments: Vec::new(),
        gaps: Vec::new(),
        waiting: Vec::new(),
        bundles: Arc::default(),
        workers: Vec::new(),
        journal_error: None,
        parts,
    };
    let thread = {
        let stop = stop.clone();
        std::thread::Builder::new()
            .name("station".into())
            .spawn(move || host.run(&rx, &stop))
            .context("cannot start the station's thread")?
    };
    Ok(Running {
        inputs: tx,
        stop,
        thread,
    })
}

struct Host {
    station: Station,
    journal: Journal,
    inputs: Sender<Input>,
    valid: Arc<Mutex<BTreeMap<PlanId, ValidPlan>>>,
    tree: TreeLog,
    heads: Vec<SignedHead>,
    head_from: u64,
    last_head: Mono,
    last_tick: Mono,
    segments: Vec<Segment>,
    gaps: Vec<Gap>,
    waiting: Vec<(EvidenceRequest, Mono)>,
    bundles: Arc<Mutex<Vec<preserve::Sealed>>>,
    workers: Vec<JoinHandle<()>>,
    journal_error: Option<String>,
    parts: Parts,
}

impl Host {
    fn run(mut self, rx: &Receiver<Input>, stop: &AtomicBool) -> Result<Ended> {
        let mut fresh = true;
        let mut since_publish = Duration::MAX;
        let wait = Duration::from_millis(10);
        loop {
            match rx.recv_timeout(wait) {
                Ok(input) => {
                    self.take(input);
                    for input in rx.try_iter().take(512) {
                        self.take(input);
                    }
                    fresh = true;
                }
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => break,
            }
            let now = self.parts.clock.now();
            if now.since(self.last_tick) >= TICK_MS * 1000 {
                self.last_tick = now;
                self.take(Input::Tick);
                self.release_bundles(now, false);
                fresh = true;
            }
            since_publish = since_publish.saturating_add(wait);
            if fresh && since_publish >= PUBLISH {
                (self.parts.publish)(Arc::new(self.station.view().clone()));
                fresh = false;
                since_publish = Duration::ZERO;
            }
            if stop.load(Ordering::Acquire) && rx.is_empty() {
                break;
            }
        }
        self.finish(rx)
    }

    fn finish(mut self, rx: &Receiver<Input>) -> Result<Ended> {
        self.release_bundles(self.parts.clock.now(), true);
        for w in std::mem::take(&mut self.workers) {
            if w.join().is_err() {
                tracing::error!("a worker of the station died");
            }
        }
        for input in rx.try_iter() {
            self.take(input);
        }
        self.journal.sync()?;
        let view = Arc::new(self.station.view().clone());
        (self.parts.publish)(view.clone());
        let bundles = self.bundles.lock().map(|b| b.clone()).unwrap_or_default();
        Ok(Ended {
            digest: digest(&view),
            head: self.journal.head(),
            view,
            entries: self.journal.lines() - 1,
            bundles,
            journal_error: self.journal_error,
        })
    }

    /// One input: on disk first, then handled, then its effects.
    fn take(&mut self, input: Input) {
        let (mono, utc) = (self.parts.clock.now(), self.parts.clock.utc());
        let entry = Entry { mono, utc, input };
        if let Err(e) = self.journal.append(&entry) {
            if self.journal_error.is_none() {
                tracing::error!("{e}");
            }
            self.journal_error.get_or_insert(e.to_string());
            return;
        }
        if let Input::Recorder(r) = &entry.input {
            self.recorded(r, utc);
        }
        self.station.handle(mono, utc, &entry.input);
        while let Some(effect) = self.station.poll_effect() {
            self.bring_about(effect);
        }
        if mono.since(self.last_head) >= HEAD_S * 1_000_000 {
            self.last_head = mono;
            self.sign_head(utc);
        }
    }

    fn recorded(&mut self, r: &RecorderReport, utc: Utc) {
        match r {
            RecorderReport::SegmentClosed {
                camera,
                file,
                bytes,
                sha256,
                from,
                to,
                truncated,
                ..
            } => {
                if let Some(hash) = vedette_evidence::hash::parse_hex(sha256) {
                    self.tree.append(leaf(file, &hash));
                }
                self.segments.push(Segment {
                    camera: *camera,
                    file: file.clone(),
                    bytes: *bytes,
                    sha256: sha256.clone(),
                    from: from.unwrap_or(utc),
                    to: to.unwrap_or(utc),
                    truncated: *truncated,
                });
            }
            RecorderReport::Gap {
                camera,
                at,
                packets,
                cause,
            } => {
                let at = at.unwrap_or(utc).0;
                self.gaps.push(Gap {
                    span: Span {
                        from_utc_us: at,
                        to_utc_us: at,
                    },
                    what: format!("video/{camera}"),
                    reason: format!("{cause:?}, {packets} transport packets"),
                });
            }
            RecorderReport::Started { .. }
            | RecorderReport::Progress { .. }
            | RecorderReport::Disk { .. }
            | RecorderReport::Refused { .. } => {}
        }
    }

    fn sign_head(&mut self, utc: Utc) {
        let last = self.journal.lines() - 1;
        if let Some(hash) = vedette_evidence::hash::parse_hex(&self.journal.head()) {
            self.tree
                .append(journal_leaf("journal.jsonl", self.head_from, last, &hash));
            self.head_from = last + 1;
        }
        match SignedHead::sign(&self.tree.head(&self.parts.setup.station, utc.0), &self.parts.identity) {
            Ok(head) => {
                let dir = self.parts.dir.join("heads");
                let file = dir.join(format!("{:06}.json", self.heads.len() + 1));
                let text =
                    serde_json::json!({ "head": head.text, "signature": vedette_evidence::hash::hex(&head.signature) })
                        .to_string();
                if let Err(e) = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&file, text)) {
                    tracing::warn!("tree head {} not written: {e}", file.display());
                }
                self.heads.push(head);
            }
            Err(e) => tracing::warn!("tree head not signed: {e}"),
        }
    }

    fn bring_about(&mut self, effect: Effect) {
        match effect {
            Effect::Request(request) => self.send(request),
            Effect::Plan { brief, parent, seed } => self.plan(move |world| {
                let mut plan = vedette_planner::plan(&brief, world, seed).map_err(|e| e.to_string())?;
                if parent.is_some() {
                    plan.parent = parent;
                    plan.id = vedette_planner::plan_id(&plan);
                }
                Ok(plan)
            }),
            Effect::Replan {
                plan,
                change,
                at_s,
                seed,
            } => self.plan(move |world| {
                let next = vedette_planner::replan(&plan, world, &change, at_s, seed);
                next.map(|r| r.plan).map_err(|e| e.to_string())
            }),
            Effect::SignApproval { plan, statement } => self.sign_approval(plan, &statement),
            Effect::Upload {
                vehicle,
                uid,
                plan,
                ids,
                expires,
            } => {
                let valid = self.valid.lock().ok().and_then(|v| v.get(&plan).cloned());
                let Some(part) = valid.as_ref().and_then(|v| v.mission_for(vehicle)) else {
                    tracing::warn!("no valid plan {plan} for {vehicle}: nothing is uploaded");
                    return;
                };
                let lists = [
                    (MissionKind::Mission, part.mission.to_vec()),
                    (MissionKind::Fence, part.fence.to_vec()),
                    (MissionKind::Rally, part.rally.to_vec()),
                ];
                for (id, (kind, items)) in ids.into_iter().zip(lists) {
                    let body = RequestBody::Upload { kind, items };
                    self.send(Request {
                        id,
                        vehicle,
                        uid,
                        body,
                        retry: Retry::UntilAck,
                        expires,
                    });
                }
            }
            Effect::Keep { folder, name, text } => {
                let dir = match folder {
                    Folder::Session => self.parts.dir.clone(),
                    Folder::Baselines => self
                        .parts
                        .dir
                        .parent()
                        .map_or_else(|| PathBuf::from("."), |root| root.join("baselines")),
                };
                // Names are made from tail numbers, which are free text.
                let name: String = name
                    .chars()
                    .map(|c| {
                        if c.is_alphanumeric() || "-_.".contains(c) {
                            c
                        } else {
                            '_'
                        }
                    })
                    .collect();
                if let Err(e) = files::write(&dir.join(&name), text.as_bytes()) {
                    tracing::error!("{name} could not be kept: {e:#}");
                }
            }
            Effect::Snapshot {
                camera,
                pts,
                captured,
                name,
            } => {
                let dir = self.parts.dir.clone();
                // The frame meant is on the screen still, or else on its way to the disk.
                let shown = self.parts.screen.latest(camera).map(|(_, f)| f);
                let shown = shown.filter(|f| f.pts == pts);
                // Compressing takes longer than the station's thread has.
                let keep = std::thread::Builder::new().name("picture".into()).spawn(move || {
                    let path = dir.join("pictures").join(name);
                    let png = match shown {
                        Some(f) => files::png(f.width, f.height, &f.rgba),
                        None => {
                            recorded(&dir, camera, pts, captured).and_then(|f| files::png(f.width, f.height, &f.rgba))
                        }
                    };
                    if let Err(e) = png.and_then(|bytes| files::write(&path, &bytes)) {
                        tracing::error!("a frame could not be kept: {e:#}");
                    }
                });
                if let Err(e) = keep {
                    tracing::error!("{camera}: no thread to keep a frame with: {e}");
                }
            }
            Effect::Block { link, peer, blocked } => {
                if let Err(e) = (self.parts.block)(link, &peer, blocked) {
                    tracing::error!("{peer} on {link}: {e}");
                }
            }
            Effect::OpenStream { camera, uri } => {
                if self.parts.offers.try_send((camera, uri)).is_err() {
                    tracing::warn!("{camera}: an offered stream was left out, too many at once");
                }
            }
            Effect::Preserve(request) => self.waiting.push((request, self.parts.clock.now())),
        }
    }

    /// Orders that do not fit the queue are refused and said so, never kept for later.
    fn send(&mut self, request: Request) {
        let (id, vehicle) = (request.id, request.vehicle);
        if let Err(why) = (self.parts.submit)(request) {
            let report = vedette_model::Report::CommandDone {
                id,
                outcome: vedette_model::CommandOutcome::Refused(why),
            };
            self.take(Input::Vehicle {
                vehicle,
                captured: self.parts.clock.now(),
                report,
            });
        }
    }

    /// Plans on a thread of its own; the checker judges what comes of it.
    fn plan(&mut self, make: impl FnOnce(&World) -> Result<PatrolPlan, String> + Send + 'static) {
        let (world, inputs, valid) = (self.parts.world.clone(), self.inputs.clone(), self.valid.clone());
        self.work("planner", move || {
            let work = || match make(&world) {
                Ok(plan) => match vedette_checker::approve(plan, &world) {
                    Ok(v) => {
                        let (plan, verdict) = (Box::new(v.plan().clone()), Box::new(v.verdict().clone()));
                        if let Ok(mut held) = valid.lock() {
                            held.insert(plan.id.clone(), v);
                        }
                        Input::Planned { plan, verdict }
                    }
                    Err(refused) => Input::Planned {
                        plan: Box::new(refused.plan),
                        verdict: Box::new(refused.verdict),
                    },
                },
                Err(why) => Input::PlanFailed { why },
            };
            // Whatever breaks off, the station hears of it: a plan is never waited for in vain.
            let input = crate::drafting::caught("The planner", work).unwrap_or_else(|why| Input::PlanFailed { why });
            deliver(&inputs, input);
        });
    }

    /// Signs an approval and keeps text and signature beside the journal, as `openssl dgst -sha256
    /// -verify` takes them.
    fn sign_approval(&mut self, plan: PlanId, statement: &str) {
        let der = self.parts.identity.sign(statement.as_bytes());
        let pem = self.parts.identity.station_pem().map_err(|e| e.to_string());
        let certificate = match pem.and_then(|p| vedette_evidence::identity::fingerprint(&p)) {
            Ok(f) => f,
            Err(e) => {
                tracing::error!("approval of plan {plan} cannot be signed: {e}; uploads stay refused");
                return;
            }
        };
        let name: String = plan.0.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let dir = self.parts.dir.join("approvals");
        for (end, bytes) in [("txt", statement.as_bytes()), ("sig", &der)] {
            if let Err(e) = files::write(&dir.join(format!("{name}.{end}")), bytes) {
                tracing::warn!("approval of plan {plan} is in the journal only: {e:#}");
            }
        }
        self.take(Input::ApprovalSigned {
            plan,
            signature: ApprovalSignature {
                certificate_sha256: certificate,
                der_hex: vedette_evidence::hash::hex(&der),
            },
        });
    }

    fn work(&mut self, name: &str, job: impl FnOnce() + Send + 'static) {
        match std::thread::Builder::new().name(name.into()).spawn(job) {
            Ok(t) => self.workers.push(t),
            Err(e) => tracing::error!("cannot start worker {name}: {e}"),
        }
    }

    /// Bundles whose last segments are closed, or that have waited long enough.
    fn release_bundles(&mut self, now: Mono, all: bool) {
        let covered = |r: &EvidenceRequest, segments: &[Segment]| {
            r.cameras
                .iter()
                .all(|c| segments.iter().any(|s| s.camera == *c && s.to >= r.to))
        };
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(|(r, since)| {
            all || covered(r, &self.segments) || now.since(*since) > SEGMENT_WAIT_S * 1_000_000
        });
        self.waiting = rest;
        for (request, _) in due {
            self.seal(request);
        }
    }

    fn seal(&mut self, request: EvidenceRequest) {
        let utc = self.parts.clock.utc();
        self.sign_head(utc);
        let view = self.station.view().clone();
        let keep = self.heads.len().saturating_sub(12);
        let mut job = preserve::Job {
            setup: self.parts.setup.clone(),
            session_dir: self.parts.dir.clone(),
            segments: self.segments.clone(),
            gaps: self
                .gaps
                .iter()
                .filter(|g| g.span.to_utc_us >= request.from.0 && g.span.from_utc_us <= request.to.0)
                .cloned()
                .collect(),
            leaves: self.tree.leaves().to_vec(),
            heads: self.heads[keep..].to_vec(),
            sealed: utc,
            clock: ClockState {
                source: self.parts.clock_source.clone(),
                offset_us: None,
                sigma_us: None,
                steps: 0,
            },
            chips: Vec::new(),
            request,
        };
        let (identity, inputs, bundles, chips) = (
            self.parts.identity.clone(),
            self.inputs.clone(),
            self.bundles.clone(),
            self.parts.chips.clone(),
        );
        self.work("evidence", move || {
            job.chips = chips(&job.request, &view);
            let incident = job.request.incident;
            let input = match preserve::run(&job, &identity) {
                Ok(sealed) => {
                    let input = Input::Preserved {
                        incident,
                        evidence: EvidenceId(sealed.evidence.clone()),
                        manifest_sha256: sealed.manifest_sha256.clone(),
                    };
                    if let Ok(mut b) = bundles.lock() {
                        b.push(sealed);
                    }
                    input
                }
                Err(e) => Input::PreserveFailed {
                    incident,
                    why: format!("{e:#}"),
                },
            };
            deliver(&inputs, input);
        });
    }
}

/// Hands an answer to the station; it is gone only when the session has ended.
fn deliver(inputs: &Sender<Input>, input: Input) {
    if inputs.send(input).is_err() {
        tracing::info!("the session ended before a worker's answer came");
    }
}

/// A frame as it was recorded; one that has not reached the disk yet is waited for.
fn recorded(
    session: &Path,
    camera: vedette_model::CameraId,
    pts: vedette_model::Pts,
    captured: Option<Utc>,
) -> Result<vedette_ingest::RecordedFrame> {
    let mut tries = 0;
    loop {
        let frame = vedette_ingest::FrameStore::open(session, camera)
            .and_then(|mut s| s.frame_of_look(pts.0.unsigned_abs(), captured));
        tries += 1;
        match frame {
            Ok(f) => return Ok(f),
            Err(_) if tries < FRAME_TRIES => std::thread::sleep(FRAME_WAIT),
            Err(e) => return Err(e.into()),
        }
    }
}
