//! The checker's own geometry: points as vectors from the Earth's centre, lines as short chords between them.
//!
//! Shares nothing with the planner's projections. A geodesic is cut into chords of at most 400 m, whose sag is below 4 mm;
//! the straight distance between two surface points 10 km apart is 1 mm shorter than the arc. Sides come from the sign of a
//! triple product with the local vertical, insides from the winding angle. Knows nothing of borders, plans or heights.

use std::cell::Cell;
use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};

/// A vector from the Earth's centre, or between two such, metres.
pub(crate) type V = [f64; 3];

/// WGS 84 semi-major axis, metres, and first eccentricity squared (NIMA TR8350.2).
const A: f64 = 6_378_137.0;
const E2: f64 = 6.694_379_990_141_316e-3;

/// Longest piece in which degrees are mixed, metres.
const PIECE_M: f64 = 400.0;
/// Longest chord, metres.
const CHORD_M: f64 = 400.0;
/// Chords per bounding sphere.
const RUN: usize = 16;

pub(crate) fn sub(a: V, b: V) -> V {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
pub(crate) fn dot(a: V, b: V) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
pub(crate) fn cross(a: V, b: V) -> V {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}
pub(crate) fn length(a: V) -> f64 {
    dot(a, a).sqrt()
}

/// The surface point, from the Earth's centre, metres.
pub(crate) fn surface(p: LatLon) -> V {
    let up = vertical(p);
    let n = A / (1.0 - E2 * up[2] * up[2]).sqrt();
    [n * up[0], n * up[1], n * (1.0 - E2) * up[2]]
}

/// The ellipsoid's outward unit normal.
pub(crate) fn vertical(p: LatLon) -> V {
    let (lat, lon) = (p.lat_deg.to_radians(), p.lon_deg.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// Straight distance between two surface points, metres: the geodesic's, less 1 mm at 10 km.
pub(crate) fn apart_m(a: LatLon, b: LatLon) -> f64 {
    length(sub(surface(a), surface(b)))
}

/// The points of a geodesic at most `step_m` metres apart, both ends included. Within pieces of 400 m degrees are mixed,
/// which leaves the geodesic by less than 3 cm below 80 degrees of latitude.
pub(crate) fn along(from: LatLon, to: LatLon, step_m: f64) -> Vec<LatLon> {
    let d = distance_m(from, to);
    let n = (d / step_m).ceil().max(1.0) as usize;
    let each = ((PIECE_M / step_m).floor().max(1.0) as usize).min(n);
    let azimuth = azimuth_deg(from, to);
    let mut out = Vec::with_capacity(n + 1);
    out.push(from);
    let (mut k, mut a) = (0, from);
    while k < n {
        let next = (k + each).min(n);
        let b = if next == n {
            to
        } else {
            destination(from, azimuth, d * next as f64 / n as f64)
        };
        let dlon = vedette_geo::norm_deg_180(b.lon_deg - a.lon_deg);
        for i in 1..next - k {
            let t = i as f64 / (next - k) as f64;
            out.push(LatLon {
                lat_deg: a.lat_deg + (b.lat_deg - a.lat_deg) * t,
                lon_deg: vedette_geo::norm_deg_180(a.lon_deg + dlon * t),
            });
        }
        out.push(b);
        (k, a) = (next, b);
    }
    out
}

/// A sphere that holds these spheres.
fn over(spheres: &[(V, f64)]) -> (V, f64) {
    let n = spheres.len().max(1) as f64;
    let sum = spheres
        .iter()
        .fold([0.0; 3], |s, b| [s[0] + b.0[0], s[1] + b.0[1], s[2] + b.0[2]]);
    let centre = [sum[0] / n, sum[1] / n, sum[2] / n];
    let radius = spheres
        .iter()
        .map(|b| length(sub(b.0, centre)) + b.1)
        .fold(0.0, f64::max);
    (centre, radius)
}

/// A line on the surface, or a ring.
#[derive(Debug)]
pub(crate) struct Line {
    places: Vec<LatLon>,
    points: Vec<V>,
    chainage_m: Vec<f64>,
    spheres: Vec<(V, f64)>,
    /// Spheres over [`RUN`] spheres each.
    above: Vec<(V, f64)>,
    /// Where the last answer lay: the next question is mostly asked nearby.
    hint: Cell<usize>,
    closed: bool,
}

/// The nearest place of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    /// Distance, metres.
    pub(crate) distance_m: f64,
    /// Metres along the line.
    pub(crate) chainage_m: f64,
    /// Whether the point asked for lies left of the line, walking along it.
    pub(crate) left: bool,
    /// Whether the nearest place is a loose end of the line, where left and right mean little.
    pub(crate) loose_end: bool,
}

impl Line {
    /// A line through `points`, cut into chords; a ring is closed by its first point.
    pub(crate) fn new(points: &[LatLon], ring: bool) -> Self {
        let mut places = Vec::new();
        let mut out = Vec::new();
        let mut chainage_m = Vec::new();
        let mut total = 0.0;
        let again = if ring { points.first() } else { None };
        let all: Vec<LatLon> = points.iter().chain(again).copied().collect();
        if let Some(first) = all.first() {
            places.push(*first);
            out.push(surface(*first));
            chainage_m.push(0.0);
        }
        for pair in all.windows(2) {
            let d = distance_m(pair[0], pair[1]);
            if d < 1e-6 {
                continue;
            }
            let pieces = along(pair[0], pair[1], CHORD_M);
            let each = d / (pieces.len() - 1) as f64;
            for (k, p) in pieces.iter().enumerate().skip(1) {
                places.push(*p);
                out.push(surface(*p));
                chainage_m.push(total + each * k as f64);
            }
            total += d;
        }
        let spheres: Vec<(V, f64)> = (0..out.len().saturating_sub(1))
            .step_by(RUN)
            .map(|from| {
                let run = &out[from..(from + RUN + 1).min(out.len())];
                let n = run.len() as f64;
                let sum = run
                    .iter()
                    .fold([0.0; 3], |s, p| [s[0] + p[0], s[1] + p[1], s[2] + p[2]]);
                let centre = [sum[0] / n, sum[1] / n, sum[2] / n];
                let radius = run.iter().map(|p| length(sub(*p, centre))).fold(0.0, f64::max);
                (centre, radius)
            })
            .collect();
        let closed = ring || (out.len() > 3 && length(sub(out[0], out[out.len() - 1])) < 0.01);
        Self {
            places,
            points: out,
            chainage_m,
            above: spheres.chunks(RUN).map(over).collect(),
            spheres,
            hint: Cell::new(0),
            closed,
        }
    }

    /// A ball that holds the line: centre and radius, metres.
    pub(crate) fn ball(&self) -> (V, f64) {
        let centre = self.points.first().copied().unwrap_or([f64::INFINITY; 3]);
        let radius = self.points.iter().map(|p| length(sub(*p, centre))).fold(0.0, f64::max);
        (centre, radius)
    }

    /// Length, metres.
    pub(crate) fn length_m(&self) -> f64 {
        self.chainage_m.last().copied().unwrap_or(0.0)
    }

    /// The place at a chainage, metres; beyond the ends, the ends.
    pub(crate) fn at(&self, chainage_m: f64) -> Option<LatLon> {
        let after = self
            .chainage_m
            .partition_point(|c| *c <= chainage_m)
            .clamp(1, self.places.len().max(2) - 1);
        let (a, b) = (*self.places.get(after - 1)?, *self.places.get(after)?);
        let along = (chainage_m - self.chainage_m[after - 1]).clamp(0.0, CHORD_M);
        Some(destination(a, azimuth_deg(a, b), along))
    }

    /// The nearest place; `None` for a line without a chord.
    pub(crate) fn nearest(&self, p: LatLon) -> Option<Near> {
        let at = surface(p);
        let least = |s: &(V, f64)| length(sub(at, s.0)) - s.1;
        let mut best: Option<(f64, usize, f64)> = None;
        let look = |run: usize, best: &mut Option<(f64, usize, f64)>| {
            let from = run * RUN;
            for i in from..(from + RUN).min(self.points.len() - 1) {
                let (a, chord) = (self.points[i], sub(self.points[i + 1], self.points[i]));
                let t = (dot(sub(at, a), chord) / dot(chord, chord)).clamp(0.0, 1.0);
                let foot = [a[0] + t * chord[0], a[1] + t * chord[1], a[2] + t * chord[2]];
                let d = length(sub(at, foot));
                if best.is_none_or(|b| d < b.0) {
                    *best = Some((d, i, t));
                }
            }
        };
        // Where the last answer lay goes first; the others only if they could beat what it gave.
        let first = self.hint.get();
        if first < self.spheres.len() {
            look(first, &mut best);
        }
        for (k, group) in self.above.iter().enumerate() {
            if best.is_some_and(|b| least(group) > b.0) {
                continue;
            }
            for run in k * RUN..((k + 1) * RUN).min(self.spheres.len()) {
                if run != first && best.is_none_or(|b| least(&self.spheres[run]) <= b.0) {
                    look(run, &mut best);
                }
            }
        }
        if let Some(b) = best {
            self.hint.set(b.1 / RUN);
        }
        let (distance_m, i, t) = best?;
        let (left, loose_end) = self.left(p, at, i, t);
        Some(Near {
            distance_m,
            chainage_m: self.chainage_m[i] + t * (self.chainage_m[i + 1] - self.chainage_m[i]),
            left,
            loose_end,
        })
    }

    /// Side of the point whose foot is at share `t` of chord `i`. At a corner: left of both chords where the line turns
    /// left, left of either where it turns right, which is what "left of the line" means there.
    fn left(&self, p: LatLon, at: V, i: usize, t: f64) -> (bool, bool) {
        let up = vertical(p);
        let chords = self.points.len() - 1;
        let chord = |k: usize| sub(self.points[k + 1], self.points[k]);
        let left_of = |k: usize| dot(cross(chord(k), sub(at, self.points[k])), up) > 0.0;
        let other = if t <= 0.0 {
            if i > 0 {
                Some((i - 1, i))
            } else if self.closed {
                Some((chords - 1, 0))
            } else {
                None
            }
        } else if t >= 1.0 {
            if i + 1 < chords {
                Some((i, i + 1))
            } else if self.closed {
                Some((i, 0))
            } else {
                None
            }
        } else {
            return (left_of(i), false);
        };
        match other {
            None => (left_of(i), true),
            Some((before, after)) => {
                let turns_left = dot(cross(chord(before), chord(after)), up) > 0.0;
                let (a, b) = (left_of(before), left_of(after));
                (if turns_left { a && b } else { a || b }, false)
            }
        }
    }

    /// Whether a point lies inside this ring: the corners, seen from the point, wind once around it.
    pub(crate) fn contains(&self, p: LatLon) -> bool {
        let (at, up) = (surface(p), vertical(p));
        let east = [-p.lon_deg.to_radians().sin(), p.lon_deg.to_radians().cos(), 0.0];
        let north = cross(up, east);
        let bearing = |v: &V| {
            let d = sub(*v, at);
            dot(d, east).atan2(dot(d, north))
        };
        let mut winding = 0.0;
        for pair in self.points.windows(2) {
            let turn = bearing(&pair[1]) - bearing(&pair[0]);
            winding += turn - std::f64::consts::TAU * (turn / std::f64::consts::TAU).round();
        }
        winding.abs() > std::f64::consts::PI
    }
}
