//! OpenAir airspace (Winpilot's text format with the version 2 commands AY, AF, AG, AX, AA).
//!
//! Invariant: a class or limit that is not understood leaves the zone forbidden at all heights, with a note; an airspace whose
//! corners cannot be read is an error, because leaving it out would open it.

use std::collections::BTreeMap;

use vedette_geo::{LatLon, azimuth_deg, destination, distance_m};

use super::{Datum, FOOT_M, ImportedZone, Limit, MILE_M, Period, ZoneImport, arc, bad, ring};
use crate::{AtlasError, Shape, ZoneKind};

/// One airspace while it is read.
#[derive(Default)]
struct Open {
    line: usize,
    class: String,
    name: String,
    lower: Option<Option<Limit>>,
    upper: Option<Option<Limit>>,
    corners: Vec<LatLon>,
    disc: Option<(LatLon, f64)>,
    way: Vec<LatLon>,
    width_m: f64,
    schedule: Vec<Period>,
    /// One of its times cannot be understood or has no end either way.
    always: bool,
    properties: BTreeMap<String, String>,
}

pub(super) fn read(file: &str, text: &str) -> Result<ZoneImport, AtlasError> {
    let mut out = ZoneImport {
        format: "OpenAir".into(),
        ..ZoneImport::default()
    };
    let mut open: Option<Open> = None;
    let mut centre: Option<LatLon> = None;
    let mut clockwise = true;
    let mut known = 0;
    for (i, raw) in text.lines().enumerate() {
        let line = raw.split('*').next().unwrap_or("").trim();
        let (key, value) = match line.split_once(char::is_whitespace) {
            Some((k, v)) => (k.to_ascii_uppercase(), v.trim()),
            None => (line.to_ascii_uppercase(), ""),
        };
        let at = format!("line {}", i + 1);
        let wrong = |why: String| bad(file, &at, why);
        let place = |t: &str| position(t).ok_or_else(|| wrong(format!("`{t}` is not a latitude and longitude")));
        if key == "AC" {
            if let Some(o) = open.take() {
                close(file, o, &mut out)?;
            }
            (centre, clockwise) = (None, true);
            open = Some(Open {
                line: i + 1,
                class: value.to_ascii_uppercase(),
                ..Open::default()
            });
            known += 1;
            continue;
        }
        let Some(o) = open.as_mut() else {
            if matches!(key.as_str(), "AN" | "AH" | "AL" | "DP" | "DC" | "DA" | "DB") {
                return Err(wrong(format!(
                    "{key} stands before any AC: to which airspace does it belong?"
                )));
            }
            continue;
        };
        let middle = || centre.ok_or_else(|| wrong("an arc or circle has no centre (V X=) before it".into()));
        match key.as_str() {
            "" => {}
            "AN" => value.clone_into(&mut o.name),
            "AL" | "AH" => {
                let limit = limit(value).ok_or_else(|| wrong(format!("`{value}` is not a height")))?;
                if key == "AL" {
                    o.lower = Some(limit);
                } else {
                    o.upper = Some(limit);
                }
            }
            "AY" | "AF" | "AG" | "AX" => {
                o.properties.insert(key, value.to_owned());
            }
            "AA" => {
                if let Some((a, b)) = value.split_once('/') {
                    let known = |s: &str| (!s.trim().eq_ignore_ascii_case("NONE")).then(|| s.trim().to_owned());
                    let (from, until) = (known(a), known(b));
                    o.always |= from.is_none() && until.is_none();
                    o.schedule.push(Period {
                        from,
                        until,
                        days: vec![],
                        daily: None,
                    });
                } else if !value.eq_ignore_ascii_case("NONE") {
                    out.notes.push(format!(
                        "line {}: times `{value}` are not understood: `{}` holds always.",
                        i + 1,
                        o.name
                    ));
                    o.always = true;
                }
            }
            "V" => {
                let (k, v) = value
                    .split_once('=')
                    .ok_or_else(|| wrong(format!("`{value}` is not NAME=VALUE")))?;
                match k.trim().to_ascii_uppercase().as_str() {
                    "X" => centre = Some(place(v)?),
                    "D" => clockwise = v.trim() != "-",
                    "W" => o.width_m = number(v).ok_or_else(|| wrong(format!("`{v}` is not a width")))? * MILE_M,
                    _ => {}
                }
            }
            "DP" => o.corners.push(place(value)?),
            "DY" => o.way.push(place(value)?),
            "DC" => {
                let r = number(value).filter(|r| *r > 0.0 && *r < 2000.0);
                let r = r.ok_or_else(|| wrong(format!("`{value}` is not a radius in nautical miles")))?;
                o.disc = Some((middle()?, r * MILE_M));
            }
            "DA" => {
                let v: Vec<f64> = value.split(',').filter_map(number).collect();
                let [r, a, b] = v[..] else {
                    return Err(wrong(format!("`{value}` is not radius, start and end of an arc")));
                };
                if !(r > 0.0 && r < 2000.0) {
                    return Err(wrong(format!("an arc has a radius of {r} nautical miles")));
                }
                o.corners.extend(arc(middle()?, r * MILE_M, a, b, clockwise));
            }
            "DB" => {
                let c = middle()?;
                let (a, b) = value
                    .split_once(',')
                    .ok_or_else(|| wrong("an arc needs two places".into()))?;
                let (a, b) = (place(a)?, place(b)?);
                let r = distance_m(c, a);
                o.corners.push(a);
                let mut way = arc(c, r, azimuth_deg(c, a), azimuth_deg(c, b), clockwise);
                way.pop();
                o.corners.extend(way);
                o.corners.push(b);
            }
            // Drawing hints and labels of map programs.
            "SP" | "SB" | "AT" | "TO" | "TC" | "AI" => {}
            _ => out.notes.push(format!(
                "line {}: `{key}` is not a command of OpenAir: left out.",
                i + 1
            )),
        }
    }
    if let Some(o) = open.take() {
        close(file, o, &mut out)?;
    }
    if known == 0 {
        return Err(bad(
            file,
            "the file",
            "it holds no airspace (no line begins with AC): not an OpenAir file",
        ));
    }
    Ok(out)
}

