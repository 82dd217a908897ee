//! One aircraft leaves, another takes over: does each person's number go on with that person?

use std::collections::BTreeMap;

use vedette_model::{GroundTrack, TrackId};
use vedette_sight::{HandoverPolicy, hand_over};

use super::stage::Dice;
use super::stage::{CLASSES, Errors, Flight, Setting, Stage, walker};
use super::{Extent, HZ, analyst, look, renderer, shot};
use crate::{BenchError, Row};

/// The first looks until then, the second from then on, and what is found at the end counts,
/// seconds.
const WATCH_S: (f64, f64, f64) = (9.0, 6.0, 14.0);
/// People in each scene.
const PEOPLE: usize = 3;
/// Draws of both aircraft's errors per scene.
const DRAWS: u64 = 6;

/// What became of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pairs {
    /// People held by the first aircraft at its end and by the second at its own.
    pub people: u64,
    /// Handed over to themselves.
    pub right: u64,
    /// Handed over to somebody else.
    pub wrong: u64,
}

impl Pairs {
    pub(super) fn rows(&self, on: &str) -> Vec<Row> {
        vec![Row::judged(
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
        )]
    }
}

/// Watches people by two aircraft, one after the other.
///
/// # Errors
/// When a scene cannot be built.
pub fn pairs(extent: &Extent) -> Result<Pairs, BenchError> {
    let mut out = Pairs::default();
    for s in 0..extent.pairs {
        let class = CLASSES[[1, 2][(s % 2) as usize]];
        let seed = 12_000 + 17 * s;
        let mut dice = Dice::new(seed);
        // Nearer to each other than their ellipses are wide, nobody can say who is who.
        let actors = (0..PEOPLE)
            .map(|p| {
                let mut off = || f64::from(dice.unit()) - 0.5;
                let (x, y) = (24.0 * (p as f64 - 1.0) + 4.0 * off(), 16.0 * off());
                let (dx, dy) = (20.0 * off(), 30.0 * off());
                let speed = 1.2 + 0.3 * off();
                walker(&format!("person-{p}"), (x, y), (x + dx, y + dy), speed, seed + p as u64)
            })
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
        let flight = |k: u64| Flight {
            class,
            from_deg: 40.0 * s as f64 + 110.0 * k as f64,
            speed_m_s: (0.04 * class.slant_m()).clamp(3.0, 20.0),
            along: false,
            sensor_seed: seed + k,
        };
        let aim = |_: f64| (0.0, 0.0);
        let mut r = renderer(&stage);
        let mut film = |k: u64, from_s: f64, to_s: f64| -> Vec<_> {
            ((from_s * HZ) as u64..(to_s * HZ) as u64)
                .map(|i| {
                    let t = i as f64 / HZ;
                    (t, shot(&mut r, &flight(k).camera(&stage, &aim, t), t))
                })
                .collect()
        };
        let films = [film(0, 0.0, WATCH_S.0), film(1, WATCH_S.1, WATCH_S.2)];
        for d in 0..DRAWS {
            let mut last: [(Vec<GroundTrack>, BTreeMap<TrackId, String>); 2] = Default::default();
            for (k, film) in films.iter().enumerate() {
                let flight = flight(k as u64);
                let mut errors = Errors::draw(&class, &stage, 31 * seed + 2 * d + k as u64);
                // Both use the same terrain data.
                let ground = Errors::draw(&class, &stage, 31 * seed + 2 * d).ground;
                let mut sight = analyst(k as u32, 2);
                for (t, shot) in film {
                    let pose = errors.pose(&flight, &stage, &aim, *t);
                    let tracks = look(&mut sight, shot, *t, &pose, &ground)?;
                    for track in tracks.iter().filter(|t| t.seen) {
                        if let Some(b) = shot.whose(track) {
                            last[k].1.insert(track.id, b.actor.clone());
                        }
                    }
                    last[k].0 = tracks;
                }
            }
            let [(from, from_is), (to, to_is)] = &last;
            let handed = hand_over(from, to, &HandoverPolicy::default());
            for a in from.iter().filter(|t| t.seen) {
                let Some(who) = from_is.get(&a.id) else { continue };
                if !to.iter().any(|b| b.seen && to_is.get(&b.id) == Some(who)) {
                    continue;
                }
                out.people += 1;
                match handed.iter().find(|h| h.from == a.id) {
                    Some(h) if to_is.get(&h.to) == Some(who) => out.right += 1,
                    Some(_) => out.wrong += 1,
                    None => {}
                }
            }
        }
    }
    Ok(out)
}
