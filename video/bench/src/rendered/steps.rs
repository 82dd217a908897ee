//! How soon after the step over the line is it told?

use std::collections::{BTreeMap, BTreeSet};

use vedette_model::{GroundTrack, TargetClass, TrackId};
use vedette_sight::{Policy, RuleSet, VergePolicy};

use super::stage::Dice;
use super::stage::{CLASSES, Errors, Flight, Setting, Stage, walker};
use super::{Extent, HZ, analyst, look, renderer, shot};
use crate::{BenchError, Row};

/// People in each scene.
const PEOPLE: usize = 4;
/// Begin so far outside, metres.
const FROM_M: f64 = 38.0;
/// A watch goes on so long after the last step, seconds.
const AFTER_S: f64 = 9.0;
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
        self.after_s.iter().filter(|s| **s <= 5.0).count() as u64
    }

    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        let mut sorted = self.after_s.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let k = (q * sorted.len().saturating_sub(1) as f64) as usize;
            sorted.get(k).copied().unwrap_or(f64::NAN)
        };
        let early = self.first_word_s.iter().filter(|s| **s <= 5.0).count() as u64;
        let mut words = self.first_word_s.clone();
        words.sort_by(f64::total_cmp);
        let word = |q: f64| {
            let k = (q * words.len().saturating_sub(1) as f64) as usize;
            words.get(k).copied().unwrap_or(f64::NAN)
        };
        let mut rows = vec![
            Row::judged(
                "step over the line told, as crossed or as may be over (verge on)",
                on,
                "every one <= 5 s after the step",
                format!(
                    "{early} of {} within 5 s; median {:.1} s, latest {:.1} s (before the step: below 0); {} never",
                    self.steps,
                    word(0.5),
                    word(1.0),
                    self.unspoken,
                ),
                self.steps > 0 && early == self.steps,
            ),
            Row::shown(
                "step over the line told as crossed, policy as shipped",
                on,
                format!(
                    "{} of {} within 5 s; median {:.1} s, 95 % {:.1} s, latest {:.1} s; {} never, {} twice; from {:.0} px tall",
                    self.soon(),
                    self.steps,
                    at(0.5),
                    at(0.95),
                    at(1.0),
                    self.untold,
                    self.twice,
                    self.least_px,
                ),
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
            let seed = 5000 + 100 * k as u64 + 11 * s;
            let mut dice = Dice::new(seed);
            let spread_m = 0.2 * 640.0 / class.px_per_m();
            let mut ways = Vec::new();
            for p in 0..PEOPLE {
                let x = (p as f64 - 1.5) * spread_m;
                let y = -FROM_M + 5.0 * (f64::from(dice.unit()) - 0.5);
                let speed = 1.1 + 0.35 * f64::from(dice.unit());
                let drift = 8.0 * (f64::from(dice.unit()) - 0.5);
                ways.push((x, y, x + drift, 25.0, speed));
            }
            let actors = ways
                .iter()
                .enumerate()
                .map(|(p, w)| walker(&format!("person-{p}"), (w.0, w.1), (w.2, w.3), w.4, seed + p as u64))
                .collect();
            let stage = Stage::build(
                seed,
                700.0,
                Setting {
                    actors,
                    hour: 1,
                    ..Setting::default()
                },
            )?;
            let flight = Flight {
                class: *class,
                from_deg: 200.0 + 83.0 * s as f64 + 40.0 * k as f64,
                speed_m_s: (0.04 * class.slant_m()).clamp(3.0, 20.0),
                along: false,
                sensor_seed: seed,
            };
            // Somebody follows them with the camera.
            let aim = |t: f64| {
                let poses = stage.scene.actors().iter().map(|a| a.track.pose(t));
                let (x, y) = poses.fold((0.0, 0.0), |s, p| (s.0 + p.x, s.1 + p.y));
                (x / PEOPLE as f64, y / PEOPLE as f64)
            };
            let stepped: BTreeMap<String, f64> = stage
                .scene
                .actors()
                .iter()
                .filter_map(|a| {
                    let over = (0..2400).map(|i| f64::from(i) * 0.05).find(|t| {
                        let p = a.track.pose(*t);
                        stage.border.nearest(stage.place(p.x, p.y)).signed_m > 0.0
                    })?;
                    Some((a.name.clone(), over))
                })
                .collect();
            let end_s = stepped.values().copied().fold(0.0, f64::max) + AFTER_S;
            let mut r = renderer(&stage);
            let shots: Vec<_> = (0..(end_s * HZ) as u64)
                .map(|i| {
                    let t = i as f64 / HZ;
                    (t, shot(&mut r, &flight.camera(&stage, &aim, t), t))
                })
                .collect();
            for d in 0..draws {
                let mut errors = Errors::draw(class, &stage, 77 * seed + d);
                let ground = errors.ground;
                let mut sight = analyst(0, 1);
                let mut rules = RuleSet::new(Policy::default());
                let mut watchful = RuleSet::new(Policy {
                    verge: Some(VergePolicy::default()),
                    ..Policy::default()
                });
                let mut spoken: BTreeMap<String, f64> = BTreeMap::new();
                let mut whose: BTreeMap<TrackId, String> = BTreeMap::new();
                let mut told: BTreeMap<String, f64> = BTreeMap::new();
                let mut twice: BTreeSet<String> = BTreeSet::new();
                let mut stood: BTreeMap<String, String> = BTreeMap::new();
                for (t, shot) in &shots {
                    let pose = errors.pose(&flight, &stage, &aim, *t);
                    let tracks = look(&mut sight, shot, *t, &pose, &ground)?;
                    for track in tracks.iter().filter(|t| t.seen) {
                        if let Some(b) = shot.whose(track) {
                            if stepped.get(&b.actor).is_some_and(|over| *t <= over + 5.0) {
                                stood.insert(b.actor.clone(), standing(track, &stage, *t));
                            }
                            whose.insert(track.id, b.actor.clone());
                            if b.class == TargetClass::Person {
                                out.least_px = out.least_px.min(b.image.h);
                            }
                        }
                    }
                    let config = sight.config();
                    let (camera, vehicle) = (config.camera, config.vehicle);
                    for draft in watchful.judge(pose.captured, &tracks, camera, vehicle, &stage.border, &[]) {
                        if matches!(draft.rule.0.as_str(), "crossing" | "verge")
                            && let Some(who) = draft.track.and_then(|id| whose.get(&id))
                        {
                            spoken.entry(who.clone()).or_insert(*t);
                        }
                    }
                    for draft in rules.judge(pose.captured, &tracks, camera, vehicle, &stage.border, &[]) {
                        if draft.rule.0 != "crossing" {
                            continue;
                        }
                        let Some(who) = draft.track.and_then(|id| whose.get(&id)) else {
                            continue;
                        };
                        if told.insert(who.clone(), *t).is_some() {
                            twice.insert(who.clone());
                        }
                    }
                }
                out.twice += twice.len() as u64;
                for (who, over_s) in &stepped {
                    let tall = shots
                        .iter()
                        .filter(|(t, _)| (*t - over_s).abs() < 1.0)
                        .flat_map(|(_, s)| &s.boxes)
                        .any(|b| b.actor == *who && b.image.h >= LEAST_PX);
                    if !tall {
                        continue;
                    }
                    out.steps += 1;
                    match spoken.get(who) {
                        Some(t) => out.first_word_s.push(t - over_s),
                        None => out.unspoken += 1,
                    }
                    let after_s = told.get(who).map(|t| t - over_s);
                    match after_s {
                        Some(s) => out.after_s.push(s),
                        None => out.untold += 1,
                    }
                    if after_s.is_none_or(|s| s > 5.0) {
                        let told = after_s.map_or("never told".to_owned(), |s| format!("told after {s:.1} s"));
                        let stood = stood.get(who).map_or("no track", String::as_str);
                        out.late.push(format!(
                            "{}, seed {seed}, draw {d}, {who}, over at {over_s:.1} s, {told}; at most 5 s later: {stood}",
                            class.name
                        ));
                    }
                }
            }
        }
    }
    out.after_s.sort_by(f64::total_cmp);
    Ok(out)
}
