//! The patrol track of a long border: proper offsets of windows of it, joined, as nodes with heights.
//!
//! Invariant: every point keeps the distance asked for from every border of the home country, chainage along the track never
//! decreases. Windows of 40 km keep plane maps honest: scale is off by less
//! than one part in ten thousand there.

use geo::{BooleanOps, BoundingRect, Buffer, MultiLineString, MultiPolygon, Polygon, Simplify};
use vedette_atlas::{Plane, Shape, World};
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::Brief;

use crate::error::{Constraint, Infeasible};
use crate::space::{Xy, dist, lerp, off_segment, open_ring, ring_of, style};

/// Length of a window, metres of chainage, and how far it looks beyond its ends.
const WINDOW_M: f64 = 40_000.0;
const BEYOND_M: f64 = 4_000.0;
/// Looked at round a window besides what must be kept, metres.
const ROUND_ABOUT_M: f64 = 1_000.0;
/// How far beyond a window the nearest place of the line is looked for, metres.
const HOOK_M: f64 = 20_000.0;
/// Longest part of a curve whose side may be told wrong, metres.
const MISSIGNED_M: f64 = 5_000.0;
/// Step of the curve, metres.
const STEP_M: f64 = 25.0;
/// Points on either side over which chainage is averaged.
const SPREAD: usize = 16;
/// How far out of the box a way round zones may lead on to others, metres.
const DETOUR_M: f64 = 7_000.0;
/// A zone this far beyond a window is looked at, metres: its first corner may be as far from the rest of it.
const ZONE_MOST_M: f64 = 100_000.0;

/// A place on the track.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) at: LatLon,
    /// Metres flown from the track's start.
    pub(crate) along_m: f64,
    /// Chainage watched from here, metres from the section's start.
    pub(crate) chain_m: f64,
    /// Height to fly at, metres above the sea.
    pub(crate) h_m: f64,
}

/// Distances a track keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// From every border, metres.
    pub(crate) border_m: f64,
    /// From every no-fly zone, metres.
    pub(crate) zone_m: f64,
    /// Least radius of its corners, metres.
    pub(crate) round_m: f64,
    /// How much further inside it may lie here and there, metres: borders are drawn that coarsely, which is many times faster.
    pub(crate) coarse_m: f64,
}

/// Distance between places at most some kilometres apart, metres: without a geodesic, right to a hundred-thousandth.
pub(crate) fn near_m(a: LatLon, b: LatLon) -> f64 {
    dist((0.0, 0.0), Plane::new(a).to_xy(b))
}

/// Outlines of all no-fly zones of site and brief.
pub(crate) fn shapes(world: &World, brief: &Brief) -> Vec<Shape> {
    let mut out: Vec<Shape> = world.no_fly().map(|z| z.shape.clone()).collect();
    for z in &brief.no_fly {
        match z.centre {
            Some(centre) if z.polygon.is_empty() => out.push(Shape::Disc {
                centre,
                radius_m: z.radius_m.max(1.0),
            }),
            _ if z.polygon.len() >= 3 => out.push(Shape::Polygon(z.polygon.clone())),
            _ => {}
        }
    }
    out
}

/// A box on a plane: its least and greatest corner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    low: Xy,
    high: Xy,
}

impl Frame {
    /// As far as `reach_m` from the plane's origin both ways.
    pub(crate) fn square(reach_m: f64) -> Self {
        Self {
            low: (-reach_m, -reach_m),
            high: (reach_m, reach_m),
        }
    }

    /// All that is within `more_m` of the points.
    fn around(points: impl Iterator<Item = Xy>, more_m: f64) -> Self {
        let mut f = Self {
            low: (f64::INFINITY, f64::INFINITY),
            high: (f64::NEG_INFINITY, f64::NEG_INFINITY),
        };
        for p in points {
            f.low = (f.low.0.min(p.0 - more_m), f.low.1.min(p.1 - more_m));
            f.high = (f.high.0.max(p.0 + more_m), f.high.1.max(p.1 + more_m));
        }
        f
    }

