//! `vedette atlas`: offline areas as one file each, zone files into sites, map files fetched with resume.
//!
//! Invariant: what is fetched lands under its name only when it is whole; the reading and writing itself is `vedette_atlas`'.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use vedette_atlas::{Bounds, Pack, PmTiles, load, tile_at};
use vedette_geo::LatLon;

use crate::verbs::say;
use crate::{Outcome, Stop, files};

/// What can be done with areas.
#[derive(Debug, Subcommand)]
pub(crate) enum AtlasVerb {
    /// One file with a site, its terrain, zones and map tiles, a manifest and hashes.
    Pack {
        /// Site folder.
        site: PathBuf,
        /// The pack.
        #[arg(long, default_value = "area.vpack")]
        out: PathBuf,
        /// Further files, as map pictures in .pmtiles.
        #[arg(long, num_args = 1..)]
        with: Vec<PathBuf>,
    },
    /// Take in a pack (into a folder that then serves as site and data folder), or a zone file (ED-269, ED-318, OpenAir, KML,
    /// KMZ, Shapefile, GeoJSON) into a site.
    Import {
        /// Pack or zone file.
        file: PathBuf,
        /// Folder a pack goes into.
        #[arg(long, default_value = "areas")]
        into: PathBuf,
        /// Site folder a zone file goes into; without one the zones are only shown.
        #[arg(long)]
        site: Option<PathBuf>,
    },
    /// What a pack or .pmtiles file holds.
    List {
        /// Pack or tile archive.
        file: PathBuf,
    },
    /// Hold every file of a pack against its hash; exit 1 when one is wrong.
    Verify {
        /// Pack.
        file: PathBuf,
    },
    /// Fetch terrain or map tiles of an area from a server of your own, going on where it broke off.
    Get(GetArgs),
}

/// Flags of `atlas get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Where files are, as https://HOST/{square}.hgt.zip (degree squares like N42E001) or https://HOST/{z}/{x}/{y}.png.
    pub(crate) template: String,
    /// South, west, north and east edge, degrees, separated by commas.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) bounds: String,
    /// Zooms of map tiles, as 8-12.
    #[arg(long, default_value = "8-12")]
    pub(crate) zoom: String,
    /// Folder they go to.
    #[arg(long, default_value = "areas/dem")]
    pub(crate) into: PathBuf,
}

/// Most files fetched at once.
const MOST_FILES: usize = 20_000;

