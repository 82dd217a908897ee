//! Sources that are called: TCP, SRT and RTSP; and plain RTP, which is awaited. Each is an explicit pipeline or socket,
//! and each is called again, ever more patiently, when it breaks, ends or falls silent.
//!
//! Invariant: transport stream bytes come out as they came in. RTP video that is not a transport stream is put into
//! one picture by picture, its access units and metadata unchanged; that stream is then the original that is kept.

use crate::IngestError;
use crate::elements::{init, make};
use crate::source::Batch;
use crossbeam_channel::{Receiver, Sender};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::collections::VecDeque;
use std::io::Read;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vedette_klv::{PTS_WRAP, TsWriter, TsWriterConfig, VideoCodec};

/// One turn of an idle source.
const TURN: Duration = Duration::from_millis(15);
/// Turns until the first new call, and at most between two.
const FIRST_WAIT: u32 = 16;
const MOST_WAIT: u32 = 530;
/// Turns of silence after which a source is called anew: five seconds.
const SILENT: u32 = 333;
/// Buffers between GStreamer's thread and ours; full, the sender waits.
const WAITING: usize = 512;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_millis(500);

/// Packets that came out of order are put right within this time, milliseconds; those in order do not wait.
const JITTER_MS: u32 = 40;
/// Receive buffer asked of the system for RTP, bytes.
const RECEIVE_BUFFER: i32 = 8 * 1024 * 1024;

/// Waits twice as long after every failure, counted in turns.
#[derive(Debug)]
struct Patience {
    next: u32,
    left: u32,
}

impl Patience {
    fn new() -> Self {
        Patience {
            next: FIRST_WAIT,
            left: 0,
        }
    }
    fn failed(&mut self) {
        self.left = self.next;
        self.next = (2 * self.next).min(MOST_WAIT);
    }
    fn worked(&mut self) {
        *self = Patience::new();
    }
    /// True while a new call has to wait; spends the turn.
    fn waits(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        std::thread::sleep(TURN);
        true
    }
}

/// A transport stream over TCP.
pub(crate) struct Tcp {
    address: String,
    stream: Option<TcpStream>,
    patience: Patience,
    quiet: u32,
}

impl Tcp {
    pub(crate) fn new(address: &str) -> Self {
        Tcp {
            address: address.to_owned(),
            stream: None,
            patience: Patience::new(),
            quiet: 0,
        }
    }

    fn call(&self) -> std::io::Result<TcpStream> {
        let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "no such host");
        for address in self.address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(s) => {
                    s.set_read_timeout(Some(TURN))?;
                    return Ok(s);
                }
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Batch {
        use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        let Some(stream) = &mut self.stream else {
            if !self.patience.waits() {
                match self.call() {
                    Ok(s) => {
                        self.stream = Some(s);
                        self.quiet = 0;
                    }
                    Err(e) => {
                        tracing::info!("{}: {e}; called again later", self.address);
                        self.patience.failed();
                    }
                }
            }
            return Batch::Idle;
        };
        match stream.read(buffer) {
            Ok(n) if n > 0 => {
                self.patience.worked();
                self.quiet = 0;
                Batch::Bytes { from: 0, to: n }
            }
            Err(e) if matches!(e.kind(), Interrupted | TimedOut | WouldBlock) && self.quiet < SILENT => {
                self.quiet += 1;
                Batch::Idle
            }
            ended => {
                let why = ended.map_or_else(|e| e.to_string(), |_| "the sender closed".to_owned());
                tracing::info!("{}: {why}; called again", self.address);
                self.stream = None;
                self.patience.failed();
                Batch::Idle
            }
        }
    }
}

/// What a pipeline is made for.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    /// SRT, `srt://HOST:PORT?mode=caller`.
    Srt(String),
    /// Plain RTP over UDP; nothing in it says what it holds.
    Rtp { address: SocketAddr, codec: VideoCodec },
    /// RTSP; over TCP only, or UDP first.
    Rtsp { url: String, tcp: bool },
}

