//! How soon after the step over the line is it told?

use std::collections::{BTreeMap, BTreeSet};

use vedette_model::{GroundTrack, TargetClass};
use vedette_sight::{AlertDraft, Policy, RuleSet, VergePolicy};

use super::stage::{CLASSES, Class, Dice, Errors, Stage};
use super::watch::{Film, Seen, Walk, film, people, round};
use super::{Extent, analyst};
use crate::{BenchError, Row};

/// People in each scene.
const PEOPLE: usize = 4;
/// Begin so far outside, metres.
const FROM_M: f64 = 38.0;
/// A watch goes on so long after the last step, seconds.
const AFTER_S: f64 = 9.0;
/// A step is to be told within this time, seconds.
const SOON_S: f64 = 5.0;
/// Fewer pixels of height are not asked for.
const LEAST_PX: f32 = 6.0;

/// What was told of people who stepped over the line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steps {
    /// Steps over the line by people tall enough.
    pub steps: u64,
    /// Seconds from the step to the alert, told ones in order of time.
    pub after_s: Vec<f64>,
    /// Never told within the watch.
    pub untold: u64,
    /// Told of more than once.
    pub twice: u64,
    /// Told of as company of somebody else's alert, and the longest that was before their own step,
    /// seconds.
    pub in_company: u64,
    /// See there.
    pub company_ahead_s: f64,
    /// Smallest person when told of, pixels of height.
    pub least_px: f32,
    /// Seconds from the step to the first word, crossing or verge, with the rule `verge` on; and who
    /// was never told of so.
    pub first_word_s: Vec<f64>,
    /// Never told of, not even as one who may be over.
    pub unspoken: u64,
    /// Of each not told within five seconds: class of camera, watch, and how its track stood then.
    pub late: Vec<String>,
}

impl Steps {
    /// Told within five seconds.
    #[must_use]
    pub fn soon(&self) -> u64 {
        self.after_s.iter().filter(|s| **s <= SOON_S).count() as u64
    }

    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        let mut sorted = self.after_s.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let k = (q * sorted.len().saturating_sub(1) as f64) as usize;
            sorted.get(k).copied().unwrap_or(f64::NAN)
        };
        let early = self.first_word_s.iter().filter(|s| **s <= SOON_S).count() as u64;
        let mut rows = vec![
            Row::judged(
                "step over the line told as crossed, policy as shipped",
                on,
                "every one <= 5 s after the step",
                format!(
                    "{} of {} within 5 s; median {:.1} s, 95 % {:.1} s, latest {:.1} s; {} never, {} twice; {} named in another's alert, at most {:.1} s before the step; from {:.0} px tall",
                    self.soon(),
                    self.steps,
                    at(0.5),
                    at(0.95),
                    at(1.0),
                    self.untold,
                    self.twice,
                    self.in_company,
                    self.company_ahead_s,
                    self.least_px,
                ),
                self.steps > 0 && self.soon() == self.steps,
            ),
            Row::shown(
                "the same with the rule verge on, as crossed or as may be over",
                on,
                format!("{early} of {} within 5 s; {} never", self.steps, self.unspoken),
            ),
        ];
        rows.extend(
            self.late
                .iter()
                .map(|l| Row::shown("step not told in 5 s", on, l.clone())),
        );
        rows
    }
}

/// A track against the line, in words.
fn standing(track: &GroundTrack, stage: &Stage, t_s: f64) -> String {
    let where_to = match &track.fix {
        Ok(fix) => format!(
            "{:.1} m inside, ± {:.1} m",
            stage.border.nearest(fix.at).signed_m,
            fix.half_width95_m(0.0)
        ),
        Err(e) => e.to_string(),
    };
    let [e, n] = track.velocity_en_m_s;
    format!(
        "{t_s:.1} s, {} {:?}, {} looks, {where_to}, {:.1} m/s of which {n:.1} inwards",
        track.id,
        track.class,
        track.looks,
        e.hypot(n)
    )
}

/// A scene of people who walk over the line side by side.
fn walks(class: &Class, seed: u64) -> Vec<Walk> {
    let mut dice = Dice::new(seed);
    let spread_m = 0.2 * 640.0 / class.px_per_m();
    (0..PEOPLE)
        .map(|p| {
            let x = (p as f64 - 1.5) * spread_m;
            let y = -FROM_M + 5.0 * (f64::from(dice.unit()) - 0.5);
            let speed_m_s = 1.1 + 0.35 * f64::from(dice.unit());
            let drift = 8.0 * (f64::from(dice.unit()) - 0.5);
            Walk {
                from: (x, y),
                to: (x + drift, 25.0),
                speed_m_s,
            }
        })
        .collect()
}

/// When each person steps over, seconds.
fn stepped(stage: &Stage) -> BTreeMap<String, f64> {
    let over = |a: &vedette_sim::Actor| {
        (0..2400).map(|i| f64::from(i) * 0.05).find(|t| {
            let p = a.track.pose(*t);
            stage.border.nearest(stage.place(p.x, p.y)).signed_m > 0.0
        })
    };
    let all = stage.scene.actors().iter();
    all.filter_map(|a| Some((a.name.clone(), over(a)?))).collect()
}

/// What was said of whom in one watch.
#[derive(Default)]
struct Said {
    /// First told as crossed, when; and whether as company.
    told: BTreeMap<String, (f64, bool)>,
    /// First told as crossed or as may be over.
    spoken: BTreeMap<String, f64>,
    twice: BTreeSet<String>,
    /// How each track stood when it was to be told of at the latest.
    stood: BTreeMap<String, String>,
}

