//! GeoJSON (RFC 7946) lines, polygons and points, from bytes.
//!
//! Invariant: every position is checked; anything else is an error that names feature and
//! position. Unknown members are ignored, as the RFC asks.

use std::collections::BTreeMap;

use serde_json::Value;
use vedette_geo::LatLon;

use crate::AtlasError;

/// Deepest nesting of geometry collections followed.
const DEEPEST: usize = 8;
/// Most objects, lists and elements of a JSON file: 400 000 positions. Each takes some 60 bytes once read, and a file may be read
/// twice at a time, so that no file of any making takes 200 MiB.
const MOST_VALUES: usize = 1_200_000;
/// Most bytes of texts that are kept again for every part of a shape.
const MOST_REPEATED: usize = 32 << 20;
/// What a text takes besides its letters, bytes.
const TEXT_TAKES: usize = 96;

/// Texts that are kept once for every part of a shape: a file that has few words and many parts may not multiply them past what a
/// machine holds.
#[derive(Debug, Default)]
pub(crate) struct Repeats(usize);

impl Repeats {
    /// Bytes that a name and its properties take.
    pub(crate) fn weight(name: &str, properties: &BTreeMap<String, String>) -> usize {
        let texts: usize = properties.iter().map(|(k, v)| k.len() + v.len() + 2 * TEXT_TAKES).sum();
        name.len() + texts
    }

    /// Counts `weight` bytes once more.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub(crate) fn once_more(&mut self, weight: usize) -> Result<(), String> {
        self.0 = self.0.saturating_add(weight);
        if self.0 <= MOST_REPEATED {
            return Ok(());
        }
        Err(format!(
            "its texts, kept for every part, take more than {} MiB: shorten the descriptions or cut it to the area of operation",
            MOST_REPEATED >> 20
        ))
    }
}

/// The shapes of a feature that this crate uses.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// One place.
    Point(LatLon),
    /// An open line.
    Line(Vec<LatLon>),
    /// Rings of one polygon: outer first, then holes; first and last point are equal.
    Polygon(Vec<Vec<LatLon>>),
}

/// One shape with the properties of its feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// The shape; multi-geometries and collections become several features.
    pub geometry: Geometry,
    /// Properties that are text, numbers or yes/no, as text.
    pub properties: BTreeMap<String, String>,
}

/// A JSON text that would unfold into more than the machine should hold is refused before it is read.
///
/// # Errors
/// What is wrong and what to do.
pub(crate) fn check_values(text: &[u8]) -> Result<(), String> {
    let n = text.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count();
    if n <= MOST_VALUES {
        return Ok(());
    }
    Err(format!(
        "it holds about {n} values, more than {MOST_VALUES}: cut it to the area of operation or simplify its outlines"
    ))
}

/// Reads a FeatureCollection, a Feature or a bare geometry.
///
/// # Errors
/// [`AtlasError::Json`] or [`AtlasError::Position`] when the bytes are not that.
pub fn read_geojson(bytes: &[u8]) -> Result<Vec<Feature>, AtlasError> {
    check_values(bytes).map_err(|why| json(&why))?;
    let v: Value = serde_json::from_slice(bytes).map_err(|e| json(&e.to_string()))?;
    check_crs(&v).map_err(|why| json(&why))?;
    let mut out = Shapes::default();
    match v.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => {
            let list = v
                .get("features")
                .and_then(Value::as_array)
                .ok_or_else(|| json("a FeatureCollection without a list of features"))?;
            for (i, f) in list.iter().enumerate() {
                feature(f, i, &mut out)?;
            }
        }
        Some("Feature") => feature(&v, 0, &mut out)?,
        Some(_) => geometry(&v, 0, 0, &BTreeMap::new(), &mut out)?,
        None => return Err(json("the outermost object has no type")),
    }
    Ok(out.features)
}

/// Shapes read so far.
#[derive(Default)]
struct Shapes {
    features: Vec<Feature>,
    repeats: Repeats,
}

/// Whether a file's coordinates are longitude and latitude of WGS 84. RFC 7946 knows no other; the `crs` member of the older GeoJSON
/// (2008) names the system, and older programs still write it.
///
/// # Errors
/// What is wrong and what to do.
pub(crate) fn check_crs(v: &Value) -> Result<(), String> {
    let name = match v.get("crs") {
        None | Some(Value::Null) => return Ok(()),
        Some(c) => c["properties"]["name"].as_str().unwrap_or("a link").trim(),
    };
    let end = name.rsplit(':').next().unwrap_or("");
    // ETRS89 and NAD83 lie within two metres of WGS 84.
    if ["CRS84", "CRS84h", "4326", "4979", "4258", "4269"].contains(&end) {
        return Ok(());
    }
    Err(format!(
        "its coordinates are of the reference system `{name}`, not longitude and latitude of WGS 84: reproject it to EPSG:4326"
    ))
}

