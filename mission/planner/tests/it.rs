//! Plans as an operator meets them: the demo's brief on real and on synthetic land, judged by the
//! independent checker; refusals that say what binds; bounds and offsets against closed forms and
//! real borders. Real data come from `VEDETTE_DATA`; without it those tests say so aloud.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vedette_atlas::{Border, Geometry, World, load, read_geojson};
use vedette_geo::{LatLon, destination, distance_m};
use vedette_model::plan::{Brief, LegKind, NoFly, PatrolPlan};
use vedette_model::{Airframe, Family, command};
use vedette_planner::{
    Constraint, Infeasible, lower_bound, offset, out_and_back_s, plan, plan_id, read_brief, wind_triangle,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn brief_text() -> String {
    std::fs::read_to_string(root().join("mission/data/andorra-south.toml")).unwrap()
}

fn brief() -> Brief {
    read_brief(&brief_text()).unwrap()
}

fn world(data: Option<&Path>, seed: u64) -> World {
    load::site(&root().join("maps/data/andorra"), data, seed).unwrap()
}

/// The independent checker has nothing to refuse, and the promise lies between bound and brief.
fn must_stand(p: &PatrolPlan, w: &World) {
    let v = vedette_checker::check(p, w);
    assert!(v.is_clear(), "{}: {:#?}", p.terrain, v.findings);
    let promise = &p.promise;
    assert!(promise.lower_bound_s <= promise.revisit_s, "{promise:?}");
    assert!(promise.revisit_s <= p.brief.requirement.revisit_s, "{promise:?}");
    assert!(v.revisit_measured_s <= promise.revisit_s + 0.5);
    assert!(promise.from_s < promise.until_s && promise.until_s >= p.brief.requirement.duration_s - 60.0);
    let blind: f64 = p.blind.iter().map(|b| b.to_m - b.from_m).sum();
    assert!(blind <= 0.03 * p.section_m, "{:?}", p.blind);
    eprintln!(
        "{}: promise {:.0} s, checker {:.0} s, bound {:.0} s, blind {blind:.0} m, separation {:?}",
        p.terrain, promise.revisit_s, v.revisit_measured_s, promise.lower_bound_s, v.separation_m
    );
}

#[test]
fn the_demo_is_planned_on_synthetic_land_and_stands_before_the_checker() {
    for seed in [1, 2, 7] {
        let w = world(None, seed);
        let p = plan(&brief(), &w, seed).unwrap();
        assert!(p.terrain.contains("synthetic"), "{}", p.terrain);
        must_stand(&p, &w);
    }
}

#[test]
fn the_demo_is_planned_on_real_land_and_stands_before_the_checker() {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("left out: VEDETTE_DATA is not set, no real terrain to plan on");
        return;
    };
    let w = world(Some(Path::new(&data)), 7);
    let p = plan(&brief(), &w, 7).unwrap();
    assert_eq!(p.terrain, "SRTM 3″ N42E001");
    must_stand(&p, &w);
}

#[test]
fn the_same_question_has_the_same_answer() {
    let w = world(None, 3);
    let (a, b) = (plan(&brief(), &w, 5).unwrap(), plan(&brief(), &w, 5).unwrap());
    assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&b).unwrap());
    assert_eq!(a.id, plan_id(&a));
    assert_eq!(a.id.0.len(), 16);
    let other = plan(&brief(), &w, 6).unwrap();
    assert_ne!(a.id, other.id, "the seed draws the departure");
    assert_eq!(a.site, w.site_hash());
}

