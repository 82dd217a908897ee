//! Relieved watches judged by the independent checker, on winding lines anywhere on the globe: a day with reliefs from several
//! bases, batteries, pads and crew hours that bind, high latitudes, the date line, the southern hemisphere.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use vedette_atlas::World;
use vedette_geo::LatLon;
use vedette_model::plan::{FindingSeverity, PatrolPlan};
use vedette_planner::{Constraint, plan};

/// The checker refuses nothing; revisit over bound.
fn must_stand(p: &PatrolPlan, w: &World) -> f64 {
    let v = vedette_checker::check(p, w);
    let bad: Vec<_> = v
        .findings
        .iter()
        .filter(|f| f.severity == FindingSeverity::Refused)
        .map(|f| format!("{:?} {:?} {}: {} {:?}", f.vehicle, f.leg, f.check, f.what, f.time_s))
        .collect();
    assert!(v.is_clear(), "{} findings: {:#?}", bad.len(), &bad[..bad.len().min(6)]);
    assert!(v.revisit_measured_s <= p.promise.revisit_s + 1.0);
    v.revisit_measured_s / v.lower_bound_s
}

fn place(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

#[test]
fn a_hundred_kilometres_are_watched_for_a_day_with_reliefs() {
    let w = workload::world(workload::winding(place(61.3, 28.2), 20.0, 130.0, 3), true, 1201);
    let mut b = workload::brief(&w, (5.0, 110.0), 6, 3, 24.0, 12);
    for a in &mut b.fleet {
        a.energy.battery_wh *= 0.6;
    }
    let p = plan(&b, &w, 7).unwrap();
    let t = p.timetable.as_ref().unwrap();
    must_stand(&p, &w);
    // Three kinds that differ in speed and battery only: one spare stands by for all, and nobody hurries.
    assert_eq!(t.stations.len(), b.fleet.len() - 1);
    for a in &p.aircraft {
        let own = b.fleet.iter().find(|f| f.vehicle == a.vehicle).unwrap();
        assert!(a.legs.iter().all(|l| l.air_m_s <= own.envelope.cruise_m_s + 1e-9));
    }
    let reliefs: Vec<_> = t.sorties.iter().filter(|s| s.relieves.is_some()).collect();
    assert!(reliefs.len() >= t.stations.len(), "every station is relieved in a day");
    for r in reliefs {
        // The one relieved leaves the station at the very moment.
        let left = t
            .sorties
            .iter()
            .find(|s| Some(s.vehicle) == r.relieves && s.until_s == r.from_s);
        assert!(left.is_some_and(|s| s.station == r.station), "{r:?}");
        // Who comes has seen the stretch before that.
        assert!(r.overlap_s > 5.0 && r.overlap_s < 120.0, "{r:?}");
        assert!(r.left_share > 0.2);
    }
    // Every aircraft that flies twice has had the base's time between.
    for a in &t.sorties {
        for b in t
            .sorties
            .iter()
            .filter(|b| b.vehicle == a.vehicle && b.sortie == a.sortie + 1)
        {
            assert!(b.off_s - a.on_s >= 600.0 - 0.5 && b.from_base == a.to_base);
        }
    }
    assert_eq!(p, plan(&b, &w, 7).unwrap(), "the same question has the same answer");
}

#[test]
fn watches_stand_at_high_latitude_at_the_date_line_and_in_the_south() {
    for (from, course, left, name) in [
        (place(69.6, 24.0), 100.0, false, "70 north"),
        (place(-41.0, 179.6), 80.0, true, "date line, south"),
        (place(-33.0, -70.2), 200.0, false, "Andes latitude"),
    ] {
        let w = workload::world(workload::winding(from, course, 70.0, 11), left, 1201);
        let b = workload::brief(&w, (4.0, 50.0), 3, 2, 3.0, 5);
        let p = plan(&b, &w, 1).unwrap_or_else(|e| panic!("{name}: {e}"));
        let ratio = must_stand(&p, &w);
        eprintln!("{name}: revisit {:.0} s, {ratio:.3} of the bound", p.promise.revisit_s);
        assert!(ratio < 1.35, "{name}: {ratio}");
    }
}

#[test]
fn a_base_that_cannot_serve_is_named() {
    let w = workload::world(workload::winding(place(61.3, 28.2), 20.0, 130.0, 3), true, 1201);
    let mut b = workload::brief(&w, (5.0, 110.0), 6, 3, 24.0, 0);
    for a in &mut b.fleet {
        a.energy.battery_wh *= 0.6;
    }
    b.bases[1].crew_h = vec![[0.0, 4.0]];
    let e = plan(&b, &w, 7).unwrap_err();
    assert_eq!(e.constraint, Constraint::Base, "{e}");
    assert!(e.what.contains("B02") && !e.relaxation.is_empty(), "{e}");
    b.bases[1].crew_h.clear();
    b.fleet[0].base = place(61.0, 26.0);
    let e = plan(&b, &w, 7).unwrap_err();
    assert_eq!((e.constraint, e.who.as_str()), (Constraint::Base, "CU-01"), "{e}");
    b.requirement.revisit_s = 300.0;
    b.fleet[0].base = b.bases[0].at;
    let e = plan(&b, &w, 7).unwrap_err();
    assert_eq!(e.constraint, Constraint::Revisit, "{e}");
}

/// The longest line of a border file, cut.
fn real(name: &str, from_km: f64, km: f64) -> Option<Vec<LatLon>> {
    let data = std::env::var_os("VEDETTE_DATA")?;
    let bytes = std::fs::read(std::path::Path::new(&data).join(format!("borders/{name}.geojson"))).ok()?;
    let line = vedette_atlas::read_geojson(&bytes)
        .ok()?
        .into_iter()
        .filter_map(|f| match f.geometry {
            vedette_atlas::Geometry::Line(l) => Some(l),
            _ => None,
        })
        .max_by_key(Vec::len)?;
    let whole = vedette_atlas::Border::new(name, line, true).ok()?;
    Some(whole.section(from_km * 1000.0, (from_km + km) * 1000.0).ok()?.line)
}

#[test]
fn real_borders_are_watched_from_either_side_within_the_bounds_of_theory() {
    if std::env::var_os("VEDETTE_DATA").is_none() {
        eprintln!("left out: VEDETTE_DATA is not set, no real borders to watch");
        return;
    }
    let (mut planned, mut refused) = (0, Vec::new());
    for (k, (name, from_km)) in [
        ("FRA-ITA", 0.0),
        ("ROU-MDA", 40.0),
        ("POL-BLR", 100.0),
        ("USA-MEX", 500.0),
        ("CHL-ARG", 900.0),
        ("FIN-RUS", 200.0),
        ("POL-UKR", 60.0),
        ("HUN-UKR", 0.0),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(line) = real(name, from_km, 60.0) else {
            continue;
        };
        let w = workload::world(line, k % 2 == 0, 1201);
        let km = (w.border.length_m() / 1000.0 - 8.0).min(45.0);
        let b = workload::brief(&w, (4.0, km), 3, 2, 2.0, 4);
        match plan(&b, &w, 1) {
            Ok(p) => {
                let ratio = must_stand(&p, &w);
                eprintln!(
                    "{name}: {km:.0} km every {:.0} s, {ratio:.3} of the bound",
                    p.promise.revisit_s
                );
                // P1 and P2: no better than the bound, and sharing out is never worse than twice it but for turns. The bound is
                // that of the whole section: where some of it is blind, less is flown.
                let blind: f64 = p.blind.iter().map(|b| b.to_m - b.from_m).sum();
                let least = if blind > 0.0 { 0.5 } else { 0.999 };
                assert!((least..2.2).contains(&ratio), "{name}: {ratio}, blind {blind:.0} m");
                planned += 1;
            }
            Err(e) => {
                assert!(!e.relaxation.is_empty() && e.to_m >= e.from_m, "{e}");
                refused.push(format!("{name}: {e}"));
            }
        }
    }
    eprintln!("{planned} planned; refused: {refused:#?}");
    assert!(planned >= 5, "{refused:#?}");
}