struct Running {
    pipeline: gst::Pipeline,
    bytes: Option<Receiver<Vec<u8>>>,
    taken: Arc<Mutex<CaptureTimes>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // GStreamer's thread may wait for room in the queue: it is told that nobody takes more.
        self.bytes = None;
        if let Err(e) = self.pipeline.set_state(gst::State::Null) {
            tracing::warn!("source pipeline did not stop cleanly: {e}");
        }
    }
}

/// A source that GStreamer calls.
pub(crate) struct Pull {
    call: Call,
    running: Option<Running>,
    patience: Patience,
    quiet: u32,
    left: Vec<u8>,
}

impl Pull {
    /// Checks that the elements are there; calls at the first read.
    pub(crate) fn new(call: Call) -> Result<Self, IngestError> {
        init()?;
        let needed: &[&'static str] = match call {
            Call::Srt(_) => &["srtsrc"],
            Call::Rtp { .. } => &["udpsrc", "rtpjitterbuffer", "rtph264depay", "rtph265depay"],
            Call::Rtsp { .. } => &["rtspsrc", "rtph264depay", "rtph265depay", "rtpklvdepay", "rtpmp2tdepay"],
        };
        for element in needed {
            drop(make(element)?);
        }
        Ok(Pull {
            call,
            running: None,
            patience: Patience::new(),
            quiet: 0,
            left: Vec::new(),
        })
    }

    /// When the picture at `pts90k` was taken, microseconds since 1970, and how far the sender's reports were apart
    /// about it; `None` until one came.
    pub(crate) fn taken(&self, pts90k: u64) -> Option<(u64, i64)> {
        let running = self.running.as_ref()?;
        running
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .taken(pts90k)
    }

    fn hang_up(&mut self, why: &str) {
        tracing::info!("{:?}: {why}; called again", self.call);
        self.running = None;
        self.left.clear();
        self.quiet = 0;
        self.patience.failed();
    }

    fn give(&mut self, buffer: &mut [u8]) -> Batch {
        let n = self.left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.left[..n]);
        self.left.drain(..n);
        Batch::Bytes { from: 0, to: n }
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Batch {
        if !self.left.is_empty() {
            return self.give(buffer);
        }
        let Some(r) = &self.running else {
            if !self.patience.waits() {
                match start(&self.call) {
                    Ok(r) => self.running = Some(r),
                    Err(e) => self.hang_up(&e.to_string()),
                }
            }
            return Batch::Idle;
        };
        match r.bytes.as_ref().and_then(|b| b.recv_timeout(TURN).ok()) {
            Some(bytes) => {
                self.left = bytes;
                self.quiet = 0;
                self.patience.worked();
                self.give(buffer)
            }
            None => {
                self.quiet += 1;
                let said = r
                    .pipeline
                    .bus()
                    .and_then(|b| b.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Eos]));
                match said.as_ref().map(|m| m.view()) {
                    Some(gst::MessageView::Error(e)) => {
                        let why = e.error().to_string();
                        self.hang_up(&why);
                    }
                    Some(_) => self.hang_up("the sender ended"),
                    None if self.quiet > SILENT => self.hang_up("silent for five seconds"),
                    None => {}
                }
                Batch::Idle
            }
        }
    }
}

fn gst_error(e: impl std::fmt::Display) -> IngestError {
    IngestError::Gst(e.to_string())
}

