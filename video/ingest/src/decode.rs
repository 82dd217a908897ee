//! One explicit decoding pipeline: access units in, pictures out, times kept.
//! Invariant: no element is chosen by GStreamer itself (no autoplugging of what a stranger's stream names), and a
//! picture carries the PTS its access unit came with.

use crate::IngestError;
use crate::elements::{init, make};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use vedette_klv::VideoCodec;

/// Most access units waiting to be decoded.
const MAX_WAITING: u64 = 24;

/// Decoders of a codec: on hardware (VA-API, NVIDIA, Video4Linux without and with a state of their own), which exist as
/// elements only where the machine has the hardware, then on the processor; the first that is there is used.
fn decoders(codec: VideoCodec) -> [&'static [&'static str]; 2] {
    match codec {
        VideoCodec::H264 => [
            &["vah264dec", "nvh264dec", "v4l2slh264dec", "v4l2h264dec"],
            &["avdec_h264", "openh264dec"],
        ],
        VideoCodec::H265 => [
            &["vah265dec", "nvh265dec", "v4l2slh265dec", "v4l2h265dec"],
            &["avdec_h265"],
        ],
        VideoCodec::Mpeg2 => [&["vampeg2dec", "nvmpeg2videodec"], &["avdec_mpeg2video"]],
    }
}

/// Access units waiting behind a picture that make it late: it is decoded but not converted.
const LATE: u64 = 2;

/// A decoded picture as planes, borrowed from the decoder.
pub(crate) struct Picture<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Newer access units already wait: this picture is late.
    pub(crate) late: bool,
    y: (&'a [u8], usize),
    u: (&'a [u8], usize),
    v: (&'a [u8], usize),
    full_range: bool,
    bt709: bool,
}

impl Picture<'_> {
    /// Luminance stretched to full range, into `width * height` bytes.
    pub(crate) fn gray(&self, out: &mut [u8]) {
        let lut = self.luma_table();
        for (line, row) in out.chunks_exact_mut(self.width.max(1)).zip(self.y.0.chunks(self.y.1)) {
            for (pixel, y) in line.iter_mut().zip(row) {
                *pixel = lut[usize::from(*y)];
            }
        }
    }

    fn luma_table(&self) -> [u8; 256] {
        let mut lut = [0; 256];
        for (i, slot) in lut.iter_mut().enumerate() {
            *slot = if self.full_range {
                i as u8
            } else {
                (((i as i32 - 16) * 255 + 109) / 219).clamp(0, 255) as u8
            };
        }
        lut
    }

    /// Colour, alpha 255, into `width * height * 4` bytes, from the luminance as [`Picture::gray`] gives it. ITU-R BT.709
    /// or BT.601 as the stream says, in 16-bit fixed point; written so that a compiler makes vectors of it.
    pub(crate) fn rgba(&self, gray: &[u8], out: &mut [u8]) {
        let chroma_gain = if self.full_range { 1.0 } else { 255.0 / 224.0 };
        let (kr, kb) = if self.bt709 { (0.2126, 0.0722) } else { (0.299, 0.114) };
        let kg = 1.0 - kr - kb;
        let fix = |x: f64| (x * chroma_gain * 65_536.0) as i32;
        let r_v = fix(2.0 * (1.0 - kr));
        let b_u = fix(2.0 * (1.0 - kb));
        let g_u = fix(2.0 * kb * (1.0 - kb) / kg);
        let g_v = fix(2.0 * kr * (1.0 - kr) / kg);
        // What colour adds to each pixel of two rows.
        let pairs = self.width.div_ceil(2);
        let (mut red, mut green, mut blue) = (vec![0i16; 2 * pairs], vec![0i16; 2 * pairs], vec![0i16; 2 * pairs]);
        let lines = out.chunks_exact_mut((self.width * 4).max(1));
        for (row, (line, luma)) in lines.zip(gray.chunks_exact(self.width.max(1))).enumerate() {
            if row % 2 == 0 {
                let us = self.u.0.get(row / 2 * self.u.1..).unwrap_or(&[]);
                let vs = self.v.0.get(row / 2 * self.v.1..).unwrap_or(&[]);
                let adds = red
                    .chunks_exact_mut(2)
                    .zip(green.chunks_exact_mut(2))
                    .zip(blue.chunks_exact_mut(2));
                for (((r, g), b), (u, v)) in adds.zip(us.iter().zip(vs)) {
                    let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
                    r.fill(((r_v * v) >> 16) as i16);
                    g.fill(((g_u * u + g_v * v) >> 16) as i16);
                    b.fill(((b_u * u) >> 16) as i16);
                }
            }
            let adds = red.iter().zip(&green).zip(&blue);
            for ((pixel, y), ((r, g), b)) in line.chunks_exact_mut(4).zip(luma).zip(adds) {
                let y = i16::from(*y);
                let byte = |v: i16| u32::from(v.clamp(0, 255) as u16);
                let rgba = byte(y + r) | byte(y - g) << 8 | byte(y + b) << 16 | 0xff00_0000;
                pixel.copy_from_slice(&rgba.to_le_bytes());
            }
        }
    }
}

/// Pixel buffers used again once nobody looks at them, as new ones of megabytes cost more than filling them.
#[derive(Debug, Default)]
pub(crate) struct Pool(Vec<Arc<[u8]>>);

impl Pool {
    /// Most buffers kept.
    const KEPT: usize = 12;

    /// A buffer of `length` bytes filled by `fill`.
    pub(crate) fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) -> Arc<[u8]> {
        self.0.retain(|b| b.len() == length);
        let free = self.0.iter().position(|b| Arc::strong_count(b) == 1);
        let mut buffer = match free {
            Some(i) => self.0.swap_remove(i),
            None => std::iter::repeat_n(0, length).collect(),
        };
        if let Some(bytes) = Arc::get_mut(&mut buffer) {
            fill(bytes);
        }
        if self.0.len() < Self::KEPT {
            self.0.push(buffer.clone());
        }
        buffer
    }
}

