//! Rows of the reliability table about orders and plans, at the size that a minute of tests
//! allows; `VEDETTE_SOAK=1` (`make soak`) runs them at full size.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{AltFrame, CommandOutcome, MissionItem, MissionKind, Mono, Order, Report, RequestBody, Retry};
use vedette_protocol::codec::{Sender, wire};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

use crate::common::{Aircraft, US};
use crate::relay::Air;
use crate::sky::{Craft, Sky};

/// Times as much at full size.
pub(crate) fn scale(full: u32) -> u32 {
    if std::env::var_os("VEDETTE_SOAK").is_some() {
        full
    } else {
        1
    }
}

fn bad() -> Air {
    Air {
        loss: 0.2,
        duplicate: 0.05,
        reorder: 0.05,
        delay_ms: 80,
        jitter_ms: 40,
        ..Air::default()
    }
}

pub(crate) fn fleet(n: u8, air: Air, seed: u64) -> Sky {
    let craft = (1..=n)
        .map(|s| Craft::new(s, &[(1, &format!("aircraft {s}"), air)], seed * 1000 + u64::from(s)))
        .collect();
    Sky::new(craft)
}

/// Milliseconds at a share of sorted figures.
fn at(sorted: &[i64], share: f64) -> i64 {
    let n = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a few thousand"
    )]
    sorted[(n as f64 * share).round() as usize]
}

/// Row 9: ten thousand orders over a clean link of one millisecond each way. The station adds nothing
/// of its own: no order, answer or next step waits for a timer. The time a real machine needs for
/// the same is in `cargo bench -p vedette-protocol`, over the loopback in `-p vedette-links`.
#[test]
fn row_09_ten_thousand_orders_over_a_clean_link_wait_for_nothing() {
    const CRAFT: u8 = 50;
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    let link = vedette_model::LinkId(1);
    gcs.link_up(Mono::ZERO, link, "udpin:test", None);
    let mut craft: Vec<Aircraft> = (1..=CRAFT).map(|s| Aircraft::new(s, 2)).collect();
    let peer = |s: usize| PeerAddr::new(&format!("aircraft {s}"));
    // Under way: due, to the station, aircraft, bytes.
    let mut air: Vec<(Mono, bool, usize, Vec<u8>)> = Vec::new();
    let (mut now, mut took, mut refused) = (Mono::ZERO, Vec::new(), 0);
    let mut given: std::collections::BTreeMap<u32, (Mono, usize)> = std::collections::BTreeMap::new();
    let mut id = 0_u32;
    let mut free = vec![Mono(3_000_000); usize::from(CRAFT)];
    while took.len() < 10_000 {
        now = Mono(now.0 + 500);
        if now.0 % 20_000 == 0 {
            for (n, c) in craft.iter_mut().enumerate() {
                air.extend(c.step(now).into_iter().map(|b| (now.plus_ms(1), true, n, b)));
            }
        }
        let (due, later): (Vec<_>, Vec<_>) = air.into_iter().partition(|a| a.0 <= now);
        air = later;
        for (_, up, n, bytes) in due {
            if up {
                gcs.handle_datagram(now, crate::common::utc(now), link, &peer(n), &bytes);
            } else {
                craft[n].receive(now, &bytes);
                air.extend(craft[n].step(now).into_iter().map(|b| (now.plus_ms(1), true, n, b)));
            }
        }
        // A third of a second after one order ended the next may be given: as fast as anybody presses.
        for (n, free) in free.iter_mut().enumerate() {
            if now < *free || id >= 10_000 {
                continue;
            }
            *free = Mono(i64::MAX);
            id += 1;
            let vehicle = u32::try_from(n).expect("few") + 1;
            given.insert(id, (now, n));
            let order = if craft[n].mode == 6 { Order::Hold } else { Order::Return };
            let request = vedette_model::Request {
                id: vedette_model::CommandId(id),
                vehicle: vedette_model::VehicleId(vehicle),
                uid: 0,
                retry: order.retry(),
                body: RequestBody::Order(order),
                expires: now.plus_ms(10_000),
            };
            gcs.submit(now, request);
        }
        if gcs.poll_timeout().is_some_and(|(t, _)| now >= t) {
            gcs.handle_timeout(now);
        }
        while let Some(t) = gcs.poll_transmit() {
            let n = (0..craft.len()).find(|n| t.peer == peer(*n)).expect("an aircraft");
            air.push((now.plus_ms(1), false, n, t.bytes));
        }
        while let Some(e) = gcs.poll_event() {
            if let Report::CommandDone { id, outcome } = e.report
                && !matches!(outcome, CommandOutcome::InProgress(_))
            {
                refused += u32::from(outcome != CommandOutcome::Accepted);
                let (from, n) = given.remove(&id.0).expect("given once, ended once");
                free[n] = now.plus_ms(333);
                took.push(now.since(from));
            }
        }
        assert!(now.0 < 600_000_000, "{} of 10000 ended", took.len());
    }
    took.sort_unstable();
    let (p50, p99) = (at(&took, 0.5), at(&took, 0.99));
    println!("10000 orders: p50 {p50} us, p99 {p99} us, {refused} not accepted");
    assert!(p50 <= 5_000 && p99 <= 50_000 && refused == 0);
}

