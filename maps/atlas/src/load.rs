//! Reads a site folder, terrain tiles and map pictures from disk, packs, unpacks and fetches areas: the one module of this crate
//! with a file in its hands.
//!
//! Invariant: only `unpack`, `add_zones`, `fetch` and `gather` write, and only where they are told to; every failure is one
//! paragraph that says what, where and what to do. A site without a tile gets synthetic relief that says so in its label.

mod fetch;
mod packing;
mod tiles;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use vedette_geo::{Geoid, LatLon, distance_m};

use crate::{
    AtlasError, Border, Bounds, Chart, Claim, Crossing, GeoidGrid, Geometry, Shape, Terrain, TerrainSource, WayImport,
    World, Zone, ZoneKind, between, read_border, read_dted, read_geojson, read_geotiff, read_ways, read_zone_file,
    sea_beyond,
};

pub use fetch::{FetchError, Fetched, Job, MOST_FILES, Progress, fetch, gather, jobs};
pub use packing::{add_zones, pack, unpack, zones};
pub use tiles::{TileAbout, TileFile};

/// Margin of the terrain around the home territory, metres.
const MARGIN_M: f64 = 3000.0;
/// Gaps of a border file up to this width are bridged where the site says nothing, metres: published lines leave out rivers.
const BRIDGE_M: f64 = 2000.0;
/// How far around a crossing point of a file people cross lawfully where the file says nothing, metres.
const CROSSING_M: f64 = 200.0;
/// Folder of a site that holds the zone files it names.
const ZONES: &str = "zones";
/// Folder of a site, of an unpacked area or of the data folder that holds map pictures.
const PICTURES: &str = "tiles";
/// Folder below the data folder in which geoid grids are looked for.
const GEOIDS: &str = "geoids";
/// Folders below the data folder in which terrain tiles are looked for.
const TILE_FOLDERS: [&str; 4] = ["dem/srtm1", "dem/srtm3", "dem", "."];
/// One standard deviation of Copernicus GLO-30 heights: 4 m at 90 % over 1.645.
const GLO30_SIGMA_M: f64 = 2.4;
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
    /// A file cannot be written.
    #[error("Cannot write {}: {source}. Check that the folder exists, that you may write there and that the disk is not full.", .path.display())]
    Write {
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
    /// A geoid height of one's own; without it and without `geoid_file` EGM96 is taken, which is in the program.
    geoid: Option<Geoid>,
    /// A finer grid in the site's folder or in `geoids` of the data folder: GeographicLib PGM, WW15MGH.DAC, GTX.
    geoid_file: Option<String>,
    attribution: String,
    #[serde(default)]
    crossing: Vec<Crossing>,
    #[serde(default)]
    zone: Vec<SiteZone>,
    /// Other claims of the border, each a layer of its own.
    #[serde(default)]
    claim: Vec<SiteClaim>,
    /// GeoJSON or OpenStreetMap files whose points are lawful crossing points: border controls, and points with `control = yes`.
    #[serde(default)]
    crossing_files: Vec<String>,
    /// OpenStreetMap (PBF, XML) or GeoJSON files of roads, tracks, paths and waters: drawn and told.
    #[serde(default)]
    way_files: Vec<String>,
    /// Files of zones in the folder `zones`: ED-269, ED-318, OpenAir, KML, KMZ, Shapefile, GeoJSON.
    #[serde(default)]
    zone_files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteBorder {
    name: String,
    /// The rest of the ring, drawn and respected.
    #[serde(default)]
    context: String,
    /// GeoJSON of the home territory's ring; the watched part runs on it from `from` to `to`.
    territory_file: Option<String>,
    /// Ends of the watched part on the territory's ring, walked with home on the left.
    from: Option<LatLon>,
    to: Option<LatLon>,
    /// GeoJSON of the line instead, in one piece or several: for a border whose country need not be drawn.
    line_file: Option<String>,
    /// Which side home is on when walking along `line_file`.
    #[serde(default = "yes")]
    home_left: bool,
    /// Widest gap of `line_file` that is bridged, metres.
    #[serde(default = "bridge")]
    bridge_m: f64,
    home: String,
    accuracy_m: f64,
    edition: String,
    source: String,
    /// The watched line is a shore: beyond it lies the sea.
    #[serde(default)]
    sea: bool,
}

fn yes() -> bool {
    true
}

fn bridge() -> f64 {
    BRIDGE_M
}

/// Another claim of the same border.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteClaim {
    /// Whose.
    by: String,
    /// GeoJSON of the line.
    file: String,
    /// The land between is closed to flight (true), or only told apart on the map.
    #[serde(default = "yes")]
    respected: bool,
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
    let (border, context, territory) = lines(dir, &site.border, &wrong)?;
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
    let land = if territory.is_empty() { &border.line } else { &territory };
    let bounds = Bounds::around(land, MARGIN_M).ok_or_else(|| wrong("empty ring".to_owned()))?;
    let terrain = match data {
        Some(data) => tiles(data, bounds)?,
        None => None,
    }
    .unwrap_or_else(|| Terrain::synthetic(seed, bounds));
    let geoid = match (site.geoid, &site.geoid_file) {
        (Some(_), Some(_)) => return Err(wrong("it names both `geoid` and `geoid_file`: keep one".to_owned())),
        (Some(g), None) => g,
        (None, file) => geoid(dir, data, file.as_deref(), bounds)?,
    };
    let mut zones = zones;
    for name in &site.zone_files {
        let file = dir.join(ZONES).join(name);
        let import = read_zone_file(name, &read(&file)?).map_err(|source| LoadError::Data { path: file, source })?;
        for note in &import.notes {
            tracing::warn!(file = name.as_str(), "{note}");
        }
        zones.extend(import.zones.iter().map(|z| z.zone(Some(&terrain), &geoid)));
    }
    let mut chart = Chart {
        pictures: pictures(dir, data)?,
        ..Chart::default()
    };
    for c in &site.claim {
        let (zone, claim) = claimed(dir, c, &site.border, &border)?;
        zones.push(zone);
        chart.claims.push(claim);
    }
    for name in &site.way_files {
        let found = ways_of(dir, name, bounds)?;
        chart.ways.extend(found.ways);
        chart.waters.extend(found.waters);
    }
    if site.border.sea {
        chart
            .waters
            .push(sea_beyond(&border).ok_or_else(|| wrong("[border] sea: the line has no length".to_owned()))?);
    }
    let mut crossings = site.crossing;
    for name in &site.crossing_files {
        crossings.extend(crossing_points(dir, name)?);
    }
    let world = World {
        name: site.name,
        border,
        context,
        territory,
        zones,
        crossings,
        geoid,
        terrain: Arc::new(terrain),
        chart,
        attribution: site.attribution,
    };
    for doubt in world.doubts() {
        tracing::warn!("{doubt}");
    }
    Ok(world)
}

