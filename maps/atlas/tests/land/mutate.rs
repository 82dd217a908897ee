//! Every importer under damage: sound files of every format, altered by a seeded generator, give a value or an error, never a
//! panic. `VEDETTE_MUTATIONS=N` makes N altered files of each format (300 otherwise). The fuzz targets in `fuzz/` begin with the
//! same files: `VEDETTE_SEEDS=DIR` writes them there.

use std::collections::BTreeMap;
use std::io::Write;

use vedette_atlas::{
    GeoidGrid, MbTiles, Pack, PmTiles, Terrain, TileKind, build_pack, build_pmtiles, read_border, read_dted,
    read_geojson, read_geotiff, read_kml, read_shapefile, read_ways, read_zone_file,
};

use crate::{data, p};

type Reader = fn(&[u8]);

/// What was read must not be optimised away.
fn seen<T>(v: T) {
    std::hint::black_box(v);
}

fn zones(b: &[u8]) {
    if let Ok(z) = read_zone_file("a", b) {
        std::hint::black_box(z.preview());
        std::hint::black_box(read_zone_file("b", z.to_ed318().as_bytes()).is_ok());
    }
}

fn ways(b: &[u8]) {
    if let Ok(w) = read_ways("a", b, None) {
        std::hint::black_box(w.to_geojson());
    }
}

/// Name of the fuzz target, reader, sound files.
fn formats() -> Vec<(&'static str, Reader, Vec<Vec<u8>>)> {
    let d = data();
    let real = |path: &str| d.as_ref().and_then(|d| std::fs::read(d.join(path)).ok());
    let ed269 = real("airspace/cis_source_sample_ed269.json");
    let ed318 = real("airspace/cis_source_sample_ed318.json");
    let air: Vec<Vec<u8>> = ["version-2-commands", "activation-times", "circular", "polygon", "airway"]
        .iter()
        .filter_map(|n| real(&format!("airspace/openair/{n}.txt")))
        .chain([b"AC R\nAN A\nAL GND\nAH FL 100\nV X=42:30:00 N 001:32:00 E\nDC 0.5\nAC E\nAN B\nV D=-\nV X=42:30:00 N 001:32:00 E\nDA 5,0,90\nDB 42:30:00 N 001:30:00 E, 42:31:00 N 001:32:00 E\nAA 2025-01-01T12:00Z/NONE\n".to_vec()])
        .collect();
    let kml = br#"<?xml version="1.0"?><kml><Document><Placemark><name>A &amp; b</name><TimeSpan><begin>2026-01-01</begin></TimeSpan><ExtendedData><Data name="upper"><value>FL 95</value></Data></ExtendedData><Polygon><altitudeMode>absolute</altitudeMode><outerBoundaryIs><LinearRing><coordinates>1,42,9 2,42,9 2,43,9 1,42,9</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"#.to_vec();
    let geojson = br#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"a","floor_amsl_m":9,"claim":"b"},"geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[1,42],[2,42],[2,43],[1,42]]]]},{"type":"MultiLineString","coordinates":[[[1,42],[2,43]],[[2.01,43],[3,44]]]}]}}]}"#.to_vec();
    let osm = b"<osm><node id=\"1\" lat=\"42\" lon=\"1\"><tag k=\"barrier\" v=\"border_control\"/></node><node id=\"2\" lat=\"43\" lon=\"1\"/><way id=\"3\"><nd ref=\"1\"/><nd ref=\"2\"/><tag k=\"highway\" v=\"path\"/></way></osm>".to_vec();
    let mut tiles = BTreeMap::new();
    for (k, at) in [(0_u8, (3, 1, 2)), (1, (3, 1, 3)), (2, (5, 9, 9))] {
        tiles.insert(at, vec![k; 20]);
    }
    let bounds = vedette_atlas::Bounds::around(&[p(42.0, 1.0), p(43.0, 2.0)], 0.0).unwrap();
    let file = |n: &str, b: &[u8]| (n.to_owned(), "more".to_owned(), String::new(), b.to_vec());
    let pack = build_pack(
        "a",
        "2026",
        bounds,
        &[file("x/a", b"hello"), file("x/b", &[0; 300])],
        vec![],
    )
    .unwrap();
    let kmz = zip("doc.kml", &kml);
    let mut hgt = vec![0_u8; 1201 * 1201 * 2];
    hgt[5000] = 3;
    let mut gtx = Vec::new();
    for v in [42.0_f64, 1.0, 0.5, 0.5] {
        gtx.extend(v.to_be_bytes());
    }
    gtx.extend(3_u32.to_be_bytes());
    gtx.extend(4_u32.to_be_bytes());
    gtx.extend((0..12).flat_map(|k| (k as f32).to_be_bytes()));
    let mut pgm = b"P5\n# Offset -108\n# Scale 0.003\n8 5\n65535\n".to_vec();
    pgm.extend([7; 80]);
    let (shp, dbf) = shape();
    let mut both = (shp.len() as u16).to_le_bytes().to_vec();
    both.extend(&shp);
    both.extend(&dbf);
    vec![
        (
            "geojson",
            |b| seen((read_geojson(b).is_ok(), read_border("a", b, true, 2000.0).is_ok())),
            vec![geojson.clone()],
        ),
        (
            "zones",
            zones,
            [ed269, ed318]
                .into_iter()
                .flatten()
                .chain(air)
                .chain([geojson, kml.clone(), kmz])
                .collect(),
        ),
        (
            "kml",
            |b| seen(read_kml("a", &String::from_utf8_lossy(b)).is_ok()),
            vec![kml],
        ),
        (
            "shapefile",
            |b| {
                let n = b
                    .first()
                    .zip(b.get(1))
                    .map_or(0, |(x, y)| usize::from(u16::from_le_bytes([*x, *y])));
                let rest = b.get(2..).unwrap_or(&[]);
                let (shp, dbf) = rest.split_at(n.min(rest.len()));
                seen(read_shapefile("a", shp, Some(dbf)).is_ok());
            },
            vec![both],
        ),
        (
            "hgt",
            |b| seen(Terrain::from_hgt("N42E001.hgt", b).is_ok()),
            vec![zip("N42E001.hgt", &hgt)],
        ),
        (
            "geotiff",
            |b| seen(read_geotiff("a", b).map(|t| t.voids()).is_ok()),
            tiff(),
        ),
        ("dted", |b| seen(read_dted("a", b).is_ok()), vec![dted()]),
        (
            "geoid",
            |b| seen(GeoidGrid::read("a", b).ok().and_then(|g| g.undulation_m(p(42.5, 1.5)))),
            vec![gtx, pgm],
        ),
        (
            "pmtiles",
            |b| {
                let fetch = |at: u64, n: u64| {
                    let at = usize::try_from(at).ok()?;
                    b.get(at..at.checked_add(usize::try_from(n).ok()?)?).map(<[u8]>::to_vec)
                };
                if let Ok(t) = PmTiles::open(&fetch) {
                    seen((t.tile(&fetch, 3, 1, 2).is_ok(), t.problems(&fetch)));
                }
            },
            vec![build_pmtiles(TileKind::Png, &tiles, "© somebody").unwrap()],
        ),
        (
            "mbtiles",
            |b| {
                if let Ok(t) = MbTiles::read(b) {
                    seen((t.tile(t.zooms.0, 0, 0).is_ok(), t.problems().is_ok()));
                }
            },
            vec![crate::tiles::mbtiles(true, false), crate::tiles::mbtiles(false, false)],
        ),
        (
            "pack",
            |b| {
                if let Ok(p) = Pack::open("a", b) {
                    seen(p.problems());
                }
            },
            vec![pack],
        ),
        ("osm", ways, vec![osm, pbf()]),
    ]
}

