//! The whole path of a message: datagram → protocol → report → journal → station → view, with the
//! record on. `cargo bench -p vedette-journal`.
//!
//! 1. As fast as one core takes it: messages a second, every one accounted for.
//! 2. A fleet at its own pace, in real time over the loopback: how old a message is when the view
//!    that shows it is published.
//! 3. A day of virtual time with aircraft that come and go: memory.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use vedette_core::{CameraSpec, Entry, Input, OperatorSpec, Setup, SiteLines, Station, StationView};
use vedette_journal::Journal;
use vedette_model::{Authority, CameraId, LinkId, Mono, OperatorId, SessionId, Spectrum, Utc, VehicleId};
use vedette_protocol::codec::{Sender, wire};
use vedette_protocol::{Event, Gcs, GcsConfig, PeerAddr};

/// Aircraft of the big fleet.
const FLEET: u8 = 250;
/// Messages a second each.
const HZ: u64 = 40;
/// Seconds of the run at the fleet's own pace.
const SECONDS: u64 = 20;
/// How often a view is published.
const PUBLISH: Duration = Duration::from_millis(30);

fn utc(now: Mono) -> Utc {
    Utc(1_790_000_000_000_000 + now.0)
}

fn setup() -> Setup {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let world = vedette_atlas::load::site(&root.join("maps/data/andorra"), None, 7).expect("the shipped site");
    let brief = std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).expect("the shipped brief");
    let mut brief: vedette_model::plan::Brief = toml::from_str(&brief).expect("a whole brief");
    let first = brief.fleet[0].clone();
    brief.fleet = (1..=FLEET)
        .map(|s| {
            let mut a = first.clone();
            a.vehicle = VehicleId(u32::from(s));
            a
        })
        .collect();
    Setup {
        session: SessionId("bench".into()),
        station: "bench".into(),
        software: "bench".into(),
        operators: vec![OperatorSpec {
            id: OperatorId("pilot".into()),
            name: "Pilot".into(),
            authority: Authority::Pilot,
        }],
        brief,
        site: SiteLines::of(&world),
        cameras: vec![CameraSpec {
            camera: CameraId(11),
            vehicle: VehicleId(1),
            spectrum: Spectrum::Thermal,
        }],
        policy: vedette_sight::Policy::default(),
        seed: 7,
        system: None,
        baselines: std::collections::BTreeMap::new(),
        plan_rule: vedette_model::PlanRule::SinglePerson,
        detector: None,
    }
}

fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).expect("the old folder goes");
    }
    dir
}

/// The `n`-th message of an aircraft: mostly attitude and position. `t` stands in its boot clock.
fn message(s: &mut Sender, n: u64, t: u32) -> Vec<u8> {
    let system = i32::from(s.system);
    match n % 20 {
        0 => s.encode_wire(&wire::Heartbeat {
            kind: 2,
            autopilot: 3,
            base_mode: 81,
            custom_mode: 3,
            system_status: 4,
            mavlink_version: 3,
        }),
        1 => s.encode_wire(&wire::SysStatus {
            voltage_mv: 24_000,
            remaining: 80,
            load: u16::try_from(n % 1_000).unwrap_or(0),
            ..Default::default()
        }),
        2 => s.encode_wire(&wire::VfrHud {
            airspeed: 12.0,
            groundspeed: 11.0,
            alt: 1_500.0,
            throttle: u16::try_from(n % 1_000).unwrap_or(0),
            ..Default::default()
        }),
        k if k % 2 == 1 => s.encode_wire(&wire::Attitude {
            time_boot_ms: t,
            roll: 0.1,
            pitch: -0.1,
            yaw: 1.0,
            ..Default::default()
        }),
        _ => s.encode_wire(&wire::GlobalPositionInt {
            time_boot_ms: t,
            lat: 424_410_200 + system * 100,
            lon: 15_563_700 + i32::try_from(n % 100_000).unwrap_or(0),
            alt: 1_500_000,
            relative_alt: 100_000,
            hdg: 9_000,
            ..Default::default()
        }),
    }
}

