//! What lies and grows on the ground: meadow, heath, rock, paths, pines, boulders.
//!
//! Invariant: a pure function of place and seed, anchored to the ground; a chunk of picture
//! baked today equals the one baked tomorrow.

use crate::ground::Ground;
use crate::house::House;
use crate::light::{Cover, Light};
use crate::noise::{fbm, hash2, perlin, smooth, unit};

/// A track, road or footpath on the scene's map.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) points: Vec<(f32, f32)>,
    pub(crate) width_m: f32,
    /// Two worn ruts with grass between them (a forest track), else even gravel or soil.
    pub(crate) ruts: bool,
}

/// A disc where no tree or bush stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clearing {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius_m: f32,
}

/// A warm stone put down by the scenario's author.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stone {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) size_m: f32,
    pub(crate) excess_c: f32,
}

/// Ground cover of a scene.
#[derive(Debug, Clone)]
pub(crate) struct CoverMap {
    pub(crate) seed: u32,
    pub(crate) forest_share: f32,
    pub(crate) tree_line_m: f32,
    /// Snow lies above, metres AMSL.
    pub(crate) snow_line_m: f32,
    /// Temperature of the sea's skin, degrees Celsius.
    pub(crate) water_c: f32,
    /// Height of the waves, metres.
    pub(crate) waves_m: f32,
    pub(crate) ways: Vec<Way>,
    /// Brooks and rivers, as wide as they are.
    pub(crate) rivers: Vec<Way>,
    /// Houses; filled in once the rest of the cover is known.
    pub(crate) houses: Vec<House>,
    pub(crate) clearings: Vec<Clearing>,
    pub(crate) stones: Vec<Stone>,
}

/// Slowly changing properties of the ground, sampled on a coarse lattice.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Field {
    pub(crate) n: [f32; 3],
    pub(crate) forest: f32,
    pub(crate) heath: f32,
    pub(crate) rock: f32,
    /// Share of the ground under snow.
    pub(crate) snow: f32,
}

impl Field {
    #[inline]
    pub(crate) fn mix(a: &Self, b: &Self, t: f32) -> Self {
        let l = |p: f32, q: f32| p + (q - p) * t;
        Self {
            n: [l(a.n[0], b.n[0]), l(a.n[1], b.n[1]), l(a.n[2], b.n[2])],
            forest: l(a.forest, b.forest),
            heath: l(a.heath, b.heath),
            rock: l(a.rock, b.rock),
            snow: l(a.snow, b.snow),
        }
    }
}

/// One thing standing on the ground.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thing {
    /// Mountain pine: height and radius of the crown.
    Pine { h: f32, r: f32 },
    /// Juniper or rhododendron.
    Bush { r: f32 },
    /// Boulder, half buried: radii along x, y, z; warmer than its kind by `excess_c`.
    Boulder { r: [f32; 3], excess_c: f32 },
}

/// A thing and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) at: [f32; 3],
    pub(crate) thing: Thing,
    pub(crate) seed: u32,
}

impl Standing {
    /// Height above its foot and radius of the upright cylinder around it, metres.
    pub(crate) fn extent(&self) -> (f32, f32) {
        match self.thing {
            Thing::Pine { h, r } => (h, r * 1.15),
            Thing::Bush { r } => (r * 1.3, r * 1.1),
            Thing::Boulder { r, .. } => (r[2], r[0].max(r[1])),
        }
    }
}

/// Side of a cell of standing things, metres.
pub(crate) const SCATTER_M: f32 = 24.0;

impl CoverMap {
    pub(crate) fn field(&self, g: &Ground, x: f32, y: f32) -> Field {
        let n = g.normal(x, y, 4.0);
        let slope = (1.0 - n[2] * n[2]).max(0.0).sqrt() / n[2].max(0.1);
        let s = self.seed;
        let broad = fbm(x, y, 260.0, 3, 1.0, s ^ 0xA1);
        let mid = fbm(x, y, 48.0, 3, 1.0, s ^ 0xA2);
        let z = g.z(x, y);
        let line = 1.0 - smooth(self.tree_line_m - 120.0, self.tree_line_m + 60.0, z);
        // The median of `broad` is 0: a threshold moves the wooded share.
        let threshold = 0.55 - 1.1 * self.forest_share;
        let mut forest = smooth(threshold - 0.06, threshold + 0.16, broad + 0.35 * mid) * line;
        for c in &self.clearings {
            let d = ((x - c.x).powi(2) + (y - c.y).powi(2)).sqrt();
            forest *= smooth(c.radius_m * 0.85, c.radius_m * 1.15, d + 8.0 * mid);
        }
        let outcrop = fbm(x, y, 90.0, 3, 1.0, s ^ 0xA3);
        Field {
            n,
            forest,
            heath: 0.9 * mid - 0.25 * broad - 0.08 + 0.3 * (forest - 0.3).max(0.0),
            rock: smooth(0.62, 1.05, slope) + smooth(0.34, 0.7, outcrop) * 0.8 - 0.42,
            // Patches at its edge, none that holds on steep slopes.
            snow: smooth(self.snow_line_m - 80.0, self.snow_line_m + 80.0, z + 60.0 * mid) * smooth(0.62, 0.85, n[2]),
        }
    }

