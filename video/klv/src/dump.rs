//! KLV as JSON lines and as a summary of what is wrong: `vedette klv dump` and `vedette klv check`.
//! Invariant: a file of any content gives an answer; transport streams and bare KLV files are told apart by their
//! bytes.

use crate::set::{self, ItemKey, KlvIssue, KlvSet, Value};
use crate::ts::{PACKET, SYNC, StreamInfo, TsEvent, TsReader};
use serde::Serialize;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// Where a set was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    pid: Option<u16>,
    pts90k: Option<u64>,
    offset: u64,
    damaged: bool,
}

/// One JSON object per set, in order. `bytes` is a transport stream or bare KLV packets.
pub fn dump_bytes(bytes: &[u8]) -> impl Iterator<Item = serde_json::Value> + '_ {
    let mut index = 0_u64;
    payloads(bytes).flat_map(move |(place, payload)| {
        set::parse_all(&payload)
            .into_iter()
            .map(|(set, issues)| {
                let line = to_json(index, place, &set, &issues);
                index += 1;
                line
            })
            .collect::<Vec<_>>()
    })
}

/// What is wrong with a file, counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Check {
    /// True for a transport stream.
    pub transport_stream: bool,
    /// Streams of the program map.
    pub streams: Vec<StreamInfo>,
    /// KLV sets read.
    pub sets: u64,
    /// Sets whose checksum is right, or whose dialect has none.
    pub verified: u64,
    /// Sets by dialect.
    pub dialects: BTreeMap<String, u64>,
    /// Issues of sets: text and how often.
    pub issues: BTreeMap<String, u64>,
    /// Losses and damage of the transport: text and how often.
    pub transport: BTreeMap<String, u64>,
    /// Items of the ST 0902 minimum set that some ST 0601 set lacks, by name.
    pub missing_minimum: Vec<String>,
    /// Longest time between two clock values, milliseconds (ST 1402: at most 100).
    pub longest_clock_gap_ms: Option<f64>,
    /// Video access units.
    pub video_units: u64,
    /// Video access units with an ST 0604 time stamp.
    pub video_units_with_time: u64,
    /// Where ST 0601 time goes back.
    pub time_steps_back: u64,
}

impl Check {
    /// True when there is at least one set and nothing to complain of in sets and transport.
    pub fn clean(&self) -> bool {
        self.sets > 0
            && self.verified == self.sets
            && self.issues.is_empty()
            && self.transport.is_empty()
            && self.missing_minimum.is_empty()
            && self.time_steps_back == 0
    }
}

/// Items of ST 0902.3's minimum set: name and the tags of which one must be there.
const MINIMUM: &[(&str, &[u32])] = &[
    ("checksum", &[1]),
    ("precision time stamp", &[2]),
    ("mission id", &[3]),
    ("platform heading", &[5]),
    ("platform pitch", &[6, 90]),
    ("platform roll", &[7, 91]),
    ("platform designation", &[10]),
    ("image source sensor", &[11]),
    ("image coordinate system", &[12]),
    ("sensor latitude", &[13]),
    ("sensor longitude", &[14]),
    ("sensor altitude", &[15, 75, 104]),
    ("horizontal field of view", &[16]),
    ("vertical field of view", &[17]),
    ("sensor relative azimuth", &[18]),
    ("sensor relative elevation", &[19]),
    ("sensor relative roll", &[20]),
    ("slant range", &[21]),
    ("target width", &[22, 96]),
    ("frame centre latitude", &[23]),
    ("frame centre longitude", &[24]),
    ("frame centre elevation", &[25, 78]),
    ("security local set", &[48]),
    ("version", &[65]),
    ("MIIS core identifier", &[94]),
];

/// Reads a whole file and counts what is wrong with it.
pub fn check_bytes(bytes: &[u8]) -> Check {
    let mut check = Check {
        transport_stream: is_transport_stream(bytes),
        ..Check::default()
    };
    let mut missing: Vec<bool> = vec![false; MINIMUM.len()];
    if check.transport_stream {
        transport_check(bytes, &mut check);
    }
    let mut last_time: BTreeMap<Option<u16>, u64> = BTreeMap::new();
    for (place, payload) in payloads(bytes) {
        for (set, issues) in set::parse_all(&payload) {
            check.sets += 1;
            check.verified += u64::from(set.verified());
            let name = format!("{:?}", set.dialect).to_lowercase();
            *check.dialects.entry(name).or_default() += 1;
            for issue in &issues {
                *check.issues.entry(issue.to_string()).or_default() += 1;
            }
            if set.dialect == set::Dialect::St0601 {
                for (slot, (_, tags)) in missing.iter_mut().zip(MINIMUM) {
                    *slot |= !tags.iter().any(|t| set.tag(*t).is_some());
                }
                if let Some(t) = set.uint(2) {
                    let before = last_time.insert(place.pid, t);
                    check.time_steps_back += u64::from(before.is_some_and(|b| t < b));
                }
            }
        }
    }
    check.missing_minimum = missing
        .iter()
        .zip(MINIMUM)
        .filter(|(m, _)| **m)
        .map(|(_, (name, _))| (*name).to_owned())
        .collect();
    check
}

