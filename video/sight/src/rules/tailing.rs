//! One goes where another went before, at a distance that holds (P2).
//!
//! Those who walk side by side are company, not a tail; those on one road for a moment are neither:
//! the places must match over a long way with turns or a long time.

use vedette_geo::distance_m;
use vedette_model::Priority;

use super::company::{Company, Known, seconds};
use super::{AlertDraft, TailingPolicy};

pub(super) const RULE: &str = "tailing";

pub(super) fn check(c: &Company, p: &TailingPolicy) -> Vec<(AlertDraft, Known)> {
    let mut out = Vec::new();
    for (a, b, _) in c.pairs() {
        for (front, tail) in [(a, b), (b, a)] {
            if !front.subject() || !tail.subject() || front.moves.is_none() || tail.moves.is_none() {
                continue;
            }
            let gap = distance_m(front.at, tail.at);
            if !(p.least_gap_m..=p.most_gap_m).contains(&gap) {
                continue;
            }
            // The tail's places, each against the front's earlier ones.
            let (mut matched, mut way_m, mut delays) = (0u32, 0.0f64, Vec::new());
            let mut before: Option<vedette_geo::LatLon> = None;
            for (t, at) in tail.trail.iter().rev() {
                let hit = front
                    .trail
                    .iter()
                    .filter(|(o, _)| *o < *t)
                    .map(|(o, place)| (distance_m(*place, *at), seconds(*t, *o)))
                    .min_by(|x, y| x.0.total_cmp(&y.0));
                let Some((off_m, delay_s)) = hit else { break };
                if off_m > p.off_m + 0.5 * tail.doubt_m.min(10.0) || delay_s < 2.0 {
                    break;
                }
                matched += 1;
                way_m += before.map_or(0.0, |b| distance_m(b, *at));
                before = Some(*at);
                delays.push(delay_s);
            }
            if way_m < p.least_m || matched < 5 {
                continue;
            }
            let mean_s = delays.iter().sum::<f64>() / delays.len() as f64;
            // Someone met on the way has been everywhere too, but ever longer ago.
            let (shortest, longest) = delays
                .iter()
                .fold((f64::INFINITY, 0.0f64), |(a, b), d| (a.min(*d), b.max(*d)));
            if longest - shortest > 0.5 * mean_s + 4.0 {
                continue;
            }
            let why = format!(
                "A {} has gone the same way as a {} for {way_m:.0} m, {gap:.0} m and {mean_s:.0} s behind it.",
                tail.name(),
                front.name()
            );
            let facts = [
                ("way in common", format!("{way_m:.0} m")),
                ("behind by", format!("{gap:.0} m, {mean_s:.0} s")),
                ("track ahead", front.id.to_string()),
            ];
            out.push((
                tail.draft(RULE, Priority::P2, "Tailing", why, &facts, 0.7),
                front.clone(),
            ));
        }
    }
    out
}
