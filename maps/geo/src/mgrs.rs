//! UTM and MGRS coordinates, as patrols on the ground read them.
//!
//! Krüger series to n^4 (Karney 2011, "Transverse Mercator with an accuracy of a few
//! nanometers", eq. 35): below a millimetre inside a zone.

use crate::{GeoError, LatLon, Repeatable};

/// A UTM coordinate on WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Utm {
    /// Zone, 1..=60, with the Norway and Svalbard exceptions.
    pub zone: u8,
    /// Latitude band letter, C..X.
    pub band: char,
    /// Easting, metres.
    pub easting_m: f64,
    /// Northing, metres (10,000 km false northing in the south).
    pub northing_m: f64,
}

const BANDS: &[u8; 20] = b"CDEFGHJKLMNPQRSTUVWX";

fn zone_of(p: LatLon) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "range checked by LatLon"
    )]
    let plain = (((p.lon_deg + 180.0) / 6.0).floor() as i64).clamp(0, 59) as u8 + 1;
    if (56.0..64.0).contains(&p.lat_deg) && (3.0..12.0).contains(&p.lon_deg) {
        return 32;
    }
    if (72.0..84.0).contains(&p.lat_deg) && (0.0..42.0).contains(&p.lon_deg) {
        return match p.lon_deg {
            l if l < 9.0 => 31,
            l if l < 21.0 => 33,
            l if l < 33.0 => 35,
            _ => 37,
        };
    }
    plain
}

/// UTM coordinate of a point.
///
/// # Errors
/// [`GeoError::OutsideUtm`] north of 84 or south of -80 degrees.
pub fn utm(p: LatLon) -> Result<Utm, GeoError> {
    if !(-80.0..=84.0).contains(&p.lat_deg) {
        return Err(GeoError::OutsideUtm { lat_deg: p.lat_deg });
    }
    let zone = zone_of(p);
    let lon0 = f64::from(zone) * 6.0 - 183.0;
    let f: f64 = 1.0 / 298.257_223_563;
    let n = f / (2.0 - f);
    let (n2, n3, n4) = (n * n, n.powi(3), n.powi(4));
    let a = 6_378_137.0 / (1.0 + n) * (1.0 + n2 / 4.0 + n4 / 64.0);
    let alpha = [
        n / 2.0 - 2.0 / 3.0 * n2 + 5.0 / 16.0 * n3 + 41.0 / 180.0 * n4,
        13.0 / 48.0 * n2 - 3.0 / 5.0 * n3 + 557.0 / 1440.0 * n4,
        61.0 / 240.0 * n3 - 103.0 / 140.0 * n4,
        49_561.0 / 161_280.0 * n4,
    ];
    let e = (f * (2.0 - f)).sqrt();
    let phi = p.lat_deg.to_radians();
    let dl = crate::norm_deg_180(p.lon_deg - lon0).to_radians();
    let t = (phi.sin_r().atanh() - e * (e * phi.sin_r()).atanh()).sinh_r();
    let xi = t.atan2_r(dl.cos_r());
    let eta = (dl.sin_r() / (1.0 + t * t).sqrt()).atanh();
    let eta = {
        // eta' = asinh(sin(dl) / sqrt(t^2 + cos^2(dl)))
        let alt = (dl.sin_r() / (t * t + dl.cos_r().powi(2)).sqrt()).asinh();
        if alt.is_finite() { alt } else { eta }
    };
    let (mut x, mut y) = (eta, xi);
    for (j, al) in alpha.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "four terms")]
        let k = 2.0 * (j as f64 + 1.0);
        y += al * (k * xi).sin_r() * (k * eta).cosh_r();
        x += al * (k * xi).cos_r() * (k * eta).sinh_r();
    }
    let k0 = 0.9996;
    let northing = k0 * a * y + if p.lat_deg < 0.0 { 10_000_000.0 } else { 0.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "range checked above"
    )]
    let band = BANDS[(((p.lat_deg + 80.0) / 8.0).floor() as usize).min(19)] as char;
    Ok(Utm {
        zone,
        band,
        easting_m: 500_000.0 + k0 * a * x,
        northing_m: northing,
    })
}

/// MGRS reference to one metre, as `31T CG 81327 99841`.
///
/// # Errors
/// [`GeoError::OutsideUtm`] in the polar areas.
pub fn mgrs(p: LatLon) -> Result<String, GeoError> {
    let u = utm(p)?;
    let set = (u.zone - 1) % 6;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "UTM ranges are small"
    )]
    let (col, row) = ((u.easting_m / 100_000.0) as usize, (u.northing_m / 100_000.0) as usize);
    let cols: &[u8] = [b"ABCDEFGH", b"JKLMNPQR", b"STUVWXYZ"][usize::from(set % 3)];
    let rows: &[u8] = b"ABCDEFGHJKLMNPQRSTUV";
    let shift = if set % 2 == 0 { 0 } else { 5 };
    let c = cols[(col.max(1) - 1).min(7)] as char;
    let r = rows[(row + shift) % 20] as char;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 100,000")]
    let (e, n) = ((u.easting_m % 100_000.0) as u32, (u.northing_m % 100_000.0) as u32);
    Ok(format!("{}{} {c}{r} {e:05} {n:05}", u.zone, u.band))
}
