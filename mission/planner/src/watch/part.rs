//! The part of one flight in the plan: legs with camera and energy, items with loops, fence and ways home.
//!
//! Invariant: the loop in the items is flown as often as the legs say; every leg lies in the fence.

use std::cell::RefCell;
use std::collections::BTreeMap;

use geo::algorithm::buffer::LineJoin;
use geo::{BooleanOps, Buffer, ConvexHull, MultiPolygon, Polygon, Simplify};
use vedette_atlas::Plane;
use vedette_geo::{Amsl, LatLon};
use vedette_model::plan::{AircraftPlan, BlindSpot, Leg, LegKind, LinkLoss};
use vedette_model::{AltFrame, MissionItem, command};

use super::field::{Field, Round, RoundLeg};
use super::line::{Frame, Keep, forbidden};
use super::rota::Flight;
use crate::energy::leg_wh;
use crate::error::{Constraint, Infeasible};
use crate::flight::Flown;
use crate::items;
use crate::sensor::{COARSE, Look, Unseen, Watcher, target_width_m};
use crate::space::{Legal, Xy, open_ring, ring_of, style};

/// Metres flown at the plateau after a relief, and how much of the slope the descent uses.
const STAY_M: f64 = 1500.0;
const DESCENT_SHARE: f64 = 0.5;
/// Border looked at beyond a station's ends, metres.
const BEYOND_M: f64 = 1000.0;
/// ArduPilot: start of a return path (MAV_CMD_DO_RETURN_PATH_START).
const DO_RETURN_PATH_START: u16 = 188;

type Key = [u64; 6];
type Looked = Result<Look, Unseen>;

/// Where the parts of one station's flights are made.
pub(crate) struct Studio<'a, 'b> {
    field: &'b Field<'a>,
    round: &'b Round,
    watcher: (Watcher<'b>, f64),
    looks: RefCell<BTreeMap<Key, Looked>>,
    fences: RefCell<Vec<MultiPolygon<f64>>>,
    unseen: RefCell<Vec<Missed>>,
}

/// A stretch no leg could see, with the reason.
pub(crate) type Missed = (f64, f64, Unseen);

impl<'a, 'b> Studio<'a, 'b> {
    pub(crate) fn new(field: &'b Field<'a>, round: &'b Round) -> Self {
        let r = &field.brief.requirement;
        let (first, last) = (round.nodes[0], round.nodes[round.nodes.len() - 1]);
        let from = (first.chain_m - BEYOND_M).max(0.0);
        let to = (last.chain_m + BEYOND_M).min(field.section_m);
        let mid = round.nodes[round.nodes.len() / 2].at;
        let watcher = Watcher::new(
            &field.world.terrain,
            &field.world.border,
            Plane::new(mid),
            field.from_m + from,
            to - from,
            field.kinds[round.stretch.kind].craft.camera,
            (r.pixels_on_target, target_width_m(r.target)),
            COARSE,
        );
        Self {
            field,
            round,
            watcher: (watcher, from),
            looks: RefCell::default(),
            fences: RefCell::default(),
            unseen: RefCell::default(),
        }
    }

    /// What its flights could not see.
    pub(crate) fn missed(self) -> Vec<Missed> {
        self.unseen.into_inner()
    }

    /// What a leg sees; a leg flown backwards sees the same backwards.
    fn look(&self, l: &RoundLeg) -> Looked {
        let Some(chain) = l.chain else {
            return Err(Unseen::Gimbal);
        };
        let flip = chain[0] > chain[1];
        let (a, b, c) = if flip {
            ((l.b, l.hb), (l.a, l.ha), [chain[1], chain[0]])
        } else {
            ((l.a, l.ha), (l.b, l.hb), chain)
        };
        let key = [a.0.lat_deg, a.0.lon_deg, a.1, b.0.lat_deg, b.0.lon_deg, b.1].map(f64::to_bits);
        let known = self.looks.borrow().get(&key).cloned();
        let look = known.unwrap_or_else(|| {
            let (w, from) = &self.watcher;
            let xy = |p: LatLon| w.plane.to_xy(p);
            let mut look = w.look((xy(a.0), a.1), (xy(b.0), b.1), [c[0] - from, c[1] - from]);
            match &mut look {
                Ok(l) => l.watches_m = l.watches_m.map(|m| m + from),
                Err(why) => self.unseen.borrow_mut().push((c[0], c[1], *why)),
            }
            self.looks.borrow_mut().insert(key, look.clone());
            look
        });
        look.map(|mut l| {
            if flip {
                l.watches_m.reverse();
                l.aim.reverse();
            }
            l
        })
    }