    /// Whether a disc touches the box.
    fn meets(&self, p: Xy, radius_m: f64) -> bool {
        p.0 > self.low.0 - radius_m
            && p.0 < self.high.0 + radius_m
            && p.1 > self.low.1 - radius_m
            && p.1 < self.high.1 + radius_m
    }
}

/// Pieces of the borders within a box, as lines on the plane.
fn pieces(world: &World, plane: &Plane, frame: Frame) -> Vec<Vec<Xy>> {
    let mut out = Vec::new();
    for b in std::iter::once(&world.border).chain(&world.context) {
        let mut run: Vec<Xy> = Vec::new();
        let mut near_before = false;
        let mut before: Option<Xy> = None;
        // Both ends of a long straight edge may lie outside: its points between count.
        for p in b.finely() {
            let xy = plane.to_xy(*p);
            let near = frame.meets(xy, 0.0);
            if near || near_before {
                if run.is_empty()
                    && let Some(b) = before
                {
                    run.push(b);
                }
                run.push(xy);
            } else if run.len() > 1 {
                out.push(std::mem::take(&mut run));
            } else {
                run.clear();
            }
            near_before = near;
            before = Some(xy);
        }
        if run.len() > 1 {
            out.push(run);
        }
    }
    out
}

/// Everything within `keep` of a border or a zone, on a plane, as far as the box goes.
pub(crate) fn forbidden(world: &World, zones: &[Shape], plane: &Plane, frame: Frame, keep: Keep) -> MultiPolygon<f64> {
    let coarse = |l: &Vec<Xy>| {
        let line = ring_of(l);
        if keep.coarse_m > 0.0 {
            line.simplify(keep.coarse_m)
        } else {
            line
        }
    };
    let lines = pieces(world, plane, frame).iter().map(coarse).collect();
    // What is left out of a coarse line is as near to it as that.
    let wide = (keep.border_m + keep.round_m + keep.coarse_m) * 1.0015 + 0.05;
    let mut area = MultiLineString::new(lines).buffer_with_style(style(wide));
    let mut closed: Vec<MultiPolygon<f64>> = Vec::new();
    let reach_m = frame.low.1.abs().max(frame.high.1.abs());
    for z in zones {
        let first = match z {
            Shape::Disc { centre, .. } => *centre,
            Shape::Polygon(corners) => corners[0],
        };
        // Far ones are told by degrees, before any geometry.
        if (first.lat_deg - plane.origin().lat_deg).abs() * 110_000.0 > 1.6 * reach_m + ZONE_MOST_M {
            continue;
        }
        let more = (keep.zone_m + keep.round_m) * 1.0015 + 0.2;
        let one = plane.to_xy(first);
        match z {
            Shape::Disc { radius_m, .. } => {
                let wide = radius_m * 1.0015 + more;
                if frame.meets(one, wide + DETOUR_M) {
                    closed.push(geo::Point::new(one.0, one.1).buffer_with_style(style(wide)));
                }
            }
            Shape::Polygon(corners) => {
                let xy: Vec<Xy> = corners.iter().map(|c| plane.to_xy(*c)).collect();
                let far = xy.iter().map(|p| dist(*p, one)).fold(0.0, f64::max);
                if frame.meets(one, far + more + DETOUR_M) {
                    closed.push(Polygon::new(ring_of(&xy), vec![]).buffer_with_style(style(more)));
                }
            }
        }
    }
    if !closed.is_empty() {
        // All zones at once: each union walks the whole border.
        area = area.union(&geo::unary_union(&closed));
    }
    if keep.round_m > 0.0 {
        area = area.buffer_with_style(style(-keep.round_m));
    }
    area
}

