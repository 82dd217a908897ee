//! One fault at a time goes into the sound plan; the check it belongs to must refuse it.

use crate::good::{HOLED, RIDGED, home_of, on_border, plan, world};
use vedette_atlas::{Shape, World, Zone, ZoneKind};
use vedette_checker::{check, plan_id};
use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::plan::{Finding, FindingSeverity, LegKind, NoFly, PatrolPlan};
use vedette_model::{Airframe, AltFrame, MissionItem, VehicleId, command};

/// The refusing findings of one check after a change.
#[track_caller]
fn refused(name: &str, change: impl FnOnce(&mut PatrolPlan, &mut World)) -> Vec<Finding> {
    let mut world = world();
    let mut plan = plan(&world);
    change(&mut plan, &mut world);
    plan.site = world.site_hash();
    plan.id = plan_id(&plan);
    let v = check(&plan, &world);
    assert!(!v.is_clear(), "nothing refused");
    let of: Vec<Finding> = v
        .findings
        .iter()
        .filter(|f| f.check == name && f.severity == FindingSeverity::Refused)
        .cloned()
        .collect();
    assert!(!of.is_empty(), "no {name} among {:#?}", v.findings);
    for f in &of {
        assert!(!f.what.is_empty());
    }
    of
}

/// Moves the joint between two legs.
fn bend(plan: &mut PatrolPlan, a: usize, leg: usize, to: LatLon) {
    plan.aircraft[a].legs[leg].to = to;
    plan.aircraft[a].legs[leg + 1].from = to;
}

fn patrol(plan: &PatrolPlan, a: usize) -> usize {
    plan.aircraft[a]
        .legs
        .iter()
        .position(|l| l.kind == LegKind::Patrol)
        .unwrap()
}

#[test]
fn leg_across_the_border() {
    let f = refused("crossing", |p, w| {
        let over = destination(on_border(w, 3000.0), 0.0, 50.0);
        let i = patrol(p, 0);
        bend(p, 0, i, over);
    });
    assert!(
        f.iter()
            .any(|f| (f.worst + 50.0).abs() < 2.0 && f.vehicle == Some(VehicleId(1)) && f.leg.is_some())
    );
    assert!(
        f.iter().all(|f| (f.chainage_m.unwrap() - 2000.0).abs() < 1500.0),
        "{f:#?}"
    );
}

#[test]
fn leg_too_near_the_border_between_its_ends_only() {
    // Both ends are legal; the line bulges 150 m to the home side between them, only half way along the leg.
    let f = refused("stand_off", |_, w| {
        let bulge = destination(w.border.at(3500.0), 180.0, 150.0);
        let mut line = w.border.line.clone();
        let at = line.partition_point(|q| q.lon_deg < bulge.lon_deg);
        line.insert(at, bulge);
        let mut b = vedette_atlas::Border::new("A-B", line, false).unwrap();
        b.accuracy_m = 10.0;
        w.border = b;
    });
    let leg = f
        .iter()
        .find(|f| f.vehicle == Some(VehicleId(1)) && f.leg.is_some())
        .unwrap();
    assert!(leg.worst < 325.0 && leg.worst > 200.0, "{leg:?}");
    assert!(leg.at.is_some() && leg.unit == "m");
}

#[test]
fn border_accuracy_and_navigation_count() {
    refused("stand_off", |_, w| w.border.accuracy_m = 200.0);
    refused("stand_off", |p, _| p.brief.limits.nav_sigma_m = 60.0);
}

#[test]
fn other_border_of_the_country_counts() {
    refused("crossing", |p, w| {
        let base = p.aircraft[0].home;
        let line = vec![
            destination(base, 270.0, 4000.0),
            destination(base, 20.0, 1500.0),
            destination(base, 60.0, 4000.0),
        ];
        w.context = vec![vedette_atlas::Border::new("C", line, false).unwrap()];
    });
}

