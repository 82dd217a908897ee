//! Files of other programs: rasters, geoids, zones, tiles and packs, as people have them. Real samples come from `VEDETTE_DATA`;
//! without it those tests say so aloud.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;

use proptest::prelude::*;
use tiff::encoder::colortype::{Gray32Float, GrayI16};
use tiff::encoder::{Compression, Predictor, TiffEncoder};
use tiff::tags::Tag;
use vedette_atlas::{
    Bounds, Datum, GeoidGrid, Pack, Picture, PmTiles, Seen, Shape, Terrain, TerrainSource, TileKind, ZoneKind,
    build_pack, build_pmtiles, choose_sites, mosaic, read_dted, read_geotiff, read_kml, read_shapefile, read_zone_file,
    tile_at, viewshed,
};
use vedette_geo::{Amsl, Geoid, LatLon, distance_m};

fn data() -> Option<PathBuf> {
    let d = std::env::var_os("VEDETTE_DATA").map(PathBuf::from);
    if d.is_none() {
        eprintln!("left out: VEDETTE_DATA is not set, no real samples to read");
    }
    d
}

fn p(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

fn source(spacing_m: f64) -> TerrainSource {
    TerrainSource {
        label: "test".into(),
        edition: "1".into(),
        sigma_m: 1.0,
        synthetic: true,
        spacing_m,
    }
}

fn geoid() -> Geoid {
    Geoid {
        undulation_m: 50.0,
        sigma_m: 1.0,
        source: "test".into(),
    }
}

/// A GeoTIFF of 40 by 30 heights, tenths of a degree, first pixel's corner at 50 N 7 E.
fn geotiff(float: bool, packing: Compression, predictor: Predictor, crs: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut e = TiffEncoder::new(Cursor::new(&mut out))
        .unwrap()
        .with_compression(packing)
        .with_predictor(predictor);
    let height = |k: usize| 100.0 + (k % 40) as f32 * 3.0 + (k / 40) as f32 * 7.0;
    let keys: [u16; 16] = [1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, crs];
    macro_rules! image {
        ($kind:ty, $values:expr) => {{
            let mut i = e.new_image::<$kind>(40, 30).unwrap();
            let d = i.encoder();
            d.write_tag(Tag::ModelPixelScaleTag, &[0.1, 0.1, 0.0][..]).unwrap();
            d.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, 7.0, 50.0, 0.0][..])
                .unwrap();
            d.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).unwrap();
            d.write_tag(Tag::GdalNodata, "-9999").unwrap();
            i.write_data(&$values).unwrap();
        }};
    }
    if float {
        let mut v: Vec<f32> = (0..1200).map(|k| height(k) + 0.25).collect();
        v[41] = -9999.0;
        image!(Gray32Float, v);
    } else {
        let mut v: Vec<i16> = (0..1200).map(|k| height(k) as i16).collect();
        v[41] = -9999;
        image!(GrayI16, v);
    }
    out
}

#[test]
fn geotiffs_of_every_packing_give_the_same_heights() {
    let packings = [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(tiff::encoder::DeflateLevel::Balanced),
    ];
    for (float, off) in [(false, 0.0), (true, 0.25)] {
        for packing in packings {
            for predictor in [Predictor::None, Predictor::Horizontal] {
                if float && predictor == Predictor::Horizontal {
                    continue;
                }
                let t = read_geotiff("a.tif", &geotiff(float, packing, predictor, 4326)).unwrap();
                let t = Terrain::new(vec![t], source(11_000.0));
                // Row 2, column 3: pixels are areas, known in their middles.
                let h = t.elevation(p(50.0 - 0.25, 7.35)).unwrap().0;
                assert!(
                    (h - (100.0 + 9.0 + 14.0 + off)).abs() < 1e-3,
                    "{float} {predictor:?}: {h}"
                );
                assert_eq!(t.elevation(p(49.85, 7.15)), None, "the hole stays unknown");
            }
        }
    }
    let e = read_geotiff("b.tif", &geotiff(false, Compression::Lzw, Predictor::None, 4313)).unwrap_err();
    assert!(
        e.to_string().contains("4313") && e.to_string().contains("reproject"),
        "{e}"
    );
}

