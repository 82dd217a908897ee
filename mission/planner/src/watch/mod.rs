//! Long watches: a border shared out among stations that are relieved around the clock.
//!
//! Invariant: what is promised is measured on the finished timetable. Stages: track from windows of proper offsets, stations
//! with equally long rounds, crews and reliefs, legs with heights and camera, fence, return paths and items with loops.

mod field;
mod line;
mod part;
mod pool;
mod rota;
mod sky;
mod way;

use vedette_atlas::World;
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::{AircraftPlan, Brief, PatrolPlan, Promise};
use vedette_model::{PlanId, Sortie, Station, Timetable};

use crate::bound::tightest;
use crate::coverage::Coverage;
use crate::error::{Constraint, Infeasible};
use field::{Field, Round};
pub(crate) use line::{clear, corners, near_m, shapes, spare_m};
use rota::{Crew, Desk, Flight};
pub(crate) use sky::Sky;

/// Cell of the measured promise, metres.
const CELL_M: f64 = 25.0;
/// Left between a turning point and the end of a stretch, metres: the camera sees that far ahead.
const SHRINK_M: f64 = 30.0;
/// How far an aircraft's own base may be from one of the brief's, metres.
const SAME_BASE_M: f64 = 2000.0;
/// A slit narrower than this is no blind spot, metres.
const SLIT_M: f64 = 2.0;
/// Layouts tried.
const MOST_TRIES: usize = 24;

/// How the aircraft of one kind are divided: number of crews, and spares of each.
#[derive(Debug, Clone, Copy)]
struct Split {
    crews: usize,
    spares: usize,
}

/// Whether a brief watches all of a line that ends where it begins.
pub(crate) fn closed(brief: &Brief, world: &World) -> bool {
    let (from, to) = (brief.section.from_km * 1000.0, brief.section.to_km * 1000.0);
    world.border.closed() && to - from > 0.999 * world.border.length_m()
}

/// Plans a relieved watch, its id left blank; `ready_s` says from when on each aircraft of the fleet may take off, `crews` how
/// many crews at least aircraft of several kinds are divided into.
pub(crate) fn plan(brief: &Brief, world: &World, ready_s: &[f64], crews: usize) -> Result<PatrolPlan, Infeasible> {
    let field = Field::new(brief, world)?;
    let bases: Vec<LatLon> = brief.bases.iter().map(|b| b.at).collect();
    let mut starts = Vec::new();
    for a in &brief.fleet {
        let near =
            (0..bases.len()).min_by(|x, y| distance_m(bases[*x], a.base).total_cmp(&distance_m(bases[*y], a.base)));
        match near {
            Some(b) if distance_m(bases[b], a.base) < SAME_BASE_M => starts.push(b),
            _ => {
                return Err(Infeasible::new(
                    Constraint::Base,
                    &a.tail,
                    (0.0, field.section_m),
                    format!("it stands at {}, where the brief has no base.", a.base),
                    "an entry under bases for that place.".to_owned(),
                ));
            }
        }
    }
    // Bases beyond the section's ends are told apart by how far they are.
    let chain: Vec<f64> = bases
        .iter()
        .map(|b| world.border.nearest(*b).chainage_m - field.from_m)
        .collect();
    // Common crews need fewer spares; where nothing comes of them each kind keeps to itself. Both are laid out side by side.
    let (common, apart) = rayon::join(
        || pool::layout(&field, &bases, &chain, &starts, ready_s, crews),
        || apart(&field, &bases, &chain, &starts, ready_s),
    );
    // The one whose rounds are shorter first.
    let longest = |l: &Layout| l.0.iter().map(Round::time).fold(0.0, f64::max);
    let mut laid: Vec<Result<Layout, Infeasible>> = vec![apart];
    if let Some(c) = common {
        let first = laid[0].as_ref().map_or(true, |a| longest(&c) <= longest(a));
        laid.insert(usize::from(!first), Ok(c));
    }
    let mut last = None;
    for l in laid {
        match l.and_then(|(r, c, f)| finish(&field, &bases, &r, &c, &f)) {
            Ok(p) => return Ok(p),
            Err(e) => last = Some(e),
        }
    }
    Err(last.unwrap_or_else(|| no_rota(&field)))
}

