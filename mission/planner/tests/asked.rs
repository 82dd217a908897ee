//! What is asked of single stretches, wind by height, and borders that end where they begin: planned, and measured by the
//! independent checker.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../benches/workload.rs"]
mod workload;

use std::path::Path;

use vedette_atlas::{Border, World};
use vedette_geo::{LatLon, destination};
use vedette_model::plan::{Brief, Chance, Interval, NamedSection, PatrolPlan, WindLayer};
use vedette_model::{Airframe, VehicleId};
use vedette_planner::{Constraint, Infeasible, lower_bound_of, plan, plan_id, read_brief};

fn brief() -> Brief {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra-south.toml");
    let mut b = read_brief(&std::fs::read_to_string(path).unwrap()).unwrap();
    b.requirement.intervals.clear();
    b.sections.clear();
    b.wind_layers.clear();
    b
}

/// Three kilometres of a border in rolling hills, and one aircraft of an airframe for each base.
fn gentle(airframe: Airframe, aircraft: u32) -> (World, Brief) {
    let (w, side) = workload::country(4);
    let mut b = brief();
    b.fleet.retain(|a| a.airframe == airframe);
    (b.section.border, b.section.from_km, b.section.to_km) = ("LINE".into(), 5.0, 8.0);
    let one = b.fleet[0].clone();
    b.fleet = (0..aircraft)
        .map(|k| {
            let m = 5000.0 + 3000.0 * (f64::from(k) + 0.5) / f64::from(aircraft);
            let mut a = one.clone();
            (a.vehicle, a.tail) = (VehicleId(k + 1), format!("CU-{:02}", k + 1));
            a.base = destination(w.border.at(m), side, 1300.0);
            a.energy.battery_wh *= 2.0;
            a
        })
        .collect();
    (b.limits.stand_off_m, b.limits.min_agl_m, b.limits.max_agl_m) = (120.0, 70.0, 450.0);
    (b.requirement.revisit_s, b.requirement.pixels_on_target) = (1500.0, 3.0);
    b.requirement.duration_s = 900.0;
    (w, b)
}

fn interval(name: &str, from_km: f64, to_km: f64) -> Interval {
    Interval {
        name: name.into(),
        from_km: Some(from_km),
        to_km: Some(to_km),
        revisit_s: None,
        windows_h: vec![],
        detection: None,
        unpredictable: None,
        priority: 1,
    }
}

#[track_caller]
fn stands(p: &PatrolPlan, w: &World) {
    let v = vedette_checker::check(p, w);
    assert!(v.is_clear(), "{:#?}", v.findings);
    assert!(p.promise.lower_bound_s <= p.promise.revisit_s, "{:?}", p.promise);
    assert!(
        v.lower_bound_s <= v.revisit_measured_s,
        "{} {}",
        v.lower_bound_s,
        v.revisit_measured_s
    );
}

#[track_caller]
fn refused_for(p: &PatrolPlan, w: &World, words: &str) {
    let mut p = p.clone();
    p.id = plan_id(&p);
    let v = vedette_checker::check(&p, w);
    assert!(!v.is_clear());
    assert!(
        v.findings
            .iter()
            .any(|f| f.check == "interval" && f.what.contains(words)),
        "{words}: {:#?}",
        v.findings
    );
}

#[test]
fn a_stretch_of_which_more_is_asked_is_seen_more_often() {
    let (w, mut b) = gentle(Airframe::Copter, 2);
    let even = plan(&b, &w, 7).unwrap();
    // The eastern kilometre, by name: shorter rounds there, longer ones for the neighbour.
    let (from_km, to_km) = (b.section.to_km - 1.0, b.section.to_km);
    b.sections.push(NamedSection {
        name: "east ridge".into(),
        from_km,
        to_km,
    });
    let mut east = interval("east ridge", 0.0, 0.0);
    (east.from_km, east.to_km) = (None, None);
    let had = {
        let mut b = b.clone();
        b.requirement.intervals.push(Interval {
            revisit_s: Some(1500.0),
            ..east.clone()
        });
        plan(&b, &w, 7).unwrap().intervals[0].revisit_s
    };
    let asked = (0.93 * had).floor();
    b.requirement.intervals.push(Interval {
        revisit_s: Some(asked),
        ..east
    });
    let p = plan(&b, &w, 7).unwrap_or_else(|e| panic!("{asked} of {had}: {e}"));
    stands(&p, &w);
    assert!(p.intervals[0].revisit_s <= asked && p.promise.revisit_s >= even.promise.revisit_s - 1.0);
    assert_eq!(p.intervals[0].name, "east ridge");
    // Promising or asking for what is not flown is found.
    let mut bad = p.clone();
    bad.intervals[0].revisit_s *= 0.5;
    refused_for(&bad, &w, "promises");
    let mut bad = p.clone();
    bad.brief.requirement.intervals[0].revisit_s = Some(asked * 0.5);
    refused_for(&bad, &w, "asks for");
    let mut bad = p;
    bad.intervals.clear();
    refused_for(&bad, &w, "promises nothing");
}

