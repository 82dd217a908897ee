//! The scenario library: every file loads on the relief anybody has, tells its story, and every
//! mistake in a file is named, all of them at once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use vedette_atlas::World;
use vedette_model::TargetClass;
use vedette_sim::{Role, Scenario, SimError, Trouble};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn site(name: &str) -> World {
    // Relief is made once for all tests.
    static LAND: OnceLock<World> = OnceLock::new();
    static SEA: OnceLock<World> = OnceLock::new();
    let held = if name.contains("coast") { &SEA } else { &LAND };
    held.get_or_init(|| vedette_sim::load_site(&root().join(name), None, 7).expect("the sites in the repository load"))
        .clone()
}

pub(crate) fn files() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(root().join("sim/scenarios"))
        .expect("the library is there")
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    all.sort();
    all
}

fn text(p: &Path) -> String {
    std::fs::read_to_string(p).expect("reads")
}

/// Which site a file plays on.
fn on_coast(t: &str) -> bool {
    t.contains("site = \"sim/scenarios/coast\"")
}

pub(crate) fn load(name: &str) -> (World, Scenario) {
    let t = text(&root().join("sim/scenarios").join(name));
    let w = site(if on_coast(&t) {
        "sim/scenarios/coast"
    } else {
        "maps/data/andorra"
    });
    let s = Scenario::parse(&t, name, &w).unwrap_or_else(|e| panic!("{e}"));
    (w, s)
}