/// What the decoder is asked to do when it falls behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// Live: skip to the next random access point.
    Skip,
    /// File: make the sender wait.
    Wait,
}

/// A running pipeline.
pub(crate) struct Decoder {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    bus: gst::Bus,
    pressure: Pressure,
    skipping: bool,
    element: &'static str,
    on_hardware: bool,
}

/// Nanoseconds of a 90 kHz time.
fn to_clock(ticks: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds((u128::from(ticks) * 100_000 / 9) as u64)
}

/// 90 kHz ticks of a time made by [`to_clock`], exactly.
fn to_ticks(time: gst::ClockTime) -> u64 {
    ((u128::from(time.nseconds()) * 9 + 50_000) / 100_000) as u64
}

impl Decoder {
    /// Builds and starts the pipeline, on hardware where it may and can. `on_picture` gets the (unwrapped) PTS and the picture on GStreamer's thread.
    pub(crate) fn new(
        codec: VideoCodec,
        pressure: Pressure,
        hardware: bool,
        mut on_picture: impl FnMut(u64, &Picture<'_>) + Send + 'static,
    ) -> Result<Self, IngestError> {
        init()?;
        let (caps, parser) = match codec {
            VideoCodec::H264 => ("video/x-h264", "h264parse"),
            VideoCodec::H265 => ("video/x-h265", "h265parse"),
            VideoCodec::Mpeg2 => ("video/mpeg", "mpegvideoparse"),
        };
        let caps = match codec {
            VideoCodec::H264 | VideoCodec::H265 => gst::Caps::builder(caps)
                .field("stream-format", "byte-stream")
                .field("alignment", "au")
                .build(),
            VideoCodec::Mpeg2 => gst::Caps::builder(caps)
                .field("mpegversion", 2_i32)
                .field("systemstream", false)
                .build(),
        };
        let source = gst_app::AppSrc::builder()
            .caps(&caps)
            .format(gst::Format::Time)
            .max_buffers(MAX_WAITING)
            .max_bytes(0)
            .block(pressure == Pressure::Wait)
            .build();
        let parser = make(parser)?;
        let [fast, plain] = decoders(codec);
        let found = fast
            .iter()
            .filter(|_| hardware)
            .find_map(|name| Some((*name, make(name).ok()?)));
        let on_hardware = found.is_some();
        let (element, decoder) = match found {
            Some(found) => found,
            None => match plain.iter().find_map(|name| Some((*name, make(name).ok()?))) {
                Some(found) => found,
                // Says which package is missing.
                None => (plain[0], make(plain[0])?),
            },
        };
        if decoder.has_property("thread-type") {
            // Frame threads would each add a frame of delay; slice threads add none.
            decoder.set_property_from_str("thread-type", "slice");
            decoder.set_property("max-threads", 2_i32);
        }
        let convert = make("videoconvert")?;
        let sink = gst_app::AppSink::builder()
            .caps(&gst::Caps::builder("video/x-raw").field("format", "I420").build())
            .sync(false)
            .max_buffers(2)
            .build();
        let queue = source.downgrade();
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    let (Some(caps), Some(buffer)) = (sample.caps(), sample.buffer()) else {
                        return Ok(gst::FlowSuccess::Ok);
                    };
                    let info = gst_video::VideoInfo::from_caps(caps).map_err(|_| gst::FlowError::NotNegotiated)?;
                    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info)
                        .map_err(|_| gst::FlowError::Error)?;
                    let planes = frame.planes_data();
                    let strides = frame.plane_stride();
                    let stride = |i: usize| {
                        strides
                            .get(i)
                            .and_then(|s| usize::try_from(*s).ok())
                            .filter(|s| *s > 0)
                            .unwrap_or(1)
                    };
                    let colour = info.colorimetry();
                    let waiting = queue.upgrade().map_or(0, |q| q.current_level_buffers());
                    let picture = Picture {
                        width: frame.width() as usize,
                        height: frame.height() as usize,
                        late: pressure == Pressure::Skip && waiting > LATE,
                        y: (planes[0], stride(0)),
                        u: (planes[1], stride(1)),
                        v: (planes[2], stride(2)),
                        full_range: colour.range() == gst_video::VideoColorRange::Range0_255,
                        bt709: colour.matrix() == gst_video::VideoColorMatrix::Bt709,
                    };
                    if let Some(pts) = buffer.pts() {
                        on_picture(to_ticks(pts), &picture);
                    }
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        let pipeline = gst::Pipeline::new();
        let elements = [
            source.upcast_ref::<gst::Element>(),
            &parser,
            &decoder,
            &convert,
            sink.upcast_ref(),
        ];
        pipeline
            .add_many(elements)
            .and_then(|()| gst::Element::link_many(elements))
            .map_err(|e| IngestError::Gst(e.to_string()))?;
        let bus = pipeline
            .bus()
            .ok_or_else(|| IngestError::Gst("the pipeline has no bus".to_owned()))?;
        pipeline
            .set_state(gst::State::Playing)
            .map_err(|e| IngestError::Gst(e.to_string()))?;
        Ok(Decoder {
            pipeline,
            source,
            bus,
            pressure,
            skipping: true,
            element,
            on_hardware,
        })
    }

