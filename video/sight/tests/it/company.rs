//! Rules about company, boats and water: what they say, and what they keep quiet about.

use vedette_atlas::{Border, Crossing};
use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::{CameraId, GroundFix, GroundTrack, ImageBox, Priority, Pts, TargetClass, TrackId, Utc, VehicleId};
use vedette_sight::{AlertDraft, Policy, RuleSet, Surroundings};

/// A line running east; home is south of it.
fn border() -> Border {
    let a = LatLon {
        lat_deg: 42.45,
        lon_deg: 1.48,
    };
    Border::new("TEST", vec![a, destination(a, 90.0, 2000.0)], false).expect("a line")
}

/// Metres along the line and inside of it.
fn place(chainage: f64, inside: f64) -> LatLon {
    destination(border().at(chainage), 180.0, inside)
}

/// One who is at `at(t)` while it is somewhere.
struct Actor {
    id: u32,
    class: TargetClass,
    at: Box<dyn Fn(f64) -> Option<[f64; 2]>>,
}

fn actor(id: u32, class: TargetClass, at: impl Fn(f64) -> Option<[f64; 2]> + 'static) -> Actor {
    Actor {
        id,
        class,
        at: Box::new(at),
    }
}

/// From `a` towards `b` at a pace, then standing.
fn go(a: [f64; 2], b: [f64; 2], m_s: f64, t: f64) -> [f64; 2] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let long = dx.hypot(dy).max(1e-9);
    let s = (m_s * t.max(0.0)).min(long) / long;
    [a[0] + s * dx, a[1] + s * dy]
}

fn run_with(actors: &[Actor], seconds: f64, crossings: &[Crossing], around: Surroundings) -> Vec<AlertDraft> {
    let mut rules = RuleSet::new(Policy::default()).with_surroundings(around);
    let mut out = Vec::new();
    let mut i = 0;
    while f64::from(i) * 0.2 < seconds {
        let t = f64::from(i) * 0.2;
        let now = Utc((t * 1e6) as i64 + 1);
        let tracks: Vec<GroundTrack> = actors
            .iter()
            .filter_map(|a| {
                let here = (a.at)(t)?;
                let before = (a.at)(t - 0.2).unwrap_or(here);
                Some(GroundTrack {
                    id: TrackId(a.id),
                    camera: CameraId(11),
                    captured: now,
                    pts: Pts((t * 90_000.0) as i64),
                    image: ImageBox {
                        x: 300.0,
                        y: 200.0,
                        w: 4.0,
                        h: 10.0,
                    },
                    class: a.class,
                    score: 0.8,
                    looks: i as u32 + 1,
                    fix: Ok(GroundFix {
                        at: place(here[0], here[1]),
                        amsl: Amsl(1500.0),
                        cov_en_m2: [4.0, 0.0, 4.0],
                        slant_m: 280.0,
                    }),
                    velocity_en_m_s: [(here[0] - before[0]) / 0.2, -(here[1] - before[1]) / 0.2],
                    seen: true,
                })
            })
            .collect();
        out.extend(rules.judge(now, &tracks, CameraId(11), VehicleId(1), &border(), crossings));
        i += 1;
    }
    out
}

fn run(actors: &[Actor], seconds: f64) -> Vec<AlertDraft> {
    run_with(actors, seconds, &[], Surroundings::default())
}

fn said(drafts: &[AlertDraft]) -> Vec<&str> {
    drafts.iter().map(|d| d.rule.0.as_str()).collect()
}

use TargetClass::{Animal, Boat, Person, Vehicle};

#[test]
fn two_who_come_from_apart_and_stand_together_meet() {
    let d = run(
        &[
            actor(1, Person, |t| Some(go([1000.0, 200.0], [1050.0, 200.0], 1.2, t))),
            actor(2, Person, |t| Some(go([1120.0, 200.0], [1052.0, 200.0], 1.2, t))),
        ],
        120.0,
    );
    assert_eq!(said(&d), ["rendezvous"], "{d:#?}");
    assert_eq!(d[0].priority, Priority::P2);
    assert!(
        d[0].why.contains("120 m apart") && d[0].chainage_m.is_some(),
        "{}",
        d[0].why
    );
}

#[test]
fn people_who_pass_walk_together_or_stand_as_found_do_not_meet() {
    let pass = run(
        &[
            actor(1, Person, |t| Some([1000.0 + 1.2 * t, 200.0])),
            actor(2, Person, |t| Some([1120.0 - 1.2 * t, 201.0])),
        ],
        100.0,
    );
    assert_eq!(said(&pass), [""; 0], "{pass:#?}");
    let together = run(
        &[
            actor(1, Person, |t| Some([1000.0 + 1.2 * t, 200.0])),
            actor(2, Person, |t| Some([1001.0 + 1.2 * t, 201.5])),
        ],
        120.0,
    );
    assert_eq!(said(&together), [""; 0], "{together:#?}");
    let stand = run(
        &[
            actor(1, Person, |_| Some([1000.0, 200.0])),
            actor(2, Person, |_| Some([1002.0, 200.0])),
            actor(3, Animal, |t| Some(go([1080.0, 200.0], [1001.0, 200.0], 1.2, t))),
        ],
        120.0,
    );
    assert_eq!(said(&stand), [""; 0], "{stand:#?}");
}

