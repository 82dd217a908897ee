//! The moving world, sans-IO: time and datagrams in; datagrams, truth and snapshots out.
//!
//! Invariant: inner time runs on a grid of 20 ms whatever the outer steps are; faults, radio and
//! truth change on the grid only, so the same inputs at the same times give the same bytes at any
//! speed and on any number of threads. It must not know sockets, clocks or who listens.

use std::collections::VecDeque;
use std::sync::Arc;

use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon};
use vedette_model::{Family, Mono};
use vedette_sim_vehicle::{Fault, ReportedState, SimVehicle, TrueState, VehicleConfig, Weather};

use crate::SimError;
use crate::cues::{self, CueMessage};
use crate::follow::Follower;
use crate::radio::{LinkState, drawn};
use crate::scenario::{Newcomer, Scenario};
use crate::trouble::{ActiveFault, FaultId, Path, Trouble, Troubles};
use crate::truth::TruthLine;
use crate::wire;

/// Inner step, microseconds of the scenario.
pub(crate) const STEP_US: i64 = 20_000;
/// How often the radio path is looked at, microseconds.
const RADIO_US: i64 = 200_000;
/// Datagrams on their way per aircraft and direction; further ones are lost.
const ON_THE_WAY: usize = 4_096;
/// The channel number of a station nobody invited.
const STRANGER: u64 = 0xFFFF_0001;
/// Its system id.
const STRANGER_SYSTEM: u8 = 252;

/// To whom a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// A numbered peer, or the address the shell was told.
    Peer(Option<u64>),
    /// Everybody who speaks to this aircraft.
    All,
}

/// A datagram on its way.
#[derive(Debug, Clone, PartialEq)]
struct Flying {
    due_us: i64,
    to: To,
    bytes: Vec<u8>,
}

/// One aircraft with its way to the ground.
pub(crate) struct Craft {
    pub(crate) vehicle: SimVehicle,
    fallback: Amsl,
    path: Path,
    link: Option<LinkState>,
    down: VecDeque<Flying>,
    up: VecDeque<(i64, u64, Vec<u8>)>,
    ready: VecDeque<(To, Vec<u8>)>,
    counted: [u64; 2],
    seq: u8,
    foreign_ids: u8,
    followed: Option<Followed>,
}

/// States of an autopilot elsewhere, which stand in for the flown ones.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    pub(crate) truth: TrueState,
    pub(crate) reported: ReportedState,
}

impl Craft {
    pub(crate) fn system(&self) -> u8 {
        self.vehicle.config().system
    }

    /// What is really so: the flown aircraft's own truth, or that of the autopilot it follows.
    pub(crate) fn truth(&self) -> TrueState {
        match &self.followed {
            Some(f) => f.truth.clone(),
            None => self.vehicle.truth(),
        }
    }

    /// What it believes of itself.
    pub(crate) fn reported(&self) -> ReportedState {
        match &self.followed {
            Some(f) => f.reported.clone(),
            None => self.vehicle.reported(),
        }
    }

    /// Share of telemetry lost now.
    fn loss(&self) -> f64 {
        let radio = self.link.map_or(0.0, |l| l.telemetry_loss());
        1.0 - (1.0 - radio) * (1.0 - self.path.loss)
    }

    /// What the video threads need.
    pub(crate) fn picture(&self) -> PicturePath {
        let radio = self.link.map_or(0.0, |l| l.video_loss());
        PicturePath {
            loss: 1.0 - (1.0 - radio) * (1.0 - self.path.loss) * (1.0 - self.path.video_loss),
            frozen: self.path.frozen,
            raised_m: self.path.raised_m,
            delay_us: self.path.delay_us,
        }
    }

    fn send(&mut self, seed: u64, now_us: i64, to: To, bytes: Vec<u8>) {
        self.counted[0] += 1;
        let stream = u64::from(self.system()) << 8;
        if self.down.len() >= ON_THE_WAY || drawn(seed, stream, self.counted[0], self.loss()) {
            return;
        }
        // From the end of the step it set out in, however time was cut.
        let left_us = (now_us + STEP_US - 1).div_euclid(STEP_US) * STEP_US;
        self.down.push_back(Flying {
            due_us: left_us + self.path.delay_us,
            to,
            bytes,
        });
    }

