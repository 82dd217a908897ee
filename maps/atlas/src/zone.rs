//! Zones with limits in height, and legal crossing points.
//!
//! Invariant: distances are metres to the outline, negative inside. It does not decide what a
//! zone forbids: its kind says what it is, rules elsewhere say what follows.

use serde::{Deserialize, Serialize};
use vedette_geo::{Amsl, LatLon};

use crate::{AtlasError, Plane};

/// What a zone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneKind {
    /// No aircraft inside.
    NoFly,
    /// No recording of what lies inside.
    Privacy,
    /// Aircraft allowed, told apart on the map.
    Advisory,
}

/// Outline of a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Corners, not repeated at the end.
    Polygon(Vec<LatLon>),
    /// A disc.
    Disc {
        /// Centre.
        centre: LatLon,
        /// Radius, metres.
        radius_m: f64,
    },
}

/// An area with a kind and limits in height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// As on the map.
    pub name: String,
    /// What it is.
    pub kind: ZoneKind,
    /// Outline.
    pub shape: Shape,
    /// Lower limit; absent: from the ground.
    pub floor: Option<Amsl>,
    /// Upper limit; absent: unlimited.
    pub ceiling: Option<Amsl>,
}

impl Zone {
    /// Checks that the zone encloses something.
    ///
    /// # Errors
    /// [`AtlasError::EmptyZone`] for fewer than three corners or a radius that is not above 0.
    pub fn checked(self) -> Result<Self, AtlasError> {
        let good = match &self.shape {
            Shape::Polygon(p) => p.len() >= 3,
            Shape::Disc { radius_m, .. } => radius_m.is_finite() && *radius_m > 0.0,
        };
        if good {
            Ok(self)
        } else {
            Err(AtlasError::EmptyZone { name: self.name })
        }
    }

    /// Whether a point lies inside the outline, at any height.
    #[must_use]
    pub fn contains(&self, at: LatLon) -> bool {
        self.distance_m(at) < 0.0
    }

    /// Whether a point at a height lies inside the volume.
    #[must_use]
    pub fn contains_at(&self, at: LatLon, amsl: Amsl) -> bool {
        self.floor.is_none_or(|f| amsl.0 >= f.0) && self.ceiling.is_none_or(|c| amsl.0 <= c.0) && self.contains(at)
    }

    /// Metres to the outline, negative inside; infinite for an empty outline.
    #[must_use]
    pub fn distance_m(&self, at: LatLon) -> f64 {
        match &self.shape {
            Shape::Disc { centre, radius_m } => vedette_geo::distance_m(at, *centre) - radius_m,
            Shape::Polygon(corners) => {
                let plane = Plane::new(at);
                let xy: Vec<(f64, f64)> = corners.iter().map(|c| plane.to_xy(*c)).collect();
                let mut best = f64::INFINITY;
                let mut inside = false;
                for (i, a) in xy.iter().enumerate() {
                    let b = xy[(i + 1) % xy.len()];
                    let (d, _) = to_segment(*a, b);
                    best = best.min(d);
                    if (a.1 > 0.0) != (b.1 > 0.0) && a.0 + (b.0 - a.0) * (-a.1) / (b.1 - a.1) > 0.0 {
                        inside = !inside;
                    }
                }
                if inside { -best } else { best }
            }
        }
    }
}

/// Distance of the origin from a segment, and the share of the segment where it is nearest.
pub(crate) fn to_segment(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len2 = dx * dx + dy * dy;
    let t = if len2 > 0.0 {
        (-(a.0 * dx + a.1 * dy) / len2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (x, y) = (a.0 + t * dx, a.1 + t * dy);
    ((x * x + y * y).sqrt(), t)
}

/// A place where crossing the line is lawful.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// As on the map.
    pub name: String,
    /// Where.
    pub at: LatLon,
    /// How far around it people cross lawfully, metres.
    pub radius_m: f64,
}
