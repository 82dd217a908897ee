//! What else cameras and receivers tell: one object under two aircraft, drones, lights, movements
//! that follow the patrol, offered streams, a short disk, an analysis that keeps to its share.

use super::*;

const V2: VehicleId = VehicleId(2);
const CAM2: CameraId = CameraId(21);
const EYE: CameraId = CameraId(12);

/// The same site with a second aircraft and a visible camera on the first.
fn two() -> Setup {
    let mut s = setup();
    let mut other = s.brief.fleet[0].clone();
    other.vehicle = V2;
    other.tail = "CU-02".into();
    s.brief.fleet.push(other);
    s.cameras.push(CameraSpec {
        camera: CAM2,
        vehicle: V2,
        spectrum: Spectrum::Thermal,
    });
    s.cameras.push(CameraSpec {
        camera: EYE,
        vehicle: V1,
        spectrum: Spectrum::Visible,
    });
    s.site.border_amsl_m = vec![1000.0; s.site.border.len()];
    s
}

fn place(east: f64, north: f64) -> LatLon {
    destination(destination(origin(), 90.0, east), 0.0, north)
}

fn report(r: &Rig, camera: CameraId, vehicle: VehicleId, tracks: Vec<GroundTrack>) -> VisionReport {
    let Input::Vision(mut v) = look(r, tracks) else {
        unreachable!("a look is a look");
    };
    v.camera = camera;
    v.vehicle = vehicle;
    v.footprint = [None; 4];
    for t in &mut v.tracks {
        t.camera = camera;
        t.captured = v.captured;
    }
    *v
}

fn walker(r: &Rig, camera: CameraId, vehicle: VehicleId, id: u32, at: LatLon, seen: bool) -> Input {
    let mut t = track(at, 0, id);
    t.seen = seen;
    t.velocity_en_m_s = [0.0, 1.3];
    Input::Vision(Box::new(report(r, camera, vehicle, vec![t])))
}

fn rules_of(r: &Rig) -> Vec<String> {
    r.station.view().alerts.values().map(|a| a.rule.0.clone()).collect()
}

/// The journal of what was put gives the same view again.
fn replays(r: &Rig, setup: Setup) {
    let mut replay = Replay::new(setup, r.log.clone()).expect("a usable site");
    replay.seek_entry(r.log.len());
    assert_eq!(digest(replay.view()), digest(r.station.view()));
}

#[test]
fn somebody_followed_by_two_aircraft_keeps_number_alert_and_custody_when_the_first_leaves() {
    let mut r = Rig::with(two());
    let (mut both, mut north) = (0, -40.0);
    for i in 0..700 {
        // Two looks of 0.1 s each: 1.3 m/s.
        north += 0.26;
        let first_sees = i < 430;
        if first_sees {
            let input = walker(&r, CAM, V1, 1, place(2000.0, north), true);
            r.put(input);
        } else {
            let v = report(&r, CAM, V1, vec![]);
            r.put(Input::Vision(Box::new(v)));
        }
        if i < 250 {
            r.put(Input::Tick);
            continue;
        }
        // The second aircraft is wrong by other metres than the first.
        let input = walker(&r, CAM2, V2, 2, place(2001.5, north - 1.0), true);
        r.put(input);
        let v = r.station.view();
        if first_sees && v.tracks.get(&TrackId(2)).is_some_and(|t| t.same_as == Some(TrackId(1))) {
            both += 1;
            assert_eq!(v.vehicles[&V2].custody, Some(TrackId(1)), "both have their eyes on it");
        }
    }
    assert!(both > 100, "paired in {both} looks");
    let v = r.station.view();
    assert!(!v.tracks.contains_key(&TrackId(2)), "one object, one number");
    let t = &v.tracks[&TrackId(1)];
    assert_eq!((t.vehicle, t.track.camera), (V2, CAM2));
    assert!(t.trail.len() > 100, "its way goes on: {}", t.trail.len());
    let crossings: Vec<_> = v.alerts.values().filter(|a| a.rule.0 == "crossing").collect();
    assert_eq!(crossings.len(), 1, "told once: {:?}", rules_of(&r));
    assert_eq!(crossings[0].track, Some(TrackId(1)));
    assert_eq!(v.vehicles[&V2].custody, Some(TrackId(1)));
    assert_eq!(v.vehicles[&V1].custody, None);
    assert!(v.events.iter().any(|e| e.text.contains("T-001 goes on with CU-02")));
    replays(&r, two());
}

