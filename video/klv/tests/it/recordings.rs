//! Real recordings: every value of public gold files, to one step of its encoding.
use super::data;
use std::io::Read;
use vedette_klv::imapb::Imapb;
use vedette_klv::{
    Checksum, Dialect, ExportOptions, ItemKey, KlvIssue, TsEvent, TsReader, UasDatalink, Value, check_bytes,
    dump_bytes, export_ts, parse_all,
};

fn klv_of(bytes: &[u8]) -> Vec<(u16, Option<u64>, Vec<u8>)> {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    events
        .into_iter()
        .filter_map(|e| match e {
            TsEvent::Klv { pid, pts90k, bytes, .. } => Some((pid, pts90k, bytes)),
            _ => None,
        })
        .collect()
}

#[test]
fn imapb_equals_the_public_vectors() {
    let Some(path) = data("klv/jmisb/st1201tests.json") else {
        return;
    };
    let vectors: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for v in &vectors {
        let f = |k: &str| v[k].as_f64().unwrap();
        let length = v["L"].as_u64().unwrap() as usize;
        let map = Imapb::new(f("a"), f("b"), length).unwrap();
        let x = match v["x"].as_str() {
            None => f("x"),
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some("+QNaN") => f64::NAN,
            Some(_) => continue, // the sign of a NaN is not kept
        };
        let hex = v["forwardResultHex"].as_str().unwrap();
        let want = u64::from_str_radix(&hex[2..], 16).unwrap();
        let got = map.encode_int(x);
        assert_eq!(got, want, "{v}");
        if let (Some(back), Some(number)) = (v["reverseResult"].as_f64(), map.decode_int(got).number()) {
            assert!((back - number).abs() <= 1e-9 * back.abs().max(1.0), "{v} {number}");
        }
    }
    assert!(vectors.len() > 2_000);
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
        serde_json::Value::Number(n) => out.push(Leaf::Number(n.as_f64().unwrap(), 0.0)),
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
        other => out.push(Leaf::Number(other.number().unwrap(), 0.0)),
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

#[test]
fn every_value_of_the_recorded_stream_equals_the_gold() {
    let (Some(ts), Some(gold)) = (
        data("klv/kwiver/h264_klv.ts"),
        data("klv/kwiver/video_stream_klv.json.zz"),
    ) else {
        return;
    };
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(std::fs::File::open(gold).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let gold: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let packets = klv_of(&std::fs::read(ts).unwrap());
    let sets: Vec<_> = packets.iter().flat_map(|(_, _, b)| parse_all(b)).collect();
    assert_eq!(sets.len(), gold.len());
    let (mut compared, mut kept) = (0, 0);
    for ((set, issues), gold) in sets.iter().zip(&gold) {
        assert_eq!(set.checksum, Checksum::Verified);
        assert_eq!(issues, &[]);
        let mut items: Vec<_> = set.items.iter().filter(|i| i.key != ItemKey::Tag(1)).collect();
        items.sort_by_key(|i| i.key); // the gold is sorted by tag
        let wanted = gold["value"].as_array().unwrap();
        assert_eq!(items.len(), wanted.len());
        for (item, want) in items.iter().zip(wanted) {
            let tag = want["key"]["integer"].as_u64().unwrap() as u32;
            assert_eq!(item.key, ItemKey::Tag(tag));
            match equal(&want["value"], &item.value) {
                Some(same) => {
                    assert!(same, "tag {tag}: {} against {:?}", want["value"], item.value);
                    compared += 1;
                }
                None => {
                    assert!(
                        matches!(item.value, Value::Bytes | Value::Security(_) | Value::Vmti(_)),
                        "tag {tag} {:?} against {}",
                        item.value,
                        want["value"]
                    );
                    kept += 1;
                }
            }
        }
    }
    eprintln!("{compared} values equal to the gold, {kept} nested sets kept as bytes or read as sets");
    let vmti = UasDatalink::from_set(&sets[0].0).vmti.unwrap();
    let want = gold[0]["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["key"]["integer"] == 74)
        .unwrap();
    let field = |n: u64| {
        want["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|i| i["key"]["integer"] == n)
            .map(|i| i["value"].clone())
    };
    assert_eq!(vmti.system_name.as_deref(), field(3).unwrap().as_str());
    assert_eq!(vmti.frame_width.map(u64::from), field(8).unwrap().as_u64());
    let series = field(101).unwrap();
    let series = series.as_array().unwrap();
    assert_eq!(vmti.targets.len(), series.len());
    let security = UasDatalink::from_set(&sets[0].0).security.unwrap();
    assert_eq!(security.classification, Some(1));
}

#[test]
fn the_flight_over_a_p_hill_closes_its_own_triangle() {
    let Some(path) = data("klv/kwiver/aphill_klv_10s.ts") else {
        return;
    };
    let packets = klv_of(&std::fs::read(path).unwrap());
    assert_eq!(packets.len(), 300);
    for (_, _, bytes) in &packets {
        let sets = parse_all(bytes);
        assert_eq!(sets.len(), 1);
        let (set, issues) = &sets[0];
        assert_eq!(set.dialect, Dialect::Eg0104);
        assert_eq!(issues, &[]);
        let v = UasDatalink::from_set(set);
        let (range, angle) = (v.slant_range_m.unwrap(), v.sight_obliquity_deg.unwrap());
        let height = v.sensor_msl_m.unwrap() - v.frame_center_elev_m.unwrap_or(0.0);
        assert!((3_400.0..3_600.0).contains(&range));
        let closes = range * angle.to_radians().sin();
        assert!((closes.abs() - height).abs() < 1.0, "{closes} {height} {angle}");
        assert!(v.corners.iter().all(Option::is_some));
        assert!((1e15..2e15).contains(&(v.time_us.unwrap() as f64)));
    }
}

#[test]
fn the_sample_with_a_wrong_checksum_is_shown_unverified() {
    let Some(path) = data("klv/klvdata/DynamicConstantMISMMSPacketData.bin") else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let sets = parse_all(&bytes);
    assert_eq!(sets.len(), 1);
    assert!(sets[0].1.contains(&KlvIssue::Checksum {
        stored: 0xaa43,
        computed: 0x3e1e
    }));
    let v = UasDatalink::from_set(&sets[0].0);
    assert!(!v.verified);
    assert_eq!(v.mission_id.as_deref(), Some("Mission 12"));
    let good = data("klv/klvdata/DynamicOnlyMISMMSPacketData.bin").unwrap();
    let sets = parse_all(&std::fs::read(good).unwrap());
    assert!(sets[0].0.verified());
}

#[test]
fn the_moving_target_sample_is_read() {
    let Some(path) = data("klv/jmisb/0903.bin") else {
        return;
    };
    let sets = parse_all(&std::fs::read(path).unwrap());
    assert!(sets.len() >= 3);
    for (set, _) in &sets {
        assert_eq!(set.dialect, Dialect::St0903);
        assert_eq!(set.checksum, Checksum::Verified);
        let vmti = UasDatalink::from_set(set).vmti.unwrap();
        assert_eq!(vmti.frame_width, Some(1000));
        assert!(!vmti.targets.is_empty());
        assert!(vmti.targets[0].bbox.is_some());
    }
}

#[test]
fn files_of_all_codecs_dump_and_check() {
    for (name, sets) in [("h264_klv.ts", 30), ("h265_klv.ts", 30), ("mpeg2_klv.ts", 30)] {
        let Some(path) = data(&format!("klv/kwiver/{name}")) else {
            return;
        };
        let bytes = std::fs::read(path).unwrap();
        let lines: Vec<_> = dump_bytes(&bytes).collect();
        assert_eq!(lines.len(), sets, "{name}");
        assert!(lines.iter().all(|l| l["verified"] == true), "{name}");
        let check = check_bytes(&bytes);
        assert_eq!(check.sets, sets as u64);
        assert_eq!(check.verified, sets as u64);
        assert!(check.transport.is_empty(), "{name} {:?}", check.transport);
        eprintln!("{name}: {}", serde_json::to_string(&check).unwrap());
    }
    if let Some(path) = data("klv/kwiver/h264_no_klv.ts") {
        assert_eq!(dump_bytes(&std::fs::read(path).unwrap()).count(), 0);
    }
}

#[test]
fn an_old_flight_is_exported_as_st_0601_and_a_new_one_keeps_its_bytes() {
    let (Some(old), Some(new)) = (data("klv/kwiver/aphill_klv_10s.ts"), data("klv/kwiver/h264_klv.ts")) else {
        return;
    };
    let options = ExportOptions {
        country: Some("US".into()),
        ..ExportOptions::default()
    };
    let bytes = std::fs::read(old).unwrap();
    let (out, report) = export_ts(&bytes, &options).unwrap();
    assert_eq!((report.converted_sets, report.copied_sets), (300, 0));
    let before = klv_of(&bytes);
    let after = klv_of(&out);
    assert_eq!(after.len() as u64, 300 - report.refused_sets);
    let check = check_bytes(&out);
    assert!(check.transport.is_empty() && check.issues.is_empty());
    assert_eq!(check.video_units_with_time, report.stamped);
    assert_eq!(check.video_units, report.pictures);
    let value = |b: &[u8]| UasDatalink::from_set(&parse_all(b)[0].0);
    let (a, b) = (value(&before.last().unwrap().2), value(&after.last().unwrap().2));
    assert_eq!(a.time_us, b.time_us);
    assert!((a.sensor_lat_deg.unwrap() - b.sensor_lat_deg.unwrap()).abs() < 1e-7);
    assert!((a.corners[2].unwrap().1 - b.corners[2].unwrap().1).abs() < 1e-6);
    assert!(b.rel_azimuth_deg.is_some() && b.security.unwrap().classification == Some(1));

    let bytes = std::fs::read(new).unwrap();
    let (out, report) = export_ts(&bytes, &options).unwrap();
    assert_eq!(report.converted_sets, 0);
    assert_eq!(check_bytes(&out).video_units_with_time, 30);
    let (before, after) = (klv_of(&bytes), klv_of(&out));
    assert!(after.iter().all(|(_, pts, _)| pts.is_some()));
    let kept = before.iter().filter(|b| after.iter().any(|a| a.2 == b.2)).count();
    assert!(kept >= 29, "{kept} {report:?}");
}
