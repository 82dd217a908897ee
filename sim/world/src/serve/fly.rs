//! The flight thread: time, datagrams and ground in, datagrams and snapshots out.
//!
//! Invariant: every aircraft is stepped at least each 20 ms of scenario time however late the
//! thread wakes; peers are bounded.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, Mono, Spectrum};
use vedette_sim_vehicle::{Fault, SimVehicle, VehicleConfig, VideoStream, Weather};

use super::{Craft, Endpoint, ServeConfig, Shared, Snapshot, lock};
use crate::SimError;
use crate::scenario::{Scenario, SimAircraft};
use crate::truth::TruthLine;

/// States kept for pictures still to be rendered: two seconds.
const SNAPSHOTS: usize = 100;
/// Longest step, microseconds of the scenario.
const STEP_US: i64 = 20_000;
/// Stations that may talk to one aircraft; further ones are not answered.
const PEERS: usize = 16;
/// After this long a gap (machine suspended) time is not made up for, microseconds.
const GAP_US: i64 = 20_000_000;

impl Craft {
    pub(super) fn system(&self) -> u8 {
        self.vehicle.config().system
    }
    pub(super) fn vehicle(&self) -> &SimVehicle {
        &self.vehicle
    }
}

pub(super) fn snapshot(v: &SimVehicle) -> Snapshot {
    Snapshot {
        truth: v.truth(),
        reported: v.reported(),
    }
}

/// What the vehicle crate starts from.
fn vehicle_config(a: &SimAircraft, s: &Scenario, targets: &BTreeMap<CameraId, SocketAddr>) -> VehicleConfig {
    let mut c = VehicleConfig::small(a.system, a.airframe, a.home, a.home_amsl);
    c.family = a.family;
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
    s: &Scenario,
    config: &ServeConfig,
    targets: &BTreeMap<CameraId, SocketAddr>,
) -> Result<(Vec<Craft>, BTreeMap<u8, SocketAddr>), SimError> {
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
        let mut vehicle = SimVehicle::new(vehicle_config(a, s, targets));
        if a.heading_bias_deg != 0.0 {
            vehicle.inject(Fault::CompassOff(a.heading_bias_deg));
        }
        let peers: Vec<SocketAddr> = to.into_iter().collect();
        if !peers.is_empty() {
            vehicle.connect(0);
        }
        out.push(Craft {
            vehicle,
            socket,
            peers,
            told: false,
        });
    }
    Ok((out, addresses))
}

/// Flies until told to stop.
pub(super) fn run(sh: &Shared, mut craft: Vec<Craft>) {
    let weather = Weather {
        wind_from_deg: sh.scenario.weather.wind_from_deg,
        wind_m_s: sh.scenario.weather.wind_m_s,
        gust_m_s: sh.scenario.weather.gust_m_s,
    };
    let terrain = std::sync::Arc::clone(&sh.world.terrain);
    let homes: BTreeMap<u8, Amsl> = sh.scenario.vehicles.iter().map(|v| (v.system, v.home_amsl)).collect();
    let mut at = (sh.clock)();
    let mut second = -1_i64;
    let mut next_crossing = 0;
    let mut buffer = vec![0_u8; 2_048];
    // Without pictures only the newest state is asked for.
    let most = if sh.late_at.is_empty() { 1 } else { SNAPSHOTS };
    while !sh.stopped() {
        let now = (sh.clock)();
        if now.since(at) > GAP_US {
            sh.fail(format!(
                "the simulation stood still for {:.1} s of its time",
                now.since(at) as f64 * 1e-6
            ));
            at = Mono(now.0 - STEP_US);
        }
        for (system, fault) in lock(&sh.faults).drain(..) {
            for c in craft.iter_mut().filter(|c| c.system() == system) {
                c.vehicle.inject(fault);
            }
        }
        for c in &mut craft {
            receive(sh, c, now, &mut buffer);
        }
        while at.0 < now.0 {
            at = Mono((at.0 + STEP_US).min(now.0));
            for c in &mut craft {
                let fallback = homes.get(&c.system()).copied();
                let ground = |p: LatLon| terrain.elevation(p).or(fallback);
                c.vehicle.step(at, &ground, &weather);
            }
            let mut all = lock(&sh.snapshots);
            for c in &craft {
                let kept = all.entry(c.system()).or_default();
                kept.push_back(snapshot(&c.vehicle));
                while kept.len() > most {
                    kept.pop_front();
                }
            }
        }
        for c in &mut craft {
            transmit(sh, c);
        }
        let t_s = at.seconds();
        while let Some(c) = sh.scenario.crossings.get(next_crossing) {
            if c.t_s > t_s {
                break;
            }
            sh.tell(&TruthLine::crossing(&sh.scenario, c), true);
            next_crossing += 1;
        }
        if at.0.div_euclid(1_000_000) != second {
            second = at.0.div_euclid(1_000_000);
            for c in &craft {
                tell(sh, c, t_s);
            }
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn receive(sh: &Shared, c: &mut Craft, now: Mono, buffer: &mut [u8]) {
    let mut n = 0;
    // A flood must not stop the flight: what is left waits in the socket's own buffer.
    while n < 256 {
        match c.socket.recv_from(buffer) {
            Ok((len, from)) => {
                n += 1;
                let peer = match c.peers.iter().position(|p| *p == from) {
                    Some(k) => k,
                    None if c.peers.len() < PEERS => {
                        c.peers.push(from);
                        c.peers.len() - 1
                    }
                    None => continue,
                };
                c.vehicle.handle_datagram(now, peer as u64, &buffer[..len]);
            }
            // "Connection refused" is an ICMP answer to an earlier datagram: nobody listens yet.
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => n += 1,
            Err(_) => break,
        }
    }
    if n > 0 {
        lock(&sh.stats).vehicles.entry(c.system()).or_default().received += n;
    }
}

fn transmit(sh: &Shared, c: &mut Craft) {
    let (mut sent, mut refused) = (0, 0);
    while let Some((peer, bytes)) = c.vehicle.poll_transmit() {
        let to = match peer {
            Some(k) => usize::try_from(k).ok().and_then(|k| c.peers.get(k)).copied(),
            None => c.peers.first().copied(),
        };
        let Some(to) = to else {
            continue;
        };
        match c.socket.send_to(&bytes, to) {
            Ok(_) => sent += 1,
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {}
            Err(e) => {
                refused += 1;
                if !c.told {
                    c.told = true;
                    sh.fail(format!("aircraft {} cannot send to {to}: {e}", c.vehicle.config().tail));
                }
            }
        }
    }
    let t = c.vehicle.truth();
    let mut stats = lock(&sh.stats);
    let v = stats.vehicles.entry(c.system()).or_default();
    v.sent += sent;
    v.refused += refused;
    if v.mode != t.mode {
        t.mode.clone_into(&mut v.mode);
    }
    v.armed = t.armed;
    v.crashed = t.crashed;
}

fn tell(sh: &Shared, c: &Craft, t_s: f64) {
    let t = c.vehicle.truth();
    let (inside_m, km) = sh.scenario.border_m(t.at);
    sh.tell(
        &TruthLine::Vehicle {
            system: c.system(),
            t_s,
            utc: sh.scenario.utc(t_s),
            at: t.at,
            amsl: t.amsl,
            velocity_ned_m_s: [t.velocity.x, t.velocity.y, t.velocity.z],
            attitude_deg: [t.roll_deg, t.pitch_deg, t.yaw_deg],
            inside_m,
            km,
            mode: t.mode.to_owned(),
            battery_wh: t.battery_wh_left,
            crashed: t.crashed,
        },
        true,
    );
}
