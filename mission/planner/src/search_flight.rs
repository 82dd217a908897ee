//! A search of an area as a mission: out from the base, the pattern, and home, over the ground and inside legal space.
//!
//! Invariant: every leg and the straight way home from everywhere on it keep the legal distances and clear the ground by the
//! brief's least height, no leg is above its ceiling, and the battery lasts with its reserve at two sigma; otherwise there is no mission, and the reason says what would do. The
//! independent checker judges the items afterwards.

use vedette_atlas::World;
use vedette_geo::{Amsl, G_M_S2, LatLon, azimuth_deg, destination, distance_m, interpolate};
use vedette_model::plan::{Aircraft, Brief, Leg, LegKind, LinkLoss};
use vedette_model::{Airframe, AltFrame, MissionItem, VehicleId, command};

use crate::area::Search;
use crate::energy::leg_wh;
use crate::error::{Constraint, Infeasible};
use crate::flight::{Flown, pace};
use crate::items;
use crate::passage::Passage;
use crate::watch::{Sky, shapes};
use crate::winds::Winds;

/// Longest leg, metres: heights follow the ground from leg to leg.
const LEG_M: f64 = 200.0;
/// Share of the climb and descent rate used; the rest is for gusts.
const RATE_SHARE: f64 = 0.7;
/// Kept over the floor, metres: corners are flown wide.
const WIDE_M: f64 = 15.0;
/// Climb-outs tried for a fixed wing: metres, and degrees off the course.
const OUT_M: [f64; 6] = [400.0, 700.0, 1200.0, 2000.0, 3000.0, 4500.0];
const OUT_DEG: [f64; 8] = [0.0, 30.0, -30.0, 60.0, -60.0, 110.0, -110.0, 180.0];
/// Share of the swath that neighbours do not share.
const APART_SHARE: f64 = 0.85;
/// Spacing in turn radii at which two corners one after the other can be flown.
const TURNS: f64 = 2.6;

/// A search as one aircraft flies it.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchFlight {
    /// Who.
    pub vehicle: VehicleId,
    /// Base, and its ground above the sea.
    pub home: (LatLon, Amsl),
    /// Mission items in the dialect of its autopilot, home left out.
    pub items: Vec<MissionItem>,
    /// Where it waits when it returns by itself and cannot stand still: legal all round, and clear of the ground.
    pub rally: Vec<(LatLon, Amsl)>,
    /// Metres flown.
    pub length_m: f64,
    /// Seconds from take-off to landing.
    pub time_s: f64,
    /// Share of the battery left on landing, two sigma taken off.
    pub left_share: f64,
}

/// Width of ground a camera that looks straight down from the brief's least height sees, metres.
#[must_use]
pub fn search_swath_m(brief: &Brief, craft: &Aircraft) -> f64 {
    2.0 * (brief.limits.min_agl_m + WIDE_M) * (0.5 * craft.camera.hfov_deg).to_radians().tan()
}

/// Sweep spacing, metres: no strip is left unseen; who cannot turn that tightly gets what it can turn in, and sees less.
#[must_use]
pub fn search_spacing_m(brief: &Brief, craft: &Aircraft) -> f64 {
    let turn_m = TURNS * turn_radius_m(craft, &Winds::of(brief));
    (APART_SHARE * search_swath_m(brief, craft)).max(turn_m).ceil()
}

/// Radius over ground in the worst wind, metres; 0 for who turns on the spot.
pub(crate) fn turn_radius_m(craft: &Aircraft, winds: &Winds) -> f64 {
    if craft.airframe == Airframe::Copter {
        return 0.0;
    }
    let v = winds.over_ground_m_s(craft);
    v * v / (G_M_S2 * craft.envelope.max_bank_deg.to_radians().tan())
}

