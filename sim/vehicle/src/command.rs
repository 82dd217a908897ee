//! MAV_CMD: what is accepted, refused and unknown.
//!
//! Invariant: one COMMAND_ACK per command, from the component addressed; REQUEST_MESSAGE is
//! accepted only when the message follows. Must not know transports.

use vedette_geo::LatLon;
use vedette_model::{Airframe, Mono};

use crate::flight::{Landing, Task, Until};
use crate::gimbal::{Aim, Gimbal};
use crate::guide::Place;
use crate::modes::Mode;
use crate::neighbours::{NOT_IN_CONTROL, harmless};
use crate::net::{AUTOPILOT, CAMERA, GIMBAL};
use crate::plans::{Item, Party};
use crate::vehicle::SimVehicle;
use crate::wire::{self, Message};

/// MAV_RESULT.
pub(crate) mod result {
    pub(crate) const ACCEPTED: u8 = 0;
    pub(crate) const DENIED: u8 = 2;
    pub(crate) const UNSUPPORTED: u8 = 3;
    pub(crate) const FAILED: u8 = 4;
}
use result::{ACCEPTED, DENIED, FAILED, UNSUPPORTED};

/// A command as it came, long or int.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command {
    pub(crate) id: u16,
    pub(crate) p: [f32; 4],
    pub(crate) at: Option<LatLon>,
    /// Parameters 5 and 6 as numbers.
    pub(crate) raw: [f32; 2],
    pub(crate) z: f32,
    pub(crate) frame: u8,
}

impl Command {
    /// Parameter 1 to 4 as a number; NaN is 0.
    fn n(&self, i: usize) -> f64 {
        let v = self.p[i - 1];
        if v.is_finite() { f64::from(v) } else { 0.0 }
    }
    fn z(&self) -> Option<f64> {
        self.z.is_finite().then(|| f64::from(self.z))
    }
}

fn yes(ok: bool) -> u8 {
    if ok { ACCEPTED } else { FAILED }
}

impl SimVehicle {
    pub(crate) fn run_command(&mut self, party: Party, component: u8, broadcast: bool, c: &Command) {
        let mut from = component;
        let code = match c.id {
            _ if self.cfg.operator_control
                && self.control.owner != 0
                && self.control.owner != party.system
                && !harmless(c.id) =>
            {
                NOT_IN_CONTROL
            }
            32_100 if self.cfg.operator_control => self.operator_control(party, c.n(1) > 0.5, c.n(2) > 0.5),
            2600 => {
                self.net.high_latency(party.peer, c.n(1) > 0.5, self.now_us());
                ACCEPTED
            }
            512 if c.n(1) as u32 == wire::AvailableModes::ID && component == AUTOPILOT => {
                self.available_modes(Some(party.peer), c.n(2).clamp(0.0, 255.0) as u8);
                ACCEPTED
            }
            512 => self.request_message(party.peer, component, broadcast, c.n(1) as u32, &mut from),
            520 => self.request_message(party.peer, component, broadcast, wire::AutopilotVersion::ID, &mut from),
            521 => self.request_message(party.peer, component, broadcast, wire::CameraInformation::ID, &mut from),
            522 => self.request_message(party.peer, component, broadcast, wire::CameraSettings::ID, &mut from),
            525 => self.request_message(
                party.peer,
                component,
                broadcast,
                wire::StorageInformation::ID,
                &mut from,
            ),
            527 => self.request_message(
                party.peer,
                component,
                broadcast,
                wire::CameraCaptureStatus::ID,
                &mut from,
            ),
            2504 => self.request_message(
                party.peer,
                component,
                broadcast,
                wire::VideoStreamInformation::ID,
                &mut from,
            ),
            2505 => self.request_message(party.peer, component, broadcast, wire::VideoStreamStatus::ID, &mut from),
            410 => {
                self.send_message(Some(party.peer), wire::HomePosition::ID);
                ACCEPTED
            }
            510 => {
                let id = c.n(1) as u32;
                let interval_us = self.net.interval(party.peer, id) as i32;
                let m = wire::MessageInterval {
                    interval_us,
                    message_id: id as u16,
                };
                self.send(party.peer, component, &m);
                ACCEPTED
            }
            511 => {
                let id = c.n(1) as u32;
                if !crate::telemetry::available(&self.cfg, id) {
                    if self.cfg.px4() { DENIED } else { FAILED }
                } else {
                    if !self.cfg.quirks.silent_streams {
                        let now = self.now_us();
                        self.net.rate(party.peer, id, c.n(2) as i64, now);
                    }
                    ACCEPTED
                }
            }
            _ if component == CAMERA => self.camera_command(party.peer, c),
            _ if component == GIMBAL => self.gimbal_command(party, c),
            _ => self.autopilot_command(party, c),
        };
        let ack = wire::CommandAck {
            command: c.id,
            result: code,
            progress: 0,
            result_param2: 0,
            target_system: party.system,
            target_component: party.component,
        };
        self.send(party.peer, from, &ack);
    }