fn json(why: &str) -> AtlasError {
    AtlasError::Json { why: why.to_owned() }
}

fn feature(f: &Value, number: usize, out: &mut Shapes) -> Result<(), AtlasError> {
    let mut properties = BTreeMap::new();
    if let Some(map) = f.get("properties").and_then(Value::as_object) {
        for (k, v) in map {
            let text = match v {
                Value::String(s) => s.clone(),
                Value::Number(n) => n.to_string(),
                Value::Bool(b) => b.to_string(),
                _ => continue,
            };
            properties.insert(k.clone(), text);
        }
    }
    match f.get("geometry") {
        Some(Value::Null) => Ok(()),
        Some(g) => geometry(g, number, 0, &properties, out),
        None => Err(json(&format!("feature {number} has no geometry"))),
    }
}

fn geometry(
    g: &Value,
    number: usize,
    depth: usize,
    properties: &BTreeMap<String, String>,
    out: &mut Shapes,
) -> Result<(), AtlasError> {
    let kind = g.get("type").and_then(Value::as_str).unwrap_or("");
    if kind == "GeometryCollection" {
        let parts = g
            .get("geometries")
            .and_then(Value::as_array)
            .ok_or_else(|| json(&format!("collection in feature {number} has no geometries")))?;
        if depth >= DEEPEST {
            return Err(json(&format!(
                "feature {number} nests collections deeper than {DEEPEST}"
            )));
        }
        for p in parts {
            geometry(p, number, depth + 1, properties, out)?;
        }
        return Ok(());
    }
    let c = g
        .get("coordinates")
        .ok_or_else(|| json(&format!("geometry of feature {number} has no coordinates")))?;
    let weight = Repeats::weight("", properties);
    let mut add = |geometry| {
        out.repeats
            .once_more(weight)
            .map_err(|why| json(&format!("feature {number}: {why}")))?;
        out.features.push(Feature {
            geometry,
            properties: properties.clone(),
        });
        Ok::<(), AtlasError>(())
    };
    match kind {
        "Point" => add(Geometry::Point(position(c, number, 0)?))?,
        "LineString" => add(Geometry::Line(line(c, number)?))?,
        "MultiLineString" => {
            for l in list(c, number)? {
                add(Geometry::Line(line(l, number)?))?;
            }
        }
        "Polygon" => add(Geometry::Polygon(rings(c, number)?))?,
        "MultiPolygon" => {
            for p in list(c, number)? {
                add(Geometry::Polygon(rings(p, number)?))?;
            }
        }
        "MultiPoint" => {
            for (i, p) in list(c, number)?.iter().enumerate() {
                add(Geometry::Point(position(p, number, i)?))?;
            }
        }
        other => {
            return Err(json(&format!("feature {number} has an unknown geometry `{other}`")));
        }
    }
    Ok(())
}

fn list(v: &Value, number: usize) -> Result<&Vec<Value>, AtlasError> {
    v.as_array()
        .ok_or_else(|| json(&format!("coordinates of feature {number} are not a list")))
}

fn line(v: &Value, number: usize) -> Result<Vec<LatLon>, AtlasError> {
    list(v, number)?
        .iter()
        .enumerate()
        .map(|(i, p)| position(p, number, i))
        .collect()
}

fn rings(v: &Value, number: usize) -> Result<Vec<Vec<LatLon>>, AtlasError> {
    let mut out = Vec::new();
    for r in list(v, number)? {
        let ring = line(r, number)?;
        if ring.len() < 4 || ring.first() != ring.last() {
            return Err(json(&format!(
                "a ring of feature {number} has {} positions or does not close; it needs four or more and the first again at the end",
                ring.len()
            )));
        }
        out.push(ring);
    }
    Ok(out)
}

fn position(v: &Value, feature: usize, index: usize) -> Result<LatLon, AtlasError> {
    let refuse = |why: String| AtlasError::Position { feature, index, why };
    let pair = v.as_array().filter(|a| a.len() >= 2);
    let (lon, lat) = pair
        .and_then(|a| Some((a[0].as_f64()?, a[1].as_f64()?)))
        .ok_or_else(|| refuse("it is not a list of two or more numbers".to_owned()))?;
    if lat.abs() > 360.0 || lon.abs() > 360.0 {
        return Err(refuse(format!(
            "({lon}, {lat}) is not in degrees: reproject the file to EPSG:4326"
        )));
    }
    LatLon::new(lat, lon).map_err(|e| refuse(format!("{e}; positions are [longitude, latitude]")))
}
