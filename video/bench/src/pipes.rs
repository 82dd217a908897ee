//! GStreamer pipelines of one line, run inside the program: no tool of GStreamer's is needed.

use std::path::Path;
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::BenchError;

/// A pipeline that gives nothing for so long is broken, seconds.
const PATIENCE_S: u64 = 60;

fn broken(why: impl std::fmt::Display) -> BenchError {
    BenchError::Data {
        path: "pipeline".into(),
        why: why.to_string(),
    }
}

/// The pipeline of a description, with its appsink named `end`.
pub(crate) fn pipeline(description: &str) -> Result<(gst::Pipeline, gst_app::AppSink), BenchError> {
    gst::init().map_err(broken)?;
    let p = gst::parse::launch(description)
        .map_err(broken)?
        .downcast::<gst::Pipeline>()
        .map_err(|_| broken("no pipeline"))?;
    let end = p
        .by_name("end")
        .and_then(|e| e.downcast::<gst_app::AppSink>().ok())
        .ok_or_else(|| broken("no appsink named end"))?;
    Ok((p, end))
}

/// All bytes that come out of a pipeline; `file` is what its element `from` reads.
pub(crate) fn bytes(description: &str, file: Option<&Path>) -> Result<Vec<u8>, BenchError> {
    let mut out = Vec::new();
    run(description, file, |_, b| out.extend_from_slice(b))?;
    Ok(out)
}

/// A buffer's presentation time, where it has one, and its bytes.
pub(crate) type Timed = (Option<Duration>, Vec<u8>);

/// All buffers that come out of a pipeline, with their times.
pub(crate) fn buffers(description: &str) -> Result<Vec<Timed>, BenchError> {
    let mut out = Vec::new();
    run(description, None, |at, b| out.push((at, b.to_vec())))?;
    Ok(out)
}

fn run(
    description: &str,
    file: Option<&Path>,
    mut take: impl FnMut(Option<Duration>, &[u8]),
) -> Result<(), BenchError> {
    let (p, end) = pipeline(description)?;
    if let (Some(file), Some(from)) = (file, p.by_name("from")) {
        from.set_property("location", file);
    }
    let state = |s: gst::State| p.set_state(s).map_err(broken);
    state(gst::State::Playing)?;
    let mut any = false;
    while let Some(sample) = end.try_pull_sample(gst::ClockTime::from_seconds(PATIENCE_S)) {
        let Some(buffer) = sample.buffer() else { continue };
        if let Ok(bytes) = buffer.map_readable() {
            any = true;
            take(
                buffer.pts().map(|t| Duration::from_nanos(t.nseconds())),
                bytes.as_slice(),
            );
        }
    }
    let whole = end.is_eos() && any;
    state(gst::State::Null)?;
    if whole {
        Ok(())
    } else {
        Err(broken(format!("broke off before its end: {description}")))
    }
}
