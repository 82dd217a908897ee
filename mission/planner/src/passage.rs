//! Ways through legal space for answers within milliseconds: straight where that is legal, else A* on a square lattice (Hart,
//! Nilsson, Raphael 1968), its corners cut where the line between them is clear.
//!
//! Invariant: every leg of a way keeps the legal distances from border and zones. What begins nearer than that (an aircraft
//! blown off its track, a base beside the line) goes no nearer on its first leg than it already is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use vedette_atlas::{Plane, Shape, World};
use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};

use crate::space::{Xy, dist};
use crate::watch::{clear, spare_m};

/// Kept besides the legal distances, metres, the wished first: corners are flown wide.
const MARGINS_M: [f64; 3] = [40.0, 15.0, 0.0];
/// Lattice steps over the straight length, from coarse to fine, and the bounds of a step, metres.
const STEPS: [f64; 3] = [24.0, 60.0, 140.0];
const STEP_M: (f64, f64) = (40.0, 1500.0);
/// Points of a lattice that are judged at most: the search gives up there.
const MOST: usize = 12_000;
/// How far off the straight line is looked, share of its length and metres at least.
const ASIDE: f64 = 0.8;
const ASIDE_M: f64 = 3000.0;
/// How far an aircraft in too narrow a place looks for a legal one, metres.
const OUT_M: [f64; 6] = [40.0, 80.0, 150.0, 300.0, 600.0, 1000.0];

/// Where one may be.
#[derive(Clone, Copy)]
pub(crate) struct Passage<'a> {
    pub(crate) world: &'a World,
    pub(crate) zones: &'a [Shape],
    /// Legal distance from every border of the home country, metres.
    pub(crate) border_m: f64,
    /// Legal distance from every no-fly zone, metres.
    pub(crate) zone_m: f64,
}

