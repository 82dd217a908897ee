//! Serves a scenario on the wire: aircraft as MAVLink over UDP, TCP or a serial line, cameras as
//! MPEG-TS over UDP and RTSP, ground sensors as JSON lines and NMEA 0183.
//!
//! Shell. One thread flies all aircraft and owns their sockets; one thread per aircraft renders,
//! encodes and sends its pictures. Overflow: when the machine is short of time whole pictures are
//! left out and counted; telemetry never is. Knows no station.

pub(crate) mod fly;
mod instructor;
mod outlets;
mod ports;
mod record;
mod rtsp;
pub(crate) mod video;
mod way;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use instructor::Pace;

pub use instructor::Instructor;
pub use video::Stream;

use serde::Serialize;
use vedette_atlas::World;
use vedette_model::{CameraId, Mono};
use vedette_sim_vehicle::{Fault, ReportedState, TrueState};

use crate::render::Quality;
use crate::scenario::{Newcomer, Scenario};
use crate::sky::PicturePath;
use crate::trouble::{ActiveFault, FaultId, Trouble};
use crate::truth::TruthLine;
use crate::{Scene, SimError};

/// Where ground sensors speak unless told otherwise: IANA's port of NMEA 0183, and one of ours.
const NMEA_PORT: u16 = 10_110;
const SENSOR_PORT: u16 = 5_670;

/// A clock in microseconds of the scenario; it may run faster than the wall's.
pub type Clock = Arc<dyn Fn() -> Mono + Send + Sync>;

/// How an aircraft's telemetry meets a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Sends to this address from a port of its own (`udpout:HOST:PORT`).
    Connect(SocketAddr),
    /// Waits for a station at this address (`udpin:HOST:PORT`); the n-th further aircraft waits
    /// n ports higher.
    Listen(SocketAddr),
    /// Serves stations over TCP at this address (`tcpin:HOST:PORT`); the n-th further aircraft n
    /// ports higher.
    Tcp(SocketAddr),
    /// A pseudo-terminal as a serial line (`serial:` or `serial:PATH`); with a path a link of that
    /// name points to it, `-2`, `-3` ... for further aircraft.
    Serial(Option<PathBuf>),
}

/// Where an autopilot is heard that the world follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowEndpoint {
    /// It sends to this address (`udpin:HOST:PORT`).
    Listen(SocketAddr),
    /// It serves TCP at this address (`tcp:HOST:PORT`), as ArduPilot SITL does on 5760, 5762, 5763.
    Tcp(SocketAddr),
}

/// Where video goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VideoTarget {
    /// The scenario's ports on 127.0.0.1.
    #[default]
    Scenario,
    /// The scenario's ports on another host.
    Host(std::net::IpAddr),
    /// The first stream to this address, each further stream one port higher.
    Base(SocketAddr),
    /// No pictures at all.
    Off,
}

/// What serving needs besides the scenario.
#[derive(Clone)]
pub struct ServeConfig {
    /// Time of the scenario; second 0 is `Mono::ZERO`.
    pub clock: Clock,
    /// Telemetry.
    pub mavlink: Endpoint,
    /// A second way to the same station, where the first is a connection.
    pub second: Option<SocketAddr>,
    /// Video.
    pub video: VideoTarget,
    /// Where video is served to players besides, as `rtsp://HOST:PORT/CAMERA`.
    pub rtsp: Option<SocketAddr>,
    /// Where geophones, tower cameras and seals send their lines of JSON.
    pub sensors: SocketAddr,
    /// Where AIS receivers send their sentences.
    pub ais: SocketAddr,
    /// Autopilots elsewhere that the aircraft of the same system ids follow; with any, no aircraft
    /// of the scenario flies or speaks by itself.
    pub follow: Vec<FollowEndpoint>,
    /// Truth as JSON lines.
    pub truth: Option<PathBuf>,
    /// Pictures per second as a share of the scenario's (1 = as written).
    pub frame_rate_share: f64,
    /// How much work a picture is worth.
    pub quality: Quality,
}

