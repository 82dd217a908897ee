//! What the rules say, and what they keep quiet about.

use vedette_atlas::{Border, Crossing};
use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::{
    CameraId, GroundFix, GroundTrack, ImageBox, NoFix, Priority, Pts, TargetClass, TrackId, Utc, VehicleId,
};
use vedette_sight::{AlertDraft, Policy, RuleSet, VergePolicy};

/// A line running east; home is south of it (right hand).
fn border() -> Border {
    let a = LatLon {
        lat_deg: 42.45,
        lon_deg: 1.48,
    };
    Border::new("TEST", vec![a, destination(a, 90.0, 2000.0)], false).expect("a line")
}

/// A place `chainage` along and `inside` metres south of the line.
fn place(chainage: f64, inside: f64) -> LatLon {
    destination(border().at(chainage), 180.0, inside)
}

fn track(id: u32, t_s: f64, at: LatLon, south_m_s: f64, sigma_m: f64) -> GroundTrack {
    GroundTrack {
        id: TrackId(id),
        camera: CameraId(11),
        captured: Utc((t_s * 1e6) as i64),
        pts: Pts((t_s * 90_000.0) as i64),
        image: ImageBox {
            x: 300.0,
            y: 200.0,
            w: 4.0,
            h: 10.0,
        },
        class: TargetClass::Person,
        score: 0.8,
        looks: 30,
        fix: Ok(GroundFix {
            at,
            amsl: Amsl(1500.0),
            cov_en_m2: [sigma_m * sigma_m, 0.0, sigma_m * sigma_m],
            slant_m: 280.0,
        }),
        velocity_en_m_s: [0.0, -south_m_s],
        seen: true,
    }
}

/// A walk straight over the line at 1.2 m/s, ten looks a second, from 40 m outside to `to` inside.
fn walk(
    rules: &mut RuleSet,
    to_m: f64,
    sigma_m: f64,
    change: impl Fn(&mut GroundTrack),
    crossings: &[Crossing],
) -> Vec<(f64, AlertDraft)> {
    let mut out = Vec::new();
    let mut inside = -40.0;
    let mut t = 0.0;
    while inside < to_m {
        let mut k = track(7, t, place(1000.0, inside), 1.2, sigma_m);
        change(&mut k);
        let now = k.captured;
        for d in rules.judge(now, &[k], CameraId(11), VehicleId(1), &border(), crossings) {
            out.push((inside, d));
        }
        t += 0.1;
        inside += 0.12;
    }
    out
}

#[test]
fn a_walk_over_the_line_gives_one_approach_and_one_crossing() {
    let mut rules = RuleSet::new(Policy::default());
    let drafts = walk(&mut rules, 60.0, 1.2, |_| (), &[]);
    let said: Vec<_> = drafts.iter().map(|(_, d)| (d.rule.0.as_str(), d.priority)).collect();
    assert_eq!(
        said,
        [("approach", Priority::P2), ("crossing", Priority::P1)],
        "{drafts:#?}"
    );
    let (inside, crossing) = &drafts[1];
    // Half width 1.2 m · √5.991 = 2.9 m, 2.4 s of way: certainty is worth that wait.
    assert!((2.9..4.0).contains(inside), "fired at {inside} m");
    assert_eq!(crossing.title, "Line crossed to home side");
    assert!(crossing.why.contains("± 3 m"), "{}", crossing.why);
    assert_eq!(crossing.track, Some(TrackId(7)));
    assert_eq!(crossing.vehicle, Some(VehicleId(1)));
    assert!((crossing.chainage_m.expect("a place") - 1000.0).abs() < 1.0);
    assert!(crossing.facts.iter().any(|f| f.name == "95 % ellipse"));
}

#[test]
fn a_wide_ellipse_is_only_ever_likely() {
    let mut rules = RuleSet::new(Policy::default());
    let drafts = walk(&mut rules, 25.0, 15.0, |_| (), &[]);
    let crossing = drafts
        .iter()
        .find(|(_, d)| d.rule.0 == "crossing")
        .expect("reported in the end");
    assert_eq!(crossing.1.title, "Line likely crossed to home side");
    assert!(crossing.1.why.contains("still overlaps"));
    assert!(crossing.1.confidence < 0.8);
}

