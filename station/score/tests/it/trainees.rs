//! Three scripted trainees on every exercise of the library, the sheet, the history, the format.

use std::collections::BTreeMap;

use crate::exercise::{Exercise, root};
use vedette_model::Authority;
use vedette_score::{Habit, History, Line, ScoreError, Truth, html};

fn library() -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(root().join("sim/scenarios"))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".toml"))
        .collect();
    all.sort();
    all
}

#[test]
fn perfect_beats_careless_beats_asleep_on_every_exercise() {
    let mut table = String::new();
    let mut wrong = Vec::new();
    for name in library() {
        let e = Exercise::load(&name);
        let total = |h| e.run(h).2.total;
        let (p, c, a) = (total(Habit::Perfect), total(Habit::Careless), total(Habit::Asleep));
        table += &format!("{name:<28} {p:5.1} {c:5.1} {a:5.1}\n");
        if !(p > c + 5.0 && c > a + 1.0 && p > 75.0) {
            wrong.push(format!("{name}: perfect {p:.1}, careless {c:.1}, asleep {a:.1}"));
        }
    }
    eprintln!("exercise                     perfect careless asleep\n{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_record_gives_the_same_sheet_and_page() {
    let e = Exercise::load("footpath-crossing.toml");
    let (a, b) = (e.run(Habit::Perfect).2, e.run(Habit::Perfect).2);
    assert_eq!(a, b);
    let json = serde_json::to_string(&a).unwrap();
    let back: vedette_score::Sheet = serde_json::from_str(&json).unwrap();
    assert_eq!(a, back, "the sheet reads back");
    let mut h = History::default();
    for total in [40.0, 60.0, a.total] {
        let mut l = Line::of(&a);
        l.total = total;
        h.lines.push(l);
    }
    let page = html(&a, &h, "Watch <b>out</b>\n\nsecond", &["Look twice".to_owned()]);
    assert_eq!(
        page,
        html(&a, &h, "Watch <b>out</b>\n\nsecond", &["Look twice".to_owned()])
    );
    assert!(page.contains("Watch &lt;b&gt;out&lt;/b&gt;"), "escaped");
    assert!(page.contains("<polyline") && page.contains("Look twice"));
    for i in &a.items {
        assert!(page.contains(&i.title), "{} is on the page", i.title);
    }
    assert!(!page.contains("http"), "one page, nothing from elsewhere");
}

#[test]
fn a_history_survives_damage_and_only_a_supervisor_compares_people() {
    let e = Exercise::load("animals.toml");
    let line = Line::of(&e.run(Habit::Careless).2);
    let text = format!("{}not json\n{}{{\"torn", line.to_json(), line.to_json());
    let h = History::read(&text);
    assert_eq!(h.lines.len(), 2);
    assert!((h.recent(5).unwrap() - line.total).abs() < 1e-9);
    assert!(h.item("decide", 5).is_some());
    let page = vedette_score::progress("operator <7>", &h);
    assert!(page.contains("operator &lt;7&gt;") && page.contains("2 runs") && page.contains("<polyline"));
    let all = BTreeMap::from([("b".to_owned(), h.clone()), ("a".to_owned(), h)]);
    let refused = History::compare(&all, "pilot 2", Authority::Pilot).unwrap_err();
    assert!(matches!(refused, ScoreError::Role { .. }) && refused.to_string().contains("Supervisor"));
    let table = History::compare(&all, "lead", Authority::Supervisor).unwrap();
    assert_eq!(table.len(), 2);
}

#[test]
fn the_truth_file_of_the_simulator_is_read_as_it_is_written() {
    let e = Exercise::load("gnss-jamming.toml");
    let s = &e.scenario;
    let mut text = String::new();
    for l in [
        vedette_sim::TruthLine::Start {
            scenario: s.name.clone(),
            epoch: s.epoch,
            seed: s.seed,
            terrain: "synthetic".into(),
        },
        vedette_sim::TruthLine::cast(s).unwrap(),
        vedette_sim::TruthLine::crossing(s, &s.crossings[0]),
        vedette_sim::TruthLine::Actors {
            t_s: 3.0,
            utc: s.utc(3.0),
            actors: s.actor_lines(3.0),
        },
    ] {
        text += &l.to_json();
    }
    text += "{\"kind\":\"radio\",\"system\":1}\n{\"kind\":\"some";
    let t = Truth::read(&text).unwrap();
    assert_eq!((t.scenario.as_str(), t.seed), (s.name.as_str(), s.seed));
    assert!(matches!(Truth::read("{}"), Err(ScoreError::NoTruth { .. })));
}

#[test]
fn every_exercise_can_be_planned_and_the_plan_is_clear() {
    let mut briefs: Vec<(String, bool)> = library()
        .iter()
        .map(|n| {
            let e = Exercise::load(n);
            let t = e.scenario.training.unwrap();
            (t.patrol, t.site.contains("coast"))
        })
        .collect();
    briefs.sort();
    briefs.dedup();
    for (patrol, coast) in briefs {
        let world = crate::exercise::site(coast);
        let brief = toml::from_str(&std::fs::read_to_string(root().join(&patrol)).unwrap()).unwrap();
        let plan = vedette_planner::plan(&brief, world, 7).unwrap_or_else(|e| panic!("{patrol}: {e}"));
        let verdict = vedette_checker::check(&plan, world);
        assert!(verdict.is_clear(), "{patrol}: {:?}", verdict.findings);
    }
}
