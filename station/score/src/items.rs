//! The score: fifteen items, each a measured value, points and the reason.
//!
//! Invariant: an item is a function of what it names alone; what an exercise does not ask has no
//! points, good or bad. Points run from 0 to 1, the total from 0 to 100.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vedette_atlas::{World, ZoneKind};
use vedette_geo::{LatLon, distance_m};
use vedette_model::plan::Limits;
use vedette_model::{Order, Priority, Utc, VehicleId};

use crate::checklist;
use crate::conduct::{AlertSeen, Conduct};
use crate::policy::Policy;
use crate::truth::{FaultSpan, Role, Truth, group};

/// What the flight was bound to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The site: terrain, zones.
    pub world: &'a World,
    /// Limits of the brief.
    pub limits: &'a Limits,
    /// No-fly zones of the brief besides the site's.
    pub no_fly: &'a [vedette_model::plan::NoFly],
    /// Acts the exercise asks for, by name.
    pub checklist: &'a [String],
}

/// One item of the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Name, as in the policy.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// What was measured, with its unit; `None` when the exercise did not ask for it.
    pub value: Option<String>,
    /// 0..=1; `None` when not asked for.
    pub points: Option<f64>,
    /// Its weight.
    pub weight: f64,
    /// Why.
    pub why: String,
}

/// Something that moved the score, for the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Seconds of the scenario.
    pub t_s: f64,
    /// When.
    pub utc: Utc,
    /// Item.
    pub item: String,
    /// Good, else bad.
    pub good: bool,
    /// Words.
    pub text: String,
}

/// A score sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// Scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Who.
    pub trainee: String,
    /// Session.
    pub session: String,
    /// Second 0.
    pub began: Utc,
    /// Policy, with its version.
    pub policy: String,
    /// 0..=100.
    pub total: f64,
    /// Items.
    pub items: Vec<Item>,
    /// Marks in order of time.
    pub marks: Vec<Mark>,
    /// Acts of the checklist and whether they were done.
    pub checklist: Vec<(String, bool)>,
}

/// From full points at `full` to none at `none`.
fn slope(v: f64, full: f64, none: f64) -> f64 {
    if v <= full {
        1.0
    } else {
        (1.0 - (v - full) / (none - full).max(1e-9)).clamp(0.0, 1.0)
    }
}

pub(crate) fn seconds(from: Utc, to: Utc) -> f64 {
    (to.0 - from.0) as f64 * 1e-6
}

/// An alert held against the truth: the group it is about, if it is about anybody.
pub(crate) struct About<'a> {
    pub(crate) alert: &'a AlertSeen,
    pub(crate) group: Option<(String, Role, f64)>,
}

impl About<'_> {
    /// Confirmed and about a subject or somebody of theirs.
    pub(crate) fn right(&self) -> bool {
        self.confirmed()
            && self
                .group
                .as_ref()
                .is_some_and(|(_, r, _)| matches!(r, Role::Subject | Role::Accessory))
    }
    fn confirmed(&self) -> bool {
        self.alert.answer.as_ref().is_some_and(|a| a.confirmed)
    }
}

fn about<'a>(truth: &Truth, conduct: &'a Conduct, policy: &Policy) -> Vec<About<'a>> {
    conduct
        .alerts
        .iter()
        .map(|alert| {
            let group = alert.at.and_then(|at| {
                truth
                    .places_at(alert.captured)
                    .iter()
                    .map(|a| (a, distance_m(a.at, at)))
                    .filter(|(_, d)| *d <= policy.thresholds.same_m)
                    // A subject a few metres farther than an animal is still whom it is about.
                    .min_by(|p, q| weighed(truth, p).total_cmp(&weighed(truth, q)))
                    .map(|(a, d)| (group(&a.actor).to_owned(), truth.role(&a.actor), d))
            });
            About { alert, group }
        })
        .collect()
}

fn weighed(truth: &Truth, (a, d): &(&crate::truth::ActorAt, f64)) -> f64 {
    match truth.role(&a.actor) {
        Role::Subject => d - 5.0,
        _ => *d,
    }
}

