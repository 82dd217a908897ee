//! Roads, tracks and paths, and where they cross the line.

use vedette_atlas::{Border, Bounds, WayKind, load, read_border, read_ways, sea_beyond, way_crossings};
use vedette_geo::distance_m;

use crate::{data, p};

const XML: &str = r#"<?xml version="1.0"?><osm version="0.6">
 <node id="1" uid="9" lat="42.0" lon="1.0"/><node uid="77" id="2" lat="42.1" lon="1.0"/>
 <node id="3" lat="42.05" lon="1.2"><tag k="barrier" v="border_control"/><tag k="name" v="Old bridge"/></node>
 <node id="4" lat="42.3" lon="1.2"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="track"/><tag k="name" v="Smith's &amp; Co"/></way>
 <way id="11"><nd ref="3"/><nd ref="4"/><nd ref="99"/><tag k="highway" v="primary_link"/><tag k="ref" v="N 1"/></way>
 <way id="12"><nd ref="1"/><nd ref="4"/><tag k="highway" v="proposed"/></way>
 <way id="13"><nd ref="1"/><nd ref="4"/><tag k="waterway" v="river"/></way></osm>"#;

#[test]
fn openstreetmap_xml_gives_ways_controls_and_says_what_it_left_out() {
    let w = read_ways("a.osm", XML.as_bytes(), None).unwrap();
    assert_eq!((w.format.as_str(), w.ways.len(), w.places.len()), ("OSM XML", 2, 1));
    let [track, road] = &w.ways[..] else { panic!() };
    assert_eq!(
        (track.id, track.kind, track.name.as_str()),
        (10, WayKind::Track, "Smith's & Co")
    );
    assert_eq!(
        (road.kind, road.name.as_str(), road.line.len()),
        (WayKind::Road, "N 1", 2)
    );
    assert!(w.places[0].control && w.places[0].name == "Old bridge");
    assert!(w.notes.iter().any(|n| n.contains("leave the extract")) && w.notes.iter().any(|n| n.contains("proposed")));
    let small = Bounds {
        south_deg: 41.9,
        west_deg: 0.9,
        north_deg: 42.2,
        east_deg: 1.05,
    };
    let near = read_ways("a.osm", XML.as_bytes(), Some(small)).unwrap();
    assert_eq!((near.ways.len(), near.places.len()), (1, 0));
    // Written as GeoJSON and read again: the same ways, tags and all.
    let again = read_ways("a.json", w.to_geojson().as_bytes(), None).unwrap();
    assert_eq!(again.ways.len(), 2);
    for (a, b) in w.ways.iter().zip(&again.ways) {
        assert!((a.id, a.kind, &a.name) == (b.id, b.kind, &b.name));
        assert!(a.properties.iter().all(|(k, v)| b.properties.get(k) == Some(v)));
        assert!(
            a.line
                .iter()
                .zip(&b.line)
                .all(|(x, y)| (x.lat_deg - y.lat_deg).abs() < 1e-7 && (x.lon_deg - y.lon_deg).abs() < 1e-7)
        );
    }
    assert!(again.places[0].control);
    for (text, word) in [
        ("<osm><node id=\"1\" lat=\"95\" lon=\"0\"/></osm>", "latitude"),
        ("<osm><way/></osm>", "number"),
        ("<osm><way id=\"1\">", "cut short"),
        ("<gpx/>", "osm element"),
        ("hello", "neither"),
    ] {
        let e = read_ways("a.osm", text.as_bytes(), None).unwrap_err().to_string();
        assert!(e.contains(word), "{text}: {e}");
    }
}

#[test]
fn ways_are_found_where_they_cross() {
    let line = r#"{"type":"LineString","coordinates":[[0.5,42.05],[1.1,42.05],[1.1,42.2],[1.5,42.2]]}"#;
    let b = read_border("x", line.as_bytes(), true, 0.0)
        .unwrap()
        .lines
        .remove(0)
        .border;
    let w = read_ways("a.osm", XML.as_bytes(), None).unwrap();
    let c = way_crossings(&b, &w.ways);
    let kinds: Vec<_> = c.iter().map(|c| (c.way, c.kind)).collect();
    assert_eq!(kinds, [(10, WayKind::Track), (11, WayKind::Road)]);
    assert!(distance_m(c[0].at, p(42.05, 1.0)) < 0.5);
    for x in &c {
        let near = b.nearest(x.at);
        // The line between far vertices is a geodesic, in the file it is straight on the map: 30 m here.
        assert!(
            near.signed_m.abs() < 40.0 && (near.chainage_m - x.chainage_m).abs() < 40.0,
            "{near:?} {x:?}"
        );
    }
}

