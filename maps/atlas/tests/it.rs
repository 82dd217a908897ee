//! Terrain, borders, zones and sites as their users see them. Real tiles come from the folder in
//! `VEDETTE_DATA`; without it those tests say aloud that they were left out.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vedette_atlas::{
    Border, Bounds, Fresnel, Plane, RayHit, Shape, Terrain, TerrainSource, World, Zone, ZoneKind, contours, hillshade,
    load, read_geojson,
};
use vedette_geo::{Amsl, LatLon, Ned, Vec3, destination, distance_m};

fn site_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra")
}

fn andorra() -> World {
    load::site(&site_dir(), None, 7).unwrap()
}

fn p(lat_deg: f64, lon_deg: f64) -> LatLon {
    LatLon { lat_deg, lon_deg }
}

/// A 3 arc-second tile N42E001 whose heights are `f(row from north, column from west)`.
fn tile_bytes(f: impl Fn(usize, usize) -> i16) -> Vec<u8> {
    let mut out = Vec::with_capacity(1201 * 1201 * 2);
    for r in 0..1201 {
        for c in 0..1201 {
            out.extend_from_slice(&f(r, c).to_be_bytes());
        }
    }
    out
}

fn terrain(f: impl Fn(usize, usize) -> i16) -> Terrain {
    let tile = Terrain::from_hgt("N42E001.hgt", &tile_bytes(f)).unwrap();
    Terrain::new(
        vec![tile],
        TerrainSource {
            label: "test".into(),
            edition: "1".into(),
            sigma_m: 1.0,
            synthetic: true,
            spacing_m: 92.6,
        },
    )
}

#[test]
fn heights_are_bilinear_and_voids_stay_unknown() {
    let t = terrain(|r, c| if (r, c) == (600, 600) { -32768 } else { 100 + c as i16 });
    let step = 1.0 / 1200.0;
    let h = t.elevation(p(42.25, 1.0 + 300.5 * step)).unwrap();
    assert!((h.0 - 400.5).abs() < 1e-6, "{h:?}");
    assert_eq!(t.elevation(p(42.5 + 0.4 * step, 1.5 + 0.4 * step)), None);
    assert_eq!(t.elevation(p(43.5, 1.5)), None, "outside is unknown, not 0");
    assert!(t.max_within(p(42.5, 1.45), 500.0).is_some());
    assert_eq!(t.max_within(p(42.5, 1.5 - 5.0 * step), 500.0), None);
    assert_eq!(t.max_within(p(42.9999, 1.5), 500.0), None, "reaches outside");
    // Tile edges belong to the tile.
    assert!(t.elevation(p(42.0, 2.0)).is_some());
}

#[test]
fn highest_ground_around_a_point_is_never_below_any_sample_there() {
    let w = andorra();
    let mut seen = 0;
    for k in 0..40 {
        let at = destination(p(42.5, 1.55), f64::from(k) * 37.0, f64::from(k) * 150.0);
        let top = w.terrain.max_within(at, 120.0).unwrap();
        for j in 0..60 {
            let q = destination(at, f64::from(j) * 6.0, 2.0 * f64::from(j));
            let h = w.terrain.elevation(q).unwrap();
            assert!(h.0 <= top.0 + 1e-9);
            seen += 1;
        }
    }
    assert_eq!(seen, 2400);
}

#[test]
fn ray_meets_flat_ground_where_trigonometry_says() {
    let t = terrain(|_, _| 1000);
    let from = p(42.5, 1.5);
    // 30 degrees down from 200 m above: 400 m of ray, 346.41 m of ground.
    let (s, c) = 30f64.to_radians().sin_cos();
    let hit = t.cast(from, Amsl(1200.0), Vec3::<Ned>::new(0.0, c, s), 5000.0);
    let RayHit::Ground {
        at,
        amsl,
        slant_m,
        grazing_deg,
    } = hit
    else {
        panic!("{hit:?}")
    };
    assert!((slant_m - 400.0).abs() < 0.1, "{slant_m}");
    assert!((distance_m(from, at) - 346.41).abs() < 0.1);
    assert!((vedette_geo::azimuth_deg(from, at) - 90.0).abs() < 0.1);
    assert!((amsl.0 - 1000.0).abs() < 1e-9 && (grazing_deg - 30.0).abs() < 0.01);
    // Level with the ground 3 km on the Earth falls away by 0.61 m with refraction.
    let level = t.cast(from, Amsl(1000.5), Vec3::new(1.0, 0.0, 0.5 / 3000.0), 3000.0);
    assert_eq!(level, RayHit::Sky);
    assert_eq!(
        t.cast(from, Amsl(1200.0), Vec3::new(0.0, 0.0, -1.0), 4000.0),
        RayHit::Sky
    );
    assert_eq!(
        t.cast(p(44.0, 1.5), Amsl(1200.0), Vec3::new(0.0, 0.0, 1.0), 4000.0),
        RayHit::NoTerrain
    );
}

