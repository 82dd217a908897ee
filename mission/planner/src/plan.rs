//! Brief and world to plan: partition, flights, timetable, promise.
//!
//! Invariant: what is promised is measured on the finished timetable; nothing is assumed of it.
//! Stages: legal space, tracks, partition by speed (refined until aircraft take equally long),
//! heights and camera, departures staggered until aircraft stay apart, fence and items.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vedette_atlas::{Border, World};
use vedette_model::PlanId;
use vedette_model::plan::{Aircraft, BlindSpot, Brief, Leg, LegKind, PatrolPlan, Promise};

use crate::asked::{Asked, asked};
use crate::bound::{lower_bound_of, tightest};
use crate::brief::check;
use crate::coverage::{CELL_M, Coverage};
use crate::error::{Constraint, Infeasible};
use crate::flight::{Flown, Looks, Pilot};
use crate::parts::blind_spots;
use crate::profile::Ground;
use crate::sensor::{FINE, Watcher, target_width_m};
use crate::space::{Land, Legal, dist};
use crate::stagger::{Clash, LATEST_S, TRIES, Trace, earliest, shifted};
use crate::track::{Track, along};
use crate::winds::Winds;

/// Form of the plan record.
const SCHEMA: u32 = 1;
/// How far around the section and the bases land is looked at, metres.
pub(crate) const REACH_M: f64 = 3000.0;
/// Track further inside than the law asks: flying error besides navigation, metres.
const COPTER_MARGIN_M: f64 = 15.0;
/// The same for a fixed wing, which overshoots corners, metres.
const WING_MARGIN_M: f64 = 25.0;
/// Legs other than the track keep this much, metres.
const LEG_MARGIN_M: f64 = 9.0;
/// Longest leg on the track, metres.
const MOST_LEG_M: f64 = 90.0;
/// Neighbours fly this far beyond the cut between them, metres of chainage.
const OVERLAP_M: f64 = 20.0;
/// Rounds of the partition.
const ROUNDS: usize = 5;
/// A first pass towards the far end must save this much of the departure, seconds.
const FLIP_COST_S: usize = 15;

/// Everything about one aircraft that does not change with the partition.
pub(crate) struct Crew<'a> {
    pub(crate) craft: &'a Aircraft,
    pub(crate) track: Track,
    pub(crate) legal: Legal,
    inner: Legal,
    watcher: Watcher<'a>,
    stops: Vec<f64>,
    looks: Looks,
}

/// Where a short watch is planned.
pub(crate) struct Desk<'a> {
    pub(crate) brief: &'a Brief,
    pub(crate) winds: Winds,
    pub(crate) asked: Vec<Asked>,
    pub(crate) ground: Ground<'a>,
    pub(crate) section_m: f64,
    pub(crate) crews: Vec<Crew<'a>>,
    jitter_s: usize,
    pub(crate) seed: u64,
    /// The section is all of a closed line.
    pub(crate) closed: bool,
}

/// Plans a patrol.
///
/// `seed` draws the departure within the first twenty seconds, so that two watches of the same
/// brief do not start alike; everything else follows from brief and world.
///
/// # Errors
/// [`Infeasible`] with the interval, the binding constraint and the nearest relaxation.
pub fn plan(brief: &Brief, world: &World, seed: u64) -> Result<PatrolPlan, Infeasible> {
    let watch = |c: Constraint, what: String, relaxation: &str| {
        Infeasible::new(c, "the watch", (0.0, 0.0), what, relaxation.to_owned())
    };
    check(brief).map_err(|e| watch(Constraint::Brief, format!("{e}."), "correct the value in the brief."))?;
    let border = &world.border;
    let (from_m, to_m) = (brief.section.from_km * 1000.0, brief.section.to_km * 1000.0);
    if brief.section.border != border.name || to_m > border.length_m() + 1.0 {
        return Err(watch(
            Constraint::Brief,
            format!(
                "the brief watches {} to {:.2} km, the site has {} with {:.2} km.",
                brief.section.border,
                brief.section.to_km,
                border.name,
                border.length_m() / 1000.0
            ),
            "name the site's border and an interval on it.",
        ));
    }
    crate::sound::check(brief, world)?;
    if world.territory.len() < 3 && brief.bases.is_empty() {
        return Err(watch(
            Constraint::LegalSpace,
            "the site does not say where home territory ends.".to_owned(),
            "add the territory's ring to the site.",
        ));
    }
    if !brief.bases.is_empty() {
        let mut plan = crate::watch::plan(brief, world, &vec![seconds(jitter(seed)); brief.fleet.len()], 1)?;
        plan.id = crate::plan_id(&plan);
        return Ok(plan);
    }
    let desk = desk(brief, world, border, (from_m, to_m), seed)?;
    // Orders by revisit in steps of 15 s, then by the way out; the first that can be finished.
    let mut tries = Vec::new();
    let mut refused = None;
    for order in orders(brief) {
        match desk.partition(&order) {
            Ok((gap, cuts)) => {
                let way = desk.way_out_m(&order, &cuts);
                tries.push(((gap / 15.0).round(), way, order, cuts));
            }
            Err(e) => refused = refused.or(Some(e)),
        }
    }
    tries.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut last = None;
    for (_, _, order, cuts) in &tries {
        match desk.finish(world, order, cuts) {
            Ok(p) => return Ok(p),
            Err(e) => last = last.or(Some(e)),
        }
    }
    Err(last
        .or(refused)
        .unwrap_or_else(|| watch(Constraint::Brief, "there is no aircraft.".to_owned(), "add one.")))
}

