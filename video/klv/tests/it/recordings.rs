//! Real recordings: what is read, shown and exported. Their values are held against public gold by `vedette bench video`.
use super::data;
use vedette_klv::{
    Checksum, Dialect, ExportOptions, KlvIssue, TsEvent, TsReader, UasDatalink, check_bytes, dump_bytes, export_ts,
    parse_all,
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
    assert_eq!(kept, before.len(), "{report:?}");
}
