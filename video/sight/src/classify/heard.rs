//! What a detector network says an object is, beside what its size, shape and motion say.
//!
//! Invariant: a network's score is no probability, so its word is worth what it was measured at
//! (its card) and no more: the logarithm of right over wrong, and nothing where it is wrong more
//! often than right. Looks in a row share their errors here as they do for size and shape.

use vedette_model::TargetClass;

use super::{ClassEvidence, FADE, KINDS, SHARE};

/// Classes a network may name.
const CLASSES: [TargetClass; 5] = [
    TargetClass::Person,
    TargetClass::Vehicle,
    TargetClass::TwoWheeler,
    TargetClass::Animal,
    TargetClass::Boat,
];

/// A class named often enough by a network worth it is believed of something that never moved,
/// natural logarithm: five looks of one that is right nine times in ten.
const SURE: f64 = 2.0;

/// What was heard about one object over its looks; log-likelihood ratios, forgetting slowly.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Heard([f64; CLASSES.len()]);

impl Heard {
    /// One look at which the network was asked: the class it gave, and what its word is worth
    /// ([`crate::ModelCard::worth`]); `None` where it said nothing of this object.
    pub(crate) fn hear(&mut self, said: Option<(TargetClass, f64)>) {
        for (sum, class) in self.0.iter_mut().zip(CLASSES) {
            let now = said.filter(|(c, _)| *c == class).map_or(0.0, |(_, worth)| worth);
            *sum = *sum * FADE + SHARE * now;
        }
    }

    fn of(&self, class: TargetClass) -> f64 {
        let at = CLASSES.iter().position(|c| *c == class);
        at.map_or(0.0, |k| self.0[k])
    }

    /// Whether a class was named often enough to be believed of something at rest.
    pub(crate) fn sure(&self, class: TargetClass) -> bool {
        self.of(class) >= SURE
    }
}

impl ClassEvidence {
    /// Best class and its share, as [`ClassEvidence::best`], with what a network said beside it.
    pub(crate) fn best_beside(&self, heard: &Heard) -> (TargetClass, f64) {
        let own = self.best();
        if heard.0.iter().all(|v| *v == 0.0) {
            return own;
        }
        let kinds = KINDS.iter().zip(&self.sums).map(|(k, s)| (k.class, *s));
        // Boats are no kind of their own size: all that speaks for one is the network.
        let all: Vec<(TargetClass, f64)> = kinds
            .chain([(TargetClass::Boat, self.unknown)])
            .map(|(class, log)| (class, log + heard.of(class)))
            .chain([(TargetClass::Unknown, self.unknown)])
            .collect();
        let Some(&(class, top)) = all.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return own;
        };
        let share = 1.0 / all.iter().map(|(_, log)| (log - top).exp()).sum::<f64>();
        if self.moved || class == own.0 || heard.sure(class) {
            (class, share)
        } else {
            (TargetClass::Unknown, share)
        }
    }
}
