//! Row 27: what an aircraft serves is hostile until checked: names, offsets, sessions, sizes, packs.
//! Nothing leaves the folder it belongs to, nothing grows beyond its cap, every request ends.

use std::collections::BTreeMap;

use vedette_model::{CommandId, CommandOutcome, Mono, Report, Request, RequestBody, Retry, Utc, VehicleId};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, parse_datagram};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};

use crate::common::{LINK, US};

/// Largest file the station reads whole, and largest parameter pack.
const FILE_MAX: usize = 16 << 20;

/// One FTP request as the aircraft sees it.
pub(crate) struct Asked {
    seq: u16,
    opcode: u8,
    size: u8,
    offset: u32,
    data: Vec<u8>,
}

impl Asked {
    fn of(p: &[u8; 251]) -> Self {
        let n = usize::from(p[4]).min(239);
        Self {
            seq: u16::from_le_bytes([p[0], p[1]]),
            opcode: p[3],
            size: p[4],
            offset: u32::from_le_bytes([p[8], p[9], p[10], p[11]]),
            data: p[12..12 + n].to_vec(),
        }
    }

    fn reply(&self, code: u8, session: u8, offset: u32, data: &[u8]) -> [u8; 251] {
        let mut p = [0_u8; 251];
        p[..2].copy_from_slice(&self.seq.wrapping_add(1).to_le_bytes());
        (p[2], p[3], p[5]) = (session, code, self.opcode);
        p[4] = u8::try_from(data.len()).expect("short");
        p[8..12].copy_from_slice(&offset.to_le_bytes());
        p[12..12 + data.len()].copy_from_slice(data);
        p
    }
}

/// What a request came to.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) reports: Vec<Report>,
    /// Pieces for the station's folder: name and bytes.
    pieces: Vec<(String, usize)>,
    done: Option<CommandOutcome>,
    /// Largest resident growth is bounded by what the station holds: its queues.
    tables: usize,
}

/// An aircraft that answers file requests with whatever `answer` says. `capabilities` with 0x20
/// makes the station fetch the parameter pack by itself.
pub(crate) fn serve(
    capabilities: u64,
    body: Option<RequestBody>,
    seconds: i64,
    mut answer: impl FnMut(&Asked) -> Vec<[u8; 251]>,
) -> Outcome {
    let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let (mut sender, peer) = (Sender::new(1, 1), PeerAddr::new("hostile"));
    let mut out = Outcome::default();
    for k in 0..seconds * 50 {
        let now = Mono::ZERO.plus_ms(20 * k);
        let mut frames = Vec::new();
        if k % 50 == 0 {
            frames.push(sender.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 3,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
                custom_mode: 0,
            }));
            frames.push(sender.encode_wire(&wire::AutopilotVersion {
                capabilities,
                uid: 7,
                ..Default::default()
            }));
        }
        if k == 5
            && let Some(body) = body.clone()
        {
            let request = Request {
                id: CommandId(1),
                vehicle: VehicleId(1),
                uid: 0,
                body,
                retry: Retry::UntilAck,
                expires: now.plus_ms((seconds - 5) * 1000),
            };
            gcs.submit(now, request);
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            for f in parse_datagram(&t.bytes) {
                if f.header.message_id == 110 {
                    let m = wire::FileTransferProtocol::from_payload(f.payload);
                    for payload in answer(&Asked::of(&m.payload.0)) {
                        frames.push(sender.encode_wire(&wire::FileTransferProtocol {
                            target_network: 0,
                            target_system: US.0,
                            target_component: US.1,
                            payload: wire::Array(payload),
                        }));
                    }
                }
            }
        }
        for f in frames {
            gcs.handle_datagram(now, Utc(now.0), LINK, &peer, &f);
        }
        while let Some(e) = gcs.poll_event() {
            match &e.report {
                Report::CommandDone { id, outcome } if *id == CommandId(1) => out.done = Some(outcome.clone()),
                Report::ParameterTable(t) => out.tables = out.tables.max(t.len()),
                _ => {}
            }
            out.reports.push(e.report);
        }
        while let Some(p) = gcs.poll_file() {
            out.pieces.push((p.name, p.bytes.len()));
        }
    }
    assert_eq!(gcs.overflow(), vedette_protocol::Overflow::default());
    out
}