    /// One step of the grid or a part of it: what arrives, the flight, what leaves.
    fn advance(&mut self, at: Mono, weather: &Weather, world: &World, seed: u64) {
        while self.up.front().is_some_and(|(due, _, _)| *due <= at.0) {
            if let Some((due, peer, bytes)) = self.up.pop_front() {
                self.vehicle.handle_datagram(Mono(due), peer, &bytes);
            }
        }
        let (raised, fallback) = (self.path.raised_m, self.fallback);
        let ground = |p: LatLon| {
            let z = world.terrain.elevation(p).unwrap_or(fallback);
            Some(Amsl(z.0 + raised))
        };
        let air = self.path.air(weather);
        self.vehicle.step(at, &ground, &air);
        while let Some((peer, bytes)) = self.vehicle.poll_transmit() {
            if peer != Some(STRANGER) {
                self.send(seed, at.0, To::Peer(peer), bytes);
            }
        }
        // Without delay nothing waits for the end of the step.
        while self
            .down
            .front()
            .is_some_and(|f| f.due_us <= at.0 || self.path.delay_us == 0)
        {
            if let Some(f) = self.down.pop_front() {
                self.ready.push_back((f.to, f.bytes));
            }
        }
    }

    fn stranger(&mut self, at: Mono, first: bool) {
        let system = self.system();
        self.foreign_ids = self.foreign_ids.wrapping_add(1);
        let hello = wire::station_heartbeat(STRANGER_SYSTEM, self.foreign_ids);
        self.vehicle.handle_datagram(at, STRANGER, &hello);
        if first {
            self.foreign_ids = self.foreign_ids.wrapping_add(1);
            // Return: custom mode 6 of a multirotor, 11 of a plane and quadplane on ArduPilot,
            // 4/5 on PX4.
            let (custom, sub) = match (self.vehicle.config().family, self.vehicle.config().airframe) {
                (Family::Px4, _) => (4.0, 5.0),
                (_, vedette_model::Airframe::Copter) => (6.0, 0.0),
                (_, _) => (11.0, 0.0),
            };
            let order = wire::set_mode(STRANGER_SYSTEM, self.foreign_ids, system, custom, sub);
            self.vehicle.handle_datagram(at, STRANGER, &order);
        }
    }

    fn hear(&mut self, seed: u64, at: Mono, heard: &wire::Heard) {
        self.seq = self.seq.wrapping_add(1);
        let bytes = wire::adsb(self.system(), self.seq, heard);
        self.send(seed, at.0, To::All, bytes);
    }
}

/// What a picture's way looks like now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PicturePath {
    pub(crate) loss: f64,
    pub(crate) frozen: bool,
    pub(crate) raised_m: f64,
    pub(crate) delay_us: i64,
}

/// Does a piece of work for every aircraft, on as many threads as it likes.
pub(crate) type Spread<'a> = dyn Fn(&mut [Craft], &(dyn Fn(&mut Craft) + Sync)) + 'a;

/// One after the other.
pub(crate) fn in_turn(all: &mut [Craft], work: &(dyn Fn(&mut Craft) + Sync)) {
    all.iter_mut().for_each(work);
}

/// All aircraft of a scenario, its faults and its radio.
pub(crate) struct Sky {
    scenario: Arc<Scenario>,
    world: Arc<World>,
    pub(crate) craft: Vec<Craft>,
    troubles: Troubles,
    at: Mono,
    next_crossing: usize,
    truth: VecDeque<TruthLine>,
    cues: VecDeque<CueMessage>,
    cue_seq: u8,
}

/// Messages of ground sensors waiting to be taken; the oldest makes room.
const CUES: usize = 10_000;

/// Truth lines waiting to be taken; the oldest makes room.
const LINES: usize = 100_000;

impl Sky {
    pub(crate) fn new(scenario: Arc<Scenario>, world: Arc<World>, configs: Vec<VehicleConfig>) -> Self {
        let fleet = scenario
            .vehicles
            .iter()
            .map(|v| (v.system, v.heading_bias_deg))
            .collect();
        let craft = configs
            .into_iter()
            .zip(&scenario.vehicles)
            .map(|(c, a)| {
                let mut vehicle = SimVehicle::new(c);
                if a.heading_bias_deg != 0.0 {
                    vehicle.inject(Fault::CompassOff(a.heading_bias_deg));
                }
                Craft {
                    vehicle,
                    fallback: a.home_amsl,
                    path: Path::default(),
                    link: None,
                    down: VecDeque::new(),
                    up: VecDeque::new(),
                    ready: VecDeque::new(),
                    counted: [0; 2],
                    seq: 0,
                    foreign_ids: 0,
                    followed: None,
                }
            })
            .collect();
        let mut truth = VecDeque::new();
        truth.push_back(TruthLine::Start {
            scenario: scenario.name.clone(),
            epoch: scenario.epoch,
            seed: scenario.seed,
            terrain: world.terrain.source().label.clone(),
        });
        truth.extend(TruthLine::cast(&scenario));
        Self {
            troubles: Troubles::new(&scenario.faults, fleet),
            craft,
            world,
            at: Mono(0),
            next_crossing: 0,
            truth,
            cues: VecDeque::new(),
            cue_seq: 0,
            scenario,
        }
    }