#[test]
fn every_leg_begins_where_and_when_the_last_one_ends_and_has_its_item() {
    let w = world(None, 7);
    let p = plan(&brief(), &w, 7).unwrap();
    for a in &p.aircraft {
        for l in a.legs.windows(2) {
            assert!(distance_m(l[0].to, l[1].from) < 0.01 && l[0].to_amsl == l[1].from_amsl);
            assert!((l[0].end_s - l[1].start_s).abs() < 1e-9 && l[1].energy_wh >= l[0].energy_wh);
        }
        assert_eq!(a.items[0].command, command::NAV_TAKEOFF);
        assert_eq!(a.items.last().unwrap().command, command::NAV_LAND);
        let moving = a
            .legs
            .iter()
            .filter(|l| l.kind != LegKind::Turn || l.ground_m_s > 0.0)
            .count();
        let nav = a.items.iter().filter(|i| i.command < 95).count();
        assert_eq!(moving, nav);
        let watching = a.legs.iter().filter(|l| l.watches_m.is_some()).count();
        let pointing = a
            .items
            .iter()
            .filter(|i| i.command == command::DO_GIMBAL_MANAGER_PITCHYAW)
            .count();
        assert_eq!(watching, pointing);
        for i in a
            .items
            .iter()
            .filter(|i| i.command == command::DO_GIMBAL_MANAGER_PITCHYAW)
        {
            let (pitch, yaw) = (i.params[0].unwrap(), i.params[1].unwrap());
            assert!((-90.0..0.0).contains(&pitch) && (-180.0..=180.0).contains(&yaw));
        }
        let of = p.brief.fleet.iter().find(|f| f.vehicle == a.vehicle).unwrap();
        assert!(a.fence_items.len() <= of.family.capacity().fence && a.fence.len() >= 3);
        assert!(distance_m(*a.return_path.last().unwrap(), a.home) < 0.01);
    }
}

#[test]
fn px4_gets_heights_above_the_sea_only() {
    let mut b = brief();
    for a in &mut b.fleet {
        a.family = Family::Px4;
    }
    let w = world(None, 7);
    let p = plan(&b, &w, 7).unwrap();
    for i in p.aircraft.iter().flat_map(|a| &a.items).filter(|i| i.at.is_some()) {
        assert_eq!(i.frame, vedette_model::AltFrame::Amsl, "{i:?}");
    }
}

#[test]
fn a_no_fly_zone_on_the_track_is_flown_round() {
    let mut b = brief();
    let w = world(None, 7);
    let m = 1000.0 * b.section.from_km + 500.0;
    let centre = destination(w.border.at(m), w.border.azimuth_deg(m) - 90.0, 150.0);
    b.no_fly.push(NoFly {
        name: "chapel".into(),
        polygon: vec![],
        centre: Some(centre),
        radius_m: 60.0,
        floor: None,
        ceiling: None,
        more: Default::default(),
    });
    match plan(&b, &w, 7) {
        Ok(p) => {
            let v = vedette_checker::check(&p, &w);
            assert!(v.is_clear(), "{:#?}", v.findings);
            for l in p.aircraft.iter().flat_map(|a| &a.legs) {
                assert!(distance_m(l.to, centre) > 60.0);
            }
        }
        Err(e) => assert_ne!(e.constraint, Constraint::Brief, "{e}"),
    }
}

fn refused(change: impl Fn(&mut Brief)) -> Infeasible {
    let mut b = brief();
    change(&mut b);
    plan(&b, &world(None, 7), 7).unwrap_err()
}

