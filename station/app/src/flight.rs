//! A station in flight: runtime, links and cameras wired together. The demo and `vedette station`
//! start the same thing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use serde::Deserialize;
use vedette_atlas::World;
use vedette_core::{EvidenceRequest, Input, OperatorSpec, StationView, ViewStamp};
use vedette_ingest::{FrameStore, IngestError, Moment, RecordedFrame, SourceSpec};
use vedette_journal::{Catalogue, SessionRow};
use vedette_model::plan::Brief;
use vedette_model::{CameraId, Intent, OperatorId, PlanRule, Request, Utc};
use vedette_panels::feeds::{VideoSlots, ViewSlot, WireFeed};
use vedette_sight::PoseSigmas;

use crate::cli::StationArgs;
use crate::clock::Clock;
use crate::cues::{Ears, Sensors};
use crate::offers::{self, Cameras};
use crate::runtime::{self, Ended, Parts, Running};
use crate::video::Around;
use crate::{Outcome, Stop, files, keys, setup, verbs};

/// SHA-256 of every analysed frame's grey picture, by camera and frame time.
pub(crate) type FrameHashes = BTreeMap<(CameraId, Utc), [u8; 32]>;

/// Waits of 50 ms between two tables of messages for the window.
const WIRE_TURNS: u32 = 10;

/// What a flight is made from.
pub(crate) struct FlightConfig {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) world: Arc<World>,
    pub(crate) brief: Brief,
    pub(crate) policy: vedette_sight::Policy,
    pub(crate) seed: u64,
    /// Who may use the station.
    pub(crate) people: Vec<OperatorSpec>,
    /// How many of them it takes to bring a plan to an aircraft.
    pub(crate) plan_rule: PlanRule,
    pub(crate) endpoints: Vec<String>,
    /// Parameter files the aircraft are held against, by tail number.
    pub(crate) baselines: BTreeMap<String, PathBuf>,
    /// Streams by camera; a camera of the brief's fleet that is not named gets a free local port.
    pub(crate) video: BTreeMap<CameraId, SourceSpec>,
    /// Where sensors on the ground are heard.
    pub(crate) sensors: Sensors,
    /// A detector network of others for the thermal cameras.
    pub(crate) model: Option<crate::model::Slot>,
    pub(crate) clock: Clock,
    pub(crate) clock_source: String,
}

/// A running flight.
pub(crate) struct Flight {
    running: Running,
    links: crate::radio::Radio,
    cameras: Cameras,
    offers: JoinHandle<()>,
    ears: Ears,
    view: ViewSlot,
    screen: VideoSlots,
    wire: WireFeed,
    hashes: Arc<Mutex<FrameHashes>>,
    dir: PathBuf,
    catalogue: Catalogue,
    row: SessionRow,
    seed: u64,
}

