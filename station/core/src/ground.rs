//! What keeps an aircraft on the ground besides its own checks: parameters that decide what it
//! does when something fails, and whose silence it counts as link loss.
//!
//! Invariant: a safety relevant difference from the baseline is flown only after a named person
//! accepted exactly this difference; changing a parameter takes the acceptance away. Parameters
//! are changed only on the ground, disarmed.

use std::collections::VecDeque;
use std::sync::Arc;

use vedette_model::{
    Acceptance, Baseline, CommandId, CommandOutcome, Drift, LandedState, MissionKind, OperatorId, Refusal, Request,
    RequestBody, Retry, VehicleId, gcs_system_wanted,
};

use crate::input::{Effect, Folder};
use crate::station::Station;
use crate::view::{BaselineView, EventKind, NoticeKind, VehicleView};

/// A parameter set lapses after this, milliseconds.
const SET_EXPIRES_MS: i64 = 20_000;
/// Reading the whole list lapses after this, milliseconds.
const READ_EXPIRES_MS: i64 = 120_000;
/// Parameters written back in one go.
const RESTORE_MOST: usize = 500;

/// Parameters on their way back to the baseline, one under way at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Restoring {
    by: Option<OperatorId>,
    left: VecDeque<(String, f64)>,
    sent: Option<CommandId>,
}

fn on_ground(v: &VehicleView) -> bool {
    let landed = v.landed.is_none_or(|l| l.value == LandedState::OnGround);
    landed && !v.armed.is_some_and(|a| a.value)
}

impl Station {
    /// Holds the parameters of one aircraft against its baseline and this station's id.
    pub(crate) fn judge_parameters(&mut self, id: VehicleId) {
        let ours = self.setup.system;
        let held = self.setup.baselines.get(&id);
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        if !v.parameter_table.is_empty()
            && let Some((name, baseline)) = held
        {
            let accepted = v.baseline.take().and_then(|b| b.accepted);
            let differences = baseline.differences(&v.parameter_table);
            let safety: Vec<_> = differences.iter().filter(|d| d.safety).cloned().collect();
            v.baseline = Some(BaselineView {
                name: name.clone(),
                differences,
                accepted: accepted.filter(|a| a.differences == safety),
            });
        }
        let mut grounded = Vec::new();
        if let Some((name, value)) = ours.and_then(|o| gcs_system_wanted(&v.parameter_table, o)) {
            grounded.push(format!(
                "{name} is {value}: it does not notice when this station ({}) falls silent; set it to {}",
                ours.unwrap_or_default(),
                ours.unwrap_or_default()
            ));
        }
        if let Some(b) = &v.baseline
            && b.accepted.is_none()
        {
            let n = b.differences.iter().filter(|d| d.safety).count();
            if n > 0 {
                let s = if n == 1 { "" } else { "s" };
                grounded.push(format!(
                    "{n} safety difference{s} from baseline {} not accepted by anyone",
                    b.name
                ));
            }
        }
        if v.grounded != grounded {
            let tail = v.tail.clone();
            let fresh: Vec<String> = grounded.iter().filter(|g| !v.grounded.contains(g)).cloned().collect();
            v.grounded = grounded;
            for why in fresh {
                self.notice(NoticeKind::Warning, format!("{tail} stays on the ground: {why}"));
                self.mark(EventKind::Flight, Some(id), format!("stays on the ground: {why}"));
            }
        }
    }