#[test]
fn somebody_watched_walking_in_is_reported_within_five_seconds_of_the_step() {
    // One standard deviation of place is 7 m, and the same error at every look of a walk.
    for error_m in [-5.0, -3.0, 0.0, 3.0, 5.0] {
        let mut rules = RuleSet::new(Policy::default());
        let mut fired = None;
        for i in 0..900 {
            let (t, truth) = (f64::from(i) * 0.25, -50.0 + 0.325 * f64::from(i));
            let k = track(7, t, place(1000.0, truth + error_m), 1.3, 7.0);
            for d in rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]) {
                if d.rule.0 == "crossing" {
                    fired = Some((truth / 1.3, d));
                }
            }
        }
        let (after_s, d) = fired.expect("reported");
        assert!(
            (-5.0..5.0).contains(&after_s),
            "{after_s:.1} s after the step, {error_m} m off"
        );
        assert_eq!(d.title, "Line likely crossed to home side");
        assert!(d.why.contains("still overlaps the line."), "{}", d.why);
    }
}

#[test]
fn somebody_who_walks_along_the_line_and_sways_over_it_has_not_crossed() {
    let mut rules = RuleSet::new(Policy::default());
    for i in 0..600 {
        let t = f64::from(i) * 0.25;
        let inside = -1.5 + 3.0 * (t / 3.0).sin();
        let at = place(300.0 + 1.3 * t, inside);
        let k = track(7, t, at, (t / 3.0).cos(), 7.0);
        let drafts = rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]);
        assert!(drafts.iter().all(|d| d.rule.0 != "crossing"), "{drafts:#?}");
    }
}

#[test]
fn the_drawn_line_s_own_error_counts() {
    let mut line = border();
    line.accuracy_m = 20.0;
    let mut rules = RuleSet::new(Policy::default());
    let mut fired = None;
    for i in 0..700 {
        let inside = -40.0 + 0.12 * f64::from(i);
        let k = track(7, f64::from(i) * 0.1, place(1000.0, inside), 1.2, 1.0);
        let now = k.captured;
        for d in rules.judge(now, &[k], CameraId(11), VehicleId(1), &line, &[]) {
            if d.rule.0 == "crossing" {
                fired = Some((inside, d));
            }
        }
    }
    let (inside, d) = fired.expect("reported");
    assert!(d.title.contains("likely"), "at {inside} m: {}", d.why);
    assert!(d.facts.iter().any(|f| f.name == "accuracy of the drawn line"));
}

#[test]
fn at_a_crossing_point_walking_over_is_lawful() {
    let post = Crossing {
        name: "Sant Julià".to_owned(),
        at: place(1010.0, 0.0),
        radius_m: 80.0,
    };
    let mut rules = RuleSet::new(Policy::default());
    assert_eq!(walk(&mut rules, 40.0, 3.0, |_| (), &[post]), Vec::new());
}

/// A way at `m_s` from 60 m outside to 60 m inside, told of by its chainage there and here; what was said
/// besides that it came near.
fn over_the_line(class: TargetClass, m_s: f64, sigma_m: f64, chainage: [f64; 2], post: &Crossing) -> Vec<AlertDraft> {
    let mut rules = RuleSet::new(Policy::default());
    let mut out = Vec::new();
    let mut t = 0.0;
    while t < 120.0 / m_s {
        let (inside, share) = (-60.0 + m_s * t, t * m_s / 120.0);
        let along = chainage[0] + share * (chainage[1] - chainage[0]);
        let mut k = track(7, t, place(along, inside), m_s, sigma_m);
        k.class = class;
        let said = rules.judge(
            k.captured,
            &[k],
            CameraId(11),
            VehicleId(1),
            &border(),
            std::slice::from_ref(post),
        );
        out.extend(said.into_iter().filter(|d| d.rule.0 != "approach"));
        t += 0.2;
    }
    out
}

#[test]
fn a_car_that_came_through_a_crossing_point_has_not_crossed_beside_it_further_on() {
    let post = Crossing {
        name: "Post".to_owned(),
        at: place(1000.0, 0.0),
        radius_m: 25.0,
    };
    for (m_s, sigma_m) in [(4.0, 3.0), (9.0, 3.5), (9.0, 1.0)] {
        let said = over_the_line(TargetClass::Vehicle, m_s, sigma_m, [1000.0, 1000.0], &post);
        assert!(said.is_empty(), "{m_s} m/s, {sigma_m} m: {said:#?}");
    }
}

