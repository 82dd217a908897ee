//! Links over time, second senders, and what keeps an aircraft on the ground.

use super::*;

fn take_off(held: bool) -> Intent {
    Intent::Command {
        vehicle: V1,
        order: Order::TakeOff {
            height: AboveHome(30.0),
        },
        held,
    }
}

/// The same inputs give the same view.
fn replays(r: &Rig, setup: Setup) {
    let again = Replay::new(setup, r.log.clone()).expect("a usable site");
    assert_eq!(digest(again.view()), digest(r.station.view()));
}

pub(crate) fn path(link: u32, active: bool, quality: f64, heard: i64) -> PathReport {
    PathReport {
        link: LinkId(link),
        peer: "radio".into(),
        active,
        chosen: false,
        proven: true,
        quality,
        loss: 0.0,
        rtt_ms: None,
        heard: Mono(heard),
        frames: 10,
    }
}

/// Half an hour of every way is kept, a short hole with its depth, and each change of way with how
/// long it took.
#[test]
fn the_quality_of_every_way_is_remembered_for_half_an_hour() {
    let used = setup();
    let mut r = Rig::with(used.clone()).known();
    for n in 0..2_000_i64 {
        let dead = (1_500..1_503).contains(&n);
        r.t = n * 1_000_000;
        let heard = r.t - if dead { 400_000 } else { 0 };
        r.say(Report::Paths(vec![
            path(1, !dead, if dead { 0.1 } else { 0.95 }, heard),
            path(2, dead, 0.8, r.t),
        ]));
    }
    let v = &r.station.view().vehicles[&V1];
    let [a, b] = v.link_history.paths.as_slice() else {
        panic!("two ways: {:?}", v.link_history.paths.len());
    };
    assert!(a.samples.len() == LinkHistory::SAMPLES && b.samples.len() == LinkHistory::SAMPLES);
    assert!(
        a.samples.iter().any(|s| s.quality == 10),
        "the hole is not averaged away"
    );
    assert_eq!(
        a.samples.iter().filter(|s| s.percent() == Some(95)).count(),
        LinkHistory::SAMPLES - 1
    );
    let taken: Vec<(u32, u32, bool)> = v
        .switches
        .iter()
        .map(|s| (s.from.0, s.to.0, s.silence_ms >= 400))
        .collect();
    assert_eq!(taken, vec![(1, 2, true), (2, 1, false)]);
    replays(&r, used);
}

/// An aircraft that counts another station's silence as link loss stays on the ground, and is told
/// apart from one set up for a range of stations.
#[test]
fn an_aircraft_of_another_station_stays_on_the_ground() {
    let mut s = setup();
    s.system = Some(253);
    let used = s;
    let mut r = Rig::with(used.clone()).known();
    let table = |rows: &[(&str, f64)]| {
        Report::ParameterTable(ParameterTable::new(
            rows.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        ))
    };
    r.say(table(&[("SYSID_MYGCS", 255.0), ("WPNAV_SPEED", 500.0)]));
    r.effects.clear();
    r.wants("pilot", take_off(true));
    assert!(
        r.effects.is_empty() && r.last_notice().contains("SYSID_MYGCS"),
        "{}",
        r.last_notice()
    );
    // The remedy is one intent.
    r.wants(
        "pilot",
        Intent::SetParameter {
            vehicle: V1,
            name: "SYSID_MYGCS".into(),
            value: 253.0,
        },
    );
    assert!(matches!(
        r.effects.as_slice(),
        [Effect::Request(q)] if matches!(&q.body, RequestBody::SetParameter { name, value } if name == "SYSID_MYGCS" && *value == 253.0)
    ));
    r.say(Report::Parameter {
        name: "SYSID_MYGCS".into(),
        value: 253.0,
    });
    r.effects.clear();
    r.wants("pilot", take_off(true));
    assert_eq!(r.effects.len(), 1, "{}", r.last_notice());
    // Newer firmware names a range.
    r.say(table(&[("MAV_GCS_SYSID", 250.0), ("MAV_GCS_SYSID_HI", 254.0)]));
    assert!(r.station.view().vehicles[&V1].grounded.is_empty());
    replays(&r, used);
}

