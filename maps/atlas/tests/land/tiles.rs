//! Map pictures in MBTiles and PMTiles, alone and in a pack.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use vedette_atlas::{MbTiles, Pack, TileKind, build_pmtiles, load, tile_at};

use crate::{folder, p};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n picture";

/// An MBTiles file of zooms 8 to 10 around a place, as `mb-util` and `tippecanoe` write them: `tiles` is a view over images.
pub(crate) fn mbtiles(view: bool, wal: bool) -> Vec<u8> {
    let mut c = Connection::open_in_memory().unwrap();
    c.execute_batch("CREATE TABLE metadata (name text, value text);")
        .unwrap();
    for (k, v) in [
        ("name", "valley"),
        ("format", "png"),
        ("bounds", "1.0,42.0,2.0,43.0"),
        ("attribution", "© someone"),
    ] {
        c.execute("INSERT INTO metadata VALUES (?1, ?2)", (k, v)).unwrap();
    }
    if view {
        c.execute_batch(
            "CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id TEXT);
             CREATE TABLE images (tile_data BLOB, tile_id TEXT);
             CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images USING (tile_id);",
        )
        .unwrap();
    } else {
        c.execute_batch(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);",
        )
        .unwrap();
    }
    for z in 8..=10_u8 {
        let (x, y, _) = tile_at(z, p(42.5, 1.5));
        let row = (1_u32 << z) - 1 - y;
        let mut picture = PNG.to_vec();
        picture.push(z);
        if view {
            c.execute("INSERT INTO map VALUES (?1, ?2, ?3, ?4)", (z, x, row, format!("i{z}")))
                .unwrap();
            c.execute("INSERT INTO images VALUES (?1, ?2)", (picture, format!("i{z}")))
                .unwrap();
        } else {
            c.execute("INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)", (z, x, row, picture))
                .unwrap();
        }
    }
    let mut bytes = c.serialize("main").unwrap().to_vec();
    if wal {
        (bytes[18], bytes[19]) = (2, 2);
    }
    bytes
}

fn holds(name: &str, tile: impl Fn(u8, u32, u32) -> Option<Vec<u8>>) {
    for z in 8..=10 {
        let (x, y, _) = tile_at(z, p(42.5, 1.5));
        assert_eq!(tile(z, x, y).unwrap().last(), Some(&z), "{name}");
        assert_eq!(tile(z, x + 1, y), None, "{name}");
    }
    assert_eq!(tile(3, 9, 0), None, "{name}: off the map");
    assert_eq!(tile(40, 0, 0), None, "{name}");
}

#[test]
fn mbtiles_are_read_from_memory_and_from_disk_with_rows_from_the_north() {
    let dir = folder("mbtiles");
    for (view, wal) in [(false, false), (true, false), (true, true)] {
        let bytes = mbtiles(view, wal);
        let t = MbTiles::read(&bytes).unwrap();
        assert_eq!(
            (t.name.as_str(), t.kind, t.zooms, t.count),
            ("valley", TileKind::Png, (8, 10), 3)
        );
        assert_eq!((t.bounds().south_deg, t.bounds().east_deg), (42.0, 2.0));
        assert_eq!(t.attribution, "© someone");
        holds("memory", |z, x, y| t.tile(z, x, y).unwrap());
        assert!(t.problems().unwrap().is_empty());
        // A path SQLite's own notation of names would trip over.
        let path = dir.join("a b%20?#.mbtiles");
        std::fs::write(&path, &bytes).unwrap();
        let f = load::TileFile::open(&path).unwrap();
        assert_eq!((f.about().format, f.about().zooms), ("MBTiles", (8, 10)));
        holds("disk", |z, x, y| f.tile(z, x, y).unwrap());
        assert_eq!(f.problems().unwrap(), (3, vec![]));
        assert_eq!(
            std::fs::read_dir(&dir).unwrap().count(),
            1,
            "nothing is written beside it"
        );
    }
}

#[test]
fn a_file_that_does_not_say_where_and_what_it_is_is_looked_into() {
    let mut bytes = mbtiles(false, false);
    let mut c = {
        let mut c = Connection::open_in_memory().unwrap();
        c.deserialize_read_exact("main", bytes.as_slice(), bytes.len(), false)
            .unwrap();
        c.execute_batch("DELETE FROM metadata").unwrap();
        c
    };
    bytes = c.serialize("main").unwrap().to_vec();
    let t = MbTiles::read(&bytes).unwrap();
    assert_eq!(t.kind, TileKind::Png);
    assert!(t.bounds().contains(p(42.5, 1.5)) && t.bounds().east_deg - t.bounds().west_deg < 1.5);
}

#[test]
fn mbtiles_of_a_stranger_can_neither_run_for_ever_nor_write() {
    let with = |sql: &str| {
        let mut c = Connection::open_in_memory().unwrap();
        c.execute_batch(sql).unwrap();
        c.serialize("main").unwrap().to_vec()
    };
    let endless = with(
        "CREATE TABLE metadata (name, value); CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
         SELECT i AS zoom_level, 0 AS tile_column, 0 AS tile_row, x'00' AS tile_data FROM n;",
    );
    assert!(MbTiles::read(&endless).is_err());
    let huge = with(
        "CREATE TABLE metadata (name, value); CREATE VIEW tiles AS SELECT 1 AS zoom_level, 0 AS tile_column, 0 AS tile_row,
         zeroblob(900000000) AS tile_data;",
    );
    assert!(MbTiles::read(&huge).is_err_and(|e| e.to_string().contains("big")));
    for (sql, word) in [
        ("CREATE TABLE a (b)", "tiles"),
        (
            "CREATE TABLE metadata (name, value); CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)",
            "no pictures",
        ),
        (
            "CREATE TABLE metadata (name, value); CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);
             INSERT INTO tiles VALUES (77, 0, 0, x'00')",
            "zoom 77",
        ),
    ] {
        let e = MbTiles::read(&with(sql)).err().unwrap().to_string();
        assert!(e.contains(word), "{e}");
    }
    assert!(MbTiles::read(b"SQLite format 3\0").is_err() && MbTiles::read(b"hello").is_err());
}

