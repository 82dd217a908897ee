//! Sun, sky light and the temperatures they leave on the ground.
//!
//! Invariant: a function of UTC, place and weather. Light and temperatures are those of the
//! scenario's start and are held for its run, unless it asks for steps of the day.

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, Repeatable};
use vedette_model::Utc;

/// Weather of a scenario, uniform over its area.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weather {
    /// Air temperature two metres above the ground, degrees Celsius.
    #[serde(default = "d_air")]
    pub air_c: f64,
    /// Share of the sky under cloud, 0..=1.
    #[serde(default)]
    pub cloud: f64,
    /// Wind comes from, degrees true.
    #[serde(default)]
    pub wind_from_deg: f64,
    /// Mean wind, metres per second.
    #[serde(default)]
    pub wind_m_s: f64,
    /// Gusts above the mean, metres per second.
    #[serde(default)]
    pub gust_m_s: f64,
    /// Extinction in the long-wave infrared, per kilometre (0.2 dry to 0.5 humid, 1 in fog).
    #[serde(default = "d_lwir")]
    pub extinction_lwir_km: f64,
    /// Extinction in visible light, per kilometre (Koschmieder: 3.9 / visibility in km).
    #[serde(default = "d_vis")]
    pub extinction_visible_km: f64,
}

fn d_air() -> f64 {
    4.0
}
fn d_lwir() -> f64 {
    0.25
}
fn d_vis() -> f64 {
    0.13
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            air_c: d_air(),
            cloud: 0.0,
            wind_from_deg: 0.0,
            wind_m_s: 0.0,
            gust_m_s: 0.0,
            extinction_lwir_km: d_lwir(),
            extinction_visible_km: d_vis(),
        }
    }
}

/// Where the sun stands: azimuth (degrees true) and elevation (degrees, refraction left out).
///
/// Low-precision formulae of the Astronomical Almanac (Michalsky 1988): 0.01 degrees.
#[must_use]
pub fn sun_position(at: LatLon, utc: Utc) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit a double")]
    let n = utc.0 as f64 / 86_400e6 - 10_957.5; // days since J2000.0
    let l = (280.460 + 0.985_647_4 * n).rem_euclid(360.0);
    let g = (357.528 + 0.985_600_3 * n).rem_euclid(360.0).to_radians();
    let lambda = (l + 1.915 * g.sin_r() + 0.020 * (2.0 * g).sin_r()).to_radians();
    let eps = (23.439 - 4e-7 * n).to_radians();
    let ra = (eps.cos_r() * lambda.sin_r()).atan2_r(lambda.cos_r()).to_degrees();
    let dec = (eps.sin_r() * lambda.sin_r()).asin_r();
    let gmst_deg = (280.460_618_37 + 360.985_647_366_29 * n).rem_euclid(360.0);
    let ha = (gmst_deg + at.lon_deg - ra).to_radians();
    let lat = at.lat_deg.to_radians();
    let el = (lat.sin_r() * dec.sin_r() + lat.cos_r() * dec.cos_r() * ha.cos_r()).asin_r();
    let az = (-ha.sin_r()).atan2_r(dec.tan_r() * lat.cos_r() - lat.sin_r() * ha.cos_r());
    (vedette_geo::norm_deg_360(az.to_degrees()), el.to_degrees())
}

/// What covers the ground; each with its own heat and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    Grass,
    Heath,
    Soil,
    Rock,
    Gravel,
}

