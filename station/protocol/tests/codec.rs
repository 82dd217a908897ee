//! Framing and messages as others see them: what noise, strangers and newer firmware may not do.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say aloud what they left out"
)]

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{Mono, Utc};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{
    EncodeHeader, Sender, StreamFramer, Verdict, checksum, crc_extra, encode_payload, encode_wire, parse_datagram,
    parse_datagram_v2, strip_signature, tlog,
};
use vedette_protocol::dialect::MavMessage;
use vedette_protocol::{MavlinkVersion, Message};

fn heartbeat(sender: &mut Sender, kind: u8) -> Vec<u8> {
    sender.encode_wire(&wire::Heartbeat {
        kind,
        autopilot: 3,
        base_mode: 81,
        system_status: 3,
        mavlink_version: 3,
        custom_mode: 0,
    })
}

#[test]
fn layouts_agree_with_the_dialect() {
    // Field by field for the ones with mixed sizes.
    let ours = wire::MissionItemInt {
        p1: 1.0,
        p2: 2.0,
        p3: 3.0,
        p4: 4.0,
        x: 424_410_200,
        y: 15_563_700,
        z: 120.5,
        seq: 7,
        command: 16,
        target_system: 1,
        target_component: 1,
        frame: 3,
        current: 0,
        autocontinue: 1,
        mission_type: 2,
    };
    match MavMessage::parse(MavlinkVersion::V2, 73, &ours.to_payload()).expect("parses") {
        MavMessage::MISSION_ITEM_INT(m) => {
            assert_eq!((m.x, m.y, m.seq), (424_410_200, 15_563_700, 7));
            assert_eq!(
                m.mission_type,
                vedette_protocol::dialect::MavMissionType::MAV_MISSION_TYPE_RALLY
            );
        }
        other => panic!("{other:?}"),
    }
    let gimbal = wire::GimbalDeviceAttitudeStatus {
        q: wire::Array([0.5, 0.5, 0.5, 0.5]),
        flags: 64,
        gimbal_device_id: 1,
        delta_yaw: 0.25,
        ..Default::default()
    };
    match MavMessage::parse(MavlinkVersion::V2, 285, &gimbal.to_payload()).expect("parses") {
        MavMessage::GIMBAL_DEVICE_ATTITUDE_STATUS(m) => {
            assert_eq!(
                (m.q[3], m.delta_yaw, m.gimbal_device_id, m.flags.bits()),
                (0.5, 0.25, 1, 64)
            );
        }
        other => panic!("{other:?}"),
    }
    let video = wire::VideoStreamInformation {
        uri: wire::Chars::from_text("udp://127.0.0.1:5601"),
        width: 640,
        hfov: 24,
        camera_device_id: 3,
        ..Default::default()
    };
    match MavMessage::parse(MavlinkVersion::V2, 269, &video.to_payload()).expect("parses") {
        MavMessage::VIDEO_STREAM_INFORMATION(m) => {
            assert_eq!(m.uri.to_str().expect("text"), "udp://127.0.0.1:5601");
            assert_eq!((m.resolution_h, m.hfov, m.camera_device_id), (640, 24, 3));
        }
        other => panic!("{other:?}"),
    }
}

