//! Pixel ↔ ground: the two directions agree, the ellipse holds the truth as often as it says, and
//! biases do not average away.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_geo::{Amsl, LatLon, azimuth_deg, distance_m};
use vedette_model::{NoFix, SensorPose, Utc};
use vedette_sight::{
    FixErrors, Ground, GroundFilter, LevelGround, PlatformPose, PoseBuffer, PoseMotion, PoseSigmas, bearing_bias_deg,
    footprint, geolocate, look, project,
};

pub(crate) fn pose(agl_m: f64, pitch_deg: f64, yaw_deg: f64) -> SensorPose {
    SensorPose {
        captured: Utc(0),
        at: LatLon {
            lat_deg: 42.45,
            lon_deg: 1.49,
        },
        amsl: Amsl(1500.0 + agl_m),
        roll_deg: 0.0,
        pitch_deg,
        yaw_deg,
        hfov_deg: 24.0,
        vfov_deg: 19.3,
        sigma_h_m: 2.0,
        sigma_v_m: 3.0,
        sigma_tilt_deg: 0.3,
        sigma_heading_deg: 1.0,
        sigma_time_s: 0.05,
    }
}

pub(crate) const GROUND: LevelGround = LevelGround {
    amsl: Amsl(1500.0),
    sigma_m: 3.0,
};

/// Standard normal by Box-Muller.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let u = (f64::from(rng.next_u32()) + 1.0) / 4_294_967_297.0;
    let v = f64::from(rng.next_u32()) / 4_294_967_296.0;
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

#[test]
fn a_pixel_put_on_the_ground_is_drawn_back_at_itself() {
    for pitch in [-20.0, -45.0, -80.0] {
        for yaw in [0.0, 123.0, 300.0] {
            let mut p = pose(150.0, pitch, yaw);
            p.roll_deg = 4.0;
            for px in [[320.0, 256.0], [10.0, 40.0], [600.0, 500.0]] {
                let fix = geolocate(px, 640, 512, &p, &GROUND).expect("looks down");
                let back = project(fix.at, fix.amsl, &p, 640, 512).expect("in front");
                assert!(
                    (back[0] - px[0]).hypot(back[1] - px[1]) < 0.05,
                    "{px:?} came back as {back:?}"
                );
            }
        }
    }
}

#[test]
fn the_picture_centre_lies_where_plane_geometry_says() {
    let p = pose(150.0, -30.0, 90.0);
    let fix = geolocate([320.0, 256.0], 640, 512, &p, &GROUND).expect("looks down");
    assert!((fix.slant_m - 300.0).abs() < 0.1, "{}", fix.slant_m);
    assert!((distance_m(p.at, fix.at) - 150.0 * 3f64.sqrt()).abs() < 0.1);
    assert!((azimuth_deg(p.at, fix.at) - 90.0).abs() < 0.01);
    // Published rule of thumb: across the line of sight R cos(dep) σψ, along it R σθ / sin(dep).
    let across = fix.half_width95_m(0.0) / 5.991f64.sqrt();
    let along = fix.half_width95_m(90.0) / 5.991f64.sqrt();
    let want_across = (260.0 * 1f64.to_radians()).hypot(2.0);
    let want_along = (300.0 * 0.3f64.to_radians() / 0.5)
        .hypot(2.0)
        .hypot((3f64.powi(2) + 3f64.powi(2)).sqrt() / 30f64.to_radians().tan());
    assert!((across - want_across).abs() < 0.8, "{across} {want_across}");
    assert!((along - want_along).abs() < 0.8, "{along} {want_along}");
}

#[test]
fn sky_and_grazing_rays_give_no_position() {
    let p = pose(150.0, 5.0, 0.0);
    assert_eq!(
        geolocate([320.0, 100.0], 640, 512, &p, &GROUND),
        Err(NoFix::AboveHorizon)
    );
    let p = pose(150.0, -3.0, 0.0);
    assert_eq!(geolocate([320.0, 256.0], 640, 512, &p, &GROUND), Err(NoFix::Grazing));
    let f = footprint(640, 512, &p, &GROUND);
    assert!(f[0].is_none() && f[1].is_none() && f[2].is_some() && f[3].is_some());
    // Behind the camera is nowhere in the picture.
    let behind = LatLon {
        lat_deg: 42.44,
        lon_deg: 1.49,
    };
    assert_eq!(project(behind, Amsl(1500.0), &p, 640, 512), None);
}

