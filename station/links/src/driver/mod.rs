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

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot, watch};
use vedette_model::{LinkId, LinkReport, Mono, Request, Utc};
use vedette_protocol::codec::sign::Key;
use vedette_protocol::signing::LinkPolicy;
use vedette_protocol::{Event, Gcs, InspectRow, KeyChangeError, PeerAddr, PeerReport};

use crate::keyfile::{KeyFile, KeyFileError};
use crate::transport::{LinkError, Opener};
use crate::{Endpoint, Links};
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

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Aircraft are flown by it.
    #[default]
    Aircraft,
    /// Other stations are beside us on it: they get every aircraft's frames, and what they send is
    /// passed on where `commands` allows it. Nothing from here is believed of an aircraft.
    Stations {
        /// Their orders reach the aircraft (and are told).
        commands: bool,
    },
}

/// Everything known of the links, renewed each second of the station's clock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inspection {
    /// Every message, by link, address and component.
    pub rows: Vec<InspectRow>,
    /// What came from every address, by judgement.
    pub peers: Vec<PeerReport>,
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
    /// Aircraft's keys and what signing must remember.
    pub keys: Option<KeyFile>,
    /// Nothing is sent: for those who only listen.
    pub silent: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            requests: 256,
            outputs: 16_384,
            tlog: None,
            files: None,
            keys: None,
            silent: false,
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

/// Why the task did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The `.tlog`.
    #[error("the telemetry log cannot be created: {0}")]
    Log(#[from] std::io::Error),
    /// The folder for files from aircraft.
    #[error("the folder {} for files from aircraft cannot be made: {why}", dir.display())]
    Files {
        /// Which folder.
        dir: PathBuf,
        /// Why not.
        #[source]
        why: std::io::Error,
    },
    /// The key file.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
}

/// Why a link was not added or a key not changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// It did not open.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The key stays as it is.
    #[error(transparent)]
    Key(#[from] KeyChangeError),
    /// The task is busy or over.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// The running task. Dropping it stops the task.
#[derive(Debug)]
pub struct Station {
    commands: mpsc::Sender<Command>,
    outputs: crossbeam_channel::Receiver<Output>,
    inspect: watch::Receiver<Arc<Inspection>>,
    dropped: watch::Receiver<u64>,
    alive: Arc<AtomicBool>,
    opener: Opener,
    task: tokio::task::JoinHandle<()>,
}

/// Starts the task on the current tokio runtime.
///
/// # Errors
/// [`RunError`]: the `.tlog` or the folder for files cannot be created, or the key file does not open.
pub fn run(mut gcs: Gcs, links: Links, clock: Clock, options: RunOptions) -> Result<Station, RunError> {
    if let Some(memory) = options.keys.as_ref().map(KeyFile::load).transpose()?.flatten() {
        gcs.restore_signing(&memory);
    }
    let alive = Arc::new(AtomicBool::new(false));
    let opener = links.opener();
    let log = options.tlog.as_deref().map(state::TlogFile::create).transpose()?;
    let files = options
        .files
        .map(|dir| files::Store::new(&dir).map_err(|why| RunError::Files { dir, why }))
        .transpose()?;
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
        silent: options.silent,
        keys: options.keys.map(state::KeyKeeper::new),
        alive: Arc::clone(&alive),
        router: vedette_protocol::route::Router::new(),
        roles: std::collections::BTreeMap::new(),
        early: std::collections::BTreeMap::new(),
    }));
    Ok(Station {
        commands,
        outputs,
        inspect,
        dropped,
        alive,
        opener,
        task,
    })
}

impl Station {
    /// Hands a request to the protocol; callable from any thread.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn submit(&self, request: Request) -> Result<(), Busy> {
        self.tell(Command::Submit(Box::new(request)))
    }

    fn tell(&self, command: Command) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Busy::Full,
            mpsc::error::TrySendError::Closed(_) => Busy::Ended,
        })
    }

    /// Opens a further link while the others are at work; its number and, for sockets, its local
    /// address. Must be called inside the tokio runtime.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn add_link(
        &self,
        endpoint: &Endpoint,
        role: Role,
    ) -> Result<(LinkId, Option<std::net::SocketAddr>), ControlError> {
        let opened = self.opener.open(endpoint).await?;
        let out = (opened.link(), opened.local_addr());
        self.tell(Command::Attach(Box::new(opened), role))?;
        Ok(out)
    }

    /// Closes a link; aircraft it carried go on by their other links.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn remove_link(&self, link: LinkId) -> Result<(), Busy> {
        self.tell(Command::Remove(link))
    }

    /// Takes nothing from an address any more, or again.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn block(&self, link: LinkId, peer: &str, blocked: bool) -> Result<(), Busy> {
        self.tell(Command::Block(link, PeerAddr::new(peer), blocked))
    }

    /// What a link lets in.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn set_policy(&self, link: LinkId, policy: LinkPolicy) -> Result<(), Busy> {
        self.tell(Command::Policy(link, policy))
    }

    /// The key an aircraft is known to hold; `None` forgets it.
    ///
    /// # Errors
    /// [`Busy`] when it was not taken.
    pub fn set_key(&self, system: u8, key: Option<Key>) -> Result<(), Busy> {
        self.tell(Command::Key(system, key))
    }

    /// Gives an aircraft a new key over a link declared a wire on the bench.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn change_key(&self, system: u8, key: Key) -> Result<(), ControlError> {
        let (tell, told) = oneshot::channel();
        self.tell(Command::ChangeKey(system, key, tell))?;
        told.await.map_err(|_| Busy::Ended)??;
        Ok(())
    }

    /// The station itself is well; with a watchdog our heartbeats stop without it.
    pub fn alive(&self) {
        self.alive.store(true, Ordering::Release);
    }

    /// Where reports arrive; any thread may take them.
    #[must_use]
    pub fn outputs(&self) -> &crossbeam_channel::Receiver<Output> {
        &self.outputs
    }

    /// The inspector's table, renewed each second of the station's clock.
    #[must_use]
    pub fn inspect(&self) -> Arc<Inspection> {
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
