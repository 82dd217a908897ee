//! GeoTIFF and Cloud-Optimised GeoTIFF heights (deflate, LZW, predictors, whole and floating numbers), from bytes.
//!
//! Invariant: no height is placed by guess: a raster without position, in another reference system than longitude and latitude
//! of WGS 84, or rotated, is refused with what to do. GeoTIFF: OGC 19-008r4. The file's nodata value and NaN stay unknown.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use crate::terrain::Heights;
use crate::{AtlasError, Tile};

/// Most samples of one raster: a 1-arc-second tile of one degree has 13 million.
const MOST_SAMPLES: u64 = 60_000_000;
/// Most samples a byte of the file can stand for: LZW packs up to 4,096 bytes into a code of 12 bits.
const MOST_PER_BYTE: u64 = 4096;
/// GeoKeys: model type, raster type, geographic reference system, units of its angles.
const MODEL_TYPE: u32 = 1024;
const RASTER_TYPE: u32 = 1025;
const GEOGRAPHIC_TYPE: u32 = 2048;
/// Reference systems whose longitude and latitude differ from WGS 84's by less than a height posting: WGS 84, ETRS89, NAD83,
/// GRS 80 based WGS 72BE is not among them; 4979 and 4937 are their three-dimensional forms.
const ALIKE: [u32; 5] = [4326, 4258, 4269, 4979, 4937];

/// One tile of heights from the bytes of a GeoTIFF; its first, full-size picture.
///
/// # Errors
/// [`AtlasError::Raster`] with what is wrong and what to do.
pub fn read_geotiff(name: &str, bytes: &[u8]) -> Result<Tile, AtlasError> {
    let refuse = |why: String| AtlasError::Raster {
        name: name.to_owned(),
        why,
    };
    let broken = |e: tiff::TiffError| refuse(format!("it cannot be decoded ({e}); fetch it again"));
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_SAMPLES as usize * 8;
    limits.ifd_value_size = 16 << 20;
    let mut d = Decoder::new(Cursor::new(bytes)).map_err(broken)?.with_limits(limits);
    let (cols, rows) = d.dimensions().map_err(broken)?;
    if cols < 2 || rows < 2 || u64::from(cols) * u64::from(rows) > MOST_SAMPLES {
        return Err(refuse(format!(
            "it has {cols} by {rows} heights; between 2 by 2 and 60 million can be used: cut it into smaller tiles"
        )));
    }
    if u64::from(cols) * u64::from(rows) > MOST_PER_BYTE * bytes.len() as u64 {
        return Err(refuse(format!(
            "it says it has {cols} by {rows} heights in {} bytes: it is cut short or damaged; fetch it again",
            bytes.len()
        )));
    }
    let place = place(&mut d, &refuse)?;
    let nodata: Option<f64> = d
        .find_tag(Tag::GdalNodata)
        .map_err(broken)?
        .and_then(|v| v.into_string().ok())
        .and_then(|s| s.trim_matches(char::from(0)).trim().parse().ok());
    let samples = d
        .find_tag_unsigned::<u16>(Tag::SamplesPerPixel)
        .map_err(broken)?
        .unwrap_or(1);
    if samples != 1 {
        return Err(refuse(format!(
            "it has {samples} values a pixel, a height raster has one: this is a picture"
        )));
    }
    let image = d.read_image().map_err(broken)?;
    let heights =
        heights(image, nodata).ok_or_else(|| refuse("its numbers are of a kind heights do not come in".into()))?;
    if heights.len() != cols as usize * rows as usize {
        return Err(refuse(
            "it holds fewer heights than its size says; fetch it again".into(),
        ));
    }
    let (lat, lon) = (place.north_deg, place.west_deg);
    let south = lat - place.step_lat_deg * f64::from(rows - 1);
    let wide = place.step_lon_deg * f64::from(cols - 1);
    if !(lat <= 90.01 && south >= -90.01 && (-180.01..=180.01).contains(&lon) && wide <= 360.0) {
        return Err(refuse(format!(
            "it lies at {south:.3}..{lat:.3} N from {lon:.3} E, which is not on the globe in degrees: reproject it to EPSG:4326"
        )));
    }
    Ok(Tile::new(
        lat,
        lon,
        place.step_lat_deg,
        place.step_lon_deg,
        rows as usize,
        cols as usize,
        heights,
    ))
}

struct Place {
    north_deg: f64,
    west_deg: f64,
    step_lat_deg: f64,
    step_lon_deg: f64,
}

