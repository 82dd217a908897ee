//! An area search becomes a mission that the independent checker lets pass, or is refused with what would do.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use vedette_atlas::{World, load};
use vedette_checker::{Foreign, check_mission};
use vedette_geo::{LatLon, destination, distance_m};
use vedette_model::command;
use vedette_model::plan::{Brief, FindingSeverity};
use vedette_planner::{
    Constraint, Search, creeping_line, expanding_square, read_brief, search_flight, search_spacing_m, sectors, sweep,
};

fn andorra() -> (World, Brief) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let brief = read_brief(&std::fs::read_to_string(root.join("mission/data/andorra-south.toml")).unwrap()).unwrap();
    (load::site(&root.join("maps/data/andorra"), None, 7).unwrap(), brief)
}

/// A place inside the country from which the nearest border is `home_m` away, near a base.
fn inland(w: &World, base: LatLon, home_m: f64) -> LatLon {
    (0..3600)
        .map(|k| destination(base, f64::from(k) * 7.3, 50.0 * f64::from(k / 49)))
        .find(|p| w.home_distance_m(*p) > home_m && w.no_fly().all(|z| z.distance_m(*p) > 500.0))
        .unwrap()
}

#[test]
fn every_pattern_becomes_a_mission_the_checker_lets_pass() {
    let (w, b) = andorra();
    for craft in &b.fleet {
        let at = inland(&w, craft.base, 1500.0);
        let spacing = search_spacing_m(&b, craft);
        assert!((15.0..400.0).contains(&spacing), "{spacing}");
        let spacing = spacing.max(100.0);
        let ring = |m: f64| {
            (0..4)
                .map(|k| destination(at, 45.0 + 90.0 * f64::from(k), m))
                .collect::<Vec<_>>()
        };
        let patterns: [(&str, Search); 4] = [
            ("square", expanding_square(at, spacing, 300.0, 20.0)),
            ("sectors", sectors(at, 300.0, 70.0)),
            (
                "creeping",
                creeping_line(destination(at, 200.0, 200.0), 20.0, 400.0, 300.0, spacing),
            ),
            ("sweep", sweep(&ring(300.0), &[], spacing, at).unwrap()),
        ];
        for (name, search) in patterns {
            let f =
                search_flight(&b, &w, craft.vehicle, &search).unwrap_or_else(|e| panic!("{} {name}: {e}", craft.tail));
            // Everything that is to be searched is flown to, in order.
            let flown: Vec<LatLon> = f
                .items
                .iter()
                .filter(|i| i.command == command::NAV_WAYPOINT)
                .filter_map(|i| i.at)
                .collect();
            let mut from = 0;
            for p in &search.path {
                let k = flown[from..].iter().position(|q| distance_m(*p, *q) < 1.0);
                from += k.unwrap_or_else(|| panic!("{} {name}: {p} is left out", craft.tail));
            }
            assert!(f.length_m > search.length_m && f.time_s > 0.0 && f.left_share > craft.energy.reserve_share);
            let mut brief = b.clone();
            brief.fleet.retain(|a| a.vehicle == craft.vehicle);
            let mission = Foreign {
                home: Some(f.home),
                items: f.items,
                fence: Vec::new(),
                rally: f.rally.iter().map(|(p, h)| (*p, h.above(f.home.1))).collect(),
            };
            let verdict = check_mission(&mission, &brief, &w).unwrap();
            let bad: Vec<_> = verdict
                .findings
                .iter()
                .filter(|f| f.severity == FindingSeverity::Refused)
                .collect();
            assert!(bad.is_empty(), "{} {name}: {bad:#?}", craft.tail);
        }
    }
}

#[test]
fn a_search_that_cannot_be_flown_says_why_and_what_would_do() {
    let (w, b) = andorra();
    let craft = &b.fleet[0];
    let at = inland(&w, craft.base, 1500.0);
    let over = w.border.nearest(at).at;
    let e = search_flight(&b, &w, craft.vehicle, &sectors(over, 200.0, 0.0)).unwrap_err();
    assert_eq!(e.constraint, Constraint::LegalSpace, "{e}");
    assert!(e.what.contains("border") && !e.relaxation.is_empty(), "{e}");
    let mut tired = b.clone();
    tired.fleet[0].energy.battery_wh *= 0.1;
    let e = search_flight(&tired, &w, craft.vehicle, &expanding_square(at, 60.0, 400.0, 0.0)).unwrap_err();
    assert_eq!(e.constraint, Constraint::Energy, "{e}");
    assert!(e.relaxation.contains("km"), "{e}");
    let mut flat = b.clone();
    flat.limits.max_agl_m = flat.limits.min_agl_m + 20.0;
    let e = search_flight(&flat, &w, craft.vehicle, &expanding_square(at, 60.0, 400.0, 0.0)).unwrap_err();
    assert_eq!(e.constraint, Constraint::Height, "{e}");
}
