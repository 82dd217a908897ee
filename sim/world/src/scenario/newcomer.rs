//! Somebody put into the world while it runs: from a place beside the watched line straight to another.
//!
//! Invariant: a newcomer is checked as the actors of a file are, stands still until the moment it is put
//! in, and changes nothing of what was before; the same newcomer at the same second is the same way.

use serde::{Deserialize, Serialize};
use vedette_atlas::World;
use vedette_geo::LatLon;

use super::{Scenario, cast};
use crate::SimError;
use crate::actors::{Actor, ActorKind, Medium, Role, Step, Track};
use crate::cues::Transponder;

/// Newcomers of one run, every one of a group counted.
const MOST: usize = 60;
/// Farthest from the line, metres.
const FAR_M: f64 = 5_000.0;
/// Height of a drone above the ground, metres.
const DRONE_M: f64 = 60.0;
/// Metres between the members of a group.
const APART_M: f64 = 5.0;

/// Who comes, from where and where to. Places are kilometres along the watched line and metres to its
/// home side (negative: abroad).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// Name; nobody else's. Of a group the members are numbered: `runner 1`, `runner 2`.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// What a trainee should make of it.
    #[serde(default)]
    pub role: Role,
    /// How many, one behind the other five metres apart.
    #[serde(default = "one")]
    pub count: u32,
    /// Where it begins, kilometres.
    pub km: f64,
    /// Where it begins, metres inside.
    pub inside_m: f64,
    /// Where it goes, kilometres.
    pub to_km: f64,
    /// Where it goes, metres inside. There it loiters until the end.
    pub to_inside_m: f64,
    /// Metres per second.
    pub speed_m_s: f64,
}

fn one() -> u32 {
    1
}

impl Scenario {
    /// A place by kilometres along the watched line and metres to its home side; `None` beyond its ends
    /// or farther than 5 km from it.
    #[must_use]
    pub fn beside_line(&self, km: f64, inside_m: f64) -> Option<LatLon> {
        let b = &self.border;
        if !(0.0..=b.length_m() / 1000.0).contains(&km) || inside_m.is_nan() || inside_m.abs() > FAR_M {
            return None;
        }
        let side = if b.home_left { -90.0 } else { 90.0 };
        let azimuth = vedette_geo::norm_deg_360(b.azimuth_deg(km * 1000.0) + side);
        Some(vedette_geo::near::destination(b.at(km * 1000.0), azimuth, inside_m))
    }

    /// Puts somebody in who was not in the file, from `t_s` on. Nothing changes when it is refused.
    ///
    /// # Errors
    /// [`SimError::Option`], or [`SimError::Several`] of them: all that is wrong with the newcomer.
    pub fn join(&mut self, world: &World, n: &Newcomer, t_s: f64) -> Result<(), SimError> {
        let actors = self.compose(world, n, t_s)?;
        let met = cast::crossings(&actors, &self.frame, &self.border);
        self.crossings.extend(met.into_iter().filter(|c| c.t_s > t_s));
        self.crossings
            .sort_by(|p, q| p.t_s.total_cmp(&q.t_s).then(p.actor.cmp(&q.actor)));
        // Transponders stand in the order of the actors, where anybody has one.
        if !self.transponders.is_empty() {
            let all = self.transponders.len() + actors.len();
            self.transponders.resize_with(all, Transponder::default);
        }
        self.joined += actors.len();
        self.spec.actors.extend(actors);
        Ok(())
    }

    /// Those who were put in, in their order.
    #[must_use]
    pub fn newcomers(&self) -> &[Actor] {
        let all = self.actors();
        &all[all.len().saturating_sub(self.joined)..]
    }