/// Safety relevant differences keep it down until a named person accepts exactly these.
#[test]
fn safety_differences_keep_it_on_the_ground_until_accepted_by_name() {
    let mut s = setup();
    let file = "# CU-01\nRTL_ALT,3000\nFS_GCS_ENABLE,1\nWPNAV_SPEED,500\n";
    let baseline = Baseline::parse(file, "CU-01.param").expect("a baseline");
    s.baselines
        .insert(V1, ("2026-10-30".into(), std::sync::Arc::new(baseline)));
    let used = s;
    let mut r = Rig::with(used.clone()).known();
    let on_board = |rtl: f64| {
        Report::ParameterTable(ParameterTable::new(
            [("RTL_ALT", rtl), ("FS_GCS_ENABLE", 1.0), ("WPNAV_SPEED", 700.0)]
                .map(|(n, v)| (n.to_owned(), v))
                .into(),
        ))
    };
    r.say(on_board(1500.0));
    let differs = |r: &Rig| {
        r.station.view().vehicles[&V1]
            .baseline
            .clone()
            .map_or(0, |b| b.differences.len())
    };
    assert_eq!(differs(&r), 2);
    let accept = |why: &str| Intent::AcceptParameters {
        vehicle: V1,
        reason: why.into(),
    };
    let may_fly = |r: &mut Rig| {
        r.effects.clear();
        r.wants("pilot", take_off(true));
        !r.effects.is_empty()
    };
    assert!(!may_fly(&mut r));
    r.wants("guest", accept("I say so"));
    r.wants("pilot", accept("  "));
    assert!(!may_fly(&mut r), "neither a guest nor no reason");
    r.wants("pilot", accept("low clouds, agreed with operations"));
    assert!(may_fly(&mut r), "{}", r.last_notice());
    let a = r.station.view().vehicles[&V1].baseline.clone().and_then(|b| b.accepted);
    assert!(a.is_some_and(|a| a.by.0 == "pilot" && a.differences.len() == 1));
    // Another value is another difference.
    r.say(on_board(1000.0));
    assert!(!may_fly(&mut r));
    // Written back: one at a time, each after the answer to the one before.
    r.effects.clear();
    r.wants("pilot", Intent::RestoreParameters { vehicle: V1 });
    let mut written = Vec::new();
    while let Some(Effect::Request(q)) = r.effects.pop() {
        let RequestBody::SetParameter { name, value } = q.body else {
            panic!("a set: {:?}", q.body)
        };
        r.say(Report::Parameter {
            name: name.clone(),
            value,
        });
        r.say(Report::CommandDone {
            id: q.id,
            outcome: CommandOutcome::Accepted,
        });
        written.push(name);
    }
    assert_eq!(written, ["RTL_ALT", "WPNAV_SPEED"]);
    assert!(differs(&r) == 0 && may_fly(&mut r));
    // What is on board becomes the baseline, and is kept as a file.
    r.say(on_board(2000.0));
    r.effects.clear();
    r.wants("pilot", Intent::TakeBaseline { vehicle: V1 });
    let kept = r.effects.iter().find_map(|e| match e {
        Effect::Keep {
            folder: Folder::Baselines,
            name,
            text,
        } => Some((name.clone(), text.clone())),
        _ => None,
    });
    let (name, text) = kept.expect("a file");
    assert_eq!(name, "CU-01.param");
    assert_eq!(
        Baseline::parse(&text, &name).expect("read again").values["RTL_ALT"],
        2000.0
    );
    assert!(differs(&r) == 0 && may_fly(&mut r));
    replays(&r, used);
}

/// A second sender is named, orders are refused while it speaks, and not for ever.
#[test]
fn orders_are_refused_while_a_second_sender_speaks_and_not_longer() {
    let used = setup();
    let mut r = Rig::with(used.clone()).known();
    r.say(Report::DuplicateId);
    r.say(Report::SecondSender(SecondSender {
        link: LinkId(1),
        peer: "10.20.0.77:14550".into(),
        why: "it booted at another time".into(),
        boot_ms: Some(41_000),
        ours_boot_ms: Some(4_188_000),
        frames: 1,
    }));
    assert!(r.last_notice().contains("10.20.0.77:14550"));
    r.wants("pilot", take_off(true));
    assert!(r.effects.is_empty());
    r.wants(
        "pilot",
        Intent::BlockSender {
            link: LinkId(1),
            peer: "10.20.0.77:14550".into(),
            blocked: true,
        },
    );
    assert!(matches!(r.effects.as_slice(), [Effect::Block { blocked: true, .. }]));
    r.effects.clear();
    r.t += 11_000_000;
    r.put(Input::Tick);
    r.wants("pilot", take_off(true));
    assert_eq!(r.effects.len(), 1, "{}", r.last_notice());
    replays(&r, used);
}

/// Forged, replayed and unsigned frames raise one alarm a bout, which names the sender; wrong checksums are counted only.
#[test]
fn refused_frames_raise_one_alarm_a_bout_that_names_the_sender() {
    let used = setup();
    let mut r = Rig::with(used.clone()).known();
    let told = |r: &Rig, word: &str| {
        let all = &r.station.view().notices;
        all.iter()
            .filter(|n| n.text.contains(word))
            .map(|n| n.text.clone())
            .collect::<Vec<_>>()
    };
    let report = |r: &mut Rig, rows: &[(RejectReason, u64)]| {
        let last = Mono(r.t + 100_000);
        let rejects = rows.iter().map(|(reason, count)| Rejection {
            reason: *reason,
            count: *count,
            mostly_from: "10.20.0.77:14550".into(),
            last,
        });
        r.put(Input::Link(LinkReport {
            rejects: rejects.collect(),
            ..LinkReport::new(LinkId(3), "udpin:test")
        }));
    };
    report(&mut r, &[(RejectReason::BadChecksum, 900)]);
    assert!(told(&r, "10.20.0.77").is_empty());
    for n in 1..50 {
        report(
            &mut r,
            &[
                (RejectReason::BadSignature, n * 10),
                (RejectReason::BadChecksum, 900 + n),
            ],
        );
    }
    let said = told(&r, "wrongly signed");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("10.20.0.77:14550 on") && said[0].contains("none is believed"),
        "{said:?}"
    );
    report(
        &mut r,
        &[
            (RejectReason::BadSignature, 490),
            (RejectReason::Replayed, 1),
            (RejectReason::Unsigned, 4),
        ],
    );
    assert_eq!((told(&r, "replayed").len(), told(&r, "unsigned").len()), (1, 1));
    // Two quiet minutes, then again.
    r.t += 120_000_000;
    report(&mut r, &[(RejectReason::BadSignature, 491)]);
    assert_eq!(told(&r, "wrongly signed").len(), 2);
    replays(&r, used);
}