#[test]
fn every_scenario_of_the_library_loads_and_has_something_to_find() {
    let (land, sea) = (site("maps/data/andorra"), site("sim/scenarios/coast"));
    assert!(
        sea.terrain.source().synthetic && sea.terrain.source().label.contains("synthetic coast"),
        "an invented coast says so"
    );
    let readme = text(&root().join("sim/scenarios/README.md"));
    let mut bad = Vec::new();
    let mut n = 0;
    for f in files() {
        let name = f.file_name().and_then(|n| n.to_str()).expect("named").to_owned();
        let t = text(&f);
        let w = if on_coast(&t) { &sea } else { &land };
        match Scenario::parse(&t, &name, w) {
            Err(e) => bad.push(e.to_string()),
            Ok(s) => {
                n += 1;
                let tr = s.training.as_ref().expect("it trains somebody");
                assert!(root().join(&tr.patrol).is_file(), "{name}: {} is not there", tr.patrol);
                assert!(
                    s.actors().iter().any(|a| a.role == Role::Subject),
                    "{name}: nobody to find"
                );
                assert!(
                    s.actors().iter().any(|a| a.role == Role::Lawful),
                    "{name}: nobody who belongs there"
                );
                assert!(tr.teaches.len() >= 3, "{name} teaches too little");
                for a in s.actors() {
                    assert!(
                        a.track.end_s() <= s.duration_s + 600.0,
                        "{name}: {} walks until {}",
                        a.name,
                        a.track.end_s()
                    );
                }
                assert!(readme.contains(&name), "{name} is not in the library's README");
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(n >= 12, "{n} scenarios");
    for kind in [
        "footpath-crossing",
        "vehicle-convoy",
        "boat-beaching",
        "ship-to-boat",
        "drone-drop",
        "forest-rendezvous",
        "decoy-and-group",
        "hunters-and-shepherds",
        "animals",
        "lost-hiker",
        "gnss-jamming",
        "radio-shadow",
        "battery-fire-drill",
    ] {
        assert!(
            root().join(format!("sim/scenarios/{kind}.toml")).is_file(),
            "{kind} is missing"
        );
    }
}

#[test]
fn every_kind_of_fault_is_documented_and_reads_from_a_file() {
    let readme = text(&root().join("sim/scenarios/README.md"));
    for (name, values, _) in Trouble::ALL {
        let row = readme
            .lines()
            .find(|l| l.starts_with(&format!("| `{name}`")))
            .unwrap_or_else(|| panic!("{name} is not in the README"));
        for v in values {
            assert!(row.contains(&format!("`{v}`")), "{name} takes {v}: {row}");
        }
    }
    let (_, s) = load("crowded-air.toml");
    let kinds: Vec<_> = s.faults.iter().map(|f| f.trouble.name()).collect();
    assert_eq!(kinds, ["intruder", "second-station"]);
    let (_, s) = load("radio-shadow.toml");
    assert!(s.radio.is_some() && s.faults.len() == 2);
    let (_, s) = load("broken-instruments.toml");
    let kinds: Vec<_> = s.faults.iter().map(|f| f.trouble.name()).collect();
    let told = "wind terrain-data baro gimbal-stuck video-freeze compass pitot";
    assert_eq!(kinds.join(" "), told);
    // What is looked for one at a time must not come two at a time to one aircraft.
    for system in [1, 2] {
        let of: Vec<_> = s.faults.iter().filter(|f| f.system == Some(system)).collect();
        for w in of.windows(2) {
            assert!(w[0].until_s.expect("it ends") < w[1].at_s, "{w:?}");
        }
    }
}

#[test]
fn every_key_a_scenario_may_have_is_in_the_readme() {
    let readme = text(&root().join("sim/scenarios/README.md"));
    let source = text(&root().join("sim/world/src/scenario/file.rs"));
    let mut keys = 0;
    for line in source.lines() {
        let Some(key) = line.trim().strip_prefix("pub ").and_then(|l| l.split_once(": ")) else {
            continue;
        };
        keys += 1;
        let name = key.0;
        let told = readme
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word == name);
        assert!(told, "`{name}` is not in sim/scenarios/README.md");
    }
    assert!(keys > 90, "{keys} keys read");
}

#[test]
fn the_stories_happen_as_told() {
    let inward = |name: &str, who: &str| {
        let (_, s) = load(name);
        s.crossings
            .iter()
            .filter(|c| c.inwards && c.actor.starts_with(who))
            .count()
    };
    assert_eq!(inward("footpath-crossing.toml", "walker"), 3, "three in a column");
    assert_eq!(inward("vehicle-convoy.toml", "convoy"), 2);
    assert_eq!(inward("vehicle-convoy.toml", "lorry"), 1);
    assert_eq!(inward("decoy-and-group.toml", "main group"), 4);
    assert_eq!(
        inward("hunters-and-shepherds.toml", "hunter"),
        0,
        "who stands does not cross"
    );
    assert_eq!(inward("hunters-and-shepherds.toml", "stranger"), 1);
    assert_eq!(
        inward("boat-beaching.toml", "landed"),
        4,
        "carried ashore, then on foot"
    );

    // A column keeps its distance.
    let (_, s) = load("footpath-crossing.toml");
    let at = |t: f64, who: &str| {
        let l = s.actor_lines(t);
        l.iter().find(|a| a.actor == who).map(|a| a.at).expect("plays")
    };
    let gap = vedette_geo::distance_m(at(360.0, "walker 1"), at(360.0, "walker 2"));
    assert!((2.5..8.0).contains(&gap), "{gap:.1} m between the first and the second");

    // The bale hangs under the drone, falls, lies, is carried away.
    let (_, s) = load("drone-drop.toml");
    let up = |t: f64| {
        let l = s.actor_lines(t);
        let b = l.iter().find(|a| a.actor == "bale").expect("plays").clone();
        (b.up_m, b.at)
    };
    assert!(up(330.0).0 > 20.0, "{}", up(330.0).0);
    assert!(up(390.0).0.abs() < 0.01, "{}", up(390.0).0);
    let far = vedette_geo::distance_m(up(390.0).1, up(820.0).1);
    assert!(far > 100.0, "carried {far:.0} m away");

    // Boats stay wet, walkers dry.
    let (w, s) = load("boat-beaching.toml");
    let boat = s.actors().iter().find(|a| a.name == "open boat").expect("plays");
    assert_eq!(boat.kind.class(), TargetClass::Boat);
    for t in [0.0, 200.0, 300.0] {
        let l = s.actor_lines(t);
        let b = l.iter().find(|a| a.actor == "open boat").expect("plays");
        assert!(w.terrain.elevation(b.at).expect("known").0 <= 0.0, "at {t} s");
        assert!(b.inside_m < -50.0, "{}", b.inside_m);
    }
}

#[test]
fn all_mistakes_of_a_file_come_at_once_each_with_its_line() {
    let w = site("maps/data/andorra");
    let mut t = text(&root().join("sim/scenarios/footpath-crossing.toml"));
    let mut expected = Vec::new();
    for (right, wrong, said) in [
        ("forest_share = 0.28", "forest_share = 7.0", "forest_share is 7"),
        ("width_m = 0.8", "width_m = -1.0", "width_m is -1"),
        ("speed_m_s = 1.2", "speed_m_s = 30.0", "speed_m_s of a person is 30"),
        ("hfov_deg = 24.0", "hfov_deg = 240.0", "hfov_deg is 240"),
        ("km = 37.30", "km = 99999.0", "km is 99999"),
        (
            "\"plan-approved\"",
            "\"plan-aproved\"",
            "checklist has \"plan-aproved\"",
        ),
    ] {
        assert!(t.contains(right), "the test's own text: {right}");
        t = t.replacen(right, wrong, 1);
        expected.push(said);
    }
    t.push_str("\n[[fault]]\nkind = \"gnss-jam\"\nat_s = 3\nshare = 0.5\n");
    t.push_str("\n[[fault]]\nkind = \"motor\"\nat_s = 3\n");
    t.push_str("\n[[fault]]\nkind = \"lightning\"\nat_s = 3\n");
    t.push_str("\n[[fault]]\nkind = \"link-loss\"\nat_s = \"soon\"\nsystem = 77\n");
    t.push_str("\n[[actor]]\nname = \"bale\"\nkind = \"parcel\"\nat = { lat = 10.0, lon = 10.0 }\n");
    t.push_str("[[actor.step]]\ndo = \"ride\"\non = \"nobody\"\nuntil_s = 5\n");
    expected.extend([
        "gnss-jam has `share`",
        "motor lacks `share`",
        "fault.kind is \"lightning\"",
        "names the time \"soon\"",
        "names aircraft 77",
        "off the terrain",
        "ride names \"nobody\"",
    ]);
    let e = Scenario::parse(&t, "bad.toml", &w).expect_err("full of mistakes");
    let said = e.to_string();
    for x in &expected {
        assert!(said.contains(x), "{x} is not in:\n{said}");
    }
    assert!(e.each().len() >= expected.len());
    let n = t.lines().count();
    for m in e.each() {
        let SimError::Value {
            file, line, allowed, ..
        } = m
        else {
            panic!("{m}");
        };
        assert!(
            file == "bad.toml" && (1..=n).contains(line) && !allowed.is_empty(),
            "{m}"
        );
    }

    // Mistakes of form too: one damaged table hides no other's.
    let t = text(&root().join("sim/scenarios/animals.toml"))
        .replacen("kind = \"boar\"", "kind = \"elephant\"", 1)
        .replacen("count = 5", "cuont = 5", 1)
        .replacen("do = \"graze\"", "do = \"eat\"", 1)
        .replacen("spectrum = \"visible\"", "spectrum = \"x-ray\"", 1);
    let e = Scenario::parse(&t, "form.toml", &w).expect_err("wrong in four places");
    let said = e.to_string();
    for x in ["elephant", "cuont", "eat", "x-ray"] {
        assert!(said.contains(x), "{x} is not in:\n{said}");
    }
    assert_eq!(e.each().len(), 4, "{said}");
}

#[test]
fn boats_need_water_and_walkers_land() {
    let (w, _) = load("boat-beaching.toml");
    let t = text(&root().join("sim/scenarios/boat-beaching.toml"));
    let ashore = t.replacen("km = 8.00, inside_m = -900.0", "km = 8.00, inside_m = 900.0", 1);
    assert_ne!(t, ashore);
    let said = Scenario::parse(&ashore, "b", &w)
        .expect_err("a boat on land")
        .to_string();
    assert!(said.contains("\"open boat\" is aground"), "{said}");
    let wet = t.replacen("km = 8.90, inside_m = 12.0", "km = 8.90, inside_m = -300.0", 1);
    assert_ne!(t, wet);
    let said = Scenario::parse(&wet, "b", &w)
        .expect_err("an angler at sea")
        .to_string();
    assert!(said.contains("\"angler\" is in the water"), "{said}");
}

#[test]
fn aircraft_of_an_empty_world_stand_on_open_ground_on_the_home_side() {
    let andorra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/data/andorra");
    for seed in [0, 1, 7] {
        let w = vedette_atlas::load::site(&andorra, None, seed).unwrap();
        let options = vedette_sim::SimOptions {
            vehicles: Some(20),
            ..vedette_sim::SimOptions::default()
        };
        let (s, _) = options.build(&w).unwrap();
        let rise = |at: vedette_geo::LatLon, ground: f64| w.terrain.max_within(at, 500.0).unwrap().0 - ground;
        for v in &s.vehicles {
            let ground = w.terrain.elevation(v.home).unwrap().0;
            assert!((v.home_amsl.0 - ground).abs() < 0.1, "seed {seed}: {} floats", v.tail);
            assert!(
                w.home_distance_m(v.home) > 500.0,
                "seed {seed}: {} near the line",
                v.tail
            );
        }
        // A plane climbs 8 m in 100 m: what it meets after its run must be lower than that.
        let first = &s.vehicles[0];
        assert!(
            rise(first.home, first.home_amsl.0) < 40.0,
            "seed {seed}: a hill before the runway"
        );
    }
}
