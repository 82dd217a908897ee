//! What a camera sees: the deterministic sensor renderer.
//!
//! Heights are marched on a lattice of every fourth pixel and the inverse of depth, which is
//! exact on planes, is interpolated between; only blocks across a ridge march every pixel.
//! Ground is read from baked chunks, standing things and actors are met analytically.
//! Invariant: the picture is a function of scene, camera and time; truth boxes come from the
//! very rays that draw the actors. It must not know of sockets, files or clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vedette_geo::{Amsl, LatLon, Repeatable};
use vedette_model::{ImageBox, Spectrum, TargetClass};

use crate::actors::{Actor, ActorKind, Medium};
use crate::body;
use crate::cover::{Baked, CHUNK, Chunk, PADDED, SCATTER_M, Standing, TEXEL_M, bake};
use crate::draw::{draw_shadow, draw_thing};
use crate::house;
use crate::lattice::{Lattice, STEP, lattice};
use crate::light::Light;
use crate::noise::{floor, hash2};
use crate::planes::{enlarge, quarter, shrink};
use crate::scene::Scene;
use crate::sensor::{self, Fpn};
use crate::shapes::{V3, along, dot, sub};
use crate::view::{View, view};

/// A camera at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CameraState {
    /// Horizontal position.
    pub at: LatLon,
    /// Height.
    pub amsl: Amsl,
    /// Roll of the picture about the optical axis, degrees, right side down positive.
    pub roll_deg: f64,
    /// Optical axis above the horizon, degrees (negative looks down).
    pub pitch_deg: f64,
    /// Optical axis from true north, degrees clockwise.
    pub yaw_deg: f64,
    /// Horizontal field of view, degrees; pixels are square.
    pub hfov_deg: f64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Thermal (white is hot) or visible light.
    pub spectrum: Spectrum,
    /// Which sensor this is: its fixed pattern and dead pixels follow from it.
    pub sensor_seed: u64,
}

/// A rendered picture, rows from the top, no padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// One byte per pixel.
    Gray8 {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// `height` rows of `width` bytes.
        data: Vec<u8>,
    },
    /// Red, green, blue bytes per pixel.
    Rgb8 {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// `height` rows of `3 * width` bytes.
        data: Vec<u8>,
    },
}

impl Image {
    /// Pixels across and down.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        match self {
            Self::Gray8 { width, height, .. } | Self::Rgb8 { width, height, .. } => (*width, *height),
        }
    }
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Gray8 { data, .. } | Self::Rgb8 { data, .. } => data,
        }
    }
}

/// Where an actor truly is in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthBox {
    /// Actor's name.
    pub actor: String,
    /// Its class.
    pub class: TargetClass,
    /// Box around its whole outline (hidden parts included) inside the frame, pixels; edges are
    /// good to a third of a pixel.
    pub image: ImageBox,
    /// Where it stands.
    pub at: LatLon,
    /// Ground under it.
    pub amsl: Amsl,
    /// Slant range from the camera to its middle, metres.
    pub slant_m: f64,
    /// Share of its outline that nothing hides, 0..=1.
    pub visible_share: f32,
    /// Area of its outline, pixels.
    pub area_px: f32,
}

/// A picture with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The picture.
    pub image: Image,
    /// Actors in it.
    pub boxes: Vec<TruthBox>,
}

/// How much work a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quality {
    /// One ray for four pixels of the ground, trees one by one only nearby: for many streams on few
    /// cores. Actors are drawn, and told of, as at [`Quality::Standard`].
    Fast,
    /// What two cores render at 15 pictures a second.
    #[default]
    Standard,
    /// Four rays for each pixel: smooth edges, branches and grass as a lens blends them.
    Fine,
}

impl std::str::FromStr for Quality {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "fast" => Ok(Self::Fast),
            "standard" => Ok(Self::Standard),
            "fine" => Ok(Self::Fine),
            other => Err(format!("quality {other} is not known; allowed: fast, standard, fine")),
        }
    }
}

