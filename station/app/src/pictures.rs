//! The console around a flight or a record: a window where there is a display, rendered pictures
//! where there is none. Without the `console` feature there are neither, and it says so.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use vedette_atlas::World;
use vedette_core::{Replay, StationView};
use vedette_model::OperatorId;
use vedette_panels::feeds::{DeskFeeds, ExerciseFeeds};
use vedette_panels::train::DeskModel;

use crate::flight::Flight;
use crate::review::Desk;

pub(crate) use shell::{desk, display_present, lacking, render, review, review_window, window};

/// What a console's room holds besides the station.
#[derive(Default)]
pub(crate) struct Room {
    /// The exercise, as its trainee may know it.
    pub(crate) exercise: Option<ExerciseFeeds>,
    /// An instructor's desk.
    pub(crate) desk: Option<DeskFeeds>,
    /// The desk is the only window: nobody sits at the trainee's.
    pub(crate) alone: bool,
}

/// A moment of an exercise worth a picture.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// What the desk showed.
    pub(crate) model: DeskModel,
    /// What the station showed.
    pub(crate) view: Arc<StationView>,
}

#[cfg(feature = "console")]
mod shell {
    use std::time::Duration;

    use anyhow::Context;
    use vedette_console::{ConsoleConfig, Feeds, Headless, Mode};
    use vedette_model::{AlertState, Priority};
    use vedette_panels::feeds::{ReviewFeeds, Slot, VideoSlots, ViewSlot, WireFeed, intents};
    use vedette_panels::plan::{PlanDesk, Trial};
    use vedette_panels::{Workspace, review::ReviewModel};

    use super::{
        Arc, AtomicBool, Desk, DeskFeeds, ExerciseFeeds, Flight, Moment, OperatorId, Path, Replay, Result, Room, World,
    };
    use crate::files;

    /// Intents on their way from the window; full is told to the operator.
    const INTENTS: usize = 64;
    /// Frames a headless console draws before its picture is taken: map, textures and text settle.
    const SETTLE: u32 = 12;

    /// A display a window can open on.
    pub(crate) fn display_present() -> bool {
        vedette_console::display_present().is_ok() && vedette_console::vulkan_present().is_ok()
    }

    /// What the window lacks on this machine: what, and the Debian package.
    pub(crate) fn lacking() -> Vec<(String, String)> {
        match vedette_console::vulkan_present() {
            Ok(()) => Vec::new(),
            Err(e) => vec![(format!("Vulkan driver ({e})"), "mesa-vulkan-drivers".into())],
        }
    }

    /// The console on a running flight; returns when the window is closed.
    pub(crate) fn window(
        flight: &Flight,
        world: &Arc<World>,
        title: &str,
        who: &OperatorId,
        stop: Arc<AtomicBool>,
        room: Room,
    ) -> Result<()> {
        let (tx, rx) = intents(INTENTS);
        let carrier = flight.carry(rx, stop.clone())?;
        let (desk, drafting) = crate::drafting::start(world.clone(), flight.seed(), flight.view(), stop.clone())?;
        let feeds = Feeds {
            view: flight.view(),
            video: flight.screen(),
            wire: flight.wire(),
            intents: tx,
            terrain: world.terrain.clone(),
            pictures: world.chart.pictures.clone(),
            review: None,
            exercise: room.exercise,
            instructor: room.desk,
            desk: Some(desk),
            stop: stop.clone(),
        };
        let cfg = ConsoleConfig {
            mode: if room.alone { Mode::Desk } else { Mode::Live },
            ..ConsoleConfig::new(title, who.clone())
        };
        let shown = vedette_console::run_window(&cfg, feeds);
        stop.store(true, std::sync::atomic::Ordering::Release);
        if carrier.join().is_err() {
            tracing::error!("the intent thread died");
        }
        if drafting.into_iter().any(|t| t.join().is_err()) {
            tracing::error!("a thread of the planning desk died");
        }
        shown.map(drop).context("the console could not be shown")
    }

    struct Easel {
        view: ViewSlot,
        video: VideoSlots,
        wire: WireFeed,
        model: Slot<ReviewModel>,
        desk: PlanDesk,
    }

    fn easel(size: (u32, u32), mode: Mode, who: &OperatorId, world: &World) -> Result<(Headless, Easel)> {
        let (tx, _rx) = intents(INTENTS);
        let easel = Easel {
            view: ViewSlot::default(),
            video: VideoSlots::default(),
            wire: crate::wire::feed(None),
            model: Slot::default(),
            desk: PlanDesk::default(),
        };
        let (acts, _acts) = std::sync::mpsc::sync_channel(16);
        let review = matches!(mode, Mode::Review).then(|| ReviewFeeds {
            model: easel.model.clone(),
            acts,
        });
        let cfg = ConsoleConfig {
            size,
            mode,
            ..ConsoleConfig::new("Vedette", who.clone())
        };
        let feeds = Feeds {
            view: easel.view.clone(),
            video: easel.video.clone(),
            wire: easel.wire.clone(),
            intents: tx,
            terrain: world.terrain.clone(),
            pictures: world.chart.pictures.clone(),
            review,
            exercise: None,
            instructor: None,
            desk: Some(easel.desk.clone()),
            stop: Arc::new(AtomicBool::new(false)),
        };
        Ok((Headless::new(&cfg, feeds)?, easel))
    }

