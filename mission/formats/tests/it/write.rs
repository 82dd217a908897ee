//! Round trips of our own plans.

use crate::sample::{item, p, plan, scene};
use proptest::prelude::*;
use vedette_formats::{
    Fence, FormatError, MissionFile, geojson, kml, qgc_plan, read_qgc_plan, read_waypoints, read_zones, waypoints,
    waypoints_of, write_qgc_plan, write_waypoints, zones_geojson,
};
use vedette_geo::{AboveHome, Amsl, LatLon};
use vedette_model::{Airframe, AltFrame, Family, MissionItem, MissionKind, VehicleId, command};

const ONE: VehicleId = VehicleId(1);

/// Equal but for what files cannot hold: positions to 1e-7 degrees (half of that for rounding).
fn same(a: &MissionItem, b: &MissionItem, nothing_is_zero: bool) -> bool {
    let params = a
        .params
        .iter()
        .zip(&b.params)
        .all(|(x, y)| x == y || (nothing_is_zero && x.unwrap_or(0.0) == y.unwrap_or(0.0)));
    let at = match (a.at, b.at) {
        (Some(x), Some(y)) => (x.lat_deg - y.lat_deg).abs() < 0.6e-7 && (x.lon_deg - y.lon_deg).abs() < 0.6e-7,
        (x, y) => x == y,
    };
    a.command == b.command && a.frame == b.frame && a.alt_m == b.alt_m && params && at
}

#[test]
fn qgc_plan_reads_back_the_same_mission() {
    for family in [Family::ArduPilot, Family::Px4] {
        let plan = plan(family);
        let read = read_qgc_plan(&qgc_plan(&plan, ONE).unwrap()).unwrap();
        assert_eq!(
            (read.family, read.airframe, read.cruise_m_s),
            (family, Airframe::Copter, 14.0)
        );
        let part = &plan.aircraft[0];
        assert_eq!(read.items.len(), part.items.len());
        assert!(
            read.items.iter().zip(&part.items).all(|(a, b)| same(a, b, false)),
            "{:#?}",
            read.items
        );
        assert_eq!(read.home.unwrap().1, Amsl(1150.25));
        assert_eq!(read.rally, vec![(read.rally[0].0, AboveHome(60.0))]);
        assert_eq!(read.fence.len(), 2);
        assert!(matches!(&read.fence[0], Fence::Polygon { inclusion: true, corners } if corners.len() == 4));
        assert!(matches!(&read.fence[1], Fence::Polygon { inclusion: false, corners } if corners.len() == 3));
        assert!(read.notes.is_empty());
    }
}

#[test]
fn qgc_plan_has_the_keys_qgroundcontrol_asks_for() {
    let text = qgc_plan(&plan(Family::Px4), ONE).unwrap();
    let v: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(v["fileType"], "Plan");
    assert_eq!(
        (&v["version"], &v["mission"]["version"], &v["geoFence"]["version"]),
        (&1.into(), &2.into(), &2.into())
    );
    assert_eq!(v["mission"]["firmwareType"], 12);
    let way = &v["mission"]["items"][2];
    assert_eq!(
        (&way["doJumpId"], &way["frame"], &way["AltitudeMode"]),
        (&3.into(), &0.into(), &2.into())
    );
    assert_eq!(way["params"].as_array().unwrap().len(), 7);
    assert!(way["params"][0].is_null() && way["params"][1] == 2.5);
    // PX4 counts from 0, the file from 1: its item 2 is the file's item 3.
    assert_eq!(v["mission"]["items"][3]["params"][0], 3.0);
}

#[test]
fn waypoints_read_back_the_same_mission() {
    for family in [Family::ArduPilot, Family::Px4] {
        let plan = plan(family);
        let text = waypoints(&plan, ONE).unwrap();
        assert!(text.starts_with("QGC WPL 110\n0\t1\t0\t16\t"), "{text}");
        let (home, items) = read_waypoints(&text).unwrap();
        assert_eq!(home.unwrap().1, Amsl(1150.25));
        let part = &plan.aircraft[0];
        assert_eq!(items.len(), part.items.len());
        assert!(
            items
                .iter()
                .zip(&part.items)
                .all(|(a, b)| same(a, b, family != Family::Px4)),
            "{text}"
        );
        let (_, fence) = read_waypoints(&waypoints_of(&plan, ONE, MissionKind::Fence).unwrap()).unwrap();
        assert_eq!(fence.len(), 7);
        assert_eq!(fence[6].command, command::FENCE_POLYGON_VERTEX_EXCLUSION);
        let (_, rally) = read_waypoints(&waypoints_of(&plan, ONE, MissionKind::Rally).unwrap()).unwrap();
        assert_eq!(rally[0].command, command::RALLY_POINT);
    }
}

#[test]
fn unknown_aircraft_is_said_so() {
    let plan = plan(Family::Px4);
    assert_eq!(
        waypoints(&plan, VehicleId(9)),
        Err(FormatError::NoSuchAircraft(VehicleId(9)))
    );
    assert!(qgc_plan(&plan, VehicleId(9)).is_err());
}

