//! Which GStreamer elements the station needs and which Debian package brings each: for `vedette doctor`.

use crate::IngestError;
use serde::Serialize;
use std::sync::OnceLock;

/// An element that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Element.
    pub element: &'static str,
    /// Debian package that has it.
    pub debian_package: &'static str,
    /// What does not work without it.
    pub what_for: &'static str,
}

const NEEDED: &[Missing] = &[
    need("appsrc", "gstreamer1.0-plugins-base", "every video stream"),
    need("appsink", "gstreamer1.0-plugins-base", "every video stream"),
    need("videoconvert", "gstreamer1.0-plugins-base", "every video stream"),
    need("h264parse", "gstreamer1.0-plugins-bad", "H.264 video"),
    need(
        "avdec_h264",
        "gstreamer1.0-libav",
        "H.264 video (openh264dec is used when it is missing)",
    ),
    need(
        "openh264enc",
        "gstreamer1.0-plugins-bad",
        "pictures of the simulator's cameras",
    ),
    need("h265parse", "gstreamer1.0-plugins-bad", "H.265 video"),
    need("avdec_h265", "gstreamer1.0-libav", "H.265 video"),
    need("mpegvideoparse", "gstreamer1.0-plugins-bad", "MPEG-2 video"),
    need("avdec_mpeg2video", "gstreamer1.0-libav", "MPEG-2 video"),
    need("srtsrc", "gstreamer1.0-plugins-bad", "cameras over SRT"),
    need("rtspsrc", "gstreamer1.0-plugins-good", "cameras over RTSP"),
    need("udpsrc", "gstreamer1.0-plugins-good", "cameras over plain RTP"),
    need("rtpjitterbuffer", "gstreamer1.0-plugins-good", "cameras over RTP"),
    need("rtph264depay", "gstreamer1.0-plugins-good", "cameras over RTSP"),
    need("rtph265depay", "gstreamer1.0-plugins-good", "cameras over RTSP"),
    need("rtpklvdepay", "gstreamer1.0-plugins-bad", "metadata over RTSP"),
    need(
        "rtpmp2tdepay",
        "gstreamer1.0-plugins-good",
        "transport streams over RTSP",
    ),
    need("jpegdec", "gstreamer1.0-plugins-good", "folders of JPEG pictures"),
    need("pngdec", "gstreamer1.0-plugins-good", "folders of PNG pictures"),
];

const fn need(element: &'static str, debian_package: &'static str, what_for: &'static str) -> Missing {
    Missing {
        element,
        debian_package,
        what_for,
    }
}

/// Starts GStreamer once for the process.
///
/// # Errors
/// [`IngestError::Gst`] when the library cannot start.
pub(crate) fn init() -> Result<(), IngestError> {
    static STARTED: OnceLock<Result<(), String>> = OnceLock::new();
    STARTED
        .get_or_init(|| gstreamer::init().map_err(|e| e.to_string()))
        .clone()
        .map_err(IngestError::Gst)
}

/// Elements that are not installed; all of them when GStreamer itself does not start.
pub fn check_elements() -> Vec<Missing> {
    if init().is_err() {
        return NEEDED.to_vec();
    }
    NEEDED
        .iter()
        .filter(|m| gstreamer::ElementFactory::find(m.element).is_none())
        .copied()
        .collect()
}

/// Makes an element, naming its package when it is missing.
pub(crate) fn make(element: &'static str) -> Result<gstreamer::Element, IngestError> {
    gstreamer::ElementFactory::make(element)
        .build()
        .map_err(|_| IngestError::MissingElement {
            element,
            package: NEEDED
                .iter()
                .find(|m| m.element == element)
                .map_or("gstreamer1.0-plugins-good", |m| m.debian_package),
        })
}
