//! What the aircraft tells: every message it can send, built from what it believes.
//!
//! Invariant: numbers come from the estimate, never from the truth; unknown fields hold the
//! value MAVLink reserves for unknown. Must not know who listens.

use vedette_geo::{LatLon, Repeatable, norm_deg_360};
use vedette_model::{Airframe, LandedState};

use crate::config::VehicleConfig;
use crate::execute::Stage;
use crate::flight::Task;
use crate::guide::{self, Place};
use crate::modes::mav_type;
use crate::net::{AUTOPILOT, CAMERA, GIMBAL};
use crate::vehicle::SimVehicle;
use crate::wire::{self, Message, text};

/// Messages sent without being asked, and every how many microseconds.
pub(crate) fn default_streams(cfg: &VehicleConfig) -> Vec<(u32, i64)> {
    let mut out = vec![(242, 2_000_000), (245, 1_000_000), (281, 1_000_000), (285, 200_000)];
    if cfg.px4() {
        out.extend([
            (1, 1_000_000),
            (24, 500_000),
            (30, 100_000),
            (31, 100_000),
            (32, 200_000),
            (33, 200_000),
            (42, 1_000_000),
            (62, 1_000_000),
            (74, 250_000),
            (147, 1_000_000),
            (231, 1_000_000),
            (2, 1_000_000),
        ]);
    }
    out
}

/// Messages of a REQUEST_DATA_STREAM group.
pub(crate) const fn stream_group(group: u8) -> &'static [u32] {
    match group {
        0 => &[
            1, 2, 24, 27, 29, 30, 32, 33, 42, 62, 65, 74, 125, 136, 147, 162, 168, 193, 241, 285,
        ],
        1 => &[27, 29],
        2 => &[1, 24, 42, 62, 125, 162],
        3 => &[65],
        6 => &[32, 33],
        10 => &[30],
        11 => &[74],
        12 => &[2, 136, 147, 168, 193, 241, 285],
        _ => &[],
    }
}

/// The component a message comes from.
pub(crate) const fn owner(id: u32) -> u8 {
    match id {
        259..=263 | 269..=271 => CAMERA,
        283 | 285 => GIMBAL,
        _ => AUTOPILOT,
    }
}

/// Whether this aircraft can send a message at all.
pub(crate) fn available(cfg: &VehicleConfig, id: u32) -> bool {
    match id {
        0 | 1 | 2 | 24 | 27 | 29 | 30 | 31 | 32 | 33 | 42 | 62 | 65 | 74 | 125 | 147 | 148 | 162 | 241 | 242 | 245
        | 280 | 281 | 283 | 285 => true,
        435 => true,
        136 | 168 | 193 => !cfg.px4(),
        105 | 231 | 300 | 397 | 436 => cfg.px4(),
        259..=262 | 269..=271 => !cfg.cameras.is_empty(),
        _ => false,
    }
}

/// Quaternion w, x, y, z of roll, pitch, yaw in degrees (z-y-x).
pub(crate) fn quaternion(roll: f64, pitch: f64, yaw: f64) -> [f32; 4] {
    let (sr, cr) = (roll.to_radians() / 2.0).sin_cos_r();
    let (sp, cp) = (pitch.to_radians() / 2.0).sin_cos_r();
    let (sy, cy) = (yaw.to_radians() / 2.0).sin_cos_r();
    [
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    ]
    .map(|v| v as f32)
}

pub(crate) fn rad(deg: f64) -> f32 {
    deg.to_radians() as f32
}

pub(crate) fn e7(at: LatLon) -> (i32, i32) {
    at.to_e7()
}

impl SimVehicle {
    pub(crate) fn emit<M: Message>(&mut self, peer: Option<u64>, m: &M) {
        self.net.to(peer, owner(M::ID), M::ID, &m.payload());
    }

