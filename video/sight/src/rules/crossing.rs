//! Someone moved from beyond the line to the home side, away from any lawful crossing point (P1).
//!
//! While the 95 % ellipse (with the drawn line's accuracy) overlaps the line, the rule waits; after
//! enough looks inside it says "likely", and of somebody watched walking in from clear outside it
//! says so after a few: the errors that make the ellipse wide are the same at both ends of the way.
//! It never says "crossed" of what may still be outside.

use vedette_model::Priority;

use super::{AlertDraft, Memory, Policy, Sight, name_of};

pub(super) const RULE: &str = "crossing";

pub(super) fn check(s: &Sight<'_>, m: &Memory, policy: &Policy) -> Option<AlertDraft> {
    let p = &policy.crossing;
    if !s.subject() || s.signed_m <= 0.0 || s.lawful_over(m) {
        return None;
    }
    if m.fired.iter().any(|r| r.0 == RULE) || m.outside < p.outside_looks {
        return None;
    }
    // A track that was never outside by more than its own ellipse may have begun inside: then it
    // takes as many looks as a crossing that is only likely.
    let looks = if m.clear_outside > 0 {
        p.clear_looks
    } else {
        p.likely_looks
    };
    let clear = s.signed_m > s.margin_m && m.inside_run >= looks;
    let inside_s = m.inside_since.map_or(0.0, |t| (s.track.captured.0 - t.0) as f64 * 1e-6);
    let likely = m.inside_run >= p.likely_looks && s.signed_m >= p.likely_m && inside_s >= p.likely_s;
    if !clear && !likely && !walked_in(s, m, policy) {
        return None;
    }
    let who = name_of(s.track.class);
    let from = format!(
        "from {:.0} m (± {:.0} m) outside to {:.0} m (± {:.0} m) inside the line",
        m.farthest_out.0, m.farthest_out.1, s.signed_m, s.half_m
    );
    let began_clear = m.clear_outside > 0 && m.continues.is_none();
    let (title, why) = if clear && began_clear {
        (
            "Line crossed to home side".to_owned(),
            format!(
                "A {who} moved {from}, {}; both 95 % ellipses are clear of the line.",
                s.away_from_crossings()
            ),
        )
    } else if let (true, Some(other)) = (clear, m.continues) {
        (
            "Line likely crossed to home side".to_owned(),
            format!(
                "A {who} moved {from}, {}; it is inside by more than the 95 % ellipse, and was followed outside as {other}, lost from sight on the way.",
                s.away_from_crossings()
            ),
        )
    } else if clear {
        (
            "Line likely crossed to home side".to_owned(),
            format!(
                "A {who} moved {from}, {}; it is inside by more than the 95 % ellipse, but was never outside by more than it.",
                s.away_from_crossings()
            ),
        )
    } else {
        (
            "Line likely crossed to home side".to_owned(),
            format!(
                "A {who} moved {from}, {}; inside for {inside_s:.0} s and {} looks, but the 95 % ellipse still overlaps the line{}.",
                s.away_from_crossings(),
                m.inside_run,
                m.continues.map_or_else(String::new, |o| format!(
                    "; it was followed outside as {o}, lost from sight on the way"
                ))
            ),
        )
    };
    let clarity = if clear && began_clear {
        1.0
    } else {
        // How far inside, in units of the margin: one half at the line, towards one beyond it.
        0.5 + 0.5 * (s.signed_m / s.margin_m.max(0.1)).min(1.0) * 0.8
    };
    Some(s.draft(RULE, Priority::P1, title, why, clarity))
}

/// Watched on the way in, under one number, from outside by more than the ellipse to inside, and
/// still going; and certainty is not to be had soon.
fn walked_in(s: &Sight<'_>, m: &Memory, policy: &Policy) -> bool {
    let p = &policy.crossing;
    let Some((from_m, _)) = m.closing_from else {
        return false;
    };
    let clear_in_s = (s.margin_m - s.signed_m) / s.inward_m_s.max(0.1);
    m.clear_outside >= p.outside_looks
        && m.inside_run >= p.step_looks
        && s.signed_m >= p.step_m
        && from_m + s.signed_m >= p.walked_m
        && s.inward_m_s >= policy.approach.least_m_s
        && clear_in_s > p.wait_s
}
