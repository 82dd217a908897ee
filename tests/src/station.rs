//! What a station says to an aircraft to start its patrol, in MAVLink 2 frames made by hand: neither the station's codec nor the
//! aircraft's, so that it holds for both.

use vedette_model::Airframe;

/// A command and its first two parameters.
pub type Said = (u16, [f32; 2]);

/// One frame of station `from`.
fn frame(from: u8, seq: u8, id: u8, extra: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    let mut f = vec![0xfd, length, 0, 0, seq, from, 190, id, 0, 0];
    f.extend_from_slice(payload);
    let mut crc = 0xffff_u16;
    for b in f[1..].iter().copied().chain([extra]) {
        crc ^= u16::from(b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x8408 } else { crc >> 1 };
        }
    }
    f.extend(crc.to_le_bytes());
    f
}

/// HEARTBEAT of a ground station.
#[must_use]
pub fn heartbeat(from: u8, seq: u8) -> Vec<u8> {
    frame(from, seq, 0, 50, &[0, 0, 0, 0, 6, 8, 0, 4, 3])
}

/// COMMAND_LONG to the autopilot of system `to`.
#[must_use]
pub fn command(from: u8, seq: u8, to: u8, command: u16, p: [f32; 2]) -> Vec<u8> {
    let mut b = Vec::new();
    for v in [p[0], p[1], 0.0, 0.0, 0.0, 0.0, 0.0] {
        b.extend_from_slice(&v.to_le_bytes());
    }
    b.extend_from_slice(&command.to_le_bytes());
    b.extend_from_slice(&[to, 1, 0]);
    frame(from, seq, 76, 152, &b)
}

/// How an aircraft of the ArduPilot family begins the mission aboard, in steps: a multirotor arms in GUIDED (4) and starts in
/// AUTO (3), a plane arms in AUTO (10).
#[must_use]
pub fn start_orders(airframe: Airframe) -> &'static [&'static [Said]] {
    if airframe == Airframe::Copter {
        &[
            &[(176, [1.0, 4.0])],
            &[(400, [1.0, 0.0])],
            &[(176, [1.0, 3.0]), (300, [0.0, 0.0])],
        ]
    } else {
        &[&[(176, [1.0, 10.0])], &[(400, [1.0, 0.0])]]
    }
}
