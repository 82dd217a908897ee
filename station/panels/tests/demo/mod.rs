//! A moment of the first watch as test data: the real site, the real planner's plan and the real
//! checker's verdict; aircraft, track and alert are placed by hand.
//!
//! Invariant: built once per process from files of the repository. It must not be used outside
//! tests.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub mod wire;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use vedette_atlas::World;
use vedette_core::{
    AgeHistogram, CameraView, CoverageView, EventKind, LegView, OperatorSpec, PlanOnAircraft, PlanState, SiteLines,
    StationView, TimelineEvent, TrackView, VehicleView,
};
use vedette_geo::{AboveHome, Amsl, LatLon, azimuth_deg, destination, distance_m, interpolate};
use vedette_model::plan::{LegKind, PatrolPlan, Verdict};
use vedette_model::{
    Airframe, Alert, AlertFact, AlertId, AlertState, Authority, CameraId, Family, FlightMode, GnssFix, GroundFix,
    GroundTrack, ImageBox, Known, LandedState, LinkId, LinkReport, Mono, OperatorId, PictureAge, Priority, Pts, RuleId,
    SensorPose, SessionId, Spectrum, TargetClass, TrackId, Utc, VehicleId, VehicleIdentity,
};

/// The operator of all tests.
pub fn operator() -> OperatorId {
    OperatorId("op-2".into())
}

/// Site, plan and verdict.
pub struct Base {
    pub world: World,
    pub plan: Arc<PatrolPlan>,
    pub verdict: Arc<Verdict>,
}

/// Loaded once.
pub fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let data = std::env::var_os("VEDETTE_DATA");
        let world =
            vedette_atlas::load::site(&root.join("maps/data/andorra"), data.as_ref().map(Path::new), 7).unwrap();
        let text = std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).unwrap();
        let brief = vedette_planner::read_brief(&text).unwrap();
        let plan = vedette_planner::plan(&brief, &world, 7).unwrap();
        let verdict = vedette_checker::check(&plan, &world);
        Base {
            world,
            plan: Arc::new(plan),
            verdict: Arc::new(verdict),
        }
    })
}

fn along(line: &[LatLon], m: f64) -> (LatLon, f64) {
    let mut left = m;
    for w in line.windows(2) {
        let d = distance_m(w[0], w[1]);
        if left <= d {
            return (interpolate(w[0], w[1], left / d), azimuth_deg(w[0], w[1]));
        }
        left -= d;
    }
    (*line.last().unwrap(), 0.0)
}

/// Pose of a camera that looks from `at` to `target`.
pub fn pose(at: LatLon, amsl: f64, target: LatLon, target_amsl: f64, captured: Utc) -> SensorPose {
    SensorPose {
        captured,
        at,
        amsl: Amsl(amsl),
        roll_deg: 0.0,
        pitch_deg: (target_amsl - amsl).atan2(distance_m(at, target)).to_degrees(),
        yaw_deg: azimuth_deg(at, target),
        hfov_deg: 24.0,
        vfov_deg: 19.3,
        sigma_h_m: 1.5,
        sigma_v_m: 2.0,
        sigma_tilt_deg: 0.2,
        sigma_heading_deg: 0.3,
        sigma_time_s: 0.02,
    }
}

