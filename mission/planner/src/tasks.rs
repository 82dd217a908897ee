//! Task mode: many places to visit once — cues to confirm, batteries to deliver — shared out among aircraft as short tours.
//!
//! Slack induction by string removals (Christiaens, Vanden Berghe, Transportation Science 2020): strings of neighbours are taken
//! out of tours and put back where they cost least, accepted by simulated annealing.
//!
//! Invariant: no tour carries more than its capacity or is longer than its range; the same seed and rounds give the same tours.

use serde::{Deserialize, Serialize};

/// A place to visit, metres or any other unit of length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Place, east and north.
    pub at: [f64; 2],
    /// What it takes of a tour's capacity.
    pub demand: f64,
    /// What leaving it out costs, in the unit of length.
    pub prize: f64,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tasks {
    /// Where every tour begins.
    pub base: [f64; 2],
    /// Where every tour ends; `None`: where it began.
    pub end: Option<[f64; 2]>,
    /// Places.
    pub visits: Vec<Visit>,
    /// Tours at most; `None`: as many as it takes.
    pub tours: Option<usize>,
    /// Capacity of a tour.
    pub capacity: f64,
    /// Range of a tour, its way out and home included; infinite without a limit.
    pub range: f64,
    /// Distances rounded to whole numbers, as public instances count them (TSPLIB EUC_2D).
    pub whole: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tours {
    /// Visits of each tour, in order; numbers in [`Tasks::visits`].
    pub tours: Vec<Vec<usize>>,
    /// Length of all tours.
    pub length: f64,
    /// Visits left out: no tour could take them, or they were not worth the way.
    pub left_out: Vec<usize>,
}

/// Neighbours remembered of each visit.
const NEAR: usize = 120;
/// Visits taken out at a time, on average, and of one tour at most.
const REMOVED: f64 = 10.0;
const STRING: f64 = 10.0;
/// A place for a visit is overlooked this often, so that the greedy choice varies.
const BLINK: f64 = 0.01;

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64* (Vigna 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.share() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

#[derive(Clone, Default)]
struct Tour {
    stops: Vec<u32>,
    load: f64,
    length: f64,
}

struct Desk<'a> {
    tasks: &'a Tasks,
    n: usize,
    /// Distances; after the visits the base and the end of tours.
    d: Vec<f32>,
    near: Vec<Vec<u32>>,
}

impl Desk<'_> {
    #[inline]
    fn d(&self, a: usize, b: usize) -> f64 {
        f64::from(self.d[a * (self.n + 2) + b])
    }

    fn length(&self, stops: &[u32]) -> f64 {
        let mut at = self.n;
        let mut sum = 0.0;
        for s in stops {
            sum += self.d(at, *s as usize);
            at = *s as usize;
        }
        if stops.is_empty() {
            0.0
        } else {
            sum + self.d(at, self.n + 1)
        }
    }
}

