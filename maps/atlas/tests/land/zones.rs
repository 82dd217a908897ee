//! Zones keep floors, ceilings, datums, times and what is not understood, whatever format they come in.

use vedette_atlas::{Datum, ImportedZone, Shape, ZoneImport, ZoneKind, load, read_zone_file};

use crate::{data, folder};

fn read(name: &str, bytes: &[u8]) -> ZoneImport {
    read_zone_file(name, bytes).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The same zones, positions to 1e-7 degrees.
fn same(a: &ZoneImport, b: &ZoneImport) {
    assert_eq!(a.zones.len(), b.zones.len());
    for (x, y) in a.zones.iter().zip(&b.zones) {
        let plain = |z: &ImportedZone| ImportedZone {
            shape: Shape::Polygon(vec![]),
            ..z.clone()
        };
        assert_eq!(plain(x), plain(y));
        let points = |z: &ImportedZone| match &z.shape {
            Shape::Polygon(c) => (c.clone(), 0.0),
            Shape::Disc { centre, radius_m } => (vec![*centre], *radius_m),
        };
        let ((p, r), (q, s)) = (points(x), points(y));
        assert!(p.len() == q.len() && (r - s).abs() < 1e-9, "{}", x.name);
        for (a, b) in p.iter().zip(&q) {
            assert!(
                (a.lat_deg - b.lat_deg).abs() <= 0.5001e-7 && (a.lon_deg - b.lon_deg).abs() <= 0.5001e-7,
                "{}",
                x.name
            );
        }
    }
}

#[test]
fn what_is_published_survives_being_written_and_read() {
    let Some(d) = data() else { return };
    let mut files: Vec<_> = std::fs::read_dir(d.join("airspace/openair"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.push(d.join("airspace/cis_source_sample_ed269.json"));
    files.push(d.join("airspace/cis_source_sample_ed318.json"));
    files.sort();
    let (mut round, mut zones, mut limits, mut times) = (0, 0, 0, 0);
    for f in files {
        let Ok(z) = read_zone_file("f", &std::fs::read(&f).unwrap()) else {
            continue;
        };
        same(&z, &read("again", z.to_ed318().as_bytes()));
        round += 1;
        zones += z.zones.len();
        limits += z
            .zones
            .iter()
            .map(|z| usize::from(z.lower.is_some()) + usize::from(z.upper.is_some()))
            .sum::<usize>();
        times += z.zones.iter().map(|z| z.schedule.len()).sum::<usize>();
    }
    eprintln!("{round} files with {zones} zones, {limits} limits, {times} periods went round");
    assert!(round >= 20 && zones >= 30 && limits >= 50 && times >= 5);
}

#[test]
fn published_uas_zones_keep_limits_times_and_their_own_words() {
    let Some(d) = data() else { return };
    let z = read(
        "ed318",
        &std::fs::read(d.join("airspace/cis_source_sample_ed318.json")).unwrap(),
    );
    let first = &z.zones[0];
    assert_eq!(
        (first.lower.unwrap().metres, first.lower.unwrap().datum, first.upper),
        (60.0, Datum::Ground, None)
    );
    assert!(first.properties["restrictionConditions"].contains("250 g") && first.properties["identifier"] == "LSZB003");
    let timed: Vec<_> = z.zones.iter().filter(|z| !z.schedule.is_empty()).collect();
    for t in &timed {
        eprintln!("{}: {:?}", t.name, t.schedule);
    }
    let z = read(
        "ed269",
        &std::fs::read(d.join("airspace/cis_source_sample_ed269.json")).unwrap(),
    );
    assert!(z.zones[0].schedule.is_empty(), "permanent");
    assert_eq!(z.zones[0].lower.unwrap().datum, Datum::Ground);
    assert!(
        z.zones[0].properties["zoneAuthority"].contains("Supervisor") && z.zones[0].properties["message"] == "MSG01"
    );
    let v2 = read(
        "v2",
        &std::fs::read(d.join("airspace/openair/version-2-commands.txt")).unwrap(),
    );
    assert!(
        v2.zones
            .iter()
            .any(|z| z.properties.contains_key("AF") && z.properties.contains_key("AY"))
    );
    let timed = read(
        "t",
        &std::fs::read(d.join("airspace/openair/activation-times.txt")).unwrap(),
    );
    let s = &timed.zones[0].schedule;
    assert_eq!(s.len(), 4);
    assert_eq!(
        (s[0].from.as_deref(), s[0].until.as_deref()),
        (Some("2025-01-01T12:00Z"), Some("2025-01-01T13:00Z"))
    );
    assert_eq!((s[2].from.as_deref(), s[3].until.as_deref()), (None, None));
    // Times that cannot be understood, or have no end either way, leave the zone closed always.
    for name in [
        "activation-times-invalid-with-none.txt",
        "activation-times-invalid-with-none-none.txt",
        "activation-times-none.txt",
    ] {
        let z = read(name, &std::fs::read(d.join("airspace/openair").join(name)).unwrap());
        assert!(z.zones[0].schedule.len() <= 1, "{name}: {:?}", z.zones[0].schedule);
    }
}

const ED269: &str = r#"{"title":"t","UASZoneVersion":"1","features":[{"identifier":"Z1","country":"AND","name":"Dam","type":"COMMON",
 "restriction":"PROHIBITED","reason":["SENSITIVE"],"applicability":[{"permanent":"NO","startDateTime":"2026-01-01T00:00:00Z",
 "endDateTime":"2026-12-31T00:00:00Z","schedule":[],"dailyPeriod":[{"day":["MON","TUE"],"startTime":"06:00Z","endTime":"18:00Z"}]}],
 "geometry":[{"uomDimensions":"FT","lowerLimit":100,"lowerVerticalReference":"AMSL","upperLimit":1000,"upperVerticalReference":"AGL",
 "horizontalProjection":{"type":"Circle","center":[1.5,42.5],"radius":750}}],"other":{"kept":1}}]}"#;