/// Lengths of all layouts are those of the dialect, extensions included.
#[test]
#[expect(deprecated, reason = "autopilots still ask by the old names")]
fn layouts_are_as_long_as_the_dialects() {
    use vedette_protocol::MessageData;
    use vedette_protocol::dialect as d;
    macro_rules! same {
        ($($ours:ident = $theirs:ident),* $(,)?) => {$(
            assert_eq!(
                (wire::$ours::ID, wire::$ours::LEN),
                (d::$theirs::ID, d::$theirs::ENCODED_LEN),
                stringify!($ours)
            );
        )*};
    }
    same!(
        Heartbeat = HEARTBEAT_DATA,
        SysStatus = SYS_STATUS_DATA,
        SystemTime = SYSTEM_TIME_DATA,
        ParamRequestRead = PARAM_REQUEST_READ_DATA,
        ParamRequestList = PARAM_REQUEST_LIST_DATA,
        ParamValue = PARAM_VALUE_DATA,
        ParamSet = PARAM_SET_DATA,
        HighLatency2 = HIGH_LATENCY2_DATA,
        AdsbVehicle = ADSB_VEHICLE_DATA,
        AvailableModes = AVAILABLE_MODES_DATA,
        CameraInformation = CAMERA_INFORMATION_DATA,
        CameraFeedback = CAMERA_FEEDBACK_DATA,
        CameraSettings = CAMERA_SETTINGS_DATA,
        CameraCaptureStatus = CAMERA_CAPTURE_STATUS_DATA,
        CameraImageCaptured = CAMERA_IMAGE_CAPTURED_DATA,
        GimbalManagerStatus = GIMBAL_MANAGER_STATUS_DATA,
        ComponentMetadata = COMPONENT_METADATA_DATA,
        OpenDroneIdBasicId = OPEN_DRONE_ID_BASIC_ID_DATA,
        OpenDroneIdLocation = OPEN_DRONE_ID_LOCATION_DATA,
        OpenDroneIdSystem = OPEN_DRONE_ID_SYSTEM_DATA,
        OpenDroneIdOperatorId = OPEN_DRONE_ID_OPERATOR_ID_DATA,
        OpenDroneIdArmStatus = OPEN_DRONE_ID_ARM_STATUS_DATA,
        FileTransferProtocol = FILE_TRANSFER_PROTOCOL_DATA,
        LogRequestList = LOG_REQUEST_LIST_DATA,
        LogEntry = LOG_ENTRY_DATA,
        LogRequestData = LOG_REQUEST_DATA_DATA,
        LogData = LOG_DATA_DATA,
        LogRequestEnd = LOG_REQUEST_END_DATA,
        GpsRawInt = GPS_RAW_INT_DATA,
        Attitude = ATTITUDE_DATA,
        GlobalPositionInt = GLOBAL_POSITION_INT_DATA,
        MissionItemFloat = MISSION_ITEM_DATA,
        MissionRequest = MISSION_REQUEST_DATA,
        MissionCurrent = MISSION_CURRENT_DATA,
        MissionRequestList = MISSION_REQUEST_LIST_DATA,
        MissionCount = MISSION_COUNT_DATA,
        MissionClearAll = MISSION_CLEAR_ALL_DATA,
        MissionItemReached = MISSION_ITEM_REACHED_DATA,
        MissionAck = MISSION_ACK_DATA,
        MissionRequestInt = MISSION_REQUEST_INT_DATA,
        MissionItemInt = MISSION_ITEM_INT_DATA,
        VfrHud = VFR_HUD_DATA,
        CommandInt = COMMAND_INT_DATA,
        CommandLong = COMMAND_LONG_DATA,
        CommandAck = COMMAND_ACK_DATA,
        TimeSync = TIMESYNC_DATA,
        BatteryStatus = BATTERY_STATUS_DATA,
        AutopilotVersion = AUTOPILOT_VERSION_DATA,
        Wind = WIND_DATA,
        WindCov = WIND_COV_DATA,
        HomePosition = HOME_POSITION_DATA,
        ExtendedSysState = EXTENDED_SYS_STATE_DATA,
        StatusText = STATUSTEXT_DATA,
        VideoStreamInformation = VIDEO_STREAM_INFORMATION_DATA,
        GimbalManagerInformation = GIMBAL_MANAGER_INFORMATION_DATA,
        GimbalDeviceAttitudeStatus = GIMBAL_DEVICE_ATTITUDE_STATUS_DATA,
    );
}

