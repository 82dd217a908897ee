//! The vedette program: command line, configuration, wiring.
//!
//! Exit codes: 0 so; 1 the answer is no; 2 wrong usage; 3 the machine lacks something.

mod atlas;
mod cli;
mod clock;
mod cues;
mod demo;
mod detect;
mod drafting;
mod errand;
mod files;
mod flight;
mod imports;
mod inspect;
mod keys;
mod link;
mod measure;
mod model;
mod off_patrol;
mod offers;
mod own_targets;
mod pictures;
mod pieces;
mod preserve;
mod radio;
mod replay;
mod report;
mod review;
mod review_lanes;
mod runtime;
mod scores;
mod script;
mod search;
mod setup;
mod stage;
mod supervise;
mod train;
mod train_desk;
mod train_inject;
mod train_record;
mod verbs;
mod video;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, KlvVerb, Verb};

/// Why a verb ended without doing its job.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The answer is no (exit code 1).
    No(String),
    /// Wrong usage (2).
    Usage(String),
    /// The machine lacks something (3).
    Machine(String),
}

impl From<anyhow::Error> for Stop {
    fn from(e: anyhow::Error) -> Self {
        Self::No(format!("{e:#}"))
    }
}

/// How a verb ends.
pub(crate) type Outcome = Result<(), Stop>;

#[expect(clippy::print_stderr, reason = "errors are for the person at the terminal")]
fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("VEDETTE_LOG").unwrap_or_else(|_| {
                "warn,wgpu_hal=error,wgpu_core=error,naga=error,bevy_render=error,bevy_winit=error,bevy_egui=error"
                    .into()
            }),
        )
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
    let outcome = match cli.verb {
        None => verbs::console(),
        Some(Verb::Demo(a)) => demo::run(&a, cli.json),
        Some(Verb::Plan(a)) => verbs::plan(&a, cli.json),
        Some(Verb::Check(a)) => verbs::check(&a, cli.json),
        Some(Verb::Search(a)) => search::search(&a, cli.json),
        Some(Verb::Atlas(v)) => atlas::run(&v, cli.json),
        Some(Verb::Station(a)) if a.supervised && !supervise::is_child() => supervise::run(),
        Some(Verb::Station(a)) => flight::station(&a),
        Some(Verb::Sim(a)) => verbs::sim(&a),
        Some(Verb::Train(a)) => train::run(&a, cli.json),
        Some(Verb::Scores(a)) => scores::run(&a, cli.json),
        Some(Verb::Inspect(a)) => inspect::inspect(&a, cli.json),
        Some(Verb::Link(a)) => link::link(&a, cli.json),
        Some(Verb::Keys(v)) => link::keys(&v),
        Some(Verb::Review(a)) => review::review(&a, cli.json),
        Some(Verb::Replay(a)) => replay::replay(&a, cli.json),
        Some(Verb::Verify(a)) => verbs::verify(&a, cli.json),
        Some(Verb::Klv(KlvVerb::Dump { file })) => verbs::klv_dump(&file),
        Some(Verb::Klv(KlvVerb::Check { file })) => verbs::klv_check(&file, cli.json),
        Some(Verb::Klv(KlvVerb::Mux(a))) => pieces::klv_mux(&a, cli.json),
        Some(Verb::Detect(a)) => detect::detect(&a, cli.json),
        Some(Verb::Track(a)) => pieces::track(&a, cli.json),
        Some(Verb::Geolocate(a)) => pieces::geolocate(&a, cli.json),
        Some(Verb::Bench(w)) => pieces::bench(&w, cli.json),
        Some(Verb::Doctor) => verbs::doctor(cli.json),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            let (code, why) = match stop {
                Stop::No(w) => (1, w),
                Stop::Usage(w) => (2, w),
                Stop::Machine(w) => (3, w),
            };
            eprintln!("vedette: {why}");
            ExitCode::from(code)
        }
    }
}
