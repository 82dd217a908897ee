//! Angles in degrees brought into range.

/// Into 0..360 degrees.
#[must_use]
pub fn norm_deg_360(deg: f64) -> f64 {
    let r = deg.rem_euclid(360.0);
    if r >= 360.0 { 0.0 } else { r }
}

/// Into -180..180 degrees.
#[must_use]
pub fn norm_deg_180(deg: f64) -> f64 {
    // Nearly always in range already: no division, and not a bit lost.
    if (-180.0..180.0).contains(&deg) {
        return deg;
    }
    let r = norm_deg_360(deg);
    if r >= 180.0 { r - 360.0 } else { r }
}

/// The smallest turn from `from_deg` to `to_deg`, degrees, clockwise positive.
#[must_use]
pub fn diff_deg(to_deg: f64, from_deg: f64) -> f64 {
    norm_deg_180(to_deg - from_deg)
}
