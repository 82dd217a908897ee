//! A plan in force meets a change: an aircraft, a base or an antenna is lost, a zone appears, the wind turns.
//!
//! Invariant: the new plan names the old one as its parent; of a relieved watch only the crews that the change touches are
//! planned anew, every other flight stays as it was, bit for bit. What is promised is measured on the merged timetable.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_atlas::{Shape, World};
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::{AircraftPlan, BlindSpot, Brief, Leg, LegKind, PatrolPlan};
use vedette_model::{Change, PlanId, VehicleId};

use crate::apart;
use crate::compare::{PlanDiff, compare};
use crate::coverage::Coverage;
use crate::error::{Constraint, Infeasible};

/// Cell of the measured promise, metres.
const CELL_M: f64 = 25.0;
/// A base this near to the one lost is that one, metres.
const SAME_BASE_M: f64 = 300.0;
/// A way home is longer than the straight line, and ends with a landing.
const DETOUR: f64 = 1.25;
const LANDING_S: f64 = 300.0;
/// Between the layers of neighbours whose rounds differ, metres besides the separation: their floors differ a little too.
const LAYER_MORE_M: f64 = 20.0;
/// How many layers above its neighbours a part is planned, tried in this order: their ferries fly over them.
const LAYERS: [f64; 3] = [1.0, 2.0, 4.0];
/// How near a leg may come to a new zone before its crew is planned anew, metres besides navigation.
const ZONE_MARGIN_M: f64 = 60.0;

/// A stretch of the section and how long it goes unseen while the new plan takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hole {
    /// From, metres from the section's start.
    pub from_m: f64,
    /// To.
    pub to_m: f64,
    /// Last seen by the old plan before the change, seconds of the old plan's watch; `None`: not yet.
    pub last_seen_s: Option<f64>,
    /// First seen by the new plan, seconds of the old plan's watch.
    pub seen_again_s: f64,
}

/// A new plan and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Replan {
    /// The plan; its parent is the old one.
    pub plan: PatrolPlan,
    /// Its second 0 is this second of the old plan: 0 when the watch's clock goes on (relieved watches).
    pub clock_s: f64,
    /// Flight by flight.
    pub diff: PlanDiff,
    /// Aircraft whose crews were planned anew.
    pub touched: BTreeSet<VehicleId>,
    /// The worst hole in the watch while the new plan takes over; `None` before the watch has begun.
    pub hole: Option<Hole>,
}

/// Plans what is left of a watch after a change at second `now_s` of the plan (0 or less: before it has begun).
///
/// Of a relieved watch the crews the change does not touch keep their flights, and the clock goes on; aircraft of touched
/// crews that are in the air come home first. A short watch is planned anew from the bases with the time that is left.
///
/// # Errors
/// [`Infeasible`] when the rest of the fleet cannot do it, with the nearest relaxation.
pub fn replan(old: &PatrolPlan, world: &World, change: &Change, now_s: f64, seed: u64) -> Result<Replan, Infeasible> {
    let now = now_s.max(0.0);
    let after = changed(old, change, now)?;
    let mut clock_s = 0.0;
    let (mut plan, touched) = if old.timetable.is_some() && !after.brief.bases.is_empty() {
        relieved(old, world, change, now, after)?
    } else {
        let mut brief = after.brief;
        brief.requirement.duration_s = (brief.requirement.duration_s - now).max(30.0);
        clock_s = now;
        let all = brief.fleet.iter().map(|a| a.vehicle).collect();
        if matches!(change, Change::LostAntenna(_)) && now <= 0.0 {
            let mut p = old.clone();
            p.brief = brief;
            (p, BTreeSet::new())
        } else {
            (crate::plan(&brief, world, seed)?, all)
        }
    };
    plan.parent = Some(old.id.clone());
    plan.id = PlanId(String::new());
    // Its name and what it means are found side by side: neither needs the other.
    let (id, (diff, hole)) = rayon::join(
        || crate::plan_id(&plan),
        || {
            let hole = (now > 0.0).then(|| hole(old, &plan, now, clock_s, &touched)).flatten();
            (compare(old, &plan), hole)
        },
    );
    plan.id = id;
    Ok(Replan {
        diff,
        plan,
        clock_s,
        touched,
        hole,
    })
}

