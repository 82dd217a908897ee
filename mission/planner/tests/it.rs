//! Plans as an operator meets them: the demo's brief on real and on synthetic land, refusals that
//! say what binds, bounds against the published closed forms.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use vedette_atlas::{World, load};
use vedette_model::plan::{Brief, LegKind, PatrolPlan};
use vedette_planner::{plan, read_brief};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn brief() -> Brief {
    read_brief(&std::fs::read_to_string(root().join("mission/data/andorra-south.toml")).unwrap()).unwrap()
}

fn world(data: Option<&Path>, seed: u64) -> World {
    load::site(&root().join("maps/data/andorra"), data, seed).unwrap()
}

fn show(p: &PatrolPlan) {
    eprintln!(
        "{} {}: revisit {} s, bound {:.0} s, {:.0}..{:.0} s, blind {:?}",
        p.terrain, p.id.0, p.promise.revisit_s, p.promise.lower_bound_s, p.promise.from_s, p.promise.until_s, p.blind
    );
    for a in &p.aircraft {
        let agl: Vec<f64> = a.legs.iter().map(|l| l.to_amsl.0).collect();
        eprintln!(
            "  {:?} legs {} items {} fence {} take-off {:.0} m return {:.0} amsl {:.0}..{:.0} energy {:.0} Wh end {:.0} s patrol legs unseen {} half {:.0?}",
            a.vehicle,
            a.legs.len(),
            a.items.len(),
            a.fence_items.len(),
            a.take_off.0,
            a.return_amsl.0,
            agl.iter().copied().fold(f64::MAX, f64::min),
            agl.iter().copied().fold(f64::MIN, f64::max),
            a.legs.last().unwrap().energy_wh,
            a.legs.last().unwrap().end_s,
            a.legs
                .iter()
                .filter(|l| l.kind == LegKind::Patrol && l.watches_m.is_none())
                .count(),
            a.legs
                .iter()
                .filter(|l| l.watches_m.is_some())
                .map(|l| l.watch_half_m)
                .take(12)
                .collect::<Vec<_>>(),
        );
    }
}

#[test]
fn explore() {
    let b = brief();
    let data = std::env::var_os("VEDETTE_DATA");
    let t = std::time::Instant::now();
    if let Some(d) = &data {
        let w = world(Some(Path::new(d)), 7);
        let t = std::time::Instant::now();
        match plan(&b, &w, 7) {
            Ok(p) => show(&p),
            Err(e) => eprintln!("SRTM: {e}"),
        }
        eprintln!("{:?}", t.elapsed());
    }
    for seed in [1, 2, 3, 7, 42] {
        let w = world(None, seed);
        let t = std::time::Instant::now();
        match plan(&b, &w, seed) {
            Ok(p) => show(&p),
            Err(e) => eprintln!("seed {seed}: {e}"),
        }
        eprintln!("{:?}", t.elapsed());
    }
    eprintln!("{:?}", t.elapsed());
}
