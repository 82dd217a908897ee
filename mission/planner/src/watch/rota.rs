//! Who flies when: crews of stations relieved in turn, by the aircraft that has been ready longest.
//!
//! Invariant: no aircraft is in two places, none leaves before its battery is fresh, every station is manned from its first
//! aircraft to the end of the watch, and a relief is at the relief place exactly when the patrol passes it.

use std::collections::{BTreeMap, VecDeque};

use vedette_geo::LatLon;

use super::field::{Field, Round};
use super::way::Way;
use crate::energy::leg_wh;
use crate::error::{Constraint, Infeasible};
use crate::sizing::endurance_s;

/// Take-offs and landings at one base keep this apart, seconds.
const BASE_GAP_S: f64 = 90.0;
/// Share of the endurance that is planned with; the rest pays for climbs.
const USE: f64 = 0.96;

/// Stations kept by one crew.
#[derive(Debug, Clone)]
pub(crate) struct Crew {
    pub(crate) kind: usize,
    /// Stations, numbers along the border.
    pub(crate) stations: Vec<usize>,
    /// Aircraft, indices into the fleet.
    pub(crate) aircraft: Vec<usize>,
}

/// One flight of the rota.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) aircraft: usize,
    pub(crate) sortie: u32,
    pub(crate) station: usize,
    pub(crate) from_base: usize,
    pub(crate) to_base: usize,
    /// On station: when, and flying which way.
    pub(crate) on: (f64, usize),
    pub(crate) off: (f64, usize),
    pub(crate) way_in: Way,
    pub(crate) way_out: Way,
    pub(crate) relieves: Option<usize>,
}

impl Flight {
    pub(crate) fn take_off_s(&self) -> f64 {
        self.on.0 - self.way_in.time_s
    }

    pub(crate) fn landed_s(&self) -> f64 {
        self.off.0 + self.way_out.time_s
    }
}

/// Who is on a station: aircraft, base it came from, since when and flying which way, its way in, and whom it relieved.
type Watch = (usize, usize, (f64, usize), Way, Option<usize>);
/// Ways, remembered: base, station, direction, in or out.
type Ways = BTreeMap<(usize, usize, usize, bool), Way>;

/// What the rota is made from.
pub(crate) struct Desk<'a, 'b> {
    pub(crate) field: &'b Field<'a>,
    pub(crate) rounds: &'b [Round],
    pub(crate) bases: &'b [LatLon],
    /// Where every aircraft of the fleet starts.
    pub(crate) starts: &'b [usize],
    /// From when on each aircraft of the fleet may take off, seconds.
    pub(crate) ready_s: &'b [f64],
    pub(crate) ways: Ways,
    /// Take-offs and landings at each base.
    pub(crate) busy: BTreeMap<usize, Vec<f64>>,
}

impl Desk<'_, '_> {
    fn way(&mut self, base: usize, station: usize, dir: usize, arrive: bool) -> Result<Way, Infeasible> {
        if let Some(w) = self.ways.get(&(base, station, dir, arrive)) {
            return Ok(w.clone());
        }
        let round = &self.rounds[station];
        let kind = &self.field.kinds[round.stretch.kind];
        let w = self
            .field
            .way(kind.craft, kind.radius_m, round, dir, self.bases[base], arrive)?;
        self.ways.insert((base, station, dir, arrive), w.clone());
        Ok(w)
    }

    fn free(&self, base: usize, t: f64) -> bool {
        self.busy
            .get(&base)
            .is_none_or(|b| b.iter().all(|x| (x - t).abs() >= BASE_GAP_S))
    }

    /// The first passing of a station's relief place at or after `from` that an aircraft ready at `ready` at `base` can make.
    fn meet(&mut self, base: usize, station: usize, ready: f64, from: f64) -> Result<((f64, usize), Way), Infeasible> {
        let mut t = from.max(ready);
        for _ in 0..40 {
            let pass = self.rounds[station].pass(0.0, t);
            let way = self.way(base, station, pass.1, true)?;
            let off = pass.0 - way.time_s;
            if off >= ready - 1e-6 && off >= 0.0 && self.free(base, off) {
                return Ok((pass, way));
            }
            t = pass.0 + 1.0;
        }
        Err(self.field.no(
            Constraint::Base,
            "the watch",
            (0.0, self.field.section_m),
            "take-offs from one base are too many for one runway.".to_owned(),
            "more bases.",
        ))
    }

    fn ready(&self, aircraft: usize) -> f64 {
        self.ready_s.get(aircraft).copied().unwrap_or(0.0)
    }

    fn swap_s(&self, base: usize) -> f64 {
        self.field.brief.bases.get(base).map_or(600.0, |b| b.swap_s)
    }

