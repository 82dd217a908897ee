//! Driving in the dark without lights, and movements that follow the patrol.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_atlas::Border;
use vedette_geo::{Amsl, LatLon, destination};
use vedette_model::{CameraId, GroundFix, GroundTrack, ImageBox, Pts, TargetClass, TrackId, Utc, VehicleId};
use vedette_sight::{GrayFrame, LightsOut, LightsOutPolicy, PatrolTiming, PatrolTimingPolicy, light_at};

fn border() -> Border {
    let a = LatLon {
        lat_deg: 42.45,
        lon_deg: 1.48,
    };
    Border::new("TEST", vec![a, destination(a, 90.0, 4000.0)], false).expect("a line")
}

fn car(t_s: f64, m_s: f64) -> GroundTrack {
    GroundTrack {
        id: TrackId(9),
        camera: CameraId(11),
        captured: Utc((t_s * 1e6) as i64 + 1),
        pts: Pts(0),
        image: ImageBox {
            x: 300.0,
            y: 200.0,
            w: 14.0,
            h: 10.0,
        },
        class: TargetClass::Vehicle,
        score: 0.9,
        looks: 40,
        fix: Ok(GroundFix {
            at: destination(border().at(500.0 + m_s * t_s), 0.0, 120.0),
            amsl: Amsl(1500.0),
            cov_en_m2: [16.0, 0.0, 16.0],
            slant_m: 400.0,
        }),
        velocity_en_m_s: [m_s, 0.0],
        seen: true,
    }
}

fn drive(m_s: f64, sun_deg: f64, lit: impl Fn(i32) -> Option<bool>) -> Vec<String> {
    let (mut l, policy) = (LightsOut::default(), LightsOutPolicy::default());
    (0..60)
        .filter_map(|i| {
            let t = f64::from(i) * 0.5;
            l.look(&car(t, m_s), lit(i), sun_deg, VehicleId(1), &policy, &border())
        })
        .map(|d| d.why)
        .collect()
}

#[test]
fn a_car_without_lights_is_told_once_and_only_when_that_can_be_known() {
    let said = drive(6.0, -14.0, |_| Some(false));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("driven at 6 m/s") && said[0].contains("120 m outside the line"),
        "{}",
        said[0]
    );
    assert!(drive(6.0, 20.0, |_| Some(false)).is_empty(), "by day");
    assert!(
        drive(6.0, -14.0, |_| None).is_empty(),
        "the visible camera looked elsewhere"
    );
    assert!(drive(6.0, -14.0, |i| Some(i == 1)).is_empty(), "one lit look");
    assert!(drive(0.0, -14.0, |_| Some(false)).is_empty(), "parked");
}

#[test]
fn light_is_a_bright_spot_that_the_dark_around_does_not_explain() {
    let mut data = vec![12u8; 640 * 480];
    let look = |data: &[u8]| light_at(&GrayFrame::new(640, 480, data).expect("a frame"), [300.0, 200.0], 10.0);
    assert_eq!(look(&data), Some(false));
    for y in 198..201 {
        for x in 303..306 {
            data[y * 640 + x] = 255;
        }
    }
    assert_eq!(look(&data), Some(true));
    // Everything bright: dusk, or a lit street. Not to be told.
    assert_eq!(look(&vec![180u8; 640 * 480]), None);
    let frame = GrayFrame::new(640, 480, &data).expect("a frame");
    assert_eq!(light_at(&frame, [900.0, 200.0], 10.0), None, "outside the picture");
}

/// Two days of passes every ten minutes (more or less) and movements placed by `share` of the
/// interval after a pass.
fn watch(seed: u64, share: impl Fn(&mut ChaCha8Rng) -> f64, movements: usize) -> Vec<String> {
    let (mut p, policy) = (PatrolTiming::default(), PatrolTimingPolicy::default());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let unit = |rng: &mut ChaCha8Rng| f64::from(rng.next_u32()) / 4_294_967_296.0;
    let mut t = 0.0;
    let mut passes = Vec::new();
    for _ in 0..100 {
        passes.push(t);
        t += 450.0 + 300.0 * unit(&mut rng);
    }
    let mut said = Vec::new();
    for (i, w) in passes.windows(2).enumerate() {
        p.passed(1200.0, Utc((w[0] * 1e6) as i64), &policy);
        if i % (100 / movements) == 3 {
            let at = w[0] + share(&mut rng) * (w[1] - w[0]);
            p.moved(1310.0, Utc((at * 1e6) as i64), &policy);
        }
        said.extend(p.judge(Utc((w[1] * 1e6) as i64 + 1), &policy, &border()));
    }
    said.into_iter().map(|d| d.why).collect()
}

#[test]
fn movements_right_after_each_pass_are_told_and_chance_ones_hardly_ever() {
    let said = watch(1, |r| 0.02 + 0.1 * f64::from(r.next_u32()) / 4_294_967_296.0, 10);
    assert!(!said.is_empty());
    assert!(
        said[0].starts_with("4 of 4 movements between km 1.0 and km 1.5"),
        "{}",
        said[0]
    );
    let by_chance: usize = (0..200)
        .map(|seed| watch(seed, |r| f64::from(r.next_u32()) / 4_294_967_296.0, 10))
        .filter(|s| !s.is_empty())
        .count();
    println!("told by chance in {by_chance} of 200 two-thirds of a day");
    assert!(by_chance <= 6, "{by_chance} of 200");
}
