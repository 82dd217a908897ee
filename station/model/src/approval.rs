//! Who put a plan on the table, who approved it, and what the station's key signed of that.
//!
//! Invariant: an approval is words first: the signed text says all that the fields say.

use serde::{Deserialize, Serialize};

use crate::{Mono, OperatorId, Utc};

/// How many people it takes from a brief to an upload. A site's setting, kept with every session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanRule {
    /// One person puts the plan on the table, another one approves it.
    #[default]
    TwoPersons,
    /// The same person may do both; every approval says so.
    SinglePerson,
    /// A session recorded before stations had such a rule; nobody sets it.
    Unstated,
}

impl PlanRule {
    /// What a record without the field means.
    #[must_use]
    pub const fn unstated() -> Self {
        Self::Unstated
    }
    /// In words, as signed and shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TwoPersons => "two persons",
            Self::SinglePerson => "single person, as the site is set",
            Self::Unstated => "none stated",
        }
    }
}

/// A plan approved by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who approved it.
    pub by: OperatorId,
    /// When, station clock.
    pub at: Mono,
    /// When, UTC.
    pub utc: Utc,
    /// Who had put it on the table.
    pub proposed_by: Option<OperatorId>,
    /// Rule it was approved under.
    pub rule: PlanRule,
    /// The text that is signed, UTF-8, one fact a line.
    pub statement: String,
    /// The station key's signature of that text, once made.
    pub signature: Option<ApprovalSignature>,
}

/// ECDSA P-256 with SHA-256 over an approval's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalSignature {
    /// SHA-256 of the signing station's certificate (DER), hexadecimal.
    pub certificate_sha256: String,
    /// The signature in DER, hexadecimal, as `openssl dgst -sha256 -verify` takes its bytes.
    pub der_hex: String,
}