impl std::fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeConfig")
            .field("mavlink", &self.mavlink)
            .field("video", &self.video)
            .field("rtsp", &self.rtsp)
            .field("follow", &self.follow)
            .field("truth", &self.truth)
            .field("frame_rate_share", &self.frame_rate_share)
            .field("quality", &self.quality)
            .finish_non_exhaustive()
    }
}

impl ServeConfig {
    /// Telemetry to a station on this machine's port 14550, everything as the scenario says.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            mavlink: Endpoint::Connect(SocketAddr::from(([127, 0, 0, 1], 14_550))),
            second: None,
            video: VideoTarget::Scenario,
            rtsp: None,
            sensors: SocketAddr::from(([127, 0, 0, 1], SENSOR_PORT)),
            ais: SocketAddr::from(([127, 0, 0, 1], NMEA_PORT)),
            follow: Vec::new(),
            truth: None,
            frame_rate_share: 1.0,
            quality: Quality::Standard,
        }
    }
}

/// A clock that goes on only when told to.
#[derive(Debug, Clone, Default)]
pub struct StepClock(Arc<AtomicI64>);

impl StepClock {
    /// The clock to serve by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let at = Arc::clone(&self.0);
        Arc::new(move || Mono(at.load(Ordering::Acquire)))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Mono {
        Mono(self.0.load(Ordering::Acquire))
    }

    /// Goes on by so many seconds of the scenario, ten at most; less than none is none.
    pub fn advance(&self, seconds: f64) {
        let us = (seconds.clamp(0.0, 10.0) * 1e6).round() as i64;
        self.0.fetch_add(us, Ordering::AcqRel);
    }
}

/// A clock that starts now at zero and runs `speed` times as fast as the wall's.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the simulator reads the machine's clock"
)]
pub fn scaled_clock(speed: f64) -> Clock {
    let start = std::time::Instant::now();
    Arc::new(move || Mono((start.elapsed().as_secs_f64() * speed * 1e6) as i64))
}

/// Counters of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct StreamStats {
    /// Pictures rendered, encoded and sent.
    pub sent: u64,
    /// Pictures left out because the machine was short of time.
    pub left_out: u64,
    /// Datagrams sent.
    pub datagrams: u64,
    /// Datagrams the system refused to send.
    pub refused: u64,
    /// Datagrams lost on the way by faults and radio.
    pub lost: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Machine time of the last picture's rendering, microseconds.
    pub render_us: u64,
    /// Machine time of the last picture's encoding, microseconds.
    pub encode_us: u64,
}

/// Counters of one aircraft.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct VehicleStats {
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams received.
    pub received: u64,
    /// Datagrams the system refused to send.
    pub refused: u64,
    /// Flight mode by the autopilot's name.
    pub mode: String,
    /// Motors armed.
    pub armed: bool,
    /// It hit the ground.
    pub crashed: bool,
}

/// Counters of a running simulation.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SimStats {
    /// Seconds of the scenario.
    pub t_s: f64,
    /// By system id.
    pub vehicles: BTreeMap<u8, VehicleStats>,
    /// By stream.
    pub streams: BTreeMap<CameraId, StreamStats>,
    /// Packets of video that came too fast for players to be served.
    pub players_lost: u64,
    /// What went wrong in a thread, if anything.
    pub failures: Vec<String>,
}

/// An aircraft's state as the video threads see it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) truth: TrueState,
    pub(crate) reported: ReportedState,
    pub(crate) path: PicturePath,
}

/// What the instructor's side asks of the flight thread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    Vehicle(u8, Fault),
    Inject(Trouble, Option<u8>),
    Remove(FaultId),
    Join(Newcomer),
}

/// Orders waiting for the flight thread; further ones are refused.
const ORDERS: usize = 256;

