//! The station, several aircraft, several paths to each, in virtual time.

use std::collections::BTreeMap;

use vedette_model::{
    CommandId, CommandOutcome, LinkId, Mono, Order, PathReport, Report, Request, RequestBody, SigningReport, Utc,
    VehicleId,
};
use vedette_protocol::codec::sign::{self, Key, Stamp};
use vedette_protocol::codec::wire;
use vedette_protocol::codec::{Sender, Verdict, parse_datagram};
use vedette_protocol::{Event, Gcs, GcsConfig, PeerAddr};

use crate::common::{Aircraft, US, utc};
use crate::relay::{Air, Relay};

/// One path of one aircraft.
pub(crate) struct Path {
    pub(crate) link: LinkId,
    pub(crate) peer: PeerAddr,
    pub(crate) up: Relay,
    pub(crate) down: Relay,
    sender: Sender,
}

/// An aircraft with its paths and its key.
pub(crate) struct Craft {
    pub(crate) a: Aircraft,
    pub(crate) paths: Vec<Path>,
    pub(crate) key: Option<Key>,
    /// Its signing clock against the world's, seconds.
    pub(crate) clock_s: i64,
    stamp: Stamp,
    heard: BTreeMap<(u8, u8, u8), Stamp>,
    /// Takes SETUP_SIGNING.
    pub(crate) takes_key: bool,
    /// Frames refused by its signing.
    pub(crate) refused: u64,
    /// Everything it sent by its first path, signed as sent.
    pub(crate) said: Vec<Vec<u8>>,
    /// Attitude and position every so many milliseconds; 0 leaves it at the heartbeat's pace.
    pub(crate) rate_ms: i64,
    next_stream: Mono,
}

impl Craft {
    pub(crate) fn new(system: u8, ways: &[(u32, &str, Air)], seed: u64) -> Self {
        let mut a = Aircraft::new(system, 2);
        a.streaming = true;
        Self {
            a,
            paths: ways
                .iter()
                .zip(0..)
                .map(|((link, peer, air), n): (_, u64)| Path {
                    link: LinkId(*link),
                    peer: PeerAddr::new(peer),
                    up: Relay::new(*air, seed * 1000 + n * 2),
                    down: Relay::new(*air, seed * 1000 + n * 2 + 1),
                    sender: Sender::new(system, 1),
                })
                .collect(),
            key: None,
            clock_s: 0,
            stamp: Stamp(0),
            heard: BTreeMap::new(),
            takes_key: true,
            refused: 0,
            said: Vec::new(),
            rate_ms: 0,
            next_stream: Mono::ZERO,
        }
    }

    fn utc(&self, now: Mono) -> Utc {
        utc(now).plus_us(self.clock_s * 1_000_000)
    }

    fn speak(&mut self, now: Mono) {
        let mut frames = self.a.step(now);
        if self.rate_ms > 0 && now >= self.next_stream {
            self.next_stream = now.plus_ms(self.rate_ms);
            let time_boot_ms = self.a.boot_ms(now);
            frames.push(self.a.sender.encode_wire(&wire::Attitude {
                time_boot_ms,
                yaw: 1.0,
                ..Default::default()
            }));
            frames.push(self.a.sender.encode_wire(&wire::GlobalPositionInt {
                time_boot_ms,
                lat: 424_410_200,
                lon: 15_563_700,
                alt: 1_500_000,
                hdg: u16::MAX,
                ..Default::default()
            }));
        }
        for frame in frames {
            let f = parse_datagram(&frame).next().expect("a frame");
            for n in 0..self.paths.len() {
                let p = &mut self.paths[n];
                let mut bytes = p.sender.encode_payload(f.header.message_id, f.payload);
                if let Some(key) = &self.key {
                    let now_utc = utc(now).plus_us(self.clock_s * 1_000_000);
                    self.stamp = self.stamp.next().max(Stamp::of_utc(now_utc));
                    bytes = sign::sign(&bytes, key, u8::try_from(n).expect("few"), self.stamp);
                }
                p.up.put(now, &bytes);
                if n == 0 {
                    self.said.push(bytes);
                }
            }
        }
    }

    fn listen(&mut self, now: Mono, bytes: &[u8]) {
        for f in parse_datagram(bytes).filter(|f| f.verdict == Verdict::Valid) {
            if let Some(key) = &self.key {
                let Some(block) = sign::block(f.raw).filter(|_| sign::fits(f.raw, key)) else {
                    self.refused += 1;
                    continue;
                };
                let stream = (f.header.system, f.header.component, block.link_id);
                let fresh = match self.heard.get(&stream) {
                    Some(last) => block.stamp > *last,
                    None => block.stamp.plus_s(60) >= Stamp::of_utc(self.utc(now)).max(self.stamp),
                };
                if !fresh {
                    self.refused += 1;
                    continue;
                }
                self.heard.insert(stream, block.stamp);
                self.stamp = self.stamp.max(block.stamp);
            }
            if f.header.message_id == 256 {
                let mut p = [0_u8; 42];
                p[..f.payload.len()].copy_from_slice(f.payload);
                if self.takes_key && !self.a.armed && p[8] == self.a.sender.system {
                    let mut k = [0_u8; 32];
                    k.copy_from_slice(&p[10..42]);
                    self.key = Some(Key::new(k));
                }
                continue;
            }
            self.a.receive(now, f.raw);
        }
    }
}

