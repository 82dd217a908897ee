//! Values: encode and read back, checksums, the IMAPB codec, hostile bytes.
use proptest::prelude::*;
use vedette_klv::imapb::{Imapb, ImapbValue};
use vedette_klv::{
    Checksum, KlvIssue, PixelBox, SecuritySet, TargetLocation, UasDatalink, VTarget, VmtiSet, encode, miis_physical,
    parse, parse_all,
};

pub(crate) fn sample() -> UasDatalink {
    UasDatalink {
        time_us: Some(1_700_000_000_123_456),
        mission_id: Some("NIGHT-7".into()),
        platform_tail: Some("F-VDT1".into()),
        platform_designation: Some("VTOL-25".into()),
        image_source_sensor: Some("LWIR".into()),
        image_coordinate_system: Some("Geodetic WGS84".into()),
        platform_heading_deg: Some(271.25),
        platform_pitch_deg: Some(-31.5),
        platform_roll_deg: Some(12.25),
        sensor_lat_deg: Some(42.5),
        sensor_lon_deg: Some(1.75),
        sensor_msl_m: Some(2350.0),
        sensor_hae_m: Some(2402.0),
        hfov_deg: Some(12.5),
        vfov_deg: Some(9.4),
        rel_azimuth_deg: Some(359.0),
        rel_elevation_deg: Some(-42.0),
        rel_roll_deg: Some(0.5),
        slant_range_m: Some(812.5),
        target_width_m: Some(178.0),
        frame_center_lat_deg: Some(42.504),
        frame_center_lon_deg: Some(1.756),
        frame_center_elev_m: Some(1810.0),
        corners: [
            Some((42.505, 1.755)),
            Some((42.505, 1.757)),
            Some((42.503, 1.757)),
            Some((42.503, 1.755)),
        ],
        target: Some((42.5041, 1.7562)),
        target_ce90_m: Some(18.0),
        ground_speed_mps: Some(18.0),
        course_deg: Some(270.0),
        agl_m: Some(540.0),
        security: Some(SecuritySet::unclassified("AD")),
        miis_core_id: Some(miis_physical([7; 16], [9; 16])),
        vmti: Some(VmtiSet {
            system_name: Some("hot-spot".into()),
            version: Some(6),
            detected: Some(1),
            reported: Some(1),
            frame_width: Some(640),
            frame_height: Some(512),
            targets: vec![VTarget {
                id: 300,
                centroid: Some((320, 256)),
                bbox: Some(PixelBox {
                    left: 316,
                    top: 250,
                    right: 324,
                    bottom: 262,
                }),
                confidence_percent: Some(84),
                lat_offset_deg: Some(0.0001),
                lon_offset_deg: Some(-0.0002),
                location: Some(TargetLocation {
                    lat_deg: 42.5041,
                    lon_deg: 1.7562,
                    hae_m: 1861.0,
                    sigma_enu_m: Some([8.0, 9.0, 5.0]),
                    rho: Some([0.25, 0.0, 0.0]),
                }),
                ..VTarget::default()
            }],
            ..VmtiSet::default()
        }),
        verified: true,
        ..UasDatalink::default()
    }
}

#[test]
fn a_packet_is_read_back_as_written() {
    let bytes = encode(&sample());
    let (set, issues) = parse(&bytes);
    assert_eq!(issues, []);
    assert_eq!(set.checksum, Checksum::Verified);
    assert_eq!(set.length, bytes.len());
    let back = UasDatalink::from_set(&set);
    let near = |a: Option<f64>, b: Option<f64>, tolerance: f64| {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a - b).abs() <= tolerance, "{a} against {b}");
    };
    let s = sample();
    near(back.platform_pitch_deg, s.platform_pitch_deg, 1e-7);
    near(back.sensor_lat_deg, s.sensor_lat_deg, 1e-7);
    near(back.sensor_lon_deg, s.sensor_lon_deg, 1e-7);
    near(back.sensor_msl_m, s.sensor_msl_m, 0.2);
    near(back.sensor_hae_m, s.sensor_hae_m, 1e-3);
    near(back.hfov_deg, s.hfov_deg, 0.002);
    near(back.rel_elevation_deg, s.rel_elevation_deg, 1e-6);
    near(back.slant_range_m, s.slant_range_m, 0.002);
    near(back.target_width_m, s.target_width_m, 0.01);
    near(back.agl_m, s.agl_m, 0.01);
    assert_eq!(back.time_us, s.time_us);
    assert_eq!(back.platform_tail, s.platform_tail);
    assert_eq!(back.security, s.security);
    assert_eq!(back.miis_core_id, s.miis_core_id);
    for (a, b) in back.corners.iter().zip(s.corners) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a.0 - b.0).abs() < 1e-7 && (a.1 - b.1).abs() < 1e-6);
    }
    let target = &back.vmti.unwrap().targets[0];
    assert_eq!(target.id, 300);
    assert_eq!(target.centroid, Some((320, 256)));
    assert_eq!(target.bbox.unwrap().bottom, 262);
    let location = target.location.unwrap();
    assert!((location.lat_deg - 42.5041).abs() < 1e-6);
    assert!((location.sigma_enu_m.unwrap()[1] - 9.0).abs() < 0.05);
    assert!((target.lat_offset_deg.unwrap() - 0.0001).abs() < 1e-5);
}