/// The brief after the change, and where old numbers of bases went.
struct After {
    brief: Brief,
    lost_base: Option<usize>,
    lost: BTreeSet<VehicleId>,
}

fn changed(old: &PatrolPlan, change: &Change, now: f64) -> Result<After, Infeasible> {
    let mut brief = old.brief.clone();
    let (mut lost_base, mut lost) = (None, BTreeSet::new());
    let wrong = |what: String| {
        let relax = "name what the plan's brief has.".to_owned();
        Infeasible::new(Constraint::Brief, "the watch", (0.0, old.section_m), what, relax)
    };
    match change {
        Change::LostAircraft(v) => {
            if !brief.fleet.iter().any(|a| a.vehicle == *v) {
                return Err(wrong(format!("the plan has no aircraft {v}.")));
            }
            lost.insert(*v);
        }
        Change::LostBase(at) => {
            lost_base = brief.bases.iter().position(|b| distance_m(b.at, *at) < SAME_BASE_M);
            if let Some(k) = lost_base {
                brief.bases.remove(k);
            }
            for a in &mut brief.fleet {
                if distance_m(a.base, *at) >= SAME_BASE_M {
                    continue;
                }
                // What stands there is lost once the watch has begun; what flies, or is still to be sent, goes elsewhere.
                let flies = old.aircraft.iter().any(|p| p.vehicle == a.vehicle && airborne(p, now));
                let other = brief
                    .bases
                    .iter()
                    .min_by(|x, y| distance_m(x.at, *at).total_cmp(&distance_m(y.at, *at)));
                match other {
                    Some(b) if now <= 0.0 || flies => a.base = b.at,
                    _ => {
                        lost.insert(a.vehicle);
                    }
                }
            }
            if lost_base.is_none() && lost.is_empty() {
                return Err(wrong(format!("the plan has no base at {at}.")));
            }
        }
        Change::LostAntenna(k) => {
            let mut masts = crate::antennas(&brief);
            if *k >= masts.len() {
                return Err(wrong(format!("the plan has {} antennas, not number {k}.", masts.len())));
            }
            masts.remove(*k);
            brief.antennas = masts;
        }
        Change::NewZone(z) => brief.no_fly.push(z.clone()),
        Change::Wind(w) => {
            brief.wind = *w;
            brief.wind_layers.clear();
        }
    }
    brief.fleet.retain(|a| !lost.contains(&a.vehicle));
    if brief.fleet.is_empty() {
        return Err(Infeasible::new(
            Constraint::Brief,
            "the watch",
            (0.0, old.section_m),
            "no aircraft is left.".to_owned(),
            "one more aircraft, or another base.".to_owned(),
        ));
    }
    Ok(After { brief, lost_base, lost })
}

fn airborne(p: &AircraftPlan, now: f64) -> bool {
    let ends = p.legs.first().zip(p.legs.last());
    ends.is_some_and(|(a, b)| a.start_s <= now && now < b.end_s)
}

/// Where an aircraft is at a moment: the leg and the place on it. `None` on the ground.
pub(crate) fn whereabouts(p: &AircraftPlan, now: f64) -> Option<(usize, LatLon, f64)> {
    if !airborne(p, now) {
        return None;
    }
    let i = p.legs.partition_point(|l| l.end_s <= now).min(p.legs.len() - 1);
    let l = &p.legs[i];
    let t = ((now - l.start_s) / (l.end_s - l.start_s).max(1e-9)).clamp(0.0, 1.0);
    let h = l.from_amsl.0 + (l.to_amsl.0 - l.from_amsl.0) * t;
    Some((i, vedette_geo::interpolate(l.from, l.to, t), h))
}

/// Stations and aircraft that belong together: whoever ever flew for one of these stations.
struct Group {
    stations: BTreeSet<usize>,
    crew: BTreeSet<VehicleId>,
}

