//! A scripted aircraft and a seeded radio for the station's side of MAVLink, in virtual time.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vedette_model::{
    CommandId, CommandOutcome, LinkId, Mono, Order, Report, Request, RequestBody, Retry, Utc, VehicleId,
};
use vedette_protocol::codec::wire::{self, WireMessage};
use vedette_protocol::codec::{Sender, Verdict, parse_datagram};
use vedette_protocol::{Event, Gcs, GcsConfig, PeerAddr};

pub(crate) const US: (u8, u8) = (253, 190);
pub(crate) const LINK: LinkId = LinkId(1);

/// What a scripted aircraft does wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) mute_commands: bool,
    pub(crate) ack_but_lost: bool,
    pub(crate) busy_times: u32,
    pub(crate) progress_first: bool,
    pub(crate) refuse: Option<(u16, u8)>,
    pub(crate) mission_ack: Option<u8>,
    pub(crate) alters_item: Option<u16>,
    /// Upload: nothing is asked for from this item on.
    pub(crate) silent_from: Option<u16>,
    /// Upload: asks for an item past the end, then goes on.
    pub(crate) asks_past_end: bool,
    /// Upload: asks for this item a second time after it had it.
    pub(crate) asks_again: Option<u16>,
    /// Upload: acknowledges at once, before asking for anything, then goes on.
    pub(crate) early_ack: bool,
    /// Upload: keeps the list and never acknowledges.
    pub(crate) no_final_ack: bool,
    /// Download: this item never comes.
    pub(crate) never_item: Option<u16>,
    /// Download: the count never comes.
    pub(crate) no_count: bool,
    /// Download: the count is this.
    pub(crate) false_count: Option<u16>,
}

/// An ArduPilot-like aircraft: item 0 is home, asks by MISSION_REQUEST, answers in its own frames.
pub(crate) struct Aircraft {
    pub(crate) sender: Sender,
    pub(crate) kind: u8,
    pub(crate) autopilot: u8,
    pub(crate) uid: u64,
    pub(crate) mode: u32,
    pub(crate) armed: bool,
    pub(crate) lists: BTreeMap<u8, Vec<wire::MissionItemInt>>,
    pub(crate) params: Vec<(String, f32)>,
    pub(crate) commands: Vec<(Mono, u16, [f32; 7], u8)>,
    pub(crate) arms: u32,
    pub(crate) takeoffs: u32,
    pub(crate) faults: Faults,
    pub(crate) boot: Mono,
    upload: Option<(u8, u16, Vec<wire::MissionItemInt>, Mono, u8)>,
    next_beat: Mono,
    pub(crate) streaming: bool,
    out: Vec<Vec<u8>>,
}

impl Aircraft {
    pub(crate) fn new(system: u8, kind: u8) -> Self {
        Self {
            sender: Sender::new(system, 1),
            kind,
            autopilot: 3,
            uid: 0xA1 + u64::from(system),
            mode: 0,
            armed: false,
            lists: BTreeMap::new(),
            params: (0..120).map(|i| (format!("PRM_{i}"), i as f32 * 0.5)).collect(),
            commands: Vec::new(),
            arms: 0,
            takeoffs: 0,
            faults: Faults::default(),
            boot: Mono(-3_000_000),
            upload: None,
            next_beat: Mono::ZERO,
            streaming: false,
            out: Vec::new(),
        }
    }

    fn send<M: WireMessage>(&mut self, m: &M) {
        let bytes = self.sender.encode_wire(m);
        self.out.push(bytes);
    }

    pub(crate) fn beat(&mut self) -> Vec<u8> {
        self.sender.encode_wire(&wire::Heartbeat {
            custom_mode: self.mode,
            kind: self.kind,
            autopilot: self.autopilot,
            base_mode: if self.armed { 209 } else { 81 },
            system_status: if self.armed { 4 } else { 3 },
            mavlink_version: 3,
        })
    }

    pub(crate) fn boot_ms(&self, now: Mono) -> u32 {
        u32::try_from(now.since(self.boot) / 1000).unwrap_or(0)
    }

