//! The site's lines in local metres, draped on the relief: computed once per site and plan.
//!
//! Invariant: the home side is where the site says it is. It must not know the screen.

use vedette_core::{StationView, WayKind};
use vedette_geo::{Hae, LatLon, LocalFrame};

use crate::relief::Relief;

/// East, north, height above the sea; metres.
pub type P3 = [f64; 3];

/// A zone on the map.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Name.
    pub name: String,
    /// Floor and ceiling in words.
    pub limits: String,
    /// Outline.
    pub ring: Vec<P3>,
}

/// All lines of a site.
#[derive(Debug, Clone)]
pub struct Shapes {
    key: (String, u64),
    /// Frame of all points.
    pub frame: LocalFrame,
    /// Watched border line.
    pub border: Vec<P3>,
    /// Watched section of it.
    pub section: Vec<P3>,
    /// Chainage of each point of the section, metres from its start.
    pub section_m: Vec<f64>,
    /// Ends of the coverage cells: one more than cells.
    pub edges: Vec<P3>,
    /// Stand-off line, in pieces.
    pub stand_off: Vec<Vec<P3>>,
    /// Its distance, metres.
    pub stand_off_m: Option<f64>,
    /// Other lines.
    pub context: Vec<Vec<P3>>,
    /// No-fly zones.
    pub zones: Vec<Zone>,
    /// Roads, tracks and paths: name, kind, line.
    pub ways: Vec<(String, WayKind, Vec<P3>)>,
    /// Crossing points.
    pub crossings: Vec<(String, P3)>,
    /// +1 when home lies to the left of the line, else -1.
    pub home_sign: f64,
}

fn segment_distance(p: (f64, f64), a: P3, b: P3) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let l2 = dx * dx + dy * dy;
    let t = if l2 < 1e-9 {
        0.0
    } else {
        (((p.0 - a[0]) * dx + (p.1 - a[1]) * dy) / l2).clamp(0.0, 1.0)
    };
    (p.0 - a[0] - t * dx).hypot(p.1 - a[1] - t * dy)
}

/// Points at most `step` metres apart.
fn densify(pts: &[(f64, f64)], step: f64) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(pts.len() * 2);
    for w in pts.windows(2) {
        out.push(w[0]);
        let d = (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1);
        let n = (d / step).ceil().clamp(1.0, 200.0);
        let mut i = 1.0;
        while i < n {
            let t = i / n;
            out.push((w[0].0 + (w[1].0 - w[0].0) * t, w[0].1 + (w[1].1 - w[0].1) * t));
            i += 1.0;
        }
    }
    out.extend(pts.last());
    out
}

impl Shapes {
    /// Whether these are still the shapes of this view.
    #[must_use]
    pub fn fits(&self, v: &StationView, relief: Option<&Relief>) -> bool {
        self.key == Self::key_of(v, relief)
    }

    fn key_of(v: &StationView, relief: Option<&Relief>) -> (String, u64) {
        use std::hash::{Hash, Hasher};
        let mut h = std::hash::DefaultHasher::new();
        let b = &v.brief;
        let bits = |p: &LatLon| (p.lat_deg.to_bits(), p.lon_deg.to_bits());
        (v.section.len(), v.section_from_m.to_bits(), v.section_to_m.to_bits()).hash(&mut h);
        (b.limits.stand_off_m.to_bits(), relief.is_some()).hash(&mut h);
        for z in &b.no_fly {
            (
                &z.name,
                z.radius_m.to_bits(),
                z.floor.map(|x| x.0.to_bits()),
                z.ceiling.map(|x| x.0.to_bits()),
            )
                .hash(&mut h);
            z.polygon.iter().chain(&z.centre).for_each(|p| bits(p).hash(&mut h));
        }
        (v.site.hash.clone(), h.finish())
    }

