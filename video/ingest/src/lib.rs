//! The video shell: keeps the original bytes, decodes them, finds recorded frames again.
//!
//! Invariant: bytes reach the recorder before anything decodes them, and a decoder, a full disk or a slow consumer
//! never stops the recording. GStreamer and sockets stay in here; out come [`Frame`]s, metadata and reports.
//! Knows nothing of the screen, of alerts or of who watches.

mod channel;
mod decode;
mod disk;
mod elements;
mod frames;
#[cfg(feature = "onnx")]
mod onnx;
mod pull;
mod recorder;
mod review;
mod source;
mod stills;

pub use channel::{Channel, ChannelConfig, ChannelStats, Clock, EventSink, IngestEvent};
pub use disk::{DiskGuard, DiskLevel, free_share, share};
pub use elements::{Missing, check_elements};
pub use frames::{Frame, FrameReceiver};
#[cfg(feature = "onnx")]
pub use onnx::{Took, open_model, open_model_timed, read_card};
pub use recorder::{Recorder, SegmentInfo, recover};
pub use review::{FrameStore, Moment, RecordedFrame, picture_size};
pub use source::SourceSpec;
pub use stills::{Still, Stills};

use std::path::PathBuf;

/// What can go wrong in the video shell.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A GStreamer element is not installed.
    #[error("GStreamer element {element} is missing: install {package} (`vedette doctor` lists all)")]
    MissingElement {
        /// Element.
        element: &'static str,
        /// Debian package that has it.
        package: &'static str,
    },
    /// GStreamer refused.
    #[error("GStreamer: {0}")]
    Gst(String),
    /// A source text is none we know.
    #[error(
        "video source {text:?}: {why}; use udp://HOST:PORT, rtp://HOST:PORT?codec=h264, tcp://HOST:PORT, srt://HOST:PORT, rtsp://… or file:PATH"
    )]
    BadSource {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A socket could not be opened.
    #[error("cannot listen on {address}: {source}; is another program listening there?")]
    Bind {
        /// Address.
        address: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Path.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A detector network cannot be used.
    #[error("{path}: {why}")]
    Model {
        /// Card, model or runtime.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A recording has no frame at the wanted time.
    #[error("{dir}: no recorded frame at {wanted}")]
    NoFrame {
        /// Folder of the channel.
        dir: PathBuf,
        /// What was asked for.
        wanted: String,
    },
}

/// Puts the calling thread behind decoders, recorders and the window where the processor is short: for analysis. On
/// systems that count such places by the program and not by the thread, and where it is refused, nothing changes.
pub fn give_way() {
    /// Steps of the system's nice value behind where the thread is now: a third of the processor beside one in front.
    const BEHIND: i32 = 5;
    if !cfg!(target_os = "linux") {
        return;
    }
    // Without a process named, Linux means the calling thread (setpriority(2)).
    let moved = rustix::process::getpriority_process(None)
        .and_then(|now| rustix::process::setpriority_process(None, now + BEHIND));
    if let Err(e) = moved {
        tracing::debug!("analysis stays beside the picture: {e}");
    }
}

pub(crate) fn file_error(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> IngestError {
    let path = path.into();
    move |source| IngestError::File { path, source }
}
