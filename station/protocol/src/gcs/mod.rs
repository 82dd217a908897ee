//! The station's side of MAVLink, sans-IO: datagrams and requests in, datagrams and reports out.
//!
//! Invariant: one mutation, then drain (`poll_transmit`, `poll_event`, `poll_log`). No input
//! panics; every queue is bounded and what overflows is counted.

mod about;
mod checks;
mod clock;
mod command;
mod contacts;
pub(crate) mod dedup;
mod foreign;
mod ftp;
mod items;
mod logs;
mod modes;
mod onboard;
mod order;
mod outbox;
mod pack;
mod params;
mod paths;
pub(crate) mod peers;
mod ranges;
mod roster;
mod rtt;
mod services;
mod session;
mod telemetry;
mod texts;
mod transfer;
mod trust;
mod ways;

use std::collections::{BTreeMap, VecDeque};

use vedette_model::{
    CommandOutcome, FilePiece, FrameTrust, LinkId, LinkReport, LinkState, Mono, Report, Request, Utc, VehicleId,
};

use crate::codec::wire::{self, WireMessage};
use crate::codec::{Framed, Verdict, parse_datagram, parse_datagram_v2, strip_signature};
use dedup::{Dedup, path_number};
use foreign::Foreign;
use outbox::Outbox;
use peers::{Count, Peers};
use roster::Roster;
use session::thrift::as_heartbeat;
use session::{Incoming, Session};

use crate::signing::{LinkPolicy, Signing, Trust};

pub use trust::KeyChangeError;

pub use peers::{InspectRow, PeerAddr, PeerReport};

/// Reports waiting to be taken; the oldest is dropped and counted.
const EVENTS_MAX: usize = 65_536;
/// Datagrams waiting to be taken; the oldest is dropped and counted.
const TRANSMIT_MAX: usize = 8_192;
/// Frames waiting to be logged; the oldest is dropped and counted.
const LOG_MAX: usize = 16_384;
/// Pieces of files waiting to be taken; the oldest is dropped and counted.
const FILES_MAX: usize = 1_024;
/// SETUP_SIGNING carries the key: never logged.
const SETUP_SIGNING: u32 = 256;
/// Between two of our heartbeats (MAVLink heartbeat protocol: 1 Hz).
const HEARTBEAT_MS: i64 = 1_000;

/// How this station takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcsConfig {
    /// Our system id. 255 is everyone's; take another. ArduPilot's failsafe counts only
    /// heartbeats of the id its parameter SYSID_MYGCS (MAV_GCS_SYSID) names.
    pub system: u8,
    /// Our component id; 190 is MAV_COMP_ID_MISSIONPLANNER, which ground stations use.
    pub component: u8,
    /// Silence of an aircraft that counts as lost, milliseconds.
    pub silence_ms: i64,
    /// Read MAVLink 1 frames as well; never written.
    pub accept_v1: bool,
    /// Keep frames for [`Gcs::poll_log`].
    pub log: bool,
    /// Our heartbeats stop when [`Gcs::alive`] was not called for this long, milliseconds: an
    /// aircraft shall not fly on for a station that is sick. `None`: the caller is the station.
    pub watchdog_ms: Option<i64>,
    /// Read the newest flight log after each landing; its pieces come by [`Gcs::poll_file`].
    pub fetch_logs: bool,
}

impl GcsConfig {
    /// System and component of our own; 5 s of silence, MAVLink 2 only, no log.
    #[must_use]
    pub fn new(system: u8, component: u8) -> Self {
        Self {
            system,
            component,
            silence_ms: 5_000,
            accept_v1: false,
            log: false,
            watchdog_ms: None,
            fetch_logs: false,
        }
    }
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// By which link.
    pub link: LinkId,
    /// To which address on it.
    pub peer: PeerAddr,
    /// One frame.
    pub bytes: Vec<u8>,
}

/// Something an aircraft reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which aircraft.
    pub vehicle: VehicleId,
    /// When it was true.
    pub captured: Mono,
    /// What.
    pub report: Report,
}

/// What was dropped because nobody took it in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overflow {
    /// Reports.
    pub events: u64,
    /// Datagrams to send.
    pub transmits: u64,
    /// Frames for the log.
    pub log: u64,
    /// Pieces of files.
    pub files: u64,
}

/// The ground control station's side of every link.
#[derive(Debug)]
pub struct Gcs {
    config: GcsConfig,
    peers: Peers,
    sessions: Roster,
    events: VecDeque<Event>,
    transmits: VecDeque<Transmit>,
    log: VecDeque<(Utc, Vec<u8>)>,
    files: VecDeque<FilePiece>,
    overflow: Overflow,
    now: Mono,
    utc: Utc,
    next_heartbeat: Mono,
    signing: Signing,
    policies: BTreeMap<LinkId, LinkPolicy>,
    dedup: Dedup,
    foreign: Foreign,
    alive: Mono,
}

