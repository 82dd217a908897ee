//! From a judged plan to the same items on the aircraft, read back and compared.
//!
//! Invariant: nothing but a clear plan approved by name goes to an aircraft.

use std::sync::Arc;

use vedette_model::plan::Brief;
use vedette_model::{CommandId, LandedState, MissionKind, OperatorId, Refusal, VehicleId};

use crate::coverage::CoverageView;
use crate::input::Effect;
use crate::planning;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind, PlanOnAircraft, PlanState};

/// Plan uploads lapse after this long.
const UPLOAD_EXPIRES_MS: i64 = 120_000;

impl Station {
    /// Asks for the plan of the brief on the table, or of a changed one.
    pub(crate) fn make_plan(&mut self, who: &OperatorId, brief: Option<&Brief>) -> Result<(), Refusal> {
        let flying: Vec<&str> = self
            .view
            .vehicles
            .values()
            .filter(|v| v.landed.is_some_and(|l| l.value == LandedState::InAir))
            .map(|v| v.tail.as_str())
            .collect();
        if let Some(b) = brief {
            let what = || "changing the brief".to_owned();
            if !flying.is_empty() {
                return Err(Refusal::State {
                    what: what(),
                    why: format!("{} in the air on the plan that is on the table", flying.join(", ")),
                });
            }
            if b.section.border != self.setup.brief.section.border {
                return Err(Refusal::Missing {
                    what: format!("border {} in this session", b.section.border),
                });
            }
            let known = |v: VehicleId| self.view.vehicles.contains_key(&v);
            if let Some(a) = b.fleet.iter().find(|a| !known(a.vehicle)) {
                return Err(Refusal::Missing {
                    what: format!("aircraft {} ({}) in this session", a.tail, a.vehicle),
                });
            }
            let (from_m, to_m) = (b.section.from_km * 1000.0, b.section.to_km * 1000.0);
            if let Err(e) = self.border.section(from_m, to_m) {
                return Err(Refusal::State {
                    what: what(),
                    why: e.to_string(),
                });
            }
            self.view.brief = Arc::new(b.clone());
        }
        self.view.plan.computing = true;
        self.view.plan.failed = None;
        let parent = self.view.plan.plan.as_ref().map(|p| p.id.clone());
        self.effects.push_back(Effect::Plan {
            brief: Box::new(Brief::clone(&self.view.brief)),
            parent,
            seed: self.setup.seed,
        });
        let words = if brief.is_some() {
            format!("changed brief put on the table by {who}")
        } else {
            format!("plan asked for by {who}")
        };
        self.mark(EventKind::Operator, None, words);
        Ok(())
    }

    /// The watched section follows the plan's brief; its coverage begins anew where it differs.
    fn follow_section(&mut self, brief: &Brief) {
        let (from_m, to_m) = (brief.section.from_km * 1000.0, brief.section.to_km * 1000.0);
        let same = (from_m - self.view.section_from_m).abs() < 0.5 && (to_m - self.view.section_to_m).abs() < 0.5;
        if same {
            return;
        }
        if let Ok(s) = self.border.section(from_m, to_m) {
            self.view.coverage = CoverageView::new(&s.line);
            self.view.section = Arc::new(s.line);
            (self.view.section_from_m, self.view.section_to_m) = (from_m, to_m);
        }
    }

    pub(crate) fn planned(&mut self, plan: &vedette_model::plan::PatrolPlan, verdict: &vedette_model::plan::Verdict) {
        let clear = verdict.is_clear() && verdict.plan == plan.id;
        self.follow_section(&plan.brief);
        self.view.coverage.promised_s = Some(plan.promise.revisit_s);
        self.view.plan = PlanState {
            plan: Some(Arc::new(plan.clone())),
            verdict: Some(Arc::new(verdict.clone())),
            ..PlanState::default()
        };
        for v in self.view.vehicles.values_mut() {
            v.leg = None;
            if v.plan_id.as_ref() != Some(&plan.id) {
                v.plan_on_board = if v.plan_id.is_some() {
                    PlanOnAircraft::Differs
                } else {
                    PlanOnAircraft::Unknown
                };
            }
        }
        let refused = verdict
            .findings
            .iter()
            .filter(|f| f.severity == vedette_model::plan::FindingSeverity::Refused)
            .count();
        let words = if clear {
            "clear".to_owned()
        } else {
            format!("refused, {refused} findings")
        };
        self.mark(EventKind::Decision, None, format!("plan {}: {words}", plan.id));
    }

