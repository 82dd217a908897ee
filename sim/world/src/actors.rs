//! People, animals and vehicles: where each is at every moment.
//!
//! Invariant: an actor's whole way is laid down when the scenario is built, from its steps and
//! its seed; its pose is a function of simulated time. It must not know who watches.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use vedette_geo::Repeatable;
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
    /// A lorry of 7.5 t, 7.2 by 2.4 by 2.9 m.
    Truck,
    /// An open boat with an outboard engine, 6.4 by 2.3 m.
    Boat,
    /// A small coaster, 38 by 8 m.
    Ship,
    /// A quadrotor of 0.9 m.
    Drone,
    /// A bale of 0.6 by 0.5 by 0.4 m, as warm as the air.
    Parcel,
}

/// What a trainee should make of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has to be found and reported.
    Subject,
    /// Belongs to the subjects: a report is right, but none is asked for.
    Accessory,
    /// Draws attention; a report of it is neither right nor wrong.
    Decoy,
    /// Goes about its business; a report of it is false.
    #[default]
    Lawful,
}

/// Where a kind moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// On the ground.
    Land,
    /// On water.
    Water,
    /// In the air.
    Air,
    /// Wherever it is carried.
    Carried,
}

impl ActorKind {
    /// The class an analyst would give it.
    #[must_use]
    pub fn class(self) -> TargetClass {
        match self {
            Self::Person => TargetClass::Person,
            Self::Car | Self::Truck => TargetClass::Vehicle,
            Self::Boat | Self::Ship => TargetClass::Boat,
            Self::Drone | Self::Parcel => TargetClass::Unknown,
            Self::Cow | Self::Chamois | Self::Boar | Self::Dog => TargetClass::Animal,
        }
    }
    /// Every kind by its name in a scenario.
    pub const ALL: [(&'static str, Self); 11] = [
        ("person", Self::Person),
        ("car", Self::Car),
        ("cow", Self::Cow),
        ("chamois", Self::Chamois),
        ("boar", Self::Boar),
        ("dog", Self::Dog),
        ("truck", Self::Truck),
        ("boat", Self::Boat),
        ("ship", Self::Ship),
        ("drone", Self::Drone),
        ("parcel", Self::Parcel),
    ];

    /// Its name in a scenario.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, k)| *k == self).map_or("", |(n, _)| n)
    }

    /// Fastest it can go, metres per second: a sprinter, a galloping animal, a car on a track, a
    /// lorry, a rigid inflatable, a coaster, a small drone.
    #[must_use]
    pub fn top_speed_m_s(self) -> f64 {
        match self {
            Self::Person => 8.0,
            Self::Car => 40.0,
            Self::Cow => 7.0,
            Self::Chamois => 14.0,
            Self::Boar => 12.0,
            Self::Dog => 13.0,
            Self::Truck => 28.0,
            Self::Boat => 25.0,
            Self::Ship => 9.0,
            Self::Drone => 25.0,
            Self::Parcel => 0.0,
        }
    }

    /// Where it moves.
    #[must_use]
    pub fn medium(self) -> Medium {
        match self {
            Self::Person | Self::Car | Self::Truck | Self::Cow | Self::Chamois | Self::Boar | Self::Dog => Medium::Land,
            Self::Boat | Self::Ship => Medium::Water,
            Self::Drone => Medium::Air,
            Self::Parcel => Medium::Carried,
        }
    }

    /// Whether it lives in herds.
    #[must_use]
    pub fn animal(self) -> bool {
        self.class() == TargetClass::Animal
    }

    /// Height above its own foot at which it carries others, metres.
    pub(crate) fn deck_m(self) -> f64 {
        match self {
            Self::Boat => 0.55,
            Self::Ship => 2.6,
            Self::Truck => 1.1,
            Self::Car => 0.5,
            Self::Person => 0.95,
            Self::Drone => -0.75,
            Self::Cow | Self::Chamois | Self::Boar | Self::Dog | Self::Parcel => 0.3,
        }
    }
}

