//! The few MAVLink frames the world itself sends or alters: a foreign station's, an ADS-B
//! receiver's, a blocked pitot tube's.
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
const VFR_HUD: (u32, u8) = (74, 20);
const ADSB_VEHICLE: (u32, u8) = (246, 184);

/// Heartbeat of a ground station.
pub(crate) fn station_heartbeat(system: u8, seq: u8) -> Vec<u8> {
    // custom_mode, type GCS 6, autopilot INVALID 8, base_mode, ACTIVE 4, MAVLink 3.
    frame(system, 190, seq, HEARTBEAT.0, HEARTBEAT.1, &[0, 0, 0, 0, 6, 8, 0, 4, 3])
}

/// A command to the autopilot of an aircraft.
pub(crate) fn command(system: u8, seq: u8, to: u8, command: u16, params: [f32; 7]) -> Vec<u8> {
    let mut p = Vec::with_capacity(33);
    for v in params {
        p.extend_from_slice(&v.to_le_bytes());
    }
    p.extend_from_slice(&command.to_le_bytes());
    p.extend_from_slice(&[to, 1, 0]);
    frame(system, 190, seq, COMMAND_LONG.0, COMMAND_LONG.1, &p)
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

/// What an ADS-B receiver on board heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    pub(crate) icao: u32,
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
    p.extend_from_slice(b"FOREIGN\0\0");
    p.extend_from_slice(&[1, 0]);
    frame(system, 156, seq, ADSB_VEHICLE.0, ADSB_VEHICLE.1, &p)
}

/// Replaces the airspeed in a VFR_HUD frame and mends its checksum; other frames and signed ones
/// pass as they are.
pub(crate) fn with_airspeed(bytes: &mut Vec<u8>, m_s: f64) {
    let is = bytes.len() >= 12 && bytes[0] == 0xfd && bytes[2] == 0 && bytes[7..10] == [VFR_HUD.0 as u8, 0, 0];
    if !is {
        return;
    }
    let n = usize::from(bytes[1]);
    let Some(payload) = bytes.get(10..10 + n) else { return };
    let mut p = [0_u8; 20];
    let n = payload.len().min(20);
    p[..n].copy_from_slice(&payload[..n]);
    p[..4].copy_from_slice(&(m_s as f32).to_le_bytes());
    *bytes = frame(bytes[5], bytes[6], bytes[4], VFR_HUD.0, VFR_HUD.1, &p);
}
