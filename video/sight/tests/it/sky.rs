//! A drone over a treeline is followed; trees, printed text and bad pixels are not.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_geo::{Amsl, LatLon, Ned, Vec3, destination};
use vedette_model::{
    CameraId, Contact, ContactHeight, ContactSource, NoFix, Priority, SensorPose, SkyTrack, Utc, VehicleId,
};
use vedette_sight::{GrayFrame, Ground, IntruderPolicy, Intruders, SkyCamera, SkyPolicy, SkyWatch};

use super::geometry::{GROUND, pose};
use super::synthetic::Texture;

const W: usize = 320;
const H: usize = 256;

/// Sky that brightens downwards, a treeline that goes by at `pan` px a frame, text in a corner, a
/// bad pixel; a drone where `drone` says.
fn frames(pan: f64, count: i64, drone: impl Fn(i64) -> Option<([f64; 2], f32)>) -> Vec<Vec<SkyTrack>> {
    frames_over(pan, count, None, drone)
}

/// The same, looked at with a pose over a ground.
fn frames_over(
    pan: f64,
    count: i64,
    over: Option<(&SensorPose, &dyn Ground)>,
    drone: impl Fn(i64) -> Option<([f64; 2], f32)>,
) -> Vec<Vec<SkyTrack>> {
    let texture = Texture::new(7);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut watch = SkyWatch::new(SkyPolicy::default());
    (0..count)
        .map(|i| {
            let mut data = vec![0u8; W * H];
            for y in 0..H {
                for x in 0..W {
                    let far = x as f64 + pan * i as f64;
                    let treeline = 190.0 + 12.0 * (far / 25.0).sin() + 4.0 * (far / 6.0).sin();
                    let mut v = if y as f64 > treeline {
                        60.0 + texture.at([far * 3.0, y as f64 * 3.0])
                    } else {
                        60.0 + y as f32 * 0.25
                    };
                    // Text of strokes, always the same.
                    if (12..24).contains(&y) && x < 120 && (x / 3 + y / 5) % 3 == 0 {
                        v = 250.0;
                    }
                    if (x, y) == (201, 60) || (x, y) == (202, 60) {
                        v = 10.0;
                    }
                    if let Some((at, add)) = drone(i) {
                        let d = ((x as f64 + 0.5 - at[0]).abs() - 3.0).max((y as f64 + 0.5 - at[1]).abs() - 1.5);
                        v += add * (0.5 - d as f32).clamp(0.0, 1.0);
                    }
                    let noise = (rng.next_u32() % 5) as f32 - 2.0;
                    data[y * W + x] = (v + noise).clamp(0.0, 255.0) as u8;
                }
            }
            let frame = GrayFrame::new(W, H, &data).expect("a frame");
            match over {
                Some((pose, ground)) => watch.look_above(&frame, Utc(i * 40_000), pose, ground),
                None => watch.look(&frame, Utc(i * 40_000), None),
            }
        })
        .collect()
}

