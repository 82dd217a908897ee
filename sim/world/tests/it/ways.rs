//! The ways in and out: TCP and serial stations, players of video, autopilots elsewhere; and
//! stations that flood, lie or hang up.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::library::{load, root};
use vedette_geo::distance_m;
use vedette_klv::{TsEvent, TsReader};
use vedette_model::Mono;
use vedette_sim::{
    Endpoint, FollowEndpoint, Rehearsal, Scenario, ServeConfig, SimHandle, SimOptions, Simulation, StepClock, Trouble,
    VideoTarget,
};

const PATIENCE: Duration = Duration::from_secs(20);
const LOCAL: &str = "127.0.0.1:0";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// First watch with small pictures, so many aircraft.
fn small(aircraft: usize) -> Scenario {
    let (_, mut s) = load("first-watch.toml");
    s.vehicles.truncate(aircraft);
    for c in s.vehicles.iter_mut().flat_map(|v| &mut v.cameras) {
        (c.width, c.height) = (160, 128);
    }
    s
}

/// Each look at the clock lets a little time pass: no wall clock in these tests.
fn running(mut config: impl FnMut(&mut ServeConfig), scenario: Scenario) -> SimHandle {
    let (w, _) = load("first-watch.toml");
    let time = AtomicI64::new(0);
    let mut c = ServeConfig::new(Arc::new(move || Mono(time.fetch_add(1_500, Ordering::Relaxed))));
    c.video = VideoTarget::Off;
    config(&mut c);
    Simulation::start(scenario, Arc::new(w), c).unwrap_or_else(|e| panic!("{e}"))
}

/// A station's heartbeat (component 190 of system 255), made by hand.
fn heartbeat() -> Vec<u8> {
    let mut f = vec![0xfd, 9, 0, 0, 0, 255, 190, 0, 0, 0, 0, 0, 0, 0, 6, 8, 0, 4, 3];
    let mut crc = 0xffff_u16;
    for b in f[1..].iter().copied().chain([50]) {
        crc ^= u16::from(b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x8408 } else { crc >> 1 };
        }
    }
    f.extend(crc.to_le_bytes());
    f
}

/// Reads until a MAVLink 2 heartbeat of this system came through a stream.
fn hears(io: &mut impl std::io::Read, system: u8) {
    let mut all = Vec::new();
    let mut b = [0_u8; 512];
    loop {
        let n = io.read(&mut b).expect("bytes in time");
        assert!(n > 0, "the line ended");
        all.extend_from_slice(&b[..n]);
        if all
            .windows(10)
            .any(|w| w[0] == 0xfd && w[5..7] == [system, 1] && w[7..10] == [0, 0, 0])
        {
            return;
        }
    }
}

#[test]
fn several_stations_share_a_tcp_port_and_one_that_rants_and_hangs_up_harms_nobody() {
    let sim = running(|c| c.mavlink = Endpoint::Tcp(address(LOCAL)), small(1));
    let at = sim.addresses()[&1];
    assert_eq!(sim.ways()[&1], format!("tcp:{at}"));
    let join = || {
        let io = TcpStream::connect(at).unwrap();
        io.set_read_timeout(Some(PATIENCE)).unwrap();
        io
    };
    let (mut good, mut bad) = (join(), join());
    hears(&mut good, 1);
    // Rubbish with headers that promise more than comes, then gone in the middle of a frame.
    let rubbish: Vec<u8> = (0..20_000_u32)
        .map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    bad.write_all(&rubbish).unwrap();
    bad.write_all(&heartbeat()[..7]).unwrap();
    drop(bad);
    hears(&mut good, 1);
    // A good frame cut into single bytes is a frame all the same.
    for b in heartbeat() {
        good.write_all(&[b]).unwrap();
    }
    let mut late = join();
    hears(&mut late, 1);
    hears(&mut good, 1);
    let stats = sim.stop();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
    assert!(stats.vehicles[&1].received > 0);
}

#[test]
fn a_serial_station_opens_the_line_by_its_name() {
    let name = std::env::temp_dir().join(format!("vedette-serial-{}", std::process::id()));
    let sim = running(|c| c.mavlink = Endpoint::Serial(Some(name.clone())), small(2));
    assert_eq!(sim.ways()[&1], format!("serial:{}:57600", name.display()));
    for (k, system) in [(String::new(), 1), ("-2".to_owned(), 2)] {
        let path = format!("{}{k}", name.display());
        // As stations do it: with a lock on the line.
        let mut line = serialport::new(&path, 57_600)
            .timeout(std::time::Duration::from_secs(5))
            .open()
            .expect(&path);
        hears(&mut line, system);
        line.write_all(&heartbeat()).unwrap();
        hears(&mut line, system);
    }
    let stats = sim.stop();
    assert!(stats.vehicles[&1].received > 0, "the station was heard");
    assert!(!name.exists(), "its name goes with it");
}