#[test]
fn somebody_else_forty_metres_away_gets_a_number_of_their_own() {
    let mut r = Rig::with(two());
    for i in 0..60 {
        let north = -40.0 + 0.26 * f64::from(i);
        let input = walker(&r, CAM, V1, 1, place(2000.0, north), i < 30);
        r.put(input);
        let input = walker(&r, CAM2, V2, 2, place(2040.0, north), true);
        r.put(input);
    }
    let v = r.station.view();
    assert_eq!(v.tracks[&TrackId(2)].same_as, None);
    assert_eq!(v.tracks[&TrackId(1)].vehicle, V1);
}

fn heard(source: ContactSource, id: &str, at: LatLon, height_m: f64) -> Report {
    Report::Contact(Contact {
        source,
        id: id.into(),
        name: None,
        at,
        height: Some(ContactHeight::Pressure(height_m)),
        course_deg: None,
        speed_m_s: Some(20.0),
        climb_m_s: None,
        on_ground: false,
        pilot: None,
    })
}

#[test]
fn a_drone_by_remote_id_and_a_low_slow_aircraft_by_adsb_are_told_and_a_high_one_is_not() {
    let mut r = Rig::with(two());
    for i in 0..4 {
        let north = -300.0 + 20.0 * f64::from(i);
        r.say(heard(ContactSource::RemoteId, "RID-7", place(1500.0, north), 1080.0));
        r.say(heard(ContactSource::Adsb, "LOW", place(2500.0, north), 1100.0));
        r.say(heard(ContactSource::Adsb, "HIGH", place(3000.0, north), 4000.0));
    }
    assert_eq!(rules_of(&r), ["intruder-drone", "intruder-drone"]);
    let said: Vec<String> = r.station.view().alerts.values().map(|a| a.why.clone()).collect();
    assert!(said.iter().any(|w| w.contains("Remote ID RID-7")), "{said:?}");
    assert!(
        said.iter()
            .any(|w| w.contains("ADS-B LOW") && w.contains("100 m over the ground")),
        "{said:?}"
    );
    // Over the line towards home: told again, and louder.
    for north in [10.0, 60.0] {
        r.say(heard(ContactSource::RemoteId, "RID-7", place(1500.0, north), 1080.0));
    }
    let last = r.station.view().alerts.values().last().cloned().expect("three alerts");
    assert_eq!(
        (last.title.as_str(), last.priority),
        ("Drone over the line", Priority::P1)
    );
    replays(&r, two());
}

/// Something followed in the sky at bearing 212°, 3.5° up, for two seconds.
fn in_the_sky(r: &mut Rig, pose: Option<SensorPose>) {
    for looks in 1..20 {
        let mut v = report(r, EYE, V1, vec![]);
        v.pose.clone_from(&pose);
        v.sky = vec![SkyTrack {
            id: 1,
            image: ImageBox {
                x: 100.0,
                y: 60.0,
                w: 6.0,
                h: 4.0,
            },
            seen: true,
            looks,
            followed_s: 0.1 * f64::from(looks),
            contrast: -30.0,
            score: 0.8,
            azimuth_deg: Some(212.0),
            elevation_deg: Some(3.5),
            rate_deg_s: Some(0.4),
            steady: 1.0,
            flock: false,
            constant_bearing: false,
        }];
        r.put(Input::Vision(Box::new(v)));
    }
}

#[test]
fn a_drone_seen_against_the_sky_is_told_with_its_bearing() {
    let mut r = Rig::with(two());
    in_the_sky(&mut r, None);
    let v = r.station.view();
    assert_eq!(v.cameras[&EYE].sky.len(), 1);
    let a = v.alerts.values().next().expect("told");
    assert_eq!(
        (a.rule.0.as_str(), a.camera, v.alerts.len()),
        ("intruder-drone", Some(EYE), 1)
    );
    assert!(a.why.contains("bearing 212° true"), "{}", a.why);
}

