//! Geodesics on WGS 84 that repeat to the last bit on every machine: for the simulator and its score.
//!
//! Vincenty's series (T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid, Survey
//! Review 23/176, 1975) by [`Repeatable`]; within 0.1 mm of Karney's up to a thousand kilometres. For
//! plans and evidence use the functions of the same names at the crate's root, which know no limit.

use std::f64::consts::TAU;

use crate::{LatLon, Repeatable};

/// WGS 84 (NIMA TR8350.2): semi-major axis, metres, and flattening.
const A_M: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_223_563;
const B_M: f64 = A_M * (1.0 - F);
/// Iterations end below this change, radians: a hundredth of a millimetre.
const CLOSE: f64 = 1e-12;

/// Sine and cosine of the latitude on the auxiliary sphere.
fn reduced(lat_deg: f64) -> (f64, f64) {
    let (s, c) = lat_deg.to_radians().sin_cos_r();
    let (s, c) = ((1.0 - F) * s, c);
    let n = (s * s + c * c).sqrt();
    (s / n, c / n)
}

/// Vincenty's A, B from the squared second eccentricity times cos² of the azimuth at the equator.
fn series(cos2_alpha: f64) -> (f64, f64) {
    let u2 = cos2_alpha * (A_M * A_M - B_M * B_M) / (B_M * B_M);
    (
        1.0 + u2 / 16_384.0 * (4_096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2))),
        u2 / 1_024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2))),
    )
}

fn delta_sigma(b: f64, sin_s: f64, cos_s: f64, cos_2m: f64) -> f64 {
    let c2 = cos_2m * cos_2m;
    b * sin_s
        * (cos_2m
            + b / 4.0 * (cos_s * (2.0 * c2 - 1.0) - b / 6.0 * cos_2m * (4.0 * sin_s * sin_s - 3.0) * (4.0 * c2 - 3.0)))
}

/// Longitude correction: difference on the sphere less that on the ellipsoid, radians.
fn longitude(sin_alpha: f64, cos2_alpha: f64, sigma: f64, sin_s: f64, cos_s: f64, cos_2m: f64) -> f64 {
    let c = F / 16.0 * cos2_alpha * (4.0 + F * (4.0 - 3.0 * cos2_alpha));
    (1.0 - c) * F * sin_alpha * (sigma + c * sin_s * (cos_2m + c * cos_s * (2.0 * cos_2m * cos_2m - 1.0)))
}

/// Distance, metres, and azimuth at `a`, radians; `None` close to antipodes, where the series does not end.
fn inverse(a: LatLon, b: LatLon) -> Option<(f64, f64)> {
    let ((s1, c1), (s2, c2)) = (reduced(a.lat_deg), reduced(b.lat_deg));
    let turns = ((b.lon_deg - a.lon_deg) / 360.0).round();
    let l = (b.lon_deg - a.lon_deg - 360.0 * turns).to_radians();
    let mut lambda = l;
    for _ in 0..100 {
        let (sl, cl) = lambda.sin_cos_r();
        let (across, along) = (c2 * sl, c1 * s2 - s1 * c2 * cl);
        let sin_s = (across * across + along * along).sqrt();
        if sin_s < 1e-15 {
            return Some((0.0, 0.0));
        }
        let cos_s = s1 * s2 + c1 * c2 * cl;
        let sigma = sin_s.atan2_r(cos_s);
        let sin_alpha = c1 * c2 * sl / sin_s;
        let cos2_alpha = 1.0 - sin_alpha * sin_alpha;
        let cos_2m = if cos2_alpha < 1e-15 {
            0.0
        } else {
            cos_s - 2.0 * s1 * s2 / cos2_alpha
        };
        let next = l + longitude(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m);
        let done = (next - lambda).abs() < CLOSE;
        lambda = next;
        if done {
            let (big_a, big_b) = series(cos2_alpha);
            let d = B_M * big_a * (sigma - delta_sigma(big_b, sin_s, cos_s, cos_2m));
            return Some((d, across.atan2_r(along)));
        }
    }
    None
}

/// Geodesic distance, metres.
#[must_use]
pub fn distance_m(a: LatLon, b: LatLon) -> f64 {
    inverse(a, b).map_or_else(|| crate::distance_m(a, b), |(d, _)| d)
}

/// Azimuth at `a` of the geodesic to `b`, degrees clockwise from true north, 0..360.
#[must_use]
pub fn azimuth_deg(a: LatLon, b: LatLon) -> f64 {
    inverse(a, b).map_or_else(
        || crate::azimuth_deg(a, b),
        |(_, az)| crate::norm_deg_360(az.to_degrees()),
    )
}

/// The point `distance_m` metres from `from` along `azimuth_deg` (true north, clockwise).
#[must_use]
pub fn destination(from: LatLon, azimuth_deg: f64, distance_m: f64) -> LatLon {
    let (sa, ca) = azimuth_deg.to_radians().sin_cos_r();
    let (s1, c1) = reduced(from.lat_deg);
    let sigma1 = s1.atan2_r(c1 * ca);
    let sin_alpha = c1 * sa;
    let cos2_alpha = 1.0 - sin_alpha * sin_alpha;
    let (big_a, big_b) = series(cos2_alpha);
    let first = distance_m / (B_M * big_a);
    let mut sigma = first;
    for _ in 0..100 {
        let (sin_s, cos_s) = sigma.sin_cos_r();
        let next = first + delta_sigma(big_b, sin_s, cos_s, (2.0 * sigma1 + sigma).cos_r());
        let done = (next - sigma).abs() < CLOSE;
        sigma = next;
        if done {
            break;
        }
    }
    let (sin_s, cos_s) = sigma.sin_cos_r();
    let cos_2m = (2.0 * sigma1 + sigma).cos_r();
    let across = s1 * sin_s - c1 * cos_s * ca;
    let lat = (s1 * cos_s + c1 * sin_s * ca).atan2_r((1.0 - F) * (sin_alpha * sin_alpha + across * across).sqrt());
    let lambda = (sin_s * sa).atan2_r(c1 * cos_s - s1 * sin_s * ca);
    let lon = from.lon_deg.to_radians() + lambda - longitude(sin_alpha, cos2_alpha, sigma, sin_s, cos_s, cos_2m);
    LatLon {
        lat_deg: lat.to_degrees(),
        lon_deg: (lon - TAU * (lon / TAU).round()).to_degrees(),
    }
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
