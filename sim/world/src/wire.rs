//! The few MAVLink frames the world itself sends or reads: a foreign station's, a receiver's of
//! ADS-B or Remote ID, those of a followed autopilot.
//!
//! Own framing after the MAVLink 2 serialisation guide, as the aircraft's is; it must not know
//! the station's.

use vedette_geo::LatLon;

/// CRC-16/MCRF4XX, as MAVLink uses it.
fn crc(bytes: &[u8], extra: u8) -> u16 {
    let mut c: u16 = 0xffff;
    for &b in bytes.iter().chain(std::iter::once(&extra)) {
        let mut t = b ^ (c & 0xff) as u8;
        t ^= t << 4;
        c = (c >> 8) ^ (u16::from(t) << 8) ^ (u16::from(t) << 3) ^ (u16::from(t) >> 4);
    }
    c
}

/// One MAVLink 2 frame; trailing zeros of the payload are cut, one byte stays.
fn frame(system: u8, component: u8, seq: u8, id: u32, extra: u8, payload: &[u8]) -> Vec<u8> {
    let end = payload.iter().rposition(|b| *b != 0).map_or(1, |k| k + 1);
    let payload = &payload[..end.min(payload.len())];
    let [a, b, c, _] = id.to_le_bytes();
    let mut out = vec![0xfd, payload.len() as u8, 0, 0, seq, system, component, a, b, c];
    out.extend_from_slice(payload);
    let sum = crc(&out[1..], extra);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// Message ids and their CRC_EXTRA, from common.xml.
const HEARTBEAT: (u32, u8) = (0, 50);
const COMMAND_LONG: (u32, u8) = (76, 152);
const SET_MODE_COMMAND: u16 = 176;
const ADSB_VEHICLE: (u32, u8) = (246, 184);

/// Heartbeat of a ground station.
pub(crate) fn station_heartbeat(system: u8, seq: u8) -> Vec<u8> {
    // custom_mode, type GCS 6, autopilot INVALID 8, base_mode, ACTIVE 4, MAVLink 3.
    frame(system, 190, seq, HEARTBEAT.0, HEARTBEAT.1, &[0, 0, 0, 0, 6, 8, 0, 4, 3])
}

/// A command to the autopilot of an aircraft.
pub(crate) fn command(system: u8, seq: u8, to: u8, command: u16, params: [f32; 7]) -> Vec<u8> {
    ask((system, 190), seq, to, command, params)
}

/// DO_SET_MODE with the autopilot's own number.
pub(crate) fn set_mode(system: u8, seq: u8, to: u8, custom: f32, sub: f32) -> Vec<u8> {
    command(
        system,
        seq,
        to,
        SET_MODE_COMMAND,
        [1.0, custom, sub, 0.0, 0.0, 0.0, 0.0],
    )
}

/// Component ids of the receivers: MAV_COMP_ID_ADSB, MAV_COMP_ID_ODID_TXRX_1.
pub(crate) const ADSB_RECEIVER: u8 = 156;
pub(crate) const REMOTE_ID_RECEIVER: u8 = 236;
/// OPEN_DRONE_ID_BASIC_ID, _LOCATION, _SYSTEM, _OPERATOR_ID.
const DRONE_BASIC: (u32, u8) = (12_900, 114);
const DRONE_LOCATION: (u32, u8) = (12_901, 254);
const DRONE_SYSTEM: (u32, u8) = (12_904, 77);
const DRONE_OPERATOR: (u32, u8) = (12_905, 49);

/// Heartbeat of a component that is no autopilot.
pub(crate) fn heartbeat(system: u8, component: u8, seq: u8, mav_type: u8) -> Vec<u8> {
    let payload = [0, 0, 0, 0, mav_type, 8, 0, 4, 3];
    frame(system, component, seq, HEARTBEAT.0, HEARTBEAT.1, &payload)
}

/// A command to the autopilot of an aircraft, from a component of our choice.
pub(crate) fn ask(from: (u8, u8), seq: u8, to: u8, command: u16, params: [f32; 7]) -> Vec<u8> {
    let mut p = Vec::with_capacity(33);
    for v in params {
        p.extend_from_slice(&v.to_le_bytes());
    }
    p.extend_from_slice(&command.to_le_bytes());
    p.extend_from_slice(&[to, 1, 0]);
    frame(from.0, from.1, seq, COMMAND_LONG.0, COMMAND_LONG.1, &p)
}

/// Call sign as ADSB_VEHICLE carries it: eight characters and a zero.
pub(crate) fn callsign(text: &str) -> [u8; 9] {
    let mut out = [0; 9];
    for (o, c) in out.iter_mut().zip(text.bytes().filter(u8::is_ascii_graphic)).take(8) {
        *o = c;
    }
    out
}

/// What a Remote ID receiver heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeardDrone {
    pub(crate) mac: [u8; 6],
    pub(crate) number: String,
    pub(crate) operator: String,
    pub(crate) pilot: LatLon,
    pub(crate) at: LatLon,
    /// Over the ellipsoid.
    pub(crate) height_m: f64,
    /// Above the ground.
    pub(crate) up_m: f64,
    pub(crate) track_deg: f64,
    pub(crate) m_s: f64,
    /// Seconds after the full hour.
    pub(crate) hour_s: f64,
}

