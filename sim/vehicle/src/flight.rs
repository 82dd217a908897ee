//! What the autopilot is doing now, tick by tick: one task, those queued behind it, and the
//! demand on the airframe.
//!
//! Invariant: a task ends by itself or is replaced as a whole; the aircraft flies on what it
//! believes, never on the truth. Must not know messages.

use std::collections::VecDeque;
use vedette_geo::Repeatable;

use vedette_geo::diff_deg;
use vedette_model::Airframe;

use crate::air::TICK_S;
use crate::body::Demand;
use crate::execute::Ground;
use crate::guide::{self, Lateral, Place, Speeds};
pub(crate) use crate::landing::Landing;
use crate::modes::Mode;
use crate::vehicle::SimVehicle;

/// When a circle ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Until {
    Never,
    Turns(f64),
    Seconds(f64),
    Height,
}

/// One thing to fly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Task {
    /// On the ground.
    Stand,
    /// Take-off to a height, a winged aircraft along `heading`.
    TakeOff { at: Place, heading: f64 },
    /// Straight to a place; `next` is known when it is only passed.
    Leg {
        from: Place,
        to: Place,
        next: Option<Place>,
        radius: f64,
        hold_s: f64,
    },
    /// Circle (wings), or hover when the radius is 0 (rotors).
    Circle { centre: Place, radius: f64, until: Until },
    /// Down at a place; `from` gives the direction of a winged approach.
    Land {
        at: Place,
        from: Option<Place>,
        stage: Landing,
    },
    /// Velocity over ground until a tick, then hold.
    Velocity { v: [f64; 3], until: u64 },
}

/// Memory of the autopilot.
#[derive(Debug, Clone)]
pub(crate) struct Pilot {
    pub(crate) mode: Mode,
    pub(crate) armed: bool,
    pub(crate) armed_tick: u64,
    pub(crate) task: Task,
    pub(crate) queue: VecDeque<Task>,
    /// Tick at which the task began.
    pub(crate) since: u64,
    /// Degrees flown of a circle.
    swept: f64,
    last_bearing: f64,
    /// Speed asked along a rotor leg.
    speed: f64,
    /// Speed by order (DO_CHANGE_SPEED), and whether it is over ground.
    pub(crate) speed_order: Option<(f64, bool)>,
    /// Nose direction held (rotors).
    pub(crate) yaw: f64,
    pub(crate) yaw_fixed: bool,
    /// Direction of the last take-off, degrees.
    pub(crate) launch_heading: f64,
    pub(crate) still: u64,
    pub(crate) took_off: bool,
    /// Height above home of a take-off ordered before arming (PX4).
    pub(crate) ordered_height: Option<f64>,
    /// A quadplane was told to stay on its rotors (DO_VTOL_TRANSITION).
    pub(crate) rotors_ordered: bool,
    /// Side of the circle a winged approach begins with: 1 right of the final, -1 left.
    pub(crate) approach_side: f64,
}

impl Pilot {
    pub(crate) fn new(mode: Mode, yaw: f64) -> Self {
        Self {
            mode,
            armed: false,
            armed_tick: 0,
            task: Task::Stand,
            queue: VecDeque::new(),
            since: 0,
            swept: 0.0,
            last_bearing: 0.0,
            speed: 0.0,
            speed_order: None,
            yaw,
            yaw_fixed: false,
            launch_heading: yaw,
            still: 0,
            took_off: false,
            ordered_height: None,
            rotors_ordered: false,
            approach_side: 1.0,
        }
    }
}

impl SimVehicle {
    /// Replaces what it does, with what follows.
    pub(crate) fn fly(&mut self, tasks: impl IntoIterator<Item = Task>) {
        self.pilot.queue = tasks.into_iter().collect();
        match self.pilot.queue.pop_front() {
            Some(t) => self.start(t),
            None => self.start(self.holding()),
        }
    }

    pub(crate) fn start(&mut self, task: Task) {
        let p = &mut self.pilot;
        p.task = task;
        p.since = self.tick;
        p.swept = 0.0;
        if let Task::Circle { centre, .. } = task {
            p.last_bearing = centre.bearing(&Place::of(&self.sensors.est));
        }
        if !matches!(task, Task::Leg { .. }) {
            p.speed = 0.0;
        }
        if let Task::TakeOff { heading, .. } = task {
            p.launch_heading = heading;
            if self.body.on_ground && self.winged_task() {
                // The crew turns the launcher.
                self.body.yaw = vedette_geo::norm_deg_360(heading);
            }
        }
    }