/// What the threads share.
pub(crate) struct Shared {
    /// As it began.
    pub(crate) scenario: Arc<Scenario>,
    /// With everybody who was put in since.
    plays: Mutex<Arc<Scenario>>,
    world: Arc<World>,
    clock: Clock,
    pace: Mutex<Pace>,
    pub(crate) stop: AtomicBool,
    /// By system id: the states of the last two seconds, oldest first, never empty. A picture is
    /// of the moment it was due, even when it is rendered later.
    pub(crate) snapshots: Mutex<BTreeMap<u8, VecDeque<Snapshot>>>,
    pub(crate) stats: Mutex<SimStats>,
    pub(crate) orders: Mutex<Vec<Order>>,
    pub(crate) active: Mutex<Vec<ActiveFault>>,
    /// By video thread: the moment from which it would have to leave a picture out, microseconds;
    /// `i64::MAX` once it ended.
    pub(crate) late_at: Vec<AtomicI64>,
    /// How far the flight has come, and who waits for it.
    flown: (Mutex<Mono>, Condvar),
    /// Packets for players, where there is an RTSP server.
    shelf: rtsp::Shelf,
    players: bool,
    truth: Option<Mutex<std::io::BufWriter<std::fs::File>>>,
    truth_lost: AtomicU64,
}

/// A lock whose holder died still holds plain counters and states: go on with them.
pub(crate) fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn truth(&self, system: u8) -> Option<TrueState> {
        lock(&self.snapshots)
            .get(&system)
            .and_then(VecDeque::back)
            .map(|s| s.truth.clone())
    }

    /// The scenario with everybody who was put in.
    pub(crate) fn plays(&self) -> Arc<Scenario> {
        Arc::clone(&lock(&self.plays))
    }

    /// Somebody was put in.
    pub(crate) fn now_plays(&self, s: &Arc<Scenario>) {
        *lock(&self.plays) = Arc::clone(s);
    }

    /// The flight has come so far.
    pub(crate) fn flown_to(&self, at: Mono) {
        *lock(&self.flown.0) = at;
        self.flown.1.notify_all();
    }

    /// Time of the scenario, as the instructor bends it.
    pub(crate) fn now(&self) -> Mono {
        let outer = (self.clock)();
        lock(&self.pace).now(outer)
    }

    fn bend(&self, change: impl FnOnce(&mut Pace)) {
        let outer = (self.clock)();
        let mut p = lock(&self.pace);
        let at = p.now(outer);
        *p = Pace { from: outer, at, ..*p };
        change(&mut p);
    }

    fn order(&self, o: Order) -> bool {
        let mut all = lock(&self.orders);
        if all.len() >= ORDERS {
            return false;
        }
        all.push(o);
        true
    }

    pub(crate) fn fail(&self, what: String) {
        tracing::error!("{what}");
        lock(&self.stats).failures.push(what);
    }

    pub(crate) fn tell(&self, line: &TruthLine, flush: bool) {
        use std::io::Write as _;
        let Some(t) = &self.truth else {
            return;
        };
        let mut t = lock(t);
        let done = t
            .write_all(line.to_json().as_bytes())
            .and_then(|()| if flush { t.flush() } else { Ok(()) });
        if let Err(e) = done
            && self.truth_lost.fetch_add(1, Ordering::Relaxed) == 0
        {
            self.fail(format!("the truth file cannot be written: {e}"));
        }
    }
}

/// Starts scenarios.
#[derive(Debug, Clone, Copy)]
pub struct Simulation;

/// A running simulation; stops when dropped.
pub struct SimHandle {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    addresses: BTreeMap<u8, SocketAddr>,
    ways: BTreeMap<u8, String>,
    players_at: Option<SocketAddr>,
    scene: Option<Arc<Scene>>,
}