#[test]
fn both_kinds_go_into_a_pack_and_what_does_not_reach_is_said() {
    let dir = folder("tile-pack");
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra");
    let (mb, pm) = (dir.join("valley.mbtiles"), dir.join("valley.pmtiles"));
    std::fs::write(&mb, mbtiles(true, false)).unwrap();
    let mut tiles = BTreeMap::new();
    for x in 0..4 {
        for y in 0..4 {
            tiles.insert((2_u8, x, y), PNG.to_vec());
        }
    }
    std::fs::write(
        &pm,
        build_pmtiles(
            TileKind::Png,
            &tiles,
            "<a href=\"https://example.org\">&copy; somebody</a> else",
        )
        .unwrap(),
    )
    .unwrap();
    let made = "2026-01-01T00:00:00Z";
    let packed = load::pack(&site, None, &[mb.clone(), pm.clone()], made).unwrap();
    let pack = Pack::open("a", &packed).unwrap();
    assert!(pack.problems().is_empty());
    let what: Vec<(&str, &str)> = pack
        .manifest
        .files
        .iter()
        .filter(|f| f.what == "tiles")
        .map(|f| (f.path.as_str(), f.source.as_str()))
        .collect();
    assert_eq!(
        what,
        [
            ("tiles/valley.mbtiles", "© someone"),
            ("tiles/valley.pmtiles", "© somebody else")
        ]
    );
    assert!(
        !pack.manifest.missing.iter().any(|m| m.contains("pictures")),
        "{:?}",
        pack.manifest.missing
    );
    // Unpacked they are the same files.
    std::fs::write(dir.join("a.vpack"), &packed).unwrap();
    load::unpack(&dir.join("a.vpack"), &dir.join("out")).unwrap();
    let f = load::TileFile::open(&dir.join("out/tiles/valley.mbtiles")).unwrap();
    holds("unpacked", |z, x, y| f.tile(z, x, y).unwrap());
    // And a station that opens the unpacked site finds them, while the site's name stays what it was.
    let opened = load::site(&dir.join("out/site"), None, 7).unwrap();
    let found: Vec<_> = opened.chart.pictures.iter().filter_map(|p| p.file_name()).collect();
    assert_eq!(found, ["valley.mbtiles", "valley.pmtiles"]);
    assert_eq!(opened.site_hash(), load::site(&site, None, 7).unwrap().site_hash());
    assert_eq!(load::TileFile::open(&pm).unwrap().problems().unwrap(), (16, vec![]));
    // Pictures of another land, and a file that is none.
    let far = dir.join("far.mbtiles");
    let mut c = Connection::open_in_memory().unwrap();
    c.execute_batch(
        "CREATE TABLE metadata (name, value); INSERT INTO metadata VALUES ('bounds', '20,50,21,51');
         CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data); INSERT INTO tiles VALUES (1, 1, 1, x'00');",
    )
    .unwrap();
    std::fs::write(&far, c.serialize("main").unwrap().to_vec()).unwrap();
    let packed = load::pack(&site, None, &[far], made).unwrap();
    let pack = Pack::open("a", &packed).unwrap();
    assert!(
        pack.manifest
            .missing
            .iter()
            .any(|m| m.contains("pictures of all of the area")),
        "{:?}",
        pack.manifest.missing
    );
    let none = dir.join("none.pmtiles");
    std::fs::write(&none, b"no tiles").unwrap();
    let e = load::pack(&site, None, &[none], made).unwrap_err().to_string();
    assert!(e.contains("none.pmtiles"), "{e}");
    // Cut short: the directory still points where nothing is.
    let whole = std::fs::read(&pm).unwrap();
    std::fs::write(&pm, &whole[..whole.len() - 4]).unwrap();
    assert!(!load::TileFile::open(&pm).unwrap().problems().unwrap().1.is_empty());
}

#[test]
fn one_changed_byte_anywhere_in_a_pack_is_found_and_its_file_named() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/andorra");
    let packed = load::pack(&site, None, &[], "2026-01-01T00:00:00Z").unwrap();
    let whole = Pack::open("a", &packed).unwrap();
    assert!(whole.problems().is_empty());
    let (mut named, mut refused) = (0, 0);
    for at in (0..packed.len()).step_by(97) {
        let mut bytes = packed.clone();
        bytes[at] ^= 0x10;
        match Pack::open("a", &bytes) {
            Err(_) => refused += 1,
            Ok(p) => {
                let found = p.problems();
                let same = p.manifest == whole.manifest;
                let files = &p.manifest.files;
                named += usize::from(found.iter().any(|f| files.iter().any(|e| f.contains(&e.path))));
                // What no hash covers (a time stamp, an attribute) changes no file.
                assert!(
                    !found.is_empty() || (same && files.iter().all(|f| p.file(&f.path).is_ok())),
                    "byte {at} changed unseen"
                );
            }
        }
    }
    eprintln!("{named} changes named with their file, {refused} packs refused");
    assert!(named > 50);
}
