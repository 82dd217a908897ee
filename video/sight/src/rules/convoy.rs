//! Vehicles that drive one after the other at the same pace, and stay so (P2).
//!
//! Traffic that happens to meet is not one: the gaps must hold for the whole time.

use vedette_geo::{azimuth_deg, diff_deg, distance_m};
use vedette_model::{Priority, TargetClass};

use super::company::{Company, Known};
use super::{AlertDraft, ConvoyPolicy};

pub(super) const RULE: &str = "convoy";

pub(super) fn check(c: &Company, p: &ConvoyPolicy) -> Vec<(AlertDraft, Known)> {
    let rolling: Vec<&Known> = c
        .all()
        .filter(|k| {
            matches!(k.class, TargetClass::Vehicle | TargetClass::Boat)
                && k.speed_m_s() >= p.least_m_s
                && k.moved_s() >= p.least_s
        })
        .collect();
    let mut out = Vec::new();
    for lead in &rolling {
        let mut chain = vec![*lead];
        while let Some(last) = chain.last().copied() {
            // The nearest one behind at the same pace that kept its gap.
            let next = rolling
                .iter()
                .copied()
                .filter(|k| k.id != last.id && !chain.iter().any(|x| x.id == k.id))
                .filter(|k| k.camera == last.camera && follows(last, k, p))
                .min_by(|a, b| distance_m(a.at, last.at).total_cmp(&distance_m(b.at, last.at)));
            match next {
                Some(k) => chain.push(k),
                None => break,
            }
        }
        if chain.len() < p.vehicles as usize || rolling.iter().any(|k| k.id != lead.id && follows(k, lead, p)) {
            continue;
        }
        let Some(last) = chain.last() else { continue };
        let long_m = distance_m(lead.at, last.at);
        let why = format!(
            "{} vehicles drive one behind the other over {long_m:.0} m at {:.0} m/s and have kept their gaps for {:.0} s.",
            chain.len(),
            lead.speed_m_s(),
            p.least_s
        );
        let ids: Vec<String> = chain.iter().map(|k| k.id.to_string()).collect();
        let facts = [
            ("vehicles", chain.len().to_string()),
            ("length", format!("{long_m:.0} m")),
            ("tracks", ids.join(", ")),
        ];
        out.push((
            lead.draft(RULE, Priority::P2, "Convoy", why, &facts, 0.8),
            (*last).clone(),
        ));
    }
    out
}

/// Whether `behind` follows `ahead`, now and all the time asked for.
fn follows(ahead: &Known, behind: &Known, p: &ConvoyPolicy) -> bool {
    let gap = distance_m(ahead.at, behind.at);
    if gap > p.gap_m || gap < 3.0 {
        return false;
    }
    let same_way = diff_deg(ahead.heading_deg(), behind.heading_deg()).abs() < 30.0;
    let in_line = diff_deg(azimuth_deg(behind.at, ahead.at), behind.heading_deg()).abs() < 35.0;
    let same_pace = (ahead.speed_m_s() - behind.speed_m_s()).abs() < 0.35 * ahead.speed_m_s();
    if !(same_way && in_line && same_pace) {
        return false;
    }
    let from = behind.last.plus_us(-((p.least_s * 1e6) as i64));
    let (mut compared, mut kept) = (0u32, 0u32);
    for (t, at) in behind.trail.iter().filter(|(t, _)| *t >= from) {
        let other = ahead.trail.iter().min_by_key(|(o, _)| (o.0 - t.0).abs());
        if let Some((o, there)) = other.filter(|(o, _)| (o.0 - t.0).abs() < 3_000_000) {
            compared += 1;
            // The other's place is told up to a step earlier or later.
            let slack = ahead.speed_m_s() * (o.0 - t.0).abs() as f64 * 1e-6;
            kept += u32::from(distance_m(*there, *at) <= p.gap_m + slack);
        }
    }
    compared >= 3 && kept == compared
}