#[test]
fn a_meeting_at_a_crossing_point_or_far_from_the_line_is_nobody_s_business() {
    let actors = |inside: f64| {
        [
            actor(1, Person, move |t| Some(go([1000.0, inside], [1050.0, inside], 1.2, t))),
            actor(2, Person, move |t| Some(go([1120.0, inside], [1052.0, inside], 1.2, t))),
        ]
    };
    let post = Crossing {
        name: "Post".to_owned(),
        at: place(1050.0, 190.0),
        radius_m: 60.0,
    };
    let d = run_with(&actors(200.0), 120.0, &[post], Surroundings::default());
    assert_eq!(said(&d), [""; 0], "{d:#?}");
    let d = run(&actors(6000.0), 120.0);
    assert_eq!(said(&d), [""; 0], "{d:#?}");
}

#[test]
fn one_who_gets_out_of_a_car_and_walks_off_is_dropped_off() {
    let car = |t: f64| go([700.0, 300.0], [1000.0, 300.0], 10.0, t);
    let d = run(
        &[
            actor(1, Vehicle, move |t| Some(car(t))),
            actor(2, Person, |t| {
                (t > 36.0).then(|| go([1003.0, 300.0], [1003.0, 200.0], 1.3, t - 36.0))
            }),
        ],
        80.0,
    );
    assert_eq!(said(&d), ["dropoff"], "{d:#?}");
    assert_eq!(d[0].title, "Drop-off");
    assert_eq!(d[0].track, Some(TrackId(2)));
}

#[test]
fn one_who_comes_to_a_car_stays_and_leaves_moves_a_load_and_a_passer_by_does_not() {
    let car = |t: f64| go([800.0, 300.0], [1000.0, 300.0], 10.0, t);
    let d = run(
        &[
            actor(1, Vehicle, move |t| Some(car(t))),
            actor(2, Person, |t| {
                Some(if t < 90.0 {
                    go([1003.0, 240.0], [1003.0, 299.0], 1.3, t - 10.0)
                } else {
                    go([1003.0, 299.0], [1003.0, 220.0], 1.3, t - 90.0)
                })
            }),
        ],
        130.0,
    );
    assert!(said(&d).contains(&"dropoff"), "{d:#?}");
    assert!(d.iter().any(|d| d.title == "Load transfer"));
    let passer = run(
        &[
            actor(1, Vehicle, move |t| Some(car(t))),
            actor(2, Person, |t| Some([940.0 + 1.3 * t, 304.0])),
        ],
        120.0,
    );
    assert_eq!(said(&passer), [""; 0], "{passer:#?}");
    // A parked car that was never seen to drive.
    let parked = run(
        &[
            actor(1, Vehicle, |_| Some([1000.0, 300.0])),
            actor(2, Person, |t| {
                (t > 20.0).then(|| go([1003.0, 300.0], [1003.0, 200.0], 1.3, t - 20.0))
            }),
        ],
        80.0,
    );
    assert_eq!(said(&parked), [""; 0], "{parked:#?}");
}

#[test]
fn three_cars_that_keep_their_gaps_are_a_convoy_and_traffic_that_thins_out_is_none() {
    let row = |id: u32, behind: f64| actor(id, Vehicle, move |t| Some([500.0 + 9.0 * t - behind, 400.0]));
    let d = run(&[row(1, 0.0), row(2, 30.0), row(3, 62.0)], 60.0);
    assert!(said(&d).contains(&"convoy"), "{d:#?}");
    assert_eq!(said(&d).iter().filter(|r| **r == "convoy").count(), 1);
    let two = run(&[row(1, 0.0), row(2, 30.0)], 60.0);
    assert!(!said(&two).contains(&"convoy"), "{two:#?}");
    let faster = |id: u32, from: f64, m_s: f64| actor(id, Vehicle, move |t| Some([from + m_s * t, 400.0]));
    let thin = run(
        &[faster(1, 640.0, 13.0), faster(2, 570.0, 9.0), faster(3, 500.0, 6.0)],
        60.0,
    );
    assert!(!said(&thin).contains(&"convoy"), "{thin:#?}");
    let oncoming = run(
        &[faster(1, 500.0, 9.0), faster(2, 900.0, -9.0), faster(3, 950.0, -9.0)],
        60.0,
    );
    assert!(!said(&oncoming).contains(&"convoy"), "{oncoming:#?}");
}

