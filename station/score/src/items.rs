//! The score: seventeen items, each a measured value, points and the reason.
//!
//! Invariant: an item is a function of what it names alone; what an exercise does not ask has no
//! points, good or bad. Points run from 0 to 1, the total from 0 to 100.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_geo::near::distance_m;
use vedette_model::plan::Limits;
use vedette_model::{Priority, Utc};

use crate::checklist;
use crate::conduct::{AlertSeen, Conduct};
use crate::policy::Policy;
use crate::truth::{Role, Truth, group, insert};

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
    /// What gives full points, in short.
    #[serde(default)]
    pub target: String,
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
    /// What it gained or lost of the hundred.
    #[serde(default)]
    pub delta: f64,
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
    /// What the instructor did, from the sealed record: second of the scenario, words.
    #[serde(default)]
    pub instructor: Vec<(f64, String)>,
    /// Hash of the sealed record's last line, hexadecimal.
    #[serde(default)]
    pub sealed: String,
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
                .is_some_and(|(g, r, _)| !insert(g) && matches!(r, Role::Subject | Role::Accessory))
    }
    pub(crate) fn confirmed(&self) -> bool {
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

pub(crate) struct Work<'a> {
    pub(crate) truth: &'a Truth,
    pub(crate) conduct: &'a Conduct,
    pub(crate) policy: &'a Policy,
    pub(crate) rules: &'a Rules<'a>,
    pub(crate) abouts: Vec<About<'a>>,
    /// The run goes on: what still has time is neither good nor bad.
    pub(crate) so_far: bool,
    /// By group: when it could first be acted on.
    pub(crate) open: BTreeMap<String, Utc>,
    marks: Vec<Mark>,
    items: Vec<Item>,
    target: String,
}

/// Scores a run that is over.
#[must_use]
pub fn score(truth: &Truth, conduct: &Conduct, rules: &Rules<'_>, policy: &Policy) -> Sheet {
    sheet(truth, conduct, rules, policy, false)
}

/// Scores a run that goes on, up to the last of its conduct: whatever the trainee still has time
/// for is not asked yet.
#[must_use]
pub fn score_so_far(truth: &Truth, conduct: &Conduct, rules: &Rules<'_>, policy: &Policy) -> Sheet {
    sheet(truth, conduct, rules, policy, true)
}

fn sheet(truth: &Truth, conduct: &Conduct, rules: &Rules<'_>, policy: &Policy, so_far: bool) -> Sheet {
    let abouts = about(truth, conduct, policy);
    let mut w = Work {
        truth,
        conduct,
        policy,
        rules,
        abouts,
        so_far,
        open: BTreeMap::new(),
        marks: Vec::new(),
        items: Vec::new(),
        target: String::new(),
    };
    w.open = w.chances(&truth.subjects());
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
    w.target("all");
    w.item(
        "checklist",
        "Checklist",
        (!list.is_empty()).then(|| {
            // An act that is not done yet can still be done while the run goes on.
            let points = if so_far { 1.0 } else { n as f64 / list.len() as f64 };
            (format!("{n} of {}", list.len()), points)
        }),
        if left.is_empty() {
            "all done".to_owned()
        } else {
            format!("not done: {}", left.join(", "))
        },
    );
    w.evidence();
    w.workload();
    w.vigilance();
    let (mut sum, mut of) = (0.0, 0.0);
    for i in w.items.iter().filter(|i| !so_far || i.name != "checklist") {
        if let Some(p) = i.points {
            sum += p * i.weight;
            of += i.weight;
        }
    }
    let weights: BTreeMap<&str, f64> = w.items.iter().map(|i| (i.name.as_str(), i.weight)).collect();
    for m in &mut w.marks {
        m.delta *= 100.0 * weights.get(m.item.as_str()).copied().unwrap_or_default() / of.max(1e-9);
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
        instructor: Vec::new(),
        sealed: String::new(),
    }
}