    /// The legs on station from one passing of the relief place to another, the first ones still on the plateau. Also the
    /// number of legs flown higher than in other rounds, and of legs of one round.
    fn patrol(&self, f: &Flight) -> (Vec<RoundLeg>, usize, usize) {
        let round = self.round;
        let n = round.legs.len();
        let span = f.off.0 - f.on.0;
        let (from, to) = (round.at[f.on.1], round.at[f.off.1]);
        let part = (to + n - from) % n;
        let part_s: f64 = (0..part).map(|k| round.legs[(from + k) % n].dt).sum();
        let whole = ((span - part_s) / round.time()).round().max(0.0) as usize;
        let count = whole * n + part;
        let mut legs: Vec<RoundLeg> = (0..count).map(|k| round.legs[(from + k) % n]).collect();
        let mut first = 0;
        // On the first legs the one who comes stays above the one who leaves, then comes down.
        if f.relieves.is_some()
            || f.way_in
                .legs
                .last()
                .is_some_and(|l| l.hb > legs.first().map_or(f64::MAX, |l| l.ha) + 1.0)
        {
            let top = f.way_in.legs.last().map_or(0.0, |l| l.hb);
            let slope = DESCENT_SHARE * self.field.sky.down;
            let mut flown = 0.0;
            let mut h = top;
            first = legs.len();
            for (i, l) in legs.iter_mut().enumerate() {
                if h <= l.ha + 0.01 {
                    first = i;
                    break;
                }
                flown += l.length_m;
                l.ha = h;
                h = (top - slope * (flown - STAY_M).max(0.0)).max(l.hb);
                l.hb = h;
            }
        }
        (legs, first, n)
    }

