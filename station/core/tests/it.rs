//! The station as its users meet it: what is refused, what is remembered, and that a replay sees
//! what was seen.

mod around;
mod cues;
mod exchange;
mod follow;
mod plan;
mod wire;

use proptest::prelude::*;
use vedette_core::Station;
use vedette_core::*;
use vedette_geo::{AboveHome, Amsl, Geoid, LatLon, destination};
use vedette_model::plan::*;
use vedette_model::*;

const V1: VehicleId = VehicleId(1);
const CAM: CameraId = CameraId(11);

fn origin() -> LatLon {
    LatLon {
        lat_deg: 42.45,
        lon_deg: 1.45,
    }
}

fn setup() -> Setup {
    let line: Vec<LatLon> = (0..=40)
        .map(|i| destination(origin(), 90.0, f64::from(i) * 100.0))
        .collect();
    let aircraft = Aircraft {
        vehicle: V1,
        tail: "CU-01".into(),
        name: "Isard".into(),
        airframe: Airframe::Copter,
        family: Family::ArduPilot,
        base: destination(origin(), 0.0, 800.0),
        envelope: Envelope {
            cruise_m_s: 10.0,
            min_m_s: 0.0,
            max_m_s: 16.0,
            climb_m_s: 3.0,
            descent_m_s: 2.0,
            max_bank_deg: 30.0,
        },
        energy: Energy {
            battery_wh: 500.0,
            cruise_w: 600.0,
            hover_w: 650.0,
            mass_kg: 6.0,
            climb_efficiency: 0.5,
            sigma_share: 0.05,
            reserve_share: 0.2,
        },
        camera: Camera {
            spectrum: Spectrum::Thermal,
            hfov_deg: 24.0,
            width_px: 640,
            height_px: 512,
            max_depression_deg: 90.0,
            min_depression_deg: 5.0,
        },
    };
    Setup {
        session: SessionId("test".into()),
        station: "CU-GCS-1".into(),
        software: "test".into(),
        operators: vec![
            OperatorSpec {
                id: OperatorId("pilot".into()),
                name: "Pilot".into(),
                authority: Authority::Pilot,
            },
            OperatorSpec {
                id: OperatorId("lead".into()),
                name: "Shift lead".into(),
                authority: Authority::Supervisor,
            },
            OperatorSpec {
                id: OperatorId("guest".into()),
                name: "Guest".into(),
                authority: Authority::Observer,
            },
        ],
        brief: Brief {
            name: "Watch B".into(),
            section: Section {
                border: "line".into(),
                from_km: 0.5,
                to_km: 3.5,
            },
            requirement: Requirement {
                revisit_s: 300.0,
                target: TargetClass::Person,
                pixels_on_target: 3.0,
                duration_s: 600.0,
                intervals: vec![],
            },
            limits: Limits {
                stand_off_m: 150.0,
                nav_sigma_m: 3.0,
                min_agl_m: 60.0,
                max_agl_m: 200.0,
                separation_h_m: 100.0,
                separation_v_m: 30.0,
            },
            wind: WindBrief {
                from_deg: 270.0,
                speed_m_s: 3.0,
                gust_m_s: 2.0,
            },
            fleet: vec![aircraft],
            no_fly: vec![],
            bases: vec![],
            antennas: vec![],
            wind_layers: vec![],
            sections: vec![],
        },
        site: SiteLines {
            border_name: "line".into(),
            border: line,
            home_left: true,
            accuracy_m: 5.0,
            edition: "test".into(),
            home_name: "Home".into(),
            foreign_name: "Abroad".into(),
            border_amsl_m: vec![],
            context: vec![],
            no_fly: vec![],
            crossings: vec![],
            geoid: Geoid {
                undulation_m: 50.0,
                sigma_m: 1.0,
                source: "test".into(),
            },
            terrain: "flat".into(),
            terrain_synthetic: true,
            hash: "0".into(),
            ways: vec![],
            terrain_sigma_m: None,
            waters: vec![],
        },
        cameras: vec![CameraSpec {
            camera: CAM,
            vehicle: V1,
            spectrum: Spectrum::Thermal,
        }],
        policy: vedette_sight::Policy::default(),
        seed: 7,
        system: None,
        baselines: std::collections::BTreeMap::new(),
        plan_rule: PlanRule::TwoPersons,
        detector: None,
    }
}

struct Rig {
    station: Station,
    log: Vec<Entry>,
    effects: Vec<Effect>,
    t: i64,
}

