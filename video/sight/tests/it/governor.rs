//! Under load the model goes first, then the rate, then the resolution; and all come back.

use vedette_model::Mono;
use vedette_sight::{Governor, GovernorPolicy, Pace, Spent};

/// Runs `seconds` of 30 frames a second; `cost` is what a full analysis costs, ms.
fn run(g: &mut Governor, from_s: f64, seconds: f64, cost_ms: f64, model_ms: f64) -> Vec<Pace> {
    run_at(30.0, g, from_s, seconds, cost_ms, model_ms)
}

fn run_at(hz: f64, g: &mut Governor, from_s: f64, seconds: f64, cost_ms: f64, model_ms: f64) -> Vec<Pace> {
    let mut paces = vec![g.pace()];
    for i in 0..(seconds * hz) as u64 {
        let now = Mono(((from_s + i as f64 / hz) * 1e6) as i64);
        let (analysed, model) = g.wants(i);
        if !analysed {
            continue;
        }
        let cost = cost_ms * if g.pace().coarse { 0.35 } else { 1.0 };
        let pace = g.spent(
            now,
            &Spent {
                analysis_us: (cost * 1e3) as u64,
                model_us: model.then_some((model_ms * 1e3) as u64),
                frame_us: (1e6 / hz) as u64,
                lost: 0,
            },
        );
        if paces.last() != Some(&pace) {
            paces.push(pace);
        }
    }
    paces
}

#[test]
fn what_is_left_out_goes_in_order_and_comes_back() {
    let mut g = Governor::new(GovernorPolicy::default());
    assert_eq!(run(&mut g, 0.0, 30.0, 6.0, 4.0), [g.pace()], "a third of a core fits");
    assert_eq!(g.left_out(), "");
    let paces = run(&mut g, 30.0, 60.0, 60.0, 12.0);
    let order: Vec<(u32, u32, bool)> = paces
        .iter()
        .map(|p| (p.model_every, p.analyse_every, p.coarse))
        .collect();
    assert_eq!(
        order,
        [(1, 1, false), (4, 1, false), (0, 1, false), (0, 2, false), (0, 2, true)],
        "model, then rate, then resolution"
    );
    assert!(g.load() <= 0.5, "{}", g.load());
    assert_eq!(
        g.left_out(),
        "model off, analysis at 15.0 of 30.0 pictures a second, at half resolution"
    );
    run(&mut g, 90.0, 120.0, 4.0, 2.0);
    assert_eq!(g.pace().analyse_every, 1);
    assert!(!g.pace().coarse);
    assert_eq!(g.left_out(), "");
}

#[test]
fn no_load_brings_the_analysis_below_ten_a_second() {
    for (hz, least) in [(30.0, 10.0), (25.0, 12.5), (15.0, 15.0), (10.0, 10.0), (8.0, 8.0)] {
        let mut g = Governor::new(GovernorPolicy::default());
        let paces = run_at(hz, &mut g, 0.0, 60.0, 2_000.0, 500.0);
        let slowest = paces.iter().map(|p| hz / f64::from(p.analyse_every)).fold(hz, f64::min);
        assert!((slowest - least).abs() < 1e-9, "{slowest} of {hz} pictures a second");
        let last = g.pace();
        assert!(
            last.coarse && last.model_every == 0,
            "all else is left out first: {last:?}"
        );
    }
}

#[test]
fn one_slow_frame_changes_nothing_and_a_load_at_the_edge_does_not_swing() {
    let mut g = Governor::new(GovernorPolicy::default());
    run(&mut g, 0.0, 5.0, 10.0, 0.0);
    let slow = Spent {
        analysis_us: 60_000,
        model_us: None,
        frame_us: 33_333,
        lost: 0,
    };
    let before = g.pace();
    assert_eq!(g.spent(Mono(5_000_000), &slow), before);
    // At the edge: one change at most in two minutes.
    let mut g = Governor::new(GovernorPolicy::default());
    let paces = run(&mut g, 0.0, 120.0, 17.0, 0.0);
    assert!(paces.len() <= 4, "{paces:?}");
    let written = serde_json::to_string(&g).expect("writable");
    assert_eq!(serde_json::from_str::<Governor>(&written).expect("readable"), g);
}