    /// The part of a flight.
    pub(crate) fn part(&self, f: &Flight, bases: &[LatLon]) -> Result<AircraftPlan, Infeasible> {
        let craft = &self.field.brief.fleet[f.aircraft];
        let (patrol, first, n) = self.patrol(f);
        let most = self.field.brief.limits.max_agl_m;
        let mut flown: Vec<Flown> = Vec::with_capacity(patrol.len() + 40);
        let (mut t, mut wh) = (f.take_off_s(), 0.0);
        let head = f.way_in.legs.len();
        for (i, l) in f.way_in.legs.iter().chain(&patrol).chain(&f.way_out.legs).enumerate() {
            let length = l.length_m;
            if i < head || (i - head < first) || i >= head + patrol.len() {
                let on_ground = matches!(l.kind, LegKind::TakeOff | LegKind::Land);
                let (agl, at) = self
                    .field
                    .sky
                    .highest((l.a, l.ha), (l.b, l.hb))
                    .ok_or_else(|| self.field.unknown(l.b))?;
                if !on_ground && agl > most {
                    let m = self.field.chain_of(at);
                    return Err(self.field.no(
                        Constraint::Height,
                        &craft.tail,
                        (m, m),
                        format!("at {at} reliefs and ferries fly {agl:.0} m above ground, the limit is {most:.0} m."),
                        &format!("max_agl_m = {:.0}.", agl.ceil() + 1.0),
                    ));
                }
            }
            let look = self.look(l).ok();
            // Climbing where the plateau is left takes no longer than level flight: slopes are gentle.
            wh += leg_wh(craft, l.kind, l.dt, l.hb - l.ha, length > 0.5);
            flown.push(Flown {
                leg: Leg {
                    kind: l.kind,
                    from: l.a,
                    from_amsl: Amsl(l.ha),
                    to: l.b,
                    to_amsl: Amsl(l.hb),
                    start_s: t,
                    end_s: t + l.dt,
                    ground_m_s: if l.dt > 0.0 { length / l.dt } else { 0.0 },
                    air_m_s: if length > 0.5 { l.air } else { 0.0 },
                    watches_m: look.as_ref().map(|l| l.watches_m),
                    watch_half_m: look.as_ref().map_or(0.0, |l| l.half_m),
                    aim: look.as_ref().map(|l| l.aim),
                    link_loss: match l.kind {
                        LegKind::TakeOff | LegKind::Transit | LegKind::Return => LinkLoss::Continue,
                        LegKind::Land => LinkLoss::Land,
                        _ => LinkLoss::Return,
                    },
                    energy_wh: wh,
                },
                look,
                unseen: None,
                heading_deg: l.heading,
                hold_s: 0.0,
            });
            t += l.dt;
        }
        // A wait on the spot is the hold of the waypoint before it.
        for i in 1..flown.len() {
            if flown[i].leg.kind == LegKind::Turn && flown[i].leg.ground_m_s == 0.0 {
                flown[i - 1].hold_s = flown[i].leg.end_s - flown[i].leg.start_s;
            }
        }
        let e = &craft.energy;
        let need = wh * (1.0 + 2.0 * e.sigma_share);
        let usable = e.battery_wh * (1.0 - e.reserve_share);
        if need > usable {
            return Err(self.field.no(
                Constraint::Energy,
                &craft.tail,
                (0.0, self.field.section_m),
                format!("its flight takes {need:.0} Wh with two sigma of the power model, {usable:.0} Wh are there besides the reserve."),
                &format!("a battery of {:.0} Wh.", (need / (1.0 - e.reserve_share)).ceil()),
            ));
        }
        let home = bases[f.from_base];
        let end = bases[f.to_base];
        let home_amsl = flown[0].leg.from_amsl;
        let round = self.round;
        let branches = self.branches(f);
        let return_amsl = flown
            .iter()
            .map(|l| l.leg.to_amsl.0)
            .chain(round.nodes.iter().map(|n| n.h_m))
            .fold(f64::NEG_INFINITY, f64::max)
            .ceil();
        let items = self.items(f, &flown, (head, first, n), &branches, Amsl(return_amsl), home_amsl);
        let most = craft.family.capacity();
        if items.len() + 1 > most.mission {
            return Err(self.field.no(
                Constraint::Capacity,
                &craft.tail,
                (round.nodes[0].chain_m, round.nodes[round.nodes.len() - 1].chain_m),
                format!(
                    "the mission has {} items, the autopilot takes {}.",
                    items.len(),
                    most.mission - 1
                ),
                "more aircraft, so that stretches are shorter.",
            ));
        }
        let fence = self.fence(f, &flown, most.fence).ok_or_else(|| {
            self.field.no(
                Constraint::Capacity,
                &craft.tail,
                (round.nodes[0].chain_m, round.nodes[round.nodes.len() - 1].chain_m),
                format!(
                    "the fence cannot be simplified to {} points inside legal space.",
                    most.fence
                ),
                "more aircraft, so that stretches are shorter.",
            )
        })?;
        let mut branches = branches.into_iter();
        Ok(AircraftPlan {
            vehicle: craft.vehicle,
            sortie: f.sortie,
            lands_at: (f.to_base != f.from_base).then_some(end),
            home,
            home_amsl,
            take_off: flown[0].leg.to_amsl.above(home_amsl),
            legs: flown.into_iter().map(|f| f.leg).collect(),
            return_amsl: Amsl(return_amsl),
            return_path: branches.next().unwrap_or_default(),
            return_branches: branches.collect(),
            rally: vec![],
            fence_items: items::fence(&fence, &[]),
            fence,
            items,
            rally_items: vec![],
        })
    }

