//! Metadata: decoding against public gold values, robustness, what an export is worth to others.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use vedette_klv::imapb::Imapb;
use vedette_klv::{
    Checksum, ExportOptions, ItemKey, KlvIssue, TsEvent, TsReader, TsWriter, TsWriterConfig, UasDatalink, Value,
    check_bytes, export_ts, parse_all, sei,
};

use crate::pipes::bytes;
use crate::{BenchError, Row, read};

/// Rows of the metadata room.
#[must_use]
pub fn metadata(data: &Path) -> Vec<Row> {
    type Part = fn(&Path) -> Result<Row, BenchError>;
    let parts: [(&str, &str, Part); 6] = [
        ("IMAPB values", "klv/jmisb", imapb),
        ("KLV decode", "klv/kwiver", gold),
        ("KLV with a wrong checksum", "klv/klvdata", unverified),
        ("KLV and TS, damaged bytes", "klv/kwiver", damaged),
        ("KLV through an export", "klv/kwiver", through),
        ("KLV encode, outside judge", "klv/kwiver", outside_judge),
    ];
    parts
        .iter()
        .map(|(item, on, part)| part(data).unwrap_or_else(|e| Row::left_out(item, on, &e)))
        .collect()
}

fn json(path: &Path, bytes: &[u8]) -> Result<Json, BenchError> {
    serde_json::from_slice(bytes).map_err(|e| BenchError::Data {
        path: path.to_owned(),
        why: e.to_string(),
    })
}

fn klv_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    events
        .into_iter()
        .filter_map(|e| match e {
            TsEvent::Klv { bytes, .. } => Some(bytes),
            _ => None,
        })
        .collect()
}

/// Public vectors of MISB ST 1201.
fn imapb(data: &Path) -> Result<Row, BenchError> {
    let path = data.join("klv/jmisb/st1201tests.json");
    let vectors = json(&path, &read(&path)?)?;
    let (mut equal, mut asked) = (0u64, 0u64);
    for v in vectors.as_array().map_or(&[][..], Vec::as_slice) {
        let f = |k: &str| v[k].as_f64().unwrap_or(f64::NAN);
        let x = match v["x"].as_str() {
            None => f("x"),
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some("+QNaN") => f64::NAN,
            // The sign of a NaN is not kept.
            Some(_) => continue,
        };
        asked += 1;
        let Some(map) = Imapb::new(f("a"), f("b"), v["L"].as_u64().unwrap_or(0) as usize) else {
            continue;
        };
        let hex = v["forwardResultHex"].as_str().unwrap_or_default();
        let want = u64::from_str_radix(hex.trim_start_matches("0x"), 16).ok();
        let got = map.encode_int(x);
        let back = match (v["reverseResult"].as_f64(), map.decode_int(got).number()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
            _ => true,
        };
        equal += u64::from(want == Some(got) && back);
    }
    Ok(Row::judged(
        "IMAPB values",
        "klv/jmisb",
        "all equal",
        format!("{equal} of {asked} equal"),
        equal == asked && asked > 1_800,
    ))
}

/// Every value of a recorded stream against the gold made by another program.
fn gold(data: &Path) -> Result<Row, BenchError> {
    let (ts, gold) = (
        data.join("klv/kwiver/h264_klv.ts"),
        data.join("klv/kwiver/video_stream_klv.json.zz"),
    );
    let packed = read(&gold)?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(packed.as_slice()), &mut text).map_err(
        |source| BenchError::File {
            path: gold.clone(),
            source,
        },
    )?;
    let wanted = json(&gold, &text)?;
    let wanted = wanted.as_array().map_or(&[][..], Vec::as_slice);
    let packets = klv_of(&read(&ts)?);
    let sets: Vec<_> = packets.iter().flat_map(|b| parse_all(b)).collect();
    let (mut equal_n, mut different, mut nested) = (0u64, 0u64, 0u64);
    for ((set, issues), gold) in sets.iter().zip(wanted) {
        different += u64::from(set.checksum != Checksum::Verified || !issues.is_empty());
        let mut items: Vec<_> = set.items.iter().filter(|i| i.key != ItemKey::Tag(1)).collect();
        // The gold is sorted by tag.
        items.sort_by_key(|i| i.key);
        let wanted = gold["value"].as_array().map_or(&[][..], Vec::as_slice);
        different += items.len().abs_diff(wanted.len()) as u64;
        for (item, want) in items.iter().zip(wanted) {
            let tag = want["key"]["integer"].as_u64().unwrap_or(0) as u32;
            match equal(&want["value"], &item.value) {
                Some(true) if item.key == ItemKey::Tag(tag) => equal_n += 1,
                None if matches!(item.value, Value::Bytes | Value::Security(_) | Value::Vmti(_)) => nested += 1,
                _ => different += 1,
            }
        }
    }
    Ok(Row::judged(
        "KLV decode",
        "klv/kwiver",
        "all values of the gold, to one step",
        format!(
            "{equal_n} equal, {different} different, {nested} nested sets read as sets, {} of {} packets",
            sets.len(),
            wanted.len()
        ),
        different == 0 && sets.len() == wanted.len() && equal_n > 1_000,
    ))
}