    pub(crate) fn telemetry_tick(&mut self) {
        if self.tick % 100 == 1 {
            self.heartbeats();
            self.remote_id_tick();
            self.arming_event_tick();
            if self.cfg.operator_control && self.tick % 500 == 1 {
                self.control_status();
            }
        }
        if self.pilot.armed && self.tick.is_multiple_of(50) {
            self.log_sample();
        }
        let now = self.now_us();
        for (peer, id) in self.net.due(now) {
            self.send_message(peer, id);
        }
        for peer in self.net.due_high_latency(now) {
            self.high_latency(peer);
        }
    }

    fn log_sample(&mut self) {
        let est = self.sensors.est;
        let (lat_e7, lon_e7) = e7(self.latlon(est.n, est.e));
        let b = &self.battery;
        let sample = crate::logbook::Sample {
            us: self.now_us() as u64,
            utc: self.utc(),
            lat_e7,
            lon_e7,
            amsl: est.amsl,
            above_home: est.amsl - self.home.place.amsl,
            speed: est.v[0].hypot_r(est.v[1]),
            course: norm_deg_360(est.v[1].atan2_r(est.v[0]).to_degrees()),
            roll: est.roll,
            pitch: est.pitch,
            yaw: norm_deg_360(est.yaw),
            quaternion: quaternion(est.roll, est.pitch, est.yaw),
            volts: b.volts(),
            amps: b.amps(),
            share: b.told_share(),
            used_mah: b.used_wh() / crate::energy::NOMINAL_V * 1000.0,
            fix: self.sensors.fix,
        };
        self.logbook.sample(&sample);
    }

    /// MAV_TYPE as the family tells it: ArduPilot's quadplanes call themselves fixed wings unless
    /// Q_MAV_TYPE says otherwise.
    pub(crate) fn mav_type(&self) -> u8 {
        if self.cfg.airframe == Airframe::Quadplane && !self.cfg.px4() {
            return match self.params.get("Q_MAV_TYPE", 0.0) as u8 {
                0 => 1,
                told => told,
            };
        }
        mav_type(self.cfg.airframe)
    }

    fn heartbeats(&mut self) {
        let armed = if self.pilot.armed { 128 } else { 0 };
        let auto = if self.pilot.mode == crate::modes::Mode::Auto {
            4
        } else {
            0
        };
        let heartbeat = wire::Heartbeat {
            custom_mode: self.pilot.mode.custom(self.cfg.family, self.cfg.airframe),
            kind: self.mav_type(),
            autopilot: if self.cfg.px4() { 12 } else { 3 },
            base_mode: 1 | 16 | 64 | auto | armed,
            system_status: if self.crashed {
                6
            } else if self.pilot.armed {
                if self.watch.gcs_lost || self.watch.breached {
                    5
                } else {
                    4
                }
            } else {
                3
            },
            mavlink_version: 3,
        };
        self.net.all(AUTOPILOT, &heartbeat);
        let part = |kind| wire::Heartbeat {
            kind,
            autopilot: 8,
            system_status: 4,
            mavlink_version: 3,
            ..Default::default()
        };
        if !self.cfg.cameras.is_empty() {
            self.net.all(CAMERA, &part(30));
        }
        self.net.all(GIMBAL, &part(26));
    }

    pub(crate) fn send_home_to_all(&mut self) {
        let peers: Vec<u64> = self.net.peers.keys().copied().collect();
        for p in peers {
            self.send_message(Some(p), wire::HomePosition::ID);
        }
    }