/// One entry, deflated, without a library: what `build_pack` writes, renamed would not do.
fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    e.write_all(bytes).unwrap();
    let packed = e.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let mut common = Vec::new();
    for v in [20_u16, 0, 8, 0, 0x21] {
        common.extend(v.to_le_bytes());
    }
    for v in [crc.sum(), packed.len() as u32, bytes.len() as u32] {
        common.extend(v.to_le_bytes());
    }
    common.extend((name.len() as u16).to_le_bytes());
    common.extend(0_u16.to_le_bytes());
    let mut out = b"PK\x03\x04".to_vec();
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(&packed);
    let at = out.len() as u32;
    out.extend(b"PK\x01\x02\x14\0");
    out.extend(&common);
    out.extend([0; 10]);
    out.extend(0_u32.to_le_bytes());
    out.extend(name.as_bytes());
    let size = out.len() as u32 - at;
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn shape() -> (Vec<u8>, Vec<u8>) {
    let mut body = 5_u32.to_le_bytes().to_vec();
    body.extend([0; 32]);
    for n in [1_u32, 4, 0] {
        body.extend(n.to_le_bytes());
    }
    for v in [1.0, 42.0, 1.0, 43.0, 2.0, 43.0, 1.0, 42.0] {
        body.extend(f64::to_le_bytes(v));
    }
    let mut shp = 9994_u32.to_be_bytes().to_vec();
    shp.resize(28, 0);
    shp.extend(1000_u32.to_le_bytes());
    shp.resize(100, 0);
    shp.extend(1_u32.to_be_bytes());
    shp.extend((body.len() as u32 / 2).to_be_bytes());
    shp.extend(body);
    let mut dbf = vec![3, 0, 0, 0, 1, 0, 0, 0, 65, 0, 5, 0];
    dbf.resize(32, 0);
    dbf.extend(b"NAME\0\0\0\0\0\0\0C\0\0\0\0\x04");
    dbf.resize(64, 0);
    dbf.extend(b"\x0D abcd");
    (shp, dbf)
}

