//! Row 18 of the reliability table, second half: a frozen station is started anew within two
//! seconds. The first half, silent heartbeats, is `row_18_…` of `vedette-protocol`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use vedette_links::supervise::{Act, START_MS, STRIKES, Watch};
use vedette_model::Mono;

/// The shell's step, milliseconds.
const STEP_MS: i64 = 50;

/// Lets virtual time pass until the watch acts.
fn act(w: &mut Watch, from: Mono, limit_ms: i64) -> Option<(Mono, Act)> {
    (0..=limit_ms / STEP_MS)
        .map(|n| from.plus_ms(n * STEP_MS))
        .find_map(|now| w.poll(now).map(|a| (now, a)))
}

#[test]
fn row_18_a_frozen_station_is_started_anew_within_two_seconds() {
    let mut worst = 0;
    // Frozen at any moment of its beat and of the supervisor's step.
    for offset in 0..40 {
        let mut w = Watch::new(Mono(0));
        let mut last = Mono(0);
        for n in 0..100_i64 {
            last = Mono(3_000_000 + n * 200_000 + offset * 1_300);
            w.well(last);
            assert_eq!(w.poll(last.plus_ms(190)), None, "it is well");
        }
        let frozen = last.plus_ms(STEP_MS - offset);
        let (when, act) = act(&mut w, frozen, 5_000).expect("it is noticed");
        assert!(matches!(&act, Act::Restart(why) if why.contains("no sign")), "{act:?}");
        worst = worst.max(when.since(last) / 1000);
    }
    println!("started anew at most {worst} ms after its last sign");
    assert!(worst <= 2_000, "{worst} ms");
}

#[test]
fn a_slow_start_is_waited_for_and_a_station_that_never_comes_up_is_not() {
    let mut w = Watch::new(Mono(0));
    assert_eq!(act(&mut w, Mono(0), START_MS - STEP_MS), None);
    w.well(Mono(START_MS * 1000 - 1));
    assert_eq!(w.poll(Mono(START_MS * 1000)), None);

    let mut w = Watch::new(Mono(0));
    let (when, a) = act(&mut w, Mono(0), 2 * START_MS).expect("noticed");
    assert!(when.0 <= (START_MS + STEP_MS) * 1000 && matches!(&a, Act::Restart(why) if why.contains("come up")));
}

#[test]
fn what_falls_again_and_again_is_given_up_and_what_falls_once_a_day_is_not() {
    let mut w = Watch::new(Mono(0));
    for n in 1..STRIKES {
        let a = w.fell(Mono(i64::try_from(n).unwrap() * 5_000_000), "signal 11");
        assert!(matches!(&a, Act::Restart(why) if why.contains("signal 11")), "{a:?}");
    }
    let a = w.fell(Mono(30_000_000), "signal 11");
    assert!(matches!(&a, Act::GiveUp(why) if why.contains("by hand")), "{a:?}");

    let mut w = Watch::new(Mono(0));
    for day in 1..50_i64 {
        let a = w.fell(Mono(day * 86_400_000_000), "signal 11");
        assert!(matches!(a, Act::Restart(_)), "day {day}: {a:?}");
    }
}

/// The real program, frozen by SIGSTOP, replaced and then stopped: by processes, ended by events.
#[cfg(unix)]
#[tokio::test]
async fn a_stopped_process_is_replaced_by_a_new_one() {
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    // Virtual time runs twenty times as fast as the wall's, so that the test need not wait.
    let ticks = Arc::new(AtomicI64::new(0));
    let clock: vedette_links::Clock = {
        let ticks = Arc::clone(&ticks);
        Arc::new(move || {
            let now = Mono(ticks.fetch_add(1_000_000, Ordering::Relaxed));
            (now, vedette_model::Utc(now.0))
        })
    };
    let mut started = 0;
    let mut told = Vec::new();
    let code = vedette_links::supervise::supervise(
        || {
            started += 1;
            let mut c = Command::new("sh");
            // The first stands still without a sign; the second ends well.
            c.arg("-c").arg(if started == 1 { "kill -STOP $$" } else { "exit 0" });
            c
        },
        clock,
        |words| told.push(words.to_owned()),
    )
    .await
    .unwrap();
    assert_eq!((code, started), (0, 2), "{told:?}");
    assert!(told.len() == 1 && told[0].contains("started anew"), "{told:?}");
}