    /// The two ends of the way, of somebody whose values are all allowed.
    fn ends(&self, n: &Newcomer) -> Result<(LatLon, LatLon), SimError> {
        let mut wrong = Vec::new();
        let mut not = |given: String, allowed: String| {
            wrong.push(SimError::Option {
                flag: "actor",
                given,
                allowed,
            });
        };
        let plain = |c: char| c.is_alphanumeric() || " -_".contains(c);
        if n.name.trim().is_empty() || n.name.len() > 40 || !n.name.chars().all(plain) {
            not(
                format!("name {:?}", n.name),
                "1 to 40 letters, digits, spaces, '-' and '_'".to_owned(),
            );
        }
        if let Some(twice) = n.names().find(|name| self.actors().iter().any(|o| o.name == *name)) {
            not(
                format!("\"{twice}\" is there already"),
                "give it a name of its own".to_owned(),
            );
        }
        let room = MOST.saturating_sub(self.joined).min(20);
        if n.count == 0 || n.count as usize > room {
            not(
                format!("count {}", n.count),
                format!("1 to {room}, {MOST} newcomers in one run"),
            );
        }
        if n.kind.medium() == Medium::Carried {
            not(
                format!("kind {}", n.kind.name()),
                "somebody who moves by itself".to_owned(),
            );
        } else if !(0.05..=n.kind.top_speed_m_s()).contains(&n.speed_m_s) {
            not(
                format!("speed_m_s {} of a {}", n.speed_m_s, n.kind.name()),
                format!("0.05 to {}", n.kind.top_speed_m_s()),
            );
        }
        let ends = [(n.km, n.inside_m), (n.to_km, n.to_inside_m)].map(|(km, inside_m)| {
            let at = self.beside_line(km, inside_m);
            if at.is_none() {
                let length = self.border.length_m() / 1000.0;
                not(
                    format!("place at km {km}, {inside_m} m inside"),
                    format!("km 0 to {length:.1} of {}, within {FAR_M} m of it", self.border.name),
                );
            }
            at.unwrap_or_else(|| self.border.at(0.0))
        });
        SimError::all(wrong)?;
        Ok((ends[0], ends[1]))
    }

    fn compose(&self, world: &World, n: &Newcomer, t_s: f64) -> Result<Vec<Actor>, SimError> {
        let (from, to) = self.ends(n)?;
        let (x, y) = self.frame.plane(to);
        let flies = n.kind.medium() == Medium::Air;
        let up_m = if flies { DRONE_M } else { 0.0 };
        let speed_m_s = n.speed_m_s;
        let steps = [
            Step::StayUntil(t_s),
            if flies {
                Step::Fly { x, y, up_m, speed_m_s }
            } else {
                Step::Go { x, y, speed_m_s }
            },
            Step::Loiter {
                until_s: t_s.max(self.duration_s) + 3_600.0,
                radius_m: if flies { 2.0 } else { 12.0 },
                speed_m_s: speed_m_s.min(0.7),
                pause_s: 12.0,
            },
        ];
        // Chance of its own: the same whoever else was put in at other times.
        let own = n.name.bytes().fold(self.seed ^ 0x4E45_5743, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        let leader = Track::compile_at(self.frame.plane(from), up_m, &steps, own);
        if let Some((is, allowed)) = cast::misplaced(world, &self.frame, n.kind, false, &leader) {
            return Err(SimError::Option {
                flag: "actor",
                given: format!("\"{}\" is {is}", n.name),
                allowed,
            });
        }
        let one = |(k, name): (u32, String)| Actor {
            name,
            kind: n.kind,
            role: n.role,
            size: 1.0,
            track: if k == 0 {
                leader.clone()
            } else {
                leader.behind(APART_M * f64::from(k))
            },
            seed: own.wrapping_add(u64::from(k).wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 8,
        };
        Ok((0..).zip(n.names()).map(one).collect())
    }
}

impl Newcomer {
    /// The name, or those of a group's members.
    fn names(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.count.min(20)).map(|k| {
            if self.count == 1 {
                self.name.clone()
            } else {
                format!("{} {k}", self.name)
            }
        })
    }
}