impl Flight {
    /// Opens links, cameras and the session.
    pub(crate) fn start(c: FlightConfig) -> Result<Self> {
        let utc = c.clock.utc();
        let session = setup::session_id(utc);
        let dir = c.root.join(&session.0);
        let identity = Arc::new(keys::open(&c.root.join("keys"), &c.name)?);
        let catalogue = Catalogue::open(&c.root)?;
        let baselines = setup::baselines(&c.brief, &c.baselines, &c.root.join("baselines"))?;
        let mut setup = setup::setup(
            session.clone(),
            &c.name,
            c.brief,
            &c.world,
            c.policy,
            c.seed,
            c.people,
            c.plan_rule,
        );
        setup.baselines = baselines;
        setup.detector = c.model.as_ref().map(crate::model::Slot::spec);
        let cameras = setup.cameras.clone();
        let row = SessionRow {
            id: session.0.clone(),
            dir: session.0,
            started: utc,
            watch: setup.brief.name.clone(),
            head: String::new(),
        };

        let link_keys = keys::aircraft(&c.root.join("keys"))?;
        let tlog = Some(dir.with_extension("tlog"));
        let mut links = crate::radio::Radio::open_keyed(&c.endpoints, c.clock.clone(), tlog, Some(link_keys))?;
        let (view, screen) = (ViewSlot::default(), VideoSlots::default());
        let publish = view.clone();
        let radio = links.station();
        let well = links.station();
        let gate = links.station();
        let sign = vedette_links::supervise::Sign::of_environment();
        let sign_clock = c.clock.clone();
        let chip_dir = dir.clone();
        let (offer, offered) = offers::queue();
        let running = runtime::start(Parts {
            setup,
            world: c.world.clone(),
            dir: dir.clone(),
            identity,
            clock: c.clock.clone(),
            submit: Arc::new(move |r: Request| radio.submit(r).map_err(|e| e.to_string())),
            block: Arc::new(move |link, peer, blocked| gate.block(link, peer, blocked).map_err(|e| e.to_string())),
            publish: Arc::new(move |v| {
                well.alive();
                sign.well(sign_clock.now());
                publish.put(v);
            }),
            chips: Arc::new(move |r, v| chips(&chip_dir, r, v)),
            offers: offer,
            screen: screen.clone(),
            clock_source: c.clock_source,
        })?;
        catalogue.note_session(&row)?;
        links.feed(running.inputs())?;

        let hashes = Arc::new(Mutex::new(FrameHashes::new()));
        let around = Around {
            waters: Arc::new(vedette_core::SiteLines::of(&c.world).surroundings()),
            world: c.world,
            clock: c.clock,
            inputs: running.inputs(),
            screen: screen.clone(),
            session: dir.clone(),
            sigmas: PoseSigmas::SMALL_UAS,
            hashes: hashes.clone(),
            model: c.model,
            beside: Arc::new(Mutex::new(BTreeMap::new())),
        };
        let of = u32::try_from(cameras.len()).unwrap_or(u32::MAX);
        let open = Cameras::none();
        for (i, spec) in (0u32..).zip(&cameras) {
            let source = match c.video.get(&spec.camera) {
                Some(s) => s.clone(),
                None => SourceSpec::Udp(SocketAddr::from(([127, 0, 0, 1], 0))),
            };
            open.start(spec, i, of, source, &around)?;
        }
        let ears = Ears::open(c.sensors, &around.clock, &running.inputs())?;
        let configured = c.video.into_keys().collect();
        let offers = offers::serve(offered, open.clone(), configured, around)?;
        Ok(Self {
            running,
            links,
            cameras: open,
            offers,
            ears,
            view,
            screen,
            wire: crate::wire::feed(Some(&dir.with_extension("tlog"))),
            hashes,
            dir,
            catalogue,
            row,
            seed: c.seed,
        })
    }

    /// Seed of everything random in this session.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Addresses MAVLink is awaited on.
    pub(crate) fn mavlink_addresses(&self) -> &[SocketAddr] {
        self.links.addresses()
    }

    /// Addresses video is awaited on, by camera.
    pub(crate) fn video_addresses(&self) -> BTreeMap<CameraId, SocketAddr> {
        self.cameras.addresses().into_iter().collect()
    }

    /// Where sensors on the ground are heard.
    pub(crate) fn sensors(&self) -> Sensors {
        self.ears.at
    }

    /// Joins other stations to the flight.
    pub(crate) fn beside(&self, forward: &[String], commands: bool) -> Result<()> {
        crate::link::beside(&self.links, forward, commands)
    }

    /// Newest view.
    pub(crate) fn view(&self) -> ViewSlot {
        self.view.clone()
    }

    /// Where inputs go.
    pub(crate) fn inputs(&self) -> Sender<Input> {
        self.running.inputs()
    }

    /// Newest frames.
    pub(crate) fn screen(&self) -> VideoSlots {
        self.screen.clone()
    }

    /// Messages on the wire, renewed by [`Self::carry`] while a window is open.
    pub(crate) fn wire(&self) -> WireFeed {
        self.wire.clone()
    }

    /// Session folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Hands a person's wish to the station.
    pub(crate) fn intent(&self, who: &OperatorId, intent: Intent, shown: ViewStamp) {
        give(&self.running.inputs(), who, intent, shown);
    }

    /// A thread that carries the window's intents to the station and, if asked, lets the script
    /// work beside the person.
    pub(crate) fn carry(
        &self,
        from: std::sync::mpsc::Receiver<vedette_panels::feeds::SentIntent>,
        stop: Arc<AtomicBool>,
    ) -> Result<JoinHandle<()>> {
        let inputs = self.running.inputs();
        let (station, wire) = (self.links.station(), self.wire());
        std::thread::Builder::new()
            .name("intents".into())
            .spawn(move || {
                let mut turns = 0_u32;
                while !stop.load(Ordering::Acquire) {
                    turns = turns.wrapping_add(1);
                    if turns % WIRE_TURNS == 1 {
                        wire.rows.put(Arc::new(crate::wire::rows(&station.inspect().rows)));
                    }
                    if let Ok((who, intent, shown)) = from.recv_timeout(std::time::Duration::from_millis(50)) {
                        give(&inputs, &who, intent, shown);
                    }
                }
            })
            .context("cannot start the intent thread")
    }

