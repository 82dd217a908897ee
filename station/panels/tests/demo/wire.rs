//! The same moment with a wire worth inspecting: two ways each, a black-out, refused frames, a
//! second sender, parameters that differ from their baseline.
//!
//! Invariant: figures are invented, shapes are those of the station.

use std::collections::BTreeMap;
use std::sync::Arc;

use vedette_core::{BaselineView, LinkHistory, LinkPace, LinkSwitch, PathHistory, PathSample, StationView};
use vedette_model::{
    Baseline, ClockMap, DecodedFrame, FieldValue, FrameTrust, Known, LandedState, LinkId, MessageRow, Mono,
    OperatorControl, ParameterTable, PathReport, RejectReason, Rejection, SecondSender, SigningReport, SigningState,
    VehicleId,
};

fn table(rows: &[(&str, f64)]) -> BTreeMap<String, f64> {
    rows.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect()
}

/// The moment, with its wire.
pub fn view() -> StationView {
    let mut v = super::view();
    // Half an hour into the watch.
    v.now = v.now.plus_ms(1_500_000);
    let now = v.now;
    for a in v.vehicles.values_mut() {
        a.last_heard = Some(now.plus_ms(-200));
        let n = i64::from(a.id.0);
        let slot = now.0 / (LinkHistory::SAMPLE_S * 1_000_000);
        let hole = |i: i64| (200 + 60 * n..212 + 60 * n).contains(&i);
        let quality = |i: i64, base: i64| (base + (i * 7 % 11) - 5 + (i * 3 % 5)).clamp(0, 100) as u8;
        let ways = [(1_u32, 92 - 4 * n), (2, 78 - 6 * n)];
        a.link_history.paths = ways
            .iter()
            .map(|(link, base)| PathHistory {
                link: LinkId(*link),
                peer: format!("10.20.0.{n}:14550"),
                from: slot - 449,
                samples: (0..450)
                    .map(|i| PathSample {
                        quality: if hole(i) && *link == 1 { 22 } else { quality(i, *base) },
                        active: hole(i) == (*link == 2),
                    })
                    .collect(),
            })
            .collect();
        a.paths = ways
            .iter()
            .map(|(link, base)| PathReport {
                link: LinkId(*link),
                peer: format!("10.20.0.{n}:14550"),
                active: *link == 1,
                chosen: false,
                proven: true,
                quality: *base as f64 / 100.0,
                loss: 0.004 * f64::from(*link) * n as f64,
                rtt_ms: Some(40.0 + 30.0 * f64::from(*link)),
                heard: now.plus_ms(-80),
                frames: 40_000,
            })
            .collect();
        a.switches = vec![LinkSwitch {
            at: now.plus_ms(-400_000),
            from: LinkId(2),
            to: LinkId(1),
            silence_ms: 380 + 30 * n,
            by_hand: false,
        }];
        a.signing = Some(SigningReport {
            state: if n == 1 {
                SigningState::Signed
            } else {
                SigningState::Unsigned
            },
            signed: if n == 1 { 41_204 } else { 0 },
            bad_signature: 96,
            replayed: 31,
            unsigned: 402,
            why: String::new(),
            key: (n == 1).then(|| "3fa2".to_owned()),
        });
        let clock = |drift_us: i64, sigma_us| {
            let offset_us = v.utc.0 - 4_188_000_000 + drift_us;
            Some(Known::new(ClockMap { offset_us, sigma_us }, now))
        };
        a.clock = clock(800 * n, 2_000);
        a.clock_first = clock(0, 4_000);
        a.control = Some(OperatorControl {
            owner: if n == 1 { 253 } else { 255 },
            others: vec![],
            ours: n == 1,
            takeover_allowed: true,
        });
    }
    let on_board = ParameterTable::new(table(&[
        ("FS_GCS_ENABLE", 5.0),
        ("RTL_ALT", 15_000.0),
        ("BATT_LOW_VOLT", 21.0),
        ("SR1_EXTRA1", 20.0),
        ("MNT1_RETRACT_X", 2.0),
        ("WPNAV_SPEED", 1_000.0),
        ("SYSID_MYGCS", 255.0),
    ]));
    let wanted = Baseline {
        values: table(&[
            ("FS_GCS_ENABLE", 1.0),
            ("RTL_ALT", 33_000.0),
            ("BATT_LOW_VOLT", 21.6),
            ("SR1_EXTRA1", 10.0),
            ("MNT1_RETRACT_X", 0.0),
            ("WPNAV_SPEED", 1_000.0),
            ("SYSID_MYGCS", 255.0),
        ]),
    };
    let a = v.vehicles.get_mut(&VehicleId(1)).unwrap();
    a.landed = Some(Known::new(LandedState::OnGround, now));
    a.armed = Some(Known::new(false, now));
    a.leg = None;
    a.baseline = Some(BaselineView {
        name: "2026-10-30".into(),
        differences: wanted.differences(&on_board),
        accepted: None,
    });
    a.parameter_table = on_board;
    a.grounded = vec![
        "SYSID_MYGCS is 255: it does not notice when this station (253) falls silent; set it to 253".into(),
        "3 safety differences from baseline 2026-10-30 not accepted by anyone".into(),
    ];
    a.second = Some(Known::new(
        SecondSender {
            link: LinkId(1),
            peer: "10.20.0.77:14550".into(),
            why: "it booted at another time".into(),
            boot_ms: Some(41_000),
            ours_boot_ms: Some(4_188_000),
            frames: 7,
        },
        now.plus_ms(-900),
    ));
    a.duplicate = true;
    for (n, link) in (1_i64..).zip(v.links.values_mut()) {
        let reject = |reason, count: u64, from: &str, ago: i64| Rejection {
            reason,
            count,
            mostly_from: from.to_owned(),
            last: now.plus_ms(-ago * 1000),
        };
        link.valid = 2_450_112;
        link.duplicates = 602_000;
        link.rejects = if n == 1 {
            vec![
                reject(RejectReason::Unsigned, 402, "10.20.0.77:14550", 146),
                reject(RejectReason::BadSignature, 96, "10.20.0.77:14550", 146),
                reject(RejectReason::OldVersion, 18, "10.20.0.80:14550", 1_678),
            ]
        } else {
            vec![
                reject(RejectReason::BadChecksum, 1_764, "10.20.0.2:14550", 7),
                reject(RejectReason::Replayed, 31, "10.20.0.1:14550", 969),
            ]
        };
        v.link_pace.insert(
            link.link,
            LinkPace {
                at: now,
                in_hz: 206.0,
                out_hz: 19.0,
            },
        );
    }
    v
}

