//! Search patterns over an area: sweeps that leave out holes, expanding square, sectors, creeping line, and the drift of what
//! is searched for.
//!
//! Invariant: sweeps stay inside the polygon and out of its holes, and are moved between by ways that do too; no sweep is
//! further from its neighbour than the spacing. Patterns follow IAMSAR volume II, chapter 5 (expanding square, sector search
//! with 120 degree turns, creeping line). Plain metres: heights, times and law come later.

use geo::{Buffer, MultiPolygon, Polygon};
use vedette_atlas::Plane;
use vedette_geo::{LatLon, destination};

use crate::route::way;
use crate::space::{Legal, Xy, dist, ring_of, style};

/// Most sweeps.
const MOST_SWEEPS: usize = 20_000;

/// A search path.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Points in order.
    pub path: Vec<LatLon>,
    /// Of each piece between two points, whether it searches (else it only leads to the next sweep).
    pub sweeps: Vec<bool>,
    /// Length of the sweeps, metres.
    pub swept_m: f64,
    /// Length of all, metres.
    pub length_m: f64,
    /// Angle of the sweeps, degrees true.
    pub angle_deg: f64,
}

/// Why an area cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Too few corners, or no area inside.
    #[error("the area encloses nothing that could be swept {0} m apart")]
    Empty(u32),
    /// More sweeps than can be flown.
    #[error("the area takes more than {MOST_SWEEPS} sweeps: widen the spacing")]
    Many,
}

fn turned(p: Xy, deg: f64) -> Xy {
    let (s, c) = deg.to_radians().sin_cos();
    (p.0 * c - p.1 * s, p.0 * s + p.1 * c)
}

/// The direction across which the area is narrowest, so that it takes the fewest turns: degrees to turn the area by until
/// sweeps run east.
fn narrowest(ring: &[Xy]) -> f64 {
    let mut best = (f64::INFINITY, 0.0);
    for i in 0..ring.len() {
        let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
        if dist(a, b) < 1.0 {
            continue;
        }
        let deg = -(b.1 - a.1).atan2(b.0 - a.0).to_degrees();
        let ys = ring.iter().map(|p| turned(*p, deg).1);
        let (low, high) = ys.fold((f64::MAX, f64::MIN), |m, y| (m.0.min(y), m.1.max(y)));
        if high - low < best.0 {
            best = (high - low, deg);
        }
    }
    best.1
}

