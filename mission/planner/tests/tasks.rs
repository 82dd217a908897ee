//! Task mode: tours keep their limits, and come near the best known of public instances where `VEDETTE_DATA` has them.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/vrp.rs"]
mod vrp;

use proptest::prelude::*;
use vedette_planner::{Tasks, TimedTasks, TimedVisit, Visit, Wing, dubins, tours, trips, wing_tours};

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

/// Flies the trips by the clock and returns their length; panics where something asked is not kept.
fn flown(t: &TimedTasks, rounds: usize, seed: u64) -> (f64, usize) {
    let found = trips(t, rounds, seed);
    let all = found.aircraft.iter().flatten().flat_map(|x| &x.visits);
    let mut seen: Vec<usize> = all.chain(&found.left_out).copied().collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..t.visits.len()).collect::<Vec<_>>(), "each once");
    assert!(found.aircraft.len() <= t.aircraft);
    let way = |a: [f64; 2], b: [f64; 2]| {
        let l = (a[0] - b[0]).hypot(a[1] - b[1]);
        if t.tenths { (10.0 * l).floor() / 10.0 } else { l }
    };
    let mut sum = 0.0;
    for day in &found.aircraft {
        let mut free = t.open_s;
        for trip in day {
            let visits: Vec<&TimedVisit> = trip.visits.iter().map(|k| &t.visits[*k]).collect();
            assert!(!visits.is_empty());
            assert!(visits.iter().map(|v| v.visit.demand).sum::<f64>() <= t.capacity + 1e-6);
            assert!(trip.off_s >= free - 1e-6, "the battery is fresh");
            let (mut now, mut at, mut length) = (trip.off_s, t.base, 0.0);
            for v in visits {
                assert!(v.ready_s <= trip.off_s + 1e-6, "what it carries is there");
                length += way(at, v.visit.at);
                now = (now + way(at, v.visit.at) / t.speed).max(v.open_s);
                assert!(now <= v.close_s + 1e-4, "{now} {}", v.close_s);
                (now, at) = (now + v.stay_s, v.visit.at);
            }
            length += way(at, t.base);
            now += way(at, t.base) / t.speed;
            assert!(length <= t.range + 1e-6 && now <= t.close_s + 1e-4 && now <= trip.home_s + 1e-4);
            free = now + t.swap_s;
            sum += length;
        }
    }
    assert!((sum - found.length).abs() < 1e-3, "{sum} {}", found.length);
    (sum, found.left_out.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn trips_keep_hours_batteries_and_what_is_there_when(
        places in prop::collection::vec(
            ((-900.0..900.0f64, -900.0..900.0f64), 1.0..9.0f64, (0.0..3000.0f64, 10.0..2000.0f64), 0.0..900.0f64), 0..30),
        aircraft in 0_usize..4, capacity in 9.0..40.0f64, range in 800.0..6000.0f64, swap_s in 0.0..300.0f64,
        tenths in any::<bool>(), seed in 0_u64..99,
    ) {
        let visits = places
            .iter()
            .map(|((x, y), q, (open_s, hours), ready_s)| TimedVisit {
                visit: Visit { at: [*x, *y], demand: *q, prize: 1e6 },
                stay_s: 30.0,
                open_s: *open_s,
                close_s: open_s + hours,
                ready_s: *ready_s,
            })
            .collect();
        let t = TimedTasks {
            base: [0.0, 0.0], visits, aircraft, capacity, range, speed: 1.5, swap_s, open_s: 0.0, close_s: 6000.0, tenths,
        };
        flown(&t, 400, seed);
    }
}

#[test]
fn an_aircraft_comes_home_for_a_battery_and_goes_out_again() {
    let visit = |x: f64, ready_s: f64| TimedVisit {
        visit: Visit {
            at: [x, 0.0],
            demand: 1.0,
            prize: 1e6,
        },
        stay_s: 10.0,
        open_s: 0.0,
        close_s: 1e5,
        ready_s,
    };
    let t = TimedTasks {
        base: [0.0, 0.0],
        visits: vec![visit(1000.0, 0.0), visit(-1000.0, 0.0), visit(500.0, 900.0)],
        aircraft: 1,
        capacity: 5.0,
        range: 2200.0,
        speed: 10.0,
        swap_s: 60.0,
        open_s: 0.0,
        close_s: 1e5,
        tenths: false,
    };
    let found = trips(&t, 300, 1);
    assert!(found.left_out.is_empty());
    // East and west are too far for one battery; what comes later goes along to the east or by itself.
    assert!(found.aircraft[0].len() >= 2, "{:?}", found.aircraft);
    for w in found.aircraft[0].windows(2) {
        assert!(w[1].off_s >= w[0].home_s + 60.0 - 1e-9);
    }
    assert!((flown(&t, 300, 1).0 - 4000.0).abs() < 1e-6, "{}", found.length);
}

