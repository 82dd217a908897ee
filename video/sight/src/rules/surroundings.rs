//! What lies around the line that some rules ask about: water, landing places.

use serde::{Deserialize, Serialize};
use vedette_geo::{Hae, LatLon, LocalFrame, distance_m};

/// Places as the site knows them; empty where it knows none, and then rules about them are silent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// Waters, each as its closed rings, first point not repeated: the outline and the islands in
    /// it, in any order (even-odd over all rings of one water).
    pub waters: Vec<Vec<Vec<LatLon>>>,
    /// Harbours, jetties and lawful beaches: middle and radius, metres.
    pub landings: Vec<(LatLon, f64)>,
}

impl Surroundings {
    /// Whether a place is on a water and on none of its islands (even-odd rule).
    #[must_use]
    pub fn on_water(&self, at: LatLon) -> bool {
        on_water(&self.waters, at)
    }

    /// Distance to the nearest shore, metres; `None` where no water is known.
    #[must_use]
    pub fn shore_m(&self, at: LatLon) -> Option<f64> {
        let frame = LocalFrame::new(at, Hae(0.0));
        let flat = |p: LatLon| {
            let v = frame.enu(p, Hae(0.0));
            [v.x, v.y]
        };
        self.waters
            .iter()
            .flatten()
            .flat_map(|ring| edges(ring))
            .map(|(a, b)| {
                let (p, q) = (flat(a), flat(b));
                let d = [q[0] - p[0], q[1] - p[1]];
                let n = d[0] * d[0] + d[1] * d[1];
                let t = if n > 0.0 {
                    (-(p[0] * d[0] + p[1] * d[1]) / n).clamp(0.0, 1.0)
                } else {
                    return distance_m(a, at);
                };
                (p[0] + t * d[0]).hypot(p[1] + t * d[1])
            })
            .min_by(f64::total_cmp)
    }
}

/// Whether a place is on one of these waters, each given as its rings, and on none of its islands
/// (even-odd rule).
#[must_use]
pub fn on_water(waters: &[Vec<Vec<LatLon>>], at: LatLon) -> bool {
    waters.iter().any(|water| {
        let mut inside = false;
        for (a, b) in water.iter().flat_map(|ring| edges(ring)) {
            if (a.lat_deg > at.lat_deg) != (b.lat_deg > at.lat_deg) {
                let t = (at.lat_deg - a.lat_deg) / (b.lat_deg - a.lat_deg);
                if at.lon_deg < a.lon_deg + t * (b.lon_deg - a.lon_deg) {
                    inside = !inside;
                }
            }
        }
        inside
    })
}

fn edges(ring: &[LatLon]) -> impl Iterator<Item = (LatLon, LatLon)> + '_ {
    (0..ring.len()).map(|i| (ring[i], ring[(i + 1) % ring.len()]))
}
