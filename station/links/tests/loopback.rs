//! Links over the loopback: bounded counts, ports the system chooses, no sleeping on the clock.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say aloud what they left out"
)]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use vedette_links::{
    BAUD_RATES, Endpoint, EndpointError, LinkError, Links, OpenOptions, Output, Received, RunOptions, run,
    serial_lines, system_clock,
};
use vedette_model::{
    CommandId, CommandOutcome, LinkId, LinkState, Mono, Order, Report, Request, RequestBody, VehicleId,
};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, Verdict, parse_datagram, tlog};
use vedette_protocol::{Gcs, GcsConfig, PeerAddr, Transmit};

/// No wait in these tests is longer; all end by an event.
const LIMIT: Duration = Duration::from_secs(20);

fn ep(text: &str) -> Endpoint {
    text.parse().expect("an endpoint")
}

fn beat(sender: &mut Sender, mode: u32) -> Vec<u8> {
    sender.encode_wire(&wire::Heartbeat {
        kind: 2,
        autopilot: 3,
        base_mode: 81,
        system_status: 3,
        mavlink_version: 3,
        custom_mode: mode,
    })
}

async fn next_datagram(links: &mut Links) -> (LinkId, PeerAddr, Vec<u8>) {
    tokio::time::timeout(LIMIT, async {
        loop {
            if let Some(Received::Datagram { link, peer, bytes, .. }) = links.recv().await {
                return (link, peer, bytes);
            }
        }
    })
    .await
    .expect("a datagram")
}

