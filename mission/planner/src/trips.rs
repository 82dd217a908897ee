//! Task mode by the clock: places with opening hours, visited by aircraft that come home for a fresh battery and go out again.
//!
//! Several trips by each aircraft, hours in which a place may be visited, and moments before which what is to be brought is not
//! at the base (multi-trip routing with time windows and release times: Cattaruzza, Absi, Feillet, Transportation Science 50(2),
//! 2016). Searched as [`crate::tours`] is: strings of neighbours are taken out and put back where they cost least.
//!
//! Invariant: no visit begins before its place opens or after it closes, no trip leaves before all it carries is there and the
//! battery is fresh, none carries more than its capacity or is longer than its range; the same seed and rounds give the same
//! trips.

use serde::{Deserialize, Serialize};

use crate::tasks::{Random, Visit};

/// A place to visit at its time. Times are in seconds, or any unit in which a length over [`TimedTasks::speed`] is one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimedVisit {
    /// Place, what it takes of a trip's capacity, and what leaving it out costs.
    pub visit: Visit,
    /// How long the visit takes.
    pub stay_s: f64,
    /// The visit begins no earlier than this: who comes before waits.
    pub open_s: f64,
    /// And no later than this.
    pub close_s: f64,
    /// What is brought there is at the base from then on.
    pub ready_s: f64,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimedTasks {
    /// Where every trip begins and ends, east and north.
    pub base: [f64; 2],
    /// Places.
    pub visits: Vec<TimedVisit>,
    /// Aircraft at most.
    pub aircraft: usize,
    /// Capacity of a trip.
    pub capacity: f64,
    /// Range of a trip, its way out and home included; infinite without a limit.
    pub range: f64,
    /// Length flown in a unit of time.
    pub speed: f64,
    /// From landing to the next take-off.
    pub swap_s: f64,
    /// The base opens.
    pub open_s: f64,
    /// Every trip is home by then; infinite without a limit.
    pub close_s: f64,
    /// Lengths cut off after a tenth, as public instances count them (DIMACS); times then go by the cut lengths.
    pub tenths: bool,
}

/// One trip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    /// Visits in order; numbers in [`TimedTasks::visits`].
    pub visits: Vec<usize>,
    /// It leaves the base.
    pub off_s: f64,
    /// It is back.
    pub home_s: f64,
    /// Its length.
    pub length: f64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trips {
    /// Trips of each aircraft, in order.
    pub aircraft: Vec<Vec<Trip>>,
    /// Length of all trips.
    pub length: f64,
    /// Visits left out: no trip could make them in time, or they were not worth the way.
    pub left_out: Vec<usize>,
}

/// Neighbours remembered of each visit; visits taken out at a time on average and of one aircraft at most; how often a place is
/// overlooked.
const NEAR: usize = 100;
const REMOVED: f64 = 10.0;
const STRING: f64 = 10.0;
const BLINK: f64 = 0.01;
/// Slack of comparisons of times and lengths.
const EPS: f64 = 1e-6;

/// What one aircraft does: visits, with [`Desk::n`] between trips.
#[derive(Clone, Default)]
struct Day {
    stops: Vec<u32>,
    length: f64,
    /// When it leaves each stop, and the latest it may come there without being late later on.
    leave: Vec<f64>,
    late: Vec<f64>,
    trips: Vec<Leg>,
}

/// One trip of a day.
#[derive(Clone, Copy)]
struct Leg {
    /// Its stops: from and to, the end left out.
    from: usize,
    to: usize,
    load: f64,
    length: f64,
    /// It leaves; the latest it may leave.
    off: f64,
    off_late: f64,
    home: f64,
}

struct Desk<'a> {
    tasks: &'a TimedTasks,
    n: usize,
    d: Vec<f64>,
    near: Vec<Vec<u32>>,
}

/// Where a visit could go.
#[derive(Clone, Copy)]
enum Place {
    /// Before this stop, within a trip.
    Within(usize, usize),
    /// As a trip of its own before this stop.
    Alone(usize, usize),
    /// As the first of a trip that begins here, before this stop; or the last of one that ends here.
    First(usize, usize),
    Last(usize, usize),
}

