//! What aircraft report, and what follows from it: state, observed orders, energy left, marks.
//!
//! Invariant: an order is *observed* only when telemetry shows its effect. Knows no plan geometry.

use vedette_geo::Amsl;
use vedette_model::plan::Brief;
use vedette_model::{CommandOutcome, Mono, ReceiptState, Report, VehicleId};

use crate::station::Station;
use crate::view::{EventKind, NoticeKind, PlanState};
use crate::{energy, fleet, orders};

/// An aircraft heard again has this long to show what became of orders given before, milliseconds.
const SETTLE_MS: i64 = 10_000;
/// Tracks nobody saw for this long leave the view unless an alert names them.
const TRACK_KEPT_MS: i64 = 30_000;

impl Station {
    pub(crate) fn vehicle(&mut self, id: VehicleId, captured: Mono, report: &Report) {
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
                    let done = !matches!(outcome, CommandOutcome::InProgress(_)) && self.answered.remove(command);
                    if done && r.state == ReceiptState::Accepted {
                        r.state = ReceiptState::Observed;
                    }
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
                self.restored(id, *command, outcome);
            }
            Report::SecondSender(second) => self.second_sender(id, second),
            Report::PlanOnVehicle { .. } | Report::PlanInDoubt { .. } | Report::PlanStands { .. } => {
                self.on_board(id, report);
            }
            _ => {}
        }
        let plan = &self.view.plan;
        let brief = self.view.brief.clone();
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
            Self::bingo(v, &brief, plan);
        }
        if let Some((kind, text)) = mark {
            self.mark(kind, Some(id), text);
        }
        if matches!(report, Report::ParameterTable(_) | Report::Parameter { .. }) {
            self.judge_parameters(id);
        }
        if began {
            self.view.plan.began.get_or_insert(now);
            self.mark(EventKind::Flight, Some(id), "patrol begins".into());
        }
        self.observe(id);
    }

    pub(crate) fn bingo(v: &mut crate::view::VehicleView, brief: &Brief, plan: &PlanState) {
        let (Some(at), Some(amsl), Some(pct), Some((home, home_amsl))) = (v.at, v.amsl, v.battery_pct, v.home) else {
            return;
        };
        let Some(aircraft) = brief.fleet.iter().find(|a| a.vehicle == v.id) else {
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
            brief.wind.speed_m_s,
        );
        v.bingo_s = Some(s);
        v.home_share = Some(share);
    }

    pub(crate) fn observe(&mut self, id: VehicleId) {
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

    pub(crate) fn tick(&mut self) {
        let now = self.view.now;
        for a in self.awaited.iter().filter(|a| now > a.until) {
            if let Some(r) = self.view.receipts.iter_mut().find(|r| r.id == a.id)
                && matches!(r.state, ReceiptState::Sent | ReceiptState::Accepted)
            {
                r.state = ReceiptState::Unknown;
                r.since = now;
            }
        }
        // What a lost link hides is settled when the aircraft is heard again.
        for a in self.awaited.iter_mut().filter(|a| now > a.until) {
            if self.view.vehicles.get(&a.vehicle).is_some_and(|v| !v.alive) {
                a.until = now.plus_ms(SETTLE_MS);
            }
        }
        let receipts = &self.view.receipts;
        self.awaited
            .retain(|a| now <= a.until && receipts.iter().any(|r| r.id == a.id));
        self.view
            .tracks
            .retain(|_, t| t.alert.is_some() || now.since(t.heard) < TRACK_KEPT_MS * 1000);
        self.forget_seconds();
        self.judge_timing();
        self.release_seals();
        self.follow_on();
    }
}
