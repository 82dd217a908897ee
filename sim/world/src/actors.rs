//! People, animals and vehicles: where each is at every moment.
//!
//! Invariant: an actor's whole way is laid down when the scenario is built, from its steps and
//! its seed; its pose is a function of simulated time. It must not know who watches.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use vedette_model::TargetClass;

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A grown person on foot, 1.75 m.
    Person,
    /// A car or small van, 4.5 by 1.8 by 1.5 m, engine running when it moves.
    Car,
    /// A cow, 1.4 m at the withers.
    Cow,
    /// A chamois, 0.75 m at the withers.
    Chamois,
    /// A wild boar, 0.8 m.
    Boar,
    /// A dog, 0.6 m.
    Dog,
}

impl ActorKind {
    /// The class an analyst would give it.
    #[must_use]
    pub fn class(self) -> TargetClass {
        match self {
            Self::Person => TargetClass::Person,
            Self::Car => TargetClass::Vehicle,
            Self::Cow | Self::Chamois | Self::Boar | Self::Dog => TargetClass::Animal,
        }
    }
    /// Every kind by its name in a scenario.
    pub const ALL: [(&'static str, Self); 6] = [
        ("person", Self::Person),
        ("car", Self::Car),
        ("cow", Self::Cow),
        ("chamois", Self::Chamois),
        ("boar", Self::Boar),
        ("dog", Self::Dog),
    ];
}

/// A point of an actor's way.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Key {
    t: f64,
    x: f64,
    y: f64,
    walked: f64,
}

/// A way through the scene: places at times, straight in between.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    keys: Vec<Key>,
}

/// Where an actor is and how it moves, on the scene's map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActorPose {
    /// East of the scene's origin, metres.
    pub x: f64,
    /// North of it, metres.
    pub y: f64,
    /// Direction it faces, radians from east, counter-clockwise.
    pub facing: f64,
    /// Over ground, metres per second.
    pub speed_m_s: f64,
    /// Way gone since the start, metres; drives the gait.
    pub walked_m: f64,
}

/// One thing an actor does, on the scene's map.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Stands until a time, seconds of the scenario.
    StayUntil(f64),
    /// Paces about within a radius of where it is until a time.
    Loiter {
        /// Until, seconds.
        until_s: f64,
        /// Radius, metres.
        radius_m: f64,
        /// Speed while moving, metres per second.
        speed_m_s: f64,
        /// Longest pause between two moves, seconds.
        pause_s: f64,
    },
    /// Goes straight to a place.
    Go {
        /// East, metres.
        x: f64,
        /// North, metres.
        y: f64,
        /// Speed, metres per second.
        speed_m_s: f64,
    },
    /// Goes along places, back and forth until a time.
    Shuttle {
        /// Places in order; it starts at the one nearest the beginning of the list.
        along: Vec<(f64, f64)>,
        /// Speed, metres per second.
        speed_m_s: f64,
        /// Until, seconds.
        until_s: f64,
    },
}

/// An actor of the scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// Name in the scenario.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// Height of a person, length of anything else, as a share of the usual.
    pub size: f64,
    /// Its way.
    pub track: Track,
    /// Its own share of the scenario's chance.
    pub seed: u64,
}

impl Track {
    /// Lays down a way from its steps.
    #[must_use]
    pub fn compile(start: (f64, f64), steps: &[Step], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut keys = vec![Key {
            t: 0.0,
            x: start.0,
            y: start.1,
            walked: 0.0,
        }];
        for s in steps {
            match s {
                Step::StayUntil(t) => stay(&mut keys, *t),
                Step::Go { x, y, speed_m_s } => go(&mut keys, *x, *y, *speed_m_s),
                Step::Loiter {
                    until_s,
                    radius_m,
                    speed_m_s,
                    pause_s,
                } => {
                    let Some(c) = keys.last().copied() else {
                        continue;
                    };
                    let mut guard = 0;
                    while keys.last().is_some_and(|k| k.t < *until_s) && guard < 20_000 {
                        guard += 1;
                        let r = radius_m * rng.random_range(0.0..1.0_f64).sqrt();
                        let a = rng.random_range(0.0..std::f64::consts::TAU);
                        let pause = rng.random_range(0.0..=pause_s.max(0.01));
                        go(&mut keys, c.x + r * a.cos(), c.y + r * a.sin(), *speed_m_s);
                        let t = keys.last().map_or(0.0, |k| k.t) + pause;
                        stay(&mut keys, t);
                    }
                    cut(&mut keys, *until_s);
                }
                Step::Shuttle {
                    along,
                    speed_m_s,
                    until_s,
                } => {
                    let mut forward = true;
                    let mut guard = 0;
                    while along.len() > 1 && keys.last().is_some_and(|k| k.t < *until_s) && guard < 10_000 {
                        guard += 1;
                        let before = keys.last().map_or(0.0, |k| k.t);
                        let order: Vec<_> = if forward {
                            along.clone()
                        } else {
                            along.iter().rev().copied().collect()
                        };
                        for p in order {
                            go(&mut keys, p.0, p.1, *speed_m_s);
                        }
                        let t = keys.last().map_or(0.0, |k| k.t);
                        stay(&mut keys, t + 4.0);
                        if t <= before {
                            break;
                        }
                        forward = !forward;
                    }
                    cut(&mut keys, *until_s);
                }
            }
        }
        Self { keys }
    }

