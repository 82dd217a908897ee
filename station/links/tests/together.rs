//! Links added, removed and joined while others are at work; keys over a restart; a router without
//! a console.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests say aloud what they left out"
)]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use vedette_links::{
    Endpoint, KeyFile, KeyFileError, LinkError, Links, OpenOptions, Output, Received, Relay, Role, RunOptions, run,
    system_clock,
};
use vedette_model::{LinkId, Report, SigningState};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::{Sender, parse_datagram, wire};
use vedette_protocol::route::Filter;
use vedette_protocol::{Gcs, GcsConfig};

/// No wait in these tests is longer; all end by an event.
const LIMIT: Duration = Duration::from_secs(20);

fn ep(text: &str) -> Endpoint {
    text.parse().expect("an endpoint")
}

fn beat(sender: &mut Sender, kind: u8) -> Vec<u8> {
    sender.encode_wire(&wire::Heartbeat {
        kind,
        autopilot: if kind == 6 { 8 } else { 3 },
        system_status: 3,
        mavlink_version: 3,
        ..Default::default()
    })
}

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// Sends every 20 ms until a datagram for which `want` holds comes back.
async fn until(
    socket: &UdpSocket,
    to: SocketAddr,
    mut say: impl FnMut() -> Vec<u8>,
    want: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut buffer = [0_u8; 2048];
    tokio::time::timeout(LIMIT, async {
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    socket.send_to(&say(), to).await.unwrap();
                }
                got = socket.recv_from(&mut buffer) => {
                    let (n, _) = got.unwrap();
                    if want(&buffer[..n]) {
                        return buffer[..n].to_vec();
                    }
                }
            }
        }
    })
    .await
    .expect("an answer in time")
}

fn is_beat_of(system: u8) -> impl Fn(&[u8]) -> bool {
    move |b| parse_datagram(b).any(|f| f.header.message_id == 0 && f.header.system == system)
}

/// An aircraft is met on a link that was added in flight, another station is joined and gets its
/// very bytes, and both links go again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_come_and_go_while_the_station_works() {
    let links = Links::open(&[ep("udpin:127.0.0.1:0")], &OpenOptions::default())
        .await
        .unwrap();
    let gcs = Gcs::new(GcsConfig::new(253, 190));
    let station = run(gcs, links, system_clock(), RunOptions::default()).unwrap();
    let (link, at) = station
        .add_link(&ep("udpin:127.0.0.1:0"), Role::Aircraft)
        .await
        .unwrap();
    let at = at.expect("a socket");
    let craft = socket().await;
    let mut sender = Sender::new(1, 1);
    let said = std::cell::RefCell::new(Vec::new());
    let mut say = || {
        let bytes = beat(&mut sender, 2);
        said.borrow_mut().push(bytes.clone());
        bytes
    };
    until(&craft, at, &mut say, is_beat_of(253)).await;

    // Another station beside us: everything of the aircraft, byte for byte; its orders do not pass.
    let other = socket().await;
    let far = other.local_addr().unwrap();
    let (beside, _) = station
        .add_link(&ep(&format!("udpout:{far}")), Role::Stations { commands: false })
        .await
        .unwrap();
    let mut buffer = [0_u8; 2048];
    let (passed, ours) = tokio::time::timeout(LIMIT, async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    craft.send_to(&say(), at).await.unwrap();
                }
                got = other.recv_from(&mut buffer) => {
                    let (n, from) = got.unwrap();
                    if is_beat_of(1)(&buffer[..n]) {
                        return (buffer[..n].to_vec(), from);
                    }
                }
            }
        }
    })
    .await
    .expect("passed on");
    assert!(said.borrow().contains(&passed));
    let order = Sender::new(255, 190).encode_wire(&wire::CommandLong {
        command: 20,
        target_system: 1,
        target_component: 1,
        ..Default::default()
    });
    other.send_to(&order, ours).await.unwrap();
    let outputs = station.outputs().clone();
    let told = tokio::task::spawn_blocking(move || {
        while let Ok(o) = outputs.recv_timeout(LIMIT) {
            if let Output::Vehicle(e) = o
                && let Report::ForeignOrder { station, what } = e.report
            {
                return Some((station, what));
            }
        }
        None
    });
    let (who, what) = told.await.unwrap().expect("told of the other station's order");
    assert_eq!((who, what.as_str()), (255, "COMMAND_LONG 20"));
    // Nothing of it reached the aircraft.
    let mut reached = false;
    while let Ok((n, _)) = craft.try_recv_from(&mut buffer) {
        reached |= parse_datagram(&buffer[..n]).any(|f| f.header.system == 255);
    }
    assert!(!reached);

    for l in [link, beside] {
        station.remove_link(l).unwrap();
    }
    // Its port is free again, so it is really closed.
    tokio::time::timeout(LIMIT, async {
        while UdpSocket::bind(at).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the port is free again");
    let err = station
        .add_link(&ep("serial:/no/such/line:57600"), Role::Aircraft)
        .await;
    assert!(err.unwrap_err().to_string().contains("check the path"));
    station.stop().await;
}

/// `vedette link`: aircraft here, stations there, bytes unchanged both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_without_a_console_joins_aircraft_and_stations() {
    let aircraft = [ep("udpin:127.0.0.1:0"), ep("tcpin:127.0.0.1:0")];
    let stations = [ep("udpin:127.0.0.1:0")];
    let relay = Relay::open(&aircraft, &stations, &Filter::default(), &OpenOptions::default())
        .await
        .unwrap();
    let (air, ground) = (
        relay.local_addr(LinkId(1)).unwrap(),
        relay.local_addr(LinkId(3)).unwrap(),
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, mut tables) = tokio::sync::mpsc::unbounded_channel();
    let running = tokio::spawn(relay.run(
        system_clock(),
        async {
            stopped.await.ok();
        },
        move |t| tell.send(t.to_vec()).unwrap(),
    ));
    let (craft, gcs) = (socket().await, socket().await);
    let (mut a, mut g) = (Sender::new(1, 1), Sender::new(255, 190));
    // The station's heartbeat teaches its address; the aircraft's beats then reach it.
    gcs.send_to(&beat(&mut g, 6), ground).await.unwrap();
    let (mut buffer, mut beside) = ([0_u8; 2048], [0_u8; 2048]);
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let order = g.encode_wire(&wire::CommandLong {
        command: 400,
        p1: 1.0,
        target_system: 1,
        target_component: 1,
        ..Default::default()
    });
    tokio::time::timeout(LIMIT, async {
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    craft.send_to(&beat(&mut a, 2), air).await.unwrap();
                    gcs.send_to(&beat(&mut g, 6), ground).await.unwrap();
                }
                got = gcs.recv_from(&mut beside) => {
                    got.unwrap();
                    gcs.send_to(&order, ground).await.unwrap();
                }
                got = craft.recv_from(&mut buffer) => {
                    let (n, _) = got.unwrap();
                    if buffer[..n] == order[..] {
                        return;
                    }
                }
            }
        }
    })
    .await
    .expect("an order passes");
    let mut last = Vec::new();
    for _ in 0..2 {
        let table = tokio::time::timeout(LIMIT, tables.recv()).await;
        last = table.ok().flatten().expect("a table a second");
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    while let Ok(table) = tables.try_recv() {
        last = table;
    }
    assert_eq!(last.len(), 3);
    assert!(last[0].counts.passed > 0 && !last[0].station && last[2].station);
}

