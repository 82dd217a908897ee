//! Everything a long watch is planned in: land, track, kinds of aircraft, and the rounds they fly.
//!
//! Invariant: a round begins and ends at the same node, its legs join, and its time is that of its legs in the brief's wind.

use std::sync::OnceLock;

use vedette_atlas::{Plane, Shape, World};
use vedette_geo::LatLon;
use vedette_model::plan::{Aircraft, Brief, LegKind};

use super::line::{Curve, Keep, Node};
use super::sky::Sky;
use crate::asked::{Asked, limit_s};
use crate::error::{Constraint, Infeasible};
use crate::flight::{REVERSE_S, pace};
use crate::plan::turn_radius;
use crate::space::{Xy, course_deg, dist};
use crate::winds::Winds;

/// Longest leg on the track and how far it may leave the curve, metres.
const MOST_LEG_M: f64 = 900.0;
const OFF_CURVE_M: f64 = 28.0;
/// Share of the climb and descent rate the profile may use.
const RATE_SHARE: f64 = 0.7;
/// Track further inside than the law asks, for aircraft that turn on the spot, metres.
const LEAST_MARGIN_M: f64 = 40.0;
/// Lane of ferry flights, further inside than the track, metres.
const LANE_M: f64 = 700.0;
/// Step of its points, metres, and how far beside a way it is looked for past either end.
const LANE_STEP_M: f64 = 120.0;
const LANE_ON_M: f64 = 3000.0;
/// How coarsely it is drawn, metres.
const LANE_COARSE_M: f64 = 60.0;
/// It is drawn in pieces of so many metres of border, from the line's beginning and when one is needed: a part of a section has
/// the lanes of the whole, and they go on past its ends.
const LANE_PIECE_M: f64 = 40_000.0;

/// Height left below the ceiling for those who relieve, metres; share of the rest a patrol may stay over its floor; share of
/// the slant range the pixels allow that this may use.
const CEILING_ROOM_M: f64 = 60.0;
const FILL_SHARE: f64 = 0.12;
const SLANT_SHARE: f64 = 0.75;

/// Aircraft of one kind.
pub(crate) struct Kind<'a> {
    pub(crate) craft: &'a Aircraft,
    pub(crate) members: Vec<usize>,
    /// Turn radius, metres; 0 turns on the spot.
    pub(crate) radius_m: f64,
}

/// The field.
pub(crate) struct Field<'a> {
    pub(crate) brief: &'a Brief,
    pub(crate) world: &'a World,
    pub(crate) zones: Vec<Shape>,
    pub(crate) winds: Winds,
    pub(crate) asked: Vec<Asked>,
    pub(crate) kinds: Vec<Kind<'a>>,
    pub(crate) from_m: f64,
    pub(crate) section_m: f64,
    /// Legal distance from the drawn line, metres.
    pub(crate) stand_off_m: f64,
    pub(crate) keep: Keep,
    pub(crate) sky: Sky<'a>,
    pub(crate) curve: Curve,
    /// The section is all of a closed line.
    pub(crate) closed: bool,
    lanes: Vec<OnceLock<Option<Vec<LatLon>>>>,
}

/// Pieces of ferry lane beside a border; the last may be half as long again.
fn pieces(world: &World) -> usize {
    ((world.border.length_m() / LANE_PIECE_M).round() as usize).max(1)
}

