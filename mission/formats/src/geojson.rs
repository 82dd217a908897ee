//! GeoJSON (RFC 7946) of plans and zones. Positions are [longitude, latitude, height]; polygons run counter-clockwise and close.
//! A disc is written as a polygon with its centre and radius as properties, so that reading gives the disc back.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vedette_geo::{Amsl, LatLon};
use vedette_model::plan::{NoFly, PatrolPlan};

use crate::kml::{kind, ring};
use crate::mission::{Scene, e7};
use crate::{FormatError, check_size};

/// A plan with its surroundings: borders, zones, legs with times and heights, fences, bases and rally points.
#[must_use]
pub fn geojson(plan: &PatrolPlan, scene: &Scene) -> String {
    let mut features = Vec::new();
    for (name, line) in &scene.borders {
        let line: Vec<Value> = line.iter().map(|p| spot(*p, None)).collect();
        features.push(feature(
            "LineString",
            json!(line),
            json!({ "what": "border", "name": name }),
        ));
    }
    features.extend(scene.zones.iter().chain(&plan.brief.no_fly).map(zone));
    for a in &plan.aircraft {
        let craft = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle);
        let tail = craft.map_or_else(|| a.vehicle.to_string(), |c| c.tail.clone());
        let home = spot(a.home, Some(a.home_amsl.0));
        features.push(feature("Point", home, json!({ "what": "base", "tail": tail })));
        for (i, l) in a.legs.iter().enumerate() {
            let ends = json!([spot(l.from, Some(l.from_amsl.0)), spot(l.to, Some(l.to_amsl.0))]);
            let about = json!({
                "what": "leg", "tail": tail, "leg": i, "kind": kind(l.kind), "start_s": l.start_s, "end_s": l.end_s,
                "ground_m_s": l.ground_m_s, "watches_m": l.watches_m,
            });
            features.push(feature("LineString", ends, about));
        }
        if a.fence.len() > 2 {
            features.push(feature(
                "Polygon",
                closed(&a.fence),
                json!({ "what": "fence", "tail": tail }),
            ));
        }
        for (p, h) in &a.rally {
            features.push(feature(
                "Point",
                spot(*p, Some(h.0)),
                json!({ "what": "rally", "tail": tail }),
            ));
        }
    }
    collection(
        features,
        json!({ "plan": plan.id.0, "name": plan.brief.name, "site": plan.site }),
    )
}

/// Zones alone.
#[must_use]
pub fn zones_geojson(zones: &[NoFly]) -> String {
    collection(zones.iter().map(zone).collect(), Value::Null)
}

fn collection(features: Vec<Value>, about: Value) -> String {
    let mut out = json!({ "type": "FeatureCollection", "features": features });
    if let (Some(o), false) = (out.as_object_mut(), about.is_null()) {
        o.insert("properties".into(), about);
    }
    format!("{out}\n")
}

fn feature(kind: &str, coordinates: Value, properties: Value) -> Value {
    json!({ "type": "Feature", "geometry": { "type": kind, "coordinates": coordinates }, "properties": properties })
}

fn spot(p: LatLon, amsl: Option<f64>) -> Value {
    match amsl {
        Some(h) => json!([e7(p.lon_deg), e7(p.lat_deg), h]),
        None => json!([e7(p.lon_deg), e7(p.lat_deg)]),
    }
}

/// A polygon's coordinates: one ring, counter-clockwise, closed.
fn closed(corners: &[LatLon]) -> Value {
    let turn = |a: &LatLon, b: &LatLon| (b.lon_deg - a.lon_deg) * (b.lat_deg + a.lat_deg);
    let doubled: f64 = corners
        .iter()
        .zip(corners.iter().cycle().skip(1))
        .map(|(a, b)| turn(a, b))
        .sum();
    let mut points: Vec<Value> = corners.iter().map(|p| spot(*p, None)).collect();
    if doubled > 0.0 {
        points.reverse();
    }
    let again = points.first().cloned();
    points.extend(again);
    json!([points])
}

/// What a zone's properties say by names of ours.
const OURS: [&str; 7] = [
    "what",
    "name",
    "centre",
    "radius_m",
    "floor_amsl_m",
    "ceiling_amsl_m",
    "more",
];

