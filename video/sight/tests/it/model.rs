//! The slot for networks of others: boxes come back in the picture's own pixels, and nothing is used
//! that is not what its card says.

use std::sync::{Arc, Mutex};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use vedette_model::{CameraId, Pts, Spectrum, TargetClass, Utc, VehicleId};
use vedette_sight::{
    Analyst, AnalystConfig, Answer, GrayFrame, Homography, LevelGround, Measured, ModelCard, ModelDetector, Network,
    SightPolicy, TrackIds,
};

use super::synthetic::{Blob, Texture, draw};

const HASH: &str = "e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd";

fn card(head: &str, tile: &str) -> ModelCard {
    let text = format!(
        "name = 'trial'\nfile = 'trial.onnx'\nsha256 = '{HASH}'\nlicence = 'MIT'\nsource = 'here'\n\
         trained_on = 'nothing'\nnot_for = 'anything'\nhead = '{head}'\noutputs = 3\nleast = 0.3\noverlap = 0.45\n\
         {tile}\n[input]\nwidth = 64\nheight = 64\nplanes = 'colour'\nscale = 1.0\n\
         [classes]\n0 = 'person'\n2 = 'boat'\n"
    );
    toml::from_str(&text).unwrap()
}

/// Answers with the brightest place of what it is given: a box of 8 x 16 input pixels of class 2.
struct Brightest {
    head: &'static str,
    shapes: Arc<Mutex<Vec<[usize; 4]>>>,
}

impl Network for Brightest {
    fn run(&mut self, input: Vec<f32>, shape: [usize; 4]) -> Result<Answer, String> {
        self.shapes.lock().unwrap().push(shape);
        let plane = &input[..shape[2] * shape[3]];
        let (k, top) = plane.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        let (x, y) = ((k % shape[3]) as f32 + 0.5, (k / shape[3]) as f32 + 0.5);
        let score = if *top > 200.0 { 0.9 } else { 0.1 };
        Ok(match self.head {
            "yolov8" => Answer {
                shape: vec![1, 7, 2],
                values: vec![x, 9.0, y, 9.0, 8.0, 4.0, 16.0, 4.0, 0.0, 0.1, 0.2, 0.1, score, 0.1],
            },
            "yolov5" => Answer {
                shape: vec![1, 1, 8],
                values: vec![x, y, 8.0, 16.0, score, 0.0, 0.1, 1.0],
            },
            "fastestdet" => {
                // 4 x 4 cells of 16, planes first; the size as a share of 64 pixels.
                let (cx, cy) = ((x / 16.0).floor(), (y / 16.0).floor());
                let logit = |share: f32| (share / (1.0 - share)).ln();
                let own = [
                    score,
                    (x / 16.0 - cx).min(0.999).atanh(),
                    (y / 16.0 - cy).min(0.999).atanh(),
                    logit(8.0 / 64.0),
                    logit(16.0 / 64.0),
                    0.0,
                    0.1,
                    score,
                ];
                let mut values = vec![0.0; 8 * 16];
                for (plane, v) in own.into_iter().enumerate() {
                    values[plane * 16 + (cy * 4.0 + cx) as usize] = v;
                }
                Answer {
                    shape: vec![1, 8, 4, 4],
                    values,
                }
            }
            _ => {
                // The cell of stride 8 it lies in: 64 cells first, then 16 and 4.
                let (cx, cy) = ((x / 8.0).floor(), (y / 8.0).floor());
                let mut values = vec![0.0; 84 * 8];
                let row = (cy * 8.0 + cx) as usize * 8;
                let own = [x / 8.0 - cx, y / 8.0 - cy, 0.0, 2f32.ln(), 1.0, 0.0, 0.0, score];
                values[row..row + 8].copy_from_slice(&own);
                Answer {
                    shape: vec![1, 84, 8],
                    values,
                }
            }
        })
    }
}

/// A dark picture with a bright spot around a place.
fn picture(w: usize, h: usize, at: (usize, usize)) -> Vec<u8> {
    let mut out = vec![20; w * h];
    for y in at.1 - 2..at.1 + 3 {
        for x in at.0 - 2..at.0 + 3 {
            out[y * w + x] = 250;
        }
    }
    out[at.1 * w + at.0] = 255;
    out
}

