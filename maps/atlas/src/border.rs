//! A border line and its chainage: metres along the line are the working coordinate of a patrol.
//!
//! Invariant: chainage runs along geodesics from the first point; the signed distance is positive
//! on the home side. It does not know who may cross.

use serde::{Deserialize, Serialize};
use vedette_geo::{LatLon, Repeatable, distance_m, interpolate};

use crate::zone::to_segment;
use crate::{AtlasError, Bounds, Plane};

/// Longest piece of the search index, metres: on longer ones a straight map line leaves the
/// geodesic.
const PIECE_M: f64 = 2000.0;
/// Pieces per box of the search index, and boxes per box of the next level.
const GROUP: usize = 8;
const FAN: usize = 8;

/// A border line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct Border {
    /// As in the site and in briefs: `AND-ESP`.
    pub name: String,
    /// Vertices in order.
    pub line: Vec<LatLon>,
    /// Home lies to the left when walking along the line.
    pub home_left: bool,
    /// Name of the home side.
    pub home: String,
    /// How far the drawn line may be off the true one, metres.
    pub accuracy_m: f64,
    /// Edition of the data.
    pub edition: String,
    /// Where the data come from, with the attribution its licence asks for.
    pub source: String,
    index: Index,
}

/// The same line, side, names and accuracy; how it is indexed is nobody's business.
impl PartialEq for Border {
    fn eq(&self, o: &Self) -> bool {
        let what = |b: &Self| (b.home_left, b.accuracy_m);
        let words = |b: &Self| [&b.name, &b.home, &b.edition, &b.source].map(String::clone);
        self.line == o.line && what(self) == what(o) && words(self) == words(o)
    }
}

/// The nearest point of a border.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// Metres along the line.
    pub chainage_m: f64,
    /// The point on the line.
    pub at: LatLon,
    /// Distance, metres; positive on the home side, negative beyond the line.
    pub signed_m: f64,
}

#[derive(Serialize, Deserialize, Clone)]
struct Record {
    name: String,
    line: Vec<LatLon>,
    home_left: bool,
    home: String,
    accuracy_m: f64,
    edition: String,
    source: String,
}

impl TryFrom<Record> for Border {
    type Error = AtlasError;
    fn try_from(r: Record) -> Result<Self, AtlasError> {
        let mut b = Self::new(&r.name, r.line, r.home_left)?;
        b.home = r.home;
        b.accuracy_m = r.accuracy_m;
        b.edition = r.edition;
        b.source = r.source;
        Ok(b)
    }
}