impl Desk<'_> {
    #[inline]
    fn d(&self, a: usize, b: usize) -> f64 {
        self.d[a * (self.n + 1) + b]
    }

    #[inline]
    fn fly(&self, a: usize, b: usize) -> f64 {
        self.d(a, b) / self.tasks.speed
    }

    /// Everything that follows from a day's stops; false when it cannot be kept.
    fn settle(&self, day: &mut Day) -> bool {
        let (n, t) = (self.n, self.tasks);
        let m = day.stops.len();
        day.length = 0.0;
        day.leave.clear();
        day.leave.resize(m, 0.0);
        day.late.clear();
        day.late.resize(m, 0.0);
        day.trips.clear();
        let mut at = 0;
        let mut free = t.open_s;
        while at < m {
            let to = (at..m).find(|k| day.stops[*k] as usize == n).unwrap_or(m);
            let (mut load, mut ready) = (0.0, 0.0_f64);
            for s in &day.stops[at..to] {
                let v = &t.visits[*s as usize];
                load += v.visit.demand;
                ready = ready.max(v.ready_s);
            }
            let off = free.max(ready);
            let (mut now, mut length, mut before) = (off, 0.0, n);
            for k in at..to {
                let s = day.stops[k] as usize;
                let v = &t.visits[s];
                now = (now + self.fly(before, s)).max(v.open_s);
                if now > v.close_s + EPS {
                    return false;
                }
                now += v.stay_s;
                length += self.d(before, s);
                day.leave[k] = now;
                before = s;
            }
            length += self.d(before, n);
            now += self.fly(before, n);
            if to == at || now > t.close_s + EPS || load > t.capacity + EPS || length > t.range + EPS {
                return false;
            }
            if to < m {
                day.leave[to] = now;
            }
            day.trips.push(Leg {
                from: at,
                to,
                load,
                length,
                off,
                off_late: f64::INFINITY,
                home: now,
            });
            day.length += length;
            free = now + t.swap_s;
            at = to + 1;
        }
        // Backwards: the latest.
        let mut home_late = t.close_s;
        for leg in day.trips.iter_mut().rev() {
            let (mut late, mut after) = (home_late, n);
            if leg.to < m {
                day.late[leg.to] = home_late;
            }
            for k in (leg.from..leg.to).rev() {
                let s = day.stops[k] as usize;
                let v = &t.visits[s];
                late = v.close_s.min(late - self.fly(s, after) - v.stay_s);
                day.late[k] = late;
                after = s;
            }
            leg.off_late = late - self.fly(n, after);
            home_late = t.close_s.min(leg.off_late - t.swap_s);
        }
        true
    }

    /// Whether a visit fits before stop `k` of trip `i` of a day, in time.
    fn fits(&self, day: &Day, i: usize, k: usize, c: usize) -> bool {
        let leg = &day.trips[i];
        let v = &self.tasks.visits[c];
        let (n, t) = (self.n, self.tasks);
        // When the stop before is left: as now, unless the trip has to wait for what this visit carries.
        let (mut now, mut before) = (leg.off, n);
        if v.ready_s > leg.off {
            now = v.ready_s;
            if now > leg.off_late + EPS {
                return false;
            }
            for j in leg.from..k {
                let s = day.stops[j] as usize;
                let w = &t.visits[s];
                now = (now + self.fly(before, s)).max(w.open_s) + w.stay_s;
                before = s;
            }
        } else if k > leg.from {
            before = day.stops[k - 1] as usize;
            now = day.leave[k - 1];
        }
        now = (now + self.fly(before, c)).max(v.open_s);
        if now > v.close_s + EPS {
            return false;
        }
        now += v.stay_s;
        if k < leg.to {
            let s = day.stops[k] as usize;
            now + self.fly(c, s) <= day.late[k] + EPS
        } else {
            let home_late = if leg.to < day.stops.len() {
                day.late[leg.to]
            } else {
                t.close_s
            };
            now + self.fly(c, n) <= home_late + EPS
        }
    }

    /// Whether a trip to `c` alone fits before trip `i` (or after the last).
    fn alone_fits(&self, day: &Day, i: usize, c: usize) -> bool {
        let v = &self.tasks.visits[c];
        let t = self.tasks;
        let free = match i.checked_sub(1).and_then(|b| day.trips.get(b)) {
            Some(b) => b.home + t.swap_s,
            None => t.open_s,
        };
        let at = (free.max(v.ready_s) + self.fly(self.n, c)).max(v.open_s);
        let home_late = day
            .trips
            .get(i)
            .map_or(t.close_s, |n| t.close_s.min(n.off_late - t.swap_s));
        at <= v.close_s + EPS && at + v.stay_s + self.fly(c, self.n) <= home_late + EPS
    }

    /// The cheapest place for a visit.
    fn place(&self, days: &[Day], c: usize, trial: &mut Day, r: &mut Random) -> Option<(f64, Place)> {
        let t = self.tasks;
        let v = &t.visits[c].visit;
        let n = self.n;
        let mut best: Option<(f64, Place)> = None;
        if v.demand > t.capacity + EPS || 2.0 * self.d(n, c) > t.range + EPS {
            return None;
        }
        let better = |best: &Option<(f64, Place)>, more: f64| best.is_none_or(|b| more < b.0) && more < v.prize;
        for (i, day) in days.iter().enumerate() {
            for (j, leg) in day.trips.iter().enumerate() {
                if leg.load + v.demand > t.capacity + EPS {
                    continue;
                }
                let mut a = n;
                for k in leg.from..=leg.to {
                    let b = if k < leg.to { day.stops[k] as usize } else { n };
                    let more = self.d(a, c) + self.d(c, b) - self.d(a, b);
                    a = b;
                    if better(&best, more)
                        && leg.length + more <= t.range + EPS
                        && r.share() > BLINK
                        && self.fits(day, j, k, c)
                    {
                        best = Some((more, Place::Within(i, k)));
                    }
                }
            }
        }
        let alone = 2.0 * self.d(n, c);
        let mut spare = false;
        for (i, day) in days.iter().enumerate() {
            // One unused aircraft is as good as another.
            if day.stops.is_empty() && std::mem::replace(&mut spare, true) {
                continue;
            }
            for j in 0..=day.trips.len() {
                if better(&best, alone) && r.share() > BLINK && self.alone_fits(day, j, c) {
                    let k = day.trips.get(j).map_or(day.stops.len(), |l| l.from);
                    best = Some((alone, Place::Alone(i, k)));
                }
            }
        }
        // Trips cut in two.
        for (i, day) in days.iter().enumerate() {
            for leg in &day.trips {
                for k in leg.from + 1..leg.to {
                    let (a, b) = (day.stops[k - 1] as usize, day.stops[k] as usize);
                    let home = self.d(a, n) + self.d(n, c) + self.d(c, b) - self.d(a, b);
                    let out = self.d(a, c) + self.d(c, n) + self.d(n, b) - self.d(a, b);
                    for (more, place) in [(home, Place::First(i, k)), (out, Place::Last(i, k))] {
                        if better(&best, more) && r.share() > BLINK {
                            trial.stops.clone_from(&day.stops);
                            self.put(&mut trial.stops, place, c);
                            if self.settle(trial) {
                                best = Some((more, place));
                            }
                        }
                    }
                }
            }
        }
        best
    }

    fn put(&self, stops: &mut Vec<u32>, place: Place, c: usize) {
        let (c, base) = (c as u32, self.n as u32);
        match place {
            Place::Within(_, k) => stops.insert(k, c),
            Place::First(_, k) => {
                stops.insert(k, c);
                stops.insert(k, base);
            }
            Place::Last(_, k) => {
                stops.insert(k, base);
                stops.insert(k, c);
            }
            Place::Alone(_, k) => {
                if k < stops.len() {
                    stops.insert(k, base);
                    stops.insert(k, c);
                } else {
                    if !stops.is_empty() {
                        stops.push(base);
                    }
                    stops.push(c);
                }
            }
        }
    }

    /// No empty trips.
    fn tidy(&self, stops: &mut Vec<u32>) {
        let base = self.n as u32;
        stops.dedup_by(|b, a| *a == base && *b == base);
        if stops.last() == Some(&base) {
            stops.pop();
        }
        if stops.first() == Some(&base) {
            stops.remove(0);
        }
    }
}

