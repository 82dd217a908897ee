//! B5 area search, B6 patrols drawn by chance, B8 masts, B10 files: the workloads that need no long watch.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench tells what it measured")]

use vedette_atlas::{Fresnel, Seen, choose_sites, viewshed};
use vedette_geo::{Amsl, LatLon, destination, distance_m};
use vedette_model::plan::PatrolPlan;
use vedette_model::{Airframe, Family, MissionItem};
use vedette_planner::{covered, draw_ring, met, plan, sweep};

use super::{Table, cpu_s, workload};

fn square(at: LatLon, m: f64) -> Vec<LatLon> {
    [45.0, 135.0, 225.0, 315.0]
        .map(|b| destination(at, b, m / 2f64.sqrt()))
        .to_vec()
}

/// 30 by 30 km with 50 holes.
pub(crate) fn b5(t: &mut Table) {
    let at = LatLon::new(43.5, 7.3).unwrap();
    let outline = square(at, 30_000.0);
    let holes: Vec<Vec<LatLon>> = (0..50)
        .map(|k| {
            let (r, c) = (f64::from(k / 10) - 2.0, f64::from(k % 10) - 4.5);
            let p = destination(destination(at, 0.0, r * 5400.0 + 300.0 * c), 90.0, c * 2800.0);
            square(p, 500.0 + 30.0 * f64::from(k % 7))
        })
        .collect();
    let from = cpu_s();
    let s = sweep(&outline, &holes, 400.0, outline[0]).unwrap();
    let took = cpu_s() - from;
    let (share, overlap) = covered(&s, &outline, &holes, 440.0, 60.0);
    let what = format!(
        "30 km square with 50 holes in {took:.2} s (1 s), {:.2} % covered (99.5 %), overlap {overlap:.3} (1.15)",
        100.0 * share
    );
    t.line("B5", &what, took <= 1.0 && share >= 0.995 && overlap <= 1.15);
}

/// Robots 16 segments apart, 12 steps to cross.
pub(crate) fn b6(t: &mut Table) {
    for cap in [48, 64, 96] {
        let (walk, told) = draw_ring(16, 12, 200_000, cap, 7);
        let least = met(&walk, 16, 12).into_iter().fold(1.0, f64::min);
        let what = format!(
            "d 16, t 12, cap {cap}: met {least:.3} at the weakest segment (0.326 - 0.01; exact {:.3} without a cap, turning never {:.0}), entropy {:.2} bits a step, longest revisit {} steps, {:.1} % of steps overruled",
            told.weakest,
            told.without,
            told.entropy_bits,
            told.revisit_steps,
            100.0 * told.overruled as f64 / walk.len() as f64
        );
        t.line("B6", &what, (least >= 0.316 || cap < 96) && told.revisit_steps <= cap);
    }
}

/// Twenty masts at one arc-second: 20 km viewsheds, held against lines of sight one by one; and relay siting.
pub(crate) fn b8(t: &mut Table) {
    let line = workload::winding(LatLon::new(60.5, 27.8).unwrap(), 12.0, 120.0, 5);
    let w = workload::world(line, true, 3601);
    let (mut worst, mut same, mut all) = (0.0_f64, 0_u32, 0_u32);
    let mut masts = Vec::new();
    for k in 0..20 {
        let m = 25_000.0 + 3500.0 * f64::from(k);
        let at = destination(w.border.at(m), w.border.azimuth_deg(m) - 90.0, 3000.0);
        masts.push((at, 30.0));
        let up = Amsl(w.terrain.elevation(at).unwrap().0 + 30.0);
        let from = cpu_s();
        let v = viewshed(&w.terrain, at, up, 2.0, 20_000.0).unwrap();
        worst = worst.max(cpu_s() - from);
        let (dy, dx) = (
            (v.bounds.north_deg - v.bounds.south_deg) / (v.ny - 1) as f64,
            (v.bounds.east_deg - v.bounds.west_deg) / (v.nx - 1) as f64,
        );
        for j in 0..500_u32 {
            let spot = destination(at, f64::from(j) * 137.508, 200.0 + 39.0 * f64::from(j));
            // Cells are judged at their middles.
            let r = ((v.bounds.north_deg - spot.lat_deg) / dy).round();
            let c = ((spot.lon_deg - v.bounds.west_deg) / dx).round();
            let middle = LatLon::new(v.bounds.north_deg - r * dy, v.bounds.west_deg + c * dx).unwrap();
            let Some(ground) = w.terrain.elevation(middle) else {
                continue;
            };
            let Some(one) = w.terrain.visible((at, up), (middle, Amsl(ground.0 + 2.0))) else {
                continue;
            };
            all += 1;
            same += u32::from(v.at(middle) == Some(if one { Seen::Visible } else { Seen::Hidden }));
        }
    }
    let agree = f64::from(same) / f64::from(all.max(1));
    let what = format!(
        "20 viewsheds of 20 km at 1\u{2033}, the slowest {worst:.3} s (0.1 s); {:.2} % of {all} lines of sight agree (99 %)",
        100.0 * agree
    );
    t.line("B8", &what, worst <= 0.1 && agree >= 0.99);
    let points: Vec<(LatLon, Amsl)> = (0..100)
        .filter_map(|k| {
            let at = w.border.at(22_000.0 + 750.0 * f64::from(k));
            Some((at, Amsl(w.terrain.elevation(at)?.0 + 120.0)))
        })
        .collect();
    let fresnel = Fresnel {
        frequency_hz: 2.4e9,
        share: 0.6,
    };
    let from = cpu_s();
    let chosen = choose_sites(&w.terrain, &masts, &points, fresnel, 20_000.0, 5);
    let took = cpu_s() - from;
    let what = format!(
        "5 of 20 masts chosen in {took:.2} s: {} of {} places of the border carried",
        chosen.last().map_or(0, |c| c.1),
        points.len()
    );
    t.line("B8", &what, !chosen.is_empty());
}

