//! Single pictures (JPEG, PNG) as luminance, for detectors run over folders.
//! Invariant: the decoder is chosen by the file's own first bytes, never by GStreamer; a broken picture is an error
//! and the next one decodes as if nothing happened.

use crate::IngestError;
use crate::elements::{init, make};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::time::Duration;

/// Longest wait for one picture.
const PATIENCE: Duration = Duration::from_secs(3);

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Luminance, full range, `width * height` bytes.
    pub gray: Vec<u8>,
}

struct Running {
    kind: &'static str,
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(e) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!("picture pipeline did not stop cleanly: {e}");
        }
    }
}

/// Decodes pictures one after the other, keeping its pipeline between pictures of one kind.
#[derive(Default)]
pub struct Stills {
    running: Option<Running>,
}

impl Stills {
    /// Nothing running yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one file's bytes.
    ///
    /// # Errors
    /// [`IngestError::Gst`] when the bytes are no JPEG or PNG picture or are damaged, [`IngestError::MissingElement`].
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Still, IngestError> {
        let kind = match bytes {
            [0xff, 0xd8, 0xff, ..] => "jpegdec",
            [0x89, b'P', b'N', b'G', ..] => "pngdec",
            _ => return Err(IngestError::Gst("neither a JPEG nor a PNG picture".to_owned())),
        };
        // A decoder waits for the end of a picture that is cut short; its end mark is looked for first.
        let end: &[u8] = if kind == "jpegdec" { &[0xff, 0xd9] } else { b"IEND" };
        let tail = &bytes[bytes.len().saturating_sub(4096)..];
        if !tail.windows(end.len()).any(|w| w == end) {
            return Err(IngestError::Gst("the picture is cut short".to_owned()));
        }
        if self.running.as_ref().is_none_or(|r| r.kind != kind) {
            self.running = None;
            self.running = Some(start(kind)?);
        }
        let Some(r) = &self.running else {
            return Err(IngestError::Gst("no pipeline".to_owned()));
        };
        let out = one(r, bytes);
        if out.is_err() {
            // A decoder that failed is not asked again.
            self.running = None;
        }
        out
    }
}

fn gst_error(e: impl std::fmt::Display) -> IngestError {
    IngestError::Gst(e.to_string())
}

fn start(kind: &'static str) -> Result<Running, IngestError> {
    init()?;
    let caps = if kind == "jpegdec" { "image/jpeg" } else { "image/png" };
    let source = gst_app::AppSrc::builder()
        .caps(&gst::Caps::builder(caps).build())
        .format(gst::Format::Time)
        .build();
    let (decoder, convert) = (make(kind)?, make("videoconvert")?);
    let sink = gst_app::AppSink::builder()
        .sync(false)
        .caps(&gst::Caps::builder("video/x-raw").field("format", "GRAY8").build())
        .build();
    let pipeline = gst::Pipeline::new();
    let elements = [
        source.upcast_ref::<gst::Element>(),
        &decoder,
        &convert,
        sink.upcast_ref(),
    ];
    pipeline.add_many(elements).map_err(gst_error)?;
    gst::Element::link_many(elements).map_err(gst_error)?;
    pipeline.set_state(gst::State::Playing).map_err(gst_error)?;
    Ok(Running {
        kind,
        pipeline,
        source,
        sink,
    })
}

fn one(r: &Running, bytes: &[u8]) -> Result<Still, IngestError> {
    let mut buffer = gst::Buffer::from_slice(bytes.to_vec());
    if let Some(b) = buffer.get_mut() {
        b.set_pts(gst::ClockTime::ZERO);
    }
    r.source.push_buffer(buffer).map_err(gst_error)?;
    let step = gst::ClockTime::from_mseconds(20);
    let mut waited = Duration::ZERO;
    let sample = loop {
        if let Some(s) = r.sink.try_pull_sample(step) {
            break s;
        }
        waited += Duration::from_millis(20);
        let failed = r
            .pipeline
            .bus()
            .and_then(|b| b.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Warning]));
        if failed.is_some() || waited >= PATIENCE {
            return Err(IngestError::Gst("the picture is damaged".to_owned()));
        }
    };
    let caps = sample.caps().ok_or_else(|| gst_error("a picture without a form"))?;
    let info = gstreamer_video::VideoInfo::from_caps(caps).map_err(gst_error)?;
    let buffer = sample.buffer().ok_or_else(|| gst_error("an empty picture"))?;
    let map = buffer.map_readable().map_err(gst_error)?;
    let (width, height) = (info.width() as usize, info.height() as usize);
    let stride = info.stride().first().copied().unwrap_or(0).max(0) as usize;
    let mut gray = Vec::with_capacity(width * height);
    for row in map.as_slice().chunks(stride.max(1)).take(height) {
        gray.extend_from_slice(row.get(..width).unwrap_or(&[]));
    }
    if gray.len() != width * height || gray.is_empty() {
        return Err(gst_error("a picture with rows missing"));
    }
    Ok(Still { width, height, gray })
}
