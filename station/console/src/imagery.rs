//! Map pictures of the land: tiles of PMTiles and MBTiles files, decoded and laid over the relief's own area as one texture.
//!
//! Invariant: it works on a thread of its own, and the map is drawn without pictures until they are there; a damaged tile is left
//! out and counted, never drawn. It must not know Bevy's world.

use std::io::Cursor;
use std::path::PathBuf;
use std::thread::JoinHandle;

use bevy::asset::RenderAssetUsages;
use bevy::image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use vedette_atlas::load::TileFile;
use vedette_atlas::{Picture, TileKind, mosaic};
use vedette_panels::relief::Relief;

/// Pixels along the longer side of the texture at most: what every graphics driver takes.
const MOST_PX: f64 = 4096.0;
/// A pixel is no smaller than this on the ground, metres.
const LEAST_M: f64 = 1.0;
/// Pixels along a tile's side at most.
const MOST_TILE_PX: u32 = 1024;
/// Most bytes a decoder may take for one tile.
const MOST_BYTES: usize = 32 << 20;

/// The land's pictures.
#[derive(Debug)]
pub(crate) struct Imagery {
    /// All of the relief's area, north on top; transparent where there is none.
    pub(crate) picture: Picture,
    /// What must be shown with it; may be empty.
    pub(crate) credit: String,
}

/// Begins to draw the pictures of these files over a relief's area, the first file on top.
pub(crate) fn start(files: Vec<PathBuf>, relief: &Relief) -> Option<JoinHandle<Option<Imagery>>> {
    if files.is_empty() || relief.columns < 2 || relief.rows < 2 {
        return None;
    }
    let relief = Relief {
        heights: Vec::new(),
        ..relief.clone()
    };
    let spawned = std::thread::Builder::new()
        .name("map pictures".into())
        .spawn(move || draw(&files, &relief));
    spawned
        .inspect_err(|e| tracing::warn!("the map goes without pictures: {e}"))
        .ok()
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred columns")]
fn draw(files: &[PathBuf], relief: &Relief) -> Option<Imagery> {
    let wide = (relief.columns - 1) as f64 * relief.step_m;
    let tall = (relief.rows - 1) as f64 * relief.step_m;
    let texel = (wide.max(tall) / MOST_PX).max(LEAST_M);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most MOST_PX")]
    let px = |m: f64| ((m / texel).ceil().max(1.0)) as u32;
    let mut picture = Picture::clear(px(wide), px(tall));
    let place = |u: f64, v: f64| {
        let (east, north) = (relief.west_m + u * wide, relief.south_m + (1.0 - v) * tall);
        relief.frame.from_plane(east, north)
    };
    let mut credits: Vec<String> = Vec::new();
    for path in files {
        let file = match TileFile::open(path) {
            Ok(f) => f,
            Err(e) => {
                tracing::warn!("{e}");
                continue;
            }
        };
        let about = file.about();
        if matches!(about.kind, TileKind::Vector | TileKind::Avif) {
            tracing::warn!(
                file = %path.display(),
                "holds {:?} tiles; PNG, JPEG and WebP pictures are drawn. Fetch or convert them as such.",
                about.kind
            );
            continue;
        }
        let mut damaged = 0_u64;
        let drawn = mosaic(
            &mut picture,
            about.zooms,
            &place,
            &mut |z, x, y| match tile(&file, z, x, y) {
                Ok(p) => p,
                Err(why) => {
                    if damaged == 0 {
                        tracing::warn!(file = %path.display(), "tile {z}/{x}/{y} is left out: {why}");
                    }
                    damaged += 1;
                    None
                }
            },
        );
        if damaged > 1 {
            tracing::warn!(file = %path.display(), "{damaged} damaged tiles are left out; run `vedette atlas verify` on it");
        }
        if drawn.pixels > 0 && !about.attribution.is_empty() && !credits.contains(&about.attribution) {
            credits.push(about.attribution);
        }
    }
    let any = picture.rgba.chunks_exact(4).any(|p| p[3] != 0);
    any.then(|| Imagery {
        picture,
        credit: credits.join(" · "),
    })
}

fn tile(file: &TileFile, z: u8, x: u32, y: u32) -> Result<Option<Picture>, String> {
    match file.tile(z, x, y) {
        Ok(Some(bytes)) => decode(&bytes).map(Some),
        Ok(None) => Ok(None),
        Err(e) => Err(e.to_string()),
    }
}

/// A tile's picture from its bytes.
fn decode(bytes: &[u8]) -> Result<Picture, String> {
    match TileKind::of(bytes) {
        TileKind::Png => png_of(bytes),
        TileKind::Jpeg => jpeg_of(bytes),
        TileKind::Webp => webp_of(bytes),
        other => Err(format!("it is no picture but {other:?}")),
    }
}

fn checked(width: u32, height: u32) -> Result<(), String> {
    if (1..=MOST_TILE_PX).contains(&width) && (1..=MOST_TILE_PX).contains(&height) {
        Ok(())
    } else {
        Err(format!(
            "it is {width} x {height} pixels, {MOST_TILE_PX} are taken at most"
        ))
    }
}

/// Four bytes a pixel from one to four.
fn spread(width: u32, height: u32, raw: &[u8], channels: usize) -> Result<Picture, String> {
    let n = width as usize * height as usize;
    if raw.len() < n * channels || !(1..=4).contains(&channels) {
        return Err("it has too few pixels".to_owned());
    }
    let mut rgba = Vec::with_capacity(n * 4);
    for p in raw.chunks_exact(channels).take(n) {
        rgba.extend(match *p {
            [g] => [g, g, g, 255],
            [g, a] => [g, g, g, a],
            [r, g, b] => [r, g, b, 255],
            [r, g, b, a] => [r, g, b, a],
            _ => [0; 4],
        });
    }
    Ok(Picture { width, height, rgba })
}

fn png_of(bytes: &[u8]) -> Result<Picture, String> {
    let mut d = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MOST_BYTES });
    d.set_transformations(png::Transformations::normalize_to_color8());
    let mut r = d.read_info().map_err(|e| e.to_string())?;
    let (w, h) = (r.info().width, r.info().height);
    checked(w, h)?;
    let size = r.output_buffer_size().ok_or("it is too large")?;
    let mut raw = vec![0; size];
    let out = r.next_frame(&mut raw).map_err(|e| e.to_string())?;
    spread(w, h, &raw, out.color_type.samples())
}