fn groups(old: &PatrolPlan) -> Vec<Group> {
    let Some(t) = &old.timetable else {
        return Vec::new();
    };
    let mut out: Vec<Group> = Vec::new();
    for s in &t.sorties {
        let (mut with, rest): (Vec<Group>, Vec<Group>) = out
            .into_iter()
            .partition(|g| g.stations.contains(&s.station) || g.crew.contains(&s.vehicle));
        let mut g = with.pop().unwrap_or(Group {
            stations: BTreeSet::new(),
            crew: BTreeSet::new(),
        });
        for w in with {
            g.stations.extend(w.stations);
            g.crew.extend(w.crew);
        }
        g.stations.insert(s.station);
        g.crew.insert(s.vehicle);
        out = rest;
        out.push(g);
    }
    // Aircraft that stood by all the time belong to the group with the nearest bases.
    let place = |v: VehicleId| old.brief.fleet.iter().find(|f| f.vehicle == v).map(|f| f.base);
    for f in &old.brief.fleet {
        if out.iter().any(|g| g.crew.contains(&f.vehicle)) {
            continue;
        }
        let far = |g: &Group| {
            g.crew
                .iter()
                .filter_map(|v| place(*v))
                .map(|b| distance_m(b, f.base))
                .fold(f64::INFINITY, f64::min)
        };
        if let Some(g) = out.iter_mut().min_by(|a, b| far(a).total_cmp(&far(b))) {
            g.crew.insert(f.vehicle);
        }
    }
    out.sort_by_key(|g| g.stations.first().copied());
    out
}

type Planned = (PatrolPlan, BTreeSet<VehicleId>);

fn relieved(old: &PatrolPlan, world: &World, change: &Change, now: f64, after: After) -> Result<Planned, Infeasible> {
    let groups = groups(old);
    let touched: Vec<&Group> = groups
        .iter()
        .filter(|g| touches(old, world, change, &after, g))
        .collect();
    let crew: BTreeSet<VehicleId> = touched.iter().flat_map(|g| g.crew.iter().copied()).collect();
    // Stations of a group lie side by side; where they do not, or all are touched, the whole watch is planned anew.
    let solid = |g: &Group| match (g.stations.first(), g.stations.last()) {
        (Some(a), Some(b)) => b - a + 1 == g.stations.len(),
        _ => false,
    };
    if touched.len() < groups.len() && touched.iter().all(|g| solid(g)) {
        'layers: for layers in LAYERS {
            let mut merged = base_of(old, &after);
            for g in &touched {
                match part(old, world, now, &after, g, layers) {
                    Ok((sub, from_m)) => merge(&mut merged, sub, from_m, g),
                    // What a part cannot keep up the whole may.
                    Err(_) => break 'layers,
                }
            }
            if !apart::meet(&merged, &crew, now) {
                settle(&mut merged, &after.brief, now, world)?;
                return Ok((merged, crew));
            }
        }
    }
    let mut brief = after.brief;
    let ready = ready(old, now, &mut brief);
    // What could not be kept up with fewer crews before is not tried again.
    let mut p = crate::watch::plan(&brief, world, &ready, groups.len())?;
    number_on(old, now, &mut p);
    // Who was lost is touched as well.
    let all = old.brief.fleet.iter().chain(&brief.fleet);
    Ok((p, all.map(|a| a.vehicle).collect()))
}