fn transport_check(bytes: &[u8], check: &mut Check) {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    check.streams = reader.streams();
    let mut clock: BTreeMap<u16, u64> = BTreeMap::new();
    let mut count = |text: String| *check.transport.entry(text).or_default() += 1;
    for event in events {
        match event {
            TsEvent::Discontinuity { pid, .. } => count(format!("packets lost on PID {pid}")),
            TsEvent::TransportError { pid, .. } => {
                count(format!("packet marked damaged on PID {pid}"));
            }
            TsEvent::SyncLost { .. } => {
                count("bytes that are no transport packets".to_owned());
            }
            TsEvent::BadSection { pid, .. } => count(format!("table with a bad CRC on PID {pid}")),
            TsEvent::Pcr { pid, pcr27m, .. } => {
                if let Some(before) = clock.insert(pid, pcr27m)
                    && pcr27m > before
                {
                    let gap = (pcr27m - before) as f64 / 27_000.0;
                    if check.longest_clock_gap_ms.is_none_or(|g| gap > g) {
                        check.longest_clock_gap_ms = Some(gap);
                    }
                }
            }
            TsEvent::VideoUnit { codec, bytes, .. } => {
                check.video_units += 1;
                if crate::sei::read_misp_time(codec, &bytes).is_some() {
                    check.video_units_with_time += 1;
                }
            }
            TsEvent::Pat { .. }
            | TsEvent::ProgramChanged { .. }
            | TsEvent::RandomAccess { .. }
            | TsEvent::Klv { .. } => {}
        }
    }
}

/// True when the bytes look like transport packets.
pub fn is_transport_stream(bytes: &[u8]) -> bool {
    let votes = (0..5).filter(|i| bytes.get(i * PACKET) == Some(&SYNC)).count();
    votes >= 4.min(bytes.len() / PACKET).max(1)
}

fn payloads(bytes: &[u8]) -> Box<dyn Iterator<Item = (Place, Vec<u8>)> + '_> {
    if !is_transport_stream(bytes) {
        return Box::new(std::iter::once((Place::default(), bytes.to_vec())));
    }
    let mut reader = TsReader::new();
    let mut chunks = bytes.chunks(64 * PACKET);
    let mut done = false;
    let next = move || {
        if let Some(chunk) = chunks.next() {
            return Some(reader.push(chunk));
        }
        if done {
            return None;
        }
        done = true;
        Some(reader.finish())
    };
    Box::new(std::iter::from_fn(next).flatten().filter_map(|event| match event {
        TsEvent::Klv {
            pid,
            pts90k,
            damaged,
            offset,
            bytes,
            ..
        } => Some((
            Place {
                pid: Some(pid),
                pts90k,
                offset,
                damaged,
            },
            bytes,
        )),
        _ => None,
    }))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut s, b| {
        // Writing to a String cannot fail.
        if write!(s, "{b:02x}").is_err() {
            s.clear();
        }
        s
    })
}

fn value_json(raw: &[u8], value: &Value) -> serde_json::Value {
    match value {
        Value::Uint(v) => json!(v),
        Value::Int(v) => json!(v),
        Value::Real { value, .. } => json!(value),
        Value::Special(s) => json!({ "special": s }),
        Value::Text(s) => json!(s),
        Value::Security(s) => json!(s),
        Value::Vmti(v) => json!(v),
        Value::Fields(fields) => serde_json::Value::Object(
            fields
                .iter()
                .map(|(k, v)| ((*k).to_owned(), value_json(&[], v)))
                .collect(),
        ),
        Value::List(values) => values.iter().map(|v| value_json(&[], v)).collect(),
        Value::LocalSet(items) => {
            serde_json::Value::Object(items.iter().map(|(t, v)| (t.to_string(), json!(hex(v)))).collect())
        }
        Value::Bytes => json!({ "hex": hex(raw) }),
    }
}

fn to_json(index: u64, place: Place, set: &KlvSet, issues: &[KlvIssue]) -> serde_json::Value {
    let items: Vec<serde_json::Value> = set
        .items
        .iter()
        .map(|item| {
            let mut o = Map::new();
            match item.key {
                ItemKey::Tag(t) => o.insert("tag".to_owned(), json!(t)),
                ItemKey::Universal(k) => o.insert("key".to_owned(), json!(format!("{k:016x}"))),
            };
            o.insert("name".to_owned(), json!(item.name()));
            o.insert("value".to_owned(), value_json(&item.raw, &item.value));
            if !item.unit().is_empty() {
                o.insert("unit".to_owned(), json!(item.unit()));
            }
            serde_json::Value::Object(o)
        })
        .collect();
    json!({
        "index": index,
        "pid": place.pid,
        "pts90k": place.pts90k,
        "offset": place.offset,
        "damaged": place.damaged,
        "dialect": set.dialect,
        "label": hex(&set.label),
        "bytes": set.length,
        "checksum": set.checksum,
        "verified": set.verified(),
        "items": items,
        "issues": issues.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