impl HeardDrone {
    fn id(&self) -> [u8; 20] {
        let mut id = [0; 20];
        id[..6].copy_from_slice(&self.mac);
        id
    }
}

fn twenty(text: &str) -> [u8; 20] {
    let mut out = [0; 20];
    for (o, c) in out.iter_mut().zip(text.bytes().filter(u8::is_ascii_graphic)) {
        *o = c;
    }
    out
}

/// Who the drone is (part 0), who operates it (1), where its pilot stands (2).
pub(crate) fn remote_id_static((system, component, seq): (u8, u8, u8), d: &HeardDrone, part: u8) -> Vec<u8> {
    let mut p = Vec::with_capacity(54);
    match part {
        0 => {
            p.extend_from_slice(&[0, 0]);
            p.extend_from_slice(&d.id());
            // Serial number; helicopter or multirotor.
            p.extend_from_slice(&[1, 2]);
            p.extend_from_slice(&twenty(&d.number));
            frame(system, component, seq, DRONE_BASIC.0, DRONE_BASIC.1, &p)
        }
        1 => {
            p.extend_from_slice(&[0, 0]);
            p.extend_from_slice(&d.id());
            p.push(0);
            p.extend_from_slice(&twenty(&d.operator));
            frame(system, component, seq, DRONE_OPERATOR.0, DRONE_OPERATOR.1, &p)
        }
        _ => {
            p.extend_from_slice(&((d.pilot.lat_deg * 1e7).round() as i32).to_le_bytes());
            p.extend_from_slice(&((d.pilot.lon_deg * 1e7).round() as i32).to_le_bytes());
            // No area, operator's height unknown.
            for v in [-1000.0_f32, -1000.0, -1000.0] {
                p.extend_from_slice(&v.to_le_bytes());
            }
            p.extend_from_slice(&0_u32.to_le_bytes());
            p.extend_from_slice(&1_u16.to_le_bytes());
            p.extend_from_slice(&[0, 0, 0, 0]);
            p.extend_from_slice(&d.id());
            // The pilot's live position; class not declared.
            p.extend_from_slice(&[1, 0, 0, 0]);
            frame(system, component, seq, DRONE_SYSTEM.0, DRONE_SYSTEM.1, &p)
        }
    }
}

/// Where the drone is.
pub(crate) fn remote_id_location((system, component, seq): (u8, u8, u8), d: &HeardDrone) -> Vec<u8> {
    let mut p = Vec::with_capacity(59);
    p.extend_from_slice(&((d.at.lat_deg * 1e7).round() as i32).to_le_bytes());
    p.extend_from_slice(&((d.at.lon_deg * 1e7).round() as i32).to_le_bytes());
    for v in [-1000.0, d.height_m, d.up_m, d.hour_s] {
        p.extend_from_slice(&(v as f32).to_le_bytes());
    }
    p.extend_from_slice(&((d.track_deg.rem_euclid(360.0) * 100.0) as u16).to_le_bytes());
    p.extend_from_slice(&((d.m_s * 100.0) as u16).to_le_bytes());
    p.extend_from_slice(&0_i16.to_le_bytes());
    p.extend_from_slice(&[0, 0]);
    p.extend_from_slice(&d.id());
    // Airborne; height over the ground; within 10 m, 10 m, unknown, 1 m/s, 0.5 s.
    p.extend_from_slice(&[2, 1, 10, 4, 0, 3, 5]);
    frame(system, component, seq, DRONE_LOCATION.0, DRONE_LOCATION.1, &p)
}

/// What an ADS-B receiver heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    pub(crate) icao: u32,
    pub(crate) callsign: [u8; 9],
    pub(crate) at: LatLon,
    pub(crate) amsl_m: f64,
    pub(crate) track_deg: f64,
    pub(crate) m_s: f64,
}