/// The layout in which each kind keeps to itself: more crews or more spares until all can keep it up.
fn apart(
    field: &Field<'_>,
    bases: &[LatLon],
    chain: &[f64],
    starts: &[usize],
    ready_s: &[f64],
) -> Result<Layout, Infeasible> {
    let mut split: Vec<Split> = field.kinds.iter().map(|_| Split { crews: 1, spares: 1 }).collect();
    let mut last = None;
    for _ in 0..MOST_TRIES {
        match layout(field, &split, bases, chain, starts, ready_s) {
            Ok(l) => return Ok(l),
            Err((kind, e)) => {
                let Some(k) = kind else { return Err(e) };
                let n = field.kinds[k].members.len();
                let s = &mut split[k];
                last = Some(e);
                if n >= 2 * (s.crews + 1) * s.spares && s.spares == 1 {
                    s.crews += 1;
                } else if n > s.spares + 1 {
                    s.spares += 1;
                    s.crews = (n / (s.spares + 1)).max(1);
                } else {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| no_rota(field)))
}

fn no_rota(field: &Field<'_>) -> Infeasible {
    Infeasible::new(
        Constraint::Revisit,
        "the watch",
        (0.0, field.section_m),
        "no rota was found.".to_owned(),
        "more aircraft or more bases.".to_owned(),
    )
}

type Layout = (Vec<Round>, Vec<Crew>, Vec<Flight>);

/// Crews, stations and flights for a division of the fleet; an error names the kind that cannot keep it up.
fn layout(
    field: &Field<'_>,
    split: &[Split],
    bases: &[LatLon],
    chain: &[f64],
    starts: &[usize],
    ready_s: &[f64],
) -> Result<Layout, (Option<usize>, Infeasible)> {
    let mut crews: Vec<(f64, Crew)> = Vec::new();
    let short = field.brief.requirement.duration_s;
    for (k, (kind, s)) in field.kinds.iter().zip(split).enumerate() {
        let mut members = kind.members.clone();
        members.sort_by(|a, b| chain[starts[*a]].total_cmp(&chain[starts[*b]]).then(a.cmp(b)));
        // A watch that one battery outlasts needs no spare.
        let lasts = 0.9 * crate::sizing::endurance_s(kind.craft) > short + 3600.0;
        let spares = if lasts || members.len() == 1 { 0 } else { s.spares };
        let mut from = 0;
        for c in 0..s.crews {
            let to = (c + 1) * members.len() / s.crews;
            let aircraft = members[from..to].to_vec();
            from = to;
            if aircraft.len() <= spares {
                continue;
            }
            let mean = aircraft.iter().map(|a| chain[starts[*a]]).sum::<f64>() / aircraft.len() as f64;
            let stations = vec![0; aircraft.len() - spares];
            crews.push((
                mean,
                Crew {
                    kind: k,
                    stations,
                    aircraft,
                },
            ));
        }
    }
    crews.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.kind.cmp(&b.1.kind)));
    let mut kinds = Vec::new();
    for (_, c) in &mut crews {
        for s in &mut c.stations {
            *s = kinds.len();
            kinds.push(c.kind);
        }
    }
    if kinds.is_empty() {
        let e = Infeasible::new(
            Constraint::Brief,
            "the watch",
            (0.0, field.section_m),
            "no aircraft is left to patrol.".to_owned(),
            "more aircraft.".to_owned(),
        );
        return Err((None, e));
    }
    let crews: Vec<Crew> = crews.into_iter().map(|c| c.1).collect();
    let rounds = rounds(field, &kinds, chain, SHRINK_M).map_err(|e| (None, e))?;
    let flights = fly(field, &crews, &rounds, bases, starts, ready_s)?;
    Ok((rounds, crews, flights))
}

/// All flights of these crews, by take-off; an error names the kind that cannot keep it up.
fn fly(
    field: &Field<'_>,
    crews: &[Crew],
    rounds: &[Round],
    bases: &[LatLon],
    starts: &[usize],
    ready_s: &[f64],
) -> Result<Vec<Flight>, (Option<usize>, Infeasible)> {
    let mut desk = Desk {
        field,
        rounds,
        bases,
        starts,
        ready_s,
        ways: Default::default(),
        busy: Default::default(),
    };
    let mut flights = Vec::new();
    for c in crews {
        let f = desk.crew(c, field.brief.requirement.duration_s).map_err(|e| {
            let blame = e.constraint == Constraint::Energy;
            (blame.then_some(c.kind), e)
        })?;
        flights.extend(f);
    }
    rota::served(field, &flights).map_err(|e| (None, e))?;
    flights.sort_by(|a, b| {
        a.take_off_s()
            .total_cmp(&b.take_off_s())
            .then(a.aircraft.cmp(&b.aircraft))
    });
    Ok(flights)
}

