//! From heights and a border to what the renderer takes: a relief grid, mesh pieces at several
//! levels of detail, and one texture of light and sides.
//!
//! Invariant: no piece has more than 129 x 129 vertices; a hole in the heights is marked in the
//! texture, not filled. It must not know Bevy's world.

use std::collections::VecDeque;

use bevy::asset::RenderAssetUsages;
use bevy::image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor};
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use vedette_atlas::Terrain;
use vedette_core::StationView;
use vedette_geo::LatLon;
use vedette_panels::relief::Relief;

/// Quads along a mesh piece's side at the finest level.
pub(crate) const PIECE: usize = 128;
/// Levels: every vertex, every second, every fourth.
pub(crate) const STRIDES: [usize; 3] = [1, 2, 4];
/// Land shown around the section, metres.
const MARGIN_M: f64 = 6000.0;
/// Slopes are lit as if this much steeper.
const EXAGGERATION: f64 = 1.5;
/// Distance to the border that the texture can tell, metres.
const REACH_M: f32 = 64.0;

/// Samples the land around the watched section; about 25 m apart, at most 640 x 640 points.
pub(crate) fn relief(terrain: &Terrain, v: &StationView) -> Relief {
    let pts: &[LatLon] = if v.section.is_empty() {
        &v.site.border
    } else {
        &v.section
    };
    let (mut lo, mut hi) = ((90.0_f64, 180.0_f64), (-90.0_f64, -180.0_f64));
    for p in pts {
        lo = (lo.0.min(p.lat_deg), lo.1.min(p.lon_deg));
        hi = (hi.0.max(p.lat_deg), hi.1.max(p.lon_deg));
    }
    if pts.is_empty() {
        (lo, hi) = ((0.0, 0.0), (0.0, 0.0));
    }
    let middle = LatLon {
        lat_deg: f64::midpoint(lo.0, hi.0),
        lon_deg: f64::midpoint(lo.1, hi.1),
    };
    let half_n = (hi.0 - lo.0) / 2.0 * 111_200.0 + MARGIN_M;
    let half_e = (hi.1 - lo.1) / 2.0 * 111_200.0 * middle.lat_deg.to_radians().cos() + MARGIN_M;
    let step = 25.0_f64.max(half_n.max(half_e) * 2.0 / 640.0);
    Relief::sample(middle, half_e, half_n, step, &|p| terrain.elevation(p).map(|a| a.0))
}

/// One piece of the land: first column and row, quads across and up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) column: usize,
    pub(crate) row: usize,
    pub(crate) across: usize,
    pub(crate) up: usize,
}

/// The land cut into pieces.
pub(crate) fn pieces(r: &Relief) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut row = 0;
    while row + 1 < r.rows {
        let mut column = 0;
        while column + 1 < r.columns {
            out.push(Piece {
                column,
                row,
                across: PIECE.min(r.columns - 1 - column),
                up: PIECE.min(r.rows - 1 - row),
            });
            column += PIECE;
        }
        row += PIECE;
    }
    out
}

fn steps(n: usize, stride: usize) -> Vec<usize> {
    let mut v: Vec<usize> = (0..n).step_by(stride).collect();
    v.push(n);
    v
}

/// A piece as a mesh: x east, y up, z south, metres from the relief's origin.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "metres of a few kilometres in f32"
)]
pub(crate) fn mesh(r: &Relief, piece: Piece, stride: usize, base_m: f32) -> Mesh {
    let (cols, rows) = (steps(piece.across, stride), steps(piece.up, stride));
    let mut positions: Vec<[f32; 3]> = Vec::with_capacity(cols.len() * rows.len());
    let mut normals = Vec::with_capacity(positions.capacity());
    let mut uvs: Vec<[f32; 2]> = Vec::with_capacity(positions.capacity());
    for j in &rows {
        for i in &cols {
            let (c, w) = (piece.column + i, piece.row + j);
            let h = r.heights[w * r.columns + c];
            let h = if h.is_finite() { h } else { base_m };
            positions.push([
                (r.west_m + c as f64 * r.step_m) as f32,
                h,
                -(r.south_m + w as f64 * r.step_m) as f32,
            ]);
            normals.push([0.0, 1.0, 0.0]);
            uvs.push([c as f32 / (r.columns - 1) as f32, 1.0 - w as f32 / (r.rows - 1) as f32]);
        }
    }
    let n = cols.len() as u32;
    let mut indices: Vec<u32> = Vec::with_capacity(positions.len() * 6);
    for j in 0..rows.len() as u32 - 1 {
        for i in 0..n - 1 {
            let a = j * n + i;
            indices.extend([a, a + 1, a + n, a + 1, a + n + 1, a + n]);
        }
    }
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, normals)
        .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, uvs)
        .with_inserted_indices(Indices::U32(indices))
}