#[test]
fn one_of_our_own_in_the_sky_is_no_intruder_and_neither_is_what_is_seen_from_the_pad() {
    let eye = place(1000.0, 300.0);
    let pose = SensorPose {
        captured: Utc(0),
        at: eye,
        amsl: Amsl(1100.0),
        roll_deg: 0.0,
        pitch_deg: 2.0,
        yaw_deg: 212.0,
        hfov_deg: 24.0,
        vfov_deg: 19.3,
        sigma_h_m: 2.0,
        sigma_v_m: 3.0,
        sigma_tilt_deg: 0.1,
        sigma_heading_deg: 0.5,
        sigma_time_s: 0.02,
    };
    // 600 m away on that bearing, 600 tan 3.5° higher: it is what is seen; elsewhere it is not.
    for (bearing_deg, told) in [(213.0, 0), (230.0, 1)] {
        let mut r = Rig::with(two());
        let captured = Mono(r.t + 100_000);
        r.put(Input::Vehicle {
            vehicle: V2,
            captured,
            report: Report::Position {
                at: destination(eye, bearing_deg, 600.0),
                amsl: Amsl(1136.7),
                above_home: AboveHome(120.0),
                velocity_ned_m_s: [0.0; 3],
                heading_deg: None,
            },
        });
        in_the_sky(&mut r, Some(pose.clone()));
        assert_eq!(r.station.view().alerts.len(), told, "at {bearing_deg}°");
    }
    let mut r = Rig::with(two());
    r.say(Report::Landed(LandedState::OnGround));
    in_the_sky(&mut r, None);
    assert!(r.station.view().alerts.is_empty(), "seen from the pad");
}

#[test]
fn a_vehicle_without_lights_is_told_at_night_and_one_with_lights_is_not() {
    // 22:13 UTC in November.
    let drive = |lit: bool| {
        let mut r = Rig::with(two());
        for i in 0..60 {
            let mut t = track(place(1000.0 + 0.8 * f64::from(i), 200.0), 0, 5);
            t.class = TargetClass::Vehicle;
            t.velocity_en_m_s = [8.0, 0.0];
            let v = report(&r, CAM, V1, vec![t]);
            r.put(Input::Vision(Box::new(v)));
            let mut v = report(&r, EYE, V1, vec![]);
            v.lit = vec![(TrackId(5), lit)];
            r.put(Input::Vision(Box::new(v)));
        }
        rules_of(&r)
    };
    assert_eq!(drive(false), ["lights-out"]);
    assert!(drive(true).is_empty());
}

#[test]
fn movements_that_follow_the_patrol_are_told_as_a_pattern() {
    let watch = |delay_s: &[f64]| {
        let mut r = Rig::with(two());
        for (pass, delay_s) in (0u32..).zip(delay_s) {
            let begun = r.t;
            // The patrol's picture covers 950 to 1050 m along the line.
            let input = look(&r, vec![]);
            r.put(input);
            r.t = begun + (delay_s * 1e6) as i64;
            // The other aircraft, far away, looks past the line and sees somebody set out.
            for k in 0..4 {
                let at = place(1020.0 + f64::from(k), -60.0);
                let mut t = track(at, 0, 100 + pass);
                t.looks = 20 + k;
                t.velocity_en_m_s = [1.0, 0.0];
                let v = report(&r, CAM2, V2, vec![t]);
                r.put(Input::Vision(Box::new(v)));
            }
            r.t = begun + 600_000_000;
        }
        let input = look(&r, vec![]);
        r.put(input);
        r.t += 11_000_000;
        r.put(Input::Tick);
        rules_of(&r).into_iter().filter(|n| n == "patrol-timing").count()
    };
    assert_eq!(watch(&[40.0, 55.0, 70.0, 60.0, 50.0]), 1);
    assert_eq!(watch(&[40.0, 300.0, 500.0, 420.0, 150.0]), 0);
}

