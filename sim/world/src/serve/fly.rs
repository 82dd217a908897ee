//! The flight thread: time, datagrams and ground in, datagrams and snapshots out.
//!
//! Invariant: this shell only moves bytes and time; all that happens, happens in [`Sky`]. Peers
//! are bounded.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use vedette_atlas::World;
use vedette_model::{CameraId, Mono, Spectrum};
use vedette_sim_vehicle::{VehicleConfig, VideoStream};

use super::{Endpoint, Order, ServeConfig, Shared, Snapshot, lock};
use crate::SimError;
use crate::scenario::{Scenario, SimAircraft};
use crate::sky::{Craft, STEP_US, Sky, Spread, To, in_turn};

/// States kept for pictures still to be rendered: two seconds.
const SNAPSHOTS: usize = 100;
/// Stations that may talk to one aircraft; further ones are not answered.
const PEERS: usize = 16;
/// After this long a gap (machine suspended) time is not made up for, microseconds.
const GAP_US: i64 = 20_000_000;

pub(crate) fn snapshot(c: &Craft) -> Snapshot {
    Snapshot {
        truth: c.vehicle.truth(),
        reported: c.vehicle.reported(),
        path: c.picture(),
    }
}

/// System id of the station that the aircraft of a scenario were set up for: their link-loss failsafe
/// listens to it.
const STATION: u8 = 253;

/// What the vehicle crate starts from.
pub(crate) fn vehicle_config(a: &SimAircraft, s: &Scenario, targets: &BTreeMap<CameraId, SocketAddr>) -> VehicleConfig {
    let mut c = VehicleConfig::small(a.system, a.airframe, a.home, a.home_amsl);
    c.family = a.family;
    c.gcs_system = STATION;
    c.tail.clone_from(&a.tail);
    c.name.clone_from(&a.name);
    c.heading_deg = a.heading_deg;
    c.seed = s.seed ^ (u64::from(a.system) << 32);
    if let Some(e) = a.envelope {
        c.envelope = e;
    }
    if let Some(e) = a.energy {
        c.energy = e;
    }
    c.boot_utc = s.epoch.plus_us(a.clock_offset_us);
    // An aircraft the scenario gives no cameras carries the usual pair, streams off; a camera
    // whose video is not served is there all the same.
    if !a.cameras.is_empty() {
        c.cameras = a
            .cameras
            .iter()
            .enumerate()
            .map(|(k, cam)| VideoStream {
                stream: k as u8 + 1,
                thermal: cam.spectrum == Spectrum::Thermal,
                uri: targets
                    .get(&cam.id)
                    .map_or_else(String::new, |to| format!("udp://{to}")),
                name: match cam.spectrum {
                    Spectrum::Thermal => "thermal".to_owned(),
                    Spectrum::Visible => "visible".to_owned(),
                },
                hfov_deg: cam.hfov_deg,
                width: cam.width as u16,
                height: cam.height as u16,
            })
            .collect();
    }
    c
}

/// Opens the aircraft's sockets.
pub(super) fn open(
    s: &Arc<Scenario>,
    world: &Arc<World>,
    config: &ServeConfig,
    targets: &BTreeMap<CameraId, SocketAddr>,
) -> Result<(Fleet, BTreeMap<u8, SocketAddr>), SimError> {
    let configs = s.vehicles.iter().map(|a| vehicle_config(a, s, targets)).collect();
    let mut sky = Sky::new(Arc::clone(s), Arc::clone(world), configs);
    let mut out = Vec::new();
    let mut addresses = BTreeMap::new();
    for (k, a) in s.vehicles.iter().enumerate() {
        let (bind, to) = match config.mavlink {
            Endpoint::Connect(to) => {
                let any: SocketAddr = if to.is_ipv4() {
                    ([0, 0, 0, 0], 0).into()
                } else {
                    ([0_u16; 8], 0).into()
                };
                (any, Some(to))
            }
            Endpoint::Listen(mut at) => {
                if at.port() != 0 {
                    at.set_port(at.port().saturating_add(k as u16));
                }
                (at, None)
            }
        };
        let fail = |e: std::io::Error| SimError::Shell {
            what: format!(
                "aircraft {} ({}) cannot use {bind}: {e}; free the port or choose another with --listen",
                a.system, a.tail
            ),
            source: Some(Box::new(e)),
        };
        let socket = UdpSocket::bind(bind).map_err(fail)?;
        socket.set_nonblocking(true).map_err(fail)?;
        addresses.insert(a.system, socket.local_addr().map_err(fail)?);
        let peers: Vec<SocketAddr> = to.into_iter().collect();
        if !peers.is_empty() {
            sky.craft[k].vehicle.connect(0);
        }
        out.push(Port {
            system: a.system,
            tail: a.tail.clone(),
            socket,
            peers,
            told: false,
        });
    }
    Ok((Fleet { sky, ports: out }, addresses))
}

/// One aircraft's socket.
struct Port {
    system: u8,
    tail: String,
    socket: UdpSocket,
    peers: Vec<SocketAddr>,
    told: bool,
}

