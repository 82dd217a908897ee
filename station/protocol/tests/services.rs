//! Parameters, files and flight logs of a simulated aircraft, over good and bad radios.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_geo::{Amsl, LatLon};
use vedette_model::{
    Airframe, Baseline, CommandId, CommandOutcome, Drift, Family, FileEntry, LinkId, LogOnBoard, Mono, Order,
    ParameterTable, Report, Request, RequestBody, Retry, Utc, VehicleId,
};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr};
use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};

const LINK: LinkId = LinkId(1);
const SEED: u64 = 11;

struct World {
    gcs: Gcs,
    sim: SimVehicle,
    now: Mono,
    loss: f64,
    cut: bool,
    rng: ChaCha8Rng,
    table: ParameterTable,
    tables: u32,
    listed: Option<(Vec<FileEntry>, u32)>,
    logs: Vec<LogOnBoard>,
    parts: BTreeMap<u8, vedette_model::PartInfo>,
    files: BTreeMap<String, Vec<u8>>,
    whole: Vec<String>,
    outcomes: BTreeMap<CommandId, CommandOutcome>,
    sent: BTreeMap<u32, u32>,
    next: u32,
}

impl World {
    fn new(family: Family, loss: f64) -> Self {
        let home = LatLon::from_e7(424_500_000, 14_900_000);
        let mut cfg = VehicleConfig::small(1, Airframe::Copter, home, Amsl(1200.0));
        cfg.family = family;
        Self::with(cfg, loss)
    }

    fn with(cfg: VehicleConfig, loss: f64) -> Self {
        let mut gcs = Gcs::new(GcsConfig {
            fetch_logs: true,
            ..GcsConfig::new(253, 190)
        });
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        println!("seed {SEED}");
        Self {
            gcs,
            sim: SimVehicle::new(cfg),
            now: Mono::ZERO,
            loss,
            cut: false,
            rng: ChaCha8Rng::seed_from_u64(SEED),
            table: ParameterTable::default(),
            tables: 0,
            listed: None,
            logs: Vec::new(),
            parts: BTreeMap::new(),
            files: BTreeMap::new(),
            whole: Vec::new(),
            outcomes: BTreeMap::new(),
            sent: BTreeMap::new(),
            next: 1,
        }
    }

    fn step(&mut self) {
        self.now = self.now.plus_ms(20);
        let now = self.now;
        self.sim.step(now, &|_| Some(Amsl(1200.0)), &Weather::default());
        while let Some((_, bytes)) = self.sim.poll_transmit() {
            if !self.cut && !self.rng.random_bool(self.loss) {
                let utc = Utc(1_790_000_000_000_000 + now.0);
                self.gcs.handle_datagram(now, utc, LINK, &PeerAddr::new("sim"), &bytes);
            }
        }
        self.gcs.handle_timeout(now);
        while let Some(t) = self.gcs.poll_transmit() {
            let id = u32::from_le_bytes([t.bytes[7], t.bytes[8], t.bytes[9], 0]);
            *self.sent.entry(id).or_default() += 1;
            if !self.cut && !self.rng.random_bool(self.loss) {
                self.sim.handle_datagram(now, 7, &t.bytes);
            }
        }
        while let Some(e) = self.gcs.poll_event() {
            match e.report {
                Report::ParameterTable(t) => {
                    self.table = t;
                    self.tables += 1;
                }
                Report::Parameter { name, value } => {
                    self.table.set(&name, value);
                }
                Report::Files { entries, refused, .. } => self.listed = Some((entries, refused)),
                Report::Logs(l) => self.logs = l,
                Report::Part(p) => {
                    self.parts.insert(p.component, p);
                }
                Report::CommandDone { id, outcome } if !matches!(outcome, CommandOutcome::InProgress(_)) => {
                    self.outcomes.insert(id, outcome);
                }
                _ => {}
            }
        }
        while let Some(p) = self.gcs.poll_file() {
            let file = self.files.entry(p.name.clone()).or_default();
            assert_eq!(file.len() as u64, p.offset, "pieces come in order, without gaps");
            file.extend_from_slice(&p.bytes);
            if p.last {
                self.whole.push(p.name);
            }
        }
    }

    fn run(&mut self, seconds: f64, until: impl Fn(&Self) -> bool) -> bool {
        let end = self.now.plus_ms((seconds * 1000.0) as i64);
        while self.now < end {
            self.step();
            if until(self) {
                return true;
            }
        }
        false
    }

