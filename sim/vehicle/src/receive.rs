//! What the aircraft does with each message it understands.
//!
//! Invariant: a message for another system or component changes nothing; every command is
//! answered exactly once by the component addressed; no input panics. Must not know how a task
//! is flown.

use vedette_geo::{LatLon, Repeatable, norm_deg_360};
use vedette_model::{Family, Mono};

use crate::command::Command;
use crate::flight::Task;
use crate::gimbal::Aim;
use crate::guide::Place;
use crate::modes::Mode;
use crate::net::{AUTOPILOT, CAMERA, GIMBAL};
use crate::plans::{Item, Next, Party};
use crate::vehicle::SimVehicle;
use crate::wire::{self, Frame, Message};

impl SimVehicle {
    /// Sends one message to one peer.
    pub(crate) fn send<M: Message>(&mut self, peer: u64, component: u8, m: &M) {
        self.net.to(Some(peer), component, M::ID, &m.payload());
    }

    fn addressed(&self, system: u8, component: u8) -> Option<u8> {
        if system != self.cfg.system && system != 0 {
            return None;
        }
        match component {
            0 | AUTOPILOT => Some(AUTOPILOT),
            CAMERA if !self.cfg.cameras.is_empty() => Some(CAMERA),
            GIMBAL => Some(GIMBAL),
            _ => None,
        }
    }

    pub(crate) fn handle_frame(&mut self, now: Mono, peer: u64, f: &Frame<'_>) {
        let party = Party {
            peer,
            system: f.system,
            component: f.component,
        };
        match f.id {
            0 => self.on_heartbeat(f),
            wire::Ping::ID => self.on_ping(peer, f),
            wire::SetMode::ID => {
                let m: wire::SetMode = f.read();
                if m.target_system == self.cfg.system {
                    self.request_mode(m.custom_mode);
                }
            }
            wire::ParamRequestRead::ID => self.on_param_read(peer, &f.read()),
            wire::ParamRequestList::ID => {
                let m: wire::ParamRequestList = f.read();
                let ours = self.addressed(m.target_system, m.target_component) == Some(AUTOPILOT);
                if ours
                    && !self.cfg.quirks.mute_parameters
                    && let Some(c) = self.net.peers.get_mut(&peer)
                {
                    c.param_cursor = 0;
                    if self.cfg.px4() {
                        self.send_hash(peer);
                    }
                }
            }
            wire::ParamSet::ID => self.on_param_set(peer, &f.read()),
            wire::RequestDataStream::ID => self.on_data_stream(peer, &f.read()),
            wire::CommandLong::ID => self.on_command_long(party, &f.read()),
            wire::CommandInt::ID => self.on_command_int(party, &f.read()),
            39..=41 | 43..=45 | 51 | 73 => self.on_mission(party, f),
            wire::SetPositionTargetLocalNed::ID => self.on_local_target(&f.read()),
            wire::SetPositionTargetGlobalInt::ID => self.on_global_target(&f.read()),
            wire::FileTransferProtocol::ID => {
                let m: wire::FileTransferProtocol = f.read();
                if self.addressed(m.target_system, m.target_component) == Some(AUTOPILOT) {
                    self.on_ftp(party, &m);
                }
            }
            wire::Timesync::ID => {
                let m: wire::Timesync = f.read();
                if m.tc1 == 0 && (m.target_system == 0 || m.target_system == self.cfg.system) {
                    let answer = wire::Timesync {
                        tc1: now.0.saturating_mul(1000),
                        ts1: m.ts1,
                        target_system: f.system,
                        target_component: f.component,
                    };
                    self.send(peer, AUTOPILOT, &answer);
                }
            }
            wire::LogRequestList::ID => self.on_log_list(party, &f.read()),
            wire::LogRequestData::ID => self.on_log_data(party, &f.read()),
            wire::LogRequestEnd::ID => self.on_log_end(party, &f.read()),
            wire::LogErase::ID => self.on_log_erase(&f.read()),
            wire::SetupSigning::ID => self.on_setup_signing(&f.read()),
            wire::GimbalManagerSetAttitude::ID => self.on_gimbal_attitude(f, &f.read()),
            wire::GimbalManagerSetPitchyaw::ID => {
                let m: wire::GimbalManagerSetPitchyaw = f.read();
                if m.target_system == self.cfg.system {
                    self.gimbal_owner = [f.system, f.component];
                    let deg = [m.pitch, m.yaw, m.pitch_rate, m.yaw_rate].map(f32::to_degrees);
                    self.gimbal_pitch_yaw(deg, m.flags);
                }
            }
            _ => {}
        }
    }

