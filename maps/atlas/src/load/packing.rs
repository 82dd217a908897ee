//! Areas as one file each, and files of zones into sites.
//!
//! Invariant: nothing is written of a pack that is not whole, and no file of zones is taken into a site that cannot be read.

use std::path::{Path, PathBuf};

use super::{
    GEOIDS, LoadError, MARGIN_M, Site, TileFile, ZONES, listed, name_of, read, site, squares, tile_file, write,
};
use crate::airspace::shape_parts;
use crate::{Bounds, Pack, ZoneImport, build_pack, read_zone_file};

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
    let wrong = |why: String| LoadError::Site {
        path: dir.join("site.toml"),
        why,
    };
    let text = String::from_utf8(read(&dir.join("site.toml"))?).map_err(|e| wrong(e.to_string()))?;
    let known: Site = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if let Some(name) = known.geoid_file.filter(|n| !dir.join(n).is_file())
        && let Some(data) = data
    {
        put(
            &data.join(GEOIDS).join(&name),
            format!("{GEOIDS}/{name}"),
            "geoid",
            &world.geoid.source,
        )?;
    }
    let pictures = |p: &PathBuf| p.extension().is_some_and(|e| e == "pmtiles" || e == "mbtiles");
    let mut drawn: Option<Bounds> = None;
    for path in more {
        let (what, source) = if pictures(path) {
            // A file that is none is refused here, not on the day it is needed.
            let about = TileFile::open(path)?.about();
            let [sw, ne] = about.corners;
            drawn = Some(Bounds {
                south_deg: sw.lat_deg,
                west_deg: sw.lon_deg,
                north_deg: ne.lat_deg,
                east_deg: ne.lon_deg,
            });
            ("tiles", about.attribution)
        } else {
            ("more", String::new())
        };
        let source = if source.is_empty() { "as given" } else { &source };
        put(path, format!("{what}/{}", name_of(path)), what, source)?;
    }
    match drawn {
        None => missing.push("map pictures (a .pmtiles or .mbtiles file, given with --with)".to_owned()),
        Some(d) => {
            let whole = Bounds::around(&world.territory, 0.0).unwrap_or(bounds);
            let inside = d.south_deg <= whole.south_deg
                && d.north_deg >= whole.north_deg
                && d.west_deg <= whole.west_deg
                && d.east_deg >= whole.east_deg;
            if !inside {
                missing.push(format!(
                    "map pictures of all of the area: they reach from {:.3} to {:.3} N and {:.3} to {:.3} E",
                    d.south_deg, d.north_deg, d.west_deg, d.east_deg
                ));
            }
        }
    }
    if world.zones.is_empty() {
        missing.push("zones".to_owned());
    }
    build_pack(&world.name, made, bounds, &files, missing).map_err(|source| LoadError::Data {
        path: dir.to_owned(),
        source,
    })
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

/// Reads a file of zones; the table (`.dbf`) and reference system (`.prj`) that lie beside a Shapefile are read with it. Also the
/// name and bytes under which a site keeps it.
///
/// # Errors
/// [`LoadError`] when the file cannot be used.
pub fn zones(file: &Path) -> Result<(String, Vec<u8>, ZoneImport), LoadError> {
    let (mut name, mut bytes) = (name_of(file), read(file)?);
    if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("shp")) {
        let mut parts = vec![("shp", bytes.clone())];
        for end in ["dbf", "prj"] {
            for spelt in [end.to_owned(), end.to_uppercase()] {
                let beside = file.with_extension(spelt);
                if beside.is_file() && parts.iter().all(|p| p.0 != end) {
                    parts.push((end, read(&beside)?));
                }
            }
        }
        let stem = file
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Some(whole) = shape_parts(&stem, &parts).filter(|_| parts.len() > 1) {
            (name, bytes) = (format!("{stem}.zip"), whole);
        }
    }
    let import = read_zone_file(&name, &bytes).map_err(|source| LoadError::Data {
        path: file.to_owned(),
        source,
    })?;
    Ok((name, bytes, import))
}

/// Adds a file of zones to a site: read first, then copied into the site's `zones` folder and named in its `site.toml`.
///
/// # Errors
/// [`LoadError`] when the file cannot be used or the site not be written.
pub fn add_zones(file: &Path, site: &Path) -> Result<ZoneImport, LoadError> {
    let (name, bytes, import) = zones(file)?;
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