    fn ask(&mut self, body: RequestBody) -> CommandOutcome {
        let id = CommandId(self.next);
        self.next += 1;
        let request = Request {
            id,
            vehicle: VehicleId(1),
            uid: 0,
            body,
            retry: Retry::UntilAck,
            expires: self.now.plus_ms(180_000),
        };
        self.gcs.submit(self.now, request);
        assert!(self.run(181.0, |w| w.outcomes.contains_key(&id)), "no end");
        self.outcomes[&id].clone()
    }

    fn fly_and_land(&mut self) {
        let height = vedette_geo::AboveHome(15.0);
        assert_eq!(
            self.ask(RequestBody::Order(Order::TakeOff { height })),
            CommandOutcome::Accepted
        );
        self.run(25.0, |_| false);
        assert_eq!(self.ask(RequestBody::Order(Order::Land)), CommandOutcome::Accepted);
        assert!(self.run(90.0, |w| !w.sim.truth().armed), "still armed");
    }
}

#[test]
fn parameters_are_read_on_meeting_by_the_quickest_way_the_family_has() {
    for (family, loss) in [
        (Family::ArduPilot, 0.0),
        (Family::Px4, 0.0),
        (Family::ArduPilot, 0.25),
        (Family::Px4, 0.25),
    ] {
        let mut w = World::new(family, loss);
        assert!(w.run(60.0, |w| w.tables > 0), "{family:?} at loss {loss}: never whole");
        let name = if family == Family::Px4 {
            "RTL_RETURN_ALT"
        } else {
            "WPNAV_SPEED"
        };
        assert!(w.table.len() > 60 && w.table.get(name).is_some(), "{family:?}");
        let listed = w.sent.get(&21).copied().unwrap_or(0);
        match family {
            Family::ArduPilot => assert!(listed == 0 || loss > 0.0, "the pack was enough"),
            _ => assert!(listed > 0, "PX4 has no pack"),
        }
        println!(
            "{family:?} loss {loss}: {} parameters after {:.1} s",
            w.table.len(),
            w.now.0 as f64 * 1e-6
        );
    }
}

#[test]
fn px4_that_comes_back_unchanged_is_not_read_again() {
    let mut w = World::new(Family::Px4, 0.0);
    assert!(w.run(30.0, |w| w.tables > 0));
    w.run(5.0, |_| false);
    let before = w.sent.get(&21).copied();
    w.cut = true;
    w.run(8.0, |_| false);
    w.cut = false;
    w.run(10.0, |_| false);
    assert_eq!(
        w.sent.get(&21).copied(),
        before,
        "the checksum told that nothing changed"
    );
    // Changed behind our back while we were away: read again.
    w.cut = true;
    w.run(8.0, |_| false);
    let mut other = Gcs::new(GcsConfig::new(252, 190));
    other.link_up(w.now, LINK, "udpin:other", None);
    w.sim.handle_datagram(w.now, 9, &set_param("RTL_RETURN_ALT", 77.0));
    w.cut = false;
    assert!(
        w.run(20.0, |w| w.table.get("RTL_RETURN_ALT") == Some(77.0)),
        "{:?}",
        w.table.get("RTL_RETURN_ALT")
    );
}

fn set_param(name: &str, value: f32) -> Vec<u8> {
    use vedette_protocol::codec::{Sender, wire};
    Sender::new(252, 190).encode_wire(&wire::ParamSet {
        value,
        target_system: 1,
        target_component: 1,
        id: wire::Chars::from_text(name),
        kind: 9,
    })
}

#[test]
fn a_set_is_done_only_when_the_aircraft_reads_it_back() {
    for (family, loss) in [(Family::ArduPilot, 0.0), (Family::Px4, 0.0), (Family::ArduPilot, 0.3)] {
        let mut w = World::new(family, loss);
        assert!(w.run(60.0, |w| w.tables > 0));
        let (real, whole) = match family {
            Family::Px4 => ("RTL_RETURN_ALT", "NAV_DLL_ACT"),
            _ => ("FENCE_RADIUS", "FS_GCS_ENABLE"),
        };
        let set = |w: &mut World, name: &str, value: f64| {
            w.ask(RequestBody::SetParameter {
                name: name.to_owned(),
                value,
            })
        };
        assert_eq!(set(&mut w, real, 123.5), CommandOutcome::Accepted, "{family:?}");
        assert_eq!(set(&mut w, whole, 1.0), CommandOutcome::Accepted, "{family:?}");
        assert_eq!((w.table.get(real), w.table.get(whole)), (Some(123.5), Some(1.0)));
        for (name, value, says) in [
            ("NO_SUCH", 1.0, "no parameter"),
            (whole, 1.5, "cannot hold"),
            (whole, 1e12, "cannot hold"),
        ] {
            match set(&mut w, name, value) {
                CommandOutcome::Refused(why) => assert!(why.contains(says), "{why}"),
                other => panic!("{name} = {value}: {other:?}"),
            }
        }
    }
}

