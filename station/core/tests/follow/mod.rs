//! A track followed by camera or aircraft, places remembered, frames kept. The line runs east, home
//! is north of it; 150 m stand-off, three sigma of 3 m and the line's 5 m make 164 m to be kept.

use super::*;

/// So far along the line, so far inside it, metres.
fn place(along: f64, inside: f64) -> LatLon {
    destination(destination(origin(), 90.0, along), 0.0, inside)
}

/// In the air at a place, 120 m above the ground the track stands on.
fn flying(along: f64, inside: f64) -> Rig {
    let mut r = Rig::new().known();
    r.say(Report::Landed(LandedState::InAir));
    r.say(Report::Position {
        at: place(along, inside),
        amsl: Amsl(1120.0),
        above_home: AboveHome(120.0),
        velocity_ned_m_s: [0.0; 3],
        heading_deg: Some(180.0),
    });
    r.effects.clear();
    r
}

fn see(r: &mut Rig, along: f64, inside: f64) {
    let at = r.t + 1_700_000_000_100_000;
    let input = look(r, vec![track(place(along, inside), at, 14)]);
    r.put(input);
}

fn near(distance_m: f64) -> FollowBy {
    FollowBy::Aircraft {
        distance_m,
        amsl: Amsl(1120.0),
    }
}

fn follow(by: FollowBy, on: bool, held: bool) -> Intent {
    Intent::Follow {
        vehicle: V1,
        track: on.then_some(TrackId(14)),
        by,
        held,
    }
}

fn orders(r: &mut Rig) -> Vec<Order> {
    let effects = std::mem::take(&mut r.effects);
    let all = effects.into_iter().filter_map(|e| match e {
        Effect::Request(Request {
            body: RequestBody::Order(o),
            ..
        }) => Some(o),
        _ => None,
    });
    all.collect()
}

fn following(r: &Rig) -> Option<&FollowView> {
    r.station.view().vehicles[&V1].follow.as_ref()
}

#[test]
fn a_camera_follows_a_track_until_a_hand_takes_it_or_nobody_sees_it() {
    let mut r = flying(1000.0, 400.0);
    see(&mut r, 1000.0, 100.0);
    r.wants("pilot", follow(FollowBy::Camera, true, false));
    let aim = |o: &[Order]| match o {
        [Order::Gimbal(GimbalAim::Place { at, .. })] => *at,
        other => panic!("one aim expected, got {other:?}"),
    };
    let first = aim(&orders(&mut r));
    assert!(vedette_geo::distance_m(first, place(1000.0, 100.0)) < 0.1);
    // Half a metre is no reason to move the camera; ten are.
    r.t += 1_000_000;
    see(&mut r, 1000.5, 100.0);
    assert_eq!(orders(&mut r), []);
    r.t += 1_000_000;
    see(&mut r, 1010.0, 100.0);
    let next = aim(&orders(&mut r));
    assert!(vedette_geo::distance_m(next, place(1010.0, 100.0)) < 0.1);
    assert_eq!(r.station.view().receipts.len(), 1, "the person gave one order");
    // The hand on the camera ends it.
    let rates = GimbalAim::Rates {
        pitch_deg_s: 0.0,
        yaw_deg_s: 5.0,
    };
    let by_hand = Intent::Command {
        vehicle: V1,
        order: Order::Gimbal(rates),
        held: false,
    };
    r.wants("pilot", by_hand);
    assert_eq!(following(&r), None);
    r.wants("pilot", follow(FollowBy::Camera, true, false));
    assert!(following(&r).is_some());
    r.t += 11_000_000;
    r.put(Input::Tick);
    assert_eq!(following(&r), None);
    assert!(
        r.last_notice().contains("nobody sees it any more"),
        "{}",
        r.last_notice()
    );
}

