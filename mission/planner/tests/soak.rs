//! The checker under mutation: every kind of fault put into good plans of many seeded briefs is refused, and no good plan is.
//!
//! A hundred plans by default; `VEDETTE_SOAK=1000` makes a thousand.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use std::collections::BTreeMap;

use vedette_atlas::World;
use vedette_geo::{Amsl, destination};
use vedette_model::VehicleId;
use vedette_model::plan::{Brief, LegKind, NoFly, PatrolPlan};
use vedette_planner::{plan, plan_id, read_brief};
use workload::{Dice, country};

/// Plans of one world before the next is made.
const OF_A_WORLD: u64 = 20;

/// One or two aircraft over one to three kilometres, in any wind they can fly in, by day or by night.
fn watch(w: &World, side: f64, d: &mut Dice) -> Brief {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra-south.toml");
    let mut b = read_brief(&std::fs::read_to_string(root).unwrap()).unwrap();
    b.requirement.intervals.clear();
    b.sections.clear();
    b.wind_layers.clear();
    b.section.border = "LINE".into();
    let length = d.between(1.0, 3.0);
    b.section.from_km = d.between(3.0, w.border.length_m() / 1000.0 - 3.0 - length);
    b.section.to_km = b.section.from_km + length;
    if d.share() < 0.6 {
        b.fleet.remove(usize::from(d.share() < 0.5));
    }
    let n = b.fleet.len() as f64;
    for (k, a) in b.fleet.iter_mut().enumerate() {
        let m = 1000.0 * (b.section.from_km + length * ((k as f64 + d.between(0.3, 0.7)) / n));
        a.base = destination(w.border.at(m), side, d.between(900.0, 1800.0));
        a.camera.hfov_deg = d.between(18.0, 30.0);
    }
    b.wind.speed_m_s = d.between(0.0, 5.0);
    b.wind.from_deg = d.between(0.0, 360.0);
    b.limits.stand_off_m = d.between(60.0, 220.0);
    b.limits.min_agl_m = d.between(50.0, 90.0);
    b.limits.max_agl_m = 450.0;
    b.requirement.revisit_s = 3000.0;
    b.requirement.duration_s = d.between(450.0, 900.0);
    b
}

fn wanted() -> u64 {
    std::env::var("VEDETTE_SOAK")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100)
}

/// Good plans of a range of seeds, each handed to `see` with its world; how many briefs were refused.
fn good(
    worlds: std::ops::Range<u64>,
    most: u64,
    see: &mut dyn FnMut(u64, &PatrolPlan, &World),
) -> (u64, BTreeMap<String, u64>) {
    let (mut planned, mut refused) = (0, BTreeMap::new());
    for k in worlds {
        let (w, side) = country(k);
        for n in 0..OF_A_WORLD {
            if planned == most {
                return (planned, refused);
            }
            let seed = k * OF_A_WORLD + n;
            let b = watch(&w, side, &mut Dice(seed));
            match plan(&b, &w, seed) {
                Ok(p) => {
                    planned += 1;
                    see(seed, &p, &w);
                }
                Err(e) => *refused.entry(format!("{:?}", e.constraint)).or_insert(0) += 1,
            }
        }
    }
    (planned, refused)
}

#[test]
fn no_good_plan_is_refused() {
    let half = wanted() / 2;
    let run = |from: u64| {
        let mut bad = Vec::new();
        let told = good(from..from + 4 * half / OF_A_WORLD + 4, half, &mut |seed, p, w| {
            let v = vedette_checker::check(p, w);
            if !v.is_clear() {
                bad.push(format!("seed {seed}: {:?} {:?}", v.findings.first(), p.brief));
            }
            if p.promise.revisit_s < p.promise.lower_bound_s || v.revisit_measured_s < v.lower_bound_s {
                bad.push(format!(
                    "seed {seed}: promise {:?}, checker {}",
                    p.promise, v.lower_bound_s
                ));
            }
        });
        (told, bad)
    };
    let (a, b) = std::thread::scope(|s| {
        let other = s.spawn(|| run(100_000));
        (run(0), other.join().unwrap())
    });
    eprintln!(
        "planned {} and {}; briefs refused: {:?} {:?}",
        a.0.0, b.0.0, a.0.1, b.0.1
    );
    assert!(
        a.1.is_empty() && b.1.is_empty(),
        "{} {:#?} {:#?}",
        a.1.len() + b.1.len(),
        a.1.first(),
        b.1.first()
    );
    assert_eq!((a.0.0, b.0.0), (half, half), "too few briefs could be planned");
}

