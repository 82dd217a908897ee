//! An alarm calls an aircraft: which one is there first and sees enough, what it costs the watch, and who takes a target over.
//!
//! Invariant: every way keeps the stand-off and all no-fly zones; an aircraft that could not come home with its reserve is
//! never offered as able. A first answer within milliseconds, not an upload.

use serde::{Deserialize, Serialize};
use vedette_atlas::{Shape, World};
use vedette_geo::{Amsl, LatLon, azimuth_deg, destination, distance_m};
use vedette_model::VehicleId;
use vedette_model::plan::{Aircraft, AircraftPlan, Brief, LegKind, PatrolPlan};

use crate::cells::{Detectability, JOHNSON_PX};
use crate::flight::pace;
use crate::passage::Passage;
use crate::replan::whereabouts;
use crate::sensor::target_width_m;
use crate::watch::shapes;

/// Kept over the least height above ground, metres.
const OVER_M: f64 = 20.0;
/// Flatter than this a look gives a bearing and no place, degrees: five, and one for gusts.
const LEAST_GRAZING_DEG: f64 = 6.0;
/// Step of the ground looked at under a way, metres.
const STEP_M: f64 = 250.0;
/// From an order to the take-off of an aircraft that stands ready, seconds.
const SCRAMBLE_S: f64 = 90.0;
/// Landing, seconds.
const LANDING_S: f64 = 90.0;
/// Weight of the hole torn into the watch against the time to recognise.
const DEBT_WEIGHT: f64 = 0.1;
/// Candidates looked at in full.
const FULL: usize = 6;
/// Places to watch from tried for each class of sight, and bases tried for the landing.
const GOALS: usize = 4;
const BASES: usize = 3;
/// Room at such a place, metres: corners are flown wide.
const WIDE_M: f64 = 40.0;
/// 95 % of a circular normal distribution lie within this many sigma.
const R95: f64 = 2.448;

/// A call for eyes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// Where something is.
    pub at: LatLon,
    /// Seconds of watching wanted on the spot.
    pub hold_s: f64,
    /// Narrow side of what is looked for, metres; none: what the brief looks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_m: Option<f64>,
}

/// What one aircraft could do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Who.
    pub vehicle: VehicleId,
    /// Tail number.
    pub tail: String,
    /// It can, and comes home with its reserve.
    pub able: bool,
    /// Why not, or what it costs, one sentence.
    pub why: String,
    /// Seconds until the target is seen well enough.
    pub eta_s: f64,
    /// How well it will be seen.
    pub detect: Detectability,
    /// The way there, from where it is now; the last corner is where it watches from.
    pub path: Vec<LatLon>,
    /// Height of that way, metres above the sea.
    pub amsl: Amsl,
    /// Share of the battery left on landing afterwards, two sigma taken off.
    pub left_share: f64,
    /// Base it can land at afterwards.
    pub lands_at: LatLon,
    /// The way there from where it watched, through legal space; empty where only a first answer was given.
    #[serde(default)]
    pub back: Vec<LatLon>,
    /// Stretch it leaves alone, metres of the section; `None`: it was not on patrol.
    pub leaves_m: Option<[f64; 2]>,
    /// Seconds the stretch is left alone.
    pub away_s: f64,
    /// Longest gap there meanwhile: the promise and the absence, seconds; 0 for who was not on patrol.
    pub gap_s: f64,
}

/// All aircraft of a plan, best first, as answers to a cue at second `now_s` of the watch.
#[must_use]
pub fn respond(plan: &PatrolPlan, world: &World, cue: &Cue, now_s: f64) -> Vec<Response> {
    let zones = shapes(world, &plan.brief);
    let desk = Desk {
        plan,
        world,
        zones: &zones,
        cue,
        now_s,
    };
    let mut out: Vec<Response> = plan.brief.fleet.iter().map(|a| desk.quick(a)).collect();
    order(&mut out);
    for r in out.iter_mut().filter(|r| r.able).take(FULL) {
        if let Some(a) = plan.brief.fleet.iter().find(|a| a.vehicle == r.vehicle) {
            desk.full(a, r);
        }
    }
    order(&mut out);
    out
}

fn order(out: &mut [Response]) {
    let cost = |r: &Response| r.eta_s + DEBT_WEIGHT * r.away_s * f64::from(u8::from(r.leaves_m.is_some()));
    out.sort_by(|a, b| {
        b.able
            .cmp(&a.able)
            .then(b.detect.cmp(&a.detect))
            .then(cost(a).total_cmp(&cost(b)))
            .then(a.vehicle.cmp(&b.vehicle))
    });
}