fn touches(old: &PatrolPlan, world: &World, change: &Change, after: &After, g: &Group) -> bool {
    let flights = || old.aircraft.iter().filter(|a| g.crew.contains(&a.vehicle));
    match change {
        Change::LostAircraft(v) => g.crew.contains(v),
        Change::LostBase(_) => {
            let sorties = old.timetable.iter().flat_map(|t| &t.sorties);
            g.crew.iter().any(|v| after.lost.contains(v))
                || sorties
                    .filter(|s| g.crew.contains(&s.vehicle))
                    .any(|s| Some(s.from_base) == after.lost_base || Some(s.to_base) == after.lost_base)
        }
        Change::LostAntenna(_) => false,
        Change::Wind(_) => true,
        Change::NewZone(z) => {
            let (shape, centre, reach) = match z.centre {
                Some(centre) if z.polygon.is_empty() => {
                    let radius_m = z.radius_m.max(1.0);
                    (Shape::Disc { centre, radius_m }, centre, radius_m)
                }
                _ => {
                    let Some(first) = z.polygon.first().copied() else {
                        return false;
                    };
                    let far = z.polygon.iter().map(|p| distance_m(*p, first)).fold(0.0, f64::max);
                    (Shape::Polygon(z.polygon.clone()), first, far)
                }
            };
            let zone_m = 3.0 * old.brief.limits.nav_sigma_m + ZONE_MARGIN_M;
            let shapes = [shape];
            let hits = |a: LatLon, b: LatLon| {
                let length = distance_m(a, b);
                distance_m(a, centre) < reach + zone_m + length + 50.0
                    && !crate::watch::clear(world, &shapes, a, b, -1e9, zone_m)
            };
            let mut seen = BTreeSet::new();
            let mut fresh =
                |a: LatLon, b: LatLon| seen.insert([a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg].map(f64::to_bits));
            flights().any(|f| {
                let homes = std::iter::once(&f.return_path).chain(&f.return_branches);
                f.legs.iter().any(|l| fresh(l.from, l.to) && hits(l.from, l.to))
                    || homes
                        .flat_map(|p| p.windows(2))
                        .any(|w| fresh(w[0], w[1]) && hits(w[0], w[1]))
            })
        }
    }
}

/// When every aircraft of a brief can take off again, and its base set to where it will stand then.
fn ready(old: &PatrolPlan, now: f64, brief: &mut Brief) -> Vec<f64> {
    let (against, bases) = (crate::winds::against_m_s(brief), brief.bases.clone());
    let mut out = Vec::new();
    for a in &mut brief.fleet {
        if now <= 0.0 {
            out.push(0.0);
            continue;
        }
        let mine = || old.aircraft.iter().filter(|p| p.vehicle == a.vehicle);
        let near = |at: LatLon| {
            bases
                .iter()
                .min_by(|x, y| distance_m(x.at, at).total_cmp(&distance_m(y.at, at)))
                .map_or((at, 600.0), |b| (b.at, b.swap_s))
        };
        if let Some((_, at, _)) = mine().find_map(|p| whereabouts(p, now)) {
            let (base, swap) = near(at);
            let v = (a.envelope.cruise_m_s - against).max(1.0);
            out.push(now + DETOUR * distance_m(at, base) / v + LANDING_S + swap);
            a.base = base;
            continue;
        }
        let landed = mine()
            .filter_map(|p| p.legs.last().map(|l| (l.end_s, l.to)))
            .filter(|l| l.0 <= now)
            .max_by(|x, y| x.0.total_cmp(&y.0));
        let (base, swap) = near(landed.map_or(a.base, |l| l.1));
        out.push(landed.map_or(now, |l| now.max(l.0 + swap)));
        a.base = base;
    }
    out
}

/// Flights go on to be counted after those already begun.
fn number_on(old: &PatrolPlan, now: f64, p: &mut PatrolPlan) {
    let mut flown: BTreeMap<VehicleId, u32> = BTreeMap::new();
    for a in &old.aircraft {
        if now > 0.0 && a.legs.first().is_some_and(|l| l.start_s < now) {
            let n = flown.entry(a.vehicle).or_insert(0);
            *n = (*n).max(a.sortie + 1);
        }
    }
    for a in &mut p.aircraft {
        a.sortie += flown.get(&a.vehicle).copied().unwrap_or(0);
    }
    for s in p.timetable.iter_mut().flat_map(|t| &mut t.sorties) {
        s.sortie += flown.get(&s.vehicle).copied().unwrap_or(0);
    }
}

/// The old plan with the changed brief; its numbers of bases follow.
fn base_of(old: &PatrolPlan, after: &After) -> PatrolPlan {
    let mut p = old.clone();
    p.brief = after.brief.clone();
    if let Some(t) = &mut p.timetable {
        t.bases.clone_from(&after.brief.bases);
        if let Some(gone) = after.lost_base {
            let follow = |k: &mut usize| {
                if *k > gone {
                    *k -= 1;
                }
            };
            for s in &mut t.stations {
                follow(&mut s.base);
            }
            for s in &mut t.sorties {
                follow(&mut s.from_base);
                follow(&mut s.to_base);
            }
        }
    }
    p
}

