//! What the ONNX slot makes of the labelled thermal pictures, with the models whose cards are here:
//! how a network of others is judged, by altitude, before anybody relies on it; and whether its card
//! tells the operator the same.

use std::path::Path;

use crate::Row;

const ITEM: &str = "thermal people and vehicles, ONNX slot";
const ON: &str = "hituav";

/// Where ONNX Runtime's library is told.
#[cfg(feature = "onnx")]
const LIBRARY: &str = "VEDETTE_ONNXRUNTIME";

/// Rows of the slot, on the labelled pictures and models under `data`.
#[cfg(not(feature = "onnx"))]
#[must_use]
pub fn slot(_data: &Path) -> Vec<Row> {
    vec![Row::left_out(ITEM, ON, &"built without the feature `onnx`")]
}

/// Rows of the slot, on the labelled pictures and models under `data`.
#[cfg(feature = "onnx")]
#[must_use]
pub fn slot(data: &Path) -> Vec<Row> {
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
    use vedette_sight::{GrayFrame, Measured, ModelCard};

    use super::{ITEM, ON};
    use crate::boxes::Counts;
    use crate::thermal::{HELD_OUT, Picture, count, load, pictures};
    use crate::{BenchError, Row, processor_s};

    /// Cards, with the paths they are kept under.
    const CARDS: [(&str, &str); 2] = [
        (
            "video/bench/cards/yolox_nano.toml",
            include_str!("../cards/yolox_nano.toml"),
        ),
        (
            "video/bench/cards/fastestdet.toml",
            include_str!("../cards/fastestdet.toml"),
        ),
    ];
    /// Every so many pictures: tiles are dear.
    const EVERY: usize = 4;
    /// Altitudes of one band, metres.
    const BANDS: [[u32; 2]; 3] = [[60, 79], [80, 99], [100, 130]];
    const KINDS: [(TargetClass, &str); 3] = [
        (TargetClass::Person, "people"),
        (TargetClass::Vehicle, "vehicles"),
        (TargetClass::TwoWheeler, "two-wheelers"),
    ];
    /// A card's figure is the measured one when both round alike to two places.
    const AS_MEASURED: f64 = 0.0051;

    pub(super) fn rows(data: &Path, library: &Path) -> Result<Vec<Row>, BenchError> {
        let all = pictures(&data.join("hituav"))?;
        let looked: Vec<&Picture> = all.iter().step_by(EVERY).collect();
        let mut out = Vec::new();
        for (path, text) in CARDS {
            let card = read_card(text, Path::new(path)).map_err(|e| BenchError::Data {
                path: path.into(),
                why: e.to_string(),
            })?;
            let name = format!("{ITEM}, {}", card.name);
            let rows = of_model(card, &data.join("models"), library, &looked);
            out.extend(rows.unwrap_or_else(|e| vec![Row::left_out(&name, ON, &e)]));
        }
        Ok(out)
    }

    fn of_model(card: ModelCard, models: &Path, library: &Path, looked: &[&Picture]) -> Result<Vec<Row>, BenchError> {
        let bad = |path: &Path, why: &dyn std::fmt::Display| BenchError::Data {
            path: path.to_owned(),
            why: why.to_string(),
        };
        let mut detector = open_model(card, models, library, 1).map_err(|e| bad(models, &e))?;
        let mut stills = Stills::new();
        let mut counts = [[Counts::default(); KINDS.len()]; BANDS.len()];
        // The same, over the altitudes our own classifier was never trained on.
        let mut beside_ours = [Counts::default(); KINDS.len()];
        let mut spent_s = 0.0;
        for p in looked {
            let Some(band) = BANDS.iter().position(|[a, b]| (a..=b).contains(&&p.altitude_m)) else {
                continue;
            };
            let still = load(&mut stills, &p.path)?;
            let frame = GrayFrame::new(still.width, still.height, &still.gray).map_err(|e| bad(&p.path, &e))?;
            let begun = processor_s();
            let found = detector.detect(&frame).map_err(|e| bad(models, &e))?;
            spent_s += processor_s() - begun;
            for (k, (class, _)) in KINDS.iter().enumerate() {
                let of: Vec<ImageBox> = found.iter().filter(|o| o.class == *class).map(|o| o.image).collect();
                let c = count(&of, p, *class);
                counts[band][k].add(&c);
                if HELD_OUT.contains(&p.altitude_m) {
                    beside_ours[k].add(&c);
                }
            }
        }
        let card = detector.card();
        let mut out = Vec::new();
        let mut told = true;
        for ([low, high], counts) in BANDS.iter().zip(&counts) {
            for ((class, what), c) in KINDS.iter().zip(counts) {
                let now = measured(&on(*low, *high), *class, c);
                let as_told = card.measured.iter().any(|m| alike(m, &now));
                told &= as_told;
                let beside = if as_told {
                    "as its card says"
                } else {
                    "NOT as its card says"
                };
                out.push(Row::shown(
                    &format!("thermal {what}, {low}-{high} m, ONNX slot, {}", card.name),
                    ON,
                    format!("{}; {beside}", c.text()),
                ));
            }
        }
        for ((_, what), c) in KINDS.iter().zip(&beside_ours) {
            out.push(Row::shown(
                &format!("thermal {what}, altitudes held out, ONNX slot, {}", card.name),
                ON,
                c.text(),
            ));
        }
        out.push(Row::judged(
            &format!("{ITEM}, {}", card.name),
            ON,
            "card tells what is measured",
            format!(
                "{}; {:.1} ms of processor a 640 x 512 picture in tiles of {} pixels; {}",
                if told { "it does" } else { "it does not" },
                spent_s * 1e3 / looked.len().max(1) as f64,
                card.tile_px.unwrap_or(0),
                card.licence
            ),
            told,
        ));
        Ok(out)
    }

    /// What a card calls the pictures of one band.
    fn on(low: u32, high: u32) -> String {
        format!("HIT-UAV thermal, {low}-{high} m, every {EVERY}th picture, overlap 0.3")
    }

    fn measured(on: &str, class: TargetClass, c: &Counts) -> Measured {
        Measured {
            on: on.to_owned(),
            class,
            precision: (c.found + c.wrong > 0).then(|| c.precision()),
            recall: c.recall(),
            wrong_per_picture: c.wrong_per_picture(),
        }
    }

    fn alike(told: &Measured, now: &Measured) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < AS_MEASURED;
        let precise = match (told.precision, now.precision) {
            (Some(a), Some(b)) => near(a, b),
            (None, None) => true,
            _ => false,
        };
        told.on == now.on
            && told.class == now.class
            && precise
            && near(told.recall, now.recall)
            && near(told.wrong_per_picture, now.wrong_per_picture)
    }
}