#[test]
fn an_aircraft_stays_near_a_track_on_the_legal_side_and_is_refused_where_there_is_none() {
    let mut r = flying(1000.0, 500.0);
    // 60 m inside: a circle of 100 m about it does not reach what must be kept of the line.
    see(&mut r, 1000.0, 60.0);
    r.wants("pilot", follow(near(100.0), true, true));
    assert_eq!(orders(&mut r), []);
    assert!(r.last_notice().contains("164 m must be kept"), "{}", r.last_notice());
    assert_eq!(following(&r), None);
    // From 200 m it can; not without the whole hold, and not too low.
    r.wants("pilot", follow(near(200.0), true, false));
    assert!(r.last_notice().contains("press and hold"), "{}", r.last_notice());
    let low = FollowBy::Aircraft {
        distance_m: 200.0,
        amsl: Amsl(1030.0),
    };
    r.wants("pilot", follow(low, true, true));
    assert!(r.last_notice().contains("60 m must be kept"), "{}", r.last_notice());
    r.wants("pilot", follow(near(200.0), true, true));
    let stand = |o: &[Order]| match o {
        [Order::GoTo { at, .. }, Order::Gimbal(_)] => *at,
        other => panic!("a place and an aim expected, got {other:?}"),
    };
    assert!(vedette_geo::distance_m(stand(&orders(&mut r)), place(1000.0, 260.0)) < 1.0);
    // It walks along the line: the aircraft goes with it.
    for step in 1..=20 {
        r.t += 3_000_000;
        see(&mut r, 1000.0 + f64::from(step) * 30.0, 60.0);
        for o in orders(&mut r) {
            if let Order::GoTo { at, .. } = o {
                let border = vedette_atlas::Border::new("line", setup().site.border, true).expect("a line");
                assert!(border.nearest(at).signed_m >= 164.0 - 0.5);
            }
        }
    }
    let f = following(&r).expect("it follows still");
    assert_eq!(f.waits, None);
    // It crosses the line and walks away: no place at 200 m is legal, so the aircraft waits and says so.
    r.t += 3_000_000;
    see(&mut r, 1600.0, -80.0);
    let sent = orders(&mut r);
    assert!(sent.iter().all(|o| matches!(o, Order::Gimbal(_))), "{sent:?}");
    let f = following(&r).expect("it waits");
    assert!(
        f.waits.as_ref().is_some_and(|w| w.contains("164 m must be kept")),
        "{f:?}"
    );
    let notices = &r.station.view().notices;
    assert!(
        notices.iter().any(|n| n.text.contains("waits, following")),
        "{notices:?}"
    );
    // An order by hand ends it.
    let hold = Intent::Command {
        vehicle: V1,
        order: Order::Hold,
        held: true,
    };
    r.wants("pilot", hold);
    assert_eq!(following(&r), None);
}

#[test]
fn a_zone_in_between_bends_the_place_round_it() {
    let mut s = setup();
    s.site.no_fly = vec![NoFly {
        name: "Heliport".into(),
        polygon: vec![],
        centre: Some(place(1000.0, 400.0)),
        radius_m: 60.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    }];
    let mut r = Rig::with(s).known();
    r.say(Report::Landed(LandedState::InAir));
    r.say(Report::Position {
        at: place(1300.0, 430.0),
        amsl: Amsl(1120.0),
        above_home: AboveHome(120.0),
        velocity_ned_m_s: [0.0; 3],
        heading_deg: None,
    });
    r.effects.clear();
    see(&mut r, 800.0, 380.0);
    r.wants("pilot", follow(near(200.0), true, true));
    let all = orders(&mut r);
    match all.as_slice() {
        [Order::GoTo { at, .. }, ..] => {
            assert!(
                vedette_geo::distance_m(*at, place(1000.0, 400.0)) > 69.0,
                "clear of the zone"
            );
        }
        other => panic!("{other:?}: {}", r.last_notice()),
    }
}