/// A search pattern flown by one aircraft of the brief from its base.
///
/// # Errors
/// [`Infeasible`]: the pattern leaves legal space, ground is unknown, too steep or too high, the wind too strong, or the battery
/// too small, each with what would do. Places are told in metres of the pattern.
pub fn search_flight(
    brief: &Brief,
    world: &World,
    vehicle: VehicleId,
    search: &Search,
) -> Result<SearchFlight, Infeasible> {
    let Some(craft) = brief.fleet.iter().find(|a| a.vehicle == vehicle) else {
        return Err(Infeasible::new(
            Constraint::Brief,
            "the search",
            (0.0, 0.0),
            format!("the brief has no aircraft {vehicle}."),
            "one of the brief's fleet.".to_owned(),
        ));
    };
    let zones = shapes(world, brief);
    let limits = &brief.limits;
    let winds = Winds::of(brief);
    let passage = Passage {
        world,
        zones: &zones,
        border_m: limits.stand_off_m + world.border.accuracy_m + 3.0 * limits.nav_sigma_m,
        zone_m: 3.0 * limits.nav_sigma_m,
    };
    let v = winds.over_ground_m_s(craft);
    // Corners are flown wide by no more than the turn's radius.
    let room_m = turn_radius_m(craft, &winds);
    let slope = |rate: f64| RATE_SHARE * rate / v.max(1.0);
    let sky = Sky {
        world,
        min_agl_m: limits.min_agl_m + WIDE_M,
        nav_m: 3.0 * limits.nav_sigma_m,
        up: slope(craft.envelope.climb_m_s),
        down: slope(craft.envelope.descent_m_s),
    };
    let trip = Trip {
        brief,
        craft,
        passage,
        sky,
        winds,
        room_m,
    };
    trip.fly(search)
}

struct Trip<'a> {
    brief: &'a Brief,
    craft: &'a Aircraft,
    passage: Passage<'a>,
    sky: Sky<'a>,
    winds: Winds,
    room_m: f64,
}

