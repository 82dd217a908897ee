//! What the aircraft believes: truth with honest, seeded, stated errors.
//!
//! Invariant: errors are drawn every tick, whatever is reported, so the stream of numbers never
//! depends on who asks. Must not know messages.

use crate::air::{Gauss, TICK_S, Wander};
use crate::body::Body;
use crate::config::Noise;
use vedette_geo::Repeatable;

/// Navigation as the autopilot has it, in the same frame as [`Body`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Estimate {
    pub(crate) n: f64,
    pub(crate) e: f64,
    pub(crate) amsl: f64,
    pub(crate) v: [f64; 3],
    pub(crate) roll: f64,
    pub(crate) pitch: f64,
    pub(crate) yaw: f64,
    /// Wind as estimated, north, east.
    pub(crate) wind: [f64; 2],
}

/// State of every error source.
#[derive(Debug, Clone)]
pub(crate) struct Sensors {
    noise: Noise,
    gauss: Gauss,
    wander: [Wander; 10],
    /// Biases of accelerometers and gyroscopes, in sigmas.
    bias: [f64; 6],
    /// Satellite fix present.
    pub(crate) fix: bool,
    /// Velocity of a spoofed position, north, east.
    pub(crate) spoof: [f64; 2],
    /// Error by spoofing or dead reckoning, north, east.
    offset: [f64; 2],
    drift: [f64; 2],
    /// Compass error, degrees.
    pub(crate) compass: f64,
    /// What a blocked pitot tube tells, metres per second.
    pub(crate) pitot: Option<f64>,
    pub(crate) est: Estimate,
    /// White noise of the raw receiver, metres: north, east, up.
    pub(crate) raw: [f64; 3],
    /// Barometer too high by, metres.
    pub(crate) baro_off: f64,
    /// Height by the barometer alone.
    pub(crate) baro_amsl: f64,
    /// Specific force in body axes, metres per second squared.
    pub(crate) accel: [f64; 3],
    /// Body rates, degrees per second.
    pub(crate) gyro: [f64; 3],
    before: [f64; 3],
}

impl Sensors {
    pub(crate) fn new(seed: u64, noise: Noise) -> Self {
        let mut gauss = Gauss::new(seed, 2);
        let wander = std::array::from_fn(|_| Wander(gauss.next()));
        let bias = std::array::from_fn(|_| gauss.next());
        Self {
            noise,
            gauss,
            wander,
            bias,
            fix: true,
            spoof: [0.0; 2],
            offset: [0.0; 2],
            drift: [0.0; 2],
            compass: 0.0,
            pitot: None,
            est: Estimate::default(),
            raw: [0.0; 3],
            baro_off: 0.0,
            baro_amsl: 0.0,
            accel: [0.0; 3],
            gyro: [0.0; 3],
            before: [0.0; 3],
        }
    }

    /// Accelerometers and gyroscopes: what the airframe really does, with bias and noise.
    fn inertial(&mut self, b: &Body) {
        let white: [f64; 6] = std::array::from_fn(|_| self.gauss.next());
        let k = self.noise;
        let a: [f64; 3] = std::array::from_fn(|i| (b.v[i] - self.before[i]) / TICK_S);
        self.before = b.v;
        // Specific force in earth axes, turned into the body (yaw, pitch, roll).
        let f = [a[0], a[1], a[2] - vedette_geo::G_M_S2];
        let (sy, cy) = b.yaw.to_radians().sin_cos_r();
        let (sp, cp) = b.pitch.to_radians().sin_cos_r();
        let (sr, cr) = b.roll.to_radians().sin_cos_r();
        let [x, y] = [f[0] * cy + f[1] * sy, -f[0] * sy + f[1] * cy];
        let [x, z] = [x * cp - f[2] * sp, x * sp + f[2] * cp];
        let body = [x, y * cr + z * sr, -y * sr + z * cr];
        for i in 0..3 {
            self.accel[i] = body[i] + k.accel_m_s2 * (self.bias[i] + white[i] / 3.0);
            self.gyro[i] = b.rates[i] + k.gyro_deg_s * (self.bias[3 + i] + white[3 + i]);
        }
    }

    /// One tick.
    pub(crate) fn step(&mut self, b: &Body, wind: [f64; 3]) {
        for (i, tau) in [60.0, 60.0, 80.0, 20.0, 20.0, 30.0, 1.0, 1.0, 1.0, 600.0]
            .into_iter()
            .enumerate()
        {
            let g = self.gauss.next();
            self.wander[i].step(g, tau);
        }
        for r in &mut self.raw {
            *r = self.gauss.next();
        }
        let k = self.noise;
        self.raw = [
            0.1 * k.gnss_h_m * self.raw[0],
            0.1 * k.gnss_h_m * self.raw[1],
            0.1 * k.gnss_v_m * self.raw[2],
        ];
        if self.fix {
            self.drift = [0.0; 2];
            for i in 0..2 {
                self.offset[i] += self.spoof[i] * TICK_S;
                if self.spoof[i] == 0.0 {
                    self.offset[i] *= 1.0 - 0.3 * TICK_S;
                }
            }
        } else {
            // Dead reckoning: the velocity error walks at about 0.05 m/s per root second.
            for i in 0..2 {
                self.drift[i] += 0.05 * self.wander[6 + i].0 * TICK_S;
                self.offset[i] += self.drift[i] * TICK_S;
            }
        }
        self.inertial(b);
        let w = |i: usize| self.wander[i].0;
        self.baro_amsl = b.amsl + k.baro_m * w(9) + self.baro_off;
        self.est = Estimate {
            n: b.n + k.gnss_h_m * w(0) + self.offset[0],
            e: b.e + k.gnss_h_m * w(1) + self.offset[1],
            // The barometer's height, set by the receiver at boot; its drift stays in.
            amsl: self.baro_amsl + k.gnss_v_m * w(2),
            v: [
                b.v[0] + k.velocity_m_s * w(6) + self.drift[0],
                b.v[1] + k.velocity_m_s * w(7) + self.drift[1],
                b.v[2] + k.velocity_m_s * w(8),
            ],
            roll: b.roll + k.attitude_deg * w(3),
            pitch: b.pitch + k.attitude_deg * w(4),
            yaw: vedette_geo::norm_deg_360(b.yaw + k.heading_deg * w(5) + self.compass),
            wind: [wind[0] + k.velocity_m_s * w(6), wind[1] + k.velocity_m_s * w(7)],
        };
    }

    /// Gimbal angle error, degrees: pitch, yaw (encoders, on top of the airframe's reference).
    pub(crate) fn gimbal_error(&self) -> [f64; 2] {
        let k = self.noise;
        [
            k.gimbal_deg * self.wander[4].0 * 0.7 + k.gimbal_deg * self.wander[0].0 * 0.7,
            k.gimbal_deg * self.wander[1].0 + k.heading_deg * self.wander[5].0 + self.compass,
        ]
    }

    pub(crate) fn sigmas(&self) -> Noise {
        self.noise
    }
}
