//! Houses of a hamlet: where they stand, what they are made of, and how they look by day and night,
//! in light and in warmth.
//!
//! Invariant: a function of place and seed; without houses no pixel changes. Truth knows nothing of
//! them: they are part of the land.

use crate::cover::{CoverMap, dist_segment};
use crate::ground::Ground;
use crate::light::{Cover, Light};
use crate::noise::{hash2, perlin, unit};
use crate::render::FAR;
use crate::shapes::{Solid, V3, along, dot};
use crate::view::View;
use vedette_geo::Repeatable;

/// A hamlet of the scenario, on the scene's map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hamlet {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius_m: f32,
    pub(crate) houses: u32,
}

/// A house: half lengths of its plan, eaves and ridge above the foot, metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct House {
    foot: V3,
    fwd: (f32, f32),
    half: (f32, f32),
    eaves: f32,
    ridge: f32,
    heated: bool,
    seed: u32,
}

/// What a ray finds of a house.
struct Found {
    t: f32,
    n: V3,
    temp_c: f32,
    albedo: V3,
    /// Light of its own, display values.
    glow: V3,
}

/// Houses of the hamlets: apart from each other and off the roads, turned along the nearest one.
pub(crate) fn houses(map: &CoverMap, g: &Ground, hamlets: &[Hamlet]) -> Vec<House> {
    let mut out: Vec<House> = Vec::new();
    for (n, hamlet) in hamlets.iter().enumerate() {
        let mut stands = 0;
        for k in 0..hamlet.houses * 30 {
            if stands == hamlet.houses {
                break;
            }
            let h = |q: i32| unit(hash2(k as i32, q, map.seed ^ 0x40_05E ^ (n as u32) << 20));
            let (r, a) = (hamlet.radius_m * h(1).sqrt(), h(2) * std::f32::consts::TAU);
            let (x, y) = (hamlet.x + r * a.cos_r(), hamlet.y + r * a.sin_r());
            let half = (4.5 + 3.5 * h(3), 3.2 + 1.6 * h(4));
            let reach = half.0.hypot_r(half.1);
            let (mut way, mut turn) = (f32::MAX, h(5) * std::f32::consts::PI);
            for w in map.ways.iter().chain(&map.rivers) {
                for p in w.points.windows(2) {
                    let d = dist_segment((x, y), p[0], p[1]) - 0.5 * w.width_m;
                    if d < way {
                        way = d;
                        turn = (p[1].1 - p[0].1).atan2_r(p[1].0 - p[0].0);
                    }
                }
            }
            let apart = out
                .iter()
                .all(|o| (o.foot[0] - x).hypot_r(o.foot[1] - y) > reach + o.half.0.hypot_r(o.half.1) + 2.5);
            let slope = g.normal(x, y, 8.0)[2];
            if way < reach + 1.0 || !apart || slope < 0.85 || g.water && g.z(x, y) < 2.0 {
                continue;
            }
            let turn = turn + (h(6) - 0.5) * 0.25 + if h(7) > 0.7 { std::f32::consts::FRAC_PI_2 } else { 0.0 };
            let (s, c) = turn.sin_cos_r();
            let eaves = 2.7 + 2.6 * f32::from(u8::from(h(8) > 0.4));
            out.push(House {
                foot: [x, y, g.z(x, y)],
                fwd: (c, s),
                half,
                eaves,
                ridge: eaves + half.1 * (0.55 + 0.25 * h(9)),
                heated: h(10) > 0.3,
                seed: hash2(k as i32, 11, map.seed ^ n as u32),
            });
            stands += 1;
        }
    }
    out
}

impl House {
    fn local(&self, p: V3) -> V3 {
        let (c, s) = self.fwd;
        let (x, y) = (p[0] - self.foot[0], p[1] - self.foot[1]);
        [x * c + y * s, -x * s + y * c, p[2] - self.foot[2]]
    }

    fn world(&self, v: V3) -> V3 {
        let (c, s) = self.fwd;
        [v[0] * c - v[1] * s, v[0] * s + v[1] * c, v[2]]
    }

    /// Whether a place on the map is under its roof.
    pub(crate) fn covers(&self, x: f32, y: f32, margin: f32) -> bool {
        let p = self.local([x, y, 0.0]);
        p[0].abs() < self.half.0 + margin && p[1].abs() < self.half.1 + margin
    }

    fn walls(&self) -> Solid {
        Solid::Block {
            // Founded below the lower side of a slope.
            c: [self.foot[0], self.foot[1], self.foot[2] + 0.5 * (self.eaves - 2.5)],
            fwd: self.fwd,
            half: [self.half.0, self.half.1, 0.5 * (self.eaves + 2.5)],
        }
    }

