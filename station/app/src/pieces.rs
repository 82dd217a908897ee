//! The analyst's pieces, each usable alone on files: `klv mux`, `track`, `geolocate`, `bench video`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use vedette_geo::{Amsl, Geoid, LatLon};
use vedette_klv::{ExportOptions, OwnTargets, TsEvent, TsReader, UasDatalink, parse_all};
use vedette_model::CameraId;
use vedette_sight::{FixErrors, Ground, LevelGround, PoseSigmas, TrackerPolicy, look};
use vedette_video_bench::{Standing, mot};

use crate::verbs::say;
use crate::{Outcome, Stop, files, own_targets, verbs};

/// Flags of `klv mux`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MuxArgs {
    /// MPEG-TS with video and metadata of any dialect.
    pub(crate) file: PathBuf,
    /// Where the stream goes.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Mission identifier for sets that have none.
    #[arg(long)]
    pub(crate) mission: Option<String>,
    /// Tail number for sets that have none.
    #[arg(long)]
    pub(crate) tail: Option<String>,
    /// Two-letter country of the unclassified marking for sets that have none.
    #[arg(long)]
    pub(crate) country: Option<String>,
    /// Session folder or sealed incident whose record says what was seen: its targets go into the metadata (ST 0903).
    #[arg(long, value_name = "DIR")]
    pub(crate) targets: Option<PathBuf>,
    /// Number of the camera whose recording this is; default by the folder it lies in, as `C-011`.
    #[arg(long, requires = "targets")]
    pub(crate) camera: Option<u32>,
}

/// Flags of `track`.
#[derive(Debug, Args)]
pub(crate) struct TrackArgs {
    /// Detections, MOTChallenge text: frame,-1,left,top,width,height,score,…
    #[arg(long)]
    pub(crate) mot: PathBuf,
    /// Where the tracks go, in the same form.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Settings for targets of a few pixels from the air instead of a trained detector's boxes.
    #[arg(long)]
    pub(crate) small: bool,
}

/// Flags of `geolocate`.
#[derive(Debug, Args)]
pub(crate) struct GeolocateArgs {
    /// MPEG-TS or raw KLV with the camera's pose.
    pub(crate) file: PathBuf,
    /// Size of the picture in pixels: WIDTHxHEIGHT.
    #[arg(long, value_name = "WxH", default_value = "1920x1080")]
    pub(crate) size: String,
    /// The pixel: X,Y from the upper left; default the picture's middle.
    #[arg(long, value_name = "X,Y")]
    pub(crate) pixel: Option<String>,
    /// Height of level ground above the sea, metres; default the frame centre's of each set.
    #[arg(long, conflicts_with = "site")]
    pub(crate) ground: Option<f64>,
    /// Site folder whose terrain is looked at.
    #[arg(long)]
    pub(crate) site: Option<PathBuf>,
    /// Only every so many sets.
    #[arg(long, default_value_t = 1)]
    pub(crate) every: usize,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchVerb {
    /// Metadata, geolocation, tracking and detection on recorded data, and whole watches on rendered
    /// ones, against their bars.
    Video {
        /// Folder of recordings; default VEDETTE_DATA.
        #[arg(long)]
        data: Option<PathBuf>,
        /// How much is rendered for ellipses, crossings, clutter and hand-over.
        #[arg(long, value_enum, default_value_t = Watches::None)]
        rendered: Watches,
    },
}

/// How much is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Watches {
    /// Nothing.
    None,
    /// Minutes of processor time.
    Short,
    /// What the bars ask for: much longer.
    Full,
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", path.display())))
}

