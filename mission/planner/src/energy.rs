//! Wind triangle and energy of legs.
//!
//! Invariant: wind never helps out and back; a leg against wind as fast as the aircraft has no
//! time at all (`None`), not a negative one.

use vedette_geo::G_M_S2;
use vedette_model::plan::{Aircraft, LegKind, WindBrief};

/// Ground speed on a course and the crab angle, degrees to add to the course for the heading.
/// `None` when the wind across or against is as fast as the aircraft.
#[must_use]
pub fn wind_triangle(air_m_s: f64, course_deg: f64, wind: &WindBrief) -> Option<(f64, f64)> {
    let angle = (wind.from_deg - course_deg).to_radians();
    // Against positive, from the right positive.
    let (cross, against) = (wind.speed_m_s * angle.sin(), wind.speed_m_s * angle.cos());
    if cross.abs() >= air_m_s {
        return None;
    }
    let ground = (air_m_s * air_m_s - cross * cross).sqrt() - against;
    (ground > 0.5).then(|| (ground, (cross / air_m_s).asin().to_degrees()))
}

/// Time out and back over a straight leg of `length_m` with wind `speed` at an angle to it:
/// T = (2L/V)·√(1 − (w_x/V)²)/(1 − (w/V)²); `None` when the wind is as fast as the aircraft.
#[must_use]
pub fn out_and_back_s(length_m: f64, air_m_s: f64, wind_m_s: f64, angle_deg: f64) -> Option<f64> {
    let w = wind_m_s / air_m_s;
    let cross = w * angle_deg.to_radians().sin();
    (w.abs() < 1.0).then(|| 2.0 * length_m / air_m_s * (1.0 - cross * cross).sqrt() / (1.0 - w * w))
}

/// Watt hours of a leg of `seconds` that rises `rise_m`.
pub(crate) fn leg_wh(a: &Aircraft, kind: LegKind, seconds: f64, rise_m: f64, moving: bool) -> f64 {
    let e = &a.energy;
    let level = match kind {
        LegKind::Transit | LegKind::Patrol | LegKind::Return if moving => e.cruise_w,
        _ => e.hover_w,
    };
    let climb_j = e.mass_kg * G_M_S2 * rise_m.max(0.0) / e.climb_efficiency;
    (level * seconds + climb_j) / 3600.0
}

/// Air density at sea level in the standard atmosphere, kilograms per cubic metre (ISO 2533).
pub const AIR_KG_M3: f64 = 1.225;

/// A rotary wing in forward flight: P(V) = P0(1 + 3V²/U²) + Pi(√(1 + V⁴/4v0⁴) − V²/2v0²)^½ + ½·d0·ρ·s·A·V³ (Zeng, Xu, Zhang,
/// IEEE TWC 2019, eq. 12).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotor {
    /// Weight, newtons.
    pub weight_n: f64,
    /// Density of the air, kilograms per cubic metre.
    pub air_kg_m3: f64,
    /// Radius of the rotor, metres; one rotor of the same disc area as all.
    pub radius_m: f64,
    /// Speed of the blade tips, metres per second.
    pub tip_m_s: f64,
    /// Solidity: blade area over disc area.
    pub solidity: f64,
    /// Profile drag coefficient δ.
    pub profile_drag: f64,
    /// Correction of the induced power, k.
    pub induced_more: f64,
    /// Drag ratio of the body, d0.
    pub body_drag: f64,
}

impl Rotor {
    fn disc_m2(&self) -> f64 {
        std::f64::consts::PI * self.radius_m * self.radius_m
    }

    /// Profile and induced power in the hover, watts.
    #[must_use]
    pub fn hover_parts_w(&self) -> (f64, f64) {
        let (a, rho) = (self.disc_m2(), self.air_kg_m3);
        let profile = self.profile_drag / 8.0 * rho * self.solidity * a * self.tip_m_s.powi(3);
        let induced = (1.0 + self.induced_more) * self.weight_n.powf(1.5) / (2.0 * rho * a).sqrt();
        (profile, induced)
    }

    /// Power in level flight at an airspeed, watts.
    #[must_use]
    pub fn power_w(&self, air_m_s: f64) -> f64 {
        let (profile, induced) = self.hover_parts_w();
        let (a, rho, v2) = (self.disc_m2(), self.air_kg_m3, air_m_s * air_m_s);
        // Mean velocity induced in the hover, squared.
        let v02 = self.weight_n / (2.0 * rho * a);
        let q = v2 / (2.0 * v02);
        profile * (1.0 + 3.0 * v2 / (self.tip_m_s * self.tip_m_s))
            + induced * ((1.0 + q * q).sqrt() - q).max(0.0).sqrt()
            + 0.5 * self.body_drag * rho * self.solidity * a * v2 * air_m_s
    }

    /// The airspeed at which a metre costs least, metres per second, and that cost, joules per metre.
    #[must_use]
    pub fn best_range(&self) -> (f64, f64) {
        let cost = |v: f64| self.power_w(v) / v;
        let (mut low, mut high) = (1.0, 60.0);
        // One minimum: thirds are thrown away until a millimetre per second is left.
        while high - low > 1e-3 {
            let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if cost(a) < cost(b) { high = b } else { low = a }
        }
        let v = 0.5 * (low + high);
        (v, cost(v))
    }
}

/// Electric power of a hover by momentum theory, watts: (m·g)^1.5/√(2ρA)/η for a mass, disc area and efficiency in all.
#[must_use]
pub fn hover_w(mass_kg: f64, disc_m2: f64, efficiency: f64) -> f64 {
    (mass_kg * G_M_S2).powf(1.5) / (2.0 * AIR_KG_M3 * disc_m2).sqrt() / efficiency
}

/// Electric power of level flight on wings, watts: m·g·V over lift-to-drag ratio times efficiency.
#[must_use]
pub fn wing_w(mass_kg: f64, air_m_s: f64, glide_times_efficiency: f64) -> f64 {
    mass_kg * G_M_S2 * air_m_s / glide_times_efficiency
}
