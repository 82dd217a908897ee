//! From a judged plan to the same items on the aircraft, read back and compared.
//!
//! Invariant: nothing but a clear plan approved by name goes to an aircraft.

use std::sync::Arc;

use vedette_model::plan::Brief;
use vedette_model::{Change, CommandId, LandedState, MissionKind, OperatorId, Refusal, VehicleId};

use crate::coverage::CoverageView;
use crate::input::Effect;
use crate::planning;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind, PlanOnAircraft, PlanState};

/// Plan uploads lapse after this long.
const UPLOAD_EXPIRES_MS: i64 = 120_000;
/// A proposal to go on after a change is for a moment this near to now, seconds.
const PROPOSAL_S: f64 = 300.0;

impl Station {
    /// One plan is made at a time: its answer belongs to the person who asked for it.
    fn idle(&self, what: &str) -> Result<(), Refusal> {
        if self.view.plan.computing {
            return Err(Refusal::State {
                what: what.to_owned(),
                why: "a plan is being made already".into(),
            });
        }
        Ok(())
    }

    /// Asks for the plan of the brief on the table, or of a changed one.
    pub(crate) fn make_plan(&mut self, who: &OperatorId, brief: Option<&Brief>) -> Result<(), Refusal> {
        self.idle("making a plan")?;
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
        self.asked_by = Some(who.clone());
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

    /// Asks for what is left of the watch after a change.
    pub(crate) fn replan(&mut self, who: &OperatorId, change: &Change, at_s: f64) -> Result<(), Refusal> {
        self.idle("planning the rest of the watch")?;
        let plan = self.view.plan.plan.clone().ok_or_else(|| Refusal::Missing {
            what: "plan on the table".into(),
        })?;
        let now = self.view.plan_second().unwrap_or(0.0);
        if !at_s.is_finite() || (at_s - now).abs() > PROPOSAL_S {
            return Err(Refusal::State {
                what: "planning the rest of the watch".into(),
                why: format!("the proposal is for second {at_s:.0} of the plan, now is {now:.0}; try it again"),
            });
        }
        self.view.plan.computing = true;
        self.view.plan.failed = None;
        self.asked_by = Some(who.clone());
        self.effects.push_back(Effect::Replan {
            plan,
            change: change.clone(),
            at_s,
            seed: self.setup.seed,
        });
        let what = match change {
            Change::LostAircraft(v) => format!("without {}", self.tail(*v)),
            Change::LostBase(at) => format!("without the base at {at}"),
            Change::LostAntenna(k) => format!("without antenna {k}"),
            Change::NewZone(z) => format!("around the new zone {}", z.name),
            Change::Wind(w) => format!("in wind from {:.0}° at {:.0} m/s", w.from_deg, w.speed_m_s),
        };
        self.mark(
            EventKind::Operator,
            None,
            format!("rest of the watch {what} put on the table by {who}"),
        );
        Ok(())
    }

    /// There is no plan: the one on the table stays where it still answers the brief.
    pub(crate) fn not_planned(&mut self, why: &str) {
        let stays = self
            .view
            .plan
            .plan
            .as_ref()
            .is_some_and(|p| p.brief == *self.view.brief);
        if stays {
            self.view.plan.computing = false;
        } else {
            self.view.plan = PlanState::default();
        }
        self.view.plan.failed = Some(why.to_owned());
        self.asked_by = None;
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
        let old = self.view.plan.plan.as_ref().map(|p| &p.id);
        // The clock of a relieved watch goes on; every other plan begins anew.
        let goes_on = plan.timetable.is_some() && plan.parent.is_some() && plan.parent.as_ref() == old;
        let same = old == Some(&plan.id);
        let began = self.view.plan.began.filter(|_| goes_on || same);
        self.view.brief = Arc::new(plan.brief.clone());
        self.view.plan = PlanState {
            plan: Some(Arc::new(plan.clone())),
            verdict: Some(Arc::new(verdict.clone())),
            proposed: self.asked_by.take().map(|who| (who, self.view.now)),
            began,
            ..PlanState::default()
        };
        for v in self.view.vehicles.values_mut() {
            v.leg = None;
            if began.is_none() {
                v.patrol_began = None;
            }
            if v.plan_id.as_ref() == Some(&plan.id) {
                continue;
            }
            // A part that did not change is on board already.
            let part = plan.aircraft.iter().find(|a| a.vehicle == v.id);
            if v.plan_on_board == PlanOnAircraft::Same && part.is_some_and(|p| planning::holds(p, &v.on_board)) {
                v.plan_id = Some(plan.id.clone());
                continue;
            }
            v.plan_on_board = if v.plan_id.is_some() {
                PlanOnAircraft::Differs
            } else {
                PlanOnAircraft::Unknown
            };
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
        if !held.aircraft.iter().any(|a| a.vehicle == id) {
            return Err(Refusal::Missing {
                what: format!("part for {} in plan {plan}", self.tail(id)),
            });
        }
        if let Some(why) = self.view.why_not_upload(id) {
            return Err(Refusal::State { what: what(), why });
        }
        let ids = [self.command_id(), self.command_id(), self.command_id()];
        let expires = self.view.now.plus_ms(UPLOAD_EXPIRES_MS);
        let v = self.view.vehicles.get_mut(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
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
