//! How an aircraft moves: a tilt-limited point mass on rotors, coordinated turns on wings, wheels
//! on the ground.
//!
//! Invariant: motion changes only through accelerations its airframe can make; wind acts on every
//! flying tick. Positions are metres north and east of a fixed origin. Must not know modes,
//! missions or messages.

use vedette_geo::{G_M_S2, Repeatable, diff_deg, norm_deg_360};
use vedette_model::plan::Envelope;

use crate::air::TICK_S;

/// What the autopilot asks of the airframe for one tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Demand {
    /// Motors off or idle on the ground.
    Idle,
    /// Rotors: velocity over ground north, east, down, metres per second; nose direction.
    Hover { v: [f64; 3], yaw_deg: f64 },
    /// Wings: bank, climb rate, airspeed.
    Wing { roll_deg: f64, climb: f64, airspeed: f64 },
    /// Take-off run straight ahead.
    Run,
}

/// True state of the airframe.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) n: f64,
    pub(crate) e: f64,
    pub(crate) amsl: f64,
    /// Velocity over ground, north, east, down, metres per second.
    pub(crate) v: [f64; 3],
    pub(crate) roll: f64,
    pub(crate) pitch: f64,
    pub(crate) yaw: f64,
    /// Body rates, degrees per second.
    pub(crate) rates: [f64; 3],
    pub(crate) airspeed: f64,
    pub(crate) on_ground: bool,
    /// Speed of the last touch of the ground, metres per second, until taken.
    pub(crate) impact: Option<f64>,
    /// Share of thrust lost, 0..1.
    pub(crate) thrust_lost: f64,
    integral: [f64; 2],
    /// Climb rate of the wing model, metres per second.
    climb: f64,
    winged: bool,
}

/// Largest acceleration of the take-off run (hand or bungee launch), metres per second squared.
const RUN_ACCEL: f64 = 8.0;
/// Braking on the ground, metres per second squared.
const BRAKE: f64 = 4.0;
/// Roll rate limit of a fixed wing, degrees per second.
const ROLL_RATE: f64 = 60.0;

impl Body {
    pub(crate) fn new(amsl: f64, yaw: f64) -> Self {
        Self {
            n: 0.0,
            e: 0.0,
            amsl,
            v: [0.0; 3],
            roll: 0.0,
            pitch: 0.0,
            yaw: norm_deg_360(yaw),
            rates: [0.0; 3],
            airspeed: 0.0,
            on_ground: true,
            impact: None,
            thrust_lost: 0.0,
            integral: [0.0; 2],
            climb: 0.0,
            winged: false,
        }
    }

    pub(crate) fn ground_speed(&self) -> f64 {
        self.v[0].hypot_r(self.v[1])
    }

    /// Load factor of the present bank.
    pub(crate) fn load_factor(&self) -> f64 {
        1.0 / self.roll.to_radians().cos_r().max(0.2)
    }

    /// One tick. `ground` is the terrain height here.
    pub(crate) fn step(&mut self, demand: Demand, env: &Envelope, wind: [f64; 3], ground: f64) {
        let before = [self.roll, self.pitch, self.yaw];
        match demand {
            Demand::Idle => self.idle(wind, ground),
            Demand::Hover { v, yaw_deg } => self.hover(v, yaw_deg, env, wind),
            Demand::Wing {
                roll_deg,
                climb,
                airspeed,
            } => {
                if self.on_ground {
                    self.brake(wind);
                } else {
                    self.wing(roll_deg, climb, airspeed, env, wind);
                }
            }
            Demand::Run => self.run(env, wind, ground),
        }
        self.n += self.v[0] * TICK_S;
        self.e += self.v[1] * TICK_S;
        self.amsl -= self.v[2] * TICK_S;
        if self.on_ground {
            self.amsl = ground;
        } else if self.amsl <= ground {
            self.touch(ground, demand);
        }
        self.rates = [
            diff_deg(self.roll, before[0]) / TICK_S,
            (self.pitch - before[1]) / TICK_S,
            diff_deg(self.yaw, before[2]) / TICK_S,
        ];
    }

    fn touch(&mut self, ground: f64, demand: Demand) {
        let across = match demand {
            Demand::Wing { .. } => 0.0,
            _ => self.ground_speed(),
        };
        self.impact = Some(self.v[2].max(0.0).hypot_r(across));
        self.amsl = ground;
        self.on_ground = true;
        self.v[2] = 0.0;
        self.climb = 0.0;
        self.integral = [0.0; 2];
    }

    /// Motors off: stands, rolls to a stop or falls.
    fn idle(&mut self, wind: [f64; 3], ground: f64) {
        if self.on_ground || self.amsl <= ground + 0.01 {
            self.on_ground = true;
            self.brake(wind);
        } else {
            self.v[2] = (self.v[2] + G_M_S2 * TICK_S).min(25.0);
        }
    }

    fn brake(&mut self, wind: [f64; 3]) {
        let speed = self.ground_speed();
        let left = (speed - BRAKE * TICK_S).max(0.0);
        let k = if speed > 1e-9 { left / speed } else { 0.0 };
        self.v = [self.v[0] * k, self.v[1] * k, 0.0];
        self.roll *= 0.95;
        self.pitch *= 0.95;
        self.airspeed = (self.v[0] - wind[0]).hypot_r(self.v[1] - wind[1]);
        self.winged = false;
    }

    fn run(&mut self, env: &Envelope, wind: [f64; 3], ground: f64) {
        let (s, c) = self.yaw.to_radians().sin_cos_r();
        let speed = self.v[0] * c + self.v[1] * s + RUN_ACCEL * (1.0 - self.thrust_lost) * TICK_S;
        self.v = [speed * c, speed * s, 0.0];
        self.airspeed = speed - wind[0] * c - wind[1] * s;
        if self.airspeed >= 1.15 * env.min_m_s {
            self.on_ground = false;
            self.winged = true;
            self.climb = 0.5;
            self.amsl = ground + 0.05;
        }
    }