impl Gcs {
    /// With no links yet.
    #[must_use]
    pub fn new(config: GcsConfig) -> Self {
        Self {
            peers: Peers::new((config.system, config.component)),
            sessions: Roster::new(config.silence_ms),
            config,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            log: VecDeque::new(),
            files: VecDeque::new(),
            overflow: Overflow::default(),
            now: Mono::ZERO,
            utc: Utc(0),
            next_heartbeat: Mono::ZERO,
            signing: Signing::default(),
            policies: BTreeMap::new(),
            dedup: Dedup::default(),
            foreign: Foreign::default(),
            alive: Mono::ZERO,
        }
    }

    /// A link is open. `peer` is the far end where configuration names one (`udpout`, `tcp`,
    /// serial): it gets our heartbeat before it has said anything.
    pub fn link_up(&mut self, now: Mono, link: LinkId, endpoint: &str, peer: Option<PeerAddr>) {
        self.advance(now, None);
        let report = self.peers.link(link);
        endpoint.clone_into(&mut report.endpoint);
        report.state = LinkState::Up;
        if let Some(peer) = peer {
            self.peers.configure(now, link, peer);
        }
    }

    /// A link is closed, with the reason; its addresses are forgotten.
    pub fn link_down(&mut self, now: Mono, link: LinkId, why: &str) {
        self.advance(now, None);
        self.peers.link(link).state = LinkState::Down(why.to_owned());
        self.peers.forget_link(link);
        for s in self.sessions.values_mut() {
            s.paths.forget_link(link);
        }
    }

    /// Takes nothing from an address any more, or again; what it sends is counted.
    pub fn block(&mut self, link: LinkId, peer: &PeerAddr, blocked: bool) {
        self.peers.block(link, peer.clone(), blocked);
    }

    /// Counts what a stream framer found on a serial or TCP link besides frames.
    pub fn note_stream(&mut self, link: LinkId, bad_crc: u64, junk_bytes: u64) {
        self.peers.note_bad(self.now, link, bad_crc, junk_bytes);
    }

    /// Takes one datagram, or one frame that a [`crate::codec::StreamFramer`] cut out of a stream.
    pub fn handle_datagram(&mut self, now: Mono, utc: Utc, link: LinkId, peer: &PeerAddr, bytes: &[u8]) {
        self.advance(now, Some(utc));
        if self.peers.is_blocked(link, peer) {
            return self.peers.tally(now, link, peer, Count::Blocked);
        }
        let mut frames = if self.config.accept_v1 {
            parse_datagram(bytes)
        } else {
            parse_datagram_v2(bytes)
        };
        for frame in frames.by_ref() {
            self.handle_frame(now, utc, link, peer, &frame);
        }
        let junk = u64::try_from(frames.junk_bytes()).unwrap_or(u64::MAX);
        self.peers.link(link).junk_bytes += junk;
        if junk > 0 && crate::codec::frame::foreign_version(bytes, self.config.accept_v1) {
            self.peers.tally(now, link, peer, Count::OldVersion);
        }
    }

    /// Looks at what another station sends to our aircraft, without taking part: its orders are
    /// told, and so is a station under our own id. Nothing in it is believed of an aircraft.
    pub fn observe_station(&mut self, now: Mono, utc: Utc, link: LinkId, bytes: &[u8]) {
        self.advance(now, Some(utc));
        for frame in parse_datagram_v2(bytes).filter(|f| f.verdict == Verdict::Valid) {
            let h = frame.header;
            if (h.system, h.component) != (self.config.system, self.config.component) {
                self.watch_others(now, &frame);
            } else if h.message_id == wire::Heartbeat::ID && self.foreign.clash(&frame) {
                self.peers.link(link).id_clashes += 1;
            }
        }
    }

