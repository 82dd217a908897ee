//! Flies the stored mission item by item, and the ways home.
//!
//! Invariant: DO_ items run when the item before them is done, as both families do; jumps and
//! loops end. Must not know messages.

use std::collections::BTreeMap;

use vedette_geo::{Amsl, LatLon};
use vedette_model::Airframe;
use vedette_model::command as cmd;

use crate::flight::{Landing, Task, Until};
use crate::gimbal::{Aim, Gimbal};
use crate::guide::Place;
use crate::modes::Mode;
use crate::net::AUTOPILOT;
use crate::plans::{Item, is_nav};
use crate::vehicle::SimVehicle;
use crate::wire::MissionItemReached;

/// Where the mission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    #[default]
    NotStarted,
    Active,
    Paused,
    Complete,
}

/// Memory of the mission.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exec {
    /// Index in the stored list (home left out).
    pub(crate) index: usize,
    pub(crate) stage: Stage,
    /// Item to start at the next tick.
    pub(crate) go: Option<usize>,
    /// Take up the interrupted item from where the aircraft is.
    pub(crate) resume: bool,
    /// Height over terrain the present leg keeps, metres.
    pub(crate) terrain: Option<f64>,
    /// The land is so much higher than the aircraft's own data say, metres.
    pub(crate) map_low_m: f64,
    jumps: BTreeMap<usize, u32>,
    last: Option<Place>,
}

/// Terrain, as the world gives it.
pub(crate) type Ground<'a> = &'a dyn Fn(LatLon) -> Option<Amsl>;

impl SimVehicle {
    /// The current item in the aircraft's own numbering.
    pub(crate) fn mission_seq(&self) -> u16 {
        let home = usize::from(!self.cfg.px4() && !self.plans.lists[0].is_empty());
        u16::try_from(self.exec.index + home).unwrap_or(u16::MAX)
    }

    /// Index in the list of a sequence number on the wire.
    pub(crate) fn mission_index(&self, seq: u16) -> usize {
        usize::from(seq).saturating_sub(usize::from(!self.cfg.px4()))
    }

    /// A new mission is on board.
    pub(crate) fn mission_changed(&mut self) {
        self.exec.jumps.clear();
        if self.pilot.mode == Mode::Auto && self.pilot.armed && self.exec.stage == Stage::Active {
            let i = self.exec.index.min(self.plans.lists[0].len().saturating_sub(1));
            self.exec.go = Some(i);
            self.exec.resume = true;
        } else {
            self.exec.index = 0;
            self.exec.stage = Stage::NotStarted;
        }
    }

    /// Starts or resumes the mission.
    pub(crate) fn mission_start(&mut self) {
        let restart = self.params.get("MIS_RESTART", 0.0) > 0.5;
        let resume = !restart && matches!(self.exec.stage, Stage::Paused | Stage::Active);
        if !resume && (self.exec.stage != Stage::NotStarted || restart) {
            self.exec.index = 0;
            self.exec.jumps.clear();
        }
        self.exec.resume = resume && !self.body.on_ground;
        self.exec.go = Some(self.exec.index);
        self.exec.stage = Stage::Active;
    }

    /// Jumps to an item.
    pub(crate) fn mission_set(&mut self, index: usize) -> bool {
        if index >= self.plans.lists[0].len() {
            return false;
        }
        self.exec.index = index;
        if self.pilot.mode == Mode::Auto && self.pilot.armed && self.exec.stage == Stage::Active {
            self.exec.go = Some(index);
            self.exec.resume = true;
        } else if self.exec.stage == Stage::NotStarted || self.exec.stage == Stage::Complete {
            self.exec.stage = Stage::Paused;
        }
        true
    }

    /// The present mission item has been flown.
    pub(crate) fn mission_item_done(&mut self) {
        let seq = self.mission_seq();
        self.net.all(AUTOPILOT, &MissionItemReached { seq });
        self.exec.last = self.target();
        self.exec.go = Some(self.exec.index + 1);
    }

