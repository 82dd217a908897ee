//! Each item moves by exactly the fault that should move it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::exercise::Exercise;
use vedette_geo::{LatLon, destination};
use vedette_model::*;
use vedette_score::{
    ActorAt, AlertSeen, Answer, Box, Cast, Conduct, INSERT, IncidentDone, OrderGiven, Policy, Role, ScoreError, Sheet,
    Truth, TruthLine, score, score_so_far,
};

const US: i64 = 1_000_000;

fn exercise() -> &'static Exercise {
    static E: OnceLock<Exercise> = OnceLock::new();
    E.get_or_init(|| Exercise::load("footpath-crossing.toml"))
}

fn utc(s: i64) -> Utc {
    Utc(1_800_000_000 * US + s * US)
}

/// A place so many metres inside the watched line.
fn inside(m: f64) -> LatLon {
    let b = &exercise().world.border;
    let at = 36_400.0;
    let side = if b.home_left { -90.0 } else { 90.0 };
    destination(b.at(at), b.azimuth_deg(at) + side, m)
}

/// A whole run without a flaw: one walker, one cow, one link loss, one jam, both met.
fn flawless() -> (Vec<TruthLine>, Conduct) {
    let walker = inside(40.0);
    let cow = inside(200.0);
    let base = exercise().brief.fleet[0].base;
    let mut lines = vec![
        TruthLine::Start {
            scenario: "flawless".into(),
            epoch: utc(0),
            seed: 1,
        },
        TruthLine::Cast {
            actors: vec![
                Cast {
                    actor: "walker".into(),
                    role: Role::Subject,
                },
                Cast {
                    actor: "cow".into(),
                    role: Role::Lawful,
                },
            ],
            report_within_s: 120.0,
        },
        TruthLine::Crossing {
            actor: "walker".into(),
            utc: utc(300),
            inwards: true,
        },
    ];
    for (id, what, at) in [(1, "link-loss", 500), (2, "gnss-jam", 600)] {
        for (begins, t) in [(true, at), (false, at + 20)] {
            lines.push(TruthLine::Fault {
                id,
                utc: utc(t),
                system: Some(1),
                trouble: serde_json::json!({ "what": what }),
                begins,
            });
        }
    }
    for s in 0..900 {
        let up = (20..880).contains(&s);
        let at = if up { inside(350.0) } else { base };
        let ground = exercise().world.terrain.elevation(at).unwrap().0;
        lines.push(TruthLine::Vehicle {
            system: 1,
            utc: utc(s),
            at,
            amsl: vedette_geo::Amsl(ground + if up { 130.0 } else { 0.0 }),
            inside_m: exercise().world.border.nearest(at).signed_m,
            battery_wh: 550.0 - 0.3 * s as f64,
            crashed: false,
        });
        lines.push(frame(s, (290..700).contains(&s).then_some(walker), cow, walker));
    }
    let conduct = Conduct {
        trainee: "t".into(),
        session: "s".into(),
        span: (utc(0), utc(900)),
        alerts: vec![AlertSeen {
            id: AlertId(1),
            priority: Priority::P1,
            raised: utc(305),
            captured: utc(305),
            at: Some(destination(walker, 90.0, 4.0)),
            first_act: Some(utc(307)),
            answer: Some(Answer {
                at: utc(312),
                confirmed: true,
            }),
        }],
        incidents: vec![IncidentDone {
            alert: AlertId(1),
            opened: utc(313),
            span: (utc(280), utc(400)),
            sealed: true,
            outcome: Some("patrol informed".into()),
        }],
        orders: vec![OrderGiven {
            at: utc(880),
            vehicle: VehicleId(1),
            order: Order::Return,
        }],
        notes: vec![(utc(506), "link gone".into()), (utc(606), "no fix".into())],
        approved: Some(utc(5)),
        read_back: true,
        ready: BTreeMap::from([(VehicleId(1), utc(8))]),
        launched: BTreeMap::from([(VehicleId(1), utc(20))]),
        gaps: vec![],
        reserve: BTreeMap::from([(VehicleId(1), (0.25, 550.0))]),
        looked_at: vec![(utc(315), walker)],
        workload: vec![(utc(305), 1, 2), (utc(610), 2, 3)],
    };
    (lines, conduct)
}