proptest! {
    #[test]
    fn a_wings_way_is_no_shorter_than_straight_and_the_same_backwards_and_mirrored(
        a in (-9.0..9.0f64, -9.0..9.0f64, 0.0..6.3f64), b in (-9.0..9.0f64, -9.0..9.0f64, 0.0..6.3f64), radius in 0.2..3.0f64,
    ) {
        let pi = std::f64::consts::PI;
        let way = dubins([a.0, a.1, a.2], [b.0, b.1, b.2], radius);
        prop_assert!(way >= (a.0 - b.0).hypot(a.1 - b.1) - 1e-9);
        let back = dubins([b.0, b.1, b.2 + pi], [a.0, a.1, a.2 + pi], radius);
        let mirrored = dubins([a.0, -a.1, -a.2], [b.0, -b.1, -b.2], radius);
        prop_assert!((way - back).abs() < 1e-6 && (way - mirrored).abs() < 1e-6, "{way} {back} {mirrored}");
        // Tighter turns never make it longer.
        prop_assert!(dubins([a.0, a.1, a.2], [b.0, b.1, b.2], 0.5 * radius) <= way + 1e-9);
    }
}

#[test]
fn known_ways_of_a_wing_have_their_lengths() {
    let pi = std::f64::consts::PI;
    for (to, length) in [
        ([10.0, 0.0, 0.0], 10.0),
        // Turned round where it is: three arcs of 60, 300 and 60 degrees.
        ([0.0, 0.0, pi], 7.0 * pi / 3.0),
        ([0.0, 2.0, pi], pi),
        ([0.0, 4.0, pi], pi + 2.0),
        // Back to four radii behind, facing the same way: a whole turn and the straight.
        ([-4.0, 0.0, 0.0], 2.0 * pi + 4.0),
    ] {
        let found = dubins([0.0, 0.0, 0.0], to, 1.0);
        assert!((found - length).abs() < 1e-9, "{to:?}: {found} {length}");
    }
}

#[test]
fn wings_bring_home_what_is_proven_to_be_most() {
    let cases = vrp::wings();
    if cases.is_empty() {
        eprintln!("left out: VEDETTE_DATA is not set, no fixed-wing instances to solve");
        return;
    }
    for (name, tasks, headings, best) in cases.into_iter().filter(|c| c.0.starts_with("p2.3") && c.2 == 4) {
        let wing = Wing { radius: 1.0, headings };
        let found = wing_tours(&tasks, wing, 3_000, 1);
        let profit = vrp::profit(&tasks, &found.left_out);
        assert!((profit - best).abs() < 1e-6, "{name}: {profit} of {best}");
        // Each tour, flown with the headings told, keeps its range.
        for tour in &found.tours {
            let end = tasks.end.unwrap();
            let step = 2.0 * std::f64::consts::PI / headings as f64;
            let poses: Vec<[f64; 3]> = tour
                .iter()
                .map(|(k, a)| [tasks.visits[*k].at[0], tasks.visits[*k].at[1], *a])
                .collect();
            let inner: f64 = poses.windows(2).map(|w| dubins(w[0], w[1], 1.0)).sum();
            let any = |f: &dyn Fn(f64) -> f64| (0..headings).map(|j| f(step * j as f64)).fold(f64::INFINITY, f64::min);
            let out = any(&|a| dubins([tasks.base[0], tasks.base[1], a], poses[0], 1.0));
            let home = any(&|a| dubins(poses[poses.len() - 1], [end[0], end[1], a], 1.0));
            assert!(out + inner + home <= tasks.range + 1e-6, "{name}");
        }
    }
}

#[test]
fn trips_come_near_the_best_known_of_public_instances() {
    let Some((t, best)) = vrp::timed("C201R0.5") else {
        eprintln!("left out: VEDETTE_DATA is not set, no public instances to solve");
        return;
    };
    let (length, out) = flown(&t, 6_000, 1);
    eprintln!("C201R0.5: {length:.1} of {best:.1} best known, {out} left out");
    assert!(out == 0 && length < 1.10 * best, "{length} {best}, {out} left out");
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
