//! Ground sensors that cue: geophones, tower cameras, AIS, ADS-B and Remote ID receivers, cargo
//! seals. What each would have told, and why.
//!
//! Invariant: a look is a function of scenario, seed and second: chance is a hash of who, whom
//! and when. Every message has its line of truth with its cause, or none for a false alarm. It must
//! not know who listens.

use serde::{Deserialize, Serialize};
use vedette_atlas::{Fresnel, World};
use vedette_geo::{Amsl, LatLon, Repeatable};
use vedette_model::TargetClass;

use crate::nmea::{AisClass, AisPosition, ais_name};
use crate::radio::chance;
use crate::scenario::Scenario;
use crate::truth::TruthLine;
use crate::wire::{self, Heard, HeardDrone};
use crate::{Actor, ActorKind, ActorPose, Medium};

/// What a ground sensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SensorKind {
    /// A geophone: hears steps and engines, tells neither a person from a deer nor where exactly.
    Seismic,
    /// A camera on a mast that tells what moves in its sector.
    Tower,
    /// A receiver of ships' own reports.
    Ais,
    /// A receiver of aircraft's own reports.
    Adsb,
    /// A receiver of drones' own reports (ASTM F3411).
    RemoteId,
    /// An electronic seal on cargo that reports its place and when it is opened.
    ESeal,
}

impl SensorKind {
    /// Every kind with its name in a scenario.
    pub const ALL: [(&'static str, Self); 6] = [
        ("seismic", Self::Seismic),
        ("tower", Self::Tower),
        ("ais", Self::Ais),
        ("adsb", Self::Adsb),
        ("remote-id", Self::RemoteId),
        ("e-seal", Self::ESeal),
    ];

    /// Its name in a scenario.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, k)| *k == self).map_or("", |(n, _)| n)
    }
}

/// Where a sensor is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seat {
    /// On the ground or on a mast: place and height of its head above the sea.
    Fixed(LatLon, Amsl),
    /// On an aircraft, by system id; it speaks over the aircraft's link.
    Aircraft(u8),
    /// On an actor, by its place in [`Scenario::actors`].
    Actor(usize),
}

/// A ground sensor of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundSensor {
    /// Its name on the wire.
    pub name: String,
    /// What it is.
    pub kind: SensorKind,
    /// Where it is.
    pub seat: Seat,
    /// Reach, metres: of a geophone the distance at which half of a walker's looks are heard; of
    /// the others a limit.
    pub range_m: f64,
    /// Seconds between two looks.
    pub every_s: u32,
    /// Chance that a look at something plain and near tells of it, 0..=1.
    pub detection: f64,
    /// False alarms an hour.
    pub false_per_hour: f64,
    /// One sigma of each axis of the place it tells, metres.
    pub error_m: f64,
    /// Middle of a tower camera's sector, degrees true.
    pub bearing_deg: f64,
    /// Width of its sector, degrees.
    pub view_deg: f64,
    /// Angle of one of its pixels, milliradians.
    pub ifov_mrad: f64,
    /// When a seal is opened, seconds of the scenario.
    pub opened_s: Option<f64>,
}

/// What an actor tells of itself by radio.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transponder {
    /// Ship's identity, name, and until when it is switched on, seconds.
    pub ais: Option<(u32, String, f64)>,
    /// Aircraft address and call sign.
    pub adsb: Option<(u32, String)>,
    /// Drone's serial number, its operator's registration and where the pilot stands.
    pub remote_id: Option<(String, String, LatLon)>,
}

/// One message of a ground sensor, as it leaves it.
#[derive(Debug, Clone, PartialEq)]
pub enum CueMessage {
    /// A line of JSON with its line end: geophones, tower cameras, seals.
    Json(String),
    /// A sentence of NMEA 0183 with its line end: AIS.
    Nmea(String),
    /// A MAVLink frame of a receiver on the ground: ADS-B, Remote ID.
    Mavlink(Vec<u8>),
    /// A MAVLink frame of a receiver on an aircraft, over that aircraft's link.
    Aboard(u8, Vec<u8>),
}

/// The line of JSON a sensor sends.
#[derive(Serialize)]
struct Line<'a> {
    sensor: &'a str,
    kind: SensorKind,
    utc_us: i64,
    lat_deg: f64,
    lon_deg: f64,
    error_m: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azimuth_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_m_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