    fn handle_frame(&mut self, now: Mono, utc: Utc, link: LinkId, peer: &PeerAddr, frame: &Framed<'_>) {
        let h = frame.header;
        if (h.system, h.component) == (self.config.system, self.config.component) {
            // Our own frames come back through a router: not an aircraft, not to be acted on.
            if frame.verdict == Verdict::Valid && h.message_id == wire::Heartbeat::ID && self.foreign.clash(frame) {
                self.peers.link(link).id_clashes += 1;
            }
            return;
        }
        if frame.verdict == Verdict::BadCrc {
            return self.peers.tally(now, link, peer, Count::BadCrc);
        }
        let path = path_number(link, peer);
        if self.dedup.copied(now, path, frame) {
            self.peers.tally(now, link, peer, Count::Duplicate);
            // A copy of a signed frame proves nothing about who passed it on.
            let trust = (!self.signing.has_key(h.system)).then_some(Trust::Claimed);
            return self.hear_again(now, utc, link, peer, frame, trust);
        }
        let trust = match self.signing.judge(now, utc, link, frame) {
            Ok(trust) => trust,
            Err(why) => {
                self.peers.tally(now, link, peer, Count::Rejected(why));
                return self.rejected(now, frame, why);
            }
        };
        let known = frame.verdict == Verdict::Valid;
        if known && self.dedup.again(now, path, frame) {
            self.peers.tally(now, link, peer, Count::Duplicate);
            return self.hear_again(now, utc, link, peer, frame, Some(trust));
        }
        self.peers
            .tally(now, link, peer, if known { Count::Valid } else { Count::UnknownId });
        if !self.peers.note(now, link, peer, frame, worth(frame, trust)) {
            return;
        }
        self.dedup.let_in(now, path, frame);
        self.log_frame(utc, frame);
        if !known {
            return;
        }
        let vehicle = VehicleId(u32::from(h.system));
        let introduces = matches!(h.message_id, wire::Heartbeat::ID | wire::HighLatency2::ID);
        if introduces && h.component == 1 && h.system != 0 {
            let beat = if h.message_id == wire::Heartbeat::ID {
                wire::Heartbeat::from_payload(frame.payload)
            } else {
                as_heartbeat(&wire::HighLatency2::from_payload(frame.payload))
            };
            // MAV_AUTOPILOT_INVALID (8) is no flight controller.
            if !modes::is_part(beat.kind) && beat.autopilot != 8 {
                let fetch_logs = self.config.fetch_logs;
                self.sessions.open(vehicle, || {
                    let mut session = Session::new(now, h.system, h.component, &beat);
                    session.services.fetch_logs = fetch_logs;
                    session
                });
            }
        }
        self.watch_others(now, frame);
        let Some(session) = self.sessions.get_mut(&vehicle) else {
            return;
        };
        let mut out = Outbox::default();
        let way = (link, peer.clone());
        let signed = trust == Trust::Proven;
        let owns = session.paths.hear(now, &way, h.component, h.sequence, signed);
        let autopilot = h.component == session.identity.component;
        if h.message_id == wire::TimeSync::ID && autopilot {
            session.note_timesync(now, &way, frame.payload);
        }
        let taken = if owns {
            true
        } else if autopilot {
            session.judge_other(now, &way, h.message_id, frame.payload, &mut out)
        } else {
            false
        };
        if taken {
            self.peers.carries_vehicle(link, peer);
            self.dedup.act(frame);
            let us = (self.config.system, self.config.component);
            session.handle(now, utc, &Incoming::of(frame), us, &mut out);
            if owns && let Some(ms) = session.rtt.ms() {
                self.peers.link(link).rtt_ms = Some(ms);
            }
        } else if autopilot && session.paths.proven(&way) {
            // A way in reserve hears our heartbeat too.
            self.peers.carries_vehicle(link, peer);
        }
        self.flush(vehicle, out);
    }

    /// Takes a request of the station; its end comes as [`Report::CommandDone`].
    pub fn submit(&mut self, now: Mono, request: Request) {
        self.advance(now, None);
        let vehicle = request.vehicle;
        let mut out = Outbox::default();
        match self.sessions.get_mut(&vehicle) {
            Some(session) => session.submit(now, request, (self.config.system, self.config.component), &mut out),
            None => out.report(
                now,
                Report::CommandDone {
                    id: request.id,
                    outcome: CommandOutcome::Refused(format!(
                        "no aircraft with system id {} has been heard",
                        vehicle.0
                    )),
                },
            ),
        }
        self.flush(vehicle, out);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Mono) {
        self.advance(now, None);
        if now >= self.next_heartbeat {
            self.next_heartbeat = now.plus_ms(HEARTBEAT_MS);
            let beat = wire::Heartbeat {
                custom_mode: 0,
                kind: 6,
                autopilot: 8,
                base_mode: 0,
                system_status: 4,
                mavlink_version: 3,
            };
            let payload = beat.to_payload();
            if self
                .config
                .watchdog_ms
                .is_none_or(|ms| now.since(self.alive) <= ms * 1000)
            {
                self.heartbeats(&payload);
            }
            self.tell_signing(now);
        }
        self.offer_keys(now);
        let silence = self.config.silence_ms;
        let vehicles: Vec<VehicleId> = self.sessions.keys().copied().collect();
        for vehicle in vehicles {
            let mut out = Outbox::default();
            if let Some(s) = self.sessions.get_mut(&vehicle) {
                s.handle_timeout(now, silence, &mut out);
            }
            self.flush(vehicle, out);
        }
    }