fn close(file: &str, o: Open, out: &mut ZoneImport) -> Result<(), AtlasError> {
    let name = if o.name.is_empty() {
        format!("airspace at line {}", o.line)
    } else {
        o.name.clone()
    };
    let shape = match (o.disc, o.corners.is_empty(), o.way.len()) {
        (Some((centre, radius_m)), true, _) => Shape::Disc { centre, radius_m },
        (None, true, n) if n >= 2 && o.width_m > 0.0 => Shape::Polygon(airway(&o.way, 0.5 * o.width_m)),
        _ => {
            let at = format!("line {}", o.line);
            let corners = ring(o.corners).ok_or_else(|| bad(file, &at, format!("`{name}` encloses nothing")))?;
            Shape::Polygon(corners)
        }
    };
    let kind = match o.class.as_str() {
        "E" | "F" | "G" | "W" | "GP" | "RMZ" | "TMZ" | "GSEC" | "OTHER" | "UNC" => ZoneKind::Advisory,
        "R" | "P" | "Q" | "CTR" | "A" | "B" | "C" | "D" => ZoneKind::NoFly,
        other => {
            out.notes.push(format!(
                "`{name}` is of class `{other}`, which is not known: taken as forbidden."
            ));
            ZoneKind::NoFly
        }
    };
    let mut properties = o.properties;
    properties.insert("AC".into(), o.class.clone());
    for (limit, what) in [(&o.lower, "lower"), (&o.upper, "upper")] {
        if limit.is_none() {
            out.notes.push(format!(
                "`{name}` has no {what} limit: it holds at all heights on that side."
            ));
        }
    }
    out.zones.push(ImportedZone {
        name,
        kind,
        restriction: o.class,
        shape,
        lower: o.lower.flatten(),
        upper: o.upper.flatten(),
        schedule: if o.always { Vec::new() } else { o.schedule },
        properties,
    });
    Ok(())
}