fn zone(z: &NoFly) -> Value {
    let mut about = json!({
        "what": "no-fly",
        "name": z.name,
        "centre": z.centre.filter(|_| z.polygon.is_empty()).map(|c| spot(c, None)),
        "radius_m": z.radius_m,
        "floor_amsl_m": z.floor.map(|h| h.0),
        "ceiling_amsl_m": z.ceiling.map(|h| h.0),
    });
    // What the zone's first file said by the same names stands aside.
    let (aside, own): (Vec<_>, Vec<_>) = z.more.iter().partition(|(k, _)| OURS.contains(&k.as_str()));
    for (k, v) in own {
        about[k.as_str()] = json!(v);
    }
    for (k, v) in aside {
        about["more"][k.as_str()] = json!(v);
    }
    feature("Polygon", closed(&ring(z)), about)
}

/// Most letters of a zone's name; what is longer is cut, because each part of a multi-polygon keeps it.
const LONGEST_NAME: usize = 200;

/// Reads no-fly zones: every polygon (each of a multi-polygon) of a FeatureCollection, Feature or bare geometry, unless it says
/// that it is something else (`"what"`). Holes are not zones and are refused, because dropping one would forbid too much or too little.
///
/// # Errors
/// [`FormatError`] naming the feature.
pub fn read_zones(text: &str) -> Result<Vec<NoFly>, FormatError> {
    let not = |why: String| FormatError::NotThisKind { kind: "GeoJSON", why };
    check_size(text).map_err(not)?;
    let file: Value = serde_json::from_str(text).map_err(|e| not(e.to_string()))?;
    let whole = std::slice::from_ref(&file);
    let features = match file["type"].as_str() {
        Some("FeatureCollection") => file["features"].as_array().map_or(&[][..], Vec::as_slice),
        Some("Feature" | "Polygon" | "MultiPolygon") => whole,
        other => return Err(not(format!("its type is {other:?}"))),
    };
    let mut zones = Vec::new();
    for (i, f) in features.iter().enumerate() {
        let place = format!("feature {}", i + 1);
        let (geometry, about) = if f["type"] == "Feature" {
            (&f["geometry"], &f["properties"])
        } else {
            (f, &Value::Null)
        };
        if about["what"].as_str().is_some_and(|w| w != "no-fly") {
            continue;
        }
        let rings: Vec<&Value> = match geometry["type"].as_str() {
            Some("Polygon") => vec![&geometry["coordinates"]],
            Some("MultiPolygon") => geometry["coordinates"]
                .as_array()
                .map_or_else(Vec::new, |p| p.iter().collect()),
            _ => continue,
        };
        for polygon in rings {
            zones.push(read_zone(polygon, about, &place, zones.len() + 1)?);
        }
    }
    Ok(zones)
}

/// All that a zone's properties say besides what is read, as text.
fn more(about: &Value) -> BTreeMap<String, String> {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let own = about.as_object().into_iter().flatten();
    let aside = about["more"].as_object().into_iter().flatten();
    own.filter(|(k, v)| !OURS.contains(&k.as_str()) && !v.is_null())
        .chain(aside)
        .map(|(k, v)| (k.clone(), text(v)))
        .collect()
}

fn read_zone(polygon: &Value, about: &Value, place: &str, number: usize) -> Result<NoFly, FormatError> {
    let rings = polygon.as_array().map_or(&[][..], Vec::as_slice);
    let [outer] = rings else {
        return Err(FormatError::bad(
            place,
            format!("has {} rings; a zone is one ring without holes", rings.len()),
        ));
    };
    let position = |v: &Value| -> Result<LatLon, FormatError> {
        let (lon, lat) = v[0]
            .as_f64()
            .zip(v[1].as_f64())
            .ok_or_else(|| FormatError::bad(place, "a position is not [longitude, latitude]"))?;
        LatLon::new(lat, lon).map_err(|e| FormatError::bad(place, e.to_string()))
    };
    let mut corners = outer
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(position)
        .collect::<Result<Vec<_>, _>>()?;
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 3 {
        return Err(FormatError::bad(place, "has fewer than three corners"));
    }
    let disc = about["centre"]
        .is_array()
        .then(|| position(&about["centre"]))
        .transpose()?;
    let radius_m = about["radius_m"].as_f64().filter(|r| *r > 0.0);
    let height = |name: &str| about[name].as_f64().map(Amsl);
    let name = about["name"]
        .as_str()
        .map_or_else(|| format!("zone {number}"), |n| n.chars().take(LONGEST_NAME).collect());
    let (polygon, centre, radius_m) = match disc.zip(radius_m) {
        Some((centre, radius_m)) => (Vec::new(), Some(centre), radius_m),
        None => (corners, None, 0.0),
    };
    Ok(NoFly {
        name,
        polygon,
        centre,
        radius_m,
        floor: height("floor_amsl_m"),
        ceiling: height("ceiling_amsl_m"),
        more: more(about),
    })
}