fn tiff() -> Vec<Vec<u8>> {
    use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype::GrayI16};
    [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Fast),
    ]
    .into_iter()
    .map(|packing| {
        let mut out = Vec::new();
        let mut e = TiffEncoder::new(std::io::Cursor::new(&mut out))
            .unwrap()
            .with_compression(packing);
        let mut i = e.new_image::<GrayI16>(9, 7).unwrap();
        let d = i.encoder();
        d.write_tag(tiff::tags::Tag::ModelPixelScaleTag, &[0.1, 0.1, 0.0][..])
            .unwrap();
        d.write_tag(tiff::tags::Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, 7.0, 50.0, 0.0][..])
            .unwrap();
        d.write_tag(
            tiff::tags::Tag::GeoKeyDirectoryTag,
            &[1_u16, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326][..],
        )
        .unwrap();
        i.write_data(&(0..63).collect::<Vec<i16>>()).unwrap();
        out
    })
    .collect()
}

fn dted() -> Vec<u8> {
    let mut out = b"UHL10070000E0420000N03000300NA  U           ".to_vec();
    out.extend(b"   000300040");
    out.resize(80 + 648 + 2700, b' ');
    for c in 0..3_u8 {
        let mut r = vec![0xAA, 0, 0, c, 0, c, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4];
        let sum: u32 = r.iter().map(|b| u32::from(*b)).sum();
        r.extend(sum.to_be_bytes());
        out.extend(r);
    }
    out
}

/// A header and one block with a dense group and a way, not packed.
fn pbf() -> Vec<u8> {
    fn field(n: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![(n << 3) | 2, bytes.len() as u8];
        assert!(bytes.len() < 128);
        out.extend(bytes);
        out
    }
    let block = |kind: &[u8], data: &[u8]| {
        let blob = field(1, data);
        let mut head = field(1, kind);
        head.extend([(3 << 3), blob.len() as u8]);
        let mut out = (head.len() as u32).to_be_bytes().to_vec();
        out.extend(head);
        out.extend(blob);
        out
    };
    let texts: Vec<u8> = [b"".as_slice(), b"highway", b"path"]
        .iter()
        .flat_map(|t| field(1, t))
        .collect();
    let dense = [field(1, &[2, 2]), field(8, &[100, 4]), field(9, &[60, 4])].concat();
    let way = [vec![8, 5], field(2, &[1]), field(3, &[2]), field(8, &[2, 2])].concat();
    let group = [field(2, &dense), field(3, &way)].concat();
    let data = [field(1, &texts), field(2, &group)].concat();
    [block(b"OSMHeader", &field(4, b"DenseNodes")), block(b"OSMData", &data)].concat()
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        // xorshift64*, Vigna 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    }

    fn alter(&mut self, sound: &[u8]) -> Vec<u8> {
        let mut b = sound.to_vec();
        // Headers matter most: half of the strokes fall into the first 200 bytes or the last.
        for _ in 0..=self.roll(4) {
            if b.is_empty() {
                break;
            }
            let n = b.len();
            let i = match self.roll(4) {
                0 => self.roll(n.min(200)),
                1 => n - 1 - self.roll(n.min(200)),
                _ => self.roll(n),
            };
            match self.roll(8) {
                0 => b[i] ^= 1 << self.roll(8),
                1 => b[i] = self.roll(256) as u8,
                2 => b[i] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'-'][self.roll(8)],
                3 => b.truncate(i),
                4 => {
                    let to = (i + 1 + self.roll(16)).min(n);
                    b.drain(i..to);
                }
                5 => {
                    let piece: Vec<u8> = b[i..(i + 1 + self.roll(24)).min(n)].to_vec();
                    let at = self.roll(n);
                    b.splice(at..at, piece);
                }
                6 => {
                    for k in 0..4 {
                        if let Some(x) = b.get_mut(i + k) {
                            *x = 0xff;
                        }
                    }
                }
                _ => {
                    let words: [&[u8]; 6] = [b"1e999", b"-9223372036854775808", b"\xff\xfe", b"null", b"[[[[", b"NaN"];
                    b.splice(i..i, words[self.roll(6)].iter().copied());
                }
            }
        }
        b
    }
}

#[test]
fn no_importer_panics_on_damaged_files() {
    let rounds = std::env::var("VEDETTE_MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300_usize);
    let only = std::env::var("VEDETTE_ONLY").ok();
    for (name, read, sound) in formats() {
        if only.as_ref().is_some_and(|o| o != name) {
            continue;
        }
        assert!(!sound.is_empty(), "{name}");
        if let Some(dir) = std::env::var_os("VEDETTE_SEEDS") {
            let dir = std::path::Path::new(&dir).join(name);
            std::fs::create_dir_all(&dir).unwrap();
            for (k, s) in sound.iter().enumerate().filter(|(_, s)| s.len() < 40_000) {
                std::fs::write(dir.join(format!("sound-{k}")), s).unwrap();
            }
        }
        // Large files cost more: fewer of them.
        let mut dice = Dice(0x5eed + name.len() as u64);
        for s in &sound {
            read(s);
            for _ in 0..rounds / sound.len().max(1) {
                read(&dice.alter(s));
            }
        }
    }
}
