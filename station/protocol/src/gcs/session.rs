//! One aircraft: who it is, what it reports, what we keep asking it for.
//!
//! Invariant: state changes only by frames from the address that owns the component; an aircraft
//! that falls silent and comes back is asked for everything again, its identity and clock
//! re-checked. Knows nothing of sockets; its frames leave through an [`Outbox`].

mod asking;
mod camera;
mod requests;
mod second;
pub(crate) mod thrift;

use std::collections::{BTreeMap, BTreeSet};

use vedette_geo::{Amsl, LatLon};
use vedette_model::{
    Airframe, CameraState, ClockMap, Family, LandedState, Mono, Report, Utc, VehicleBoot, VehicleIdentity,
};

use super::clock::Clock;
use super::command::{Desk, Seen};
use super::modes;
use super::onboard::OnBoard;
use super::outbox::Outbox;
use super::paths::Paths;
use super::rtt::Rtt;
use super::services::{Services, Who};
use super::telemetry as tel;
use super::texts::Texts;
use super::transfer::{Side, Transfers};
use crate::codec::wire::{self, WireMessage};

/// Two boot clocks further apart than this are two aircraft, milliseconds.
pub(crate) const BOOT_APART_MS: i64 = 5_000;

/// MAV_PROTOCOL_CAPABILITY_FTP.
const CAN_FTP: u64 = 0x20;
/// Reading a list that may have changed lapses after this, milliseconds.
const READ_AGAIN_MS: i64 = 120_000;

/// One valid frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) component: u8,
    pub(crate) id: u32,
    pub(crate) payload: &'a [u8],
}

impl<'a> Incoming<'a> {
    pub(crate) fn of(frame: &crate::codec::Framed<'a>) -> Self {
        Self {
            component: frame.header.component,
            id: frame.header.message_id,
            payload: frame.payload,
        }
    }
}

/// Session with one aircraft.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) system: u8,
    pub(crate) identity: VehicleIdentity,
    airframe: Option<Airframe>,
    pub(crate) kind: u8,
    pub(crate) paths: Paths,
    pub(crate) alive: bool,
    pub(crate) last_heard: Mono,
    custom_mode: u32,
    pub(crate) armed: bool,
    heartbeat_at: Mono,
    /// Last HIGH_LATENCY2.
    thrifty: Option<Mono>,
    landed: Option<LandedState>,
    landed_told: Option<Mono>,
    home: Option<(LatLon, Amsl)>,
    /// Last position and the boot clock it was told with, milliseconds.
    pub(crate) place: Option<(i64, LatLon)>,
    yaw_deg: Option<f64>,
    mission_total: Option<u16>,
    capabilities: u64,
    pub(crate) version_known: bool,
    pub(crate) boot_ms: Option<i64>,
    boot_jumps: (u8, Mono),
    battery_told: Option<Mono>,
    streams_heard: Mono,
    asked_at: Mono,
    ask_rounds: u8,
    parts: BTreeSet<u8>,
    /// Component and stream of every video stream told of.
    videos: BTreeSet<(u8, u8)>,
    video_known: BTreeSet<u8>,
    gimbal: Option<u8>,
    /// Who turns the camera, as its gimbal manager says; (0, 0) is nobody.
    gimbal_owner: Option<(u8, u8)>,
    /// Component and CAMERA_CAP_FLAGS of the first camera that described itself.
    camera: Option<(u8, u32)>,
    cameras: BTreeMap<u8, CameraState>,
    pub(crate) duplicate_until: Option<Mono>,
    /// A second sender: its address, frames that showed it, when it was told of.
    second: Option<(super::PeerAddr, u64, Mono)>,
    pub(crate) rtt: Rtt,
    clock: Clock,
    desk: Desk,
    transfers: Transfers,
    pub(crate) onboard: OnBoard,
    pub(crate) services: Services,
    texts: Texts,
}

