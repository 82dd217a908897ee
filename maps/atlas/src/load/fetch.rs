//! Fetches terrain and map pictures of an area from a server the user names, file by file, going on where it broke off.
//!
//! Invariant: a file has its name only when it is whole and is what its name says; half of one is kept as `.part` and gone on
//! with. The machine's own curl does the transfer: it knows the machine's proxies and certificates.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{LoadError, squares};
use crate::pmtiles::unpack;
use crate::{Bounds, Terrain, TileKind, build_pmtiles, read_dted, read_geotiff, tile_at};

/// Most files fetched in one go.
pub const MOST_FILES: usize = 20_000;
/// Tries of a file without a byte gained.
const TRIES: u32 = 4;
/// Highest zoom of map pictures that is fetched.
const MOST_ZOOM: u8 = 22;

/// One file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// From where.
    pub url: String,
    /// To where.
    pub to: PathBuf,
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Files done with, whether they are there or not.
    pub done: usize,
    /// Files in all.
    pub of: usize,
    /// Bytes fetched of all files.
    pub bytes: u64,
    /// File that is being fetched.
    pub file: &'a str,
    /// Its bytes so far.
    pub file_bytes: u64,
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Files that are new.
    pub fresh: usize,
    /// Files that were there already.
    pub there: usize,
    /// Bytes fetched.
    pub bytes: u64,
    /// Times a transfer broke off and was gone on with.
    pub resumed: usize,
    /// Addresses the server has nothing at (404, 410): there are no terrain tiles of the sea.
    pub absent: Vec<String>,
    /// Addresses that failed, with the reason.
    pub failed: Vec<(String, String)>,
}

/// Why nothing can be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The template or the area is not usable.
    #[error("{0}")]
    Usage(String),
    /// curl is not there.
    #[error("curl cannot be run ({0}): install it (apt install curl)")]
    NoCurl(std::io::Error),
    /// A file cannot be written.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// The files a template stands for over an area: degree squares for `{square}` (`N42E001`) or `{lat}` and `{lon}` (`N42`, `E001`),
/// map tiles of the zooms for `{z}`, `{x}` and `{y}`.
///
/// # Errors
/// [`FetchError::Usage`] for a template without places, zooms that are none, and more than [`MOST_FILES`] files.
pub fn jobs(template: &str, area: Bounds, zooms: (u8, u8), into: &Path) -> Result<Vec<Job>, FetchError> {
    let usage = |why: &str| Err(FetchError::Usage(why.to_owned()));
    let scheme = template.split("://").next().unwrap_or("").to_ascii_lowercase();
    if !template.contains("://") || !["http", "https"].contains(&scheme.as_str()) {
        return usage("the template is no address: it begins with https:// or http://");
    }
    if !(area.south_deg < area.north_deg && area.west_deg < area.east_deg) {
        return usage("the area encloses nothing: south below north, west below east");
    }
    let has = |k: &str| template.contains(k);
    if has("{square}") || (has("{lat}") && has("{lon}")) {
        let all = squares(area);
        if all.len() > MOST_FILES {
            return usage("that is more than 20,000 files: choose a smaller area");
        }
        let fill = |s: &String| {
            let (lat, lon) = s.split_at(3);
            let url = template
                .replace("{square}", s)
                .replace("{lat}", lat)
                .replace("{lon}", lon);
            let path = url.split(['?', '#']).next().unwrap_or(&url).to_owned();
            let end = path
                .rsplit('/')
                .next()
                .filter(|n| !n.is_empty() && *n != ".." && *n != ".");
            let to = into.join(end.unwrap_or(s));
            Job { url, to }
        };
        return Ok(all.iter().map(fill).collect());
    }
    if !(has("{z}") && has("{x}") && has("{y}")) {
        return usage("the template needs {square}, or {lat} and {lon}, or {z}, {x} and {y}");
    }
    let (low, high) = zooms;
    if low > high || high > MOST_ZOOM {
        return usage("the zooms are none: the lower one first, 22 at most");
    }
    let plain = template.split(['?', '#']).next().unwrap_or(template);
    let end = plain
        .rsplit_once('.')
        .map(|(_, e)| e)
        .filter(|e| (1..=5).contains(&e.len()) && e.chars().all(|c| c.is_ascii_alphanumeric()))
        .unwrap_or("png");
    let corner = |lat_deg, lon_deg| vedette_geo::LatLon { lat_deg, lon_deg };
    let mut out = Vec::new();
    for z in low..=high {
        let (x0, y1, _) = tile_at(z, corner(area.south_deg, area.west_deg));
        let (x1, y0, _) = tile_at(z, corner(area.north_deg, area.east_deg));
        let n = u64::from(x1 - x0 + 1) * u64::from(y1.saturating_sub(y0) + 1);
        if out.len() as u64 + n > MOST_FILES as u64 {
            return usage("that is more than 20,000 files: choose a smaller area or fewer zooms");
        }
        for x in x0..=x1 {
            for y in y0..=y1 {
                let fill = |k: &str, v: u32, t: &str| t.replace(k, &v.to_string());
                let url = fill("{y}", y, &fill("{x}", x, &fill("{z}", u32::from(z), template)));
                out.push(Job {
                    url,
                    to: into.join(format!("{z}/{x}/{y}.{end}")),
                });
            }
        }
    }
    Ok(out)
}