fn unverified(data: &Path) -> Result<Row, BenchError> {
    let bytes = read(&data.join("klv/klvdata/DynamicConstantMISMMSPacketData.bin"))?;
    let sets = parse_all(&bytes);
    let told = sets.iter().any(|(_, issues)| {
        issues.contains(&KlvIssue::Checksum {
            stored: 0xaa43,
            computed: 0x3e1e,
        })
    });
    let v = sets.first().map(|(s, _)| UasDatalink::from_set(s));
    let shown = v
        .as_ref()
        .is_some_and(|v| !v.verified && v.mission_id.as_deref() == Some("Mission 12"));
    Ok(Row::judged(
        "KLV with a wrong checksum",
        "klv/klvdata",
        "told, and shown as unverified",
        format!("told: {told}, shown unverified: {shown}"),
        told && shown,
    ))
}

/// A recording with bytes flipped, cut out and doubled: it must be read to its end, and metadata
/// away from the damage must come through.
fn damaged(data: &Path) -> Result<Row, BenchError> {
    const RUNS: u32 = 300;
    let whole = read(&data.join("klv/kwiver/h264_klv.ts"))?;
    let clean = klv_of(&whole).len();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let (mut read_sets, mut hits) = (0u64, 0u64);
    for _ in 0..RUNS {
        let mut bytes = whole.clone();
        for _ in 0..8 {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] ^= 1 << next(8),
                1 => {
                    let end = (at + next(400)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let end = (at + next(400)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
            }
            hits += 1;
        }
        let sets = klv_of(&bytes);
        for s in &sets {
            drop(parse_all(s));
        }
        read_sets += sets.len() as u64;
    }
    let share = read_sets as f64 / (u64::from(RUNS) * clean as u64).max(1) as f64;
    Ok(Row::judged(
        "KLV and TS, damaged bytes",
        "klv/kwiver",
        "never stops; ≥ 0.7 of the sets come through",
        format!("{RUNS} streams, {hits} damages, {share:.2} of the sets read"),
        share >= 0.7,
    ))
}

fn through(data: &Path) -> Result<Row, BenchError> {
    let bytes = read(&data.join("klv/kwiver/h264_klv.ts"))?;
    let Ok((out, report)) = export_ts(&bytes, &ExportOptions::default()) else {
        return Ok(Row::judged(
            "KLV through an export",
            "klv/kwiver",
            "bytes equal",
            "no video".to_owned(),
            false,
        ));
    };
    let (before, after) = (klv_of(&bytes), klv_of(&out));
    let kept = before.iter().filter(|b| after.contains(b)).count();
    let check = check_bytes(&out);
    let clean = check.transport.is_empty();
    Ok(Row::judged(
        "KLV through an export",
        "klv/kwiver",
        "bytes equal, every picture time-stamped",
        format!(
            "{kept} of {} sets equal, {} of {} pictures stamped, transport clean: {clean}",
            before.len(),
            check.video_units_with_time,
            report.pictures
        ),
        kept == before.len() && check.video_units_with_time == report.pictures && clean,
    ))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|d| d.join(program))
        .find(|p| p.is_file())
}

