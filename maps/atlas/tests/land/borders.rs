//! Border lines as they are published: in pieces, with gaps, claims, rings and islands.

use vedette_atlas::{Border, Geometry, between, load, read_border, read_geojson};
use vedette_geo::{LatLon, destination, distance_m};

use crate::{data, folder, p};

fn files(dir: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = std::fs::read_dir(dir.join("borders"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|f| !f.to_string_lossy().contains("crossings"))
        .map(|f| {
            (
                f.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&f).unwrap(),
            )
        })
        .collect();
    out.sort();
    out
}

/// Chainage there and back, sides and sections along a line.
fn walk(name: &str, b: &Border) {
    let mut last = -1.0;
    for m in b.chainages() {
        assert!(*m > last, "{name}: chainage grows");
        last = *m;
    }
    let step = (b.length_m() / 60.0).max(20.0);
    let mut m = 0.5 * step;
    while m < b.length_m() {
        let at = b.at(m);
        let near = b.nearest(at);
        assert!(near.signed_m.abs() < 0.05, "{name} at {m}: {near:?}");
        // Where the line touches itself, another chainage has the same place.
        assert!(distance_m(b.at(near.chainage_m), at) < 0.1, "{name} at {m}: {near:?}");
        let left = b.beside(destination(at, b.azimuth_deg(m) - 90.0, 0.5)).1;
        let right = b.beside(destination(at, b.azimuth_deg(m) + 90.0, 0.5)).1;
        if left.abs() > 0.4 && right.abs() > 0.4 {
            let home = if b.home_left { left } else { right };
            assert!(home > 0.0 && left * right < 0.0, "{name} at {m}: {left} {right}");
        }
        m += step;
    }
    let part = b.section(0.25 * b.length_m(), 0.75 * b.length_m()).unwrap();
    assert!((part.length_m() - 0.5 * b.length_m()).abs() < 0.5, "{name}");
}

#[test]
fn every_published_border_is_joined_measured_and_walked() {
    let Some(d) = data() else { return };
    let mut table = Vec::new();
    for (name, bytes) in files(&d) {
        let pieces: Vec<Vec<LatLon>> = read_geojson(&bytes)
            .unwrap()
            .into_iter()
            .flat_map(|f| match f.geometry {
                Geometry::Line(l) => vec![l],
                Geometry::Polygon(r) => r,
                Geometry::Point(_) => vec![],
            })
            .collect();
        let length = |l: &[LatLon]| l.windows(2).map(|w| distance_m(w[0], w[1])).sum::<f64>();
        let all: f64 = pieces.iter().map(|l| length(l)).sum();
        for bridge in [0.0, 2000.0] {
            let found = read_border(&name, &bytes, true, bridge).unwrap();
            let joined: f64 = found.lines.iter().map(|l| l.border.length_m()).sum();
            let gaps: f64 = found
                .lines
                .iter()
                .flat_map(|l| &l.gaps)
                .map(|g| g.to_m - g.from_m)
                .sum();
            assert!(
                (joined - gaps - all).abs() < 2.0 + all * 1e-6,
                "{name}: {joined} - {gaps} for {all}"
            );
            assert!(found.lines.len() <= pieces.len());
            for l in &found.lines {
                assert!(
                    l.gaps
                        .iter()
                        .all(|g| g.to_m - g.from_m <= bridge + 1e-6 && g.to_m <= l.border.length_m() + 1e-6)
                );
                assert!(l.gaps.windows(2).all(|g| g[0].to_m <= g[1].from_m));
                walk(&name, &l.border);
            }
            if bridge > 0.0 {
                let first = &found.lines[0];
                assert!(
                    first.border.source.contains("OpenStreetMap") || name.contains("territory"),
                    "{name}"
                );
                table.push(format!(
                    "{name:14} {:3} pieces -> {:3} lines, {:2} gaps ({:.1} km) bridged, longest {:7.1} km, {} vertices, closed {}",
                    pieces.len(),
                    found.lines.len(),
                    found.lines.iter().map(|l| l.gaps.len()).sum::<usize>(),
                    gaps / 1000.0,
                    first.border.length_m() / 1000.0,
                    first.border.line.len(),
                    found.lines.iter().filter(|l| l.border.closed()).count(),
                ));
            }
        }
    }
    eprintln!("{}", table.join("\n"));
    assert!(table.len() >= 16, "{}", table.len());
    assert!(
        table
            .iter()
            .any(|t| t.starts_with("AND-territory") && t.ends_with("closed 1"))
    );
}

