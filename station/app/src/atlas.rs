//! `vedette atlas`: offline areas as one file each, zone files, roads and borders looked at and taken into sites, map files fetched
//! with resume.
//!
//! Invariant: what is fetched lands under its name only when it is whole; the reading and writing itself is `vedette_atlas`'.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use vedette_atlas::load::{self, FetchError, TileFile};
use vedette_atlas::{Bounds, GeoidGrid, Pack, WayKind, read_border, read_ways, way_crossings};
use vedette_geo::{Hae, LatLon};

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
        /// Further files, as map pictures in .pmtiles or .mbtiles.
        #[arg(long, num_args = 1..)]
        with: Vec<PathBuf>,
    },
    /// Take in a pack (into a folder that then serves as site and data folder), or a zone file (ED-269, ED-318, OpenAir, KML,
    /// KMZ, Shapefile, GeoJSON) into a site. Without a site zones, borders (--border) and roads (OpenStreetMap) are only shown.
    Import {
        /// Pack, zone file, border or OpenStreetMap file.
        file: PathBuf,
        /// Folder a pack goes into.
        #[arg(long, default_value = "areas")]
        into: PathBuf,
        /// Site folder a zone file goes into; without one the zones are only shown.
        #[arg(long)]
        site: Option<PathBuf>,
        /// Show the file's lines as borders: pieces joined, gaps bridged, claims apart.
        #[arg(long)]
        border: bool,
        /// Widest gap of a border that is bridged, metres.
        #[arg(long, default_value_t = 2000.0)]
        bridge: f64,
        /// Write what was understood: zones as ED-318, roads as GeoJSON.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// What a pack, .pmtiles or .mbtiles file holds.
    List {
        /// Pack or tile archive.
        file: PathBuf,
    },
    /// Hold every file of a pack against its hash, or look a tile archive through; exit 1 when something is wrong.
    Verify {
        /// Pack or tile archive.
        file: PathBuf,
    },
    /// Height of the geoid over the ellipsoid at a place: what to take from a height of a satellite receiver to have one over the
    /// sea. EGM96 is in the program.
    Geoid {
        /// LATITUDE,LONGITUDE, degrees.
        #[arg(allow_hyphen_values = true)]
        at: String,
        /// Another grid: GeographicLib PGM (EGM2008), WW15MGH.DAC, GTX.
        #[arg(long)]
        grid: Option<PathBuf>,
    },
    /// Fetch terrain or map tiles of an area from a server of your own, going on where it broke off.
    Get(GetArgs),
}

/// Flags of `atlas get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Where files are, as https://HOST/{square}.hgt.zip (degree squares like N42E001, or {lat} and {lon}) or
    /// https://HOST/{z}/{x}/{y}.png.
    #[arg(env = "VEDETTE_ATLAS_URL")]
    pub(crate) template: String,
    /// South, west, north and east edge, degrees, separated by commas.
    #[arg(long, allow_hyphen_values = true, required_unless_present = "site")]
    pub(crate) bounds: Option<String>,
    /// The area of this site instead.
    #[arg(long, conflicts_with = "bounds")]
    pub(crate) site: Option<PathBuf>,
    /// Zooms of map tiles, as 8-12.
    #[arg(long, default_value = "8-12")]
    pub(crate) zoom: String,
    /// Folder they go to; `areas/dem` for terrain, `areas/tiles` for map pictures where it is not given.
    #[arg(long)]
    pub(crate) into: Option<PathBuf>,
    /// What the pictures' licence asks to be shown beside them, as "© somebody".
    #[arg(long, default_value = "")]
    pub(crate) credit: String,
}

/// `vedette atlas`.
pub(crate) fn run(verb: &AtlasVerb, json: bool) -> Outcome {
    match verb {
        AtlasVerb::Pack { site, out, with } => {
            let made = crate::clock::Clock::machine_utc().to_string();
            let bytes = load::pack(site, files::data().as_deref(), with, &made).map_err(anyhow::Error::from)?;
            files::write(out, &bytes)?;
            list(out, json)
        }
        AtlasVerb::Import {
            file,
            into,
            site,
            border,
            bridge,
            out,
        } => {
            let kind = [b"PK".as_slice(), b"SQLite", b"PMTiles"]
                .iter()
                .any(|m| head(file).starts_with(m));
            let osm = head(file).windows(9).any(|w| w == b"OSMHeader") || is(file, &["osm", "pbf"]);
            if *border {
                lines(file, *bridge, json)
            } else if osm && !kind {
                roads(file, site.as_deref(), out.as_deref(), json)
            } else {
                import(file, into, site.as_deref(), out.as_deref(), json)
            }
        }
        AtlasVerb::List { file } => list(file, json),
        AtlasVerb::Verify { file } => verify(file),
        AtlasVerb::Geoid { at, grid } => geoid(at, grid.as_deref(), json),
        AtlasVerb::Get(a) => get(a, json),
    }
}

