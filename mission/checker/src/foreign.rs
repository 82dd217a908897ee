//! Judges a mission another program made: flown from its items alone, against the site and the limits of a brief.
//!
//! Invariant: the same samples and checks as for our own plans; what a foreign file does not say (power, times) is taken from
//! the brief's aircraft and named as a note. No foreign mission becomes a `ValidPlan`.

use crate::checks::{autopilot, clearance, energy, envelope, fence, no_fly, stand_off};
use crate::earth::apart_m;
use crate::found::{Fault, Found};
use crate::land::Land;
use crate::path::{self, visits};
use vedette_atlas::World;
use vedette_geo::{AboveHome, Amsl, LatLon, distance_m};
use vedette_model::plan::{
    Aircraft, AircraftMargins, AircraftPlan, Brief, Leg, LegKind, LinkLoss, PatrolPlan, Promise, Verdict,
};
use vedette_model::{AltFrame, MissionItem, PlanId, command};

/// Height above home at which autopilots return by themselves when nobody set another, metres (ArduPilot RTL_ALT 15 m, PX4
/// RTL_RETURN_ALT 60 m; the lower one is judged).
const RETURN_M: f64 = 15.0;
/// The check's name.
const NAME: &str = "mission";

/// A mission as its file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    /// Home; absent where the file has none: the first place of the mission.
    pub home: Option<(LatLon, Amsl)>,
    /// Items, home left out.
    pub items: Vec<MissionItem>,
    /// Corners of the inclusion fence; empty without one.
    pub fence: Vec<LatLon>,
    /// Rally points.
    pub rally: Vec<(LatLon, AboveHome)>,
}

/// Judges a foreign mission, flown by the first aircraft of the brief.
///
/// # Errors
/// A sentence, when the brief has no aircraft or the mission no place.
pub fn check_mission(mission: &Foreign, brief: &Brief, world: &World) -> Result<Verdict, String> {
    let craft = brief
        .fleet
        .first()
        .ok_or("the brief has no aircraft to fly the mission with")?;
    let home = mission
        .home
        .map(|h| h.0)
        .or_else(|| mission.items.iter().find_map(|i| i.at));
    let home = home.ok_or("the mission has neither home nor a place to fly to")?;
    let ground = world.terrain.elevation(home).map(|h| h.0);
    let home_amsl = mission
        .home
        .map(|h| h.1.0)
        .filter(|h| *h != 0.0)
        .or(ground)
        .unwrap_or(0.0);
    let mut plan = plan(mission, brief, craft, world, (home, home_amsl));
    let land = Land::new(world, &plan);
    let mut found = Found::default();
    let family = craft.family;
    let mut time = 0.0;
    match visits(&plan.aircraft[0], family) {
        Ok(all) => {
            let mut at = (home, home_amsl);
            let mut legs = Vec::new();
            for v in &all {
                let kind = match v.command {
                    command::NAV_TAKEOFF | 84 => LegKind::TakeOff,
                    command::NAV_LAND | 85 => LegKind::Land,
                    command::NAV_RETURN_TO_LAUNCH => LegKind::Return,
                    _ => LegKind::Transit,
                };
                let amsl = if v.amsl.is_finite() { v.amsl } else { f64::NAN };
                let to = if kind == LegKind::Return {
                    (home, at.1.max(v.amsl))
                } else {
                    (v.at, amsl)
                };
                push(&mut legs, craft, kind, at, to, &mut time, 0.0);
                at = to;
                let wait = mission.items.get(v.item).map_or(0.0, |i| match v.command {
                    command::NAV_LOITER_TIME => i.params[0].unwrap_or(0.0),
                    command::NAV_LOITER_TURNS => 60.0 * i.params[0].unwrap_or(0.0),
                    _ => 0.0,
                });
                if (command::NAV_LOITER_UNLIM..=command::NAV_LOITER_TIME).contains(&v.command)
                    || v.command == command::NAV_LOITER_TO_ALT
                {
                    push(&mut legs, craft, LegKind::Loiter, at, at, &mut time, wait);
                }
            }
            if apart_m(at.0, home) > 50.0 {
                let what = format!(
                    "The mission ends {:.0} m from home with neither landing nor return: the aircraft waits there until its battery is empty.",
                    apart_m(at.0, home)
                );
                found.add(Fault::new(NAME, what).of(craft.vehicle, None).at(at.0, time), &land);
            }
            plan.aircraft[0].legs = legs;
        }
        Err(i) => {
            let what = format!("Item {i} jumps to no item, or without end.");
            found.add(Fault::new(NAME, what).of(craft.vehicle, None), &land);
        }
    }
    if mission.home.is_none() {
        let what = "The file names no home; its first place was taken for it.";
        found.add(
            Fault::new(NAME, what).note().of(craft.vehicle, None).sort("home"),
            &land,
        );
    }
    let wh = plan.aircraft[0].legs.last().map_or(0.0, |l| l.energy_wh);
    let what = format!(
        "The file states no energy: {wh:.0} Wh are counted with the power model of {} in the brief, in still air at cruise.",
        craft.tail
    );
    let note = Fault::new(energy::NAME, what).note().of(craft.vehicle, None);
    found.add(note.sort("model").value(wh, craft.energy.battery_wh, "Wh"), &land);
    let a = &plan.aircraft[0];
    let limits = &brief.limits;
    let (mut border, mut ground) = (stand_off::Check::default(), clearance::Check::default());
    let mut samples = 0;
    path::all(a, craft, brief, &mut |path| {
        samples += path.samples.len() as u64;
        border.path(path, limits, &land, &mut found);
        ground.path(path, limits, &land, &mut found);
        no_fly::path(path, limits, &land, &mut found);
    });
    envelope::check(&plan, &land, &mut found);
    fence::check(&plan, &land, &mut found);
    let left = energy::check(&plan, &land, &mut found);
    let used = autopilot::check(&plan, &land, &mut found);
    let v = craft.vehicle;
    Ok(Verdict {
        plan: plan.id.clone(),
        plan_sha256: crate::plan_sha256(&plan),
        site: world.site_hash(),
        findings: found.finish(),
        revisit_measured_s: 0.0,
        revisit_mean_s: 0.0,
        lower_bound_s: 0.0,
        gap_per_cell_s: vec![],
        cell_m: 0.0,
        separation_m: None,
        margins: vec![AircraftMargins {
            vehicle: v,
            border_m: border.least_m.get(&v).copied().unwrap_or(0.0),
            clearance_m: ground.least_m.get(&v).copied().unwrap_or(0.0),
            energy_share: left.get(&v).copied().unwrap_or(0.0),
            items: used.get(&v).copied().unwrap_or((a.items.len(), 0)),
        }],
        samples,
    })
}

