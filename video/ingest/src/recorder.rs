//! The recorder: original transport stream bytes into ten-second segments that are never rewritten.
//!
//! Invariant: what is on disk is what arrived, byte for byte; a closed segment is flushed to the disk, hashed, and
//! named in `segments.jsonl`; a segment that is not named there was cut off by a crash and [`recover`] names it,
//! marked truncated. A disk error is reported and never stops the caller.

use crate::disk::{DiskGuard, DiskLevel, free_share};
use crate::{EventSink, IngestError, IngestEvent, file_error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use vedette_klv::{Part, SegmentCutter, TsEvent, TsReader, UasDatalink, parse_all};
use vedette_model::{CameraId, GapCause, Mono, RecorderReport, Utc};

/// Name of the list of closed segments in a channel's folder.
pub(crate) const INDEX: &str = "segments.jsonl";
/// Closed segments that may wait for the disk before the channel waits too.
const CLOSING: usize = 4;

/// One line of `segments.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentInfo {
    /// Number, from 1.
    pub index: u32,
    /// File name in the channel's folder.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Time of the first metadata or time stamp, microseconds since 1970.
    pub from_utc_us: Option<i64>,
    /// Time of the last one.
    pub to_utc_us: Option<i64>,
    /// PTS of the first frame, 90 kHz.
    pub first_pts90k: Option<u64>,
    /// PTS of the last frame.
    pub last_pts90k: Option<u64>,
    /// Video access units.
    pub frames: u64,
    /// Left open by a crash.
    pub truncated: bool,
}

impl SegmentInfo {
    fn report(&self, camera: CameraId) -> RecorderReport {
        RecorderReport::SegmentClosed {
            camera,
            index: self.index,
            file: format!("video/{camera}/{}", self.file),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            from: self.from_utc_us.map(Utc),
            to: self.to_utc_us.map(Utc),
            truncated: self.truncated,
        }
    }
}

/// Folder of a channel's recording inside a session folder.
pub(crate) fn channel_dir(session: &Path, camera: CameraId) -> PathBuf {
    session.join("video").join(camera.to_string())
}

pub(crate) fn segment_name(index: u32) -> String {
    format!("seg-{index:06}.ts")
}

fn segment_number(name: &str) -> Option<u32> {
    name.strip_prefix("seg-")?.strip_suffix(".ts")?.parse().ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// The closed segments named in a channel's folder, in order. A torn last line is left out.
pub(crate) fn read_index(dir: &Path) -> Vec<SegmentInfo> {
    let text = std::fs::read_to_string(dir.join(INDEX)).unwrap_or_default();
    let mut out: Vec<SegmentInfo> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    out.sort_by_key(|s| s.index);
    out.dedup_by_key(|s| s.index);
    out
}

/// Numbers of the segment files in a channel's folder, ascending.
pub(crate) fn segment_files(dir: &Path) -> Vec<u32> {
    let mut out: Vec<u32> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| segment_number(e.file_name().to_str()?))
        .collect();
    out.sort_unstable();
    out
}

fn append_line(dir: &Path, info: &SegmentInfo) -> std::io::Result<()> {
    let path = dir.join(INDEX);
    let torn = std::fs::read(&path).is_ok_and(|b| b.last().is_some_and(|l| *l != b'\n'));
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let mut line = serde_json::to_string(info)?;
    if torn {
        line.insert(0, '\n');
    }
    line.push('\n');
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    // The folder's entry must be on disk as well.
    File::open(dir)?.sync_all()
}

struct Open {
    index: u32,
    file: File,
    hash: Sha256,
    bytes: u64,
}

struct Closing {
    file: File,
    info: SegmentInfo,
}

/// When a frame or a time was seen, for the segment's index line.
#[derive(Clone, Copy)]
struct Note {
    offset: u64,
    pts: Option<u64>,
    utc_us: Option<i64>,
}

/// Tells the free share of the disk under a folder.
type Space = Box<dyn Fn(&Path) -> Option<f64> + Send>;
/// The disk is asked for its room once in this time, microseconds.
const ASK_US: i64 = 1_000_000;

