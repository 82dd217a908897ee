//! The event-sourced station: one mutation per input, then its effects are drained.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use vedette_atlas::{Border, Crossing};
use vedette_model::{
    CommandId, IncidentId, IncidentState, Intent, MissionKind, Mono, OperatorId, Order, Receipt, ReceiptState, Refusal,
    Request, RequestBody, Utc, VehicleId,
};
use vedette_sight::RuleSet;

use crate::coverage::CoverageView;
use crate::input::{Effect, EvidenceRequest, Input, Setup, ViewStamp};
use crate::orders::Awaited;
use crate::view::{AgeHistogram, CameraView, EventKind, Notice, NoticeKind, PlanState, StationView, TimelineEvent};
use crate::{alerts, fleet, gate};

/// Orders lapse after this long without an answer.
const ORDER_EXPIRES_MS: i64 = 20_000;
/// Telemetry has this long to show an accepted order's effect before it counts as unknown.
const OBSERVE_MS: i64 = 60_000;

/// Receipts kept, the oldest go first.
const RECEIPTS: usize = 200;

/// Why there is no station.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The site's lines cannot be used.
    #[error(
        "the border {name} or the brief's section on it cannot be used; check section.border, from_km and to_km in the brief"
    )]
    Site {
        /// Border line.
        name: String,
        /// Why.
        #[source]
        source: vedette_atlas::AtlasError,
    },
}

/// The station.
#[derive(Debug, Clone)]
pub struct Station {
    pub(crate) setup: Setup,
    pub(crate) view: StationView,
    pub(crate) border: Border,
    pub(crate) crossings: Vec<Crossing>,
    pub(crate) rules: RuleSet,
    pub(crate) awaited: Vec<Awaited>,
    pub(crate) uploads: Vec<(CommandId, VehicleId, MissionKind, bool)>,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) next_command: u32,
    /// Who asked for the plan that is being made.
    pub(crate) asked_by: Option<OperatorId>,
    pub(crate) sealing: Vec<(IncidentId, EvidenceRequest)>,
    pub(crate) restoring: std::collections::BTreeMap<VehicleId, crate::ground::Restoring>,
    /// Requests that are done when they are answered: nothing in telemetry could show more.
    pub(crate) answered: std::collections::BTreeSet<CommandId>,
    pub(crate) handing: crate::handing::Handing,
    pub(crate) around: crate::around::Around,
}

/// SHA-256 of a view's JSON, hexadecimal: what a replay must reproduce.
#[must_use]
pub fn digest(view: &StationView) -> String {
    let bytes = serde_json::to_vec(view).unwrap_or_default();
    Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect()
}

impl Station {
    /// A station at the start of a session.
    ///
    /// # Errors
    /// [`CoreError::Site`] when the setup's border or section cannot be used.
    pub fn new(setup: Setup) -> Result<Self, CoreError> {
        let site = |source| CoreError::Site {
            name: setup.site.border_name.clone(),
            source,
        };
        let border = alerts::border_of(&setup.site).map_err(site)?;
        let crossings = alerts::crossings_of(&setup.site);
        let (from_m, to_m) = (setup.brief.section.from_km * 1000.0, setup.brief.section.to_km * 1000.0);
        let section = border.section(from_m, to_m).map_err(site)?.line;
        let view = StationView {
            seq: 0,
            now: Mono::ZERO,
            utc: Utc(0),
            session: setup.session.clone(),
            station: setup.station.clone(),
            watch: setup.brief.name.clone(),
            operators: setup.operators.clone(),
            site: Arc::new(setup.site.clone()),
            brief: Arc::new(setup.brief.clone()),
            coverage: CoverageView::new(&section),
            section: Arc::new(section),
            section_from_m: from_m,
            section_to_m: to_m,
            vehicles: setup
                .brief
                .fleet
                .iter()
                .map(|a| (a.vehicle, fleet::unheard(a)))
                .collect(),
            cameras: setup
                .cameras
                .iter()
                .map(|c| {
                    let v = CameraView {
                        id: c.camera,
                        vehicle: c.vehicle,
                        spectrum: c.spectrum,
                        captured: None,
                        received: None,
                        age: None,
                        ages: AgeHistogram::default(),
                        pose: None,
                        footprint: [None; 4],
                        px_per_m: None,
                        registration: 0.0,
                        tracks: Vec::new(),
                        frames: [0; 3],
                        recording: false,
                        recorded: [0; 3],
                        segments: 0,
                        gaps: 0,
                        refused: None,
                        left_out: String::new(),
                        sky: Vec::new(),
                        disk: None,
                    };
                    (c.camera, v)
                })
                .collect(),
            tracks: std::collections::BTreeMap::new(),
            alerts: std::collections::BTreeMap::new(),
            incidents: std::collections::BTreeMap::new(),
            detector: setup.detector.as_ref().map(|d| d.line.clone()),
            cues: std::collections::BTreeMap::new(),
            plan: PlanState::default(),
            plan_rule: setup.plan_rule,
            receipts: Vec::new(),
            links: std::collections::BTreeMap::new(),
            notices: Vec::new(),
            events: Vec::new(),
            system: setup.system,
            link_pace: std::collections::BTreeMap::new(),
            blocked: Vec::new(),
            places: Vec::new(),
            kept: Vec::new(),
        };
        Ok(Self {
            rules: RuleSet::new(setup.policy.clone()).with_surroundings(setup.site.surroundings()),
            setup,
            view,
            border,
            crossings,
            awaited: Vec::new(),
            uploads: Vec::new(),
            effects: VecDeque::new(),
            next_command: 1,
            asked_by: None,
            sealing: Vec::new(),
            restoring: std::collections::BTreeMap::new(),
            answered: std::collections::BTreeSet::new(),
            handing: crate::handing::Handing::default(),
            around: crate::around::Around::default(),
        })
    }