#[test]
fn an_offered_stream_is_shown_and_opened_once_for_its_camera() {
    let mut r = Rig::with(two());
    let offer = |thermal, uri: &str| Report::VideoStream {
        stream: if thermal { 1 } else { 2 },
        thermal,
        uri: uri.into(),
        name: "EO/IR".into(),
        hfov_deg: Some(24.0),
        width: 640,
        height: 512,
    };
    let way = |peer: &str| {
        let mut p = crate::wire::path(1, true, 1.0, 0);
        p.peer = peer.into();
        Report::Paths(vec![p])
    };
    r.say(way("10.0.0.7:14550"));
    for _ in 0..3 {
        r.say(offer(true, "rtsp://10.0.0.7:8554/ir"));
        r.say(offer(false, "rtsp://10.0.0.7:8554/eo"));
    }
    let opened: Vec<_> = r
        .effects
        .iter()
        .filter_map(|e| match e {
            Effect::OpenStream { camera, uri } => Some((*camera, uri.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        opened,
        [(CAM, "rtsp://10.0.0.7:8554/ir"), (EYE, "rtsp://10.0.0.7:8554/eo")]
    );
    let streams = &r.station.view().vehicles[&V1].streams;
    assert_eq!(streams[&1].spectrum, Spectrum::Thermal);
    assert_eq!(streams[&2].uri, "rtsp://10.0.0.7:8554/eo");
    let calls = |r: &Rig, host: &str| {
        let to = |e: &&Effect| matches!(e, Effect::OpenStream { uri, .. } if uri.contains(host));
        r.effects.iter().filter(to).count()
    };
    // Anyone can send a frame: no other host is called for it, and the record says why.
    for uri in [
        "rtsp://10.0.0.9:8554/ir",
        "rtsp://10.0.0.7@10.0.0.9/ir",
        "rtsp://[10.0.0.7]:1@10.0.0.9/",
    ] {
        r.say(offer(true, uri));
    }
    assert_eq!(calls(&r, "10.0.0.9"), 0);
    let told = |t: &&str| t.contains("10.0.0.9:8554/ir, not its own host");
    assert_eq!(
        r.station
            .view()
            .events
            .iter()
            .map(|e| e.text.as_str())
            .filter(told)
            .count(),
        1
    );
    // Its own host is called once its way is known, any other once its frames are signed.
    r.say(offer(false, "rtsp://10.0.0.8:8554/eo"));
    assert_eq!(calls(&r, "10.0.0.8"), 0);
    r.say(way("10.0.0.8:14550"));
    assert_eq!(calls(&r, "10.0.0.8"), 1);
    r.say(offer(true, "rtsp://10.0.0.9:8554/ir"));
    r.say(Report::Signing(SigningReport {
        state: SigningState::Signed,
        signed: 1,
        bad_signature: 0,
        replayed: 0,
        unsigned: 0,
        why: String::new(),
        key: None,
    }));
    assert_eq!(calls(&r, "10.0.0.9"), 1);
}

#[test]
fn what_the_analysis_leaves_out_and_a_short_disk_are_in_view() {
    let mut r = Rig::with(two());
    let mut v = report(&r, CAM, V1, vec![]);
    v.left_out = "analysis at 7.5 of 15.0 pictures a second".into();
    r.put(Input::Vision(Box::new(v)));
    assert_eq!(
        r.station.view().cameras[&CAM].left_out,
        "analysis at 7.5 of 15.0 pictures a second"
    );
    for (free, below, means) in [
        (0.094, 0.10, "make room"),
        (0.049, 0.05, "evidence only"),
        (0.019, 0.02, "stands still"),
    ] {
        r.put(Input::Recorder(RecorderReport::Disk {
            camera: CAM,
            free,
            below,
            means: means.into(),
        }));
        assert_eq!(r.station.view().cameras[&CAM].disk, Some((free, means.to_owned())));
        assert!(
            r.last_notice().contains(&format!("{:.1} %", free * 100.0)),
            "{}",
            r.last_notice()
        );
    }
    r.put(Input::Recorder(RecorderReport::Disk {
        camera: CAM,
        free: 0.5,
        below: 1.0,
        means: "everything is recorded".into(),
    }));
    let view = r.station.view();
    assert_eq!(view.cameras[&CAM].disk, None);
    let said = view
        .events
        .iter()
        .filter(|e| e.text.contains("of the disk is free"))
        .count();
    assert_eq!(said, 4, "every level is in the record");
}
