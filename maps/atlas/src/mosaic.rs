//! Map pictures of an area as one picture, in the area's own grid.
//!
//! Invariant: a place without a picture is transparent, never black; only the tiles of the rows being drawn are held. Tiles are
//! Web Mercator ones, as of PMTiles and MBTiles.

use std::collections::BTreeMap;

use vedette_geo::LatLon;

use crate::tile_at;

/// Meshes of the net in which places are computed; between its nodes a straight line is near enough.
const NET: u32 = 32;
/// Pixels along a tile's side that zooms are chosen for.
const TILE_PX: f64 = 256.0;
/// Most tiles that are looked at: a coarser zoom is taken instead.
const MOST_TILES: f64 = 600.0;
/// So many zooms coarser a tile may be to stand in for one that is missing.
const COARSER: u8 = 6;

/// A picture: red, green, blue, alpha, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// A picture without anything in it.
    #[must_use]
    pub fn clear(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            rgba: vec![0; width as usize * height as usize * 4],
        }
    }

    /// The pixel at shares of width and height, between its four neighbours.
    fn at(&self, u: f64, v: f64) -> [u8; 4] {
        let (x, y) = (u * f64::from(self.width) - 0.5, v * f64::from(self.height) - 0.5);
        let cell = |v: f64, n: u32| {
            let last = n.saturating_sub(1);
            let low = v.floor().clamp(0.0, f64::from(last)) as u32;
            (
                low as usize,
                (low + 1).min(last) as usize,
                (v - f64::from(low)).clamp(0.0, 1.0),
            )
        };
        let ((x0, x1, fx), (y0, y1, fy)) = (cell(x, self.width), cell(y, self.height));
        let get = |x: usize, y: usize, k: usize| {
            let i = (y * self.width as usize + x) * 4 + k;
            f64::from(self.rgba.get(i).copied().unwrap_or(0))
        };
        let mut out = [0; 4];
        for (k, o) in out.iter_mut().enumerate() {
            let top = get(x0, y0, k) * (1.0 - fx) + get(x1, y0, k) * fx;
            let low = get(x0, y1, k) * (1.0 - fx) + get(x1, y1, k) * fx;
            *o = (top * (1.0 - fy) + low * fy).round() as u8;
        }
        out
    }
}

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Pixels that have a picture now.
    pub pixels: u64,
    /// The zoom wished for.
    pub zoom: u8,
}

/// Draws the tiles of zooms `zooms` (lowest, highest) where `onto` is still transparent. `place` gives the place at shares of the
/// width from the west and of the height from the north; `tile` gives the picture of a tile (zoom, column, row), `None` where
/// there is none. A coarser tile stands in for one that is missing.
pub fn mosaic(
    onto: &mut Picture,
    zooms: (u8, u8),
    place: &dyn Fn(f64, f64) -> LatLon,
    tile: &mut dyn FnMut(u8, u32, u32) -> Option<Picture>,
) -> Drawn {
    let (width, height) = (onto.width, onto.height);
    if width == 0 || height == 0 || onto.rgba.len() != width as usize * height as usize * 4 {
        return Drawn::default();
    }
    // Shares of the whole map, rows from the north, in one turn about the first node.
    let world = |at: LatLon| {
        let (x, y, in_it) = tile_at(0, at);
        (f64::from(x) + in_it[0], f64::from(y) + in_it[1])
    };
    let first = world(place(0.0, 0.0)).0;
    let side = NET as usize + 1;
    let mut net = Vec::with_capacity(side * side);
    for j in 0..=NET {
        for i in 0..=NET {
            let (x, y) = world(place(f64::from(i) / f64::from(NET), f64::from(j) / f64::from(NET)));
            net.push((x - (x - first).round(), y));
        }
    }
    let span = |k: &dyn Fn(&(f64, f64)) -> f64| {
        let (lo, hi) = net
            .iter()
            .map(k)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        hi - lo
    };
    let (wide, tall) = (span(&|p| p.0), span(&|p| p.1));
    let fine = (wide / f64::from(width)).min(tall / f64::from(height)).max(1e-12);
    // The first zoom whose pixels are as fine.
    let as_fine = |z: &u8| 2_f64.powi(i32::from(*z)) * TILE_PX * fine >= 1.0;
    let mut zoom = (0..=26_u8)
        .find(as_fine)
        .unwrap_or(26)
        .clamp(zooms.0.min(zooms.1), zooms.1);
    let tiles = |z: u8| {
        let n = 2_f64.powi(i32::from(z));
        (wide * n + 2.0) * (tall * n + 2.0)
    };
    while zoom > zooms.0 && tiles(zoom) > MOST_TILES {
        zoom -= 1;
    }
    let n = 2_f64.powi(i32::from(zoom));
    let mut held: BTreeMap<(u8, u32, u32), Option<Picture>> = BTreeMap::new();
    let mut drawn = Drawn { pixels: 0, zoom };
    for row in 0..height {
        let v = (f64::from(row) + 0.5) / f64::from(height) * f64::from(NET);
        let j = (v as usize).min(NET as usize - 1);
        let fy = v - j as f64;
        let mut top = f64::INFINITY;
        for column in 0..width {
            let k = (row as usize * width as usize + column as usize) * 4;
            if onto.rgba[k + 3] != 0 {
                continue;
            }
            let u = (f64::from(column) + 0.5) / f64::from(width) * f64::from(NET);
            let i = (u as usize).min(NET as usize - 1);
            let fx = u - i as f64;
            let node = |i: usize, j: usize| net[j * side + i];
            let (a, b, c, d) = (node(i, j), node(i + 1, j), node(i, j + 1), node(i + 1, j + 1));
            let mix = |a: f64, b: f64, c: f64, d: f64| {
                (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
            };
            let x = mix(a.0, b.0, c.0, d.0).rem_euclid(1.0) * n;
            let y = mix(a.1, b.1, c.1, d.1).clamp(0.0, 1.0 - 1e-12) * n;
            top = top.min(y);
            for z in (zooms.0..=zoom).rev().take(usize::from(COARSER) + 1) {
                let shrink = 2_f64.powi(i32::from(zoom - z));
                let (x, y) = (x / shrink, y / shrink);
                let key = (z, x as u32, y as u32);
                let here = held.entry(key).or_insert_with(|| tile(key.0, key.1, key.2));
                if let Some(p) = here {
                    let rgba = p.at(x - x.floor(), y - y.floor());
                    if rgba[3] != 0 {
                        onto.rgba[k..k + 4].copy_from_slice(&rgba);
                        drawn.pixels += 1;
                        break;
                    }
                }
            }
        }
        // Rows only go southwards, but for a net that lies askew: one row of tiles more is kept.
        if row % 64 == 63 && top.is_finite() {
            held.retain(|(z, _, y), _| f64::from(*y) + 2.0 >= top / 2_f64.powi(i32::from(zoom - z)));
        }
    }
    drawn
}
