//! Ground sensors of a scenario and what actors tell of themselves by radio, checked.
//!
//! Invariant: a sensor has exactly the place its kind needs, and a transponder hangs on somebody
//! who can carry it.

use toml::Spanned;
use vedette_geo::Amsl;

use super::SimAircraft;
use super::file::{ScenarioFile, SensorFile};
use super::resolve::Ctx;
use crate::actors::Actor;
use crate::cues::{GroundSensor, Seat, SensorKind, Transponder};

/// What each actor tells of itself; empty when nobody tells anything.
pub(super) fn transponders(cx: &Ctx<'_>, raw: &ScenarioFile, actors: &[Actor]) -> Vec<Transponder> {
    let mut out = vec![Transponder::default(); actors.len()];
    let mut any = false;
    for a in &raw.actor {
        let at = a.name.span().start;
        let name = a.name.get_ref();
        let carries = [
            (SensorKind::Ais, a.ais.is_some(), "ais", "boats and ships"),
            (SensorKind::Adsb, a.adsb.is_some(), "adsb", "drones"),
            (SensorKind::RemoteId, a.remote_id.is_some(), "remote_id", "drones"),
        ];
        if !carries.iter().any(|c| c.1) {
            continue;
        }
        any = true;
        for (kind, there, key, who) in carries {
            if there && !GroundSensor::carries(kind, a.kind.medium()) {
                cx.wrong(
                    at,
                    format!("actor \"{name}\" has `{key}` and is a {}", a.kind.name()),
                    format!("only {who} carry it"),
                );
            }
        }
        if a.count > 1 {
            cx.wrong(
                at,
                format!("actor \"{name}\" is there {} times with one identity", a.count),
                "give each with a transponder its own [[actor]]",
            );
        }
        let Some(mine) = actors.iter().position(|o| o.name == *name).and_then(|n| out.get_mut(n)) else {
            continue;
        };
        mine.ais = a.ais.as_ref().map(|t| {
            cx.range(at, "actor.ais.mmsi", f64::from(t.mmsi), 1.0, 999_999_999.0);
            let until = t
                .until_s
                .as_ref()
                .map_or(f64::INFINITY, |w| cx.when(at, "actor.ais.until_s", w));
            (t.mmsi, t.name.clone(), until)
        });
        mine.adsb = a.adsb.as_ref().map(|t| {
            cx.range(at, "actor.adsb.icao", f64::from(t.icao), 1.0, f64::from(0x00FF_FFFF));
            (t.icao, t.callsign.clone())
        });
        mine.remote_id = a.remote_id.as_ref().map(|t| {
            if t.number.is_empty() || t.number.len() > 20 || !t.number.is_ascii() {
                cx.wrong(
                    at,
                    format!("actor.remote_id.number is \"{}\"", t.number),
                    "1 to 20 ASCII characters",
                );
            }
            (
                t.number.clone(),
                t.operator.clone(),
                cx.place(at, "actor.remote_id.pilot", &t.pilot),
            )
        });
    }
    if any { out } else { Vec::new() }
}

pub(super) fn sensors(cx: &Ctx<'_>, raw: &ScenarioFile, fleet: &[SimAircraft], actors: &[Actor]) -> Vec<GroundSensor> {
    let mut out: Vec<GroundSensor> = Vec::new();
    for s in &raw.sensor {
        if let Some(sensor) = sensor(cx, s, fleet, actors) {
            if out.iter().any(|o| o.name == sensor.name) {
                cx.wrong(
                    s.name.span().start,
                    format!("sensor \"{}\" is there twice", sensor.name),
                    "give each sensor its own name",
                );
            }
            out.push(sensor);
        }
    }
    out
}

