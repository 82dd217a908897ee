//! Where the law lets aircraft be: home territory, less the stand-off, less no-fly zones.
//!
//! Invariant: all coordinates are metres east and north of the section's middle; a segment is
//! clear only if all of it lies inside. Buffers are inflated so that their chords never cut a
//! corner (round joins of 0.05 rad are short by 0.07 %).

use geo::algorithm::buffer::{BufferStyle, LineCap, LineJoin};
use geo::{Area, BooleanOps, Buffer, Coord, LineString, MultiPolygon, Polygon};
use vedette_atlas::{Plane, Shape, World};
use vedette_geo::LatLon;
use vedette_model::plan::Brief;

/// Metres east and north.
pub(crate) type Xy = (f64, f64);

/// Inflation of buffers against short chords, share.
const INFLATE: f64 = 1.001;

pub(crate) fn style(distance: f64) -> BufferStyle<f64> {
    BufferStyle::new(distance)
        .line_join(LineJoin::Round(0.05))
        .line_cap(LineCap::Round(0.05))
}

/// Home territory around the section and the zones in it, as polygons.
pub(crate) struct Land {
    pub(crate) plane: Plane,
    territory: MultiPolygon<f64>,
    zones: MultiPolygon<f64>,
}

/// Space that is at least a distance inside the territory and outside all zones.
pub(crate) struct Legal {
    pub(crate) area: MultiPolygon<f64>,
    edges: Vec<(Xy, Xy)>,
}

pub(crate) fn ring_of(points: &[Xy]) -> LineString<f64> {
    LineString::from(points.iter().map(|p| Coord { x: p.0, y: p.1 }).collect::<Vec<_>>())
}

impl Land {
    /// The land within `reach_m` of the section and the bases.
    pub(crate) fn new(world: &World, brief: &Brief, section: &[LatLon], reach_m: f64) -> Self {
        let mid = section[section.len() / 2];
        let plane = Plane::new(mid);
        let xy = |p: &LatLon| plane.to_xy(*p);
        let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
        for p in section.iter().chain(brief.fleet.iter().map(|a| &a.base)) {
            let (x, y) = xy(p);
            low = (low.0.min(x - reach_m), low.1.min(y - reach_m));
            high = (high.0.max(x + reach_m), high.1.max(y + reach_m));
        }
        let window = Polygon::new(ring_of(&[low, (high.0, low.1), high, (low.0, high.1)]), vec![]);
        let ring: Vec<Xy> = world.territory.iter().map(xy).collect();
        let territory = Polygon::new(ring_of(&ring), vec![]).intersection(&window);
        let mut zones = MultiPolygon::new(vec![]);
        let mut add = |shape: &Shape| {
            let one = match shape {
                Shape::Polygon(p) => {
                    let corners: Vec<Xy> = p.iter().map(xy).collect();
                    MultiPolygon::new(vec![Polygon::new(ring_of(&corners), vec![])])
                }
                Shape::Disc { centre, radius_m } => {
                    let (x, y) = xy(centre);
                    geo::Point::new(x, y).buffer_with_style(style(radius_m * INFLATE + 0.2))
                }
            };
            zones = zones.union(&one);
        };
        for z in world.no_fly() {
            add(&z.shape);
        }
        for z in &brief.no_fly {
            match z.centre {
                Some(centre) if z.polygon.is_empty() => add(&Shape::Disc {
                    centre,
                    radius_m: z.radius_m.max(1.0),
                }),
                _ if z.polygon.len() >= 3 => add(&Shape::Polygon(z.polygon.clone())),
                _ => {}
            }
        }
        Self {
            plane,
            territory,
            zones,
        }
    }

    /// Space at least `border_m` inside the territory and `zone_m` outside every zone, with
    /// corners no sharper than radius `round_m` towards the border.
    pub(crate) fn legal(&self, border_m: f64, zone_m: f64, round_m: f64) -> Legal {
        let inner = self.territory.buffer_with_style(style(-(border_m * INFLATE + round_m)));
        let mut area = inner.difference(&self.keep_out(zone_m + round_m));
        if round_m > 0.0 {
            area = area.buffer_with_style(style(round_m));
        }
        Legal::new(area)
    }

