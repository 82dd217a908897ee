//! The slot for detector networks with ONNX Runtime itself, on a network of this test's own
//! (`tests/networks/brightest.py`).

use std::path::{Path, PathBuf};
use vedette_ingest::{open_model, read_card};
use vedette_model::TargetClass;
use vedette_sight::GrayFrame;

const CARD: &str = r#"
name = "brightest cell"
file = "brightest.onnx"
sha256 = "9a1cc98146a8a30f226f764a03e7ba7eaaaeb5cecdc6cf912f027c38dd14c0ae"
licence = "as this repository"
source = "video/ingest/tests/networks/brightest.py"
trained_on = "nothing"
not_for = "anything but this test"
head = "yolov8"
outputs = 1
least = 0.5
overlap = 0.45
[input]
width = 32
height = 32
planes = "grey"
scale = 1.0
[classes]
0 = "vehicle"
"#;

fn networks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networks")
}

#[test]
fn a_network_is_run_and_its_boxes_are_the_picture_s_own() {
    let Some(library) = std::env::var_os("VEDETTE_ONNXRUNTIME").map(PathBuf::from) else {
        eprintln!("LEFT OUT: VEDETTE_ONNXRUNTIME does not name ONNX Runtime's library");
        return;
    };
    let (w, h) = (128, 128);
    // Bright in one cell of four by four: columns 64..96, rows 32..64.
    let data: Vec<u8> = (0..w * h)
        .map(|i| {
            if (64..96).contains(&(i % w)) && (32..64).contains(&(i / w)) {
                250
            } else {
                20
            }
        })
        .collect();
    let frame = GrayFrame::new(w, h, &data).unwrap();
    // Twice: a station opens one network for each camera.
    for _ in 0..2 {
        let card = read_card(CARD, Path::new("card")).unwrap();
        let mut detector = open_model(card, &networks(), &library, 1).unwrap();
        let found = detector.detect(&frame).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let o = found[0];
        assert_eq!(o.class, TargetClass::Vehicle);
        assert!((o.score - 250.0 / 255.0).abs() < 0.01, "{o:?}");
        let off = [o.image.x - 64.0, o.image.y - 32.0, o.image.w - 32.0, o.image.h - 32.0];
        assert!(off.iter().all(|v| v.abs() < 0.1), "{o:?}");
    }
}

#[test]
fn what_cannot_be_run_is_refused_in_words() {
    let library = networks().join("no-such-library.so");
    let other = CARD.replace("9a1cc981", "00000000");
    let why = open_model(read_card(&other, Path::new("card")).unwrap(), &networks(), &library, 1)
        .err()
        .unwrap()
        .to_string();
    assert!(
        why.contains("9a1cc981") && why.contains("00000000"),
        "not its card's: {why}"
    );
    let why = open_model(read_card(CARD, Path::new("card")).unwrap(), &networks(), &library, 1)
        .err()
        .unwrap()
        .to_string();
    assert!(why.contains("no-such-library.so"), "{why}");
    let why = read_card("name = 'half'", Path::new("half.toml"))
        .unwrap_err()
        .to_string();
    assert!(why.contains("half.toml"), "{why}");
}