    fn autopilot_command(&mut self, party: Party, c: &Command) -> u8 {
        match c.id {
            400 => {
                let force = (c.n(2) - 21196.0).abs() < 0.5 || (c.n(2) - 2989.0).abs() < 0.5;
                yes(if c.n(1) > 0.5 {
                    self.arm(force)
                } else {
                    self.disarm(force)
                })
            }
            401 if self.cfg.px4() => {
                self.arming_event();
                ACCEPTED
            }
            401 => match self.not_ready() {
                None => ACCEPTED,
                Some(why) => {
                    let text = format!("PreArm: {why}");
                    self.say(2, &text);
                    ACCEPTED
                }
            },
            176 => {
                let custom = if self.cfg.px4() {
                    ((c.n(2) as u32) << 16) | ((c.n(3) as u32) << 24)
                } else {
                    c.n(2) as u32
                };
                yes(self.request_mode(custom))
            }
            22 | 84 => self.command_take_off(c),
            20 => yes(self.request_mode(Mode::Return.custom(self.cfg.family, self.cfg.airframe))),
            21 | 85 => self.command_land(),
            17 => {
                let hold = Mode::hold(self.cfg.family, self.cfg.airframe);
                self.set_mode(hold);
                ACCEPTED
            }
            16 | 192 => self.reposition(c),
            34 => self.orbit(c),
            300 => {
                if self.plans.lists[0].is_empty() || !self.pilot.armed {
                    return FAILED;
                }
                let first = c.n(1);
                if first > 0.5 {
                    self.exec.index = self.mission_index(first.min(65_535.0) as u16);
                }
                if self.pilot.mode != Mode::Auto {
                    self.set_mode(Mode::Auto);
                }
                self.mission_start();
                ACCEPTED
            }
            189 => yes(self.pilot.armed && self.fly_landing()),
            193 => {
                if c.n(1) > 0.5 {
                    yes(self.request_mode(Mode::Auto.custom(self.cfg.family, self.cfg.airframe)))
                } else {
                    let hold = Mode::hold(self.cfg.family, self.cfg.airframe);
                    self.set_mode(hold);
                    ACCEPTED
                }
            }
            224 => {
                let i = self.mission_index(c.n(1).clamp(0.0, 65_535.0) as u16);
                yes(self.mission_set(i))
            }
            178 => {
                self.change_speed(c.n(1), c.n(2));
                ACCEPTED
            }
            115 => {
                if self.cfg.airframe != Airframe::Copter {
                    return UNSUPPORTED;
                }
                let sign = if c.n(3) < 0.0 { -1.0 } else { 1.0 };
                let relative = c.n(4) > 0.5;
                self.pilot.yaw = if relative {
                    self.body.yaw + sign * c.n(1)
                } else {
                    c.n(1)
                };
                self.pilot.yaw_fixed = true;
                ACCEPTED
            }
            179 => {
                let e = self.sensors.est;
                if c.n(1) > 0.5 {
                    let at = self.latlon(e.n, e.e);
                    self.set_home(at, e.amsl);
                    ACCEPTED
                } else if let (Some(at), Some(z)) = (c.at, c.z()) {
                    let amsl = if matches!(c.frame, 0 | 5) || c.raw != [0.0; 2] {
                        z
                    } else {
                        self.amsl_of(z, c.frame)
                    };
                    self.set_home(at, amsl);
                    ACCEPTED
                } else {
                    DENIED
                }
            }
            207 => {
                self.watch.fence_on = c.n(1) > 0.5 && c.n(1) < 1.5;
                self.watch.breached = false;
                ACCEPTED
            }
            185 => {
                // DO_FLIGHTTERMINATION: motors off, wherever it is.
                if c.n(1) > 0.5 {
                    self.say(0, "Terminated");
                    self.disarm(true);
                }
                ACCEPTED
            }
            195 | 201 | 197 | 1000 | 1001 | 205 => self.gimbal_command(party, c),
            // Neither zoom (531) nor focus (532): the lens is fixed, and its information says so.
            203 | 2000 | 2001 | 2500 | 2501 | 530 | 206 if !self.cfg.cameras.is_empty() => {
                self.camera_command(party.peer, c)
            }
            246 if !self.pilot.armed => ACCEPTED,
            // ArduPilot takes it in a mission only.
            3000 if self.cfg.airframe == Airframe::Quadplane => {
                yes((self.cfg.px4() || self.pilot.mode == Mode::Auto) && self.vtol_transition(c.n(1)))
            }
            _ => UNSUPPORTED,
        }
    }

