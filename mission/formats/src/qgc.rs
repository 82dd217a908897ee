//! QGroundControl's `.plan` (JSON; mission version 2, geofence version 2, rally points version 2; docs.qgroundcontrol.com,
//! "Plan file format"). Writes simple items only; reads complex ones (survey, corridor, structure) by the items inside them.

use crate::mission::{e7, frame_number, frame_of};
use crate::{Fence, FormatError, MOST_ITEMS, MissionFile, check_size};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::plan::PatrolPlan;
use vedette_model::{Airframe, AltFrame, Family, MissionItem, VehicleId, command};

/// Deepest nesting of complex items that is read.
const DEEPEST: usize = 4;

/// One aircraft's part of a plan as a `.plan` file.
///
/// # Errors
/// [`FormatError::NoSuchAircraft`].
pub fn qgc_plan(plan: &PatrolPlan, vehicle: VehicleId) -> Result<String, FormatError> {
    Ok(write_qgc_plan(&MissionFile::of(plan, vehicle)?))
}

/// A mission as a `.plan` file.
#[must_use]
pub fn write_qgc_plan(m: &MissionFile) -> String {
    let spot = |p: &LatLon| json!([e7(p.lat_deg), e7(p.lon_deg)]);
    let items: Vec<Value> = m
        .items
        .iter()
        .enumerate()
        .map(|(i, item)| simple_item(i, item, m.family))
        .collect();
    let (mut polygons, mut circles) = (Vec::new(), Vec::new());
    for f in &m.fence {
        match f {
            Fence::Polygon { inclusion, corners } => polygons.push(json!({
                "inclusion": inclusion,
                "polygon": clockwise(corners).iter().map(spot).collect::<Vec<_>>(),
                "version": 1,
            })),
            Fence::Circle {
                inclusion,
                centre,
                radius_m,
            } => circles.push(json!({
                "inclusion": inclusion,
                "circle": { "center": spot(centre), "radius": radius_m },
                "version": 1,
            })),
        }
    }
    let rally: Vec<Value> = m
        .rally
        .iter()
        .map(|(p, h)| json!([e7(p.lat_deg), e7(p.lon_deg), h.0]))
        .collect();
    let home = m.home.map(|(p, h)| json!([e7(p.lat_deg), e7(p.lon_deg), h.0]));
    let firmware = match m.family {
        Family::Px4 => 12,
        Family::ArduPilot => 3,
        Family::Other => 0,
    };
    // MAV_TYPE: quadrotor 2, fixed wing 1, VTOL with fixed rotors 22.
    let vehicle = match m.airframe {
        Airframe::Copter => 2,
        Airframe::Plane => 1,
        Airframe::Quadplane => 22,
    };
    let mut file = json!({
        "fileType": "Plan",
        "version": 1,
        "groundStation": "QGroundControl",
        "mission": {
            "version": 2,
            "firmwareType": firmware,
            "vehicleType": vehicle,
            "cruiseSpeed": m.cruise_m_s,
            "hoverSpeed": m.hover_m_s,
            "globalPlanAltitudeMode": 0,
            "plannedHomePosition": home,
            "items": items,
        },
        "geoFence": { "version": 2, "polygons": polygons, "circles": circles },
        "rallyPoints": { "version": 2, "points": rally },
    });
    keep(&mut file, &m.kept);
    let (mine, theirs) = (&mut file["mission"]["items"], list(&m.kept["mission"]["items"]));
    if let Some(mine) = mine.as_array_mut().filter(|a| a.len() == theirs.len()) {
        for (a, b) in mine.iter_mut().zip(theirs) {
            if b["type"] == "SimpleItem" && a["command"] == b["command"] {
                keep(a, b);
            }
        }
    }
    format!("{file:#}\n")
}

/// Adds the keys of another program's file that this one does not write; what this one writes stays.
fn keep(mine: &mut Value, theirs: &Value) {
    let (Some(mine), Some(theirs)) = (mine.as_object_mut(), theirs.as_object()) else {
        return;
    };
    for (k, v) in theirs {
        match mine.get_mut(k) {
            Some(m) => keep(m, v),
            None => {
                mine.insert(k.clone(), v.clone());
            }
        }
    }
}