#[test]
fn a_drone_over_a_treeline_is_followed_warm_or_cold_and_nothing_else_is() {
    for add in [45.0f32, -45.0] {
        let at = |i: i64| [80.0 + 1.5 * i as f64, 120.0 - 0.4 * i as f64];
        let seen = frames(2.0, 60, |i| Some((at(i), add)));
        let (mut held, mut ids, mut false_ids) = (0, Vec::new(), Vec::new());
        for (i, tracks) in seen.iter().enumerate() {
            for t in tracks {
                let c = [
                    f64::from(t.image.x + t.image.w / 2.0),
                    f64::from(t.image.y + t.image.h / 2.0),
                ];
                let want = at(i as i64);
                if (c[0] - want[0]).hypot(c[1] - want[1]) < 5.0 {
                    held += i32::from(t.seen);
                    ids.push(t.id);
                    assert!(t.contrast * add > 0.0);
                } else if t.looks > 12 {
                    false_ids.push((t.id, t.image));
                }
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "one number: {ids:?}");
        assert!(held >= 52, "held in {held} of 60 frames");
        assert!(false_ids.is_empty(), "{false_ids:?}");
    }
}

/// A mountain wall on all sides, two kilometres away, that fills the view up to an elevation.
struct Wall(f64);

impl Ground for Wall {
    fn cast(&self, from: LatLon, amsl: Amsl, toward: Vec3<Ned>, _: f64) -> Result<(LatLon, Amsl), NoFix> {
        let up_deg = (-toward.z).atan2(toward.x.hypot(toward.y)).to_degrees();
        let at = destination(from, toward.y.atan2(toward.x).to_degrees(), 2000.0);
        let hit = (at, Amsl(amsl.0 + 2000.0 * up_deg.to_radians().tan()));
        if up_deg < self.0 {
            Ok(hit)
        } else {
            Err(NoFix::AboveHorizon)
        }
    }
    fn height(&self, _: LatLon) -> Option<Amsl> {
        None
    }
    fn sigma_m(&self) -> f64 {
        1.0
    }
}

#[test]
fn what_flies_before_a_mountain_or_just_above_its_skyline_is_none_of_the_skys() {
    // The picture's middle looks 5 degrees up, the drone's row about 6.5.
    let pose = pose(70.0, 5.0, 0.0);
    let drone = |i: i64| Some(([80.0 + 1.5 * i as f64, 108.0], 45.0));
    let longest = |wall_deg: f64| {
        let seen = frames_over(2.0, 40, Some((&pose, &Wall(wall_deg))), drone);
        seen.iter().flatten().map(|t| t.looks).max().unwrap_or(0)
    };
    assert!(longest(2.0) > 30, "clear sky: followed {} looks", longest(2.0));
    assert_eq!(longest(6.0), 0, "half a degree above the skyline");
    assert_eq!(longest(9.0), 0, "before the mountain");
}

#[test]
fn an_empty_sky_gives_nothing() {
    let seen = frames(2.0, 40, |_| None);
    assert!(
        seen.iter().flatten().all(|t| t.looks <= 12),
        "{:?}",
        seen.iter().flatten().find(|t| t.looks > 12)
    );
}

fn border() -> vedette_atlas::Border {
    let a = LatLon {
        lat_deg: 42.45,
        lon_deg: 1.48,
    };
    vedette_atlas::Border::new("TEST", vec![a, destination(a, 90.0, 4000.0)], false).expect("a line")
}

fn contact(id: &str, source: ContactSource, inside_m: f64) -> Contact {
    Contact {
        source,
        id: id.to_owned(),
        name: None,
        at: destination(border().at(2000.0), 180.0, inside_m),
        height: Some(ContactHeight::Ellipsoid(vedette_geo::Hae(1580.0))),
        course_deg: Some(180.0),
        speed_m_s: Some(12.0),
        climb_m_s: None,
        on_ground: false,
        pilot: Some(destination(border().at(2000.0), 0.0, 900.0)),
    }
}

#[test]
fn a_drone_told_by_radio_is_reported_near_the_line_and_again_when_it_crosses() {
    let (mut i, policy) = (Intruders::default(), IntruderPolicy::default());
    let own = ["OURS".to_owned()].into_iter().collect();
    let mut said = Vec::new();
    for k in 0..60 {
        let inside = -600.0 + 20.0 * f64::from(k);
        let now = Utc(i64::from(k) * 1_000_000 + 1);
        let heard = [
            contact("1581F4", ContactSource::RemoteId, inside),
            contact("OURS", ContactSource::RemoteId, inside),
            Contact {
                on_ground: true,
                ..contact("PARKED", ContactSource::RemoteId, inside)
            },
            Contact {
                speed_m_s: Some(220.0),
                ..contact("4CA1D3", ContactSource::Adsb, inside)
            },
        ];
        said.extend(i.hear(now, &heard, &own, &policy, &border(), &GROUND));
        // The same report once more is no second report.
        said.extend(i.hear(now, &heard, &own, &policy, &border(), &GROUND));
    }
    let short: Vec<_> = said.iter().map(|d| (d.priority, d.title.as_str())).collect();
    assert_eq!(
        short,
        [
            (Priority::P2, "Drone near the line"),
            (Priority::P1, "Drone over the line")
        ],
        "{said:#?}"
    );
    assert!(
        said[0]
            .why
            .contains("580 m outside the line, about 80 m over the ground"),
        "{}",
        said[0].why
    );
    assert!(said[1].why.contains("came over the line"), "{}", said[1].why);
    assert!(
        said.iter()
            .all(|d| d.facts.iter().any(|f| f.value.contains("not proven")))
    );
}

#[test]
fn a_drone_seen_in_the_sky_is_reported_once_with_a_bearing_and_no_place() {
    let mut i = Intruders::default();
    let track = |looks: u32| SkyTrack {
        id: 4,
        image: vedette_model::ImageBox {
            x: 100.0,
            y: 50.0,
            w: 6.0,
            h: 3.0,
        },
        seen: true,
        looks,
        followed_s: f64::from(looks) * 0.1,
        contrast: 40.0,
        score: 0.8,
        azimuth_deg: Some(274.3),
        elevation_deg: Some(3.2),
        rate_deg_s: Some(0.4),
        steady: 1.0,
        flock: false,
        constant_bearing: false,
    };
    let mut said = Vec::new();
    for k in 1..40u32 {
        let now = Utc(i64::from(k) * 100_000);
        said.extend(i.see(
            now,
            &[track(k)],
            &SkyCamera {
                camera: CameraId(11),
                vehicle: VehicleId(1),
                at: Some(border().at(1000.0)),
            },
            &IntruderPolicy::default(),
            &border(),
        ));
    }
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].at.is_none());
    assert!(
        said[0].why.contains("bearing 274° true, 3.2° above the horizon"),
        "{}",
        said[0].why
    );
    assert!(said[0].why.contains("distance is not known"));
    // At the policy's eighth look: 0.8 s.
    assert_eq!(said[0].captured, Utc(800_000));
}