/// A plan for the stretch of one group, so many layers above its neighbours, and where it begins, metres from the section's start.
fn part(
    old: &PatrolPlan,
    world: &World,
    now: f64,
    after: &After,
    g: &Group,
    layers: f64,
) -> Result<(PatrolPlan, f64), Infeasible> {
    let stations = old.timetable.as_ref().map_or(&[][..], |t| &t.stations);
    let (first, last) = (
        g.stations.first().copied().unwrap_or(0),
        g.stations.last().copied().unwrap_or(0),
    );
    // Neighbours meet half way between their turning points.
    let from_m = if first == 0 {
        0.0
    } else {
        0.5 * (stations[first - 1].to_m + stations[first].from_m)
    };
    let to_m = match stations.get(last + 1) {
        Some(next) => 0.5 * (stations[last].to_m + next.from_m),
        None => old.section_m,
    };
    let mut brief = after.brief.clone();
    brief.section.from_km = old.brief.section.from_km + from_m / 1000.0;
    brief.section.to_km = old.brief.section.from_km + to_m / 1000.0;
    brief.fleet.retain(|a| g.crew.contains(&a.vehicle));
    // Its rounds take another time than those of its neighbours now: where they meet, one is above the other.
    if from_m > 0.0 || to_m < old.section_m {
        brief.limits.min_agl_m += layers * (brief.limits.separation_v_m + LAYER_MORE_M);
    }
    if brief.fleet.is_empty() {
        let what = "no aircraft of this stretch is left.".to_owned();
        let relax = "aircraft from the neighbouring stretches.".to_owned();
        return Err(Infeasible::new(
            Constraint::Brief,
            "the watch",
            (from_m, to_m),
            what,
            relax,
        ));
    }
    let ready = ready(old, now, &mut brief);
    let mut p = crate::watch::plan(&brief, world, &ready, 1)?;
    number_on(old, now, &mut p);
    Ok((p, from_m))
}

fn merge(whole: &mut PatrolPlan, sub: PatrolPlan, from_m: f64, g: &Group) {
    let to_m = from_m + sub.section_m;
    whole.aircraft.retain(|a| !g.crew.contains(&a.vehicle));
    whole.aircraft.extend(sub.aircraft.into_iter().map(|mut a| {
        for w in a.legs.iter_mut().filter_map(|l| l.watches_m.as_mut()) {
            w[0] += from_m;
            w[1] += from_m;
        }
        a
    }));
    whole.aircraft.sort_by(|a, b| {
        let off = |p: &AircraftPlan| p.legs.first().map_or(0.0, |l| l.start_s);
        off(a).total_cmp(&off(b)).then(a.vehicle.cmp(&b.vehicle))
    });
    let here = |b: &BlindSpot| b.from_m < to_m && b.to_m > from_m;
    whole.blind.retain(|b| !here(b));
    whole.blind.extend(sub.blind.into_iter().map(|b| BlindSpot {
        from_m: b.from_m + from_m,
        to_m: b.to_m + from_m,
        ..b
    }));
    whole.blind.sort_by(|a, b| a.from_m.total_cmp(&b.from_m));
    if let (Some(t), Some(new)) = (&mut whole.timetable, sub.timetable) {
        // Stations are told apart by where they begin: those of the group go, the new ones take their place.
        t.sorties.retain(|s| !g.crew.contains(&s.vehicle));
        let mut all: Vec<(vedette_model::Station, Option<usize>, bool)> = t
            .stations
            .drain(..)
            .enumerate()
            .map(|(k, s)| (s, Some(k), true))
            .filter(|(s, _, _)| 0.5 * (s.from_m + s.to_m) < from_m || 0.5 * (s.from_m + s.to_m) > to_m)
            .collect();
        all.extend(new.stations.into_iter().enumerate().map(|(k, mut s)| {
            s.from_m += from_m;
            s.to_m += from_m;
            s.relief_m += from_m;
            (s, Some(k), false)
        }));
        all.sort_by(|a, b| a.0.from_m.total_cmp(&b.0.from_m));
        let number = |k: usize, was: bool| {
            all.iter()
                .position(|(_, n, old)| *n == Some(k) && *old == was)
                .unwrap_or(k)
        };
        for s in &mut t.sorties {
            s.station = number(s.station, true);
        }
        t.sorties.extend(new.sorties.into_iter().map(|mut s| {
            s.station = number(s.station, false);
            s
        }));
        t.sorties
            .sort_by(|a, b| a.off_s.total_cmp(&b.off_s).then(a.vehicle.cmp(&b.vehicle)));
        t.stations = all.into_iter().map(|s| s.0).collect();
    }
}