/// A file server that gives these bytes at any offset, by reads and by bursts.
pub(crate) fn honest(bytes: &[u8]) -> impl FnMut(&Asked) -> Vec<[u8; 251]> + '_ {
    |a| {
        let at = usize::try_from(a.offset).expect("small").min(bytes.len());
        let chunk = |at: usize| &bytes[at..(at + usize::from(a.size).min(200)).min(bytes.len())];
        match a.opcode {
            4 => vec![a.reply(128, 1, 0, &u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes())],
            5 if at < bytes.len() => vec![a.reply(128, 1, a.offset, chunk(at))],
            15 if at < bytes.len() => (at..bytes.len())
                .step_by(200)
                .take(200)
                .map(|at| a.reply(128, 1, u32::try_from(at).expect("small"), chunk(at)))
                .collect(),
            5 | 15 => vec![a.reply(129, 1, a.offset, &[6])],
            1 | 2 => vec![a.reply(128, 1, 0, &[])],
            _ => vec![a.reply(129, 1, 0, &[7])],
        }
    }
}

#[test]
fn row_27_hostile_names_offsets_sessions_and_sizes_end_with_nothing_outside_the_folder() {
    // Names in a listing, each alone: none but the plain ones is shown.
    let names: BTreeMap<&[u8], bool> = BTreeMap::from([
        (&b"Fok.bin\t5\0"[..], true),
        (b"Dlogs\0", true),
        (b"F../../etc/passwd\t1\0", false),
        (b"F..\\..\\boot.ini\t1\0", false),
        (b"F/etc/passwd\t1\0", false),
        (b"D..\0", false),
        (b"D.\0", false),
        (b"F\0", false),
        (b"Fa\x1b[2Jb\t1\0", false),
        (b"F\xff\xfe\xfd\t1\0", false),
        ("Fnib\u{202e}gpj.exe\t1\0".as_bytes(), false),
    ]);
    for (entry, good) in names {
        let path = "/".to_owned();
        let o = serve(0, Some(RequestBody::ListFiles { path }), 40, |a| {
            match (a.opcode, a.offset) {
                (3, 0) => vec![a.reply(128, 0, 0, entry)],
                _ => vec![a.reply(129, 0, 0, &[6])],
            }
        });
        let shown = o.reports.iter().find_map(|r| match r {
            Report::Files { entries, .. } => Some(entries.len()),
            _ => None,
        });
        assert_eq!(shown, Some(usize::from(good)), "{}", entry.escape_ascii());
    }
    // What is asked for by a person is judged too, before it is sent.
    for path in ["../x", "/a/../../x", "", "a\0b", "a\\..\\b", "/a\r\n"] {
        let mut asked = 0;
        let path = path.to_owned();
        let o = serve(0, Some(RequestBody::ReadFile { path: path.clone() }), 10, |_| {
            asked += 1;
            Vec::new()
        });
        assert!(
            matches!(o.done, Some(CommandOutcome::Refused(_))) && asked == 0,
            "{path:?}"
        );
    }
    // A good path whose last part is no file name here becomes one.
    for (path, name) in [
        ("/logs/a b;c", "a_b_c"),
        ("@SYS/threads.txt", "threads.txt"),
        ("/...", "file"),
    ] {
        let path = path.to_owned();
        let o = serve(
            0,
            Some(RequestBody::ReadFile { path: path.clone() }),
            30,
            honest(b"hello"),
        );
        assert_eq!(o.done, Some(CommandOutcome::Accepted), "{path}");
        assert_eq!(o.pieces, [(name.to_owned(), 5)], "{path}");
    }
    let read = || RequestBody::ReadFile {
        path: "/x.bin".to_owned(),
    };
    // Offsets: past 32 bits with their length, before the one asked for, far behind the end.
    for wrong in [0xFFFF_FF12_u32, u32::MAX, 0x8000_0000, 1] {
        let o = serve(0, Some(read()), 60, |a| match a.opcode {
            4 => vec![a.reply(128, 3, 0, &100_u32.to_le_bytes())],
            5 | 15 => vec![a.reply(128, 3, wrong, &[7; 239]); 2],
            _ => vec![a.reply(128, 3, 0, &[])],
        });
        assert!(o.pieces.is_empty() && o.done.is_some(), "{wrong:#x}: {:?}", o.done);
        assert_ne!(o.done, Some(CommandOutcome::Accepted), "{wrong:#x}");
    }
    // Another session's data, another request's answer, a size byte past the message.
    let foreign = |change: fn(&mut [u8; 251])| {
        serve(0, Some(read()), 60, move |a| match a.opcode {
            4 => vec![a.reply(128, 3, 0, &5_u32.to_le_bytes())],
            _ => {
                let mut p = a.reply(128, 3, 0, b"wrong");
                change(&mut p);
                vec![p]
            }
        })
    };
    for change in [
        (|p: &mut [u8; 251]| p[2] = 9) as fn(&mut [u8; 251]),
        |p| p[5] = 7,
        |p| p[0] = p[0].wrapping_add(40),
        |p| p[4] = 0,
    ] {
        let o = foreign(change);
        assert!(o.pieces.is_empty() && o.done.is_some_and(|d| d != CommandOutcome::Accepted));
    }
    // A file without end, and one that calls itself 4 GiB: given up at the cap.
    let mut given = 0_usize;
    let o = serve(0, Some(read()), 3_600, |a| match a.opcode {
        4 => vec![a.reply(128, 3, 0, &u32::MAX.to_le_bytes())],
        5 | 15 => (0..60)
            .map(|k| {
                given += 239;
                a.reply(128, 3, a.offset + k * 239, &[7; 239])
            })
            .collect(),
        _ => vec![a.reply(128, 3, 0, &[])],
    });
    assert!(o.pieces.is_empty(), "a bomb leaves nothing behind");
    assert!(given <= FILE_MAX + (1 << 20), "{given} bytes were taken");
    assert!(o.done.is_some_and(|d| d != CommandOutcome::Accepted));
}