/// `vedette klv mux`: the stream as others' tools want it.
pub(crate) fn klv_mux(a: &MuxArgs, json: bool) -> Outcome {
    if let Some(c) = a.country.as_deref()
        && !(c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase()))
    {
        return Err(Stop::Usage(format!(
            "--country {c}: give two capital letters (ISO 3166-1), as AD"
        )));
    }
    let options = ExportOptions {
        mission_id: a.mission.clone(),
        platform_tail: a.tail.clone(),
        country: a.country.clone(),
        miis_core_id: None,
    };
    let film = read(&a.file)?;
    let broken = |e: &dyn std::fmt::Display| Stop::No(format!("{}: {e}", a.file.display()));
    let seen = match &a.targets {
        None => None,
        Some(dir) => {
            let camera = a.camera.map(CameraId).or_else(|| own_targets::camera_of(&a.file));
            let camera = camera.ok_or_else(|| {
                Stop::Usage(format!(
                    "whose recording is {}? Give --camera NUMBER, as 11 for C-011",
                    a.file.display()
                ))
            })?;
            let size = vedette_ingest::picture_size(&film).map_err(|e| broken(&e))?;
            Some((own_targets::frames(dir, camera)?, size))
        }
    };
    let software = format!("Vedette {}", env!("CARGO_PKG_VERSION"));
    let own = seen.as_ref().map(|(frames, (width, height))| OwnTargets {
        frames,
        width: *width,
        height: *height,
        software: &software,
    });
    let (bytes, report) = vedette_klv::export_ts_with(&film, &options, own.as_ref()).map_err(|e| broken(&e))?;
    files::write(&a.out, &bytes)?;
    if json {
        say(&serde_json::to_string(&report).unwrap_or_default());
    } else {
        say(&format!(
            "{}: {} pictures ({} time-stamped, {} damaged), {} metadata sets copied, {} written anew, {} left out",
            a.out.display(),
            report.pictures,
            report.stamped,
            report.damaged,
            report.copied_sets,
            report.converted_sets,
            report.refused_sets
        ));
        if own.is_some() {
            say(&format!(
                "{} targets in {} sets; {} sets kept what the camera itself says of targets",
                report.targets, report.sets_with_targets, report.own_targets
            ));
        }
    }
    Ok(())
}

/// `vedette track`: numbers for recorded detections.
pub(crate) fn track(a: &TrackArgs, json: bool) -> Outcome {
    let text = String::from_utf8(read(&a.mot)?).map_err(|_| Stop::Usage(format!("{} is not text", a.mot.display())))?;
    let (found, odd) = mot::read(&text);
    let Some((&frames, _)) = found.last_key_value() else {
        return Err(Stop::No(format!(
            "{} holds no line `frame,id,left,top,width,height,score`",
            a.mot.display()
        )));
    };
    let policy = if a.small {
        TrackerPolicy::SMALL
    } else {
        TrackerPolicy::BOXES
    };
    let done = vedette_video_bench::run_tracker(&found, frames, vedette_video_bench::ours(policy));
    files::write(&a.out, mot::write(&done.result).as_bytes())?;
    let boxes: usize = done.result.values().map(Vec::len).sum();
    let tracks: std::collections::BTreeSet<u32> = done.result.values().flatten().map(|l| l.id).collect();
    if json {
        say(&serde_json::json!({ "frames": frames, "boxes": boxes, "tracks": tracks.len(), "lines_not_understood": odd, "processor_s": done.spent_s }).to_string());
    } else {
        say(&format!(
            "{}: {} tracks, {boxes} boxes in {frames} frames, {odd} lines not understood, {:.3} ms of processor per frame",
            a.out.display(),
            tracks.len(),
            done.spent_s * 1e3 / f64::from(frames)
        ));
    }
    Ok(())
}

fn pair(text: &str, by: char) -> Option<[f64; 2]> {
    let (a, b) = text.split_once(by)?;
    Some([a.trim().parse().ok()?, b.trim().parse().ok()?])
}