    /// Computes them.
    #[must_use]
    pub fn new(v: &StationView, relief: Option<&Relief>) -> Self {
        let middle = v
            .section
            .get(v.section.len() / 2)
            .or_else(|| v.site.border.first())
            .copied()
            .unwrap_or(LatLon {
                lat_deg: 0.0,
                lon_deg: 0.0,
            });
        let frame = relief.map_or_else(|| LocalFrame::new(middle, Hae(0.0)), |r| r.frame);
        let base = relief.and_then(Relief::range).map_or(0.0, |(a, _)| f64::from(a));
        let lift = |p: (f64, f64)| -> P3 {
            let h = relief.and_then(|r| r.at(p.0, p.1)).unwrap_or(base);
            [p.0, p.1, h]
        };
        let near = |p: &(f64, f64)| p.0.hypot(p.1) < 90_000.0;
        let line = |pts: &[LatLon], step: f64| -> Vec<P3> {
            let flat: Vec<_> = pts.iter().map(|p| frame.plane(*p)).filter(near).collect();
            densify(&flat, step).into_iter().map(lift).collect()
        };
        let section = line(&v.section, 25.0);
        let mut section_m = Vec::with_capacity(section.len());
        let mut sum = 0.0;
        for (i, p) in section.iter().enumerate() {
            if i > 0 {
                sum += (p[0] - section[i - 1][0]).hypot(p[1] - section[i - 1][1]);
            }
            section_m.push(sum);
        }
        let cells: Vec<P3> = v.coverage.cells.iter().map(|p| lift(frame.plane(*p))).collect();
        let mut edges = Vec::with_capacity(cells.len() + 1);
        for (i, c) in cells.iter().enumerate() {
            if i == 0 {
                edges.push(section.first().copied().unwrap_or(*c));
            } else {
                let b = cells[i - 1];
                edges.push(std::array::from_fn(|k| f64::midpoint(b[k], c[k])));
            }
        }
        if let Some(l) = section.last().or(cells.last()) {
            edges.push(*l);
        }
        let home_sign = if v.site.home_left { 1.0 } else { -1.0 };
        let off = Some(v.brief.limits.stand_off_m).filter(|m| *m > 0.0);
        let mut stand_off: Vec<Vec<P3>> = Vec::new();
        if let Some(d) = off {
            let mut piece: Vec<P3> = Vec::new();
            for w in section.windows(2) {
                let (dx, dy) = (w[1][0] - w[0][0], w[1][1] - w[0][1]);
                let l = dx.hypot(dy).max(1e-6);
                let q = (w[0][0] - dy / l * d * home_sign, w[0][1] + dx / l * d * home_sign);
                let clear = section.windows(2).all(|s| segment_distance(q, s[0], s[1]) > d * 0.96);
                let jump = piece
                    .last()
                    .is_some_and(|p| (p[0] - q.0).hypot(p[1] - q.1) > d * 2.5 + 120.0);
                if clear {
                    if jump {
                        stand_off.push(std::mem::take(&mut piece));
                    }
                    piece.push(lift(q));
                }
            }
            stand_off.push(piece);
            stand_off.retain(|p| p.len() > 1);
        }
        let mut zones: Vec<Zone> = Vec::new();
        for z in v.brief.no_fly.iter().chain(&v.site.no_fly) {
            if zones.iter().any(|o| o.name == z.name) {
                continue;
            }
            let ring: Vec<(f64, f64)> = match (z.polygon.len() >= 3, z.centre) {
                (true, _) => {
                    let mut r: Vec<_> = z.polygon.iter().map(|p| frame.plane(*p)).collect();
                    if let Some(f) = r.first().copied() {
                        r.push(f);
                    }
                    densify(&r, 60.0)
                }
                (false, Some(c)) => {
                    let c = frame.plane(c);
                    (0..49)
                        .map(|i| {
                            let (s, co) = (f64::from(i) * 7.5_f64).to_radians().sin_cos();
                            (c.0 + z.radius_m * s, c.1 + z.radius_m * co)
                        })
                        .collect()
                }
                (false, None) => continue,
            };
            let side = |a: Option<vedette_geo::Amsl>, none: &str| {
                a.map_or_else(|| none.to_owned(), |x| crate::words::thousands(x.0))
            };
            let limits = match z.ceiling {
                Some(_) => format!("{} – {} m AMSL", side(z.floor, "surface"), side(z.ceiling, "")),
                None => format!("{} – unlimited", side(z.floor, "surface")),
            };
            zones.push(Zone {
                name: z.name.clone(),
                limits,
                ring: ring.into_iter().map(lift).collect(),
            });
        }
        Self {
            key: Self::key_of(v, relief),
            frame,
            border: line(&v.site.border, 60.0),
            section,
            section_m,
            edges,
            stand_off,
            stand_off_m: off,
            context: v.site.context.iter().map(|c| line(c, 200.0)).collect(),
            zones,
            ways: v
                .site
                .ways
                .iter()
                .map(|w| (w.name.clone(), w.kind, line(&w.line, 60.0)))
                .filter(|w| w.2.len() > 1)
                .collect(),
            crossings: v
                .site
                .crossings
                .iter()
                .map(|(n, p, _)| (n.clone(), lift(frame.plane(*p))))
                .collect(),
            home_sign,
        }
    }

    /// A place in these shapes' frame at a height.
    #[must_use]
    pub fn place(&self, at: LatLon, amsl_m: f64) -> P3 {
        let (e, n) = self.frame.plane(at);
        [e, n, amsl_m]
    }

    /// A place on the ground.
    #[must_use]
    pub fn on_ground(&self, at: LatLon, relief: Option<&Relief>) -> P3 {
        let (e, n) = self.frame.plane(at);
        [e, n, relief.and_then(|r| r.at(e, n)).unwrap_or(0.0)]
    }

    /// Metre of the section nearest to a place, from its start, and how far off it is, metres.
    #[must_use]
    pub fn beside(&self, at: LatLon) -> Option<(f64, f64)> {
        let (e, n) = self.frame.plane(at);
        self.section
            .windows(2)
            .zip(&self.section_m)
            .map(|(w, from_m)| {
                let (dx, dy) = (w[1][0] - w[0][0], w[1][1] - w[0][1]);
                let l2 = (dx * dx + dy * dy).max(1e-9);
                let t = (((e - w[0][0]) * dx + (n - w[0][1]) * dy) / l2).clamp(0.0, 1.0);
                (from_m + t * l2.sqrt(), segment_distance((e, n), w[0], w[1]))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Point and direction of the section at a chainage, metres from its start.
    #[must_use]
    pub fn at_chainage(&self, m: f64) -> Option<(P3, [f64; 2])> {
        let i = self
            .section_m
            .partition_point(|c| *c < m)
            .clamp(1, self.section.len().saturating_sub(1).max(1));
        let (a, b) = (self.section.get(i - 1)?, self.section.get(i)?);
        let l = (self.section_m[i] - self.section_m[i - 1]).max(1e-9);
        let t = ((m - self.section_m[i - 1]) / l).clamp(0.0, 1.0);
        let p = std::array::from_fn(|k| a[k] + (b[k] - a[k]) * t);
        let d = [(b[0] - a[0]) / l, (b[1] - a[1]) / l];
        Some((p, d))
    }
}