    /// Set on the bench only: a key on an armed aircraft is refused aloud (ArduPilot).
    fn on_setup_signing(&mut self, m: &wire::SetupSigning) {
        if m.target_system != self.cfg.system {
            return;
        }
        if self.pilot.armed {
            self.say(3, "ERROR: Won't setup signing when armed");
            return;
        }
        self.net.signer.setup(m.secret_key, m.initial_timestamp);
    }

    fn on_heartbeat(&mut self, f: &Frame<'_>) {
        let m: wire::Heartbeat = f.read();
        let mine = self.params.get("SYSID_MYGCS", -1.0);
        // ArduPilot counts only its own station; PX4 any ground station.
        if (mine - f64::from(f.system)).abs() < 0.5 || (mine < 0.0 && m.kind == 6) {
            self.watch.gcs_heard = Some(self.tick);
        }
    }

    fn on_ping(&mut self, peer: u64, f: &Frame<'_>) {
        let m: wire::Ping = f.read();
        if m.target_system == 0 && m.target_component == 0 {
            let answer = wire::Ping {
                target_system: f.system,
                target_component: f.component,
                ..m
            };
            self.send(peer, AUTOPILOT, &answer);
        }
    }

    /// By the number of `custom_mode`; false when there is no such mode or it is refused.
    pub(crate) fn request_mode(&mut self, custom: u32) -> bool {
        let (family, airframe) = (self.cfg.family, self.cfg.airframe);
        let Some(mode) = Mode::from_custom(family, airframe, custom) else {
            let text = format!("No such mode {custom}");
            self.say(4, &text);
            return false;
        };
        if mode == Mode::Auto && self.plans.lists[0].is_empty() {
            self.say(4, "Mode change to AUTO failed: missing mission");
            return false;
        }
        let needs_position = !matches!(mode, Mode::Manual(..) | Mode::Land);
        if needs_position && !self.sensors.fix && self.pilot.armed {
            let text = format!("Mode change to {} failed: requires position", mode.name());
            self.say(4, &text);
            return false;
        }
        self.set_mode(mode);
        true
    }

    fn send_param(&mut self, peer: u64, index: usize) {
        let count = self.params.len() as u16;
        let Some(p) = self.params.at(index) else {
            return;
        };
        let m = wire::ParamValue {
            param_value: self.params.to_wire(p),
            param_count: count,
            param_index: index as u16,
            param_id: wire::text(p.name),
            param_type: p.kind as u8,
        };
        self.send(peer, AUTOPILOT, &m);
    }

    /// PX4's checksum of all, before a list and on request; it has no place in the list.
    fn send_hash(&mut self, peer: u64) {
        let m = wire::ParamValue {
            param_value: f32::from_bits(self.params.hash()),
            param_count: self.params.len() as u16,
            param_index: u16::MAX,
            param_id: wire::text("_HASH_CHECK"),
            param_type: 6,
        };
        self.send(peer, AUTOPILOT, &m);
    }

    /// A few parameters of every running list per tick.
    pub(crate) fn param_lists_tick(&mut self) {
        let running: Vec<u64> = self
            .net
            .peers
            .iter()
            .filter(|(_, c)| c.param_cursor != usize::MAX)
            .map(|(&k, _)| k)
            .collect();
        for peer in running {
            for _ in 0..8 {
                let Some(c) = self.net.peers.get_mut(&peer) else {
                    break;
                };
                let i = c.param_cursor;
                if i >= self.params.len() {
                    c.param_cursor = usize::MAX;
                    break;
                }
                c.param_cursor += 1;
                self.send_param(peer, i);
            }
        }
    }

