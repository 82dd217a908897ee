//! The flight thread: time, datagrams and ground in, datagrams and snapshots out.
//!
//! Invariant: this shell only moves bytes and time; all that happens, happens in [`Sky`]. Peers
//! are bounded.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use vedette_atlas::World;
use vedette_model::{CameraId, Mono, Spectrum};
use vedette_sim_vehicle::{VehicleConfig, VideoStream};

use super::outlets::{Outlets, Source};
use super::way::{Sent, Way};
use super::{Endpoint, Order, ServeConfig, Shared, Snapshot, lock};
use crate::SimError;
use crate::cues::CueMessage;
use crate::scenario::{Scenario, SimAircraft};
use crate::sky::{Craft, STEP_US, Sky, Spread, To, in_turn};

/// States kept for pictures still to be rendered: two seconds.
const SNAPSHOTS: usize = 100;
/// After this long a gap (machine suspended) time is not made up for, microseconds.
const GAP_US: i64 = 20_000_000;

pub(crate) fn snapshot(c: &Craft) -> Snapshot {
    Snapshot {
        truth: c.truth(),
        reported: c.reported(),
        path: c.picture(),
    }
}

/// System id of the station that the aircraft of a scenario were set up for: their link-loss failsafe
/// listens to it.
const STATION: u8 = 253;