/// A point of an actor's way.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Key {
    t: f64,
    x: f64,
    y: f64,
    /// Above the ground, metres.
    up: f64,
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
    /// Height of its foot above the ground, metres.
    pub up_m: f64,
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
    /// Climbs or sinks while it flies straight to a place.
    Fly {
        /// East, metres.
        x: f64,
        /// North, metres.
        y: f64,
        /// Above the ground at the end, metres.
        up_m: f64,
        /// Speed, metres per second.
        speed_m_s: f64,
    },
    /// Goes once along places.
    Along {
        /// Places in order.
        along: Vec<(f64, f64)>,
        /// Speed, metres per second.
        speed_m_s: f64,
    },
    /// Is carried on another's way until a time, then falls to the ground.
    Ride {
        /// Who carries it.
        on: Track,
        /// Height of the carrier's deck above its foot, metres.
        deck_m: f64,
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
    /// What a trainee should make of it.
    pub role: Role,
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
        Self::compile_at(start, 0.0, steps, seed)
    }

    /// Like [`Track::compile`], starting so many metres above the ground.
    #[must_use]
    pub fn compile_at(start: (f64, f64), up_m: f64, steps: &[Step], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut keys = vec![Key {
            t: 0.0,
            x: start.0,
            y: start.1,
            up: up_m,
            walked: 0.0,
        }];
        for s in steps {
            match s {
                Step::StayUntil(t) => stay(&mut keys, *t),
                Step::Go { x, y, speed_m_s } => go(&mut keys, *x, *y, *speed_m_s),
                Step::Fly { x, y, up_m, speed_m_s } => fly(&mut keys, *x, *y, *up_m, *speed_m_s),
                Step::Along { along, speed_m_s } => {
                    for p in along {
                        go(&mut keys, p.0, p.1, *speed_m_s);
                    }
                }
                Step::Ride { on, deck_m, until_s } => ride(&mut keys, on, *deck_m, *until_s),
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
                        go(&mut keys, c.x + r * a.cos_r(), c.y + r * a.sin_r(), *speed_m_s);
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
                up_m: 0.0,
            };
        };
        let (a, b) = if n == 0 {
            (first, first)
        } else {
            (&self.keys[n - 1], self.keys.get(n).unwrap_or(last))
        };
        let dt = b.t - a.t;
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let step = dx.hypot_r(dy);
        let share = if dt > 1e-9 {
            ((t - a.t) / dt).clamp(0.0, 1.0)
        } else {
            0.0
        };
        // Standing: faces the way it last went, or will first go.
        let facing = if step > 1e-6 {
            dy.atan2_r(dx)
        } else {
            let moved = |w: &[Key]| {
                let (ex, ey) = (w[1].x - w[0].x, w[1].y - w[0].y);
                (ex.hypot_r(ey) > 1e-6).then(|| ey.atan2_r(ex))
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
            up_m: a.up + (b.up - a.up) * share,
        }
    }

    /// The way of the one so many metres behind: it sets out at the same moment, comes by the
    /// leader's start and follows later by the time that distance takes.
    #[must_use]
    pub fn behind(&self, metres: f64) -> Self {
        let Some(k) = self
            .keys
            .windows(2)
            .position(|w| (w[1].x - w[0].x).hypot_r(w[1].y - w[0].y) > 1e-6)
        else {
            // Nobody moves: it stands a little aside.
            let mut keys = self.keys.clone();
            for key in &mut keys {
                key.x += metres;
            }
            return Self { keys };
        };
        let (a, b) = (self.keys[k], self.keys[k + 1]);
        let length = (b.x - a.x).hypot_r(b.y - a.y);
        // The pace of the longest stretch: that is where a column is seen as one.
        let speed = self
            .keys
            .windows(2)
            .map(|w| ((w[1].x - w[0].x).hypot_r(w[1].y - w[0].y), w[1].t - w[0].t))
            .max_by(|p, q| p.0.total_cmp(&q.0))
            .map_or(1.0, |(d, t)| d / t.max(1e-9));
        let (dx, dy) = ((b.x - a.x) / length, (b.y - a.y) / length);
        let late = metres / speed;
        let from = Key {
            x: a.x - dx * metres,
            y: a.y - dy * metres,
            ..a
        };
        let mut keys: Vec<Key> = self.keys[..k].iter().map(|q| Key { t: q.t, ..from }).collect();
        keys.push(from);
        keys.extend(self.keys[k..].iter().map(|q| Key {
            t: q.t + late,
            walked: q.walked + metres,
            ..*q
        }));
        Self { keys }
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
        let d = (x - k.x).hypot_r(y - k.y);
        if d > 1e-6 && speed > 1e-6 {
            keys.push(Key {
                t: k.t + d / speed,
                x,
                y,
                up: k.up,
                walked: k.walked + d,
            });
        }
    }
}

fn fly(keys: &mut Vec<Key>, x: f64, y: f64, up: f64, speed: f64) {
    if let Some(&k) = keys.last() {
        let flat = (x - k.x).hypot_r(y - k.y);
        let d = flat.hypot_r(up - k.up);
        if d > 1e-6 && speed > 1e-6 {
            keys.push(Key {
                t: k.t + d / speed,
                x,
                y,
                up,
                walked: k.walked + flat,
            });
        }
    }
}

/// The carrier's way from now on; what hangs in the air at the end falls freely.
fn ride(keys: &mut Vec<Key>, on: &Track, deck_m: f64, until: f64) {
    let Some(&last) = keys.last() else { return };
    // It takes a second to be lifted.
    let lifted = if last.t > 0.0 { last.t + 1.0 } else { 0.0 };
    let (p0, p1) = (on.pose(lifted), on.pose(until));
    let key = |t: f64, p: &ActorPose, walked: f64| Key {
        t,
        x: p.x,
        y: p.y,
        up: (p.up_m + deck_m).max(0.0),
        walked,
    };
    // What is carried does not walk: its gait stands still.
    if last.t <= 0.0 {
        keys.pop();
    }
    keys.push(key(lifted, &p0, last.walked));
    for q in on.keys.iter().filter(|q| q.t > lifted && q.t < until) {
        let p = on.pose(q.t);
        keys.push(key(q.t, &p, last.walked));
    }
    if until > lifted {
        keys.push(key(until, &p1, last.walked));
    }
    if let Some(&k) = keys.last()
        && k.up > 0.0
    {
        // Free fall from rest, air resistance left out.
        let fall = (2.0 * k.up / vedette_geo::G_M_S2).sqrt().max(0.1);
        keys.push(Key {
            t: k.t + fall,
            up: 0.0,
            ..k
        });
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
                up: a.up + (b.up - a.up) * s,
                walked: a.walked + (b.walked - a.walked) * s,
            });
            break;
        }
    }
}
