//! The thermal classifier: a damaged file is refused in words, never a panic; a picture without
//! anything warm or cold holds nobody.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_sight::{
    GrayFrame, OUTLOOK, SightError, THERMAL_CARD, ThermalDetector, ThermalLeast, ThermalScene, thermal_outlooks,
};

const W: usize = 320;
const H: usize = 256;

/// Grey ground with a little noise and warm or cold uprights of a person's size.
fn picture(people: &[(usize, usize)], add: i32) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut data: Vec<u8> = (0..W * H).map(|_| 100 + (rng.next_u32() % 5) as u8).collect();
    for &(x, y) in people {
        for v in (y..y + 12).flat_map(|y| (x..x + 6).map(move |x| y * W + x)) {
            data[v] = (i32::from(data[v]) + add).clamp(0, 255) as u8;
        }
    }
    data
}

const SCENE: ThermalScene = ThermalScene {
    px_per_m: 9.0,
    depression_deg: 45.0,
};

#[test]
fn the_shipped_forests_load_and_fit_their_room() {
    assert!(ThermalDetector::shipped().is_ok());
    assert!(ThermalDetector::shipped_bytes().len() <= 1 << 20);
    assert!(THERMAL_CARD.contains("HIT-UAV"));
}

#[test]
fn a_cut_or_foreign_file_is_refused() {
    let whole = ThermalDetector::shipped_bytes();
    let read = |b: &[u8]| ThermalDetector::from_bytes(b, ThermalLeast::CARD);
    for cut in (0..200).chain((200..whole.len()).step_by(4001)) {
        assert!(
            matches!(read(&whole[..cut]), Err(SightError::Weights { .. })),
            "cut at {cut}"
        );
    }
    let mut longer = whole.to_vec();
    longer.push(0);
    let why = read(&longer).unwrap_err().to_string();
    assert!(why.contains("goes on after its last tree"), "{why}");
}

#[test]
fn flipped_bytes_are_refused_or_harmless() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let data = picture(&[(100, 100), (200, 60)], 60);
    let frame = GrayFrame::new(W, H, &data).unwrap();
    for _ in 0..60 {
        let mut bytes = ThermalDetector::shipped_bytes().to_vec();
        for _ in 0..3 {
            let at = rng.next_u32() as usize % bytes.len();
            bytes[at] ^= 1 << (rng.next_u32() % 8);
        }
        if let Ok(d) = ThermalDetector::from_bytes(&bytes, ThermalLeast::all(0.1)) {
            for o in d.detect(&frame, &SCENE) {
                assert!((0.0..=1.0).contains(&o.score));
            }
        }
    }
}

#[test]
fn warm_and_cold_uprights_are_looked_at_and_their_numbers_are_finite() {
    for add in [50, -50] {
        let people = [(60, 60), (68, 60), (200, 180)];
        let data = picture(&people, add);
        let frame = GrayFrame::new(W, H, &data).unwrap();
        let found = thermal_outlooks(&frame, &SCENE);
        for (x, y) in people {
            let (cx, cy) = (x as f32 + 3.0, y as f32 + 6.0);
            assert!(
                found.iter().any(|(b, _)| {
                    (b.x + b.w / 2.0 - cx).abs() < 2.0 && (b.y + b.h / 2.0 - cy).abs() < 2.0 && b.w < 12.0
                }),
                "{x} {y} by {add}"
            );
        }
        for (_, numbers) in &found {
            assert_eq!(numbers.len(), OUTLOOK);
            assert!(numbers.iter().all(|v| v.is_finite()));
        }
    }
}

#[test]
fn odd_scenes_and_flat_pictures_hold_nothing() {
    let detector = ThermalDetector::shipped().unwrap();
    let flat = vec![90u8; W * H];
    let frame = GrayFrame::new(W, H, &flat).unwrap();
    assert!(detector.detect(&frame, &SCENE).is_empty());
    let data = picture(&[(100, 100)], 60);
    let frame = GrayFrame::new(W, H, &data).unwrap();
    for (px_per_m, depression_deg) in [(0.0, 45.0), (f64::NAN, 45.0), (9.0, f64::NAN), (-3.0, 45.0)] {
        let scene = ThermalScene {
            px_per_m,
            depression_deg,
        };
        assert!(detector.detect(&frame, &scene).is_empty());
    }
    for px_per_m in [0.3, 1e9] {
        let scene = ThermalScene { px_per_m, ..SCENE };
        assert!(
            detector.detect(&frame, &scene).is_empty(),
            "at {px_per_m} pixels per metre"
        );
    }
}
