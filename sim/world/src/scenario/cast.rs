//! The scenario's actors, checked, with their ways laid down.
//!
//! Invariant: nobody stands where their kind cannot be, nobody goes faster than their kind can,
//! and who is carried is carried by somebody.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use toml::Spanned;
use vedette_atlas::{Border, World};
use vedette_geo::{LatLon, LocalFrame, Repeatable};

use super::Crossing;
use super::file::{ActorFile, ScenarioFile, StepFile};
use super::resolve::{Ctx, Named};
use crate::actors::{Actor, ActorKind, Medium, Step, Track};

/// Metres between two looks at the ground along an actor's way.
const LOOK_M: f64 = 25.0;

struct Cast<'c, 'w> {
    cx: &'c Ctx<'w>,
    frame: &'c LocalFrame,
    named: &'c Named,
    out: Vec<Actor>,
}

pub(super) fn actors(
    cx: &Ctx<'_>,
    raw: &ScenarioFile,
    frame: &LocalFrame,
    starts: &[LatLon],
    named: &Named,
    seed: u64,
) -> Vec<Actor> {
    let mut c = Cast {
        cx,
        frame,
        named,
        out: Vec::new(),
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xAC70_0000);
    for (a, start) in raw.actor.iter().zip(starts) {
        let own: u64 = rng.random();
        c.add(a, *start, own);
    }
    c.out
}

