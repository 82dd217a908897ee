//! Can what an exercise wants reported be seen at all? Its patrol is planned, its aircraft fly it in the simulator, and every
//! subject must come into a picture, large enough and not hidden, in the time in which it is to be reported; or, where the
//! exercise has ground sensors, whoever is sent there must see it (that a sensor does tell of it is not asked here). Of a group
//! most must be seen. Nothing breaks here: what faults take from the crew is theirs to mend.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; the table is the point")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vedette_atlas::World;
use vedette_geo::{azimuth_deg, distance_m};
use vedette_model::CameraId;
use vedette_model::plan::{Brief, PatrolPlan};
use vedette_planner::{Cue, respond};
use vedette_sim::{Actor, CameraState, Quality, Rehearsal, Renderer, Role, Scenario, Scene, TruthBox};
use vedette_tests::station::{command, heartbeat, start_orders};

/// System id of the station the aircraft of an exercise listen to.
const STATION: u8 = 253;
/// The crew starts the patrol, seconds of the scenario: what loading, checking and arming take.
const START_S: f64 = 40.0;
/// Seen from this many pixels on, the longer side of its box, in the camera's full picture.
const LEAST_PX: f32 = 6.0;
/// And with at least this share of it in the open.
const OPEN: f32 = 0.5;
/// So many looks, once a second by each camera: one glance raises nothing.
const LOOKS: u32 = 3;
/// Pictures are drawn at this share of their size: boxes count, not looks.
const SHRINK: u32 = 2;

/// Whether a place may be in a picture at all: within the cone that holds the whole frame.
fn in_front(cam: &CameraState, scene: &Scene, at: (f32, f32), up_m: f64) -> bool {
    let g = scene.ground();
    let (cx, cy) = g.plane(cam.at);
    let (dx, dy) = (f64::from(at.0 - cx), f64::from(at.1 - cy));
    let dz = f64::from(g.z(at.0, at.1)) + up_m - (cam.amsl.0);
    let far = dx.hypot(dy).hypot(dz).max(1.0);
    let (pitch, yaw) = (cam.pitch_deg.to_radians(), cam.yaw_deg.to_radians());
    let axis = [yaw.sin() * pitch.cos(), yaw.cos() * pitch.cos(), pitch.sin()];
    let cos = (dx * axis[0] + dy * axis[1] + dz * axis[2]) / far;
    far < 4000.0 && cos > (0.75 * cam.hfov_deg + 2.0).to_radians().cos()
}

/// The station's side, as far as it takes to start a patrol.
#[derive(Default)]
struct Crew {
    seq: u8,
    t_s: f64,
}

impl Crew {
    fn beat(&mut self, run: &mut Rehearsal, scenario: &Scenario, t_s: f64, orders: &[(u8, u16, [f32; 2])]) {
        for v in &scenario.vehicles {
            self.seq = self.seq.wrapping_add(1);
            run.send(v.system, &heartbeat(STATION, self.seq));
        }
        for (to, id, p) in orders {
            self.seq = self.seq.wrapping_add(1);
            run.send(*to, &command(STATION, self.seq, *to, *id, *p));
        }
        run.step_to(t_s);
        self.t_s = t_s;
    }

    /// Loads the plan and starts every aircraft; who could not be armed.
    fn start(&mut self, run: &mut Rehearsal, scenario: &Scenario, plan: &PatrolPlan) -> Vec<String> {
        while self.t_s < START_S {
            self.beat(run, scenario, self.t_s + 1.0, &[]);
        }
        let mut missing = Vec::new();
        for a in &plan.aircraft {
            let system = a.vehicle.0 as u8;
            run.load_mission(system, &a.items).unwrap();
            let craft = scenario.vehicles.iter().find(|v| v.system == system).unwrap();
            // As a crew does: again until it is armed.
            for _ in 0..30 {
                for (id, p) in start_orders(craft.airframe).iter().copied().flatten() {
                    self.beat(run, scenario, self.t_s + 0.5, &[(system, *id, *p)]);
                }
                if run.state(system).unwrap().armed {
                    break;
                }
            }
            if !run.state(system).unwrap().armed {
                missing.push(craft.tail.clone());
            }
        }
        missing
    }
}

struct First {
    t_s: f64,
    slant_m: f64,
    px: f32,
    looks: u32,
}