fn frame(s: i64, seen: Option<LatLon>, cow: LatLon, walker: LatLon) -> TruthLine {
    TruthLine::Frame {
        camera: CameraId(11),
        utc: utc(s),
        frozen: false,
        boxes: seen
            .map(|_| Box {
                actor: "walker".into(),
                image: ImageBox {
                    x: 1.0,
                    y: 1.0,
                    w: 10.0,
                    h: 22.0,
                },
                visible: 1.0,
            })
            .into_iter()
            .collect(),
        actors: vec![
            ActorAt {
                actor: "walker".into(),
                at: walker,
            },
            ActorAt {
                actor: "cow".into(),
                at: cow,
            },
        ],
    }
}

fn sheet(lines: Vec<TruthLine>, conduct: &Conduct) -> Sheet {
    let list: Vec<String> = exercise().scenario.training.as_ref().unwrap().checklist.clone();
    score(
        &Truth::of(lines).unwrap(),
        conduct,
        &exercise().rules(&list),
        &Policy::default(),
    )
}

fn points(s: &Sheet) -> BTreeMap<String, Option<f64>> {
    s.items.iter().map(|i| (i.name.clone(), i.points)).collect()
}

#[test]
fn a_flawless_run_has_all_points() {
    let (l, c) = flawless();
    let s = sheet(l, &c);
    for i in &s.items {
        assert!(i.points.is_none_or(|p| p > 0.999), "{i:?}");
    }
    assert!(s.total > 99.9, "{}", s.total);
    assert_eq!(points(&s)["privacy"], None, "the site has no privacy zone");
    assert!(s.checklist.iter().all(|(_, d)| *d), "{:?}", s.checklist);
}

type Change = fn(&mut Vec<TruthLine>, &mut Conduct);

fn vehicles(
    l: &mut [TruthLine],
    from: i64,
    to: i64,
    f: impl Fn(&mut LatLon, &mut vedette_geo::Amsl, &mut f64, &mut f64, &mut bool),
) {
    for line in l {
        if let TruthLine::Vehicle {
            utc: u,
            at,
            amsl,
            inside_m,
            battery_wh,
            crashed,
            ..
        } = line
            && (utc(from)..utc(to)).contains(u)
        {
            f(at, amsl, inside_m, battery_wh, crashed);
        }
    }
}