/// Records one channel.
pub struct Recorder {
    camera: CameraId,
    dir: PathBuf,
    cutter: SegmentCutter,
    next_index: u32,
    open: Option<Open>,
    /// Stream position after the last byte given to the disk.
    position: u64,
    notes: Vec<Note>,
    lost: u64,
    total_bytes: u64,
    total_frames: u64,
    started: bool,
    refused_at: Option<Mono>,
    refused_bytes: u64,
    last_progress: Option<Mono>,
    /// Its bytes are evidence: they are kept longest.
    evidence: bool,
    space: Space,
    guard: DiskGuard,
    /// Free share at the last look, and when that was.
    free: Option<(Mono, f64)>,
    sink: EventSink,
    closer: Option<(crossbeam_channel::Sender<Closing>, JoinHandle<()>)>,
}

impl Recorder {
    /// A recorder into `SESSION/video/CAMERA/`, in segments of about `seconds`. Makes nothing on disk until bytes
    /// come. Numbers go on after the segments that are there.
    pub fn new(session: &Path, camera: CameraId, seconds: u32, sink: EventSink) -> Self {
        let dir = channel_dir(session, camera);
        let next_index = segment_files(&dir).last().map_or(1, |n| n + 1);
        let (sender, jobs) = crossbeam_channel::bounded::<Closing>(CLOSING);
        let (closer_dir, closer_sink) = (dir.clone(), sink.clone());
        let handle = std::thread::Builder::new()
            .name(format!("close-{camera}"))
            .spawn(move || {
                for job in jobs {
                    close(&closer_dir, camera, &job, &closer_sink);
                }
            });
        Recorder {
            camera,
            dir,
            cutter: SegmentCutter::new(seconds.saturating_mul(90_000)),
            next_index,
            open: None,
            position: 0,
            notes: Vec::new(),
            lost: 0,
            total_bytes: 0,
            total_frames: 0,
            started: false,
            refused_at: None,
            refused_bytes: 0,
            last_progress: None,
            evidence: true,
            space: Box::new(free_share),
            guard: DiskGuard::default(),
            free: None,
            sink,
            closer: handle.ok().map(|h| (sender, h)),
        }
    }

    /// Says whether this stream is evidence (the default); what is not gives way first when the
    /// disk fills up.
    #[must_use]
    pub fn evidence(mut self, evidence: bool) -> Self {
        self.evidence = evidence;
        self
    }

    /// Asks this instead of the system for the free share of the disk.
    #[must_use]
    pub fn space(mut self, space: impl Fn(&Path) -> Option<f64> + Send + 'static) -> Self {
        self.space = Box::new(space);
        self
    }

    /// How much room the disk had at the last look.
    #[must_use]
    pub fn disk(&self) -> DiskLevel {
        self.guard.level()
    }

    /// Why nothing may be written now, if so.
    fn held_back(&mut self, now: Mono) -> Option<String> {
        if self.free.is_none_or(|(at, _)| now.since(at) >= ASK_US)
            && let Some(free) = (self.space)(&self.dir)
        {
            self.free = Some((now, free));
            if let Some(level) = self.guard.judge(free) {
                tracing::warn!(
                    "{}: {:.1} % of the disk is free: {}",
                    self.camera,
                    free * 100.0,
                    level.means().1
                );
                let (below, means) = level.means();
                self.report(RecorderReport::Disk {
                    camera: self.camera,
                    free,
                    below,
                    means: means.to_owned(),
                });
            }
        }
        let level = self.guard.level();
        let stops = level == DiskLevel::Full || (level == DiskLevel::Scarce && !self.evidence);
        let (_, free) = self.free?;
        stops.then(|| format!("only {:.1} % of the disk is free", free * 100.0))
    }