/// Orders of the fleet along the section: all of up to three, else as given and reversed.
fn orders(brief: &Brief) -> Vec<Vec<usize>> {
    let n = brief.fleet.len();
    let given: Vec<usize> = (0..n).collect();
    let mut out = vec![given.clone()];
    if n == 2 || n > 3 {
        out.push(given.iter().rev().copied().collect());
    } else if n == 3 {
        out = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
            .iter()
            .map(|o| o.to_vec())
            .collect();
    }
    out
}

fn desk<'a>(
    brief: &'a Brief,
    world: &'a World,
    border: &'a Border,
    (from_m, to_m): (f64, f64),
    seed: u64,
) -> Result<Desk<'a>, Infeasible> {
    let limits = &brief.limits;
    let winds = Winds::of(brief);
    let section_m = to_m - from_m;
    let points: Vec<_> = (0..=20)
        .map(|k| border.at(from_m + section_m * f64::from(k) / 20.0))
        .collect();
    let land = Land::new(world, brief, &points, REACH_M);
    let ground = Ground {
        terrain: &world.terrain,
        plane: land.plane,
        min_agl_m: limits.min_agl_m,
        max_agl_m: limits.max_agl_m,
        nav_m: 3.0 * limits.nav_sigma_m,
    };
    let stand_off = stand_off_m(brief, border);
    let zone_m = 3.0 * limits.nav_sigma_m;
    let mut crews = Vec::new();
    for craft in &brief.fleet {
        let probe = turn_radius(craft, &winds);
        let margin = if probe > 0.0 { WING_MARGIN_M } else { COPTER_MARGIN_M };
        let space = land.legal(stand_off + margin, zone_m + margin, probe.max(20.0));
        let track = if space.empty() {
            None
        } else {
            along(&space, border, &land.plane, from_m, to_m)
        };
        let Some(track) = track else {
            return Err(Infeasible::new(
                Constraint::LegalSpace,
                &craft.tail,
                (0.0, section_m),
                format!(
                    "no legal space is left beside the section at {:.0} m from the line with a turn radius of {probe:.0} m.",
                    stand_off + margin
                ),
                "a smaller stand-off or fewer no-fly zones.".to_owned(),
            ));
        };
        let stops = track.waypoints(0.0, track.length_m(), MOST_LEG_M, 5.0);
        crews.push(Crew {
            craft,
            track,
            legal: land.legal(stand_off + LEG_MARGIN_M, zone_m + LEG_MARGIN_M, 0.0),
            inner: land.legal(stand_off + 2.0 * margin, zone_m + 2.0 * margin, 0.0),
            watcher: Watcher::new(
                &world.terrain,
                border,
                land.plane,
                from_m,
                section_m,
                craft.camera,
                (
                    brief.requirement.pixels_on_target,
                    target_width_m(brief.requirement.target),
                ),
                FINE,
            ),
            stops,
            looks: RefCell::new(BTreeMap::new()),
        });
    }
    Ok(Desk {
        brief,
        winds,
        asked: asked(brief),
        ground,
        section_m,
        crews,
        jitter_s: jitter(seed),
        seed,
        closed: crate::watch::closed(brief, world),
    })
}