/// Where the middle of the first pixel lies and how far apart pixels are.
fn place(d: &mut Decoder<Cursor<&[u8]>>, refuse: &impl Fn(String) -> AtlasError) -> Result<Place, AtlasError> {
    let list = |d: &mut Decoder<Cursor<&[u8]>>, tag: Tag| -> Option<Vec<f64>> {
        d.find_tag(tag).ok().flatten().and_then(|v| v.into_f64_vec().ok())
    };
    let keys: Vec<u16> = d
        .find_tag(Tag::GeoKeyDirectoryTag)
        .ok()
        .flatten()
        .and_then(|v| v.into_u16_vec().ok())
        .unwrap_or_default();
    let key = |id: u32| {
        keys.chunks_exact(4)
            .skip(1)
            .find(|k| u32::from(k[0]) == id && k[1] == 0)
            .map(|k| u32::from(k[3]))
    };
    match key(MODEL_TYPE) {
        Some(2) => {}
        Some(1) => return Err(refuse("it is in a map projection: reproject it to EPSG:4326".into())),
        Some(_) => return Err(refuse("its coordinates are not on the ground".into())),
        None => {
            return Err(refuse(
                "it does not say where it lies (no GeoKeys): a plain picture has no heights".into(),
            ));
        }
    }
    if let Some(crs) = key(GEOGRAPHIC_TYPE)
        && crs != 32_767
        && !ALIKE.contains(&crs)
    {
        return Err(refuse(format!(
            "its longitudes and latitudes are of EPSG:{crs}, not of WGS 84: reproject it to EPSG:4326"
        )));
    }
    let scale = list(d, Tag::ModelPixelScaleTag);
    let tie = list(d, Tag::ModelTiepointTag);
    let matrix = list(d, Tag::ModelTransformationTag);
    let (west, north, dx, dy) = match (scale, tie, matrix) {
        (Some(s), Some(t), _) if s.len() >= 2 && t.len() >= 6 => (t[3] - t[0] * s[0], t[4] + t[1] * s[1], s[0], s[1]),
        (_, _, Some(m)) if m.len() >= 8 => {
            if m[1].abs() > 1e-12 || m[4].abs() > 1e-12 {
                return Err(refuse("it is rotated: reproject it to EPSG:4326".into()));
            }
            (m[3], m[7], m[0], -m[5])
        }
        _ => return Err(refuse("it does not say where its first pixel lies".into())),
    };
    if !(dx.is_finite() && dy.is_finite() && west.is_finite() && north.is_finite() && dx > 1e-7 && dy > 1e-7)
        || dx > 10.0
        || dy > 10.0
    {
        return Err(refuse(format!(
            "its pixels are {dx} by {dy} degrees, which makes no sense"
        )));
    }
    // Pixels that are areas are known at their middles; those that are points, at their corners' name.
    let half = if key(RASTER_TYPE) == Some(2) { 0.0 } else { 0.5 };
    Ok(Place {
        north_deg: north - half * dy,
        west_deg: west + half * dx,
        step_lat_deg: dy,
        step_lon_deg: dx,
    })
}

/// Heights of any numbers; impossible ones are unknown.
fn heights(image: DecodingResult, nodata: Option<f64>) -> Option<Heights> {
    let known = |h: f64| {
        let void = nodata.is_some_and(|n| (h - n).abs() <= 1e-6 * n.abs().max(1.0));
        if !void && (-12_000.0..=9_000.0).contains(&h) {
            h
        } else {
            f64::NAN
        }
    };
    let fine = |v: Vec<f64>| Heights::Fine(v.into_iter().map(|h| known(h) as f32).collect());
    let whole = |v: Vec<i16>| {
        let void = |h: i16| known(f64::from(h)).is_nan();
        Heights::Whole(v.into_iter().map(|h| if void(h) { i16::MIN } else { h }).collect())
    };
    Some(match image {
        DecodingResult::I16(v) => whole(v),
        DecodingResult::U8(v) => whole(v.into_iter().map(i16::from).collect()),
        DecodingResult::I8(v) => whole(v.into_iter().map(i16::from).collect()),
        DecodingResult::U16(v) => fine(v.into_iter().map(f64::from).collect()),
        DecodingResult::I32(v) => fine(v.into_iter().map(f64::from).collect()),
        DecodingResult::U32(v) => fine(v.into_iter().map(f64::from).collect()),
        DecodingResult::F32(v) => fine(v.into_iter().map(f64::from).collect()),
        DecodingResult::F64(v) => fine(v),
        _ => return None,
    })
}