/// Pictures of a test pattern, H.264 main profile, from the station's own encoder.
fn test_pattern() -> Result<Vec<u8>, BenchError> {
    bytes(
        "videotestsrc num-buffers=30 ! video/x-raw,format=I420,width=640,height=480,framerate=30/1 ! \
         openh264enc ! video/x-h264,profile=main ! h264parse ! mpegtsmux ! appsink name=end sync=false",
        None,
    )
}

/// A stream of our own making: pictures with our time stamps, a real flight's metadata in our
/// ST 0601, in our transport stream.
fn own_stream(flight: &[u8], pictures: &[u8]) -> (Vec<u8>, u64) {
    let options = ExportOptions {
        mission_id: Some("VEDETTE".into()),
        platform_tail: Some("TAIL-1".into()),
        country: Some("US".into()),
        miis_core_id: Some(vedette_klv::miis_physical([0x11; 16], [0x22; 16])),
    };
    let Ok((exported, _)) = export_ts(flight, &options) else {
        return (Vec::new(), 0);
    };
    let values: Vec<UasDatalink> = klv_of(&exported)
        .iter()
        .flat_map(|b| parse_all(b))
        .map(|(s, _)| UasDatalink::from_set(&s))
        .collect();
    let mut reader = TsReader::new();
    let mut events = reader.push(pictures);
    events.extend(reader.finish());
    let mut writer = TsWriter::new(TsWriterConfig::default());
    let (mut out, mut sets) = (Vec::new(), 0u64);
    for e in &events {
        if let TsEvent::VideoUnit {
            codec,
            random_access,
            bytes,
            ..
        } = e
            && let Some(value) = values.get(sets as usize)
        {
            let (pts, time_us) = (90_000 + sets * 3_000, 1_700_000_000_000_000 + sets * 100_000 / 3);
            let picture = sei::insert_misp_time(*codec, bytes, time_us, false);
            out.extend(writer.video(pts, None, *random_access, &picture));
            let value = UasDatalink {
                time_us: Some(time_us),
                image_source_sensor: Some("EO".into()),
                rel_elevation_deg: value.rel_elevation_deg.or(Some(-30.0)),
                rel_roll_deg: value.rel_roll_deg.or(Some(0.0)),
                target_width_m: value.target_width_m.or(Some(50.0)),
                frame_center_elev_m: value.frame_center_elev_m.or(Some(0.0)),
                ..value.clone()
            };
            out.extend(writer.klv(pts, &value.encode()));
            sets += 1;
        }
    }
    (out, sets)
}

/// `stanag4609-verify` (PyPI `stanag4609`) on a stream that our encoders and writer made.
fn outside_judge(data: &Path) -> Result<Row, BenchError> {
    const ITEM: &str = "KLV encode, outside judge";
    let Some(program) = on_path("stanag4609-verify") else {
        return Ok(Row::left_out(
            ITEM,
            "klv/kwiver",
            &"stanag4609-verify is not on PATH (pip install stanag4609)",
        ));
    };
    let flight = read(&data.join("klv/kwiver/aphill_klv_10s.ts"))?;
    let path = std::env::temp_dir().join(format!("vedette-export-{}.ts", std::process::id()));
    let (out, sets) = own_stream(&flight, &test_pattern()?);
    let file = |source| BenchError::File {
        path: path.clone(),
        source,
    };
    std::fs::write(&path, out).map_err(file)?;
    let ran = Command::new(program).arg(&path).output();
    std::fs::remove_file(&path).map_err(file)?;
    let ran = ran.map_err(file)?;
    let text = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    let errors: Vec<&str> = text.lines().filter(|l| l.contains("[ERROR]")).collect();
    Ok(Row::judged(
        ITEM,
        "klv/kwiver",
        "no ERROR from stanag4609-verify",
        format!("{} errors on {sets} sets {}", errors.len(), errors.join("; "))
            .trim_end()
            .to_owned(),
        errors.is_empty() && sets > 0 && !text.trim().is_empty(),
    ))
}

enum Leaf {
    Number(f64, f64),
    Text(String),
}

