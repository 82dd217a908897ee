//! What the trainee did, distilled from the journal and the last view.
//!
//! Invariant: only what was recorded; the truth is not looked at here.

use std::collections::BTreeMap;

use vedette_core::{Entry, Input, PlanOnAircraft, StationView};
use vedette_geo::LatLon;
use vedette_model::{
    Alert, AlertId, AlertState, Authority, Decision, GimbalAim, IncidentState, Intent, Mono, OperatorId, Order,
    Priority, RecorderReport, Report, TrackId, Utc, VehicleId,
};

/// What a person made of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// When.
    pub at: Utc,
    /// Confirmed, else dismissed.
    pub confirmed: bool,
}

/// An alert and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSeen {
    /// Number.
    pub id: AlertId,
    /// Priority.
    pub priority: Priority,
    /// When the station raised it.
    pub raised: Utc,
    /// Frame it was raised on.
    pub captured: Utc,
    /// Where the station put it.
    pub at: Option<LatLon>,
    /// First act of a person on it: shown, acknowledged or decided.
    pub first_act: Option<Utc>,
    /// Its decision.
    pub answer: Option<Answer>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentDone {
    /// Alert it began with.
    pub alert: AlertId,
    /// When it was opened.
    pub opened: Utc,
    /// Evidence from, to.
    pub span: (Utc, Utc),
    /// Sealed.
    pub sealed: bool,
    /// What was written down.
    pub outcome: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderGiven {
    /// When.
    pub at: Utc,
    /// To whom.
    pub vehicle: VehicleId,
    /// What.
    pub order: Order,
}

/// All a score asks of the record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conduct {
    /// Who.
    pub trainee: String,
    /// Session.
    pub session: String,
    /// First and last entry.
    pub span: (Utc, Utc),
    /// Alerts in order.
    pub alerts: Vec<AlertSeen>,
    /// Incidents in order.
    pub incidents: Vec<IncidentDone>,
    /// Orders in order.
    pub orders: Vec<OrderGiven>,
    /// Remarks: when, words, and whether on an incident.
    pub notes: Vec<(Utc, String)>,
    /// When a clear plan was approved.
    pub approved: Option<Utc>,
    /// Every aircraft's copy was read back and the same.
    pub read_back: bool,
    /// Per aircraft: when it said it was ready.
    pub ready: BTreeMap<VehicleId, Utc>,
    /// Per aircraft: first take-off ordered.
    pub launched: BTreeMap<VehicleId, Utc>,
    /// Gaps of the recordings.
    pub gaps: Vec<Utc>,
    /// Share of the battery to land with, by the brief, and the whole of it in watt hours.
    pub reserve: BTreeMap<VehicleId, (f64, f64)>,
    /// Places a camera was ordered to look at.
    pub looked_at: Vec<(Utc, LatLon)>,
    /// Answers to the question after the workload: when, which question, level 1 to 5.
    pub workload: Vec<(Utc, u32, u8)>,
}