impl Trip<'_> {
    fn no(&self, c: Constraint, at_m: (f64, f64), what: String, relax: &str) -> Infeasible {
        Infeasible::new(c, &self.craft.tail, at_m, what, relax.to_owned())
    }

    fn unknown(&self, at: LatLon) -> Infeasible {
        self.no(
            Constraint::Terrain,
            (0.0, 0.0),
            format!("the ground at {at} is unknown."),
            "a terrain tile that covers the search and the way there.",
        )
    }

    fn fly(&self, search: &Search) -> Result<SearchFlight, Infeasible> {
        let base = self.craft.base;
        let ground = |p: LatLon| self.sky.world.terrain.elevation(p).ok_or_else(|| self.unknown(p));
        let home_amsl = ground(base)?;
        let (Some(first), Some(last)) = (search.path.first(), search.path.last()) else {
            return Err(self.no(
                Constraint::Brief,
                (0.0, 0.0),
                "the pattern is empty.".to_owned(),
                "a wider area.",
            ));
        };
        let mut flown_m = 0.0;
        for w in search.path.windows(2) {
            let length = distance_m(w[0], w[1]);
            if !self.passage.clear(w[0], w[1], self.room_m) {
                return Err(self.no(
                    Constraint::LegalSpace,
                    (flown_m, flown_m + length),
                    format!(
                        "the pattern comes too near the border or a no-fly zone between {} and {}.",
                        w[0], w[1]
                    ),
                    "a search further from them, a smaller one, or an aircraft that turns tighter.",
                ));
            }
            flown_m += length;
        }
        let none = |to: LatLon| {
            self.no(
                Constraint::LegalSpace,
                (0.0, 0.0),
                format!("no way through legal space leads from the base at {base} to {to}."),
                "another base, or a search elsewhere.",
            )
        };
        let way = |a: LatLon, b: LatLon| self.passage.way(a, b);
        let out = self.climb_out(*first, home_amsl.0)?;
        let there = way(out, *first).ok_or_else(|| none(*first))?;
        let back = way(*last, out).ok_or_else(|| none(*last))?;
        let all: Vec<LatLon> = there
            .iter()
            .chain(search.path.iter().skip(1))
            .chain(back.iter().skip(1))
            .copied()
            .collect();
        let mut points = vec![all[0]];
        for w in all.windows(2) {
            let n = (distance_m(w[0], w[1]) / LEG_M).ceil().max(1.0) as usize;
            points.extend((1..=n).map(|k| interpolate(w[0], w[1], k as f64 / n as f64)));
        }
        let least = points
            .iter()
            .map(|p| self.home_from(*p, out))
            .collect::<Result<Vec<_>, _>>()?;
        let low = vec![false; points.len() - 1];
        let heights = self.sky.heights(&points, &least, &low).map_err(|p| self.unknown(p))?;
        let most = self.brief.limits.max_agl_m;
        for (w, h) in points.windows(2).zip(heights.windows(2)) {
            let (agl, at) = self
                .sky
                .highest((w[0], h[0]), (w[1], h[1]))
                .ok_or_else(|| self.unknown(w[1]))?;
            if agl > most {
                return Err(self.no(
                    Constraint::Height,
                    (0.0, flown_m),
                    format!("at {at} the climb rate and the ridges around force {agl:.0} m above ground, the limit is {most:.0} m."),
                    &format!("max_agl_m = {:.0}, a smaller search, or an aircraft that climbs faster.", agl.ceil() + 1.0),
                ));
            }
        }
        self.mission((base, home_amsl), &points, &heights, self.rally(out)?)
    }

    /// Least height from which the straight way home is clear: autopilots return by it when the link dies or the battery runs low.
    fn home_from(&self, at: LatLon, out: LatLon) -> Result<f64, Infeasible> {
        let mut least = f64::NEG_INFINITY;
        for to in [self.craft.base, out] {
            if !self.passage.clear(at, to, 0.0) {
                return Err(self.no(
                    Constraint::Return,
                    (0.0, 0.0),
                    format!("from {at} the straight way home to {to} leaves legal space."),
                    "a base on the same side of what lies between, or a search elsewhere.",
                ));
            }
            let floors = self.sky.floors(at, to).map_err(|p| self.unknown(p))?;
            least = floors.iter().fold(least, |m, (_, f)| m.max(*f));
        }
        Ok(least)
    }

    /// Where it circles at the end of such a way, clear of the ground all round; nobody who can stand still needs it.
    fn rally(&self, out: LatLon) -> Result<Vec<(LatLon, Amsl)>, Infeasible> {
        if self.craft.airframe == Airframe::Copter {
            return Ok(Vec::new());
        }
        let mut top = f64::NEG_INFINITY;
        for k in 0..36 {
            let p = destination(out, 10.0 * f64::from(k), self.room_m);
            top = top.max(self.sky.floor(p).ok_or_else(|| self.unknown(p))?);
        }
        Ok(vec![(out, Amsl(top.ceil()))])
    }

    /// Where a fixed wing is high enough after its take-off; the base itself for who climbs upright.
    fn climb_out(&self, first: LatLon, home_m: f64) -> Result<LatLon, Infeasible> {
        let base = self.craft.base;
        if self.craft.airframe != Airframe::Plane {
            return Ok(base);
        }
        let ahead = azimuth_deg(base, first);
        for out_m in OUT_M {
            for turn in OUT_DEG {
                let out = destination(base, ahead + turn, out_m);
                let high = self.sky.floor(out).is_some_and(|f| f - home_m <= self.sky.up * out_m);
                if high && self.passage.clear(base, out, 0.0) && self.passage.spare_m(out) >= self.room_m {
                    return Ok(out);
                }
            }
        }
        Err(self.no(
            Constraint::Envelope,
            (0.0, 0.0),
            format!("from the base at {base} it cannot climb clear of the ground inside legal space."),
            "a base on more open ground, or an aircraft that climbs faster or takes off vertically.",
        ))
    }

    fn mission(
        &self,
        (base, home_amsl): (LatLon, Amsl),
        points: &[LatLon],
        heights: &[f64],
        rally: Vec<(LatLon, Amsl)>,
    ) -> Result<SearchFlight, Infeasible> {
        let last = points.len() - 1;
        let mut ends = vec![((base, home_amsl.0), (points[0], heights[0]), LegKind::TakeOff)];
        for k in 1..=last {
            ends.push((
                (points[k - 1], heights[k - 1]),
                (points[k], heights[k]),
                LegKind::Transit,
            ));
        }
        ends.push(((points[last], heights[last]), (base, home_amsl.0), LegKind::Land));
        let (mut flown, mut t, mut wh, mut length_m): (Vec<Flown>, f64, f64, f64) = Default::default();
        for (a, b, kind) in ends {
            let (length, rise) = (distance_m(a.0, b.0), b.1 - a.1);
            let e = &self.craft.envelope;
            let vertical = if rise > 0.0 {
                rise / e.climb_m_s
            } else {
                -rise / e.descent_m_s
            };
            let (ground, air, heading) = if length > 0.5 {
                let course = azimuth_deg(a.0, b.0);
                pace(self.craft, &self.winds.at(0.5 * (a.1 + b.1)), course).ok_or_else(|| {
                    self.no(
                        Constraint::Wind,
                        (0.0, 0.0),
                        format!("the wind is too strong on a course of {course:.0} degrees."),
                        "less wind or a faster aircraft.",
                    )
                })?
            } else {
                (0.0, 0.0, 0.0)
            };
            let dt = if length > 0.5 {
                (length / ground).max(vertical)
            } else {
                vertical
            };
            wh += leg_wh(self.craft, kind, dt, rise, length > 0.5);
            length_m += length;
            flown.push(Flown {
                leg: Leg {
                    kind,
                    from: a.0,
                    from_amsl: Amsl(a.1),
                    to: b.0,
                    to_amsl: Amsl(b.1),
                    start_s: t,
                    end_s: t + dt,
                    ground_m_s: ground,
                    air_m_s: air,
                    watches_m: None,
                    watch_half_m: 0.0,
                    aim: None,
                    link_loss: LinkLoss::Return,
                    energy_wh: wh,
                },
                look: None,
                unseen: None,
                heading_deg: heading,
                hold_s: 0.0,
            });
            t += dt;
        }
        let e = &self.craft.energy;
        let left_share = 1.0 - wh * (1.0 + 2.0 * e.sigma_share) / e.battery_wh;
        if left_share < e.reserve_share {
            let times = (1.0 - e.reserve_share) / (1.0 - left_share);
            return Err(self.no(
                Constraint::Energy,
                (0.0, length_m),
                format!(
                    "its flight of {:.1} km would leave {:.0} % of the battery at two sigma, {:.0} % must be left.",
                    length_m / 1000.0,
                    100.0 * left_share,
                    100.0 * e.reserve_share
                ),
                &format!(
                    "a pattern of at most {:.1} km with the ways there and back, or wider spacing.",
                    times * length_m / 1000.0
                ),
            ));
        }
        let mut items = items::mission(self.craft, home_amsl, &flown);
        let most = self.craft.family.capacity().mission;
        // Straight down, or as steep as the gimbal goes.
        let down = MissionItem {
            command: command::DO_GIMBAL_MANAGER_PITCHYAW,
            frame: AltFrame::None,
            params: [Some(-self.craft.camera.max_depression_deg), Some(0.0), None, None],
            at: None,
            alt_m: 0.0,
        };
        items.insert(2.min(items.len()), down);
        if items.len() + 1 > most {
            return Err(self.no(
                Constraint::Capacity,
                (0.0, length_m),
                format!(
                    "the mission has {} items, the autopilot takes {}.",
                    items.len(),
                    most - 1
                ),
                "a smaller search, or several.",
            ));
        }
        Ok(SearchFlight {
            vehicle: self.craft.vehicle,
            home: (base, home_amsl),
            items,
            rally,
            length_m,
            time_s: t,
            left_share,
        })
    }
}