/// What the system drops for want of room is counted, not lost from sight.
#[tokio::test]
async fn datagrams_dropped_by_the_system_are_counted() {
    let options = OpenOptions {
        receive_buffer: 4_096,
        ..OpenOptions::default()
    };
    let mut links = Links::open(&[ep("udpin:127.0.0.1:0")], &options).await.unwrap();
    let to = links.local_addr(LinkId(1)).unwrap();
    // This test's only thread does not read meanwhile.
    let s = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..500 {
        s.send_to(&[0; 200], to).unwrap();
    }
    // What came through and the count of what did not may be told in either order.
    let (mut taken, mut dropped) = (0, 0);
    tokio::time::timeout(LIMIT, async {
        while dropped == 0 || taken + dropped < 500 {
            match links.recv().await {
                Some(Received::KernelDrops { dropped: so_far, .. }) => dropped = so_far,
                Some(Received::Datagram { .. }) => taken += 1,
                _ => {}
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{taken} taken and {dropped} dropped are not the 500 sent"));
    println!("{taken} taken, {dropped} dropped by the system");
    assert_eq!(taken + dropped, 500);
}

/// Multicast on the loopback interface, both families where the machine has them.
#[tokio::test]
async fn a_multicast_group_is_joined_and_spoken_to() {
    for (group, sender) in [("239.255.77.1%127.0.0.1", "127.0.0.1:0"), ("ff11::77%1", "[::1]:0")] {
        let text = if group.contains(':') {
            format!("udpmcast:[{group}]:24560")
        } else {
            format!("udpmcast:{group}:24560")
        };
        let mut links = match Links::open(&[ep(&text)], &OpenOptions::default()).await {
            Ok(l) => l,
            Err(e) => {
                println!("left out on this machine: {e}");
                continue;
            }
        };
        let Some(Received::Up { peer: Some(to), .. }) = links.recv().await else {
            panic!("a group is where our first words go");
        };
        assert!(to.to_string().contains("77"), "{to}");
        let s = socket2::Socket::new(
            socket2::Domain::for_address(sender.parse().unwrap()),
            socket2::Type::DGRAM,
            None,
        )
        .unwrap();
        s.bind(&sender.parse::<SocketAddr>().unwrap().into()).unwrap();
        if group.contains(':') {
            s.set_multicast_if_v6(1).unwrap();
        } else {
            s.set_multicast_if_v4(&std::net::Ipv4Addr::LOCALHOST).unwrap();
        }
        let to: SocketAddr = to.to_string().parse().unwrap();
        if let Err(e) = s.send_to(b"hello", &to.into()) {
            println!("left out on this machine: {text}: {e}");
            continue;
        }
        let got = tokio::time::timeout(LIMIT, links.recv()).await.expect("heard");
        assert!(
            matches!(&got, Some(Received::Datagram { bytes, .. }) if bytes == b"hello"),
            "{got:?}"
        );
    }
    let wrong = Links::open(&[ep("udpmcast:10.0.0.1:14550")], &OpenOptions::default()).await;
    assert!(matches!(&wrong, Err(LinkError::Group { .. })));
}

/// IPv6 all the way.
#[tokio::test]
async fn an_aircraft_is_heard_over_ipv6() {
    let Ok(mut links) = Links::open(&[ep("udpin:[::1]:0")], &OpenOptions::default()).await else {
        println!("left out: no IPv6 here");
        return;
    };
    let to = links.local_addr(LinkId(1)).unwrap();
    let s = UdpSocket::bind("[::1]:0").await.unwrap();
    s.send_to(b"six", to).await.unwrap();
    loop {
        let got = tokio::time::timeout(LIMIT, links.recv()).await.expect("heard");
        if let Some(Received::Datagram { bytes, peer, .. }) = got {
            assert_eq!(bytes, b"six");
            assert_eq!(peer.to_string(), s.local_addr().unwrap().to_string());
            return;
        }
    }
}

/// Keys and the replay table live on disk, sealed; a restarted station goes on with both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_what_was_heard_outlive_a_restart() {
    let dir = std::env::temp_dir().join(format!("vedette-keys-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = KeyFile::new(&dir.join("aircraft.keys"), [7; 32]);
    let secret = [0x3C; 32];
    let craft = socket().await;
    let mut sender = Sender::new(1, 1);
    let mut recorded: Vec<Vec<u8>> = Vec::new();
    let clock = system_clock();
    for round in 0..2 {
        let links = Links::open(&[ep("udpin:127.0.0.1:0")], &OpenOptions::default())
            .await
            .unwrap();
        let at = links.local_addr(LinkId(1)).unwrap();
        let options = RunOptions {
            keys: Some(file.clone()),
            ..RunOptions::default()
        };
        let station = run(Gcs::new(GcsConfig::new(253, 190)), links, clock.clone(), options).unwrap();
        if round == 0 {
            station.set_key(1, Some(Key::new(secret))).unwrap();
        } else {
            for bytes in &recorded {
                craft.send_to(bytes, at).await.unwrap();
            }
        }
        // Signed with the key: ours comes back signed with it too.
        let time = clock.clone();
        let answer = until(
            &craft,
            at,
            || {
                let bytes = sign::sign(&beat(&mut sender, 2), &Key::new(secret), 0, Stamp::of_utc(time().1));
                recorded.push(bytes.clone());
                bytes
            },
            |b| is_beat_of(253)(b) && sign::fits(b, &Key::new(secret)),
        )
        .await;
        assert!(sign::block(&answer).is_some());
        let outputs = station.outputs().clone();
        let signed = tokio::task::spawn_blocking(move || {
            while let Ok(o) = outputs.recv_timeout(LIMIT) {
                if let Output::Vehicle(e) = o
                    && let Report::Signing(s) = e.report
                    && s.state == SigningState::Signed
                {
                    return Some(s);
                }
            }
            None
        });
        let s = signed.await.unwrap().expect("told");
        println!("round {round}: {s:?}");
        station.stop().await;
        let bytes = std::fs::read(dir.join("aircraft.keys")).unwrap();
        assert!(!bytes.windows(8).any(|w| w == [0x3C; 8]), "no key in the clear");
        let memory = file.load().unwrap().expect("written");
        assert!(memory.ended && memory.aircraft[0].key == Some(secret));
        assert!(memory.aircraft[0].heard > 0 && memory.aircraft[0].sent > 0);
    }
    let stranger = KeyFile::new(&dir.join("aircraft.keys"), [8; 32]);
    assert!(matches!(stranger.load(), Err(KeyFileError::Sealed { .. })));
    std::fs::remove_dir_all(&dir).unwrap();
}