impl Line<'_> {
    fn json(&self) -> CueMessage {
        // Text and finite numbers always have a JSON form.
        let mut s = serde_json::to_string(self).unwrap_or_default();
        s.push('\n');
        CueMessage::Json(s)
    }
}

/// Where somebody is now.
struct Seen<'s> {
    number: usize,
    actor: &'s Actor,
    pose: ActorPose,
    at: LatLon,
    amsl: Amsl,
}

/// One second's looks.
pub(crate) struct Looks<'s> {
    scenario: &'s Scenario,
    world: &'s World,
    t_s: f64,
    second: u64,
    seen: Vec<Seen<'s>>,
    /// Foreign aircraft in the air.
    flying: &'s [Heard],
    /// Our aircraft: system id, place, height.
    fleet: &'s [(u8, LatLon, Amsl)],
    seq: &'s mut u8,
    out: Vec<(CueMessage, Option<TruthLine>)>,
}

/// How much further than a walker's steps a kind shakes the ground. Makers of unattended ground
/// sensors publish 30-50 m for people, 150-300 m for light and up to 500 m for heavy vehicles.
fn tread(kind: ActorKind) -> f64 {
    match kind {
        ActorKind::Person => 1.0,
        ActorKind::Cow => 1.6,
        ActorKind::Boar => 1.1,
        ActorKind::Chamois => 0.8,
        ActorKind::Dog => 0.5,
        ActorKind::Car => 5.0,
        ActorKind::Truck => 9.0,
        ActorKind::Boat | ActorKind::Ship | ActorKind::Drone | ActorKind::Parcel => 0.0,
    }
}

/// Critical dimension, metres (NATO targets and makers' figures: person 0.75, vehicle 2.3).
fn dimension(a: &Actor) -> f64 {
    let usual = match a.kind {
        ActorKind::Person => 0.75,
        ActorKind::Car | ActorKind::Boat => 2.0,
        ActorKind::Truck => 2.6,
        ActorKind::Ship => 9.0,
        ActorKind::Cow => 1.3,
        ActorKind::Boar | ActorKind::Chamois => 0.7,
        ActorKind::Dog => 0.5,
        ActorKind::Drone | ActorKind::Parcel => 0.4,
    };
    usual * a.size
}

/// Chance to tell something of so many pixels when `half` pixels give one half: the target
/// transfer probability function (Night Vision Laboratory).
fn told_at(pixels: f64, half: f64) -> f64 {
    let n = pixels / half;
    let p = n.powf_r(2.7 + 0.7 * n);
    if p.is_finite() { p / (1.0 + p) } else { 1.0 }
}

fn word(c: TargetClass) -> &'static str {
    match c {
        TargetClass::Person => "person",
        TargetClass::Vehicle => "vehicle",
        TargetClass::Boat => "boat",
        TargetClass::Animal => "animal",
        _ => "unknown",
    }
}

/// MAVLink system id of the receivers on the ground.
const GROUND_SYSTEM: u8 = 253;
/// A receiver hears past an edge that just clears the line.
const CLEAR: Fresnel = Fresnel {
    frequency_hz: 1.0e9,
    share: 0.0,
};

/// All that the sensors tell at a whole second, in the order of the file.
pub(crate) fn look(
    scenario: &Scenario,
    world: &World,
    second: u64,
    flying: &[Heard],
    fleet: &[(u8, LatLon, Amsl)],
    seq: &mut u8,
) -> Vec<(CueMessage, Option<TruthLine>)> {
    if scenario.sensors.is_empty() {
        return Vec::new();
    }
    let t_s = second as f64;
    let seen = scenario
        .actors()
        .iter()
        .enumerate()
        .map(|(number, actor)| {
            let pose = actor.track.pose(t_s);
            let at = scenario.frame.from_plane(pose.x, pose.y);
            let ground = world.terrain.elevation(at).unwrap_or(Amsl(0.0));
            Seen {
                number,
                actor,
                pose,
                at,
                amsl: Amsl(ground.0 + pose.up_m),
            }
        })
        .collect();
    let mut l = Looks {
        scenario,
        world,
        t_s,
        second,
        seen,
        flying,
        fleet,
        seq,
        out: Vec::new(),
    };
    for (k, s) in scenario.sensors.iter().enumerate() {
        l.sensor(k as u64, s);
    }
    l.out
}

