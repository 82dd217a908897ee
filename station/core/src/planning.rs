//! A plan's items against what an aircraft holds: the same, or what an upload would change.

use std::fmt::Write as _;

use vedette_geo::distance_m;
use vedette_model::plan::AircraftPlan;
use vedette_model::{AltFrame, MissionItem, MissionKind};

use crate::view::OnBoard;

/// The aircraft's own copy means the same as the plan's items: command by command, with the
/// losses autopilots are known for (positions to 1e-7 degrees, heights to a decimetre, and
/// parameters an autopilot does not store come back as zero).
pub(crate) fn same_plan(part: &AircraftPlan, on_board: &[MissionItem]) -> bool {
    same_items(&part.items, on_board)
}

/// The same for any list.
pub(crate) fn same_items(ours: &[MissionItem], on_board: &[MissionItem]) -> bool {
    ours.len() == on_board.len() && ours.iter().zip(on_board).all(|(a, b)| same_item(a, b))
}

/// Everything read from the aircraft is what this part would put there; what was never read counts
/// as different.
pub(crate) fn holds(part: &AircraftPlan, held: &OnBoard) -> bool {
    lists(part).into_iter().all(|(kind, ours)| match held.list(kind) {
        Some(theirs) => same_items(ours, theirs),
        None => kind != MissionKind::Mission && ours.is_empty(),
    })
}

fn lists(part: &AircraftPlan) -> [(MissionKind, &[MissionItem]); 3] {
    [
        (MissionKind::Mission, &part.items),
        (MissionKind::Fence, &part.fence_items),
        (MissionKind::Rally, &part.rally_items),
    ]
}

fn same_item(a: &MissionItem, b: &MissionItem) -> bool {
    if a.command != b.command {
        return false;
    }
    let place = match (a.at, b.at) {
        (Some(p), Some(q)) => (p.lat_deg - q.lat_deg).abs() < 2e-7 && (p.lon_deg - q.lon_deg).abs() < 2e-7,
        (None, None) => true,
        // A place of 0, 0 is how an item without a place travels.
        (None, Some(q)) => q.lat_deg.abs() < 1e-9 && q.lon_deg.abs() < 1e-9,
        (Some(_), None) => false,
    };
    let frame = a.frame == b.frame || a.frame == AltFrame::None || b.frame == AltFrame::None;
    let height = a.at.is_none() || (a.alt_m - b.alt_m).abs() < 0.1;
    let params = a.params.iter().zip(&b.params).all(|(x, y)| {
        let (x, y) = (x.unwrap_or(0.0), y.unwrap_or(0.0));
        (x - y).abs() < 0.01 + x.abs() * 1e-5 || y == 0.0
    });
    place && frame && height && params
}

/// One item that an upload changes.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemChange {
    /// The plan's item of this number is new.
    New(usize),
    /// The aircraft's item of this number goes.
    Gone(usize),
    /// The aircraft's item becomes the plan's item; both numbers, from 0.
    Becomes {
        /// Number on the aircraft.
        old: usize,
        /// Number in the plan.
        new: usize,
        /// How far it moves, metres, where both have a place.
        moves_m: Option<f64>,
        /// How much higher it is then, metres, where both count from the same.
        rises_m: Option<f64>,
    },
}

/// What an upload does to one of the three lists of an aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct ListChange {
    /// Which list.
    pub kind: MissionKind,
    /// Items on the aircraft; `None`: never read, so nothing is known of them.
    pub before: Option<usize>,
    /// Items in the plan.
    pub after: usize,
    /// Items that stay.
    pub same: usize,
    /// Items that change, in the plan's order; empty where `before` is unknown.
    pub changes: Vec<ItemChange>,
}