impl Session {
    /// From the first heartbeat of a system's autopilot.
    pub(crate) fn new(now: Mono, system: u8, component: u8, beat: &wire::Heartbeat) -> Self {
        let airframe = modes::airframe(beat.kind);
        Self {
            system,
            identity: VehicleIdentity {
                system,
                component,
                uid: 0,
                family: modes::family(beat.autopilot),
                // An unknown type is shown; orders to it are refused by name.
                airframe: airframe.unwrap_or(Airframe::Copter),
                firmware: String::new(),
            },
            airframe,
            kind: beat.kind,
            paths: Paths::new(component),
            alive: false,
            last_heard: now,
            custom_mode: beat.custom_mode,
            armed: false,
            heartbeat_at: now,
            thrifty: None,
            landed: None,
            landed_told: None,
            home: None,
            place: None,
            yaw_deg: None,
            mission_total: None,
            capabilities: 0,
            version_known: false,
            boot_ms: None,
            boot_jumps: (0, now),
            battery_told: None,
            streams_heard: now,
            asked_at: now,
            ask_rounds: 0,
            parts: BTreeSet::new(),
            videos: BTreeSet::new(),
            video_known: BTreeSet::new(),
            gimbal: None,
            gimbal_owner: None,
            camera: None,
            cameras: BTreeMap::new(),
            duplicate_until: None,
            second: None,
            rtt: Rtt::default(),
            clock: Clock::default(),
            desk: Desk::default(),
            transfers: Transfers::default(),
            onboard: OnBoard::default(),
            services: Services::default(),
            texts: Texts::default(),
        }
    }

    /// A valid frame from the owner of `component`.
    pub(crate) fn handle(&mut self, now: Mono, utc: Utc, frame: &Incoming<'_>, us: (u8, u8), out: &mut Outbox) {
        let Incoming { component, id, payload } = *frame;
        let autopilot = component == self.identity.component;
        if autopilot {
            self.last_heard = now;
            if !self.alive {
                self.alive = true;
                out.report(now, Report::Identity(self.identity.clone()));
                out.report(now, Report::Alive(true));
                self.ask_everything(now);
                self.services.met(now);
                self.onboard.returned(now, "it was out of touch", out);
            }
            self.watch_boot(now, id, payload, out);
        }
        let for_us =
            |system: u8, component: u8| system == 0 || (system == us.0 && (component == 0 || component == us.1));
        let captured = self.captured(now, utc, id, payload);
        self.services.overhear(now, frame, out);
        match id {
            wire::Heartbeat::ID => self.heartbeat(now, component, &wire::Heartbeat::from_payload(payload), out),
            wire::CommandAck::ID => {
                let m = wire::CommandAck::from_payload(payload);
                if for_us(m.target_system, m.target_component) {
                    self.desk.handle_ack(now, component, &m, &mut self.rtt, out);
                    self.camera_answered(component, &m);
                }
            }
            wire::TimeSync::ID if autopilot => {
                let m = wire::TimeSync::from_payload(payload);
                if for_us(m.target_system, m.target_component) {
                    let side = self.side();
                    self.clock.handle(now, utc, &side, &m, &mut self.rtt, out);
                }
            }
            wire::VideoStreamInformation::ID => {
                let m = wire::VideoStreamInformation::from_payload(payload);
                self.videos.insert((component, m.stream_id));
                if self.videos.iter().filter(|(c, _)| *c == component).count() >= usize::from(m.count) {
                    self.video_known.insert(component);
                }
                if let Some(r) = tel::video(&m) {
                    out.report(captured, r);
                }
            }
            wire::CameraInformation::ID => {
                let m = wire::CameraInformation::from_payload(payload);
                self.services.about.camera(now, component, &m, out);
                self.camera_met(component, m.flags);
            }
            wire::CameraSettings::ID
            | wire::CameraCaptureStatus::ID
            | wire::CameraImageCaptured::ID
            | wire::CameraFeedback::ID => self.camera_told(captured, frame, out),
            wire::GimbalManagerInformation::ID => self.gimbal_met(component),
            wire::GimbalManagerStatus::ID if self.gimbal == Some(component) => {
                let m = wire::GimbalManagerStatus::from_payload(payload);
                self.gimbal_owner = Some((m.primary_system, m.primary_component));
            }
            wire::GimbalDeviceAttitudeStatus::ID => {
                let m = wire::GimbalDeviceAttitudeStatus::from_payload(payload);
                if let Some(r) = tel::gimbal(&m, self.yaw_deg) {
                    out.report(captured, r);
                }
            }
            _ if autopilot => {
                self.mission(now, id, payload, us, out);
                self.telemetry(now, captured, id, payload, out);
                let who = self.who();
                self.services.handle(now, frame, us, &who, &mut self.rtt, out);
            }
            _ => {}
        }
        self.poll(now, out);
        self.judge_airframe(now, out);
    }