impl Quality {
    /// What a machine of so many cores can afford beside a station, for so many streams.
    #[must_use]
    pub fn affordable(cores: usize, streams: usize) -> Self {
        match cores / streams.max(1) {
            0 => Self::Fast,
            1..=3 => Self::Standard,
            _ => Self::Fine,
        }
    }
    /// Rays along a pixel's side.
    fn rays(self) -> usize {
        if self == Self::Fine { 2 } else { 1 }
    }
    /// Standing things are drawn up to here, metres; beyond, their crowns are part of the ground.
    fn things_m(self) -> f32 {
        if self == Self::Fast { 450.0 } else { 900.0 }
    }
}

/// Chunks kept per renderer.
const KEEP: usize = 160;
/// How far under the ground a surface counts as in it, metres: the relief's own roundness.
const SUNK_M: f32 = 0.03;
/// Stands for the sky in the depth buffer.
pub(crate) const FAR: f32 = 1.0e9;

/// Renders one scene; keeps what it baked.
#[derive(Debug)]
pub struct Renderer {
    scene: Arc<Scene>,
    quality: Quality,
    /// Actors who came after the scene was built.
    newcomers: Arc<[Actor]>,
    chunks: BTreeMap<(bool, u8, i32, i32), (u64, Chunk)>,
    standing: BTreeMap<(i32, i32), Vec<Standing>>,
    fpn: BTreeMap<(u64, u32, u32), Fpn>,
    frame: u64,
    light: (i64, Light),
    depth: Vec<f32>,
    heat: Vec<f32>,
    rgb: Vec<[f32; 3]>,
}

impl Renderer {
    /// A renderer of `scene` with nothing baked yet.
    #[must_use]
    pub fn new(scene: Arc<Scene>) -> Self {
        Self::with_quality(scene, Quality::Standard)
    }

    /// The same at another quality.
    #[must_use]
    pub fn with_quality(scene: Arc<Scene>, quality: Quality) -> Self {
        let light = (0, scene.light(0));
        Self {
            scene,
            quality,
            newcomers: Arc::from([]),
            light,
            chunks: BTreeMap::new(),
            standing: BTreeMap::new(),
            fpn: BTreeMap::new(),
            frame: 0,
            depth: Vec::new(),
            heat: Vec::new(),
            rgb: Vec::new(),
        }
    }

    /// The scene it draws.
    #[must_use]
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Those who were put in after the scene was built; they are drawn and told as its own actors are.
    pub fn join(&mut self, newcomers: &[Actor]) {
        if self.newcomers.len() != newcomers.len() {
            self.newcomers = Arc::from(newcomers);
        }
    }

    /// The picture at `t_s` seconds of the scenario.
    pub fn render(&mut self, cam: &CameraState, t_s: f64) -> Rendered {
        self.frame += 1;
        let scene = Arc::clone(&self.scene);
        let step = scene.light_step(t_s);
        if step != self.light.0 {
            self.light = (step, scene.light(step));
            self.chunks.clear();
        }
        let light = self.light.1.clone();
        let rays = self.quality.rays();
        let (w, h) = (
            cam.width.clamp(16, 4096) as usize * rays,
            cam.height.clamp(16, 4096) as usize * rays,
        );
        let view = view(&scene, cam, w, h);
        let thermal = cam.spectrum == Spectrum::Thermal;
        if self.quality == Quality::Fast {
            let coarse = crate::view::view(&scene, cam, w.div_ceil(2), h.div_ceil(2));
            self.place(&scene, &coarse, thermal);
            enlarge(&mut self.depth, w, h, |a, _, _, _| a);
            enlarge(&mut self.heat, w, h, quarter);
            enlarge(&mut self.rgb, w, h, |a, b, c, d| {
                std::array::from_fn(|k| quarter(a[k], b[k], c[k], d[k]))
            });
        } else {
            self.place(&scene, &view, thermal);
        }
        let mut boxes = self.actors(&scene, &view, t_s, thermal);
        self.tidy();
        let (w, h) = (w / rays, h / rays);
        if rays > 1 {
            shrink(&mut self.heat, w, h, |a, b, c, d| 0.25 * (a + b + c + d));
            shrink(&mut self.rgb, w, h, |a, b, c, d| {
                let mut m = [0.0; 3];
                for (k, v) in m.iter_mut().enumerate() {
                    *v = 0.25 * (a[k] + b[k] + c[k] + d[k]);
                }
                m
            });
            for b in &mut boxes {
                let i = &mut b.image;
                (i.x, i.y, i.w, i.h) = (0.5 * i.x, 0.5 * i.y, 0.5 * i.w, 0.5 * i.h);
                b.area_px *= 0.25;
            }
        }
        let tick = (t_s * 1e6).round() as i64 as u64;
        let noise_seed =
            (cam.sensor_seed as u32) ^ (cam.sensor_seed >> 32) as u32 ^ hash2(tick as i32, (tick >> 32) as i32, 0x5EED);
        let (width, height) = (w as u32, h as u32);
        let image = if thermal {
            let fpn = self
                .fpn
                .entry((cam.sensor_seed, width, height))
                .or_insert_with(|| Fpn::new(cam.sensor_seed, w, h));
            Image::Gray8 {
                width,
                height,
                data: sensor::thermal(&mut self.heat, w, h, fpn, noise_seed, &light),
            }
        } else {
            Image::Rgb8 {
                width,
                height,
                data: sensor::visible(&self.rgb, w, h, noise_seed, &light),
            }
        };
        Rendered { image, boxes }
    }