    /// How far it has come.
    pub(crate) fn at(&self) -> Mono {
        self.at
    }

    /// Leaves out the time up to `at`: nothing happens in it.
    pub(crate) fn skip_to(&mut self, at: Mono) {
        self.at = Mono(at.0.div_euclid(STEP_US) * STEP_US).max(self.at);
    }

    /// Aircraft are where another autopilot of the same system id says it is.
    pub(crate) fn follow(&mut self, at: Mono, other: &Follower) {
        for c in &mut self.craft {
            let base = Followed {
                truth: c.vehicle.truth(),
                reported: c.vehicle.reported(),
            };
            let wh = c.vehicle.config().energy.battery_wh;
            if let Some(states) = other.states(c.system(), at, wh, base) {
                c.followed = Some(states);
            }
        }
    }

    /// A fault by hand.
    pub(crate) fn inject(&mut self, trouble: Trouble, system: Option<u8>) {
        self.troubles.inject(trouble, system);
    }

    /// The end of a fault by hand.
    pub(crate) fn remove(&mut self, id: FaultId) {
        self.troubles.remove(id);
    }

    /// Somebody put in by hand, from now on.
    pub(crate) fn join(&mut self, n: &Newcomer) -> Result<(), SimError> {
        let t_s = self.at.seconds();
        Arc::make_mut(&mut self.scenario).join(&self.world, n, t_s)?;
        let line = TruthLine::Joined {
            t_s,
            utc: self.scenario.utc(t_s),
            newcomer: n.clone(),
        };
        self.tell(line);
        if let Some(cast) = TruthLine::cast(&self.scenario) {
            self.tell(cast);
        }
        Ok(())
    }

    /// The scenario with everybody who was put in.
    pub(crate) fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// What is wrong now.
    pub(crate) fn active(&self) -> Vec<ActiveFault> {
        self.troubles.active().copied().collect()
    }

    /// A datagram that set out towards an aircraft.
    pub(crate) fn receive(&mut self, k: usize, now: Mono, peer: u64, bytes: &[u8]) {
        let seed = self.scenario.seed;
        let Some(c) = self.craft.get_mut(k) else { return };
        c.counted[1] += 1;
        let stream = u64::from(c.system()) << 8 | 1;
        if c.up.len() >= ON_THE_WAY || drawn(seed, stream, c.counted[1], c.loss()) {
            return;
        }
        c.up.push_back((now.0 + c.path.delay_us, peer, bytes.to_vec()));
    }

    /// The next datagram that has arrived from an aircraft.
    pub(crate) fn poll(&mut self, k: usize) -> Option<(To, Vec<u8>)> {
        self.craft.get_mut(k)?.ready.pop_front()
    }

    /// The next line of truth.
    pub(crate) fn poll_truth(&mut self) -> Option<TruthLine> {
        self.truth.pop_front()
    }

    /// The next message of a ground sensor.
    pub(crate) fn poll_cue(&mut self) -> Option<CueMessage> {
        self.cues.pop_front()
    }

    fn tell(&mut self, line: TruthLine) {
        if self.truth.len() >= LINES {
            self.truth.pop_front();
        }
        self.truth.push_back(line);
    }

    /// Goes on to `now`.
    pub(crate) fn step(&mut self, now: Mono, spread: &Spread<'_>) {
        while self.at.0 < now.0 {
            if self.at.0 % STEP_US == 0 {
                self.on_grid();
            }
            let next = Mono(((self.at.0 / STEP_US + 1) * STEP_US).min(now.0));
            let weather = Weather {
                wind_from_deg: self.scenario.weather.wind_from_deg,
                wind_m_s: self.scenario.weather.wind_m_s,
                gust_m_s: self.scenario.weather.gust_m_s,
            };
            let (world, seed) = (&self.world, self.scenario.seed);
            spread(&mut self.craft, &|c: &mut Craft| c.advance(next, &weather, world, seed));
            self.at = next;
        }
    }