/// All of it.
pub(crate) struct Sky {
    pub(crate) gcs: Gcs,
    pub(crate) craft: Vec<Craft>,
    pub(crate) now: Mono,
    pub(crate) events: Vec<(Mono, Event)>,
    /// Datagrams to addresses that are no aircraft's.
    pub(crate) astray: Vec<(LinkId, PeerAddr, Vec<u8>)>,
    pub(crate) utc_shift_s: i64,
    /// Nothing is done for the station: it hangs.
    pub(crate) frozen: bool,
    pub(crate) sent: Vec<(Mono, LinkId, PeerAddr, Vec<u8>)>,
    pub(crate) keep_sent: bool,
}

impl Sky {
    pub(crate) fn new(craft: Vec<Craft>) -> Self {
        Self::with(Gcs::new(GcsConfig::new(US.0, US.1)), craft)
    }

    pub(crate) fn with(mut gcs: Gcs, craft: Vec<Craft>) -> Self {
        let mut links: Vec<LinkId> = craft.iter().flat_map(|c| c.paths.iter().map(|p| p.link)).collect();
        links.sort();
        links.dedup();
        for l in links {
            gcs.link_up(Mono::ZERO, l, "udpin:test", None);
        }
        Self {
            gcs,
            craft,
            now: Mono::ZERO,
            events: Vec::new(),
            astray: Vec::new(),
            utc_shift_s: 0,
            frozen: false,
            sent: Vec::new(),
            keep_sent: false,
        }
    }

    pub(crate) fn utc(&self) -> Utc {
        utc(self.now).plus_us(self.utc_shift_s * 1_000_000)
    }

    pub(crate) fn step(&mut self) {
        self.now = self.now.plus_ms(10);
        let (now, at) = (self.now, self.utc());
        for c in &mut self.craft {
            c.speak(now);
            for n in 0..c.paths.len() {
                let p = &mut c.paths[n];
                for bytes in p.up.take(now) {
                    if !self.frozen {
                        self.gcs.handle_datagram(now, at, p.link, &p.peer, &bytes);
                    }
                }
                for bytes in c.paths[n].down.take(now) {
                    c.listen(now, &bytes);
                }
            }
        }
        if self.frozen {
            return;
        }
        if self.gcs.poll_timeout().is_some_and(|(t, _)| now >= t) {
            self.gcs.handle_timeout(now);
        }
        while let Some(t) = self.gcs.poll_transmit() {
            if self.keep_sent {
                self.sent.push((now, t.link, t.peer.clone(), t.bytes.clone()));
            }
            let path = self
                .craft
                .iter_mut()
                .flat_map(|c| c.paths.iter_mut())
                .filter(|p| p.link == t.link && p.peer == t.peer);
            let mut found = false;
            for p in path {
                found = true;
                p.down.put(now, &t.bytes);
            }
            if !found {
                self.astray.push((t.link, t.peer, t.bytes));
            }
        }
        while let Some(e) = self.gcs.poll_event() {
            self.events.push((now, e));
        }
    }

    pub(crate) fn run_ms(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while self.now < end {
            self.step();
        }
    }

    pub(crate) fn order(&mut self, id: u32, vehicle: u8, order: Order, for_ms: i64) {
        let retry = order.retry();
        self.submit(id, vehicle, RequestBody::Order(order), retry, for_ms);
    }

    pub(crate) fn submit(&mut self, id: u32, vehicle: u8, body: RequestBody, retry: vedette_model::Retry, for_ms: i64) {
        let request = Request {
            id: CommandId(id),
            vehicle: VehicleId(u32::from(vehicle)),
            uid: 0,
            body,
            retry,
            expires: self.now.plus_ms(for_ms),
        };
        self.gcs.submit(self.now, request);
    }

    pub(crate) fn outcome(&self, id: u32) -> Option<(Mono, CommandOutcome)> {
        self.events.iter().rev().find_map(|(at, e)| match &e.report {
            Report::CommandDone { id: i, outcome }
                if *i == CommandId(id) && !matches!(outcome, CommandOutcome::InProgress(_)) =>
            {
                Some((*at, outcome.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn paths(&self, vehicle: u8) -> Vec<PathReport> {
        self.last(vehicle, |r| match r {
            Report::Paths(p) => Some(p.clone()),
            _ => None,
        })
        .unwrap_or_default()
    }

    pub(crate) fn active(&self, vehicle: u8) -> Option<LinkId> {
        self.paths(vehicle).iter().find(|p| p.active).map(|p| p.link)
    }

    pub(crate) fn signing(&self, vehicle: u8) -> SigningReport {
        self.last(vehicle, |r| match r {
            Report::Signing(s) => Some(s.clone()),
            _ => None,
        })
        .expect("told of signing")
    }

    pub(crate) fn last<T>(&self, vehicle: u8, want: impl Fn(&Report) -> Option<T>) -> Option<T> {
        self.events
            .iter()
            .rev()
            .filter(|(_, e)| e.vehicle == VehicleId(u32::from(vehicle)))
            .find_map(|(_, e)| want(&e.report))
    }

    pub(crate) fn times(&self, vehicle: u8, want: impl Fn(&Report) -> bool) -> Vec<Mono> {
        self.events
            .iter()
            .filter(|(_, e)| e.vehicle == VehicleId(u32::from(vehicle)) && want(&e.report))
            .map(|(at, _)| *at)
            .collect()
    }
}
