//! Approval of a plan: who may give it, what is signed, and why an upload has to wait.
//!
//! Invariant: under the two-person rule the one who put a plan on the table never approves it, and
//! nothing is uploaded before the approval is signed. Knows no keys: a shell signs.

use vedette_model::plan::PatrolPlan;
use vedette_model::{
    Approval, ApprovalSignature, Authority, Family, OperatorId, PlanId, PlanRule, Refusal, VehicleId, VehicleIdentity,
};

use crate::input::Effect;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind, StationView};

impl StationView {
    /// Name and duty of a person, or their id.
    #[must_use]
    pub fn person(&self, id: &OperatorId) -> String {
        self.operators
            .iter()
            .find(|o| o.id == *id)
            .map_or_else(|| id.to_string(), |o| o.name.clone())
    }

    /// Why this person cannot approve the plan on the table now, in words; `None`: they can.
    #[must_use]
    pub fn why_not_approve(&self, who: &OperatorId) -> Option<String> {
        let Some(plan) = &self.plan.plan else {
            return Some("there is no plan on the table".into());
        };
        let clear = self.plan.verdict.as_ref();
        if !clear.is_some_and(|v| v.plan == plan.id && v.is_clear()) {
            return Some("the checker refuses it".into());
        }
        if self.plan.computing {
            return Some("another one is being made".into());
        }
        if let Some(a) = &self.plan.approved {
            return Some(format!("{} approved it already", self.person(&a.by)));
        }
        let may = self.operators.iter().find(|o| o.id == *who);
        if may.is_none_or(|o| o.authority < Authority::Pilot) {
            return Some(format!(
                "{} may not: pilots and supervisors approve plans",
                self.person(who)
            ));
        }
        if self.plan_rule != PlanRule::TwoPersons {
            return None;
        }
        match &self.plan.proposed {
            None => Some("nobody is known to have put it on the table; make it again".into()),
            Some((p, _)) if p == who => Some(format!(
                "{} put it on the table: another person approves it",
                self.person(p)
            )),
            Some(_) => None,
        }
    }

    /// Why the plan on the table cannot be uploaded to an aircraft now, in words; `None`: it can.
    #[must_use]
    pub fn why_not_upload(&self, id: VehicleId) -> Option<String> {
        let Some(plan) = &self.plan.plan else {
            return Some("there is no plan on the table".into());
        };
        let verdict = self.plan.verdict.as_ref();
        if !verdict.is_some_and(|v| v.plan == plan.id && v.is_clear()) {
            return Some("the checker refuses it".into());
        }
        let Some(approval) = &self.plan.approved else {
            return Some("nobody has approved it yet".into());
        };
        if self.plan_rule != PlanRule::Unstated && approval.signature.is_none() {
            return Some("its approval is not signed yet".into());
        }
        if !plan.aircraft.iter().any(|a| a.vehicle == id) {
            return Some("it has no part in this plan".into());
        }
        let v = self.vehicles.get(&id)?;
        if v.duplicate || v.identity.is_none() {
            return Some(format!("{} is not heard, or not alone on its system id", v.tail));
        }
        if let Some(why) = unfit(plan, id, v.identity.as_ref()) {
            return Some(format!("{}: {why}", v.tail));
        }
        let air = v.landed.is_some_and(|l| l.value == vedette_model::LandedState::InAir);
        if air && v.mode.is_some_and(|m| m.value == vedette_model::FlightMode::Auto) {
            return Some(format!("{} flies its plan: hold it or return it first", v.tail));
        }
        None
    }
}

/// Why an aircraft's autopilot cannot take its part of a plan, known before anything is sent: the family it was made for, and how many
/// items that family holds.
fn unfit(plan: &PatrolPlan, id: VehicleId, identity: Option<&VehicleIdentity>) -> Option<String> {
    let family = identity?.family;
    let planned = plan.brief.fleet.iter().find(|f| f.vehicle == id)?.family;
    if family != planned {
        return Some(format!(
            "its part is made for {planned:?} and it says that it is {family:?}: correct the brief and plan anew"
        ));
    }
    let part = plan.aircraft.iter().find(|a| a.vehicle == id)?;
    let holds = family.capacity();
    // ArduPilot keeps home as an item of its own.
    let home = usize::from(family != Family::Px4);
    [
        ("mission items", part.items.len() + home, holds.mission),
        ("fence points", part.fence_items.len(), holds.fence),
        ("rally points", part.rally_items.len(), holds.rally),
    ]
    .into_iter()
    .find(|(_, n, most)| n > most)
    .map(|(what, n, most)| format!("{n} {what} do not fit, {family:?} holds {most}: split the sortie or simplify it"))
}

impl Station {
    pub(crate) fn approve(&mut self, who: &OperatorId, plan: &PlanId) -> Result<(), Refusal> {
        let v = &self.view;
        let held = v.plan.plan.as_ref().filter(|p| p.id == *plan);
        if held.is_none() {
            return Err(Refusal::Missing {
                what: format!("plan {plan}"),
            });
        }
        if let Some(why) = v.why_not_approve(who) {
            return Err(Refusal::State {
                what: format!("approving plan {plan}"),
                why,
            });
        }
        let proposed_by = v.plan.proposed.as_ref().map(|p| p.0.clone());
        let (sha256, refused, notes) = v.plan.verdict.as_ref().map_or((String::new(), 0, 0), |j| {
            let refused = j
                .findings
                .iter()
                .filter(|f| f.severity == vedette_model::plan::FindingSeverity::Refused)
                .count();
            (j.plan_sha256.clone(), refused, j.findings.len() - refused)
        });
        let proposer = proposed_by.as_ref().map_or("unknown", |p| p.0.as_str());
        let statement = format!(
            "Vedette plan approval\nstation: {}\nsession: {}\nplan: {plan}\nplan sha256: {sha256}\nchecker: {refused} refused, {notes} notes\nput on the table by: {proposer}\napproved by: {who}\nrule: {}\nat: {}\n",
            v.station,
            v.session.0,
            v.plan_rule.words(),
            v.utc
        );
        self.view.plan.approved = Some(Approval {
            by: who.clone(),
            at: self.view.now,
            utc: self.view.utc,
            proposed_by: proposed_by.clone(),
            rule: self.view.plan_rule,
            statement: statement.clone(),
            signature: None,
        });
        self.effects.push_back(Effect::SignApproval {
            plan: plan.clone(),
            statement,
        });
        let alone = if proposed_by.as_ref() == Some(who) {
            ", who put it on the table: single-person rule"
        } else {
            ""
        };
        self.mark(
            EventKind::Decision,
            None,
            format!("plan {plan} approved by {who}{alone}"),
        );
        Ok(())
    }

    pub(crate) fn signed(&mut self, plan: &PlanId, signature: &ApprovalSignature) {
        let on_table = self.view.plan.plan.as_ref().is_some_and(|p| p.id == *plan);
        let Some(a) = self.view.plan.approved.as_mut().filter(|_| on_table) else {
            // Another plan took its place before the signature came.
            self.notice(
                NoticeKind::Info,
                format!("approval of plan {plan} signed after it left the table"),
            );
            return;
        };
        a.signature = Some(signature.clone());
        let by = a.by.clone();
        let key = signature.certificate_sha256.chars().take(16).collect::<String>();
        self.mark(
            EventKind::Evidence,
            None,
            format!("approval of plan {plan} by {by} signed by the station, certificate {key}"),
        );
    }
}
