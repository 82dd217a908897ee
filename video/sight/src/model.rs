//! The slot for a detector network trained elsewhere: its card, and what lies between a picture and
//! its numbers: tiles, the letterbox, the head's decoding, one box per object.
//!
//! Nothing runs a network here: whoever owns a runtime implements [`Network`]. Invariant: a model
//! without a card, or whose bytes are not the card's, is not used; a network's output of another
//! shape than its head's is an error in words, never a guess. Scores are the network's own and no
//! probabilities. Knows no file and no runtime.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_model::{ImageBox, TargetClass};

use crate::SightError;
use crate::image::GrayFrame;
use crate::tracker::overlap;

/// How a network's output is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// YOLOX (Ge et al. 2021), raw: N x (5 + classes); centre and size relative to cells of strides
    /// 8, 16, 32, row by row, size as a logarithm; score is objectness times class.
    Yolox,
    /// N x (5 + classes): centre, size in input pixels, objectness, classes.
    Yolov5,
    /// (4 + classes) x N: centre and size in input pixels, classes; no objectness.
    Yolov8,
    /// FastestDet (dog-qiuqiu 2022), raw: (5 + classes) x rows x columns of cells of 16 input pixels;
    /// objectness, centre as hyperbolic tangent in cells, size as logistic share of the input,
    /// classes; score is objectness^0.6 times class^0.4.
    Fastestdet,
}

/// Planes of an input. Pictures here are grey: each plane gets the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Planes {
    /// Three planes, whatever their order.
    Colour,
    /// One plane.
    Grey,
}

/// What a network wants to be given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInput {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Planes.
    pub planes: Planes,
    /// Grey levels 0..=255 are multiplied by this.
    pub scale: f32,
}

/// What a model was measured at, by whom it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Pictures it was measured on, and how a box counted as found.
    pub on: String,
    /// Kind of object.
    pub class: TargetClass,
    /// Share of what it reports that is right, 0..=1; none where it reported nothing.
    pub precision: Option<f64>,
    /// Share of what is there that it finds, 0..=1.
    pub recall: f64,
    /// Wrong reports a picture.
    pub wrong_per_picture: f64,
}

/// The card beside a model: what the operator is shown, and what the slot must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// Name and version.
    pub name: String,
    /// File name, in the card's folder or the one the models are kept in.
    pub file: String,
    /// SHA-256 of that file, lower-case hexadecimal.
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// Where they come from.
    pub source: String,
    /// What it was trained on.
    pub trained_on: String,
    /// What it must not be used for.
    pub not_for: String,
    /// Input.
    pub input: ModelInput,
    /// Output.
    pub head: Head,
    /// Least score reported, 0..=1.
    pub least: f32,
    /// Of two boxes of one kind that overlap by more than this (intersection over union), the
    /// better stays.
    pub overlap: f32,
    /// Side of the square tiles a picture is cut into, pixels; none looks at it whole.
    #[serde(default)]
    pub tile_px: Option<u32>,
    /// Share of a tile that the next one covers again, 0..=0.5.
    #[serde(default)]
    pub tile_overlap: f32,
    /// Number of classes the network knows.
    pub outputs: u32,
    /// Class numbers (from 0, as text) that are used, and what they are here; all others are not
    /// reported.
    pub classes: BTreeMap<String, TargetClass>,
    /// What it was measured at here.
    #[serde(default)]
    pub measured: Vec<Measured>,
}