    /// Cascade of velocity and attitude: acceleration from tilt, drag from the air.
    fn hover(&mut self, want: [f64; 3], yaw_deg: f64, env: &Envelope, wind: [f64; 3]) {
        self.winged = false;
        let tilt_max: f64 = if env.min_m_s > 0.0 {
            25.0
        } else {
            env.max_bank_deg.clamp(15.0, 45.0)
        };
        let a_max = G_M_S2 * tilt_max.to_radians().tan_r();
        let drag = 0.8 * a_max / env.max_m_s.max(1.0).powi(2);
        let vertical = want[2].clamp(-env.climb_m_s, env.descent_m_s);
        if self.on_ground {
            if vertical >= -0.05 {
                self.brake(wind);
                return;
            }
            self.on_ground = false;
            self.integral = [0.0; 2];
        }
        let pull = drag * want[0].hypot_r(want[1]);
        let wish = |i: usize| 1.4 * (want[i] - self.v[i]) + self.integral[i] + pull * want[i];
        let mut a = [wish(0), wish(1)];
        let norm = a[0].hypot_r(a[1]);
        if norm > a_max {
            a = [a[0] * a_max / norm, a[1] * a_max / norm];
        }
        for (i, goal) in want.into_iter().take(2).enumerate() {
            let err = goal - self.v[i];
            // Integrates only where tilt is left to act with.
            if norm <= a_max || err * self.integral[i] < 0.0 {
                self.integral[i] = (self.integral[i] + 0.5 * err * TICK_S).clamp(-a_max, a_max);
            }
        }
        let (s, c) = self.yaw.to_radians().sin_cos_r();
        let forward = a[0] * c + a[1] * s;
        let right = -a[0] * s + a[1] * c;
        let lag = |now: f64, goal: f64| now + ((goal - now) / 0.15).clamp(-150.0, 150.0) * TICK_S;
        self.pitch = lag(self.pitch, -(forward / G_M_S2).atan_r().to_degrees());
        self.roll = lag(self.roll, (right / G_M_S2).atan_r().to_degrees());
        let turn = diff_deg(yaw_deg, self.yaw);
        self.yaw = norm_deg_360(self.yaw + (turn / 0.5).clamp(-60.0, 60.0) * TICK_S);

        let (s, c) = self.yaw.to_radians().sin_cos_r();
        let lift = 1.0 - self.thrust_lost;
        let forward = -G_M_S2 * self.pitch.to_radians().tan_r() * lift;
        let right = G_M_S2 * self.roll.to_radians().tan_r() * lift;
        let air = [self.v[0] - wind[0], self.v[1] - wind[1]];
        self.airspeed = air[0].hypot_r(air[1]);
        self.v[0] += (forward * c - right * s - drag * self.airspeed * air[0]) * TICK_S;
        self.v[1] += (forward * s + right * c - drag * self.airspeed * air[1]) * TICK_S;
        let down = if self.thrust_lost >= 0.5 {
            G_M_S2 * (self.thrust_lost - 0.4)
        } else {
            let best = env.climb_m_s * (1.0 - 2.0 * self.thrust_lost);
            (2.5 * (vertical.max(-best) - self.v[2]) + 0.3 * wind[2]).clamp(-4.0, 3.0)
        };
        self.v[2] = (self.v[2] + down * TICK_S).min(20.0);
    }

    /// Coordinated turn: yaw rate g·tan(bank)/V (level turn, e.g. Beard and McLain 2012, 9.2).
    fn wing(&mut self, roll_deg: f64, climb: f64, airspeed: f64, env: &Envelope, wind: [f64; 3]) {
        if !self.winged {
            let (s, c) = self.yaw.to_radians().sin_cos_r();
            self.airspeed = ((self.v[0] - wind[0]) * c + (self.v[1] - wind[1]) * s).max(1.0);
            self.climb = -self.v[2];
            self.winged = true;
        }
        let limit = env.max_bank_deg.clamp(5.0, 70.0);
        let goal = roll_deg.clamp(-limit, limit);
        self.roll += ((goal - self.roll) / 0.25).clamp(-ROLL_RATE, ROLL_RATE) * TICK_S;
        let v_cmd = airspeed.clamp(env.min_m_s * 0.9, env.max_m_s);
        self.airspeed += ((v_cmd - self.airspeed) / 1.5).clamp(-1.5, 2.0) * TICK_S;
        let v = self.airspeed.max(1.0);
        let yaw_rate = (G_M_S2 * self.roll.to_radians().tan_r() / v).to_degrees();
        self.yaw = norm_deg_360(self.yaw + yaw_rate * TICK_S);
        // With no thrust it glides at a ratio of ten.
        let best = env.climb_m_s + (-v / 10.0 - env.climb_m_s) * self.thrust_lost;
        let climb = climb.clamp(-env.descent_m_s, env.climb_m_s).min(best);
        self.climb += ((climb - self.climb) / 0.6).clamp(-4.0, 4.0) * TICK_S;
        let gamma = (self.climb / v).clamp(-0.6, 0.6).asin_r();
        let alpha = 4.0 * (env.cruise_m_s / v).powi(2) * self.load_factor() - 2.0;
        self.pitch = gamma.to_degrees() + alpha.clamp(-2.0, 12.0);
        let (s, c) = self.yaw.to_radians().sin_cos_r();
        let level = v * gamma.cos_r();
        self.v = [level * c + wind[0], level * s + wind[1], -self.climb + wind[2]];
    }
}