/// One window of the curve: places at most `step_m` apart and raw chainage on the border, within [a, b].
fn window(world: &World, zones: &[Shape], (a, b): (f64, f64), keep: Keep, step_m: f64) -> Option<Vec<(LatLon, f64)>> {
    let border = &world.border;
    // The line may hook back: what is nearest is looked for further along than what is offset.
    let from = (a - HOOK_M).max(0.0);
    let section = border.stretch(from, (b + HOOK_M).min(border.length_m())).ok()?;
    let (low, high) = ((a - BEYOND_M).max(0.0), (b + BEYOND_M).min(border.length_m()));
    let plane = Plane::new(border.at(0.5 * (low + high)));
    let inside = |m: &f64| *m > low && *m < high;
    let corners = border.line.iter().zip(border.chainages()).filter(|(_, m)| inside(m));
    let here = corners
        .map(|(p, _)| *p)
        .chain([border.at(low), border.at(high)])
        .map(|p| plane.to_xy(p));
    // No border further from the line than twice what is kept can touch the curve.
    let frame = Frame::around(here, 2.0 * (keep.border_m + keep.round_m) + ROUND_ABOUT_M);
    let area = forbidden(world, zones, &plane, frame, keep);
    let length = section.length_m();
    // Corners of the curve with the chainage abreast.
    let mut best: Vec<(Xy, f64)> = Vec::new();
    // Round an island the home side may be the hole in what is forbidden.
    // What stands alone and is smaller than what is kept from the border is a zone.
    let wide = |p: &&Polygon<f64>| {
        let b = p.bounding_rect();
        b.is_some_and(|b| b.width().max(b.height()) > 1.9 * keep.border_m)
    };
    let rings = area
        .0
        .iter()
        .filter(wide)
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    for ring in rings {
        let ring = open_ring(ring);
        let n = ring.len();
        // On the home side, and abreast of the section. A sharp corner of the line may turn the sign for a moment.
        let near: Vec<_> = ring.iter().map(|p| section.beside(plane.to_latlon(p.0, p.1))).collect();
        let abreast = |k: usize| near[k].0 > 0.01 && near[k].0 < length - 0.01;
        let mut home: Vec<bool> = (0..n).map(|k| abreast(k) && near[k].1 > 0.0).collect();
        for start in (0..n).filter(|k| home[*k] && !home[(*k + 1) % n]).collect::<Vec<_>>() {
            let gap = (1..n).take_while(|k| !home[(start + k) % n]).count();
            let way: f64 = (0..=gap)
                .map(|k| dist(ring[(start + k) % n], ring[(start + k + 1) % n]))
                .sum();
            if way < MISSIGNED_M && (1..=gap).all(|k| abreast((start + k) % n)) {
                for k in 1..=gap {
                    home[(start + k) % n] = true;
                }
            }
        }
        let span = |run: &[(Xy, f64)]| run.windows(2).map(|w| dist(w[0].0, w[1].0)).sum::<f64>();
        let corner = |k: usize| (ring[k % n], near[k % n].0);
        if section.closed() && near.iter().all(|p| p.1 > 0.0 || p.0 <= 0.01 || p.0 >= length - 0.01) {
            // All the way round: from where the line begins to where it ends.
            let first = (0..n).min_by(|a, b| near[*a].0.total_cmp(&near[*b].0)).unwrap_or(0);
            let mut run: Vec<(Xy, f64)> = (0..n).map(|k| corner(first + k)).collect();
            let chain = |k: usize| near[(first + k) % n].0;
            if chain(n / 4) > chain(3 * n / 4) {
                run[1..].reverse();
            }
            run.push(run[0]);
            if span(&run) > span(&best) {
                best = run;
            }
            continue;
        }
        for start in 0..n {
            if home[start] && !home[(start + n - 1) % n] {
                let run: Vec<(Xy, f64)> = (0..n)
                    .take_while(|k| home[(start + k) % n])
                    .map(|k| corner(start + k))
                    .collect();
                if span(&run) > span(&best) {
                    best = run;
                }
            }
        }
    }
    let (first, last) = (*best.first()?, *best.last()?);
    let round = section.closed() && dist(first.0, last.0) < 1e-6;
    if !round && first.1 > last.1 {
        best.reverse();
    }
    let mut out = Vec::new();
    let mut most = 0.0_f64;
    let whole: f64 = best.windows(2).map(|w| dist(w[0].0, w[1].0)).sum();
    let mut flown = 0.0;
    for w in best.windows(2) {
        let ((a_xy, here), b_xy) = (w[0], w[1].0);
        let n = (dist(a_xy, b_xy) / step_m).ceil().max(1.0);
        let mut k = 0.0;
        while k < n {
            let p = lerp(a_xy, b_xy, k / n);
            let at = plane.to_latlon(p.0, p.1);
            let mut abreast = if k > 0.0 { section.beside(at).0 } else { here };
            // Round a closed line its last metres lie beside its first.
            if round && flown < 0.25 * whole && abreast > 0.75 * length {
                abreast = 0.0;
            } else if round && flown > 0.75 * whole && abreast < 0.25 * length {
                abreast = length;
            }
            flown += dist(a_xy, b_xy) / n;
            most = most.max(abreast + from);
            if most >= b && !(round && flown < 0.98 * whole) {
                return Some(out);
            }
            if most >= a {
                out.push((at, most));
            }
            k += 1.0;
        }
    }
    Some(out)
}

