//! Bodies of actors as solids with temperatures and colours.
//!
//! Invariant: real sizes in metres; the foot is at the given point. Temperatures are what a
//! long-wave camera sees (skin through clothing), not what a thermometer would.

use crate::actors::{ActorKind, ActorPose};
use crate::light::Light;
use crate::shapes::{Solid, V3};
use vedette_geo::Repeatable;

/// One solid of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) solid: Solid,
    pub(crate) temp_c: f32,
    pub(crate) albedo: [f32; 3],
}

/// Axes of a body: forward and left on the ground.
struct Axes {
    foot: V3,
    c: f32,
    s: f32,
    k: f32,
}

impl Axes {
    fn p(&self, fwd: f32, left: f32, up: f32) -> V3 {
        let (f, l) = (fwd * self.k, left * self.k);
        [
            self.foot[0] + f * self.c - l * self.s,
            self.foot[1] + f * self.s + l * self.c,
            self.foot[2] + up * self.k,
        ]
    }
    fn fwd(&self) -> (f32, f32) {
        (self.c, self.s)
    }
}

/// The solids of an actor at a pose, its foot at `foot`.
pub(crate) fn parts(
    kind: ActorKind,
    size: f32,
    pose: &ActorPose,
    foot: V3,
    seed: u64,
    t: f64,
    light: &Light,
) -> Vec<Part> {
    let (s, c) = (pose.facing as f32).sin_cos_r();
    let ax = Axes { foot, c, s, k: size };
    match kind {
        ActorKind::Person => person(&ax, pose, seed, t, light),
        ActorKind::Car => car(&ax, pose, seed, light),
        ActorKind::Cow => beast(&ax, pose, [2.1, 1.40, 0.33], light, seed, t),
        ActorKind::Chamois => beast(&ax, pose, [1.05, 0.78, 0.17], light, seed, t),
        ActorKind::Boar => beast(&ax, pose, [1.25, 0.78, 0.21], light, seed, t),
        ActorKind::Dog => beast(&ax, pose, [0.85, 0.58, 0.12], light, seed, t),
        ActorKind::Truck => truck(&ax, pose, seed, light),
        ActorKind::Boat => boat(&ax, pose, light),
        ActorKind::Ship => ship(&ax, light),
        ActorKind::Drone => drone(&ax, light),
        ActorKind::Parcel => vec![block(
            &ax,
            [0.0, 0.0, 0.2],
            [0.30, 0.25, 0.20],
            light.air_c - 0.5,
            [0.20, 0.16, 0.10],
        )],
    }
}

/// Height and half width of an actor's outline, metres.
pub(crate) fn outline(kind: ActorKind, size: f32) -> (f32, f32) {
    let (tall, half) = match kind {
        ActorKind::Person => (1.75, 0.28),
        ActorKind::Car => (1.5, 1.1),
        ActorKind::Cow => (1.4, 0.7),
        ActorKind::Chamois => (0.78, 0.35),
        ActorKind::Boar => (0.78, 0.4),
        ActorKind::Dog => (0.58, 0.25),
        ActorKind::Truck => (2.9, 1.6),
        ActorKind::Boat => (1.0, 1.5),
        ActorKind::Ship => (9.0, 5.0),
        ActorKind::Drone => (0.25, 0.4),
        ActorKind::Parcel => (0.4, 0.3),
    };
    (tall * size, half * size)
}

fn block(ax: &Axes, c: V3, half: V3, temp_c: f32, albedo: [f32; 3]) -> Part {
    let k = ax.k;
    Part {
        solid: Solid::Block {
            c: ax.p(c[0], c[1], c[2]),
            fwd: ax.fwd(),
            half: [half[0] * k, half[1] * k, half[2] * k],
        },
        temp_c,
        albedo,
    }
}

