//! Rays on ground and lines of sight, over a curved Earth with standard refraction.
//!
//! Invariant: a ray that meets unknown ground says so; it is never assumed flat or at sea level.
//! Steps are at most half a posting, then the crossing is found by bisection to a centimetre.

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, EARTH_RADIUS_M, LatLon, Ned, Repeatable, Vec3};

use crate::{Plane, Terrain};

/// Refraction coefficient of light near the ground (Gauss; survey practice): the ray bends with
/// 0.13 of the Earth's curvature.
pub const REFRACTION_K: f64 = 0.13;

/// Where a ray ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum RayHit {
    /// On the ground.
    Ground {
        /// Where.
        at: LatLon,
        /// Ground height there.
        amsl: Amsl,
        /// Length of the ray, metres.
        slant_m: f64,
        /// Angle between ray and ground, degrees; small is grazing.
        grazing_deg: f64,
    },
    /// Not within the length asked for.
    Sky,
    /// The ray meets unknown ground first.
    NoTerrain,
}

/// Clearance asked of a radio path.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fresnel {
    /// Carrier frequency, hertz.
    pub frequency_hz: f64,
    /// Share of the first Fresnel radius that must be clear; 0.6 is common (ITU-R P.530).
    pub share: f64,
}

/// Speed of light, metres per second (SI).
const C_M_S: f64 = 299_792_458.0;

impl Terrain {
    fn half_posting(&self) -> f64 {
        (0.5 * self.source().spacing_m).clamp(0.5, 100.0)
    }

    /// Follows a ray from a point along `dir` (any length above 0) for at most `max_m` metres.
    #[must_use]
    pub fn cast(&self, from: LatLon, amsl: Amsl, dir: Vec3<Ned>, max_m: f64) -> RayHit {
        let Some(d) = dir.unit() else {
            return RayHit::NoTerrain;
        };
        let plane = Plane::new(from);
        let level2 = d.x * d.x + d.y * d.y;
        let bend = (1.0 - REFRACTION_K) / (2.0 * EARTH_RADIUS_M) * level2;
        let place = |s: f64| plane.to_latlon(d.y * s, d.x * s);
        let ray = |s: f64| amsl.0 - d.z * s + bend * s * s;
        let over = |s: f64| self.elevation(place(s)).map(|g| ray(s) - g.0);
        let Some(first) = over(0.0) else {
            return RayHit::NoTerrain;
        };
        if first <= 0.0 {
            return self.ground(&plane, d, 0.0);
        }
        let step = self.half_posting();
        let (mut above, mut s) = (0.0, 0.0);
        while s < max_m {
            s = (s + step).min(max_m);
            match over(s) {
                None => return RayHit::NoTerrain,
                Some(h) if h <= 0.0 => {
                    let (mut lo, mut hi) = (above, s);
                    while hi - lo > 0.01 {
                        let mid = 0.5 * (lo + hi);
                        match over(mid) {
                            Some(h) if h > 0.0 => lo = mid,
                            Some(_) => hi = mid,
                            None => return RayHit::NoTerrain,
                        }
                    }
                    return self.ground(&plane, d, hi);
                }
                Some(_) => above = s,
            }
        }
        RayHit::Sky
    }

    fn ground(&self, plane: &Plane, d: Vec3<Ned>, s: f64) -> RayHit {
        let at = plane.to_latlon(d.y * s, d.x * s);
        let (Some(amsl), Some((north, east))) = (self.elevation(at), self.slope(at)) else {
            return RayHit::NoTerrain;
        };
        // Normal of the ground in NED: the surface is down = -(h + north·x + east·y).
        let normal = Vec3::<Ned>::new(-north, -east, -1.0);
        let sine = (d.dot(normal) / normal.norm()).abs().min(1.0);
        RayHit::Ground {
            at,
            amsl,
            slant_m: s,
            grazing_deg: sine.asin_r().to_degrees(),
        }
    }

    /// Whether light passes between two points; `None` when ground on the way is unknown.
    #[must_use]
    pub fn visible(&self, from: (LatLon, Amsl), to: (LatLon, Amsl)) -> Option<bool> {
        self.sight(from, to, None, REFRACTION_K)
    }

    /// Whether a radio path is clear; standard atmosphere bends it with a quarter of the Earth's
    /// curvature (4/3 Earth, ITU-R P.453). `None` when ground on the way is unknown.
    #[must_use]
    pub fn radio_clear(&self, from: (LatLon, Amsl), to: (LatLon, Amsl), fresnel: Fresnel) -> Option<bool> {
        self.sight(from, to, Some(fresnel), 0.25)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "number of steps along a path"
    )]
    fn sight(
        &self,
        (a, ha): (LatLon, Amsl),
        (b, hb): (LatLon, Amsl),
        fresnel: Option<Fresnel>,
        k: f64,
    ) -> Option<bool> {
        let plane = Plane::new(LatLon {
            lat_deg: 0.5 * (a.lat_deg + b.lat_deg),
            lon_deg: a.lon_deg + 0.5 * vedette_geo::norm_deg_180(b.lon_deg - a.lon_deg),
        });
        let ((ax, ay), (bx, by)) = (plane.to_xy(a), plane.to_xy(b));
        let length = (bx - ax).hypot_r(by - ay);
        let steps = (length / self.half_posting()).ceil().clamp(1.0, 1e6) as usize;
        let mut clear = true;
        for i in 0..=steps {
            let t = i as f64 / steps as f64;
            let p = plane.to_latlon(ax + (bx - ax) * t, ay + (by - ay) * t);
            let ground = self.elevation(p)?;
            let (s, rest) = (length * t, length * (1.0 - t));
            let bulge = (1.0 - k) * s * rest / (2.0 * EARTH_RADIUS_M);
            let zone = fresnel.map_or(0.0, |f| {
                let radius = (C_M_S / f.frequency_hz.max(1.0) * s * rest / length.max(1.0)).sqrt();
                f.share * radius
            });
            let line = ha.0 + (hb.0 - ha.0) * t - bulge - zone;
            // The ends stand on the ground themselves: 0.1 m of slack.
            if line < ground.0 - 0.1 {
                clear = false;
            }
        }
        Some(clear)
    }
}
