//! The station's side against the simulated aircraft: two implementations that share no code.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_geo::{AboveHome, Amsl, LatLon, destination, distance_m};
use vedette_model::{
    Airframe, AltFrame, CommandId, CommandOutcome, Family, FlightMode, GimbalAim, LandedState, LinkId, MissionItem,
    MissionKind, Mono, Order, Report, Request, RequestBody, Retry, Utc, VehicleId, command,
};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, VideoStream, Weather};

const LINK: LinkId = LinkId(1);
const GROUND: f64 = 1200.0;

struct World {
    gcs: Gcs,
    sim: SimVehicle,
    now: Mono,
    peer: PeerAddr,
    last: BTreeMap<&'static str, Report>,
    outcomes: BTreeMap<CommandId, CommandOutcome>,
    held: BTreeMap<MissionKind, Vec<MissionItem>>,
    texts: Vec<String>,
    videos: Vec<Report>,
    loss: f64,
    rng: ChaCha8Rng,
    next: u32,
}

fn home() -> LatLon {
    LatLon::from_e7(424_500_000, 14_900_000)
}

impl World {
    fn new(family: Family, airframe: Airframe, loss: f64) -> Self {
        let mut cfg = VehicleConfig::small(1, airframe, home(), Amsl(GROUND));
        cfg.family = family;
        cfg.cameras = vec![
            VideoStream {
                stream: 1,
                thermal: true,
                uri: "udp://127.0.0.1:5611".into(),
                name: "thermal".into(),
                hfov_deg: 24.0,
                width: 640,
                height: 512,
            },
            VideoStream {
                stream: 2,
                thermal: false,
                // The port alone, as the message allows.
                uri: "5612".into(),
                name: "visible".into(),
                hfov_deg: 40.0,
                width: 1280,
                height: 720,
            },
        ];
        let mut gcs = Gcs::new(GcsConfig::new(253, 190));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        Self {
            gcs,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            peer: PeerAddr::new("sim"),
            last: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            held: BTreeMap::new(),
            texts: Vec::new(),
            videos: Vec::new(),
            loss,
            rng: ChaCha8Rng::seed_from_u64(5),
            next: 1,
        }
    }

    fn step(&mut self) {
        self.now = self.now.plus_ms(20);
        let now = self.now;
        self.sim.step(now, &|_| Some(Amsl(GROUND)), &Weather::default());
        let utc = Utc(1_790_000_000_000_000 + now.0);
        while let Some((_, bytes)) = self.sim.poll_transmit() {
            if !self.rng.random_bool(self.loss) {
                self.gcs.handle_datagram(now, utc, LINK, &self.peer, &bytes);
            }
        }
        self.gcs.handle_timeout(now);
        while let Some(t) = self.gcs.poll_transmit() {
            if !self.rng.random_bool(self.loss) {
                self.sim.handle_datagram(now, 7, &t.bytes);
            }
        }
        while let Some(e) = self.gcs.poll_event() {
            let name = match &e.report {
                Report::Heartbeat { .. } => "heartbeat",
                Report::Position { .. } => "position",
                Report::Landed(_) => "landed",
                Report::Gimbal { .. } => "gimbal",
                Report::Mission { .. } => "mission",
                Report::Home { .. } => "home",
                Report::Health { .. } => "health",
                Report::Identity(_) => "identity",
                Report::Attitude { .. } => "attitude",
                Report::Battery { .. } => "battery",
                Report::Gnss(_) => "gnss",
                Report::Wind { .. } => "wind",
                Report::Clock(_) => "clock",
                Report::Speeds { .. } => "speeds",
                Report::Parameters { .. } => "parameters",
                Report::DuplicateId => "duplicate",
                Report::Alive(_) => "alive",
                _ => "other",
            };
            match &e.report {
                Report::CommandDone { id, outcome } if !matches!(outcome, CommandOutcome::InProgress(_)) => {
                    self.outcomes.insert(*id, outcome.clone());
                }
                Report::PlanOnVehicle { kind, items, .. } => {
                    self.held.insert(*kind, items.clone());
                }
                Report::Text { text, .. } => self.texts.push(text.clone()),
                Report::VideoStream { .. } if !self.videos.contains(&e.report) => self.videos.push(e.report.clone()),
                _ => {}
            }
            self.last.insert(name, e.report);
        }
    }

