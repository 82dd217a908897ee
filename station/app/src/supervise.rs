//! `vedette station --supervised`: the same command as a child that is started anew when it freezes.

use std::process::Command;

use vedette_links::supervise::{child_of_supervisor, supervise};
use vedette_links::system_clock;

use crate::{Outcome, Stop, verbs};

/// True in the child, which does the work.
pub(crate) fn is_child() -> bool {
    child_of_supervisor()
}

/// Runs this very command line as a child until it ends.
pub(crate) fn run() -> Outcome {
    let lacks = |e: std::io::Error| Stop::Machine(format!("the station cannot be started under supervision: {e}"));
    let program = std::env::current_exe().map_err(lacks)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(lacks)?;
    let start = || {
        let mut c = Command::new(&program);
        c.args(std::env::args_os().skip(1));
        c
    };
    let code = runtime
        .block_on(supervise(start, system_clock(), |words| {
            tracing::warn!("{words}");
            verbs::say(words);
        }))
        .map_err(lacks)?;
    match code {
        0 => Ok(()),
        2 => Err(Stop::Usage(
            "the station said what is wrong with its usage above".into(),
        )),
        3 => Err(Stop::Machine("the station said what the machine lacks above".into())),
        _ => Err(Stop::No(
            "the station did not end well; what it said stands above".into(),
        )),
    }
}
