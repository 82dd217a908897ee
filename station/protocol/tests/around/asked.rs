//! What is asked of an aircraft without an order: streams at their pace, home, what its parts say of themselves.

use super::*;
use vedette_protocol::codec::parse_datagram;
use vedette_protocol::codec::wire::WireMessage;

fn count(w: &World, from: usize, f: impl Fn(&Report) -> bool) -> usize {
    w.reports[0][from..].iter().filter(|r| f(r)).count()
}

#[test]
fn streams_come_at_the_asked_pace_and_are_asked_for_again_when_they_stop() {
    let position = |r: &Report| matches!(r, Report::Position { .. });
    let attitude = |r: &Report| matches!(r, Report::Attitude { .. });
    let gnss = |r: &Report| matches!(r, Report::Gnss(_));
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(small(family), 1);
        w.run(15.0);
        let from = w.reports[0].len();
        w.run(10.0);
        // Asked for: five, ten and one a second.
        let came = (
            count(&w, from, position),
            count(&w, from, attitude),
            count(&w, from, gnss),
        );
        println!("{family:?}: in ten seconds {came:?} positions, attitudes, fixes");
        assert!((45..=55).contains(&came.0), "{family:?}: {came:?}");
        assert!((90..=110).contains(&came.1), "{family:?}: {came:?}");
        assert!((9..=11).contains(&came.2), "{family:?}: {came:?}");
        // Somebody turned them off; it still calls itself alive.
        for id in [30_u16, 33] {
            let off = wire::CommandLong {
                command: 511,
                p1: f32::from(id),
                p2: -1.0,
                target_system: 1,
                target_component: 1,
                ..Default::default()
            };
            let frame = Sender::new(253, 190).encode_wire(&off);
            w.sim.handle_datagram(w.now, 0, &frame);
        }
        w.run(1.0);
        let from = w.reports[0].len();
        w.run(8.0);
        assert_eq!(count(&w, from, position), 0, "{family:?}: they are off");
        w.run(8.0);
        let from = w.reports[0].len();
        w.run(5.0);
        assert!(
            (22..=28).contains(&count(&w, from, position)),
            "{family:?}: asked for again"
        );
        assert_eq!(count(&w, 0, |r| matches!(r, Report::Alive(false))), 0);
    }
}

#[test]
fn home_is_told_and_told_again_when_somebody_moves_it() {
    for family in [Family::ArduPilot, Family::Px4] {
        let mut w = World::new(small(family), 1);
        w.run(12.0);
        let told = |w: &World| {
            w.last(0, |r| match r {
                Report::Home { at, amsl } => Some((*at, *amsl)),
                _ => None,
            })
        };
        let (at, amsl) = told(&w).expect("asked for");
        assert!(
            distance_m(at, home()) < 20.0 && (amsl.0 - 1200.0).abs() < 20.0,
            "{family:?}"
        );
        let there = vedette_geo::destination(home(), 90.0, 400.0);
        let (x, y) = there.to_e7();
        let set = wire::CommandInt {
            command: 179,
            x,
            y,
            z: 1210.0,
            target_system: 1,
            target_component: 1,
            ..Default::default()
        };
        let frame = Sender::new(252, 190).encode_wire(&set);
        w.sim.handle_datagram(w.now, 1, &frame);
        w.run(7.0);
        let (at, amsl) = told(&w).expect("told");
        assert!(
            distance_m(at, there) < 1.0 && (amsl.0 - 1210.0).abs() < 0.1,
            "{family:?}: {at:?} {amsl:?}"
        );
    }
}

/// An autopilot that announces its description at `uri`, with the checksum `crc`, and serves `file` to whoever asks by file transfer.
/// What was told of it, and how many file requests went out.
fn described(uri: &str, crc: u32, file: &[u8]) -> (Option<vedette_model::PartInfo>, u32) {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let mut craft = Sender::new(1, 1);
    let (mut part, mut asked) = (None, 0);
    for k in 0..1_500_i64 {
        let now = Mono::ZERO.plus_ms(20 * k);
        let mut frames = Vec::new();
        if k % 50 == 0 {
            frames.push(craft.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 12,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
                custom_mode: 0,
            }));
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            for f in parse_datagram(&t.bytes) {
                if f.header.message_id == wire::CommandLong::ID {
                    let m = wire::CommandLong::from_payload(f.payload);
                    match (m.command, m.p1 as u32) {
                        (512, 148) => frames.push(craft.encode_wire(&wire::AutopilotVersion {
                            capabilities: 0x20,
                            uid: 7,
                            ..Default::default()
                        })),
                        (512, 397) => frames.push(craft.encode_wire(&wire::ComponentMetadata {
                            file_crc: crc,
                            uri: wire::Chars::from_text(uri),
                            ..Default::default()
                        })),
                        _ => {}
                    }
                    frames.push(craft.encode_wire(&wire::CommandAck {
                        command: m.command,
                        target_system: 253,
                        target_component: 190,
                        ..Default::default()
                    }));
                }
                if f.header.message_id == wire::FileTransferProtocol::ID {
                    let m = wire::FileTransferProtocol::from_payload(f.payload).payload.0;
                    let name = String::from_utf8_lossy(&m[12..12 + usize::from(m[4])]).into_owned();
                    if m[3] == 4 && !name.contains("param") {
                        asked += 1;
                    }
                    let offset = u32::from_le_bytes([m[8], m[9], m[10], m[11]]) as usize;
                    let mut p = [0_u8; 251];
                    p[..2].copy_from_slice(&u16::from_le_bytes([m[0], m[1]]).wrapping_add(1).to_le_bytes());
                    p[5] = m[3];
                    p[8..12].copy_from_slice(&m[8..12]);
                    let data: Option<Vec<u8>> = match m[3] {
                        4 if !name.contains("param") => Some((file.len() as u32).to_le_bytes().to_vec()),
                        5 | 15 => file
                            .get(offset..)
                            .filter(|r| !r.is_empty())
                            .map(|r| r[..r.len().min(200)].to_vec()),
                        1 | 2 => Some(Vec::new()),
                        _ => None,
                    };
                    match data {
                        Some(d) => {
                            (p[3], p[4], p[6]) = (128, d.len() as u8, u8::from(m[3] == 15));
                            p[12..12 + d.len()].copy_from_slice(&d);
                        }
                        // End of file, or no such file.
                        None => (p[3], p[4], p[12]) = (129, 1, if m[3] == 4 { 10 } else { 6 }),
                    }
                    frames.push(craft.encode_wire(&wire::FileTransferProtocol {
                        target_network: 0,
                        target_system: 253,
                        target_component: 190,
                        payload: wire::Array(p),
                    }));
                }
            }
        }
        for f in frames {
            gcs.handle_datagram(now, Utc(now.0), LINK, &PeerAddr::new("craft"), &f);
        }
        while let Some(e) = gcs.poll_event() {
            if let Report::Part(p) = e.report {
                part = Some(p);
            }
        }
    }
    (part, asked)
}

