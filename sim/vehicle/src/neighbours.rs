//! What the aircraft's own receivers hear and its transmitter sends: ADS-B, Open Drone ID; and
//! whose orders it takes.
//!
//! Invariant: what is heard is passed on as heard, also when it is false. Must not know who flies
//! there.

use vedette_geo::{Hae, LatLon, Repeatable};

use crate::net::AUTOPILOT;
use crate::plans::Party;
use crate::vehicle::SimVehicle;
use crate::wire::{self, text};

/// Component ids of the receivers: MAV_COMP_ID_ADSB, MAV_COMP_ID_ODID_TXRX_1.
const ADSB: u8 = 156;
const REMOTE_ID: u8 = 236;

/// Another aircraft as its transponder tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct AdsbTarget {
    /// ICAO address, 24 bits.
    pub icao: u32,
    /// Call sign.
    pub callsign: String,
    /// Where.
    pub at: LatLon,
    /// Pressure height, metres.
    pub height_m: f64,
    /// Course over ground, degrees true.
    pub course_deg: f64,
    /// Metres per second over ground.
    pub speed_m_s: f64,
    /// Metres per second, up positive.
    pub climb_m_s: f64,
}

/// Another drone as its Remote ID tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteIdTarget {
    /// Address of its radio.
    pub mac: [u8; 6],
    /// Its serial number.
    pub number: String,
    /// Registration of its operator.
    pub operator: String,
    /// Where.
    pub at: LatLon,
    /// Height over the ellipsoid.
    pub height: Hae,
    /// Course over ground, degrees true.
    pub course_deg: f64,
    /// Metres per second over ground.
    pub speed_m_s: f64,
    /// Where its pilot stands, as it says.
    pub pilot: LatLon,
}

/// Who is in control (REQUEST_OPERATOR_CONTROL).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Control {
    pub(crate) owner: u8,
    pub(crate) takeover: bool,
}

/// MAV_RESULT.
const ACCEPTED: u8 = 0;
const FAILED: u8 = 4;
pub(crate) const NOT_IN_CONTROL: u8 = 10;

/// Commands that change nothing and anyone may give.
pub(crate) const fn harmless(command: u16) -> bool {
    matches!(command, 401 | 410 | 510..=522 | 525 | 527 | 2504 | 2505 | 32_100)
}

impl SimVehicle {
    /// Its ADS-B receiver hears somebody; every station is told.
    pub fn hear_adsb(&mut self, t: &AdsbTarget) {
        let (lat, lon) = t.at.to_e7();
        let m = wire::AdsbVehicle {
            icao_address: t.icao & 0x00FF_FFFF,
            lat,
            lon,
            altitude: (t.height_m * 1000.0) as i32,
            heading: (vedette_geo::norm_deg_360(t.course_deg) * 100.0) as u16,
            hor_velocity: (t.speed_m_s * 100.0) as u16,
            ver_velocity: (t.climb_m_s * 100.0) as i16,
            // position, altitude, heading, velocity, call sign, vertical velocity
            flags: 1 | 2 | 4 | 8 | 16 | 128,
            callsign: text(&t.callsign),
            emitter_type: 1,
            tslc: 1,
            ..Default::default()
        };
        self.net.all(ADSB, &m);
    }

    /// Its Remote ID receiver hears a drone; every station is told.
    pub fn hear_remote_id(&mut self, t: &RemoteIdTarget) {
        let mut id_or_mac = [0; 20];
        id_or_mac[..6].copy_from_slice(&t.mac);
        let basic = wire::OpenDroneIdBasicId {
            id_or_mac,
            id_type: 1,
            ua_type: 2,
            uas_id: text(&t.number),
            ..Default::default()
        };
        self.net.all(REMOTE_ID, &basic);
        let operator = wire::OpenDroneIdOperatorId {
            id_or_mac,
            operator_id: text(&t.operator),
            ..Default::default()
        };
        self.net.all(REMOTE_ID, &operator);
        let (operator_latitude, operator_longitude) = t.pilot.to_e7();
        let system = wire::OpenDroneIdSystem {
            id_or_mac,
            operator_latitude,
            operator_longitude,
            area_count: 1,
            ..Default::default()
        };
        self.net.all(REMOTE_ID, &system);
        let location = self.location(id_or_mac, t.at, t.height.0, t.course_deg, t.speed_m_s);
        self.net.all(REMOTE_ID, &location);
    }

