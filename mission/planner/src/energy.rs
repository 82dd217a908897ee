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