/// Hill shade 0..1: three suns (315, 270 and 20 degrees, weights 0.62, 0.22, 0.16) at 40 degrees.
fn shade(dx: f64, dy: f64) -> f64 {
    let n = (dx * dx + dy * dy + 1.0).sqrt();
    let sun = |az: f64, w: f64| {
        let (s, c) = az.to_radians().sin_cos();
        let (se, ce) = 40.0_f64.to_radians().sin_cos();
        let lit = (-(dx * s + dy * c) * ce + se) / n;
        lit.max(0.0) * w
    };
    sun(315.0, 0.62) + sun(270.0, 0.22) + sun(20.0, 0.16)
}

/// Signed distance to the border on a grid: home positive, clamped to [`REACH_M`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "grid indices of a few thousand"
)]
fn sides(r: &Relief, v: &StationView, w: usize, h: usize, texel: f64) -> Vec<f32> {
    let mut d = vec![f32::NAN; w * h];
    let reach = f64::from(REACH_M);
    // Context lines are pieces of the same ring in the same sense: they close the border's ends.
    let lines: Vec<Vec<(f64, f64)>> = std::iter::once(&v.site.border)
        .chain(v.site.context.iter())
        .map(|l| l.iter().map(|p| r.frame.plane(*p)).collect())
        .collect();
    let home = if v.site.home_left { 1.0 } else { -1.0 };
    for line in &lines {
        for s in line.windows(2) {
            let (ax, ay, bx, by) = (s[0].0, s[0].1, s[1].0, s[1].1);
            let x0 = ((ax.min(bx) - reach - r.west_m) / texel).floor().max(0.0);
            let x1 = ((ax.max(bx) + reach - r.west_m) / texel).ceil().min(w as f64 - 1.0);
            let y0 = ((ay.min(by) - reach - r.south_m) / texel).floor().max(0.0);
            let y1 = ((ay.max(by) + reach - r.south_m) / texel).ceil().min(h as f64 - 1.0);
            if x1 < x0 || y1 < y0 {
                continue;
            }
            let (dx, dy) = (bx - ax, by - ay);
            let l2 = (dx * dx + dy * dy).max(1e-9);
            for j in y0 as usize..=y1 as usize {
                for i in x0 as usize..=x1 as usize {
                    let (px, py) = (r.west_m + i as f64 * texel - ax, r.south_m + j as f64 * texel - ay);
                    let raw = (px * dx + py * dy) / l2;
                    let t = raw.clamp(0.0, 1.0);
                    let (ex, ey) = (px - t * dx, py - t * dy);
                    let dist = ex.hypot(ey);
                    let side = if dx * py - dy * px >= 0.0 { home } else { -home };
                    let k = j * w + i;
                    let old = d[k];
                    // At a corner both pieces are equally near; the one met squarely decides the side.
                    let better = old.is_nan()
                        || dist < f64::from(old.abs()) - 1e-3
                        || ((dist - f64::from(old.abs())).abs() <= 1e-3 && (0.0..=1.0).contains(&raw));
                    if dist <= reach && better {
                        d[k] = (dist * side) as f32;
                    }
                }
            }
        }
    }
    // The rest takes the side of what it touches.
    let mut queue: VecDeque<usize> = d
        .iter()
        .enumerate()
        .filter(|(_, x)| x.is_finite())
        .map(|(i, _)| i)
        .collect();
    while let Some(k) = queue.pop_front() {
        let s = REACH_M.copysign(d[k]);
        let (i, j) = (k % w, k / w);
        let near = [
            (i > 0).then(|| k - 1),
            (i + 1 < w).then_some(k + 1),
            (j > 0).then(|| k - w),
            (j + 1 < h).then_some(k + w),
        ];
        for n in near.into_iter().flatten() {
            if d[n].is_nan() {
                d[n] = s;
                queue.push_back(n);
            }
        }
    }
    d
}

