//! Two who came from apart stand together away from any lawful crossing point (P2).
//!
//! Not those who were together from the start, nor those who only pass each other.

use vedette_model::Priority;

use super::company::{Company, Known};
use super::{AlertDraft, RendezvousPolicy};

pub(super) const RULE: &str = "rendezvous";

pub(super) fn check(c: &Company, p: &RendezvousPolicy) -> Vec<(AlertDraft, Known)> {
    c.pairs()
        .filter(|(a, b, pair)| {
            a.subject()
                && b.subject()
                && pair.first_m >= p.from_m
                && pair.together.is_some()
                && pair.together_s >= p.least_s
                && a.stood_s().min(b.stood_s()) >= 0.5 * p.least_s
                && a.roamed_m.max(b.roamed_m) >= 0.5 * p.from_m
        })
        .map(|(a, b, pair)| {
            let why = format!(
                "A {} and a {} came from {:.0} m apart and have stood together for {:.0} s (within {:.0} m).",
                a.name(),
                b.name(),
                pair.first_m,
                pair.together_s,
                pair.nearest_m.max(1.0)
            );
            let facts = [
                ("apart when first seen together", format!("{:.0} m", pair.first_m)),
                ("together for", format!("{:.0} s", pair.together_s)),
                ("other track", b.id.to_string()),
            ];
            (a.draft(RULE, Priority::P2, "Meeting", why, &facts, 0.8), b.clone())
        })
        .collect()
}