#[test]
fn a_wrong_checksum_is_said_and_the_values_stay() {
    let mut bytes = encode(&sample());
    let at = bytes.len() - 40;
    bytes[at] ^= 0x10;
    let (set, issues) = parse(&bytes);
    assert!(matches!(issues[..], [KlvIssue::Checksum { .. }]));
    let value = UasDatalink::from_set(&set);
    assert!(!value.verified);
    assert_eq!(value.time_us, sample().time_us);
}

#[test]
fn an_unknown_tag_is_kept() {
    let mut b = vedette_klv::SetBuilder::new();
    b.raw(2, &5_u64.to_be_bytes()).raw(9_000, b"future");
    let (set, issues) = parse(&b.finish());
    assert_eq!(issues, [KlvIssue::UnknownTag { tag: 9_000 }]);
    assert_eq!(set.tag(9_000).unwrap().raw, b"future");
}

#[test]
fn two_sets_with_noise_between_are_both_found() {
    let mut bytes = encode(&sample());
    bytes.extend_from_slice(b"noise");
    bytes.extend(encode(&sample()));
    let sets = parse_all(&bytes);
    assert_eq!(sets.len(), 2);
    assert!(sets.iter().all(|(s, _)| s.verified()));
    assert!(matches!(sets[1].1[..], [KlvIssue::NoLabel { skipped: 5, .. }]));
}

#[test]
fn a_value_out_of_its_range_says_so() {
    // 95 degrees of pitch fits neither tag 6 nor tag 90.
    let value = UasDatalink {
        platform_pitch_deg: Some(95.0),
        ..sample()
    };
    let (set, issues) = parse(&encode(&value));
    assert!(matches!(issues[..], [KlvIssue::OutOfRange { tag: 90, .. }]));
    assert_eq!(UasDatalink::from_set(&set).platform_pitch_deg, None);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = parse_all(&bytes);
        let mut packet = vedette_klv::set::UL_0601.to_vec();
        packet.extend(&bytes);
        let (set, _) = parse(&packet);
        let _ = UasDatalink::from_set(&set).encode();
        let mut packet = vedette_klv::set::UL_0104.to_vec();
        packet.extend(&bytes);
        let _ = UasDatalink::from_set(&parse(&packet).0);
        let _ = VmtiSet::parse(&bytes).encode();
        let _ = SecuritySet::parse(&bytes).encode();
        let _ = vedette_klv::check_bytes(&bytes);
        let _ = vedette_klv::dump_bytes(&packet).count();
    }

    #[test]
    fn any_bytes_under_any_tag_never_panic(tag in 1_u32..150, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut b = vedette_klv::SetBuilder::new();
        b.raw(tag, &bytes);
        let packet = b.finish();
        let (set, _) = parse(&packet);
        prop_assert!(set.verified());
        prop_assert_eq!(&set.items[0].raw, &bytes);
        prop_assert_eq!(vedette_klv::dump_bytes(&packet).count(), 1);
    }

    #[test]
    fn a_damaged_packet_is_never_verified(at in 0_usize..300, flip in 1_u8..=255) {
        let mut bytes = encode(&sample());
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let (set, issues) = parse(&bytes);
        prop_assert!(!set.verified() || !issues.is_empty() || set.dialect == vedette_klv::Dialect::Unknown);
    }

    #[test]
    fn positions_round_trip(lat in -90.0..90.0_f64, lon in -180.0..180.0_f64, hae in -500.0..30000.0_f64) {
        let value = UasDatalink {
            sensor_lat_deg: Some(lat),
            sensor_lon_deg: Some(lon),
            sensor_msl_m: Some(hae - 50.0),
            sensor_hae_m: Some(hae),
            ..UasDatalink::default()
        };
        let back = UasDatalink::from_set(&parse(&encode(&value)).0);
        prop_assert!((back.sensor_lat_deg.unwrap() - lat).abs() < 3e-8);
        prop_assert!((back.sensor_lon_deg.unwrap() - lon).abs() < 5e-8);
        prop_assert!((back.sensor_hae_m.unwrap() - hae).abs() < 1e-4);
    }

    #[test]
    fn imapb_is_within_one_step(a in -1e5..1e5_f64, span in 1e-3..1e6_f64, part in 0.0..=1.0_f64, length in 1_usize..=6) {
        let map = Imapb::new(a, a + span, length).unwrap();
        let x = a + part * span;
        let x = x.min(a + span);
        match map.decode(&map.encode(x)).unwrap() {
            ImapbValue::Number(y) => prop_assert!((x - y).abs() <= map.lsb() * 1.001 + 1e-9 * span.max(a.abs()), "{x} {y}"),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
