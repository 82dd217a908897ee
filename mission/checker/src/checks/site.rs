//! `site`: the plan is the one it says it is, made for this very site, this section of its border and these aircraft.

use crate::found::{Fault, Found};
use crate::land::Land;
use std::collections::BTreeSet;
use vedette_model::PlanId;
use vedette_model::plan::PatrolPlan;

pub(crate) const NAME: &str = "site";

/// `id` is the name the plan's content gives it.
pub(crate) fn check(plan: &PatrolPlan, id: &PlanId, land: &Land<'_>, found: &mut Found) {
    let mut bad = |what: String| found.add(Fault::new(NAME, what.clone()).sort(what), land);
    let here = land.world.site_hash();
    if !plan.site.is_empty() && !plan.site.starts_with(&here) && !here.starts_with(&plan.site) {
        bad(format!(
            "The plan was made for site {} and is judged against site {here}: plan again for this site.",
            plan.site
        ));
    }
    if plan.id != *id {
        bad(format!(
            "The plan calls itself {} and its content is {id}: it was altered after it was made.",
            plan.id
        ));
    }
    let section = &plan.brief.section;
    if section.border != land.world.border.name {
        bad(format!(
            "The plan watches border {}, this site's border is {}.",
            section.border, land.world.border.name
        ));
    }
    let length = (section.to_km - section.from_km) * 1000.0;
    if !(length > 0.0 && section.from_km >= 0.0)
        || section.to_km * 1000.0 > land.border_length_m() + 1.0
        || (length - plan.section_m).abs() > 1.0 + 0.001 * length
    {
        bad(format!(
            "The section from {} to {} km is not on the border of {:.1} km, or is not the {:.0} m the plan says.",
            section.from_km,
            section.to_km,
            land.border_length_m() / 1000.0,
            plan.section_m
        ));
    }
    let mut seen = BTreeSet::new();
    for a in &plan.aircraft {
        if !plan.brief.fleet.iter().any(|f| f.vehicle == a.vehicle) {
            bad(format!("Aircraft {} is not in the brief's fleet.", a.vehicle));
        }
        if !seen.insert((a.vehicle, a.sortie)) {
            bad(format!(
                "Aircraft {} has two parts for flight {} in the plan.",
                a.vehicle, a.sortie
            ));
        }
        if a.legs.is_empty() {
            bad(format!("Aircraft {} has no legs.", a.vehicle));
        }
    }
    if plan.aircraft.is_empty() {
        bad("The plan has no aircraft.".into());
    }
}
