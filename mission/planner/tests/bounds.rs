//! The patrolling theory the planner's bounds come from, as properties: whatever a fleet flies, on a fence or round a ring, none
//! beats the bound; and the schedules the papers name reach what the papers say (statements P1 to P7 of the planning notes).

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use vedette_planner::{lower_bound, lower_bound_of, ring_round_s, shared_out_s};

/// How an aircraft flies for ever: speed, start, metres.
#[derive(Debug, Clone, Copy)]
enum Flies {
    /// To and fro between two places, begun at a share of its period.
    Between(f64, f64, f64, f64),
    /// Round and round from a place.
    Round(f64, f64),
}

/// First and last moments of looks of half width `h` at `x` until `t`, on a line or ring of length `l`.
fn looks(f: Flies, x: f64, h: f64, l: f64, t: f64) -> Vec<(f64, f64)> {
    // What touches is seen, whatever rounding says.
    let h = h + 1e-6;
    let mut out = Vec::new();
    match f {
        Flies::Between(v, a, b, phase) => {
            let half = ((b - a) / v).max(1e-9);
            let mut start = -2.0 * half * (1.0 + phase);
            while start < t {
                for (low, high, from) in [(x - h - a, x + h - a, start), (b - x - h, b - x + h, start + half)] {
                    let (p, q) = ((low / v).max(0.0), (high / v).min(half));
                    if p <= q && from + q >= 0.0 {
                        out.push((from + p, from + q));
                    }
                }
                start += 2.0 * half;
            }
        }
        Flies::Round(v, from) => {
            let mut first = (x - from - h) / v - 2.0 * l / v;
            while first < t {
                if first + 2.0 * h / v >= 0.0 {
                    out.push((first, first + 2.0 * h / v));
                }
                first += l / v;
            }
        }
    }
    out
}

