//! ESRI Shapefile: points, lines and polygons with the texts of their dBASE table (ESRI white paper, July 1998).
//!
//! Invariant: coordinates that cannot be degrees are refused, not folded on to the globe; counts in the file are held against
//! its length before anything is taken.

use std::collections::BTreeMap;

use vedette_geo::LatLon;

use super::bad;
use crate::geojson::Repeats;
use crate::{AtlasError, Geometry};

/// Most cells of a table.
const MOST_CELLS: usize = 400_000;

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeRecord {
    /// Its shape; a polygon of several outer rings gives several records with the same texts.
    pub geometry: Geometry,
    /// Its row in the table.
    pub properties: BTreeMap<String, String>,
}

fn le_u32(b: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(b.get(at..at + 4)?.try_into().ok()?) as usize)
}

fn be_u32(b: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_be_bytes(b.get(at..at + 4)?.try_into().ok()?) as usize)
}

fn real(b: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(b.get(at..at + 8)?.try_into().ok()?))
}

/// Records of a `.shp` file, with the texts of its `.dbf` table where that is given.
///
/// # Errors
/// [`AtlasError::Zones`] with the record.
pub fn read_shapefile(file: &str, shp: &[u8], dbf: Option<&[u8]>) -> Result<Vec<ShapeRecord>, AtlasError> {
    if be_u32(shp, 0) != Some(9994) || le_u32(shp, 28) != Some(1000) || shp.len() < 100 {
        return Err(bad(file, "the header", "this is not a Shapefile (.shp)"));
    }
    let rows = dbf.map(|d| table(file, d)).transpose()?.unwrap_or_default();
    let mut out = Vec::new();
    let mut repeats = Repeats::default();
    let (mut at, mut n) = (100, 0);
    while at + 12 <= shp.len() {
        let place = format!("record {}", n + 1);
        let cut = || bad(file, &place, "it is cut short");
        let words = be_u32(shp, at + 4).ok_or_else(cut)?;
        let end = at + 8 + words.checked_mul(2).ok_or_else(cut)?;
        let body = shp.get(at + 8..end).ok_or_else(cut)?;
        let properties: BTreeMap<String, String> = rows.get(n).cloned().unwrap_or_default();
        let weight = Repeats::weight("", &properties);
        let mut once_more = || repeats.once_more(weight).map_err(|why| bad(file, &place, why));
        let point = |at: usize| -> Result<LatLon, AtlasError> {
            let (x, y) = real(body, at).zip(real(body, at + 8)).ok_or_else(cut)?;
            LatLon::new(y, x).map_err(|_| {
                let why = format!("({x}, {y}) is not longitude and latitude: reproject the file to EPSG:4326");
                bad(file, &place, why)
            })
        };
        let kind = le_u32(body, 0).ok_or_else(cut)?;
        match kind {
            0 => {}
            1 | 11 | 21 => out.push(ShapeRecord {
                geometry: Geometry::Point(point(4)?),
                properties,
            }),
            3 | 5 | 13 | 15 | 23 | 25 => {
                let (parts, points) = le_u32(body, 36).zip(le_u32(body, 40)).ok_or_else(cut)?;
                let need = parts.checked_mul(4).zip(points.checked_mul(16));
                let need = need
                    .and_then(|(a, b)| a.checked_add(b)?.checked_add(44))
                    .ok_or_else(cut)?;
                if body.len() < need {
                    return Err(cut());
                }
                let from = 44 + 4 * parts;
                let mut rings: Vec<Vec<LatLon>> = Vec::new();
                for k in 0..parts {
                    let a = le_u32(body, 44 + 4 * k).ok_or_else(cut)?;
                    let b = if k + 1 < parts {
                        le_u32(body, 48 + 4 * k).ok_or_else(cut)?
                    } else {
                        points
                    };
                    if a > b || b > points {
                        return Err(bad(file, &place, "its parts overlap"));
                    }
                    rings.push((a..b).map(|i| point(from + 16 * i)).collect::<Result<_, _>>()?);
                }
                let polygon = matches!(kind, 5 | 15 | 25);
                if !polygon {
                    for l in rings {
                        once_more()?;
                        out.push(ShapeRecord {
                            geometry: Geometry::Line(l),
                            properties: properties.clone(),
                        });
                    }
                } else {
                    // Outer rings run clockwise; holes follow the ring they lie in, and are closed anyway.
                    let mut group: Vec<Vec<LatLon>> = Vec::new();
                    let mut put = |group: &mut Vec<Vec<LatLon>>| {
                        if !group.is_empty() {
                            once_more()?;
                            out.push(ShapeRecord {
                                geometry: Geometry::Polygon(std::mem::take(group)),
                                properties: properties.clone(),
                            });
                        }
                        Ok::<(), AtlasError>(())
                    };
                    for r in rings {
                        if clockwise(&r) || group.is_empty() {
                            put(&mut group)?;
                        }
                        group.push(r);
                    }
                    put(&mut group)?;
                }
            }
            other => return Err(bad(file, &place, format!("shapes of type {other} are not read"))),
        }
        (at, n) = (end, n + 1);
    }
    Ok(out)
}