    fn command_take_off(&mut self, c: &Command) -> u8 {
        let px4 = self.cfg.px4();
        if !self.body.on_ground || !(self.pilot.armed || px4) {
            return FAILED;
        }
        if !px4 && self.cfg.airframe == Airframe::Copter && self.pilot.mode != Mode::Guided {
            return FAILED;
        }
        let mut height = c.z().filter(|z| *z > 0.0);
        if px4 {
            // PX4 takes parameter 7 as height above the sea, NaN as its own parameter.
            height = height.map(|z| z - self.home.place.amsl).filter(|z| *z > 1.0);
            self.pilot.mode = Mode::TakeOff;
        }
        let own = self.params.get("MIS_TAKEOFF_ALT", self.params.get("TKOFF_ALT", 10.0));
        let Some(height) = height.or((px4 || self.cfg.airframe != Airframe::Copter).then_some(own)) else {
            return FAILED;
        };
        if self.cfg.airframe == Airframe::Plane && !px4 {
            self.pilot.mode = Mode::TakeOff;
        }
        if !self.pilot.armed {
            // PX4 takes the order first and leaves the ground when armed.
            self.pilot.ordered_height = Some(height.min(5000.0));
            return ACCEPTED;
        }
        self.take_off(height.min(5000.0));
        ACCEPTED
    }

    fn command_land(&mut self) -> u8 {
        if self.cfg.airframe == Airframe::Plane && self.pilot.armed && self.fly_landing() {
            return ACCEPTED;
        }
        self.set_mode(Mode::Land);
        ACCEPTED
    }

