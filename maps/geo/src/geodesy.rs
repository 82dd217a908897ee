//! Geodesics on WGS 84 (Karney 2013, through `geographiclib-rs`).

use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};

use crate::LatLon;

/// Mean Earth radius (IUGG R1), metres; for curvature drops, never for distances.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Standard gravity (CGPM 1901), metres per second squared.
pub const G_M_S2: f64 = 9.806_65;

thread_local! {
    static WGS84: Geodesic = Geodesic::wgs84();
}

/// Geodesic distance, metres.
#[must_use]
pub fn distance_m(a: LatLon, b: LatLon) -> f64 {
    WGS84.with(|g| g.inverse(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg))
}

/// Azimuth at `a` of the geodesic to `b`, degrees clockwise from true north, 0..360.
#[must_use]
pub fn azimuth_deg(a: LatLon, b: LatLon) -> f64 {
    let (azi1, _azi2, _a12): (f64, f64, f64) = WGS84.with(|g| g.inverse(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg));
    crate::norm_deg_360(azi1)
}

/// The point `distance_m` metres from `from` along `azimuth_deg` (true north, clockwise).
#[must_use]
pub fn destination(from: LatLon, azimuth_deg: f64, distance_m: f64) -> LatLon {
    let (lat_deg, lon_deg): (f64, f64) = WGS84.with(|g| g.direct(from.lat_deg, from.lon_deg, azimuth_deg, distance_m));
    LatLon { lat_deg, lon_deg }
}

/// The point at `share` (0..=1) of the geodesic from `a` to `b`.
#[must_use]
pub fn interpolate(a: LatLon, b: LatLon, share: f64) -> LatLon {
    let d = distance_m(a, b);
    if d < 1e-9 {
        return a;
    }
    destination(a, azimuth_deg(a, b), d * share)
}
