//! Rows of the reliability table that are not part of every test run at full size: 11, 14 and 17.
//! Small here, whole with `VEDETTE_SOAK=1` (`make soak`).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{CommandOutcome, MissionKind, Mono, Order, ParameterTable, Report, RequestBody, Retry, VehicleId};

use crate::files::{honest, pack, serve};
use crate::relay::Air;
use crate::rows::{fleet, items, scale};

/// Row 11: a third of everything lost each way, and a second of nothing now and then.
#[test]
fn row_11_orders_through_bursts_end_right_or_unknown_and_are_then_reconciled() {
    const CRAFT: u8 = 20;
    let seed = 11;
    let air = Air {
        loss: 0.3,
        burst: 0.01,
        burst_ms: 1_000,
        duplicate: 0.05,
        reorder: 0.05,
        delay_ms: 80,
        jitter_ms: 40,
        ..Air::default()
    };
    let mut sky = fleet(CRAFT, air, seed);
    sky.run_ms(15_000);
    let (mut given, mut accepted, mut unknown) = (0_u32, 0_u32, 0_u32);
    for round in 0..5 * scale(20) {
        let order = if round % 2 == 0 { Order::Return } else { Order::Hold };
        let first = given + 1;
        for s in 1..=CRAFT {
            given += 1;
            sky.order(given, s, order.clone(), 20_000);
        }
        sky.run_ms(21_000);
        let settled_from = sky.now;
        // Whoever is silent now is heard within the next seconds.
        sky.run_ms(10_000);
        for (id, s) in (first..=given).zip(1..=CRAFT) {
            let outcome = sky.outcome(id).expect("every order ends").1;
            let craft = &sky.craft[usize::from(s) - 1].a;
            let done = if order == Order::Return {
                craft.mode == 6
            } else {
                craft.mode == 5 || craft.mode == 17
            };
            match outcome {
                CommandOutcome::Accepted => {
                    accepted += 1;
                    assert!(done, "seed {seed}: accepted and not so: {s}");
                }
                CommandOutcome::NoAnswer => unknown += 1,
                other => panic!("seed {seed}: nobody refused, yet {other:?}"),
            }
            // Reconciled: what is told of it after its end is what it is.
            let shown = sky
                .events
                .iter()
                .rev()
                .filter(|(t, e)| *t > settled_from && e.vehicle == VehicleId(u32::from(s)))
                .find_map(|(_, e)| match &e.report {
                    Report::Heartbeat { mode, .. } => Some(*mode),
                    _ => None,
                });
            let is_return = shown.expect("heard again in ten seconds") == vedette_model::FlightMode::Return;
            assert_eq!(
                is_return,
                craft.mode == 6,
                "seed {seed}: aircraft {s} is shown as it is not"
            );
        }
        sky.events.clear();
        for c in &mut sky.craft {
            c.said.clear();
        }
    }
    println!("seed {seed}: {accepted} of {given} orders, {unknown} unknown and reconciled");
    assert!(f64::from(accepted) >= 0.99 * f64::from(given), "{accepted} of {given}");
}

/// Names and values of a thousand parameters; every bit of a value counts.
fn thousand(seed: u64) -> Vec<(String, f32)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..1_000)
        .map(|n| {
            let value = loop {
                let v = f32::from_bits(rng.random());
                if v.is_normal() {
                    break v;
                }
            };
            (format!("PRM_{n:04}"), value)
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "they were single precision")]
fn same(table: &ParameterTable, params: &[(String, f32)]) -> bool {
    let bits = |v: f64| (v as f32).to_bits();
    table.len() == params.len()
        && params
            .iter()
            .all(|(n, v)| table.get(n).is_some_and(|t| bits(t) == v.to_bits()))
}