#[test]
fn wide_turn_of_a_fixed_wing_counts() {
    let f = refused("stand_off", |p, _| {
        // Twice as fast, so the arc flown beyond the corner is four times as wide.
        for l in &mut p.aircraft[1].legs {
            l.ground_m_s *= 2.0;
        }
    });
    assert!(f.iter().any(|f| f.what.contains("turn at the end")), "{f:#?}");
}

#[test]
fn zone_on_the_way() {
    let zone = |w: &World, floor, ceiling| Zone {
        name: "reserve".into(),
        kind: ZoneKind::NoFly,
        shape: Shape::Disc {
            centre: home_of(w, 3000.0, 400.0),
            radius_m: 60.0,
        },
        floor,
        ceiling,
    };
    let f = refused("no_fly", |_, w| w.zones = vec![zone(w, None, None)]);
    assert!(
        f.iter()
            .any(|f| f.what.contains("reserve") && (f.worst + 60.0).abs() < 6.0),
        "{f:#?}"
    );
    refused("no_fly", |p, w| {
        let around = home_of(w, 9000.0, 400.0);
        p.brief.no_fly = vec![NoFly {
            name: "school".into(),
            polygon: (0..4)
                .map(|k| destination(around, 45.0 + 90.0 * f64::from(k), 200.0))
                .collect(),
            centre: None,
            radius_m: 0.0,
            floor: None,
            ceiling: None,
            more: Default::default(),
        }];
    });
    // Above its ceiling the zone does not matter.
    let mut world = world();
    let mut p = plan(&world);
    world.zones = vec![zone(&world, None, Some(Amsl(590.0)))];
    p.site = world.site_hash();
    p.id = plan_id(&p);
    let v = check(&p, &world);
    assert!(v.is_clear(), "{:#?}", v.findings);
}

#[test]
fn way_home_through_a_zone() {
    let f = refused("no_fly", |p, w| {
        // Beside every leg, across the straight ways home only.
        let at = destination(p.aircraft[0].home, 330.0, 1500.0);
        w.zones = vec![Zone {
            name: "village".into(),
            kind: ZoneKind::NoFly,
            shape: Shape::Disc {
                centre: at,
                radius_m: 150.0,
            },
            floor: None,
            ceiling: None,
        }];
    });
    assert!(f.iter().all(|f| f.what.contains("return")
        || f.what.contains("rally")
        || f.what.contains("items")
        || f.what.contains("leg")));
    assert!(f.iter().any(|f| f.what.contains("straight return")), "{f:#?}");
}

#[test]
fn ridge_between_waypoints() {
    let f = refused("clearance", |_, w| w.terrain = RIDGED.clone());
    assert!(
        f.iter().any(|f| (f.worst - 30.0).abs() < 2.0 && f.limit == 100.0),
        "{f:#?}"
    );
}

#[test]
fn unknown_ground() {
    refused("terrain", |_, w| w.terrain = HOLED.clone());
}

#[test]
fn too_high() {
    refused("ceiling", |p, _| p.brief.limits.max_agl_m = 110.0);
}

#[test]
fn return_height_too_low() {
    let f = refused("clearance", |p, _| {
        p.aircraft[0].return_amsl = Amsl(520.0);
        // Marks the planned return for the autopilot, which then flies it at that height.
        let mark = MissionItem {
            command: command::DO_LAND_START,
            frame: AltFrame::None,
            params: [None; 4],
            at: None,
            alt_m: 0.0,
        };
        p.aircraft[0].items.insert(5, mark);
    });
    assert!(f.iter().any(|f| f.what.contains("return")));
}

#[test]
fn too_fast_too_slow_and_too_steep() {
    refused("speed", |p, _| p.brief.wind.gust_m_s = 9.0);
    refused("speed", |p, _| p.brief.fleet[1].envelope.min_m_s = 25.0);
    refused("speed", |p, _| p.aircraft[0].legs[2].ground_m_s = 30.0);
    refused("climb", |p, _| p.brief.fleet[0].envelope.climb_m_s = 1.0);
    refused("climb", |p, _| p.brief.fleet[0].envelope.descent_m_s = 1.0);
}

#[test]
fn wind_across_the_envelope() {
    refused("speed", |p, _| p.brief.wind.speed_m_s = 15.0);
}

