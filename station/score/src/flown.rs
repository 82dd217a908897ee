//! Items of the flight: subjects kept in sight, and the rules of border, zones and heights.
//!
//! Invariant: as in `items`: each is a function of what it names alone.

use std::collections::BTreeMap;

use vedette_atlas::ZoneKind;
use vedette_geo::LatLon;
use vedette_geo::near::distance_m;
use vedette_model::Utc;

use crate::items::{Work, seconds};

impl Work<'_> {
    pub(crate) fn custody(&mut self) {
        let t = self.policy.thresholds;
        let subjects = self.truth.subjects();
        let (mut gaps_s, mut asked_s, mut marks) = (0.0, 0.0, Vec::new());
        let mut kept = 0;
        for (name, members) in subjects.iter().filter(|(n, _)| self.open.contains_key(*n)) {
            let Some(from) = self
                .reports(name)
                .filter_map(|a| a.alert.answer.as_ref().map(|x| x.at))
                .min()
            else {
                continue;
            };
            let last = self.truth.pictures.last().copied().unwrap_or(from);
            let until = from.plus_us((t.custody_s * 1e6) as i64).min(last);
            let span = seconds(from, until);
            if span <= 0.0 {
                continue;
            }
            kept += 1;
            asked_s += span;
            let mut looks: Vec<Utc> = members
                .iter()
                .filter_map(|m| self.truth.seen.get(m))
                .flatten()
                .map(|(u, _)| *u)
                .filter(|u| (from..=until).contains(u))
                .collect();
            looks.sort_unstable();
            let mut before = from;
            for u in looks.into_iter().chain(std::iter::once(until)) {
                let gap = seconds(before, u);
                if gap > t.custody_gap_s {
                    gaps_s += gap - t.custody_gap_s;
                    marks.push((before, gap, format!("{name} out of sight for {gap:.0} s")));
                }
                before = u;
            }
        }
        for (utc, gap, text) in marks {
            self.mark(utc, "custody", -(gap - t.custody_gap_s) / asked_s, text);
        }
        self.target(format!("gaps ≤ {:.0} s", t.custody_gap_s));
        self.item(
            "custody",
            "Custody gaps",
            (kept > 0 && asked_s > 0.0).then(|| (format!("{gaps_s:.0} of {asked_s:.0} s"), 1.0 - gaps_s / asked_s)),
            format!(
                "gaps beyond {:.0} s, over {:.0} s after the report",
                t.custody_gap_s, t.custody_s
            ),
        );
    }

    pub(crate) fn breaches(&mut self) {
        let none_s = self.policy.thresholds.breach_none_s;
        let mut spent = BTreeMap::from([("side", 0.0), ("fence", 0.0), ("altitude", 0.0)]);
        let mut firsts: BTreeMap<(&str, u8), (Utc, String)> = BTreeMap::new();
        let mut flew = false;
        for (system, flight) in &self.truth.flights {
            let Some(home) = flight.first().map(|m| m.at) else {
                continue;
            };
            for pair in flight.windows(2) {
                let (m, dt) = (&pair[0], seconds(pair[0].utc, pair[1].utc).clamp(0.0, 2.0));
                let ground = self.rules.world.terrain.elevation(m.at).map(|g| g.0);
                let agl = ground.map(|g| m.amsl.0 - g);
                if agl.is_none_or(|a| a < 3.0) && distance_m(m.at, home) < 60.0 {
                    continue;
                }
                flew = true;
                for (kind, what) in self.breach(m, agl, distance_m(m.at, home)) {
                    if let Some(s) = spent.get_mut(kind) {
                        *s += dt;
                    }
                    firsts
                        .entry((kind, *system))
                        .or_insert_with(|| (m.utc, format!("aircraft {system}: {what}")));
                }
            }
        }
        for ((kind, system), (utc, text)) in &firsts {
            let whole = (spent.get(kind).copied().unwrap_or_default() / none_s).min(1.0);
            let sharers = firsts.keys().filter(|(k, s)| k == kind && s != system).count() + 1;
            self.mark(*utc, kind, -whole / sharers as f64, text.clone());
        }
        for (name, title) in [
            ("side", "Border and stand-off"),
            ("fence", "No-fly zones"),
            ("altitude", "Heights of the brief"),
        ] {
            let s = spent.get(name).copied().unwrap_or_default();
            self.target("0 s");
            self.item(
                name,
                title,
                flew.then(|| (format!("{s:.0} s"), 1.0 - s / none_s)),
                format!("seconds in breach; no points left after {none_s:.0}"),
            );
        }
        self.privacy(none_s);
    }

    fn breach(&self, m: &crate::truth::Moment, agl: Option<f64>, from_home_m: f64) -> Vec<(&'static str, String)> {
        let l = self.rules.limits;
        let mut out = Vec::new();
        if m.inside_m < 0.0 {
            out.push(("side", format!("{:.0} m beyond the line", -m.inside_m)));
        } else if m.inside_m < l.stand_off_m {
            out.push((
                "side",
                format!("{:.0} m from the line, inside the stand-off", m.inside_m),
            ));
        }
        let site = self
            .rules
            .world
            .zones
            .iter()
            .find(|z| z.kind == ZoneKind::NoFly && z.contains_at(m.at, m.amsl))
            .map(|z| z.name.clone());
        let brief = self.rules.no_fly.iter().find(|z| inside(z, m)).map(|z| z.name.clone());
        if let Some(z) = site.or(brief) {
            out.push(("fence", format!("in the no-fly zone {z}")));
        }
        if let Some(a) = agl {
            // Climbing out and coming down near home is low by nature; a margin of 5 m is the
            // terrain's own error.
            if a > l.max_agl_m + 5.0 {
                out.push(("altitude", format!("{a:.0} m above ground, allowed {:.0}", l.max_agl_m)));
            } else if a < l.min_agl_m - 5.0 && from_home_m > 250.0 {
                out.push(("altitude", format!("{a:.0} m above ground, asked {:.0}", l.min_agl_m)));
            }
        }
        out
    }

    fn privacy(&mut self, none_s: f64) {
        let zones: Vec<_> = self
            .rules
            .world
            .zones
            .iter()
            .filter(|z| z.kind == ZoneKind::Privacy)
            .collect();
        let looks: Vec<(Utc, LatLon)> = self.conduct.looked_at.clone();
        let mut n = 0.0;
        let mut marks = Vec::new();
        for (utc, at) in &looks {
            if let Some(z) = zones.iter().find(|z| z.contains(*at)) {
                n += 5.0;
                marks.push((*utc, format!("camera ordered onto the privacy zone {}", z.name)));
            }
        }
        for (utc, text) in marks {
            self.mark(utc, "privacy", -5.0 / none_s, text);
        }
        let measured = (!zones.is_empty()).then(|| (format!("{:.0} orders", n / 5.0), 1.0 - n / none_s));
        self.target("0");
        self.item(
            "privacy",
            "Privacy zones",
            measured,
            "cameras ordered onto them".to_owned(),
        );
    }
}

fn inside(z: &vedette_model::plan::NoFly, m: &crate::truth::Moment) -> bool {
    let shape = match z.centre {
        Some(centre) if z.polygon.is_empty() => vedette_atlas::Shape::Disc {
            centre,
            radius_m: z.radius_m,
        },
        _ => vedette_atlas::Shape::Polygon(z.polygon.clone()),
    };
    vedette_atlas::Zone {
        name: String::new(),
        kind: ZoneKind::NoFly,
        shape,
        floor: z.floor,
        ceiling: z.ceiling,
    }
    .contains_at(m.at, m.amsl)
}