#[test]
fn who_stepped_over_beside_a_crossing_point_is_told_of_though_the_way_leads_to_it() {
    let post = Crossing {
        name: "Post".to_owned(),
        at: place(1000.0, 30.0),
        radius_m: 25.0,
    };
    // Over the line 60 m from the post, and past it half a minute later.
    let said = over_the_line(TargetClass::Person, 1.2, 2.0, [880.0, 1000.0], &post);
    let rules: Vec<_> = said.iter().map(|d| d.rule.0.as_str()).collect();
    assert_eq!(rules, ["crossing"], "{said:#?}");
}

#[test]
fn who_is_first_seen_at_a_crossing_point_and_walks_home_comes_from_there() {
    let post = Crossing {
        name: "Post".to_owned(),
        at: place(1000.0, 0.0),
        radius_m: 25.0,
    };
    let walk = |crossings: &[Crossing]| inside_walk(8.0, 1.2, TargetClass::Person, crossings);
    assert!(walk(&[post]).is_empty());
    assert_eq!(walk(&[]).len(), 1);
}

#[test]
fn animals_rocks_and_things_without_a_position_raise_nothing() {
    for class in [TargetClass::Animal, TargetClass::Unknown] {
        let mut rules = RuleSet::new(Policy::default());
        assert!(walk(&mut rules, 40.0, 3.0, |t| t.class = class, &[]).is_empty());
    }
    let mut rules = RuleSet::new(Policy::default());
    assert!(walk(&mut rules, 40.0, 3.0, |t| t.fix = Err(NoFix::Grazing), &[]).is_empty());
    let mut rules = RuleSet::new(Policy::default());
    assert!(walk(&mut rules, 40.0, 3.0, |t| t.seen = false, &[]).is_empty());
}

#[test]
fn someone_always_at_home_has_not_crossed() {
    let mut rules = RuleSet::new(Policy::default());
    for i in 0..400 {
        let k = track(3, f64::from(i) * 0.1, place(500.0, 30.0), 0.0, 3.0);
        let now = k.captured;
        assert!(
            rules
                .judge(now, &[k], CameraId(11), VehicleId(1), &border(), &[])
                .is_empty()
        );
    }
}

#[test]
fn staying_outside_near_the_line_is_loitering_once_and_two_cameras_say_it_once() {
    let mut rules = RuleSet::new(Policy::default());
    let mut drafts = Vec::new();
    for i in 0..300 {
        let t = f64::from(i) * 0.1;
        let sway = 4.0 * (t / 4.0).sin();
        for (id, camera) in [(4, CameraId(11)), (5, CameraId(12))] {
            let mut k = track(id, t, place(700.0 + sway, -40.0), 0.0, 3.0);
            k.camera = camera;
            k.velocity_en_m_s = [(t / 4.0).cos(), 0.0];
            let now = k.captured;
            drafts.extend(rules.judge(now, &[k], camera, VehicleId(1), &border(), &[]));
        }
    }
    assert_eq!(drafts.len(), 1, "{drafts:#?}");
    assert_eq!(drafts[0].rule.0, "loiter");
    assert_eq!(drafts[0].priority, Priority::P2);
    assert!(drafts[0].why.contains("40 m"), "{}", drafts[0].why);
}

#[test]
fn a_place_that_wanders_with_its_errors_does_not_loiter() {
    let mut rules = RuleSet::new(Policy::default());
    for i in 0..300 {
        let t = f64::from(i) * 0.1;
        let k = track(7, t, place(700.0 + 5.0 * (t / 4.0).sin(), -40.0), 0.0, 3.0);
        let drafts = rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]);
        assert!(drafts.is_empty(), "never seen to move: {drafts:#?}");
    }
}

#[test]
fn what_lies_still_for_good_does_not_loiter() {
    let mut rules = RuleSet::new(Policy::default());
    for i in 0..600 {
        let k = track(7, f64::from(i) * 0.1, place(1000.0, -20.0), 0.0, 3.0);
        let drafts = rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]);
        assert!(drafts.is_empty(), "{drafts:#?}");
    }
}