fn rounds(field: &Field<'_>, kinds: &[usize], chain: &[f64], shrink_m: f64) -> Result<Vec<Round>, Infeasible> {
    let stretches = field::share_out(field, kinds, chain, shrink_m)?;
    let nodes = field::nodes(field, &stretches)?;
    stretches.into_iter().map(|s| field::round(field, &nodes, s)).collect()
}

/// Stretches of the section no leg sees, wider than what sampling could miss, metres.
fn unseen<'a>(legs: impl Iterator<Item = &'a vedette_model::plan::Leg>, section_m: f64) -> Vec<(f64, f64)> {
    let mut looks: Vec<(f64, f64)> = legs
        .filter_map(|l| {
            let [a, b] = l.watches_m?;
            Some((a.min(b) - l.watch_half_m, a.max(b) + l.watch_half_m))
        })
        .collect();
    looks.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut out, mut to) = (Vec::new(), 0.0_f64);
    for (a, b) in looks {
        if a > to + SLIT_M {
            out.push((to, a.min(section_m)));
        }
        to = to.max(b);
    }
    if section_m > to + SLIT_M {
        out.push((to, section_m));
    }
    out
}

/// How long who comes has watched the stretch before the other leaves it, seconds.
fn overlap_s(f: &Flight, a: &AircraftPlan) -> f64 {
    let way_in = a.legs[..f.way_in.legs.len()].iter().rev();
    way_in
        .take_while(|l| l.watches_m.is_some())
        .map(|l| l.end_s - l.start_s)
        .sum()
}

/// The parts of all flights, station by station, and what they could not see.
fn parts(
    field: &Field<'_>,
    bases: &[LatLon],
    rounds: &[Round],
    flights: &[Flight],
) -> Result<(Vec<AircraftPlan>, Vec<part::Missed>), Infeasible> {
    let stations: Vec<usize> = (0..rounds.len()).collect();
    let made = crate::share::each(&stations, |s| {
        let studio = part::Studio::new(field, &rounds[*s]);
        let mine = flights.iter().enumerate().filter(|(_, f)| f.station == *s);
        let parts: Vec<_> = mine.map(|(k, f)| (k, studio.part(f, bases))).collect();
        (parts, studio.missed())
    });
    let (mut all, mut missed) = (Vec::with_capacity(flights.len()), Vec::new());
    for (parts, m) in made {
        all.extend(parts);
        missed.extend(m);
    }
    all.sort_unstable_by_key(|(k, _)| *k);
    let aircraft = all.into_iter().map(|(_, p)| p).collect::<Result<_, _>>()?;
    Ok((aircraft, missed))
}

