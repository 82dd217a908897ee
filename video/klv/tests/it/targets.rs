//! The station's own targets in an export: what another reader finds in tag 74 of each frame's set.
use super::data;
use super::values::sample;
use vedette_klv::targets::{CLASS_ONTOLOGY, VERDICT_ONTOLOGY};
use vedette_klv::{
    ExportOptions, OwnTargets, Sighting, SightingFrame, SightingPlace, TsEvent, TsReader, TsWriter, TsWriterConfig,
    UasDatalink, Verdict, VmtiSet, check_bytes, encode, export_ts_with, parse, parse_all,
};

const BEGIN_US: u64 = 1_700_000_000_000_000;

fn person(id: u32, verdict: Verdict) -> Sighting {
    Sighting {
        id,
        image: [100.4, 50.0, 8.0, 20.0],
        class: "person".into(),
        score: 0.734,
        looks: 41,
        seen: true,
        speed_m_s: Some(1.2),
        place: Some(SightingPlace {
            lat_deg: 42.5041,
            lon_deg: 1.7562,
            amsl_m: 1812.0,
            cov_en_m2: [16.0, 6.0, 9.0],
        }),
        verdict,
    }
}

/// Thirty frames with a set each; every third frame was analysed.
fn film(own_word: bool) -> (Vec<u8>, Vec<SightingFrame>) {
    let mut writer = TsWriter::new(TsWriterConfig::default());
    let (mut out, mut seen) = (Vec::new(), Vec::new());
    for i in 0..30_u64 {
        let (pts, time_us) = (900_000 + i * 3_000, BEGIN_US + i * 33_333);
        let picture = [0, 0, 0, 1, if i == 0 { 0x65 } else { 0x41 }, 0x80, i as u8, 3, 4, 5];
        out.extend(writer.video(pts, None, i == 0, &picture));
        let mut value = sample();
        value.time_us = Some(time_us);
        value.vmti = value.vmti.filter(|_| own_word);
        out.extend(writer.klv(pts, &encode(&value)));
        if i % 3 == 0 {
            let (a, b) = (person(7, Verdict::Suggestion), person(300, Verdict::Confirmed));
            seen.push(SightingFrame {
                time_us,
                sightings: vec![a, b],
            });
        }
    }
    (out, seen)
}

fn sets(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    let klv = |e| match e {
        TsEvent::Klv { bytes, .. } => Some(bytes),
        _ => None,
    };
    events.into_iter().filter_map(klv).collect()
}

fn vmti(packet: &[u8]) -> Option<VmtiSet> {
    let (set, issues) = parse(packet);
    assert_eq!(issues, []);
    UasDatalink::from_set(&set).vmti
}

fn of(frames: &[SightingFrame]) -> OwnTargets<'_> {
    OwnTargets {
        frames,
        width: 640,
        height: 512,
        software: "Vedette 0.1",
    }
}