/// Looks at somebody who waits 20 m outside as track 7, is lost from sight there, and comes back
/// as track 8 on the way over the line, `gap_s` later and `aside_m` along it.
fn lost_on_the_way(gap_s: f64, aside_m: f64) -> Vec<AlertDraft> {
    let mut rules = RuleSet::new(Policy::default());
    let mut out = Vec::new();
    let mut look = |rules: &mut RuleSet, k: GroundTrack| {
        out.extend(rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]));
    };
    for i in 0..80 {
        let sway = 4.0 * (f64::from(i) / 20.0).sin();
        let mut k = track(7, f64::from(i) * 0.1, place(1000.0 + sway, -20.0), 0.0, 3.0);
        k.velocity_en_m_s = [2.0 * (f64::from(i) / 20.0).cos(), 0.0];
        look(&mut rules, k);
    }
    for i in 0..200 {
        let t = 8.0 + gap_s + f64::from(i) * 0.1;
        let inside = -5.0 + 0.12 * f64::from(i);
        look(&mut rules, track(8, t, place(1000.0 + aside_m, inside), 1.2, 3.0));
    }
    out
}

#[test]
fn somebody_lost_from_sight_and_found_again_is_the_same_one_and_the_alert_says_so() {
    let drafts = lost_on_the_way(12.0, 0.0);
    let said: Vec<_> = drafts.iter().map(|d| d.rule.0.as_str()).collect();
    // One P2 for both numbers, and the crossing, named as likely because custody was broken.
    assert_eq!(said, ["loiter", "crossing"], "{drafts:#?}");
    assert_eq!(drafts[1].title, "Line likely crossed to home side");
    assert!(drafts[1].why.contains("T-007"), "{}", drafts[1].why);
}

#[test]
fn somebody_else_far_along_the_line_continues_nobody() {
    let drafts = lost_on_the_way(5.0, 400.0);
    assert!(
        drafts.iter().all(|d| !d.why.contains("T-007")),
        "another person 400 m along: {drafts:#?}"
    );
    assert_eq!(drafts.iter().filter(|d| d.rule.0 == "approach").count(), 1);
}

#[test]
fn two_walking_together_are_one_alert() {
    let mut rules = RuleSet::new(Policy::default());
    let mut drafts = Vec::new();
    for i in 0..600 {
        let (t, inside) = (f64::from(i) * 0.1, -40.0 + 0.12 * f64::from(i));
        let pair = [
            track(7, t, place(1000.0, inside), 1.2, 3.0),
            track(8, t, place(1004.0, inside), 1.2, 3.0),
        ];
        drafts.extend(rules.judge(pair[0].captured, &pair, CameraId(11), VehicleId(1), &border(), &[]));
    }
    let said: Vec<_> = drafts.iter().map(|d| d.rule.0.as_str()).collect();
    assert_eq!(said, ["approach", "crossing"]);
    let d = &drafts[1];
    assert_eq!((d.track, d.company.as_slice()), (Some(TrackId(7)), &[TrackId(8)][..]));
    assert!(d.title.ends_with(", 2 together"), "{}", d.title);
    assert!(d.why.contains("T-008 (person, "), "{}", d.why);
    assert!(
        d.facts
            .iter()
            .any(|f| f.name == "together" && f.value == "2: T-007, T-008"),
        "{:?}",
        d.facts
    );
}

/// What is said of crossings by people who walk one behind the other over the line at 1.2 m/s, so many
/// metres behind the first and beside the way; and where each was then, metres inside.
fn in_file(behind: &[(f64, f64)], crossings: &[Crossing]) -> Vec<(f64, AlertDraft)> {
    let mut rules = RuleSet::new(Policy::default());
    let mut out = Vec::new();
    for i in 0..900 {
        let (t, first) = (f64::from(i) * 0.1, -30.0 + 0.12 * f64::from(i));
        let tracks: Vec<_> = behind
            .iter()
            .zip(7..)
            .filter(|((b, _), _)| first - b > -40.0)
            .map(|((b, beside), id)| track(id, t, place(1000.0 + beside, first - b), 1.2, 2.0))
            .collect();
        let Some(now) = tracks.first().map(|k| k.captured) else {
            continue;
        };
        let said = rules.judge(now, &tracks, CameraId(11), VehicleId(1), &border(), crossings);
        out.extend(said.into_iter().filter(|d| d.rule.0 == "crossing").map(|d| (first, d)));
    }
    out
}

