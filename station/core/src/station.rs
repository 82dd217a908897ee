//! The event-sourced station: one mutation per input, then its effects are drained.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use vedette_atlas::{Border, Crossing};
use vedette_geo::Amsl;
use vedette_model::{
    AlertId, CommandId, IncidentId, IncidentState, Intent, MissionKind, Mono, OperatorId, Order, Priority, Receipt,
    ReceiptState, RecorderReport, Refusal, Report, Request, RequestBody, Utc, VehicleId, VisionReport,
};
use vedette_sight::RuleSet;

use crate::coverage::CoverageView;
use crate::input::{Effect, EvidenceRequest, Input, Setup, ViewStamp};
use crate::orders::Awaited;
use crate::view::{
    AgeHistogram, CameraView, EventKind, Notice, NoticeKind, PlanOnAircraft, PlanState, StationView, TimelineEvent,
    TrackView,
};
use crate::{alerts, energy, fleet, gate, orders, planning};

/// Orders lapse after this long without an answer.
const ORDER_EXPIRES_MS: i64 = 20_000;
/// Plan uploads lapse after this long.
const UPLOAD_EXPIRES_MS: i64 = 120_000;
/// Telemetry has this long to show an accepted order's effect before it counts as unknown.
const OBSERVE_MS: i64 = 60_000;
/// Tracks nobody saw for this long leave the view unless an alert names them.
const TRACK_KEPT_MS: i64 = 30_000;

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
    setup: Setup,
    view: StationView,
    border: Border,
    crossings: Vec<Crossing>,
    rules: RuleSet,
    awaited: Vec<Awaited>,
    uploads: Vec<(CommandId, VehicleId, MissionKind, bool)>,
    effects: VecDeque<Effect>,
    next_command: u32,
    sealing: Vec<(IncidentId, EvidenceRequest)>,
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
                    };
                    (c.camera, v)
                })
                .collect(),
            tracks: std::collections::BTreeMap::new(),
            alerts: std::collections::BTreeMap::new(),
            incidents: std::collections::BTreeMap::new(),
            plan: PlanState::default(),
            receipts: Vec::new(),
            links: std::collections::BTreeMap::new(),
            notices: Vec::new(),
            events: Vec::new(),
        };
        Ok(Self {
            rules: RuleSet::new(setup.policy.clone()),
            setup,
            view,
            border,
            crossings,
            awaited: Vec::new(),
            uploads: Vec::new(),
            effects: VecDeque::new(),
            next_command: 1,
            sealing: Vec::new(),
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
            } => self.vehicle(*vehicle, *captured, report),
            Input::Link(report) => {
                self.view.links.insert(report.link, report.clone());
            }
            Input::Operator {
                operator,
                intent,
                shown,
            } => self.operator(operator, intent, *shown),
            Input::Vision(report) => self.vision(report),
            Input::Recorder(report) => self.recorder(report),
            Input::Planned { plan, verdict } => self.planned(plan, verdict),
            Input::PlanFailed { why } => {
                self.view.plan = PlanState {
                    failed: Some(why.clone()),
                    ..PlanState::default()
                };
                self.notice(NoticeKind::Warning, format!("no plan: {why}"));
            }
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

    fn notice(&mut self, kind: NoticeKind, text: String) {
        if self.view.notices.len() == 100 {
            self.view.notices.remove(0);
        }
        self.view.notices.push(Notice {
            at: self.view.now,
            kind,
            text,
        });
    }

    fn mark(&mut self, kind: EventKind, vehicle: Option<VehicleId>, text: String) {
        self.view.events.push(TimelineEvent {
            at: self.view.now,
            utc: self.view.utc,
            kind,
            vehicle,
            text,
            seq: self.view.seq,
        });
    }

    fn command_id(&mut self) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        id
    }

    // ------------------------------------------------------------ aircraft

    fn vehicle(&mut self, id: VehicleId, captured: Mono, report: &Report) {
        let now = self.view.now;
        if !self.view.vehicles.contains_key(&id) {
            // A stranger is named once; it is neither shown as ours nor commanded.
            if matches!(report, Report::Identity(_)) {
                self.notice(
                    NoticeKind::Warning,
                    format!("aircraft {id} is heard but not in the brief's fleet; it is not commanded"),
                );
            }
            return;
        }
        match report {
            Report::CommandDone { id: command, outcome } => {
                if let Some(r) = self.view.receipts.iter_mut().find(|r| r.id == *command) {
                    orders::outcome(r, now, outcome);
                    if let ReceiptState::Refused(_) | ReceiptState::Unknown = r.state {
                        let words = format!(
                            "{}: {}",
                            r.what,
                            if r.state == ReceiptState::Unknown {
                                "no answer, unknown"
                            } else {
                                "refused"
                            }
                        );
                        self.mark(EventKind::Operator, Some(id), words);
                    }
                }
                self.upload_done(id, *command, outcome);
            }
            Report::PlanOnVehicle {
                kind: MissionKind::Mission,
                items,
            } => self.read_back(id, items),
            _ => {}
        }
        let plan = &self.view.plan;
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        let mark = fleet::apply(v, now, captured, report);
        let mut began = false;
        if matches!(report, Report::Position { .. }) {
            let before = v.leg;
            v.leg = fleet::find_leg(v, plan);
            let kind = v.leg.map(|l| l.kind);
            if v.patrol_began.is_none()
                && before.map(|l| l.kind) != kind
                && kind == Some(vedette_model::plan::LegKind::Patrol)
            {
                v.patrol_began = Some(now);
                began = true;
            }
            Self::bingo(v, &self.setup, plan);
        }
        if let Some((kind, text)) = mark {
            self.mark(kind, Some(id), text);
        }
        if began {
            self.view.plan.began.get_or_insert(now);
            self.mark(EventKind::Flight, Some(id), "patrol begins".into());
        }
        self.observe(id);
    }

    fn bingo(v: &mut crate::view::VehicleView, setup: &Setup, plan: &PlanState) {
        let (Some(at), Some(amsl), Some(pct), Some((home, home_amsl))) = (v.at, v.amsl, v.battery_pct, v.home) else {
            return;
        };
        let Some(aircraft) = setup.brief.fleet.iter().find(|a| a.vehicle == v.id) else {
            return;
        };
        let back = plan
            .plan
            .as_ref()
            .and_then(|p| p.aircraft.iter().find(|a| a.vehicle == v.id))
            .map_or(Amsl(home_amsl.0 + 50.0), |a| a.return_amsl);
        let (s, share) = energy::bingo(
            aircraft,
            pct.value,
            at.value,
            amsl.value,
            home,
            back,
            setup.brief.wind.speed_m_s,
        );
        v.bingo_s = Some(s);
        v.home_share = Some(share);
    }

    fn observe(&mut self, id: VehicleId) {
        let now = self.view.now;
        let Some(v) = self.view.vehicles.get(&id) else { return };
        let mut seen = Vec::new();
        for a in self.awaited.iter().filter(|a| a.vehicle == id) {
            let Some(r) = self.view.receipts.iter_mut().find(|r| r.id == a.id) else {
                continue;
            };
            let settled = matches!(r.state, ReceiptState::Observed | ReceiptState::Refused(_));
            if !settled && orders::observed(v, &a.order, r.at) {
                r.state = ReceiptState::Observed;
                r.since = now;
                seen.push((a.id, r.what.clone()));
            } else if settled {
                seen.push((a.id, String::new()));
            }
        }
        self.awaited.retain(|a| !seen.iter().any(|(id, _)| *id == a.id));
        for (_, what) in seen.into_iter().filter(|(_, w)| !w.is_empty()) {
            self.mark(EventKind::Operator, Some(id), format!("{what}: observed"));
        }
    }

    fn tick(&mut self) {
        let now = self.view.now;
        for a in self.awaited.iter().filter(|a| now > a.until) {
            if let Some(r) = self.view.receipts.iter_mut().find(|r| r.id == a.id)
                && matches!(r.state, ReceiptState::Sent | ReceiptState::Accepted)
            {
                r.state = ReceiptState::Unknown;
                r.since = now;
            }
        }
        self.awaited.retain(|a| now <= a.until);
        self.view
            .tracks
            .retain(|_, t| t.alert.is_some() || now.since(t.heard) < TRACK_KEPT_MS * 1000);
        self.release_seals();
    }

    // ------------------------------------------------------------ people

    fn operator(&mut self, who: &OperatorId, intent: &Intent, shown: ViewStamp) {
        if let Err(refusal) = self.try_operator(who, intent, shown) {
            self.notice(NoticeKind::Refused, refusal.to_string());
            self.mark(EventKind::Operator, None, format!("refused: {refusal}"));
        }
    }

    fn try_operator(&mut self, who: &OperatorId, intent: &Intent, _shown: ViewStamp) -> Result<(), Refusal> {
        gate::authorise(&self.setup.operators, who, intent)?;
        let now = self.view.now;
        match intent {
            Intent::Command { vehicle, order, held } => self.command(who, *vehicle, order, *held)?,
            Intent::MakePlan => {
                self.view.plan.computing = true;
                self.view.plan.failed = None;
                let parent = self.view.plan.plan.as_ref().map(|p| p.id.clone());
                self.effects.push_back(Effect::Plan {
                    brief: Box::new(self.setup.brief.clone()),
                    parent,
                    seed: self.setup.seed,
                });
                self.mark(EventKind::Operator, None, format!("plan asked for by {who}"));
            }
            Intent::ApprovePlan { plan } => {
                let state = &mut self.view.plan;
                let held = state
                    .plan
                    .as_ref()
                    .filter(|p| p.id == *plan)
                    .ok_or_else(|| Refusal::Missing {
                        what: format!("plan {plan}"),
                    })?;
                if !state
                    .verdict
                    .as_ref()
                    .is_some_and(|v| v.plan == held.id && v.is_clear())
                {
                    return Err(Refusal::State {
                        what: format!("approving plan {plan}"),
                        why: "the checker refuses it".into(),
                    });
                }
                state.approved = Some((who.clone(), now));
                self.mark(EventKind::Decision, None, format!("plan {plan} approved by {who}"));
            }
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
            Intent::Note { text, incident } => {
                let where_ = incident.map(|i| format!(" on {i}")).unwrap_or_default();
                self.mark(EventKind::Operator, None, format!("note{where_} by {who}: {text}"));
            }
        }
        Ok(())
    }

    fn tail(&self, id: VehicleId) -> String {
        self.view
            .vehicles
            .get(&id)
            .map_or_else(|| id.to_string(), |v| v.tail.clone())
    }

    fn command(&mut self, who: &OperatorId, id: VehicleId, order: &Order, held: bool) -> Result<(), Refusal> {
        let v = self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        gate::order(v, order, held)?;
        let uid = v.identity.as_ref().map_or(0, |i| i.uid);
        let what = format!("{} · {}", order.name(), v.tail);
        let now = self.view.now;
        let command = self.command_id();
        if self.view.receipts.len() == 200 {
            self.view.receipts.remove(0);
        }
        self.view.receipts.push(Receipt {
            id: command,
            vehicle: id,
            what: what.clone(),
            by: who.clone(),
            at: now,
            state: ReceiptState::Sent,
            since: now,
        });
        self.awaited.push(Awaited {
            id: command,
            vehicle: id,
            order: order.clone(),
            until: now.plus_ms(OBSERVE_MS),
        });
        self.effects.push_back(Effect::Request(Request {
            id: command,
            vehicle: id,
            uid,
            body: RequestBody::Order(order.clone()),
            retry: order.retry(),
            expires: now.plus_ms(ORDER_EXPIRES_MS),
        }));
        self.mark(EventKind::Operator, Some(id), format!("{what} by {who}"));
        Ok(())
    }

    // ------------------------------------------------------------ plan

    fn planned(&mut self, plan: &vedette_model::plan::PatrolPlan, verdict: &vedette_model::plan::Verdict) {
        let clear = verdict.is_clear() && verdict.plan == plan.id;
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

    fn upload(&mut self, who: &OperatorId, id: VehicleId, plan: &vedette_model::PlanId) -> Result<(), Refusal> {
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

    fn upload_done(&mut self, id: VehicleId, command: CommandId, outcome: &vedette_model::CommandOutcome) {
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

    fn read_back(&mut self, id: VehicleId, items: &[vedette_model::MissionItem]) {
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

    // ------------------------------------------------------------ video

    fn vision(&mut self, r: &VisionReport) {
        let now = self.view.now;
        let Some(c) = self.view.cameras.get_mut(&r.camera) else {
            return;
        };
        c.captured = Some(r.captured);
        c.received = Some(now);
        c.age = Some(r.age);
        if let Some(us) = r.age.age_us {
            c.ages.add(us / 1000);
        }
        c.pose.clone_from(&r.pose);
        c.footprint = r.footprint;
        c.px_per_m = r.px_per_m;
        c.registration = r.registration;
        c.frames = [r.frames_decoded, r.frames_analysed, r.frames_dropped];
        c.tracks = r.tracks.iter().map(|t| t.id).collect();
        let need = self
            .setup
            .brief
            .fleet
            .iter()
            .find(|a| a.vehicle == r.vehicle)
            .map_or(1.0, |_| {
                self.setup.brief.requirement.pixels_on_target
                    / vedette_planner::target_width_m(self.setup.brief.requirement.target)
            });
        self.view.coverage.look(now, r, need * 0.8);

        for t in &r.tracks {
            let (border_m, chainage_m) = match &t.fix {
                Ok(fix) => {
                    let near = self.border.nearest(fix.at);
                    (Some(near.signed_m), Some(near.chainage_m - self.view.section_from_m))
                }
                Err(_) => (None, None),
            };
            let entry = self.view.tracks.entry(t.id).or_insert_with(|| TrackView {
                track: t.clone(),
                vehicle: r.vehicle,
                heard: now,
                trail: Vec::new(),
                border_m: None,
                chainage_m: None,
                alert: None,
            });
            entry.track = t.clone();
            entry.vehicle = r.vehicle;
            entry.heard = now;
            entry.border_m = border_m.or(entry.border_m);
            entry.chainage_m = chainage_m.or(entry.chainage_m);
            if let (Ok(fix), true) = (&t.fix, t.seen) {
                let due = entry
                    .trail
                    .last()
                    .is_none_or(|(last, _, _)| r.captured.0 - last.0 >= 1_000_000);
                if due {
                    if entry.trail.len() == 600 {
                        entry.trail.remove(0);
                    }
                    let e = fix.ellipse95();
                    #[expect(clippy::cast_possible_truncation, reason = "for drawing")]
                    entry
                        .trail
                        .push((r.captured, fix.at, [e.semi_major_m as f32, e.semi_minor_m as f32]));
                }
            }
        }
        self.custody(r);

        let drafts = self.rules.judge(
            r.captured,
            &r.tracks,
            r.camera,
            r.vehicle,
            &self.border,
            &self.crossings,
        );
        for d in drafts {
            let priority = d.priority;
            let title = d.title.clone();
            let utc = self.view.utc;
            let id: AlertId = alerts::raise(&mut self.view, d, r.vehicle, now, utc);
            let kind = if priority == Priority::P1 {
                EventKind::AlertP1
            } else {
                EventKind::AlertP2
            };
            self.mark(kind, Some(r.vehicle), format!("{id} {title}"));
        }
    }

    fn custody(&mut self, r: &VisionReport) {
        let held = r
            .tracks
            .iter()
            .filter(|t| t.seen)
            .find(|t| self.view.tracks.get(&t.id).is_some_and(|v| v.alert.is_some()))
            .map(|t| t.id);
        if let Some(v) = self.view.vehicles.get_mut(&r.vehicle) {
            if held.is_some() {
                v.custody = held;
            } else if v.custody.is_some_and(|c| {
                self.view
                    .tracks
                    .get(&c)
                    .is_none_or(|t| self.view.now.since(t.heard) > 5_000_000)
            }) {
                v.custody = None;
            }
        }
    }

    fn recorder(&mut self, r: &RecorderReport) {
        let (camera, mark) = match r {
            RecorderReport::Started { camera } => (*camera, Some("recording".to_owned())),
            RecorderReport::SegmentClosed { camera, .. } => (*camera, None),
            RecorderReport::Gap {
                camera, packets, cause, ..
            } => (*camera, Some(format!("gap: {cause:?}, {packets} packets"))),
            RecorderReport::Progress { camera, .. } => (*camera, None),
            RecorderReport::Refused { camera, why } => (*camera, Some(format!("recording refused: {why}"))),
        };
        let Some(c) = self.view.cameras.get_mut(&camera) else {
            return;
        };
        match r {
            RecorderReport::Started { .. } => {
                c.recording = true;
                c.refused = None;
            }
            RecorderReport::SegmentClosed { .. } => c.segments += 1,
            RecorderReport::Gap { .. } => c.gaps += 1,
            RecorderReport::Progress {
                bytes,
                frames,
                lost_packets,
                ..
            } => c.recorded = [*bytes, *frames, *lost_packets],
            RecorderReport::Refused { why, .. } => {
                c.recording = false;
                c.refused = Some(why.clone());
            }
        }
        let vehicle = c.vehicle;
        if let Some(text) = mark {
            self.mark(EventKind::Record, Some(vehicle), format!("{camera} {text}"));
        }
        if let RecorderReport::Refused { why, .. } = r {
            self.notice(NoticeKind::Warning, format!("{camera} is not recorded: {why}"));
        }
    }

    // ------------------------------------------------------------ evidence

    fn seal(&mut self, who: &OperatorId, id: IncidentId, outcome: &str) -> Result<(), Refusal> {
        let utc = self.view.utc;
        let incident = self.view.incidents.get_mut(&id).ok_or_else(|| Refusal::Missing {
            what: format!("incident {id}"),
        })?;
        if !matches!(incident.state, IncidentState::Open | IncidentState::Failed { .. }) {
            return Err(Refusal::State {
                what: format!("sealing {id}"),
                why: "it is sealed or being sealed".into(),
            });
        }
        if outcome.trim().is_empty() {
            return Err(Refusal::State {
                what: format!("sealing {id}"),
                why: "an outcome code is needed".into(),
            });
        }
        incident.outcome = Some(outcome.to_owned());
        incident.to = utc.plus_us(alerts::AFTER_S * 1_000_000);
        incident.state = IncidentState::Sealing;
        let (alert, from, to) = (incident.alert, incident.from, incident.to);
        let vehicle = self.view.alerts.get(&alert).and_then(|a| a.vehicle);
        let cameras = self
            .view
            .cameras
            .values()
            .filter(|c| vehicle.is_none_or(|v| v == c.vehicle))
            .map(|c| c.id)
            .collect();
        let request = EvidenceRequest {
            incident: id,
            from,
            to,
            cameras,
            by: who.clone(),
            outcome: outcome.to_owned(),
        };
        self.sealing.push((id, request));
        self.mark(EventKind::Evidence, None, format!("{id} to be sealed by {who}"));
        self.release_seals();
        Ok(())
    }

    /// A bundle is asked for once the moments after the incident are on disk: not before the
    /// segment that holds its end can be closed.
    fn release_seals(&mut self) {
        let utc = self.view.utc;
        let due: Vec<_> = self
            .sealing
            .iter()
            .filter(|(_, r)| utc.0 >= r.to.0 + 1_000_000)
            .cloned()
            .collect();
        for (id, request) in due {
            self.sealing.retain(|(i, _)| *i != id);
            self.effects.push_back(Effect::Preserve(request));
        }
    }
}
