//! How long an order takes from the station's hand to its told end, over UDP on the loopback: ten
//! thousand orders to two hundred aircraft behind one port, two milliseconds apart (row 9 of the
//! reliability table: p50 at most 5 ms, p99 at most 50 ms). `cargo bench -p vedette-links`.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vedette_links::{Endpoint, Links, OpenOptions, Output, RunOptions, run, system_clock};
use vedette_model::{CommandId, CommandOutcome, LinkId, Order, Report, Request, RequestBody, VehicleId};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, parse_datagram};
use vedette_protocol::{Gcs, GcsConfig};

const CRAFT: u8 = 200;
const ORDERS: u32 = 10_000;
const APART: Duration = Duration::from_millis(2);

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

/// Aircraft that answer every command at once.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn aircraft(socket: &UdpSocket, stop: &AtomicBool) {
    let mut craft: Vec<(Sender, u32)> = (1..=CRAFT).map(|s| (Sender::new(s, 1), 5)).collect();
    let mut buffer = [0_u8; 2_048];
    let mut beaten = Instant::now() - Duration::from_secs(2);
    let send = |bytes: &[u8]| socket.send(bytes).map_or(0, |n| n);
    while !stop.load(Ordering::Acquire) {
        if beaten.elapsed() >= Duration::from_secs(1) {
            beaten = Instant::now();
            for (s, mode) in &mut craft {
                send(&beat(s, *mode));
            }
        }
        let Ok(n) = socket.recv(&mut buffer) else { continue };
        for f in parse_datagram(&buffer[..n]) {
            if f.header.message_id != wire::CommandLong::ID {
                continue;
            }
            let m = wire::CommandLong::from_payload(f.payload);
            let Some((s, mode)) = craft.get_mut(usize::from(m.target_system).wrapping_sub(1)) else {
                continue;
            };
            if m.command == 176 {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "mode numbers")]
                let asked = m.p2 as u32;
                *mode = asked;
                send(&beat(s, asked));
            }
            send(&s.encode_wire(&wire::CommandAck {
                command: m.command,
                target_system: f.header.system,
                target_component: f.header.component,
                ..Default::default()
            }));
        }
    }
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted
        .get(sorted.len() * percent / 100)
        .or(sorted.last())
        .map_or(0.0, |d| d.as_secs_f64() * 1e3)
}

#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench measures time and tells it"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let (station, to) = runtime.block_on(async {
        let endpoint: Endpoint = "udpin:127.0.0.1:0".parse()?;
        let links = Links::open(&[endpoint], &OpenOptions::default()).await?;
        let to = links.local_addr(LinkId(1)).ok_or("a port")?;
        let station = run(
            Gcs::new(GcsConfig::new(253, 190)),
            links,
            system_clock(),
            RunOptions::default(),
        )?;
        Ok::<_, Box<dyn std::error::Error>>((station, to))
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(to)?;
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    let there = {
        let stop = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("aircraft".into())
            .spawn(move || aircraft(&socket, &stop))?
    };

    // Met, and their first questions answered.
    let outputs = station.outputs().clone();
    let begun = Instant::now();
    let mut met = std::collections::BTreeSet::new();
    while met.len() < usize::from(CRAFT) || begun.elapsed() < Duration::from_secs(8) {
        if let Ok(Output::Vehicle(e)) = outputs.recv_timeout(Duration::from_millis(100))
            && matches!(e.report, Report::Identity(_))
        {
            met.insert(e.vehicle);
        }
        if begun.elapsed() > Duration::from_secs(60) {
            return Err(format!("{} of {CRAFT} aircraft met in a minute", met.len()).into());
        }
    }

    let clock = system_clock();
    let (base, _) = clock();
    let mut given: BTreeMap<u32, Instant> = BTreeMap::new();
    let mut took = Vec::new();
    let (mut id, mut refused) = (0, 0);
    let mut next = Instant::now();
    let started = Instant::now();
    while took.len() < ORDERS as usize && started.elapsed() < Duration::from_secs(180) {
        if id < ORDERS && Instant::now() >= next {
            next += APART;
            let order = if (id / u32::from(CRAFT)) % 2 == 0 {
                Order::Return
            } else {
                Order::Hold
            };
            id += 1;
            given.insert(id, Instant::now());
            station.submit(Request {
                id: CommandId(id),
                vehicle: VehicleId((id - 1) % u32::from(CRAFT) + 1),
                uid: 0,
                retry: order.retry(),
                body: RequestBody::Order(order),
                expires: base.plus_ms(600_000),
            })?;
        }
        let wait = next
            .saturating_duration_since(Instant::now())
            .min(Duration::from_millis(20));
        if let Ok(Output::Vehicle(e)) = outputs.recv_timeout(wait)
            && let Report::CommandDone { id, outcome } = e.report
            && !matches!(outcome, CommandOutcome::InProgress(_))
            && let Some(from) = given.remove(&id.0)
        {
            refused += u32::from(outcome != CommandOutcome::Accepted);
            took.push(from.elapsed());
        }
    }
    stop.store(true, Ordering::Release);
    there.join().map_err(|_| "the aircraft's thread ended badly")?;
    runtime.block_on(station.stop());
    took.sort_unstable();
    println!(
        "order to its told end over the loopback, {} of {ORDERS} orders to {CRAFT} aircraft: p50 {:.2} ms, p99 {:.2} ms, slowest {:.1} ms, {refused} not accepted (bars: p50 5 ms, p99 50 ms)",
        took.len(),
        at(&took, 50),
        at(&took, 99),
        at(&took, 100)
    );
    Ok(())
}