struct Work<'a> {
    truth: &'a Truth,
    conduct: &'a Conduct,
    policy: &'a Policy,
    rules: &'a Rules<'a>,
    abouts: Vec<About<'a>>,
    /// By group: when it could first be acted on.
    open: BTreeMap<String, Utc>,
    marks: Vec<Mark>,
    items: Vec<Item>,
}

/// Scores a run.
#[must_use]
pub fn score(truth: &Truth, conduct: &Conduct, rules: &Rules<'_>, policy: &Policy) -> Sheet {
    let abouts = about(truth, conduct, policy);
    let mut w = Work {
        truth,
        conduct,
        policy,
        rules,
        abouts,
        open: BTreeMap::new(),
        marks: Vec::new(),
        items: Vec::new(),
    };
    w.open = w.chances();
    w.found();
    w.decisions();
    w.place();
    w.custody();
    w.breaches();
    w.drills();
    w.battery();
    let list = checklist::done(truth, conduct, rules, &w.abouts);
    let n = list.iter().filter(|(_, d)| *d).count();
    let left: Vec<&str> = list.iter().filter(|(_, d)| !d).map(|(n, _)| n.as_str()).collect();
    w.item(
        "checklist",
        "Acts of the checklist",
        (!list.is_empty()).then(|| (format!("{n} of {}", list.len()), n as f64 / list.len() as f64)),
        if left.is_empty() {
            "all done".to_owned()
        } else {
            format!("not done: {}", left.join(", "))
        },
    );
    w.evidence();
    let (mut sum, mut of) = (0.0, 0.0);
    for i in &w.items {
        if let Some(p) = i.points {
            sum += p * i.weight;
            of += i.weight;
        }
    }
    w.marks.sort_by_key(|m| m.utc);
    Sheet {
        scenario: truth.scenario.clone(),
        seed: truth.seed,
        trainee: conduct.trainee.clone(),
        session: conduct.session.clone(),
        began: truth.epoch,
        policy: format!("{}, version {}", policy.name, policy.version),
        total: if of > 0.0 { 100.0 * sum / of } else { 0.0 },
        items: w.items,
        marks: w.marks,
        checklist: list,
    }
}

