//! Someone comes closer to the line from beyond it, away from any lawful crossing point (P2).

use vedette_model::Priority;

use super::{AlertDraft, Memory, Policy, Sight, loiter, name_of};

pub(super) const RULE: &str = "approach";

pub(super) fn check(s: &Sight<'_>, m: &Memory, policy: &Policy) -> Option<AlertDraft> {
    let p = &policy.approach;
    if !s.subject() || s.lawful() || s.signed_m >= 0.0 || -s.signed_m > p.within_m {
        return None;
    }
    if m.fired.iter().any(|r| r.0 == RULE || r.0 == loiter::RULE) {
        return None;
    }
    let (from_m, since) = m.closing_from?;
    let closed_m = from_m + s.signed_m;
    let time_s = (s.track.captured.0 - since.0) as f64 * 1e-6;
    if time_s < p.least_s || closed_m < p.least_m || m.closing_looks < p.looks {
        return None;
    }
    let eta_s = -s.signed_m / s.inward_m_s.max(0.1);
    let why = format!(
        "A {} came {closed_m:.0} m closer to the line in {time_s:.0} s and is {:.0} m (± {:.0} m) outside it, at this pace {eta_s:.0} s away, {}.",
        name_of(s.track.class),
        -s.signed_m,
        s.half_m,
        s.away_from_crossings()
    );
    let clarity = if s.signed_m + s.margin_m < 0.0 { 1.0 } else { 0.7 };
    Some(s.draft(RULE, Priority::P2, "Approaching the line".to_owned(), why, clarity))
}