impl Leaf {
    fn order(&self) -> (i64, String) {
        match self {
            Leaf::Number(n, _) => ((n * 1e3).round() as i64, String::new()),
            Leaf::Text(t) => (i64::MAX, t.to_lowercase().replace('-', "")),
        }
    }

    fn same(&self, other: &Leaf) -> bool {
        match (self, other) {
            (Leaf::Number(a, _), Leaf::Number(b, lsb)) => (a - b).abs() <= *lsb,
            (Leaf::Text(a), Leaf::Text(b)) => a.to_lowercase().replace('-', "") == b.to_lowercase().replace('-', ""),
            _ => false,
        }
    }
}

fn leaves_of_gold(gold: &serde_json::Value, out: &mut Vec<Leaf>) {
    match gold {
        serde_json::Value::Number(n) => out.push(Leaf::Number(n.as_f64().unwrap_or(f64::NAN), 0.0)),
        serde_json::Value::String(s) => out.push(Leaf::Text(s.clone())),
        serde_json::Value::Array(a) => a.iter().for_each(|v| leaves_of_gold(v, out)),
        serde_json::Value::Object(o) => {
            if let Some(n) = o.get("integer") {
                leaves_of_gold(n, out);
            } else if let Some(h) = o.get("hex") {
                leaves_of_gold(h, out);
            } else {
                o.iter()
                    .filter(|(k, _)| *k != "semi-length")
                    .for_each(|(_, v)| leaves_of_gold(v, out));
            }
        }
        _ => {}
    }
}

fn leaves(value: &Value, out: &mut Vec<Leaf>) {
    match value {
        Value::Fields(f) => f.iter().for_each(|(_, v)| leaves(v, out)),
        Value::List(l) => l.iter().for_each(|v| leaves(v, out)),
        Value::Text(t) => out.push(Leaf::Text(t.clone())),
        Value::Real { value, lsb } => out.push(Leaf::Number(*value, *lsb)),
        other => out.push(Leaf::Number(other.number().unwrap_or(f64::NAN), 0.0)),
    }
}

/// Compares one gold value with ours; `None` when the gold form is a nested set or pack we keep as bytes.
fn equal(gold: &serde_json::Value, ours: &Value) -> Option<bool> {
    let number = gold
        .as_f64()
        .or_else(|| gold["value"].as_f64())
        .or_else(|| gold["integer"].as_f64());
    match ours {
        Value::Special(_) => Some(gold.is_null()),
        Value::Text(t) => Some(gold.as_str() == Some(t)),
        Value::Uint(v) if gold.is_array() => {
            // Bit fields are lists of the set bits.
            let bits = gold
                .as_array()?
                .iter()
                .try_fold(0_u64, |acc, b| Some(acc | 1 << b["integer"].as_u64()?))?;
            Some(*v == bits)
        }
        Value::Uint(v) => Some(number? == *v as f64),
        Value::Int(v) => Some(number? == *v as f64),
        Value::Real { value, lsb } => Some((number? - value).abs() <= *lsb),
        // Packs: the same numbers and texts; the gold's words for numbers and its byte forms are passed over.
        Value::Fields(_) | Value::List(_) => {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            leaves_of_gold(gold, &mut a);
            leaves(ours, &mut b);
            if gold.get("sensor-id").is_some() {
                // Kinds of identifier are numbers there and words here.
                a.retain(|l| matches!(l, Leaf::Text(_)));
                b.retain(|l| matches!(l, Leaf::Text(t) if t.len() == 36));
            }
            a.sort_by_key(Leaf::order);
            b.sort_by_key(Leaf::order);
            Some(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.same(b)))
        }
        Value::LocalSet(items) => {
            let tags: Vec<u64> = gold
                .as_array()?
                .iter()
                .filter_map(|i| i["key"]["integer"].as_u64())
                .collect();
            let mut ours: Vec<u64> = items
                .iter()
                .map(|(t, _)| u64::from(*t))
                .filter(|t| *t != 1 || tags.contains(&1))
                .collect();
            ours.sort_unstable();
            Some(ours == tags)
        }
        _ => None,
    }
}