    fn location(
        &self,
        id_or_mac: [u8; 20],
        at: LatLon,
        height: f64,
        course: f64,
        speed: f64,
    ) -> wire::OpenDroneIdLocation {
        let (latitude, longitude) = at.to_e7();
        wire::OpenDroneIdLocation {
            latitude,
            longitude,
            altitude_barometric: -1000.0,
            altitude_geodetic: height as f32,
            height: -1000.0,
            // Seconds after the full hour.
            timestamp: (self.utc().0.rem_euclid(3_600_000_000)) as f32 * 1e-6,
            direction: (vedette_geo::norm_deg_360(course) * 100.0) as u16,
            speed_horizontal: (speed * 100.0) as u16,
            speed_vertical: 0,
            id_or_mac,
            status: 2,
            ..Default::default()
        }
    }

    /// Once a second with DID_ENABLE: what it says of itself, and whether it may fly.
    pub(crate) fn remote_id_tick(&mut self) {
        if self.params.get("DID_ENABLE", 0.0) < 0.5 {
            return;
        }
        let basic = wire::OpenDroneIdBasicId {
            id_type: 1,
            ua_type: 2,
            uas_id: text(&self.cfg.tail),
            ..Default::default()
        };
        self.net.all(AUTOPILOT, &basic);
        let e = self.sensors.est;
        let at = self.latlon(e.n, e.e);
        let course = e.v[1].atan2_r(e.v[0]).to_degrees();
        let m = self.location([0; 20], at, e.amsl, course, e.v[0].hypot_r(e.v[1]));
        self.net.all(AUTOPILOT, &m);
        let why = self.remote_id_fault();
        let status = wire::OpenDroneIdArmStatus {
            status: u8::from(why.is_some()),
            error: text(why.unwrap_or("")),
        };
        self.net.all(REMOTE_ID, &status);
    }

    /// Why its Remote ID does not let it fly.
    pub(crate) fn remote_id_fault(&self) -> Option<&'static str> {
        (self.params.get("DID_ENABLE", 0.0) > 0.5 && !self.sensors.fix).then_some("missing location message")
    }

    /// REQUEST_OPERATOR_CONTROL: granted when nobody is in control, the owner asks, or the owner
    /// lets others take over.
    pub(crate) fn operator_control(&mut self, party: Party, take: bool, takeover: bool) -> u8 {
        let c = self.control;
        if !take {
            if c.owner == party.system {
                self.control = Control::default();
            }
            self.control_status();
            return ACCEPTED;
        }
        if c.owner == 0 || c.owner == party.system || c.takeover {
            self.control = Control {
                owner: party.system,
                takeover,
            };
            self.control_status();
            return ACCEPTED;
        }
        FAILED
    }

    /// CONTROL_STATUS to everybody.
    pub(crate) fn control_status(&mut self) {
        let m = wire::ControlStatus {
            // system manager, takeover allowed
            flags: 1 | if self.control.takeover { 2 } else { 0 },
            gcs_main: self.control.owner,
            gcs_secondary: [0; 10],
        };
        self.net.all(AUTOPILOT, &m);
    }

    /// HIGH_LATENCY2: everything in one message, for links that cost by the byte.
    pub(crate) fn high_latency(&mut self, peer: u64) {
        let e = self.sensors.est;
        let (latitude, longitude) = self.latlon(e.n, e.e).to_e7();
        let custom = self.pilot.mode.custom(self.cfg.family, self.cfg.airframe);
        let half = |deg: f64| (vedette_geo::norm_deg_360(deg) / 2.0) as u8;
        let fifth = |v: f64| (v * 5.0).clamp(0.0, 255.0) as u8;
        let [wn, we] = e.wind;
        let m = wire::HighLatency2 {
            timestamp: self.boot_ms(),
            latitude,
            longitude,
            // PX4 sends its main and sub mode; ArduPilot the number.
            custom_mode: if self.cfg.px4() {
                (custom >> 16) as u16
            } else {
                custom as u16
            },
            altitude: e.amsl.clamp(-32_000.0, 32_000.0) as i16,
            target_altitude: e.amsl.clamp(-32_000.0, 32_000.0) as i16,
            wp_num: self.mission_seq(),
            failure_flags: u16::from(!self.sensors.fix) | if self.watch.breached { 1 << 11 } else { 0 },
            kind: self.mav_type(),
            autopilot: if self.cfg.px4() { 12 } else { 3 },
            heading: half(e.yaw),
            airspeed: fifth(self.airspeed_told()),
            groundspeed: fifth(e.v[0].hypot_r(e.v[1])),
            windspeed: fifth(wn.hypot_r(we)),
            wind_heading: half((-we).atan2_r(-wn).to_degrees()),
            eph: 12,
            epv: 18,
            climb_rate: (-e.v[2] * 10.0).clamp(-127.0, 127.0) as i8,
            battery: (self.battery.told_share() * 100.0).round() as i8,
            // Both families put base_mode here.
            custom0: i8::from_le_bytes([1 | if self.pilot.armed { 128 } else { 0 }]),
            ..Default::default()
        };
        self.send(peer, AUTOPILOT, &m);
    }
}