    pub(crate) fn step(&mut self, now: Mono) -> Vec<Vec<u8>> {
        if now >= self.next_beat {
            self.next_beat = now.plus_ms(1000);
            let b = self.beat();
            self.out.push(b);
            if self.streaming {
                let t = self.boot_ms(now);
                self.send(&wire::Attitude {
                    time_boot_ms: t,
                    yaw: 1.0,
                    ..Default::default()
                });
                self.send(&wire::GlobalPositionInt {
                    time_boot_ms: t,
                    lat: 424_410_200,
                    lon: 15_563_700,
                    alt: 1_500_000,
                    relative_alt: 100_000,
                    hdg: u16::MAX,
                    ..Default::default()
                });
            }
        }
        // The upload's own timer: ask again.
        if let Some((kind, next, _, since, tries)) = &mut self.upload
            && now.since(*since) > 700_000
        {
            *since = now;
            *tries += 1;
            let (kind, next, over) = (*kind, *next, *tries > 12);
            if over {
                self.upload = None;
            } else {
                self.ask_item(kind, next);
            }
        }
        std::mem::take(&mut self.out)
    }

    fn ask_item(&mut self, kind: u8, seq: u16) {
        self.send(&wire::MissionRequest {
            seq,
            target_system: US.0,
            target_component: US.1,
            mission_type: kind,
        });
    }

    fn ack(&mut self, command: u16, result: u8) {
        if !self.faults.mute_commands {
            self.send(&wire::CommandAck {
                command,
                result,
                target_system: US.0,
                target_component: US.1,
                progress: 255,
                ..Default::default()
            });
        }
    }

    fn command(&mut self, now: Mono, command: u16, p: [f32; 7], confirmation: u8) {
        self.commands.push((now, command, p, confirmation));
        if command == 512 {
            match p[0] as u32 {
                148 => {
                    let uid = self.uid;
                    self.send(&wire::AutopilotVersion {
                        uid,
                        flight_sw: 0x0407_0000,
                        capabilities: 0xfbef,
                        ..Default::default()
                    });
                    self.ack(command, 0);
                }
                242 => {
                    self.send(&wire::HomePosition {
                        lat: 424_400_000,
                        lon: 15_560_000,
                        alt: 1_400_000,
                        ..Default::default()
                    });
                    self.ack(command, 0);
                }
                _ => self.ack(command, 4),
            }
            return;
        }
        if command == 511 {
            self.streaming = true;
            return self.ack(command, 0);
        }
        if let Some((c, r)) = self.faults.refuse
            && c == command
        {
            self.send(&wire::StatusText {
                severity: 3,
                text: wire::Chars::from_text("PreArm: Compass not calibrated"),
                ..Default::default()
            });
            return self.ack(command, r);
        }
        if self.faults.busy_times > 0 {
            self.faults.busy_times -= 1;
            return self.ack(command, 1);
        }
        if self.faults.progress_first {
            self.faults.progress_first = false;
            return self.ack(command, 5);
        }
        match command {
            176 => self.mode = p[1] as u32,
            400 => {
                self.armed = p[0] == 1.0;
                self.arms += 1;
            }
            22 => self.takeoffs += 1,
            192 | 195 | 197 | 300 | 1000 => {}
            _ => return self.ack(command, 3),
        }
        if !self.faults.ack_but_lost {
            self.ack(command, 0);
        }
    }