impl Cast<'_, '_> {
    fn add(&mut self, a: &ActorFile, start: LatLon, own: u64) {
        let cx = self.cx;
        let at = a.name.span().start;
        let name = a.name.get_ref().clone();
        let flies = a.kind.medium() == Medium::Air;
        let up = if flies {
            cx.range(at, "actor.height_m", a.height_m, 0.0, 1_500.0)
        } else {
            cx.range(at, "actor.height_m", a.height_m, 0.0, 0.0)
        };
        let count = cx.range(at, "actor.count", f64::from(a.count), 1.0, 40.0) as u32;
        let spacing = cx.range(at, "actor.spacing_m", a.spacing_m, 0.5, 500.0);
        let size = cx.range(at, "actor.size", a.size, 0.3, 3.0);
        let from = self.frame.plane(start);
        let mut steps = Vec::new();
        let mut last = (from, up);
        for s in &a.step {
            if let Some(step) = self.step(a.kind, s, &mut last) {
                steps.push(step);
            }
        }
        let herd = a.kind.animal();
        let leader = Track::compile_at(from, up, &steps, own);
        self.footing(at, &name, a.kind, &steps, &leader);
        for k in 0..count {
            let name = if count == 1 {
                name.clone()
            } else {
                format!("{name} {}", k + 1)
            };
            if self.out.iter().any(|o| o.name == name) {
                cx.wrong(
                    at,
                    format!("actor \"{name}\" is there twice"),
                    "give each actor its own name",
                );
            }
            let mine = own.wrapping_add(u64::from(k).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let track = match (k, herd) {
                (0, _) => leader.clone(),
                // Rings of six around the first.
                (_, true) => {
                    let ring = f64::from(1 + (k - 1) / 6);
                    let angle = f64::from(k) * 1.047 + 0.3 * ring;
                    let at = (
                        from.0 + spacing * ring * angle.cos_r(),
                        from.1 + spacing * ring * angle.sin_r(),
                    );
                    Track::compile_at(at, up, &steps, mine)
                }
                (_, false) => leader.behind(spacing * f64::from(k)),
            };
            self.out.push(Actor {
                name,
                kind: a.kind,
                role: a.role,
                size,
                track,
                seed: mine >> 8,
            });
        }
    }

    fn step(&self, kind: ActorKind, s: &Spanned<StepFile>, last: &mut ((f64, f64), f64)) -> Option<Step> {
        let (cx, at) = (self.cx, s.span().start);
        let top = kind.top_speed_m_s();
        let speed = |v: f64| {
            if top > 0.0 {
                cx.range(at, &format!("step.speed_m_s of a {}", kind.name()), v, 0.05, top)
            } else {
                cx.wrong(
                    at,
                    format!("a {} does not move by itself", kind.name()),
                    "let it `ride` on somebody",
                );
                1.0
            }
        };
        let radius = |v: f64| cx.range(at, "step.radius_m", v, 0.5, 2_000.0);
        Some(match s.get_ref() {
            StepFile::Stay { until_s } => Step::StayUntil(cx.when(at, "step.until_s", until_s)),
            StepFile::Loiter {
                until_s,
                radius_m,
                speed_m_s,
                pause_s,
            } => Step::Loiter {
                until_s: cx.when(at, "step.until_s", until_s),
                radius_m: radius(*radius_m),
                speed_m_s: speed(*speed_m_s),
                pause_s: cx.range(at, "step.pause_s", *pause_s, 0.0, 3_600.0),
            },
            StepFile::Graze { until_s, radius_m } => Step::Loiter {
                until_s: cx.when(at, "step.until_s", until_s),
                radius_m: radius(*radius_m),
                speed_m_s: 0.25,
                pause_s: 25.0,
            },
            StepFile::Go {
                to,
                speed_m_s,
                height_m,
            } => {
                let (x, y) = self.frame.plane(cx.place(at, "step.to", to));
                let speed_m_s = speed(*speed_m_s);
                if kind.medium() != Medium::Air {
                    if height_m.is_some() {
                        cx.wrong(
                            at,
                            format!("step.height_m of a {}", kind.name()),
                            "only drones have a height",
                        );
                    }
                    last.0 = (x, y);
                    return Some(Step::Go { x, y, speed_m_s });
                }
                let up_m = height_m.map_or(last.1, |h| cx.range(at, "step.height_m", h, 0.0, 1_500.0));
                *last = ((x, y), up_m);
                Step::Fly { x, y, up_m, speed_m_s }
            }
            StepFile::Follow {
                track,
                speed_m_s,
                until_s,
                once,
                reverse,
            } => {
                let Some(along) = self.named.get(track) else {
                    cx.wrong(
                        at,
                        format!("step.track \"{track}\" is not there"),
                        format!(
                            "the scenario's tracks are {}",
                            self.named.keys().cloned().collect::<Vec<_>>().join(", ")
                        ),
                    );
                    return None;
                };
                let mut along = along.clone();
                if *reverse {
                    along.reverse();
                }
                let speed_m_s = speed(*speed_m_s);
                match (once, until_s) {
                    (true, None) => Step::Along { along, speed_m_s },
                    (false, Some(u)) => Step::Shuttle {
                        along,
                        speed_m_s,
                        until_s: cx.when(at, "step.until_s", u),
                    },
                    (true, Some(_)) => {
                        cx.wrong(
                            at,
                            "step follow has `once` and `until_s`".to_owned(),
                            "give one of them",
                        );
                        return None;
                    }
                    (false, None) => {
                        cx.wrong(
                            at,
                            "step follow lacks `until_s`".to_owned(),
                            "give `until_s`, or `once = true`",
                        );
                        return None;
                    }
                }
            }
            StepFile::Ride { on, until_s } => {
                let Some(carrier) = self.out.iter().find(|o| o.name == *on) else {
                    cx.wrong(
                        at,
                        format!("step ride names \"{on}\""),
                        format!(
                            "name an actor that stands earlier in the file: {}",
                            self.out.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join(", ")
                        ),
                    );
                    return None;
                };
                Step::Ride {
                    on: carrier.track.clone(),
                    deck_m: carrier.kind.deck_m(),
                    until_s: cx.when(at, "step.until_s", until_s),
                }
            }
        })
    }

    /// Complains of the first place on its way where it cannot be.
    fn footing(&self, at: usize, name: &str, kind: ActorKind, steps: &[Step], track: &Track) {
        let rides = steps.iter().any(|s| matches!(s, Step::Ride { .. }));
        if let Some((is, needs)) = misplaced(self.cx.world, self.frame, kind, rides, track) {
            self.cx.wrong(at, format!("actor \"{name}\" is {is}"), needs);
        }
    }
}

/// The first place on a way where its kind cannot be: what is wrong there, and what is allowed.
pub(super) fn misplaced(
    world: &World,
    frame: &LocalFrame,
    kind: ActorKind,
    rides: bool,
    track: &Track,
) -> Option<(String, String)> {
    let check = |x: f64, y: f64, t: f64| -> Option<(String, String)> {
        let p = frame.from_plane(x, y);
        let Some(z) = world.terrain.elevation(p) else {
            return Some((
                format!("off the terrain at {p} ({t:.0} s)"),
                format!("stay inside the heights of {}", world.terrain.source().label),
            ));
        };
        let (is, needs) = match kind.medium() {
            Medium::Water if z.0 > SHORE_M => ("aground", "keep boats and ships on water, at most at its edge"),
            Medium::Land if z.0 <= 0.0 && !rides => ("in the water", "keep it on land, or let it ride on a boat"),
            Medium::Water | Medium::Land | Medium::Air | Medium::Carried => return None,
        };
        Some((format!("{is} at {p} ({t:.0} s)"), needs.to_owned()))
    };
    let first = track.pose(0.0);
    let on_the_way = track.pieces().take(2_000).flat_map(|((ta, xa, ya), (tb, xb, yb))| {
        let n = ((xb - xa).hypot_r(yb - ya) / LOOK_M).ceil().clamp(1.0, 2_000.0) as usize;
        (1..=n).map(move |k| {
            let s = k as f64 / n as f64;
            (xa + (xb - xa) * s, ya + (yb - ya) * s, ta + (tb - ta) * s)
        })
    });
    std::iter::once((first.x, first.y, 0.0))
        .chain(on_the_way)
        .find_map(|(x, y, t)| check(x, y, t))
}

/// Ground up to here is the water's edge, metres: a boat may run up on it.
const SHORE_M: f64 = 1.5;

/// Every change of side along every way, to a millisecond.
pub(super) fn crossings(actors: &[Actor], frame: &LocalFrame, border: &Border) -> Vec<Crossing> {
    let side = |x: f64, y: f64| border.nearest(frame.from_plane(x, y)).signed_m;
    let mut out = Vec::new();
    for a in actors {
        for ((ta, xa, ya), (tb, xb, yb)) in a.track.pieces() {
            let length = (xb - xa).hypot_r(yb - ya);
            if length < 1e-6 {
                continue;
            }
            let at = |s: f64| (xa + (xb - xa) * s, ya + (yb - ya) * s);
            let n = (length / 2.0).ceil().max(1.0) as usize;
            let mut s0 = 0.0;
            let mut d0 = side(xa, ya);
            // Far from the line nothing can change sides on this piece.
            if d0.abs() > length + 1.0 {
                continue;
            }
            for k in 1..=n {
                let s1 = k as f64 / n as f64;
                let (x, y) = at(s1);
                let d1 = side(x, y);
                if (d0 > 0.0) != (d1 > 0.0) {
                    let (mut lo, mut hi) = (s0, s1);
                    for _ in 0..30 {
                        let m = 0.5 * (lo + hi);
                        let (mx, my) = at(m);
                        if (side(mx, my) > 0.0) == (d0 > 0.0) {
                            lo = m;
                        } else {
                            hi = m;
                        }
                    }
                    let (x, y) = at(hi);
                    let near = border.nearest(frame.from_plane(x, y));
                    out.push(Crossing {
                        actor: a.name.clone(),
                        t_s: ta + (tb - ta) * hi,
                        at: near.at,
                        km: near.chainage_m / 1000.0,
                        inwards: d1 > 0.0,
                    });
                }
                s0 = s1;
                d0 = d1;
            }
        }
    }
    out.sort_by(|p, q| p.t_s.total_cmp(&q.t_s).then(p.actor.cmp(&q.actor)));
    out
}
