//! Whether flights that were planned apart come too near each other.
//!
//! Invariant: two aircraft in the air at the same second are further apart than the brief's separation, across or in height,
//! with a little to spare; legs are looked at second by second where their boxes come near.

use std::collections::BTreeSet;

use vedette_atlas::Plane;
use vedette_geo::LatLon;
use vedette_model::VehicleId;
use vedette_model::plan::{AircraftPlan, Leg, Limits, PatrolPlan};

use crate::space::{dist, lerp};

/// Added to the separations, metres: half a second of flight between samples, and rounding.
pub(crate) const MORE_H_M: f64 = 15.0;
pub(crate) const MORE_V_M: f64 = 3.0;
/// Metres of a degree of latitude, no more than there are.
const DEGREE_M: f64 = 110_000.0;

/// Least and greatest latitude, longitude and height.
#[derive(Clone, Copy)]
struct Room([[f64; 2]; 3]);

impl Room {
    fn of<'a>(legs: impl IntoIterator<Item = &'a Leg>) -> Self {
        let mut room = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
        for l in legs {
            for v in [
                [l.from.lat_deg, l.from.lon_deg, l.from_amsl.0],
                [l.to.lat_deg, l.to.lon_deg, l.to_amsl.0],
            ] {
                for (r, v) in room.iter_mut().zip(v) {
                    *r = [r[0].min(v), r[1].max(v)];
                }
            }
        }
        Self(room)
    }

    fn near(&self, other: &Self, limits: &Limits) -> bool {
        let lat = (limits.separation_h_m + MORE_H_M) / DEGREE_M;
        let most = self.0[0].iter().fold(0.0_f64, |m, v| m.max(v.abs())).min(89.0);
        let lon = lat / most.to_radians().cos();
        let v = limits.separation_v_m + MORE_V_M;
        // Over the date line everything may be near.
        let wide = self.0[1][1] - self.0[1][0] > 180.0 || other.0[1][1] - other.0[1][0] > 180.0;
        let turned = (self.0[1][0] - other.0[1][0]).abs() > 180.0;
        (0..3).zip([lat, lon, v]).all(|(k, more)| {
            let (a, b) = (self.0[k], other.0[k]);
            (k == 1 && (wide || turned)) || (a[0] <= b[1] + more && b[0] <= a[1] + more)
        })
    }
}

/// Whether any flight of `these` that lasts beyond second `from_s` comes too near one of the others.
pub(crate) fn meet(plan: &PatrolPlan, these: &BTreeSet<VehicleId>, from_s: f64) -> bool {
    let lasts = |a: &&AircraftPlan| a.legs.last().is_some_and(|l| l.end_s > from_s);
    let flights: Vec<(&AircraftPlan, Room)> = plan
        .aircraft
        .iter()
        .filter(lasts)
        .map(|a| (a, Room::of(&a.legs)))
        .collect();
    let (mine, others): (Vec<_>, Vec<_>) = flights.into_iter().partition(|(a, _)| these.contains(&a.vehicle));
    let limits = &plan.brief.limits;
    crate::share::each(&mine, |(a, room)| {
        others
            .iter()
            .any(|(b, other)| room.near(other, limits) && flights_meet(&a.legs, &b.legs, limits, from_s))
    })
    .contains(&true)
}

fn flights_meet(a: &[Leg], b: &[Leg], limits: &Limits, from_s: f64) -> bool {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (p, q) = (&a[i], &b[j]);
        let (from, to) = (p.start_s.max(q.start_s).max(from_s), p.end_s.min(q.end_s));
        if from <= to && Room::of([p]).near(&Room::of([q]), limits) && legs_meet(p, q, (from, to), limits) {
            return true;
        }
        if p.end_s <= q.end_s { i += 1 } else { j += 1 }
    }
    false
}

fn legs_meet(p: &Leg, q: &Leg, (from, to): (f64, f64), limits: &Limits) -> bool {
    let plane = Plane::new(p.from);
    let ends = |l: &Leg| [l.from, l.to].map(|x: LatLon| plane.to_xy(x));
    let (pe, qe) = (ends(p), ends(q));
    let at = |l: &Leg, e: [(f64, f64); 2], t: f64| {
        let share = ((t - l.start_s) / (l.end_s - l.start_s).max(1e-9)).clamp(0.0, 1.0);
        (
            lerp(e[0], e[1], share),
            l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * share,
        )
    };
    let mut t = from;
    loop {
        let (x, y) = (at(p, pe, t), at(q, qe, t));
        if dist(x.0, y.0) < limits.separation_h_m + MORE_H_M && (x.1 - y.1).abs() < limits.separation_v_m + MORE_V_M {
            return true;
        }
        if t >= to {
            return false;
        }
        t = (t + 1.0).min(to);
    }
}