#[test]
fn corner_tighter_than_the_airframe_turns() {
    let f = refused("turn", |p, _| p.brief.fleet[1].envelope.max_bank_deg = 12.0);
    assert!(f.iter().all(|f| f.vehicle == Some(VehicleId(2))));
}

#[test]
fn battery_too_small() {
    refused("energy", |p, _| p.brief.fleet[0].energy.battery_wh = 300.0);
    refused("energy", |p, _| p.brief.fleet[0].energy.sigma_share = 2.0);
    let f = refused("energy", |p, _| {
        // Enough for the plan in calm, too little against wind and gusts from the far end.
        p.brief.fleet[0].energy.battery_wh = 420.0;
        p.brief.fleet[0].energy.reserve_share = 0.0;
        p.brief.wind.gust_m_s = 13.5;
    });
    assert!(f.iter().any(|f| f.what.contains("way home")), "{f:#?}");
}

#[test]
fn aircraft_meet() {
    let f = refused("separation", |p, _| {
        let mut twin = p.aircraft[0].clone();
        twin.vehicle = VehicleId(3);
        let mut craft = p.brief.fleet[0].clone();
        craft.vehicle = VehicleId(3);
        for l in &mut twin.legs {
            l.start_s += 5.0;
            l.end_s += 5.0;
        }
        p.aircraft.push(twin);
        p.brief.fleet.push(craft);
    });
    assert!(f[0].worst < 1.0 && f[0].time_s.is_some(), "{f:#?}");
}

#[test]
fn late_take_off_is_noted() {
    let world = world();
    let mut p = plan(&world);
    let mut twin = p.aircraft[0].clone();
    twin.vehicle = VehicleId(3);
    let mut craft = p.brief.fleet[0].clone();
    craft.vehicle = VehicleId(3);
    for l in &mut twin.legs {
        l.start_s += 30.0;
        l.end_s += 30.0;
    }
    p.aircraft.push(twin);
    p.brief.fleet.push(craft);
    let v = check(&p, &world);
    let late = v
        .findings
        .iter()
        .find(|f| f.what.starts_with("If V-001 takes off 30 s late"))
        .unwrap();
    assert_eq!(late.severity, FindingSeverity::Note);
    assert!(late.worst < 1.0);
}

#[test]
fn more_items_than_fit() {
    refused("capacity", |p, _| {
        let last = p.aircraft[0].items[3].clone();
        for _ in 0..650 {
            p.aircraft[0].items.insert(3, last.clone());
        }
    });
    refused("capacity", |p, _| {
        let corner = p.aircraft[1].fence_items[0].clone();
        p.aircraft[1].fence_items = vec![corner; 65];
    });
}

#[test]
fn foreign_dialect() {
    let with =
        |a: usize, item: MissionItem| move |p: &mut PatrolPlan, _: &mut World| p.aircraft[a].items.insert(2, item);
    let item = |command| MissionItem {
        command,
        frame: AltFrame::None,
        params: [None; 4],
        at: None,
        alt_m: 0.0,
    };
    refused("dialect", with(1, item(command::NAV_LOITER_TURNS)));
    refused("dialect", with(1, item(207)));
    refused("dialect", with(0, item(4501)));
    refused("dialect", with(0, item(84)));
    refused("dialect", |p, _| p.aircraft[1].items[2].frame = AltFrame::Terrain);
    refused("dialect", |p, _| {
        p.aircraft[0].items.remove(0);
    });
    refused("dialect", |p, _| p.aircraft[0].items.clear());
}