    /// Ways home from either end of the station along the track to the relief place, and on by the way out.
    fn branches(&self, f: &Flight) -> Vec<Vec<LatLon>> {
        let round = self.round;
        let h = super::field::index(&round.nodes, round.stretch.relief);
        let out: Vec<LatLon> = f.way_out.legs.iter().map(|l| l.b).collect();
        let right: Vec<LatLon> = round.nodes[..=h]
            .iter()
            .map(|n| n.at)
            .chain(out.iter().copied())
            .collect();
        let left = round.nodes[h..]
            .iter()
            .rev()
            .map(|n| n.at)
            .chain(out.iter().copied())
            .collect();
        // On the way in: on to the relief place, then the same.
        let start = f.way_in.legs.iter().skip(1).map(|l| l.a);
        let on = start.chain([round.nodes[h].at]).chain(out.iter().copied()).collect();
        vec![right, left, on]
    }

    /// Items: way in, first round, the loop, what is left of it, way out; then the ways home, reached on return only.
    fn items(
        &self,
        f: &Flight,
        flown: &[Flown],
        (head, first, n): (usize, usize, usize),
        branches: &[Vec<LatLon>],
        return_amsl: Amsl,
        home_amsl: Amsl,
    ) -> Vec<MissionItem> {
        // Flown at the station's speed, which may be less than its own.
        let mut craft = self.field.brief.fleet[f.aircraft].clone();
        craft.envelope.cruise_m_s = self.field.kinds[self.round.stretch.kind].craft.envelope.cruise_m_s;
        let craft = &craft;
        let act = |cmd: u16, p: [Option<f64>; 4]| MissionItem {
            command: cmd,
            frame: AltFrame::None,
            params: p,
            at: None,
            alt_m: 0.0,
        };
        let way_out = flown.len() - f.way_out.legs.len();
        let mut out = items::mission(craft, home_amsl, &flown[..head + first]);
        // ArduPilot counts home as item 0.
        let number = |k: usize| Some((k + usize::from(craft.family != vedette_model::Family::Px4)) as f64);
        // What is flown from here on ends where a round ends: the rest of a round, then whole rounds. The rest is the end
        // of the loop, so the flight first jumps there.
        let left = way_out - head - first;
        let (rest, whole) = (left % n, left / n);
        let at = head + first;
        if whole >= 2 {
            let body = &flown[at + rest..at + rest + n];
            let start = items::mission(craft, home_amsl, &body[..n - rest]);
            let end = items::mission(craft, home_amsl, &body[n - rest..]);
            let times = if rest > 0 { whole } else { whole - 1 };
            if rest > 0 {
                out.push(act(
                    command::DO_JUMP,
                    [number(out.len() + 1 + start.len()), Some(1.0), None, None],
                ));
            }
            let again = out.len();
            out.extend(start);
            out.extend(end);
            out.push(act(command::DO_JUMP, [number(again), Some(times as f64), None, None]));
        } else {
            out.extend(items::mission(craft, home_amsl, &flown[at..way_out]));
        }
        let land_start = out.len();
        out.push(act(command::DO_LAND_START, [None; 4]));
        out.extend(items::mission(craft, home_amsl, &flown[way_out..]));
        if craft.family == vedette_model::Family::ArduPilot {
            for b in branches {
                let track = &b[..b.len() - f.way_out.legs.len()];
                out.push(act(DO_RETURN_PATH_START, [None; 4]));
                out.extend(track.iter().map(|p| MissionItem {
                    command: command::NAV_WAYPOINT,
                    frame: AltFrame::Amsl,
                    params: [None; 4],
                    at: Some(*p),
                    alt_m: return_amsl.0,
                }));
                out.push(act(command::DO_JUMP, [number(land_start), Some(1.0), None, None]));
            }
        }
        out
    }