impl Rig {
    fn new() -> Self {
        Self::with(setup())
    }
    fn with(setup: Setup) -> Self {
        Self {
            station: Station::new(setup).expect("a usable site"),
            log: vec![],
            effects: vec![],
            t: 0,
        }
    }
    fn put(&mut self, input: Input) -> &StationView {
        self.t += 100_000;
        let e = Entry {
            mono: Mono(self.t),
            utc: Utc(1_700_000_000_000_000 + self.t),
            input,
        };
        self.station.handle(e.mono, e.utc, &e.input);
        while let Some(f) = self.station.poll_effect() {
            self.effects.push(f);
        }
        self.log.push(e);
        self.station.view()
    }
    fn say(&mut self, report: Report) {
        let captured = Mono(self.t + 100_000);
        self.put(Input::Vehicle {
            vehicle: V1,
            captured,
            report,
        });
    }
    fn wants(&mut self, who: &str, intent: Intent) {
        self.put(Input::Operator {
            operator: OperatorId(who.into()),
            intent,
            shown: ViewStamp::default(),
        });
    }
    fn known(mut self) -> Self {
        self.say(Report::Identity(VehicleIdentity {
            system: 1,
            component: 1,
            uid: 77,
            family: Family::ArduPilot,
            airframe: Airframe::Copter,
            firmware: "4.6".into(),
        }));
        self.say(Report::Heartbeat {
            mode: FlightMode::Guided,
            mode_name: "GUIDED".into(),
            armed: false,
        });
        self
    }
    fn last_notice(&self) -> String {
        self.station
            .view()
            .notices
            .last()
            .map(|n| n.text.clone())
            .unwrap_or_default()
    }
}

fn track(at: LatLon, utc: i64, id: u32) -> GroundTrack {
    GroundTrack {
        id: TrackId(id),
        camera: CAM,
        captured: Utc(utc),
        pts: Pts(0),
        image: ImageBox {
            x: 10.0,
            y: 10.0,
            w: 4.0,
            h: 9.0,
        },
        class: TargetClass::Person,
        score: 0.9,
        looks: 20,
        fix: Ok(GroundFix {
            at,
            amsl: Amsl(1000.0),
            cov_en_m2: [1.0, 0.0, 1.0],
            slant_m: 250.0,
        }),
        velocity_en_m_s: [0.0, 1.3],
        seen: true,
    }
}

fn look(rig: &Rig, tracks: Vec<GroundTrack>) -> Input {
    let captured = Utc(1_700_000_000_000_000 + rig.t + 100_000);
    let f = |e: f64, n: f64| Some(destination(destination(origin(), 90.0, e), 0.0, n));
    Input::Vision(Box::new(VisionReport {
        camera: CAM,
        vehicle: V1,
        spectrum: Spectrum::Thermal,
        pts: Pts(0),
        captured,
        age: PictureAge {
            age_us: Some(120_000),
            sigma_us: 5000,
            by: vedette_model::AgeSource::Klv,
        },
        pose: None,
        footprint: [f(950.0, 60.0), f(1050.0, 60.0), f(1050.0, -60.0), f(950.0, -60.0)],
        px_per_m: Some(7.0),
        registration: 0.9,
        tracks,
        frames_decoded: 1,
        frames_analysed: 1,
        frames_dropped: 0,
        left_out: String::new(),
        sky: vec![],
        lit: vec![],
    }))
}

#[test]
fn an_order_needs_role_confirmation_and_the_right_aircraft() {
    let mut r = Rig::new().known();
    let take_off = |held| Intent::Command {
        vehicle: V1,
        order: Order::TakeOff {
            height: AboveHome(30.0),
        },
        held,
    };
    r.wants("guest", take_off(true));
    assert!(
        r.effects.is_empty() && r.last_notice().contains("guest"),
        "{}",
        r.last_notice()
    );
    r.wants("pilot", take_off(false));
    assert!(r.effects.is_empty() && r.last_notice().contains("press and hold"));
    r.wants("stranger", take_off(true));
    assert!(r.effects.is_empty());
    r.wants(
        "pilot",
        Intent::Command {
            vehicle: VehicleId(9),
            order: Order::Return,
            held: true,
        },
    );
    assert!(r.effects.is_empty(), "an unknown aircraft is not commanded");
    r.wants("pilot", take_off(true));
    match r.effects.as_slice() {
        [Effect::Request(q)] => {
            assert_eq!((q.vehicle, q.uid, q.retry), (V1, 77, Retry::Once));
            assert!(q.expires > Mono(r.t));
        }
        other => panic!("one request expected, got {other:?}"),
    }
    r.say(Report::DuplicateId);
    r.effects.clear();
    r.wants(
        "pilot",
        Intent::Command {
            vehicle: V1,
            order: Order::Return,
            held: true,
        },
    );
    assert!(r.effects.is_empty() && r.last_notice().contains("second sender"));
}