    /// Builds and sends one message now.
    pub(crate) fn send_message(&mut self, peer: Option<u64>, id: u32) {
        let t = self.boot_ms();
        let usec = self.utc().0.max(0) as u64;
        let est = self.sensors.est;
        match id {
            1 => self.sys_status(peer),
            2 => self.emit(
                peer,
                &wire::SystemTime {
                    time_unix_usec: usec,
                    time_boot_ms: t,
                },
            ),
            24 => self.gps_raw(peer, usec),
            27 => self.raw_imu(peer, usec),
            29 => {
                // International standard atmosphere from the barometer's own height.
                let press = 1013.25 * (1.0 - 2.255_77e-5 * self.sensors.baro_amsl).max(0.1).powf_r(5.2559);
                self.emit(
                    peer,
                    &wire::ScaledPressure {
                        time_boot_ms: t,
                        press_abs: press as f32,
                        temperature: 1200,
                        ..Default::default()
                    },
                );
            }
            105 => self.highres_imu(peer, usec),
            136 => self.terrain_report(peer),
            30 => {
                let r = self.body.rates;
                let m = wire::Attitude {
                    time_boot_ms: t,
                    roll: rad(est.roll),
                    pitch: rad(est.pitch),
                    yaw: rad(vedette_geo::norm_deg_180(est.yaw)),
                    rollspeed: rad(r[0]),
                    pitchspeed: rad(r[1]),
                    yawspeed: rad(r[2]),
                };
                self.emit(peer, &m);
            }
            31 => {
                let q = quaternion(est.roll, est.pitch, est.yaw);
                let r = self.body.rates;
                let m = wire::AttitudeQuaternion {
                    time_boot_ms: t,
                    q1: q[0],
                    q2: q[1],
                    q3: q[2],
                    q4: q[3],
                    rollspeed: rad(r[0]),
                    pitchspeed: rad(r[1]),
                    yawspeed: rad(r[2]),
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            32 => {
                let h = self.home.place;
                let m = wire::LocalPositionNed {
                    time_boot_ms: t,
                    x: (est.n - h.n) as f32,
                    y: (est.e - h.e) as f32,
                    z: (h.amsl - est.amsl) as f32,
                    vx: est.v[0] as f32,
                    vy: est.v[1] as f32,
                    vz: est.v[2] as f32,
                };
                self.emit(peer, &m);
            }
            33 => {
                let (lat, lon) = e7(self.latlon(est.n, est.e));
                let m = wire::GlobalPositionInt {
                    time_boot_ms: t,
                    lat,
                    lon,
                    alt: (est.amsl * 1000.0).round() as i32,
                    relative_alt: ((est.amsl - self.home.place.amsl) * 1000.0).round() as i32,
                    vx: (est.v[0] * 100.0).round() as i16,
                    vy: (est.v[1] * 100.0).round() as i16,
                    vz: (est.v[2] * 100.0).round() as i16,
                    hdg: ((est.yaw * 100.0).round() as u16) % 36_000,
                };
                self.emit(peer, &m);
            }
            42 => self.mission_current(peer),
            62 => self.nav_output(peer),
            65 => {
                let m = wire::RcChannels {
                    time_boot_ms: t,
                    chancount: 0,
                    rssi: 255,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            74 => {
                let throttle = if self.body.on_ground {
                    0.0
                } else {
                    50.0 * self.battery.power_w / self.cfg.energy.cruise_w.max(1.0)
                };
                let m = wire::VfrHud {
                    airspeed: self.airspeed_told() as f32,
                    groundspeed: est.v[0].hypot_r(est.v[1]) as f32,
                    alt: est.amsl as f32,
                    climb: -est.v[2] as f32,
                    heading: norm_deg_360(est.yaw) as i16,
                    throttle: throttle.clamp(0.0, 100.0) as u16,
                };
                self.emit(peer, &m);
            }
            125 => self.emit(
                peer,
                &wire::PowerStatus {
                    vcc: 5010,
                    vservo: 5020,
                    flags: 1,
                },
            ),
            147 => self.battery_status(peer),
            148 => self.autopilot_version(peer),
            162 if self.watch.fence_on || self.params.get("FENCE_ENABLE", 0.0) > 0.5 => {
                let m = wire::FenceStatus {
                    breach_time: self.watch.breach_ms,
                    breach_count: self.watch.breaches,
                    breach_status: u8::from(self.watch.breached),
                    breach_type: self.watch.breach_kind,
                    breach_mitigation: 0,
                };
                self.emit(peer, &m);
            }
            168 => {
                let [n, e] = est.wind;
                let from = (-e).atan2_r(-n).to_degrees();
                self.emit(
                    peer,
                    &wire::Wind {
                        direction: from as f32,
                        speed: n.hypot_r(e) as f32,
                        speed_z: self.wind[2] as f32,
                    },
                );
            }
            193 => {
                let flags = if self.sensors.fix { 831 } else { 167 };
                let v = if self.sensors.fix { 0.1 } else { 1.2 };
                let m = wire::EkfStatusReport {
                    velocity_variance: v,
                    pos_horiz_variance: v,
                    pos_vert_variance: 0.05,
                    compass_variance: 0.05,
                    terrain_alt_variance: 0.0,
                    flags,
                    airspeed_variance: 0.0,
                };
                self.emit(peer, &m);
            }
            231 => {
                let m = wire::WindCov {
                    time_usec: usec,
                    wind_x: est.wind[0] as f32,
                    wind_y: est.wind[1] as f32,
                    wind_alt: est.amsl as f32,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            241 => {
                let v = if self.body.on_ground { 0.02 } else { 0.8 };
                self.emit(
                    peer,
                    &wire::Vibration {
                        time_usec: usec,
                        vibration_x: v,
                        vibration_y: v,
                        vibration_z: v * 1.5,
                        ..Default::default()
                    },
                );
            }
            242 => {
                let (latitude, longitude) = e7(self.home.at);
                let m = wire::HomePosition {
                    latitude,
                    longitude,
                    altitude: (self.home.place.amsl * 1000.0).round() as i32,
                    q: [f32::NAN; 4],
                    time_usec: usec,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            245 => {
                // ArduPlane's own judgement knows flying and not flying only.
                let plain = !self.cfg.px4() && self.cfg.airframe != Airframe::Copter;
                let landed_state = match self.landed_state() {
                    LandedState::OnGround => 1,
                    LandedState::TakingOff if !plain => 3,
                    LandedState::Landing if !plain => 4,
                    LandedState::InAir | LandedState::TakingOff | LandedState::Landing => 2,
                };
                let vtol_state = self.vtol_state();
                self.emit(
                    peer,
                    &wire::ExtendedSysState {
                        vtol_state,
                        landed_state,
                    },
                );
            }
            280 => {
                let l = self.cfg.gimbal;
                let m = wire::GimbalManagerInformation {
                    time_boot_ms: t,
                    cap_flags: 0x3_27ff,
                    roll_min: 0.0,
                    roll_max: 0.0,
                    pitch_min: rad(l.pitch_min_deg),
                    pitch_max: rad(l.pitch_max_deg),
                    yaw_min: rad(-l.yaw_deg),
                    yaw_max: rad(l.yaw_deg),
                    gimbal_device_id: GIMBAL,
                };
                self.emit(peer, &m);
            }
            281 => {
                let [system, component] = self.gimbal_owner;
                let m = wire::GimbalManagerStatus {
                    time_boot_ms: t,
                    flags: self.gimbal_flags(),
                    gimbal_device_id: GIMBAL,
                    primary_control_sysid: system,
                    primary_control_compid: component,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            283 => {
                let l = self.cfg.gimbal;
                let m = wire::GimbalDeviceInformation {
                    uid: u64::from(self.cfg.system),
                    time_boot_ms: t,
                    firmware_version: 1,
                    hardware_version: 1,
                    pitch_min: rad(l.pitch_min_deg),
                    pitch_max: rad(l.pitch_max_deg),
                    yaw_min: rad(-l.yaw_deg),
                    yaw_max: rad(l.yaw_deg),
                    cap_flags: 0x27ff,
                    vendor_name: text("Vedette"),
                    model_name: text("simulated gimbal"),
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            285 => self.gimbal_attitude(peer),
            259 => self.camera_information(peer),
            260 => self.emit(
                peer,
                &wire::CameraSettings {
                    time_boot_ms: t,
                    mode_id: 1,
                    zoom_level: f32::NAN,
                    focus_level: f32::NAN,
                    camera_device_id: 0,
                },
            ),
            261 => {
                let m = wire::StorageInformation {
                    time_boot_ms: t,
                    total_capacity: 32_000.0,
                    used_capacity: 0.0,
                    available_capacity: 32_000.0,
                    read_speed: f32::NAN,
                    write_speed: f32::NAN,
                    storage_id: 1,
                    storage_count: 1,
                    status: 2,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            262 => {
                let m = wire::CameraCaptureStatus {
                    time_boot_ms: t,
                    available_capacity: 32_000.0,
                    video_status: u8::from(self.recording),
                    image_count: self.photos as i32,
                    ..Default::default()
                };
                self.emit(peer, &m);
            }
            300 => self.protocol_version(peer),
            397 => self.component_metadata(peer),
            435 => self.available_modes(peer, 0),
            436 => self.current_mode(peer),
            269 => self.video_streams(peer),
            270 => self.video_status(peer),
            271 => self.fov_status(peer),
            _ => {}
        }
    }

    fn mission_current(&mut self, peer: Option<u64>) {
        let mission_state = if self.plans.lists[0].is_empty() {
            1
        } else {
            match self.exec.stage {
                Stage::NotStarted => 2,
                Stage::Active => 3,
                Stage::Paused => 4,
                Stage::Complete => 5,
            }
        };
        let m = wire::MissionCurrent {
            seq: self.mission_seq(),
            total: self.plans.lists[0].len() as u16,
            mission_state,
            mission_mode: if self.pilot.mode == crate::modes::Mode::Auto {
                1
            } else {
                2
            },
            mission_id: self.plans.id(&self.cfg, 0),
            fence_id: self.plans.id(&self.cfg, 1),
            rally_points_id: self.plans.id(&self.cfg, 2),
        };
        self.emit(peer, &m);
    }

    fn nav_output(&mut self, peer: Option<u64>) {
        let est = self.sensors.est;
        let here = Place::of(&est);
        let (goal, off) = match self.pilot.task {
            Task::Leg { from, to, .. } => (Some(to), guide::progress(&est, &from, &to).off),
            Task::Circle { centre, .. } => (Some(centre), 0.0),
            Task::Land { at, .. } | Task::TakeOff { at, .. } => (Some(at), 0.0),
            _ => (None, 0.0),
        };
        let bearing = goal.map_or(est.yaw, |g| here.bearing(&g));
        let m = wire::NavControllerOutput {
            nav_roll: self.body.roll as f32,
            nav_pitch: self.body.pitch as f32,
            alt_error: goal.map_or(0.0, |g| g.amsl - est.amsl) as f32,
            aspd_error: 0.0,
            xtrack_error: off as f32,
            nav_bearing: vedette_geo::norm_deg_180(bearing) as i16,
            target_bearing: vedette_geo::norm_deg_180(bearing) as i16,
            wp_dist: goal.map_or(0.0, |g| here.across(&g)).clamp(0.0, 65_535.0) as u16,
        };
        self.emit(peer, &m);
    }

    fn gimbal_flags(&self) -> u32 {
        let lock = self.gimbal.locked();
        4 | 8 | if lock { 16 | 64 } else { 32 }
    }

    fn gimbal_attitude(&mut self, peer: Option<u64>) {
        let [roll, pitch, yaw] = self.gimbal_reported();
        let relative = vedette_geo::norm_deg_180(yaw - self.sensors.est.yaw);
        let lock = self.gimbal.locked();
        let m = wire::GimbalDeviceAttitudeStatus {
            time_boot_ms: self.boot_ms(),
            q: quaternion(roll, pitch, if lock { yaw } else { relative }),
            angular_velocity_x: 0.0,
            angular_velocity_y: rad(self.gimbal.rates[0]),
            angular_velocity_z: rad(self.gimbal.rates[1]),
            failure_flags: if self.gimbal.stuck.is_some() { 16 } else { 0 },
            flags: self.gimbal_flags() as u16,
            delta_yaw: rad(self.sensors.est.yaw),
            delta_yaw_velocity: rad(self.body.rates[2]),
            ..Default::default()
        };
        self.emit(peer, &m);
    }
}