impl Said {
    fn hear(&mut self, drafts: &[AlertDraft], seen: &Seen<'_>) {
        for d in drafts.iter().filter(|d| d.rule.0 == "crossing") {
            let of = d.track.iter().map(|id| (id, false));
            for (id, company) in of.chain(d.company.iter().map(|id| (id, true))) {
                let Some(who) = seen.whose.get(id) else { continue };
                if self.told.contains_key(who) {
                    self.twice.insert(who.clone());
                } else {
                    self.told.insert(who.clone(), (seen.t_s, company));
                }
            }
        }
    }

    fn overhear(&mut self, drafts: &[AlertDraft], seen: &Seen<'_>) {
        for d in drafts
            .iter()
            .filter(|d| matches!(d.rule.0.as_str(), "crossing" | "verge"))
        {
            for who in d.track.iter().chain(&d.company).filter_map(|id| seen.whose.get(id)) {
                self.spoken.entry(who.clone()).or_insert(seen.t_s);
            }
        }
    }
}

impl Steps {
    /// Counts what was said of each who stepped over and was tall enough then.
    fn count(&mut self, said: &Said, stepped: &BTreeMap<String, f64>, film: &Film<'_>, watch: &str) {
        self.twice += said.twice.len() as u64;
        for (who, over_s) in stepped {
            let tall = film
                .shots
                .iter()
                .filter(|(t, _)| (*t - over_s).abs() < 1.0)
                .flat_map(|(_, s)| &s.boxes)
                .any(|b| b.actor == *who && b.image.h >= LEAST_PX);
            if !tall {
                continue;
            }
            self.steps += 1;
            match said.spoken.get(who) {
                Some(t) => self.first_word_s.push(t - over_s),
                None => self.unspoken += 1,
            }
            let after_s = said.told.get(who).map(|(t, _)| t - over_s);
            match after_s {
                Some(s) => self.after_s.push(s),
                None => self.untold += 1,
            }
            if let Some((t, true)) = said.told.get(who) {
                self.in_company += 1;
                self.company_ahead_s = self.company_ahead_s.max(over_s - t);
            }
            if after_s.is_none_or(|s| s > SOON_S) {
                let told = after_s.map_or("never told".to_owned(), |s| format!("told after {s:.1} s"));
                let stood = said.stood.get(who).map_or("no track", String::as_str);
                self.late.push(format!(
                    "{watch}, {who}, over at {over_s:.1} s, {told}; at most 5 s later: {stood}"
                ));
            }
        }
    }
}

/// Watches people cross in every class.
///
/// # Errors
/// When a scene cannot be built.
pub fn steps(extent: &Extent) -> Result<Steps, BenchError> {
    let mut out = Steps {
        least_px: f32::MAX,
        ..Steps::default()
    };
    let [classes, scenes, draws] = extent.steps;
    for (k, class) in CLASSES.iter().enumerate().take(classes as usize) {
        for s in 0..scenes {
            let seed = 5000 + 100 * k as u64 + 11 * s + extent.seeds;
            let stage = people(seed, &walks(class, seed))?;
            let flight = round(class, seed, 200.0 + 83.0 * s as f64 + 40.0 * k as f64, 0.04);
            // Somebody follows them with the camera.
            let aim = |t: f64| {
                let poses = stage.scene.actors().iter().map(|a| a.track.pose(t));
                let (x, y) = poses.fold((0.0, 0.0), |s, p| (s.0 + p.x, s.1 + p.y));
                (x / PEOPLE as f64, y / PEOPLE as f64)
            };
            let stepped = stepped(&stage);
            let end_s = stepped.values().copied().fold(0.0, f64::max) + AFTER_S;
            let film = film(&stage, flight, &aim, (0.0, end_s));
            for d in 0..draws {
                let errors = Errors::draw(class, &stage, 77 * seed + d);
                let ground = errors.ground;
                let sight = analyst(0, 1);
                let (camera, vehicle) = (sight.config().camera, sight.config().vehicle);
                let mut rules = RuleSet::new(Policy::default());
                let mut watchful = RuleSet::new(Policy {
                    verge: Some(VergePolicy::default()),
                    ..Policy::default()
                });
                let mut said = Said::default();
                film.watch(sight, errors, &ground, &mut |seen| {
                    for track in seen.tracks.iter().filter(|t| t.seen) {
                        let Some(b) = seen.shot.whose(track) else { continue };
                        if stepped.get(&b.actor).is_some_and(|over| seen.t_s <= over + SOON_S) {
                            said.stood.insert(b.actor.clone(), standing(track, &stage, seen.t_s));
                        }
                        if b.class == TargetClass::Person {
                            out.least_px = out.least_px.min(b.image.h);
                        }
                    }
                    let ask = |rules: &mut RuleSet| {
                        rules.judge(seen.pose.captured, seen.tracks, camera, vehicle, &stage.border, &[])
                    };
                    said.overhear(&ask(&mut watchful), seen);
                    said.hear(&ask(&mut rules), seen);
                })?;
                out.count(
                    &said,
                    &stepped,
                    &film,
                    &format!("{}, seed {seed}, draw {d}", class.name),
                );
            }
        }
    }
    out.after_s.sort_by(f64::total_cmp);
    Ok(out)
}
