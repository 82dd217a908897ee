//! One aircraft's flight: from its base to its stretch of track, back and forth, and home.
//!
//! Invariant: every leg lies in legal space and over its floor; a fixed wing reverses on the home
//! side only and never asks for more bank than it has in the worst wind.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vedette_geo::Amsl;
use vedette_model::Airframe;
use vedette_model::plan::{Aircraft, Leg, LegKind, LinkLoss, WindBrief};

use crate::energy::{leg_wh, wind_triangle};
use crate::error::{Constraint, Infeasible};
use crate::plan::turn_radius;
use crate::profile::{Ground, LegRule};
use crate::sensor::{Look, Unseen, Watcher};
use crate::space::{Legal, Xy, course_deg, dist};
use crate::track::Track;
use crate::winds::Winds;

/// Share of the climb and descent rate the profile may use; the rest is for gusts.
const RATE_SHARE: f64 = 0.85;
/// Seconds a multirotor takes to stop, turn round and get going (WPNAV_ACCEL 2.5 m/s²).
pub(crate) const REVERSE_S: f64 = 5.0;
/// Waypoints tried for the way home after the watch ends.
const MOST_CUTS: usize = 40;
/// Half footprint assumed while sizing, metres.
const SIZING_HALF_M: f64 = 30.0;

/// What legs see, remembered by its exact ends.
pub(crate) type Looks = RefCell<BTreeMap<[u64; 8], Result<Look, Unseen>>>;

/// What flying one aircraft needs.
pub(crate) struct Pilot<'a> {
    pub(crate) craft: &'a Aircraft,
    pub(crate) winds: &'a Winds,
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) watcher: &'a Watcher<'a>,
    /// Space any leg may use.
    pub(crate) legal: &'a Legal,
    /// Slightly smaller space, whose corners make waypoints.
    pub(crate) inner: &'a Legal,
    pub(crate) track: &'a Track,
    pub(crate) section_m: f64,
    /// Waypoints on the track, metres along it.
    pub(crate) stops: &'a [f64],
    pub(crate) extra_m: f64,
    /// Compute what the camera sees; without, each leg is taken to watch the line abreast (for
    /// sizing only).
    pub(crate) watching: bool,
    pub(crate) looks: &'a Looks,
    /// Turning places of a drawn patrol, shares of the stretch from where it begins; `None` turns at the ends.
    pub(crate) drawn: Option<&'a [f64]>,
    /// The stretch is a whole ring, flown round and round.
    pub(crate) ring: bool,
}

/// A point of the flight with the leg that leads to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) xy: Xy,
    pub(crate) kind: LegKind,
    /// Chainage abreast, on the patrol track.
    pub(crate) chain_m: Option<f64>,
    /// Seconds spent here before going on.
    pub(crate) hold_s: f64,
}

/// A flown leg with what the mission item needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Flown {
    pub(crate) leg: Leg,
    pub(crate) look: Option<Look>,
    pub(crate) unseen: Option<(f64, f64, Unseen)>,
    /// Heading of the nose, degrees true.
    pub(crate) heading_deg: f64,
    /// Hold at the end, seconds.
    pub(crate) hold_s: f64,
}

pub(crate) fn node(xy: Xy, kind: LegKind) -> Node {
    Node {
        xy,
        kind,
        chain_m: None,
        hold_s: 0.0,
    }
}

/// Ground speed, airspeed and heading on a course. A multirotor holds ground speed (WPNAV_SPEED), a
/// fixed wing holds airspeed.
pub(crate) fn pace(craft: &Aircraft, wind: &WindBrief, course: f64) -> Option<(f64, f64, f64)> {
    let e = &craft.envelope;
    if craft.airframe == Airframe::Plane {
        let (ground, crab) = wind_triangle(e.cruise_m_s, course, wind)?;
        return Some((ground, e.cruise_m_s, course + crab));
    }
    let angle = (wind.from_deg - course).to_radians();
    let (cross, against) = (wind.speed_m_s * angle.sin(), wind.speed_m_s * angle.cos());
    // A gust must still find speed to spare.
    let most = (e.max_m_s - wind.gust_m_s).max(0.0);
    let room = most * most - cross * cross;
    if room <= 0.0 {
        return None;
    }
    let ground = e.cruise_m_s.min(room.sqrt() - against);
    (ground > 0.5).then(|| (ground, (ground + against).hypot(cross), course))
}

