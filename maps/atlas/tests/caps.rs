//! Row 27 of the reliability table, the importers of zones and shapes: whatever a file promises, reading it ends, with zones or an
//! error in words, and takes less than 200 MiB. A program of its own, because every allocation of the process is counted.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::io::Write;

use peak_alloc::PeakAlloc;
use vedette_atlas::{read_geojson, read_zone_file};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

/// One file of a ZIP archive, deflated, with the sizes and check sum the directory shall claim.
fn archive(name: &str, content: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut crc = flate2::Crc::new();
    for piece in content {
        crc.update(&piece);
        deflated.write_all(&piece).unwrap();
    }
    let body = deflated.finish().unwrap();
    let (sum, size) = (crc.sum().to_le_bytes(), crc.amount().to_le_bytes());
    let packed = u32::try_from(body.len()).unwrap().to_le_bytes();
    let n = u16::try_from(name.len()).unwrap().to_le_bytes();
    let mut z = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".to_vec();
    z.extend(sum.iter().chain(&packed).chain(&size).chain(&n));
    z.extend([0, 0]);
    z.extend(name.as_bytes());
    z.extend(&body);
    let at = u32::try_from(z.len()).unwrap();
    z.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0");
    z.extend(sum.iter().chain(&packed).chain(&size).chain(&n));
    z.extend([0; 12]);
    z.extend(0_u32.to_le_bytes());
    z.extend(name.as_bytes());
    let length = u32::try_from(z.len()).unwrap() - at;
    z.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    z.extend(length.to_le_bytes().iter().chain(&at.to_le_bytes()));
    z.extend([0, 0]);
    z
}

