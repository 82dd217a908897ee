//! Task mode for wings: what tours of limited length bring most, flown by aircraft that cannot turn on the spot.
//!
//! Ways between places are shortest curves of bounded radius (L. E. Dubins, American Journal of Mathematics 79, 1957; closed
//! forms of the six words: Shkel, Lumelsky, Robotics and Autonomous Systems 34, 2001). Over each place one of a number of
//! headings is flown, evenly spread from east; for a given order the best are found exactly, the order itself by strings taken
//! out and put back under simulated annealing, as in [`crate::tours`].
//!
//! Invariant: every tour is as short as its order and headings allow and no longer than its range; the same seed and rounds
//! give the same tours.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::tasks::{Random, Tasks};

/// How an aircraft turns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wing {
    /// Least radius of its turns, in the unit of length.
    pub radius: f64,
    /// Headings tried over each place; at least one.
    pub headings: usize,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WingTours {
    /// Visits of each tour in order, numbers in [`Tasks::visits`], with the heading flown over each, radians from east to north.
    pub tours: Vec<Vec<(usize, f64)>>,
    /// Length of all tours.
    pub length: f64,
    /// Visits left out.
    pub left_out: Vec<usize>,
}

/// An angle brought to 0..2π; what rounding put just below a whole turn is none.
fn turn(a: f64) -> f64 {
    let t = a.rem_euclid(TAU);
    if TAU - t < 1e-9 { 0.0 } else { t }
}

/// Length of the shortest way with turns of at least `radius` from one place and heading to another: east, north, radians from
/// east to north.
#[must_use]
pub fn dubins(from: [f64; 3], to: [f64; 3], radius: f64) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let far = dx.hypot(dy);
    if radius <= 0.0 {
        return far;
    }
    let (d, line) = (far / radius, dy.atan2(dx));
    let (a, b) = (turn(from[2] - line), turn(to[2] - line));
    let ((sa, ca), (sb, cb), cab) = (a.sin_cos(), b.sin_cos(), (a - b).cos());
    let mut best = f64::INFINITY;
    let mut word = |t: f64, p: f64, q: f64| best = f64::min(best, turn(t) + p + turn(q));
    // Straight between two turns the same way.
    let p2 = 2.0 + d * d - 2.0 * cab + 2.0 * d * (sa - sb);
    if p2 >= -1e-12 {
        let w = (cb - ca).atan2(d + sa - sb);
        word(w - a, p2.max(0.0).sqrt(), b - w);
    }
    let p2 = 2.0 + d * d - 2.0 * cab + 2.0 * d * (sb - sa);
    if p2 >= -1e-12 {
        let w = (ca - cb).atan2(d - sa + sb);
        word(a - w, p2.max(0.0).sqrt(), w - b);
    }
    // And between turns either way.
    let p2 = d * d - 2.0 + 2.0 * cab + 2.0 * d * (sa + sb);
    if p2 >= 0.0 {
        let p = p2.sqrt();
        let w = (-ca - cb).atan2(d + sa + sb) - (-2.0_f64).atan2(p);
        word(w - a, p, w - b);
    }
    let p2 = d * d - 2.0 + 2.0 * cab - 2.0 * d * (sa + sb);
    if p2 >= 0.0 {
        let p = p2.sqrt();
        let w = (ca + cb).atan2(d - sa - sb) - 2.0_f64.atan2(p);
        word(a - w, p, b - w);
    }
    // Three turns.
    let w = (6.0 - d * d + 2.0 * cab + 2.0 * d * (sa - sb)) / 8.0;
    if w.abs() <= 1.0 {
        let p = turn(TAU - w.acos());
        let t = turn(a - (ca - cb).atan2(d - sa + sb) + 0.5 * p);
        word(t, p, a - b - t + p);
    }
    let w = (6.0 - d * d + 2.0 * cab + 2.0 * d * (sb - sa)) / 8.0;
    if w.abs() <= 1.0 {
        let p = turn(TAU - w.acos());
        let t = turn(-a - (ca - cb).atan2(d + sa - sb) + 0.5 * p);
        word(t, p, b - a - t + p);
    }
    best * radius
}

#[derive(Clone, Default)]
struct Tour {
    stops: Vec<usize>,
    /// Shortest way from the base to each stop at each heading, the base first; and from each on to the end, the end last.
    from: Vec<f64>,
    on: Vec<f64>,
    length: f64,
    load: f64,
}