    fn keep_out(&self, zone_m: f64) -> MultiPolygon<f64> {
        if self.zones.0.is_empty() {
            return self.zones.clone();
        }
        self.zones.buffer_with_style(style((zone_m * INFLATE).max(0.01)))
    }

    /// Zones that touch a polygon, as rings of corners.
    pub(crate) fn zones_in(&self, area: &Polygon<f64>, zone_m: f64) -> Vec<Vec<Xy>> {
        self.keep_out(zone_m)
            .intersection(area)
            .0
            .iter()
            .map(|p| open_ring(p.exterior()))
            .collect()
    }
}

/// Corners of a ring without the repeated last one.
pub(crate) fn open_ring(r: &LineString<f64>) -> Vec<Xy> {
    let mut v: Vec<Xy> = r.coords().map(|c| (c.x, c.y)).collect();
    if v.len() > 1 && v.first() == v.last() {
        v.pop();
    }
    v
}

impl Legal {
    pub(crate) fn new(area: MultiPolygon<f64>) -> Self {
        let mut edges = Vec::new();
        for p in &area.0 {
            for r in std::iter::once(p.exterior()).chain(p.interiors()) {
                let c: Vec<Xy> = r.coords().map(|c| (c.x, c.y)).collect();
                edges.extend(c.windows(2).map(|w| (w[0], w[1])));
            }
        }
        Self { area, edges }
    }

    /// Nothing is legal.
    pub(crate) fn empty(&self) -> bool {
        self.area.unsigned_area() < 1.0
    }

    /// Whether a point is inside (even-odd over all rings).
    pub(crate) fn inside(&self, p: Xy) -> bool {
        let mut inside = false;
        for (a, b) in &self.edges {
            if (a.1 > p.1) != (b.1 > p.1) && p.0 < a.0 + (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) {
                inside = !inside;
            }
        }
        inside
    }

    /// Whether a whole segment is inside.
    pub(crate) fn clear(&self, a: Xy, b: Xy) -> bool {
        if !self.inside(a) || !self.inside(b) {
            return false;
        }
        !self.edges.iter().any(|(c, d)| crosses(a, b, *c, *d))
    }

    /// Whether a whole path is inside.
    pub(crate) fn clear_path(&self, path: &[Xy]) -> bool {
        path.windows(2).all(|w| self.clear(w[0], w[1]))
    }
}

fn side(a: Xy, b: Xy, p: Xy) -> f64 {
    (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
}

fn crosses(a: Xy, b: Xy, c: Xy, d: Xy) -> bool {
    if a.0.max(b.0) < c.0.min(d.0)
        || c.0.max(d.0) < a.0.min(b.0)
        || a.1.max(b.1) < c.1.min(d.1)
        || c.1.max(d.1) < a.1.min(b.1)
    {
        return false;
    }
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// Distance between two points, metres.
pub(crate) fn dist(a: Xy, b: Xy) -> f64 {
    (b.0 - a.0).hypot(b.1 - a.1)
}

/// The point at a share of a segment.
pub(crate) fn lerp(a: Xy, b: Xy, t: f64) -> Xy {
    (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
}

/// Course from a to b, degrees clockwise from north.
pub(crate) fn course_deg(a: Xy, b: Xy) -> f64 {
    vedette_geo::norm_deg_360((b.0 - a.0).atan2(b.1 - a.1).to_degrees())
}

/// Distance of a point from a segment, metres.
pub(crate) fn off_segment(p: Xy, a: Xy, b: Xy) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len2 = dx * dx + dy * dy;
    let t = if len2 > 0.0 {
        (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / len2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    dist(p, (a.0 + t * dx, a.1 + t * dy))
}
