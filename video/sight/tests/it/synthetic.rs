//! Rendered sequences with known motion: registration, a small walker, false tracks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vedette_model::{CameraId, Pts, Spectrum, Utc, VehicleId};
use vedette_sight::{Analyst, AnalystConfig, GrayFrame, Homography, SightPolicy, TrackIds, register};

const W: usize = 640;
const H: usize = 512;

/// World-anchored texture: octaves of smoothed lattice noise, grey levels around 100.
pub(crate) struct Texture {
    lattice: Vec<f32>,
    size: usize,
}

impl Texture {
    pub(crate) fn new(seed: u64) -> Self {
        let size = 256;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let lattice = (0..size * size)
            .map(|_| (f64::from(rng.next_u32()) / 4_294_967_295.0) as f32 - 0.5)
            .collect();
        Self { lattice, size }
    }
    fn octave(&self, x: f64, y: f64) -> f32 {
        let (ix, iy) = (x.floor(), y.floor());
        let (fx, fy) = ((x - ix) as f32, (y - iy) as f32);
        let s = |t: f32| t * t * (3.0 - 2.0 * t);
        let (fx, fy) = (s(fx), s(fy));
        let at = |dx: i64, dy: i64| {
            let u = (ix as i64 + dx).rem_euclid(self.size as i64) as usize;
            let v = (iy as i64 + dy).rem_euclid(self.size as i64) as usize;
            self.lattice[v * self.size + u]
        };
        let a = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
        let b = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
        a * (1.0 - fy) + b * fy
    }
    pub(crate) fn at(&self, p: [f64; 2]) -> f32 {
        let [x, y] = p;
        100.0
            + 60.0 * self.octave(x / 60.0, y / 60.0)
            + 30.0 * self.octave(x / 17.0 + 40.0, y / 17.0)
            + 16.0 * self.octave(x / 6.0, y / 6.0 + 90.0)
    }
}

fn noise(rng: &mut ChaCha8Rng) -> f32 {
    // Sum of uniform bytes: near enough to a normal one, and quick.
    let v = rng.next_u32().to_le_bytes();
    let s: i32 = v.iter().map(|b| i32::from(*b)).sum();
    (s - 510) as f32 / 148.0
}

pub(crate) struct Blob {
    pub(crate) at: [f64; 2],
    pub(crate) half: [f64; 2],
    pub(crate) add: f32,
}

/// A frame: `world_from_frame` takes pixels to texture coordinates; blobs are given in texture
/// coordinates and drawn in the frame's own scale.
pub(crate) fn draw(
    texture: &Texture,
    world_from_frame: &Homography,
    blobs: &[Blob],
    sigma: f32,
    rng: &mut ChaCha8Rng,
) -> Vec<u8> {
    let inverse = world_from_frame.inverse().expect("a camera's map");
    let spots: Vec<([f64; 2], &Blob)> = blobs.iter().map(|b| (inverse.apply(b.at), b)).collect();
    let mut out = vec![0u8; W * H];
    for y in 0..H {
        for x in 0..W {
            let p = [x as f64 + 0.5, y as f64 + 0.5];
            let mut v = texture.at(world_from_frame.apply(p));
            for (c, b) in &spots {
                // Soft edge of one pixel.
                let d = ((p[0] - c[0]).abs() - b.half[0]).max((p[1] - c[1]).abs() - b.half[1]);
                v += b.add * (0.5 - d as f32).clamp(0.0, 1.0);
            }
            out[y * W + x] = (v + sigma * noise(rng)).round().clamp(0.0, 255.0) as u8;
        }
    }
    out
}

fn turn_zoom_shift(deg: f64, zoom: f64, dx: f64, dy: f64) -> Homography {
    let (s, c) = deg.to_radians().sin_cos();
    let (cx, cy) = (W as f64 / 2.0, H as f64 / 2.0);
    let turn = Homography([zoom * c, -zoom * s, 0.0, zoom * s, zoom * c, 0.0, 0.0, 0.0, 1.0]);
    Homography::shift(cx + dx, cy + dy)
        .after(&turn)
        .after(&Homography::shift(-cx, -cy))
}

#[test]
fn known_camera_motion_is_measured_to_a_third_of_a_pixel() {
    let texture = Texture::new(3);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let still = draw(&texture, &Homography::IDENTITY, &[], 2.0, &mut rng);
    let tilt = Homography([1.0, 0.01, -3.0, -0.005, 1.01, 4.0, 2e-5, -1.5e-5, 1.0]);
    let motions = [
        turn_zoom_shift(0.0, 1.0, 3.3, -2.7),
        turn_zoom_shift(1.5, 1.0, -8.0, 5.5),
        turn_zoom_shift(-0.7, 1.03, 20.0, 0.0),
        turn_zoom_shift(0.0, 1.0, 34.0, -12.0),
        tilt,
    ];
    for m in motions {
        // A world point at pixel p of the first frame is at m(p) of the second.
        let second = draw(&texture, &m.inverse().expect("a camera's map"), &[], 2.0, &mut rng);
        let r = register(
            &GrayFrame::new(W, H, &still).expect("a frame"),
            &GrayFrame::new(W, H, &second).expect("a frame"),
        );
        let mut worst = 0.0f64;
        for p in [
            [60.0, 60.0],
            [580.0, 60.0],
            [60.0, 450.0],
            [580.0, 450.0],
            [320.0, 256.0],
        ] {
            let (a, b) = (m.apply(p), r.map.apply(p));
            worst = worst.max((a[0] - b[0]).hypot(a[1] - b[1]));
        }
        println!(
            "registration error {worst:.3} px at worst of five points, health {:.2}, {} corners",
            r.health, r.followed
        );
        assert!(worst < 0.3, "{worst} px off for {m:?}");
        assert!(r.health > 0.7);
    }
}

