//! Task mode: tours keep their limits, and come near the best known of public instances where `VEDETTE_DATA` has them.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/vrp.rs"]
mod vrp;

use proptest::prelude::*;
use vedette_planner::{Tasks, Visit, tours};

fn judged(t: &Tasks, rounds: usize, seed: u64) -> f64 {
    let found = tours(t, rounds, seed);
    let mut seen: Vec<usize> = found
        .tours
        .iter()
        .flatten()
        .copied()
        .chain(found.left_out.iter().copied())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..t.visits.len()).collect::<Vec<_>>(), "each once");
    assert!(t.tours.is_none_or(|m| found.tours.len() <= m));
    let length = |tour: &Vec<usize>| {
        let at = tour.iter().map(|k| t.visits[*k].at).chain([t.base]);
        let step = |a: [f64; 2], b: [f64; 2]| {
            let l = (a[0] - b[0]).hypot(a[1] - b[1]);
            if t.whole { (l + 0.5).floor() } else { l }
        };
        at.fold((0.0, t.base), |s, p| (s.0 + step(s.1, p), p)).0
    };
    let mut sum = 0.0;
    for tour in &found.tours {
        assert!(tour.iter().map(|k| t.visits[*k].demand).sum::<f64>() <= t.capacity + 1e-6);
        assert!(length(tour) <= t.range + 0.01);
        sum += length(tour);
    }
    assert!((sum - found.length).abs() < 0.5 + 1e-4 * sum, "{sum} {}", found.length);
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tours_keep_capacity_range_and_number(
        places in prop::collection::vec((-900.0..900.0f64, -900.0..900.0f64, 1.0..9.0f64), 0..40),
        most in 1_usize..6, capacity in 9.0..60.0f64, range in 500.0..6000.0f64, seed in 0_u64..99,
    ) {
        let visits = places.iter().map(|(x, y, q)| Visit { at: [*x, *y], demand: *q, prize: 1e6 }).collect();
        let t = Tasks { base: [0.0, 0.0], end: None, visits, tours: Some(most), capacity, range, whole: false };
        judged(&t, 400, seed);
    }
}

#[test]
fn public_instances_come_near_their_best_known_values() {
    let Some((t, best)) = vrp::instance("X-n502-k39") else {
        eprintln!("left out: VEDETTE_DATA is not set, no public instances to solve");
        return;
    };
    let length = judged(&t, 60_000, 1);
    let gap = length / best - 1.0;
    eprintln!(
        "X-n502-k39: {length:.0}, best known {best:.0}, gap {:.2} %",
        100.0 * gap
    );
    assert!(gap < 0.06, "{gap}");
}
