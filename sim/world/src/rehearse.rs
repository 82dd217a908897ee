//! A scenario stepped by hand: no sockets, no clock, the same bytes at every run.
//!
//! Invariant: what comes out is a function of the scenario, what was sent and the times given; the
//! number of threads and the size of the steps have no say.

use std::collections::BTreeMap;
use std::sync::Arc;

use vedette_atlas::World;
use vedette_model::{CameraId, Mono};
use vedette_sim_vehicle::TrueState;

use crate::follow::Follower;
use crate::render::{CameraState, Quality, Rendered, Renderer};
use crate::scenario::{Newcomer, Scenario};
use crate::serve::fly::{on_threads, snapshot, vehicle_config};
use crate::serve::video::camera_state;
use crate::sky::{Sky, Spread};
use crate::truth::TruthLine;
use crate::{SimError, Trouble, wire};

/// A stepped run.
pub struct Rehearsal {
    sky: Sky,
    scenario: Arc<Scenario>,
    world: Arc<World>,
    spread: Box<Spread<'static>>,
    renderer: Option<Renderer>,
    seq: u8,
    other: Follower,
}

impl std::fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rehearsal")
            .field("at", &self.sky.at())
            .finish_non_exhaustive()
    }
}

/// System id of the hand that gives orders.
const HAND: u8 = 255;

impl Rehearsal {
    /// A run at second 0, one station listening to every aircraft.
    #[must_use]
    pub fn new(scenario: Scenario, world: Arc<World>, threads: usize) -> Self {
        let scenario = Arc::new(scenario);
        let configs = scenario
            .vehicles
            .iter()
            .map(|a| vehicle_config(a, &scenario, &BTreeMap::new()))
            .collect();
        let mut sky = Sky::new(Arc::clone(&scenario), Arc::clone(&world), configs);
        for c in &mut sky.craft {
            c.vehicle.connect(0);
        }
        Self {
            sky,
            scenario,
            world,
            spread: on_threads(threads),
            renderer: None,
            seq: 0,
            other: Follower::default(),
        }
    }

    /// Puts somebody in, as an instructor does.
    ///
    /// # Errors
    /// As [`Scenario::join`].
    pub fn join(&mut self, n: &Newcomer) -> Result<(), SimError> {
        self.sky.join(n)
    }

    /// Goes on to a second of the scenario.
    pub fn step_to(&mut self, t_s: f64) {
        self.sky.step(Mono((t_s * 1e6).round() as i64), &*self.spread);
        self.sky.follow(self.sky.at(), &self.other);
    }

    /// Telemetry of an autopilot elsewhere: the aircraft of its system id is from now on where it
    /// says, at the end of each step.
    pub fn follow(&mut self, bytes: &[u8]) {
        self.other.handle(self.sky.at(), bytes);
    }

    /// What the world asks of the autopilots it follows.
    pub fn requests(&mut self) -> Vec<Vec<u8>> {
        self.other.requests(self.sky.at())
    }

    /// A datagram of the station towards an aircraft.
    pub fn send(&mut self, system: u8, bytes: &[u8]) {
        if let Some(k) = self.sky.craft.iter().position(|c| c.system() == system) {
            let now = self.sky.at();
            self.sky.receive(k, now, 0, bytes);
        }
    }

    /// Orders a multirotor to take off: mode GUIDED, arm, climb to so many metres above home.
    pub fn take_off(&mut self, system: u8, height_m: f32) {
        let mut seq = || {
            self.seq = self.seq.wrapping_add(1);
            self.seq
        };
        let frames = [
            wire::station_heartbeat(HAND, seq()),
            wire::set_mode(HAND, seq(), system, 4.0, 0.0),
            wire::command(HAND, seq(), system, 400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            wire::command(HAND, seq(), system, 22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, height_m]),
        ];
        for f in frames {
            self.send(system, &f);
        }
    }