    /// What the session started with.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What anybody sees now.
    #[must_use]
    pub fn view(&self) -> &StationView {
        &self.view
    }

    /// The next thing a shell shall do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Takes one input. The caller has written it to the journal first.
    pub fn handle(&mut self, now: Mono, utc: Utc, input: &Input) {
        self.view.seq += 1;
        // A clock that steps back does not turn the station back.
        self.view.now = self.view.now.max(now);
        self.view.utc = utc;
        match input {
            Input::Tick => self.tick(),
            Input::Vehicle {
                vehicle,
                captured,
                report,
            } => {
                self.vehicle(*vehicle, *captured, report);
                self.beside(*vehicle, report);
            }
            Input::Link(report) => self.link(report),
            Input::Operator {
                operator,
                intent,
                shown,
            } => self.operator(operator, intent, *shown),
            Input::Vision(report) => self.vision(report),
            Input::Cue(cue) => self.cue(cue),
            Input::Recorder(report) => self.recorder(report),
            Input::Planned { plan, verdict } => self.planned(plan, verdict),
            Input::PlanFailed { why } => {
                self.not_planned(why);
                self.notice(NoticeKind::Warning, format!("no plan: {why}"));
            }
            Input::ApprovalSigned { plan, signature } => self.signed(plan, signature),
            Input::Preserved {
                incident,
                evidence,
                manifest_sha256,
            } => {
                if let Some(i) = self.view.incidents.get_mut(incident) {
                    i.state = IncidentState::Sealed {
                        evidence: evidence.clone(),
                        manifest_sha256: manifest_sha256.clone(),
                    };
                }
                self.mark(EventKind::Evidence, None, format!("{incident} sealed as {evidence}"));
            }
            Input::PreserveFailed { incident, why } => {
                if let Some(i) = self.view.incidents.get_mut(incident) {
                    i.state = IncidentState::Failed { why: why.clone() };
                }
                self.notice(NoticeKind::Warning, format!("{incident} could not be sealed: {why}"));
            }
        }
    }

    pub(crate) fn notice(&mut self, kind: NoticeKind, text: String) {
        if self.view.notices.len() == 100 {
            self.view.notices.remove(0);
        }
        self.view.notices.push(Notice {
            at: self.view.now,
            kind,
            text,
        });
    }

    pub(crate) fn mark(&mut self, kind: EventKind, vehicle: Option<VehicleId>, text: String) {
        self.view.events.push(TimelineEvent {
            at: self.view.now,
            utc: self.view.utc,
            kind,
            vehicle,
            text,
            seq: self.view.seq,
        });
    }