fn clockwise(r: &[LatLon]) -> bool {
    let Some(o) = r.first() else { return false };
    let area: f64 = r
        .windows(2)
        .map(|w| {
            (w[0].lon_deg - o.lon_deg) * (w[1].lat_deg - o.lat_deg)
                - (w[1].lon_deg - o.lon_deg) * (w[0].lat_deg - o.lat_deg)
        })
        .sum();
    area <= 0.0
}

/// Rows of a dBASE III table, as text.
fn table(file: &str, b: &[u8]) -> Result<Vec<BTreeMap<String, String>>, AtlasError> {
    let cut = || bad(file, "the table (.dbf)", "it is damaged or cut short");
    let u16_at = |at: usize| Some(usize::from(u16::from_le_bytes(b.get(at..at + 2)?.try_into().ok()?)));
    let (count, head, width) = (
        le_u32(b, 4).ok_or_else(cut)?,
        u16_at(8).ok_or_else(cut)?,
        u16_at(10).ok_or_else(cut)?,
    );
    let mut fields: Vec<(String, usize)> = Vec::new();
    let mut at = 32;
    while b.get(at).is_some_and(|x| *x != 0x0D) && at + 32 <= head {
        let f = b.get(at..at + 32).ok_or_else(cut)?;
        let name: String = f[..11]
            .iter()
            .take_while(|c| **c != 0)
            .map(|c| char::from(*c))
            .collect();
        fields.push((name, usize::from(f[16])));
        at += 32;
    }
    if width == 0 || fields.iter().map(|f| f.1).sum::<usize>() + 1 > width {
        return Err(cut());
    }
    let body = b.get(head..).ok_or_else(cut)?;
    // Columns of no width take nothing in the file and a place in every row.
    let cells = (body.len() / width).min(count).saturating_mul(fields.len());
    if cells > MOST_CELLS {
        let why = format!(
            "it has {cells} cells, more than {MOST_CELLS}: leave out columns, or cut it to the area of operation"
        );
        return Err(bad(file, "the table (.dbf)", why));
    }
    let mut out = Vec::new();
    for row in body.chunks_exact(width).take(count) {
        let mut texts = BTreeMap::new();
        let mut at = 1;
        for (name, n) in &fields {
            let raw = &row[at..at + n];
            let text =
                std::str::from_utf8(raw).map_or_else(|_| raw.iter().map(|c| char::from(*c)).collect(), str::to_owned);
            texts.insert(name.clone(), text.trim_matches([' ', '\0']).to_owned());
            at += n;
        }
        out.push(texts);
    }
    Ok(out)
}