#[test]
fn real_geotiff_and_hgt_of_the_same_world_agree_in_kind() {
    let Some(d) = data() else { return };
    for (name, at, low, high) in [
        ("N49W123.tif", p(49.4, -122.8), 0.0, 2000.0),
        ("S33W071.tif", p(-32.65, -70.02), 3000.0, 7000.0),
    ] {
        let t = read_geotiff(name, &std::fs::read(d.join("dem/srtm3").join(name)).unwrap()).unwrap();
        let t = Terrain::new(vec![t], source(90.0));
        let h = t.elevation(at).unwrap().0;
        assert!((low..high).contains(&h), "{name}: {h}");
    }
}

/// A DTED level 0 tile with a hill.
fn dted() -> Vec<u8> {
    let n = 121;
    let mut out = Vec::new();
    out.extend(b"UHL10070000E0420000S03000300NA  U           ");
    out.extend(format!("   {n:04}{n:04}0").as_bytes());
    out.resize(80, b' ');
    out.resize(80 + 648 + 2700, b' ');
    for c in 0..n {
        let mut r = vec![0xAA, 0, 0, c as u8, 0, c as u8, 0, 0];
        for k in 0..n {
            let h: i32 = if c == 5 && k == 6 { -32_767 } else { c - k };
            let raw = if h < 0 { 0x8000 | (-h) as u16 } else { h as u16 };
            r.extend(raw.to_be_bytes());
        }
        let sum: u32 = r.iter().map(|b| u32::from(*b)).sum();
        r.extend(sum.to_be_bytes());
        out.extend(r);
    }
    out
}

#[test]
fn dted_counts_from_the_south_and_holds_its_check_sums() {
    let mut bytes = dted();
    let t = Terrain::new(vec![read_dted("s42e007.dt0", &bytes).unwrap()], source(900.0));
    // Column 10, row 20 from the south: −10 m.
    let at = p(-42.0 + 20.0 / 120.0, 7.0 + 10.0 / 120.0);
    assert!((t.elevation(at).unwrap().0 + 10.0).abs() < 1e-6);
    assert_eq!(t.elevation(p(-42.0 + 6.0 / 120.0, 7.0 + 5.0 / 120.0)), None);
    let last = bytes.len() - 6;
    bytes[last] ^= 1;
    assert!(
        read_dted("x.dt0", &bytes)
            .unwrap_err()
            .to_string()
            .contains("check sum")
    );
    assert!(read_dted("x.dt0", b"UHL").is_err());
}

#[test]
fn geoid_grids_answer_around_the_globe() {
    let value = |lat: f64, lon: f64| 30.0 * (lat.to_radians()).sin() + 20.0 * (lon.to_radians()).cos();
    // GeographicLib: one degree.
    let mut pgm =
        b"P5\n# Geoid file in PGM format\n# Description test grid\n# Offset -108\n# Scale 0.003\n360 181\n65535\n"
            .to_vec();
    for r in 0..181 {
        for c in 0..360 {
            let u = value(90.0 - f64::from(r), f64::from(c));
            pgm.extend((((u + 108.0) / 0.003) as u16).to_be_bytes());
        }
    }
    let mut dac = Vec::new();
    for r in 0..721 {
        for c in 0..1440 {
            let u = value(90.0 - f64::from(r) * 0.25, f64::from(c) * 0.25);
            dac.extend(((u * 100.0).round() as i16).to_be_bytes());
        }
    }
    for (g, tolerance) in [
        (GeoidGrid::read("t.pgm", &pgm).unwrap(), 0.02),
        (GeoidGrid::read("WW15MGH.DAC", &dac).unwrap(), 0.02),
    ] {
        for at in [
            p(42.5, 1.5),
            p(-33.3, -70.7),
            p(69.7, 179.9),
            p(-10.1, -179.95),
            p(89.9, 0.2),
            p(0.0, -0.3),
        ] {
            let u = g.undulation_m(at).unwrap();
            assert!(
                (u - value(at.lat_deg, at.lon_deg)).abs() < tolerance,
                "{} at {at}: {u}",
                g.name
            );
        }
    }
    assert!(GeoidGrid::read("x", b"P5\n3 3\n65535\n").is_err());
}