    fn target(&self) -> Option<Place> {
        match self.pilot.task {
            Task::Leg { to, .. } => Some(to),
            Task::TakeOff { at, .. } => Some(at),
            Task::Circle { centre, .. } => Some(centre),
            _ => None,
        }
    }

    pub(crate) fn exec_tick(&mut self, ground: Ground<'_>) {
        if let Some(index) = self.exec.go.take()
            && self.pilot.mode == Mode::Auto
            && self.pilot.armed
        {
            self.run_from(index, ground);
        }
    }

    fn run_from(&mut self, start: usize, ground: Ground<'_>) {
        let mut i = start;
        for _ in 0..2000 {
            let Some(item) = self.plans.lists[0].get(i).copied() else {
                self.mission_complete();
                return;
            };
            self.exec.index = i;
            if item.command == cmd::DO_JUMP {
                i = self.jump(i, &item, true).unwrap_or(i + 1);
                continue;
            }
            if is_nav(item.command) {
                if self.start_nav(i, &item, ground) {
                    return;
                }
            } else {
                self.do_item(&item);
            }
            i += 1;
        }
        self.say(4, "Mission: jump loop without end");
        self.mission_complete();
    }

    /// Where a jump leads, if it still jumps; `take` counts it.
    fn jump(&mut self, i: usize, item: &Item, take: bool) -> Option<usize> {
        let to = self.mission_index(item.param(0).clamp(0.0, 65_535.0) as u16);
        let times = item.param(1);
        let done = self.exec.jumps.get(&i).copied().unwrap_or(0);
        if to >= self.plans.lists[0].len() || (times >= 0.0 && f64::from(done) >= times) {
            return None;
        }
        if take {
            self.exec.jumps.insert(i, done.saturating_add(1));
        }
        Some(to)
    }

    fn mission_complete(&mut self) {
        self.exec.index = self.plans.lists[0].len().saturating_sub(1);
        self.exec.stage = Stage::Complete;
        if self.body.on_ground {
            return;
        }
        self.say(6, "Mission complete");
        if self.cfg.airframe == Airframe::Copter || self.cfg.px4() {
            let hold = self.holding();
            self.start(hold);
        } else {
            self.set_mode(Mode::Return);
        }
    }

    /// Place of an item, its height by frame.
    pub(crate) fn item_place(&self, item: &Item, ground: Ground<'_>) -> Place {
        let here = Place::of(&self.sensors.est);
        let z = if item.z.is_finite() { f64::from(item.z) } else { 0.0 };
        let at = item.at();
        let amsl = match item.frame {
            0 | 5 => z,
            10 | 11 => {
                let p = at.unwrap_or_else(|| self.latlon(here.n, here.e));
                z + ground(p).map_or(self.ground, |g| g.0) - self.exec.map_low_m
            }
            _ => self.home.place.amsl + z,
        };
        match at {
            Some(p) => self.place(p, amsl),
            None => Place { amsl, ..here },
        }
    }

    /// The place flown to after item `i`, if it is a plain waypoint.
    fn next_place(&mut self, i: usize, ground: Ground<'_>) -> Option<Place> {
        let mut j = i + 1;
        for _ in 0..200 {
            let item = *self.plans.lists[0].get(j)?;
            if item.command == cmd::DO_JUMP {
                j = self.jump(j, &item, false).unwrap_or(j + 1);
            } else if item.command == cmd::NAV_WAYPOINT || item.command == 82 {
                return Some(self.item_place(&item, ground));
            } else if is_nav(item.command) {
                let winged = self.cfg.airframe != Airframe::Copter;
                return winged.then(|| self.item_place(&item, ground));
            } else {
                j += 1;
            }
        }
        None
    }

