//! A video thread: renders, encodes, multiplexes and sends one aircraft's cameras.
//!
//! Invariant: a picture and its metadata are of one instant, that of the aircraft's snapshot;
//! whole pictures are left out when late, and counted.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use vedette_atlas::World;
use vedette_geo::{Gimbal, Ned, Repeatable, Rotation, Vec3};
use vedette_klv::{TsWriter, TsWriterConfig, VideoCodec};
use vedette_model::{CameraId, Mono};

use super::{Shared, Snapshot, VideoTarget, lock};
use crate::encode::Encoder;
use crate::meta::{Labels, datalink};
use crate::radio::drawn;
use crate::render::{CameraState, Image, Quality, Rendered, Renderer};
use crate::scenario::{Scenario, SimAircraft, SimCamera};
use crate::truth::TruthLine;
use crate::{Scene, SimError};

/// Seven packets of 188 bytes: what fits an Ethernet frame and every receiver expects.
const DATAGRAM: usize = 7 * 188;

/// Packs pictures of one camera into a transport stream: encoder, metadata, multiplexer.
pub struct Stream {
    camera: SimCamera,
    aircraft: SimAircraft,
    labels: Labels,
    encoder: Encoder,
    writer: TsWriter,
    boot_us: i64,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("camera", &self.camera)
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// A stream of `camera` on `aircraft`.
    ///
    /// # Errors
    /// [`SimError::Shell`] when there is no encoder.
    pub fn new(
        aircraft: &SimAircraft,
        camera: &SimCamera,
        scenario: &Scenario,
        world: &World,
    ) -> Result<Self, SimError> {
        Ok(Self {
            encoder: Encoder::new(camera.width, camera.height, camera.fps, camera.bit_s)?,
            writer: TsWriter::new(TsWriterConfig::default()),
            labels: Labels {
                mission: scenario.name.clone(),
                undulation_m: world.geoid.undulation_m,
                air_c: scenario.weather.air_c,
                event_start_us: u64::try_from(scenario.epoch.0).unwrap_or(0),
            },
            boot_us: scenario.epoch.0 + aircraft.clock_offset_us,
            camera: camera.clone(),
            aircraft: aircraft.clone(),
        })
    }

    /// The 90 kHz time stamp of a moment by the aircraft's clock.
    #[must_use]
    pub fn pts90k(&self, utc: vedette_model::Utc) -> u64 {
        // Ten seconds of head start keep clock values positive before the first picture.
        u64::try_from((utc.0 - self.boot_us).max(0)).unwrap_or(0) * 9 / 100 + 900_000
    }

    /// Transport stream packets of one picture and its metadata.
    ///
    /// # Errors
    /// [`SimError::Shell`] when the encoder fails.
    pub fn pack(
        &mut self,
        image: &Image,
        scene: &Scene,
        reported: &vedette_sim_vehicle::ReportedState,
    ) -> Result<Vec<u8>, SimError> {
        let pts = self.pts90k(reported.utc);
        let unit = self.encoder.encode(image, pts * 100 / 9)?;
        let time_us = u64::try_from(reported.utc.0).unwrap_or(0);
        let stamped = vedette_klv::sei::insert_misp_time(VideoCodec::H264, &unit.bytes, time_us, reported.fix);
        let mut out = self.writer.video(pts, None, unit.key, &stamped);
        let klv = datalink(&self.aircraft, &self.camera, &self.labels, &scene.ground, reported).encode();
        out.extend(self.writer.klv(pts, &klv));
        Ok(out)
    }
}

/// Where each stream goes.
pub(super) fn targets(s: &Scenario, v: &VideoTarget) -> BTreeMap<CameraId, SocketAddr> {
    let all = s.vehicles.iter().flat_map(|v| &v.cameras);
    match v {
        VideoTarget::Off => BTreeMap::new(),
        VideoTarget::Scenario => all.map(|c| (c.id, (Ipv4Addr::LOCALHOST, c.port).into())).collect(),
        VideoTarget::Host(h) => all.map(|c| (c.id, (*h, c.port).into())).collect(),
        VideoTarget::Base(b) => all
            .enumerate()
            .map(|(k, c)| {
                let mut to = *b;
                to.set_port(b.port().saturating_add(k as u16));
                (c.id, to)
            })
            .collect(),
    }
}

/// Datagrams a slow link carries at most; further ones are lost and counted.
const HELD: usize = 8_192;

