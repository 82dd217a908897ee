//! UAS geographical zones in JSON: ED-269 (EUROCAE, June 2020) and ED-318 (GeoJSON form), and plain GeoJSON.
//!
//! Invariant: a zone is told by its restriction; one that is not known forbids.

use std::collections::BTreeMap;

use serde_json::Value;
use vedette_geo::LatLon;

use super::{Datum, FOOT_M, ImportedZone, Limit, Period, ZoneImport, bad, ring};
use crate::geojson::Repeats;
use crate::geojson::check_crs;
use crate::{AtlasError, Shape, ZoneKind, read_geojson};

/// Upper limits from here on mean "unlimited" in published files, metres.
const NO_TOP_M: f64 = 50_000.0;
/// Member of a feature's properties in which a file of ours keeps what ED-318 has no place for.
pub(super) const OURS: &str = "vedette";
/// Properties of a plain GeoJSON feature that name it.
const NAMES: [&str; 4] = ["name", "Name", "NAME", "identifier"];

pub(super) fn read(file: &str, text: &str) -> Result<ZoneImport, AtlasError> {
    crate::geojson::check_values(text.as_bytes()).map_err(|why| bad(file, "the file", why))?;
    let v: Value = serde_json::from_str(text).map_err(|e| bad(file, "the file", format!("not JSON: {e}")))?;
    check_crs(&v).map_err(|why| bad(file, "the member `crs`", why))?;
    // Some publishers wrap the list once more.
    let root = v.get("UASZoneVersion").filter(|r| r.is_object()).unwrap_or(&v);
    for key in ["UASZoneList", "features"] {
        if let Some(list) = root.get(key).and_then(Value::as_array) {
            let first = list.first();
            let old = |z: &Value| {
                z.get("UASZoneIdentifier")
                    .or(z.get("geometry"))
                    .is_some_and(Value::is_array)
            };
            if key == "UASZoneList" || first.is_some_and(old) {
                return ed269(file, list);
            }
            if first.is_some_and(|f| layer(f).is_some() || f["properties"].get("variant").is_some()) {
                return ed318(file, list);
            }
        }
    }
    drop(v);
    plain(text)
}

fn plain(text: &str) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "GeoJSON".into(),
        ..ZoneImport::default()
    };
    // A reader of features keeps what has an outline; each knows its properties.
    for (i, f) in read_geojson(text.as_bytes())?.into_iter().enumerate() {
        let name = NAMES
            .iter()
            .find_map(|k| f.properties.get(*k).filter(|n| !n.is_empty()))
            .cloned()
            .unwrap_or_else(|| format!("feature {i}"));
        out.add(&f.geometry, &name, ZoneKind::NoFly, &f.properties, "");
    }
    Ok(out)
}

fn text_of(v: &Value, key: &str) -> String {
    match v.get(key) {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Number(n)) => n.to_string(),
        // ED-318 gives texts by language; English first.
        Some(Value::Array(list)) => {
            let lang = |l: &Value| l.get("lang").and_then(Value::as_str).unwrap_or("").to_owned();
            let best = list.iter().find(|l| lang(l).starts_with("en")).or(list.first());
            best.and_then(|l| l.get("text").and_then(Value::as_str).or(l.as_str()))
                .unwrap_or("")
                .to_owned()
        }
        _ => String::new(),
    }
}

fn number(v: Option<&Value>) -> Option<f64> {
    match v {
        Some(Value::Number(n)) => n.as_f64(),
        Some(Value::String(s)) => s.trim().parse().ok(),
        _ => None,
    }
    .filter(|n: &f64| n.is_finite())
}

fn kind(restriction: &str, name: &str, notes: &mut Vec<String>) -> ZoneKind {
    match restriction.to_ascii_uppercase().replace('Z', "S").as_str() {
        "PROHIBITED" | "REQ_AUTHORISATION" | "REQ_AUTHORIZATION" => ZoneKind::NoFly,
        "CONDITIONAL" | "NO_RESTRICTION" => ZoneKind::Advisory,
        other => {
            notes.push(format!(
                "`{name}` has the restriction `{other}`, which is not known: taken as forbidden."
            ));
            ZoneKind::NoFly
        }
    }
}