    /// DO_REPOSITION: parameter 2 bit 1 allows the mode change.
    pub(crate) fn reposition(&mut self, c: &Command) -> u8 {
        let px4 = self.cfg.px4();
        let hold = Mode::hold(self.cfg.family, self.cfg.airframe);
        let mode = if px4 { hold } else { Mode::Guided };
        if !self.pilot.armed || self.body.on_ground {
            return FAILED;
        }
        if self.pilot.mode != mode && c.n(2) as u32 & 1 == 0 {
            return DENIED;
        }
        let here = Place::of(&self.sensors.est);
        let mut to = here;
        if let Some(at) = c.at {
            to = self.place(at, here.amsl);
            if to.across(&here) > 100_000.0 {
                return DENIED;
            }
        }
        if let Some(z) = c.z() {
            to.amsl = self.amsl_of(z, c.frame);
        } else if let Task::Circle { centre, .. } = self.pilot.task {
            to.amsl = centre.amsl;
        }
        let fenced = self.watch.fence_on || self.params.get("FENCE_ENABLE", 0.0) > 0.5;
        if fenced && self.fence_kind(&to) != 0 {
            self.say(4, "Reposition outside fence");
            return FAILED;
        }
        if self.pilot.mode != mode {
            self.set_mode(mode);
        }
        let speed = c.n(1);
        if speed > 0.0 {
            self.pilot.speed_order = Some((speed, self.cfg.airframe == Airframe::Copter));
        }
        if c.p[3].is_finite() && c.p[3] != 0.0 && self.cfg.airframe == Airframe::Copter {
            self.pilot.yaw = f64::from(c.p[3]).to_degrees();
            self.pilot.yaw_fixed = true;
        } else {
            self.pilot.yaw_fixed = false;
        }
        // Parameter 3 is the circle of a plane there, metres.
        if c.n(3) != 0.0 && self.cfg.envelope.min_m_s > 0.0 {
            let radius = c.n(3).clamp(-5000.0, 5000.0);
            self.fly([Task::Circle {
                centre: to,
                radius,
                until: Until::Never,
            }]);
        } else {
            self.guided_goto(to);
            self.exec.terrain = c.z().filter(|_| matches!(c.frame, 10 | 11));
        }
        ACCEPTED
    }

    /// DO_ORBIT: radius, speed, yaw behaviour, centre.
    fn orbit(&mut self, c: &Command) -> u8 {
        if !self.pilot.armed || self.body.on_ground {
            return FAILED;
        }
        let here = Place::of(&self.sensors.est);
        let mut centre = c.at.map_or(here, |at| self.place(at, here.amsl));
        centre.amsl = c.z().map_or(here.amsl, |z| self.amsl_of(z, c.frame));
        let radius = if c.n(1).abs() < 1.0 {
            30.0
        } else {
            c.n(1).clamp(-2000.0, 2000.0)
        };
        if !self.cfg.px4() {
            self.set_mode(Mode::Guided);
        }
        if c.n(2) > 0.0 {
            self.pilot.speed_order = Some((c.n(2), false));
        }
        self.fly([Task::Circle {
            centre,
            radius,
            until: Until::Never,
        }]);
        ACCEPTED
    }

    fn gimbal_command(&mut self, party: Party, c: &Command) -> u8 {
        match c.id {
            1000 => {
                let id = c.z().unwrap_or(0.0);
                if ![0.0, 1.0, f64::from(GIMBAL)].contains(&id) {
                    return DENIED;
                }
                self.gimbal_owner = [party.system, party.component];
                self.gimbal_pitch_yaw(c.p, c.raw[0].max(0.0) as u32);
                ACCEPTED
            }
            1001 => {
                let pick = |asked: f64, now: u8, own: u8| match asked as i32 {
                    -1 => now,
                    -2 => own,
                    -3 => 0,
                    v => v.clamp(0, 255) as u8,
                };
                let [s, k] = self.gimbal_owner;
                self.gimbal_owner = [pick(c.n(1), s, party.system), pick(c.n(2), k, party.component)];
                self.send_message(Some(party.peer), wire::GimbalManagerStatus::ID);
                ACCEPTED
            }
            195 | 201 => {
                let Some(at) = c.at else {
                    return if c.id == 201 { self.roi_none() } else { DENIED };
                };
                let z = c.z().unwrap_or(0.0);
                let p = self.place(at, self.amsl_of(z, c.frame));
                self.gimbal.point(Aim::Place {
                    n: p.n,
                    e: p.e,
                    amsl: p.amsl,
                });
                ACCEPTED
            }
            197 => self.roi_none(),
            205 => {
                let mode = c.z().unwrap_or(2.0);
                if mode < 1.5 {
                    return self.roi_none();
                }
                self.gimbal.point(Aim::Angles {
                    pitch: c.n(1),
                    yaw: c.n(3),
                    lock: false,
                });
                ACCEPTED
            }
            _ => UNSUPPORTED,
        }
    }

