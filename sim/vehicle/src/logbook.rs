//! The aircraft's flight logs, one from arming to disarming, in its family's own format:
//! ArduPilot DataFlash (`.BIN`) or PX4 ULog (`.ulg`), as their tools read them.
//!
//! Invariant: a log holds what the aircraft believed, never the truth; memory is bounded. Must not
//! know how logs are fetched. Formats: ArduPilot `AP_Logger` structure (FMT records);
//! docs.px4.io, ULog file format.

use std::collections::VecDeque;

use vedette_model::Utc;

/// Most logs kept; the oldest makes room.
const LOGS: usize = 8;
/// Longest log, bytes; then it grows no more.
const LONGEST: usize = 4 << 20;

/// One log.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) id: u16,
    pub(crate) begun: Utc,
    pub(crate) bytes: Vec<u8>,
}

/// What is written down ten times in two seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) us: u64,
    pub(crate) utc: Utc,
    pub(crate) lat_e7: i32,
    pub(crate) lon_e7: i32,
    pub(crate) amsl: f64,
    pub(crate) above_home: f64,
    pub(crate) speed: f64,
    pub(crate) course: f64,
    pub(crate) roll: f64,
    pub(crate) pitch: f64,
    pub(crate) yaw: f64,
    pub(crate) quaternion: [f32; 4],
    pub(crate) volts: f64,
    pub(crate) amps: f64,
    pub(crate) share: f64,
    pub(crate) used_mah: f64,
    pub(crate) fix: bool,
}

/// All logs on board.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logbook {
    pub(crate) logs: VecDeque<Log>,
    px4: bool,
    next: u16,
    open: bool,
}

/// DataFlash records: type, name, format, columns.
const DATAFLASH: &[(u8, &str, &str, &str)] = &[
    (128, "FMT", "BBnNZ", "Type,Length,Name,Format,Columns"),
    (
        2,
        "GPS",
        "QBIHBLLeff",
        "TimeUS,Status,GMS,GWk,NSats,Lat,Lng,Alt,Spd,GCrs",
    ),
    (3, "ATT", "QccC", "TimeUS,Roll,Pitch,Yaw"),
    (4, "POS", "QLLff", "TimeUS,Lat,Lng,Alt,RelHomeAlt"),
    (5, "BAT", "QBffff", "TimeUS,Inst,Volt,Curr,CurrTot,RemPct"),
    (6, "MODE", "QMB", "TimeUS,Mode,ModeNum"),
    (7, "MSG", "QZ", "TimeUS,Message"),
    (8, "PARM", "QNff", "TimeUS,Name,Value,Default"),
];
/// ULog topics: id, name, fields.
const TOPICS: &[(u16, &str, &str)] = &[
    (
        0,
        "vehicle_global_position",
        "uint64_t timestamp;double lat;double lon;float alt;",
    ),
    (1, "vehicle_attitude", "uint64_t timestamp;float[4] q;"),
    (
        2,
        "battery_status",
        "uint64_t timestamp;float voltage_v;float current_a;float remaining;",
    ),
    (
        3,
        "vehicle_status",
        "uint64_t timestamp;uint8_t nav_state;uint8_t[7] _padding0;",
    ),
];

fn length(format: &str) -> u8 {
    let body: usize = format
        .bytes()
        .map(|c| match c {
            b'Q' | b'd' => 8,
            b'I' | b'L' | b'e' | b'f' | b'n' | b'i' => 4,
            b'H' | b'h' | b'c' | b'C' => 2,
            b'N' => 16,
            b'Z' => 64,
            _ => 1,
        })
        .sum();
    (body + 3) as u8
}

fn fixed<const N: usize>(s: &str) -> [u8; N] {
    crate::wire::text(s)
}

impl Logbook {
    pub(crate) fn new(px4: bool) -> Self {
        Self {
            px4,
            next: 1,
            ..Self::default()
        }
    }

    /// A log's file name on board.
    pub(crate) fn name(&self, log: &Log) -> String {
        if self.px4 {
            format!("log{:03}.ulg", log.id)
        } else {
            format!("{:08}.BIN", log.id)
        }
    }