    /// Puts a mission aboard, as an upload would.
    ///
    /// # Errors
    /// The MAV_MISSION_RESULT with which an upload of it would end; 1 (error) for an aircraft that is not there.
    pub fn load_mission(&mut self, system: u8, items: &[vedette_model::MissionItem]) -> Result<(), u8> {
        let craft = self.sky.craft.iter_mut().find(|c| c.system() == system).ok_or(1)?;
        craft.vehicle.load_mission(items)
    }

    /// Where a camera is and looks now; `None` for a camera that is not there.
    #[must_use]
    pub fn camera(&self, camera: CameraId) -> Option<CameraState> {
        let (system, cam) = self
            .scenario
            .vehicles
            .iter()
            .find_map(|v| Some((v.system, v.cameras.iter().find(|c| c.id == camera)?)))?;
        let craft = self.sky.craft.iter().find(|c| c.system() == system)?;
        let seed = self.scenario.seed ^ (u64::from(cam.id.0) << 20);
        Some(camera_state(cam, &snapshot(craft), seed))
    }

    /// Asks every aircraft for attitude, position, speeds, receiver and battery, four times a
    /// second each.
    pub fn listen(&mut self) {
        self.listen_every(250_000.0);
    }

    /// The same, every so many microseconds.
    pub fn listen_every(&mut self, us: f32) {
        let systems: Vec<u8> = self.sky.craft.iter().map(|c| c.system()).collect();
        for system in systems {
            for id in [1.0, 24.0, 30.0, 33.0, 74.0] {
                self.seq = self.seq.wrapping_add(1);
                let f = wire::command(HAND, self.seq, system, 511, [id, us, 0.0, 0.0, 0.0, 0.0, 0.0]);
                self.send(system, &f);
            }
        }
    }

    /// The station's heartbeat to every aircraft; without it they take the link for lost.
    pub fn heartbeat(&mut self) {
        self.seq = self.seq.wrapping_add(1);
        let f = wire::station_heartbeat(HAND, self.seq);
        for k in 0..self.sky.craft.len() {
            let now = self.sky.at();
            self.sky.receive(k, now, 0, &f);
        }
    }

    /// A fault by hand.
    pub fn inject(&mut self, trouble: Trouble, system: Option<u8>) {
        self.sky.inject(trouble, system);
    }

    /// The end of all faults put in by hand.
    pub fn mend(&mut self) {
        for f in self.sky.active() {
            if f.live {
                self.sky.remove(f.id);
            }
        }
    }

    /// What arrived from the aircraft since the last look, in order: system id and bytes.
    pub fn telemetry(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut out = Vec::new();
        for k in 0..self.sky.craft.len() {
            let system = self.sky.craft[k].system();
            while let Some((_, bytes)) = self.sky.poll(k) {
                out.push((system, bytes));
            }
        }
        out
    }

    /// Lines of truth since the last look.
    pub fn truth(&mut self) -> Vec<TruthLine> {
        std::iter::from_fn(|| self.sky.poll_truth()).collect()
    }

    /// What the ground sensors sent since the last look, in order.
    pub fn cues(&mut self) -> Vec<crate::CueMessage> {
        std::iter::from_fn(|| self.sky.poll_cue()).collect()
    }

    /// What is really so with an aircraft.
    #[must_use]
    pub fn state(&self, system: u8) -> Option<TrueState> {
        let c = self.sky.craft.iter().find(|c| c.system() == system)?;
        Some(c.truth())
    }

    /// What a camera sees now; `None` for a camera that is not there.
    ///
    /// # Errors
    /// [`SimError::NoTerrain`] where the site has no heights.
    pub fn picture(&mut self, camera: CameraId, quality: Quality) -> Result<Option<Rendered>, SimError> {
        let Some(state) = self.camera(camera) else {
            return Ok(None);
        };
        let mut renderer = match self.renderer.take() {
            Some(r) => r,
            None => Renderer::with_quality(Arc::new(self.scenario.scene(&self.world)?), quality),
        };
        renderer.join(self.sky.scenario().newcomers());
        let seen = renderer.render(&state, self.sky.at().seconds());
        self.renderer = Some(renderer);
        Ok(Some(seen))
    }
}
