//! What an instructor does by a script: faults by hand, their end, the pace of time.
//!
//! Invariant: acts come in order of time and each once. It must not know what the trainee does.

use serde::Deserialize;

use crate::serve::Instructor;
use crate::{Newcomer, SimError, Trouble};

/// One act.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    /// Seconds of the scenario.
    at_s: f64,
    /// What.
    #[serde(rename = "do")]
    what: What,
    /// Aircraft; absent: all.
    system: Option<u8>,
    /// For `inject`: `{ what = "link-loss" }` and its values.
    trouble: Option<Trouble>,
    /// For `mend`: the kind; absent: all that was put in by hand.
    kind: Option<String>,
    /// For `add`: `{ name = "...", kind = "person", km = .., inside_m = .., to_km = .., to_inside_m = .., speed_m_s = .. }`.
    actor: Option<Newcomer>,
    /// For `speed`: seconds of the scenario per second of the clock.
    speed: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Inject,
    Mend,
    Speed,
    Add,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    act: Vec<Act>,
}

/// A script of acts, as `[[act]]` tables of a TOML file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InstructorScript {
    acts: Vec<Act>,
    next: usize,
}

impl InstructorScript {
    /// Reads a script.
    ///
    /// # Errors
    /// [`SimError::Syntax`] with line and column, [`SimError::Several`] for acts without what they
    /// need.
    pub fn parse(text: &str, file: &str) -> Result<Self, SimError> {
        let mut acts = toml::from_str::<File>(text)
            .map_err(|e| SimError::Syntax {
                file: file.to_owned(),
                message: e.to_string().trim().replace('\n', "\n  "),
            })?
            .act;
        let mut wrong = Vec::new();
        for (k, a) in acts.iter().enumerate() {
            let needs = match a.what {
                What::Inject if a.trouble.is_none() => Some("inject needs `trouble = { what = \"...\" }`"),
                What::Add if a.actor.is_none() => Some(
                    "add needs `actor = { name, kind, km, inside_m, to_km, to_inside_m, speed_m_s }`; role and count may be given",
                ),
                What::Speed if !a.speed.is_some_and(|s| (0.1..=20.0).contains(&s)) => {
                    Some("speed needs `speed`, 0.1 to 20")
                }
                What::Mend if a.kind.as_ref().is_some_and(|k| !Trouble::ALL.iter().any(|t| t.0 == k)) => {
                    Some("mend knows the kinds of sim/scenarios/README.md")
                }
                _ if !(a.at_s.is_finite() && a.at_s >= 0.0) => Some("at_s is seconds of the scenario, 0 or more"),
                _ => None,
            };
            if let Some(allowed) = needs {
                // The line of the k-th table.
                let line = text
                    .lines()
                    .enumerate()
                    .filter(|(_, l)| l.trim_start().starts_with("[[act]]"))
                    .nth(k)
                    .map_or(1, |(n, _)| n + 1);
                wrong.push(SimError::Value {
                    file: file.to_owned(),
                    line,
                    what: format!("act {} lacks something or has it wrong", k + 1),
                    allowed: allowed.to_owned(),
                });
            }
        }
        SimError::all(wrong)?;
        acts.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Ok(Self { acts, next: 0 })
    }

    /// Does what is due.
    ///
    /// # Errors
    /// [`SimError::Option`] when the run refuses an act; the rest stays to be done.
    pub fn perform(&mut self, i: &Instructor) -> Result<(), SimError> {
        let t_s = i.t_s();
        while let Some(a) = self.acts.get(self.next).filter(|a| a.at_s <= t_s) {
            self.next += 1;
            match a.what {
                What::Inject => {
                    if let Some(t) = a.trouble {
                        i.inject(t, a.system)?;
                    }
                }
                What::Mend => {
                    for f in i.active() {
                        let kind = a.kind.as_ref().is_none_or(|k| k == f.trouble.name());
                        let whose = a.system.is_none_or(|s| f.system == Some(s));
                        if f.live && kind && whose {
                            i.remove(f.id);
                        }
                    }
                }
                What::Add => {
                    if let Some(n) = &a.actor {
                        i.add(n)?;
                    }
                }
                What::Speed => i.set_speed(a.speed.unwrap_or(1.0)),
            }
        }
        Ok(())
    }
}
