//! Fleet sizing against published and pencil figures: what can be had with what is owned, what a revisit takes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use proptest::prelude::*;
use vedette_planner::{availability, lower_bound, needed, read_brief, shared_out_s, sizing};

#[test]
fn the_fleet_for_a_thousand_kilometres_is_that_of_the_pencil() {
    // 1,000 km, revisit 1 h, 10 min way out, 10 min swap, 80 % of the endurance usable.
    for (v, minutes, air, own) in [(17.0, 90.0, 33, 53), (27.8, 720.0, 20, 22), (12.0, 30.0, 47, 400)] {
        let a = availability(0.8 * minutes * 60.0, 600.0, 600.0);
        assert_eq!(needed(1e6, v, 0.0, 3600.0, a), Some((air, own)), "{v} m/s");
    }
    assert_eq!(availability(1000.0, 600.0, 600.0), 0.0, "the way eats it all");
    assert_eq!(needed(1e6, 12.0, 0.0, 3600.0, 0.0), None);
}

#[test]
fn the_demo_brief_says_what_its_fleet_can_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let brief = read_brief(&std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).unwrap()).unwrap();
    let s = sizing(&brief, 3900.0, 100.0, |_| 30.0);
    assert_eq!((s.airborne, s.kinds.len()), (2, 2));
    assert!(s.bound_s <= s.best_s);
    assert!((s.best_s - 2.0 * (3900.0 - 200.0) / 30.0).abs() < 1e-9);
    let words = s.words();
    assert!(
        words[0].contains("2 aircraft") && words[1].contains("CU-01"),
        "{words:?}"
    );
    for k in &s.kinds {
        assert!(k.need_owned >= k.need_airborne);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_needed_is_enough_and_one_less_is_not(
        l in 5_000.0..2e6f64, v in 8.0..40.0f64, w in 0.0..400.0f64, r in 300.0..20_000.0f64, a in 0.1..1.0f64,
    ) {
        let (air, own) = needed(l, v, w, r, a).unwrap();
        prop_assert!(shared_out_s(l, &vec![v; air], w) <= r + 1e-6);
        if air > 1 {
            prop_assert!(shared_out_s(l, &vec![v; air - 1], w) > r - 1e-6);
        }
        prop_assert!(own >= air && own as f64 * a >= air as f64 - 1e-6);
        // Equal speeds: the shares are the best there is, so the bound says the same.
        let bound = lower_bound(l, &vec![v; air], w).seconds;
        prop_assert!((bound - shared_out_s(l, &vec![v; air], w)).abs() < 1e-6 * (1.0 + bound));
    }
}