/// Both sides of a way, as a ring.
fn airway(way: &[LatLon], half_m: f64) -> Vec<LatLon> {
    let side = |s: f64| {
        way.iter().enumerate().map(move |(i, p)| {
            let course = if i + 1 < way.len() {
                azimuth_deg(*p, way[i + 1])
            } else {
                azimuth_deg(way[i - 1], *p)
            };
            destination(*p, course + s * 90.0, half_m)
        })
    };
    let mut out: Vec<LatLon> = side(-1.0).collect();
    out.extend(side(1.0).collect::<Vec<_>>().into_iter().rev());
    out
}

fn number(s: &str) -> Option<f64> {
    s.trim().parse::<f64>().ok().filter(|v| v.is_finite())
}

/// `54:25:00 N 010:40:00 E`, `54:25.5N 010:40.2E`, `54.5 N 10.2 E`.
fn position(s: &str) -> Option<LatLon> {
    let s = s.to_ascii_uppercase();
    let cut = s.find(['N', 'S'])?;
    let (lat, rest) = s.split_at(cut);
    let (north, lon) = rest.split_at(1);
    let lon = lon.trim().trim_start_matches(',').trim();
    let (lon, east) = lon.split_at(lon.find(['E', 'W'])?);
    let angle = |t: &str| {
        let mut v = 0.0;
        let mut unit = 1.0;
        for (k, part) in t.trim().split(':').enumerate() {
            let n = number(part).filter(|n| *n >= 0.0 && (k == 0 || *n <= 60.0) && k < 3)?;
            v += n * unit;
            unit /= 60.0;
        }
        Some(v)
    };
    let (lat, lon) = (angle(lat)?, angle(lon)?);
    let lat = if north == "S" { -lat } else { lat };
    let lon = if east.starts_with('W') { -lon } else { lon };
    LatLon::new(lat, lon).ok()
}

/// `GND`, `SFC`, `UNLIM`, `FL 95`, `2500ft AMSL`, `300 M AGL`; inner `None` is no limit.
pub(super) fn limit(s: &str) -> Option<Option<Limit>> {
    let t = s.trim().to_ascii_uppercase();
    if t.is_empty() {
        return None;
    }
    if t.starts_with("UNL") {
        return Some(None);
    }
    if ["GND", "SFC", "0 AGL"].contains(&t.as_str()) {
        let metres = 0.0;
        return Some(Some(Limit {
            metres,
            datum: Datum::Ground,
        }));
    }
    if let Some(level) = t.strip_prefix("FL") {
        let metres = number(level)? * 100.0 * FOOT_M;
        return Some(Some(Limit {
            metres,
            datum: Datum::Standard,
        }));
    }
    let digits = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
    let (n, rest) = t.split_at(digits);
    let value = number(n)?;
    let rest = rest.trim();
    let (unit, datum) = if let Some(r) = rest.strip_prefix("FT") {
        (FOOT_M, r)
    } else if let Some(r) = rest.strip_prefix('F') {
        (FOOT_M, r)
    } else if let Some(r) = rest.strip_prefix("MSL") {
        let _: &str = r;
        (FOOT_M, "MSL")
    } else if let Some(r) = rest.strip_prefix('M') {
        (1.0, r)
    } else {
        (FOOT_M, rest)
    };
    let datum = match datum.trim() {
        "" | "MSL" | "AMSL" | "ALT" => Datum::Sea,
        "AGL" | "AAGL" | "ASFC" | "SFC" | "GND" => Datum::Ground,
        "STD" => Datum::Standard,
        _ => return None,
    };
    let metres = value * unit;
    Some(Some(Limit { metres, datum }))
}
