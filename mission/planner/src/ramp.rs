//! Ways between base and track, and the turns of aircraft that cannot turn on the spot.
//!
//! Invariant: a fixed wing never asks for a corner sharper than its turn circle and turns away
//! from the border only; ways out are found from the ground up, ways home are the same backwards.

use crate::error::{Constraint, Infeasible};
use crate::flight::{Node, Pilot, node};
use crate::profile::LegRule;
use crate::route::way;
use crate::space::{Xy, course_deg, dist, lerp};
use vedette_geo::diff_deg;
use vedette_model::plan::LegKind;

/// Longest leg of transits, metres.
const TRANSIT_LEG_M: f64 = 150.0;
/// Step of circles flown as waypoints, degrees: a corner of 30 degrees keeps to 0.97 of the
/// circle its points lie on.
const ARC_STEP_DEG: f64 = 30.0;
/// Sharpest corner between track and reversal loop, degrees: overshoots less than the margin.
const MOST_CORNER_DEG: f64 = 22.0;
/// Turns of the climb at the base at most.
const MOST_TURNS: f64 = 12.0;

/// Where a way between base and track ends, and along which course it has to get there (degrees
/// true, in the sense base to track); without a course any will do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Join {
    pub(crate) xy: Xy,
    pub(crate) heading: Option<f64>,
}

/// A point at a distance on a bearing.
fn polar(from: Xy, bearing_deg: f64, m: f64) -> Xy {
    let (s, c) = bearing_deg.to_radians().sin_cos();
    (from.0 + m * s, from.1 + m * c)
}

/// Points on the turn circle after `start` flown on `heading`, to the right (`side` 1) or left
/// (-1), until the course to `target` is straight ahead; and the heading then.
fn bend(start: Xy, heading: f64, side: f64, r: f64, target: Xy) -> Option<(Vec<Xy>, f64)> {
    let centre = polar(start, heading + 90.0 * side, r);
    let mut points = Vec::new();
    let mut at = start;
    for k in 0..=12 {
        let now = heading + side * ARC_STEP_DEG * f64::from(k);
        if k > 0 {
            at = polar(centre, now - 90.0 * side, r);
            points.push(at);
        }
        let off = diff_deg(course_deg(at, target), now);
        if dist(at, target) > 1.0 && off.abs() <= 0.5 * ARC_STEP_DEG + 2.0 {
            return Some((points, now));
        }
    }
    None
}

