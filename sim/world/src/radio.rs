//! What the way does to radio waves between the station's mast and an aircraft.
//!
//! Free space (ITU-R P.525), the worst edge of the terrain as a knife edge (ITU-R P.526-15, eq.
//! 31), two-ray fading over the ground, noise from given places. Invariant: a function of places,
//! terrain and time; the loss it gives is a share of datagrams, drawn elsewhere.

use vedette_atlas::{Plane, Terrain};
use vedette_geo::{Amsl, EARTH_RADIUS_M, LatLon, Repeatable};

/// Speed of light, metres per second (SI).
const C_M_S: f64 = 299_792_458.0;
/// Effective Earth radius of a standard atmosphere (ITU-R P.453).
const K_EARTH: f64 = 4.0 / 3.0;
/// Margin over which a link goes from losing nearly all to losing nearly nothing, decibels: three
/// of the logistic's scale either side.
const SOFT_DB: f64 = 1.2;
/// Samples of the terrain between the ends, at most.
const SAMPLES: usize = 160;

/// A place that sends noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interference {
    /// Where.
    pub at: LatLon,
    /// Decibels taken from the margin at 100 m, 6 less with every doubling of the distance.
    pub db_at_100_m: f64,
    /// From, seconds of the scenario.
    pub from_s: f64,
    /// Until.
    pub until_s: f64,
}

/// The station's mast and the loss its links stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Radio {
    /// Where the mast stands.
    pub at: LatLon,
    /// Height of the antenna above the sea.
    pub amsl: Amsl,
    /// Carrier, hertz.
    pub frequency_hz: f64,
    /// Path loss that telemetry stands, decibels.
    pub telemetry_db: f64,
    /// Path loss that video stands, decibels.
    pub video_db: f64,
    /// Noise.
    pub interference: Vec<Interference>,
}

/// State of one aircraft's link.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct LinkState {
    /// Path length, metres.
    pub range_m: f64,
    /// Loss by the terrain's worst edge, decibels; above 6 the aircraft is in the shadow.
    pub shadow_db: f64,
    /// Fading by the ray from the ground, decibels (negative: it adds).
    pub fading_db: f64,
    /// Noise, decibels.
    pub noise_db: f64,
    /// What telemetry has in hand, decibels.
    pub telemetry_margin_db: f64,
    /// What video has in hand, decibels.
    pub video_margin_db: f64,
}

impl LinkState {
    /// Share of telemetry datagrams lost.
    #[must_use]
    pub fn telemetry_loss(&self) -> f64 {
        loss(self.telemetry_margin_db)
    }
    /// Share of video datagrams lost.
    #[must_use]
    pub fn video_loss(&self) -> f64 {
        loss(self.video_margin_db)
    }
}

/// Share lost at a margin: one half at none, 1 in 4,000 at 10 dB.
fn loss(margin_db: f64) -> f64 {
    let p = 1.0 / (1.0 + (margin_db / SOFT_DB).exp_r());
    if p < 1e-4 { 0.0 } else { p }
}

/// Free-space loss, decibels (ITU-R P.525): 32.4 + 20 log f/MHz + 20 log d/km.
#[must_use]
pub fn free_space_db(frequency_hz: f64, range_m: f64) -> f64 {
    32.4 + 20.0 * (frequency_hz * 1e-6).log10_r() + 20.0 * (range_m.max(1.0) * 1e-3).log10_r()
}

/// Loss behind a knife edge, decibels (ITU-R P.526, eq. 31), from the Fresnel parameter.
#[must_use]
pub fn knife_edge_db(nu: f64) -> f64 {
    if nu <= -0.78 {
        return 0.0;
    }
    let a = nu - 0.1;
    6.9 + 20.0 * ((a * a + 1.0).sqrt() + a).log10_r()
}