/// A fault: its name, and what it does to a plan; `false` when the plan has nothing to break in that way.
type Fault = (&'static str, fn(&mut PatrolPlan, &World, &mut Dice) -> bool);

/// A leg of a kind, drawn.
fn leg(p: &PatrolPlan, d: &mut Dice, kind: LegKind) -> Option<(usize, usize)> {
    let a = d.below(p.aircraft.len());
    let legs = &p.aircraft[a].legs;
    // The first way over the stretch: what is flown again is judged once.
    let all: Vec<usize> = (0..legs.len().saturating_sub(1))
        .filter(|i| legs[*i].kind == kind)
        .take(12)
        .collect();
    (!all.is_empty()).then(|| (a, all[d.below(all.len())]))
}

const FAULTS: [Fault; 27] = [
    ("a corner over the border", |p, w, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let near = w.border.nearest(p.aircraft[a].legs[i].to).at;
        let over = destination(
            near,
            vedette_geo::azimuth_deg(p.aircraft[a].legs[i].to, near),
            d.between(20.0, 300.0),
        );
        p.aircraft[a].legs[i].to = over;
        p.aircraft[a].legs[i + 1].from = over;
        true
    }),
    ("a corner in the stand-off", |p, w, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let at = p.aircraft[a].legs[i].to;
        let near = w.border.nearest(at);
        let keep = p.brief.limits.stand_off_m * d.between(0.3, 0.9);
        let to = destination(near.at, vedette_geo::azimuth_deg(near.at, at), keep);
        p.aircraft[a].legs[i].to = to;
        p.aircraft[a].legs[i + 1].from = to;
        true
    }),
    ("a joint into the ground", |p, w, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let ground = w.terrain.elevation(p.aircraft[a].legs[i].to).unwrap();
        let low = Amsl(ground.0 + p.brief.limits.min_agl_m * d.between(-0.5, 0.7));
        p.aircraft[a].legs[i].to_amsl = low;
        p.aircraft[a].legs[i + 1].from_amsl = low;
        true
    }),
    ("a joint above the ceiling", |p, w, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let ground = w.terrain.elevation(p.aircraft[a].legs[i].to).unwrap();
        let high = Amsl(ground.0 + p.brief.limits.max_agl_m + d.between(30.0, 500.0));
        p.aircraft[a].legs[i].to_amsl = high;
        p.aircraft[a].legs[i + 1].from_amsl = high;
        true
    }),
    ("an item is missing", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let ways: Vec<usize> = (0..p.aircraft[a].items.len())
            .filter(|i| p.aircraft[a].items[*i].at.is_some())
            .collect();
        let i = ways[1 + d.below(ways.len() - 2)];
        p.aircraft[a].items.remove(i);
        true
    }),
    ("an item elsewhere", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let ways: Vec<usize> = (0..p.aircraft[a].items.len())
            .filter(|i| p.aircraft[a].items[*i].at.is_some())
            .collect();
        let i = ways[1 + d.below(ways.len() - 2)];
        let item = &mut p.aircraft[a].items[i];
        item.at = item
            .at
            .map(|at| destination(at, 360.0 * d.share(), d.between(60.0, 2000.0)));
        true
    }),
    ("an item at another height", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let ways: Vec<usize> = (0..p.aircraft[a].items.len())
            .filter(|i| p.aircraft[a].items[*i].at.is_some())
            .collect();
        let i = ways[1 + d.below(ways.len() - 3)];
        p.aircraft[a].items[i].alt_m -= d.between(60.0, 300.0);
        true
    }),
    ("two items exchanged", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let items = &mut p.aircraft[a].items;
        let ways: Vec<usize> = (0..items.len()).filter(|i| items[*i].at.is_some()).collect();
        let i = 1 + d.below(ways.len() - 4);
        let (x, y) = (ways[i], ways[i + 2]);
        if items[x]
            .at
            .zip(items[y].at)
            .is_none_or(|(a, b)| vedette_geo::distance_m(a, b) < 60.0)
        {
            return false;
        }
        items.swap(x, y);
        true
    }),
    ("a hole in time", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let i = 1 + d.below(p.aircraft[a].legs.len() - 2);
        for l in &mut p.aircraft[a].legs[i..] {
            l.start_s += 30.0;
            l.end_s += 30.0;
        }
        true
    }),
    ("a leg too fast", |p, _, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let l = &mut p.aircraft[a].legs[i];
        let saved = (l.end_s - l.start_s) * d.between(0.6, 0.9);
        l.end_s -= saved;
        l.ground_m_s *= 5.0;
        for l in &mut p.aircraft[a].legs[i + 1..] {
            l.start_s -= saved;
            l.end_s -= saved;
        }
        true
    }),
    ("a smaller battery", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let used = p.aircraft[a].legs.last().unwrap().energy_wh;
        let v = p.aircraft[a].vehicle;
        let craft = p.brief.fleet.iter_mut().find(|f| f.vehicle == v).unwrap();
        craft.energy.battery_wh = used * d.between(0.5, 1.1);
        true
    }),
    ("too good a promise", |p, _, d| {
        p.promise.revisit_s *= d.between(0.3, 0.9);
        true
    }),
    ("a promise for a moment", |p, _, d| {
        p.promise.until_s = p.promise.from_s + p.promise.revisit_s * d.between(0.0, 0.9);
        true
    }),
    ("a fence across the way", |p, _, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let part = &mut p.aircraft[a];
        let (home, to) = (part.home, part.legs[i].to);
        // Everything beyond half the way to the patrol is outside.
        let mid = vedette_geo::interpolate(home, to, 0.5);
        for c in &mut part.fence {
            *c = vedette_geo::interpolate(home, *c, 0.3);
        }
        let same = part.fence.clone();
        for (item, c) in part.fence_items.iter_mut().zip(same) {
            item.at = Some(c);
        }
        vedette_geo::distance_m(home, mid) > 100.0
    }),
    ("fence items of another fence", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let n = p.aircraft[a].fence_items.len();
        let item = &mut p.aircraft[a].fence_items[d.below(n)];
        item.at = item.at.map(|at| destination(at, 360.0 * d.share(), 3000.0));
        true
    }),
    ("a camera that looks elsewhere", |p, _, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let l = &mut p.aircraft[a].legs[i];
        let Some(aim) = &mut l.aim else { return false };
        for at in aim {
            *at = destination(*at, 360.0 * d.share(), d.between(1500.0, 4000.0));
        }
        true
    }),
    ("a look claimed twice as wide", |p, _, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        let l = &mut p.aircraft[a].legs[i];
        l.watch_half_m = l.watch_half_m * d.between(3.0, 5.0) + 200.0;
        l.watches_m.is_some()
    }),
    ("a stretch nobody looks at", |p, _, d| {
        let m = p.section_m * d.between(0.3, 0.6);
        for l in p.aircraft.iter_mut().flat_map(|a| &mut a.legs) {
            if l.watches_m
                .is_some_and(|w| w[0].min(w[1]) < m + 250.0 && w[0].max(w[1]) > m)
            {
                (l.watches_m, l.aim, l.watch_half_m) = (None, None, 0.0);
            }
        }
        p.blind.clear();
        true
    }),
    ("a return too low", |p, w, d| {
        let a = d.below(p.aircraft.len());
        let home = w.terrain.elevation(p.aircraft[a].home).unwrap().0;
        p.aircraft[a].return_amsl = Amsl(home + d.between(-100.0, 25.0));
        true
    }),
    ("a way home over the border", |p, w, d| {
        let a = d.below(p.aircraft.len());
        let part = &mut p.aircraft[a];
        let near = w.border.nearest(part.home);
        let over = destination(
            near.at,
            vedette_geo::azimuth_deg(part.home, near.at),
            d.between(100.0, 800.0),
        );
        let at = part.return_path.len() - 1;
        part.return_path.insert(at, over);
        true
    }),
    ("a zone on the way", |p, _, d| {
        let Some((a, i)) = leg(p, d, LegKind::Patrol) else {
            return false;
        };
        p.brief.no_fly.push(NoFly {
            name: "new".into(),
            polygon: vec![],
            centre: Some(destination(
                p.aircraft[a].legs[i].to,
                360.0 * d.share(),
                d.between(0.0, 30.0),
            )),
            radius_m: d.between(50.0, 200.0),
            floor: None,
            ceiling: None,
            more: Default::default(),
        });
        true
    }),
    ("no figure at all", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let n = p.aircraft[a].legs.len();
        let l = &mut p.aircraft[a].legs[d.below(n)];
        match d.below(3) {
            0 => l.to.lat_deg = f64::NAN,
            1 => l.end_s = f64::INFINITY,
            _ => l.from_amsl = Amsl(f64::NAN),
        }
        true
    }),
    ("an aircraft nobody has", |p, _, d| {
        let a = d.below(p.aircraft.len());
        p.aircraft[a].vehicle = VehicleId(240);
        true
    }),
    ("another site", |p, _, _| {
        p.site = "0".repeat(p.site.len());
        true
    }),
    ("the end is missing", |p, _, d| {
        let a = d.below(p.aircraft.len());
        let n = p.aircraft[a].legs.len();
        p.aircraft[a].legs.truncate(n - 1 - d.below(3));
        true
    }),
    ("a storm", |p, _, d| {
        p.brief.wind.speed_m_s = d.between(25.0, 45.0);
        true
    }),
    ("two in one place", |p, _, d| {
        if p.aircraft.len() < 2 {
            return false;
        }
        // The second flies what the first flies.
        let k = d.below(2);
        let from = p.aircraft[k].clone();
        let to = &mut p.aircraft[1 - k];
        to.legs = from.legs;
        true
    }),
];