fn simple_item(i: usize, item: &MissionItem, family: Family) -> Value {
    let mut params: Vec<Value> = item.params.iter().map(|p| json!(p)).collect();
    if item.command == command::DO_JUMP && family == Family::Px4 {
        // The file counts items from 1, PX4 from 0.
        params[0] = json!(item.params[0].map(|t| t + 1.0));
    }
    let (lat, lon) = item.at.map_or((0.0, 0.0), |p| (e7(p.lat_deg), e7(p.lon_deg)));
    params.extend([json!(lat), json!(lon), json!(item.alt_m)]);
    let mut out = json!({
        "type": "SimpleItem",
        "autoContinue": true,
        "command": item.command,
        "doJumpId": i + 1,
        "frame": frame_number(item.frame),
        "params": params,
    });
    // QGroundControl's AltitudeMode: 1 above home, 2 above the sea, 4 terrain frame.
    let mode = match item.frame {
        AltFrame::AboveHome => 1,
        AltFrame::Amsl => 2,
        AltFrame::Terrain => 4,
        AltFrame::None => return out,
    };
    if let Some(o) = out.as_object_mut() {
        o.insert("Altitude".into(), json!(item.alt_m));
        o.insert("AltitudeMode".into(), json!(mode));
        o.insert("AMSLAltAboveTerrain".into(), Value::Null);
    }
    out
}

/// QGroundControl draws fence polygons clockwise; the turning sense carries no meaning.
fn clockwise(corners: &[LatLon]) -> Vec<LatLon> {
    let turn = |a: &LatLon, b: &LatLon| (b.lon_deg - a.lon_deg) * (b.lat_deg + a.lat_deg);
    let doubled: f64 = corners
        .iter()
        .zip(corners.iter().cycle().skip(1))
        .map(|(a, b)| turn(a, b))
        .sum();
    let mut out = corners.to_vec();
    if doubled < 0.0 {
        out.reverse();
    }
    out
}

/// Reads a `.plan` file.
///
/// # Errors
/// [`FormatError`] naming the item or polygon that is wrong.
pub fn read_qgc_plan(text: &str) -> Result<MissionFile, FormatError> {
    let not = |why: String| FormatError::NotThisKind {
        kind: "QGroundControl .plan",
        why,
    };
    check_size(text).map_err(not)?;
    let file: Value = serde_json::from_str(text).map_err(|e| not(e.to_string()))?;
    if file["fileType"] != "Plan" {
        return Err(not("\"fileType\" is not \"Plan\"".into()));
    }
    let mission = file["mission"]
        .as_object()
        .ok_or_else(|| not("it has no \"mission\"".into()))?;
    let family = match mission.get("firmwareType").and_then(Value::as_u64) {
        Some(12) => Family::Px4,
        Some(3) => Family::ArduPilot,
        _ => Family::Other,
    };
    // Fixed wing 1; VTOL types 19 to 25; everything else hovers.
    let airframe = match mission.get("vehicleType").and_then(Value::as_u64) {
        Some(1) => Airframe::Plane,
        Some(19..=25) => Airframe::Quadplane,
        _ => Airframe::Copter,
    };
    let speed = |name: &str| mission.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let home = match mission.get("plannedHomePosition") {
        Some(v @ Value::Array(_)) => {
            let p = point(v, "the home position")?;
            Some((p, Amsl(v[2].as_f64().unwrap_or(0.0))))
        }
        _ => None,
    };
    let mut reader = Reader::default();
    reader.items(mission.get("items").unwrap_or(&Value::Null), 0)?;
    let items = reader.finish(family)?;
    let mut fence = Vec::new();
    for (i, p) in list(&file["geoFence"]["polygons"]).iter().enumerate() {
        let place = format!("fence polygon {}", i + 1);
        let corners = list(&p["polygon"])
            .iter()
            .map(|c| point(c, &place))
            .collect::<Result<Vec<_>, _>>()?;
        if corners.len() < 3 {
            return Err(FormatError::bad(place, "has fewer than three corners"));
        }
        let inclusion = p["inclusion"].as_bool().unwrap_or(true);
        fence.push(Fence::Polygon { inclusion, corners });
    }
    for (i, c) in list(&file["geoFence"]["circles"]).iter().enumerate() {
        let place = format!("fence circle {}", i + 1);
        let radius_m = c["circle"]["radius"].as_f64().filter(|r| *r > 0.0);
        let radius_m = radius_m.ok_or_else(|| FormatError::bad(&place, "has no radius above 0"))?;
        fence.push(Fence::Circle {
            inclusion: c["inclusion"].as_bool().unwrap_or(true),
            centre: point(&c["circle"]["center"], &place)?,
            radius_m,
        });
    }
    let rally = list(&file["rallyPoints"]["points"])
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let at = point(p, &format!("rally point {}", i + 1))?;
            Ok((at, AboveHome(p[2].as_f64().unwrap_or(0.0))))
        })
        .collect::<Result<Vec<_>, FormatError>>()?;
    Ok(MissionFile {
        family,
        airframe,
        cruise_m_s: speed("cruiseSpeed"),
        hover_m_s: speed("hoverSpeed"),
        home,
        items,
        fence,
        rally,
        notes: reader.notes,
        kept: file,
    })
}

fn list(v: &Value) -> &[Value] {
    v.as_array().map_or(&[], Vec::as_slice)
}

