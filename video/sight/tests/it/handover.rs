//! A track handed from one aircraft to the other: the right one, or nobody.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use vedette_geo::{Amsl, Hae, LatLon, LocalFrame};
use vedette_model::{CameraId, GroundFix, GroundTrack, ImageBox, Pts, TargetClass, TrackId, Utc};
use vedette_sight::{HandoverPolicy, hand_over};

use super::geometry::normal;

const HERE: LatLon = LatLon {
    lat_deg: 42.45,
    lon_deg: 1.49,
};

fn track(id: u32, camera: u16, t_s: f64, en: [f64; 2], velocity: [f64; 2], sigma_m: [f64; 2]) -> GroundTrack {
    GroundTrack {
        id: TrackId(id),
        camera: CameraId(camera.into()),
        captured: Utc((t_s * 1e6) as i64),
        pts: Pts(0),
        image: ImageBox {
            x: 300.0,
            y: 200.0,
            w: 4.0,
            h: 10.0,
        },
        class: TargetClass::Person,
        score: 0.8,
        looks: 40,
        fix: Ok(GroundFix {
            at: LocalFrame::new(HERE, Hae(1500.0)).from_plane(en[0], en[1]),
            amsl: Amsl(1500.0),
            cov_en_m2: [sigma_m[0] * sigma_m[0], 0.0, sigma_m[1] * sigma_m[1]],
            slant_m: 300.0,
        }),
        velocity_en_m_s: velocity,
        seen: true,
    }
}

#[test]
fn a_walker_is_handed_over_under_independent_errors_of_both_aircraft() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut right, mut wrong) = (0, 0);
    for _ in 0..400 {
        // 8 m by 4 m on one aircraft, 4 m by 8 m on the other; a second person 60 m away.
        let mut off = |s: [f64; 2]| [s[0] * normal(&mut rng), s[1] * normal(&mut rng)];
        let (a, b) = (off([8.0, 4.0]), off([4.0, 8.0]));
        let walker = track(1, 11, 100.0, a, [0.0, 1.3], [8.0, 4.0]);
        let other = track(2, 11, 100.0, [60.0 + a[0], a[1]], [0.0, 1.3], [8.0, 4.0]);
        let there = track(3, 21, 106.0, [b[0], 7.8 + b[1]], [0.1, 1.2], [4.0, 8.0]);
        for h in hand_over(&[walker, other], &[there], &HandoverPolicy::default()) {
            assert_eq!(h.to, TrackId(3));
            if h.from == TrackId(1) {
                right += 1;
            } else {
                wrong += 1;
            }
        }
    }
    println!("handed over rightly {right}, wrongly {wrong} of 400");
    assert!(right >= 380, "{right}");
    assert_eq!(wrong, 0);
}

#[test]
fn a_company_narrower_than_the_errors_is_handed_over_each_to_themselves() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut right, mut wrong) = (0, 0);
    for _ in 0..200 {
        let mut off = |s: f64| [s * normal(&mut rng), s * normal(&mut rng)];
        // One error for all that an aircraft sees, and a little of each track's own.
        let (a, b) = (off(6.0), off(6.0));
        let places = [[0.0, 0.0], [11.0, 4.0], [24.0, -5.0]];
        let mut seen = |first: u32, camera: u16, t_s: f64, shift: [f64; 2]| -> Vec<GroundTrack> {
            let mut one = |k: usize| {
                let o = [0.7 * normal(&mut rng), 0.7 * normal(&mut rng)];
                let at = [
                    places[k][0] + shift[0] + o[0],
                    places[k][1] + 1.3 * (t_s - 100.0) + shift[1] + o[1],
                ];
                track(first + k as u32, camera, t_s, at, [0.0, 1.3], [6.0, 6.0])
            };
            (0..3).map(&mut one).collect()
        };
        let (from, to) = (seen(1, 11, 100.0, a), seen(11, 21, 101.0, b));
        for h in hand_over(&from, &to, &HandoverPolicy::default()) {
            if h.to.0 == h.from.0 + 10 {
                right += 1;
            } else {
                wrong += 1;
            }
        }
    }
    println!("of 600 in company {right} rightly, {wrong} wrongly");
    assert!(right >= 520, "{right}");
    assert!(wrong <= 6, "{wrong}");
}

#[test]
fn in_doubt_nobody_is_handed_over() {
    let policy = HandoverPolicy::default();
    let s = [6.0, 6.0];
    let a = track(1, 11, 100.0, [0.0, 0.0], [0.0, 1.3], s);
    let beside = track(2, 11, 100.0, [5.0, 0.0], [0.0, 1.3], s);
    let there = track(3, 21, 100.0, [2.0, 0.0], [0.0, 1.3], s);
    assert!(
        hand_over(&[a.clone(), beside], std::slice::from_ref(&there), &policy).is_empty(),
        "two answer alike"
    );
    assert_eq!(
        hand_over(std::slice::from_ref(&a), std::slice::from_ref(&there), &policy).len(),
        1
    );
    // Another kind, another way, the same camera, too long ago, too wide, no place.
    let change = |f: &dyn Fn(&mut GroundTrack)| {
        let mut t = there.clone();
        f(&mut t);
        hand_over(std::slice::from_ref(&a), &[t], &policy)
    };
    assert!(change(&|t| t.class = TargetClass::Vehicle).is_empty());
    assert!(change(&|t| t.velocity_en_m_s = [0.0, -1.3]).is_empty());
    assert!(change(&|t| t.camera = CameraId(11)).is_empty());
    assert!(change(&|t| t.captured = Utc(160_000_000)).is_empty());
    assert!(change(&|t| t.fix = Err(vedette_model::NoFix::Grazing)).is_empty());
    assert!(
        change(&|t| {
            if let Ok(f) = &mut t.fix {
                f.cov_en_m2 = [3600.0, 0.0, 3600.0];
            }
        })
        .is_empty()
    );
    assert_eq!(change(&|t| t.class = TargetClass::Unknown).len(), 1);
}