impl Radio {
    /// The link to an aircraft at a second of the scenario. Unknown ground hides nothing.
    #[must_use]
    pub fn link(&self, terrain: &Terrain, to: LatLon, amsl: Amsl, t_s: f64) -> LinkState {
        let plane = Plane::new(self.at);
        let (x, y) = plane.to_xy(to);
        let flat = x.hypot_r(y).max(1.0);
        let range_m = flat.hypot_r(amsl.0 - self.amsl.0);
        let lambda = C_M_S / self.frequency_hz.max(1e6);
        let n = ((flat / 45.0).ceil() as usize).clamp(4, SAMPLES);
        let (mut worst, mut low) = (f64::MIN, f64::MAX);
        for i in 1..n {
            let s = i as f64 / n as f64;
            let Some(ground) = terrain.elevation(plane.to_latlon(x * s, y * s)) else {
                continue;
            };
            let (d1, d2) = (flat * s, flat * (1.0 - s));
            let bulge = d1 * d2 / (2.0 * K_EARTH * EARTH_RADIUS_M);
            let line = self.amsl.0 + (amsl.0 - self.amsl.0) * s - bulge;
            let h = ground.0 - line;
            worst = worst.max(h * (2.0 / lambda * (1.0 / d1 + 1.0 / d2)).sqrt());
            low = low.min(-h);
        }
        let shadow_db = knife_edge_db(worst);
        // Two rays: the one from the ground comes later by 2 h1 h2 / d and half as strong; heights
        // above the ground between them stand in for those above the mirror.
        let fading_db = if shadow_db < 6.0 {
            let ground_here = terrain.elevation(self.at).map_or(self.amsl.0 - 5.0, |g| g.0);
            let ground_there = terrain.elevation(to).map_or(amsl.0 - 50.0, |g| g.0);
            let (h1, h2) = ((self.amsl.0 - ground_here).max(0.5), (amsl.0 - ground_there).max(0.5));
            let phase = std::f64::consts::TAU * 2.0 * h1 * h2 / (range_m * lambda) + std::f64::consts::PI;
            // The rougher and steeper the ground, the weaker its mirror: 0.35 at grazing.
            let mirror = 0.35 * (1.0 - ((h1 + h2) / flat).min(1.0)) * f64::from(u8::from(low > 0.0));
            let (re, im) = (1.0 + mirror * phase.cos_r(), mirror * phase.sin_r());
            -10.0 * (re * re + im * im).max(1e-3).log10_r()
        } else {
            0.0
        };
        let noise_db = self
            .interference
            .iter()
            .filter(|i| (i.from_s..=i.until_s).contains(&t_s))
            .map(|i| {
                let d = vedette_geo::near::distance_m(i.at, to).hypot_r(30.0);
                (i.db_at_100_m - 20.0 * (d / 100.0).log10_r()).max(0.0)
            })
            .sum();
        let path = free_space_db(self.frequency_hz, range_m) + shadow_db + fading_db;
        LinkState {
            range_m,
            shadow_db,
            fading_db,
            noise_db,
            telemetry_margin_db: self.telemetry_db - path - noise_db,
            video_margin_db: self.video_db - path - noise_db,
        }
    }
}

/// Whether one datagram of a stream is lost: a hash of who, which and the share.
#[must_use]
pub(crate) fn drawn(seed: u64, stream: u64, number: u64, share: f64) -> bool {
    if share <= 0.0 {
        return false;
    }
    if share >= 1.0 {
        return true;
    }
    chance(seed, stream, number) < share
}

/// A number in 0..1 for one event of a stream of events.
#[must_use]
pub(crate) fn chance(seed: u64, stream: u64, number: u64) -> f64 {
    // Splitmix64 finaliser (Steele, Lea, Flood 2014).
    let mut z = seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.wrapping_mul(0xD134_2543_DE82_EF95);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    // 53 bits are exact, and so is a division by a power of two.
    (z >> 11) as f64 / (1_u64 << 53) as f64
}
