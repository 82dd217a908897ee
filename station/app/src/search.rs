//! `vedette search`: an area search as a mission file for any ground station, judged by the checker.
//!
//! Invariant: files are written whatever the verdict, so that a person can look; the exit code is 0 only when it is clear.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vedette_checker::{Foreign, check_mission};
use vedette_formats::MissionFile;
use vedette_geo::LatLon;
use vedette_planner::{Search, search_flight, search_spacing_m, search_swath_m};

use crate::verbs::{brief, judged, say, tell_findings, world};
use crate::{Outcome, Stop, files};

/// Flags of `search`.
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// Brief (TOML) with fleet, limits, wind and zones.
    brief: PathBuf,
    /// Tail number of the aircraft; without, the brief's first.
    #[arg(long)]
    aircraft: Option<String>,
    /// Metres between neighbouring sweeps; without, what the camera sees from the brief's least height less 15 %, or what the
    /// aircraft can turn in.
    #[arg(long)]
    spacing: Option<f64>,
    /// Where the files go.
    #[arg(long, default_value = "out/search")]
    out: PathBuf,
    /// Site folder.
    #[arg(long)]
    site: Option<PathBuf>,
    /// Seed of an invented relief.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    #[command(flatten)]
    drift: DriftArgs,
    /// Pattern.
    #[command(subcommand)]
    pattern: Pattern,
}

/// What was searched for may have moved since.
#[derive(Debug, Args)]
struct DriftArgs {
    /// Seconds since it was last seen: the pattern begins where it has drifted to, and the line says how far off that may be.
    #[arg(long, default_value_t = 0.0)]
    after: f64,
    /// One sigma of where it was last seen, metres.
    #[arg(long, default_value_t = 10.0)]
    sigma: f64,
    /// Current: degrees it sets to, and metres per second.
    #[arg(long, num_args = 2, value_names = ["DEG", "M_S"], default_values_t = [0.0, 0.0], allow_negative_numbers = true)]
    current: Vec<f64>,
    /// Share of the brief's wind that carries it along.
    #[arg(long, default_value_t = 0.0)]
    leeway: f64,
}

/// Search patterns (IAMSAR volume II, chapter 5).
#[derive(Debug, Subcommand)]
enum Pattern {
    /// Expanding square round where it was last seen.
    Square {
        /// Last seen at LAT,LON.
        #[arg(long, value_parser = place, allow_hyphen_values = true)]
        at: LatLon,
        /// Metres out.
        #[arg(long)]
        radius: f64,
        /// Direction of the first leg, degrees true.
        #[arg(long, default_value_t = 0.0)]
        first: f64,
    },
    /// Three sectors through where it was last seen.
    Sectors {
        /// Last seen at LAT,LON.
        #[arg(long, value_parser = place, allow_hyphen_values = true)]
        at: LatLon,
        /// Metres out.
        #[arg(long)]
        radius: f64,
        /// Direction of the first leg, degrees true.
        #[arg(long, default_value_t = 0.0)]
        first: f64,
    },
    /// Sweeps across a course, one after the other.
    Creeping {
        /// Begins at LAT,LON.
        #[arg(long, value_parser = place, allow_hyphen_values = true)]
        at: LatLon,
        /// Course, degrees true.
        #[arg(long, allow_negative_numbers = true)]
        course: f64,
        /// Metres along the course.
        #[arg(long)]
        length: f64,
        /// Metres across it.
        #[arg(long)]
        width: f64,
    },
    /// Sweeps over the first polygon of a GeoJSON file, out of its holes.
    Sweep {
        /// GeoJSON file.
        area: PathBuf,
    },
}

fn place(text: &str) -> Result<LatLon, String> {
    let parts: Vec<f64> = text.split(',').filter_map(|p| p.trim().parse().ok()).collect();
    match parts[..] {
        [lat, lon] => LatLon::new(lat, lon).map_err(|e| e.to_string()),
        _ => Err("write LAT,LON in degrees, as 42.44,1.52".to_owned()),
    }
}

