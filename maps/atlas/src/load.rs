//! Reads a site folder and a terrain tile from disk: the one module of this crate with a file in
//! its hands.
//!
//! Invariant: nothing is written; every failure is one paragraph that says what, where and what
//! to do. A site without a tile gets synthetic relief that says so in its label.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use vedette_geo::{Geoid, LatLon, distance_m};

use crate::{
    AtlasError, Border, Bounds, Crossing, Geometry, Shape, Terrain, TerrainSource, World, Zone, ZoneKind, read_geojson,
};

/// Margin of the terrain around the home territory, metres.
const MARGIN_M: f64 = 3000.0;
/// One standard deviation of SRTM heights: 16 m at 90 % (Farr et al. 2007) over 1.645.
const SRTM_SIGMA_M: f64 = 9.7;

/// Why a site could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error(
        "Cannot read {}: {source}. Check that the path is right and that you may read it.",
        .path.display()
    )]
    Read {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The site description is wrong.
    #[error("The site description {} is not usable: {why}. Correct that place and try again.", .path.display())]
    Site {
        /// File.
        path: PathBuf,
        /// Cause with line and column.
        why: String,
    },
    /// A data file is damaged or of the wrong kind.
    #[error("The data file {} is damaged or of the wrong kind: {source}. Restore it from the repository or import it again.", .path.display())]
    Data {
        /// File.
        path: PathBuf,
        /// Cause.
        source: AtlasError,
    },
}