#[test]
fn drift_from_the_baseline_is_told_with_safety_first() {
    let mut w = World::new(Family::ArduPilot, 0.0);
    assert!(w.run(30.0, |w| w.tables > 0));
    let baseline = Baseline::parse(&w.table.to_file(), "fleet.param").expect("our own file");
    assert_eq!(baseline.differences(&w.table), []);
    for (name, value) in [("WPNAV_SPEED", 500.0), ("FENCE_ACTION", 0.0)] {
        let set = RequestBody::SetParameter {
            name: name.to_owned(),
            value,
        };
        assert_eq!(w.ask(set), CommandOutcome::Accepted);
    }
    let d = baseline.differences(&w.table);
    let names: Vec<_> = d.iter().map(|d| (d.name.as_str(), d.safety)).collect();
    assert_eq!(names, [("FENCE_ACTION", true), ("WPNAV_SPEED", false)]);
    assert!(matches!(d[0].drift, Drift::Changed { wanted, found } if wanted == 1.0 && found == 0.0));
    let err = Baseline::parse("FENCE_ACTION,1\nRTL_ALT oops\n", "fleet.param").expect_err("no number");
    assert_eq!(
        err.to_string(),
        "fleet.param:2: `oops` is no number; a line is NAME,VALUE or SYSTEM COMPONENT NAME VALUE TYPE"
    );
}

#[test]
fn the_log_of_a_flight_is_fetched_after_landing_and_the_same_by_both_ways() {
    for (family, loss) in [(Family::ArduPilot, 0.0), (Family::Px4, 0.15)] {
        let mut w = World::new(family, loss);
        w.run(12.0, |_| false);
        w.fly_and_land();
        assert!(w.run(120.0, |w| !w.whole.is_empty()), "{family:?}: no log");
        let log = w.files["log-00001.bin"].clone();
        assert_eq!(log.len(), w.logs[0].size as usize);
        let magic: &[u8] = if family == Family::Px4 {
            b"ULog"
        } else {
            &[0xA3, 0x95, 128]
        };
        assert!(log.starts_with(magic));
        let folder = if family == Family::Px4 {
            "/fs/microsd/log"
        } else {
            "/APM/LOGS"
        };
        assert_eq!(
            w.ask(RequestBody::ListFiles {
                path: folder.to_owned()
            }),
            CommandOutcome::Accepted
        );
        let (entries, refused) = w.listed.clone().expect("listed");
        assert_eq!((entries.len(), refused), (1, 0));
        assert_eq!(entries[0].size, Some(log.len() as u64));
        let path = format!("{folder}/{}", entries[0].name);
        assert_eq!(w.ask(RequestBody::ReadFile { path }), CommandOutcome::Accepted);
        let file = &w.files[w.whole.last().expect("a file")];
        assert!(*file == log, "the two ways give different bytes");
        println!("{family:?} loss {loss}: log of {} bytes", log.len());
    }
}

#[test]
fn a_file_is_read_on_after_the_link_was_away() {
    let mut w = World::new(Family::ArduPilot, 0.05);
    w.run(12.0, |_| false);
    w.fly_and_land();
    assert!(w.run(120.0, |w| !w.whole.is_empty()));
    let path = "/APM/LOGS/00000001.BIN".to_owned();
    let id = CommandId(900);
    w.gcs.submit(
        w.now,
        Request {
            id,
            vehicle: VehicleId(1),
            uid: 0,
            body: RequestBody::ReadFile { path },
            retry: Retry::UntilAck,
            expires: w.now.plus_ms(120_000),
        },
    );
    w.run(0.1, |_| false);
    w.cut = true;
    w.run(3.0, |_| false);
    w.cut = false;
    assert!(w.run(60.0, |w| w.outcomes.contains_key(&id)), "never ended");
    assert_eq!(w.outcomes[&id], CommandOutcome::Accepted);
    assert!(w.files["00000001.BIN"] == w.files["log-00001.bin"]);
}

