//! Where a recording may be split: at the program tables before a random access point.
//! Invariant: the parts joined are the input, byte for byte; nothing is rewritten, added or left out.

use super::pts_delta;
use super::reader::TsEvent;

/// Most bytes held back while waiting to learn whether a table stands before a random access point.
const MAX_HELD: usize = 4 * 1024 * 1024;

/// A step of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the current segment.
    Append(Vec<u8>),
    /// Close the current segment; what follows belongs to the next.
    StartNext,
}

/// Decides where segments of about `target` ticks end. Feed it the same bytes and events as the reader's.
#[derive(Debug)]
pub struct SegmentCutter {
    target: i64,
    /// Stream position of `held[0]`.
    base: u64,
    held: Vec<u8>,
    started: Option<u64>,
    latest: Option<u64>,
    /// A table seen while armed, the candidate for the cut.
    table: Option<u64>,
}

impl SegmentCutter {
    /// A cutter for segments of `target90k` ticks of stream time (900 000 is ten seconds).
    pub fn new(target90k: u32) -> Self {
        SegmentCutter {
            target: i64::from(target90k),
            base: 0,
            held: Vec::new(),
            started: None,
            latest: None,
            table: None,
        }
    }

    /// Takes bytes and the events a [`TsReader`](super::TsReader) gave for exactly these bytes. Bytes are held back
    /// only between a table and the next packet that settles whether it begins a segment, and never more than 4 MiB.
    pub fn push(&mut self, bytes: &[u8], events: &[TsEvent]) -> Vec<Part> {
        let mut out = Vec::new();
        self.held.extend_from_slice(bytes);
        for event in events {
            match event {
                TsEvent::Pcr { pcr27m, .. } => {
                    let now = pcr27m / 300;
                    // A clock that jumps (new source, wrap of a looped file) starts the count anew.
                    let jump = self
                        .latest
                        .is_some_and(|l| !(-90_000..=900_000).contains(&pts_delta(now, l)));
                    if self.started.is_none() || jump {
                        self.started = Some(now);
                    }
                    self.latest = Some(now);
                }
                TsEvent::Pat { offset } if self.age() + self.slack() >= self.target => {
                    // The last table before the random access point is the better cut: it loses no lead-in.
                    self.release(*offset, &mut out);
                    self.table = Some(*offset);
                    // With no random access point for twice the target the stream has none: cut at a table.
                    if self.age() >= 3 * self.target {
                        self.cut(&mut out);
                    }
                }
                TsEvent::RandomAccess { .. } if self.table.is_some() => self.cut(&mut out),
                _ => {}
            }
        }
        if self.table.is_none() || self.held.len() > MAX_HELD {
            self.table = None;
            let end = self.base + self.held.len() as u64;
            self.release(end, &mut out);
        }
        out
    }

    /// Gives out what is held back: call it before closing the recording, and when the stream falls silent.
    pub fn flush(&mut self) -> Vec<Part> {
        let mut out = Vec::new();
        self.table = None;
        let end = self.base + self.held.len() as u64;
        self.release(end, &mut out);
        out
    }

    fn age(&self) -> i64 {
        match (self.latest, self.started) {
            (Some(latest), Some(started)) => pts_delta(latest, started),
            _ => 0,
        }
    }

    /// The clock read last is a frame older than the key frame to come, so a segment may end this much early.
    fn slack(&self) -> i64 {
        (self.target / 10).min(45_000)
    }

    fn cut(&mut self, out: &mut Vec<Part>) {
        if let Some(at) = self.table.take() {
            self.release(at, out);
            out.push(Part::StartNext);
            self.started = self.latest;
        }
    }

    fn release(&mut self, until: u64, out: &mut Vec<Part>) {
        let count = usize::try_from(until.saturating_sub(self.base))
            .unwrap_or(usize::MAX)
            .min(self.held.len());
        if count > 0 {
            out.push(Part::Append(self.held.drain(..count).collect()));
            self.base += count as u64;
        }
    }
}
