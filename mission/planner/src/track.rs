//! The patrol track: the boundary of legal space beside the section, and waypoints on it.
//!
//! Invariant: the track never crosses itself or the border, because it is part of one ring of a
//! buffer, not an offset of each edge (which puts 25 to 59 % of a 500 m corridor inside the
//! stand-off on real borders). Chainage along it never decreases.

use geo::{Buffer, MultiPolygon};
use vedette_atlas::{Border, Plane};
use vedette_geo::LatLon;

use crate::space::{Legal, Xy, dist, lerp, off_segment, open_ring, ring_of, style};

/// Step of the densified ring, metres.
const STEP_M: f64 = 10.0;
/// Points on either side over which chainage is averaged (200 m of track).
const SPREAD: usize = 20;
/// Most metres of border one leg watches.
const MOST_WATCHED_M: f64 = 80.0;

/// A track with its length and the chainage it watches.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) points: Vec<Xy>,
    /// Metres flown to each point.
    pub(crate) along_m: Vec<f64>,
    /// Chainage nearest to each point, metres from the section's start.
    pub(crate) chain_m: Vec<f64>,
}

impl Track {
    pub(crate) fn length_m(&self) -> f64 {
        self.along_m.last().copied().unwrap_or(0.0)
    }

    /// Index of the piece and share at a distance flown.
    fn piece(&self, s: f64) -> (usize, f64) {
        let i = self
            .along_m
            .partition_point(|a| *a <= s)
            .clamp(1, self.points.len() - 1)
            - 1;
        let span = (self.along_m[i + 1] - self.along_m[i]).max(1e-9);
        (i, ((s - self.along_m[i]) / span).clamp(0.0, 1.0))
    }

    pub(crate) fn at(&self, s: f64) -> Xy {
        let (i, t) = self.piece(s);
        lerp(self.points[i], self.points[i + 1], t)
    }

    pub(crate) fn chain_at(&self, s: f64) -> f64 {
        let (i, t) = self.piece(s);
        self.chain_m[i] + (self.chain_m[i + 1] - self.chain_m[i]) * t
    }