#[test]
fn what_cannot_be_flown_is_refused_with_its_reason_and_a_way_out() {
    let cases = [
        (Constraint::Revisit, refused(|b| b.requirement.revisit_s = 60.0)),
        (Constraint::Energy, refused(|b| b.fleet[0].energy.battery_wh = 20.0)),
        (Constraint::Wind, refused(|b| b.wind.speed_m_s = 40.0)),
        (Constraint::Sensor, refused(|b| b.requirement.pixels_on_target = 60.0)),
        (Constraint::Height, refused(|b| b.limits.max_agl_m = 62.0)),
        (Constraint::Brief, refused(|b| b.section.border = "AND-XXX".into())),
        (Constraint::Brief, refused(|b| b.section.to_km = 900.0)),
        (Constraint::Brief, refused(|b| b.limits.stand_off_m = f64::NAN)),
        (
            Constraint::LegalSpace,
            refused(|b| {
                b.fleet[0].base = LatLon {
                    lat_deg: 42.42,
                    lon_deg: 1.52,
                }
            }),
        ),
        (
            Constraint::Capacity,
            refused(|b| {
                b.requirement.duration_s = 6000.0;
                for a in &mut b.fleet {
                    a.energy.battery_wh = 1e5;
                }
            }),
        ),
    ];
    for (c, e) in cases {
        assert_eq!(e.constraint, c, "{e}");
        let text = e.to_string();
        assert!(
            text.contains("Nearest relaxation") && !e.relaxation.is_empty(),
            "{text}"
        );
        eprintln!("{text}");
    }
}

#[test]
fn following_the_relaxation_makes_it_feasible() {
    let w = world(None, 7);
    let mut b = brief();
    b.requirement.revisit_s = 60.0;
    let e = plan(&b, &w, 7).unwrap_err();
    let asked: f64 = e
        .relaxation
        .strip_prefix("revisit_s = ")
        .and_then(|r| r.split(',').next())
        .and_then(|n| n.parse().ok())
        .expect("the relaxation names a revisit time");
    b.requirement.revisit_s = asked;
    let p = plan(&b, &w, 7).unwrap();
    assert!((p.promise.revisit_s - asked).abs() < 0.5);
}

#[test]
fn one_aircraft_alone_is_planned_too() {
    let w = world(None, 7);
    for keep in [Airframe::Copter, Airframe::Plane] {
        let mut b = brief();
        b.fleet.retain(|a| a.airframe == keep);
        let near = &b.fleet[0];
        let at = w.border.nearest(near.base).chainage_m / 1000.0;
        (b.section.from_km, b.section.to_km) = (at - 0.7, at + 0.7);
        b.requirement.revisit_s = 900.0;
        let p = plan(&b, &w, 1).unwrap();
        let v = vedette_checker::check(&p, &w);
        assert!(v.is_clear(), "{keep:?} {:#?}", v.findings);
        assert!(p.promise.bound_source.contains("there and back"));
    }
}

