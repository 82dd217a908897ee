//! A trainee's past runs, and who may compare people.
//!
//! Invariant: one file per trainee, one line per run; a damaged line hides no other. Comparing
//! people needs the supervisor's role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_model::{Authority, Utc};

use crate::ScoreError;
use crate::items::Sheet;

/// One run in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Scenario.
    pub scenario: String,
    /// When it began.
    pub began: Utc,
    /// Session.
    pub session: String,
    /// Policy.
    pub policy: String,
    /// 0..=100.
    pub total: f64,
    /// Points by item, of those that were asked for.
    pub points: BTreeMap<String, f64>,
}

/// All runs of one trainee, in the order they were flown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Runs.
    pub lines: Vec<Line>,
}

/// One person in a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Who.
    pub trainee: String,
    /// Runs.
    pub runs: usize,
    /// Mean total of the last five.
    pub recent: f64,
}

impl Line {
    /// A sheet as a line of the history.
    #[must_use]
    pub fn of(s: &Sheet) -> Self {
        Self {
            scenario: s.scenario.clone(),
            began: s.began,
            session: s.session.clone(),
            policy: s.policy.clone(),
            total: s.total,
            points: s
                .items
                .iter()
                .filter_map(|i| i.points.map(|p| (i.name.clone(), p)))
                .collect(),
        }
    }

    /// As one line of JSON with its line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text and finite numbers always have a JSON form.
        let mut s = serde_json::to_string(self).unwrap_or_default();
        s.push('\n');
        s
    }
}

impl History {
    /// From a history file's text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self {
            lines: text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect(),
        }
    }

    /// Mean total of the last `n` runs.
    #[must_use]
    pub fn recent(&self, n: usize) -> Option<f64> {
        let last = &self.lines[self.lines.len().saturating_sub(n)..];
        (!last.is_empty()).then(|| last.iter().map(|l| l.total).sum::<f64>() / last.len() as f64)
    }

    /// Median of all totals.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let mut totals: Vec<f64> = self.lines.iter().map(|l| l.total).collect();
        totals.sort_by(f64::total_cmp);
        totals.get(totals.len() / 2).copied()
    }

    /// Mean points of an item over the last `n` runs that asked for it.
    #[must_use]
    pub fn item(&self, name: &str, n: usize) -> Option<f64> {
        let p: Vec<f64> = self
            .lines
            .iter()
            .rev()
            .filter_map(|l| l.points.get(name).copied())
            .take(n)
            .collect();
        (!p.is_empty()).then(|| p.iter().sum::<f64>() / p.len() as f64)
    }

    /// People side by side, best first; for supervisors only.
    ///
    /// # Errors
    /// [`ScoreError::Role`] for everybody else.
    pub fn compare(all: &BTreeMap<String, Self>, who: &str, has: Authority) -> Result<Vec<Comparison>, ScoreError> {
        if has < Authority::Supervisor {
            return Err(ScoreError::Role {
                who: who.to_owned(),
                has,
            });
        }
        let mut out: Vec<Comparison> = all
            .iter()
            .map(|(trainee, h)| Comparison {
                trainee: trainee.clone(),
                runs: h.lines.len(),
                recent: h.recent(5).unwrap_or_default(),
            })
            .collect();
        out.sort_by(|a, b| b.recent.total_cmp(&a.recent).then(a.trainee.cmp(&b.trainee)));
        Ok(out)
    }
}
