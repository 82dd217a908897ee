//! QGroundControl's connection sequence, replayed message by message against both families: its
//! initial connect is a chain whose every step goes on at an answer or a clear refusal and stands
//! still at silence (QGroundControl source, `InitialConnectStateMachine`, `ParameterManager`,
//! `QGCCameraManager`, `GimbalController`).

use std::collections::{BTreeMap, BTreeSet};

use vedette_model::{Airframe, Family};
use vedette_sim_vehicle::{Noise, VehicleConfig};

use crate::station::{GROUND, Got, HOME, Station};

const AIRFRAMES: [Airframe; 3] = [Airframe::Copter, Airframe::Plane, Airframe::Quadplane];

fn connected(family: Family, airframe: Airframe) -> Station {
    let mut cfg = VehicleConfig::small(1, airframe, HOME, GROUND);
    cfg.family = family;
    cfg.noise = Noise::NONE;
    Station::with(cfg)
}

/// COMMAND_LONG to a component; its result.
fn command(s: &mut Station, component: u8, command: u16, p: [f32; 7]) -> u8 {
    let mut b: Vec<u8> = p.iter().flat_map(|v| v.to_le_bytes()).collect();
    b.extend_from_slice(&command.to_le_bytes());
    b.extend_from_slice(&[1, component, 0]);
    s.inbox.clear();
    s.send(76, 152, &b);
    let ack = s.inbox.iter().find(|g| g.id == 77 && g.u16(0) == command);
    let ack = ack.unwrap_or_else(|| panic!("command {command} to component {component} is not answered"));
    assert_eq!(ack.component, component, "answered by whom it was for");
    ack.byte(2)
}

/// REQUEST_MESSAGE: its result, and the messages that came with it. An ACCEPTED that brings nothing
/// is what makes QGroundControl stand still.
fn request(s: &mut Station, component: u8, id: u16, index: f32) -> (u8, Vec<Got>) {
    let result = command(s, component, 512, [f32::from(id), index, 0.0, 0.0, 0.0, 0.0, 0.0]);
    s.run(0.5);
    let came: Vec<Got> = s.inbox.drain(..).filter(|g| g.id == u32::from(id)).collect();
    assert_eq!(
        result == 0,
        !came.is_empty(),
        "message {id}: ACCEPTED and nothing, or refused and sent"
    );
    (result, came)
}

fn u32_at(g: &Got, at: usize) -> u32 {
    u32::from_le_bytes([g.byte(at), g.byte(at + 1), g.byte(at + 2), g.byte(at + 3)])
}

struct Ftp {
    seq: u16,
}

impl Ftp {
    fn ask(&mut self, s: &mut Station, opcode: u8, session: u8, offset: u32, size: u8, data: &[u8]) -> Vec<Got> {
        self.seq += 1;
        let mut p = vec![0, 1, 1];
        p.extend(self.seq.to_le_bytes());
        p.extend([
            session,
            opcode,
            if data.is_empty() { size } else { data.len() as u8 },
            0,
            0,
            0,
        ]);
        p.extend(offset.to_le_bytes());
        p.extend_from_slice(data);
        p.resize(254, 0);
        s.inbox.clear();
        s.send(110, 84, &p);
        s.run(0.5);
        s.inbox.drain(..).filter(|g| g.id == 110).collect()
    }

    /// A whole file by burst reads, as QGroundControl fetches it.
    fn file(&mut self, s: &mut Station, path: &str) -> Vec<u8> {
        let opened = self.ask(s, 4, 0, 0, 0, path.as_bytes());
        let opened = opened.first().expect("an answer to open");
        assert_eq!(opened.byte(6), 128, "{path} opens");
        let session = opened.byte(5);
        let mut pieces: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        'all: for _ in 0..400 {
            let have = pieces.last_key_value().map_or(0, |(at, b)| at + b.len() as u32);
            let answers = self.ask(s, 15, session, have, 239, &[]);
            assert!(!answers.is_empty(), "a burst is never silent");
            for g in answers {
                if g.byte(6) == 129 {
                    assert_eq!(g.byte(15), 6, "ends with end of file");
                    break 'all;
                }
                let n = usize::from(g.byte(7));
                pieces.insert(u32_at(&g, 11), (0..n).map(|i| g.byte(15 + i)).collect());
            }
        }
        assert_eq!(self.ask(s, 1, session, 0, 0, &[]).first().expect("closed").byte(6), 128);
        pieces.into_values().flatten().collect()
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0_u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| {
            if c & 1 == 1 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 }
        })
    })
}

fn parameters(s: &mut Station, family: Family, ftp: &mut Ftp) {
    if family == Family::ArduPilot {
        let pack = ftp.file(s, "@PARAM/param.pck?withdefaults=1");
        assert!(pack.len() > 600 && pack[..2] == [0x1c, 0x67], "{} bytes", pack.len());
    } else {
        let mut b = (-1_i16).to_le_bytes().to_vec();
        b.extend([1, 1]);
        let mut name = [0_u8; 16];
        name[..11].copy_from_slice(b"_HASH_CHECK");
        b.extend(name);
        s.inbox.clear();
        s.send(20, 214, &b);
        s.run(0.5);
        assert!(
            s.inbox
                .iter()
                .any(|g| g.id == 22 && g.text(8).starts_with("_HASH_CHECK")),
            "within its time"
        );
    }
    // The list, to all components: the default component answers within five seconds.
    s.inbox.clear();
    s.send(21, 159, &[1, 0]);
    s.run(5.0);
    let values: Vec<&Got> = s.inbox.iter().filter(|g| g.id == 22 && g.u16(6) != u16::MAX).collect();
    let count = values.first().expect("a list").u16(4);
    let indices: BTreeSet<u16> = values.iter().map(|g| g.u16(6)).collect();
    assert_eq!(indices.len(), usize::from(count), "all, none twice missing");
    // A missing one, singly.
    let mut b = 3_i16.to_le_bytes().to_vec();
    b.extend([1, 1]);
    b.extend([0; 16]);
    s.inbox.clear();
    s.send(20, 214, &b);
    assert!(s.inbox.iter().any(|g| g.id == 22 && g.u16(6) == 3));
}

