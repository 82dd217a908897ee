//! A ground station of forty lines: frames in and out of one aircraft, time stepped by hand.

use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::{Airframe, Mono};
use vedette_sim_vehicle::{Noise, SimVehicle, TrueState, VehicleConfig, Weather};

pub(crate) const HOME: LatLon = LatLon {
    lat_deg: 42.4412,
    lon_deg: 1.5563,
};
pub(crate) const GROUND: Amsl = Amsl(1100.0);

fn crc(bytes: &[u8], extra: u8) -> u16 {
    bytes.iter().chain([&extra]).fold(0xffff, |crc: u16, &b| {
        let mut t = b ^ (crc & 0xff) as u8;
        t ^= t << 4;
        (crc >> 8) ^ (u16::from(t) << 8) ^ (u16::from(t) << 3) ^ (u16::from(t) >> 4)
    })
}

/// A MAVLink 2 frame from system 255, component 190.
pub(crate) fn frame(id: u32, extra: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = id.to_le_bytes();
    let mut out = vec![0xfd, payload.len() as u8, 0, 0, 0, 255, 190, a, b, c];
    out.extend_from_slice(payload);
    let sum = crc(&out[1..], extra);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

pub(crate) struct Got {
    pub(crate) peer: Option<u64>,
    pub(crate) component: u8,
    pub(crate) id: u32,
    pub(crate) payload: Vec<u8>,
}

impl Got {
    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.byte(at), self.byte(at + 1)])
    }
    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) | u32::from(self.u16(at + 2)) << 16
    }
    /// Truncated zeros read as zeros.
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.payload.get(at).copied().unwrap_or(0)
    }
    pub(crate) fn text(&self, from: usize) -> String {
        self.payload
            .iter()
            .skip(from)
            .take(50)
            .take_while(|b| **b != 0)
            .map(|&b| char::from(b))
            .collect()
    }
}

pub(crate) struct Station {
    pub(crate) v: SimVehicle,
    pub(crate) now: Mono,
    pub(crate) weather: Weather,
    pub(crate) inbox: Vec<Got>,
    pub(crate) heartbeats: bool,
    /// Terrain.
    pub(crate) ground: fn(LatLon) -> Option<Amsl>,
    /// MAV_FRAME of uploaded items.
    pub(crate) frame: u8,
}

/// An item without parameters.
pub(crate) struct Wp(pub(crate) u16, pub(crate) [f32; 4], pub(crate) LatLon, pub(crate) f32);

