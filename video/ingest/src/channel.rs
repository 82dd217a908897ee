//! One camera's channel: source, recorder, metadata, decoder and the queues of those who watch.
//! Invariant: for every batch the recorder comes first; a decoder that fails is made anew at the next random access
//! point and neither recording nor metadata stops for it.

use crate::IngestError;
use crate::decode::{Decoder, Picture, Pool, Pressure};
use crate::frames::{Frame, FrameQueue, FrameReceiver};
use crate::recorder::Recorder;
use crate::source::{Batch, Source, SourceSpec};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use vedette_klv::ts::pts_delta;
use vedette_klv::{Dialect, PTS_WRAP, StreamKind, TsEvent, TsReader, UasDatalink, VideoCodec, parse_all, sei};
use vedette_model::{CameraId, Mono, RecorderReport};

/// The station's monotonic clock.
pub type Clock = Arc<dyn Fn() -> Mono + Send + Sync>;
/// Where events go. It is called on the channel's threads and must not wait for them.
pub type EventSink = Arc<dyn Fn(IngestEvent) + Send + Sync>;

/// Silence after which a gap is reported, microseconds.
const SILENCE_US: i64 = 2_000_000;
/// Stream time over which late pictures are passed over at most, 90 kHz.
const MOST_WITHOUT: u64 = 9_000;
/// Sets and frame notes kept for matching.
const REMEMBERED: usize = 512;

/// What a channel tells beside its frames.
#[derive(Debug, Clone)]
pub enum IngestEvent {
    /// From the recorder, for the journal.
    Recorder(RecorderReport),
    /// A metadata set arrived.
    Klv {
        /// Stream.
        camera: CameraId,
        /// When its bytes arrived.
        received: Mono,
        /// PID it came on.
        pid: u16,
        /// PTS of the frame it belongs to, if that is known.
        pts90k: Option<u64>,
        /// What it says.
        value: Arc<UasDatalink>,
        /// What is wrong with it, in words.
        issues: Vec<String>,
    },
    /// The decoder failed and is made anew at the next random access point.
    DecoderFailed {
        /// Stream.
        camera: CameraId,
        /// Why.
        why: String,
    },
    /// The source is over or broke.
    Ended {
        /// Stream.
        camera: CameraId,
        /// Why, when it did not simply end.
        why: Option<String>,
    },
}

/// What a channel does.
#[derive(Clone)]
pub struct ChannelConfig {
    /// Stream.
    pub camera: CameraId,
    /// Where bytes come from.
    pub source: SourceSpec,
    /// Session folder to record into; `None` records nothing.
    pub session: Option<PathBuf>,
    /// Length of a segment in seconds.
    pub segment_seconds: u32,
    /// Make colour pictures as well as grey ones.
    pub colour: bool,
    /// Decode on hardware where the machine has it; the processor takes over when that fails.
    pub hardware: bool,
}

impl ChannelConfig {
    /// A channel that records ten-second segments into `session` and decodes colour.
    pub fn new(camera: CameraId, source: SourceSpec, session: Option<PathBuf>) -> Self {
        ChannelConfig {
            camera,
            source,
            session,
            segment_seconds: 10,
            colour: true,
            hardware: true,
        }
    }
}

/// Counters of a channel since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChannelStats {
    /// Bytes received.
    pub bytes: u64,
    /// Video access units received.
    pub units: u64,
    /// Frames decoded.
    pub frames: u64,
    /// Frames decoded but not given to anyone, because newer ones were waiting.
    pub late: u64,
    /// Access units not decoded: before the first random access point, or because the decoder was behind.
    pub skipped: u64,
    /// Metadata sets received.
    pub sets: u64,
    /// Metadata sets whose checksum is wrong or absent.
    pub unverified_sets: u64,
    /// Transport packets missing, at least.
    pub lost_packets: u64,
    /// Times the decoder was made anew.
    pub decoder_failures: u64,
    /// The decoding element in use.
    pub decoder: Option<&'static str>,
}

/// What is known of an access unit beside its bytes.
#[derive(Debug, Clone, Copy, Default)]
struct OnItsWay {
    received: Mono,
    /// Time stamp inside it.
    sei_time_us: Option<u64>,
    /// Time by the sender's reports, and their spread.
    rtp_time_us: Option<(u64, i64)>,
    damaged: bool,
}