    fn take(h: &mut Headless, path: &Path) -> Result<()> {
        h.steps(SETTLE);
        let p = h.screenshot()?;
        files::write(path, &files::png(p.width, p.height, &p.rgba)?)
    }

    /// Pictures of every screen at the moments that mattered, from the record.
    pub(crate) fn render(out: &Path, session: &Path, replay: &mut Replay, world: &World) -> Result<Vec<String>> {
        let who = OperatorId("operator-2".into());
        let end = replay.view().clone();
        let alert = end
            .alerts
            .values()
            .find(|a| a.priority == Priority::P1)
            .or_else(|| end.alerts.values().next());
        let moment = alert.map_or(end.utc, |a| a.raised_utc.plus_us(3_000_000));
        let mut desk = Desk::open(session, &who, "pictures of the demo")?;
        let mut names = Vec::new();
        let view = Arc::new(replay.seek(moment).clone());
        let wire = Arc::new(crate::wire::of_log(&session.with_extension("tlog"), &view));
        for (name, size, workspace) in [
            ("fly.png", (1920, 1080), Workspace::Fly),
            ("fly-720.png", (1280, 720), Workspace::Fly),
            ("plan.png", (1920, 1080), Workspace::Plan),
            ("train.png", (1920, 1080), Workspace::Train),
            ("inspect.png", (1920, 1080), Workspace::Inspect),
            ("inspect-720.png", (1280, 720), Workspace::Inspect),
        ] {
            let (mut h, e) = easel(size, Mode::Live, &who, world)?;
            desk.act(vedette_panels::review::ReviewAct::Seek(moment));
            if let Ok(f) = desk.frame() {
                e.video.put(Arc::new(f));
            }
            e.wire.rows.put(wire.clone());
            e.view.put(view.clone());
            if workspace == Workspace::Plan {
                let trial = Trial {
                    revision: 1,
                    brief: view.brief.clone(),
                };
                let seed = replay.setup().seed;
                e.desk
                    .tried
                    .put(Arc::new(crate::drafting::attempt(&trial, world, seed, None)));
            }
            h.steps(3);
            let local = h.local();
            local.workspace = workspace;
            local.selected = alert.and_then(|a| a.vehicle);
            local.camera = alert.and_then(|a| a.camera);
            local.alert = alert.map(|a| a.id);
            take(&mut h, &out.join(name))?;
            names.push(name.to_owned());
        }
        // Review stands where the person confirmed.
        let confirmed = alert.and_then(|a| match &a.state {
            AlertState::Confirmed { .. } => Some(a.captured),
            _ => None,
        });
        if let Some(c) = alert.and_then(|a| a.camera) {
            desk.act(vedette_panels::review::ReviewAct::Camera(c));
        }
        desk.act(vedette_panels::review::ReviewAct::Seek(confirmed.unwrap_or(moment)));
        review_at(&mut desk, world, &out.join("review.png"))?;
        names.push("review.png".into());
        Ok(names)
    }

    fn review_at(desk: &mut Desk, world: &World, path: &Path) -> Result<()> {
        let who = desk.who().clone();
        let (mut h, e) = easel((1920, 1080), Mode::Review, &who, world)?;
        let model = Arc::new(desk.model());
        e.view.put(model.view.clone());
        e.model.put(model);
        match desk.frame() {
            Ok(f) => {
                h.local().camera = Some(f.camera);
                e.video.put(Arc::new(f));
            }
            Err(err) => tracing::warn!("review picture without its frame: {err:#}"),
        }
        take(&mut h, path)
    }