    /// Starts a NAV_ item; false when there is nothing to fly.
    fn start_nav(&mut self, i: usize, item: &Item, ground: Ground<'_>) -> bool {
        let here = Place::of(&self.sensors.est);
        let from = if self.exec.resume { None } else { self.exec.last };
        let from = from.filter(|f| f.across(&here) < 500.0).unwrap_or(here);
        self.exec.resume = false;
        self.exec.terrain = (matches!(item.frame, 10 | 11) && item.z.is_finite()).then_some(f64::from(item.z));
        let to = self.item_place(item, ground);
        let turns = |v: f64| {
            if v.abs() < 1e-6 { self.loiter_radius() } else { v }
        };
        let copter = self.cfg.airframe == Airframe::Copter;
        let radius = |v: f64| if copter { 0.0 } else { turns(v) };
        let task = match item.command {
            cmd::NAV_TAKEOFF | 84 => {
                let mut aim = None;
                if item.at().is_some() && to.across(&here) > 30.0 {
                    aim = Some(to);
                } else if let Some(next) = self.next_place(i, ground) {
                    aim = Some(next);
                }
                let heading = aim
                    .filter(|a| a.across(&here) > 30.0)
                    .map_or(self.body.yaw, |a| here.bearing(&a));
                Task::TakeOff {
                    at: Place { amsl: to.amsl, ..here },
                    heading,
                }
            }
            cmd::NAV_WAYPOINT | 82 => {
                let next = self.next_place(i, ground);
                let hold_s = if copter {
                    item.param(0).clamp(0.0, 65_535.0)
                } else {
                    0.0
                };
                let own = self
                    .params
                    .get("WPNAV_RADIUS", 100.0 * self.params.get("NAV_ACC_RAD", 2.0))
                    / 100.0;
                let radius = match (copter, item.param(1)) {
                    (true, _) => own.clamp(0.5, 50.0),
                    (false, r) if r > 0.0 => r.clamp(1.0, 500.0),
                    (false, _) => self.params.get("WP_RADIUS", 50.0).clamp(5.0, 500.0),
                };
                Task::Leg {
                    from,
                    to,
                    next,
                    radius,
                    hold_s,
                }
            }
            cmd::NAV_LOITER_UNLIM => self.circle_after(from, to, radius(item.param(2)), Until::Never),
            cmd::NAV_LOITER_TURNS => {
                let r = if copter {
                    turns_radius(item.param(2), self.params.get("CIRCLE_RADIUS", 1000.0) / 100.0)
                } else {
                    turns(item.param(2))
                };
                self.circle_after(from, to, r, Until::Turns(item.param(0).clamp(0.0, 255.0)))
            }
            cmd::NAV_LOITER_TIME => self.circle_after(
                from,
                to,
                radius(item.param(2)),
                Until::Seconds(item.param(0).clamp(0.0, 65_535.0)),
            ),
            cmd::NAV_LOITER_TO_ALT => self.circle_after(from, to, radius(item.param(1)), Until::Height),
            cmd::NAV_LAND | 85 => {
                let mut at = to;
                if let Some(g) = ground(self.latlon(at.n, at.e)) {
                    at.amsl = g.0;
                }
                Task::Land {
                    at,
                    from: self.exec.last.filter(|_| item.at().is_some()),
                    stage: Landing::Plan,
                }
            }
            cmd::NAV_RETURN_TO_LAUNCH => {
                self.set_mode(Mode::Return);
                return true;
            }
            _ => return false,
        };
        self.start_with_leg(from, task);
        true
    }

    fn circle_after(&self, _from: Place, centre: Place, radius: f64, until: Until) -> Task {
        Task::Circle { centre, radius, until }
    }

    /// A circle far away is flown to on a leg first.
    fn start_with_leg(&mut self, from: Place, task: Task) {
        self.pilot.queue.clear();
        let here = Place::of(&self.sensors.est);
        if let Task::Circle { centre, radius, .. } = task {
            let far = here.across(&centre) - radius.abs();
            if far > 60.0 || (self.cfg.airframe == Airframe::Copter && far > 3.0) {
                let short = if radius == 0.0 {
                    centre
                } else {
                    Place {
                        amsl: centre.amsl,
                        ..centre.toward(centre.bearing(&here), radius.abs())
                    }
                };
                self.pilot.queue.push_back(task);
                self.start(Task::Leg {
                    from,
                    to: short,
                    next: None,
                    radius: 5.0,
                    hold_s: 0.0,
                });
                return;
            }
        }
        self.start(task);
    }