    /// Ground and standing things: everything but who acts.
    fn place(&mut self, scene: &Scene, view: &View, thermal: bool) {
        let pixels = view.w * view.h;
        self.depth.clear();
        self.depth.resize(pixels, FAR);
        self.heat.clear();
        self.rgb.clear();
        if thermal {
            self.heat.resize(pixels, 0.0);
        } else {
            self.rgb.resize(pixels, [0.0; 3]);
        }
        let nodes = lattice(scene, view);
        self.ground(scene, view, &nodes, thermal);
        self.things(scene, view, &nodes, thermal);
    }

    /// Drops what was not looked at lately.
    fn tidy(&mut self) {
        if self.chunks.len() > KEEP {
            let floor = self.frame.saturating_sub(2);
            self.chunks.retain(|_, (used, _)| *used >= floor);
        }
        if self.standing.len() > 6_000 {
            self.standing.clear();
        }
    }

    fn ground(&mut self, scene: &Scene, view: &View, nodes: &Lattice, thermal: bool) {
        let (w, h) = (view.w, view.h);
        let light = &self.light.1.clone();
        // Which chunks are needed, block by block; baked before the pixel loop borrows them.
        let (bw, bh) = (w.div_ceil(STEP), h.div_ceil(STEP));
        let mut levels = vec![0_u8; bw * bh];
        let mut need: BTreeSet<(u8, i32, i32)> = BTreeSet::new();
        let mut last = (255_u8, 0, 0);
        for by in 0..bh {
            for bx in 0..bw {
                let c = nodes.corners(bx, by);
                let near = c.iter().copied().fold(f32::MAX, f32::min);
                if near >= FAR {
                    continue;
                }
                let p = |k: usize| {
                    let (px, py) = ((bx + k % 2) * STEP, (by + k / 2) * STEP);
                    let t = if c[k] < FAR { c[k] } else { near };
                    along(view.o, view.dir(px as f32, py as f32), t)
                };
                let (a, b, d) = (p(0), p(1), p(2));
                let across = near / view.f;
                let dist =
                    |u: V3, v: V3| ((u[0] - v[0]).powi(2) + (u[1] - v[1]).powi(2) + (u[2] - v[2]).powi(2)).sqrt();
                let cell =
                    (dist(a, b).max(across * STEP as f32) * dist(a, d).max(across * STEP as f32)).sqrt() / STEP as f32;
                let cell = cell.min(across * 4.0);
                let level = ((cell / TEXEL_M).log2_r() + 0.30).floor().clamp(0.0, 8.0) as u8;
                levels[by * bw + bx] = level;
                let side = TEXEL_M * f32::from(1_u16 << level) * CHUNK as f32;
                for k in 0..4 {
                    let q = p(k);
                    let key = (level, floor(q[0] / side), floor(q[1] / side));
                    if key != last {
                        need.insert(key);
                        last = key;
                    }
                }
            }
        }
        for key in need {
            self.chunk(scene, key, thermal);
        }
        for by in 0..bh {
            for bx in 0..bw {
                let c = nodes.corners(bx, by);
                let lo = c.iter().copied().fold(f32::MAX, f32::min);
                let hi = c.iter().copied().fold(0.0_f32, f32::max);
                let even = hi < FAR && hi < lo * 1.12 + 1.0;
                let level = levels[by * bw + bx];
                let side = TEXEL_M * f32::from(1_u16 << level) * CHUNK as f32;
                let mut current: Option<(i32, i32)> = None;
                let inv = c.map(|t| 1.0 / t.min(FAR));
                let tau_len = if lo < FAR { lo } else { 0.0 };
                let tau = if thermal {
                    (-light.alpha_lwir * tau_len).exp_r()
                } else {
                    (-light.alpha_visible * tau_len).exp_r()
                };
                let mut borrowed: Option<&Chunk> = None;
                for sy in 0..STEP {
                    let y = by * STEP + sy;
                    if y >= h {
                        break;
                    }
                    let fy = (sy as f32 + 0.5) / STEP as f32;
                    let l = inv[0] + (inv[2] - inv[0]) * fy;
                    let r = inv[1] + (inv[3] - inv[1]) * fy;
                    for sx in 0..STEP {
                        let x = bx * STEP + sx;
                        if x >= w {
                            break;
                        }
                        let dir = view.dir(x as f32 + 0.5, y as f32 + 0.5);
                        let t = if even {
                            let fx = (sx as f32 + 0.5) / STEP as f32;
                            Some(1.0 / (l + (r - l) * fx))
                        } else if lo >= FAR {
                            None
                        } else {
                            scene.ground.hit(view.o, dir, lo * 0.85)
                        };
                        let k = y * w + x;
                        let Some(t) = t else {
                            if thermal {
                                self.heat[k] = sensor::sky_c(light, dir);
                            } else {
                                self.rgb[k] = sensor::sky_rgb(light, dir);
                            }
                            continue;
                        };
                        self.depth[k] = t;
                        let (gx, gy) = (view.o[0] + t * dir[0], view.o[1] + t * dir[1]);
                        let id = (floor(gx / side), floor(gy / side));
                        if current != Some(id) {
                            current = Some(id);
                            borrowed = self.chunks.get(&(thermal, level, id.0, id.1)).map(|(_, c)| c);
                        }
                        let Some(chunk) = borrowed else {
                            continue;
                        };
                        let (u, v) = ((gx - chunk.x0) * chunk.inv, (gy - chunk.y0) * chunk.inv);
                        let (iu, iv) = (
                            (u.max(0.0) as usize).min(PADDED - 2),
                            (v.max(0.0) as usize).min(PADDED - 2),
                        );
                        let (fu, fv) = (u - iu as f32, v - iv as f32);
                        let q = iv * PADDED + iu;
                        let (q0, q1) = (q..q + 2, q + PADDED..q + PADDED + 2);
                        match &chunk.data {
                            Baked::Thermal(d) => {
                                let (Some(a), Some(b)) = (d.get(q0), d.get(q1)) else {
                                    continue;
                                };
                                let g = |v: &[i16]| f32::from(v[0]) + f32::from(v[1] - v[0]) * fu;
                                let (lo, hi) = (g(a), g(b));
                                let c = (lo + (hi - lo) * fv) * 0.01;
                                self.heat[k] = light.air_c + (c - light.air_c) * tau;
                            }
                            Baked::Visible(d) => {
                                let (Some(a), Some(b)) = (d.get(q0), d.get(q1)) else {
                                    continue;
                                };
                                let mut out = [0.0; 3];
                                for (ch, o) in out.iter_mut().enumerate() {
                                    let g = |v: &[[u8; 4]]| {
                                        let l = f32::from(v[0][ch]);
                                        l + (f32::from(v[1][ch]) - l) * fu
                                    };
                                    let (lo, hi) = (g(a), g(b));
                                    let c = (lo + (hi - lo) * fv) * (1.0 / 255.0);
                                    *o = light.horizon_rgb[ch] + (c - light.horizon_rgb[ch]) * tau;
                                }
                                self.rgb[k] = out;
                            }
                        }
                    }
                }
            }
        }
    }

