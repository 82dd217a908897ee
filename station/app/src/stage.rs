//! Station and simulator on one clock: how the demo and every exercise begin.
//!
//! Invariant: the two meet on sockets of this machine and share nothing but time. The station never
//! sees the scenario or its truth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use vedette_atlas::World;
use vedette_model::plan::Brief;
use vedette_model::{CameraId, Mono, OperatorId, PlanRule};
use vedette_sim::{Endpoint, FollowEndpoint, Overrides, Quality, Scenario, ServeConfig, SimHandle, Simulation};

use crate::clock::Clock;
use crate::cues::Sensors;
use crate::flight::{Flight, FlightConfig};

/// What the simulated cameras' pictures are worth on this machine.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Effort {
    /// How much work a picture is worth: fast, standard or fine; default what this machine has
    /// cores for.
    #[arg(long)]
    quality: Option<Quality>,
    /// Pictures per second as a share of the scenario's, 0.05 to 1; default 1, and 0.5 on fewer than
    /// six cores.
    #[arg(long, value_parser = share)]
    picture_rate: Option<f64>,
}

fn share(s: &str) -> Result<f64, String> {
    let v: f64 = s.parse().map_err(|_| format!("{s} is no number"))?;
    if (0.05..=1.0).contains(&v) {
        Ok(v)
    } else {
        Err("allowed is 0.05 to 1".into())
    }
}

impl Effort {
    /// Quality, and pictures per second as a share, beside a station. Two cores render, encode, decode
    /// and analyse four streams: half the scenario's pictures leave room for the station.
    fn on(self, cores: usize, streams: usize) -> (Quality, f64) {
        let afforded = match Quality::affordable(cores, streams) {
            Quality::Fine => Quality::Fine,
            Quality::Standard | Quality::Fast => Quality::Standard,
        };
        let rate = if cores < 6 { 0.5 } else { 1.0 };
        (self.quality.unwrap_or(afforded), self.picture_rate.unwrap_or(rate))
    }
}

/// What a simulated watch is made from.
pub(crate) struct Staging {
    /// Where sessions are kept.
    pub(crate) root: PathBuf,
    /// Site.
    pub(crate) world: Arc<World>,
    /// Brief of the watch.
    pub(crate) brief: Brief,
    /// Who flies.
    pub(crate) pilot: OperatorId,
    /// How many people it takes to bring a plan to an aircraft.
    pub(crate) plan_rule: PlanRule,
    /// What is simulated.
    pub(crate) scenario: Scenario,
    /// Seed of everything random.
    pub(crate) seed: u64,
    /// UDP port for MAVLink; 0 takes a free one.
    pub(crate) port: u16,
    /// Where the truth goes; `None`: beside the session's folder, never in it.
    pub(crate) truth: Option<PathBuf>,
    /// Time of both.
    pub(crate) clock: Clock,
    /// Autopilots elsewhere that fly instead of the simulated ones.
    pub(crate) others: Others,
    /// What pictures are worth.
    pub(crate) effort: Effort,
}

/// Autopilots elsewhere (ArduPilot SITL, PX4 SITL): where the station reaches them, and where the
/// world hears them, to follow where they say they are. The scenario's aircraft of the same system
/// ids carry the cameras.
#[derive(Debug, Clone, Default)]
pub(crate) struct Others {
    /// The station's endpoints, as `tcp:127.0.0.1:5760` or `udpin:0.0.0.0:14550`.
    pub(crate) station: Vec<String>,
    /// The world's own.
    pub(crate) world: Vec<FollowEndpoint>,
}

impl Others {
    /// From the flags `--autopilot` and `--follow`.
    pub(crate) fn of(station: &[String], world: &[String]) -> Result<Self, String> {
        if station.is_empty() != world.is_empty() {
            return Err(
                "--autopilot and --follow belong together: the station flies the autopilot, the world follows it"
                    .into(),
            );
        }
        let follow = |text: &String| {
            let (kind, rest) = text.split_once(':').unwrap_or(("", text));
            let at = rest
                .parse()
                .map_err(|_| format!("--follow {text}: give udpin:IP:PORT or tcp:IP:PORT"))?;
            match kind {
                "udpin" => Ok(FollowEndpoint::Listen(at)),
                "tcp" => Ok(FollowEndpoint::Tcp(at)),
                _ => Err(format!("--follow {text}: give udpin:IP:PORT or tcp:IP:PORT")),
            }
        };
        Ok(Self {
            station: station.to_vec(),
            world: world.iter().map(follow).collect::<Result<_, _>>()?,
        })
    }
}

