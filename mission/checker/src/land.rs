//! The site as the checker sees it: borders, zones and ground, prepared once from the world's plain data.
//!
//! Uses the world's vertices and heights, none of its geometry. Positive distance is the home side.

use crate::earth::{Line, V, apart_m, length, sub, surface};
use vedette_atlas::{Shape, World, ZoneKind};
use vedette_geo::LatLon;
use vedette_model::plan::PatrolPlan;

/// One border of the home country.
pub(crate) struct Frontier {
    pub(crate) name: String,
    line: Line,
    home_left: bool,
    /// How far the drawn line may be off the true one, metres.
    pub(crate) accuracy_m: f64,
}

/// A no-fly volume.
pub(crate) struct Forbidden {
    pub(crate) name: String,
    outline: Outline,
    /// A ball that holds the outline: centre and radius, metres.
    ball: (V, f64),
    /// Height limits, metres above the sea.
    pub(crate) floor: Option<f64>,
    pub(crate) ceiling: Option<f64>,
}

enum Outline {
    Ring(Line),
    Disc(LatLon, f64),
}

/// The site.
pub(crate) struct Land<'a> {
    pub(crate) world: &'a World,
    pub(crate) borders: Vec<Frontier>,
    territory: Option<Line>,
    pub(crate) forbidden: Vec<Forbidden>,
    /// Lowest height over ground the brief allows, metres.
    pub(crate) min_agl_m: f64,
    /// Where the watched section starts on the watched border, metres.
    section_start_m: f64,
}

/// Where a point is in relation to the nearest border.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Which border, index into `borders`.
    pub(crate) border: usize,
    /// Metres to it, positive on the home side.
    pub(crate) home_m: f64,
    /// Metres along the watched section; absent when the nearest border is another one.
    pub(crate) chainage_m: Option<f64>,
}

/// A border of one piece round a country or an island.
fn ends_where_it_begins(line: &[LatLon]) -> bool {
    line.len() > 3 && apart_m(line[0], line[line.len() - 1]) < 1.0
}

impl<'a> Land<'a> {
    /// Whether the plan watches all of a border that ends where it begins.
    pub(crate) fn round(&self, plan: &PatrolPlan) -> bool {
        let line = &self.world.border.line;
        let length: f64 = line.windows(2).map(|w| apart_m(w[0], w[1])).sum();
        ends_where_it_begins(line) && plan.section_m > 0.998 * length
    }

    pub(crate) fn new(world: &'a World, plan: &PatrolPlan) -> Self {
        let borders = std::iter::once(&world.border)
            .chain(&world.context)
            .map(|b| Frontier {
                name: b.name.clone(),
                line: if ends_where_it_begins(&b.line) {
                    Line::new(&b.line[..b.line.len() - 1], true)
                } else {
                    Line::new(&b.line, false)
                },
                home_left: b.home_left,
                accuracy_m: b.accuracy_m,
            })
            .collect();
        let outline = |shape: &Shape| match shape {
            Shape::Polygon(corners) => Outline::Ring(Line::new(corners, true)),
            Shape::Disc { centre, radius_m } => Outline::Disc(*centre, *radius_m),
        };
        let mut forbidden: Vec<Forbidden> = world
            .zones
            .iter()
            .filter(|z| z.kind == ZoneKind::NoFly)
            .map(|z| Forbidden::new(&z.name, outline(&z.shape), z.floor.map(|h| h.0), z.ceiling.map(|h| h.0)))
            .collect();
        for z in &plan.brief.no_fly {
            let outline = match z.centre {
                Some(centre) if z.polygon.is_empty() => Outline::Disc(centre, z.radius_m),
                _ => Outline::Ring(Line::new(&z.polygon, true)),
            };
            forbidden.push(Forbidden::new(
                &z.name,
                outline,
                z.floor.map(|h| h.0),
                z.ceiling.map(|h| h.0),
            ));
        }
        Self {
            world,
            borders,
            territory: (world.territory.len() > 2).then(|| Line::new(&world.territory, true)),
            forbidden,
            min_agl_m: plan.brief.limits.min_agl_m,
            section_start_m: plan.brief.section.from_km * 1000.0,
        }
    }

    /// The nearest border; `None` where the world has none.
    pub(crate) fn place(&self, p: LatLon) -> Option<Place> {
        let (i, near) = self
            .borders
            .iter()
            .enumerate()
            .filter_map(|(i, b)| Some((i, b.line.nearest(p)?)))
            .min_by(|a, b| a.1.distance_m.total_cmp(&b.1.distance_m))?;
        let home = match &self.territory {
            Some(ring) if near.loose_end => ring.contains(p),
            _ => near.left == self.borders[i].home_left,
        };
        Some(Place {
            border: i,
            home_m: if home { near.distance_m } else { -near.distance_m },
            chainage_m: (i == 0).then_some(near.chainage_m - self.section_start_m),
        })
    }

    /// The place at a distance along the watched section, metres.
    pub(crate) fn section_at(&self, chainage_m: f64) -> Option<LatLon> {
        self.borders.first()?.line.at(chainage_m + self.section_start_m)
    }

    /// Length of the watched border, metres.
    pub(crate) fn border_length_m(&self) -> f64 {
        self.borders.first().map_or(0.0, |b| b.line.length_m())
    }

    /// Ground height, metres above the sea; `None` is unknown.
    pub(crate) fn ground(&self, p: LatLon) -> Option<f64> {
        self.world.terrain.elevation(p).map(|h| h.0)
    }
}

impl Forbidden {
    fn new(name: &str, outline: Outline, floor: Option<f64>, ceiling: Option<f64>) -> Self {
        let ball = match &outline {
            Outline::Disc(centre, radius) => (surface(*centre), *radius),
            Outline::Ring(line) => line.ball(),
        };
        Self {
            name: name.to_owned(),
            outline,
            ball,
            floor,
            ceiling,
        }
    }

    /// Metres from a surface point to the ball that holds the outline; no point of the zone is nearer.
    pub(crate) fn away_m(&self, at: V) -> f64 {
        length(sub(at, self.ball.0)) - self.ball.1
    }

    /// Metres to the outline at any height, negative inside; infinite for an outline without corners.
    pub(crate) fn distance_m(&self, p: LatLon) -> f64 {
        match &self.outline {
            Outline::Disc(centre, radius) => apart_m(p, *centre) - radius,
            Outline::Ring(line) => {
                let d = line.nearest(p).map_or(f64::INFINITY, |n| n.distance_m);
                if d.is_finite() && line.contains(p) { -d } else { d }
            }
        }
    }

    /// Whether the volume reaches a height, metres above the sea.
    pub(crate) fn reaches(&self, amsl: f64) -> bool {
        self.floor.is_none_or(|f| amsl >= f) && self.ceiling.is_none_or(|c| amsl <= c)
    }
}