/// Sun, sky and heat at one place and time, as the renderer needs them.
#[derive(Debug, Clone)]
pub(crate) struct Light {
    /// Unit vector to the sun, east, north, up.
    pub(crate) sun: [f32; 3],
    /// Direct light after exposure, 0 at night.
    pub(crate) direct: f32,
    /// Sky light after exposure.
    pub(crate) ambient: f32,
    /// Colour of the direct light.
    pub(crate) direct_rgb: [f32; 3],
    /// Colour of the sky light.
    pub(crate) ambient_rgb: [f32; 3],
    /// Sky at the horizon, display values 0..1.
    pub(crate) horizon_rgb: [f32; 3],
    /// Sky overhead, display values 0..1.
    pub(crate) zenith_rgb: [f32; 3],
    /// One sigma of picture noise in visible light, grey levels.
    pub(crate) noise_levels: f32,
    /// Air, degrees Celsius.
    pub(crate) air_c: f32,
    /// Long-wave sky near the zenith, degrees Celsius.
    pub(crate) sky_c: f32,
    /// Direction of the day's mean sun, for slopes that keep its warmth.
    pub(crate) mean_sun: [f32; 3],
    heat: [f32; 4],
    clear: f32,
    night: f32,
    /// Extinction, per metre.
    pub(crate) alpha_lwir: f32,
    pub(crate) alpha_visible: f32,
}

