//! Clock arithmetic and ellipses as a reader of the record meets them.
use vedette_geo::{Amsl, LatLon};
use vedette_model::*;

#[test]
fn utc_reads_as_a_calendar_and_back() {
    let t = Utc::from_civil(2026, 11, 14, 2, 47, 18).plus_us(960_000);
    assert_eq!(t.to_string(), "2026-11-14T02:47:18.960000Z");
    assert_eq!(t.clock_centi(), "02:47:18.96");
    assert_eq!(Utc(0).to_string(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(Utc::from_civil(2024, 2, 29, 23, 59, 59).plus_us(1_000_000).civil().1, 3);
}

#[test]
fn an_ellipse_points_along_its_long_axis() {
    let fix = |cov| GroundFix {
        at: LatLon {
            lat_deg: 42.5,
            lon_deg: 1.5,
        },
        amsl: Amsl(2000.0),
        cov_en_m2: cov,
        slant_m: 600.0,
    };
    let north = fix([1.0, 0.0, 100.0]).ellipse95();
    assert!((north.azimuth_deg - 0.0).abs() < 1e-9 || (north.azimuth_deg - 180.0).abs() < 1e-9);
    assert!((north.semi_major_m - 24.476).abs() < 0.01 && (north.semi_minor_m - 2.4476).abs() < 0.01);
    let ne = fix([50.0, 40.0, 50.0]).ellipse95();
    assert!((ne.azimuth_deg - 45.0).abs() < 1e-9);
    assert!((fix([1.0, 0.0, 100.0]).half_width95_m(0.0) - north.semi_major_m).abs() < 1e-9);
}

#[test]
fn lost_answers_are_never_repeated_in_the_dangerous_direction() {
    assert_eq!(Order::StartMission.retry(), Retry::Once);
    assert_eq!(Order::Return.retry(), Retry::UntilAck);
}