/// Sweeps an area `spacing_m` apart, out of its holes, beginning near `start`. Long strips are swept one beside the other; where
/// a hole divides a strip the parts are swept as cells (boustrophedon), each joined to the nearest one left.
///
/// # Errors
/// [`SearchError`].
pub fn sweep(outline: &[LatLon], holes: &[Vec<LatLon>], spacing_m: f64, start: LatLon) -> Result<Search, SearchError> {
    let empty = SearchError::Empty(spacing_m.max(0.0) as u32);
    let first = outline
        .first()
        .filter(|_| outline.len() >= 3 && spacing_m > 0.0)
        .ok_or(empty.clone())?;
    let plane = Plane::new(*first);
    let ring: Vec<Xy> = outline.iter().map(|p| plane.to_xy(*p)).collect();
    let deg = narrowest(&ring);
    let flat = |points: &[LatLon]| points.iter().map(|p| turned(plane.to_xy(*p), deg)).collect::<Vec<_>>();
    let ring = flat(outline);
    let rings: Vec<Vec<Xy>> = std::iter::once(ring.clone())
        .chain(holes.iter().map(|h| flat(h)))
        .collect();
    let (low, high) = ring
        .iter()
        .fold((f64::MAX, f64::MIN), |m, p| (m.0.min(p.1), m.1.max(p.1)));
    let rows = ((high - low) / spacing_m).ceil().max(1.0);
    if rows > MOST_SWEEPS as f64 {
        return Err(SearchError::Many);
    }
    // Sweeps of every row: pieces inside by crossings of the row with all rings.
    let step = (high - low) / rows;
    let mut pieces: Vec<(Xy, Xy, usize)> = Vec::new();
    for r in 0..rows as usize {
        let y = low + step * (r as f64 + 0.5);
        let mut xs: Vec<f64> = Vec::new();
        for ring in &rings {
            for i in 0..ring.len() {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                if (a.1 > y) != (b.1 > y) {
                    xs.push(a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1));
                }
            }
        }
        xs.sort_by(f64::total_cmp);
        pieces.extend(
            xs.chunks_exact(2)
                .filter(|c| c[1] - c[0] > 1.0)
                .map(|c| ((c[0], y), (c[1], y), r)),
        );
    }
    if pieces.is_empty() {
        return Err(empty);
    }
    // Ways between sweeps stay inside: the area, its holes taken out.
    let inner: Vec<_> = rings[1..].iter().filter(|h| h.len() >= 3).map(|h| ring_of(h)).collect();
    let area = MultiPolygon::new(vec![Polygon::new(ring_of(&rings[0]), inner)]);
    let legal = Legal::new(area.buffer_with_style(style(1.0)));
    let corners = Legal::new(area);
    let mut left: Vec<usize> = (0..pieces.len()).collect();
    let mut at = turned(plane.to_xy(start), deg);
    let (mut path, mut sweeps): (Vec<Xy>, Vec<bool>) = (Vec::new(), Vec::new());
    let mut row: Option<usize> = None;
    while !left.is_empty() {
        // The neighbouring row first, then whatever is nearest.
        let cost = |k: usize| {
            let (a, b, r) = pieces[k];
            let d = dist(at, a).min(dist(at, b));
            let beside = row.is_some_and(|w| w.abs_diff(r) == 1) && d < 6.0 * step + 200.0;
            if beside { 0.25 * d } else { d }
        };
        let Some(best) = (0..left.len()).min_by(|x, y| cost(left[*x]).total_cmp(&cost(left[*y]))) else {
            break;
        };
        let k = left.swap_remove(best);
        let (a, b, r) = pieces[k];
        let (a, b) = if dist(at, a) <= dist(at, b) { (a, b) } else { (b, a) };
        if let Some(last) = path.last().copied() {
            let join = way(&legal, &corners, last, a).unwrap_or_else(|| vec![last, a]);
            for p in &join[1..] {
                path.push(*p);
                sweeps.push(false);
            }
        } else {
            path.push(a);
        }
        path.push(b);
        sweeps.push(true);
        (at, row) = (b, Some(r));
    }
    let length = |only: bool| -> f64 {
        path.windows(2)
            .zip(&sweeps)
            .filter(|(_, s)| **s || !only)
            .map(|(w, _)| dist(w[0], w[1]))
            .sum()
    };
    Ok(Search {
        swept_m: length(true),
        length_m: length(false),
        angle_deg: vedette_geo::norm_deg_360(90.0 + deg),
        path: path
            .iter()
            .map(|p| {
                let (x, y) = turned(*p, -deg);
                plane.to_latlon(x, y)
            })
            .collect(),
        sweeps,
    })
}

fn through(points: Vec<LatLon>, angle_deg: f64) -> Search {
    let length_m = points.windows(2).map(|w| vedette_geo::distance_m(w[0], w[1])).sum();
    Search {
        sweeps: vec![true; points.len().saturating_sub(1)],
        path: points,
        swept_m: length_m,
        length_m,
        angle_deg,
    }
}

/// Expanding square round a place: legs of 1, 1, 2, 2, 3, 3 … spacings, turning right, out to `radius_m`.
#[must_use]
pub fn expanding_square(datum: LatLon, spacing_m: f64, radius_m: f64, first_deg: f64) -> Search {
    let s = spacing_m.max(1.0);
    let mut points = vec![datum];
    let (mut at, mut course) = (datum, first_deg);
    let legs = ((2.0 * radius_m / s).ceil().max(1.0) as usize * 2).min(4000);
    for k in 0..legs {
        at = destination(at, course, s * (k / 2 + 1) as f64);
        points.push(at);
        course += 90.0;
    }
    through(points, first_deg)
}

/// Sector search round a place: three times out, across and through the middle, turning by 120 degrees to the right; nine
/// legs of `radius_m`.
#[must_use]
pub fn sectors(datum: LatLon, radius_m: f64, first_deg: f64) -> Search {
    let mut points = vec![datum];
    for k in 0..3 {
        let out = first_deg + 120.0 * f64::from(k);
        // Out, 120 degrees right across, 120 degrees right back through the middle.
        points.push(destination(datum, out, radius_m));
        points.push(destination(datum, out + 60.0, radius_m));
        points.push(datum);
    }
    through(points, first_deg)
}