/// Shares the visits out. `rounds` is how long it searches: a few hundred a visit give a good answer, a few thousand a very
/// good one.
#[must_use]
pub fn tours(tasks: &Tasks, rounds: usize, seed: u64) -> Tours {
    let n = tasks.visits.len();
    let place = |k: usize| match tasks.visits.get(k) {
        Some(v) => v.at,
        None if k == n => tasks.base,
        None => tasks.end.unwrap_or(tasks.base),
    };
    let mut d = vec![0.0_f32; (n + 2) * (n + 2)];
    for a in 0..n + 2 {
        for b in 0..n + 2 {
            let (p, q) = (place(a), place(b));
            let mut l = (p[0] - q[0]).hypot(p[1] - q[1]);
            if tasks.whole {
                l = (l + 0.5).floor();
            }
            d[a * (n + 2) + b] = l as f32;
        }
    }
    let near = (0..n)
        .map(|a| {
            let mut all: Vec<u32> = (0..n as u32).collect();
            all.sort_by(|x, y| d[a * (n + 2) + *x as usize].total_cmp(&d[a * (n + 2) + *y as usize]));
            all.truncate(NEAR);
            all
        })
        .collect();
    let desk = Desk { tasks, n, d, near };
    let mut r = Random::new(seed);
    let mut now: Vec<Tour> = Vec::new();
    let mut home: Vec<u32> = vec![u32::MAX; n];
    let mut absent: Vec<u32> = (0..n as u32).collect();
    let mut touched: Vec<(usize, Tour)> = Vec::new();
    desk.put_back(&mut now, &mut home, &mut absent, &mut touched, &mut r);
    let price = |t: &[Tour], out: &[u32]| {
        t.iter().map(|t| t.length).sum::<f64>() + out.iter().map(|v| tasks.visits[*v as usize].prize).sum::<f64>()
    };
    let mut cost = price(&now, &absent);
    let (mut best, mut best_tours, mut best_out) = (cost, now.clone(), absent.clone());
    // Temperatures as in the paper for distances of about a thousand, scaled to these.
    let mean = desk.d.iter().map(|x| f64::from(*x)).sum::<f64>() / desk.d.len() as f64;
    let (hot, cold) = (0.02 * mean, 0.0002 * mean);
    for k in 0..rounds {
        if n == 0 {
            break;
        }
        let heat = hot * (cold / hot).powf(k as f64 / rounds as f64);
        touched.clear();
        let (count, out_before) = (now.len(), absent.clone());
        desk.take_out(&mut now, &mut home, &mut absent, &mut touched, &mut r);
        desk.put_back(&mut now, &mut home, &mut absent, &mut touched, &mut r);
        let before: f64 = touched.iter().map(|t| t.1.length).sum::<f64>()
            + out_before.iter().map(|v| tasks.visits[*v as usize].prize).sum::<f64>();
        let after: f64 = touched.iter().map(|t| now[t.0].length).sum::<f64>()
            + absent.iter().map(|v| tasks.visits[*v as usize].prize).sum::<f64>();
        let change = after - before;
        if change < -heat * r.share().max(1e-300).ln() {
            cost += change;
            if cost < best - 1e-6 {
                cost = price(&now, &absent);
                (best, best_tours, best_out) = (cost, now.clone(), absent.clone());
            }
            continue;
        }
        // Refused: as it was.
        for (i, t) in touched.drain(..).rev() {
            for s in &t.stops {
                home[*s as usize] = i as u32;
            }
            now[i] = t;
        }
        now.truncate(count);
        absent = out_before;
        for v in &absent {
            home[*v as usize] = u32::MAX;
        }
    }
    let list = |t: &Tour| t.stops.iter().map(|s| *s as usize).collect::<Vec<_>>();
    let found: Vec<Vec<usize>> = best_tours.iter().filter(|t| !t.stops.is_empty()).map(list).collect();
    let mut left_out: Vec<usize> = best_out.iter().map(|v| *v as usize).collect();
    left_out.sort_unstable();
    Tours {
        length: best_tours.iter().map(|t| desk.length(&t.stops)).sum(),
        tours: found,
        left_out,
    }
}