impl Looks<'_> {
    /// A number in 0..1 for a question about this second.
    fn dice(&self, sensor: u64, whom: usize, question: u64) -> f64 {
        let stream = 0x5E05_0000_0000 | sensor << 24 | (whom as u64) << 8 | question;
        chance(self.scenario.seed, stream, self.second)
    }

    /// Two normal numbers (Box and Muller 1958).
    fn spread(&self, sensor: u64, whom: usize, sigma_m: f64) -> (f64, f64) {
        let r = sigma_m * (-2.0 * self.dice(sensor, whom, 2).max(1e-12).ln_r()).sqrt();
        let a = std::f64::consts::TAU * self.dice(sensor, whom, 3);
        (r * a.sin_r(), r * a.cos_r())
    }

    fn seat(&self, s: &GroundSensor) -> Option<(LatLon, Amsl)> {
        match s.seat {
            Seat::Fixed(at, amsl) => Some((at, amsl)),
            Seat::Aircraft(system) => self.fleet.iter().find(|f| f.0 == system).map(|f| (f.1, f.2)),
            Seat::Actor(k) => self.seen.get(k).map(|a| (a.at, a.amsl)),
        }
    }

    fn tell(
        &mut self,
        s: &GroundSensor,
        message: CueMessage,
        actor: Option<&str>,
        told: LatLon,
        truly: Option<LatLon>,
    ) {
        let line = self.line(s, actor, told, truly);
        self.out.push((message, Some(line)));
    }

    fn line(&self, s: &GroundSensor, actor: Option<&str>, told: LatLon, truly: Option<LatLon>) -> TruthLine {
        TruthLine::Cue {
            sensor: s.name.clone(),
            sensor_kind: s.kind,
            t_s: self.t_s,
            utc: self.scenario.utc(self.t_s),
            at: told,
            actor: actor.map(ToOwned::to_owned),
            off_m: truly.map(|p| vedette_geo::near::distance_m(p, told)),
        }
    }

    fn sensor(&mut self, k: u64, s: &GroundSensor) {
        let due = self.second.is_multiple_of(u64::from(s.every_s.max(1)));
        match s.kind {
            SensorKind::Seismic if due => self.seismic(k, s),
            SensorKind::Tower if due => self.tower(k, s),
            SensorKind::Ais => self.ais(k, s),
            SensorKind::Adsb => self.adsb(k, s),
            SensorKind::RemoteId => self.remote_id(k, s),
            SensorKind::ESeal => self.seal(k, s, due),
            SensorKind::Seismic | SensorKind::Tower => {}
        }
    }

    fn false_alarm(&self, k: u64, s: &GroundSensor) -> bool {
        let share = s.false_per_hour * f64::from(s.every_s.max(1)) / 3600.0;
        self.dice(k, 0xFFFF, 1) < share
    }

    fn seismic(&mut self, k: u64, s: &GroundSensor) {
        let Some((at, _)) = self.seat(s) else { return };
        let mut heard: Vec<(f64, Option<&str>, bool)> = Vec::new();
        for a in &self.seen {
            let reach = s.range_m * tread(a.actor.kind) * a.actor.size;
            if reach <= 0.0 || a.pose.speed_m_s < 0.2 || a.pose.up_m > 0.3 {
                continue;
            }
            let d = vedette_geo::near::distance_m(at, a.at);
            // Ground roll: half at the reach, a tenth at 1.7 times it.
            let p = s.detection / (1.0 + (d / reach).powi(4));
            if p > 1e-4 && self.dice(k, a.number, 1) < p {
                let heavy = a.actor.kind.class() == TargetClass::Vehicle;
                heard.push(((1.0 / (1.0 + (d / reach).powi(2))).min(1.0), Some(&a.actor.name), heavy));
            }
        }
        if heard.is_empty() && self.false_alarm(k, s) {
            heard.push((0.2, None, self.dice(k, 0xFFFF, 4) < 0.2));
        }
        // One channel: the loudest speaks for all.
        let Some((level, actor, heavy)) = heard.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return;
        };
        let actor = actor.map(ToOwned::to_owned);
        let truly = actor
            .as_ref()
            .and_then(|n| self.seen.iter().find(|a| a.actor.name == *n))
            .map(|a| a.at);
        let m = Line {
            level: Some((level * 100.0).round() / 100.0),
            class: Some(if heavy { "vehicle" } else { "footsteps" }),
            ..self.blank(s, at, s.range_m)
        };
        let m = m.json();
        self.tell(s, m, actor.as_deref(), at, truly);
    }

    fn blank<'a>(&self, s: &'a GroundSensor, at: LatLon, error_m: f64) -> Line<'a> {
        Line {
            sensor: &s.name,
            kind: s.kind,
            utc_us: self.scenario.utc(self.t_s).0,
            // A decimetre is more than any of them knows.
            lat_deg: (at.lat_deg * 1e6).round() * 1e-6,
            lon_deg: (at.lon_deg * 1e6).round() * 1e-6,
            error_m,
            class: None,
            azimuth_deg: None,
            range_m: None,
            level: None,
            speed_m_s: None,
            state: None,
        }
    }

    fn tower(&mut self, k: u64, s: &GroundSensor) {
        let Some((at, amsl)) = self.seat(s) else { return };
        let mut told: Vec<(LatLon, Option<usize>, &'static str)> = Vec::new();
        for a in &self.seen {
            let d = vedette_geo::near::distance_m(at, a.at).max(1.0);
            let az = vedette_geo::near::azimuth_deg(at, a.at);
            if d > s.range_m || vedette_geo::diff_deg(az, s.bearing_deg).abs() > 0.5 * s.view_deg {
                continue;
            }
            let pixels = dimension(a.actor) / (d * s.ifov_mrad * 1e-3);
            let p = s.detection * told_at(pixels, 2.0);
            let eye = (a.at, Amsl(a.amsl.0 + 1.0));
            if p < 1e-4 || self.dice(k, a.number, 1) >= p || self.world.terrain.visible((at, amsl), eye) == Some(false)
            {
                continue;
            }
            let (e, n) = self.spread(k, a.number, s.error_m);
            let place = vedette_geo::near::destination(vedette_geo::near::destination(a.at, 90.0, e), 0.0, n);
            // Recognised at 8 pixels for one half (Johnson).
            let known = self.dice(k, a.number, 5) < told_at(pixels, 8.0);
            told.push((
                place,
                Some(a.number),
                if known { word(a.actor.kind.class()) } else { "unknown" },
            ));
        }
        if self.false_alarm(k, s) {
            let az = s.bearing_deg + (self.dice(k, 0xFFFF, 2) - 0.5) * s.view_deg;
            let d = s.range_m * self.dice(k, 0xFFFF, 3).sqrt().max(0.05);
            told.push((vedette_geo::near::destination(at, az, d), None, "unknown"));
        }
        for (place, whom, class) in told {
            let m = Line {
                class: Some(class),
                azimuth_deg: Some((vedette_geo::near::azimuth_deg(at, place) * 100.0).round() / 100.0),
                range_m: Some(vedette_geo::near::distance_m(at, place).round()),
                ..self.blank(s, place, s.error_m)
            };
            let m = m.json();
            let who = whom.map(|n| (self.seen[n].actor.name.clone(), self.seen[n].at));
            self.tell(
                s,
                m,
                who.as_ref().map(|w| w.0.as_str()),
                place,
                who.as_ref().map(|w| w.1),
            );
        }
    }

    /// Whether radio passes between a receiver and a sender: within its reach, over the horizon of
    /// a 4/3 Earth and past the terrain, where that is known.
    fn hears(&self, s: &GroundSensor, (at, amsl): (LatLon, Amsl), to: LatLon, to_amsl: Amsl) -> bool {
        let d = vedette_geo::near::distance_m(at, to);
        if d > s.range_m {
            return false;
        }
        // ITU-R P.528's rule of thumb: 4.12 (√h1 + √h2) km, heights above the smooth Earth.
        let horizon = 4_120.0 * (amsl.0.max(0.0).sqrt() + to_amsl.0.max(0.0).sqrt());
        d <= horizon && self.world.terrain.radio_clear((at, amsl), (to, to_amsl), CLEAR) != Some(false)
    }

    fn ais(&mut self, k: u64, s: &GroundSensor) {
        let Some(seat) = self.seat(s) else { return };
        for n in 0..self.seen.len() {
            let a = &self.seen[n];
            let Some((mmsi, name, until_s)) = self.scenario.transponders.get(n).and_then(|t| t.ais.clone()) else {
                continue;
            };
            let class = if a.actor.kind == ActorKind::Ship {
                AisClass::A
            } else {
                AisClass::B
            };
            let every = u64::from(AisPosition::interval_s(class, a.pose.speed_m_s));
            let (position, naming) = (
                (self.second + u64::from(mmsi)).is_multiple_of(every),
                (self.second + u64::from(mmsi)).is_multiple_of(360) || self.second == 1,
            );
            let antenna = Amsl(a.amsl.0 + if class == AisClass::A { 15.0 } else { 2.5 });
            if self.t_s >= until_s
                || !(position || naming)
                || self.dice(k, n, 1) >= s.detection
                || !self.hears(s, seat, a.at, antenna)
            {
                continue;
            }
            let (at, who, length) = (a.at, a.actor.name.clone(), 38.0 * a.actor.size);
            if position || self.second == 1 {
                let (e, north) = self.spread(k, n, s.error_m);
                let a = &self.seen[n];
                let place = vedette_geo::near::destination(vedette_geo::near::destination(at, 90.0, e), 0.0, north);
                let course = vedette_geo::norm_deg_360(90.0 - a.pose.facing.to_degrees());
                let report = AisPosition {
                    class,
                    mmsi,
                    at: place,
                    speed_m_s: a.pose.speed_m_s,
                    course_deg: course,
                    heading_deg: (class == AisClass::A).then_some(course),
                    status: if a.pose.speed_m_s < 0.3 { 1 } else { 0 },
                    second: (self.second % 60) as u8,
                    radio: 0,
                };
                self.tell(s, CueMessage::Nmea(report.to_aivdm()), Some(&who), place, Some(at));
            }
            if naming {
                for sentence in ais_name(class, mmsi, &name, length, (n % 10) as u8) {
                    self.out.push((CueMessage::Nmea(sentence), None));
                }
            }
        }
    }

    /// A receiver's frame: over the aircraft's link, or by itself from the ground.
    fn frame(&mut self, s: &GroundSensor, component: u8, make: impl Fn(u8, u8, u8) -> Vec<u8>) -> CueMessage {
        *self.seq = self.seq.wrapping_add(1);
        match s.seat {
            Seat::Aircraft(system) => CueMessage::Aboard(system, make(system, component, *self.seq)),
            Seat::Fixed(..) | Seat::Actor(_) => CueMessage::Mavlink(make(GROUND_SYSTEM, component, *self.seq)),
        }
    }

    fn alive(&mut self, s: &GroundSensor, component: u8, mav_type: u8) {
        if !matches!(s.seat, Seat::Aircraft(_)) {
            let m = self.frame(s, component, |system, component, seq| {
                wire::heartbeat(system, component, seq, mav_type)
            });
            self.out.push((m, None));
        }
    }

    fn adsb(&mut self, k: u64, s: &GroundSensor) {
        let Some(seat) = self.seat(s) else { return };
        // MAV_TYPE_ADSB.
        self.alive(s, wire::ADSB_RECEIVER, 27);
        // Those of the cast, then strangers.
        let mut all: Vec<(Heard, Option<String>, usize)> = Vec::new();
        for a in &self.seen {
            let Some((icao, callsign)) = self.scenario.transponders.get(a.number).and_then(|t| t.adsb.clone()) else {
                continue;
            };
            let heard = Heard {
                icao,
                callsign: wire::callsign(&callsign),
                at: a.at,
                amsl_m: a.amsl.0,
                track_deg: vedette_geo::norm_deg_360(90.0 - a.pose.facing.to_degrees()),
                m_s: a.pose.speed_m_s,
            };
            all.push((heard, Some(a.actor.name.clone()), a.number));
        }
        for (n, h) in self.flying.iter().enumerate() {
            all.push((*h, None, 0x1000 + n));
        }
        for (h, who, n) in all {
            if self.dice(k, n, 1) < s.detection && self.hears(s, seat, h.at, Amsl(h.amsl_m)) {
                let m = self.frame(s, wire::ADSB_RECEIVER, |system, _, seq| wire::adsb(system, seq, &h));
                let who = who.unwrap_or_else(|| format!("{:06X}", h.icao));
                self.tell(s, m, Some(&who), h.at, Some(h.at));
            }
        }
    }

    fn remote_id(&mut self, k: u64, s: &GroundSensor) {
        let Some(seat) = self.seat(s) else { return };
        // MAV_TYPE_ODID.
        self.alive(s, wire::REMOTE_ID_RECEIVER, 34);
        for n in 0..self.seen.len() {
            let a = &self.seen[n];
            let Some((number, operator, pilot)) = self.scenario.transponders.get(n).and_then(|t| t.remote_id.clone())
            else {
                continue;
            };
            // Who stands on the ground with the rotors still sends nothing.
            if a.pose.up_m < 0.5 || self.dice(k, n, 1) >= s.detection || !self.hears(s, seat, a.at, a.amsl) {
                continue;
            }
            let (at, amsl, who) = (a.at, a.amsl, a.actor.name.clone());
            let (track_deg, m_s) = (
                vedette_geo::norm_deg_360(90.0 - a.pose.facing.to_degrees()),
                a.pose.speed_m_s,
            );
            let (e, north) = self.spread(k, n, s.error_m);
            let place = vedette_geo::near::destination(vedette_geo::near::destination(at, 90.0, e), 0.0, north);
            let drone = HeardDrone {
                mac: [0x02, 0, 0, 0, (n >> 8) as u8, n as u8],
                number,
                operator,
                pilot,
                at: place,
                height_m: amsl.0 + self.world.geoid.undulation_m,
                up_m: self.seen[n].pose.up_m,
                track_deg,
                m_s,
                hour_s: (self.scenario.utc(self.t_s).0.rem_euclid(3_600_000_000)) as f64 * 1e-6,
            };
            // Who and where its pilot stands comes every third second (ASTM F3411: statics at least
            // every 3 s, movement every second).
            if self.second.is_multiple_of(3) {
                for part in 0..3 {
                    let m = self.frame(s, wire::REMOTE_ID_RECEIVER, |system, component, seq| {
                        wire::remote_id_static((system, component, seq), &drone, part)
                    });
                    self.out.push((m, None));
                }
            }
            let m = self.frame(s, wire::REMOTE_ID_RECEIVER, |system, component, seq| {
                wire::remote_id_location((system, component, seq), &drone)
            });
            self.tell(s, m, Some(&who), place, Some(at));
        }
    }

    fn seal(&mut self, k: u64, s: &GroundSensor, due: bool) {
        let Seat::Actor(n) = s.seat else { return };
        let Some(a) = self.seen.get(n) else { return };
        let opened = s.opened_s.is_some_and(|t| t <= self.t_s);
        // The opening is told at once, everything else at its time.
        let now = opened && s.opened_s.is_some_and(|t| t > self.t_s - 1.0);
        if !(due || now) || self.dice(k, n, 1) >= s.detection {
            return;
        }
        let (at, who, speed) = (a.at, a.actor.name.clone(), a.pose.speed_m_s);
        let (e, north) = self.spread(k, n, s.error_m);
        let place = vedette_geo::near::destination(vedette_geo::near::destination(at, 90.0, e), 0.0, north);
        let m = Line {
            speed_m_s: Some((speed * 10.0).round() / 10.0),
            state: Some(if opened { "opened" } else { "closed" }),
            ..self.blank(s, place, s.error_m)
        };
        let m = m.json();
        self.tell(s, m, Some(&who), place, Some(at));
    }
}

impl GroundSensor {
    /// What a sensor of this kind usually is: reach in metres, seconds between looks, error in
    /// metres.
    pub(crate) fn usual(kind: SensorKind) -> (f64, u32, f64) {
        match kind {
            SensorKind::Seismic => (40.0, 2, 0.0),
            SensorKind::Tower => (3_000.0, 5, 25.0),
            SensorKind::Ais => (60_000.0, 1, 8.0),
            SensorKind::Adsb => (150_000.0, 1, 0.0),
            SensorKind::RemoteId => (1_500.0, 1, 5.0),
            SensorKind::ESeal => (0.0, 60, 6.0),
        }
    }

    /// Whether an actor of this kind can carry what the sensor listens to.
    pub(crate) fn carries(kind: SensorKind, medium: Medium) -> bool {
        match kind {
            SensorKind::Ais => medium == Medium::Water,
            SensorKind::Adsb | SensorKind::RemoteId => medium == Medium::Air,
            SensorKind::Seismic | SensorKind::Tower | SensorKind::ESeal => true,
        }
    }
}