/// Creeping line: legs of `width_m` across a course, `spacing_m` apart, advancing `length_m` from the start.
#[must_use]
pub fn creeping_line(start: LatLon, course_deg: f64, length_m: f64, width_m: f64, spacing_m: f64) -> Search {
    let rows = (length_m / spacing_m.max(1.0)).floor().min(4000.0) as usize;
    let mut points = Vec::new();
    for k in 0..=rows {
        let on = destination(start, course_deg, k as f64 * spacing_m);
        let sides = [-0.5, 0.5].map(|h| destination(on, course_deg + 90.0, h * width_m));
        points.extend(if k % 2 == 0 { sides } else { [sides[1], sides[0]] });
    }
    through(points, vedette_geo::norm_deg_360(course_deg + 90.0))
}

/// Where what was last seen at `datum` is after `seconds`: carried by the current and by a share of the wind (leeway), and how
/// far it may be off, metres: three sigma of the start, growing with a share of the way drifted (IAMSAR: an eighth to a third
/// of the drift; a third is taken).
#[must_use]
pub fn drift(
    datum: LatLon,
    sigma_m: f64,
    (current_to_deg, current_m_s): (f64, f64),
    (wind_from_deg, wind_m_s): (f64, f64),
    leeway_share: f64,
    seconds: f64,
) -> (LatLon, f64) {
    let part = |to_deg: f64, m_s: f64| {
        let (s, c) = to_deg.to_radians().sin_cos();
        (m_s * seconds * s, m_s * seconds * c)
    };
    let (a, b) = (
        part(current_to_deg, current_m_s),
        part(wind_from_deg + 180.0, wind_m_s * leeway_share),
    );
    let (east, north) = (a.0 + b.0, a.1 + b.1);
    let way = east.hypot(north);
    let to = destination(datum, vedette_geo::norm_deg_360(east.atan2(north).to_degrees()), way);
    (to, 3.0 * sigma_m + way / 3.0)
}

/// Share of an area seen by the sweeps of a path with a swath of `spacing_m`, and overlap: swath flown over area. Measured on a
/// grid; for tests and for the report.
#[must_use]
pub fn covered(search: &Search, outline: &[LatLon], holes: &[Vec<LatLon>], swath_m: f64, grid_m: f64) -> (f64, f64) {
    let Some(first) = outline.first() else {
        return (0.0, 0.0);
    };
    let plane = Plane::new(*first);
    let flat = |points: &[LatLon]| points.iter().map(|p| plane.to_xy(*p)).collect::<Vec<_>>();
    let holes: Vec<_> = holes.iter().map(|h| ring_of(&flat(h))).collect();
    let outer = flat(outline);
    let area = Legal::new(MultiPolygon::new(vec![Polygon::new(ring_of(&outer), holes)]));
    let path = flat(&search.path);
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for p in &outer {
        low = (low.0.min(p.0), low.1.min(p.1));
        high = (high.0.max(p.0), high.1.max(p.1));
    }
    let (cols, rows) = (
        ((high.0 - low.0) / grid_m) as usize + 1,
        ((high.1 - low.1) / grid_m) as usize + 1,
    );
    let mut seen = vec![false; cols * rows];
    for (w, _) in path.windows(2).zip(&search.sweeps).filter(|(_, s)| **s) {
        let half = 0.5 * swath_m;
        let range = |a: f64, b: f64, from: f64, n: usize| {
            let lo = ((a.min(b) - half - from) / grid_m).floor().max(0.0) as usize;
            let hi = ((a.max(b) + half - from) / grid_m).ceil().max(0.0) as usize;
            lo..(hi + 1).min(n)
        };
        for r in range(w[0].1, w[1].1, low.1, rows) {
            for c in range(w[0].0, w[1].0, low.0, cols) {
                let p = (low.0 + c as f64 * grid_m, low.1 + r as f64 * grid_m);
                if crate::space::off_segment(p, w[0], w[1]) <= half + 1e-6 {
                    seen[r * cols + c] = true;
                }
            }
        }
    }
    let (mut inside, mut both) = (0usize, 0usize);
    for r in 0..rows {
        for c in 0..cols {
            if area.inside((low.0 + c as f64 * grid_m, low.1 + r as f64 * grid_m)) {
                inside += 1;
                both += usize::from(seen[r * cols + c]);
            }
        }
    }
    let whole = inside as f64 * grid_m * grid_m;
    (
        both as f64 / inside.max(1) as f64,
        search.swept_m * swath_m / whole.max(1.0),
    )
}