    /// A DO_ item, now.
    pub(crate) fn do_item(&mut self, item: &Item) {
        match item.command {
            cmd::DO_CHANGE_SPEED => self.change_speed(item.param(0), item.param(1)),
            cmd::DO_GIMBAL_MANAGER_PITCHYAW => {
                let flags = item.x as u32;
                self.gimbal_pitch_yaw(item.p, flags);
            }
            205 => self.gimbal.point(Aim::Angles {
                pitch: item.param(0),
                yaw: item.param(2),
                lock: false,
            }),
            cmd::DO_SET_ROI_LOCATION | 201 => {
                if let Some(at) = item.at() {
                    let z = f64::from(item.z);
                    let amsl = if matches!(item.frame, 0 | 5) {
                        z
                    } else {
                        self.home.place.amsl + z
                    };
                    let p = self.place(at, amsl);
                    self.gimbal.point(Aim::Place {
                        n: p.n,
                        e: p.e,
                        amsl: p.amsl,
                    });
                }
            }
            cmd::DO_SET_ROI_NONE => self.gimbal.point(Gimbal::NEUTRAL),
            207 => {
                self.watch.fence_on = item.param(0) > 0.5;
            }
            179 => {
                if let Some(at) = item.at() {
                    self.set_home(at, f64::from(item.z));
                }
            }
            115 => {
                self.pilot.yaw = item.param(0);
                self.pilot.yaw_fixed = true;
            }
            203 | 2000 => self.photo(),
            3000 => {
                self.vtol_transition(item.param(0));
            }
            2500 => self.recording = true,
            2501 => self.recording = false,
            _ => {}
        }
    }

    /// DO_CHANGE_SPEED: kind 0 airspeed, 1 ground speed; below 0 back to the own.
    pub(crate) fn change_speed(&mut self, kind: f64, speed: f64) {
        if kind > 1.5 || speed == -1.0 {
            return;
        }
        self.pilot.speed_order = (speed > 0.0).then_some((speed, kind > 0.5));
    }

    /// Angles or rates of DO_GIMBAL_MANAGER_PITCHYAW; NaN leaves as it is. Flag 16 locks yaw to
    /// north, flag 1 retracts, flag 2 is neutral.
    pub(crate) fn gimbal_pitch_yaw(&mut self, p: [f32; 4], flags: u32) {
        if flags & 3 != 0 {
            self.gimbal.point(Gimbal::NEUTRAL);
            return;
        }
        let lock = flags & 16 != 0;
        let known = |v: f32| v.is_finite().then(|| f64::from(v));
        let base = if lock { 0.0 } else { self.body.yaw };
        match (known(p[0]), known(p[1]), known(p[2]), known(p[3])) {
            (None, None, pr, yr) if pr.is_some() || yr.is_some() => {
                self.gimbal.point(Aim::Rates {
                    pitch: pr.unwrap_or(0.0),
                    yaw: yr.unwrap_or(0.0),
                    lock,
                });
            }
            (None, None, ..) => {}
            (pitch, yaw, ..) => {
                let pitch = pitch.unwrap_or(self.gimbal.pitch);
                let yaw = yaw.unwrap_or_else(|| vedette_geo::norm_deg_180(self.gimbal.yaw - base));
                self.gimbal.point(Aim::Angles { pitch, yaw, lock });
            }
        }
    }

    /// Index of DO_LAND_START, if the mission has one.
    pub(crate) fn land_start(&self) -> Option<usize> {
        self.plans.lists[0].iter().position(|i| i.command == cmd::DO_LAND_START)
    }

    /// Goes to the landing part of the mission.
    pub(crate) fn fly_landing(&mut self) -> bool {
        let Some(i) = self.land_start() else {
            return false;
        };
        self.pilot.mode = Mode::Auto;
        self.exec.stage = Stage::Active;
        self.exec.index = i;
        self.exec.resume = true;
        self.exec.go = Some(i);
        true
    }