#[test]
fn every_analysed_frame_carries_its_targets_and_the_rest_stays_as_it_was() {
    let (film, seen) = film(false);
    let (out, report) = export_ts_with(&film, &ExportOptions::default(), Some(&of(&seen))).unwrap();
    assert_eq!(
        (report.sets_with_targets, report.targets, report.own_targets),
        (10, 20, 0)
    );
    let check = check_bytes(&out);
    assert!(check.transport.is_empty() && check.issues.is_empty(), "{check:?}");
    let (before, after) = (sets(&film), sets(&out));
    assert_eq!(after.len(), 30);
    for (i, (before, after)) in before.iter().zip(&after).enumerate() {
        let (old, new) = (parse(before).0, parse(after).0);
        let kept = new
            .items
            .iter()
            .filter(|n| old.items.iter().any(|o| o.key == n.key && o.raw == n.raw));
        // All but the checksum, which is over other bytes.
        let want = if i % 3 == 0 {
            old.items.len() - 1
        } else {
            old.items.len()
        };
        assert_eq!(kept.count(), want, "set {i}");
        let Some(set) = vmti(after) else {
            assert!(i % 3 != 0, "set {i}");
            continue;
        };
        assert_eq!(set.time_us, Some(BEGIN_US + i as u64 * 33_333));
        assert_eq!((set.detected, set.reported), (Some(2), Some(2)));
        assert_eq!((set.frame_width, set.frame_height), (Some(640), Some(512)));
        let [one, two] = &set.targets[..] else {
            panic!("two targets: {set:?}")
        };
        assert_eq!((one.id, two.id), (7, 300));
        assert_eq!(
            set.classes(one),
            [(CLASS_ONTOLOGY, "person"), (VERDICT_ONTOLOGY, "suggestion")]
        );
        assert_eq!(
            set.classes(two),
            [(CLASS_ONTOLOGY, "person"), (VERDICT_ONTOLOGY, "confirmed")]
        );
        let b = one.bbox.unwrap();
        assert_eq!((b.left, b.top, b.right, b.bottom), (101, 51, 109, 71));
        assert_eq!(
            (one.confidence_percent, one.history, one.status),
            (Some(73), Some(41), Some(1))
        );
        assert_eq!(one.algorithm, Some(set.algorithms[0].id));
        let at = one.location.unwrap();
        assert!((at.lat_deg - 42.5041).abs() < 1e-6 && (at.lon_deg - 1.7562).abs() < 1e-6);
        // The packet says how far the ellipsoid is from the sea: 2402 - 2350 m. A step is a metre.
        assert!((at.hae_m - 1864.0).abs() < 1.2, "{at:?}");
        let (sigma, rho) = (at.sigma_enu_m.unwrap(), at.rho.unwrap());
        assert!((sigma[0] - 4.0).abs() < 0.02 && (sigma[1] - 3.0).abs() < 0.02 && sigma[2].is_nan());
        assert!((rho[0] - 0.5).abs() < 1e-3 && rho[1].is_nan() && rho[2].is_nan());
    }
}

#[test]
fn what_the_camera_itself_says_of_targets_is_not_written_over() {
    let (film, seen) = film(true);
    let (out, report) = export_ts_with(&film, &ExportOptions::default(), Some(&of(&seen))).unwrap();
    assert_eq!((report.sets_with_targets, report.own_targets), (0, 10));
    assert_eq!(sets(&out), sets(&film));
}

#[test]
fn a_target_without_a_place_or_over_the_edge_is_still_written() {
    let (film, mut seen) = film(false);
    seen.truncate(1);
    let t = &mut seen[0].sightings;
    t[0].place = None;
    t[0].seen = false;
    t[0].image = [-30.0, 500.0, 1_000.0, 40.0];
    t[0].class = "in the sky".into();
    t[1].score = f64::NAN;
    t[1].speed_m_s = Some(0.0);
    let (out, _) = export_ts_with(&film, &ExportOptions::default(), Some(&of(&seen))).unwrap();
    let set = vmti(&sets(&out)[0]).unwrap();
    let one = &set.targets[0];
    assert_eq!((one.location, one.hae_m, one.status), (None, None, Some(4)));
    let b = one.bbox.unwrap();
    assert_eq!((b.left, b.top, b.right, b.bottom), (1, 501, 640, 512));
    assert_eq!(set.classes(one)[0], (CLASS_ONTOLOGY, "in-the-sky"));
    assert_eq!(
        (set.targets[1].status, set.targets[1].confidence_percent),
        (Some(3), Some(0))
    );
    // Frames of no metadata's time change nothing.
    seen[0].time_us += 5_000_000;
    let (_, report) = export_ts_with(&film, &ExportOptions::default(), Some(&of(&seen))).unwrap();
    assert_eq!(report.targets, 0);
}

#[test]
fn an_old_flight_gets_targets_in_the_set_written_anew() {
    let Some(path) = data("klv/kwiver/aphill_klv_10s.ts") else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let time_us = UasDatalink::from_set(&parse_all(&sets(&bytes)[10])[0].0)
        .time_us
        .unwrap();
    let seen = [SightingFrame {
        time_us,
        sightings: vec![person(1, Verdict::Dismissed)],
    }];
    let (out, report) = export_ts_with(&bytes, &ExportOptions::default(), Some(&of(&seen))).unwrap();
    assert!(report.sets_with_targets >= 1, "{report:?}");
    assert!(check_bytes(&out).issues.is_empty());
    let found = sets(&out).iter().filter_map(|p| vmti(p)).next().unwrap();
    assert_eq!(found.classes(&found.targets[0])[1].1, "dismissed");
}