impl Work<'_> {
    /// Notes what moved an item: by `worth` of its points, up or down.
    pub(crate) fn mark(&mut self, utc: Utc, item: &str, worth: f64, text: String) {
        let good = worth >= 0.0;
        self.marks.push(Mark {
            delta: worth.clamp(-1.0, 1.0),
            t_s: seconds(self.truth.epoch, utc),
            utc,
            item: item.to_owned(),
            good,
            text,
        });
    }

    /// What gives full points for the item that follows.
    pub(crate) fn target(&mut self, words: impl Into<String>) {
        self.target = words.into();
    }

    /// The moment up to which there is something to score.
    pub(crate) fn now(&self) -> Utc {
        self.conduct.span.1
    }

    pub(crate) fn item(&mut self, name: &str, title: &str, measured: Option<(String, f64)>, why: String) {
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
            "workload" => x.workload,
            "vigilance" => x.vigilance,
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
            target: std::mem::take(&mut self.target),
            why,
        });
    }

    /// When each group of subjects could first be acted on: large enough in a fresh picture, at the
    /// latest when it crossed.
    pub(crate) fn chances(&self, groups: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, Utc> {
        let mut out = BTreeMap::new();
        for (name, members) in groups {
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
                out.insert(name.clone(), u);
            }
        }
        out
    }

    pub(crate) fn reports(&self, group: &str) -> impl Iterator<Item = &About<'_>> {
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
        let n = self.open.len().max(1) as f64;
        for (name, from) in &self.open {
            let first = self
                .abouts
                .iter()
                .filter(|a| a.group.as_ref().is_some_and(|(g, _, _)| g == name))
                .filter_map(|a| a.alert.first_act)
                .min();
            let report = self
                .reports(name)
                .filter_map(|a| a.alert.answer.as_ref().map(|x| x.at))
                .min();
            let has_time = self.so_far && seconds(*from, self.now()) < limit;
            if first.is_some() || !has_time {
                // Somebody who was never acted on took all the time there is.
                let took = first.map_or(limit, |f| seconds(*from, f).clamp(0.0, limit));
                times.push(took);
                if let Some(f) = first {
                    let share = slope(took, full, limit);
                    let worth = if share >= 0.5 { share } else { share - 1.0 };
                    marks.push((f, "detect", worth / n, format!("first act on {name} after {took:.0} s")));
                }
            }
            match report {
                Some(at) => {
                    reported += 1;
                    marks.push((at, "missed", 1.0 / n, format!("{name} reported")));
                }
                None if has_time => {}
                None => {
                    missing.push(name.clone());
                    marks.push((
                        from.plus_us((limit * 1e6) as i64),
                        "missed",
                        -1.0 / n,
                        format!("{name} not reported"),
                    ));
                }
            }
        }
        for (utc, item, worth, text) in marks {
            self.mark(utc, item, worth, text);
        }
        let n = times.len();
        let points = times.iter().map(|t| slope(*t, full, limit)).sum::<f64>() / (n.max(1)) as f64;
        let mean = times.iter().sum::<f64>() / n.max(1) as f64;
        self.target(format!("≤ {full:.0} s"));
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
        let n = reported + missing.len();
        self.target(format!("in {:.0} s", self.truth.report_within_s));
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
        let cost = self.policy.thresholds.false_report_cost;
        for (utc, text) in &wrong {
            self.mark(*utc, "false_reports", -cost, text.clone());
        }
        self.target("0");
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
            .filter(|a| a.answer.is_some() || !self.so_far || seconds(a.raised, self.now()) > t.decide_none_s)
            .map(|a| match &a.answer {
                Some(x) => (x.at, seconds(a.raised, x.at).max(0.0), true),
                None => (a.raised, t.decide_none_s, false),
            })
            .collect();
        let open = times.iter().filter(|(_, _, d)| !d).count();
        let each = 1.0 / times.len().max(1) as f64;
        for (utc, s, decided) in &times {
            let share = slope(*s, t.decide_full_s, t.decide_none_s);
            if !decided {
                self.mark(*utc, "decide", -each, "urgent alert never decided".to_owned());
            } else {
                let worth = if share >= 0.5 { share } else { share - 1.0 };
                self.mark(*utc, "decide", worth * each, format!("decided after {s:.0} s"));
            }
        }
        let n = times.len();
        let mean = times.iter().map(|(_, s, _)| s).sum::<f64>() / n.max(1) as f64;
        let points = times
            .iter()
            .map(|(_, s, _)| slope(*s, t.decide_full_s, t.decide_none_s))
            .sum::<f64>()
            / n.max(1) as f64;
        self.target(format!("≤ {:.0} s", t.decide_full_s));
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
        self.target(format!("≤ {:.0} m", t.place_full_m));
        self.item(
            "geolocation",
            "Position error at report",
            (n > 0).then(|| (format!("{mean:.0} m"), points)),
            if n > 0 {
                format!("mean over {n} right reports")
            } else {
                "no right report to measure".to_owned()
            },
        );
    }
}
