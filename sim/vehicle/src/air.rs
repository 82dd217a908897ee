//! Moving air: a mean wind and seeded turbulence.
//!
//! Invariant: the same draws of random numbers per tick, so that time steps outside never change
//! it. Must not know aircraft.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_geo::Repeatable;

use crate::config::Weather;

/// Length of the inner time step, seconds.
pub(crate) const TICK_S: f64 = 0.01;
/// Feet in a metre; MIL-F-8785C counts in feet.
const FEET: f64 = 3.280_84;

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
        let r = (-2.0 * u.ln_r()).sqrt();
        self.spare = Some(r * v.sin_r());
        r * v.cos_r()
    }
}

/// A first-order Gauss-Markov process: correlation time `tau_s`, standard deviation 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wander(pub(crate) f64);

impl Wander {
    pub(crate) fn step(&mut self, noise: f64, tau_s: f64) {
        let a = (-TICK_S / tau_s).exp_r();
        self.0 = a * self.0 + (1.0 - a * a).sqrt() * noise;
    }
}

/// White noise through `(1 + √3 τs)/(1 + τs)²`, standard deviation 1: the lateral and vertical
/// shape of Dryden. Split as √3/(1 + τs) + (1 − √3)/(1 + τs)², whose variance is twice that of
/// the first lag.
#[derive(Debug, Clone, Copy, Default)]
struct SecondOrder {
    first: Wander,
    second: f64,
}

impl SecondOrder {
    fn step(&mut self, noise: f64, tau_s: f64) -> f64 {
        self.first.step(noise, tau_s);
        let a = (-TICK_S / tau_s).exp_r();
        self.second = a * self.second + (1.0 - a) * self.first.0;
        let root3 = 3.0_f64.sqrt();
        (root3 * self.first.0 + (1.0 - root3) * self.second) / 2.0_f64.sqrt()
    }
}

/// Lengths and strengths of turbulence at a height (MIL-F-8785C, low-altitude Dryden model;
/// constant above 1000 ft).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dryden {
    /// Length along the wind and across it, metres.
    pub(crate) along_m: f64,
    /// Vertical length, metres.
    pub(crate) up_m: f64,
    /// Vertical strength over horizontal.
    pub(crate) up_share: f64,
}

impl Dryden {
    pub(crate) fn at(height_m: f64) -> Self {
        let h = (height_m * FEET).clamp(10.0, 1000.0);
        let k = 0.177 + 0.000_823 * h;
        Self {
            along_m: h / k.powf_r(1.2) / FEET,
            up_m: h / FEET,
            up_share: k.powf_r(0.4),
        }
    }
}

/// Wind at the aircraft.
#[derive(Debug, Clone)]
pub(crate) struct Air {
    gauss: Gauss,
    along: Wander,
    across: SecondOrder,
    up: SecondOrder,
}

impl Air {
    pub(crate) fn new(seed: u64) -> Self {
        let mut gauss = Gauss::new(seed, 1);
        let along = Wander(gauss.next());
        let mut start = || {
            let first = gauss.next();
            SecondOrder {
                first: Wander(first),
                second: first * 0.5,
            }
        };
        let (across, up) = (start(), start());
        Self {
            gauss,
            along,
            across,
            up,
        }
    }

    /// Velocity of the air, north, east, down, metres per second, at a height over ground.
    pub(crate) fn step(&mut self, weather: &Weather, airspeed: f64, height_m: f64) -> [f64; 3] {
        let v = airspeed.max(5.0);
        let d = Dryden::at(height_m);
        let (a, b, c) = (self.gauss.next(), self.gauss.next(), self.gauss.next());
        self.along.step(a, d.along_m / v);
        let across = self.across.step(b, d.along_m / v);
        let up = self.up.step(c, d.up_m / v);
        let (sin, cos) = weather.wind_from_deg.to_radians().sin_cos_r();
        let sigma = finite(weather.gust_m_s) / 3.0;
        let w = finite(weather.wind_m_s);
        let along = -w + sigma * self.along.0;
        let across = sigma * across;
        [
            along * cos - across * sin,
            along * sin + across * cos,
            sigma * d.up_share * up,
        ]
    }
}

fn finite(v: f64) -> f64 {
    if v.is_finite() { v.clamp(0.0, 60.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three standard errors of a measured sigma: of a first-order process of correlation time τ seen
    /// for T it is √(τ / 2T) of it, of the lateral and vertical shape less.
    fn three_errors(tau_s: f64, seen_s: f64) -> f64 {
        3.0 * (tau_s / (2.0 * seen_s)).sqrt()
    }

    #[test]
    fn turbulence_is_as_strong_and_as_long_as_the_model_says_within_what_chance_allows() {
        for (height_m, airspeed, seed) in [(30.0, 7.0, 5), (30.0, 20.0, 6), (250.0, 20.0, 7)] {
            let weather = Weather {
                wind_from_deg: 0.0,
                wind_m_s: 7.0,
                gust_m_s: 4.5,
            };
            // MIL-F-8785C at this height, in feet; a gust of 4.5 m/s is three sigma of 1.5.
            let h = height_m * 3.280_84;
            let k: f64 = 0.177 + 0.000_823 * h;
            let (length, share) = (h / k.powf_r(1.2) / 3.280_84, k.powf_r(0.4));
            let mut air = Air::new(seed);
            let (seen_s, lag) = (12_000.0, 100);
            let n = (seen_s / TICK_S) as usize;
            let gusts: Vec<[f64; 3]> = (0..n)
                .map(|_| {
                    let [north, east, down] = air.step(&weather, airspeed, height_m);
                    [north + 7.0, east, down]
                })
                .collect();
            let sigma = |k: usize| (gusts.iter().map(|g| g[k] * g[k]).sum::<f64>() / n as f64).sqrt();
            let may = three_errors(length / airspeed, seen_s);
            let case = format!("{height_m} m at {airspeed} m/s, three errors {:.1} %", may * 100.0);
            assert!(may < 0.15, "{case}: seen too shortly to tell");
            assert!((sigma(0) / 1.5 - 1.0).abs() < may, "{case}: along {}", sigma(0));
            assert!((sigma(1) / 1.5 - 1.0).abs() < may, "{case}: across {}", sigma(1));
            let up = sigma(2) / 1.5;
            assert!((up / share - 1.0).abs() < may, "{case}: up {up}, law {share}");
            // First order: after a second the share exp(−V/L) is left.
            let c =
                gusts.windows(lag + 1).map(|w| w[0][0] * w[lag][0]).sum::<f64>() / (n - lag) as f64 / sigma(0).powi(2);
            let law = (-airspeed / length).exp_r();
            assert!((c - law).abs() < 0.03, "{case}: after a second {c}, law {law}");
        }
    }
}
