//! The house rules that a compiler does not know, as tests: forbidden dependencies, purity of the
//! cores, a header in every file, and a README that is true.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use vedette_tests::root;

/// Crates whose sources take bytes, values and `now`, and nothing else.
const PURE: &[&str] = &[
    "vedette-geo",
    "vedette-atlas",
    "vedette-planner",
    "vedette-checker",
    "vedette-formats",
    "vedette-klv",
    "vedette-sight",
    "vedette-model",
    "vedette-protocol",
    "vedette-core",
    "vedette-evidence",
    "vedette-score",
    "vedette-sim-vehicle",
];
/// Folder of the one file shell inside a pure crate, and the folder of a pure crate's own binary.
const FILE_SHELLS: &[&str] = &[
    "maps/atlas/src/load.rs",
    "maps/atlas/src/load/",
    "station/evidence/src/bin/",
];

/// Crate and what it must not reach, directly or through others.
fn forbidden() -> Vec<(&'static str, Vec<&'static str>)> {
    let shells = vec!["tokio", "bevy", "egui", "gstreamer"];
    let mut rules: Vec<(&str, Vec<&str>)> = PURE.iter().map(|c| (*c, shells.clone())).collect();
    rules.push(("vedette-core", vec!["mavlink", "vedette-protocol"]));
    rules.push(("vedette-panels", vec!["tokio", "bevy", "mavlink"]));
    for c in ["vedette-links", "vedette-ingest", "vedette-journal"] {
        rules.push((c, vec!["bevy", "egui"]));
    }
    for c in ["vedette-sim-vehicle", "vedette-sim"] {
        rules.push((
            c,
            vec![
                "vedette-core",
                "vedette-planner",
                "vedette-checker",
                "vedette-sight",
                "vedette-panels",
            ],
        ));
    }
    rules.push(("vedette-checker", vec!["vedette-planner", "geo"]));
    rules
}

/// The dependency graph as it is built on Linux: what only other systems need is not on this machine.
fn metadata() -> Value {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let out = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            &platform,
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON")
}

struct Graph {
    names: BTreeMap<String, String>,
    uses: BTreeMap<String, Vec<String>>,
}