#[test]
fn paths_that_lead_out_of_the_tree_are_not_asked_for() {
    let mut w = World::new(Family::ArduPilot, 0.0);
    w.run(12.0, |_| false);
    for path in ["../etc/passwd", "/APM/../../x", "", "a\\b", "/a\nb"] {
        let path = path.to_owned();
        assert!(matches!(
            w.ask(RequestBody::ReadFile { path }),
            CommandOutcome::Refused(_)
        ));
    }
    let path = "/no/such".to_owned();
    assert_eq!(
        w.ask(RequestBody::ReadFile { path }),
        CommandOutcome::Refused("there is no such file".to_owned())
    );
}

#[test]
fn a_file_session_another_station_holds_is_waited_for() {
    let home = LatLon::from_e7(424_500_000, 14_900_000);
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, home, Amsl(1200.0));
    cfg.quirks.one_file_session = true;
    let mut w = World::with(cfg, 0.0);
    // The other station opens a file and forgets it.
    let mut payload = [0_u8; 251];
    payload[0] = 1;
    payload[3] = 4;
    let name = b"@PARAM/param.pck";
    payload[4] = name.len() as u8;
    payload[12..12 + name.len()].copy_from_slice(name);
    let open = vedette_protocol::codec::wire::FileTransferProtocol {
        target_network: 0,
        target_system: 1,
        target_component: 1,
        payload: vedette_protocol::codec::wire::Array(payload),
    };
    let frame = vedette_protocol::codec::Sender::new(252, 190).encode_wire(&open);
    w.run(0.1, |_| false);
    w.sim.handle_datagram(w.now, 9, &frame);
    assert!(w.run(30.0, |w| w.tables > 0), "never read");
    assert!(w.now.0 > 4_000_000, "waited for the other's silence");
    assert_eq!(w.sent.get(&21), None, "and then took the pack after all");
}

