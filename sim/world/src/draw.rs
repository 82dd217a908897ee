//! Single things drawn into a picture: what stands on the ground, and shadows on it.
//!
//! Invariant: nearer things win by the depth plane; it knows nothing of frames or files.

use crate::actors::{Actor, ActorPose};
use crate::body;
use crate::cover::{Standing, Thing, dist_segment};
use crate::light::Light;
use crate::noise::{floor, perlin, smooth, unit as hash_unit};
use crate::render::FAR;
use crate::scene::Scene;
use crate::shapes::{Solid, V3, along, dot};
use crate::view::View;
use vedette_geo::Repeatable;

/// Darkens the ground in an actor's shadow: its outline, laid along the ground away from the sun,
/// in visible light while the sun casts any.
#[expect(
    clippy::too_many_arguments,
    reason = "the picture's two planes and what falls on them"
)]
pub(crate) fn draw_shadow(
    scene: &Scene,
    light: &Light,
    view: &View,
    a: &Actor,
    pose: &ActorPose,
    foot: V3,
    depth: &[f32],
    rgb: &mut [[f32; 3]],
) {
    if light.direct < 0.05 || light.sun[2] < 0.05 {
        return;
    }
    let (tall, half) = body::outline(a.kind, a.size as f32);
    let flat = (light.sun[0] * light.sun[0] + light.sun[1] * light.sun[1])
        .sqrt()
        .max(1e-3);
    let reach = |up: f32| (up * flat / light.sun[2]).min(25.0);
    let up = pose.up_m as f32;
    let away = |m: f32| (foot[0] - light.sun[0] / flat * m, foot[1] - light.sun[1] / flat * m);
    let (from, to) = (away(reach(up)), away(reach(up + tall)));
    let mid = (0.5 * (from.0 + to.0), 0.5 * (from.1 + to.1));
    let radius = 0.5 * (to.0 - from.0).hypot_r(to.1 - from.1) + half;
    let Some(([x0, x1, y0, y1], _)) = view.rect([mid.0, mid.1, scene.ground.z(mid.0, mid.1)], radius) else {
        return;
    };
    for py in y0..y1 {
        for px in x0..x1 {
            let k = py * view.w + px;
            if depth[k] >= FAR {
                continue;
            }
            let p = along(view.o, view.dir(px as f32 + 0.5, py as f32 + 0.5), depth[k]);
            // Only what lies on the ground there, not what stands on it.
            if (p[2] - scene.ground.z(p[0], p[1])).abs() > 0.4 {
                continue;
            }
            let d = dist_segment((p[0], p[1]), from, to);
            let m = 1.0 - smooth(half * 0.7, half * 1.15, d);
            if m > 0.0 {
                rgb[k] = rgb[k].map(|v| v * (1.0 - 0.45 * m));
            }
        }
    }
}