/// `vedette geolocate`: where a pixel is, set by set, with its ellipse.
pub(crate) fn geolocate(a: &GeolocateArgs, json: bool) -> Outcome {
    let [w, h] = pair(&a.size, 'x')
        .filter(|s| s.iter().all(|v| (16.0..=16384.0).contains(v)))
        .ok_or_else(|| Stop::Usage(format!("--size {} is not WIDTHxHEIGHT, as 1920x1080", a.size)))?;
    let pixel = match &a.pixel {
        None => [w / 2.0, h / 2.0],
        Some(p) => pair(p, ',').ok_or_else(|| Stop::Usage(format!("--pixel {p} is not X,Y")))?,
    };
    let world = match &a.site {
        Some(s) => Some(verbs::world(Some(s), 7)?),
        None => None,
    };
    // Without a site nothing says how far the ellipsoid is from the sea: it is taken as the sea.
    let sea = Geoid {
        undulation_m: 0.0,
        sigma_m: 30.0,
        source: "none".to_owned(),
    };
    let geoid = world.as_ref().map_or(sea, |w| w.geoid.clone());
    let bytes = read(&a.file)?;
    let packets: Vec<Vec<u8>> = if vedette_klv::is_transport_stream(&bytes) {
        let mut reader = TsReader::new();
        let mut events = reader.push(&bytes);
        events.extend(reader.finish());
        events
            .into_iter()
            .filter_map(|e| match e {
                TsEvent::Klv { bytes, .. } => Some(bytes),
                _ => None,
            })
            .collect()
    } else {
        vec![bytes]
    };
    let sets: Vec<UasDatalink> = packets
        .iter()
        .flat_map(|p| parse_all(p))
        .map(|(s, _)| UasDatalink::from_set(&s))
        .collect();
    let (mut said, mut no_pose) = (0u64, 0u64);
    for set in sets.iter().step_by(a.every.max(1)) {
        let Some(pose) = crate::video::pose_of(set, &geoid, &PoseSigmas::SMALL_UAS) else {
            no_pose += 1;
            continue;
        };
        let level = LevelGround {
            amsl: Amsl(a.ground.or(set.frame_center_elev_m).unwrap_or(0.0)),
            sigma_m: 5.0,
        };
        let ground: &dyn Ground = match &world {
            Some(w) => &*w.terrain,
            None => &level,
        };
        let l = look(pixel, w as usize, h as usize, &pose, ground, &FixErrors::default());
        said += 1;
        let told = set.frame_center_lat_deg.zip(set.frame_center_lon_deg);
        match l {
            Err(why) if json => say(&serde_json::json!({ "time_us": pose.captured.0, "no_fix": why }).to_string()),
            Err(why) => say(&format!("{}: no position: {why:?}", pose.captured.0)),
            Ok(l) => {
                let e = l.fix.ellipse95();
                let centre_m =
                    told.map(|(lat_deg, lon_deg)| vedette_geo::distance_m(l.fix.at, LatLon { lat_deg, lon_deg }));
                if json {
                    say(&serde_json::json!({
                        "time_us": pose.captured.0, "lat_deg": l.fix.at.lat_deg, "lon_deg": l.fix.at.lon_deg,
                        "amsl_m": l.fix.amsl.0, "slant_m": l.fix.slant_m, "grazing_deg": l.grazing_deg,
                        "ellipse95": { "semi_major_m": e.semi_major_m, "semi_minor_m": e.semi_minor_m, "azimuth_deg": e.azimuth_deg },
                        "to_the_told_frame_centre_m": centre_m, "verified": set.verified,
                    }).to_string());
                } else {
                    say(&format!(
                        "{}: {:.6} {:.6}, {:.0} m AMSL, {:.0} m away, 95 % within {:.0} m by {:.0} m along {:.0}°{}{}",
                        pose.captured.0,
                        l.fix.at.lat_deg,
                        l.fix.at.lon_deg,
                        l.fix.amsl.0,
                        l.fix.slant_m,
                        e.semi_major_m,
                        e.semi_minor_m,
                        e.azimuth_deg,
                        centre_m.map_or(String::new(), |m| format!("; {m:.0} m from the frame centre told")),
                        if set.verified { "" } else { "; metadata unverified" }
                    ));
                }
            }
        }
    }
    if said == 0 {
        return Err(Stop::No(format!(
            "{}: none of {} metadata sets says where the camera was and looked ({no_pose} without a pose)",
            a.file.display(),
            sets.len()
        )));
    }
    Ok(())
}

/// `vedette bench`.
#[expect(clippy::print_stderr, reason = "progress is for the person at the terminal")]
pub(crate) fn bench(what: &BenchVerb, json: bool) -> Outcome {
    let BenchVerb::Video { data, rendered } = what;
    let data = data
        .clone()
        .or_else(files::data)
        .ok_or_else(|| Stop::Usage("name the recordings: --data DIR or VEDETTE_DATA".into()))?;
    if !data.is_dir() {
        return Err(Stop::Usage(format!("{} is no folder", data.display())));
    }
    let quiet = !std::io::IsTerminal::is_terminal(&std::io::stderr());
    let told = |what: &str| {
        if !quiet {
            eprintln!("measuring: {what}");
        }
    };
    let mut rows = vedette_video_bench::video(&data, &told);
    let extent = match rendered {
        Watches::None => None,
        Watches::Short => Some(vedette_video_bench::Extent::SHORT),
        Watches::Full => Some(vedette_video_bench::Extent::FULL),
    };
    rows.extend(extent.iter().flat_map(|e| vedette_video_bench::rendered(e, &told)));
    if json {
        say(&serde_json::to_string(&rows).unwrap_or_default());
    } else {
        say(vedette_video_bench::text(&rows).trim_end());
    }
    let misses = rows.iter().filter(|r| r.standing == Standing::Misses).count();
    if misses == 0 {
        Ok(())
    } else {
        Err(Stop::No(format!("{misses} bars do not hold")))
    }
}