impl std::fmt::Debug for SimHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimHandle")
            .field("threads", &self.threads.len())
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl Simulation {
    /// Opens sockets and files, builds the scene, starts the encoders and the threads.
    ///
    /// # Errors
    /// [`SimError`] when a socket, the truth file, the terrain or an encoder is not to be had, all
    /// of them at once ([`SimError::Several`]); nothing is left running then.
    pub fn start(scenario: Scenario, world: Arc<World>, config: ServeConfig) -> Result<SimHandle, SimError> {
        let watched = (config.video != VideoTarget::Off || config.rtsp.is_some())
            && scenario.vehicles.iter().any(|v| !v.cameras.is_empty());
        let mut wrong = Vec::new();
        let targets = video::targets(&scenario, &config.video);
        ports::clashes(&scenario, &config, &targets, &mut wrong);
        let ids: Vec<CameraId> = scenario
            .vehicles
            .iter()
            .flat_map(|v| &v.cameras)
            .map(|c| c.id)
            .collect();
        let server = match config.rtsp {
            Some(at) if watched => rtsp::Server::open(at, ids.clone()).map_err(|e| wrong.push(e)).ok(),
            _ => None,
        };
        let players_at = server.as_ref().and_then(rtsp::Server::address);
        let uris = uris(&ids, &targets, players_at);
        let scene = match watched.then(|| scenario.scene(&world)) {
            Some(Ok(s)) => Some(Arc::new(s)),
            Some(Err(e)) => {
                wrong.push(e);
                None
            }
            None => None,
        };
        let scenario = Arc::new(scenario);
        let fleet = fly::open(&scenario, &world, &config, &uris, &mut wrong);
        let truth = config.truth.as_deref().and_then(|path| {
            record::Record::open(path)
                .map_err(|e| wrong.push(record::refused(path, e)))
                .ok()
        });
        let mut streams = Vec::new();
        if let Some(scene) = &scene {
            for v in scenario.vehicles.iter().filter(|v| !v.cameras.is_empty()) {
                let how = (config.frame_rate_share, config.quality, players_at.is_some());
                match video::Deck::open(v, &targets, Arc::clone(scene), &scenario, &world, how) {
                    Ok(d) => streams.push(d),
                    Err(e) => wrong.push(e),
                }
            }
        }
        // A refused start leaves an earlier run's record as it was: `Record` empties only now.
        SimError::all(wrong)?;
        let truth = match (truth, config.truth.as_deref()) {
            (Some(t), Some(path)) => Some(t.begin().map_err(|e| record::refused(path, e))?),
            _ => None,
        };
        let snapshots = fleet
            .sky
            .craft
            .iter()
            .map(|c| (c.system(), VecDeque::from([fly::snapshot(c)])))
            .collect();
        let shared = Arc::new(Shared {
            plays: Mutex::new(Arc::clone(&scenario)),
            scenario,
            world,
            clock: config.clock,
            // The scenario's second 0 is the clock's.
            pace: Mutex::new(Pace {
                from: Mono::ZERO,
                at: Mono::ZERO,
                speed: 1.0,
                paused: false,
            }),
            stop: AtomicBool::new(false),
            snapshots: Mutex::new(snapshots),
            stats: Mutex::new(SimStats::default()),
            orders: Mutex::new(Vec::new()),
            active: Mutex::new(Vec::new()),
            late_at: streams.iter().map(|_| AtomicI64::new(1)).collect(),
            flown: (Mutex::new(Mono::ZERO), Condvar::new()),
            shelf: rtsp::Shelf::default(),
            players: players_at.is_some(),
            truth: truth.map(|f| Mutex::new(std::io::BufWriter::new(f))),
            truth_lost: AtomicU64::new(0),
        });
        let mut handle = SimHandle {
            shared: Arc::clone(&shared),
            threads: Vec::new(),
            addresses: fleet.addresses(),
            ways: fleet.ways(),
            players_at,
            scene,
        };
        let s = Arc::clone(&shared);
        handle.spawn("sim-flight".to_owned(), move || fly::run(&s, fleet))?;
        for (k, deck) in streams.into_iter().enumerate() {
            let s = Arc::clone(&shared);
            handle.spawn(format!("sim-video-{}", deck.system()), move || {
                video::run(&s, k, deck);
                s.late_at[k].store(i64::MAX, Ordering::Release);
            })?;
        }
        if let Some(server) = server {
            let s = Arc::clone(&shared);
            handle.spawn("sim-rtsp".to_owned(), move || rtsp::run(&s, server))?;
        }
        Ok(handle)
    }
}

/// What each aircraft says of where its video is: players are sent to the RTSP server.
fn uris(
    ids: &[CameraId],
    targets: &BTreeMap<CameraId, SocketAddr>,
    players_at: Option<SocketAddr>,
) -> BTreeMap<CameraId, String> {
    ids.iter()
        .filter_map(|id| {
            let players = players_at.map(|mut at| {
                if at.ip().is_unspecified() {
                    at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
                }
                format!("rtsp://{at}/{}", id.0)
            });
            let plain = || targets.get(id).map(|to| format!("udp://{to}"));
            Some((*id, players.or_else(plain)?))
        })
        .collect()
}