#[test]
fn an_interval_that_cannot_be_had_is_named_the_first_in_priority_first() {
    let (w, mut b) = gentle(Airframe::Copter, 2);
    let at = b.section.from_km;
    for (name, from, priority) in [("west", at, 1), ("pass", at + 1.5, 5)] {
        let mut i = interval(name, from, from + 1.0);
        (i.revisit_s, i.priority) = (Some(40.0), priority);
        b.requirement.intervals.push(i);
    }
    let e = plan(&b, &w, 7).unwrap_err();
    assert_eq!(e.constraint, Constraint::Revisit, "{e}");
    assert!(
        e.what.starts_with("pass:") && e.from_m >= 1490.0 && e.to_m <= 2520.0,
        "{e}"
    );
    assert!(e.relaxation.contains("revisit_s = "), "{e}");
    // Only asked for when nobody flies: nothing to keep.
    for i in &mut b.requirement.intervals {
        i.windows_h = vec![[5.0, 6.0]];
    }
    let p = plan(&b, &w, 7).unwrap();
    stands(&p, &w);
    assert!(p.intervals.iter().all(|i| i.revisit_s == 0.0));
}

#[test]
fn the_chance_to_see_a_crossing_is_measured_and_kept() {
    let (w, mut b) = gentle(Airframe::Copter, 2);
    let mut i = interval("all", b.section.from_km, b.section.to_km);
    // Who needs longer than the revisit is always seen; but for what the camera misses.
    i.detection = Some(Chance {
        least: 0.8,
        crossing_s: 340.0,
    });
    b.requirement.intervals.push(i);
    let p = plan(&b, &w, 7).unwrap();
    stands(&p, &w);
    let long = p.intervals[0].detection.unwrap();
    b.requirement.intervals[0].detection = Some(Chance {
        least: 0.05,
        crossing_s: 60.0,
    });
    let p = plan(&b, &w, 7).unwrap();
    stands(&p, &w);
    let short = p.intervals[0].detection.unwrap();
    assert!(long > 0.7 && short < long && short > 0.05, "{long} {short}");
    b.requirement.intervals[0].detection = Some(Chance {
        least: 0.99,
        crossing_s: 60.0,
    });
    let e = plan(&b, &w, 7).unwrap_err();
    assert!(
        e.what.contains("chance") && e.relaxation.contains("detection.least"),
        "{e}"
    );
    let mut bad = p.clone();
    bad.intervals[0].detection = Some(short + 0.1);
    refused_for(&bad, &w, "detection");
    let mut bad = p;
    bad.brief.requirement.intervals[0].detection = Some(Chance {
        least: short + 0.1,
        crossing_s: 60.0,
    });
    refused_for(&bad, &w, "at a random moment");
}

#[test]
fn a_patrol_an_observer_knows_is_not_called_unpredictable() {
    let (w, mut b) = gentle(Airframe::Copter, 1);
    let (from, to) = (b.section.from_km, b.section.to_km);
    let mut i = interval("pass", from, to);
    // From end to end, or as far as the cap forces it: he who knows waits until it has passed.
    i.unpredictable = Some(Chance {
        least: 0.9,
        crossing_s: 60.0,
    });
    b.requirement.intervals.push(i);
    let e = plan(&b, &w, 7).unwrap_err();
    assert!(
        e.what.contains("watches the patrol") && e.relaxation.contains("crossing_s"),
        "{e}"
    );
    // Who needs longer than the longest gap is met for sure.
    b.requirement.intervals[0].unpredictable = Some(Chance {
        least: 0.9,
        crossing_s: 1500.0,
    });
    let p = plan(&b, &w, 7).unwrap();
    stands(&p, &w);
    assert_eq!(p.intervals[0].informed, Some(1.0));
    let mut bad = p;
    bad.brief.requirement.intervals[0].unpredictable = Some(Chance {
        least: 0.9,
        crossing_s: 60.0,
    });
    refused_for(&bad, &w, "Who knows");
}