#[test]
fn endpoints_are_read_as_written_and_errors_say_what_to_write() {
    for text in [
        "udpin:0.0.0.0:14550",
        "udpout:127.0.0.1:14551",
        "udpin:[::1]:0",
        "udpmcast:239.255.77.1:14560",
        "udpmcast:[ff12::77%1]:14560",
        "tcp:localhost:5760",
        "tcpin:127.0.0.1:0",
        "serial:/dev/ttyUSB0:57600",
        "tlog:out/a b.tlog",
    ] {
        assert_eq!(ep(text).to_string(), text);
    }
    for (text, part) in [
        ("14550", "udpin:HOST:PORT"),
        ("udp:1.2.3.4:5", "udpin:HOST:PORT"),
        ("udpin:14550", "udpin:127.0.0.1:14550"),
        ("udpout:h:0", "1 to 65535"),
        ("tcp:h:99999", "65535"),
        ("serial:/dev/ttyUSB0", "57600"),
        ("tlog:", "flight.tlog"),
    ] {
        let error = text.parse::<Endpoint>().expect_err(text).to_string();
        assert!(error.contains(part) && error.contains(text), "{error}");
    }
    assert!(matches!("x".parse::<Endpoint>(), Err(EndpointError::Kind(_))));
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_remedy() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Links::open(&[ep(&format!("udpin:127.0.0.1:{port}"))], &OpenOptions::default())
        .await
        .expect_err("the port is taken");
    assert!(matches!(error, LinkError::InUse { port: p, .. } if p == port));
    assert!(error.to_string().contains("choose another port"));
    for text in [
        "serial:/no/such/line:57600",
        "tlog:/no/such/file.tlog",
        "udpout:no.such.host.invalid:1",
    ] {
        let error = Links::open(&[ep(text)], &OpenOptions::default()).await.expect_err(text);
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[tokio::test]
async fn datagrams_of_several_senders_come_in_and_answers_go_back_to_each() {
    let mut links = Links::open(&[ep("udpin:127.0.0.1:0")], &OpenOptions::default())
        .await
        .unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    let senders = [
        UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        UdpSocket::bind("127.0.0.1:0").await.unwrap(),
    ];
    for (i, s) in senders.iter().enumerate() {
        s.send_to(&[u8::try_from(i).unwrap(); 5], to).await.unwrap();
        let (link, peer, bytes) = next_datagram(&mut links).await;
        assert_eq!((link, bytes.len()), (LinkId(1), 5));
        assert_eq!(peer.to_string(), s.local_addr().unwrap().to_string());
        assert!(links.send(Transmit {
            link,
            peer,
            bytes: vec![9, u8::try_from(i).unwrap()]
        }));
        let mut buffer = [0; 8];
        let (n, _) = tokio::time::timeout(LIMIT, s.recv_from(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&buffer[..n], &[9, u8::try_from(i).unwrap()]);
    }
}

#[tokio::test]
async fn a_full_queue_drops_the_newest_and_counts() {
    let options = OpenOptions {
        incoming: 4,
        ..OpenOptions::default()
    };
    let links = Links::open(&[ep("udpin:127.0.0.1:0")], &options).await.unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    let s = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..40 {
        s.send_to(&[1], to).await.unwrap();
    }
    // Three places, of which the report that the link is up may take one.
    tokio::time::timeout(LIMIT, async {
        while links.dropped() < 37 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("counted");
}

#[tokio::test]
async fn several_tcp_clients_are_served_and_pieces_are_joined() {
    let mut links = Links::open(&[ep("tcpin:127.0.0.1:0")], &OpenOptions::default())
        .await
        .unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    let mut a = TcpStream::connect(to).await.unwrap();
    let mut b = TcpStream::connect(to).await.unwrap();
    let mut sender = Sender::new(1, 1);
    let frame = beat(&mut sender, 0);
    a.write_all(&frame[..7]).await.unwrap();
    b.write_all(&frame).await.unwrap();
    let (_, from_b, bytes) = next_datagram(&mut links).await;
    assert_eq!(bytes, frame);
    a.write_all(&frame[7..]).await.unwrap();
    let (_, from_a, bytes) = next_datagram(&mut links).await;
    assert_eq!(bytes, frame);
    assert_ne!(from_a, from_b);
    links.send(Transmit {
        link: LinkId(1),
        peer: from_a,
        bytes: b"for a".to_vec(),
    });
    let mut buffer = [0; 5];
    tokio::time::timeout(LIMIT, a.read_exact(&mut buffer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&buffer, b"for a");
}

#[tokio::test]
async fn a_lost_connection_is_told_and_made_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut links = Links::open(&[ep(&format!("tcp:127.0.0.1:{port}"))], &OpenOptions::default())
        .await
        .unwrap();
    for round in 0..2 {
        let (mut stream, _) = tokio::time::timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
        assert!(
            matches!(links.recv().await, Some(Received::Up { peer: Some(_), .. })),
            "round {round}"
        );
        let frame = beat(&mut Sender::new(1, 1), round);
        stream.write_all(&frame).await.unwrap();
        assert_eq!(next_datagram(&mut links).await.2, frame);
        drop(stream);
        assert!(
            matches!(links.recv().await, Some(Received::Down { .. })),
            "round {round}"
        );
    }
}

/// An aircraft on a socket: answers what it is asked until `stop` says so.
async fn aircraft(socket: UdpSocket, to: std::net::SocketAddr) -> u64 {
    let mut sender = Sender::new(1, 1);
    let mut mode = 0;
    let mut sent = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut buffer = [0_u8; 2048];
    let mut after_return = 0;
    while after_return < 10 {
        tokio::select! {
            _ = tick.tick() => {
                socket.send_to(&beat(&mut sender, mode), to).await.unwrap();
                sent += 1;
                after_return += u32::from(mode == 6);
            }
            got = socket.recv_from(&mut buffer) => {
                let (n, from) = got.unwrap();
                for f in parse_datagram(&buffer[..n]).filter(|f| f.verdict == Verdict::Valid) {
                    if f.header.message_id == wire::CommandLong::ID {
                        let m = wire::CommandLong::from_payload(f.payload);
                        if m.command == 176 {
                            mode = m.p2 as u32;
                        }
                        let ack = wire::CommandAck {
                            command: m.command,
                            result: if m.command == 176 { 0 } else { 3 },
                            target_system: f.header.system,
                            target_component: f.header.component,
                            ..Default::default()
                        };
                        socket.send_to(&sender.encode_wire(&ack), from).await.unwrap();
                        sent += 1;
                    }
                }
            }
        }
    }
    sent
}

#[tokio::test]
async fn an_order_goes_out_over_a_socket_and_its_end_comes_back() {
    let links = Links::open(&[ep("udpin:127.0.0.1:0")], &OpenOptions::default())
        .await
        .unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    let log = std::env::temp_dir().join(format!("vedette-links-{}.tlog", std::process::id()));
    // Five times as fast as the wall clock.
    let wall = system_clock();
    let clock: vedette_links::Clock = std::sync::Arc::new(move || {
        let (m, u) = wall();
        (Mono(m.0 * 5), u.plus_us(m.0 * 4))
    });
    let gcs = Gcs::new(GcsConfig {
        log: true,
        ..GcsConfig::new(253, 190)
    });
    let options = RunOptions {
        tlog: Some(log.clone()),
        ..RunOptions::default()
    };
    let station = run(gcs, links, clock.clone(), options).unwrap();
    let flying = tokio::spawn(aircraft(UdpSocket::bind("127.0.0.1:0").await.unwrap(), to));
    let outputs = station.outputs().clone();
    let wait = |want: fn(&Output) -> bool| {
        let outputs = outputs.clone();
        tokio::task::spawn_blocking(move || {
            while let Ok(o) = outputs.recv_timeout(LIMIT) {
                if want(&o) {
                    return Some(o);
                }
            }
            None
        })
    };
    assert!(
        wait(|o| matches!(o, Output::Vehicle(e) if matches!(e.report, Report::Heartbeat { .. })))
            .await
            .unwrap()
            .is_some()
    );
    let order = Order::Return;
    station
        .submit(Request {
            id: CommandId(1),
            vehicle: VehicleId(1),
            uid: 0,
            retry: order.retry(),
            body: RequestBody::Order(order),
            expires: clock().0.plus_ms(60_000),
        })
        .unwrap();
    let done = wait(
        |o| matches!(o, Output::Vehicle(e) if matches!(&e.report, Report::CommandDone { outcome, .. } if *outcome == CommandOutcome::Accepted)),
    );
    assert!(done.await.unwrap().is_some(), "the order was accepted");
    let sent = tokio::time::timeout(LIMIT, flying).await.unwrap().unwrap();
    let told =
        wait(|o| matches!(o, Output::Links(l) if l.first().is_some_and(|l| l.valid >= 10 && l.state == LinkState::Up)));
    assert!(told.await.unwrap().is_some());
    assert!(station.inspect().rows.iter().any(|r| r.name == "HEARTBEAT"));
    station.stop().await;
    let bytes = std::fs::read(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    let (mut from_aircraft, mut from_us) = (0, 0);
    let mut reader = tlog::read(&bytes);
    for (_, f) in reader.by_ref() {
        if f.header.system == 1 {
            from_aircraft += 1
        } else {
            from_us += 1
        }
    }
    assert_eq!(reader.skipped_bytes(), 0);
    println!("{from_aircraft} of {sent} frames received, {from_us} sent");
    assert!(from_aircraft > 0 && from_aircraft <= sent && from_us > 5);
}

#[tokio::test]
async fn a_recording_is_a_link() {
    let mut sender = Sender::new(5, 1);
    let mut bytes = Vec::new();
    for i in 0..50 {
        tlog::append(
            &mut bytes,
            vedette_model::Utc(1_700_000_000_000_000 + i * 1_000_000),
            &beat(&mut sender, 0),
        );
    }
    let path = std::env::temp_dir().join(format!("vedette-links-play-{}.tlog", std::process::id()));
    std::fs::write(&path, &bytes).unwrap();
    let mut links = Links::open(
        &[Endpoint::Tlog { path: path.clone() }],
        &OpenOptions {
            incoming: 3,
            ..OpenOptions::default()
        },
    )
    .await
    .unwrap();
    let mut count = 0;
    while let Some(r) = links.recv().await {
        match r {
            Received::Datagram { recorded, .. } => {
                assert!(recorded.is_some());
                count += 1;
            }
            Received::Down { why, .. } => {
                assert!(why.contains("ended"));
                break;
            }
            _ => {}
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(count, 50, "a recording loses nothing to a small queue");
}

/// Kilobytes this process holds, at most so far.
fn peak_kb() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Row 27: a recording of two gibibytes is played in a piece's worth of memory.
#[tokio::test]
async fn row_27_a_recording_larger_than_its_cap_takes_no_memory() {
    let path = std::env::temp_dir().join(format!("vedette-links-large-{}.tlog", std::process::id()));
    let mut sender = Sender::new(5, 1);
    let record = |sender: &mut Sender| {
        let mut bytes = Vec::new();
        tlog::append(&mut bytes, vedette_model::Utc(1_700_000_000_000_000), &beat(sender, 0));
        bytes
    };
    // A record, a hole of two gibibytes, a record.
    {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&record(&mut sender)).unwrap();
        file.seek(SeekFrom::Start(2 << 30)).unwrap();
        file.write_all(&record(&mut sender)).unwrap();
    }
    let before = peak_kb();
    let endpoint = Endpoint::Tlog { path: path.clone() };
    let mut links = Links::open(&[endpoint], &OpenOptions::default()).await.unwrap();
    let (mut frames, mut junk) = (0, 0);
    while let Some(r) = links.recv().await {
        match r {
            Received::Datagram { .. } => frames += 1,
            Received::StreamFaults { junk: j, .. } => junk += j,
            Received::Down { why, .. } => {
                assert!(why.contains("ended"), "{why}");
                break;
            }
            _ => {}
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(frames, 2);
    assert!(junk > (2 << 30) - 100);
    match (before, peak_kb()) {
        (Some(before), Some(peak)) => {
            println!("{before} kB before, {peak} kB at most");
            assert!(peak <= 200 * 1024 && peak - before <= 16 * 1024);
        }
        _ => println!("LEFT OUT: this system does not tell how much memory a process holds"),
    }
}

/// A clock that was set in flight leaves a gap of years in the recording: it is not sat out.
#[tokio::test]
async fn a_recording_whose_clock_was_set_plays_on() {
    let path = std::env::temp_dir().join(format!("vedette-links-set-{}.tlog", std::process::id()));
    let (mut sender, mut bytes) = (Sender::new(5, 1), Vec::new());
    for at in [
        1_000_000,
        1_050_000,
        1_700_000_000_000_000,
        1_700_000_000_050_000,
        2_000_000,
    ] {
        tlog::append(&mut bytes, vedette_model::Utc(at), &beat(&mut sender, 0));
    }
    std::fs::write(&path, &bytes).unwrap();
    let options = OpenOptions {
        clock: Some(system_clock()),
        ..OpenOptions::default()
    };
    let mut links = Links::open(&[Endpoint::Tlog { path: path.clone() }], &options)
        .await
        .unwrap();
    for _ in 0..5 {
        next_datagram(&mut links).await;
    }
    std::fs::remove_file(&path).unwrap();
    // A folder is told apart from a file.
    let endpoint = Endpoint::Tlog {
        path: std::env::temp_dir(),
    };
    let error = Links::open(&[endpoint], &options).await.expect_err("a folder");
    assert!(error.to_string().contains("folder"), "{error}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serial_line_that_another_program_has_open_is_told_as_that() {
    use serialport::SerialPort;
    let (_radio, mut line) = serialport::TTYPort::pair().expect("a pair of pseudo terminals");
    line.set_exclusive(true).expect("a lock");
    let endpoint = ep(&format!("serial:{}:57600", line.name().expect("its name")));
    let said = Links::open(&[endpoint], &OpenOptions::default())
        .await
        .expect_err("the line is locked")
        .to_string();
    assert!(said.contains("another program has this line open"), "{said}");
}

/// A line that is pulled out and put back, as a USB radio is: told, and at work again without a restart.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serial_line_works_is_pulled_out_and_works_again() {
    use serialport::{SerialPort, TTYPort};
    use std::io::{Read, Write};
    let path = std::env::temp_dir().join(format!("vedette-line-{}", std::process::id()));
    // The device's name stays, as /dev/ttyACM0 does; what it leads to is another each time.
    let plug = || {
        let (mut radio, line) = TTYPort::pair().expect("a pair of pseudo terminals");
        let name = line.name().expect("its name");
        drop(std::fs::remove_file(&path));
        std::os::unix::fs::symlink(name, &path).unwrap();
        radio.set_timeout(LIMIT).unwrap();
        radio
    };
    let mut radio = plug();
    let endpoint = ep(&format!("serial:{}:57600", path.display()));
    let mut links = Links::open(&[endpoint], &OpenOptions::default()).await.unwrap();
    let mut sender = Sender::new(1, 1);
    for round in 0..2 {
        let up = tokio::time::timeout(LIMIT, links.recv()).await.expect("in time");
        assert!(
            matches!(up, Some(Received::Up { peer: Some(_), .. })),
            "round {round}: {up:?}"
        );
        // A frame in two pieces behind rubbish, and an answer.
        let frame = beat(&mut sender, round);
        radio.write_all(&[0x41, 0xFD]).unwrap();
        radio.write_all(&frame[..5]).unwrap();
        radio.write_all(&frame[5..]).unwrap();
        // The rubbish promised a longer frame: it is given up after a short silence.
        let (link, peer, bytes) = next_datagram(&mut links).await;
        assert_eq!((bytes, peer.to_string()), (frame, path.display().to_string()));
        let bytes = b"answer".to_vec();
        assert!(links.send(Transmit { link, peer, bytes }));
        let mut buffer = [0; 6];
        tokio::task::block_in_place(|| radio.read_exact(&mut buffer)).unwrap();
        assert_eq!(&buffer, b"answer");
        // Pulled out: told with a reason; put back: it comes up again.
        drop(radio);
        let down = tokio::time::timeout(LIMIT, async {
            loop {
                match links.recv().await {
                    Some(Received::StreamFaults { .. }) => {}
                    other => return other,
                }
            }
        })
        .await
        .expect("in time");
        assert!(
            matches!(&down, Some(Received::Down { why, .. }) if !why.is_empty()),
            "{down:?}"
        );
        radio = plug();
    }
    std::fs::remove_file(&path).unwrap();
}

/// Every rate of the list opens a line; no rate at all names the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serial_line_opens_at_every_rate_of_the_list() {
    use serialport::{SerialPort, TTYPort};
    for rate in BAUD_RATES {
        let (_radio, line) = TTYPort::pair().expect("a pair of pseudo terminals");
        let name = line.name().expect("its name");
        drop(line);
        let text = format!("serial:{name}:{rate}");
        assert_eq!(ep(&text).to_string(), text);
        let mut links = Links::open(&[ep(&text)], &OpenOptions::default())
            .await
            .unwrap_or_else(|e| panic!("{rate}: {e}"));
        let up = tokio::time::timeout(LIMIT, links.recv()).await.expect("in time");
        assert!(matches!(up, Some(Received::Up { .. })), "{rate}: {up:?}");
    }
    for wrong in [
        "serial:/dev/ttyUSB0",
        "serial:/dev/ttyUSB0:fast",
        "serial:/dev/ttyUSB0:0",
    ] {
        let said = wrong.parse::<Endpoint>().expect_err("no rate").to_string();
        assert!(
            BAUD_RATES.iter().all(|r| said.contains(&r.to_string())) && said.contains("57600"),
            "{said}"
        );
    }
    // What is plugged in is told where a line is not there.
    let gone = Links::open(&[ep("serial:/no/such/line:57600")], &OpenOptions::default()).await;
    let said = gone.expect_err("not there").to_string();
    let lines = serial_lines();
    assert!(
        lines.iter().all(|l| said.contains(l.as_str())) && said.contains("plugged in"),
        "{said}"
    );
}

/// The receive buffer is raised as far as the system lets anybody: a stall of 1,500 datagrams loses nothing where it allows 4 MiB
/// (`net.core.rmem_max`), and what does not fit is counted everywhere.
#[tokio::test]
async fn a_stall_of_fifteen_hundred_datagrams_loses_nothing_that_the_system_can_hold() {
    let mut links = Links::open(&[ep("udpin:127.0.0.1:0")], &OpenOptions::default())
        .await
        .unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    // This test's only thread does not read meanwhile.
    let s = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..1_500 {
        s.send_to(&[0; 200], to).unwrap();
    }
    let most: u64 = std::fs::read_to_string("/proc/sys/net/core/rmem_max")
        .ok()
        .and_then(|t| t.trim().parse().ok())
        .unwrap_or(0);
    // Small datagrams take some 830 bytes of the buffer each (256 were held in 212,992 bytes).
    let fits = (most / 832).min(1_500);
    let (mut taken, mut dropped) = (0, 0);
    while taken + dropped < 1_500 {
        match tokio::time::timeout(LIMIT, links.recv())
            .await
            .expect("all are told of")
        {
            Some(Received::Datagram { .. }) => taken += 1,
            Some(Received::KernelDrops { dropped: n, .. }) => dropped = n,
            _ => {}
        }
    }
    println!("{taken} held, {dropped} dropped; the system allows {most} bytes");
    assert!(taken >= fits, "{taken} of {fits}");
    assert_eq!(taken + dropped, 1_500);
}

/// What is wrong and what to do about it, for each kind of link.
#[tokio::test]
async fn links_that_cannot_be_opened_say_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let missing = std::env::temp_dir().join("no-such-folder/x.tlog");
    for (text, remedy) in [
        (format!("tcpin:127.0.0.1:{port}"), "choose another port"),
        ("serial:/no/such/line:57600".to_owned(), "check the path ("),
        (format!("tlog:{}", missing.display()), "check the path"),
        ("udpin:203.0.113.7:14550".to_owned(), "check the endpoint"),
    ] {
        let error = Links::open(&[ep(&text)], &OpenOptions::default())
            .await
            .expect_err(&text);
        let error = error.to_string();
        assert!(error.starts_with(&text) && error.contains(remedy), "{error}");
    }
    // A program without rights: a file nobody may read (root may; then there is nothing to see).
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("vedette-shut-{}.tlog", std::process::id()));
        std::fs::write(&path, b"x").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        match Links::open(&[Endpoint::Tlog { path: path.clone() }], &OpenOptions::default()).await {
            Err(e) => assert!(e.to_string().contains("make the file readable"), "{e}"),
            Ok(_) => println!("LEFT OUT: this user may read everything"),
        }
        std::fs::remove_file(&path).unwrap();
    }
}
