//! The part of one aircraft in the plan of a short watch: how it is drawn, energy, fence, way home and items; and the
//! stretches none sees.
//!
//! Invariant: what is handed over fits battery, autopilot and law, or says which of them it does not.

use vedette_atlas::World;
use vedette_geo::Amsl;
use vedette_model::plan::{AircraftPlan, BlindSpot, DrawnPatrol, LegKind};

use crate::asked::Asked;
use crate::coverage::CELL_M;
use crate::error::{Constraint, Infeasible};
use crate::flight::{Flown, REVERSE_S};
use crate::plan::{Desk, REACH_M, index, stand_off_m, turn_radius};
use crate::sensor::Unseen;
use crate::space::{Land, Xy, dist};
use crate::walk::{Policy, best};
use crate::{fence, items};

/// Time a landing takes at home, seconds.
const LANDING_S: f64 = 90.0;
/// Most segments of a drawn patrol, and least length of one, metres.
const MOST_STEPS: usize = 8;
const LEAST_STEP_M: f64 = 150.0;
/// How much slower than level a step may be flown: slopes and waypoints.
const SLOW: f64 = 1.25;

/// How the patrol of an aircraft is drawn, and its turning places as shares of its stretch.
pub(crate) type Draw = (DrawnPatrol, Vec<f64>);

