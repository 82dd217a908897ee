//! Arming, modes, and what is watched besides battery, link and fence: position loss, a crash, an
//! aircraft left standing armed.
//!
//! Invariant: each failsafe acts once per event and says so in a status text. Must not know how
//! texts travel.

use vedette_model::Airframe;

use crate::execute::Stage;
use crate::failsafe::Remedy;
use crate::flight::{Landing, Task};
use crate::guide::Place;
use crate::modes::Mode;
use crate::vehicle::{Home, SimVehicle};
use crate::wire;
use vedette_geo::LatLon;

/// Severities of STATUSTEXT.
pub(crate) const CRITICAL: u8 = 2;
pub(crate) const WARNING: u8 = 4;
pub(crate) const INFO: u8 = 6;

/// A compass this far off disagrees with the rest of the navigation, degrees.
const COMPASS_DEG: f64 = 45.0;
/// A standing aircraft's pitot tube that tells more than this is blocked, metres per second.
const AIRSPEED_M_S: f64 = 5.0;

/// Memory of the failsafes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    /// Tick of the last heartbeat of the configured station; none until the first.
    pub(crate) gcs_heard: Option<u64>,
    pub(crate) gcs_lost: bool,
    pub(crate) battery_stage: u8,
    /// Ticks the voltage has been below its two thresholds.
    pub(crate) sagging: [u64; 2],
    pub(crate) fence_on: bool,
    pub(crate) breached: bool,
    pub(crate) breaches: u16,
    pub(crate) breach_kind: u8,
    pub(crate) breach_ms: u32,
    /// PX4's last arming-check event: its sequence number and what it told.
    event: (u16, Option<Option<&'static str>>),
    lost_fix_since: Option<u64>,
    position_lost: bool,
}

