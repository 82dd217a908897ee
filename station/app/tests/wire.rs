//! `vedette link` and `vedette inspect` as programs: a router that changes no byte, an inspector whose lines other programs read.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vedette_protocol::codec::{Sender, parse_datagram, tlog, wire};

/// Nothing waits longer; all end by an event.
const LIMIT: u32 = 1_000;

/// Ends the program when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn vedette(args: &[&str]) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_vedette"))
        .args(args)
        .env("VEDETTE_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    Running(child)
}

/// A socket of the test; reading waits a fiftieth of a second.
fn socket() -> UdpSocket {
    let s = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    s.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out");
    s
}

/// A port nobody has.
fn free() -> SocketAddr {
    let s = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    s.local_addr().expect("bound")
}

fn beat(sender: &mut Sender, kind: u8) -> Vec<u8> {
    sender.encode_wire(&wire::Heartbeat {
        kind,
        autopilot: if kind == 6 { 8 } else { 3 },
        system_status: 3,
        mavlink_version: 3,
        custom_mode: 5,
        ..Default::default()
    })
}

/// Lines of a program as JSON, each as it comes, until `enough` says so.
fn lines(child: &mut Running, mut enough: impl FnMut(&serde_json::Value) -> bool) -> bool {
    let out = child.0.stdout.take().expect("piped");
    BufReader::new(out).lines().map_while(Result::ok).any(|l| {
        let row = serde_json::from_str(&l).unwrap_or_else(|e| panic!("not JSON: {l}: {e}"));
        enough(&row)
    })
}

#[test]
fn a_router_forwards_every_byte_unchanged_and_no_key() {
    let (air, ground) = (free(), free());
    let (craft, beside, qgc) = (socket(), socket(), socket());
    let far = format!("udpout:{}", beside.local_addr().expect("bound"));
    let mut link = vedette(&[
        "--json",
        "link",
        &format!("udpin:{air}"),
        "--forward",
        &far,
        &format!("udpin:{ground}"),
        "--seconds",
        "60",
    ]);
    let (mut a, mut g) = (Sender::new(1, 1), Sender::new(255, 190));
    let key = g.encode_payload(256, &[1; 42]);
    let order = g.encode_wire(&wire::CommandLong {
        command: 20,
        target_system: 1,
        target_component: 1,
        ..Default::default()
    });
    // A message no dialect knows passes as it is.
    let odd = a.encode_payload(61_001, &[7; 11]);
    let mut buffer = [0_u8; 2048];
    let (mut said, mut heard, mut odd_heard, mut obeyed) = (Vec::new(), false, false, false);
    for _ in 0..LIMIT {
        let bytes = beat(&mut a, 2);
        craft.send_to(&bytes, air).expect("sent");
        craft.send_to(&odd, air).expect("sent");
        said.push(bytes);
        // The one beside is told of without asking; the one behind the port speaks first.
        qgc.send_to(&beat(&mut g, 6), ground).expect("sent");
        qgc.send_to(&key, ground).expect("sent");
        qgc.send_to(&order, ground).expect("sent");
        while let Ok((n, _)) = beside.recv_from(&mut buffer) {
            let got = &buffer[..n];
            heard |= said.iter().any(|b| b == got);
            odd_heard |= got == odd;
        }
        while let Ok((n, _)) = craft.recv_from(&mut buffer) {
            obeyed |= buffer[..n] == order[..];
            assert!(
                parse_datagram(&buffer[..n]).all(|f| f.header.message_id != 256),
                "a key was passed on"
            );
        }
        if heard && odd_heard && obeyed {
            break;
        }
    }
    assert!(heard && odd_heard && obeyed, "{heard} {odd_heard} {obeyed}");
    let (mut from_air, mut held) = (0, 0);
    let told = lines(&mut link, |row| {
        let passed = row["passed"].as_u64().expect("counted");
        if row["stations"] == false {
            from_air = passed;
        } else {
            held = held.max(row["held"].as_u64().expect("counted"));
        }
        from_air > 0 && held > 0
    });
    assert!(told, "passed on {from_air}, held back {held}");
}

#[test]
fn the_inspector_tells_messages_peers_and_refusals_as_json_and_sends_nothing() {
    let at = free();
    let mut inspect = vedette(&[
        "--json",
        "inspect",
        &format!("udpin:{at}"),
        "--listen-only",
        "--seconds",
        "60",
    ]);
    let done = Arc::new(AtomicBool::new(false));
    let stop = done.clone();
    let aircraft = std::thread::Builder::new().name("aircraft".to_owned());
    let speaking = aircraft.spawn(move || {
        let craft = socket();
        let mut a = Sender::new(9, 1);
        let mut buffer = [0_u8; 512];
        let mut answers = 0;
        while !stop.load(Ordering::Acquire) {
            let good = beat(&mut a, 2);
            let mut bad = beat(&mut a, 2);
            *bad.last_mut().expect("bytes") ^= 1;
            for bytes in [good, bad, a.encode_payload(61_001, &[7; 11]), b"junk".to_vec()] {
                craft.send_to(&bytes, at).expect("sent");
            }
            answers += u32::from(craft.recv_from(&mut buffer).is_ok());
        }
        answers
    });
    let speaking = speaking.expect("a thread");
    let (mut known, mut unknown, mut peer, mut refused) = (false, false, false, false);
    let told = lines(&mut inspect, |row| {
        let count = |key: &str| row[key].as_u64().unwrap_or(0);
        match row["kind"].as_str().expect("a kind") {
            "message" if row["id"] == 0 => {
                let fields = &row["fields"];
                known |= row["name"] == "HEARTBEAT"
                    && row["system"] == 9
                    && row["trust"] == "unsigned"
                    && row["rate_hz"].as_f64().is_some_and(|r| r > 1.0)
                    && fields["custom_mode"] == "5";
            }
            "message" => unknown |= row["id"] == 61_001 && row["name"] == "" && count("count") > 0,
            "peer" => peer |= count("bad_crc") > 0 && count("unknown_id") > 0 && count("valid") > 0,
            "link" => refused |= row["report"]["junk_bytes"].as_u64().is_some_and(|n| n > 0),
            _ => {}
        }
        known && unknown && peer && refused
    });
    done.store(true, Ordering::Release);
    let answers = speaking.join().expect("no panic");
    assert!(told, "{known} {unknown} {peer} {refused}");
    assert_eq!(answers, 0, "not one byte left");
}

#[test]
fn a_recording_is_inspected_like_a_link() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("inspected.tlog");
    let mut a = Sender::new(4, 1);
    let mut bytes = Vec::new();
    for n in 0..40 {
        tlog::append(
            &mut bytes,
            vedette_model::Utc(1_790_000_000_000_000 + n * 100_000),
            &beat(&mut a, 1),
        );
    }
    std::fs::write(&path, &bytes).expect("written");
    let endpoint = format!("tlog:{}", path.display());
    let mut inspect = vedette(&[
        "--json",
        "inspect",
        &endpoint,
        "--filter",
        "heartbeat",
        "--seconds",
        "60",
    ]);
    let told = lines(&mut inspect, |row| {
        row["kind"] == "message" && row["system"] == 4 && row["count"].as_u64().is_some_and(|n| n >= 20)
    });
    assert!(told);
}