    /// The flights of one crew through the whole watch.
    pub(crate) fn crew(&mut self, crew: &Crew, until_s: f64) -> Result<Vec<Flight>, Infeasible> {
        let g = crew.stations.len();
        let spares = crew.aircraft.len() - g;
        let craft = self.field.kinds[crew.kind].craft;
        let tired = |field: &Field<'_>, what: String| {
            field.no(
                Constraint::Energy,
                &craft.tail,
                (0.0, field.section_m),
                what,
                "more aircraft of this kind, a larger battery, bases nearer to the border, or faster swaps.",
            )
        };
        // Aircraft from the left; the leftmost are the spares.
        let mut out: Vec<Flight> = Vec::new();
        let mut queue: VecDeque<(usize, usize, f64)> = crew.aircraft[..spares]
            .iter()
            .map(|a| (*a, self.starts[*a], self.ready(*a)))
            .collect();
        let mut on: BTreeMap<usize, Watch> = BTreeMap::new();
        let mut longest_way = 0.0_f64;
        for (a, s) in crew.aircraft[spares..].iter().zip(&crew.stations) {
            let base = self.starts[*a];
            let (pass, way) = self.meet(base, *s, self.ready(*a), 0.0)?;
            self.busy.entry(base).or_default().push(pass.0 - way.time_s);
            longest_way = longest_way.max(way.time_s);
            on.insert(*s, (*a, base, pass, way, None));
        }
        let round_s = self.rounds[crew.stations[0]].time();
        // Hills cost more than level flight: the thirstiest round of the crew counts.
        let watts = crew
            .stations
            .iter()
            .map(|s| {
                let r = &self.rounds[*s];
                let wh = |l: &super::field::RoundLeg| leg_wh(craft, l.kind, l.dt, l.hb - l.ha, l.air > 0.0);
                r.legs.iter().map(wh).sum::<f64>() * 3600.0 / r.time()
            })
            .fold(craft.energy.cruise_w, f64::max);
        let usable = USE * endurance_s(craft) * craft.energy.cruise_w / watts - 2.2 * longest_way;
        // Half a round is kept for the last flight, which stays until the watch is over.
        // Where more is asked rounds are shorter: the crew then keeps a common time of relief that all of its rounds fit in.
        let times = || crew.stations.iter().map(|s| self.rounds[*s].time());
        let longest = times().fold(0.0, f64::max);
        let alike = longest - times().fold(f64::INFINITY, f64::min) < 0.02 * longest;
        let round_s = if alike { round_s } else { longest };
        let rounds = (usable / round_s - if alike { 0.55 } else { 1.55 }).floor();
        let started = on.values().map(|o| o.2.0).fold(0.0, f64::max);
        if rounds < 1.0 && started + usable < until_s {
            return Err(tired(
                self.field,
                format!(
                    "a round takes {:.0} min, the battery lasts {:.0} min on station.",
                    round_s / 60.0,
                    usable / 60.0
                ),
            ));
        }
        // Two batteries outlast the watch: each station is relieved once, late enough that the second lasts to the end and early
        // enough that the first does; so who was relieved goes to the neighbour, and nobody has to come back.
        let (earliest, latest) = (until_s + longest - usable, usable - longest);
        let once = started + usable < until_s && earliest >= started && latest - earliest > longest;
        // Otherwise out on every other station, back on those between: neighbours in turn are never far from each other.
        let order: Vec<usize> = if once {
            (0..g).collect()
        } else {
            (0..g).step_by(2).chain((0..g).filter(|k| k % 2 == 1).rev()).collect()
        };
        let mut first = vec![0.0; g];
        let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
        let mut over = vec![false; g];
        let mut e = 0usize;
        while !over.iter().all(|o| *o) {
            let (c, cycle) = (e % g, e / g);
            let station = crew.stations[order[c]];
            let began = on.get(&station).map_or(0.0, |o| o.2.0);
            let period = if once {
                usable
            } else {
                rounds * if alike { self.rounds[station].time() } else { longest }
            };
            // A round that does not divide the common time is finished first.
            let grace = if alike || once {
                0.0
            } else {
                self.rounds[station].time()
            };
            let Some(&(relief, base, ready)) = queue.front() else {
                // Nobody to relieve: fine as long as the battery lasts to the end.
                if began + usable >= until_s {
                    over[order[c]] = true;
                    e += 1;
                    continue;
                }
                return Err(tired(self.field, "there is nobody to relieve it.".to_owned()));
            };
            let wish = if once {
                // Spread over the hours between, a fifth of them kept for who comes late; nobody is needed a second time.
                if cycle > 0 {
                    until_s
                } else {
                    (earliest + 0.8 * c as f64 * (latest - earliest) / g as f64).max(began + 1.0)
                }
            } else if cycle == 0 {
                (started + (c as f64 + 1.0) * period / g as f64 - round_s).max(began + 1.0)
            } else {
                first[c] + cycle as f64 * period - 1.0
            };
            if wish >= until_s || (cycle > 0 && over[order[c]]) {
                over[order[c]] = true;
                e += 1;
                continue;
            }
            let (pass, way) = self.meet(base, station, ready, wish)?;
            if pass.0 >= until_s {
                over[order[c]] = true;
                e += 1;
                continue;
            }
            if pass.0 - began > period + grace + 1.0 {
                return Err(tired(
                    self.field,
                    format!(
                        "the relief for the station at {:.1} km is ready {:.0} min too late.",
                        self.rounds[station].stretch.relief / 1000.0,
                        (pass.0 - began - period) / 60.0
                    ),
                ));
            }
            if cycle == 0 {
                first[c] = pass.0;
            }
            queue.pop_front();
            self.busy.entry(base).or_default().push(pass.0 - way.time_s);
            // The relieved one goes where it is needed next.
            let next = crew.stations[order[(e + spares) % g]];
            let goal = if once && e + spares >= g {
                self.rounds[station].stretch.base
            } else {
                self.rounds[next].stretch.base
            };
            if let Some((a, from_base, start, way_in, relieves)) = on.remove(&station) {
                let way_out = self.way(goal, station, pass.1, false)?;
                let n = numbers.entry(a).or_insert(0);
                let flight = Flight {
                    aircraft: a,
                    sortie: *n,
                    station,
                    from_base,
                    to_base: goal,
                    on: start,
                    off: pass,
                    way_in,
                    way_out,
                    relieves,
                };
                *n += 1;
                let landed = flight.landed_s();
                self.busy.entry(goal).or_default().push(landed);
                queue.push_back((a, goal, landed + self.swap_s(goal)));
                on.insert(station, (relief, base, pass, way, Some(a)));
                out.push(flight);
            }
            e += 1;
        }
        for (station, (a, from_base, start, way_in, relieves)) in on {
            let off = self.rounds[station].pass(0.0, until_s.max(start.0 + 1.0));
            if off.0 - start.0 > usable + 1.0 {
                return Err(tired(self.field, "the last flight outlasts its battery.".to_owned()));
            }
            let home = self.rounds[station].stretch.base;
            let way_out = self.way(home, station, off.1, false)?;
            let flight = Flight {
                aircraft: a,
                sortie: *numbers.get(&a).unwrap_or(&0),
                station,
                from_base,
                to_base: home,
                on: start,
                off,
                way_in,
                way_out,
                relieves,
            };
            self.busy.entry(home).or_default().push(flight.landed_s());
            out.push(flight);
        }
        Ok(out)
    }
}