impl<'a> Field<'a> {
    pub(crate) fn new(brief: &'a Brief, world: &'a World) -> Result<Self, Infeasible> {
        let winds = Winds::of(brief);
        let kinds: Vec<Kind<'a>> = crate::sizing::kinds(&brief.fleet)
            .into_iter()
            .map(|members| {
                let craft = &brief.fleet[members[0]];
                Kind {
                    craft,
                    radius_m: turn_radius(craft, &winds),
                    members,
                }
            })
            .collect();
        let (from_m, to_m) = (brief.section.from_km * 1000.0, brief.section.to_km * 1000.0);
        let nav_m = 3.0 * brief.limits.nav_sigma_m;
        let stand_off_m = brief.limits.stand_off_m + world.border.accuracy_m + nav_m;
        let widest = kinds.iter().map(|k| k.radius_m).fold(0.0, f64::max);
        let margin = (2.2 * widest).max(LEAST_MARGIN_M) + OFF_CURVE_M;
        let keep = Keep {
            border_m: stand_off_m + margin,
            zone_m: nav_m + margin,
            round_m: widest.max(20.0),
            coarse_m: 0.0,
        };
        let mut slope = (f64::INFINITY, f64::INFINITY);
        for k in &kinds {
            let e = &k.craft.envelope;
            let fastest = e.cruise_m_s + winds.worst().speed_m_s;
            slope.0 = slope.0.min(RATE_SHARE * e.climb_m_s / fastest);
            slope.1 = slope.1.min(RATE_SHARE * e.descent_m_s / fastest);
        }
        let least = slope.0.min(slope.1);
        let sky = Sky {
            world,
            min_agl_m: brief.limits.min_agl_m,
            nav_m,
            up: least,
            down: least,
        };
        let zones = super::line::shapes(world, brief);
        let curve = Curve::new(world, &zones, (from_m, to_m), keep)?;
        Ok(Self {
            brief,
            world,
            zones,
            winds,
            asked: crate::asked::asked(brief),
            kinds,
            from_m,
            section_m: to_m - from_m,
            stand_off_m,
            keep,
            sky,
            curve,
            closed: super::closed(brief, world),
            lanes: (0..pieces(world)).map(|_| OnceLock::new()).collect(),
        })
    }

    pub(crate) fn no(&self, c: Constraint, who: &str, at_m: (f64, f64), what: String, relax: &str) -> Infeasible {
        Infeasible::new(c, who, at_m, what, relax.to_owned())
    }

    pub(crate) fn unknown(&self, at: LatLon) -> Infeasible {
        let m = self.world.border.nearest(at).chainage_m - self.from_m;
        self.no(
            Constraint::Terrain,
            "the watch",
            (m, m),
            format!("the ground at {at} is unknown."),
            "load a terrain tile that covers the place, or move the section or the base away from it.",
        )
    }

    /// Ferry lane further inland than the track, beside the border between two places; `None` where none leads through.
    pub(crate) fn lane(&self, from: LatLon, to: LatLon) -> Option<Vec<LatLon>> {
        let (a, b) = (
            self.world.border.nearest(from).chainage_m,
            self.world.border.nearest(to).chainage_m,
        );
        let piece = |m: f64| ((m / LANE_PIECE_M).max(0.0) as usize).min(self.lanes.len() - 1);
        let (first, last) = (piece(a.min(b) - LANE_ON_M), piece(a.max(b) + LANE_ON_M));
        let mut out = Vec::new();
        for k in first..=last {
            out.extend(self.lanes[k].get_or_init(|| self.piece(k)).as_ref()?);
        }
        Some(out)
    }

    /// One piece of the ferry lane.
    fn piece(&self, k: usize) -> Option<Vec<LatLon>> {
        let keep = Keep {
            border_m: self.keep.border_m + LANE_M,
            zone_m: self.keep.zone_m + 150.0,
            round_m: 300.0,
            coarse_m: LANE_COARSE_M,
        };
        let from = k as f64 * LANE_PIECE_M;
        let to = if k + 1 == self.lanes.len() {
            self.world.border.length_m()
        } else {
            from + LANE_PIECE_M
        };
        let c = Curve::of_step(self.world, &self.zones, (from, to), keep, LANE_STEP_M).ok()?;
        Some(c.nodes(&[], 3000.0, 120.0).into_iter().map(|n| n.at).collect())
    }

    /// How far over its floor a patrol may stay to spare climbs, metres: a share of the height band, and so little that the
    /// camera's pixels on the target stay well above what is asked.
    fn fill_m(&self) -> f64 {
        let limits = &self.brief.limits;
        let room = limits.max_agl_m - limits.min_agl_m - CEILING_ROOM_M;
        let asked = &self.brief.requirement;
        let width_m = crate::sensor::target_width_m(asked.target);
        let least = self.kinds.iter().map(|k| {
            let c = &k.craft.camera;
            let per_rad = f64::from(c.width_px) / (2.0 * (0.5 * c.hfov_deg.to_radians()).tan());
            // Pixels = width · per_rad / slant; the line is about as far away as the track is from it.
            let slant_m = SLANT_SHARE * width_m * per_rad / asked.pixels_on_target.max(0.1);
            let up = slant_m * slant_m - self.keep.border_m * self.keep.border_m;
            up.max(0.0).sqrt() - limits.min_agl_m
        });
        least.fold(FILL_SHARE * room, f64::min).max(0.0)
    }