/// Longest time any of many places, those of `ends` among them, goes unseen between 0 and `t`.
fn idle_s(fleet: &[Flies], l: f64, h: f64, t: f64, ends: &[f64]) -> f64 {
    let mut worst = 0.0_f64;
    for x in (0..=200).map(|k| l * f64::from(k) / 200.0).chain(ends.iter().copied()) {
        let mut all: Vec<(f64, f64)> = fleet.iter().flat_map(|f| looks(*f, x, h, l, t)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut last = 0.0_f64;
        for (a, b) in all.into_iter().filter(|s| s.0 <= t) {
            worst = worst.max(a - last);
            last = last.max(b);
        }
        worst = worst.max(t - last);
    }
    worst
}

/// The line shared out by speed, everybody to and fro on his own.
fn partition(l: f64, v: &[f64], w: f64) -> Vec<Flies> {
    let sum: f64 = v.iter().sum();
    let round = shared_out_s(l, v, w);
    let mut from = 0.0;
    v.iter()
        .map(|v| {
            // A round takes each as long: the stretch flown is what is left between the looks at its ends.
            let flown = 0.5 * round * v;
            let f = Flies::Between(*v, from + 0.5 * w, from + 0.5 * w + flown, 0.3 * v / sum);
            from += flown + w;
            f
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// P1, P3, P4, P7: to and fro anywhere, overlapping at will, at any speeds: never better than the bound, and the bound of
    /// unequal speeds leaves room under the partition, which is not the best there (Kawamura, Soejima 2014).
    #[test]
    fn no_schedule_on_a_fence_beats_the_bound(
        v in prop::collection::vec(5.0..40.0f64, 1..7),
        ends in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64), 7),
        l in 5_000.0..80_000.0f64, w in prop_oneof![Just(0.0), 10.0..300.0f64],
    ) {
        let bound = lower_bound(l, &v, w).seconds;
        let slowest = v.iter().copied().fold(f64::INFINITY, f64::min);
        let t = 6.0 * l / slowest + 6.0 * bound;
        let any: Vec<Flies> = v.iter().zip(&ends).map(|(v, (a, b, p))| {
            let (a, b) = (l * a.min(*b), l * a.max(*b));
            Flies::Between(*v, a.min(0.95 * l), b.max(a + 0.05 * l), *p)
        }).collect();
        prop_assert!(idle_s(&any, l, 0.5 * w, t, &[]) >= bound - 1e-3);
        // The partition reaches what it promises: P2 and P7.
        let fleet = partition(l, &v, w);
        let ends: Vec<f64> = fleet.iter().flat_map(|f| match f {
            Flies::Between(_, a, b, _) => [a - 0.5 * w + 1e-6 * l, b + 0.5 * w - 1e-6 * l],
            Flies::Round(..) => [0.0, 0.0],
        }).collect();
        let shared = idle_s(&fleet, l, 0.5 * w, t, &ends);
        prop_assert!(shared >= bound - 1e-3);
        prop_assert!((shared - shared_out_s(l, &v, w)).abs() <= 0.001 * shared + 0.1, "{shared}");
        // Equal speeds: it is the best there is.
        let same = vec![v[0]; v.len()];
        let b = lower_bound(l, &same, w).seconds;
        prop_assert!((b - shared_out_s(l, &same, w)).abs() < 1e-6 * (1.0 + b));
        let sum: f64 = v.iter().sum();
        let fastest = v.iter().copied().fold(0.0, f64::max);
        if w == 0.0 && v.len() > 1 && fastest > 1.001 * slowest {
            prop_assert!(bound < 2.0 * l / sum, "P4: room under the partition");
        }
        // P1 and P2 around it.
        if w == 0.0 {
            prop_assert!(bound >= l / sum - 1e-9 && bound <= 2.0 * l / sum + 1e-9);
        }
    }

    /// P5, P6: round a ring the r fastest at the speed of the slowest of them, evenly spaced, reach L/(r·v_r); the best r is
    /// what the planner names, nothing beats (L − k·w)/Σv, and equal speeds meet it.
    #[test]
    fn circling_reaches_what_the_papers_say_and_no_more(
        v in prop::collection::vec(5.0..40.0f64, 1..7), l in 5_000.0..80_000.0f64, w in prop_oneof![Just(0.0), 10.0..200.0f64],
    ) {
        let (seconds, r) = ring_round_s(l, &v, w);
        let mut fast = v.clone();
        fast.sort_by(|a, b| b.total_cmp(a));
        for k in 1..=v.len() {
            prop_assert!(seconds <= ((l / k as f64 - w) / fast[k - 1]).max(0.0) + 1e-9);
        }
        let pace = fast[r - 1];
        let fleet: Vec<Flies> = (0..r).map(|k| Flies::Round(pace, l * k as f64 / r as f64)).collect();
        let t = 4.0 * l / pace;
        let flown = idle_s(&fleet, l, 0.5 * w, t, &[]);
        prop_assert!((flown - seconds).abs() < 1e-5 * (1.0 + seconds), "{flown} {seconds}");
        let bound = lower_bound_of(l, &v, w, 1e9, true).seconds;
        prop_assert!(seconds >= bound - 1e-6);
        let same = vec![v[0]; v.len()];
        let b = lower_bound_of(l, &same, w, 1e9, true).seconds;
        prop_assert!((ring_round_s(l, &same, w).0 - b).abs() < 1e-6 * (1.0 + b), "P5");
        // A ring is never worse watched than the same length with two ends.
        prop_assert!(bound <= lower_bound(l, &v, w).seconds + 1e-9);
    }

    /// One more, or a faster one, never raises a bound; twice the length at twice the speed takes as long.
    #[test]
    fn bounds_know_no_units(v in prop::collection::vec(5.0..40.0f64, 1..7), l in 5_000.0..80_000.0f64, more in 5.0..40.0f64, closed in any::<bool>()) {
        let of = |l: f64, v: &[f64]| lower_bound_of(l, v, 50.0, 1e9, closed).seconds;
        let before = of(l, &v);
        let twice: Vec<f64> = v.iter().map(|x| 2.0 * x).collect();
        prop_assert!((lower_bound_of(2.0 * l, &twice, 100.0, 1e9, closed).seconds - before).abs() < 1e-6 * (1.0 + before));
        let mut fleet = v.clone();
        fleet.push(more);
        prop_assert!(of(l, &fleet) <= before + 1e-9);
        let (mut back, mut fast) = (v.clone(), v.clone());
        back.reverse();
        prop_assert!((of(l, &back) - before).abs() < 1e-9);
        fast[0] *= 1.3;
        prop_assert!(of(l, &fast) <= before + 1e-9);
    }
}

#[test]
fn the_papers_example_of_circling_at_different_speeds() {
    // P6 for 30, 12, 10 and 10 m/s on 100 km: four at 10 m/s, 2,500 s, where all together could never do better than 1,613 s.
    let (s, r) = ring_round_s(100_000.0, &[30.0, 12.0, 10.0, 10.0], 0.0);
    assert!((s - 2500.0).abs() < 1e-9 && r == 4);
    assert!((lower_bound_of(100_000.0, &[30.0, 12.0, 10.0, 10.0], 0.0, 1e9, true).seconds - 1612.9).abs() < 0.1);
    assert!(ring_round_s(100_000.0, &[], 0.0).0.is_infinite());
}