    /// All that happens at whole steps.
    fn on_grid(&mut self) {
        let (at, t_s) = (self.at, self.at.seconds());
        let changes = self.troubles.at(t_s);
        for change in &changes {
            for (system, fault) in &change.tell {
                for c in self.craft.iter_mut().filter(|c| c.system() == *system) {
                    c.vehicle.inject(*fault);
                }
            }
            let f = change.fault;
            let line = TruthLine::Fault {
                id: f.id,
                t_s,
                utc: self.scenario.utc(t_s),
                system: f.system,
                trouble: f.trouble,
                begins: change.begins,
                live: f.live,
            };
            self.tell(line);
        }
        let whole = at.0 % 1_000_000 == 0;
        if !changes.is_empty() {
            for c in &mut self.craft {
                let (was, path) = (c.path.second, self.troubles.path(c.vehicle.config().system));
                c.path = path;
                if path.second && !was {
                    c.stranger(at, true);
                }
            }
        }
        if at.0 % RADIO_US == 0
            && let Some(radio) = &self.scenario.radio
        {
            for c in &mut self.craft {
                let t = c.truth();
                c.link = Some(radio.link(&self.world.terrain, t.at, t.amsl, t_s));
            }
        }
        while let Some(c) = self.scenario.crossings.get(self.next_crossing) {
            if c.t_s > t_s {
                break;
            }
            let line = TruthLine::crossing(&self.scenario, c);
            self.tell(line);
            self.next_crossing += 1;
        }
        if whole {
            self.each_second(t_s);
        }
    }

    /// What the ground sensors tell at this second.
    fn watch_ground(&mut self, flying: &[wire::Heard]) {
        if self.scenario.sensors.is_empty() {
            return;
        }
        let fleet: Vec<_> = self
            .craft
            .iter()
            .map(|c| {
                let t = c.truth();
                (c.system(), t.at, t.amsl)
            })
            .collect();
        let (scenario, world) = (Arc::clone(&self.scenario), Arc::clone(&self.world));
        let second = u64::try_from(self.at.0 / 1_000_000).unwrap_or(0);
        for (message, line) in cues::look(&scenario, &world, second, flying, &fleet, &mut self.cue_seq) {
            if let Some(l) = line {
                self.tell(l);
            }
            match message {
                CueMessage::Aboard(system, bytes) => {
                    let (at, seed) = (self.at.0, scenario.seed);
                    for c in self.craft.iter_mut().filter(|c| c.system() == system) {
                        c.send(seed, at, To::All, bytes.clone());
                    }
                }
                other => {
                    if self.cues.len() >= CUES {
                        self.cues.pop_front();
                    }
                    self.cues.push_back(other);
                }
            }
        }
    }

    fn each_second(&mut self, t_s: f64) {
        let (at, seed) = (self.at, self.scenario.seed);
        let flying: Vec<wire::Heard> = self
            .troubles
            .active()
            .filter_map(|f| match f.trouble {
                Trouble::Intruder { from, to, metres, m_s } => {
                    let track = vedette_geo::near::azimuth_deg(from, to);
                    Some(wire::Heard {
                        icao: 0x34_0000 + f.id.0,
                        callsign: wire::callsign("FOREIGN"),
                        at: vedette_geo::near::destination(from, track, m_s * (t_s - f.since_s)),
                        amsl_m: metres,
                        track_deg: track,
                        m_s,
                    })
                }
                _ => None,
            })
            .collect();
        for c in &mut self.craft {
            if c.path.second {
                c.stranger(at, false);
            }
            for h in &flying {
                c.hear(seed, at, h);
            }
        }
        let utc = self.scenario.utc(t_s);
        self.watch_ground(&flying);
        let mut lines: Vec<TruthLine> = flying
            .iter()
            .map(|h| TruthLine::Traffic {
                t_s,
                utc,
                at: h.at,
                amsl: Amsl(h.amsl_m),
                m_s: h.m_s,
                track_deg: h.track_deg,
            })
            .collect();
        for c in &self.craft {
            lines.push(TruthLine::vehicle(&self.scenario, c.system(), t_s, &c.truth()));
            if let Some(l) = c.link {
                lines.push(TruthLine::Radio {
                    system: c.system(),
                    t_s,
                    utc,
                    range_m: l.range_m,
                    shadow_db: l.shadow_db,
                    telemetry_margin_db: l.telemetry_margin_db,
                    video_margin_db: l.video_margin_db,
                });
            }
        }
        if self.scenario.training.is_some() {
            lines.push(TruthLine::Actors {
                t_s,
                utc,
                actors: self.scenario.actor_lines(t_s),
            });
        }
        for l in lines {
            self.tell(l);
        }
    }
}
