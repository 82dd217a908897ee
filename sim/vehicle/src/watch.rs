//! Arming, modes and everything that may take the aircraft out of a person's hands: link loss,
//! battery, fence, position loss, crash.
//!
//! Invariant: each failsafe acts once per event and says so in a status text. Must not know how
//! texts travel.

use vedette_model::Airframe;

use crate::execute::Stage;
use crate::flight::{Landing, Task};
use crate::guide::Place;
use crate::modes::Mode;
use crate::vehicle::{Home, SimVehicle};
use vedette_geo::LatLon;

/// Severities of STATUSTEXT.
const CRITICAL: u8 = 2;
const WARNING: u8 = 4;
const INFO: u8 = 6;

/// Memory of the failsafes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    /// Tick of the last heartbeat of the configured station; none until the first.
    pub(crate) gcs_heard: Option<u64>,
    pub(crate) gcs_lost: bool,
    battery_stage: u8,
    pub(crate) fence_on: bool,
    pub(crate) breached: bool,
    pub(crate) breaches: u16,
    pub(crate) breach_kind: u8,
    pub(crate) breach_ms: u32,
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
        if self.params.get("ARMING_CHECK", 1.0) < 0.5 {
            return None;
        }
        if !self.sensors.fix {
            return Some("GPS 1: Bad fix");
        }
        if self.battery.share() < 0.15 {
            return Some("Battery 1 low voltage failsafe");
        }
        let autoland = self.params.get("RTL_AUTOLAND", 1.0);
        if self.cfg.airframe != Airframe::Copter && autoland < 0.5 && self.land_start().is_some() {
            return Some("DO_LAND_START set and RTL_AUTOLAND disabled");
        }
        None
    }

    /// Arms, or says why not. `force` skips the checks.
    pub(crate) fn arm(&mut self, force: bool) -> bool {
        if self.pilot.armed {
            return true;
        }
        let armable = match self.pilot.mode {
            Mode::Return | Mode::Land => false,
            Mode::Hold(name, _) => name != "BRAKE",
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

    fn act(&mut self, mode: Mode) {
        let landing = matches!(self.pilot.task, Task::Land { .. });
        if !self.body.on_ground && !landing && self.pilot.mode != mode {
            self.set_mode(mode);
        }
    }

    fn watch_battery(&mut self) {
        let full = self
            .params
            .get("BATT_CAPACITY", self.params.get("BAT1_CAPACITY", 5000.0))
            .max(1.0);
        let share = self.battery.share();
        let low = self
            .params
            .get("BAT_LOW_THR", self.params.get("BATT_LOW_MAH", 0.0) / full);
        let critical = self
            .params
            .get("BAT_CRIT_THR", self.params.get("BATT_CRT_MAH", 0.0) / full);
        if share <= 0.0 && !self.body.on_ground {
            self.body.thrust_lost = 1.0;
        }
        let stage = u8::from(share <= low) + u8::from(share <= critical);
        if stage <= self.watch.battery_stage {
            return;
        }
        self.watch.battery_stage = stage;
        let word = if stage == 2 { "critical" } else { "low" };
        let text = format!(
            "Battery 1 is {word} {:.2}V used {:.0} mAh",
            self.battery.volts(),
            (1.0 - share) * full
        );
        self.say(WARNING, &text);
        let name = if stage == 2 {
            "BATT_FS_CRT_ACT"
        } else {
            "BATT_FS_LOW_ACT"
        };
        let action = self.params.get(name, self.params.get("COM_LOW_BAT_ACT", 2.0)) as i64;
        let copter = self.cfg.airframe == Airframe::Copter;
        match (copter || self.cfg.px4(), action) {
            (true, 1) if !self.cfg.px4() => self.act(Mode::Land),
            (true, 2..=4) => self.act(Mode::Return),
            (false, 1) => self.act(Mode::Return),
            (false, 2) => self.act(Mode::Land),
            _ => {}
        }
    }

    fn watch_station(&mut self) {
        let Some(heard) = self.watch.gcs_heard else {
            return;
        };
        let p = &self.params;
        let wait = p.get("FS_GCS_TIMEOUT", p.get("FS_LONG_TIMEOUT", p.get("COM_DL_LOSS_T", 5.0)));
        let silent = (self.tick - heard) as f64 * 0.01 > wait.max(1.0);
        if !silent {
            if self.watch.gcs_lost {
                self.watch.gcs_lost = false;
                self.say(INFO, "GCS Failsafe Cleared");
            }
            return;
        }
        if self.watch.gcs_lost {
            return;
        }
        let action = p.get("FS_GCS_ENABLE", p.get("FS_GCS_ENABL", p.get("NAV_DLL_ACT", 0.0))) as i64;
        if action == 0 {
            return;
        }
        self.watch.gcs_lost = true;
        self.say(CRITICAL, "GCS Failsafe");
        match (self.cfg.px4(), self.cfg.airframe, action) {
            (true, _, 1) => {
                let hold = Mode::hold(self.cfg.family, self.cfg.airframe);
                self.act(hold);
            }
            (true, _, 3) | (false, Airframe::Copter, 5) => self.act(Mode::Land),
            _ => self.act(Mode::Return),
        }
    }

    /// Inside every inclusion and outside every exclusion, below the ceiling.
    pub(crate) fn fence_kind(&self, p: &Place) -> u8 {
        let kinds = self.params.get("FENCE_TYPE", 7.0) as u32;
        let up = p.amsl - self.home.place.amsl;
        if kinds & 1 != 0 && up > self.params.get("FENCE_ALT_MAX", f64::INFINITY) {
            return 2;
        }
        if kinds & 2 != 0 && p.across(&self.home.place) > self.params.get("FENCE_RADIUS", f64::INFINITY) {
            return 3;
        }
        if kinds & 4 != 0 && !self.inside_fence(p) {
            return 3;
        }
        0
    }

    fn inside_fence(&self, p: &Place) -> bool {
        let list = &self.plans.lists[1];
        let (mut any, mut inside) = (false, false);
        let mut i = 0;
        while let Some(item) = list.get(i) {
            let corner = |it: &crate::plans::Item| it.at().map(|at| self.place(at, p.amsl));
            match item.command {
                5001 | 5002 => {
                    let n = (item.param(0) as usize).clamp(3, 1024);
                    let ring: Vec<Place> = list.iter().skip(i).take(n).filter_map(corner).collect();
                    let within = in_ring(&ring, p);
                    if item.command == 5001 {
                        any = true;
                        inside |= within;
                    } else if within {
                        return false;
                    }
                    i += n;
                }
                5003 | 5004 => {
                    let within = corner(item).is_some_and(|c| c.across(p) <= item.param(0));
                    if item.command == 5003 {
                        any = true;
                        inside |= within;
                    } else if within {
                        return false;
                    }
                    i += 1;
                }
                _ => i += 1,
            }
        }
        !any || inside
    }

    fn watch_fence(&mut self) {
        let on = self.watch.fence_on || self.params.get("FENCE_ENABLE", f64::from(u8::from(self.cfg.px4()))) > 0.5;
        if !on || self.body.on_ground {
            return;
        }
        let kind = self.fence_kind(&Place::of(&self.sensors.est));
        if kind == 0 {
            if self.watch.breached {
                self.watch.breached = false;
                self.watch.breach_kind = 0;
                self.say(INFO, "Fence breach cleared");
            }
            return;
        }
        if self.watch.breached {
            return;
        }
        self.watch.breached = true;
        self.watch.breaches = self.watch.breaches.saturating_add(1);
        self.watch.breach_kind = kind;
        self.watch.breach_ms = self.boot_ms();
        self.say(
            CRITICAL,
            if kind == 2 {
                "Max Alt fence breached"
            } else {
                "Polygon fence breached"
            },
        );
        match self.params.get("FENCE_ACTION", self.params.get("GF_ACTION", 1.0)) as i64 {
            0 => {}
            2 if !self.cfg.px4() => self.act(Mode::Land),
            _ => self.act(Mode::Return),
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
            self.act(Mode::Land);
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

/// Even-odd rule in the local plane.
fn in_ring(ring: &[Place], p: &Place) -> bool {
    let mut inside = false;
    for (i, a) in ring.iter().enumerate() {
        let b = &ring[(i + 1) % ring.len()];
        if (a.e > p.e) != (b.e > p.e) {
            let t = (p.e - a.e) / (b.e - a.e);
            if p.n < a.n + t * (b.n - a.n) {
                inside = !inside;
            }
        }
    }
    inside
}
