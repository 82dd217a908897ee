//! The flags of `vedette sim`, and what they mean.
//!
//! Shell: reads the scenario file. Invariant: flags win over the scenario; a wrong flag says what
//! is allowed.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon};
use vedette_model::{Airframe, Family, Utc};

use crate::render::Quality;
use crate::scenario::{Overrides, Scenario, SimAircraft};
use crate::serve::{Endpoint, FollowEndpoint, ServeConfig, VideoTarget, scaled_clock};
use crate::{SimError, Weather};

/// Most aircraft of an empty world.
const MOST_VEHICLES: u8 = 240;

/// The flags of `vedette sim`, as given.
#[derive(Debug, Clone, PartialEq)]
pub struct SimOptions {
    /// Scenario file; absent: an empty world.
    pub scenario: Option<PathBuf>,
    /// `--vehicles N`: in an empty world how many (default 1); with a scenario only the first N.
    pub vehicles: Option<u8>,
    /// `--family`, empty world only.
    pub family: Family,
    /// `--airframe`, empty world only.
    pub airframe: Airframe,
    /// `--home LAT,LON,AMSL`, empty world only; further aircraft stand in rows of sixteen,
    /// 20 m apart.
    pub home: Option<String>,
    /// `--connect EP`: `udpout:HOST:PORT`, or `HOST:PORT`.
    pub connect: Option<String>,
    /// `--listen EP`: `udpin:HOST:PORT` or `HOST:PORT`, `tcpin:HOST:PORT`, `serial:` or
    /// `serial:PATH` (a pseudo-terminal).
    pub listen: Option<String>,
    /// `--video URL`: `udp://HOST` (the scenario's ports), `udp://HOST:PORT` (counting up),
    /// `rtsp://HOST:PORT` (served to players), `off`; a UDP and an RTSP one joined by a comma.
    pub video: Option<String>,
    /// `--sensors HOST:PORT`: where ground sensors send JSON lines.
    pub sensors: Option<String>,
    /// `--ais HOST:PORT`: where AIS receivers send NMEA 0183.
    pub ais: Option<String>,
    /// `--follow EP`: `udpin:HOST:PORT` or `tcp:HOST:PORT` of an autopilot the world follows.
    pub follow: Vec<String>,
    /// `--speed X`: seconds of the scenario per second, 0.1..=20.
    pub speed: f64,
    /// `--seed N`.
    pub seed: Option<u64>,
    /// `--truth FILE`.
    pub truth: Option<PathBuf>,
    /// Named times of the scenario to replace (`--time NAME=SECONDS`).
    pub times: Vec<(String, f64)>,
    /// `--quality`: how much work a picture is worth.
    pub quality: Quality,
    /// `--picture-rate X`: pictures per second as a share of the scenario's, 0.05..=1; many streams
    /// on few cores take less.
    pub picture_rate: f64,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            scenario: None,
            vehicles: None,
            family: Family::ArduPilot,
            airframe: Airframe::Copter,
            home: None,
            connect: None,
            listen: None,
            video: None,
            sensors: None,
            ais: None,
            follow: Vec::new(),
            speed: 1.0,
            seed: None,
            truth: None,
            times: Vec::new(),
            quality: Quality::default(),
            picture_rate: 1.0,
        }
    }
}