#[test]
fn ray_meets_a_slope_where_the_equations_cross() {
    // Rises 46 m per column eastwards.
    let t = terrain(|_, c| ((c as i16) - 600).max(0).saturating_mul(46).min(8000));
    let from = p(42.5, 1.5 + 10.0 / 1200.0);
    let (_, lon_m) = Plane::new(from).metres_per_degree();
    let rise = 46.0 / (lon_m / 1200.0);
    let ground = t.elevation(from).unwrap().0;
    // Level ray to the east from 100 m above the ground: meets it after 100 / rise metres.
    let hit = t.cast(from, Amsl(ground + 100.0), Vec3::new(0.0, 1.0, 0.0), 2000.0);
    let RayHit::Ground {
        slant_m, grazing_deg, ..
    } = hit
    else {
        panic!("{hit:?}")
    };
    assert!((slant_m - 100.0 / rise).abs() < 0.2, "{slant_m}");
    assert!((grazing_deg - rise.atan().to_degrees()).abs() < 0.3);
}

#[test]
fn a_ridge_hides_and_unknown_ground_is_said() {
    let t = terrain(|r, c| match (r, c) {
        (_, 610) => 500,
        (0..=100, 620) => -32768,
        _ => 0,
    });
    let west = (p(42.5, 1.5), Amsl(100.0));
    let east = (p(42.5, 1.5 + 20.0 / 1200.0), Amsl(100.0));
    assert_eq!(t.visible(west, east), Some(false));
    let high = |a: (LatLon, Amsl)| (a.0, Amsl(600.0));
    assert_eq!(t.visible(high(west), high(east)), Some(true));
    // 2.4 GHz over 1.37 km has a first Fresnel radius of 6.5 m: 501 m is visible, not clear.
    let low = |a: (LatLon, Amsl)| (a.0, Amsl(502.0));
    assert_eq!(t.visible(low(west), low(east)), Some(true));
    let f = Fresnel {
        frequency_hz: 2.4e9,
        share: 0.6,
    };
    assert_eq!(t.radio_clear(low(west), low(east), f), Some(false));
    assert_eq!(t.radio_clear(high(west), high(east), f), Some(true));
    let (a, b) = ((p(42.95, 1.51), Amsl(900.0)), (p(42.95, 1.53), Amsl(900.0)));
    assert_eq!(t.visible(a, b), None);
}

#[test]
fn damaged_tiles_are_refused_with_the_reason() {
    let good = tile_bytes(|_, _| 5);
    for name in ["", "X42E001.hgt", "N42", "N99E001.hgt", "é42E001.hgt"] {
        assert!(Terrain::from_hgt(name, &good).is_err(), "{name}");
    }
    let cut = Terrain::from_hgt("N42E001.hgt", &good[..good.len() - 1]).unwrap_err();
    assert!(cut.to_string().contains("2884801"), "{cut}");
    let wild = tile_bytes(|r, c| if (r, c) == (3, 4) { 20_000 } else { 0 });
    let e = Terrain::from_hgt("N42E001.hgt", &wild).unwrap_err();
    assert!(e.to_string().contains("row 3, column 4"), "{e}");
    assert!(Terrain::from_hgt("N42E001.hgt.zip", b"PK\x03\x04 damaged").is_err());
}

