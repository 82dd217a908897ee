//! What the ONNX slot makes of the labelled thermal pictures, with the model whose card is here:
//! how a network of others is judged before anybody relies on it.

use std::path::Path;

use crate::Row;

const ITEM: &str = "thermal people and vehicles, ONNX slot";
const ON: &str = "hituav";

/// Where ONNX Runtime's library is told.
#[cfg(feature = "onnx")]
const LIBRARY: &str = "VEDETTE_ONNXRUNTIME";

/// Rows of the slot.
#[cfg(not(feature = "onnx"))]
pub(crate) fn slot(_data: &Path) -> Vec<Row> {
    vec![Row::left_out(ITEM, ON, &"built without the feature `onnx`")]
}

/// Rows of the slot.
#[cfg(feature = "onnx")]
pub(crate) fn slot(data: &Path) -> Vec<Row> {
    match std::env::var_os(LIBRARY) {
        None => vec![Row::left_out(
            ITEM,
            ON,
            &format!("{LIBRARY} does not name ONNX Runtime's library (libonnxruntime.so)"),
        )],
        Some(library) => run::rows(data, Path::new(&library)).unwrap_or_else(|e| vec![Row::left_out(ITEM, ON, &e)]),
    }
}

#[cfg(feature = "onnx")]
mod run {
    use std::path::Path;

    use vedette_ingest::{Stills, open_model, read_card};
    use vedette_model::{ImageBox, TargetClass};
    use vedette_sight::GrayFrame;

    use super::{ITEM, ON};
    use crate::boxes::Counts;
    use crate::thermal::{HELD_OUT, count, load, pictures};
    use crate::{BenchError, Row, processor_s};

    const CARD: &str = include_str!("../cards/yolox_nano.toml");
    /// Every so many pictures: tiles are dear.
    const EVERY: usize = 3;

    pub(super) fn rows(data: &Path, library: &Path) -> Result<Vec<Row>, BenchError> {
        let models = data.join("models");
        let bad = |path: &Path, why: &dyn std::fmt::Display| BenchError::Data {
            path: path.to_owned(),
            why: why.to_string(),
        };
        let card = read_card(CARD, Path::new("video/bench/cards/yolox_nano.toml")).map_err(|e| bad(&models, &e))?;
        let mut detector = open_model(card, &models, library, 1).map_err(|e| bad(&models, &e))?;
        let all = pictures(&data.join("hituav"))?;
        let mut stills = Stills::new();
        const KINDS: [(TargetClass, &str); 3] = [
            (TargetClass::Person, "people"),
            (TargetClass::Vehicle, "vehicles"),
            (TargetClass::TwoWheeler, "two-wheelers"),
        ];
        let mut counts = [Counts::default(); 3];
        let (mut spent_s, mut looked) = (0.0, 0u32);
        for p in all.iter().filter(|p| HELD_OUT.contains(&p.altitude_m)).step_by(EVERY) {
            let still = load(&mut stills, &p.path)?;
            let frame = GrayFrame::new(still.width, still.height, &still.gray).map_err(|e| bad(&p.path, &e))?;
            let begun = processor_s();
            let found = detector.detect(&frame).map_err(|e| bad(&models, &e))?;
            spent_s += processor_s() - begun;
            looked += 1;
            for ((class, _), c) in KINDS.iter().zip(&mut counts) {
                let of: Vec<ImageBox> = found.iter().filter(|o| o.class == *class).map(|o| o.image).collect();
                c.add(&count(&of, p, *class));
            }
        }
        let name = detector.card().name.clone();
        let mut out: Vec<Row> = KINDS
            .iter()
            .zip(&counts)
            .map(|((_, what), c)| {
                Row::shown(
                    &format!("thermal {what}, altitudes held out, ONNX slot, {name}"),
                    ON,
                    c.text(),
                )
            })
            .collect();
        out.push(Row::shown(
            ITEM,
            ON,
            format!(
                "{:.1} ms of processor a 640 x 512 picture in tiles of {} pixels; SHA-256 {} as on its card ({})",
                spent_s * 1e3 / f64::from(looked.max(1)),
                detector.card().tile_px.unwrap_or(0),
                detector.card().sha256,
                detector.card().licence
            ),
        ));
        Ok(out)
    }
}