/// Appends a leg flown at cruise.
fn push(
    legs: &mut Vec<Leg>,
    craft: &Aircraft,
    kind: LegKind,
    from: (LatLon, f64),
    to: (LatLon, f64),
    time: &mut f64,
    wait_s: f64,
) {
    let e = &craft.envelope;
    let way = distance_m(from.0, to.0);
    let rise = to.1 - from.1;
    let vertical = if rise > 0.0 {
        rise / e.climb_m_s
    } else {
        -rise / e.descent_m_s
    };
    let seconds = (way / e.cruise_m_s).max(if vertical.is_finite() { vertical } else { 0.0 }) + wait_s;
    legs.push(Leg {
        kind,
        from: from.0,
        from_amsl: Amsl(from.1),
        to: to.0,
        to_amsl: Amsl(to.1),
        start_s: *time,
        end_s: *time + seconds,
        ground_m_s: if seconds > 0.0 { way / seconds } else { 0.0 },
        air_m_s: e.cruise_m_s,
        watches_m: None,
        watch_half_m: 0.0,
        aim: None,
        link_loss: LinkLoss::Return,
        energy_wh: 0.0,
    });
    *time += seconds;
    // The file states no energy: it is counted here, so that there is nothing to hold against the count.
    let before = legs.len().checked_sub(2).map_or(0.0, |k| legs[k].energy_wh);
    if let Some(leg) = legs.last_mut() {
        let wh = energy::leg_wh(leg, craft);
        leg.energy_wh = before + if wh.is_finite() { wh } else { 0.0 };
    }
}

fn plan(mission: &Foreign, brief: &Brief, craft: &Aircraft, world: &World, home: (LatLon, f64)) -> PatrolPlan {
    let item = |command: u16, at: LatLon, alt_m: f64, p1: f64| MissionItem {
        command,
        frame: AltFrame::AboveHome,
        params: [Some(p1), None, None, None],
        at: Some(at),
        alt_m,
    };
    let n = mission.fence.len() as f64;
    let corner = command::FENCE_POLYGON_VERTEX_INCLUSION;
    let mut brief = brief.clone();
    brief.fleet.truncate(1);
    let mut plan = PatrolPlan {
        schema: 1,
        id: PlanId(String::new()),
        parent: None,
        section_m: (brief.section.to_km - brief.section.from_km) * 1000.0,
        brief,
        site: world.site_hash(),
        terrain: world.terrain.source().label.clone(),
        aircraft: vec![AircraftPlan {
            vehicle: craft.vehicle,
            sortie: 0,
            lands_at: None,
            home: home.0,
            home_amsl: Amsl(home.1),
            take_off: AboveHome(0.0),
            legs: vec![],
            return_amsl: Amsl(home.1 + RETURN_M),
            return_path: vec![],
            return_branches: vec![],
            rally: mission.rally.iter().map(|(p, h)| (*p, Amsl(home.1 + h.0))).collect(),
            fence: mission.fence.clone(),
            items: mission.items.clone(),
            fence_items: mission.fence.iter().map(|p| item(corner, *p, 0.0, n)).collect(),
            rally_items: mission
                .rally
                .iter()
                .map(|(p, h)| item(command::RALLY_POINT, *p, h.0, 0.0))
                .collect(),
        }],
        promise: Promise {
            revisit_s: 0.0,
            lower_bound_s: 0.0,
            bound_source: String::new(),
            from_s: 0.0,
            until_s: 0.0,
        },
        blind: vec![],
        timetable: None,
        sizing: None,
        intervals: vec![],
        drawn: vec![],
    };
    plan.id = crate::plan_id(&plan);
    plan
}