/// Messages of both aircraft by both links.
pub fn rows(now: Mono) -> Arc<Vec<MessageRow>> {
    let all = [
        (0_u32, "HEARTBEAT", 1.0, 21_usize),
        (1, "SYS_STATUS", 2.0, 43),
        (24, "GPS_RAW_INT", 5.0, 52),
        (30, "ATTITUDE", 20.0, 40),
        (33, "GLOBAL_POSITION_INT", 10.0, 53),
        (42, "MISSION_CURRENT", 1.0, 30),
        (74, "VFR_HUD", 4.0, 32),
        (111, "TIMESYNC", 1.0, 30),
        (147, "BATTERY_STATUS", 2.0, 53),
        (285, "GIMBAL_DEVICE_ATTITUDE_STATUS", 10.0, 61),
        (42_001, "", 0.5, 56),
    ];
    let mut out = Vec::new();
    for system in [1_u8, 2] {
        for link in [1_u32, 2] {
            for (n, (id, name, hz, len)) in (0_u8..).zip(all) {
                let [low, high, ..] = id.to_le_bytes();
                let mut raw = vec![0xfd, (len.max(25) - 25) as u8, 1, 0, 0xb7, system, 1, low, high, 0];
                while raw.len() < len {
                    raw.push((raw.len() * 37 + 11) as u8);
                }
                out.push(MessageRow {
                    link: LinkId(link),
                    peer: format!("10.20.0.{system}:14550"),
                    system,
                    component: if id == 285 { 154 } else { 1 },
                    id,
                    name: name.into(),
                    count: 4_000,
                    rate_hz: hz,
                    spark: (0..20).map(|i| (hz as u8).max(1) + (i * (n + 3)) % 3).collect(),
                    last: now.plus_ms(-80 - i64::from(n) * 40),
                    raw,
                    trust: if system == 1 {
                        FrameTrust::Proven
                    } else {
                        FrameTrust::Unsigned
                    },
                });
            }
        }
    }
    Arc::new(out)
}

/// A frame taken apart as the protocol would.
pub fn decode(raw: &[u8]) -> DecodedFrame {
    let field = |name: &str, value: &str, unit: &str| FieldValue {
        name: name.into(),
        value: value.into(),
        unit: unit.into(),
    };
    DecodedFrame {
        parts: [10, raw.len().saturating_sub(25), 2, 13],
        fields: vec![
            field("time_boot_ms", "4188204", "ms"),
            field("lat", "42.4412873", "°"),
            field("lon", "1.5529140", "°"),
            field("alt", "2364.21", "m AMSL"),
            field("relative_alt", "284.10", "m"),
            field("vx", "6.91", "m/s N"),
            field("vy", "-4.77", "m/s E"),
            field("vz", "0.12", "m/s D"),
            field("hdg", "118.4", "° T"),
        ],
        why: None,
    }
}