/// Map pictures of a site: in its folder, in `tiles` of it, beside it where a pack was unpacked, and in `tiles` of the data folder.
fn pictures(dir: &Path, data: Option<&Path>) -> Result<Vec<PathBuf>, LoadError> {
    let unpacked = dir
        .file_name()
        .is_some_and(|n| n == "site")
        .then(|| dir.join("..").join(PICTURES));
    let near = [
        Some(dir.to_owned()),
        Some(dir.join(PICTURES)),
        unpacked,
        data.map(|d| d.join(PICTURES)),
    ];
    let mut out = Vec::new();
    for folder in near.into_iter().flatten().filter(|f| f.is_dir()) {
        let wanted = |p: &PathBuf| p.extension().is_some_and(|e| e == "pmtiles" || e == "mbtiles");
        out.extend(listed(&folder)?.into_iter().filter(wanted));
    }
    Ok(out)
}

/// The watched border, the rest of the ring, and the ring without its repeated end.
fn lines(
    dir: &Path,
    s: &SiteBorder,
    wrong: &impl Fn(String) -> LoadError,
) -> Result<(Border, Vec<Border>, Vec<LatLon>), LoadError> {
    let data = |path: &Path| {
        let path = path.to_owned();
        move |source: AtlasError| LoadError::Data { path, source }
    };
    match (&s.territory_file, &s.line_file, s.from.zip(s.to)) {
        (Some(name), None, Some(ends)) => {
            let file = dir.join(name);
            let mut ring = read_geojson(&read(&file)?)
                .map_err(data(&file))?
                .into_iter()
                .find_map(|f| match f.geometry {
                    Geometry::Polygon(rings) => rings.into_iter().next(),
                    _ => None,
                })
                .ok_or_else(|| {
                    data(&file)(AtlasError::Json {
                        why: "it holds no polygon".to_owned(),
                    })
                })?;
            let (border, context) = split(ring.clone(), s, ends).map_err(data(&file))?;
            ring.pop();
            Ok((border, vec![context], ring))
        }
        (None, Some(name), None) => {
            let file = dir.join(name);
            let found = read_border(&s.name, &read(&file)?, s.home_left, s.bridge_m).map_err(data(&file))?;
            for note in &found.notes {
                tracing::info!(file = name.as_str(), "{note}");
            }
            let mut all = found.lines.into_iter().map(|l| described(l.border, s));
            let first = all.next().ok_or_else(|| wrong("its border has no line".to_owned()))?;
            Ok((first, all.collect(), Vec::new()))
        }
        _ => Err(wrong(
            "[border] needs either `territory_file` with `from` and `to`, or `line_file`".to_owned(),
        )),
    }
}

