//! A track's number stays with one object: found again behind cover, never passed to another.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_model::{CameraId, Pts, Spectrum, TrackId, Utc, VehicleId};
use vedette_sight::{Analyst, AnalystConfig, GrayFrame, Homography, SightPolicy, TrackIds};

use super::geometry::{GROUND, pose};
use super::synthetic::{Texture, draw};

const HZ: f64 = 4.0;
/// Runs of each test; more were tried once.
const SEEDS: [u64; 1] = [3];

/// A warm or cold thing: box half sizes and contrast, from `from_s` to `to_s`, at `at(t)`.
struct Thing {
    half: [f64; 2],
    add: f32,
    from_s: f64,
    to_s: f64,
    at: fn(f64) -> [f64; 2],
}

/// Adds a thing to a picture, with an edge of one pixel.
fn stamp(data: &mut [u8], thing: &Thing, at: [f64; 2]) {
    let reach = [thing.half[0] + 2.0, thing.half[1] + 2.0];
    for y in (at[1] - reach[1]) as usize..=(at[1] + reach[1]) as usize {
        for x in (at[0] - reach[0]) as usize..=(at[0] + reach[0]) as usize {
            let d = (x as f64 + 0.5 - at[0]).abs() - thing.half[0];
            let d = d.max((y as f64 + 0.5 - at[1]).abs() - thing.half[1]);
            let v = &mut data[y * 640 + x];
            *v = (f32::from(*v) + thing.add * (0.5 - d as f32).clamp(0.0, 1.0)).clamp(0.0, 255.0) as u8;
        }
    }
}

/// Numbers under which each thing was seen, by a thermal camera at rest 212 m away (7 px per
/// metre), over `seconds`.
fn numbers(seed: u64, seconds: f64, things: &[Thing]) -> Vec<BTreeSet<TrackId>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed + 1);
    // The ground is drawn once: the camera is at rest.
    let ground = draw(&Texture::new(seed), &Homography::IDENTITY, &[], 0.0, &mut rng);
    let mut analyst = Analyst::new(AnalystConfig {
        camera: CameraId(11),
        vehicle: VehicleId(1),
        spectrum: Spectrum::Thermal,
        policy: SightPolicy::default(),
        ids: TrackIds::of_camera(0, 1),
    });
    let mut out = vec![BTreeSet::new(); things.len()];
    for i in 0..(seconds * HZ) as i64 {
        let t = i as f64 / HZ;
        // Empty ground is looked at once a second.
        if t.fract() > 0.0 && things.iter().all(|k| !(k.from_s..k.to_s).contains(&t)) {
            continue;
        }
        let here: Vec<(usize, [f64; 2])> = things
            .iter()
            .enumerate()
            .filter(|(_, k)| (k.from_s..k.to_s).contains(&t))
            .map(|(n, k)| (n, (k.at)(t)))
            .collect();
        let mut data = ground.clone();
        for (n, at) in &here {
            stamp(&mut data, &things[*n], *at);
        }
        for v in &mut data {
            // Uniform over ± 3 grey levels.
            *v = v.saturating_add((rng.next_u32() % 7) as u8).saturating_sub(3);
        }
        let mut p = pose(150.0, -45.0, 0.0);
        p.captured = Utc((t * 1e6) as i64);
        let frame = GrayFrame::new(640, 512, &data).expect("a frame");
        let seen = analyst.analyse(&frame, p.captured, Pts(i), Some(&p), &GROUND);
        for track in seen.tracks.iter().filter(|t| t.seen && t.looks > 6) {
            let c = [
                f64::from(track.image.x + track.image.w / 2.0),
                f64::from(track.image.y + track.image.h / 2.0),
            ];
            for (n, at) in &here {
                if (c[0] - at[0]).hypot(c[1] - at[1]) < 8.0 {
                    out[*n].insert(track.id);
                }
            }
        }
    }
    out
}

const PERSON: [f64; 2] = [2.0, 5.0];

/// To the right at 1.3 m/s.
fn walk(t: f64) -> [f64; 2] {
    [200.0 + 9.2 * t, 250.0]
}

#[test]
fn somebody_lost_behind_cover_for_three_seconds_keeps_the_number() {
    for seed in SEEDS {
        let part = |from_s, to_s| Thing {
            half: PERSON,
            add: 40.0,
            from_s,
            to_s,
            at: walk,
        };
        let seen = numbers(seed, 17.0, &[part(0.0, 9.0), part(12.0, 17.0)]);
        assert_eq!(seen[0].len(), 1, "seed {seed}: {seen:?}");
        assert_eq!(seen[0], seen[1], "seed {seed}");
    }
}

#[test]
fn something_else_that_turns_up_near_by_gets_a_number_of_its_own() {
    for seed in SEEDS {
        let walker = Thing {
            half: PERSON,
            add: 40.0,
            from_s: 0.0,
            to_s: 9.0,
            at: walk,
        };
        // 33 m away, twenty seconds later: nobody can say who that is.
        let other = Thing {
            half: [5.0, 3.5],
            add: 40.0,
            from_s: 32.0,
            to_s: 39.0,
            at: |t| [490.0 - 8.0 * (t - 32.0), 330.0],
        };
        let seen = numbers(seed, 39.0, &[walker, other]);
        assert!(!seen[0].is_empty() && !seen[1].is_empty(), "seed {seed}: {seen:?}");
        assert!(seen[0].is_disjoint(&seen[1]), "seed {seed}: {seen:?}");
    }
}

#[test]
fn a_cold_thing_where_a_warm_one_was_lost_is_not_the_warm_one() {
    for seed in SEEDS {
        let warm = Thing {
            half: PERSON,
            add: 40.0,
            from_s: 0.0,
            to_s: 9.0,
            at: walk,
        };
        let cold = Thing {
            half: [3.0, 3.0],
            add: -45.0,
            from_s: 15.0,
            to_s: 22.0,
            at: walk,
        };
        let seen = numbers(seed, 22.0, &[warm, cold]);
        assert!(!seen[0].is_empty() && !seen[1].is_empty(), "seed {seed}: {seen:?}");
        assert!(seen[0].is_disjoint(&seen[1]), "seed {seed}: {seen:?}");
    }
}

#[test]
fn two_who_pass_each_other_keep_their_numbers() {
    for seed in SEEDS {
        let right = Thing {
            half: PERSON,
            add: 40.0,
            from_s: 0.0,
            to_s: 18.0,
            at: walk,
        };
        // The other way, 4 m nearer to the camera.
        let left = Thing {
            half: PERSON,
            add: 40.0,
            from_s: 0.0,
            to_s: 18.0,
            at: |t| [400.0 - 9.2 * t, 272.0],
        };
        let seen = numbers(seed, 18.0, &[right, left]);
        assert_eq!((seen[0].len(), seen[1].len()), (1, 1), "seed {seed}: {seen:?}");
        assert_ne!(seen[0], seen[1], "seed {seed}");
    }
}
