//! Under load the model goes first, then the rate, then the resolution; and all come back.

use vedette_model::Mono;
use vedette_sight::{Governor, GovernorPolicy, Pace, Spent};

/// Runs `seconds` of 15 frames a second; `cost` is what a full analysis costs, ms.
fn run(g: &mut Governor, from_s: f64, seconds: f64, cost_ms: f64, model_ms: f64) -> Vec<Pace> {
    let mut paces = vec![g.pace()];
    for i in 0..(seconds * 15.0) as u64 {
        let now = Mono(((from_s + i as f64 / 15.0) * 1e6) as i64);
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
                frame_us: 66_667,
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
    assert_eq!(run(&mut g, 0.0, 30.0, 12.0, 10.0), [g.pace()], "a third of a core fits");
    assert_eq!(g.left_out(), "");
    let paces = run(&mut g, 30.0, 60.0, 90.0, 25.0);
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
        "model off, analysis at 7.5 of 15.0 pictures a second, at half resolution"
    );
    run(&mut g, 90.0, 120.0, 8.0, 5.0);
    assert_eq!(g.pace().analyse_every, 1);
    assert!(!g.pace().coarse);
    assert_eq!(g.left_out(), "");
}

#[test]
fn one_slow_frame_changes_nothing_and_a_load_at_the_edge_does_not_swing() {
    let mut g = Governor::new(GovernorPolicy::default());
    run(&mut g, 0.0, 5.0, 20.0, 0.0);
    let slow = Spent {
        analysis_us: 60_000,
        model_us: None,
        frame_us: 66_667,
        lost: 0,
    };
    let before = g.pace();
    assert_eq!(g.spent(Mono(5_000_000), &slow), before);
    // At the edge: one change at most in two minutes.
    let mut g = Governor::new(GovernorPolicy::default());
    let paces = run(&mut g, 0.0, 120.0, 34.0, 0.0);
    assert!(paces.len() <= 4, "{paces:?}");
    let written = serde_json::to_string(&g).expect("writable");
    assert_eq!(serde_json::from_str::<Governor>(&written).expect("readable"), g);
}
