//! Input that cannot be planned with: each is refused with the interval, the constraint that binds and the nearest way out, or
//! planned where it can be.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use std::sync::Arc;

use vedette_atlas::{Border, Terrain, World};
use vedette_geo::{LatLon, destination};
use vedette_model::plan::Brief;
use vedette_planner::{Constraint, Infeasible, plan};

fn place(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

/// Sixty kilometres to the east, home to the left, and a brief for twenty of them.
fn site() -> (World, Brief) {
    let w = workload::world(workload::winding(place(61.3, 28.2), 80.0, 60.0, 3), true, 1201);
    let b = workload::brief(&w, (10.0, 30.0), 2, 1, 1.0, 0);
    (w, b)
}

#[track_caller]
fn named(r: Result<vedette_model::plan::PatrolPlan, Infeasible>, c: Constraint, words: &str) -> Infeasible {
    let e = r.map(|p| p.promise).unwrap_err();
    let text = e.to_string();
    assert_eq!(e.constraint, c, "{text}");
    assert!(text.contains(words), "{text}");
    assert!(!e.relaxation.is_empty() && !e.who.is_empty(), "{text}");
    assert!(e.from_m.is_finite() && e.to_m >= e.from_m, "{text}");
    eprintln!("{text}");
    e
}

#[test]
fn a_border_that_crosses_itself_has_no_side() {
    let (mut w, b) = site();
    let mut line = w.border.line.clone();
    let n = line.len() / 3;
    line.swap(n, n + 3);
    let loops = Border::new("LINE", line.clone(), true).unwrap();
    w.border = loops;
    let e = named(plan(&b, &w, 1), Constraint::Brief, "crosses itself");
    assert!(e.to_m > e.from_m);
    // Far from the section it does not matter.
    let far = workload::brief(&w, (w.border.length_m() / 1000.0 - 18.0, 12.0), 1, 1, 1.0, 0);
    plan(&far, &w, 1).unwrap();
}

#[test]
fn an_empty_border_is_no_border() {
    assert!(Border::new("LINE", vec![], true).is_err());
    assert!(Border::new("LINE", vec![place(1.0, 1.0)], true).is_err());
    assert!(Border::new("LINE", vec![place(1.0, 1.0); 5], true).is_err());
    let (w, mut b) = site();
    b.section.to_km = b.section.from_km;
    named(plan(&b, &w, 1), Constraint::Brief, "to_km");
}

#[test]
fn twenty_five_thousand_vertices_are_planned() {
    let line = workload::winding(place(61.3, 28.2), 80.0, 60.0, 3);
    let whole = Border::new("LINE", line, true).unwrap();
    let w = workload::world(whole.densified(whole.length_m() / 25_000.0), true, 1201);
    assert!(w.border.line.len() >= 25_000, "{}", w.border.line.len());
    let b = workload::brief(&w, (10.0, 30.0), 2, 1, 1.0, 0);
    let p = plan(&b, &w, 1).unwrap();
    let v = vedette_checker::check(&p, &w);
    assert!(v.is_clear(), "{:#?}", v.findings);
}

#[test]
fn other_reference_systems_are_told() {
    let (w, mut b) = site();
    // Metres instead of degrees are no places at all.
    let metres = LatLon {
        lat_deg: 6_799_000.0,
        lon_deg: 457_000.0,
    };
    assert!(Border::new("LINE", vec![metres, metres], true).is_err());
    let right = b.fleet[0].base;
    b.fleet[0].base = metres;
    named(plan(&b, &w, 1), Constraint::Brief, "base");
    // Exchanged degrees are.
    b.fleet[0].base = LatLon {
        lat_deg: right.lon_deg,
        lon_deg: right.lat_deg,
    };
    named(plan(&b, &w, 1), Constraint::Brief, "exchanged");
}

#[test]
fn a_border_the_wrong_way_round_is_told() {
    let (mut w, b) = site();
    w.border.home_left = false;
    let e = named(plan(&b, &w, 1), Constraint::LegalSpace, "abroad");
    assert!(e.relaxation.contains("home_left"), "{e}");
}

#[test]
fn the_date_line_is_no_obstacle() {
    let w = workload::world(workload::winding(place(-16.5, 179.7), 85.0, 60.0, 5), true, 1201);
    assert!(w.border.line.iter().any(|p| p.lon_deg < 0.0) && w.border.line.iter().any(|p| p.lon_deg > 0.0));
    let b = workload::brief(&w, (10.0, 30.0), 2, 1, 1.0, 0);
    let p = plan(&b, &w, 1).unwrap();
    assert!(vedette_checker::check(&p, &w).is_clear());
}

#[test]
fn missing_terrain_is_named_with_its_place() {
    let (mut w, b) = site();
    w.terrain = Arc::new(Terrain::new(Vec::new(), w.terrain.source().clone()));
    let e = named(plan(&b, &w, 1), Constraint::Terrain, "unknown");
    assert!(e.relaxation.contains("terrain tile"), "{e}");
}

#[test]
fn an_impossible_requirement_says_what_is_possible() {
    let (w, mut b) = site();
    b.requirement.revisit_s = 20.0;
    let e = named(plan(&b, &w, 1), Constraint::Revisit, "20 s are asked");
    let asked: f64 = e
        .relaxation
        .strip_prefix("revisit_s = ")
        .and_then(|r| r.split(',').next())
        .and_then(|n| n.parse().ok())
        .unwrap();
    b.requirement.revisit_s = asked;
    plan(&b, &w, 1).unwrap();
    b.requirement.pixels_on_target = 500.0;
    named(plan(&b, &w, 1), Constraint::Sensor, "cannot be watched");
}

#[test]
fn a_base_outside_legal_space_is_refused() {
    let (w, mut b) = site();
    // On the line itself, and within the stand-off.
    let at = destination(w.border.at(25_000.0), w.border.azimuth_deg(25_000.0) - 90.0, 60.0);
    b.bases[0].at = at;
    for a in &mut b.fleet {
        a.base = at;
    }
    let e = named(plan(&b, &w, 1), Constraint::LegalSpace, "base");
    assert!(e.relaxation.contains("base"), "{e}");
}

#[test]
fn an_aircraft_that_cannot_climb_the_ridge_is_told_where() {
    let (mut w, mut b) = site();
    // A wall of 900 m across the middle of the section, three postings wide.
    let mid = w.border.at(25_000.0);
    let (lat, lon) = (mid.lat_deg.floor(), mid.lon_deg.floor());
    let n = 1201;
    let column = ((mid.lon_deg - lon) * f64::from(n - 1)) as i32;
    let mut bytes = Vec::new();
    for _ in 0..n {
        for c in 0..n {
            let h: i16 = if (c - column).abs() < 3 { 1100 } else { 200 };
            bytes.extend(h.to_be_bytes());
        }
    }
    let name = format!("N{lat:02}E{lon:03}.hgt");
    let mut tiles = vec![Terrain::from_hgt(&name, &bytes).unwrap()];
    let flat: Vec<u8> = std::iter::repeat_n(200_i16.to_be_bytes(), 1201 * 1201)
        .flatten()
        .collect();
    for (dy, dx) in [
        (0.0, 1.0),
        (0.0, -1.0),
        (1.0, 0.0),
        (-1.0, 0.0),
        (1.0, 1.0),
        (-1.0, 1.0),
        (1.0, -1.0),
        (-1.0, -1.0),
    ] {
        tiles.push(Terrain::from_hgt(&format!("N{:02}E{:03}.hgt", lat + dy, lon + dx), &flat).unwrap());
    }
    w.terrain = Arc::new(Terrain::new(tiles, w.terrain.source().clone()));
    for a in &mut b.fleet {
        a.envelope.climb_m_s = 4.0;
    }
    let e = named(plan(&b, &w, 1), Constraint::Height, "climb");
    assert!(e.relaxation.contains("max_agl_m"), "{e}");
    assert!((e.from_m - 15_000.0).abs() < 12_000.0, "{e}");
}
