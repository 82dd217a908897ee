//! Incidents on their way into sealed bundles.
//!
//! Invariant: an incident is sealed once, by a named person, after its last segment is closed.

use vedette_model::{IncidentId, IncidentState, OperatorId, Refusal};

use crate::alerts;
use crate::input::{Effect, EvidenceRequest};
use crate::station::Station;
use crate::view::EventKind;

impl Station {
    pub(crate) fn seal(&mut self, who: &OperatorId, id: IncidentId, outcome: &str) -> Result<(), Refusal> {
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
    pub(crate) fn release_seals(&mut self) {
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