#[test]
fn a_whole_country_is_read_and_its_border_crossings_are_those_published() {
    let Some(d) = data() else { return };
    let bytes = std::fs::read(d.join("osm/andorra.osm.pbf")).unwrap();
    let w = read_ways("andorra.osm.pbf", &bytes, None).unwrap();
    assert_eq!(w.format, "OSM PBF");
    let count = |k| w.ways.iter().filter(|x| x.kind == k).count();
    let (roads, tracks, paths) = (count(WayKind::Road), count(WayKind::Track), count(WayKind::Path));
    // The crossings computed for the data set from the same file and border, by another program.
    let published = read_ways(
        "c",
        &std::fs::read(d.join("borders/crossings-andorra.geojson")).unwrap(),
        None,
    )
    .unwrap();
    let territory = std::fs::read(d.join("borders/AND-territory.geojson")).unwrap();
    let ring = read_border("AND", &territory, true, 0.0)
        .unwrap()
        .lines
        .remove(0)
        .border;
    let found = way_crossings(&ring, &w.ways);
    let hit = published
        .places
        .iter()
        .filter(|q| found.iter().any(|f| distance_m(f.at, q.at) < 15.0))
        .count();
    eprintln!(
        "Andorra: {roads} roads, {tracks} tracks, {paths} paths, {} controls, {} crossings; {hit} of {} published ones among them; notes {:?}",
        w.places.len(),
        found.len(),
        published.places.len(),
        w.notes
    );
    assert!(roads > 1000 && paths > 200 && tracks > 50);
    assert!(
        w.ways
            .iter()
            .any(|x| x.name == "CG-1" || x.properties.get("ref").is_some_and(|r| r.contains("CG")))
    );
    assert!(hit * 20 >= published.places.len() * 19, "{hit}");
    // Cut or altered anywhere it is refused, never a panic.
    for at in (10..bytes.len()).step_by(bytes.len() / 40) {
        assert!(read_ways("cut", &bytes[..at], None).is_err());
    }
}

#[test]
fn a_site_reads_terrain_in_view_of_its_line() {
    // A border without a territory is a site, too.
    let Some(d) = data() else { return };
    let dir = crate::folder("open-border");
    std::fs::copy(d.join("borders/FRA-MCO.geojson"), dir.join("l.geojson")).unwrap();
    std::fs::write(
        dir.join("site.toml"),
        "name = \"Monaco\"\nattribution = \"© OpenStreetMap contributors\"\n[border]\nname = \"FRA-MCO\"\nline_file = \"l.geojson\"\nhome = \"France\"\naccuracy_m = 10.0\nedition = \"1\"\nsource = \"s\"\n",
    )
    .unwrap();
    let w = load::site(&dir, Some(&d), 1).unwrap();
    assert_eq!(w.terrain.source().label, "SRTM 3″ N43E007");
    assert!(w.territory.is_empty() && w.border.length_m() > 4000.0);
    assert!((46.0..50.0).contains(&w.geoid.undulation_m), "{:?}", w.geoid);
}

#[test]
fn waters_come_from_areas_and_from_a_shore_that_is_watched() {
    // A lake as a closed way, half a river as an open one; the lake again as an area with an island.
    let xml = r#"<osm version="0.6"><node id="1" lat="42.0" lon="1.0"/><node id="2" lat="42.0" lon="1.1"/>
     <node id="3" lat="42.1" lon="1.1"/>
     <way id="5"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="natural" v="water"/><tag k="name" v="Lake"/></way>
     <way id="6"><nd ref="1"/><nd ref="2"/><tag k="waterway" v="riverbank"/></way></osm>"#;
    let found = read_ways("lake.osm", xml.as_bytes(), None).unwrap();
    assert_eq!((found.ways.len(), found.waters.len()), (0, 1));
    assert_eq!(
        (found.waters[0].name.as_str(), found.waters[0].rings[0].len()),
        ("Lake", 3)
    );
    assert!(
        found.notes.iter().any(|n| n.contains("not closed")),
        "{:?}",
        found.notes
    );
    let again = read_ways("lake.json", found.to_geojson().as_bytes(), None).unwrap();
    assert_eq!(again.waters, found.waters);

    // A shore walked north to south with home on the left (east): the sea is in the west.
    let ring = |line: Vec<[f64; 2]>, left| {
        let line = line.into_iter().map(|[lat, lon]| p(lat, lon)).collect();
        sea_beyond(&Border::new("shore", line, left).unwrap()).unwrap()
    };
    let coast = ring(vec![[39.3, -28.5], [39.25, -28.51], [39.2, -28.5]], true);
    let inside = |w: &vedette_atlas::Water, at: vedette_geo::LatLon| {
        let crossed = |r: &Vec<vedette_geo::LatLon>| {
            (0..r.len())
                .filter(|k| {
                    let (a, b) = (r[*k], r[(k + 1) % r.len()]);
                    (a.lat_deg > at.lat_deg) != (b.lat_deg > at.lat_deg)
                        && at.lon_deg
                            < a.lon_deg + (at.lat_deg - a.lat_deg) / (b.lat_deg - a.lat_deg) * (b.lon_deg - a.lon_deg)
                })
                .count()
        };
        w.rings.iter().map(crossed).sum::<usize>() % 2 == 1
    };
    assert!(inside(&coast, p(39.25, -28.6)) && !inside(&coast, p(39.25, -28.4)));
    // An island walked against the clock with home on the left (inside): the sea is around it.
    let square = vec![[1.0, 1.0], [1.0, 1.1], [1.1, 1.1], [1.1, 1.0], [1.0, 1.0]];
    let island = ring(square.clone(), true);
    assert!(inside(&island, p(1.05, 0.9)) && !inside(&island, p(1.05, 1.05)));
    // The same line with home outside: a lake.
    let lake = ring(square, false);
    assert!(!inside(&lake, p(1.05, 0.9)) && inside(&lake, p(1.05, 1.05)));
}