/// The moment: six minutes into the watch, one P1 and one P2 open.
pub fn view() -> StationView {
    let b = base();
    let now = Mono(382_000_000);
    let utc = Utc::from_civil(2026, 11, 14, 2, 47, 18);
    let k = |ms: i64| now.plus_ms(-ms);
    let section = b.world.border.section(36_900.0, 40_700.0).unwrap().line;
    let site = SiteLines::of(&b.world);
    let home_turn = if site.home_left { -90.0 } else { 90.0 };
    let ground = |p: LatLon| b.world.terrain.elevation(p).map_or(2000.0, |a| a.0);
    let (line_at, dir) = along(&section, 1450.0);
    let target = destination(line_at, dir + home_turn, 22.0);
    let mut cells = Vec::new();
    let mut m = 12.5;
    while m < 3800.0 {
        cells.push(along(&section, m).0);
        m += 25.0;
    }
    let n = cells.len();
    let last_seen: Vec<Option<Mono>> = (0..n)
        .map(|i| {
            let age = match i * 10 / n {
                0 => 20,
                1 => 64,
                2 => 120,
                3 => 4,
                4 => 90,
                5 => 160,
                6 => 230,
                7 => 345,
                8 => 260,
                _ => 10,
            };
            (i != n - 2).then(|| now.plus_ms(-age * 1000))
        })
        .collect();
    let coverage = CoverageView {
        cell_m: 25.0,
        cells: Arc::new(cells),
        last_seen,
        longest_us: (0..n).map(|i| 180_000_000 + (i as i64 % 40) * 3_000_000).collect(),
        looks: vec![3; n],
        promised_s: Some(330.0),
    };
    let mut vehicles = BTreeMap::new();
    let mut cameras = BTreeMap::new();
    for (id, tail, name, frame, chain, off, speed) in [
        (1, "CU-01", "Isard", Airframe::Copter, 1450.0, 170.0, 0.4),
        (2, "CU-02", "Aliga", Airframe::Plane, 2900.0, 190.0, 20.3),
    ] {
        let v = VehicleId(id);
        let (p, d) = along(&section, chain);
        let at = destination(p, d + home_turn, off);
        let amsl = ground(at) + 118.0;
        let plan = b.plan.aircraft.iter().find(|a| a.vehicle == v).unwrap();
        let heading = if id == 1 { azimuth_deg(at, target) } else { d };
        let (index, leg) = plan
            .legs
            .iter()
            .enumerate()
            .find(|(_, l)| l.kind == LegKind::Patrol && l.end_s > 330.0)
            .or_else(|| plan.legs.iter().enumerate().find(|(_, l)| l.kind == LegKind::Patrol))
            .unwrap();
        vehicles.insert(
            v,
            VehicleView {
                id: v,
                tail: tail.into(),
                name: name.into(),
                airframe: frame,
                identity: Some(VehicleIdentity {
                    system: id as u8,
                    component: 1,
                    uid: 0x51a7_0000 + u64::from(id),
                    family: Family::ArduPilot,
                    airframe: frame,
                    firmware: "4.5.7".into(),
                }),
                alive: true,
                last_heard: Some(k(200)),
                duplicate: false,
                paths: Vec::new(),
                link_history: vedette_core::LinkHistory::default(),
                switches: Vec::new(),
                signing: None,
                second: None,
                clock: None,
                clock_first: None,
                baseline: None,
                grounded: Vec::new(),
                foreign_order: None,
                mode: Some(Known::new(
                    if id == 1 { FlightMode::Guided } else { FlightMode::Auto },
                    k(400),
                )),
                mode_name: if id == 1 { "GUIDED" } else { "AUTO" }.into(),
                armed: Some(Known::new(true, k(400))),
                at: Some(Known::new(at, k(200))),
                amsl: Some(Known::new(Amsl(amsl), k(200))),
                above_home: Some(Known::new(AboveHome(amsl - plan.home_amsl.0), k(200))),
                velocity_ned_m_s: Some(Known::new([0.0, speed, 0.0], k(200))),
                heading_deg: Some(Known::new(heading, k(200))),
                attitude_deg: Some(Known::new([if id == 1 { -3.0 } else { 14.0 }, 2.0, heading], k(150))),
                speeds_m_s: Some(Known::new([speed, speed, 0.1], k(200))),
                battery_pct: Some(Known::new(if id == 1 { 58.0 } else { 74.0 }, k(700))),
                volts: Some(Known::new(22.1, k(700))),
                bingo_s: Some(if id == 1 { 540.0 } else { 1480.0 }),
                home_share: Some(if id == 1 { 0.07 } else { 0.05 }),
                gnss: Some(Known::new(
                    GnssFix {
                        fix_type: 3,
                        satellites: 14,
                        h_acc_m: Some(0.9),
                        v_acc_m: Some(1.4),
                    },
                    k(300),
                )),
                wind: Some(Known::new((300.0, 3.0), k(900))),
                home: Some((plan.home, plan.home_amsl)),
                landed: Some(Known::new(LandedState::InAir, k(300))),
                gimbal_deg: Some(Known::new([0.0, -38.0, heading], k(150))),
                ready: Some(Known::new(true, k(900))),
                item: Some(Known::new((6, Some(40)), k(600))),
                leg: Some(LegView {
                    index,
                    kind: leg.kind,
                    watches_m: leg.watches_m,
                    link_loss: leg.link_loss,
                }),
                parameters: Some((412, 412)),
                parameter_table: vedette_model::ParameterTable::default(),
                arming_checks: Vec::new(),
                parts: std::collections::BTreeMap::new(),
                control: None,
                remote_id: None,
                contacts: std::collections::BTreeMap::new(),
                plan_on_board: PlanOnAircraft::Same,
                plan_id: Some(b.plan.id.clone()),
                lists_in_doubt: std::collections::BTreeMap::new(),
                transfer: None,
                patrol_began: Some(Mono(60_000_000)),
                trail: (0..60)
                    .rev()
                    .map(|i| {
                        let (p, d) = along(&section, chain - f64::from(i) * 14.0);
                        destination(p, d + home_turn, off)
                    })
                    .collect(),
                texts: vec![(k(40_000), vedette_model::Severity::Info, "Mission: 6 WP".into())],
                custody: (id == 1).then_some(TrackId(14)),
            },
        );
        for (c, spectrum) in [(1, Spectrum::Thermal), (2, Spectrum::Visible)] {
            let camera = CameraId(id * 10 + c);
            let captured = utc.plus_us(-240_000);
            let look = if id == 1 { target } else { p };
            let ps = pose(at, amsl, look, ground(look), captured);
            let right = ps.yaw_deg + 90.0;
            let yaw = ps.yaw_deg;
            let corner = |f: f64, s: f64| Some(destination(destination(look, yaw, f), right, s));
            let mut ages = AgeHistogram::default();
            for i in 0..200 {
                ages.add(160 + (i * 7) % 160);
            }
            cameras.insert(
                camera,
                CameraView {
                    id: camera,
                    vehicle: v,
                    spectrum,
                    captured: Some(captured),
                    received: Some(k(10)),
                    age: Some(PictureAge {
                        age_us: Some(230_000),
                        sigma_us: 4000,
                    }),
                    ages,
                    pose: Some(ps.clone()),
                    footprint: [
                        corner(60.0, -55.0),
                        corner(60.0, 55.0),
                        corner(-45.0, 42.0),
                        corner(-45.0, -42.0),
                    ],
                    px_per_m: Some(7.4),
                    registration: 0.93,
                    tracks: if id == 1 {
                        vec![TrackId(14), TrackId(11)]
                    } else {
                        vec![]
                    },
                    frames: [9240, 3080, 0],
                    recording: true,
                    recorded: [41_300_000, 9240, 0],
                    segments: 38,
                    gaps: 0,
                    refused: None,
                },
            );
        }
    }
    let track = |id: u32, at: LatLon, image: ImageBox, class, score, alert: Option<u32>, old_ms: i64| TrackView {
        track: GroundTrack {
            id: TrackId(id),
            camera: CameraId(11),
            captured: utc.plus_us(-240_000 - old_ms * 1000),
            pts: Pts(0),
            image,
            class,
            score,
            looks: 120,
            fix: Ok(GroundFix {
                at,
                amsl: Amsl(ground(at)),
                cov_en_m2: [21.0, 9.0, 34.0],
                slant_m: 236.0,
            }),
            velocity_en_m_s: [-0.4, 1.0],
            seen: old_ms < 1000,
        },
        vehicle: VehicleId(1),
        heard: now.plus_ms(-300 - old_ms),
        trail: (0..50)
            .map(|i| {
                (
                    utc.plus_us(-i * 1_000_000),
                    destination(at, 160.0, i as f64 * 1.1),
                    [14.0, 9.0],
                )
            })
            .collect(),
        border_m: Some(22.0),
        chainage_m: Some(1450.0),
        alert: alert.map(AlertId),
    };
    let tracks = BTreeMap::from([
        (
            TrackId(14),
            track(
                14,
                target,
                ImageBox {
                    x: 314.0,
                    y: 250.0,
                    w: 7.0,
                    h: 14.0,
                },
                TargetClass::Person,
                0.91,
                Some(2),
                0,
            ),
        ),
        (
            TrackId(11),
            track(
                11,
                destination(target, 80.0, 45.0),
                ImageBox {
                    x: 470.0,
                    y: 330.0,
                    w: 10.0,
                    h: 8.0,
                },
                TargetClass::Animal,
                0.58,
                None,
                1400,
            ),
        ),
    ]);
    let alert = |id, priority, rule: &str, title: &str, why: &str, ago: i64, state| Alert {
        id: AlertId(id),
        rule: RuleId(rule.into()),
        priority,
        title: title.into(),
        why: why.into(),
        facts: vec![AlertFact {
            name: "distance".into(),
            value: "22 m inside".into(),
        }],
        track: Some(TrackId(14)),
        vehicle: Some(VehicleId(1)),
        camera: Some(CameraId(11)),
        at: Some(target),
        chainage_m: Some(1450.0),
        confidence: 0.91,
        captured: utc.plus_us(-ago * 1_000_000),
        raised: now.plus_ms(-ago * 1000),
        raised_utc: utc.plus_us(-ago * 1_000_000),
        state,
    };
    let alerts = BTreeMap::from([
        (
            AlertId(1),
            alert(
                1,
                Priority::P2,
                "loiter",
                "Person near the line, km 1.45",
                "A person stays within 60 m of the line for 40 s, away from any crossing point.",
                96,
                AlertState::Acknowledged {
                    by: operator(),
                    at: now.plus_ms(-90_000),
                },
            ),
        ),
        (
            AlertId(2),
            alert(
                2,
                Priority::P1,
                "crossed",
                "Line crossed to home side",
                "T-014, a person, km 1.45, is 22 m inside the line ± 12 m; its whole 95 % ellipse lies on the home side.",
                37,
                AlertState::Open,
            ),
        ),
    ]);
    let event = |ago: i64, kind, text: &str| TimelineEvent {
        at: now.plus_ms(-ago * 1000),
        utc: utc.plus_us(-ago * 1_000_000),
        kind,
        vehicle: Some(VehicleId(1)),
        text: text.into(),
        seq: 1,
    };
    let links = [LinkId(1), LinkId(2)]
        .into_iter()
        .map(|l| {
            (
                l,
                LinkReport {
                    valid: 18_240,
                    bad_crc: 3,
                    junk_bytes: 12,
                    lost: 41,
                    sent: 912,
                    rtt_ms: Some(12.4),
                    ..LinkReport::new(l, &format!("udpin:127.0.0.1:{}", 14_550 + l.0))
                },
            )
        })
        .collect();
    StationView {
        seq: 40_112,
        now,
        utc,
        session: SessionId("20261114T024056Z".into()),
        station: "CU-GCS-2".into(),
        watch: "Andorra south".into(),
        operators: vec![
            OperatorSpec {
                id: operator(),
                name: "Operator 2 · pilot".into(),
                authority: Authority::Pilot,
            },
            OperatorSpec {
                id: OperatorId("obs-1".into()),
                name: "Observer 1".into(),
                authority: Authority::Observer,
            },
        ],
        brief: Arc::new(b.plan.brief.clone()),
        site: Arc::new(site),
        section: Arc::new(section),
        section_from_m: 36_900.0,
        section_to_m: 40_700.0,
        vehicles,
        cameras,
        tracks,
        alerts,
        incidents: BTreeMap::new(),
        plan: PlanState {
            computing: false,
            plan: Some(Arc::clone(&b.plan)),
            verdict: Some(Arc::clone(&b.verdict)),
            approved: Some((operator(), Mono(20_000_000))),
            failed: None,
            began: Some(Mono(60_000_000)),
        },
        receipts: vec![],
        links,
        coverage,
        notices: vec![],
        events: vec![
            event(370, EventKind::Record, "Recording began"),
            event(340, EventKind::Operator, "approve plan"),
            event(322, EventKind::Flight, "take-off"),
            event(250, EventKind::Flight, "patrol"),
            event(96, EventKind::AlertP2, "Person near the line"),
            event(90, EventKind::Operator, "acknowledged"),
            event(60, EventKind::Operator, "hold CU-01"),
            event(37, EventKind::AlertP1, "Line crossed"),
        ],
        system: Some(253),
        link_pace: BTreeMap::new(),
        blocked: vec![],
    }
}

