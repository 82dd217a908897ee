//! From drafts of the behaviour rules to alerts with an owner, decisions and incidents.

use vedette_atlas::{Border, Crossing};
use vedette_model::{
    Alert, AlertId, AlertState, Decision, Incident, IncidentId, IncidentState, Mono, OperatorId, Refusal, Utc,
    VehicleId,
};
use vedette_sight::AlertDraft;

use crate::view::StationView;

/// Seconds of video kept before the alert's deciding frame in an incident.
pub(crate) const BEFORE_S: i64 = 30;
/// Seconds kept after the last known moment.
pub(crate) const AFTER_S: i64 = 10;

/// The border as the rules want it.
pub(crate) fn border_of(site: &crate::SiteLines) -> Result<Border, vedette_atlas::AtlasError> {
    let mut b = Border::new(&site.border_name, site.border.clone(), site.home_left)?;
    b.accuracy_m = site.accuracy_m;
    b.home.clone_from(&site.home_name);
    b.edition.clone_from(&site.edition);
    Ok(b)
}

/// The crossing points as the rules want them.
pub(crate) fn crossings_of(site: &crate::SiteLines) -> Vec<Crossing> {
    site.crossings
        .iter()
        .map(|(name, at, radius_m)| Crossing {
            name: name.clone(),
            at: *at,
            radius_m: *radius_m,
        })
        .collect()
}

/// An alert from a draft.
pub(crate) fn raise(
    view: &mut StationView,
    draft: AlertDraft,
    vehicle: Option<VehicleId>,
    now: Mono,
    utc: Utc,
) -> AlertId {
    let id = AlertId(u32::try_from(view.alerts.len()).unwrap_or(u32::MAX - 1) + 1);
    let company = draft.company;
    let alert = Alert {
        id,
        rule: draft.rule,
        priority: draft.priority,
        title: draft.title,
        why: draft.why,
        facts: draft.facts,
        track: draft.track,
        vehicle,
        camera: draft.camera,
        at: draft.at,
        chainage_m: draft.chainage_m,
        confidence: draft.confidence,
        captured: draft.captured,
        raised: now,
        raised_utc: utc,
        state: AlertState::Open,
    };
    for t in alert.track.iter().chain(&company) {
        if let Some(t) = view.tracks.get_mut(t) {
            t.alert = Some(id);
        }
    }
    view.alerts.insert(id, alert);
    id
}

/// A person decides.
pub(crate) fn decide(
    view: &mut StationView,
    id: AlertId,
    by: &OperatorId,
    decision: &Decision,
    now: Mono,
) -> Result<String, Refusal> {
    let alert = view.alerts.get_mut(&id).ok_or_else(|| Refusal::Missing {
        what: format!("alert {id}"),
    })?;
    if let AlertState::Confirmed { by, .. } | AlertState::Dismissed { by, .. } = &alert.state {
        return Err(Refusal::State {
            what: format!("deciding alert {id}"),
            why: format!("{by} has decided it already"),
        });
    }
    match decision {
        Decision::Confirm => {
            alert.state = AlertState::Confirmed {
                by: by.clone(),
                at: now,
            };
            Ok(format!("{id} confirmed by {by}"))
        }
        Decision::Dismiss { reason } => {
            if reason.trim().is_empty() {
                return Err(Refusal::State {
                    what: format!("dismissing alert {id}"),
                    why: "a reason is needed".into(),
                });
            }
            alert.state = AlertState::Dismissed {
                by: by.clone(),
                at: now,
                reason: reason.clone(),
            };
            Ok(format!("{id} dismissed by {by}: {reason}"))
        }
    }
}

/// A person takes note.
pub(crate) fn acknowledge(view: &mut StationView, id: AlertId, by: &OperatorId, now: Mono) -> Result<String, Refusal> {
    let alert = view.alerts.get_mut(&id).ok_or_else(|| Refusal::Missing {
        what: format!("alert {id}"),
    })?;
    if alert.state != AlertState::Open {
        return Err(Refusal::State {
            what: format!("acknowledging alert {id}"),
            why: "it is not open any more".into(),
        });
    }
    alert.state = AlertState::Acknowledged {
        by: by.clone(),
        at: now,
    };
    Ok(format!("{id} acknowledged by {by}"))
}

/// A person makes a case of a confirmed alert.
pub(crate) fn open_incident(
    view: &mut StationView,
    id: AlertId,
    by: &OperatorId,
    now: Mono,
    utc: Utc,
) -> Result<IncidentId, Refusal> {
    let alert = view.alerts.get(&id).ok_or_else(|| Refusal::Missing {
        what: format!("alert {id}"),
    })?;
    if !matches!(alert.state, AlertState::Confirmed { .. }) {
        return Err(Refusal::State {
            what: format!("opening an incident for alert {id}"),
            why: "a named person has to confirm it first".into(),
        });
    }
    if let Some(i) = view.incidents.values().find(|i| i.alert == id) {
        return Err(Refusal::State {
            what: format!("opening an incident for alert {id}"),
            why: format!("incident {} is open for it", i.id),
        });
    }
    // The case begins with the first look at the track, and no later than half a minute before.
    let first_look = alert
        .track
        .and_then(|t| view.tracks.get(&t))
        .and_then(|t| t.trail.first())
        .map_or(alert.captured, |p| p.0);
    let from = first_look.min(alert.captured.plus_us(-BEFORE_S * 1_000_000));
    let number = IncidentId(u32::try_from(view.incidents.len()).unwrap_or(u32::MAX - 1) + 1);
    view.incidents.insert(
        number,
        Incident {
            id: number,
            alert: id,
            by: by.clone(),
            opened: now,
            opened_utc: utc,
            from,
            to: utc,
            outcome: None,
            state: IncidentState::Open,
        },
    );
    Ok(number)
}
