//! The small verbs: each a few lines around a pure crate.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use vedette_model::plan::{Brief, PatrolPlan, Verdict};

use crate::cli::{CheckArgs, PlanArgs, SimArgs, VerifyArgs};
use crate::{Outcome, Stop, files};

/// Prints one line to standard output; a closed pipe ends the program quietly.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Without a verb: what to do next.
pub(crate) fn console() -> Outcome {
    Err(Stop::Usage(
        "name what to do: `vedette demo` shows the main job, `vedette station CONFIG.toml --window` opens the console on your aircraft, `vedette --help` lists all verbs".into(),
    ))
}

/// Reads a site; a missing or damaged file is a paragraph.
pub(crate) fn world(site: Option<&Path>, seed: u64) -> Result<vedette_atlas::World> {
    let dir = match site {
        Some(d) => d.to_owned(),
        None => files::shipped("maps/data/andorra")?,
    };
    Ok(vedette_atlas::load::site(&dir, files::data().as_deref(), seed)?)
}

/// Reads a brief with file and line in its errors.
pub(crate) fn brief(path: &Path) -> Result<Brief> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read brief {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("brief {} is damaged", path.display()))
}

/// `vedette plan`.
pub(crate) fn plan(a: &PlanArgs, json: bool) -> Outcome {
    let world = world(a.site.as_deref(), a.seed)?;
    let brief = brief(&a.brief)?;
    let plan = vedette_planner::plan(&brief, &world, a.seed).map_err(|e| Stop::No(e.to_string()))?;
    let verdict = vedette_checker::check(&plan, &world);
    write_plan(&a.out, &plan, &verdict, &world, crate::clock::Clock::machine_utc())?;
    tell_verdict(&plan, &verdict, json);
    if verdict.is_clear() {
        Ok(())
    } else {
        Err(Stop::No(format!("plan {} is refused by the checker", plan.id)))
    }
}

/// Stretches of the section the certificate is told in.
const STRETCHES: usize = 10;

/// `vedette check`: our own plan, or a mission file of another station against a brief.
pub(crate) fn check(a: &CheckArgs, json: bool) -> Outcome {
    let world = world(a.site.as_deref(), a.seed)?;
    let most = u64::try_from(vedette_formats::LARGEST_FILE).unwrap_or(u64::MAX);
    if let Some(n) = std::fs::metadata(&a.plan).ok().map(|m| m.len()).filter(|n| *n > most) {
        let why = format!(
            "plan {} has {} MiB; at most {} are read",
            a.plan.display(),
            n >> 20,
            most >> 20
        );
        return Err(Stop::Usage(why));
    }
    let text = std::fs::read_to_string(&a.plan)
        .map_err(|e| Stop::Usage(format!("cannot read plan {}: {e}", a.plan.display())))?;
    let damaged = |e: &dyn std::fmt::Display| Stop::No(format!("plan {} is damaged: {e}", a.plan.display()));
    let kind = a.plan.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let foreign = match kind {
        "plan" => {
            let m = vedette_formats::read_qgc_plan(&text).map_err(|e| damaged(&e))?;
            for note in &m.notes {
                say(&format!("note: {note}"));
            }
            let fence = m.fence.iter().find_map(|f| match f {
                vedette_formats::Fence::Polygon {
                    inclusion: true,
                    corners,
                } => Some(corners.clone()),
                _ => None,
            });
            vedette_checker::Foreign {
                home: m.home,
                items: m.items,
                fence: fence.unwrap_or_default(),
                rally: m.rally,
            }
        }
        "waypoints" | "txt" => {
            let (home, items) = vedette_formats::read_waypoints(&text).map_err(|e| damaged(&e))?;
            vedette_checker::Foreign {
                home,
                items,
                fence: Vec::new(),
                rally: Vec::new(),
            }
        }
        _ => {
            let plan: PatrolPlan = serde_json::from_str(&text).map_err(|e| damaged(&e))?;
            let verdict = vedette_checker::check(&plan, &world);
            let certificate = vedette_checker::certificate(&plan, &world);
            if let Some(out) = &a.certificate {
                files::write(out, &serde_json::to_vec(&certificate).unwrap_or_default())?;
            }
            if json {
                // The verdict as ever, the certificate beside it.
                let mut both = serde_json::to_value(&verdict).unwrap_or_default();
                both["certificate"] = serde_json::to_value(&certificate).unwrap_or_default();
                say(&both.to_string());
            } else {
                tell_verdict(&plan, &verdict, false);
                for line in certificate.words(STRETCHES) {
                    say(&line);
                }
            }
            return judged(&verdict, plan.id.to_string());
        }
    };
    let brief = match &a.brief {
        Some(path) => brief(path)?,
        None => {
            return Err(Stop::Usage(format!(
                "{} is a mission of another station: name the brief it is to be held against with --brief (its first aircraft flies it)",
                a.plan.display()
            )));
        }
    };
    let verdict = vedette_checker::check_mission(&foreign, &brief, &world).map_err(Stop::No)?;
    tell_findings(&verdict, json);
    judged(&verdict, a.plan.display().to_string())
}