    /// Holding where it is: hover, circle, or stand.
    pub(crate) fn holding(&self) -> Task {
        if self.body.on_ground {
            return Task::Stand;
        }
        let here = Place::of(&self.sensors.est);
        self.hold_at(here)
    }

    pub(crate) fn hold_at(&self, centre: Place) -> Task {
        Task::Circle {
            centre,
            radius: self.loiter_radius(),
            until: Until::Never,
        }
    }

    /// Radius of a circle without orders, 0 to hover.
    pub(crate) fn loiter_radius(&self) -> f64 {
        if self.cfg.airframe == Airframe::Copter {
            0.0
        } else {
            let r = self
                .params
                .get("WP_LOITER_RAD", self.params.get("NAV_LOITER_RAD", 80.0));
            if r.abs() < 10.0 { 80.0 } else { r }
        }
    }

    /// Whether the present task is flown on wings.
    fn winged_task(&self) -> bool {
        match self.cfg.airframe {
            Airframe::Copter => false,
            Airframe::Plane => true,
            Airframe::Quadplane if self.on_rotors_by_order() => false,
            Airframe::Quadplane => match self.pilot.task {
                Task::Stand | Task::TakeOff { .. } | Task::Velocity { .. } => false,
                Task::Leg { .. } | Task::Circle { .. } => true,
                Task::Land { at, stage, .. } => {
                    stage == Landing::Plan && Place::of(&self.sensors.est).across(&at) > 150.0
                }
            },
        }
    }

    /// A quadplane whose mode or last DO_VTOL_TRANSITION keeps it on its rotors.
    fn on_rotors_by_order(&self) -> bool {
        self.cfg.airframe == Airframe::Quadplane && (self.pilot.rotors_ordered || self.pilot.mode.on_rotors())
    }

    /// MAV_VTOL_STATE: 0 no such aircraft, 1 going over to wings, 2 going over to rotors, 3 on rotors,
    /// 4 on wings.
    pub(crate) fn vtol_state(&self) -> u8 {
        let flying = self.pilot.armed && !self.body.on_ground;
        match (self.cfg.airframe, self.on_wings) {
            (Airframe::Copter | Airframe::Plane, _) => 0,
            (Airframe::Quadplane, true) => 4,
            (Airframe::Quadplane, false) if flying && self.winged_task() => 1,
            (Airframe::Quadplane, false) if flying && self.body.airspeed > self.cfg.envelope.min_m_s => 2,
            (Airframe::Quadplane, false) => 3,
        }
    }

    /// DO_VTOL_TRANSITION: 3 to rotors, 4 to wings; false for anything else.
    pub(crate) fn vtol_transition(&mut self, to: f64) -> bool {
        if self.cfg.airframe != Airframe::Quadplane || !(to == 3.0 || to == 4.0) {
            return false;
        }
        self.pilot.rotors_ordered = to == 3.0;
        true
    }

    pub(crate) fn speeds(&self) -> Speeds {
        let env = &self.cfg.envelope;
        let p = &self.params;
        if self.cfg.airframe == Airframe::Copter {
            let asked = p.get("WPNAV_SPEED", 100.0 * p.get("MPC_XY_CRUISE", env.cruise_m_s)) / 100.0;
            let along = self.pilot.speed_order.map_or(asked, |o| o.0).clamp(0.5, env.max_m_s);
            Speeds {
                along,
                up: (p.get("WPNAV_SPEED_UP", 100.0 * p.get("MPC_Z_VEL_MAX_UP", env.climb_m_s)) / 100.0)
                    .clamp(0.2, env.climb_m_s),
                down: (p.get("WPNAV_SPEED_DN", 100.0 * p.get("MPC_Z_VEL_MAX_DN", env.descent_m_s)) / 100.0)
                    .clamp(0.2, env.descent_m_s),
                accel: (p.get("WPNAV_ACCEL", 250.0) / 100.0).clamp(0.5, 4.0),
            }
        } else {
            let asked = p.get("AIRSPEED_CRUISE", p.get("FW_AIRSPD_TRIM", env.cruise_m_s));
            let along = match self.pilot.speed_order {
                None => asked,
                Some((v, false)) => v,
                Some((v, true)) => self.body.airspeed + (v - self.sensors.est.v[0].hypot_r(self.sensors.est.v[1])),
            };
            Speeds {
                along: along.clamp(env.min_m_s, env.max_m_s),
                up: p
                    .get("TECS_CLMB_MAX", p.get("FW_T_CLMB_MAX", env.climb_m_s))
                    .clamp(0.5, env.climb_m_s),
                down: p.get("TECS_SINK_MAX", env.descent_m_s).clamp(0.5, env.descent_m_s),
                accel: 2.0,
            }
        }
    }