#[test]
fn wind_by_height_changes_times_and_the_checker_knows_it() {
    let (w, calm_brief) = gentle(Airframe::Plane, 1);
    let calm = plan(&calm_brief, &w, 7).unwrap();
    let mut b = calm_brief.clone();
    let layer = |amsl_m, from_deg, speed_m_s, gust_m_s| WindLayer {
        amsl_m,
        from_deg,
        speed_m_s,
        gust_m_s,
    };
    // Down the line aloft, almost nothing below the hilltops.
    let ahead = w.border.azimuth_deg(6500.0);
    b.wind_layers = vec![layer(120.0, ahead, 0.5, 0.5), layer(320.0, ahead, 6.0, 2.0)];
    let p = plan(&b, &w, 7).unwrap();
    stands(&p, &w);
    // The fixed wing is slower over ground against it than with it.
    let of = |growing: bool| {
        let v: Vec<f64> = p.aircraft[0]
            .legs
            .iter()
            .filter(|l| l.watches_m.is_some_and(|w| (w[1] > w[0]) == growing))
            .map(|l| l.ground_m_s)
            .collect();
        v.iter().sum::<f64>() / v.len() as f64
    };
    assert!(of(false) > of(true) + 2.0, "{} {}", of(false), of(true));
    assert_ne!(calm.promise.revisit_s, p.promise.revisit_s);
    // One layer for all heights is one wind.
    let mut same = calm_brief.clone();
    same.wind_layers = vec![layer(0.0, same.wind.from_deg, same.wind.speed_m_s, same.wind.gust_m_s)];
    let q = plan(&same, &w, 7).unwrap();
    assert_eq!(q.aircraft, calm.aircraft);
    // A plan for calm air does not stand in a wind aloft.
    let mut bad = p;
    bad.brief.wind_layers = vec![layer(100.0, 300.0, 2.0, 1.0), layer(250.0, 300.0, 35.0, 5.0)];
    bad.id = plan_id(&bad);
    let v = vedette_checker::check(&bad, &w);
    assert!(
        !v.is_clear() && v.findings.iter().any(|f| f.check == "speed"),
        "{:#?}",
        v.findings
    );
    b.wind_layers[1].speed_m_s = 40.0;
    let e: Infeasible = plan(&b, &w, 7).unwrap_err();
    assert!(!e.relaxation.is_empty(), "{e}");
}

/// An island: a closed winding line of about `km` round a middle, counter-clockwise, so that home on the left is inside.
fn island(at: LatLon, km: f64, dents: f64) -> Vec<LatLon> {
    let r = km * 1000.0 / std::f64::consts::TAU;
    let mut line: Vec<LatLon> = (0..72)
        .map(|k| {
            let t = f64::from(k) * 5.0;
            let wave = 1.0 + dents * ((3.0 * t.to_radians()).sin() + 0.4 * (7.0 * t.to_radians()).cos());
            destination(at, 360.0 - t, r * wave)
        })
        .collect();
    line.push(line[0]);
    line
}

#[test]
fn an_island_is_patrolled_all_the_way_round() {
    for (lat, lon, km) in [(35.0, 25.0, 9.0), (-17.0, 179.99, 7.0), (69.0, -30.0, 8.0)] {
        let ring = island(
            LatLon {
                lat_deg: lat,
                lon_deg: lon,
            },
            km,
            0.08,
        );
        let mut w = workload::world(ring.clone(), true, 1201);
        w.territory = ring;
        assert!(w.border.closed());
        let mut b = brief();
        b.fleet.retain(|a| a.airframe == Airframe::Copter);
        b.section.border = "LINE".into();
        (b.section.from_km, b.section.to_km) = (0.0, w.border.length_m() / 1000.0);
        b.fleet[0].base = LatLon {
            lat_deg: lat,
            lon_deg: lon,
        };
        b.fleet[0].energy.battery_wh = 4000.0;
        b.requirement.revisit_s = 5000.0;
        b.requirement.duration_s = 1500.0;
        b.limits.max_agl_m = 450.0;
        let p = plan(&b, &w, 3).unwrap_or_else(|e| panic!("{lat} {lon}: {e}"));
        stands(&p, &w);
        // P5: round and round in the same direction, one length of track over the speed; nobody turns back.
        let v = b.fleet[0].envelope.cruise_m_s;
        let track: f64 = w.border.length_m();
        assert!(
            p.promise.revisit_s < 1.05 * track / v + 20.0,
            "{} of {}",
            p.promise.revisit_s,
            track / v
        );
        assert!(p.promise.revisit_s < 1.3 * p.promise.lower_bound_s, "{:?}", p.promise);
        assert!(
            p.promise.bound_source.contains("round a closed line"),
            "{}",
            p.promise.bound_source
        );
        let back = p.aircraft[0]
            .legs
            .iter()
            .filter_map(|l| l.watches_m)
            .filter(|w| w[0] > w[1] + 5.0)
            .count();
        let on = p.aircraft[0]
            .legs
            .iter()
            .filter_map(|l| l.watches_m)
            .filter(|w| w[1] > w[0] + 5.0)
            .count();
        assert!(back == 0 || on == 0, "{back} legs back, {on} on");
        eprintln!(
            "{lat} {lon}: {:.1} km round in {:.0} s, bound {:.0} s",
            track / 1000.0,
            p.promise.revisit_s,
            p.promise.lower_bound_s
        );
    }
}