fn sensor(cx: &Ctx<'_>, s: &SensorFile, fleet: &[SimAircraft], actors: &[Actor]) -> Option<GroundSensor> {
    let at = s.name.span().start;
    let kind = s.kind;
    let name = s.name.get_ref().clone();
    let seat = seat(cx, &s.name, s, fleet, actors)?;
    let (range_m, every_s, error_m) = GroundSensor::usual(kind);
    let is = |k: SensorKind| kind == k;
    // Values of another kind would do nothing in silence.
    for (key, there, belongs) in [
        ("bearing_deg", s.bearing_deg.is_some(), is(SensorKind::Tower)),
        ("view_deg", s.view_deg.is_some(), is(SensorKind::Tower)),
        ("ifov_mrad", s.ifov_mrad.is_some(), is(SensorKind::Tower)),
        ("opened_s", s.opened_s.is_some(), is(SensorKind::ESeal)),
        (
            "every_s",
            s.every_s.is_some(),
            matches!(kind, SensorKind::Seismic | SensorKind::Tower | SensorKind::ESeal),
        ),
        (
            "false_per_hour",
            s.false_per_hour.is_some(),
            matches!(kind, SensorKind::Seismic | SensorKind::Tower),
        ),
        ("range_m", s.range_m.is_some(), !is(SensorKind::ESeal)),
    ] {
        if there && !belongs {
            cx.wrong(
                at,
                format!("sensor \"{name}\" is a {} and has `{key}`", kind.name()),
                "see the table of ground sensors in sim/scenarios/README.md",
            );
        }
    }
    Some(GroundSensor {
        kind,
        seat,
        range_m: cx.range(at, "sensor.range_m", s.range_m.unwrap_or(range_m), 0.0, 400_000.0),
        every_s: cx.range(
            at,
            "sensor.every_s",
            s.every_s.unwrap_or(f64::from(every_s)).round(),
            1.0,
            86_400.0,
        ) as u32,
        detection: cx.range(at, "sensor.detection", s.detection.unwrap_or(0.95), 0.0, 1.0),
        false_per_hour: cx.range(
            at,
            "sensor.false_per_hour",
            s.false_per_hour.unwrap_or(0.0),
            0.0,
            3_600.0,
        ),
        error_m: cx.range(at, "sensor.error_m", s.error_m.unwrap_or(error_m), 0.0, 2_000.0),
        bearing_deg: cx.range(at, "sensor.bearing_deg", s.bearing_deg.unwrap_or(0.0), 0.0, 360.0),
        view_deg: cx.range(at, "sensor.view_deg", s.view_deg.unwrap_or(360.0), 1.0, 360.0),
        // 640 pixels over 13 degrees.
        ifov_mrad: cx.range(at, "sensor.ifov_mrad", s.ifov_mrad.unwrap_or(0.355), 0.005, 5.0),
        opened_s: s.opened_s.as_ref().map(|w| cx.when(at, "sensor.opened_s", w)),
        name,
    })
}

fn seat(cx: &Ctx<'_>, name: &Spanned<String>, s: &SensorFile, fleet: &[SimAircraft], actors: &[Actor]) -> Option<Seat> {
    let at = name.span().start;
    let name = name.get_ref();
    let aboard = matches!(s.kind, SensorKind::Adsb | SensorKind::RemoteId);
    match (&s.at, s.vehicle, &s.on) {
        (Some(place), None, None) if s.kind != SensorKind::ESeal => {
            let p = cx.place(at, "sensor.at", place);
            let ground = cx.world.terrain.elevation(p).unwrap_or_else(|| {
                cx.wrong(
                    at,
                    format!("sensor \"{name}\" at {p} has no known ground height"),
                    "put it inside the site's terrain",
                );
                Amsl(0.0)
            });
            // Geophones lie in the ground.
            let usual = if s.kind == SensorKind::Seismic { 0.0 } else { 8.0 };
            let mast = cx.range(at, "sensor.mast_m", s.mast_m.unwrap_or(usual), 0.0, 300.0);
            Some(Seat::Fixed(p, Amsl(ground.0 + mast)))
        }
        (None, Some(system), None) if aboard => {
            if !fleet.iter().any(|v| v.system == system) {
                let have: Vec<_> = fleet.iter().map(|v| v.system.to_string()).collect();
                cx.wrong(
                    at,
                    format!("sensor \"{name}\" names aircraft {system}"),
                    format!("the scenario's are {}", have.join(", ")),
                );
            }
            Some(Seat::Aircraft(system))
        }
        (None, None, Some(on)) if s.kind == SensorKind::ESeal => {
            let Some(n) = actors.iter().position(|a| a.name == *on) else {
                let all: Vec<_> = actors.iter().map(|a| a.name.as_str()).collect();
                cx.wrong(
                    at,
                    format!("sensor \"{name}\" is on \"{on}\""),
                    format!("the scenario's actors are {}", all.join(", ")),
                );
                return None;
            };
            Some(Seat::Actor(n))
        }
        _ => {
            let needs = match s.kind {
                SensorKind::ESeal => "`on` with the name of an actor",
                SensorKind::Adsb | SensorKind::RemoteId => "`at` with a place, or `vehicle` with a system id",
                SensorKind::Seismic | SensorKind::Tower | SensorKind::Ais => "`at` with a place",
            };
            cx.wrong(
                at,
                format!("sensor \"{name}\" is a {} and is nowhere", s.kind.name()),
                format!("give {needs}, and nothing else of `at`, `vehicle`, `on`"),
            );
            None
        }
    }
}