#[test]
fn everybody_of_a_group_in_file_is_told_of_in_time_by_an_alert_that_names_them() {
    let behind = [(0.0, 0.0), (3.0, 1.0), (8.0, 0.0), (16.0, 2.0), (24.0, 0.0)];
    let said = in_file(&behind, &[]);
    assert!(
        said.len() < behind.len(),
        "those who are together share an alert: {said:#?}"
    );
    for (k, (back_m, _)) in behind.iter().enumerate() {
        let id = TrackId(7 + k as u32);
        let naming: Vec<_> = said
            .iter()
            .filter(|(_, d)| d.track == Some(id) || d.company.contains(&id))
            .collect();
        assert_eq!(naming.len(), 1, "{id} once: {said:#?}");
        let after_s = (naming[0].0 - back_m) / 1.2;
        assert!((-5.0..=5.0).contains(&after_s), "{id} {after_s:.1} s after its step");
    }
}

#[test]
fn somebody_who_waits_outside_beside_who_crosses_is_not_said_to_cross() {
    let mut rules = RuleSet::new(Policy::default());
    let mut said = Vec::new();
    for i in 0..500 {
        let (t, inside) = (f64::from(i) * 0.1, -30.0 + 0.12 * f64::from(i));
        let both = [
            track(7, t, place(1000.0, inside), 1.2, 2.0),
            track(8, t, place(1005.0, -4.0), 0.0, 2.0),
        ];
        said.extend(rules.judge(both[0].captured, &both, CameraId(11), VehicleId(1), &border(), &[]));
    }
    let crossing: Vec<_> = said.iter().filter(|d| d.rule.0 == "crossing").collect();
    assert_eq!(crossing.len(), 1, "{said:#?}");
    assert!(crossing[0].company.is_empty(), "{crossing:#?}");
}

#[test]
fn somebody_told_of_and_found_again_under_another_number_near_by_is_not_told_of_again() {
    let mut rules = RuleSet::new(Policy::default());
    let mut said = 0;
    for i in 0..600 {
        let (t, inside) = (f64::from(i) * 0.1, -30.0 + 0.12 * f64::from(i));
        // A second's gap at 8 m inside, and the place a few metres off afterwards.
        let (id, aside) = if inside < 8.0 { (7, 0.0) } else { (8, 4.0) };
        if (8.0..9.2).contains(&inside) {
            continue;
        }
        let k = track(id, t, place(1000.0 + aside, inside), 1.2, 2.0);
        let drafts = rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]);
        said += drafts.iter().filter(|d| d.rule.0 == "crossing").count();
    }
    assert_eq!(said, 1);
}

#[test]
fn rules_written_down_and_read_back_go_on_as_if_nothing_happened() {
    let mut a = RuleSet::new(Policy::default());
    let first = walk(&mut a, -5.0, 3.0, |_| (), &[]);
    let text = serde_json::to_string(&a).expect("serialisable");
    let mut b: RuleSet = serde_json::from_str(&text).expect("readable");
    assert_eq!(a, b);
    let go_on = |rules: &mut RuleSet| {
        let mut out = Vec::new();
        for i in 0..300 {
            let t = 40.0 + f64::from(i) * 0.1;
            let k = track(7, t, place(1000.0, -5.0 + 0.12 * f64::from(i)), 1.2, 3.0);
            let now = k.captured;
            out.extend(rules.judge(now, &[k], CameraId(11), VehicleId(1), &border(), &[]));
        }
        out
    };
    let (x, y) = (go_on(&mut a), go_on(&mut b));
    assert_eq!(x, y);
    assert_eq!(first.len() + x.len(), 2, "approach once, crossing once");
}

#[test]
fn a_misspelt_or_senseless_threshold_is_refused() {
    let good = toml::to_string(&Policy::default()).expect("writable");
    let back: Policy = toml::from_str(&good).expect("readable");
    assert_eq!(back, Policy::default());
    let bad = good.replace("likely_m", "likly_m");
    let e = toml::from_str::<Policy>(&bad).expect_err("unknown field");
    assert!(e.to_string().contains("likly_m"), "{e}");
    let mut p = Policy::default();
    p.loiter.least_s = f64::NAN;
    let e = p.checked().expect_err("not a number");
    assert!(e.to_string().contains("loiter.least_s"), "{e}");
}

