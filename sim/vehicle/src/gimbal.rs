//! A stabilised two-axis gimbal that slews to where it is told and holds its picture level.
//!
//! Invariant: no axis moves faster than its limit or past its stop. Angles are degrees, earth
//! axes, pitch negative looking down. Must not know messages.

use vedette_geo::{Repeatable, diff_deg, norm_deg_180, norm_deg_360};

use crate::air::TICK_S;
use crate::config::GimbalLimits;

/// Where it is told to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aim {
    /// Pitch from the horizon; yaw from the nose, or from north when locked.
    Angles { pitch: f64, yaw: f64, lock: bool },
    /// Rates of both, degrees per second.
    Rates { pitch: f64, yaw: f64, lock: bool },
    /// A place: metres north and east of the origin, metres above the sea.
    Place { n: f64, e: f64, amsl: f64 },
}

/// Airframe attitude and position the gimbal hangs from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mount {
    pub(crate) n: f64,
    pub(crate) e: f64,
    pub(crate) amsl: f64,
    pub(crate) roll: f64,
    pub(crate) pitch: f64,
    pub(crate) yaw: f64,
}

/// True state.
#[derive(Debug, Clone)]
pub(crate) struct Gimbal {
    pub(crate) roll: f64,
    pub(crate) pitch: f64,
    /// From north, 0..360.
    pub(crate) yaw: f64,
    pub(crate) rates: [f64; 2],
    pub(crate) aim: Aim,
    pub(crate) stuck: Option<[f64; 3]>,
    goal: Option<[f64; 2]>,
}

impl Gimbal {
    /// Where it looks without orders: ahead and level.
    pub(crate) const NEUTRAL: Aim = Aim::Angles {
        pitch: 0.0,
        yaw: 0.0,
        lock: false,
    };

    pub(crate) fn new(yaw: f64) -> Self {
        Self {
            roll: 0.0,
            pitch: 0.0,
            yaw: norm_deg_360(yaw),
            rates: [0.0; 2],
            aim: Self::NEUTRAL,
            stuck: None,
            goal: None,
        }
    }

    /// Yaw is held against north (else against the nose).
    pub(crate) fn locked(&self) -> bool {
        match self.aim {
            Aim::Angles { lock, .. } | Aim::Rates { lock, .. } => lock,
            Aim::Place { .. } => true,
        }
    }

    /// Freezes it in the airframe, or frees it.
    pub(crate) fn set_stuck(&mut self, stuck: bool, m: &Mount) {
        self.stuck = stuck.then(|| [self.roll - m.roll, self.pitch - m.pitch, diff_deg(self.yaw, m.yaw)]);
    }

    pub(crate) fn point(&mut self, aim: Aim) {
        self.goal = None;
        self.aim = aim;
    }

    /// One tick. `believed` is where the aircraft thinks it is: a place is aimed at from there.
    pub(crate) fn step(&mut self, m: &Mount, believed: &Mount, limits: &GimbalLimits) {
        let before = [self.pitch, self.yaw];
        if let Some(j) = self.stuck {
            self.roll = j[0] + m.roll;
            self.pitch = j[1] + m.pitch;
            self.yaw = norm_deg_360(j[2] + m.yaw);
        } else {
            let [pitch, yaw] = self.wanted(m, believed);
            let off = diff_deg(yaw, m.yaw);
            let yaw = m.yaw
                + if limits.yaw_deg >= 180.0 {
                    off
                } else {
                    off.clamp(-limits.yaw_deg, limits.yaw_deg)
                };
            let pitch = pitch.clamp(limits.pitch_min_deg, limits.pitch_max_deg);
            let slew = |err: f64| (err / 0.12).clamp(-limits.slew_deg_s, limits.slew_deg_s) * TICK_S;
            self.pitch += slew(pitch - self.pitch);
            self.yaw = norm_deg_360(self.yaw + slew(diff_deg(yaw, self.yaw)));
            self.roll *= 0.9;
        }
        self.rates = [
            (self.pitch - before[0]) / TICK_S,
            diff_deg(self.yaw, before[1]) / TICK_S,
        ];
    }

    fn wanted(&mut self, m: &Mount, believed: &Mount) -> [f64; 2] {
        // North is where the aircraft's heading says it is.
        let off_north = diff_deg(m.yaw, believed.yaw);
        match self.aim {
            Aim::Angles { pitch, yaw, lock } => [pitch, if lock { yaw + off_north } else { m.yaw + yaw }],
            Aim::Rates { pitch, yaw, lock } => {
                let base = if lock { 0.0 } else { m.yaw };
                let goal = self.goal.get_or_insert([self.pitch, self.yaw - base]);
                goal[0] = (goal[0] + pitch * TICK_S).clamp(-90.0, 90.0);
                goal[1] = norm_deg_180(goal[1] + yaw * TICK_S);
                [goal[0], goal[1] + base]
            }
            Aim::Place { n, e, amsl } => {
                let (dn, de) = (n - believed.n, e - believed.e);
                let across = dn.hypot_r(de);
                let yaw = if across > 0.5 {
                    de.atan2_r(dn).to_degrees() + off_north
                } else {
                    self.yaw
                };
                [(amsl - believed.amsl).atan2_r(across.max(1e-6)).to_degrees(), yaw]
            }
        }
    }
}
