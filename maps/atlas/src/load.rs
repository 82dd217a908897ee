//! Reads a site folder and terrain tiles from disk, and packs and unpacks areas: the one module of this crate with a file
//! in its hands.
//!
//! Invariant: only `unpack` and `add_zones` write, and only below the folder they are given; every failure is one paragraph
//! that says what, where and what to do. A site without a tile gets synthetic relief that says so in its label.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use vedette_geo::{Geoid, LatLon, distance_m};

use crate::{
    AtlasError, Border, Bounds, Crossing, Geometry, Pack, Shape, Terrain, TerrainSource, World, Zone, ZoneImport,
    ZoneKind, build_pack, read_dted, read_geojson, read_geotiff, read_zone_file,
};

/// Margin of the terrain around the home territory, metres.
const MARGIN_M: f64 = 3000.0;
/// Folder of a site that holds the zone files it names.
const ZONES: &str = "zones";
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
    geoid: Geoid,
    attribution: String,
    #[serde(default)]
    crossing: Vec<Crossing>,
    #[serde(default)]
    zone: Vec<SiteZone>,
    /// Files of zones in the folder `zones`: ED-269, ED-318, OpenAir, KML, KMZ, Shapefile, GeoJSON.
    #[serde(default)]
    zone_files: Vec<String>,
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
    let mut zones = zones;
    for name in &site.zone_files {
        let file = dir.join(ZONES).join(name);
        let import = read_zone_file(name, &read(&file)?).map_err(|source| LoadError::Data { path: file, source })?;
        for note in &import.notes {
            tracing::warn!(file = name.as_str(), "{note}");
        }
        zones.extend(import.zones.iter().map(|z| z.zone(Some(&terrain), &site.geoid)));
    }
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

/// Packs a site folder, the terrain tiles it needs and further files (as map tiles) into one file; `made` is the moment, RFC 3339.
///
/// # Errors
/// [`LoadError`] when the site is not usable or a file cannot be read.
pub fn pack(dir: &Path, data: Option<&Path>, more: &[PathBuf], made: &str) -> Result<Vec<u8>, LoadError> {
    let world = site(dir, data, 0)?;
    let mut files: Vec<(String, String, String, Vec<u8>)> = Vec::new();
    let mut put = |path: &Path, at: String, what: &str, source: &str| -> Result<(), LoadError> {
        files.push((at, what.to_owned(), source.to_owned(), read(path)?));
        Ok(())
    };
    for (sub, what) in [("", "site"), (ZONES, "zones")] {
        for path in listed(&dir.join(sub))? {
            let name = name_of(&path);
            let at = if sub.is_empty() {
                format!("site/{name}")
            } else {
                format!("site/{sub}/{name}")
            };
            put(&path, at, what, &world.attribution)?;
        }
    }
    let bounds = Bounds::around(&world.territory, MARGIN_M)
        .or_else(|| world.bounds(MARGIN_M))
        .ok_or_else(|| LoadError::Site {
            path: dir.to_owned(),
            why: "it has no border".to_owned(),
        })?;
    let mut missing = Vec::new();
    for name in squares(bounds) {
        match data.and_then(|d| tile_file(d, &name)) {
            Some(path) => put(
                &path,
                format!("dem/{}", name_of(&path)),
                "terrain",
                &world.terrain.source().label,
            )?,
            None => missing.push(format!("terrain of the degree square {name}")),
        }
    }
    for path in more {
        let what = if path.extension().is_some_and(|e| e == "pmtiles") {
            "tiles"
        } else {
            "more"
        };
        put(path, format!("{what}/{}", name_of(path)), what, "as given")?;
    }
    if !more.iter().any(|p| p.extension().is_some_and(|e| e == "pmtiles")) {
        missing.push("map pictures (a .pmtiles file)".to_owned());
    }
    if world.zones.is_empty() {
        missing.push("zones".to_owned());
    }
    build_pack(&world.name, made, bounds, &files, missing).map_err(|source| LoadError::Data {
        path: dir.to_owned(),
        source,
    })
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

/// Unpacks an area pack below a folder, every file held against its hash first: nothing is written of a pack that is not
/// whole. The site is then at `into/site`, and `into` serves as data folder.
///
/// # Errors
/// [`LoadError`] when the pack is not whole or the folder cannot be written.
pub fn unpack(path: &Path, into: &Path) -> Result<crate::Manifest, LoadError> {
    let bytes = read(path)?;
    let damaged = |source| LoadError::Data {
        path: path.to_owned(),
        source,
    };
    let pack = Pack::open(&name_of(path), &bytes).map_err(damaged)?;
    let mut files = Vec::new();
    for f in &pack.manifest.files {
        files.push((into.join(&f.path), pack.file(&f.path).map_err(damaged)?));
    }
    for (to, bytes) in files {
        write(&to, &bytes)?;
    }
    Ok(pack.manifest.clone())
}

/// Adds a file of zones to a site: read first, then copied into the site's `zones` folder and named in its `site.toml`.
///
/// # Errors
/// [`LoadError`] when the file cannot be used or the site not be written.
pub fn add_zones(file: &Path, site: &Path) -> Result<ZoneImport, LoadError> {
    let bytes = read(file)?;
    let name = name_of(file);
    let import = read_zone_file(&name, &bytes).map_err(|source| LoadError::Data {
        path: file.to_owned(),
        source,
    })?;
    let toml_path = site.join("site.toml");
    let wrong = |why: String| LoadError::Site {
        path: toml_path.clone(),
        why,
    };
    let text = String::from_utf8(read(&toml_path)?).map_err(|e| wrong(e.to_string()))?;
    let known: Site = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    write(&site.join(ZONES).join(&name), &bytes)?;
    if !known.zone_files.contains(&name) {
        let mut names = known.zone_files;
        names.push(name);
        // JSON text is TOML text here; the key stands before the first table.
        let line = format!(
            "zone_files = {}\n",
            serde_json::to_string(&names).map_err(|e| wrong(e.to_string()))?
        );
        let rest: String = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("zone_files"))
            .map(|l| format!("{l}\n"))
            .collect();
        let at = rest
            .lines()
            .take_while(|l| l.starts_with('#') || l.trim().is_empty())
            .map(|l| l.len() + 1)
            .sum::<usize>();
        let (head, tail) = rest.split_at(at);
        write(&toml_path, format!("{head}{line}{tail}").as_bytes())?;
    }
    Ok(import)
}