fn chain(family: Family, airframe: Airframe) {
    let mut s = connected(family, airframe);
    // 1. The heartbeat that makes a vehicle.
    let beat = s
        .inbox
        .iter()
        .find(|g| g.id == 0 && g.component == 1)
        .expect("a heartbeat");
    assert!(
        !matches!(beat.byte(4), 6 | 18 | 26 | 27 | 30),
        "no station and no part: type {}",
        beat.byte(4)
    );
    assert_eq!(beat.byte(5), if family == Family::Px4 { 12 } else { 3 });
    // 2. Version and capabilities; fence and rally are loaded only where the bits are.
    let (result, version) = request(&mut s, 1, 148, 0.0);
    assert_eq!(result, 0);
    let capabilities = u32_at(&version[0], 0);
    assert_eq!(capabilities & 0xC000, 0xC000, "fence and rally");
    assert_eq!(capabilities & 0x4, 0x4, "MISSION_INT");
    // 3. Modes: refused, or every one.
    let (result, modes) = request(&mut s, 1, 435, 0.0);
    if result == 0 {
        let indices: BTreeSet<u8> = modes.iter().map(|g| g.byte(9)).collect();
        assert_eq!(indices.len(), usize::from(modes[0].byte(8)), "number_modes modes");
        assert_eq!(indices.first(), Some(&1));
    }
    // 4. Metadata: refused, or a file whose checksum is right; then the old form.
    let mut ftp = Ftp { seq: 0 };
    let (result, metadata) = request(&mut s, 1, 397, 0.0);
    if result == 0 {
        let uri: String = (8..108)
            .map(|i| char::from(metadata[0].byte(i)))
            .take_while(|c| *c != '\0')
            .collect();
        let path = uri.strip_prefix("mftp://").expect("by file transfer");
        let path = path.strip_prefix("[;comp=1]").unwrap_or(path);
        let file = ftp.file(&mut s, path);
        assert_eq!(crc32(&file), u32_at(&metadata[0], 4), "{uri}");
    }
    request(&mut s, 1, 395, 0.0);
    // 5. Parameters.
    parameters(&mut s, family, &mut ftp);
    // 6. Three lists, one after another; an empty one is an answer too.
    for kind in 0..3 {
        let n = s.stored(kind);
        for seq in 0..n {
            let mut b = seq.to_le_bytes().to_vec();
            b.extend([1, 1, kind]);
            s.inbox.clear();
            s.send(51, 196, &b);
            assert!(s.inbox.iter().any(|g| g.id == 73), "item {seq} of list {kind}");
        }
        s.send(47, 153, &[1, 1, 0, kind]);
    }
    // What it asks for streams by: groups and single messages.
    if family == Family::ArduPilot {
        for (group, hz) in [(1_u8, 2_u16), (2, 2), (3, 2), (6, 3), (10, 10), (11, 10), (12, 3)] {
            let mut b = hz.to_le_bytes().to_vec();
            b.extend([1, 1, group, 1]);
            s.send(66, 148, &b);
        }
        for id in [242.0, 245.0] {
            assert_eq!(command(&mut s, 1, 511, [id, 1e6, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
        }
    }
    s.inbox.clear();
    s.run(12.0);
    // BATTERY_STATUS and HOME_POSITION silent for ten seconds would make it ask again for ever.
    for id in [147, 242, 245, 33, 30] {
        let n = s.inbox.iter().filter(|g| g.id == id).count();
        assert!(n >= 2, "message {id} came {n} times in twelve seconds");
    }
    camera(&mut s);
    gimbal(&mut s);
}

fn camera(s: &mut Station) {
    let beats = s.inbox.iter().filter(|g| g.id == 0 && g.component == 100).count();
    assert!(
        beats >= 3,
        "a camera is lost after five seconds without its own heartbeat"
    );
    assert_eq!(command(s, 100, 521, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    s.run(0.2);
    assert!(s.inbox.iter().any(|g| g.id == 259 && g.component == 100));
    for id in [260, 262, 261, 269, 270] {
        let (result, came) = request(s, 100, id, 0.0);
        assert_eq!(result, 0, "message {id}");
        assert!(came.iter().all(|g| g.component == 100));
    }
}

fn gimbal(s: &mut Station) {
    // All three must come: what it is, who holds it, where it looks.
    let (result, manager) = request(s, 1, 280, 0.0);
    assert_eq!(result, 0);
    assert_ne!(manager[0].byte(32), 0, "a gimbal with device id 0 is not shown");
    for id in [281.0, 285.0] {
        // Zero is "as often as you like".
        let results: Vec<u8> = [1, 154]
            .into_iter()
            .map(|c| command(s, c, 511, [id, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
            .collect();
        assert!(results.contains(&0), "message {id}: {results:?}");
    }
    s.inbox.clear();
    s.run(3.0);
    for id in [281, 285] {
        assert!(s.inbox.iter().any(|g| g.id == id), "message {id}");
    }
}

#[test]
fn qgroundcontrol_connects_without_standing_still() {
    for family in [Family::ArduPilot, Family::Px4] {
        for airframe in AIRFRAMES {
            chain(family, airframe);
        }
    }
}