    fn run_s(&mut self, s: i64) {
        let end = self.now.plus_ms(s * 1000);
        while self.now < end {
            self.step();
        }
    }

    fn until(&mut self, limit_s: i64, what: &str, want: impl Fn(&Self) -> bool) {
        let end = self.now.plus_ms(limit_s * 1000);
        while !want(self) {
            assert!(
                self.now < end,
                "{what}: not within {limit_s} s; {:?} {:?}",
                self.last,
                self.texts
            );
            self.step();
        }
    }

    fn request(&mut self, body: RequestBody, retry: Retry, for_s: i64) -> CommandOutcome {
        let id = CommandId(self.next);
        self.next += 1;
        let uid = match self.last.get("identity") {
            Some(Report::Identity(i)) => i.uid,
            _ => 0,
        };
        let request = Request {
            id,
            vehicle: VehicleId(1),
            uid,
            body,
            retry,
            expires: self.now.plus_ms(for_s * 1000),
        };
        self.gcs.submit(self.now, request);
        self.until(for_s + 2, "an outcome", |w| w.outcomes.contains_key(&id));
        self.outcomes[&id].clone()
    }

    fn order(&mut self, order: Order) {
        let (name, retry) = (order.name(), order.retry());
        let outcome = self.request(RequestBody::Order(order), retry, 20);
        assert_eq!(outcome, CommandOutcome::Accepted, "{name}: {:?}", self.texts);
    }

    fn mode(&self) -> Option<FlightMode> {
        match self.last.get("heartbeat") {
            Some(Report::Heartbeat { mode, .. }) => Some(*mode),
            _ => None,
        }
    }

    fn armed(&self) -> bool {
        matches!(self.last.get("heartbeat"), Some(Report::Heartbeat { armed: true, .. }))
    }

    fn height(&self) -> f64 {
        match self.last.get("position") {
            Some(Report::Position { above_home, .. }) => above_home.0,
            _ => f64::NAN,
        }
    }

    fn at(&self) -> LatLon {
        match self.last.get("position") {
            Some(Report::Position { at, .. }) => *at,
            other => panic!("{other:?}"),
        }
    }

    fn ready(&mut self) {
        self.until(60, "ready to arm", |w| {
            matches!(w.last.get("health"), Some(Report::Health { ready_to_arm: true, .. }))
        });
        self.until(30, "streams", |w| {
            [
                "position", "attitude", "home", "gimbal", "battery", "gnss", "clock", "speeds", "landed",
            ]
            .iter()
            .all(|k| w.last.contains_key(k))
        });
        self.until(
            30,
            "identity",
            |w| matches!(w.last.get("identity"), Some(Report::Identity(i)) if !i.firmware.is_empty()),
        );
        self.until(30, "both video streams", |w| w.videos.len() >= 2);
        let mut addresses: Vec<&str> = self
            .videos
            .iter()
            .filter_map(|v| match v {
                Report::VideoStream { uri, .. } => Some(uri.as_str()),
                _ => None,
            })
            .collect();
        addresses.sort_unstable();
        assert_eq!(addresses, ["udp://127.0.0.1:5611", "udp://@:5612"]);
    }
}