impl Conduct {
    /// Of a recorded session: its entries and its last view. `people` of rank sensor or above are
    /// taken for the trainee; an observer's or instructor's acts do not count.
    #[must_use]
    pub fn of(trainee: &OperatorId, view: &StationView, entries: &[Entry]) -> Self {
        let first = entries.first().map_or(view.utc, |e| e.utc);
        let began = Utc(view.utc.0 - view.now.0);
        let utc = |m: Mono| began.plus_us(m.0);
        let mut c = Self {
            trainee: trainee.0.clone(),
            session: view.session.0.clone(),
            span: (first, view.utc),
            ..Self::default()
        };
        let acts = |o: &OperatorId| {
            view.operators
                .iter()
                .any(|p| p.id == *o && p.authority >= Authority::Sensor)
        };
        let mut first_act: BTreeMap<AlertId, Utc> = BTreeMap::new();
        for e in entries {
            match &e.input {
                Input::Operator { operator, intent, .. } if acts(operator) => {
                    c.act(e.utc, intent, &mut first_act);
                }
                Input::Vehicle {
                    vehicle,
                    report: Report::Health { ready_to_arm: true, .. },
                    ..
                } => {
                    c.ready.entry(*vehicle).or_insert(e.utc);
                }
                Input::Recorder(RecorderReport::Gap { at, .. }) => c.gaps.push(at.unwrap_or(e.utc)),
                _ => {}
            }
        }
        c.alerts = view
            .alerts
            .values()
            .map(|a| AlertSeen {
                id: a.id,
                priority: a.priority,
                raised: a.raised_utc,
                captured: a.captured,
                at: place(a, entries),
                first_act: first_act.get(&a.id).copied(),
                answer: match &a.state {
                    AlertState::Confirmed { at, .. } => Some(Answer {
                        at: utc(*at),
                        confirmed: true,
                    }),
                    AlertState::Dismissed { at, .. } => Some(Answer {
                        at: utc(*at),
                        confirmed: false,
                    }),
                    AlertState::Open | AlertState::Acknowledged { .. } => None,
                },
            })
            .collect();
        c.incidents = view
            .incidents
            .values()
            .map(|i| IncidentDone {
                alert: i.alert,
                opened: i.opened_utc,
                span: (i.from, i.to),
                sealed: matches!(i.state, IncidentState::Sealed { .. }),
                outcome: i.outcome.clone(),
            })
            .collect();
        c.read_back =
            !view.vehicles.is_empty() && view.vehicles.values().all(|v| v.plan_on_board == PlanOnAircraft::Same);
        if let Some(plan) = &view.plan.plan {
            c.reserve = plan
                .brief
                .fleet
                .iter()
                .map(|f| (f.vehicle, (f.energy.reserve_share, f.energy.battery_wh)))
                .collect();
        }
        if let Some(a) = &view.plan.approved {
            c.approved = Some(utc(a.at));
        }
        c
    }

    fn act(&mut self, utc: Utc, intent: &Intent, first: &mut BTreeMap<AlertId, Utc>) {
        match intent {
            Intent::Command { vehicle, order, .. } => {
                if let Order::Gimbal(GimbalAim::Place { at, .. }) = order {
                    self.looked_at.push((utc, *at));
                }
                if matches!(order, Order::TakeOff { .. } | Order::StartMission) {
                    self.launched.entry(*vehicle).or_insert(utc);
                }
                self.orders.push(OrderGiven {
                    at: utc,
                    vehicle: *vehicle,
                    order: order.clone(),
                });
            }
            Intent::Decide { alert, decision } => {
                first.entry(*alert).or_insert(utc);
                // A dismissal with a reason is also a remark.
                if let Decision::Dismiss { reason } = decision {
                    self.notes.push((utc, reason.clone()));
                }
            }
            Intent::Acknowledge { alert } => {
                first.entry(*alert).or_insert(utc);
            }
            Intent::Show { alert: Some(a), .. } => {
                first.entry(*a).or_insert(utc);
            }
            Intent::Workload { asked, level } => self.workload.push((utc, *asked, *level)),
            Intent::Note { text, .. } => self.notes.push((utc, text.clone())),
            _ => {}
        }
    }
}

/// Where the station put an alert: the track's fix on the deciding frame, else the alert's own place.
fn place(a: &Alert, entries: &[Entry]) -> Option<LatLon> {
    let track: Option<TrackId> = a.track;
    let fix = track.and_then(|id| {
        entries.iter().find_map(|e| match &e.input {
            Input::Vision(v) if v.captured == a.captured && Some(v.camera) == a.camera => v
                .tracks
                .iter()
                .find(|t| t.id == id)
                .and_then(|t| t.fix.as_ref().ok())
                .map(|f| f.at),
            _ => None,
        })
    });
    fix.or(a.at)
}
