//! Roads, tracks, paths, waters and border controls from OpenStreetMap (PBF and XML) and GeoJSON, and where ways cross a border.
//!
//! Invariant: any bytes give ways or an error; a way whose points are not in the file keeps those that are, with a note. Where a
//! way crosses the line says nothing of whether crossing there is lawful: only a border control does.

mod pbf;
mod water;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vedette_geo::LatLon;

use crate::airspace::bad;
use crate::xml::{Cutter, DEEPEST, Token, attribute};
use crate::{AtlasError, Border, Bounds, Geometry, read_geojson};
use water::watery;
pub use water::{Water, sea_beyond};

/// Largest file that is read, bytes.
const MOST_BYTES: usize = 512 << 20;
/// Side of the boxes crossings are looked for in, degrees.
const BOX_DEG: f64 = 0.05;

/// Edges longer than this are held against everything.
const LONG_DEG: f64 = 2.0;

/// What a way is for, from its `highway` tag (wiki.openstreetmap.org, "Key:highway").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayKind {
    /// For cars.
    Road,
    /// For tractors and four-wheel drives.
    Track,
    /// On foot, on a horse, by bicycle.
    Path,
}

/// A road, track or path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Number in OpenStreetMap; 0 where the file has none.
    pub id: i64,
    /// What it is for.
    pub kind: WayKind,
    /// Name, or else its number (`CG-1`); empty where it has neither.
    pub name: String,
    /// Its line.
    pub line: Vec<LatLon>,
    /// All its tags.
    pub properties: BTreeMap<String, String>,
}

