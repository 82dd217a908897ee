//! A library exercise on recorded inputs: the real station and its rules, fed with tracks made from
//! the scenario, and a scripted trainee before it. No pictures, no sockets, no clock.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use vedette_atlas::World;
use vedette_core::{CameraSpec, Effect, Entry, Input, OperatorSpec, Setup, SiteLines, Station, ViewStamp};
use vedette_geo::{AboveHome, Amsl, LatLon, destination, distance_m};
use vedette_model::plan::Brief;
use vedette_model::*;
use vedette_score::{ActorAt, Box, Cast, Conduct, Habit, Policy, Role, Rules, Sheet, Trainee, Truth, TruthLine, score};
use vedette_sim::Scenario;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn site(coast: bool) -> &'static World {
    static LAND: OnceLock<World> = OnceLock::new();
    static SEA: OnceLock<World> = OnceLock::new();
    let (held, dir) = if coast {
        (&SEA, "sim/scenarios/coast")
    } else {
        (&LAND, "maps/data/andorra")
    };
    held.get_or_init(|| vedette_sim::load_site(&root().join(dir), None, 7).unwrap())
}

pub(crate) struct Exercise {
    pub(crate) world: &'static World,
    pub(crate) scenario: Scenario,
    pub(crate) brief: Brief,
}

impl Exercise {
    pub(crate) fn load(name: &str) -> Self {
        let text = std::fs::read_to_string(root().join("sim/scenarios").join(name)).unwrap();
        let world = site(text.contains("sim/scenarios/coast"));
        let scenario = Scenario::parse(&text, name, world).unwrap_or_else(|e| panic!("{e}"));
        let patrol = &scenario.training.as_ref().unwrap().patrol;
        let brief: Brief = toml::from_str(&std::fs::read_to_string(root().join(patrol)).unwrap()).unwrap();
        Self { world, scenario, brief }
    }

    fn setup(&self) -> Setup {
        Setup {
            session: SessionId("exercise".into()),
            station: "TEST".into(),
            software: "test".into(),
            operators: vec![OperatorSpec {
                id: OperatorId("trainee".into()),
                name: "Trainee".into(),
                authority: Authority::Pilot,
            }],
            cameras: vec![CameraSpec {
                camera: CameraId(11),
                vehicle: VehicleId(1),
                spectrum: Spectrum::Thermal,
            }],
            site: SiteLines::of(self.world),
            brief: self.brief.clone(),
            policy: vedette_sight::Policy::default(),
            seed: 7,
            system: None,
            baselines: BTreeMap::new(),
            plan_rule: vedette_model::PlanRule::SinglePerson,
            detector: None,
        }
    }

    pub(crate) fn rules<'a>(&'a self, checklist: &'a [String]) -> Rules<'a> {
        Rules {
            world: self.world,
            limits: &self.brief.limits,
            no_fly: &self.brief.no_fly,
            checklist,
        }
    }

    /// Flies it with a scripted trainee.
    pub(crate) fn run(&self, habit: Habit) -> (Truth, Conduct, Sheet) {
        let t = self.scenario.training.as_ref().unwrap();
        let mut run = Run::new(self, habit);
        let mut k = 0;
        while f64::from(k) * 0.5 < self.scenario.duration_s.min(900.0) {
            run.half_second(k);
            k += 1;
        }
        let truth = Truth::of(run.truth).unwrap();
        let conduct = Conduct::of(&OperatorId("trainee".into()), run.station.view(), &run.log);
        let sheet = score(&truth, &conduct, &self.rules(&t.checklist), &Policy::default());
        (truth, conduct, sheet)
    }
}

struct Run<'e> {
    e: &'e Exercise,
    trainee: Trainee,
    station: Station,
    log: Vec<Entry>,
    truth: Vec<TruthLine>,
    looks: BTreeMap<String, u32>,
    aimed: Vec<(f64, LatLon)>,
    faults: BTreeMap<usize, bool>,
    report: u64,
}

const REACH_M: f64 = 240.0;
const STEP_S: f64 = 0.5;

/// East and north, metres per second, of somebody who is there a step later.
fn velocity(from: LatLon, to: LatLon) -> [f64; 2] {
    let v = distance_m(from, to) / STEP_S;
    let (sin, cos) = vedette_geo::azimuth_deg(from, to).to_radians().sin_cos();
    if v > 0.0 { [v * sin, v * cos] } else { [0.0; 2] }
}

impl<'e> Run<'e> {
    fn new(e: &'e Exercise, habit: Habit) -> Self {
        let s = &e.scenario;
        let t = s.training.as_ref().unwrap();
        let role = |r: vedette_sim::Role| match r {
            vedette_sim::Role::Subject => Role::Subject,
            vedette_sim::Role::Accessory => Role::Accessory,
            vedette_sim::Role::Decoy => Role::Decoy,
            vedette_sim::Role::Lawful => Role::Lawful,
        };
        Self {
            e,
            trainee: Trainee::new(habit, t.report.iter().cloned()).asked(Policy::default().thresholds.probes()),
            station: Station::new(e.setup()).unwrap(),
            log: Vec::new(),
            truth: vec![
                TruthLine::Start {
                    scenario: s.name.clone(),
                    epoch: s.epoch,
                    seed: s.seed,
                },
                TruthLine::Cast {
                    actors: s
                        .actors()
                        .iter()
                        .map(|a| Cast {
                            actor: a.name.clone(),
                            role: role(a.role),
                        })
                        .collect(),
                    report_within_s: t.report_within_s,
                },
            ],
            looks: BTreeMap::new(),
            aimed: Vec::new(),
            faults: BTreeMap::new(),
            report: 0,
        }
    }