#[test]
fn the_andorran_line_keeps_home_on_its_side() {
    let w = andorra();
    let b = &w.border;
    assert!((63_000.0..66_000.0).contains(&b.length_m()), "{}", b.length_m());
    let capital = p(42.5063, 1.5218);
    let seu = p(42.3581, 1.4612);
    assert!(b.nearest(capital).signed_m > 0.0 && b.nearest(seu).signed_m < 0.0);
    assert!(w.home_distance_m(capital) > 0.0 && w.home_distance_m(p(42.6, 1.95)) < 0.0);
    // 60 m to either side of every 250 m of the line.
    let mut checked = 0;
    let mut m = 100.0;
    while m < b.length_m() - 100.0 {
        let (at, az) = (b.at(m), b.azimuth_deg(m));
        let near = b.nearest(at);
        assert!(near.signed_m.abs() < 0.02, "on the line at {m}: {near:?}");
        for (turn, sign) in [(-90.0, 1.0), (90.0, -1.0)] {
            let q = destination(at, az + turn, 3.0);
            let n = b.nearest(q);
            if n.signed_m.abs() > 0.5 {
                assert!(n.signed_m * sign > 0.0, "at {m} turned {turn}: {n:?}");
                checked += 1;
            }
        }
        m += 250.0;
    }
    assert!(checked > 400);
    // The nearest point is the nearest: against brute force over the densified line.
    for k in 0..60 {
        let q = destination(p(42.52, 1.56), f64::from(k) * 53.0, 400.0 * f64::from(k));
        let brute = b
            .densified(20.0)
            .into_iter()
            .map(|v| distance_m(q, v))
            .fold(f64::INFINITY, f64::min);
        let near = b.nearest(q);
        assert!(
            near.signed_m.abs() <= brute + 0.5 && near.signed_m.abs() > brute - 12.0,
            "{near:?} {brute}"
        );
    }
    let s = b.section(1000.0, 3500.0).unwrap();
    assert!((s.length_m() - 2500.0).abs() < 0.5);
    assert!(distance_m(s.line[0], b.at(1000.0)) < 0.01);
    let text = serde_json::to_string(&s).unwrap();
    assert_eq!(serde_json::from_str::<Border>(&text).unwrap(), s);
}

#[test]
fn a_site_is_the_same_every_time_and_every_change_shows_in_its_hash() {
    let (a, b) = (andorra(), andorra());
    assert_eq!(a.site_hash(), b.site_hash());
    assert_eq!(a.site_hash().len(), 64);
    let other = load::site(&site_dir(), None, 8).unwrap();
    assert_ne!(a.site_hash(), other.site_hash());
    let mut moved = a.clone();
    moved.crossings[0].radius_m += 1.0;
    assert_ne!(a.site_hash(), moved.site_hash());
    assert_eq!(a.terrain.source().label, "synthetic relief, seed 7");
    assert!(a.terrain.source().synthetic);
    // Golden digest: the same bytes on every machine.
    assert_eq!(&a.terrain.hash()[..16], GOLDEN_SEED_7);
    let heights: Vec<f32> = a
        .terrain
        .grid(a.bounds(0.0).unwrap(), 80, 80)
        .into_iter()
        .map(|h| h.expect("synthetic relief has no voids"))
        .collect();
    let (lo, hi) = heights
        .iter()
        .fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    assert!(lo >= 900.0 && hi <= 2800.0 && hi - lo > 600.0, "{lo}..{hi}");
    let n = (w_slopes(&a.terrain), 0.05..0.6);
    assert!(n.1.contains(&n.0), "median slope {}", n.0);
}

const GOLDEN_SEED_7: &str = "fcdc7b1b85933676";

fn w_slopes(t: &Terrain) -> f64 {
    let mut s: Vec<f64> = (0..400)
        .filter_map(|k| {
            t.slope(p(42.46 + 0.0004 * f64::from(k), 1.45 + 0.0006 * f64::from(k)))
                .map(|(n, e)| n.hypot(e))
        })
        .collect();
    s.sort_by(f64::total_cmp);
    s[s.len() / 2]
}

