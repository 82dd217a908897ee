//! Highest ground by blocks, and whether two reliefs are the same.

use proptest::prelude::*;
use vedette_atlas::{Bounds, Terrain, TerrainSource};
use vedette_geo::{LatLon, distance_m};

use crate::{data, p};

/// A tile of seeded hills with a void.
fn hgt(seed: u64, void: Option<(usize, usize)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1201 * 1201 * 2);
    let mut x = seed | 1;
    for r in 0..1201_usize {
        for c in 0..1201_usize {
            x = x
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let h = if void == Some((r, c)) {
                i16::MIN
            } else {
                ((x >> 40) % 3000) as i16
            };
            out.extend(h.to_be_bytes());
        }
    }
    out
}

fn terrain(bytes: &[u8]) -> Terrain {
    let tile = Terrain::from_hgt("N42E001.hgt", bytes).unwrap();
    let source = TerrainSource {
        label: "t".into(),
        edition: "1".into(),
        sigma_m: 1.0,
        synthetic: false,
        spacing_m: 90.0,
    };
    Terrain::new(vec![tile], source)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_highest_ground_of_a_disc_is_below_nothing_in_it(
        seed in any::<u64>(), lat in 42.3..42.7f64, lon in 1.3..1.7f64, radius in 10.0..5_000.0f64,
    ) {
        let t = terrain(&hgt(seed, None));
        let top = t.max_within(p(lat, lon), radius).unwrap().0;
        // No posting inside is higher; some posting within a cell's diagonal beyond the rim has this height.
        let (mut inside, mut around) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        let step = 1.0 / 1200.0;
        let cells = |m: f64| (m / 90.0).ceil() as i64 + 8;
        let (r0, c0) = ((lat / step).round() as i64, (lon / step).round() as i64);
        for dr in -cells(radius)..=cells(radius) {
            for dc in -cells(radius) * 2..=cells(radius) * 2 {
                let at = LatLon { lat_deg: (r0 + dr) as f64 * step, lon_deg: (c0 + dc) as f64 * step };
                let Some(h) = t.elevation(at) else { continue };
                let d = distance_m(at, p(lat, lon));
                if d < radius * 0.998 { inside = inside.max(h.0); }
                if d < radius * 1.002 + 140.0 { around = around.max(h.0); }
            }
        }
        prop_assert!(top >= inside - 1e-6 && top <= around + 1e-6, "{top}: {inside}..{around}");
    }
}

#[test]
fn a_void_in_the_disc_leaves_its_highest_ground_unknown() {
    let t = terrain(&hgt(3, Some((600, 600))));
    let hole = p(43.0 - 600.0 / 1200.0, 1.0 + 600.0 / 1200.0);
    for radius in [50.0, 3000.0, 15_000.0] {
        assert_eq!(t.max_within(hole, radius), None, "{radius}");
        let beside = p(hole.lat_deg + (radius + 300.0) / 111_000.0, hole.lon_deg);
        assert!(t.max_within(beside, radius).is_some(), "{radius}");
    }
}

#[test]
fn real_reliefs_know_their_voids() {
    let Some(d) = data() else { return };
    for (name, at) in [("N42E001", p(42.55, 1.55)), ("S36E149", p(-35.5, 149.5))] {
        let bytes = std::fs::read(d.join(format!("dem/srtm3/{name}.hgt.zip"))).unwrap();
        let tile = Terrain::from_hgt(&format!("{name}.hgt.zip"), &bytes).unwrap();
        eprintln!("{name}: {} voids", tile.voids());
        let t = Terrain::new(
            vec![tile],
            TerrainSource {
                label: name.into(),
                edition: "1".into(),
                sigma_m: 9.7,
                synthetic: false,
                spacing_m: 92.0,
            },
        );
        let point = t.elevation(at).unwrap().0;
        let wide = t.max_within(at, 300.0).unwrap().0;
        assert!(wide >= point);
    }
}