    /// Share of a way's surface at a place: (0..=1 worn, ways only), from the ways near it.
    fn worn(ways: &[&Way], x: f32, y: f32, wob: f32) -> (f32, bool) {
        let mut best = 0.0_f32;
        let mut gravel = false;
        for w in ways {
            let mut d = f32::MAX;
            for p in w.points.windows(2) {
                d = d.min(dist_segment((x, y), p[0], p[1]));
            }
            let d = d + 0.3 * wob * w.width_m.min(1.5);
            let half = w.width_m * 0.5;
            let mut m = 1.0 - smooth(half - 0.25, half + 0.35, d);
            if w.ruts && m > 0.0 {
                m *= 0.35 + 0.65 * smooth(half * 0.18, half * 0.42, d);
            }
            if m > best {
                best = m;
                gravel = w.width_m > 2.0;
            }
        }
        (best, gravel)
    }

    fn ways_near(&self, x: f32, y: f32, r: f32) -> Vec<&Way> {
        self.ways
            .iter()
            .filter(|w| {
                w.points
                    .windows(2)
                    .any(|p| dist_segment((x, y), p[0], p[1]) < r + w.width_m + 2.0)
            })
            .collect()
    }

    /// Share of water over the ground at a place: a brook's bed, its banks ragged by `wob`.
    fn river(&self, x: f32, y: f32, wob: f32) -> f32 {
        let mut best = 0.0_f32;
        for w in &self.rivers {
            let mut d = f32::MAX;
            for p in w.points.windows(2) {
                d = d.min(dist_segment((x, y), p[0], p[1]));
            }
            let half = 0.5 * w.width_m * (1.0 + 0.35 * wob);
            best = best.max(1.0 - smooth(half - 0.3, half + 0.3, d));
        }
        best
    }

    /// Whether nothing can grow there: a river's bed, a house's floor.
    fn taken(&self, x: f32, y: f32, r: f32) -> bool {
        self.rivers.iter().any(|w| {
            w.points
                .windows(2)
                .any(|p| dist_segment((x, y), p[0], p[1]) < 0.6 * w.width_m + r)
        }) || self.houses.iter().any(|h| h.covers(x, y, r + 1.0))
    }