    pub(crate) fn receive(&mut self, now: Mono, bytes: &[u8]) {
        for f in parse_datagram(bytes).filter(|f| f.verdict == Verdict::Valid) {
            let system = self.sender.system;
            match f.header.message_id {
                76 => {
                    let m = wire::CommandLong::from_payload(f.payload);
                    if (m.target_system, m.target_component) == (system, 1) {
                        self.command(
                            now,
                            m.command,
                            [m.p1, m.p2, m.p3, m.p4, m.p5, m.p6, m.p7],
                            m.confirmation,
                        );
                    }
                }
                75 => {
                    let m = wire::CommandInt::from_payload(f.payload);
                    if (m.target_system, m.target_component) == (system, 1) {
                        self.command(now, m.command, [m.p1, m.p2, m.p3, m.p4, 0.0, 0.0, m.z], 0);
                    }
                }
                111 => {
                    let m = wire::TimeSync::from_payload(f.payload);
                    if m.tc1 == 0 {
                        let tc1 = now.since(self.boot) * 1000;
                        self.send(&wire::TimeSync {
                            tc1,
                            ts1: m.ts1,
                            ..Default::default()
                        });
                    }
                }
                44 => {
                    let m = wire::MissionCount::from_payload(f.payload);
                    if m.target_system == system && self.faults.silent_from != Some(0) {
                        if self.faults.early_ack {
                            self.mission_ack(m.mission_type, 0);
                        }
                        if self.faults.asks_past_end {
                            self.ask_item(m.mission_type, m.count + 3);
                        }
                        self.upload = Some((m.mission_type, 0, Vec::new(), now, 0));
                        self.ask_item(m.mission_type, 0);
                        let _ = m.count;
                        self.lists.entry(100 + m.mission_type).or_default().clear();
                        self.lists
                            .entry(100 + m.mission_type)
                            .or_default()
                            .push(wire::MissionItemInt {
                                seq: m.count,
                                ..Default::default()
                            });
                    }
                }
                73 => self.item(now, wire::MissionItemInt::from_payload(f.payload)),
                45 => {
                    let m = wire::MissionClearAll::from_payload(f.payload);
                    self.lists.remove(&m.mission_type);
                    self.mission_ack(m.mission_type, 0);
                }
                43 => {
                    let m = wire::MissionRequestList::from_payload(f.payload);
                    let count = self.lists.get(&m.mission_type).map_or(0, Vec::len);
                    let count = self.faults.false_count.map_or(count, usize::from);
                    if self.faults.no_count {
                        continue;
                    }
                    self.send(&wire::MissionCount {
                        count: u16::try_from(count).unwrap_or(0),
                        target_system: US.0,
                        target_component: US.1,
                        mission_type: m.mission_type,
                        opaque_id: 0,
                    });
                }
                51 => {
                    let m = wire::MissionRequestInt::from_payload(f.payload);
                    let item = self
                        .lists
                        .get(&m.mission_type)
                        .and_then(|l| l.get(usize::from(m.seq)))
                        .copied();
                    if let Some(mut item) = item.filter(|_| self.faults.never_item != Some(m.seq)) {
                        item.target_system = US.0;
                        item.target_component = US.1;
                        if self.faults.alters_item == Some(m.seq) {
                            item.z += 50.0;
                        }
                        self.send(&item);
                    }
                }
                21 => {
                    for i in 0..self.params.len() {
                        self.param(i);
                    }
                }
                20 => {
                    let m = wire::ParamRequestRead::from_payload(f.payload);
                    if let Ok(i) = usize::try_from(m.index) {
                        self.param(i);
                    }
                }
                _ => {}
            }
        }
    }

    fn param(&mut self, i: usize) {
        let (name, value) = self.params[i].clone();
        let count = u16::try_from(self.params.len()).unwrap_or(0);
        self.send(&wire::ParamValue {
            value,
            count,
            index: u16::try_from(i).unwrap_or(0),
            id: wire::Chars::from_text(&name),
            kind: 9,
        });
    }

    fn mission_ack(&mut self, kind: u8, result: u8) {
        self.send(&wire::MissionAck {
            target_system: US.0,
            target_component: US.1,
            result,
            mission_type: kind,
            opaque_id: 0,
        });
    }

    fn item(&mut self, now: Mono, mut item: wire::MissionItemInt) {
        let Some((kind, next, got, since, tries)) = &mut self.upload else {
            return;
        };
        if item.mission_type != *kind || item.seq != *next {
            return;
        }
        if let Some(result) = self.faults.mission_ack {
            let kind = *kind;
            self.upload = None;
            return self.mission_ack(kind, result);
        }
        // As a copter stores it: its own frame numbers, no radius, no yaw.
        if item.command == 16 {
            (item.p2, item.p3, item.p4) = (0.0, 0.0, 0.0);
        }
        if item.frame == 2 {
            item.frame = 0;
        }
        (*since, *tries) = (now, 0);
        *next += 1;
        got.push(item);
        let (kind, next) = (*kind, *next);
        if self.faults.silent_from == Some(next) {
            self.upload = None;
            return;
        }
        if self.faults.asks_again == Some(item.seq) {
            self.faults.asks_again = None;
            self.ask_item(kind, item.seq);
        }
        let count = self
            .lists
            .get(&(100 + kind))
            .and_then(|l| l.first())
            .map_or(0, |c| c.seq);
        if next == count {
            let done = self.upload.take().map(|u| u.2).unwrap_or_default();
            self.lists.insert(kind, done);
            if !self.faults.no_final_ack {
                self.mission_ack(kind, 0);
            }
        } else {
            self.ask_item(kind, next);
        }
    }
}

/// What a radio does to datagrams; probabilities 0..1, delays in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Radio {
    pub(crate) loss: f64,
    pub(crate) duplicate: f64,
    pub(crate) delay_ms: i64,
    pub(crate) jitter_ms: i64,
}

