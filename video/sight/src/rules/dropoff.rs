//! Someone leaves a vehicle or boat that stopped, or goes to it and back (P2): drop-off or load
//! transfer.
//!
//! A person who was there before the vehicle and stays is no drop-off; a person walking past is none.

use vedette_geo::distance_m;
use vedette_model::{Priority, TargetClass};

use super::company::{Company, Known, seconds};
use super::{AlertDraft, DropoffPolicy};

pub(super) const RULE: &str = "dropoff";

pub(super) fn check(c: &Company, p: &DropoffPolicy) -> Vec<(AlertDraft, Known)> {
    let mut out = Vec::new();
    for (a, b, pair) in c.pairs() {
        let (carrier, person) = match (a.carries(), a.class, b.carries(), b.class) {
            (true, _, _, TargetClass::Person) => (a, b),
            (_, TargetClass::Person, true, _) => (b, a),
            _ => continue,
        };
        // Where the carrier stopped after it was seen to drive.
        let Some((stop, since)) = carrier.stands else { continue };
        if carrier.fastest_m_s < p.drove_m_s || carrier.stood_s() < p.stopped_s {
            continue;
        }
        let apart = distance_m(person.at, stop);
        let began_there = distance_m(person.first.0, stop) <= p.near_m + 0.5 * person.doubt_m.min(8.0);
        let after_stop = seconds(person.first.1, since) > -2.0;
        let left = began_there && after_stop && apart >= p.away_m && person.roamed_m >= p.away_m;
        // To the carrier, a stay, and away again.
        let visited = pair.first_m >= p.away_m && pair.together_s >= p.handling_s && apart >= p.away_m;
        let (title, what) = if left {
            ("Drop-off", format!("a person came out of it and is {apart:.0} m away"))
        } else if visited {
            (
                "Load transfer",
                format!(
                    "a person came to it, stayed {:.0} s and is {apart:.0} m away again",
                    pair.together_s
                ),
            )
        } else {
            continue;
        };
        let why = format!(
            "A {} stopped {:.0} s ago away from any crossing point; {what}.",
            carrier.name(),
            carrier.stood_s()
        );
        let facts = [
            ("stopped for", format!("{:.0} s", carrier.stood_s())),
            ("drove before at", format!("{:.0} m/s", carrier.fastest_m_s)),
            ("person's distance from the stop", format!("{apart:.0} m")),
            ("carrier's track", carrier.id.to_string()),
        ];
        out.push((
            person.draft(RULE, Priority::P2, title, why, &facts, 0.8),
            carrier.clone(),
        ));
    }
    out
}
