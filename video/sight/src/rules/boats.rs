//! Small boats: one that runs onto a shore, and two that lie alongside at sea (P1 and P2).
//!
//! A boat that lies at a known landing place, or passes along the shore, raises nothing.

use vedette_geo::distance_m;
use vedette_model::{Priority, TargetClass};

use super::company::{Company, Known};
use super::surroundings::Surroundings;
use super::{AlertDraft, BoatPolicy};

pub(super) const BEACHING: &str = "beaching";
pub(super) const ALONGSIDE: &str = "alongside";

/// A boat that came at speed from the water and lies at the shore, or whose track goes on over it: it ran
/// onto the beach, or somebody left it at once and the eyes went with them.
pub(super) fn beaching(c: &Company, p: &BoatPolicy, s: &Surroundings) -> Vec<(AlertDraft, Known)> {
    c.all()
        .filter(|k| k.sailed_m_s >= p.came_m_s && k.roamed_m >= p.came_m)
        .filter_map(|k| {
            let ashore = !s.on_water(k.at);
            let lies = k.class == TargetClass::Boat && k.stood_s() >= p.stopped_s;
            if !(ashore || lies) {
                return None;
            }
            let shore_m = s.shore_m(k.at)?;
            let harbour = s
                .landings
                .iter()
                .any(|(at, radius_m)| distance_m(*at, k.at) <= *radius_m);
            (shore_m <= p.shore_m + k.doubt_m.min(25.0) && !harbour).then(|| {
                let now = if lies {
                    format!(
                        "has lain {shore_m:.0} m (± {:.0} m) from the shore for {:.0} s",
                        k.doubt_m,
                        k.stood_s()
                    )
                } else {
                    format!(
                        "came onto the shore, {shore_m:.0} m (± {:.0} m) beyond its edge",
                        k.doubt_m
                    )
                };
                let why = format!(
                    "A boat came in over {:.0} m at up to {:.0} m/s and {now}, away from any landing place.",
                    k.roamed_m, k.sailed_m_s
                );
                let facts = [
                    ("distance to the shore", format!("{shore_m:.0} m")),
                    ("came at", format!("{:.0} m/s", k.sailed_m_s)),
                    ("lies for", format!("{:.0} s", k.stood_s())),
                ];
                (
                    k.draft(BEACHING, Priority::P1, "Boat beached", why, &facts, 0.9),
                    k.clone(),
                )
            })
        })
        .collect()
}

/// Two boats that came together and lie alongside away from landing places.
pub(super) fn alongside(c: &Company, p: &BoatPolicy, s: &Surroundings) -> Vec<(AlertDraft, Known)> {
    c.pairs()
        .filter(|(a, b, pair)| {
            a.class == TargetClass::Boat
                && b.class == TargetClass::Boat
                && pair.first_m >= p.apart_m
                && pair.together.is_some()
                && pair.together_s >= p.alongside_s
                && !s
                    .landings
                    .iter()
                    .any(|(at, radius_m)| distance_m(*at, a.at) <= *radius_m)
        })
        .map(|(a, b, pair)| {
            let why = format!(
                "Two boats came from {:.0} m apart and have lain alongside for {:.0} s, away from any landing place.",
                pair.first_m, pair.together_s
            );
            let facts = [
                ("alongside for", format!("{:.0} s", pair.together_s)),
                ("other track", b.id.to_string()),
            ];
            (
                a.draft(ALONGSIDE, Priority::P2, "Ship-to-boat transfer", why, &facts, 0.8),
                b.clone(),
            )
        })
        .collect()
}
