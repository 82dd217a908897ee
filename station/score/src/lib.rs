//! A training run held against the truth: what was found, decided, broken and kept, as a score.
//!
//! Invariant: a pure function of the recorded inputs, the truth file and a policy; it measures
//! decisions, not stick skill, and every item moves only by what it names. It reads the truth as a
//! file format and must not know who wrote it: a simulator, or role players with receivers.
//!
//! ```
//! let policy = vedette_score::Policy::parse("version = 1\n[weights]\ncustody = 0.0\n", "p.toml").expect("a policy");
//! assert_eq!(policy.weights.custody, 0.0);
//! assert!(vedette_score::Policy::parse("[weights]\ncustdoy = 1\n", "p.toml").is_err());
//! ```

mod advice;
mod checklist;
mod conduct;
mod drilled;
mod flown;
mod history;
mod items;
mod policy;
mod sheet;
mod trainee;
mod truth;

pub use advice::{Advice, advise};
pub use conduct::{AlertSeen, Answer, Conduct, IncidentDone, OrderGiven};
pub use history::{Comparison, History, Line};
pub use items::{Item, Mark, Rules, Sheet, score, score_so_far};
pub use policy::{Policy, Thresholds, Weights};
pub use sheet::{html, progress};
pub use trainee::{Habit, Trainee};
pub use truth::{ActorAt, Box, Cast, INSERT, Role, Told, Truth, TruthLine};

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The policy is not usable.
    #[error("{file}: {why}")]
    Policy {
        /// File name as given.
        file: String,
        /// What is wrong, where, and what is allowed.
        why: String,
    },
    /// The truth is not that of an exercise.
    #[error("the truth file holds no {what}: it was not recorded from a scenario with a [training] table")]
    NoTruth {
        /// What is missing.
        what: &'static str,
    },
    /// Only a supervisor compares people.
    #[error("{who} is {has:?}; comparing people needs the Supervisor role")]
    Role {
        /// Who asked.
        who: String,
        /// Their role.
        has: vedette_model::Authority,
    },
}