/// Heights after three box filters as wide as a cell of the source: near enough a Gauss filter.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few cells"
)]
fn smoothed(r: &Relief, cell_m: f64) -> Vec<f32> {
    let k = ((cell_m / r.step_m / 2.0).round() as usize).clamp(1, 6);
    let mut a = r.heights.clone();
    for _ in 0..3 {
        for horizontal in [true, false] {
            let (n, m) = if horizontal {
                (r.columns, r.rows)
            } else {
                (r.rows, r.columns)
            };
            let at = |i: usize, j: usize| {
                if horizontal {
                    j * r.columns + i
                } else {
                    i * r.columns + j
                }
            };
            let mut b = a.clone();
            for j in 0..m {
                for i in 0..n {
                    let (lo, hi) = (i.saturating_sub(k), (i + k).min(n - 1));
                    let sum: f32 = (lo..=hi).map(|x| a[at(x, j)]).sum();
                    b[at(i, j)] = sum / (hi - lo + 1) as f32;
                }
            }
            a = b;
        }
    }
    a
}

/// Light, side and holes as one texture, twice as fine as the relief.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bytes of a texture"
)]
pub(crate) fn texture(r: &Relief, v: &StationView, cell_m: f64) -> Image {
    let (w, h) = ((r.columns - 1) * 2 + 1, (r.rows - 1) * 2 + 1);
    let texel = r.step_m / 2.0;
    let side = sides(r, v, w, h, texel);
    // Light is taken from heights smoothed to the data's own spacing, or its cells would show as
    // facets; the heights themselves stay as they are.
    let smooth = smoothed(r, cell_m);
    let height = |i: usize, j: usize| f64::from(smooth[j.min(r.rows - 1) * r.columns + i.min(r.columns - 1)]);
    let mut light = vec![f32::NAN; r.columns * r.rows];
    for j in 0..r.rows {
        for i in 0..r.columns {
            let (i0, i1, j0, j1) = (
                i.saturating_sub(1),
                (i + 1).min(r.columns - 1),
                j.saturating_sub(1),
                (j + 1).min(r.rows - 1),
            );
            let dx = (height(i1, j) - height(i0, j)) / ((i1 - i0).max(1) as f64 * r.step_m);
            let dy = (height(i, j1) - height(i, j0)) / ((j1 - j0).max(1) as f64 * r.step_m);
            light[j * r.columns + i] = shade(dx * EXAGGERATION, dy * EXAGGERATION) as f32;
        }
    }
    let mut data = vec![0_u8; w * h * 4];
    for j in 0..h {
        for i in 0..w {
            let (i0, j0) = (i / 2, j / 2);
            let (i1, j1) = ((i0 + i % 2).min(r.columns - 1), (j0 + j % 2).min(r.rows - 1));
            let l = |a: usize, b: usize| light[b * r.columns + a];
            let s = (l(i0, j0) + l(i1, j0) + l(i0, j1) + l(i1, j1)) / 4.0;
            // Row 0 of a texture is its top: north.
            let k = ((h - 1 - j) * w + i) * 4;
            let d = side[j * w + i];
            let d = if d.is_finite() { d } else { REACH_M };
            data[k] = if s.is_finite() {
                (s.clamp(0.0, 1.0) * 255.0) as u8
            } else {
                60
            };
            data[k + 1] = (128.0 + d.clamp(-REACH_M, REACH_M) / REACH_M * 127.0) as u8;
            data[k + 2] = if s.is_finite() { 0 } else { 255 };
            data[k + 3] = 255;
        }
    }
    let mut img = Image::new(
        Extent3d {
            width: w as u32,
            height: h as u32,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        data,
        TextureFormat::Rgba8Unorm,
        RenderAssetUsages::RENDER_WORLD,
    );
    img.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::ClampToEdge,
        address_mode_v: ImageAddressMode::ClampToEdge,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        ..ImageSamplerDescriptor::default()
    });
    img
}