    pub(crate) fn lateral(&self) -> Lateral {
        let p = &self.params;
        Lateral {
            period_s: p.get("NAVL1_PERIOD", p.get("NPFG_PERIOD", 15.0)).clamp(8.0, 40.0),
            damping: p.get("NAVL1_DAMPING", 0.75).clamp(0.6, 1.0),
            bank_deg: p
                .get("ROLL_LIMIT_DEG", p.get("FW_R_LIM", 45.0))
                .clamp(10.0, self.cfg.envelope.max_bank_deg),
        }
    }

    /// The demand of this tick. Ends finished tasks first.
    pub(crate) fn demand(&mut self, ground: Ground<'_>) -> Demand {
        if !self.pilot.armed {
            return Demand::Idle;
        }
        self.follow_terrain(ground);
        if self.finished() {
            self.task_done();
        }
        let winged = self.winged_task();
        let demand = if winged {
            let demand = self.wing_demand(ground);
            self.by_pitot(demand)
        } else {
            self.rotor_demand()
        };
        if winged && self.cfg.airframe == Airframe::Quadplane {
            return self.transition(demand);
        }
        demand
    }

    /// A winged aircraft holds the airspeed it is told: with a blocked pitot tube it goes on gathering
    /// or losing speed, up to what its airframe can do.
    fn by_pitot(&self, demand: Demand) -> Demand {
        match (demand, self.sensors.pitot) {
            (
                Demand::Wing {
                    roll_deg,
                    climb,
                    airspeed,
                },
                Some(told),
            ) if self.params.get("ARSPD_USE", 1.0) > 0.5 => Demand::Wing {
                roll_deg,
                climb,
                airspeed: self.body.airspeed + (airspeed - told),
            },
            (demand, _) => demand,
        }
    }

    /// A quadplane gathers speed on its rotors before its wings carry.
    fn transition(&mut self, demand: Demand) -> Demand {
        let env = self.cfg.envelope;
        let Demand::Wing { airspeed, .. } = demand else {
            return demand;
        };
        let (s, c) = self.body.yaw.to_radians().sin_cos_r();
        let along = (self.body.v[0] - self.wind[0]) * c + (self.body.v[1] - self.wind[1]) * s;
        if self.on_wings || along >= 1.15 * env.min_m_s {
            self.on_wings = true;
            return demand;
        }
        let here = Place::of(&self.sensors.est);
        let goal = match self.pilot.task {
            Task::Leg { to, .. } | Task::Land { at: to, .. } => here.bearing(&to),
            _ => self.body.yaw,
        };
        let k = if diff_deg(goal, self.body.yaw).abs() < 15.0 {
            airspeed
        } else {
            0.0
        };
        Demand::Hover {
            v: [c * k + self.wind[0] * 0.5, s * k + self.wind[1] * 0.5, -0.3],
            yaw_deg: goal,
        }
    }

