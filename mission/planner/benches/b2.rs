//! B2, the headline: 1,000 km of border, 40 aircraft of three kinds, 20 bases, 24 hours, 200 no-fly zones, relief at one
//! arc-second. Prints times, memory, revisit over bound and the checker's findings; ends with an error when a target is missed.
//! Times are by the clock and, behind it, of the processor for all threads; the less of the two counts, so that a busy machine
//! does not change them.
//! Targets: valid plan in 2 s, plan and verdict in 10 s, 1 GB, revisit at most 1.10 of the bound, no finding that refuses.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench tells what it measured")]

mod clock;
mod workload;

use clock::Clock;
use vedette_geo::LatLon;
use vedette_model::plan::FindingSeverity;

/// Most memory this process had, MB.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    let kb = line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

fn main() {
    // `cargo test` builds and runs benches too: only a bench run takes the time.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let (name, line, left) = match workload::finland() {
        Some(l) => ("FIN-RUS", l, true),
        None => (
            "winding line",
            workload::winding(LatLon::new(60.5, 27.8).unwrap(), 12.0, 1060.0, 5),
            true,
        ),
    };
    let world = workload::world(line, left, 3601);
    let brief = workload::brief(&world, (20.0, 1000.0), 40, 20, 24.0, 200);
    println!(
        "{name}: {:.0} km, {} aircraft, {} bases, {} zones, {} tiles at 1\u{2033}; world {:.0} MB",
        (brief.section.to_km - brief.section.from_km),
        brief.fleet.len(),
        brief.bases.len(),
        brief.no_fly.len(),
        world.terrain.tiles().len(),
        peak_mb()
    );
    let clock = Clock::start();
    let plan = match vedette_planner::plan(&brief, &world, 7) {
        Ok(p) => p,
        Err(e) => {
            println!("no plan after {}: {e}", clock.took());
            std::process::exit(1);
        }
    };
    let planned = clock.took();
    let clock = Clock::start();
    let verdict = vedette_checker::check(&plan, &world);
    let mut judged = clock.took();
    let clock = Clock::start();
    let named = vedette_planner::plan_id(&plan);
    let naming = clock.took();
    assert_eq!(named, plan.id);
    judged += planned;
    let refused: Vec<_> = verdict
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .collect();
    let t = plan.timetable.as_ref().unwrap();
    let ratio = verdict.revisit_measured_s / verdict.lower_bound_s;
    let legs: usize = plan.aircraft.iter().map(|a| a.legs.len()).sum();
    println!(
        "plan {planned} (of it {naming} for its name), plan and verdict {judged}, {:.0} MB; {} stations, {} flights, {} legs, {} samples judged",
        peak_mb(),
        t.stations.len(),
        t.sorties.len(),
        legs,
        verdict.samples
    );
    println!(
        "revisit {:.0} s, bound {:.0} s (promised over {:.0} s), ratio {ratio:.3}; blind {:.0} m; {} findings refuse, {} notes",
        verdict.revisit_measured_s,
        verdict.lower_bound_s,
        plan.promise.lower_bound_s,
        plan.blind.iter().map(|b| b.to_m - b.from_m).sum::<f64>() + 0.0,
        refused.len(),
        verdict.findings.len() - refused.len()
    );
    println!("separation {:?} m", verdict.separation_m);
    for f in refused.iter().take(12) {
        println!(
            "  {:?} leg {:?} {}: {} at {:?} s",
            f.vehicle, f.leg, f.check, f.what, f.time_s
        );
    }
    let met = [
        ("plan within 2 s", planned.alone_s() <= 2.0),
        ("plan and verdict within 10 s", judged.alone_s() <= 10.0),
        ("within 1 GB", peak_mb() <= 1024.0),
        ("revisit within 1.10 of the bound", ratio <= 1.10),
        ("no violation", refused.is_empty()),
    ];
    for (what, ok) in met {
        println!("{} {what}", if ok { "met   " } else { "MISSED" });
    }
    if met.iter().any(|m| !m.1) {
        std::process::exit(1);
    }
}