impl Pilot<'_> {
    pub(crate) fn fixed_wing(&self) -> bool {
        self.craft.airframe == Airframe::Plane
    }

    pub(crate) fn fail(&self, constraint: Constraint, at_m: (f64, f64), what: String, relaxation: &str) -> Infeasible {
        Infeasible::new(constraint, &self.craft.tail, at_m, what, relaxation.to_owned())
    }

    pub(crate) fn radius_m(&self) -> f64 {
        turn_radius(self.craft, self.winds)
    }

    fn speed(&self, course: f64, amsl_m: f64) -> Option<(f64, f64, f64)> {
        pace(self.craft, &self.winds.at(amsl_m), course)
    }

    pub(crate) fn slopes(&self) -> (f64, f64) {
        let e = &self.craft.envelope;
        let fastest = if self.fixed_wing() {
            e.cruise_m_s + self.winds.worst().speed_m_s
        } else {
            e.cruise_m_s
        };
        (RATE_SHARE * e.climb_m_s / fastest, RATE_SHARE * e.descent_m_s / fastest)
    }

    fn rules(&self, nodes: &[Node]) -> Vec<LegRule> {
        let (up, down) = self.slopes();
        nodes[1..]
            .iter()
            .map(|n| LegRule {
                exempt: matches!(n.kind, LegKind::TakeOff | LegKind::Land),
                extra_m: if matches!(n.kind, LegKind::Patrol | LegKind::Turn) {
                    self.extra_m
                } else {
                    0.0
                },
                up,
                down,
            })
            .collect()
    }

    fn heights(&self, nodes: &[Node], least: &[f64]) -> Result<Vec<f64>, Infeasible> {
        let path: Vec<Xy> = nodes.iter().map(|n| n.xy).collect();
        self.ground
            .heights(&path, &self.rules(nodes), least)
            .map_err(|p| self.unknown_ground(p))
    }

    pub(crate) fn unknown_ground(&self, p: Xy) -> Infeasible {
        self.fail(
            Constraint::Terrain,
            (0.0, self.section_m),
            format!("the ground at {} is unknown.", self.ground.plane.to_latlon(p.0, p.1)),
            "load a terrain tile that covers the place, or move the section or the base away from it.",
        )
    }

    /// Waypoints of one pass from `from` to `to` metres along the track (either way).
    fn pass(&self, from: f64, to: f64) -> Vec<Node> {
        let (low, high) = (from.min(to), from.max(to));
        let mut s = vec![low];
        s.extend(
            self.stops
                .iter()
                .copied()
                .filter(|m| *m > low + 12.0 && *m < high - 12.0),
        );
        s.push(high);
        if from > to {
            s.reverse();
        }
        s.into_iter()
            .map(|s| Node {
                xy: self.track.at(s),
                kind: LegKind::Patrol,
                chain_m: Some(self.track.chain_at(s)),
                hold_s: 0.0,
            })
            .collect()
    }

    /// Patrol between two places of the track, starting at the first, for at least `seconds`: from end to end, or as drawn.
    fn patrol(&self, from: f64, to: f64, seconds: f64) -> Result<Vec<Node>, Infeasible> {
        let mut nodes: Vec<Node> = Vec::new();
        if self.ring {
            let mut flown = 0.0;
            while flown < seconds * self.craft.envelope.max_m_s * 1.2 + 500.0 {
                // Each time round begins where the last one ended.
                nodes.extend(self.pass(from, to).into_iter().skip(usize::from(!nodes.is_empty())));
                flown += (to - from).abs().max(1.0);
            }
            return Ok(nodes);
        }
        let at = |share: f64| from + (to - from) * share;
        let mut turning = 0;
        // Turning places, in turn.
        let mut next = |was: f64| {
            turning += 1;
            match self.drawn.map(|d| d.get(turning - 1)) {
                Some(Some(share)) => at(*share),
                // What was drawn is over long after the flight is.
                _ if (was - to).abs() > (was - from).abs() => to,
                _ => from,
            }
        };
        let (mut a, mut b) = (from, next(from));
        let mut flown = 0.0;
        // A generous count: the flight is cut at its time later.
        while flown < seconds * self.craft.envelope.max_m_s * 1.2 + 500.0 {
            let growing = b > a;
            let turn = self.fixed_wing().then(|| self.turn_near(b, growing));
            let end = match &turn {
                Some(Some((_, _, end))) => *end,
                Some(None) => {
                    return Err(self.fail(
                        Constraint::Envelope,
                        (self.track.chain_at(b.min(a)), self.track.chain_at(b.max(a))),
                        format!(
                            "there is no room on the home side to reverse with a turn radius of {:.0} m.",
                            self.radius_m()
                        ),
                        "a smaller no-fly zone, a steeper bank limit, a lower cruise speed or a multirotor for this stretch.",
                    ));
                }
                None => b,
            };
            let mut leg = self.pass(a, end);
            if !nodes.is_empty() {
                // The pass begins where the turn ended.
                leg.remove(0);
            }
            nodes.extend(leg);
            flown += (end - a).abs();
            if let Some(Some((turn, rejoin, _))) = turn {
                nodes.extend(turn);
                flown += 2.0 * std::f64::consts::PI * self.radius_m();
                a = rejoin;
                b = next(b);
            } else {
                if let Some(last) = nodes.last_mut() {
                    last.hold_s = REVERSE_S;
                }
                (a, b) = (end, next(end));
            }
        }
        Ok(nodes)
    }

    /// The whole flight over the stretch of track from `from` to `to` metres, patrolling until
    /// `until_s`, leaving the ground at second 0; `flip` begins at the end further from the base.
    pub(crate) fn fly(&self, from: f64, to: f64, flip: bool, until_s: f64) -> Result<Vec<Flown>, Infeasible> {
        let base = self.ground.plane.to_xy(self.craft.base);
        let base_m = self.ground.at(base).ok_or_else(|| self.unknown_ground(base))?;
        if !self.legal.inside(base) {
            return Err(self.fail(
                Constraint::LegalSpace,
                (0.0, self.section_m),
                format!("the base {} lies outside legal space.", self.craft.base),
                "a base inside the country, outside no-fly zones and further from the border than the stand-off.",
            ));
        }
        let (a, b) = if (dist(base, self.track.at(from)) <= dist(base, self.track.at(to))) != flip {
            (from, to)
        } else {
            (to, from)
        };
        let mut patrol = self.patrol(a, b, until_s.max(60.0))?;
        // A fixed wing meets the track at a slant, from the home side, and leaves it so.
        let joins = self.leads(patrol[0], patrol[1].xy, base);
        let none = vec![f64::NEG_INFINITY; patrol.len()];
        let alone = self.heights(&patrol, &none)?;
        let (join, out) = self.reach(base, base_m, &joins, alone[0], false)?;
        let mut head: Vec<Node> = vec![node(base, LegKind::TakeOff)];
        head.extend(out.iter().map(|(n, _)| *n));
        head[1].kind = LegKind::TakeOff;
        if join.heading.is_none() {
            head.pop();
        }
        patrol[0].kind = LegKind::Transit;
        let first = head.len();
        let mut nodes = head;
        nodes.extend(patrol);
        let heights = |nodes: &[Node]| {
            let mut least = vec![f64::NEG_INFINITY; nodes.len()];
            least[0] = base_m;
            self.heights(nodes, &least)
        };
        // Cut at the first waypoint of the track after the watch ends from which a way leads home.
        let h = heights(&nodes)?;
        let mut t = 0.0;
        let mut home = None;
        let mut tried = 0;
        for i in 1..nodes.len() {
            t += self.seconds(&nodes[i - 1], h[i - 1], &nodes[i], h[i])? + nodes[i].hold_s;
            let on_track = nodes[i].chain_m.is_some() && nodes[i - 1].chain_m.is_some();
            if i > first && t >= until_s && on_track {
                let leaves = self.leads(nodes[i], nodes[i - 1].xy, base);
                match self.reach(base, base_m, &leaves, h[i], true) {
                    Ok((leave, way)) => {
                        home = Some((i, leave, way));
                        break;
                    }
                    Err(e) => {
                        tried += 1;
                        if tried > MOST_CUTS {
                            return Err(e);
                        }
                    }
                }
            }
        }
        let Some((cut, leave, home)) = home else {
            return Err(self.fail(
                Constraint::Return,
                (0.0, self.section_m),
                "no waypoint was found from which to go home.".to_owned(),
                "another base.",
            ));
        };
        nodes.truncate(cut + 1);
        nodes[cut].hold_s = 0.0;
        let skip = usize::from(leave.heading.is_none());
        nodes.extend(home.iter().rev().skip(skip).map(|(n, _)| *n));
        nodes.push(node(base, LegKind::Land));
        let mut h = heights(&nodes)?;
        if let Some(l) = h.last_mut() {
            *l = base_m;
        }
        self.legs(&nodes, &h)
    }

    /// Seconds of a leg; climbing and descending take their time.
    fn seconds(&self, a: &Node, ha: f64, b: &Node, hb: f64) -> Result<f64, Infeasible> {
        let length = dist(a.xy, b.xy);
        let e = &self.craft.envelope;
        let vertical = if hb > ha {
            (hb - ha) / e.climb_m_s
        } else {
            (ha - hb) / e.descent_m_s
        };
        if length < 0.5 {
            return Ok(vertical);
        }
        let course = course_deg(a.xy, b.xy);
        let (ground, ..) = self.speed(course, 0.5 * (ha + hb)).ok_or_else(|| {
            self.fail(
                Constraint::Wind,
                (0.0, self.section_m),
                format!(
                    "wind of {:.0} m/s is too much on a course of {course:.0} degrees.",
                    self.winds.at(0.5 * (ha + hb)).speed_m_s
                ),
                "less wind or a faster aircraft.",
            )
        })?;
        Ok((length / ground).max(vertical))
    }

    fn legs(&self, nodes: &[Node], h: &[f64]) -> Result<Vec<Flown>, Infeasible> {
        let mut out = Vec::with_capacity(nodes.len());
        let (mut t, mut wh) = (0.0, 0.0);
        let place = |xy: Xy| self.ground.plane.to_latlon(xy.0, xy.1);
        for i in 1..nodes.len() {
            let (a, b) = (&nodes[i - 1], &nodes[i]);
            let (ha, hb) = (h[i - 1], h[i]);
            let length = dist(a.xy, b.xy);
            let seconds = self.seconds(a, ha, b, hb)?;
            let course = course_deg(a.xy, b.xy);
            let (_, air, heading) = self.speed(course, 0.5 * (ha + hb)).unwrap_or((0.0, 0.0, course));
            if !matches!(b.kind, LegKind::TakeOff | LegKind::Land) {
                let (agl, at) = self
                    .ground
                    .highest((a.xy, ha), (b.xy, hb))
                    .ok_or_else(|| self.unknown_ground(b.xy))?;
                if agl > self.ground.max_agl_m {
                    let m = b.chain_m.or(a.chain_m).unwrap_or(0.0);
                    return Err(self.fail(
                        Constraint::Height,
                        (m, m),
                        format!(
                            "at {} the climb rate and the ridges around force {agl:.0} m above ground, the limit is {:.0} m.",
                            place(at),
                            self.ground.max_agl_m
                        ),
                        &format!("max_agl_m = {:.0}, or a faster climb.", agl.ceil() + 1.0),
                    ));
                }
            }
            let mut look = None;
            let mut unseen = None;
            if let (LegKind::Patrol, Some(c0), Some(c1)) = (b.kind, a.chain_m, b.chain_m) {
                // Where a ring closes, its end is its beginning.
                let c0 = if self.ring && (c1 - c0).abs() > 0.5 * self.section_m {
                    if c1 < c0 { 0.0 } else { self.section_m }
                } else {
                    c0
                };
                match self.look((a.xy, ha), (b.xy, hb), [c0, c1]) {
                    Ok(l) => look = Some(l),
                    Err(why) => unseen = Some((c0.min(c1), c0.max(c1), why)),
                }
            }
            wh += leg_wh(self.craft, b.kind, seconds, hb - ha, length > 0.5);
            let leg = Leg {
                kind: b.kind,
                from: place(a.xy),
                from_amsl: Amsl(ha),
                to: place(b.xy),
                to_amsl: Amsl(hb),
                start_s: t,
                end_s: t + seconds,
                ground_m_s: if seconds > 0.0 { length / seconds } else { 0.0 },
                air_m_s: if length > 0.5 { air } else { 0.0 },
                watches_m: look.as_ref().map(|l| l.watches_m),
                watch_half_m: look.as_ref().map_or(0.0, |l| l.half_m),
                aim: look.as_ref().map(|l| l.aim),
                link_loss: match b.kind {
                    LegKind::TakeOff | LegKind::Transit | LegKind::Return => LinkLoss::Continue,
                    LegKind::Land => LinkLoss::Land,
                    _ => LinkLoss::Return,
                },
                energy_wh: wh,
            };
            t = leg.end_s;
            out.push(Flown {
                leg,
                look,
                unseen,
                heading_deg: heading,
                hold_s: b.hold_s,
            });
            if b.hold_s > 0.0 {
                // Stopping and turning round, on the spot.
                wh += leg_wh(self.craft, LegKind::Turn, b.hold_s, 0.0, false);
                let here = place(b.xy);
                let before = &out[out.len() - 1];
                let hold = Leg {
                    kind: LegKind::Turn,
                    from: here,
                    from_amsl: Amsl(hb),
                    to: here,
                    to_amsl: Amsl(hb),
                    start_s: t,
                    end_s: t + b.hold_s,
                    ground_m_s: 0.0,
                    air_m_s: 0.0,
                    watches_m: None,
                    watch_half_m: 0.0,
                    aim: None,
                    link_loss: LinkLoss::Return,
                    energy_wh: wh,
                };
                let heading_deg = before.heading_deg;
                t = hold.end_s;
                out.push(Flown {
                    leg: hold,
                    look: None,
                    unseen: None,
                    heading_deg,
                    hold_s: 0.0,
                });
            }
        }
        Ok(out)
    }

    fn look(&self, a: (Xy, f64), b: (Xy, f64), chain: [f64; 2]) -> Result<Look, Unseen> {
        if !self.watching {
            let here = self.ground.plane.origin();
            return Ok(Look {
                depression_deg: 0.0,
                azimuth_deg: 0.0,
                watches_m: chain,
                half_m: SIZING_HALF_M,
                aim: [here, here],
            });
        }
        let key = [a.0.0, a.0.1, a.1, b.0.0, b.0.1, b.1, chain[0], chain[1]].map(f64::to_bits);
        if let Some(l) = self.looks.borrow().get(&key) {
            return l.clone();
        }
        let l = self.watcher.look(a, b, chain);
        self.looks.borrow_mut().insert(key, l.clone());
        l
    }
}