    /// Everything that stands in one scatter cell.
    pub(crate) fn standing(&self, g: &Ground, cx: i32, cy: i32) -> Vec<Standing> {
        const PER: i32 = 6;
        let (x0, y0) = (cx as f32 * SCATTER_M, cy as f32 * SCATTER_M);
        let mid = (x0 + SCATTER_M * 0.5, y0 + SCATTER_M * 0.5);
        let near = self.ways_near(mid.0, mid.1, SCATTER_M);
        let mut out = Vec::new();
        // The slow fields are taken at the cell's corners and mixed.
        let f: [Field; 4] = [
            self.field(g, x0, y0),
            self.field(g, x0 + SCATTER_M, y0),
            self.field(g, x0, y0 + SCATTER_M),
            self.field(g, x0 + SCATTER_M, y0 + SCATTER_M),
        ];
        for j in 0..PER {
            for i in 0..PER {
                let h0 = hash2(cx * PER + i, cy * PER + j, self.seed ^ 0x5C);
                let h1 = hash2(cx * PER + i, cy * PER + j, self.seed ^ 0x5D);
                let h2 = hash2(cx * PER + i, cy * PER + j, self.seed ^ 0x5E);
                let (u, v) = (
                    (i as f32 + 0.1 + 0.8 * unit(h0)) / PER as f32,
                    (j as f32 + 0.1 + 0.8 * unit(h1)) / PER as f32,
                );
                let (x, y) = (x0 + u * SCATTER_M, y0 + v * SCATTER_M);
                // Nothing grows in the sea or on its beach.
                if g.water && g.z(x, y) < 1.5 {
                    continue;
                }
                let a = Field::mix(&f[0], &f[1], u);
                let b = Field::mix(&f[2], &f[3], u);
                let fl = Field::mix(&a, &b, v);
                let die = unit(h2);
                let size = unit(hash2(cx * PER + i, cy * PER + j, self.seed ^ 0x5F));
                let pine = 0.62 * fl.forest;
                let boulder = 0.012 + 0.20 * smooth(-0.15, 0.45, fl.rock);
                let bush = 0.22 * smooth(0.0, 0.35, fl.heath);
                let thing = if die < pine {
                    let h = 3.5 + 8.5 * size * (0.5 + 0.5 * fl.forest);
                    Thing::Pine {
                        h,
                        r: h * (0.15 + 0.07 * unit(h0 ^ 0x77)),
                    }
                } else if die < pine + boulder {
                    let s = 0.25 + 1.1 * size * size * size;
                    Thing::Boulder {
                        r: [
                            s * (0.8 + 0.5 * unit(h0 ^ 0x31)),
                            s * (0.8 + 0.5 * unit(h1 ^ 0x31)),
                            s * (0.55 + 0.35 * unit(h2 ^ 0x31)),
                        ],
                        excess_c: 0.0,
                    }
                } else if die < pine + boulder + bush {
                    let r = 0.35 + 0.7 * size;
                    if self.cleared(x, y, 0.5) {
                        continue;
                    }
                    Thing::Bush { r }
                } else {
                    continue;
                };
                let reach = match thing {
                    Thing::Pine { r, .. } => r * 0.6,
                    Thing::Bush { r } => r,
                    Thing::Boulder { r, .. } => r[0],
                };
                if near.iter().any(|w| {
                    // A road through a wood has verges.
                    let pine = matches!(thing, Thing::Pine { .. });
                    let verge = if pine && w.width_m > 2.0 { 5.0 } else { 0.4 };
                    w.points
                        .windows(2)
                        .any(|p| dist_segment((x, y), p[0], p[1]) < w.width_m * 0.5 + reach + verge)
                }) || near_stone(&self.stones, x, y)
                    || self.taken(x, y, reach)
                    || matches!(thing, Thing::Pine { .. }) && self.cleared(x, y, 0.9)
                {
                    continue;
                }
                out.push(Standing {
                    at: [x, y, g.z(x, y)],
                    thing,
                    seed: h0 ^ h2,
                });
            }
        }
        for (k, s) in self.stones.iter().enumerate() {
            if (s.x / SCATTER_M).floor() as i32 == cx && (s.y / SCATTER_M).floor() as i32 == cy {
                let h = hash2(k as i32, 7, self.seed);
                out.push(Standing {
                    at: [s.x, s.y, g.z(s.x, s.y)],
                    thing: Thing::Boulder {
                        r: [s.size_m * 0.5, s.size_m * (0.38 + 0.12 * unit(h)), s.size_m * 0.4],
                        excess_c: s.excess_c,
                    },
                    seed: h,
                });
            }
        }
        out
    }

    fn cleared(&self, x: f32, y: f32, share: f32) -> bool {
        self.clearings
            .iter()
            .any(|c| (x - c.x).powi(2) + (y - c.y).powi(2) < (c.radius_m * share).powi(2))
    }
}

fn near_stone(stones: &[Stone], x: f32, y: f32) -> bool {
    stones
        .iter()
        .any(|s| (x - s.x).powi(2) + (y - s.y).powi(2) < (s.size_m + 1.0).powi(2))
}

/// Distance of a point from a segment, metres.
pub(crate) fn dist_segment(p: (f32, f32), a: (f32, f32), b: (f32, f32)) -> f32 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let l2 = dx * dx + dy * dy;
    let t = if l2 > 0.0 {
        (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / l2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    ((p.0 - a.0 - t * dx).powi(2) + (p.1 - a.1 - t * dy).powi(2)).sqrt()
}

/// Side of a baked chunk, texels.
pub(crate) const CHUNK: usize = 256;
/// With one texel of the neighbours around it.
pub(crate) const PADDED: usize = CHUNK + 2;
/// Texel of level 0, metres; each level doubles it.
pub(crate) const TEXEL_M: f32 = 0.2;

/// Temperature of the ground, hundredths of a degree Celsius, and its lit colour.
#[derive(Debug, Clone)]
pub(crate) enum Baked {
    Thermal(Vec<i16>),
    Visible(Vec<[u8; 4]>),
}

/// One square of ground at one resolution.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// South-west corner of texel (0, 0)'s centre, padding included, metres.
    pub(crate) x0: f32,
    pub(crate) y0: f32,
    pub(crate) inv: f32,
    pub(crate) data: Baked,
}

