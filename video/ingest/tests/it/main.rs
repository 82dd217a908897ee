//! The video shell through its own front door: real sockets, real files, real codecs.
#![allow(clippy::unwrap_used, reason = "tests")]

mod called;
mod disk;
mod film;
mod killed;
mod live;
#[cfg(feature = "onnx")]
mod onnx;
mod others;
mod recordings;
mod review;
mod stills;
mod turns;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use vedette_ingest::{Clock, EventSink, IngestEvent};
use vedette_model::Mono;

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "vedette-ingest-{name}-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {e}", self.0.display());
        }
    }
}

/// A clock that goes on by one millisecond each time it is asked.
fn clock() -> Clock {
    let now = AtomicI64::new(0);
    Arc::new(move || Mono(now.fetch_add(1_000, Ordering::Relaxed)))
}

fn events() -> (EventSink, crossbeam_channel::Receiver<IngestEvent>) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let sink: EventSink = Arc::new(move |e| {
        if sender.send(e).is_err() {
            eprintln!("an event came after the test ended");
        }
    });
    (sink, receiver)
}

/// The folder of real recordings, or `None` said aloud.
fn data(what: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("VEDETTE_DATA") else {
        eprintln!("LEFT OUT: {what}: VEDETTE_DATA is not set");
        return None;
    };
    let path = Path::new(&root).join(what);
    if !path.exists() {
        eprintln!("LEFT OUT: {what} is not in VEDETTE_DATA");
        return None;
    }
    Some(path)
}
