//! Movements that begin just after the patrol has gone by: somebody may be watching it (P2).
//!
//! Where movements know nothing of the patrol, the share of the interval that has gone by when one
//! begins is uniform. The rule counts how many began within the first part of it and asks how
//! likely so many are by chance (binomial tail). Invariant: it speaks of a stretch of the line and a
//! pattern, never of a person; without two passes around it a movement says nothing.

use serde::{Deserialize, Serialize};
use vedette_atlas::Border;
use vedette_model::{AlertFact, Priority, RuleId, Utc};

use super::AlertDraft;

pub(super) const RULE: &str = "patrol-timing";

/// Thresholds of `patrol_timing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatrolTimingPolicy {
    /// The line is looked at in stretches of this length, metres.
    pub stretch_m: f64,
    /// "Just after" is this first share of the interval between two passes.
    pub early_share: f64,
    /// Movements on a stretch at least.
    pub least: u32,
    /// Reported when chance alone would do this less often than once in so many times.
    pub one_in: f64,
    /// Movements older than this no longer count, hours.
    pub hours: f64,
}

impl Default for PatrolTimingPolicy {
    fn default() -> Self {
        Self {
            stretch_m: 500.0,
            early_share: 0.25,
            least: 4,
            one_in: 200.0,
            hours: 24.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Stretch {
    /// Times of passes, oldest first.
    passes: Vec<Utc>,
    /// Times of movements that began here.
    moves: Vec<Utc>,
    /// Movements known when it was last spoken of.
    said_at: usize,
}

/// Passes and movements along the line.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PatrolTiming {
    stretches: Vec<Stretch>,
}

/// Passes and movements kept of each stretch.
const KEPT: usize = 400;
/// Looks within this time are one pass, microseconds.
const ONE_PASS_US: i64 = 30_000_000;

impl PatrolTiming {
    fn stretch(&mut self, chainage_m: f64, p: &PatrolTimingPolicy) -> Option<(usize, &mut Stretch)> {
        let i = (chainage_m / p.stretch_m).floor();
        if !(0.0..4000.0).contains(&i) {
            return None;
        }
        let i = i as usize;
        if self.stretches.len() <= i {
            self.stretches.resize_with(i + 1, Stretch::default);
        }
        self.stretches.get_mut(i).map(|s| (i, s))
    }

    /// The patrol looked at this place of the line.
    pub fn passed(&mut self, chainage_m: f64, now: Utc, p: &PatrolTimingPolicy) {
        let Some((_, s)) = self.stretch(chainage_m, p) else {
            return;
        };
        match s.passes.last_mut() {
            Some(last) if now.0 - last.0 < ONE_PASS_US => *last = now.max(*last),
            _ => s.passes.push(now),
        }
        if s.passes.len() > KEPT {
            s.passes.remove(0);
        }
    }

    /// A movement began here (first look at a person or vehicle, or a ground sensor's cue).
    pub fn moved(&mut self, chainage_m: f64, now: Utc, p: &PatrolTimingPolicy) {
        if let Some((_, s)) = self.stretch(chainage_m, p) {
            s.moves.push(now);
            if s.moves.len() > KEPT {
                s.moves.remove(0);
                s.said_at = s.said_at.saturating_sub(1);
            }
        }
    }

    /// Stretches whose movements follow the patrol more closely than chance explains.
    pub fn judge(&mut self, now: Utc, p: &PatrolTimingPolicy, border: &Border) -> Vec<AlertDraft> {
        let mut out = Vec::new();
        let from = now.plus_us(-((p.hours * 3.6e9) as i64));
        for (i, s) in self.stretches.iter_mut().enumerate() {
            let shares: Vec<(f64, f64)> = s
                .moves
                .iter()
                .filter(|t| **t >= from)
                .filter_map(|t| {
                    let k = s.passes.partition_point(|x| x <= t);
                    let (before, after) = (s.passes.get(k.checked_sub(1)?)?, s.passes.get(k)?);
                    let whole = (after.0 - before.0) as f64;
                    (whole > 0.0).then(|| ((t.0 - before.0) as f64 / whole, (t.0 - before.0) as f64 * 1e-6))
                })
                .collect();
            let n = shares.len();
            if n < p.least as usize || n <= s.said_at {
                continue;
            }
            let early: Vec<f64> = shares
                .iter()
                .filter(|(f, _)| *f <= p.early_share)
                .map(|(_, t)| *t)
                .collect();
            let chance = at_least(early.len(), n, p.early_share);
            if chance * p.one_in > 1.0 {
                continue;
            }
            s.said_at = n;
            let middle_m = (i as f64 + 0.5) * p.stretch_m;
            let latest = early.iter().copied().fold(0.0, f64::max);
            let odds = (1.0 / chance.max(1e-9)).min(1e9);
            let fact = |name: &str, value: String| AlertFact {
                name: name.to_owned(),
                value,
            };
            out.push(AlertDraft {
                rule: RuleId(RULE.to_owned()),
                priority: Priority::P2,
                title: "Movements follow the patrol".to_owned(),
                why: format!(
                    "{} of {n} movements between km {:.1} and km {:.1} began within {latest:.0} s after a pass, in the first {:.0} % of the time to the next; by chance that is seen once in {odds:.0} times.",
                    early.len(),
                    i as f64 * p.stretch_m * 1e-3,
                    (i + 1) as f64 * p.stretch_m * 1e-3,
                    p.early_share * 100.0
                ),
                facts: vec![
                    fact("movements", n.to_string()),
                    fact("just after a pass", early.len().to_string()),
                    fact("passes known", s.passes.len().to_string()),
                ],
                track: None,
                company: Vec::new(),
                vehicle: None,
                camera: None,
                at: Some(border.at(middle_m.min(border.length_m()))),
                chainage_m: Some(middle_m),
                confidence: (1.0 - chance).clamp(0.0, 1.0) * 0.8,
                captured: now,
            });
        }
        out
    }
}

/// Chance of at least `k` of `n` when each is early with chance `p` (binomial tail).
fn at_least(k: usize, n: usize, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= k {
            sum += term;
        }
        term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    sum.min(1.0)
}
