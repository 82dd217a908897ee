//! KML placemarks: polygons, lines and points with their names, data and heights (OGC 12-007r2).
//!
//! Invariant: a small reader of well-formed elements; what it does not know it steps over, depth and size are bounded, and
//! entities that would grow are not followed.

use std::collections::BTreeMap;

use vedette_geo::LatLon;

use super::{Datum, Limit, bad};
use crate::{AtlasError, Geometry};

/// Deepest nesting of elements.
const DEEPEST: usize = 64;

/// A placemark.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placemark {
    /// Name.
    pub name: String,
    /// Its shapes.
    pub geometry: Vec<Geometry>,
    /// Highest height among its corners, when it says what heights are counted from.
    pub top: Option<Limit>,
    /// Extended data by name.
    pub properties: BTreeMap<String, String>,
}

/// A piece of XML.
enum Token<'a> {
    Open(&'a str, &'a str),
    Close(&'a str),
    Text(String),
}

/// Cuts XML into pieces.
struct Cutter<'a> {
    file: &'a str,
    text: &'a str,
    at: usize,
    /// An element that closes itself is closed next.
    pending: Option<&'a str>,
}

impl<'a> Cutter<'a> {
    fn wrong(&self, why: &str) -> AtlasError {
        let line = self.text[..self.at.min(self.text.len())].matches('\n').count() + 1;
        bad(self.file, &format!("line {line}"), why)
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, AtlasError> {
        if let Some(name) = self.pending.take() {
            return Ok(Some(Token::Close(name)));
        }
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            let Some(after) = rest.strip_prefix('<') else {
                let end = rest.find('<').unwrap_or(rest.len());
                self.at += end;
                if rest[..end].trim().is_empty() {
                    continue;
                }
                return Ok(Some(Token::Text(unescape(&rest[..end]))));
            };
            if let Some(data) = after.strip_prefix("![CDATA[") {
                let end = data
                    .find("]]>")
                    .ok_or_else(|| self.wrong("a CDATA section does not end"))?;
                self.at += 9 + end + 3;
                return Ok(Some(Token::Text(data[..end].to_owned())));
            }
            let skip = [("!--", "-->"), ("?", "?>"), ("!", ">")]
                .iter()
                .find(|(open, _)| after.starts_with(open))
                .map(|(_, close)| *close);
            if let Some(close) = skip {
                let end = rest
                    .find(close)
                    .ok_or_else(|| self.wrong("a comment or declaration does not end"))?;
                self.at += end + close.len();
                continue;
            }
            let end = tag_end(after).ok_or_else(|| self.wrong("a tag does not end"))?;
            let tag = &after[..end];
            self.at += 1 + end + 1;
            if let Some(name) = tag.strip_prefix('/') {
                return Ok(Some(Token::Close(local(name.trim()))));
            }
            let (body, empty) = tag.strip_suffix('/').map_or((tag, false), |b| (b, true));
            let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            let name = local(name);
            if empty {
                self.pending = Some(name);
            }
            return Ok(Some(Token::Open(name, attributes)));
        }
    }
}

/// Where a tag ends: the first `>` outside quotes.
fn tag_end(s: &str) -> Option<usize> {
    let mut quote = None;
    for (i, b) in s.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(i),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), _) if q == b => quote = None,
            _ => {}
        }
    }
    None
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn unescape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut rest = s;
    while let Some(i) = rest.find('&') {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let Some(end) = rest.find(';').filter(|e| *e <= 10) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let name = &rest[1..end];
        let number = |t: &str, radix| u32::from_str_radix(t, radix).ok().and_then(char::from_u32);
        let c = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            n => match n.strip_prefix('#') {
                Some(h) if h.starts_with(['x', 'X']) => number(&h[1..], 16),
                Some(d) => number(d, 10),
                None => None,
            },
        };
        out.extend(c);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let at = attributes.find(&format!("{name}="))? + name.len() + 1;
    let quote = attributes[at..].chars().next().filter(|q| matches!(q, '"' | '\''))?;
    let value = &attributes[at + 1..];
    Some(unescape(&value[..value.find(quote)?]))
}

/// Placemarks of a KML document, in order.
///
/// # Errors
/// [`AtlasError::Zones`] with the line, for broken XML and for coordinates that are none.
pub fn read_kml(file: &str, text: &str) -> Result<Vec<Placemark>, AtlasError> {
    let mut cut = Cutter {
        file,
        text,
        at: 0,
        pending: None,
    };
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