    fn chimney(&self) -> Solid {
        let at = self.world([self.half.0 * 0.55, self.half.1 * 0.2, self.ridge]);
        Solid::Block {
            c: [self.foot[0] + at[0], self.foot[1] + at[1], self.foot[2] + at[2]],
            fwd: self.fwd,
            half: [0.35, 0.35, 0.9],
        }
    }

    /// The pitched roof: two planes over the walls, half a metre beyond them.
    fn roof(&self, o: V3, d: V3) -> Option<(f32, V3)> {
        let (lo, ld) = (self.local(o), {
            let (c, s) = self.fwd;
            [d[0] * c + d[1] * s, -d[0] * s + d[1] * c, d[2]]
        });
        let (over, rise) = (0.5, (self.ridge - self.eaves) / self.half.1);
        let mut best: Option<(f32, V3)> = None;
        for side in [-1.0_f32, 1.0] {
            // z = ridge - rise · side · y on its own side of the ridge.
            let down = ld[2] + rise * side * ld[1];
            if down.abs() < 1e-9 {
                continue;
            }
            let t = (self.ridge - lo[2] - rise * side * lo[1]) / down;
            let p = along(lo, ld, t);
            let on = side * p[1] >= 0.0 && side * p[1] <= self.half.1 + over && p[0].abs() <= self.half.0 + over;
            if t > 0.0 && on && best.is_none_or(|b| t < b.0) {
                let k = 1.0 / (1.0 + rise * rise).sqrt();
                best = Some((t, self.world([0.0, rise * side * k, k])));
            }
        }
        // Gables close the ends.
        for end in [-1.0_f32, 1.0] {
            if ld[0].abs() < 1e-9 {
                continue;
            }
            let t = (end * self.half.0 - lo[0]) / ld[0];
            let p = along(lo, ld, t);
            let on = p[2] >= self.eaves && p[2] <= self.ridge - rise * p[1].abs();
            if t > 0.0 && on && best.is_none_or(|b| t < b.0) {
                best = Some((t, self.world([end, 0.0, 0.0])));
            }
        }
        best
    }

    fn hit(&self, o: V3, d: V3, light: &Light) -> Option<Found> {
        let rock = light.surface_c(Cover::Rock);
        let warm = f32::from(u8::from(self.heated));
        let night = light.direct < 0.05 && light.ambient < 0.9;
        let mut best: Option<Found> = None;
        let mut take = |t: f32, n: V3, temp_c: f32, albedo: V3, glow: V3| {
            if best.as_ref().is_none_or(|b| t < b.t) {
                best = Some(Found {
                    t,
                    n,
                    temp_c,
                    albedo,
                    glow,
                });
            }
        };
        let tone = 0.9 + 0.2 * unit(self.seed);
        if let Some((t, n)) = self.walls().hit(o, d)
            && n[2].abs() < 0.5
        {
            let p = self.local(along(o, d, t));
            // Storeys of windows, 2.6 m apart along the wall.
            let (u, length) = if p[0].abs() > self.half.0 - 0.05 {
                (p[1] + self.half.1, 2.0 * self.half.1)
            } else {
                (p[0] + self.half.0, 2.0 * self.half.0)
            };
            let bays = (length / 2.6).floor().max(1.0);
            let bay = (u / length * bays).min(bays - 0.01).max(0.0);
            let storey = (p[2] / 2.7).floor();
            let (fu, fz) = (bay.fract() * length / bays, p[2] - storey * 2.7);
            let middle = 0.5 * length / bays;
            let pane = p[2] > 0.0 && p[2] < self.eaves - 0.4 && (fu - middle).abs() < 0.5 && (0.9..2.1).contains(&fz);
            let sun = 0.3 + 0.7 * dot(n, light.mean_sun).max(0.0);
            let wall_c = rock.0 + 0.8 * rock.1 * sun + 2.2 * warm;
            if pane {
                let which = hash2(bay as i32, storey as i32, self.seed);
                let lit = night && self.heated && unit(which) > 0.6;
                let glow = if lit { [0.95, 0.74, 0.42] } else { [0.0; 3] };
                take(t, n, wall_c + 1.2 + 1.5 * warm, [0.05, 0.06, 0.07], glow);
            } else {
                let plaster = [[0.50, 0.46, 0.39], [0.36, 0.33, 0.29], [0.60, 0.57, 0.50]][(self.seed % 3) as usize];
                let stain = 0.06 * perlin(p[0] * 1.3 + p[1] * 1.3, p[2] * 1.1, self.seed);
                take(
                    t,
                    n,
                    wall_c + 4.0 * stain,
                    plaster.map(|v| v * (tone + stain)),
                    [0.0; 3],
                );
            }
        }
        if let Some((t, n)) = self.roof(o, d) {
            let p = self.local(along(o, d, t));
            let gable = n[2] < 0.2;
            let row = 0.05 * (p[1] * 18.0).sin_r() + 0.08 * perlin(p[0] * 2.1, p[1] * 2.1, self.seed ^ 7);
            // Slate and tile: thin, they see the cold sky and lose it to a heated loft.
            let temp = light.metal_c() + 1.2 + 1.6 * warm + 5.0 * rock.1 * 0.05 * dot(n, light.mean_sun).max(0.0);
            let slate = [[0.12, 0.12, 0.13], [0.27, 0.13, 0.08], [0.16, 0.15, 0.14]][(self.seed / 3 % 3) as usize];
            if gable {
                take(t, n, rock.0 + 2.0 * warm, [0.42, 0.38, 0.32], [0.0; 3]);
            } else {
                take(t, n, temp + 2.0 * row, slate.map(|v| v * (tone + 1.4 * row)), [0.0; 3]);
            }
        }
        if let Some((t, n)) = self.chimney().hit(o, d) {
            take(t, n, rock.0 + 14.0 * warm, [0.30, 0.20, 0.15], [0.0; 3]);
        }
        best
    }

