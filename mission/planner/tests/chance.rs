//! Unpredictable patrols against the published model, and search patterns against what they must cover.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use vedette_geo::{LatLon, destination, distance_m};
use vedette_planner::{
    best, covered, creeping_line, detection, draw, draw_ring, drift, expanding_square, met, sectors, sweep,
};

#[test]
fn the_chance_of_being_met_is_that_of_the_model() {
    // Agmon, Kraus, Kaminka 2008: vectors by an independent exact computation.
    for (d, t, p, want) in [
        (4, 3, 0.5, vec![0.625, 0.375, 0.375, 0.375]),
        (4, 3, 0.9, vec![0.909, 0.891, 0.819, 0.171]),
        (
            6,
            4,
            0.75,
            vec![0.796875, 0.6328125, 0.52734375, 0.45703125, 0.3046875, 0.33984375],
        ),
        (
            8,
            6,
            0.9,
            vec![
                0.91638, 0.839565, 0.809919, 0.747954, 0.724626, 0.679671, 0.225045, 0.239139,
            ],
        ),
    ] {
        for (got, want) in detection(d, t, p).iter().zip(&want) {
            assert!((got - want).abs() < 1e-6, "d {d} t {t} p {p}: {got} for {want}");
        }
    }
    for (d, t, p, chance) in [
        (4, 3, 0.578, 0.385),
        (6, 4, 0.667, 0.346),
        (8, 7, 0.758, 0.496),
        (12, 9, 0.788, 0.350),
        (16, 12, 0.822, 0.326),
        (20, 15, 0.847, 0.311),
    ] {
        let (q, c) = best(d, t);
        assert!(
            (q - p).abs() < 0.003 && (c - chance).abs() < 0.001,
            "d {d} t {t}: {q} {c}"
        );
        assert!(
            detection(d, t, 1.0).iter().copied().fold(1.0, f64::min) < 1e-9,
            "without chance the weak spot is 0"
        );
    }
    assert_eq!(best(5, 6), (1.0, 1.0), "slower than the patrol comes by: go on");
    assert!(detection(0, 5, 0.5).is_empty());
}

#[test]
fn a_drawn_patrol_keeps_its_cap_and_is_another_with_another_seed() {
    let (walk, told) = draw(16, 12, 20_000, 45, 7);
    assert!(told.revisit_steps <= 45 && told.overruled > 0, "{told:?}");
    assert!((told.weakest - 0.326).abs() < 0.001 && told.without < 1e-9 && told.entropy_bits > 0.6);
    assert!(walk.windows(2).all(|w| w[0].abs_diff(w[1]) <= 1));
    assert_eq!(walk, draw(16, 12, 20_000, 45, 7).0);
    assert_ne!(walk, draw(16, 12, 20_000, 45, 8).0);
}

#[test]
fn a_patrol_drawn_round_a_ring_is_met_as_often_as_the_model_says_and_keeps_its_cap() {
    // B6: 16 segments between robots, 12 steps to cross; who sees place and heading picks the weakest segment.
    let (walk, told) = draw_ring(16, 12, 60_000, 96, 7);
    let least = met(&walk, 16, 12).into_iter().fold(1.0, f64::min);
    eprintln!(
        "met {least:.3} at the weakest, model {:.3}; revisit {} steps, {} of {} overruled",
        told.weakest,
        told.revisit_steps,
        told.overruled,
        walk.len()
    );
    assert!(least >= 0.326 - 0.01, "{least}");
    assert!(told.revisit_steps <= 96 && told.entropy_bits > 0.6, "{told:?}");
    assert!(walk.windows(2).all(|w| (w[0].0 - w[1].0).abs() <= 1));
    // Hardly ever overruled, it is the model itself.
    let (free, _) = draw_ring(6, 4, 100_000, 10_000, 3);
    let exact = detection(6, 4, best(6, 4).0);
    for (i, (seen, exact)) in met(&free, 6, 4).iter().zip(&exact).enumerate() {
        assert!((seen - exact).abs() < 0.01, "segment {}: {seen} for {exact}", i + 1);
    }
    for cap in [34, 48] {
        let (_, told) = draw_ring(16, 12, 30_000, cap, 11);
        assert!(told.revisit_steps <= cap && told.overruled > 0, "{told:?}");
    }
}