#[test]
fn each_item_moves_by_exactly_the_fault_that_should_move_it() {
    let base = {
        let (l, c) = flawless();
        points(&sheet(l, &c))
    };
    let cases: Vec<(&str, &[&str], Change)> = vec![
        ("slow to act", &["detect"], |_, c| {
            c.alerts[0].first_act = Some(utc(370));
        }),
        ("slow to decide", &["decide"], |_, c| {
            c.alerts[0].answer.as_mut().unwrap().at = utc(360);
        }),
        // Nothing reported: nothing to measure of place, custody and evidence either.
        (
            "dismissed the subject",
            &["missed", "geolocation", "custody", "evidence", "checklist"],
            |_, c| {
                c.alerts[0].answer.as_mut().unwrap().confirmed = false;
            },
        ),
        ("reported a cow", &["false_reports"], |_, c| {
            let mut a = c.alerts[0].clone();
            a.id = AlertId(2);
            a.priority = Priority::P2;
            a.at = Some(inside(200.0));
            c.alerts.push(a);
        }),
        ("place 35 m off", &["geolocation"], |_, c| {
            c.alerts[0].at = Some(destination(inside(40.0), 90.0, 35.0));
        }),
        ("lost from sight", &["custody"], |l, _| {
            for line in l {
                if let TruthLine::Frame { utc: u, boxes, .. } = line
                    && (utc(330)..utc(380)).contains(u)
                {
                    boxes.clear();
                }
            }
        }),
        ("frozen picture", &["custody"], |l, _| {
            for line in l {
                if let TruthLine::Frame { utc: u, frozen, .. } = line
                    && (utc(330)..utc(380)).contains(u)
                {
                    *frozen = true;
                }
            }
        }),
        ("over the line", &["side"], |l, _| {
            vehicles(l, 400, 410, |_, _, inside_m, _, _| *inside_m = -20.0);
        }),
        ("into the picnic ground", &["fence"], |l, _| {
            let z = exercise().brief.no_fly[0].clone();
            let ground = exercise().world.terrain.elevation(z.centre.unwrap()).unwrap().0;
            vehicles(l, 400, 410, |at, amsl, _, _, _| {
                *at = z.centre.unwrap();
                *amsl = vedette_geo::Amsl(ground + 130.0);
            });
        }),
        ("too high", &["altitude"], |l, _| {
            vehicles(l, 400, 410, |_, amsl, _, _, _| amsl.0 += 400.0);
        }),
        ("link loss not met", &["link_drill"], |_, c| c.notes[0].0 = utc(545)),
        ("jam not met", &["fault_drill"], |_, c| c.notes[1].0 = utc(645)),
        ("empty battery", &["battery", "checklist"], |l, _| {
            vehicles(l, 0, 900, |_, _, _, wh, _| *wh *= 0.2);
        }),
        ("crashed", &["battery", "checklist"], |l, _| {
            vehicles(l, 899, 900, |_, _, _, _, crashed| *crashed = true);
        }),
        ("took off unready", &["checklist"], |_, c| {
            c.ready.insert(VehicleId(1), utc(25));
        }),
        ("no camera on the subject", &["checklist"], |_, c| c.looked_at.clear()),
        ("not sealed", &["evidence", "checklist"], |_, c| {
            c.incidents[0].sealed = false;
        }),
        ("a gap in the recording", &["evidence"], |_, c| c.gaps.push(utc(300))),
        ("a question lapsed", &["workload"], |_, c| {
            c.workload[1].0 = utc(670);
        }),
        ("a blind insert not noticed", &["vigilance"], |l, _| {
            let there = destination(inside(60.0), 90.0, 400.0);
            for line in l {
                match line {
                    TruthLine::Cast { actors, .. } => actors.push(Cast {
                        actor: INSERT.into(),
                        role: Role::Subject,
                    }),
                    TruthLine::Frame {
                        utc: u, boxes, actors, ..
                    } if (utc(100)..utc(110)).contains(u) => {
                        boxes.push(Box {
                            actor: INSERT.into(),
                            image: ImageBox {
                                x: 1.0,
                                y: 1.0,
                                w: 10.0,
                                h: 22.0,
                            },
                            visible: 1.0,
                        });
                        actors.push(ActorAt {
                            actor: INSERT.into(),
                            at: there,
                        });
                    }
                    _ => {}
                }
            }
        }),
    ];
    for (what, moves, change) in cases {
        let (mut l, mut c) = flawless();
        change(&mut l, &mut c);
        let now = points(&sheet(l, &c));
        let moved: Vec<&str> = now
            .iter()
            .filter(|(k, p)| match (p, &base[*k]) {
                (Some(a), Some(b)) => (a - b).abs() > 1e-6,
                (a, b) => a.is_some() != b.is_some(),
            })
            .map(|(k, _)| k.as_str())
            .collect();
        let mut expected = moves.to_vec();
        expected.sort_unstable();
        assert_eq!(moved, expected, "{what}");
    }
}

/// The simulator's own kinds: each moves the drill it belongs to when nobody meets it in time, and nothing else.
#[test]
fn every_kind_of_fault_moves_its_own_drill_and_no_other_item() {
    let with = |what: &str, noted: i64| {
        let (mut l, mut c) = flawless();
        for (begins, t) in [(true, 700), (false, 720)] {
            l.push(TruthLine::Fault {
                id: 3,
                utc: utc(t),
                system: Some(1),
                trouble: serde_json::json!({ "what": what }),
                begins,
            });
        }
        c.notes.push((utc(noted), "this does not fit".into()));
        points(&sheet(l, &c))
    };
    let (l, c) = flawless();
    let flawless = points(&sheet(l, &c));
    for (what, _, _) in vedette_sim::Trouble::ALL {
        let (met, late) = (with(what, 706), with(what, 745));
        assert_eq!(met, flawless, "{what} met in time costs nothing");
        let moved: Vec<&str> = met.keys().filter(|k| met[*k] != late[*k]).map(String::as_str).collect();
        let expected: &[&str] = match what {
            // What comes between station and aircraft.
            "link-loss" | "link-poor" | "link-delay" | "video-loss" => &["link_drill"],
            // The land asks for no act.
            "elevation" => &[],
            _ => &["fault_drill"],
        };
        assert_eq!(moved, expected, "{what}");
    }
}