/// Largest file that is taken into memory, bytes; each reader has smaller bounds of its own.
const LARGEST_FILE: u64 = 1 << 30;

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    if let Some(n) = std::fs::metadata(path)
        .ok()
        .map(|m| m.len())
        .filter(|n| *n > LARGEST_FILE)
    {
        let why = format!(
            "{} has {} MiB, at most 1024 are read: cut out the area first",
            path.display(),
            n >> 20
        );
        return Err(Stop::Usage(why));
    }
    std::fs::read(path).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", path.display())))
}

/// The first bytes of a file; none where it cannot be read, which is said when it is read.
fn head(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    let file = std::fs::File::open(path);
    match file.and_then(|f| f.take(64).read_to_end(&mut out)) {
        Ok(_) => out,
        Err(_) => Vec::new(),
    }
}

fn is(path: &Path, ends: &[&str]) -> bool {
    path.extension()
        .is_some_and(|e| ends.iter().any(|w| e.eq_ignore_ascii_case(w)))
}

fn tiles(path: &Path) -> bool {
    let head = head(path);
    head.starts_with(b"PMTiles") || head.starts_with(b"SQLite format 3") || is(path, &["pmtiles", "mbtiles"])
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn no(e: impl std::fmt::Display) -> Stop {
    Stop::No(e.to_string())
}

fn print<T: serde::Serialize>(v: &T) -> Outcome {
    say(&serde_json::to_string(v).unwrap_or_default());
    Ok(())
}

fn import(file: &Path, into: &Path, site: Option<&Path>, out: Option<&Path>, json: bool) -> Outcome {
    let bytes = read(file)?;
    if Pack::open(&name(file), &bytes).is_ok() {
        let m = load::unpack(file, into).map_err(no)?;
        if json {
            return print(&m);
        }
        say(&format!(
            "{}: {} files are in {}; fly there with --site {} and VEDETTE_DATA={}",
            m.name,
            m.files.len(),
            into.display(),
            into.join("site").display(),
            into.display()
        ));
        for what in &m.missing {
            say(&format!("missing: {what}"));
        }
        return Ok(());
    }
    let zones = match site {
        Some(s) => load::add_zones(file, s).map_err(no)?,
        None => load::zones(file).map_err(no)?.2,
    };
    if let Some(out) = out {
        files::write(out, zones.to_ed318().as_bytes())?;
    }
    if json {
        return print(&zones);
    }
    let v = zones.preview();
    say(&format!(
        "{}: {} zones ({} closed to flight, {} not to be recorded, {} advice), {} at times only, {} corners",
        v.format, v.zones, v.no_fly, v.privacy, v.advisory, v.at_times, v.corners
    ));
    if let Some(b) = v.bounds {
        say(&format!(
            "from {:.5} to {:.5} N, {:.5} to {:.5} E",
            b.south_deg, b.north_deg, b.west_deg, b.east_deg
        ));
    }
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
    for n in &v.warnings {
        say(&format!("note: {n}"));
    }
    if site.is_none() {
        say("only shown: name the site they belong to with --site to take them in");
    }
    Ok(())
}

/// Shows a file's lines as borders.
fn lines(file: &Path, bridge_m: f64, json: bool) -> Outcome {
    let found = read_border(&name(file), &read(file)?, true, bridge_m).map_err(no)?;
    if json {
        let all: Vec<_> = found
            .lines
            .iter()
            .map(|l| serde_json::json!({ "claim": l.claim, "gaps": l.gaps, "border": l.border }))
            .collect();
        return print(&all);
    }
    for l in &found.lines {
        say(&format!(
            "{:9.1} km, {} vertices{}{}, {} gaps bridged{}",
            l.border.length_m() / 1000.0,
            l.border.line.len(),
            if l.border.closed() { ", closed" } else { "" },
            if l.claim.is_empty() {
                String::new()
            } else {
                format!(", claimed by {}", l.claim)
            },
            l.gaps.len(),
            if l.border.source.is_empty() {
                String::new()
            } else {
                format!("; {}", l.border.source)
            },
        ));
    }
    for n in &found.notes {
        say(&format!("note: {n}"));
    }
    Ok(())
}

/// Shows roads and paths, and where they cross the site's border.
fn roads(file: &Path, site: Option<&Path>, out: Option<&Path>, json: bool) -> Outcome {
    let world = site
        .map(|s| load::site(s, files::data().as_deref(), 0))
        .transpose()
        .map_err(no)?;
    let area = world.as_ref().and_then(|w| w.bounds(3000.0));
    let found = read_ways(&name(file), &read(file)?, area).map_err(no)?;
    let crossings = world.as_ref().map_or_else(Vec::new, |w| {
        std::iter::once(&w.border)
            .flat_map(|b| way_crossings(b, &found.ways))
            .collect()
    });
    if let Some(out) = out {
        files::write(out, found.to_geojson().as_bytes())?;
    }
    if json {
        return print(&serde_json::json!({ "ways": found, "crossings": crossings }));
    }
    let count = |k: WayKind| found.ways.iter().filter(|w| w.kind == k).count();
    say(&format!(
        "{}: {} roads, {} tracks, {} paths, {} border controls",
        found.format,
        count(WayKind::Road),
        count(WayKind::Track),
        count(WayKind::Path),
        found.places.iter().filter(|p| p.control).count()
    ));
    for c in &crossings {
        say(&format!(
            "  km {:8.3}  {:?} {} at {}",
            c.chainage_m / 1000.0,
            c.kind,
            c.name,
            c.at
        ));
    }
    for n in &found.notes {
        say(&format!("note: {n}"));
    }
    if site.is_none() {
        say("only shown: with --site also where they cross that border; --out writes them as GeoJSON");
    }
    Ok(())
}

fn list(file: &Path, json: bool) -> Outcome {
    if tiles(file) {
        let about = TileFile::open(file).map_err(no)?.about();
        if json {
            return print(&about);
        }
        say(&format!(
            "{}: {:?} tiles, zoom {} to {}, from {} to {}",
            about.format, about.kind, about.zooms.0, about.zooms.1, about.corners[0], about.corners[1]
        ));
        if !about.attribution.is_empty() {
            say(&about.attribution);
        }
        return Ok(());
    }
    let bytes = read(file)?;
    let pack = Pack::open(&name(file), &bytes).map_err(no)?;
    if json {
        return print(&pack.manifest);
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
    let (whole, problems) = if tiles(file) {
        let (count, problems) = TileFile::open(file).map_err(no)?.problems().map_err(no)?;
        (format!("{}: whole, {count} tiles", file.display()), problems)
    } else {
        let bytes = read(file)?;
        let pack = Pack::open(&name(file), &bytes).map_err(no)?;
        let n = pack.manifest.files.len();
        (
            format!("{}: all {n} files are what the manifest says", pack.manifest.name),
            pack.problems(),
        )
    };
    if problems.is_empty() {
        say(&whole);
        return Ok(());
    }
    for p in &problems {
        say(p);
    }
    Err(Stop::No(format!(
        "{} things are wrong with {}",
        problems.len(),
        file.display()
    )))
}

fn geoid(at: &str, grid: Option<&Path>, json: bool) -> Outcome {
    let numbers: Vec<f64> = at.split(',').filter_map(|v| v.trim().parse().ok()).collect();
    let [lat, lon] = numbers[..] else {
        return Err(Stop::Usage("a place is LATITUDE,LONGITUDE in degrees".to_owned()));
    };
    let at = LatLon::new(lat, lon).map_err(|e| Stop::Usage(e.to_string()))?;
    let own;
    let grid = match grid {
        None => GeoidGrid::egm96(),
        Some(path) => {
            own = GeoidGrid::read(&name(path), &read(path)?).map_err(no)?;
            &own
        }
    };
    let g = grid
        .geoid(at)
        .ok_or_else(|| Stop::No(format!("{} does not reach {at}", grid.name)))?;
    if json {
        return print(&g);
    }
    say(&format!(
        "{at}: the sea lies {:+.2} m over the ellipsoid, ± {:.1} m (one standard deviation; {}); 1000 m over the ellipsoid are {:.1} m over the sea",
        g.undulation_m,
        g.sigma_m,
        g.source,
        Hae(1000.0).to_amsl(&g).0
    ));
    Ok(())
}

/// The area of `get`: its edges, or its site's.
fn area(a: &GetArgs) -> Result<Bounds, Stop> {
    if let Some(site) = &a.site {
        let w = load::site(site, None, 0).map_err(no)?;
        return Bounds::around(&w.territory, 3000.0)
            .or_else(|| w.bounds(3000.0))
            .ok_or_else(|| Stop::No("the site has no border".to_owned()));
    }
    let text = a.bounds.as_deref().unwrap_or("");
    let edges: Vec<f64> = text.split(',').filter_map(|v| v.trim().parse().ok()).collect();
    let [south, west, north, east] = edges[..] else {
        return Err(Stop::Usage(
            "--bounds takes SOUTH,WEST,NORTH,EAST in degrees".to_owned(),
        ));
    };
    let corner = |lat, lon| LatLon::new(lat, lon).map_err(|e| Stop::Usage(e.to_string()));
    let (sw, ne) = (corner(south, west)?, corner(north, east)?);
    Ok(Bounds {
        south_deg: sw.lat_deg,
        west_deg: sw.lon_deg,
        north_deg: ne.lat_deg,
        east_deg: ne.lon_deg,
    })
}

fn zooms(text: &str) -> Result<(u8, u8), Stop> {
    let mut all = text.splitn(2, '-').map(|z| z.trim().parse::<u8>().ok());
    match (all.next().flatten(), all.next()) {
        (Some(one), None) => Ok((one, one)),
        (Some(low), Some(Some(high))) => Ok((low, high)),
        _ => Err(Stop::Usage("--zoom takes one zoom or two, as 8-12".to_owned())),
    }
}

/// Fetches with the machine's own curl, which knows its proxies and certificates; half files are gone on with.
fn get(a: &GetArgs, json: bool) -> Outcome {
    let pictures = a.template.contains("{z}");
    let usual = if pictures { "areas/tiles" } else { "areas/dem" };
    let into = a.into.clone().unwrap_or_else(|| PathBuf::from(usual));
    let stop = |e: FetchError| match e {
        FetchError::NoCurl(_) => Stop::Machine(e.to_string()),
        FetchError::Usage(why) => Stop::Usage(why),
        FetchError::Load(e) => Stop::No(e.to_string()),
    };
    let all = load::jobs(&a.template, area(a)?, zooms(&a.zoom)?, &into).map_err(stop)?;
    let shown = std::io::stderr().is_terminal();
    let got = load::fetch(&all, &mut |p| {
        if shown {
            let mut err = std::io::stderr().lock();
            // Progress that cannot be shown is no reason to stop.
            let _unshown = write!(
                err,
                "\r\x1b[K{} of {} files, {:.1} MB, {} ({:.1} MB)",
                p.done,
                p.of,
                p.bytes as f64 / 1e6,
                p.file,
                p.file_bytes as f64 / 1e6
            )
            .and_then(|()| err.flush())
            .is_err();
        }
    })
    .map_err(stop)?;
    if shown {
        let _unshown = std::io::stderr().lock().write_all(b"\r\x1b[K").is_err();
    }
    if json {
        print(&serde_json::json!({
            "fetched": got.fresh, "there": got.there, "bytes": got.bytes, "resumed": got.resumed, "absent": got.absent,
            "failed": got.failed,
        }))?;
    } else {
        say(&format!(
            "{} fetched ({:.1} MB, {} times gone on after a break), {} were there, {} are not on the server, {} failed, of {} into {}",
            got.fresh,
            got.bytes as f64 / 1e6,
            got.resumed,
            got.there,
            got.absent.len(),
            got.failed.len(),
            all.len(),
            into.display()
        ));
        for url in got.absent.iter().take(10) {
            say(&format!("missing: {url} (terrain of the sea has no tiles)"));
        }
        for (url, why) in got.failed.iter().take(10) {
            say(&format!("failed: {url}: {why}"));
        }
    }
    if pictures && got.failed.is_empty() {
        let out = into.with_extension("pmtiles");
        let n = load::gather(&into, &out, &a.credit).map_err(no)?;
        if n > 0 && !json {
            say(&format!(
                "{n} pictures are in {}; pack them with --with {}",
                out.display(),
                out.display()
            ));
        }
    }
    match (got.failed.first(), got.absent.len() == all.len()) {
        (None, false) => Ok(()),
        (None, true) => Err(Stop::No(
            "the server has nothing of this area: is the template right?".to_owned(),
        )),
        (Some((url, why)), _) => Err(Stop::No(format!(
            "{} files could not be fetched, first {url}: {why}; run the same again to go on",
            got.failed.len()
        ))),
    }
}