/// Where the search is.
struct State {
    days: Vec<Day>,
    /// Aircraft of each visit; `u32::MAX` without.
    home: Vec<u32>,
    absent: Vec<u32>,
    /// Days as they were before this round.
    touched: Vec<(usize, Day)>,
}

impl State {
    fn touch(&mut self, i: usize) {
        if self.touched.iter().all(|t| t.0 != i) {
            self.touched.push((i, self.days[i].clone()));
        }
    }
}

impl Desk<'_> {
    /// Takes strings of neighbours out near a random visit. False when what is left cannot be kept: lengths cut off may make a
    /// detour shorter than the straight way.
    fn take_out(&self, s: &mut State, r: &mut Random) -> bool {
        let used = s.days.iter().filter(|d| !d.stops.is_empty()).count().max(1);
        let longest = STRING.min(self.n as f64 / used as f64);
        let most = 4.0 * REMOVED / (1.0 + longest) - 1.0;
        let strings = (r.share() * most + 1.0).floor().max(1.0) as usize;
        let seed = r.below(self.n);
        let mut done: Vec<u32> = Vec::new();
        for k in 0..self.near[seed].len() {
            if done.len() >= strings {
                break;
            }
            let c = self.near[seed][k];
            let i = s.home[c as usize];
            if i == u32::MAX || done.contains(&i) {
                continue;
            }
            done.push(i);
            let i = i as usize;
            s.touch(i);
            let day = &mut s.days[i];
            let m = day.stops.len();
            let take = ((r.share() * longest.min(m as f64) + 1.0).floor() as usize).clamp(1, m);
            let keep = if r.share() < 0.5 && take > 1 && take < m {
                1 + r.below((m - take).min(3))
            } else {
                0
            };
            let span = (take + keep).min(m);
            let at = day.stops.iter().position(|x| *x == c).unwrap_or(0);
            let low = (at + 1).saturating_sub(span);
            let from = low + r.below(at.min(m - span) - low + 1);
            let hole = from + r.below(take);
            let gone = |j: usize| j >= from && j < from + span && !(keep > 0 && j >= hole && j < hole + keep);
            let (mut left, mut joined) = (Vec::with_capacity(m), Vec::with_capacity(m));
            for (j, x) in day.stops.iter().enumerate() {
                if *x as usize == self.n {
                    left.push(*x);
                    if !gone(j) {
                        joined.push(*x);
                    }
                } else if gone(j) {
                    s.absent.push(*x);
                    s.home[*x as usize] = u32::MAX;
                } else {
                    left.push(*x);
                    joined.push(*x);
                }
            }
            // Where the way home in between was in the string, two trips become one if they can.
            self.tidy(&mut joined);
            self.tidy(&mut left);
            day.stops = joined;
            if !self.settle(day) {
                day.stops = left;
                if !self.settle(day) {
                    return false;
                }
            }
        }
        true
    }

    fn put_back(&self, s: &mut State, trial: &mut Day, r: &mut Random) -> bool {
        let visits = &self.tasks.visits;
        let far = |v: &u32| self.d(*v as usize, self.n);
        match r.below(12) {
            0..=3 => {
                for k in (1..s.absent.len()).rev() {
                    s.absent.swap(k, r.below(k + 1));
                }
            }
            4..=5 => s.absent.sort_by(|a, b| {
                let q = |v: &u32| visits[*v as usize].visit.demand;
                q(b).total_cmp(&q(a))
            }),
            6..=7 => s.absent.sort_by(|a, b| far(b).total_cmp(&far(a))),
            8 => s.absent.sort_by(|a, b| far(a).total_cmp(&far(b))),
            9..=10 => s.absent.sort_by(|a, b| {
                let wide = |v: &u32| visits[*v as usize].close_s - visits[*v as usize].open_s;
                wide(a).total_cmp(&wide(b))
            }),
            _ => s.absent.sort_by(|a, b| {
                let end = |v: &u32| visits[*v as usize].close_s;
                end(a).total_cmp(&end(b))
            }),
        }
        let mut still = Vec::new();
        for v in std::mem::take(&mut s.absent) {
            let c = v as usize;
            let Some((_, place)) = self.place(&s.days, c, trial, r) else {
                still.push(v);
                continue;
            };
            let (Place::Within(i, _) | Place::Alone(i, _) | Place::First(i, _) | Place::Last(i, _)) = place;
            s.touch(i);
            let day = &mut s.days[i];
            self.put(&mut day.stops, place, c);
            s.home[c] = i as u32;
            if !self.settle(day) {
                return false;
            }
        }
        s.absent = still;
        true
    }

    fn price(&self, s: &State) -> f64 {
        let out: f64 = s
            .absent
            .iter()
            .map(|v| self.tasks.visits[*v as usize].visit.prize)
            .sum();
        s.days.iter().map(|d| d.length).sum::<f64>() + out
    }
}