/// Every field boundary of every layout: a payload holding a counter in each byte, read by the
/// dialect where its enums allow, written again, gives the same bytes as ours.
#[test]
fn layouts_write_what_they_read() {
    for &(id, len) in wire::LAYOUTS {
        let payload: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251 + 1).unwrap()).collect();
        macro_rules! round {
            ($($name:ident),*) => {$(
                if id == wire::$name::ID {
                    assert_eq!(wire::$name::from_payload(&payload).to_payload(), payload, stringify!($name));
                }
            )*};
        }
        round!(
            Heartbeat,
            SysStatus,
            GpsRawInt,
            Attitude,
            GlobalPositionInt,
            MissionItemInt,
            MissionCount,
            CommandLong,
            CommandInt,
            CommandAck,
            TimeSync,
            BatteryStatus,
            AutopilotVersion,
            HomePosition,
            StatusText,
            VideoStreamInformation,
            GimbalManagerInformation,
            GimbalDeviceAttitudeStatus,
            ParamValue
        );
    }
}

#[test]
fn aircraft_of_an_unknown_type_is_heard() {
    let mut sender = Sender::new(9, 1);
    let bytes = heartbeat(&mut sender, 250);
    let frame = parse_datagram(&bytes).next().expect("a frame");
    assert_eq!(frame.verdict, Verdict::Valid);
    assert!(frame.message().is_err(), "the dialect does not know it");
    assert_eq!(wire::Heartbeat::from_payload(frame.payload).kind, 250);
}

#[test]
fn stub_in_one_datagram_withholds_nothing_from_the_next() {
    let mut sender = Sender::new(1, 1);
    let mut stub = parse_datagram(&[0xFD, 0xFF, 0x00, 0x00]);
    assert!(stub.next().is_none());
    assert_eq!(stub.junk_bytes(), 4);
    let beat = heartbeat(&mut sender, 2);
    assert_eq!(parse_datagram(&beat).count(), 1);
    // In front of good frames in the same datagram it hides none of them either.
    let mut both = vec![0xFD, 0xFF, 0x00, 0x00];
    for _ in 0..13 {
        both.extend(heartbeat(&mut sender, 2));
    }
    let mut frames = parse_datagram(&both);
    assert_eq!(frames.by_ref().filter(|f| f.verdict == Verdict::Valid).count(), 13);
    assert_eq!(frames.junk_bytes(), 4);
}

#[test]
fn truncated_frame_costs_only_itself() {
    let mut sender = Sender::new(1, 1);
    let mut bytes = heartbeat(&mut sender, 2);
    bytes.truncate(11);
    bytes.extend(heartbeat(&mut sender, 2));
    bytes.extend(heartbeat(&mut sender, 2));
    assert_eq!(
        parse_datagram(&bytes).filter(|f| f.verdict == Verdict::Valid).count(),
        2
    );
}

#[test]
fn unknown_id_is_seen_whole_and_nothing_inside_it_is_acted_on() {
    let mut sender = Sender::new(1, 1);
    let inner = heartbeat(&mut sender, 2);
    let header = EncodeHeader {
        system: 1,
        component: 1,
        sequence: 0,
    };
    let mut bytes = encode_payload(header, 54_321, &inner);
    bytes.extend(heartbeat(&mut sender, 2));
    let verdicts: Vec<_> = parse_datagram(&bytes).map(|f| f.verdict).collect();
    assert_eq!(verdicts, [Verdict::UnknownId, Verdict::Valid]);
}

#[test]
fn wrong_checksum_is_named_and_counted() {
    let mut bytes = heartbeat(&mut Sender::new(1, 1), 2);
    let last = bytes.len() - 1;
    bytes[last] ^= 0x40;
    let mut frames = parse_datagram(&bytes);
    assert_eq!(frames.next().expect("seen").verdict, Verdict::BadCrc);
    assert!(frames.next().is_none());
    assert_eq!(frames.junk_bytes(), bytes.len());
}

#[test]
fn version_one_is_read_where_allowed() {
    let mut bytes = vec![0xFE, 9, 3, 1, 1, 0, 0, 0, 0, 0, 2, 3, 81, 3, 3];
    let crc = checksum(&bytes[1..], crc_extra(0).expect("heartbeat"));
    bytes.extend(crc.to_le_bytes());
    assert_eq!(parse_datagram(&bytes).next().expect("frame").verdict, Verdict::Valid);
    assert!(parse_datagram_v2(&bytes).next().is_none());
}

