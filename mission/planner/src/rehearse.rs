//! Link loss rehearsed: on every leg, does the link carry, and if it dies here, what happens and where does it end.
//!
//! Invariant: what is told is what the plan holds — its action per leg, its ways home, its return height; nothing is assumed of
//! the autopilot beyond that. Legs flown again the same way are told once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_geo::{Amsl, LatLon, distance_m, interpolate};
use vedette_model::plan::{Aircraft, AircraftPlan, Leg, LinkLoss, PatrolPlan};
use vedette_model::{VehicleId, command};

use crate::flight::pace;
use crate::radio::{Radio, antennas, radio_at};

/// Distance between the places a link is looked at on a leg, metres.
const STEP_M: f64 = 400.0;
/// Ground under ways home is looked at this often, metres.
const GROUND_M: f64 = 100.0;
/// ArduPilot: start of a return path (MAV_CMD_DO_RETURN_PATH_START).
const DO_RETURN_PATH_START: u16 = 188;
/// Landing, seconds.
const LANDING_S: f64 = 90.0;

/// A leg on which the link was made to die.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Who.
    pub vehicle: VehicleId,
    /// Its flight number.
    pub sortie: u32,
    /// Leg, number in the flight.
    pub leg: usize,
    /// The leg's ends.
    pub from: LatLon,
    /// Its other end.
    pub to: LatLon,
    /// When it begins, seconds after the watch begins; the first time, if it is flown several times.
    pub start_s: f64,
    /// Worst state of the link on it.
    pub radio: Radio,
    /// Share of it with a clear link.
    pub clear_share: f64,
    /// First place without one.
    pub dark_at: Option<LatLon>,
    /// What the aircraft does when the link dies on this leg.
    pub action: LinkLoss,
    /// The way it then goes, from the leg's end to the ground.
    pub way: Vec<LatLon>,
    /// Height of that way, metres above the sea.
    pub amsl: Amsl,
    /// Where it ends.
    pub ends_at: LatLon,
    /// Seconds from the loss to the ground.
    pub takes_s: f64,
    /// Least height over ground on that way, metres; `None`: unknown ground on it.
    pub clearance_m: Option<f64>,
    /// Share of the battery left at its end, two sigma taken off.
    pub left_share: f64,
    /// In a sentence, for people.
    pub words: String,
}

/// Rehearses the loss of the link on every leg of a plan. Most radio paths looked at for long plans: each flight's different
/// legs only.
#[must_use]
pub fn rehearse(plan: &PatrolPlan, world: &World) -> Vec<Rehearsal> {
    let masts = antennas(&plan.brief);
    let mut out = Vec::new();
    let mut seen: BTreeSet<(VehicleId, [u64; 6])> = BTreeSet::new();
    for a in &plan.aircraft {
        let Some(craft) = plan.brief.fleet.iter().find(|f| f.vehicle == a.vehicle) else {
            continue;
        };
        for (i, l) in a.legs.iter().enumerate() {
            let key = [
                l.from.lat_deg,
                l.from.lon_deg,
                l.from_amsl.0,
                l.to.lat_deg,
                l.to.lon_deg,
                l.to_amsl.0,
            ];
            if !seen.insert((a.vehicle, key.map(f64::to_bits))) {
                continue;
            }
            let n = (distance_m(l.from, l.to) / STEP_M).ceil().max(1.0) as usize;
            let (mut clear, mut worst, mut dark_at) = (0usize, Radio::Clear, None);
            for k in 0..=n {
                let t = k as f64 / n as f64;
                let at = interpolate(l.from, l.to, t);
                let amsl = Amsl(l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * t);
                let (radio, _) = radio_at(&masts, world, at, amsl);
                worst = worst.max(radio);
                if radio == Radio::Clear {
                    clear += 1;
                } else if dark_at.is_none() {
                    dark_at = Some(at);
                }
            }
            let (way, amsl, takes_s) = after_loss(plan, a, craft, i);
            let ends_at = way.last().copied().unwrap_or(l.to);
            let e = &craft.energy;
            let climb = e.mass_kg * vedette_geo::G_M_S2 * (amsl.0 - l.to_amsl.0).max(0.0) / e.climb_efficiency / 3600.0;
            let spent = match l.link_loss {
                LinkLoss::Continue => a.legs.last().map_or(0.0, |l| l.energy_wh),
                _ => l.energy_wh + takes_s * e.cruise_w.max(e.hover_w) / 3600.0 + climb,
            };
            let left_share = 1.0 - spent * (1.0 + 2.0 * e.sigma_share) / e.battery_wh;
            let clearance_m = match l.link_loss {
                LinkLoss::Return => clearance(world, &way, amsl.0.max(l.to_amsl.0)),
                _ => flown_clearance(world, &a.legs[i..]),
            };
            let does = match l.link_loss {
                LinkLoss::Continue => "it flies its mission to the end",
                LinkLoss::Return => "it returns by its planned way home",
                LinkLoss::Land => "it lands",
            };
            let words = format!(
                "If the link dies on leg {i}, {does}: on the ground at {ends_at} after {:.0} min with {:.0} % of its battery.",
                takes_s / 60.0,
                100.0 * left_share
            );
            out.push(Rehearsal {
                vehicle: a.vehicle,
                sortie: a.sortie,
                leg: i,
                from: l.from,
                to: l.to,
                start_s: l.start_s,
                radio: worst,
                clear_share: clear as f64 / (n + 1) as f64,
                dark_at,
                action: l.link_loss,
                way,
                amsl,
                ends_at,
                takes_s,
                clearance_m,
                left_share,
                words,
            });
        }
    }
    out
}