#[test]
fn another_relief_than_the_recorded_one_is_said_aloud() {
    let measured = terrain(&hgt(1, None));
    let b = Bounds {
        south_deg: 42.4,
        west_deg: 1.4,
        north_deg: 42.6,
        east_deg: 1.6,
    };
    let invented = Terrain::synthetic(7, b);
    assert_eq!(measured.source().differs("t", false), None);
    let said = invented.source().differs("SRTM 3″ N42E001", false).unwrap();
    assert!(
        said.contains("SRTM 3″ N42E001") && said.contains("synthetic relief, seed 7") && said.contains("VEDETTE_DATA"),
        "{said}"
    );
    let said = measured.source().differs("SRTM 1″ N42E001", false).unwrap();
    assert!(said.contains("SRTM 1″") && !said.contains("VEDETTE_DATA"), "{said}");
    assert!(measured.source().differs("synthetic relief, seed 7", true).is_some());
}

/// A Cloud-Optimised GeoTIFF as Copernicus GLO-30 is published: tiles of 16 by 16 floats, predictor 3, deflate, and a smaller picture
/// after the full one. 40 by 24 heights, a tenth of a degree apart, first pixel's corner at 50 N 7 E.
fn cog(height: impl Fn(usize, usize) -> f32) -> Vec<u8> {
    use std::io::Write;
    const SIDE: usize = 16;
    // Predictor 3 (Adobe technical note 3): the bytes of a row by significance, then each less the one before.
    let tile = |r0: usize, c0: usize| {
        let mut out = Vec::new();
        for r in r0..r0 + SIDE {
            let row: Vec<[u8; 4]> = (c0..c0 + SIDE).map(|c| height(r, c).to_be_bytes()).collect();
            let mut planes: Vec<u8> = (0..4).flat_map(|k| row.iter().map(move |b| b[k])).collect();
            for i in (1..planes.len()).rev() {
                planes[i] = planes[i].wrapping_sub(planes[i - 1]);
            }
            out.extend(planes);
        }
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        z.write_all(&out).unwrap();
        z.finish().unwrap()
    };
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let picture = |file: &mut Vec<u8>, cols: usize, rows: usize| {
        let mut tiles = Vec::new();
        for r in (0..rows).step_by(SIDE) {
            for c in (0..cols).step_by(SIDE) {
                tiles.push((file.len() as u32, {
                    let t = tile(r, c);
                    file.extend(&t);
                    t.len() as u32
                }));
            }
        }
        let long = |v: u32| v.to_le_bytes().to_vec();
        let short = |v: &[u16]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let real = |v: &[f64]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let list = |pick: fn(&(u32, u32)) -> u32| tiles.iter().flat_map(|t| pick(t).to_le_bytes()).collect::<Vec<u8>>();
        let n = tiles.len() as u32;
        // Tag, type (2 text, 3 short, 4 long, 12 double), count, value.
        let tags: Vec<(u16, u16, u32, Vec<u8>)> = vec![
            (256, 4, 1, long(cols as u32)),
            (257, 4, 1, long(rows as u32)),
            (258, 3, 1, short(&[32])),
            (259, 3, 1, short(&[8])),
            (262, 3, 1, short(&[1])),
            (277, 3, 1, short(&[1])),
            (317, 3, 1, short(&[3])),
            (322, 4, 1, long(SIDE as u32)),
            (323, 4, 1, long(SIDE as u32)),
            (324, 4, n, list(|t| t.0)),
            (325, 4, n, list(|t| t.1)),
            (339, 3, 1, short(&[3])),
            (33_550, 12, 3, real(&[0.1, 0.1, 0.0])),
            (33_922, 12, 6, real(&[0.0, 0.0, 0.0, 7.0, 50.0, 0.0])),
            (
                34_735,
                3,
                16,
                short(&[1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326]),
            ),
            (42_113, 2, 7, b"-32767\0".to_vec()),
        ];
        let placed: Vec<(u16, u16, u32, Vec<u8>)> = tags
            .into_iter()
            .map(|(tag, kind, count, mut v)| {
                if v.len() > 4 {
                    let at = file.len() as u32;
                    file.extend(&v);
                    v = at.to_le_bytes().to_vec();
                }
                v.resize(4, 0);
                (tag, kind, count, v)
            })
            .collect();
        let at = file.len() as u32;
        file.extend((placed.len() as u16).to_le_bytes());
        for (tag, kind, count, v) in placed {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(v);
        }
        file.extend(0_u32.to_le_bytes());
        at
    };
    let full = picture(&mut file, 40, 24);
    let next = file.len() - 4;
    let small = picture(&mut file, 20, 12);
    file[4..8].copy_from_slice(&full.to_le_bytes());
    file[next..next + 4].copy_from_slice(&small.to_le_bytes());
    file
}

