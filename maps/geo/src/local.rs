//! A local east-north-up frame at an origin, exact through Earth-centred coordinates.

use serde::{Deserialize, Serialize};

use crate::{Enu, Hae, LatLon, Repeatable, Vec3};

/// WGS 84 semi-major axis, metres (NIMA TR8350.2).
const A_M: f64 = 6_378_137.0;
/// WGS 84 flattening (NIMA TR8350.2).
const F: f64 = 1.0 / 298.257_223_563;
const E2: f64 = F * (2.0 - F);

/// Earth-centred, Earth-fixed coordinates, metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ecef {
    /// Towards latitude 0, longitude 0.
    pub x_m: f64,
    /// Towards latitude 0, longitude 90 E.
    pub y_m: f64,
    /// Towards the north pole.
    pub z_m: f64,
}

impl Ecef {
    /// From geodetic coordinates.
    #[must_use]
    pub fn from_geodetic(at: LatLon, height: Hae) -> Self {
        let (sla, cla) = at.lat_deg.to_radians().sin_cos_r();
        let (slo, clo) = at.lon_deg.to_radians().sin_cos_r();
        let n = A_M / (1.0 - E2 * sla * sla).sqrt();
        Self {
            x_m: (n + height.0) * cla * clo,
            y_m: (n + height.0) * cla * slo,
            z_m: (n * (1.0 - E2) + height.0) * sla,
        }
    }

    /// To geodetic coordinates (Bowring 1976 start, then two Newton-like passes: below 1e-9 m
    /// to 10 km height).
    #[must_use]
    pub fn to_geodetic(self) -> (LatLon, Hae) {
        let p = self.x_m.hypot_r(self.y_m);
        let b = A_M * (1.0 - F);
        let ep2 = (A_M * A_M - b * b) / (b * b);
        let lon = self.y_m.atan2_r(self.x_m);
        let theta = (self.z_m * A_M).atan2_r(p * b);
        let mut lat = (self.z_m + ep2 * b * theta.sin_r().powi(3)).atan2_r(p - E2 * A_M * theta.cos_r().powi(3));
        let mut h = 0.0;
        for _ in 0..2 {
            let n = A_M / (1.0 - E2 * lat.sin_r().powi(2)).sqrt();
            h = p * lat.cos_r() + self.z_m * lat.sin_r() - A_M * A_M / n;
            lat = self.z_m.atan2_r(p * (1.0 - E2 * n / (n + h)));
        }
        (
            LatLon {
                lat_deg: lat.to_degrees(),
                lon_deg: lon.to_degrees(),
            },
            Hae(h),
        )
    }
}

/// A tangent frame: x east, y north, z up at its origin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LocalFrame {
    origin: LatLon,
    origin_height: Hae,
    centre: Ecef,
    /// Rows east, north, up in Earth-centred axes.
    rows: [[f64; 3]; 3],
}

impl LocalFrame {
    /// A frame whose origin is `origin` at `height`.
    #[must_use]
    pub fn new(origin: LatLon, height: Hae) -> Self {
        let (sla, cla) = origin.lat_deg.to_radians().sin_cos_r();
        let (slo, clo) = origin.lon_deg.to_radians().sin_cos_r();
        Self {
            origin,
            origin_height: height,
            centre: Ecef::from_geodetic(origin, height),
            rows: [
                [-slo, clo, 0.0],
                [-sla * clo, -sla * slo, cla],
                [cla * clo, cla * slo, sla],
            ],
        }
    }

    /// The origin's horizontal position.
    #[must_use]
    pub fn origin(&self) -> LatLon {
        self.origin
    }

    /// The origin's height.
    #[must_use]
    pub fn origin_height(&self) -> Hae {
        self.origin_height
    }

    /// East, north, up of a point, metres.
    #[must_use]
    pub fn enu(&self, at: LatLon, height: Hae) -> Vec3<Enu> {
        let e = Ecef::from_geodetic(at, height);
        let d = [
            e.x_m - self.centre.x_m,
            e.y_m - self.centre.y_m,
            e.z_m - self.centre.z_m,
        ];
        let dot = |r: &[f64; 3]| r[0] * d[0] + r[1] * d[1] + r[2] * d[2];
        Vec3::new(dot(&self.rows[0]), dot(&self.rows[1]), dot(&self.rows[2]))
    }

    /// The point at these east, north, up metres.
    #[must_use]
    pub fn geodetic(&self, enu: Vec3<Enu>) -> (LatLon, Hae) {
        let v = [enu.x, enu.y, enu.z];
        let col = |i: usize| self.rows[0][i] * v[0] + self.rows[1][i] * v[1] + self.rows[2][i] * v[2];
        Ecef {
            x_m: self.centre.x_m + col(0),
            y_m: self.centre.y_m + col(1),
            z_m: self.centre.z_m + col(2),
        }
        .to_geodetic()
    }

    /// East and north of a point at the origin's own height, metres: a plane map that keeps
    /// distances to 0.05 m at 20 km from the origin.
    #[must_use]
    pub fn plane(&self, at: LatLon) -> (f64, f64) {
        let v = self.enu(at, self.origin_height);
        (v.x, v.y)
    }

    /// The point of the plane map at these east and north metres.
    #[must_use]
    pub fn from_plane(&self, east_m: f64, north_m: f64) -> LatLon {
        // The tangent plane leaves the ellipsoid; two corrections bring the point back to the
        // origin's height below a millimetre at 30 km.
        let mut up = 0.0;
        let mut at = self.origin;
        for _ in 0..3 {
            let (p, h) = self.geodetic(Vec3::new(east_m, north_m, up));
            up -= h.0 - self.origin_height.0;
            at = p;
        }
        at
    }
}