/// Station, radio and one aircraft in virtual time.
pub(crate) struct World {
    pub(crate) gcs: Gcs,
    pub(crate) aircraft: Aircraft,
    pub(crate) radio: Radio,
    pub(crate) now: Mono,
    pub(crate) events: Vec<Event>,
    rng: ChaCha8Rng,
    /// Due, order, to the station, bytes.
    air: Vec<(Mono, u64, bool, Vec<u8>)>,
    order: u64,
    pub(crate) peer: PeerAddr,
}

pub(crate) fn utc(now: Mono) -> Utc {
    Utc(1_790_000_000_000_000 + now.0)
}

impl World {
    pub(crate) fn new(aircraft: Aircraft, radio: Radio, seed: u64) -> Self {
        let mut gcs = Gcs::new(GcsConfig::new(US.0, US.1));
        gcs.link_up(Mono::ZERO, LINK, "udpin:test", None);
        Self {
            gcs,
            aircraft,
            radio,
            now: Mono::ZERO,
            events: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            air: Vec::new(),
            order: 0,
            peer: PeerAddr::new("aircraft"),
        }
    }

    fn fly(&mut self, to_station: bool, bytes: Vec<u8>) {
        if self.rng.random_bool(self.radio.loss) {
            return;
        }
        let copies = if self.rng.random_bool(self.radio.duplicate) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let jitter = if self.radio.jitter_ms > 0 {
                self.rng.random_range(0..=self.radio.jitter_ms)
            } else {
                0
            };
            self.order += 1;
            self.air.push((
                self.now.plus_ms(self.radio.delay_ms + jitter),
                self.order,
                to_station,
                bytes.clone(),
            ));
        }
    }

    pub(crate) fn step(&mut self) {
        self.now = self.now.plus_ms(5);
        for bytes in self.aircraft.step(self.now) {
            self.fly(true, bytes);
        }
        let mut due: Vec<_> = Vec::new();
        let mut later = Vec::new();
        for a in std::mem::take(&mut self.air) {
            if a.0 <= self.now { due.push(a) } else { later.push(a) }
        }
        self.air = later;
        due.sort_by_key(|a| (a.0, a.1));
        for (_, _, to_station, bytes) in due {
            if to_station {
                self.gcs
                    .handle_datagram(self.now, utc(self.now), LINK, &self.peer, &bytes);
            } else {
                self.aircraft.receive(self.now, &bytes);
            }
        }
        self.gcs.handle_timeout(self.now);
        while let Some(t) = self.gcs.poll_transmit() {
            self.fly(false, t.bytes);
        }
        while let Some(e) = self.gcs.poll_event() {
            self.events.push(e);
        }
    }

    pub(crate) fn run_ms(&mut self, ms: i64) {
        let end = self.now.plus_ms(ms);
        while self.now < end {
            self.step();
        }
    }

    /// Sends a request and runs until its end or `limit_ms`.
    pub(crate) fn finish(&mut self, request: Request, limit_ms: i64) -> Option<CommandOutcome> {
        let id = request.id;
        self.gcs.submit(self.now, request);
        let end = self.now.plus_ms(limit_ms);
        while self.now < end {
            self.step();
            if let Some(o) = self.outcome(id) {
                return Some(o);
            }
        }
        None
    }

    /// Last outcome of an order, progress left out.
    pub(crate) fn outcome(&self, id: CommandId) -> Option<CommandOutcome> {
        self.events.iter().rev().find_map(|e| match &e.report {
            Report::CommandDone { id: i, outcome } if *i == id && !matches!(outcome, CommandOutcome::InProgress(_)) => {
                Some(outcome.clone())
            }
            _ => None,
        })
    }

    pub(crate) fn request(&self, id: u32, body: RequestBody, retry: Retry, for_ms: i64) -> Request {
        Request {
            id: CommandId(id),
            vehicle: VehicleId(u32::from(self.aircraft.sender.system)),
            uid: 0,
            body,
            retry,
            expires: self.now.plus_ms(for_ms),
        }
    }

    pub(crate) fn order(&self, id: u32, order: Order, for_ms: i64) -> Request {
        let retry = order.retry();
        self.request(id, RequestBody::Order(order), retry, for_ms)
    }

    pub(crate) fn said(&self, want: impl Fn(&Report) -> bool) -> bool {
        self.events.iter().any(|e| want(&e.report))
    }
}