    /// Chainage abreast of a place, metres from the section's start.
    pub(crate) fn chain_of(&self, at: LatLon) -> f64 {
        (self.world.border.nearest(at).chainage_m - self.from_m).clamp(0.0, self.section_m)
    }

    /// Seconds of a leg for a craft, and the heading of its nose.
    pub(crate) fn seconds(
        &self,
        craft: &Aircraft,
        a: (LatLon, f64),
        b: (LatLon, f64),
    ) -> Result<(f64, f64, f64), Infeasible> {
        let plane = Plane::new(a.0);
        let to = plane.to_xy(b.0);
        let (length, rise) = (dist((0.0, 0.0), to), b.1 - a.1);
        let e = &craft.envelope;
        let vertical = if rise > 0.0 {
            rise / e.climb_m_s
        } else {
            -rise / e.descent_m_s
        };
        if length < 0.5 {
            return Ok((vertical, 0.0, 0.0));
        }
        let course = course_deg((0.0, 0.0), to);
        let (ground, air, heading) = pace(craft, &self.winds.at(0.5 * (a.1 + b.1)), course).ok_or_else(|| {
            self.no(
                Constraint::Wind,
                &craft.tail,
                (0.0, self.section_m),
                format!(
                    "wind of {:.0} m/s is too much on a course of {course:.0} degrees.",
                    self.winds.at(0.5 * (a.1 + b.1)).speed_m_s
                ),
                "less wind or a faster aircraft.",
            )
        })?;
        Ok(((length / ground).max(vertical), air, heading))
    }

    /// The loop with which an aircraft of turn radius `r` reverses at `end`, coming from `before` (2r back on the track): three
    /// quarters of a circle away from the border, one quarter back on to the track at `before`. Points between the two.
    pub(crate) fn reversal(&self, end: LatLon, before: LatLon, r: f64) -> Vec<LatLon> {
        if r <= 0.0 {
            return Vec::new();
        }
        let plane = Plane::new(end);
        let back = plane.to_xy(before);
        let length = dist((0.0, 0.0), back).max(1.0);
        let u = (-back.0 / length, -back.1 / length);
        let n = self.inland(end, u);
        let put = |along: f64, home: f64| plane.to_latlon(u.0 * along + n.0 * home, u.1 * along + n.1 * home);
        let mut out = Vec::new();
        for k in 1..=9 {
            let (s, c) = (30.0 * f64::from(k)).to_radians().sin_cos();
            out.push(put(r * s, r - r * c));
        }
        for k in 1..=2 {
            let (s, c) = (30.0 * f64::from(k)).to_radians().sin_cos();
            out.push(put(-2.0 * r + r * c, r - r * s));
        }
        out
    }

    /// The unit vector at right angles to `u` that points away from the border.
    pub(crate) fn inland(&self, at: LatLon, u: Xy) -> Xy {
        let near = Plane::new(at).to_xy(self.world.border.nearest(at).at);
        let left = (-u.1, u.0);
        // The border lies where `near` points.
        if near.0 * left.0 + near.1 * left.1 < 0.0 {
            left
        } else {
            (-left.0, -left.1)
        }
    }
}

/// A stretch of the track and its kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) kind: usize,
    /// Turning points, metres along the track.
    pub(crate) p0: f64,
    pub(crate) p1: f64,
    /// Where reliefs happen, metres along the track.
    pub(crate) relief: f64,
    /// Base that serves it.
    pub(crate) base: usize,
}

/// One leg of a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundLeg {
    pub(crate) a: LatLon,
    pub(crate) ha: f64,
    pub(crate) b: LatLon,
    pub(crate) hb: f64,
    pub(crate) kind: LegKind,
    /// Chainage abreast of its ends, when it watches.
    pub(crate) chain: Option<[f64; 2]>,
    /// Metres over ground.
    pub(crate) length_m: f64,
    pub(crate) dt: f64,
    pub(crate) air: f64,
    pub(crate) heading: f64,
}