#[derive(Default)]
struct Matching {
    /// The access units on their way through the decoder, by unwrapped PTS.
    units: BTreeMap<u64, OnItsWay>,
    /// Metadata by unwrapped PTS.
    sets: BTreeMap<u64, Arc<UasDatalink>>,
    /// Ticks between frames.
    period: u64,
    sequence: u64,
    /// Unwrapped time of the last picture that was given.
    shown: u64,
}

struct Shared {
    camera: CameraId,
    colour: bool,
    stop: AtomicBool,
    matching: Mutex<Matching>,
    queues: Mutex<Vec<Arc<FrameQueue>>>,
    stats: Mutex<ChannelStats>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn on_picture(&self, pts: u64, picture: &Picture<'_>, pools: &mut (Pool, Pool)) {
        let (unit, klv, sequence, passed_over) = {
            let mut m = lock(&self.matching);
            let sequence = m.sequence;
            m.sequence += 1;
            let unit = m.units.remove(&pts).unwrap_or_default();
            // Units that gave no picture are behind us now.
            m.units = m.units.split_off(&pts.saturating_sub(900_000));
            let half = m.period.max(2) / 2;
            let klv = m
                .sets
                .range(pts.saturating_sub(half)..=pts + half)
                .min_by_key(|(t, _)| t.abs_diff(pts))
                .map(|(_, v)| v.clone());
            // Newest wins: with more pictures waiting, this one would only make those late as well. But a decoder that is
            // always behind still shows ten a second: a late picture is better than none.
            let passed_over = picture.late && pts.abs_diff(m.shown) < MOST_WITHOUT;
            if !passed_over {
                m.shown = pts;
            }
            (unit, klv, sequence, passed_over)
        };
        {
            let mut stats = lock(&self.stats);
            stats.frames += 1;
            if passed_over {
                stats.late += 1;
                return;
            }
        }
        let pixels = picture.width * picture.height;
        let gray = pools.0.fill(pixels, |out| picture.gray(out));
        let colour = |out: &mut [u8]| picture.rgba(&gray, out);
        let rgba = self.colour.then(|| pools.1.fill(4 * pixels, colour));
        let frame = Frame {
            camera: self.camera,
            sequence,
            pts90k: pts % PTS_WRAP,
            received: unit.received,
            width: picture.width as u32,
            height: picture.height as u32,
            gray,
            rgba,
            klv,
            sei_time_us: unit.sei_time_us,
            rtp_time_us: unit.rtp_time_us,
            damaged: unit.damaged,
        };
        let queues = lock(&self.queues);
        if let Some((last, others)) = queues.split_last() {
            for queue in others {
                queue.push(frame.clone());
            }
            last.push(frame);
        }
    }
}

