//! One aircraft leaves, another takes over: does each person's number go on with that person?

use std::collections::BTreeMap;

use vedette_model::{GroundTrack, TrackId};
use vedette_sight::{Handover, HandoverPolicy, hand_over};

use super::stage::{CLASSES, Dice, Errors, Stage};
use super::watch::{Walk, film, people, round};
use super::{Extent, analyst};
use crate::{BenchError, Row};

/// The first looks until then, the second from then on, and what is found at the end counts,
/// seconds.
const WATCH_S: (f64, f64, f64) = (9.0, 6.0, 14.0);
/// People in each scene.
const PEOPLE: usize = 3;
/// Draws of both aircraft's errors per scene.
const DRAWS: u64 = 6;

/// What became of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// People held by the first aircraft at its end and by the second at its own.
    pub people: u64,
    /// Handed over to themselves.
    pub right: u64,
    /// Handed over to somebody else.
    pub wrong: u64,
    /// Of each whose number did not go on: which watch, and how both aircraft's tracks stood.
    pub lost: Vec<String>,
}

impl Pairs {
    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        let mut rows = vec![Row::judged(
            "custody from one aircraft to another",
            on,
            "none to somebody else; four of five kept",
            format!(
                "{} of {} people kept their number, {} got another's, {} a new one",
                self.right,
                self.people,
                self.wrong,
                self.people.saturating_sub(self.right + self.wrong)
            ),
            self.people > 0 && self.wrong == 0 && 5 * self.right >= 4 * self.people,
        )];
        rows.extend(self.lost.iter().map(|l| Row::shown("number not kept", on, l.clone())));
        rows
    }
}

/// What one aircraft's analyst says at a moment, and whose tracks these are by all frames so far.
struct Report {
    t_s: f64,
    tracks: Vec<GroundTrack>,
    whose: BTreeMap<TrackId, String>,
}

/// As the station does it: whenever the second aircraft reports, what is clear by then is noted, each
/// number once, and stays.
fn same_as(first: &[Report], second: &[Report]) -> BTreeMap<TrackId, Handover> {
    let policy = HandoverPolicy::default();
    let mut same: BTreeMap<TrackId, Handover> = BTreeMap::new();
    for r in second {
        let Some(from) = first.iter().rfind(|f| f.t_s <= r.t_s) else {
            continue;
        };
        let to: Vec<GroundTrack> = r.tracks.iter().filter(|t| t.seen).cloned().collect();
        for h in hand_over(&from.tracks, &to, &policy) {
            let here = |id: &TrackId| r.tracks.iter().any(|t| t.id == *id);
            let taken = same.iter().any(|(to, other)| other.from == h.from && here(to));
            if !taken && !same.contains_key(&h.to) {
                same.insert(h.to, h);
            }
        }
    }
    same
}

impl Pairs {
    /// Counts the people whom the first aircraft has at its end and the second at its own.
    fn count(&mut self, said: &[Vec<Report>; 2], watch: &str, stage: &Stage) {
        let [Some(from), Some(to)] = [&said[0], &said[1]].map(|r| r.last()) else {
            return;
        };
        let same = same_as(&said[0], &said[1]);
        for a in from.tracks.iter().filter(|t| t.seen) {
            let Some(who) = from.whose.get(&a.id) else { continue };
            let now: Vec<&GroundTrack> = to
                .tracks
                .iter()
                .filter(|b| b.seen && to.whose.get(&b.id) == Some(who))
                .collect();
            let Some(b) = now.first() else { continue };
            self.people += 1;
            if now.iter().any(|b| same.get(&b.id).is_some_and(|h| h.from == a.id)) {
                self.right += 1;
                continue;
            }
            let wrongly = same
                .values()
                .find(|h| h.from == a.id && to.whose.get(&h.to) != Some(who));
            let became = wrongly.map_or("a new number".to_owned(), |h| {
                self.wrong += 1;
                let whose = to.whose.get(&h.to).map_or("nobody", String::as_str);
                format!("{whose}'s ({:.0} times likelier)", h.times)
            });
            self.lost.push(format!(
                "{watch}, {who}: {became}; {}; {}",
                standing(a, stage, who, from.t_s),
                standing(b, stage, who, to.t_s)
            ));
        }
    }
}

/// A track against where the person truly is, in words.
fn standing(track: &GroundTrack, stage: &Stage, who: &str, until_s: f64) -> String {
    let truth = stage
        .scene
        .actors()
        .iter()
        .find(|a| a.name == who)
        .map(|a| a.track.pose(until_s));
    let where_to = match (&track.fix, truth) {
        (Ok(fix), Some(p)) => {
            let (e, n) = stage.plane(fix.at);
            format!(
                "{:.0} m east, {:.0} m north of it ± {:.0} m",
                e - p.x,
                n - p.y,
                fix.ellipse95().semi_major_m
            )
        }
        (Err(e), _) => e.to_string(),
        (_, None) => "nobody".to_owned(),
    };
    let [e, n] = track.velocity_en_m_s;
    format!(
        "{} {:?}, {} looks, {where_to}, {e:.1}, {n:.1} m/s",
        track.id, track.class, track.looks
    )
}

/// Watches people by two aircraft, one after the other.
///
/// # Errors
/// When a scene cannot be built.
pub fn pairs(extent: &Extent) -> Result<Pairs, BenchError> {
    let mut out = Pairs::default();
    for s in 0..extent.pairs {
        let class = CLASSES[[1, 2][(s % 2) as usize]];
        let seed = 12_000 + 17 * s + extent.seeds;
        let mut dice = Dice::new(seed);
        // Nearer to each other than their ellipses are wide, nobody can say who is who.
        let walks: Vec<Walk> = (0..PEOPLE)
            .map(|p| {
                let mut off = || f64::from(dice.unit()) - 0.5;
                let (x, y) = (24.0 * (p as f64 - 1.0) + 4.0 * off(), 16.0 * off());
                let (dx, dy) = (20.0 * off(), 30.0 * off());
                Walk {
                    from: (x, y),
                    to: (x + dx, y + dy),
                    speed_m_s: 1.2 + 0.3 * off(),
                }
            })
            .collect();
        let stage = people(seed, &walks)?;
        let aim = |_: f64| (0.0, 0.0);
        let by = |k: u64, seconds: (f64, f64)| {
            let flight = round(&class, seed + k, 40.0 * s as f64 + 110.0 * k as f64, 0.04);
            film(&stage, flight, &aim, seconds)
        };
        let films = [by(0, (0.0, WATCH_S.0)), by(1, (WATCH_S.1, WATCH_S.2))];
        for d in 0..DRAWS {
            // Both use the same terrain data.
            let ground = Errors::draw(&class, &stage, 31 * seed + 2 * d).ground;
            let mut said: [Vec<Report>; 2] = Default::default();
            for (k, film) in films.iter().enumerate() {
                let errors = Errors::draw(&class, &stage, 31 * seed + 2 * d + k as u64);
                film.watch(analyst(k as u32, 2), errors, &ground, &mut |seen| {
                    said[k].push(Report {
                        t_s: seen.t_s,
                        tracks: seen.tracks.to_vec(),
                        whose: seen.whose.clone(),
                    });
                })?;
            }
            out.count(&said, &format!("{}, seed {seed}, draw {d}", class.name), &stage);
        }
    }
    Ok(out)
}