/// Counts a look at somebody who is large enough and open enough in the picture.
fn look(first: &mut Option<First>, b: &TruthBox, t_s: f64) {
    let px = b.image.w.max(b.image.h) * SHRINK as f32;
    if px >= LEAST_PX && b.visible_share >= OPEN {
        let f = first.get_or_insert(First {
            t_s,
            slant_m: b.slant_m,
            px,
            looks: 0,
        });
        f.looks += 1;
    }
}

/// Looked at often enough.
fn held(first: Option<&First>) -> bool {
    first.is_some_and(|f| f.looks >= LOOKS)
}

/// Who of the subjects is seen when: from the patrol, or by who is sent.
fn flown(scenario: &Scenario, world: &Arc<World>, brief: &Brief) -> BTreeMap<String, Option<First>> {
    let plan = vedette_planner::plan(brief, world, 7).unwrap();
    let scene = Arc::new(scenario.scene(world).unwrap());
    let mut renderer = Renderer::with_quality(Arc::clone(&scene), Quality::Fast);
    let mut run = Rehearsal::new(scenario.clone(), Arc::clone(world), 1);
    let mut crew = Crew::default();
    let missing = crew.start(&mut run, scenario, &plan);
    assert!(missing.is_empty(), "{}: {missing:?} cannot be started", scenario.name);
    let mut t = crew.t_s;
    let cameras: Vec<CameraId> = scenario
        .vehicles
        .iter()
        .flat_map(|v| v.cameras.iter().map(|c| c.id))
        .collect();
    let subjects: Vec<_> = scene
        .actors()
        .iter()
        .filter(|a| a.role == Role::Subject)
        .cloned()
        .collect();
    let mut out: BTreeMap<String, Option<First>> = subjects.iter().map(|a| (a.name.clone(), None)).collect();
    let due = |name: &str| -> (f64, f64) {
        let within = scenario.training.as_ref().map_or(120.0, |t| t.report_within_s);
        let over = scenario.crossings.iter().find(|c| c.actor == name && c.inwards);
        over.map_or((0.0, scenario.duration_s), |c| (c.t_s - 60.0, c.t_s + within))
    };
    let windows: Vec<(f64, f64)> = subjects.iter().map(|a| due(&a.name)).collect();
    while t < scenario.duration_s {
        t += 1.0;
        crew.beat(&mut run, scenario, t, &[]);
        for id in &cameras {
            let mut cam = run.camera(*id).unwrap();
            let wanted: Vec<&str> = subjects
                .iter()
                .zip(&windows)
                .filter(|(a, w)| {
                    let done = held(out[&a.name].as_ref());
                    let pose = a.track.pose(t);
                    (w.0..=w.1).contains(&t)
                        && !done
                        && in_front(&cam, &scene, (pose.x as f32, pose.y as f32), pose.up_m)
                })
                .map(|(a, _)| a.name.as_str())
                .collect();
            if wanted.is_empty() {
                continue;
            }
            (cam.width, cam.height) = (cam.width / SHRINK, cam.height / SHRINK);
            for b in renderer.render(&cam, t).boxes {
                if wanted.contains(&b.actor.as_str())
                    && let Some(first) = out.get_mut(&b.actor)
                {
                    look(first, &b, t);
                }
            }
        }
    }
    // Who is not on the patrol's way: seen by whoever is sent when a sensor tells of them?
    let missed: Vec<_> = subjects
        .iter()
        .zip(&windows)
        .filter(|(a, _)| !held(out[&a.name].as_ref()))
        .collect();
    for (a, w) in missed.into_iter().filter(|_| !scenario.sensors.is_empty()) {
        let mut told = w.0.max(START_S);
        while told < w.1 && !held(out[&a.name].as_ref()) {
            if let Some(f) = sent(&plan, world, scenario, &run, &mut renderer, a, told) {
                out.insert(a.name.clone(), Some(f));
            }
            told += 20.0;
        }
    }
    out
}