#[test]
fn every_kind_of_fault_is_found_in_every_good_plan() {
    let plans = (wanted() / 5).max(10);
    let (mut tried, mut missed) = (BTreeMap::<&str, u64>::new(), Vec::new());
    good(0..1_000_000, plans, &mut |seed, p, w| {
        for (k, (name, fault)) in FAULTS.iter().enumerate() {
            let mut bad = p.clone();
            if !fault(&mut bad, w, &mut Dice(seed * 1000 + k as u64)) {
                continue;
            }
            bad.id = plan_id(&bad);
            *tried.entry(name).or_insert(0) += 1;
            if vedette_checker::check(&bad, w).is_clear() {
                missed.push(format!("{name}, seed {seed}"));
            }
        }
        // And a plan that is not what its id says.
        let mut bad = p.clone();
        bad.brief.name.push('x');
        if vedette_checker::check(&bad, w).is_clear() {
            missed.push(format!("another id, seed {seed}"));
        }
    });
    eprintln!("{plans} plans, faults tried: {tried:?}");
    assert!(
        missed.is_empty(),
        "{} of {} missed: {missed:#?}",
        missed.len(),
        tried.values().sum::<u64>()
    );
    // Of every kind at least a third of the plans could be broken that way.
    for (name, _) in FAULTS {
        assert!(tried.get(name).copied().unwrap_or(0) >= plans / 6, "{name}: {tried:?}");
    }
}
