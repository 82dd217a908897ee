//! Items of drill and care: faults met, energy left, evidence whole, questions answered, blind
//! inserts noticed.
//!
//! Invariant: as in `items`: each is a function of what it names alone.

use vedette_model::{Mono, Order, Utc, VehicleId};

use crate::items::{Work, seconds};
use crate::truth::FaultSpan;

/// Seconds after a confirmation by which evidence is expected to be sealed.
const SEAL_S: f64 = 90.0;

impl Work<'_> {
    pub(crate) fn drills(&mut self) {
        let (mut link, mut other) = (Vec::new(), Vec::new());
        for f in &self.truth.faults {
            let met = self.met(f);
            let late = f.from.plus_us((self.policy.thresholds.drill_s * 1e6) as i64);
            if met.is_none() && self.so_far && late > self.now() {
                continue;
            }
            let row = (f.name.clone(), met, met.unwrap_or(late));
            match f.name.as_str() {
                "link-loss" | "link-poor" | "link-delay" | "video-loss" => link.push(row),
                // The land does not ask for an act of its own.
                "elevation" => {}
                _ => other.push(row),
            }
        }
        for (name, title, rows) in [
            ("link_drill", "Link-loss drill", link),
            ("fault_drill", "Fault drill", other),
        ] {
            let n = rows.len();
            let met = rows.iter().filter(|(_, m, _)| m.is_some()).count();
            for (fault, m, at) in &rows {
                let text = if m.is_some() {
                    format!("{fault} met")
                } else {
                    format!("{fault} not met in time")
                };
                let each = 1.0 / n as f64;
                self.mark(*at, name, if m.is_some() { each } else { -each }, text);
            }
            self.target(format!("answer ≤ {:.0} s", self.policy.thresholds.drill_s));
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

    pub(crate) fn battery(&mut self) {
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
            self.mark(utc, "battery", -1.0, text);
        }
        let points = if crashed.is_empty() {
            (2.0 * worst - 1.0).min(1.0)
        } else {
            0.0
        };
        self.target("≥ the reserve");
        self.item(
            "battery",
            "Reserve at landing",
            (n > 0 && (!self.so_far || !crashed.is_empty()))
                .then(|| (format!("{:.1} of the reserve", worst.min(9.9)), points)),
            if crashed.is_empty() {
                "the aircraft with the least, against the reserve of the brief".to_owned()
            } else {
                format!("aircraft {} hit the ground", crashed.join(", "))
            },
        );
    }

    pub(crate) fn evidence(&mut self) {
        // While the run goes on there is time to seal.
        let due = |a: &&crate::items::About<'_>| {
            !self.so_far
                || a.alert
                    .answer
                    .as_ref()
                    .is_some_and(|x| seconds(x.at, self.now()) > SEAL_S)
        };
        let right: Vec<_> = self
            .abouts
            .iter()
            .filter(|a| a.right())
            .filter(due)
            .map(|a| a.alert.id)
            .collect();
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
        self.target("sealed, whole");
        self.item(
            "evidence",
            "Evidence of reports",
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

    /// Questions after the workload: answered while they stood.
    pub(crate) fn workload(&mut self) {
        let probes = self.policy.thresholds.probes();
        let length = self.conduct.span.1.0 - self.conduct.span.0.0;
        let answer = |n: u32| {
            self.conduct.workload.iter().find(|(u, k, _)| {
                let at = Mono(u.0 - self.conduct.span.0.0);
                *k == n && probes.due(at) == Some(n)
            })
        };
        let (mut asked, mut levels, mut marks) = (0_u32, Vec::new(), Vec::new());
        for n in 1..=probes.asked(Mono(length)) {
            let lapses_us = ((probes.every_s * f64::from(n) + probes.stands_s) * 1e6) as i64;
            match answer(n) {
                Some((_, _, level)) => levels.push(f64::from(*level)),
                // It still stands.
                None if lapses_us > length => continue,
                None => marks.push(self.conduct.span.0.plus_us(lapses_us)),
            }
            asked += 1;
        }
        let of = f64::from(asked.max(1));
        for at in marks {
            self.mark(
                at,
                "workload",
                -1.0 / of,
                "question after the workload not answered".to_owned(),
            );
        }
        let given = levels.len() as f64;
        let mean = levels.iter().sum::<f64>() / given.max(1.0);
        self.target(format!("every {:.0} min", probes.every_s / 60.0));
        self.item(
            "workload",
            "Workload answers",
            (asked > 0).then(|| (format!("{given:.0} of {asked}"), given / of)),
            if levels.is_empty() {
                "levels 1 (under-used) to 5 (too much)".to_owned()
            } else {
                format!("mean level {mean:.1}, from 1 (under-used) to 5 (too much)")
            },
        );
    }

    /// Blind inserts that could be seen: an act on an alert about them is all that is asked.
    pub(crate) fn vigilance(&mut self) {
        let shown = self.chances(&self.truth.inserts());
        let limit = self.truth.report_within_s;
        let (mut noticed, mut n, mut marks) = (0_usize, 0_usize, Vec::new());
        for (name, from) in &shown {
            let act = self
                .abouts
                .iter()
                .filter(|a| a.group.as_ref().is_some_and(|(g, _, _)| g == name))
                .filter_map(|a| a.alert.first_act.or(a.alert.answer.as_ref().map(|x| x.at)))
                .min();
            match act {
                Some(at) => {
                    noticed += 1;
                    marks.push((at, 1.0, format!("{name} noticed")));
                }
                None if self.so_far && seconds(*from, self.now()) < limit => continue,
                None => marks.push((from.plus_us((limit * 1e6) as i64), -1.0, format!("{name} not noticed"))),
            }
            n += 1;
        }
        for (at, worth, text) in marks {
            self.mark(at, "vigilance", worth / n.max(1) as f64, text);
        }
        self.target("all noticed");
        self.item(
            "vigilance",
            "Blind inserts",
            (n > 0).then(|| (format!("{noticed} of {n}"), noticed as f64 / n.max(1) as f64)),
            "put in unannounced, and in no evidence".to_owned(),
        );
    }
}