fn graph(meta: &Value) -> Graph {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let names = meta["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|p| (text(&p["id"]), text(&p["name"])))
        .collect();
    let uses = meta["resolve"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|n| {
            let deps = n["deps"].as_array().expect("deps").iter().filter(|d| {
                d["dep_kinds"]
                    .as_array()
                    .expect("kinds")
                    .iter()
                    .any(|k| k["kind"].is_null())
            });
            (text(&n["id"]), deps.map(|d| text(&d["pkg"])).collect())
        })
        .collect();
    Graph { names, uses }
}

/// Shortest path from a crate to a forbidden one, by names.
fn path(g: &Graph, from: &str, to: &str) -> Option<String> {
    let start = g.names.iter().find(|(_, n)| *n == from)?.0.clone();
    let mut came: BTreeMap<String, String> = BTreeMap::new();
    let mut queue = VecDeque::from([start.clone()]);
    while let Some(id) = queue.pop_front() {
        if g.names[&id] == to {
            let (mut at, mut steps) = (id.clone(), vec![to.to_owned()]);
            while at != start {
                at = came[&at].clone();
                steps.push(g.names[&at].clone());
            }
            steps.reverse();
            return Some(steps.join(" -> "));
        }
        for next in &g.uses[&id] {
            if *next != start && !came.contains_key(next) {
                came.insert(next.clone(), id.clone());
                queue.push_back(next.clone());
            }
        }
    }
    None
}

#[test]
fn no_crate_reaches_what_it_must_not_see() {
    let g = graph(&metadata());
    let found: Vec<String> = forbidden()
        .into_iter()
        .flat_map(|(from, tos)| tos.into_iter().filter_map(|to| path(&g, from, to)).collect::<Vec<_>>())
        .collect();
    assert!(found.is_empty(), "forbidden dependencies:\n{}", found.join("\n"));
}

#[test]
fn only_protocol_names_mavlink_and_only_app_and_tests_see_both_sides() {
    let meta = metadata();
    let direct = |p: &Value, dep: &str| {
        p["dependencies"]
            .as_array()
            .expect("deps")
            .iter()
            .any(|d| d["name"] == dep && d["kind"].is_null())
    };
    for p in members(&meta) {
        let name = p["name"].as_str().expect("name");
        if direct(p, "mavlink") {
            assert_eq!(
                name, "vedette-protocol",
                "{name} names mavlink; speak Request and Report instead"
            );
        }
        if direct(p, "vedette-core") && direct(p, "vedette-sim") {
            assert!(
                ["vedette", "vedette-tests"].contains(&name),
                "{name} sees station and simulator"
            );
        }
    }
}

fn members(meta: &Value) -> Vec<&Value> {
    let ids: BTreeSet<&str> = meta["workspace_members"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    meta["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter(|p| ids.contains(p["id"].as_str().expect("id")))
        .collect()
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir)
        .expect("folder reads")
        .map(|e| e.expect("entry").path())
        .collect();
    entries.sort();
    for p in entries {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if p.is_dir() {
            if !["target", "out", ".git"].contains(&name.as_str()) {
                rust_files(&p, into);
            }
        } else if p.extension().is_some_and(|e| e == "rs") {
            into.push(p);
        }
    }
}

#[test]
fn every_file_opens_with_why() {
    let mut files = Vec::new();
    for room in ["station", "mission", "video", "sim", "maps", "tests"] {
        rust_files(&root().join(room), &mut files);
    }
    let silent: Vec<_> = files
        .iter()
        .filter(|f| {
            !std::fs::read_to_string(f)
                .expect("reads")
                .trim_start()
                .starts_with("//!")
        })
        .collect();
    assert!(files.len() > 60, "only {} files found", files.len());
    assert!(silent.is_empty(), "these files do not open with //!: {silent:?}");
}

#[test]
fn pure_crates_touch_no_clock_file_socket_or_thread() {
    let words = [
        "std::net",
        "std::fs",
        "std::thread",
        "Instant::now",
        "SystemTime::now",
        "tokio::",
        "println!",
    ];
    let meta = metadata();
    let mut bad = Vec::new();
    for p in members(&meta)
        .into_iter()
        .filter(|p| PURE.contains(&p["name"].as_str().expect("name")))
    {
        let dir = Path::new(p["manifest_path"].as_str().expect("path"))
            .parent()
            .expect("folder")
            .join("src");
        let mut files = Vec::new();
        rust_files(&dir, &mut files);
        for f in files {
            let shown = f
                .strip_prefix(root().canonicalize().expect("root"))
                .unwrap_or(&f)
                .display()
                .to_string();
            if FILE_SHELLS.iter().any(|s| shown.starts_with(s)) {
                continue;
            }
            let text = std::fs::read_to_string(&f).expect("reads");
            for (i, line) in text.lines().enumerate() {
                if words.iter().any(|w| line.contains(w)) {
                    bad.push(format!("{shown}:{}: {}", i + 1, line.trim()));
                }
            }
        }
    }
    assert!(
        bad.is_empty(),
        "pure crates must take bytes, values and now:\n{}",
        bad.join("\n")
    );
}

/// Truth, telemetry and score are byte-equal on two machines only while nothing in them asks the
/// system for a sine: see `vedette_geo::Repeatable`.
#[test]
fn what_is_simulated_and_scored_takes_no_sine_from_the_system() {
    let functions = "sin cos tan asin acos atan atan2 sin_cos sinh cosh tanh exp exp2 ln log2 log10 powf hypot cbrt";
    let calls: Vec<String> = functions.split(' ').map(|f| format!(".{f}(")).collect();
    let mut bad = Vec::new();
    for room in [
        "maps/geo/src",
        "maps/atlas/src",
        "sim/vehicle/src",
        "sim/world/src",
        "station/score/src",
    ] {
        let mut files = Vec::new();
        rust_files(&root().join(room), &mut files);
        assert!(!files.is_empty(), "{room}");
        for f in files {
            let text = std::fs::read_to_string(&f).expect("reads");
            let lines = text.lines().enumerate();
            let found = lines.filter(|(_, line)| calls.iter().any(|c| line.contains(c.as_str())));
            bad.extend(found.map(|(i, line)| format!("{}:{}: {}", f.display(), i + 1, line.trim())));
        }
    }
    assert!(bad.is_empty(), "write .sin_r() and so on here:\n{}", bad.join("\n"));
}

#[test]
fn readme_table_lists_every_crate_and_its_commands_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let listed: BTreeSet<String> = readme
        .lines()
        .filter(|l| l.starts_with("| `vedette"))
        .filter_map(|l| l.split('`').nth(1).map(str::to_owned))
        .collect();
    let meta = metadata();
    let real: BTreeSet<String> = members(&meta)
        .iter()
        .map(|p| p["name"].as_str().expect("name").to_owned())
        .collect();
    assert_eq!(listed, real, "README's crate table and cargo metadata differ");

    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("Makefile");
    let main = std::fs::read_to_string(root().join("station/app/src/cli.rs")).expect("cli.rs");
    for line in readme.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("make ") {
            let target = rest.split_whitespace().next().expect("target");
            assert!(
                makefile.contains(&format!("\n{target}:")),
                "README names `make {target}`, the Makefile does not"
            );
        }
        if let Some(rest) = line.strip_prefix("vedette ") {
            let verb = rest.split_whitespace().next().expect("verb");
            let variant: String = verb
                .chars()
                .take(1)
                .flat_map(char::to_uppercase)
                .chain(verb.chars().skip(1))
                .collect();
            assert!(
                main.contains(&format!("    {variant}")),
                "README names `vedette {verb}`, the program does not"
            );
        }
    }
    for picture in readme
        .split("](")
        .skip(1)
        .filter_map(|s| s.split(')').next())
        .filter(|s| s.ends_with(".png"))
    {
        assert!(
            root().join(picture).is_file(),
            "README shows {picture}, which is not there"
        );
    }
}

#[test]
fn nothing_names_a_machine() {
    let out = Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let home = std::env::var("HOME").unwrap_or_default();
    for f in String::from_utf8_lossy(&out.stdout).lines() {
        let Ok(text) = std::fs::read_to_string(root().join(f)) else {
            continue;
        };
        // Too short a home ("/" in a container) says nothing.
        assert!(
            home.len() < 4 || !text.contains(&format!("{home}/")),
            "{f} names a home folder"
        );
    }
}