struct Lane {
    stream: Stream,
    to: Option<SocketAddr>,
    period_us: i64,
    due: Mono,
    frame: u64,
    seed: u64,
    /// Datagrams so far.
    number: u64,
    /// Datagrams that a slow link still carries, and when they arrive.
    held: VecDeque<(i64, u64, Vec<u8>)>,
    /// The last picture, for a stream that freezes.
    last: Option<Image>,
}

impl Lane {
    /// A datagram to where the stream goes, and to players: whether the system took it; `None` when
    /// nobody listens.
    fn deliver(&self, sh: &Shared, socket: &UdpSocket, pts90k: u64, d: &[u8]) -> Option<bool> {
        if sh.players {
            sh.shelf.put(self.stream.camera.id, pts90k, d);
        }
        let Some(to) = self.to else { return Some(true) };
        match socket.send_to(d, to) {
            Ok(_) => Some(true),
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => None,
            Err(_) => Some(false),
        }
    }
}

/// All cameras of one aircraft.
pub(super) struct Deck {
    system: u8,
    socket: UdpSocket,
    lanes: Vec<Lane>,
    renderer: Renderer,
}

impl Deck {
    pub(super) fn system(&self) -> u8 {
        self.system
    }

    pub(super) fn open(
        v: &SimAircraft,
        targets: &BTreeMap<CameraId, SocketAddr>,
        scene: Arc<Scene>,
        scenario: &Scenario,
        world: &World,
        (share, quality, players): (f64, Quality, bool),
    ) -> Result<Self, SimError> {
        let any: SocketAddr = if targets.values().any(SocketAddr::is_ipv6) {
            ([0_u16; 8], 0).into()
        } else {
            ([0, 0, 0, 0], 0).into()
        };
        let socket = UdpSocket::bind(any).map_err(|e| SimError::Shell {
            what: format!("no socket for the video of {}: {e}", v.tail),
            source: Some(Box::new(e)),
        })?;
        let mut lanes = Vec::new();
        for (k, c) in v.cameras.iter().enumerate() {
            let to = targets.get(&c.id).copied();
            if to.is_none() && !players {
                continue;
            }
            let fps = (c.fps * share).clamp(0.1, 60.0);
            let period_us = (1e6 / fps) as i64;
            let mut camera = c.clone();
            camera.fps = fps;
            lanes.push(Lane {
                stream: Stream::new(v, &camera, scenario, world)?,
                to,
                period_us,
                // Streams do not all want the machine at the same moment.
                due: Mono(period_us * k as i64 / v.cameras.len().max(1) as i64),
                frame: 0,
                number: 0,
                held: VecDeque::new(),
                last: None,
                seed: scenario.seed ^ (u64::from(c.id.0) << 20),
            });
        }
        Ok(Self {
            system: v.system,
            socket,
            lanes,
            renderer: Renderer::with_quality(scene, quality),
        })
    }
}

/// Roll, pitch, yaw of a camera's axis on a gimbal that looks there, the camera mounted so many degrees
/// up and right of the gimbal's own axis.
fn mounted([up_deg, right_deg]: [f64; 2], gimbal: [f64; 3]) -> [f64; 3] {
    if up_deg == 0.0 && right_deg == 0.0 {
        return gimbal;
    }
    let ned_from_gimbal = Rotation::<Ned, Gimbal>::ned_from_gimbal(gimbal[0], gimbal[1], gimbal[2]);
    let (up, right) = (up_deg.to_radians(), right_deg.to_radians());
    let axis = ned_from_gimbal.apply(Vec3::new(
        up.cos_r() * right.cos_r(),
        up.cos_r() * right.sin_r(),
        -up.sin_r(),
    ));
    let side = ned_from_gimbal.apply(Vec3::new(-right.sin_r(), right.cos_r(), 0.0));
    let pitch = (-axis.z).clamp(-1.0, 1.0).asin_r();
    let roll = (side.z / pitch.cos_r().max(1e-9)).clamp(-1.0, 1.0).asin_r();
    let yaw = vedette_geo::norm_deg_360(axis.y.atan2_r(axis.x).to_degrees());
    [roll.to_degrees(), pitch.to_degrees(), yaw]
}

/// The camera's true state at a snapshot.
pub(crate) fn camera_state(c: &SimCamera, s: &Snapshot, seed: u64) -> CameraState {
    let [roll_deg, pitch_deg, yaw_deg] = mounted(
        c.boresight_deg,
        [
            s.truth.gimbal_roll_deg,
            s.truth.gimbal_pitch_deg,
            s.truth.gimbal_yaw_deg,
        ],
    );
    CameraState {
        at: s.truth.at,
        // Land that is higher than the map says comes nearer; the scene itself keeps the map's.
        amsl: vedette_geo::Amsl(s.truth.amsl.0 - s.path.raised_m),
        roll_deg,
        pitch_deg,
        yaw_deg,
        hfov_deg: c.hfov_deg,
        width: c.width,
        height: c.height,
        spectrum: c.spectrum,
        sensor_seed: seed,
    }
}

