//! `vedette scores`: a trainee's own runs and progress; people side by side for supervisors only.
//!
//! Invariant: nobody is a supervisor by their own word: the list beside the histories names them by the
//! account they are logged in with. Every comparison of people, and every refusal of one, is written to
//! the access log before anything is shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
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
    /// All trainees side by side: for those whom OUT/people.toml names as supervisors, by the account
    /// they are logged in with.
    #[arg(long)]
    pub(crate) compare: bool,
}

/// `people.toml` beside the histories: who may look at more than their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    #[serde(default)]
    person: Vec<Person>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    /// Name in the record.
    id: OperatorId,
    /// Account of this machine.
    account: String,
    /// observer, sensor, pilot or supervisor.
    authority: Authority,
}

/// Runs it.
pub(crate) fn run(a: &ScoresArgs, json: bool) -> Outcome {
    let dir = a.out.join("history");
    if a.compare {
        return compare(a, &read_all(&dir)?, json);
    }
    let Some(name) = &a.name else {
        return Err(Stop::Usage(
            "give a trainee's name, or --compare as a supervisor".into(),
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

/// The account this program runs under: its process belongs to it, and the machine's list names it.
fn account() -> anyhow::Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = std::fs::metadata("/proc/self")
        .context("this machine does not say whose process this is")?
        .uid();
    let list = std::fs::read_to_string("/etc/passwd").context("the machine's list of accounts cannot be read")?;
    // name:password:uid:..., passwd(5).
    let named = list.lines().find_map(|l| {
        let mut f = l.split(':');
        let name = f.next()?;
        (f.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    Ok(named.unwrap_or_else(|| uid.to_string()))
}

/// Whom the list beside the histories names for an account; nobody: an observer of that name.
fn who_looks(out: &Path, account: &str) -> Result<(OperatorId, Authority), Stop> {
    let path = out.join("people.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(t) => t,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(Stop::Usage(format!("cannot read {}: {e}", path.display()))),
    };
    let people: People =
        toml::from_str(&text).map_err(|e| Stop::Usage(format!("{} is damaged: {e}", path.display())))?;
    let named = people.person.into_iter().find(|p| p.account == account);
    Ok(named.map_or_else(
        || (OperatorId(account.to_owned()), Authority::Observer),
        |p| (p.id, p.authority),
    ))
}

fn compare(a: &ScoresArgs, all: &BTreeMap<String, History>, json: bool) -> Outcome {
    let account = account()?;
    let (who, role) = who_looks(&a.out, &account)?;
    let log = AccessLog::new(&a.out);
    let note = |action: &str| {
        let what = a.out.join("history").display().to_string();
        log.note(
            Clock::machine_utc(),
            &who,
            action,
            &what,
            "training scores side by side",
        )
        .context("the access cannot be noted, so nothing is shown")
    };
    let table = match History::compare(all, &who.0, role) {
        Ok(t) => t,
        Err(e) => {
            note("refused")?;
            return Err(Stop::No(format!(
                "{e}; {} names supervisors by the account they are logged in with, yours is {account}",
                a.out.join("people.toml").display()
            )));
        }
    };
    note("compared")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_is_whom_the_list_names_by_account_and_nobody_else() {
        let dir = std::env::temp_dir().join(format!("vedette-people-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let role = |account: &str| who_looks(&dir, account).map(|(who, role)| (who.0, role));
        assert_eq!(
            role("mrd").unwrap(),
            ("mrd".into(), Authority::Observer),
            "no list, no supervisor"
        );
        let list = "[[person]]\nid = \"Maria Duarte\"\naccount = \"mrd\"\nauthority = \"supervisor\"\n";
        std::fs::write(dir.join("people.toml"), list).unwrap();
        assert_eq!(role("mrd").unwrap(), ("Maria Duarte".into(), Authority::Supervisor));
        assert_eq!(role("trainee").unwrap().1, Authority::Observer);
        std::fs::write(dir.join("people.toml"), "[[person]]\nid = 3").unwrap();
        assert!(matches!(role("mrd"), Err(Stop::Usage(why)) if why.contains("people.toml is damaged")));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