    fn rotor_demand(&mut self) -> Demand {
        self.on_wings = false;
        let est = self.sensors.est;
        let mut s = self.speeds();
        if self.on_rotors_by_order() {
            // On its rotors it keeps the pace of a multirotor.
            s.along = (self.params.get("Q_WP_SPEED", 500.0) / 100.0).clamp(0.5, self.cfg.envelope.max_m_s);
        }
        let here = Place::of(&est);
        match self.pilot.task {
            Task::Stand => {
                self.pilot.yaw = self.body.yaw;
                if self.body.on_ground {
                    Demand::Idle
                } else {
                    guide::rotor_hold(&est, &here, &s, self.pilot.yaw)
                }
            }
            Task::TakeOff { at, .. } => guide::rotor_hold(&est, &at, &s, self.pilot.yaw),
            Task::Leg {
                from,
                to,
                next,
                radius,
                hold_s,
            } => {
                if !self.pilot.yaw_fixed && here.across(&to) > 3.0 {
                    self.pilot.yaw = if from.across(&to) > 3.0 {
                        from.bearing(&to)
                    } else {
                        here.bearing(&to)
                    };
                }
                let next = if hold_s > 0.0 { None } else { next };
                let end = guide::corner_speed(&from, &to, next.as_ref(), radius.max(1.0), s.accel);
                guide::rotor_leg(&est, &from, &to, end, &s, self.pilot.yaw, &mut self.pilot.speed, TICK_S)
            }
            Task::Circle { centre, radius, .. } => {
                if radius == 0.0 || self.cfg.airframe == Airframe::Quadplane {
                    guide::rotor_hold(&est, &centre, &s, self.pilot.yaw)
                } else {
                    if !self.pilot.yaw_fixed {
                        self.pilot.yaw = here.bearing(&centre);
                    }
                    guide::rotor_circle(&est, &centre, radius, &s, self.pilot.yaw)
                }
            }
            Task::Velocity { v, until } => {
                let v = if self.tick <= until { v } else { [0.0; 3] };
                let k = (s.along / v[0].hypot_r(v[1]).max(1e-9)).min(1.0);
                if !self.pilot.yaw_fixed && v[0].hypot_r(v[1]) > 1.0 {
                    self.pilot.yaw = v[1].atan2_r(v[0]).to_degrees();
                }
                Demand::Hover {
                    v: [v[0] * k, v[1] * k, v[2].clamp(-s.up, s.down)],
                    yaw_deg: self.pilot.yaw,
                }
            }
            Task::Land { at, .. } => {
                let agl = self.body.amsl - self.ground;
                let low = self.params.get("LAND_ALT_LOW", 1000.0) / 100.0;
                let slow = (self
                    .params
                    .get("LAND_SPEED", 100.0 * self.params.get("MPC_LAND_SPEED", 0.5))
                    / 100.0)
                    .clamp(0.2, 1.5);
                let down = if agl > low {
                    s.down.min(slow + 0.4 * (agl - low))
                } else {
                    slow
                };
                let far = here.across(&at) > 5.0 && agl > 3.0;
                let demand = guide::rotor_hold(&est, &at, &s, self.pilot.yaw);
                match demand {
                    Demand::Hover { v, yaw_deg } if far && self.cfg.airframe != Airframe::Quadplane => Demand::Hover {
                        v: [v[0], v[1], 0.3 * down],
                        yaw_deg,
                    },
                    Demand::Hover { v, yaw_deg } if far => Demand::Hover {
                        v: [v[0], v[1], 0.0],
                        yaw_deg,
                    },
                    Demand::Hover { v, yaw_deg } => Demand::Hover {
                        v: [v[0], v[1], down],
                        yaw_deg,
                    },
                    other => other,
                }
            }
        }
    }

    fn wing_demand(&mut self, ground: Ground<'_>) -> Demand {
        let est = self.sensors.est;
        let s = self.speeds();
        let lat = self.lateral();
        let here = Place::of(&est);
        let gs = est.v[0].hypot_r(est.v[1]);
        match self.pilot.task {
            Task::Stand => {
                if self.body.on_ground {
                    Demand::Idle
                } else {
                    Demand::Wing {
                        roll_deg: 0.0,
                        climb: 0.0,
                        airspeed: s.along,
                    }
                }
            }
            Task::TakeOff { at, heading } => {
                if self.body.on_ground {
                    return Demand::Run;
                }
                let far = at.toward(heading, 10_000.0);
                let agl = self.body.amsl - self.ground;
                let limit = if agl < 15.0 { 10.0 } else { lat.bank_deg };
                let roll = guide::wing_line(&est, &at, &far, &lat).clamp(-limit, limit);
                Demand::Wing {
                    roll_deg: roll,
                    climb: s.up,
                    airspeed: s.along,
                }
            }
            Task::Leg { from, to, .. } => {
                let length = from.across(&to);
                let p = guide::progress(&est, &from, &to);
                let slope = if length > 1.0 {
                    (to.amsl - from.amsl) / length
                } else {
                    0.0
                };
                let share = if length > 1.0 {
                    (1.0 - p.left / length).clamp(0.0, 1.0)
                } else {
                    1.0
                };
                let ff = if share > 0.0 && share < 1.0 { slope * gs } else { 0.0 };
                Demand::Wing {
                    roll_deg: guide::wing_line(&est, &from, &to, &lat),
                    climb: guide::wing_climb(&est, from.amsl + (to.amsl - from.amsl) * share, ff, &s),
                    airspeed: s.along,
                }
            }
            Task::Circle { centre, radius, .. } => Demand::Wing {
                roll_deg: guide::wing_circle(&est, &centre, radius, &lat),
                climb: guide::wing_climb(&est, centre.amsl, 0.0, &s),
                airspeed: s.along,
            },
            Task::Velocity { .. } => {
                let t = self.hold_at(here);
                self.start(t);
                Demand::Wing {
                    roll_deg: 0.0,
                    climb: 0.0,
                    airspeed: s.along,
                }
            }
            Task::Land { at, from, stage } => self.wing_landing(at, from, stage, ground),
        }
    }

