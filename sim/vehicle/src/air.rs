//! Moving air: a mean wind and seeded turbulence.
//!
//! Invariant: one draw of random numbers per tick, so that time steps outside never change it.
//! Must not know aircraft.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::Weather;

/// Length of the inner time step, seconds.
pub(crate) const TICK_S: f64 = 0.01;

/// Gaussian numbers from a seed (Box and Muller 1958, both values used).
#[derive(Debug, Clone)]
pub(crate) struct Gauss {
    rng: ChaCha8Rng,
    spare: Option<f64>,
}

impl Gauss {
    /// `stream` keeps the numbers of one purpose apart from another's.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self { rng, spare: None }
    }
    /// Standard normal.
    pub(crate) fn next(&mut self) -> f64 {
        if let Some(v) = self.spare.take() {
            return v;
        }
        let u: f64 = self.rng.random_range(f64::MIN_POSITIVE..1.0);
        let v: f64 = self.rng.random_range(0.0..std::f64::consts::TAU);
        let r = (-2.0 * u.ln()).sqrt();
        self.spare = Some(r * v.sin());
        r * v.cos()
    }
}

/// A first-order Gauss-Markov process: correlation time `tau_s`, standard deviation 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wander(pub(crate) f64);

impl Wander {
    pub(crate) fn step(&mut self, noise: f64, tau_s: f64) {
        let a = (-TICK_S / tau_s).exp();
        self.0 = a * self.0 + (1.0 - a * a).sqrt() * noise;
    }
}

/// Wind at the aircraft. Turbulence is the first-order form of the Dryden longitudinal spectrum
/// (MIL-F-8785C), with length 200 m along and 50 m vertically, flown through at airspeed.
#[derive(Debug, Clone)]
pub(crate) struct Air {
    gauss: Gauss,
    n: Wander,
    e: Wander,
    d: Wander,
}

impl Air {
    pub(crate) fn new(seed: u64) -> Self {
        let mut gauss = Gauss::new(seed, 1);
        let (n, e, d) = (Wander(gauss.next()), Wander(gauss.next()), Wander(gauss.next()));
        Self { gauss, n, e, d }
    }
    /// Velocity of the air, north, east, down, metres per second.
    pub(crate) fn step(&mut self, weather: &Weather, airspeed: f64) -> [f64; 3] {
        let v = airspeed.max(5.0);
        self.n.step(self.gauss.next(), 200.0 / v);
        self.e.step(self.gauss.next(), 200.0 / v);
        self.d.step(self.gauss.next(), 50.0 / v);
        let (s, c) = weather.wind_from_deg.to_radians().sin_cos();
        let sigma = finite(weather.gust_m_s) / 3.0;
        let w = finite(weather.wind_m_s);
        [
            -w * c + sigma * self.n.0,
            -w * s + sigma * self.e.0,
            0.5 * sigma * self.d.0,
        ]
    }
}

fn finite(v: f64) -> f64 {
    if v.is_finite() { v.clamp(0.0, 60.0) } else { 0.0 }
}