/// Promise, bound and sizing of a merged plan, measured anew.
fn settle(p: &mut PatrolPlan, brief: &Brief, now: f64, world: &World) -> Result<(), Infeasible> {
    let duration = brief.requirement.duration_s;
    let sorties = p.timetable.as_ref().map_or(&[][..], |t| &t.sorties);
    let from_s = sorties
        .iter()
        .filter(|s| s.relieves.is_none())
        .map(|s| s.from_s)
        .fold(now.min(p.promise.from_s), f64::max);
    let coverage = Coverage::of_cells(p.section_m, CELL_M, p.aircraft.iter().flat_map(|a| &a.legs));
    let (mut revisit, mut worst) = (0.0_f64, 0.0);
    for (k, gap) in coverage.gaps(from_s, duration).into_iter().enumerate() {
        match gap {
            Some(g) if g > revisit => (revisit, worst) = (g, k as f64 * CELL_M),
            _ => {}
        }
    }
    let revisit = revisit.ceil();
    if revisit > brief.requirement.revisit_s {
        let asked = brief.requirement.revisit_s;
        return Err(Infeasible::new(
            Constraint::Revisit,
            "the watch",
            (worst, worst + CELL_M),
            format!("what is left of the fleet sees every metre within {revisit:.0} s, {asked:.0} s are asked."),
            format!("revisit_s = {revisit:.0}, or one more aircraft."),
        ));
    }
    let ways = sorties.iter().map(|s| s.from_s - s.off_s).fold(f64::INFINITY, f64::min);
    let ways = if ways.is_finite() { ways } else { 0.0 };
    let legs = p.aircraft.iter().flat_map(|a| &a.legs);
    // In metres of border or in metres flown, whichever a look has more of.
    let wide = |l: &Leg| {
        let watched = l.watches_m.map_or(0.0, |w| (w[1] - w[0]).abs());
        let more = if watched > 1.0 {
            distance_m(l.from, l.to) / watched
        } else {
            1.0
        };
        2.0 * l.watch_half_m * more.clamp(1.0, 5.0)
    };
    let footprint = legs.filter(|l| l.watches_m.is_some()).map(wide).fold(0.0, f64::max);
    p.intervals = crate::asked::settle(brief, &coverage, CELL_M, &p.blind, (from_s, duration), &[])?;
    let length = p.sizing.as_ref().map_or(p.section_m, |s| s.length_m);
    let sizing = crate::sizing(brief, length, footprint, |_| ways);
    let mut speeds: Vec<f64> = brief.fleet.iter().map(|a| a.envelope.cruise_m_s).collect();
    speeds.sort_by(|a, b| b.total_cmp(a));
    let stations = p.timetable.as_ref().map_or(1, |t| t.stations.len());
    speeds.truncate(sizing.airborne.max(stations));
    let closed = crate::watch::closed(brief, world);
    let bound = crate::lower_bound_of(length, &speeds, footprint, duration - from_s, closed);
    p.promise.revisit_s = revisit;
    p.promise.from_s = from_s;
    p.promise.until_s = duration;
    p.promise.lower_bound_s = bound.seconds;
    p.promise.bound_source = format!("{}; k is what the fleet keeps on patrol", bound.source);
    p.sizing = Some(sizing);
    p.site = world.site_hash();
    Ok(())
}