#[test]
fn one_who_goes_the_same_way_at_a_distance_tails_and_companions_do_not() {
    // Round a corner, so that it is the way and not the direction that agrees.
    let way = |s: f64| {
        if s < 80.0 {
            [1000.0 + s, 200.0]
        } else {
            [1080.0, 200.0 + (s - 80.0)]
        }
    };
    let d = run(
        &[
            actor(1, Person, move |t| Some(way(1.4 * t))),
            actor(2, Person, move |t| (t > 22.0).then(|| way(1.4 * (t - 22.0)))),
        ],
        130.0,
    );
    assert_eq!(said(&d), ["tailing"], "{d:#?}");
    assert_eq!(d[0].track, Some(TrackId(2)));
    let file = run(
        &[
            actor(1, Person, move |t| Some(way(1.4 * t))),
            actor(2, Person, move |t| Some(way(1.4 * (t - 3.0).max(0.0)))),
        ],
        130.0,
    );
    assert_eq!(said(&file), [""; 0], "{file:#?}");
}

/// Water north of 100 m inside the line, with its shore there.
fn lake() -> Surroundings {
    Surroundings {
        waters: vec![vec![vec![
            place(200.0, -900.0),
            place(1800.0, -900.0),
            place(1800.0, 100.0),
            place(200.0, 100.0),
        ]]],
        landings: vec![(place(400.0, 100.0), 60.0)],
    }
}

#[test]
fn a_boat_that_runs_ashore_is_told_and_one_in_a_harbour_or_passing_is_not() {
    let to = |x: f64| move |t: f64| Some(go([x, -300.0], [x, 96.0], 6.0, t));
    let d = run_with(&[actor(1, Boat, to(1000.0))], 90.0, &[], lake());
    assert_eq!(said(&d), ["beaching"], "{d:#?}");
    assert_eq!(d[0].priority, Priority::P1);
    // Its people leave it at once, and the eyes go with them: the way over the shore tells.
    let onto = |t: f64| Some(go([1000.0, -300.0], [1000.0, 160.0], 6.0, t));
    let d = run_with(&[actor(1, Boat, onto)], 72.0, &[], lake());
    assert!(said(&d).contains(&"beaching"), "{d:#?}");
    assert!(d[0].why.contains("came onto the shore"), "{}", d[0].why);
    let harbour = run_with(&[actor(1, Boat, to(400.0))], 90.0, &[], lake());
    assert_eq!(said(&harbour), [""; 0], "{harbour:#?}");
    let passing = run_with(&[actor(1, Boat, |t| Some([500.0 + 6.0 * t, 92.0]))], 90.0, &[], lake());
    assert_eq!(said(&passing), [""; 0], "{passing:#?}");
    // Nobody knows a shore: nothing is claimed.
    let unknown = run(&[actor(1, Boat, to(1000.0))], 90.0);
    assert_eq!(said(&unknown), [""; 0], "{unknown:#?}");
}

#[test]
fn two_boats_alongside_at_sea_are_told_and_two_in_harbour_are_not() {
    let pair = |x: f64| {
        [
            actor(1, Boat, move |_| Some([x, -200.0])),
            actor(2, Boat, move |t| {
                Some(go([x + 100.0, -200.0], [x + 4.0, -200.0], 4.0, t))
            }),
        ]
    };
    let d = run_with(&pair(1000.0), 90.0, &[], lake());
    assert!(said(&d).contains(&"alongside"), "{d:#?}");
    let mut near = lake();
    near.landings = vec![(place(1000.0, -200.0), 200.0)];
    let d = run_with(&pair(1000.0), 90.0, &[], near);
    assert!(!said(&d).contains(&"alongside"), "{d:#?}");
}

#[test]
fn a_person_in_the_water_is_a_rescue_and_one_aboard_or_ashore_is_none() {
    let d = run_with(&[actor(1, Person, |_| Some([1000.0, -200.0]))], 10.0, &[], lake());
    assert!(said(&d).contains(&"overboard"), "{d:#?}");
    let first = d.iter().find(|d| d.rule.0 == "overboard").expect("told");
    assert_eq!(first.priority, Priority::P1);
    assert!(first.captured.0 <= 4_000_000, "after {} µs", first.captured.0);
    let surf = run_with(&[actor(1, Person, |_| Some([1000.0, 75.0]))], 10.0, &[], lake());
    assert!(!said(&surf).contains(&"overboard"), "{surf:#?}");
    let aboard = run_with(
        &[
            actor(1, Person, |_| Some([1000.0, -200.0])),
            actor(2, Boat, |_| Some([1002.0, -200.0])),
        ],
        10.0,
        &[],
        lake(),
    );
    assert!(!said(&aboard).contains(&"overboard"), "{aboard:#?}");
    let ashore = run_with(&[actor(1, Person, |_| Some([1000.0, 103.0]))], 10.0, &[], lake());
    assert!(!said(&ashore).contains(&"overboard"), "{ashore:#?}");
}

#[test]
fn rules_about_company_survive_being_written_down() {
    let rules = RuleSet::new(Policy::default()).with_surroundings(lake());
    let text = serde_json::to_string(&rules).expect("writable");
    let back: RuleSet = serde_json::from_str(&text).expect("readable");
    assert_eq!(rules, back);
    // A policy from before these rules is still read.
    let mut old: toml::Table = toml::from_str(&toml::to_string(&Policy::default()).expect("writable")).expect("table");
    old.remove("behaviour");
    let read: Policy = toml::from_str(&toml::to_string(&old).expect("writable")).expect("readable");
    assert_eq!(read, Policy::default());
}