/// Shares the visits out among the aircraft and their trips. `rounds` is how long it searches: a few thousand a visit give a
/// very good answer.
#[must_use]
pub fn trips(tasks: &TimedTasks, rounds: usize, seed: u64) -> Trips {
    let n = tasks.visits.len();
    let place = |k: usize| tasks.visits.get(k).map_or(tasks.base, |v| v.visit.at);
    let mut d = vec![0.0_f64; (n + 1) * (n + 1)];
    for a in 0..=n {
        for b in 0..=n {
            let (p, q) = (place(a), place(b));
            let l = (p[0] - q[0]).hypot(p[1] - q[1]);
            d[a * (n + 1) + b] = if tasks.tenths { (10.0 * l).floor() / 10.0 } else { l };
        }
    }
    let near = (0..n)
        .map(|a| {
            let mut all: Vec<u32> = (0..n as u32).collect();
            all.sort_by(|x, y| d[a * (n + 1) + *x as usize].total_cmp(&d[a * (n + 1) + *y as usize]));
            all.truncate(NEAR);
            all
        })
        .collect();
    let desk = Desk { tasks, n, d, near };
    let mut r = Random::new(seed);
    let mut s = State {
        days: vec![Day::default(); tasks.aircraft],
        home: vec![u32::MAX; n],
        absent: (0..n as u32).collect(),
        touched: Vec::new(),
    };
    let mut trial = Day::default();
    if n == 0 || tasks.aircraft == 0 || !desk.put_back(&mut s, &mut trial, &mut r) {
        return desk.answer(
            &vec![Day::default(); tasks.aircraft],
            &(0..n as u32).collect::<Vec<_>>(),
        );
    }
    let mut cost = desk.price(&s);
    let (mut best, mut best_days, mut best_out) = (cost, s.days.clone(), s.absent.clone());
    let mean = desk.d.iter().sum::<f64>() / desk.d.len() as f64;
    let (hot, cold) = (0.1 * mean, 0.001 * mean);
    for k in 0..rounds {
        let heat = hot * (cold / hot).powf(k as f64 / rounds as f64);
        s.touched.clear();
        let absent_before = s.absent.clone();
        if desk.take_out(&mut s, &mut r) && desk.put_back(&mut s, &mut trial, &mut r) {
            let now = desk.price(&s);
            if now - cost < -heat * r.share().max(1e-300).ln() {
                cost = now;
                if cost < best - EPS {
                    (best, best_days, best_out) = (cost, s.days.clone(), s.absent.clone());
                }
                continue;
            }
        }
        // Refused: as it was.
        let touched = std::mem::take(&mut s.touched);
        for (i, day) in touched.into_iter().rev() {
            s.days[i] = day;
        }
        s.absent = absent_before;
        s.home.fill(u32::MAX);
        for (i, day) in s.days.iter().enumerate() {
            for x in day.stops.iter().filter(|x| (**x as usize) < n) {
                s.home[*x as usize] = i as u32;
            }
        }
    }
    desk.answer(&best_days, &best_out)
}

impl Desk<'_> {
    fn answer(&self, days: &[Day], out: &[u32]) -> Trips {
        let trips = |day: &Day| {
            let one = |leg: &Leg| Trip {
                visits: day.stops[leg.from..leg.to].iter().map(|x| *x as usize).collect(),
                off_s: leg.off,
                home_s: leg.home,
                length: leg.length,
            };
            day.trips.iter().map(one).collect::<Vec<_>>()
        };
        let mut left_out: Vec<usize> = out.iter().map(|v| *v as usize).collect();
        left_out.sort_unstable();
        Trips {
            aircraft: days.iter().map(trips).collect(),
            length: days.iter().map(|d| d.length).sum(),
            left_out,
        }
    }
}