    fn on_param_read(&mut self, peer: u64, m: &wire::ParamRequestRead) {
        if self.addressed(m.target_system, m.target_component) != Some(AUTOPILOT) || self.cfg.quirks.mute_parameters {
            return;
        }
        if m.param_index < 0 && self.cfg.px4() && wire::untext(&m.param_id) == "_HASH_CHECK" {
            return self.send_hash(peer);
        }
        let index = if m.param_index >= 0 {
            Some(m.param_index as usize)
        } else {
            self.params.index(&wire::untext(&m.param_id))
        };
        if let Some(i) = index {
            self.send_param(peer, i);
        }
    }

    fn on_param_set(&mut self, peer: u64, m: &wire::ParamSet) {
        if self.addressed(m.target_system, m.target_component) != Some(AUTOPILOT) || self.cfg.quirks.mute_parameters {
            return;
        }
        let name = wire::untext(&m.param_id);
        let value = self.params.read_wire(m.param_type, m.param_value);
        let Some(i) = self.params.index(&name) else {
            return;
        };
        self.params.set(&name, value);
        // Every station learns of the change, the one that asked included.
        let peers: Vec<u64> = self.net.peers.keys().copied().collect();
        for p in peers {
            self.send_param(p, i);
        }
        let _ = peer;
    }

    fn on_data_stream(&mut self, peer: u64, m: &wire::RequestDataStream) {
        if self.addressed(m.target_system, m.target_component).is_none() || self.cfg.quirks.silent_streams {
            return;
        }
        let every = if m.start_stop == 0 || m.req_message_rate == 0 {
            -1
        } else {
            1_000_000 / i64::from(m.req_message_rate)
        };
        let now = self.now_us();
        for &id in crate::telemetry::stream_group(m.req_stream_id) {
            self.net.rate(peer, id, every, now);
        }
    }

    fn on_command_long(&mut self, party: Party, m: &wire::CommandLong) {
        let Some(component) = self.addressed(m.target_system, m.target_component) else {
            return;
        };
        let c = Command {
            id: m.command,
            p: [m.param1, m.param2, m.param3, m.param4],
            at: LatLon::new(f64::from(m.param5), f64::from(m.param6))
                .ok()
                .filter(|a| a.lat_deg != 0.0 || a.lon_deg != 0.0),
            raw: [m.param5, m.param6],
            z: m.param7,
            frame: 3,
        };
        self.run_command(party, component, m.target_component == 0, &c);
    }

    fn on_command_int(&mut self, party: Party, m: &wire::CommandInt) {
        let Some(component) = self.addressed(m.target_system, m.target_component) else {
            return;
        };
        let at = LatLon::from_e7(m.x, m.y);
        let c = Command {
            id: m.command,
            p: [m.param1, m.param2, m.param3, m.param4],
            at: LatLon::new(at.lat_deg, at.lon_deg)
                .ok()
                .filter(|_| (m.x != 0 || m.y != 0) && m.x != i32::MAX && m.y != i32::MAX),
            raw: [m.x as f32, m.y as f32],
            z: m.z,
            frame: m.frame,
        };
        self.run_command(party, component, m.target_component == 0, &c);
    }