fn start(call: &Call) -> Result<Running, IngestError> {
    let pipeline = gst::Pipeline::new();
    let (sender, bytes) = crossbeam_channel::bounded(WAITING);
    let taken = Arc::new(Mutex::new(CaptureTimes::default()));
    match call {
        Call::Srt(url) => {
            let source = make("srtsrc")?;
            source.set_property("uri", url);
            let sink = raw_sink(sender);
            pipeline.add_many([&source, sink.upcast_ref()]).map_err(gst_error)?;
            source.link(&sink).map_err(gst_error)?;
        }
        Call::Rtp { address, codec } => {
            let encoding = match codec {
                VideoCodec::H265 => "H265",
                _ => "H264",
            };
            let source = make("udpsrc")?;
            source.set_property("address", address.ip().to_string());
            source.set_property("port", i32::from(address.port()));
            source.set_property("buffer-size", RECEIVE_BUFFER);
            let caps = gst::Caps::builder("application/x-rtp")
                .field("media", "video")
                .field("clock-rate", 90_000_i32)
                .field("encoding-name", encoding)
                .build();
            source.set_property("caps", &caps);
            let order = make("rtpjitterbuffer")?;
            order.set_property("latency", JITTER_MS);
            pipeline.add_many([&source, &order]).map_err(gst_error)?;
            source.link(&order).map_err(gst_error)?;
            let pad = order
                .static_pad("src")
                .ok_or_else(|| gst_error("a jitter buffer without an exit"))?;
            attach(&pipeline, &pad, encoding, &Packer::new(sender, false))?;
        }
        Call::Rtsp { url, tcp } => {
            let source = make("rtspsrc")?;
            source.set_property("location", url);
            source.set_property("latency", JITTER_MS);
            source.set_property("drop-on-latency", false);
            source.set_property_from_str("protocols", if *tcp { "tcp" } else { "udp+tcp" });
            // From GStreamer 1.22 on: the sender's time of day beside each packet, by its reports (RFC 3550 section 6.4.1).
            let told = source.has_property("add-reference-timestamp-meta");
            if told {
                source.set_property("add-reference-timestamp-meta", true);
            }
            pipeline.add(&source).map_err(gst_error)?;
            let weak = pipeline.downgrade();
            let packer = Packer::new(sender, false);
            let offered = packer.clone();
            // All streams are offered before the first of them plays.
            source.connect("select-stream", false, move |offer| {
                let caps = offer.get(2).and_then(|v| v.get::<gst::Caps>().ok());
                if encoding_of(caps.as_ref()) == METADATA {
                    offered.lock().unwrap_or_else(PoisonError::into_inner).metadata = true;
                }
                Some(true.to_value())
            });
            let times = taken.clone();
            source.connect_pad_added(move |_, pad| {
                let Some(pipeline) = weak.upgrade() else { return };
                let encoding = encoding_of(pad.current_caps().as_ref());
                if told && matches!(encoding.as_str(), "H264" | "H265") {
                    follow(pad, times.clone());
                }
                if let Err(e) = attach(&pipeline, pad, &encoding, &packer) {
                    tracing::warn!("RTSP stream left out: {e}");
                }
            });
        }
    }
    pipeline.set_state(gst::State::Playing).map_err(gst_error)?;
    Ok(Running {
        pipeline,
        bytes: Some(bytes),
        taken,
    })
}

/// Metadata in RTP (RFC 6597).
const METADATA: &str = "SMPTE336M";

fn encoding_of(caps: Option<&gst::Caps>) -> String {
    let form = caps.and_then(|c| c.structure(0));
    form.and_then(|f| f.get("encoding-name").ok()).unwrap_or_default()
}

/// When pictures of a stream were taken, by what its sender says.
#[derive(Debug, Default)]
pub(crate) struct CaptureTimes {
    /// Pictures on their way, in order of coming: time in the stream made here (90 kHz and 33 bits), the sender's own
    /// (90 kHz and 32 bits), and time of day, microseconds since 1970.
    coming: VecDeque<(u64, u32, u64)>,
    /// Time of day at the sender's own time zero, microseconds since 1970.
    zero_us: Option<i64>,
    /// How far the last reports were apart about it, microseconds; that fades with time.
    apart_us: i64,
}