pub(crate) fn judged(verdict: &Verdict, what: String) -> Outcome {
    if verdict.is_clear() {
        Ok(())
    } else {
        Err(Stop::No(format!("plan {what} is refused")))
    }
}

fn tell_verdict(plan: &PatrolPlan, v: &Verdict, json: bool) {
    if !json {
        say(&format!("plan {} on {}", plan.id, plan.terrain));
        say(&format!("revisit promised {:.0} s", plan.promise.revisit_s));
        for line in plan.sizing.iter().flat_map(vedette_model::Sizing::words) {
            say(&line);
        }
    }
    tell_findings(v, json);
}

/// What the checker measured and found, whoever made the mission.
pub(crate) fn tell_findings(v: &Verdict, json: bool) {
    if json {
        say(&serde_json::to_string(v).unwrap_or_default());
        return;
    }
    // Only a patrol has one.
    if v.lower_bound_s > 0.0 {
        say(&format!(
            "revisit: measured by the checker {:.0} s, lower bound {:.0} s",
            v.revisit_measured_s, v.lower_bound_s
        ));
    }
    for m in &v.margins {
        say(&format!(
            "{}: {:.0} m from the line, {:.0} m above ground, {:.0} % battery left, {} of {} items",
            m.vehicle,
            m.border_m,
            m.clearance_m,
            m.energy_share * 100.0,
            m.items.0,
            m.items.1
        ));
    }
    for f in &v.findings {
        say(&format!("{:?}: {}: {}", f.severity, f.check, f.what));
    }
    say(if v.is_clear() {
        "verdict: clear"
    } else {
        "verdict: refused"
    });
}

/// Writes a plan in every form: JSON, per aircraft `.plan` and `.waypoints`, KML, GeoJSON, and one
/// page to print.
pub(crate) fn write_plan(
    dir: &Path,
    plan: &PatrolPlan,
    verdict: &Verdict,
    world: &vedette_atlas::World,
    began: vedette_model::Utc,
) -> Result<()> {
    files::write(&dir.join("plan.json"), &serde_json::to_vec_pretty(plan)?)?;
    files::write(&dir.join("verdict.json"), &serde_json::to_vec_pretty(verdict)?)?;
    let certificate = vedette_checker::certificate(plan, world);
    files::write(&dir.join("certificate.json"), &serde_json::to_vec(&certificate)?)?;
    for a in &plan.aircraft {
        let tail = plan
            .brief
            .fleet
            .iter()
            .find(|f| f.vehicle == a.vehicle)
            .map_or_else(|| a.vehicle.to_string(), |f| f.tail.clone());
        files::write(
            &dir.join(format!("{tail}.plan")),
            vedette_formats::qgc_plan(plan, a.vehicle)?.as_bytes(),
        )?;
        files::write(
            &dir.join(format!("{tail}.waypoints")),
            vedette_formats::waypoints(plan, a.vehicle)?.as_bytes(),
        )?;
    }
    let scene = vedette_formats::Scene {
        borders: std::iter::once(&world.border)
            .chain(&world.context)
            .map(|b| (b.name.clone(), b.line.clone()))
            .collect(),
        zones: vedette_core::SiteLines::of(world).no_fly,
        start_utc_us: began.0,
    };
    let ground = |p| world.terrain.elevation(p).map(|h| h.0);
    files::write(
        &dir.join("plan.html"),
        vedette_formats::report(plan, verdict, &scene, &ground).as_bytes(),
    )?;
    files::write(&dir.join("plan.kml"), vedette_formats::kml(plan, &scene).as_bytes())?;
    files::write(
        &dir.join("plan.geojson"),
        vedette_formats::geojson(plan, &scene).as_bytes(),
    )
}

