//! The live picture in the hand: a click is a place with its error, a drag turns the camera, and what
//! a camera cannot do is not offered.

use std::sync::Arc;

use egui::{Key, Modifiers, Pos2, Rect, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use vedette_core::{FollowView, PlaceMark, SiteWay, StationView, WayKind};
use vedette_geo::distance_m;
use vedette_model::{
    AgeSource, CameraId, CameraOrder, CameraState, FollowBy, GimbalAim, Intent, Known, Order, PictureAge, Pts,
    Spectrum, TrackId, VehicleId,
};
use vedette_panels::relief::Relief;
use vedette_panels::review::{ReviewAct, review_ui};
use vedette_panels::{FlyFeeds, FlyLocal, VideoPicture, Workspace};

use crate::demo;
use crate::room::{self, Room, given, names, press, says};

const V1: VehicleId = VehicleId(1);
const CAM: CameraId = CameraId(11);

fn relief(v: &StationView) -> Relief {
    let at = v.tracks[&TrackId(14)].track.fix.unwrap().at;
    let terrain = &demo::base().world.terrain;
    Relief::sample(at, 900.0, 900.0, 25.0, &|p| terrain.elevation(p).map(|a| a.0))
}

fn picture(v: &StationView, camera: CameraId) -> VideoPicture {
    VideoPicture {
        texture: egui::TextureId::Managed(0),
        size: [640, 512],
        captured: v.cameras[&camera].captured,
        pts: Pts(77),
        pose: v.cameras[&camera].pose.clone().map(Arc::new),
    }
}

/// The pilot's console with a picture of each sensor of CU-01 and ground below it.
fn watching(v: StationView) -> Harness<'static, Room> {
    let (relief, thermal, visible) = (relief(&v), picture(&v, CAM), picture(&v, CameraId(12)));
    let mut h = room::open(v, room::full(), Workspace::Fly, None);
    let s = h.state_mut();
    s.relief = Some(relief);
    s.video.insert(CAM, thermal);
    s.video.insert(CameraId(12), visible);
    h.run_steps(3);
    h
}

fn frame<T>(h: &Harness<T>, label: &str) -> Rect {
    h.get_by_label(label).rect()
}

fn click<T>(h: &mut Harness<T>, at: Pos2) {
    h.hover_at(at);
    h.run_steps(1);
    for pressed in [true, false] {
        h.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        h.run_steps(1);
    }
    h.run_steps(2);
}

/// The point of the frame where the test's track is drawn.
fn on_the_track(f: Rect) -> Pos2 {
    f.min + vec2(317.5 / 640.0, 257.0 / 512.0) * f.size()
}

fn orders(h: &mut Harness<Room>) -> Vec<Intent> {
    let all = given(h);
    all.into_iter().filter(|i| !matches!(i, Intent::Show { .. })).collect()
}

#[test]
fn a_click_in_the_picture_is_a_place_with_its_error_to_copy_to_look_at_and_to_mark() {
    let mut h = watching(demo::view());
    let f = frame(&h, "Live picture");
    click(&mut h, on_the_track(f));
    assert!(says(&h, "95 % ellipse"), "{:?}", names(&h));
    let spot = h.state().local.spot.clone().expect("a place");
    let fix = spot.fix.expect("on the ground");
    let track = h.state().view.tracks[&TrackId(14)].track.fix.unwrap();
    let off = distance_m(fix.at, track.at);
    let e = fix.ellipse95();
    assert!(off < e.semi_major_m, "{off:.1} m from the track, ellipse {e:?}");
    assert!(given(&mut h).is_empty(), "a click moves nothing");
    press(&mut h, "Look at this place");
    press(&mut h, "Mark this place");
    let look = Intent::Command {
        vehicle: V1,
        order: Order::Gimbal(GimbalAim::Place {
            at: fix.at,
            amsl: fix.amsl,
        }),
        held: false,
    };
    let mark = Intent::MarkPlace {
        camera: CAM,
        captured: spot.captured,
        fix,
    };
    assert_eq!(orders(&mut h), [look, mark]);
    // Marked, it can be taken off again where it is pointed at.
    let now = h.state().view.now;
    h.state_mut().view.places = vec![PlaceMark {
        number: 4,
        fix,
        camera: CAM,
        captured: None,
        by: demo::operator(),
        at: now,
    }];
    h.run_steps(2);
    press(&mut h, "Take mark 4 off");
    assert_eq!(orders(&mut h), [Intent::ForgetPlace { place: 4 }]);
    h.get_by_label("Copy place").click();
    h.step();
    let copied = h
        .output()
        .platform_output
        .commands
        .iter()
        .any(|c| matches!(c, egui::OutputCommand::CopyText(t) if t.contains("° N") && t.contains("95 % ellipse")));
    h.run_steps(2);
    assert!(copied, "the place is on the clipboard");
    press(&mut h, "Close place");
    assert_eq!(h.state().local.spot, None);
}