impl Work<'_> {
    fn mark(&mut self, utc: Utc, item: &str, good: bool, text: String) {
        self.marks.push(Mark {
            t_s: seconds(self.truth.epoch, utc),
            utc,
            item: item.to_owned(),
            good,
            text,
        });
    }

    fn item(&mut self, name: &str, title: &str, measured: Option<(String, f64)>, why: String) {
        let x = &self.policy.weights;
        let weight = match name {
            "detect" => x.detect,
            "missed" => x.missed,
            "false_reports" => x.false_reports,
            "decide" => x.decide,
            "geolocation" => x.geolocation,
            "custody" => x.custody,
            "side" => x.side,
            "fence" => x.fence,
            "altitude" => x.altitude,
            "privacy" => x.privacy,
            "link_drill" => x.link_drill,
            "fault_drill" => x.fault_drill,
            "battery" => x.battery,
            "checklist" => x.checklist,
            _ => x.evidence,
        };
        let (value, points) = match measured {
            Some((v, p)) => (Some(v), Some(p.clamp(0.0, 1.0))),
            None => (None, None),
        };
        self.items.push(Item {
            name: name.to_owned(),
            title: title.to_owned(),
            value,
            points,
            weight,
            why,
        });
    }

    /// When each group of subjects could first be acted on: large enough in a fresh picture, at the
    /// latest when it crossed.
    fn chances(&self) -> BTreeMap<String, Utc> {
        let mut out = BTreeMap::new();
        for (name, members) in self.truth.subjects() {
            let visible = members
                .iter()
                .filter_map(|m| {
                    self.truth
                        .seen
                        .get(m)?
                        .iter()
                        .find(|(_, h)| f64::from(*h) >= self.policy.thresholds.visible_px)
                        .map(|(u, _)| *u)
                })
                .min();
            let crossed = self
                .truth
                .crossings
                .iter()
                .filter(|(a, _)| members.contains(a))
                .map(|(_, u)| *u)
                .min();
            if let Some(u) = visible.into_iter().chain(crossed).min() {
                out.insert(name, u);
            }
        }
        out
    }

    fn reports(&self, group: &str) -> impl Iterator<Item = &About<'_>> {
        self.abouts
            .iter()
            .filter(move |a| a.right() && a.group.as_ref().is_some_and(|(g, _, _)| g == group))
    }

    fn found(&mut self) {
        let (limit, full) = (
            self.truth
                .report_within_s
                .max(self.policy.thresholds.detect_full_s + 1.0),
            self.policy.thresholds.detect_full_s,
        );
        let (mut times, mut marks, mut reported) = (Vec::new(), Vec::new(), 0_usize);
        let mut missing = Vec::new();
        for (name, from) in &self.open {
            let first = self
                .abouts
                .iter()
                .filter(|a| a.group.as_ref().is_some_and(|(g, _, _)| g == name))
                .filter_map(|a| a.alert.first_act)
                .min();
            // Somebody who was never acted on took all the time there is.
            let took = first.map_or(limit, |f| seconds(*from, f).clamp(0.0, limit));
            times.push(took);
            if let Some(f) = first {
                marks.push((
                    f,
                    "detect",
                    took < limit,
                    format!("first act on {name} after {took:.0} s"),
                ));
            }
            let report = self
                .reports(name)
                .filter_map(|a| a.alert.answer.as_ref().map(|x| x.at))
                .min();
            match report {
                Some(at) => {
                    reported += 1;
                    marks.push((at, "missed", true, format!("{name} reported")));
                }
                None => {
                    missing.push(name.clone());
                    marks.push((
                        from.plus_us((limit * 1e6) as i64),
                        "missed",
                        false,
                        format!("{name} not reported"),
                    ));
                }
            }
        }
        for (utc, item, good, text) in marks {
            self.mark(utc, item, good, text);
        }
        let n = self.open.len();
        let points = times.iter().map(|t| slope(*t, full, limit)).sum::<f64>() / (n.max(1)) as f64;
        let mean = times.iter().sum::<f64>() / n.max(1) as f64;
        self.item(
            "detect",
            "Time to detect",
            (n > 0).then(|| (format!("{mean:.0} s"), points)),
            format!("from a subject being visible to the first act on it; full points up to {full:.0} s"),
        );
        let why = if missing.is_empty() {
            "every subject was reported".to_owned()
        } else {
            format!("not reported: {}", missing.join(", "))
        };
        self.item(
            "missed",
            "Subjects reported",
            (n > 0).then(|| (format!("{reported} of {n}"), reported as f64 / n.max(1) as f64)),
            why,
        );
        let wrong: Vec<(Utc, String)> = self
            .abouts
            .iter()
            .filter(|a| a.confirmed() && a.group.as_ref().is_none_or(|(_, r, _)| *r == Role::Lawful))
            .map(|a| {
                let who = a.group.as_ref().map_or("nobody", |(g, _, _)| g.as_str());
                let at = a.alert.answer.as_ref().map_or(a.alert.raised, |x| x.at);
                (at, format!("{} reported: it was {who}", a.alert.id))
            })
            .collect();
        for (utc, text) in &wrong {
            self.mark(*utc, "false_reports", false, text.clone());
        }
        let cost = self.policy.thresholds.false_report_cost;
        self.item(
            "false_reports",
            "False reports",
            Some((wrong.len().to_string(), 1.0 - cost * wrong.len() as f64)),
            format!("each costs {:.0} % of the item", cost * 100.0),
        );
    }

    fn decisions(&mut self) {
        let t = self.policy.thresholds;
        let times: Vec<(Utc, f64, bool)> = self
            .conduct
            .alerts
            .iter()
            .filter(|a| a.priority == Priority::P1)
            .map(|a| match &a.answer {
                Some(x) => (x.at, seconds(a.raised, x.at).max(0.0), true),
                None => (a.raised, t.decide_none_s, false),
            })
            .collect();
        let open = times.iter().filter(|(_, _, d)| !d).count();
        for (utc, s, decided) in &times {
            if !decided {
                self.mark(*utc, "decide", false, "urgent alert never decided".to_owned());
            } else if *s > t.decide_full_s {
                self.mark(*utc, "decide", false, format!("decided after {s:.0} s"));
            }
        }
        let n = times.len();
        let mean = times.iter().map(|(_, s, _)| s).sum::<f64>() / n.max(1) as f64;
        let points = times
            .iter()
            .map(|(_, s, _)| slope(*s, t.decide_full_s, t.decide_none_s))
            .sum::<f64>()
            / n.max(1) as f64;
        self.item(
            "decide",
            "Time to decide",
            (n > 0).then(|| (format!("{mean:.0} s"), points)),
            format!("{n} urgent alerts, {open} never decided"),
        );
    }

    fn place(&mut self) {
        let t = self.policy.thresholds;
        let errors: Vec<f64> = self
            .abouts
            .iter()
            .filter(|a| a.right())
            .filter_map(|a| a.group.as_ref().map(|(_, _, d)| *d))
            .collect();
        let n = errors.len();
        let mean = errors.iter().sum::<f64>() / n.max(1) as f64;
        let points = errors
            .iter()
            .map(|e| slope(*e, t.place_full_m, t.place_none_m))
            .sum::<f64>()
            / n.max(1) as f64;
        self.item(
            "geolocation",
            "Error of the reported place",
            (n > 0).then(|| (format!("{mean:.0} m"), points)),
            if n > 0 {
                format!("mean over {n} right reports")
            } else {
                "no right report to measure".to_owned()
            },
        );
    }

    fn custody(&mut self) {
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
                    marks.push((before, format!("{name} out of sight for {gap:.0} s")));
                }
                before = u;
            }
        }
        for (utc, text) in marks {
            self.mark(utc, "custody", false, text);
        }
        self.item(
            "custody",
            "Reported subjects out of sight",
            (kept > 0 && asked_s > 0.0).then(|| (format!("{gaps_s:.0} of {asked_s:.0} s"), 1.0 - gaps_s / asked_s)),
            format!(
                "gaps beyond {:.0} s, over {:.0} s after the report",
                t.custody_gap_s, t.custody_s
            ),
        );
    }

    fn breaches(&mut self) {
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
        for ((kind, _), (utc, text)) in firsts {
            self.mark(utc, kind, false, text);
        }
        for (name, title) in [
            ("side", "Side of the border and stand-off"),
            ("fence", "No-fly zones"),
            ("altitude", "Heights of the brief"),
        ] {
            let s = spent.get(name).copied().unwrap_or_default();
            self.item(
                name,
                title,
                flew.then(|| (format!("{s:.0} s in breach"), 1.0 - s / none_s)),
                format!("none left after {none_s:.0} s"),
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
            self.mark(utc, "privacy", false, text);
        }
        let measured = (!zones.is_empty()).then(|| (format!("{:.0} orders", n / 5.0), 1.0 - n / none_s));
        self.item(
            "privacy",
            "Privacy zones",
            measured,
            "cameras ordered onto them".to_owned(),
        );
    }

    fn drills(&mut self) {
        let (mut link, mut other) = (Vec::new(), Vec::new());
        for f in &self.truth.faults {
            let met = self.met(f);
            let late = f.from.plus_us((self.policy.thresholds.drill_s * 1e6) as i64);
            let row = (f.name.clone(), met, met.unwrap_or(late));
            match f.name.as_str() {
                "link-loss" | "link-poor" | "link-delay" | "video-loss" => link.push(row),
                // The land does not ask for an act of its own.
                "elevation" => {}
                _ => other.push(row),
            }
        }
        for (name, title, rows) in [
            ("link_drill", "Lost links met as drilled", link),
            ("fault_drill", "Faults met as drilled", other),
        ] {
            let n = rows.len();
            let met = rows.iter().filter(|(_, m, _)| m.is_some()).count();
            for (fault, m, at) in &rows {
                let text = if m.is_some() {
                    format!("{fault} met")
                } else {
                    format!("{fault} not met in time")
                };
                self.mark(*at, name, m.is_some(), text);
            }
            self.item(
                name,
                title,
                (n > 0).then(|| (format!("{met} of {n}"), met as f64 / n.max(1) as f64)),
                format!(
                    "an order to the aircraft or a remark within {:.0} s",
                    self.policy.thresholds.drill_s
                ),
            );
        }
    }

    /// When a fault was met: an order to that aircraft towards safety, or a remark.
    fn met(&self, f: &FaultSpan) -> Option<Utc> {
        let until = f.from.plus_us((self.policy.thresholds.drill_s * 1e6) as i64);
        let in_time = |u: &Utc| (f.from..=until).contains(u);
        let order = self
            .conduct
            .orders
            .iter()
            .filter(|o| in_time(&o.at))
            .filter(|o| f.system.is_none_or(|s| o.vehicle == VehicleId(u32::from(s))))
            .filter(|o| matches!(o.order, Order::Hold | Order::Return | Order::Land))
            .map(|o| o.at)
            .min();
        let note = self.conduct.notes.iter().map(|(u, _)| *u).filter(in_time).min();
        order.into_iter().chain(note).min()
    }

    fn battery(&mut self) {
        let (mut worst, mut crashed, mut n) = (f64::INFINITY, Vec::new(), 0);
        let mut marks = Vec::new();
        for (system, flight) in &self.truth.flights {
            let Some(last) = flight.last() else { continue };
            let (reserve, whole) = self
                .conduct
                .reserve
                .get(&VehicleId(u32::from(*system)))
                .copied()
                .unwrap_or((0.25, flight.first().map_or(1.0, |m| m.battery_wh)));
            n += 1;
            worst = worst.min(last.battery_wh / whole.max(1.0) / reserve.max(0.01));
            if last.crashed {
                crashed.push(system.to_string());
                let when = flight.iter().find(|m| m.crashed).map_or(last.utc, |m| m.utc);
                marks.push((when, format!("aircraft {system} hit the ground")));
            }
        }
        for (utc, text) in marks {
            self.mark(utc, "battery", false, text);
        }
        let points = if crashed.is_empty() {
            (2.0 * worst - 1.0).min(1.0)
        } else {
            0.0
        };
        self.item(
            "battery",
            "Energy left at the end",
            (n > 0).then(|| (format!("{:.1} of the reserve", worst.min(9.9)), points)),
            if crashed.is_empty() {
                "the aircraft with the least, against the reserve of the brief".to_owned()
            } else {
                format!("aircraft {} hit the ground", crashed.join(", "))
            },
        );
    }

    fn evidence(&mut self) {
        let right: Vec<_> = self.abouts.iter().filter(|a| a.right()).map(|a| a.alert.id).collect();
        let mut sum = 0.0;
        let mut lacking = Vec::new();
        for id in &right {
            match self.conduct.incidents.iter().find(|i| i.alert == *id) {
                Some(i) if i.sealed => {
                    // A gap in the recording within the span takes a quarter each.
                    let gaps = self
                        .conduct
                        .gaps
                        .iter()
                        .filter(|g| (i.span.0..=i.span.1).contains(g))
                        .count();
                    sum += (1.0 - 0.25 * gaps as f64).max(0.0);
                    if gaps > 0 {
                        lacking.push(format!("{id}: {gaps} gaps"));
                    }
                }
                Some(_) => {
                    sum += 0.25;
                    lacking.push(format!("{id}: not sealed"));
                }
                None => lacking.push(format!("{id}: no incident")),
            }
        }
        // A group reported twice needs its evidence once.
        let best: usize = right.len();
        self.item(
            "evidence",
            "Evidence of right reports",
            (best > 0).then(|| {
                (
                    format!("{:.0} %", 100.0 * sum / best.max(1) as f64),
                    sum / best.max(1) as f64,
                )
            }),
            if lacking.is_empty() {
                "sealed and whole".to_owned()
            } else {
                lacking.join(", ")
            },
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