#[test]
fn places_are_remembered_with_their_error_and_frames_are_kept_by_name() {
    let mut r = Rig::new().known();
    let fix = GroundFix {
        at: place(1000.0, 50.0),
        amsl: Amsl(1000.0),
        cov_en_m2: [25.0, 0.0, 9.0],
        slant_m: 300.0,
    };
    let mark = |camera| Intent::MarkPlace {
        camera,
        captured: None,
        fix,
    };
    r.wants("pilot", mark(CameraId(99)));
    assert!(
        r.last_notice().contains("C-099") || r.last_notice().contains("99"),
        "{}",
        r.last_notice()
    );
    r.wants("pilot", mark(CAM));
    r.wants("pilot", mark(CAM));
    r.wants("pilot", Intent::ForgetPlace { place: 1 });
    r.wants("pilot", mark(CAM));
    let numbers: Vec<u32> = r.station.view().places.iter().map(|p| p.number).collect();
    assert_eq!(numbers, [2, 3], "a number is never given twice while it matters");
    let said = r
        .station
        .view()
        .events
        .iter()
        .any(|e| e.text.contains("place 2") && e.text.contains("95 % ellipse"));
    assert!(said, "it is in the record");
    r.effects.clear();
    for _ in 0..2 {
        r.wants(
            "pilot",
            Intent::Snapshot {
                camera: CAM,
                pts: Pts(42),
                captured: Some(Utc(1_700_000_000_000_000)),
            },
        );
    }
    match r.effects.as_slice() {
        [
            Effect::Snapshot { camera, pts, name, .. },
            Effect::Snapshot { name: other, .. },
        ] => {
            assert_eq!((*camera, *pts), (CAM, Pts(42)));
            assert!(name != other && name.ends_with(".png") && !name.contains('/'), "{name}");
        }
        other => panic!("two pictures expected, got {other:?}"),
    }
    r.wants("guest", mark(CAM));
    assert!(r.last_notice().contains("guest"), "{}", r.last_notice());
}

/// Straight down from 100 m: the place is below, and its ellipse is that of the errors given.
#[test]
fn a_point_of_a_picture_is_where_the_pose_says_and_as_wrong_as_it_says() {
    let ground = vedette_sight::LevelGround {
        amsl: Amsl(1000.0),
        sigma_m: 0.0,
    };
    let pose = SensorPose {
        captured: Utc(0),
        at: origin(),
        amsl: Amsl(1100.0),
        roll_deg: 0.0,
        pitch_deg: -90.0,
        yaw_deg: 0.0,
        hfov_deg: 40.0,
        vfov_deg: 32.0,
        sigma_h_m: 3.0,
        sigma_v_m: 0.0,
        sigma_tilt_deg: 0.0,
        sigma_heading_deg: 0.0,
        sigma_time_s: 0.1,
    };
    let still = place_in_picture([0.5, 0.5], [640, 512], &pose, None, &ground).expect("ground");
    assert!(vedette_geo::distance_m(still.at, origin()) < 0.1 && (still.slant_m - 100.0).abs() < 0.1);
    // 3 m of position and two pixels of hand at 0.114 m a pixel, times the root of 5.991.
    let px = 2.0 * 100.0 * (20.0_f64).to_radians().tan() / 320.0;
    let want = (5.991 * (9.0 + px * px)).sqrt();
    assert!(
        (still.ellipse95().semi_major_m - want).abs() < 0.05,
        "{:?}",
        still.ellipse95()
    );
    // At 20 m/s north a tenth of a second is two metres more, north.
    let moving = place_in_picture([0.5, 0.5], [640, 512], &pose, Some([20.0, 0.0, 0.0]), &ground).expect("ground");
    let e = moving.ellipse95();
    assert!(
        (e.semi_major_m - (5.991 * (13.0 + px * px)).sqrt()).abs() < 0.05,
        "{e:?}"
    );
    let sky = SensorPose {
        pitch_deg: 30.0,
        ..pose
    };
    let none = place_in_picture([0.5, 0.5], [640, 512], &sky, None, &ground);
    assert_eq!(none, Err(NoFix::AboveHorizon));
}
