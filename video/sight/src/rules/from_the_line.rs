//! Someone first seen on the home side walks away from the line, far from any lawful crossing
//! point (P2): a crossing that nobody saw may lie behind.
//!
//! It says what was seen and where that course came from; it never says "crossed".

use vedette_model::{Priority, TargetClass};

use super::{AlertDraft, Memory, Policy, Sight, crossing, name_of};

pub(super) const RULE: &str = "from-the-line";

pub(super) fn check(s: &Sight<'_>, m: &Memory, policy: &Policy) -> Option<AlertDraft> {
    let p = &policy.from_the_line;
    // Only of those whose class is known: stones and cattle stand on the home side all day.
    let walks = matches!(s.track.class, TargetClass::Person | TargetClass::TwoWheeler);
    if !walks || !s.subject() || s.lawful() || m.lawful_start || m.outside > 0 || !m.moved {
        return None;
    }
    if m.fired.iter().any(|r| r.0 == RULE || r.0 == crossing::RULE) {
        return None;
    }
    let (from_m, since) = m.inwards_from?;
    let walked_m = s.signed_m - from_m;
    let time_s = (s.track.captured.0 - since.0) as f64 * 1e-6;
    // More than what the place itself is unsure by.
    let enough = walked_m >= p.least_m && walked_m >= s.half_m;
    if from_m > p.within_m || time_s < p.least_s || !enough || m.inwards_looks < p.looks {
        return None;
    }
    let pace_m_s = walked_m / time_s.max(0.1);
    let ago_s = s.signed_m / pace_m_s.max(0.1);
    let why = format!(
        "A {} first seen {from_m:.0} m inside the line walked {walked_m:.0} m away from it in {time_s:.0} s and is {:.0} m (± {:.0} m) inside, {}; on that course it was on the line {ago_s:.0} s ago. Nobody saw it cross.",
        name_of(s.track.class),
        s.signed_m,
        s.half_m,
        s.away_from_crossings()
    );
    Some(s.draft(RULE, Priority::P2, "Coming from the line".to_owned(), why, 0.6))
}