/// Row 27: a description is read from the aircraft itself, unpacked and under its checksum, or not at all.
#[test]
fn row_27_a_description_that_is_packed_elsewhere_or_false_is_not_believed() {
    let file = br#"{"version":1,"vendorName":"Vedette","modelName":"Bell\u0007boy","firmwareVersion":"1.2"}"#;
    // CRC-32 as COMPONENT_METADATA has it: polynomial as zlib's, initial value 0, nothing inverted at the end.
    let crc = |bytes: &[u8]| {
        bytes.iter().fold(0_u32, |c, b| {
            (0..8).fold(c ^ u32::from(*b), |c, _| {
                (c >> 1) ^ (0xEDB8_8320 & (c & 1).wrapping_neg())
            })
        })
    };
    let (part, asked) = described("mftp:///etc/extras/component_general.json", crc(file), file);
    let part = part.expect("told");
    assert_eq!((part.vendor.as_str(), part.firmware.as_str()), ("Vedette", "1.2"));
    assert!(asked > 0 && !part.model.chars().any(char::is_control), "{part:?}");
    for (uri, sum, bytes, says, asks) in [
        ("http://203.0.113.7/general.json", 1, &file[..], "is not asked", false),
        (
            "mftp:///general.json.xz",
            1,
            &file[..],
            "is packed and is not read",
            false,
        ),
        (
            "mftp:///general.json",
            1,
            &file[..],
            "is not the one it announces",
            true,
        ),
        (
            "mftp:///general.json",
            crc(b"[1, 2"),
            &b"[1, 2"[..],
            "cannot be read",
            true,
        ),
    ] {
        let (part, asked) = described(uri, sum, bytes);
        let part = part.unwrap_or_else(|| panic!("{uri}: nothing told"));
        assert!(part.about.contains(says) && part.vendor.is_empty(), "{uri}: {part:?}");
        assert_eq!(asked > 0, asks, "{uri}");
    }
    let (part, asked) = described("mftp:///../../etc/passwd.json", 1, file);
    assert!(
        asked == 0 && part.is_some_and(|p| p.vendor.is_empty()),
        "a path out of the tree"
    );
}

#[test]
fn a_text_of_which_a_piece_is_lost_is_told_with_a_gap_and_nothing_in_it_works() {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let mut craft = Sender::new(1, 1);
    let beat = craft.encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        mavlink_version: 3,
        ..Default::default()
    });
    let peer = PeerAddr::new("craft");
    gcs.handle_datagram(Mono(1), Utc(1), LINK, &peer, &beat);
    // A whole first piece and the end; the middle is lost. Escape sequences and line ends are no controls of ours.
    for (chunk_seq, text) in [(0, format!("\u{1b}[31m{}", "a".repeat(45))), (2, "end\r\n".to_owned())] {
        let f = craft.encode_wire(&wire::StatusText {
            severity: 3,
            id: 5,
            chunk_seq,
            text: wire::Chars::from_text(&text),
        });
        gcs.handle_datagram(Mono(2), Utc(2), LINK, &peer, &f);
    }
    let told = |gcs: &mut Gcs| {
        std::iter::from_fn(|| gcs.poll_event())
            .filter_map(|e| match e.report {
                Report::Text { text, .. } => Some(text),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert!(told(&mut gcs).is_empty(), "the rest may come yet");
    gcs.handle_timeout(Mono(2_500_000));
    let [text] = told(&mut gcs).try_into().expect("one text");
    assert!(
        text.contains("a…end") && !text.chars().any(char::is_control),
        "{text:?}"
    );
}