/// The windows of a stretch of border.
fn spans(from: f64, to: f64) -> Vec<(f64, f64)> {
    let (mut out, mut a) = (Vec::new(), from);
    while a < to - 1.0 {
        let b = if to - a < 1.5 * WINDOW_M { to } else { a + WINDOW_M };
        out.push((a, b));
        a = b;
    }
    out
}

/// The whole curve beside [from, to] metres of the border, with chainage from `from`.
fn curve(
    world: &World,
    zones: &[Shape],
    (from, to): (f64, f64),
    keep: Keep,
    step_m: f64,
) -> Result<Vec<(LatLon, f64)>, Infeasible> {
    let mut out: Vec<(LatLon, f64)> = Vec::new();
    let refuse = |a: f64, b: f64| {
        Infeasible::new(
            Constraint::LegalSpace,
            "the watch",
            (a - from, b - from),
            format!(
                "no track leads past this stretch at {:.0} m from the line.",
                keep.border_m
            ),
            "a smaller stand-off, fewer no-fly zones, or aircraft that turn tighter.".to_owned(),
        )
    };
    let spans = spans(from, to);
    let parts = crate::share::each(&spans, |s| window(world, zones, *s, keep, step_m));
    for ((a, b), part) in spans.into_iter().zip(parts) {
        for p in part.ok_or_else(|| refuse(a, b))? {
            if out
                .last()
                .is_none_or(|l| p.1 >= b - 1.0 || near_m(l.0, p.0) > 1.1 * step_m)
            {
                if out.last().is_some_and(|l| near_m(l.0, p.0) > 600.0) {
                    return Err(refuse(out[out.len() - 1].1, p.1));
                }
                out.push(p);
            }
        }
    }
    if out.len() < 3 {
        return Err(refuse(from, to));
    }
    for p in out.iter().step_by(3) {
        let d = world.home_distance_m(p.0);
        if d < keep.border_m - 3.0 {
            return Err(refuse(p.1 - 500.0, p.1 + 500.0));
        }
    }
    // Abreast of a pocket of the border the nearest chainage jumps; a running mean spreads it.
    let mut sums = vec![0.0];
    for p in &out {
        sums.push(sums[sums.len() - 1] + p.1);
    }
    let n = out.len();
    let smooth: Vec<f64> = (0..n)
        .map(|i| {
            let half = SPREAD.min(i).min(n - 1 - i);
            (sums[i + half + 1] - sums[i - half]) / (2 * half + 1) as f64
        })
        .collect();
    for (p, m) in out.iter_mut().zip(smooth) {
        p.1 = (m - from).clamp(0.0, to - from);
    }
    Ok(out)
}