#[test]
fn a_long_ring_is_shared_out_by_relieved_stations() {
    // 70 km round, home inside; then home outside, round a foreign enclave.
    for inside in [true, false] {
        let mid = LatLon {
            lat_deg: 44.0,
            lon_deg: 12.4,
        };
        let w = workload::world(island(mid, 70.0, 0.1), inside, 1201);
        let length = w.border.length_m() / 1000.0;
        let mut b = workload::brief(&w, (10.0, 40.0), 4, 2, 3.0, 0);
        (b.section.from_km, b.section.to_km) = (0.0, length);
        let p = plan(&b, &w, 1).unwrap_or_else(|e| panic!("home inside {inside}: {e}"));
        stands(&p, &w);
        let ratio = p.promise.revisit_s / p.promise.lower_bound_s;
        // P1 and P2: sharing out a ring is at most twice what following each other round it could be, but for turns.
        assert!((1.0..2.4).contains(&ratio), "{ratio}");
        let seen: f64 = p.section_m - p.blind.iter().map(|b| b.to_m - b.from_m).sum::<f64>();
        assert!(seen > 0.97 * p.section_m, "{:?}", p.blind);
        eprintln!(
            "home inside {inside}: {length:.0} km, every {:.0} s, {ratio:.2} of the bound",
            p.promise.revisit_s
        );
    }
}

#[test]
fn real_islets_of_a_border_are_rings_and_each_can_be_watched() {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("left out: VEDETTE_DATA is not set, no real rings to watch");
        return;
    };
    let bytes = std::fs::read(Path::new(&data).join("borders/ESP-MAR.geojson")).unwrap();
    let rings: Vec<Border> = vedette_atlas::read_geojson(&bytes)
        .unwrap()
        .into_iter()
        .filter_map(|f| match f.geometry {
            vedette_atlas::Geometry::Line(l) => Border::new("LINE", l, true).ok(),
            _ => None,
        })
        .filter(Border::closed)
        .collect();
    assert!(rings.len() >= 5, "{}", rings.len());
    let (mut planned, mut refused) = (0, Vec::new());
    for ring in &rings {
        let length = ring.length_m();
        let middle = {
            let n = ring.line.len() as f64;
            let sum = ring
                .line
                .iter()
                .fold((0.0, 0.0), |s, p| (s.0 + p.lat_deg, s.1 + p.lon_deg));
            LatLon {
                lat_deg: sum.0 / n,
                lon_deg: sum.1 / n,
            }
        };
        // Home is where the middle is: a small garrison.
        let left = ring.nearest(middle).signed_m > 0.0;
        let mut w = workload::world(ring.line.clone(), left, 1201);
        w.territory = ring.line.clone();
        let mut b = brief();
        b.fleet.retain(|a| a.airframe == Airframe::Copter);
        b.section.border = "LINE".into();
        (b.section.from_km, b.section.to_km) = (0.0, length / 1000.0);
        b.fleet[0].base = middle;
        b.limits.stand_off_m = 5.0;
        (b.limits.max_agl_m, b.requirement.revisit_s) = (450.0, 5000.0);
        match plan(&b, &w, 1) {
            Ok(p) => {
                stands(&p, &w);
                planned += 1;
            }
            Err(e) => {
                assert!(!e.relaxation.is_empty() && e.to_m >= e.from_m);
                refused.push(format!("{length:.0} m: {e}"));
            }
        }
    }
    eprintln!("{planned} of {} rings planned; {refused:#?}", rings.len());
}

#[test]
fn bounds_of_rings_and_of_short_promises() {
    // P5: k alike round a ring meet L/(kv).
    assert!((lower_bound_of(12_000.0, &[10.0; 3], 0.0, 1e9, true).seconds - 400.0).abs() < 1e-9);
    // P7 on a ring: (L − k·w)/(k·v).
    assert!((lower_bound_of(12_000.0, &[10.0; 3], 200.0, 1e9, true).seconds - 380.0).abs() < 1e-9);
    // An open line with time enough: there and back. In a promise of one flight over it: once.
    assert!((lower_bound_of(6000.0, &[10.0], 0.0, 1e9, false).seconds - 1200.0).abs() < 1e-9);
    assert!((lower_bound_of(6000.0, &[10.0], 0.0, 600.0, false).seconds - 600.0).abs() < 1e-9);
    assert!((lower_bound_of(6000.0, &[10.0], 0.0, 900.0, false).seconds - 750.0).abs() < 1e-9);
}
