//! Relieved watches judged by the independent checker: round the clock, on winding lines anywhere on the globe.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use vedette_geo::LatLon;
use vedette_model::plan::{FindingSeverity, PatrolPlan};
use vedette_planner::{Constraint, plan};

fn must_stand(p: &PatrolPlan, w: &vedette_atlas::World) -> f64 {
    let v = vedette_checker::check(p, w);
    let bad: Vec<_> = v
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .take(6)
        .map(|f| format!("{:?} {:?} {}: {} {:?}", f.vehicle, f.leg, f.check, f.what, f.time_s))
        .collect();
    let n = v
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .count();
    assert!(v.is_clear(), "{n} findings: {bad:#?}");
    assert!(v.revisit_measured_s <= p.promise.revisit_s + 1.0);
    v.revisit_measured_s / v.lower_bound_s
}

#[test]
fn a_hundred_kilometres_are_watched_for_a_day_with_reliefs() {
    let line = workload::winding(LatLon::new(61.3, 28.2).unwrap(), 20.0, 130.0, 3);
    let w = workload::world(line, true, 1201);
    let b = workload::brief(&w, (5.0, 110.0), 6, 3, 24.0, 12);
    let p = plan(&b, &w, 7).unwrap();
    let t = p.timetable.as_ref().unwrap();
    for s in &t.stations {
        eprintln!("{s:?}");
    }
    let ratio = must_stand(&p, &w);
    eprintln!(
        "revisit {:.0} s, {ratio:.3} of the bound, {} flights",
        p.promise.revisit_s,
        t.sorties.len()
    );
    assert!(t.sorties.iter().any(|s| s.relieves.is_some()));
    assert!(Constraint::Base != Constraint::Brief);
}