const KML: &str = r#"<kml><Placemark><name>Camp</name><TimeSpan><begin>2026-05-01T00:00:00Z</begin><end>2026-06-01T00:00:00Z</end></TimeSpan>
 <ExtendedData><Data name="lower"><value>300 ft AGL</value></Data><Data name="owner"><value>army</value></Data></ExtendedData>
 <Polygon><altitudeMode>absolute</altitudeMode><outerBoundaryIs><LinearRing><coordinates>1.1234567,42.1,1200 1.2,42.1,1200 1.2,42.2,1200 1.1234567,42.1,1200</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"#;
const GEOJSON: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Works","floor_amsl_m":900,
 "ceiling_amsl_m":1500.5,"validFrom":"2026-02-01","validUntil":"2026-03-01T12:00:00Z","colour":"red"},
 "geometry":{"type":"Polygon","coordinates":[[[1.0,42.0],[1.1,42.0],[1.1,42.1],[1.0,42.0]]]}},
 {"type":"Feature","properties":{"name":"Vague","upperLimit":120,"LOWER":"GND"},
 "geometry":{"type":"Polygon","coordinates":[[[1.0,42.0],[1.1,42.0],[1.1,42.1],[1.0,42.0]]]}},
 {"type":"Feature","properties":{"name":"Tower","upper":"FL 95","lower":30,"lowerReference":"AGL","uom":"m"},
 "geometry":{"type":"Polygon","coordinates":[[[1.0,42.0],[1.1,42.0],[1.1,42.1],[1.0,42.0]]]}}]}"#;