    /// Hashes of the analysed frames so far.
    pub(crate) fn frame_hashes(&self) -> FrameHashes {
        self.hashes.lock().map(|h| h.clone()).unwrap_or_default()
    }

    /// Ends links, cameras and session, in that order: nothing that arrived is lost.
    pub(crate) fn stop(self) -> Result<Ended> {
        let Self {
            running,
            links,
            cameras,
            offers,
            ears,
            catalogue,
            mut row,
            ..
        } = self;
        cameras.stop();
        ears.close();
        let ended = running.stop()?;
        if offers.join().is_err() {
            tracing::error!("the thread that opens offered streams died");
        }
        links.stop();
        row.head.clone_from(&ended.head);
        catalogue.note_session(&row)?;
        for (sealed, incident) in ended.bundles.iter().zip(ended.view.incidents.values()) {
            catalogue.note_incident(
                &incident.id.to_string(),
                &row.id,
                &sealed.evidence,
                &sealed.dir.display().to_string(),
                incident.from,
                incident.to,
                incident.outcome.as_deref().unwrap_or_default(),
                &sealed.manifest_sha256,
            )?;
        }
        Ok(ended)
    }
}

pub(crate) fn give(inputs: &Sender<Input>, who: &OperatorId, intent: Intent, shown: ViewStamp) {
    if inputs
        .send(Input::Operator {
            operator: who.clone(),
            intent,
            shown,
        })
        .is_err()
    {
        tracing::info!("an intent after the session's end");
    }
}

/// The alert's frame as a picture, from the recording.
fn chips(dir: &Path, r: &EvidenceRequest, v: &StationView) -> Vec<(String, Vec<u8>)> {
    let Some(alert) = v.incidents.get(&r.incident).and_then(|i| v.alerts.get(&i.alert)) else {
        return Vec::new();
    };
    let Some(camera) = alert.camera else { return Vec::new() };
    let mut out = Vec::new();
    let mut take =
        |name: String, camera: CameraId, frame: &dyn Fn(&mut FrameStore) -> Result<RecordedFrame, IngestError>| {
            let frame = FrameStore::open(dir, camera).and_then(|mut s| frame(&mut s));
            match frame
                .map_err(anyhow::Error::from)
                .and_then(|f| files::png(f.width, f.height, &f.rgba))
            {
                Ok(png) => out.push((name, png)),
                Err(e) => tracing::warn!("{name} is not in the evidence: {e:#}"),
            }
        };
    take(format!("chips/{camera}-{}.png", alert.id), camera, &|s| {
        s.frame_at(Moment::Utc(alert.captured))
    });
    // What somebody kept while it went on, of the cameras that belong to it: taken from the recording.
    let kept = v.kept.iter().filter(|k| {
        let during = k.captured.is_some_and(|t| (r.from..=r.to).contains(&t));
        during && r.cameras.contains(&k.camera)
    });
    for k in kept {
        let pts = k.pts.0.unsigned_abs();
        take(format!("chips/kept-{}", k.name), k.camera, &|s| {
            s.frame_of_look(pts, k.captured)
        });
    }
    out
}

/// Configuration of `vedette station`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StationFile {
    /// Station name in every record.
    name: String,
    /// Where sessions are kept.
    root: PathBuf,
    /// Site folder.
    site: PathBuf,
    /// Brief of the watch.
    brief: PathBuf,
    /// MAVLink endpoints.
    links: Vec<String>,
    /// Other stations that get every aircraft's frames, as endpoints (a QGroundControl beside us:
    /// `udpout:127.0.0.1:14551`).
    #[serde(default)]
    forward: Vec<String>,
    /// What those stations send reaches the aircraft.
    #[serde(default)]
    forward_commands: bool,
    /// Parameter files the aircraft are held against, by tail number; without one
    /// `ROOT/baselines/TAIL.param`, where the console keeps those it takes.
    #[serde(default)]
    baselines: BTreeMap<String, PathBuf>,
    /// Who flies: whoever sits at the console at the start.
    pilot: String,
    /// Everybody of the watch: `id`, `name`, `authority` (observer, sensor, pilot, supervisor). Nobody
    /// named: the pilot and a shift lead.
    #[serde(default)]
    people: Vec<OperatorSpec>,
    /// `two-persons` (the default): who puts a plan on the table does not approve it;
    /// `single-person`: the same person may, and every approval says so.
    #[serde(default)]
    plan_rule: PlanRule,
    /// Video streams by camera number (aircraft's system id times ten, plus one for thermal and two
    /// for visible): `udp://HOST:PORT` or `file:PATH`.
    #[serde(default)]
    video: BTreeMap<String, String>,
    /// Sensors on the ground: `json` and `ais`, each the IP and port they are heard at. Nobody vouches
    /// for what comes: listen where only your own sensors can speak.
    #[serde(default)]
    sensors: Sensors,
    /// Seed of the synthetic relief, if no terrain is found.
    #[serde(default)]
    seed: u64,
}