/// A running channel. Dropping it stops it and closes the recording.
pub struct Channel {
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl Channel {
    /// Opens the source and starts. Subscribe with [`Channel::subscribe`]; the first frames of a file are not waited
    /// for, so pass `subscribers` to have queues of these capacities from the first frame on.
    ///
    /// # Errors
    /// [`IngestError`] when the source cannot be opened.
    pub fn start(
        config: ChannelConfig,
        clock: Clock,
        sink: EventSink,
        subscribers: &[usize],
    ) -> Result<(Self, Vec<FrameReceiver>), IngestError> {
        crate::elements::init()?;
        let source = Source::open(&config.source)?;
        let address = source.local_address();
        let queues: Vec<Arc<FrameQueue>> = subscribers.iter().map(|c| FrameQueue::new(*c)).collect();
        let receivers = queues.iter().cloned().map(FrameReceiver).collect();
        let shared = Arc::new(Shared {
            camera: config.camera,
            colour: config.colour,
            stop: AtomicBool::new(false),
            matching: Mutex::new(Matching {
                period: 3_600,
                ..Matching::default()
            }),
            queues: Mutex::new(queues),
            stats: Mutex::default(),
        });
        let recorder = config
            .session
            .as_ref()
            .map(|s| Recorder::new(s, config.camera, config.segment_seconds, sink.clone()));
        let worker = Worker {
            shared: shared.clone(),
            pressure: if source.live() { Pressure::Skip } else { Pressure::Wait },
            source,
            clock,
            sink,
            recorder,
            reader: TsReader::new(),
            track: PtsTrack::default(),
            decoder: None,
            hardware: config.hardware,
            held: None,
            video_pid: None,
            klv_pid: None,
            has_klv: false,
        };
        let thread = std::thread::Builder::new()
            .name(format!("video-{}", config.camera))
            .spawn(move || worker.run())
            .map_err(|e| IngestError::Gst(format!("no thread for the channel: {e}")))?;
        Ok((
            Channel {
                shared,
                address,
                thread: Some(thread),
            },
            receivers,
        ))
    }

    /// A new queue of at most `capacity` frames.
    pub fn subscribe(&self, capacity: usize) -> FrameReceiver {
        let queue = FrameQueue::new(capacity);
        lock(&self.shared.queues).push(queue.clone());
        FrameReceiver(queue)
    }

    /// The address a UDP source listens on (with the real port when 0 was asked for).
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Counters.
    pub fn stats(&self) -> ChannelStats {
        *lock(&self.shared.stats)
    }

    /// Stops, closes the recording and waits until it is on disk.
    pub fn stop(mut self) {
        self.join();
    }

    /// Waits for the end of a file source, decoding all of it.
    pub fn wait(mut self) -> ChannelStats {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("{}: the channel's thread failed", self.shared.camera);
        }
        self.stats()
    }

    fn join(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("{}: the channel's thread failed", self.shared.camera);
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.join();
    }
}

/// Follows a stream's 33-bit time past its wraps and over access units without one.
#[derive(Debug, Default)]
pub(crate) struct PtsTrack {
    last: Option<u64>,
    period: Option<u64>,
}

impl PtsTrack {
    /// Unwrapped time of the next access unit.
    pub(crate) fn next(&mut self, pts: Option<u64>) -> u64 {
        let now = match (pts, self.last) {
            (Some(p), _) => self.place(p),
            (None, Some(last)) => last + self.period.unwrap_or(3_600),
            (None, None) => PTS_WRAP,
        };
        if let Some(last) = self.last
            && now > last
            && now - last < 90_000
        {
            self.period = Some(now - last);
        }
        self.last = Some(now);
        now
    }

    /// Unwrapped time of something near the last access unit.
    pub(crate) fn place(&self, pts: u64) -> u64 {
        match self.last {
            Some(last) => last.saturating_add_signed(pts_delta(pts, last % PTS_WRAP)),
            None => PTS_WRAP + pts,
        }
    }
}

struct Held {
    codec: VideoCodec,
    pts: u64,
    dts: Option<u64>,
    random_access: bool,
    bytes: Vec<u8>,
}

struct Worker {
    shared: Arc<Shared>,
    pressure: Pressure,
    source: Source,
    clock: Clock,
    sink: EventSink,
    recorder: Option<Recorder>,
    reader: TsReader,
    track: PtsTrack,
    decoder: Option<(VideoCodec, Decoder)>,
    /// Whether hardware decoders may be tried; not again once one failed.
    hardware: bool,
    /// A unit waiting a moment for its metadata, which comes right after it in the stream.
    held: Option<Held>,
    video_pid: Option<u16>,
    klv_pid: Option<u16>,
    has_klv: bool,
}