/// From 1900, where NTP counts from, to 1970, seconds (RFC 868).
const NTP_EPOCH_S: i64 = 2_208_988_800;
/// Ticks a second of RTP video (RFC 6184, RFC 7798).
const RTP_RATE: i64 = 90_000;
/// Pictures remembered on their way through the station.
const REMEMBERED: usize = 256;
/// Reports farther apart than this are of a clock that was set, or of a counter that began again, microseconds.
const SET_ANEW_US: i64 = 1_000_000;

impl CaptureTimes {
    /// A packet of the picture at `pts90k`: its sender's time, 90 kHz, and its time of day (NTP, nanoseconds).
    fn note(&mut self, pts90k: u64, rtp: u32, ntp_ns: u64) {
        let utc_us = (ntp_ns / 1_000) as i64 - NTP_EPOCH_S * 1_000_000;
        let Ok(time_us) = u64::try_from(utc_us) else { return };
        let zero_us = utc_us - i64::from(rtp) * 1_000_000 / RTP_RATE;
        if let Some(before) = self.zero_us {
            let apart = (zero_us - before).abs();
            // What one rounding of a tick makes is no difference.
            self.apart_us = if apart > SET_ANEW_US {
                0
            } else {
                apart.saturating_sub(12).max(self.apart_us - self.apart_us / 256)
            };
        }
        self.zero_us = Some(zero_us);
        if self.coming.back().is_none_or(|(_, last, _)| *last != rtp) {
            self.coming.push_back((pts90k, rtp, time_us));
            if self.coming.len() > REMEMBERED {
                self.coming.pop_front();
            }
        }
    }

    /// When the next picture, at `pts90k`, was taken, microseconds since 1970, and how far the sender's reports were
    /// apart. Where a stream's pace changes two pictures may have one time here, so they are asked for in order; of one
    /// without a time of its own, as where the pace is found anew, nobody knows it.
    fn taken(&mut self, pts90k: u64) -> Option<(u64, i64)> {
        let at = self.coming.iter().position(|(pts, _, _)| *pts == pts90k)?;
        let (_, _, time_us) = self.coming.drain(..=at).next_back()?;
        Some((time_us, self.apart_us))
    }
}

/// Follows the times of day that stand beside a stream's packets.
fn follow(pad: &gst::Pad, times: Arc<Mutex<CaptureTimes>>) {
    let ntp = gst::Caps::new_empty_simple("timestamp/x-ntp");
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            let note = |buffer: &gst::BufferRef| {
                let meta = buffer.iter_meta::<gst::ReferenceTimestampMeta>();
                let mut said = meta.filter(|m| m.reference().can_intersect(&ntp));
                let (Some(pts), Some(said)) = (buffer.pts(), said.next()) else {
                    return;
                };
                let mut head = [0; 8];
                if buffer.copy_to_slice(0, &mut head).is_ok() {
                    let rtp = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
                    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                    times.note(ticks(pts) % PTS_WRAP, rtp, said.timestamp().nseconds());
                }
            };
            if let Some(buffer) = info.buffer() {
                note(buffer);
            }
            if let Some(list) = info.buffer_list() {
                list.iter().for_each(note);
            }
            gst::PadProbeReturn::Ok
        },
    );
}

/// A sink that hands bytes on as they come.
fn raw_sink(sender: Sender<Vec<u8>>) -> gst_app::AppSink {
    let sink = gst_app::AppSink::builder().sync(false).build();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                let map = sample
                    .buffer()
                    .and_then(|b| b.map_readable().ok())
                    .ok_or(gst::FlowError::Error)?;
                sender
                    .send(map.as_slice().to_vec())
                    .map_err(|_| gst::FlowError::Flushing)?;
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    sink
}

/// Puts access units and metadata of one RTSP session into one transport stream.
struct Packer {
    writer: Option<TsWriter>,
    sender: Sender<Vec<u8>>,
    /// Whether metadata is to be expected beside the pictures.
    metadata: bool,
}

/// Keeps the clock of the stream made here above zero.
const FIRST_PTS: u64 = 90_000;