/// `vedette station`.
pub(crate) fn station(a: &StationArgs) -> Outcome {
    let usage = |e: String| Stop::Usage(e);
    let text = std::fs::read_to_string(&a.config)
        .map_err(|e| usage(format!("cannot read configuration {}: {e}", a.config.display())))?;
    let file: StationFile =
        toml::from_str(&text).map_err(|e| usage(format!("configuration {} is damaged: {e}", a.config.display())))?;
    let world = Arc::new(verbs::world(Some(&file.site), file.seed)?);
    let mut video = BTreeMap::new();
    for (camera, source) in &file.video {
        let id: u32 = camera
            .parse()
            .map_err(|_| usage(format!("video.{camera}: a camera is a number, as 11")))?;
        video.insert(
            CameraId(id),
            source.parse::<SourceSpec>().map_err(|e| usage(e.to_string()))?,
        );
    }
    let model = a.model.as_deref().map(crate::model::Slot::open).transpose()?;
    if let Some(m) = &model {
        verbs::say(&format!("detector network: {}", m.spec().line));
    }
    let clock = Clock::start(Clock::machine_utc(), 1.0);
    let pilot = OperatorId(file.pilot);
    let people = if file.people.is_empty() {
        setup::people(&pilot)
    } else {
        file.people
    };
    if !people.iter().any(|p| p.id == pilot) {
        return Err(usage(format!("pilot: {pilot} is not among the people")));
    }
    if file.plan_rule == PlanRule::Unstated {
        return Err(usage("plan_rule: two-persons or single-person".into()));
    }
    setup::fit(&people, file.plan_rule).map_err(usage)?;
    let flight = Flight::start(FlightConfig {
        name: file.name,
        root: file.root,
        brief: verbs::brief(&file.brief)?,
        world: world.clone(),
        policy: vedette_sight::Policy::default(),
        seed: file.seed,
        people,
        plan_rule: file.plan_rule,
        endpoints: file.links,
        baselines: file.baselines,
        video,
        sensors: file.sensors,
        model,
        clock: clock.clone(),
        clock_source: "machine".into(),
    })?;
    flight.beside(&file.forward, file.forward_commands)?;
    verbs::say(&format!(
        "session {} · links {:?}",
        flight.dir().display(),
        flight.mavlink_addresses()
    ));
    if a.window {
        let stop = Arc::new(AtomicBool::new(false));
        crate::pictures::window(
            &flight,
            &world,
            "Vedette",
            &pilot,
            stop,
            crate::pictures::Room::default(),
        )
        .map_err(|e| Stop::Machine(format!("{e:#}")))?;
    } else {
        let mut told = crate::demo::Told::default();
        let view = flight.view();
        let until = a.seconds.unwrap_or(f64::INFINITY);
        let stop = interrupted()?;
        while clock.now().seconds() < until && !stop.load(Ordering::Acquire) {
            std::thread::sleep(clock.real(250));
            if let Some((_, v)) = view.latest() {
                told.tell(&v);
            }
        }
    }
    let ended = flight.stop()?;
    verbs::say(&format!("{} inputs recorded, view {}", ended.entries, ended.digest));
    Ok(())
}

/// A flag that Ctrl-C sets, so that recordings are closed.
pub(crate) fn interrupted() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = flag.clone();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let waited = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|rt| rt.block_on(tokio::signal::ctrl_c()));
            if let Ok(Ok(())) = waited {
                set.store(true, Ordering::Release);
            }
        })
        .context("cannot watch for Ctrl-C")?;
    Ok(flag)
}