/// One standing thing: pine, bush or boulder.
#[expect(
    clippy::too_many_arguments,
    reason = "the picture's planes and what is drawn into them"
)]
pub(crate) fn draw_thing(
    st: &Standing,
    light: &Light,
    view: &View,
    thermal: bool,
    reach_m: f32,
    depth: &mut [f32],
    heat: &mut [f32],
    rgb: &mut [[f32; 3]],
) {
    let (h, r) = st.extent();
    let c = [st.at[0], st.at[1], st.at[2] + 0.5 * h];
    let Some(([x0, x1, y0, y1], z)) = view.rect(c, (0.25 * h * h + r * r).sqrt()) else {
        return;
    };
    if z > reach_m * 1.1 || h / z * view.f < 1.2 {
        return;
    }
    let (solid, base, warm) = match st.thing {
        Thing::Pine { h, r } => (
            Solid::Cone {
                foot: [st.at[0], st.at[1], st.at[2] + 0.05 * h],
                h: h * 0.95,
                r,
            },
            [0.046, 0.062, 0.032],
            light.crown_c(),
        ),
        Thing::Bush { r } => (
            Solid::Ellipsoid {
                c: [st.at[0], st.at[1], st.at[2] + 0.35 * r],
                fwd: (1.0, 0.0),
                r: [r, r, r * 0.75],
            },
            [0.060, 0.062, 0.034],
            light.crown_c() - 0.4,
        ),
        Thing::Boulder { r, excess_c } => {
            let a = hash_unit(st.seed) * std::f32::consts::TAU;
            let (s, c) = a.sin_cos_r();
            (
                Solid::Ellipsoid {
                    c: [st.at[0], st.at[1], st.at[2] + 0.15 * r[2]],
                    fwd: (c, s),
                    r,
                },
                [0.200, 0.190, 0.178],
                light.boulder_c() + excess_c,
            )
        }
    };
    let tone = 0.8 + 0.4 * hash_unit(st.seed ^ 0x99);
    let tau = if thermal {
        (-light.alpha_lwir * z).exp_r()
    } else {
        (-light.alpha_visible * z).exp_r()
    };
    let nearest = z - (0.25 * h * h + r * r).sqrt();
    for y in y0..y1 {
        for x in x0..x1 {
            let k = y * view.w + x;
            if depth[k] < nearest {
                continue;
            }
            let dir = view.dir(x as f32 + 0.5, y as f32 + 0.5);
            let Some((t, n)) = solid.hit(view.o, dir) else {
                continue;
            };
            if t >= depth[k] {
                continue;
            }
            let p = along(view.o, dir, t);
            let rel = [p[0] - st.at[0], p[1] - st.at[1], p[2] - st.at[2]];
            let facing = -dot(n, dir) / dot(dir, dir).sqrt();
            let tex;
            let mut n = n;
            match st.thing {
                Thing::Pine { h, .. } => {
                    // Whorls of branches: each tier wide below and lit at its rim, ragged by noise.
                    let tier = rel[2] / h * 8.0 + hash_unit(st.seed);
                    let f = tier - floor(tier) as f32;
                    let jag = perlin(p[0] * 2.3 + p[1] * 1.1 + p[2] * 0.7, p[2] * 2.6 - p[1] * 1.6, st.seed);
                    if facing < 0.10 + 0.34 * f + 0.22 * jag {
                        continue;
                    }
                    tex = 0.45 * jag + 0.5 * (0.42 - f);
                    n[2] += 0.25 + 0.4 * jag;
                }
                Thing::Bush { .. } => {
                    let jag = perlin(rel[0] * 4.0 + rel[2] * 3.0, rel[1] * 4.0, st.seed);
                    if facing < 0.25 + 0.3 * jag {
                        continue;
                    }
                    tex = 0.6 * jag;
                }
                Thing::Boulder { .. } => {
                    let bump = perlin(p[0] * 2.3 + p[2] * 1.7, p[1] * 2.3 - p[2] * 1.1, st.seed)
                        + 0.6 * perlin(p[0] * 6.1 - p[2] * 3.0, p[1] * 6.1 + p[2] * 4.0, st.seed);
                    n[0] += 0.35 * bump;
                    n[1] -= 0.30 * bump;
                    tex = 0.35 * bump;
                }
            }
            depth[k] = t;
            let l = dot(n, n).sqrt().max(1e-6);
            let n = [n[0] / l, n[1] / l, n[2] / l];
            if thermal {
                let lit = match st.thing {
                    Thing::Boulder { .. } => {
                        (0.6 + 0.6 * dot(n, light.mean_sun)) * (warm - light.air_c) + light.air_c + 0.5 * tex
                    }
                    // Upper sides see the cold sky, the inside of a crown does not.
                    Thing::Pine { .. } | Thing::Bush { .. } => warm - 0.9 * n[2].max(0.0) + 1.1 * tex,
                };
                heat[k] = light.air_c + (lit - light.air_c) * tau;
            } else {
                let m = tone * (1.0 + tex);
                let c = light.shade(base.map(|v| (v * m).clamp(0.005, 0.9)), n, 1.0);
                for ch in 0..3 {
                    rgb[k][ch] = light.horizon_rgb[ch] + (c[ch] - light.horizon_rgb[ch]) * tau;
                }
            }
        }
    }
}