    /// The decoding element.
    pub(crate) fn element(&self) -> &'static str {
        self.element
    }

    /// Whether it decodes on hardware.
    pub(crate) fn on_hardware(&self) -> bool {
        self.on_hardware
    }

    /// Gives an access unit to the decoder. Returns false when it was skipped: before the first random access point
    /// or because the decoder is behind. Times are unwrapped 90 kHz.
    ///
    /// # Errors
    /// [`IngestError::Gst`] when the pipeline failed; make a new one.
    pub(crate) fn push(
        &mut self,
        pts: u64,
        dts: Option<u64>,
        random_access: bool,
        bytes: Vec<u8>,
    ) -> Result<bool, IngestError> {
        self.failure()?;
        if self.pressure == Pressure::Skip && self.source.current_level_buffers() >= MAX_WAITING {
            self.skipping = true;
        }
        if self.skipping {
            if !random_access {
                return Ok(false);
            }
            self.skipping = false;
        }
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(b) = buffer.get_mut() {
            b.set_pts(to_clock(pts));
            b.set_dts(to_clock(dts.unwrap_or(pts)));
        }
        self.source
            .push_buffer(buffer)
            .map_err(|e| self.failure().err().unwrap_or_else(|| IngestError::Gst(e.to_string())))?;
        Ok(true)
    }

    /// Ends the stream and waits until the last picture is out, at most `patience`.
    pub(crate) fn finish(&mut self, patience: Duration) {
        if self.source.end_of_stream().is_ok() {
            let patience = gst::ClockTime::from_mseconds(patience.as_millis() as u64);
            // Either message ends the wait; none within the patience ends it as well.
            drop(
                self.bus
                    .timed_pop_filtered(patience, &[gst::MessageType::Eos, gst::MessageType::Error]),
            );
        }
    }

    fn failure(&self) -> Result<(), IngestError> {
        match self.bus.pop_filtered(&[gst::MessageType::Error]) {
            Some(message) => match message.view() {
                gst::MessageView::Error(e) => Err(IngestError::Gst(format!(
                    "{} ({})",
                    e.error(),
                    e.src().map(|s| s.name().to_string()).unwrap_or_default()
                ))),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        if let Err(e) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!("video pipeline did not stop cleanly: {e}");
        }
    }
}
