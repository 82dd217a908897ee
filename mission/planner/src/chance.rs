//! Patrols an observer cannot predict, with the chance that remains for one who knows the policy.
//!
//! Invariant: the chance stated is exact for the model (Agmon, Kraus, Kaminka, ICRA 2008; JAIR 42, 2011, 887–916): robots `d`
//! segments apart on a line closed or walked there and back, each step going on with probability p or turning (one step) with
//! 1 − p, all alike; who enters a segment needs `t` steps. A hard cap on revisit limits what may be drawn. Seeded: the same
//! seed draws the same patrol.

use serde::{Deserialize, Serialize};

/// Chance that an intrusion at segment `i` (1 is just ahead of the robot) is met within `t` steps, for every segment of the
/// `d` between one robot and the next. Exact, by the chain of states.
#[must_use]
pub fn detection(d: usize, t: usize, p: f64) -> Vec<f64> {
    if d == 0 {
        return Vec::new();
    }
    let n = d as i64;
    (1..=n)
        .map(|i| {
            // Robots at −d, 0, d, … all move alike: only the offset of the whole ring counts. Offset 0 at the start, heading
            // right; the segment is met when the offset comes to i (the robot behind it going right) or to i − d.
            let size = (2 * d + 1) * 2;
            let at = |o: i64, right: bool| ((o + n) as usize) * 2 + usize::from(right);
            let mut mass = vec![0.0_f64; size];
            mass[at(0, true)] = 1.0;
            let mut met = 0.0;
            for _ in 0..t {
                let mut next = vec![0.0; size];
                // The segment just behind the next robot is met as soon as that robot turns and goes.
                let own = i == n;
                for o in (i - n + i64::from(!own))..i {
                    for right in [false, true] {
                        let m = mass[at(o, right)];
                        if m == 0.0 {
                            continue;
                        }
                        let to = if right { o + 1 } else { o - 1 };
                        if to == i || to == i - n || (own && o == 0 && !right) {
                            met += m * p;
                        } else {
                            next[at(to, right)] += m * p;
                        }
                        next[at(o, !right)] += m * (1.0 - p);
                    }
                }
                mass = next;
            }
            met
        })
        .collect()
}

/// The best chance of going on: it makes the weakest segment as strong as can be. Returns p and that chance.
#[must_use]
pub fn best(d: usize, t: usize) -> (f64, f64) {
    let weakest = |p: f64| detection(d, t, p).into_iter().fold(f64::INFINITY, f64::min);
    if t >= d {
        return (1.0, weakest(1.0));
    }
    let mut top = (0.0, -1.0);
    for k in 0..=200 {
        let p = f64::from(k) / 200.0;
        let w = weakest(p);
        if w > top.1 {
            top = (p, w);
        }
    }
    let (mut lo, mut hi) = ((top.0 - 0.005_f64).max(0.0), (top.0 + 0.005_f64).min(1.0));
    for _ in 0..40 {
        let (a, b) = (lo + (hi - lo) / 3.0, hi - (hi - lo) / 3.0);
        if weakest(a) < weakest(b) { lo = a } else { hi = b }
    }
    let p = 0.5 * (lo + hi);
    (p, weakest(p))
}

/// What is told of a randomised patrol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Randomised {
    /// Seed drawn from, for the audit.
    pub seed: u64,
    /// Chance of going on at each step.
    pub go_on: f64,
    /// Chance that an intruder who knows the policy and sees the patrol is met, at the weakest segment.
    pub weakest: f64,
    /// The same without chance: 0 when segments are crossed faster than the patrol comes by.
    pub without: f64,
    /// Entropy of a step, bits.
    pub entropy_bits: f64,
    /// Longest revisit the drawn patrol really has, steps.
    pub revisit_steps: usize,
    /// Times the cap on revisit overruled the draw.
    pub overruled: usize,
}