impl Station {
    /// An aircraft without sensor errors in calm air, ready to arm.
    pub(crate) fn new(airframe: Airframe) -> Self {
        let mut cfg = VehicleConfig::small(1, airframe, HOME, GROUND);
        cfg.noise = Noise::NONE;
        Self::with(cfg)
    }
    pub(crate) fn with(cfg: VehicleConfig) -> Self {
        let mut s = Self {
            v: SimVehicle::new(cfg),
            now: Mono::ZERO,
            weather: Weather::default(),
            inbox: Vec::new(),
            heartbeats: true,
            ground: |_| Some(GROUND),
            frame: 3,
        };
        s.run(8.0);
        s
    }
    /// Lets time pass.
    pub(crate) fn run(&mut self, seconds: f64) {
        let end = Mono(self.now.0 + (seconds * 1e6) as i64);
        while self.now < end {
            self.now = Mono((self.now.0 + 50_000).min(end.0));
            self.v.step(self.now, &self.ground, &self.weather);
            if self.heartbeats && self.now.0 % 1_000_000 == 0 {
                self.send(0, 50, &[0, 0, 0, 0, 6, 8, 0, 0, 3]);
            }
            self.drain();
        }
    }
    pub(crate) fn until(&mut self, what: &str, limit_s: f64, test: impl Fn(&TrueState) -> bool) -> f64 {
        let start = self.now;
        while !test(&self.v.truth()) {
            let spent = self.now.since(start) as f64 * 1e-6;
            assert!(
                spent < limit_s,
                "{what}: not within {limit_s} s; {:?}; {:?}",
                self.v.truth(),
                self.texts()
            );
            self.run(0.05);
        }
        self.now.since(start) as f64 * 1e-6
    }
    pub(crate) fn drain(&mut self) {
        while let Some((peer, f)) = self.v.poll_transmit() {
            let n = usize::from(f[1]);
            self.inbox.push(Got {
                peer,
                component: f[6],
                id: u32::from_le_bytes([f[7], f[8], f[9], 0]),
                payload: f[10..10 + n].to_vec(),
            });
        }
    }
    pub(crate) fn send(&mut self, id: u32, extra: u8, payload: &[u8]) {
        self.v.handle_datagram(self.now, 7, &frame(id, extra, payload));
        self.drain();
    }
    pub(crate) fn texts(&self) -> Vec<String> {
        self.inbox.iter().filter(|g| g.id == 253).map(|g| g.text(1)).collect()
    }
    /// COMMAND_LONG; its result.
    pub(crate) fn command(&mut self, command: u16, p: [f32; 7]) -> u8 {
        let mut b: Vec<u8> = p.iter().flat_map(|v| v.to_le_bytes()).collect();
        b.extend_from_slice(&command.to_le_bytes());
        b.extend_from_slice(&[1, 1, 0]);
        self.inbox.retain(|g| g.id != 77);
        self.send(76, 152, &b);
        let ack = self
            .inbox
            .iter()
            .find(|g| g.id == 77 && g.u16(0) == command)
            .expect("every command is answered");
        ack.byte(2)
    }
    /// COMMAND_INT with a place and a height above home; its result.
    pub(crate) fn command_at(&mut self, command: u16, p: [f32; 4], at: LatLon, z: f32) -> u8 {
        let (x, y) = at.to_e7();
        let mut b: Vec<u8> = p.iter().flat_map(|v| v.to_le_bytes()).collect();
        b.extend_from_slice(&x.to_le_bytes());
        b.extend_from_slice(&y.to_le_bytes());
        b.extend_from_slice(&z.to_le_bytes());
        b.extend_from_slice(&command.to_le_bytes());
        b.extend_from_slice(&[1, 1, 3, 0, 0]);
        self.inbox.retain(|g| g.id != 77);
        self.send(75, 158, &b);
        self.inbox
            .iter()
            .find(|g| g.id == 77)
            .expect("every command is answered")
            .byte(2)
    }
    pub(crate) fn mode(&mut self, number: u8) {
        assert_eq!(self.command(176, [1.0, f32::from(number), 0.0, 0.0, 0.0, 0.0, 0.0]), 0);
    }
    /// An integer parameter of PX4, whose bytes travel.
    pub(crate) fn set_int(&mut self, name: &str, value: i32) {
        self.param(name, value.to_le_bytes(), 6);
    }
    pub(crate) fn set_param(&mut self, name: &str, value: f32) {
        self.param(name, value.to_le_bytes(), 9);
    }
    fn param(&mut self, name: &str, value: [u8; 4], kind: u8) {
        let mut b = value.to_vec();
        b.extend_from_slice(&[1, 1]);
        let mut id = [0_u8; 16];
        id[..name.len()].copy_from_slice(name.as_bytes());
        b.extend_from_slice(&id);
        b.push(kind);
        self.inbox.clear();
        self.send(23, 168, &b);
        assert!(self.inbox.iter().any(|g| g.id == 22), "{name} is echoed");
    }
    /// Arms in GUIDED and climbs to a height above home.
    pub(crate) fn take_off(&mut self, airframe: Airframe, height: f32) {
        self.mode(if airframe == Airframe::Copter { 4 } else { 15 });
        assert_eq!(
            self.command(400, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            0,
            "{:?}",
            self.texts()
        );
        assert_eq!(self.command(22, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, height]), 0);
        self.until("height", 120.0, |t| t.amsl.0 - GROUND.0 > f64::from(height) - 4.0);
    }
    pub(crate) fn count(&mut self, kind: u8, n: u16) {
        let mut b = n.to_le_bytes().to_vec();
        b.extend_from_slice(&[1, 1, kind]);
        self.send(44, 221, &b);
    }
    pub(crate) fn item(&mut self, kind: u8, seq: u16, w: &Wp) {
        let (x, y) = w.2.to_e7();
        let mut b: Vec<u8> = w.1.iter().flat_map(|v| v.to_le_bytes()).collect();
        b.extend_from_slice(&x.to_le_bytes());
        b.extend_from_slice(&y.to_le_bytes());
        b.extend_from_slice(&w.3.to_le_bytes());
        b.extend_from_slice(&seq.to_le_bytes());
        b.extend_from_slice(&w.0.to_le_bytes());
        b.extend_from_slice(&[1, 1, self.frame, 0, 1, kind]);
        self.send(73, 38, &b);
    }
    /// Uploads a list (mission: home goes first by itself); MISSION_ACK's type.
    pub(crate) fn upload(&mut self, kind: u8, items: &[Wp]) -> u8 {
        let home = usize::from(kind == 0);
        self.inbox.clear();
        self.count(kind, (items.len() + home) as u16);
        if kind == 0 {
            self.item(0, 0, &Wp(16, [0.0; 4], HOME, 0.0));
        }
        for (i, w) in items.iter().enumerate() {
            let asked = self
                .inbox
                .iter()
                .rev()
                .find(|g| g.id == 40)
                .expect("asks with MISSION_REQUEST")
                .u16(0);
            assert_eq!(usize::from(asked), i + home);
            self.item(kind, asked, w);
        }
        self.inbox
            .iter()
            .rev()
            .find(|g| g.id == 47)
            .expect("an acknowledgement")
            .byte(2)
    }
    /// How many items the aircraft says it has.
    pub(crate) fn stored(&mut self, kind: u8) -> u16 {
        self.inbox.clear();
        self.send(43, 132, &[1, 1, kind]);
        self.inbox.iter().find(|g| g.id == 44).expect("a count").u16(0)
    }
}

/// A point so many metres from home.
pub(crate) fn point(bearing: f64, metres: f64) -> LatLon {
    destination(HOME, bearing, metres)
}