/// The sky and its sockets, in the same order.
pub(super) struct Fleet {
    pub(super) sky: Sky,
    ports: Vec<Port>,
}

/// From so many aircraft on, they are flown on several threads.
const MANY: usize = 24;

/// Flies a large fleet on all cores; a small one is quicker in turn.
pub(crate) fn on_threads(threads: usize) -> Box<Spread<'static>> {
    Box::new(move |all, work| {
        if threads < 2 || all.len() < MANY.min(threads) {
            in_turn(all, work);
            return;
        }
        let each = all.len().div_ceil(threads);
        std::thread::scope(|s| {
            for part in all.chunks_mut(each) {
                s.spawn(move || in_turn(part, work));
            }
        });
    })
}

/// Flies until told to stop.
pub(super) fn run(sh: &Shared, mut fleet: Fleet) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let spread = on_threads(if fleet.ports.len() < MANY { 1 } else { cores });
    let mut buffer = vec![0_u8; 2_048];
    // Without pictures only the newest state is asked for.
    let most = if sh.late_at.is_empty() { 1 } else { SNAPSHOTS };
    while !sh.stopped() {
        let now = sh.now();
        let at = fleet.sky.at();
        if now.since(at) > GAP_US {
            sh.fail(format!(
                "the simulation stood still for {:.1} s of its time",
                now.since(at) as f64 * 1e-6
            ));
            fleet.sky.skip_to(now);
        }
        for order in lock(&sh.orders).drain(..) {
            match order {
                Order::Vehicle(system, fault) => {
                    for c in fleet.sky.craft.iter_mut().filter(|c| c.system() == system) {
                        c.vehicle.inject(fault);
                    }
                }
                Order::Inject(trouble, system) => fleet.sky.inject(trouble, system),
                Order::Remove(id) => fleet.sky.remove(id),
            }
        }
        for k in 0..fleet.ports.len() {
            receive(sh, &mut fleet, k, now, &mut buffer);
        }
        while fleet.sky.at() < now {
            let next = Mono(((fleet.sky.at().0 / STEP_US + 1) * STEP_US).min(now.0));
            fleet.sky.step(next, &*spread);
            let mut all = lock(&sh.snapshots);
            for c in &fleet.sky.craft {
                let kept = all.entry(c.system()).or_default();
                kept.push_back(snapshot(c));
                while kept.len() > most {
                    kept.pop_front();
                }
            }
        }
        *lock(&sh.active) = fleet.sky.active();
        for k in 0..fleet.ports.len() {
            transmit(sh, &mut fleet, k);
        }
        while let Some(line) = fleet.sky.poll_truth() {
            sh.tell(&line, true);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn receive(sh: &Shared, fleet: &mut Fleet, k: usize, now: Mono, buffer: &mut [u8]) {
    let mut n = 0;
    // A flood must not stop the flight: what is left waits in the socket's own buffer.
    while n < 256 {
        let port = &mut fleet.ports[k];
        match port.socket.recv_from(buffer) {
            Ok((len, from)) => {
                n += 1;
                let peer = match port.peers.iter().position(|p| *p == from) {
                    Some(k) => k,
                    None if port.peers.len() < PEERS => {
                        port.peers.push(from);
                        port.peers.len() - 1
                    }
                    None => continue,
                };
                fleet.sky.receive(k, now, peer as u64, &buffer[..len]);
            }
            // "Connection refused" is an ICMP answer to an earlier datagram: nobody listens yet.
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => n += 1,
            Err(_) => break,
        }
    }
    if n > 0 {
        let system = fleet.ports[k].system;
        lock(&sh.stats).vehicles.entry(system).or_default().received += n;
    }
}

fn transmit(sh: &Shared, fleet: &mut Fleet, k: usize) {
    let (mut sent, mut refused) = (0, 0);
    while let Some((to, bytes)) = fleet.sky.poll(k) {
        let port = &mut fleet.ports[k];
        let targets: Vec<SocketAddr> = match to {
            To::Peer(Some(p)) => usize::try_from(p)
                .ok()
                .and_then(|p| port.peers.get(p))
                .copied()
                .into_iter()
                .collect(),
            To::Peer(None) => port.peers.first().copied().into_iter().collect(),
            To::All => port.peers.clone(),
        };
        for to in targets {
            match port.socket.send_to(&bytes, to) {
                Ok(_) => sent += 1,
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(e) => {
                    refused += 1;
                    if !port.told {
                        port.told = true;
                        sh.fail(format!("aircraft {} cannot send to {to}: {e}", port.tail));
                    }
                }
            }
        }
    }
    let t = fleet.sky.craft[k].vehicle.truth();
    let mut stats = lock(&sh.stats);
    let v = stats.vehicles.entry(fleet.ports[k].system).or_default();
    v.sent += sent;
    v.refused += refused;
    if v.mode != t.mode {
        t.mode.clone_into(&mut v.mode);
    }
    v.armed = t.armed;
    v.crashed = t.crashed;
}
