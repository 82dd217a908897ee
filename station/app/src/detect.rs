//! `detect`: people, two-wheelers and vehicles in a folder of thermal pictures.

use std::path::{Path, PathBuf};

use clap::Args;
use vedette_ingest::Stills;
use vedette_model::TargetClass;
use vedette_sight::{GrayFrame, THERMAL_CARD, ThermalDetector, ThermalLeast, ThermalScene};
use vedette_video_bench::thermal::{geometry_of_name, load, scene_of};

use crate::verbs::say;
use crate::{Outcome, Stop};

/// Flags of `detect`.
#[derive(Debug, Args)]
pub(crate) struct DetectArgs {
    /// Folder of JPEG or PNG pictures, white hot.
    pub(crate) dir: PathBuf,
    /// Pixels per metre at the ground; default from names like HIT-UAV's `time_altitude_angle_…`.
    #[arg(long, requires = "depression")]
    pub(crate) px_per_m: Option<f64>,
    /// Depression of the line of sight, degrees.
    #[arg(long, requires = "px_per_m")]
    pub(crate) depression: Option<f64>,
    /// Share from which an object is reported; default the card's.
    #[arg(long)]
    pub(crate) least: Option<f32>,
    /// Print the classifier's card and its SHA-256, and look at nothing.
    #[arg(long)]
    pub(crate) card: bool,
}

fn scene(a: &DetectArgs, name: &str) -> Option<ThermalScene> {
    match (a.px_per_m, a.depression) {
        (Some(px_per_m), Some(depression_deg)) => Some(ThermalScene {
            px_per_m,
            depression_deg,
        }),
        _ => geometry_of_name(name).map(|(altitude, angle)| scene_of(f64::from(altitude), angle)),
    }
}

fn pictures(dir: &Path) -> Result<Vec<PathBuf>, Stop> {
    let entries = std::fs::read_dir(dir).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", dir.display())))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| {
            p.extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| ["jpg", "jpeg", "png"].contains(&e.to_lowercase().as_str()))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// `vedette detect`.
pub(crate) fn detect(a: &DetectArgs, json: bool) -> Outcome {
    let damaged = |e: vedette_sight::SightError| Stop::Machine(e.to_string());
    let mut detector = ThermalDetector::shipped().map_err(damaged)?;
    let sha256: String = vedette_evidence::hash::sha256(ThermalDetector::shipped_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    if a.card {
        say(THERMAL_CARD.trim_end());
        say(&format!("SHA-256 of the weights: {sha256}"));
        return Ok(());
    }
    if let Some(least) = a.least {
        if !(0.0..=1.0).contains(&least) {
            return Err(Stop::Usage(format!("--least {least} must be 0 to 1")));
        }
        detector = detector.from_share(ThermalLeast::all(least));
    }
    let (mut stills, mut looked, mut found, mut without) = (Stills::new(), 0u64, 0usize, Vec::new());
    for path in pictures(&a.dir)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(scene) = scene(a, &name) else {
            without.push(format!("{name}: size on the ground not known"));
            continue;
        };
        let still = match load(&mut stills, &path) {
            Ok(s) => s,
            Err(e) => {
                without.push(e.to_string());
                continue;
            }
        };
        let objects = match GrayFrame::new(still.width, still.height, &still.gray) {
            Ok(frame) => detector.detect(&frame, &scene),
            Err(e) => {
                without.push(format!("{name}: {e}"));
                continue;
            }
        };
        looked += 1;
        found += objects.len();
        if json {
            let boxes: Vec<_> = objects
                .iter()
                .map(|o| serde_json::json!({ "class": o.class, "score": o.score, "box": o.image }))
                .collect();
            say(&serde_json::json!({ "file": name, "width": still.width, "height": still.height, "px_per_m": scene.px_per_m, "depression_deg": scene.depression_deg, "model_sha256": sha256, "objects": boxes }).to_string());
        } else {
            let of = |c: TargetClass| objects.iter().filter(|o| o.class == c).count();
            say(&format!(
                "{name}: {} people, {} two-wheelers, {} vehicles",
                of(TargetClass::Person),
                of(TargetClass::TwoWheeler),
                of(TargetClass::Vehicle)
            ));
        }
    }
    if looked == 0 {
        return Err(Stop::No(format!(
            "{}: no picture could be looked at ({}); give --px-per-m and --depression when names do not tell",
            a.dir.display(),
            without.first().map_or("none found", String::as_str)
        )));
    }
    if !json {
        say(&format!(
            "{found} objects in {looked} pictures from {} on, {} left out; `vedette detect --card .` says what that is worth",
            a.least
                .map_or("the card's shares".to_owned(), |l| format!("a share of {l}")),
            without.len()
        ));
    }
    Ok(())
}