/// `site.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    name: String,
    border: SiteBorder,
    geoid: Geoid,
    attribution: String,
    #[serde(default)]
    crossing: Vec<Crossing>,
    #[serde(default)]
    zone: Vec<SiteZone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteBorder {
    name: String,
    /// The rest of the ring, drawn and respected.
    context: String,
    territory_file: String,
    /// Ends of the watched part on the territory's ring, walked with home on the left.
    from: LatLon,
    to: LatLon,
    home: String,
    accuracy_m: f64,
    edition: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteZone {
    name: String,
    kind: ZoneKind,
    #[serde(default)]
    polygon: Vec<LatLon>,
    centre: Option<LatLon>,
    #[serde(default)]
    radius_m: f64,
    floor: Option<vedette_geo::Amsl>,
    ceiling: Option<vedette_geo::Amsl>,
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The site in `dir` (its `site.toml` and the files that names). Terrain comes from the tiles
/// under `data` (`VEDETTE_DATA`) when they are there, otherwise it is synthetic from `seed`.
///
/// # Errors
/// [`LoadError`] when a file is missing, unreadable or damaged. A tile that is there but damaged
/// is an error, not a reason to invent terrain.
pub fn site(dir: &Path, data: Option<&Path>, seed: u64) -> Result<World, LoadError> {
    let path = dir.join("site.toml");
    let wrong = |why: String| LoadError::Site {
        path: path.clone(),
        why,
    };
    let text = String::from_utf8(read(&path)?).map_err(|e| wrong(e.to_string()))?;
    let site: Site = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let file = dir.join(&site.border.territory_file);
    let damaged = |source: AtlasError| LoadError::Data {
        path: file.clone(),
        source,
    };
    let ring = read_geojson(&read(&file)?)
        .map_err(damaged)?
        .into_iter()
        .find_map(|f| match f.geometry {
            Geometry::Polygon(rings) => rings.into_iter().next(),
            _ => None,
        })
        .ok_or_else(|| {
            damaged(AtlasError::Json {
                why: "it holds no polygon".to_owned(),
            })
        })?;
    let (border, context) = split(ring.clone(), &site.border).map_err(damaged)?;
    let zones = site
        .zone
        .into_iter()
        .map(|z| {
            let shape = match z.centre {
                Some(centre) if z.polygon.is_empty() => Shape::Disc {
                    centre,
                    radius_m: z.radius_m,
                },
                _ => Shape::Polygon(z.polygon),
            };
            Zone {
                name: z.name,
                kind: z.kind,
                shape,
                floor: z.floor,
                ceiling: z.ceiling,
            }
            .checked()
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| wrong(e.to_string()))?;
    let bounds = Bounds::around(&ring, MARGIN_M).ok_or_else(|| wrong("empty ring".to_owned()))?;
    let terrain = match data {
        Some(data) => tiles(data, bounds)?,
        None => None,
    }
    .unwrap_or_else(|| Terrain::synthetic(seed, bounds));
    let mut territory = ring;
    territory.pop();
    Ok(World {
        name: site.name,
        border,
        context: vec![context],
        territory,
        zones,
        crossings: site.crossing,
        geoid: site.geoid,
        terrain: Arc::new(terrain),
        attribution: site.attribution,
    })
}

/// Cuts the ring at the points nearest to the two ends; home is on the left of both parts.
fn split(mut ring: Vec<LatLon>, s: &SiteBorder) -> Result<(Border, Border), AtlasError> {
    ring.pop();
    // Twice the signed area: an outer ring runs with its inside on the left (RFC 7946, 3.1.6),
    // but older files do not.
    let area: f64 = (0..ring.len())
        .map(|i| {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            (a.lon_deg - ring[0].lon_deg) * (b.lat_deg - ring[0].lat_deg)
                - (b.lon_deg - ring[0].lon_deg) * (a.lat_deg - ring[0].lat_deg)
        })
        .sum();
    if area < 0.0 {
        ring.reverse();
    }
    let vertex = |p: LatLon| {
        (0..ring.len())
            .min_by(|a, b| distance_m(ring[*a], p).total_cmp(&distance_m(ring[*b], p)))
            .unwrap_or(0)
    };
    let (from, to) = (vertex(s.from), vertex(s.to));
    let part = |a: usize, b: usize| {
        let n = ring.len();
        let count = (b + n - a) % n;
        (0..=count).map(|k| ring[(a + k) % n]).collect::<Vec<_>>()
    };
    let describe = |mut b: Border| {
        b.home.clone_from(&s.home);
        b.accuracy_m = s.accuracy_m;
        b.edition.clone_from(&s.edition);
        b.source.clone_from(&s.source);
        b
    };
    Ok((
        describe(Border::new(&s.name, part(from, to), true)?),
        describe(Border::new(&s.context, part(to, from), true)?),
    ))
}

/// SRTM tiles under `data` that cover `bounds`; `None` when one is missing.
#[expect(clippy::cast_possible_truncation, reason = "whole degrees of a checked position")]
fn tiles(data: &Path, bounds: Bounds) -> Result<Option<Terrain>, LoadError> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    let mut edition = Sha256::new();
    let mut spacing_m = 0.0_f64;
    for lat in bounds.south_deg.floor() as i32..=bounds.north_deg.floor() as i32 {
        for lon in bounds.west_deg.floor() as i32..=bounds.east_deg.floor() as i32 {
            let name = format!(
                "{}{:02}{}{:03}",
                if lat < 0 { 'S' } else { 'N' },
                lat.abs(),
                if lon < 0 { 'W' } else { 'E' },
                lon.abs()
            );
            let path = ["dem/srtm1", "dem/srtm3", "dem", "."]
                .iter()
                .flat_map(|d| [".hgt.zip", ".hgt"].map(|e| data.join(d).join(format!("{name}{e}"))))
                .find(|p| p.is_file());
            let Some(path) = path else {
                return Ok(None);
            };
            let bytes = read(&path)?;
            edition.update(&bytes);
            let tile = Terrain::from_hgt(&name, &bytes).map_err(|source| LoadError::Data { path, source })?;
            let b = tile.bounds();
            spacing_m = spacing_m.max(tile.spacing_m(b.centre()));
            found.push(tile);
            names.push(name);
        }
    }
    let posting = if spacing_m < 50.0 { 1 } else { 3 };
    let digest = crate::world::hex(&edition.finalize());
    Ok(Some(Terrain::new(
        found,
        TerrainSource {
            label: format!("SRTM {posting}″ {}", names.join(" ")),
            edition: format!("file SHA-256 {}", &digest[..16]),
            sigma_m: SRTM_SIGMA_M,
            synthetic: false,
            spacing_m,
        },
    )))
}