fn described(mut b: Border, s: &SiteBorder) -> Border {
    b.home.clone_from(&s.home);
    b.accuracy_m = s.accuracy_m;
    b.edition.clone_from(&s.edition);
    b.source.clone_from(&s.source);
    b
}

/// The land between the watched line and another claim of it, as a zone of its own, and the claim as a layer.
fn claimed(dir: &Path, c: &SiteClaim, s: &SiteBorder, border: &Border) -> Result<(Zone, Claim), LoadError> {
    let path = dir.join(&c.file);
    let data = |source| LoadError::Data {
        path: path.clone(),
        source,
    };
    let found = read_border(&c.by, &read(&path)?, s.home_left, s.bridge_m).map_err(data)?;
    let empty = || AtlasError::EmptyZone { name: c.by.clone() };
    let line = found.lines.first().ok_or_else(|| data(empty()))?;
    let corners = between(border, &line.border).ok_or_else(|| data(empty()))?;
    let claim = Claim {
        by: c.by.clone(),
        respected: c.respected,
        lines: found.lines.iter().map(|l| l.border.line.clone()).collect(),
    };
    let zone = Zone {
        name: format!("claimed by {}", c.by),
        kind: if c.respected {
            ZoneKind::NoFly
        } else {
            ZoneKind::Advisory
        },
        shape: Shape::Polygon(corners),
        floor: None,
        ceiling: None,
    };
    Ok((zone, claim))
}

/// Roads, tracks and paths of a file that touch the site.
fn ways_of(dir: &Path, name: &str, area: Bounds) -> Result<WayImport, LoadError> {
    let path = dir.join(name);
    let found = read_ways(name, &read(&path)?, Some(area)).map_err(|source| LoadError::Data { path, source })?;
    for note in &found.notes {
        tracing::info!(file = name, "{note}");
    }
    Ok(found)
}

/// Lawful crossing points of a file.
fn crossing_points(dir: &Path, name: &str) -> Result<Vec<Crossing>, LoadError> {
    let path = dir.join(name);
    let found = read_ways(name, &read(&path)?, None).map_err(|source| LoadError::Data { path, source })?;
    Ok(found
        .places
        .into_iter()
        .filter(|p| p.control)
        .map(|p| Crossing {
            radius_m: p
                .properties
                .get("radius_m")
                .and_then(|r| r.parse().ok())
                .filter(|r: &f64| r.is_finite() && *r > 0.0)
                .unwrap_or(CROSSING_M),
            name: if p.name.is_empty() {
                format!("crossing point at {}", p.at)
            } else {
                p.name
            },
            at: p.at,
        })
        .collect())
}

/// The geoid over an area: from a named grid, or from the one in the program.
fn geoid(dir: &Path, data: Option<&Path>, file: Option<&str>, area: Bounds) -> Result<Geoid, LoadError> {
    let outside = |path: PathBuf, name: &str| LoadError::Data {
        path,
        source: AtlasError::Raster {
            name: name.to_owned(),
            why: "the site lies outside this geoid grid".to_owned(),
        },
    };
    let Some(name) = file else {
        return GeoidGrid::egm96()
            .over(area)
            .ok_or_else(|| outside(dir.to_owned(), "EGM96"));
    };
    let beside = dir.join(name);
    let path = match data.map(|d| d.join(GEOIDS).join(name)) {
        Some(p) if !beside.is_file() && p.is_file() => p,
        _ => beside,
    };
    let grid = GeoidGrid::read(name, &read(&path)?).map_err(|source| LoadError::Data {
        path: path.clone(),
        source,
    })?;
    grid.over(area).ok_or_else(|| outside(path, name))
}