/// A thermal-looking frame: a warm road, cool ground, a person.
pub fn frame(camera: CameraId, pose: Option<SensorPose>, captured: Utc) -> vedette_panels::feeds::VideoFrame {
    let (w, h) = (640_u32, 512_u32);
    let mut px = Vec::with_capacity((w * h * 4) as usize);
    let mut seed = 1_u32;
    for y in 0..h {
        for x in 0..w {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 28) as i32;
            let road = ((x as i32 - 200 - y as i32 / 3).abs() < 46) as i32 * 70;
            let person = ((x as i32 - 317).abs() < 4 && (y as i32 - 257).abs() < 7) as i32 * 130;
            let v = (52 + (x / 20 + y / 16) as i32 % 9 + noise + road + person).clamp(0, 255) as u8;
            px.extend([v, v, v, 255]);
        }
    }
    vedette_panels::feeds::VideoFrame {
        camera,
        pts: Pts(0),
        captured: Some(captured),
        width: w,
        height: h,
        rgba: px.into(),
        pose: pose.map(Arc::new),
    }
}

/// The same moment as a review shows it.
pub fn review_model() -> vedette_panels::review::ReviewModel {
    use vedette_panels::review::{
        AlertMark, CustodyLine, DetectionTick, GapMark, Lanes, NoteLine, PlotSample, ReviewModel, SealState,
        SealVerdict, Segment, VideoLane,
    };
    let mut v = view();
    v.alerts.get_mut(&AlertId(2)).unwrap().state = AlertState::Confirmed {
        by: operator(),
        at: v.now,
    };
    let from = v.utc.plus_us(-380_000_000);
    let to = v.utc.plus_us(240_000_000);
    let at = |s: i64| from.plus_us(s * 1_000_000);
    let video = [
        (11, "CU-01 thermal"),
        (12, "CU-01 visible"),
        (21, "CU-02 thermal"),
        (22, "CU-02 visible"),
    ]
    .into_iter()
    .map(|(c, label)| VideoLane {
        camera: CameraId(c),
        label: label.into(),
        segments: (1..60)
            .map(|i| Segment {
                from: at(i * 10),
                to: at(i * 10 + 10),
                truncated: i == 59,
            })
            .collect(),
        gaps: if c == 11 {
            vec![GapMark {
                at: at(205),
                what: "0.8 s".into(),
            }]
        } else {
            vec![]
        },
    })
    .collect();
    ReviewModel {
        title: "Incident I-001 · Line crossed to home side, km 1.45".into(),
        reviewer: "Reviewer 3 · case preparation".into(),
        from,
        to,
        playhead: v.utc,
        playing: false,
        speed: 1.0,
        lanes: Lanes {
            video,
            plot: (0..200)
                .map(|i| PlotSample {
                    at: at(i * 3),
                    height_m: Some(2100.0 + (i as f32 * 0.06).sin() * 40.0),
                    range_m: Some(240.0 + (i as f32 * 0.1).cos() * 30.0),
                })
                .collect(),
            detections: (0..240)
                .map(|i| DetectionTick {
                    at: at(250 + i),
                    score: 0.5 + (i % 5) as f32 * 0.1,
                })
                .collect(),
            alerts: vec![
                AlertMark {
                    id: AlertId(1),
                    priority: Priority::P2,
                    at: at(284),
                    title: "Person near the line".into(),
                    answer: Some((at(290), "acknowledged".into(), false)),
                },
                AlertMark {
                    id: AlertId(2),
                    priority: Priority::P1,
                    at: at(343),
                    title: "Line crossed".into(),
                    answer: Some((at(381), "confirmed after 38 s".into(), true)),
                },
            ],
            acts: vec![
                (at(40), "approve plan".into()),
                (at(60), "start CU-01".into()),
                (at(290), "ack".into()),
                (at(320), "hold CU-01".into()),
                (at(381), "confirm".into()),
                (at(420), "seal".into()),
            ],
            events: v.events.clone(),
            truth: Vec::new(),
        },
        truth: Vec::new(),
        seal: SealState {
            verdict: SealVerdict::Verified(v.utc.plus_us(200_000_000)),
            fingerprint: Some("d471e87bb4a937dfc98fe604bb4e0b2a67afaa241e8f2773a6d5c4fb35c3ecb0".into()),
            signed_by: Some("CU-GCS-2, ECDSA P-256".into()),
            files: Some((214, 214)),
            gaps: Some("1 · 0.8 s".into()),
        },
        custody: vec![
            CustodyLine {
                at: at(343),
                who: "Station CU-GCS-2".into(),
                what: "recorded".into(),
            },
            CustodyLine {
                at: at(381),
                who: "Operator 2".into(),
                what: "confirmed".into(),
            },
            CustodyLine {
                at: at(420),
                who: "Station CU-GCS-2".into(),
                what: "sealed".into(),
            },
        ],
        notes: vec![NoteLine {
            at: at(343),
            who: "Reviewer 1".into(),
            text: "Crossing seen directly, ellipse clear of the line.".into(),
        }],
        trouble: None,
        view: Arc::new(v),
    }
}

