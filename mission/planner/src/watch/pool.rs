//! Aircraft of several kinds in common crews, so that fewer of them stand by as spares.
//!
//! Kinds that differ in speed and battery only can relieve each other: a station's rounds are then flown at the speed of the
//! slowest that ever serves it, and the crew is planned with the shortest battery in it.
//!
//! Invariant: nobody flies faster than its own cruise speed, and a common rota is handed on only when it sees more of the line
//! in any time than crews of one kind each would.

use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::Energy;

use super::field::{Field, Round};
use super::rota::{Crew, Flight};
use super::{Layout, SHRINK_M, fly, rounds};
use crate::energy::leg_wh;
use crate::sizing::endurance_s;

/// How often stations are given to slower kinds before the search ends.
const MOST_PASSES: usize = 3;

/// The rota of the fewest common crews, `least` and more, that can be kept, if any is better than crews of one kind each.
pub(crate) fn layout(
    field: &Field<'_>,
    bases: &[LatLon],
    chain: &[f64],
    starts: &[usize],
    ready_s: &[f64],
    least: usize,
) -> Option<Layout> {
    let until_s = field.brief.requirement.duration_s;
    let kinds = &field.kinds;
    let lasts = |k: usize| 0.9 * endurance_s(kinds[k].craft) > until_s + 3600.0;
    if kinds.len() < 2 || !alike(field) || (0..kinds.len()).any(lasts) {
        return None;
    }
    let cruise = |k: usize| kinds[k].craft.envelope.cruise_m_s;
    let slowest = (0..kinds.len()).map(cruise).fold(f64::INFINITY, f64::min);
    let apart: f64 = (0..kinds.len())
        .map(|k| (kinds[k].members.len() as f64 - 1.0) * cruise(k))
        .sum();
    // Aircraft from the left, with their kinds.
    let mut fleet: Vec<(usize, usize)> = (0..kinds.len())
        .flat_map(|k| kinds[k].members.iter().map(move |a| (*a, k)))
        .collect();
    fleet.sort_by(|a, b| chain[starts[a.0]].total_cmp(&chain[starts[b.0]]).then(a.0.cmp(&b.0)));
    for count in least.max(1)..kinds.len() {
        if ((fleet.len() - count.min(fleet.len())) as f64) * slowest <= apart {
            break;
        }
        let (crews, mut serves) = crews(field, &fleet, count);
        if crews.iter().any(|c| c.stations.is_empty()) {
            break;
        }
        for _ in 0..MOST_PASSES {
            let Ok(rounds) = rounds(field, &serves, chain, SHRINK_M) else {
                break;
            };
            if !crews.iter().all(|c| could(field, c, &rounds)) {
                break;
            }
            let Ok(flights) = fly(field, &crews, &rounds, bases, starts, ready_s) else {
                break;
            };
            if !slow_down(field, &flights, &mut serves) {
                return Some((rounds, crews, flights));
            }
        }
    }
    None
}

/// Whether all kinds may stand in for each other: all but speed and battery is the same, and each can fly as slowly as the
/// slowest cruises.
fn alike(field: &Field<'_>) -> bool {
    let crafts = || field.kinds.iter().map(|k| k.craft);
    let slowest = crafts().map(|c| c.envelope.cruise_m_s).fold(f64::INFINITY, f64::min);
    let first = field.kinds[0].craft;
    crafts().all(|c| {
        let (e, f) = (&c.envelope, &first.envelope);
        c.airframe == first.airframe
            && c.family == first.family
            && c.camera == first.camera
            && e.min_m_s <= slowest
            && Energy {
                battery_wh: first.energy.battery_wh,
                ..c.energy
            } == first.energy
            && [e.max_bank_deg, e.climb_m_s, e.descent_m_s] == [f.max_bank_deg, f.climb_m_s, f.descent_m_s]
    })
}

/// So many crews with one spare each, from the left, and the kind that begins on each station.
fn crews(field: &Field<'_>, fleet: &[(usize, usize)], count: usize) -> (Vec<Crew>, Vec<usize>) {
    let (mut out, mut serves, mut from) = (Vec::new(), Vec::new(), 0);
    for c in 0..count {
        let to = (c + 1) * fleet.len() / count;
        let part = &fleet[from..to];
        from = to;
        // The shortest battery is planned with.
        let least = |a: &usize, b: &usize| {
            let e = |k: usize| endurance_s(field.kinds[k].craft);
            e(*a).total_cmp(&e(*b))
        };
        let kind = part.iter().map(|p| p.1).min_by(least).unwrap_or(0);
        let first = serves.len();
        serves.extend(part.iter().skip(1).map(|p| p.1));
        out.push(Crew {
            kind,
            stations: (first..serves.len()).collect(),
            aircraft: part.iter().map(|p| p.0).collect(),
        });
    }
    (out, serves)
}

/// Whether one spare could go round all stations of a crew before the first battery is empty, were all ways straight: a quick
/// look before the ways are drawn.
fn could(field: &Field<'_>, crew: &Crew, rounds: &[Round]) -> bool {
    let craft = field.kinds[crew.kind].craft;
    let most_m_s = craft.envelope.cruise_m_s + field.winds.worst().speed_m_s;
    let mine = || crew.stations.iter().map(|s| &rounds[*s]);
    let watts = mine()
        .map(|r| {
            let wh = |l: &super::field::RoundLeg| leg_wh(craft, l.kind, l.dt, l.hb - l.ha, l.air > 0.0);
            r.legs.iter().map(wh).sum::<f64>() * 3600.0 / r.time()
        })
        .fold(craft.energy.cruise_w, f64::max);
    let usable = endurance_s(craft) * craft.energy.cruise_w / watts;
    let reliefs: Vec<LatLon> = mine().map(|r| field.curve.at(r.stretch.relief).0).collect();
    let along: f64 = reliefs.windows(2).map(|w| distance_m(w[0], w[1])).sum();
    let swap_s = field.brief.bases.iter().map(|b| b.swap_s).fold(f64::INFINITY, f64::min);
    2.0 * along / most_m_s + swap_s.min(1e6) * crew.stations.len() as f64 <= usable
}

/// Gives stations to the slowest kind that serves them; false when all were flown at such speeds already.
fn slow_down(field: &Field<'_>, flights: &[Flight], serves: &mut [usize]) -> bool {
    let cruise = |k: usize| field.kinds[k].craft.envelope.cruise_m_s;
    let mut changed = false;
    for f in flights {
        let Some(kind) = field.kinds.iter().position(|k| k.members.contains(&f.aircraft)) else {
            continue;
        };
        if cruise(kind) < cruise(serves[f.station]) {
            serves[f.station] = kind;
            changed = true;
        }
    }
    changed
}