#[test]
fn an_order_is_done_only_when_telemetry_shows_it_and_silence_is_unknown() {
    let mut r = Rig::new().known();
    r.wants(
        "pilot",
        Intent::Command {
            vehicle: V1,
            order: Order::Return,
            held: true,
        },
    );
    let id = r.station.view().receipts[0].id;
    r.say(Report::CommandDone {
        id,
        outcome: CommandOutcome::NoAnswer,
    });
    assert_eq!(r.station.view().receipts[0].state, ReceiptState::Unknown);
    r.say(Report::Heartbeat {
        mode: FlightMode::Return,
        mode_name: "RTL".into(),
        armed: true,
    });
    assert_eq!(
        r.station.view().receipts[0].state,
        ReceiptState::Observed,
        "telemetry settles it"
    );
    r.wants(
        "pilot",
        Intent::Command {
            vehicle: V1,
            order: Order::Hold,
            held: true,
        },
    );
    let id = r.station.view().receipts[1].id;
    r.say(Report::CommandDone {
        id,
        outcome: CommandOutcome::Accepted,
    });
    assert_eq!(
        r.station.view().receipts[1].state,
        ReceiptState::Accepted,
        "accepted is not done"
    );
}

#[test]
fn a_crossing_becomes_an_alert_a_decision_and_a_sealed_case() {
    let mut r = Rig::new().known();
    // Walks north over the line (home is left of an eastward line: north).
    for i in 0..160 {
        let at = destination(destination(origin(), 90.0, 1000.0), 0.0, -60.0 + f64::from(i) * 0.8);
        let utc = 1_700_000_000_000_000 + r.t + 100_000;
        let input = look(&r, vec![track(at, utc, 5)]);
        r.t += 500_000;
        r.put(input);
    }
    let p1: Vec<_> = r
        .station
        .view()
        .alerts
        .values()
        .filter(|a| a.priority == Priority::P1)
        .cloned()
        .collect();
    assert_eq!(p1.len(), 1, "one crossing, one alert: {:?}", r.station.view().alerts);
    let a = p1[0].id;
    r.wants("pilot", Intent::OpenIncident { alert: a });
    assert!(r.station.view().incidents.is_empty(), "not before a person confirmed");
    r.wants(
        "pilot",
        Intent::Decide {
            alert: a,
            decision: Decision::Dismiss { reason: " ".into() },
        },
    );
    assert_eq!(
        r.station.view().alerts[&a].state,
        AlertState::Open,
        "a reason is needed"
    );
    r.wants(
        "pilot",
        Intent::Decide {
            alert: a,
            decision: Decision::Confirm,
        },
    );
    r.wants(
        "guest",
        Intent::Decide {
            alert: a,
            decision: Decision::Dismiss { reason: "no".into() },
        },
    );
    assert!(matches!(&r.station.view().alerts[&a].state, AlertState::Confirmed { by, .. } if by.0 == "pilot"));
    r.wants("pilot", Intent::OpenIncident { alert: a });
    let i = *r.station.view().incidents.keys().next().expect("an incident");
    r.wants(
        "pilot",
        Intent::SealIncident {
            incident: i,
            outcome: "patrol informed".into(),
        },
    );
    assert!(
        !r.effects.iter().any(|e| matches!(e, Effect::Preserve(_))),
        "its last seconds are still to come"
    );
    r.t += 20_000_000;
    r.put(Input::Tick);
    let asked = r
        .effects
        .iter()
        .filter(|e| matches!(e, Effect::Preserve(p) if p.cameras == [CAM]))
        .count();
    assert_eq!(asked, 1);
    r.put(Input::Preserved {
        incident: i,
        evidence: EvidenceId("x".into()),
        manifest_sha256: "00".into(),
    });
    assert!(matches!(
        r.station.view().incidents[&i].state,
        IncidentState::Sealed { .. }
    ));
}