/// Rings of the first polygon of a GeoJSON file: the outline, then the holes.
fn rings(path: &std::path::Path) -> Result<Vec<Vec<LatLon>>, Stop> {
    let cannot = |e: std::io::Error| Stop::Usage(format!("cannot read {}: {e}", path.display()));
    let most = vedette_formats::LARGEST_FILE as u64;
    let n = std::fs::metadata(path).map_err(cannot)?.len();
    if n > most {
        let (n, most) = (n >> 20, most >> 20);
        return Err(Stop::Usage(format!(
            "{} has {n} MiB; at most {most} are read",
            path.display()
        )));
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    let mut rings = vedette_atlas::read_geojson(&bytes)
        .map_err(|e| Stop::No(format!("{} is damaged: {e}", path.display())))?
        .into_iter()
        .find_map(|f| match f.geometry {
            vedette_atlas::Geometry::Polygon(rings) if !rings.is_empty() => Some(rings),
            _ => None,
        })
        .ok_or_else(|| {
            Stop::No(format!(
                "{} holds no polygon: draw the area to search as one",
                path.display()
            ))
        })?;
    for r in &mut rings {
        if r.len() > 1 && r.first() == r.last() {
            r.pop();
        }
    }
    Ok(rings)
}

/// `vedette search`.
pub(crate) fn search(a: &SearchArgs, json: bool) -> Outcome {
    let world = world(a.site.as_deref(), a.seed)?;
    let mut brief = brief(&a.brief)?;
    let i = match &a.aircraft {
        None => 0,
        Some(tail) => brief.fleet.iter().position(|f| f.tail == *tail).ok_or_else(|| {
            let all: Vec<&str> = brief.fleet.iter().map(|f| f.tail.as_str()).collect();
            Stop::Usage(format!("the brief has no aircraft {tail}; it has {}", all.join(", ")))
        })?,
    };
    if brief.fleet.is_empty() {
        return Err(Stop::Usage("the brief has no aircraft to search with".to_owned()));
    }
    // The checker flies a mission with the first aircraft.
    brief.fleet.swap(0, i);
    let craft = brief.fleet[0].clone();
    let spacing = a.spacing.unwrap_or_else(|| search_spacing_m(&brief, &craft));
    let sound = |what: &str, v: f64, most: f64| {
        if v.is_finite() && v > 0.0 && v <= most {
            Ok(v)
        } else {
            Err(Stop::Usage(format!(
                "{what} is {v}; between 0 and {most} metres can be flown"
            )))
        }
    };
    let spacing = sound("--spacing", spacing, 20_000.0)?;
    let drifted = |at: LatLon| {
        let d = &a.drift;
        let wind = (brief.wind.from_deg, brief.wind.speed_m_s);
        let current = (d.current[0], d.current[1]);
        let (to, off_m) = vedette_planner::drift(at, d.sigma, current, wind, d.leeway, d.after.max(0.0));
        if d.after > 0.0 && !json {
            say(&format!("drifted to {to}, off by {off_m:.0} m at most"));
        }
        to
    };
    let pattern: Search = match &a.pattern {
        Pattern::Square { at, radius, first } => {
            vedette_planner::expanding_square(drifted(*at), spacing, sound("--radius", *radius, 50_000.0)?, *first)
        }
        Pattern::Sectors { at, radius, first } => {
            vedette_planner::sectors(drifted(*at), sound("--radius", *radius, 50_000.0)?, *first)
        }
        Pattern::Creeping {
            at,
            course,
            length,
            width,
        } => {
            let (length, width) = (
                sound("--length", *length, 100_000.0)?,
                sound("--width", *width, 100_000.0)?,
            );
            vedette_planner::creeping_line(drifted(*at), *course, length, width, spacing)
        }
        Pattern::Sweep { area } => {
            let rings = rings(area)?;
            vedette_planner::sweep(&rings[0], &rings[1..], spacing, craft.base).map_err(|e| Stop::No(e.to_string()))?
        }
    };
    let f = search_flight(&brief, &world, craft.vehicle, &pattern).map_err(|e| Stop::No(e.to_string()))?;
    let mission = MissionFile {
        family: craft.family,
        airframe: craft.airframe,
        cruise_m_s: craft.envelope.cruise_m_s,
        hover_m_s: craft.envelope.cruise_m_s,
        home: Some(f.home),
        items: f.items.clone(),
        fence: Vec::new(),
        rally: f.rally.iter().map(|(p, h)| (*p, h.above(f.home.1))).collect(),
        notes: Vec::new(),
        kept: serde_json::Value::Null,
    };
    let file = |end: &str| a.out.join(format!("{}-search.{end}", craft.tail));
    files::write(&file("plan"), vedette_formats::write_qgc_plan(&mission).as_bytes())?;
    let lines = vedette_formats::write_waypoints(f.home, &f.items, craft.family);
    files::write(&file("waypoints"), lines.as_bytes())?;
    let foreign = Foreign {
        home: mission.home,
        items: mission.items,
        fence: Vec::new(),
        rally: mission.rally,
    };
    let verdict = check_mission(&foreign, &brief, &world).map_err(Stop::No)?;
    files::write(
        &a.out.join("verdict.json"),
        &serde_json::to_vec_pretty(&verdict).unwrap_or_default(),
    )?;
    if !json {
        say(&format!(
            "{}: {:.1} km swept {spacing:.0} m apart, {:.1} km and {:.0} min in all, {:.0} % of the battery left",
            craft.tail,
            pattern.swept_m / 1000.0,
            f.length_m / 1000.0,
            f.time_s / 60.0,
            100.0 * f.left_share
        ));
        let swath = search_swath_m(&brief, &craft);
        if swath < spacing {
            say(&format!(
                "from the brief's least height the camera sees {swath:.0} m of every {spacing:.0} m: a multirotor, or a greater min_agl_m, sees all"
            ));
        }
        say(&format!("written: {}", file("plan").display()));
    }
    tell_findings(&verdict, json);
    judged(&verdict, file("plan").display().to_string())
}