/// What the vehicle crate starts from.
pub(crate) fn vehicle_config(a: &SimAircraft, s: &Scenario, uris: &BTreeMap<CameraId, String>) -> VehicleConfig {
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
    if let Some(own) = s.conditions.get(&a.system) {
        c.pack = own.pack;
        c.noise = own.errors;
        c.clock_drift_ppm = own.clock_drift_ppm;
    }
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
                uri: uris.get(&cam.id).cloned().unwrap_or_default(),
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

/// Opens the aircraft's sockets, and those of the autopilots to follow. All that cannot be had is
/// noted at once.
pub(super) fn open(
    s: &Arc<Scenario>,
    world: &Arc<World>,
    config: &ServeConfig,
    uris: &BTreeMap<CameraId, String>,
    wrong: &mut Vec<SimError>,
) -> Fleet {
    let configs = s.vehicles.iter().map(|a| vehicle_config(a, s, uris)).collect();
    let mut sky = Sky::new(Arc::clone(s), Arc::clone(world), configs);
    let mut ports = Vec::new();
    for (k, a) in s.vehicles.iter().enumerate() {
        let up = |mut at: SocketAddr| {
            if at.port() != 0 {
                at.set_port(at.port().saturating_add(k as u16));
            }
            at
        };
        let (at, way) = match &config.mavlink {
            // Who speaks to a followed autopilot speaks to itself.
            _ if !config.follow.is_empty() => (String::new(), Ok(Way::nowhere())),
            Endpoint::Connect(to) => {
                let any: SocketAddr = if to.is_ipv4() {
                    ([0, 0, 0, 0], 0).into()
                } else {
                    ([0_u16; 8], 0).into()
                };
                (any.to_string(), Way::udp(any, [*to].into_iter().chain(config.second)))
            }
            Endpoint::Listen(at) => (format!("udpin:{}", up(*at)), Way::udp(up(*at), None)),
            Endpoint::Tcp(at) => (format!("tcpin:{}", up(*at)), Way::tcp(up(*at))),
            Endpoint::Serial(name) => {
                let name = name.as_ref().map(|n| match k {
                    0 => n.clone(),
                    _ => {
                        let mut more = n.clone().into_os_string();
                        more.push(format!("-{}", k + 1));
                        more.into()
                    }
                });
                let at = name.as_ref().map_or_else(
                    || "a pseudo-terminal".to_owned(),
                    |n: &std::path::PathBuf| n.display().to_string(),
                );
                (at, Way::serial(name.as_deref()))
            }
        };
        match way {
            Err(e) => wrong.push(SimError::Shell {
                what: format!(
                    "aircraft {} ({}) cannot use {at}: {e}; free it or choose another with --listen",
                    a.system, a.tail
                ),
                source: Some(Box::new(e)),
            }),
            Ok(way) => {
                for peer in 0..way.connected() {
                    sky.craft[k].vehicle.connect(peer);
                }
                ports.push(Port {
                    system: a.system,
                    tail: a.tail.clone(),
                    way,
                    told: false,
                });
            }
        }
    }
    let mut sources = Vec::new();
    for f in &config.follow {
        match Source::open(f) {
            Ok(s) => sources.push(s),
            Err(e) => wrong.push(e),
        }
    }
    let cues = Outlets::open(s, config, wrong);
    Fleet {
        sky,
        ports,
        sources,
        cues,
    }
}

/// One aircraft's way to its stations.
struct Port {
    system: u8,
    tail: String,
    way: Way,
    told: bool,
}

/// The sky and its sockets, in the same order.
pub(super) struct Fleet {
    pub(super) sky: Sky,
    ports: Vec<Port>,
    sources: Vec<Source>,
    cues: Outlets,
}

impl Fleet {
    /// Addresses of the aircraft's sockets.
    pub(super) fn addresses(&self) -> BTreeMap<u8, SocketAddr> {
        self.ports
            .iter()
            .filter_map(|p| Some((p.system, p.way.address()?)))
            .collect()
    }

    /// Where a station finds each aircraft.
    pub(super) fn ways(&self) -> BTreeMap<u8, String> {
        self.ports.iter().map(|p| (p.system, p.way.name())).collect()
    }
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
                Order::Join(n) => match fleet.sky.join(&n) {
                    Ok(()) => sh.now_plays(fleet.sky.scenario()),
                    Err(e) => sh.fail(format!("{} was not put in: {e}", n.name)),
                },
            }
        }
        for k in 0..fleet.ports.len() {
            receive(sh, &mut fleet, k, now, &mut buffer);
        }
        for source in &mut fleet.sources {
            source.turn(now, &mut buffer);
        }
        while fleet.sky.at() < now {
            let next = Mono(((fleet.sky.at().0 / STEP_US + 1) * STEP_US).min(now.0));
            fleet.sky.step(next, &*spread);
            for source in &fleet.sources {
                fleet.sky.follow(next, &source.follower);
            }
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
        while let Some(cue) = fleet.sky.poll_cue() {
            // Receivers on the ground share the first aircraft's way to the station.
            let mut sent = Sent::default();
            if let CueMessage::Mavlink(bytes) = &cue {
                if let Some(port) = fleet.ports.first_mut() {
                    port.way.send(To::All, bytes, &mut sent);
                    port.way.flush();
                }
            } else {
                fleet.cues.send(&cue);
            }
        }
        sh.flown_to(fleet.sky.at());
        while let Some(line) = fleet.sky.poll_truth() {
            sh.tell(&line, true);
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn receive(sh: &Shared, fleet: &mut Fleet, k: usize, now: Mono, buffer: &mut [u8]) {
    let port = &mut fleet.ports[k];
    let sky = std::cell::RefCell::new(&mut fleet.sky);
    let n = port.way.receive(
        buffer,
        |peer| {
            if let Some(c) = sky.borrow_mut().craft.get_mut(k) {
                c.vehicle.connect(peer);
            }
        },
        |peer, bytes| sky.borrow_mut().receive(k, now, peer, bytes),
    );
    if n > 0 {
        lock(&sh.stats).vehicles.entry(port.system).or_default().received += n;
    }
}

fn transmit(sh: &Shared, fleet: &mut Fleet, k: usize) {
    let mut sent = Sent::default();
    let port = &mut fleet.ports[k];
    while let Some((to, bytes)) = fleet.sky.poll(k) {
        port.way.send(to, &bytes, &mut sent);
    }
    port.way.flush();
    if let Some(why) = sent.why
        && !port.told
    {
        port.told = true;
        sh.fail(format!("aircraft {} {why}", port.tail));
    }
    let t = fleet.sky.craft[k].truth();
    let mut stats = lock(&sh.stats);
    let v = stats.vehicles.entry(port.system).or_default();
    v.sent += sent.sent;
    v.refused += sent.refused;
    if v.mode != t.mode {
        t.mode.clone_into(&mut v.mode);
    }
    v.armed = t.armed;
    v.crashed = t.crashed;
}