    /// Distance flown where the track is first abreast of a chainage.
    pub(crate) fn along_at(&self, chain_m: f64) -> f64 {
        let i = self
            .chain_m
            .partition_point(|c| *c < chain_m)
            .clamp(1, self.points.len() - 1);
        let (c0, c1) = (self.chain_m[i - 1], self.chain_m[i]);
        let t = if c1 - c0 > 1e-9 {
            ((chain_m - c0) / (c1 - c0)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        self.along_m[i - 1] + (self.along_m[i] - self.along_m[i - 1]) * t
    }

    /// Distances flown of waypoints between `from` and `to`: legs of at most `most_m`, none
    /// further than `off_m` from the track.
    pub(crate) fn waypoints(&self, from: f64, to: f64, most_m: f64, off_m: f64) -> Vec<f64> {
        let mut out = vec![from];
        let mut at = from;
        while at < to - 1.0 {
            let mut next = (at + most_m).min(to);
            // A short last leg is merged into two even ones.
            if to - next < 0.4 * most_m && next < to {
                next = at + 0.5 * (to - at);
            }
            // In a corner of the border many metres are watched from few: shorter legs, so that
            // the camera, held still on each, looks at every part.
            while next - at > 2.0 * STEP_M
                && (!self.follows(at, next, off_m) || self.chain_at(next) - self.chain_at(at) > MOST_WATCHED_M)
            {
                next = at + 0.8 * (next - at);
            }
            out.push(next);
            at = next;
        }
        out
    }

    fn follows(&self, from: f64, to: f64, off_m: f64) -> bool {
        let (a, b) = (self.at(from), self.at(to));
        let (i, j) = (self.piece(from).0 + 1, self.piece(to).0);
        (i..=j).all(|k| off_segment(self.points[k], a, b) <= off_m)
    }
}

/// Points at most [`STEP_M`] apart round a ring.
fn dense(ring: &[Xy]) -> Vec<Xy> {
    let mut out = Vec::new();
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        let mut s = 0.0;
        let length = dist(*a, b);
        while s < length {
            out.push(lerp(*a, b, s / length));
            s += STEP_M;
        }
    }
    out
}

/// The part of the legal space's boundary beside the border between two chainages.
pub(crate) fn along(legal: &Legal, border: &Border, plane: &Plane, from_m: f64, to_m: f64) -> Option<Track> {
    let closed = border.closed() && to_m - from_m > 0.999 * border.length_m();
    let (a, b) = (plane.to_xy(border.at(from_m)), plane.to_xy(border.at(to_m)));
    let nearest = |ring: &[Xy], p: Xy| (0..ring.len()).min_by(|i, j| dist(ring[*i], p).total_cmp(&dist(ring[*j], p)));
    // The ring that comes nearest to both ends of the section.
    let (ring, i, j) = legal
        .area
        .0
        .iter()
        .map(|p| dense(&open_ring(p.exterior())))
        .filter_map(|ring| {
            let (i, j) = (nearest(&ring, a)?, nearest(&ring, b)?);
            Some((dist(ring[i], a) + dist(ring[j], b), ring, i, j))
        })
        .min_by(|x, y| x.0.total_cmp(&y.0))
        .map(|(_, ring, i, j)| (ring, i, j))?;
    let n = ring.len();
    if closed {
        return round(ring, i, border, plane);
    }
    let forward: Vec<Xy> = (0..=(j + n - i) % n).map(|k| ring[(i + k) % n]).collect();
    let backward: Vec<Xy> = (0..=(i + n - j) % n).map(|k| ring[(i + n - k) % n]).collect();
    let length = |p: &[Xy]| p.windows(2).map(|w| dist(w[0], w[1])).sum::<f64>();
    let points = if length(&forward) <= length(&backward) {
        forward
    } else {
        backward
    };
    if points.len() < 3 {
        return None;
    }
    let mut along_m = vec![0.0];
    for w in points.windows(2) {
        along_m.push(along_m[along_m.len() - 1] + dist(w[0], w[1]));
    }
    let mut most = 0.0_f64;
    let abreast: Vec<f64> = points
        .iter()
        .map(|p| {
            let near = border.nearest(plane.to_latlon(p.0, p.1));
            most = most.max((near.chainage_m - from_m).clamp(0.0, to_m - from_m));
            most
        })
        .collect();
    let chain_m = spread(&abreast, to_m - from_m);
    Some(Track {
        points,
        along_m,
        chain_m,
    })
}

/// The whole boundary beside a closed border, from abreast of where the border begins, in the sense of its chainage.
fn round(ring: Vec<Xy>, first: usize, border: &Border, plane: &Plane) -> Option<Track> {
    let (n, length) = (ring.len(), border.length_m());
    let abreast = |p: Xy| border.nearest(plane.to_latlon(p.0, p.1)).chainage_m;
    let mut points: Vec<Xy> = (0..n).map(|k| ring[(first + k) % n]).collect();
    if n < 8 {
        return None;
    }
    if abreast(points[n / 4]) > abreast(points[3 * n / 4]) {
        points[1..].reverse();
    }
    points.push(points[0]);
    let mut along_m = vec![0.0];
    for w in points.windows(2) {
        along_m.push(along_m[along_m.len() - 1] + dist(w[0], w[1]));
    }
    let whole = along_m[along_m.len() - 1];
    let mut most = 0.0_f64;
    let chain: Vec<f64> = points
        .iter()
        .zip(&along_m)
        .map(|(p, s)| {
            // Its last metres lie beside its first.
            let near = match abreast(*p) {
                m if *s < 0.25 * whole && m > 0.75 * length => 0.0,
                m if *s > 0.75 * whole && m < 0.25 * length => length,
                m => m,
            };
            most = most.max(near);
            most
        })
        .collect();
    let chain_m = spread(&chain, length);
    Some(Track {
        points,
        along_m,
        chain_m,
    })
}

/// Abreast of a pocket of the border the nearest chainage jumps; a running mean spreads the pocket
/// over the legs before and after, so that the camera turns into it. Ends stay where they are.
fn spread(abreast: &[f64], length_m: f64) -> Vec<f64> {
    let n = abreast.len();
    let mut sums = vec![0.0];
    for c in abreast {
        sums.push(sums[sums.len() - 1] + c);
    }
    #[expect(clippy::cast_precision_loss, reason = "points of a track")]
    let mean = |i: usize| {
        let half = SPREAD.min(i).min(n - 1 - i);
        (sums[i + half + 1] - sums[i - half]) / (2 * half + 1) as f64
    };
    (0..n).map(|i| mean(i).clamp(0.0, length_m)).collect()
}

/// Longest border that is offset on one plane map, metres.
const ONE_PLANE_M: f64 = 45_000.0;

/// A proper offset of a border at `distance_m` on its home side: one line that never comes
/// closer, crosses neither the border nor itself. Empty when the distance leaves no line.
///
/// Source: boundary of the buffer (`geo`, round joins), instead of offsetting each edge as
/// QGroundControl's corridor does.
#[must_use]
pub fn offset(border: &Border, distance_m: f64) -> Vec<LatLon> {
    // One plane map is honest for so far only.
    if border.length_m() > ONE_PLANE_M {
        return crate::watch::corners(border, distance_m);
    }
    let mid = border.at(0.5 * border.length_m());
    let plane = Plane::new(mid);
    let line: Vec<Xy> = border.line.iter().map(|p| plane.to_xy(*p)).collect();
    let pill: MultiPolygon<f64> = ring_of(&line).buffer_with_style(style(distance_m * 1.0015 + 0.05));
    let Some(outer) = pill
        .0
        .iter()
        .max_by(|a, b| a.exterior().0.len().cmp(&b.exterior().0.len()))
    else {
        return Vec::new();
    };
    let ring = open_ring(outer.exterior());
    let n = ring.len();
    let length = border.length_m();
    // On the home side and not on the round caps.
    let home: Vec<bool> = ring
        .iter()
        .map(|p| {
            let near = border.nearest(plane.to_latlon(p.0, p.1));
            near.signed_m > 0.0 && near.chainage_m > 0.01 && near.chainage_m < length - 0.01
        })
        .collect();
    // The longest run of such points.
    let mut best = (0, 0);
    for start in 0..n {
        if home[start] && !home[(start + n - 1) % n] {
            let run = (0..n).take_while(|k| home[(start + k) % n]).count();
            if run > best.1 {
                best = (start, run);
            }
        }
    }
    let mut points: Vec<LatLon> = (0..best.1)
        .map(|k| ring[(best.0 + k) % n])
        .map(|p| plane.to_latlon(p.0, p.1))
        .collect();
    if let (Some(f), Some(l)) = (points.first(), points.last())
        && border.nearest(*f).chainage_m > border.nearest(*l).chainage_m
    {
        points.reverse();
    }
    points
}