    fn on_mission(&mut self, party: Party, f: &Frame<'_>) {
        let at = match f.id {
            39 => (
                f.read::<wire::MissionItem>().target_system,
                f.read::<wire::MissionItem>().target_component,
            ),
            73 => (
                f.read::<wire::MissionItemInt>().target_system,
                f.read::<wire::MissionItemInt>().target_component,
            ),
            40 => (
                f.read::<wire::MissionRequest>().target_system,
                f.read::<wire::MissionRequest>().target_component,
            ),
            41 => (
                f.read::<wire::MissionSetCurrent>().target_system,
                f.read::<wire::MissionSetCurrent>().target_component,
            ),
            43 => (
                f.read::<wire::MissionRequestList>().target_system,
                f.read::<wire::MissionRequestList>().target_component,
            ),
            44 => (
                f.read::<wire::MissionCount>().target_system,
                f.read::<wire::MissionCount>().target_component,
            ),
            45 => (
                f.read::<wire::MissionClearAll>().target_system,
                f.read::<wire::MissionClearAll>().target_component,
            ),
            _ => (
                f.read::<wire::MissionRequestInt>().target_system,
                f.read::<wire::MissionRequestInt>().target_component,
            ),
        };
        if self.addressed(at.0, at.1) != Some(AUTOPILOT) {
            return;
        }
        match f.id {
            43 => {
                let m: wire::MissionRequestList = f.read();
                let answer = wire::MissionCount {
                    count: self.plans.count(&self.cfg, m.mission_type),
                    target_system: party.system,
                    target_component: party.component,
                    mission_type: m.mission_type,
                    opaque_id: self.plans.id(&self.cfg, m.mission_type),
                };
                self.send(party.peer, AUTOPILOT, &answer);
            }
            40 | 51 => {
                let m: wire::MissionRequestInt = f.read();
                self.give_item(party, m.mission_type, m.seq, f.id == 51);
            }
            44 => {
                let m: wire::MissionCount = f.read();
                let next = self.plans.begin(&self.cfg, party, m.mission_type, m.count, self.tick);
                self.transfer_next(party, m.mission_type, next);
            }
            73 => {
                let m: wire::MissionItemInt = f.read();
                let next = self
                    .plans
                    .item(&self.cfg, party, m.mission_type, m.seq, Item::from_int(&m), self.tick);
                self.transfer_next(party, m.mission_type, next);
            }
            39 => {
                let m: wire::MissionItem = f.read();
                let item = Item::from_float(&m);
                if m.current == 2 || m.current == 3 {
                    self.guided_item(party, &item);
                    return;
                }
                let next = self
                    .plans
                    .item(&self.cfg, party, m.mission_type, m.seq, item, self.tick);
                self.transfer_next(party, m.mission_type, next);
            }
            45 => {
                let m: wire::MissionClearAll = f.read();
                let kinds: &[u8] = if m.mission_type == 255 {
                    &[0, 1, 2]
                } else {
                    std::slice::from_ref(&m.mission_type)
                };
                let mut next = Next::Done;
                for &k in kinds {
                    next = self.plans.begin(&self.cfg, party, k, 0, self.tick);
                    if next == Next::Done {
                        self.list_changed(k);
                    }
                }
                let code = if let Next::Ack(c) = next { c } else { 0 };
                self.mission_ack(party, m.mission_type, code);
            }
            41 => {
                let m: wire::MissionSetCurrent = f.read();
                let i = self.mission_index(m.seq);
                self.mission_set(i);
                self.send_message(Some(party.peer), wire::MissionCurrent::ID);
            }
            _ => {}
        }
    }

    /// The guided waypoint of old stations: MISSION_ITEM with current = 2.
    fn guided_item(&mut self, party: Party, item: &Item) {
        let c = Command {
            id: 192,
            p: [-1.0, 1.0, 0.0, f32::NAN],
            at: item.at(),
            raw: [0.0; 2],
            z: item.z,
            frame: item.frame,
        };
        let ok = self.reposition(&c) == 0;
        self.mission_ack(party, 0, u8::from(!ok));
    }

    /// An answer that changed no list.
    pub(crate) fn mission_ack(&mut self, party: Party, kind: u8, code: u8) {
        self.plan_ack(party, kind, code, 0);
    }

    /// The end of an upload or of a clearing tells the new list's id.
    fn plan_ack(&mut self, party: Party, kind: u8, code: u8, opaque_id: u32) {
        let m = wire::MissionAck {
            target_system: party.system,
            target_component: party.component,
            kind: code,
            mission_type: kind,
            opaque_id,
        };
        self.send(party.peer, AUTOPILOT, &m);
    }