const OPENAIR: &str = "* Comments\nAC R\nAN Range 10\nAH FL 100\nAL GND\nDP 54:25:00 N 010:40:00 E\nDP 54:25:00 N 010:50:00 E\nDP 54:15:00 N 010:41:00 E\n\nAC CTR\nAN Field\nAL SFC\nAH 2500ft AMSL\nV X=53:24:25 N 010:25:10 E\nDC 1.10\nAA 2025-01-01T12:00Z/NONE\n\nAC E\nAN Arc\nAL 300 M AGL\nAH UNLIM\nV X=50:00:00 N 010:00:00 E\nV D=+\nDA 5,0,90\nDP 50:00:00 N 010:00:00 E\n";

#[test]
fn openair_airspace_keeps_its_limits_and_shapes() {
    let z = read_zone_file("a.txt", OPENAIR.as_bytes()).unwrap();
    assert_eq!((z.format.as_str(), z.zones.len()), ("OpenAir", 3));
    let [range, field, arc] = &z.zones[..] else { panic!() };
    assert_eq!(
        (range.kind, range.upper.unwrap().datum),
        (ZoneKind::NoFly, Datum::Standard)
    );
    assert!((range.upper.unwrap().metres - 3048.0).abs() < 1e-9);
    assert!(matches!(field.shape, Shape::Disc { radius_m, .. } if (radius_m - 2037.2).abs() < 0.1));
    assert_eq!((field.schedule.len(), field.upper.unwrap().datum), (1, Datum::Sea));
    assert!(arc.upper.is_none() && arc.kind == ZoneKind::Advisory && arc.lower.unwrap().datum == Datum::Ground);
    let Shape::Polygon(corners) = &arc.shape else { panic!() };
    let centre = p(50.0, 10.0);
    assert!(
        corners
            .iter()
            .filter(|c| distance_m(**c, centre) > 1.0)
            .all(|c| (distance_m(*c, centre) - 9260.0).abs() < 0.5)
    );
    // Limits are widened, never narrowed.
    let flat = range.zone(None, &geoid());
    assert!(flat.floor.is_none() && flat.ceiling.unwrap().0 > 3048.0);
    for (text, word) in [
        ("AC R\nAN X\nDP nonsense\n", "latitude"),
        ("AC R\nAN X\nDP 54:00:00 N 010:00:00 E\n", "encloses nothing"),
        ("AN X\n", "before any AC"),
        ("hello\n", "no airspace"),
        ("AC R\nDC 5\n", "centre"),
    ] {
        let e = read_zone_file("b.txt", text.as_bytes()).unwrap_err().to_string();
        assert!(e.contains(word), "{text:?}: {e}");
    }
}

