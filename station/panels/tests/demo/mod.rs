//! A moment of the first watch as test data: the real site, the real planner's plan and the real
//! checker's verdict; aircraft, track and alert are placed by hand.
//!
//! Invariant: built once per process from files of the repository. It must not be used outside
//! tests.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod desk;
mod review;
pub mod wire;

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use desk::desk_model;
#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use review::{frame, review_model};

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
    Airframe, Alert, AlertFact, AlertId, AlertState, Approval, ApprovalSignature, Authority, CameraId, Family,
    FlightMode, GnssFix, GroundFix, GroundTrack, ImageBox, Known, LandedState, LinkId, LinkReport, Mono, OperatorId,
    PictureAge, PlanId, PlanRule, Priority, Pts, RuleId, SensorPose, SessionId, Spectrum, TargetClass, TrackId, Utc,
    VehicleId, VehicleIdentity,
};

/// The operator of all tests.
pub fn operator() -> OperatorId {
    OperatorId("op-2".into())
}

/// Who approves what the operator put on the table.
pub fn lead() -> OperatorId {
    OperatorId("lead-1".into())
}

/// A signed approval by the shift lead.
pub fn approval(plan: &PlanId, at: Mono, now: Utc) -> Approval {
    Approval {
        by: lead(),
        at,
        utc: now.plus_us(-362_000_000),
        proposed_by: Some(operator()),
        rule: PlanRule::TwoPersons,
        statement: format!("Vedette plan approval\nplan: {plan}\n"),
        signature: Some(ApprovalSignature {
            certificate_sha256: "3f2a91bc07d4e655".repeat(4),
            der_hex: "3045".into(),
        }),
    }
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
                gimbal_rate_deg_s: None,
                cameras: std::collections::BTreeMap::new(),
                picture: None,
                control: None,
                remote_id: None,
                contacts: std::collections::BTreeMap::new(),
                plan_on_board: PlanOnAircraft::Same,
                on_board: vedette_core::OnBoard::default(),
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
                streams: std::collections::BTreeMap::new(),
                follow: None,
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
                        by: vedette_model::AgeSource::Klv,
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
                    left_out: String::new(),
                    sky: vec![],
                    disk: None,
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
        same_as: None,
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
                id: lead(),
                name: "Shift lead".into(),
                authority: Authority::Supervisor,
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
        detector: None,
        cues: BTreeMap::new(),
        plan: PlanState {
            computing: false,
            plan: Some(Arc::clone(&b.plan)),
            verdict: Some(Arc::clone(&b.verdict)),
            proposed: Some((operator(), Mono(10_000_000))),
            approved: Some(approval(&b.plan.id, Mono(20_000_000), utc)),
            failed: None,
            began: Some(Mono(60_000_000)),
        },
        plan_rule: PlanRule::TwoPersons,
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
        places: vec![],
        kept: vec![],
    }
}