/// Computes one chunk. Waves shorter than two texels are left out, so a coarse level is what the
/// eye sees of the fine one from afar.
pub(crate) fn bake(map: &CoverMap, g: &Ground, light: &Light, key: (u8, i32, i32), thermal: bool) -> Chunk {
    let (level, ix, iy) = key;
    let s = TEXEL_M * f32::from(1_u16 << level);
    let side = s * CHUNK as f32;
    let (x0, y0) = (ix as f32 * side - 0.5 * s, iy as f32 * side - 0.5 * s);
    let seed = map.seed;
    // Slow fields every eight texels.
    const NODE: usize = 8;
    let nn = PADDED / NODE + 2;
    let mut fields = Vec::with_capacity(nn * nn);
    for j in 0..nn {
        for i in 0..nn {
            fields.push(map.field(g, x0 + (i * NODE) as f32 * s, y0 + (j * NODE) as f32 * s));
        }
    }
    // Around which nodes there is no road: most texels need not look at any.
    let mid = (x0 + 0.5 * side, y0 + 0.5 * side);
    let near = if s > 3.5 {
        Vec::new()
    } else {
        map.ways_near(mid.0, mid.1, side * 0.75)
    };
    let widest = near.iter().fold(0.0_f32, |m, w| m.max(w.width_m));
    let reach = widest + 2.0 + 1.5 * NODE as f32 * s;
    let mut way_far = vec![true; nn * nn];
    for w in &near {
        for p in w.points.windows(2) {
            for (k, far) in way_far.iter_mut().enumerate() {
                let at = (x0 + (k % nn * NODE) as f32 * s, y0 + (k / nn * NODE) as f32 * s);
                *far = *far && dist_segment(at, p[0], p[1]) > reach;
            }
        }
    }
    let rivers = s <= 3.5
        && map.rivers.iter().any(|w| {
            w.points
                .windows(2)
                .any(|p| dist_segment(mid, p[0], p[1]) < side * 0.75 + w.width_m)
        });
    // Fine noise first, so that its slope can catch the light.
    let mut coarse_n = vec![0.0_f32; PADDED * PADDED];
    let mut fine_n = vec![0.0_f32; PADDED * PADDED];
    for j in 0..PADDED {
        let y = y0 + j as f32 * s;
        for i in 0..PADDED {
            let x = x0 + i as f32 * s;
            coarse_n[j * PADDED + i] = fbm(x, y, 7.3, 3, s, seed ^ 0xB1);
            fine_n[j * PADDED + i] = fbm(x, y, 1.15, 3, s * 0.6, seed ^ 0xB2);
        }
    }
    let covers = [
        light.surface_c(Cover::Grass),
        light.surface_c(Cover::Heath),
        light.surface_c(Cover::Soil),
        light.surface_c(Cover::Rock),
        light.surface_c(Cover::Gravel),
    ];
    const ALBEDO: [[f32; 3]; 5] = [
        [0.225, 0.190, 0.085],
        [0.095, 0.076, 0.050],
        [0.290, 0.235, 0.175],
        [0.240, 0.228, 0.212],
        [0.370, 0.345, 0.305],
    ];
    let mut temp = if thermal {
        vec![0.0_f32; PADDED * PADDED]
    } else {
        Vec::new()
    };
    let mut rgb = if thermal {
        Vec::new()
    } else {
        vec![[0.0_f32; 3]; PADDED * PADDED]
    };
    let (sx, sy) = (light.sun[0], light.sun[1]);
    for j in 0..PADDED {
        let y = y0 + j as f32 * s;
        for i in 0..PADDED {
            let x = x0 + i as f32 * s;
            let k = j * PADDED + i;
            let (a, b) = (coarse_n[k], fine_n[k]);
            let (u, v) = (i / NODE, j / NODE);
            let (fu, fv) = ((i % NODE) as f32 / NODE as f32, (j % NODE) as f32 / NODE as f32);
            let q = v * nn + u;
            let f = Field::mix(
                &Field::mix(&fields[q], &fields[q + 1], fu),
                &Field::mix(&fields[q + nn], &fields[q + nn + 1], fu),
                fv,
            );
            let (worn, gravel) = if near.is_empty() || way_far[q] {
                (0.0, false)
            } else {
                CoverMap::worn(&near, x, y, a + 0.5 * b)
            };
            let rock = smooth(-0.04, 0.16, f.rock + 0.55 * a + 0.16 * b);
            let heath = smooth(0.0, 0.22, f.heath + 0.55 * a + 0.22 * b) * (1.0 - rock);
            let bare = smooth(0.42, 0.62, 0.9 * a + 0.55 * b - 0.5 * f.heath) * (1.0 - rock) * (1.0 - heath);
            let keep = 1.0 - worn;
            let w = [
                (1.0 - rock - heath - bare).max(0.0) * keep,
                heath * keep,
                bare * keep + if gravel { 0.0 } else { worn },
                rock * keep,
                if gravel { worn } else { 0.0 },
            ];
            let mut wet = if g.water {
                1.0 - smooth(0.02, 0.25, g.z(x, y))
            } else {
                0.0
            };
            if rivers {
                wet = wet.max(map.river(x, y, a + 0.5 * b));
            }
            let snow = f.snow * (1.0 - 0.7 * worn) * (1.0 - wet);
            if thermal {
                let lit = 0.35
                    + 0.65
                        * (f.n[0] * light.mean_sun[0] + f.n[1] * light.mean_sun[1] + f.n[2] * light.mean_sun[2])
                            .max(0.0);
                let grain = [0.95, 1.5, 0.9, 2.1, 0.8];
                let mut t = 0.0;
                for c in 0..5 {
                    t += w[c] * (covers[c].0 + covers[c].1 * lit + grain[c] * (0.8 * b + 0.5 * a));
                }
                // Cold air gathers in hollows, crests keep the wind.
                t += 0.35 * f.heath - 0.6 * f.forest * 0.2;
                if wet > 0.0 {
                    // Calm water mirrors some of the cold sky; waves mix warm faces into it.
                    let sea = map.water_c + 0.02 * (light.sky_c - map.water_c) + map.waves_m * 0.6 * (b + 0.5 * a);
                    t += (sea - t) * wet;
                }
                if snow > 0.0 {
                    // It gives no heat of the ground to the night, and melts before it is warm by day.
                    t += ((covers[0].0 - 1.5).min(-0.2) + 0.3 * b - t) * snow;
                }
                temp[k] = t;
            } else {
                let mut al = [0.0_f32; 3];
                let grain = [0.50, 0.80, 0.40, 0.60, 0.34];
                let tone = 0.5 * a;
                for c in 0..5 {
                    let m = w[c] * (1.0 + grain[c] * b * 1.4 + 0.22 * tone);
                    for ch in 0..3 {
                        al[ch] += ALBEDO[c][ch] * m;
                    }
                }
                // Meadows change from straw to green over tens of metres.
                let green = smooth(-0.3, 0.4, f.heath + 0.3 * a) * w[0];
                al[0] -= 0.060 * green;
                al[2] -= 0.020 * green;
                al[1] += 0.012 * green;
                // Slope of the fine relief towards the sun.
                let bump = if i > 0 && j > 0 && i + 1 < PADDED && j + 1 < PADDED {
                    let h = |q: usize| 0.16 * fine_n[q] + 0.35 * coarse_n[q];
                    let gx = h(k + 1) - h(k - 1);
                    let gy = h(k + PADDED) - h(k - PADDED);
                    let strength = (0.5 + w[3] * 1.3) / (2.0 * s);
                    -(gx * sx + gy * sy) * strength
                } else {
                    0.0
                };
                let m = (1.0 + bump.clamp(-0.45, 0.6)).max(0.2);
                if wet > 0.0 {
                    let ripple = 1.0 + map.waves_m.min(1.5) * (0.30 * b + 0.22 * a);
                    for (v, sea) in al.iter_mut().zip([0.022, 0.040, 0.052]) {
                        *v += (sea * ripple - *v) * wet;
                    }
                }
                if snow > 0.0 {
                    // Albedo of snow some days old (Warren 1982), a little bluer than the light on it.
                    for (v, white) in al.iter_mut().zip([0.74, 0.76, 0.79]) {
                        *v += (white + 0.06 * b - *v) * snow;
                    }
                }
                let al = al.map(|v| (v * m).clamp(0.01, 0.9));
                rgb[k] = light.shade(al, f.n, 1.0);
            }
        }
    }
    things_on_ground(map, g, light, level, (x0, y0, s), &mut temp, &mut rgb);
    let data = if thermal {
        Baked::Thermal(
            temp.iter()
                .map(|t| (t * 100.0).clamp(-9_000.0, 12_000.0) as i16)
                .collect(),
        )
    } else {
        Baked::Visible(
            rgb.iter()
                .map(|c| {
                    let q = |v: f32| (v * 255.0).clamp(0.0, 255.0) as u8;
                    [q(c[0]), q(c[1]), q(c[2]), 0]
                })
                .collect(),
        )
    };
    Chunk {
        x0,
        y0,
        inv: 1.0 / s,
        data,
    }
}

