//! A person in the water (P1): rescue comes first, whatever side of whatever line.
//!
//! Claimed only where the whole ellipse lies on water and off the shore's surf, so that a bather on the
//! beach and the stones that waves wash over are none.

use vedette_model::{Priority, TargetClass};

use super::company::{Company, Known, seconds};
use super::surroundings::Surroundings;
use super::{AlertDraft, OverboardPolicy};

pub(super) const RULE: &str = "overboard";

pub(super) fn check(c: &Company, p: &OverboardPolicy, s: &Surroundings) -> Vec<(AlertDraft, Known)> {
    c.all()
        .filter(|k| k.class == TargetClass::Person && k.looks >= p.looks && seconds(k.last, k.first.1) >= p.least_s)
        .filter(|k| s.on_water(k.at) && s.shore_m(k.at).is_none_or(|m| m > k.doubt_m + p.offshore_m))
        // Someone aboard is near a boat.
        .filter(|k| {
            !c.all().any(|b| {
                b.class == TargetClass::Boat
                    && seconds(k.last, b.last).abs() < 10.0
                    && vedette_geo::distance_m(b.at, k.at) < p.aboard_m
            })
        })
        .map(|k| {
            let why = format!(
                "A person has been seen in the water for {:.0} s, {}.",
                seconds(k.last, k.first.1),
                s.shore_m(k.at)
                    .map_or("far from any shore".to_owned(), |m| format!("{m:.0} m from the shore"))
            );
            let facts = [
                ("seen for", format!("{:.0} s", seconds(k.last, k.first.1))),
                ("drifts at", format!("{:.1} m/s", k.speed_m_s())),
            ];
            (
                k.draft(
                    RULE,
                    Priority::P1,
                    "Person in the water: rescue first",
                    why,
                    &facts,
                    1.0,
                ),
                k.clone(),
            )
        })
        .collect()
}