/// The station behind the links: what one thread of the program does.
struct Desk {
    journal: Option<Journal>,
    station: Station,
    inputs: u64,
}

impl Desk {
    fn take(&mut self, now: Mono, input: Input) {
        let entry = Entry {
            mono: now,
            utc: utc(now),
            input,
        };
        if let Some(j) = &mut self.journal {
            j.append(&entry).expect("written");
        }
        self.station.handle(now, entry.utc, &entry.input);
        while self.station.poll_effect().is_some() {}
        self.inputs += 1;
    }

    fn event(&mut self, now: Mono, e: Event) {
        let Event {
            vehicle,
            captured,
            report,
        } = e;
        self.take(
            now,
            Input::Vehicle {
                vehicle,
                captured,
                report,
            },
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn tell(text: &str) {
    println!("{text}");
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn as_f64(v: u64) -> f64 {
    v as f64
}

/// Seconds this thread has had a processor; other work on the machine does not count. `None` where the
/// system does not tell.
fn on_processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(as_f64(ns) * 1e-9)
}

/// Kilobytes this process holds.
fn resident_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// 1. One core, as fast as it goes.
fn throughput() {
    const EACH: u64 = 800;
    let mut senders: Vec<Sender> = (1..=FLEET).map(|s| Sender::new(s, 1)).collect();
    let stream: Vec<(usize, Vec<u8>)> = (0..EACH)
        .flat_map(|n| (0..usize::from(FLEET)).map(move |s| (n, s)))
        .map(|(n, s)| (s, message(&mut senders[s], n, u32::try_from(n * 25 + 1).unwrap_or(0))))
        .collect();
    let peers: Vec<PeerAddr> = (0..FLEET)
        .map(|s| PeerAddr::new(&format!("10.0.0.{s}:14550")))
        .collect();
    let setup = setup();
    let dir = folder("whole-path");
    let mut desk = Desk {
        journal: Some(Journal::create(&dir, &setup).expect("a new journal")),
        station: Station::new(setup).expect("a station"),
        inputs: 0,
    };
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono(1), LinkId(1), "udpin:bench", None);
    let (mut now, mut views, mut said) = (Mono(1), 0_u64, 0_u64);
    let (begun, mut published, had) = (clock(), clock(), on_processor());
    for (s, bytes) in &stream {
        // Ten thousand a second of the aircraft's time.
        now = Mono(now.0 + 100);
        gcs.handle_datagram(now, utc(now), LinkId(1), &peers[*s], bytes);
        if gcs.poll_timeout().is_some_and(|(at, _)| now >= at) {
            gcs.handle_timeout(now);
        }
        while gcs.poll_transmit().is_some() {
            said += 1;
        }
        while let Some(e) = gcs.poll_event() {
            desk.event(now, e);
        }
        if published.elapsed() >= PUBLISH {
            published = clock();
            let view: Arc<StationView> = Arc::new(desk.station.view().clone());
            assert!(view.seq > 0);
            views += 1;
        }
    }
    let wall = begun.elapsed().as_secs_f64();
    let seconds = on_processor().zip(had).map_or(wall, |(now, then)| now - then);
    let sent = stream.len() as u64;
    let link = &gcs.link_reports()[0];
    let counted = link.valid + link.duplicates + link.bad_crc + link.unknown_id + link.unsigned;
    let lost = gcs.overflow();
    let journal = desk.journal.as_mut().expect("it is on");
    journal.sync().expect("on the platter");
    let (lines, view) = (journal.lines() - 1, desk.station.view());
    let heard = view.vehicles.values().filter(|v| v.at.is_some()).count();
    tell(&format!(
        "whole path, one core, record on: {:.0} messages a second of processor, {:.0} by the clock ({sent} messages of {FLEET} aircraft, {lines} lines recorded, {views} views, {said} frames of ours, {heard} aircraft in view)",
        as_f64(sent) / seconds,
        as_f64(sent) / wall
    ));
    tell(&format!(
        "  unaccounted: {} frames, {} reports ({} dropped for want of room)",
        sent - counted,
        desk.inputs.abs_diff(lines) + desk.inputs.abs_diff(view.seq),
        lost.events
    ));
    std::fs::remove_dir_all(&dir).expect("cleared");
}

/// The link thread of part 2: socket → protocol → reports, with the moment each was sent.
fn links(
    socket: &UdpSocket,
    begun: Instant,
    reports: &SyncSender<(Option<u32>, Event)>,
    stop: &AtomicBool,
) -> ([u64; 3], f64) {
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono(1), LinkId(1), "udpin:bench", None);
    let peers: Vec<PeerAddr> = (0..=u8::MAX).map(|s| PeerAddr::new(&format!("aircraft {s}"))).collect();
    let mut buffer = [0_u8; 512];
    let now = || Mono(i64::try_from(begun.elapsed().as_micros()).unwrap_or(0) + 1);
    while !stop.load(Ordering::Relaxed) {
        let mut stamp = None;
        if let Ok(n) = socket.recv(&mut buffer) {
            let bytes = &buffer[..n];
            // Attitude and position carry the moment they were due.
            if n > 14 && matches!(bytes[7], 30 | 33) {
                stamp = Some(u32::from_le_bytes([bytes[10], bytes[11], bytes[12], bytes[13]]));
            }
            let t = now();
            gcs.handle_datagram(t, utc(t), LinkId(1), &peers[usize::from(bytes[5])], bytes);
        }
        let t = now();
        if gcs.poll_timeout().is_some_and(|(at, _)| t >= at) {
            gcs.handle_timeout(t);
        }
        while gcs.poll_transmit().is_some() {}
        while let Some(e) = gcs.poll_event() {
            if reports.send((stamp.take(), e)).is_err() {
                break;
            }
        }
    }
    let l = &gcs.link_reports()[0];
    let counts = [l.valid + l.duplicates, l.lost, gcs.overflow().events];
    (counts, on_processor().unwrap_or(0.0))
}

/// The station thread of part 2: ages of messages in microseconds, when their view is published.
fn station(begun: Instant, reports: &Receiver<(Option<u32>, Event)>) -> (Vec<u32>, u64, u64, f64) {
    let setup = setup();
    let dir = folder("fleet-pace");
    let mut desk = Desk {
        journal: Some(Journal::create(&dir, &setup).expect("a new journal")),
        station: Station::new(setup).expect("a station"),
        inputs: 0,
    };
    let us = || u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
    let (mut ages, mut waiting, mut views) = (Vec::new(), Vec::new(), 0);
    let mut published = clock();
    loop {
        match reports.recv_timeout(Duration::from_millis(5)) {
            Ok((stamp, e)) => {
                waiting.extend(stamp);
                desk.event(Mono(i64::from(us()) + 1), e);
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
        }
        if published.elapsed() >= PUBLISH && !waiting.is_empty() {
            let view = Arc::new(desk.station.view().clone());
            published = clock();
            views += u64::from(view.seq > 0);
            let shown = us();
            ages.extend(waiting.drain(..).map(|sent: u32| shown.saturating_sub(sent)));
        }
    }
    std::fs::remove_dir_all(&dir).expect("cleared");
    (ages, views, desk.inputs, on_processor().unwrap_or(0.0))
}

/// 2. A fleet at its own pace.
fn fleet_pace() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("set");
    let to = socket.local_addr().expect("bound");
    let (tx, rx) = sync_channel(8_192);
    let stop = AtomicBool::new(false);
    let begun = clock();
    let total = u64::from(FLEET) * HZ * SECONDS;
    let gap_us = 1_000_000 / (u64::from(FLEET) * HZ);
    std::thread::scope(|scope| {
        let desk = scope.spawn(move || station(begun, &rx));
        let stopped = &stop;
        let listening = scope.spawn(move || links(&socket, begun, &tx, stopped));
        let out = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let mut senders: Vec<Sender> = (1..=FLEET).map(|s| Sender::new(s, 1)).collect();
        let mut n = 0_u64;
        while n < total {
            let now = u64::try_from(begun.elapsed().as_micros()).unwrap_or(0);
            while n < total && n * gap_us <= now {
                let s = usize::try_from(n % u64::from(FLEET)).unwrap_or(0);
                let due = u32::try_from(n * gap_us + 1).unwrap_or(0);
                let bytes = message(&mut senders[s], n / u64::from(FLEET), due);
                out.send_to(&bytes, to).expect("sent");
                n += 1;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        // What is under way arrives.
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        let ([counted, gaps, dropped], listened) = listening.join().expect("the link thread");
        let (mut ages, views, inputs, worked) = desk.join().expect("the station thread");
        ages.sort_unstable();
        let share = |s: f64| 100.0 * s / as_f64(SECONDS);
        let at = |share: usize| f64::from(ages[(ages.len() - 1) * share / 1000]) / 1000.0;
        tell(&format!(
            "{FLEET} aircraft at {HZ} Hz for {SECONDS} s over the loopback, record on: datagram to published view p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms ({views} views, {inputs} inputs; link thread {:.0} %, station thread {:.0} % of a processor)",
            at(500),
            at(990),
            at(999),
            share(listened),
            share(worked)
        ));
        tell(&format!(
            "  {total} sent, {counted} counted, {gaps} missing by sequence number, unaccounted {}, {dropped} reports dropped",
            i128::from(total) - i128::from(counted) - i128::from(gaps)
        ));
    });
}

/// 3. A day in which an aircraft comes and goes every minute.
fn a_day() {
    const DAY_S: u64 = 86_400;
    let setup = setup();
    let mut desk = Desk {
        journal: None,
        station: Station::new(setup).expect("a station"),
        inputs: 0,
    };
    let mut gcs = Gcs::new(GcsConfig::new(253, 190));
    gcs.link_up(Mono(1), LinkId(1), "udpin:bench", None);
    let mut senders: Vec<Sender> = (1..=FLEET).map(|s| Sender::new(s, 1)).collect();
    let peers: Vec<PeerAddr> = (0..FLEET).map(|s| PeerAddr::new(&format!("aircraft {s}"))).collect();
    let (mut messages, mut early) = (0_u64, 0);
    for second in 0..DAY_S {
        let now = Mono(i64::try_from(second).unwrap_or(0) * 1_000_000 + 1);
        // Four stay; one of the others is there for a minute.
        let guest = 4 + usize::try_from(second / 60 % (u64::from(FLEET) - 4)).unwrap_or(0);
        for s in [0, 1, 2, 3, guest] {
            for k in 0..4 {
                let t = u32::try_from(second * 1000 + 1).unwrap_or(0);
                let bytes = message(&mut senders[s], second * 4 + k, t);
                gcs.handle_datagram(now, utc(now), LinkId(1), &peers[s], &bytes);
                messages += 1;
            }
        }
        gcs.handle_timeout(now);
        while gcs.poll_transmit().is_some() {}
        while let Some(e) = gcs.poll_event() {
            desk.event(now, e);
        }
        // All guests have been here once after four hours and six minutes.
        if second == 5 * 3_600 {
            early = resident_kb();
        }
    }
    let late = resident_kb();
    let slope = (as_f64(late) - as_f64(early)) / 1024.0 / 19.0;
    tell(&format!(
        "a virtual day, {messages} messages, 1440 comings and goings: {:.1} MiB after 5 h, {:.1} MiB after 24 h, {slope:.3} MiB/h",
        as_f64(early) / 1024.0,
        as_f64(late) / 1024.0
    ));
}

fn main() {
    throughput();
    fleet_pace();
    a_day();
}