/// Truth drawn from the error model: the 95 % ellipse must hold it in 93 to 97 % of runs, for a
/// single look and after a track of many.
#[test]
fn the_ellipse_holds_the_truth_as_often_as_it_says() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let runs = 1500;
    for pitch in [-30.0, -45.0] {
        let (mut single, mut tracked) = (0, 0);
        for _ in 0..runs {
            // The pose the station is told; the true one differs by lasting and fresh errors.
            let lasting: Vec<f64> = (0..6).map(|_| normal(&mut rng)).collect();
            let motion = PoseMotion {
                velocity_enu_m_s: [8.0, 3.0, 0.0],
                rate_rpy_deg_s: [0.0; 3],
            };
            let object = geolocate([300.0, 280.0], 640, 512, &pose(150.0, pitch, 40.0), &GROUND).expect("looks down");
            let true_ground = LevelGround {
                amsl: Amsl(GROUND.amsl.0 + lasting[4] * GROUND.sigma_m),
                sigma_m: 0.0,
            };
            let mut filter: Option<GroundFilter> = None;
            for frame in 0..40i64 {
                let mut told = pose(150.0, pitch, 40.0);
                let t = frame as f64 * 0.1;
                told.captured = Utc(frame * 100_000);
                told.at = vedette_geo::destination(told.at, 69.4, 8.54 * t);
                let mut real = told.clone();
                let e = told.sigma_h_m * lasting[1] + 8.0 * 0.05 * lasting[5];
                let n = told.sigma_h_m * lasting[2] + 3.0 * 0.05 * lasting[5];
                real.at = vedette_geo::destination(told.at, e.atan2(n).to_degrees(), e.hypot(n));
                real.amsl = Amsl(told.amsl.0 + told.sigma_v_m * lasting[3]);
                real.yaw_deg += told.sigma_heading_deg * lasting[0];
                real.pitch_deg += told.sigma_tilt_deg * normal(&mut rng);
                real.roll_deg += told.sigma_tilt_deg * normal(&mut rng);
                let Some(px) = project(object.at, true_ground.amsl, &real, 640, 512) else {
                    continue;
                };
                let px = [px[0] + normal(&mut rng), px[1] + normal(&mut rng)];
                let errors = FixErrors { pixel_px: 1.0, motion };
                let seen = look(px, 640, 512, &told, &GROUND, &errors).expect("looks down");
                if frame == 0 {
                    single += i32::from(holds(&seen.fix, object.at));
                }
                match &mut filter {
                    None => filter = Some(GroundFilter::new(&seen, told.captured, 0.5, 0.05)),
                    Some(f) => {
                        f.predict(told.captured);
                        f.update(&seen);
                    }
                }
            }
            tracked += i32::from(holds(&filter.expect("was seen").fix(), object.at));
        }
        for (name, held) in [("single", single), ("tracked", tracked)] {
            let share = f64::from(held) / f64::from(runs);
            println!("coverage of the 95 % ellipse, {pitch}°, {name}: {:.3}", share);
            assert!((0.93..=0.97).contains(&share), "{name} at {pitch}: {share}");
        }
    }
}

fn holds(fix: &vedette_model::GroundFix, truth: LatLon) -> bool {
    let frame = vedette_geo::LocalFrame::new(fix.at, vedette_geo::Hae(fix.amsl.0));
    let (e, n) = frame.plane(truth);
    let [ee, en, nn] = fix.cov_en_m2;
    let det = ee * nn - en * en;
    (nn * e * e - 2.0 * en * e * n + ee * n * n) / det <= 5.991
}