/// Shadows and shelter of standing things, and from level 3 on their crowns themselves (from so
/// far they are no longer drawn one by one).
fn things_on_ground(
    map: &CoverMap,
    g: &Ground,
    light: &Light,
    level: u8,
    (x0, y0, s): (f32, f32, f32),
    temp: &mut [f32],
    rgb: &mut [[f32; 3]],
) {
    if level > 5 {
        return;
    }
    let side = s * PADDED as f32;
    let reach = 26.0;
    let cell = |v: f32| (v / SCATTER_M).floor() as i32;
    let el = light.sun[2].max(0.02);
    let flat = (1.0 - el * el).max(0.0).sqrt();
    for cy in cell(y0 - reach)..=cell(y0 + side + reach) {
        for cx in cell(x0 - reach)..=cell(x0 + side + reach) {
            for st in map.standing(g, cx, cy) {
                let (h, r) = st.extent();
                if h < 2.5 * s && level > 0 {
                    continue;
                }
                let crown = level >= 3;
                // Shade under it.
                let shade = match st.thing {
                    Thing::Pine { .. } => 0.42,
                    Thing::Bush { .. } => 0.65,
                    Thing::Boulder { .. } => 0.72,
                };
                stamp(
                    (x0, y0, s),
                    (st.at[0], st.at[1]),
                    (st.at[0], st.at[1]),
                    r * 1.15,
                    |k, m| {
                        if let Some(t) = temp.get_mut(k) {
                            let shelter = if matches!(st.thing, Thing::Pine { .. }) {
                                light.crown_c()
                            } else {
                                *t
                            };
                            *t += (shelter - *t) * 0.7 * m;
                        }
                        if let Some(c) = rgb.get_mut(k) {
                            let d = 1.0 - (1.0 - shade) * m * if crown { 1.4 } else { 1.0 };
                            *c = c.map(|v| v * d);
                        }
                    },
                );
                if !rgb.is_empty() && light.direct > 0.05 && light.sun[2] > 0.03 {
                    let len = (0.8 * h * flat / el).min(reach - 2.0);
                    let nrm = flat.max(1e-3);
                    let tip = (st.at[0] - light.sun[0] / nrm * len, st.at[1] - light.sun[1] / nrm * len);
                    stamp((x0, y0, s), (st.at[0], st.at[1]), tip, r * 0.8, |k, m| {
                        if let Some(c) = rgb.get_mut(k) {
                            *c = c.map(|v| v * (1.0 - 0.5 * m));
                        }
                    });
                }
            }
        }
    }
}