/// One RTSP exchange: what the server says, head and body.
fn ask(io: &mut TcpStream, request: &str) -> String {
    io.write_all(request.as_bytes()).unwrap();
    let mut out = Vec::new();
    let mut b = [0_u8; 1];
    while !out.ends_with(b"\r\n\r\n") {
        io.read_exact(&mut b).expect("an answer");
        out.push(b[0]);
    }
    let head = String::from_utf8(out).unwrap();
    let n: usize = head
        .lines()
        .find_map(|l| l.strip_prefix("Content-Length: "))
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; n];
    io.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

#[test]
fn a_player_gets_video_with_its_metadata_inside_the_connection_and_by_udp() {
    let sim = running(|c| c.rtsp = Some(address(LOCAL)), small(1));
    let at = sim.players_at().unwrap();
    let join = || {
        let io = TcpStream::connect(at).unwrap();
        io.set_read_timeout(Some(PATIENCE)).unwrap();
        io
    };
    let url = format!("rtsp://{at}/11");
    let mut io = join();
    assert!(ask(&mut io, &format!("OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n")).contains("DESCRIBE"));
    let wrong = ask(&mut io, &format!("DESCRIBE rtsp://{at}/77 RTSP/1.0\r\nCSeq: 2\r\n\r\n"));
    assert!(wrong.starts_with("RTSP/1.0 404"), "{wrong}");
    let sdp = ask(&mut io, &format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 3\r\n\r\n"));
    assert!(
        sdp.contains("m=video 0 RTP/AVP 33") && sdp.contains("a=rtpmap:33 MP2T/90000"),
        "{sdp}"
    );
    let early = ask(&mut io, &format!("PLAY {url} RTSP/1.0\r\nCSeq: 4\r\n\r\n"));
    assert!(early.starts_with("RTSP/1.0 455"), "{early}");
    let set = ask(
        &mut io,
        &format!("SETUP {url}/track0 RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"),
    );
    assert!(set.contains("interleaved=0-1") && set.contains("Session: "), "{set}");
    assert!(ask(&mut io, &format!("PLAY {url} RTSP/1.0\r\nCSeq: 6\r\n\r\n")).starts_with("RTSP/1.0 200"));
    let check = |packets: &mut dyn FnMut() -> Vec<u8>| {
        let (mut reader, mut klv, mut video, mut last) = (TsReader::new(), 0, 0, None);
        while klv < 3 || video < 3 {
            let rtp = packets();
            assert_eq!((rtp[0], rtp[1], (rtp.len() - 12) % 188), (0x80, 33, 0));
            let seq = u16::from_be_bytes([rtp[2], rtp[3]]);
            assert!(
                last.is_none_or(|l: u16| l.wrapping_add(1) == seq),
                "one after the other"
            );
            last = Some(seq);
            for e in reader.push(&rtp[12..]) {
                klv += i32::from(matches!(e, TsEvent::Klv { .. }));
                video += i32::from(matches!(e, TsEvent::VideoUnit { .. }));
            }
        }
    };
    check(&mut || {
        let mut head = [0_u8; 4];
        io.read_exact(&mut head).expect("packets");
        assert_eq!(head[..2], [b'$', 0]);
        let mut rtp = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
        io.read_exact(&mut rtp).unwrap();
        rtp
    });
    // A second player takes it by UDP; a third talks nonsense and is gone.
    let screen = UdpSocket::bind(LOCAL).unwrap();
    screen.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = screen.local_addr().unwrap().port();
    let mut second = join();
    let set = ask(
        &mut second,
        &format!(
            "SETUP {url}/track0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port={port}-{}\r\n\r\n",
            u32::from(port) + 1
        ),
    );
    assert!(set.contains("server_port="), "{set}");
    assert!(ask(&mut second, &format!("PLAY {url} RTSP/1.0\r\nCSeq: 2\r\n\r\n")).contains("200 OK"));
    let mut third = join();
    third.write_all(&[b'x'; 20_000]).unwrap();
    let mut b = [0_u8; 2_048];
    check(&mut || {
        let n = screen.recv(&mut b).expect("packets by UDP");
        b[..n].to_vec()
    });
    assert!(ask(&mut second, &format!("TEARDOWN {url} RTSP/1.0\r\nCSeq: 3\r\n\r\n")).contains("200 OK"));
    let stats = sim.stop();
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
}

#[test]
fn what_cannot_be_had_is_told_all_at_once_and_nothing_is_left_running() {
    let (tcp, udp) = (TcpListener::bind(LOCAL).unwrap(), UdpSocket::bind(LOCAL).unwrap());
    let (w, s) = load("first-watch.toml");
    let mut c = ServeConfig::new(StepClock::default().clock());
    c.mavlink = Endpoint::Listen(udp.local_addr().unwrap());
    c.rtsp = Some(tcp.local_addr().unwrap());
    c.truth = Some("/nowhere/at/all.jsonl".into());
    let mut one = s.clone();
    one.vehicles.truncate(1);
    let e = Simulation::start(one, Arc::new(w), c).expect_err("three things are wrong");
    let said = e.to_string();
    assert_eq!(e.each().len(), 3, "{said}");
    for x in ["aircraft 1 (CU-01) cannot use", "rtsp://", "/nowhere/at/all.jsonl"] {
        assert!(said.contains(x), "{x}: {said}");
    }
    // The ports are free again for whoever had a right to them: nothing of ours holds one.
    drop(udp);
    assert!(s.vehicles.len() > 1);
}

#[test]
fn a_refused_start_leaves_the_truth_of_an_earlier_run_and_makes_no_file() {
    let udp = UdpSocket::bind(LOCAL).unwrap();
    let dir = std::env::temp_dir().join(format!("vedette-refused-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (old, new) = (dir.join("old.jsonl"), dir.join("new.jsonl"));
    std::fs::write(
        &old,
        "of yesterday, and longer than the first line of today\n".repeat(200),
    )
    .unwrap();
    let before = std::fs::read(&old).unwrap();
    let (w, _) = load("first-watch.toml");
    let w = Arc::new(w);
    let start = |path: &std::path::Path, at: SocketAddr| {
        let mut c = ServeConfig::new(StepClock::default().clock());
        (c.video, c.mavlink) = (VideoTarget::Off, Endpoint::Listen(at));
        c.truth = Some(path.to_owned());
        Simulation::start(small(1), Arc::clone(&w), c)
    };
    let taken = udp.local_addr().unwrap();
    for path in [&old, &new] {
        let e = start(path, taken).expect_err("the port is taken");
        assert!(e.to_string().contains("cannot use"), "{e}");
    }
    assert_eq!(std::fs::read(&old).unwrap(), before, "not a byte of it changed");
    assert!(!new.exists(), "nothing began");
    // And a run that begins has all of it to itself.
    drop(start(&old, address(LOCAL)).unwrap().stop());
    let text = std::fs::read_to_string(&old).unwrap();
    assert!(!text.contains("yesterday"), "{text}");
    std::fs::remove_dir_all(&dir).unwrap();
}

/// Both aircraft aloft for a while; the second's telemetry, with the first's station behaving
/// as `mischief` says.
fn second_aircraft(mischief: impl Fn(u32, &mut Rehearsal)) -> (Vec<Vec<u8>>, Rehearsal) {
    let (w, s) = load("first-watch.toml");
    let mut r = Rehearsal::new(s, Arc::new(w), 1);
    let mut out = Vec::new();
    for t in 0..40 {
        r.heartbeat();
        if t == 8 {
            r.take_off(1, 40.0);
        }
        mischief(t, &mut r);
        r.step_to(f64::from(t + 1));
        out.extend(r.telemetry().into_iter().filter(|(s, _)| *s == 2).map(|(_, b)| b));
    }
    (out, r)
}

#[test]
fn a_station_that_floods_or_lies_to_one_aircraft_changes_no_byte_of_the_other() {
    let (quiet, calm) = second_aircraft(|_, _| {});
    let (beside, stormy) = second_aircraft(|t, r| {
        for k in 0..3_000_u32 {
            let x = k.wrapping_mul(2_654_435_761) ^ t;
            let junk: Vec<u8> = (0..60).map(|b| (x.rotate_left(b) & 255) as u8).collect();
            r.send(1, &junk);
        }
        // Frames that claim to come from aircraft 2 itself, and a station under its number.
        let mut lie = heartbeat();
        lie[5] = 2;
        for _ in 0..500 {
            r.send(1, &lie);
            r.send(1, &heartbeat());
        }
    });
    assert!(quiet.len() > 200);
    assert!(quiet == beside, "aircraft 2 sends byte for byte the same");
    let (a, b) = (calm.state(1).unwrap(), stormy.state(1).unwrap());
    assert!(a.armed && b.armed && !b.crashed);
    assert!(
        (a.amsl.0 - b.amsl.0).abs() < 1.0,
        "and aircraft 1 flies on: {} {}",
        a.amsl.0,
        b.amsl.0
    );
}

#[test]
fn the_world_goes_where_another_autopilot_says_it_is() {
    let quiet = || {
        let (w, mut s) = load("first-watch.toml");
        for v in &mut s.vehicles {
            v.heading_bias_deg = 0.0;
        }
        (Arc::new(w), s)
    };
    let (w, s) = quiet();
    let mut other = Rehearsal::new(s, w, 1);
    let (w, s) = quiet();
    let mut world = Rehearsal::new(s, w, 1);
    let home = world.state(1).unwrap().at;
    let turn = |other: &mut Rehearsal, world: &mut Rehearsal, t: f64| {
        other.step_to(t);
        for (_, bytes) in other.telemetry() {
            world.follow(&bytes);
        }
        for f in world.requests() {
            other.send(1, &f);
            other.send(2, &f);
        }
        world.step_to(t);
    };
    for k in 0..60 * 20 {
        if k % 20 == 0 {
            other.heartbeat();
        }
        if k == 160 {
            other.take_off(1, 50.0);
        }
        if k == 600 {
            other.inject(
                Trouble::Wind {
                    deg: 200.0,
                    m_s: 9.0,
                    gust_m_s: 3.0,
                },
                Some(1),
            );
        }
        turn(&mut other, &mut world, f64::from(k + 1) * 0.05);
        if k > 400 && k % 40 == 0 {
            let (a, b) = (other.state(1).unwrap(), world.state(1).unwrap());
            assert_eq!(b.mode, "FOLLOWED");
            assert!(distance_m(a.at, b.at) < 6.0, "{:.1} m off", distance_m(a.at, b.at));
            assert!((a.amsl.0 - b.amsl.0).abs() < 4.0, "{} {}", a.amsl.0, b.amsl.0);
            for (x, y, may) in [
                (a.yaw_deg, b.yaw_deg, 4.0),
                (a.roll_deg, b.roll_deg, 4.0),
                (a.gimbal_pitch_deg, b.gimbal_pitch_deg, 2.0),
                (a.gimbal_yaw_deg, b.gimbal_yaw_deg, 4.0),
            ] {
                assert!(vedette_geo::diff_deg(x, y).abs() < may, "{x:.1} {y:.1} at {k}");
            }
            assert!(b.armed);
        }
    }
    // It falls silent: it goes on a second and stands.
    let last = world.state(1).unwrap();
    world.step_to(64.0);
    let stands = world.state(1).unwrap();
    world.step_to(70.0);
    assert_eq!(stands.at, world.state(1).unwrap().at);
    assert!(distance_m(last.at, stands.at) < 15.0);
    // The other aircraft of the fleet was heard as well, standing at its home.
    assert!(distance_m(home, stands.at) < 60.0 && world.state(2).unwrap().mode == "FOLLOWED");
}

#[test]
fn an_autopilot_at_an_endpoint_is_asked_for_what_it_does_not_send_and_believed() {
    let socket = UdpSocket::bind(LOCAL).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let free = UdpSocket::bind(LOCAL).unwrap();
    let at = free.local_addr().unwrap();
    drop(free);
    let sim = running(
        |c| {
            let time = AtomicI64::new(0);
            c.clock = Arc::new(move || Mono(time.fetch_add(20_000, Ordering::Relaxed)));
            c.follow = vec![FollowEndpoint::Listen(at)];
        },
        small(1),
    );
    assert_eq!(sim.ways()[&1], "nowhere", "the station speaks to the autopilot itself");
    // An aircraft of our own, a kilometre north of the scenario's home, on the other side of the wire.
    let (w, s) = load("first-watch.toml");
    let home = vedette_geo::destination(s.vehicles[0].home, 0.0, 1_000.0);
    let ground = w.terrain.elevation(home).unwrap();
    let mut other = vedette_sim_vehicle::SimVehicle::new(vedette_sim_vehicle::VehicleConfig::small(
        1,
        vedette_model::Airframe::Copter,
        home,
        ground,
    ));
    let mut asked = Vec::new();
    let mut b = [0_u8; 512];
    for k in 1..=12 {
        let now = Mono(k * 1_000_000);
        other.step(now, &|_| Some(ground), &vedette_sim_vehicle::Weather::default());
        while let Some((_, frame)) = other.poll_transmit() {
            socket.send_to(&frame, at).unwrap();
        }
        let n = socket.recv(&mut b).expect("the world answers");
        other.handle_datagram(now, 0, &b[..n]);
        asked.push(u32::from_le_bytes([b[7], b[8], b[9], 0]));
        assert_eq!(b[6], 191, "as an onboard computer, not as a station");
    }
    assert!(asked.contains(&76), "messages were asked for: {asked:?}");
    let t = sim.truth(1).unwrap();
    assert!(distance_m(t.at, home) < 10.0, "{:.0} m off", distance_m(t.at, home));
    let stats = sim.stop();
    assert_eq!(stats.vehicles[&1].mode, "FOLLOWED");
    assert!(stats.failures.is_empty(), "{:?}", stats.failures);
}

#[test]
fn flags_name_every_way_or_say_what_is_allowed() {
    let (w, _) = load("first-watch.toml");
    let of = |o: SimOptions| o.build(&w).map(|b| b.1);
    let listen = |l: &str| {
        of(SimOptions {
            listen: Some(l.to_owned()),
            ..SimOptions::default()
        })
    };
    assert_eq!(
        listen("tcpin:127.0.0.1:5760").unwrap().mavlink,
        Endpoint::Tcp(address("127.0.0.1:5760"))
    );
    assert_eq!(listen("serial:").unwrap().mavlink, Endpoint::Serial(None));
    assert_eq!(
        listen("serial:/tmp/uav").unwrap().mavlink,
        Endpoint::Serial(Some("/tmp/uav".into()))
    );
    assert!(
        listen("tcpin:nowhere")
            .unwrap_err()
            .to_string()
            .contains("tcpin:HOST:PORT")
    );
    let video = |v: &str| {
        of(SimOptions {
            video: Some(v.to_owned()),
            ..SimOptions::default()
        })
    };
    let c = video("rtsp://127.0.0.1:8554").unwrap();
    assert_eq!((c.video, c.rtsp), (VideoTarget::Off, Some(address("127.0.0.1:8554"))));
    let c = video("udp://10.0.0.7,rtsp://127.0.0.1:8554/").unwrap();
    assert_eq!(c.video, VideoTarget::Host("10.0.0.7".parse().unwrap()));
    assert!(c.rtsp.is_some());
    assert!(video("rtsp://nowhere").is_err());
    let c = of(SimOptions {
        follow: vec!["tcp:127.0.0.1:5762".to_owned(), "udpin:127.0.0.1:14540".to_owned()],
        sensors: Some("127.0.0.1:7000".to_owned()),
        ..SimOptions::default()
    })
    .unwrap();
    assert_eq!(
        c.follow,
        [
            FollowEndpoint::Tcp(address("127.0.0.1:5762")),
            FollowEndpoint::Listen(address("127.0.0.1:14540"))
        ]
    );
    assert_eq!(c.sensors, address("127.0.0.1:7000"));
    assert!(root().join("sim/scenarios").is_dir());
}

/// Why a run does not start.
fn refused(config: impl FnOnce(&mut ServeConfig), scenario: Scenario) -> String {
    let (w, _) = load("first-watch.toml");
    let mut c = ServeConfig::new(StepClock::default().clock());
    c.video = VideoTarget::Off;
    config(&mut c);
    match Simulation::start(scenario, Arc::new(w), c) {
        Ok(_) => panic!("it started"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn pictures_sent_where_something_else_goes_or_listens_are_refused_with_both_names() {
    let (_, s) = load("footpath-crossing.toml");
    let port = s.vehicles[0].cameras[0].port;
    let at = address(&format!("127.0.0.1:{port}"));
    let said = refused(
        |c| {
            c.video = VideoTarget::Scenario;
            c.sensors = at;
            c.mavlink = Endpoint::Listen(address(&format!("0.0.0.0:{port}")));
        },
        s.clone(),
    );
    for name in ["camera 11 and ground sensors (--sensors)", "aircraft 1 (--listen)"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let said = refused(|c| c.video = VideoTarget::Base(address("127.0.0.1:65535")), s);
    assert!(
        said.contains("camera 11 and camera 12 both use udp port 65535"),
        "{said}"
    );
}