    pub(crate) fn upload(
        &mut self,
        who: &OperatorId,
        id: VehicleId,
        plan: &vedette_model::PlanId,
    ) -> Result<(), Refusal> {
        let what = || format!("uploading plan {plan}");
        let held = self
            .view
            .plan
            .plan
            .clone()
            .filter(|p| p.id == *plan)
            .ok_or_else(|| Refusal::Missing {
                what: format!("plan {plan}"),
            })?;
        if !self
            .view
            .plan
            .verdict
            .as_ref()
            .is_some_and(|v| v.plan == held.id && v.is_clear())
        {
            return Err(Refusal::State {
                what: what(),
                why: "the checker refuses it".into(),
            });
        }
        if self.view.plan.approved.is_none() {
            return Err(Refusal::State {
                what: what(),
                why: "nobody has approved it yet".into(),
            });
        }
        if !held.aircraft.iter().any(|a| a.vehicle == id) {
            return Err(Refusal::Missing {
                what: format!("part for {} in plan {plan}", self.tail(id)),
            });
        }
        let ids = [self.command_id(), self.command_id(), self.command_id()];
        let expires = self.view.now.plus_ms(UPLOAD_EXPIRES_MS);
        let v = self.view.vehicles.get_mut(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        if v.duplicate || v.identity.is_none() {
            return Err(Refusal::State {
                what: what(),
                why: format!("{} is not heard, or not alone on its system id", v.tail),
            });
        }
        v.plan_on_board = PlanOnAircraft::Uploading;
        v.plan_id = Some(plan.clone());
        let uid = v.identity.as_ref().map_or(0, |i| i.uid);
        let words = format!("upload of {plan} to {} by {who}", v.tail);
        for (command, kind) in ids
            .into_iter()
            .zip([MissionKind::Mission, MissionKind::Fence, MissionKind::Rally])
        {
            self.uploads.push((command, id, kind, false));
        }
        self.effects.push_back(Effect::Upload {
            vehicle: id,
            uid,
            plan: plan.clone(),
            ids,
            expires,
        });
        self.mark(EventKind::Operator, Some(id), words);
        Ok(())
    }

    pub(crate) fn upload_done(&mut self, id: VehicleId, command: CommandId, outcome: &vedette_model::CommandOutcome) {
        use vedette_model::CommandOutcome as Out;
        let Some(u) = self.uploads.iter_mut().find(|u| u.0 == command && u.1 == id) else {
            return;
        };
        let kind = u.2;
        match outcome {
            Out::InProgress(_) => {}
            Out::Accepted => {
                u.3 = true;
                self.mark(
                    EventKind::Operator,
                    Some(id),
                    format!("{kind:?} on board, read back").to_lowercase(),
                );
            }
            Out::Refused(_) | Out::NoAnswer => {
                let why = match outcome {
                    Out::Refused(why) => why.clone(),
                    _ => "no answer".to_owned(),
                };
                self.uploads.retain(|u| u.0 != command);
                if let Some(v) = self.view.vehicles.get_mut(&id) {
                    if kind == MissionKind::Mission {
                        v.plan_on_board = PlanOnAircraft::Unknown;
                    }
                    v.transfer = None;
                }
                let tail = self.tail(id);
                self.notice(
                    NoticeKind::Warning,
                    format!("upload of {kind:?} to {tail} failed: {why}; the aircraft keeps its old one"),
                );
            }
        }
    }

    pub(crate) fn read_back(&mut self, id: VehicleId, items: &[vedette_model::MissionItem]) {
        let same = self
            .view
            .plan
            .plan
            .as_ref()
            .and_then(|p| p.aircraft.iter().find(|a| a.vehicle == id))
            .map(|part| planning::same_plan(part, items));
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        v.plan_on_board = match same {
            Some(true) => PlanOnAircraft::Same,
            Some(false) => PlanOnAircraft::Differs,
            None => PlanOnAircraft::Unknown,
        };
        if same == Some(false) {
            let tail = v.tail.clone();
            self.notice(
                NoticeKind::Warning,
                format!("{tail} holds a plan that differs from the one on the table"),
            );
        }
    }
}
