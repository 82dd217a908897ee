//! One simulated aircraft, sans-IO: time, ground, air and datagrams in; frames and truth out.
//!
//! Invariant: inner time runs in ticks of 10 ms whatever the outer step is, and everything the
//! aircraft sends by itself is sent at a tick, so the bytes depend on configuration, seed, weather
//! and received datagrams alone. Must not know scenarios, video or stations.

use vedette_geo::{Amsl, Hae, LatLon, LocalFrame, Ned, Vec3, norm_deg_360};
use vedette_model::{Airframe, LandedState, Mono, Utc};

use crate::air::{Air, TICK_S};
use crate::body::Body;
use crate::config::{Fault, Noise, VehicleConfig, Weather};
use crate::energy::{Battery, Lift, RotorPower, power_w};
use crate::execute::Exec;
use crate::flight::{Pilot, Task};
use crate::gimbal::{Gimbal, Mount};
use crate::guide::Place;
use crate::logbook::Logbook;
use crate::logserve::LogServer;
use crate::modes::Mode;
use crate::net::{AUTOPILOT, Net};
use crate::params::Params;
use crate::plans::Plans;
use crate::sensors::Sensors;
use crate::watch::Watch;
use crate::wire::{MAX_DATAGRAM, Statustext, frames, text};

/// Microseconds of one tick.
const TICK_US: i64 = 10_000;

/// What is really so, for truth files, imagery and scores.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueState {
    /// Time of this state.
    pub now: Mono,
    /// Position.
    pub at: LatLon,
    /// Height above the sea.
    pub amsl: Amsl,
    /// Velocity over ground, metres per second.
    pub velocity: Vec3<Ned>,
    /// Right wing down positive, degrees.
    pub roll_deg: f64,
    /// Nose up positive, degrees.
    pub pitch_deg: f64,
    /// True heading, degrees, 0..360.
    pub yaw_deg: f64,
    /// Gimbal roll, earth axes, degrees.
    pub gimbal_roll_deg: f64,
    /// Gimbal pitch, earth axes, degrees, negative looks down.
    pub gimbal_pitch_deg: f64,
    /// Gimbal yaw from true north, degrees, 0..360.
    pub gimbal_yaw_deg: f64,
    /// Motors armed.
    pub armed: bool,
    /// Between ground and air.
    pub landed: LandedState,
    /// Energy left, watt hours.
    pub battery_wh_left: f64,
    /// Electric power drawn, watts.
    pub power_w: f64,
    /// Mode by the autopilot's own name.
    pub mode: &'static str,
    /// Airspeed, metres per second.
    pub airspeed_m_s: f64,
    /// Mission item flown now, in the aircraft's own numbering.
    pub mission_seq: u16,
    /// Wind at the aircraft, north, east, down, metres per second.
    pub wind: Vec3<Ned>,
    /// It hit the ground too hard and flies no more.
    pub crashed: bool,
}

/// What the aircraft believes and reports: truth with honest errors of the stated sigmas.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportedState {
    /// Time of this state by the aircraft's clock.
    pub utc: Utc,
    /// Position.
    pub at: LatLon,
    /// Height above the sea.
    pub amsl: Amsl,
    /// Velocity over ground, metres per second.
    pub velocity: Vec3<Ned>,
    /// Degrees.
    pub roll_deg: f64,
    /// Degrees.
    pub pitch_deg: f64,
    /// True heading, degrees, 0..360.
    pub yaw_deg: f64,
    /// Earth axes, degrees.
    pub gimbal_roll_deg: f64,
    /// Earth axes, degrees, negative looks down.
    pub gimbal_pitch_deg: f64,
    /// From true north, degrees, 0..360.
    pub gimbal_yaw_deg: f64,
    /// Airspeed as the pitot tube tells it, metres per second.
    pub airspeed_m_s: f64,
    /// One sigma of each error source.
    pub sigma: Noise,
    /// Whether there is a satellite fix.
    pub fix: bool,
}

/// Where the mission counts heights from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    pub(crate) at: LatLon,
    pub(crate) place: Place,
}