#[test]
fn the_sky_and_a_missing_pose_have_no_place_and_say_why() {
    let mut v = demo::view();
    v.cameras.get_mut(&CAM).unwrap().pose.as_mut().unwrap().pitch_deg = 40.0;
    let mut h = watching(v);
    let f = frame(&h, "Live picture");
    click(&mut h, f.center());
    assert!(
        says(&h, "No position here, the line of sight does not meet the ground"),
        "{:?}",
        names(&h)
    );
    assert!(!says(&h, "Mark this place") && !says(&h, "Look at this place"));
    h.state_mut().video.get_mut(&CAM).unwrap().pose = None;
    h.state_mut().view.cameras.get_mut(&CAM).unwrap().pose = None;
    h.run_steps(2);
    click(&mut h, f.center());
    assert!(
        says(&h, "No position here, no camera pose for this frame"),
        "{:?}",
        names(&h)
    );
}

#[test]
fn a_track_pointed_at_is_followed_by_the_camera_at_a_press_and_by_the_aircraft_after_the_whole_hold() {
    let mut h = watching(demo::view());
    let f = frame(&h, "Live picture");
    click(&mut h, on_the_track(f));
    press(&mut h, "Follow T-014 with the camera");
    let by_camera = Intent::Follow {
        vehicle: V1,
        track: Some(TrackId(14)),
        by: FollowBy::Camera,
        held: false,
    };
    assert_eq!(orders(&mut h), [by_camera]);
    let at = frame(&h, "Hold to stay near T-014").center();
    let hold = |h: &mut Harness<Room>, frames: usize| {
        for pressed in [true, false] {
            h.hover_at(at);
            h.event(egui::Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            });
            h.run_steps(if pressed { frames } else { 2 });
        }
    };
    hold(&mut h, 25);
    assert_eq!(orders(&mut h), [], "a short hold sends nobody");
    hold(&mut h, 60);
    match orders(&mut h).as_slice() {
        [
            Intent::Follow {
                vehicle: V1,
                track: Some(TrackId(14)),
                by: FollowBy::Aircraft { distance_m, amsl },
                held: true,
            },
        ] => {
            let a = &h.state().view.vehicles[&V1];
            assert!((100.0..=400.0).contains(distance_m) && amsl.0 >= a.amsl.unwrap().value.0);
        }
        other => panic!("{other:?}"),
    }
    // While it follows, the picture says so and how to end it.
    let (now, view) = (h.state().view.now, &mut h.state_mut().view);
    view.vehicles.get_mut(&V1).unwrap().follow = Some(FollowView {
        track: TrackId(14),
        by: FollowBy::Camera,
        operator: demo::operator(),
        since: now,
        sent: None,
        waits: None,
    });
    h.run_steps(2);
    press(&mut h, "Following T-014; end");
    let end = Intent::Follow {
        vehicle: V1,
        track: None,
        by: FollowBy::Camera,
        held: false,
    };
    assert_eq!(orders(&mut h), [end]);
}