impl SimHandle {
    fn spawn(&mut self, name: String, work: impl FnOnce() + Send + 'static) -> Result<(), SimError> {
        let t = std::thread::Builder::new()
            .name(name)
            .spawn(work)
            .map_err(|e| SimError::Shell {
                what: format!("no thread for the simulation: {e}"),
                source: Some(Box::new(e)),
            })?;
        self.threads.push(t);
        Ok(())
    }

    /// Counters so far.
    #[must_use]
    pub fn stats(&self) -> SimStats {
        let mut s = lock(&self.shared.stats).clone();
        s.t_s = self.shared.now().seconds();
        s
    }

    /// The scenario that runs.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.shared.scenario
    }

    /// The scene, if anything is watched.
    #[must_use]
    pub fn scene(&self) -> Option<&Arc<Scene>> {
        self.scene.as_ref()
    }

    /// The moment from which a picture would have to be left out, as a value that stays live: a
    /// session whose clock stays before it loses none, however slow the machine is, and stands
    /// still while the instructor holds the world. `Mono` of `i64::MAX` when there are no pictures
    /// (any more).
    #[must_use]
    pub fn late_at(&self) -> Arc<dyn Fn() -> Mono + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || {
            let at = shared.late_at.iter().map(|a| a.load(Ordering::Acquire)).min();
            lock(&shared.pace).outer(Mono(at.unwrap_or(i64::MAX)))
        })
    }

    /// Local address of each aircraft's telemetry socket.
    #[must_use]
    pub fn addresses(&self) -> &BTreeMap<u8, SocketAddr> {
        &self.addresses
    }

    /// Where a station finds each aircraft: `udp HOST:PORT`, `tcp:HOST:PORT`, `serial:PATH`.
    #[must_use]
    pub fn ways(&self) -> &BTreeMap<u8, String> {
        &self.ways
    }

    /// Where players find video, as `rtsp://HOST:PORT/CAMERA`.
    #[must_use]
    pub fn players_at(&self) -> Option<SocketAddr> {
        self.players_at
    }

    /// How far the flight has come; with a clock that stands still it comes to rest there.
    #[must_use]
    pub fn flown_to(&self) -> Mono {
        *lock(&self.shared.flown.0)
    }

    /// Waits until the flight has come to a moment, sockets served and faults in the record; false
    /// when it did not in so long a time of the machine.
    #[must_use]
    pub fn wait_flown(&self, to: Mono, patience: Duration) -> bool {
        let (at, turned) = &self.shared.flown;
        turned
            .wait_timeout_while(lock(at), patience, |at| *at < to)
            .is_ok_and(|(at, _)| *at >= to)
    }

    /// What is really so with an aircraft.
    #[must_use]
    pub fn truth(&self, system: u8) -> Option<TrueState> {
        self.shared.truth(system)
    }

    /// Breaks or mends something on an aircraft, past the record: for tests. An instructor uses
    /// [`Instructor::inject`].
    pub fn inject(&self, system: u8, fault: Fault) {
        if !self.shared.order(Order::Vehicle(system, fault)) {
            self.shared
                .fail(format!("more than {ORDERS} orders wait: {fault:?} is left out"));
        }
    }

    /// The instructor's side of the run.
    #[must_use]
    pub fn instructor(&self) -> Instructor {
        Instructor {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Ends all threads and closes all sockets; gives the last counters.
    #[must_use]
    pub fn stop(mut self) -> SimStats {
        self.end();
        self.stats()
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for t in self.threads.drain(..) {
            let name = t.thread().name().unwrap_or("?").to_owned();
            if t.join().is_err() {
                self.shared.fail(format!("thread {name} panicked"));
            }
        }
        if let Some(t) = &self.shared.truth {
            use std::io::Write as _;
            if let Err(e) = lock(t).flush() {
                self.shared.fail(format!("the truth file's end is lost: {e}"));
            }
        }
    }
}

impl Drop for SimHandle {
    fn drop(&mut self) {
        self.end();
    }
}