#[test]
fn real_airspace_samples_are_read_or_refused_with_the_line() {
    let Some(d) = data() else { return };
    let d = d.join("airspace");
    let (mut read, mut refused) = (0, Vec::new());
    for f in std::fs::read_dir(d.join("openair")).unwrap() {
        let f = f.unwrap().path();
        if f.extension().is_none_or(|e| e != "txt") {
            continue;
        }
        let name = f.file_name().unwrap().to_string_lossy().into_owned();
        match read_zone_file(&name, &std::fs::read(&f).unwrap()) {
            Ok(z) => read += usize::from(!z.zones.is_empty()),
            Err(e) => refused.push(e.to_string()),
        }
    }
    eprintln!("{read} files of airspace read; refused: {refused:#?}");
    assert!(read >= 18, "{read}");
    assert!(refused.iter().all(|r| r.contains("line ") || r.contains("no airspace")));
    let z = read_zone_file("ed269", &std::fs::read(d.join("cis_source_sample_ed269.json")).unwrap()).unwrap();
    assert_eq!((z.format.as_str(), z.zones.len()), ("ED-269", 1));
    assert!(z.zones[0].kind == ZoneKind::NoFly && z.zones[0].upper.is_none() && z.zones[0].name == "LSXX City Sample");
    let z = read_zone_file("ed318", &std::fs::read(d.join("cis_source_sample_ed318.json")).unwrap()).unwrap();
    assert_eq!((z.format.as_str(), z.zones.len()), ("ED-318", 3));
    let first = &z.zones[0];
    assert_eq!(
        (first.lower.unwrap().metres, first.lower.unwrap().datum),
        (60.0, Datum::Ground)
    );
    assert!(first.upper.is_none() && first.name == "LSZB Bern-Belp 2");
}

const KML: &str = r#"<?xml version="1.0"?><!-- zones --><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>
<name>Camp &amp; range</name><ExtendedData><Data name="class"><value>military</value></Data></ExtendedData>
<Polygon><altitudeMode>absolute</altitudeMode><innerBoundaryIs><LinearRing><coordinates>1.11,42.11 1.12,42.11 1.12,42.12 1.11,42.11</coordinates></LinearRing></innerBoundaryIs>
<outerBoundaryIs><LinearRing><coordinates>1.1,42.1,900 1.2,42.1,900 1.2,42.2,1100 1.1,42.1,900</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
<Placemark><name><![CDATA[A <road>]]></name><LineString><coordinates>1,42 2,43</coordinates></LineString></Placemark></Document></kml>"#;

#[test]
fn kml_gives_names_heights_and_outer_rings() {
    let marks = read_kml("z.kml", KML).unwrap();
    assert_eq!(
        (marks[0].name.as_str(), marks[1].name.as_str()),
        ("Camp & range", "A <road>")
    );
    assert_eq!(marks[0].properties["class"], "military");
    let z = read_zone_file("z.kml", KML.as_bytes()).unwrap();
    assert_eq!((z.zones.len(), z.notes.len()), (1, 2), "{:?}", z.notes);
    assert_eq!(z.zones[0].upper.unwrap().metres, 1100.0);
    assert!(matches!(&z.zones[0].shape, Shape::Polygon(c) if c.len() == 3 && c[1].lon_deg == 1.2));
    for (text, word) in [
        ("<kml><a></b></kml>", "closed"),
        (
            "<kml><Placemark><Point><coordinates>x,y</coordinates></Point></Placemark></kml>",
            "longitude",
        ),
        ("<kml><a>", "never closed"),
        ("<gpx></gpx>", "kml element"),
    ] {
        let e = read_kml("z.kml", text).unwrap_err().to_string();
        assert!(e.contains(word), "{text}: {e}");
    }
}