impl Worker {
    fn run(mut self) {
        let mut buffer = vec![0; 65_536];
        let mut last_bytes: Option<Mono> = None;
        let mut silent = false;
        let mut pace: Option<(Mono, u64)> = None;
        let mut why = None;
        while !self.shared.stop.load(Ordering::Relaxed) {
            let batch = self.source.read(&mut buffer);
            let now = (self.clock)();
            match batch {
                Ok(Batch::Bytes { from, to }) => {
                    last_bytes = Some(now);
                    silent = false;
                    let events = self.take(now, &buffer[from..to]);
                    if self.source.paced() {
                        self.wait_for_clock(&mut pace, &events);
                    }
                }
                Ok(Batch::Idle) => {
                    self.release();
                    let quiet = last_bytes.map_or(0, |t| now.since(t));
                    if let Some(recorder) = &mut self.recorder {
                        if quiet >= 200_000 {
                            recorder.idle(now);
                        }
                        if quiet >= SILENCE_US && !silent {
                            silent = true;
                            recorder.silence();
                        }
                    }
                }
                Ok(Batch::End) => break,
                Err(e) => {
                    why = Some(format!("the source broke: {e}"));
                    break;
                }
            }
        }
        let now = (self.clock)();
        let events = self.reader.finish();
        if let Some(recorder) = &mut self.recorder {
            recorder.push(now, &[], &events);
        }
        self.handle(now, &events);
        self.release();
        if let Some(recorder) = self.recorder.take() {
            recorder.finish(now);
        }
        if let Some((_, mut decoder)) = self.decoder.take() {
            let stopped = self.shared.stop.load(Ordering::Relaxed);
            decoder.finish(Duration::from_millis(if stopped { 200 } else { 10_000 }));
        }
        for queue in lock(&self.shared.queues).iter() {
            queue.close();
        }
        (self.sink)(IngestEvent::Ended {
            camera: self.shared.camera,
            why,
        });
    }

    fn take(&mut self, now: Mono, bytes: &[u8]) -> Vec<TsEvent> {
        let events = self.reader.push(bytes);
        if let Some(recorder) = &mut self.recorder {
            recorder.push(now, bytes, &events);
        }
        lock(&self.shared.stats).bytes += bytes.len() as u64;
        self.handle(now, &events);
        events
    }

    /// Sleeps until the file's clock is due.
    fn wait_for_clock(&self, pace: &mut Option<(Mono, u64)>, events: &[TsEvent]) {
        let Some(clock) = events.iter().rev().find_map(|e| match e {
            TsEvent::Pcr { pcr27m, .. } => Some(pcr27m / 300),
            _ => None,
        }) else {
            return;
        };
        let now = (self.clock)();
        let (start, first) = *pace.get_or_insert((now, clock));
        let due_us = pts_delta(clock, first) * 100 / 9;
        let ahead = due_us - now.since(start);
        if !(-1_000_000..=5_000_000).contains(&ahead) {
            *pace = Some((now, clock)); // the clock jumped: count anew
            return;
        }
        let mut left = ahead;
        while left > 0 && !self.shared.stop.load(Ordering::Relaxed) {
            let slice = left.min(20_000);
            std::thread::sleep(Duration::from_micros(slice as u64));
            left -= slice;
        }
    }

    fn handle(&mut self, now: Mono, events: &[TsEvent]) {
        for event in events {
            match event {
                TsEvent::ProgramChanged { streams, .. } => {
                    self.has_klv = streams
                        .iter()
                        .any(|s| matches!(s.kind, StreamKind::KlvSync | StreamKind::KlvAsync));
                    let video: Vec<u16> = streams
                        .iter()
                        .filter(|s| matches!(s.kind, StreamKind::Video(_)))
                        .map(|s| s.pid)
                        .collect();
                    if self.video_pid.is_none_or(|pid| !video.contains(&pid)) {
                        self.video_pid = video.first().copied();
                    }
                    self.klv_pid = None;
                }
                TsEvent::Discontinuity {
                    expected,
                    got,
                    announced: false,
                    ..
                } => {
                    lock(&self.shared.stats).lost_packets += u64::from(got.wrapping_sub(*expected) & 0x0f).max(1);
                }
                TsEvent::Klv {
                    pid,
                    pts90k,
                    video_pts90k,
                    bytes,
                    ..
                } => self.metadata(now, *pid, pts90k.or(*video_pts90k), bytes),
                TsEvent::VideoUnit {
                    pid,
                    codec,
                    pts90k,
                    dts90k,
                    random_access,
                    damaged,
                    bytes,
                    ..
                } if Some(*pid) == self.video_pid => {
                    self.release();
                    lock(&self.shared.stats).units += 1;
                    let before = self.track.last;
                    let pts = self.track.next(*pts90k);
                    if before.is_some_and(|b| b.abs_diff(pts) > 900_000) {
                        self.decoder = None; // another time base: start afresh
                    }
                    let time = sei::read_misp_time(*codec, bytes).map(|t| t.time_us);
                    let rtp_time_us = pts90k.and_then(|pts| self.source.taken(pts));
                    {
                        let mut m = lock(&self.shared.matching);
                        m.period = self.track.period.unwrap_or(3_600);
                        m.units.insert(
                            pts,
                            OnItsWay {
                                received: now,
                                sei_time_us: time,
                                rtp_time_us,
                                damaged: *damaged,
                            },
                        );
                        while m.units.len() > REMEMBERED {
                            m.units.pop_first();
                        }
                    }
                    self.held = Some(Held {
                        codec: *codec,
                        pts,
                        dts: dts90k.map(|d| self.track.place(d)),
                        random_access: *random_access,
                        bytes: bytes.clone(),
                    });
                    let wait_for_metadata = self.has_klv && !lock(&self.shared.matching).sets.contains_key(&pts);
                    if !wait_for_metadata {
                        self.release();
                    }
                }
                _ => {}
            }
        }
    }