impl ModelCard {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SightError::Model`] with the first field that cannot be.
    pub fn checked(self) -> Result<Self, SightError> {
        let bad = |why: String| {
            Err(SightError::Model {
                name: self.name.clone(),
                why,
            })
        };
        let side = |v: u32| (32..=4096).contains(&v) && v.is_multiple_of(32);
        if !side(self.input.width) || !side(self.input.height) {
            return bad("input sides must be multiples of 32 from 32 to 4096".to_owned());
        }
        if !(self.input.scale.is_finite() && self.input.scale > 0.0) {
            return bad("input.scale must be above 0".to_owned());
        }
        if !(self.least > 0.0 && self.least < 1.0 && self.overlap > 0.0 && self.overlap < 1.0) {
            return bad("least and overlap must lie between 0 and 1".to_owned());
        }
        if !(0.0..=0.5).contains(&self.tile_overlap) || self.tile_px.is_some_and(|t| !(64..=4096).contains(&t)) {
            return bad("tile_px must be 64 to 4096, tile_overlap 0 to 0.5".to_owned());
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return bad("sha256 must be 64 lower-case hexadecimal digits".to_owned());
        }
        if !(1..=10_000).contains(&self.outputs) || self.classes.is_empty() {
            return bad("outputs and classes must name at least one class".to_owned());
        }
        for key in self.classes.keys() {
            if key.parse::<u32>().is_ok_and(|k| k < self.outputs) {
                continue;
            }
            return bad(format!("class {key:?} is no number below outputs = {}", self.outputs));
        }
        Ok(self)
    }

    /// Whether a file with this SHA-256 is the model it speaks of.
    ///
    /// # Errors
    /// [`SightError::Model`] with both hashes when it is not.
    pub fn is_of(&self, sha256: &str) -> Result<(), SightError> {
        if self.sha256 == sha256 {
            return Ok(());
        }
        Err(SightError::Model {
            name: self.name.clone(),
            why: format!(
                "{} has SHA-256 {sha256}, the card says {}: it is not the model the card speaks of",
                self.file, self.sha256
            ),
        })
    }

    /// What its word for a class is worth: the natural logarithm of right over wrong at the least
    /// precision it was measured at for that class, at most nineteen to one; 0 where it was wrong more
    /// often than right, or reported nothing. A class it was never measured at counts as six right in ten.
    #[must_use]
    pub fn worth(&self, class: TargetClass) -> f64 {
        const UNMEASURED: f64 = 0.6;
        let of_class = self.measured.iter().filter(|m| m.class == class);
        // Where it reported nothing, nothing is known of what it would be worth.
        let p = of_class
            .map(|m| m.precision.unwrap_or(0.5))
            .reduce(f64::min)
            .unwrap_or(UNMEASURED)
            .clamp(0.5, 0.95);
        (p / (1.0 - p)).ln()
    }

    /// One line for the operator: which model, and what it was measured at.
    #[must_use]
    pub fn line(&self) -> String {
        let measured: Vec<String> = self
            .measured
            .iter()
            .map(|m| {
                let right = m
                    .precision
                    .map_or("nothing reported".to_owned(), |p| format!("P {p:.2}"));
                format!(
                    "{:?} {right}, R {:.2}, {:.2} wrong a picture ({})",
                    m.class, m.recall, m.wrong_per_picture, m.on
                )
            })
            .collect();
        let measured = if measured.is_empty() {
            "never measured here".to_owned()
        } else {
            measured.join("; ")
        };
        format!(
            "{}, SHA-256 {}…: {measured}",
            self.name,
            self.sha256.get(..12).unwrap_or_default()
        )
    }
}

/// A network's answer: sizes of its axes and the values, last axis fastest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Sizes; a first axis of one (the batch) does not matter.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

/// Something that runs a network.
pub trait Network: Send {
    /// Runs it once on one picture: planes, rows, columns, of the card's size.
    ///
    /// # Errors
    /// What the runtime says, in its words.
    fn run(&mut self, input: Vec<f32>, shape: [usize; 4]) -> Result<Answer, String>;
}

/// A box a model reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelObject {
    /// Box, pixels of the picture.
    pub image: ImageBox,
    /// Kind, by the card's map.
    pub class: TargetClass,
    /// The network's own score, 0..=1; not a probability.
    pub score: f32,
}

/// A model at work on whole pictures.
pub struct ModelDetector {
    card: ModelCard,
    classes: Vec<Option<TargetClass>>,
    network: Box<dyn Network>,
}

/// A part of the picture: left, top, width, height, pixels.
type Tile = [usize; 4];

/// Side of FastestDet's cells, input pixels.
const CELL: usize = 16;

/// What a letterbox is filled with, grey level.
const FILL: f32 = 114.0;

impl ModelDetector {
    /// With a card, the SHA-256 of the bytes the network was made of, and the network.
    ///
    /// # Errors
    /// [`SightError::Model`] when the card cannot be or the bytes are not its own.
    pub fn new(card: ModelCard, sha256: &str, network: Box<dyn Network>) -> Result<Self, SightError> {
        let card = card.checked()?;
        card.is_of(sha256)?;
        let classes = (0..card.outputs)
            .map(|k| card.classes.get(&k.to_string()).copied())
            .collect();
        Ok(Self { card, classes, network })
    }

    /// Its card.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Objects of one picture, best first.
    ///
    /// # Errors
    /// [`SightError::Model`] when the network fails or answers in another shape than its head's.
    pub fn detect(&mut self, frame: &GrayFrame<'_>) -> Result<Vec<ModelObject>, SightError> {
        let failed = |name: &str, why: String| SightError::Model {
            name: name.to_owned(),
            why,
        };
        let mut found = Vec::new();
        for tile in tiles(frame.width(), frame.height(), self.card.tile_px, self.card.tile_overlap) {
            let (input, shape, zoom) = self.letterbox(frame, tile);
            let answer = self.network.run(input, shape).map_err(|e| failed(&self.card.name, e))?;
            let boxes = self.decode(&answer).map_err(|e| failed(&self.card.name, e))?;
            found.extend(boxes.into_iter().filter_map(|(class, score, [cx, cy, w, h])| {
                let image = ImageBox {
                    x: (cx - w / 2.0) / zoom + tile[0] as f32,
                    y: (cy - h / 2.0) / zoom + tile[1] as f32,
                    w: w / zoom,
                    h: h / zoom,
                };
                let real = [image.x, image.y, image.w, image.h].iter().all(|v| v.is_finite());
                (real && image.w > 0.0 && image.h > 0.0).then_some(ModelObject { image, class, score })
            }));
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut kept: Vec<ModelObject> = Vec::new();
        for o in found {
            let same = |k: &ModelObject| k.class == o.class && overlap(&k.image, &o.image, 0.0) > self.card.overlap;
            if !kept.iter().any(same) {
                kept.push(o);
            }
        }
        Ok(kept)
    }

    /// A tile brought to the input's size, upper left, the rest filled; and input pixels per
    /// picture pixel.
    fn letterbox(&self, frame: &GrayFrame<'_>, [left, top, w, h]: Tile) -> (Vec<f32>, [usize; 4], f32) {
        let (iw, ih) = (self.card.input.width as usize, self.card.input.height as usize);
        let planes = match self.card.input.planes {
            Planes::Colour => 3,
            Planes::Grey => 1,
        };
        let zoom = (iw as f32 / w as f32).min(ih as f32 / h as f32);
        let (nw, nh) = ((w as f32 * zoom) as usize, (h as f32 * zoom) as usize);
        let (data, stride) = (frame.data(), frame.width());
        let mut plane = vec![FILL * self.card.input.scale; iw * ih];
        for y in 0..nh {
            let sy = ((y as f32 + 0.5) / zoom - 0.5).clamp(0.0, (h - 1) as f32);
            let (y0, fy) = (sy as usize, sy.fract());
            let rows = [y0, (y0 + 1).min(h - 1)].map(|r| &data[(top + r) * stride + left..][..w]);
            for (x, out) in plane[y * iw..][..nw].iter_mut().enumerate() {
                let sx = ((x as f32 + 0.5) / zoom - 0.5).clamp(0.0, (w - 1) as f32);
                let (x0, fx) = (sx as usize, sx.fract());
                let x1 = (x0 + 1).min(w - 1);
                let [a, b] = rows.map(|r| f32::from(r[x0]) * (1.0 - fx) + f32::from(r[x1]) * fx);
                *out = (a * (1.0 - fy) + b * fy) * self.card.input.scale;
            }
        }
        let input = plane.repeat(planes);
        (input, [1, planes, ih, iw], zoom)
    }

    /// Class, score, and centre and size in input pixels.
    fn decode(&self, a: &Answer) -> Result<Vec<(TargetClass, f32, [f32; 4])>, String> {
        let shape = match a.shape.as_slice() {
            [1, rest @ ..] if rest.len() >= 2 => rest,
            all => all,
        };
        let classes = self.classes.len();
        let (iw, ih) = (self.card.input.width as usize, self.card.input.height as usize);
        let grid: Vec<(usize, usize, usize)> = [8usize, 16, 32]
            .into_iter()
            .flat_map(|s| (0..ih / s).flat_map(move |y| (0..iw / s).map(move |x| (s, x, y))))
            .collect();
        let (rows, wide, wanted) = match self.card.head {
            Head::Yolox => (grid.len(), 5 + classes, vec![grid.len(), 5 + classes]),
            Head::Yolov5 => {
                let n = shape.first().copied().unwrap_or(0);
                (n, 5 + classes, vec![n, 5 + classes])
            }
            Head::Yolov8 => {
                let n = shape.get(1).copied().unwrap_or(0);
                (n, 4 + classes, vec![4 + classes, n])
            }
            Head::Fastestdet => {
                let (down, across) = (ih / CELL, iw / CELL);
                (down * across, 5 + classes, vec![5 + classes, down, across])
            }
        };
        if shape != wanted || a.values.len() != rows * wide {
            return Err(format!(
                "answered {} values in the shape {:?}, its head needs {wanted:?}",
                a.values.len(),
                a.shape
            ));
        }
        let mut out = Vec::new();
        for (r, cell) in (0..rows).zip(grid.iter().map(Some).chain(std::iter::repeat(None))) {
            let v = |k: usize| match self.card.head {
                Head::Yolov8 | Head::Fastestdet => a.values[k * rows + r],
                _ => a.values[r * wide + k],
            };
            let score = |c: usize| match self.card.head {
                Head::Yolov8 => v(4 + c),
                Head::Fastestdet => v(0).powf(0.6) * v(5 + c).powf(0.4),
                _ => v(4) * v(5 + c),
            };
            let best = (0..classes).map(|c| (c, score(c))).max_by(|a, b| a.1.total_cmp(&b.1));
            let Some((c, score)) = best else { continue };
            let Some(class) = self.classes[c] else { continue };
            if !(score >= self.card.least && score <= 1.001) {
                continue;
            }
            let raw = [v(0), v(1), v(2), v(3)];
            let at = match (self.card.head, cell) {
                (Head::Fastestdet, _) => {
                    let (y, x) = (r / (iw / CELL), r % (iw / CELL));
                    let share = |z: f32| 1.0 / (1.0 + (-z).exp());
                    [
                        (raw[1].tanh() + x as f32) * CELL as f32,
                        (raw[2].tanh() + y as f32) * CELL as f32,
                        share(raw[3]) * iw as f32,
                        share(v(4)) * ih as f32,
                    ]
                }
                (Head::Yolox, Some((s, x, y))) => {
                    let s = *s as f32;
                    [
                        (raw[0] + *x as f32) * s,
                        (raw[1] + *y as f32) * s,
                        raw[2].exp() * s,
                        raw[3].exp() * s,
                    ]
                }
                _ => raw,
            };
            out.push((class, score, at));
        }
        Ok(out)
    }
}

/// Tiles that cover a picture; the last ones of a row and column end at its edge.
fn tiles(w: usize, h: usize, side: Option<u32>, again: f32) -> Vec<Tile> {
    let Some(side) = side.map(|s| s as usize) else {
        return vec![[0, 0, w, h]];
    };
    let starts = |all: usize| -> Vec<(usize, usize)> {
        if all <= side {
            return vec![(0, all)];
        }
        let step = ((side as f32 * (1.0 - again)) as usize).max(16);
        let mut at: Vec<usize> = (0..=all - side).step_by(step).collect();
        if at.last().is_some_and(|l| l + side < all) {
            at.push(all - side);
        }
        at.into_iter().map(|a| (a, side)).collect()
    };
    let across = starts(w);
    starts(h)
        .into_iter()
        .flat_map(|(y, th)| across.iter().map(move |(x, tw)| [*x, y, *tw, th]))
        .collect()
}