/// A watch under way, and the other end of its wires.
pub(crate) struct Staged {
    /// The station.
    pub(crate) flight: Flight,
    /// The simulator.
    pub(crate) sim: SimHandle,
    /// Where the truth goes.
    pub(crate) truth: PathBuf,
}

/// Reads a scenario file.
pub(crate) fn scenario(path: &Path, world: &World, seed: u64) -> Result<Scenario> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the scenario {} cannot be read", path.display()))?;
    Ok(parse(&text, &path.display().to_string(), world, seed)?)
}

/// A scenario's text, with this run's seed.
pub(crate) fn parse(text: &str, name: &str, world: &World, seed: u64) -> Result<Scenario, vedette_sim::SimError> {
    let over = Overrides {
        seed: Some(seed),
        times: BTreeMap::new(),
    };
    Scenario::parse_with(text, name, world, &over)
}

impl Staging {
    /// Starts both.
    pub(crate) fn start(self) -> Result<Staged> {
        let flight = Flight::start(FlightConfig {
            name: "CU-GCS-1".into(),
            root: self.root,
            world: self.world.clone(),
            brief: self.brief,
            policy: vedette_sight::Policy::default(),
            seed: self.seed,
            people: crate::setup::people(&self.pilot),
            plan_rule: self.plan_rule,
            endpoints: if self.others.station.is_empty() {
                // Two ways to every aircraft, as a radio and a mobile network would be.
                vec![format!("udpin:127.0.0.1:{}", self.port), "udpin:127.0.0.1:0".to_owned()]
            } else {
                self.others.station
            },
            baselines: BTreeMap::new(),
            video: BTreeMap::new(),
            sensors: Sensors {
                json: Some(([127, 0, 0, 1], 0).into()),
                ais: Some(([127, 0, 0, 1], 0).into()),
            },
            model: None,
            clock: self.clock.clone(),
            clock_source: "simulated".into(),
        })?;
        let truth = self.truth.unwrap_or_else(|| flight.dir().with_extension("truth.jsonl"));
        let time = self.clock.clone();
        let mut serve = ServeConfig::new(Arc::new(move || time.now()));
        if self.others.world.is_empty() {
            let mut ways = flight.mavlink_addresses().iter().copied();
            let mavlink = ways.next();
            serve.second = ways.next();
            serve.mavlink = Endpoint::Connect(mavlink.context("the station listens nowhere")?);
        }
        if let (Some(json), Some(ais)) = (flight.sensors().json, flight.sensors().ais) {
            (serve.sensors, serve.ais) = (json, ais);
        }
        serve.follow = self.others.world;
        serve.truth = Some(truth.clone());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let streams = self.scenario.vehicles.iter().map(|v| v.cameras.len()).sum();
        (serve.quality, serve.frame_rate_share) = self.effort.on(cores, streams);
        let mut scene = self.scenario;
        // Both ends of the wire count the same seconds; the simulated day keeps the scenario's light.
        scene.epoch = self.clock.utc_at(Mono::ZERO);
        let video: BTreeMap<CameraId, _> = flight.video_addresses();
        for c in scene.vehicles.iter_mut().flat_map(|v| &mut v.cameras) {
            if let Some(a) = video.get(&c.id) {
                c.port = a.port();
            }
        }
        let sim = Simulation::start(scene, self.world, serve)?;
        Ok(Staged { flight, sim, truth })
    }
}

impl Staged {
    /// On a machine that is short of time the session goes slower instead of leaving pictures out.
    /// Not while a person flies: for them a second is a second.
    pub(crate) fn wait_for_pictures(&self, clock: &Clock) {
        let late_at = self.sim.late_at();
        clock.wait_for(Arc::new(move || Mono(late_at().0 - 1)));
    }
}
