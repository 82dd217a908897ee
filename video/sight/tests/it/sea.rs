//! A small boat on a restless sea: followed; sky, glitter and waves are not.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_geo::{Amsl, LatLon};
use vedette_model::{CameraId, Pts, SensorPose, Spectrum, TargetClass, Utc, VehicleId};
use vedette_sight::{
    Analyst, AnalystConfig, Charted, GrayFrame, LevelGround, SeaPolicy, SightPolicy, Surroundings, TrackIds,
};

use super::synthetic::Texture;

const W: usize = 640;
const H: usize = 512;
const HZ: f64 = 8.0;
const SEA: LevelGround = LevelGround {
    amsl: Amsl(0.0),
    sigma_m: 1.0,
};

/// 150 m over the water, the horizon in the upper fifth of the picture.
fn pose(t_s: f64) -> SensorPose {
    SensorPose {
        captured: Utc((t_s * 1e6) as i64),
        at: LatLon {
            lat_deg: 42.3,
            lon_deg: 3.3,
        },
        amsl: Amsl(150.0),
        roll_deg: 0.0,
        pitch_deg: -6.0,
        yaw_deg: 90.0,
        hfov_deg: 24.0,
        vfov_deg: 19.3,
        sigma_h_m: 2.0,
        sigma_v_m: 3.0,
        sigma_tilt_deg: 0.1,
        sigma_heading_deg: 0.5,
        sigma_time_s: 0.02,
    }
}

fn boat_at(t_s: f64) -> [f64; 2] {
    [180.0 + 2.5 * t_s, 300.0]
}

/// A texture's values by whole places, for speed.
struct Waves(Vec<f32>);

impl Waves {
    const SIDE: usize = 512;
    fn new(seed: u64) -> Self {
        let texture = Texture::new(seed);
        let place = |k: usize| [(k % Self::SIDE) as f64, (k / Self::SIDE) as f64];
        Self((0..Self::SIDE * Self::SIDE).map(|k| texture.at(place(k))).collect())
    }
    fn at(&self, [x, y]: [f64; 2]) -> f32 {
        let whole = |v: f64| (v as i64).rem_euclid(Self::SIDE as i64) as usize;
        self.0[whole(y) * Self::SIDE + whole(x)]
    }
}

/// Sky with small bright clouds, waves that come and go, a patch of glitter, and the boat.
fn frame(texture: &Waves, t_s: f64, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let boat = boat_at(t_s);
    let mut out = vec![0u8; W * H];
    for y in 0..H {
        for x in 0..W {
            let (fx, fy) = (x as f64, y as f64);
            let mut v = if y < 100 {
                let cloud = texture.at([4.0 * fx, 9.0 * fy]) - 100.0;
                150.0 + if cloud > 22.0 { 40.0 } else { 0.0 }
            } else {
                // Two trains of waves that run through each other.
                let a = texture.at([5.0 * fx + 90.0 * t_s, 14.0 * fy]);
                let b = texture.at([6.0 * fx - 70.0 * t_s, 15.0 * fy + 500.0 + 40.0 * t_s]);
                70.0 + 0.22 * (a + b - 200.0)
            };
            let noise = (rng.next_u32() % 7) as f32 - 3.0;
            if (400..600).contains(&x) && (240..460).contains(&y) && rng.next_u32().is_multiple_of(40) {
                v = 252.0;
            }
            let d = ((fx + 0.5 - boat[0]).abs() - 4.5).max((fy + 0.5 - boat[1]).abs() - 2.0);
            v += 70.0 * (0.5 - d as f32).clamp(0.0, 1.0);
            out[y * W + x] = (v + noise).clamp(0.0, 255.0) as u8;
        }
    }
    out
}

/// The chart that says there is water.
fn charted() -> Surroundings {
    let at = |lat_deg, lon_deg| LatLon { lat_deg, lon_deg };
    Surroundings {
        waters: vec![vec![vec![at(42.2, 3.2), at(42.2, 3.6), at(42.4, 3.6), at(42.4, 3.2)]]],
        landings: Vec::new(),
    }
}

/// Share of the frames after three seconds in which the boat is followed, other tracks ever seen, and
/// what the boat is called at the end.
fn watch(sea: Option<SeaPolicy>, around: &Surroundings) -> (f64, usize, TargetClass) {
    let ground = Charted { ground: &SEA, around };
    let texture = Waves::new(31);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut analyst = Analyst::new(AnalystConfig {
        camera: CameraId(11),
        vehicle: VehicleId(1),
        spectrum: Spectrum::Thermal,
        policy: SightPolicy {
            sea,
            ..SightPolicy::default()
        },
        ids: TrackIds::of_camera(0, 1),
    });
    let mut others = std::collections::BTreeSet::new();
    let (mut held, mut after) = (0, 0);
    let mut called = TargetClass::Unknown;
    for i in 0..40 {
        let t = f64::from(i) / HZ;
        let data = frame(&texture, t, &mut rng);
        let p = pose(t);
        let picture = GrayFrame::new(W, H, &data).expect("a frame");
        let seen = analyst.analyse(&picture, p.captured, Pts(i64::from(i)), Some(&p), &ground);
        let boat = boat_at(t);
        let mut on_it = false;
        for k in seen.tracks.iter().filter(|k| k.seen) {
            let at = [
                f64::from(k.image.x + k.image.w / 2.0),
                f64::from(k.image.y + k.image.h / 2.0),
            ];
            if (at[0] - boat[0]).hypot(at[1] - boat[1]) < 10.0 {
                on_it = true;
                called = k.class;
            } else {
                others.insert(k.id);
            }
        }
        if t >= 3.0 {
            after += 1;
            held += i32::from(on_it);
        }
    }
    (f64::from(held) / f64::from(after), others.len(), called)
}

#[test]
fn a_boat_is_followed_and_waves_glitter_and_clouds_are_not() {
    let nothing = Surroundings::default();
    let (plain_held, plain_others, _) = watch(None, &nothing);
    let (held, others, _) = watch(Some(SeaPolicy::default()), &nothing);
    println!("land mode: boat {plain_held:.2}, {plain_others} others; sea mode: boat {held:.2}, {others} others");
    assert!(held >= 0.8, "boat held {held}");
    assert!(others <= 1, "{others} others");
    assert!(
        plain_others > 5 * others.max(1),
        "sea mode earns its name: {plain_others}"
    );
}

#[test]
fn over_charted_water_the_sea_is_looked_at_as_one_and_a_boat_is_called_a_boat() {
    let (held, others, called) = watch(None, &charted());
    assert!(held >= 0.8, "boat held {held}");
    assert!(others <= 1, "{others} others");
    assert_eq!(called, TargetClass::Boat);
}