    fn roi_none(&mut self) -> u8 {
        self.gimbal.point(Gimbal::NEUTRAL);
        ACCEPTED
    }

    fn camera_command(&mut self, peer: u64, c: &Command) -> u8 {
        match c.id {
            203 | 2000 => {
                self.photo();
                ACCEPTED
            }
            2001 | 530 | 206 => ACCEPTED,
            2500 | 2501 => {
                self.recording = c.id == 2500;
                self.send_message(Some(peer), wire::CameraCaptureStatus::ID);
                ACCEPTED
            }
            2502 | 2503 => ACCEPTED,
            _ => UNSUPPORTED,
        }
    }

    /// Answers with the message, or refuses as its family does.
    fn request_message(&mut self, peer: u64, component: u8, broadcast: bool, id: u32, from: &mut u8) -> u8 {
        let owner = crate::telemetry::owner(id);
        let reachable = owner == component || broadcast || (component == AUTOPILOT && owner == AUTOPILOT);
        if reachable && crate::telemetry::available(&self.cfg, id) {
            if broadcast {
                *from = owner;
            }
            self.send_message(Some(peer), id);
            return ACCEPTED;
        }
        if self.cfg.quirks.accepts_without_message {
            return ACCEPTED;
        }
        if component == AUTOPILOT && !self.cfg.px4() && !matches!(id, 259 | 269 | 280) {
            FAILED
        } else {
            UNSUPPORTED
        }
    }

    /// A picture: counted, and told to all in both families' ways.
    pub(crate) fn photo(&mut self) {
        self.photos = self.photos.saturating_add(1);
        self.send_photo();
    }

    /// Puts a mission on board as if it had been uploaded, home left out: for scenarios that
    /// start with a plan loaded.
    ///
    /// # Errors
    /// The MAV_MISSION_RESULT with which an upload of it would end.
    pub fn load_mission(&mut self, items: &[vedette_model::MissionItem]) -> Result<(), u8> {
        let party = Party {
            peer: u64::MAX,
            system: 0,
            component: 0,
        };
        let count = items.len() + usize::from(!self.cfg.px4());
        let first = Item {
            command: 16,
            ..Item::default()
        };
        let home = (!self.cfg.px4()).then_some(first);
        let all: Vec<Item> = home.into_iter().chain(items.iter().map(from_model)).collect();
        let count = u16::try_from(count).map_err(|_| crate::plans::result::NO_SPACE)?;
        let mut last = self.plans.begin(&self.cfg, party, 0, count, self.tick);
        for (seq, item) in all.into_iter().enumerate() {
            if let crate::plans::Next::Ack(code) = last {
                return Err(code);
            }
            last = self.plans.item(&self.cfg, party, 0, seq as u16, item, self.tick);
        }
        match last {
            crate::plans::Next::Done => {
                self.mission_changed();
                Ok(())
            }
            crate::plans::Next::Ack(code) => Err(code),
            _ => Err(crate::plans::result::INVALID),
        }
    }

    /// Landing at a place, for instructors: as if MAV_CMD_NAV_LAND had named it.
    pub fn order_land(&mut self, _now: Mono, at: LatLon) {
        let p = self.place(at, self.ground);
        if self.pilot.armed && !self.body.on_ground {
            self.fly([Task::Land {
                at: p,
                from: None,
                stage: Landing::Plan,
            }]);
        }
    }
}

fn from_model(i: &vedette_model::MissionItem) -> Item {
    use vedette_model::AltFrame;
    let placed = crate::plans::placed(i.command);
    let (x, y) = i.at.map_or((0, 0), LatLon::to_e7);
    Item {
        frame: match (i.frame, placed) {
            (AltFrame::Amsl, _) => 0,
            (AltFrame::AboveHome, _) => 3,
            (AltFrame::Terrain, _) => 10,
            (AltFrame::None, _) => 2,
        },
        command: i.command,
        auto: 1,
        p: i.params.map(|v| v.map_or(0.0, |v| v as f32)),
        x,
        y,
        z: i.alt_m as f32,
    }
}