#[test]
fn an_act_without_its_order_is_seen_on_the_checklist() {
    let (l, mut c) = flawless();
    c.approved = Some(utc(30));
    c.read_back = false;
    c.incidents[0].outcome = None;
    let s = sheet(l, &c);
    let left: Vec<_> = s
        .checklist
        .iter()
        .filter(|(_, d)| !d)
        .map(|(n, _)| n.as_str())
        .collect();
    assert_eq!(left, ["plan-approved", "plan-read-back", "handover-noted"]);
}

#[test]
fn a_policy_refuses_what_it_does_not_know_and_a_weight_of_zero_leaves_an_item_out() {
    let bad = [
        ("[weights]\ndetekt = 1\n", "detekt"),
        ("[weights]\ndetect = -1\n", "weights.detect is -1"),
        ("[thresholds]\ndecide_full_s = 100\n", "must be below decide_none_s"),
        ("weights = 3\n", "expected"),
    ];
    for (text, said) in bad {
        let e = Policy::parse(text, "policy.toml").unwrap_err();
        assert!(matches!(e, ScoreError::Policy { .. }));
        assert!(
            e.to_string().contains(said) && e.to_string().contains("policy.toml"),
            "{e}"
        );
    }
    let (l, mut c) = flawless();
    c.looked_at.clear();
    let list = exercise().scenario.training.as_ref().unwrap().checklist.clone();
    let policy = Policy::parse("[weights]\nchecklist = 0.0\n", "p").unwrap();
    let s = score(&Truth::of(l).unwrap(), &c, &exercise().rules(&list), &policy);
    assert!(s.total > 99.9, "{}", s.total);
}

#[test]
fn while_a_run_goes_on_nothing_is_lost_that_can_still_be_done() {
    let (mut l, mut c) = flawless();
    // Ten seconds after the alert: nobody has acted yet, and there is time.
    let now = utc(315);
    l.retain(|x| match x {
        TruthLine::Frame { utc: u, .. } | TruthLine::Vehicle { utc: u, .. } => *u <= now,
        TruthLine::Fault { .. } => false,
        _ => true,
    });
    c.span.1 = now;
    (c.alerts[0].first_act, c.alerts[0].answer) = (None, None);
    c.incidents.clear();
    c.orders.clear();
    c.notes.clear();
    c.looked_at.clear();
    c.workload.clear();
    let list: Vec<String> = exercise().scenario.training.as_ref().unwrap().checklist.clone();
    let truth = Truth::of(l).unwrap();
    let so_far = score_so_far(&truth, &c, &exercise().rules(&list), &Policy::default());
    for name in ["detect", "missed", "decide", "battery", "evidence", "workload"] {
        assert_eq!(points(&so_far)[name], None, "{name}");
    }
    assert!(so_far.total > 99.9, "{}", so_far.total);
    let over = score(&truth, &c, &exercise().rules(&list), &Policy::default());
    assert!(
        over.total < 60.0,
        "once it is over the same record is a poor run: {}",
        over.total
    );
}

#[test]
fn what_moved_the_score_says_by_how_much() {
    let (l, mut c) = flawless();
    c.notes.clear();
    let s = sheet(l, &c);
    let of: f64 = s.items.iter().filter(|i| i.points.is_some()).map(|i| i.weight).sum();
    let drill = s.items.iter().find(|i| i.name == "link_drill").unwrap();
    let lost = s.marks.iter().find(|m| m.item == "link_drill").unwrap();
    assert!(
        !lost.good && (lost.delta + 100.0 * drill.weight / of).abs() < 1e-6,
        "{lost:?}"
    );
    assert!(
        s.marks.iter().any(|m| m.item == "missed" && m.delta > 5.0),
        "the report gained points"
    );
    assert!(
        s.items.iter().all(|i| !i.target.is_empty()),
        "each item says what is wanted"
    );
}