/// Calls `f(texel, strength)` for the texels within `r` of a segment.
fn stamp((x0, y0, s): (f32, f32, f32), a: (f32, f32), b: (f32, f32), r: f32, mut f: impl FnMut(usize, f32)) {
    let inv = 1.0 / s;
    let lo = |v: f32, o: f32| (((v - o) * inv).floor().max(0.0)) as usize;
    let hi = |v: f32, o: f32| ((v - o) * inv).ceil();
    let (xmin, xmax) = (a.0.min(b.0) - r, a.0.max(b.0) + r);
    let (ymin, ymax) = (a.1.min(b.1) - r, a.1.max(b.1) + r);
    let (hx, hy) = (hi(xmax, x0), hi(ymax, y0));
    if hx < 0.0 || hy < 0.0 {
        return;
    }
    for j in lo(ymin, y0)..=(hy as usize).min(PADDED - 1) {
        for i in lo(xmin, x0)..=(hx as usize).min(PADDED - 1) {
            let p = (x0 + i as f32 * s, y0 + j as f32 * s);
            let d = dist_segment(p, a, b);
            let wob = 0.25 * r * perlin(p.0 * 1.7, p.1 * 1.7, 0x33);
            let m = 1.0 - smooth(r * 0.55, r, d + wob);
            if m > 0.0 {
                f(j * PADDED + i, m);
            }
        }
    }
}