/// A simulated aircraft.
#[derive(Debug, Clone)]
pub struct SimVehicle {
    pub(crate) cfg: VehicleConfig,
    pub(crate) frame: LocalFrame,
    pub(crate) tick: u64,
    pub(crate) body: Body,
    pub(crate) air: Air,
    pub(crate) wind: [f64; 3],
    pub(crate) battery: Battery,
    rotors: RotorPower,
    pub(crate) gimbal: Gimbal,
    pub(crate) sensors: Sensors,
    pub(crate) params: Params,
    pub(crate) plans: Plans,
    pub(crate) net: Net,
    pub(crate) pilot: Pilot,
    pub(crate) exec: Exec,
    pub(crate) watch: Watch,
    pub(crate) home: Home,
    /// Terrain under the aircraft.
    pub(crate) ground: f64,
    pub(crate) on_wings: bool,
    pub(crate) crashed: bool,
    pub(crate) photos: u32,
    pub(crate) recording: bool,
    pub(crate) text_id: u16,
    pub(crate) control: crate::neighbours::Control,
    pub(crate) files: crate::files::Files,
    pub(crate) logbook: Logbook,
    pub(crate) log_server: LogServer,
    /// System and component in control of the gimbal.
    pub(crate) gimbal_owner: [u8; 2],
    /// Datagrams cut or frames refused by limits.
    pub(crate) flooded: u64,
}

impl SimVehicle {
    /// An aircraft standing at home, booting at `Mono::ZERO`.
    #[must_use]
    pub fn new(cfg: VehicleConfig) -> Self {
        let frame = LocalFrame::new(cfg.home, Hae(cfg.home_amsl.0));
        let body = Body::new(cfg.home_amsl.0, cfg.heading_deg);
        let mut sensors = Sensors::new(cfg.seed, cfg.noise);
        sensors.step(&body, [0.0; 3]);
        let place = Place {
            n: 0.0,
            e: 0.0,
            amsl: cfg.home_amsl.0,
        };
        let mode = Mode::boot(cfg.family, cfg.airframe);
        let net = Net::new(cfg.system, crate::telemetry::default_streams(&cfg));
        Self {
            frame,
            tick: 0,
            air: Air::new(cfg.seed),
            wind: [0.0; 3],
            battery: Battery::new(&cfg.energy, &cfg.pack),
            rotors: RotorPower::new(&cfg.energy, &cfg.envelope),
            gimbal: Gimbal::new(cfg.heading_deg),
            sensors,
            params: Params::new(&cfg),
            plans: Plans::default(),
            net,
            pilot: Pilot::new(mode, body.yaw),
            exec: Exec::default(),
            watch: Watch::default(),
            home: Home { at: cfg.home, place },
            ground: cfg.home_amsl.0,
            on_wings: false,
            crashed: false,
            photos: 0,
            recording: false,
            text_id: 0,
            control: crate::neighbours::Control::default(),
            files: crate::files::Files::default(),
            logbook: Logbook::new(cfg.px4()),
            log_server: LogServer::default(),
            gimbal_owner: [0, 0],
            flooded: 0,
            body,
            cfg,
        }
    }

    /// The configuration it was made from.
    #[must_use]
    pub fn config(&self) -> &VehicleConfig {
        &self.cfg
    }

    /// Flies on to `now` in ticks of 10 ms. `ground` is the terrain (unknown: that of the last
    /// known place); outer steps of any length give the same flight.
    pub fn step(&mut self, now: Mono, ground: &dyn Fn(LatLon) -> Option<Amsl>, weather: &Weather) {
        while (self.tick as i64 + 1) * TICK_US <= now.0 {
            self.tick += 1;
            self.one_tick(ground, weather);
        }
    }

    fn one_tick(&mut self, ground: &dyn Fn(LatLon) -> Option<Amsl>, weather: &Weather) {
        let at = self.true_at();
        if let Some(g) = ground(at).filter(|g| g.0.is_finite()) {
            self.ground = g.0;
        }
        if self.tick == 1 && self.body.on_ground {
            self.body.amsl = self.ground;
            self.home.place.amsl = self.ground;
        }
        let height = self.body.amsl - self.ground;
        self.wind = self.air.step(weather, self.body.airspeed, height);
        self.exec_tick(ground);
        let demand = self.demand(ground);
        let env = self.cfg.envelope;
        self.body.step(demand, &env, self.wind, self.ground);
        self.sensors.step(&self.body, self.wind);
        let lift = match (self.body.on_ground, self.cfg.airframe) {
            (true, _) => Lift::Ground,
            (false, Airframe::Copter) => Lift::Rotors,
            (false, Airframe::Plane) => Lift::Wings,
            (false, Airframe::Quadplane) => {
                if self.on_wings {
                    Lift::Wings
                } else {
                    Lift::Rotors
                }
            }
        };
        let climb = -self.body.v[2];
        let mut power = power_w(
            (&self.cfg.energy, &env),
            &self.rotors,
            lift,
            self.body.airspeed,
            climb,
            self.body.load_factor(),
        );
        if self.pilot.armed && lift == Lift::Ground && self.cfg.airframe == Airframe::Copter {
            power += 0.1 * self.cfg.energy.hover_w;
        }
        self.battery.drain(power, TICK_S);
        let (mount, believed) = (self.mount(), self.believed_mount());
        self.gimbal.step(&mount, &believed, &self.cfg.gimbal);
        self.watch_tick();
        self.net.refill(TICK_S);
        self.net.time = crate::signing::time_of(self.utc().0);
        self.transfer_tick();
        self.telemetry_tick();
    }