/// The way after a loss on leg `i`, its height and how long it takes.
fn after_loss(plan: &PatrolPlan, a: &AircraftPlan, craft: &Aircraft, i: usize) -> (Vec<LatLon>, Amsl, f64) {
    let l = &a.legs[i];
    let end = a.lands_at.unwrap_or(a.home);
    match l.link_loss {
        LinkLoss::Land => (vec![l.to], l.to_amsl, l.end_s - l.start_s),
        LinkLoss::Continue => {
            let way = a.legs[i..].iter().map(|l| l.to).collect();
            let till = a.legs.last().map_or(l.end_s, |l| l.end_s);
            (way, l.to_amsl, till - l.start_s)
        }
        LinkLoss::Return => {
            let marked = a
                .items
                .iter()
                .any(|m| m.command == DO_RETURN_PATH_START || m.command == command::DO_LAND_START);
            let way = if marked {
                home_by_path(a, l.to, end)
            } else {
                vec![l.to, a.home]
            };
            let amsl = Amsl(a.return_amsl.0.max(l.to_amsl.0));
            let winds = crate::winds::Winds::of(&plan.brief);
            let mut t = (amsl.0 - l.to_amsl.0) / craft.envelope.climb_m_s + LANDING_S;
            for w in way.windows(2) {
                let course = vedette_geo::azimuth_deg(w[0], w[1]);
                let v = pace(craft, &winds.at(amsl.0), course).map_or(1.0, |p| p.0);
                t += distance_m(w[0], w[1]) / v;
            }
            (way, amsl, t)
        }
    }
}

/// The planned way home with the nearest corner, from there on.
fn home_by_path(a: &AircraftPlan, from: LatLon, end: LatLon) -> Vec<LatLon> {
    let mut best: Option<(f64, &[LatLon])> = None;
    for p in std::iter::once(&a.return_path).chain(&a.return_branches) {
        for (k, c) in p.iter().enumerate() {
            let d = distance_m(*c, from);
            if best.is_none_or(|b| d < b.0) {
                best = Some((d, &p[k..]));
            }
        }
    }
    let mut way = vec![from];
    way.extend(best.map_or(&[][..], |b| b.1));
    if way.last().is_none_or(|p| distance_m(*p, end) > 1.0) {
        way.push(end);
    }
    way
}

/// Least height over ground of a level way, its last 300 m (the landing) left out.
fn clearance(world: &World, way: &[LatLon], amsl: f64) -> Option<f64> {
    let end = *way.last()?;
    // Near home already: what counts is the height it is at.
    let near = distance_m(*way.first()?, end) <= 300.0;
    let mut least = match near {
        true => amsl - world.terrain.elevation(*way.first()?)?.0,
        false => f64::INFINITY,
    };
    for w in way.windows(2) {
        let n = (distance_m(w[0], w[1]) / GROUND_M).ceil().max(1.0) as usize;
        for k in 0..=n {
            let p = interpolate(w[0], w[1], k as f64 / n as f64);
            if distance_m(p, end) > 300.0 {
                least = least.min(amsl - world.terrain.elevation(p)?.0);
            }
        }
    }
    least.is_finite().then_some(least)
}

/// The same of what is left of the mission, at its legs' ends; take-off and landing left out.
fn flown_clearance(world: &World, legs: &[Leg]) -> Option<f64> {
    use vedette_model::plan::LegKind::{Land, TakeOff};
    let mut least = f64::INFINITY;
    // A day's mission repeats itself: one round of it is enough.
    for l in legs.iter().take(2000).filter(|l| !matches!(l.kind, TakeOff | Land)) {
        for (p, h) in [(l.from, l.from_amsl.0), (l.to, l.to_amsl.0)] {
            least = least.min(h - world.terrain.elevation(p)?.0);
        }
    }
    least.is_finite().then_some(least)
}