    fn bound(&self) -> (V3, f32) {
        let mid = 0.5 * self.ridge;
        (
            [self.foot[0], self.foot[1], self.foot[2] + mid],
            (self.half.0 + 0.6).hypot_r(self.half.1 + 0.6).hypot_r(mid + 1.2),
        )
    }
}

/// The picture's planes.
pub(crate) struct Planes<'p> {
    pub(crate) depth: &'p mut [f32],
    pub(crate) heat: &'p mut [f32],
    pub(crate) rgb: &'p mut [[f32; 3]],
}

/// Draws houses and, in visible light while the sun casts any, their shadows on the ground.
pub(crate) fn draw(
    houses: &[House],
    g: &Ground,
    light: &Light,
    view: &View,
    thermal: bool,
    reach: f32,
    p: &mut Planes,
) {
    for h in houses {
        let (c, r) = h.bound();
        if !thermal && light.direct > 0.05 && light.sun[2] > 0.05 {
            shadow(h, g, light, view, p);
        }
        let Some(([x0, x1, y0, y1], z)) = view.rect(c, r) else {
            continue;
        };
        if z > reach * 3.0 {
            continue;
        }
        let alpha = if thermal { light.alpha_lwir } else { light.alpha_visible };
        for y in y0..y1 {
            for x in x0..x1 {
                let k = y * view.w + x;
                if p.depth[k] < z - r {
                    continue;
                }
                let (mut n, mut heat, mut rgb, mut near) = (0.0_f32, 0.0_f32, [0.0_f32; 3], FAR);
                for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let dir = view.dir(x as f32 + dx, y as f32 + dy);
                    let Some(f) = h.hit(view.o, dir, light) else { continue };
                    if f.t > p.depth[k] + 0.3 {
                        continue;
                    }
                    n += 1.0;
                    near = near.min(f.t);
                    let tau = (-alpha * f.t).exp_r();
                    heat += light.air_c + (f.temp_c - light.air_c) * tau;
                    let lit = light.shade(f.albedo, f.n, 1.0);
                    for ch in 0..3 {
                        let v = lit[ch].max(f.glow[ch]);
                        rgb[ch] += light.horizon_rgb[ch] + (v - light.horizon_rgb[ch]) * tau;
                    }
                }
                if n == 0.0 {
                    continue;
                }
                let share = n * 0.25;
                if thermal {
                    p.heat[k] += (heat / n - p.heat[k]) * share;
                } else {
                    for (o, v) in p.rgb[k].iter_mut().zip(rgb) {
                        *o += (v / n - *o) * share;
                    }
                }
                if share > 0.5 {
                    p.depth[k] = near;
                }
            }
        }
    }
}

fn shadow(h: &House, g: &Ground, light: &Light, view: &View, p: &mut Planes) {
    let (c, r) = h.bound();
    let flat = light.sun[0].hypot_r(light.sun[1]).max(1e-3);
    let reach = (h.ridge * flat / light.sun[2]).min(40.0);
    let mid = [
        c[0] - light.sun[0] / flat * reach * 0.5,
        c[1] - light.sun[1] / flat * reach * 0.5,
    ];
    let Some(([x0, x1, y0, y1], _)) = view.rect([mid[0], mid[1], g.z(mid[0], mid[1])], r + reach * 0.5) else {
        return;
    };
    for y in y0..y1 {
        for x in x0..x1 {
            let k = y * view.w + x;
            if p.depth[k] >= FAR {
                continue;
            }
            let at = along(view.o, view.dir(x as f32 + 0.5, y as f32 + 0.5), p.depth[k]);
            if (at[2] - g.z(at[0], at[1])).abs() > 0.6 || h.covers(at[0], at[1], 0.0) {
                continue;
            }
            let from = [at[0], at[1], at[2] + 0.2];
            if h.walls().hit(from, light.sun).is_some() || h.roof(from, light.sun).is_some() {
                p.rgb[k] = p.rgb[k].map(|v| v * 0.55);
            }
        }
    }
}