    /// Begins a log with the parameters as they are.
    pub(crate) fn begin(&mut self, utc: Utc, us: u64, params: impl Iterator<Item = (&'static str, bool, f64)>) {
        if self.logs.len() >= LOGS {
            self.logs.pop_front();
        }
        let mut bytes = Vec::with_capacity(1 << 14);
        if self.px4 {
            bytes.extend_from_slice(b"ULog\x01\x12\x35\x01");
            bytes.extend_from_slice(&us.to_le_bytes());
            ulog(&mut bytes, b'B', &[&[0; 40]]);
            for (_, name, fields) in TOPICS {
                ulog(&mut bytes, b'F', &[name.as_bytes(), b":", fields.as_bytes()]);
            }
            for (name, integer, value) in params {
                let key = format!("{} {name}", if integer { "int32_t" } else { "float" });
                let raw = if integer {
                    (value as i32).to_le_bytes()
                } else {
                    (value as f32).to_le_bytes()
                };
                ulog(&mut bytes, b'P', &[&[key.len() as u8], key.as_bytes(), &raw]);
            }
            for (id, name, _) in TOPICS {
                ulog(&mut bytes, b'A', &[&[0], &id.to_le_bytes(), name.as_bytes()]);
            }
        } else {
            for (kind, name, format, columns) in DATAFLASH {
                dataflash(
                    &mut bytes,
                    128,
                    &[
                        &[*kind, length(format)],
                        &fixed::<4>(name),
                        &fixed::<16>(format),
                        &fixed::<64>(columns),
                    ],
                );
            }
            for (name, _, value) in params {
                let v = (value as f32).to_le_bytes();
                dataflash(&mut bytes, 8, &[&us.to_le_bytes(), &fixed::<16>(name), &v, &v]);
            }
        }
        self.logs.push_back(Log {
            id: self.next,
            begun: utc,
            bytes,
        });
        self.next = self.next.wrapping_add(1).max(1);
        self.open = true;
    }

    /// No more is added to the last log.
    pub(crate) fn end(&mut self) {
        self.open = false;
    }

    fn writer(&mut self) -> Option<&mut Vec<u8>> {
        if !self.open {
            return None;
        }
        self.logs.back_mut().map(|l| &mut l.bytes).filter(|b| b.len() < LONGEST)
    }

    /// A text of the autopilot.
    pub(crate) fn text(&mut self, us: u64, text: &str) {
        let px4 = self.px4;
        if let Some(b) = self.writer() {
            if px4 {
                ulog(b, b'L', &[b"6", &us.to_le_bytes(), text.as_bytes()]);
            } else {
                dataflash(b, 7, &[&us.to_le_bytes(), &fixed::<64>(text)]);
            }
        }
    }

    /// A change of mode.
    pub(crate) fn mode(&mut self, us: u64, custom: u32) {
        let px4 = self.px4;
        if let Some(b) = self.writer() {
            let n = custom as u8;
            if px4 {
                let state = (custom >> 24) as u8;
                ulog(b, b'D', &[&3_u16.to_le_bytes(), &us.to_le_bytes(), &[state], &[0; 7]]);
            } else {
                dataflash(b, 6, &[&us.to_le_bytes(), &[n, n]]);
            }
        }
    }

    /// State of flight.
    pub(crate) fn sample(&mut self, s: &Sample) {
        let px4 = self.px4;
        let Some(b) = self.writer() else {
            return;
        };
        let t = s.us.to_le_bytes();
        let f = |v: f64| (v as f32).to_le_bytes();
        if px4 {
            let (lat, lon) = (f64::from(s.lat_e7) * 1e-7, f64::from(s.lon_e7) * 1e-7);
            ulog(
                b,
                b'D',
                &[
                    &0_u16.to_le_bytes(),
                    &t,
                    &lat.to_le_bytes(),
                    &lon.to_le_bytes(),
                    &f(s.amsl),
                ],
            );
            let q = s.quaternion.map(f32::to_le_bytes);
            ulog(b, b'D', &[&1_u16.to_le_bytes(), &t, &q[0], &q[1], &q[2], &q[3]]);
            ulog(
                b,
                b'D',
                &[&2_u16.to_le_bytes(), &t, &f(s.volts), &f(s.amps), &f(s.share)],
            );
            return;
        }
        // GPS time runs from 6 January 1980, 18 s ahead of UTC since 2017.
        let gps_ms = s.utc.0 / 1000 - 315_964_800_000 + 18_000;
        let (week, ms) = (gps_ms / 604_800_000, gps_ms % 604_800_000);
        dataflash(
            b,
            2,
            &[
                &t,
                &[if s.fix { 3 } else { 1 }],
                &(ms as u32).to_le_bytes(),
                &(week as u16).to_le_bytes(),
                &[if s.fix { 14 } else { 0 }],
                &s.lat_e7.to_le_bytes(),
                &s.lon_e7.to_le_bytes(),
                &((s.amsl * 100.0) as i32).to_le_bytes(),
                &f(s.speed),
                &f(s.course),
            ],
        );
        let c = |deg: f64| ((deg * 100.0) as i16).to_le_bytes();
        dataflash(
            b,
            3,
            &[&t, &c(s.roll), &c(s.pitch), &((s.yaw * 100.0) as u16).to_le_bytes()],
        );
        dataflash(
            b,
            4,
            &[
                &t,
                &s.lat_e7.to_le_bytes(),
                &s.lon_e7.to_le_bytes(),
                &f(s.amsl),
                &f(s.above_home),
            ],
        );
        dataflash(
            b,
            5,
            &[&t, &[0], &f(s.volts), &f(s.amps), &f(s.used_mah), &f(s.share * 100.0)],
        );
    }
}

fn dataflash(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    out.extend_from_slice(&[0xA3, 0x95, kind]);
    for p in parts {
        out.extend_from_slice(p);
    }
}

fn ulog(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let n: usize = parts.iter().map(|p| p.len()).sum();
    out.extend_from_slice(&(n.min(65_535) as u16).to_le_bytes());
    out.push(kind);
    for p in parts {
        out.extend_from_slice(p);
    }
}
