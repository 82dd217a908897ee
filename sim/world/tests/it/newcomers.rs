//! Somebody put in while the exercise runs: seen by cameras, ground sensors and the truth record from
//! that moment on, refused with every mistake named, and the same whenever it is done again.

use std::sync::Arc;
use std::time::Duration;

use crate::library::load;
use crate::world::{actor, camera, meadow};
use vedette_model::{Mono, Spectrum, TargetClass};
use vedette_sim::{
    ActorKind, CueMessage, Endpoint, InstructorScript, Newcomer, Rehearsal, Renderer, Role, Scenario, ServeConfig,
    SimError, Simulation, StepClock, TruthLine, VideoTarget,
};

fn runner() -> Newcomer {
    Newcomer {
        name: "runner".into(),
        kind: ActorKind::Person,
        role: Role::Subject,
        count: 2,
        km: 36.37,
        inside_m: -20.0,
        to_km: 36.37,
        to_inside_m: 70.0,
        speed_m_s: 2.0,
    }
}

/// Truth and ground sensors of forty seconds, the runners put in at second `join_s`.
fn watched(step_ms: u64, threads: usize, join_s: u64) -> (Vec<TruthLine>, String, usize) {
    let (w, s) = load("footpath-crossing.toml");
    let mut r = Rehearsal::new(s, Arc::new(w), threads);
    let (mut lines, mut heard, mut ms) = (Vec::new(), 0, 0);
    for second in 0..40 {
        if second == join_s {
            r.join(&runner()).expect("a newcomer like this may come");
        }
        r.heartbeat();
        while ms < (second + 1) * 1_000 {
            ms = (ms + step_ms).min((second + 1) * 1_000);
            r.step_to(ms as f64 / 1_000.0);
        }
        lines.extend(r.truth());
        let of = |c: &CueMessage| matches!(c, CueMessage::Json(_));
        heard += r.cues().iter().filter(|c| of(c)).count();
    }
    let text = lines.iter().map(TruthLine::to_json).collect();
    (lines, text, heard)
}

#[test]
fn newcomers_play_from_their_moment_on_and_the_record_says_so() {
    let (lines, text, heard) = watched(1_000, 1, 10);
    assert!(heard > 0, "the geophone beside their way hears steps");
    let joined = lines
        .iter()
        .position(|l| matches!(l, TruthLine::Joined { t_s, newcomer, .. } if *t_s == 10.0 && *newcomer == runner()));
    let joined = joined.expect("it is in the record who was put in, and when");
    let TruthLine::Cast { actors, .. } = &lines[joined + 1] else {
        panic!("the cast follows: {:?}", lines[joined + 1])
    };
    let subjects = |name: &str| actors.iter().any(|a| a.actor == name && a.role == Role::Subject);
    assert!(subjects("runner 1") && subjects("runner 2") && subjects("walker 1"));
    for l in &lines {
        if let TruthLine::Actors { t_s, actors, .. } = l {
            let there = actors.iter().filter(|a| a.actor.starts_with("runner")).count();
            assert_eq!(there, if *t_s < 10.0 { 0 } else { 2 }, "at {t_s} s");
        }
    }
    // Twenty metres at two metres a second.
    let met = lines.iter().find_map(|l| match l {
        TruthLine::Crossing {
            actor, t_s, inwards, ..
        } if actor == "runner 1" => Some((*t_s, *inwards)),
        _ => None,
    });
    let (t_s, inwards) = met.expect("they cross");
    assert!(inwards && (t_s - 20.0).abs() < 3.0, "{t_s}");
    let told = lines
        .iter()
        .any(|l| matches!(l, TruthLine::Cue { actor: Some(a), .. } if a.starts_with("runner")));
    assert!(told, "sensors are caused by newcomers, too");
    assert_eq!(
        text,
        watched(170, 2, 10).1,
        "the same at other speeds and thread counts"
    );
    assert_ne!(text, watched(1_000, 1, 12).1);
}

#[test]
fn cameras_see_a_newcomer_where_it_is() {
    let scene = meadow(vec![actor(ActorKind::Cow, 30.0, 0.0)]);
    let cam = camera(&scene, 120.0, 35.0, 8.0, Spectrum::Thermal);
    let mut r = Renderer::new(Arc::clone(&scene));
    let before = r.render(&cam, 0.0);
    assert!(before.boxes.iter().all(|b| b.class != TargetClass::Person));
    r.join(&[actor(ActorKind::Person, 0.0, 0.0)]);
    let after = r.render(&cam, 0.0);
    let b = after.boxes.iter().find(|b| b.class == TargetClass::Person);
    let b = b.expect("a truth box like anybody's");
    assert!(b.visible_share > 0.5 && after.image != before.image);
    // Exactly as if it had been there from the start.
    let together = meadow(vec![
        actor(ActorKind::Cow, 30.0, 0.0),
        actor(ActorKind::Person, 0.0, 0.0),
    ]);
    let whole = Renderer::new(together).render(&cam, 0.0);
    assert_eq!(whole.image, after.image);
    assert_eq!(whole.boxes, after.boxes);
}