    /// When [`Self::handle_timeout`] has something to do, and what.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.sessions
            .first(self.now)
            .into_iter()
            .chain([(self.next_heartbeat, "our heartbeat")])
            .chain(self.signing.next_offer().map(|at| (at, "a new key is offered")))
            .min_by_key(|(at, _)| *at)
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next report.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next frame for a `.tlog`, received or sent, without signature.
    pub fn poll_log(&mut self) -> Option<(Utc, Vec<u8>)> {
        self.log.pop_front()
    }

    /// The next piece of a file read on board.
    pub fn poll_file(&mut self) -> Option<FilePiece> {
        self.files.pop_front()
    }

    /// Counters of every link.
    #[must_use]
    pub fn link_reports(&self) -> Vec<LinkReport> {
        self.peers.reports()
    }

    /// What came from every address, by judgement.
    #[must_use]
    pub fn peer_reports(&self) -> Vec<PeerReport> {
        self.peers.peer_reports()
    }

    /// Every message seen, by link, address and component.
    #[must_use]
    pub fn inspect(&self) -> Vec<InspectRow> {
        self.peers.rows(self.now)
    }

    /// What was dropped because nobody took it in time.
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    fn advance(&mut self, now: Mono, utc: Option<Utc>) {
        match utc {
            Some(utc) => self.utc = utc,
            None => self.utc = self.utc.plus_us(now.since(self.now).max(0)),
        }
        self.sessions.settle(self.now);
        self.now = now;
    }

    fn flush(&mut self, vehicle: VehicleId, out: Outbox) {
        for (captured, report) in out.reports {
            push(
                &mut self.events,
                EVENTS_MAX,
                &mut self.overflow.events,
                Event {
                    vehicle,
                    captured,
                    report,
                },
            );
        }
        for piece in out.files {
            push(&mut self.files, FILES_MAX, &mut self.overflow.files, piece);
        }
        for (component, id, payload) in out.frames {
            let way = self
                .sessions
                .get(&vehicle)
                .and_then(|s| s.paths.owner(self.now, component));
            if let Some((link, peer)) = way {
                self.transmit(link, &peer, vehicle, id, &payload);
            }
        }
        for ((link, peer), id, payload) in out.direct {
            self.transmit(link, &peer, vehicle, id, &payload);
        }
    }

    /// Sends one frame, signed with the aircraft's key where it has one.
    fn transmit(&mut self, link: LinkId, peer: &PeerAddr, vehicle: VehicleId, id: u32, payload: &[u8]) {
        let Some((bytes, channel)) = self.peers.encode(link, peer, id, payload) else {
            return;
        };
        if id == wire::Heartbeat::ID {
            self.foreign.sent(bytes.get(..bytes.len() - 2).unwrap_or_default());
        }
        if self.config.log && id != SETUP_SIGNING {
            push(
                &mut self.log,
                LOG_MAX,
                &mut self.overflow.log,
                (self.utc, bytes.clone()),
            );
        }
        let system = u8::try_from(vehicle.0).unwrap_or(0);
        let bytes = self.signing.seal_frame(self.utc, system, channel, bytes);
        push(
            &mut self.transmits,
            TRANSMIT_MAX,
            &mut self.overflow.transmits,
            Transmit {
                link,
                peer: peer.clone(),
                bytes,
            },
        );
    }

    fn log_frame(&mut self, utc: Utc, frame: &Framed<'_>) {
        if !self.config.log || frame.header.message_id == SETUP_SIGNING {
            return;
        }
        match strip_signature(frame) {
            Some(raw) => push(&mut self.log, LOG_MAX, &mut self.overflow.log, (utc, raw)),
            None => self.overflow.log += 1,
        }
    }
}

/// What the inspector says of a frame that was let in.
fn worth(frame: &Framed<'_>, trust: Trust) -> FrameTrust {
    match trust {
        Trust::Proven => FrameTrust::Proven,
        Trust::Claimed if frame.header.incompat & crate::codec::frame::IFLAG_SIGNED != 0 => FrameTrust::Unjudged,
        Trust::Claimed => FrameTrust::Unsigned,
    }
}

fn push<T>(queue: &mut VecDeque<T>, most: usize, dropped: &mut u64, item: T) {
    if queue.len() >= most {
        queue.pop_front();
        *dropped += 1;
    }
    queue.push_back(item);
}