fn jpeg_of(bytes: &[u8]) -> Result<Picture, String> {
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let most = MOST_TILE_PX as usize;
    let options = DecoderOptions::default()
        .set_max_width(most)
        .set_max_height(most)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut d = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let raw = d.decode().map_err(|e| e.to_string())?;
    let (w, h) = d.dimensions().ok_or("it says no size")?;
    let (w, h) = (u32::try_from(w).unwrap_or(0), u32::try_from(h).unwrap_or(0));
    checked(w, h)?;
    spread(w, h, &raw, 3)
}

fn webp_of(bytes: &[u8]) -> Result<Picture, String> {
    let mut d = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    d.set_memory_limit(MOST_BYTES);
    let (w, h) = d.dimensions();
    checked(w, h)?;
    let mut raw = vec![0; d.output_buffer_size().ok_or("it is too large")?];
    d.read_image(&mut raw).map_err(|e| e.to_string())?;
    spread(w, h, &raw, if d.has_alpha() { 4 } else { 3 })
}

/// As a texture with all its coarser levels, so that it does not flicker from far away.
pub(crate) fn texture(p: &Picture) -> Image {
    let (mut w, mut h, mut level) = (p.width, p.height, p.rgba.clone());
    let mut data = level.clone();
    let mut levels = 1;
    while w > 1 || h > 1 {
        (w, h, level) = halved(w, h, &level);
        data.extend_from_slice(&level);
        levels += 1;
    }
    let mut img = Image::new_uninit(
        Extent3d {
            width: p.width,
            height: p.height,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        TextureFormat::Rgba8Unorm,
        RenderAssetUsages::RENDER_WORLD,
    );
    img.texture_descriptor.mip_level_count = levels;
    img.data = Some(data);
    img.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::ClampToEdge,
        address_mode_v: ImageAddressMode::ClampToEdge,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: ImageFilterMode::Linear,
        ..ImageSamplerDescriptor::default()
    });
    img
}