    /// Takes bytes as they arrived and the events the reader gave for exactly these bytes.
    pub fn push(&mut self, now: Mono, bytes: &[u8], events: &[TsEvent]) {
        if !self.started {
            self.started = true;
            self.report(RecorderReport::Started { camera: self.camera });
        }
        let mut lost = 0;
        for event in events {
            match event {
                TsEvent::VideoUnit { pts90k, offset, .. } => {
                    self.total_frames += 1;
                    self.notes.push(Note {
                        offset: *offset,
                        pts: *pts90k,
                        utc_us: None,
                    });
                }
                TsEvent::Klv { offset, bytes, .. } => {
                    let time = parse_all(bytes)
                        .iter()
                        .find_map(|(set, _)| UasDatalink::from_set(set).time_us);
                    if let Some(t) = time.and_then(|t| i64::try_from(t).ok()) {
                        self.notes.push(Note {
                            offset: *offset,
                            pts: None,
                            utc_us: Some(t),
                        });
                    }
                }
                TsEvent::Discontinuity {
                    expected,
                    got,
                    announced: false,
                    ..
                } => lost += u64::from(got.wrapping_sub(*expected) & 0x0f).max(1),
                _ => {}
            }
        }
        if lost > 0 {
            self.lost += lost;
            self.gap(lost, GapCause::PacketLoss);
        }
        let parts = self.cutter.push(bytes, events);
        self.take(now, parts);
        if self.last_progress.is_none_or(|t| now.since(t) >= 1_000_000) {
            self.last_progress = Some(now);
            self.report(RecorderReport::Progress {
                camera: self.camera,
                bytes: self.total_bytes,
                frames: self.total_frames,
                lost_packets: self.lost,
            });
        }
    }

    /// Gives bytes still held back to the disk: call it when the stream pauses.
    pub fn idle(&mut self, now: Mono) {
        let parts = self.cutter.flush();
        self.take(now, parts);
    }

    /// Reports that no bytes came.
    pub fn silence(&mut self) {
        self.gap(0, GapCause::Silence);
    }

    /// Closes the recording and waits until the last segment is on disk and reported.
    pub fn finish(mut self, now: Mono) {
        self.idle(now);
        self.close_segment();
        if let Some((sender, handle)) = self.closer.take() {
            drop(sender);
            if handle.join().is_err() {
                tracing::error!("{}: the thread that closes segments failed", self.camera);
            }
        }
    }

