//! Heights and times of zones in the attributes of formats that have no place of their own for them: GeoJSON properties, KML
//! extended data, columns of a Shapefile's table.
//!
//! Invariant: a height whose unit or datum is not said narrows nothing: the zone then holds at all heights on that side, with a note.

use std::collections::BTreeMap;

use super::{Datum, FOOT_M, ImportedZone, Limit, Period, openair};

/// Names of the lower and of the upper limit, in small letters without `_` and `-`.
const LOWER: [&str; 6] = ["lower", "lowerlimit", "floor", "flooramslm", "flooraglm", "lowerm"];
const UPPER: [&str; 6] = [
    "upper",
    "upperlimit",
    "ceiling",
    "ceilingamslm",
    "ceilingaglm",
    "upperm",
];
/// Names of begin and end.
const FROM: [&str; 5] = ["from", "start", "begin", "validfrom", "startdatetime"];
const UNTIL: [&str; 5] = ["until", "end", "validuntil", "validto", "enddatetime"];

/// An attribute's name as programs vary it: `Lower_Limit`, `lowerLimit`, `LOWER-LIMIT`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Fills limits and times from the zone's own attributes, which are kept as they are.
pub(super) fn heights_and_times(z: &mut ImportedZone, notes: &mut Vec<String>) {
    let by: BTreeMap<String, &str> = z
        .properties
        .iter()
        .map(|(k, v)| (plain(k), v.trim()))
        .filter(|(_, v)| !v.is_empty())
        .collect();
    let find = |names: &[&'static str]| names.iter().find_map(|n| by.get(*n).map(|v| (*n, *v)));
    for (names, word, lower) in [(LOWER, "lower", true), (UPPER, "upper", false)] {
        let Some((key, value)) = find(&names) else { continue };
        let reference = by
            .get(format!("{word}reference").as_str())
            .or(by.get(format!("{word}datum").as_str()));
        let unit = by
            .get("uom")
            .or(by.get("unit"))
            .or(by.get(format!("{word}unit").as_str()));
        match limit(key, value, reference.copied(), unit.copied()) {
            Some(l) if lower => z.lower = l,
            Some(l) => z.upper = l,
            None => notes.push(format!(
                "`{}` has the {word} limit `{value}`, whose unit or datum is not said: it holds at all heights on that side.",
                z.name
            )),
        }
    }
    let time = |names: &[&'static str]| find(names).map(|(_, v)| v).filter(|v| date(v)).map(str::to_owned);
    let (from, until) = (time(&FROM), time(&UNTIL));
    if from.is_some() || until.is_some() {
        z.schedule = vec![Period {
            from,
            until,
            days: vec![],
            daily: None,
        }];
    }
}

/// A limit; the inner `None` is no limit, the outer not understood.
fn limit(key: &str, value: &str, reference: Option<&str>, unit: Option<&str>) -> Option<Option<Limit>> {
    let Ok(number) = value.parse::<f64>() else {
        // `GND`, `FL 100`, `2500 ft AMSL`, `120 m AGL`; OpenAir's grammar takes a bare number as feet, which was caught above.
        return openair::limit(value);
    };
    if !number.is_finite() {
        return None;
    }
    let metres = match unit.map(str::to_ascii_lowercase).as_deref() {
        Some("m" | "metre" | "metres" | "meter" | "meters") => number,
        Some("ft" | "feet" | "foot") => number * FOOT_M,
        None if key.ends_with('m') => number,
        _ => return None,
    };
    let datum = match reference.map(str::to_ascii_uppercase).as_deref() {
        Some("AGL" | "SFC" | "GND") => Datum::Ground,
        Some("AMSL" | "MSL" | "ALT") => Datum::Sea,
        Some("WGS84" | "W84") => Datum::Ellipsoid,
        Some("STD" | "FL") => Datum::Standard,
        None if key.contains("agl") => Datum::Ground,
        None if key.contains("amsl") => Datum::Sea,
        _ => return None,
    };
    Some(Some(Limit { metres, datum }))
}

/// Whether a text begins as an RFC 3339 date does.
fn date(s: &str) -> bool {
    let b = s.as_bytes();
    b.len() >= 10
        && b[..10].iter().enumerate().all(|(i, c)| {
            if i == 4 || i == 7 {
                *c == b'-'
            } else {
                c.is_ascii_digit()
            }
        })
}