impl Light {
    pub(crate) fn new(at: LatLon, utc: Utc, w: &Weather) -> Self {
        let (az, el) = sun_position(at, utc);
        let clear = (1.0 - 0.85 * w.cloud.clamp(0.0, 1.0)) as f32;
        // Warmth left by the sun: its height over the last hours, forgotten with time constants
        // of 1, 2.5, 5 and 9 hours.
        let mut heat = [0.0_f32; 4];
        let taus = [1.0_f64, 2.5, 5.0, 9.0];
        let mut mean = [0.0_f64; 3];
        for k in 0..96 {
            let ago_h = f64::from(k) * 0.25;
            let (a, e) = sun_position(at, Utc(utc.0 - (ago_h * 3600e6) as i64));
            let s = e.to_radians().sin_r().max(0.0);
            for (h, tau) in heat.iter_mut().zip(taus) {
                *h += (s * (-ago_h / tau).exp_r() * 0.25 / tau) as f32;
            }
            let (sa, ca) = a.to_radians().sin_cos_r();
            let c = e.to_radians().cos_r();
            mean[0] += s * sa * c;
            mean[1] += s * ca * c;
            mean[2] += s * s;
        }
        for h in &mut heat {
            *h *= clear;
        }
        let n = (mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2]).sqrt();
        let mean_sun = if n > 1e-6 {
            [(mean[0] / n) as f32, (mean[1] / n) as f32, (mean[2] / n) as f32]
        } else {
            [0.0, 0.0, 1.0]
        };
        let (sa, ca) = az.to_radians().sin_cos_r();
        let (se, ce) = el.to_radians().sin_cos_r();
        // Illuminance on the ground, lux: full sun ~1e5, sunset ~400, civil dusk ~3.4,
        // nautical dusk ~0.008, clear moonless night ~0.001 (RCA Electro-Optics Handbook, 1974).
        let sky_lux = log_interp(
            &[
                (-18.0, 0.001),
                (-12.0, 0.008),
                (-6.0, 3.4),
                (-3.0, 60.0),
                (0.0, 400.0),
                (5.0, 4_000.0),
                (15.0, 10_000.0),
                (60.0, 20_000.0),
            ],
            el,
        );
        let sun_lux = if el > 0.0 {
            100_000.0 * (-0.21 / (se + 0.05)).exp_r() * f64::from(clear)
        } else {
            0.0
        };
        // The camera's exposure brings the scene to middle grey until its gain ends at 2 lux.
        let total = sky_lux + sun_lux * se.max(0.05);
        let gain = 1.0 / total.max(2.0);
        let warm = smooth64(20.0, 2.0, el) as f32;
        let dusk = smooth64(4.0, -6.0, el) as f32;
        let bright = (total / 2.0).min(1.0) as f32;
        let lift = |c: [f32; 3]| c.map(|v| v * bright.powf_r(0.45));
        Self {
            sun: [(sa * ce) as f32, (ca * ce) as f32, se as f32],
            direct: (sun_lux * gain * 1.75) as f32,
            ambient: (sky_lux * gain * 1.75) as f32,
            direct_rgb: [1.0, 0.95 - 0.22 * warm, 0.88 - 0.42 * warm],
            ambient_rgb: [0.92, 0.96, 1.04 + 0.04 * dusk],
            horizon_rgb: lift([0.70 + 0.12 * dusk, 0.74 - 0.04 * dusk, 0.80 - 0.10 * dusk]),
            zenith_rgb: lift([0.34 - 0.06 * dusk, 0.50 - 0.12 * dusk, 0.74 - 0.10 * dusk]),
            noise_levels: (1.2 + 2.2 * (20.0 / total.max(0.01)).sqrt().min(8.0)) as f32,
            air_c: w.air_c as f32,
            sky_c: (w.air_c - 8.0 - 38.0 * f64::from(clear)) as f32,
            mean_sun,
            heat,
            clear,
            night: smooth64(6.0, -4.0, el) as f32,
            alpha_lwir: (w.extinction_lwir_km.max(0.0) * 1e-3) as f32,
            alpha_visible: (w.extinction_visible_km.max(0.0) * 1e-3) as f32,
        }
    }

    /// Surface temperature of a cover on level ground: fixed part and the part that goes with
    /// the sun on its slope, degrees Celsius.
    pub(crate) fn surface_c(&self, cover: Cover) -> (f32, f32) {
        // (gain by stored sun, index of its time constant, radiative cooling on a clear night)
        let (gain, tau, cool) = match cover {
            Cover::Grass => (11.0, 0, 3.8),
            Cover::Heath => (9.0, 1, 2.2),
            Cover::Soil => (15.0, 1, 2.4),
            Cover::Rock => (19.0, 3, 0.9),
            Cover::Gravel => (17.0, 2, 1.6),
        };
        (self.air_c - cool * self.clear * self.night, gain * self.heat[tau] * 1.4)
    }

    /// Crowns of trees stay close to the air.
    pub(crate) fn crown_c(&self) -> f32 {
        self.air_c - 0.7 * self.clear * self.night + 3.0 * self.heat[0]
    }

    /// Sheet metal: colder than the air under a clear sky, hot in the sun at once.
    pub(crate) fn metal_c(&self) -> f32 {
        self.air_c - 2.5 + 30.0 * self.heat[0]
    }

    /// Boulders give their warmth back slowly.
    pub(crate) fn boulder_c(&self) -> f32 {
        self.air_c + 26.0 * self.heat[3] - 0.4 * self.night
    }

    /// Lit display colour (0..1, gamma applied) of a surface of this albedo and normal.
    #[inline]
    pub(crate) fn shade(&self, albedo: [f32; 3], n: [f32; 3], shadow: f32) -> [f32; 3] {
        let d = (n[0] * self.sun[0] + n[1] * self.sun[1] + n[2] * self.sun[2]).max(0.0) * self.direct * shadow;
        // Sky light: more from above, and with the twilight arch more from the sun's side.
        let side = n[0] * self.sun[0] + n[1] * self.sun[1];
        let a = self.ambient * (0.55 + 0.45 * n[2] + 0.25 * side);
        let mut out = [0.0; 3];
        for k in 0..3 {
            let l = albedo[k] * (d * self.direct_rgb[k] + a * self.ambient_rgb[k]);
            out[k] = (l / (1.0 + 0.18 * l)).max(0.0).powf_r(0.4545).min(1.0);
        }
        out
    }
}

fn smooth64(a: f64, b: f64, x: f64) -> f64 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn log_interp(table: &[(f64, f64)], x: f64) -> f64 {
    let mut last = table[0];
    if x <= last.0 {
        return last.1;
    }
    for &(a, v) in &table[1..] {
        if x <= a {
            let t = (x - last.0) / (a - last.0);
            return (last.1.ln_r() + t * (v.ln_r() - last.1.ln_r())).exp_r();
        }
        last = (a, v);
    }
    last.1
}
