//! Heights over ellipsoid and sea without any file.

use sha2::{Digest, Sha256};
use vedette_atlas::{Bounds, GeoidGrid, load};
use vedette_geo::{Amsl, LatLon};

use crate::{folder, p};

#[test]
fn the_shipped_grid_is_ngas_file_posting_by_posting() {
    let g = GeoidGrid::egm96();
    let mut h = Sha256::new();
    for r in 0..721 {
        for c in 0..1440 {
            let at = LatLon {
                lat_deg: 90.0 - 0.25 * f64::from(r),
                lon_deg: 0.25 * f64::from(c),
            };
            h.update(((g.undulation_m(at).unwrap() * 100.0).round() as i16).to_be_bytes());
        }
    }
    let hex: String = h.finalize().iter().map(|b| format!("{b:02x}")).collect();
    // SHA-256 of WW15MGH.DAC (2,076,480 bytes).
    assert_eq!(hex, "9dcaf4efd6857aaa2e1e2e2c574d3f5264eacf47024cdcd5291c40ddad5e5acc");
}

#[test]
fn shipped_undulations_are_those_nga_publishes() {
    // NGA, EGM96 test points (INPUT.DAT with OUTINTPT.DAT, readme of the 15-minute grid). NGA interpolates with splines, this
    // bilinearly: up to 0.06 m apart at these points.
    for (lat, lon, undulation) in [
        (38.628_155_0, 269.779_155_0, -31.628),
        (-14.621_217_0, 305.021_114_0, -2.969),
        (46.874_319_0, 102.448_729_0, -43.575),
        (-23.617_446_0, 133.874_712_0, 15.871),
        (38.625_473_0, 359.999_500_0, 50.066),
        (-0.466_744_0, 0.002_300_0, 17.329),
    ] {
        let at = LatLon {
            lat_deg: lat,
            lon_deg: vedette_geo::norm_deg_180(lon),
        };
        let u = GeoidGrid::egm96().undulation_m(at).unwrap();
        assert!((u - undulation).abs() < 0.06, "{at}: {u} for {undulation}");
    }
    // The poles (NGA: 13.606 and -29.534).
    assert!((GeoidGrid::egm96().undulation_m(p(90.0, 0.0)).unwrap() - 13.606).abs() < 0.01);
    assert!((GeoidGrid::egm96().undulation_m(p(-90.0, 77.0)).unwrap() + 29.534).abs() < 0.01);
}

#[test]
fn one_height_for_an_area_says_how_far_it_may_be_off() {
    let small = Bounds {
        south_deg: 42.4,
        west_deg: 1.4,
        north_deg: 42.7,
        east_deg: 1.8,
    };
    let wide = Bounds {
        south_deg: 36.0,
        west_deg: -9.0,
        north_deg: 44.0,
        east_deg: 3.0,
    };
    let (a, b) = (
        GeoidGrid::egm96().over(small).unwrap(),
        GeoidGrid::egm96().over(wide).unwrap(),
    );
    assert!((51.0..53.5).contains(&a.undulation_m), "{a:?}");
    assert!((1.0..1.6).contains(&a.sigma_m) && b.sigma_m > a.sigma_m, "{a:?} {b:?}");
    let hae = Amsl(1000.0).to_hae(&a);
    assert!((hae.0 - 1000.0 - a.undulation_m).abs() < 1e-9 && (hae.to_amsl(&a).0 - 1000.0).abs() < 1e-9);
}

#[test]
fn a_site_without_a_geoid_has_the_right_one_and_a_finer_grid_is_taken_when_named() {
    let dir = folder("geoid-site");
    std::fs::write(
        dir.join("line.geojson"),
        r#"{"type":"LineString","coordinates":[[2.0,42.4],[2.1,42.45],[2.2,42.4]]}"#,
    )
    .unwrap();
    let site = |more: &str| {
        format!(
            "name = \"a\"\nattribution = \"\"\n{more}\n[border]\nname = \"x\"\nline_file = \"line.geojson\"\nhome = \"h\"\naccuracy_m = 10.0\nedition = \"1\"\nsource = \"s\"\n"
        )
    };
    std::fs::write(dir.join("site.toml"), site("")).unwrap();
    let w = load::site(&dir, None, 1).unwrap();
    let middle = GeoidGrid::egm96().undulation_m(p(42.42, 2.1)).unwrap();
    assert!((w.geoid.undulation_m - middle).abs() < 0.5, "{:?}", w.geoid);
    assert!(w.geoid.source.contains("EGM96"), "{:?}", w.geoid);
    // A grid of one's own: 7 m everywhere, as GTX.
    let mut gtx = Vec::new();
    for v in [-90.0_f64, -180.0, 1.0, 1.0] {
        gtx.extend(v.to_be_bytes());
    }
    gtx.extend(181_u32.to_be_bytes());
    gtx.extend(360_u32.to_be_bytes());
    gtx.extend((0..181 * 360).flat_map(|_| 7.0_f32.to_be_bytes()));
    std::fs::create_dir_all(dir.join("data/geoids")).unwrap();
    std::fs::write(dir.join("data/geoids/own.gtx"), gtx).unwrap();
    std::fs::write(dir.join("site.toml"), site("geoid_file = \"own.gtx\"")).unwrap();
    let w = load::site(&dir, Some(&dir.join("data")), 1).unwrap();
    assert!((w.geoid.undulation_m - 7.0).abs() < 1e-6 && w.geoid.source.contains("own.gtx"));
    let e = load::site(&dir, None, 1).unwrap_err().to_string();
    assert!(e.contains("own.gtx"), "{e}");
}
