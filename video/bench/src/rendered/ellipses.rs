//! Does a track's 95 % ellipse hold the person as often as it says?

use std::collections::BTreeMap;

use vedette_geo::{Hae, LocalFrame};
use vedette_model::TargetClass;

use super::stage::{CLASSES, Class, Dice, Errors, Stage};
use super::watch::{Walk, film, people, round};
use super::{Extent, HZ, VISIBLE, analyst, share};
use crate::{BenchError, Row};

/// Seconds of each watch; looks count from the second on.
const WATCH_S: (f64, f64) = (8.0, 2.0);
/// People in each scene.
const PEOPLE: u64 = 3;
/// With fewer looks nothing is judged.
const LOOKS: u64 = 2000;

/// Looks of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Held {
    /// Looks at somebody known, one a second and track.
    pub looks: u64,
    /// Of these, with the person inside the 95 % ellipse.
    pub inside: u64,
    /// Errors, metres, summed, and half long axes.
    pub sums_m: [f64; 2],
    /// Draws of errors that gave a look.
    pub draws: u64,
}

/// All classes, by their place in [`CLASSES`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ellipses {
    /// Counts.
    pub by_class: BTreeMap<usize, Held>,
}

impl Ellipses {
    /// Everything together.
    #[must_use]
    pub fn all(&self) -> Held {
        self.by_class.values().fold(Held::default(), |a, h| Held {
            looks: a.looks + h.looks,
            inside: a.inside + h.inside,
            sums_m: [a.sums_m[0] + h.sums_m[0], a.sums_m[1] + h.sums_m[1]],
            draws: a.draws + h.draws,
        })
    }

    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        let text = |h: &Held| {
            format!(
                "{:.1} % of {} looks in {} draws; mean error {:.1} m, half long axis {:.1} m",
                100.0 * share(h.inside, h.looks),
                h.looks,
                h.draws,
                h.sums_m[0] / h.looks.max(1) as f64,
                h.sums_m[1] / h.looks.max(1) as f64,
            )
        };
        let mut rows: Vec<Row> = self
            .by_class
            .iter()
            .map(|(k, h)| {
                Row::shown(
                    &format!("95 % ellipse holds the person, {}", CLASSES[*k].name),
                    on,
                    text(h),
                )
            })
            .collect();
        let all = self.all();
        let held = share(all.inside, all.looks);
        let item = "95 % ellipse holds the person, five classes";
        rows.push(if all.looks < LOOKS || self.by_class.len() < CLASSES.len() {
            Row::shown(item, on, format!("{}; too few to judge", text(&all)))
        } else {
            Row::judged(
                item,
                on,
                "93 to 97 % of at least 2000 looks",
                text(&all),
                (0.93..=0.97).contains(&held),
            )
        });
        rows
    }
}

/// People about the middle, each on a way of their own.
fn scene(class: &Class, seed: u64) -> Result<Stage, BenchError> {
    let mut dice = Dice::new(seed ^ 0xe111);
    let reach_m = 0.28 * 640.0 / class.px_per_m();
    let walks: Vec<Walk> = (0..PEOPLE)
        .map(|k| {
            let mut at = || 2.0 * reach_m * (f64::from(dice.unit()) - 0.5);
            // Side by side, so that nobody walks through anybody.
            let x = (k as f64 - 1.0) * 0.8 * reach_m + 0.2 * at();
            let y = 0.6 * at();
            let turn = std::f64::consts::TAU * f64::from(dice.unit());
            let speed_m_s = 0.9 + 0.8 * f64::from(dice.unit());
            let far = 30.0;
            Walk {
                from: (x, y),
                to: (x + 0.3 * far * turn.cos(), y + far * turn.sin()),
                speed_m_s,
            }
        })
        .collect();
    people(seed, &walks)
}

/// Watches people in every class under many draws of the errors that the poses state.
///
/// # Errors
/// When a scene cannot be built.
pub fn ellipses(extent: &Extent) -> Result<Ellipses, BenchError> {
    let mut out = Ellipses::default();
    let [classes, scenes, draws] = extent.ellipses;
    for (k, class) in CLASSES.iter().enumerate().take(classes as usize) {
        for s in 0..scenes {
            let seed = 100 * k as u64 + 7 * s + 3 + extent.seeds;
            let stage = scene(class, seed)?;
            let flight = round(class, seed, 57.0 * s as f64 + 31.0 * k as f64, 0.06);
            let aim = |_: f64| (0.0, 0.0);
            let film = film(&stage, flight, &aim, (0.0, WATCH_S.0));
            let held = out.by_class.entry(k).or_default();
            for d in 0..draws {
                let errors = Errors::draw(class, &stage, 1000 * seed + d);
                let ground = errors.ground;
                let before = held.looks;
                film.watch(analyst(0, 1), errors, &ground, &mut |seen| {
                    let i = (seen.t_s * HZ).round() as u64;
                    if seen.t_s < WATCH_S.1 || !i.is_multiple_of(HZ as u64) {
                        return;
                    }
                    for track in seen.tracks.iter().filter(|t| t.seen && t.looks >= 6) {
                        let (Some(who), Ok(fix)) = (seen.shot.whose(track), &track.fix) else {
                            continue;
                        };
                        if who.class != TargetClass::Person || who.visible_share < VISIBLE {
                            continue;
                        }
                        let (e, n) = LocalFrame::new(fix.at, Hae(0.0)).plane(who.at);
                        let [ee, en, nn] = fix.cov_en_m2;
                        let d2 = (nn * e * e - 2.0 * en * e * n + ee * n * n) / (ee * nn - en * en).max(1e-9);
                        held.looks += 1;
                        held.inside += u64::from(d2 <= 5.991);
                        held.sums_m[0] += e.hypot(n);
                        held.sums_m[1] += fix.ellipse95().semi_major_m;
                    }
                })?;
                held.draws += u64::from(held.looks > before);
            }
        }
    }
    Ok(out)
}
