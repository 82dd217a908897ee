//! The task that drives the protocol: datagrams, requests and time in, reports out.
//!
//! Invariant: requests are refused aloud when their queue is full; of reports only telemetry is
//! dropped when nobody takes it (and counted), an order's end never. Time is the clock it is
//! given, which may run faster than the wall's.

mod command;
mod files;
mod state;
mod task;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use vedette_model::{LinkReport, Mono, Request, Utc};
use vedette_protocol::{Event, Gcs, InspectRow};

use crate::Links;
use command::Command;

/// The station's clock: monotonic and civil time, read together.
pub type Clock = Arc<dyn Fn() -> (Mono, Utc) + Send + Sync>;

/// The machine's own clock, for stations that follow no simulation: microseconds since this call,
/// and UTC carried forward from it, so that steps of the civil clock do not reach the station.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this shell that reads the machine's clock"
)]
pub fn system_clock() -> Clock {
    let start = std::time::Instant::now();
    let epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    Arc::new(move || {
        let us = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
        (Mono(us), Utc(epoch.saturating_add(us)))
    })
}

/// What the task hands out.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Something an aircraft reported.
    Vehicle(Event),
    /// Counters of all links, once a second of the station's clock.
    Links(Vec<LinkReport>),
}

/// Sizes and files of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Requests waiting to be taken.
    pub requests: usize,
    /// Outputs waiting to be taken.
    pub outputs: usize,
    /// Every frame received and sent is written here as a `.tlog` (the protocol must be made with
    /// `log: true`).
    pub tlog: Option<PathBuf>,
    /// Files read from aircraft are written here, `SYSTEM-NAME` each.
    pub files: Option<PathBuf>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            requests: 256,
            outputs: 16_384,
            tlog: None,
            files: None,
        }
    }
}

/// The request queue is full or the task has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// Full.
    #[error("the link task is busy: the order was not taken; give it again")]
    Full,
    /// Over.
    #[error("the link task has ended: no order can be sent")]
    Ended,
}

/// The running task. Dropping it stops the task.
#[derive(Debug)]
pub struct Station {
    commands: mpsc::Sender<Command>,
    outputs: crossbeam_channel::Receiver<Output>,
    inspect: watch::Receiver<Arc<Vec<InspectRow>>>,
    dropped: watch::Receiver<u64>,
    task: tokio::task::JoinHandle<()>,
}

/// Starts the task on the current tokio runtime.
///
/// # Errors
/// When the `.tlog` or the folder for files cannot be created.
pub fn run(gcs: Gcs, links: Links, clock: Clock, options: RunOptions) -> Result<Station, std::io::Error> {
    let log = options.tlog.as_deref().map(state::TlogFile::create).transpose()?;
    let files = options.files.as_deref().map(files::Store::new).transpose()?;
    let (commands, command_rx) = mpsc::channel(options.requests.max(1));
    let (output_tx, outputs) = crossbeam_channel::bounded(options.outputs.max(16));
    let (inspect_tx, inspect) = watch::channel(Arc::default());
    let (dropped_tx, dropped) = watch::channel(0);
    let outlet = state::Outlet::new(output_tx);
    let task = tokio::spawn(task::drive(task::Parts {
        gcs,
        links,
        clock,
        commands: command_rx,
        outlet,
        inspect: inspect_tx,
        dropped: dropped_tx,
        log,
        files,
    }));
    Ok(Station {
        commands,
        outputs,
        inspect,
        dropped,
        task,
    })
}

impl Station {
    /// Hands a request to the protocol; callable from any thread.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn submit(&self, request: Request) -> Result<(), Busy> {
        self.commands
            .try_send(Command::Submit(Box::new(request)))
            .map_err(|e| match e {
                mpsc::error::TrySendError::Full(_) => Busy::Full,
                mpsc::error::TrySendError::Closed(_) => Busy::Ended,
            })
    }

    /// Where reports arrive; any thread may take them.
    #[must_use]
    pub fn outputs(&self) -> &crossbeam_channel::Receiver<Output> {
        &self.outputs
    }

    /// The inspector's table, renewed each second of the station's clock.
    #[must_use]
    pub fn inspect(&self) -> Arc<Vec<InspectRow>> {
        self.inspect.borrow().clone()
    }

    /// Telemetry reports and datagrams dropped because a queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        *self.dropped.borrow()
    }

    /// Stops the task and waits until the log is on disk.
    pub async fn stop(self) {
        let Self { commands, task, .. } = self;
        drop(commands);
        if let Err(e) = task.await {
            tracing::error!("the link task ended badly: {e}");
        }
    }
}