/// Row 10: orders over a bad radio to fifty aircraft at once.
#[test]
fn row_10_orders_over_a_bad_radio_end_right_and_in_time() {
    let (aircraft, rounds, seed) = (50_u8, 6 * scale(34), 10);
    let mut sky = fleet(aircraft, bad(), seed);
    sky.run_ms(20_000);
    let (mut id, mut took, mut given, mut accepted, mut wrong) = (0, Vec::new(), 0_u32, 0_u32, 0_u32);
    let mut arms = vec![0_u32; usize::from(aircraft)];
    for round in 0..rounds {
        let first = id;
        let order = match round % 3 {
            0 => Order::Return,
            1 => Order::Hold,
            _ => Order::TakeOff {
                height: vedette_geo::AboveHome(40.0),
            },
        };
        let from = sky.now;
        for s in 1..=aircraft {
            id += 1;
            sky.order(id, s, order.clone(), 20_000);
            arms[usize::from(s) - 1] += u32::from(matches!(order, Order::TakeOff { .. }));
        }
        sky.run_ms(21_000);
        for (n, s) in (first + 1..=id).zip(1..=aircraft) {
            let (when, outcome) = sky.outcome(n).expect("every order ends");
            let craft = &sky.craft[usize::from(s) - 1].a;
            let shown = match order {
                Order::Return => craft.mode == 6,
                Order::Hold => craft.mode == 5 || craft.mode == 17,
                _ => craft.armed,
            };
            if order.retry() == Retry::UntilAck {
                given += 1;
                if outcome == CommandOutcome::Accepted {
                    accepted += 1;
                    took.push(when.since(from) / 1000);
                }
            }
            // "Accepted" that is not so, or "refused" though nobody refused.
            wrong += u32::from(outcome == CommandOutcome::Accepted && !shown);
            wrong += u32::from(matches!(outcome, CommandOutcome::Refused(_)));
        }
        sky.events.clear();
        for c in &mut sky.craft {
            c.a.armed = false;
            c.said.clear();
        }
        sky.run_ms(4_000);
    }
    took.sort_unstable();
    let attempts = sky
        .craft
        .iter()
        .flat_map(|c| &c.a.commands)
        .filter(|(_, c, _, _)| *c == 176)
        .map(|(_, _, _, n)| u32::from(*n) + 1)
        .max()
        .expect("some");
    println!(
        "seed {seed}: {accepted} of {given} accepted, p50 {} ms, p99 {} ms, at most {attempts} attempts, {wrong} wrong outcomes",
        at(&took, 0.5),
        at(&took, 0.99)
    );
    assert!(f64::from(accepted) >= 0.999 * f64::from(given), "{accepted} of {given}");
    assert!(at(&took, 0.99) <= 3_000 && attempts <= 10 && wrong == 0);
    for (c, given) in sky.craft.iter().zip(arms) {
        assert!(
            c.a.arms <= given + c.a.arms / 20 + 1,
            "an arm order was carried out twice"
        );
    }
}