/// `vedette verify`: runs the separate verifier program that lies beside this one.
pub(crate) fn verify(a: &VerifyArgs, json: bool) -> Outcome {
    let exe = verifier().map_err(|e| Stop::Machine(format!("{e:#}")))?;
    let mut c = std::process::Command::new(&exe);
    if json {
        c.arg("--json");
    }
    if let Some(ca) = &a.authority {
        c.arg("--ca").arg(ca);
    }
    let status = c
        .arg(&a.bundle)
        .status()
        .map_err(|e| Stop::Machine(format!("cannot run {}: {e}", exe.display())))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Stop::Usage("see above".into())),
        _ => Err(Stop::No("the bundle is not intact".into())),
    }
}

/// The verifier's program.
pub(crate) fn verifier() -> Result<std::path::PathBuf> {
    let exe = std::env::current_exe().context("cannot find this program's own place")?;
    let p = exe.with_file_name("vedette-verify");
    anyhow::ensure!(
        p.is_file(),
        "the verifier {} is missing; build it with `cargo build --workspace --bins`",
        p.display()
    );
    Ok(p)
}

/// `vedette klv dump`.
pub(crate) fn klv_dump(file: &Path) -> Outcome {
    let bytes = std::fs::read(file).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", file.display())))?;
    let mut n = 0u64;
    for v in vedette_klv::dump_bytes(&bytes) {
        say(&v.to_string());
        // What carries no item is a note on bytes that are no metadata.
        n += u64::from(v["items"].as_array().is_some_and(|i| !i.is_empty()));
    }
    if n == 0 {
        return Err(Stop::No(format!(
            "{} holds no KLV metadata (MPEG-TS or raw KLV was looked for)",
            file.display()
        )));
    }
    Ok(())
}

/// `vedette klv check`.
pub(crate) fn klv_check(file: &Path, json: bool) -> Outcome {
    let bytes = std::fs::read(file).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", file.display())))?;
    let c = vedette_klv::check_bytes(&bytes);
    let text = if json {
        serde_json::to_string(&c)
    } else {
        serde_json::to_string_pretty(&c)
    };
    say(&text.unwrap_or_default());
    if c.clean() {
        Ok(())
    } else {
        Err(Stop::No(format!("{} has issues", file.display())))
    }
}

/// The site a scenario's exercise plays on, where it names one; what is wrong with the file is told
/// where it is read.
fn site_of(scenario: &Path) -> Option<PathBuf> {
    let table: toml::Table = toml::from_str(&std::fs::read_to_string(scenario).ok()?).ok()?;
    files::shipped(table.get("training")?.get("site")?.as_str()?).ok()
}

