//! Somebody walks in and may be over the line already (P2): said in time, where `crossing` waits for
//! the place to be sure.
//!
//! The 95 % ellipse of a small aircraft is fifteen metres and more to either side, ten seconds of a
//! walk: who is reported only when most of the ellipse is inside is told of late in many cases.
//! This rule asks the other question: may they have been over for so long that the time to tell is
//! running out? It claims no side of the line. `crossing` still speaks when it is sure.

use serde::{Deserialize, Serialize};
use vedette_model::Priority;

use super::{AlertDraft, Memory, Policy, Sight, crossing, name_of};

pub(super) const RULE: &str = "verge";

/// Thresholds of `verge`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VergePolicy {
    /// A step over the line is to be told within this time, seconds.
    pub within_s: f64,
    /// Of it, so much is kept for confirmation and for the way to the screen, seconds.
    pub reserve_s: f64,
    /// Looks while coming closer.
    pub looks: u32,
    /// Comes closer by at least so much, metres: a way walked, not the wander of a place.
    pub least_m: f64,
}

impl Default for VergePolicy {
    fn default() -> Self {
        Self {
            within_s: 5.0,
            reserve_s: 1.5,
            looks: 10,
            least_m: 5.0,
        }
    }
}

pub(super) fn check(s: &Sight<'_>, m: &Memory, policy: &Policy) -> Option<AlertDraft> {
    let p = policy.verge.as_ref()?;
    let fired = |rule: &str| m.fired.iter().any(|r| r.0 == rule);
    if !s.subject()
        || s.lawful_over(m)
        || fired(RULE)
        || fired(crossing::RULE)
        || m.outside < policy.crossing.outside_looks
    {
        return None;
    }
    let (from_m, _) = m.closing_from?;
    let came_m = from_m + s.signed_m;
    if m.closing_looks < p.looks || came_m < p.least_m || s.inward_m_s < policy.approach.least_m_s {
        return None;
    }
    // The furthest inside it may be by the ellipse, against how far it walks in the time to tell.
    let may_be_m = s.signed_m + s.margin_m;
    if may_be_m < s.inward_m_s * (p.within_s - p.reserve_s).max(0.0) {
        return None;
    }
    let who = name_of(s.track.class);
    let (side, to_line) = if s.signed_m < 0.0 {
        (
            "outside",
            format!(
                ", at the line in {:.0} s by its place",
                -s.signed_m / s.inward_m_s.max(0.1)
            ),
        )
    } else {
        ("inside", String::new())
    };
    let why = format!(
        "A {who} walks towards home at {:.1} m/s, {:.0} m (± {:.0} m) {side} the line{to_line}, {}; by the 95 % ellipse it may be over already.",
        s.inward_m_s,
        s.signed_m.abs(),
        s.half_m,
        s.away_from_crossings()
    );
    // One half where the place is on the line.
    let clarity = 0.5 * (1.0 + (s.signed_m / s.margin_m.max(0.1)).clamp(-1.0, 1.0));
    Some(s.draft(RULE, Priority::P2, "Line may be crossed".to_owned(), why, clarity))
}
