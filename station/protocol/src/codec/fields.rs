//! A frame taken apart for people: its parts in bytes, its fields with names and units.
//!
//! Invariant: for eyes only; nothing is decided by it. A frame the dialect cannot read still shows
//! its bytes and says why.

use vedette_model::{DecodedFrame, FieldValue};

use super::frame::{HEADER_V1, HEADER_V2, IFLAG_SIGNED, STX_V1};
use super::{Verdict, parse_datagram};

/// Takes the first frame of some bytes apart.
#[must_use]
pub fn decode(raw: &[u8]) -> DecodedFrame {
    let Some(frame) = parse_datagram(raw).next() else {
        return DecodedFrame {
            parts: [0, 0, 0, 0],
            fields: Vec::new(),
            why: Some("no frame".to_owned()),
        };
    };
    let header = if raw.first() == Some(&STX_V1) {
        HEADER_V1
    } else {
        HEADER_V2
    };
    let signature = if frame.header.incompat & IFLAG_SIGNED != 0 {
        super::frame::SIGNATURE_LEN
    } else {
        0
    };
    let parts = [header, frame.payload.len(), 2, signature];
    if frame.verdict != Verdict::Valid {
        let why = match frame.verdict {
            Verdict::UnknownId => "not in this dialect: passed on byte for byte, never acted on",
            Verdict::Valid | Verdict::BadCrc => "its checksum is wrong",
        };
        return DecodedFrame {
            parts,
            fields: Vec::new(),
            why: Some(why.to_owned()),
        };
    }
    match frame.message() {
        Ok(m) => DecodedFrame {
            parts,
            fields: split(&format!("{m:?}"))
                .into_iter()
                .map(|(name, value)| tell(frame.header.message_id, name, value))
                .collect(),
            why: None,
        },
        Err(e) => DecodedFrame {
            parts,
            fields: Vec::new(),
            why: Some(format!("a value is newer than this dialect: {e}")),
        },
    }
}