/// Somebody inside: from `from_m` on at `m_s` away from the line, for half a minute.
fn inside_walk(from_m: f64, m_s: f64, class: TargetClass, crossings: &[Crossing]) -> Vec<AlertDraft> {
    let mut rules = RuleSet::new(Policy::default());
    let mut out = Vec::new();
    for i in 0..300 {
        let t = f64::from(i) * 0.1;
        let mut k = track(9, t, place(1000.0, from_m + m_s * t), m_s, 2.0);
        k.class = class;
        let now = k.captured;
        out.extend(rules.judge(now, &[k], CameraId(11), VehicleId(1), &border(), crossings));
    }
    out
}

#[test]
fn who_is_first_seen_inside_and_walks_away_from_the_line_is_told_of_once_and_never_as_crossed() {
    let said = inside_walk(40.0, 1.2, TargetClass::Person, &[]);
    assert_eq!(said.len(), 1, "{said:?}");
    let d = &said[0];
    assert_eq!((d.rule.0.as_str(), d.priority), ("from-the-line", Priority::P2));
    assert!(
        d.why.contains("first seen 40 m inside") && d.why.contains("Nobody saw it cross"),
        "{}",
        d.why
    );
    for (what, from_m, m_s, class) in [
        ("a herdsman far inside", 300.0, 1.2, TargetClass::Person),
        ("somebody who stands", 40.0, 0.0, TargetClass::Person),
        ("somebody who walks to the line", 100.0, -1.2, TargetClass::Person),
        ("a cow", 40.0, 1.2, TargetClass::Animal),
        ("a warm thing of no class", 40.0, 1.2, TargetClass::Unknown),
    ] {
        let said = inside_walk(from_m, m_s, class, &[]);
        assert!(said.is_empty(), "{what}: {said:?}");
    }
    let gate = Crossing {
        name: "gate".into(),
        at: place(1000.0, 50.0),
        radius_m: 150.0,
    };
    assert!(
        inside_walk(40.0, 1.2, TargetClass::Person, &[gate]).is_empty(),
        "at a crossing point"
    );
}

#[test]
fn who_may_be_over_already_is_told_of_in_time_however_wrong_the_place() {
    let policy = Policy {
        verge: Some(VergePolicy::default()),
        ..Policy::default()
    };
    // Two standard deviations of place to either side, the same at every look.
    for error_m in [-14.0, -7.0, 0.0, 7.0, 14.0] {
        let mut rules = RuleSet::new(policy.clone());
        let mut fired = Vec::new();
        for i in 0..900 {
            let (t, truth) = (f64::from(i) * 0.25, -60.0 + 0.325 * f64::from(i));
            let k = track(7, t, place(1000.0, truth + error_m), 1.3, 7.0);
            for d in rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]) {
                if d.rule.0 == "crossing" || d.rule.0 == "verge" {
                    fired.push((truth / 1.3, d));
                }
            }
        }
        let (after_s, first) = &fired[0];
        assert!(*after_s <= 5.0, "error {error_m} m: told {after_s:.1} s after the step");
        assert_eq!((first.rule.0.as_str(), first.priority), ("verge", Priority::P2));
        assert!(
            first.why.contains("outside the line") && first.why.contains("may be over already"),
            "{}",
            first.why
        );
        let crossings = fired.iter().filter(|(_, d)| d.rule.0 == "crossing").count();
        assert_eq!((fired.len(), crossings), (2, 1), "once each: {fired:#?}");
    }
    // Who walks along outside, its ellipse over the line, is not told of.
    let mut rules = RuleSet::new(policy);
    for i in 0..400 {
        let t = f64::from(i) * 0.25;
        let k = track(8, t, place(500.0 + 1.3 * t, -12.0), 0.0, 7.0);
        let said = rules.judge(k.captured, &[k], CameraId(11), VehicleId(1), &border(), &[]);
        assert!(said.iter().all(|d| d.rule.0 != "verge"), "{said:#?}");
    }
}