/// Draws a walk over `d` segments for `steps` steps; no segment goes unseen for longer than `cap` steps once all were seen.
/// The walk is the segment at each step. `cap` below 2(d − 1) cannot be kept by anyone and is raised to it.
#[must_use]
pub fn draw(d: usize, t: usize, steps: usize, cap: usize, seed: u64) -> (Vec<usize>, Randomised) {
    let (go_on, weakest) = best(d, t);
    let mut state = seed;
    // Splitmix64 (Steele, Lea, Flood 2014), 53 bits.
    let mut chance = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let last_place = d.saturating_sub(1);
    let cap = cap.max(2 * last_place).max(1);
    let mut seen = vec![0usize; d.max(1)];
    let (mut at, mut right) = (0usize, true);
    let mut walk = Vec::with_capacity(steps);
    let (mut revisit, mut overruled) = (0, 0);
    for now in 1..=steps {
        let on = chance() < go_on;
        // Where a turn would leave an end unseen for longer than the cap, the walk goes on to it.
        let mut ahead = if on { right } else { !right };
        if at == 0 {
            ahead = true;
        } else if at == last_place {
            ahead = false;
        }
        let due = |end: usize, away: usize| seen[end] + cap <= now + away + 1;
        let forced = match (due(0, at), due(last_place, last_place - at)) {
            (true, false) => Some(false),
            (false, true) => Some(true),
            (true, true) => Some(right),
            _ => None,
        };
        if let Some(f) = forced
            && last_place > 0
            && f != ahead
            && !(f && at == last_place || !f && at == 0)
        {
            ahead = f;
            overruled += 1;
        }
        right = ahead;
        if last_place > 0 {
            at = if right {
                (at + 1).min(last_place)
            } else {
                at.saturating_sub(1)
            };
        }
        if seen[at] > 0 {
            revisit = revisit.max(now - seen[at]);
        }
        seen[at] = now;
        walk.push(at);
    }
    let entropy = |q: f64| if q > 0.0 { -q * q.log2() } else { 0.0 };
    let told = Randomised {
        seed,
        go_on,
        weakest,
        without: detection(d, t, 1.0).into_iter().fold(f64::INFINITY, f64::min),
        entropy_bits: entropy(go_on) + entropy(1.0 - go_on),
        revisit_steps: revisit,
        overruled,
    };
    (walk, told)
}

/// Draws a patrol round a closed line: robots `d` segments apart that all move alike, one segment a step, or turn on the spot,
/// which takes a step. Told is where the first one is after every step, counted on beyond the ring's end, and whether it heads
/// onwards. No segment goes unseen for longer than `cap` steps once all were seen; a cap under 2d + 2 is raised to it.
#[must_use]
pub fn draw_ring(d: usize, t: usize, steps: usize, cap: usize, seed: u64) -> (Vec<(i64, bool)>, Randomised) {
    let (go_on, weakest) = best(d, t);
    let (d, mut state) = (d.max(1), seed);
    let mut chance = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let cap = cap.max(2 * d + 2);
    let ring = d as i64;
    // When each of the d places between one robot and the next was last seen.
    let mut seen = vec![0usize; d];
    let (mut at, mut onwards) = (0_i64, true);
    let (mut walk, mut revisit, mut overruled) = (Vec::with_capacity(steps), 0, 0);
    for now in 1..=steps {
        let wish = chance() < go_on;
        // Every place is reached one way or the other, going on or after a turn: where going the other way first would make one
        // late (a step away and back costs three), that one is gone for.
        let need = |k: i64| {
            let step = if onwards { k } else { -k };
            let ahead = (at + step).rem_euclid(ring) as usize;
            let (on, back) = (k as usize, (ring - k) as usize + 1);
            (now - seen[ahead] + on.min(back) + 3, on <= back)
        };
        let urgent = (1..ring).map(need).filter(|n| n.0 >= cap).max();
        let keep = urgent.map_or(wish, |n| n.1);
        overruled += usize::from(keep != wish);
        if keep {
            at += if onwards { 1 } else { -1 };
        } else {
            onwards = !onwards;
        }
        let here = at.rem_euclid(ring) as usize;
        if seen[here] > 0 {
            revisit = revisit.max(now - seen[here]);
        }
        seen[here] = now;
        walk.push((at, onwards));
    }
    let entropy = |q: f64| if q > 0.0 { -q * q.log2() } else { 0.0 };
    let told = Randomised {
        seed,
        go_on,
        weakest,
        without: detection(d, t, 1.0).into_iter().fold(f64::INFINITY, f64::min),
        entropy_bits: entropy(go_on) + entropy(1.0 - go_on),
        revisit_steps: revisit,
        overruled,
    };
    (walk, told)
}

/// How often crossings begun at every moment of a walk round a ring are met, by how many segments ahead of a robot (1 to d) they
/// begin: what one who sees place and heading, and knows how the patrol is drawn, can choose from.
#[must_use]
pub fn met(walk: &[(i64, bool)], d: usize, t: usize) -> Vec<f64> {
    let ring = d.max(1) as i64;
    let moments = walk.len().saturating_sub(t);
    (1..=ring)
        .map(|i| {
            let hits = (0..moments).filter(|now| {
                let (at, onwards) = walk[*now];
                let place = (at + if onwards { i } else { -i }).rem_euclid(ring);
                // The last segment lies just behind the next robot, where this one stands in its turn: it is met when they turn
                // and go over it, or come back to it; a turn on the spot is no meeting.
                let (mut before, dir) = (at, if onwards { 1 } else { -1 });
                walk[now + 1..=now + t].iter().any(|(p, _)| {
                    let was = std::mem::replace(&mut before, *p);
                    let over = i == ring && was.rem_euclid(ring) == place && *p == was - dir;
                    over || (*p != was && p.rem_euclid(ring) == place)
                })
            });
            hits.count() as f64 / moments.max(1) as f64
        })
        .collect()
}