/// `NAME(NAME_DATA { a: 1, b: [2, 3] })` into pairs.
fn split(debug: &str) -> Vec<(&str, &str)> {
    let body = match (debug.find("{ "), debug.rfind(" }")) {
        (Some(from), Some(to)) if from + 2 <= to => &debug[from + 2..to],
        _ => return Vec::new(),
    };
    let (mut depth, mut quoted, mut escaped, mut from) = (0_i32, false, false, 0);
    let mut pieces = Vec::new();
    for (i, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '(' | '{' if !quoted => depth += 1,
            ']' | ')' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                pieces.push(&body[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    pieces.push(&body[from..]);
    pieces.into_iter().filter_map(|p| p.trim().split_once(": ")).collect()
}

/// A field's scale, decimals and unit (MAVLink common.xml), where it has them.
fn unit(id: u32, name: &str) -> Option<(f64, usize, &'static str)> {
    const DEG: f64 = 57.295_779_513_082_32;
    Some(match (id, name) {
        (_, "time_boot_ms") => (1.0, 0, "ms"),
        (_, "time_usec" | "time_unix_usec") => (1.0, 0, "µs"),
        (24 | 33 | 49 | 63 | 87 | 132 | 242 | 246, "lat" | "lon" | "latitude" | "longitude") => (1e-7, 7, "°"),
        (24 | 33 | 242, "alt" | "altitude") => (1e-3, 2, "m AMSL"),
        (33, "relative_alt") => (1e-3, 2, "m"),
        (33, "vx") => (1e-2, 2, "m/s N"),
        (33, "vy") => (1e-2, 2, "m/s E"),
        (33, "vz") => (1e-2, 2, "m/s D"),
        (33, "hdg") => (1e-2, 1, "° T"),
        (24, "eph" | "epv") => (1e-2, 2, ""),
        (24, "vel") => (1e-2, 2, "m/s"),
        (24, "cog") => (1e-2, 1, "° T"),
        (24, "alt_ellipsoid" | "h_acc" | "v_acc") => (1e-3, 2, "m"),
        (30, "roll" | "pitch" | "yaw") => (DEG, 1, "°"),
        (30, "rollspeed" | "pitchspeed" | "yawspeed") => (DEG, 1, "°/s"),
        (1, "voltage_battery") => (1e-3, 2, "V"),
        (1 | 147, "current_battery") => (1e-2, 2, "A"),
        (1 | 147, "battery_remaining") => (1.0, 0, "%"),
        (1, "load") => (0.1, 1, "%"),
        (74, "airspeed" | "groundspeed" | "climb") => (1.0, 2, "m/s"),
        (74, "alt") => (1.0, 2, "m AMSL"),
        (74, "heading") => (1.0, 0, "° T"),
        (74, "throttle") => (1.0, 0, "%"),
        (168, "direction") => (1.0, 0, "°"),
        (168, "speed" | "speed_z") => (1.0, 2, "m/s"),
        (111, "tc1" | "ts1") => (1e-9, 3, "s"),
        _ => return None,
    })
}

fn tell(id: u32, name: &str, value: &str) -> FieldValue {
    let (value, unit) = match (unit(id, name), value.parse::<f64>()) {
        (Some((scale, decimals, unit)), Ok(v)) => (format!("{:.*}", decimals, v * scale), unit),
        (Some((_, _, unit)), Err(_)) => (plain(value), unit),
        (None, _) => (plain(value), ""),
    };
    FieldValue {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
    }
}

/// Flags and characters without their wrappers; control characters replaced.
fn plain(value: &str) -> String {
    if let Some(bytes) = value.strip_prefix("CharArray { data: [") {
        let text: Vec<u8> = bytes
            .split(']')
            .next()
            .unwrap_or("")
            .split(", ")
            .map_while(|b| b.parse().ok())
            .take_while(|b| *b != 0)
            .collect();
        return String::from_utf8_lossy(&text)
            .chars()
            .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
            .collect();
    }
    let inner = value
        .split_once('(')
        .filter(|(head, _)| !head.is_empty() && head.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(value);
    inner
        .chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::wire::{self, WireMessage as _};
    use crate::codec::{EncodeHeader, encode_payload};

    fn frame(id: u32, payload: &[u8]) -> Vec<u8> {
        let header = EncodeHeader {
            system: 3,
            component: 1,
            sequence: 7,
        };
        encode_payload(header, id, payload)
    }

    #[test]
    fn fields_carry_their_units_and_bytes_their_parts() {
        let m = wire::GlobalPositionInt {
            time_boot_ms: 4_188_204,
            lat: 424_412_873,
            lon: 15_529_140,
            alt: 2_364_210,
            relative_alt: 284_100,
            vx: 691,
            vy: -477,
            vz: 12,
            hdg: 11_840,
        };
        let raw = frame(wire::GlobalPositionInt::ID, &m.to_payload());
        let d = decode(&raw);
        assert_eq!(d.parts, [10, raw.len() - 12, 2, 0]);
        let said: Vec<String> = d
            .fields
            .iter()
            .map(|f| format!("{} {} {}", f.name, f.value, f.unit))
            .collect();
        assert!(said.contains(&"lat 42.4412873 °".to_owned()), "{said:?}");
        assert!(said.contains(&"vy -4.77 m/s E".to_owned()), "{said:?}");
        assert!(said.contains(&"hdg 118.4 ° T".to_owned()), "{said:?}");
        assert_eq!(d.fields.len(), 9, "{said:?}");
    }

    #[test]
    fn enums_flags_and_texts_read_and_strangers_say_why() {
        let beat = wire::Heartbeat {
            custom_mode: 4,
            kind: 2,
            autopilot: 3,
            base_mode: 217,
            system_status: 4,
            mavlink_version: 3,
        };
        let d = decode(&frame(0, &beat.to_payload()));
        let of = |n: &str| d.fields.iter().find(|f| f.name == n).map(|f| f.value.clone());
        assert_eq!(of("mavtype").as_deref(), Some("MAV_TYPE_QUADROTOR"), "{d:?}");
        assert!(of("base_mode").is_some_and(|v| v.contains("SAFETY_ARMED")), "{d:?}");
        let text = wire::StatusText {
            text: wire::Array::from_text("EKF3 IMU0, is using GPS: {ok}"),
            severity: 6,
            ..Default::default()
        };
        let d = decode(&frame(wire::StatusText::ID, &text.to_payload()));
        assert!(
            d.fields.iter().any(|f| f.value.contains("EKF3 IMU0, is using GPS")),
            "{d:?}"
        );
        let d = decode(&[0xFD, 2, 0, 0, 1, 3, 1, 0x01, 0xF0, 0, 1, 2, 3, 4]);
        assert!(d.why.is_some_and(|w| w.contains("dialect")));
        assert!(decode(b"junk").why.is_some());
    }
}