struct Desk<'a> {
    plan: &'a PatrolPlan,
    world: &'a World,
    zones: &'a [Shape],
    cue: &'a Cue,
    now_s: f64,
}

/// Where an aircraft is and what it has.
struct State {
    at: LatLon,
    amsl: f64,
    used_wh: f64,
    /// Seconds until it can leave.
    wait_s: f64,
    leaves_m: Option<[f64; 2]>,
}

impl Desk<'_> {
    fn flights(&self, a: &Aircraft) -> impl Iterator<Item = &AircraftPlan> {
        let v = a.vehicle;
        self.plan.aircraft.iter().filter(move |p| p.vehicle == v)
    }

    fn state(&self, a: &Aircraft) -> State {
        for p in self.flights(a) {
            let Some((i, at, amsl)) = whereabouts(p, self.now_s) else {
                continue;
            };
            let l = &p.legs[i];
            let before = if i > 0 { p.legs[i - 1].energy_wh } else { 0.0 };
            let t = ((self.now_s - l.start_s) / (l.end_s - l.start_s).max(1e-9)).clamp(0.0, 1.0);
            let on = matches!(l.kind, LegKind::Patrol | LegKind::Turn | LegKind::Loiter);
            let seen = p.legs.iter().filter_map(|l| l.watches_m).flatten();
            let stretch = seen.fold([f64::INFINITY, f64::NEG_INFINITY], |s, m| [s[0].min(m), s[1].max(m)]);
            return State {
                at,
                amsl,
                used_wh: before + (l.energy_wh - before) * t,
                wait_s: 0.0,
                leaves_m: (on && stretch[0].is_finite()).then_some(stretch),
            };
        }
        let swap = |at: LatLon| {
            let bases = &self.plan.brief.bases;
            let near = bases
                .iter()
                .min_by(|x, y| distance_m(x.at, at).total_cmp(&distance_m(y.at, at)));
            near.map_or(600.0, |b| b.swap_s)
        };
        let landed = self
            .flights(a)
            .filter_map(|p| p.legs.last().map(|l| (l.end_s, l.to)))
            .filter(|l| l.0 <= self.now_s)
            .max_by(|x, y| x.0.total_cmp(&y.0));
        let at = landed.map_or(a.base, |l| l.1);
        let ready = landed.map_or(0.0, |l| (l.0 + swap(l.1) - self.now_s).max(0.0));
        State {
            at,
            amsl: self.world.terrain.elevation(at).map_or(0.0, |h| h.0),
            used_wh: 0.0,
            wait_s: ready + SCRAMBLE_S,
            leaves_m: None,
        }
    }

    /// How far from the cue, across the ground, it is seen from a height, by class, the best first.
    fn views(&self, a: &Aircraft, amsl: f64, ground: f64) -> Vec<(f64, Detectability)> {
        let h = (amsl - ground).max(1.0);
        let c = &a.camera;
        let focal_px = f64::from(c.width_px) / (2.0 * (0.5 * c.hfov_deg).to_radians().tan());
        let sought = || target_width_m(self.plan.brief.requirement.target);
        let target = self.cue.across_m.unwrap_or_else(sought);
        let least = if c.max_depression_deg >= 89.0 {
            0.0
        } else {
            h / c.max_depression_deg.to_radians().tan()
        };
        let most = h / c.min_depression_deg.max(LEAST_GRAZING_DEG).to_radians().tan();
        // Recognising is what the call is for; where the law keeps the aircraft too far away, seeing something must do.
        let mut out = Vec::new();
        for (px, class) in [
            (JOHNSON_PX[1], Detectability::Recognise),
            (JOHNSON_PX[0], Detectability::Detect),
        ] {
            let slant = 0.95 * focal_px * target / px;
            if slant > h {
                let flat = (slant * slant - h * h).sqrt().min(most);
                if flat >= least && self.world.home_distance_m(self.cue.at) + 0.97 * flat > self.passage().border_m {
                    out.push((flat, class));
                }
            }
        }
        out
    }

    /// A first answer from straight lines.
    fn quick(&self, a: &Aircraft) -> Response {
        let s = self.state(a);
        let mut r = Response {
            vehicle: a.vehicle,
            tail: a.tail.clone(),
            able: false,
            why: String::new(),
            eta_s: f64::INFINITY,
            detect: Detectability::Blind,
            path: vec![s.at, self.cue.at],
            amsl: Amsl(s.amsl),
            left_share: 0.0,
            lands_at: a.base,
            back: Vec::new(),
            leaves_m: s.leaves_m,
            away_s: 0.0,
            gap_s: 0.0,
        };
        let Some(ground) = self.world.terrain.elevation(self.cue.at) else {
            r.why = "the ground at the place is unknown.".into();
            return r;
        };
        let least = ground.0 + self.plan.brief.limits.min_agl_m + OVER_M;
        let high = least.max(ground.0 + self.plan.brief.limits.max_agl_m - OVER_M);
        let views = |amsl: f64| self.views(a, amsl, ground.0).first().copied();
        let Some((flat, class)) = views(least.max(ground.0 + 30.0)).or_else(|| views(high)) else {
            r.why = "its camera does not see enough from where it may fly.".into();
            return r;
        };
        r.detect = class;
        let way = (distance_m(s.at, self.cue.at) - flat).max(0.0);
        let Some(seconds) = self.fly_s(a, s.at, self.cue.at, way, least) else {
            r.why = "the wind is too strong on that course.".into();
            return r;
        };
        r.eta_s = s.wait_s + seconds;
        r.able = true;
        self.price(a, &s, &mut r, seconds, self.nearest_base(a, self.cue.at));
        r
    }

    fn fly_s(&self, a: &Aircraft, from: LatLon, to: LatLon, length: f64, amsl_m: f64) -> Option<f64> {
        if length < 1.0 {
            return Some(0.0);
        }
        pace(
            a,
            &crate::winds::Winds::of(&self.plan.brief).at(amsl_m),
            azimuth_deg(from, to),
        )
        .map(|p| length / p.0)
    }

    /// The nearest base as the crow flies, for a first answer.
    fn nearest_base(&self, a: &Aircraft, from: LatLon) -> (LatLon, f64, f64) {
        let all = self.plan.brief.bases.iter().map(|b| b.at).chain([a.base]);
        let near = all.map(|b| (b, distance_m(b, from), 0.0));
        near.min_by(|x, y| x.1.total_cmp(&y.1)).unwrap_or((a.base, 0.0, 0.0))
    }

    /// Energy, and what the watch loses; the base landed at, the way there and the climb on it, metres, are given.
    fn price(&self, a: &Aircraft, s: &State, r: &mut Response, out_s: f64, (home, back_m, over_m): (LatLon, f64, f64)) {
        let e = &a.energy;
        let brief: &Brief = &self.plan.brief;
        let against = (a.envelope.cruise_m_s - crate::winds::against_m_s(brief)).max(1.0);
        let rise = (r.amsl.0 - s.amsl).max(0.0) + over_m;
        let climb = e.mass_kg * vedette_geo::G_M_S2 * rise / e.climb_efficiency / 3600.0;
        let back_s = back_m / against;
        let wh = s.used_wh
            + climb
            + ((out_s + back_s) * e.cruise_w + (self.cue.hold_s + LANDING_S) * e.hover_w.max(e.cruise_w)) / 3600.0;
        r.lands_at = home;
        r.left_share = 1.0 - wh * (1.0 + 2.0 * e.sigma_share) / e.battery_wh;
        if s.leaves_m.is_some() {
            r.away_s = 2.0 * out_s + self.cue.hold_s;
            r.gap_s = self.plan.promise.revisit_s + r.away_s;
        }
        if r.left_share < e.reserve_share {
            r.able = false;
            r.why = format!(
                "it would land with {:.0} % of its battery, {:.0} % must be left.",
                100.0 * r.left_share,
                100.0 * e.reserve_share
            );
            return;
        }
        r.why = match s.leaves_m {
            Some(m) => format!(
                "its stretch of {:.1} km goes unwatched for {:.0} s.",
                (m[1] - m[0]) / 1000.0,
                r.away_s
            ),
            None => "it watches nothing now.".into(),
        };
    }

    /// The answer with a legal way over known ground.
    fn full(&self, a: &Aircraft, r: &mut Response) {
        let s = self.state(a);
        let refuse = |r: &mut Response, why: &str| {
            r.able = false;
            r.why = why.to_owned();
        };
        let Some(ground) = self.world.terrain.elevation(self.cue.at) else {
            return refuse(r, "the ground at the place is unknown.");
        };
        let passage = self.passage();
        // From low down the view is best and the way short; what lies far beyond the stand-off is seen from higher up only.
        let l = &self.plan.brief.limits;
        let room = (l.max_agl_m - l.min_agl_m - 2.0 * OVER_M).max(0.0);
        let mut seen = false;
        let found = [0.0, 0.5, 1.0].into_iter().find_map(|share| {
            let height = ground.0 + l.min_agl_m + OVER_M + share * room;
            let goals = self.goals(a, s.at, height, ground.0);
            seen |= !goals.is_empty();
            let way = |(g, class)| Some((passage.way(s.at, g)?, class, height));
            goals.into_iter().find_map(way)
        });
        if !seen {
            return refuse(r, "no legal place has a free view of it.");
        }
        let Some((path, class, lowest)) = found else {
            return refuse(
                r,
                if passage.spare_m(s.at) < 0.0 {
                    "it is outside legal space and finds no way out of there."
                } else {
                    "no way through legal space leads to where it could see it."
                },
            );
        };
        let goal = path.last().copied().unwrap_or(s.at);
        let Some(top) = self.highest(&path) else {
            return refuse(r, "ground on the way is unknown.");
        };
        let Some((home, back)) = self.back(a, &passage, goal) else {
            return refuse(r, "no way through legal space leads from there to a base.");
        };
        let Some(top_back) = self.highest(&back) else {
            return refuse(r, "ground on the way home is unknown.");
        };
        // Over the highest ground of the way.
        let amsl = (top + self.plan.brief.limits.min_agl_m + OVER_M).max(lowest);
        let mut out_s = 0.0;
        for w in path.windows(2) {
            let Some(t) = self.fly_s(a, w[0], w[1], distance_m(w[0], w[1]), amsl) else {
                return refuse(r, "the wind is too strong on that course.");
            };
            out_s += t;
        }
        let rise = amsl - s.amsl;
        let vertical = if rise > 0.0 { rise / a.envelope.climb_m_s } else { 0.0 };
        out_s = out_s.max(vertical);
        r.detect = class;
        r.path = path;
        r.amsl = Amsl(amsl);
        r.eta_s = s.wait_s + out_s;
        let length = back.windows(2).map(|w| distance_m(w[0], w[1])).sum();
        let over = (top_back + self.plan.brief.limits.min_agl_m + OVER_M - amsl).max(0.0);
        r.back = back;
        self.price(a, &s, r, out_s, (home, length, over));
    }

    /// The nearest base to which a way leads, and that way.
    fn back(&self, a: &Aircraft, passage: &Passage<'_>, from: LatLon) -> Option<(LatLon, Vec<LatLon>)> {
        let mut all: Vec<LatLon> = self.plan.brief.bases.iter().map(|b| b.at).chain([a.base]).collect();
        all.sort_by(|x, y| distance_m(*x, from).total_cmp(&distance_m(*y, from)));
        all.truncate(BASES);
        all.into_iter().find_map(|b| Some((b, passage.way(from, b)?)))
    }

    /// Legal space: the stand-off, the line's own error and three sigma of navigation from every border; three sigma from zones.
    fn passage(&self) -> Passage<'_> {
        let l = &self.plan.brief.limits;
        Passage {
            world: self.world,
            zones: self.zones,
            border_m: l.stand_off_m + self.world.border.accuracy_m + 3.0 * l.nav_sigma_m,
            zone_m: 3.0 * l.nav_sigma_m,
        }
    }

    /// Legal places with a free view, best class and nearest course first, corners to spare before just legal ones.
    fn goals(&self, a: &Aircraft, from: LatLon, amsl: f64, ground: f64) -> Vec<(LatLon, Detectability)> {
        let cue = self.cue.at;
        let passage = self.passage();
        let first = azimuth_deg(cue, from);
        let free = |p: LatLon| {
            let h = self.world.terrain.elevation(p).map(|g| g.0.max(ground))?;
            let eye = Amsl((h + self.plan.brief.limits.min_agl_m + OVER_M).max(amsl));
            self.world.terrain.visible((p, eye), (cue, Amsl(ground + 0.5)))
        };
        let mut out = Vec::new();
        for (flat, class) in self.views(a, amsl, ground) {
            // In the picture already.
            if distance_m(from, cue) <= flat && passage.spare_m(from) >= 0.0 && free(from) == Some(true) {
                out.push((from, class));
            }
            let (mut wide, mut narrow) = (Vec::new(), Vec::new());
            'found: for share in [0.97, 0.8, 0.5, 0.25] {
                for k in 0..24 {
                    let side = if k % 2 == 0 { 1.0 } else { -1.0 };
                    let p = destination(cue, first + side * 15.0 * f64::from((k + 1) / 2), share * flat);
                    match passage.margin_m(p) {
                        Some(m) if free(p) == Some(true) => {
                            if m >= WIDE_M {
                                wide.push((p, class));
                            } else {
                                narrow.push((p, class));
                            }
                        }
                        _ => {}
                    }
                    if wide.len() >= GOALS {
                        break 'found;
                    }
                }
            }
            wide.append(&mut narrow);
            wide.truncate(GOALS);
            out.append(&mut wide);
        }
        out
    }

    /// Highest ground under a way.
    fn highest(&self, path: &[LatLon]) -> Option<f64> {
        let mut top = f64::NEG_INFINITY;
        for w in path.windows(2) {
            let n = (distance_m(w[0], w[1]) / STEP_M).ceil().max(1.0) as usize;
            for k in 0..=n {
                let p = vedette_geo::interpolate(w[0], w[1], k as f64 / n as f64);
                top = top.max(self.world.terrain.max_within(p, 0.5 * STEP_M)?.0);
            }
        }
        Some(top)
    }
}

