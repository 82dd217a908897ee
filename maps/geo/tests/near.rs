//! Geodesics of the simulator beside Karney's.

use proptest::prelude::*;
use vedette_geo::{LatLon, Repeatable, near};

proptest! {
    #[test]
    fn near_geodesics_are_karneys_within_a_tenth_of_a_millimetre(
        lat in -89.0..89.0_f64, lon in -180.0..180.0_f64, az in 0.0..360.0_f64, d in 0.0..1_000_000.0_f64,
    ) {
        let a = LatLon::new(lat, lon).unwrap();
        let b = vedette_geo::destination(a, az, d);
        prop_assert!(vedette_geo::distance_m(near::destination(a, az, d), b) < 1e-4);
        prop_assert!((near::distance_m(a, b) - d).abs() < 1e-4);
        // Both ends of an azimuth's error at the far end stay within a millimetre.
        let off = vedette_geo::diff_deg(near::azimuth_deg(a, b), vedette_geo::azimuth_deg(a, b)).abs();
        prop_assert!(off.to_radians() * d < 1e-3, "{off} at {d}");
        prop_assert!(vedette_geo::distance_m(near::interpolate(a, b, 0.3), vedette_geo::interpolate(a, b, 0.3)) < 1e-3);
    }

    #[test]
    fn repeatable_functions_are_the_systems_to_the_last_digits(x in -50.0..50.0_f64, y in -50.0..50.0_f64) {
        let close = |a: f64, b: f64| (a - b).abs() <= 4.0 * f64::EPSILON * b.abs().max(1e-300) || a == b;
        prop_assert!(close(x.sin_r(), x.sin()) && close(x.cos_r(), x.cos()));
        prop_assert!(close(x.atan2_r(y), x.atan2(y)) && close(x.hypot_r(y), x.hypot(y)));
        prop_assert!(close(x.exp_r(), x.exp()) && close(x.abs().ln_r(), x.abs().ln()));
        prop_assert!(close((x.abs() + 0.01).powf_r(y / 10.0), (x.abs() + 0.01).powf(y / 10.0)));
        prop_assert_eq!(x.sin_cos_r(), (x.sin_r(), x.cos_r()));
    }
}

#[test]
fn points_almost_opposite_and_the_same_have_a_distance() {
    let a = LatLon::new(0.3, 0.2).unwrap();
    let b = LatLon::new(-0.2, -179.9).unwrap();
    assert!((near::distance_m(a, b) - vedette_geo::distance_m(a, b)).abs() < 1e-3);
    assert_eq!(near::distance_m(a, a).to_bits(), 0.0_f64.to_bits());
    let over = near::destination(LatLon::new(10.0, 179.999).unwrap(), 90.0, 1_000.0);
    assert!(over.lon_deg < -179.0, "{over:?}");
}