impl Packer {
    fn new(sender: Sender<Vec<u8>>, metadata: bool) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Packer {
            writer: None,
            sender,
            metadata,
        }))
    }
    fn video(&mut self, codec: VideoCodec, pts: u64, dts: Option<u64>, key: bool, unit: &[u8]) -> bool {
        let writer = self.writer.get_or_insert_with(|| {
            TsWriter::new(TsWriterConfig {
                codec,
                klv: self.metadata,
                ..TsWriterConfig::default()
            })
        });
        self.sender.send(writer.video(pts, dts, key, unit)).is_ok()
    }
    fn klv(&mut self, pts: u64, set: &[u8]) -> bool {
        // Metadata before any picture has no stream to go into yet.
        match &mut self.writer {
            Some(w) => self.sender.send(w.klv(pts, set)).is_ok(),
            None => true,
        }
    }
}

fn ticks(t: gst::ClockTime) -> u64 {
    FIRST_PTS + ((u128::from(t.nseconds()) * 9 + 50_000) / 100_000) as u64
}

/// Links one RTP stream of a session by its announced encoding; others are refused.
fn attach(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    encoding: &str,
    packer: &Arc<Mutex<Packer>>,
) -> Result<(), IngestError> {
    let units = "byte-stream";
    let (chain, caps, codec): (Vec<gst::Element>, Option<gst::Caps>, Option<VideoCodec>) = match encoding {
        "H264" | "H265" => {
            let (depay, parse, kind, codec) = if encoding == "H264" {
                ("rtph264depay", "h264parse", "video/x-h264", VideoCodec::H264)
            } else {
                ("rtph265depay", "h265parse", "video/x-h265", VideoCodec::H265)
            };
            let parse = make(parse)?;
            parse.set_property("config-interval", -1_i32);
            let caps = gst::Caps::builder(kind)
                .field("stream-format", units)
                .field("alignment", "au")
                .build();
            (vec![make(depay)?, parse], Some(caps), Some(codec))
        }
        METADATA => (vec![make("rtpklvdepay")?], None, None),
        "MP2T" => (vec![make("rtpmp2tdepay")?], None, None),
        other => return Err(gst_error(format!("encoding {other:?} is not known"))),
    };
    let sink = if encoding == "MP2T" {
        raw_sink(packer.lock().unwrap_or_else(PoisonError::into_inner).sender.clone())
    } else {
        let sink = gst_app::AppSink::builder().sync(false).build();
        if caps.is_some() {
            sink.set_caps(caps.as_ref());
        }
        let packer = packer.clone();
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
                    let (Some(pts), Ok(map)) = (buffer.pts(), buffer.map_readable()) else {
                        return Ok(gst::FlowSuccess::Ok);
                    };
                    let mut packer = packer.lock().unwrap_or_else(PoisonError::into_inner);
                    let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
                    let kept = match codec {
                        Some(codec) => packer.video(codec, ticks(pts), buffer.dts().map(ticks), key, map.as_slice()),
                        None => packer.klv(ticks(pts), map.as_slice()),
                    };
                    if kept {
                        Ok(gst::FlowSuccess::Ok)
                    } else {
                        Err(gst::FlowError::Flushing)
                    }
                })
                .build(),
        );
        sink
    };
    pipeline.add_many(&chain).map_err(gst_error)?;
    pipeline.add(&sink).map_err(gst_error)?;
    gst::Element::link_many(&chain).map_err(gst_error)?;
    let last = chain.last().ok_or_else(|| gst_error("an empty chain"))?;
    last.link(&sink).map_err(gst_error)?;
    sink.sync_state_with_parent().map_err(gst_error)?;
    for e in chain.iter().rev() {
        e.sync_state_with_parent().map_err(gst_error)?;
    }
    let entry = chain
        .first()
        .and_then(|e| e.static_pad("sink"))
        .ok_or_else(|| gst_error("a depayloader without entry"))?;
    pad.link(&entry).map_err(|e| gst_error(format!("{e:?}")))?;
    Ok(())
}