/// A Shapefile with one square and its table.
fn shapefile(x0: f64) -> (Vec<u8>, Vec<u8>) {
    let mut body = Vec::new();
    body.extend(5_u32.to_le_bytes());
    body.extend([0; 32]);
    body.extend(1_u32.to_le_bytes());
    body.extend(5_u32.to_le_bytes());
    body.extend(0_u32.to_le_bytes());
    for (x, y) in [(x0, 42.0), (x0, 43.0), (x0 + 1.0, 43.0), (x0 + 1.0, 42.0), (x0, 42.0)] {
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
    let mut dbf = vec![3, 0, 0, 0];
    dbf.extend(1_u32.to_le_bytes());
    dbf.extend(65_u16.to_le_bytes());
    dbf.extend(9_u16.to_le_bytes());
    dbf.resize(32, 0);
    dbf.extend(b"NAME\0\0\0\0\0\0\0C\0\0\0\0\x08");
    dbf.resize(64, 0);
    dbf.push(0x0D);
    dbf.extend(b" Harbour ");
    (shp, dbf)
}

#[test]
fn shapefiles_give_polygons_with_their_names_and_refuse_metres() {
    let (shp, dbf) = shapefile(1.0);
    let r = read_shapefile("z.shp", &shp, Some(&dbf)).unwrap();
    assert_eq!((r.len(), r[0].properties["NAME"].as_str()), (1, "Harbour"));
    assert_eq!(read_zone_file("z.shp", &shp).unwrap().zones.len(), 1);
    let e = read_shapefile("z.shp", &shapefile(400_000.0).0, None)
        .unwrap_err()
        .to_string();
    assert!(e.contains("EPSG:4326"), "{e}");
    for cut in [50, 101, 120, shp.len() - 3] {
        assert!(read_shapefile("z.shp", &shp[..cut], None).is_err() || cut == 101);
    }
}

#[test]
fn tiles_are_found_where_they_were_put() {
    let mut tiles = BTreeMap::new();
    for z in 0..=6_u8 {
        for x in 0..1_u32 << z {
            for y in 0..1_u32 << z {
                let sea = (x + y) % 3 == 0;
                let bytes = if sea {
                    b"sea".to_vec()
                } else {
                    format!("{z}/{x}/{y}").into_bytes()
                };
                tiles.insert((z, x, y), bytes);
            }
        }
    }
    tiles.remove(&(6, 5, 5));
    let file = build_pmtiles(TileKind::Png, &tiles, "© the makers").unwrap();
    let fetch = |at: u64, n: u64| file.get(at as usize..(at + n) as usize).map(<[u8]>::to_vec);
    let a = PmTiles::open(&fetch).unwrap();
    assert_eq!((a.kind, a.zooms), (TileKind::Png, (0, 6)));
    assert_eq!(a.attribution, "© the makers");
    for ((z, x, y), bytes) in &tiles {
        assert_eq!(a.tile(&fetch, *z, *x, *y).unwrap().as_ref(), Some(bytes), "{z}/{x}/{y}");
    }
    assert_eq!(a.tile(&fetch, 6, 5, 5).unwrap(), None);
    assert_eq!(a.tile(&fetch, 8, 0, 0).unwrap(), None);
    assert_eq!(a.tile(&fetch, 3, 9, 0).unwrap(), None);
    let (x, y, share) = tile_at(10, p(42.5, 1.5));
    assert_eq!((x, y), (516, 378));
    assert!(share.iter().all(|s| (0.0..1.0).contains(s)));
}

#[test]
fn map_pictures_are_laid_where_they_belong_and_nothing_where_there_are_none() {
    // Tiles of zoom 12 whose colour is their column and row; two of them are missing, one has a coarser one above it.
    let colour = |z: u8, x: u32, y: u32| Picture {
        width: 4,
        height: 4,
        rgba: [z, (x % 251) as u8, (y % 251) as u8, 255].repeat(16),
    };
    let middle = p(42.45, 1.55);
    let (cx, cy, _) = tile_at(12, middle);
    let mut asked = Vec::new();
    let mut onto = Picture::clear(600, 400);
    let place = |u: f64, v: f64| p(42.55 - 0.2 * v, 1.4 + 0.3 * u);
    let drawn = mosaic(&mut onto, (10, 12), &place, &mut |z, x, y| {
        asked.push((z, x, y));
        match z {
            12 if (x, y) == (cx, cy) || (x, y) == (cx + 1, cy) => None,
            11 if (x, y) == (cx / 2, cy / 2) => Some(colour(11, x, y)),
            12 => Some(colour(12, x, y)),
            _ => None,
        }
    });
    assert_eq!(drawn.zoom, 12, "pixels of 41 m: zoom 12 is the first as fine");
    let mut holes = 0;
    for row in 0..400 {
        for column in 0..600 {
            let at = place((f64::from(column) + 0.5) / 600.0, (f64::from(row) + 0.5) / 400.0);
            let (x, y, share) = tile_at(12, at);
            let k = (row * 600 + column) as usize * 4;
            let got = &onto.rgba[k..k + 4];
            // A twentieth of a tile beside an edge may be either's.
            if share.iter().any(|s| !(0.05..=0.95).contains(s)) {
                continue;
            }
            if (x, y) == (cx, cy) || (x, y) == (cx + 1, cy) && cx % 2 == 0 {
                assert_eq!(
                    got,
                    [11, (cx / 2 % 251) as u8, (cy / 2 % 251) as u8, 255],
                    "the coarser one stands in"
                );
            } else if (x, y) == (cx + 1, cy) {
                assert_eq!(got[3], 0, "nothing is drawn, not black");
                holes += 1;
            } else {
                assert_eq!(
                    got,
                    [12, (x % 251) as u8, (y % 251) as u8, 255],
                    "row {row}, column {column}"
                );
            }
        }
    }
    assert_eq!(holes > 0, cx % 2 == 1);
    let mut once = asked.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "no tile is asked for twice");
    // A second file fills what the first left open, and no more.
    let before = onto.clone();
    mosaic(&mut onto, (0, 12), &place, &mut |_, _, _| Some(colour(1, 2, 3)));
    for (a, b) in before.rgba.chunks_exact(4).zip(onto.rgba.chunks_exact(4)) {
        assert_eq!(
            b,
            if a[3] == 0 {
                [1, 2, 3, 255]
            } else {
                [a[0], a[1], a[2], a[3]]
            }
        );
    }
}

