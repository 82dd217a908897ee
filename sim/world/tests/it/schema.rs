//! The JSON schema that ships for scenarios names exactly what the reader takes, and every shipped
//! scenario keeps to it.

use serde_json::Value;

use crate::library::{root, site};

fn schema() -> Value {
    let text = std::fs::read_to_string(root().join("sim/scenarios/scenario.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn deref<'v>(whole: &'v Value, s: &'v Value) -> &'v Value {
    match s["$ref"].as_str() {
        Some(r) => &whole["$defs"][r.rsplit('/').next().unwrap()],
        None => s,
    }
}

/// What of `v` the schema does not allow, each with its path.
fn wrong(whole: &Value, s: &Value, v: &Value, at: &str) -> Vec<String> {
    let s = deref(whole, s);
    if let Some(all) = s["oneOf"].as_array().or_else(|| s["anyOf"].as_array()) {
        let tried: Vec<_> = all.iter().map(|a| wrong(whole, a, v, at)).collect();
        if tried.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        return vec![format!("{at}: none fits: {tried:?}")];
    }
    if !s["const"].is_null() || s["enum"].is_array() {
        let fits = s["const"] == *v || s["enum"].as_array().is_some_and(|e| e.contains(v));
        return if fits { Vec::new() } else { vec![format!("{at} is {v}")] };
    }
    let mut out = Vec::new();
    match s["type"].as_str().unwrap() {
        "object" => {
            let Some(o) = v.as_object() else {
                return vec![format!("{at} is no table")];
            };
            for k in s["required"].as_array().into_iter().flatten() {
                if !o.contains_key(k.as_str().unwrap()) {
                    out.push(format!("{at} lacks {k}"));
                }
            }
            for (k, x) in o {
                let known = s["properties"].get(k).or_else(|| {
                    let more = &s["additionalProperties"];
                    more.is_object().then_some(more)
                });
                match known {
                    Some(p) => out.extend(wrong(whole, p, x, &format!("{at}.{k}"))),
                    None => out.push(format!("{at} has no {k}")),
                }
            }
        }
        "array" => match v.as_array() {
            Some(a) => out.extend(a.iter().flat_map(|x| wrong(whole, &s["items"], x, &format!("{at}[]")))),
            None => out.push(format!("{at} is no list")),
        },
        kind => {
            let fits = match kind {
                "number" => v.is_number(),
                "integer" => v.is_u64(),
                "boolean" => v.is_boolean(),
                _ => v.is_string(),
            };
            if !fits {
                out.push(format!("{at} = {v} is no {kind}"));
            }
        }
    }
    out
}

#[test]
fn every_shipped_scenario_keeps_to_the_schema_and_a_mistake_does_not() {
    let s = schema();
    let mut n = 0;
    for entry in std::fs::read_dir(root().join("sim/scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        n += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let v: Value = toml::from_str(&text).unwrap();
        assert_eq!(
            wrong(&s, &s, &v, "scenario"),
            Vec::<String>::new(),
            "{}",
            path.display()
        );
        let mut v = v;
        v["vehicle"][0]["taill"] = "X".into();
        assert_eq!(wrong(&s, &s, &v, "scenario"), ["scenario.vehicle[] has no taill"]);
    }
    assert!(n >= 12, "{n} scenarios");
}

/// Every table of the schema as a way to it: text before and after, and its properties.
fn tables(whole: &Value, s: &Value, before: &str, after: &str, out: &mut Vec<(String, String, Vec<String>)>) {
    let s = deref(whole, s);
    for v in s["oneOf"].as_array().into_iter().flatten() {
        tables(whole, v, before, after, out);
    }
    match s["type"].as_str() {
        Some("array") => tables(whole, &s["items"], &format!("{before}["), &format!("]{after}"), out),
        Some("object") if s["properties"].is_object() => {
            let p = s["properties"].as_object().unwrap();
            // A step is told apart by what it does.
            let tag = p.get("do").map_or(String::new(), |d| format!("do = {}, ", d["const"]));
            let keys = p.keys().filter(|k| *k != "do").cloned().collect();
            out.push((format!("{before}{{ {tag}"), format!(" }}{after}"), keys));
            for (k, x) in p {
                tables(
                    whole,
                    x,
                    &format!("{before}{{ {tag}{k} = "),
                    &format!(" }}{after}"),
                    out,
                );
            }
        }
        _ => {}
    }
}

#[test]
fn the_schema_names_what_the_reader_takes_table_by_table() {
    let s = schema();
    let world = site("maps/data/andorra");
    let mut all = Vec::new();
    for (k, x) in s["properties"].as_object().unwrap() {
        tables(&s, x, &format!("{k} = "), "", &mut all);
    }
    assert!(all.len() > 30, "{} tables", all.len());
    let sorted = |mut v: Vec<String>| {
        v.sort_unstable();
        v
    };
    for (before, after, keys) in all {
        // The reader's own complaint lists what it would take.
        let text = format!("name = \"x\"\nepoch = \"2026-01-01T00:00:00Z\"\n{before}zz = 1{after}\n");
        let said = vedette_sim::Scenario::parse(&text, "x", &world)
            .unwrap_err()
            .to_string();
        let list = said
            .split_once("unknown field `zz`, expected ")
            .unwrap_or_else(|| panic!("{text}{said}"));
        let line = list.1.lines().next().unwrap();
        let taken: Vec<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(sorted(taken), sorted(keys), "{before}");
    }
    let said = vedette_sim::Scenario::parse("zz = 1", "x", &world)
        .unwrap_err()
        .to_string();
    let line = said.split_once("allowed are ").unwrap().1.lines().next().unwrap();
    let taken = line.split(", ").map(str::to_owned).collect();
    let keys = s["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(sorted(taken), sorted(keys));
}