#[test]
fn limits_datums_and_times_of_the_formats_without_a_place_of_their_own() {
    let z = read("a.json", ED269.as_bytes());
    let dam = &z.zones[0];
    assert!((dam.lower.unwrap().metres - 30.48).abs() < 1e-9 && (dam.upper.unwrap().metres - 304.8).abs() < 1e-9);
    assert_eq!(
        (dam.lower.unwrap().datum, dam.upper.unwrap().datum),
        (Datum::Sea, Datum::Ground)
    );
    let s = &dam.schedule[0];
    assert_eq!(
        (s.days.join(" ").as_str(), s.daily.as_ref().unwrap()[1].as_str()),
        ("MON TUE", "18:00Z")
    );
    assert_eq!(dam.properties["other"], r#"{"kept":1}"#);
    same(&z, &read("again", z.to_ed318().as_bytes()));

    let k = read("a.kml", KML.as_bytes());
    let camp = &k.zones[0];
    assert_eq!(
        (camp.upper.unwrap().metres, camp.upper.unwrap().datum),
        (1200.0, Datum::Sea)
    );
    assert!((camp.lower.unwrap().metres - 91.44).abs() < 1e-9 && camp.lower.unwrap().datum == Datum::Ground);
    assert_eq!(camp.schedule[0].until.as_deref(), Some("2026-06-01T00:00:00Z"));
    assert_eq!(camp.properties["owner"], "army");
    same(&k, &read("again", k.to_ed318().as_bytes()));

    let g = read("a.geojson", GEOJSON.as_bytes());
    let [works, vague, tower] = &g.zones[..] else { panic!() };
    assert_eq!(
        (works.lower.unwrap().metres, works.upper.unwrap().metres),
        (900.0, 1500.5)
    );
    assert_eq!(works.schedule[0].from.as_deref(), Some("2026-02-01"));
    assert_eq!(works.properties["colour"], "red");
    assert!(
        vague.upper.is_none() && g.notes.iter().any(|n| n.contains("120") && n.contains("not said")),
        "{:?}",
        g.notes
    );
    assert_eq!(
        (vague.lower.unwrap().metres, vague.lower.unwrap().datum),
        (0.0, Datum::Ground)
    );
    assert_eq!(
        (tower.upper.unwrap().datum, tower.lower.unwrap().datum),
        (Datum::Standard, Datum::Ground)
    );
    same(&g, &read("again", g.to_ed318().as_bytes()));
}

/// A Shapefile of one square in its parts: shapes, table with limits, reference system.
fn parts(prj: &str) -> [(&'static str, Vec<u8>); 3] {
    let mut body = 5_u32.to_le_bytes().to_vec();
    body.extend([0; 32]);
    for n in [1_u32, 5, 0] {
        body.extend(n.to_le_bytes());
    }
    for (x, y) in [(1.0, 42.0), (1.0, 42.1), (1.1, 42.1), (1.1, 42.0), (1.0, 42.0)] {
        body.extend(f64::to_le_bytes(x));
        body.extend(f64::to_le_bytes(y));
    }
    let mut shp = 9994_u32.to_be_bytes().to_vec();
    shp.resize(28, 0);
    shp.extend(1000_u32.to_le_bytes());
    shp.resize(100, 0);
    shp.extend(1_u32.to_be_bytes());
    shp.extend((body.len() as u32 / 2).to_be_bytes());
    shp.extend(body);
    let columns: [(&str, &str); 4] = [
        ("NAME", "Quarry"),
        ("LOWER", "GND"),
        ("UPPER", "400 ft AGL"),
        ("OWNER", "state"),
    ];
    let mut dbf = vec![3, 0, 0, 0];
    dbf.extend(1_u32.to_le_bytes());
    dbf.extend((33 + 32 * columns.len() as u16).to_le_bytes());
    dbf.extend((1 + 12 * columns.len() as u16).to_le_bytes());
    dbf.resize(32, 0);
    for (name, _) in columns {
        let mut f = name.as_bytes().to_vec();
        f.resize(11, 0);
        f.push(b'C');
        f.resize(16, 0);
        f.push(12);
        f.resize(32, 0);
        dbf.extend(f);
    }
    dbf.push(0x0D);
    dbf.push(b' ');
    for (_, value) in columns {
        dbf.extend(format!("{value:12}").as_bytes());
    }
    [("shp", shp), ("dbf", dbf), ("prj", prj.as_bytes().to_vec())]
}

const WGS84: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]"#;
const UTM: &str = r#"PROJCS["WGS_1984_UTM_Zone_31N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]]]]"#;

#[test]
fn a_shapefile_is_read_with_the_table_and_the_reference_system_beside_it() {
    let dir = folder("shapes");
    let put = |prj: &str| {
        for (end, bytes) in parts(prj) {
            std::fs::write(dir.join(format!("quarry.{end}")), bytes).unwrap();
        }
    };
    put(WGS84);
    let (name, bytes, z) = load::zones(&dir.join("quarry.shp")).unwrap();
    assert_eq!((name.as_str(), z.zones.len()), ("quarry.zip", 1));
    let q = &z.zones[0];
    assert_eq!((q.name.as_str(), q.properties["OWNER"].as_str()), ("Quarry", "state"));
    assert!((q.upper.unwrap().metres - 121.92).abs() < 1e-9 && q.upper.unwrap().datum == Datum::Ground);
    same(&z, &read(&name, &bytes));
    same(&z, &read("again", z.to_ed318().as_bytes()));
    put(UTM);
    let e = load::zones(&dir.join("quarry.shp")).unwrap_err().to_string();
    assert!(e.contains("WGS_1984_UTM_Zone_31N") && e.contains("EPSG:4326"), "{e}");
}

#[test]
fn coordinates_of_another_system_are_refused_in_every_format() {
    let crs = GEOJSON.replacen(
        '{',
        r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"#,
        1,
    );
    for (text, word) in [
        (crs, "EPSG::3857"),
        (GEOJSON.replace("[1.0,42.0]", "[111319.5,5160979.4]"), "EPSG:4326"),
        (KML.replace("1.2,42.1,1200", "500000,4649776,1200"), "500000"),
        ("AC R\nAN X\nDP 4649776 N 500000 E\n".to_owned(), "latitude"),
    ] {
        let e = read_zone_file("f", text.as_bytes()).unwrap_err().to_string();
        assert!(e.contains(word), "{e}");
    }
}

#[test]
fn a_preview_counts_measures_and_warns_before_anything_is_taken_in() {
    let g = read("a.geojson", GEOJSON.as_bytes());
    let v = g.preview();
    assert_eq!(
        (v.format.as_str(), v.zones, v.no_fly, v.at_times, v.corners),
        ("GeoJSON", 3, 3, 1, 9)
    );
    let b = v.bounds.unwrap();
    assert_eq!(
        (b.south_deg, b.west_deg, b.north_deg, b.east_deg),
        (42.0, 1.0, 42.1, 1.1)
    );
    assert!(v.warnings.iter().any(|w| w.contains("Vague")));
    // Latitude first, a zone across the date line, limits upside down.
    let odd = r#"{"type":"FeatureCollection","features":[
      {"type":"Feature","properties":{"name":"wide"},"geometry":{"type":"Polygon","coordinates":[[[1,42],[42,1],[43,2],[1,42]]]}},
      {"type":"Feature","properties":{"name":"line"},"geometry":{"type":"Polygon","coordinates":[[[179,10],[-179,10],[-179,11],[179,10]]]}},
      {"type":"Feature","properties":{"name":"under","floor_amsl_m":500,"ceiling_amsl_m":400},"geometry":{"type":"Polygon","coordinates":[[[1,42],[2,42],[2,43],[1,42]]]}}]}"#;
    let v = read("odd", odd.as_bytes()).preview();
    for (name, word) in [
        ("wide", "right order"),
        ("line", "date line"),
        ("under", "above its upper"),
    ] {
        assert!(
            v.warnings.iter().any(|w| w.contains(name) && w.contains(word)),
            "{name}: {:?}",
            v.warnings
        );
    }
    let none = read("none", br#"{"type":"FeatureCollection","features":[]}"#).preview();
    assert!(none.bounds.is_none() && none.warnings.iter().any(|w| w.contains("no zone")));
    let kinds = read("a.txt", b"AC R\nAN A\nAL GND\nAH UNL\nV X=42:30:00 N 001:32:00 E\nDC 0.5\nAC E\nAN B\nAL GND\nAH FL 60\nV X=42:30:00 N 001:32:00 E\nDC 0.5\n").preview();
    assert_eq!((kinds.no_fly, kinds.advisory), (1, 1));
    assert!(ZoneKind::NoFly != ZoneKind::Advisory);
}