    fn chunk(&mut self, scene: &Scene, key: (u8, i32, i32), thermal: bool) {
        let full = (thermal, key.0, key.1, key.2);
        let slot = self
            .chunks
            .entry(full)
            .or_insert_with(|| (0, bake(&scene.cover, &scene.ground, &self.light.1, key, thermal)));
        slot.0 = self.frame;
    }

    fn things(&mut self, scene: &Scene, view: &View, nodes: &Lattice, thermal: bool) {
        let mut cells: BTreeSet<(i32, i32)> = BTreeSet::new();
        let mut last = (i32::MAX, 0);
        for j in 0..nodes.rows {
            for i in 0..nodes.cols {
                let t = nodes.t[j * nodes.cols + i];
                if t > self.quality.things_m() {
                    continue;
                }
                let p = along(view.o, view.dir((i * STEP) as f32, (j * STEP) as f32), t);
                let c = ((p[0] / SCATTER_M).floor() as i32, (p[1] / SCATTER_M).floor() as i32);
                if c != last {
                    last = c;
                    for dy in -1..=1 {
                        for dx in -1..=1 {
                            cells.insert((c.0 + dx, c.1 + dy));
                        }
                    }
                }
            }
        }
        // Near things first: what they hide is then refused by a glance at the depth.
        let mut order: Vec<(f32, Standing)> = Vec::new();
        for c in cells {
            let list = self
                .standing
                .entry(c)
                .or_insert_with(|| scene.cover.standing(&scene.ground, c.0, c.1));
            order.extend(
                list.iter()
                    .map(|st| (dot(sub(st.at, view.o), view.fwd), *st))
                    .filter(|(z, _)| *z > 0.0 && *z < self.quality.things_m() * 1.1),
            );
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.seed.cmp(&b.1.seed)));
        for (_, st) in &order {
            draw_thing(
                st,
                &self.light.1,
                view,
                thermal,
                self.quality.things_m(),
                &mut self.depth,
                &mut self.heat,
                &mut self.rgb,
            );
        }
        house::draw(
            &scene.cover.houses,
            &scene.ground,
            &self.light.1,
            view,
            thermal,
            self.quality.things_m(),
            &mut house::Planes {
                depth: &mut self.depth,
                heat: &mut self.heat,
                rgb: &mut self.rgb,
            },
        );
    }

    fn actors(&mut self, scene: &Scene, view: &View, t_s: f64, thermal: bool) -> Vec<TruthBox> {
        let mut out = Vec::new();
        let light = &self.light.1.clone();
        let newcomers = Arc::clone(&self.newcomers);
        for a in scene.actors.iter().chain(newcomers.iter()) {
            let pose = a.track.pose(t_s);
            let (x, y) = (pose.x as f32, pose.y as f32);
            let mut foot = [x, y, scene.ground.z(x, y) + pose.up_m as f32];
            if a.kind.medium() == Medium::Water {
                // Rides the waves: a period of 5 s, small craft all of it, a coaster hardly.
                let share = if a.kind == ActorKind::Boat { 0.35 } else { 0.06 };
                foot[2] += (share * scene.waves_m * (t_s * 1.257 + (a.seed % 7) as f64).sin_r()) as f32;
            }
            if !thermal {
                draw_shadow(scene, light, view, a, &pose, foot, &self.depth, &mut self.rgb);
            }
            let parts = body::parts(a.kind, a.size as f32, &pose, foot, a.seed, t_s, light);
            let mut rect: Option<[usize; 4]> = None;
            for p in &parts {
                let (c, r) = p.solid.bound();
                if let Some((q, _)) = view.rect(c, r) {
                    rect = Some(rect.map_or(q, |o| [o[0].min(q[0]), o[1].max(q[1]), o[2].min(q[2]), o[3].max(q[3])]));
                }
            }
            let Some([x0, x1, y0, y1]) = rect else {
                continue;
            };
            let middle = [foot[0], foot[1], foot[2] + 0.8];
            let v = sub(middle, view.o);
            let slant = dot(v, v).sqrt();
            if slant > 4_000.0 {
                continue;
            }
            let tau = if thermal {
                (-light.alpha_lwir * slant).exp_r()
            } else {
                (-light.alpha_visible * slant).exp_r()
            };
            let ss = if x1 - x0 > 120 { 2 } else { 3 };
            let (mut total, mut seen) = (0_u32, 0_u32);
            let (mut bx0, mut bx1, mut by0, mut by1) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
            let sub_px = 1.0 / ss as f32;
            for py in y0..y1 {
                for px in x0..x1 {
                    let k = py * view.w + px;
                    let mut cover = 0_u32;
                    let mut heat = 0.0;
                    let mut rgb = [0.0_f32; 3];
                    let mut near = FAR;
                    for s in 0..ss * ss {
                        let sx = px as f32 + ((s % ss) as f32 + 0.5) * sub_px;
                        let sy = py as f32 + ((s / ss) as f32 + 0.5) * sub_px;
                        let dir = view.dir(sx, sy);
                        let mut best: Option<(f32, V3, usize)> = None;
                        for (i, p) in parts.iter().enumerate() {
                            if let Some((t, n)) = p.solid.hit(view.o, dir)
                                && best.is_none_or(|b| t < b.0)
                            {
                                best = Some((t, n, i));
                            }
                        }
                        let Some((t, n, i)) = best else {
                            continue;
                        };
                        // What stands in the ground is no part of the outline: a wheel on a slope, a hull.
                        let q = along(view.o, dir, t);
                        if q[2] < scene.ground.z(q[0], q[1]) - SUNK_M {
                            continue;
                        }
                        total += 1;
                        bx0 = bx0.min(sx - 0.5 * sub_px);
                        bx1 = bx1.max(sx + 0.5 * sub_px);
                        by0 = by0.min(sy - 0.5 * sub_px);
                        by1 = by1.max(sy + 0.5 * sub_px);
                        if t > self.depth[k] + 0.06 {
                            continue;
                        }
                        seen += 1;
                        cover += 1;
                        near = near.min(t);
                        let p = &parts[i];
                        if thermal {
                            // A curved surface seen edge-on reflects some cold sky.
                            let edge = 1.0 - n[2].max(0.0) * 0.05;
                            heat += light.air_c + (p.temp_c * edge - light.air_c * edge) * tau;
                        } else {
                            let c = light.shade(p.albedo, n, 1.0);
                            for ((sum, v), haze) in rgb.iter_mut().zip(c).zip(light.horizon_rgb) {
                                *sum += haze + (v - haze) * tau;
                            }
                        }
                    }
                    if cover > 0 {
                        let share = cover as f32 / (ss * ss) as f32;
                        let m = 1.0 / cover as f32;
                        if thermal {
                            self.heat[k] += (heat * m - self.heat[k]) * share;
                        } else {
                            for (o, c) in self.rgb[k].iter_mut().zip(rgb) {
                                *o += (c * m - *o) * share;
                            }
                        }
                        if share > 0.5 {
                            self.depth[k] = near;
                        }
                    }
                }
            }
            if total == 0 {
                continue;
            }
            out.push(TruthBox {
                actor: a.name.clone(),
                class: a.kind.class(),
                image: ImageBox {
                    x: bx0,
                    y: by0,
                    w: bx1 - bx0,
                    h: by1 - by0,
                },
                at: scene.ground.latlon(foot[0], foot[1]),
                amsl: Amsl(f64::from(foot[2])),
                slant_m: f64::from(slant),
                visible_share: seen as f32 / total as f32,
                area_px: total as f32 / (ss * ss) as f32,
            });
        }
        out
    }
}