/// A target somebody holds, as its track says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Where it is now.
    pub at: LatLon,
    /// Its speed towards north and east, metres per second.
    pub velocity_m_s: [f64; 2],
    /// One sigma of its place, metres, and of its speed, metres per second.
    pub sigma: [f64; 2],
    /// Aircraft that holds it.
    pub holder: VehicleId,
}

/// Who could take a target over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    /// What the one who comes does.
    pub response: Response,
    /// Where the target is expected then.
    pub expected: LatLon,
    /// If the holder lets go now: the target lies within this of there then, 95 %, metres.
    pub lost_m: f64,
    /// Half the width of ground in the picture of the one who comes, metres.
    pub picture_m: f64,
    /// Seconds the holder must go on so that the target is in the picture of the one who comes.
    pub hold_on_s: f64,
    /// The holder's battery lasts that long, with its way home and its reserve.
    pub holder_lasts: bool,
}

/// Hand-overs of a target at second `now_s`, best first: uncertainty grows while nobody looks, and must fit the picture of the
/// one who comes.
#[must_use]
pub fn hand_over(plan: &PatrolPlan, world: &World, held: &Held, now_s: f64) -> Vec<HandOver> {
    let cue = |at| Cue {
        at,
        hold_s: 300.0,
        across_m: None,
    };
    let moved = |t: f64| {
        let [n, e] = held.velocity_m_s.map(|v| v * t);
        destination(held.at, e.atan2(n).to_degrees(), n.hypot(e))
    };
    let first = respond(plan, world, &cue(held.at), now_s);
    let holder = plan.brief.fleet.iter().find(|a| a.vehicle == held.holder);
    let zones = shapes(world, &plan.brief);
    let mut out = Vec::new();
    for r in first
        .into_iter()
        .filter(|r| r.able && r.vehicle != held.holder)
        .take(FULL)
    {
        let Some(a) = plan.brief.fleet.iter().find(|a| a.vehicle == r.vehicle) else {
            continue;
        };
        // Where it will be when this one comes: twice is enough, targets are slower than aircraft.
        let (mut expected, mut response) = (held.at, r);
        for _ in 0..2 {
            expected = moved(response.eta_s);
            let here = cue(expected);
            let desk = Desk {
                plan,
                world,
                zones: &zones,
                cue: &here,
                now_s,
            };
            response = desk.quick(a);
            if response.able {
                desk.full(a, &mut response);
            }
            if !response.able {
                break;
            }
        }
        if !response.able {
            continue;
        }
        let eta = response.eta_s;
        let lost_m = R95 * held.sigma[0].hypot(held.sigma[1] * eta);
        let from = response.path.last().copied().unwrap_or(held.at);
        let slant = distance_m(from, expected).max(1.0);
        let picture_m = slant * (0.5 * a.camera.hfov_deg).to_radians().tan();
        // Letting go so late that what grows until the other comes fits its picture.
        let may = if lost_m <= picture_m {
            eta
        } else if R95 * held.sigma[0] >= picture_m || held.sigma[1] <= 0.0 {
            0.0
        } else {
            (((picture_m / R95).powi(2) - held.sigma[0].powi(2)).sqrt() / held.sigma[1]).min(eta)
        };
        let hold_on_s = eta - may;
        let stay = Cue {
            at: held.at,
            hold_s: hold_on_s,
            across_m: None,
        };
        let holder_lasts = holder.is_some_and(|h| {
            let desk = Desk {
                plan,
                world,
                zones: &zones,
                cue: &stay,
                now_s,
            };
            let s = desk.state(h);
            let mut own = desk.quick(h);
            own.able = true;
            desk.price(h, &s, &mut own, 0.0, desk.nearest_base(h, s.at));
            own.able
        });
        out.push(HandOver {
            response,
            expected,
            lost_m,
            picture_m,
            hold_on_s,
            holder_lasts,
        });
    }
    out.sort_by(|a, b| {
        b.holder_lasts
            .cmp(&a.holder_lasts)
            .then(a.response.eta_s.total_cmp(&b.response.eta_s))
    });
    out
}
