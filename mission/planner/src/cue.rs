//! An alarm calls an aircraft: which one is there first and sees enough, what it costs the watch, and who takes a target over.
//!
//! Invariant: every way keeps the stand-off and all no-fly zones; an aircraft that could not come home with its reserve is
//! never offered as able. A first answer within milliseconds, not an upload.

use serde::{Deserialize, Serialize};
use vedette_atlas::{Shape, World};
use vedette_geo::{Amsl, LatLon, azimuth_deg, destination, distance_m};
use vedette_model::plan::{Aircraft, AircraftPlan, Brief, LegKind, PatrolPlan};
use vedette_model::{Airframe, VehicleId};

use crate::cells::{Detectability, JOHNSON_PX};
use crate::flight::pace;
use crate::level::{Levels, Steep};
use crate::passage::Passage;
use crate::replan::whereabouts;
use crate::search_flight::turn_radius_m;
use crate::sensor::target_width_m;
use crate::watch::{Sky, shapes};

/// Kept over the least height above ground, metres.
const OVER_M: f64 = 20.0;
/// Flatter than this a look gives a bearing and no place, degrees: five, and one for gusts.
const LEAST_GRAZING_DEG: f64 = 6.0;
/// Kept to floor and ceiling of the heights on the way, metres: what altimeters are off by.
const FLOOR_M: f64 = 10.0;
/// From an order to the take-off of an aircraft that stands ready, seconds.
const SCRAMBLE_S: f64 = 90.0;
/// Landing, seconds.
const LANDING_S: f64 = 90.0;
/// Weight of the hole torn into the watch against the time to recognise.
const DEBT_WEIGHT: f64 = 0.1;
/// So many ways are found in full.
const FULL: usize = 4;
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
    /// The way there, from where it is now; the last corner is where it watches from. A corner that stands twice is a change of
    /// height on the spot.
    pub path: Vec<LatLon>,
    /// Height of the leg to each corner of the way, metres above the sea; the first one's is the height it has now. Empty where
    /// only a first answer was given.
    #[serde(default)]
    pub heights: Vec<Amsl>,
    /// Height it watches from, metres above the sea.
    pub amsl: Amsl,
    /// Share of the battery left on landing afterwards, two sigma taken off.
    pub left_share: f64,
    /// Base it can land at afterwards.
    pub lands_at: LatLon,
    /// The way there from where it watched, through legal space; empty where only a first answer was given.
    #[serde(default)]
    pub back: Vec<LatLon>,
    /// Height of the leg to each corner of the way back, metres above the sea.
    #[serde(default)]
    pub back_heights: Vec<Amsl>,
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
    let mut looked_at = 0;
    for r in out.iter_mut().filter(|r| r.able) {
        let Some(a) = plan.brief.fleet.iter().find(|a| a.vehicle == r.vehicle) else {
            continue;
        };
        desk.full(a, r);
        looked_at += usize::from(r.able);
        if looked_at == FULL {
            break;
        }
    }
    order(&mut out);
    out
}