#[test]
fn a_pack_holds_what_it_says_and_tells_when_it_was_changed() {
    let bounds = Bounds {
        south_deg: 42.0,
        west_deg: 1.0,
        north_deg: 43.0,
        east_deg: 2.0,
    };
    let file = |path: &str, text: &str| {
        (
            path.to_owned(),
            "site".to_owned(),
            "own".to_owned(),
            text.as_bytes().to_vec(),
        )
    };
    let files = vec![
        file("site/site.toml", "name = 'x'"),
        file("dem/N42E001.hgt", &"relief ".repeat(5000)),
    ];
    let mut bytes = build_pack("Andorra", "2026-01-01T00:00:00Z", bounds, &files, vec!["tiles".into()]).unwrap();
    assert!(bytes.len() < 5000, "relief is deflated");
    let pack = Pack::open("a.vpack", &bytes).unwrap();
    assert!(pack.problems().is_empty() && pack.manifest.missing == ["tiles"]);
    assert_eq!(pack.file("dem/N42E001.hgt").unwrap(), files[1].3);
    assert!(pack.file("nothing").is_err());
    let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() - 40;
    bytes[at] ^= 0x55;
    assert!(!Pack::open("a.vpack", &bytes).unwrap().problems().is_empty());
    for bad in ["../x", "/x", "a//b", "a/../b", "manifest.json", "c:\\x"] {
        assert!(build_pack("n", "t", bounds, &[file(bad, "")], vec![]).is_err(), "{bad}");
    }
}

/// Hills at one arc-second.
fn hills() -> Terrain {
    let n = 3601;
    let mut bytes = Vec::with_capacity(n * n * 2);
    for r in 0..n {
        let v = (r as f64 * 0.011).sin() * 60.0;
        for c in 0..n {
            let h = 300.0 + v * (c as f64 * 0.017).cos() + 15.0 * (c as f64 * 0.05 + r as f64 * 0.03).sin();
            bytes.extend((h as i16).to_be_bytes());
        }
    }
    Terrain::new(vec![Terrain::from_hgt("N60E028.hgt", &bytes).unwrap()], source(30.9))
}