#[test]
fn damaged_sites_say_what_and_where() {
    let missing = load::site(Path::new("no/such/place"), None, 1).unwrap_err();
    assert!(missing.to_string().contains("site.toml"), "{missing}");
    for bad in [
        "",
        "{",
        "[]",
        "{\"type\":\"Feature\"}",
        "{\"type\":\"LineString\",\"coordinates\":[[1,2],[\"x\",3]]}",
        "{\"type\":\"LineString\",\"coordinates\":[[1,2],[400,3]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[2,3],[1,2]]]}",
        "{\"type\":\"FeatureCollection\",\"features\":[{\"geometry\":{\"type\":\"Blob\",\"coordinates\":[]}}]}",
    ] {
        assert!(read_geojson(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Border::new("x", vec![p(1.0, 1.0), p(1.0, 1.0)], true).is_err());
    let collection = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"a\":1},\"geometry\":{\"type\":\"MultiLineString\",\"coordinates\":[[[1,2],[3,4]],[[5,6],[7,8,9]]]}}]}";
    assert_eq!(read_geojson(collection.as_bytes()).unwrap().len(), 2);
}

#[test]
fn zones_know_inside_from_outside() {
    let square = Zone {
        name: "z".into(),
        kind: ZoneKind::NoFly,
        shape: Shape::Polygon(vec![p(42.0, 1.0), p(42.0, 1.01), p(42.01, 1.01), p(42.01, 1.0)]),
        floor: None,
        ceiling: Some(Amsl(1000.0)),
    };
    assert!(square.contains(p(42.005, 1.005)) && !square.contains(p(42.005, 1.011)));
    assert!(square.contains_at(p(42.005, 1.005), Amsl(900.0)));
    assert!(!square.contains_at(p(42.005, 1.005), Amsl(1100.0)));
    let d = square.distance_m(p(42.02, 1.005));
    assert!((d - 1110.7).abs() < 3.0, "{d}");
    let disc = Zone {
        shape: Shape::Disc {
            centre: p(42.0, 1.0),
            radius_m: 100.0,
        },
        ..square.clone()
    };
    assert!((disc.distance_m(destination(p(42.0, 1.0), 10.0, 60.0)) + 40.0).abs() < 1e-6);
    let empty = Zone {
        shape: Shape::Polygon(vec![]),
        ..square
    };
    assert!(empty.clone().checked().is_err() && !empty.contains(p(42.0, 1.0)));
}

#[test]
fn relief_and_contours_follow_the_land() {
    // A cone of 500 m in the middle of a plain.
    let t = terrain(|r, c| {
        let d = ((r as f64 - 600.0).powi(2) + (c as f64 - 600.0).powi(2)).sqrt();
        (500.0 - 20.0 * d).max(0.0) as i16
    });
    let b = Bounds::around(&[p(42.5, 1.5)], 4000.0).unwrap();
    let lines = contours(&t, b, 120, 120, 100.0);
    let rings: Vec<_> = lines
        .iter()
        .filter(|c| c.amsl_m > 50.0 && c.line.first() == c.line.last() && c.line.len() > 8)
        .collect();
    assert_eq!(rings.len(), 4, "one closed ring each at 100, 200, 300, 400 m");
    for c in rings {
        for q in &c.line {
            assert!((t.elevation(*q).unwrap().0 - c.amsl_m).abs() < 12.0);
        }
    }
    let g = hillshade(&t, b, 100, 100, 1.0);
    // Lit from the north-west: that flank is brighter than the south-east one.
    assert!(g[35 * 100 + 35] > g[65 * 100 + 65] + 20);
    assert_eq!(g.len(), 10_000);
    assert!(contours(&t, b, 1, 1, 100.0).is_empty() && contours(&t, b, 50, 50, 0.0).is_empty());
}

#[test]
fn a_real_tile_is_read_and_marked_as_measured() {
    let Some(data) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("left out: VEDETTE_DATA is not set, no real tile to read");
        return;
    };
    let w = load::site(&site_dir(), Some(Path::new(&data)), 7).unwrap();
    assert_eq!(w.terrain.source().label, "SRTM 3″ N42E001");
    assert!(!w.terrain.source().synthetic);
    // Coma Pedrosa, 2942 m, and Andorra la Vella, about 1010 m.
    let peak = w.terrain.max_within(p(42.5916, 1.4444), 300.0).unwrap().0;
    assert!((2850.0..2960.0).contains(&peak), "{peak}");
    let town = w.terrain.elevation(p(42.5063, 1.5218)).unwrap().0;
    assert!((950.0..1120.0).contains(&town), "{town}");
    let voids = w.terrain.tiles()[0].voids();
    assert!((5000..12_000).contains(&voids), "{voids}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plane_map_and_back(lat in -69.0..69.0f64, lon in -179.9..179.9f64, e in -1e4..1e4f64, n in -1e4..1e4f64) {
        let o = p(lat, lon);
        let plane = Plane::new(o);
        let q = plane.to_latlon(e, n);
        let (e2, n2) = plane.to_xy(q);
        prop_assert!((e - e2).abs() < 0.001 && (n - n2).abs() < 0.001, "{e2} {n2}");
        prop_assert!((distance_m(o, p(q.lat_deg, vedette_geo::norm_deg_180(q.lon_deg))) - e.hypot(n)).abs() < 0.4);
    }

    #[test]
    fn chainage_there_and_back(share in 0.001..0.999f64) {
        let b = Border::new("l", vec![p(60.0, 10.0), p(60.4, 10.9), p(59.8, 12.0)], false).unwrap();
        let m = share * b.length_m();
        let near = b.nearest(b.at(m));
        prop_assert!((near.chainage_m - m).abs() < 0.5 && near.signed_m.abs() < 0.5, "{near:?}");
    }

    #[test]
    fn turning_the_line_turns_the_side(az in 0.0..360.0f64, d in 1.0..3000.0f64) {
        let line = vec![p(42.0, 1.0), p(42.1, 1.2), p(42.05, 1.5)];
        let q = destination(p(42.08, 1.25), az, d);
        let there = Border::new("l", line.clone(), true).unwrap().nearest(q).signed_m;
        let other = Border::new("l", line.clone(), false).unwrap().nearest(q).signed_m;
        let back = Border::new("l", line.into_iter().rev().collect(), true).unwrap().nearest(q).signed_m;
        prop_assert!((there + other).abs() < 1e-6 && (there + back).abs() < 1e-3);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _unused = read_geojson(&bytes).is_ok();
        let _unused = Terrain::from_hgt("N42E001.hgt.zip", &bytes).is_ok();
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend_from_slice(&bytes);
        zip.extend_from_slice(b"PK\x05\x06");
        zip.extend_from_slice(&bytes);
        let _unused = Terrain::from_hgt("N42E001.hgt.zip", &zip).is_ok();
    }
}

#[test]
fn a_site_is_packed_moved_and_is_the_same_site_with_zones_added() {
    let temp = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("atlas-pack");
    if temp.exists() {
        std::fs::remove_dir_all(&temp).unwrap();
    }
    std::fs::create_dir_all(temp.join("data/dem")).unwrap();
    let tile = tile_bytes(|r, c| 1500 + ((r * 7 + c * 3) % 400) as i16);
    std::fs::write(temp.join("data/dem/N42E001.hgt"), tile).unwrap();
    let data = temp.join("data");
    let packed = load::pack(&site_dir(), Some(&data), &[], "2026-01-01T00:00:00Z").unwrap();
    let file = temp.join("andorra.vpack");
    std::fs::write(&file, packed).unwrap();
    let into = temp.join("unpacked");
    let manifest = load::unpack(&file, &into).unwrap();
    assert!(
        manifest
            .files
            .iter()
            .any(|f| f.path == "dem/N42E001.hgt" && f.what == "terrain")
    );
    assert!(
        manifest.missing.iter().any(|m| m.contains("pictures")),
        "{:?}",
        manifest.missing
    );
    let (before, after) = (
        load::site(&site_dir(), Some(&data), 0).unwrap(),
        load::site(&into.join("site"), Some(&into), 0).unwrap(),
    );
    assert_eq!(before.site_hash(), after.site_hash());

    let zones = temp.join("camp.txt");
    std::fs::write(
        &zones,
        "AC R\nAN Camp\nAL GND\nAH 3000 M AMSL\nV X=42:30:00 N 001:32:00 E\nDC 0.5\n",
    )
    .unwrap();
    let import = load::add_zones(&zones, &into.join("site")).unwrap();
    assert_eq!(import.zones.len(), 1);
    load::add_zones(&zones, &into.join("site")).unwrap();
    let with = load::site(&into.join("site"), Some(&into), 0).unwrap();
    assert_eq!(with.zones.len(), after.zones.len() + 1, "named once");
    assert!(
        with.zones
            .iter()
            .any(|z| z.name == "Camp" && z.ceiling.unwrap().0 == 3000.0)
    );
    assert_ne!(with.site_hash(), after.site_hash());
    std::fs::write(&file, b"PK\x05\x06").unwrap();
    assert!(load::unpack(&file, &temp.join("none")).is_err() && !temp.join("none").exists());
}

#[test]
fn a_site_carries_its_roads_and_claims_and_doubts_zones_turned_inside_out() {
    let dir = std::env::temp_dir().join(format!("vedette-chart-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    let line = |points: &str, tags: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{{tags}}},"geometry":{{"type":"LineString","coordinates":[{points}]}}}}]}}"#
        )
    };
    write("line.geojson", &line("[10.0,45.0],[10.2,45.0]", ""));
    write("claim.geojson", &line("[10.0,45.01],[10.2,45.01]", ""));
    write(
        "ways.geojson",
        &line(
            "[10.1,44.99],[10.1,45.02]",
            r#""highway":"path","name":"old path","osm_way":"77""#,
        ),
    );
    let head = |more: &str| {
        format!(
            "name = \"T\"\nattribution = \"a\"\n{more}\n[border]\nname = \"A-B\"\nline_file = \"line.geojson\"\nhome = \"A\"\naccuracy_m = 5.0\nedition = \"1\"\nsource = \"s\"\n"
        )
    };
    write("site.toml", &head(""));
    let bare = load::site(&dir, None, 3).unwrap();
    assert!(bare.chart.ways.is_empty() && bare.ways_across().is_empty() && bare.doubts().is_empty());
    let whole = head("way_files = [\"ways.geojson\"]")
        + "[[claim]]\nby = \"B\"\nfile = \"claim.geojson\"\nrespected = false\n[[zone]]\nname = \"Everything\"\nkind = \"no-fly\"\npolygon = [{ lat_deg = 44.0, lon_deg = 9.0 }, { lat_deg = 44.0, lon_deg = 11.0 }, { lat_deg = 46.0, lon_deg = 11.0 }, { lat_deg = 46.0, lon_deg = 9.0 }]\n";
    write("site.toml", &whole);
    let w = load::site(&dir, None, 3).unwrap();
    assert_ne!(w.site_hash(), bare.site_hash());
    let across = w.ways_across();
    assert_eq!(across.len(), 1);
    assert_eq!((across[0].name.as_str(), across[0].way), ("old path", 77));
    assert!((across[0].chainage_m - w.border.nearest(across[0].at).chainage_m).abs() < 1.0);
    let claim = &w.chart.claims[0];
    assert!(claim.by == "B" && !claim.respected && claim.lines[0].len() == 2);
    let doubts = w.doubts();
    assert!(
        doubts.len() == 1 && doubts[0].contains("Everything") && doubts[0].contains("100 %"),
        "{doubts:?}"
    );
    // A finer geoid beside the site, as GeographicLib publishes EGM2008 (its header, a coarse grid): taken instead of EGM96, and
    // named; without it, or damaged, the site says so.
    let mut pgm = b"P5\n# Geoid file in PGM format for the GeographicLib::Geoid class\n# Description WGS84 EGM2008, 90-degree grid\n# Offset -108\n# Scale 0.003\n# RMSBilinearError 0.012\n4 3\n65535\n".to_vec();
    for u in [
        14.9, 14.9, 14.9, 14.9, 17.0, 49.0, -21.0, -30.0, -30.2, -30.2, -30.2, -30.2,
    ] {
        pgm.extend((((u + 108.0) / 0.003) as u16).to_be_bytes());
    }
    std::fs::write(dir.join("egm2008-t.pgm"), &pgm).unwrap();
    write("site.toml", &head("geoid_file = \"egm2008-t.pgm\""));
    let fine = load::site(&dir, None, 3).unwrap();
    // 45° N, 10° E: half way to the pole, a ninth of the way to 90° E.
    let want = 0.5 * 14.9 + 0.5 * (17.0 + (49.0 - 17.0) * 10.1 / 90.0);
    assert!((fine.geoid.undulation_m - want).abs() < 0.1, "{:?} {want}", fine.geoid);
    assert!(fine.geoid.source.contains("EGM2008"), "{}", fine.geoid.source);
    assert!(bare.geoid.source.contains("EGM96"));
    assert_ne!(fine.site_hash(), bare.site_hash());
    std::fs::write(dir.join("egm2008-t.pgm"), &pgm[..pgm.len() - 3]).unwrap();
    let cut = load::site(&dir, None, 3).unwrap_err().to_string();
    assert!(cut.contains("egm2008-t.pgm") && cut.contains("cut short"), "{cut}");
    std::fs::remove_dir_all(&dir).unwrap();
}