/// An aircraft that means harm: it answers file requests with whatever `answer` says.
fn hostile(body: RequestBody, mut answer: impl FnMut(&[u8; 251]) -> Vec<[u8; 251]>) -> (Vec<Report>, usize) {
    use vedette_protocol::codec::{Sender, wire, wire::WireMessage};
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
    let (mut sender, peer) = (Sender::new(1, 1), PeerAddr::new("hostile"));
    let (mut reports, mut held) = (Vec::new(), 0);
    for k in 0..3000_i64 {
        let now = Mono::ZERO.plus_ms(20 * k);
        let mut frames = Vec::new();
        if k % 50 == 0 {
            frames.push(sender.encode_wire(&wire::Heartbeat {
                kind: 2,
                autopilot: 12,
                base_mode: 81,
                system_status: 3,
                mavlink_version: 3,
                custom_mode: 0,
            }));
        }
        if k == 5 {
            gcs.submit(
                now,
                Request {
                    id: CommandId(1),
                    vehicle: VehicleId(1),
                    uid: 0,
                    body: body.clone(),
                    retry: Retry::UntilAck,
                    expires: now.plus_ms(50_000),
                },
            );
        }
        gcs.handle_timeout(now);
        while let Some(t) = gcs.poll_transmit() {
            for f in vedette_protocol::codec::parse_datagram(&t.bytes) {
                if f.header.message_id == 110 {
                    let m = wire::FileTransferProtocol::from_payload(f.payload);
                    for payload in answer(&m.payload.0) {
                        frames.push(sender.encode_wire(&wire::FileTransferProtocol {
                            target_network: 0,
                            target_system: 253,
                            target_component: 190,
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
            reports.push(e.report);
        }
        while let Some(p) = gcs.poll_file() {
            held += p.bytes.len();
        }
    }
    (reports, held)
}

fn reply(asked: &[u8; 251], kind: u8, session: u8, offset: u32, data: &[u8]) -> [u8; 251] {
    let mut p = [0_u8; 251];
    let seq = u16::from_le_bytes([asked[0], asked[1]]).wrapping_add(1);
    p[..2].copy_from_slice(&seq.to_le_bytes());
    p[2] = session;
    p[3] = kind;
    p[4] = data.len() as u8;
    p[5] = asked[3];
    p[8..12].copy_from_slice(&offset.to_le_bytes());
    p[12..12 + data.len()].copy_from_slice(data);
    p
}

#[test]
fn hostile_names_are_left_out_and_counted() {
    let entries: [&[u8]; 9] = [
        b"Fok.bin\t5\0",
        b"F../../.bashrc\t1\0",
        b"F/etc/passwd\t1\0",
        b"D..\0",
        b"Fa\\b\t1\0",
        b"Fcom\x07\t1\0",
        "Fnib\u{202e}gpj.exe\t1\0".as_bytes(),
        b"F\xff\xfe\t1\0",
        b"Dlogs\0",
    ];
    let path = "/".to_owned();
    let (reports, _) = hostile(RequestBody::ListFiles { path }, |asked| {
        let offset = u32::from_le_bytes([asked[8], asked[9], asked[10], asked[11]]) as usize;
        vec![match (asked[3], entries.get(offset)) {
            (3, Some(e)) => reply(asked, 128, 0, 0, e),
            _ => reply(asked, 129, 0, 0, &[6]),
        }]
    });
    let listed = reports.iter().find_map(|r| match r {
        Report::Files { entries, refused, .. } => Some((entries.clone(), *refused)),
        _ => None,
    });
    let (entries, refused) = listed.expect("listed");
    let names: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.directory)).collect();
    assert_eq!((names, refused), (vec![("ok.bin", false), ("logs", true)], 6));
}

#[test]
fn a_lying_file_server_costs_neither_memory_nor_the_station() {
    let file = RequestBody::ReadFile {
        path: "/x.bin".to_owned(),
    };
    // Offsets near the end of 32 bits, sizes beyond the message, endless data, never an end.
    let mut n = 0_u32;
    let (reports, held) = hostile(file.clone(), |asked| match asked[3] {
        4 => vec![reply(asked, 128, 3, 0, &u32::MAX.to_le_bytes())],
        _ => {
            n += 1;
            let mut p = reply(asked, 128, 3, 0xFFFF_FF12, &[7; 200]);
            p[4] = 255;
            vec![p; 3]
        }
    });
    assert!(reports.iter().any(|r| matches!(
        r,
        Report::CommandDone {
            outcome: CommandOutcome::Refused(_),
            ..
        }
    )));
    assert_eq!(held, 0);
    // Wrong session, wrong opcode, wrong sequence: as good as silence.
    let (reports, held) = hostile(file, |asked| match asked[3] {
        4 => vec![reply(asked, 128, 3, 0, &[0; 4])],
        _ => {
            let mut seq = reply(asked, 128, 3, 0, &[1; 10]);
            seq[0] = seq[0].wrapping_add(9);
            seq[1] = seq[1].wrapping_sub(200);
            let mut op = reply(asked, 128, 3, 0, &[1; 10]);
            op[5] = 7;
            vec![reply(asked, 128, 9, 0, &[1; 10]), seq, op]
        }
    });
    let ended = reports.iter().any(|r| {
        matches!(
            r,
            Report::CommandDone {
                outcome: CommandOutcome::NoAnswer,
                ..
            }
        )
    });
    assert!(ended && held == 0, "{held}");
}

/// Component information and camera information, over a bad radio: who made it and what it can do.
#[test]
fn the_parts_of_an_aircraft_say_who_made_them_and_what_they_can_do() {
    let home = LatLon::from_e7(424_500_000, 14_900_000);
    let mut cfg = VehicleConfig::small(1, Airframe::Copter, home, Amsl(1200.0));
    cfg.family = Family::Px4;
    cfg.cameras = vec![vedette_sim_vehicle::VideoStream {
        stream: 1,
        thermal: true,
        uri: "udp://127.0.0.1:5611".into(),
        name: "thermal".into(),
        hfov_deg: 24.0,
        width: 640,
        height: 512,
    }];
    let mut w = World::with(cfg, 0.2);
    assert!(w.run(90.0, |w| w.parts.len() >= 2), "{:?}", w.parts);
    let (autopilot, camera) = (&w.parts[&1], &w.parts[&100]);
    assert_eq!((autopilot.vendor.as_str(), autopilot.about.as_str()), ("Vedette", ""));
    assert!(autopilot.model.contains("Copter"), "{autopilot:?}");
    assert!(
        camera.about.starts_with("camera") && camera.about.contains("video stream"),
        "{camera:?}"
    );
}