/// ADSB_VEHICLE from the receiver (component 156) of an aircraft.
pub(crate) fn adsb(system: u8, seq: u8, h: &Heard) -> Vec<u8> {
    let mut p = Vec::with_capacity(38);
    p.extend_from_slice(&h.icao.to_le_bytes());
    p.extend_from_slice(&((h.at.lat_deg * 1e7).round() as i32).to_le_bytes());
    p.extend_from_slice(&((h.at.lon_deg * 1e7).round() as i32).to_le_bytes());
    p.extend_from_slice(&((h.amsl_m * 1e3).round() as i32).to_le_bytes());
    p.extend_from_slice(&((h.track_deg.rem_euclid(360.0) * 100.0) as u16).to_le_bytes());
    p.extend_from_slice(&((h.m_s * 100.0) as u16).to_le_bytes());
    p.extend_from_slice(&0_i16.to_le_bytes());
    // Coordinates, altitude, heading, velocity, callsign valid.
    p.extend_from_slice(&0x001f_u16.to_le_bytes());
    p.extend_from_slice(&0_u16.to_le_bytes());
    // Geometric altitude, callsign, light aircraft, heard this second.
    p.push(1);
    p.extend_from_slice(&h.callsign);
    p.extend_from_slice(&[1, 0]);
    frame(system, ADSB_RECEIVER, seq, ADSB_VEHICLE.0, ADSB_VEHICLE.1, &p)
}

/// A frame with a right checksum, of the few messages whose CRC_EXTRA is known here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Read<'b> {
    pub(crate) system: u8,
    pub(crate) component: u8,
    pub(crate) id: u32,
    payload: &'b [u8],
}

impl Read<'_> {
    /// `N` bytes at an offset of the payload; what was cut as trailing zeros is zero.
    pub(crate) fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        for (k, o) in out.iter_mut().enumerate() {
            *o = self.payload.get(at + k).copied().unwrap_or(0);
        }
        out
    }
}

/// Messages read from a followed autopilot, with their CRC_EXTRA: HEARTBEAT, ATTITUDE,
/// GLOBAL_POSITION_INT, MOUNT_STATUS, EXTENDED_SYS_STATE, BATTERY_STATUS, VFR_HUD,
/// GIMBAL_DEVICE_ATTITUDE_STATUS.
const READ: [(u32, u8); 8] = [
    (0, 50),
    (30, 39),
    (33, 104),
    (74, 20),
    (147, 154),
    (158, 134),
    (245, 130),
    (285, 137),
];

/// What stands at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Next<'b> {
    /// A whole frame of so many bytes; read, if it is one of those understood here.
    Frame(usize, Option<Read<'b>>),
    /// The beginning of a frame; more bytes are needed.
    Part,
    /// So many bytes that belong to no frame.
    Noise(usize),
}

/// Looks at the start of a stream of bytes: MAVLink 1 and 2, signed or not.
pub(crate) fn next(bytes: &[u8]) -> Next<'_> {
    let Some(&magic) = bytes.first() else { return Next::Part };
    let (head, whole) = match magic {
        0xfd => {
            let (Some(&n), Some(&incompat)) = (bytes.get(1), bytes.get(2)) else {
                return Next::Part;
            };
            (10, 12 + usize::from(n) + if incompat & 1 == 1 { 13 } else { 0 })
        }
        0xfe => {
            let Some(&n) = bytes.get(1) else { return Next::Part };
            (6, 8 + usize::from(n))
        }
        _ => {
            let k = bytes.iter().position(|b| matches!(b, 0xfd | 0xfe));
            return Next::Noise(k.unwrap_or(bytes.len()));
        }
    };
    let Some(f) = bytes.get(..whole) else { return Next::Part };
    let end = head + usize::from(f[1]);
    let (system, component, id) = if magic == 0xfd {
        (f[5], f[6], u32::from_le_bytes([f[7], f[8], f[9], 0]))
    } else {
        (f[3], f[4], u32::from(f[5]))
    };
    let Some((_, extra)) = READ.iter().find(|(k, _)| *k == id) else {
        return Next::Frame(whole, None);
    };
    if crc(&f[1..end], *extra) != u16::from_le_bytes([f[end], f[end + 1]]) {
        // A header by chance: go on behind its first byte.
        return Next::Noise(1);
    }
    let read = Read {
        system,
        component,
        id,
        payload: &f[head..end],
    };
    Next::Frame(whole, Some(read))
}

/// Longest stretch of a stream kept while a frame is incomplete: one frame.
const PENDING: usize = 300;

/// Cuts a byte stream into frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter(Vec<u8>);

impl Splitter {
    /// Whole frames of what came so far, in order. Bytes between frames are left out.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend_from_slice(bytes);
        let (mut at, mut out) = (0, Vec::new());
        loop {
            let rest = self.0.get(at..).unwrap_or_default();
            match next(rest) {
                Next::Frame(n, _) => {
                    out.push(rest[..n].to_vec());
                    at += n;
                }
                Next::Noise(n) if n > 0 => at += n,
                Next::Part if rest.len() > PENDING => at += 1,
                Next::Part | Next::Noise(_) => break,
            }
        }
        self.0.drain(..at);
        out
    }
}