    /// Inclusion fence: the hull of all that is flown, less what lies beyond a line between track and border.
    fn fence(&self, f: &Flight, flown: &[Flown], most: usize) -> Option<Vec<LatLon>> {
        let plane = self.watcher.0.plane;
        let mut path: Vec<Xy> = vec![plane.to_xy(flown[0].leg.from)];
        let far = self.patrol_ends(f, flown);
        path.extend(flown[..far].iter().map(|l| plane.to_xy(l.leg.to)));
        let out = flown.len() - f.way_out.legs.len();
        // The way out leaves from the relief place, wherever in the round the flight ended.
        let mut leave: Vec<Xy> = vec![plane.to_xy(flown[out].leg.from)];
        leave.extend(flown[out..].iter().map(|l| plane.to_xy(l.leg.to)));
        let all: Vec<Xy> = path.iter().chain(&leave).copied().collect();
        let hull = Polygon::new(ring_of(&all), vec![])
            .convex_hull()
            .buffer_with_style(style(160.0).line_join(LineJoin::Round(0.5)));
        let margin = self.field.keep.border_m - self.field.stand_off_m;
        let reach = all.iter().fold(0.0_f64, |m, p| m.max(p.0.abs()).max(p.1.abs())) + 5000.0;
        let inside = [(0.45, 0.2), (0.6, 0.3), (0.7, 0.45), (0.8, 0.6), (0.95, 0.8)]
            .map(|(back, eps)| (self.field.keep.border_m - back * margin - 20.0, eps * margin * 0.8));
        // Where no fence fits in legal space, one that holds the aircraft on the home side at least.
        let stand = self.field.stand_off_m;
        let last = [(0.6 * stand, 0.3 * stand), (0.45 * stand, 0.4 * stand)];
        let mut known = self.fences.borrow_mut();
        // Drawn when it comes to it: the first mostly does.
        for (k, (border_m, eps)) in inside.into_iter().chain(last).enumerate() {
            if known.len() == k {
                let keep = Keep {
                    border_m,
                    zone_m: 0.0,
                    round_m: 0.0,
                    coarse_m: 0.0,
                };
                known.push(forbidden(self.field.world, &[], &plane, Frame::square(reach), keep).simplify(eps));
            }
            let forb = &known[k];
            let space = hull.difference(forb);
            // The part that holds the base; a bend of the border may leave others.
            let holds = |p: &&Polygon<f64>| Legal::new(MultiPolygon::new(vec![(*p).clone()])).inside(path[0]);
            let Some(best) = space.0.iter().find(holds) else {
                continue;
            };
            let ring = Polygon::new(best.exterior().clone(), vec![]);
            for eps in [2.0, 15.0, 40.0] {
                let simple = ring.simplify(eps);
                let points = open_ring(simple.exterior());
                let mine = Legal::new(MultiPolygon::new(vec![simple]));
                if points.len() >= 3 && points.len() <= most && mine.clear_path(&path) && mine.clear_path(&leave) {
                    return Some(points.iter().map(|p| plane.to_latlon(p.0, p.1)).collect());
                }
            }
        }
        None
    }

    /// Legs after which a flight has been everywhere it goes before its way out.
    fn patrol_ends(&self, f: &Flight, flown: &[Flown]) -> usize {
        let n = self.round.legs.len();
        (f.way_in.legs.len() + 3 * n).min(flown.len() - f.way_out.legs.len())
    }
}

/// Runs of cells never seen, with reasons.
pub(crate) fn blind(missed: &[Missed], cells: &[usize], cell_m: f64, section_m: f64) -> Vec<BlindSpot> {
    let mut out: Vec<BlindSpot> = Vec::new();
    for k in cells {
        let (from_m, to_m) = (*k as f64 * cell_m, ((*k as f64 + 1.0) * cell_m).min(section_m));
        let why = missed
            .iter()
            .find(|u| u.0 <= to_m && u.1 >= from_m)
            .map_or(Unseen::Gimbal, |u| u.2)
            .words();
        match out.last_mut() {
            Some(b) if b.to_m >= from_m - 0.01 && b.why == why => b.to_m = to_m,
            _ => out.push(BlindSpot {
                from_m,
                to_m,
                why: why.to_owned(),
            }),
        }
    }
    out
}
