//! What a navigator would check: distances, frames, grids.
use proptest::prelude::*;
use vedette_geo::*;

fn ll(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).expect("on earth")
}

#[test]
fn known_geodesic_jfk_to_lhr() {
    // GeographicLib's own example: JFK 40.6 -73.8 to LHR 51.6 -0.5.
    let d = distance_m(ll(40.6, -73.8), ll(51.6, -0.5));
    assert!((d - 5_551_759.400).abs() < 0.01, "{d}");
    assert!((azimuth_deg(ll(40.6, -73.8), ll(51.6, -0.5)) - 51.198_883).abs() < 1e-5);
}

#[test]
fn mgrs_of_known_places() {
    // Eiffel tower and Sydney opera house.
    assert_eq!(mgrs(ll(48.8582, 2.2945)).expect("in UTM"), "31U DQ 48251 11932");
    assert_eq!(&mgrs(ll(-33.857_0, 151.215)).expect("in UTM")[..6], "56H LH");
    assert!(mgrs(ll(85.0, 0.0)).is_err());
}

#[test]
fn a_banked_aircraft_sees_where_its_camera_points() {
    // Heading east, level, camera 30 degrees right of the nose and 45 down: azimuth 120.
    let ned_from_gimbal = Rotation::ned_from_body(0.0, 0.0, 90.0).after(&Rotation::body_from_gimbal(30.0, -45.0, 0.0));
    let los = ned_from_gimbal
        .after(&Rotation::gimbal_from_camera())
        .apply(Vec3::<Camera>::new(0.0, 0.0, 1.0));
    assert!((los.z - 45f64.to_radians().sin()).abs() < 1e-12);
    assert!((los.y.atan2(los.x).to_degrees() - 120.0).abs() < 1e-9);
}

#[test]
fn bad_positions_are_refused() {
    assert!(LatLon::new(f64::NAN, 0.0).is_err());
    assert!(LatLon::new(91.0, 0.0).is_err());
}

proptest! {
    #[test]
    fn local_frame_round_trips(lat in -80.0..80.0f64, lon in -179.9..179.9f64, e in -20e3..20e3f64, n in -20e3..20e3f64, u in -500.0..5000.0f64) {
        let f = LocalFrame::new(ll(lat, lon), Hae(100.0));
        let (p, h) = f.geodetic(Vec3::new(e, n, u));
        let back = f.enu(p, h);
        prop_assert!((back.x - e).abs() < 1e-6 && (back.y - n).abs() < 1e-6 && (back.z - u).abs() < 1e-6);
        let q = f.from_plane(e, n);
        let (e2, n2) = f.plane(q);
        prop_assert!((e2 - e).abs() < 1e-3 && (n2 - n).abs() < 1e-3);
        // Plane distances are geodesic distances to 5 cm at 20 km.
        let d = distance_m(f.origin(), q);
        prop_assert!((d - e.hypot(n)).abs() < 0.6 + d * 2e-5, "{} {}", d, e.hypot(n));
    }

    #[test]
    fn destination_and_inverse_agree(lat in -80.0..80.0f64, lon in -179.0..179.0f64, az in 0.0..360.0f64, d in 1.0..1e6f64) {
        let a = ll(lat, lon);
        let b = destination(a, az, d);
        prop_assert!((distance_m(a, b) - d).abs() < 1e-6);
        prop_assert!(diff_deg(azimuth_deg(a, b), az).abs() < 1e-6);
    }

    #[test]
    fn attitude_round_trips(r in -179.0..179.0f64, p in -89.0..89.0f64, y in 0.0..359.9f64) {
        let (r2, p2, y2) = Rotation::ned_from_body(r, p, y).euler_deg();
        prop_assert!((r - r2).abs() < 1e-9 && (p - p2).abs() < 1e-9 && diff_deg(y, y2).abs() < 1e-9);
    }
}