/// What the aircraft that answers first sees of a subject that a sensor tells of at a second.
fn sent(
    plan: &PatrolPlan,
    world: &World,
    scenario: &Scenario,
    run: &Rehearsal,
    renderer: &mut Renderer,
    a: &Actor,
    told: f64,
) -> Option<First> {
    let scene = Arc::clone(renderer.scene());
    let place = |t: f64| {
        let p = a.track.pose(t);
        scene.ground().latlon(p.x as f32, p.y as f32)
    };
    let cue = Cue {
        at: place(told),
        hold_s: 180.0,
        across_m: None,
    };
    let all = respond(plan, world, &cue, told - START_S);
    let r = all.iter().find(|r| r.able && !r.heights.is_empty())?;
    let craft = scenario
        .vehicles
        .iter()
        .find(|v| u64::from(v.system) == u64::from(r.vehicle.0))?;
    let spot = *r.path.last()?;
    let mut found: Option<First> = None;
    for k in 0..180 {
        let t = told + r.eta_s + f64::from(k);
        let at = place(t);
        let ground = world.terrain.elevation(at).map_or(0.0, |h| h.0);
        for c in &craft.cameras {
            let mut cam = run.camera(c.id)?;
            (cam.at, cam.amsl, cam.roll_deg) = (spot, r.amsl, 0.0);
            cam.yaw_deg = azimuth_deg(spot, at);
            cam.pitch_deg = -((r.amsl.0 - ground) / distance_m(spot, at).max(1.0))
                .atan()
                .to_degrees();
            (cam.width, cam.height) = (cam.width / SHRINK, cam.height / SHRINK);
            for b in renderer.render(&cam, t).boxes.iter().filter(|b| b.actor == a.name) {
                look(&mut found, b, t);
            }
        }
        if held(found.as_ref()) {
            return found;
        }
    }
    None
}

/// One exercise with its world and its patrol's brief.
struct Exercise {
    name: String,
    world: Arc<World>,
    brief: Brief,
    scenario: Scenario,
}

fn exercises(data: Option<&Path>) -> Vec<Exercise> {
    let root = vedette_tests::root();
    let mut files: Vec<_> = std::fs::read_dir(root.join("sim/scenarios"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let named = |key: &str| Some(table.get("training")?.get(key)?.as_str()?.to_owned());
        let site = named("site").unwrap_or_else(|| "maps/data/andorra".to_owned());
        let world = Arc::new(vedette_sim::load_site(&root.join(site), data, 7).unwrap());
        let brief = std::fs::read_to_string(root.join(named("patrol").unwrap())).unwrap();
        let mut scenario = Scenario::parse(&text, &name, &world).unwrap();
        scenario.faults.clear();
        Exercise {
            name,
            brief: toml::from_str(&brief).unwrap(),
            scenario,
            world,
        }
    };
    files.into_iter().map(read).collect()
}

/// The folder of heights, if one is named; said aloud when not.
fn heights() -> Vec<Option<std::path::PathBuf>> {
    let data = vedette_tests::data("exercises on SRTM heights");
    std::iter::once(None).chain(data.map(Some)).collect()
}

#[test]
fn every_subject_of_every_exercise_can_be_seen_in_time() {
    let mut unseen = Vec::new();
    for data in heights() {
        let relief = if data.is_some() { "SRTM" } else { "invented" };
        for mut e in exercises(data.as_deref()) {
            e.scenario.radio = None;
            // A group is one report: most of it must be seen.
            let mut groups: BTreeMap<String, (u32, u32)> = BTreeMap::new();
            for (who, first) in flown(&e.scenario, &e.world, &e.brief) {
                let words = first.as_ref().map_or("never".to_owned(), |f| {
                    format!("at {:.0} s, {:.0} m, {:.0} px", f.t_s, f.slant_m, f.px)
                });
                println!("{relief:<9} {:<24} {who:<24} {words}", e.name);
                let group = who.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
                let g = groups.entry(group.to_owned()).or_default();
                *g = (g.0 + 1, g.1 + u32::from(held(first.as_ref())));
            }
            for (who, (all, seen)) in groups {
                if 2 * seen <= all {
                    unseen.push(format!("{}: {who}, {seen} of {all} ({relief} relief)", e.name));
                }
            }
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}

#[test]
fn every_aircraft_of_every_exercise_hears_the_station_where_it_stands() {
    for data in heights() {
        for e in exercises(data.as_deref()) {
            if e.scenario.radio.is_none() {
                continue;
            }
            let plan = vedette_planner::plan(&e.brief, &e.world, 7).unwrap();
            let mut run = Rehearsal::new(e.scenario.clone(), Arc::clone(&e.world), 1);
            let missing = Crew::default().start(&mut run, &e.scenario, &plan);
            assert!(missing.is_empty(), "{}: {missing:?} cannot be started", e.name);
        }
    }
}
