//! Patrols drawn by chance over a stretch with two ends, under a hard cap, and what is left to a crosser who knows them.
//!
//! Invariant: the chance stated is exact for the policy as it is drawn, ends and cap included: every state the patrol can be
//! in is known to the crosser (position, direction, how long either end has waited), and he picks the worst for us. After
//! Agmon, Kraus, Kaminka (JAIR 42, 2011), with turns that cost no step of their own because a step's time contains one.

use std::collections::BTreeMap;

/// Where the patrol is: place, heading to growing places, steps since either end was seen.
type State = (usize, bool, usize, usize);

/// How a patrol is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    /// Segments of the stretch; places are their ends, 0 to `steps`.
    pub(crate) steps: usize,
    /// Chance of going on.
    pub(crate) go_on: f64,
    /// Either end is seen again within so many steps.
    pub(crate) cap: usize,
}

impl Policy {
    /// The state after a step, on by choice or turned; ends and cap overrule.
    fn next(&self, (at, right, first, last): State, on: bool) -> State {
        let n = self.steps;
        let step = |ahead: bool| {
            let to = if ahead { at + 1 } else { at - 1 };
            let age = |a: usize, here: bool| if here { 0 } else { a + 1 };
            (to, ahead, age(first, to == 0), age(last, to == n))
        };
        let drawn = if on { right } else { !right };
        if at == 0 || at == n {
            return step(at == 0);
        }
        match step(drawn) {
            s if self.keeps(s) => s,
            _ => step(!drawn),
        }
    }

    /// Both ends can still be seen within the cap, one after the other. From such a state one of the
    /// two steps leads to such a state, where a flight there and back fits the cap.
    fn keeps(&self, (at, _, first, last): State) -> bool {
        let (n, back) = (self.steps, self.steps - at);
        (first + at <= self.cap && last + at + n <= self.cap)
            || (last + back <= self.cap && first + back + n <= self.cap)
    }

    /// Every state reachable from the start, with where it leads: on and turned.
    fn states(&self) -> (Vec<State>, Vec<[usize; 2]>) {
        let start: State = (0, true, 0, 0);
        let mut number: BTreeMap<State, usize> = BTreeMap::from([(start, 0)]);
        let (mut all, mut leads) = (vec![start], Vec::new());
        let mut i = 0;
        while i < all.len() {
            let to = [true, false].map(|on| {
                let s = self.next(all[i], on);
                let k = *number.entry(s).or_insert(all.len());
                if k == all.len() {
                    all.push(s);
                }
                k
            });
            leads.push(to);
            i += 1;
        }
        (all, leads)
    }

    /// Least chance over all segments and states that the patrol flies over the segment within `within` steps.
    pub(crate) fn informed(&self, within: usize) -> f64 {
        let (all, leads) = self.states();
        let mut worst = 1.0_f64;
        for segment in 0..self.steps {
            let over = |from: usize, to: usize| all[from].0.min(all[to].0) == segment;
            let mut chance = vec![0.0; all.len()];
            for _ in 0..within {
                chance = (0..all.len())
                    .map(|i| {
                        let of = |to: usize| if over(i, to) { 1.0 } else { chance[to] };
                        self.go_on * of(leads[i][0]) + (1.0 - self.go_on) * of(leads[i][1])
                    })
                    .collect();
            }
            worst = chance.into_iter().fold(worst, f64::min);
        }
        worst
    }

    /// Turning places of a walk of at least `count` steps from place 0, drawn from a seed.
    pub(crate) fn turns(&self, count: usize, seed: u64) -> Vec<usize> {
        let mut z = seed;
        // Splitmix64 (Steele, Lea, Flood 2014), 53 bits.
        let mut chance = move || {
            z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut state: State = (0, true, 0, 0);
        let mut out = Vec::new();
        for k in 0..count {
            let next = self.next(state, k == 0 || chance() < self.go_on);
            if next.1 != state.1 {
                out.push(state.0);
            }
            state = next;
        }
        out.push(if state.1 { self.steps } else { 0 });
        out
    }
}

/// The policy that leaves least to an informed crosser, and that chance; also the chance with turns at the ends only.
pub(crate) fn best(steps: usize, cap: usize, within: usize) -> (Policy, f64, f64) {
    let of = |go_on: f64| {
        let p = Policy { steps, go_on, cap };
        (p, p.informed(within))
    };
    let fixed = of(1.0);
    let mut top = fixed;
    for k in 10..20 {
        let p = of(f64::from(k) / 20.0);
        if p.1 > top.1 + 1e-9 {
            top = p;
        }
    }
    (top.0, top.1, fixed.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_keep_their_cap_and_with_time_enough_nobody_passes() {
        let p = Policy {
            steps: 5,
            go_on: 0.8,
            cap: 16,
        };
        // Drawn walks never leave a segment unseen for longer than the cap.
        for seed in 0..50 {
            let (mut at, mut now) = (0usize, 0usize);
            let mut seen = vec![0usize; p.steps];
            for to in p.turns(2000, seed) {
                while at != to {
                    let next = if to > at { at + 1 } else { at - 1 };
                    now += 1;
                    let s = at.min(next);
                    assert!(now - seen[s] <= p.cap, "{s} after {}", now - seen[s]);
                    seen[s] = now;
                    at = next;
                }
            }
        }
        assert!((p.informed(p.cap + 2) - 1.0).abs() < 1e-12);
        // The cap itself is known: where it forces the patrol away, the crosser has as long as if nothing were drawn.
        let (_, drawn, fixed) = best(5, 16, 8);
        assert!(drawn >= fixed);
    }
}
