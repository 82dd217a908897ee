//! All that a plan, a checker and a map need to know of a site.
//!
//! Invariant: a world never changes once built; `site_hash` covers everything in it, so a plan
//! can name exactly the land it was made for.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use vedette_geo::{Geoid, LatLon};

use crate::{Border, Bounds, Crossing, Terrain, Zone, ZoneKind};

/// A site.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Name of the site.
    pub name: String,
    /// The border that is watched.
    pub border: Border,
    /// Other borders of the home country, drawn and respected, not watched.
    pub context: Vec<Border>,
    /// Outer ring of the home country's territory, not repeated at the end; empty where unknown.
    pub territory: Vec<LatLon>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// Legal crossing points.
    pub crossings: Vec<Crossing>,
    /// Height of the geoid here.
    pub geoid: Geoid,
    /// Heights of the land.
    pub terrain: Arc<Terrain>,
    /// Attribution that must be shown where the data are shown.
    pub attribution: String,
}

impl World {
    /// SHA-256 over everything of the site including the terrain, hexadecimal.
    #[must_use]
    pub fn site_hash(&self) -> String {
        let mut h = Sha256::new();
        let mut text = |s: &str| {
            h.update((s.len() as u64).to_le_bytes());
            h.update(s.as_bytes());
        };
        text("vedette-site-1");
        text(&self.name);
        for b in std::iter::once(&self.border).chain(&self.context) {
            text(&record(b));
        }
        text(&record(&self.territory));
        text(&record(&self.zones));
        text(&record(&self.crossings));
        text(&record(&self.geoid));
        text(&record(self.terrain.source()));
        text(self.terrain.hash());
        text(&self.attribution);
        hex(&h.finalize())
    }

    /// No-fly zones.
    pub fn no_fly(&self) -> impl Iterator<Item = &Zone> {
        self.zones.iter().filter(|z| z.kind == ZoneKind::NoFly)
    }

    /// Signed distance to the nearest border of the home country, watched or not, metres;
    /// positive on the home side.
    #[must_use]
    pub fn home_distance_m(&self, at: LatLon) -> f64 {
        std::iter::once(&self.border)
            .chain(&self.context)
            .map(|b| b.beside(at).1)
            .min_by(|a, b| a.abs().total_cmp(&b.abs()))
            .unwrap_or(f64::NAN)
    }

    /// The watched border's box, widened.
    #[must_use]
    pub fn bounds(&self, margin_m: f64) -> Option<Bounds> {
        Bounds::around(&self.border.line, margin_m)
    }
}

fn record<T: serde::Serialize>(v: &T) -> String {
    // These records are maps of text and numbers, which always have a JSON form.
    serde_json::to_string(v).unwrap_or_default()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut s, b| {
        if write!(s, "{b:02x}").is_err() {
            s.clear();
        }
        s
    })
}
