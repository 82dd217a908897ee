//! The JSON schema that ships for briefs names exactly what a brief may hold, and the shipped example keeps to it.

use std::path::Path;

use serde_json::{Value, json};
use vedette_planner::read_brief;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mission/data")
}

/// Holds a value against a schema; what is wrong, with its path.
fn wrong(schema: &Value, whole: &Value, v: &Value, at: &str, out: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(r) => &whole["$defs"][r.rsplit('/').next().unwrap_or("")],
        None => schema,
    };
    match schema["type"].as_str() {
        Some("object") => {
            // Names of any kind, where the schema names none.
            let known = schema["properties"].as_object();
            let free = known.is_none().then(|| &schema["additionalProperties"]);
            for (k, x) in v.as_object().into_iter().flatten() {
                match known.and_then(|p| p.get(k)).or(free) {
                    // Absent values are written as null.
                    Some(s) if !x.is_null() => wrong(s, whole, x, &format!("{at}.{k}"), out),
                    Some(_) => {}
                    None => out.push(format!("{at}.{k} is not in the schema")),
                }
            }
            for k in schema["required"].as_array().into_iter().flatten() {
                if v.get(k.as_str().unwrap_or("")).is_none() {
                    out.push(format!("{at} lacks {k}"));
                }
            }
        }
        Some("array") => {
            for (i, x) in v.as_array().into_iter().flatten().enumerate() {
                wrong(&schema["items"], whole, x, &format!("{at}[{i}]"), out);
            }
        }
        Some("number" | "integer") => {
            let Some(n) = v.as_f64() else {
                return out.push(format!("{at} is no number"));
            };
            let (low, high) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            if low.is_some_and(|l| n < l) || high.is_some_and(|h| n > h) {
                out.push(format!("{at} = {n} is out of bounds"));
            }
        }
        _ => {
            let allowed = schema["enum"].as_array();
            if !v.is_string() || allowed.is_some_and(|a| !a.contains(v)) {
                out.push(format!("{at} = {v} is not one of {allowed:?}"));
            }
        }
    }
}

#[test]
fn the_schema_is_that_of_the_brief() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("brief.schema.json")).expect("schema"))
            .expect("JSON");
    let text = std::fs::read_to_string(root().join("andorra-south.toml")).expect("example");
    let mut brief = read_brief(&text).expect("the example is a brief");
    let at = brief.fleet[0].base;
    // Everything a brief may hold, once.
    let more: Value = json!({
        "bases": [{"name": "B", "at": at, "pads": 2, "swap_s": 600.0, "swaps": 9, "crew_h": [[0.0, 8.0]]}],
        "antennas": [{"name": "A", "at": at, "mast_m": 5.0, "mhz": 900.0, "range_m": 9000.0}],
        "wind_layers": [{"amsl_m": 900.0, "from_deg": 10.0, "speed_m_s": 3.0, "gust_m_s": 1.0}],
        "sections": [{"name": "S", "from_km": 36.0, "to_km": 37.0}],
        "intervals": [{"name": "S", "from_km": 36.0, "to_km": 37.0, "revisit_s": 300.0, "windows_h": [[0.0, 1.0]], "priority": 2,
            "detection": {"least": 0.5, "crossing_s": 60.0}, "unpredictable": {"least": 0.1, "crossing_s": 60.0}}],
        "no_fly": [{"name": "Z", "polygon": [at, at, at], "centre": at, "radius_m": 10.0, "floor": 1.0, "ceiling": 2.0,
            "more": {"owner": "O"}}],
    });
    brief.bases = serde_json::from_value(more["bases"].clone()).expect("base");
    brief.antennas = serde_json::from_value(more["antennas"].clone()).expect("antenna");
    brief.wind_layers = serde_json::from_value(more["wind_layers"].clone()).expect("layer");
    brief.sections = serde_json::from_value(more["sections"].clone()).expect("section");
    brief.requirement.intervals = serde_json::from_value(more["intervals"].clone()).expect("interval");
    brief.no_fly = serde_json::from_value(more["no_fly"].clone()).expect("zone");
    let whole = serde_json::to_value(&brief).expect("JSON");
    let mut out = Vec::new();
    wrong(&schema, &schema, &whole, "brief", &mut out);
    assert!(out.is_empty(), "{out:#?}");
    // And nothing the program does not know.
    let keys = |v: &Value| {
        v.as_object()
            .map(|o| o.keys().cloned().collect::<Vec<_>>())
            .unwrap_or_default()
    };
    assert_eq!(keys(&schema["properties"]), keys(&whole));
    let part = |name: &str, field: &Value| {
        let s = &schema["properties"][name];
        let s = if s["type"] == "array" { &s["items"] } else { s };
        assert_eq!(keys(&s["properties"]), keys(field), "{name}");
    };
    for name in ["section", "requirement", "limits", "wind"] {
        part(name, &whole[name]);
    }
    let s = &schema["properties"]["requirement"]["properties"]["intervals"]["items"];
    assert_eq!(
        keys(&s["properties"]),
        keys(&whole["requirement"]["intervals"][0]),
        "intervals"
    );
    for name in ["fleet", "bases", "antennas", "no_fly", "wind_layers", "sections"] {
        part(name, &whole[name][0]);
    }
    for name in ["envelope", "energy", "camera"] {
        let s = &schema["properties"]["fleet"]["items"]["properties"][name];
        assert_eq!(keys(&s["properties"]), keys(&whole["fleet"][0][name]), "{name}");
    }
}