fn patrol(airframe: Airframe) -> Vec<MissionItem> {
    let wp = |bearing: f64, d: f64| MissionItem {
        command: command::NAV_WAYPOINT,
        frame: AltFrame::Amsl,
        params: [None; 4],
        at: Some(destination(home(), bearing, d)),
        alt_m: GROUND + 80.0,
    };
    let look = |pitch: f64, yaw: f64| MissionItem {
        command: command::DO_GIMBAL_MANAGER_PITCHYAW,
        frame: AltFrame::None,
        params: [Some(pitch), Some(yaw), None, None],
        at: None,
        alt_m: 0.0,
    };
    let take_off = MissionItem {
        command: command::NAV_TAKEOFF,
        frame: AltFrame::AboveHome,
        params: [None; 4],
        at: Some(home()),
        alt_m: 60.0,
    };
    let land = MissionItem {
        command: if airframe == Airframe::Copter {
            command::NAV_RETURN_TO_LAUNCH
        } else {
            command::NAV_LAND
        },
        frame: if airframe == Airframe::Copter {
            AltFrame::None
        } else {
            AltFrame::AboveHome
        },
        params: [None; 4],
        at: (airframe != Airframe::Copter).then(home),
        alt_m: 0.0,
    };
    let mut hover = wp(0.0, 500.0);
    hover.params[0] = Some(3.0);
    let speed = MissionItem {
        command: command::DO_CHANGE_SPEED,
        params: [Some(1.0), Some(12.0), Some(-1.0), Some(0.0)],
        ..look(0.0, 0.0)
    };
    vec![
        take_off,
        speed,
        hover,
        wp(0.0, 300.0),
        look(-30.0, 90.0),
        wp(0.0, 700.0),
        look(-50.0, -90.0),
        wp(90.0, 400.0),
        land,
    ]
}

fn whole_job(family: Family, airframe: Airframe, loss: f64) {
    let mut w = World::new(family, airframe, loss);
    w.ready();
    let items = patrol(airframe);
    let body = RequestBody::Upload {
        kind: MissionKind::Mission,
        items: items.clone(),
    };
    assert_eq!(
        w.request(body, Retry::UntilAck, 120),
        CommandOutcome::Accepted,
        "{:?}",
        w.texts
    );
    assert_eq!(w.held[&MissionKind::Mission].len(), items.len());
    let corner = |bearing: f64| MissionItem {
        command: command::FENCE_POLYGON_VERTEX_INCLUSION,
        frame: AltFrame::AboveHome,
        params: [Some(4.0), None, None, None],
        at: Some(destination(home(), bearing, 5_000.0)),
        alt_m: 0.0,
    };
    let fence = [0.0, 90.0, 180.0, 270.0].map(corner).to_vec();
    let rally = vec![MissionItem {
        command: command::RALLY_POINT,
        frame: AltFrame::AboveHome,
        params: [None; 4],
        at: Some(destination(home(), 10.0, 60.0)),
        alt_m: 60.0,
    }];
    for (kind, items) in [(MissionKind::Fence, fence), (MissionKind::Rally, rally)] {
        let n = items.len();
        let body = RequestBody::Upload { kind, items };
        assert_eq!(
            w.request(body, Retry::UntilAck, 60),
            CommandOutcome::Accepted,
            "{kind:?}"
        );
        assert_eq!(w.held[&kind].len(), n);
    }
    assert_eq!(
        w.request(RequestBody::ReadParameters, Retry::UntilAck, 60),
        CommandOutcome::Accepted
    );
    if loss > 0.0 {
        // Over a bad radio a `Once` order may end unknown; the operator gives it again.
        let mut tries = 0;
        while !w.armed() || w.mode() != Some(FlightMode::Auto) {
            tries += 1;
            assert!(tries < 12, "{:?}", w.texts);
            w.request(RequestBody::Order(Order::StartMission), Retry::Once, 6);
            w.run_s(2);
        }
    } else {
        w.order(Order::StartMission);
    }
    w.until(60, "in the air", |w| {
        matches!(w.last.get("landed"), Some(Report::Landed(LandedState::InAir)))
    });
    w.until(
        120,
        "second waypoint",
        |w| matches!(w.last.get("mission"), Some(Report::Mission { current, .. }) if *current >= 3),
    );
    assert_eq!(w.mode(), Some(FlightMode::Auto));
    w.order(Order::Hold);
    w.until(5, "holding", |w| w.mode() == Some(FlightMode::Hold));
    let target = destination(w.at(), 120.0, 150.0);
    w.order(Order::Gimbal(GimbalAim::Place {
        at: target,
        amsl: Amsl(GROUND),
    }));
    w.run_s(6);
    match (w.last.get("gimbal"), w.at()) {
        (Some(Report::Gimbal { pitch_deg, yaw_deg, .. }), at) => {
            let d = distance_m(at, target);
            let want = (-w.height()).atan2(d).to_degrees();
            let yaw = vedette_geo::diff_deg(*yaw_deg, vedette_geo::azimuth_deg(at, target)).abs();
            assert!(
                (pitch_deg - want).abs() < 8.0 && yaw < 15.0,
                "pitch {pitch_deg} for {want}, yaw off by {yaw}"
            );
        }
        other => panic!("{other:?}"),
    }
    w.order(Order::Gimbal(GimbalAim::Angles {
        pitch_deg: -45.0,
        yaw_deg: 200.0,
    }));
    w.until(10, "camera at 200°", |w| {
        matches!(w.last.get("gimbal"), Some(Report::Gimbal { pitch_deg, yaw_deg, .. })
        if (pitch_deg + 45.0).abs() < 5.0 && vedette_geo::diff_deg(*yaw_deg, 200.0).abs() < 6.0)
    });
    w.order(Order::Gimbal(GimbalAim::Neutral));
    w.order(Order::ResumeMission);
    w.until(5, "patrol resumed", |w| w.mode() == Some(FlightMode::Auto));
    w.order(Order::Hold);
    w.until(5, "holding again", |w| w.mode() == Some(FlightMode::Hold));
    w.order(Order::ResumeAt { item: 1 });
    w.until(10, "taken up at item 1", |w| {
        matches!(w.last.get("mission"), Some(Report::Mission { current: 1 | 2, .. }))
    });
    w.until(5, "patrol taken up", |w| w.mode() == Some(FlightMode::Auto));
    let place = destination(home(), 45.0, 300.0);
    w.order(Order::GoTo {
        at: place,
        amsl: Amsl(GROUND + 100.0),
    });
    w.until(120, "there", |w| distance_m(w.at(), place) < 120.0);
    w.order(Order::Orbit {
        centre: place,
        amsl: Amsl(GROUND + 100.0),
        radius_m: 80.0,
    });
    w.run_s(10);
    w.order(Order::Return);
    w.until(5, "returning", |w| w.mode() == Some(FlightMode::Return));
    w.until(300, "near home", |w| distance_m(w.at(), home()) < 150.0);
    w.order(Order::Land);
    w.until(400, "on the ground, disarmed", |w| !w.armed());
    assert!(!w.last.contains_key("duplicate"));
    println!(
        "{family:?} {airframe:?}: whole job in {:.0} s, texts {:?}",
        w.now.seconds(),
        w.texts
    );
}