fn order(out: &mut [Response]) {
    let cost = |r: &Response| r.eta_s + DEBT_WEIGHT * r.away_s * f64::from(u8::from(r.leaves_m.is_some()));
    // Who was looked at in full stands before who has a first answer only.
    let known = |r: &Response| r.able && !r.heights.is_empty();
    out.sort_by(|a, b| {
        b.able
            .cmp(&a.able)
            .then(known(b).cmp(&known(a)))
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

/// A place to watch from.
#[derive(Debug, Clone, Copy)]
struct Goal {
    at: LatLon,
    class: Detectability,
    /// Height it watches from, metres above the sea.
    eye: f64,
}

/// What follows the watching.
struct Afterwards {
    base: LatLon,
    /// The way there, metres.
    back_m: f64,
    /// All climbs, out and home, metres.
    rise_m: f64,
    /// Changes of height on the spot on the way home, seconds.
    upright_s: f64,
}

/// A change of height, seconds.
fn upright_s(a: &Aircraft, metres: f64) -> f64 {
    let rate = if metres > 0.0 {
        a.envelope.climb_m_s
    } else {
        a.envelope.descent_m_s
    };
    metres.abs() / rate.max(0.1)
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
            heights: Vec::new(),
            amsl: Amsl(s.amsl),
            left_share: 0.0,
            lands_at: a.base,
            back: Vec::new(),
            back_heights: Vec::new(),
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
        self.price(a, &s, &mut r, seconds, &self.nearest_base(a, self.cue.at));
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
    fn nearest_base(&self, a: &Aircraft, from: LatLon) -> Afterwards {
        let all = self.plan.brief.bases.iter().map(|b| b.at).chain([a.base]);
        let near = all.map(|b| (b, distance_m(b, from)));
        let (base, back_m) = near.min_by(|x, y| x.1.total_cmp(&y.1)).unwrap_or((a.base, 0.0));
        Afterwards {
            base,
            back_m,
            rise_m: 0.0,
            upright_s: 0.0,
        }
    }

    /// Energy, and what the watch loses.
    fn price(&self, a: &Aircraft, s: &State, r: &mut Response, out_s: f64, then: &Afterwards) {
        let e = &a.energy;
        let brief: &Brief = &self.plan.brief;
        let against = (a.envelope.cruise_m_s - crate::winds::against_m_s(brief)).max(1.0);
        let climb = e.mass_kg * vedette_geo::G_M_S2 * then.rise_m / e.climb_efficiency / 3600.0;
        let back_s = then.back_m / against + then.upright_s;
        let wh = s.used_wh
            + climb
            + ((out_s + back_s) * e.cruise_w + (self.cue.hold_s + LANDING_S) * e.hover_w.max(e.cruise_w)) / 3600.0;
        r.lands_at = then.base;
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
        let (levels, circle) = (self.levels(a), self.circle_m(a));
        // Who cannot stand still changes its height only where there is room for its circle.
        let circles = |p: LatLon| circle <= 0.0 || passage.spare_m(p) >= circle;
        let room = (l.max_agl_m - l.min_agl_m - 2.0 * OVER_M).max(0.0);
        let (mut seen, mut steep) = (false, None);
        let found = [0.0, 0.5, 1.0].into_iter().find_map(|share| {
            let height = ground.0 + l.min_agl_m + OVER_M + share * room;
            let goals = self.goals(a, &levels, circle, (s.at, height, ground.0));
            seen |= !goals.is_empty();
            goals.into_iter().find_map(|g| {
                let path = passage.way(s.at, g.at)?;
                match levels.along(&path, s.amsl, g.eye, &circles) {
                    Ok(legs) => Some((legs, g)),
                    Err(e) => {
                        steep.get_or_insert(e);
                        None
                    }
                }
            })
        });
        if !seen {
            return refuse(
                r,
                if a.airframe == Airframe::Copter {
                    "no legal place has a free view of it."
                } else {
                    "no legal place where it has room to circle has a free view of it."
                },
            );
        }
        let Some((legs, goal)) = found else {
            return match steep {
                Some(e) => refuse(r, &self.too_steep(e)),
                None if passage.spare_m(s.at) < 0.0 => {
                    refuse(r, "it is outside legal space and finds no way out of there.")
                }
                None => refuse(r, "no way through legal space leads to where it could see it."),
            };
        };
        let eye = legs.last().map_or(goal.eye, |l| l.1);
        let Some((home, back)) = self.back(a, &passage, goal.at) else {
            return refuse(r, "no way through legal space leads from there to a base.");
        };
        let land = self.world.terrain.elevation(home).map_or(eye, |h| h.0 + l.min_agl_m);
        let back = match levels.along(&back, eye, land, &circles) {
            Ok(b) => b,
            Err(e) => return refuse(r, &format!("on the way home {}", self.too_steep(e))),
        };
        let (mut out_s, mut rise_m) = (0.0, 0.0);
        for w in legs.windows(2) {
            let Some(t) = self.fly_s(a, w[0].0, w[1].0, distance_m(w[0].0, w[1].0), w[1].1) else {
                return refuse(r, "the wind is too strong on that course.");
            };
            let dh = w[1].1 - w[0].1;
            rise_m += dh.max(0.0);
            out_s += t.max(upright_s(a, dh));
        }
        let climbs = |w: &[(LatLon, f64)]| (w[1].1 - w[0].1).max(0.0);
        let then = Afterwards {
            base: home,
            back_m: back.windows(2).map(|w| distance_m(w[0].0, w[1].0)).sum(),
            rise_m: rise_m + back.windows(2).map(climbs).sum::<f64>(),
            upright_s: back
                .windows(2)
                .filter(|w| w[0].0 == w[1].0)
                .map(|w| upright_s(a, w[1].1 - w[0].1))
                .sum(),
        };
        r.detect = goal.class;
        r.amsl = Amsl(eye);
        r.eta_s = s.wait_s + out_s;
        (r.path, r.heights) = legs.into_iter().map(|(p, h)| (p, Amsl(h))).unzip();
        (r.back, r.back_heights) = back.into_iter().map(|(p, h)| (p, Amsl(h))).unzip();
        self.price(a, &s, r, out_s, &then);
    }

    fn too_steep(&self, e: Steep) -> String {
        match e {
            Steep::Unknown(_) => "ground on the way is unknown.".to_owned(),
            Steep::Ceiling(at, agl) => format!(
                "the ground at {at} is so steep that it would be {agl:.0} m above it, {:.0} m are allowed.",
                self.plan.brief.limits.max_agl_m
            ),
            Steep::Room(at) => format!("it has no room to climb in circles before {at}."),
        }
    }

    fn levels(&self, a: &Aircraft) -> Levels<'_> {
        let l = &self.plan.brief.limits;
        Levels {
            sky: Sky {
                world: self.world,
                min_agl_m: l.min_agl_m + FLOOR_M,
                nav_m: 3.0 * l.nav_sigma_m,
                up: f64::INFINITY,
                down: f64::INFINITY,
            },
            max_agl_m: l.max_agl_m - FLOOR_M,
            speed_m_s: crate::winds::Winds::of(&self.plan.brief).over_ground_m_s(a),
            descent_m_s: a.envelope.descent_m_s,
        }
    }

    /// Radius of its circle over ground in the worst wind, metres; 0 for who can stand still.
    fn circle_m(&self, a: &Aircraft) -> f64 {
        turn_radius_m(a, &crate::winds::Winds::of(&self.plan.brief))
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
    /// From where it is, for a height to watch from and the ground at the place, metres above the sea.
    fn goals(
        &self,
        a: &Aircraft,
        levels: &Levels<'_>,
        circle: f64,
        (from, amsl, ground): (LatLon, f64, f64),
    ) -> Vec<Goal> {
        let (cue, passage) = (self.cue.at, self.passage());
        let first = azimuth_deg(cue, from);
        let mut out = Vec::new();
        for (flat, class) in self.views(a, amsl, ground) {
            let slant = flat.hypot(amsl - ground);
            // With the height it would have there, in the band that is legal there, near enough, nothing in between.
            let free = |p: LatLon| {
                let (floor, roof) = levels.band(p).ok()?;
                let eye = amsl.max(floor);
                let near = distance_m(p, cue).hypot(eye - ground) <= slant;
                let open = || self.world.terrain.visible((p, Amsl(eye)), (cue, Amsl(ground + 0.5))) == Some(true);
                (eye <= roof && near && open()).then_some(Goal { at: p, class, eye })
            };
            // In the picture already.
            if distance_m(from, cue) <= flat && passage.spare_m(from) >= circle {
                out.extend(free(from));
            }
            let (mut wide, mut narrow) = (Vec::new(), Vec::new());
            'found: for share in [0.97, 0.8, 0.5, 0.25] {
                for k in 0..24 {
                    let side = if k % 2 == 0 { 1.0 } else { -1.0 };
                    let p = destination(cue, first + side * 15.0 * f64::from((k + 1) / 2), share * flat);
                    let spare = passage.spare_m(p);
                    if spare >= circle
                        && let Some(g) = free(p)
                    {
                        if spare >= circle.max(WIDE_M) {
                            wide.push(g);
                        } else {
                            narrow.push(g);
                        }
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
            desk.price(h, &s, &mut own, 0.0, &desk.nearest_base(h, s.at));
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