/// Fetches the files that are not there yet; `tell` hears of every file and of long ones while they come.
///
/// # Errors
/// [`FetchError`] when curl cannot be run or the folder cannot be written; what a single file came to is in [`Fetched`].
pub fn fetch(jobs: &[Job], tell: &mut dyn FnMut(Progress<'_>)) -> Result<Fetched, FetchError> {
    let mut out = Fetched::default();
    for (k, job) in jobs.iter().enumerate() {
        let name = super::name_of(&job.to);
        let before = out.bytes;
        let mut hear = |file_bytes: u64| {
            tell(Progress {
                done: k,
                of: jobs.len(),
                bytes: before + file_bytes,
                file: &name,
                file_bytes,
            });
        };
        if job.to.is_file() {
            out.there += 1;
            continue;
        }
        one(job, &mut out, &mut hear)?;
        let (done, bytes) = (k + 1, out.bytes);
        tell(Progress {
            done,
            of: jobs.len(),
            bytes,
            file: &name,
            file_bytes: bytes - before,
        });
    }
    Ok(out)
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn one(job: &Job, out: &mut Fetched, hear: &mut dyn FnMut(u64)) -> Result<(), FetchError> {
    let write = |path: &Path, source| LoadError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(dir) = job.to.parent() {
        std::fs::create_dir_all(dir).map_err(|e| write(dir, e))?;
    }
    let mut part = job.to.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let begun = size(&part);
    let mut idle = 0;
    let mut why = String::new();
    while idle < TRIES {
        let had = size(&part);
        let (code, status, said) = transfer(&job.url, &part, &mut |n| hear(n.saturating_sub(begun)))?;
        let has = size(&part);
        match (code, status) {
            (0, _) if part.is_file() => match fits(&job.to, &part) {
                Ok(()) => {
                    std::fs::rename(&part, &job.to).map_err(|e| write(&job.to, e))?;
                    out.fresh += 1;
                    out.bytes += has.saturating_sub(begun);
                    return Ok(());
                }
                Err(e) => {
                    std::fs::remove_file(&part).map_err(|e| write(&part, e))?;
                    why = format!("what came is no {}: {e}", super::name_of(&job.to));
                    // Half of another edition may have been gone on with: once more from the start.
                    if begun == 0 || idle > 0 {
                        break;
                    }
                }
            },
            (_, 404 | 410) => {
                out.absent.push(job.url.clone());
                return Ok(());
            }
            // The server cannot go on in the middle, or the half is longer than its file: from the start.
            (33, _) | (_, 416) if had > 0 => std::fs::remove_file(&part).map_err(|e| write(&part, e))?,
            (_, 400..=499) => {
                why = format!("the server answers {status}");
                break;
            }
            _ => why = said,
        }
        if has > had {
            (idle, out.resumed) = (0, out.resumed + 1);
        } else {
            idle += 1;
        }
    }
    out.bytes += size(&part).saturating_sub(begun);
    out.failed.push((job.url.clone(), why));
    Ok(())
}

/// One transfer into the half file: curl's exit code, the HTTP status and what curl said.
fn transfer(url: &str, part: &Path, hear: &mut dyn FnMut(u64)) -> Result<(i32, u32, String), FetchError> {
    let mut child = Command::new("curl")
        .args([
            "--fail",
            "--silent",
            "--show-error",
            "--location",
            "--max-redirs",
            "5",
            "--globoff",
        ])
        .args([
            "--proto",
            "=http,https",
            "--connect-timeout",
            "20",
            "--speed-limit",
            "1",
            "--speed-time",
            "30",
        ])
        .args(["--continue-at", "-", "--write-out", "%{http_code}", "--output"])
        .arg(part)
        .arg("--url")
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(FetchError::NoCurl)?;
    let mut pause = 2;
    while child.try_wait().map_err(FetchError::NoCurl)?.is_none() {
        std::thread::sleep(Duration::from_millis(pause));
        pause = (pause * 2).min(200);
        if pause >= 100 {
            hear(size(part));
        }
    }
    let end = child.wait_with_output().map_err(FetchError::NoCurl)?;
    let text = |b: &[u8]| String::from_utf8_lossy(b).trim().to_owned();
    let said = text(&end.stderr);
    let said = said
        .lines()
        .last()
        .unwrap_or("")
        .trim_start_matches("curl: ")
        .to_owned();
    Ok((
        end.status.code().unwrap_or(-1),
        text(&end.stdout).parse().unwrap_or(0),
        said,
    ))
}

/// Whether a file is what its name says: a page that tells of an error is no terrain.
fn fits(name: &Path, file: &Path) -> Result<(), String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    let title = super::name_of(name);
    let lower = title.to_ascii_lowercase();
    let end = lower.rsplit('.').next().unwrap_or("");
    let kind = |k: TileKind| {
        if TileKind::of(&bytes) == k {
            Ok(())
        } else {
            Err("its first bytes are of something else".to_owned())
        }
    };
    match end {
        "hgt" | "zip" if lower.contains(".hgt") => {
            Terrain::from_hgt(&title, &bytes).map(|_| ()).map_err(|e| e.to_string())
        }
        "tif" | "tiff" => read_geotiff(&title, &bytes).map(|_| ()).map_err(|e| e.to_string()),
        "dt0" | "dt1" | "dt2" => read_dted(&title, &bytes).map(|_| ()).map_err(|e| e.to_string()),
        "png" => kind(TileKind::Png),
        "jpg" | "jpeg" => kind(TileKind::Jpeg),
        "webp" => kind(TileKind::Webp),
        "avif" => kind(TileKind::Avif),
        "pbf" | "mvt" => kind(TileKind::Vector),
        _ if bytes.is_empty() => Err("it is empty".to_owned()),
        _ => Ok(()),
    }
}

/// Gathers fetched map pictures (`ZOOM/COLUMN/ROW.EXT` below a folder) into one PMTiles file, with what must be shown beside them;
/// how many there are.
///
/// # Errors
/// [`LoadError`] when the folder cannot be read or the file not be written; a folder without pictures gives 0 and no file.
pub fn gather(folder: &Path, out: &Path, credit: &str) -> Result<usize, LoadError> {
    let mut tiles = std::collections::BTreeMap::new();
    let number = |p: &Path| {
        p.file_stem()
            .and_then(|n| n.to_str())
            .and_then(|n| n.parse::<u32>().ok())
    };
    for zoom in folders(folder)? {
        let Some(z) = number(&zoom)
            .and_then(|z| u8::try_from(z).ok())
            .filter(|z| *z <= MOST_ZOOM)
        else {
            continue;
        };
        for column in folders(&zoom)? {
            let Some(x) = number(&column) else { continue };
            for row in super::listed(&column)? {
                if row.extension().is_none_or(|e| e == "part") {
                    continue;
                }
                if let Some(y) = number(&row).filter(|y| x >> z == 0 && y >> z == 0) {
                    let bytes = super::read(&row)?;
                    // The archive says of all its tiles at once how they are packed.
                    let plain = bytes.starts_with(&[0x1f, 0x8b]).then(|| unpack(&bytes)).flatten();
                    tiles.insert((z, x, y), plain.unwrap_or(bytes));
                }
            }
        }
    }
    let Some(first) = tiles.values().next() else {
        return Ok(0);
    };
    let file = build_pmtiles(TileKind::of(first), &tiles, credit).map_err(|source| LoadError::Data {
        path: folder.to_owned(),
        source,
    })?;
    super::write(out, &file)?;
    Ok(tiles.len())
}

fn folders(dir: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let wrong = |source| LoadError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}