fn finish(
    field: &Field<'_>,
    bases: &[LatLon],
    rounds: &[Round],
    crews: &[Crew],
    flights: &[Flight],
) -> Result<PatrolPlan, Infeasible> {
    let brief = field.brief;
    let (aircraft, missed) = parts(field, bases, rounds, flights)?;
    let duration = brief.requirement.duration_s;
    let from_s = flights
        .iter()
        .filter(|f| f.sortie == 0 && f.relieves.is_none())
        .map(|f| f.on.0)
        .fold(0.0, f64::max);
    let until_s = duration;
    let legs = || aircraft.iter().flat_map(|a| &a.legs);
    let coverage = Coverage::of_cells(field.section_m, CELL_M, legs());
    let (mut revisit_s, mut worst, mut blind) = (0.0_f64, 0.0, Vec::new());
    for (k, gap) in coverage.gaps(from_s, until_s).into_iter().enumerate() {
        match gap {
            Some(g) if g > revisit_s => (revisit_s, worst) = (g, k as f64 * CELL_M),
            Some(_) => {}
            None => blind.push(k),
        }
    }
    // A slit between two looks may lie between two cells' middles: cells with a slit are blind too.
    let seen = legs().filter(|l| l.end_s >= from_s && l.start_s <= until_s);
    for (a, b) in unseen(seen, field.section_m) {
        blind.extend((a / CELL_M) as usize..=(b / CELL_M) as usize);
    }
    blind.retain(|k| *k < coverage.len());
    blind.sort_unstable();
    blind.dedup();
    let blind = part::blind(&missed, &blind, CELL_M, field.section_m);
    let dark: f64 = blind.iter().map(|b| b.to_m - b.from_m).sum();
    if dark > 0.5 * field.section_m {
        return Err(field.no(
            Constraint::Sensor,
            "the watch",
            (blind[0].from_m, blind[blind.len() - 1].to_m),
            format!(
                "{dark:.0} m of the section cannot be watched, first because: {}.",
                blind[0].why
            ),
            "a narrower field of view, fewer pixels on target, or a smaller stand-off.",
        ));
    }
    revisit_s = revisit_s.ceil();
    let asked = brief.requirement.revisit_s;
    if revisit_s > asked {
        return Err(field.no(
            Constraint::Revisit,
            "the watch",
            (worst, worst + CELL_M),
            format!("the fleet sees every metre within {revisit_s:.0} s, {asked:.0} s are asked."),
            &format!(
                "revisit_s = {revisit_s:.0}, or {:.0} % more aircraft.",
                (revisit_s / asked - 1.0) * 100.0
            ),
        ));
    }
    let footprint = 2.0 * legs().map(|l| l.watch_half_m).fold(0.0, f64::max);
    let ways: f64 = flights
        .iter()
        .map(|f| f.way_in.time_s.min(f.way_out.time_s))
        .fold(f64::INFINITY, f64::min);
    let intervals = crate::asked::settle(brief, &coverage, CELL_M, &blind, (from_s, until_s), &[])?;
    let length = field.section_m.min(field.curve.length_m());
    let sizing = crate::sizing::sizing(brief, length, footprint, |_| ways);
    let mut speeds: Vec<f64> = brief.fleet.iter().map(|a| a.envelope.cruise_m_s).collect();
    speeds.sort_by(|a, b| b.total_cmp(a));
    // The plan's own stations are proof that so many can be kept.
    speeds.truncate(sizing.airborne.max(rounds.len()));
    let track: Vec<(f64, f64)> = field.curve.abreast().collect();
    // Every round is flown soon after the promise begins; those that follow look the same way.
    let first = legs().filter(|l| l.start_s < from_s + 1.5 * revisit_s + 60.0);
    let (bound, length, footprint) = tightest(&track, &blind, first, &speeds, until_s - from_s, field.closed);
    let sizing = crate::sizing::sizing(brief, length, footprint, |_| ways);
    let stations = rounds
        .iter()
        .map(|r| Station {
            from_m: r.nodes[0].chain_m,
            to_m: r.nodes[r.nodes.len() - 1].chain_m,
            round_s: r.time(),
            relief_m: field.curve.at(r.stretch.relief).1,
            base: r.stretch.base,
        })
        .collect();
    let sorties = flights
        .iter()
        .zip(&aircraft)
        .map(|(f, a)| {
            let e = &brief.fleet[f.aircraft].energy;
            Sortie {
                vehicle: a.vehicle,
                sortie: f.sortie,
                station: f.station,
                from_base: f.from_base,
                to_base: f.to_base,
                off_s: f.take_off_s(),
                from_s: f.on.0,
                until_s: f.off.0,
                on_s: f.landed_s(),
                relieves: f.relieves.map(|r| brief.fleet[r].vehicle),
                overlap_s: if f.relieves.is_some() { overlap_s(f, a) } else { 0.0 },
                left_share: 1.0 - a.legs.last().map_or(0.0, |l| l.energy_wh) / e.battery_wh,
            }
        })
        .collect();
    let used: usize = crews.iter().map(|c| c.aircraft.len()).sum();
    Ok(PatrolPlan {
        schema: 1,
        id: PlanId(String::new()),
        parent: None,
        brief: brief.clone(),
        site: field.world.site_hash(),
        terrain: field.world.terrain.source().label.clone(),
        section_m: field.section_m,
        aircraft,
        promise: Promise {
            revisit_s,
            lower_bound_s: bound.seconds,
            bound_source: format!(
                "{}; k is what {} aircraft ({used} in crews) keep on patrol: ⌊Σ(E − 2t)/(E + swap)⌋ (Burdakov, Doherty, Kvarnström 2014)",
                bound.source,
                brief.fleet.len()
            ),
            from_s,
            until_s,
        },
        blind,
        timetable: Some(Timetable {
            bases: brief.bases.clone(),
            stations,
            sorties,
        }),
        sizing: Some(sizing),
        intervals,
        drawn: vec![],
    })
}