#[test]
fn log_copy_of_a_signed_frame_has_no_signature_and_a_right_checksum() {
    let plain = heartbeat(&mut Sender::new(1, 1), 2);
    let mut signed = plain[..plain.len() - 2].to_vec();
    signed[2] = 1;
    let crc = checksum(&signed[1..], crc_extra(0).expect("heartbeat"));
    signed.extend(crc.to_le_bytes());
    signed.extend([7; 13]);
    let frame = parse_datagram(&signed).next().expect("frame");
    assert_eq!((frame.verdict, frame.raw.len()), (Verdict::Valid, signed.len()));
    assert_eq!(strip_signature(&frame).expect("known id"), plain);
}

#[test]
fn a_header_without_its_frame_is_given_up_after_a_short_silence() {
    let mut sender = Sender::new(1, 1);
    let mut framer = StreamFramer::new(false);
    assert!(
        framer
            .push(Mono(0), &[0xFD, 0xFF, 0x00, 0x00, 1, 1, 1, 0, 0, 0])
            .is_empty()
    );
    let beat = heartbeat(&mut sender, 2);
    assert!(
        framer.push(Mono(1_000), &beat).is_empty(),
        "still inside the promised length"
    );
    let due = framer.poll_timeout().expect("a partial frame waits");
    let frames = framer.handle_timeout(due);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].raw, beat);
    assert_eq!(framer.junk_bytes(), 10);
    assert!(framer.poll_timeout().is_none());
}

#[test]
fn noise_and_valid_frames_of_every_id_never_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let mut undecodable = 0_u32;
    let header = EncodeHeader {
        system: 7,
        component: 1,
        sequence: 0,
    };
    for &id in MavMessage::all_ids() {
        for _ in 0..60 {
            let len = rng.random_range(0..=255_usize);
            let payload: Vec<u8> = (0..len).map(|_| rng.random()).collect();
            let bytes = encode_payload(header, id, &payload);
            let frame = parse_datagram(&bytes).next().expect("own frame");
            assert_eq!(frame.verdict, Verdict::Valid, "id {id}");
            undecodable += u32::from(frame.message().is_err());
        }
    }
    assert!(undecodable > 0, "random enums exist");
    let noise: Vec<u8> = (0..2_000_000)
        .map(|_| {
            if rng.random_range(0..9) == 0 {
                0xFD
            } else {
                rng.random()
            }
        })
        .collect();
    for piece in noise.chunks(1400) {
        let mut frames = parse_datagram(piece);
        let taken: usize = frames
            .by_ref()
            .filter(|f| f.verdict != Verdict::BadCrc)
            .map(|f| f.raw.len())
            .sum();
        assert_eq!(taken + frames.junk_bytes(), piece.len(), "every byte accounted for");
    }
}