/// One round of a station: legs from the left rejoin to the right, back, and to the left rejoin again.
pub(crate) struct Round {
    pub(crate) legs: Vec<RoundLeg>,
    /// Time at the start of each leg, and of the whole last.
    pub(crate) t: Vec<f64>,
    /// Number of the leg that starts at the relief node going right, and going left.
    pub(crate) at: [usize; 2],
    pub(crate) nodes: Vec<Node>,
    pub(crate) stretch: Stretch,
}

impl Round {
    pub(crate) fn time(&self) -> f64 {
        self.t.last().copied().unwrap_or(1.0)
    }

    /// First passing of the relief node at or after `t`, the first round beginning at `origin`: time and direction.
    pub(crate) fn pass(&self, origin: f64, t: f64) -> (f64, usize) {
        let whole = self.time();
        let best = |dir: usize| {
            let first = origin + self.t[self.at[dir]];
            first + ((t - first - 1e-6) / whole).ceil().max(0.0) * whole
        };
        if best(0) <= best(1) { (best(0), 0) } else { (best(1), 1) }
    }
}

/// Cumulated seconds of a kind along nodes, to the right and to the left.
fn clock(field: &Field<'_>, craft: &Aircraft, nodes: &[Node]) -> Result<(Vec<f64>, Vec<f64>), Infeasible> {
    let (mut right, mut left) = (vec![0.0], vec![0.0]);
    for w in nodes.windows(2) {
        let (a, b) = ((w[0].at, w[0].h_m), (w[1].at, w[1].h_m));
        right.push(right[right.len() - 1] + field.seconds(craft, a, b)?.0);
        left.push(left[left.len() - 1] + field.seconds(craft, b, a)?.0);
    }
    Ok((right, left))
}

fn lookup(nodes: &[Node], t: &[f64], along: f64) -> f64 {
    let i = nodes.partition_point(|n| n.along_m <= along).clamp(1, nodes.len() - 1) - 1;
    let span = (nodes[i + 1].along_m - nodes[i].along_m).max(1e-9);
    t[i] + (t[i + 1] - t[i]) * ((along - nodes[i].along_m) / span).clamp(0.0, 1.0)
}