    /// Nearest of rally points and home, with the height to go there at.
    fn haven(&self) -> (Place, bool) {
        let here = Place::of(&self.sensors.est);
        let mut best = (self.home.place, true);
        let mut d = here.across(&self.home.place);
        if !self.plans.lists[2].is_empty() && self.params.get("RALLY_INCL_HOME", 1.0) < 0.5 {
            d = f64::INFINITY;
        }
        for item in &self.plans.lists[2] {
            let p = self.item_place(item, &|_| None);
            if here.across(&p) < d {
                d = here.across(&p);
                best = (p, false);
            }
        }
        // A rally point too far away is none (0: no limit).
        let limit = self.params.get("RALLY_LIMIT_KM", 0.0) * 1000.0;
        if !best.1 && limit > 0.0 && d > limit {
            return (self.home.place, true);
        }
        best
    }

    /// A leg by height over terrain: keeps it over what is below and up to six seconds ahead.
    pub(crate) fn follow_terrain(&mut self, ground: Ground<'_>) {
        let (Some(z), Task::Leg { from, to, .. }) = (self.exec.terrain, self.pilot.task) else {
            return;
        };
        if !self.tick.is_multiple_of(10) {
            return;
        }
        let e = self.sensors.est;
        let highest = (0..=3)
            .filter_map(|k| {
                let t = f64::from(k) * 2.0;
                ground(self.latlon(e.n + e.v[0] * t, e.e + e.v[1] * t))
            })
            .map(|g| g.0)
            .fold(f64::NEG_INFINITY, f64::max);
        // Unknown terrain is not 0: the last known height is kept.
        if !highest.is_finite() {
            return;
        }
        let amsl = highest - self.exec.map_low_m + z;
        if let Task::Leg { from: f, to: t, .. } = &mut self.pilot.task {
            *f = Place { amsl, ..from };
            *t = Place { amsl, ..to };
        }
    }

    /// What a return consists of.
    pub(crate) fn return_tasks(&mut self) -> Vec<Task> {
        let here = Place::of(&self.sensors.est);
        let (mut haven, home) = self.haven();
        if self.cfg.airframe == Airframe::Copter {
            let own = self
                .params
                .get("RTL_ALT", 100.0 * self.params.get("RTL_RETURN_ALT", 30.0))
                / 100.0;
            let height = if home { self.home.place.amsl + own } else { haven.amsl };
            let height = height.max(here.amsl);
            let up = Place { amsl: height, ..here };
            haven.amsl = height;
            let wait = self.params.get("RTL_LOIT_TIME", 0.0) / 1000.0;
            let mut tasks = Vec::new();
            if up.amsl > here.amsl + 1.0 {
                tasks.push(Task::TakeOff {
                    at: up,
                    heading: self.body.yaw,
                });
            }
            tasks.push(Task::Leg {
                from: up,
                to: haven,
                next: None,
                radius: 2.0,
                hold_s: 0.0,
            });
            if wait > 0.0 {
                tasks.push(Task::Circle {
                    centre: haven,
                    radius: 0.0,
                    until: Until::Seconds(wait),
                });
            }
            tasks.push(Task::Land {
                at: haven,
                from: None,
                stage: Landing::Plan,
            });
            return tasks;
        }
        let height = self
            .params
            .get("RTL_ALTITUDE", self.params.get("RTL_RETURN_ALT", 100.0));
        if home {
            haven.amsl = self.home.place.amsl + height;
        }
        // Climbs at once, comes down on the way.
        let here = Place {
            amsl: here.amsl.max(haven.amsl),
            ..here
        };
        let mut tasks = vec![Task::Leg {
            from: here,
            to: haven,
            next: None,
            radius: 40.0,
            hold_s: 0.0,
        }];
        if self.cfg.airframe == Airframe::Quadplane || self.cfg.px4() {
            let at = Place {
                amsl: self.home.place.amsl,
                ..haven
            };
            tasks.push(Task::Land {
                at,
                from: None,
                stage: Landing::Plan,
            });
        }
        tasks
    }
}

fn turns_radius(asked: f64, own: f64) -> f64 {
    if asked.abs() < 1e-6 {
        own
    } else {
        asked.clamp(-500.0, 500.0)
    }
}