#[test]
fn coverage_counts_the_longest_time_a_metre_went_unseen() {
    let mut r = Rig::new().known();
    let input = look(&r, vec![]);
    r.put(input);
    r.t += 200_000_000;
    let input = look(&r, vec![]);
    r.put(input);
    let c = &r.station.view().coverage;
    let gap = c.worst_closed_gap_s().expect("seen twice");
    assert!((gap - 200.1).abs() < 0.2, "{gap}");
    let seen = c.looks.iter().filter(|l| **l > 0).count();
    assert_eq!(seen, 4, "100 m of footprint are four cells of 25 m");
}

fn any_input() -> impl Strategy<Value = u8> {
    any::<u8>()
}

fn drive(rig: &mut Rig, codes: &[u8]) {
    for c in codes {
        match c % 9 {
            0 => {
                rig.put(Input::Tick);
            }
            1 => rig.say(Report::Heartbeat {
                mode: FlightMode::Auto,
                mode_name: "AUTO".into(),
                armed: c & 64 != 0,
            }),
            2 => rig.say(Report::Position {
                at: destination(origin(), 90.0, f64::from(*c) * 7.3),
                amsl: Amsl(1100.0 + f64::from(*c) / 3.0),
                above_home: AboveHome(100.0),
                velocity_ned_m_s: [0.1, 10.0, 0.0],
                heading_deg: Some(90.0),
            }),
            3 => rig.say(Report::Battery {
                remaining_pct: Some(f64::from(*c) / 2.6),
                volts: None,
                amps: None,
                consumed_wh: None,
            }),
            4 => rig.wants(
                "pilot",
                Intent::Command {
                    vehicle: V1,
                    order: Order::Hold,
                    held: c & 32 != 0,
                },
            ),
            5 | 6 => {
                let at = destination(destination(origin(), 90.0, 1000.0), 0.0, f64::from(*c) - 128.0);
                let utc = 1_700_000_000_000_000 + rig.t + 100_000;
                let input = look(rig, vec![track(at, utc, u32::from(c % 3))]);
                rig.put(input);
            }
            7 => rig.wants(
                "pilot",
                Intent::Decide {
                    alert: AlertId(u32::from(c % 4)),
                    decision: Decision::Confirm,
                },
            ),
            _ => rig.wants(
                "pilot",
                Intent::OpenIncident {
                    alert: AlertId(u32::from(c % 4)),
                },
            ),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_replay_sees_what_was_seen_at_any_moment(codes in prop::collection::vec(any_input(), 1..400), at in 0usize..400) {
        let mut live = Rig::new().known();
        drive(&mut live, &codes);
        let written: Vec<String> = live.log.iter().map(|e| serde_json::to_string(e).expect("writes")).collect();
        let read: Vec<Entry> = written.iter().map(|l| serde_json::from_str(l).expect("reads")).collect();
        let mut replay = Replay::new(setup(), read).expect("a usable site");
        prop_assert_eq!(digest(replay.view()), digest(live.station.view()));
        // And in the middle, by jumping there and back.
        let n = at.min(live.log.len());
        let mut half = Station::new(setup()).expect("a usable site");
        for e in &live.log[..n] {
            half.handle(e.mono, e.utc, &e.input);
        }
        let want = digest(half.view());
        prop_assert_eq!(digest(replay.seek_entry(n)), want);
        let end = digest(live.station.view());
        prop_assert_eq!(digest(replay.seek_entry(usize::MAX)), end);
    }
}

/// The pilot chooses the link to an aircraft; a link that does not carry it is refused here.
#[test]
fn a_link_is_chosen_by_the_pilot_among_those_that_carry_the_aircraft() {
    let mut r = Rig::new().known();
    let path = |link: u32, active: bool| PathReport {
        link: LinkId(link),
        peer: "radio".into(),
        active,
        chosen: false,
        proven: true,
        quality: 0.9,
        loss: 0.0,
        rtt_ms: None,
        heard: Mono::ZERO,
        frames: 10,
    };
    r.say(Report::Paths(vec![path(1, true), path(2, false)]));
    let choose = |link: u32| Intent::UseLink {
        vehicle: V1,
        link: Some(LinkId(link)),
    };
    let asked = |r: &Rig| {
        let wish = RequestBody::UseLink(Some(LinkId(2)));
        let asks = |e: &&Effect| matches!(e, Effect::Request(q) if q.body == wish && q.vehicle == V1);
        r.effects.iter().filter(asks).count()
    };
    r.wants("pilot", choose(2));
    assert_eq!(asked(&r), 1);
    r.wants("pilot", choose(7));
    r.wants("guest", choose(2));
    assert_eq!(asked(&r), 1, "no such way; no such right");
}

/// Another station under our id is told once.
#[test]
fn another_station_under_our_id_is_told_once() {
    let mut r = Rig::new().known();
    for n in 1..4 {
        r.put(Input::Link(LinkReport {
            id_clashes: n,
            ..LinkReport::new(LinkId(1), "udpin:test")
        }));
    }
    let told = r
        .station
        .view()
        .notices
        .iter()
        .filter(|n| n.text.contains("own id"))
        .count();
    assert_eq!(told, 1);
}

#[test]
fn a_changed_brief_goes_on_the_table_from_a_pilot_and_only_on_the_ground() {
    let mut r = Rig::new().known();
    let changed = |edit: fn(&mut Brief)| {
        let mut b = setup().brief;
        edit(&mut b);
        Intent::ProposeBrief { brief: Box::new(b) }
    };
    r.wants("guest", changed(|b| b.requirement.revisit_s = 200.0));
    assert!(r.effects.is_empty(), "an observer plans nothing");
    for (edit, says) in [
        (
            (|b| b.section.border = "elsewhere".into()) as fn(&mut Brief),
            "elsewhere",
        ),
        (|b| b.fleet[0].vehicle = VehicleId(9), "in this session"),
        (|b| b.section.from_km = 99.0, "changing the brief"),
    ] {
        r.wants("pilot", changed(edit));
        assert!(
            r.effects.is_empty() && r.last_notice().contains(says),
            "{}",
            r.last_notice()
        );
    }
    assert_eq!(
        *r.station.view().brief,
        setup().brief,
        "a refused brief leaves the table as it was"
    );
    r.wants("pilot", changed(|b| b.section.to_km = 2.5));
    match r.effects.as_slice() {
        [Effect::Plan { brief, .. }] => assert!((brief.section.to_km - 2.5).abs() < 1e-9),
        other => panic!("one plan expected, got {other:?}"),
    }
    let cells = r.station.view().coverage.cells.len();
    let plan = PatrolPlan {
        schema: 1,
        id: PlanId("p".into()),
        parent: None,
        brief: Brief::clone(&r.station.view().brief),
        site: "0".into(),
        terrain: "flat".into(),
        section_m: 2000.0,
        aircraft: vec![],
        promise: Promise {
            revisit_s: 300.0,
            lower_bound_s: 100.0,
            bound_source: "test".into(),
            from_s: 0.0,
            until_s: 600.0,
        },
        blind: vec![],
        timetable: None,
        sizing: None,
        intervals: vec![],
        drawn: vec![],
    };
    let verdict = Verdict {
        plan: plan.id.clone(),
        plan_sha256: String::new(),
        site: "0".into(),
        findings: vec![],
        revisit_measured_s: 300.0,
        revisit_mean_s: 200.0,
        lower_bound_s: 100.0,
        gap_per_cell_s: vec![],
        cell_m: 25.0,
        separation_m: None,
        margins: vec![],
        samples: 1,
    };
    r.put(Input::Planned {
        plan: Box::new(plan),
        verdict: Box::new(verdict),
    });
    let v = r.station.view();
    assert!((v.section_to_m - 2500.0).abs() < 1e-6 && v.coverage.cells.len() < cells);
    r.effects.clear();
    r.say(Report::Landed(LandedState::InAir));
    r.wants("pilot", changed(|b| b.requirement.revisit_s = 200.0));
    assert!(r.effects.is_empty() && r.last_notice().contains("in the air"));
}

#[test]
fn the_network_in_the_slot_stands_in_the_record_and_before_the_operator() {
    let without = setup();
    let old = serde_json::to_value(&without).expect("a setup is written");
    assert!(old.get("detector").is_none(), "a record without one reads as ever");
    assert_eq!(Station::new(without).expect("a station").view().detector, None);
    let line = "peds-n, SHA-256 0123456789ab…: Person P 0.80, R 0.50, 0.20 wrong a picture (thermal, 60-130 m)";
    let with = Setup {
        detector: Some(vedette_core::DetectorSpec {
            name: "peds-n".into(),
            sha256: "0123456789ab".into(),
            line: line.into(),
        }),
        ..setup()
    };
    let again: Setup = serde_json::from_value(serde_json::to_value(&with).expect("written")).expect("read back");
    assert_eq!(again.detector, with.detector);
    assert_eq!(
        Station::new(again).expect("a station").view().detector.as_deref(),
        Some(line)
    );
}