    fn put(&mut self, t_s: f64, input: Input) {
        let e = Entry {
            mono: Mono((t_s * 1e6) as i64),
            utc: self.e.scenario.utc(t_s),
            input,
        };
        self.station.handle(e.mono, e.utc, &e.input);
        self.log.push(e.clone());
        // Evidence is sealed by a shell; here by the test.
        while let Some(f) = self.station.poll_effect() {
            if let Effect::Preserve(r) = f {
                let done = Input::Preserved {
                    incident: r.incident,
                    evidence: EvidenceId("e".into()),
                    manifest_sha256: "0".into(),
                };
                let e = Entry {
                    input: done,
                    ..e.clone()
                };
                self.station.handle(e.mono, e.utc, &e.input);
                self.log.push(e);
            }
        }
    }

    fn say(&mut self, t_s: f64, v: u32, report: Report) {
        self.put(
            t_s,
            Input::Vehicle {
                vehicle: VehicleId(v),
                captured: Mono((t_s * 1e6) as i64),
                report,
            },
        );
    }

    fn half_second(&mut self, k: i32) {
        let t_s = f64::from(k) * 0.5;
        self.telemetry(t_s, k);
        self.pictures(t_s);
        let flying = self.flying(k);
        let intents = self.trainee.act(self.station.view(), flying);
        for intent in intents {
            if let Intent::Command {
                order: Order::Gimbal(GimbalAim::Place { at, .. }),
                ..
            } = &intent
            {
                self.aimed.push((t_s, *at));
            }
            self.put(
                t_s,
                Input::Operator {
                    operator: OperatorId("trainee".into()),
                    intent,
                    shown: ViewStamp::default(),
                },
            );
        }
        self.put(t_s, Input::Tick);
    }

    /// What the pilot's script asks for.
    fn flying(&self, k: i32) -> Vec<Intent> {
        let all = |order: Order| {
            [1, 2].map(|v| Intent::Command {
                vehicle: VehicleId(v),
                order: order.clone(),
                held: true,
            })
        };
        match k {
            4 => vec![Intent::MakePlan],
            30 => all(Order::TakeOff {
                height: AboveHome(30.0),
            })
            .to_vec(),
            60 => all(Order::StartMission).to_vec(),
            1_600 => all(Order::Return).to_vec(),
            _ => Vec::new(),
        }
    }

    fn telemetry(&mut self, t_s: f64, k: i32) {
        if k % 2 != 0 {
            return;
        }
        let s = &self.e.scenario;
        let faults: Vec<_> = s.faults.clone();
        let mut silent = [false; 3];
        let mut jammed = false;
        for (n, f) in faults.iter().enumerate() {
            let on = t_s >= f.at_s && f.until_s.is_none_or(|u| t_s < u);
            let was = self.faults.insert(n, on).unwrap_or(false);
            if on != was {
                self.truth.push(TruthLine::Fault {
                    id: n as u32 + 1,
                    utc: s.utc(t_s),
                    system: f.system,
                    trouble: serde_json::to_value(f.trouble).unwrap(),
                    begins: on,
                });
            }
            let touches = |v: u8| f.system.is_none_or(|x| x == v);
            match f.trouble.name() {
                "link-loss" if on => (1..=2)
                    .filter(|v| touches(*v))
                    .for_each(|v| silent[usize::from(v)] = true),
                "gnss-jam" if on => jammed = true,
                name if on && !was => {
                    let name = name.to_owned();
                    for v in (1..=2).filter(|v| touches(*v)) {
                        self.say(
                            t_s,
                            u32::from(v),
                            Report::Text {
                                severity: Severity::Warning,
                                text: name.clone(),
                            },
                        );
                    }
                }
                _ => {}
            }
        }
        for v in 1..=2_u32 {
            let km = 36.6 + f64::from(v) * 0.4 + 0.3 * (t_s / 60.0).sin();
            let b = &self.e.world.border;
            let m = (km * 1000.0).min(b.length_m() - 100.0);
            let m = if b.length_m() < 30_000.0 {
                7_000.0 + f64::from(v) * 600.0
            } else {
                m
            };
            let side = if b.home_left { -90.0 } else { 90.0 };
            let at = if !(20.0..=880.0).contains(&t_s) {
                self.e.brief.fleet[v as usize - 1].base
            } else {
                destination(b.at(m), b.azimuth_deg(m) + side, 320.0)
            };
            let ground = self.e.world.terrain.elevation(at).map_or(0.0, |g| g.0);
            let up = if (20.0..=880.0).contains(&t_s) { 130.0 } else { 0.0 };
            let near = b.nearest(at);
            let whole = self.e.brief.fleet[v as usize - 1].energy.battery_wh;
            self.truth.push(TruthLine::Vehicle {
                system: v as u8,
                utc: self.e.scenario.utc(t_s),
                at,
                amsl: Amsl(ground + up),
                inside_m: near.signed_m,
                battery_wh: whole * (1.0 - 0.5 * t_s / 900.0),
                crashed: false,
            });
            if silent[v as usize] {
                continue;
            }
            if k == 0 {
                self.say(
                    t_s,
                    v,
                    Report::Identity(VehicleIdentity {
                        system: v as u8,
                        component: 1,
                        uid: 70 + u64::from(v),
                        family: Family::ArduPilot,
                        airframe: self.e.brief.fleet[v as usize - 1].airframe,
                        firmware: "4.6".into(),
                    }),
                );
            }
            self.say(
                t_s,
                v,
                Report::Heartbeat {
                    mode: FlightMode::Auto,
                    mode_name: "AUTO".into(),
                    armed: up > 0.0,
                },
            );
            self.say(
                t_s,
                v,
                Report::Health {
                    ready_to_arm: true,
                    unhealthy: 0,
                },
            );
            self.say(
                t_s,
                v,
                Report::Gnss(GnssFix {
                    fix_type: if jammed { 1 } else { 3 },
                    satellites: 12,
                    h_acc_m: Some(1.0),
                    v_acc_m: Some(1.5),
                }),
            );
        }
    }