/// Cuts the ring at the points nearest to the two ends; home is on the left of both parts.
fn split(mut ring: Vec<LatLon>, s: &SiteBorder, ends: (LatLon, LatLon)) -> Result<(Border, Border), AtlasError> {
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
    let (from, to) = (vertex(ends.0), vertex(ends.1));
    let part = |a: usize, b: usize| {
        let n = ring.len();
        let count = (b + n - a) % n;
        (0..=count).map(|k| ring[(a + k) % n]).collect::<Vec<_>>()
    };
    Ok((
        described(Border::new(&s.name, part(from, to), true)?, s),
        described(Border::new(&s.context, part(to, from), true)?, s),
    ))
}

/// Name of the degree square with this south-west corner.
fn square(lat: i32, lon: i32) -> String {
    let (ns, ew) = (if lat < 0 { 'S' } else { 'N' }, if lon < 0 { 'W' } else { 'E' });
    format!("{ns}{:02}{ew}{:03}", lat.abs(), lon.abs())
}

/// Names of the degree squares that cover a box, as `N42E001`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "whole degrees of a checked position")]
pub fn squares(bounds: Bounds) -> Vec<String> {
    let mut out = Vec::new();
    for lat in bounds.south_deg.floor() as i32..=bounds.north_deg.floor() as i32 {
        for lon in bounds.west_deg.floor() as i32..=bounds.east_deg.floor() as i32 {
            out.push(square(lat, lon));
        }
    }
    out
}

/// The file of a degree square under `data`: SRTM (`N42E001.hgt`, zipped or not), GeoTIFF, DTED, or Copernicus GLO-30 by its own
/// name.
fn tile_file(data: &Path, name: &str) -> Option<PathBuf> {
    let copernicus = |seconds: u32| {
        let (lat, lon) = name.split_at(3);
        format!("Copernicus_DSM_COG_{seconds}_{lat}_00_{lon}_00_DEM.tif")
    };
    let names: Vec<String> = [".hgt.zip", ".hgt", ".tif", ".dt2", ".dt1", ".dt0"]
        .iter()
        .map(|e| format!("{name}{e}"))
        .chain([copernicus(10), copernicus(30)])
        .collect();
    TILE_FOLDERS
        .iter()
        .flat_map(|d| {
            let folder = data.join(d);
            names.iter().map(move |n| folder.join(n))
        })
        .find(|p| p.is_file())
}

/// Terrain tiles under `data` that cover `bounds`; `None` when one is missing.
fn tiles(data: &Path, bounds: Bounds) -> Result<Option<Terrain>, LoadError> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    let mut edition = Sha256::new();
    let mut spacing_m = 0.0_f64;
    let (mut model, mut sigma_m) = ("SRTM", SRTM_SIGMA_M);
    for name in squares(bounds) {
        let Some(path) = tile_file(data, &name) else {
            return Ok(None);
        };
        let bytes = read(&path)?;
        edition.update(&bytes);
        let file = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let tile = match path.extension().and_then(|e| e.to_str()) {
            Some("tif") => {
                if file.starts_with("Copernicus") {
                    (model, sigma_m) = ("Copernicus GLO-30", GLO30_SIGMA_M);
                }
                read_geotiff(&file, &bytes)
            }
            Some("dt0" | "dt1" | "dt2") => {
                model = "DTED";
                read_dted(&file, &bytes)
            }
            _ => Terrain::from_hgt(&name, &bytes),
        }
        .map_err(|source| LoadError::Data { path, source })?;
        let b = tile.bounds();
        spacing_m = spacing_m.max(tile.spacing_m(b.centre()));
        found.push(tile);
        names.push(name);
    }
    let posting = if spacing_m < 50.0 { 1 } else { 3 };
    let digest = crate::world::hex(&edition.finalize());
    Ok(Some(Terrain::new(
        found,
        TerrainSource {
            label: format!("{model} {posting}″ {}", names.join(" ")),
            edition: format!("file SHA-256 {}", &digest[..16]),
            sigma_m,
            synthetic: false,
            spacing_m,
        },
    )))
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Files of a folder by name; none where there is no such folder.
fn listed(dir: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let wrong = |source| LoadError::Read {
        path: dir.to_owned(),
        source,
    };
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_file() {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
    let wrong = |source| LoadError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(wrong)?;
    }
    // By way of a temporary name: nobody ever sees half of it.
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(wrong)
}