#[test]
fn a_viewshed_agrees_with_lines_of_sight_one_by_one() {
    let t = hills();
    let from = p(60.5, 28.5);
    let amsl = Amsl(t.elevation(from).unwrap().0 + 25.0);
    let v = viewshed(&t, from, amsl, 2.0, 10_000.0).unwrap();
    let (mut same, mut all) = (0, 0);
    for k in 0..4000_u32 {
        let (az, d) = (f64::from(k) * 137.508, 200.0 + 9600.0 * (f64::from(k) / 4000.0));
        let at = vedette_geo::destination(from, az, d);
        let ground = t.elevation(at).unwrap();
        let one = t.visible((from, amsl), (at, Amsl(ground.0 + 2.0))).unwrap();
        all += 1;
        same += i32::from(v.at(at) == Some(if one { Seen::Visible } else { Seen::Hidden }));
    }
    let share = f64::from(same) / f64::from(all);
    eprintln!(
        "viewshed agrees with {:.1} % of {all} lines of sight; {:.0} % of the land is seen",
        100.0 * share,
        100.0 * v.share()
    );
    assert!(share > 0.96, "{share}");
    assert_eq!(viewshed(&t, p(10.0, 10.0), Amsl(0.0), 2.0, 1000.0), None);
    assert_eq!(v.at(p(59.0, 28.5)), None);
}

#[test]
fn masts_are_chosen_that_carry_most() {
    let t = hills();
    let points: Vec<(LatLon, Amsl)> = (0..40)
        .map(|k| {
            let at = p(60.3 + 0.01 * f64::from(k), 28.5);
            (at, Amsl(t.elevation(at).unwrap().0 + 60.0))
        })
        .collect();
    let masts: Vec<(LatLon, f64)> = (0..8).map(|k| (p(60.32 + 0.05 * f64::from(k), 28.45), 15.0)).collect();
    let fresnel = vedette_atlas::Fresnel {
        frequency_hz: 9e8,
        share: 0.6,
    };
    let chosen = choose_sites(&t, &masts, &points, fresnel, 15_000.0, 3);
    assert!(!chosen.is_empty() && chosen.windows(2).all(|w| w[1].1 > w[0].1));
    // The first is the best single one.
    for m in 0..masts.len() {
        let alone = choose_sites(&t, &masts[m..=m], &points, fresnel, 15_000.0, 1);
        assert!(alone.first().map_or(0, |a| a.1) <= chosen[0].1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_are_refused_not_crashed_on(
        bytes in prop::collection::vec(any::<u8>(), 0..600), at in 0_usize..4000, flip in 1_u8..255, which in 0_usize..7,
    ) {
        let mut good: Vec<u8> = match which {
            0 => geotiff(true, Compression::Lzw, Predictor::None, 4326),
            1 => dted(),
            2 => OPENAIR.as_bytes().to_vec(),
            3 => KML.as_bytes().to_vec(),
            4 => shapefile(1.0).0,
            5 => build_pack("x", "t", Bounds { south_deg: 1.0, west_deg: 1.0, north_deg: 2.0, east_deg: 2.0 },
                &[("a.kml".into(), "zones".into(), "own".into(), KML.as_bytes().to_vec())], vec![]).unwrap(),
            _ => build_pmtiles(TileKind::Png, &[((3, 1, 2), b"tile".to_vec())].into(), "").unwrap(),
        };
        let n = good.len();
        good[at % n] ^= flip;
        for b in [&bytes[..], &good[..], &good[..at % n]] {
            let refused = [
                read_geotiff("x", b).is_err(),
                read_dted("x", b).is_err(),
                GeoidGrid::read("x", b).is_err(),
                read_zone_file("x", b).is_err(),
                read_shapefile("x", b, Some(b)).is_err(),
                Pack::open("x", b).map(|p| p.problems().is_empty()).is_err(),
            ];
            let fetch = |at: u64, n: u64| {
                let at = usize::try_from(at).ok()?;
                b.get(at..at.checked_add(usize::try_from(n).ok()?)?).map(<[u8]>::to_vec)
            };
            if let Ok(t) = PmTiles::open(&fetch) {
                let found = t.tile(&fetch, 3, 1, 2);
                prop_assert!(found.is_ok() || found.is_err());
            }
            prop_assert!(refused.iter().any(|r| *r));
        }
    }
}