impl Desk<'_> {
    fn touch(now: &[Tour], touched: &mut Vec<(usize, Tour)>, i: usize) {
        if touched.iter().all(|t| t.0 != i) {
            touched.push((i, now[i].clone()));
        }
    }

    /// Takes strings of neighbours out of tours near a random visit.
    fn take_out(
        &self,
        now: &mut [Tour],
        home: &mut [u32],
        absent: &mut Vec<u32>,
        touched: &mut Vec<(usize, Tour)>,
        r: &mut Random,
    ) {
        let used = now.iter().filter(|t| !t.stops.is_empty()).count().max(1);
        let mean = self.n as f64 / used as f64;
        let longest = STRING.min(mean);
        let most = 4.0 * REMOVED / (1.0 + longest) - 1.0;
        let strings = (r.share() * most + 1.0).floor().max(1.0) as usize;
        let seed = r.below(self.n);
        let mut done: Vec<u32> = Vec::new();
        for k in 0..self.near[seed].len() {
            let c = self.near[seed][k] as usize;
            if done.len() >= strings {
                break;
            }
            let i = home[c];
            if i == u32::MAX || done.contains(&i) {
                continue;
            }
            done.push(i);
            let i = i as usize;
            Self::touch(now, touched, i);
            let t = &mut now[i];
            let m = t.stops.len();
            let most = longest.min(m as f64);
            let take = ((r.share() * most + 1.0).floor() as usize).clamp(1, m);
            let at = t.stops.iter().position(|s| *s as usize == c).unwrap_or(0);
            // A string that holds the visit; half the time with a piece in its middle kept.
            let keep = if r.share() < 0.5 && take > 1 && take < m {
                1 + r.below((m - take).min(3))
            } else {
                0
            };
            let span = (take + keep).min(m);
            let low = (at + 1).saturating_sub(span);
            let high = at.min(m - span);
            let from = low + r.below(high - low + 1);
            let hole = from + r.below(take.max(1));
            let mut left = Vec::with_capacity(m);
            for (j, s) in t.stops.iter().enumerate() {
                let inside = j >= from && j < from + span && !(keep > 0 && j >= hole && j < hole + keep);
                if inside {
                    absent.push(*s);
                    home[*s as usize] = u32::MAX;
                    t.load -= self.tasks.visits[*s as usize].demand;
                } else {
                    left.push(*s);
                }
            }
            t.stops = left;
            t.length = self.length(&t.stops);
        }
    }

    /// Puts visits back where they cost least.
    fn put_back(
        &self,
        now: &mut Vec<Tour>,
        home: &mut [u32],
        absent: &mut Vec<u32>,
        touched: &mut Vec<(usize, Tour)>,
        r: &mut Random,
    ) {
        let visits = &self.tasks.visits;
        let far = |v: &u32| self.d(*v as usize, self.n);
        match r.below(11) {
            0..=3 => {
                for k in (1..absent.len()).rev() {
                    absent.swap(k, r.below(k + 1));
                }
            }
            4..=7 => absent.sort_by(|a, b| visits[*b as usize].demand.total_cmp(&visits[*a as usize].demand)),
            8..=9 => absent.sort_by(|a, b| far(b).total_cmp(&far(a))),
            _ => absent.sort_by(|a, b| far(a).total_cmp(&far(b))),
        }
        let mut still = Vec::new();
        for v in std::mem::take(absent) {
            let c = v as usize;
            let demand = visits[c].demand;
            let mut best: Option<(f64, usize, usize)> = None;
            for (i, t) in now.iter().enumerate() {
                if t.load + demand > self.tasks.capacity || t.stops.is_empty() {
                    continue;
                }
                let mut a = self.n;
                for j in 0..=t.stops.len() {
                    let b = t.stops.get(j).map_or(self.n + 1, |s| *s as usize);
                    let more = self.d(a, c) + self.d(c, b) - self.d(a, b);
                    a = b;
                    if best.is_none_or(|x| more < x.0) && t.length + more <= self.tasks.range && r.share() > BLINK {
                        best = Some((more, i, j));
                    }
                }
            }
            let alone = self.d(self.n, c) + self.d(c, self.n + 1);
            let used = now.iter().filter(|t| !t.stops.is_empty()).count();
            let may =
                self.tasks.tours.is_none_or(|m| used < m) && alone <= self.tasks.range && demand <= self.tasks.capacity;
            if may && best.is_none_or(|x| alone < x.0) {
                let i = now.iter().position(|t| t.stops.is_empty()).unwrap_or(now.len());
                if i == now.len() {
                    now.push(Tour::default());
                }
                best = Some((alone, i, 0));
            }
            match best.filter(|x| x.0 < visits[c].prize) {
                Some((more, i, j)) => {
                    Self::touch(now, touched, i);
                    let t = &mut now[i];
                    t.stops.insert(j, v);
                    t.load += demand;
                    t.length += more;
                    home[c] = i as u32;
                }
                None => still.push(v),
            }
        }
        *absent = still;
    }
}