#[test]
fn many_looks_do_not_shrink_the_ellipse_below_the_bias() {
    let p = pose(150.0, -30.0, 0.0);
    let seen = look([320.0, 256.0], 640, 512, &p, &GROUND, &FixErrors::default()).expect("looks down");
    let mut f = GroundFilter::new(&seen, Utc(0), 1.0, 0.1);
    for i in 1..2000 {
        f.predict(Utc(i * 66_667));
        f.update(&seen);
    }
    let bias_en: f64 = seen.bias_en_m.iter().map(|b| b[0] * b[0]).sum();
    assert!(f.fix().cov_en_m2[0] >= 0.999 * bias_en);
    assert!(f.fix().cov_en_m2[0] <= seen.fix.cov_en_m2[0]);
    // Out of sight it grows.
    let before = f.fix().ellipse95().semi_major_m;
    f.predict(Utc(2000 * 66_667 + 20_000_000));
    assert!(f.fix().ellipse95().semi_major_m > before + 1.0);
}

#[test]
fn platform_and_gimbal_angles_make_the_axis_they_should() {
    let base = PlatformPose {
        captured: Utc(1),
        at: LatLon {
            lat_deg: 42.0,
            lon_deg: 1.5,
        },
        amsl: Amsl(1800.0),
        heading_deg: 350.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        rel_azimuth_deg: 100.0,
        rel_elevation_deg: -35.0,
        rel_roll_deg: 0.0,
        hfov_deg: 24.0,
        vfov_deg: 19.3,
    };
    let level = base.sensor_pose(&PoseSigmas::SMALL_UAS);
    assert!((level.yaw_deg - 90.0).abs() < 1e-9);
    assert!((level.pitch_deg + 35.0).abs() < 1e-9);
    // A camera looking out of the right side drops with right wing down.
    let banked = PlatformPose {
        roll_deg: 10.0,
        rel_azimuth_deg: 90.0,
        rel_elevation_deg: -30.0,
        ..base
    }
    .sensor_pose(&PoseSigmas::SMALL_UAS);
    assert!((banked.pitch_deg + 40.0).abs() < 1e-6, "{banked:?}");
}

#[test]
fn poses_are_interpolated_and_never_made_up() {
    let mut b = PoseBuffer::new(5.0, 1.0);
    for (t, yaw) in [(0, 350.0), (200_000, 10.0), (2_000_000, 30.0)] {
        let mut p = pose(150.0, -30.0, yaw);
        p.captured = Utc(t);
        assert!(b.push(p));
    }
    let mid = b.pose_at(Utc(100_000)).expect("between samples");
    assert!(vedette_geo::diff_deg(mid.yaw_deg, 0.0).abs() < 1e-9);
    assert_eq!(b.pose_at(Utc(-1)), None, "before the first");
    assert_eq!(b.pose_at(Utc(2_000_001)), None, "after the last");
    assert_eq!(b.pose_at(Utc(1_000_000)), None, "gap too long");
    assert!(b.pose_at(Utc(200_000)).is_some());
    let mut bad = pose(150.0, -30.0, 0.0);
    bad.pitch_deg = f64::NAN;
    assert!(!b.push(bad));
}

#[test]
fn a_constant_boresight_error_is_found() {
    let p = pose(300.0, -25.0, 77.0);
    let mut told = p.clone();
    told.yaw_deg -= 1.44;
    let pairs: Vec<_> = [[100.0, 200.0], [320.0, 256.0], [500.0, 400.0]]
        .into_iter()
        .map(|px| {
            let known = geolocate(px, 640, 512, &p, &GROUND).expect("down").at;
            let computed = geolocate(px, 640, 512, &told, &GROUND).expect("down").at;
            (p.at, computed, known)
        })
        .collect();
    let (bias, sigma) = bearing_bias_deg(&pairs).expect("three pairs");
    assert!((bias - 1.44).abs() < 0.01 && sigma < 0.01, "{bias} {sigma}");
}

#[test]
fn level_ground_knows_the_earth_is_round() {
    let from = LatLon {
        lat_deg: 42.0,
        lon_deg: 1.0,
    };
    // The horizon of a 100 m mast is 35.7 km away; a ray 0.2° down still meets the sea, one
    // 0.05° down does not.
    let d = |deg: f64| vedette_geo::Vec3::new(deg.to_radians().cos(), 0.0, deg.to_radians().sin());
    let sea = LevelGround {
        amsl: Amsl(0.0),
        sigma_m: 0.5,
    };
    assert!(sea.cast(from, Amsl(100.0), d(0.5), 20_000.0).is_ok());
    assert!(sea.cast(from, Amsl(100.0), d(0.05), 200_000.0).is_err());
}