/// The stretch that waits longest between the old plan's last look and the new plan's first.
fn hole(old: &PatrolPlan, new: &PatrolPlan, now: f64, clock_s: f64, touched: &BTreeSet<VehicleId>) -> Option<Hole> {
    let cell = (old.section_m / 4000.0).max(CELL_M);
    let of = |p: &PatrolPlan, keep: &dyn Fn(&Leg) -> bool, who: &dyn Fn(VehicleId) -> bool| {
        let flights = p.aircraft.iter().filter(|a| who(a.vehicle));
        let legs: Vec<&Leg> = flights.flat_map(|a| &a.legs).filter(|l| keep(l)).collect();
        Coverage::of_cells(p.section_m, cell, legs)
    };
    let before = of(old, &|l| l.start_s < now, &|_| true);
    let fresh = of(new, &|l| l.end_s + clock_s >= now, &|v| {
        touched.contains(&v) || clock_s == 0.0
    });
    let mut worst: Option<(f64, Hole)> = None;
    for k in 0..before.len().min(fresh.len()) {
        let last = before
            .cell(k)
            .iter()
            .filter(|s| s.0 < now)
            .map(|s| s.1.min(now))
            .reduce(f64::max);
        let Some(next) = fresh
            .cell(k)
            .iter()
            .map(|s| s.0.max(now - clock_s) + clock_s)
            .reduce(f64::min)
        else {
            continue;
        };
        let wait = next - last.unwrap_or(0.0);
        if worst.as_ref().is_none_or(|w| wait > w.0 + 1.0) {
            worst = Some((
                wait,
                Hole {
                    from_m: k as f64 * cell,
                    to_m: ((k + 1) as f64 * cell).min(old.section_m),
                    last_seen_s: last,
                    seen_again_s: next,
                },
            ));
        } else if let Some((w, h)) = &mut worst
            && (wait - *w).abs() <= 1.0
            && (h.to_m - k as f64 * cell).abs() < 1.0
        {
            h.to_m = ((k + 1) as f64 * cell).min(old.section_m);
        }
    }
    worst.map(|w| w.1)
}

/// Where a mission goes on that was broken off: by metres of border, not by item number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// Leg, number in the flight.
    pub leg: usize,
    /// Mission item to make the current one (number in the items, home left out).
    pub item: usize,
    /// Where that leg begins.
    pub at: LatLon,
    /// Metre of the section watched there.
    pub chainage_m: f64,
    /// Seconds of flight left from there to the landing.
    pub left_s: f64,
}

/// Between the items of two legs stand so many orders to camera and speed at most.
const NEAR_ITEMS: usize = 12;

/// Where a flight (number in the plan's list) takes up its border again after metre `chainage_m`, flying towards growing
/// chainage or away from it, on the first of its legs there from `from_leg` on. `None` when it watches nothing there then.
#[must_use]
pub fn resume(plan: &PatrolPlan, flight: usize, chainage_m: f64, growing: bool, from_leg: usize) -> Option<Resume> {
    let a = plan.aircraft.get(flight)?;
    let off = |w: &[f64; 2]| (w[0] - chainage_m).abs();
    let (leg, w) = a
        .legs
        .iter()
        .enumerate()
        .skip(from_leg)
        .filter(|(_, l)| l.kind == LegKind::Patrol)
        .filter_map(|(i, l)| l.watches_m.map(|w| (i, w)))
        .filter(|(_, w)| (w[1] > w[0]) == growing)
        .min_by(|x, y| off(&x.1).total_cmp(&off(&y.1)).then(x.0.cmp(&y.0)))?;
    let l = &a.legs[leg];
    // The item that flies to the leg's start comes first, so that the whole leg is flown. A pass is
    // flown many times over the same places: items are counted along with the legs.
    let mut item = None;
    for l in &a.legs[..=leg] {
        let from = item.unwrap_or(0);
        let near = from..(from + NEAR_ITEMS).min(a.items.len());
        item = near.into_iter().find(|k| a.items[*k].at == Some(l.from)).or(item);
    }
    let item = item.filter(|k| a.items[*k].at == Some(l.from))?;
    Some(Resume {
        leg,
        item,
        at: l.from,
        chainage_m: w[0],
        left_s: a.legs.last().map_or(0.0, |e| e.end_s) - l.start_s,
    })
}
