//! Zones as a file other programs read: ED-318 (GeoJSON), heights in metres with their datum.
//!
//! Invariant: what is written and read back is the same zones, positions to 1e-7 degrees; what ED-318 has no place for stands in
//! the member `vedette` of the properties, where others' programs step over it.

use serde_json::{Map, Value, json};
use vedette_geo::LatLon;

use super::ed::OURS;
use super::{Datum, ImportedZone, Limit, ZoneImport};
use crate::{Shape, ZoneKind};

/// Degrees rounded to 1e-7.
fn e7(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

fn spot(p: &LatLon) -> Value {
    json!([e7(p.lon_deg), e7(p.lat_deg)])
}

impl ZoneImport {
    /// The zones as ED-318.
    #[must_use]
    pub fn to_ed318(&self) -> String {
        let features: Vec<Value> = self.zones.iter().map(feature).collect();
        let out = json!({ "type": "FeatureCollection", "name": self.format, "features": features });
        format!("{out:#}\n")
    }
}

fn feature(z: &ImportedZone) -> Value {
    let mut layer = Map::new();
    layer.insert("uom".into(), json!("m"));
    for (key, limit) in [("lower", z.lower), ("upper", z.upper)] {
        if let Some(l) = limit {
            layer.insert(key.into(), json!(l.metres));
            layer.insert(format!("{key}Reference"), json!(reference(l)));
        }
    }
    let mut geometry = match &z.shape {
        Shape::Polygon(corners) => {
            let mut ring: Vec<Value> = corners.iter().map(spot).collect();
            ring.extend(ring.first().cloned());
            json!({ "type": "Polygon", "coordinates": [ring] })
        }
        Shape::Disc { centre, radius_m } => json!({
            "type": "Point",
            "coordinates": spot(centre),
            "extent": { "subType": "Circle", "radius": radius_m },
        }),
    };
    geometry["layer"] = Value::Object(layer);
    let mut properties: Map<String, Value> = z.properties.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    let times: Vec<Value> = z
        .schedule
        .iter()
        .map(|p| {
            let daily = p.daily.as_ref();
            let schedule = json!([{
                "day": p.days, "startTime": daily.map(|d| &d[0]), "endTime": daily.map(|d| &d[1]),
            }]);
            let plain = p.days.is_empty() && daily.is_none();
            json!({
                "startDateTime": p.from, "endDateTime": p.until,
                "schedule": if plain { Value::Null } else { schedule },
            })
        })
        .collect();
    let restriction = match z.kind {
        ZoneKind::NoFly => "PROHIBITED",
        ZoneKind::Privacy => "CONDITIONAL",
        ZoneKind::Advisory => "NO_RESTRICTION",
    };
    // Names of the file's own properties that stand for something else here are put aside.
    let aside: Map<String, Value> = ["name", "type", "limitedApplicability", OURS]
        .iter()
        .filter_map(|k| properties.remove(*k).map(|v| ((*k).to_owned(), v)))
        .collect();
    properties.insert("name".into(), json!([{ "text": z.name, "lang": "en" }]));
    properties.insert("type".into(), json!(restriction));
    properties.entry("variant").or_insert_with(|| json!("COMMON"));
    if !times.is_empty() {
        properties.insert("limitedApplicability".into(), Value::Array(times));
    }
    let mut own = json!({ "name": z.name, "kind": z.kind, "restriction": z.restriction, "properties": aside });
    if !z.properties.contains_key("variant") {
        own["added"] = json!(["variant"]);
    }
    properties.insert(OURS.into(), own);
    json!({ "type": "Feature", "geometry": geometry, "properties": properties })
}

fn reference(l: Limit) -> &'static str {
    match l.datum {
        Datum::Ground => "AGL",
        Datum::Sea => "AMSL",
        Datum::Ellipsoid => "WGS84",
        Datum::Standard => "STD",
    }
}

/// Gives a zone back what a file of ours kept of it.
pub(super) fn own(own: &Value, z: &mut ImportedZone) {
    let text = |k: &str| own.get(k).and_then(Value::as_str).map(str::to_owned);
    z.name = text("name").unwrap_or_else(|| z.name.clone());
    z.restriction = text("restriction").unwrap_or_else(|| z.restriction.clone());
    if let Some(kind) = own.get("kind").and_then(|k| serde_json::from_value(k.clone()).ok()) {
        z.kind = kind;
    }
    for k in own.get("added").and_then(Value::as_array).into_iter().flatten() {
        z.properties.remove(k.as_str().unwrap_or(""));
    }
    for (k, v) in own.get("properties").and_then(Value::as_object).into_iter().flatten() {
        z.properties
            .insert(k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    }
}