    /// A datagram from a peer (the shell's own number for an address). Answers wait in
    /// [`Self::poll_transmit`]. Work and memory per datagram and per peer are bounded.
    pub fn handle_datagram(&mut self, now: Mono, peer: u64, bytes: &[u8]) {
        if self.net.silent {
            return;
        }
        if bytes.len() > MAX_DATAGRAM {
            self.flooded += 1;
        }
        let mut ours = 0_u32;
        for frame in frames(bytes) {
            ours += 1;
            if ours == 1 {
                // Only a frame with a right checksum makes a peer.
                self.net.open(peer, self.now_us(), self.tick);
            }
            if frame.system == self.cfg.system || !self.net.admit(peer, self.tick) || !self.net.signer.admits(&frame) {
                continue;
            }
            self.handle_frame(now, peer, &frame);
        }
    }

    /// Opens the channel of a peer before it has spoken: for destinations the shell was told to
    /// send to (`udpout`).
    pub fn connect(&mut self, peer: u64) {
        self.net.open(peer, self.now_us(), self.tick);
    }

    /// The next frame to send: to the numbered peer, or, while nobody has spoken and nothing was
    /// [connected](Self::connect), to whatever destination the shell was told (`None`).
    pub fn poll_transmit(&mut self) -> Option<(Option<u64>, Vec<u8>)> {
        self.net.poll()
    }

    /// Frames that were refused or dropped by limits: a peer sent too many, or did not read.
    #[must_use]
    pub fn refused_frames(&self) -> u64 {
        self.net.refused + self.flooded + self.net.peers.values().map(|c| c.dropped).sum::<u64>()
    }

    /// Frames refused because of their signature, by reason; none while no key is set.
    #[must_use]
    pub fn unsigned_frames(&self) -> crate::Refused {
        self.net.signer.refused
    }