pub(crate) fn items(n: u32) -> Vec<MissionItem> {
    (0..n)
        .map(|i| MissionItem {
            command: 16,
            frame: AltFrame::AboveHome,
            params: [Some(0.0), None, None, None],
            at: Some(vedette_geo::LatLon::from_e7(
                424_400_000 + i32::try_from(i * 700).expect("small"),
                15_500_000 + i32::try_from(i * 900).expect("small"),
            )),
            alt_m: 80.0 + f64::from(i % 7) * 5.0,
        })
        .collect()
}

/// Row 12: a hundred items at a fifth of everything lost, acknowledgements included.
#[test]
fn row_12_uploads_over_a_bad_radio_are_whole_or_told() {
    let n = 20 * scale(10);
    let air = Air {
        loss: 0.2,
        delay_ms: 30,
        ..Air::default()
    };
    let (mut good, mut slowest) = (0, 0);
    for k in 0..n {
        let kind =
            [MissionKind::Mission, MissionKind::Fence, MissionKind::Rally][usize::try_from(k % 3).expect("small")];
        let mut sky = fleet(1, air, 1200 + u64::from(k));
        sky.run_ms(8_000);
        let list: Vec<MissionItem> = items(100)
            .into_iter()
            .map(|mut i| {
                i.command = match kind {
                    MissionKind::Mission => 16,
                    MissionKind::Fence => 5001,
                    MissionKind::Rally => 5100,
                };
                if kind != MissionKind::Mission {
                    i.params = [
                        Some(if kind == MissionKind::Fence { 100.0 } else { 0.0 }),
                        None,
                        None,
                        None,
                    ];
                }
                i
            })
            .collect();
        let body = RequestBody::Upload {
            kind,
            items: list.clone(),
        };
        let from = sky.now;
        sky.submit(1, 1, body, Retry::UntilAck, 600_000);
        while sky.outcome(1).is_none() {
            sky.step();
            assert!(sky.now.since(from) < 700_000_000, "upload {k} never ends");
        }
        slowest = slowest.max(sky.now.since(from) / 1000);
        let number = match kind {
            MissionKind::Mission => 0,
            MissionKind::Fence => 1,
            MissionKind::Rally => 2,
        };
        let held = sky.craft[0].a.lists.get(&number).map_or(0, Vec::len);
        match sky.outcome(1).expect("ended").1 {
            CommandOutcome::Accepted => {
                good += 1;
                // A mission's item 0 is home.
                assert_eq!(held, 100 + usize::from(number == 0), "upload {k}");
                let back = sky.last(1, |r| match r {
                    Report::PlanOnVehicle { kind: k, items, .. } if *k == kind => Some(items.len()),
                    _ => None,
                });
                assert_eq!(back, Some(100), "upload {k} was read back");
            }
            // Told, and either the old list (none) or, its answer lost, the whole new one.
            other => assert!(held == 0 || held >= 100, "upload {k}: {other:?} with {held} items"),
        }
    }
    println!("{good} of {n} uploads, the slowest {slowest} ms");
    assert!(f64::from(good) >= 0.995 * f64::from(n), "{good} of {n}");
}

/// Row 18: a station that hangs stops calling itself alive.
#[test]
fn row_18_a_sick_station_falls_silent_within_two_seconds() {
    let gcs = Gcs::new(GcsConfig {
        watchdog_ms: Some(1_000),
        ..GcsConfig::new(US.0, US.1)
    });
    let mut sky = Sky::with(gcs, vec![Craft::new(1, &[(1, "radio", Air::default())], 18)]);
    sky.keep_sent = true;
    let beats = |sky: &Sky, from: Mono| sky.sent.iter().filter(|(t, _, _, b)| *t >= from && b[7] == 0).count();
    for _ in 0..50 {
        sky.gcs.alive(sky.now);
        sky.run_ms(200);
    }
    assert!(beats(&sky, Mono::ZERO) >= 8);
    let stopped = sky.now;
    sky.run_ms(20_000);
    let last = sky.sent.iter().filter(|(_, _, _, b)| b[7] == 0).map(|(t, ..)| *t).max();
    assert!(last.expect("some").since(stopped) <= 2_000_000);
    let well = sky.now;
    for _ in 0..10 {
        sky.gcs.alive(sky.now);
        sky.run_ms(200);
    }
    assert!(beats(&sky, well) >= 1, "and speaks again when it is well");
}