/// 7.2 by 2.4 by 2.9 m at size 1: cab, box body, wheels.
fn truck(ax: &Axes, pose: &ActorPose, seed: u64, light: &Light) -> Vec<Part> {
    let (air, metal) = (light.air_c, light.metal_c());
    let warm = (pose.walked_m / 600.0).min(1.0) as f32;
    let paint = [[0.50, 0.50, 0.48], [0.16, 0.18, 0.22], [0.34, 0.30, 0.20]][((seed >> 5) % 3) as usize];
    let mut out = vec![
        block(ax, [-0.95, 0.0, 1.85], [2.65, 1.20, 1.05], metal, paint),
        block(ax, [2.65, 0.0, 1.30], [0.85, 1.10, 0.75], metal + 1.0, paint),
        block(ax, [2.95, 0.0, 0.75], [0.60, 1.05, 0.35], metal + 20.0 * warm, paint),
        block(
            ax,
            [2.75, 0.0, 2.00],
            [0.70, 1.00, 0.20],
            metal - 2.0,
            [0.05, 0.06, 0.07],
        ),
    ];
    for (f, l) in [(2.5, 1.0), (2.5, -1.0), (-2.3, 1.0), (-2.3, -1.0)] {
        out.push(capsule(
            ax.p(f, l, 0.45),
            ax.p(f, l * 1.02, 0.45),
            0.45 * ax.k,
            air + 14.0 * warm,
            [0.03, 0.03, 0.03],
        ));
    }
    out
}

/// An open boat of 6.4 by 2.3 m: two tubes, floor, console, outboard engine.
fn boat(ax: &Axes, pose: &ActorPose, light: &Light) -> Vec<Part> {
    let (air, k) = (light.air_c, ax.k);
    let warm = (pose.walked_m / 800.0).min(1.0) as f32;
    let tube = [0.10, 0.10, 0.11];
    let rubber = air - 1.0;
    vec![
        capsule(ax.p(-2.8, 0.95, 0.35), ax.p(1.9, 0.85, 0.42), 0.25 * k, rubber, tube),
        capsule(ax.p(-2.8, -0.95, 0.35), ax.p(1.9, -0.85, 0.42), 0.25 * k, rubber, tube),
        capsule(ax.p(1.9, 0.85, 0.42), ax.p(3.0, 0.0, 0.60), 0.24 * k, rubber, tube),
        capsule(ax.p(1.9, -0.85, 0.42), ax.p(3.0, 0.0, 0.60), 0.24 * k, rubber, tube),
        block(ax, [-0.4, 0.0, 0.25], [2.4, 0.80, 0.08], air - 0.5, [0.22, 0.22, 0.20]),
        block(ax, [-0.6, 0.0, 0.80], [0.35, 0.35, 0.45], air, [0.40, 0.40, 0.38]),
        block(
            ax,
            [-3.0, 0.0, 0.75],
            [0.22, 0.25, 0.35],
            air + 28.0 * warm,
            [0.06, 0.06, 0.07],
        ),
    ]
}

/// A coaster of 38 by 8 m: hull, hold, bridge aft, warm funnel.
fn ship(ax: &Axes, light: &Light) -> Vec<Part> {
    let metal = light.metal_c();
    let hull = [0.10, 0.13, 0.17];
    vec![
        block(ax, [-1.5, 0.0, 1.3], [16.5, 4.0, 1.6], metal, hull),
        block(ax, [16.5, 0.0, 1.7], [2.5, 2.4, 1.8], metal, hull),
        block(ax, [2.0, 0.0, 3.2], [11.0, 3.0, 0.5], metal + 0.5, [0.24, 0.12, 0.08]),
        block(ax, [-14.0, 0.0, 5.2], [3.0, 3.4, 2.6], metal + 2.0, [0.55, 0.55, 0.52]),
        block(
            ax,
            [-15.0, 0.0, 8.6],
            [0.9, 0.9, 1.1],
            light.air_c + 35.0,
            [0.30, 0.08, 0.05],
        ),
    ]
}

/// A quadrotor of 0.9 m: body with warm motors and battery.
fn drone(ax: &Axes, light: &Light) -> Vec<Part> {
    let air = light.air_c;
    let mut out = vec![block(
        ax,
        [0.0, 0.0, 0.10],
        [0.20, 0.12, 0.08],
        air + 9.0,
        [0.12, 0.12, 0.13],
    )];
    for (f, l) in [(0.32, 0.32), (0.32, -0.32), (-0.32, 0.32), (-0.32, -0.32)] {
        out.push(capsule(
            ax.p(0.0, 0.0, 0.10),
            ax.p(f, l, 0.14),
            0.02 * ax.k,
            air,
            [0.08, 0.08, 0.08],
        ));
        out.push(capsule(
            ax.p(f, l, 0.12),
            ax.p(f, l, 0.18),
            0.045 * ax.k,
            air + 22.0,
            [0.08, 0.08, 0.08],
        ));
    }
    out
}