impl From<Border> for Record {
    fn from(b: Border) -> Self {
        Self {
            name: b.name,
            line: b.line,
            home_left: b.home_left,
            home: b.home,
            accuracy_m: b.accuracy_m,
            edition: b.edition,
            source: b.source,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Index {
    /// Chainage of every vertex, metres.
    vertex_m: Vec<f64>,
    /// Points of the search line (vertices and points between far vertices).
    points: Vec<LatLon>,
    /// Their chainage, metres.
    point_m: Vec<f64>,
    /// Boxes over each run of `GROUP` pieces, then over each run of `FAN` boxes of the level before, up to one level of at most
    /// `FAN`.
    levels: Vec<Vec<Bounds>>,
    closed: bool,
}

impl Border {
    /// A border of `line`; repeated points are dropped, the descriptive fields start empty.
    ///
    /// # Errors
    /// [`AtlasError::ShortLine`] with fewer than two different points; [`AtlasError::Position`]
    /// for a point off the globe.
    pub fn new(name: &str, mut line: Vec<LatLon>, home_left: bool) -> Result<Self, AtlasError> {
        for (index, p) in line.iter().enumerate() {
            LatLon::new(p.lat_deg, p.lon_deg).map_err(|e| AtlasError::Position {
                feature: 0,
                index,
                why: e.to_string(),
            })?;
        }
        line.dedup_by(|b, a| distance_m(*a, *b) < 0.01);
        if line.len() < 2 {
            return Err(AtlasError::ShortLine {
                name: name.to_owned(),
                points: line.len(),
            });
        }
        let index = Index::new(&line);
        Ok(Self {
            name: name.to_owned(),
            line,
            home_left,
            home: String::new(),
            accuracy_m: 0.0,
            edition: String::new(),
            source: String::new(),
            index,
        })
    }

    /// Length, metres.
    #[must_use]
    pub fn length_m(&self) -> f64 {
        self.index.vertex_m.last().copied().unwrap_or(0.0)
    }

    /// Whether the line ends where it begins.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.index.closed
    }

    /// Chainage of each vertex, metres.
    #[must_use]
    pub fn chainages(&self) -> &[f64] {
        &self.index.vertex_m
    }

    /// The line with points between far vertices, nowhere more than 2 km apart, so that straight pieces between them are the
    /// geodesics to a tenth of a metre on a map about them.
    #[must_use]
    pub fn finely(&self) -> &[LatLon] {
        &self.index.points
    }

    /// Piece of the search line that holds a chainage, and the share along it.
    fn piece(&self, chainage_m: f64) -> (usize, f64) {
        let ix = &self.index;
        let m = chainage_m.clamp(0.0, self.length_m());
        let i = ix.point_m.partition_point(|c| *c <= m).clamp(1, ix.points.len() - 1) - 1;
        let span = (ix.point_m[i + 1] - ix.point_m[i]).max(1e-9);
        (i, ((m - ix.point_m[i]) / span).clamp(0.0, 1.0))
    }

    /// The point at a chainage; before the start and after the end, the end points.
    #[must_use]
    pub fn at(&self, chainage_m: f64) -> LatLon {
        let (i, t) = self.piece(chainage_m);
        interpolate(self.index.points[i], self.index.points[i + 1], t)
    }

    /// Direction of the line at a chainage, degrees true, in the sense of growing chainage.
    #[must_use]
    pub fn azimuth_deg(&self, chainage_m: f64) -> f64 {
        let (i, t) = self.piece(chainage_m);
        let (a, b) = (self.index.points[i], self.index.points[i + 1]);
        if t < 0.5 {
            vedette_geo::azimuth_deg(interpolate(a, b, t), b)
        } else {
            vedette_geo::norm_deg_360(vedette_geo::azimuth_deg(interpolate(a, b, t), a) + 180.0)
        }
    }

    /// Nearest point of the line and the distance with its side.
    #[must_use]
    pub fn nearest(&self, p: LatLon) -> Near {
        let (i, t, chainage_m, signed_m) = self.foot(p);
        Near {
            chainage_m,
            at: interpolate(self.index.points[i], self.index.points[i + 1], t),
            signed_m,
        }
    }

    /// Chainage of the nearest point and the signed distance to it, metres: [`Self::nearest`] without the point, which costs a
    /// geodesic.
    #[must_use]
    pub fn beside(&self, p: LatLon) -> (f64, f64) {
        let (_, _, chainage_m, signed_m) = self.foot(p);
        (chainage_m, signed_m)
    }

    /// Piece, share along it, chainage and signed distance of the nearest point.
    fn foot(&self, p: LatLon) -> (usize, f64, f64, f64) {
        let plane = Plane::new(p);
        let ix = &self.index;
        let mut best = (f64::INFINITY, 0usize, 0.0);
        let look = |g: usize, best: &mut (f64, usize, f64)| {
            let from = g * GROUP;
            let to = (from + GROUP).min(ix.points.len() - 1);
            let mut a = plane.to_xy(ix.points[from]);
            for i in from..to {
                let b = plane.to_xy(ix.points[i + 1]);
                let (d, t) = to_segment(a, b);
                if d < best.0 {
                    *best = (d, i, t);
                }
                a = b;
            }
        };
        // Boxes that could hold the nearest piece, the most promising last; a box is opened only if it could beat the best.
        let mut open: Vec<(f64, usize, usize)> = Vec::with_capacity(4 * FAN);
        let top = ix.levels.len() - 1;
        let push = |open: &mut Vec<(f64, usize, usize)>, level: usize, range: std::ops::Range<usize>, best: f64| {
            let from = open.len();
            for k in range {
                let low = lower_bound(&plane, &ix.levels[level][k]);
                if low <= best {
                    open.push((low, level, k));
                }
            }
            open[from..].sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        };
        push(&mut open, top, 0..ix.levels[top].len(), f64::INFINITY);
        while let Some((low, level, k)) = open.pop() {
            if low > best.0 {
                continue;
            }
            if level == 0 {
                look(k, &mut best);
            } else {
                let to = (FAN * (k + 1)).min(ix.levels[level - 1].len());
                push(&mut open, level - 1, FAN * k..to, best.0);
            }
        }
        let (distance, i, t) = best;
        let chainage_m = ix.point_m[i] + t * (ix.point_m[i + 1] - ix.point_m[i]);
        let left = self.left_of(&plane, i, t);
        let side = if left == self.home_left { 1.0 } else { -1.0 };
        (i, t, chainage_m, side * distance)
    }

    /// Whether the plane's origin lies left of the line at its nearest point. At a vertex the
    /// two edges' normals are averaged (the pseudo-normal rule), which is right for any corner.
    fn left_of(&self, plane: &Plane, i: usize, t: f64) -> bool {
        let ix = &self.index;
        let edge = |k: usize| {
            let (a, b) = (plane.to_xy(ix.points[k]), plane.to_xy(ix.points[k + 1]));
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let n = dx.hypot_r(dy).max(1e-12);
            (dx / n, dy / n)
        };
        let last = ix.points.len() - 2;
        let (mut d, on) = (edge(i), ix.points[i]);
        let mut from = plane.to_xy(on);
        if t <= 0.0 {
            let before = if i > 0 { Some(i - 1) } else { ix.closed.then_some(last) };
            if let Some(k) = before {
                let e = edge(k);
                d = (d.0 + e.0, d.1 + e.1);
            }
        } else if t >= 1.0 {
            from = plane.to_xy(ix.points[i + 1]);
            let after = if i < last { Some(i + 1) } else { ix.closed.then_some(0) };
            if let Some(k) = after {
                let e = edge(k);
                d = (d.0 + e.0, d.1 + e.1);
            }
        }
        d.0 * (-from.1) - d.1 * (-from.0) > 0.0
    }

    /// The part between two chainages, with the same side and description.
    ///
    /// # Errors
    /// [`AtlasError::ShortLine`] when nothing is left.
    pub fn section(&self, from_m: f64, to_m: f64) -> Result<Self, AtlasError> {
        let (from, to) = (from_m.clamp(0.0, self.length_m()), to_m.clamp(0.0, self.length_m()));
        let mut line = Vec::new();
        if from < to {
            line.push(self.at(from));
            for (p, m) in self.line.iter().zip(&self.index.vertex_m) {
                if *m > from && *m < to {
                    line.push(*p);
                }
            }
            line.push(self.at(to));
        }
        let mut b = Self::new(&self.name, line, self.home_left)?;
        b.home.clone_from(&self.home);
        b.accuracy_m = self.accuracy_m;
        b.edition.clone_from(&self.edition);
        b.source.clone_from(&self.source);
        Ok(b)
    }

    /// [`Self::section`] for searches along a long line: lengths are taken over from the whole, not measured again, and so may
    /// differ in the last digits.
    ///
    /// # Errors
    /// [`AtlasError::ShortLine`] when nothing is left.
    pub fn stretch(&self, from_m: f64, to_m: f64) -> Result<Self, AtlasError> {
        let (from, to) = (from_m.clamp(0.0, self.length_m()), to_m.clamp(0.0, self.length_m()));
        if to - from < 0.01 {
            return Err(AtlasError::ShortLine {
                name: self.name.clone(),
                points: 0,
            });
        }
        // Lengths are known: no geodesic is measured again, but for the two ends.
        let cut = |points: &[LatLon], chain_m: &[f64]| {
            let (mut line, mut along) = (vec![self.at(from)], vec![0.0]);
            let first = chain_m.partition_point(|m| *m < from + 0.01);
            for (p, m) in points.iter().zip(chain_m).skip(first) {
                if *m > to - 0.01 {
                    break;
                }
                line.push(*p);
                along.push(m - from);
            }
            line.push(self.at(to));
            along.push(to - from);
            (line, along)
        };
        let (line, vertex_m) = cut(&self.line, &self.index.vertex_m);
        let (points, point_m) = cut(&self.index.points, &self.index.point_m);
        Ok(Self {
            index: Index::over(&line, vertex_m, points, point_m),
            line,
            ..self.described()
        })
    }

    /// The same description over an empty line.
    fn described(&self) -> Self {
        Self {
            name: self.name.clone(),
            line: Vec::new(),
            home_left: self.home_left,
            home: self.home.clone(),
            accuracy_m: self.accuracy_m,
            edition: self.edition.clone(),
            source: self.source.clone(),
            index: Index {
                vertex_m: Vec::new(),
                points: Vec::new(),
                point_m: Vec::new(),
                levels: Vec::new(),
                closed: false,
            },
        }
    }

    /// Points every `step_m` metres or less along the line, ends and vertices included.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "number of steps along a line"
    )]
    pub fn densified(&self, step_m: f64) -> Vec<LatLon> {
        let step = step_m.max(1.0);
        let mut out = vec![self.line[0]];
        for w in self.line.windows(2) {
            let n = (distance_m(w[0], w[1]) / step).ceil().max(1.0) as usize;
            out.extend((1..=n).map(|k| interpolate(w[0], w[1], k as f64 / n as f64)));
        }
        out
    }
}