fn limit(value: Option<&Value>, reference: &str, unit: &str, upper: bool) -> Option<Limit> {
    let metres = number(value)? * if unit.eq_ignore_ascii_case("ft") { FOOT_M } else { 1.0 };
    if upper && metres >= NO_TOP_M {
        return None;
    }
    let datum = match reference.to_ascii_uppercase().as_str() {
        "AMSL" | "MSL" => Datum::Sea,
        "WGS84" | "W84" => Datum::Ellipsoid,
        "STD" | "FL" => Datum::Standard,
        // AGL, and whatever else: over ground is the wider reading.
        _ => Datum::Ground,
    };
    Some(Limit { metres, datum })
}

fn point(v: &Value) -> Option<LatLon> {
    let a = v.as_array()?;
    LatLon::new(a.get(1)?.as_f64()?, a.first()?.as_f64()?).ok()
}

fn corners(v: &Value) -> Option<Vec<LatLon>> {
    ring(v.as_array()?.iter().map(point).collect::<Option<Vec<_>>>()?)
}

/// The zone's own flat values, to keep.
fn flat(v: &Value, skip: &[&str]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (k, x) in v.as_object().into_iter().flatten() {
        if skip.contains(&k.as_str()) || x.is_null() {
            continue;
        }
        let text = x.as_str().map_or_else(|| x.to_string(), str::to_owned);
        out.insert(k.clone(), text);
    }
    out
}

fn schedule(v: Option<&Value>, keys: [&str; 3]) -> Vec<Period> {
    let mut out = Vec::new();
    let text = |v: &Value, k: &str| v.get(k).and_then(Value::as_str).map(str::to_owned);
    for a in v.and_then(Value::as_array).into_iter().flatten() {
        let permanent = a.get("permanent").and_then(Value::as_str) == Some("YES");
        let (from, until) = (text(a, keys[0]), text(a, keys[1]));
        let daily = a.get(keys[2]).and_then(Value::as_array);
        let periods: Vec<Period> = daily
            .into_iter()
            .flatten()
            .filter_map(|d| {
                let days: Vec<String> = match d.get("day") {
                    Some(Value::Array(l)) => l.iter().filter_map(|d| d.as_str().map(str::to_owned)).collect(),
                    Some(Value::String(s)) => vec![s.clone()],
                    _ => vec![],
                };
                let hours = text(d, "startTime").zip(text(d, "endTime")).map(|(a, b)| [a, b]);
                let says = !days.is_empty() || hours.is_some();
                says.then(|| Period {
                    from: from.clone(),
                    until: until.clone(),
                    days,
                    daily: hours,
                })
            })
            .collect();
        if !periods.is_empty() {
            out.extend(periods);
        } else if !permanent && (from.is_some() || until.is_some()) {
            out.push(Period {
                from,
                until,
                days: vec![],
                daily: None,
            });
        } else if permanent {
            return Vec::new();
        }
    }
    out
}

fn ed269(file: &str, list: &[Value]) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "ED-269".into(),
        ..ZoneImport::default()
    };
    let mut repeats = Repeats::default();
    for (i, z) in list.iter().enumerate() {
        let id = text_of(z, "identifier");
        let name = match text_of(z, "name") {
            n if n.is_empty() => id.clone(),
            n => n,
        };
        let place = format!("zone {i} ({id})");
        let restriction = text_of(z, "restriction");
        let kind = kind(&restriction, &name, &mut out.notes);
        let volumes = z
            .get("geometry")
            .and_then(Value::as_array)
            .filter(|g| !g.is_empty())
            .ok_or_else(|| bad(file, &place, "it has no geometry: leaving it out would open it"))?;
        let properties = flat(z, &["geometry", "name", "restriction"]);
        let schedule = schedule(z.get("applicability"), ["startDateTime", "endDateTime", "dailyPeriod"]);
        let weight = Repeats::weight(&name, &properties) + weight_of(&schedule);
        for g in volumes {
            repeats.once_more(weight).map_err(|why| bad(file, &place, why))?;
            let p = &g["horizontalProjection"];
            let shape = match p.get("type").and_then(Value::as_str) {
                Some("Circle") => point(&p["center"])
                    .zip(number(p.get("radius")))
                    .filter(|c| c.1 > 0.0)
                    .map(|(centre, radius_m)| Shape::Disc { centre, radius_m }),
                Some("Polygon") => {
                    if p["coordinates"].as_array().is_some_and(|r| r.len() > 1) {
                        out.notes.push(format!("`{name}` has holes: they are closed."));
                    }
                    corners(&p["coordinates"][0]).map(Shape::Polygon)
                }
                _ => None,
            };
            let shape = shape.ok_or_else(|| {
                bad(
                    file,
                    &place,
                    "its outline is neither a polygon nor a circle that encloses something",
                )
            })?;
            let unit = text_of(g, "uomDimensions");
            out.zones.push(ImportedZone {
                name: name.clone(),
                kind,
                restriction: restriction.clone(),
                shape,
                lower: limit(g.get("lowerLimit"), &text_of(g, "lowerVerticalReference"), &unit, false),
                upper: limit(g.get("upperLimit"), &text_of(g, "upperVerticalReference"), &unit, true),
                schedule: schedule.clone(),
                properties: properties.clone(),
            });
        }
    }
    Ok(out)
}

