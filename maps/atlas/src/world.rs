//! All that a plan, a checker and a map need to know of a site.
//!
//! Invariant: a world never changes once built; `site_hash` covers everything in it but map pictures,
//! so a plan can name exactly the land it was made for.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vedette_geo::{Geoid, LatLon};

use crate::{Border, Bounds, Crossing, Shape, Terrain, Water, Way, WayCrossing, Zone, ZoneKind, way_crossings};

/// Share of the border within one no-fly zone from which the zone is doubted.
const MOST_CLOSED: f64 = 0.5;
/// Places along the border looked at for that.
const LOOKS: u32 = 200;

/// What is drawn and told of a site besides what flights must respect: nothing here makes a place legal or illegal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Chart {
    /// Roads, tracks and paths.
    pub ways: Vec<Way>,
    /// Other claims of the border, each a layer of its own; where one is respected a zone says so too.
    pub claims: Vec<Claim>,
    /// Lakes, rivers as areas, and the sea beyond a shoreline that is watched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waters: Vec<Water>,
    /// Files of map pictures on this machine (PMTiles, MBTiles), the first on top; no part of the site's hash or of any record.
    #[serde(skip)]
    pub pictures: Vec<PathBuf>,
}

/// Where another country, or another map, draws the border.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Whose.
    pub by: String,
    /// The land between is closed to flight.
    pub respected: bool,
    /// Its lines.
    pub lines: Vec<Vec<LatLon>>,
}

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
    /// Roads, paths and other claims.
    pub chart: Chart,
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
        // A site without a chart keeps the name it had before there were any.
        let c = &self.chart;
        if !(c.ways.is_empty() && c.claims.is_empty() && c.waters.is_empty()) {
            text(&record(c));
        }
        hex(&h.finalize())
    }

    /// Where roads, tracks and paths cross the watched border, by chainage.
    #[must_use]
    pub fn ways_across(&self) -> Vec<WayCrossing> {
        way_crossings(&self.border, &self.chart.ways)
    }

    /// What of this site is probably not meant, one sentence each: a no-fly zone that closes most of the border is drawn inside
    /// out, or is where one may fly; one without an area closes nothing.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut out = Vec::new();
        let length = self.border.length_m();
        for z in self.no_fly() {
            let inside = (0..LOOKS)
                .filter(|k| {
                    let m = length * (f64::from(*k) + 0.5) / f64::from(LOOKS);
                    z.distance_m(self.border.at(m)) < 0.0
                })
                .count();
            let share = inside as f64 / f64::from(LOOKS);
            if share >= MOST_CLOSED {
                out.push(format!(
                    "The no-fly zone {} closes {:.0} % of the border {}: it may be drawn inside out, or be the area to stay in. Look at it on the map, and change its kind or its corners.",
                    z.name,
                    100.0 * share,
                    self.border.name
                ));
            }
            let flat = match &z.shape {
                Shape::Polygon(p) => Bounds::around(p, 0.0)
                    .is_none_or(|b| b.north_deg - b.south_deg < 1e-7 || b.east_deg - b.west_deg < 1e-7),
                Shape::Disc { radius_m, .. } => *radius_m < 1.0,
            };
            if flat {
                out.push(format!("The no-fly zone {} has no area and closes nothing.", z.name));
            }
        }
        out
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