#[test]
fn a_network_s_boxes_lie_where_the_object_is_with_every_head_whole_and_in_tiles() {
    let (w, h, at) = (320, 256, (250, 130));
    let data = picture(w, h, at);
    let frame = GrayFrame::new(w, h, &data).unwrap();
    for head in ["yolox", "yolov5", "yolov8", "fastestdet"] {
        for (tile, zoom) in [("", 64.0 / 320.0), ("tile_px = 128\ntile_overlap = 0.25", 0.5)] {
            let shapes = Arc::default();
            let network = Brightest {
                head,
                shapes: Arc::clone(&shapes),
            };
            let mut detector = ModelDetector::new(card(head, tile), HASH, Box::new(network)).unwrap();
            let found = detector.detect(&frame).unwrap();
            assert_eq!(found.len(), 1, "{head} {tile}: one box of one object: {found:?}");
            let o = found[0];
            assert_eq!(o.class, TargetClass::Boat);
            let middle = (o.image.x + o.image.w / 2.0, o.image.y + o.image.h / 2.0);
            let off = (middle.0 - at.0 as f32).hypot(middle.1 - at.1 as f32);
            assert!(off < 1.5 / zoom, "{head} {tile}: {off} pixels off");
            assert!(
                (o.image.w - 8.0 / zoom).abs() < 0.1 && (o.image.h - 16.0 / zoom).abs() < 0.1,
                "{o:?}"
            );
            let shapes = shapes.lock().unwrap();
            assert!(shapes.iter().all(|s| *s == [1, 3, 64, 64]));
            assert_eq!(shapes.len(), if tile.is_empty() { 1 } else { 9 }, "{head}");
        }
    }
}

#[test]
fn a_model_that_is_not_its_card_s_or_answers_otherwise_is_refused_in_words() {
    let network = |head| {
        Box::new(Brightest {
            head,
            shapes: Arc::default(),
        })
    };
    let other = HASH.replace('e', "f");
    let why = ModelDetector::new(card("yolox", ""), &other, network("yolox"))
        .err()
        .unwrap()
        .to_string();
    assert!(why.contains(HASH) && why.contains(&other), "{why}");

    let data = picture(128, 128, (60, 60));
    let frame = GrayFrame::new(128, 128, &data).unwrap();
    let mut wrong = ModelDetector::new(card("yolox", ""), HASH, network("yolov5")).unwrap();
    let why = wrong.detect(&frame).unwrap_err().to_string();
    assert!(why.contains("[84, 8]") && why.contains("[1, 1, 8]"), "{why}");

    let mut bad = card("yolox", "");
    bad.classes.insert("3".to_owned(), TargetClass::Person);
    let why = bad.checked().unwrap_err().to_string();
    assert!(why.contains("\"3\"") && why.contains("outputs = 3"), "{why}");
}

/// Names one box, always the same, in a picture of 640 x 512 brought to 64 x 64.
struct Names;

impl Network for Names {
    fn run(&mut self, _: Vec<f32>, _: [usize; 4]) -> Result<Answer, String> {
        Ok(Answer {
            shape: vec![1, 7, 1],
            values: vec![32.0, 25.6, 1.6, 1.6, 0.0, 0.0, 0.9],
        })
    }
}

#[test]
fn the_class_a_network_names_reaches_the_track_with_the_weight_it_was_measured_at() {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let texture = Texture::new(5);
    let warm = Blob {
        at: [320.0, 256.0],
        half: [6.0, 6.0],
        add: 90.0,
    };
    let film: Vec<Vec<u8>> = (0..16)
        .map(|_| {
            draw(
                &texture,
                &Homography::IDENTITY,
                std::slice::from_ref(&warm),
                1.0,
                &mut rng,
            )
        })
        .collect();
    let class_of = |precision: f64| {
        let mut analyst = Analyst::new(AnalystConfig {
            camera: CameraId(1),
            vehicle: VehicleId(1),
            spectrum: Spectrum::Thermal,
            policy: SightPolicy::default(),
            ids: TrackIds::of_camera(0, 1),
        });
        let mut card = card("yolov8", "");
        card.measured.push(Measured {
            on: "trial pictures".to_owned(),
            class: TargetClass::Boat,
            precision: Some(precision),
            recall: 0.5,
            wrong_per_picture: 0.1,
        });
        analyst.set_model(Some(ModelDetector::new(card, HASH, Box::new(Names)).unwrap()));
        let ground = LevelGround {
            amsl: vedette_geo::Amsl(0.0),
            sigma_m: 5.0,
        };
        let mut tracks = Vec::new();
        for (k, data) in (0i64..).zip(&film) {
            let frame = GrayFrame::new(640, 512, data).unwrap();
            tracks = analyst
                .analyse(&frame, Utc(k * 100_000), Pts(k * 9_000), None, &ground)
                .tracks;
        }
        let on = |t: &&vedette_model::GroundTrack| (t.image.x + t.image.w / 2.0 - 320.0).abs() < 8.0;
        let here: Vec<_> = tracks.iter().filter(on).collect();
        assert_eq!(here.len(), 1, "one track on the one object: {tracks:?}");
        here[0].class
    };
    assert_eq!(class_of(0.9), TargetClass::Boat);
    assert_eq!(class_of(0.3), TargetClass::Unknown, "wrong more often than right");
}