    /// Everybody near the line is in the picture until forty seconds after a crossing; then only
    /// who the camera is turned to.
    fn pictures(&mut self, t_s: f64) {
        let s = &self.e.scenario;
        let utc = s.utc(t_s);
        let lines = s.actor_lines(t_s);
        let crossed: BTreeMap<&str, f64> = s
            .crossings
            .iter()
            .filter(|c| c.inwards && c.t_s <= t_s)
            .map(|c| (c.actor.as_str(), c.t_s))
            .collect();
        let watched = |at: LatLon| {
            self.aimed
                .iter()
                .rev()
                .take(4)
                .any(|(t, p)| t_s - t < 12.0 && distance_m(*p, at) < 150.0)
        };
        let in_view: Vec<_> = lines
            .iter()
            .filter(|l| l.inside_m.abs() < REACH_M || watched(l.at))
            .filter(|l| crossed.get(l.actor.as_str()).is_none_or(|c| t_s - c < 40.0) || watched(l.at))
            .cloned()
            .collect();
        let places: Vec<_> = lines
            .iter()
            .map(|l| ActorAt {
                actor: l.actor.clone(),
                at: l.at,
            })
            .collect();
        let image = ImageBox {
            x: 300.0,
            y: 200.0,
            w: 12.0,
            h: 24.0,
        };
        self.truth.push(TruthLine::Frame {
            camera: CameraId(11),
            utc,
            frozen: false,
            boxes: in_view
                .iter()
                .map(|l| Box {
                    actor: l.actor.clone(),
                    image,
                    visible: 1.0,
                })
                .collect(),
            actors: places,
        });
        let ahead = s.actor_lines(t_s + STEP_S);
        let tracks = in_view
            .iter()
            .map(|l| {
                let n = self.e.scenario.actors().iter().position(|a| a.name == l.actor).unwrap();
                let actor = &self.e.scenario.actors()[n];
                let looks = self.looks.entry(l.actor.clone()).or_default();
                *looks += 1;
                let amsl = self.e.world.terrain.elevation(l.at).unwrap_or(Amsl(0.0));
                GroundTrack {
                    id: TrackId(n as u32 + 1),
                    camera: CameraId(11),
                    captured: utc,
                    pts: Pts((t_s * 90_000.0) as i64),
                    image,
                    class: actor.kind.class(),
                    score: 0.9,
                    looks: *looks,
                    fix: Ok(GroundFix {
                        at: destination(l.at, 90.0, 3.0),
                        amsl,
                        cov_en_m2: [6.0, 0.0, 6.0],
                        slant_m: 300.0,
                    }),
                    velocity_en_m_s: ahead
                        .iter()
                        .find(|a| a.actor == l.actor)
                        .map_or([0.0; 2], |a| velocity(l.at, a.at)),
                    seen: true,
                }
            })
            .collect();
        self.report += 1;
        let n = self.report;
        self.put(
            t_s,
            Input::Vision(std::boxed::Box::new(VisionReport {
                camera: CameraId(11),
                vehicle: VehicleId(1),
                spectrum: Spectrum::Thermal,
                pts: Pts((t_s * 90_000.0) as i64),
                captured: utc,
                age: PictureAge {
                    age_us: Some(0),
                    sigma_us: 1,
                    by: vedette_model::AgeSource::Klv,
                },
                pose: None,
                footprint: [None; 4],
                px_per_m: None,
                registration: 1.0,
                tracks,
                frames_decoded: n,
                frames_analysed: n,
                frames_dropped: 0,
                left_out: String::new(),
                sky: vec![],
                lit: vec![],
            })),
        );
    }
}
