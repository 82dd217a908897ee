//! How high the sun stands: what "in the dark" means. Knows no weather.

use vedette_geo::LatLon;
use vedette_model::Utc;

/// Height of the sun's middle over a level horizon, degrees, refraction left out.
///
/// Low-precision formulae of the Astronomical Almanac (Michalsky 1988): 0.01 degrees, 1950 to 2050.
#[must_use]
pub fn sun_elevation_deg(at: LatLon, utc: Utc) -> f64 {
    let days_unix = utc.0 as f64 * 1e-6 / 86_400.0;
    // Days from J2000.0 (2000-01-01 12:00).
    let n = days_unix - 10_957.5;
    let hours = days_unix.rem_euclid(1.0) * 24.0;
    let g = (357.528 + 0.985_600_3 * n).to_radians();
    let along = (280.460 + 0.985_647_4 * n + 1.915 * g.sin() + 0.020 * (2.0 * g).sin()).to_radians();
    let tilt = (23.439 - 0.000_000_4 * n).to_radians();
    let ascension = (tilt.cos() * along.sin()).atan2(along.cos());
    let declination = (tilt.sin() * along.sin()).asin();
    let sidereal_h = 6.697_375 + 0.065_709_824_2 * n + hours + at.lon_deg / 15.0;
    let hour_angle = (sidereal_h * 15.0).to_radians() - ascension;
    let lat = at.lat_deg.to_radians();
    (lat.sin() * declination.sin() + lat.cos() * declination.cos() * hour_angle.cos())
        .asin()
        .to_degrees()
}