    fn heartbeat(&mut self, now: Mono, component: u8, m: &wire::Heartbeat, out: &mut Outbox) {
        if component != self.identity.component {
            // A camera or gimbal of its own: ask it what it has.
            if (modes::is_part(m.kind) || m.autopilot == 8) && m.kind != 6 && self.parts.insert(component) {
                self.ask_part(component);
                self.ask_rounds = 0;
            }
            return;
        }
        if m.kind != self.kind || modes::family(m.autopilot) != self.identity.family {
            self.mark_second(now, None, "its heartbeat says another kind of aircraft", None, out);
            return;
        }
        self.custom_mode = m.custom_mode;
        let was_armed = std::mem::replace(&mut self.armed, m.base_mode & 128 != 0);
        if was_armed && !self.armed {
            self.services.landed(now, out);
        }
        self.heartbeat_at = now;
        if self.airframe == Some(Airframe::Plane) && modes::only_quadplane(self.identity.family, m.custom_mode) {
            // Many quadplanes call themselves fixed wings; their modes tell.
            self.airframe = Some(Airframe::Quadplane);
            self.identity.airframe = Airframe::Quadplane;
            out.report(now, Report::Identity(self.identity.clone()));
        }
        let told = self.services.mode(m.custom_mode);
        let (mode, mode_name) = modes::name(self.identity.family, self.airframe, m.custom_mode, told);
        out.report(
            now,
            Report::Heartbeat {
                mode,
                mode_name,
                armed: self.armed,
            },
        );
        // Without EXTENDED_SYS_STATE the heartbeat tells: active (4) while armed is in the air.
        if self.landed_told.is_none_or(|t| now.since(t) > 5_000_000) {
            let state = match m.system_status {
                4..=6 if self.armed => Some(LandedState::InAir),
                3 => Some(LandedState::OnGround),
                _ => None,
            };
            if let Some(s) = state {
                self.landed = Some(s);
                out.report(now, Report::Landed(s));
            }
        }
    }

    fn mission(&mut self, now: Mono, id: u32, payload: &[u8], us: (u8, u8), out: &mut Outbox) {
        let side = self.side();
        let ours = |system: u8, component: u8| system == us.0 && (component == 0 || component == us.1);
        match id {
            wire::MissionRequest::ID | wire::MissionRequestInt::ID => {
                let m = wire::MissionRequest::from_payload(payload);
                if ours(m.target_system, m.target_component) {
                    let as_float = id == wire::MissionRequest::ID;
                    self.transfers
                        .handle_request(now, &m, as_float, &side, &mut self.rtt, out);
                }
            }
            wire::MissionAck::ID => {
                let m = wire::MissionAck::from_payload(payload);
                if ours(m.target_system, m.target_component) {
                    self.transfers.handle_ack(now, &m, out);
                }
            }
            wire::MissionCount::ID => {
                let m = wire::MissionCount::from_payload(payload);
                if ours(m.target_system, m.target_component) {
                    self.transfers.handle_count(now, &m, &side, &mut self.rtt, out);
                }
            }
            wire::MissionItemInt::ID => {
                let m = wire::MissionItemInt::from_payload(payload);
                if ours(m.target_system, m.target_component) {
                    self.transfers.handle_item(now, &m, &side, &mut self.rtt, out);
                }
            }
            wire::MissionItemFloat::ID => {
                let m = wire::MissionItemFloat::from_payload(payload);
                if ours(m.target_system, m.target_component) {
                    self.transfers.handle_float(now, &m, &side, &mut self.rtt, out);
                }
            }
            _ => {}
        }
        for (_, report) in &out.reports {
            if let Report::PlanOnVehicle { kind, items, id } = report {
                self.onboard.read(*kind, id.unwrap_or(0), items.len());
                if *kind == vedette_model::MissionKind::Mission {
                    self.mission_total = u16::try_from(items.len()).ok();
                }
            }
        }
    }