impl ListChange {
    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let name = match self.kind {
            MissionKind::Mission => "Mission",
            MissionKind::Fence => "Fence",
            MissionKind::Rally => "Rally",
        };
        let Some(before) = self.before else {
            return format!(
                "{name}: {} items replace what is on board, which was not read",
                self.after
            );
        };
        if self.changes.is_empty() {
            return format!("{name}: stays as it is, {before} items");
        }
        let mut s = format!("{name}: {before} → {} items, {} stay", self.after, self.same);
        let count = |f: fn(&ItemChange) -> bool| self.changes.iter().filter(|c| f(c)).count();
        for (n, word) in [
            (count(|c| matches!(c, ItemChange::Becomes { .. })), "changed"),
            (count(|c| matches!(c, ItemChange::New(_))), "new"),
            (count(|c| matches!(c, ItemChange::Gone(_))), "gone"),
        ] {
            if n > 0 {
                let _infallible = write!(s, ", {n} {word}");
            }
        }
        let far = self.changes.iter().filter_map(|c| match c {
            ItemChange::Becomes { moves_m, .. } => *moves_m,
            _ => None,
        });
        let farthest = far.fold(0.0, f64::max);
        if farthest >= 0.5 {
            let _infallible = write!(s, "; farthest moves {farthest:.0} m");
        }
        s
    }
}

/// What an upload of a part would change on an aircraft, list by list. Items are matched by the
/// longest common subsequence, so one inserted item does not change all that follow.
#[must_use]
pub fn on_aircraft(part: &AircraftPlan, held: &OnBoard) -> [ListChange; 3] {
    lists(part).map(|(kind, new)| match held.list(kind) {
        None => ListChange {
            kind,
            before: None,
            after: new.len(),
            same: 0,
            changes: Vec::new(),
        },
        Some(old) => {
            let changes = changes(old, new);
            let touched = changes.iter().filter(|c| !matches!(c, ItemChange::Gone(_))).count();
            ListChange {
                kind,
                before: Some(old.len()),
                after: new.len(),
                same: new.len() - touched,
                changes,
            }
        }
    })
}

fn changes(old: &[MissionItem], new: &[MissionItem]) -> Vec<ItemChange> {
    let head = old.iter().zip(new).take_while(|(o, n)| same_item(n, o)).count();
    let (a, b) = (&old[head..], &new[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(o, n)| same_item(n, o))
        .count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    // Lengths of the longest common subsequences of all ends.
    let w = b.len() + 1;
    let mut l = vec![0_u32; (a.len() + 1) * w];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            l[i * w + j] = if same_item(&b[j], &a[i]) {
                l[(i + 1) * w + j + 1] + 1
            } else {
                l[(i + 1) * w + j].max(l[i * w + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    let mut out = Vec::new();
    loop {
        let meet = i < a.len() && j < b.len() && same_item(&b[j], &a[i]);
        if meet || (i == a.len() && j == b.len()) {
            pair(&mut gone, &mut fresh, old, new, &mut out);
            if !meet {
                return out;
            }
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && l[(i + 1) * w + j] >= l[i * w + j + 1]) {
            gone.push(head + i);
            i += 1;
        } else {
            fresh.push(head + j);
            j += 1;
        }
    }
}

/// What went and what came between two items that stay: pairs of a kind become each other.
fn pair(
    gone: &mut Vec<usize>,
    fresh: &mut Vec<usize>,
    old: &[MissionItem],
    new: &[MissionItem],
    out: &mut Vec<ItemChange>,
) {
    let both = gone.len().min(fresh.len());
    for (&o, &n) in gone.iter().zip(fresh.iter()) {
        let (x, y) = (&old[o], &new[n]);
        let rises_m = (x.frame == y.frame && x.at.is_some() && y.at.is_some()).then_some(y.alt_m - x.alt_m);
        let moves_m = x.at.zip(y.at).map(|(p, q)| distance_m(p, q));
        out.push(ItemChange::Becomes {
            old: o,
            new: n,
            moves_m,
            rises_m,
        });
    }
    out.extend(gone.iter().skip(both).map(|o| ItemChange::Gone(*o)));
    out.extend(fresh.iter().skip(both).map(|n| ItemChange::New(*n)));
    gone.clear();
    fresh.clear();
}