    pub(crate) fn command_id(&mut self) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        id
    }

    // ------------------------------------------------------------ people

    pub(crate) fn operator(&mut self, who: &OperatorId, intent: &Intent, shown: ViewStamp) {
        if let Err(refusal) = self.try_operator(who, intent, shown) {
            self.notice(NoticeKind::Refused, refusal.to_string());
            self.mark(EventKind::Operator, None, format!("refused: {refusal}"));
        }
    }

    pub(crate) fn try_operator(&mut self, who: &OperatorId, intent: &Intent, _shown: ViewStamp) -> Result<(), Refusal> {
        gate::authorise(&self.setup.operators, who, intent)?;
        let now = self.view.now;
        match intent {
            Intent::Command { vehicle, order, held } => self.command(who, *vehicle, order, *held)?,
            Intent::MakePlan => self.make_plan(who, None)?,
            Intent::ProposeBrief { brief } => self.make_plan(who, Some(brief))?,
            Intent::Replan { change, at_s } => self.replan(who, change, *at_s)?,
            Intent::ApprovePlan { plan } => self.approve(who, plan)?,
            Intent::ReadPlan { vehicle } => self.read_plan(who, *vehicle)?,
            Intent::TakeSeat { from } => self.mark(
                EventKind::Operator,
                None,
                format!("{who} takes the console from {from}"),
            ),
            Intent::UploadPlan { vehicle, plan } => self.upload(who, *vehicle, plan)?,
            Intent::Decide { alert, decision } => {
                let text = alerts::decide(&mut self.view, *alert, who, decision, now)?;
                self.mark(EventKind::Decision, None, text);
            }
            Intent::Acknowledge { alert } => {
                let text = alerts::acknowledge(&mut self.view, *alert, who, now)?;
                self.mark(EventKind::Decision, None, text);
            }
            Intent::OpenIncident { alert } => {
                let utc = self.view.utc;
                let id = alerts::open_incident(&mut self.view, *alert, who, now, utc)?;
                self.mark(EventKind::Evidence, None, format!("{id} opened by {who}"));
            }
            Intent::SealIncident { incident, outcome } => self.seal(who, *incident, outcome)?,
            Intent::Show { alert, track, vehicle } => {
                let what = alert
                    .map(|a| a.to_string())
                    .or_else(|| track.map(|t| t.to_string()))
                    .or_else(|| vehicle.map(|v| self.tail(v)))
                    .unwrap_or_else(|| "nothing".into());
                self.mark(EventKind::Operator, *vehicle, format!("{who} looks at {what}"));
            }
            Intent::UseLink { vehicle, link } => self.use_link(who, *vehicle, *link)?,
            Intent::TakeControl { vehicle, take } => self.take_control(who, *vehicle, *take)?,
            Intent::ReadParameters { vehicle } => self.read_parameters(who, *vehicle)?,
            Intent::SetParameter { vehicle, name, value } => self.set_parameter(who, *vehicle, name, *value)?,
            Intent::AcceptParameters { vehicle, reason } => self.accept_parameters(who, *vehicle, reason)?,
            Intent::TakeBaseline { vehicle } => self.take_baseline(who, *vehicle)?,
            Intent::RestoreParameters { vehicle } => self.restore_parameters(who, *vehicle)?,
            Intent::SaveDifferences { vehicle } => self.save_differences(who, *vehicle)?,
            Intent::BlockSender { link, peer, blocked } => self.block_sender(who, *link, peer, *blocked)?,
            // For the record and the score; nothing on the screen follows from it.
            Intent::Workload { .. } => {}
            Intent::Follow {
                vehicle,
                track,
                by,
                held,
            } => self.follow(who, *vehicle, *track, *by, *held)?,
            Intent::MarkPlace { camera, captured, fix } => self.mark_place(who, *camera, *captured, fix)?,
            Intent::ForgetPlace { place } => self.forget_place(who, *place)?,
            Intent::Snapshot { camera, pts, captured } => self.snapshot(who, *camera, *pts, *captured)?,
            Intent::Note { text, incident } => {
                let where_ = incident.map(|i| format!(" on {i}")).unwrap_or_default();
                self.mark(EventKind::Operator, None, format!("note{where_} by {who}: {text}"));
            }
        }
        Ok(())
    }

    pub(crate) fn tail(&self, id: VehicleId) -> String {
        self.view
            .vehicles
            .get(&id)
            .map_or_else(|| id.to_string(), |v| v.tail.clone())
    }

    pub(crate) fn command(
        &mut self,
        who: &OperatorId,
        id: VehicleId,
        order: &Order,
        held: bool,
    ) -> Result<(), Refusal> {
        let v = self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        gate::order(v, order, held)?;
        self.follow_yields(id, order);
        let v = self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        let uid = v.identity.as_ref().map_or(0, |i| i.uid);
        let what = format!("{} · {}", order.name(), v.tail);
        let now = self.view.now;
        let request = Request {
            id: self.command_id(),
            vehicle: id,
            uid,
            body: RequestBody::Order(order.clone()),
            retry: order.retry(),
            expires: now.plus_ms(ORDER_EXPIRES_MS),
        };
        self.awaited.push(Awaited {
            id: request.id,
            vehicle: id,
            order: order.clone(),
            until: now.plus_ms(OBSERVE_MS),
        });
        self.send(who, &what, request);
        Ok(())
    }

    /// Passes a person's request on: its receipt, the request and the event.
    pub(crate) fn send(&mut self, who: &OperatorId, what: &str, request: Request) {
        if self.view.receipts.len() == RECEIPTS {
            self.view.receipts.remove(0);
        }
        self.view.receipts.push(Receipt {
            id: request.id,
            vehicle: request.vehicle,
            what: what.to_owned(),
            by: who.clone(),
            at: self.view.now,
            state: ReceiptState::Sent,
            since: self.view.now,
        });
        if !matches!(request.body, RequestBody::Order(_)) {
            self.answered.insert(request.id);
        }
        self.mark(EventKind::Operator, Some(request.vehicle), format!("{what} by {who}"));
        self.effects.push_back(Effect::Request(request));
    }
}