/// A place on a way that is marked in the file: a border control, or a point of a GeoJSON file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayPlace {
    /// Name.
    pub name: String,
    /// Where.
    pub at: LatLon,
    /// A border control: crossing is lawful here.
    pub control: bool,
    /// All its tags.
    pub properties: BTreeMap<String, String>,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WayImport {
    /// Format that was recognised.
    pub format: String,
    /// Ways.
    pub ways: Vec<Way>,
    /// Places.
    pub places: Vec<WayPlace>,
    /// Waters.
    #[serde(default)]
    pub waters: Vec<Water>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A way across the line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayCrossing {
    /// Metres along the border.
    pub chainage_m: f64,
    /// Where.
    pub at: LatLon,
    /// What crosses.
    pub kind: WayKind,
    /// The way's number.
    pub way: i64,
    /// The way's name.
    pub name: String,
}

/// A tag's meaning; `None` for what no one travels on (yet).
fn kind(highway: &str) -> Option<WayKind> {
    Some(match highway.strip_suffix("_link").unwrap_or(highway) {
        "motorway" | "trunk" | "primary" | "secondary" | "tertiary" | "unclassified" | "residential"
        | "living_street" | "service" | "road" | "busway" => WayKind::Road,
        "track" => WayKind::Track,
        "path" | "footway" | "bridleway" | "steps" | "cycleway" | "pedestrian" | "via_ferrata" => WayKind::Path,
        _ => return None,
    })
}

/// Keys that an object of interest has one of.
const MARKS: [&str; 4] = ["highway", "natural", "waterway", "landuse"];

fn wanted(tags: &BTreeMap<String, String>) -> bool {
    tags.contains_key("highway") || watery(tags)
}

fn title(tags: &BTreeMap<String, String>) -> String {
    ["name", "ref"]
        .iter()
        .find_map(|k| tags.get(*k).filter(|v| !v.is_empty()))
        .cloned()
        .unwrap_or_default()
}

fn control(tags: &BTreeMap<String, String>) -> bool {
    tags.get("barrier").is_some_and(|b| b == "border_control")
        || tags.get("control").is_some_and(|c| c == "true" || c == "yes")
}

/// Reads ways of any of the formats, told by the bytes themselves; only what touches `area` where one is given.
///
/// # Errors
/// [`AtlasError::Zones`] with the place in the file.
pub fn read_ways(name: &str, bytes: &[u8], area: Option<Bounds>) -> Result<WayImport, AtlasError> {
    if bytes.len() > MOST_BYTES {
        return Err(bad(
            name,
            "the file",
            format!(
                "{} bytes; at most 512 MiB are read: cut out the area first",
                bytes.len()
            ),
        ));
    }
    let mut out = if pbf::is(bytes) {
        collect(name, "OSM PBF", pbf::read(name, bytes)?)
    } else {
        let text = String::from_utf8_lossy(bytes);
        match text.trim_start().chars().next() {
            Some('<') => collect(name, "OSM XML", xml(name, &text)?),
            Some('{') => geojson(bytes)?,
            _ => {
                return Err(bad(
                    name,
                    "the file",
                    "it is neither OpenStreetMap (PBF, XML) nor GeoJSON",
                ));
            }
        }
    };
    if let Some(area) = area {
        out.ways
            .retain(|w| Bounds::around(&w.line, 0.0).is_some_and(|b| touch(&b, &area)));
        out.places.retain(|p| area.contains(p.at));
        out.waters.retain(|w| {
            w.rings
                .first()
                .and_then(|r| Bounds::around(r, 0.0))
                .is_some_and(|b| touch(&b, &area))
        });
    }
    Ok(out)
}

fn touch(a: &Bounds, b: &Bounds) -> bool {
    a.south_deg <= b.north_deg && a.north_deg >= b.south_deg && a.west_deg <= b.east_deg && a.east_deg >= b.west_deg
}

/// What a reader of OpenStreetMap data hands over.
#[derive(Default)]
struct Raw {
    /// Number, tags and points (by number) of each way that is travelled on or is a water's outline.
    ways: Vec<(i64, BTreeMap<String, String>, Vec<i64>)>,
    /// Points the ways need, ordered by number.
    nodes: Vec<(i64, LatLon)>,
    /// Border controls.
    places: Vec<(LatLon, BTreeMap<String, String>)>,
}

fn collect(name: &str, format: &str, raw: Raw) -> WayImport {
    let mut out = WayImport {
        format: format.to_owned(),
        ..WayImport::default()
    };
    let (mut cut, mut other, mut open) = (0, BTreeMap::<String, usize>::new(), 0);
    for (id, tags, refs) in raw.ways {
        let point = |r: &i64| raw.nodes.binary_search_by_key(r, |n| n.0).ok().map(|i| raw.nodes[i].1);
        if watery(&tags) && !tags.contains_key("highway") {
            // A part of a larger outline (a relation's), or cut off by the extract: no area by itself.
            let ring: Vec<LatLon> = refs.iter().skip(1).filter_map(point).collect();
            if refs.len() > 3 && refs.first() == refs.last() && ring.len() + 1 == refs.len() {
                out.waters.push(Water {
                    name: title(&tags),
                    rings: vec![ring],
                });
            } else {
                open += 1;
            }
            continue;
        }
        let highway = tags.get("highway").map_or("", String::as_str);
        let Some(kind) = kind(highway) else {
            *other.entry(highway.to_owned()).or_default() += 1;
            continue;
        };
        let line: Vec<LatLon> = refs.iter().filter_map(point).collect();
        cut += usize::from(line.len() < refs.len());
        if line.len() >= 2 {
            out.ways.push(Way {
                id,
                kind,
                name: title(&tags),
                line,
                properties: tags,
            });
        }
    }
    out.places = raw
        .places
        .into_iter()
        .map(|(at, tags)| WayPlace {
            name: title(&tags),
            at,
            control: true,
            properties: tags,
        })
        .collect();
    if cut > 0 {
        out.notes.push(format!(
            "{cut} ways of {name} leave the extract: only their points in it are there."
        ));
    }
    if open > 0 {
        out.notes.push(format!(
            "{open} outlines of waters in {name} are not closed by themselves (parts of a multipolygon, or cut off): left out. Export the waters as GeoJSON areas."
        ));
    }
    for (what, n) in other {
        out.notes.push(format!("{n} ways with highway={what} are left out."));
    }
    out
}

fn geojson(bytes: &[u8]) -> Result<WayImport, AtlasError> {
    let mut out = WayImport {
        format: "GeoJSON".into(),
        ..WayImport::default()
    };
    for f in read_geojson(bytes)? {
        let id = ["osm_way", "@id", "id"].iter().find_map(|k| {
            let v = f.properties.get(*k)?;
            v.rsplit('/').next()?.parse().ok()
        });
        let name = title(&f.properties);
        match f.geometry {
            Geometry::Point(at) => out.places.push(WayPlace {
                name,
                at,
                control: control(&f.properties),
                properties: f.properties,
            }),
            Geometry::Line(line) if line.len() >= 2 => {
                let highway = f.properties.get("highway").map(String::as_str);
                let Some(kind) = highway.map_or(Some(WayKind::Road), kind) else {
                    continue;
                };
                out.ways.push(Way {
                    id: id.unwrap_or(0),
                    kind,
                    name,
                    line,
                    properties: f.properties,
                });
            }
            Geometry::Polygon(rings) if watery(&f.properties) => out.waters.push(Water {
                name,
                rings: rings
                    .into_iter()
                    .map(water::unrepeated)
                    .filter(|r| r.len() > 2)
                    .collect(),
            }),
            _ => out.notes.push(format!("`{name}` is an area, not a way: left out.")),
        }
    }
    Ok(out)
}

/// OpenStreetMap XML (API 0.6).
fn xml(file: &str, text: &str) -> Result<Raw, AtlasError> {
    let mut cut = Cutter::new(file, text);
    let mut path: Vec<&str> = Vec::new();
    let mut out = Raw::default();
    let mut nodes: BTreeMap<i64, LatLon> = BTreeMap::new();
    let (mut id, mut at, mut tags, mut refs) = (0_i64, None, BTreeMap::new(), Vec::new());
    let mut osm = false;
    while let Some(token) = cut.next()? {
        match token {
            Token::Open(name, attributes) => {
                if path.len() >= DEEPEST {
                    return Err(cut.wrong("elements are nested deeper than 64"));
                }
                path.push(name);
                let number = |k: &str| attribute(attributes, k).and_then(|v| v.trim().parse::<i64>().ok());
                match name {
                    "osm" => osm = true,
                    "node" | "way" => {
                        id = number("id").ok_or_else(|| cut.wrong(&format!("a {name} has no number (id)")))?;
                        (at, tags, refs) = (None, BTreeMap::new(), Vec::new());
                        if name == "node" {
                            let degrees = |k: &str| attribute(attributes, k).and_then(|v| v.trim().parse::<f64>().ok());
                            let pair = degrees("lat").zip(degrees("lon"));
                            at = pair.and_then(|(lat, lon)| LatLon::new(lat, lon).ok());
                            let p = at.ok_or_else(|| cut.wrong(&format!("node {id} has no latitude and longitude")))?;
                            nodes.insert(id, p);
                        }
                    }
                    "nd" => refs.extend(number("ref")),
                    "tag" => {
                        let pair = attribute(attributes, "k").zip(attribute(attributes, "v"));
                        tags.extend(pair);
                    }
                    _ => {}
                }
            }
            Token::Text(_) => {}
            Token::Close(name) => {
                if path.pop() != Some(name) {
                    return Err(cut.wrong(&format!("`{name}` is closed where it was not opened")));
                }
                match name {
                    "node" if control(&tags) => out.places.extend(at.map(|p| (p, std::mem::take(&mut tags)))),
                    "way" if wanted(&tags) => {
                        out.ways
                            .push((id, std::mem::take(&mut tags), std::mem::take(&mut refs)));
                    }
                    _ => {}
                }
            }
        }
    }
    if !osm || !path.is_empty() {
        return Err(bad(file, "the file", "it has no osm element, or is cut short"));
    }
    let need: BTreeSet<i64> = out.ways.iter().flat_map(|w| w.2.iter().copied()).collect();
    out.nodes = nodes.into_iter().filter(|n| need.contains(&n.0)).collect();
    Ok(out)
}

impl WayImport {
    /// Ways, places and waters as GeoJSON, with all their tags.
    #[must_use]
    pub fn to_geojson(&self) -> String {
        let e7 = |d: f64| (d * 1e7).round() / 1e7;
        let spot = |p: &LatLon| serde_json::json!([e7(p.lon_deg), e7(p.lat_deg)]);
        let feature = |kind: &str, coordinates: Value, properties: Value| {
            serde_json::json!({
                "type": "Feature", "geometry": { "type": kind, "coordinates": coordinates }, "properties": properties,
            })
        };
        let mut all: Vec<Value> = Vec::new();
        for w in &self.ways {
            let mut tags = serde_json::json!(w.properties);
            if w.id != 0 {
                tags["osm_way"] = serde_json::json!(w.id.to_string());
            }
            all.push(feature("LineString", w.line.iter().map(spot).collect(), tags));
        }
        for p in &self.places {
            all.push(feature("Point", spot(&p.at), serde_json::json!(p.properties)));
        }
        for w in &self.waters {
            let closed = |r: &Vec<LatLon>| -> Value { r.iter().chain(r.first()).map(spot).collect() };
            let tags = serde_json::json!({ "natural": "water", "name": w.name });
            all.push(feature("Polygon", w.rings.iter().map(closed).collect(), tags));
        }
        format!(
            "{}\n",
            serde_json::json!({ "type": "FeatureCollection", "features": all })
        )
    }
}

/// Where ways cross a border, by chainage. Edges are straight in longitude and latitude, as both files have them.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "boxes of a twentieth of a degree on the globe"
)]
pub fn way_crossings(border: &Border, ways: &[Way]) -> Vec<WayCrossing> {
    let cell = |d: f64| (d / BOX_DEG).floor() as i32;
    let cells = |a: LatLon, b: LatLon| {
        let (y0, y1) = (cell(a.lat_deg.min(b.lat_deg)), cell(a.lat_deg.max(b.lat_deg)));
        let (x0, x1) = (cell(a.lon_deg.min(b.lon_deg)), cell(a.lon_deg.max(b.lon_deg)));
        (y0..=y1).flat_map(move |y| (x0..=x1).map(move |x| (y, x)))
    };
    // An edge across the date line runs the short way, which these boxes do not know.
    let wide = |a: LatLon, b: LatLon| (a.lon_deg - b.lon_deg).abs() >= 180.0;
    let long = |a: LatLon, b: LatLon| (a.lon_deg - b.lon_deg).abs().max((a.lat_deg - b.lat_deg).abs()) > LONG_DEG;
    let mut index: BTreeMap<(i32, i32), Vec<usize>> = BTreeMap::new();
    let (mut always, mut all) = (Vec::new(), Vec::new());
    for (i, e) in border.line.windows(2).enumerate().filter(|(_, e)| !wide(e[0], e[1])) {
        all.push(i);
        if long(e[0], e[1]) {
            always.push(i);
            continue;
        }
        for c in cells(e[0], e[1]) {
            index.entry(c).or_default().push(i);
        }
    }
    let mut out: Vec<WayCrossing> = Vec::new();
    for w in ways {
        for s in w.line.windows(2).filter(|s| !wide(s[0], s[1])) {
            let mut near: BTreeSet<usize> = always.iter().copied().collect();
            if long(s[0], s[1]) {
                near.extend(&all);
            } else {
                near.extend(cells(s[0], s[1]).filter_map(|c| index.get(&c)).flatten());
            }
            for i in near {
                let Some(at) = meet(s[0], s[1], border.line[i], border.line[i + 1]) else {
                    continue;
                };
                out.push(WayCrossing {
                    chainage_m: border.chainages()[i] + vedette_geo::distance_m(border.line[i], at),
                    at,
                    kind: w.kind,
                    way: w.id,
                    name: w.name.clone(),
                });
            }
        }
    }
    out.sort_by(|a, b| a.chainage_m.total_cmp(&b.chainage_m).then(a.way.cmp(&b.way)));
    out.dedup_by(|b, a| a.way == b.way && (a.chainage_m - b.chainage_m).abs() < 0.5);
    out
}

/// Where two edges cross.
fn meet(a: LatLon, b: LatLon, c: LatLon, d: LatLon) -> Option<LatLon> {
    let (rx, ry) = (b.lon_deg - a.lon_deg, b.lat_deg - a.lat_deg);
    let (sx, sy) = (d.lon_deg - c.lon_deg, d.lat_deg - c.lat_deg);
    let cross = rx * sy - ry * sx;
    if cross.abs() < 1e-18 {
        return None;
    }
    let (qx, qy) = (c.lon_deg - a.lon_deg, c.lat_deg - a.lat_deg);
    let (t, u) = ((qx * sy - qy * sx) / cross, (qx * ry - qy * rx) / cross);
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(LatLon {
        lat_deg: a.lat_deg + t * ry,
        lon_deg: a.lon_deg + t * rx,
    })
}