    fn list_changed(&mut self, kind: u8) {
        if kind == 0 {
            self.mission_changed();
        }
        let names = ["MIS_TOTAL", "FENCE_TOTAL", "RALLY_TOTAL"];
        if let (Some(name), Some(list)) = (names.get(usize::from(kind)), self.plans.lists.get(usize::from(kind))) {
            let n = list.len() as f64;
            self.params.set(name, n);
        }
    }

    fn transfer_next(&mut self, party: Party, kind: u8, next: Next) {
        match next {
            Next::Ask(seq) => {
                let (s, c) = (party.system, party.component);
                if self.cfg.px4() {
                    let m = wire::MissionRequestInt {
                        seq,
                        target_system: s,
                        target_component: c,
                        mission_type: kind,
                    };
                    self.send(party.peer, AUTOPILOT, &m);
                } else {
                    let m = wire::MissionRequest {
                        seq,
                        target_system: s,
                        target_component: c,
                        mission_type: kind,
                    };
                    self.send(party.peer, AUTOPILOT, &m);
                }
            }
            Next::Ack(code) => self.mission_ack(party, kind, code),
            Next::Done => {
                self.list_changed(kind);
                if !self.cfg.quirks.mute_mission_ack {
                    let id = self.plans.id(&self.cfg, kind);
                    self.plan_ack(party, kind, 0, id);
                }
            }
            Next::Nothing => {}
        }
    }

    /// Repeats requests, gives abandoned uploads up, feeds parameter lists.
    pub(crate) fn transfer_tick(&mut self) {
        if let Some((party, kind, next)) = self.plans.tick(self.tick) {
            if let Next::Ack(_) = next {
                self.say(4, "Mission upload timeout");
            }
            self.transfer_next(party, kind, next);
        }
        self.param_lists_tick();
        self.files_tick();
        self.logs_tick();
    }

    fn give_item(&mut self, party: Party, kind: u8, seq: u16, int: bool) {
        let (lat, lon) = self.home.at.to_e7();
        let home = Item {
            frame: 0,
            command: 16,
            auto: 1,
            x: lat,
            y: lon,
            z: self.home.place.amsl as f32,
            ..Item::default()
        };
        let Some(item) = self.plans.give(&self.cfg, kind, seq, home) else {
            self.mission_ack(party, kind, 13);
            return;
        };
        let current = u8::from(kind == 0 && seq == self.mission_seq() && self.cfg.px4());
        if int {
            let m = wire::MissionItemInt {
                param1: item.p[0],
                param2: item.p[1],
                param3: item.p[2],
                param4: item.p[3],
                x: item.x,
                y: item.y,
                z: item.z,
                seq,
                command: item.command,
                target_system: party.system,
                target_component: party.component,
                frame: item.frame,
                current,
                autocontinue: item.auto,
                mission_type: kind,
            };
            self.send(party.peer, AUTOPILOT, &m);
        } else {
            let k = if crate::plans::placed(item.command) { 1e-7 } else { 1.0 };
            let m = wire::MissionItem {
                param1: item.p[0],
                param2: item.p[1],
                param3: item.p[2],
                param4: item.p[3],
                x: (f64::from(item.x) * k) as f32,
                y: (f64::from(item.y) * k) as f32,
                z: item.z,
                seq,
                command: item.command,
                target_system: party.system,
                target_component: party.component,
                frame: item.frame,
                current,
                autocontinue: item.auto,
                mission_type: kind,
            };
            self.send(party.peer, AUTOPILOT, &m);
        }
    }

    fn guided_ok(&self) -> bool {
        let hold = Mode::hold(Family::Px4, self.cfg.airframe);
        self.pilot.armed && !self.body.on_ground && (self.pilot.mode == Mode::Guided || self.pilot.mode == hold)
    }