/// The offset of a whole long border, its corners only; empty where the distance leaves no line.
pub(crate) fn corners(border: &vedette_atlas::Border, distance_m: f64) -> Vec<LatLon> {
    let world = World {
        name: String::new(),
        border: border.clone(),
        context: Vec::new(),
        territory: Vec::new(),
        zones: Vec::new(),
        crossings: Vec::new(),
        chart: vedette_atlas::Chart::default(),
        geoid: vedette_geo::Geoid {
            undulation_m: 0.0,
            sigma_m: 0.0,
            source: String::new(),
        },
        terrain: std::sync::Arc::new(vedette_atlas::Terrain::new(
            Vec::new(),
            vedette_atlas::TerrainSource {
                label: String::new(),
                edition: String::new(),
                sigma_m: 0.0,
                synthetic: true,
                spacing_m: 0.0,
            },
        )),
        attribution: String::new(),
    };
    let keep = Keep {
        border_m: distance_m,
        zone_m: 0.0,
        round_m: 0.0,
        coarse_m: 0.0,
    };
    let spans = spans(0.0, border.length_m());
    let parts = crate::share::each(&spans, |s| window(&world, &[], *s, keep, f64::INFINITY));
    let whole: Option<Vec<_>> = parts.into_iter().collect();
    whole.unwrap_or_default().into_iter().flatten().map(|p| p.0).collect()
}

/// A track before it has heights: a curve with metres flown.
pub(crate) struct Curve {
    points: Vec<(LatLon, f64)>,
    along_m: Vec<f64>,
}

impl Curve {
    pub(crate) fn new(world: &World, zones: &[Shape], span: (f64, f64), keep: Keep) -> Result<Self, Infeasible> {
        Self::of_step(world, zones, span, keep, STEP_M)
    }

    /// The same with points up to `step_m` apart, for ways that nobody watches from.
    pub(crate) fn of_step(
        world: &World,
        zones: &[Shape],
        span: (f64, f64),
        keep: Keep,
        step_m: f64,
    ) -> Result<Self, Infeasible> {
        let points = curve(world, zones, span, keep, step_m)?;
        let mut along_m = vec![0.0];
        for w in points.windows(2) {
            along_m.push(along_m[along_m.len() - 1] + near_m(w[0].0, w[1].0));
        }
        Ok(Self { points, along_m })
    }

    pub(crate) fn length_m(&self) -> f64 {
        self.along_m.last().copied().unwrap_or(0.0)
    }

    /// Metres flown and chainage of every point.
    pub(crate) fn abreast(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.along_m.iter().copied().zip(self.points.iter().map(|p| p.1))
    }

    /// Place and chainage at metres flown.
    pub(crate) fn at(&self, along: f64) -> (LatLon, f64) {
        let i = self
            .along_m
            .partition_point(|a| *a <= along)
            .clamp(1, self.points.len() - 1)
            - 1;
        let span = (self.along_m[i + 1] - self.along_m[i]).max(1e-9);
        let t = ((along - self.along_m[i]) / span).clamp(0.0, 1.0);
        let (a, b) = (self.points[i], self.points[i + 1]);
        // Pieces are short: degrees may be mixed, but not across the date line.
        let dlon = vedette_geo::norm_deg_180(b.0.lon_deg - a.0.lon_deg);
        let at = LatLon {
            lat_deg: a.0.lat_deg + (b.0.lat_deg - a.0.lat_deg) * t,
            lon_deg: vedette_geo::norm_deg_180(a.0.lon_deg + dlon * t),
        };
        (at, a.1 + (b.1 - a.1) * t)
    }

    /// Metres flown where a chainage is abreast.
    pub(crate) fn along_of(&self, chain: f64) -> f64 {
        let i = self.points.partition_point(|p| p.1 < chain).min(self.points.len() - 1);
        self.along_m[i]
    }