#[test]
fn gaps_are_bridged_as_wide_as_asked_and_told() {
    // Three pieces 1 km and 5 km apart, in disorder; the second with its own accuracy.
    let text = r#"{"type":"FeatureCollection","attribution":"© survey","features":[
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1.0720,42.0],[1.1,42.0]]}},
        {"type":"Feature","properties":{"accuracy_m":25,"edition":"3"},"geometry":{"type":"LineString","coordinates":[[0.9,42.0],[0.95,42.01],[1.0,42.0]]}},
        {"type":"Feature","properties":{"accuracy_m":5},"geometry":{"type":"LineString","coordinates":[[1.0,42.0],[1.01,42.0],[1.06,42.0]]}}]}"#;
    let read = |bridge| read_border("x", text.as_bytes(), true, bridge).unwrap();
    assert_eq!(read(0.0).lines.len(), 2, "what touches is one line");
    let one = read(1500.0);
    let l = &one.lines[0];
    assert_eq!((one.lines.len(), l.gaps.len()), (1, 1));
    assert!((l.gaps[0].to_m - l.gaps[0].from_m - 993.0).abs() < 5.0, "{:?}", l.gaps);
    assert_eq!(
        (l.border.accuracy_m, l.border.edition.as_str(), l.border.source.as_str()),
        (25.0, "3", "© survey")
    );
    assert!(
        one.notes[0].contains("bridged") && one.notes[0].contains("km"),
        "{:?}",
        one.notes
    );
    assert!(
        l.border.line.windows(2).all(|w| w[0].lon_deg < w[1].lon_deg),
        "no piece is turned round"
    );
}

#[test]
fn rings_close_and_islands_stay_apart() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[0,0],[1,0],[1,1]]}},
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1,1],[0,1],[0,0]]}},
        {"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[2,0],[2.2,0],[2.2,0.2],[2,0]],[[2.1,0.02],[2.15,0.02],[2.15,0.05],[2.1,0.02]]]}},
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[3,0],[3.1,0],[3.1,0.1],[3,0]]}}]}"#;
    let found = read_border("x", text.as_bytes(), true, 1000.0).unwrap();
    assert_eq!(found.lines.len(), 4);
    assert!(
        found.lines.iter().all(|l| l.border.closed()),
        "{:?}",
        found.lines.iter().map(|l| l.border.closed()).collect::<Vec<_>>()
    );
    let main = &found.lines[0].border;
    assert!(main.nearest(p(0.5, 0.5)).signed_m > 0.0 && main.nearest(p(1.5, 0.5)).signed_m < 0.0);
    // Inside at the very place where the ring closes.
    assert!(main.nearest(p(0.01, 0.01)).signed_m > 0.0 && main.nearest(p(-0.01, -0.01)).signed_m < 0.0);
}