    fn telemetry(&mut self, now: Mono, captured: Mono, id: u32, payload: &[u8], out: &mut Outbox) {
        let report = match id {
            wire::GlobalPositionInt::ID => {
                self.streams_heard = now;
                let r = tel::position(&wire::GlobalPositionInt::from_payload(payload));
                if let (Some(Report::Position { at, .. }), Some(boot)) = (&r, boot_ms(id, payload)) {
                    self.place = Some((boot, *at));
                }
                r
            }
            wire::Attitude::ID => {
                self.streams_heard = now;
                let r = tel::attitude(&wire::Attitude::from_payload(payload));
                if let Some(Report::Attitude { yaw_deg, .. }) = r {
                    self.yaw_deg = Some(yaw_deg);
                }
                r
            }
            wire::VfrHud::ID => tel::speeds(&wire::VfrHud::from_payload(payload)),
            wire::BatteryStatus::ID => {
                let m = wire::BatteryStatus::from_payload(payload);
                (m.id == 0).then(|| {
                    self.battery_told = Some(now);
                    tel::battery(&m)
                })
            }
            wire::SysStatus::ID => {
                let m = wire::SysStatus::from_payload(payload);
                if self.battery_told.is_none_or(|t| now.since(t) > 5_000_000) {
                    out.report(captured, tel::battery_of_status(&m));
                }
                Some(tel::health(&m))
            }
            wire::GpsRawInt::ID => Some(tel::gnss(&wire::GpsRawInt::from_payload(payload))),
            wire::Wind::ID => tel::wind(&wire::Wind::from_payload(payload)),
            wire::WindCov::ID => tel::wind_cov(&wire::WindCov::from_payload(payload)),
            wire::HomePosition::ID => {
                let m = wire::HomePosition::from_payload(payload);
                tel::place(m.lat, m.lon).map(|at| {
                    let amsl = Amsl(f64::from(m.alt) * 1e-3);
                    self.home = Some((at, amsl));
                    Report::Home { at, amsl }
                })
            }
            wire::ExtendedSysState::ID => {
                let m = wire::ExtendedSysState::from_payload(payload);
                tel::landed(m.landed_state).map(|s| {
                    self.landed = Some(s);
                    self.landed_told = Some(now);
                    Report::Landed(s)
                })
            }
            wire::HighLatency2::ID => {
                self.high_latency(now, &wire::HighLatency2::from_payload(payload), out);
                None
            }
            wire::MissionCurrent::ID => {
                let m = wire::MissionCurrent::from_payload(payload);
                // Older firmware does not send a total; 65535 means none.
                let total = (payload.len() > 2 && m.total != u16::MAX).then_some(m.total);
                self.mission_total = total.or(self.mission_total);
                let ids = [m.mission_id, m.fence_id, m.rally_id];
                self.onboard.told(now, ids, total, self.transfers.busy(), out);
                Some(Report::Mission {
                    current: self.without_home(m.seq),
                    total,
                    reached: None,
                })
            }
            wire::MissionItemReached::ID => {
                let seq = self.without_home(wire::MissionItemReached::from_payload(payload).seq);
                Some(Report::Mission {
                    current: seq,
                    total: None,
                    reached: Some(seq),
                })
            }
            wire::StatusText::ID => {
                if let Some(text) = self.texts.handle(now, &wire::StatusText::from_payload(payload), out) {
                    self.desk.heard_text(now, &text);
                }
                None
            }
            wire::AutopilotVersion::ID => {
                let m = wire::AutopilotVersion::from_payload(payload);
                let (uid, firmware) = (tel::uid(&m), tel::firmware(&m));
                self.capabilities = m.capabilities;
                if !self.version_known && m.capabilities & CAN_FTP != 0 {
                    self.request_message(self.identity.component, wire::ComponentMetadata::ID);
                }
                if self.version_known && self.identity.uid != uid {
                    // The same address, another autopilot: it was exchanged or is a second one.
                    self.mark_second(now, None, "its autopilot has another hardware number", None, out);
                }
                let changed = !self.version_known || self.identity.uid != uid || self.identity.firmware != firmware;
                self.version_known = true;
                self.identity.uid = uid;
                self.identity.firmware = firmware;
                changed.then(|| Report::Identity(self.identity.clone()))
            }
            _ => None,
        };
        if let Some(report) = report {
            out.report(captured, report);
        }
    }

    /// ArduPilot counts home as item 0; the station's lists leave it out.
    fn without_home(&self, seq: u16) -> u16 {
        if self.identity.family == Family::ArduPilot {
            seq.saturating_sub(1)
        } else {
            seq
        }
    }

    /// A boot clock that runs backwards is a restart; one that jumps to and fro is two aircraft
    /// behind one address.
    fn watch_boot(&mut self, now: Mono, id: u32, payload: &[u8], out: &mut Outbox) {
        let Some(boot) = boot_ms(id, payload) else {
            return;
        };
        if let Some(before) = self.boot_ms
            && before - boot > BOOT_APART_MS
        {
            let (count, since) = self.boot_jumps;
            self.boot_jumps = if now.since(since) > 10_000_000 {
                (1, now)
            } else {
                (count.saturating_add(1), since)
            };
            if self.boot_jumps.0 >= 3 {
                self.mark_second(now, None, "two boot clocks come by turns", Some(boot), out);
            }
            self.clock.forget();
            self.home = None;
            self.version_known = false;
            self.ask_everything(now);
            self.onboard.returned(now, "it restarted", out);
        }
        self.boot_ms = Some(boot);
    }