impl Index {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "number of steps along a line"
    )]
    fn new(line: &[LatLon]) -> Self {
        let mut vertex_m = vec![0.0];
        let mut points = vec![line[0]];
        let mut point_m = vec![0.0];
        let mut total = 0.0;
        for w in line.windows(2) {
            let length = distance_m(w[0], w[1]);
            let n = (length / PIECE_M).ceil().max(1.0) as usize;
            for k in 1..n {
                let share = k as f64 / n as f64;
                points.push(interpolate(w[0], w[1], share));
                point_m.push(total + length * share);
            }
            total += length;
            points.push(w[1]);
            point_m.push(total);
            vertex_m.push(total);
        }
        Self::over(line, vertex_m, points, point_m)
    }

    /// The index of a line whose search line and lengths are known.
    fn over(line: &[LatLon], vertex_m: Vec<f64>, points: Vec<LatLon>, point_m: Vec<f64>) -> Self {
        let mut levels: Vec<Vec<Bounds>> = Vec::new();
        let mut pieces = GROUP;
        loop {
            let boxes: Vec<Bounds> = (0..points.len() - 1)
                .step_by(pieces)
                .filter_map(|from| {
                    let to = (from + pieces).min(points.len() - 1);
                    Bounds::around(&points[from..=to], 1.0)
                })
                .collect();
            let few = boxes.len() <= FAN;
            levels.push(boxes);
            if few {
                break;
            }
            pieces *= FAN;
        }
        let closed = line.len() > 3 && distance_m(line[0], line[line.len() - 1]) < 0.01;
        Self {
            vertex_m,
            points,
            point_m,
            levels,
            closed,
        }
    }
}

/// A distance no point of the box is nearer than; 2 % of slack for the map's convergence.
fn lower_bound(plane: &Plane, b: &Bounds) -> f64 {
    let o = plane.origin();
    let (lat_m, lon_m) = plane.metres_per_degree();
    let dy = (b.south_deg - o.lat_deg).max(o.lat_deg - b.north_deg).max(0.0) * lat_m;
    if dy > 50_000.0 {
        return dy * 0.98;
    }
    // The nearer way round the globe: the box may lie beyond the date line.
    let off = |to: f64| vedette_geo::norm_deg_180(to - o.lon_deg).abs();
    let dx = if (b.west_deg..=b.east_deg).contains(&o.lon_deg) {
        0.0
    } else {
        off(b.west_deg).min(off(b.east_deg)) * lon_m
    };
    (dx * dx * 0.9 + dy * dy * 0.98).sqrt() * 0.98
}