impl SimOptions {
    /// The scenario and how to serve it.
    ///
    /// # Errors
    /// [`SimError`] for a wrong flag, an unreadable or wrong scenario.
    pub fn build(&self, world: &World) -> Result<(Scenario, ServeConfig), SimError> {
        if !(0.1..=20.0).contains(&self.speed) {
            return Err(wrong("--speed", self.speed.to_string(), "allowed is 0.1 to 20"));
        }
        let over = Overrides {
            seed: self.seed,
            times: self.times.iter().cloned().collect(),
        };
        let scenario = match &self.scenario {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| SimError::Shell {
                    what: format!("the scenario {} cannot be read: {e}", path.display()),
                    source: Some(Box::new(e)),
                })?;
                let mut s = Scenario::parse_with(&text, &path.display().to_string(), world, &over)?;
                if let Some(n) = self.vehicles {
                    s.vehicles.truncate(usize::from(n));
                }
                s
            }
            None => self.empty(world)?,
        };
        let mut config = ServeConfig::new(scaled_clock(self.speed));
        config.mavlink = match (&self.connect, &self.listen) {
            (Some(_), Some(l)) => {
                return Err(wrong("--listen", l.clone(), "give either --connect or --listen"));
            }
            (Some(c), None) => Endpoint::Connect(endpoint("--connect", c, "udpout:")?),
            (None, Some(l)) => listen(l)?,
            (None, None) => config.mavlink,
        };
        if let Some(v) = &self.video {
            (config.video, config.rtsp) = video(v)?;
        }
        if let Some(s) = &self.sensors {
            config.sensors = endpoint("--sensors", s, "udp://")?;
        }
        if let Some(a) = &self.ais {
            config.ais = endpoint("--ais", a, "udp://")?;
        }
        for f in &self.follow {
            config.follow.push(match f.strip_prefix("tcp:") {
                Some(_) => FollowEndpoint::Tcp(endpoint("--follow", f, "tcp:")?),
                None => FollowEndpoint::Listen(endpoint("--follow", f, "udpin:")?),
            });
        }
        config.truth.clone_from(&self.truth);
        config.quality = self.quality;
        if !(0.05..=1.0).contains(&self.picture_rate) {
            let given = self.picture_rate.to_string();
            return Err(wrong("--picture-rate", given, "allowed is 0.05 to 1"));
        }
        config.frame_rate_share = self.picture_rate;
        Ok((scenario, config))
    }

    fn empty(&self, world: &World) -> Result<Scenario, SimError> {
        let n = self.vehicles.unwrap_or(1);
        // MAVLink system ids end at 255; those of ground stations are left free.
        if !(1..=MOST_VEHICLES).contains(&n) {
            return Err(wrong(
                "--vehicles",
                n.to_string(),
                &format!("allowed is 1 to {MOST_VEHICLES}"),
            ));
        }
        let (at, amsl) = match &self.home {
            Some(h) => home(h)?,
            None => open_ground(world)?,
        };
        let vehicles = (1..=n)
            .map(|system| {
                // Rows of sixteen, 20 m apart.
                let home = vedette_geo::near::destination(
                    vedette_geo::near::destination(at, 90.0, 20.0 * f64::from((system - 1) % 16)),
                    0.0,
                    20.0 * f64::from((system - 1) / 16),
                );
                SimAircraft {
                    system,
                    tail: format!("SIM-{system:02}"),
                    name: String::new(),
                    airframe: self.airframe,
                    family: self.family,
                    home,
                    home_amsl: match self.home {
                        Some(_) => amsl,
                        None => world.terrain.elevation(home).unwrap_or(amsl),
                    },
                    heading_deg: 0.0,
                    envelope: None,
                    energy: None,
                    heading_bias_deg: 0.0,
                    clock_offset_us: 0,
                    cameras: Vec::new(),
                }
            })
            .collect();
        Ok(Scenario::empty(
            world,
            vehicles,
            at,
            Utc::from_civil(2026, 11, 14, 12, 0, 0),
            self.seed.unwrap_or(0),
            Weather::default(),
        ))
    }
}