#[test]
fn the_camera_turns_while_the_hand_holds_and_stands_when_it_lets_go() {
    let mut h = watching(demo::view());
    let f = frame(&h, "Live picture");
    let rates = |h: &mut Harness<Room>| -> Vec<[f64; 2]> {
        let all = orders(h).into_iter().map(|i| match i {
            Intent::Command {
                vehicle: V1,
                order: Order::Gimbal(GimbalAim::Rates { pitch_deg_s, yaw_deg_s }),
                held: false,
            } => [pitch_deg_s, yaw_deg_s],
            other => panic!("{other:?}"),
        });
        all.collect()
    };
    h.hover_at(f.center());
    h.event(egui::Event::PointerButton {
        pos: f.center(),
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(1);
    let to = f.center() + vec2(f.width() / 4.0, -f.width() / 8.0);
    h.hover_at(to);
    h.run_steps(15);
    h.event(egui::Event::PointerButton {
        pos: to,
        button: egui::PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(3);
    let told = rates(&mut h);
    assert_eq!(told.last(), Some(&[0.0, 0.0]), "{told:?}");
    let [pitch, yaw] = told[told.len() - 2];
    assert!(
        (yaw - 10.0).abs() < 0.5 && (pitch - 5.0).abs() < 0.5,
        "right and up: {told:?}"
    );
    assert_eq!(h.state().local.spot, None, "a drag points at nothing");
    // The same with keys; the map stays.
    let map = h.state().local.map;
    h.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    h.key_down(Key::ArrowLeft);
    h.run_steps(5);
    h.key_up(Key::ArrowLeft);
    h.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    h.run_steps(3);
    let told = rates(&mut h);
    assert!(told[0][1] < -5.0 && told.last() == Some(&[0.0, 0.0]), "{told:?}");
    assert_eq!(h.state().local.map, map);
}

#[test]
fn zoom_pictures_and_recording_are_offered_where_the_camera_says_it_can() {
    let mut h = watching(demo::view());
    for no in ["Zoom in", "Take picture on board", "Record on board"] {
        assert!(!says(&h, no), "the camera said nothing of itself: {no}");
    }
    let now = h.state().view.now;
    let told = CameraState {
        component: 100,
        recording: Some(false),
        zoom_pct: Some(40.0),
        pictures: Some(3),
    };
    let v = &mut h.state_mut().view;
    v.vehicles
        .get_mut(&V1)
        .unwrap()
        .cameras
        .insert(100, Known::new(told, now));
    h.run_steps(2);
    press(&mut h, "Zoom in");
    press(&mut h, "Zoom in");
    press(&mut h, "Zoom out");
    press(&mut h, "Take picture on board");
    press(&mut h, "Record on board");
    press(&mut h, "Keep this frame");
    let c = |o| Intent::Command {
        vehicle: V1,
        order: Order::Camera(o),
        held: false,
    };
    let kept = Intent::Snapshot {
        camera: CAM,
        pts: Pts(77),
        captured: h.state().view.cameras[&CAM].captured,
    };
    assert_eq!(
        orders(&mut h),
        [
            c(CameraOrder::Zoom(50.0)),
            c(CameraOrder::Zoom(60.0)),
            c(CameraOrder::Zoom(50.0)),
            c(CameraOrder::Picture),
            c(CameraOrder::Record(true)),
            kept
        ],
        "steps count from what was just asked for"
    );
    // The wheel zooms too.
    let f = frame(&h, "Live picture");
    h.hover_at(f.center());
    h.run_steps(1);
    h.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 60.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(20);
    assert!(
        matches!(orders(&mut h).as_slice(), [Intent::Command { order: Order::Camera(CameraOrder::Zoom(z)), .. }, ..] if *z > 50.0)
    );
}

#[test]
fn both_sensors_stand_in_one_picture_and_a_click_changes_them() {
    let mut h = watching(demo::view());
    assert_eq!(h.state().local.spectrum, Spectrum::Thermal);
    press(&mut h, "Both sensors");
    let small = names(&h)
        .into_iter()
        .find(|n| n.starts_with("Other sensor: visible · AGE 0.24 s ± 4 ms"));
    let small = small.unwrap_or_else(|| panic!("{:?}", names(&h)));
    press(&mut h, &small);
    assert_eq!(h.state().local.camera, Some(CameraId(12)));
    assert!(says(&h, "Other sensor: thermal"));
    h.key_press(Key::B);
    h.run_steps(2);
    assert!(!says(&h, "Other sensor"));
    assert!(orders(&mut h).is_empty(), "looking orders nothing");
}

#[test]
fn an_observer_points_but_moves_no_camera() {
    let mut h = watching(demo::view());
    h.state_mut().local.operator = vedette_model::OperatorId("obs-1".into());
    h.run_steps(2);
    let f = frame(&h, "Live picture");
    click(&mut h, on_the_track(f));
    assert!(says(&h, "95 % ellipse"));
    press(&mut h, "Look at this place");
    press(&mut h, "Keep this frame");
    assert!(orders(&mut h).is_empty());
}

/// Every text drawn in the picture, with where it stands.
fn words_in(h: &Harness<Room>, f: Rect) -> Vec<(String, Rect)> {
    fn texts(s: &egui::Shape, out: &mut Vec<(String, Rect)>) {
        match s {
            egui::Shape::Text(t) => out.push((t.galley.text().to_owned(), t.visual_bounding_rect())),
            egui::Shape::Vec(v) => v.iter().for_each(|s| texts(s, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    h.output().shapes.iter().for_each(|s| texts(&s.shape, &mut out));
    out.retain(|(_, r)| f.contains(r.center()));
    out
}

#[test]
fn roads_stand_off_and_names_are_in_the_picture_and_no_word_lies_on_another() {
    let mut v = demo::view();
    let target = v.tracks[&TrackId(14)].track.fix.unwrap().at;
    let way = SiteWay {
        name: "CG-1".into(),
        kind: WayKind::Road,
        line: (-6..=6)
            .map(|i| vedette_geo::destination(target, 90.0, f64::from(i) * 12.0))
            .collect(),
    };
    let mut site = (*v.site).clone();
    site.hash = "with a road".into();
    site.ways = vec![way];
    v.site = Arc::new(site);
    let h = watching(v);
    let f = frame(&h, "Live picture");
    let all = words_in(&h, f);
    let of = |w: &str| all.iter().filter(|(t, _)| t.contains(w)).map(|x| x.1).next();
    let (border, track) = (of("BORDER"), of("T-014"));
    assert!(border.is_some() && track.is_some() && of("CG-1").is_some(), "{all:?}");
    let (border, track) = (border.unwrap(), track.unwrap());
    assert!(!border.intersects(track), "border {border:?} on track {track:?}");
    assert!(!of("CG-1").unwrap().intersects(track));
}

#[test]
fn a_place_in_a_recorded_picture_becomes_a_note_and_orders_nothing() {
    let m = demo::review_model();
    let v = (*m.view).clone();
    let feeds = (relief(&v), picture(&v, CAM));
    let mut local = FlyLocal::new(demo::operator());
    local.camera = Some(CAM);
    let mut h = Harness::builder().with_size(room::full()).build_ui_state(
        move |ui, s: &mut (FlyLocal, Vec<ReviewAct>)| {
            let lent = FlyFeeds {
                relief: Some(&feeds.0),
                video: [(CAM, feeds.1.clone())].into(),
                ..FlyFeeds::default()
            };
            let mut root = room::surface(ui.ctx());
            let acts = review_ui(&mut root, &m, &mut s.0, &lent);
            s.1.extend(acts);
        },
        (local, vec![]),
    );
    h.run_steps(4);
    let f = frame(&h, "Recorded picture");
    click(&mut h, on_the_track(f));
    assert!(says(&h, "95 % ellipse") && !says(&h, "Look at this place"));
    press(&mut h, "Note this place");
    let acts = &h.state().1;
    assert!(
        matches!(acts.as_slice(), [ReviewAct::Note(t)] if t.contains("95 % ellipse") && t.contains("° N")),
        "{acts:?}"
    );
}

#[test]
fn the_picture_says_how_old_it_is_how_surely_and_by_whose_clock() {
    let seen = |by, age_us: Option<i64>, older_us: i64| {
        let mut v = demo::view();
        let c = v.cameras.get_mut(&CAM).unwrap();
        c.age = Some(PictureAge {
            age_us,
            sigma_us: 20_000,
            by,
        });
        c.captured = c.captured.map(|t| t.plus_us(-older_us));
        let h = watching(v);
        names(&h).into_iter().find(|n| n.starts_with("Picture AGE")).unwrap()
    };
    for (by, clock) in [
        (AgeSource::Klv, "metadata clock"),
        (AgeSource::Sei, "stamp in the picture"),
        (AgeSource::Rtp, "sender's reports"),
    ] {
        let name = seen(by, Some(230_000), 0);
        assert!(name.starts_with("Picture AGE 0.24 s ± 20 ms, captured "), "{name}");
        assert!(name.contains(clock) && !name.contains("late"), "{name}");
    }
    let name = seen(AgeSource::Klv, Some(230_000), 300_000);
    assert!(name.starts_with("Picture AGE 0.54 s ± 20 ms, late, "), "{name}");
    // A stream without a time is not fresh because it has just come in.
    let name = seen(AgeSource::Klv, None, 0);
    assert!(
        name.starts_with("Picture AGE unknown, late, no clock in the stream"),
        "{name}"
    );
}
