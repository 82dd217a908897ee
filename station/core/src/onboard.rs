//! Lists on board that may have changed under the station: told, held against the plan on the table
//! once they are read again.
//!
//! Invariant: while a list is in doubt nothing is started on it.

use vedette_model::{MissionItem, MissionKind, Report, VehicleId};

use crate::planning;
use crate::station::Station;
use crate::view::{EventKind, ListDoubt, NoticeKind, PlanOnAircraft};

fn word(kind: MissionKind) -> &'static str {
    match kind {
        MissionKind::Mission => "mission",
        MissionKind::Fence => "fence",
        MissionKind::Rally => "rally points",
    }
}

impl Station {
    /// What an aircraft says about its lists.
    pub(crate) fn on_board(&mut self, id: VehicleId, report: &Report) {
        match report {
            Report::PlanOnVehicle { kind, items, .. } => {
                let doubted = self.settle(id, *kind).is_some();
                if *kind == MissionKind::Mission {
                    self.read_back(id, items);
                } else if doubted {
                    self.compare(id, *kind, items);
                }
            }
            Report::PlanInDoubt { kind, why, changed } => self.doubt(id, *kind, why, *changed),
            Report::PlanStands { kind, id: number } => {
                if let Some(before) = self.settle(id, *kind)
                    && *kind == MissionKind::Mission
                    && let Some(v) = self.view.vehicles.get_mut(&id)
                {
                    v.plan_on_board = before.before;
                }
                let text = format!("{} on board unchanged, id {number:08x}", word(*kind));
                self.mark(EventKind::Link, Some(id), text);
            }
            _ => {}
        }
    }

    fn settle(&mut self, id: VehicleId, kind: MissionKind) -> Option<ListDoubt> {
        self.view.vehicles.get_mut(&id)?.lists_in_doubt.remove(&kind)
    }

    fn doubt(&mut self, id: VehicleId, kind: MissionKind, why: &str, changed: bool) {
        let now = self.view.now;
        let Some(v) = self.view.vehicles.get_mut(&id) else {
            return;
        };
        let doubt = ListDoubt {
            why: why.to_owned(),
            since: now,
            before: v.plan_on_board,
        };
        v.lists_in_doubt.entry(kind).or_insert(doubt);
        if changed && kind == MissionKind::Mission {
            v.plan_on_board = PlanOnAircraft::Unknown;
        }
        let text = format!("{}: {why}; it is being read again", v.tail);
        let grade = if changed { NoticeKind::Warning } else { NoticeKind::Info };
        self.notice(grade, text);
        self.mark(EventKind::Link, Some(id), why.to_owned());
    }

    /// Fence or rally points, read again, against the plan on the table.
    fn compare(&mut self, id: VehicleId, kind: MissionKind, items: &[MissionItem]) {
        let Some(plan) = self.view.plan.plan.clone() else {
            return;
        };
        let part = plan.aircraft.iter().find(|a| a.vehicle == id);
        let now = self.view.now;
        let (Some(part), Some(v)) = (part, self.view.vehicles.get_mut(&id)) else {
            return;
        };
        let ours = match kind {
            MissionKind::Fence => &part.fence_items,
            MissionKind::Mission | MissionKind::Rally => &part.rally_items,
        };
        let (tail, word) = (v.tail.clone(), word(kind));
        if v.plan_id.as_ref() != Some(&plan.id) || planning::same_items(ours, items) {
            self.mark(EventKind::Link, Some(id), format!("{word} on board read again"));
            return;
        }
        let why = format!("{word} on board is not the plan's any more");
        let doubt = ListDoubt {
            why: why.clone(),
            since: now,
            before: v.plan_on_board,
        };
        v.lists_in_doubt.insert(kind, doubt);
        self.notice(NoticeKind::Warning, format!("{tail}: {why}; upload the plan again"));
    }
}