#[test]
fn unrelated_pictures_do_not_pass_as_registered() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let a = draw(&Texture::new(1), &Homography::IDENTITY, &[], 2.0, &mut rng);
    let b = draw(&Texture::new(2), &Homography::IDENTITY, &[], 2.0, &mut rng);
    let r = register(
        &GrayFrame::new(W, H, &a).expect("a frame"),
        &GrayFrame::new(W, H, &b).expect("a frame"),
    );
    assert!(r.health < vedette_sight::HEALTHY, "health {}", r.health);
    let flat = vec![90u8; W * H];
    let f = GrayFrame::new(W, H, &flat).expect("a frame");
    assert!(register(&f, &f).health < vedette_sight::HEALTHY);
}

#[test]
fn a_frame_that_does_not_fill_its_size_is_refused() {
    let e = GrayFrame::new(640, 512, &[0; 10]).expect_err("too few bytes");
    assert!(e.to_string().contains("327680"), "{e}");
    assert!(GrayFrame::new(2, 2, &[0; 4]).is_err());
}

fn analyst(spectrum: Spectrum) -> Analyst {
    Analyst::new(AnalystConfig {
        camera: CameraId(11),
        vehicle: VehicleId(1),
        spectrum,
        policy: SightPolicy::default(),
        ids: TrackIds::of_camera(0, 1),
    })
}

/// Frames of a walker of 4 x 10 pixels, 0.4 px per frame over the ground, contrast 22, noise 3;
/// the camera does `motion(frame)`. Returns the frame of the first right track, how many tracks
/// were ever reported, share of later frames with the walker tracked, and ms per frame.
fn walk(
    spectrum: Spectrum,
    frames: i64,
    motion: impl Fn(i64) -> Homography,
    blob: f32,
) -> (Option<i64>, usize, f64, f64) {
    let texture = Texture::new(21);
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let mut a = analyst(spectrum);
    let ground = crate::it::geometry::GROUND;
    let (mut first, mut ids) = (None, std::collections::BTreeSet::new());
    let (mut seen, mut after) = (0, 0);
    let mut spent = 0.0;
    for f in 0..frames {
        let world_from_frame = motion(f);
        let start = motion(frames / 2).apply([330.0, 260.0]);
        let at = [start[0] + 0.4 * (f - frames / 2) as f64, start[1]];
        let data = draw(
            &texture,
            &world_from_frame,
            &[Blob {
                at,
                half: [2.0, 5.0],
                add: blob,
            }],
            3.0,
            &mut rng,
        );
        let out = crate::it::timed(&mut spent, || {
            a.analyse(
                &GrayFrame::new(W, H, &data).expect("a frame"),
                Utc(f * 66_667),
                Pts(f * 6000),
                None,
                &ground,
            )
        });
        let truth = world_from_frame.inverse().expect("a camera's map").apply(at);
        let mut hit = false;
        for t in &out.tracks {
            ids.insert(t.id);
            let c = [
                f64::from(t.image.x + t.image.w / 2.0),
                f64::from(t.image.y + t.image.h / 2.0),
            ];
            hit |= t.seen && (c[0] - truth[0]).hypot(c[1] - truth[1]) < 8.0;
        }
        if hit && first.is_none() {
            first = Some(f);
        }
        if first.is_some() {
            after += 1;
            seen += i32::from(hit);
        }
    }
    (
        first,
        ids.len(),
        f64::from(seen) / f64::from(after.max(1)),
        spent * 1e3 / frames as f64,
    )
}

#[test]
fn a_walker_of_four_by_ten_pixels_is_found_by_motion_under_a_panning_camera() {
    // Visible light: no spots, motion alone.
    let (first, tracks, held, ms) = walk(
        Spectrum::Visible,
        50,
        |f| turn_zoom_shift(0.05 * f as f64, 1.0, -2.2 * f as f64, 0.6 * f as f64),
        22.0,
    );
    println!("pan: first at frame {first:?}, {tracks} tracks, held {held:.2}, {ms:.1} ms per frame");
    assert!(first.is_some_and(|f| f <= 45), "first seen {first:?}");
    assert!(held >= 0.7, "held {held}");
    assert!(tracks <= 3, "{tracks} tracks");
}

#[test]
fn a_walker_is_found_by_warmth_and_motion_under_a_camera_flying_forward() {
    let (first, tracks, held, ms) = walk(
        Spectrum::Thermal,
        40,
        |f| turn_zoom_shift(0.0, 1.0 - 0.002 * f as f64, 0.0, -1.2 * f as f64),
        30.0,
    );
    println!("forward: first at frame {first:?}, {tracks} tracks, held {held:.2}, {ms:.1} ms per frame");
    assert!(first.is_some_and(|f| f <= 20), "first seen {first:?}");
    assert!(held >= 0.8, "held {held}");
    assert!(tracks <= 6, "{tracks} tracks");
}

#[test]
fn the_same_frames_give_the_same_tracks() {
    let run = || {
        let texture = Texture::new(8);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut a = analyst(Spectrum::Thermal);
        let mut all = Vec::new();
        for f in 0..12 {
            let data = draw(
                &texture,
                &Homography::shift(f as f64, 0.0),
                &[Blob {
                    at: [300.0 + f as f64, 200.0],
                    half: [2.0, 5.0],
                    add: 40.0,
                }],
                2.0,
                &mut rng,
            );
            let out = a.analyse(
                &GrayFrame::new(W, H, &data).expect("a frame"),
                Utc(f * 66_667),
                Pts(f),
                None,
                &crate::it::geometry::GROUND,
            );
            all.push(format!("{:?}", out.tracks));
        }
        all
    };
    assert_eq!(run(), run());
}
