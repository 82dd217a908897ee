//! Decoded frames and the queue they wait in.
//! Invariant: a queue never grows past its capacity; the newest frame wins and every dropped one is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use vedette_klv::UasDatalink;
use vedette_model::{AgeSource, CameraId, Mono};

/// One decoded picture with what was said about it. Pixels are row-major from the upper left, without padding.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Stream.
    pub camera: CameraId,
    /// Number of the frame since the channel started, from 0, dropped ones counted.
    pub sequence: u64,
    /// Presentation time, 90 kHz, 33 bits.
    pub pts90k: u64,
    /// When the bytes arrived.
    pub received: Mono,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Luminance, full range, `width * height` bytes.
    pub gray: Arc<[u8]>,
    /// Colour, `width * height * 4` bytes; `None` when the channel was not asked for it.
    pub rgba: Option<Arc<[u8]>>,
    /// Metadata nearest to the frame's PTS within half a frame.
    pub klv: Option<Arc<UasDatalink>>,
    /// Time stamp inside the picture (MISB ST 0604), microseconds since 1970.
    pub sei_time_us: Option<u64>,
    /// Time of day the sender's reports give this picture (RTP/NTP, RFC 3550 section 6.4.1), microseconds since 1970, and
    /// how far these reports were apart lately, microseconds.
    pub rtp_time_us: Option<(u64, i64)>,
    /// Packets of this frame are missing.
    pub damaged: bool,
}

/// One sigma between a picture and the time its sender gives it, microseconds: clocks kept by NTP or a satellite receiver,
/// exposure and encoder together, where nothing better is said.
const SENDER_SIGMA_US: i64 = 20_000;

impl Frame {
    /// When the picture was taken, microseconds since 1970: its own time stamp, else its metadata's, else its sender's
    /// reports'.
    pub fn captured_us(&self) -> Option<u64> {
        self.taken().map(|(time_us, _, _)| time_us)
    }

    /// The same with who says so and one sigma of it, microseconds.
    pub fn taken(&self) -> Option<(u64, AgeSource, i64)> {
        let stamp = self.sei_time_us.map(|t| (t, AgeSource::Sei, SENDER_SIGMA_US));
        let metadata = || {
            let t = self.klv.as_ref()?.time_us?;
            Some((t, AgeSource::Klv, SENDER_SIGMA_US))
        };
        let reports = || {
            let (t, apart_us) = self.rtp_time_us?;
            let apart_us = apart_us.clamp(0, 1_000_000);
            let sigma_us = (SENDER_SIGMA_US * SENDER_SIGMA_US + apart_us * apart_us).isqrt();
            Some((t, AgeSource::Rtp, sigma_us))
        };
        stamp.or_else(metadata).or_else(reports)
    }
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<Frame>,
    dropped: u64,
    closed: bool,
}

/// The queue between one channel and one consumer.
#[derive(Debug)]
pub(crate) struct FrameQueue {
    capacity: usize,
    inner: Mutex<Inner>,
    ready: Condvar,
}

impl FrameQueue {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(FrameQueue {
            capacity: capacity.max(1),
            inner: Mutex::default(),
            ready: Condvar::new(),
        })
    }

    pub(crate) fn push(&self, frame: Frame) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        while inner.frames.len() >= self.capacity {
            inner.frames.pop_front();
            inner.dropped += 1;
        }
        inner.frames.push_back(frame);
        self.ready.notify_one();
    }

    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.closed = true;
        self.ready.notify_all();
    }
}

/// A consumer's end of a channel's frames.
#[derive(Debug, Clone)]
pub struct FrameReceiver(pub(crate) Arc<FrameQueue>);

impl FrameReceiver {
    /// The oldest waiting frame, after at most `patience`. `None` when none came or the channel ended.
    pub fn recv_timeout(&self, patience: Duration) -> Option<Frame> {
        let inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut inner, _) = self
            .0
            .ready
            .wait_timeout_while(inner, patience, |i| i.frames.is_empty() && !i.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inner.frames.pop_front()
    }

    /// The newest waiting frame; older ones are dropped and counted.
    pub fn latest(&self) -> Option<Frame> {
        let mut inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = inner.frames.pop_back();
        inner.dropped += inner.frames.len() as u64;
        inner.frames.clear();
        newest
    }

    /// Frames this consumer did not take in time.
    pub fn dropped(&self) -> u64 {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }

    /// True when the channel ended and nothing waits.
    pub fn ended(&self) -> bool {
        let inner = self.0.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.closed && inner.frames.is_empty()
    }
}