    /// A key is set: it signs, and acts on nothing unsigned.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.net.signer.on()
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.tick as i64 * TICK_US
    }

    /// Milliseconds since boot.
    pub(crate) fn boot_ms(&self) -> u32 {
        (self.tick * 10) as u32
    }

    fn true_at(&self) -> LatLon {
        self.frame.from_plane(self.body.e, self.body.n)
    }

    pub(crate) fn latlon(&self, n: f64, e: f64) -> LatLon {
        self.frame.from_plane(e, n)
    }

    pub(crate) fn place(&self, at: LatLon, amsl: f64) -> Place {
        let (e, n) = self.frame.plane(at);
        Place { n, e, amsl }
    }

    pub(crate) fn mount(&self) -> Mount {
        let b = &self.body;
        Mount {
            n: b.n,
            e: b.e,
            amsl: b.amsl,
            roll: b.roll,
            pitch: b.pitch,
            yaw: b.yaw,
        }
    }

    fn believed_mount(&self) -> Mount {
        let e = &self.sensors.est;
        Mount {
            n: e.n,
            e: e.e,
            amsl: e.amsl,
            roll: e.roll,
            pitch: e.pitch,
            yaw: e.yaw,
        }
    }

    /// As ArduCopter and PX4 judge it: the climb of a return to its height is flight, not a take-off.
    pub(crate) fn landed_state(&self) -> LandedState {
        if self.body.on_ground {
            return LandedState::OnGround;
        }
        match self.pilot.task {
            Task::TakeOff { .. } if self.pilot.mode != Mode::Return => LandedState::TakingOff,
            Task::Land { .. } => LandedState::Landing,
            _ => LandedState::InAir,
        }
    }

    /// What is really so.
    #[must_use]
    pub fn truth(&self) -> TrueState {
        let b = &self.body;
        TrueState {
            now: Mono(self.now_us()),
            at: self.true_at(),
            amsl: Amsl(b.amsl),
            velocity: Vec3::new(b.v[0], b.v[1], b.v[2]),
            roll_deg: b.roll,
            pitch_deg: b.pitch,
            yaw_deg: b.yaw,
            gimbal_roll_deg: self.gimbal.roll,
            gimbal_pitch_deg: self.gimbal.pitch,
            gimbal_yaw_deg: self.gimbal.yaw,
            armed: self.pilot.armed,
            landed: self.landed_state(),
            battery_wh_left: self.battery.left_wh,
            power_w: self.battery.power_w,
            mode: self.pilot.mode.name(),
            airspeed_m_s: b.airspeed,
            mission_seq: self.mission_seq(),
            wind: Vec3::new(self.wind[0], self.wind[1], self.wind[2]),
            crashed: self.crashed,
        }
    }

    /// What the aircraft reports, at the same instant as [`Self::truth`].
    #[must_use]
    pub fn reported(&self) -> ReportedState {
        let e = &self.sensors.est;
        let g = self.gimbal_reported();
        ReportedState {
            utc: self.utc(),
            at: self.latlon(e.n, e.e),
            amsl: Amsl(e.amsl),
            velocity: Vec3::new(e.v[0], e.v[1], e.v[2]),
            roll_deg: e.roll,
            pitch_deg: e.pitch,
            yaw_deg: e.yaw,
            gimbal_roll_deg: g[0],
            gimbal_pitch_deg: g[1],
            gimbal_yaw_deg: g[2],
            airspeed_m_s: self.airspeed_told(),
            sigma: self.sensors.sigmas(),
            fix: self.sensors.fix,
        }
    }

    /// Airspeed as the pitot tube tells it, metres per second.
    pub(crate) fn airspeed_told(&self) -> f64 {
        self.sensors.pitot.unwrap_or(self.body.airspeed)
    }

    /// Roll, pitch, yaw of the gimbal as reported, earth axes, degrees.
    pub(crate) fn gimbal_reported(&self) -> [f64; 3] {
        let err = self.sensors.gimbal_error();
        [
            self.gimbal.roll,
            self.gimbal.pitch + err[0],
            norm_deg_360(self.gimbal.yaw + err[1]),
        ]
    }

    /// UTC by the aircraft's clock.
    pub(crate) fn utc(&self) -> Utc {
        let us = self.now_us();
        let gained = us as f64 * self.cfg.clock_drift_ppm * 1e-6;
        self.cfg.boot_utc.plus_us(us + gained.round() as i64)
    }

    /// Breaks or mends something.
    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::GnssLost => self.sensors.fix = false,
            Fault::GnssBack => self.sensors.fix = true,
            Fault::GnssSpoofed(v) => {
                self.sensors.spoof = v.map(|x| if x.is_finite() { x.clamp(-20.0, 20.0) } else { 0.0 });
            }
            Fault::ThrustLost(share) => {
                self.body.thrust_lost = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
            }
            Fault::BatteryDrop(wh) => {
                self.battery.left_wh = (self.battery.left_wh - wh.max(0.0)).max(0.0);
            }
            Fault::GimbalStuck | Fault::GimbalFree => {
                let m = self.mount();
                self.gimbal.set_stuck(fault == Fault::GimbalStuck, &m);
            }
            Fault::RadioSilent => self.net.silent = true,
            Fault::RadioBack => self.net.silent = false,
            Fault::BaroOff(m) => self.sensors.baro_off = if m.is_finite() { m.clamp(-500.0, 500.0) } else { 0.0 },
            Fault::CompassOff(deg) => self.sensors.compass = if deg.is_finite() { deg } else { 0.0 },
            Fault::PitotBlocked(told) => {
                self.sensors.pitot = told.filter(|v| v.is_finite()).map(|v| v.clamp(0.0, 100.0));
            }
            Fault::TerrainDataLow(m) => {
                self.exec.map_low_m = if m.is_finite() { m.clamp(-500.0, 500.0) } else { 0.0 };
            }
        }
    }

    /// A status text to every peer, in pieces of 50 characters where longer.
    pub(crate) fn say(&mut self, severity: u8, message: &str) {
        let us = self.now_us() as u64;
        self.logbook.text(us, message);
        let long = message.len() > 50;
        if long {
            self.text_id = self.text_id.wrapping_add(1).max(1);
        }
        let mut rest = message;
        for chunk in 0..8_u8 {
            let mut cut = rest.len().min(50);
            while !rest.is_char_boundary(cut) {
                cut -= 1;
            }
            let m = Statustext {
                severity,
                text: text(&rest[..cut]),
                id: if long { self.text_id } else { 0 },
                chunk_seq: chunk,
            };
            self.net.all(AUTOPILOT, &m);
            rest = &rest[cut..];
            if rest.is_empty() {
                break;
            }
        }
    }
}
