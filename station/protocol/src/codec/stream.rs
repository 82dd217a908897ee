//! Framing of byte streams: serial lines, TCP and files, where a frame may come in pieces.
//!
//! Invariant: how the bytes are cut into pieces changes nothing in what comes out; a header that
//! promises more bytes than come is given up after a short silence; the buffer is bounded by one
//! frame and what was pushed last.

use vedette_model::Mono;

use super::frame::{Framed, Header, Look, MAX_FRAME, Verdict, look};

/// Silence after which a partial frame is given up, milliseconds: longer than the 26 ms that a
/// largest frame takes at 115200 baud and far below one heartbeat.
pub const STALE_PARTIAL_MS: i64 = 50;

/// A frame that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFrame {
    /// Header.
    pub header: Header,
    /// All bytes.
    pub raw: Vec<u8>,
    /// Judgement.
    pub verdict: Verdict,
}

impl From<Framed<'_>> for OwnedFrame {
    fn from(f: Framed<'_>) -> Self {
        Self {
            header: f.header,
            raw: f.raw.to_vec(),
            verdict: f.verdict,
        }
    }
}

/// Cuts a byte stream into frames.
#[derive(Debug)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    accept_v1: bool,
    junk: u64,
    last_push: Mono,
}

impl StreamFramer {
    /// An empty framer.
    #[must_use]
    pub fn new(accept_v1: bool) -> Self {
        Self {
            buffer: Vec::with_capacity(2 * MAX_FRAME),
            accept_v1,
            junk: 0,
            last_push: Mono::ZERO,
        }
    }

    /// Bytes so far that belonged to no frame.
    #[must_use]
    pub fn junk_bytes(&self) -> u64 {
        self.junk
    }

    /// Takes the next bytes and gives the frames they complete.
    pub fn push(&mut self, now: Mono, bytes: &[u8]) -> Vec<OwnedFrame> {
        let mut out = self.handle_timeout(now);
        self.last_push = now;
        self.buffer.extend_from_slice(bytes);
        self.scan(false, &mut out);
        out
    }

    /// Gives up a partial frame after [`STALE_PARTIAL_MS`] of silence and gives what stood behind
    /// its first byte.
    pub fn handle_timeout(&mut self, now: Mono) -> Vec<OwnedFrame> {
        let mut out = Vec::new();
        if !self.buffer.is_empty() && now >= self.last_push.plus_ms(STALE_PARTIAL_MS) {
            self.scan(true, &mut out);
        }
        out
    }

    /// When [`Self::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        (!self.buffer.is_empty()).then(|| self.last_push.plus_ms(STALE_PARTIAL_MS))
    }

    /// End of the stream: what is left is framed as it stands.
    pub fn finish(&mut self) -> Vec<OwnedFrame> {
        let mut out = Vec::new();
        self.scan(true, &mut out);
        out
    }

    fn scan(&mut self, whole: bool, out: &mut Vec<OwnedFrame>) {
        let mut at = 0;
        while at < self.buffer.len() {
            match look(&self.buffer[at..], self.accept_v1, whole) {
                Look::Frame(f) => {
                    at += if f.verdict == Verdict::BadCrc {
                        self.junk += 1;
                        1
                    } else {
                        f.raw.len()
                    };
                    out.push(f.into());
                }
                Look::Partial if !whole => break,
                Look::Partial | Look::No => {
                    self.junk += 1;
                    at += 1;
                }
            }
        }
        self.buffer.drain(..at);
    }
}