#[test]
fn items_that_are_not_the_legs() {
    refused("items", |p, _| {
        p.aircraft[0].items.remove(3);
    });
    refused("items", |p, _| p.aircraft[0].items.swap(2, 3));
    refused("items", |p, w| {
        let extra = MissionItem {
            at: Some(home_of(w, 3000.0, 900.0)),
            ..p.aircraft[0].items[2].clone()
        };
        p.aircraft[0].items.insert(3, extra);
    });
    refused("items", |p, _| p.aircraft[0].items[2].alt_m += 10.0);
    refused("crossing", |p, w| {
        p.aircraft[0].items[2].at = Some(destination(on_border(w, 2000.0), 0.0, 500.0))
    });
    refused("items", |p, _| {
        let jump = MissionItem {
            command: command::DO_JUMP,
            params: [Some(2.0), Some(-1.0), None, None],
            at: None,
            ..p.aircraft[0].items[0].clone()
        };
        p.aircraft[0].items.insert(4, jump);
    });
}

#[test]
fn fence_that_does_not_hold() {
    refused("fence", |p, w| p.aircraft[0].fence[2] = home_of(w, 6000.0, 500.0));
    refused("fence", |p, w| {
        p.aircraft[0].fence[0] = destination(on_border(w, 200.0), 0.0, 100.0)
    });
    refused("fence", |p, _| {
        p.aircraft[0].fence_items.pop();
    });
    refused("rally", |p, w| p.aircraft[0].rally[0].0 = home_of(w, 5000.0, 100.0));
    refused("rally", |p, _| p.aircraft[0].rally[0].1 = Amsl(505.0));
    // The point is legal, the circle flown over it by an aircraft that cannot stand still is not.
    let wings = |p: &mut PatrolPlan, w: &World, m: f64| {
        let i = p
            .brief
            .fleet
            .iter()
            .position(|a| a.airframe == Airframe::Plane)
            .unwrap();
        let v = p.brief.fleet[i].vehicle;
        let a = p.aircraft.iter_mut().find(|a| a.vehicle == v).unwrap();
        a.rally[0].0 = home_of(w, 8000.0, p.brief.limits.stand_off_m + m);
    };
    refused("stand_off", |p, w| wings(p, w, 50.0));
}

#[test]
fn timetable_with_holes() {
    refused("timetable", |p, _| p.aircraft[0].legs[3].start_s += 20.0);
    refused("timetable", |p, _| {
        p.aircraft[0].legs.remove(3);
    });
    refused("timetable", |p, _| p.aircraft[0].legs.truncate(4));
    refused("timetable", |p, _| p.aircraft[0].legs[3].to_amsl = Amsl(f64::NAN));
    refused("timetable", |p, _| p.promise.from_s = f64::NAN);
}

#[test]
fn promises_that_do_not_hold() {
    let f = refused("revisit", |p, _| p.promise.revisit_s = 600.0);
    assert!(f[0].worst > 640.0 && f[0].unit == "s");
    refused("revisit", |p, _| p.brief.requirement.revisit_s = 600.0);
    refused("revisit", |p, _| {
        // Two passes look away.
        let i = patrol(p, 0);
        p.aircraft[0].legs[i + 1].watches_m = None;
        p.aircraft[0].legs[i + 2].watches_m = None;
    });
    refused("revisit", |p, _| {
        p.aircraft[0].legs.iter_mut().for_each(|l| l.watches_m = None);
    });
    refused("revisit", |p, _| p.promise.from_s = p.promise.until_s - 1.0);
}

#[test]
fn camera_that_looks_elsewhere() {
    refused("camera", |p, w| {
        let i = patrol(p, 0);
        p.aircraft[0].legs[i].aim = Some([on_border(w, 9000.0); 2]);
    });
    refused("camera", |p, _| {
        let i = patrol(p, 0);
        p.aircraft[0].legs[i].watch_half_m = 400.0;
    });
}

#[test]
fn other_site_or_unknown_aircraft() {
    refused("site", |p, _| p.aircraft[0].vehicle = VehicleId(77));
    refused("site", |p, _| p.brief.section.border = "X-Y".into());
    refused("site", |p, _| p.brief.section.to_km = 90.0);
    let world = world();
    let mut p = plan(&world);
    p.brief.name.push('!');
    assert!(
        check(&p, &world)
            .findings
            .iter()
            .any(|f| f.what.contains("altered after it was made"))
    );
    p.site = "0000".into();
    assert!(check(&p, &world).findings.iter().any(|f| f.check == "site"));
}