/// Pads, stores and crew hours of every base hold.
pub(crate) fn served(field: &Field<'_>, flights: &[Flight]) -> Result<(), Infeasible> {
    let short =
        |what: String, relax: &str| field.no(Constraint::Base, "the watch", (0.0, field.section_m), what, relax);
    for (b, base) in field.brief.bases.iter().enumerate() {
        let mut stays: Vec<(f64, f64)> = Vec::new();
        for f in flights {
            if f.to_base == b {
                let t = f.landed_s();
                if !base.staffed(t) || !base.staffed(t + base.swap_s) {
                    return Err(short(
                        format!(
                            "{} has no crew at {:.1} h, when an aircraft lands there.",
                            base.name,
                            t / 3600.0
                        ),
                        "longer crew hours, or another base nearby.",
                    ));
                }
                // Who lands to fly again is served; who lands for good stands aside.
                if flights.iter().any(|g| g.aircraft == f.aircraft && g.sortie > f.sortie) {
                    stays.push((t, t + base.swap_s));
                }
            }
            if f.from_base == b && !base.staffed(f.take_off_s()) {
                return Err(short(
                    format!(
                        "{} has no crew at {:.1} h, when an aircraft takes off.",
                        base.name,
                        f.take_off_s() / 3600.0
                    ),
                    "longer crew hours, or another base nearby.",
                ));
            }
        }
        if base.swaps.is_some_and(|n| stays.len() > n as usize) {
            return Err(short(
                format!(
                    "{} has {} batteries in store, {} are needed.",
                    base.name,
                    base.swaps.unwrap_or(0),
                    stays.len()
                ),
                "more batteries in store.",
            ));
        }
        for (t, _) in &stays {
            let at_once = stays.iter().filter(|s| (s.0..s.1).contains(t)).count();
            if at_once > base.pads.max(1) as usize {
                return Err(short(
                    format!(
                        "{} has {} pads, {at_once} aircraft are served at {:.1} h.",
                        base.name,
                        base.pads,
                        t / 3600.0
                    ),
                    "more pads.",
                ));
            }
        }
    }
    Ok(())
}