/// The instructor's desk at the same moment: made by hand, as rich as a real one.
pub fn desk_model(v: &StationView) -> vedette_panels::train::DeskModel {
    use vedette_panels::train::{
        ActiveFault, ActorLine, Advice, DeskLanes, DeskModel, Dial, FaultKind, LaneSpan, LiveScore, ScoreLine,
    };
    let at = v.tracks.values().find_map(|t| t.track.fix.as_ref().ok()).unwrap().at;
    let dial = |name: &str, unit: &str, value: f64| Dial {
        name: name.into(),
        unit: unit.into(),
        value,
        step: 10.0,
        least: 10.0,
        most: 90.0,
    };
    let kind = |key: &str, words: &str, dial: Option<Dial>, for_s| FaultKind {
        key: key.into(),
        words: words.into(),
        dial,
        for_s,
        at_once: key == "battery-sag",
        single: false,
    };
    let actor = |number: &str, words: &str, state: &str, subject, east_m: f64, fix_error_m| ActorLine {
        number: number.into(),
        words: words.into(),
        state: state.into(),
        subject,
        at: destination(at, 90.0, east_m),
        fix_error_m,
    };
    let line = |title: &str, now: Option<&str>, target: &str, points| ScoreLine {
        title: title.into(),
        now: now.map(Into::into),
        target: target.into(),
        points,
    };
    let span = |from_s, to_s, label: &str, strong| LaneSpan {
        from_s,
        to_s,
        label: label.into(),
        strong,
    };
    DeskModel {
        scenario: "Two crossings, one battery".into(),
        seed: 4711,
        instructor: "instructor-1".into(),
        trainee: "operator-7".into(),
        t_s: 1338.0,
        duration_s: 2640.0,
        speed: 1.0,
        frozen: false,
        aircraft: vec![(1, "CU-01".into()), (2, "CU-02".into())],
        kinds: vec![
            kind("link-loss", "Link lost", None, Some(40.0)),
            kind(
                "link-poor",
                "Link poor",
                Some(dial("datagrams lost", "%", 30.0)),
                Some(60.0),
            ),
            kind("gnss-jam", "GNSS jammed", None, Some(60.0)),
            kind(
                "gnss-spoof",
                "GNSS spoofed",
                Some(dial("drift", "m/s", 2.0)),
                Some(60.0),
            ),
            kind(
                "battery-sag",
                "Battery sag",
                Some(dial("energy gone", "Wh", 60.0)),
                None,
            ),
            kind("wind", "Wind gust", Some(dial("wind", "m/s", 14.0)), Some(60.0)),
            kind("video-freeze", "Video frozen", None, Some(20.0)),
            kind("gimbal-stuck", "Gimbal stuck", None, None),
            kind("motor", "Motor weak", Some(dial("thrust gone", "%", 15.0)), Some(60.0)),
            kind("second-station", "Second station", None, Some(30.0)),
        ],
        active: vec![ActiveFault {
            id: 2,
            key: "link-loss".into(),
            system: Some(1),
            left_s: Some(18.0),
            live: true,
        }],
        actors: vec![
            actor("A1", "2 persons on foot", "crossed 00:21:41", true, 6.0, Some(6.0)),
            actor("A2", "van", "km 17.6 at 00:28:00", true, 400.0, None),
            actor("A3", "drone", "km 4.1 at 00:31:00", true, -900.0, None),
            actor("A4", "shepherd and dog", "benign", false, 700.0, None),
        ],
        score: LiveScore {
            total: Some(78.0),
            median: Some((71.0, 34)),
            curve: vec![
                (100.0, 90.0),
                (400.0, 82.0),
                (900.0, 70.0),
                (1100.0, 75.0),
                (1338.0, 78.0),
            ],
            lines: vec![
                line("Time to detect", Some("54 s"), "≤ 90 s", Some(1.0)),
                line("Subjects reported", Some("1 of 1"), "in 120 s", Some(1.0)),
                line("False reports", Some("0"), "0", Some(1.0)),
                line("Time to decide", Some("21 s"), "≤ 15 s", Some(0.92)),
                line("Position error at report", Some("6 m"), "≤ 10 m", Some(1.0)),
                line("Custody gaps", Some("4 of 118 s"), "gaps ≤ 10 s", Some(0.97)),
                line("Border and stand-off", Some("6 s"), "0 s", Some(0.7)),
                line("No-fly zones", Some("0 s"), "0 s", Some(1.0)),
                line("Heights of the brief", Some("0 s"), "0 s", Some(1.0)),
                line("Privacy zones", None, "0", None),
                line("Link-loss drill", None, "answer ≤ 30 s", None),
                line("Fault drill", Some("1 of 1"), "answer ≤ 30 s", Some(1.0)),
                line("Reserve at landing", None, "≥ the reserve", None),
                line("Checklist", Some("6 of 9"), "all", Some(1.0)),
                line("Evidence of reports", None, "sealed, whole", None),
                line("Workload answers", Some("4 of 4"), "every 5 min", Some(1.0)),
                line("Blind inserts", None, "all noticed", None),
            ],
        },
        advice: vec![
            Advice {
                text: "Alert 1 unanswered for 37 s. Expected within 15 s.".into(),
                waits: true,
            },
            Advice {
                text: "link loss on CU-01 for 22 s: hold, return or a remark within 30 s.".into(),
                waits: true,
            },
            Advice {
                text: "Incident I-001 is sealed. Good.".into(),
                waits: false,
            },
        ],
        lanes: DeskLanes {
            truth: vec![
                span(180.0, 540.0, "A4 shepherd, benign", false),
                span(690.0, 1301.0, "A1 approaches, km 20.4", false),
                span(1301.0, 1540.0, "A1 on home side", true),
                span(1680.0, 2040.0, "A2 drives off with A1", true),
                span(2160.0, 2500.0, "A3 drone drop, km 4.1", false),
            ],
            faults: vec![
                span(360.0, 410.0, "video freeze, CU-01", false),
                span(1316.0, 1338.0, "link loss, CU-01 · live", true),
                span(1800.0, 2040.0, "gnss jam", false),
            ],
            trainee: vec![
                (70.0, "take off CU-01".into()),
                (270.0, "dismiss".into()),
                (500.0, "look here".into()),
                (870.0, "hold CU-01".into()),
                (1100.0, "seal".into()),
            ],
            alerts: vec![
                (360.0, Priority::P2),
                (980.0, Priority::P2),
                (1220.0, Priority::P2),
                (1310.0, Priority::P1),
            ],
            score: vec![
                (270.0, 4.0, "right".into()),
                (500.0, 3.0, "met".into()),
                (980.0, -5.0, "side".into()),
                (1100.0, 6.0, "reported".into()),
            ],
            marks: vec![(990.0, "breach".into())],
        },
        attention: "CU-01 thermal · alert A-002".into(),
        trouble: None,
    }
}