#[test]
fn another_claim_is_a_layer_of_its_own_and_the_land_between_can_be_closed() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1.0,42.0],[1.5,42.0],[2.0,42.0]]}},
        {"type":"Feature","properties":{"claimed_by":"B"},"geometry":{"type":"LineString","coordinates":[[1.2,42.0],[1.5,42.1],[1.8,42.0]]}}]}"#;
    let found = read_border("x", text.as_bytes(), true, 5000.0).unwrap();
    let claims: Vec<&str> = found.lines.iter().map(|l| l.claim.as_str()).collect();
    assert_eq!(claims, ["", "B"], "never joined, though they touch");
    let ring = between(&found.lines[0].border, &found.lines[1].border).unwrap();
    assert!(ring.len() >= 4, "{ring:?}");

    let dir = folder("claims");
    let one = |n: usize| {
        let l = &found.lines[n].border.line;
        let c: Vec<[f64; 2]> = l.iter().map(|q| [q.lon_deg, q.lat_deg]).collect();
        serde_json::json!({ "type": "LineString", "coordinates": c }).to_string()
    };
    std::fs::write(dir.join("line.geojson"), one(0)).unwrap();
    std::fs::write(dir.join("b.geojson"), one(1)).unwrap();
    std::fs::write(
        dir.join("gates.geojson"),
        r#"{"type":"FeatureCollection","features":[
          {"type":"Feature","properties":{"name":"Bridge","control":true,"radius_m":80},"geometry":{"type":"Point","coordinates":[1.1,42.0]}},
          {"type":"Feature","properties":{"highway":"path"},"geometry":{"type":"Point","coordinates":[1.15,42.0]}}]}"#,
    )
    .unwrap();
    let site = |respected: bool| {
        format!(
            "name = \"a\"\nattribution = \"\"\ncrossing_files = [\"gates.geojson\"]\n[border]\nname = \"x\"\nline_file = \"line.geojson\"\nhome = \"h\"\naccuracy_m = 10.0\nedition = \"1\"\nsource = \"s\"\n[[claim]]\nby = \"B\"\nfile = \"b.geojson\"\nrespected = {respected}\n"
        )
    };
    for respected in [true, false] {
        std::fs::write(dir.join("site.toml"), site(respected)).unwrap();
        let w = load::site(&dir, None, 1).unwrap();
        assert_eq!(w.zones.len(), 1);
        assert_eq!(
            (w.zones[0].name.as_str(), w.no_fly().count()),
            ("claimed by B", usize::from(respected))
        );
        assert!(w.zones[0].contains(p(42.05, 1.5)) && !w.zones[0].contains(p(42.05, 1.9)));
        assert!(w.home_distance_m(p(42.2, 1.5)) > 0.0 && w.home_distance_m(p(41.9, 1.5)) < 0.0);
        // Only the control is a lawful crossing; the path is not.
        let c = &w.crossings[..];
        assert!(
            c.len() == 1 && c[0].name == "Bridge" && (c[0].radius_m - 80.0).abs() < 1e-9,
            "{c:?}"
        );
    }
    std::fs::write(dir.join("site.toml"), site(true).replace("line_file", "territory_file")).unwrap();
    let e = load::site(&dir, None, 1).unwrap_err().to_string();
    assert!(e.contains("territory_file") && e.contains("line_file"), "{e}");
}

#[test]
fn a_border_in_metres_or_in_another_system_is_refused_with_what_to_do() {
    for (text, word) in [
        (
            r#"{"type":"LineString","coordinates":[[400000,4650000],[401000,4651000]]}"#,
            "EPSG:4326",
        ),
        (
            r#"{"type":"LineString","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::25831"}},"coordinates":[[1,2],[3,4]]}"#,
            "25831",
        ),
        (
            r#"{"type":"LineString","coordinates":[[1,95],[3,4]]}"#,
            "[longitude, latitude]",
        ),
        (r#"{"type":"Point","coordinates":[1,2]}"#, "0 border lines"),
    ] {
        let e = read_border("x", text.as_bytes(), true, 100.0).unwrap_err().to_string();
        assert!(e.contains(word), "{e}");
    }
    let old = r#"{"type":"LineString","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"coordinates":[[1,2],[3,4]]}"#;
    assert!(read_border("x", old.as_bytes(), true, 100.0).is_ok());
}