/// Every two by two pixels as one; the last odd row or column of a side is left out, as graphics drivers count levels.
fn halved(w: u32, h: u32, rgba: &[u8]) -> (u32, u32, Vec<u8>) {
    let (nw, nh) = ((w / 2).max(1), (h / 2).max(1));
    let mut out = Vec::with_capacity(nw as usize * nh as usize * 4);
    for y in 0..nh {
        for x in 0..nw {
            let mut sum = [0_u32; 4];
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (sx, sy) = ((2 * x + dx).min(w - 1), (2 * y + dy).min(h - 1));
                let i = (sy as usize * w as usize + sx as usize) * 4;
                for (s, v) in sum.iter_mut().zip(&rgba[i..i + 4]) {
                    *s += u32::from(*v);
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
            out.extend(sum.map(|s| ((s + 2) / 4) as u8));
        }
    }
    (nw, nh, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_every_kind_are_decoded_and_others_refused() {
        let mut png = Vec::new();
        let mut e = png::Encoder::new(&mut png, 2, 1);
        e.set_color(png::ColorType::Rgb);
        e.write_header()
            .and_then(|mut w| w.write_image_data(&[10, 20, 30, 40, 50, 60]))
            .expect("a picture");
        let p = decode(&png).expect("a tile");
        assert_eq!((p.width, p.height), (2, 1));
        assert_eq!(p.rgba, [10, 20, 30, 255, 40, 50, 60, 255]);
        let mut webp = Vec::new();
        image_webp::WebPEncoder::new(&mut webp)
            .encode(&[200, 10, 20, 1, 2, 3], 2, 1, image_webp::ColorType::Rgb8)
            .expect("a picture");
        assert_eq!(decode(&webp).expect("a tile").rgba, [200, 10, 20, 255, 1, 2, 3, 255]);
        // Eight by eight pixels of one blue, as FFmpeg writes them.
        let hex = "ffd8ffe000104a46494600010200000100010000ffdb00430008040404040405050505050506060606060606060606060606 \
             07070708080807070706060707080808080909090808080809090a0a0a0c0c0b0b0e0e0e111114ffc4004b00010100000000 \
             0000000000000000000000060101000000000000000000000000000000051001000000000000000000000000000000001101 \
             00000000000000000000000000000000ffc00011080008000803012200021100031100ffda000c03010002110311003f0099 \
             00b0d7ffd9";
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let jpeg: Vec<u8> = digits
            .chunks_exact(2)
            .map(|d| u8::from_str_radix(std::str::from_utf8(d).expect("ascii"), 16).expect("hex"))
            .collect();
        let p = decode(&jpeg).expect("a tile");
        assert_eq!((p.width, p.height), (8, 8));
        let near = |a: u8, b: u8| a.abs_diff(b) < 6;
        assert!(
            p.rgba
                .chunks_exact(4)
                .all(|c| near(c[0], 0x40) && near(c[1], 0x60) && near(c[2], 0x80)),
            "{:?}",
            &p.rgba[..4]
        );
        for wrong in [
            &b"\x1f\x8b vector"[..],
            b"\xff\xd8\xff\xe0 cut off",
            b"",
            &png[..20],
            &webp[..24],
        ] {
            assert!(decode(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn coarser_levels_are_means() {
        let (w, h, level) = halved(2, 2, &[0, 0, 0, 255, 100, 0, 0, 255, 0, 100, 0, 255, 100, 100, 0, 255]);
        assert_eq!((w, h, &level[..]), (1, 1, &[50, 50, 0, 255][..]));
        assert_eq!(halved(3, 1, &[8; 12]).2, [8; 4]);
    }
}