    /// Whether the present task has reached its end.
    fn finished(&mut self) -> bool {
        let est = self.sensors.est;
        let here = Place::of(&est);
        let rotors = !self.winged_task();
        let age = (self.tick - self.pilot.since) as f64 * TICK_S;
        match self.pilot.task {
            Task::Stand | Task::Velocity { .. } => false,
            Task::TakeOff { at, .. } => {
                if !self.body.on_ground {
                    self.pilot.took_off = true;
                }
                est.amsl >= at.amsl - if rotors { 0.5 } else { 3.0 }
            }
            Task::Leg {
                from,
                to,
                next,
                radius,
                hold_s,
            } => {
                let p = guide::progress(&est, &from, &to);
                if !rotors {
                    // A leg shorter than its own radius is over when the aircraft is at its end.
                    if from.across(&to) < radius && here.across(&to) < radius {
                        return true;
                    }
                    let turn = next.map_or(0.0, |n| diff_deg(to.bearing(&n), from.bearing(&to)).abs());
                    let gs = est.v[0].hypot_r(est.v[1]);
                    let early = radius.min(self.lateral().l1(gs)) * (turn / 90.0).min(1.0);
                    return p.left <= early.max(0.0) && here.across(&to) < 4.0 * radius.max(100.0) || p.left < -200.0;
                }
                if next.is_some() && hold_s <= 0.0 {
                    let ahead = (0.3 * self.pilot.speed).max(radius.min(3.0));
                    return p.left <= ahead && (est.amsl - to.amsl).abs() < 5.0;
                }
                p.left <= radius.max(1.0)
                    && here.across(&to) <= radius.max(2.0) + 1.0
                    && (est.amsl - to.amsl).abs() < 2.0
            }
            Task::Circle { centre, radius, until } => {
                let bearing = centre.bearing(&here);
                let step = diff_deg(bearing, self.pilot.last_bearing);
                self.pilot.last_bearing = bearing;
                let r = radius.abs().max(1.0);
                if (centre.across(&here) - r).abs() < 0.5 * r {
                    self.pilot.swept += step.abs();
                }
                match until {
                    Until::Never => false,
                    Until::Turns(t) => self.pilot.swept >= 360.0 * t,
                    Until::Seconds(t) => age >= t,
                    Until::Height => (est.amsl - centre.amsl).abs() < 3.0,
                }
            }
            Task::Land { .. } => {
                if self.body.on_ground && self.pilot.took_off {
                    let still = self.body.ground_speed() < 0.3;
                    self.pilot.still = if still { self.pilot.still + 1 } else { 0 };
                } else {
                    self.pilot.still = 0;
                }
                self.pilot.still >= 150
            }
        }
    }

    /// What follows a finished task.
    fn task_done(&mut self) {
        if let Task::Leg { to, hold_s, .. } = self.pilot.task
            && hold_s > 0.0
        {
            let radius = self.loiter_radius();
            self.start(Task::Circle {
                centre: to,
                radius,
                until: Until::Seconds(hold_s),
            });
            return;
        }
        if matches!(self.pilot.task, Task::Land { .. }) {
            self.pilot.still = 0;
            self.landed();
            return;
        }
        if let Some(t) = self.pilot.queue.pop_front() {
            self.start(t);
            return;
        }
        match self.pilot.mode {
            Mode::Auto => self.mission_item_done(),
            _ => {
                let hold = match self.pilot.task {
                    Task::Leg { to, .. } => self.hold_at(to),
                    Task::TakeOff { at, .. } if self.cfg.airframe == Airframe::Copter => self.hold_at(at),
                    _ => self.holding(),
                };
                self.start(hold);
                self.hold_reached();
            }
        }
    }
}