    fn of(&self, id: VehicleId) -> Result<&VehicleView, Refusal> {
        self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })
    }

    fn ask(&mut self, who: &OperatorId, id: VehicleId, what: &str, body: RequestBody, expires_ms: i64) -> CommandId {
        let uid = self
            .view
            .vehicles
            .get(&id)
            .and_then(|v| v.identity.as_ref())
            .map_or(0, |i| i.uid);
        let request = Request {
            id: self.command_id(),
            vehicle: id,
            uid,
            body,
            retry: Retry::UntilAck,
            expires: self.view.now.plus_ms(expires_ms),
        };
        let n = request.id;
        let what = format!("{what} · {}", self.tail(id));
        self.send(who, &what, request);
        n
    }

    pub(crate) fn take_control(&mut self, who: &OperatorId, id: VehicleId, take: bool) -> Result<(), Refusal> {
        self.of(id)?;
        let body = RequestBody::OperatorControl {
            take,
            allow_takeover: true,
        };
        let what = if take { "take control" } else { "give back control" };
        self.ask(who, id, what, body, SET_EXPIRES_MS);
        Ok(())
    }

    /// Reads all three lists back from an aircraft.
    pub(crate) fn read_plan(&mut self, who: &OperatorId, id: VehicleId) -> Result<(), Refusal> {
        self.of(id)?;
        for kind in [MissionKind::Mission, MissionKind::Fence, MissionKind::Rally] {
            let what = format!("read {kind:?}").to_lowercase();
            self.ask(who, id, &what, RequestBody::Download { kind }, READ_EXPIRES_MS);
        }
        Ok(())
    }

    pub(crate) fn read_parameters(&mut self, who: &OperatorId, id: VehicleId) -> Result<(), Refusal> {
        self.of(id)?;
        self.ask(who, id, "read parameters", RequestBody::ReadParameters, READ_EXPIRES_MS);
        Ok(())
    }

    fn may_change(&self, id: VehicleId) -> Result<(), Refusal> {
        let v = self.of(id)?;
        let state = |why: &str| {
            Err(Refusal::State {
                what: format!("parameters of {}", v.tail),
                why: why.to_owned(),
            })
        };
        if v.duplicate {
            return state("a second sender uses its system id");
        }
        if !v.alive {
            return state("its link is lost");
        }
        if !on_ground(v) {
            return state("it flies or is armed; they are changed on the ground, disarmed");
        }
        Ok(())
    }

    pub(crate) fn set_parameter(
        &mut self,
        who: &OperatorId,
        id: VehicleId,
        name: &str,
        value: f64,
    ) -> Result<(), Refusal> {
        self.may_change(id)?;
        if !value.is_finite() || name.is_empty() || name.len() > 16 || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Refusal::State {
                what: format!("parameter {}", name.escape_default()),
                why: "a name has 1 to 16 printable characters, a value is a finite number".into(),
            });
        }
        if self.restoring.get(&id).is_some_and(|r| r.sent.is_some()) {
            return Err(Refusal::State {
                what: format!("parameter {name}"),
                why: "the baseline is being restored; wait for its end".into(),
            });
        }
        let body = RequestBody::SetParameter {
            name: name.to_owned(),
            value,
        };
        self.ask(who, id, &format!("set {name} to {value}"), body, SET_EXPIRES_MS);
        Ok(())
    }

    pub(crate) fn accept_parameters(&mut self, who: &OperatorId, id: VehicleId, reason: &str) -> Result<(), Refusal> {
        let utc = self.view.utc;
        let tail = self.of(id)?.tail.clone();
        let refuse = |why: &str| {
            Err(Refusal::State {
                what: format!("accepting parameters of {tail}"),
                why: why.to_owned(),
            })
        };
        if reason.trim().is_empty() {
            return refuse("it needs a reason");
        }
        let Some(b) = self.view.vehicles.get_mut(&id).and_then(|v| v.baseline.as_mut()) else {
            return refuse("there is no baseline to differ from");
        };
        let differences: Vec<_> = b.differences.iter().filter(|d| d.safety).cloned().collect();
        if differences.is_empty() {
            return refuse("nothing safety relevant differs");
        }
        let lines: Vec<String> = differences.iter().map(vedette_model::Difference::line).collect();
        b.accepted = Some(Acceptance {
            by: who.clone(),
            at: utc,
            reason: reason.trim().to_owned(),
            differences,
        });
        let words = format!(
            "{who} accepts {}: {} ({})",
            if lines.len() == 1 {
                "a difference"
            } else {
                "differences"
            },
            lines.join("; "),
            reason.trim()
        );
        self.mark(EventKind::Decision, Some(id), words);
        self.judge_parameters(id);
        Ok(())
    }

    pub(crate) fn take_baseline(&mut self, who: &OperatorId, id: VehicleId) -> Result<(), Refusal> {
        let v = self.of(id)?;
        if v.parameter_table.is_empty() {
            return Err(Refusal::Missing {
                what: format!("complete list of parameters of {}", v.tail),
            });
        }
        let baseline = Baseline {
            values: v.parameter_table.iter().map(|(n, x)| (n.to_owned(), x)).collect(),
        };
        let (y, m, d, ..) = self.view.utc.civil();
        let name = format!("{y:04}-{m:02}-{d:02}");
        let tail = v.tail.clone();
        self.effects.push_back(Effect::Keep {
            folder: Folder::Baselines,
            name: format!("{tail}.param"),
            text: format!("# {tail}, baseline {name}, taken by {who}\n{}", baseline.to_file()),
        });
        let n = baseline.values.len();
        self.setup.baselines.insert(id, (name.clone(), Arc::new(baseline)));
        self.mark(
            EventKind::Decision,
            Some(id),
            format!("{who} takes {n} parameters as baseline {name}"),
        );
        self.judge_parameters(id);
        Ok(())
    }

    pub(crate) fn save_differences(&mut self, who: &OperatorId, id: VehicleId) -> Result<(), Refusal> {
        let v = self.of(id)?;
        let Some(b) = &v.baseline else {
            return Err(Refusal::Missing {
                what: format!("baseline for {}", v.tail),
            });
        };
        let mut text = format!("# {} against baseline {}, {}\n", v.tail, b.name, self.view.utc);
        for d in &b.differences {
            text.push_str(&d.line());
            text.push('\n');
        }
        let name = format!("parameters-{}.txt", v.tail);
        let words = format!("differences of {} are in the session's folder as {name}", v.tail);
        self.effects.push_back(Effect::Keep {
            folder: Folder::Session,
            name,
            text,
        });
        self.mark(EventKind::Operator, Some(id), format!("{words}, by {who}"));
        self.notice(NoticeKind::Info, words);
        Ok(())
    }

    pub(crate) fn restore_parameters(&mut self, who: &OperatorId, id: VehicleId) -> Result<(), Refusal> {
        self.may_change(id)?;
        let v = self.of(id)?;
        let left: VecDeque<(String, f64)> = v
            .baseline
            .iter()
            .flat_map(|b| &b.differences)
            .filter_map(|d| match d.drift {
                Drift::Changed { wanted, .. } => Some((d.name.clone(), wanted)),
                Drift::Missing { .. } | Drift::Extra { .. } => None,
            })
            .take(RESTORE_MOST)
            .collect();
        if left.is_empty() {
            return Err(Refusal::State {
                what: format!("restoring parameters of {}", v.tail),
                why: "no value differs from its baseline".into(),
            });
        }
        let words = format!("{who} restores {} parameters from the baseline", left.len());
        self.restoring.insert(
            id,
            Restoring {
                by: Some(who.clone()),
                left,
                sent: None,
            },
        );
        self.mark(EventKind::Operator, Some(id), words);
        self.restore_next(id);
        Ok(())
    }

    fn restore_next(&mut self, id: VehicleId) {
        let Some(r) = self.restoring.get_mut(&id) else { return };
        let Some(who) = r.by.clone() else { return };
        let Some((name, value)) = r.left.pop_front() else {
            self.restoring.remove(&id);
            return;
        };
        if self.may_change(id).is_err() {
            self.restoring.remove(&id);
            let tail = self.tail(id);
            self.notice(
                NoticeKind::Warning,
                format!("restoring parameters of {tail} ended at {name}: it is no longer on the ground, disarmed"),
            );
            return;
        }
        let body = RequestBody::SetParameter {
            name: name.clone(),
            value,
        };
        let n = self.ask(&who, id, &format!("set {name} to {value}"), body, SET_EXPIRES_MS);
        if let Some(r) = self.restoring.get_mut(&id) {
            r.sent = Some(n);
        }
    }

    /// A set ended: the next one goes out, or the restoring ends aloud.
    pub(crate) fn restored(&mut self, id: VehicleId, command: CommandId, outcome: &CommandOutcome) {
        if self.restoring.get(&id).is_none_or(|r| r.sent != Some(command)) {
            return;
        }
        match outcome {
            CommandOutcome::InProgress(_) => {}
            CommandOutcome::Accepted => self.restore_next(id),
            CommandOutcome::Refused(_) | CommandOutcome::NoAnswer => {
                let left = self.restoring.remove(&id).map_or(0, |r| r.left.len());
                let tail = self.tail(id);
                self.notice(
                    NoticeKind::Warning,
                    format!("restoring parameters of {tail} ended early: one was not taken, {left} not sent"),
                );
            }
        }
    }
}
