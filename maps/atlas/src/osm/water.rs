//! Waters: what tags an area of water has, and the sea beyond a shoreline.
//!
//! Invariant: rings do not repeat their first point; a place is on a water where it is inside an odd number of its rings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, Repeatable, destination, distance_m};

use crate::Border;

/// The sea reaches at least so far beyond the shore, metres.
const SEA_M: f64 = 60_000.0;
/// Corners of the sea around an island.
const CORNERS: u32 = 24;

/// A water: outline and islands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Water {
    /// Name; empty where it has none.
    pub name: String,
    /// Closed rings, first point not repeated: the outline, then the islands in it.
    pub rings: Vec<Vec<LatLon>>,
}

/// Tags of an area of water (wiki.openstreetmap.org, "Tag:natural=water").
pub(super) fn watery(tags: &BTreeMap<String, String>) -> bool {
    let is = |key: &str, values: &[&str]| tags.get(key).is_some_and(|v| values.contains(&v.as_str()));
    is("natural", &["water", "bay", "strait"])
        || is("waterway", &["riverbank", "dock"])
        || is("landuse", &["reservoir", "basin"])
}

/// A ring without its repeated first point.
pub(super) fn unrepeated(mut ring: Vec<LatLon>) -> Vec<LatLon> {
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// The water on the far side of a line that is a shore: of an open line all that lies between it and
/// a line 60 km (or the line's own span, where that is more) out at sea; of a closed one what is
/// around it, or within it where home is around it. `None` for a line without a length.
#[must_use]
pub fn sea_beyond(shore: &Border) -> Option<Water> {
    let (first, last) = (*shore.line.first()?, *shore.line.last()?);
    let name = format!("sea beyond {}", shore.name);
    if shore.closed() {
        let ring = unrepeated(shore.line.clone());
        let middle = LatLon {
            lat_deg: ring.iter().map(|p| p.lat_deg).sum::<f64>() / ring.len() as f64,
            lon_deg: first.lon_deg
                + ring.iter().map(|p| turned(p.lon_deg - first.lon_deg)).sum::<f64>() / ring.len() as f64,
        };
        let reach = ring.iter().map(|p| distance_m(middle, *p)).fold(0.0, f64::max);
        let around = (0..CORNERS)
            .map(|k| destination(middle, f64::from(k) * 360.0 / f64::from(CORNERS), reach + SEA_M))
            .collect();
        // Twice the area, in degrees: walked against the clock, the left hand is inside.
        let twice: f64 = (0..ring.len())
            .map(|k| {
                let (a, b) = (ring[k], ring[(k + 1) % ring.len()]);
                let x = |p: LatLon| turned(p.lon_deg - first.lon_deg);
                x(a) * b.lat_deg - x(b) * a.lat_deg
            })
            .sum();
        let home_inside = (twice > 0.0) == shore.home_left;
        let rings = if home_inside { vec![around, ring] } else { vec![ring] };
        return Some(Water { name, rings });
    }
    let span = distance_m(first, last);
    if span <= 0.0 {
        return None;
    }
    let x = turned(last.lon_deg - first.lon_deg) * first.lat_deg.to_radians().cos_r();
    let walked_deg = x.atan2_r(last.lat_deg - first.lat_deg).to_degrees();
    let seaward_deg = walked_deg + if shore.home_left { 90.0 } else { -90.0 };
    let out = |p| destination(p, seaward_deg.rem_euclid(360.0), span.max(SEA_M));
    let mut ring = shore.line.clone();
    ring.extend([out(last), out(first)]);
    Some(Water {
        name,
        rings: vec![ring],
    })
}

/// Degrees of longitude the short way round.
fn turned(deg: f64) -> f64 {
    (deg + 180.0).rem_euclid(360.0) - 180.0
}