/// A parameter pack of one entry; `shared` and `own` lengths as given.
pub(crate) fn pack(here: u16, total: u16, entries: &[u8]) -> Vec<u8> {
    let mut b = vec![0x1b, 0x67];
    b.extend(here.to_le_bytes());
    b.extend(total.to_le_bytes());
    b.extend_from_slice(entries);
    b
}

#[test]
fn row_27_parameter_packs_that_lie_are_refused_whole() {
    let one = b"\x01\x30ABCD\x07";
    let mut many = Vec::new();
    for k in 0..9_000_u32 {
        // Each name ends in another letter pair of the one before.
        many.extend([0x04, 0x50]);
        many.extend(format!("P{k:05}").as_bytes());
        many.extend(1.0_f32.to_le_bytes());
    }
    let cases: Vec<(&str, Vec<u8>, usize)> = vec![
        ("a good one", pack(1, 1, one), 1),
        ("announces 65535", pack(65_535, 65_535, one), 0),
        (
            "more entries than announced",
            pack(1, 1, &[&one[..], &one[..]].concat()),
            0,
        ),
        (
            "a megabyte of padding",
            pack(1, 1, &[&vec![0; 900_000][..], one].concat()),
            1,
        ),
        ("nothing but padding", pack(1, 1, &vec![0; 900_000]), 0),
        ("shares more of a name than there was", pack(1, 1, b"\x01\x0fA\x07"), 0),
        ("no type", pack(1, 1, b"\x0f\x30ABCD\x07"), 0),
        ("a name past sixteen", pack(1, 1, b"\x01\xf0ABCDEFGHIJKLMNOP\x07"), 1),
        ("control characters", pack(1, 1, b"\x01\x30A\x1b[2\x07"), 0),
        ("not a number", pack(1, 1, b"\x04\x30ABCD\xff\xff\xff\xff"), 0),
        ("9000 parameters", pack(9_000, 9_000, &many), 0),
        ("empty", Vec::new(), 0),
        ("other magic", vec![0xFD; 400], 0),
    ];
    for (name, bytes, most) in cases {
        let mut asked = 0;
        let o = serve(0x20, None, 60, |a| {
            asked += 1;
            let mut answer = honest(&bytes);
            assert!(!a.data.starts_with(b".."), "{name}");
            answer(a)
        });
        assert!(asked > 0, "{name}: it was fetched");
        assert!(o.tables <= most, "{name}: {} parameters believed", o.tables);
        assert_eq!(o.tables > 0, most > 0, "{name}");
        assert!(o.pieces.is_empty(), "{name}");
    }
}
