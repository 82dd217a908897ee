//! What the aircraft tells of its senses, its battery and itself: messages of many fields.
//!
//! Invariant: as in `telemetry`: numbers come from the estimate, unknown fields hold the value MAVLink
//! reserves for unknown.

use vedette_geo::{Repeatable, norm_deg_360};

use crate::telemetry::{e7, rad};
use crate::vehicle::SimVehicle;
use crate::wire;

impl SimVehicle {
    pub(crate) fn sys_status(&mut self, peer: Option<u64>) {
        const ALL: u32 = 0x01 | 0x02 | 0x04 | 0x08 | 0x20 | 0x20_0000 | 0x200_0000 | 0x1000_0000;
        const FENCE: u32 = 0x10_0000;
        const GPS: u32 = 0x20;
        const BATTERY: u32 = 0x200_0000;
        const READY: u32 = 0x1000_0000;
        let fence = if self.watch.fence_on || self.params.get("FENCE_ENABLE", 0.0) > 0.5 {
            FENCE
        } else {
            0
        };
        let mut health = ALL | FENCE;
        if !self.sensors.fix {
            health &= !GPS;
        }
        if self.battery.told_share() < 0.1 {
            health &= !BATTERY;
        }
        if self.not_ready().is_some() && !self.pilot.armed {
            health &= !READY;
        }
        if self.watch.breached {
            health &= !FENCE;
        }
        let m = wire::SysStatus {
            onboard_control_sensors_present: ALL | FENCE,
            onboard_control_sensors_enabled: ALL | fence,
            onboard_control_sensors_health: health,
            load: 230,
            voltage_battery: (self.battery.volts() * 1000.0) as u16,
            current_battery: (self.battery.amps() * 100.0) as i16,
            battery_remaining: (self.battery.told_share() * 100.0).round() as i8,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn raw_imu(&mut self, peer: Option<u64>, usec: u64) {
        let (a, g) = (self.sensors.accel, self.sensors.gyro);
        let milli_g = |v: f64| (v / vedette_geo::G_M_S2 * 1000.0).clamp(-32_000.0, 32_000.0) as i16;
        let milli_rad = |v: f64| (v.to_radians() * 1000.0).clamp(-32_000.0, 32_000.0) as i16;
        let m = wire::RawImu {
            time_usec: usec,
            xacc: milli_g(a[0]),
            yacc: milli_g(a[1]),
            zacc: milli_g(a[2]),
            xgyro: milli_rad(g[0]),
            ygyro: milli_rad(g[1]),
            zgyro: milli_rad(g[2]),
            temperature: 3500,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn highres_imu(&mut self, peer: Option<u64>, usec: u64) {
        let a = self.sensors.accel.map(|v| v as f32);
        let g = self.sensors.gyro.map(rad);
        let press = 1013.25 * (1.0 - 2.255_77e-5 * self.sensors.baro_amsl).max(0.1).powf_r(5.2559);
        let m = wire::HighresImu {
            time_usec: usec,
            xacc: a[0],
            yacc: a[1],
            zacc: a[2],
            xgyro: g[0],
            ygyro: g[1],
            zgyro: g[2],
            abs_pressure: press as f32,
            pressure_alt: self.sensors.baro_amsl as f32,
            temperature: 35.0,
            // accelerometer, gyroscope, pressure, pressure altitude, temperature
            fields_updated: 0b111_111 | 1 << 9 | 1 << 11 | 1 << 12,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn terrain_report(&mut self, peer: Option<u64>) {
        let est = self.sensors.est;
        let (lat, lon) = e7(self.latlon(est.n, est.e));
        let m = wire::TerrainReport {
            lat,
            lon,
            terrain_height: (self.ground - self.exec.map_low_m) as f32,
            current_height: (est.amsl - self.ground + self.exec.map_low_m) as f32,
            spacing: 100,
            pending: 0,
            loaded: 504,
        };
        self.emit(peer, &m);
    }

    pub(crate) fn gps_raw(&mut self, peer: Option<u64>, usec: u64) {
        let est = self.sensors.est;
        let raw = self.sensors.raw;
        let fix = self.sensors.fix;
        let (lat, lon) = e7(self.latlon(est.n + raw[0], est.e + raw[1]));
        let k = self.sensors.sigmas();
        let speed = est.v[0].hypot_r(est.v[1]);
        let course = norm_deg_360(est.v[1].atan2_r(est.v[0]).to_degrees());
        let m = wire::GpsRawInt {
            time_usec: usec,
            lat: if fix { lat } else { 0 },
            lon: if fix { lon } else { 0 },
            alt: ((est.amsl + raw[2]) * 1000.0) as i32,
            eph: if fix { 80 } else { u16::MAX },
            epv: if fix { 120 } else { u16::MAX },
            vel: if fix { (speed * 100.0) as u16 } else { u16::MAX },
            cog: if fix {
                ((course * 100.0) as u16) % 36_000
            } else {
                u16::MAX
            },
            fix_type: if fix { 3 } else { 1 },
            satellites_visible: if fix { 14 } else { 0 },
            h_acc: (k.gnss_h_m * 1000.0) as u32,
            v_acc: (k.gnss_v_m * 1000.0) as u32,
            vel_acc: (k.velocity_m_s * 1000.0) as u32,
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn battery_status(&mut self, peer: Option<u64>) {
        let b = &self.battery;
        let used = b.used_wh();
        let mut voltages = [u16::MAX; 10];
        voltages[0] = (b.volts() * 1000.0) as u16;
        let m = wire::BatteryStatus {
            current_consumed: (used / crate::energy::NOMINAL_V * 1000.0) as i32,
            energy_consumed: (used * 36.0) as i32,
            temperature: i16::MAX,
            voltages,
            current_battery: (b.amps() * 100.0) as i16,
            battery_remaining: (b.told_share() * 100.0).round() as i8,
            time_remaining: ((b.rated_wh - used).max(0.0) * 3600.0 / b.power_w.max(1.0)).min(1e6) as i32,
            charge_state: if b.told_share() < 0.1 {
                3
            } else if b.told_share() < 0.2 {
                2
            } else {
                1
            },
            ..Default::default()
        };
        self.emit(peer, &m);
    }

    pub(crate) fn autopilot_version(&mut self, peer: Option<u64>) {
        // ArduPilot's set; PX4's with bytewise parameters and FTP.
        let capabilities: u64 = if self.cfg.px4() { 0x2_e1ec } else { 0xfbef };
        let uid = u64::from(self.cfg.system) | 0x5645_4400_0000_0000;
        let mut uid2 = [0; 18];
        uid2[..8].copy_from_slice(&uid.to_le_bytes());
        let m = wire::AutopilotVersion {
            capabilities,
            uid,
            flight_sw_version: if self.cfg.px4() { 0x010f_00ff } else { 0x0407_0000 },
            board_version: 1,
            flight_custom_version: *b"vedette0",
            uid2,
            ..Default::default()
        };
        self.emit(peer, &m);
    }
}