fn point(v: &Value, place: &str) -> Result<LatLon, FormatError> {
    let (lat, lon) = v[0]
        .as_f64()
        .zip(v[1].as_f64())
        .ok_or_else(|| FormatError::bad(place, "is not [latitude, longitude]"))?;
    LatLon::new(lat, lon).map_err(|e| FormatError::bad(place, e.to_string()))
}

/// Collects items, complex ones opened, and remembers the file's own numbers for jumps.
#[derive(Default)]
struct Reader {
    items: Vec<MissionItem>,
    numbers: BTreeMap<i64, usize>,
    notes: Vec<String>,
}

impl Reader {
    fn items(&mut self, items: &Value, depth: usize) -> Result<(), FormatError> {
        for item in list(items) {
            let place = format!("item {}", self.items.len() + 1);
            let Some(object) = item.as_object() else {
                return Err(FormatError::bad(place, "is not an object"));
            };
            if self.items.len() >= MOST_ITEMS || depth > DEEPEST {
                return Err(FormatError::bad(
                    place,
                    "too many items, or items too deep inside items",
                ));
            }
            match object.get("type").and_then(Value::as_str) {
                Some("SimpleItem") => self.simple(object, &place)?,
                Some("ComplexItem") => self.complex(object, &place, depth)?,
                other => {
                    let what = format!("is of type {other:?}, neither SimpleItem nor ComplexItem");
                    return Err(FormatError::bad(place, what));
                }
            }
        }
        Ok(())
    }

    fn complex(&mut self, object: &Map<String, Value>, place: &str, depth: usize) -> Result<(), FormatError> {
        let kind = object
            .get("complexItemType")
            .and_then(Value::as_str)
            .unwrap_or("complex");
        let inside = object
            .get("TransectStyleComplexItem")
            .and_then(|t| t.get("Items"))
            .or_else(|| object.get("Items"));
        match inside {
            Some(inside @ Value::Array(_)) => {
                self.notes
                    .push(format!("{place}: the {kind} was read as the items inside it"));
                self.items(inside, depth + 1)
            }
            _ => Err(FormatError::bad(
                place,
                format!("the {kind} carries no items to fly; save the plan again in QGroundControl"),
            )),
        }
    }

    fn simple(&mut self, o: &Map<String, Value>, place: &str) -> Result<(), FormatError> {
        let bad = |what: &str| FormatError::bad(place, what);
        let command = o
            .get("command")
            .and_then(Value::as_u64)
            .and_then(|c| u16::try_from(c).ok());
        let command = command.ok_or_else(|| bad("has no command number"))?;
        let number = o
            .get("frame")
            .and_then(Value::as_u64)
            .ok_or_else(|| bad("has no frame"))?;
        let frame = frame_of(number).ok_or_else(|| bad("counts its height in a frame this program does not know"))?;
        let params = o
            .get("params")
            .map(list)
            .filter(|p| p.len() == 7)
            .ok_or_else(|| bad("does not have seven parameters"))?;
        let value = |i: usize| params[i].as_f64();
        let at = crate::mission::place(value(4).unwrap_or(0.0), value(5).unwrap_or(0.0));
        let at = at.map_err(|e| FormatError::bad(place, e))?;
        if let Some(id) = o.get("doJumpId").and_then(Value::as_i64) {
            self.numbers.insert(id, self.items.len());
        }
        self.items.push(MissionItem {
            command,
            frame,
            params: [value(0), value(1), value(2), value(3)],
            at,
            alt_m: value(6).unwrap_or(0.0),
        });
        Ok(())
    }

    /// Jump targets from the file's numbers to the family's.
    fn finish(&mut self, family: Family) -> Result<Vec<MissionItem>, FormatError> {
        let mut items = std::mem::take(&mut self.items);
        for (i, item) in items
            .iter_mut()
            .enumerate()
            .filter(|(_, m)| m.command == command::DO_JUMP)
        {
            let target = item.params[0]
                .filter(|t| t.abs() < 1e9)
                .and_then(|t| self.numbers.get(&(t as i64)));
            let target = target.ok_or_else(|| FormatError::bad(format!("item {}", i + 1), "jumps to no item"))?;
            let first = if family == Family::Px4 { 0.0 } else { 1.0 };
            item.params[0] = Some(*target as f64 + first);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_written_clockwise() {
        let p = |lat, lon| LatLon::new(lat, lon).expect("on the globe");
        let ccw = [p(0.0, 0.0), p(0.0, 1.0), p(1.0, 1.0), p(1.0, 0.0)];
        let cw: Vec<LatLon> = ccw.iter().rev().copied().collect();
        assert_eq!(clockwise(&ccw), cw);
        assert_eq!(clockwise(&cw), cw);
    }
}
