//! `vedette scores`: a trainee's own runs and progress; people side by side for supervisors only.
//!
//! Invariant: every comparison of people is written to the access log before it is shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vedette_journal::AccessLog;
use vedette_model::{Authority, OperatorId};
use vedette_score::{History, progress};

use crate::clock::Clock;
use crate::verbs::say;
use crate::{Outcome, Stop, files};

/// Flags of `scores`.
#[derive(Debug, Args)]
pub(crate) struct ScoresArgs {
    /// Whose runs, as given to `train --name`.
    pub(crate) name: Option<String>,
    /// Results of `train`.
    #[arg(long, default_value = "out/train")]
    pub(crate) out: PathBuf,
    /// All trainees side by side; needs the supervisor's role.
    #[arg(long)]
    pub(crate) compare: bool,
    /// Who looks.
    #[arg(long, default_value = "trainee")]
    pub(crate) who: String,
    /// In which role: observer, sensor, pilot or supervisor.
    #[arg(long, default_value = "observer", value_parser = role)]
    pub(crate) role: Authority,
}

fn role(s: &str) -> Result<Authority, String> {
    match s {
        "observer" => Ok(Authority::Observer),
        "sensor" => Ok(Authority::Sensor),
        "pilot" => Ok(Authority::Pilot),
        "supervisor" => Ok(Authority::Supervisor),
        other => Err(format!(
            "role {other} is not known; allowed: observer, sensor, pilot, supervisor"
        )),
    }
}

/// Runs it.
pub(crate) fn run(a: &ScoresArgs, json: bool) -> Outcome {
    let dir = a.out.join("history");
    if a.compare {
        return compare(a, &read_all(&dir)?, json);
    }
    let Some(name) = &a.name else {
        return Err(Stop::Usage(
            "give a trainee's name, or --compare with --role supervisor".into(),
        ));
    };
    let path = dir.join(format!("{name}.jsonl"));
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Stop::Usage(format!("no history of {name} at {}: {e}", path.display())))?;
    let h = History::read(&text);
    let page = path.with_extension("html");
    files::write(&page, progress(name, &h).as_bytes())?;
    if json {
        say(&serde_json::to_string(&h.lines).unwrap_or_default());
        return Ok(());
    }
    for l in &h.lines {
        say(&format!(
            "{}  {:<40} {:3.0} of 100",
            l.began.clock(),
            l.scenario,
            l.total
        ));
    }
    if let Some(m) = h.median() {
        say(&format!(
            "{} runs, median {m:.0}; progress: {}",
            h.lines.len(),
            page.display()
        ));
    }
    Ok(())
}

fn read_all(dir: &std::path::Path) -> Result<BTreeMap<String, History>, Stop> {
    let entries = std::fs::read_dir(dir).map_err(|e| Stop::Usage(format!("no histories in {}: {e}", dir.display())))?;
    let mut all = BTreeMap::new();
    for path in entries.filter_map(Result::ok).map(|e| e.path()) {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        if let (Some(name), Some("jsonl")) = (name, path.extension().and_then(|e| e.to_str())) {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            all.insert(name, History::read(&text));
        }
    }
    Ok(all)
}

fn compare(a: &ScoresArgs, all: &BTreeMap<String, History>, json: bool) -> Outcome {
    let table = History::compare(all, &a.who, a.role).map_err(|e| Stop::No(e.to_string()))?;
    AccessLog::new(&a.out)
        .note(
            Clock::machine_utc(),
            &OperatorId(a.who.clone()),
            "compared",
            &a.out.join("history").display().to_string(),
            "training scores side by side",
        )
        .context("the access cannot be noted, so nothing is shown")?;
    if json {
        say(&serde_json::to_string(&table).unwrap_or_default());
        return Ok(());
    }
    for c in table {
        say(&format!(
            "{:<24} {:3} runs, last five {:3.0} of 100",
            c.trainee, c.runs, c.recent
        ));
    }
    Ok(())
}