#[test]
fn a_newcomer_that_cannot_be_is_refused_with_all_that_is_wrong_and_nothing_changes() {
    let (w, mut s) = load("footpath-crossing.toml");
    let (actors, crossings) = (s.actors().len(), s.crossings.clone());
    let wrong = Newcomer {
        name: "walker".into(),
        count: 3,
        kind: ActorKind::Person,
        km: 99.0,
        to_inside_m: f64::NAN,
        speed_m_s: 30.0,
        ..runner()
    };
    let e = s.join(&w, &wrong, 5.0).unwrap_err();
    assert_eq!(e.each().len(), 4, "{e}");
    for says in [
        "\"walker 1\" is there already",
        "speed_m_s 30 of a person: 0.05 to 8",
        "km 99",
        "NaN",
    ] {
        assert!(e.to_string().contains(says), "{says}: {e}");
    }
    let one = |change: &dyn Fn(&mut Newcomer), s: &mut Scenario| {
        let mut n = runner();
        change(&mut n);
        s.join(&w, &n, 5.0).unwrap_err().to_string()
    };
    assert!(one(&|n| n.kind = ActorKind::Boat, &mut s).contains("aground"));
    assert!(one(&|n| n.kind = ActorKind::Parcel, &mut s).contains("moves by itself"));
    assert!(one(&|n| n.count = 0, &mut s).contains("count 0: 1 to 20"));
    assert!(one(&|n| n.name = " ".into(), &mut s).contains("1 to 40 letters"));
    assert_eq!((s.actors().len(), &s.crossings), (actors, &crossings));
    s.join(&w, &runner(), 5.0).unwrap();
    assert_eq!((s.actors().len(), s.newcomers().len()), (actors + 2, 2));
    assert!(
        s.join(&w, &runner(), 6.0)
            .unwrap_err()
            .to_string()
            .contains("there already")
    );
}

#[test]
fn an_instructor_puts_people_in_by_hand_and_by_a_script() {
    let (w, mut s) = load("first-watch.toml");
    s.vehicles.truncate(1);
    s.vehicles[0].cameras.clear();
    let station = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let truth = std::env::temp_dir().join(format!("vedette-joined-{}.jsonl", std::process::id()));
    let steps = StepClock::default();
    let mut config = ServeConfig::new(steps.clock());
    config.mavlink = Endpoint::Connect(station.local_addr().unwrap());
    config.video = VideoTarget::Off;
    config.truth = Some(truth.clone());
    let sim = Simulation::start(s, Arc::new(w), config).unwrap();
    let i = sim.instructor();
    let script = "[[act]]\nat_s = 2\ndo = \"add\"\nactor = { name = \"van\", kind = \"car\", role = \"decoy\", km = 36.5, \
                  inside_m = 200.0, to_km = 36.6, to_inside_m = 210.0, speed_m_s = 6.0 }\n";
    let mut script = InstructorScript::parse(script, "i.toml").unwrap();
    let mut to = |s: f64| {
        steps.advance(s - steps.now().seconds());
        script.perform(&i).unwrap();
        assert!(
            sim.wait_flown(Mono((s * 1e6) as i64), Duration::from_secs(20)),
            "at {s} s in time"
        );
    };
    to(1.0);
    i.add(&runner()).unwrap();
    assert!(matches!(
        i.add(&Newcomer { km: -1.0, ..runner() }),
        Err(SimError::Option { .. })
    ));
    to(2.0);
    to(4.0);
    let names: Vec<String> = i.scenario().newcomers().iter().map(|a| a.name.clone()).collect();
    assert_eq!(names, ["runner 1", "runner 2", "van"]);
    let stats = sim.stop();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
    let text = std::fs::read_to_string(&truth).unwrap();
    std::fs::remove_file(&truth).unwrap();
    assert_eq!(
        text.lines().filter(|l| l.starts_with("{\"kind\":\"joined\"")).count(),
        2
    );
    let lacks = InstructorScript::parse("[[act]]\nat_s = 2\ndo = \"add\"\n", "i.toml").unwrap_err();
    assert!(
        lacks.to_string().contains("i.toml, line 1") && lacks.to_string().contains("add needs"),
        "{lacks}"
    );
}