    /// Nodes with legs of at most `most_m` that stay within `off_m` of the curve; every cut is a node. Heights are 0 yet.
    pub(crate) fn nodes(&self, cuts: &[f64], most_m: f64, off_m: f64) -> Vec<Node> {
        let mut stops: Vec<f64> = cuts.to_vec();
        stops.extend([0.0, self.length_m()]);
        stops.sort_by(f64::total_cmp);
        stops.dedup_by(|b, a| (*b - *a).abs() < 1.0);
        let mut out: Vec<f64> = vec![stops[0]];
        for w in stops.windows(2) {
            let mut at = w[0];
            while at < w[1] - 1.0 {
                let left = w[1] - at;
                let mut next = if left <= most_m {
                    w[1]
                } else {
                    at + most_m.min(0.5 * left)
                };
                while next - at > 2.0 * STEP_M && !self.follows(at, next, off_m, 1.3 * most_m) {
                    next = at + 0.8 * (next - at);
                }
                out.push(next);
                at = next;
            }
        }
        out.into_iter()
            .map(|s| {
                let (at, chain_m) = self.at(s);
                Node {
                    at,
                    along_m: s,
                    chain_m,
                    h_m: 0.0,
                }
            })
            .collect()
    }

    fn follows(&self, from: f64, to: f64, off_m: f64, most_chain_m: f64) -> bool {
        let (a, b) = (self.at(from), self.at(to));
        if b.1 - a.1 > most_chain_m {
            return false;
        }
        let plane = Plane::new(a.0);
        let (p, q) = ((0.0, 0.0), plane.to_xy(b.0));
        let i = self.along_m.partition_point(|s| *s <= from);
        let j = self.along_m.partition_point(|s| *s < to);
        self.points[i..j]
            .iter()
            .all(|m| off_segment(plane.to_xy(m.0), p, q) <= off_m)
    }
}

/// Clear distance of a point to what it must keep from: the least of distance to borders less `border_m` and distance to
/// zones less `zone_m`; negative is illegal.
pub(crate) fn spare_m(world: &World, zones: &[Shape], at: LatLon, border_m: f64, zone_m: f64) -> f64 {
    let mut d = world.home_distance_m(at) - border_m;
    let cos = at.lat_deg.to_radians().cos();
    for z in zones {
        let away = match z {
            Shape::Disc { centre, radius_m } => {
                // A quick look first, right to a hundredth.
                let most = (d + radius_m + zone_m).max(0.0) / 0.97;
                let dy = (centre.lat_deg - at.lat_deg).abs() * 111_000.0;
                if dy > most {
                    continue;
                }
                let dx = vedette_geo::norm_deg_180(centre.lon_deg - at.lon_deg) * 111_000.0 * cos;
                if dx * dx + dy * dy > most * most {
                    continue;
                }
                distance_m(at, *centre) - radius_m
            }
            Shape::Polygon(c) => {
                if (c[0].lat_deg - at.lat_deg).abs() > 0.5 {
                    continue;
                }
                vedette_atlas::Zone {
                    name: String::new(),
                    kind: vedette_atlas::ZoneKind::NoFly,
                    shape: z.clone(),
                    floor: None,
                    ceiling: None,
                }
                .distance_m(at)
            }
        };
        d = d.min(away - zone_m);
    }
    d
}

/// Whether a straight way keeps its distances: steps as long as the spare distance allows.
pub(crate) fn clear(world: &World, zones: &[Shape], a: LatLon, b: LatLon, border_m: f64, zone_m: f64) -> bool {
    let plane = Plane::new(a);
    let to = plane.to_xy(b);
    let length = dist((0.0, 0.0), to);
    let mut s = 0.0;
    loop {
        let t = if length > 0.0 { s / length } else { 1.0 };
        let spare = spare_m(world, zones, plane.to_latlon(to.0 * t, to.1 * t), border_m, zone_m);
        if spare < 0.0 {
            return false;
        }
        if s >= length {
            return true;
        }
        s = (s + spare.max(20.0)).min(length);
    }
}