/// `vedette atlas`.
pub(crate) fn run(verb: &AtlasVerb, json: bool) -> Outcome {
    match verb {
        AtlasVerb::Pack { site, out, with } => {
            let made = crate::clock::Clock::machine_utc().to_string();
            let bytes = load::pack(site, files::data().as_deref(), with, &made).map_err(anyhow::Error::from)?;
            files::write(out, &bytes)?;
            list(out, json)
        }
        AtlasVerb::Import { file, into, site } => import(file, into, site.as_deref(), json),
        AtlasVerb::List { file } => list(file, json),
        AtlasVerb::Verify { file } => verify(file),
        AtlasVerb::Get(a) => get(a),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", path.display())))
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn import(file: &Path, into: &Path, site: Option<&Path>, json: bool) -> Outcome {
    let bytes = read(file)?;
    if Pack::open(&name(file), &bytes).is_ok() {
        let m = load::unpack(file, into).map_err(anyhow::Error::from)?;
        say(&format!(
            "{}: {} files are in {}; fly there with --site {} and VEDETTE_DATA={}",
            m.name,
            m.files.len(),
            into.display(),
            into.join("site").display(),
            into.display()
        ));
        return Ok(());
    }
    let zones = match site {
        Some(s) => load::add_zones(file, s).map_err(anyhow::Error::from)?,
        None => vedette_atlas::read_zone_file(&name(file), &bytes).map_err(|e| Stop::No(e.to_string()))?,
    };
    if json {
        say(&serde_json::to_string(&zones).unwrap_or_default());
        return Ok(());
    }
    say(&format!("{}: {} zones", zones.format, zones.zones.len()));
    let height = |l: Option<vedette_atlas::Limit>, none: &str| {
        l.map_or_else(
            || none.to_owned(),
            |l| format!("{:.0} m over {:?}", l.metres, l.datum).to_lowercase(),
        )
    };
    for z in &zones.zones {
        say(&format!(
            "  {} ({:?}, {}): {} to {}{}",
            z.name,
            z.kind,
            z.restriction,
            height(z.lower, "the ground"),
            height(z.upper, "unlimited"),
            if z.schedule.is_empty() {
                ""
            } else {
                ", at times (held always)"
            }
        ));
    }
    for n in &zones.notes {
        say(&format!("note: {n}"));
    }
    if site.is_none() {
        say("only shown: name the site they belong to with --site to take them in");
    }
    Ok(())
}

fn list(file: &Path, json: bool) -> Outcome {
    let bytes = read(file)?;
    if bytes.starts_with(b"PMTiles") {
        let fetch = |at: u64, n: u64| {
            let at = usize::try_from(at).ok()?;
            let end = at.checked_add(usize::try_from(n).ok()?)?;
            bytes.get(at..end).map(<[u8]>::to_vec)
        };
        let t = PmTiles::open(&fetch).map_err(|e| Stop::No(e.to_string()))?;
        say(&format!(
            "{:?} tiles, zoom {} to {}, from {} to {}",
            t.kind, t.zooms.0, t.zooms.1, t.corners[0], t.corners[1]
        ));
        return Ok(());
    }
    let pack = Pack::open(&name(file), &bytes).map_err(|e| Stop::No(e.to_string()))?;
    if json {
        say(&serde_json::to_string(&pack.manifest).unwrap_or_default());
        return Ok(());
    }
    let m = &pack.manifest;
    say(&format!(
        "{} of {}, {} bytes in {}",
        m.name,
        m.made,
        bytes.len(),
        file.display()
    ));
    for f in &m.files {
        say(&format!(
            "  {:8} {:>11} {} {}",
            f.what,
            f.bytes,
            &f.sha256[..f.sha256.len().min(12)],
            f.path
        ));
    }
    for what in &m.missing {
        say(&format!("missing: {what}"));
    }
    Ok(())
}

fn verify(file: &Path) -> Outcome {
    let bytes = read(file)?;
    let pack = Pack::open(&name(file), &bytes).map_err(|e| Stop::No(e.to_string()))?;
    let problems = pack.problems();
    for p in &problems {
        say(p);
    }
    if problems.is_empty() {
        say(&format!(
            "{}: all {} files are what the manifest says",
            pack.manifest.name,
            pack.manifest.files.len()
        ));
        Ok(())
    } else {
        Err(Stop::No(format!("{} of the pack's files are wrong", problems.len())))
    }
}

/// Names that fill a template, with the file each goes to.
fn wanted(a: &GetArgs) -> Result<Vec<(String, PathBuf)>, Stop> {
    let usage = |why: &str| Stop::Usage(why.to_owned());
    let edges: Vec<f64> = a.bounds.split(',').filter_map(|v| v.trim().parse().ok()).collect();
    let [south, west, north, east] = edges[..] else {
        return Err(usage("--bounds takes SOUTH,WEST,NORTH,EAST in degrees"));
    };
    let corner = |lat, lon| LatLon::new(lat, lon).map_err(|e| Stop::Usage(e.to_string()));
    let (sw, ne) = (corner(south, west)?, corner(north, east)?);
    if south >= north || west >= east {
        return Err(usage("--bounds encloses nothing: south below north, west below east"));
    }
    let mut out = Vec::new();
    if a.template.contains("{square}") {
        let b = Bounds {
            south_deg: south,
            west_deg: west,
            north_deg: north,
            east_deg: east,
        };
        for square in load::squares(b) {
            let url = a.template.replace("{square}", &square);
            let end = url.rsplit('/').next().unwrap_or(&square).to_owned();
            out.push((url, a.into.join(end)));
        }
        return Ok(out);
    }
    if !["{z}", "{x}", "{y}"].iter().all(|k| a.template.contains(k)) {
        return Err(usage("the template needs {square}, or {z}, {x} and {y}"));
    }
    let mut zooms = a
        .zoom
        .splitn(2, '-')
        .map(|z| z.trim().parse::<u8>().ok().filter(|z| *z <= 22));
    let (Some(Some(low)), high) = (zooms.next(), zooms.next()) else {
        return Err(usage("--zoom takes one zoom or two, as 8-12"));
    };
    let high = high.flatten().unwrap_or(low);
    let end = a
        .template
        .rsplit('.')
        .next()
        .filter(|e| e.len() <= 5)
        .unwrap_or("png")
        .to_owned();
    for z in low..=high.max(low) {
        let (x0, y1, _) = tile_at(z, sw);
        let (x1, y0, _) = tile_at(z, ne);
        for x in x0..=x1 {
            for y in y0..=y1 {
                let url = a
                    .template
                    .replace("{z}", &z.to_string())
                    .replace("{x}", &x.to_string())
                    .replace("{y}", &y.to_string());
                out.push((url, a.into.join(format!("{z}/{x}/{y}.{end}"))));
                if out.len() > MOST_FILES {
                    return Err(usage("that is more than 20,000 files: a smaller area or fewer zooms"));
                }
            }
        }
    }
    Ok(out)
}

/// Fetches with the machine's own curl, which knows its proxies and certificates; half files are gone on with.
fn get(a: &GetArgs) -> Outcome {
    let all = wanted(a)?;
    let n = all.len();
    let (mut fresh, mut there, mut failed) = (0, 0, Vec::new());
    for (k, (url, to)) in all.iter().enumerate() {
        if to.is_file() {
            there += 1;
            continue;
        }
        if let Some(dir) = to.parent() {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make folder {}", dir.display()))?;
        }
        let part = to.with_extension("part");
        let status = std::process::Command::new("curl")
            .args([
                "--fail",
                "--silent",
                "--show-error",
                "--location",
                "--retry",
                "2",
                "--continue-at",
                "-",
                "--output",
            ])
            .arg(&part)
            .arg("--")
            .arg(url)
            .status()
            .map_err(|e| Stop::Machine(format!("curl cannot be run ({e}): install it (apt install curl)")))?;
        if status.success() && part.is_file() {
            std::fs::rename(&part, to).with_context(|| format!("cannot write {}", to.display()))?;
            fresh += 1;
        } else {
            failed.push(url.clone());
        }
        if (k + 1) % 25 == 0 || k + 1 == n {
            tracing::info!("{} of {n}", k + 1);
        }
    }
    say(&format!(
        "{fresh} fetched, {there} were there, {} failed, of {n}",
        failed.len()
    ));
    match failed.first() {
        None => Ok(()),
        Some(url) => Err(Stop::No(format!(
            "{} files could not be fetched, first {url}; run the same again to go on",
            failed.len()
        ))),
    }
}
