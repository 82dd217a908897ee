//! What stands out in one frame: warm or cold spots and things that moved against the ground,
//! merged into one list. Needs no training; every cue is a measured number.

use vedette_model::{ImageBox, TargetClass};

use crate::tracker::{ScoredBox, overlap};

/// One thing that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Box, full-picture pixels.
    pub image: ImageBox,
    /// Score, 0..=1: grows with contrast over the local noise; not a probability.
    pub score: f32,
    /// Contrast to the surroundings, grey levels, signed (positive: brighter).
    pub contrast: f32,
    /// Contrast over local noise; 0 without a spot.
    pub spot: f32,
    /// Motion cue over its threshold; 0 without motion.
    pub motion: f32,
    /// What a detector network says it is.
    pub said: Option<TargetClass>,
}

impl Detection {
    /// As the tracker wants it.
    #[must_use]
    pub fn scored(&self) -> ScoredBox {
        ScoredBox {
            image: self.image,
            score: self.score,
        }
    }
}

/// Score of a ratio to noise or threshold: 0.5 at `half`, towards 1 far above it.
pub(crate) fn score(ratio: f32, half: f32) -> f32 {
    let r = ratio.max(0.0);
    r / (r + half)
}

/// Spots and movers that overlap become one detection with both cues and the spot's tighter box. A
/// network's box on one of either gives it its word and leaves it its own box.
pub(crate) fn merge(spots: Vec<Detection>, movers: Vec<Detection>) -> Vec<Detection> {
    let mut out = spots;
    for m in movers {
        let near = out
            .iter_mut()
            .filter(|s| s.spot > 0.0)
            .map(|s| (overlap(&s.image, &m.image, 2.0), s))
            .filter(|(o, _)| *o > 0.15)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match near {
            Some((_, s)) => {
                s.said = s.said.or(m.said);
                s.motion = s.motion.max(m.motion);
                s.score = 1.0 - (1.0 - s.score) * (1.0 - m.score);
            }
            None => out.push(m),
        }
    }
    // Boxes on top of each other (two scales of one thing): the better one stays.
    out.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.image.x.total_cmp(&b.image.x))
            .then(a.image.y.total_cmp(&b.image.y))
    });
    let mut kept: Vec<Detection> = Vec::with_capacity(out.len());
    for d in out {
        let on = |k: &Detection| overlap(&k.image, &d.image, 0.0) >= 0.3 || inside(&d.image, &k.image);
        match kept.iter_mut().find(|k| on(k)) {
            None => kept.push(d),
            Some(k) if k.said != d.said => k.joined(&d),
            Some(_) => {}
        }
    }
    kept
}

impl Detection {
    /// Whether it was measured here, and not only named by a network.
    fn measured(&self) -> bool {
        self.spot > 0.0 || self.motion > 0.0
    }

    /// Takes in another one on the same thing, one of the two from a network.
    fn joined(&mut self, other: &Self) {
        let said = self.said.or(other.said);
        if !self.measured() && other.measured() {
            let score = self.score.max(other.score);
            *self = Self { score, ..*other };
        }
        self.said = said;
    }
}

fn inside(a: &ImageBox, b: &ImageBox) -> bool {
    let (cx, cy) = (a.x + a.w / 2.0, a.y + a.h / 2.0);
    cx >= b.x && cx <= b.x + b.w && cy >= b.y && cy <= b.y + b.h
}