/// Shares the track out among stations of these kinds, from the left, so that every round takes equally long; `shrink_m` is
/// left between a turning point and the stretch's end, for the camera to see. Bases are given by chainage.
pub(crate) fn share_out(
    field: &Field<'_>,
    kinds: &[usize],
    base_chain_m: &[f64],
    shrink_m: f64,
) -> Result<Vec<Stretch>, Infeasible> {
    let mut nodes = field.curve.nodes(&[], MOST_LEG_M, OFF_CURVE_M);
    if field.winds.layered() {
        // Near enough for the wind: heights are settled when turning points are.
        for n in &mut nodes {
            n.h_m = field.sky.floor(n.at).unwrap_or(0.0);
        }
    }
    let length = field.curve.length_m();
    let clocks = field
        .kinds
        .iter()
        .map(|k| clock(field, k.craft, &nodes))
        .collect::<Result<Vec<_>, _>>()?;
    let round = |k: usize, p0: f64, p1: f64| {
        let kind = &field.kinds[k];
        let (r, v) = (kind.radius_m, kind.craft.envelope.cruise_m_s);
        let turn = if r > 0.0 {
            2.0 * std::f64::consts::PI * r / v
        } else {
            REVERSE_S
        };
        let (right, left) = &clocks[k];
        let at = |t: &[f64], s: f64| lookup(&nodes, t, s);
        at(right, p1) - at(right, p0 + 2.0 * r) + at(left, p1 - 2.0 * r) - at(left, p0) + 2.0 * turn
    };
    let general_s = field.brief.requirement.revisit_s;
    // Rounds over stretches of which more is asked are shorter by as much.
    let limit = |t: f64, p0: f64, p1: f64| {
        if field.asked.is_empty() {
            return t;
        }
        let (a, b) = (field.curve.at(p0).1, field.curve.at(p1).1);
        limit_s(&field.asked, general_s, t, a, b)
    };
    // Where the last station ends when every round takes `t`; beyond the track when t is more than needed.
    let place = |t: f64| {
        let mut out = Vec::new();
        let mut s = 0.0;
        for k in kinds {
            let p0 = s + shrink_m;
            let least = p0 + 4.5 * field.kinds[*k].radius_m + 200.0;
            if least >= length {
                return (length + 1.0, out);
            }
            let (mut lo, mut hi) = (least, length + 10_000.0);
            for _ in 0..60 {
                let mid = 0.5 * (lo + hi);
                let over = (mid - length).max(0.0);
                if round(*k, p0, mid.min(length)) + over < limit(t, p0, mid.min(length)) {
                    lo = mid
                } else {
                    hi = mid
                }
            }
            let p1 = 0.5 * (lo + hi);
            out.push((*k, p0, p1));
            s = p1 + shrink_m;
        }
        (s, out)
    };
    let (mut lo, mut hi) = (1.0, round(kinds[0], 0.0, length) + 1000.0);
    for _ in 0..60 {
        let mid = 0.5 * (lo + hi);
        if place(mid).0 < length { lo = mid } else { hi = mid }
    }
    let (_, shares) = place(lo);
    let mut out = Vec::new();
    for (kind, p0, p1) in shares {
        let r = field.kinds[kind].radius_m;
        let p1 = p1.min(length - shrink_m.min(1.0));
        if p1 - p0 < 4.5 * r + 150.0 {
            let m = (field.curve.at(p0).1, field.curve.at(p1).1);
            return Err(field.no(
                Constraint::Envelope,
                &field.kinds[kind].craft.tail,
                m,
                format!(
                    "a stretch of {:.0} m is too short to turn in with a radius of {r:.0} m.",
                    p1 - p0
                ),
                "fewer aircraft, or ones that turn tighter.",
            ));
        }
        let chain = |s: f64| field.curve.at(s).1;
        // The nearest base, by chainage, and the place of the stretch nearest to it with room to come and go.
        let away = |m: f64| (chain(p0) - m).max(m - chain(p1)).max(0.0);
        let base = (0..base_chain_m.len())
            .min_by(|a, b| {
                let middle = |m: f64| (m - 0.5 * (chain(p0) + chain(p1))).abs();
                let (x, y) = (base_chain_m[*a], base_chain_m[*b]);
                away(x).total_cmp(&away(y)).then(middle(x).total_cmp(&middle(y)))
            })
            .unwrap_or(0);
        let room = (2.0 * r + 700.0).min(0.4 * (p1 - p0));
        let wish = base_chain_m.get(base).map_or(p0, |m| field.curve.along_of(*m));
        out.push(Stretch {
            kind,
            p0,
            p1,
            relief: wish.clamp(p0 + room, p1 - room),
            base,
        });
    }
    Ok(out)
}

/// Nodes with heights for these stretches: turning points, rejoins and relief places are nodes.
pub(crate) fn nodes(field: &Field<'_>, stretches: &[Stretch]) -> Result<Vec<Node>, Infeasible> {
    let mut cuts = Vec::new();
    for s in stretches {
        let r = field.kinds[s.kind].radius_m;
        cuts.extend([s.p0, s.p0 + 2.0 * r, s.relief, s.p1 - 2.0 * r, s.p1]);
    }
    let mut nodes = field.curve.nodes(&cuts, MOST_LEG_M, OFF_CURVE_M);
    let path: Vec<LatLon> = nodes.iter().map(|n| n.at).collect();
    let mut least = vec![f64::NEG_INFINITY; path.len()];
    for s in stretches {
        let r = field.kinds[s.kind].radius_m;
        for (end, before) in [(s.p1, s.p1 - 2.0 * r), (s.p0, s.p0 + 2.0 * r)] {
            let (e, b) = (index(&nodes, end), index(&nodes, before));
            let mut loop_ = vec![nodes[e].at];
            loop_.extend(field.reversal(nodes[e].at, nodes[b].at, r));
            loop_.push(nodes[b].at);
            let flat = vec![f64::NEG_INFINITY; loop_.len()];
            let h = field
                .sky
                .heights(&loop_, &flat, &vec![false; loop_.len() - 1])
                .map_err(|p| field.unknown(p))?;
            let top = h.into_iter().fold(f64::NEG_INFINITY, f64::max);
            least[e] = least[e].max(top);
            least[b] = least[b].max(top);
        }
    }
    let h = field
        .sky
        .heights(&path, &least, &vec![false; path.len() - 1])
        .map_err(|p| field.unknown(p))?;
    // Whoever follows every fold of the ground climbs all day: heights stay as they are until the floor forces them up, or
    // until they are more than `fill_m` above it. Of all ways through that band none climbs less.
    let fill_m = field.fill_m();
    let mut at = f64::NEG_INFINITY;
    for (n, h) in nodes.iter_mut().zip(&h) {
        let ground = field.world.terrain.elevation(n.at).map_or(*h, |g| g.0);
        let room = field.brief.limits.max_agl_m - (*h - ground) - CEILING_ROOM_M;
        at = at.clamp(*h, *h + fill_m.min(0.5 * room).max(0.0));
        n.h_m = at;
    }
    let most = field.brief.limits.max_agl_m;
    for w in nodes.windows(2) {
        let (agl, at) = field
            .sky
            .highest((w[0].at, w[0].h_m), (w[1].at, w[1].h_m))
            .ok_or_else(|| field.unknown(w[1].at))?;
        if agl > most {
            return Err(field.no(
                Constraint::Height,
                "the watch",
                (w[0].chain_m, w[1].chain_m),
                format!("at {at} the climb rate and the ridges around force {agl:.0} m above ground, the limit is {most:.0} m."),
                &format!("max_agl_m = {:.0}, or a faster climb.", agl.ceil() + 1.0),
            ));
        }
    }
    Ok(nodes)
}