/// Splitmix64 of the seed, to 0..20 s in whole seconds.
fn jitter(seed: u64) -> usize {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) % 20) as usize
}

/// Legal distance from the drawn line: stand-off, accuracy of the line, three sigma of navigation.
pub(crate) fn stand_off_m(brief: &Brief, border: &Border) -> f64 {
    brief.limits.stand_off_m + border.accuracy_m + 3.0 * brief.limits.nav_sigma_m
}

/// Turn radius of a fixed wing at the greatest ground speed, metres: V²/(g·tan φ) with a tenth to spare; 0 for others.
pub(crate) fn turn_radius(craft: &Aircraft, winds: &Winds) -> f64 {
    if craft.airframe != vedette_model::Airframe::Plane {
        return 0.0;
    }
    let v = winds.over_ground_m_s(craft);
    1.1 * v * v / (vedette_geo::G_M_S2 * craft.envelope.max_bank_deg.to_radians().tan())
}

impl Desk<'_> {
    fn pilot<'b>(&'b self, crew: &'b Crew<'b>, extra_m: f64, watching: bool, drawn: Option<&'b [f64]>) -> Pilot<'b> {
        Pilot {
            craft: crew.craft,
            winds: &self.winds,
            ground: &self.ground,
            watcher: &crew.watcher,
            legal: &crew.legal,
            inner: &crew.inner,
            track: &crew.track,
            section_m: self.section_m,
            stops: &crew.stops,
            extra_m,
            watching,
            looks: &crew.looks,
            drawn,
            ring: self.closed && self.crews.len() == 1,
        }
    }

    /// Flies aircraft `i` over a chainage interval, sizing only.
    fn size(&self, i: usize, (from, to): (f64, f64)) -> Result<Vec<Flown>, Infeasible> {
        let crew = &self.crews[i];
        let (from, to) = ((from - OVERLAP_M).max(0.0), (to + OVERLAP_M).min(self.section_m));
        let (a, b) = (crew.track.along_at(from), crew.track.along_at(to));
        self.pilot(crew, 0.0, false, None)
            .fly(a, b, false, self.brief.requirement.duration_s)
    }

    /// Flies aircraft `i` over a chainage interval at the lowest height, from `layer_m` over the
    /// floor upwards, that sees most; `flip` begins at the end further from the base.
    fn fly(&self, i: usize, (from, to): (f64, f64), layer_m: f64, flip: bool) -> Result<Vec<Flown>, Infeasible> {
        let crew = &self.crews[i];
        let (from, to) = ((from - OVERLAP_M).max(0.0), (to + OVERLAP_M).min(self.section_m));
        let (a, b) = (crew.track.along_at(from), crew.track.along_at(to));
        let room = self.brief.limits.max_agl_m - self.brief.limits.min_agl_m;
        let drawn = self.draw(i, (from, to))?;
        let mut best: Option<(f64, Vec<Flown>)> = None;
        for k in 0..5 {
            let extra = layer_m + 25.0 * f64::from(k);
            if k > 0 && extra > 0.6 * room {
                break;
            }
            let flown = match self
                .pilot(crew, extra, true, drawn.as_ref().map(|d| d.1.as_slice()))
                .fly(a, b, flip, self.brief.requirement.duration_s)
            {
                Ok(f) => f,
                Err(e) if best.is_none() => return Err(e),
                Err(_) => break,
            };
            let c = Coverage::new(self.section_m, flown.iter().map(|f| &f.leg));
            let blind = index(c.between(from, to).filter(|k| c.cell(*k).is_empty()).count()) * CELL_M;
            if best.as_ref().is_none_or(|x| blind < x.0 - 5.0) {
                best = Some((blind, flown));
            }
            if blind < 5.0 {
                break;
            }
        }
        best.map(|b| b.1).ok_or_else(|| {
            Infeasible::new(
                Constraint::Height,
                &crew.craft.tail,
                (from, to),
                "no height is left to fly at.".to_owned(),
                "a higher max_agl_m.".to_owned(),
            )
        })
    }

    /// Chainage cuts between aircraft in `order` and the longest gap of any.
    fn partition(&self, order: &[usize]) -> Result<(f64, Vec<f64>), Infeasible> {
        let mut share: Vec<f64> = order.iter().map(|i| self.crews[*i].craft.envelope.cruise_m_s).collect();
        let mut best: Option<(f64, Vec<f64>)> = None;
        for _ in 0..ROUNDS {
            let sum: f64 = share.iter().sum();
            let mut cuts = vec![0.0];
            for s in &share {
                cuts.push(cuts[cuts.len() - 1] + s / sum * self.section_m);
            }
            let mut gaps = Vec::new();
            for (k, i) in order.iter().enumerate() {
                let flown = self.size(*i, (cuts[k], cuts[k + 1]))?;
                gaps.push(self.own_gap(&flown, cuts[k], cuts[k + 1]));
            }
            let worst = gaps.iter().copied().fold(0.0, f64::max);
            let least = gaps.iter().copied().fold(f64::INFINITY, f64::min);
            if best.as_ref().is_none_or(|b| worst < b.0) {
                best = Some((worst, cuts));
            }
            if worst - least < 3.0 || order.len() == 1 {
                break;
            }
            let mean = gaps.iter().sum::<f64>() / len(&gaps);
            for (s, g) in share.iter_mut().zip(&gaps) {
                *s *= (mean / g.max(1.0)).clamp(0.5, 2.0).powf(0.8);
            }
        }
        best.ok_or_else(|| {
            Infeasible::new(
                Constraint::Revisit,
                "the watch",
                (0.0, self.section_m),
                "no partition was found.".to_owned(),
                "fewer aircraft.".to_owned(),
            )
        })
    }

    /// Longest gap on an aircraft's own stretch while it patrols.
    fn own_gap(&self, flown: &[Flown], from: f64, to: f64) -> f64 {
        let legs = || flown.iter().map(|f| &f.leg);
        let (start, end) = watch_time(legs()).unwrap_or((0.0, 0.0));
        let c = Coverage::new(self.section_m, legs());
        // As if all were asked of everywhere: where more is asked, gaps weigh more.
        let general = self.brief.requirement.revisit_s;
        let weight = |k: usize| {
            let m = (index(k) + 0.5) * CELL_M;
            let here = self.asked.iter().filter(|a| a.from_m <= m && a.to_m >= m);
            general / here.map(|a| a.revisit_s).fold(general, f64::min)
        };
        c.between(from, to)
            .filter_map(|k| Some(c.gap(k, start, end)? * weight(k)))
            .fold(0.0, f64::max)
    }

    /// Metres from the bases to the nearer ends of their stretches.
    fn way_out_m(&self, order: &[usize], cuts: &[f64]) -> f64 {
        order
            .iter()
            .enumerate()
            .map(|(k, i)| {
                let c = &self.crews[*i];
                let base = self.ground.plane.to_xy(c.craft.base);
                [cuts[k], cuts[k + 1]]
                    .map(|m| dist(base, c.track.at(c.track.along_at(m))))
                    .into_iter()
                    .fold(f64::INFINITY, f64::min)
            })
            .sum()
    }

    fn finish(&self, world: &World, order: &[usize], cuts: &[f64]) -> Result<PatrolPlan, Infeasible> {
        let flights = self.departures(order, cuts)?;
        let mut drawn = Vec::new();
        for (k, i) in order.iter().enumerate() {
            let span = (
                (cuts[k] - OVERLAP_M).max(0.0),
                (cuts[k + 1] + OVERLAP_M).min(self.section_m),
            );
            if let Some((d, _)) = self.draw(*i, span)? {
                drawn.push((d, span.0, span.1));
            }
        }
        let mut aircraft = Vec::new();
        for (i, flown) in flights.iter().enumerate() {
            aircraft.push(self.part(world, i, flown)?);
        }
        let coverage = Coverage::new(self.section_m, aircraft.iter().flat_map(|a| &a.legs));
        let mut from_s = 0.0_f64;
        let mut until_s = f64::INFINITY;
        for a in &aircraft {
            if let Some((start, end)) = watch_time(&a.legs) {
                from_s = from_s.max(start);
                until_s = until_s.min(end);
            }
        }
        let mut revisit_s = 0.0_f64;
        let mut blind_cells = Vec::new();
        let mut worst_at = 0.0;
        for k in 0..coverage.len() {
            match coverage.gap(k, from_s, until_s) {
                Some(g) => {
                    if g > revisit_s {
                        revisit_s = g;
                        worst_at = index(k) * CELL_M;
                    }
                }
                None => blind_cells.push(k),
            }
        }
        let blind = blind_spots(&blind_cells, &flights, self.section_m);
        let blind_m: f64 = blind.iter().map(|b| b.to_m - b.from_m).sum();
        if blind_m > 0.5 * self.section_m {
            let why = blind.first().map_or(String::new(), |b| b.why.clone());
            return Err(Infeasible::new(
                Constraint::Sensor,
                "the watch",
                (blind[0].from_m, blind[blind.len() - 1].to_m),
                format!("{blind_m:.0} m of the section cannot be watched, first because: {why}."),
                "a narrower field of view, fewer pixels on target, or a smaller stand-off.".to_owned(),
            ));
        }
        revisit_s = revisit_s.ceil();
        // A promise that holds for less than one revisit, or half the patrol, says nothing.
        let patrol = |pick: fn(f64, f64) -> f64, start: f64| {
            aircraft
                .iter()
                .filter_map(|a| watch_time(&a.legs))
                .flat_map(|t| [t.0, t.1])
                .fold(start, pick)
        };
        let patrolled = patrol(f64::max, 0.0) - patrol(f64::min, f64::INFINITY);
        let held = until_s - from_s;
        if held < revisit_s + 1.0 || held < 0.5 * patrolled {
            let longer = self.brief.requirement.duration_s + revisit_s + patrolled - held;
            return Err(Infeasible::new(
                Constraint::Revisit,
                "the watch",
                (0.0, self.section_m),
                format!("all aircraft patrol together for {held:.0} s only, with a revisit of {revisit_s:.0} s."),
                format!("duration_s = {longer:.0}, or bases nearer to the section."),
            ));
        }
        let asked = self.brief.requirement.revisit_s;
        if revisit_s > asked {
            return Err(Infeasible::new(
                Constraint::Revisit,
                "the watch",
                (worst_at, worst_at + CELL_M),
                format!("the fleet sees every metre within {revisit_s:.0} s, {asked:.0} s are asked."),
                format!(
                    "revisit_s = {revisit_s:.0}, a section of {:.2} km, or one more aircraft.",
                    self.section_m / 1000.0 * asked / revisit_s
                ),
            ));
        }
        let intervals = crate::asked::settle(self.brief, &coverage, CELL_M, &blind, (from_s, until_s), &drawn)?;
        let bound = self.bound(&flights, &blind, until_s - from_s);
        let mut plan = PatrolPlan {
            schema: SCHEMA,
            id: PlanId(String::new()),
            parent: None,
            brief: self.brief.clone(),
            site: world.site_hash(),
            terrain: world.terrain.source().label.clone(),
            section_m: self.section_m,
            aircraft,
            promise: Promise {
                revisit_s,
                lower_bound_s: bound.seconds,
                bound_source: bound.source,
                from_s,
                until_s,
            },
            blind,
            timetable: None,
            sizing: Some(self.sizing(&flights)),
            intervals,
            drawn: drawn.into_iter().map(|d| d.0).collect(),
        };
        plan.id = crate::plan_id(&plan);
        Ok(plan)
    }

    /// What this fleet could do at best with the footprint it has here.
    fn sizing(&self, flights: &[Vec<Flown>]) -> vedette_model::Sizing {
        let half = flights.iter().flatten().map(|f| f.leg.watch_half_m).fold(0.0, f64::max);
        let way = |a: &Aircraft| {
            let out = flights
                .iter()
                .flatten()
                .find(|f| f.leg.from == a.base && f.leg.kind == LegKind::TakeOff)
                .map_or(0.0, |f| f.leg.start_s);
            let on = self
                .crews
                .iter()
                .zip(flights)
                .find(|(c, _)| c.craft.vehicle == a.vehicle);
            on.and_then(|(_, f)| watch_time(f.iter().map(|f| &f.leg)))
                .map_or(0.0, |t| (t.0 - out).max(0.0))
        };
        let track = self
            .crews
            .iter()
            .map(|c| c.track.length_m())
            .fold(self.section_m, f64::min);
        crate::sizing::sizing(self.brief, track, 2.0 * half, way)
    }

    fn bound(&self, flights: &[Vec<Flown>], blind: &[BlindSpot], window_s: f64) -> crate::Bound {
        // Each aircraft has a track of its own: the shortest counts.
        let speeds: Vec<f64> = self.crews.iter().map(|c| c.craft.envelope.cruise_m_s).collect();
        let of = |c: &Crew<'_>| {
            let track: Vec<(f64, f64)> = c
                .track
                .along_m
                .iter()
                .copied()
                .zip(c.track.chain_m.iter().copied())
                .collect();
            let looks = flights.iter().flatten().map(|f| &f.leg);
            tightest(&track, blind, looks, &speeds, window_s, self.closed).0
        };
        let all = self.crews.iter().map(of);
        all.reduce(|a, b| if b.seconds < a.seconds { b } else { a })
            .unwrap_or_else(|| lower_bound_of(0.0, &[], 0.0, window_s, false))
    }

    /// Flights by aircraft, departing so that they stay apart: the first as drawn, the others as
    /// early as may be, towards either end first, and a layer higher where that is needed.
    fn departures(&self, order: &[usize], cuts: &[f64]) -> Result<Vec<Vec<Flown>>, Infeasible> {
        let limits = &self.brief.limits;
        let mut flights: Vec<Vec<Flown>> = vec![Vec::new(); self.crews.len()];
        let mut traces: Vec<(Trace, usize)> = Vec::new();
        for (k, i) in order.iter().enumerate() {
            let span = (cuts[k], cuts[k + 1]);
            let first = if k == 0 { self.jitter_s } else { 0 };
            let mut flown: BTreeMap<(u8, bool), Result<Vec<Flown>, Infeasible>> = BTreeMap::new();
            let mut met: Option<Clash> = None;
            let mut found = None;
            for (slack, layer) in TRIES {
                let mut best: Option<(usize, bool, usize)> = None;
                for flip in [false, true] {
                    let option = flown.entry((layer, flip)).or_insert_with(|| {
                        let up = f64::from(layer) * (limits.separation_v_m + 5.0);
                        self.fly(*i, span, up, flip)
                    });
                    let Ok(f) = option else { continue };
                    let mine = Trace::new(f, &self.ground.plane);
                    match earliest(&mine, &traces, first, slack, limits) {
                        Ok(departs) => {
                            let cost = departs + if flip { FLIP_COST_S } else { 0 };
                            if best.is_none_or(|b| cost < b.0) {
                                best = Some((cost, flip, departs));
                            }
                        }
                        Err(c) => met = met.or(Some(c)),
                    }
                    if k == 0 && best.is_some() {
                        break;
                    }
                }
                if let Some((_, flip, departs)) = best {
                    found = Some((layer, flip, departs));
                    break;
                }
            }
            let Some((layer, flip, departs)) = found else {
                if let (None, Some(Err(e))) = (met, flown.remove(&(0, false))) {
                    return Err(e);
                }
                return Err(self.crowded(*i, span, met));
            };
            if let Some(Ok(f)) = flown.remove(&(layer, flip)) {
                traces.push((Trace::new(&f, &self.ground.plane), departs));
                flights[*i] = shifted(&f, seconds(departs));
            }
        }
        Ok(flights)
    }

    fn crowded(&self, i: usize, span: (f64, f64), met: Option<Clash>) -> Infeasible {
        let c = met.unwrap_or(Clash {
            at_s: 0.0,
            across_m: 0.0,
            height_m: 0.0,
        });
        Infeasible::new(
            Constraint::Separation,
            &self.crews[i].craft.tail,
            span,
            format!(
                "whenever it departs in the first {LATEST_S} s, another aircraft comes within {:.0} m across and {:.0} m in height, first at {:.0} s.",
                c.across_m, c.height_m, c.at_s
            ),
            format!(
                "separation_h_m = {:.0}, or bases further apart.",
                (c.across_m - 15.0).max(0.0)
            ),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a departure")]
fn seconds(s: usize) -> f64 {
    s as f64
}

/// First and last second at which an aircraft patrols.
fn watch_time<'a>(legs: impl IntoIterator<Item = &'a Leg>) -> Option<(f64, f64)> {
    legs.into_iter()
        .filter(|l| l.kind == LegKind::Patrol)
        .fold(None, |t: Option<(f64, f64)>, l| {
            Some((t.map_or(l.start_s, |t| t.0), l.end_s))
        })
}

#[expect(clippy::cast_precision_loss, reason = "counts of cells and items")]
pub(crate) fn index(k: usize) -> f64 {
    k as f64
}

fn len(v: &[f64]) -> f64 {
    index(v.len())
}
