//! Acts of the checklist: done or not, from the record.
//!
//! Invariant: a name that is not known counts as not done; what cannot apply counts as done.

use vedette_model::{Order, Priority};

use crate::conduct::Conduct;
use crate::items::{About, Rules, seconds};
use crate::truth::Truth;

/// Each act with whether it was done.
pub(crate) fn done(truth: &Truth, c: &Conduct, rules: &Rules<'_>, abouts: &[About<'_>]) -> Vec<(String, bool)> {
    rules
        .checklist
        .iter()
        .map(|name| (name.clone(), act(name, truth, c, abouts)))
        .collect()
}

fn act(name: &str, truth: &Truth, c: &Conduct, abouts: &[About<'_>]) -> bool {
    let launch = c.launched.values().min().copied();
    let sealed = |id| c.incidents.iter().any(|i| i.alert == id && i.sealed);
    let right: Vec<_> = abouts.iter().filter(|a| a.right()).map(|a| a.alert).collect();
    let met = |link: bool| {
        truth
            .faults
            .iter()
            .filter(|f| (f.name.starts_with("link") || f.name == "video-loss") == link && f.name != "elevation")
            .all(|f| {
                c.notes
                    .iter()
                    .map(|(u, _)| *u)
                    .chain(c.orders.iter().map(|o| o.at))
                    .any(|u| (0.0..=60.0).contains(&seconds(f.from, u)))
            })
    };
    match name {
        "plan-approved" => match (c.approved, launch) {
            (Some(a), Some(l)) => a <= l,
            (a, None) => a.is_some(),
            (None, _) => false,
        },
        "plan-read-back" => c.read_back,
        "ready-before-take-off" => c.launched.iter().all(|(v, at)| c.ready.get(v).is_some_and(|r| r <= at)),
        "alert-answered" => c
            .alerts
            .iter()
            .filter(|a| a.priority == Priority::P1)
            .all(|a| a.answer.is_some()),
        "incident-opened" => right.iter().any(|a| c.incidents.iter().any(|i| i.alert == a.id)),
        "evidence-sealed" => right.iter().any(|a| sealed(a.id)),
        "camera-on-subject" => {
            // Within two minutes of the report, towards the reported place.
            right.iter().any(|a| {
                let Some(at) = a.at else { return false };
                c.looked_at.iter().any(|(u, p)| {
                    (-30.0..=120.0).contains(&seconds(a.raised, *u)) && vedette_geo::near::distance_m(*p, at) < 150.0
                })
            })
        }
        "returned" => truth.flights.iter().all(|(system, f)| {
            let (Some(first), Some(last)) = (f.first(), f.last()) else {
                return true;
            };
            let home = vedette_geo::near::distance_m(first.at, last.at) < 150.0;
            let called = c
                .orders
                .iter()
                .any(|o| o.vehicle.0 == u32::from(*system) && matches!(o.order, Order::Return | Order::Land));
            home || called
        }),
        "landed-with-reserve" => truth.flights.iter().all(|(system, f)| {
            let Some(last) = f.last() else { return true };
            let (share, whole) = c
                .reserve
                .get(&vedette_model::VehicleId(u32::from(*system)))
                .copied()
                .unwrap_or((0.25, f.first().map_or(1.0, |m| m.battery_wh)));
            !last.crashed && last.battery_wh >= share * whole
        }),
        "link-loss-noted" => met(true),
        "fault-noted" => met(false),
        "handover-noted" => c
            .incidents
            .iter()
            .any(|i| i.outcome.as_ref().is_some_and(|o| !o.trim().is_empty())),
        _ => false,
    }
}
