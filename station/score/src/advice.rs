//! What a good operator would do now: said to the instructor while a run goes on.
//!
//! Invariant: it follows from the view, the truth and the policy of this moment, and is never shown
//! to a trainee. It gives no order.

use vedette_core::StationView;
use vedette_model::{AlertState, IncidentState, Priority, Utc};

use crate::items::seconds;
use crate::policy::Policy;
use crate::truth::{Truth, group, insert};

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Words.
    pub text: String,
    /// Something waits, else something was done well.
    pub waits: bool,
}

/// What waits and what was done well, the most urgent first.
#[must_use]
pub fn advise(view: &StationView, truth: &Truth, policy: &Policy) -> Vec<Advice> {
    let t = &policy.thresholds;
    let mut out = Vec::new();
    let mut wait = |text: String| out.push(Advice { text, waits: true });
    let age = |m: vedette_model::Mono| view.now.since(m) as f64 * 1e-6;
    for a in view.alerts.values() {
        let open = matches!(a.state, AlertState::Open | AlertState::Acknowledged { .. });
        if open && a.priority == Priority::P1 {
            wait(format!(
                "Alert {} unanswered for {:.0} s. Expected within {:.0} s.",
                a.id,
                age(a.raised),
                t.decide_full_s
            ));
        }
        let taken_up = view.incidents.values().any(|i| i.alert == a.id);
        if matches!(a.state, AlertState::Confirmed { .. }) && !taken_up {
            wait(format!("Alert {} is confirmed: open its incident.", a.id));
        }
    }
    for (name, members) in truth.subjects() {
        let Some(first) = members.iter().filter_map(|m| truth.first_seen(m)).min() else {
            continue;
        };
        let latest = members
            .iter()
            .filter_map(|m| truth.seen.get(m)?.last().map(|(u, _)| *u))
            .max();
        let out_of_sight = latest.map_or(0.0, |u| seconds(u, view.utc));
        let shown = seconds(first, view.utc);
        // Whoever is named by an alert is the trainee's business already.
        let named = truth
            .places_at(view.utc)
            .iter()
            .filter(|p| !insert(&p.actor) && group(&p.actor) == name)
            .any(|p| {
                view.alerts.values().any(|a| {
                    a.track
                        .and_then(|k| view.tracks.get(&k))
                        .and_then(|k| k.track.fix.as_ref().ok())
                        .is_some_and(|f| vedette_geo::near::distance_m(f.at, p.at) < t.same_m)
                })
            });
        if named && out_of_sight > t.custody_gap_s {
            wait(format!(
                "{name} is out of sight for {out_of_sight:.0} s: bring the camera back."
            ));
        } else if !named && shown > t.detect_full_s && shown < truth.report_within_s {
            wait(format!("{name} could be seen for {shown:.0} s and nobody acts on it."));
        }
    }
    for f in truth.faults.iter().filter(|f| f.name != "elevation") {
        let since = seconds(f.from, view.utc);
        if since < t.drill_s && f.to.is_none_or(|to: Utc| to > view.utc) {
            let whom = f
                .system
                .and_then(|s| view.vehicles.get(&vedette_model::VehicleId(u32::from(s))))
                .map_or("all aircraft".to_owned(), |v| v.tail.clone());
            wait(format!(
                "{} on {whom} for {since:.0} s: hold, return or a remark within {:.0} s.",
                f.name.replace('-', " "),
                t.drill_s
            ));
        }
    }
    for v in view.vehicles.values() {
        let aloft = v.armed.is_some_and(|a| a.value);
        if aloft && v.bingo_s.is_some_and(|s| s < 0.0) {
            wait(format!("{} is past its turning point: order it home.", v.tail));
        }
    }
    if let Some(n) = t.probes().due(view.now) {
        wait(format!("Question {n} after the workload stands."));
    }
    for i in view.incidents.values() {
        match &i.state {
            IncidentState::Open => out.push(Advice {
                text: format!("Incident {}: keep watching, then seal it with its outcome.", i.id),
                waits: true,
            }),
            IncidentState::Sealed { .. } => out.push(Advice {
                text: format!("Incident {} is sealed. Good.", i.id),
                waits: false,
            }),
            IncidentState::Sealing | IncidentState::Failed { .. } => {}
        }
    }
    out.truncate(6);
    out
}