    /// The instructor's desk and the trainee's briefing at one moment of a run.
    pub(crate) fn desk(
        out: &Path,
        session: &Path,
        world: &World,
        who: &OperatorId,
        exercise: &ExerciseFeeds,
        moment: &Moment,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut desk = Desk::open(session, who, "pictures of the exercise")?;
        let alert = moment.view.alerts.values().rev().find(|a| a.camera.is_some());
        if let Some(c) = alert.and_then(|a| a.camera) {
            desk.act(vedette_panels::review::ReviewAct::Camera(c));
        }
        desk.act(vedette_panels::review::ReviewAct::Seek(moment.view.utc));
        for (name, size, mode) in [
            ("desk.png", (1920, 1080), Mode::Desk),
            ("desk-720.png", (1280, 720), Mode::Desk),
            ("briefing.png", (1920, 1080), Mode::Live),
        ] {
            let (tx, _rx) = intents(INTENTS);
            let (acts, _acts) = std::sync::mpsc::sync_channel(16);
            let (view, video, model) = (ViewSlot::default(), VideoSlots::default(), Slot::default());
            let feeds = Feeds {
                view: view.clone(),
                video: video.clone(),
                wire: crate::wire::feed(None),
                intents: tx,
                terrain: world.terrain.clone(),
                pictures: world.chart.pictures.clone(),
                review: None,
                exercise: Some(exercise.clone()),
                desk: None,
                instructor: (mode == Mode::Desk).then(|| DeskFeeds {
                    model: model.clone(),
                    acts,
                }),
                stop: Arc::new(AtomicBool::new(false)),
            };
            let cfg = ConsoleConfig {
                size,
                mode,
                ..ConsoleConfig::new("Vedette", who.clone())
            };
            let mut h = Headless::new(&cfg, feeds)?;
            match desk.frame() {
                Ok(f) => {
                    h.local().camera = Some(f.camera);
                    video.put(Arc::new(f));
                }
                Err(e) => tracing::warn!("the picture goes without its frame: {e:#}"),
            }
            view.put(moment.view.clone());
            model.put(Arc::new(moment.model.clone()));
            if mode == Mode::Live {
                h.local().workspace = Workspace::Train;
            }
            take(&mut h, &out.join(name))?;
            names.push(name.to_owned());
        }
        Ok(names)
    }

    /// The review as one picture.
    pub(crate) fn review(desk: &mut Desk, path: &Path) -> Result<()> {
        let world = desk.world()?;
        review_at(desk, &world, path)
    }

    /// The review in a window; the desk works on a thread beside it.
    pub(crate) fn review_window(mut desk: Desk) -> Result<()> {
        vedette_console::display_present()?;
        let world = desk.world()?;
        let who = desk.who().clone();
        let (tx, _rx) = intents(INTENTS);
        let (acts, asked) = std::sync::mpsc::sync_channel(64);
        let (view, video, model) = (ViewSlot::default(), VideoSlots::default(), Slot::default());
        let stop = Arc::new(AtomicBool::new(false));
        let feeds = Feeds {
            view: view.clone(),
            video: video.clone(),
            wire: crate::wire::feed(None),
            intents: tx,
            terrain: world.terrain.clone(),
            pictures: world.chart.pictures.clone(),
            review: Some(ReviewFeeds {
                model: model.clone(),
                acts,
            }),
            exercise: None,
            instructor: None,
            desk: None,
            stop: stop.clone(),
        };
        let worker = {
            let stop = stop.clone();
            std::thread::Builder::new().name("review".into()).spawn(move || {
                let step = Duration::from_millis(40);
                let mut fresh = true;
                while !stop.load(std::sync::atomic::Ordering::Acquire) {
                    if fresh {
                        if let Ok(f) = desk.frame() {
                            video.put(Arc::new(f));
                        }
                        let m = Arc::new(desk.model());
                        view.put(m.view.clone());
                        model.put(m);
                    }
                    fresh = match asked.recv_timeout(step) {
                        Ok(act) => {
                            if !desk.act(act) {
                                stop.store(true, std::sync::atomic::Ordering::Release);
                            }
                            true
                        }
                        Err(_) => desk.advance(step.as_secs_f64()),
                    };
                }
            })?
        };
        let cfg = ConsoleConfig {
            mode: Mode::Review,
            ..ConsoleConfig::new("Vedette · review", who)
        };
        let shown = vedette_console::run_window(&cfg, feeds);
        stop.store(true, std::sync::atomic::Ordering::Release);
        if worker.join().is_err() {
            tracing::error!("the review thread died");
        }
        shown.map(drop).context("the review could not be shown")
    }
}

#[cfg(not(feature = "console"))]
mod shell {
    use super::{Arc, AtomicBool, Desk, ExerciseFeeds, Flight, Moment, OperatorId, Path, Replay, Result, Room, World};

    const WITHOUT: &str = "this build has no console; build with the feature `console`";

    pub(crate) fn display_present() -> bool {
        false
    }
    pub(crate) fn lacking() -> Vec<(String, String)> {
        Vec::new()
    }
    pub(crate) fn window(
        _: &Flight,
        _: &Arc<World>,
        _: &str,
        _: &OperatorId,
        _: Arc<AtomicBool>,
        _: Room,
    ) -> Result<()> {
        anyhow::bail!(WITHOUT)
    }
    pub(crate) fn render(_: &Path, _: &Path, _: &mut Replay, _: &World) -> Result<Vec<String>> {
        tracing::warn!("{WITHOUT}: no pictures");
        Ok(Vec::new())
    }
    pub(crate) fn desk(
        _: &Path,
        _: &Path,
        _: &World,
        _: &OperatorId,
        _: &ExerciseFeeds,
        _: &Moment,
    ) -> Result<Vec<String>> {
        tracing::warn!("{WITHOUT}: no pictures");
        Ok(Vec::new())
    }
    pub(crate) fn review(_: &mut Desk, _: &Path) -> Result<()> {
        anyhow::bail!(WITHOUT)
    }
    pub(crate) fn review_window(_: Desk) -> Result<()> {
        anyhow::bail!(WITHOUT)
    }
}