/// Sends pictures until told to stop; `number` is this thread's place in `Shared::late_at`.
#[expect(
    clippy::disallowed_methods,
    reason = "measures the machine time a picture costs; nothing depends on it"
)]
pub(super) fn run(sh: &Shared, number: usize, mut deck: Deck) {
    let scene = Arc::clone(deck.renderer.scene());
    while !sh.stopped() {
        let now = sh.now();
        for lane in &mut deck.lanes {
            while lane.held.front().is_some_and(|(due, _, _)| *due <= now.0) {
                if let Some((_, pts, d)) = lane.held.pop_front() {
                    lane.deliver(sh, &deck.socket, pts, &d);
                }
            }
        }
        // The stream that has waited longest comes first.
        // Half a period before the picture is lost: pictures stay young, too.
        let late_at = deck.lanes.iter().map(|l| l.due.0 + l.period_us / 2).min();
        sh.late_at[number].store(late_at.unwrap_or(i64::MAX), Ordering::Release);
        let next = deck.lanes.iter_mut().min_by_key(|l| l.due);
        let Some(lane) = next else {
            return;
        };
        if lane.due.0 > now.0 {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        }
        // A first picture starts the count; after that whole periods missed are pictures left out.
        let missed = if lane.frame == 0 {
            0
        } else {
            (now.0 - lane.due.0) / lane.period_us
        };
        let taken_at = Mono(lane.due.0 + missed * lane.period_us);
        lane.due = if lane.frame == 0 {
            Mono(now.0 + lane.period_us)
        } else {
            Mono(lane.due.0 + (missed + 1) * lane.period_us)
        };
        let snap = lock(&sh.snapshots).get(&deck.system).and_then(|kept| {
            kept.iter()
                .find(|s| s.truth.now >= taken_at)
                .or_else(|| kept.back())
                .cloned()
        });
        let Some(snap) = snap else {
            continue;
        };
        let t_s = snap.truth.now.seconds();
        let cam = camera_state(&lane.stream.camera, &snap, lane.seed);
        let plays = sh.plays();
        deck.renderer.join(plays.newcomers());
        let t0 = std::time::Instant::now();
        let frozen = snap.path.frozen && lane.last.is_some();
        let seen = match &lane.last {
            Some(old) if frozen => Rendered {
                image: old.clone(),
                boxes: Vec::new(),
            },
            _ => deck.renderer.render(&cam, t_s),
        };
        let t1 = std::time::Instant::now();
        lane.last = Some(seen.image.clone());
        let packets = match lane.stream.pack(&seen.image, &scene, &snap.reported) {
            Ok(p) => p,
            Err(e) => {
                sh.fail(format!("stream {} ended: {e}", lane.stream.camera.id));
                return;
            }
        };
        let encode_us = t1.elapsed().as_micros() as u64;
        let (mut sent, mut refused, mut bytes) = (0, 0, 0);
        let (loss, mut lost) = (snap.path.loss, 0);
        let pts = lane.stream.pts90k(snap.reported.utc);
        for d in packets.chunks(DATAGRAM) {
            lane.number += 1;
            if drawn(lane.seed, 2, lane.number, loss) {
                lost += 1;
                continue;
            }
            if snap.path.delay_us > 0 {
                if lane.held.len() < HELD {
                    lane.held.push_back((now.0 + snap.path.delay_us, pts, d.to_vec()));
                } else {
                    lost += 1;
                }
                continue;
            }
            match lane.deliver(sh, &deck.socket, pts, d) {
                Some(true) => {
                    sent += 1;
                    bytes += d.len() as u64;
                }
                Some(false) => refused += 1,
                // Nobody listens yet.
                None => {}
            }
        }
        let line = TruthLine::frame(&plays, (lane.stream.camera.id, lane.frame, pts), t_s, &cam, &seen.boxes);
        sh.tell(&if frozen { line.frozen() } else { line }, false);
        lane.frame += 1;
        let mut stats = lock(&sh.stats);
        let s = stats.streams.entry(lane.stream.camera.id).or_default();
        s.sent += 1;
        s.left_out += u64::try_from(missed).unwrap_or(0);
        s.datagrams += sent;
        s.refused += refused;
        s.lost += lost;
        s.bytes += bytes;
        s.render_us = (t1 - t0).as_micros() as u64;
        s.encode_us = encode_us;
    }
}
