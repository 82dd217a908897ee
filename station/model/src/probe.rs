//! When a trainee is asked how hard they work: the Instantaneous Self-Assessment of workload (ISA;
//! Kirwan et al., 1997), five levels, a few seconds, at fixed times of the session.
//!
//! Invariant: the times follow from the session clock alone, so console and score agree on what was
//! asked without another record. It must not know who asks.

use serde::{Deserialize, Serialize};

use crate::Mono;

/// How often and how long the question stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probes {
    /// Seconds between questions; 0 or less asks never.
    pub every_s: f64,
    /// Seconds a question stands before it lapses.
    pub stands_s: f64,
}

impl Probes {
    /// The question that stands now, by its number from 1.
    #[must_use]
    pub fn due(&self, now: Mono) -> Option<u32> {
        let n = self.asked(now);
        (n > 0 && now.seconds() < self.every_s * f64::from(n) + self.stands_s).then_some(n)
    }

    /// How many questions were asked by now.
    #[must_use]
    pub fn asked(&self, now: Mono) -> u32 {
        if self.every_s < 1.0 || !now.seconds().is_finite() {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a session has few questions"
        )]
        let n = (now.seconds() / self.every_s).clamp(0.0, 1e6) as u32;
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_stands_for_its_time_and_lapses() {
        let p = Probes {
            every_s: 300.0,
            stands_s: 60.0,
        };
        let at = |s: i64| p.due(Mono(s * 1_000_000));
        assert_eq!(
            [at(0), at(299), at(300), at(359), at(360)],
            [None, None, Some(1), Some(1), None]
        );
        assert_eq!(at(610), Some(2));
        let never = Probes { every_s: 0.0, ..p };
        assert_eq!(never.due(Mono(1_000_000_000)), None);
    }
}