#[test]
fn ardupilot_copter() {
    whole_job(Family::ArduPilot, Airframe::Copter, 0.0);
}

#[test]
fn ardupilot_plane() {
    whole_job(Family::ArduPilot, Airframe::Plane, 0.0);
}

#[test]
fn ardupilot_quadplane() {
    whole_job(Family::ArduPilot, Airframe::Quadplane, 0.0);
}

#[test]
fn px4_copter() {
    whole_job(Family::Px4, Airframe::Copter, 0.0);
}

#[test]
fn ardupilot_copter_over_a_bad_radio() {
    whole_job(Family::ArduPilot, Airframe::Copter, 0.15);
}

#[test]
fn take_off_by_hand() {
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(family, Airframe::Copter, 0.0);
        w.ready();
        w.order(Order::TakeOff {
            height: AboveHome(40.0),
        });
        w.until(40, "at 40 m", |w| (w.height() - 40.0).abs() < 4.0);
        w.order(Order::Land);
        w.until(90, "landed", |w| !w.armed());
    }
    let mut w = World::new(Family::ArduPilot, Airframe::Plane, 0.0);
    w.ready();
    w.order(Order::TakeOff {
        height: AboveHome(50.0),
    });
    w.until(60, "in the air", |w| w.height() > 30.0);
}