#[test]
fn kml_is_well_formed_and_plays_the_timetable() {
    let text = kml(&plan(Family::ArduPilot), &scene());
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let name = tag.split(['>', ' ']).next().unwrap();
        if let Some(end) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(end), "{tag}");
        } else if !name.starts_with('?') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!text.chars().any(|c| (c as u32) < 0x20 && c != '\n'));
    assert!(text.contains("Watch &lt;1&gt; &amp; &quot;co&quot;\u{fffd}"));
    assert!(text.contains("<when>2026-06-01T12:00:00.000Z</when>"));
    assert!(text.contains("<when>2026-06-01T12:03:20.000Z</when>"));
    assert_eq!(text.matches("<when>").count(), text.matches("<gx:coord>").count());
    assert!(text.contains("1.5465432,42.4512346,1310.5"));
}

#[test]
fn geojson_holds_plan_and_zones() {
    let (plan, scene) = (plan(Family::ArduPilot), scene());
    let text = geojson(&plan, &scene);
    let v: serde_json::Value = serde_json::from_str(&text).unwrap();
    let count = |what: &str| {
        v["features"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["properties"]["what"] == what)
            .count()
    };
    assert_eq!(
        ["border", "no-fly", "leg", "fence", "base", "rally"].map(count),
        [1, 2, 2, 1, 1, 1]
    );
    assert_eq!(
        v["features"][0]["geometry"]["coordinates"][0][0], 1.4,
        "longitude first"
    );
    // Reading the zones of a whole plan gives the zones and nothing else.
    let zones = read_zones(&text).unwrap();
    assert_eq!(zones.len(), 2);
    assert_eq!(zones[0], scene.zones[0]);
    assert_eq!(zones[1].ceiling, Some(Amsl(1500.0)));
    assert_eq!(read_zones(&zones_geojson(&zones)).unwrap(), zones);
}

#[test]
fn rings_of_geojson_run_counter_clockwise() {
    let mut z = plan(Family::Px4).brief.no_fly;
    for _ in 0..2 {
        z[0].polygon.reverse();
        let v: serde_json::Value = serde_json::from_str(&zones_geojson(&z)).unwrap();
        let ring: Vec<(f64, f64)> = v["features"][0]["geometry"]["coordinates"][0]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (c[0].as_f64().unwrap(), c[1].as_f64().unwrap()))
            .collect();
        assert_eq!(ring.first(), ring.last());
        let area: f64 = ring.windows(2).map(|w| w[0].0 * w[1].1 - w[1].0 * w[0].1).sum();
        assert!(area > 0.0);
    }
}

fn any_item() -> impl Strategy<Value = MissionItem> {
    let frame = prop_oneof![
        Just(AltFrame::Amsl),
        Just(AltFrame::AboveHome),
        Just(AltFrame::Terrain),
        Just(AltFrame::None)
    ];
    let param = prop::option::of(-1e6..1e6f64);
    let at = prop::option::of((-89.0..89.0f64, -179.9..179.9f64));
    (
        0u16..600,
        frame,
        [param.clone(), param.clone(), param.clone(), param],
        at,
        -500.0..9000.0f64,
    )
        .prop_map(|(command, frame, params, at, alt_m)| MissionItem {
            command: if command == command::DO_JUMP { 16 } else { command },
            frame,
            params,
            at: at.map(|(a, o)| p(a, o)),
            alt_m,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_mission_survives_both_files(items in prop::collection::vec(any_item(), 0..20), lat in -89.0..89.0f64, lon in -179.0..179.0f64) {
        let home = (LatLon::new(lat, lon).unwrap(), Amsl(12.5));
        let file = MissionFile {
            family: Family::Px4,
            airframe: Airframe::Plane,
            cruise_m_s: 18.0,
            hover_m_s: 5.0,
            home: Some(home),
            items: items.clone(),
            fence: vec![Fence::Circle { inclusion: true, centre: home.0, radius_m: 500.0 }],
            rally: vec![],
            notes: vec![],
            kept: serde_json::Value::Null,
        };
        let read = read_qgc_plan(&write_qgc_plan(&file)).unwrap();
        prop_assert!(read.items.len() == items.len() && read.items.iter().zip(&items).all(|(a, b)| same(a, b, false)));
        let (_, read) = read_waypoints(&write_waypoints(home, &items, Family::Px4)).unwrap();
        prop_assert!(read.len() == items.len() && read.iter().zip(&items).all(|(a, b)| same(a, b, false)));
    }
}

#[test]
fn item_without_a_place_keeps_its_last_parameter() {
    let gimbal = item(command::DO_GIMBAL_MANAGER_PITCHYAW, AltFrame::None, None, 1.0);
    let text = write_waypoints((p(1.0, 1.0), Amsl(0.0)), std::slice::from_ref(&gimbal), Family::Px4);
    assert_eq!(read_waypoints(&text).unwrap().1, vec![gimbal]);
}

#[test]
fn the_page_has_a_scale_and_prints_on_one_side() {
    let plan = crate::sample::plan(vedette_model::Family::ArduPilot);
    let scene = crate::sample::scene();
    let v = vedette_model::plan::Verdict {
        plan: plan.id.clone(),
        plan_sha256: String::new(),
        site: String::new(),
        findings: vec![],
        revisit_measured_s: 100.0,
        revisit_mean_s: 80.0,
        lower_bound_s: 60.0,
        gap_per_cell_s: vec![Some(100.0), None],
        cell_m: 50.0,
        separation_m: None,
        margins: vec![],
        samples: 1,
    };
    let page = vedette_formats::report(&plan, &v, &scene, &|_| Some(500.0));
    assert!(page.contains("@page{size:A4") && page.contains(" m</text>") || page.contains(" km</text>"));
    assert!(page.contains(">N</text>"));
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}