impl Passage<'_> {
    /// Metres a place is inside legal space; negative outside.
    pub(crate) fn spare_m(&self, at: LatLon) -> f64 {
        spare_m(self.world, self.zones, at, self.border_m, self.zone_m)
    }

    /// Whether a straight leg is at least `margin_m` inside legal space.
    pub(crate) fn clear(&self, a: LatLon, b: LatLon, margin_m: f64) -> bool {
        let (border, zone) = (self.border_m + margin_m, self.zone_m + margin_m);
        clear(self.world, self.zones, a, b, border, zone)
    }

    /// The widest margin of those wished that a place has; none outside legal space.
    pub(crate) fn margin_m(&self, at: LatLon) -> Option<f64> {
        let spare = self.spare_m(at);
        MARGINS_M.into_iter().find(|m| spare >= *m)
    }

    /// A short way from one place to another, both included; `None` where none was found.
    pub(crate) fn way(&self, from: LatLon, to: LatLon) -> Option<Vec<LatLon>> {
        // Zones that the search cannot reach are not asked again at every step.
        let length = distance_m(from, to);
        let middle = Plane::new(vedette_geo::interpolate(from, to, 0.5));
        let reach = 1.5 * (0.5 * length + (ASIDE * length).max(ASIDE_M)) + self.zone_m + 1000.0;
        let near = |z: &&Shape| match z {
            Shape::Disc { centre, radius_m } => dist((0.0, 0.0), middle.to_xy(*centre)) < reach + radius_m,
            Shape::Polygon(_) => true,
        };
        let zones: Vec<Shape> = self.zones.iter().filter(near).cloned().collect();
        let here = Passage { zones: &zones, ..*self };
        here.find(from, to)
    }

    fn find(&self, from: LatLon, to: LatLon) -> Option<Vec<LatLon>> {
        let mut head = vec![from];
        let mut start = from;
        if self.spare_m(from) < 0.0 {
            start = self.out_of(from, to)?;
            head.push(start);
        }
        let mut tail = Vec::new();
        let mut end = to;
        if self.spare_m(to) < 0.0 {
            end = self.out_of(to, start)?;
            tail.push(to);
        }
        let most = self.margin_m(start)?.min(self.margin_m(end)?);
        for margin in MARGINS_M.into_iter().filter(|m| *m <= most) {
            if let Some(mid) = self.between(start, end, margin) {
                head.extend(mid.into_iter().skip(1));
                head.extend(tail);
                return Some(head);
            }
        }
        None
    }

    /// From a place that is not legal to the nearest that is, no nearer to anything on the way; towards `to` if it may be.
    fn out_of(&self, from: LatLon, to: LatLon) -> Option<LatLon> {
        let lack = -self.spare_m(from);
        // Across the border, or within a zone, nothing is legal that begins here.
        if self.world.home_distance_m(from) <= 0.0 || lack > self.border_m.max(self.zone_m) {
            return None;
        }
        let course = azimuth_deg(from, to);
        for out in OUT_M {
            for k in 0..24 {
                let side = if k % 2 == 0 { 1.0 } else { -1.0 };
                let p = destination(from, course + side * 15.0 * f64::from((k + 1) / 2), out);
                if self.spare_m(p) >= 0.0 && self.clear(from, p, -lack - 0.01) {
                    return Some(p);
                }
            }
        }
        None
    }

    fn between(&self, from: LatLon, to: LatLon, margin: f64) -> Option<Vec<LatLon>> {
        if self.clear(from, to, margin) {
            return Some(vec![from, to]);
        }
        STEPS.into_iter().find_map(|n| self.lattice(from, to, margin, n))
    }

    fn lattice(&self, from: LatLon, to: LatLon, margin: f64, steps: f64) -> Option<Vec<LatLon>> {
        let length = distance_m(from, to);
        let plane = Plane::new(vedette_geo::interpolate(from, to, 0.5));
        let (a, b) = (plane.to_xy(from), plane.to_xy(to));
        let aside = (ASIDE * length).max(ASIDE_M);
        let step = ((length + aside) / steps).clamp(STEP_M.0, STEP_M.1);
        let low = (a.0.min(b.0) - aside, a.1.min(b.1) - aside);
        let high = (a.0.max(b.0) + aside, a.1.max(b.1) + aside);
        // Lattice points are counted from the start, so that it is one; the end is reached from any point near it.
        let xy = |n: (i32, i32)| (a.0 + f64::from(n.0) * step, a.1 + f64::from(n.1) * step);
        let place = |n: (i32, i32)| if n == (0, 0) { from } else { at(&plane, xy(n)) };
        let inside = |p: Xy| p.0 >= low.0 && p.0 <= high.0 && p.1 >= low.1 && p.1 <= high.1;
        // Spare distance of every point looked at.
        let mut spare: BTreeMap<(i32, i32), f64> = BTreeMap::new();
        let mut best: BTreeMap<(i32, i32), (f64, (i32, i32))> = BTreeMap::new();
        let mut open = BinaryHeap::new();
        let key = |cost: f64| Reverse((cost * 1000.0) as u64);
        best.insert((0, 0), (0.0, (0, 0)));
        spare.insert((0, 0), self.spare_m(from) - margin);
        open.push((key(dist(a, b)), (0, 0)));
        let mut done: BTreeMap<(i32, i32), ()> = BTreeMap::new();
        while let Some((_, n)) = open.pop() {
            if done.insert(n, ()).is_some() {
                continue;
            }
            let (cost, here) = (best[&n].0, xy(n));
            if dist(here, b) < 1.5 * step && self.clear(place(n), to, margin) {
                let mut path = vec![to];
                let mut k = n;
                loop {
                    path.push(place(k));
                    if k == (0, 0) {
                        break;
                    }
                    k = best[&k].1;
                }
                path.reverse();
                return Some(self.tight(&path, margin));
            }
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)] {
                let m = (n.0 + dx, n.1 + dy);
                let p = xy(m);
                if !inside(p) || done.contains_key(&m) {
                    continue;
                }
                let edge = dist(here, p);
                let whole = cost + edge;
                if best.get(&m).is_some_and(|o| o.0 <= whole + 1e-6) {
                    continue;
                }
                let free = if let Some(s) = spare.get(&m) {
                    *s
                } else {
                    if spare.len() >= MOST {
                        return None;
                    }
                    let s = self.spare_m(place(m)) - margin;
                    spare.insert(m, s);
                    s
                };
                // Spare distance changes by no more than one metre a metre: so much of both ends covers the edge.
                let near = spare[&n];
                if free < 0.0 || (near + free < 1.01 * edge && !self.clear(place(n), place(m), margin)) {
                    continue;
                }
                best.insert(m, (whole, n));
                open.push((key(whole + dist(p, b)), m));
            }
        }
        None
    }

    /// The same way with every corner left out that can be, twice: forwards and backwards.
    fn tight(&self, path: &[LatLon], margin: f64) -> Vec<LatLon> {
        let pull = |path: &[LatLon], backwards: bool| {
            let mut out = vec![path[0]];
            let mut k = 0;
            while k + 1 < path.len() {
                let ok = |n: &usize| {
                    let (a, b) = (path[k], path[*n]);
                    let (a, b) = if backwards { (b, a) } else { (a, b) };
                    self.clear(a, b, margin)
                };
                let next = (k + 2..path.len()).rev().find(ok).unwrap_or(k + 1);
                out.push(path[next]);
                k = next;
            }
            out
        };
        let mut out = pull(path, false);
        out.reverse();
        let mut out = pull(&out, true);
        out.reverse();
        out
    }
}

fn at(plane: &Plane, p: Xy) -> LatLon {
    plane.to_latlon(p.0, p.1)
}
