//! Pictures to H.264 access units with OpenH264, one stream per encoder.
//!
//! Shell over GStreamer. Invariant: one picture in, one access unit out, in order, no reordering;
//! a key frame about every second of stream time.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::{Image, SimError};

/// An encoder of one stream.
#[derive(Debug)]
pub struct Encoder {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
    width: u32,
    height: u32,
}

/// One encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// Annex-B bytes.
    pub bytes: Vec<u8>,
    /// Decodable without the pictures before it.
    pub key: bool,
}

fn shell(what: &str) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> SimError + '_ {
    move |source| SimError::Shell {
        what: what.to_owned(),
        source: Some(source),
    }
}

impl Encoder {
    /// An encoder for pictures of this size at `fps` and about `bit_s` bits per second.
    ///
    /// # Errors
    /// [`SimError::Shell`] when GStreamer or its `openh264enc` element is missing.
    pub fn new(width: u32, height: u32, fps: f64, bit_s: u32) -> Result<Self, SimError> {
        gst::init().map_err(|e| shell("GStreamer does not start")(e.into()))?;
        let make = |name: &str| {
            gst::ElementFactory::make(name).build().map_err(|e| {
                shell(&format!(
                    "GStreamer has no element `{name}`: install gstreamer1.0-plugins-base and gstreamer1.0-plugins-bad"
                ))(e.into())
            })
        };
        let enc = make("openh264enc")?;
        let gop = fps.round().clamp(1.0, 60.0) as u32;
        enc.set_property("gop-size", gop);
        enc.set_property_from_str("rate-control", "bitrate");
        enc.set_property("bitrate", bit_s);
        enc.set_property("max-bitrate", bit_s.saturating_mul(2));
        enc.set_property_from_str("complexity", "low");
        // Small people must survive: never coarser than this.
        enc.set_property("qp-min", 14_u32);
        enc.set_property("qp-max", 34_u32);
        enc.set_property("multi-thread", 1_u32);
        enc.set_property_from_str("slice-mode", "n-slices");
        enc.set_property("num-slices", 1_u32);
        enc.set_property("scene-change-detection", false);
        enc.set_property("background-detection", false);
        enc.set_property("adaptive-quantization", false);
        enc.set_property("enable-frame-skip", false);
        let rate = gst::Fraction::approximate_f64(fps).unwrap_or(gst::Fraction::new(10, 1));
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "I420")
            .field("width", width as i32)
            .field("height", height as i32)
            .field("framerate", rate)
            .build();
        let source = gst_app::AppSrc::builder()
            .caps(&caps)
            .format(gst::Format::Time)
            .block(false)
            .build();
        let sink = gst_app::AppSink::builder()
            .caps(
                &gst::Caps::builder("video/x-h264")
                    .field("stream-format", "byte-stream")
                    .field("alignment", "au")
                    .build(),
            )
            .sync(false)
            .max_buffers(8)
            .build();
        let pipeline = gst::Pipeline::new();
        let chain = || -> Result<(), gst::glib::BoolError> {
            pipeline.add_many([source.upcast_ref(), &enc, sink.upcast_ref()])?;
            gst::Element::link_many([source.upcast_ref(), &enc, sink.upcast_ref()])
        };
        chain().map_err(|e| shell("the encoder's pipeline cannot be linked")(e.into()))?;
        pipeline
            .set_state(gst::State::Playing)
            .map_err(|e| shell("the encoder does not start")(e.into()))?;
        Ok(Self {
            pipeline,
            source,
            sink,
            width,
            height,
        })
    }

    /// Encodes one picture. `at_us` is its time in the stream, growing.
    ///
    /// # Errors
    /// [`SimError::Shell`] for a picture of another size, or when the encoder fails or gives
    /// nothing within two seconds.
    pub fn encode(&mut self, image: &Image, at_us: u64) -> Result<AccessUnit, SimError> {
        if image.size() != (self.width, self.height) {
            return Err(SimError::Shell {
                what: format!(
                    "a picture of {:?} came to an encoder of {} x {}",
                    image.size(),
                    self.width,
                    self.height
                ),
                source: None,
            });
        }
        let mut buffer = gst::Buffer::from_mut_slice(to_i420(image));
        if let Some(b) = buffer.get_mut() {
            b.set_pts(gst::ClockTime::from_useconds(at_us));
        }
        self.source
            .push_buffer(buffer)
            .map_err(|e| shell("the encoder takes no picture")(e.into()))?;
        let sample = self
            .sink
            .try_pull_sample(gst::ClockTime::from_seconds(2))
            .ok_or_else(|| SimError::Shell {
                what: "the encoder gave nothing within two seconds".to_owned(),
                source: None,
            })?;
        let buffer = sample.buffer().ok_or_else(|| SimError::Shell {
            what: "the encoder gave an empty sample".to_owned(),
            source: None,
        })?;
        let map = buffer
            .map_readable()
            .map_err(|e| shell("the encoder's picture cannot be read")(e.into()))?;
        Ok(AccessUnit {
            bytes: map.to_vec(),
            key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        })
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("an encoder did not stop cleanly");
        }
    }
}

/// Planar 4:2:0 with video range (16..235), ITU-R BT.601 as OpenH264 and players assume.
fn to_i420(image: &Image) -> Vec<u8> {
    match image {
        Image::Gray8 { width, height, data } => {
            let n = (*width * *height) as usize;
            let mut out = Vec::with_capacity(n * 3 / 2);
            out.extend(data.iter().map(|g| (16 + (u32::from(*g) * 219 + 127) / 255) as u8));
            out.resize(n * 3 / 2, 128);
            out
        }
        Image::Rgb8 { width, height, data } => {
            let (w, h) = (*width as usize, *height as usize);
            let n = w * h;
            let mut out = vec![0_u8; n * 3 / 2];
            let (luma, chroma) = out.split_at_mut(n);
            let (us, vs) = chroma.split_at_mut(n / 4);
            for (o, p) in luma.iter_mut().zip(data.chunks_exact(3)) {
                let (r, g, b) = (i32::from(p[0]), i32::from(p[1]), i32::from(p[2]));
                *o = (((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8;
            }
            for y in 0..h / 2 {
                let (a, b) = (&data[y * 2 * w * 3..], &data[(y * 2 + 1) * w * 3..]);
                for x in 0..w / 2 {
                    let k = x * 6;
                    let s = |c: usize| {
                        i32::from(a[k + c]) + i32::from(a[k + 3 + c]) + i32::from(b[k + c]) + i32::from(b[k + 3 + c])
                    };
                    let (r, g, bl) = (s(0) / 4, s(1) / 4, s(2) / 4);
                    us[y * (w / 2) + x] = (((-38 * r - 74 * g + 112 * bl + 128) >> 8) + 128) as u8;
                    vs[y * (w / 2) + x] = (((112 * r - 94 * g - 18 * bl + 128) >> 8) + 128) as u8;
                }
            }
            out
        }
    }
}