#[test]
fn briefs_with_mistakes_are_refused_where_the_mistake_is() {
    for (from, to, says) in [
        ("revisit_s = 330.0", "revisit_s = -1", "revisit_s"),
        ("stand_off_m = 150.0", "stand_of_m = 150.0", "stand_of"),
        ("airframe = \"copter\"", "airframe = \"kite\"", "kite"),
        ("to_km = 39.5", "to_km = 35.6", "to_km"),
        ("vehicle = 2", "vehicle = 1", "same number"),
    ] {
        assert!(brief_text().contains(from));
        let e = read_brief(&brief_text().replacen(from, to, 1)).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
    assert!(read_brief("").is_err() && read_brief("\u{0}").is_err());
}

#[test]
fn bounds_are_those_of_the_literature() {
    let l = 100_000.0;
    // Haeupler et al. 2018, and 2L/Σv for equal speeds.
    for (speeds, seconds) in [
        (vec![20.0; 5], 2000.0),
        (vec![20.0, 20.0, 10.0], 3333.333),
        (vec![30.0, 25.0, 20.0, 15.0, 10.0], 1333.333),
    ] {
        assert!((lower_bound(l, &speeds, 0.0).seconds - seconds).abs() < 0.01);
    }
    assert!((lower_bound(l, &[20.0], 100.0).seconds - 9990.0).abs() < 1e-9);
    assert!((lower_bound(3000.0, &[10.0, 20.0], 60.0).seconds - 144.0).abs() < 1e-9);
    assert!(lower_bound(l, &[], 0.0).seconds.is_infinite());
}

#[test]
fn wind_never_helps_out_and_back() {
    let wind = |from_deg, speed_m_s| vedette_model::plan::WindBrief {
        from_deg,
        speed_m_s,
        gust_m_s: 0.0,
    };
    for (from, w) in [(0.0, 5.0), (37.0, 8.0), (90.0, 11.0), (200.0, 3.0)] {
        let there = wind_triangle(20.0, 0.0, &wind(from, w)).unwrap().0;
        let back = wind_triangle(20.0, 180.0, &wind(from, w)).unwrap().0;
        let closed = out_and_back_s(1000.0, 20.0, w, from).unwrap();
        assert!((1000.0 / there + 1000.0 / back - closed).abs() < 1e-9);
        assert!(closed >= 100.0);
    }
    // From the right: the nose points right of the course.
    assert!(wind_triangle(20.0, 0.0, &wind(90.0, 5.0)).unwrap().1 > 14.0);
    assert!(wind_triangle(20.0, 0.0, &wind(90.0, 20.0)).is_none());
    assert!(out_and_back_s(1.0, 10.0, 10.0, 0.0).is_none());
}

/// Metres of the track nearer than the distance (by more than 0.1 m), crossings of the border, and
/// crossings with itself.
fn quality(border: &Border, track: &[LatLon], d: f64) -> (f64, usize, usize) {
    let mut inside = 0.0;
    let mut crossed = 0;
    for w in track.windows(2) {
        let n = (distance_m(w[0], w[1]) / 20.0).ceil().max(1.0);
        let mut k = 0.0;
        while k < n {
            let near = border.nearest(vedette_geo::interpolate(w[0], w[1], k / n));
            if near.signed_m < 0.0 {
                crossed += 1;
            }
            if near.signed_m < d - 0.1 {
                inside += distance_m(w[0], w[1]) / n;
            }
            k += 1.0;
        }
    }
    let xy: Vec<(f64, f64)> = track.iter().map(|p| (p.lon_deg, p.lat_deg)).collect();
    let side = |a: (f64, f64), b: (f64, f64), p: (f64, f64)| (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
    let mut own = 0;
    for i in 1..xy.len() {
        for j in i + 2..xy.len() {
            let (a, b, c, d) = (xy[i - 1], xy[i], xy[j - 1], xy[j]);
            if side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0 {
                own += 1;
            }
        }
    }
    (inside, crossed, own)
}

#[test]
fn the_track_never_cuts_into_the_stand_off_of_a_real_border() {
    let w = world(None, 1);
    for home_left in [true, false] {
        // The first 36 km, to the south-western corner, as one open line.
        let line = w.border.section(0.0, 36_000.0).unwrap();
        let line = Border::new("AND", line.line, home_left).unwrap();
        for d in [150.0, 500.0] {
            let track = offset(&line, d);
            let length: f64 = track.windows(2).map(|p| distance_m(p[0], p[1])).sum();
            assert!(length > 15_000.0, "{d}: {length}");
            assert_eq!(quality(&line, &track, d), (0.0, 0, 0), "{d} m, home left {home_left}");
        }
    }
}

#[test]
fn five_more_real_borders_keep_their_stand_off() {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("left out: VEDETTE_DATA is not set, no further borders to follow");
        return;
    };
    let mut done = 0;
    for name in ["FRA-ITA", "POL-BLR", "ROU-MDA", "USA-MEX", "FIN-RUS"] {
        let path = Path::new(&data).join(format!("borders/{name}.geojson"));
        let line = read_geojson(&std::fs::read(&path).unwrap())
            .unwrap()
            .into_iter()
            .filter_map(|f| match f.geometry {
                Geometry::Line(l) => Some(l),
                _ => None,
            })
            .max_by_key(Vec::len)
            .unwrap();
        let whole = Border::new(name, line, true).unwrap();
        // A plane map is honest over some 60 km.
        let b = whole.section(0.0, whole.length_m().min(60_000.0)).unwrap();
        let b = Border::new(name, b.line, true).unwrap();
        for d in [150.0, 500.0] {
            let track = offset(&b, d);
            let (inside, crossed, own) = quality(&b, &track, d - 0.4);
            assert_eq!((inside, crossed, own), (0.0, 0, 0), "{name} {d}");
            done += 1;
        }
    }
    assert_eq!(done, 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_more_aircraft_never_raises_the_bound(
        l in 1000.0..1e6f64, v in prop::collection::vec(5.0..60.0f64, 1..6), more in 5.0..60.0f64, w in 1.0..200.0f64,
    ) {
        let before = lower_bound(l, &v, w).seconds;
        let mut fleet = v.clone();
        fleet.push(more);
        prop_assert!(lower_bound(l, &fleet, w).seconds <= before + 1e-9);
        // P1 lies under every bound without footprint, and twice P1 over it.
        let p1 = l / v.iter().sum::<f64>();
        let b = lower_bound(l, &v, 0.0).seconds;
        prop_assert!(b >= p1 - 1e-9 && b <= 2.0 * p1 + 1e-9);
        // Twice the length and twice the speed: the same time.
        let fast: Vec<f64> = v.iter().map(|x| 2.0 * x).collect();
        prop_assert!((lower_bound(2.0 * l, &fast, 2.0 * w).seconds - before).abs() < 1e-6);
    }

    #[test]
    fn offsets_of_any_line_stay_away_and_on_the_home_side(
        turns in prop::collection::vec((-70.0..70.0f64, 50.0..900.0f64), 3..14),
        d in 20.0..400.0f64, home_left in any::<bool>(), lat in -60.0..60.0f64,
    ) {
        let mut line = vec![LatLon { lat_deg: lat, lon_deg: 10.0 }];
        let mut heading = 40.0;
        for (turn, m) in turns {
            heading += turn;
            line.push(destination(line[line.len() - 1], heading, m));
        }
        let b = Border::new("x", line, home_left).unwrap();
        let track = offset(&b, d);
        let (inside, crossed, own) = quality(&b, &track, d);
        prop_assert_eq!((inside, crossed, own), (0.0, 0, 0));
    }
}

#[test]
fn whatever_comes_out_of_any_brief_stands_before_the_checker() {
    let w = world(None, 3);
    // Xorshift64: the same briefs every time.
    let mut z: u64 = 12_345;
    let mut rnd = || {
        z ^= z << 13;
        z ^= z >> 7;
        z ^= z << 17;
        (z >> 11) as f64 / (1u64 << 53) as f64
    };
    let (mut planned, mut refused) = (0, 0);
    for seed in 0..24 {
        let mut b = brief();
        let length = 1.0 + 2.0 * rnd();
        b.section.from_km = 34.0 + rnd() * 20.0;
        b.section.to_km = b.section.from_km + length;
        if rnd() < 0.5 {
            b.fleet.remove(usize::from(rnd() < 0.5));
        }
        for a in &mut b.fleet {
            let m = 1000.0 * (b.section.from_km + length * (0.3 + 0.4 * rnd()));
            a.base = destination(w.border.at(m), w.border.azimuth_deg(m) - 90.0, 500.0 + 500.0 * rnd());
        }
        (b.wind.speed_m_s, b.wind.from_deg) = (6.0 * rnd(), 360.0 * rnd());
        b.limits.stand_off_m = 50.0 + 150.0 * rnd();
        b.limits.max_agl_m = 600.0;
        b.requirement.revisit_s = 2000.0;
        match plan(&b, &w, seed) {
            Ok(p) => {
                let v = vedette_checker::check(&p, &w);
                assert!(v.is_clear(), "{b:?}\n{:#?}", v.findings);
                planned += 1;
            }
            Err(e) => {
                assert!(!e.relaxation.is_empty());
                refused += 1;
            }
        }
    }
    eprintln!("{planned} planned, {refused} refused");
    assert!(planned >= 3, "{planned} planned, {refused} refused");
}