/// Greatest difference of place between two lists of items, degrees; `None` when they differ in anything else.
fn apart_deg(a: &[MissionItem], b: &[MissionItem]) -> Option<f64> {
    let same = |x: &MissionItem, y: &MissionItem| {
        let params = x.params.iter().zip(&y.params).all(|(p, q)| {
            let (p, q) = (p.unwrap_or(0.0), q.unwrap_or(0.0));
            (p - q).abs() <= 1e-6 * (1.0 + p.abs())
        });
        x.command == y.command && x.at.is_some() == y.at.is_some() && (x.alt_m - y.alt_m).abs() < 1e-3 && params
    };
    (a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y))).then(|| {
        let off = |x: &MissionItem, y: &MissionItem| {
            let (p, q) = (x.at?, y.at?);
            let east = vedette_geo::norm_deg_180(p.lon_deg - q.lon_deg).abs();
            Some((p.lat_deg - q.lat_deg).abs().max(east))
        };
        a.iter().zip(b).filter_map(|(x, y)| off(x, y)).fold(0.0, f64::max)
    })
}

/// Plans of both families written and read again.
pub(crate) fn b10(t: &mut Table) {
    let (mut worst, mut items, mut clear, mut files) = (0.0_f64, 0, 0, 0);
    let from = cpu_s();
    let mut bad = Vec::new();
    for family in [Family::ArduPilot, Family::Px4] {
        for seed in 0..6 {
            let (w, side) = workload::country(seed);
            let Some(p) = short(&w, side, family, seed) else {
                continue;
            };
            clear += u32::from(vedette_checker::check(&p, &w).is_clear());
            for a in &p.aircraft {
                let most = family.capacity();
                if a.items.len() + 1 > most.mission || a.fence_items.len() > most.fence {
                    bad.push(format!("{family:?} {} items", a.items.len()));
                }
                items += a.items.len();
                let qgc = vedette_formats::read_qgc_plan(&vedette_formats::qgc_plan(&p, a.vehicle).unwrap()).unwrap();
                let (_, wpl) =
                    vedette_formats::read_waypoints(&vedette_formats::waypoints(&p, a.vehicle).unwrap()).unwrap();
                for (kind, read) in [("plan", &qgc.items), ("waypoints", &wpl)] {
                    files += 1;
                    match apart_deg(&a.items, read) {
                        Some(d) => worst = worst.max(d),
                        None => bad.push(format!("{family:?} {kind}: other items")),
                    }
                }
            }
        }
    }
    let what = format!(
        "{files} files of {items} items written and read in {:.2} s: identical but {worst:.1e} degrees (1e-7), within both autopilots' room, {clear} plans clear{}",
        cpu_s() - from,
        if bad.is_empty() {
            String::new()
        } else {
            format!("; {bad:?}")
        }
    );
    t.line("B10", &what, files > 8 && worst <= 1e-7 && bad.is_empty() && clear >= 6);
}

/// A short watch of a family in a seeded country; `None` where its ridges forbid it.
fn short(w: &vedette_atlas::World, side: f64, family: Family, seed: u64) -> Option<PatrolPlan> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra-south.toml");
    let mut b = vedette_planner::read_brief(&std::fs::read_to_string(root).ok()?).ok()?;
    b.section.border = "LINE".into();
    (b.section.from_km, b.section.to_km) = (5.0, 7.0);
    b.fleet.retain(|a| a.airframe == Airframe::Copter);
    for a in &mut b.fleet {
        a.family = family;
        a.base = destination(w.border.at(6000.0), side, 1300.0);
        a.energy.battery_wh *= 2.0;
    }
    b.no_fly.clear();
    (b.limits.stand_off_m, b.limits.min_agl_m, b.limits.max_agl_m) = (120.0, 70.0, 450.0);
    (b.requirement.revisit_s, b.requirement.pixels_on_target) = (3000.0, 3.0);
    b.requirement.duration_s = 600.0;
    debug_assert!(distance_m(b.fleet[0].base, w.border.at(6000.0)) > 100.0);
    plan(&b, w, seed).ok()
}