/// A stream cut anywhere gives the same frames (real flights when the recordings are there).
#[test]
fn any_cut_of_a_recording_gives_the_same_frames() {
    let Some(dir) = std::env::var_os("VEDETTE_DATA") else {
        println!("left out: real recordings (set VEDETTE_DATA)");
        return;
    };
    for name in ["arducopter-4.7dev-flight.tlog", "vtol.tlog"] {
        let bytes = std::fs::read(std::path::Path::new(&dir).join("logs").join(name)).expect(name);
        let mut reader = tlog::read(&bytes);
        let by_record: Vec<Vec<u8>> = reader.by_ref().map(|(_, f)| f.raw.to_vec()).collect();
        assert!(by_record.len() > 5000, "{name}: {}", by_record.len());
        assert!(
            reader.skipped_bytes() * 100 < bytes.len(),
            "{name}: {} bytes skipped",
            reader.skipped_bytes()
        );
        // Without the times between them, as a serial line would carry them.
        let line: Vec<u8> = by_record.concat();
        let good = |frames: Vec<vedette_protocol::codec::OwnedFrame>| -> Vec<Vec<u8>> {
            frames
                .into_iter()
                .filter(|f| f.verdict != Verdict::BadCrc)
                .map(|f| f.raw)
                .collect()
        };
        let mut whole = StreamFramer::new(true);
        let mut expected = good(whole.push(Mono(1), &line));
        expected.extend(good(whole.finish()));
        assert_eq!(expected, by_record, "{name}");
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for most in [1_usize, 2, 7, 300, 4096] {
            let mut framer = StreamFramer::new(true);
            let mut got = Vec::new();
            let mut rest = &line[..];
            while !rest.is_empty() {
                let n = rng.random_range(1..=most).min(rest.len());
                got.extend(good(framer.push(Mono(1), &rest[..n])));
                rest = &rest[n..];
            }
            got.extend(good(framer.finish()));
            assert!(got == expected, "{name} in pieces of at most {most}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn command_long_round_trip(p in prop::array::uniform7(-1e6_f32..1e6), command: u16, seq: u8, sys: u8, comp: u8) {
        let message = wire::CommandLong {
            p1: p[0], p2: p[1], p3: p[2], p4: p[3], p5: p[4], p6: p[5], p7: p[6],
            command, target_system: sys, target_component: comp, confirmation: seq,
        };
        let bytes = encode_wire(EncodeHeader { system: sys, component: comp, sequence: seq }, &message);
        let frame = parse_datagram(&bytes).next().expect("frame");
        prop_assert_eq!(frame.verdict, Verdict::Valid);
        prop_assert_eq!(wire::CommandLong::from_payload(frame.payload), message);
    }

    #[test]
    fn any_cut_of_noise_and_frames_gives_the_same(
        parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12),
        cut in 1_usize..50,
    ) {
        let mut line = Vec::new();
        let mut sender = Sender::new(3, 1);
        for (good, bytes) in parts {
            if good { line.extend(heartbeat(&mut sender, 2)); } else { line.extend(bytes); }
        }
        let mut whole = StreamFramer::new(true);
        let mut a = whole.push(Mono(0), &line);
        a.extend(whole.finish());
        let mut pieces = StreamFramer::new(true);
        let mut b = Vec::new();
        for piece in line.chunks(cut) { b.extend(pieces.push(Mono(0), piece)); }
        b.extend(pieces.finish());
        prop_assert_eq!(a, b);
        prop_assert_eq!(whole.junk_bytes(), pieces.junk_bytes());
    }

    #[test]
    fn a_log_in_pieces_gives_what_it_gives_whole(
        what in prop::collection::vec((0..4_u8, prop::collection::vec(any::<u8>(), 0..40)), 0..30),
        cuts in prop::collection::vec(1..700_usize, 1..20),
    ) {
        use vedette_protocol::codec::{OwnedFrame, tlog};
        let mut sender = Sender::new(1, 1);
        let mut log = Vec::new();
        for (n, (kind, bytes)) in (0_i64..).zip(&what) {
            match kind {
                0 => log.extend_from_slice(bytes),
                1 => tlog::append(&mut log, vedette_model::Utc(n), &sender.encode_payload(60_123, bytes)),
                _ => tlog::append(&mut log, vedette_model::Utc(n), &heartbeat(&mut sender, 2)),
            }
        }
        let mut reader = tlog::read(&log);
        let whole: Vec<_> = reader.by_ref().map(|(t, f)| (t, OwnedFrame::from(f))).collect();
        let mut stream = tlog::Stream::default();
        let (mut rest, mut pieces) = (&log[..], Vec::new());
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.extend(stream.push(piece, more.is_empty()));
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(pieces, whole);
        prop_assert_eq!(stream.skipped_bytes(), reader.skipped_bytes() as u64);
    }

    #[test]
    fn log_survives_damage(at in 0_usize..400, value: u8) {
        let mut sender = Sender::new(3, 1);
        let mut log = Vec::new();
        for i in 0..20 {
            tlog::append(&mut log, Utc(1_700_000_000_000_000 + i), &heartbeat(&mut sender, 2));
        }
        let at = at.min(log.len() - 1);
        log[at] = value;
        prop_assert!(tlog::read(&log).count() >= 18);
    }
}