fn capsule(a: V3, b: V3, r: f32, temp_c: f32, albedo: [f32; 3]) -> Part {
    Part {
        solid: Solid::Capsule { a, b, r },
        temp_c,
        albedo,
    }
}

/// 1.75 m tall at size 1: crown of the head at 1.75, shoulders 0.46 wide.
fn person(ax: &Axes, pose: &ActorPose, seed: u64, t: f64, light: &Light) -> Vec<Part> {
    let air = light.air_c;
    let cloth = air + (26.0 - air) * 0.42;
    let skin = air.max(-5.0) + (33.0 - air) * 0.80;
    let coats = [
        [0.10, 0.11, 0.14],
        [0.16, 0.10, 0.07],
        [0.09, 0.12, 0.09],
        [0.22, 0.06, 0.05],
    ];
    let coat = coats[(seed % 4) as usize];
    let trousers = [0.07, 0.075, 0.09];
    let face = [0.42, 0.30, 0.22];
    let walking = pose.speed_m_s > 0.15;
    // A stride (two steps) is about 0.41 of the body height times two; Grieve & Gear 1966.
    let phase = if walking {
        (pose.walked_m / 1.42 * std::f64::consts::TAU) as f32
    } else {
        0.0
    };
    let swing = if walking { 0.24 * phase.sin_r() } else { 0.03 };
    let sway = if walking {
        0.02 * (2.0 * phase).cos_r()
    } else {
        0.015 * ((t * 0.7) as f32 + seed as f32).sin_r()
    };
    let k = ax.k;
    let mut out = Vec::with_capacity(8);
    for (side, sw) in [(1.0_f32, swing), (-1.0, -swing)] {
        let hip = ax.p(0.0, 0.09 * side, 0.88);
        let knee = ax.p(0.35 * sw + 0.03 + 0.04 * sw.abs(), 0.09 * side, 0.48);
        let foot = ax.p(sw, 0.09 * side, 0.06 + 0.05 * (-sw).max(0.0));
        out.push(capsule(hip, knee, 0.085 * k, cloth + 1.0, trousers));
        out.push(capsule(knee, foot, 0.062 * k, cloth - 1.0, trousers));
        let shoulder = ax.p(0.0, 0.19 * side, 1.40 + sway * 0.3);
        let hand = ax.p(-0.8 * sw + 0.06, 0.24 * side, 0.86);
        out.push(capsule(shoulder, hand, 0.052 * k, cloth + 2.0, coat));
    }
    out.push(capsule(
        ax.p(0.0, 0.0, 0.95),
        ax.p(0.03, 0.0, 1.32 + sway * 0.3),
        0.165 * k,
        cloth + 3.0,
        coat,
    ));
    out.push(capsule(
        ax.p(0.03, -0.10, 1.37),
        ax.p(0.03, 0.10, 1.37),
        0.10 * k,
        cloth + 3.0,
        coat,
    ));
    out.push(Part {
        solid: Solid::Ellipsoid {
            c: ax.p(0.04, 0.0, 1.625),
            fwd: ax.fwd(),
            r: [0.105 * k, 0.085 * k, 0.125 * k],
        },
        temp_c: skin,
        albedo: face,
    });
    if !seed.is_multiple_of(3) {
        // A rucksack hides the warm back.
        out.push(Part {
            solid: Solid::Block {
                c: ax.p(-0.22, 0.0, 1.18),
                fwd: ax.fwd(),
                half: [0.10 * k, 0.15 * k, 0.22 * k],
            },
            temp_c: air + 2.0,
            albedo: [0.13, 0.14, 0.08],
        });
    }
    out
}