    fn metadata(&mut self, now: Mono, pid: u16, pts: Option<u64>, bytes: &[u8]) {
        for (set, issues) in parse_all(bytes) {
            let value = Arc::new(UasDatalink::from_set(&set));
            {
                let mut stats = lock(&self.shared.stats);
                stats.sets += 1;
                stats.unverified_sets += u64::from(!value.verified);
            }
            let about_the_frame = matches!(set.dialect, Dialect::St0601 | Dialect::Eg0104);
            if about_the_frame && self.klv_pid.is_none() && value.sensor_lat_deg.is_some() {
                self.klv_pid = Some(pid);
            }
            if let Some(pts) = pts
                && about_the_frame
                && self.klv_pid == Some(pid)
            {
                let at = self.track.place(pts);
                let mut m = lock(&self.shared.matching);
                m.sets.insert(at, value.clone());
                while m.sets.len() > REMEMBERED {
                    m.sets.pop_first();
                }
            }
            (self.sink)(IngestEvent::Klv {
                camera: self.shared.camera,
                received: now,
                pid,
                pts90k: pts,
                value,
                issues: issues.iter().map(ToString::to_string).collect(),
            });
        }
        let mine = self.held.as_ref().zip(pts);
        if mine.is_some_and(|(held, pts)| self.track.place(pts) >= held.pts) {
            self.release();
        }
    }

    /// Gives the waiting unit to the decoder.
    fn release(&mut self) {
        let Some(unit) = self.held.take() else {
            return;
        };
        if self.decoder.as_ref().is_none_or(|(c, _)| *c != unit.codec) {
            if !unit.random_access {
                lock(&self.shared.stats).skipped += 1;
                return;
            }
            let begin = |hardware| {
                let shared = self.shared.clone();
                let mut pools = (Pool::default(), Pool::default());
                Decoder::new(unit.codec, self.pressure, hardware, move |pts, picture| {
                    shared.on_picture(pts, picture, &mut pools);
                })
            };
            let mut made = begin(self.hardware);
            if self.hardware && made.is_err() {
                self.hardware = false;
                made = begin(false);
            }
            self.decoder = match made {
                Ok(decoder) => {
                    lock(&self.shared.stats).decoder = Some(decoder.element());
                    Some((unit.codec, decoder))
                }
                Err(e) => {
                    self.decoder_failed(&e);
                    return;
                }
            };
        }
        if let Some((_, decoder)) = &mut self.decoder {
            match decoder.push(unit.pts, unit.dts, unit.random_access, unit.bytes) {
                Ok(true) => {}
                Ok(false) => lock(&self.shared.stats).skipped += 1,
                Err(e) => {
                    let on_hardware = decoder.on_hardware();
                    self.hardware &= !on_hardware;
                    self.decoder = None;
                    self.decoder_failed(&e);
                }
            }
        }
    }

    fn decoder_failed(&self, e: &IngestError) {
        let mut stats = lock(&self.shared.stats);
        stats.decoder_failures += 1;
        stats.skipped += 1;
        drop(stats);
        (self.sink)(IngestEvent::DecoderFailed {
            camera: self.shared.camera,
            why: e.to_string(),
        });
    }
}