    fn take(&mut self, now: Mono, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::Append(bytes) => {
                    self.write(now, &bytes);
                    self.position += bytes.len() as u64;
                }
                Part::StartNext => self.close_segment(),
            }
        }
    }

    fn write(&mut self, now: Mono, bytes: &[u8]) {
        if self.refused_at.is_some_and(|at| now.since(at) < 1_000_000) {
            self.refused_bytes += bytes.len() as u64;
            return;
        }
        let held_back = self.held_back(now);
        let result = match (held_back, &mut self.open) {
            (Some(why), _) => Err(std::io::Error::other(why)),
            (None, Some(open)) => open.append(bytes),
            (None, None) => self.start_segment().and_then(|mut open| {
                let result = open.append(bytes);
                self.open = Some(open);
                result
            }),
        };
        match result {
            Ok(()) => {
                self.total_bytes += bytes.len() as u64;
                if self.refused_at.take().is_some() {
                    let packets = self.refused_bytes / 188;
                    self.refused_bytes = 0;
                    self.gap(packets, GapCause::Disk);
                }
            }
            Err(e) => {
                self.refused_bytes += bytes.len() as u64;
                // Said once, however often it is tried again.
                if self.refused_at.replace(now).is_none() {
                    let why = format!(
                        "{}: {e}; recording stands still, free the disk or check the folder",
                        self.dir.display()
                    );
                    self.report(RecorderReport::Refused {
                        camera: self.camera,
                        why,
                    });
                }
                // What was written stays and is closed as far as it goes.
                self.close_segment();
            }
        }
    }

    fn start_segment(&mut self) -> std::io::Result<Open> {
        std::fs::create_dir_all(&self.dir)?;
        // Never over an existing file.
        let index = self.next_index;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.dir.join(segment_name(index)))?;
        self.next_index += 1;
        Ok(Open {
            index,
            file,
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    fn close_segment(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let end = self.position;
        let (mine, rest): (Vec<Note>, Vec<Note>) = self.notes.iter().partition(|n| n.offset < end);
        self.notes = rest;
        let info = summarise(open.index, open.bytes, &open.hash.finalize(), &mine, false);
        let job = Closing { file: open.file, info };
        match &self.closer {
            Some((sender, _)) => {
                if sender.send(job).is_err() {
                    tracing::error!("{}: the thread that closes segments is gone", self.camera);
                }
            }
            None => close(&self.dir, self.camera, &job, &self.sink),
        }
    }

    fn gap(&self, packets: u64, cause: GapCause) {
        let at = self.notes.iter().rev().find_map(|n| n.utc_us).map(Utc);
        self.report(RecorderReport::Gap {
            camera: self.camera,
            at,
            packets,
            cause,
        });
    }

    fn report(&self, report: RecorderReport) {
        (self.sink)(IngestEvent::Recorder(report));
    }
}

impl Open {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn summarise(index: u32, bytes: u64, hash: &[u8], notes: &[Note], truncated: bool) -> SegmentInfo {
    let mut pts = notes.iter().filter_map(|n| n.pts);
    let mut utc = notes.iter().filter_map(|n| n.utc_us);
    let first_pts90k = pts.next();
    let from_utc_us = utc.next();
    SegmentInfo {
        index,
        file: segment_name(index),
        bytes,
        sha256: hex(hash),
        from_utc_us,
        to_utc_us: utc.next_back().or(from_utc_us),
        first_pts90k,
        last_pts90k: pts.next_back().or(first_pts90k),
        frames: notes.iter().filter(|n| n.pts.is_some()).count() as u64,
        truncated,
    }
}

fn close(dir: &Path, camera: CameraId, job: &Closing, sink: &EventSink) {
    let result = job.file.sync_all().and_then(|()| append_line(dir, &job.info));
    let report = match result {
        Ok(()) => job.info.report(camera),
        Err(e) => RecorderReport::Refused {
            camera,
            why: format!(
                "{}: closing {} failed: {e}; it will be recovered at the next start",
                dir.display(),
                job.info.file
            ),
        },
    };
    sink(IngestEvent::Recorder(report));
}

/// Names the segments a crash left open: flushes and hashes each, marks it truncated, and returns the reports for the
/// journal. Changes no byte of any segment.
///
/// # Errors
/// [`IngestError::File`] when a segment or the list cannot be read or written; segments before it are done.
pub fn recover(session: &Path, camera: CameraId) -> Result<Vec<RecorderReport>, IngestError> {
    let dir = channel_dir(session, camera);
    let known: Vec<u32> = read_index(&dir).iter().map(|s| s.index).collect();
    let mut reports = Vec::new();
    for index in segment_files(&dir) {
        if known.contains(&index) {
            continue;
        }
        let path = dir.join(segment_name(index));
        let mut bytes = Vec::new();
        let mut file = File::open(&path).map_err(file_error(&path))?;
        file.read_to_end(&mut bytes).map_err(file_error(&path))?;
        file.sync_all().map_err(file_error(&path))?;
        let info = scan(index, &bytes, true);
        append_line(&dir, &info).map_err(file_error(dir.join(INDEX)))?;
        reports.push(info.report(camera));
        reports.push(RecorderReport::Gap {
            camera,
            at: info.to_utc_us.map(Utc),
            packets: 0,
            cause: GapCause::Killed,
        });
    }
    Ok(reports)
}

/// The index line of a segment's bytes.
pub(crate) fn scan(index: u32, bytes: &[u8], truncated: bool) -> SegmentInfo {
    let mut reader = TsReader::new();
    let mut events = reader.push(bytes);
    events.extend(reader.finish());
    let notes: Vec<Note> = events
        .iter()
        .filter_map(|e| match e {
            TsEvent::VideoUnit { pts90k, offset, .. } => Some(Note {
                offset: *offset,
                pts: *pts90k,
                utc_us: None,
            }),
            TsEvent::Klv { bytes, offset, .. } => Some(Note {
                offset: *offset,
                pts: None,
                utc_us: parse_all(bytes)
                    .iter()
                    .find_map(|(set, _)| UasDatalink::from_set(set).time_us)
                    .and_then(|t| i64::try_from(t).ok()),
            }),
            _ => None,
        })
        .collect();
    summarise(index, bytes.len() as u64, &Sha256::digest(bytes), &notes, truncated)
}