/// Row 19: a second station under our id, and one that gives orders.
#[test]
fn row_19_other_stations_are_told_of() {
    let mut sky = fleet(2, Air::default(), 19);
    sky.keep_sent = true;
    sky.run_ms(5_000);
    let peer = PeerAddr::new("aircraft 1");
    let link = vedette_model::LinkId(1);
    // Our own heartbeats come back through a router: no alarm.
    let echoes: Vec<Vec<u8>> = sky.sent.iter().map(|(_, _, _, b)| b.clone()).collect();
    for bytes in &echoes {
        sky.gcs.handle_datagram(sky.now, sky.utc(), link, &peer, bytes);
    }
    assert_eq!(sky.gcs.link_reports()[0].id_clashes, 0);
    let mut twin = Sender::new(US.0, US.1);
    twin.sequence = 77;
    let beat = wire::Heartbeat {
        kind: 6,
        autopilot: 8,
        system_status: 4,
        mavlink_version: 3,
        ..Default::default()
    };
    sky.gcs
        .handle_datagram(sky.now, sky.utc(), link, &peer, &twin.encode_wire(&beat));
    assert_eq!(sky.gcs.link_reports()[0].id_clashes, 1, "at once");

    let mut other = Sender::new(255, 190);
    let order = wire::CommandLong {
        command: 400,
        p1: 1.0,
        target_system: 2,
        target_component: 1,
        ..Default::default()
    };
    let mut asks = order;
    asks.command = 512;
    for _ in 0..100 {
        for bytes in [other.encode_wire(&order), other.encode_wire(&asks)] {
            sky.gcs.handle_datagram(sky.now, sky.utc(), link, &peer, &bytes);
        }
    }
    let clear = wire::MissionClearAll {
        target_system: 2,
        ..Default::default()
    };
    let bytes = other.encode_wire(&clear);
    sky.gcs.handle_datagram(sky.now, sky.utc(), link, &peer, &bytes);
    sky.run_ms(10);
    let told: Vec<String> = sky
        .events
        .iter()
        .filter_map(|(_, e)| match &e.report {
            Report::ForeignOrder { station: 255, what } if e.vehicle.0 == 2 => Some(what.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        ["COMMAND_LONG 400", "MISSION_CLEAR_ALL"],
        "each once, questions not at all"
    );
    assert_eq!(sky.craft[1].a.arms, 0);
}

/// One order of the property below.
#[derive(Debug, Clone)]
struct Given {
    id: u32,
    to: u8,
    command: u16,
    once: bool,
    from: Mono,
    expires: Mono,
    /// Effect of an order that is repeated until it is answered.
    mode: Option<u32>,
    reached: bool,
    /// Uninterrupted time with a link before it lapses, longest, milliseconds.
    longest_up_ms: i64,
}

/// The promise about retries: over any mixture of orders, cuts, doubled and late datagrams, no
/// order reaches an aircraft it was not given to, nothing that moves an aircraft from rest is
/// carried out after it lapsed, and return, hold and land are never lost while the link comes
/// back in time. 10^6 events at full size.
#[test]
fn orders_reach_only_their_aircraft_never_late_and_are_not_lost() {
    let mut events = 0;
    for seed in 0..4 * u64::from(scale(20)) {
        events += one_watch(seed);
    }
    println!("{events} events");
    assert!(events >= if scale(2) == 2 { 1_000_000 } else { 40_000 });
}

fn one_watch(seed: u64) -> u64 {
    const CRAFT: u8 = 6;
    // Longest a datagram can be under way: delay, jitter and being held back.
    const UNDER_WAY_MS: i64 = 80 + 40 + 100 + 10;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let air = Air {
        loss: rng.random_range(0.0..0.35),
        burst: 0.002,
        burst_ms: 1_000,
        truncate: 0.01,
        flip: 0.01,
        ..bad()
    };
    let mut sky = fleet(CRAFT, air, 7000 + seed);
    sky.run_ms(15_000);
    let start: Vec<usize> = sky.craft.iter().map(|c| c.a.commands.len()).collect();
    let mut given: Vec<Given> = Vec::new();
    let mut up_since: Vec<Option<Mono>> = vec![Some(sky.now); usize::from(CRAFT)];
    let mut id = 0;
    for second in 0..150_i64 {
        for s in 1..=CRAFT {
            let n = usize::from(s) - 1;
            if rng.random_bool(0.03) {
                let path = &mut sky.craft[n].paths[0];
                let until = sky.now.plus_ms(rng.random_range(200..9_000));
                (path.up.dark_until, path.down.dark_until) = (until, until);
            }
            // One order at a time to each, so that none displaces another.
            if given.iter().any(|g| g.to == s && sky.now < g.expires.plus_ms(2_000)) || second > 115 {
                continue;
            }
            let (order, command, mode) = match rng.random_range(0..5_u8) {
                0 | 1 => (
                    Order::TakeOff {
                        height: vedette_geo::AboveHome(40.0),
                    },
                    22,
                    None,
                ),
                2 => (Order::Land, 176, Some(9)),
                3 => (Order::Hold, 176, Some(u32::MAX)),
                _ => (Order::Return, 176, Some(6)),
            };
            id += 1;
            let for_ms = rng.random_range(500..25_000);
            sky.craft[n].a.armed = rng.random_bool(0.3);
            sky.craft[n].a.mode = 0;
            given.push(Given {
                id,
                to: s,
                command,
                once: order.retry() == Retry::Once,
                from: sky.now,
                expires: sky.now.plus_ms(for_ms),
                mode,
                reached: false,
                longest_up_ms: 0,
            });
            sky.order(id, s, order, for_ms);
        }
        for _ in 0..20 {
            sky.run_ms(50);
            for (n, c) in sky.craft.iter().enumerate() {
                let dark = sky.now < c.paths[0].up.dark_until || sky.now < c.paths[0].down.dark_until;
                up_since[n] = if dark { None } else { up_since[n].or(Some(sky.now)) };
            }
            for g in &mut given {
                let n = usize::from(g.to) - 1;
                if sky.now <= g.expires
                    && let Some(up) = up_since[n]
                {
                    g.longest_up_ms = g.longest_up_ms.max(sky.now.since(up.max(g.from)) / 1000);
                }
                let mode = sky.craft[n].a.mode;
                g.reached |= g.mode.is_some_and(|m| mode == m || (m == u32::MAX && mode != 0));
            }
        }
    }
    let mut events = u64::from(id);
    for (n, c) in sky.craft.iter().enumerate() {
        events += c.paths[0].up.counts.iter().sum::<u64>() + c.paths[0].down.counts.iter().sum::<u64>();
        let s = u8::try_from(n + 1).expect("few");
        for (when, command, p, _) in &c.a.commands[start[n]..] {
            // Our own questions and stream rates; nothing of them moves an aircraft.
            if matches!(command, 511 | 512) {
                continue;
            }
            let cause = given
                .iter()
                .filter(|g| g.to == s && *when >= g.from)
                .max_by_key(|g| g.from)
                .unwrap_or_else(|| panic!("seed {seed}: aircraft {s} was sent {command} without an order"));
            // A take-off is mode, arming, take-off; arming may change the mode.
            let belongs = *command == cause.command || (cause.command == 22 && matches!(command, 176 | 400));
            assert!(belongs, "seed {seed}: aircraft {s} got {command} {p:?} for {cause:?}");
            assert!(
                *when <= cause.expires.plus_ms(UNDER_WAY_MS),
                "seed {seed}: {command} reached aircraft {s} {} ms after {cause:?} lapsed",
                when.since(cause.expires) / 1000
            );
        }
        let once = given.iter().filter(|g| g.to == s && g.command == 22).count();
        let sent = c.a.takeoffs;
        // The radio doubles one datagram in twenty; we never do.
        assert!(usize::try_from(sent).expect("few") <= 2 * once, "seed {seed}");
    }
    for g in given.iter().filter(|g| !g.once) {
        // Half a minute of retries at a third of all lost fits into ten seconds of link.
        if g.longest_up_ms >= 10_000 {
            assert!(g.reached, "seed {seed}: lost {g:?}");
        }
        let told = sky.outcome(g.id).map(|o| o.1);
        assert!(told.is_some(), "seed {seed}: no end of {g:?}");
        if told == Some(CommandOutcome::Accepted) {
            assert!(g.reached, "seed {seed}: accepted and not so: {g:?}");
        }
    }
    assert!(sky.astray.is_empty());
    events
}