    /// When the values of a frame were true: by its own boot clock where that is mapped, else now.
    fn captured(&self, now: Mono, utc: Utc, id: u32, payload: &[u8]) -> Mono {
        let (Some(map), Some(boot)) = (self.clock.map(), boot_ms(id, payload)) else {
            return now;
        };
        let map: ClockMap = map;
        let age = utc.0 - map.utc_of_boot(VehicleBoot(boot)).0;
        // A map that says "later than now" or "long ago" is wrong about this frame.
        if (0..2_000_000).contains(&age) {
            Mono(now.0 - age)
        } else {
            now
        }
    }

    /// ArduPilot's quadplanes call themselves fixed wings; Q_ENABLE tells.
    fn judge_airframe(&mut self, now: Mono, out: &mut Outbox) {
        let told = out
            .reports
            .iter()
            .any(|(_, r)| matches!(r, Report::ParameterTable(t) if t.get("Q_ENABLE").is_some_and(|v| v > 0.5)));
        if told && self.identity.family == Family::ArduPilot && self.airframe == Some(Airframe::Plane) {
            self.airframe = Some(Airframe::Quadplane);
            self.identity.airframe = Airframe::Quadplane;
            out.report(now, Report::Identity(self.identity.clone()));
        }
    }

    fn who(&self) -> Who {
        Who {
            system: self.system,
            component: self.identity.component,
            family: self.identity.family,
            capabilities: self.capabilities,
            version_known: self.version_known,
        }
    }

    fn side(&self) -> Side {
        Side {
            system: self.system,
            component: self.identity.component,
            family: self.identity.family,
            home: self.home,
        }
    }

    /// Sends what is due, notices silence.
    pub(crate) fn handle_timeout(&mut self, now: Mono, silence_ms: i64, out: &mut Outbox) {
        let silence_ms = silence_ms.max(if self.thrifty(now) { thrift::SILENCE_MS } else { 0 });
        if self.alive && now.since(self.last_heard) >= silence_ms * 1000 {
            self.alive = false;
            out.report(now, Report::Alive(false));
        }
        self.poll(now, out);
    }

    fn poll(&mut self, now: Mono, out: &mut Outbox) {
        let component = self.identity.component;
        self.choose_way(now, out);
        if self.alive && !self.thrifty(now) {
            self.ask_again(now);
            self.clock.poll(now, self.system, component, out);
            if self.transfers.busy().is_none()
                && let Some(kind) = self.onboard.due(now, out)
            {
                let expires = now.plus_ms(READ_AGAIN_MS);
                self.transfers.submit(now, None, kind, None, expires, out);
            }
        }
        let seen = Seen {
            system: self.system,
            custom_mode: self.custom_mode,
            armed: self.armed,
            heartbeat: self.heartbeat_at,
        };
        self.desk.poll(now, &seen, &self.rtt, out);
        let side = self.side();
        self.transfers.poll(now, &side, &self.rtt, out);
        let who = self.who();
        self.services.poll(now, &who, &self.rtt, out);
        self.texts.poll(now, out);
    }

    /// When something is due next, and what.
    pub(crate) fn next(&self, now: Mono, silence_ms: i64) -> (Mono, &'static str) {
        let mut best = (now.plus_ms(1_000), "housekeeping");
        let mut take = |at: Option<Mono>, why: &'static str| {
            if let Some(at) = at.filter(|a| *a < best.0) {
                best = (at, why);
            }
        };
        take(self.desk.next(now), "an order waits for its answer");
        take(self.transfers.next(), "a mission transfer waits for its answer");
        take(self.onboard.next(), "a list on board may have changed");
        for (at, why) in self.services.next() {
            take(at, why);
        }
        take(self.texts.next(), "the rest of a status text is missing");
        take(self.paths.next(), "the ways to the aircraft are compared");
        if self.alive {
            take(
                Some(self.last_heard.plus_ms(silence_ms)),
                "the aircraft may have fallen silent",
            );
            take(Some(self.clock.next()), "the aircraft's clock is asked for");
        }
        best
    }
}

/// Milliseconds since boot, where the message carries them.
pub(crate) fn boot_ms(id: u32, payload: &[u8]) -> Option<i64> {
    match id {
        wire::Attitude::ID | wire::GlobalPositionInt::ID => {
            Some(i64::from(wire::Attitude::from_payload(payload).time_boot_ms))
        }
        wire::GimbalDeviceAttitudeStatus::ID => Some(i64::from(
            wire::GimbalDeviceAttitudeStatus::from_payload(payload).time_boot_ms,
        )),
        wire::SystemTime::ID => Some(i64::from(wire::SystemTime::from_payload(payload).time_boot_ms)),
        _ => None,
    }
    .filter(|t| *t > 0)
}
