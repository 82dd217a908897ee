//! The same exercise, seed and decisions give the same sheet, whatever the speed the world was flown at
//! and the number of its threads. Five pairs of exercise and seed over a minute; twenty over the
//! whole of their exercise with `VEDETTE_SOAK=1`. That the truth behind it is the same byte for byte for twenty pairs stands in
//! the simulator's own tests.

use std::sync::Arc;

use crate::exercise::Exercise;
use vedette_score::{Habit, Policy, Truth, score};
use vedette_sim::{Rehearsal, Trouble};

/// The truth file of a flight of so many seconds, in pieces of so many milliseconds.
fn truth(e: &Exercise, seconds: u64, step_ms: u64, threads: usize) -> String {
    let mut r = Rehearsal::new(e.scenario.clone(), Arc::new(e.world.clone()), threads);
    let (mut text, mut ms) = (String::new(), 0);
    for second in 0..seconds {
        match second {
            8 => r.take_off(1, 60.0),
            30 => r.inject(Trouble::LinkLoss, Some(1)),
            45 => r.mend(),
            _ => {}
        }
        r.heartbeat();
        while ms < (second + 1) * 1_000 {
            ms = (ms + step_ms).min((second + 1) * 1_000);
            r.step_to(ms as f64 / 1_000.0);
        }
        text.extend(r.truth().iter().map(vedette_sim::TruthLine::to_json));
    }
    text
}

#[test]
fn pairs_of_exercise_and_seed_score_the_same_at_other_speeds_and_thread_counts() {
    let whole = std::env::var_os("VEDETTE_SOAK").is_some();
    let seeds: &[u64] = if whole { &[1, 2, 3, 4] } else { &[2] };
    let names = [
        "footpath-crossing.toml",
        "gnss-jamming.toml",
        "radio-shadow.toml",
        "crowded-air.toml",
        "boat-beaching.toml",
    ];
    for name in names {
        let mut e = Exercise::load(name);
        let (_, conduct, _) = e.run(Habit::Careless);
        let seconds = if whole { e.scenario.duration_s as u64 } else { 60 };
        for seed in seeds {
            e.scenario.seed = *seed;
            let sheet = |step_ms, threads| {
                let t = e.scenario.training.as_ref().unwrap();
                let truth = Truth::read(&truth(&e, seconds, step_ms, threads)).unwrap();
                let s = score(&truth, &conduct, &e.rules(&t.checklist), &Policy::default());
                assert!(!s.items.is_empty());
                serde_json::to_string(&s).unwrap()
            };
            let pieces = if seed % 2 == 0 { 170 } else { 500 };
            assert_eq!(sheet(1_000, 1), sheet(pieces, 2), "{name} seed {seed}");
        }
    }
}
