//! Suggestions to a person, and what the person made of them.

use serde::{Deserialize, Serialize};
use vedette_geo::LatLon;

use crate::{AlertId, CameraId, EvidenceId, IncidentId, Mono, OperatorId, TrackId, Utc, VehicleId};

/// Alarm priority (ISA-18.2: few, and each asks for an action).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Priority {
    /// Now: filled octagon, red.
    P1,
    /// Soon: open triangle, amber.
    P2,
}

/// Rule that raised an alert, by file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

/// One measured fact behind an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertFact {
    /// What was measured.
    pub name: String,
    /// Its value, with unit in words.
    pub value: String,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It is what the rule says.
    Confirm,
    /// It is not, with the reason.
    Dismiss {
        /// Why.
        reason: String,
    },
}

/// Where an alert stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertState {
    /// Nobody answered yet.
    Open,
    /// Seen by a named person, not decided.
    Acknowledged {
        /// Who.
        by: OperatorId,
        /// When.
        at: Mono,
    },
    /// Confirmed by a named person.
    Confirmed {
        /// Who.
        by: OperatorId,
        /// When.
        at: Mono,
    },
    /// Dismissed by a named person.
    Dismissed {
        /// Who.
        by: OperatorId,
        /// When.
        at: Mono,
        /// Why.
        reason: String,
    },
}

/// One alert: a suggestion until a named person confirms it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Number.
    pub id: AlertId,
    /// Rule.
    pub rule: RuleId,
    /// Priority.
    pub priority: Priority,
    /// Short title.
    pub title: String,
    /// Why, in one sentence.
    pub why: String,
    /// Facts behind it.
    pub facts: Vec<AlertFact>,
    /// Track it is about.
    pub track: Option<TrackId>,
    /// Aircraft it is about or seen from.
    pub vehicle: Option<VehicleId>,
    /// Camera that saw it.
    pub camera: Option<CameraId>,
    /// Where.
    pub at: Option<LatLon>,
    /// Chainage along the section, metres.
    pub chainage_m: Option<f64>,
    /// Detector score or rule confidence, 0..=1.
    pub confidence: f64,
    /// Frame time of the deciding look.
    pub captured: Utc,
    /// Raised at (station clock).
    pub raised: Mono,
    /// Raised at, UTC.
    pub raised_utc: Utc,
    /// Where it stands.
    pub state: AlertState,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentState {
    /// Evidence is being gathered.
    Open,
    /// Sealing asked for.
    Sealing,
    /// Sealed.
    Sealed {
        /// Bundle.
        evidence: EvidenceId,
        /// SHA-256 of its manifest, hexadecimal.
        manifest_sha256: String,
    },
    /// Could not be sealed, with the reason; the originals stay.
    Failed {
        /// Why.
        why: String,
    },
}

/// A confirmed alert a person made a case of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Number.
    pub id: IncidentId,
    /// Alert it began with.
    pub alert: AlertId,
    /// Opened by.
    pub by: OperatorId,
    /// Opened at.
    pub opened: Mono,
    /// Opened at, UTC.
    pub opened_utc: Utc,
    /// Evidence from this frame time.
    pub from: Utc,
    /// To this one (grows while open).
    pub to: Utc,
    /// Coded outcome.
    pub outcome: Option<String>,
    /// Where it stands.
    pub state: IncidentState,
}