/// Row 14: a thousand parameters at a fifth of all lost over 57600 baud, by the list and by the pack.
#[test]
fn row_14_a_thousand_parameters_over_a_lossy_radio_are_exact_within_a_minute() {
    const RADIO: u32 = 5_760;
    for seed in 1400..1400 + u64::from(scale(10)) {
        let params = thousand(seed);
        let air = Air {
            loss: 0.2,
            delay_ms: 50,
            jitter_ms: 30,
            bytes_per_s: RADIO,
            ..Air::default()
        };
        let mut sky = fleet(1, air, seed);
        sky.craft[0].a.params.clone_from(&params);
        sky.keep_sent = true;
        while sky.now < Mono(60_000_000) {
            sky.run_ms(100);
            if sky
                .events
                .iter()
                .any(|(_, e)| matches!(&e.report, Report::ParameterTable(_)))
            {
                break;
            }
        }
        let table = sky.last(1, |r| match r {
            Report::ParameterTable(t) => Some(t.clone()),
            _ => None,
        });
        let took = sky.now.0 / 1_000_000;
        assert!(
            same(&table.expect("within a minute"), &params),
            "seed {seed}: bit for bit"
        );
        let mut out = std::collections::BTreeMap::<i64, usize>::new();
        for (t, _, _, bytes) in &sky.sent {
            *out.entry(t.0 / 1_000_000).or_default() += bytes.len();
        }
        let most = out.values().copied().max().unwrap_or(0);
        println!("seed {seed}: list in {took} s, our busiest second {most} bytes of {RADIO}");
        assert!(
            most <= usize::try_from(RADIO).expect("small"),
            "seed {seed}: {most} bytes in a second"
        );

        // The same by FTP: a pack (magic 0x671b), each name in full.
        let mut entries = Vec::new();
        for (name, value) in &params {
            let kept = 0_u8;
            entries.push(0x04);
            entries.push(u8::try_from(name.len() - 1).expect("short") << 4 | kept);
            entries.extend(name.as_bytes());
            entries.extend(value.to_le_bytes());
        }
        let bytes = pack(1_000, 1_000, &entries);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let o = serve(0x20, None, 60, |a| {
            // The question may be lost, and each piece of the answer.
            if rng.random_bool(0.2) {
                return Vec::new();
            }
            let mut answer = honest(&bytes)(a);
            answer.retain(|_| !rng.random_bool(0.2));
            answer
        });
        let told = o.reports.iter().rev().find_map(|r| match r {
            Report::ParameterTable(t) => Some(t),
            _ => None,
        });
        assert!(
            same(told.expect("within a minute"), &params),
            "seed {seed}: pack, bit for bit"
        );
    }
}

/// Row 17: an hour of nothing, then everything is as it is within ten seconds, the plan included, and
/// the hour stays a hole.
#[test]
fn row_17_after_an_hour_without_a_link_all_is_reconciled_within_ten_seconds() {
    let gap_ms = 600_000 * i64::from(scale(6));
    let air = Air {
        loss: 0.05,
        delay_ms: 60,
        ..Air::default()
    };
    let mut sky = fleet(3, air, 17);
    sky.run_ms(10_000);
    for s in 1..=3 {
        let body = RequestBody::Upload {
            kind: MissionKind::Mission,
            items: items(12),
        };
        sky.submit(u32::from(s), s, body, Retry::UntilAck, 60_000);
    }
    sky.run_ms(30_000);
    assert!((1..=3).all(|id| sky.outcome(id).is_some_and(|o| o.1 == CommandOutcome::Accepted)));
    sky.events.clear();

    let gone = sky.now;
    for c in &mut sky.craft {
        for p in &mut c.paths {
            p.up.cut();
            p.down.cut();
        }
    }
    sky.run_ms(gap_ms / 2);
    for c in &mut sky.craft {
        // Meanwhile it went home by itself and landed.
        (c.a.mode, c.a.armed) = (6, false);
        c.said.clear();
    }
    sky.run_ms(gap_ms / 2);
    let heard = |r: &Report| {
        matches!(
            r,
            Report::Position { .. } | Report::Heartbeat { .. } | Report::Attitude { .. }
        )
    };
    for s in 1..=3_u8 {
        assert!(
            sky.last(s, |r| (*r == Report::Alive(false)).then_some(())).is_some(),
            "told as lost"
        );
        assert!(
            sky.times(s, heard).iter().all(|t| t.since(gone) < 1_000_000),
            "nothing is made up in the gap"
        );
    }
    sky.events.clear();
    for c in &mut sky.craft {
        c.said.clear();
        for p in &mut c.paths {
            p.up.mend();
            p.down.mend();
        }
    }
    sky.run_ms(10_000);
    for s in 1..=3_u8 {
        assert!(sky.last(s, |r| (*r == Report::Alive(true)).then_some(())).is_some());
        let mode = sky.last(s, |r| match r {
            Report::Heartbeat { mode, armed, .. } => Some((*mode, *armed)),
            _ => None,
        });
        assert_eq!(mode, Some((vedette_model::FlightMode::Return, false)), "aircraft {s}");
        let plan = sky.last(s, |r| match r {
            Report::PlanOnVehicle {
                kind: MissionKind::Mission,
                items,
                ..
            } => Some(items.len()),
            _ => None,
        });
        assert_eq!(plan, Some(12), "aircraft {s}: its plan is compared");
        assert!(!sky.times(s, heard).is_empty());
    }
    println!("gap of {} s: three aircraft reconciled within 10 s", gap_ms / 1_000);
}