fn square(at: LatLon, m: f64) -> Vec<LatLon> {
    [45.0, 135.0, 225.0, 315.0]
        .map(|b| destination(at, b, m / 2f64.sqrt()))
        .to_vec()
}

#[test]
fn an_area_with_fifty_holes_is_swept() {
    // B5: 30 × 30 km, 50 holes, at least 99.5 % covered, overlap at most 1.15.
    let at = LatLon::new(43.5, 7.3).unwrap();
    let outline = square(at, 30_000.0);
    let holes: Vec<Vec<LatLon>> = (0..50)
        .map(|k| {
            let (r, c) = (f64::from(k / 10) - 2.0, f64::from(k % 10) - 4.5);
            let p = destination(destination(at, 0.0, r * 5400.0 + 300.0 * c), 90.0, c * 2800.0);
            square(p, 500.0 + 30.0 * f64::from(k % 7))
        })
        .collect();
    let s = sweep(&outline, &holes, 400.0, outline[0]).unwrap();
    let (share, overlap) = covered(&s, &outline, &holes, 440.0, 60.0);
    eprintln!(
        "covered {:.2} %, overlap {overlap:.3}, {:.0} km of {:.0} km sweeps",
        share * 100.0,
        s.swept_m / 1e3,
        s.length_m / 1e3
    );
    assert!(share >= 0.995 && overlap <= 1.15, "{share} {overlap}");
    assert!(s.length_m < 1.35 * s.swept_m);
    assert!(sweep(&outline[..2], &[], 400.0, at).is_err());
    assert!(sweep(&outline, &[], 0.5, at).is_err());
}

#[test]
fn patterns_are_those_of_the_handbook() {
    let at = LatLon::new(36.0, -5.5).unwrap();
    let s = sectors(at, 1000.0, 10.0);
    assert_eq!(s.path.len(), 10);
    assert!((s.length_m - 9000.0).abs() < 3.0 && distance_m(s.path[9], at) < 0.01);
    let e = expanding_square(at, 200.0, 1000.0, 90.0);
    let legs: Vec<f64> = e
        .path
        .windows(2)
        .map(|w| (distance_m(w[0], w[1]) / 200.0).round())
        .collect();
    assert_eq!(legs[..6], [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    let c = creeping_line(at, 0.0, 2000.0, 800.0, 400.0);
    assert_eq!(c.path.len(), 12);
    let (to, off) = drift(at, 50.0, (90.0, 0.5), (180.0, 10.0), 0.03, 3600.0);
    // 1800 m east by current, 1080 m north by leeway.
    assert!((distance_m(at, to) - 1800f64.hypot(1080.0)).abs() < 5.0 && (off - (150.0 + 2099.0 / 3.0)).abs() < 2.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sweeps_stay_inside_any_star_and_cover_it(
        radii in prop::collection::vec(800.0..3000.0f64, 5..11), spacing in 90.0..250.0f64, lat in -65.0..70.0f64, lon in -180.0..180.0f64,
    ) {
        let at = LatLon::new(lat, lon).unwrap();
        let n = radii.len() as f64;
        let outline: Vec<LatLon> =
            radii.iter().enumerate().map(|(k, r)| destination(at, 360.0 * k as f64 / n, *r)).collect();
        let hole = square(at, 300.0);
        let s = sweep(&outline, std::slice::from_ref(&hole), spacing, outline[0]).unwrap();
        let (share, _) = covered(&s, &outline, &[hole], spacing * 1.25, 25.0);
        prop_assert!(share > 0.96, "{share}");
        prop_assert_eq!(s.path.len(), s.sweeps.len() + 1);
    }
}
