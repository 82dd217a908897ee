//! KML placemarks: polygons, lines and points with their names, data and heights (OGC 12-007r2).
//!
//! Invariant: a small reader of well-formed elements; what it does not know it steps over, depth and size are bounded, and
//! entities that would grow are not followed.

use std::collections::BTreeMap;

use vedette_geo::LatLon;

use super::{Datum, Limit, bad};
use crate::xml::{Cutter, DEEPEST, Token, attribute};
use crate::{AtlasError, Geometry};

/// Most placemarks of a document.
const MOST_MARKS: usize = 100_000;

/// A placemark.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placemark {
    /// Name.
    pub name: String,
    /// Its shapes.
    pub geometry: Vec<Geometry>,
    /// Highest height among its corners, when it says what heights are counted from.
    pub top: Option<Limit>,
    /// From when and until when it holds (`TimeSpan`), as the file has it.
    pub times: [Option<String>; 2],
    /// Extended data by name.
    pub properties: BTreeMap<String, String>,
}

/// Placemarks of a KML document, in order.
///
/// # Errors
/// [`AtlasError::Zones`] with the line, for broken XML and for coordinates that are none.
pub fn read_kml(file: &str, text: &str) -> Result<Vec<Placemark>, AtlasError> {
    let mut cut = Cutter::new(file, text);
    let mut path: Vec<&str> = Vec::new();
    let mut out: Vec<Placemark> = Vec::new();
    let mut mark: Option<Placemark> = None;
    let (mut rings, mut data_name, mut relative, mut tops) = (Vec::new(), String::new(), None, Vec::new());
    let mut buffer = String::new();
    let mut kml = false;
    while let Some(token) = cut.next()? {
        match token {
            Token::Open(name, attributes) => {
                if path.len() >= DEEPEST {
                    return Err(cut.wrong("elements are nested deeper than 64"));
                }
                kml |= name == "kml";
                path.push(name);
                buffer.clear();
                match name {
                    "Placemark" => {
                        if out.len() >= MOST_MARKS {
                            return Err(
                                cut.wrong("it has more than 100000 placemarks: cut it to the area of operation")
                            );
                        }
                        mark = Some(Placemark::default());
                        (relative, tops) = (None, Vec::new());
                    }
                    "Polygon" => rings = Vec::new(),
                    "Data" | "SimpleData" => data_name = attribute(attributes, "name").unwrap_or_default(),
                    _ => {}
                }
            }
            Token::Text(t) => buffer.push_str(&t),
            Token::Close(name) => {
                if path.pop() != Some(name) {
                    return Err(cut.wrong(&format!("`{name}` is closed where it was not opened")));
                }
                let parent = path.last().copied().unwrap_or("");
                if let Some(m) = &mut mark {
                    match name {
                        "name" if parent == "Placemark" => m.name = buffer.trim().to_owned(),
                        "value" if parent == "Data" => {
                            m.properties.insert(data_name.clone(), buffer.trim().to_owned());
                        }
                        "SimpleData" => {
                            m.properties.insert(data_name.clone(), buffer.trim().to_owned());
                        }
                        "description" => {
                            m.properties.insert("description".into(), buffer.trim().to_owned());
                        }
                        "begin" if parent == "TimeSpan" => m.times[0] = said(&buffer),
                        "end" if parent == "TimeSpan" => m.times[1] = said(&buffer),
                        "altitudeMode" => {
                            relative = match buffer.trim() {
                                "absolute" => Some(Datum::Sea),
                                "relativeToGround" => Some(Datum::Ground),
                                _ => None,
                            }
                        }
                        "coordinates" => {
                            let (line, top) = coordinates(&buffer).map_err(|e| cut.wrong(&e))?;
                            tops.push(top);
                            match parent {
                                "LinearRing" => {
                                    // The outer ring first, whatever the order in the file.
                                    if path.contains(&"outerBoundaryIs") {
                                        rings.insert(0, line);
                                    } else {
                                        rings.push(line);
                                    }
                                }
                                "Point" => m.geometry.extend(line.first().copied().map(Geometry::Point)),
                                _ => m.geometry.push(Geometry::Line(line)),
                            }
                        }
                        "Polygon" => m.geometry.push(Geometry::Polygon(std::mem::take(&mut rings))),
                        "Placemark" => {
                            let top = tops.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                            m.top = relative
                                .filter(|_| top.is_finite())
                                .map(|datum| Limit { metres: top, datum });
                            out.extend(mark.take());
                        }
                        _ => {}
                    }
                }
                buffer.clear();
            }
        }
    }
    if !path.is_empty() {
        return Err(cut.wrong(&format!(
            "`{}` is never closed: the file is cut short",
            path[path.len() - 1]
        )));
    }
    if !kml {
        return Err(bad(file, "the file", "it has no kml element"));
    }
    Ok(out)
}

fn said(s: &str) -> Option<String> {
    Some(s.trim().to_owned()).filter(|t| !t.is_empty())
}

/// `lon,lat[,height]` separated by space; and the highest height.
fn coordinates(s: &str) -> Result<(Vec<LatLon>, f64), String> {
    let mut out = Vec::new();
    let mut top = f64::NEG_INFINITY;
    for t in s.split_whitespace() {
        let mut n = t.split(',').map(|v| v.trim().parse::<f64>());
        let (Some(Ok(lon)), Some(Ok(lat))) = (n.next(), n.next()) else {
            return Err(format!("`{t}` is not longitude and latitude"));
        };
        out.push(LatLon::new(lat, lon).map_err(|e| format!("`{t}`: {e}"))?);
        if let Some(Ok(h)) = n.next() {
            top = top.max(h);
        }
    }
    Ok((out, top))
}
