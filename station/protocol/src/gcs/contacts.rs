//! Others in the air: ADS-B and Open Drone ID as an aircraft's receivers pass them on, and its own
//! Remote ID transmitter.
//!
//! Invariant: only places that are on the globe leave; a drone is told when its place and its
//! number are both known; memory is bounded. Sources: common.xml ADSB_*, OPEN_DRONE_ID_*.

use std::collections::BTreeMap;

use vedette_geo::{Hae, LatLon};
use vedette_model::{Contact, ContactHeight, ContactSource, Mono, Report};

use super::outbox::Outbox;
use super::telemetry::place;
use crate::codec::wire::{self, WireMessage};

/// Drones put together at once; the one unheard longest makes room.
const DRONES_MAX: usize = 128;

#[derive(Debug, Clone, Default)]
struct Drone {
    heard: Mono,
    number: Option<String>,
    operator: Option<String>,
    pilot: Option<LatLon>,
}

/// Receivers of one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    drones: BTreeMap<[u8; 20], Drone>,
    own: Option<Option<String>>,
}

/// ADSB_FLAGS: what is valid.
mod valid {
    pub(super) const COORDS: u16 = 1;
    pub(super) const ALTITUDE: u16 = 2;
    pub(super) const HEADING: u16 = 4;
    pub(super) const VELOCITY: u16 = 8;
    pub(super) const CALLSIGN: u16 = 16;
    pub(super) const VERTICAL: u16 = 128;
}

fn word(text: &str) -> Option<String> {
    let t: String = text.trim().chars().filter(char::is_ascii_graphic).collect();
    (!t.is_empty()).then_some(t)
}

impl Contacts {
    /// A message of any component of the aircraft.
    pub(crate) fn handle(&mut self, now: Mono, id: u32, payload: &[u8], out: &mut Outbox) {
        match id {
            wire::AdsbVehicle::ID => {
                if let Some(c) = adsb(&wire::AdsbVehicle::from_payload(payload)) {
                    out.report(now, Report::Contact(c));
                }
            }
            wire::OpenDroneIdBasicId::ID => {
                let m = wire::OpenDroneIdBasicId::from_payload(payload);
                self.drone(now, m.id_or_mac.0).number = word(&m.uas_id.to_text());
            }
            wire::OpenDroneIdOperatorId::ID => {
                let m = wire::OpenDroneIdOperatorId::from_payload(payload);
                self.drone(now, m.id_or_mac.0).operator = word(&m.operator_id.to_text());
            }
            wire::OpenDroneIdSystem::ID => {
                let m = wire::OpenDroneIdSystem::from_payload(payload);
                self.drone(now, m.id_or_mac.0).pilot = place(m.operator_lat, m.operator_lon);
            }
            wire::OpenDroneIdLocation::ID => {
                let m = wire::OpenDroneIdLocation::from_payload(payload);
                let d = self.drone(now, m.id_or_mac.0);
                if let Some(c) = drone(&m, d) {
                    out.report(now, Report::Contact(c));
                }
            }
            wire::OpenDroneIdArmStatus::ID => {
                let m = wire::OpenDroneIdArmStatus::from_payload(payload);
                let why = (m.status != 0).then(|| match m.error.to_text().trim().to_owned() {
                    t if t.is_empty() => "Remote ID does not allow arming".to_owned(),
                    t => t,
                });
                if self.own.as_ref() != Some(&why) {
                    self.own = Some(why.clone());
                    out.report(now, Report::RemoteId(why));
                }
            }
            _ => {}
        }
    }

    fn drone(&mut self, now: Mono, key: [u8; 20]) -> &mut Drone {
        if self.drones.len() >= DRONES_MAX
            && !self.drones.contains_key(&key)
            && let Some(oldest) = self.drones.iter().min_by_key(|(_, d)| d.heard).map(|(k, _)| *k)
        {
            self.drones.remove(&oldest);
        }
        let d = self.drones.entry(key).or_default();
        d.heard = now;
        d
    }
}

fn adsb(m: &wire::AdsbVehicle) -> Option<Contact> {
    let has = |bit: u16| m.flags & bit != 0;
    if !has(valid::COORDS) {
        return None;
    }
    let metres = f64::from(m.altitude) * 1e-3;
    Some(Contact {
        source: ContactSource::Adsb,
        id: format!("{:06X}", m.icao & 0x00FF_FFFF),
        name: if has(valid::CALLSIGN) {
            word(&m.callsign.to_text())
        } else {
            None
        },
        at: place(m.lat, m.lon)?,
        height: has(valid::ALTITUDE).then_some(if m.altitude_type == 0 {
            ContactHeight::Pressure(metres)
        } else {
            ContactHeight::Ellipsoid(Hae(metres))
        }),
        course_deg: (has(valid::HEADING) && m.heading <= 36_000).then(|| f64::from(m.heading) * 1e-2 % 360.0),
        speed_m_s: has(valid::VELOCITY).then(|| f64::from(m.hor_velocity) * 1e-2),
        climb_m_s: has(valid::VERTICAL).then(|| f64::from(m.ver_velocity) * 1e-2),
        // MAV emitter types 17..19: vehicles and obstacles on the surface.
        on_ground: (17..=19).contains(&m.emitter_type),
        pilot: None,
    })
}

fn drone(m: &wire::OpenDroneIdLocation, d: &Drone) -> Option<Contact> {
    // -1000 m means unknown.
    let known = |v: f32| (v.is_finite() && v > -999.0).then(|| f64::from(v));
    Some(Contact {
        source: ContactSource::RemoteId,
        id: d.number.clone()?,
        name: d.operator.clone(),
        at: place(m.lat, m.lon)?,
        height: known(m.altitude_geodetic)
            .map(|v| ContactHeight::Ellipsoid(Hae(v)))
            .or(known(m.altitude_barometric).map(ContactHeight::Pressure)),
        course_deg: (m.direction <= 36_000).then(|| f64::from(m.direction) * 1e-2 % 360.0),
        speed_m_s: (m.speed_horizontal < 25_500).then(|| f64::from(m.speed_horizontal) * 1e-2),
        climb_m_s: (m.speed_vertical.abs() < 6_300).then(|| f64::from(m.speed_vertical) * 1e-2),
        on_ground: m.status == 1,
        pilot: d.pilot,
    })
}