pub(crate) fn index(nodes: &[Node], along: f64) -> usize {
    let i = nodes.partition_point(|n| n.along_m < along).min(nodes.len() - 1);
    if i > 0 && (nodes[i - 1].along_m - along).abs() < (nodes[i].along_m - along).abs() {
        i - 1
    } else {
        i
    }
}

/// The round of a stretch.
pub(crate) fn round(field: &Field<'_>, nodes: &[Node], s: Stretch) -> Result<Round, Infeasible> {
    let kind = &field.kinds[s.kind];
    let r = kind.radius_m;
    let (i0, b0) = (index(nodes, s.p0), index(nodes, s.p0 + 2.0 * r));
    let (i1, b1) = (index(nodes, s.p1), index(nodes, s.p1 - 2.0 * r));
    let h = index(nodes, s.relief);
    let mut legs: Vec<RoundLeg> = Vec::new();
    let fly = |a: (LatLon, f64), b: (LatLon, f64), kind_: LegKind, chain: Option<[f64; 2]>| {
        let (dt, air, heading) = field.seconds(kind.craft, a, b)?;
        Ok::<_, Infeasible>(RoundLeg {
            a: a.0,
            ha: a.1,
            b: b.0,
            hb: b.1,
            kind: kind_,
            chain,
            length_m: vedette_geo::distance_m(a.0, b.0),
            dt,
            air,
            heading,
        })
    };
    let place = |i: usize| (nodes[i].at, nodes[i].h_m);
    let mut at = [0usize; 2];
    for (dir, from, to, rejoin) in [(0, b0, i1, b1), (1, b1, i0, b0)] {
        let mut i = from;
        while i != to {
            let j = if to > i { i + 1 } else { i - 1 };
            if i == h {
                at[dir] = legs.len();
            }
            legs.push(fly(
                place(i),
                place(j),
                LegKind::Patrol,
                Some([nodes[i].chain_m, nodes[j].chain_m]),
            )?);
            i = j;
        }
        let around = field.reversal(nodes[to].at, nodes[rejoin].at, r);
        let n = around.len() as f64 + 1.0;
        let mut a = place(to);
        for (k, p) in around.iter().enumerate() {
            let t = (k as f64 + 1.0) / n;
            let b = (*p, nodes[to].h_m + (nodes[rejoin].h_m - nodes[to].h_m) * t);
            legs.push(fly(a, b, LegKind::Turn, None)?);
            a = b;
        }
        let mut last = fly(a, place(rejoin), LegKind::Turn, None)?;
        if r <= 0.0 {
            last.dt = REVERSE_S;
        }
        legs.push(last);
    }
    let mut t = vec![0.0];
    for l in &legs {
        t.push(t[t.len() - 1] + l.dt);
    }
    Ok(Round {
        legs,
        t,
        at,
        nodes: nodes[i0..=i1].to_vec(),
        stretch: s,
    })
}