struct Desk<'a> {
    tasks: &'a Tasks,
    n: usize,
    h: usize,
    d: Vec<f64>,
}

impl Desk<'_> {
    /// Ways from a place at a heading to another place at all headings.
    #[inline]
    fn row(&self, a: usize, ha: usize, b: usize) -> &[f64] {
        let at = ((a * self.h + ha) * (self.n + 2) + b) * self.h;
        &self.d[at..at + self.h]
    }

    fn node(&self, t: &Tour, k: usize) -> usize {
        match k {
            0 => self.n,
            _ => t.stops.get(k - 1).copied().unwrap_or(self.n + 1),
        }
    }

    fn settle(&self, t: &mut Tour) {
        let (h, m) = (self.h, t.stops.len());
        t.from = vec![0.0; (m + 2) * h];
        t.on = vec![0.0; (m + 2) * h];
        for k in 1..m + 2 {
            let (a, b) = (self.node(t, k - 1), self.node(t, k));
            let mut best = vec![f64::INFINITY; h];
            for i in 0..h {
                let so_far = t.from[(k - 1) * h + i];
                for (x, way) in best.iter_mut().zip(self.row(a, i, b)) {
                    *x = x.min(so_far + way);
                }
            }
            t.from[k * h..(k + 1) * h].copy_from_slice(&best);
        }
        for k in (0..=m).rev() {
            let (a, b) = (self.node(t, k), self.node(t, k + 1));
            for i in 0..h {
                let rest = &t.on[(k + 1) * h..(k + 2) * h];
                t.on[k * h + i] = self
                    .row(a, i, b)
                    .iter()
                    .zip(rest)
                    .map(|(w, r)| w + r)
                    .fold(f64::INFINITY, f64::min);
            }
        }
        t.length = if m == 0 {
            0.0
        } else {
            t.from[(m + 1) * h..].iter().copied().fold(f64::INFINITY, f64::min)
        };
        t.load = t.stops.iter().map(|s| self.tasks.visits[*s].demand).sum();
    }

    /// Length of a tour with a visit put in after its first `k` stops.
    fn with(&self, t: &Tour, k: usize, c: usize) -> f64 {
        let h = self.h;
        let (a, b) = (self.node(t, k), self.node(t, k + 1));
        let mut best = f64::INFINITY;
        for j in 0..h {
            let to = (0..h)
                .map(|i| t.from[k * h + i] + self.row(a, i, c)[j])
                .fold(f64::INFINITY, f64::min);
            let rest = &t.on[(k + 1) * h..(k + 2) * h];
            let on = self
                .row(c, j, b)
                .iter()
                .zip(rest)
                .map(|(w, r)| w + r)
                .fold(f64::INFINITY, f64::min);
            best = best.min(to + on);
        }
        best
    }

    /// Headings of the shortest way through a tour's stops.
    fn headings(&self, t: &Tour) -> Vec<(usize, f64)> {
        let h = self.h;
        let least = |k: usize, from: Option<(usize, usize)>| {
            let cost = |j: usize| from.map_or(0.0, |(a, i)| self.row(a, i, self.node(t, k))[j]) + t.on[k * h + j];
            (0..h).min_by(|x, y| cost(*x).total_cmp(&cost(*y))).unwrap_or(0)
        };
        let mut at = (self.n, least(0, None));
        let mut out = Vec::new();
        for (k, s) in t.stops.iter().enumerate() {
            let j = least(k + 1, Some(at));
            out.push((*s, TAU * j as f64 / h as f64));
            at = (*s, j);
        }
        out
    }

    fn put_back(&self, tours: &mut [Tour], absent: &mut Vec<usize>, r: &mut Random) {
        let visits = &self.tasks.visits;
        for k in (1..absent.len()).rev() {
            absent.swap(k, r.below(k + 1));
        }
        // By worth, blurred, or as they come.
        if r.share() < 0.5 {
            let mut keyed: Vec<(f64, usize)> = absent
                .iter()
                .map(|c| (visits[*c].prize * (0.5 + r.share()), *c))
                .collect();
            keyed.sort_by(|a, b| b.0.total_cmp(&a.0));
            *absent = keyed.into_iter().map(|k| k.1).collect();
        }
        let mut still = Vec::new();
        for c in std::mem::take(absent) {
            let mut best: Option<(f64, usize, usize)> = None;
            let mut empty = false;
            for (i, t) in tours.iter().enumerate() {
                if t.load + visits[c].demand > self.tasks.capacity
                    || (t.stops.is_empty() && std::mem::replace(&mut empty, true))
                {
                    continue;
                }
                for k in 0..=t.stops.len() {
                    let length = self.with(t, k, c);
                    let more = length - t.length;
                    if length <= self.tasks.range + 1e-9 && best.is_none_or(|b| more < b.0) && r.share() > 0.03 {
                        best = Some((more, i, k));
                    }
                }
            }
            match best {
                Some((_, i, k)) => {
                    tours[i].stops.insert(k, c);
                    self.settle(&mut tours[i]);
                }
                None => still.push(c),
            }
        }
        *absent = still;
    }
}