/// 4.5 by 1.8 by 1.5 m at size 1.
fn car(ax: &Axes, pose: &ActorPose, seed: u64, light: &Light) -> Vec<Part> {
    let air = light.air_c;
    let k = ax.k;
    let paint = [
        [0.55, 0.55, 0.53],
        [0.12, 0.14, 0.18],
        [0.30, 0.05, 0.04],
        [0.10, 0.20, 0.14],
    ][((seed >> 3) % 4) as usize];
    // Bodywork radiates to a cold sky, glass even more; engine and tyres warm up with way gone.
    let warm = (pose.walked_m / 400.0).min(1.0) as f32;
    let metal = light.metal_c();
    let mut out = Vec::with_capacity(10);
    let block = |c: V3, half: V3, temp_c: f32, albedo: [f32; 3]| Part {
        solid: Solid::Block {
            c,
            fwd: ax.fwd(),
            half: [half[0] * k, half[1] * k, half[2] * k],
        },
        temp_c,
        albedo,
    };
    out.push(block(ax.p(-0.55, 0.0, 0.62), [1.70, 0.90, 0.34], metal + 1.0, paint));
    out.push(block(
        ax.p(1.70, 0.0, 0.60),
        [0.55, 0.88, 0.30],
        metal + 1.0 + 21.0 * warm,
        paint,
    ));
    out.push(block(
        ax.p(-0.65, 0.0, 1.17),
        [1.20, 0.78, 0.24],
        metal - 3.0,
        [0.05, 0.06, 0.07],
    ));
    out.push(block(ax.p(-0.65, 0.0, 1.45), [1.05, 0.72, 0.05], metal - 1.0, paint));
    for (f, l) in [(1.35, 0.78), (1.35, -0.78), (-1.35, 0.78), (-1.35, -0.78)] {
        out.push(capsule(
            ax.p(f, l, 0.32),
            ax.p(f, l * 1.02, 0.32),
            0.32 * k,
            air + 13.0 * warm,
            [0.03, 0.03, 0.03],
        ));
    }
    // Exhaust.
    out.push(capsule(
        ax.p(-2.20, 0.55, 0.32),
        ax.p(-2.26, 0.55, 0.32),
        0.07 * k,
        air + 34.0 * warm,
        [0.05, 0.05, 0.05],
    ));
    out
}

/// Four legs, body, neck, head: `[length, withers, half width]` metres.
fn beast(ax: &Axes, pose: &ActorPose, [len, tall, half]: [f32; 3], light: &Light, seed: u64, t: f64) -> Vec<Part> {
    let air = light.air_c;
    let coat_t = air + (30.0 - air) * 0.48;
    let k = ax.k;
    let hide = [[0.20, 0.13, 0.08], [0.30, 0.24, 0.16], [0.12, 0.09, 0.07]][(seed % 3) as usize];
    let walking = pose.speed_m_s > 0.1;
    let sw = if walking {
        0.16 * tall * ((pose.walked_m / f64::from(tall)) as f32 * 4.5).sin_r()
    } else {
        0.0
    };
    // Grazing: the head goes down and up every ten seconds or so.
    let nod = ((t * 0.21 + (seed % 97) as f64).sin_r() * 1.6).clamp(-1.0, 1.0) as f32;
    let down = if walking { 0.2 } else { 0.5 + 0.5 * nod };
    let body = half * 0.95;
    let belly = tall - half * 1.05;
    let mut out = Vec::with_capacity(8);
    let (front, rear) = (len * 0.28, -len * 0.32);
    out.push(capsule(
        ax.p(rear, 0.0, belly),
        ax.p(front, 0.0, belly + 0.03),
        body * k,
        coat_t,
        hide,
    ));
    for (f, l, d) in [(front, 0.6, sw), (front, -0.6, -sw), (rear, 0.6, -sw), (rear, -0.6, sw)] {
        out.push(capsule(
            ax.p(f, l * half, belly),
            ax.p(f + d, l * half, 0.06 * tall),
            0.048 * tall * k,
            coat_t - 2.0,
            hide,
        ));
    }
    let head_up = tall * (1.12 - 0.86 * down);
    let head = ax.p(front + len * 0.26, 0.0, head_up);
    out.push(capsule(
        ax.p(front + 0.03, 0.0, belly + half * 0.5),
        head,
        half * 0.42 * k,
        coat_t + 1.0,
        hide,
    ));
    out.push(capsule(
        head,
        ax.p(front + len * 0.36, 0.0, head_up - 0.10 * tall),
        half * 0.36 * k,
        coat_t + 4.0,
        hide,
    ));
    out
}