    fn on_local_target(&mut self, m: &wire::SetPositionTargetLocalNed) {
        if m.target_system != self.cfg.system || !self.guided_ok() {
            return;
        }
        if m.type_mask & 0b111 == 0 {
            let here = Place::of(&self.sensors.est);
            let base = if matches!(m.coordinate_frame, 7..=9) {
                here
            } else {
                self.home.place
            };
            let to = Place {
                n: base.n + num(m.x),
                e: base.e + num(m.y),
                amsl: base.amsl - num(m.z),
            };
            self.guided_goto(to);
        } else if m.type_mask & 0b11_1000 == 0 {
            let mut v = [num(m.vx), num(m.vy), num(m.vz)];
            if matches!(m.coordinate_frame, 8 | 9) {
                let (s, c) = self.body.yaw.to_radians().sin_cos_r();
                v = [v[0] * c - v[1] * s, v[0] * s + v[1] * c, v[2]];
            }
            self.guided_velocity(v);
        }
    }

    fn on_global_target(&mut self, m: &wire::SetPositionTargetGlobalInt) {
        if m.target_system != self.cfg.system || !self.guided_ok() {
            return;
        }
        if m.type_mask & 0b111 == 0 {
            let at = LatLon::from_e7(m.lat_int, m.lon_int);
            if LatLon::new(at.lat_deg, at.lon_deg).is_err() || !m.alt.is_finite() {
                return;
            }
            let amsl = self.amsl_of(f64::from(m.alt), m.coordinate_frame);
            let to = self.place(at, amsl);
            self.guided_goto(to);
        } else if m.type_mask & 0b11_1000 == 0 {
            self.guided_velocity([num(m.vx), num(m.vy), num(m.vz)]);
        }
    }

    /// Height above the sea of a height in a MAV_FRAME.
    pub(crate) fn amsl_of(&self, z: f64, frame: u8) -> f64 {
        match frame {
            0 | 5 => z,
            10 | 11 => self.ground - self.exec.map_low_m + z,
            _ => self.home.place.amsl + z,
        }
    }

    fn guided_velocity(&mut self, v: [f64; 3]) {
        let until = self.tick + 300;
        if let Task::Velocity { .. } = self.pilot.task {
            self.pilot.task = Task::Velocity { v, until };
        } else {
            self.fly([Task::Velocity { v, until }]);
        }
    }

    /// Straight to a place, then hold there.
    pub(crate) fn guided_goto(&mut self, to: Place) {
        self.exec.terrain = None;
        let mut from = Place::of(&self.sensors.est);
        let winged = self.cfg.envelope.min_m_s > 0.0;
        let radius = if winged { self.loiter_radius().abs() } else { 1.0 };
        if winged {
            from.amsl = to.amsl; // a plane takes up the new height at once
        }
        self.fly([Task::Leg {
            from,
            to,
            next: None,
            radius,
            hold_s: 0.0,
        }]);
    }

    fn on_gimbal_attitude(&mut self, f: &Frame<'_>, m: &wire::GimbalManagerSetAttitude) {
        if m.target_system != self.cfg.system {
            return;
        }
        self.gimbal_owner = [f.system, f.component];
        let lock = m.flags & 16 != 0 || m.flags & 64 != 0;
        if m.q.iter().all(|v| v.is_finite()) {
            let [w, x, y, z] = m.q.map(f64::from);
            let pitch = (2.0 * (w * y - z * x)).clamp(-1.0, 1.0).asin_r().to_degrees();
            let yaw = (2.0 * (w * z + x * y))
                .atan2_r(1.0 - 2.0 * (y * y + z * z))
                .to_degrees();
            self.gimbal.point(Aim::Angles {
                pitch,
                yaw: if lock { norm_deg_360(yaw) } else { yaw },
                lock,
            });
        } else if m.angular_velocity_y.is_finite() || m.angular_velocity_z.is_finite() {
            let deg = |v: f32| {
                if v.is_finite() { f64::from(v).to_degrees() } else { 0.0 }
            };
            self.gimbal.point(Aim::Rates {
                pitch: deg(m.angular_velocity_y),
                yaw: deg(m.angular_velocity_z),
                lock,
            });
        }
    }
}

fn num(v: f32) -> f64 {
    if v.is_finite() {
        f64::from(v).clamp(-1e6, 1e6)
    } else {
        0.0
    }
}
