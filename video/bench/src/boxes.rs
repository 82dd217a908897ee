//! Found boxes against true ones, in single pictures.

use vedette_model::ImageBox;
use vedette_sight::overlap;

/// Counts of one or more pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Pictures.
    pub pictures: u64,
    /// True boxes.
    pub truth: u64,
    /// True boxes found.
    pub found: u64,
    /// Found boxes that are no true one.
    pub wrong: u64,
}

impl Counts {
    /// Share of the found that are right.
    #[must_use]
    pub fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.wrong).max(1) as f64
    }
    /// Share of the true that are found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        self.found as f64 / self.truth.max(1) as f64
    }
    /// Wrong boxes per picture.
    #[must_use]
    pub fn wrong_per_picture(&self) -> f64 {
        self.wrong as f64 / self.pictures.max(1) as f64
    }
    /// Adds others.
    pub fn add(&mut self, o: &Self) {
        self.pictures += o.pictures;
        self.truth += o.truth;
        self.found += o.found;
        self.wrong += o.wrong;
    }
    /// `P 0.90 R 0.58, 0.26 wrong per picture`.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "P {:.2} R {:.2}, {:.2} wrong per picture ({} of {} in {} pictures)",
            self.precision(),
            self.recall(),
            self.wrong_per_picture(),
            self.found,
            self.truth,
            self.pictures
        )
    }
}

/// Same object: overlap of at least 0.3, or the found centre inside the true box and the areas
/// within 0.2 to 3 of each other.
#[must_use]
pub fn same(found: &ImageBox, truth: &ImageBox) -> bool {
    let (cx, cy) = (found.x + found.w / 2.0, found.y + found.h / 2.0);
    let inside = cx >= truth.x && cx <= truth.x + truth.w && cy >= truth.y && cy <= truth.y + truth.h;
    let areas = found.w * found.h / (truth.w * truth.h).max(1.0);
    overlap(found, truth, 0.0) >= 0.3 || (inside && (0.2..=3.0).contains(&areas))
}

/// One picture: found boxes, best first, against true ones; each true box is found once. Found
/// boxes on something in `pardoned` are neither right nor wrong.
#[must_use]
pub fn score(found: &[ImageBox], truth: &[ImageBox], pardoned: &[ImageBox]) -> Counts {
    let mut taken = vec![false; truth.len()];
    let mut counts = Counts {
        pictures: 1,
        truth: truth.len() as u64,
        ..Counts::default()
    };
    for f in found {
        let best = (0..truth.len())
            .filter(|&i| !taken[i] && same(f, &truth[i]))
            .max_by(|&a, &b| overlap(f, &truth[a], 0.0).total_cmp(&overlap(f, &truth[b], 0.0)));
        if let Some(i) = best {
            taken[i] = true;
            counts.found += 1;
        } else if !pardoned.iter().any(|p| same(f, p)) {
            counts.wrong += 1;
        }
    }
    counts
}