/// Two files of an archive, stored.
fn two(a: &str, first: Vec<u8>, b: &str, second: Vec<u8>) -> Vec<u8> {
    let (mut z, mut directory) = (Vec::new(), Vec::new());
    for (name, body) in [(a, first), (b, second)] {
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        let size = u32::try_from(body.len()).unwrap().to_le_bytes();
        let at = u32::try_from(z.len()).unwrap().to_le_bytes();
        let mut about = vec![0, 0, 0, 0, 0, 0];
        about.extend(crc.sum().to_le_bytes().iter().chain(&size).chain(&size));
        about.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend([0, 0]);
        z.extend(b"PK\x03\x04\x14\0\0\0".iter().chain(&about));
        z.extend(name.as_bytes().iter().chain(&body));
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0".iter().chain(&about));
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
    }
    let (at, length) = (u32::try_from(z.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    z.extend(directory);
    z.extend(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
    z.extend(length.to_le_bytes().iter().chain(&at.to_le_bytes()));
    z.extend([0, 0]);
    z
}

fn json_of(inner: &str) -> Vec<u8> {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[{inner}]}}").into_bytes()
}

#[test]
fn row_27_no_file_of_zones_takes_two_hundred_mebibytes() {
    let positions = |n: usize| {
        let ring = "[1.5,42.5],".repeat(n);
        let shape = format!("{{\"type\":\"LineString\",\"coordinates\":[{ring}[1.5,42.5]]}}");
        json_of(&format!(
            "{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{shape}}}"
        ))
    };
    let nested = |n: usize| {
        let open = "{\"type\":\"GeometryCollection\",\"geometries\":[".repeat(n);
        json_of(&format!(
            "{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{open}{}}}",
            "]}".repeat(n)
        ))
    };
    let kml = |inner: String| format!("<kml><Document>{inner}</Document></kml>").into_bytes();
    let entities = {
        // Each entity is ten of the one before: 10^9 of the first.
        let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE kml [<!ENTITY a0 \"aaaaaaaaaa\">");
        for n in 1..10 {
            text += &format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10));
        }
        text += "]><kml><Placemark><name>&a9;</name></Placemark></kml>";
        text.into_bytes()
    };
    // A network link to itself, and styles that name each other.
    let cyclic = kml("<NetworkLink><Link><href>doc.kml</href></Link></NetworkLink>\
         <StyleMap id=\"a\"><Pair><styleUrl>#b</styleUrl></Pair></StyleMap>\
         <StyleMap id=\"b\"><Pair><styleUrl>#a</styleUrl></Pair></StyleMap>\
         <Placemark><styleUrl>#a</styleUrl><Point><coordinates>1.5,42.5</coordinates></Point></Placemark>"
        .to_owned());
    let many = |n: usize, kind: &str, one: &str| {
        let parts = vec![one; n].join(",");
        json_of(&format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{}\"}},\"geometry\":{{\"type\":\"{kind}\",\"coordinates\":[{parts}]}}}}",
            "n".repeat(MIB)
        ))
    };
    let volume =
        "{\"uomDimensions\":\"M\",\"horizontalProjection\":{\"type\":\"Circle\",\"center\":[1.5,42.5],\"radius\":9}}";
    // A table of columns without width beside a shape of empty parts, in an archive.
    let table = {
        let mut dbf = vec![3, 126, 1, 1];
        dbf.extend(1_000_000_u32.to_le_bytes());
        dbf.extend((32_u16 + 2_000 * 32 + 1).to_le_bytes());
        dbf.extend(1_u16.to_le_bytes());
        dbf.extend([0; 20]);
        for n in 0..2_000_u32 {
            let mut field = [0_u8; 32];
            field[..4].copy_from_slice(&n.to_le_bytes().map(|b| 1 + b % 100));
            dbf.extend(field);
        }
        dbf.push(0x0D);
        dbf.extend(vec![b' '; 1_000_000]);
        dbf
    };
    let zeros = || vec![b' '; MIB];
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("400000 positions, as many as are read", positions(399_000)),
        ("two million positions", positions(2_000_000)),
        ("a flat list of numbers", json_of(&"0,".repeat(1_199_000))),
        ("ten million numbers", json_of(&"0,".repeat(10_000_000))),
        ("collections in collections", nested(5_000)),
        ("lists in lists", "[".repeat(1_000_000).into_bytes()),
        ("one text of 31 MiB", json_of(&format!("\"{}\"", "x".repeat(31 * MIB)))),
        ("33 MiB of nothing", vec![b' '; 33 * MIB]),
        (
            "latitude of 400",
            positions(1)
                .iter()
                .map(|b| if *b == b'4' { b'9' } else { *b })
                .collect(),
        ),
        ("cut short", positions(1_000)[..9_000].to_vec()),
        ("KML that links to itself", cyclic),
        ("KML with a billion laughs", entities),
        ("KML, 200000 elements deep", "<a>".repeat(200_000).into_bytes()),
        (
            "KML, 400000 points",
            kml("<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>".repeat(400_000)),
        ),
        (
            "KML, 90000 points",
            kml("<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>".repeat(90_000)),
        ),
        (
            "KML, 300000 points of one placemark",
            kml(format!(
                "<Placemark>{}</Placemark>",
                "<Point><coordinates>1,2</coordinates></Point>".repeat(300_000)
            )),
        ),
        (
            "KML, one line of a million corners",
            kml(format!(
                "<Placemark><LineString><coordinates>{}</coordinates></LineString></Placemark>",
                "1.5,42.5,0 ".repeat(1_000_000)
            )),
        ),
        (
            "KMZ that unfolds to 256 MiB",
            archive("doc.kml", (0..256).map(|_| zeros())),
        ),
        (
            "KMZ with the largest file that is read",
            archive("doc.kml", std::iter::once(kml(" ".repeat(31 * MIB)))),
        ),
        ("shapefile that promises 4 GiB", {
            let mut b = vec![0, 0, 0x27, 0x0a];
            b.extend([0; 20]);
            b.extend([0x7F, 0xFF, 0xFF, 0xFF]);
            b.extend([0xFF; 200]);
            b
        }),
        (
            "a name of a mebibyte for each of 10000 points",
            many(10_000, "MultiPoint", "[1.5,42.5]"),
        ),
        (
            "a name of a mebibyte for each of 5000 areas",
            many(5_000, "MultiPolygon", "[[[1,42],[2,42],[2,43],[1,42]]]"),
        ),
        (
            "ED-269, a mebibyte of words for each of 5000 volumes",
            format!(
                "{{\"features\":[{{\"identifier\":\"A\",\"name\":\"{}\",\"geometry\":[{}]}}]}}",
                "n".repeat(MIB),
                vec![volume; 5_000].join(",")
            )
            .into_bytes(),
        ),
        (
            "KML, a mebibyte of words for each of 100000 points",
            kml(format!(
                "<Placemark><name>{}</name><MultiGeometry>{}</MultiGeometry></Placemark>",
                "n".repeat(MIB),
                "<Point><coordinates>1,2</coordinates></Point>".repeat(100_000)
            )),
        ),
        ("shapefile with a table of 2000 columns of no width", {
            let mut shp = vec![0, 0, 0x27, 0x0a];
            shp.extend([0; 24]);
            shp.extend(1000_u32.to_le_bytes());
            shp.extend([0; 68]);
            let parts = 1_000_000_u32;
            let words = (44 + 4 * parts) / 2;
            shp.extend(1_u32.to_be_bytes().iter().chain(&words.to_be_bytes()));
            shp.extend(5_u32.to_le_bytes());
            shp.extend([0; 32]);
            shp.extend(parts.to_le_bytes().iter().chain(&0_u32.to_le_bytes()));
            shp.extend(vec![0; 4 * parts as usize]);
            two("a.shp", shp, "a.dbf", table)
        }),
        ("OpenAir without end", b"AC R\nAN x\n".repeat(300_000)),
    ];
    let mut most = 0;
    for (what, bytes) in &cases {
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let zones = read_zone_file("hostile.kml", bytes).map(|z| z.zones.len());
        let held = (HEAP.peak_usage().saturating_sub(before) + bytes.len()) / MIB;
        let said = match zones {
            Ok(n) => format!("{n} zones"),
            Err(e) => e.to_string().chars().take(90).collect(),
        };
        println!("{what}: {held} MiB with the file itself; {said}");
        assert!(held < 200, "{what}: {held} MiB");
        HEAP.reset_peak_usage();
        let shapes = read_geojson(bytes).map_or(0, |f| f.len());
        let held = (HEAP.peak_usage().saturating_sub(before) + bytes.len()) / MIB;
        assert!(held < 200, "{what} as shapes ({shapes}): {held} MiB");
        most = most.max(held);
    }
    println!("{} files, at most {most} MiB as shapes", cases.len());
}
