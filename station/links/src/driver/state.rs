//! Where reports and log records go, with their bounds.
//!
//! Invariant: what must not be lost (an order's end, identity, a plan, loss of link) waits in
//! order in a second bounded queue when the first is full; telemetry does not.

use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;

use crossbeam_channel::{Sender, TrySendError};
use vedette_model::{Report, Utc};
use vedette_protocol::codec::tlog;
use vedette_protocol::signing::Memory;

use super::Output;
use crate::keyfile::KeyFile;

/// Reports kept for a consumer that does not take them, beyond its queue.
const KEPT_MAX: usize = 8_192;

/// Bounded outlet for reports.
#[derive(Debug)]
pub(super) struct Outlet {
    to: Sender<Output>,
    kept: VecDeque<Output>,
    dropped: u64,
}

impl Outlet {
    pub(super) fn new(to: Sender<Output>) -> Self {
        Self {
            to,
            kept: VecDeque::new(),
            dropped: 0,
        }
    }

    /// Dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Offers one output, after what waits.
    pub(super) fn offer(&mut self, output: Output) {
        self.retry();
        if self.kept.is_empty() {
            match self.to.try_send(output) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => {}
                Err(TrySendError::Full(output)) => self.keep(output),
            }
        } else {
            self.keep(output);
        }
    }

    fn keep(&mut self, output: Output) {
        if renewable(&output) || self.kept.len() >= KEPT_MAX {
            self.dropped += 1;
        } else {
            self.kept.push_back(output);
        }
    }

    /// Moves what waits into the queue.
    pub(super) fn retry(&mut self) {
        while let Some(output) = self.kept.pop_front() {
            match self.to.try_send(output) {
                Ok(()) => {}
                Err(TrySendError::Full(output)) => {
                    self.kept.push_front(output);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.kept.clear();
                    return;
                }
            }
        }
    }
}

/// Said again soon by itself.
fn renewable(output: &Output) -> bool {
    match output {
        Output::Links(_) => true,
        Output::Vehicle(e) => matches!(
            e.report,
            Report::Heartbeat { .. }
                | Report::Position { .. }
                | Report::Attitude { .. }
                | Report::Speeds { .. }
                | Report::Battery { .. }
                | Report::Gnss(_)
                | Report::Wind { .. }
                | Report::Gimbal { .. }
                | Report::Health { .. }
                | Report::Transfer { .. }
                | Report::Parameters { .. }
                | Report::Paths(_)
                | Report::SecondSender(_)
                | Report::LogProgress { .. }
                | Report::Contact(_)
        ),
    }
}

/// A `.tlog` being written.
#[derive(Debug)]
pub(super) struct TlogFile {
    file: std::io::BufWriter<std::fs::File>,
    record: Vec<u8>,
    failed: bool,
}

impl TlogFile {
    pub(super) fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            file: std::io::BufWriter::with_capacity(1 << 16, std::fs::File::create(path)?),
            record: Vec::with_capacity(300),
            failed: false,
        })
    }
    pub(super) fn write(&mut self, at: Utc, raw: &[u8]) {
        if self.failed {
            return;
        }
        self.record.clear();
        tlog::append(&mut self.record, at, raw);
        let result = self.file.write_all(&self.record);
        self.note(result);
    }
    pub(super) fn flush(&mut self) {
        if !self.failed {
            let result = self.file.flush();
            self.note(result);
        }
    }
    fn note(&mut self, result: std::io::Result<()>) {
        if let Err(e) = result {
            // Data is lost from here on.
            tracing::error!("the telemetry log cannot be written and ends here: {e}; free space and start anew");
            self.failed = true;
        }
    }
}

/// Writes the key file beside the loop, one writing at a time.
#[derive(Debug)]
pub(super) struct KeyKeeper {
    file: KeyFile,
    writing: Option<tokio::task::JoinHandle<()>>,
}

impl KeyKeeper {
    pub(super) fn new(file: KeyFile) -> Self {
        Self { file, writing: None }
    }

    /// A writing is under way.
    pub(super) fn busy(&self) -> bool {
        self.writing.as_ref().is_some_and(|w| !w.is_finished())
    }

    pub(super) fn save(&mut self, memory: Memory) {
        let file = self.file.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || write(&file, &memory)));
    }

    /// Writes the last word, after what is under way.
    pub(super) async fn end(self, memory: Option<Memory>) {
        if let Some(w) = self.writing
            && let Err(e) = w.await
        {
            tracing::error!("writing the key file ended badly: {e}");
        }
        if let Some(memory) = memory {
            write(&self.file, &memory);
        }
    }
}

fn write(file: &KeyFile, memory: &Memory) {
    if let Err(e) = file.save(memory) {
        tracing::error!("{e}; after a restart old signed frames may be believed again");
    }
}