impl Desk<'_> {
    /// Energy, fence, return and items of one aircraft.
    pub(crate) fn part(&self, world: &World, i: usize, flown: &[Flown]) -> Result<AircraftPlan, Infeasible> {
        let crew = &self.crews[i];
        let craft = crew.craft;
        let plane = self.ground.plane;
        let all = (0.0, self.section_m);
        let refuse = |c, what: String, relaxation: String| Err(Infeasible::new(c, &craft.tail, all, what, relaxation));
        let home = flown[0].leg.from;
        let home_amsl = flown[0].leg.from_amsl;
        let last = &flown[flown.len() - 1].leg;
        let e = &craft.energy;
        let need = last.energy_wh * (1.0 + 2.0 * e.sigma_share);
        let usable = e.battery_wh * (1.0 - e.reserve_share);
        if need > usable {
            let flying = last.end_s - flown[0].leg.start_s;
            return refuse(
                Constraint::Energy,
                format!(
                    "the watch takes {need:.0} Wh with two sigma of the power model, {usable:.0} Wh are there besides the reserve."
                ),
                format!(
                    "duration_s = {:.0}, or a battery of {:.0} Wh.",
                    (self.brief.requirement.duration_s - flying * (1.0 - usable / need)).max(0.0),
                    (need / (1.0 - e.reserve_share)).ceil()
                ),
            );
        }
        // From everywhere the way home against wind and gusts must be in the battery.
        let against = (craft.envelope.cruise_m_s - crate::winds::against_m_s(self.brief)).max(1.0);
        for f in flown.iter().filter(|f| f.leg.kind != LegKind::Land) {
            let home_s = vedette_geo::distance_m(f.leg.to, home) / against;
            let wh = f.leg.energy_wh + (home_s * e.cruise_w + LANDING_S * e.hover_w) / 3600.0;
            let need = wh * (1.0 + 2.0 * e.sigma_share);
            if need > 0.97 * e.battery_wh {
                return refuse(
                    Constraint::Energy,
                    format!(
                        "from {} the way home against wind and gusts needs {need:.0} Wh in all, the battery holds {:.0} Wh.",
                        f.leg.to, e.battery_wh
                    ),
                    format!(
                        "duration_s = {:.0}, or less wind.",
                        (f.leg.end_s - 2.0 * home_s).max(0.0)
                    ),
                );
            }
        }
        let mission = items::mission(craft, home_amsl, flown);
        // ArduPilot keeps home as an item of its own.
        let capacity = craft.family.capacity().mission - 1;
        if mission.len() > capacity {
            return refuse(
                Constraint::Capacity,
                format!(
                    "the mission has {} items, the autopilot takes {capacity}.",
                    mission.len()
                ),
                format!(
                    "duration_s = {:.0}.",
                    self.brief.requirement.duration_s * index(capacity) / index(mission.len()) * 0.95
                ),
            );
        }
        let mut path: Vec<Xy> = vec![plane.to_xy(home)];
        path.extend(flown.iter().map(|f| plane.to_xy(f.leg.to)));
        path.dedup_by(|a, b| dist(*a, *b) < 0.01);
        let watch: Vec<Xy> = flown
            .iter()
            .filter(|f| matches!(f.leg.kind, LegKind::Patrol | LegKind::Turn))
            .map(|f| plane.to_xy(f.leg.to))
            .collect();
        let base = path[0];
        if let Some(w) = watch.iter().find(|w| !crew.legal.clear(**w, base)) {
            return refuse(
                Constraint::Return,
                format!(
                    "the straight way home from {} leaves legal space.",
                    plane.to_latlon(w.0, w.1)
                ),
                "a base from which the whole stretch is reached in straight lines.".to_owned(),
            );
        }
        let mut return_amsl = home_amsl.0 + self.brief.limits.min_agl_m;
        for w in watch.iter().chain(std::iter::once(&base)) {
            let n = (dist(*w, base) / 30.0).ceil().max(1.0);
            let mut t = 0.0;
            while t <= 1.0 {
                let p = crate::space::lerp(*w, base, t);
                if let Some(f) = self.ground.floor(p) {
                    return_amsl = return_amsl.max(f);
                }
                t += 1.0 / n;
            }
        }
        let return_amsl = Amsl(return_amsl.ceil());
        let stand_off = stand_off_m(self.brief, &world.border);
        let points: Vec<_> = (0..=20)
            .map(|k| {
                world
                    .border
                    .at(self.brief.section.from_km * 1000.0 + self.section_m * f64::from(k) / 20.0)
            })
            .collect();
        let land = Land::new(world, self.brief, &points, REACH_M);
        let Some(f) = fence::fence(
            &land,
            (stand_off, 3.0 * self.brief.limits.nav_sigma_m),
            &path,
            &watch,
            base,
            craft.family.capacity().fence,
        ) else {
            return refuse(
                Constraint::Capacity,
                format!(
                    "the fence cannot be simplified to {} points inside legal space.",
                    craft.family.capacity().fence
                ),
                "a shorter section or a straighter stand-off.".to_owned(),
            );
        };
        let to_ll = |ring: &[Xy]| ring.iter().map(|p| plane.to_latlon(p.0, p.1)).collect::<Vec<_>>();
        let inclusion = to_ll(&f.inclusion);
        let exclusions: Vec<Vec<_>> = f.exclusions.iter().map(|x| to_ll(x)).collect();
        let mut return_path = Vec::new();
        for f in flown.iter().filter(|f| f.leg.kind == LegKind::Return) {
            if return_path.is_empty() {
                return_path.push(f.leg.from);
            }
            return_path.push(f.leg.to);
        }
        return_path.push(home);
        let rally = vec![(home, return_amsl)];
        let rally_items = items::rally(&rally, home_amsl);
        Ok(AircraftPlan {
            vehicle: craft.vehicle,
            sortie: 0,
            lands_at: None,
            return_branches: vec![],
            home,
            home_amsl,
            take_off: flown[0].leg.to_amsl.above(home_amsl),
            legs: flown.iter().map(|f| f.leg.clone()).collect(),
            return_amsl,
            return_path,
            rally,
            fence_items: items::fence(&inclusion, &exclusions),
            fence: inclusion,
            items: mission,
            rally_items,
        })
    }

    /// How aircraft `i` is to be drawn about a stretch, where that is asked of any of it; the same every time.
    pub(crate) fn draw(&self, i: usize, (from, to): (f64, f64)) -> Result<Option<Draw>, Infeasible> {
        let here = |a: &&Asked| a.from_m < to && a.to_m > from;
        if self.closed && self.crews.len() == 1 {
            return Ok(None);
        }
        let chances = self.asked.iter().filter(here).filter_map(|a| a.unpredictable);
        let Some(crossing_s) = chances.map(|c| c.crossing_s).reduce(f64::min) else {
            return Ok(None);
        };
        let crew = &self.crews[i];
        let track_m = crew.track.along_at(to) - crew.track.along_at(from);
        let radius = turn_radius(crew.craft, &self.winds);
        let least_m = (8.0 * radius).max(LEAST_STEP_M);
        let tightest = self.asked.iter().filter(here).map(|a| a.revisit_s);
        let revisit_s = tightest.fold(self.brief.requirement.revisit_s, f64::min);
        // The slowest way over a step: against the strongest wind, uphill, and turned round in it.
        let e = &crew.craft.envelope;
        let wing = radius > 0.0;
        let v = if wing {
            e.cruise_m_s - self.winds.worst().speed_m_s
        } else {
            e.cruise_m_s
        }
        .max(1.0);
        let turn_s = if wing {
            2.0 * std::f64::consts::PI * radius / v
        } else {
            REVERSE_S
        };
        let mut top: Option<(usize, f64, Policy, f64, f64, usize)> = None;
        for steps in 2..=MOST_STEPS {
            let step_m = track_m / index(steps);
            if step_m < least_m && steps > 2 {
                break;
            }
            let step_s = SLOW * step_m / v + turn_s;
            let (cap, within) = ((revisit_s / step_s) as usize, (crossing_s / step_s) as usize);
            if cap < 2 * steps + 1 || within < 2 {
                continue;
            }
            // The crossing may begin in the middle of a step.
            let within = within - 1;
            let (policy, informed, without) = best(steps, cap.min(4 * steps), within);
            if top.as_ref().is_none_or(|t| informed > t.3 + 1e-9) {
                top = Some((steps, step_s, policy, informed, without, within));
            }
        }
        let Some((steps, step_s, policy, informed, without, within)) = top else {
            // Nothing is left to chance: the ends alone take all the time there is.
            return Ok(None);
        };
        let seed = self.seed.wrapping_add(u64::from(crew.craft.vehicle.0) << 32);
        let count = (self.brief.requirement.duration_s * e.max_m_s * 3.0 / (track_m / index(steps))) as usize + 20;
        let shares = policy
            .turns(count, seed)
            .into_iter()
            .map(|p| index(p) / index(steps))
            .collect();
        let entropy = |q: f64| if q > 0.0 { -q * q.log2() } else { 0.0 };
        let told = DrawnPatrol {
            vehicle: crew.craft.vehicle,
            seed,
            steps,
            step_s,
            go_on: policy.go_on,
            cap: policy.cap,
            within,
            informed,
            without,
            entropy_bits: entropy(policy.go_on) + entropy(1.0 - policy.go_on),
        };
        Ok(Some((told, shares)))
    }
}

/// Runs of cells never seen, with the reason of the leg abreast.
pub(crate) fn blind_spots(cells: &[usize], flights: &[Vec<Flown>], section_m: f64) -> Vec<BlindSpot> {
    let mut out: Vec<BlindSpot> = Vec::new();
    for k in cells {
        let (from_m, to_m) = (index(*k) * CELL_M, ((index(*k) + 1.0) * CELL_M).min(section_m));
        let why = flights
            .iter()
            .flatten()
            .filter_map(|f| f.unseen)
            .find(|u| u.0 <= to_m && u.1 >= from_m)
            .map_or(Unseen::Gimbal, |u| u.2)
            .words();
        match out.last_mut() {
            Some(b) if (b.to_m - from_m).abs() < 0.01 && b.why == why => b.to_m = to_m,
            _ => out.push(BlindSpot {
                from_m,
                to_m,
                why: why.to_owned(),
            }),
        }
    }
    out
}
