//! What an instructor can put into a running exercise: faults with their values, and people, animals
//! and vehicles.
//!
//! Invariant: every fault offered is one the simulator knows. It must not know sessions or clocks.

use vedette_geo::LatLon;
use vedette_panels::train::{Dial, FaultKind, NewcomerWay};
use vedette_sim::{ActorKind, Newcomer, Role, Trouble};

/// The faults of the desk: name, words, value (name, unit, usual, step, least, most), seconds.
type Row = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str, f64, f64, f64, f64)>,
    Option<f64>,
);
const KINDS: [Row; 18] = [
    ("link-loss", "Link lost", None, Some(40.0)),
    (
        "link-poor",
        "Link poor",
        Some(("datagrams lost", "%", 30.0, 10.0, 10.0, 90.0)),
        Some(60.0),
    ),
    (
        "link-delay",
        "Link slow",
        Some(("later by", "ms", 800.0, 100.0, 100.0, 3000.0)),
        Some(60.0),
    ),
    ("gnss-jam", "GNSS jammed", None, Some(60.0)),
    ("gnss-loss", "GNSS lost", None, Some(60.0)),
    (
        "gnss-spoof",
        "GNSS spoofed",
        Some(("drift", "m/s", 2.0, 1.0, 1.0, 10.0)),
        Some(60.0),
    ),
    (
        "battery-sag",
        "Battery sag",
        Some(("energy gone", "Wh", 60.0, 10.0, 10.0, 300.0)),
        None,
    ),
    (
        "wind",
        "Wind gust",
        Some(("wind", "m/s", 14.0, 1.0, 5.0, 25.0)),
        Some(60.0),
    ),
    ("video-freeze", "Video frozen", None, Some(20.0)),
    ("video-loss", "Video lost", None, Some(20.0)),
    ("gimbal-stuck", "Gimbal stuck", None, None),
    (
        "motor",
        "Motor weak",
        Some(("thrust gone", "%", 15.0, 5.0, 5.0, 40.0)),
        Some(60.0),
    ),
    (
        "pitot",
        "Pitot blocked",
        Some(("stands at", "m/s", 12.0, 1.0, 0.0, 40.0)),
        Some(60.0),
    ),
    (
        "compass",
        "Compass off",
        Some(("off by", "deg", 15.0, 5.0, 5.0, 90.0)),
        Some(120.0),
    ),
    (
        "baro",
        "Barometer off",
        Some(("too high by", "m", 15.0, 5.0, 5.0, 60.0)),
        Some(60.0),
    ),
    (
        "terrain-data",
        "Map aboard wrong",
        Some(("too low by", "m", 30.0, 10.0, 10.0, 200.0)),
        Some(120.0),
    ),
    (
        "intruder",
        "Aircraft near",
        Some(("above it", "m", 60.0, 20.0, 0.0, 400.0)),
        Some(120.0),
    ),
    ("second-station", "Second station", None, Some(30.0)),
];

/// How far from the aircraft an intruder comes into sight, metres, and how fast it flies, m/s.
const INTRUDER: (f64, f64) = (2_500.0, 40.0);

/// A fault as the simulator takes it; `None` for a name or a value it does not know. `at` is where
/// the aircraft is and its height above the sea, metres.
pub(crate) fn trouble(key: &str, value: Option<f64>, wind_from_deg: f64, at: Option<(LatLon, f64)>) -> Option<Trouble> {
    Some(match (key, value) {
        ("link-loss", _) => Trouble::LinkLoss,
        ("link-poor", Some(v)) => Trouble::LinkPoor { share: v / 100.0 },
        ("link-delay", Some(ms)) => Trouble::LinkDelay { ms },
        ("gnss-jam", _) => Trouble::GnssJam,
        ("gnss-loss", _) => Trouble::GnssLoss,
        // Northwards and eastwards alike.
        ("gnss-spoof", Some(v)) => Trouble::GnssSpoof {
            north_m_s: v * std::f64::consts::FRAC_1_SQRT_2,
            east_m_s: v * std::f64::consts::FRAC_1_SQRT_2,
        },
        ("battery-sag", Some(wh)) => Trouble::BatterySag { wh },
        ("wind", Some(m_s)) => Trouble::Wind {
            deg: wind_from_deg,
            m_s,
            gust_m_s: m_s * 0.4,
        },
        ("video-freeze", _) => Trouble::VideoFreeze,
        ("video-loss", _) => Trouble::VideoLoss,
        ("gimbal-stuck", _) => Trouble::GimbalStuck,
        ("motor", Some(v)) => Trouble::Motor { share: v / 100.0 },
        ("pitot", Some(m_s)) => Trouble::Pitot { m_s },
        ("compass", Some(deg)) => Trouble::Compass { deg },
        ("baro", Some(metres)) => Trouble::Baro { metres },
        ("terrain-data", Some(metres)) => Trouble::TerrainData { metres },
        // Down the wind and right over the aircraft.
        ("intruder", Some(v)) => {
            let (here, amsl_m) = at?;
            Trouble::Intruder {
                from: vedette_geo::destination(here, wind_from_deg, INTRUDER.0),
                to: vedette_geo::destination(here, wind_from_deg + 180.0, INTRUDER.0),
                metres: amsl_m + v,
                m_s: INTRUDER.1,
            }
        }
        ("second-station", _) => Trouble::SecondStation,
        _ => return None,
    })
}

pub(crate) fn kinds() -> Vec<FaultKind> {
    KINDS
        .iter()
        .map(|(key, words, dial, for_s)| FaultKind {
            key: (*key).to_owned(),
            words: (*words).to_owned(),
            dial: dial.map(|(name, unit, value, step, least, most)| Dial {
                name: name.to_owned(),
                unit: unit.to_owned(),
                value,
                step,
                least,
                most,
            }),
            for_s: *for_s,
            at_once: *key == "battery-sag",
            single: *key == "intruder",
        })
        .collect()
}

/// Kinds that move by themselves.
pub(crate) fn movers() -> impl Iterator<Item = &'static (&'static str, ActorKind)> {
    ActorKind::ALL.iter().filter(|(_, k)| *k != ActorKind::Parcel)
}

/// Somebody put in by hand: `number` tells them apart. Who comes in starts abroad and ends well
/// inside, at an unhurried pace of their kind; who is lawful goes along inside.
pub(crate) fn newcomer(number: u32, kind: ActorKind, count: u32, km: f64, way: NewcomerWay) -> Newcomer {
    let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    let round = match number / 26 {
        0 => String::new(),
        n => n.to_string(),
    };
    let (role, inside_m, to_km, to_inside_m) = match way {
        NewcomerWay::Crosses => (Role::Subject, -60.0, km, 150.0),
        NewcomerWay::Inside => (Role::Lawful, 120.0, km + 0.2, 160.0),
    };
    Newcomer {
        name: format!("newcomer {letter}{round}"),
        kind,
        role,
        count,
        km,
        inside_m,
        to_km,
        to_inside_m,
        speed_m_s: match kind {
            ActorKind::Person | ActorKind::Cow | ActorKind::Dog => 1.2,
            _ => 4.0,
        },
    }
}