impl SimVehicle {
    /// Ready to arm: what is missing, in words.
    pub(crate) fn not_ready(&self) -> Option<&'static str> {
        if (self.tick as f64) * 0.01 < self.cfg.ready_after_s {
            return Some("EKF attitude is bad");
        }
        if self.crashed {
            return Some("Vehicle has crashed");
        }
        // ARMING_CHECK: none, all (bit 0) or single ones; PX4 has no such parameter and does them all.
        let checks = self.params.get("ARMING_CHECK", 1.0) as u32;
        if checks == 0 {
            return None;
        }
        let check = |bit: u32| checks & 1 != 0 || checks & (1 << bit) != 0;
        if check(3) && !self.sensors.fix && self.params.get("COM_ARM_WO_GPS", 0.0) < 0.5 {
            return Some("GPS 1: Bad fix");
        }
        if check(2) && self.sensors.compass.abs() > COMPASS_DEG {
            return Some("Compasses inconsistent");
        }
        if check(8) && self.battery.low(&self.params) > 0 {
            return Some("Battery 1 low capacity failsafe");
        }
        let told = self.sensors.pitot;
        if check(9)
            && self.cfg.airframe != Airframe::Copter
            && told.is_some_and(|v| (v - self.body.airspeed).abs() > AIRSPEED_M_S)
        {
            return Some("Airspeed 1 not healthy");
        }
        // The floor counts from take-off on.
        if self.fence_enabled() && self.fence_kind(&Place::of(&self.sensors.est)) > 1 {
            return Some("vehicle outside fence");
        }
        if self.remote_id_fault().is_some() {
            return Some("OpenDroneID: missing location message");
        }
        let autoland = self.params.get("RTL_AUTOLAND", 1.0);
        if self.cfg.airframe != Airframe::Copter && autoland < 0.5 && self.land_start().is_some() {
            return Some("DO_LAND_START set and RTL_AUTOLAND disabled");
        }
        None
    }

    /// PX4 tells the outcome of its arming checks by event, when it changes.
    pub(crate) fn arming_event_tick(&mut self) {
        let why = if self.pilot.armed { None } else { self.not_ready() };
        if self.cfg.px4() && self.watch.event.1 != Some(why) {
            self.arming_event();
        }
    }

    /// `commander_arming_check_summary` (PX4 events interface): chunk, parts with errors, with
    /// warnings, modes that can arm, modes that can run.
    pub(crate) fn arming_event(&mut self) {
        const SUMMARY: u32 = 11_047_904;
        let why = if self.pilot.armed { None } else { self.not_ready() };
        let part: u32 = match why {
            None => 0,
            Some(w) if w.starts_with("EKF") => 1 << 16,
            Some(w) if w.starts_with("GPS") => 1 << 3,
            Some(w) if w.starts_with("Battery") => 1 << 11,
            Some(w) if w.starts_with("OpenDroneID") => 1 << 30,
            Some(_) => 1 << 20,
        };
        let modes: u32 = if part == 0 { 0x0002_003F } else { 0 };
        let mut arguments = [0; 40];
        arguments[1..5].copy_from_slice(&part.to_le_bytes());
        arguments[17..21].copy_from_slice(&modes.to_le_bytes());
        arguments[21..25].copy_from_slice(&modes.to_le_bytes());
        self.watch.event = (self.watch.event.0.wrapping_add(1), Some(why));
        let m = wire::Event {
            id: 1 << 24 | SUMMARY,
            event_time_boot_ms: self.boot_ms(),
            sequence: self.watch.event.0,
            log_levels: 0x66,
            arguments,
            ..Default::default()
        };
        self.emit(None, &m);
    }

    /// Arms, or says why not. `force` skips the checks.
    pub(crate) fn arm(&mut self, force: bool) -> bool {
        if self.pilot.armed {
            return true;
        }
        let armable = match self.pilot.mode {
            Mode::Return | Mode::Land => false,
            Mode::Hold(name, _) => name != "BRAKE",
            // AUTO_OPTIONS bit 0 allows it.
            Mode::Auto if self.cfg.airframe == Airframe::Copter && !self.cfg.px4() => {
                self.params.get("AUTO_OPTIONS", 0.0) as u32 & 1 != 0
            }
            _ => true,
        };
        if !armable {
            let text = format!("Arm: {} mode not armable", self.pilot.mode.name());
            self.say(CRITICAL, &text);
            return false;
        }
        if self.crashed {
            self.say(CRITICAL, "Arm: vehicle has crashed");
            return false;
        }
        if let Some(why) = self.not_ready()
            && !force
        {
            let text = format!("PreArm: {why}");
            self.say(CRITICAL, &text);
            return false;
        }
        self.pilot.armed = true;
        let (utc, us) = (self.utc(), self.now_us() as u64);
        self.logbook.begin(utc, us, self.params.values());
        let custom = self.pilot.mode.custom(self.cfg.family, self.cfg.airframe);
        self.logbook.mode(us, custom);
        self.pilot.armed_tick = self.tick;
        self.pilot.took_off = false;
        self.pilot.task = Task::Stand;
        self.pilot.queue.clear();
        self.watch.battery_stage = 0;
        self.watch.sagging = [0; 2];
        let e = self.sensors.est;
        if self.body.on_ground {
            let at = self.latlon(e.n, e.e);
            self.home = Home {
                at,
                place: Place {
                    n: e.n,
                    e: e.e,
                    amsl: self.body.amsl,
                },
            };
            self.send_home_to_all();
        }
        self.say(INFO, "Throttle armed");
        if self.pilot.mode == Mode::Auto && (self.cfg.airframe != Airframe::Copter || self.cfg.px4()) {
            self.mission_start();
        }
        if self.pilot.mode == Mode::TakeOff && self.body.on_ground {
            let p = &self.params;
            let own = p.get("TKOFF_ALT", p.get("MIS_TAKEOFF_ALT", 50.0));
            let height = self.pilot.ordered_height.take().unwrap_or(own);
            self.take_off(height);
        }
        true
    }

    /// Disarms. In the air only when forced.
    pub(crate) fn disarm(&mut self, force: bool) -> bool {
        if !self.pilot.armed {
            return true;
        }
        if !self.body.on_ground && !force {
            return false;
        }
        self.pilot.armed = false;
        self.pilot.rotors_ordered = false;
        self.pilot.task = Task::Stand;
        self.pilot.queue.clear();
        self.exec.go = None;
        if self.exec.stage == Stage::Active {
            self.exec.stage = Stage::NotStarted;
        }
        self.say(INFO, "Throttle disarmed");
        self.logbook.end();
        true
    }

    /// A landing has come to rest.
    pub(crate) fn landed(&mut self) {
        if self.pilot.mode == Mode::Auto {
            self.mission_item_done();
            self.exec.go = None;
            self.exec.stage = Stage::Complete;
        }
        self.say(INFO, "Land complete");
        self.disarm(true);
    }

    /// The haven of a return was reached: a plane with RTL_AUTOLAND 1 or 2 lands, by its
    /// mission's landing part or, without one, at home as in AUTOLAND.
    pub(crate) fn hold_reached(&mut self) {
        let autoland = self.params.get("RTL_AUTOLAND", 0.0);
        // PX4 circles for RTL_LAND_DELAY seconds, for ever when it is negative.
        let px4_lands = self.cfg.px4() && self.params.get("RTL_LAND_DELAY", 0.0) >= 0.0;
        let lands = ((0.5..2.5).contains(&autoland) || px4_lands) && self.cfg.airframe == Airframe::Plane;
        if self.pilot.mode == Mode::Return && lands && !self.fly_landing() {
            let at = self.home.place;
            self.fly([Task::Land {
                at,
                from: None,
                stage: Landing::Plan,
            }]);
        }
    }

    pub(crate) fn set_home(&mut self, at: LatLon, amsl: f64) {
        if LatLon::new(at.lat_deg, at.lon_deg).is_ok() && amsl.is_finite() {
            self.home = Home {
                at,
                place: self.place(at, amsl),
            };
            self.send_home_to_all();
        }
    }

    /// Changes mode and starts what it flies.
    pub(crate) fn set_mode(&mut self, mode: Mode) {
        let before = self.pilot.mode;
        if before == mode && mode != Mode::Return {
            return;
        }
        if before == Mode::Auto && self.exec.stage == Stage::Active {
            self.exec.stage = Stage::Paused;
        }
        self.exec.go = None;
        self.exec.terrain = None;
        self.pilot.mode = mode;
        let (us, custom) = (self.now_us() as u64, mode.custom(self.cfg.family, self.cfg.airframe));
        self.logbook.mode(us, custom);
        self.pilot.speed_order = None;
        self.pilot.yaw_fixed = false;
        if !self.pilot.armed {
            return;
        }
        let flying = !self.body.on_ground;
        match mode {
            Mode::Auto => {
                if flying || self.cfg.airframe != Airframe::Copter {
                    self.mission_start();
                }
            }
            Mode::Return if flying => {
                let landing = self.params.get("RTL_AUTOLAND", 0.0) > 1.5
                    && self.params.get("RTL_AUTOLAND", 0.0) < 2.5
                    && self.cfg.airframe == Airframe::Plane;
                if landing && self.fly_landing() {
                    return;
                }
                let tasks = self.return_tasks();
                self.fly(tasks);
            }
            Mode::Land if flying => {
                let here = Place::of(&self.sensors.est);
                let at = if self.cfg.airframe == Airframe::Plane {
                    self.home.place
                } else {
                    Place {
                        amsl: self.ground,
                        ..here
                    }
                };
                self.fly([Task::Land {
                    at,
                    from: None,
                    stage: Landing::Plan,
                }]);
            }
            Mode::TakeOff if !flying => {
                let up = self.params.get("TKOFF_ALT", self.params.get("MIS_TAKEOFF_ALT", 50.0));
                self.take_off(up);
            }
            _ => {
                let hold = self.holding();
                self.fly([hold]);
            }
        }
    }

    /// Takes off to a height above home from the ground.
    pub(crate) fn take_off(&mut self, height: f64) {
        let here = Place::of(&self.sensors.est);
        let at = Place {
            amsl: self.home.place.amsl + height,
            ..here
        };
        let heading = self.body.yaw;
        self.fly([Task::TakeOff { at, heading }]);
    }

    /// Every tick: crash; ten times a second: the rest.
    pub(crate) fn watch_tick(&mut self) {
        if let Some(speed) = self.body.impact.take() {
            let landing = matches!(self.pilot.task, Task::Land { .. });
            let winged = self.cfg.airframe == Airframe::Plane;
            let soft = if landing && winged { 3.0 } else { 2.5 };
            if speed > soft || (winged && !landing && self.pilot.took_off) {
                self.crashed = true;
                self.body.v = [0.0; 3];
                self.say(CRITICAL, "Crash: Disarming");
                self.disarm(true);
            }
        }
        if !self.tick.is_multiple_of(10) {
            return;
        }
        if self.pilot.armed {
            self.watch_battery();
            self.watch_station();
            self.watch_fence();
            self.watch_position();
            self.watch_idle();
        }
    }

    fn watch_position(&mut self) {
        if self.sensors.fix {
            self.watch.lost_fix_since = None;
            if self.watch.position_lost {
                self.watch.position_lost = false;
                self.say(INFO, "EKF Failsafe Cleared");
            }
            return;
        }
        let since = *self.watch.lost_fix_since.get_or_insert(self.tick);
        if self.watch.position_lost || self.tick - since < 500 {
            return;
        }
        self.watch.position_lost = true;
        if self.cfg.airframe == Airframe::Copter && self.params.get("FS_EKF_ACTION", 1.0) > 0.5 {
            self.say(CRITICAL, "EKF Failsafe: changed to LAND Mode");
            self.remedy(Remedy::Land);
        } else {
            self.say(CRITICAL, "GPS lost: dead reckoning");
        }
    }

    /// A multirotor armed and left standing disarms itself.
    fn watch_idle(&mut self) {
        if self.cfg.airframe != Airframe::Copter || !self.body.on_ground {
            return;
        }
        let delay = self.params.get("DISARM_DELAY", 10.0);
        let waits = matches!(self.pilot.task, Task::Stand);
        let age = (self.tick - self.pilot.armed_tick) as f64 * 0.01;
        if waits && delay > 0.0 && age > delay {
            self.disarm(true);
        }
    }
}