impl Pilot<'_> {
    /// The loop with which a fixed wing reverses at `end` (metres along the track, flying towards
    /// growing metres when `growing`), all on the home side; and where it rejoins the track.
    /// Three quarters of a circle away from the border, one quarter back on to the track.
    fn reverse(&self, end: f64, growing: bool) -> Option<(Vec<Node>, f64)> {
        let r = self.radius_m();
        let sign = if growing { 1.0 } else { -1.0 };
        let rejoin = end - sign * 2.0 * r;
        if rejoin < 0.0 || rejoin > self.track.length_m() {
            return None;
        }
        let (e, back) = (self.track.at(end), self.track.at(rejoin));
        let length = dist(back, e).max(1.0);
        let u = ((e.0 - back.0) / length, (e.1 - back.1) / length);
        // On a bent track the loop would begin or end with a corner towards the border.
        let ahead = course_deg(back, e);
        let tangent = |at: f64| {
            let before = (at - sign * 45.0).clamp(0.0, self.track.length_m());
            course_deg(self.track.at(before), self.track.at(at))
        };
        if diff_deg(tangent(end), ahead).abs() > MOST_CORNER_DEG
            || diff_deg(tangent(rejoin), ahead).abs() > MOST_CORNER_DEG
        {
            return None;
        }
        let n = self.homeward(e, u, self.track.chain_at(end));
        let put = |along: f64, home: f64| (e.0 + u.0 * along + n.0 * home, e.1 + u.1 * along + n.1 * home);
        let mut nodes = Vec::new();
        for k in 1..=9 {
            let (s, c) = (ARC_STEP_DEG * f64::from(k)).to_radians().sin_cos();
            nodes.push(node(put(r * s, r - r * c), LegKind::Turn));
        }
        for k in 1..=2 {
            let (s, c) = (ARC_STEP_DEG * f64::from(k)).to_radians().sin_cos();
            nodes.push(node(put(-2.0 * r + r * c, r - r * s), LegKind::Turn));
        }
        nodes.push(Node {
            xy: back,
            kind: LegKind::Turn,
            chain_m: Some(self.track.chain_at(rejoin)),
            hold_s: 0.0,
        });
        let mut path = vec![e];
        path.extend(nodes.iter().map(|n| n.xy));
        self.legal.clear_path(&path).then_some((nodes, rejoin))
    }

    /// The reversal nearest to `end` that has room, and where the pass ends for it.
    pub(crate) fn turn_near(&self, end: f64, growing: bool) -> Option<(Vec<Node>, f64, f64)> {
        (0..24)
            .map(|k| {
                let step = 20.0 * f64::from((k + 1) / 2);
                if k % 2 == 0 { end - step } else { end + step }
            })
            .filter(|e| (0.0..=self.track.length_m()).contains(e))
            .find_map(|e| self.reverse(e, growing).map(|(n, rejoin)| (n, rejoin, e)))
    }

    /// Where a way from `base` may end before the track is met at `at`, flown on towards `next`,
    /// best first; backwards it is the way off the track. A fixed wing meets the track at a slant
    /// from the home side and needs room there to come round.
    pub(crate) fn leads(&self, at: Node, next: Xy, base: Xy) -> Vec<Join> {
        let (a, b) = (at.xy, next);
        if !self.fixed_wing() {
            return vec![Join { xy: a, heading: None }];
        }
        let r = self.radius_m();
        let length = dist(a, b).max(1.0);
        let u = ((b.0 - a.0) / length, (b.1 - a.1) / length);
        let n = self.homeward(a, u, at.chain_m.unwrap_or(0.0));
        let mut out = Vec::new();
        for slant in [20.0_f64, 32.0, 45.0] {
            for m in [2.2, 1.4, 3.5, 5.0] {
                let (s, c) = slant.to_radians().sin_cos();
                let p = (a.0 + r * m * (n.0 * s - u.0 * c), a.1 + r * m * (n.1 * s - u.1 * c));
                let heading = course_deg(p, a);
                let room = self.legal.clear(p, a)
                    && [1.0, -1.0].iter().any(|side| {
                        bend(p, heading + 180.0, *side, r, base).is_some_and(|(arc, _)| {
                            let mut path = vec![p];
                            path.extend(arc);
                            self.legal.clear_path(&path)
                        })
                    });
                if room {
                    out.push(Join {
                        xy: p,
                        heading: Some(heading),
                    });
                }
            }
        }
        out
    }

    /// The first of the joins that a way from the base reaches.
    pub(crate) fn reach(
        &self,
        base: Xy,
        base_m: f64,
        joins: &[Join],
        join_m: f64,
        down: bool,
    ) -> Result<(Join, Vec<(Node, f64)>), Infeasible> {
        let mut refused = None;
        for detour in [false, true] {
            for j in joins {
                match self.ramp(base, base_m, *j, join_m, (down, detour)) {
                    Ok(r) => return Ok((*j, r)),
                    Err(e) => refused = refused.or(Some(e)),
                }
            }
        }
        Err(refused.unwrap_or_else(|| {
            self.fail(
                Constraint::Envelope,
                (0.0, self.section_m),
                "there is no room on the home side to come round on to the track.".to_owned(),
                "a steeper bank limit, a lower cruise speed or a smaller stand-off.",
            )
        }))
    }

    /// The normal of direction `u` that points away from the border at a place.
    fn homeward(&self, at: Xy, u: Xy, chain_m: f64) -> Xy {
        let line = self
            .ground
            .plane
            .to_xy(self.watcher.border.at(self.watcher.section_from_m + chain_m));
        let left = (-u.1, u.0);
        if (at.0 - line.0) * left.0 + (at.1 - line.1) * left.1 >= 0.0 {
            left
        } else {
            (-left.0, -left.1)
        }
    }

    /// A path as nodes, long stretches divided.
    fn divided(path: &[Xy], kind: LegKind) -> Vec<Node> {
        let mut nodes = vec![node(path[0], kind)];
        for w in path.windows(2) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "legs of a transit"
            )]
            let n = (dist(w[0], w[1]) / TRANSIT_LEG_M).ceil().max(1.0) as u32;
            nodes.extend((1..=n).map(|k| node(lerp(w[0], w[1], f64::from(k) / f64::from(n)), kind)));
        }
        nodes
    }

    /// From the end of the climb-out on `heading` to the join: turn, straight (or round corners of
    /// legal space), turn. The shortest of the four combinations of sides that is legal.
    fn glide_path(
        &self,
        start: Xy,
        heading: f64,
        (turns, side): (f64, f64),
        join: Join,
        detour: bool,
    ) -> Option<Vec<Xy>> {
        let r = self.radius_m();
        let mut circle = vec![start];
        let steps = turns * 360.0 / ARC_STEP_DEG;
        let centre = polar(start, heading + 90.0 * side, r);
        let mut k = 1.0;
        while k <= steps {
            circle.push(polar(centre, heading + side * (ARC_STEP_DEG * k - 90.0), r));
            k += 1.0;
        }
        let sides: &[f64] = if turns > 0.0 { &[side] } else { &[1.0, -1.0] };
        let mut best: Option<(f64, Vec<Xy>)> = None;
        for first in sides {
            for last in [1.0, -1.0] {
                let Some(path) = self.bends(start, heading, *first, join, last, detour) else {
                    continue;
                };
                let mut whole = circle.clone();
                whole.extend(&path[1..]);
                let length = whole.windows(2).map(|w| dist(w[0], w[1])).sum::<f64>();
                if best.as_ref().is_none_or(|b| length < b.0) && self.legal.clear_path(&whole) {
                    best = Some((length, whole));
                }
            }
        }
        best.map(|b| b.1)
    }

    fn bends(&self, start: Xy, heading: f64, first: f64, join: Join, last: f64, detour: bool) -> Option<Vec<Xy>> {
        let r = self.radius_m();
        // Each turn aims at the other's end: a few rounds settle it.
        let (mut away, mut into) = (vec![], vec![]);
        let mut target = join.xy;
        let mut from = start;
        for _ in 0..4 {
            away = bend(start, heading, first, r, target)?.0;
            from = away.last().copied().unwrap_or(start);
            if let Some(course) = join.heading {
                into = bend(join.xy, course + 180.0, last, r, from)?.0;
                target = into.last().copied().unwrap_or(join.xy);
            }
        }
        let middle = if detour {
            way(self.legal, self.inner, from, target)?
        } else {
            vec![from, target]
        };
        let mut path = vec![start];
        path.extend(away);
        path.extend(&middle[1..]);
        path.extend(into.iter().rev().skip(1));
        if !into.is_empty() {
            path.push(join.xy);
        }
        path.dedup_by(|a, b| dist(*a, *b) < 0.5);
        Some(path)
    }

    /// From the air over or beside the base to `join`: nodes after take-off with their heights,
    /// the first one where the climb-out ends. `down` plans it for the way home, to be reversed.
    fn ramp(
        &self,
        base: Xy,
        base_m: f64,
        join: Join,
        join_m: f64,
        (down, detour): (bool, bool),
    ) -> Result<Vec<(Node, f64)>, Infeasible> {
        let kind = if down { LegKind::Return } else { LegKind::Transit };
        let (up, dn) = self.slopes();
        let slope = if down { dn } else { up };
        let climb = |nodes: &[Node]| -> Result<Vec<f64>, Infeasible> {
            let mut least = vec![f64::NEG_INFINITY; nodes.len()];
            if let Some(l) = least.last_mut() {
                *l = join_m;
            }
            let path: Vec<Xy> = nodes.iter().map(|n| n.xy).collect();
            let rule = LegRule {
                exempt: false,
                extra_m: 0.0,
                up: slope,
                down: if down { up } else { dn },
            };
            self.ground
                .heights(&path, &vec![rule; nodes.len() - 1], &least)
                .map_err(|p| self.unknown_ground(p))
        };
        if !self.fixed_wing() {
            let path = way(self.legal, self.inner, base, join.xy).ok_or_else(|| {
                self.fail(
                    Constraint::LegalSpace,
                    (0.0, self.section_m),
                    "no way leads from the base to the track inside legal space.".to_owned(),
                    "another base, a smaller no-fly zone or a smaller stand-off.",
                )
            })?;
            let nodes = Self::divided(&path, kind);
            let h = climb(&nodes)?;
            return Ok(nodes.into_iter().zip(h).collect());
        }
        let mut tries: Vec<(f64, f64, f64)> = Vec::new();
        for length in [250.0, 350.0, 450.0, 600.0, 750.0, 900.0, 1200.0, 1500.0] {
            for k in 0..24 {
                let dir = f64::from(k) * 15.0;
                let end = polar(base, dir, length);
                let turn = diff_deg(course_deg(end, join.xy), dir).abs();
                tries.push((length + 0.35 * dist(end, join.xy) + turn, length, dir));
            }
        }
        tries.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Ways round corners of legal space cost a search each: few are tried.
        let mut clear = 0;
        for (_, length, dir) in &tries {
            let (length, dir) = (*length, *dir);
            let end = polar(base, dir, length);
            let top = base_m + slope * length;
            let over = [0.4, 0.6, 0.8, 1.0].iter().all(|t| {
                self.ground
                    .at(lerp(base, end, *t))
                    .is_some_and(|g| base_m + slope * length * t > g + 8.0)
            });
            if !over || !self.legal.clear(base, end) || self.ground.floor(end).is_none_or(|f| f > top) {
                continue;
            }
            clear += 1;
            if clear > if detour { 6 } else { 60 } {
                break;
            }
            for side in [1.0, -1.0] {
                let mut turns = 0.0_f64;
                for _ in 0..4 {
                    let Some(path) = self.glide_path(end, dir, (turns, side), join, detour) else {
                        break;
                    };
                    let nodes = Self::divided(&path, kind);
                    let h = climb(&nodes)?;
                    let excess = h[0] - top;
                    if excess <= 0.01 {
                        return Ok(nodes.into_iter().zip(h).collect());
                    }
                    let add = (excess / (slope * 6.1 * self.radius_m())).ceil();
                    if turns + add > MOST_TURNS {
                        break;
                    }
                    turns += add;
                }
            }
        }
        Err(self.fail(
            Constraint::Envelope,
            (0.0, self.section_m),
            format!(
                "with a {} of {:.0} % no straight way {} the base clears the ground.",
                if down { "descent" } else { "climb" },
                slope * 100.0,
                if down { "in to" } else { "out of" },
            ),
            "a base on higher or more open ground, or an aircraft that climbs faster or takes off vertically.",
        ))
    }
}