/// `vedette sim`: aircraft and cameras for any ground station.
pub(crate) fn sim(a: &SimArgs) -> Outcome {
    let usage = |what: &str, given: &str, allowed: &str| {
        Stop::Usage(format!("--{what} {given} is not known; allowed: {allowed}"))
    };
    let family = match a.family.as_str() {
        "ardupilot" => vedette_model::Family::ArduPilot,
        "px4" => vedette_model::Family::Px4,
        other => return Err(usage("family", other, "ardupilot, px4")),
    };
    let airframe = match a.airframe.as_str() {
        "copter" => vedette_model::Airframe::Copter,
        "plane" => vedette_model::Airframe::Plane,
        "quadplane" => vedette_model::Airframe::Quadplane,
        other => return Err(usage("airframe", other, "copter, plane, quadplane")),
    };
    let site = a.scenario.as_deref().and_then(site_of);
    let world = std::sync::Arc::new(world(site.as_deref(), a.seed)?);
    let options = vedette_sim::SimOptions {
        scenario: a.scenario.clone(),
        vehicles: a.scenario.is_none().then_some(a.vehicles),
        family,
        airframe,
        home: a.home.clone(),
        connect: a.connect.clone(),
        listen: a.listen.clone(),
        video: a.video.clone(),
        sensors: a.sensors.clone(),
        ais: a.ais.clone(),
        follow: a.follow.clone(),
        speed: a.speed,
        seed: Some(a.seed),
        truth: a.truth.clone(),
        quality: a.quality,
        picture_rate: a.picture_rate,
        ..vedette_sim::SimOptions::default()
    };
    let (scenario, mut serve) = options.build(&world).map_err(|e| Stop::Usage(e.to_string()))?;
    let steps = vedette_sim::StepClock::default();
    if a.stepped {
        serve.clock = steps.clock();
    }
    let until = a.seconds.unwrap_or(f64::INFINITY);
    let running = vedette_sim::Simulation::start(scenario, world, serve).map_err(|e| Stop::Machine(e.to_string()))?;
    for (system, way) in running.ways() {
        say(&format!("aircraft {system} at {way}"));
    }
    if let Some(at) = running.players_at() {
        for c in running.scenario().vehicles.iter().flat_map(|v| &v.cameras) {
            say(&format!("camera {} at rtsp://{at}/{}", c.id.0, c.id.0));
        }
    }
    if a.stepped {
        step_by_line(&steps, &running, until);
        say(&serde_json::to_string(&running.stop()).unwrap_or_default());
        return Ok(());
    }
    let stop = crate::flight::interrupted()?;
    while running.stats().t_s < until && !stop.load(std::sync::atomic::Ordering::Acquire) {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let stats = running.stop();
    say(&serde_json::to_string(&stats).unwrap_or_default());
    Ok(())
}

/// Goes on by the seconds that standard input names, a number a line, and says where it came to.
fn step_by_line(steps: &vedette_sim::StepClock, running: &vedette_sim::SimHandle, until: f64) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let Ok(seconds) = line.trim().parse::<f64>() else {
            say(&format!("\"{line}\" is no number of seconds; give 0 to 10 a line"));
            continue;
        };
        steps.advance(seconds);
        let came = running.wait_flown(steps.now(), std::time::Duration::from_secs(60));
        say(&format!("{:.3}", running.flown_to().seconds()));
        if !came || running.flown_to().seconds() >= until {
            return;
        }
    }
}

/// `vedette doctor`: what this machine lacks; exit 3 when something is missing.
pub(crate) fn doctor(json: bool) -> Outcome {
    let mut missing: Vec<(String, String)> = vedette_ingest::check_elements()
        .into_iter()
        .map(|m| {
            (
                format!("GStreamer element {} ({})", m.element, m.what_for),
                m.debian_package.to_owned(),
            )
        })
        .collect();
    for (program, what, package) in [
        ("ffprobe", "VERIFY.sh looks at recordings with it", "ffmpeg"),
        ("openssl", "VERIFY.sh checks signatures with it", "openssl"),
    ] {
        let found =
            std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|d| d.join(program).is_file()));
        if !found {
            missing.push((format!("{program} ({what})"), package.to_owned()));
        }
    }
    missing.extend(crate::pictures::lacking());
    if files::data().is_none() {
        say("note: VEDETTE_DATA names no folder: no real terrain, the relief will be synthetic");
    }
    if json {
        say(&serde_json::json!({ "missing": missing }).to_string());
    } else {
        for (what, package) in &missing {
            say(&format!("missing: {what}: apt-get install {package}"));
        }
    }
    if missing.is_empty() {
        say("nothing is missing");
        return Ok(());
    }
    Err(Stop::Machine(format!(
        "{} things are missing; `make setup` installs them on Debian and Ubuntu",
        missing.len()
    )))
}