/// The tours that bring most: the prizes of what is visited, and of two that bring the same the shorter. `tasks` as for
/// [`crate::tours`], with a number of tours and lengths as they are.
#[must_use]
pub fn wing_tours(tasks: &Tasks, wing: Wing, rounds: usize, seed: u64) -> WingTours {
    let (n, h) = (tasks.visits.len(), wing.headings.max(1));
    let place = |k: usize| match tasks.visits.get(k) {
        Some(v) => v.at,
        None if k == n => tasks.base,
        None => tasks.end.unwrap_or(tasks.base),
    };
    let all: Vec<[f64; 3]> = (0..n + 2)
        .flat_map(|k| (0..h).map(move |j| (k, j)))
        .map(|(k, j)| [place(k)[0], place(k)[1], TAU * j as f64 / h as f64])
        .collect();
    let d = all
        .iter()
        .flat_map(|a| all.iter().map(|b| dubins(*a, *b, wing.radius)))
        .collect();
    let desk = Desk { tasks, n, h, d };
    let mut r = Random::new(seed);
    let count = tasks.tours.unwrap_or(n).min(n);
    let mut empty = Tour::default();
    desk.settle(&mut empty);
    let mut now = vec![empty; count];
    let mut absent: Vec<usize> = (0..n).collect();
    desk.put_back(&mut now, &mut absent, &mut r);
    let total: f64 = tasks.visits.iter().map(|v| v.prize).sum();
    let mean = total / (n.max(1)) as f64;
    let reach = if tasks.range.is_finite() { tasks.range } else { 1e9 };
    // All the length there is weighs as much as a tenth of one visit: it only tells equals apart.
    let weight = 0.1 * mean / (reach * count.max(1) as f64).max(1e-9);
    let price = |t: &[Tour], out: &[usize]| {
        out.iter().map(|c| tasks.visits[*c].prize).sum::<f64>() + weight * t.iter().map(|t| t.length).sum::<f64>()
    };
    let mut cost = price(&now, &absent);
    let (mut best, mut best_tours, mut best_out) = (cost, now.clone(), absent.clone());
    let (hot, cold) = (0.7 * mean, 0.02 * mean);
    for k in 0..rounds {
        let heat = hot * (cold / hot).powf(k as f64 / rounds as f64);
        let (mut tours, mut out) = (now.clone(), absent.clone());
        let pieces = 1 + r.below(2);
        for _ in 0..pieces {
            let full: Vec<usize> = (0..tours.len()).filter(|i| !tours[*i].stops.is_empty()).collect();
            let Some(i) = full.get(r.below(full.len())) else { break };
            let m = tours[*i].stops.len();
            let take = 1 + r.below(m.min(6));
            let at = r.below(m - take + 1);
            out.extend(tours[*i].stops.drain(at..at + take));
            desk.settle(&mut tours[*i]);
        }
        desk.put_back(&mut tours, &mut out, &mut r);
        let then = price(&tours, &out);
        if then - cost < -heat * r.share().max(1e-300).ln() {
            (now, absent, cost) = (tours, out, then);
            if cost < best - 1e-9 {
                (best, best_tours, best_out) = (cost, now.clone(), absent.clone());
            }
        }
    }
    best_out.sort_unstable();
    let flown: Vec<&Tour> = best_tours.iter().filter(|t| !t.stops.is_empty()).collect();
    WingTours {
        tours: flown.iter().map(|t| desk.headings(t)).collect(),
        length: flown.iter().map(|t| t.length).sum(),
        left_out: best_out,
    }
}