/// Where an empty world's aircraft stand when nobody says: on the home side, where the land within
/// reach of a first flight rises least, the nearer to the border the better.
fn open_ground(world: &World) -> Result<(LatLon, Amsl), SimError> {
    /// How far a first flight goes, metres.
    const REACH_M: f64 = 900.0;
    /// Between the places looked at, metres.
    const STEP_M: f64 = 400.0;
    /// How far from the border is looked, metres.
    const WITHIN_M: f64 = 8_000.0;
    let middle = world.border.at(world.border.length_m() * 0.5);
    let mut best: Option<(f64, LatLon, Amsl)> = None;
    let steps = (WITHIN_M / STEP_M) as i32;
    for north in -steps..=steps {
        for east in -steps..=steps {
            let at = vedette_geo::near::destination(
                vedette_geo::near::destination(middle, 0.0, STEP_M * f64::from(north)),
                90.0,
                STEP_M * f64::from(east),
            );
            let inside_m = world.home_distance_m(at);
            let (Some(ground), Some(top)) = (world.terrain.elevation(at), world.terrain.max_within(at, REACH_M)) else {
                continue;
            };
            // A metre of hill is worth 100 m of way; NaN (no border known) is never less.
            let cost = top.0 - ground.0 + inside_m * 0.01;
            if inside_m > 2.0 * REACH_M && best.is_none_or(|(least, ..)| cost < least) {
                best = Some((cost, at, ground));
            }
        }
    }
    best.map(|(_, at, ground)| (at, ground))
        .ok_or(SimError::NoTerrain { at: middle })
}

fn wrong(flag: &'static str, given: String, allowed: &str) -> SimError {
    SimError::Option {
        flag,
        given,
        allowed: allowed.to_owned(),
    }
}

fn home(text: &str) -> Result<(LatLon, Amsl), SimError> {
    let bad = || {
        wrong(
            "--home",
            text.to_owned(),
            "give LAT,LON,AMSL in degrees and metres, as 42.4318,1.4951,1450",
        )
    };
    let v: Vec<f64> = text
        .split(',')
        .map(|p| p.trim().parse().map_err(|_| bad()))
        .collect::<Result<_, _>>()?;
    let [lat, lon, amsl] = v.as_slice() else {
        return Err(bad());
    };
    let at = LatLon::new(*lat, *lon).map_err(|_| bad())?;
    if amsl.is_finite() && (-500.0..=9_000.0).contains(amsl) {
        Ok((at, Amsl(*amsl)))
    } else {
        Err(bad())
    }
}

fn endpoint(flag: &'static str, text: &str, scheme: &str) -> Result<SocketAddr, SimError> {
    let bare = text.strip_prefix(scheme).unwrap_or(text);
    let bare = bare.strip_prefix("udp:").unwrap_or(bare);
    bare.to_socket_addrs().ok().and_then(|mut a| a.next()).ok_or_else(|| {
        wrong(
            flag,
            text.to_owned(),
            &format!("give {scheme}HOST:PORT, as {scheme}127.0.0.1:14550"),
        )
    })
}

fn listen(text: &str) -> Result<Endpoint, SimError> {
    if let Some(path) = text.strip_prefix("serial:") {
        return Ok(Endpoint::Serial((!path.is_empty()).then(|| PathBuf::from(path))));
    }
    if text.starts_with("tcpin:") {
        return endpoint("--listen", text, "tcpin:").map(Endpoint::Tcp);
    }
    endpoint("--listen", text, "udpin:").map(Endpoint::Listen)
}

fn video(text: &str) -> Result<(VideoTarget, Option<SocketAddr>), SimError> {
    let bad = || {
        wrong(
            "--video",
            text.to_owned(),
            "give udp://HOST, udp://HOST:PORT, rtsp://HOST:PORT or off; a UDP and an RTSP one joined by a comma",
        )
    };
    let address = |t: &str| t.to_socket_addrs().ok().and_then(|mut a| a.next());
    let (mut plain, mut players) = (VideoTarget::Off, None);
    for part in text.split(',').map(str::trim) {
        if matches!(part, "off" | "none") {
            continue;
        }
        if let Some(at) = part.strip_prefix("rtsp://") {
            players = Some(address(at.trim_end_matches('/')).ok_or_else(bad)?);
            continue;
        }
        let bare = part.strip_prefix("udp://").unwrap_or(part);
        plain = match bare.parse::<IpAddr>() {
            Ok(host) => VideoTarget::Host(host),
            Err(_) => VideoTarget::Base(address(bare).ok_or_else(bad)?),
        };
    }
    Ok((plain, players))
}