    /// Where it is at `t` seconds; before its start and after its end it stands still.
    #[must_use]
    pub fn pose(&self, t: f64) -> ActorPose {
        let n = self.keys.partition_point(|k| k.t <= t);
        let (Some(first), Some(last)) = (self.keys.first(), self.keys.last()) else {
            return ActorPose {
                x: 0.0,
                y: 0.0,
                facing: 0.0,
                speed_m_s: 0.0,
                walked_m: 0.0,
            };
        };
        let (a, b) = if n == 0 {
            (first, first)
        } else {
            (&self.keys[n - 1], self.keys.get(n).unwrap_or(last))
        };
        let dt = b.t - a.t;
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let step = dx.hypot(dy);
        let share = if dt > 1e-9 {
            ((t - a.t) / dt).clamp(0.0, 1.0)
        } else {
            0.0
        };
        // Standing: faces the way it last went, or will first go.
        let facing = if step > 1e-6 {
            dy.atan2(dx)
        } else {
            let moved = |w: &[Key]| {
                let (ex, ey) = (w[1].x - w[0].x, w[1].y - w[0].y);
                (ex.hypot(ey) > 1e-6).then(|| ey.atan2(ex))
            };
            self.keys[..n.max(1)]
                .windows(2)
                .rev()
                .find_map(moved)
                .or_else(|| self.keys.windows(2).find_map(moved))
                .unwrap_or(0.0)
        };
        ActorPose {
            x: a.x + dx * share,
            y: a.y + dy * share,
            facing,
            speed_m_s: if dt > 1e-9 { step / dt } else { 0.0 },
            walked_m: a.walked + step * share,
        }
    }

    /// When it last changes, seconds.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.keys.last().map_or(0.0, |k| k.t)
    }

    /// Straight pieces of the way: from (t, x, y) to (t, x, y).
    pub fn pieces(&self) -> impl Iterator<Item = ((f64, f64, f64), (f64, f64, f64))> + '_ {
        self.keys
            .windows(2)
            .map(|w| ((w[0].t, w[0].x, w[0].y), (w[1].t, w[1].x, w[1].y)))
    }
}

fn stay(keys: &mut Vec<Key>, until: f64) {
    if let Some(&k) = keys.last()
        && until > k.t
    {
        keys.push(Key { t: until, ..k });
    }
}

fn go(keys: &mut Vec<Key>, x: f64, y: f64, speed: f64) {
    if let Some(&k) = keys.last() {
        let d = (x - k.x).hypot(y - k.y);
        if d > 1e-6 && speed > 1e-6 {
            keys.push(Key {
                t: k.t + d / speed,
                x,
                y,
                walked: k.walked + d,
            });
        }
    }
}

/// Ends the way at `until`, wherever it is then.
fn cut(keys: &mut Vec<Key>, until: f64) {
    while keys.len() > 1 {
        let (b, a) = (keys[keys.len() - 1], keys[keys.len() - 2]);
        if b.t <= until {
            break;
        }
        keys.pop();
        if a.t < until {
            let s = (until - a.t) / (b.t - a.t);
            keys.push(Key {
                t: until,
                x: a.x + (b.x - a.x) * s,
                y: a.y + (b.y - a.y) * s,
                walked: a.walked + (b.walked - a.walked) * s,
            });
            break;
        }
    }
}