/// Bytes that times take.
fn weight_of(schedule: &[Period]) -> usize {
    let text = |t: &Option<String>| t.as_ref().map_or(0, String::len);
    schedule
        .iter()
        .map(|p| 200 + text(&p.from) + text(&p.until) + p.days.iter().map(|d| d.len() + 48).sum::<usize>())
        .sum()
}

/// The heights of an ED-318 feature: on the geometry, or on its properties.
fn layer(f: &Value) -> Option<&Value> {
    f["geometry"].get("layer").or_else(|| f["properties"].get("layer"))
}

fn ed318(file: &str, list: &[Value]) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "ED-318".into(),
        ..ZoneImport::default()
    };
    let mut repeats = Repeats::default();
    for (i, f) in list.iter().enumerate() {
        let p = &f["properties"];
        let id = text_of(p, "identifier");
        let name = match text_of(p, "name") {
            n if n.is_empty() => id.clone(),
            n => n,
        };
        let place = format!("feature {i} ({id})");
        let restriction = text_of(p, "type");
        let kind = match p.get(OURS) {
            // What it is stands there, whatever its first file called it.
            Some(_) => ZoneKind::NoFly,
            None => kind(&restriction, &name, &mut out.notes),
        };
        let g = &f["geometry"];
        let parts: Vec<&Value> = match g.get("geometries").and_then(Value::as_array) {
            Some(l) => l.iter().collect(),
            None => vec![g],
        };
        let before = out.zones.len();
        let properties = flat(p, &["name", "type", "limitedApplicability", OURS]);
        let schedule = schedule(
            p.get("limitedApplicability"),
            ["startDateTime", "endDateTime", "schedule"],
        );
        let weight = Repeats::weight(&name, &properties) + weight_of(&schedule);
        for g in parts {
            let heights = g.get("layer").or_else(|| layer(f)).unwrap_or(&Value::Null);
            let unit = text_of(heights, "uom");
            let mut shapes: Vec<Shape> = Vec::new();
            match g.get("type").and_then(Value::as_str) {
                Some("Polygon") => shapes.extend(corners(&g["coordinates"][0]).map(Shape::Polygon)),
                Some("MultiPolygon") => shapes.extend(
                    g["coordinates"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|p| corners(&p[0]).map(Shape::Polygon)),
                ),
                Some("Point") => {
                    // A circle: a point with an extent.
                    let radius = number(g["extent"].get("radius")).filter(|r| *r > 0.0);
                    shapes.extend(
                        point(&g["coordinates"])
                            .zip(radius)
                            .map(|(centre, radius_m)| Shape::Disc { centre, radius_m }),
                    );
                }
                _ => {}
            }
            for shape in shapes {
                repeats.once_more(weight).map_err(|why| bad(file, &place, why))?;
                out.zones.push(ImportedZone {
                    name: name.clone(),
                    kind,
                    restriction: restriction.clone(),
                    shape,
                    lower: limit(heights.get("lower"), &text_of(heights, "lowerReference"), &unit, false),
                    upper: limit(heights.get("upper"), &text_of(heights, "upperReference"), &unit, true),
                    schedule: schedule.clone(),
                    properties: properties.clone(),
                });
                if let (Some(own), Some(z)) = (p.get(OURS), out.zones.last_mut()) {
                    super::export::own(own, z);
                }
            }
        }
        if out.zones.len() == before {
            return Err(bad(
                file,
                &place,
                "it has no outline that encloses something: leaving it out would open it",
            ));
        }
    }
    Ok(out)
}