#[test]
fn a_cloud_optimised_geotiff_in_tiles_of_floats_is_read_at_full_size() {
    let height = |r: usize, c: usize| {
        if (r, c) == (5, 20) {
            -32_767.0
        } else {
            1000.25 + r as f32 * 10.0 + c as f32 * 0.5
        }
    };
    let tile = vedette_atlas::read_geotiff("glo30.tif", &cog(height)).unwrap();
    assert_eq!(tile.voids(), 1);
    let b = tile.bounds();
    assert!(
        (b.north_deg - 49.95).abs() < 1e-9 && (b.east_deg - 10.95).abs() < 1e-9,
        "{b:?}"
    );
    let t = Terrain::new(
        vec![tile],
        TerrainSource {
            label: "c".into(),
            edition: "1".into(),
            sigma_m: 2.4,
            synthetic: false,
            spacing_m: 11_000.0,
        },
    );
    // In every tile of the file, at the middle of a pixel and between two.
    for (r, c) in [(0, 0), (15, 15), (16, 17), (23, 39), (3, 33)] {
        let at = p(49.95 - 0.1 * r as f64, 7.05 + 0.1 * c as f64);
        let h = t.elevation(at).unwrap().0;
        assert!((h - f64::from(height(r, c))).abs() < 1e-3, "{r} {c}: {h}");
    }
    let between = t.elevation(p(49.90, 7.10)).unwrap().0;
    assert!((between - 1005.5).abs() < 1e-3, "{between}");
    assert_eq!(t.elevation(p(49.95 - 0.5, 7.05 + 2.0)), None);
}

#[test]
fn dted_of_both_ways_to_write_negative_heights_is_read() {
    // MIL-PRF-89020B writes sign and magnitude; some producers write two's complement. -32767 is unknown in both.
    let mut out = b"UHL10070000E0420000N36003600NA  U           ".to_vec();
    out.extend(b"   000200040");
    out.resize(80 + 648 + 2700, b' ');
    let raw: [[u16; 4]; 2] = [[0x8005, 0xFFFB, 0xFFFF, 100], [0x8001, (-430_i16) as u16, 0x81AE, 0]];
    for (c, column) in raw.iter().enumerate() {
        let mut r = vec![0xAA, 0, 0, c as u8, 0, c as u8, 0, 0];
        r.extend(column.iter().flat_map(|v| v.to_be_bytes()));
        let sum: u32 = r.iter().map(|b| u32::from(*b)).sum();
        r.extend(sum.to_be_bytes());
        out.extend(r);
    }
    let tile = vedette_atlas::read_dted("n42e007.dt0", &out).unwrap();
    assert_eq!(tile.voids(), 1);
    let t = Terrain::new(
        vec![tile],
        TerrainSource {
            label: "d".into(),
            edition: "1".into(),
            sigma_m: 18.0,
            synthetic: false,
            spacing_m: 11_000.0,
        },
    );
    let h = |row: f64, col: f64| t.elevation(p(42.0 + 0.1 * row, 7.0 + 0.1 * col)).map(|h| h.0);
    let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-6);
    assert!(near(h(0.0, 0.0), -5.0) && near(h(0.5, 0.0), -5.0), "{:?}", h(0.5, 0.0));
    assert!(
        near(h(0.0, 1.0), -1.0) && near(h(0.5, 1.0), -215.5),
        "{:?}",
        h(0.5, 1.0)
    );
    assert_eq!(h(2.0, 0.0), None);
}
